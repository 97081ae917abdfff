//! Commands as states: run each time, unless `unless`, `onlyif`, `creates` or a watch say otherwise.

use data::{Dict, Value};

use super::{Applied, Outcome, Plan, State, StateEntry, StateError, entry, outcome};
use crate::exec::cmd::{self, ScriptOptions};
use crate::host::Errors;
use crate::{Ctx, args};

/// The states of `cmd`.
pub const STATES: &[StateEntry] = &[
    entry::<Run>(),
    entry::<Wait>(),
    entry::<Wait>().also_as("cmd.watch"),
    entry::<Script>(),
    entry::<WaitScript>(),
];

args! {
    /// Run a command. Changes are what it printed and its exit status, so it has changes each time.
    ///
    /// ```yaml
    /// make install:
    ///   cmd.run:
    ///     - cwd: /srv/app
    ///     - creates: /usr/local/bin/app
    /// ```
    ///
    /// `cwd`, `runas`, `group`, `shell`, `env`, `clean_env`, `prepend_path`, `umask`, `stdin`, `timeout`, `bg`,
    /// `success_retcodes`, `success_stdout`, `success_stderr`, `template`, `hide_output` and `output_loglevel` are those of
    /// the function `cmd.run`. With `ignore_timeout` a command that is out of time is well. With `stateful` the last
    /// line that it prints, or JSON, says whether it changed something: `changed=yes comment='…'`;
    /// `stateful: [{test_name: cmd}]` names the command for test mode.
    pub struct Run {
        name: String,
        #[serde(default)]
        cwd: Option<String>,
        #[serde(default)]
        root: Value,
        #[serde(default)]
        runas: Value,
        #[serde(default)]
        group: Value,
        #[serde(default)]
        shell: Option<String>,
        #[serde(default)]
        env: Value,
        #[serde(default)]
        clean_env: bool,
        #[serde(default)]
        prepend_path: Value,
        #[serde(default)]
        umask: Value,
        #[serde(default)]
        stdin: Value,
        #[serde(default)]
        stateful: Value,
        #[serde(default)]
        output_loglevel: Value,
        #[serde(default)]
        hide_output: bool,
        #[serde(default)]
        timeout: Value,
        #[serde(default)]
        ignore_timeout: bool,
        #[serde(default)]
        bg: bool,
        #[serde(default)]
        template: Value,
        #[serde(default)]
        redirect_stderr: Value,
        #[serde(default)]
        success_retcodes: Value,
        #[serde(default)]
        success_stdout: Value,
        #[serde(default)]
        success_stderr: Value,
    }

    /// Run a command when a watched state changed, otherwise do nothing. Arguments as for `cmd.run`.
    ///
    /// ```yaml
    /// newaliases:
    ///   cmd.wait:
    ///     - watch:
    ///       - file: /etc/aliases
    /// ```
    pub struct Wait(Run);

    /// Fetch a script and run it. Changes as for `cmd.run`.
    ///
    /// ```yaml
    /// set up:
    ///   cmd.script:
    ///     - source: salt://scripts/setup.sh   # default: the name
    ///     - args: one two
    ///     - template: jinja
    /// ```
    ///
    /// Other arguments as for `cmd.run`.
    pub struct Script {
        name: String,
        #[serde(default)]
        source: Option<String>,
        #[serde(default)]
        args: Value,
        #[serde(default)]
        template: Value,
        #[serde(default)]
        cwd: Option<String>,
        #[serde(default)]
        runas: Value,
        #[serde(default)]
        group: Value,
        #[serde(default)]
        shell: Option<String>,
        #[serde(default)]
        env: Value,
        #[serde(default)]
        umask: Value,
        #[serde(default)]
        stdin: Value,
        #[serde(default)]
        stateful: Value,
        #[serde(default)]
        timeout: Value,
        #[serde(default)]
        bg: bool,
        #[serde(default)]
        output_loglevel: Value,
        #[serde(default)]
        hide_output: bool,
        #[serde(default)]
        defaults: Value,
        #[serde(default)]
        context: Value,
        #[serde(default)]
        success_retcodes: Value,
        #[serde(default)]
        success_stdout: Value,
        #[serde(default)]
        success_stderr: Value,
    }

    /// Fetch and run a script when a watched state changed, otherwise do nothing. Arguments as for `cmd.script`.
    ///
    /// ```yaml
    /// rebuild:
    ///   cmd.wait_script:
    ///     - source: salt://scripts/rebuild.sh
    ///     - watch:
    ///       - file: /etc/app.conf
    /// ```
    pub struct WaitScript(Script);
}

/// What `stateful` asks for.
struct Stateful {
    on: bool,
    test_name: Option<String>,
}

impl Stateful {
    fn new(value: &Value) -> Stateful {
        let test_name = value.as_list().and_then(|l| l.first()).and_then(|first| first.get("test_name"));
        Stateful {
            on: value.as_bool() == Some(true) || value.as_list().is_some_and(|l| !l.is_empty()),
            test_name: test_name.map(Value::to_string),
        }
    }

    /// The outcome as the command's own words have it.
    fn reinterpret(&self, outcome: Outcome) -> Outcome {
        if self.on { reinterpreted(outcome) } else { outcome }
    }
}

fn invalid_env(env: &Value) -> Option<Plan<()>> {
    let bad = !matches!(env, Value::None | Value::Dict(_) | Value::List(_));
    let comment = "Invalidly-formatted 'env' parameter. See documentation.";
    bad.then(|| Plan::settled(Some(false), Dict::new(), comment))
}

fn no_cwd(ctx: &Ctx<'_>, cwd: Option<&str>) -> Option<Plan<()>> {
    let cwd = cwd.filter(|cwd| !cwd.is_empty() && !ctx.host.is_dir(cwd.as_ref()))?;
    let comment = format!("Desired working directory \"{cwd}\" is not available");
    Some(Plan::settled(Some(false), Dict::new(), comment))
}

fn settled(outcome: Outcome) -> Plan<()> {
    Plan::settled(outcome.result, outcome.changes, outcome.comment)
}

/// A command may run in test mode only where the user named one for it; what it says is then not done.
fn in_test_mode(outcome: Outcome) -> Outcome {
    let well = outcome.result == Some(true) && !outcome.changes.is_empty();
    if well { Outcome { result: None, ..outcome } } else { outcome }
}

impl Run {
    fn options(&self, ctx: &Ctx<'_>, command: &str) -> cmd::Options {
        let text = |value: &Value| (!value.is_none()).then(|| value.to_string());
        cmd::Options {
            cmd: command.into(),
            cwd: self.cwd.clone(),
            runas: text(&self.runas),
            group: text(&self.group),
            shell: self.shell.clone().or_else(|| ctx.grain("shell").map(|v| v.to_string())),
            python_shell: Some(true),
            env: self.env.clone(),
            clean_env: self.clean_env,
            prepend_path: text(&self.prepend_path),
            umask: self.umask.clone(),
            stdin: text(&self.stdin),
            output_loglevel: self.output_loglevel.clone(),
            hide_output: self.hide_output,
            timeout: self.timeout.clone(),
            bg: self.bg,
            template: text(&self.template),
            success_retcodes: self.success_retcodes.clone(),
            success_stdout: self.success_stdout.clone(),
            success_stderr: self.success_stderr.clone(),
            ..cmd::Options::default()
        }
    }

    fn run(&self, ctx: &Ctx<'_>, command: &str) -> Outcome {
        let errors = if self.redirect_stderr.is_true() { Errors::WithOutput } else { Errors::Apart };
        let mut ran = match cmd::run(ctx, &self.options(ctx, command), errors) {
            Ok(ran) => ran.shown(self.hide_output),
            Err(error) => return Outcome::new(Some(false), error.to_string()),
        };
        if self.ignore_timeout && ran.retcode == Some(1) && ran.stdout.contains("Timed out after") {
            ran.retcode = Some(0);
        }
        let well = matches!(ran.retcode, Some(0) | None);
        let changes = ran.to_value().as_dict().cloned().unwrap_or_default();
        Outcome::new(Some(well), format!("Command \"{command}\" run")).with_changes(changes)
    }
}

impl State for Run {
    const FUN: &'static str = "cmd.run";
    const WATCHES: bool = true;
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        let stateful = Stateful::new(&self.stateful);
        if let Some(bad) = invalid_env(&self.env) {
            return Ok(bad);
        }
        if self.root.is_true() {
            return Err(StateError::refused("cmd.run: `root` is not supported, use chroot in the command"));
        }
        if ctx.test && stateful.test_name.is_none() {
            let comment = format!("Command \"{}\" would have been executed", self.name);
            let would = Outcome::new(None, comment).with_changes(Dict::new().with("cmd", self.name.as_str()));
            return Ok(settled(stateful.reinterpret(would)));
        }
        if let Some(bad) = no_cwd(ctx, self.cwd.as_deref()) {
            return Ok(bad);
        }
        if let (true, Some(command)) = (ctx.test, &stateful.test_name) {
            return Ok(settled(in_test_mode(stateful.reinterpret(self.run(ctx, command)))));
        }
        Ok(Plan::steps(vec![()], Dict::new(), ""))
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        Ok(Applied::Done(Stateful::new(&self.stateful).reinterpret(self.run(ctx, &self.name))))
    }

    fn mod_watch(&self, _: &str, ctx: &Ctx<'_>) -> Option<Result<Outcome, StateError>> {
        Some(Ok(outcome(self, ctx)))
    }
}

impl State for Wait {
    const FUN: &'static str = "cmd.wait";
    const WATCHES: bool = true;
    type Step = ();

    fn plan(&self, _: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        Ok(Plan::nothing(""))
    }

    fn apply(&self, (): (), _: &Ctx<'_>) -> Result<Applied, StateError> {
        Ok(Applied::AsPlanned)
    }

    fn mod_watch(&self, sfun: &str, ctx: &Ctx<'_>) -> Option<Result<Outcome, StateError>> {
        self.0.mod_watch(sfun, ctx)
    }
}

impl Script {
    fn options(&self, ctx: &Ctx<'_>) -> Result<ScriptOptions, StateError> {
        let source = self.source.clone().unwrap_or_else(|| self.name.clone());
        // Words behind the script's own in the name are its arguments.
        let in_name = self.name.split_once(' ').map(|(_, args)| Value::from(args));
        let args = if self.args.is_true() { self.args.clone() } else { in_name.unwrap_or_default() };
        let shell = self.shell.clone().or_else(|| ctx.grain("shell").map(|v| v.to_string()));
        let mut options = Dict::new()
            .with("source", source)
            .with("args", args)
            .with("python_shell", true)
            .with("hide_output", self.hide_output)
            .with("bg", self.bg)
            .with("saltenv", ctx.saltenv())
            .with("cwd", self.cwd.clone())
            .with("shell", shell);
        for (key, value) in [
            ("template", &self.template),
            ("runas", &self.runas),
            ("group", &self.group),
            ("env", &self.env),
            ("umask", &self.umask),
            ("stdin", &self.stdin),
            ("timeout", &self.timeout),
            ("output_loglevel", &self.output_loglevel),
            ("defaults", &self.defaults),
            ("context", &self.context),
            ("success_retcodes", &self.success_retcodes),
            ("success_stdout", &self.success_stdout),
            ("success_stderr", &self.success_stderr),
        ] {
            if !value.is_none() {
                options.insert(key, value.clone());
            }
        }
        args::read(options).map_err(|e| StateError::refused(e.to_string()))
    }

    fn run(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let options = self.options(ctx)?;
        let source = options.source.clone();
        let changes = match cmd::run_script(ctx, &options) {
            Ok(changes) => changes.as_dict().cloned().unwrap_or_default(),
            Err(error) => return Ok(Outcome::new(Some(false), error.to_string())),
        };
        let well = !changes.get("retcode").is_some_and(Value::is_true);
        let comment = if changes.contains("cache_error") {
            format!("Unable to cache script {source} from saltenv '{}'", ctx.saltenv())
        } else {
            format!("Command '{}' run", self.name)
        };
        Ok(Outcome::new(Some(well), comment).with_changes(changes))
    }
}

impl State for Script {
    const FUN: &'static str = "cmd.script";
    const WATCHES: bool = true;
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        let stateful = Stateful::new(&self.stateful);
        if let Some(bad) = invalid_env(&self.env) {
            return Ok(bad);
        }
        for (name, value) in [("context", &self.context), ("defaults", &self.defaults)] {
            if value.is_true() && value.as_dict().is_none() {
                let comment = format!("Invalidly-formatted '{name}' parameter. Must be formed as a dict.");
                return Err(StateError::refused(comment));
            }
        }
        if ctx.test {
            let comment = format!("Command '{}' would have been executed", self.name);
            return Ok(settled(stateful.reinterpret(Outcome::new(None, comment))));
        }
        if let Some(bad) = no_cwd(ctx, self.cwd.as_deref()) {
            return Ok(bad);
        }
        Ok(Plan::steps(vec![()], Dict::new(), ""))
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        Ok(Applied::Done(Stateful::new(&self.stateful).reinterpret(self.run(ctx)?)))
    }

    fn mod_watch(&self, _: &str, ctx: &Ctx<'_>) -> Option<Result<Outcome, StateError>> {
        Some(Ok(outcome(self, ctx)))
    }
}

impl State for WaitScript {
    const FUN: &'static str = "cmd.wait_script";
    const WATCHES: bool = true;
    type Step = ();

    fn plan(&self, _: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        Ok(Plan::nothing(""))
    }

    fn apply(&self, (): (), _: &Ctx<'_>) -> Result<Applied, StateError> {
        Ok(Applied::AsPlanned)
    }

    fn mod_watch(&self, sfun: &str, ctx: &Ctx<'_>) -> Option<Result<Outcome, StateError>> {
        self.0.mod_watch(sfun, ctx)
    }
}

/// Takes what a stateful command printed for its result.
fn reinterpreted(outcome: Outcome) -> Outcome {
    let Outcome { result, changes: ran, .. } = outcome;
    let text = |key: &str| ran.get(key).map(Value::to_string).unwrap_or_default();
    let out = text("stdout");
    if out.is_empty() {
        return Outcome::new(result, text("stderr"));
    }
    let (mut said, before) = match data::json::load(&out) {
        Ok(Value::Dict(said)) => ((*said).clone(), String::new()),
        Ok(_) => {
            return Outcome::new(Some(false), "script JSON output must be a JSON object (e.g., {})!");
        }
        Err(_) => {
            let (before, last) = out.rsplit_once('\n').unwrap_or(("", &out));
            match pairs(last) {
                Some(said) => (said, before.to_owned()),
                None => {
                    let comment =
                        "Failed parsing script output! Stdout must be JSON or a line of name=value pairs.";
                    return Outcome::new(Some(false), comment).with_changes(ran);
                }
            }
        }
    };
    let changed = said.get("changed").map(Value::to_string).unwrap_or_default().to_lowercase();
    let comment = said.remove("comment").map(|c| c.to_string()).unwrap_or_default();
    if !matches!(changed.as_str(), "true" | "yes" | "1") {
        return Outcome::new(result, comment);
    }
    for (key, value) in &ran {
        if !key.as_str().is_some_and(|key| said.contains(key)) {
            said.insert(key.clone(), value.clone());
        }
    }
    said.insert("stdout", before);
    Outcome::new(result, comment).with_changes(said)
}

fn pairs(line: &str) -> Option<Dict> {
    let words = cmd::split_words(line).ok()?;
    words.iter().map(|word| word.split_once('=').filter(|(_, v)| !v.contains('='))).collect()
}
