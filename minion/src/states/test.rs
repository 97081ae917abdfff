//! States that touch nothing: to try requisites, outputs and test mode.

use super::{Applied, Plan, State, StateEntry, StateError, entry};
use crate::{Ctx, args};

/// Last line of the module's table.
pub const STATES: &[StateEntry] = &[entry::<Nop>()];

args! {
    /// Do nothing, successfully.
    ///
    /// ```yaml
    /// anchor:
    ///   test.nop
    /// ```
    pub struct Nop {
        #[serde(rename = "name")]
        _name: String,
    }
}

impl State for Nop {
    const FUN: &'static str = "test.nop";
    type Step = ();

    fn plan(&self, _: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        Ok(Plan::nothing("Success!"))
    }

    fn apply(&self, (): (), _: &Ctx<'_>) -> Result<Applied, StateError> {
        Ok(Applied::AsPlanned)
    }
}
