//! Same SLS, same result as Salt: every case of `tests/parity/cases` through `rsalt-call --local`.
//!
//! What Salt answered is recorded beside each case (`tests/parity/record.py` makes it anew). Where
//! rsalt answers differently on purpose, `tests/parity/differences.yaml` says why and `rsalt.json`
//! beside the case says what; an entry whose case answers as Salt does is an error.

#![expect(clippy::unwrap_used, reason = "a test ends where its files are not as they should be")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fancy_regex::Regex;
use libtest_mimic::{Arguments, Failed, Trial};
use rsalt_tests::cases::{entries, relative, yaml};
use rsalt_tests::{Call, Tree, bins, tree};
use serde_json::{Map, Value, json};

fn main() {
    let args = Arguments::from_args();
    // As record.py does: modes of new files are part of the results.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    let home = bins::repository().join("tests/parity");
    let rules = Arc::new(Rules::read(&home.join("volatile.json")));
    let differences = Arc::new(differences(&home.join("differences.yaml")));
    let mut trials = Vec::new();
    let mut names = Vec::new();
    for path in cases(&home.join("cases")) {
        let name = relative(&path, &home.join("cases"));
        names.push(name.clone());
        let (rules, differences) = (Arc::clone(&rules), Arc::clone(&differences));
        trials.push(Trial::test(name.clone(), move || judge(&path, &rules, differences.get(&name))));
    }
    let unknown: Vec<String> = differences.keys().filter(|name| !names.contains(name)).cloned().collect();
    let count = names.len();
    trials.push(Trial::test("table", move || {
        require(count >= 60, || format!("only {count} cases"))?;
        require(unknown.is_empty(), || format!("differences.yaml names no case: {}", unknown.join(", ")))
    }));
    libtest_mimic::run(&args, trials).exit();
}

fn require(holds: bool, message: impl FnOnce() -> String) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(message().into()) }
}

fn cases(dir: &Path) -> Vec<PathBuf> {
    entries(dir).iter().flat_map(|topic| entries(topic)).filter(|path| path.join("tree").is_dir()).collect()
}

/// Why rsalt answers differently, by case.
fn differences(file: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(file).unwrap();
    let read = yaml(&text);
    read.as_object().unwrap().iter().map(|(k, v)| (k.clone(), v.as_str().unwrap().to_owned())).collect()
}

/// One case of the table, as `case.yaml` has it.
struct Case {
    run: Vec<Vec<String>>,
    grains: Map<String, Value>,
    config: Map<String, Value>,
}

impl Case {
    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path.join("case.yaml")).unwrap_or_default();
        let given = yaml(&text);
        let map = |key: &str| given.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
        let words = |line: &Value| -> Vec<String> {
            let words = line.as_array().into_iter().flatten();
            words.map(|word| word.as_str().map_or_else(|| python_word(word), str::to_owned)).collect()
        };
        let mut run: Vec<Vec<String>> = match given.get("run").and_then(Value::as_array) {
            Some(lines) => lines.iter().map(words).collect(),
            None => vec![vec!["state.sls".into(), "case".into()]],
        };
        if given.get("again") == Some(&Value::Bool(true)) {
            run.extend(run.clone());
        }
        Case { run, grains: map("grains"), config: map("config") }
    }
}

/// Python's `str()` of a scalar: what record.py hands to Salt.
fn python_word(value: &Value) -> String {
    match value {
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Null => "None".into(),
        other => other.to_string(),
    }
}

fn judge(path: &Path, rules: &Rules, difference: Option<&String>) -> Result<(), Failed> {
    let read = |name: &str| -> Option<Value> {
        serde_json::from_str(&std::fs::read_to_string(path.join(name)).ok()?).ok()
    };
    let salt = read("expected.json").ok_or("no expected.json: run `make parity`")?;
    let ours = run(path, rules);
    let wanted = match (difference, read("rsalt.json")) {
        (None, None) => &salt,
        (Some(reason), Some(own)) => {
            require(ours != salt, || {
                format!("answers as Salt does; differences.yaml is out of date: {reason}")
            })?;
            return compare(&own, &ours);
        }
        (Some(_), None) if std::env::var_os("PARITY_WRITE").is_some() => {
            std::fs::write(path.join("rsalt.json"), format!("{ours:#}\n"))?;
            return Ok(());
        }
        (Some(_), None) => {
            let hint = "no rsalt.json (PARITY_WRITE=1 writes it; look at it then); it would be";
            return Err(format!("{hint}\n{ours:#}").into());
        }
        (None, Some(_)) => return Err("rsalt.json without a reason in differences.yaml".into()),
    };
    compare(wanted, &ours)
}

fn compare(wanted: &Value, ours: &Value) -> Result<(), Failed> {
    let mut lines = Vec::new();
    differ("", wanted, ours, &mut lines);
    require(lines.is_empty(), || lines.join("\n"))
}

/// Every place where two results differ, one line each.
fn differ(at: &str, wanted: &Value, ours: &Value, lines: &mut Vec<String>) {
    match (wanted, ours) {
        (Value::Object(w), Value::Object(o)) => {
            for (key, value) in w {
                match o.get(key) {
                    Some(own) => differ(&format!("{at}/{key}"), value, own, lines),
                    None => lines.push(format!("{at}/{key}: missing, Salt has {value}")),
                }
            }
            lines.extend(
                o.iter()
                    .filter(|(key, _)| !w.contains_key(*key))
                    .map(|(key, v)| format!("{at}/{key}: Salt has none, rsalt has {v}")),
            );
        }
        (Value::Array(w), Value::Array(o)) if w.len() == o.len() => {
            for (index, (value, own)) in w.iter().zip(o).enumerate() {
                differ(&format!("{at}/{index}"), value, own, lines);
            }
        }
        // A message on standard error: the first line is what counts, and it may stand among others.
        (Value::String(w), Value::String(o)) if at.ends_with("/error") => {
            let first = w.lines().next().unwrap_or_default();
            if o.is_empty() || !o.contains(first) {
                lines.push(format!("{at}: Salt says  {first:?}\n{at}: rsalt says {o:?}"));
            }
        }
        _ if wanted == ours => {}
        _ => lines.push(format!("{at}: Salt  {wanted}\n{at}: rsalt {ours}")),
    }
}

/// Runs the case's steps in a directory of its own.
fn run(path: &Path, rules: &Rules) -> Value {
    let case = Case::read(path);
    let work = Tree::new();
    let root = work.join("root");
    if path.join("root").is_dir() {
        tree::copy(&path.join("root"), &root);
        usual_modes(&root);
    } else {
        std::fs::create_dir(&root).unwrap();
    }
    let mut grains = json!({"root": root});
    grains.as_object_mut().unwrap().extend(case.grains);
    let mut config = json!({
        "id": "parity",
        "root_dir": work.join("rsalt"),
        "file_client": "local",
        "file_roots": {"base": [path.join("tree")]},
        "pillar_roots": {"base": [path.join("pillar")]},
        "grains": grains,
    });
    config.as_object_mut().unwrap().extend(case.config);
    let put = |text: &str| {
        text.replace("$CASE", &path.display().to_string()).replace("$ROOT", &root.display().to_string())
    };
    work.write("conf/minion", put(&config.to_string()));
    let mut steps = Vec::new();
    for words in &case.run {
        let call =
            Call::new(bins::path("rsalt-call")).args(["--local", "--out=json", "--retcode-passthrough"]);
        let out = call.arg("-c").arg(work.join("conf")).args(words.iter().map(|word| put(word))).run();
        let mut step = json!({"run": words, "exit": out.code & 0xff});
        match serde_json::from_str::<Value>(&out.stdout).ok().and_then(|v| v.get("local").cloned()) {
            Some(value) => step["return"] = value,
            None => step["error"] = out.stderr.trim().into(),
        }
        steps.push(step);
    }
    let mut files = Map::new();
    snapshot(&root, &root, &mut files);
    rules.value(work.path(), &json!({"steps": steps, "files": files}))
}

/// A checkout has the modes that its user's umask left; the cases are about the usual ones.
fn usual_modes(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let meta = path.symlink_metadata().unwrap();
    if !meta.is_symlink() {
        let mode = if meta.is_dir() || meta.permissions().mode() & 0o100 != 0 { 0o755 } else { 0o644 };
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }
    if meta.is_dir() {
        entries(path).iter().for_each(|entry| usual_modes(entry));
    }
}

/// Every file below `root`: mode, and text or link target.
fn snapshot(root: &Path, dir: &Path, files: &mut Map<String, Value>) {
    use std::os::unix::fs::PermissionsExt;
    for path in entries(dir) {
        let name = relative(&path, root);
        let meta = path.symlink_metadata().unwrap();
        let mode = format!("{:04o}", meta.permissions().mode() & 0o7777);
        if meta.is_symlink() {
            files.insert(name, json!({"link": std::fs::read_link(&path).unwrap()}));
        } else if meta.is_dir() {
            files.insert(name, json!({ "mode": mode }));
            snapshot(root, &path, files);
        } else {
            let text = std::fs::read(&path).unwrap();
            files.insert(name, json!({"mode": mode, "text": String::from_utf8_lossy(&text)}));
        }
    }
}

/// `volatile.json`: what differs from run to run.
struct Rules {
    drop: Vec<String>,
    mask: Map<String, Value>,
    sort: Vec<String>,
    sort_after: Vec<String>,
    patterns: Vec<(Regex, String)>,
}

impl Rules {
    fn read(file: &Path) -> Self {
        let read: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let words = |key: &str| -> Vec<String> {
            read[key].as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
        };
        let patterns = read["patterns"].as_array().unwrap().iter().map(|rule| {
            // Python's `$` in a replacement is plain text.
            let put = rule["put"].as_str().unwrap().replace('$', "$$");
            (Regex::new(rule["find"].as_str().unwrap()).unwrap(), put)
        });
        Rules {
            drop: words("drop_keys"),
            mask: read["mask_keys"].as_object().unwrap().clone(),
            sort: words("sort_lists"),
            sort_after: words("sort_after"),
            patterns: patterns.collect(),
        }
    }

    fn text(&self, work: &Path, text: &str) -> String {
        let work = work.display().to_string();
        let mut text = text.replace(&format!("{work}/root"), "$ROOT").replace(&work, "$WORK");
        for (find, put) in &self.patterns {
            text = find.replace_all(&text, put.as_str()).into_owned();
        }
        for start in &self.sort_after {
            if let Some(rest) = text.strip_prefix(start.as_str()) {
                let mut parts: Vec<&str> = rest.split(", ").collect();
                parts.sort_unstable();
                text = format!("{start}{}", parts.join(", "));
            }
        }
        text
    }

    fn value(&self, work: &Path, value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                let kept = map.iter().filter(|(key, _)| !self.drop.contains(key));
                kept.map(|(key, item)| (self.text(work, key), self.item(work, key, item))).collect()
            }
            Value::Array(list) => list.iter().map(|item| self.value(work, item)).collect(),
            Value::String(text) => self.text(work, text).into(),
            other => other.clone(),
        }
    }

    fn item(&self, work: &Path, key: &String, item: &Value) -> Value {
        if let Some(mask) = self.mask.get(key) {
            return mask.clone();
        }
        let mut value = self.value(work, item);
        if let (true, Some(list)) = (self.sort.contains(key), value.as_array_mut()) {
            list.sort_by_key(Value::to_string);
        }
        value
    }
}
