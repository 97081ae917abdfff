//! A minion without a master: files and pillar from the roots of this machine.

use std::sync::Arc;

use data::{Dict, Value};
use proto::config::MinionConfig;

use crate::caller::{Caller, Parts};
use crate::conn::{Asker, RemoteFiles, RemotePillar};
use crate::fileclient::LocalFiles;
use crate::grains;
use crate::host::real::RealHost;
use crate::jobs::{JobControl, NoJobs};
use crate::pillar::{LocalPillar, PillarError, PillarSource};

/// What a caller without a master is made of.
pub fn parts(config: &MinionConfig) -> Parts {
    Parts {
        opts: config.opts.clone(),
        host: Arc::new(RealHost::new()),
        grains: grains::collect,
        files: Arc::new(LocalFiles::from_opts(config.file_roots.clone(), &config.opts)),
        pillar: Arc::new(pillar(config)),
        jobs: Arc::new(NoJobs) as Arc<dyn JobControl>,
        events: None,
    }
}

/// What a caller is made of that has its files and its pillar from the master.
pub fn parts_with_master(config: &MinionConfig, asker: &Asker) -> Parts {
    Parts {
        files: Arc::new(RemoteFiles::new(asker.clone(), &config.cachedir)),
        pillar: Arc::new(RemotePillar::new(asker.clone(), config.saltenv.clone())),
        events: Some(Arc::new(asker.clone())),
        ..parts(config)
    }
}

/// The pillar of `pillar_roots`. Its templates may call execution functions; these have the files of the states.
pub fn pillar(config: &MinionConfig) -> LocalPillar {
    let files = Arc::new(LocalFiles::from_opts(config.pillar_roots.clone(), &config.opts));
    let caller = Caller::new(Parts {
        opts: config.opts.clone(),
        host: Arc::new(RealHost::new()),
        grains: grains::collect,
        files: Arc::new(LocalFiles::from_opts(config.file_roots.clone(), &config.opts)),
        pillar: Arc::new(NoPillar),
        jobs: Arc::new(NoJobs),
        events: None,
    });
    LocalPillar {
        id: config.id.clone(),
        opts: config.opts.clone(),
        files,
        nodegroups: Arc::clone(&config.nodegroups),
        functions: Some(caller),
    }
}

/// Nothing is known while the pillar itself is made.
struct NoPillar;

impl PillarSource for NoPillar {
    fn pillar(&self, _: &Value, _: Option<&str>, over: Option<&Value>) -> Result<Value, PillarError> {
        Ok(over.cloned().unwrap_or_else(|| Dict::new().into()))
    }
}
