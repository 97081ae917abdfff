//! SUSE: zypper.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use data::{Dict, Value};

use super::backend::{Backend, Files, InstallOptions, Listing, PackageFile, PkgError, PkgResult, Selections};
use super::version::{self, Compare};
use super::{parse_rpm as parse, rpm};
use crate::host::{Cmd, Host, Output};

const LOCKS: &str = "/etc/zypp/locks";

/// zypper on one architecture.
pub(super) struct Zypper {
    /// The `osarch` grain.
    pub(super) arch: String,
}

impl Zypper {
    fn cmd<'a>(args: impl IntoIterator<Item = &'a str>) -> Cmd {
        Cmd::of("zypper", ["--non-interactive"]).args(args.into_iter().map(str::to_owned)).env("LC_ALL", "C")
    }

    /// Packages and the versions that repositories have, newest first.
    fn search(
        host: &dyn Host,
        names: &[String],
        repo: Option<&str>,
    ) -> PkgResult<BTreeMap<String, Vec<String>>> {
        let mut cmd = Self::cmd(["--no-refresh", "search", "-s", "--match-exact", "-t", "package"]);
        if let Some(repo) = repo {
            cmd = cmd.arg("--repo").arg(repo);
        }
        // It fails when nothing is found.
        let output = host.run(&cmd.arg("--").args(names.iter().cloned()))?;
        let mut out: BTreeMap<_, _> = parse::zypper_search(&output.out()).into_iter().collect();
        out.values_mut().for_each(|versions| versions.sort_by(|a, b| version::rpm(b, a)));
        Ok(out)
    }
}

impl Backend for Zypper {
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
        let all = Self::search(host, names, fromrepo)?;
        Ok(all
            .into_iter()
            .filter_map(|(name, versions)| Some((name, versions.into_iter().next()?)))
            .collect())
    }

    fn available(&self, host: &dyn Host, names: &[String]) -> PkgResult<BTreeMap<String, Vec<String>>> {
        Self::search(host, names, None)
    }

    fn refresh(&self, host: &dyn Host, _valid: Duration, failhard: bool) -> PkgResult<Value> {
        let output = self.run(host, &Self::cmd(["refresh", "--force"]))?;
        if !output.ok() && failhard {
            return Err(PkgError::Refused(output.err().trim_end().to_owned()));
        }
        Ok(parse::zypper_refresh(&output.out()).into_iter().collect::<Dict>().into())
    }

    fn has_lists(&self, host: &dyn Host) -> bool {
        host.list_dir(Path::new("/var/cache/zypp/raw")).is_ok_and(|names| !names.is_empty())
    }

    fn install(&self, targets: &[String], options: &InstallOptions) -> Cmd {
        let mut cmd = Cmd::of("zypper", ["--non-interactive"]).env("LC_ALL", "C");
        if options.skip_verify {
            cmd = cmd.arg("--no-gpg-checks");
        }
        cmd = cmd.args(["--no-refresh", "install", "--auto-agree-with-licenses"]);
        for (set, option) in [
            (!options.files, "--name"),
            (options.downgrade, "--oldpackage"),
            (options.reinstall, "--force"),
            (options.download_only, "--download-only"),
            (options.recommends == Some(false), "--no-recommends"),
            (options.recommends == Some(true), "--recommends"),
        ] {
            if set {
                cmd = cmd.arg(option);
            }
        }
        if let Some(repo) = &options.fromrepo {
            cmd = cmd.arg("--repo").arg(repo);
        }
        let cmd = options.env.iter().fold(cmd, |cmd, (name, value)| cmd.env(name, value));
        cmd.arg("--").args(targets.iter().cloned())
    }

    fn remove(&self, names: &[String], _purge: bool) -> Cmd {
        Self::cmd(["remove", "--"]).args(names.iter().cloned())
    }

    fn upgrades(&self, host: &dyn Host, dist_upgrade: bool, fromrepo: Option<&str>) -> PkgResult<Selections> {
        let mut cmd = Self::cmd(["--no-refresh", "list-updates"]);
        if dist_upgrade {
            cmd = cmd.arg("--all");
        }
        if let Some(repo) = fromrepo {
            cmd = cmd.arg("--repo").arg(repo);
        }
        Ok(parse::zypper_updates(&host.run(&cmd)?.out()))
    }

    fn upgrade(&self, names: &[String], dist_upgrade: bool, options: &InstallOptions) -> Cmd {
        let mut cmd = Cmd::of("zypper", ["--non-interactive"]).env("LC_ALL", "C");
        if options.skip_verify {
            cmd = cmd.arg("--no-gpg-checks");
        }
        cmd = cmd.args([if dist_upgrade { "dist-upgrade" } else { "update" }, "--auto-agree-with-licenses"]);
        if names.is_empty() { cmd } else { cmd.arg("--").args(names.iter().cloned()) }
    }

    fn holds(&self, host: &dyn Host, _listing: &Listing) -> PkgResult<Vec<String>> {
        let text = host.read_opt(Path::new(LOCKS))?.unwrap_or_default();
        Ok(parse::zypper_locks(&String::from_utf8_lossy(&text)))
    }

    fn set_hold(&self, host: &dyn Host, name: &str, hold: bool) -> PkgResult<bool> {
        let action = if hold { "addlock" } else { "removelock" };
        Ok(host.run(&Self::cmd([action, "--", name]))?.ok())
    }

    fn verify(&self, host: &dyn Host, names: &[String], options: &[String]) -> PkgResult<Option<Dict>> {
        rpm::verify(host, names, options).map(Some)
    }

    fn downloads(&self) -> Option<(&'static str, &'static str)> {
        Some(("/var/cache/zypp/packages", ".rpm"))
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
