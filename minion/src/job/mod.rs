//! Jobs on this minion: side by side, each on a thread of its own that ends with it, each killable,
//! each answered.
//!
//! The order on disk is what makes a job run once and its return arrive: the job is in `proc/` and then the
//! jid in `seen` before it starts, the return is in `spool/` before it is sent, and deleted when the
//! master has it. What is left in `proc/` by a minion that died is returned as interrupted. A job that has
//! not started yet is nowhere on disk: the master sends it again.

mod runner;
mod seen;
mod spool;

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use data::Value;
use proto::jid;
use proto::message::{Job, Return};
use proto::target::{Facts, Target};
use tokio::sync::{Notify, mpsc};

use crate::host::{Cancel, Stop};
use crate::{JobControl, RunningJob};

pub use runner::{CallerRunner, JobRunner, Outcome};
pub use spool::{Bounds, Kept, Spool, SpoolError};

use seen::Seen;

/// Jobs side by side unless `process_count_max` says otherwise.
pub const SIDE_BY_SIDE: usize = 64;
/// Jobs that wait for their turn; more are refused.
const QUEUE: usize = 1000;
/// Virtual: a template that recurses deeply must not end the minion, and pages that are not used cost nothing.
const STACK: usize = 8 << 20;
/// A job of which nobody says when it expires is remembered for so many seconds.
const REMEMBER: f64 = 600.0;

/// What the table says to the connection.
#[derive(Debug)]
pub enum Done {
    /// The return of a job, in the spool unless it could not be written there.
    Returned(Box<Return>),
}

/// How a job arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To everybody, over the publish port.
    Publish,
    /// To this minion, in its session: the master has no return of it.
    Session,
    /// As [`Way::Session`], and too late: it is not to start any more.
    Late,
}

/// How much the table takes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Jobs side by side.
    pub side_by_side: usize,
    /// Returns that wait for the master.
    pub spool: Bounds,
}

impl Limits {
    /// So many jobs side by side, and the usual spool.
    pub fn side_by_side(jobs: usize) -> Self {
        Limits { side_by_side: jobs.max(1), spool: Bounds::default() }
    }
}

/// What became of a job that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It runs, or waits for its turn.
    Started,
    /// It was here before.
    Seen,
    /// It was here before, and nothing is left of it; the return says so.
    Lost,
    /// Its time is over; where the master waits for it, the return says so.
    Expired,
    /// The minion stops. The master sends it again.
    Stopping,
    /// It is for others.
    NotForMe,
    /// Its target cannot be read.
    BadTarget,
    /// It cannot run here and now; the return says why.
    Refused,
}

/// The job table.
pub struct Jobs {
    id: String,
    limit: usize,
    spool: Spool,
    runner: Arc<dyn JobRunner>,
    done: mpsc::UnboundedSender<Done>,
    table: Mutex<Table>,
    changed: Notify,
}

struct Table {
    running: HashMap<String, Entry>,
    /// Jobs that wait for their turn, with the master's clock when they came.
    queue: VecDeque<(Job, f64)>,
    seen: Seen,
    /// Nothing starts any more.
    closed: bool,
}

impl Table {
    fn queued(&self, jid: &str) -> bool {
        self.queue.iter().any(|(job, _)| job.jid == jid)
    }
}

struct Entry {
    job: Job,
    cancel: Cancel,
    since: Instant,
}

impl Jobs {
    /// The table of minion `id`, with its files under `cachedir`. What an earlier run left unfinished is
    /// turned into returns. Finished jobs come out of the receiver: at most one message for each job
    /// that was let in, so the queue is bounded by the table.
    pub fn open(
        id: &str,
        cachedir: &Path,
        limits: Limits,
        runner: Arc<dyn JobRunner>,
    ) -> Result<(Arc<Self>, mpsc::UnboundedReceiver<Done>), SpoolError> {
        let spool = Spool::open(cachedir, limits.spool)?;
        let mut seen = Seen::open(cachedir);
        for job in spool.interrupted() {
            seen.note(&job.jid, remember_until(&job), job.issued);
            let ret = refusal(id, &job, "the minion stopped while it was running this job: interrupted");
            match spool.put(&ret) {
                Kept::OnDisk => {}
                Kept::InMemory(error) | Kept::Nowhere(error) => {
                    tracing::error!(jid = %job.jid, %error, "the return of an interrupted job is not on disk");
                }
            }
        }
        let (done, receiver) = mpsc::unbounded_channel();
        let table =
            Mutex::new(Table { running: HashMap::new(), queue: VecDeque::new(), seen, closed: false });
        let (id, limit, changed) = (id.to_string(), limits.side_by_side.max(1), Notify::new());
        Ok((Arc::new(Jobs { id, limit, spool, runner, done, table, changed }), receiver))
    }

    /// The spool.
    pub fn spool(&self) -> &Spool {
        &self.spool
    }

    /// The gate of every job, whichever way it came: fresh? seen? for me? `now` is the master's clock.
    pub fn take(self: &Arc<Self>, job: Job, now: f64, way: Way) -> Taken {
        if !jid::is_valid(&job.jid) {
            let why = format!("{:?} is not a job id", job.jid);
            tracing::error!(why, "job refused");
            let ret = refusal(&self.id, &job, &format!("the minion refuses this job: {why}"));
            // The connection ends with the process only.
            let _ = self.done.send(Done::Returned(Box::new(ret)));
            return Taken::Refused;
        }
        let mut table = self.lock();
        let here = table.running.contains_key(&job.jid) || table.queued(&job.jid);
        if here || self.spool.holds(&job.jid) {
            return Taken::Seen;
        }
        if table.seen.contains(&job.jid) {
            if way == Way::Publish {
                return Taken::Seen;
            }
            // It has run, or was cut short, and the disk did not keep what it came to.
            self.answer(&mut table, &job, "the minion has had this job, and its return is lost: interrupted");
            return Taken::Lost;
        }
        // A job of now or never is sent to those who are connected only; it may have lingered in a socket.
        let expiry = if job.expiry > 0.0 { job.expiry } else { 60.0 };
        let late = way == Way::Late || now > job.issued + expiry;
        let target = match Target::parse(&job.tgt, job.tgt_type, job.delimiter(), &data::Dict::new()) {
            Ok(target) => target,
            Err(error) => {
                tracing::warn!(jid = %job.jid, %error, "the target of a job cannot be read");
                return Taken::BadTarget;
            }
        };
        // The pillar may have to be asked for: that is the job thread's business.
        let asks_pillar = target.needs_pillar();
        if !asks_pillar && !self.is_mine(&target, &Value::None) {
            if late && way != Way::Publish {
                self.answer(
                    &mut table,
                    &job,
                    "the minion did not run this job: its target is not this minion",
                );
            }
            return Taken::NotForMe;
        }
        if late {
            if way != Way::Publish || !asks_pillar {
                self.answer(&mut table, &job, &too_late(&job, now));
            }
            return Taken::Expired;
        }
        if table.closed {
            return Taken::Stopping;
        }
        if table.running.len() >= self.limit && !job.fun.starts_with("saltutil.") {
            if table.queue.len() >= QUEUE {
                return self.refuse(&mut table, &job, &format!("{QUEUE} jobs are waiting already"));
            }
            table.queue.push_back((job, now));
            return Taken::Started;
        }
        self.start(&mut table, job, now, asks_pillar.then_some(target))
    }

    /// The jids among these that run, wait, or have a return that the master does not have yet.
    pub fn still_here(&self, jids: &[String]) -> Vec<String> {
        let table = self.lock();
        let here =
            |jid: &String| table.running.contains_key(jid) || table.queued(jid) || self.spool.holds(jid);
        jids.iter().filter(|j| here(j)).cloned().collect()
    }

    /// Takes no more jobs. What waits for its turn is let go: the master still has it.
    pub fn close(&self) {
        let mut table = self.lock();
        table.closed = true;
        table.queue.clear();
    }

    /// Ends everything that runs.
    pub fn stop_all(&self, how: Stop) {
        for entry in self.lock().running.values() {
            entry.cancel.stop(how);
        }
    }

    /// How many jobs run.
    pub fn count(&self) -> usize {
        self.lock().running.len()
    }

    /// Resolves when a job has started or ended since it was asked for the last time.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    fn is_mine(&self, target: &Target, pillar: &Value) -> bool {
        let grains = self.runner.grains();
        target.matches(&Facts { id: &self.id, grains: &grains, pillar })
    }

    /// Starts a job on a thread of its own. `target` is there when it still has to be decided.
    fn start(self: &Arc<Self>, table: &mut Table, job: Job, now: f64, target: Option<Target>) -> Taken {
        let room = self.spool.room(table.running.len()).and_then(|()| self.spool.started(&job));
        if let Err(error) = room {
            self.spool.finished(&job.jid);
            return self.refuse(table, &job, &error.to_string());
        }
        table.seen.note(&job.jid, remember_until(&job), now);
        let cancel = Cancel::new();
        let entry = Entry { job: job.clone(), cancel: cancel.clone(), since: Instant::now() };
        table.running.insert(job.jid.clone(), entry);
        self.changed.notify_one();
        let jobs = Arc::clone(self);
        let failed = job.clone();
        let spawned = std::thread::Builder::new()
            .name("job".to_string())
            .stack_size(STACK)
            .spawn(move || jobs.run(job, &cancel, target));
        if let Err(error) = spawned {
            table.running.remove(&failed.jid);
            self.spool.finished(&failed.jid);
            return self.refuse(table, &failed, &format!("no thread for it: {error}"));
        }
        Taken::Started
    }

    /// On the job's thread: this job, then those that wait.
    fn run(self: Arc<Self>, job: Job, cancel: &Cancel, target: Option<Target>) {
        self.run_one(&job, cancel, target);
        let mut table = self.lock();
        table.running.remove(&job.jid);
        self.changed.notify_one();
        // A thread for each: the queue is worked off by the jobs that end.
        while table.running.len() < self.limit
            && let Some((next, now)) = table.queue.pop_front()
        {
            let target = Target::parse(&next.tgt, next.tgt_type, next.delimiter(), &data::Dict::new()).ok();
            self.start(&mut table, next, now, target.filter(Target::needs_pillar));
        }
    }

    fn run_one(&self, job: &Job, cancel: &Cancel, target: Option<Target>) {
        if let Some(target) = target
            && !self.is_mine(&target, &self.runner.pillar())
        {
            self.spool.finished(&job.jid);
            return;
        }
        tracing::info!(jid = %job.jid, fun = %job.fun, user = %job.user, "job starts");
        let outcome = self.runner.run(job, cancel);
        let ret = Return {
            jid: job.jid.clone(),
            id: self.id.clone(),
            fun: job.fun.clone(),
            fun_args: job.arg.clone(),
            ret: outcome.ret,
            retcode: outcome.retcode,
            success: outcome.success,
            out: outcome.out,
        };
        tracing::info!(jid = %job.jid, fun = %job.fun, retcode = ret.retcode, "job is done");
        self.finish(ret);
    }

    fn finish(&self, ret: Return) {
        match self.spool.put(&ret) {
            Kept::OnDisk => {}
            // `proc/` keeps it from being forgotten should this run end before the master has it.
            Kept::InMemory(error) | Kept::Nowhere(error) => {
                tracing::error!(jid = %ret.jid, %error, "a return is not in the spool");
            }
        }
        // The connection ends with the process only.
        let _ = self.done.send(Done::Returned(Box::new(ret)));
    }

    fn refuse(&self, table: &mut Table, job: &Job, why: &str) -> Taken {
        tracing::error!(jid = %job.jid, why, "job refused");
        self.answer(table, job, &format!("the minion refuses this job: {why}"));
        Taken::Refused
    }

    /// Returns a job that does not run. An answer that has no room is not given: the master asks again.
    fn answer(&self, table: &mut Table, job: &Job, why: &str) {
        let ret = refusal(&self.id, job, why);
        if let Kept::Nowhere(error) = self.spool.put_if_room(&ret) {
            tracing::error!(jid = %job.jid, why, %error, "this answer is not given");
            return;
        }
        // Not on disk: what a later run makes of the job is its own affair, as long as the master asks for it.
        table.seen.remember(&job.jid, remember_until(job));
        // The connection ends with the process only.
        let _ = self.done.send(Done::Returned(Box::new(ret)));
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl JobControl for Jobs {
    fn running(&self) -> Vec<RunningJob> {
        let table = self.lock();
        let mut jobs: Vec<(&Instant, &Job)> = table.running.values().map(|e| (&e.since, &e.job)).collect();
        jobs.sort_by_key(|(since, _)| **since);
        jobs.into_iter()
            .map(|(_, job)| RunningJob {
                jid: job.jid.clone(),
                fun: job.fun.clone(),
                arg: job.arg.clone(),
                tgt: job.tgt.clone(),
                tgt_type: job.tgt_type.to_string(),
                ret: job.ret.clone(),
                user: job.user.clone(),
                pid: std::process::id(),
            })
            .collect()
    }

    fn stop(&self, jid: &str, how: Stop) -> bool {
        let mut table = self.lock();
        if let Some(at) = table.queue.iter().position(|(job, _)| job.jid == jid) {
            if let Some((job, _)) = table.queue.remove(at) {
                self.refuse(&mut table, &job, "it was ended before its turn");
            }
            return true;
        }
        let Some(entry) = table.running.get(jid) else { return false };
        entry.cancel.stop(how);
        true
    }
}

fn too_late(job: &Job, now: f64) -> String {
    let seconds = (now - job.issued).max(0.0);
    if job.expiry > 0.0 {
        format!(
            "the minion did not run this job: it came {seconds:.0} s after it was published, and was to start within \
             {} s: expired",
            job.expiry
        )
    } else {
        format!(
            "the minion did not run this job: it came {seconds:.0} s after it was published, and was to start then or \
             never: expired"
        )
    }
}

fn remember_until(job: &Job) -> f64 {
    job.issued + if job.expiry > 0.0 { job.expiry } else { 0.0 } + REMEMBER
}

fn refusal(id: &str, job: &Job, why: &str) -> Return {
    Return {
        jid: job.jid.clone(),
        id: id.to_string(),
        fun: job.fun.clone(),
        fun_args: job.arg.clone(),
        ret: Value::from(why),
        retcode: 1,
        success: false,
        out: Some("nested".to_string()),
    }
}

#[cfg(test)]
mod tests;
