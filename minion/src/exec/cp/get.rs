//! Getting files and directories to where they are wanted.

use std::path::{Path, PathBuf};

use data::loose::Flag;
use data::{Dict, Value};
use sls::render::Template;

use super::{env_of, on_server, place, unsupported, verify};
use crate::exec::{ExecError, ExecFn};
use crate::fileclient::Source;
use crate::hash::Kind;
use crate::host::HostError;
use crate::run::renderer_of;
use crate::{Ctx, args};

args! {
    /// Get a file from the file server. Returns where it is, `''` when there is no such file.
    ///
    /// makedirs: make the directory that it goes to. template: `jinja` renders source and destination path.
    ///
    /// CLI Example: `rsalt '*' cp.get_file salt://path/to/file /minion/dest`
    pub(crate) struct GetFile {
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
    pub(crate) struct GetTemplate {
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
    pub(crate) struct GetDir {
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
    pub(crate) struct GetUrl {
        path: String,
        #[serde(default = cached)]
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
    pub(crate) struct GetFileStr {
        path: String,
        #[serde(default)]
        saltenv: Option<String>,
    }
}

fn cached() -> Value {
    "".into()
}

/// A text as a template of the file server would be rendered.
pub(crate) fn render(
    ctx: &Ctx<'_>,
    text: &str,
    name: &str,
    saltenv: &str,
    context: Dict,
) -> Result<String, ExecError> {
    let renderer = renderer_of(ctx);
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
fn fetch_to(
    ctx: &Ctx<'_>,
    path: &str,
    saltenv: &str,
    dest: &str,
    makedirs: bool,
) -> Result<Value, ExecError> {
    let Some(there) = ctx.files().stat(path, saltenv)? else { return Ok(false.into()) };
    if dest.is_empty() {
        return Ok(place(ctx.files().cache_file(path, saltenv)?));
    }
    let Some(at) = destination(ctx, path, dest, makedirs)? else { return Ok(false.into()) };
    let kind = Kind::from_name(&there.hash_type).unwrap_or(Kind::Sha256);
    let same = ctx.host.is_file(&at) && ctx.host.hash(&at, kind)? == there.hash;
    if !same {
        let Some(from) = ctx.files().cache_file(path, saltenv)? else { return Ok(false.into()) };
        ctx.host.copy(&from, &at, None)?;
    }
    Ok(at.display().to_string().into())
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
        let text =
            std::str::from_utf8(&data).map_err(|e| ExecError::command(format!("{}: {e}", self.path)))?;
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
        let below =
            |name: &&String| name.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('/'));
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
                ctx.host.copy(&from, &at, None)?;
                Ok(at.display().to_string().into())
            }
        }
    }
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
