//! One state run at a time: a second one is refused, or waits with `queue=True`.
//!
//! A run leaves a file in `cachedir/state_queue` while it goes on or waits, so that `rsalt-call` and the minion see
//! each other. Who looks at these files and writes his own holds the lock file beside them for that moment.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use data::{Dict, Value};
use rustix::fs::FlockOperation;

use super::bound::Bound;
use crate::Ctx;
use crate::exec::ExecError;

/// A waiting run looks this soon whether it is its turn, then less and less often.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
/// And at least this often.
const LAST_PAUSE: Duration = Duration::from_millis(200);

/// The place of a run among the runs in progress; given up when dropped.
pub(super) struct Lock(Option<PathBuf>);

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// How long a run waits for others.
#[derive(Clone, Copy, PartialEq)]
enum Patience {
    /// Not at all.
    None,
    /// Until all others are done, if there are fewer than this; 0: however many there are.
    Below(usize),
}

impl Patience {
    /// `queue=…`, else `state_queue` of the config.
    fn of(ctx: &Ctx<'_>, queue: &Value) -> Self {
        let configured = || ctx.opt("state_queue").unwrap_or_default();
        match if queue.is_none() { configured() } else { queue.clone() } {
            Value::Bool(true) => Patience::Below(0),
            Value::Int(n) => usize::try_from(n).map_or(Patience::None, Patience::Below),
            _ => Patience::None,
        }
    }
}

/// Takes the place of the running state run; an error is the text for the user.
pub(super) fn take(ctx: &Ctx<'_>, args: &Bound) -> Result<Result<Lock, Vec<String>>, ExecError> {
    // A state function called by a template or a state runs within a run.
    if !ctx.is_direct() {
        return Ok(Ok(Lock(None)));
    }
    let Some(place) = Place::of(ctx) else { return Ok(Ok(Lock(None))) };
    if args.flag("concurrent") {
        place.locked(|| place.write(true));
        return Ok(Ok(Lock(Some(place.file))));
    }
    let patience = Patience::of(ctx, &args.queue);
    let mut lock = Lock(None);
    let mut pause = FIRST_PAUSE;
    loop {
        let running = place.locked(|| {
            let before = place.before();
            let waits = match patience {
                Patience::None => false,
                // Once in the queue it stays there.
                Patience::Below(limit) => limit == 0 || before.len() < limit || lock.0.is_some(),
            };
            if before.is_empty() || waits {
                place.write(before.is_empty());
                lock.0 = Some(place.file.clone());
            }
            if waits && !before.is_empty() { None } else { Some(before) }
        });
        match running {
            Some(running) if running.is_empty() => return Ok(Ok(lock)),
            Some(running) => return Ok(Err(running.iter().map(Entry::conflict).collect())),
            None => ctx.host.sleep(pause)?,
        }
        pause = (pause * 2).min(LAST_PAUSE);
    }
}

/// The state runs that go on beside this job, in words.
pub(super) fn conflicts(ctx: &Ctx<'_>) -> Vec<String> {
    let running =
        |place: Place| place.entries().into_iter().filter(|e| e.runs).map(|e| e.conflict()).collect();
    Place::of(ctx).map(running).unwrap_or_default()
}

/// Whether a state run of this job goes on.
pub(super) fn is_running(ctx: &Ctx<'_>, jid: &str) -> bool {
    Place::of(ctx).is_some_and(|place| place.all().iter().any(|entry| entry.jid == jid))
}

/// A run that is there.
struct Entry {
    fun: String,
    pid: u32,
    jid: String,
    /// It goes on; otherwise it waits.
    runs: bool,
    /// Its file.
    file: PathBuf,
}

impl Entry {
    fn conflict(&self) -> String {
        let Entry { fun, pid, jid, .. } = self;
        let started = proto::jid::to_start_time(jid);
        format!("The function \"{fun}\" is running as PID {pid} and was started at {started} with jid {jid}")
    }
}

/// Where a job stands among the runs.
struct Place {
    dir: PathBuf,
    /// Files sort by jid.
    file: PathBuf,
    jid: String,
    fun: String,
}

impl Place {
    fn of(ctx: &Ctx<'_>) -> Option<Self> {
        let dir = Path::new(ctx.opt("cachedir")?.as_str()?).join("state_queue");
        if let Err(error) = std::fs::create_dir_all(&dir) {
            tracing::warn!("cannot make {}: {error}; state runs are not kept apart", dir.display());
            return None;
        }
        let job = ctx.job();
        let jid =
            if job.jid.is_empty() { proto::jid::Generator::after("").next_jid() } else { job.jid.clone() };
        let file = dir.join(format!("{jid}.{}", thread()));
        Some(Place { dir, file, jid, fun: job.fun.clone() })
    }

    /// Does something while no other job looks or writes.
    fn locked<T>(&self, work: impl FnOnce() -> T) -> T {
        // Held until it is closed. Without it two runs that start at once might both go on.
        let held = File::create(self.dir.join("lock")).map_err(|e| e.to_string()).and_then(|file| {
            rustix::fs::flock(&file, FlockOperation::LockExclusive).map(|()| file).map_err(|e| e.to_string())
        });
        if let Err(error) = &held {
            tracing::warn!("cannot lock {}: {error}", self.dir.display());
        }
        work()
    }

    fn write(&self, runs: bool) {
        let entry = Dict::new()
            .with("jid", self.jid.as_str())
            .with("fun", self.fun.as_str())
            .with("pid", std::process::id())
            .with("thread", thread())
            .with("runs", runs);
        if let Err(error) = std::fs::write(&self.file, data::msgpack::encode(&Value::from(entry))) {
            tracing::warn!("cannot write {}: {error}; state runs are not kept apart", self.file.display());
        }
    }

    /// All runs there are, in the order of their jids. What a process left that is gone is removed.
    fn all(&self) -> Vec<Entry> {
        let Ok(entries) = std::fs::read_dir(&self.dir) else { return Vec::new() };
        let mut files: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
        files.sort();
        let mut found = Vec::new();
        for file in files {
            let Some(value) = std::fs::read(&file).ok().and_then(|d| data::msgpack::decode(&d).ok()) else {
                continue;
            };
            let text = |key: &str| value.get(key).map(Value::to_string).unwrap_or_default();
            let number = |key: &str| value.get(key).and_then(Value::as_int).unwrap_or(0);
            let (pid, thread) = (u32::try_from(number("pid")).unwrap_or(0), number("thread"));
            if !Path::new(&format!("/proc/{pid}/task/{thread}")).exists() {
                let _ = std::fs::remove_file(&file);
                continue;
            }
            let runs = value.get("runs").is_some_and(Value::is_true);
            found.push(Entry { fun: text("fun"), pid, jid: text("jid"), runs, file });
        }
        found
    }

    /// The runs of other jobs.
    fn entries(&self) -> Vec<Entry> {
        self.all().into_iter().filter(|entry| entry.file != self.file).collect()
    }

    /// The runs that go on, and those that have waited longer.
    fn before(&self) -> Vec<Entry> {
        self.entries().into_iter().filter(|entry| entry.runs || entry.file < self.file).collect()
    }
}

/// What tells two runs of one process apart.
fn thread() -> i32 {
    rustix::thread::gettid().as_raw_nonzero().get()
}
