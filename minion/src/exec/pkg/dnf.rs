//! Fedora, Red Hat and their relatives: dnf, dnf5, tdnf or yum, whichever there is.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use data::{Dict, Value};

use super::backend::{
    Backend, Files, Group, InstallOptions, Listing, PackageFile, PkgError, PkgResult, Selections,
};
use super::version::{self, Compare};
use super::{parse_rpm as parse, rpm};
use crate::host::{Cmd, Host, Output};

const LOCKS: &str = "/etc/dnf/versionlock.toml";

/// The one that is installed.
pub(super) struct Dnf {
    program: &'static str,
    arch: String,
}

impl Dnf {
    /// The first of them that there is.
    pub(super) fn of(host: &dyn Host, arch: String) -> Self {
        let program = ["dnf5", "dnf", "tdnf", "yum"].into_iter().find(|name| host.which(name).is_some());
        Dnf { program: program.unwrap_or("dnf"), arch }
    }

    fn is_dnf5(&self) -> bool {
        self.program == "dnf5"
    }

    fn cmd<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Cmd {
        Cmd::of(self.program, args).env("LC_ALL", "C")
    }

    /// The options about repositories.
    fn repositories(options: &InstallOptions) -> Vec<String> {
        let mut out = Vec::new();
        if let Some(repo) = &options.fromrepo {
            out.extend(["--disablerepo=*".to_owned(), format!("--enablerepo={repo}")]);
        }
        out.extend(options.repositories.iter().cloned());
        out
    }

    fn listed(
        &self,
        host: &dyn Host,
        words: &[&str],
        names: &[String],
        options: &[String],
    ) -> PkgResult<Selections> {
        let cmd = self.cmd(["--quiet"]).args(options.iter().cloned()).args(words.iter().copied());
        let cmd = if names.is_empty() { cmd } else { cmd.arg("--").args(names.iter().cloned()) };
        // It fails when there is nothing to list.
        Ok(parse::dnf_list(&host.run(&cmd)?.out(), &self.arch))
    }
}

impl Backend for Dnf {
    fn database(&self) -> &'static [&'static str] {
        &rpm::DATABASE
    }

    fn list(&self, host: &dyn Host) -> PkgResult<Listing> {
        rpm::list(host, &self.arch)
    }

    fn candidates(
        &self,
        host: &dyn Host,
        names: &[String],
        fromrepo: Option<&str>,
    ) -> PkgResult<BTreeMap<String, String>> {
        let options = InstallOptions { fromrepo: fromrepo.map(str::to_owned), ..InstallOptions::default() };
        let words: &[&str] = if self.is_dnf5() { &["list", "--available"] } else { &["list", "available"] };
        let mut out: BTreeMap<String, String> = BTreeMap::new();
        for (name, version) in self.listed(host, words, names, &Self::repositories(&options))? {
            let newest = out.entry(name).or_default();
            if newest.is_empty() || version::rpm(&version, newest).is_gt() {
                *newest = version;
            }
        }
        Ok(out)
    }

    fn available(&self, host: &dyn Host, names: &[String]) -> PkgResult<BTreeMap<String, Vec<String>>> {
        let words: &[&str] =
            if self.is_dnf5() { &["list", "--showduplicates"] } else { &["--showduplicates", "list"] };
        let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, version) in self.listed(host, words, names, &[])? {
            out.entry(name).or_default().push(version);
        }
        for versions in out.values_mut() {
            versions.sort_by(|a, b| version::rpm(b, a));
            versions.dedup();
        }
        Ok(out)
    }

    fn refresh(&self, host: &dyn Host, valid: Duration, _failhard: bool) -> PkgResult<Value> {
        if !valid.is_zero()
            && let Ok(Some(stat)) = host.stat(Path::new("/var/cache/dnf"))
            && let Ok(now) = host.now().duration_since(UNIX_EPOCH)
            && stat.mtime() + valid.as_secs_f64() > now.as_secs_f64()
        {
            return Ok(Value::None);
        }
        host.run(&self.cmd(["--quiet", "--assumeyes", "clean", "expire-cache"]))?;
        let output = self.run(host, &self.cmd(["--quiet", "--assumeyes", "check-update"]))?;
        Ok(match output.code {
            100 => true.into(),
            0 => Value::None,
            _ => false.into(),
        })
    }

    fn has_lists(&self, host: &dyn Host) -> bool {
        ["/var/cache/dnf", "/var/cache/libdnf5", "/var/cache/yum"]
            .iter()
            .any(|dir| host.list_dir(Path::new(dir)).is_ok_and(|names| !names.is_empty()))
    }

    fn install(&self, targets: &[String], options: &InstallOptions) -> Cmd {
        let action = match (options.reinstall, options.downgrade) {
            (true, _) => "reinstall",
            (false, true) => "downgrade",
            (false, false) => "install",
        };
        let best = action == "install" && matches!(self.program, "dnf" | "dnf5");
        let best: &[&str] = if best { &["--best", "--allowerasing"] } else { &[] };
        let mut cmd = self.cmd(["-y"]);
        if !self.is_dnf5() {
            cmd = cmd.args(best.iter().copied());
        }
        cmd = cmd.args(Self::repositories(options));
        if options.skip_verify {
            cmd = cmd.arg(if self.is_dnf5() { "--no-gpgchecks" } else { "--nogpgcheck" });
        }
        if options.recommends == Some(false) {
            cmd = cmd.arg("--setopt=install_weak_deps=False");
        }
        if options.download_only && !self.is_dnf5() {
            cmd = cmd.arg("--downloadonly");
        }
        cmd = cmd.arg(action);
        if self.is_dnf5() {
            cmd = cmd.args(best.iter().copied());
            cmd = if options.download_only { cmd.arg("--downloadonly") } else { cmd };
        }
        let cmd = options.env.iter().fold(cmd, |cmd, (name, value)| cmd.env(name, value));
        cmd.arg("--").args(targets.iter().cloned())
    }

    fn target(&self, name: &str, version: &str) -> String {
        let (name, arch) = rpm::parse_arch(name);
        let version = version.split_once(':').map_or(version, |(_, rest)| rest);
        format!("{name}-{version}{}", arch.map(|arch| format!(".{arch}")).unwrap_or_default())
    }

    fn remove(&self, names: &[String], _purge: bool) -> Cmd {
        self.cmd(["-y", "remove", "--"]).args(names.iter().cloned())
    }

    fn upgrades(&self, host: &dyn Host, _dist: bool, fromrepo: Option<&str>) -> PkgResult<Selections> {
        let options = InstallOptions { fromrepo: fromrepo.map(str::to_owned), ..InstallOptions::default() };
        let words: &[&str] = if matches!(self.program, "dnf" | "dnf5") {
            &["list", "--upgrades"]
        } else {
            &["list", "updates"]
        };
        self.listed(host, words, &[], &Self::repositories(&options))
    }

    fn upgrade(&self, names: &[String], _dist: bool, options: &InstallOptions) -> Cmd {
        let mut cmd = self.cmd(["--quiet", "-y"]).args(Self::repositories(options));
        if options.skip_verify {
            cmd = cmd.arg("--nogpgcheck");
        }
        cmd = cmd.arg("upgrade");
        if names.is_empty() { cmd } else { cmd.arg("--").args(names.iter().cloned()) }
    }

    fn holds(&self, host: &dyn Host, _listing: &Listing) -> PkgResult<Vec<String>> {
        if self.is_dnf5() {
            let text = host.read_opt(Path::new(LOCKS))?.unwrap_or_default();
            return Ok(parse::dnf5_locks(&String::from_utf8_lossy(&text)));
        }
        let output = host.run(&self.cmd(["--quiet", "versionlock", "list"]))?;
        if !output.ok() {
            return Err(PkgError::Refused(format!(
                "Cannot proceed, the versionlock plugin of {} is not installed: {}",
                self.program,
                output.err().trim_end()
            )));
        }
        Ok(parse::dnf_locks(&output.out()))
    }

    fn set_hold(&self, host: &dyn Host, name: &str, hold: bool) -> PkgResult<bool> {
        let action = if hold { "add" } else { "delete" };
        Ok(host.run(&self.cmd(["versionlock", action, "--", name]))?.ok())
    }

    fn autoremove(&self, _purge: bool) -> PkgResult<Cmd> {
        Ok(self.cmd(["-y", "autoremove"]))
    }

    fn group(&self, host: &dyn Host, name: &str, options: &InstallOptions) -> PkgResult<Option<Group>> {
        let ask = |name: &str| {
            let words: &[&str] = if self.is_dnf5() { &["group", "info"] } else { &["groupinfo"] };
            let cmd = self.cmd(["--quiet"]).args(Self::repositories(options)).args(words.iter().copied());
            let text = host.run(&cmd.arg("--").arg(name))?.out();
            parse::dnf_group(&text).ok_or_else(|| PkgError::Refused(format!("Group '{name}' not found")))
        };
        let mut group = ask(name)?;
        if group.kind == "environment group" {
            // Its members are groups; what matters is what is in those.
            let groups = std::mem::take(&mut group.members);
            for inner in groups.into_values().flatten() {
                for (how, names) in ask(&inner)?.members {
                    let known = group.members.entry(how).or_default();
                    known.extend(names);
                    known.sort();
                    known.dedup();
                }
            }
        }
        Ok(Some(group))
    }

    fn downloads(&self) -> Option<(&'static str, &'static str)> {
        let dir = match self.program {
            "dnf5" => "/var/cache/libdnf5",
            "yum" => "/var/cache/yum",
            "tdnf" => "/var/cache/tdnf",
            _ => "/var/cache/dnf",
        };
        Some((dir, ".rpm"))
    }

    fn verify(&self, host: &dyn Host, names: &[String], options: &[String]) -> PkgResult<Option<Dict>> {
        rpm::verify(host, names, options).map(Some)
    }

    fn files(&self, host: &dyn Host, names: &[String]) -> PkgResult<Files> {
        rpm::files(host, names)
    }

    fn owner(&self, host: &dyn Host, path: &str) -> PkgResult<Option<String>> {
        rpm::owner(host, path)
    }

    fn info(&self, host: &dyn Host, names: &[String], failhard: bool) -> PkgResult<Vec<(String, Dict)>> {
        rpm::info(host, names, failhard)
    }

    fn file_info(&self, host: &dyn Host, path: &str) -> PkgResult<PackageFile> {
        rpm::file_info(host, path, &self.arch)
    }

    fn compare(&self) -> Compare {
        version::rpm
    }

    fn normalize(&self, name: &str) -> String {
        rpm::normalize(name, &self.arch)
    }

    fn parse_arch<'n>(&self, name: &'n str) -> (&'n str, Option<&'n str>) {
        rpm::parse_arch(name)
    }

    fn run(&self, host: &dyn Host, cmd: &Cmd) -> PkgResult<Output> {
        Ok(host.run(cmd)?)
    }
}
