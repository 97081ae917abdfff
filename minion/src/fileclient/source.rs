//! Sources as states and functions name them: `salt://…`, a path, `file://…`, `http://…`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Ctx;
use crate::exec::ExecError;
use crate::host::Cmd;

/// Where a source is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// On the file server: the path below the roots, and the environment that the URL names.
    Salt {
        /// The path below the roots.
        path: String,
        /// `?saltenv=…`
        saltenv: Option<String>,
    },
    /// On this machine.
    Local(PathBuf),
    /// Elsewhere: `http`, `https`, `ftp`.
    Remote(String),
}

impl Source {
    /// What a text names; none for a relative path and for an unknown scheme.
    pub fn parse(text: &str) -> Option<Source> {
        if let Some(rest) = text.strip_prefix("salt://") {
            let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
            let saltenv = query.split('&').find_map(|pair| pair.strip_prefix("saltenv="));
            let path = path.trim_start_matches('|').trim_end_matches('/').to_owned();
            return Some(Source::Salt { path, saltenv: saltenv.map(str::to_owned) });
        }
        if let Some(path) = text.strip_prefix("file://") {
            return path.starts_with('/').then(|| Source::Local(path.into()));
        }
        if text.starts_with('/') {
            return Some(Source::Local(text.into()));
        }
        let remote = ["http://", "https://", "ftp://"].iter().any(|scheme| text.starts_with(scheme));
        remote.then(|| Source::Remote(text.to_owned()))
    }

    /// The content; none when there is no such file.
    pub fn read(&self, ctx: &Ctx<'_>, saltenv: &str) -> Result<Option<Arc<[u8]>>, ExecError> {
        match self {
            Source::Salt { path, saltenv: own } => {
                Ok(ctx.files().fetch(path, own.as_deref().unwrap_or(saltenv))?)
            }
            Source::Local(path) => Ok(ctx.host.read_opt(path)?.map(Into::into)),
            Source::Remote(url) => download(ctx, url).map(|data| Some(data.into())),
        }
    }

    /// A file on this machine with the content; none when there is no such file.
    pub fn cache(&self, ctx: &Ctx<'_>, saltenv: &str) -> Result<Option<PathBuf>, ExecError> {
        match self {
            Source::Salt { path, saltenv: own } => {
                Ok(ctx.files().cache_file(path, own.as_deref().unwrap_or(saltenv))?)
            }
            Source::Local(path) => Ok(ctx.host.is_file(path).then(|| path.clone())),
            Source::Remote(url) => {
                let at = cached_at(ctx, url, saltenv);
                let data = download(ctx, url)?;
                if let Some(dir) = at.parent() {
                    ctx.host.mkdir_all(dir, None)?;
                }
                ctx.host.write_atomic(&at, &data, Some(0o600))?;
                Ok(Some(at))
            }
        }
    }

    /// Whether there is such a file. Remote ones are asked for nothing but their head.
    pub fn exists(&self, ctx: &Ctx<'_>, saltenv: &str) -> Result<bool, ExecError> {
        match self {
            Source::Salt { path, saltenv: own } => {
                Ok(ctx.files().stat(path, own.as_deref().unwrap_or(saltenv))?.is_some())
            }
            Source::Local(path) => Ok(ctx.host.is_file(path)),
            Source::Remote(url) => Ok(download(ctx, url).is_ok()),
        }
    }
}

/// Where a remote file is kept: `cachedir/extrn_files/<saltenv>/<host>/<path>`.
pub(crate) fn cached_at(ctx: &Ctx<'_>, url: &str, saltenv: &str) -> PathBuf {
    let cachedir =
        ctx.opt("cachedir").map(|v| v.to_string()).unwrap_or_else(|| "/var/cache/rsalt/minion".into());
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let safe: String = rest.replace("..", "_").replace(['?', '&', ':'], "_");
    Path::new(&cachedir).join("extrn_files").join(saltenv).join(safe.trim_end_matches('/'))
}

/// Fetches with the machine's own tool: the minion brings no TLS along.
fn download(ctx: &Ctx<'_>, url: &str) -> Result<Vec<u8>, ExecError> {
    let cmd = if ctx.host.which("curl").is_some() {
        Cmd::of("curl", ["--fail", "--silent", "--show-error", "--location", "--", url])
    } else if ctx.host.which("wget").is_some() {
        Cmd::of("wget", ["-q", "-O", "-", "--", url])
    } else {
        return Err(ExecError::command(format!("Error: {url}: neither curl nor wget is installed")));
    };
    let done = ctx.run(&cmd)?;
    if done.ok() {
        return Ok(done.stdout);
    }
    Err(ExecError::command(format!("Error: {url}: {}", done.err().trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_told_apart() {
        let salt = |path: &str, env: Option<&str>| {
            Some(Source::Salt { path: path.to_owned(), saltenv: env.map(str::to_owned) })
        };
        assert_eq!(Source::parse("salt://a/b.txt"), salt("a/b.txt", None));
        assert_eq!(Source::parse("salt://a?saltenv=dev"), salt("a", Some("dev")));
        assert_eq!(Source::parse("/etc/motd"), Some(Source::Local("/etc/motd".into())));
        assert_eq!(Source::parse("file:///etc/motd"), Some(Source::Local("/etc/motd".into())));
        assert_eq!(Source::parse("https://h/x"), Some(Source::Remote("https://h/x".into())));
        assert_eq!(Source::parse("relative/x"), None);
        assert_eq!(Source::parse("gopher://x"), None);
    }
}
