//! The pillar: what the master tells this minion alone.

use data::Value;

use super::{ExecEntry, ExecError, ExecFn, entry};
use crate::{Ctx, args};

/// The functions of `pillar`.
pub const FUNCTIONS: &[ExecEntry] = &[entry::<Raw>()];

args! {
    /// Return the pillar that the minion holds, or one key of it.
    ///
    /// CLI Example: `rsalt '*' pillar.raw key='roles'`
    pub struct Raw {
        #[serde(default)]
        key: Value,
    }
}

impl ExecFn for Raw {
    const FUN: &'static str = "pillar.raw";
    const SIGNATURE: &'static str = "key=None, unmask=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let pillar = ctx.pillar();
        if !self.key.is_true() {
            return Ok(pillar);
        }
        let found = pillar.as_dict().and_then(|dict| dict.get_value(&self.key)).cloned();
        Ok(found.unwrap_or_else(Value::dict))
    }
}
