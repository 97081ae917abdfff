//! `pkg.group_installed`

use data::loose::OneOrMany;
use data::{Dict, Value};

use super::super::{Applied, Outcome, Plan, State, StateError, old_new};
use super::{failed, options};
use crate::exec::pkg::{self, Group, Request, Wanted, backend, listing};
use crate::{Ctx, args};

args! {
    /// A group of packages is installed: those that belong to it always and by default.
    ///
    /// ```yaml
    /// Load Balancer:
    ///   pkg.group_installed:
    ///     - skip: [piranha]       # none of those that the group cannot do without
    ///     - include: [haproxy]
    /// ```
    /// For dnf, yum and pacman. Also: fromrepo, enablerepo, disablerepo, skip_verify. Changes: `{name: {old, new}}`.
    pub struct GroupInstalled {
        name: String,
        #[serde(default)]
        skip: Option<Vec<String>>,
        #[serde(default)]
        include: OneOrMany<String>,
        #[serde(default, rename = "fromrepo")]
        _fromrepo: Value,
        #[serde(default, rename = "enablerepo")]
        _enablerepo: Value,
        #[serde(default, rename = "disablerepo")]
        _disablerepo: Value,
        #[serde(default, rename = "skip_verify")]
        _skip_verify: Value,
    }
}

/// What is to be installed.
pub struct Step {
    targets: Vec<String>,
    required: Vec<String>,
    partly: bool,
}

impl State for GroupInstalled {
    const FUN: &'static str = "pkg.group_installed";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        let backend = backend(ctx)?;
        let refused = |error: pkg::PkgError| {
            let name = &self.name;
            StateError::refused(format!(
                "An error was encountered while installing/updating group '{name}': {error}."
            ))
        };
        let Some(group) = backend.group(ctx.host, &self.name, &options(ctx)).map_err(refused)? else {
            return Err(StateError::refused("pkg.group_install not available for this platform"));
        };
        let members = |how: &str, group: &Group| group.members.get(how).cloned().unwrap_or_default();
        let installed = &listing(ctx, &*backend)?.installed;
        let is_there = |name: &String| installed.contains_key(name);
        let skip = self.skip.as_deref().unwrap_or_default();
        let (mandatory, default) = (members("mandatory", &group), members("default", &group));
        let bad: Vec<&str> =
            mandatory.iter().filter(|name| skip.contains(name)).map(String::as_str).collect();
        if !bad.is_empty() {
            return Err(StateError::refused(format!(
                "The following mandatory packages cannot be skipped: {}",
                bad.join(", ")
            )));
        }
        let optional = members("optional", &group);
        let partly = mandatory.iter().chain(&default).chain(&optional).any(is_there);
        let missing = |names: Vec<String>| names.into_iter().filter(|name| !is_there(name));
        let include = self.include.0.iter().filter(|name| !is_there(name)).cloned();
        let required: Vec<String> = missing(mandatory).chain(include).collect();
        let more = missing(default).filter(|name| !skip.contains(name) && !required.contains(name));
        let targets: Vec<String> = required.iter().cloned().chain(more).collect();
        if targets.is_empty() {
            return Ok(Plan::nothing(format!("Group '{}' is already installed", self.name)));
        }
        let changes: Dict = targets.iter().map(|name| (name.as_str(), old_new("", "installed"))).collect();
        let comment = match partly {
            true => format!("Group '{}' is partially installed and will be updated", self.name),
            false => format!("Group '{}' will be installed", self.name),
        };
        Ok(Plan::steps(vec![Step { targets, required, partly }], changes, comment))
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let backend = backend(ctx)?;
        let names: Wanted = step.targets.into_iter().map(|name| (name, None)).collect();
        let request = Request { names, options: options(ctx), ..Request::default() };
        let changes = match pkg::install(ctx, &*backend, &request) {
            Ok(changes) => changes,
            Err(error) => return Ok(Applied::Done(failed("installing", &error))),
        };
        let installed = &listing(ctx, &*backend)?.installed;
        let missing: Vec<&str> =
            step.required.iter().filter(|n| !installed.contains_key(*n)).map(String::as_str).collect();
        let comment = match (missing.is_empty(), step.partly) {
            (false, _) => format!("Failed to install the following packages: {}", missing.join(", ")),
            (true, true) => format!("Group '{}' was updated", self.name),
            (true, false) => format!("Group '{}' was installed", self.name),
        };
        Ok(Applied::Done(Outcome::new(Some(missing.is_empty()), comment).with_changes(changes)))
    }
}
