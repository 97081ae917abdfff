//! Every case of `tests/states/<module>.<function>/` and `tests/exec/<module>.<function>/` on a host of canned
//! answers: what it is asked, what it is told, what comes out.
//!
//! A state runs in test mode first and must not have written anything, then for real. A key that is
//! not known here and an answer that nobody asks for are errors.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use data::{Dict, Value, yaml};
use libtest_mimic::{Arguments, Failed, Trial};
use minion::fileclient::{FetchError, FileClient, FileStat};
use minion::host::fake::{Answer, FakeHost, Node};
use minion::pillar::{PillarError, PillarSource};
use minion::{Caller, JobCtx, NoJobs, Parts, hash};
use serde::Deserialize;

fn main() {
    let arguments = Arguments::from_args();
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut trials = Vec::new();
    for (kind, check) in [("states", state as fn(&str, Case) -> Result<(), Failed>), ("exec", function)] {
        for folder in entries(&home.join(kind)) {
            let fun = folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            for file in entries(&folder) {
                let case = file.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
                let fun = fun.clone();
                trials.push(Trial::test(format!("{kind}/{fun}/{case}"), move || check(&fun, read(&file)?)));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// One case.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// Keyword arguments; positional ones as `__args`.
    #[serde(default)]
    args: Dict,
    /// What the host answers.
    #[serde(default)]
    host: Vec<Fact>,
    #[serde(default)]
    grains: Dict,
    #[serde(default)]
    pillar: Dict,
    #[serde(default)]
    opts: Dict,
    /// Files of the file server: path and text.
    #[serde(default)]
    files: Dict,
    /// A state in test mode.
    test: Option<Want>,
    /// A state for real.
    apply: Option<Want>,
    /// The state once more, on what the first run left.
    again: Option<Want>,
    /// What a function returns.
    #[serde(rename = "return")]
    ret: Option<Value>,
    /// What a function raises: `Exception: text`.
    raises: Option<String>,
    #[serde(default)]
    retcode: i32,
    /// For functions: what is run and written.
    runs: Option<Vec<Vec<String>>>,
    writes: Option<Vec<String>>,
}

/// What is to come out of a state. What is not said is not looked at, but for commands and writes.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Want {
    result: Value,
    changes: Option<Value>,
    comment: Option<String>,
    /// Commands without a canned answer, in order.
    #[serde(default)]
    runs: Vec<Vec<String>>,
    /// `write /path`, `chmod /path 0644` …
    #[serde(default)]
    writes: Vec<String>,
    /// The text of files afterwards.
    #[serde(default)]
    files: Dict,
}

/// One thing that is true of the host.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Fact {
    run: Option<Vec<String>>,
    out: String,
    err: String,
    code: i32,
    /// Given, also as an empty list, for a command that changes something: what is there once it ran. Such a
    /// command has no answer in test mode.
    then: Option<Vec<Fact>>,
    /// In `then`: this path is gone.
    gone: Option<String>,
    file: Option<String>,
    text: String,
    dir: Option<String>,
    link: Option<String>,
    to: String,
    mode: Option<data::loose::Mode>,
    uid: u32,
    gid: u32,
    /// A line of `/etc/passwd`, a line of `/etc/group`.
    user: Option<String>,
    group: Option<String>,
    env: Option<String>,
    value: String,
}

fn read(file: &Path) -> Result<Case, Failed> {
    let text = std::fs::read_to_string(file)?;
    Ok(data::args::from_value(yaml::load(&text).map_err(|e| e.to_string())?)?)
}

impl Fact {
    /// What is in the file system, and where.
    fn node(&self) -> Option<(&str, Node)> {
        let (path, node) = match (&self.file, &self.dir, &self.link) {
            (Some(path), _, _) => (path, Node::file(self.text.clone())),
            (_, Some(path), _) => (path, Node::dir()),
            (_, _, Some(path)) => (path, Node::link(&self.to)),
            _ => return None,
        };
        let mode = self.mode.and_then(data::loose::Mode::bits).unwrap_or(node.mode);
        Some((path, Node { mode, uid: self.uid, gid: self.gid, ..node }))
    }

    /// What a command leaves at a path.
    fn left(&self) -> Result<(PathBuf, Option<Node>), Failed> {
        match (&self.gone, self.node()) {
            (Some(path), None) => Ok((path.into(), None)),
            (None, Some((path, node))) => Ok((path.into(), Some(node))),
            _ => Err("something in `then` without file, dir, link or gone".into()),
        }
    }
}

/// The host of a case. `test`: commands that change something are not known to it.
fn host(case: &Case, test: bool) -> Result<FakeHost, Failed> {
    let mut host = FakeHost::new();
    for fact in case.host.clone() {
        host = if let Some(run) = fact.run {
            if test && fact.then.is_some() {
                continue;
            }
            let leaves = fact.then.iter().flatten().map(Fact::left).collect::<Result<_, _>>()?;
            host.with_answer(Answer {
                run,
                out: fact.out,
                err: fact.err,
                code: fact.code,
                leaves,
                used: false,
            })
        } else if let Some((path, node)) = fact.node() {
            host.with_node(path, node)
        } else if let Some(line) = &fact.user {
            host.with_user(line)
        } else if let Some(line) = &fact.group {
            host.with_group(line)
        } else if let Some(name) = &fact.env {
            host.with_env(name, &fact.value)
        } else {
            return Err("a fact about the host without run, file, dir, link, user, group or env".into());
        };
    }
    Ok(host)
}

struct Memory(Dict);

impl FileClient for Memory {
    fn fetch(&self, path: &str, _: &str) -> Result<Option<Arc<[u8]>>, FetchError> {
        Ok(self.0.get(path).map(|text| text.to_string().into_bytes().into()))
    }

    fn stat(&self, path: &str, saltenv: &str) -> Result<Option<FileStat>, FetchError> {
        Ok(self.fetch(path, saltenv)?.map(|data| FileStat {
            hash: hash::hex(hash::Kind::Sha256, &data),
            hash_type: "sha256".to_owned(),
            size: data.len() as u64,
            mode: 0o644,
        }))
    }

    fn list(&self, _: &str) -> Result<Arc<Vec<String>>, FetchError> {
        Ok(Arc::new(self.0.keys().map(Value::to_string).collect()))
    }

    fn dirs(&self, _: &str) -> Result<Arc<Vec<String>>, FetchError> {
        let paths = self.list("base")?;
        let dirs: BTreeSet<String> =
            paths.iter().filter_map(|p| Some(p.rsplit_once('/')?.0.to_owned())).collect();
        Ok(Arc::new(dirs.into_iter().collect()))
    }

    fn envs(&self) -> Result<Vec<String>, FetchError> {
        Ok(vec!["base".to_owned()])
    }

    /// The host of a case has the cached files too.
    fn cache_file(&self, path: &str, _: &str) -> Result<Option<PathBuf>, FetchError> {
        Ok(self.0.contains(path).then(|| Path::new("/cache").join(path)))
    }
}

struct Given(Dict);

impl PillarSource for Given {
    fn pillar(&self, _: &Value, _: Option<&str>, over: Option<&Value>) -> Result<Value, PillarError> {
        let mut pillar = self.0.clone();
        pillar.extend(over.and_then(Value::as_dict).cloned().unwrap_or_default());
        Ok(pillar.into())
    }
}

fn caller(case: &Case, host: &FakeHost) -> Caller {
    let mut opts = Dict::new().with("id", "case");
    opts.extend(case.opts.clone());
    opts.insert("grains", case.grains.clone());
    let mut cached = host.clone();
    for (path, text) in &case.files {
        let node = Node { used: true, ..Node::file(text.to_string()) };
        cached = cached.with_node(format!("/cache/{path}"), node);
    }
    Caller::new(Parts {
        opts: opts.into(),
        host: Arc::new(cached),
        grains: |_, opts| opts.get("grains").cloned().unwrap_or_default(),
        files: Arc::new(Memory(case.files.clone())),
        pillar: Arc::new(Given(case.pillar.clone())),
        jobs: Arc::new(NoJobs),
        events: None,
    })
}

/// Runs a state through `state.single`; the dict of its result.
fn single(fun: &str, case: &Case, host: &FakeHost, test: bool) -> Result<Value, Failed> {
    let mut kwargs = case.args.clone();
    let name = kwargs.remove("name").ok_or("a state without a name")?;
    kwargs.insert("test", test);
    // The lock of state runs is in the real cache directory.
    kwargs.insert("concurrent", true);
    let args = vec![Value::from(fun), name];
    let job = Arc::new(JobCtx::local());
    let outcome = caller(case, host).try_call("state.single", args, kwargs, &job)?;
    let results = outcome.ret.as_dict().ok_or_else(|| format!("not run: {}", outcome.ret))?;
    Ok(results.values().next().cloned().ok_or("no result")?)
}

fn compare(what: &str, wanted: &Value, is: &Value) -> Result<(), Failed> {
    if wanted == is { Ok(()) } else { Err(format!("{what}\n  is     {is:?}\n  wanted {wanted:?}").into()) }
}

fn judge(when: &str, want: &Want, result: &Value, host: &FakeHost) -> Result<(), Failed> {
    let get = |key: &str| result.get(key).cloned().unwrap_or_default();
    // The comment is what explains the rest.
    let at = |key: &str| format!("{when}: {key} (comment: {})", get("comment"));
    compare(&at("result"), &want.result, &get("result"))?;
    if let Some(changes) = &want.changes {
        compare(&at("changes"), changes, &get("changes"))?;
    }
    if let Some(comment) = &want.comment {
        compare(&at("comment"), &comment.trim_end().into(), &get("comment").to_string().trim_end().into())?;
    }
    compare(&at("runs"), &want.runs.clone().into(), &host.runs().into())?;
    compare(&at("writes"), &want.writes.clone().into(), &host.writes().into())?;
    for (path, text) in &want.files {
        let node = host.node(path.to_string()).ok_or_else(|| format!("{when}: there is no {path}"))?;
        compare(&at(&path.to_string()), text, &String::from_utf8_lossy(&node.data).into_owned().into())?;
    }
    Ok(())
}

/// What nobody asked for: of the host alone, or of it and of one in test mode, which has fewer answers.
fn all_used(host: &FakeHost, dry: Option<&FakeHost>, case: &Case) -> Result<(), Failed> {
    let mut unused = host.unused();
    if let Some(dry) = dry {
        let changing = case.host.iter().filter(|fact| fact.then.is_some());
        let unanswered: Vec<String> =
            changing.filter_map(|fact| Some(fact.run.as_ref()?.join(" "))).collect();
        let dry = dry.unused();
        unused.retain(|what| dry.contains(what) || unanswered.contains(what));
    }
    if unused.is_empty() { Ok(()) } else { Err(format!("nobody asked for: {unused:?}").into()) }
}

fn state(fun: &str, case: Case) -> Result<(), Failed> {
    let dry = host(&case, true)?;
    let result = single(fun, &case, &dry, true)?;
    if let Some(want) = &case.test {
        judge("test mode", want, &result, &dry)?;
    }
    compare("test mode: writes", &Value::list(), &dry.writes().into())?;
    let real = host(&case, false)?;
    if let Some(want) = &case.apply {
        real.be_lenient();
        judge("for real", want, &single(fun, &case, &real, false)?, &real)?;
    }
    if let Some(want) = &case.again {
        let mut seen = want.clone();
        seen.runs = case.apply.iter().flat_map(|w| w.runs.clone()).chain(want.runs.clone()).collect();
        seen.writes = case.apply.iter().flat_map(|w| w.writes.clone()).chain(want.writes.clone()).collect();
        judge("again", &seen, &single(fun, &case, &real, false)?, &real)?;
    }
    all_used(&real, Some(&dry), &case)
}

fn function(fun: &str, case: Case) -> Result<(), Failed> {
    let host = host(&case, false)?;
    if case.runs.is_some() {
        host.be_lenient();
    }
    let mut kwargs = case.args.clone();
    let args = kwargs.remove("__args").and_then(|a| a.as_list().map(<[Value]>::to_vec)).unwrap_or_default();
    let job = Arc::new(JobCtx::local());
    match caller(&case, &host).try_call(fun, args, kwargs, &job) {
        Ok(outcome) => {
            if let Some(raises) = &case.raises {
                return Err(format!("returned {:?} and was to raise {raises}", outcome.ret).into());
            }
            compare("return", &case.ret.clone().unwrap_or_default(), &outcome.ret)?;
            compare("retcode", &case.retcode.into(), &outcome.retcode.into())?;
        }
        Err(error) => {
            let raised = format!("{}: {error}", error.exception());
            compare("raises", &case.raises.clone().into(), &raised.into())?;
        }
    }
    compare("runs", &case.runs.clone().unwrap_or_default().into(), &host.runs().into())?;
    compare("writes", &case.writes.clone().unwrap_or_default().into(), &host.writes().into())?;
    all_used(&host, None, &case)
}
