//! Commands below another root.

use std::path::Path;

use data::Value;

use super::run::{Ran, run};
use super::{Options, quoted};
use crate::Ctx;
use crate::exec::ExecError;
use crate::host::{Cmd, Errors};

/// What a system below `root` needs of the machine's: where, what, and of which type.
const SYSTEM: &[(&str, &str)] = &[("dev", "devtmpfs"), ("proc", "proc"), ("sys", "sysfs")];

/// Runs a command in a chroot with `dev`, `proc`, `sys` and `binds` mounted below it, and ends what it left
/// running there. Who it runs as is looked up below the root.
pub fn run_chroot(ctx: &Ctx<'_>, root: &str, binds: &[String], options: &Options) -> Result<Ran, ExecError> {
    let mut mounted = Vec::new();
    let mut mount = |args: &[&str], at: String| match ctx
        .host
        .run(&Cmd::of("mount", args.iter().copied()).arg(at.as_str()))
    {
        Ok(output) if output.ok() => mounted.push(at),
        Ok(output) => tracing::warn!("{at} is not mounted: {}", output.err().trim_end()),
        Err(error) => tracing::warn!("{at} is not mounted: {error}"),
    };
    for (at, kind) in SYSTEM {
        mount(&["-t", kind, kind], format!("{root}/{at}"));
    }
    for bind in binds {
        mount(&["--bind", bind], format!("{root}/{}", bind.trim_start_matches('/')));
    }
    let ran = run(ctx, &inside(ctx, root, options), Errors::Apart);
    end_what_runs_below(ctx, root);
    for at in mounted.iter().rev() {
        match ctx.host.run(&Cmd::of("umount", [at.as_str()])) {
            Ok(output) if output.ok() => {}
            Ok(output) => tracing::error!("{at} stays mounted: {}", output.err().trim_end()),
            Err(error) => tracing::error!("{at} stays mounted: {error}"),
        }
    }
    ran
}

/// The options for the `chroot` that runs the command.
fn inside(ctx: &Ctx<'_>, root: &str, options: &Options) -> Options {
    let bash = ctx.host.is_file(&Path::new(root).join("bin/bash"));
    let shell = if bash { "/bin/bash" } else { "/bin/sh" };
    let command = match &options.cmd {
        Value::List(words) => words.iter().map(Value::to_string).collect::<Vec<_>>().join(" "),
        one => one.to_string(),
    };
    let user = options.runas.as_ref().filter(|user| !user.is_empty());
    let user = user.map(|user| {
        format!("--userspec {} ", quoted(&format!("{user}:{}", options.group.as_deref().unwrap_or_default())))
    });
    let command =
        format!("chroot {}{} {shell} -c {}", user.unwrap_or_default(), quoted(root), quoted(&command));
    Options { cmd: command.into(), runas: None, group: None, python_shell: Some(true), ..options.clone() }
}

/// Asks processes whose root is below `root` to end, and then makes them.
fn end_what_runs_below(ctx: &Ctx<'_>, root: &str) {
    for signal in ["-TERM", "-TERM", "-TERM", "-KILL", "-KILL", "-KILL"] {
        let pids = running_below(ctx, root);
        if pids.is_empty() {
            return;
        }
        // Who has ended meanwhile makes `kill` fail, which is as good.
        let _ = ctx.host.run(&Cmd::of("kill", [signal]).args(pids));
    }
    if !running_below(ctx, root).is_empty() {
        tracing::error!("Processes running in chroot could not be killed, filesystem will remain mounted");
    }
}

fn running_below(ctx: &Ctx<'_>, root: &str) -> Vec<String> {
    let root = root.trim_end_matches('/');
    if root.is_empty() {
        return Vec::new();
    }
    let mut pids = ctx.host.list_dir("/proc".as_ref()).unwrap_or_default();
    pids.retain(|pid| {
        pid.bytes().all(|b| b.is_ascii_digit())
            && ctx
                .host
                .readlink(&Path::new("/proc").join(pid).join("root"))
                .is_ok_and(|at| at.starts_with(root))
    });
    pids
}
