//! Runs commands.

mod about;
mod chroot;
mod options;
mod run;
mod script;

use data::{Dict, Value};

use super::{ExecEntry, ExecError, ExecFn, entry};
use crate::host::Errors;
use crate::{Ctx, args};
pub use about::FUNCTIONS as ABOUT;
pub use chroot::run_chroot;
pub use options::Options;
pub(crate) use run::split_words;
pub use run::{Ran, run};
pub use script::{ScriptOptions, run_script};

/// The functions of `cmd`.
pub const FUNCTIONS: &[ExecEntry] = &[
    entry::<Run>(),
    entry::<RunStdout>(),
    entry::<RunStderr>(),
    entry::<RunAll>(),
    entry::<RunBg>(),
    entry::<Retcode>(),
    entry::<Shell>(),
    entry::<Script>(),
    entry::<ScriptRetcode>(),
    entry::<ExecCode>(),
    entry::<ExecCodeAll>(),
    entry::<Which>(),
    entry::<WhichBin>(),
    entry::<HasExec>(),
    entry::<Shells>(),
];

/// A text as one word of a shell's.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"@%+=:,./-_".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\"'\"'"))
}

args! {
    /// Run a command and return what it prints, errors included.
    ///
    /// `cwd` is the directory to run in (default: the home directory), `runas` and `group` whom to run as,
    /// `shell` the shell, `python_shell=False` no shell at all, `env` variables (a dict), `clean_env=True` nothing but
    /// these, `stdin` what it reads, `umask`, `timeout` in seconds, `bg=True` does not wait for it,
    /// `template=jinja` renders the command first, `success_retcodes`, `success_stdout` and `success_stderr` say what
    /// is well besides 0, `ignore_retcode=True` that all is, `raise_err=True` makes a failure an error,
    /// `output_loglevel` and `hide_output` keep the output out of the log and of the return.
    ///
    /// CLI Example: `rsalt '*' cmd.run 'ls -l /etc | head -3' cwd=/`
    pub struct Run(Options);

    /// Run a command and return its standard output only. Options as for `cmd.run`.
    ///
    /// CLI Example: `rsalt '*' cmd.run_stdout 'ls -l'`
    pub struct RunStdout(Options);

    /// Run a command and return its error output only. Options as for `cmd.run`.
    ///
    /// CLI Example: `rsalt '*' cmd.run_stderr 'ls -l'`
    pub struct RunStderr(Options);

    /// Run a command and return `pid`, `retcode`, `stdout` and `stderr`. Options as for `cmd.run`.
    ///
    /// CLI Example: `rsalt '*' cmd.run_all 'ls -l'`
    pub struct RunAll(Options);

    /// Start a command, do not wait for it and return its process id. Options as for `cmd.run`.
    ///
    /// CLI Example: `rsalt '*' cmd.run_bg '/usr/local/bin/long-job'`
    pub struct RunBg(Options);

    /// Run a command and return its exit status. Options as for `cmd.run`.
    ///
    /// CLI Example: `rsalt '*' cmd.retcode 'test -e /etc/motd'`
    pub struct Retcode(Options);

    /// Run a command in a shell, whoever calls. Options as for `cmd.run`.
    ///
    /// CLI Example: `rsalt '*' cmd.shell 'ls -l | wc -l'`
    pub struct Shell(Options);

    /// Fetch a script, run it with `args` and return `pid`, `retcode`, `stdout` and `stderr`.
    ///
    /// `source` is `salt://…`, a path or a URL, `template=jinja` renders it. Other options as for `cmd.run`.
    ///
    /// CLI Example: `rsalt '*' cmd.script salt://scripts/runme.sh 'arg1 "arg two"'`
    pub struct Script(ScriptOptions);

    /// Fetch a script, run it and return its exit status. Options as for `cmd.script`.
    ///
    /// CLI Example: `rsalt '*' cmd.script_retcode salt://scripts/runme.sh`
    pub struct ScriptRetcode(ScriptOptions);

    /// Run code by an interpreter and return what it prints, errors included.
    ///
    /// CLI Example: `rsalt '*' cmd.exec_code ruby 'puts "cheese"'`
    pub struct ExecCode {
        lang: String,
        code: String,
        #[serde(default)]
        cwd: Value,
        #[serde(default)]
        args: Value,
        kwargs: Dict,
    }

    /// Run code by an interpreter and return `pid`, `retcode`, `stdout` and `stderr`.
    ///
    /// CLI Example: `rsalt '*' cmd.exec_code_all ruby 'puts "cheese"'`
    pub struct ExecCodeAll {
        lang: String,
        code: String,
        #[serde(default)]
        cwd: Value,
        #[serde(default)]
        args: Value,
        kwargs: Dict,
    }

    /// Return the path of a program, or nothing when it is not installed.
    ///
    /// CLI Example: `rsalt '*' cmd.which cat`
    pub struct Which {
        cmd: String,
    }

    /// Return the path of the first program of a list that is installed.
    ///
    /// CLI Example: `rsalt '*' cmd.which_bin '[pip3, pip]'`
    pub struct WhichBin {
        cmds: Vec<String>,
    }

    /// Tell whether a program is installed.
    ///
    /// CLI Example: `rsalt '*' cmd.has_exec cat`
    pub struct HasExec {
        cmd: String,
    }

    /// List the shells of `/etc/shells`.
    ///
    /// CLI Example: `rsalt '*' cmd.shells`
    pub struct Shells {}
}

/// The parameters that all of the family have, in Salt's order.
macro_rules! parameters {
    ($after:literal) => {
        concat!(
            "cmd, cwd=None, stdin=None, runas=None, group=None, shell='/bin/sh', python_shell=None, env=None, \
             clean_env=False, template=None, rstrip=True, umask=None, output_encoding=None, output_loglevel='debug', \
             log_callback=None, hide_output=False, timeout=None, reset_system_locale=True, ignore_retcode=False, \
             saltenv=None, use_vt=False, ",
            $after,
            "password=None, prepend_path=None, success_retcodes=None, success_stdout=None, success_stderr=None, \
             **kwargs"
        )
    };
}

impl ExecFn for Run {
    const FUN: &'static str = "cmd.run";
    const SIGNATURE: &'static str = parameters!("redirect_stderr=True, bg=False, raise_err=False, ");

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let errors = if self.0.redirect_stderr == Some(false) { Errors::Apart } else { Errors::WithOutput };
        let ran = run(ctx, &self.0, errors)?;
        let shown = if self.0.hide_output { String::new() } else { ran.stdout };
        if self.0.raise_err && !self.0.ignore_retcode && ran.retcode != Some(0) {
            return Err(ExecError::command(shown));
        }
        Ok(shown.into())
    }
}

impl ExecFn for RunStdout {
    const FUN: &'static str = "cmd.run_stdout";
    const SIGNATURE: &'static str = parameters!("");

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let ran = run(ctx, &self.0, Errors::Apart)?;
        Ok(if self.0.hide_output { String::new() } else { ran.stdout }.into())
    }
}

impl ExecFn for RunStderr {
    const FUN: &'static str = "cmd.run_stderr";
    const SIGNATURE: &'static str = parameters!("");

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let ran = run(ctx, &self.0, Errors::Apart)?;
        Ok(if self.0.hide_output { String::new() } else { ran.stderr }.into())
    }
}

impl ExecFn for RunAll {
    const FUN: &'static str = "cmd.run_all";
    const SIGNATURE: &'static str = parameters!("redirect_stderr=False, ");

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let errors = if self.0.redirect_stderr == Some(true) { Errors::WithOutput } else { Errors::Apart };
        Ok(run(ctx, &self.0, errors)?.shown(self.0.hide_output).to_value())
    }
}

impl ExecFn for RunBg {
    const FUN: &'static str = "cmd.run_bg";
    const SIGNATURE: &'static str = parameters!("");

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let ran = run(ctx, &Options { bg: true, ..self.0 }, Errors::Apart)?;
        Ok(Dict::new().with("pid", ran.pid).into())
    }
}

impl ExecFn for Retcode {
    const FUN: &'static str = "cmd.retcode";
    const SIGNATURE: &'static str = parameters!("");

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(run(ctx, &self.0, Errors::WithOutput)?.retcode.into())
    }
}

impl ExecFn for Shell {
    const FUN: &'static str = "cmd.shell";
    const SIGNATURE: &'static str = parameters!("bg=False, ");

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let python_shell = Some(self.0.python_shell.unwrap_or(true));
        Run(Options { python_shell, ..self.0 }).call(ctx)
    }
}

impl ExecFn for Script {
    const FUN: &'static str = "cmd.script";
    const SIGNATURE: &'static str = "source, args=None, cwd=None, stdin=None, runas=None, group=None, \
        shell='/bin/sh', python_shell=None, env=None, template=None, umask=None, output_encoding=None, \
        output_loglevel='debug', log_callback=None, hide_output=False, timeout=None, reset_system_locale=True, \
        saltenv=None, use_vt=False, bg=False, password=None, success_retcodes=None, success_stdout=None, \
        success_stderr=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        run_script(ctx, &self.0)
    }
}

impl ExecFn for ScriptRetcode {
    const FUN: &'static str = "cmd.script_retcode";
    const SIGNATURE: &'static str = Script::SIGNATURE;

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(run_script(ctx, &self.0)?.get("retcode").cloned().unwrap_or_default())
    }
}

impl ExecFn for ExecCode {
    const FUN: &'static str = "cmd.exec_code";
    const SIGNATURE: &'static str = "lang, code, cwd=None, args=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let ExecCode { lang, code, cwd, args, kwargs } = self;
        let all = ExecCodeAll { lang, code, cwd, args, kwargs }.call(ctx)?;
        Ok(all.get("stdout").cloned().unwrap_or_default())
    }
}

impl ExecFn for ExecCodeAll {
    const FUN: &'static str = "cmd.exec_code_all";
    const SIGNATURE: &'static str = ExecCode::SIGNATURE;

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let file = script::temporary(ctx, "/tmp", "")?;
        ctx.host.write_atomic(&file, self.code.as_bytes(), Some(0o600))?;
        let runas = self.kwargs.get("runas").filter(|v| !v.is_none()).map(Value::to_string);
        let ran = (|| {
            if let Some(user) = runas {
                let uid = ctx.host.user(&user)?.map(|u| u.uid);
                ctx.host.chown(&file, uid, None, true)?;
            }
            let mut argv = vec![Value::from(self.lang), file.display().to_string().into()];
            match self.args {
                Value::List(more) => argv.extend(more.iter().cloned()),
                Value::None => {}
                one => argv.push(one),
            }
            let mut kwargs = self.kwargs;
            kwargs.insert("cmd", argv);
            kwargs.insert("cwd", self.cwd);
            kwargs.insert("python_shell", false);
            run(ctx, &args::read(kwargs)?, Errors::Apart)
        })();
        ctx.host.remove_file(&file)?;
        Ok(ran?.to_value())
    }
}

impl ExecFn for Which {
    const FUN: &'static str = "cmd.which";
    const SIGNATURE: &'static str = "cmd";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(ctx.host.which(&self.cmd).map(|p| p.display().to_string()).into())
    }
}

impl ExecFn for WhichBin {
    const FUN: &'static str = "cmd.which_bin";
    const SIGNATURE: &'static str = "cmds";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(self.cmds.iter().find_map(|cmd| ctx.host.which(cmd)).map(|p| p.display().to_string()).into())
    }
}

impl ExecFn for HasExec {
    const FUN: &'static str = "cmd.has_exec";
    const SIGNATURE: &'static str = "cmd";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(ctx.host.which(&self.cmd).is_some().into())
    }
}

impl ExecFn for Shells {
    const FUN: &'static str = "cmd.shells";
    const SIGNATURE: &'static str = "";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let text = ctx.host.read_opt("/etc/shells".as_ref())?.unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        Ok(text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')).collect())
    }
}
