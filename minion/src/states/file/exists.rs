//! `file.exists` and `file.missing`: only looked at.

use std::path::Path;

use super::act::{Act, name_of, well};
use crate::states::{Outcome, StateError};
use crate::{Ctx, args};

args! {
    /// Tell whether something is at a path; it is not made.
    ///
    /// ```yaml
    /// /etc/app.conf:
    ///   file.exists
    /// ```
    pub(crate) struct Exists {
        name: String,
    }

    /// Tell whether nothing is at a path; it is not removed.
    ///
    /// ```yaml
    /// /etc/nologin:
    ///   file.missing
    /// ```
    pub(crate) struct Missing {
        name: String,
    }
}

impl Act for Exists {
    const FUN: &'static str = "file.exists";
    const KWARGS: bool = true;

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let name = name_of(ctx, &self.name, Self::FUN)?;
        if !ctx.host.exists(Path::new(&name)) {
            return Err(StateError::refused(format!("Specified path {name} does not exist")));
        }
        well(format!("Path {name} exists"))
    }
}

impl Act for Missing {
    const FUN: &'static str = "file.missing";
    const KWARGS: bool = true;

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let name = name_of(ctx, &self.name, Self::FUN)?;
        if ctx.host.exists(Path::new(&name)) {
            return Err(StateError::refused(format!("Specified path {name} exists")));
        }
        well(format!("Path {name} is missing"))
    }
}
