//! Names for other states to depend on: states that do nothing.

use data::Value;

use super::file::act::{Act, well};
use super::{Outcome, StateEntry, StateError, entry};
use crate::{Ctx, args};

/// The states of `stateconf`.
pub const STATES: &[StateEntry] = &[entry::<Set>(), entry::<Set>().also_as("stateconf.context")];

args! {
    /// Do nothing, successfully: a goal for requisites, and a place for values.
    ///
    /// ```yaml
    /// database-ready:
    ///   stateconf.set:
    ///     - require:
    ///       - pkg: postgresql
    /// ```
    pub(crate) struct Set {
        #[serde(rename = "name")]
        _name: Value,
    }
}

impl Act for Set {
    const FUN: &'static str = "stateconf.set";
    const KWARGS: bool = true;

    fn act(&self, _: &Ctx<'_>) -> Result<Outcome, StateError> {
        well("")
    }
}
