//! Runs states and shows what would be run.

mod bound;
mod compile;
mod disable;
mod events;
mod local_sls;
mod lock;
pub(crate) mod pause;
mod refused;
mod request;
mod retcode;
mod run;
mod show;

use std::path::Path;

use data::Value;

use super::{ExecEntry, ExecError, ExecFn, entry};
use crate::{Ctx, args};
use bound::Bound;

/// A state failed.
const STATE_FAILURE: i32 = 2;
/// The states could not be compiled.
const COMPILER_ERROR: i32 = 1;
/// The pillar has errors.
const PILLAR_FAILURE: i32 = 5;

/// The functions of `state` that run states.
pub const RUN: &[ExecEntry] = run::FUNCTIONS;
/// Those that show what would run.
pub const SHOW: &[ExecEntry] = show::FUNCTIONS;
/// Those that pause and end runs.
pub const PAUSE: &[ExecEntry] = pause::FUNCTIONS;
/// Those that keep requests.
pub const REQUEST: &[ExecEntry] = request::FUNCTIONS;
/// Those that disable states.
pub const DISABLE: &[ExecEntry] = disable::FUNCTIONS;
/// Those that are Salt's and make no sense on a minion of rsalt.
pub const REFUSED: &[ExecEntry] = refused::FUNCTIONS;
/// All others.
pub const FUNCTIONS: &[ExecEntry] = &[entry::<Running>()];

args! {
    /// Tell which state runs are in progress, in words; an empty list when none is.
    ///
    /// CLI Example: `rsalt '*' state.running`
    struct Running(Bound);
}

impl ExecFn for Running {
    const FUN: &'static str = "state.running";
    const SIGNATURE: &'static str = "concurrent=False";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(if self.0.concurrent.is_true() { Value::list() } else { lock::conflicts(ctx).into() })
    }
}

/// Writes a value for the owner alone, by renaming.
fn write_private(file: &Path, value: &Value) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;

    if let Some(dir) = file.parent() {
        std::fs::create_dir_all(dir)?;
    }
    let new = file.with_extension("new");
    let mut out =
        std::fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&new)?;
    out.write_all(&data::msgpack::encode(value))?;
    std::fs::rename(&new, file)
}
