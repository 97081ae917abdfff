//! `alternatives`: which of several programs a name means.

use std::path::Path;

use data::Value;

use super::ExecError;
use super::plain::{Given, functions};
use crate::Ctx;
use crate::host::{Cmd, Output};

/// The program's name on this distribution.
fn run(ctx: &Ctx<'_>, args: &[&str]) -> Result<Output, ExecError> {
    let program = match ctx.grain_str("os_family").as_str() {
        "RedHat" => "alternatives",
        _ => "update-alternatives",
    };
    Ok(ctx.run(&Cmd::of(program, args.iter().copied()).env("LC_ALL", "C"))?)
}

/// A name or a path that no option can be mistaken for.
fn checked<'a>(what: &str, text: &'a str) -> Result<&'a str, ExecError> {
    match text.is_empty() || text.starts_with('-') || text.contains('\n') {
        true => Err(ExecError::invocation(format!("'{text}' is not the {what} of an alternative"))),
        false => Ok(text),
    }
}

fn said(output: &Output) -> String {
    let text = if output.ok() || output.stderr.is_empty() { output.out() } else { output.err() };
    text.trim_end().to_owned()
}

/// What `--display` says; none when there is no such name.
pub fn display(ctx: &Ctx<'_>, name: &str) -> Result<Option<String>, ExecError> {
    let output = run(ctx, &["--display", checked("name", name)?])?;
    Ok(output.ok().then(|| output.out()))
}

/// Whether a path is one of those that a name may mean.
pub fn is_registered(ctx: &Ctx<'_>, name: &str, path: &str) -> Result<bool, ExecError> {
    let text = display(ctx, name)?.unwrap_or_default();
    Ok(text
        .lines()
        .any(|line| line.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))))
}

/// The path that a name means.
pub fn current(ctx: &Ctx<'_>, name: &str) -> Option<String> {
    let link = ctx.host.readlink(&Path::new("/etc/alternatives").join(name)).ok()?;
    Some(link.display().to_string())
}

/// Registers a path; what was said.
pub fn install(
    ctx: &Ctx<'_>,
    name: &str,
    link: &str,
    path: &str,
    priority: i64,
) -> Result<String, ExecError> {
    let (name, link, path) = (checked("name", name)?, checked("link", link)?, checked("path", path)?);
    run(ctx, &["--install", link, name, path, &priority.to_string()]).map(|output| said(&output))
}

/// Does one of `--remove`, `--auto` and `--set`; what was said.
pub fn act(ctx: &Ctx<'_>, action: &str, name: &str, path: Option<&str>) -> Result<String, ExecError> {
    let mut words = vec![action, checked("name", name)?];
    if let Some(path) = path {
        words.push(checked("path", path)?);
    }
    run(ctx, &words).map(|output| said(&output))
}

/// The link that a name is for.
fn link(ctx: &Ctx<'_>, name: &str) -> Result<Value, ExecError> {
    let dir = match ctx.grain_str("os_family").as_str() {
        "RedHat" => "/var/lib/alternatives",
        "Suse" => "/var/lib/rpm/alternatives",
        _ => {
            let output = run(ctx, &["--query", checked("name", name)?])?;
            let text = output.out();
            let found =
                text.lines().take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix("Link:"));
            return Ok(found.filter(|_| output.ok()).map_or(false.into(), |link| link.trim().into()));
        }
    };
    let text = ctx.host.read_opt(&Path::new(dir).join(name))?.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    Ok(text.lines().nth(1).map_or(false.into(), Value::from))
}

functions! {
    /// Return what there is to a name: `rsalt '*' alternatives.display editor`
    "alternatives.display"("name") = |args, ctx| {
        Ok(said(&run(ctx, &["--display", checked("name", &args.text("name"))?])?).into())
    };
    /// Return the link that a name is for, false when there is none: `rsalt '*' alternatives.show_link editor`
    "alternatives.show_link"("name") = |args, ctx| link(ctx, &args.text("name"));
    /// Return the path that a name means, false when there is none: `rsalt '*' alternatives.show_current editor`
    "alternatives.show_current"("name") = |args, ctx| {
        Ok(current(ctx, &args.text("name")).map_or(false.into(), Value::from))
    };
    /// Whether a path is one of those that a name may mean: `rsalt '*' alternatives.check_exists editor /usr/bin/vim.tiny`
    "alternatives.check_exists"("name, path") = |args, ctx| {
        Ok(is_registered(ctx, &args.text("name"), &args.text("path"))?.into())
    };
    /// Whether a name means a path: `rsalt '*' alternatives.check_installed editor /usr/bin/vim.tiny`
    "alternatives.check_installed"("name, path") = |args, ctx| {
        Ok((current(ctx, &args.text("name")) == Some(args.text("path"))).into())
    };
    /// Register a path for a name: `rsalt '*' alternatives.install editor /usr/bin/editor /usr/bin/emacs 50`
    "alternatives.install"("name, link, path, priority") = |args, ctx| {
        let priority = args.text("priority").parse().map_err(|_| ExecError::invocation("priority is a number"))?;
        Ok(install(ctx, &args.text("name"), &args.text("link"), &args.text("path"), priority)?.into())
    };
    /// Have a name not mean a path any more: `rsalt '*' alternatives.remove editor /usr/bin/emacs`
    "alternatives.remove"("name, path") = |args, ctx| Ok(act(ctx, "--remove", &args.text("name"), Some(&args.text("path")))?.into());
    /// Have a name mean the path with the highest priority: `rsalt '*' alternatives.auto editor`
    "alternatives.auto"("name") = |args, ctx| Ok(act(ctx, "--auto", &args.text("name"), None)?.into());
    /// Have a name mean a path, whatever its priority: `rsalt '*' alternatives.set editor /usr/bin/vim.tiny`
    "alternatives.set"("name, path") = |args, ctx| Ok(act(ctx, "--set", &args.text("name"), Some(&args.text("path")))?.into());
}
