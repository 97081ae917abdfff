use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use data::Dict;
use proto::message::TargetType;

use super::*;

/// Runs `fail`, `wait` (until it is ended) and everything else (returns its arguments).
#[derive(Default)]
struct Fake {
    runs: AtomicUsize,
    waiting: Mutex<usize>,
    changed: Condvar,
}

impl Fake {
    /// Blocks until so many jobs wait to be ended.
    fn wait_for(&self, wanted: usize) {
        let waiting = self.waiting.lock().unwrap();
        let waited =
            self.changed.wait_timeout_while(waiting, Duration::from_secs(10), |waiting| *waiting != wanted);
        assert!(!waited.unwrap().1.timed_out());
    }
}

impl JobRunner for Fake {
    fn run(&self, job: &Job, cancel: &Cancel) -> Outcome {
        self.runs.fetch_add(1, Ordering::SeqCst);
        let (ret, retcode, success) = match job.fun.as_str() {
            "fake.fail" => (Value::from("went wrong"), 1, false),
            "fake.wait" => {
                *self.waiting.lock().unwrap() += 1;
                self.changed.notify_all();
                cancel.wait(Duration::from_secs(10));
                *self.waiting.lock().unwrap() -= 1;
                self.changed.notify_all();
                (Value::from(cancel.stopped().is_some()), 0, true)
            }
            _ => (Value::from(job.arg.clone()), 0, true),
        };
        Outcome { ret, retcode, success, out: None }
    }

    fn grains(&self) -> Value {
        Dict::new().with("os", "Debian").into()
    }

    fn pillar(&self) -> Value {
        Dict::new().with("role", "web").into()
    }
}

fn job(n: u32, fun: &str) -> Job {
    Job {
        jid: format!("20261121021932{n:06}"),
        fun: fun.to_string(),
        arg: vec![Value::from(n)],
        tgt: Value::from("*"),
        tgt_type: TargetType::Glob,
        delimiter: String::new(),
        ret: String::new(),
        user: "root".to_string(),
        timeout: 5.0,
        issued: 1_800_000_000.0,
        expiry: 300.0,
        extra: Value::None,
    }
}

const NOW: f64 = 1_800_000_001.0;

type Receiver = mpsc::UnboundedReceiver<Done>;

fn open(dir: &Path, limit: usize) -> (Arc<Jobs>, Receiver, Arc<Fake>) {
    let fake = Arc::new(Fake::default());
    let (jobs, done) = Jobs::open("web-1", dir, limit, Arc::clone(&fake) as Arc<dyn JobRunner>).unwrap();
    (jobs, done, fake)
}

fn next(done: &mut Receiver) -> Return {
    let Some(Done::Returned(ret)) = done.blocking_recv() else { panic!("the table is gone") };
    *ret
}

#[test]
fn a_job_runs_once_and_its_return_waits_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let (jobs, mut done, fake) = open(dir.path(), 4);
    assert_eq!(jobs.take(job(1, "fake.echo"), NOW), Taken::Started);
    let ret = next(&mut done);
    assert_eq!((ret.id.as_str(), ret.ret.to_string(), ret.retcode), ("web-1", "[1]".to_string(), 0));
    assert_eq!(jobs.take(job(1, "fake.echo"), NOW), Taken::Seen);
    assert_eq!(jobs.spool().waiting(), std::slice::from_ref(&ret.jid));
    assert_eq!(jobs.still_here(std::slice::from_ref(&ret.jid)), std::slice::from_ref(&ret.jid));

    // A restart: the return is still there, and the job is still known.
    drop(jobs);
    let (jobs, _, again) = open(dir.path(), 4);
    assert_eq!(jobs.spool().get(&ret.jid), Some(ret.clone()));
    assert_eq!(jobs.take(job(1, "fake.echo"), NOW), Taken::Seen);
    jobs.spool().delivered(&ret.jid);
    assert!(jobs.spool().is_empty() && jobs.still_here(std::slice::from_ref(&ret.jid)).is_empty());
    assert_eq!(jobs.take(job(1, "fake.echo"), NOW), Taken::Seen);
    assert_eq!((fake.runs.load(Ordering::SeqCst), again.runs.load(Ordering::SeqCst)), (1, 0));
}

#[test]
fn a_failed_job_is_returned_as_such() {
    let dir = tempfile::tempdir().unwrap();
    let (jobs, mut done, _) = open(dir.path(), 4);
    jobs.take(job(1, "fake.fail"), NOW);
    let ret = next(&mut done);
    assert_eq!((ret.ret.as_str(), ret.retcode, ret.success), (Some("went wrong"), 1, false));
}

#[test]
fn expired_and_foreign_jobs_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (jobs, mut done, fake) = open(dir.path(), 4);
    assert_eq!(jobs.take(job(1, "fake.echo"), NOW + 300.0), Taken::Expired);
    let aimed = |tgt: &str, tgt_type| Job { tgt: Value::from(tgt), tgt_type, ..job(2, "fake.echo") };
    assert_eq!(jobs.take(aimed("db-*", TargetType::Glob), NOW), Taken::NotForMe);
    assert_eq!(jobs.take(aimed("os:Alpine", TargetType::Grain), NOW), Taken::NotForMe);
    assert_eq!(jobs.take(aimed("(", TargetType::Pcre), NOW), Taken::BadTarget);
    // Decided on the job's thread, because a pillar may have to be asked for.
    assert_eq!(jobs.take(aimed("role:db", TargetType::Pillar), NOW), Taken::Started);
    let mine = Job { jid: job(3, "").jid, ..aimed("role:web", TargetType::Pillar) };
    assert_eq!(jobs.take(mine, NOW), Taken::Started);
    assert_eq!(next(&mut done).jid, job(3, "").jid);
    assert_eq!(fake.runs.load(Ordering::SeqCst), 1);
}

#[test]
fn jobs_run_side_by_side_and_the_others_wait() {
    let dir = tempfile::tempdir().unwrap();
    let (jobs, mut done, fake) = open(dir.path(), 2);
    for n in 1..=3 {
        assert_eq!(jobs.take(job(n, "fake.wait"), NOW), Taken::Started);
    }
    fake.wait_for(2);
    assert_eq!(jobs.count(), 2);
    let all: Vec<String> = (1..=3).map(|n| job(n, "").jid).collect();
    assert_eq!(jobs.still_here(&all), all, "the one that waits counts as running");

    assert!(JobControl::stop(&*jobs, &all[0], Stop::Kill));
    let ended = next(&mut done);
    assert_eq!((ended.jid.as_str(), ended.ret.as_bool()), (all[0].as_str(), Some(true)));
    fake.wait_for(2);
    let running: Vec<String> = JobControl::running(&*jobs).into_iter().map(|j| j.jid).collect();
    assert_eq!(running, all[1..]);
    assert!(!JobControl::stop(&*jobs, &all[0], Stop::Kill));
    jobs.stop_all(Stop::Term);
    next(&mut done);
    next(&mut done);
}

#[test]
fn a_job_that_waits_can_be_ended() {
    let dir = tempfile::tempdir().unwrap();
    let (jobs, mut done, fake) = open(dir.path(), 1);
    jobs.take(job(1, "fake.wait"), NOW);
    jobs.take(job(2, "fake.echo"), NOW);
    fake.wait_for(1);
    assert!(JobControl::stop(&*jobs, &job(2, "").jid, Stop::Term));
    assert_eq!(next(&mut done).ret.to_string(), "the minion refuses this job: it was ended before its turn");
    jobs.stop_all(Stop::Term);
    assert_eq!(next(&mut done).jid, job(1, "").jid);
    assert_eq!(fake.runs.load(Ordering::SeqCst), 1);
}

#[test]
fn what_a_dead_minion_was_running_is_returned_as_interrupted() {
    let dir = tempfile::tempdir().unwrap();
    {
        let (jobs, _, _) = open(dir.path(), 4);
        // As a job that has begun leaves it.
        jobs.spool().started(&job(1, "fake.wait")).unwrap();
    }
    std::fs::write(dir.path().join("proc/rubbish"), "rubbish").unwrap();
    std::fs::write(dir.path().join("spool/half.new"), "half").unwrap();
    let (jobs, _, _) = open(dir.path(), 4);
    let jid = job(1, "").jid;
    let ret = jobs.spool().get(&jid).unwrap();
    assert!(ret.ret.to_string().ends_with("interrupted") && !ret.success && ret.retcode == 1);
    assert_eq!(jobs.take(job(1, "fake.wait"), NOW), Taken::Seen, "it is not run again by itself");
    assert_eq!(std::fs::read_dir(dir.path().join("proc")).unwrap().count(), 0);
    assert_eq!(jobs.spool().waiting(), [jid]);
}

#[test]
fn without_room_in_the_spool_no_job_starts() {
    let dir = tempfile::tempdir().unwrap();
    let (jobs, mut done, fake) = open(dir.path(), 4);
    // What a full disk does: the file cannot be made.
    std::fs::remove_dir(dir.path().join("proc")).unwrap();
    assert_eq!(jobs.take(job(1, "fake.echo"), NOW), Taken::Refused);
    let ret = next(&mut done);
    let text = ret.ret.to_string();
    assert!(
        text.starts_with("the minion refuses this job: cannot write ") && text.contains("/proc/"),
        "{text}"
    );
    assert!(!ret.success && fake.runs.load(Ordering::SeqCst) == 0);
}

#[test]
fn a_jid_that_is_a_path_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let (jobs, mut done, _) = open(dir.path(), 4);
    let bad = Job { jid: "../../etc/passwd".to_string(), ..job(1, "fake.echo") };
    assert_eq!(jobs.take(bad, NOW), Taken::Refused);
    assert!(next(&mut done).ret.to_string().contains("not a job id"));
}
