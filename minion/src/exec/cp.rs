//! Files of the file server, on their way to this machine.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use data::loose::{Flag, OneOrMany};
use data::{Dict, Value};
use fancy_regex::Regex;
use proto::target::glob::Glob;
use sls::render::{Renderer, Template};

use super::{ExecEntry, ExecError, ExecFn, entry};
use crate::fileclient::{Source, cached_at};
use crate::hash::{self, Kind};
use crate::host::{FileKind, HostError};
use crate::{Ctx, Minion, args};

/// The functions of `cp`.
pub const FUNCTIONS: &[ExecEntry] = &[
    entry::<GetFile>(),
    entry::<GetTemplate>(),
    entry::<GetDir>(),
    entry::<GetUrl>(),
    entry::<GetFileStr>(),
    entry::<CacheFile>(),
    entry::<CacheFiles>(),
    entry::<CacheDir>(),
    entry::<CacheMaster>(),
    entry::<CacheLocalFile>(),
    entry::<CacheDest>(),
    entry::<IsCached>(),
    entry::<HashFile>(),
    entry::<StatFile>(),
    entry::<Envs>(),
    entry::<ListMaster>(),
    entry::<ListMasterDirs>(),
    entry::<ListStates>(),
    entry::<ListMinion>(),
    entry::<Push>(),
    entry::<PushDir>(),
];

args! {
    /// Get a file from the file server. Returns where it is, `''` when there is no such file.
    ///
    /// makedirs: make the directory that it goes to. template: `jinja` renders source and destination path.
    ///
    /// CLI Example: `rsalt '*' cp.get_file salt://path/to/file /minion/dest`
    pub struct GetFile {
        path: String,
        dest: String,
        #[serde(default)]
        saltenv: Option<String>,
        #[serde(default)]
        makedirs: Flag,
        #[serde(default)]
        template: Option<String>,
    }

    /// Render a file of the file server and write the result. Further arguments are variables of the template.
    ///
    /// CLI Example: `rsalt '*' cp.get_template salt://path/to/template /minion/dest`
    pub struct GetTemplate {
        path: String,
        dest: String,
        #[serde(default)]
        template: Option<String>,
        #[serde(default)]
        saltenv: Option<String>,
        #[serde(default)]
        makedirs: Flag,
        #[serde(default)]
        kwargs: Dict,
    }

    /// Get a directory from the file server, with all that is in it. Returns where the files are.
    ///
    /// CLI Example: `rsalt '*' cp.get_dir salt://path/to/dir/ /minion/dest`
    pub struct GetDir {
        path: String,
        dest: String,
        #[serde(default)]
        saltenv: Option<String>,
        #[serde(default)]
        template: Option<String>,
    }

    /// Get a file by its URL: `salt://`, `http://`, `https://`, `ftp://`, `file://`. Returns where it is, or its
    /// content with `dest=None`; `False` when there is no such file.
    ///
    /// source_hash: what its hash must be, `sha256=…`, for files that are not the file server's.
    ///
    /// CLI Example: `rsalt '*' cp.get_url https://www.example.org /tmp/index.html`
    pub struct GetUrl {
        path: String,
        #[serde(default = "cached")]
        dest: Value,
        #[serde(default)]
        saltenv: Option<String>,
        #[serde(default)]
        makedirs: Flag,
        #[serde(default)]
        source_hash: Option<String>,
    }

    /// Return the content of a file of the file server; `False` when there is no such file.
    ///
    /// CLI Example: `rsalt '*' cp.get_file_str salt://my/file`
    pub struct GetFileStr {
        path: String,
        #[serde(default)]
        saltenv: Option<String>,
    }

    /// Make a file available on the minion. Returns where it is; `False` when there is no such file.
    ///
    /// CLI Example: `rsalt '*' cp.cache_file salt://path/to/file`
    pub struct CacheFile {
        path: String,
        #[serde(default)]
        saltenv: Option<String>,
        #[serde(default)]
        source_hash: Option<String>,
    }

    /// Make files available on the minion: a list, or a text with commas.
    ///
    /// CLI Example: `rsalt '*' cp.cache_files salt://pathto/file1,salt://pathto/file2`
    pub struct CacheFiles {
        paths: OneOrMany<String>,
        #[serde(default)]
        saltenv: Option<String>,
    }

    /// Make a directory of the file server available on the minion. Returns where its files are.
    ///
    /// include_empty: empty directories too. include_pat, exclude_pat: globs, or regular expressions as `E@…`.
    ///
    /// CLI Example: `rsalt '*' cp.cache_dir salt://path/to/dir include_pat='E@*.py$'`
    pub struct CacheDir {
        path: String,
        #[serde(default)]
        saltenv: Option<String>,
        #[serde(default)]
        include_empty: Flag,
        #[serde(default)]
        include_pat: Option<String>,
        #[serde(default)]
        exclude_pat: Option<String>,
    }

    /// Make all files of an environment available on the minion.
    ///
    /// CLI Example: `rsalt '*' cp.cache_master`
    pub struct CacheMaster {
        #[serde(default)]
        saltenv: Option<String>,
    }

    /// Keep a copy of a file of the minion in its cache.
    ///
    /// CLI Example: `rsalt '*' cp.cache_local_file /etc/hosts`
    pub struct CacheLocalFile {
        path: String,
    }

    /// Return where a file is kept once it is cached.
    ///
    /// CLI Example: `rsalt '*' cp.cache_dest salt://my/file`
    pub struct CacheDest {
        url: String,
        #[serde(default)]
        saltenv: Option<String>,
    }

    /// Return where a file is cached, `''` when it is not.
    ///
    /// CLI Example: `rsalt '*' cp.is_cached salt://path/to/file`
    pub struct IsCached {
        path: String,
        #[serde(default)]
        saltenv: Option<String>,
    }

    /// Return the hash of a file of the file server or of this machine, `''` when there is no such file.
    ///
    /// CLI Example: `rsalt '*' cp.hash_file salt://path/to/file`
    pub struct HashFile {
        path: String,
        #[serde(default)]
        saltenv: Option<String>,
    }

    /// Return the mode of a file of the file server.
    ///
    /// CLI Example: `rsalt '*' cp.stat_file salt://path/to/file`
    pub struct StatFile {
        path: String,
        #[serde(default)]
        saltenv: Option<String>,
        #[serde(default)]
        octal: Option<Flag>,
    }

    /// List the environments of the file server.
    ///
    /// CLI Example: `rsalt '*' cp.envs`
    pub struct Envs {}

    /// List the files of an environment that begin with a prefix.
    ///
    /// CLI Example: `rsalt '*' cp.list_master`
    pub struct ListMaster {
        #[serde(default)]
        saltenv: Option<String>,
        #[serde(default)]
        prefix: String,
    }

    /// List the directories of an environment that begin with a prefix.
    ///
    /// CLI Example: `rsalt '*' cp.list_master_dirs`
    pub struct ListMasterDirs {
        #[serde(default)]
        saltenv: Option<String>,
        #[serde(default)]
        prefix: String,
    }

    /// List the SLS files of an environment by the names that states include them by.
    ///
    /// CLI Example: `rsalt '*' cp.list_states`
    pub struct ListStates {
        #[serde(default)]
        saltenv: Option<String>,
    }

    /// List the files that are cached on the minion.
    ///
    /// CLI Example: `rsalt '*' cp.list_minion`
    pub struct ListMinion {
        #[serde(default)]
        saltenv: Option<String>,
    }

    /// Salt's way to send a file to the master. Not supported: always an error.
    ///
    /// CLI Example: `rsalt '*' cp.push /etc/fstab`
    pub struct Push {
        #[serde(rename = "path")]
        _path: Value,
    }

    /// Salt's way to send a directory to the master. Not supported: always an error.
    ///
    /// CLI Example: `rsalt '*' cp.push_dir /usr/lib/mysql`
    pub struct PushDir {
        #[serde(rename = "path")]
        _path: Value,
    }
}

fn cached() -> Value {
    "".into()
}

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

fn render(ctx: &Ctx<'_>, text: &str, name: &str, saltenv: &str, context: Dict) -> Result<String, ExecError> {
    let renderer = Renderer::new(Rc::new(Minion::of(ctx)));
    let template = Template { text, name, saltenv, context };
    renderer.template(template).map_err(|error| ExecError::command(error.to_string()))
}

/// Source and destination, rendered when an engine is named.
fn names(
    ctx: &Ctx<'_>,
    path: &str,
    dest: &str,
    saltenv: &str,
    engine: Option<&str>,
) -> Result<(String, String), ExecError> {
    match engine.filter(|engine| !engine.is_empty()) {
        None => Ok((path.to_owned(), dest.to_owned())),
        Some("jinja") => {
            let one = |text: &str| {
                render(ctx, text, "path", saltenv, Dict::new()).map_err(|error| {
                    ExecError::command(format!("Failed to render file path with error: {error}"))
                })
            };
            Ok((one(path)?, one(dest)?))
        }
        Some(engine) => Err(ExecError::command(format!(
            "Attempted to render file paths with unavailable engine {engine}"
        ))),
    }
}

/// Where a file named `from` goes when it is sent to `dest`; none when its directory is missing and not to be made.
fn destination(ctx: &Ctx<'_>, from: &str, dest: &str, makedirs: bool) -> Result<Option<PathBuf>, HostError> {
    let mut at = PathBuf::from(dest);
    if dest.ends_with('/') || ctx.host.is_dir(&at) {
        at.push(from.rsplit('/').next().unwrap_or(from));
    }
    let dir = at.parent().unwrap_or(Path::new("/"));
    if !ctx.host.is_dir(dir) {
        if !makedirs {
            return Ok(None);
        }
        ctx.host.mkdir_all(dir, None)?;
    }
    Ok(Some(at))
}

/// Brings a file of the file server to its place, unless it is there already.
fn fetch_to(ctx: &Ctx<'_>, path: &str, saltenv: &str, dest: &str, makedirs: bool) -> Result<Value, ExecError> {
    let Some(there) = ctx.files().stat(path, saltenv)? else { return Ok(false.into()) };
    if dest.is_empty() {
        return Ok(place(ctx.files().cache_file(path, saltenv)?));
    }
    let Some(at) = destination(ctx, path, dest, makedirs)? else { return Ok(false.into()) };
    let kind = Kind::from_name(&there.hash_type).unwrap_or(Kind::Sha256);
    let same = ctx.host.is_file(&at) && hash::hex(kind, &ctx.host.read(&at)?) == there.hash;
    if !same {
        let Some(from) = ctx.files().cache_file(path, saltenv)? else { return Ok(false.into()) };
        ctx.host.write_atomic(&at, &ctx.host.read(&from)?, None)?;
    }
    Ok(at.display().to_string().into())
}

fn place(at: Option<PathBuf>) -> Value {
    at.map_or(Value::Bool(false), |at| at.display().to_string().into())
}

impl ExecFn for GetFile {
    const FUN: &'static str = "cp.get_file";
    const SIGNATURE: &'static str =
        "path, dest, saltenv=None, makedirs=False, template=None, gzip=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let saltenv = env_of(ctx, self.saltenv.as_deref());
        let (path, dest) = names(ctx, &self.path, &self.dest, &saltenv, self.template.as_deref())?;
        let (path, saltenv) = match on_server(&path, &saltenv) {
            Err(_) if !ctx.host.is_file(Path::new(&path)) => return Ok("".into()),
            found => found?,
        };
        if ctx.files().stat(&path, &saltenv)?.is_none() {
            return Ok("".into());
        }
        fetch_to(ctx, &path, &saltenv, &dest, self.makedirs.0)
    }
}

impl ExecFn for GetTemplate {
    const FUN: &'static str = "cp.get_template";
    const SIGNATURE: &'static str = "path, dest, template='jinja', saltenv=None, makedirs=False, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        if let Some(engine) = self.template.as_deref().filter(|engine| *engine != "jinja") {
            tracing::error!("Attempted to render template with unavailable engine {engine}");
            return Ok("".into());
        }
        let (path, saltenv) = on_server(&self.path, &env_of(ctx, self.saltenv.as_deref()))?;
        let Some(data) = ctx.files().fetch(&path, &saltenv)? else { return Ok("".into()) };
        let text = std::str::from_utf8(&data).map_err(|e| ExecError::command(format!("{}: {e}", self.path)))?;
        let mut context = self.kwargs;
        context.retain(|key, _| !key.as_str().is_some_and(|key| key.starts_with("__pub_")));
        let done = render(ctx, text, &self.path, &saltenv, context)?;
        let Some(at) = destination(ctx, &path, &self.dest, self.makedirs.0)? else { return Ok("".into()) };
        ctx.host.write_atomic(&at, done.as_bytes(), None)?;
        Ok(at.display().to_string().into())
    }
}

impl ExecFn for GetDir {
    const FUN: &'static str = "cp.get_dir";
    const SIGNATURE: &'static str = "path, dest, saltenv=None, template=None, gzip=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let saltenv = env_of(ctx, self.saltenv.as_deref());
        let (path, dest) = names(ctx, &self.path, &self.dest, &saltenv, self.template.as_deref())?;
        let (path, saltenv) = on_server(&path, &saltenv)?;
        // The directory itself arrives below `dest`, not only what is in it.
        let above = path.rsplit_once('/').map_or(0, |(above, _)| above.len() + 1);
        let below = |name: &&String| name.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('/'));
        let at = |name: &str| format!("{dest}/{}", name.get(above..).unwrap_or(name));
        let mut done = Vec::new();
        for name in ctx.files().list(&saltenv)?.iter().filter(below) {
            done.push(fetch_to(ctx, name, &saltenv, &at(name), true)?);
        }
        for name in ctx.files().empty_dirs(&saltenv)?.iter().filter(below) {
            ctx.host.mkdir_all(Path::new(&at(name)), None)?;
            done.push(at(name).into());
        }
        done.sort_by_key(ToString::to_string);
        Ok(done.into())
    }
}

impl ExecFn for GetUrl {
    const FUN: &'static str = "cp.get_url";
    const SIGNATURE: &'static str = "path, dest='', saltenv=None, makedirs=False, source_hash=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let saltenv = env_of(ctx, self.saltenv.as_deref());
        let source = Source::parse(&self.path).ok_or_else(|| unsupported(&self.path))?;
        let Some(dest) = self.dest.as_str() else {
            let Some(data) = source.read(ctx, &saltenv)? else { return Ok(false.into()) };
            return Ok(match std::str::from_utf8(&data) {
                Ok(text) => text.into(),
                Err(_) => Value::Bytes(data),
            });
        };
        match &source {
            Source::Salt { path, saltenv: own } => {
                fetch_to(ctx, path, own.as_deref().unwrap_or(&saltenv), dest, self.makedirs.0)
            }
            Source::Local(path) => Ok(path.display().to_string().into()),
            Source::Remote(url) => {
                let Some(from) = source.cache(ctx, &saltenv)? else { return Ok(false.into()) };
                verify(ctx, &from, self.source_hash.as_deref())?;
                if dest.is_empty() {
                    return Ok(place(Some(from)));
                }
                let Some(at) = destination(ctx, url, dest, self.makedirs.0)? else { return Ok(false.into()) };
                ctx.host.write_atomic(&at, &ctx.host.read(&from)?, None)?;
                Ok(at.display().to_string().into())
            }
        }
    }
}

/// Holds a file against `sha256=…` or a bare hash.
fn verify(ctx: &Ctx<'_>, at: &Path, wanted: Option<&str>) -> Result<(), ExecError> {
    let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) else { return Ok(()) };
    let (kind, sum) = match wanted.split_once(['=', ':']) {
        Some((kind, sum)) => (Kind::from_name(kind.trim()), sum.trim()),
        None => (Kind::from_digits(wanted.len()), wanted),
    };
    let kind = kind.ok_or_else(|| ExecError::invocation(format!("'{wanted}' is no hash")))?;
    let is = hash::hex(kind, &ctx.host.read(at)?);
    if is.eq_ignore_ascii_case(sum) {
        return Ok(());
    }
    ctx.host.remove_file(at)?;
    Err(ExecError::command(format!("{}: {} hash is {is}, not {sum}", at.display(), kind.name())))
}

/// A local copy of what a URL or path names.
fn cache(ctx: &Ctx<'_>, path: &str, saltenv: &str, wanted: Option<&str>) -> Result<Value, ExecError> {
    let source = Source::parse(path).ok_or_else(|| unsupported(path))?;
    let at = match &source {
        // As in Salt: a path of this machine is its own copy, whether it is there or not.
        Source::Local(path) => Some(path.clone()),
        _ => source.cache(ctx, saltenv)?,
    };
    if let (Some(at), Source::Remote(_)) = (&at, &source) {
        verify(ctx, at, wanted)?;
    }
    if at.is_none() {
        tracing::error!("Unable to cache file '{path}' from saltenv '{saltenv}'.");
    }
    Ok(place(at))
}

impl ExecFn for GetFileStr {
    const FUN: &'static str = "cp.get_file_str";
    const SIGNATURE: &'static str = "path, saltenv=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let saltenv = env_of(ctx, self.saltenv.as_deref());
        let source = Source::parse(&self.path).ok_or_else(|| unsupported(&self.path))?;
        let Some(data) = source.read(ctx, &saltenv)? else { return Ok(false.into()) };
        match std::str::from_utf8(&data) {
            Ok(text) => Ok(text.into()),
            Err(error) => Err(ExecError::raised("UnicodeDecodeError", format!("{}: {error}", self.path))),
        }
    }
}

impl ExecFn for CacheFile {
    const FUN: &'static str = "cp.cache_file";
    const SIGNATURE: &'static str = "path, saltenv=None, source_hash=None, verify_ssl=True, use_etag=False";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        cache(ctx, &self.path, &env_of(ctx, self.saltenv.as_deref()), self.source_hash.as_deref())
    }
}

impl ExecFn for CacheFiles {
    const FUN: &'static str = "cp.cache_files";
    const SIGNATURE: &'static str = "paths, saltenv=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let saltenv = env_of(ctx, self.saltenv.as_deref());
        let paths = self.paths.0.iter().flat_map(|text| text.split(','));
        let done: Result<Vec<Value>, ExecError> = paths.map(|path| cache(ctx, path, &saltenv, None)).collect();
        Ok(done?.into())
    }
}

/// Whether a name is wanted: Salt's `E@regex` or glob.
fn fits(name: &str, pattern: &str) -> Result<bool, ExecError> {
    let Some(regex) = pattern.strip_prefix("E@") else { return Ok(Glob::new(pattern).matches(name)) };
    let bad = |error: fancy_regex::Error| ExecError::invocation(format!("'{regex}' is no regular expression: {error}"));
    Regex::new(regex).and_then(|regex| regex.is_match(name)).map_err(bad)
}

impl ExecFn for CacheDir {
    const FUN: &'static str = "cp.cache_dir";
    const SIGNATURE: &'static str =
        "path, saltenv=None, include_empty=False, include_pat=None, exclude_pat=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let (path, saltenv) = on_server(&self.path, &env_of(ctx, self.saltenv.as_deref()))?;
        let prefix = format!("{path}/");
        let mut done = Vec::new();
        for name in ctx.files().list(&saltenv)?.iter().filter(|name| name.starts_with(&prefix)) {
            let wanted = self.include_pat.as_deref().map_or(Ok(true), |pat| fits(name, pat))?;
            if wanted && !self.exclude_pat.as_deref().map_or(Ok(false), |pat| fits(name, pat))? {
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
        let Some(data) = ctx.host.read_opt(Path::new(&self.path))? else { return Ok("".into()) };
        let at = cachedir(ctx).join("localfiles").join(self.path.trim_start_matches('/'));
        if let Some(dir) = at.parent() {
            ctx.host.mkdir_all(dir, None)?;
        }
        ctx.host.write_atomic(&at, &data, None)?;
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

impl ExecFn for HashFile {
    const FUN: &'static str = "cp.hash_file";
    const SIGNATURE: &'static str = "path, saltenv=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let answer = |sum: String, kind: &str| Dict::new().with("hsum", sum).with("hash_type", kind).into();
        match on_server(&self.path, &env_of(ctx, self.saltenv.as_deref())) {
            Ok((path, saltenv)) => {
                let found = ctx.files().stat(&path, &saltenv)?;
                Ok(found.map_or_else(|| "".into(), |stat| answer(stat.hash, &stat.hash_type)))
            }
            Err(_) if ctx.host.is_file(Path::new(&self.path)) => {
                let kind = ctx.opt("hash_type").and_then(|v| Kind::from_name(&v.to_string()));
                let kind = kind.unwrap_or(Kind::Sha256);
                Ok(answer(hash::hex(kind, &ctx.host.read(Path::new(&self.path))?), kind.name()))
            }
            Err(_) => Ok(Value::dict()),
        }
    }
}

impl ExecFn for StatFile {
    const FUN: &'static str = "cp.stat_file";
    const SIGNATURE: &'static str = "path, saltenv=None, octal=True";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let (path, saltenv) = on_server(&self.path, &env_of(ctx, self.saltenv.as_deref()))?;
        let Some(stat) = ctx.files().stat(&path, &saltenv)? else { return Ok(Value::None) };
        let mode = stat.mode & 0o7777;
        // As a whole `st_mode`, of which it is known that it is a regular file's.
        Ok(if self.octal.is_none_or(|f| f.0) { format!("{mode:04o}").into() } else { (0o100_000 | mode).into() })
    }
}

impl ExecFn for Envs {
    const FUN: &'static str = "cp.envs";
    const SIGNATURE: &'static str = "";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(ctx.files().envs()?.into())
    }
}

fn beginning_with(all: &[String], prefix: &str) -> Value {
    let prefix = prefix.strip_prefix("salt://").unwrap_or(prefix);
    all.iter().filter(|path| path.starts_with(prefix)).cloned().collect::<Vec<String>>().into()
}

impl ExecFn for ListMaster {
    const FUN: &'static str = "cp.list_master";
    const SIGNATURE: &'static str = "saltenv=None, prefix=''";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(beginning_with(&*ctx.files().list(&env_of(ctx, self.saltenv.as_deref()))?, &self.prefix))
    }
}

impl ExecFn for ListMasterDirs {
    const FUN: &'static str = "cp.list_master_dirs";
    const SIGNATURE: &'static str = "saltenv=None, prefix=''";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(beginning_with(&*ctx.files().dirs(&env_of(ctx, self.saltenv.as_deref()))?, &self.prefix))
    }
}

impl ExecFn for ListStates {
    const FUN: &'static str = "cp.list_states";
    const SIGNATURE: &'static str = "saltenv=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let all = ctx.files().list(&env_of(ctx, self.saltenv.as_deref()))?;
        let named = all.iter().filter_map(|path| path.strip_suffix(".sls"));
        let mut names: Vec<String> =
            named.map(|path| path.strip_suffix("/init").unwrap_or(path).replace('/', ".")).collect();
        names.sort();
        names.dedup();
        Ok(names.into())
    }
}

/// All files below a directory, links not followed.
fn files_below(ctx: &Ctx<'_>, dir: &Path, found: &mut Vec<String>) -> Result<(), HostError> {
    for name in ctx.host.list_dir(dir)? {
        let at = dir.join(name);
        match ctx.host.lstat(&at)?.map(|stat| stat.kind) {
            Some(FileKind::Dir) => files_below(ctx, &at, found)?,
            Some(_) => found.push(at.display().to_string()),
            None => {}
        }
    }
    Ok(())
}

impl ExecFn for ListMinion {
    const FUN: &'static str = "cp.list_minion";
    const SIGNATURE: &'static str = "saltenv=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let saltenv = env_of(ctx, self.saltenv.as_deref());
        let mut found = Vec::new();
        for dir in [cachedir(ctx).join("files").join(saltenv), cachedir(ctx).join("localfiles")] {
            if ctx.host.is_dir(&dir) {
                files_below(ctx, &dir, &mut found)?;
            }
        }
        found.sort();
        Ok(found.into())
    }
}

fn no_way_up(fun: &str) -> ExecError {
    ExecError::command(format!("{fun} is not supported: the master of this minion takes no files"))
}

impl ExecFn for Push {
    const FUN: &'static str = "cp.push";
    const SIGNATURE: &'static str = "path, keep_symlinks=False, upload_path=None, remove_source=False";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        Err(no_way_up(Self::FUN))
    }
}

impl ExecFn for PushDir {
    const FUN: &'static str = "cp.push_dir";
    const SIGNATURE: &'static str = "path, glob=None, upload_path=None, remove_source=False";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        Err(no_way_up(Self::FUN))
    }
}
