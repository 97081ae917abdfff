//! Alpine: apk.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use data::{Dict, Value};

use super::backend::{Backend, Files, InstallOptions, Listing, PackageFile, PkgError, PkgResult, Selections};
use super::parse;
use super::version::{self, Compare};
use crate::host::{Cmd, Host, Output};

/// Where the list of installed packages is, in the order in which releases moved it.
const INSTALLED: [&str; 2] = ["/lib/apk/db/installed", "/usr/lib/apk/db/installed"];
const LISTS: &str = "/var/cache/apk";

/// apk has no architectures in names and no list of held packages.
pub(super) struct Apk;

impl Apk {
    fn cmd<'a>(args: impl IntoIterator<Item = &'a str>) -> Cmd {
        Cmd::of("apk", args).env("LC_ALL", "C")
    }

    fn ask(host: &dyn Host, cmd: &Cmd, what: &str) -> PkgResult<String> {
        let output = host.run(cmd)?;
        match output.ok() {
            true => Ok(output.out()),
            false => Err(PkgError::Refused(format!("{what}: {}", output.err().trim_end()))),
        }
    }

    fn database_text(host: &dyn Host) -> PkgResult<String> {
        for path in INSTALLED {
            if let Some(db) = host.read_opt(Path::new(path))? {
                return Ok(String::from_utf8_lossy(&db).into_owned());
            }
        }
        Err(PkgError::Refused(format!("no list of installed packages in {}", INSTALLED.join(" or "))))
    }

    fn policy(host: &dyn Host, names: &[String]) -> PkgResult<BTreeMap<String, Vec<String>>> {
        let cmd = Self::cmd(["policy", "--"]).args(names.iter().cloned());
        let mut all: BTreeMap<String, Vec<String>> =
            parse::apk_policy(&Self::ask(host, &cmd, "Failed to list versions")?).into_iter().collect();
        all.values_mut().for_each(|versions| versions.sort_by(|a, b| version::alpine(b, a)));
        Ok(all)
    }
}

impl Backend for Apk {
    fn database(&self) -> &'static [&'static str] {
        &INSTALLED
    }

    fn list(&self, host: &dyn Host) -> PkgResult<Listing> {
        let installed = parse::apk_installed(&Self::database_text(host)?);
        Ok(Listing { installed, ..Listing::default() })
    }

    fn candidates(
        &self,
        host: &dyn Host,
        names: &[String],
        _fromrepo: Option<&str>,
    ) -> PkgResult<BTreeMap<String, String>> {
        let all = Self::policy(host, names)?;
        Ok(all
            .into_iter()
            .map(|(name, versions)| (name, versions.into_iter().next().unwrap_or_default()))
            .collect())
    }

    fn available(&self, host: &dyn Host, names: &[String]) -> PkgResult<BTreeMap<String, Vec<String>>> {
        Self::policy(host, names)
    }

    fn refresh(&self, host: &dyn Host, valid: Duration, _failhard: bool) -> PkgResult<Value> {
        if !valid.is_zero()
            && let Ok(Some(stat)) = host.stat(Path::new(LISTS))
            && let Ok(now) = host.now().duration_since(UNIX_EPOCH)
            && stat.mtime() + valid.as_secs_f64() > now.as_secs_f64()
        {
            return Ok(Value::Bool(true));
        }
        Self::ask(host, &Self::cmd(["update"]), "Problem encountered upgrading database")?;
        Ok(Value::Bool(true))
    }

    fn has_lists(&self, host: &dyn Host) -> bool {
        host.list_dir(Path::new(LISTS)).is_ok_and(|names| names.iter().any(|n| n.starts_with("APKINDEX")))
    }

    fn install(&self, targets: &[String], options: &InstallOptions) -> Cmd {
        let mut cmd = Self::cmd(["add"]);
        if options.newest {
            cmd = cmd.arg("--upgrade");
        }
        if options.skip_verify || options.files {
            cmd = cmd.arg("--allow-untrusted");
        }
        if let Some(repository) = &options.fromrepo {
            cmd = cmd.arg("--repository").arg(repository);
        }
        cmd.arg("--").args(targets.iter().cloned())
    }

    fn remove(&self, names: &[String], purge: bool) -> Cmd {
        let purge: &[&str] = if purge { &["--purge"] } else { &[] };
        Self::cmd(["del"]).args(purge.iter().copied()).arg("--").args(names.iter().cloned())
    }

    fn upgrades(
        &self,
        host: &dyn Host,
        _dist_upgrade: bool,
        _fromrepo: Option<&str>,
    ) -> PkgResult<Selections> {
        let out = Self::ask(host, &Self::cmd(["list", "--upgradable"]), "Failed to get upgrades")?;
        Ok(parse::apk_upgrades(&out))
    }

    fn upgrade(&self, names: &[String], _dist_upgrade: bool, _options: &InstallOptions) -> Cmd {
        if names.is_empty() {
            return Self::cmd(["upgrade"]);
        }
        Self::cmd(["add", "--upgrade", "--"]).args(names.iter().cloned())
    }

    fn holds(&self, _host: &dyn Host, _listing: &Listing) -> PkgResult<Vec<String>> {
        Err(PkgError::Refused(
            "apk has no held packages; pin a version with pkg.installed instead".to_owned(),
        ))
    }

    fn set_hold(&self, host: &dyn Host, _name: &str, _hold: bool) -> PkgResult<bool> {
        self.holds(host, &Listing::default()).map(|_| false)
    }

    fn files(&self, host: &dyn Host, names: &[String]) -> PkgResult<Files> {
        let one = |name: &String| {
            let list = Self::ask(host, &Self::cmd(["info", "-q", "-L", "--", name]), "Error")?;
            let files = list.lines().filter(|line| !line.is_empty()).map(|path| format!("/{path}"));
            Ok((name.clone(), files.collect()))
        };
        names.iter().map(one).collect()
    }

    fn owner(&self, host: &dyn Host, path: &str) -> PkgResult<Option<String>> {
        let output = host.run(&Self::cmd(["info", "--who-owns", "--", path]))?;
        Ok(parse::apk_owner(&output.out()))
    }

    fn info(&self, host: &dyn Host, names: &[String], failhard: bool) -> PkgResult<Vec<(String, Dict)>> {
        let all = parse::apk_info(&Self::database_text(host)?);
        if let Some(unknown) =
            names.iter().find(|name| !all.iter().any(|(n, _)| n == *name)).filter(|_| failhard)
        {
            return Err(PkgError::Refused(format!(
                "Error getting packages information: no packages found matching {unknown}"
            )));
        }
        Ok(all.into_iter().filter(|(name, _)| names.is_empty() || names.contains(name)).collect())
    }

    fn file_info(&self, host: &dyn Host, path: &str) -> PkgResult<PackageFile> {
        // The control data is a tar stream with `pkgname = …` and `pkgver = …` in .PKGINFO.
        let cmd = Cmd::of("tar", ["-xzOf", path, ".PKGINFO"]);
        let info = Self::ask(host, &cmd, &format!("{path} is not an Alpine package"))?;
        let field = |key: &str| {
            info.lines().find_map(|l| {
                l.strip_prefix(key)?.trim_start().strip_prefix('=').map(|v| v.trim().to_owned())
            })
        };
        match (field("pkgname"), field("pkgver")) {
            (Some(name), Some(version)) => {
                Ok(PackageFile { name, version, arch: field("arch").unwrap_or_default() })
            }
            _ => Err(PkgError::Refused(format!("{path} is not an Alpine package"))),
        }
    }

    fn compare(&self) -> Compare {
        version::alpine
    }

    fn normalize(&self, name: &str) -> String {
        name.to_owned()
    }

    fn run(&self, host: &dyn Host, cmd: &Cmd) -> PkgResult<Output> {
        Ok(host.run(cmd)?)
    }
}
