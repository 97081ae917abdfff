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
    let (jobs, done) = open_with(dir, Limits::side_by_side(limit), &fake);
    (jobs, done, fake)
}

fn open_with(dir: &Path, limits: Limits, fake: &Arc<Fake>) -> (Arc<Jobs>, Receiver) {
    Jobs::open("web-1", dir, limits, Arc::clone(fake) as Arc<dyn JobRunner>).unwrap()
}

/// Waits until nothing runs any more.
fn wait_idle(jobs: &Jobs) {
    let until = Instant::now() + Duration::from_secs(10);
    while jobs.count() > 0 {
        assert!(Instant::now() < until);
        std::thread::yield_now();
    }
}

fn text(ret: &Return) -> String {
    ret.ret.to_string()
}

fn next(done: &mut Receiver) -> Return {
    let Some(Done::Returned(ret)) = done.blocking_recv() else { panic!("the table is gone") };
    *ret
}

#[test]
fn a_job_runs_once_and_its_return_waits_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let (jobs, mut done, fake) = open(dir.path(), 4);
    assert_eq!(jobs.take(job(1, "fake.echo"), NOW, Way::Publish), Taken::Started);
    let ret = next(&mut done);
    assert_eq!((ret.id.as_str(), ret.ret.to_string(), ret.retcode), ("web-1", "[1]".to_string(), 0));
    assert_eq!(jobs.take(job(1, "fake.echo"), NOW, Way::Publish), Taken::Seen);
    assert_eq!(jobs.spool().waiting(), std::slice::from_ref(&ret.jid));
    assert_eq!(jobs.still_here(std::slice::from_ref(&ret.jid)), std::slice::from_ref(&ret.jid));

    // A restart: the return is still there, and the job is still known.
    drop(jobs);
    let (jobs, _, again) = open(dir.path(), 4);
    assert_eq!(jobs.spool().get(&ret.jid), Some(ret.clone()));
    assert_eq!(jobs.take(job(1, "fake.echo"), NOW, Way::Publish), Taken::Seen);
    jobs.spool().delivered(&ret.jid);
    assert!(jobs.spool().is_empty() && jobs.still_here(std::slice::from_ref(&ret.jid)).is_empty());
    assert_eq!(jobs.take(job(1, "fake.echo"), NOW, Way::Publish), Taken::Seen);
    assert_eq!((fake.runs.load(Ordering::SeqCst), again.runs.load(Ordering::SeqCst)), (1, 0));
}

#[test]
fn a_failed_job_is_returned_as_such() {
    let dir = tempfile::tempdir().unwrap();
    let (jobs, mut done, _) = open(dir.path(), 4);
    jobs.take(job(1, "fake.fail"), NOW, Way::Publish);
    let ret = next(&mut done);
    assert_eq!((ret.ret.as_str(), ret.retcode, ret.success), (Some("went wrong"), 1, false));
}

#[test]
fn foreign_jobs_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (jobs, mut done, fake) = open(dir.path(), 4);
    let aimed = |tgt: &str, tgt_type| Job { tgt: Value::from(tgt), tgt_type, ..job(2, "fake.echo") };
    assert_eq!(jobs.take(aimed("db-*", TargetType::Glob), NOW, Way::Publish), Taken::NotForMe);
    let late = NOW + 300.0;
    assert_eq!(jobs.take(aimed("db-*", TargetType::Glob), late, Way::Publish), Taken::NotForMe);
    assert_eq!(jobs.take(aimed("os:Alpine", TargetType::Grain), NOW, Way::Session), Taken::NotForMe);
    assert_eq!(jobs.take(aimed("(", TargetType::Pcre), NOW, Way::Publish), Taken::BadTarget);
    // Decided on the job's thread, because a pillar may have to be asked for.
    assert_eq!(jobs.take(aimed("role:db", TargetType::Pillar), NOW, Way::Publish), Taken::Started);
    let mine = Job { jid: job(3, "").jid, ..aimed("role:web", TargetType::Pillar) };
    assert_eq!(jobs.take(mine, NOW, Way::Publish), Taken::Started);
    assert_eq!(next(&mut done).jid, job(3, "").jid);
    assert_eq!(fake.runs.load(Ordering::SeqCst), 1);
    // The master waits for it all the same.
    let foreign = Job { jid: job(4, "").jid, ..aimed("db-*", TargetType::Glob) };
    assert_eq!(jobs.take(foreign, late, Way::Late), Taken::NotForMe);
    assert!(text(&next(&mut done)).ends_with("its target is not this minion"));
}

#[test]
fn a_job_that_comes_too_late_is_returned_as_expired_and_never_run() {
    let dir = tempfile::tempdir().unwrap();
    let (jobs, mut done, fake) = open(dir.path(), 4);
    assert_eq!(jobs.take(job(1, "fake.echo"), NOW + 299.0, Way::Publish), Taken::Started);
    next(&mut done);
    for (n, way) in [(2, Way::Publish), (3, Way::Session), (4, Way::Late)] {
        let now = if way == Way::Late { NOW } else { NOW + 300.0 };
        assert_eq!(jobs.take(job(n, "fake.echo"), now, way), Taken::Expired);
        let ret = next(&mut done);
        assert!(!ret.success && ret.retcode == 1 && jobs.spool().holds(&ret.jid), "{ret:?}");
        assert!(text(&ret).ends_with("was to start within 300 s: expired"), "{ret:?}");
        // Once answered, it stays that way, also when the master's clock has gone back.
        jobs.spool().delivered(&ret.jid);
        assert_eq!(jobs.take(job(n, "fake.echo"), NOW, Way::Publish), Taken::Seen);
    }
    let never = Job { expiry: 0.0, ..job(5, "fake.echo") };
    assert_eq!(jobs.take(never, NOW, Way::Late), Taken::Expired);
    assert!(text(&next(&mut done)).ends_with("was to start then or never: expired"));
    assert_eq!(fake.runs.load(Ordering::SeqCst), 1);
}

#[test]
fn a_late_copy_of_a_job_that_runs_or_has_returned_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (jobs, mut done, fake) = open(dir.path(), 1);
    jobs.take(job(1, "fake.wait"), NOW, Way::Publish);
    jobs.take(job(2, "fake.echo"), NOW, Way::Publish);
    fake.wait_for(1);
    for n in [1, 2] {
        assert_eq!(jobs.take(job(n, "fake.wait"), NOW + 900.0, Way::Late), Taken::Seen);
    }
    jobs.stop_all(Stop::Term);
    assert_eq!(next(&mut done).jid, job(1, "").jid);
    assert_eq!(next(&mut done).jid, job(2, "").jid);
    assert_eq!(jobs.take(job(1, "fake.wait"), NOW + 900.0, Way::Late), Taken::Seen);
    assert!(done.try_recv().is_err());
}

#[test]
fn a_job_of_which_nothing_is_left_is_returned_as_lost_to_a_master_that_waits() {
    let dir = tempfile::tempdir().unwrap();
    let (jobs, mut done, fake) = open(dir.path(), 4);
    jobs.take(job(1, "fake.echo"), NOW, Way::Publish);
    let ret = next(&mut done);
    wait_idle(&jobs);
    // As a disk that breaks does it.
    std::fs::remove_file(dir.path().join("spool").join(&ret.jid)).unwrap();
    drop(jobs);
    let (jobs, mut done) = open_with(dir.path(), Limits::side_by_side(4), &fake);
    assert_eq!(jobs.take(job(1, "fake.echo"), NOW, Way::Publish), Taken::Seen);
    assert_eq!(jobs.take(job(1, "fake.echo"), NOW, Way::Session), Taken::Lost);
    let lost = next(&mut done);
    assert!(text(&lost).ends_with("its return is lost: interrupted") && !lost.success);
    assert_eq!(fake.runs.load(Ordering::SeqCst), 1);
}

#[test]
fn jobs_run_side_by_side_and_the_others_wait() {
    let dir = tempfile::tempdir().unwrap();
    let (jobs, mut done, fake) = open(dir.path(), 2);
    for n in 1..=3 {
        assert_eq!(jobs.take(job(n, "fake.wait"), NOW, Way::Publish), Taken::Started);
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
    jobs.take(job(1, "fake.wait"), NOW, Way::Publish);
    jobs.take(job(2, "fake.echo"), NOW, Way::Publish);
    fake.wait_for(1);
    assert!(JobControl::stop(&*jobs, &job(2, "").jid, Stop::Term));
    assert_eq!(next(&mut done).ret.to_string(), "the minion refuses this job: it was ended before its turn");
    jobs.stop_all(Stop::Term);
    assert_eq!(next(&mut done).jid, job(1, "").jid);
    assert_eq!(fake.runs.load(Ordering::SeqCst), 1);
}

#[test]
fn a_job_that_waits_is_run_by_the_next_run_of_the_minion() {
    let dir = tempfile::tempdir().unwrap();
    let (jobs, _done, fake) = open(dir.path(), 1);
    jobs.take(job(1, "fake.wait"), NOW, Way::Publish);
    jobs.take(job(2, "fake.echo"), NOW, Way::Publish);
    fake.wait_for(1);
    // Killed: what has begun is interrupted, what waits has left no trace.
    let (next_run, mut done, again) = open(dir.path(), 1);
    assert_eq!(next_run.spool().waiting(), [job(1, "").jid]);
    assert_eq!(next_run.take(job(2, "fake.echo"), NOW, Way::Session), Taken::Started);
    assert_eq!(next(&mut done).ret.to_string(), "[2]");
    assert_eq!(again.runs.load(Ordering::SeqCst), 1);
    jobs.close();
    jobs.stop_all(Stop::Kill);
    wait_idle(&jobs);
}

#[test]
fn a_closed_table_takes_nothing_and_remembers_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (jobs, mut done, fake) = open(dir.path(), 1);
    jobs.take(job(1, "fake.wait"), NOW, Way::Publish);
    jobs.take(job(2, "fake.echo"), NOW, Way::Publish);
    fake.wait_for(1);
    jobs.close();
    assert_eq!(jobs.take(job(3, "fake.echo"), NOW, Way::Session), Taken::Stopping);
    jobs.stop_all(Stop::Term);
    assert_eq!(next(&mut done).jid, job(1, "").jid);
    wait_idle(&jobs);
    drop(jobs);
    let (jobs, mut done, _) = open(dir.path(), 1);
    for n in [2, 3] {
        assert_eq!(jobs.take(job(n, "fake.echo"), NOW, Way::Session), Taken::Started);
        assert_eq!(next(&mut done).jid, job(n, "").jid);
    }
}

#[test]
fn a_full_spool_keeps_the_oldest_and_refuses_new_jobs() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Arc::new(Fake::default());
    let spool = Bounds { returns: 2, bytes: 1 << 20 };
    let (jobs, mut done) = open_with(dir.path(), Limits { spool, ..Limits::side_by_side(4) }, &fake);
    for n in [1, 2] {
        jobs.take(job(n, "fake.echo"), NOW, Way::Publish);
        next(&mut done);
        wait_idle(&jobs);
    }
    assert_eq!(jobs.take(job(3, "fake.echo"), NOW, Way::Publish), Taken::Refused);
    let refused = next(&mut done);
    assert!(text(&refused).starts_with("the minion refuses this job: the spool "), "{refused:?}");
    assert!(text(&refused).contains(" is full: 2 returns, "), "{refused:?}");
    assert_eq!(jobs.spool().waiting().len(), 3, "the refusal waits in memory");
    let on_disk = || std::fs::read_dir(dir.path().join("spool")).unwrap().count();
    assert_eq!(on_disk(), 2);
    assert_eq!(jobs.take(job(3, "fake.echo"), NOW, Way::Session), Taken::Seen);
    jobs.spool().delivered(&job(1, "").jid);
    jobs.spool().delivered(&refused.jid);
    assert_eq!(jobs.take(job(4, "fake.echo"), NOW, Way::Publish), Taken::Started);
    next(&mut done);
    assert_eq!((on_disk(), fake.runs.load(Ordering::SeqCst)), (2, 3));

    // By size as well: what runs may go over it, what comes then may not.
    let dir = tempfile::tempdir().unwrap();
    let spool = Bounds { returns: 10, bytes: 1 };
    let (jobs, mut done) = open_with(dir.path(), Limits { spool, ..Limits::side_by_side(4) }, &fake);
    jobs.take(job(1, "fake.echo"), NOW, Way::Publish);
    next(&mut done);
    assert_eq!(jobs.take(job(2, "fake.echo"), NOW, Way::Publish), Taken::Refused);
}

#[test]
fn a_return_that_the_disk_does_not_take_is_kept_in_memory_and_then_written() {
    let dir = tempfile::tempdir().unwrap();
    let (jobs, mut done, fake) = open(dir.path(), 4);
    jobs.take(job(1, "fake.wait"), NOW, Way::Publish);
    fake.wait_for(1);
    // What a full disk does: the file cannot be made.
    let (spool, away) = (dir.path().join("spool"), dir.path().join("away"));
    std::fs::rename(&spool, &away).unwrap();
    jobs.stop_all(Stop::Term);
    let ret = next(&mut done);
    wait_idle(&jobs);
    assert!(jobs.spool().holds(&ret.jid) && !jobs.spool().is_empty());
    assert_eq!(jobs.take(job(1, "fake.wait"), NOW, Way::Session), Taken::Seen);
    assert_eq!(jobs.spool().get(&ret.jid), Some(ret.clone()));
    let proc = || std::fs::read_dir(dir.path().join("proc")).unwrap().count();
    assert_eq!(proc(), 1, "should the minion die now, it is interrupted");
    std::fs::rename(&away, &spool).unwrap();
    assert_eq!(jobs.spool().get(&ret.jid), Some(ret.clone()));
    assert!(spool.join(&ret.jid).exists());
    assert_eq!(proc(), 0);
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
    assert_eq!(
        jobs.take(job(1, "fake.wait"), NOW, Way::Publish),
        Taken::Seen,
        "it is not run again by itself"
    );
    assert_eq!(std::fs::read_dir(dir.path().join("proc")).unwrap().count(), 0);
    assert_eq!(jobs.spool().waiting(), [jid]);
}

#[test]
fn without_room_in_the_spool_no_job_starts() {
    let dir = tempfile::tempdir().unwrap();
    let (jobs, mut done, fake) = open(dir.path(), 4);
    // What a full disk does: the file cannot be made.
    std::fs::remove_dir(dir.path().join("proc")).unwrap();
    assert_eq!(jobs.take(job(1, "fake.echo"), NOW, Way::Publish), Taken::Refused);
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
    assert_eq!(jobs.take(bad, NOW, Way::Publish), Taken::Refused);
    assert!(next(&mut done).ret.to_string().contains("not a job id"));
}
