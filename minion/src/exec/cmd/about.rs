//! Shells and terminals: which there are, and a word to one.

use std::time::Duration;

use data::{Dict, Value};

use super::chroot::run_chroot;
use crate::Ctx;
use crate::args;
use crate::exec::ExecError;
use crate::exec::plain::{Given, functions};
use crate::host::{Cmd, Errors, HostError};

functions! {
    /// Run a command below another root, with `dev`, `proc`, `sys` and `binds` (a list of directories) mounted in it.
    /// `runas` and `group` are looked up there. Other options as for `cmd.run_all`.
    ///
    /// CLI Example: `rsalt '*' cmd.run_chroot /mnt/image 'apk update'`
    "cmd.run_chroot"(
        "root, cmd, cwd=None, stdin=None, runas=None, group=None, shell='/bin/sh', python_shell=True, \
         binds=None, env=None, clean_env=False, template=None, rstrip=True, umask=None, output_encoding=None, \
         output_loglevel='quiet', log_callback=None, hide_output=False, timeout=None, reset_system_locale=True, \
         ignore_retcode=False, saltenv=None, use_vt=False, bg=False, success_retcodes=None, success_stdout=None, \
         success_stderr=None, **kwargs"
    ) = |given, ctx| {
        let root = given.text("root");
        let binds: Vec<String> =
            given.arg("binds").as_list().map(|l| l.iter().map(Value::to_string).collect()).unwrap_or_default();
        let options: super::Options = args::read(given)?;
        Ok(run_chroot(ctx, &root, &binds, &options)?.shown(options.hide_output).to_value())
    };
    /// Tell version and path of a shell or interpreter: bash, zsh, tcsh, perl, python, ruby or php.
    ///
    /// CLI Example: `rsalt '*' cmd.shell_info bash`
    "cmd.shell_info"("shell, list_modules=False") = |given, ctx| Ok(shell_info(ctx, &given.text("shell")).into());
    /// Write a text to a terminal.
    ///
    /// CLI Example: `rsalt '*' cmd.tty pts3 'This is a test'`
    "cmd.tty"("device, echo=''") = |given, ctx| {
        let device = given.text("device");
        let at = match (device.strip_prefix("tty"), device.strip_prefix("pts")) {
            (Some(_), _) => format!("/dev/{device}"),
            (_, Some(number)) => format!("/dev/pts/{number}"),
            _ => return Ok(Dict::new().with("Error", "The specified device is not a valid TTY").into()),
        };
        let text = given.some_text("echo").unwrap_or_default();
        // A terminal takes no writing at a place, and no file beside it that is renamed.
        let write = Cmd::shell("/bin/sh", "cat > \"$0\"").arg(at.as_str()).stdin(text);
        let answer = match ctx.host.run(&write) {
            Ok(output) if output.ok() => Dict::new().with("Success", format!("Message was successfully echoed to {at}")),
            _ => Dict::new().with("Error", format!("Echoing to {at} returned error")),
        };
        Ok(answer.into())
    };
    /// Not there: PowerShell is for Windows. Where it is installed, `cmd.run 'pwsh -c …'` runs it.
    "cmd.powershell"("cmd, **kwargs") = |_, _| Err(no_powershell());
    /// Not there: PowerShell is for Windows. Where it is installed, `cmd.run 'pwsh -c …'` runs it.
    "cmd.powershell_all"("cmd, **kwargs") = |_, _| Err(no_powershell());
}

fn no_powershell() -> ExecError {
    ExecError::command("PowerShell is not supported; where it is installed, cmd.run 'pwsh -c …' runs it")
}

/// A shell, what stands before its version, and how it is asked.
const SHELLS: &[(&str, &str, &[&str])] = &[
    ("bash", "version ", &["bash", "--version"]),
    ("bash-test-error", "versioZ ", &["bash", "--version"]),
    ("bash-test-env", "HOME=", &["bash", "-c", "declare"]),
    ("zsh", "zsh ", &["zsh", "--version"]),
    ("tcsh", "tcsh ", &["tcsh", "--version"]),
    ("perl", "", &["perl", "-e", r#"printf "%vd\n", $^V;"#]),
    ("python", "Python ", &["python", "-V"]),
    ("ruby", "ruby ", &["ruby", "-v"]),
    ("php", "PHP ", &["php", "-v"]),
];

fn shell_info(ctx: &Ctx<'_>, shell: &str) -> Dict {
    let Some((_, before, argv)) = SHELLS.iter().find(|(name, ..)| *name == shell) else {
        return Dict::new()
            .with("error", format!("Salt does not know how to get the version number for {shell}"))
            .with("installed", Value::None);
    };
    let (program, args) = argv.split_first().map_or(("", &[][..]), |(program, args)| (*program, args));
    let command =
        Cmd::of(program, args.iter().copied()).errors(Errors::WithOutput).timeout(Duration::from_secs(10));
    let output = match ctx.host.run(&command) {
        Ok(output) => output.out(),
        Err(error) => {
            let reason = match &error {
                HostError::TimedOut { .. } => "Timed out.".to_owned(),
                HostError::Start { source, .. } => super::run::os_error(source, program),
                other => other.to_string(),
            };
            let error = format!("Unable to run command '{}' Reason: {reason}", argv.join(" "));
            return Dict::new().with("error", error).with("installed", false);
        }
    };
    let mut out = Dict::new().with("installed", false);
    out.insert("path", ctx.host.which(program).map(|p| p.display().to_string()));
    let Some(raw) = version_after(&output, before, shell == "bash-test-env") else {
        out.insert("installed", Value::None);
        return unknown(out, shell, output);
    };
    let digits: String = raw.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    out.insert("version_raw", raw);
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return unknown(out, shell, output);
    }
    let mut parts: Vec<&str> = digits.split('.').take(3).collect();
    if let [_] = parts[..] {
        parts.push("0");
    }
    out.insert("installed", true);
    out.insert("version", parts.join("."));
    out
}

fn unknown(out: Dict, shell: &str, output: String) -> Dict {
    let error = format!("The version regex pattern for shell {shell}, could not find the version string");
    tracing::error!("{error}");
    out.with("error", error).with("stdout", output)
}

/// The word behind `before`, which has to begin with a digit, or the whole of what `before` begins.
fn version_after(output: &str, before: &str, whole: bool) -> Option<String> {
    let lower = output.to_ascii_lowercase();
    let (mut from, before) = (0, before.to_ascii_lowercase());
    loop {
        let at = from + lower.get(from..)?.find(&before)?;
        let rest = output.get(at + before.len()..)?;
        if whole {
            return output.get(at..)?.lines().next().map(str::to_owned);
        }
        if rest.starts_with(|c: char| c.is_ascii_digit()) {
            return rest.split_whitespace().next().map(str::to_owned);
        }
        from = at + before.len().max(1);
    }
}
