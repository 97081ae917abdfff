//! Jobs that minions may still start or return, or that somebody waits for.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use proto::message::{Published, Return};
use tokio::sync::mpsc;

use crate::lock::lock;

/// Live jobs at most; the oldest that nobody waits for go first. Their returns are still stored.
const LIVE: usize = 10_000;
/// A job is kept for so many seconds after it has expired: what is on its way comes first.
const LINGER: f64 = 5.0;

/// One job.
#[derive(Debug)]
pub struct LiveJob {
    /// The job as it went out.
    pub published: Published,
    /// Who was expected to return it at publish time, sorted.
    pub expected: Vec<String>,
    /// When it was published by this run of the master; none for a job of an earlier one.
    pub since: Option<Instant>,
    returned: Mutex<HashSet<String>>,
    watchers: Mutex<Vec<mpsc::Sender<Arc<Return>>>>,
}

impl LiveJob {
    pub(super) fn new(published: Published, mut expected: Vec<String>, since: Option<Instant>) -> Self {
        expected.sort_unstable();
        expected.dedup();
        LiveJob { published, expected, since, returned: Mutex::default(), watchers: Mutex::default() }
    }

    /// Whether it is one of now or never, and too late for a minion that is here since then.
    pub fn is_late_since(&self, accepted: Option<Instant>) -> bool {
        let before = self.since.zip(accepted).is_none_or(|(published, accepted)| published < accepted);
        self.published.job.expiry <= 0.0 && before
    }

    /// The minions that have not returned.
    pub fn missing(&self) -> Vec<String> {
        let returned = lock(&self.returned);
        self.expected.iter().filter(|id| !returned.contains(*id)).cloned().collect()
    }

    /// Whether the job is for this minion and not returned by it.
    pub fn awaits(&self, id: &str) -> bool {
        self.expected.binary_search_by(|e| e.as_str().cmp(id)).is_ok() && !lock(&self.returned).contains(id)
    }

    /// Whether the minion has returned.
    pub fn has_returned(&self, id: &str) -> bool {
        lock(&self.returned).contains(id)
    }

    /// Whether every expected minion has returned.
    pub fn is_complete(&self) -> bool {
        let returned = lock(&self.returned);
        self.expected.iter().all(|id| returned.contains(id))
    }

    /// Sends all returns from now on to `watch`. It must hold as many as there may be minions: a
    /// watcher that is full loses its place, and finds its channel closed.
    pub fn watch(&self, watch: mpsc::Sender<Arc<Return>>) {
        lock(&self.watchers).push(watch);
    }

    pub(super) fn mark_returned(&self, id: &str) {
        lock(&self.returned).insert(id.to_string());
    }

    pub(super) fn returned(&self, ret: &Arc<Return>) {
        if lock(&self.returned).insert(ret.id.clone()) {
            lock(&self.watchers).retain(|w| w.try_send(Arc::clone(ret)).is_ok());
        }
    }

    fn is_watched(&self) -> bool {
        let mut watchers = lock(&self.watchers);
        watchers.retain(|w| !w.is_closed());
        !watchers.is_empty()
    }
}

/// The table.
#[derive(Debug, Default)]
pub(super) struct LiveJobs(HashMap<String, Arc<LiveJob>>);

impl LiveJobs {
    /// Adds a job. One that has to make room for it comes back.
    pub(super) fn insert(&mut self, job: Arc<LiveJob>) -> Option<Arc<LiveJob>> {
        let mut pushed_out = None;
        if self.0.len() >= LIVE {
            let oldest = self.0.iter().filter(|(_, j)| !j.is_watched()).map(|(jid, _)| jid.clone()).min();
            if let Some(jid) = oldest {
                tracing::warn!(%jid, "too many jobs at the same time: this one is not sent again");
                pushed_out = self.0.remove(&jid);
            }
        }
        self.0.insert(job.published.job.jid.clone(), job);
        pushed_out
    }

    pub(super) fn get(&self, jid: &str) -> Option<Arc<LiveJob>> {
        self.0.get(jid).cloned()
    }

    pub(super) fn all(&self) -> Vec<Arc<LiveJob>> {
        self.0.values().cloned().collect()
    }

    /// Lets go of what is over and that nobody waits for. Those that have not been returned by all come back.
    pub(super) fn sweep(&mut self, now: f64) -> Vec<Arc<LiveJob>> {
        let mut overdue = Vec::new();
        self.0.retain(|_, job| {
            let complete = job.is_complete();
            let over = job.published.job.expires_at() + LINGER < now || complete;
            let stays = !over || job.is_watched();
            if !stays && !complete {
                overdue.push(Arc::clone(job));
            }
            stays
        });
        overdue
    }
}

#[cfg(test)]
mod tests {
    use data::Value;
    use proto::message::{Job, TargetType};

    use super::*;

    fn job(jid: &str, expected: &[&str]) -> Arc<LiveJob> {
        let job = Job {
            jid: jid.to_string(),
            fun: "test.ping".to_string(),
            arg: vec![],
            tgt: Value::from("*"),
            tgt_type: TargetType::Glob,
            delimiter: String::new(),
            ret: String::new(),
            user: "root".to_string(),
            timeout: 5.0,
            issued: 1000.0,
            expiry: 300.0,
            extra: Value::None,
        };
        Arc::new(LiveJob::new(
            Published { seq: 1, job, late: false },
            expected.iter().map(|s| (*s).to_string()).collect(),
            None,
        ))
    }

    fn ret(jid: &str, id: &str) -> Arc<Return> {
        Arc::new(Return {
            jid: jid.to_string(),
            id: id.to_string(),
            fun: "test.ping".to_string(),
            fun_args: vec![],
            ret: Value::from(true),
            retcode: 0,
            success: true,
            out: None,
        })
    }

    #[test]
    fn a_watcher_sees_each_return_once() {
        let live = job("1", &["b", "a"]);
        let (send, mut receive) = mpsc::channel(8);
        live.watch(send);
        assert!(live.awaits("a") && live.awaits("b") && !live.awaits("c"));
        live.returned(&ret("1", "a"));
        live.returned(&ret("1", "a"));
        live.returned(&ret("1", "c"));
        assert_eq!(receive.try_recv().map(|r| r.id.clone()), Ok("a".to_string()));
        assert_eq!(receive.try_recv().map(|r| r.id.clone()), Ok("c".to_string()));
        assert!(receive.try_recv().is_err());
        assert!(!live.awaits("a") && !live.is_complete());
        live.returned(&ret("1", "b"));
        assert!(live.is_complete());
    }

    #[test]
    fn a_job_lives_until_it_is_expired_or_complete_and_unwatched() {
        let mut jobs = LiveJobs::default();
        let (waiting, complete, watched) = (job("1", &["a"]), job("2", &[]), job("3", &[]));
        let (send, receive) = mpsc::channel(8);
        watched.watch(send);
        for j in [waiting, complete, watched] {
            assert!(jobs.insert(j).is_none());
        }
        let jids = |jobs: &LiveJobs| {
            let mut jids: Vec<String> = jobs.all().iter().map(|j| j.published.job.jid.clone()).collect();
            jids.sort();
            jids
        };
        assert!(jobs.sweep(1010.0).is_empty());
        assert_eq!(jids(&jobs), ["1", "3"]);
        let overdue = jobs.sweep(1000.0 + 300.0 + LINGER + 1.0);
        assert_eq!(overdue.iter().flat_map(|j| j.missing()).collect::<Vec<_>>(), ["a"]);
        assert_eq!(jids(&jobs), ["3"]);
        drop(receive);
        jobs.sweep(1010.0);
        assert_eq!(jids(&jobs), [""; 0]);
    }
}
