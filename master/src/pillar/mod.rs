//! The pillar of a minion: the pillar tree rendered with the minion's grains, on the master.

use std::sync::Arc;

use data::Value;
use proto::config::MasterConfig;
use proto::message::PillarRequest;

/// Why there is no pillar at all. A file that does not render is no such reason: it is named in `_errors`.
#[derive(Debug, thiserror::Error)]
#[error("pillar of '{id}': {reason}")]
pub struct PillarError {
    /// The minion.
    pub id: String,
    /// What went wrong.
    pub reason: String,
}

/// Renders pillar.
#[derive(Debug)]
pub struct PillarServer {
    config: Arc<MasterConfig>,
}

impl PillarServer {
    /// The pillar server of a master.
    pub fn new(config: Arc<MasterConfig>) -> Self {
        PillarServer { config }
    }

    /// The pillar of one minion. Blocks while it renders.
    pub fn compile(&self, id: &str, request: &PillarRequest) -> Result<Value, PillarError> {
        let _ = (&self.config, request);
        Err(PillarError { id: id.to_owned(), reason: "not rendered yet".into() })
    }

    /// The top file's result for a minion: environments and their SLS files.
    pub fn top(&self, id: &str, request: &PillarRequest) -> Result<Value, PillarError> {
        self.compile(id, request)
    }
}
