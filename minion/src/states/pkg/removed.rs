//! `pkg.removed` and `pkg.purged`

use data::loose::Flag;
use data::{Dict, Value};

use super::super::{Applied, Outcome, Plan, State, StateError};
use super::failed;
use crate::exec::pkg::{self, Backend, PkgResult, Wanted, backend, listing, version};
use crate::{Ctx, args};

args! {
    /// Packages are not installed; their configuration files may stay.
    ///
    /// ```yaml
    /// old:
    ///   pkg.removed:
    ///     - pkgs: [telnet, 'lib*-dev']
    /// ```
    /// Also: version (only that one), normalize, ignore_epoch. Changes: `{name: {old, new}}`.
    pub struct Removed {
        name: String,
        #[serde(default)]
        version: Value,
        #[serde(default)]
        pkgs: Value,
        #[serde(default = yes)]
        normalize: Flag,
        #[serde(default)]
        ignore_epoch: Option<Flag>,
    }

    /// Packages are not installed and their configuration files are gone.
    ///
    /// ```yaml
    /// telnet:
    ///   pkg.purged
    /// ```
    /// Also: as `pkg.removed`. Changes: `installed` and `removed`, each `{name: {old, new}}`.
    pub struct Purged {
        name: String,
        #[serde(default)]
        version: Value,
        #[serde(default)]
        pkgs: Value,
        #[serde(default = yes)]
        normalize: Flag,
        #[serde(default)]
        ignore_epoch: Option<Flag>,
    }
}

fn yes() -> Flag {
    Flag(true)
}

/// What both have in common.
struct Removal<'a> {
    name: &'a str,
    version: &'a Value,
    pkgs: &'a Value,
    normalize: bool,
    ignore_epoch: Option<bool>,
    purge: bool,
}

impl Removal<'_> {
    /// `remove` or `purge`.
    fn action(&self) -> &'static str {
        if self.purge { "purge" } else { "remove" }
    }

    fn wanted(&self, backend: &dyn Backend) -> PkgResult<Wanted> {
        let normalize = |n: &str| if self.normalize { backend.normalize(n) } else { n.to_owned() };
        if self.pkgs.is_true() {
            return pkg::wanted(self.pkgs, normalize);
        }
        let version = self.version.is_true().then(|| self.version.to_string());
        Ok(self.name.split(',').map(|n| (normalize(n.trim()), version.clone())).collect())
    }

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Vec<String>>, StateError> {
        let backend = backend(ctx)?;
        let all = listing(ctx, &*backend)?;
        let mut targets = Vec::new();
        let mut has_version = false;
        for (name, wanted) in self.wanted(&*backend)? {
            let current = all.installed.get(&name).or_else(|| all.purge_desired.get(&name));
            has_version |= current.is_some() && wanted.is_some();
            let is_meant = match (current, wanted.as_deref()) {
                (None, _) => false,
                (Some(_), None) => true,
                (Some(versions), Some(wanted)) => {
                    version::fulfils(versions, wanted, self.ignore_epoch, false, backend.compare())
                }
            };
            if is_meant || (self.purge && all.removed.contains_key(&name)) {
                targets.push(name);
            }
        }
        targets.sort();
        targets.dedup();
        if targets.is_empty() {
            return Ok(Plan::nothing(match (self.purge, has_version) {
                (true, _) => "None of the targeted packages are installed or partially installed",
                (false, true) => "All specified packages (matching specified versions) are already absent",
                (false, false) => "All specified packages are already absent",
            }));
        }
        let new = format!("{}d", self.action());
        let changes: Dict = targets
            .iter()
            .map(|name| (name.as_str(), Dict::new().with("new", new.as_str()).with("old", "")))
            .collect();
        let comment = format!("The following packages will be {new}: {}.", targets.join(", "));
        Ok(Plan::steps(vec![targets], changes, comment))
    }

    fn apply(&self, targets: &[String], ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let backend = backend(ctx)?;
        let wanted = self.wanted(&*backend)?;
        let doing = if self.purge { "purging" } else { "removing" };
        let names: Wanted = targets.iter().map(|name| (name.clone(), None)).collect();
        let changes = match pkg::remove(ctx, &*backend, &names, self.purge) {
            Ok(changes) => changes,
            Err(error) => return Ok(failed(doing, &error)),
        };
        let now = listing(ctx, &*backend)?;
        let left = |name: &&String| {
            now.installed.contains_key(*name) || (self.purge && now.removed.contains_key(*name))
        };
        let mut failed: Vec<&str> = targets.iter().filter(left).map(String::as_str).collect();
        failed.sort_unstable();
        let action = self.action();
        if !failed.is_empty() {
            let comment = format!("The following packages failed to {action}: {}.", failed.join(", "));
            return Ok(Outcome::new(Some(false), comment).with_changes(changes));
        }
        let mut absent: Vec<&str> = wanted
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|n| !targets.iter().any(|t| t == n))
            .collect();
        absent.sort_unstable();
        let comment = if absent.is_empty() {
            format!("All targeted packages were {action}d.")
        } else {
            format!(
                "The following packages were not installed: {} The following packages were {action}d: {}.",
                absent.join(", "),
                targets.join(", ")
            )
        };
        Ok(Outcome::new(Some(true), comment).with_changes(changes))
    }
}

impl State for Removed {
    const FUN: &'static str = "pkg.removed";
    type Step = Vec<String>;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Vec<String>>, StateError> {
        self.removal().plan(ctx)
    }

    fn apply(&self, step: Vec<String>, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        self.removal().apply(&step, ctx).map(Applied::Done)
    }
}

impl Removed {
    fn removal(&self) -> Removal<'_> {
        let Removed { name, version, pkgs, normalize, ignore_epoch } = self;
        let ignore_epoch = ignore_epoch.map(|f| f.0);
        Removal { name, version, pkgs, normalize: normalize.0, ignore_epoch, purge: false }
    }
}

impl State for Purged {
    const FUN: &'static str = "pkg.purged";
    type Step = Vec<String>;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Vec<String>>, StateError> {
        self.removal().plan(ctx)
    }

    fn apply(&self, step: Vec<String>, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        self.removal().apply(&step, ctx).map(Applied::Done)
    }
}

impl Purged {
    fn removal(&self) -> Removal<'_> {
        let Purged { name, version, pkgs, normalize, ignore_epoch } = self;
        let ignore_epoch = ignore_epoch.map(|f| f.0);
        Removal { name, version, pkgs, normalize: normalize.0, ignore_epoch, purge: true }
    }
}
