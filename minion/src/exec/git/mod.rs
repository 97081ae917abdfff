//! git: the functions of the module, and [`Git`], which the states use as well.
//!
//! Whatever comes from outside is never read as an option: names that start with a dash are refused, addresses
//! and paths stand behind `--`.

mod config;
mod inspect;
pub mod parse;
mod remote;
pub mod repo;
mod work;

use std::path::PathBuf;

use data::Value;

pub use repo::{Git, GitError, GitResult};

use crate::Ctx;
use crate::exec::{ExecEntry, ExecError, words};

/// The rows of this module, a table per group of functions.
pub const CONFIG: &[ExecEntry] = config::FUNCTIONS;
/// Looking at a checkout.
pub const INSPECT: &[ExecEntry] = inspect::FUNCTIONS;
/// Talking to other repositories.
pub const REMOTE: &[ExecEntry] = remote::FUNCTIONS;
/// Changing a checkout.
pub const WORK: &[ExecEntry] = work::FUNCTIONS;

impl From<GitError> for ExecError {
    fn from(error: GitError) -> Self {
        match error {
            GitError::Host(error) => ExecError::Host(error),
            other => ExecError::command(other.to_string()),
        }
    }
}

/// Implements a function whose arguments are declared: name, parameters, body.
macro_rules! function {
    ($name:ident, $fun:literal, $signature:expr, |$this:ident, $ctx:ident| $body:expr) => {
        impl $crate::exec::ExecFn for $name {
            const FUN: &'static str = $fun;
            const SIGNATURE: &'static str = $signature;

            fn call(self, $ctx: &$crate::Ctx<'_>) -> Result<data::Value, $crate::exec::ExecError> {
                let $this = self;
                $body
            }
        }
    };
}
use function;

/// git at `cwd`, which is taken from the user's home when it is relative.
fn git<'a>(ctx: &Ctx<'a>, cwd: &str, user: Option<&str>) -> Result<Git<'a>, ExecError> {
    Ok(Git::new(ctx.host, user, &[]).at(expand(ctx, cwd, user)?))
}

fn expand(ctx: &Ctx<'_>, path: &str, user: Option<&str>) -> Result<PathBuf, ExecError> {
    if path.starts_with('/') {
        return Ok(path.into());
    }
    let name = user.map_or_else(|| ctx.host.euid().to_string(), str::to_owned);
    let home = ctx.host.user(&name)?.map_or_else(|| "/".to_owned(), |u| u.home);
    let rest = path.strip_prefix('~').map_or(path, |rest| rest.trim_start_matches('/'));
    Ok(PathBuf::from(home).join(rest))
}

/// Key files: `salt://` ones are fetched and given the mode that ssh asks for.
pub fn identities(ctx: &Ctx<'_>, list: &[String]) -> Result<Vec<PathBuf>, ExecError> {
    list.iter()
        .map(|item| match item.strip_prefix("salt://") {
            None => expand(ctx, item, None),
            Some(path) => {
                let file = ctx.files().cache_file(path, &ctx.saltenv())?;
                let file =
                    file.ok_or_else(|| ExecError::command(format!("identity '{item}' does not exist.")))?;
                ctx.host.chmod(&file, 0o600)?;
                Ok(file)
            }
        })
        .collect()
}

/// `opts`: a list, or text that is split as a shell would; a `--` at the end is dropped.
fn options(opts: &Value) -> Vec<String> {
    let mut out = match opts {
        Value::None => Vec::new(),
        Value::List(items) => items.iter().map(ToString::to_string).collect(),
        Value::Str(text) => words::split(text),
        other => vec![other.to_string()],
    };
    if out.last().is_some_and(|last| last == "--") {
        out.pop();
    }
    out
}

/// `git_opts`, the command, its `opts`.
fn line<'a>(git_opts: &'a [String], command: &[&'a str], opts: &'a [String]) -> Vec<&'a str> {
    let all = git_opts.iter().map(String::as_str).chain(command.iter().copied());
    all.chain(opts.iter().map(String::as_str)).collect()
}
