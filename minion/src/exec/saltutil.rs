//! The minion itself: its jobs, its caches, what it knows.

use data::Value;

use super::{ExecEntry, ExecError, ExecFn, entry};
use crate::{Ctx, args};

/// The functions of `saltutil`.
pub const FUNCTIONS: &[ExecEntry] = &[entry::<Running>()];

args! {
    /// List the jobs that run on this minion.
    ///
    /// CLI Example: `rsalt '*' saltutil.running`
    pub struct Running {}
}

impl ExecFn for Running {
    const FUN: &'static str = "saltutil.running";
    const SIGNATURE: &'static str = "";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(running(ctx).iter().map(crate::RunningJob::to_value).collect::<Vec<_>>().into())
    }
}

/// What runs besides the job that asks.
fn running(ctx: &Ctx<'_>) -> Vec<crate::RunningJob> {
    let own = ctx.job().jid.as_str();
    ctx.caller().jobs().running().into_iter().filter(|job| job.jid != own).collect()
}
