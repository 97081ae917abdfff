//! Configuration, looked up where Salt looks: options, grains, pillar, the master's options in the pillar.

use data::Value;

use super::{ExecEntry, ExecError, ExecFn, entry};
use crate::{Ctx, args};

/// The functions of `config`.
pub const FUNCTIONS: &[ExecEntry] = &[entry::<Items>()];

args! {
    /// Return the whole configuration of the minion.
    ///
    /// CLI Example: `rsalt '*' config.items`
    pub struct Items {}
}

impl ExecFn for Items {
    const FUN: &'static str = "config.items";
    const SIGNATURE: &'static str = "";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(ctx.opts())
    }
}
