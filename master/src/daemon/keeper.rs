//! What the master does by itself now and then: notices key files that were copied in or removed, and
//! deletes old jobs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::Master;
use crate::duration;
use crate::keys::{KeyState, Verb};
use crate::lock::lock;
use crate::sessions;
use crate::wheel;

/// How often the key directories are looked at. Key commands do not wait for it.
const KEYS: Duration = Duration::from_secs(1);
/// How often all keys are looked at, changed or not.
const ALL: Duration = Duration::from_secs(60);
/// How often ephemeral minions are looked over that are gone without a word.
const EPHEMERAL: Duration = Duration::from_secs(15);
/// How often it is written down who is connected.
const SEEN: Duration = Duration::from_secs(300);
/// How often old jobs are deleted.
const JOBS: Duration = Duration::from_secs(600);

/// For so long it is known when a minion was connected for the last time.
const ABSENT: Duration = Duration::from_secs(3600);

/// When the key directories were changed for the last time, as far as the master has taken it over.
#[derive(Debug)]
pub(crate) struct KeyDirs {
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

    /// Does something that may write key files here, as `wrote` tells, and takes its changes for known ones
    /// if there were no others. What somebody else changes in the same instant is found [`ALL`].
    pub(crate) fn own_change<T>(&self, work: impl FnOnce() -> T, wrote: impl FnOnce(&T) -> bool) -> T {
        let unchanged = !self.changed();
        let done = work();
        if unchanged && wrote(&done) {
            self.seen();
        }
        done
    }

    fn changed(&self) -> bool {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) != times(&self.dirs)
    }
}

fn times(dirs: &[PathBuf]) -> Vec<Option<SystemTime>> {
    dirs.iter().map(|d| std::fs::metadata(d).and_then(|m| m.modified()).ok()).collect()
}

async fn look(master: &Arc<Master>) {
    if let Err(error) = master.keys_changed().await {
        tracing::error!(%error, "the minions' keys cannot be read");
    }
}

/// Ephemeral minions that have been gone for too long.
fn overdue(master: &Master) -> Vec<String> {
    let grace = Duration::try_from_secs_f64(master.config().ephemeral_grace).unwrap_or(Duration::MAX);
    let gone = |id: &String| {
        let absence = master.sessions.absence(id).unwrap_or_else(|| master.started.elapsed());
        absence > grace
    };
    master.keys().ephemerals().into_iter().filter(gone).collect()
}

/// Deletes the keys of ephemeral minions that are not connected. Whether there were any.
fn forget(master: &Master, ids: &[String], why: &str) -> bool {
    let mut any = false;
    for id in ids {
        if master.is_connected(id) {
            continue;
        }
        match master.keys().change_one(Verb::Delete, id, KeyState::Accepted) {
            Ok(Some(change)) => {
                tracing::info!(%id, why, "the key of an ephemeral minion is deleted");
                master.note_key(&change, why);
                master.events.fire(wheel::key_event(&change, Verb::Delete));
                any = true;
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%id, %error, "the key of an ephemeral minion is not deleted"),
        }
    }
    any
}

/// A minion with a token that was denied because its predecessor was still connected may be let in now.
async fn ask_again(master: &Arc<Master>) {
    for session in master.sessions.hopeful() {
        if master.sessions.get(&session.id).is_none() && master.keys().is_ephemeral(&session.id) {
            sessions::decide(master, &session).await;
        }
    }
}

/// Runs until the master stops.
pub(super) async fn keep(master: Arc<Master>) {
    let mut keys = tokio::time::interval(KEYS);
    keys.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut all = tokio::time::interval(ALL);
    all.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    all.tick().await;
    let mut seen = tokio::time::interval(SEEN);
    seen.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    seen.tick().await;
    let mut gone = tokio::time::interval(EPHEMERAL);
    gone.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut jobs = tokio::time::interval(JOBS);
    jobs.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = master.stopping() => return,
            _ = keys.tick() => {
                let left = std::mem::take(&mut *lock(&master.leaving));
                let left: Vec<String> = left.into_iter().filter(|id| master.keys().is_ephemeral(id)).collect();
                if forget(&master, &left, "stopped") || master.key_dirs.changed() {
                    look(&master).await;
                }
                ask_again(&master).await;
            }
            _ = all.tick() => look(&master).await,
            _ = seen.tick() => master.note_seen(&master.sessions.live()),
            _ = gone.tick() => {
                let overdue = overdue(&master);
                if forget(&master, &overdue, "gone for longer than ephemeral_grace") {
                    look(&master).await;
                }
            }
            _ = jobs.tick() => {
                master.sessions.forget(ABSENT);
                let keep = master.config().keep_jobs_seconds;
                if keep > 0 {
                    match master.store.delete_before(duration::now() - keep as f64).await {
                        Ok(0) => {}
                        Ok(jobs) => tracing::info!(jobs, "old jobs deleted"),
                        Err(error) => tracing::error!(%error, "old jobs cannot be deleted"),
                    }
                }
            }
        }
    }
}
