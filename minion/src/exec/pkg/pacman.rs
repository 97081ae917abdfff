//! Arch and its relatives: pacman.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use data::{Dict, Value};

use super::backend::{
    Backend, Files, Group, InstallOptions, Listing, PackageFile, PkgError, PkgResult, Selections,
};
use super::parse_rpm as parse;
use super::version::{self, Compare};
use crate::host::{Cmd, Host, Output};

/// pacman has one version of each package, and no list of held packages but in its configuration.
pub(super) struct Pacman;

impl Pacman {
    fn cmd<'a>(args: impl IntoIterator<Item = &'a str>) -> Cmd {
        Cmd::of("pacman", args).env("LC_ALL", "C")
    }

    fn ask(host: &dyn Host, cmd: &Cmd, what: &str) -> PkgResult<String> {
        let output = host.run(cmd)?;
        match output.ok() {
            true => Ok(output.out()),
            false => Err(PkgError::Refused(format!("{what}: {}", output.err().trim_end()))),
        }
    }

    fn offered(host: &dyn Host, names: &[String]) -> PkgResult<BTreeMap<String, String>> {
        // It fails when one of them is unknown, and tells of the others.
        let output = host.run(&Self::cmd(["-Si", "--"]).args(names.iter().cloned()))?;
        let version = |fields: &Dict| fields.get("version").map(Value::to_string).unwrap_or_default();
        let all = parse::pacman_info(&output.out());
        Ok(all.into_iter().map(|(name, fields)| (name, version(&fields))).collect())
    }
}

impl Backend for Pacman {
    fn database(&self) -> &'static [&'static str] {
        &["/var/lib/pacman/local"]
    }

    fn list(&self, host: &dyn Host) -> PkgResult<Listing> {
        let text = Self::ask(host, &Self::cmd(["-Q"]), "Failed to list packages")?;
        let mut out = Listing::default();
        for (name, version) in parse::pacman_pairs(&text) {
            out.installed.entry(name).or_default().push(version);
        }
        Ok(out)
    }

    fn candidates(
        &self,
        host: &dyn Host,
        names: &[String],
        _fromrepo: Option<&str>,
    ) -> PkgResult<BTreeMap<String, String>> {
        Self::offered(host, names)
    }

    fn available(&self, host: &dyn Host, names: &[String]) -> PkgResult<BTreeMap<String, Vec<String>>> {
        Ok(Self::offered(host, names)?.into_iter().map(|(name, version)| (name, vec![version])).collect())
    }

    fn refresh(&self, host: &dyn Host, _valid: Duration, _failhard: bool) -> PkgResult<Value> {
        let text = Self::ask(host, &Self::cmd(["-Sy"]), "Error refreshing package database")?;
        Ok(parse::pacman_refresh(&text).into_iter().collect::<Dict>().into())
    }

    fn has_lists(&self, host: &dyn Host) -> bool {
        host.list_dir(Path::new("/var/lib/pacman/sync")).is_ok_and(|names| !names.is_empty())
    }

    fn install(&self, targets: &[String], options: &InstallOptions) -> Cmd {
        let mut cmd = match options.files {
            true => Self::cmd(["-U", "--noprogressbar", "--noconfirm"]),
            false => Self::cmd(["-S", "--noprogressbar", "--noconfirm"]),
        };
        if !options.files && !options.reinstall {
            cmd = cmd.arg("--needed");
        }
        if options.download_only {
            cmd = cmd.arg("--downloadonly");
        }
        let cmd = options.env.iter().fold(cmd, |cmd, (name, value)| cmd.env(name, value));
        cmd.arg("--").args(targets.iter().cloned())
    }

    fn remove(&self, names: &[String], purge: bool) -> Cmd {
        let action = if purge { "-Rsc" } else { "-R" };
        Self::cmd([action, "--noprogressbar", "--noconfirm", "--"]).args(names.iter().cloned())
    }

    fn upgrades(&self, host: &dyn Host, _dist: bool, _fromrepo: Option<&str>) -> PkgResult<Selections> {
        let cmd = Self::cmd(["-S", "-p", "-u", "--print-format", "%n %v"]);
        Ok(parse::pacman_pairs(&Self::ask(host, &cmd, "Error listing upgrades")?))
    }

    fn upgrade(&self, names: &[String], _dist: bool, _options: &InstallOptions) -> Cmd {
        let cmd = Self::cmd(["-Su", "--noprogressbar", "--noconfirm"]);
        if names.is_empty() { cmd } else { cmd.arg("--needed").arg("--").args(names.iter().cloned()) }
    }

    fn holds(&self, _host: &dyn Host, _listing: &Listing) -> PkgResult<Vec<String>> {
        Err(PkgError::Refused("pacman holds packages by IgnorePkg in /etc/pacman.conf".to_owned()))
    }

    fn set_hold(&self, host: &dyn Host, _name: &str, _hold: bool) -> PkgResult<bool> {
        self.holds(host, &Listing::default()).map(|_| false)
    }

    fn group(&self, host: &dyn Host, name: &str, _options: &InstallOptions) -> PkgResult<Option<Group>> {
        let text = Self::ask(host, &Self::cmd(["-Sgg", "--", name]), &format!("Group '{name}' not found"))?;
        let members = parse::pacman_pairs(&text).into_iter().map(|(_, package)| package).collect();
        let members = BTreeMap::from([("default", members)]);
        Ok(Some(Group {
            kind: "package group".to_owned(),
            name: name.to_owned(),
            members,
            ..Group::default()
        }))
    }

    fn downloads(&self) -> Option<(&'static str, &'static str)> {
        Some(("/var/cache/pacman/pkg", ".pkg.tar.zst"))
    }

    fn files(&self, host: &dyn Host, names: &[String]) -> PkgResult<Files> {
        let one = |name: &String| {
            let text = Self::ask(host, &Self::cmd(["-Qlq", "--", name]), "Error")?;
            Ok((name.clone(), text.lines().map(str::to_owned).collect()))
        };
        names.iter().map(one).collect()
    }

    fn owner(&self, host: &dyn Host, path: &str) -> PkgResult<Option<String>> {
        let output = host.run(&Self::cmd(["-Qqo", "--", path]))?;
        Ok(output.out().lines().next().filter(|_| output.ok()).map(str::to_owned))
    }

    fn info(&self, host: &dyn Host, names: &[String], failhard: bool) -> PkgResult<Vec<(String, Dict)>> {
        let output = host.run(&Self::cmd(["-Qi", "--"]).args(names.iter().cloned()))?;
        if !output.ok() && failhard {
            return Err(PkgError::Refused(format!(
                "Error getting packages information: {}",
                output.err().trim_end()
            )));
        }
        Ok(parse::pacman_info(&output.out()))
    }

    fn file_info(&self, host: &dyn Host, path: &str) -> PkgResult<PackageFile> {
        let text = Self::ask(host, &Self::cmd(["-Qip", "--", path]), &format!("{path} is no package"))?;
        let (name, fields) = parse::pacman_info(&text)
            .into_iter()
            .next()
            .ok_or_else(|| PkgError::Refused(format!("{path} is no package")))?;
        let field = |key: &str| fields.get(key).map(Value::to_string).unwrap_or_default();
        Ok(PackageFile { name, version: field("version"), arch: field("architecture") })
    }

    fn compare(&self) -> Compare {
        version::pacman
    }

    fn normalize(&self, name: &str) -> String {
        name.to_owned()
    }

    fn run(&self, host: &dyn Host, cmd: &Cmd) -> PkgResult<Output> {
        Ok(host.run(cmd)?)
    }
}
