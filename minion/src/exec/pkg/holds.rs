//! Packages that keep their version.

use data::{Dict, Value};

use super::{Backend, HoldStyle, PkgError, PkgResult, listing};
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

/// Whether a selection or a lock of `full` (`libc6:amd64`) is one of `name`.
pub fn is_of(full: &str, name: &str) -> bool {
    full == name || full.split(':').next() == Some(name)
}

fn each(ctx: &Ctx<'_>, backend: &dyn Backend, names: &[String], hold: bool) -> PkgResult<Dict> {
    let known = listing(ctx, backend)?;
    let held = backend.holds(ctx.host, &known)?;
    let style = backend.hold_style();
    let mut out = Dict::new();
    for name in names {
        let is_held = held.iter().any(|full| is_of(full, name));
        let selected = known.selections.iter().find(|(full, _)| is_of(full, name)).map(|(_, s)| s.as_str());
        let entry = Dict::new().with("name", name);
        let (result, words, changes) = match (style, hold) {
            (HoldStyle::Selection, false) if selected.is_none() => {
                (Some(false), "does not have a state", Dict::new())
            }
            _ if is_held == hold => (Some(true), already(style, hold), Dict::new()),
            _ if ctx.test => (None, planned(style, hold), Dict::new()),
            _ => match backend.set_hold(ctx.host, name, hold)? && stays(ctx, backend, name, hold)? {
                true => (Some(true), done(style, hold), change(style, hold, selected)),
                false if hold => (Some(false), "was unable to be held", Dict::new()),
                false => (Some(false), "was unable to be unheld", Dict::new()),
            },
        };
        let comment = format!("Package {name} {words}.");
        out.insert(name, entry.with("changes", changes).with("result", result).with("comment", comment));
    }
    Ok(out)
}

/// dpkg takes a selection of a package that it does not know with a warning and forgets it.
fn stays(ctx: &Ctx<'_>, backend: &dyn Backend, name: &str, hold: bool) -> PkgResult<bool> {
    if backend.hold_style() == HoldStyle::Lock || !hold {
        return Ok(true);
    }
    let held = backend.holds(ctx.host, &*listing(ctx, backend)?)?;
    Ok(held.iter().any(|full| is_of(full, name)))
}

fn already(style: HoldStyle, hold: bool) -> &'static str {
    match (style, hold) {
        (_, true) => "is already set to be held",
        (HoldStyle::Selection, false) => "is already set not to be held",
        (HoldStyle::Lock, false) => "is not being held",
    }
}

fn planned(style: HoldStyle, hold: bool) -> &'static str {
    match (style, hold) {
        (_, true) => "is set to be held",
        (HoldStyle::Selection, false) => "is set not to be held",
        (HoldStyle::Lock, false) => "is set to be unheld",
    }
}

fn done(style: HoldStyle, hold: bool) -> &'static str {
    match (style, hold) {
        (_, true) => "is now being held",
        (HoldStyle::Selection, false) => "is no longer being held",
        (HoldStyle::Lock, false) => "is no longer held",
    }
}

fn change(style: HoldStyle, hold: bool, selected: Option<&str>) -> Dict {
    match (style, hold) {
        (HoldStyle::Selection, true) => old_new(selected, "hold"),
        (HoldStyle::Selection, false) => old_new(selected, "install"),
        (HoldStyle::Lock, true) => old_new("", "hold"),
        (HoldStyle::Lock, false) => old_new("hold", ""),
    }
}

fn old_new(old: impl Into<Value>, new: &str) -> Dict {
    Dict::new().with("old", old).with("new", new)
}
