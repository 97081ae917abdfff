//! Mail aliases as they should be.

use data::{Dict, Value};

use super::{Applied, Plan, State, StateEntry, StateError, entry};
use crate::{Ctx, args};

/// The states of `alias`.
pub const STATES: &[StateEntry] = &[entry::<Present>(), entry::<Absent>()];

args! {
    /// Mail to a name goes to a target, or to each of a list of them.
    ///
    /// ```yaml
    /// root:
    ///   alias.present:
    ///     - target: ann@example.org
    /// ```
    pub struct Present {
        name: String,
        target: Value,
    }

    /// There is no alias of that name.
    pub struct Absent {
        name: String,
    }
}

impl State for Present {
    const FUN: &'static str = "alias.present";
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        let Present { name, target } = self;
        if ctx.call("aliases.has_target", vec![name.into(), target.clone()], Dict::new())?.is_true() {
            return Ok(Plan::nothing(format!("Alias {name} already present")));
        }
        Ok(Plan::steps(vec![()], Dict::new(), format!("Alias {name} -> {target} is set to be added")))
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let Present { name, target } = self;
        if !ctx.call("aliases.set_target", vec![name.into(), target.clone()], Dict::new())?.is_true() {
            return Err(StateError::refused(format!("Failed to set alias {name} -> {target}")));
        }
        let comment = format!("Set email alias {name} -> {target}");
        Ok(Applied::Changed { changes: Dict::new().with("alias", name), comment })
    }
}

impl State for Absent {
    const FUN: &'static str = "alias.absent";
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        let name = &self.name;
        if !ctx.call("aliases.get_target", vec![name.into()], Dict::new())?.is_true() {
            return Ok(Plan::nothing(format!("Alias {name} already absent")));
        }
        Ok(Plan::steps(vec![()], Dict::new(), format!("Alias {name} is set to be removed")))
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let name = &self.name;
        if !ctx.call("aliases.rm_alias", vec![name.into()], Dict::new())?.is_true() {
            return Err(StateError::refused(format!("Failed to remove alias {name}")));
        }
        let comment = format!("Removed alias {name}");
        Ok(Applied::Changed { changes: Dict::new().with("alias", name), comment })
    }
}
