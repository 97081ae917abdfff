//! `pkg.uptodate`

use data::Dict;
use data::loose::{Flag, OneOrMany};

use super::super::{Applied, Outcome, Plan, State, StateError};
use super::failed;
use crate::exec::pkg::{self, InstallOptions, backend};
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
    /// Also: dist_upgrade (true). Changes: `{name: {old, new}}`.
    pub struct UpToDate {
        #[serde(rename = "name")]
        _name: String,
        #[serde(default)]
        refresh: Flag,
        #[serde(default)]
        pkgs: OneOrMany<String>,
        #[serde(default = yes)]
        dist_upgrade: Flag,
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
            pkg::refresh(ctx, &*backend, std::time::Duration::ZERO, false)?;
        }
        let mut upgrades = backend.upgrades(ctx.host, self.dist_upgrade.0, None)?;
        if !self.pkgs.is_empty() {
            upgrades.retain(|(name, _)| self.pkgs.contains(name));
        }
        if upgrades.is_empty() {
            return Ok(Plan::nothing("System is already up-to-date"));
        }
        let installed = backend.list(ctx.host)?.installed;
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
        let options = InstallOptions::default();
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
