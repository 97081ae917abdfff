//! Scripts as states.

use data::{Dict, Value};

use super::stateful::Stateful;
use super::{in_test_mode, invalid_env, no_cwd, settled, waits};
use crate::args::Given;
use crate::exec::cmd::{self, ScriptOptions};
use crate::states::{Applied, Outcome, Plan, State, StateError, outcome};
use crate::{Ctx, args};

args! {
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
    /// Words behind the script's in the name are its arguments too. `defaults` and `context` are variables of the
    /// template. In test mode `stateful: [{test_name: salt://…}]` names the script that runs. Other arguments as for
    /// `cmd.run`.
    pub(super) struct Script {
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
        #[serde(default)]
        reset_system_locale: Given,
        #[serde(default)]
        use_vt: bool,
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
    pub(super) struct WaitScript(Script);
}

impl Script {
    fn options(&self, ctx: &Ctx<'_>, name: &str) -> Result<ScriptOptions, StateError> {
        let source = self.source.clone().unwrap_or_else(|| name.to_owned());
        // Words behind the script's own in the name are its arguments.
        let in_name = name.split_once(' ').map(|(_, args)| Value::from(args));
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
            ("reset_system_locale", self.reset_system_locale.0.as_ref().unwrap_or(&Value::None)),
        ] {
            if !value.is_none() {
                options.insert(key, value.clone());
            }
        }
        let more =
            Dict::new().with("clean_env", self.clean_env).with("prepend_path", self.prepend_path.clone());
        options.insert("kwargs", more);
        args::read(options).map_err(|e| StateError::refused(e.to_string()))
    }

    fn run(&self, ctx: &Ctx<'_>, name: &str) -> Result<Outcome, StateError> {
        let options = self.options(ctx, name)?;
        let source = options.source.clone();
        let changes = match cmd::run_script(ctx, &options) {
            Ok(changes) => changes.as_dict().cloned().unwrap_or_default(),
            Err(error) => return Ok(Outcome::new(Some(false), error.to_string())),
        };
        let well = !changes.get("retcode").is_some_and(Value::is_true);
        let comment = if changes.contains("cache_error") {
            format!("Unable to cache script {source} from saltenv '{}'", ctx.saltenv())
        } else {
            format!("Command '{name}' run")
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
        let in_test = stateful.test_name.as_deref().filter(|_| ctx.test && !stateful.watched(ctx));
        if ctx.test && in_test.is_none() {
            let comment = format!("Command '{}' would have been executed", self.name);
            return Ok(settled(stateful.reinterpret(Outcome::new(None, comment))?));
        }
        if let Some(bad) = no_cwd(ctx, self.cwd.as_deref()) {
            return Ok(bad);
        }
        if let Some(name) = in_test {
            let plan = settled(in_test_mode(stateful.reinterpret(self.run(ctx, name)?)?));
            return Ok(plan.with_extra("name", name));
        }
        Ok(Plan::steps(vec![()], Dict::new(), ""))
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        Stateful::new(&self.stateful).reinterpret(self.run(ctx, &self.name)?).map(Applied::Done)
    }

    fn mod_watch(&self, _: &str, ctx: &Ctx<'_>) -> Option<Result<Outcome, StateError>> {
        Some(Ok(outcome(self, ctx)))
    }
}

waits! { WaitScript, "cmd.wait_script" }
