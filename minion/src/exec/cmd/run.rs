//! From options to a command, and from its end to what is returned.

use std::path::Path;
use std::time::Duration;

use data::{Dict, Value};
use proto::target::glob::Glob;
use sls::render::Template;

use super::Options;
use crate::Ctx;
use crate::exec::ExecError;
use crate::host::{Cmd, Errors, HostError};
use crate::run::renderer_of;

/// What Salt sets so that programs speak English. `LC_ALL` and `LANG` stay as they are.
const LOCALE: &[&str] = &[
    "LC_CTYPE",
    "LC_NUMERIC",
    "LC_TIME",
    "LC_COLLATE",
    "LC_MONETARY",
    "LC_MESSAGES",
    "LC_PAPER",
    "LC_NAME",
    "LC_ADDRESS",
    "LC_TELEPHONE",
    "LC_MEASUREMENT",
    "LC_IDENTIFICATION",
    "LANGUAGE",
];

/// A command that has run, or was started and is not waited for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ran {
    /// Its process id.
    pub pid: u32,
    /// Its exit status; none when it is not waited for.
    pub retcode: Option<i32>,
    /// Its output.
    pub stdout: String,
    /// Its errors.
    pub stderr: String,
}

impl Ran {
    /// The dict of `cmd.run_all`.
    pub fn to_value(&self) -> Value {
        Dict::new()
            .with("pid", self.pid)
            .with("retcode", self.retcode)
            .with("stdout", self.stdout.as_str())
            .with("stderr", self.stderr.as_str())
            .into()
    }

    /// The same without output when it is to be hidden.
    #[must_use]
    pub fn shown(self, hide: bool) -> Self {
        if hide { Ran { stdout: String::new(), stderr: String::new(), ..self } } else { self }
    }
}

/// Runs a command with these options.
pub fn run(ctx: &Ctx<'_>, options: &Options, errors: Errors) -> Result<Ran, ExecError> {
    let raw =
        options.stdin_raw_newlines || options.kwargs.get("stdin_raw_newlines").is_some_and(Value::is_true);
    let (text, cwd) = rendered(ctx, options)?;
    let cwd = cwd.unwrap_or_else(|| home(ctx, options.runas.as_deref()));
    let shell = options.shell.clone().unwrap_or_else(|| default_shell(ctx));
    let in_shell = options.python_shell.unwrap_or_else(|| {
        // Words are not split by a shell for other functions, unless the configuration is that careless.
        ctx.is_direct() || ctx.opt("cmd_safe").is_some_and(|safe| !safe.is_true())
    });
    if !shell.is_empty() && !executable(ctx, Path::new(&shell)) {
        return Err(ExecError::command(format!("The shell {shell} is not available")));
    }
    let argv: Vec<String> = match &text {
        Value::List(words) => words.iter().map(Value::to_string).collect(),
        text if in_shell => vec![text.to_string()],
        text => split_words(&text.to_string())?,
    };
    let mut cmd = if in_shell {
        // As Popen: of a list, the first word is the shell's command and the others are its `$0`, `$1` …
        let mut words = argv.into_iter();
        Cmd::shell(shell, words.next().unwrap_or_default()).args(words)
    } else {
        let mut words = argv.into_iter();
        let program =
            words.next().ok_or_else(|| ExecError::raised("IndexError", "list index out of range"))?;
        Cmd::of(program, words)
    };
    cmd = identity(ctx, options, with_env(ctx, options, cmd))?;
    if let Some(mask) = umask(ctx, &options.umask)? {
        cmd = cmd.umask(mask);
    }
    if ctx.is_direct() && !permitted(ctx, &text) {
        return Err(ExecError::command(format!("The shell command \"{text}\" is not permitted")));
    }
    if !cwd.starts_with('/') || !ctx.host.is_dir(Path::new(&cwd)) {
        return Err(ExecError::command(format!(
            "Specified cwd '{cwd}' either not absolute or does not exist"
        )));
    }
    cmd = cmd.cwd(&cwd).errors(errors);
    let good = Good::new(options)?;
    log_start(options, &text, &cwd);
    if options.bg {
        let pid = ctx.host.start(&cmd).map_err(|e| not_started(e, &text, &cmd, options, in_shell))?;
        ctx.set_retcode(0);
        return Ok(Ran { pid, ..Ran::default() });
    }
    if let Some(input) = &options.stdin {
        let input = if raw { input.clone() } else { input.replace("\\n", "\n") };
        cmd = cmd.stdin(input);
    }
    if let Some(limit) = timeout(&options.timeout)? {
        cmd = cmd.timeout(limit);
    }
    let output = match ctx.host.run(&cmd) {
        Ok(output) => output,
        Err(HostError::TimedOut { output, .. }) => {
            // As in Salt: what it had printed is gone, and the text says why.
            return Ok(Ran {
                pid: output.pid,
                retcode: Some(1),
                stdout: format!("{text} : Timed out after {} seconds", options.timeout),
                stderr: String::new(),
            });
        }
        Err(error) => return Err(not_started(error, &text, &cmd, options, in_shell)),
    };
    let strip = |text: String| if options.rstrip { text.trim_end().to_owned() } else { text };
    let (stdout, stderr) = (strip(output.out()), strip(output.err()));
    let well = good.retcodes.contains(&output.code)
        || good.stdout.iter().any(|text| stdout.contains(text))
        || good.stderr.iter().any(|text| stderr.contains(text));
    let retcode = if well { 0 } else { output.code };
    ctx.set_retcode(if options.ignore_retcode { 0 } else { retcode });
    log_end(options, &text, retcode, &stdout, &stderr);
    Ok(Ran { pid: output.pid, retcode: Some(retcode), stdout, stderr })
}

/// Whether the config lets jobs run this: `cmd_blacklist_glob`, `cmd_whitelist_glob`.
fn permitted(ctx: &Ctx<'_>, text: &Value) -> bool {
    let text = match text {
        Value::List(words) => words.iter().map(Value::to_string).collect::<Vec<_>>().join(" "),
        one => one.to_string(),
    };
    let matches = |globs: &Value| {
        globs.as_list().is_some_and(|l| l.iter().any(|glob| Glob::new(&glob.to_string()).matches(&text)))
    };
    let globs = |name: &str| ctx.opt(name).filter(Value::is_true);
    !globs("cmd_blacklist_glob").is_some_and(|list| matches(&list))
        && globs("cmd_whitelist_glob").is_none_or(|list| matches(&list))
}

/// Command and directory, rendered when a template engine is named.
fn rendered(ctx: &Ctx<'_>, options: &Options) -> Result<(Value, Option<String>), ExecError> {
    let cwd = options.cwd.clone().filter(|cwd| !cwd.is_empty());
    let engine = match options.template.as_deref() {
        None | Some("") => return Ok((options.cmd.clone(), cwd)),
        Some(engine) => engine,
    };
    if engine != "jinja" {
        return Err(ExecError::command(format!(
            "Attempted to render file paths with unavailable engine {engine}"
        )));
    }
    let renderer = renderer_of(ctx);
    let saltenv = options.saltenv.clone().unwrap_or_else(|| ctx.saltenv());
    let render = |text: &str| {
        let template = Template { text, name: "cmd", saltenv: &saltenv, context: Dict::new() };
        renderer.template(template).map_err(|e| ExecError::raised("SaltRenderError", e.to_string()))
    };
    let cmd = match &options.cmd {
        Value::List(words) => {
            let words: Result<Vec<String>, ExecError> =
                words.iter().map(|w| render(&w.to_string())).collect();
            Value::from(words?)
        }
        one => Value::from(render(&one.to_string())?),
    };
    Ok((cmd, cwd.map(|cwd| render(&cwd)).transpose()?))
}

/// The home directory of whoever runs it, as far as it can be entered.
fn home(ctx: &Ctx<'_>, runas: Option<&str>) -> String {
    let home = match runas {
        Some(user) => ctx.host.user(user).ok().flatten().map(|u| u.home),
        None => ctx.host.env("HOME").filter(|h| !h.is_empty()).or_else(|| {
            let uid = ctx.host.euid();
            ctx.host.users().ok()?.iter().find(|u| u.uid == uid).map(|u| u.home.clone())
        }),
    };
    home.filter(|home| ctx.host.is_dir(Path::new(home))).unwrap_or_else(|| "/".to_owned())
}

/// The `shell` grain's way: the environment's shell.
fn default_shell(ctx: &Ctx<'_>) -> String {
    ctx.host.env("SHELL").filter(|s| !s.is_empty()).unwrap_or_else(|| "/bin/sh".to_owned())
}

fn executable(ctx: &Ctx<'_>, path: &Path) -> bool {
    matches!(ctx.host.stat(path), Ok(Some(stat)) if stat.kind == crate::host::FileKind::File && stat.mode & 0o111 != 0)
}

fn is_variable(item: &Value) -> bool {
    item.as_dict().map_or_else(|| item.as_str().is_some() || item.as_f64().is_some(), |dict| dict.len() == 1)
}

fn with_env(ctx: &Ctx<'_>, options: &Options, mut cmd: Cmd) -> Cmd {
    let mut given: Vec<(String, String)> = Vec::new();
    let mut take = |dict: &Dict| {
        for (name, value) in dict {
            let value = if value.is_none() { String::new() } else { value.to_string() };
            given.push((name.to_string(), value));
        }
    };
    match &options.env {
        Value::Dict(dict) => take(dict),
        Value::List(list) if list.iter().all(is_variable) => {
            for item in list.iter() {
                // A bare name is a variable without a value.
                match item.as_dict() {
                    Some(dict) => take(dict),
                    None => take(&Dict::new().with(item.clone(), Value::None)),
                }
            }
        }
        Value::List(list) => tracing::error!("env is no list of variables: {list:?}"),
        _ => {}
    }
    if options.clean_env {
        cmd = cmd.clean_env();
    }
    if options.reset_system_locale {
        for name in LOCALE {
            cmd = cmd.env(*name, "C");
        }
    }
    if !given.iter().any(|(name, _)| name == "NOTIFY_SOCKET") {
        cmd = cmd.env_remove("NOTIFY_SOCKET");
    }
    let mut path = given.iter().rev().find(|(name, _)| name == "PATH").map(|(_, value)| value.clone());
    for (name, value) in given {
        cmd = cmd.env(name, value);
    }
    if let Some(first) = &options.prepend_path {
        let rest =
            path.take().or_else(|| ctx.host.env("PATH")).unwrap_or_else(|| crate::host::DEFAULT_PATH.into());
        cmd = cmd.env("PATH", format!("{first}:{rest}"));
    }
    cmd
}

/// Whom to run as. Salt asks `su -` for the user's environment; here it is what `/etc/passwd` says.
fn identity(ctx: &Ctx<'_>, options: &Options, mut cmd: Cmd) -> Result<Cmd, ExecError> {
    if let Some(name) = &options.runas {
        let user = ctx.host.user(name)?;
        let user = user.ok_or_else(|| ExecError::command(format!("User '{name}' is not available")))?;
        cmd = cmd.runas(name).env("USER", &user.name).env("HOME", &user.home).env("LOGNAME", &user.name);
    }
    if let Some(name) = &options.group {
        if ctx.host.group(name)?.is_none() {
            return Err(ExecError::command(format!("Group '{name}' is not available")));
        }
        cmd = cmd.group(name);
    }
    Ok(cmd)
}

fn umask(ctx: &Ctx<'_>, value: &Value) -> Result<Option<u32>, ExecError> {
    if value.is_none() {
        return Ok(None);
    }
    let text = value.to_string();
    let digits = text.trim_start_matches('0');
    if digits.is_empty() && ctx.chunk().is_some() {
        // A state's umask holds for whatever the state does, and there may be 0.
        return Ok(Some(0));
    }
    if digits.is_empty() {
        return Err(ExecError::command("Zero umask is not allowed."));
    }
    let mask = u32::from_str_radix(digits, 8);
    mask.map(Some).map_err(|_| ExecError::command(format!("Invalid umask: '{text}'")))
}

fn timeout(value: &Value) -> Result<Option<Duration>, ExecError> {
    if !value.is_true() {
        return Ok(None);
    }
    let seconds = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    let limit = seconds.and_then(|s| Duration::try_from_secs_f64(s).ok());
    let bad =
        || ExecError::raised("TimedProcTimeoutError", format!("Error: timeout {value} must be a number"));
    limit.map(Some).ok_or_else(bad)
}

/// What counts as well.
struct Good {
    retcodes: Vec<i32>,
    stdout: Vec<String>,
    stderr: Vec<String>,
}

impl Good {
    fn new(options: &Options) -> Result<Good, ExecError> {
        let bad = || ExecError::invocation("success_retcodes must be a list of integers");
        let retcodes: Option<Vec<i32>> =
            items(&options.success_retcodes).iter().map(|text| text.parse().ok()).collect();
        let mut retcodes = retcodes.ok_or_else(bad)?;
        retcodes.push(0);
        Ok(Good { retcodes, stdout: items(&options.success_stdout), stderr: items(&options.success_stderr) })
    }
}

fn items(value: &Value) -> Vec<String> {
    match value {
        Value::None => Vec::new(),
        Value::List(list) => list.iter().map(Value::to_string).collect(),
        one => one.to_string().split(',').map(|s| s.trim().to_owned()).collect(),
    }
}

/// The words of a command line without a shell, as Python's `shlex` splits them.
pub(crate) fn split_words(text: &str) -> Result<Vec<String>, ExecError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    let open = |what: &str| ExecError::raised("ValueError", format!("No {what}"));
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\\' => word.get_or_insert_default().push(chars.next().ok_or_else(|| open("escaped character"))?),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => word.push(c),
                        None => return Err(open("closing quotation")),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') => match chars.next() {
                            Some(c @ ('"' | '\\')) => word.push(c),
                            Some(c) => word.extend(['\\', c]),
                            None => return Err(open("escaped character")),
                        },
                        Some(c) => word.push(c),
                        None => return Err(open("closing quotation")),
                    }
                }
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// The words of Salt for a program that does not start.
fn not_started(error: HostError, text: &Value, cmd: &Cmd, options: &Options, in_shell: bool) -> ExecError {
    let HostError::Start { source, .. } = &error else { return error.into() };
    let argv = match text {
        Value::List(_) => text.clone(),
        one if in_shell => one.clone(),
        one => split_words(&one.to_string()).unwrap_or_default().into(),
    };
    let program = argv.as_list().and_then(|l| l.first()).unwrap_or(&argv).to_string();
    let shown = if is_quiet(options) { Value::from("REDACTED") } else { argv };
    // What Salt passes on to Python, whose numbers for a pipe and for the output are these.
    let errors = if matches!(cmd.errors, Errors::WithOutput) { -2 } else { -1 };
    let mut context = Dict::new()
        .with("cwd", cmd.cwd.as_ref().map(|dir| dir.display().to_string()))
        .with("shell", in_shell)
        .with("stdout", -1)
        .with("stderr", errors)
        .with("with_communicate", !options.bg)
        .with("timeout", options.timeout.clone())
        .with("bg", options.bg);
    if options.stdin_raw_newlines {
        context.insert("stdin_raw_newlines", true);
    }
    let context = Value::from(context.with("close_fds", true));
    ExecError::command(format!(
        "Unable to run command '{shown}' with the context '{context}', reason: {}",
        os_error(source, &program)
    ))
}

/// `[Errno 2] No such file or directory: 'nosuch'`, as Python prints an `OSError`.
pub(super) fn os_error(error: &std::io::Error, on: &str) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    match error.raw_os_error() {
        Some(number) => format!("[Errno {number}] {text}: {:?}", Value::from(on)),
        None => format!("{text}: {:?}", Value::from(on)),
    }
}

fn is_quiet(options: &Options) -> bool {
    options.output_loglevel.as_str() == Some("quiet")
}

fn log_start(options: &Options, text: &Value, cwd: &str) {
    if !is_quiet(options) {
        let first = text.to_string();
        let program = first.split_whitespace().next().unwrap_or_default();
        tracing::info!("executing command '{program}' in directory '{cwd}'");
    }
}

fn log_end(options: &Options, text: &Value, retcode: i32, stdout: &str, stderr: &str) {
    if is_quiet(options) {
        return;
    }
    if retcode != 0 && !options.ignore_retcode {
        let first = text.to_string();
        let program = first.split_whitespace().next().unwrap_or_default();
        tracing::error!("command '{program}' failed with return code: {retcode}");
    }
    tracing::debug!("stdout: {stdout}");
    tracing::debug!("stderr: {stderr}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_as_shlex_does() {
        for (text, want) in [
            ("ls -l /a", vec!["ls", "-l", "/a"]),
            (r#"a 'b c' "d \" e" f\ g"#, vec!["a", "b c", "d \" e", "f g"]),
            ("a '' b", vec!["a", "", "b"]),
            (r#""\n""#, vec!["\\n"]),
            ("", vec![]),
        ] {
            assert_eq!(split_words(text).unwrap(), want, "{text}");
        }
        assert_eq!(split_words("a 'b").unwrap_err().to_string(), "No closing quotation");
    }
}
