//! State functions for real: every topic of `tests/modules` in a container of its own.
//!
//! A topic's states run in test mode, for real, and again. Test mode must announce just what then
//! changes, the first run must succeed, the second must have nothing to do. Every state function there is
//! has a topic, or a line in `tests/modules/not-in-containers` that says why not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use rsalt_tests::cases::{entries, relative, yaml};
use rsalt_tests::{Call, Container, Output, Tree, bins};
use serde_json::{Map, Value, json};

/// Packages are fetched and installed in some of the runs.
const LIMIT: Duration = Duration::from_secs(600);
const NOT_THERE: &str = "not-in-containers";

fn main() {
    let mut arguments = Arguments::from_args();
    // Containers that install packages want the disk and the network for themselves.
    arguments.test_threads = Some(arguments.test_threads.unwrap_or(2).min(2));
    let home = bins::repository().join("tests/modules");
    let mut trials = Vec::new();
    let mut topics = Vec::new();
    for path in entries(&home).into_iter().filter(|path| path.is_dir()) {
        topics.push(path.clone());
        trials.push(Trial::test(relative(&path, &home), move || judge(&path)));
    }
    trials.push(Trial::test("coverage", move || coverage(&home, &topics)));
    libtest_mimic::run(&arguments, trials).exit();
}

/// What `case.yaml` says of a topic.
struct Case {
    /// Lines for the container's shell before the first run.
    setup: Vec<String>,
    /// The SLS to be applied.
    sls: Vec<String>,
    /// Further options of `docker run`.
    options: Vec<String>,
    /// IDs of states that change something on every run.
    stateless: Vec<String>,
    /// Lines for the container's shell that must succeed afterwards.
    check: Vec<String>,
}

impl Case {
    fn read(path: &Path) -> Result<Self, Failed> {
        let text = std::fs::read_to_string(path.join("case.yaml"))
            .map_err(|error| format!("{}: {error}", path.join("case.yaml").display()))?;
        let given = yaml(&text);
        let given = given.as_object().ok_or("case.yaml is no mapping")?;
        let known = ["about", "setup", "sls", "options", "stateless", "check"];
        if let Some(key) = given.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(format!("case.yaml: unknown key {key:?}; there are {}", known.join(", ")).into());
        }
        if !given.get("about").is_some_and(Value::is_string) {
            return Err("case.yaml: `about` says in a line what the topic is".into());
        }
        let lines = |key: &str| -> Result<Vec<String>, Failed> {
            let Some(value) = given.get(key) else { return Ok(Vec::new()) };
            let lines: Option<Vec<String>> = value
                .as_array()
                .and_then(|list| list.iter().map(|l| l.as_str().map(str::to_owned)).collect());
            lines.ok_or_else(|| format!("case.yaml: {key:?} is to be a list of texts").into())
        };
        let mut sls = lines("sls")?;
        if sls.is_empty() {
            sls.push("case".to_owned());
        }
        Ok(Case {
            setup: lines("setup")?,
            sls,
            options: lines("options")?,
            stateless: lines("stateless")?,
            check: lines("check")?,
        })
    }
}

/// The configuration of a minion without a master whose trees are at these places.
fn config(states: &Path, pillar: &Path) -> Map<String, Value> {
    let config = json!({
        "id": "module",
        "file_client": "local",
        "file_roots": {"base": [states]},
        "pillar_roots": {"base": [pillar]},
    });
    config.as_object().cloned().unwrap_or_default()
}

fn judge(path: &Path) -> Result<(), Failed> {
    let case = Case::read(path)?;
    let topic = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let tree = Tree::new();
    let minion = config(Path::new("/srv/salt"), Path::new("/srv/pillar"));
    let minion = tree.write("minion", Value::from(minion).to_string());
    let mut builder = Container::bare(&format!("module-{topic}"))
        .mount(&bins::path("rsalt-call"), "/usr/local/bin/rsalt-call")
        .mount(&minion, "/etc/rsalt/minion")
        .mount(&path.join("tree"), "/srv/salt");
    if path.join("pillar").is_dir() {
        builder = builder.mount(&path.join("pillar"), "/srv/pillar");
    }
    let container = case.options.iter().fold(builder, |builder, option| builder.option(option)).start();
    for line in &case.setup {
        shell(&container, line)?;
    }
    let sls = case.sls.join(",");
    let dry = apply(&container, &sls, &["test=True"])?;
    let first = apply(&container, &sls, &[])?;
    let second = apply(&container, &sls, &[])?;
    let mut wrong = Vec::new();
    for (key, result) in &first.results {
        if result["result"] != true {
            wrong.push(format!("first run: {key} is {}", told(result)));
        }
    }
    wrong.extend(first.results.iter().filter_map(|(key, result)| {
        let announced = dry.results.get(key).ok_or_else(|| format!("test mode has no {key}"));
        announced.map_or_else(Some, |announced| unlike(key, announced, result))
    }));
    for (key, result) in &second.results {
        let stateless = result["__id__"].as_str().is_some_and(|id| case.stateless.iter().any(|s| s == id));
        if result["result"] != true || (changes(result) && !stateless) {
            wrong.push(format!("second run: {key} is {}", told(result)));
        }
    }
    for id in &case.stateless {
        let changes_again = second.results.values().any(|r| r["__id__"] == id.as_str() && changes(r));
        if !changes_again {
            wrong.push(format!("case.yaml: {id:?} is not stateless"));
        }
    }
    if !wrong.is_empty() {
        return Err(wrong.join("\n").into());
    }
    for (when, run) in [("test mode", &dry), ("first run", &first), ("second run", &second)] {
        if run.code != 0 {
            return Err(format!("{when}: exit code {}", run.code).into());
        }
    }
    case.check.iter().try_for_each(|line| shell(&container, line))
}

/// What test mode said wrong about a state that then came out as `result`.
fn unlike(key: &str, announced: &Value, result: &Value) -> Option<String> {
    let wrong = match &announced["result"] {
        Value::Bool(false) => "is false in test mode",
        Value::Null if !changes(result) => "is announced and changes nothing",
        // A few of Salt's functions leave the result true and announce with the changes alone.
        Value::Bool(true) if changes(result) && !changes(announced) => "changes and is not announced",
        Value::Bool(true) if !changes(result) && changes(announced) => "announces changes and makes none",
        _ => return None,
    };
    Some(format!("{key} {wrong}\n  test mode: {}\n  then:      {}", told(announced), told(result)))
}

fn changes(result: &Value) -> bool {
    result["changes"].as_object().is_none_or(|changes| !changes.is_empty())
}

fn told(result: &Value) -> String {
    format!("{}, changes {}, comment {}", result["result"], result["changes"], result["comment"])
}

fn shell(container: &Container, line: &str) -> Result<(), Failed> {
    let out = inside(container, &["bash", "-ec", line]);
    if out.code == 0 { Ok(()) } else { Err(out.report().into()) }
}

fn inside(container: &Container, command: &[&str]) -> Output {
    let call = Call::new("docker").args(["exec", "-e", "DEBIAN_FRONTEND=noninteractive", &container.name]);
    call.args(command).limit(LIMIT).run()
}

/// A state run: its results by key, and its exit code.
struct Run {
    results: BTreeMap<String, Value>,
    code: i32,
}

fn apply(container: &Container, sls: &str, options: &[&str]) -> Result<Run, Failed> {
    let mut words = vec!["rsalt-call", "--local", "--out=json", "--retcode-passthrough", "state.apply", sls];
    words.extend(options);
    let out = inside(container, &words);
    let results = serde_json::from_str(&out.stdout).ok().and_then(|answer: Value| {
        let results = answer.get("local")?.as_object()?;
        let all = results.iter().map(|(key, result)| (key.clone(), result.clone()));
        Some(all.collect::<BTreeMap<_, _>>()).filter(|results| !results.is_empty())
    });
    match results {
        Some(results) => Ok(Run { results, code: out.code }),
        None => Err(out.report().into()),
    }
}

/// The state functions that a topic's SLS compile to.
fn functions(path: &Path) -> Result<BTreeSet<String>, Failed> {
    let case = Case::read(path)?;
    let tree = Tree::new();
    let mut minion = config(&path.join("tree"), &path.join("pillar"));
    minion.insert("root_dir".into(), tree.join("root").display().to_string().into());
    // Topics are written for the base image, wherever they are looked at.
    minion.insert("grains".into(), json!({"os": "Debian", "os_family": "Debian", "osrelease": "12"}));
    tree.write("minion", Value::from(minion).to_string());
    let mut found = BTreeSet::new();
    for sls in &case.sls {
        let call = Call::new(bins::path("rsalt-call")).args(["--local", "--out=json", "-c"]);
        let out = call.arg(tree.path()).args(["state.show_low_sls", sls]).run();
        let low: Value = serde_json::from_str(&out.stdout).map_err(|_| out.report())?;
        let chunks = low["local"].as_array().ok_or_else(|| out.report())?;
        let text = |chunk: &Value, key: &str| chunk[key].as_str().unwrap_or_default().to_owned();
        found.extend(chunks.iter().map(|c| format!("{}.{}", text(c, "state"), text(c, "fun"))));
    }
    Ok(found)
}

/// Whether every state function runs in a topic or is listed with a reason, and none is both.
fn coverage(home: &Path, topics: &[PathBuf]) -> Result<(), Failed> {
    let registered: BTreeSet<&str> =
        minion::states::ALL.iter().flat_map(|m| m.iter()).map(|e| e.fun).collect();
    let mut covered = BTreeSet::new();
    for topic in topics {
        covered.extend(functions(topic)?);
    }
    let text = std::fs::read_to_string(home.join(NOT_THERE))?;
    let mut listed = BTreeMap::new();
    let mut wrong = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let (fun, reason) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        if reason.trim().is_empty() {
            wrong.push(format!("{NOT_THERE}: {fun} has no reason"));
        }
        if listed.insert(fun, reason).is_some() {
            wrong.push(format!("{NOT_THERE}: {fun} is there twice"));
        }
        if !registered.contains(fun) {
            wrong.push(format!("{NOT_THERE}: there is no state function {fun}"));
        }
        if covered.contains(fun) {
            wrong.push(format!("{NOT_THERE}: {fun} has a topic by now; remove its line"));
        }
    }
    let missing = registered.iter().filter(|fun| !covered.contains(**fun) && !listed.contains_key(**fun));
    wrong
        .extend(missing.map(|fun| format!("{fun} runs in no container: add it to a topic of tests/modules")));
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}
