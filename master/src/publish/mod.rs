//! Jobs on their way out, and who is still expected to return them.
//!
//! A job is in the store before it is published. One for few minions goes down their sessions and nobody
//! else's: others neither see its arguments nor have the work of finding that it is not for them. One for
//! many goes out sealed over the publish port, and down the session of each expected minion that has not
//! yet shown that publishes reach it. Jobs that have not expired are kept here, so that a minion that
//! missed one gets it when it asks or comes back.

mod live;
mod roster;
mod wait;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use proto::group::Group;
use proto::keys::{KeyError, SignKey};
use proto::message::auth::Welcome;
use proto::message::{self, Job, Published, Return, TargetType, ToMinion};
use tokio::sync::mpsc;

use crate::bus::BusSender;
use crate::daemon::Master;
use crate::sessions::{Session, Sessions, Standing};

pub use live::LiveJob;
pub use roster::Roster;
pub use wait::{Limits, wait_for_returns};

/// A job for no more than one in so many of the connected minions is one for few.
const FEW: usize = 4;

/// Whether a job goes down the sessions of the minions it is for, instead of to everybody: when it names
/// them, or when they are few.
fn goes_to_few(job: &Job, expected: usize, connected: usize) -> bool {
    let named = match job.tgt_type {
        TargetType::List => true,
        TargetType::Glob => job.tgt.as_str().is_some_and(|id| !id.contains(['*', '?', '['])),
        _ => false,
    };
    named || expected.saturating_mul(FEW) <= connected
}

/// Seals, publishes, repeats.
pub struct Publisher {
    bus: BusSender,
    sign: SignKey,
    /// The group key; held while a publish is sealed and queued, so that the wire keeps the sequence.
    group: tokio::sync::Mutex<Group>,
    seq: AtomicU64,
    live: Mutex<live::LiveJobs>,
}

impl Publisher {
    /// A publisher with a fresh group key. `epoch` must be higher than that of any key before.
    pub fn new(bus: BusSender, sign: SignKey, epoch: u64) -> Result<Self, KeyError> {
        Ok(Publisher {
            bus,
            sign,
            group: tokio::sync::Mutex::new(Group::generate(epoch)?),
            seq: AtomicU64::new(0),
            live: Mutex::default(),
        })
    }

    /// Sequence number of the latest publish.
    pub fn seq(&self) -> u64 {
        self.seq.load(Ordering::Acquire)
    }

    /// What an accepted minion needs to read publishes.
    pub async fn welcome(&self, master: &Master, subscription: String) -> Welcome {
        let group = self.group.lock().await;
        Welcome {
            group: group.raw().clone(),
            verify_key: self.sign.verify_key().to_vec(),
            seq: self.seq(),
            time: master.clock(),
            version: crate::VERSION.to_string(),
            max_message: master.max_message() as u64,
            subscription,
        }
    }

    /// Takes over jobs of an earlier run that have not expired, with who has returned them.
    pub fn restore(&self, job: Job, expected: Vec<String>, returned: Vec<String>) {
        let live = LiveJob::new(Published { seq: 0, job }, expected);
        for id in returned {
            live.mark_returned(&id);
        }
        self.jobs().insert(Arc::new(live));
    }

    /// Publishes a job that is in the store. The returns go to `watch`, if there is one.
    pub async fn publish(
        &self,
        sessions: &Sessions,
        job: Job,
        expected: Vec<String>,
        watch: Option<mpsc::Sender<Arc<Return>>>,
    ) -> Result<Arc<LiveJob>, message::CodecError> {
        let group = self.group.lock().await;
        let direct = goes_to_few(&job, expected.len(), sessions.count());
        let seq = if direct { self.seq() } else { self.seq() + 1 };
        let published = Published { seq, job };
        let bytes = message::encode(&published)?;
        let live = Arc::new(LiveJob::new(published, expected));
        if let Some(watch) = watch {
            live.watch(watch);
        }
        // Before the first minion can answer.
        self.jobs().insert(Arc::clone(&live));
        let message = ToMinion::Job(live.published.clone());
        if direct {
            drop(group);
            let to = live.expected.iter().filter_map(|id| sessions.get(id)).collect();
            Session::send_all(to, &message).await;
            return Ok(live);
        }
        self.seq.fetch_add(1, Ordering::Release);
        match group.seal(&self.sign, live.published.seq, &bytes) {
            Ok(frame) => self.bus.publish(frame).await,
            // Does not happen with a key that exists; the minions find the gap and get the job.
            Err(error) => tracing::error!(%error, jid = %live.published.job.jid, "cannot seal a publish"),
        }
        drop(group);
        let here = live.expected.iter().filter_map(|id| sessions.get(id));
        Session::send_all(here.filter(|s| !s.subscribed()).collect(), &message).await;
        Ok(live)
    }

    /// A live job.
    pub fn job(&self, jid: &str) -> Option<Arc<LiveJob>> {
        self.jobs().get(jid)
    }

    /// All live jobs.
    pub fn all(&self) -> Vec<Arc<LiveJob>> {
        self.jobs().all()
    }

    /// Tells those who wait for it that a return is in the store.
    pub fn returned(&self, ret: &Arc<Return>) {
        if let Some(job) = self.job(&ret.jid) {
            job.returned(ret);
        }
    }

    /// Sends a minion what it has missed: jobs after `from_seq` that it has not returned.
    pub async fn resend(&self, session: &Arc<Session>, from_seq: u64) {
        self.send_missed(session, |job| job.published.seq > from_seq).await;
    }

    /// Sends a minion that has just been welcomed everything that waits for it.
    pub async fn catch_up(&self, session: &Arc<Session>) {
        self.send_missed(session, |job| job.published.job.expiry > 0.0).await;
    }

    async fn send_missed(&self, session: &Arc<Session>, wanted: impl Fn(&LiveJob) -> bool) {
        let mut missed = self.jobs().all();
        missed.retain(|job| wanted(job) && job.awaits(&session.id));
        missed.sort_by(|a, b| a.published.job.jid.cmp(&b.published.job.jid));
        for job in missed {
            if session.standing() != Standing::Accepted
                || session.send(&ToMinion::Job(job.published.clone())).await.is_err()
            {
                return;
            }
        }
    }

    /// A new group key: whoever is not in `sessions` cannot read what is published from now on.
    pub async fn rotate(&self, sessions: &Sessions) {
        let mut group = self.group.lock().await;
        match Group::generate(group.epoch() + 1) {
            Ok(new) => *group = new,
            Err(error) => {
                tracing::error!(%error, "the group key cannot be changed");
                return;
            }
        }
        let message = ToMinion::GroupKey(group.raw().clone());
        tracing::info!(epoch = group.epoch(), "the group key has changed");
        // One that is gone gets the key with its next welcome.
        Session::send_all(sessions.live(), &message).await;
    }

    /// Lets go of jobs that have expired and that nobody waits for.
    pub fn sweep(&self, now: f64) {
        self.jobs().sweep(now);
    }

    fn jobs(&self) -> std::sync::MutexGuard<'_, live::LiveJobs> {
        self.live.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
