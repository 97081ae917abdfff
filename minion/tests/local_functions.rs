//! Functions on a minion without a master, as `rsalt-call --local` calls them, against what Salt returned.
//!
//! `tests/local/<module>.yaml` lists calls in order, with the return or the error; all of a module share one
//! directory. `{dir}`, `{states}` and `{cache}` stand for its places.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail as tests do")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use data::Value;
use minion::host::{Cancel, Stop};
use minion::{Caller, JobControl, JobCtx, Parts, RunningJob, local};
use proto::config::MinionConfig;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/local")
}

/// A caller with the tree of the fixtures as its roots, and what the names in the cases stand for.
fn minion(dir: &Path) -> (Caller, impl Fn(&str) -> String + use<>) {
    let tree = fixtures().join("tree");
    let (states, pillar) = (tree.join("states"), tree.join("pillar"));
    let text = format!(
        "id: x\nroot_dir: {0}\ncachedir: {0}/cache\nfile_client: local\nfile_roots: {{base: [{1}]}}\n\
         pillar_roots: {{base: [{2}]}}\nmy: {{opt: [1, 2]}}\n",
        dir.display(),
        states.display(),
        pillar.display()
    );
    std::fs::create_dir_all(dir.join("o")).unwrap();
    std::fs::write(dir.join("minion"), text).unwrap();
    let config = MinionConfig::load(dir).unwrap();
    let places = [
        ("{dir}", dir.join("o").display().to_string()),
        ("{states}", states.display().to_string()),
        ("{cache}", dir.join("cache").display().to_string()),
    ];
    let filled = move |text: &str| {
        places.iter().fold(text.to_owned(), |text, (name, place)| text.replace(name, place))
    };
    (Caller::new(local::parts(&config)), filled)
}

/// The words of a call; quotes hold blanks together.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for c in line.chars() {
        match (c, quote) {
            (c, Some(q)) if c == q => quote = None,
            ('\'' | '"', None) => quote = Some(c),
            (' ', None) => words.push(std::mem::take(&mut word)),
            (c, _) => word.push(c),
        }
    }
    words.push(word);
    words
}

fn run(module: &str) {
    let dir = tempfile::tempdir().unwrap();
    let (caller, filled) = minion(dir.path());
    let text = std::fs::read_to_string(fixtures().join(format!("{module}.yaml"))).unwrap();
    let cases = data::yaml::load(&filled(&text)).unwrap();
    let mut wrong = Vec::new();
    for case in cases.as_list().expect("a list of calls") {
        let line = case.get("call").and_then(Value::as_str).expect("a call");
        for key in case.as_dict().expect("a dict").keys() {
            assert!(
                ["call", "ret", "error"].iter().any(|known| key.as_str() == Some(known)),
                "{line}: {key}"
            );
        }
        let words = words(line);
        let (args, kwargs) = proto::args::split(&words[1..], &[]);
        let got = caller.try_call(&words[0], args, kwargs, &Arc::new(JobCtx::local()));
        let fine = match (&got, case.get("error").and_then(Value::as_str)) {
            (Err(error), Some(expected)) => error.to_string() == expected,
            (Ok(outcome), None) => Some(&outcome.ret) == case.get("ret"),
            _ => false,
        };
        if !fine {
            wrong.push(format!("{line}\n  expected {case:?}\n  got {:?}", got.map(|outcome| outcome.ret)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn config() {
    run("config");
}

#[test]
fn cp() {
    run("cp");
}

#[test]
fn file() {
    run("file");
}

#[test]
fn pillar() {
    run("pillar");
}

#[test]
fn saltutil() {
    run("saltutil");
}

#[test]
fn sys() {
    run("sys");
}

#[test]
fn templates_see_the_pillar_unmasked() {
    let dir = tempfile::tempdir().unwrap();
    let (caller, _) = minion(dir.path());
    let job = Arc::new(JobCtx::local());
    let masked = caller.try_call("pillar.get", vec!["s".into()], data::Dict::new(), &job).unwrap();
    assert_eq!(masked.ret, Value::from("**********"));
    let value = caller.function("pillar.get", vec!["s".into()], data::Dict::new(), &job).unwrap();
    assert_eq!(value, Value::from("text"));
}

/// One job besides those of the test, and how it was ended.
#[derive(Default)]
struct OneJob(std::sync::Mutex<Vec<String>>);

impl JobControl for OneJob {
    fn running(&self) -> Vec<RunningJob> {
        let job = |jid: &str, fun: &str| RunningJob {
            jid: jid.into(),
            fun: fun.into(),
            pid: 7,
            ..RunningJob::default()
        };
        vec![job("1", "state.apply"), job("asking", "saltutil.running")]
    }

    fn stop(&self, jid: &str, how: Stop) -> bool {
        self.0.lock().unwrap().push(format!("{jid} {how:?}"));
        true
    }
}

#[test]
fn jobs_are_listed_and_ended() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("minion"), format!("id: x\nroot_dir: {}\n", dir.path().display()))
        .unwrap();
    let jobs = Arc::new(OneJob::default());
    let parts = local::parts(&MinionConfig::load(dir.path()).unwrap());
    let caller = Caller::new(Parts { jobs: Arc::clone(&jobs) as _, ..parts });
    let asking = Arc::new(JobCtx::new("asking", Cancel::never()));
    let call = |fun: &str, args: &[&str]| {
        let args = args.iter().map(|arg| Value::from(*arg)).collect();
        caller.try_call(fun, args, data::Dict::new(), &asking).unwrap().ret
    };
    let jids = |list: &Value| -> Vec<String> {
        list.as_list().unwrap().iter().map(|job| job.get("jid").unwrap().to_string()).collect()
    };
    assert_eq!(jids(&call("saltutil.running", &[])), ["1"], "without the job that asks");
    assert_eq!(jids(&call("saltutil.is_running", &["state.*"])), ["1"]);
    assert!(jids(&call("saltutil.is_running", &["pkg.*"])).is_empty());
    assert_eq!(call("saltutil.find_job", &["1"]).get("fun"), Some(&Value::from("state.apply")));
    assert_eq!(call("saltutil.find_job", &["2"]), Value::dict());
    assert_eq!(call("saltutil.term_job", &["1"]), Value::from("Signal 15 sent to job 1 at pid 7"));
    assert_eq!(call("saltutil.signal_job", &["1", "9"]), Value::from("Signal 9 sent to job 1 at pid 7"));
    assert_eq!(call("saltutil.kill_job", &["2"]), Value::from(""));
    assert_eq!(call("saltutil.kill_all_jobs", &[]).as_list().map(<[Value]>::len), Some(1));
    assert_eq!(*jobs.0.lock().unwrap(), ["1 Term", "1 Kill", "1 Kill"]);
}
