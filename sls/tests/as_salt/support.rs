//! Surroundings for tests: files from a folder, and Salt's `test` states.

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use data::{Dict, Value};
use sls::{CallError, FetchError, LowChunk, RenderEnv, Runner, StateResult};

/// A minion that has a state tree and little else.
pub(crate) struct Minion {
    /// Environment and folder.
    roots: Vec<(String, PathBuf)>,
    pillar: Value,
    opts: Value,
}

impl Minion {
    pub(crate) fn with_root(root: PathBuf) -> Rc<dyn RenderEnv> {
        Self::with_roots(vec![("base".to_owned(), root)], Value::dict())
    }

    pub(crate) fn with_roots(roots: Vec<(String, PathBuf)>, pillar: Value) -> Rc<dyn RenderEnv> {
        Rc::new(Minion { roots, pillar, opts: Dict::new().with("id", "x").into() })
    }

    pub(crate) fn with_opts(root: PathBuf, opts: Value) -> Rc<dyn RenderEnv> {
        Rc::new(Minion { roots: vec![("base".to_owned(), root)], pillar: Value::dict(), opts })
    }

    fn root(&self, saltenv: &str) -> Option<&PathBuf> {
        self.roots.iter().find(|(env, _)| env == saltenv).map(|(_, root)| root)
    }
}

impl RenderEnv for Minion {
    fn grains(&self) -> Value {
        Dict::new().with("id", "x").with("os", "Debian").into()
    }

    fn pillar(&self) -> Value {
        self.pillar.clone()
    }

    fn opts(&self) -> Value {
        self.opts.clone()
    }

    fn call(&self, fun: &str, args: Vec<Value>, kwargs: Dict) -> Result<Value, CallError> {
        call(fun, args, kwargs)
    }

    fn has_function(&self, fun: &str) -> bool {
        FUNCTIONS.contains(&fun)
    }

    fn nearest_function(&self, fun: &str) -> Option<String> {
        sls::nearest(fun, FUNCTIONS.iter().copied()).map(str::to_owned)
    }

    fn fetch(&self, path: &str, saltenv: &str) -> Result<Option<Arc<[u8]>>, FetchError> {
        Ok(self.root(saltenv).and_then(|root| std::fs::read(root.join(path)).ok()).map(Arc::from))
    }

    fn list(&self, saltenv: &str) -> Result<Arc<Vec<String>>, FetchError> {
        let mut out = Vec::new();
        let Some(root) = self.root(saltenv) else { return Ok(Arc::default()) };
        let mut todo = vec![root.clone()];
        while let Some(dir) = todo.pop() {
            for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    todo.push(path);
                } else if let Ok(path) = path.strip_prefix(root) {
                    out.push(path.to_string_lossy().into_owned());
                }
            }
        }
        Ok(Arc::new(out))
    }

    fn envs(&self) -> Vec<String> {
        self.roots.iter().map(|(env, _)| env.clone()).collect()
    }

    fn has_state(&self, fun: &str) -> bool {
        has_state(fun)
    }
}

const FUNCTIONS: &[&str] = &["test.ping", "test.echo", "test.arg", "test.true"];

const STATES: &[&str] = &[
    "test.nop",
    "test.succeed_with_changes",
    "test.succeed_without_changes",
    "test.fail_with_changes",
    "test.fail_without_changes",
    "test.configurable_test_state",
    "test.show_notification",
    "test.mod_watch",
    "file.exists",
    "file.directory",
];

pub(crate) fn has_state(fun: &str) -> bool {
    STATES.contains(&fun)
}

fn call(fun: &str, args: Vec<Value>, kwargs: Dict) -> Result<Value, CallError> {
    match fun {
        "test.ping" | "test.true" => Ok(true.into()),
        "test.echo" => Ok(args.into_iter().next().unwrap_or_default()),
        "test.arg" => Ok(Dict::new().with("args", args).with("kwargs", kwargs).into()),
        _ => Err(CallError::not_found(fun)),
    }
}

/// The `test` states as Salt has them, and two of `file`.
pub(crate) struct States;

impl Runner for States {
    fn run(&self, chunk: &LowChunk, test: bool) -> StateResult {
        let name = chunk.name.clone();
        let changed = || {
            let pretended = Dict::new().with("old", "Unchanged").with("new", "Something pretended to change");
            Value::from(Dict::new().with("testing", pretended))
        };
        let would = "If we weren't testing, this would be";
        let result = |result, comment: &str| StateResult::new(name.clone(), result, comment);
        let said = |default: &str| chunk.get("comment").map_or_else(|| default.to_owned(), Value::to_string);
        match (&*chunk.fun, test) {
            ("nop", _) => result(Some(true), "Success!"),
            ("succeed_without_changes", _) => result(Some(true), &said("Success!")),
            ("succeed_with_changes", false) => result(Some(true), &said("Success!")).with_changes(changed()),
            ("succeed_with_changes", true) => {
                result(None, &format!("{would} successful with changes")).with_changes(changed())
            }
            ("fail_without_changes", false) => result(Some(false), &said("Failure!")),
            ("fail_without_changes", true) => result(Some(false), &format!("{would} a failure!")),
            ("fail_with_changes", false) => result(Some(false), &said("Failure!")).with_changes(changed()),
            ("fail_with_changes", true) => {
                result(None, &format!("{would} failed with changes")).with_changes(changed())
            }
            ("configurable_test_state", _) => {
                let changes = chunk.get("changes").is_none_or(Value::is_true);
                let good = chunk.get("result").is_none_or(Value::is_true);
                let result = match (test, changes) {
                    (true, true) => result(None, &said("This is a test")),
                    (true, false) => result(Some(true), &said("This is a test")),
                    (false, _) => result(Some(good), &said("")),
                };
                if changes { result.with_changes(changed()) } else { result }
            }
            ("show_notification", _) => {
                let text = chunk.get("text").map(Value::to_string).unwrap_or_default();
                StateResult::new(name, Some(true), text)
            }
            ("exists", _) => StateResult::new(name.clone(), Some(true), format!("Path {name} exists")),
            _ => StateResult::new(name, Some(true), ""),
        }
    }

    fn mod_watch(&self, chunk: &LowChunk, _test: bool) -> Option<StateResult> {
        let changed = chunk.watched.iter().filter(|w| w.changed).map(|w| format!("{}: {}", w.state, w.id));
        let changes = Dict::new().with("Requisites with changes", changed.collect::<Vec<_>>());
        Some(StateResult::new(chunk.name.clone(), Some(true), "Watch statement fired.").with_changes(changes))
    }

    fn has_state(&self, fun: &str) -> bool {
        has_state(fun)
    }

    fn nearest_state(&self, fun: &str) -> Option<String> {
        sls::nearest(fun, STATES.iter().copied()).map(str::to_owned)
    }

    fn call(&self, fun: &str, args: Vec<Value>, kwargs: Dict) -> Result<(Value, i64), CallError> {
        call(fun, args, kwargs).map(|value| (value, 0))
    }

    fn retcode(&self, command: &str, options: &Dict) -> Result<i64, CallError> {
        let mut shell = std::process::Command::new("sh");
        shell.arg("-c").arg(command);
        if let Some(cwd) = options.get("cwd").and_then(Value::as_str) {
            shell.current_dir(cwd);
        }
        let status = shell.status().map_err(|e| CallError::raised("CommandExecutionError", e.to_string()))?;
        Ok(i64::from(status.code().unwrap_or(1)))
    }

    fn exists(&self, path: &str) -> bool {
        std::path::Path::new(path).exists()
    }

    fn wait(&self, _time: Duration) -> bool {
        true
    }
}

/// A result as recorded: no times.
pub(crate) fn without_times(result: &StateResult) -> Value {
    let mut value = result.to_value();
    if let Some(dict) = value.as_dict_mut() {
        dict.remove("start_time");
        dict.remove("duration");
    }
    value
}
