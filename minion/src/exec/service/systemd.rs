//! systemd: `systemctl`.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Action, Backend, ServiceError, ServiceResult, checked, run};
use crate::host::{FileKind, Host};

/// A machine that systemd booted.
pub(super) struct Systemd;

const UNITS: [&str; 3] = ["/lib/systemd/system", "/usr/lib/systemd/system", "/etc/systemd/system"];
const TYPES: [&str; 11] = [
    "service",
    "socket",
    "device",
    "mount",
    "automount",
    "swap",
    "target",
    "path",
    "timer",
    "slice",
    "scope",
];

/// `nginx` of `nginx.service`; other types keep their ending. None for what is no unit.
fn short(unit: &str) -> Option<&str> {
    let (name, kind) = unit.rsplit_once('.')?;
    if !TYPES.contains(&kind) {
        return None;
    }
    Some(if kind == "service" { name } else { unit })
}

/// `nginx.service` of `nginx`.
fn unit(name: &str) -> ServiceResult<String> {
    let name = checked(name)?;
    let has_type = name.rsplit_once('.').is_some_and(|(_, kind)| TYPES.contains(&kind));
    Ok(if has_type { name.to_owned() } else { format!("{name}.service") })
}

/// What was complained about, without the lines on scopes.
fn complaint(err: &str) -> String {
    let lines: Vec<&str> = err.lines().filter(|l| !l.ends_with(".scope")).collect();
    lines.join("\n").trim().to_owned()
}

impl Systemd {
    fn scripts(host: &dyn Host, units: &BTreeSet<String>) -> Vec<String> {
        let names = host.list_dir(Path::new("/etc/init.d")).unwrap_or_default();
        let runs = |name: &String| {
            let stat = host.stat(&Path::new("/etc/init.d").join(name));
            matches!(stat, Ok(Some(s)) if s.kind == FileKind::File && s.mode & 0o111 != 0)
        };
        names.into_iter().filter(|name| !units.contains(name) && runs(name)).collect()
    }

    /// systemd's picture of the units is renewed when their files changed.
    fn reload_units(host: &dyn Host, unit: &str) -> ServiceResult<()> {
        let answer = run(host, "systemctl", &["show", "--property=NeedDaemonReload", "--", unit])?;
        if answer.out().trim() == "NeedDaemonReload=yes" {
            run(host, "systemctl", &["daemon-reload"])?;
        }
        Ok(())
    }
}

impl Backend for Systemd {
    fn all(&self, host: &dyn Host) -> ServiceResult<Vec<String>> {
        let mut all = BTreeSet::new();
        for dir in UNITS {
            let names = host.list_dir(Path::new(dir)).unwrap_or_default();
            all.extend(names.iter().filter_map(|n| short(n)).map(str::to_owned));
        }
        all.extend(Self::scripts(host, &all));
        Ok(all.into_iter().collect())
    }

    fn all_enabled(&self, host: &dyn Host) -> ServiceResult<Vec<String>> {
        let out = run(host, "systemctl", &["--full", "--no-legend", "--no-pager", "list-unit-files"])?.out();
        let enabled = |line: &str| {
            let mut words = line.split_whitespace();
            let (unit, state) = (words.next()?, words.next()?);
            short(unit).filter(|_| state == "enabled").map(str::to_owned)
        };
        let all: BTreeSet<String> = out.lines().filter_map(enabled).collect();
        Ok(all.into_iter().collect())
    }

    fn available(&self, host: &dyn Host, name: &str) -> ServiceResult<bool> {
        // 4 is "no such unit"; a unit that is dead or failed has a status as well.
        let code = run(host, "systemctl", &["status", "-n", "0", "--", &unit(name)?])?.code;
        Ok((0..4).contains(&code))
    }

    fn status(&self, host: &dyn Host, name: &str) -> ServiceResult<bool> {
        Ok(run(host, "systemctl", &["is-active", "--", &unit(name)?])?.ok())
    }

    fn act(&self, host: &dyn Host, name: &str, action: Action) -> ServiceResult<bool> {
        let unit = unit(name)?;
        Self::reload_units(host, &unit)?;
        let word = if action == Action::ForceReload { "reload-or-restart" } else { action.word() };
        let output = run(host, "systemctl", &[word, "--", &unit])?;
        match output.ok() {
            true => Ok(true),
            false if action == Action::Stop => Ok(false),
            false => Err(ServiceError::Refused(complaint(&output.err()))),
        }
    }

    fn enabled(&self, host: &dyn Host, name: &str) -> ServiceResult<bool> {
        let output = run(host, "systemctl", &["is-enabled", "--", &unit(name)?])?;
        Ok(output.ok())
    }

    fn enable(&self, host: &dyn Host, name: &str, enable: bool) -> ServiceResult<bool> {
        let output =
            run(host, "systemctl", &[if enable { "enable" } else { "disable" }, "--", &unit(name)?])?;
        match output.ok() {
            true => Ok(true),
            false if enable => Err(ServiceError::Refused(complaint(&output.err()))),
            false => Ok(false),
        }
    }

    fn masked(&self, host: &dyn Host, name: &str, runtime: bool) -> ServiceResult<Option<bool>> {
        let dir = if runtime { "/run" } else { "/etc" };
        let link = format!("{dir}/systemd/system/{}", unit(name)?);
        Ok(Some(host.readlink(Path::new(&link)).is_ok_and(|to| to == Path::new("/dev/null"))))
    }

    fn mask(&self, host: &dyn Host, name: &str, mask: bool, runtime: bool) -> ServiceResult<bool> {
        let unit = unit(name)?;
        let mut args = vec![if mask { "mask" } else { "unmask" }];
        args.extend(runtime.then_some("--runtime"));
        args.extend(["--", &unit]);
        let output = run(host, "systemctl", &args)?;
        if output.ok() {
            return Ok(true);
        }
        let what = if mask { "mask" } else { "unmask" };
        Err(ServiceError::Refused(format!("Failed to {what} service '{name}'")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_units() {
        assert_eq!(short("nginx.service"), Some("nginx"));
        assert_eq!(short("apt.timer"), Some("apt.timer"));
        assert_eq!(short("nginx.service.d"), None);
        assert_eq!(unit("nginx").ok().as_deref(), Some("nginx.service"));
        assert_eq!(unit("a.b").ok().as_deref(), Some("a.b.service"));
        assert!(unit("--now").is_err());
    }
}
