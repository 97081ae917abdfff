//! Execution modules: one file per Salt module, one struct per function.
//!
//! A function is an argument struct declared with [`crate::args!`], an [`ExecFn`] impl with Salt's
//! signature, and a row in its module's `FUNCTIONS`; a module is a file, a `mod` line and a row in [`ALL`].

pub mod aliases;
pub mod alternatives;
pub mod archive;
#[cfg(test)]
pub(crate) mod cases;
pub mod cmd;
pub mod config;
pub mod cp;
pub mod cron;
pub(crate) mod crypt;
pub mod datastore;
pub mod debconf;
pub mod defaults;
pub mod environ;
mod error;
pub mod event;
pub mod file;
pub mod git;
pub mod gpg;
pub mod grains;
pub mod group;
pub mod hashutil;
pub mod hosts;
pub mod ini;
pub mod key;
pub mod locale;
pub mod log;
pub mod machine;
pub mod matches;
pub mod mine;
pub mod mount;
pub mod mysql;
pub mod network;
pub mod pillar;
pub mod pip;
pub mod pkg;
pub(crate) mod plain;
pub mod postgres;
pub mod random;
pub mod saltutil;
pub mod service;
pub mod shadow;
mod signature;
pub mod slsutil;
pub mod ssh;
pub mod state;
pub mod sys;
pub mod sysctl;
pub mod test;
pub mod timezone;
pub(crate) mod tool;
pub mod user;
pub mod virtualenv;
pub(crate) mod words;

use std::collections::HashMap;
use std::ptr::NonNull;
use std::sync::OnceLock;

use crate::args::{Arguments, Shape};
use crate::external::{self, Kind, Site};
use crate::{Ctx, Documented};
use data::{Dict, Value};
pub use error::ExecError;
pub use signature::{Parameter, Signature};

/// Every execution function there is.
pub const ALL: &[&[ExecEntry]] = &[
    aliases::FUNCTIONS,
    alternatives::FUNCTIONS,
    archive::FUNCTIONS,
    cmd::FUNCTIONS,
    cmd::ABOUT,
    config::FUNCTIONS,
    cp::FUNCTIONS,
    cron::FUNCTIONS,
    datastore::FUNCTIONS,
    debconf::FUNCTIONS,
    defaults::FUNCTIONS,
    environ::FUNCTIONS,
    event::FUNCTIONS,
    file::FUNCTIONS,
    git::CONFIG,
    git::INSPECT,
    git::REMOTE,
    git::WORK,
    gpg::FUNCTIONS,
    grains::FUNCTIONS,
    group::FUNCTIONS,
    hashutil::FUNCTIONS,
    hosts::FUNCTIONS,
    ini::FUNCTIONS,
    key::FUNCTIONS,
    locale::FUNCTIONS,
    log::FUNCTIONS,
    machine::FUNCTIONS,
    matches::FUNCTIONS,
    mine::FUNCTIONS,
    mount::FUNCTIONS,
    mysql::FUNCTIONS,
    network::FUNCTIONS,
    pillar::FUNCTIONS,
    pip::FUNCTIONS,
    pkg::FUNCTIONS,
    pkg::QUERY,
    pkg::repo::FUNCTIONS,
    postgres::FUNCTIONS,
    random::FUNCTIONS,
    saltutil::FUNCTIONS,
    service::FUNCTIONS,
    shadow::FUNCTIONS,
    slsutil::FUNCTIONS,
    ssh::FUNCTIONS,
    state::FUNCTIONS,
    state::RUN,
    state::SHOW,
    state::PAUSE,
    state::REQUEST,
    state::DISABLE,
    state::REFUSED,
    sys::FUNCTIONS,
    sysctl::FUNCTIONS,
    test::FUNCTIONS,
    test::ABOUT,
    test::FAIL,
    timezone::FUNCTIONS,
    user::FUNCTIONS,
    virtualenv::FUNCTIONS,
];

/// An execution function: the struct holds its arguments.
pub trait ExecFn: Arguments + Documented {
    /// `module.function`.
    const FUN: &'static str;
    /// Salt's parameters as Python writes them: `cmd, cwd=None, *args, **kwargs`. A name is a field of
    /// the struct; `*args` fills a list field `args`, `**kwargs` a dict field `kwargs`. Parameters
    /// that were not given are absent, so an optional one is an `Option` or has `#[serde(default)]`.
    const SIGNATURE: &'static str;
    /// The outputter that suits what it returns (Salt's `__outputter__`).
    const OUT: Option<&'static str> = None;

    /// Does it.
    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError>;
}

/// A row of a module's table.
pub struct ExecEntry {
    /// `module.function`.
    pub fun: &'static str,
    /// Its parameters as Python writes them.
    pub signature: &'static str,
    /// Its doc comment.
    pub doc: &'static str,
    /// The outputter that suits it.
    pub out: Option<&'static str>,
    call: Call,
}

#[derive(Clone, Copy)]
enum Call {
    /// Of a function with an argument struct: it wants the place of one of this shape, and moves it out of there.
    Struct(Shape, unsafe fn(NonNull<u8>, &Ctx<'_>) -> Result<Value, ExecError>),
    /// Of one that looks at what is bound by name.
    Plain(fn(Dict, &Ctx<'_>) -> Result<Value, ExecError>),
}

impl ExecEntry {
    /// The module's name.
    pub fn module(&self) -> &'static str {
        self.fun.split_once('.').map_or(self.fun, |(module, _)| module)
    }

    /// The function's own name.
    pub fn function(&self) -> &'static str {
        self.fun.split_once('.').map_or(self.fun, |(_, function)| function)
    }

    /// A row without an argument struct: the function looks at what is bound by name.
    pub(crate) const fn plain(
        fun: &'static str,
        signature: &'static str,
        doc: &'static str,
        call: fn(Dict, &Ctx<'_>) -> Result<Value, ExecError>,
    ) -> ExecEntry {
        ExecEntry { fun, signature, doc, out: None, call: Call::Plain(call) }
    }

    /// The same function under another name.
    pub const fn also_as(&self, fun: &'static str) -> ExecEntry {
        ExecEntry { fun, signature: self.signature, doc: self.doc, out: self.out, call: self.call }
    }
}

/// # Safety
/// There is an `F` at the place, and nobody uses it afterwards.
unsafe fn call_at<F: ExecFn>(place: NonNull<u8>, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    // SAFETY: the caller's promise.
    unsafe { place.cast::<F>().read() }.call(ctx)
}

/// The row of a function.
pub const fn entry<F: ExecFn>() -> ExecEntry {
    ExecEntry {
        fun: F::FUN,
        signature: F::SIGNATURE,
        doc: F::DOC,
        out: F::OUT,
        call: Call::Struct(Shape::of::<F>(), call_at::<F>),
    }
}

/// The function of that name.
pub fn find(fun: &str) -> Option<&'static ExecEntry> {
    static BY_NAME: OnceLock<HashMap<&'static str, &'static ExecEntry>> = OnceLock::new();
    let table = BY_NAME.get_or_init(|| ALL.iter().flat_map(|m| m.iter()).map(|e| (e.fun, e)).collect());
    table.get(fun).copied()
}

/// What there is to know of a function, built in or a site's own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct About<'a> {
    /// `module.function`.
    pub fun: &'a str,
    /// Its parameters as Python writes them.
    pub signature: &'a str,
    /// Its doc comment.
    pub doc: &'a str,
    /// The outputter that suits it.
    pub out: Option<&'a str>,
}

impl<'a> About<'a> {
    /// The function of that name.
    pub fn of(fun: &str, site: &'a Site) -> Option<About<'a>> {
        site.find(Kind::Modules, fun).map(|found| found.about()).or_else(|| find(fun).map(ExecEntry::about))
    }

    /// The module's name.
    pub fn module(&self) -> &'a str {
        self.fun.split_once('.').map_or(self.fun, |(module, _)| module)
    }
}

impl ExecEntry {
    /// What there is to know of it.
    pub fn about(&self) -> About<'static> {
        About { fun: self.fun, signature: self.signature, doc: self.doc, out: self.out }
    }
}

/// Every function there is, a site's own instead of a built-in one of the same name.
pub fn every(site: &Site) -> impl Iterator<Item = About<'_>> {
    let built_in = ALL.iter().flat_map(|module| module.iter());
    let built_in = built_in.filter(|entry| site.find(Kind::Modules, entry.fun).is_none());
    built_in.map(|entry| -> About<'_> { entry.about() }).chain(site.all(Kind::Modules))
}

/// The functions whose names begin so, sorted by name.
pub fn starting_with<'a>(prefix: &str, site: &'a Site) -> Vec<About<'a>> {
    let mut found: Vec<_> = every(site).filter(|about| about.fun.starts_with(prefix)).collect();
    found.sort_by_key(|about| about.fun);
    found
}

/// Calls a function as Python would: arguments bound to its parameters, then to its struct.
pub fn call(fun: &str, args: Vec<Value>, kwargs: Dict, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    let site = ctx.caller().site();
    if let Some(found) = site.find(Kind::Modules, fun) {
        return external::run(found, args, kwargs, ctx);
    }
    let entry = find(fun).ok_or_else(|| ExecError::missing(fun, &site))?;
    let bound = Signature::parse(entry.signature).bind(entry.function(), args, kwargs)?;
    match entry.call {
        Call::Struct(shape, call) => {
            let made = shape.read(bound)?;
            // SAFETY: the shape is that of the type that the function moves out, once.
            unsafe { call(made.place(), ctx) }
        }
        Call::Plain(call) => call(bound, ctx),
    }
}

/// The return code of a job: what the function left, else 1 when the dict it returned says so.
pub(crate) fn retcode_of(left: i32, ret: &Value) -> i32 {
    if left != 0 {
        return left;
    }
    let bad = |key| ret.get(key).is_some_and(|v| !v.is_true());
    i32::from(bad("result") || bad("success"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sound() {
        let mut seen = std::collections::HashSet::new();
        for entry in ALL.iter().flat_map(|m| m.iter()) {
            assert!(seen.insert(entry.fun), "{} is there twice", entry.fun);
            assert!(
                entry.fun.split_once('.').is_some_and(|(m, f)| !m.is_empty() && !f.is_empty()),
                "{}",
                entry.fun
            );
            assert!(entry.doc.trim().len() > 10, "{} has no doc", entry.fun);
            let signature = Signature::parse(entry.signature);
            let mut names = std::collections::HashSet::new();
            for parameter in &signature.parameters {
                assert!(names.insert(parameter.name), "{}: {} is there twice", entry.fun, parameter.name);
            }
        }
    }
}
