//! Fingerprints of the keys that this minion holds, to be compared with what the master says.

use std::path::PathBuf;

use data::Value;
use proto::keys::PublicKey;

use super::{ExecEntry, ExecError, ExecFn, entry};
use crate::{Ctx, args};

/// The functions of `key`.
pub const FUNCTIONS: &[ExecEntry] = &[entry::<Finger>(), entry::<FingerMaster>()];

args! {
    /// Return the fingerprint of the minion's own key, as `rsalt-key -f` prints it on the master.
    ///
    /// CLI Example: `rsalt-call --local key.finger`
    pub struct Finger {}

    /// Return the fingerprint of the master's key that this minion has pinned, as `rsalt-key -F master` prints it.
    ///
    /// CLI Example: `rsalt-call --local key.finger_master`
    pub struct FingerMaster {}
}

impl ExecFn for Finger {
    const FUN: &'static str = "key.finger";
    const SIGNATURE: &'static str = "";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        fingerprint(ctx, "minion.pub")
    }
}

impl ExecFn for FingerMaster {
    const FUN: &'static str = "key.finger_master";
    const SIGNATURE: &'static str = "";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        fingerprint(ctx, "minion_master.pub")
    }
}

/// The fingerprint of a key in `pki_dir`; empty, as in Salt, when there is no such key yet.
fn fingerprint(ctx: &Ctx<'_>, file: &str) -> Result<Value, ExecError> {
    let folder = PathBuf::from(ctx.opt("pki_dir").unwrap_or_default().to_string());
    let Some(text) = ctx.host.read_opt(&folder.join(file))? else { return Ok(Value::from("")) };
    let key = PublicKey::parse(&String::from_utf8_lossy(&text))
        .map_err(|e| ExecError::command(format!("{}: {e}", folder.join(file).display())))?;
    Ok(Value::from(key.fingerprint()))
}
