//! `onlyif`, `unless`, `creates` and `check_cmd`: whether a state is to run, and whether it did well.

use data::{Dict, Value};

use crate::{CallError, LowChunk, RunOptions, Runner, StateResult};

/// The arguments of a state that its conditions' commands take over.
const COMMAND_ARGS: &[&str] =
    &["cwd", "root", "runas", "env", "prepend_path", "umask", "timeout", "success_retcodes"];

/// What a condition came to.
pub(super) struct Verdict {
    /// True: the state is not to run.
    pub(super) result: bool,
    pub(super) comment: String,
}

impl Verdict {
    fn new(result: bool, comment: impl Into<String>) -> Self {
        Verdict { result, comment: comment.into() }
    }
}

/// Looks at the conditions of a chunk; a result when they say that it is not to run.
pub(super) fn conditions(
    runner: &dyn Runner,
    chunk: &LowChunk,
    options: &RunOptions,
) -> Result<Option<StateResult>, CallError> {
    let (onlyif, unless, creates) = (chunk.get("onlyif"), chunk.get("unless"), chunk.get("creates"));
    if onlyif.is_none() && unless.is_none() && creates.is_none() {
        return Ok(None);
    }
    let check = Check { runner, options: command_options(chunk, options) };
    let mut verdicts = Vec::new();
    if let Some(onlyif) = onlyif {
        verdicts.push(check.onlyif(onlyif)?);
    }
    if let Some(unless) = unless {
        verdicts.push(check.unless(unless)?);
    }
    if let Some(creates) = creates {
        verdicts.push(check.creates(creates));
    }
    if !verdicts.iter().any(|v| v.result) {
        return Ok(None);
    }
    let comments: Vec<String> = verdicts.into_iter().map(|v| v.comment).collect();
    let mut result = StateResult::new(chunk.name.clone(), Some(true), comments.join("\n"));
    result.extra.insert("skip_watch", true);
    Ok(Some(result))
}

/// Whether one of the targets that the minion has for a state, its module or all states means this minion
/// (`global_state_conditions`). With no targets, it does.
pub(super) fn global_conditions(
    runner: &dyn Runner,
    chunk: &LowChunk,
    conditions: &Dict,
) -> Result<bool, CallError> {
    let mut none = true;
    for (state, targets) in conditions {
        if !state.as_str().is_some_and(|s| s == "*" || *s == *chunk.state || s == chunk.full_fun()) {
            continue;
        }
        let targets = match targets {
            Value::Str(_) | Value::List(_) => items(targets),
            _ => continue,
        };
        for target in targets {
            none = false;
            if runner.call("match.compound", vec![target.clone()], Dict::new())?.0.is_true() {
                return Ok(true);
            }
        }
    }
    Ok(none)
}

/// What `check_cmd` says of a state that has run; none where there is none.
pub(super) fn check_cmd(runner: &dyn Runner, chunk: &LowChunk, options: &RunOptions) -> Option<Verdict> {
    let commands = chunk.get("check_cmd")?;
    if runner.takes_check_cmd(&chunk.full_fun()) {
        return None;
    }
    let mut command_options = Dict::new();
    if let Some(shell) = &options.shell {
        command_options.insert("shell", shell.as_str());
    }
    for command in items(commands) {
        match runner.retcode(&command.to_string(), &command_options) {
            Ok(0) => {}
            Ok(_) => return Some(Verdict::new(false, "check_cmd determined the state failed")),
            Err(e) => return Some(Verdict::new(false, format!("An exception occurred in this state: {e}"))),
        }
    }
    Some(Verdict::new(true, "check_cmd determined the state succeeded"))
}

/// The options of the commands of a chunk's conditions.
fn command_options(chunk: &LowChunk, options: &RunOptions) -> Dict {
    let excluded = chunk.get("cmd_opts_exclude").map(items).unwrap_or_default();
    let wanted = |key: &str| !excluded.iter().any(|e| e.as_str() == Some(key));
    let mut out = Dict::new();
    for key in COMMAND_ARGS.iter().filter(|key| wanted(key)) {
        if let Some(value) = chunk.get(key).filter(|v| !v.is_none()) {
            out.insert(*key, value.clone());
        }
    }
    match chunk.get("shell").filter(|_| wanted("shell")) {
        Some(shell) => {
            out.insert("shell", shell.clone());
        }
        None => {
            if let Some(shell) = &options.shell {
                out.insert("shell", shell.as_str());
            }
        }
    }
    out
}

fn items(value: &Value) -> &[Value] {
    value.as_list().unwrap_or_else(|| std::slice::from_ref(value))
}

struct Check<'a> {
    runner: &'a dyn Runner,
    options: Dict,
}

/// What one entry of `onlyif` or `unless` says.
enum Answer {
    Retcode(i64),
    Truth(bool),
    NoFunction(String),
    BadType,
}

impl Check<'_> {
    fn ask(&self, entry: &Value, on_error: i64) -> Result<Answer, CallError> {
        let mut call = match entry {
            Value::Str(command) => {
                return Ok(Answer::Retcode(self.runner.retcode(command, &self.options).unwrap_or(on_error)));
            }
            Value::Dict(call) => (**call).clone(),
            _ => return Ok(Answer::BadType),
        };
        let Some(fun) = call.remove("fun") else { return Ok(Answer::NoFunction(entry.to_string())) };
        let path = call.remove("get_return");
        let args = call.remove("args").map(|args| items(&args).to_vec()).unwrap_or_default();
        let (args, call) = crate::slots::fill_call(self.runner, args, call)?;
        let (mut value, retcode) = self.runner.call(&fun.to_string(), args, call)?;
        if let Some(path) = path.filter(Value::is_true) {
            value = data::lookup::traverse(&value, &path.to_string(), ":").unwrap_or_default();
        }
        Ok(if retcode != 0 { Answer::Retcode(retcode) } else { Answer::Truth(value.is_true()) })
    }

    /// All must hold for the state to run.
    fn onlyif(&self, entries: &Value) -> Result<Verdict, CallError> {
        let mut verdict = Verdict::new(false, "");
        for entry in items(entries) {
            match self.ask(entry, 100)? {
                Answer::Retcode(0) | Answer::Truth(true) => {
                    verdict = Verdict::new(false, "onlyif condition is true");
                }
                Answer::Retcode(_) | Answer::Truth(false) => {
                    return Ok(Verdict::new(true, "onlyif condition is false"));
                }
                Answer::NoFunction(entry) => {
                    return Ok(Verdict::new(false, format!("no `fun` argument in onlyif: {entry}")));
                }
                Answer::BadType => {
                    return Ok(Verdict::new(false, "onlyif execution failed, bad type passed"));
                }
            }
        }
        Ok(verdict)
    }

    /// All must hold for the state not to run.
    fn unless(&self, entries: &Value) -> Result<Verdict, CallError> {
        let mut verdict = Verdict::new(false, "");
        for entry in items(entries) {
            match self.ask(entry, 0)? {
                Answer::Retcode(0) | Answer::Truth(true) => {
                    verdict = Verdict::new(true, "unless condition is true");
                }
                Answer::Retcode(_) | Answer::Truth(false) => {
                    return Ok(Verdict::new(false, "unless condition is false"));
                }
                Answer::NoFunction(entry) => {
                    return Ok(Verdict::new(false, format!("no `fun` argument in unless: {entry}")));
                }
                Answer::BadType => {
                    verdict = Verdict::new(false, "unless condition is false, bad type passed")
                }
            }
        }
        Ok(verdict)
    }

    /// The state does not run when all of the files are there.
    fn creates(&self, paths: &Value) -> Verdict {
        match paths {
            Value::Str(path) if self.runner.exists(path) => Verdict::new(true, format!("{path} exists")),
            Value::List(paths) if paths.iter().all(|path| self.runner.exists(&path.to_string())) => {
                Verdict::new(true, "All files in creates exist")
            }
            _ => Verdict::new(false, "Creates files not found"),
        }
    }
}
