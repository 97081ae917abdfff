//! `sysctl`: settings of the kernel, now and at the next start.

use std::path::Path;

use data::{Dict, Value};

use super::plain::{Given, functions};
use super::{ExecError, tool};
use crate::Ctx;
use crate::host::{Cmd, Errors};

functions! {
    /// Return a setting of the kernel: `rsalt '*' sysctl.get net.ipv4.ip_forward`
    "sysctl.get"("name") = |args, ctx| Ok(get(ctx, &args.text("name"))?.into());
    /// Return the settings of a file for the kernel, or all that the kernel has: `rsalt '*' sysctl.show`
    "sysctl.show"("config_file=False") = |args, ctx| {
        let file = args.arg("config_file");
        if !file.is_true() {
            let text = tool::run(ctx, &Cmd::of("sysctl", ["-a"]))?.out();
            let pairs = text.lines().filter_map(|line| line.split_once(" = "));
            return Ok(pairs.map(|(key, value)| (key, Value::from(value))).collect::<Dict>().into());
        }
        match configured(ctx, &file.to_string())? {
            Some(all) => Ok(all.into_iter().map(|(key, value)| (key, Value::from(value))).collect::<Dict>().into()),
            None => Ok(Value::list()),
        }
    };
    /// Return the file that settings are kept in: `rsalt '*' sysctl.default_config`
    "sysctl.default_config"("") = |_, ctx| Ok(default_config(ctx).into());
    /// Change a setting of the kernel until the next start: `rsalt '*' sysctl.assign net.ipv4.ip_forward 1`
    "sysctl.assign"("name, value") = |args, ctx| {
        let (name, value) = (args.text("name"), args.text("value"));
        assign(ctx, &name, &value)?;
        Ok(Dict::new().with(name, value).into())
    };
    /// Change a setting of the kernel for good: `rsalt '*' sysctl.persist net.ipv4.ip_forward 1`
    ///
    /// config: the file to keep it in. Returns Updated or Already set.
    "sysctl.persist"("name, value, config=None") = |args, ctx| {
        let config = args.some_text("config").unwrap_or_else(|| default_config(ctx).to_owned());
        Ok(persist(ctx, &args.text("name"), &args.text("value"), &config)?.into())
    };
}

/// The file that settings are kept in.
pub(crate) fn default_config(ctx: &Ctx<'_>) -> &'static str {
    if ctx.host.is_dir("/run/systemd/system".as_ref()) {
        "/etc/sysctl.d/99-salt.conf"
    } else {
        "/etc/sysctl.conf"
    }
}

/// The place of a setting; dots and slashes change sides in its name.
fn place(name: &str) -> Result<String, ExecError> {
    let path: String = name
        .chars()
        .map(|c| match c {
            '.' => '/',
            '/' => '.',
            c => c,
        })
        .collect();
    if path.is_empty()
        || path.starts_with('-')
        || path.contains(['=', '\n'])
        || path.split('/').any(|part| part == "..")
    {
        return Err(ExecError::invocation(format!("'{name}' is not the name of a setting")));
    }
    Ok(format!("/proc/sys/{path}"))
}

/// What the kernel has; a text about it where it has no such setting.
pub(crate) fn get(ctx: &Ctx<'_>, name: &str) -> Result<String, ExecError> {
    let path = place(name)?;
    if ctx.host.which("sysctl").is_some() {
        let output = ctx.run(&Cmd::of("sysctl", ["-n", name]).errors(Errors::WithOutput))?;
        return Ok(output.out().trim_end().to_owned());
    }
    let content =
        ctx.host.read(path.as_ref()).ok().map(|data| String::from_utf8_lossy(&data).trim_end().to_owned());
    Ok(content.unwrap_or_else(|| format!("sysctl: cannot stat {path}: No such file or directory")))
}

/// The settings of a file; none when there is no such file.
pub(crate) fn configured(ctx: &Ctx<'_>, path: &str) -> Result<Option<Vec<(String, String)>>, ExecError> {
    let Some(content) = ctx.host.read_opt(path.as_ref())? else { return Ok(None) };
    let text = String::from_utf8_lossy(&content);
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once('='));
    Ok(Some(pairs.map(|(key, value)| (key.trim_end().to_owned(), value.trim_start().to_owned())).collect()))
}

/// Whether two values are the same but for spaces.
pub(crate) fn same(a: &str, b: &str) -> bool {
    a.split_whitespace().eq(b.split_whitespace())
}

fn assign(ctx: &Ctx<'_>, name: &str, value: &str) -> Result<(), ExecError> {
    let path = place(name)?;
    if !ctx.host.exists(path.as_ref()) {
        return Err(ExecError::command(format!("sysctl {name} does not exist")));
    }
    if ctx.host.which("sysctl").is_some() {
        let output = ctx.run(&Cmd::of("sysctl", ["-w", &format!("{name}={value}")]))?;
        if output.ok() && !output.err().contains("Invalid argument") {
            return Ok(());
        }
        let (out, err) = (output.out(), output.err());
        let error = if err.trim().is_empty() { out.trim_end() } else { err.trim_end() };
        return Err(ExecError::command(format!("sysctl -w failed: {error}")));
    }
    // The kernel's files are written in place.
    ctx.host
        .write_at(path.as_ref(), 0, format!("{value}\n").as_bytes())
        .map_err(|error| ExecError::command(format!("sysctl -w failed: {error}")))
}

fn persist(ctx: &Ctx<'_>, name: &str, value: &str, config: &str) -> Result<&'static str, ExecError> {
    place(name)?;
    if value.contains('\n') {
        return Err(ExecError::invocation("the value of a setting is one line"));
    }
    let content = ctx.host.read_opt(config.as_ref())?;
    let is_new = content.is_none();
    let text = match content {
        Some(content) => String::from_utf8_lossy(&content).into_owned(),
        None => "#\n# Kernel sysctl configuration\n#\n".to_owned(),
    };
    let (mut out, mut edited, mut kept) = (String::new(), false, false);
    for line in text.lines() {
        let pair = line.split_once('=').map(|(key, is)| (key.trim(), is.trim()));
        match pair {
            Some((key, is)) if key == name => {
                kept |= same(is, value);
                edited = true;
                out.push_str(&if same(is, value) { line.to_owned() } else { format!("{name} = {value}") });
            }
            _ => out.push_str(line),
        }
        out.push('\n');
    }
    if edited && kept && out.trim_end() == text.trim_end() {
        if same(&get(ctx, name)?, value) {
            return Ok("Already set");
        }
        assign(ctx, name, value)?;
        return Ok("Updated");
    }
    if !edited {
        out.push_str(&format!("{name} = {value}\n"));
    }
    if is_new && let Some(dir) = Path::new(config).parent() {
        ctx.host.mkdir_all(dir, None)?;
    }
    ctx.host.write_atomic(config.as_ref(), out.as_bytes(), if is_new { Some(0o644) } else { None })?;
    assign(ctx, name, value)?;
    Ok("Updated")
}
