//! Debian and its relatives: apt-get, apt-cache, dpkg.
//!
//! What is installed is read from dpkg's own file: that is a tenth of the time that `dpkg-query` takes.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use data::{Dict, Value};

use super::backend::{
    Backend, Files, HoldStyle, InstallOptions, Listing, PackageFile, PkgError, PkgResult, Selections,
};
use super::parse::{self, Dpkg};
use super::version::{self, Compare};
use crate::host::{Cmd, Host, Output};

const STATUS: &str = "/var/lib/dpkg/status";
const LISTS: &str = "/var/lib/apt/lists";
/// Ends what [`Apt::info`] asks about one package: nothing that a description has in it.
const END: &str = "*/~^*";

/// apt on one architecture.
pub(super) struct Apt {
    /// The `osarch` grain.
    pub(super) arch: String,
}

impl Apt {
    fn dpkg(&self, host: &dyn Host) -> PkgResult<Dpkg> {
        let status = host.read(Path::new(STATUS))?;
        Ok(Dpkg::parse(&String::from_utf8_lossy(&status), &self.arch))
    }

    fn cmd<'a>(program: &str, args: impl IntoIterator<Item = &'a str>) -> Cmd {
        Cmd::of(program, args)
            .env("LC_ALL", "C")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .env("APT_LISTBUGS_FRONTEND", "none")
            .env("APT_LISTCHANGES_FRONTEND", "none")
            .env("UCF_FORCE_CONFFOLD", "1")
    }

    /// What every changing call starts with.
    fn changing(options: &InstallOptions) -> Cmd {
        let conf: &[&str] = if options.force_conf_new {
            &["-o", "DPkg::Options::=--force-confnew"]
        } else {
            &["-o", "DPkg::Options::=--force-confold", "-o", "DPkg::Options::=--force-confdef"]
        };
        let mut cmd = Self::cmd("apt-get", ["-q", "-y"]).args(conf.iter().copied());
        for (set, option) in [
            (options.recommends == Some(false), "--no-install-recommends"),
            (options.recommends == Some(true), "--install-recommends"),
            (options.only_upgrade, "--only-upgrade"),
            (options.skip_verify, "--allow-unauthenticated"),
            (options.downgrade, "--allow-downgrades"),
            (options.download_only, "--download-only"),
        ] {
            if set {
                cmd = cmd.arg(option);
            }
        }
        options.env.iter().fold(cmd, |cmd, (name, value)| cmd.env(name, value))
    }

    fn ask(&self, host: &dyn Host, cmd: &Cmd) -> PkgResult<String> {
        Ok(host.run(cmd)?.out())
    }
}

impl Backend for Apt {
    fn database(&self) -> &'static [&'static str] {
        &[STATUS]
    }

    fn list(&self, host: &dyn Host) -> PkgResult<Listing> {
        let Dpkg { installed, removed, purge_desired, selections } = self.dpkg(host)?;
        Ok(Listing { installed, removed, purge_desired, selections })
    }

    fn candidates(
        &self,
        host: &dyn Host,
        names: &[String],
        fromrepo: Option<&str>,
    ) -> PkgResult<BTreeMap<String, String>> {
        let mut cmd = Self::cmd("apt-cache", ["-q", "policy"]);
        if let Some(release) = fromrepo {
            cmd = cmd.arg("-o").arg(format!("APT::Default-Release={release}"));
        }
        let cmd = cmd.arg("--").args(names.iter().cloned());
        Ok(parse::apt_policy(&self.ask(host, &cmd)?).into_iter().collect())
    }

    fn available(&self, host: &dyn Host, names: &[String]) -> PkgResult<BTreeMap<String, Vec<String>>> {
        let cmd = Self::cmd("apt-cache", ["show", "--"]).args(names.iter().cloned());
        Ok(parse::apt_show(&self.ask(host, &cmd)?).into_iter().collect())
    }

    fn refresh(&self, host: &dyn Host, valid: Duration, failhard: bool) -> PkgResult<Value> {
        if !valid.is_zero()
            && let Ok(Some(stat)) = host.stat(Path::new(LISTS))
            && let Ok(now) = host.now().duration_since(UNIX_EPOCH)
            && stat.mtime() + valid.as_secs_f64() > now.as_secs_f64()
        {
            return Ok(Value::dict());
        }
        let output = self.run(host, &Self::cmd("apt-get", ["-q", "update"]))?;
        if !output.ok() {
            return Err(PkgError::Refused(output.err().trim_end().to_owned()));
        }
        let (sources, failed) = parse::apt_update(&output.out());
        if failhard && !failed.is_empty() {
            return Err(PkgError::Refused(format!("Error getting repos: {}", failed.join(", "))));
        }
        Ok(sources.into_iter().collect::<Dict>().into())
    }

    fn has_lists(&self, host: &dyn Host) -> bool {
        host.list_dir(Path::new(LISTS))
            .is_ok_and(|names| names.iter().any(|n| n.contains("_Packages") || n.ends_with("InRelease")))
    }

    fn install(&self, targets: &[String], options: &InstallOptions) -> Cmd {
        let mut cmd = Self::changing(options);
        if let Some(release) = options.fromrepo.as_ref().filter(|_| !options.files) {
            cmd = cmd.arg("-t").arg(release);
        }
        cmd = cmd.arg("install");
        if options.reinstall && !options.files {
            cmd = cmd.arg("--reinstall");
        }
        cmd.arg("--").args(targets.iter().cloned())
    }

    fn keeps_configuration(&self) -> bool {
        true
    }

    fn remove(&self, names: &[String], purge: bool) -> Cmd {
        let action = if purge { "purge" } else { "remove" };
        Self::cmd("apt-get", ["-q", "-y", action, "--"]).args(names.iter().cloned())
    }

    fn upgrades(&self, host: &dyn Host, dist_upgrade: bool, fromrepo: Option<&str>) -> PkgResult<Selections> {
        let action = if dist_upgrade { "dist-upgrade" } else { "upgrade" };
        let mut cmd = Self::cmd("apt-get", ["--just-print", action]);
        if let Some(release) = fromrepo {
            cmd = cmd.arg("-o").arg(format!("APT::Default-Release={release}"));
        }
        let output = host.run(&cmd)?;
        if !output.ok() {
            let said = [output.err(), output.out()].into_iter().find(|t| !t.trim().is_empty());
            let said = said.map(|t| format!(": {}", t.trim_end())).unwrap_or_default();
            return Err(PkgError::Refused(format!("Failed to get upgrades{said}")));
        }
        Ok(parse::apt_upgrades(&output.out()))
    }

    fn upgrade(&self, names: &[String], dist_upgrade: bool, options: &InstallOptions) -> Cmd {
        let cmd = Self::changing(options);
        if names.is_empty() {
            return cmd.arg(if dist_upgrade { "dist-upgrade" } else { "upgrade" });
        }
        cmd.args(["install", "--only-upgrade", "--"]).args(names.iter().cloned())
    }

    fn holds(&self, _host: &dyn Host, listing: &Listing) -> PkgResult<Vec<String>> {
        let held = listing.selections.iter().filter(|(_, selection)| selection == "hold");
        Ok(held.map(|(name, _)| name.clone()).collect())
    }

    fn set_hold(&self, host: &dyn Host, name: &str, hold: bool) -> PkgResult<bool> {
        self.select(host, name, if hold { "hold" } else { "install" }).map(|()| true)
    }

    fn hold_style(&self) -> HoldStyle {
        HoldStyle::Selection
    }

    fn select(&self, host: &dyn Host, name: &str, selection: &str) -> PkgResult<()> {
        let cmd = Self::cmd("dpkg", ["--set-selections"]).stdin(format!("{name} {selection}\n"));
        let output = host.run(&cmd)?;
        match output.ok() {
            true => Ok(()),
            false => Err(PkgError::Refused(output.err().trim_end().to_owned())),
        }
    }

    fn file_info(&self, host: &dyn Host, path: &str) -> PkgResult<PackageFile> {
        let format = "${Package} ${Version} ${Architecture}";
        let output = host.run(&Self::cmd("dpkg-deb", ["--show", "--showformat", format, "--", path]))?;
        let text = output.out();
        let mut words = text.split_whitespace().map(str::to_owned);
        match (words.next(), words.next(), words.next()) {
            (Some(name), Some(version), Some(arch)) if output.ok() => {
                let foreign = arch != "all" && arch != self.arch;
                let name = if foreign { format!("{name}:{arch}") } else { name };
                Ok(PackageFile { name, version, arch })
            }
            _ => {
                Err(PkgError::Refused(format!("{path} is not a Debian package: {}", output.err().trim_end())))
            }
        }
    }

    fn autoremove(&self, purge: bool) -> PkgResult<Cmd> {
        let purge: &[&str] = if purge { &["--purge"] } else { &[] };
        Ok(Self::cmd("apt-get", ["--assume-yes"]).args(purge.iter().copied()).arg("autoremove"))
    }

    fn superfluous(&self, host: &dyn Host, purge: bool) -> PkgResult<Vec<String>> {
        let purge: &[&str] = if purge { &["--purge"] } else { &[] };
        let cmd = Self::cmd("apt-get", ["--assume-no"]).args(purge.iter().copied()).arg("autoremove");
        Ok(parse::apt_autoremove(&self.ask(host, &cmd)?))
    }

    fn downloads(&self) -> Option<(&'static str, &'static str)> {
        Some(("/var/cache/apt", ".deb"))
    }

    fn files(&self, host: &dyn Host, names: &[String]) -> PkgResult<Files> {
        let format = "-f=${db:Status-Status}\\t${binary:Package}\\n";
        let output = host.run(&Self::cmd("dpkg-query", ["-W", format, "--"]).args(names.iter().cloned()))?;
        if !output.ok() {
            return Err(PkgError::Refused(format!("Error:  {}", output.err().trim_end())));
        }
        let text = output.out();
        let installed = text.lines().filter_map(|line| line.strip_prefix("installed\t"));
        installed
            .map(|name| {
                let list = self.ask(host, &Self::cmd("dpkg-query", ["-L", "--", name]))?;
                Ok((name.to_owned(), list.lines().map(str::to_owned).collect()))
            })
            .collect()
    }

    fn owner(&self, host: &dyn Host, path: &str) -> PkgResult<Option<String>> {
        let found = self.ask(host, &Self::cmd("dpkg-query", ["-S", "--", path]))?;
        let line = found.lines().find(|line| !line.starts_with("diversion by "));
        Ok(line.and_then(|line| line.split([':', ',']).next()).map(str::to_owned))
    }

    fn info(&self, host: &dyn Host, names: &[String], failhard: bool) -> PkgResult<Vec<(String, Dict)>> {
        let format = [
            "package:${Package}",
            "revision:${binary:Revision}",
            "architecture:${Architecture}",
            "maintainer:${Maintainer}",
            "summary:${Summary}",
            "source:${source:Package}",
            "version:${Version}",
            "section:${Section}",
            "origin:${Origin}",
            "homepage:${Homepage}",
            "status:${db:Status-Abbrev}",
            "install_date:${db-fsys:Last-Modified}",
            "description:${Description}",
            "",
            END,
            "",
        ];
        let format = format!("-f={}", format.join("\\n"));
        let cmd = Self::cmd("dpkg-query", ["-W", &format, "--"]).args(names.iter().cloned());
        let output = host.run(&cmd)?;
        if !output.ok() {
            let said = output.err();
            return match failhard {
                true => {
                    Err(PkgError::Refused(format!("Error getting packages information: {}", said.trim_end())))
                }
                false => Ok(Vec::new()),
            };
        }
        let mut all = parse::dpkg_info(&output.out(), END);
        for (name, fields) in &mut all {
            let copyright = host.read_opt(Path::new(&format!("/usr/share/doc/{name}/copyright")))?;
            let licences = parse::licences(&String::from_utf8_lossy(&copyright.unwrap_or_default()));
            if !licences.is_empty() {
                fields.insert("license", licences);
            }
        }
        Ok(all)
    }

    fn compare(&self) -> Compare {
        version::debian
    }

    fn normalize(&self, name: &str) -> String {
        match name.rsplit_once(':') {
            Some((short, arch)) if arch == self.arch || matches!(arch, "all" | "any") => short.to_owned(),
            _ => name.to_owned(),
        }
    }

    fn parse_arch<'n>(&self, name: &'n str) -> (&'n str, Option<&'n str>) {
        name.rsplit_once(':').map_or((name, None), |(name, arch)| (name, Some(arch)))
    }

    fn run(&self, host: &dyn Host, cmd: &Cmd) -> PkgResult<Output> {
        /// Together a little over four minutes.
        const PAUSES: [u64; 7] = [2, 4, 8, 16, 32, 64, 128];
        let mut output = host.run(cmd)?;
        for pause in PAUSES {
            if output.ok() || !output.err().contains("Could not get lock") {
                break;
            }
            tracing::warn!("another process holds the lock of dpkg; trying again in {pause} s");
            host.sleep(Duration::from_secs(pause))?;
            output = host.run(cmd)?;
        }
        Ok(output)
    }
}
