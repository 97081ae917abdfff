//! Jobs on their way out, and who is still expected to return them.
//!
//! A job is in the store before it is published. One for few minions goes down their sessions and nobody
//! else's: others neither see its arguments nor have the work of finding that it is not for them. One for
//! many goes out sealed over the publish port, and down the session of each expected minion that has not
//! yet shown that publishes reach it. Jobs that have not expired are kept here, so that a minion that
//! missed one gets it when it asks or comes back. Of those that have, it is remembered who owes a return.

mod live;
mod overdue;
mod roster;
mod wait;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use proto::group::Group;
use proto::keys::{KeyError, SignKey};
use proto::message::auth::Welcome;
use proto::message::{self, Job, Published, Return, TargetType, ToMinion};
use tokio::sync::mpsc;

use crate::bus::BusSender;
use crate::daemon::Master;
use crate::lock::lock;
use crate::sessions::{Session, Sessions, Standing};
use crate::store::{Owed, StoredJob};

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
    overdue: Mutex<overdue::Overdue>,
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
            overdue: Mutex::default(),
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

    /// Takes over a job of an earlier run, with who has returned it.
    pub fn restore(&self, job: Job, expected: Vec<String>, returned: Vec<String>) -> Arc<LiveJob> {
        if let Some(live) = self.job(&job.jid) {
            return live;
        }
        let live = LiveJob::new(Published { seq: 0, job, late: false }, expected, None);
        for id in returned {
            live.mark_returned(&id);
        }
        let live = Arc::new(live);
        self.insert(Arc::clone(&live));
        live
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
        let published = Published { seq, job, late: false };
        let bytes = message::encode(&published)?;
        let live = Arc::new(LiveJob::new(published, expected, Some(Instant::now())));
        if let Some(watch) = watch {
            live.watch(watch);
        }
        // Before the first minion can answer.
        self.insert(Arc::clone(&live));
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
        lock(&self.overdue).returned(&ret.id, &ret.jid);
        if let Some(job) = self.job(&ret.jid) {
            job.returned(ret);
        }
    }

    /// Sends a minion what it has missed: jobs after `from_seq` that it has not returned.
    pub async fn resend(&self, session: &Arc<Session>, from_seq: u64) {
        self.send_missed(session, |job| (job.published.seq > from_seq).then_some(false)).await;
    }

    /// Sends a minion that has just been welcomed everything that waits for it, and what it owes since before
    /// that expired, so that it says what became of it.
    pub async fn catch_up(&self, master: &Master, session: &Arc<Session>) {
        let since = session.accepted_at();
        // One of now or never that goes out at this very moment is not late, and not missed.
        let wanted = |job: &LiveJob| match job.is_late_since(since) {
            false if job.published.job.expiry <= 0.0 => None,
            late => Some(late),
        };
        self.send_missed(session, wanted).await;
        let owed = lock(&self.overdue).of(&session.id);
        self.send_late(master, session, owed).await;
    }

    /// Sends what `wanted` says, as late or not.
    async fn send_missed(&self, session: &Arc<Session>, wanted: impl Fn(&LiveJob) -> Option<bool>) {
        let all = self.jobs().all();
        let mut missed: Vec<(Arc<LiveJob>, bool)> = all
            .into_iter()
            .filter(|job| job.awaits(&session.id))
            .filter_map(|job| wanted(&job).map(|late| (job, late)))
            .collect();
        missed.sort_by(|(a, _), (b, _)| a.published.job.jid.cmp(&b.published.job.jid));
        for (job, late) in missed {
            let published = Published { late, ..job.published.clone() };
            if session.standing() != Standing::Accepted
                || session.send(&ToMinion::Job(published)).await.is_err()
            {
                return;
            }
        }
    }

    /// Sends jobs out of the store that the minion owes a return of.
    async fn send_late(&self, master: &Master, session: &Arc<Session>, jids: Vec<String>) {
        if jids.is_empty() {
            return;
        }
        let store = Arc::clone(&master.store);
        let read = move || jids.iter().filter_map(|jid| store.job(jid).ok().flatten()).collect::<Vec<_>>();
        let Ok(stored) = tokio::task::spawn_blocking(read).await else { return };
        for StoredJob { job, .. } in stored {
            let published = Published { seq: 0, job, late: true };
            if session.standing() != Standing::Accepted
                || session.send(&ToMinion::Job(published)).await.is_err()
            {
                return;
            }
        }
    }

    /// Takes over who owes returns of jobs that have expired, and asks those who are connected.
    pub(crate) async fn owe(&self, master: &Master, owed: Vec<Owed>) {
        let mut asked: HashMap<String, Vec<String>> = HashMap::new();
        {
            let mut overdue = lock(&self.overdue);
            for Owed { jid, minions } in owed {
                for id in minions {
                    overdue.add(&id, &jid);
                    asked.entry(id).or_default().push(jid.clone());
                }
            }
        }
        for (id, jids) in asked {
            if let Some(session) = master.sessions.get(&id) {
                self.send_late(master, &session, jids).await;
            }
        }
    }

    /// The minion's key is gone: it owes nothing any more.
    pub(crate) fn forget(&self, id: &str) {
        lock(&self.overdue).forget(id);
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

    /// Lets go of jobs that have expired and that nobody waits for; what is owed of them comes back.
    pub fn sweep(&self, now: f64) -> Vec<Owed> {
        let overdue = self.jobs().sweep(now);
        overdue.iter().map(|job| Owed::of(job)).collect()
    }

    fn insert(&self, job: Arc<LiveJob>) {
        let pushed_out = self.jobs().insert(job);
        if let Some(job) = pushed_out {
            let Owed { jid, minions } = Owed::of(&job);
            let mut overdue = lock(&self.overdue);
            minions.iter().for_each(|id| overdue.add(id, &jid));
        }
    }

    fn jobs(&self) -> std::sync::MutexGuard<'_, live::LiveJobs> {
        lock(&self.live)
    }
}

impl Owed {
    fn of(job: &LiveJob) -> Self {
        Owed { jid: job.published.job.jid.clone(), minions: job.missing() }
    }
}
