//! The master as its runner and wheel functions see it: blocking, with the config of the moment.

use std::sync::Arc;
use std::time::Duration;

use proto::config::MasterConfig;
use proto::message::Event;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::Master;
use crate::fileserver::FileServer;
use crate::keys::{Change, Keys};
use crate::pillar::PillarServer;
use crate::runners;
use crate::store::Store;

/// For one call, on a thread of the blocking pool.
pub(super) struct View {
    master: Arc<Master>,
    config: Arc<MasterConfig>,
    keys: Arc<Keys>,
    files: Arc<FileServer>,
    pillar: Arc<PillarServer>,
    runtime: Handle,
}

impl View {
    pub(super) fn new(master: &Arc<Master>, runtime: Handle) -> Self {
        View {
            master: Arc::clone(master),
            config: master.config(),
            keys: master.keys(),
            files: master.files(),
            pillar: master.pillar(),
            runtime,
        }
    }
}

impl runners::Master for View {
    fn config(&self) -> &MasterConfig {
        &self.config
    }

    fn store(&self) -> &dyn Store {
        &*self.master.store
    }

    fn keys(&self) -> &Keys {
        &self.keys
    }

    fn fileserver(&self) -> &FileServer {
        &self.files
    }

    fn pillar(&self) -> &PillarServer {
        &self.pillar
    }

    fn connected(&self) -> Vec<String> {
        let mut ids = self.master.sessions.connected();
        ids.sort_unstable();
        ids
    }

    fn versions(&self) -> Vec<(String, String)> {
        let mut versions: Vec<(String, String)> =
            self.master.sessions.live().iter().map(|s| (s.id.clone(), s.version.clone())).collect();
        versions.sort_unstable();
        versions
    }

    fn refused(&self) -> Vec<(String, u64)> {
        self.master.refusals.table()
    }

    fn running(&self, minions: &[String], jids: &[String]) -> Vec<(String, Vec<String>)> {
        let limit =
            Duration::try_from_secs_f64(self.config.gather_job_timeout).unwrap_or(Duration::from_secs(10));
        self.runtime.block_on(async {
            let mut asked = JoinSet::new();
            for session in minions.iter().filter_map(|id| self.master.sessions.get(id)) {
                let jids = jids.to_vec();
                asked.spawn(async move {
                    let running = session.running(&jids, limit).await?;
                    Some((session.id.clone(), running))
                });
            }
            let mut answers: Vec<_> = asked.join_all().await.into_iter().flatten().collect();
            answers.sort_unstable();
            answers
        })
    }

    fn keys_changed(&self, changes: &[Change]) {
        changes.iter().for_each(|change| self.master.note_key(change, ""));
        if let Err(error) = self.runtime.block_on(self.master.keys_changed()) {
            tracing::error!(%error, "a change of keys has not reached the sessions");
        }
    }

    fn fire(&self, event: Event) {
        self.master.events.fire(event);
    }
}
