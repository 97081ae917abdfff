//! Jobs that minions may still start or return, or that somebody waits for.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use proto::message::{Published, Return};
use tokio::sync::mpsc;

use crate::lock::lock;

/// Live jobs at most; the oldest that nobody waits for go first. Their returns are still stored.
const LIVE: usize = 10_000;
/// A job is kept for so many seconds after it has expired: returns of a late start find their watchers.
const LINGER: f64 = 60.0;

/// One job.
#[derive(Debug)]
pub struct LiveJob {
    /// The job as it went out.
    pub published: Published,
    /// Who was expected to return it at publish time, sorted.
    pub expected: Vec<String>,
    returned: Mutex<HashSet<String>>,
    watchers: Mutex<Vec<mpsc::Sender<Arc<Return>>>>,
}

impl LiveJob {
    pub(super) fn new(published: Published, mut expected: Vec<String>) -> Self {
        expected.sort_unstable();
        expected.dedup();
        LiveJob { published, expected, returned: Mutex::default(), watchers: Mutex::default() }
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
    pub(super) fn insert(&mut self, job: Arc<LiveJob>) {
        if self.0.len() >= LIVE {
            let oldest = self.0.iter().filter(|(_, j)| !j.is_watched()).map(|(jid, _)| jid.clone()).min();
            if let Some(jid) = oldest {
                tracing::warn!(%jid, "too many jobs at the same time: this one is not sent again");
                self.0.remove(&jid);
            }
        }
        self.0.insert(job.published.job.jid.clone(), job);
    }

    pub(super) fn get(&self, jid: &str) -> Option<Arc<LiveJob>> {
        self.0.get(jid).cloned()
    }

    pub(super) fn all(&self) -> Vec<Arc<LiveJob>> {
        self.0.values().cloned().collect()
    }

    pub(super) fn sweep(&mut self, now: f64) {
        self.0.retain(|_, job| {
            let over = job.published.job.expires_at() + LINGER < now || job.is_complete();
            !over || job.is_watched()
        });
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
        Arc::new(LiveJob::new(Published { seq: 1, job }, expected.iter().map(|s| (*s).to_string()).collect()))
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
            jobs.insert(j);
        }
        let jids = |jobs: &LiveJobs| {
            let mut jids: Vec<String> = jobs.all().iter().map(|j| j.published.job.jid.clone()).collect();
            jids.sort();
            jids
        };
        jobs.sweep(1010.0);
        assert_eq!(jids(&jobs), ["1", "3"]);
        jobs.sweep(1000.0 + 300.0 + LINGER + 1.0);
        assert_eq!(jids(&jobs), ["3"]);
        drop(receive);
        jobs.sweep(1010.0);
        assert_eq!(jids(&jobs), [""; 0]);
    }
}
