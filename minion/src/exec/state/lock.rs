//! One state run at a time: a second one is refused, or waits with `queue=True`.
//!
//! A run leaves a file in `cachedir/proc` while it goes on, so that `rsalt-call` and the minion see each other.

use std::path::{Path, PathBuf};
use std::time::Duration;

use data::{Dict, Value};

use crate::Ctx;
use crate::exec::ExecError;

/// How often a waiting run looks whether it is its turn.
const PAUSE: Duration = Duration::from_millis(100);

/// The place of a run among the runs in progress; given up when dropped.
pub(super) struct Lock(Option<PathBuf>);

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Takes the place of the running state run; an error is the text for the user.
pub(super) fn take(
    ctx: &Ctx<'_>,
    queue: &Value,
    kwargs: &Dict,
) -> Result<Result<Lock, Vec<String>>, ExecError> {
    // A state function called by a template or a state runs within a run.
    if !ctx.is_direct() {
        return Ok(Ok(Lock(None)));
    }
    let configured = || ctx.opt("state_queue").unwrap_or_default();
    let queue = if queue.is_none() { configured() } else { queue.clone() };
    let concurrent = kwargs.get("concurrent").is_some_and(Value::is_true);
    let lock = enter(ctx);
    if concurrent {
        return Ok(Ok(lock));
    }
    let limit = match queue {
        Value::Int(n) if n > 0 => usize::try_from(n).ok(),
        _ => None,
    };
    let waits = queue.is_true() && limit.is_none_or(|limit| others(ctx).len() < limit);
    loop {
        let running = others(ctx);
        if running.is_empty() {
            return Ok(Ok(lock));
        }
        if !waits {
            return Ok(Err(running.iter().map(Entry::conflict).collect()));
        }
        ctx.host.sleep(PAUSE)?;
    }
}

/// The state runs that go on beside this job, in words.
pub(super) fn conflicts(ctx: &Ctx<'_>) -> Vec<String> {
    others(ctx).iter().map(Entry::conflict).collect()
}

struct Entry {
    fun: String,
    pid: u32,
    jid: String,
}

impl Entry {
    fn conflict(&self) -> String {
        let Entry { fun, pid, jid } = self;
        let started = proto::jid::to_start_time(jid);
        format!("The function \"{fun}\" is running as PID {pid} and was started at {started} with jid {jid}")
    }
}

fn dir(ctx: &Ctx<'_>) -> Option<PathBuf> {
    let cachedir = ctx.opt("cachedir")?;
    Some(Path::new(cachedir.as_str()?).join("proc"))
}

fn enter(ctx: &Ctx<'_>) -> Lock {
    let Some(dir) = dir(ctx) else { return Lock(None) };
    let job = ctx.job();
    let jid = if job.jid.is_empty() { proto::jid::Generator::after("").next_jid() } else { job.jid.clone() };
    let entry = Dict::new()
        .with("jid", jid.as_str())
        .with("fun", job.fun.as_str())
        .with("pid", std::process::id())
        .with("thread", thread());
    let path = dir.join(format!("{jid}.{}", thread()));
    let written = std::fs::create_dir_all(&dir)
        .and_then(|()| std::fs::write(&path, data::msgpack::encode(&Value::from(entry))));
    match written {
        Ok(()) => Lock(Some(path)),
        Err(error) => {
            tracing::warn!("cannot write to {}: {error}; state runs are not kept apart", dir.display());
            Lock(None)
        }
    }
}

/// What tells two runs of one process apart.
fn thread() -> i32 {
    rustix::thread::gettid().as_raw_nonzero().get()
}

/// The runs of other jobs that came first. Of two that start at once the older one goes on.
fn others(ctx: &Ctx<'_>) -> Vec<Entry> {
    let Some(dir) = dir(ctx) else { return Vec::new() };
    let Ok(entries) = std::fs::read_dir(&dir) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    paths.sort();
    let mut before = Vec::new();
    for path in paths {
        let Some(value) = std::fs::read(&path).ok().and_then(|d| data::msgpack::decode(&d).ok()) else {
            continue;
        };
        let text = |key: &str| value.get(key).map(Value::to_string).unwrap_or_default();
        let pid = value.get("pid").and_then(Value::as_int).and_then(|p| u32::try_from(p).ok()).unwrap_or(0);
        let tid = value.get("thread").and_then(Value::as_int).unwrap_or(0);
        if pid == std::process::id() && tid == i64::from(thread()) {
            // Files sort by jid: whoever comes after this one waits for it.
            break;
        }
        if !Path::new(&format!("/proc/{pid}")).exists() || (pid == std::process::id() && !is_thread(tid)) {
            // Its process is gone: a leftover.
            let _ = std::fs::remove_file(&path);
            continue;
        }
        before.push(Entry { fun: text("fun"), pid, jid: text("jid") });
    }
    before
}

fn is_thread(tid: i64) -> bool {
    Path::new(&format!("/proc/self/task/{tid}")).exists()
}
