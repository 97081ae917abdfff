//! The pillar of a minion: the pillar tree rendered on the master with the minion's grains. `salt[…]` in it
//! runs here, on the master, as in Salt.

use std::sync::Arc;

use data::Value;
use minion::fileclient::LocalFiles;
use minion::host::Host;
use minion::host::real::RealHost;
use minion::pillar::{LocalPillar, PillarSource};
use minion::{Caller, NoJobs, Parts};
use proto::config::{MasterConfig, Roots};
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
        let fail = |reason: String| PillarError { id: id.to_owned(), reason };
        let over = match &request.overrides {
            Value::None => None,
            Value::Dict(d) => Some(d).filter(|d| !d.is_empty()),
            other => return Err(fail(format!("pillar= is to be a dict, not a {}", other.type_name()))),
        };
        let pillarenv = request.pillarenv.as_deref().or(self.config.pillarenv.as_deref());
        let over = over.map(|over| Value::Dict(Arc::clone(over)));
        let tree = self.tree(id, request);
        tree.pillar_with(&request.grains, pillarenv, over.as_ref(), &request.external)
            .map_err(|e| fail(e.reason))
    }

    fn tree(&self, id: &str, request: &PillarRequest) -> LocalPillar {
        let config = &self.config;
        let files = |roots: &Roots| Arc::new(LocalFiles::from_opts(roots.clone(), &config.opts));
        let mut opts = config.opts.clone();
        if let Some(opts) = opts.as_dict_mut() {
            for (key, value) in [
                ("id", Value::from(id)),
                ("minion_id", Value::from(id)),
                ("grains", request.grains.clone()),
                ("file_client", "local".into()),
            ] {
                opts.insert(key, value);
            }
            if let Some(saltenv) = &request.saltenv {
                opts.insert("saltenv", saltenv.as_str());
            }
        }
        let caller = Caller::new(Parts {
            opts: opts.clone(),
            host: Arc::new(RealHost::new()),
            // The minion's, not those of the machine this runs on.
            grains: |_: &dyn Host, opts: &Value| opts.get("grains").cloned().unwrap_or_default(),
            // Functions have the files of the states.
            files: files(&config.file_roots),
            pillar: Arc::new(NotYet),
            jobs: Arc::new(NoJobs),
            events: None,
        });
        LocalPillar {
            id: id.to_owned(),
            opts,
            files: files(&config.pillar_roots),
            nodegroups: Arc::clone(&config.nodegroups),
            functions: Some(caller),
        }
    }
}

/// While pillar is made, functions see none.
struct NotYet;

impl PillarSource for NotYet {
    fn pillar(
        &self,
        _: &Value,
        _: Option<&str>,
        _: Option<&Value>,
    ) -> Result<Value, minion::pillar::PillarError> {
        Ok(Value::dict())
    }
}
