//! `pkg.held` and `pkg.unheld`

use data::loose::Flag;
use data::{Dict, Value};

use super::super::{Applied, Plan, State, StateError};
use super::{is_empty_list, targets};
use crate::exec::pkg::{self, Backend, backend, listing};
use crate::{Ctx, args};

args! {
    /// Packages keep their version whatever is upgraded.
    ///
    /// ```yaml
    /// kernel:
    ///   pkg.held:
    ///     - pkgs: [linux-image-amd64, linux-headers-amd64]
    ///     - replace: true     # let go of all others; default: false
    /// ```
    /// Changes: per package what `pkg.hold` says of it.
    pub struct Held {
        name: String,
        #[serde(default)]
        version: Value,
        #[serde(default)]
        pkgs: Value,
        #[serde(default)]
        replace: Flag,
    }

    /// Packages may be upgraded again.
    ///
    /// ```yaml
    /// kernel:
    ///   pkg.unheld:
    ///     - pkgs: [linux-image-amd64]
    ///     - all: true         # all that are held; default: false
    /// ```
    /// Changes: per package what `pkg.unhold` says of it.
    pub struct Unheld {
        name: String,
        #[serde(default)]
        version: Value,
        #[serde(default)]
        pkgs: Value,
        #[serde(default)]
        all: Flag,
    }
}

/// A package to hold, or to let go, and what is said of it in test mode.
pub struct Step {
    name: String,
    hold: bool,
}

/// The packages that are held, under the names that the state has for them where it has one.
fn held(ctx: &Ctx<'_>, backend: &dyn Backend, wanted: &[String]) -> Result<Vec<String>, StateError> {
    let all = backend.holds(ctx.host, &*listing(ctx, backend)?)?;
    let known = |full: String| wanted.iter().find(|name| pkg::is_of(&full, name)).cloned().unwrap_or(full);
    Ok(all.into_iter().map(known).collect())
}

/// What `pkg.hold` says of it, without doing it, is what the plan announces.
fn planned(ctx: &Ctx<'_>, backend: &dyn Backend, steps: Vec<Step>) -> Result<Plan<Step>, StateError> {
    if steps.is_empty() {
        return Ok(Plan::nothing("No changes made"));
    }
    if !ctx.test {
        return Ok(Plan::steps(steps, Dict::new(), ""));
    }
    let (mut changes, mut comments) = (Dict::new(), Vec::new());
    for step in &steps {
        let would = if step.hold { "held" } else { "unheld" };
        comments.push(format!("The following package would be {would}: {}", step.name));
        changes.extend(act(ctx, backend, step)?);
    }
    Ok(Plan::steps(steps, changes, comments.join("\n")))
}

fn act(ctx: &Ctx<'_>, backend: &dyn Backend, step: &Step) -> Result<Dict, StateError> {
    let name = std::slice::from_ref(&step.name);
    Ok(if step.hold { pkg::hold(ctx, backend, name)? } else { pkg::unhold(ctx, backend, name)? })
}

fn applied(ctx: &Ctx<'_>, step: &Step) -> Result<Applied, StateError> {
    let backend = backend(ctx)?;
    let done = act(ctx, &*backend, step)?;
    let entry = done.get(&step.name);
    let good = entry.and_then(|e| e.get("result")).is_some_and(Value::is_true);
    let comment = match (step.hold, good) {
        (true, true) => format!("Package {} is now being held", step.name),
        (true, false) => format!("Package {} was not held", step.name),
        (false, _) => entry.and_then(|e| e.get("comment")).map(ToString::to_string).unwrap_or_default(),
    };
    if good {
        return Ok(Applied::Changed { changes: done, comment });
    }
    Err(StateError::refused(comment))
}

impl State for Held {
    const FUN: &'static str = "pkg.held";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        if is_empty_list(&self.pkgs) && !self.replace.0 {
            return Ok(Plan::nothing("No packages to be held provided"));
        }
        let wanted: Vec<String> = match is_empty_list(&self.pkgs) {
            true => Vec::new(),
            false => targets(&self.name, &self.version, &self.pkgs, str::to_owned)?
                .into_iter()
                .map(|w| w.0)
                .collect(),
        };
        let backend = backend(ctx)?;
        let held = held(ctx, &*backend, &wanted)?;
        let to_hold = wanted.iter().filter(|name| !held.contains(name));
        let mut steps: Vec<Step> = to_hold.map(|name| Step { name: name.clone(), hold: true }).collect();
        if self.replace.0 {
            let others = held.into_iter().filter(|name| !wanted.contains(name));
            steps.extend(others.map(|name| Step { name, hold: false }));
        }
        planned(ctx, &*backend, steps)
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        applied(ctx, &step)
    }
}

impl State for Unheld {
    const FUN: &'static str = "pkg.unheld";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        if is_empty_list(&self.pkgs) && !self.all.0 {
            return Ok(Plan::nothing("No packages to be unheld provided"));
        }
        let wanted = targets(&self.name, &self.version, &self.pkgs, str::to_owned)?;
        let wanted: Vec<String> = wanted.into_iter().map(|(name, _)| name).collect();
        let backend = backend(ctx)?;
        let held = held(ctx, &*backend, &wanted)?;
        let meant = held.into_iter().filter(|name| self.all.0 || wanted.contains(name));
        planned(ctx, &*backend, meant.map(|name| Step { name, hold: false }).collect())
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        applied(ctx, &step)
    }
}
