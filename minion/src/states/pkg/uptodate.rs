//! `pkg.uptodate`

use data::loose::{Flag, OneOrMany, Seconds};
use data::{Dict, Value};

use super::super::{Applied, Outcome, Plan, State, StateError};
use super::{failed, options};
use crate::exec::pkg::{self, backend, listing};
use crate::{Ctx, args};

args! {
    /// Everything that is installed is upgraded to its newest version.
    ///
    /// ```yaml
    /// all of it:
    ///   pkg.uptodate:
    ///     - refresh: true
    ///     - pkgs: [openssl]     # only these
    /// ```
    /// Also: dist_upgrade (true), cache_valid_time, fromrepo, skip_verify, force_conf_new, allow_downgrades. Changes: `{name: {old, new}}`.
    pub struct UpToDate {
        #[serde(rename = "name")]
        _name: String,
        #[serde(default)]
        refresh: Flag,
        #[serde(default)]
        pkgs: OneOrMany<String>,
        #[serde(default = yes)]
        dist_upgrade: Flag,
        #[serde(default)]
        cache_valid_time: Seconds,
        #[serde(default)]
        fromrepo: Option<String>,
        #[serde(default, rename = "skip_verify")]
        _skip_verify: Value,
        #[serde(default, rename = "force_conf_new")]
        _force_conf_new: Value,
        #[serde(default, rename = "allow_downgrades")]
        _allow_downgrades: Value,
    }
}

fn yes() -> Flag {
    Flag(true)
}

impl State for UpToDate {
    const FUN: &'static str = "pkg.uptodate";
    type Step = Vec<String>;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Vec<String>>, StateError> {
        let backend = backend(ctx)?;
        if self.refresh.0 {
            pkg::refresh(ctx, &*backend, self.cache_valid_time.0, false)?;
        }
        let mut upgrades = backend.upgrades(ctx.host, self.dist_upgrade.0, self.fromrepo.as_deref())?;
        if !self.pkgs.is_empty() {
            upgrades.retain(|(name, _)| self.pkgs.contains(name));
        }
        if upgrades.is_empty() {
            return Ok(Plan::nothing("System is already up-to-date"));
        }
        let installed = &listing(ctx, &*backend)?.installed;
        let old = |name: &str| installed.get(name).map(|v| v.join(",")).unwrap_or_default();
        let changes: Dict = upgrades
            .iter()
            .map(|(name, new)| (name.as_str(), Dict::new().with("new", new).with("old", old(name))))
            .collect();
        let names = upgrades.into_iter().map(|(name, _)| name).collect();
        Ok(Plan::steps(vec![names], changes, "System update will be performed"))
    }

    fn apply(&self, expected: Vec<String>, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let backend = backend(ctx)?;
        let names: &[String] = if self.pkgs.is_empty() { &[] } else { &expected };
        let options = options(ctx);
        let changes = match pkg::upgrade(ctx, &*backend, names, self.dist_upgrade.0, &options) {
            Ok(changes) => changes,
            Err(error) => return Ok(Applied::Done(failed("updating", &error))),
        };
        let missing: Vec<&String> = names.iter().filter(|name| !changes.contains(name)).collect();
        let outcome = if missing.is_empty() {
            Outcome::new(Some(true), "Upgrade ran successfully")
        } else {
            let list: Vec<&str> = missing.iter().map(|n| n.as_str()).collect();
            Outcome::new(
                Some(false),
                format!("The following package(s) failed to update: {}", list.join(", ")),
            )
        };
        Ok(Applied::Done(outcome.with_changes(changes)))
    }
}
