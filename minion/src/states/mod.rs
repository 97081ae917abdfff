//! State modules: one file per Salt module, one struct per function.
//!
//! A state compares what is with what is wanted ([`State::plan`], reads only) and does the difference
//! ([`State::apply`]). One driver turns that into a result, in test mode and for real. A module is a
//! file, a `mod` line and a row in [`ALL`].

pub mod alias;
pub mod alternatives;
pub mod archive;
pub mod cmd;
pub mod cron;
pub mod debconf;
pub mod environ;
pub mod event;
pub mod file;
pub mod git;
pub mod grains;
pub mod group;
pub mod host;
pub mod ini;
pub mod locale;
pub mod module;
pub mod mount;
pub mod mysql;
pub mod pip;
pub mod pkg;
pub mod pkgrepo;
mod plan;
pub mod postgres;
pub mod service;
pub mod ssh_auth;
pub mod ssh_known_hosts;
pub mod stateconf;
pub mod sysctl;
pub mod test;
pub mod timezone;
pub mod user;
pub mod virtualenv;

use std::collections::HashMap;
use std::ptr::NonNull;
use std::sync::OnceLock;

use data::{Dict, Value};
use sls::StateResult;

use crate::args::{Arguments, Field, Shape};
use crate::external::{Kind, Site};
use crate::{Ctx, Documented};
use plan::Runs;
pub use plan::{Applied, Outcome, Plan, StateError, outcome};

/// Every state function there is.
pub const ALL: &[&[StateEntry]] = &[
    alias::STATES,
    alternatives::STATES,
    archive::STATES,
    cmd::STATES,
    cron::STATES,
    debconf::STATES,
    environ::STATES,
    event::STATES,
    file::STATES,
    git::STATES,
    grains::STATES,
    group::STATES,
    host::STATES,
    ini::STATES,
    locale::STATES,
    module::STATES,
    mount::STATES,
    mysql::STATES,
    pip::STATES,
    pkg::STATES,
    pkgrepo::STATES,
    postgres::STATES,
    service::STATES,
    ssh_auth::STATES,
    ssh_known_hosts::STATES,
    stateconf::STATES,
    sysctl::STATES,
    test::STATES,
    timezone::STATES,
    user::STATES,
    virtualenv::STATES,
];

/// A state function: the struct holds its arguments, `name` among them.
pub trait State: Arguments + Documented {
    /// `module.function`.
    const FUN: &'static str;
    /// Whether arguments that are no field are let pass (`**kwargs` in Salt); they are logged. Otherwise they
    /// make the state false.
    const KWARGS: bool = true;
    /// Whether every argument is its own, whatever its name: it reads them from the chunk.
    const ANY: bool = false;
    /// Whether there is a [`State::mod_watch`].
    const WATCHES: bool = false;
    /// One thing to do.
    type Step;

    /// Compares what is with what is wanted. Reads, never writes.
    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Self::Step>, StateError>;

    /// Does one step of the plan. Not called in test mode.
    fn apply(&self, step: Self::Step, ctx: &Ctx<'_>) -> Result<Applied, StateError>;

    /// What to do when a state that this one watches changed; none when nothing but running it (Salt's
    /// `mod_watch`). Must respect `ctx.test`. `sfun` is the function that the SLS asked for.
    /// Set [`State::WATCHES`] with it.
    fn mod_watch(&self, _sfun: &str, _ctx: &Ctx<'_>) -> Option<Result<Outcome, StateError>> {
        None
    }
}

/// A row of a module's table.
pub struct StateEntry {
    /// `module.function`.
    pub fun: &'static str,
    /// Its doc comment.
    pub doc: &'static str,
    shape: Shape,
    /// Whether it lets other arguments pass.
    pub kwargs: bool,
    /// Whether all of them are its own.
    pub any: bool,
    /// Whether its module does something of its own when a state that it watches changed.
    pub watches: bool,
    /// Wants the place of a struct of this shape, which it takes over.
    make: unsafe fn(NonNull<u8>) -> Box<dyn Runs>,
}

impl StateEntry {
    /// The module's name.
    pub fn module(&self) -> &'static str {
        self.fun.split_once('.').map_or(self.fun, |(module, _)| module)
    }

    /// The same function under another name.
    pub const fn also_as(&self, fun: &'static str) -> StateEntry {
        StateEntry { fun, ..*self }
    }

    /// Its arguments.
    pub fn fields(&self) -> &'static [Field] {
        self.shape.fields()
    }

    /// Whether it has an argument of that name.
    pub fn takes(&self, name: &str) -> bool {
        self.fields().iter().any(|field| field.name == name)
    }

    /// The names of the arguments that it cannot do without.
    pub fn required(&self) -> impl Iterator<Item = &'static str> {
        self.fields().iter().filter(|field| field.is_required()).map(|field| field.name)
    }

    /// Runs it with these arguments.
    pub fn run(&self, args: Dict, ctx: &Ctx<'_>) -> StateResult {
        plan::drive(self, args, ctx)
    }

    /// What it does when a state that it watches changed.
    pub fn watch(&self, args: Dict, sfun: &str, ctx: &Ctx<'_>) -> Option<StateResult> {
        plan::watch(self, args, sfun, ctx)
    }
}

/// The row of a state function.
pub const fn entry<S: State>() -> StateEntry {
    StateEntry {
        fun: S::FUN,
        doc: S::DOC,
        shape: Shape::of::<S>(),
        kwargs: S::KWARGS,
        any: S::ANY,
        watches: S::WATCHES,
        make: plan::take_over::<S>,
    }
}

/// The function of that name.
pub fn find(fun: &str) -> Option<&'static StateEntry> {
    static BY_NAME: OnceLock<HashMap<&'static str, &'static StateEntry>> = OnceLock::new();
    let table = BY_NAME.get_or_init(|| ALL.iter().flat_map(|m| m.iter()).map(|e| (e.fun, e)).collect());
    table.get(fun).copied()
}

/// Whether there is a state function of that name. `module.mod_watch` is there when one function of the
/// module does something of its own for it, `pkg.mod_aggregate` as packages may be done in one go.
pub fn has(fun: &str, site: &Site) -> bool {
    if site.find(Kind::States, fun).is_some() {
        return true;
    }
    match fun.strip_suffix(".mod_watch") {
        Some(module) => ALL.iter().flat_map(|m| m.iter()).any(|e| e.watches && e.module() == module),
        None => fun == "pkg.mod_aggregate" || find(fun).is_some(),
    }
}

/// `{old: …, new: …}`, as Salt writes most changes.
pub fn old_new(old: impl Into<Value>, new: impl Into<Value>) -> Value {
    Dict::new().with("old", old).with("new", new).into()
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
            assert!(entry.takes("name"), "{} has no name", entry.fun);
        }
    }
}
