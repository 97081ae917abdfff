//! Sources as states and functions name them: `salt://…`, a path, `file://…`, `http://…`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Ctx;
use crate::exec::ExecError;
use crate::exec::file::sum::shown;
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
            // Everything else that is odd in a URL may be in a file's name.
            let (path, saltenv) = match rest.split_once("?saltenv=") {
                Some((path, saltenv)) => (path, Some(saltenv.to_owned())),
                None => (rest, None),
            };
            let path = path.trim_start_matches('|').trim_end_matches('/').to_owned();
            return Some(Source::Salt { path, saltenv });
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
            Source::Remote(url) => download(ctx, url, None, How::default()).map(|data| Some(data.into())),
        }
    }

    /// A file on this machine with the content; none when there is no such file.
    pub fn cache(&self, ctx: &Ctx<'_>, saltenv: &str) -> Result<Option<PathBuf>, ExecError> {
        self.cache_as(ctx, saltenv, How::default())
    }

    /// The same; `how` is for those from elsewhere.
    pub(crate) fn cache_as(
        &self,
        ctx: &Ctx<'_>,
        saltenv: &str,
        how: How,
    ) -> Result<Option<PathBuf>, ExecError> {
        match self {
            Source::Salt { path, saltenv: own } => {
                Ok(ctx.files().cache_file(path, own.as_deref().unwrap_or(saltenv))?)
            }
            Source::Local(path) => Ok(ctx.host.is_file(path).then(|| path.clone())),
            Source::Remote(url) => {
                let at = cached_at(ctx, url, saltenv);
                if let Some(dir) = at.parent() {
                    ctx.host.mkdir_all(dir, None)?;
                }
                download(ctx, url, Some(&at), how)?;
                Ok(Some(at))
            }
        }
    }

    /// The copy of a remote file that is on this machine already.
    pub(crate) fn cached(&self, ctx: &Ctx<'_>, saltenv: &str) -> Option<PathBuf> {
        let Source::Remote(url) = self else { return None };
        Some(cached_at(ctx, url, saltenv)).filter(|at| ctx.host.is_file(at))
    }

    /// Whether there is such a file. Remote ones are asked for nothing but their head.
    pub fn exists(&self, ctx: &Ctx<'_>, saltenv: &str) -> Result<bool, ExecError> {
        match self {
            Source::Salt { path, saltenv: own } => {
                Ok(ctx.files().stat(path, own.as_deref().unwrap_or(saltenv))?.is_some())
            }
            Source::Local(path) => Ok(ctx.host.is_file(path)),
            Source::Remote(url) => Ok(is_there(ctx, url)),
        }
    }
}

/// Where a remote file is kept: `cachedir/extrn_files/<saltenv>/<host>/<path>`.
pub(crate) fn cached_at(ctx: &Ctx<'_>, url: &str, saltenv: &str) -> PathBuf {
    let cachedir =
        ctx.opt("cachedir").map(|v| v.to_string()).unwrap_or_else(|| "/var/cache/rsalt/minion".into());
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit('@').next().unwrap_or(host).replace(':', "");
    let path = path.split('#').next().unwrap_or(path).replacen('?', "-", 1).replace("..", "_");
    Path::new(&cachedir).join("extrn_files").join(saltenv).join(host).join(path.trim_end_matches('/'))
}

/// How files from elsewhere are fetched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct How {
    /// Whether the other side's certificate must be good.
    pub(crate) verify_ssl: bool,
    /// Whether the server is asked for nothing that is here already, by its `ETag`.
    pub(crate) etag: bool,
}

impl Default for How {
    fn default() -> Self {
        How { verify_ssl: true, etag: false }
    }
}

/// Fetches with the machine's own tool: the minion brings no TLS along. The content is returned, or goes to a file.
fn download(ctx: &Ctx<'_>, url: &str, to: Option<&Path>, how: How) -> Result<Vec<u8>, ExecError> {
    let beside = |end: &str| to.map(|at| format!("{}{end}", at.display()));
    let part = beside(".part");
    let target = part.as_deref().unwrap_or("-");
    let failed = |problem: &str| ExecError::command(format!("Error: {}: {problem}", shown(url)));
    let (cmd, bad_certificate) = if ctx.host.which("curl").is_some() {
        let mut cmd =
            Cmd::of("curl", ["--fail", "--silent", "--show-error", "--location", "--output", target]);
        if !how.verify_ssl {
            cmd = cmd.arg("--insecure");
        }
        if let Some(etag) = beside(".etag").filter(|_| how.etag) {
            cmd = cmd.args(["--etag-compare", &etag, "--etag-save", &etag]);
        }
        (cmd.arg("--"), 60)
    } else if ctx.host.which("wget").is_some() {
        let cmd = Cmd::of("wget", ["-q", "-O", target]);
        (if how.verify_ssl { cmd } else { cmd.arg("--no-check-certificate") }.arg("--"), 5)
    } else {
        return Err(failed("neither curl nor wget is installed"));
    };
    // There may be a password in it.
    let done = ctx.run(&if url.contains('@') { cmd.secret(url) } else { cmd.arg(url) })?;
    let part = part.as_deref().map(Path::new);
    let has_part = part.is_some_and(|part| ctx.host.exists(part));
    if !done.ok() {
        if let Some(part) = part.filter(|_| has_part) {
            ctx.host.remove_file(part)?;
        }
        if done.code == bad_certificate {
            return Err(failed(&format!("[SSL: CERTIFICATE_VERIFY_FAILED] {}", done.err().trim())));
        }
        return Err(failed(done.err().trim()));
    }
    if let (Some(part), Some(at)) = (part, to) {
        if !has_part {
            // Not modified: what is here is still it. An empty file may not have been written at all.
            if !ctx.host.exists(at) {
                ctx.host.write_atomic(at, b"", Some(0o600))?;
            }
            return Ok(Vec::new());
        }
        ctx.host.chmod(part, 0o600)?;
        ctx.host.rename(part, at)?;
    }
    Ok(done.stdout)
}

/// Whether a remote file is there: its head is asked for.
fn is_there(ctx: &Ctx<'_>, url: &str) -> bool {
    let cmd = if ctx.host.which("curl").is_some() {
        Cmd::of("curl", ["--fail", "--silent", "--location", "--head", "--output", "/dev/null", "--", url])
    } else {
        Cmd::of("wget", ["-q", "--spider", "--", url])
    };
    ctx.run(&cmd).is_ok_and(|done| done.ok())
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
        assert_eq!(Source::parse("salt://|a?b&c"), salt("a?b&c", None));
        assert_eq!(Source::parse("/etc/motd"), Some(Source::Local("/etc/motd".into())));
        assert_eq!(Source::parse("file:///etc/motd"), Some(Source::Local("/etc/motd".into())));
        assert_eq!(Source::parse("https://h/x"), Some(Source::Remote("https://h/x".into())));
        assert_eq!(Source::parse("relative/x"), None);
        assert_eq!(Source::parse("gopher://x"), None);
    }
}
