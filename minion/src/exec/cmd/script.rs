//! Scripts: fetched, made executable for their user, run, removed.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use data::{Dict, Value};
use sls::render::Template;

use super::Options;
use super::run::{Ran, run, split_words};
use crate::exec::ExecError;
use crate::fileclient::Source;
use crate::host::Errors;
use crate::run::renderer_of;
use crate::{Ctx, args};

args! {
    /// The options of `cmd.script`.
    #[derive(Clone)]
    pub struct ScriptOptions {
        /// Where the script is.
        pub source: String,
        /// Its arguments: a text, or a list.
        #[serde(default)]
        pub args: Value,
        /// The engine that renders it.
        #[serde(default)]
        pub template: Option<String>,
        /// Variables for the template.
        #[serde(default)]
        pub context: Dict,
        /// Variables that `context` overrides.
        #[serde(default)]
        pub defaults: Dict,
        #[serde(default)]
        cwd: Value,
        #[serde(default)]
        stdin: Value,
        #[serde(default)]
        runas: Option<String>,
        #[serde(default)]
        group: Value,
        #[serde(default)]
        shell: Value,
        #[serde(default)]
        python_shell: Value,
        #[serde(default)]
        env: Value,
        #[serde(default)]
        umask: Value,
        #[serde(default)]
        output_loglevel: Value,
        #[serde(default)]
        hide_output: bool,
        #[serde(default)]
        timeout: Value,
        #[serde(default)]
        saltenv: Option<String>,
        #[serde(default)]
        bg: bool,
        #[serde(default)]
        success_retcodes: Value,
        #[serde(default)]
        success_stdout: Value,
        #[serde(default)]
        success_stderr: Value,
        #[serde(default)]
        reset_system_locale: Value,
        /// What has no parameter of its own: variables for the template, and options of the command.
        #[serde(default)]
        kwargs: Dict,
    }
}

/// A path that is not there yet, in `dir`.
pub(super) fn temporary(ctx: &Ctx<'_>, dir: &str, suffix: &str) -> Result<PathBuf, ExecError> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    loop {
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let at = Path::new(dir).join(format!("__salt.tmp.{}{n:x}{suffix}", std::process::id()));
        if ctx.host.lstat(&at)?.is_none() {
            return Ok(at);
        }
    }
}

/// What Salt returns for a script that cannot be had.
fn not_found() -> Value {
    Dict::new()
        .with("pid", 0)
        .with("retcode", 1)
        .with("stdout", "")
        .with("stderr", "")
        .with("cache_error", true)
        .into()
}

/// Fetches a script and runs it.
pub fn run_script(ctx: &Ctx<'_>, script: &ScriptOptions) -> Result<Value, ExecError> {
    let saltenv = script.saltenv.clone().unwrap_or_else(|| ctx.saltenv());
    if !script.source.starts_with('/') && !script.source.contains(':') {
        return Err(ExecError::raised("MinionError", format!("Path '{}' is not absolute", script.source)));
    }
    let Some(source) = Source::parse(&script.source) else { return Ok(not_found()) };
    let Some(content) = source.read(ctx, &saltenv)? else { return Ok(not_found()) };
    let content = match script.template.as_deref() {
        None | Some("") => content.to_vec(),
        Some("jinja") => rendered(ctx, script, &content, &saltenv)?.into_bytes(),
        Some(engine) => {
            tracing::error!("Attempted to render template with unavailable engine {engine}");
            return Ok(not_found());
        }
    };
    let name = script.source.split('?').next().unwrap_or_default();
    let suffix = Path::new(name).extension().map(|e| format!(".{}", e.to_string_lossy())).unwrap_or_default();
    let dir = script.cwd.as_str().filter(|dir| dir.starts_with('/')).unwrap_or("/tmp");
    let file = temporary(ctx, dir, &suffix)?;
    ctx.host.write_atomic(&file, &content, Some(0o500))?;
    let ran = run_file(ctx, script, &file);
    if !script.bg {
        ctx.host.remove_file(&file)?;
    }
    Ok(ran?.shown(script.hide_output).to_value())
}

fn run_file(ctx: &Ctx<'_>, script: &ScriptOptions, file: &Path) -> Result<Ran, ExecError> {
    if let Some(name) = &script.runas {
        let user = ctx.host.user(name)?;
        let user = user.ok_or_else(|| ExecError::command(format!("User '{name}' is not available")))?;
        ctx.host.chown(file, Some(user.uid), None, true)?;
    }
    let mut argv = vec![file.display().to_string()];
    match &script.args {
        Value::None => {}
        Value::List(words) => argv.extend(words.iter().map(Value::to_string)),
        text => argv.extend(split_words(&text.to_string())?),
    }
    let in_shell = argv.len() == 1 && script.python_shell.as_bool().unwrap_or(ctx.is_direct());
    let mut options = Dict::new().with("cmd", argv).with("python_shell", in_shell).with("bg", script.bg);
    for (key, value) in [
        ("cwd", &script.cwd),
        ("stdin", &script.stdin),
        ("group", &script.group),
        ("shell", &script.shell),
        ("env", &script.env),
        ("umask", &script.umask),
        ("output_loglevel", &script.output_loglevel),
        ("timeout", &script.timeout),
        ("success_retcodes", &script.success_retcodes),
        ("success_stdout", &script.success_stdout),
        ("success_stderr", &script.success_stderr),
        ("reset_system_locale", &script.reset_system_locale),
    ] {
        if !value.is_none() {
            options.insert(key, value.clone());
        }
    }
    for (key, value) in &script.kwargs {
        if !key.as_str().is_some_and(|key| options.contains(key)) {
            options.insert(key.clone(), value.clone());
        }
    }
    options.insert("runas", script.runas.clone());
    run(ctx, &args::read::<Options>(options)?, Errors::Apart)
}

fn rendered(
    ctx: &Ctx<'_>,
    script: &ScriptOptions,
    content: &[u8],
    saltenv: &str,
) -> Result<String, ExecError> {
    let text = String::from_utf8_lossy(content);
    let given = |key: &str| script.kwargs.get(key).and_then(Value::as_dict).cloned().unwrap_or_default();
    let mut context = script.defaults.clone();
    for more in [given("defaults"), script.context.clone(), given("context")] {
        context.extend(more);
    }
    let renderer = renderer_of(ctx);
    let template = Template { text: &text, name: &script.source, saltenv, context };
    renderer.template(template).map_err(|e| ExecError::command(e.to_string()))
}
