//! `timezone`: the zone that the machine is in, and whether its clock keeps UTC.
//!
//! `timedatectl` is asked where systemd started the machine; in a container it only fails.

use std::path::Path;

use super::ExecError;
use super::plain::{Given, functions};
use crate::Ctx;
use crate::host::Cmd;

const ZONES: &str = "/usr/share/zoneinfo";
const LOCALTIME: &str = "/etc/localtime";
const TIMEZONE: &str = "/etc/timezone";
const CLOCK: &str = "/etc/sysconfig/clock";
const ADJTIME: &str = "/etc/adjtime";

functions! {
    /// Return the time zone: `rsalt '*' timezone.get_zone`
    "timezone.get_zone"("") = |_, ctx| Ok(zone(ctx)?.into());
    /// Return the offset of the time zone: `rsalt '*' timezone.get_offset`
    "timezone.get_offset"("") = |_, ctx| Ok(chrono::DateTime::<chrono::Local>::from(ctx.host.now()).format("%z").to_string().into());
    /// Return the short name of the time zone: `rsalt '*' timezone.get_zonecode`
    "timezone.get_zonecode"("") = |_, ctx| Ok(ctx.run(&Cmd::of("date", ["+%Z"]))?.out().trim_end().into());
    /// Put the machine into a time zone: `rsalt '*' timezone.set_zone Europe/Berlin`
    "timezone.set_zone"("timezone") = |args, ctx| {
        let name = args.text("timezone");
        if !is_known(ctx, &name) {
            return Ok(format!("Zone does not exist: {ZONES}/{name}").into());
        }
        set_zone(ctx, &name)?;
        Ok(true.into())
    };
    /// Whether the machine is in a time zone: `rsalt '*' timezone.zone_compare Europe/Berlin`
    "timezone.zone_compare"("timezone") = |args, ctx| Ok(is_zone(ctx, &args.text("timezone"))?.into());
    /// Return whether the hardware's clock keeps `UTC` or `localtime`, none when nothing says: `rsalt '*' timezone.get_hwclock`
    "timezone.get_hwclock"("") = |_, ctx| Ok(hwclock(ctx)?.into());
    /// Have the hardware's clock keep `UTC` or `localtime`: `rsalt '*' timezone.set_hwclock UTC`
    "timezone.set_hwclock"("clock") = |args, ctx| {
        set_hwclock(ctx, args.text("clock") == "localtime")?;
        Ok(true.into())
    };
}

fn read(ctx: &Ctx<'_>, path: &str) -> Option<String> {
    ctx.host.read(Path::new(path)).ok().map(|content| String::from_utf8_lossy(&content).into_owned())
}

/// What `timedatectl` says, where there is somebody to ask.
fn timedatectl(ctx: &Ctx<'_>, key: &str) -> Option<String> {
    if !is_booted(ctx) {
        return None;
    }
    let output = ctx.run(&Cmd::of("timedatectl", ["status"]).env("LC_ALL", "C")).ok()?;
    let text = output.out();
    let line = text.lines().find_map(|line| line.trim().strip_prefix(key)?.trim_start().strip_prefix(':'))?;
    line.split_whitespace().next().map(str::to_owned)
}

fn is_booted(ctx: &Ctx<'_>) -> bool {
    ctx.host.exists(Path::new("/run/systemd/system")) && ctx.host.which("timedatectl").is_some()
}

/// The zone, by whatever names it on this distribution.
pub fn zone(ctx: &Ctx<'_>) -> Result<String, ExecError> {
    if let Some(zone) = timedatectl(ctx, "Time zone") {
        return Ok(zone);
    }
    let named = read(ctx, TIMEZONE).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let sysconfig = || value(&read(ctx, CLOCK)?, "ZONE");
    named
        .or_else(|| linked(ctx))
        .or_else(sysconfig)
        .ok_or_else(|| ExecError::command("Unable to get timezone"))
}

/// The zone that `/etc/localtime` is a link to.
fn linked(ctx: &Ctx<'_>) -> Option<String> {
    let at = ctx.host.readlink(Path::new(LOCALTIME)).ok()?.display().to_string();
    at.split_once("zoneinfo/").map(|(_, name)| name.to_owned())
}

/// The value of `KEY=value` or `KEY="value"`.
fn value(text: &str, key: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix(key)?.trim_start().strip_prefix('='))?;
    Some(line.trim().trim_matches(['"', '\'']).to_owned())
}

/// A zone that there is a file of.
pub fn is_known(ctx: &Ctx<'_>, name: &str) -> bool {
    let is_name = !name.is_empty()
        && !name.starts_with('/')
        && !name.split('/').any(|part| part == ".." || part.is_empty());
    is_name && ctx.host.is_file(&Path::new(ZONES).join(name))
}

/// Whether the machine is in that zone: all that names it says so.
pub fn is_zone(ctx: &Ctx<'_>, name: &str) -> Result<bool, ExecError> {
    match zone(ctx) {
        Ok(zone) => Ok(zone == name && linked(ctx).is_none_or(|linked| linked == name)),
        Err(_) if is_known(ctx, name) => {
            let wanted = ctx.host.read(&Path::new(ZONES).join(name))?;
            let is = ctx.host.read(Path::new(LOCALTIME)).map_err(|e| {
                ExecError::command(format!("Failed to read {LOCALTIME} to determine current timezone: {e}"))
            })?;
            Ok(is == wanted)
        }
        Err(_) => Err(ExecError::invocation(format!("Can't find a local timezone \"{name}\""))),
    }
}

/// Puts the machine into a zone that is known.
pub fn set_zone(ctx: &Ctx<'_>, name: &str) -> Result<(), ExecError> {
    if is_booted(ctx) {
        ctx.run(&Cmd::of("timedatectl", ["set-timezone", "--", name]))?;
    }
    if linked(ctx).as_deref() != Some(name) {
        let place = Path::new(LOCALTIME);
        if ctx.host.lstat(place)?.is_some() {
            ctx.host.remove_file(place)?;
        }
        ctx.host.symlink(&Path::new(ZONES).join(name), place)?;
    }
    match ctx.grain_str("os_family").as_str() {
        "Debian" | "Gentoo" => {
            ctx.host.write_atomic(Path::new(TIMEZONE), format!("{name}\n").as_bytes(), None)?
        }
        "RedHat" => replace(ctx, CLOCK, "ZONE=", &format!("ZONE=\"{name}\""))?,
        "Suse" => replace(ctx, CLOCK, "TIMEZONE=", &format!("TIMEZONE=\"{name}\""))?,
        // A name that is there is kept right.
        _ if ctx.host.is_file(Path::new(TIMEZONE)) => {
            ctx.host.write_atomic(Path::new(TIMEZONE), format!("{name}\n").as_bytes(), None)?;
        }
        _ => {}
    }
    Ok(())
}

/// Replaces the lines of a file that begin so; a file that is not there stays so.
fn replace(ctx: &Ctx<'_>, path: &str, begin: &str, line: &str) -> Result<(), ExecError> {
    let Some(text) = read(ctx, path) else { return Ok(()) };
    let new: String = text
        .lines()
        .map(|old| if old.starts_with(begin) { format!("{line}\n") } else { format!("{old}\n") })
        .collect();
    if new != text {
        ctx.host.write_atomic(Path::new(path), new.as_bytes(), None)?;
    }
    Ok(())
}

/// `UTC` or `localtime`, none when nothing says.
pub fn hwclock(ctx: &Ctx<'_>) -> Result<Option<&'static str>, ExecError> {
    let name = |local: bool| Some(if local { "localtime" } else { "UTC" });
    if let Some(local) = timedatectl(ctx, "RTC in local TZ") {
        return Ok(name(local == "yes"));
    }
    let rcs = read(ctx, "/etc/default/rcS").and_then(|text| value(&text, "UTC"));
    if let Some(utc) = rcs.filter(|_| ctx.grain_str("os_family") == "Debian") {
        return Ok(name(!utc.eq_ignore_ascii_case("yes")));
    }
    Ok(match read(ctx, ADJTIME) {
        Some(text) => name(text.lines().any(|line| line.trim() == "LOCAL")),
        None => None,
    })
}

/// Has the hardware's clock keep local time or UTC.
pub fn set_hwclock(ctx: &Ctx<'_>, local: bool) -> Result<(), ExecError> {
    if is_booted(ctx) {
        let output =
            ctx.run(&Cmd::of("timedatectl", ["set-local-rtc", if local { "true" } else { "false" }]))?;
        return match output.ok() {
            true => Ok(()),
            false => Err(ExecError::command(format!("timedatectl failed: {}", output.err().trim_end()))),
        };
    }
    replace(ctx, "/etc/default/rcS", "UTC=", if local { "UTC=no" } else { "UTC=yes" })?;
    let mode = if local { "LOCAL" } else { "UTC" };
    let old = read(ctx, ADJTIME).unwrap_or_else(|| "0.0 0 0.0\n0\nUTC\n".to_owned());
    let mut lines: Vec<&str> = old.lines().collect();
    lines.truncate(2);
    lines.push(mode);
    let new: String = lines.iter().map(|line| format!("{line}\n")).collect();
    Ok(ctx.host.write_atomic(Path::new(ADJTIME), new.as_bytes(), None)?)
}
