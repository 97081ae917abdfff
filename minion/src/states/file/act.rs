//! States of `file` that find out and act in one go.

use super::util::expand_user;
use crate::args::Arguments;
use crate::states::{Applied, Outcome, Plan, State, StateError};
use crate::{Ctx, Documented};

/// A state whose looking and doing are one walk, as in Salt: what it would do depends on what it did before.
/// In test mode it is walked without writing, otherwise once with it.
pub(crate) trait Act: Arguments + Documented {
    /// `file.function`.
    const FUN: &'static str;
    /// As [`State::KWARGS`].
    const KWARGS: bool = false;

    /// Does it; with `ctx.test` only tells.
    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError>;
}

impl<A: Act> State for A {
    const FUN: &'static str = <A as Act>::FUN;
    const KWARGS: bool = <A as Act>::KWARGS;
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        if ctx.test {
            return self.act(ctx).map(Plan::from);
        }
        Ok(Plan::steps(vec![()], data::Dict::new(), ""))
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        self.act(ctx).map(Applied::Done)
    }
}

/// The name with `~` expanded; it must be given.
pub(super) fn name_of(ctx: &Ctx<'_>, name: &str, fun: &str) -> Result<String, StateError> {
    if name.is_empty() {
        return Err(StateError::refused(format!("Must provide name to {fun}")));
    }
    Ok(expand_user(ctx, name))
}

/// The same for a path that must be absolute.
pub(super) fn path_of(ctx: &Ctx<'_>, name: &str, fun: &str) -> Result<String, StateError> {
    let name = name_of(ctx, name, fun)?;
    if name.starts_with('/') { Ok(name) } else { Err(StateError::refused(relative(&name))) }
}

/// What is said of a path that is not absolute.
pub(super) fn relative(name: &str) -> String {
    format!("Specified file {name} is not an absolute path")
}

/// Why there is no file to edit; none when there is one.
pub(super) fn unusable(ctx: &Ctx<'_>, name: &str) -> Option<String> {
    if !name.starts_with('/') {
        return Some(relative(name));
    }
    (!ctx.host.exists(name.as_ref())).then(|| format!("{name}: file not found"))
}

/// The name of a file that is there to be edited.
pub(super) fn file_of(ctx: &Ctx<'_>, name: &str, fun: &str) -> Result<String, StateError> {
    let name = name_of(ctx, name, fun)?;
    match unusable(ctx, &name) {
        None => Ok(name),
        Some(problem) => Err(StateError::refused(problem)),
    }
}

/// A result that has no changes.
pub(crate) fn well(comment: impl Into<String>) -> Result<Outcome, StateError> {
    Ok(Outcome::new(Some(true), comment))
}

/// A result that has none in test mode and is true otherwise.
pub(crate) fn done(ctx: &Ctx<'_>, changes: data::Dict, comment: impl Into<String>) -> Outcome {
    Outcome::new(if ctx.test { None } else { Some(true) }, comment).with_changes(changes)
}
