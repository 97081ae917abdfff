//! One call of a state: is the chunk sound, do its conditions hold, run it, check it, try again.

use std::time::Instant;

use data::{Dict, Value};

use super::retry::Retry;
use super::{Run, check, faults, is_parallel, local_time, millis, sls_of};
use crate::result::StateTime;
use crate::{LowChunk, RunOptions, Runner, StateResult, slots, tag};

impl Run<'_, '_> {
    /// Starts a state: on a thread of its own where it asks for one, else here.
    pub(super) fn start(&mut self, index: usize, chunk: &LowChunk) {
        if is_parallel(chunk) && !self.options.mock && faults(self.runner, chunk).is_empty() {
            let num = self.next_num();
            let placeholder = self.parallel.start(index, chunk, num, self.runner, self.options);
            let (place, _) = self.results.insert_full(chunk.tag(), placeholder);
            if let Some(done) = self.done.get_mut(index) {
                *done = Some(place);
            }
            return;
        }
        let result = self.call(chunk, false);
        self.finish(index, result);
    }

    /// Gets grains and pillar anew where the state asks for it.
    pub(super) fn reload(&self, chunk: &LowChunk) {
        let wanted = |key| chunk.get(key).is_some_and(Value::is_true);
        let (grains, pillar) = (wanted("reload_grains"), wanted("reload_pillar"));
        if grains || pillar {
            self.runner.reload(grains, pillar);
        }
    }

    /// Calls a state here and now. A call in test mode for a `prereq` is not counted.
    pub(super) fn call(&mut self, chunk: &LowChunk, for_prereq: bool) -> StateResult {
        let test = self.options.test || for_prereq;
        if for_prereq {
            return once(self.runner, chunk, self.options, test).0;
        }
        let retry = chunk.get("retry").map(Retry::new);
        let mut tries: Vec<StateResult> = Vec::new();
        loop {
            let (mut result, _) = once(self.runner, chunk, self.options, test);
            result.run_num = Some(self.next_num());
            self.reload(chunk);
            if result.id.is_none() {
                // Never came to run: there is nothing to try again either.
                return result;
            }
            let Some(retry) = &retry else { return result };
            if test {
                retry.would(&mut result);
                return result;
            }
            tries.push(result);
            let again = retry.again(&tries) && self.runner.wait(retry.pause());
            if !again {
                return retry.sum_up(tries);
            }
        }
    }
}

/// One try, and whether the state was called at all. Its result has the ID unless the chunk is unsound.
pub(super) fn once(
    runner: &dyn Runner,
    chunk: &LowChunk,
    options: &RunOptions,
    test: bool,
) -> (StateResult, bool) {
    let started = Instant::now();
    let start = local_time();
    let faults = faults(runner, chunk);
    if !faults.is_empty() {
        let comment = faults.iter().map(|fault| format!("{fault}\n")).collect::<String>();
        return (StateResult::new(chunk.name.clone(), Some(false), comment), false);
    }
    let (mut result, called) = match not_called(runner, chunk, options) {
        Some(result) => (result, false),
        None => (state(runner, chunk, test), true),
    };
    if let Some(checked) = check::check_cmd(runner, chunk, options) {
        result.result = Some(checked.result);
        result.comment = checked.comment;
    }
    if chunk.get("no_log").is_some_and(Value::is_true) {
        result.name = masked(&result.name);
        result.changes = masked(&result.changes);
        result.comment = masked(&result.comment.into()).to_string();
    }
    result.sls = Some(sls_of(chunk));
    result.id = Some(Value::Str(chunk.id.clone()));
    result.time = Some(StateTime { start, duration: millis(started) });
    (result, called)
}

fn failed(chunk: &LowChunk, what: &impl std::fmt::Display) -> StateResult {
    let comment = format!("An exception occurred in this state: {what}");
    StateResult::new(chunk.name.clone(), Some(false), comment)
}

/// The result of a state that is not to be called: its conditions say so, those of the minion, or `mock=True`.
fn not_called(runner: &dyn Runner, chunk: &LowChunk, options: &RunOptions) -> Option<StateResult> {
    if !runner.checks_itself(&chunk.state) {
        match check::conditions(runner, chunk, options) {
            Ok(Some(skipped)) => return Some(skipped),
            Ok(None) => {}
            Err(e) => return Some(failed(chunk, &e)),
        }
    }
    if options.mock {
        return Some(StateResult::new(chunk.name.clone(), Some(true), "Not called, mocked"));
    }
    match check::global_conditions(runner, chunk, &options.conditions) {
        Ok(true) => None,
        Ok(false) => {
            let comment = "Failed to meet global state conditions. State not called.";
            Some(StateResult::new(chunk.name.clone(), None, comment))
        }
        Err(e) => Some(failed(chunk, &e)),
    }
}

fn state(runner: &dyn Runner, chunk: &LowChunk, test: bool) -> StateResult {
    let with_slots = match slots::fill(runner, chunk) {
        Ok(filled) => filled,
        Err(e) => return failed(chunk, &e),
    };
    let chunk = with_slots.as_ref().unwrap_or(chunk);
    if *chunk.fun == *"mod_watch" {
        return runner.mod_watch(chunk, test).unwrap_or_else(|| {
            let comment = format!("State '{}.mod_watch' was not found in SLS '{}'", chunk.state, chunk.sls);
            StateResult::new(chunk.name.clone(), Some(false), comment)
        });
    }
    runner.run(chunk, test)
}

/// What `no_log` leaves of a value: its shape.
fn masked(value: &Value) -> Value {
    match value {
        Value::Dict(dict) => {
            dict.iter().map(|(key, value)| (key.clone(), masked(value))).collect::<Dict>().into()
        }
        Value::List(list) => list.iter().map(masked).collect::<Vec<_>>().into(),
        Value::None => Value::None,
        value if value.is_true() => "**********".into(),
        empty => empty.clone(),
    }
}

/// The result of a state that a state ran itself (`sub_state_run`).
pub(super) fn sub_state(chunk: &LowChunk, sub: &Value, run_num: u64) -> Option<(String, StateResult)> {
    let low = sub.get("low")?;
    let text = |key: &str| low.get(key).map(Value::to_string).unwrap_or_default();
    let name = low.get("name").cloned().unwrap_or_default();
    let tag = tag(&text("state"), &text("__id__"), &name, &text("fun"));
    let comment = sub.get("comment").map(Value::to_string).unwrap_or_default();
    let mut result =
        StateResult::new(chunk.name.clone(), sub.get("result").and_then(Value::as_bool), comment);
    result.changes = sub.get("changes").cloned().unwrap_or_else(Value::dict);
    result.extra.insert("__state_ran__", true);
    result.time = Some(StateTime {
        start: sub.get("start_time").and_then(Value::as_str).map_or_else(local_time, str::to_owned),
        duration: sub.get("duration").and_then(Value::as_f64).unwrap_or_default(),
    });
    result.run_num = Some(run_num);
    result.sls = Some(sls_of(chunk));
    result.id = Some(Value::Str(chunk.id.clone()));
    Some((tag, result))
}
