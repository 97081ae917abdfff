//! Copies that the minion keeps.

use data::Value;
use data::loose::{Flag, OneOrMany};
use std::path::Path;

use super::{cachedir, env_of, on_server, place, unsupported, verify};
use crate::exec::{ExecError, ExecFn};
use crate::fileclient::{How, Source, cached_at};
use crate::states::file::keep::Filter;
use crate::{Ctx, args};

args! {
    /// Make a file available on the minion. Returns where it is; `False` when there is no such file.
    ///
    /// CLI Example: `rsalt '*' cp.cache_file salt://path/to/file`
    pub(crate) struct CacheFile {
        path: String,
        #[serde(default)]
        saltenv: Option<String>,
        #[serde(default)]
        source_hash: Option<String>,
        #[serde(default = yes)]
        verify_ssl: Flag,
        #[serde(default)]
        use_etag: Flag,
    }

    /// Make files available on the minion: a list, or a text with commas.
    ///
    /// CLI Example: `rsalt '*' cp.cache_files salt://pathto/file1,salt://pathto/file2`
    pub(crate) struct CacheFiles {
        paths: OneOrMany<String>,
        #[serde(default)]
        saltenv: Option<String>,
    }

    /// Make a directory of the file server available on the minion. Returns where its files are.
    ///
    /// include_empty: empty directories too. include_pat, exclude_pat: globs, or regular expressions as `E@…`.
    ///
    /// CLI Example: `rsalt '*' cp.cache_dir salt://path/to/dir include_pat='E@*.py$'`
    pub(crate) struct CacheDir {
        path: String,
        #[serde(default)]
        saltenv: Option<String>,
        #[serde(default)]
        include_empty: Flag,
        #[serde(default)]
        include_pat: Value,
        #[serde(default)]
        exclude_pat: Value,
    }

    /// Make all files of an environment available on the minion.
    ///
    /// CLI Example: `rsalt '*' cp.cache_master`
    pub(crate) struct CacheMaster {
        #[serde(default)]
        saltenv: Option<String>,
    }

    /// Keep a copy of a file of the minion in its cache.
    ///
    /// CLI Example: `rsalt '*' cp.cache_local_file /etc/hosts`
    pub(crate) struct CacheLocalFile {
        path: String,
    }

    /// Return where a file is kept once it is cached.
    ///
    /// CLI Example: `rsalt '*' cp.cache_dest salt://my/file`
    pub(crate) struct CacheDest {
        url: String,
        #[serde(default)]
        saltenv: Option<String>,
    }

    /// Return where a file is cached, `''` when it is not.
    ///
    /// CLI Example: `rsalt '*' cp.is_cached salt://path/to/file`
    pub(crate) struct IsCached {
        path: String,
        #[serde(default)]
        saltenv: Option<String>,
    }
}

fn yes() -> Flag {
    Flag(true)
}

/// A local copy of what a URL or path names.
fn cache(
    ctx: &Ctx<'_>,
    path: &str,
    saltenv: &str,
    wanted: Option<&str>,
    how: How,
) -> Result<Value, ExecError> {
    let source = Source::parse(path).ok_or_else(|| unsupported(path))?;
    let at = match &source {
        // As in Salt: a path of this machine is its own copy, whether it is there or not.
        Source::Local(path) => Some(path.clone()),
        _ => source.cache_as(ctx, saltenv, how)?,
    };
    if let (Some(at), Source::Remote(_)) = (&at, &source) {
        verify(ctx, at, wanted)?;
    }
    if at.is_none() {
        tracing::error!("Unable to cache file '{path}' from saltenv '{saltenv}'.");
    }
    Ok(place(at))
}

impl ExecFn for CacheFile {
    const FUN: &'static str = "cp.cache_file";
    const SIGNATURE: &'static str = "path, saltenv=None, source_hash=None, verify_ssl=True, use_etag=False";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let how = How { verify_ssl: self.verify_ssl.0, etag: self.use_etag.0 };
        let saltenv = env_of(ctx, self.saltenv.as_deref());
        cache(ctx, &self.path, &saltenv, self.source_hash.as_deref(), how)
    }
}

impl ExecFn for CacheFiles {
    const FUN: &'static str = "cp.cache_files";
    const SIGNATURE: &'static str = "paths, saltenv=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let saltenv = env_of(ctx, self.saltenv.as_deref());
        let paths = self.paths.0.iter().flat_map(|text| text.split(','));
        let done: Result<Vec<Value>, ExecError> =
            paths.map(|path| cache(ctx, path, &saltenv, None, How::default())).collect();
        Ok(done?.into())
    }
}

impl ExecFn for CacheDir {
    const FUN: &'static str = "cp.cache_dir";
    const SIGNATURE: &'static str =
        "path, saltenv=None, include_empty=False, include_pat=None, exclude_pat=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let (path, saltenv) = on_server(&self.path, &env_of(ctx, self.saltenv.as_deref()))?;
        let prefix = format!("{path}/");
        let filter = Filter::new(&self.include_pat, &self.exclude_pat)
            .map_err(|error| ExecError::invocation(error.to_string()))?;
        let mut done = Vec::new();
        for name in ctx.files().list(&saltenv)?.iter().filter(|name| name.starts_with(&prefix)) {
            if filter.wants(name) {
                done.extend(ctx.files().cache_file(name, &saltenv)?.map(|at| at.display().to_string()));
            }
        }
        if self.include_empty.0 {
            let below = cachedir(ctx).join("files").join(&saltenv);
            for name in ctx.files().empty_dirs(&saltenv)?.iter().filter(|name| name.starts_with(&prefix)) {
                ctx.host.mkdir_all(&below.join(name), None)?;
                done.push(below.join(name).display().to_string());
            }
        }
        Ok(done.into())
    }
}

impl ExecFn for CacheMaster {
    const FUN: &'static str = "cp.cache_master";
    const SIGNATURE: &'static str = "saltenv=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let saltenv = env_of(ctx, self.saltenv.as_deref());
        let mut done = Vec::new();
        for name in ctx.files().list(&saltenv)?.iter() {
            done.push(place(ctx.files().cache_file(name, &saltenv)?));
        }
        Ok(done.into())
    }
}

impl ExecFn for CacheLocalFile {
    const FUN: &'static str = "cp.cache_local_file";
    const SIGNATURE: &'static str = "path";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        if !ctx.host.is_file(Path::new(&self.path)) {
            return Ok("".into());
        }
        let at = cachedir(ctx).join("localfiles").join(self.path.trim_start_matches('/'));
        if let Some(dir) = at.parent() {
            ctx.host.mkdir_all(dir, None)?;
        }
        ctx.host.copy(Path::new(&self.path), &at, None)?;
        Ok(place(Some(at)))
    }
}

impl ExecFn for CacheDest {
    const FUN: &'static str = "cp.cache_dest";
    const SIGNATURE: &'static str = "url, saltenv=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let saltenv = env_of(ctx, self.saltenv.as_deref());
        match Source::parse(&self.url) {
            Some(Source::Salt { path, saltenv: own }) => {
                let env = own.unwrap_or(saltenv);
                Ok(place(Some(cachedir(ctx).join("files").join(env).join(path))))
            }
            Some(Source::Remote(url)) => Ok(place(Some(cached_at(ctx, &url, &saltenv)))),
            Some(Source::Local(_)) | None => Ok(self.url.into()),
        }
    }
}

impl ExecFn for IsCached {
    const FUN: &'static str = "cp.is_cached";
    const SIGNATURE: &'static str = "path, saltenv=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let saltenv = env_of(ctx, self.saltenv.as_deref());
        let (path, saltenv) = match Source::parse(&self.path) {
            Some(Source::Salt { path, saltenv: own }) => (path, own.unwrap_or(saltenv)),
            Some(Source::Remote(url)) => {
                let at = cached_at(ctx, &url, &saltenv);
                return Ok(if ctx.host.exists(&at) { place(Some(at)) } else { "".into() });
            }
            _ => (self.path.trim_start_matches('/').to_owned(), saltenv),
        };
        let cache = cachedir(ctx);
        let places = [cache.join("files").join(&saltenv).join(&path), cache.join("localfiles").join(&path)];
        if let Some(at) = places.into_iter().find(|at| ctx.host.exists(at)) {
            return Ok(place(Some(at)));
        }
        // Without a master the file server's own files are the copies.
        let local = ctx.opt("file_client").is_some_and(|v| v.as_str() == Some("local"));
        let own = if local { ctx.files().cache_file(&path, &saltenv)? } else { None };
        Ok(own.map_or_else(|| "".into(), |at| place(Some(at))))
    }
}
