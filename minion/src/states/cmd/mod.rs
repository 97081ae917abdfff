//! Commands as states: run each time, unless `unless`, `onlyif`, `creates` or a watch say otherwise.

mod call;
mod script;
mod stateful;

use data::{Dict, Value};

use super::{Applied, Outcome, Plan, State, StateEntry, StateError, entry, outcome};
use crate::args::Given;
use crate::exec::cmd;
use crate::host::Errors;
use crate::{Ctx, args};
use stateful::Stateful;

/// The states of `cmd`.
pub const STATES: &[StateEntry] = &[
    entry::<Run>(),
    entry::<Wait>(),
    entry::<Wait>().also_as("cmd.watch"),
    entry::<script::Script>(),
    entry::<script::WaitScript>(),
    entry::<call::Call>(),
    entry::<call::WaitCall>(),
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
    /// `success_retcodes`, `success_stdout`, `success_stderr`, `template`, `rstrip`, `ignore_retcode`, `hide_output` and
    /// `output_loglevel` are those of the function `cmd.run`; `root` runs it by `cmd.run_chroot`. With `ignore_timeout` a command that is out of time is well. With `stateful` the last
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
        redirect_stderr: bool,
        #[serde(default)]
        success_retcodes: Value,
        #[serde(default)]
        success_stdout: Value,
        #[serde(default)]
        success_stderr: Value,
        #[serde(default)]
        stdin_raw_newlines: bool,
        #[serde(default)]
        rstrip: Given,
        #[serde(default)]
        reset_system_locale: Given,
        #[serde(default)]
        ignore_retcode: bool,
        #[serde(default)]
        use_vt: bool,
        #[serde(default)]
        password: Value,
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
        let given = |given: &Given| given.0.as_ref().is_none_or(Value::is_true);
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
            stdin_raw_newlines: self.stdin_raw_newlines,
            output_loglevel: self.output_loglevel.clone(),
            hide_output: self.hide_output,
            timeout: self.timeout.clone(),
            bg: self.bg,
            template: text(&self.template),
            rstrip: given(&self.rstrip),
            reset_system_locale: given(&self.reset_system_locale),
            ignore_retcode: self.ignore_retcode,
            success_retcodes: self.success_retcodes.clone(),
            success_stdout: self.success_stdout.clone(),
            success_stderr: self.success_stderr.clone(),
            ..cmd::Options::default()
        }
    }

    fn run(&self, ctx: &Ctx<'_>, command: &str) -> Outcome {
        let options = self.options(ctx, command);
        let ran = if self.root.is_true() {
            cmd::run_chroot(ctx, &self.root.to_string(), &[], &options)
        } else {
            let errors = if self.redirect_stderr { Errors::WithOutput } else { Errors::Apart };
            cmd::run(ctx, &options, errors)
        };
        let mut ran = match ran {
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
        let in_test = stateful.test_name.as_deref().filter(|_| ctx.test && !stateful.watched(ctx));
        if ctx.test && in_test.is_none() {
            let comment = format!("Command \"{}\" would have been executed", self.name);
            let would = Outcome::new(None, comment).with_changes(Dict::new().with("cmd", self.name.as_str()));
            return Ok(settled(stateful.reinterpret(would)?));
        }
        if let Some(bad) = no_cwd(ctx, self.cwd.as_deref()) {
            return Ok(bad);
        }
        if let Some(command) = in_test {
            return Ok(settled(in_test_mode(stateful.reinterpret(self.run(ctx, command))?)));
        }
        Ok(Plan::steps(vec![()], Dict::new(), ""))
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        Stateful::new(&self.stateful).reinterpret(self.run(ctx, &self.name)).map(Applied::Done)
    }

    fn mod_watch(&self, _: &str, ctx: &Ctx<'_>) -> Option<Result<Outcome, StateError>> {
        Some(Ok(outcome(self, ctx)))
    }
}

/// States that do nothing until a state that they watch changed, and are then what is in them.
macro_rules! waits {
    ($state:ident, $fun:literal) => {
        impl State for $state {
            const FUN: &'static str = $fun;
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
    };
}
use waits;

waits! { Wait, "cmd.wait" }
