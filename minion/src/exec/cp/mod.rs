//! Files of the file server, on their way to this machine.

mod cache;
mod get;
mod list;
mod receive;

pub(crate) use get::render;
use std::path::{Path, PathBuf};

use data::Value;

use super::{ExecEntry, ExecError, entry};
use crate::Ctx;
use crate::fileclient::Source;
use crate::hash::Kind;

/// The functions of `cp`.
pub const FUNCTIONS: &[ExecEntry] = &[
    entry::<get::GetFile>(),
    entry::<get::GetTemplate>(),
    entry::<get::GetDir>(),
    entry::<get::GetUrl>(),
    entry::<get::GetFileStr>(),
    entry::<cache::CacheFile>(),
    entry::<cache::CacheFiles>(),
    entry::<cache::CacheDir>(),
    entry::<cache::CacheMaster>(),
    entry::<cache::CacheLocalFile>(),
    entry::<cache::CacheDest>(),
    entry::<cache::IsCached>(),
    entry::<list::HashFile>(),
    entry::<list::StatFile>(),
    entry::<list::Envs>(),
    entry::<list::ListMaster>(),
    entry::<list::ListMasterDirs>(),
    entry::<list::ListMasterSymlinks>(),
    entry::<list::ListStates>(),
    entry::<list::ListMinion>(),
    entry::<receive::Recv>(),
    entry::<receive::RecvChunked>(),
    entry::<list::Push>(),
    entry::<list::PushDir>(),
];

/// The environment: the given one, else that of the minion.
fn env_of(ctx: &Ctx<'_>, saltenv: Option<&str>) -> String {
    saltenv.filter(|env| !env.is_empty()).map_or_else(|| ctx.saltenv(), str::to_owned)
}

fn unsupported(path: &str) -> ExecError {
    ExecError::raised("MinionError", format!("Unsupported path: {path}"))
}

/// Path and environment of a `salt://` URL.
fn on_server(url: &str, saltenv: &str) -> Result<(String, String), ExecError> {
    match Source::parse(url) {
        Some(Source::Salt { path, saltenv: own }) => Ok((path, own.unwrap_or_else(|| saltenv.to_owned()))),
        _ => Err(unsupported(url)),
    }
}

fn cachedir(ctx: &Ctx<'_>) -> PathBuf {
    ctx.opt("cachedir").map_or_else(|| "/var/cache/rsalt/minion".into(), |dir| dir.to_string().into())
}

fn place(at: Option<PathBuf>) -> Value {
    at.map_or(Value::Bool(false), |at| at.display().to_string().into())
}

/// Holds a file against `sha256=…` or a bare hash.
fn verify(ctx: &Ctx<'_>, at: &Path, wanted: Option<&str>) -> Result<(), ExecError> {
    let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) else { return Ok(()) };
    let (kind, sum) = match wanted.split_once(['=', ':']) {
        Some((kind, sum)) => (Kind::from_name(kind.trim()), sum.trim()),
        None => (Kind::from_digits(wanted.len()), wanted),
    };
    let kind = kind.ok_or_else(|| ExecError::invocation(format!("'{wanted}' is no hash")))?;
    let is = ctx.host.hash(at, kind)?;
    if is.eq_ignore_ascii_case(sum) {
        return Ok(());
    }
    ctx.host.remove_file(at)?;
    Err(ExecError::command(format!("{}: {} hash is {is}, not {sum}", at.display(), kind.name())))
}
