//! What the master does by itself now and then: notices key files that were copied in or removed, and
//! deletes old jobs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::{Master, unix_time};
use crate::keys::KeyState;

/// How often the key directories are looked at. Key commands do not wait for it.
const KEYS: Duration = Duration::from_secs(1);
/// How often old jobs are deleted.
const JOBS: Duration = Duration::from_secs(600);

/// For so long it is known when a minion was connected for the last time.
const ABSENT: Duration = Duration::from_secs(3600);

/// When the key directories were changed for the last time, as far as the master has taken it over.
#[derive(Debug)]
pub(super) struct KeyDirs {
    dirs: Vec<PathBuf>,
    seen: Mutex<Vec<Option<SystemTime>>>,
}

impl KeyDirs {
    pub(super) fn new(pki_dir: &Path) -> Self {
        let dirs: Vec<PathBuf> =
            [KeyState::Accepted, KeyState::Rejected].iter().map(|s| pki_dir.join(s.dir())).collect();
        let seen = Mutex::new(times(&dirs));
        KeyDirs { dirs, seen }
    }

    /// The state of now is taken over.
    pub(super) fn seen(&self) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = times(&self.dirs);
    }

    fn changed(&self) -> bool {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) != times(&self.dirs)
    }
}

fn times(dirs: &[PathBuf]) -> Vec<Option<SystemTime>> {
    dirs.iter().map(|d| std::fs::metadata(d).and_then(|m| m.modified()).ok()).collect()
}

/// Runs until the master stops.
pub(super) async fn keep(master: Arc<Master>) {
    let mut keys = tokio::time::interval(KEYS);
    keys.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut jobs = tokio::time::interval(JOBS);
    jobs.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = master.stopping() => return,
            _ = keys.tick() => {
                if master.key_dirs.changed()
                    && let Err(error) = master.keys_changed().await
                {
                    tracing::error!(%error, "the minions' keys cannot be read");
                }
            }
            _ = jobs.tick() => {
                master.sessions.forget(ABSENT);
                let keep = master.config().keep_jobs_seconds;
                if keep > 0 {
                    match master.store.delete_before(unix_time() - keep as f64).await {
                        Ok(0) => {}
                        Ok(jobs) => tracing::info!(jobs, "old jobs deleted"),
                        Err(error) => tracing::error!(%error, "old jobs cannot be deleted"),
                    }
                }
            }
        }
    }
}
