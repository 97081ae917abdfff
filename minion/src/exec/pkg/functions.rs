//! The functions of the module `pkg`.

use std::time::Duration;

use data::loose::{Flag, OneOrMany, Seconds};
use data::{Dict, Value};
use proto::target::glob::Glob;

use super::{
    InstallOptions, PkgError, PkgResult, Request, backend, compare, install, joined, latest, listed, listing,
    refresh, remove, sources, upgrade, wanted,
};
use crate::Ctx;
use crate::args;
use crate::exec::{ExecEntry, ExecError, ExecFn, entry};

/// The rows of this module.
pub const FUNCTIONS: &[ExecEntry] = &[
    entry::<Install>(),
    entry::<Remove>(),
    entry::<Purge>(),
    entry::<ListPkgs>(),
    entry::<Version>(),
    entry::<Version>().also_as("pkg_resource.version"),
    entry::<LatestVersion>(),
    entry::<LatestVersion>().also_as("pkg.available_version"),
    entry::<UpgradeAvailable>(),
    entry::<ListUpgrades>(),
    entry::<ListUpgrades>().also_as("pkg.list_updates"),
    entry::<Upgrade>(),
    entry::<Upgrade>().also_as("pkg.update"),
    entry::<RefreshDb>(),
    entry::<ListRepoPkgs>(),
    entry::<Hold>(),
    entry::<Unhold>(),
    entry::<GetSelections>(),
    entry::<VersionCmp>(),
    entry::<NormalizeName>(),
    entry::<IsInstalled>(),
];

args! {
    /// Install packages. `pkg.install hello`, `pkg.install pkgs='["a", {"b": "1.2"}]'`,
    /// `pkg.install sources='[{"a": "salt://a.deb"}]'`.
    ///
    /// name: a package, or several with commas. version: of that one; `>=1.2` means the newest that fits.
    /// refresh: fetch the lists of packages first. fromrepo: a release (apt) or a repository (apk). debconf: a file of
    /// answers for debconf, set before. normalize: names without the machine's own architecture (default).
    /// Returns what changed: `{name: {old, new}}`.
    pub(crate) struct Install {
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        refresh: Flag,
        #[serde(default)]
        fromrepo: Option<String>,
        #[serde(default)]
        skip_verify: Flag,
        #[serde(default)]
        debconf: Option<String>,
        #[serde(default)]
        pkgs: Value,
        #[serde(default)]
        sources: Value,
        #[serde(default)]
        reinstall: Flag,
        #[serde(default)]
        downloadonly: Flag,
        #[serde(default)]
        ignore_epoch: Flag,
        #[serde(default = yes)]
        normalize: Flag,
        #[serde(default)]
        version: Value,
        #[serde(default)]
        kwargs: Dict,
    }

    /// Remove packages; their configuration files stay. `pkg.remove hello`, `pkg.remove pkgs='[a, b]'`.
    pub(crate) struct Remove {
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        pkgs: Value,
    }

    /// Remove packages and their configuration files. `pkg.purge hello`.
    pub(crate) struct Purge {
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        pkgs: Value,
    }

    /// List the installed packages and their versions.
    ///
    /// removed: those removed whose configuration is left instead. purge_desired: those selected for purging.
    /// versions_as_list: a list of versions per package instead of one text.
    pub(crate) struct ListPkgs {
        #[serde(default)]
        versions_as_list: Flag,
        #[serde(default)]
        removed: Flag,
        #[serde(default)]
        purge_desired: Flag,
    }

    /// The version of an installed package, empty when it is not; a dict for several names or a glob.
    pub(crate) struct Version {
        #[serde(default)]
        args: Vec<String>,
        #[serde(default)]
        kwargs: Dict,
    }

    /// The newest version that can be had of a package, empty when the installed one is as new.
    ///
    /// refresh: fetch the lists of packages first (default). show_installed: the newest version in any case.
    pub(crate) struct LatestVersion {
        #[serde(default)]
        args: Vec<String>,
        #[serde(default)]
        kwargs: Dict,
    }

    /// Whether a newer version of a package can be had.
    pub(crate) struct UpgradeAvailable {
        name: String,
    }

    /// What an upgrade of everything would install: package and version.
    pub(crate) struct ListUpgrades {
        #[serde(default = yes)]
        refresh: Flag,
        #[serde(default = yes)]
        dist_upgrade: Flag,
        #[serde(default)]
        kwargs: Dict,
    }

    /// Upgrade everything, or the packages in `pkgs`. Returns what changed.
    ///
    /// dist_upgrade: packages may come and go for it.
    pub(crate) struct Upgrade {
        #[serde(default = yes)]
        refresh: Flag,
        #[serde(default)]
        dist_upgrade: Flag,
        #[serde(default)]
        pkgs: OneOrMany<String>,
        #[serde(default)]
        kwargs: Dict,
    }

    /// Fetch the lists of packages. Per source: true when fetched, none when unchanged, false when it failed.
    ///
    /// cache_valid_time: seconds for which older lists are good enough. failhard: a source that failed is an error.
    pub(crate) struct RefreshDb {
        #[serde(default)]
        cache_valid_time: Seconds,
        #[serde(default)]
        failhard: Flag,
        #[serde(default, rename = "kwargs")]
        _kwargs: Dict,
    }

    /// All versions that the repositories have of packages.
    pub(crate) struct ListRepoPkgs {
        #[serde(default)]
        args: Vec<String>,
        #[serde(default, rename = "kwargs")]
        _kwargs: Dict,
    }

    /// Keep packages at their version.
    pub(crate) struct Hold {
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        pkgs: Value,
        #[serde(default)]
        sources: Value,
        #[serde(default, rename = "kwargs")]
        _kwargs: Dict,
    }

    /// Let packages be upgraded again.
    pub(crate) struct Unhold {
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        pkgs: Value,
        #[serde(default)]
        sources: Value,
        #[serde(default, rename = "kwargs")]
        _kwargs: Dict,
    }

    /// The selections of dpkg: `{install: [...], hold: [...]}`; `pattern` and `state` narrow them.
    pub(crate) struct GetSelections {
        #[serde(default)]
        pattern: Option<String>,
        #[serde(default)]
        state: Option<String>,
    }

    /// Compare two versions: -1, 0 or 1.
    pub(crate) struct VersionCmp {
        pkg1: String,
        pkg2: String,
        #[serde(default)]
        ignore_epoch: Flag,
    }

    /// A package's name without the machine's own architecture.
    pub(crate) struct NormalizeName {
        name: String,
    }

    /// Whether a package is installed.
    pub(crate) struct IsInstalled {
        name: String,
    }
}

fn yes() -> Flag {
    Flag(true)
}

fn flag(kwargs: &Dict, key: &str) -> Option<bool> {
    kwargs.get(key).map(|v| data::args::from_value::<Flag>(v.clone()).map_or_else(|_| v.is_true(), |f| f.0))
}

fn text(kwargs: &Dict, key: &str) -> Option<String> {
    kwargs.get(key).filter(|v| v.is_true()).map(ToString::to_string)
}

fn seconds(kwargs: &Dict, key: &str) -> Result<Duration, ExecError> {
    match kwargs.get(key).filter(|v| v.is_true()) {
        None => Ok(Duration::ZERO),
        Some(value) => data::args::from_value::<Seconds>(value.clone())
            .map(|s| s.0)
            .map_err(|e| ExecError::invocation(format!("{key}: {e}"))),
    }
}

/// One, or several with commas, or a list of them.
fn several(kwargs: &Dict, key: &str) -> Vec<String> {
    match kwargs.get(key) {
        Some(Value::List(list)) => list.iter().map(ToString::to_string).collect(),
        Some(value) if value.is_true() => value.to_string().split(',').map(|t| t.trim().to_owned()).collect(),
        _ => Vec::new(),
    }
}

/// The options that a call or a state names.
pub fn options(kwargs: &Dict) -> InstallOptions {
    let fromrepo = text(kwargs, "fromrepo").or(text(kwargs, "repo"));
    let mut repositories = Vec::new();
    if fromrepo.is_none() {
        for key in ["disablerepo", "enablerepo"] {
            repositories.extend(several(kwargs, key).iter().map(|value| format!("--{key}={value}")));
        }
    }
    for key in ["disableexcludes", "branch"] {
        repositories.extend(text(kwargs, key).map(|value| format!("--{key}={value}")));
    }
    repositories.extend(several(kwargs, "setopt").iter().map(|value| format!("--setopt={value}")));
    let env = match kwargs.get("env") {
        Some(Value::Dict(all)) => all.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(),
        Some(Value::List(list)) => list
            .iter()
            .filter_map(Value::as_dict)
            .flat_map(|one| one.iter().map(|(k, v)| (k.to_string(), v.to_string())))
            .collect(),
        _ => Vec::new(),
    };
    InstallOptions {
        fromrepo,
        recommends: flag(kwargs, "install_recommends"),
        only_upgrade: flag(kwargs, "only_upgrade") == Some(true),
        force_conf_new: flag(kwargs, "force_conf_new") == Some(true),
        skip_verify: flag(kwargs, "skip_verify") == Some(true),
        download_only: flag(kwargs, "download_only").or(flag(kwargs, "downloadonly")) == Some(true),
        downgrade: flag(kwargs, "allow_downgrades").or(flag(kwargs, "force_yes")) == Some(true),
        reinstall: flag(kwargs, "reinstall") == Some(true),
        repositories,
        env,
        ..InstallOptions::default()
    }
}

/// Package files on this machine: `salt://` ones are fetched.
pub fn local_files(ctx: &Ctx<'_>, sources: &[(String, String)]) -> PkgResult<Vec<String>> {
    sources
        .iter()
        .map(|(name, source)| {
            if source.starts_with('/') {
                return Ok(source.clone());
            }
            if !source.contains("://") {
                return Err(PkgError::Argument(format!(
                    "Path {source} for package {name} is either not absolute or an invalid protocol"
                )));
            }
            let args = vec![Value::from(source), Value::from(ctx.saltenv())];
            match ctx.call("cp.cache_file", args, Dict::new()) {
                Ok(Value::Str(path)) if !path.is_empty() => Ok(path.to_string()),
                Ok(_) => {
                    Err(PkgError::Refused(format!("Unable to cache source {source} for package {name}")))
                }
                Err(error) => Err(PkgError::Refused(error.to_string())),
            }
        })
        .collect()
}

fn names(normalize: impl Fn(&str) -> String, name: Option<&str>, pkgs: &Value) -> PkgResult<super::Wanted> {
    match (pkgs.is_true(), name) {
        (true, _) => wanted(pkgs, normalize),
        (false, Some(name)) => Ok(name.split(',').map(|n| (normalize(n.trim()), None)).collect()),
        (false, None) => {
            Err(PkgError::Argument("One of name, pkgs, or sources must be specified.".to_owned()))
        }
    }
}

impl ExecFn for Install {
    const FUN: &'static str = "pkg.install";
    const SIGNATURE: &'static str = "name=None, refresh=False, fromrepo=None, skip_verify=False, debconf=None, \
                                     pkgs=None, sources=None, reinstall=False, downloadonly=False, \
                                     ignore_epoch=False, normalize=True, version=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let backend = backend(ctx)?;
        if let Some(answers) = &self.debconf {
            ctx.call("debconf.set_file", vec![answers.as_str().into()], Dict::new())?;
        }
        let asked = options(&self.kwargs);
        let mut request = Request {
            options: InstallOptions {
                fromrepo: self.fromrepo.or(asked.fromrepo),
                skip_verify: self.skip_verify.0,
                reinstall: self.reinstall.0,
                download_only: self.downloadonly.0 || asked.download_only,
                ..asked
            },
            ignore_epoch: self.ignore_epoch.0,
            refresh: self.refresh.0,
            cache_valid_time: seconds(&self.kwargs, "cache_valid_time")?,
            update_holds: flag(&self.kwargs, "update_holds") == Some(true),
            ..Request::default()
        };
        if self.pkgs.is_true() && self.sources.is_true() {
            return Err(ExecError::invocation("Only one of \"pkgs\" and \"sources\" can be used."));
        }
        if self.sources.is_true() {
            let sources =
                sources(
                    &self.sources,
                    |n| if self.normalize.0 { backend.normalize(n) } else { n.to_owned() },
                )
                .ok_or_else(|| ExecError::invocation("Invalidly formatted 'sources' parameter."))?;
            request.files = local_files(ctx, &sources)?;
        } else {
            let normalize = |n: &str| if self.normalize.0 { backend.normalize(n) } else { n.to_owned() };
            request.names = names(normalize, self.name.as_deref(), &self.pkgs)?;
            if let ([(_, version)], false, true) =
                (request.names.as_mut_slice(), self.pkgs.is_true(), self.version.is_true())
            {
                *version = Some(self.version.to_string());
            }
        }
        Ok(install(ctx, &*backend, &request)?.into())
    }
}

impl ExecFn for Remove {
    const FUN: &'static str = "pkg.remove";
    const SIGNATURE: &'static str = "name=None, pkgs=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let backend = backend(ctx)?;
        let names = names(|n| backend.normalize(n), self.name.as_deref(), &self.pkgs)?;
        Ok(remove(ctx, &*backend, &names, false)?.into())
    }
}

impl ExecFn for Purge {
    const FUN: &'static str = "pkg.purge";
    const SIGNATURE: &'static str = "name=None, pkgs=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let backend = backend(ctx)?;
        let names = names(|n| backend.normalize(n), self.name.as_deref(), &self.pkgs)?;
        Ok(remove(ctx, &*backend, &names, true)?.into())
    }
}

impl ExecFn for ListPkgs {
    const FUN: &'static str = "pkg.list_pkgs";
    const SIGNATURE: &'static str = "versions_as_list=False, removed=False, purge_desired=False, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let all = listing(ctx, &*backend(ctx)?)?;
        let mut versions = if self.removed.0 { all.removed.clone() } else { all.purge_desired.clone() };
        if !self.removed.0 && !self.purge_desired.0 {
            versions.extend(all.installed.clone());
        }
        Ok(if self.versions_as_list.0 { listed(&versions) } else { joined(&versions) }.into())
    }
}

impl ExecFn for Version {
    const FUN: &'static str = "pkg.version";
    const SIGNATURE: &'static str = "*args, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let installed = &listing(ctx, &*backend(ctx)?)?.installed;
        let as_list = flag(&self.kwargs, "versions_as_list") == Some(true);
        let shown = |versions: &[String]| match as_list {
            true => Value::from(versions.to_vec()),
            false => Value::from(versions.join(",")),
        };
        let mut out = Dict::new();
        for name in &self.args {
            if name.contains('*') {
                let pattern = Glob::new(name);
                let matching = installed.iter().filter(|(n, _)| pattern.matches(n));
                out.extend(matching.map(|(n, v)| (n.as_str(), shown(v))));
            } else {
                out.insert(name, shown(installed.get(name).map(Vec::as_slice).unwrap_or_default()));
            }
        }
        match (self.args.as_slice(), out.get_index(0)) {
            ([name], Some((_, version))) if !name.contains('*') => Ok(version.clone()),
            _ => Ok(out.into()),
        }
    }
}

impl ExecFn for LatestVersion {
    const FUN: &'static str = "pkg.latest_version";
    const SIGNATURE: &'static str = "*args, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        if self.kwargs.contains("repo") {
            return Err(ExecError::invocation("The 'repo' argument is invalid, use 'fromrepo' instead"));
        }
        if self.args.is_empty() {
            return Ok("".into());
        }
        let backend = backend(ctx)?;
        if flag(&self.kwargs, "refresh").unwrap_or(true) {
            refresh(ctx, &*backend, seconds(&self.kwargs, "cache_valid_time")?, false)?;
        }
        let show = flag(&self.kwargs, "show_installed") == Some(true);
        let fromrepo = text(&self.kwargs, "fromrepo");
        let found = latest(ctx, &*backend, &self.args, fromrepo.as_deref(), show)?;
        match found.as_slice() {
            [(_, version)] => Ok(version.as_str().into()),
            _ => Ok(found.into_iter().collect::<Dict>().into()),
        }
    }
}

impl ExecFn for UpgradeAvailable {
    const FUN: &'static str = "pkg.upgrade_available";
    const SIGNATURE: &'static str = "name, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let backend = backend(ctx)?;
        refresh(ctx, &*backend, Duration::ZERO, false)?;
        let found = latest(ctx, &*backend, &[self.name], None, false)?;
        Ok(found.iter().any(|(_, version)| !version.is_empty()).into())
    }
}

impl ExecFn for ListUpgrades {
    const FUN: &'static str = "pkg.list_upgrades";
    const SIGNATURE: &'static str = "refresh=True, dist_upgrade=True, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let backend = backend(ctx)?;
        if self.refresh.0 {
            refresh(ctx, &*backend, seconds(&self.kwargs, "cache_valid_time")?, false)?;
        }
        let fromrepo = text(&self.kwargs, "fromrepo");
        let upgrades = backend.upgrades(ctx.host, self.dist_upgrade.0, fromrepo.as_deref())?;
        Ok(upgrades.into_iter().collect::<Dict>().into())
    }
}

impl ExecFn for Upgrade {
    const FUN: &'static str = "pkg.upgrade";
    const SIGNATURE: &'static str = "refresh=True, dist_upgrade=False, pkgs=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let backend = backend(ctx)?;
        if self.refresh.0 {
            refresh(ctx, &*backend, seconds(&self.kwargs, "cache_valid_time")?, false)?;
        }
        Ok(upgrade(ctx, &*backend, &self.pkgs, self.dist_upgrade.0, &options(&self.kwargs))?.into())
    }
}

impl ExecFn for RefreshDb {
    const FUN: &'static str = "pkg.refresh_db";
    const SIGNATURE: &'static str = "cache_valid_time=0, failhard=False, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(refresh(ctx, &*backend(ctx)?, self.cache_valid_time.0, self.failhard.0)?)
    }
}

impl ExecFn for ListRepoPkgs {
    const FUN: &'static str = "pkg.list_repo_pkgs";
    const SIGNATURE: &'static str = "*args, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        if self.args.is_empty() {
            return Err(ExecError::invocation("pkg.list_repo_pkgs needs the names of packages"));
        }
        let all = backend(ctx)?.available(ctx.host, &self.args)?;
        Ok(all.into_iter().collect::<Dict>().into())
    }
}

impl ExecFn for Hold {
    const FUN: &'static str = "pkg.hold";
    const SIGNATURE: &'static str = "name=None, pkgs=None, sources=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let names = super::holds::targets(self.name, &self.pkgs, &self.sources)?;
        Ok(super::hold(ctx, &*backend(ctx)?, &names)?.into())
    }
}

impl ExecFn for Unhold {
    const FUN: &'static str = "pkg.unhold";
    const SIGNATURE: &'static str = "name=None, pkgs=None, sources=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let names = super::holds::targets(self.name, &self.pkgs, &self.sources)?;
        Ok(super::unhold(ctx, &*backend(ctx)?, &names)?.into())
    }
}

impl ExecFn for GetSelections {
    const FUN: &'static str = "pkg.get_selections";
    const SIGNATURE: &'static str = "pattern=None, state=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let pattern = Glob::new(self.pattern.as_deref().unwrap_or("*"));
        let mut out = Dict::new();
        if let Some(state) = &self.state {
            out.insert(state, Value::list());
        }
        for (name, state) in &listing(ctx, &*backend(ctx)?)?.selections {
            let short = name.split(':').next().unwrap_or(name);
            let meant = pattern.matches(name) || pattern.matches(short);
            if meant
                && self.state.as_ref().is_none_or(|s| s == state)
                && let Some(list) = out.entry_or(state, Value::list).as_list_mut()
            {
                list.push(name.as_str().into());
            }
        }
        Ok(out.into())
    }
}

impl ExecFn for VersionCmp {
    const FUN: &'static str = "pkg.version_cmp";
    const SIGNATURE: &'static str = "pkg1, pkg2, ignore_epoch=False, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let order = compare(&*backend(ctx)?, &self.pkg1, &self.pkg2, self.ignore_epoch.0);
        Ok((order as i8).into())
    }
}

impl ExecFn for NormalizeName {
    const FUN: &'static str = "pkg.normalize_name";
    const SIGNATURE: &'static str = "name";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(backend(ctx)?.normalize(&self.name).into())
    }
}

impl ExecFn for IsInstalled {
    const FUN: &'static str = "pkg.is_installed";
    const SIGNATURE: &'static str = "name";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(listing(ctx, &*backend(ctx)?)?.installed.contains_key(&self.name).into())
    }
}
