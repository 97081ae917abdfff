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

    /// Calls a state here and now. A call in test mode for a `prereq` is not counted.
    pub(super) fn call(&mut self, chunk: &LowChunk, for_prereq: bool) -> StateResult {
        let test = self.options.test || for_prereq;
        if for_prereq {
            return once(self.runner, chunk, self.options, test);
        }
        let retry = chunk.get("retry").map(Retry::new);
        let mut tries: Vec<StateResult> = Vec::new();
        loop {
            let mut result = once(self.runner, chunk, self.options, test);
            result.run_num = Some(self.next_num());
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

/// One try. Its result has the ID unless the chunk is unsound.
pub(super) fn once(runner: &dyn Runner, chunk: &LowChunk, options: &RunOptions, test: bool) -> StateResult {
    let started = Instant::now();
    let start = local_time();
    let faults = faults(runner, chunk);
    if !faults.is_empty() {
        let comment = faults.iter().map(|fault| format!("{fault}\n")).collect::<String>();
        return StateResult::new(chunk.name.clone(), Some(false), comment);
    }
    let mut result = conditions_and_state(runner, chunk, options, test);
    if let Some(checked) = check::check_cmd(runner, chunk, options) {
        result.result = Some(checked.result);
        result.comment = checked.comment;
    }
    if chunk.get("no_log").is_some_and(Value::is_true) {
        let masked = || Value::from("**********");
        result.name = masked();
        result.comment = "**********".into();
        if result.has_changes() {
            result.changes = Dict::new().with("no_log", masked()).into();
        }
    }
    result.sls = Some(sls_of(chunk));
    result.id = Some(Value::Str(chunk.id.clone()));
    result.time = Some(StateTime { start, duration: millis(started) });
    result
}

fn conditions_and_state(
    runner: &dyn Runner,
    chunk: &LowChunk,
    options: &RunOptions,
    test: bool,
) -> StateResult {
    let failed = |what: String| {
        StateResult::new(
            chunk.name.clone(),
            Some(false),
            format!("An exception occurred in this state: {what}"),
        )
    };
    if !runner.checks_itself(&chunk.state) {
        match check::conditions(runner, chunk, options) {
            Ok(Some(skipped)) => return skipped,
            Ok(None) => {}
            Err(e) => return failed(e.to_string()),
        }
    }
    if options.mock {
        return StateResult::new(chunk.name.clone(), Some(true), "Not called, mocked");
    }
    let with_slots = match slots::fill(runner, chunk) {
        Ok(filled) => filled,
        Err(e) => return failed(e.to_string()),
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
