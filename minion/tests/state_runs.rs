//! State runs beside each other: refused, waiting, let through; paused and ended from outside.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use data::{Dict, Value};
use minion::host::Cancel;
use minion::{Caller, JobCtx, JobOutcome, local};
use proto::config::MinionConfig;

/// Nothing here takes so long.
const LIMIT: Duration = Duration::from_secs(60);

struct Bench {
    dir: tempfile::TempDir,
    caller: Caller,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path().display();
        let config = format!(
            "id: x\nroot_dir: {at}\ncachedir: {at}/cache\nfile_client: local\nfile_roots: {{base: [{at}/tree]}}\n\
             pillar_roots: {{base: [{at}/pillar]}}\ngrains: {{at: {at}}}\n"
        );
        std::fs::create_dir(dir.path().join("tree")).unwrap();
        std::fs::write(dir.path().join("minion"), config).unwrap();
        // It goes on until somebody makes the file `go`.
        let slow = "started:\n  cmd.run:\n    - name: touch {{ grains.at }}/started\nwaits:\n  cmd.run:\n    - name: \
                    while ! test -e {{ grains.at }}/go; do sleep 0.02; done\nlast: {test.nop: []}\n";
        std::fs::write(dir.path().join("tree/slow.sls"), slow).unwrap();
        std::fs::write(dir.path().join("tree/fast.sls"), "fast: {test.nop: []}\n").unwrap();
        let caller = Caller::new(local::parts(&MinionConfig::load(dir.path()).unwrap()));
        Bench { dir, caller }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    /// Runs a function as a job of its own.
    fn start(&self, jid: &str, fun: &str, args: &[&str], kwargs: Dict) -> JoinHandle<JobOutcome> {
        let caller = self.caller.clone();
        let (jid, fun) = (jid.to_owned(), fun.to_owned());
        let args = args.iter().map(|arg| Value::from(*arg)).collect();
        std::thread::spawn(move || {
            let mut job = JobCtx::new(jid, Cancel::new());
            job.fun.clone_from(&fun);
            caller.call(&fun, args, kwargs, &Arc::new(job))
        })
    }

    fn call(&self, jid: &str, fun: &str, args: &[&str], kwargs: Dict) -> JobOutcome {
        self.start(jid, fun, args, kwargs).join().unwrap()
    }

    fn slow(&self, jid: &str) -> JoinHandle<JobOutcome> {
        let run = self.start(jid, "state.sls", &["slow"], Dict::new());
        until(|| self.path("started").exists());
        run
    }

    fn go(&self) {
        std::fs::write(self.path("go"), "").unwrap();
    }
}

fn until(happens: impl Fn() -> bool) {
    let since = Instant::now();
    while !happens() {
        assert!(since.elapsed() < LIMIT, "it never happens");
        std::thread::yield_now();
    }
}

fn ids(outcome: &JobOutcome) -> Vec<String> {
    let results = outcome.ret.as_dict().unwrap_or_else(|| panic!("no results: {}", outcome.ret));
    results.keys().map(|tag| tag.to_string().split("_|-").nth(1).unwrap_or_default().to_owned()).collect()
}

fn entries(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|e| e.file_name().to_string_lossy().into_owned()).filter(|name| name != "lock").collect()
}

const FIRST: &str = "20260102030405000001";
const SECOND: &str = "20260102030405000002";
const THIRD: &str = "20260102030405000003";

#[test]
fn a_second_run_is_refused_or_waits_or_runs_beside() {
    let bench = Bench::new();
    // The one that goes on has the later jid: it counts all the same.
    let slow = bench.slow(SECOND);
    let text = format!(
        "The function \"state.sls\" is running as PID {} and was started at 2026, Jan 02 03:04:05.000002 with jid \
         {SECOND}",
        std::process::id()
    );
    for (fun, jid) in [("state.sls", FIRST), ("state.show_sls", THIRD), ("state.sls_id", THIRD)] {
        let args: &[&str] = if fun == "state.sls_id" { &["fast", "fast"] } else { &["fast"] };
        let refused = bench.call(jid, fun, args, Dict::new());
        assert_eq!((refused.ret, refused.retcode), (vec![text.as_str()].into(), 1), "{fun}");
    }
    let full = bench.call(THIRD, "state.sls", &["fast"], Dict::new().with("queue", 1));
    assert_eq!(full.retcode, 1, "one is before it already");
    assert_eq!(bench.call(THIRD, "state.running", &[], Dict::new()).ret, vec![text.as_str()].into());
    let beside = bench.call(THIRD, "state.sls", &["fast"], Dict::new().with("concurrent", true));
    assert_eq!((ids(&beside), beside.retcode), (vec!["fast".to_owned()], 0));

    let queue = Dict::new().with("queue", true);
    let waiting = bench.start(THIRD, "state.sls", &["fast"], queue);
    until(|| entries(&bench.path("cache/state_queue")).len() == 2);
    assert!(!waiting.is_finished());
    bench.go();
    assert_eq!(ids(&slow.join().unwrap()), ["started", "waits", "last"]);
    assert_eq!(ids(&waiting.join().unwrap()), ["fast"]);
    assert_eq!(entries(&bench.path("cache/state_queue")), Vec::<String>::new());
}

#[test]
fn a_run_that_died_holds_nobody_up() {
    let bench = Bench::new();
    let left = Dict::new().with("jid", FIRST).with("fun", "state.sls").with("pid", 1).with("thread", 0);
    let dir = bench.path("cache/state_queue");
    std::fs::create_dir_all(&dir).unwrap();
    let entry = data::msgpack::encode(&left.with("runs", true).into());
    std::fs::write(dir.join(format!("{FIRST}.0")), entry).unwrap();
    assert_eq!(ids(&bench.call(SECOND, "state.sls", &["fast"], Dict::new())), ["fast"]);
}

#[test]
fn a_run_pauses_goes_on_and_is_ended() {
    let bench = Bench::new();
    let slow = bench.slow(FIRST);
    let ask = |fun: &str, args: &[&str]| bench.call(THIRD, fun, args, Dict::new());
    assert_eq!(ask("state.pause", &[FIRST, "last"]).ret, Value::None);
    let asked = ask("state.get_pauses", &[]).ret;
    assert_eq!(asked.to_string(), format!("{{'{FIRST}': {{'last': {{}}}}}}"));
    bench.go();
    assert_eq!(ask("state.resume", &[FIRST, "last"]).ret, Value::None);
    assert_eq!(ids(&slow.join().unwrap()), ["started", "waits", "last"]);
    assert_eq!(ask("state.get_pauses", &[]).ret, Value::dict());

    for name in ["go", "started"] {
        std::fs::remove_file(bench.path(name)).unwrap();
    }
    let slow = bench.slow(SECOND);
    ask("state.pause", &[SECOND, "last"]);
    ask("state.soft_kill", &[SECOND, "last"]);
    bench.go();
    assert_eq!(ids(&slow.join().unwrap()), ["started", "waits"], "ended before the last, whatever is paused");
    assert_eq!(entries(&bench.path("cache/state_pause")), Vec::<String>::new());
    assert!(ask("state.pause", &["../x"]).retcode != 0, "a jid names a file");
}

#[test]
fn states_compiled_before_are_run_again_until_the_cache_is_cleared() {
    let bench = Bench::new();
    let cache = || Dict::new().with("cache", true);
    assert_eq!(ids(&bench.call(FIRST, "state.sls", &["fast"], cache())), ["fast"]);
    std::fs::write(bench.path("tree/fast.sls"), "other: {test.nop: []}\n").unwrap();
    assert_eq!(ids(&bench.call(SECOND, "state.sls", &["fast"], cache())), ["fast"]);
    let cleared = bench.call(SECOND, "state.clear_cache", &[], Dict::new());
    assert_eq!(cleared.ret, vec!["highstate.cache.p"].into());
    assert_eq!(ids(&bench.call(THIRD, "state.sls", &["fast"], cache())), ["other"]);
}
