//! Where the pillar comes from: compiled from the roots of this machine, or asked of the master.

use data::Value;

/// Something that knows a minion's pillar.
pub trait PillarSource: Send + Sync {
    /// The pillar for a minion with these grains; `over` (`pillar=` on the command line) is merged in last
    /// and is visible while it is compiled.
    fn pillar(
        &self,
        grains: &Value,
        pillarenv: Option<&str>,
        over: Option<&Value>,
    ) -> Result<Value, PillarError>;
}

/// A pillar that could not be had. Errors inside the pillar's SLS files are not of this kind: they are in
/// its `_errors`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed to get the pillar: {reason}")]
pub struct PillarError {
    /// What went wrong.
    pub reason: String,
}
