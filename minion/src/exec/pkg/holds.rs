//! Packages that keep their version.

use data::{Dict, Value};

use super::{Backend, PkgError, PkgResult};
use crate::Ctx;

/// The names that a call of `hold` or `unhold` is about.
pub(super) fn targets(name: Option<String>, pkgs: &Value, sources: &Value) -> PkgResult<Vec<String>> {
    let list = match (pkgs.is_true(), sources.is_true(), name) {
        (true, true, _) => {
            return Err(PkgError::Argument("Only one of pkgs or sources can be specified.".to_owned()));
        }
        (true, false, _) => pkgs,
        (false, true, _) => sources,
        (false, false, Some(name)) => return Ok(vec![name]),
        (false, false, None) => {
            return Err(PkgError::Argument("One of name, pkgs, or sources must be specified.".to_owned()));
        }
    };
    super::wanted(list, str::to_owned).map(|all| all.into_iter().map(|(name, _)| name).collect())
}

/// Holds packages: per name a result, as a state has it.
pub fn hold(ctx: &Ctx<'_>, backend: &dyn Backend, names: &[String]) -> PkgResult<Dict> {
    each(ctx, backend, names, true)
}

/// Lets packages go.
pub fn unhold(ctx: &Ctx<'_>, backend: &dyn Backend, names: &[String]) -> PkgResult<Dict> {
    each(ctx, backend, names, false)
}

fn each(ctx: &Ctx<'_>, backend: &dyn Backend, names: &[String], hold: bool) -> PkgResult<Dict> {
    let selections = backend.selections(ctx.host)?;
    let mut out = Dict::new();
    for name in names {
        let is = |full: &str| full == name || full.split(':').next() == Some(name);
        let current = selections.iter().find(|(full, _)| is(full)).map(|(_, state)| state.as_str());
        let held = current == Some("hold");
        let not = if hold { "" } else { "not " };
        let (result, comment, changes) = if !hold && current.is_none() {
            (Some(false), format!("Package {name} does not have a state."), Dict::new())
        } else if held == hold {
            (Some(true), format!("Package {name} is already set {not}to be held."), Dict::new())
        } else if ctx.test {
            (None, format!("Package {name} is set {not}to be held."), Dict::new())
        } else {
            let state = if hold { "hold" } else { "install" };
            backend.select(ctx.host, name, state)?;
            let now = if hold { "now" } else { "no longer" };
            let changes = Dict::new().with("old", current).with("new", state);
            (Some(true), format!("Package {name} is {now} being held."), changes)
        };
        let entry = Dict::new()
            .with("name", name)
            .with("changes", changes)
            .with("result", result)
            .with("comment", comment);
        out.insert(name, entry);
    }
    Ok(out)
}
