//! Running low data: in order, each state when its requisites allow.

mod call;
mod check;
mod listen;
mod parallel;
mod retry;

use std::collections::HashMap;
use std::time::Instant;

use data::Value;

use crate::requisite::{Kind, Outcome, Status, judge};
use crate::result::StateTime;
use crate::{LowChunk, LowState, Results, RunEvents, RunOptions, Runner, StateResult, Watched};

/// How often a state may come back to itself while its requisites are run.
const MAX_DEPTH: usize = 20;

/// Runs low data and, when all is done, what listens.
pub fn run(runner: &dyn Runner, low: &LowState, options: &RunOptions, events: &mut dyn RunEvents) -> Results {
    std::thread::scope(|scope| {
        let mut run = Run::new(scope, runner, low, options, events);
        run.disabled();
        run.chunks();
        run.listeners();
        run.results
    })
}

/// Runs one chunk on its own, as `state.single` and `state.low` do.
pub fn run_single(runner: &dyn Runner, chunk: LowChunk, options: &RunOptions) -> StateResult {
    let low = LowState::single(chunk.low);
    run(runner, &low, options, &mut crate::NoEvents).into_values().next().unwrap_or_default()
}

/// What is wrong with a chunk before it runs: malformed, or no such state. Salt's texts.
pub fn faults(runner: &dyn Runner, chunk: &LowChunk) -> Vec<String> {
    let mut faults = chunk.faults();
    if faults.is_empty() {
        let full = chunk.full_fun();
        if !runner.has_state(&full) {
            if chunk.low.contains("__sls__") {
                faults.push(format!("State '{full}' was not found in SLS '{}'", chunk.sls));
                faults.extend(runner.missing_reason(&full).map(|reason| format!("Reason: {reason}")));
            } else {
                faults.push(format!("Specified state '{full}' was not found"));
            }
            if let (Some(fault), Some(near)) = (faults.last_mut(), runner.nearest_state(&full)) {
                fault.push_str(&format!("\nhint: did you mean '{near}'?"));
            }
        } else {
            let missing = runner.missing_arguments(chunk);
            faults.extend(missing.iter().map(|arg| format!("Missing parameter {arg} for state {full}")));
        }
    }
    faults
}

/// Whether a run is to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    /// The state is done.
    Done,
    /// The state waits for one that runs in parallel.
    Pending,
    /// A state failed hard: stop here.
    Stop,
}

struct Run<'scope, 'env> {
    runner: &'env dyn Runner,
    low: &'env LowState,
    options: &'env RunOptions,
    events: &'env mut dyn RunEvents,
    results: Results,
    /// Chunk to its place in `results`.
    done: Vec<Option<usize>>,
    /// The test runs of the chunks that a `prereq` names.
    tested: HashMap<usize, StateResult, foldhash::fast::RandomState>,
    /// Whether the next turn of a chunk is its test run.
    test_next: Vec<bool>,
    /// Chunks that run in another form than the SLS has them: several put together.
    replaced: HashMap<usize, LowChunk, foldhash::fast::RandomState>,
    run_num: u64,
    parallel: parallel::Pool<'scope, 'env>,
}

impl<'scope, 'env> Run<'scope, 'env> {
    fn new(
        scope: &'scope std::thread::Scope<'scope, 'env>,
        runner: &'env dyn Runner,
        low: &'env LowState,
        options: &'env RunOptions,
        events: &'env mut dyn RunEvents,
    ) -> Self {
        Run {
            runner,
            low,
            options,
            events,
            results: Results::default(),
            done: vec![None; low.chunks.len()],
            tested: HashMap::default(),
            test_next: low
                .chunks
                .iter()
                .map(|chunk| chunk.get("__prereq__").is_some_and(Value::is_true))
                .collect(),
            replaced: HashMap::default(),
            run_num: 0,
            parallel: parallel::Pool::new(scope, options.max_parallel),
        }
    }

    /// States that the administrator has disabled fail without a try.
    fn disabled(&mut self) {
        for (chunk, pattern) in &self.low.disabled {
            let full = chunk.full_fun();
            let comment = format!(
                "The state function \"{full}\" is currently disabled by \"{pattern}\", to re-enable, run state.enable \
                 {pattern}."
            );
            let mut result = StateResult::new(chunk.name.clone(), Some(false), comment);
            result.run_num = Some(self.next_num());
            result.sls = Some(sls_of(chunk));
            result.id = Some(Value::Str(chunk.id.clone()));
            self.results.insert(chunk.tag(), result);
        }
    }

    fn chunks(&mut self) {
        let mut pending: Vec<usize> = Vec::new();
        for &index in &self.low.order {
            if self.runner.is_cancelled() || self.pending(&mut pending) == Flow::Stop {
                break;
            }
            self.reconcile(None);
            if self.done(index).is_none() {
                if self.low.chunks.get(index).is_some_and(|chunk| !self.events.before(chunk)) {
                    break;
                }
                match self.chunk(index, 0) {
                    Flow::Stop => break,
                    Flow::Pending => pending.push(index),
                    Flow::Done if self.failed_hard(index) => break,
                    Flow::Done => {}
                }
            }
        }
        while !pending.is_empty() && !self.runner.is_cancelled() {
            if self.pending(&mut pending) == Flow::Stop {
                break;
            }
            if !pending.is_empty() && !self.wait_for_one() {
                break;
            }
        }
        while self.wait_for_one() {}
    }

    /// Tries the states that waited for a parallel one.
    fn pending(&mut self, pending: &mut Vec<usize>) -> Flow {
        for index in std::mem::take(pending) {
            if self.done(index).is_some() {
                continue;
            }
            match self.chunk(index, 0) {
                Flow::Stop => return Flow::Stop,
                Flow::Pending => pending.push(index),
                Flow::Done if self.failed_hard(index) => return Flow::Stop,
                Flow::Done => {}
            }
        }
        Flow::Done
    }

    fn chunk(&mut self, index: usize, depth: usize) -> Flow {
        let low = self.low;
        let Some(chunk) = low.chunks.get(index) else { return Flow::Done };
        let testing = self.test_next.get(index).copied().unwrap_or_default();
        let requisites = self.requisites(index, testing);
        let status = self.status(chunk, &requisites);
        let replaced;
        let chunk = match self.aggregated(index, testing, status) {
            Some(other) => {
                replaced = other;
                &replaced
            }
            None => chunk,
        };
        match status {
            Status::Unmet => return self.unmet(index, testing, depth),
            Status::Pending => return Flow::Pending,
            Status::SkipRequisites => {
                self.not_run(
                    index,
                    testing,
                    true,
                    "State was not run because requisites were skipped by another state",
                );
            }
            Status::SkipWatch if !testing => {
                let mut result = self.call(chunk, false);
                result
                    .comment
                    .push_str(" mod_watch was not run because requisites were skipped by another state");
                self.finish(index, result);
            }
            Status::Failed => self.requisite_failed(index, testing, &requisites),
            Status::Changed if !testing => {
                let mut result = self.call(chunk, false);
                if !result.has_changes() && !result.flag("skip_watch") {
                    let watching = self.watching(chunk, &requisites);
                    result = self.call(&watching, false);
                }
                self.finish(index, result);
            }
            Status::NoPrereq => self.not_run(index, testing, true, "No changes detected"),
            Status::NoFailure => {
                self.not_run(index, testing, true, "State was not run because onfail req did not change");
            }
            Status::NoChanges => {
                self.not_run(
                    index,
                    testing,
                    true,
                    "State was not run because none of the onchanges reqs changed",
                );
            }
            Status::Met | Status::Changed | Status::SkipWatch => {
                if testing {
                    let result = self.test_run(index, chunk);
                    self.tested.insert(index, result);
                } else {
                    self.start(index, chunk);
                }
            }
        }
        Flow::Done
    }

    /// Runs what a state waits for and has not been run, then the state.
    fn unmet(&mut self, index: usize, testing: bool, depth: usize) -> Flow {
        let low = self.low;
        let requisites = self.requisites(index, testing);
        for required in requisites.into_iter().flat_map(|(_, list)| list) {
            if self.done(required).is_some() {
                continue;
            }
            match self.chunk(required, 0) {
                Flow::Done if self.failed_hard(required) => return Flow::Stop,
                Flow::Done => {}
                other => return other,
            }
        }
        if testing {
            let requisites = self.requisites(index, testing);
            let Some(chunk) = low.chunks.get(index) else { return Flow::Done };
            let status = self.status(chunk, &requisites);
            if status == Status::NoPrereq {
                let mut result = self.blank(chunk, true, "No changes detected");
                result.run_num = Some(self.next_num());
                self.tested.insert(index, result);
            } else {
                let mut result = self.test_run(index, chunk);
                if status == Status::Changed && !result.has_changes() {
                    result.changes = data::Dict::new().with("watch", "watch").into();
                    result.result = None;
                }
                self.tested.insert(index, result);
            }
        } else if depth >= MAX_DEPTH {
            self.not_run(index, false, false, "Recursive requisite found");
        } else {
            match self.chunk(index, depth + 1) {
                Flow::Done => {}
                other => return other,
            }
        }
        if self.failed_hard(index) { Flow::Stop } else { Flow::Done }
    }

    /// What a state waits for, by kind, in the order in which the SLS has them; one that is run in one go with
    /// others stands for all of them.
    fn requisites(&self, index: usize, testing: bool) -> Vec<(Kind, Vec<usize>)> {
        let graph = &self.low.graph;
        let mut by_kind: Vec<(Kind, Vec<usize>)> = Vec::new();
        let mut add = |kind: Kind, required: usize| match by_kind.iter_mut().find(|(k, _)| *k == kind) {
            Some((_, list)) => list.push(required),
            None => by_kind.push((kind, vec![required])),
        };
        graph.dependencies(index, testing).for_each(|(kind, required)| add(kind, required));
        if graph.has_groups() {
            for (kind, required) in graph.dependencies(index, testing) {
                graph.group(required).filter(|other| *other != required).for_each(|other| add(kind, other));
            }
            for (_, list) in &mut by_kind {
                let mut seen = std::collections::HashSet::new();
                list.retain(|required| seen.insert(*required));
            }
        }
        by_kind
    }

    /// The chunk as it is to run when others of its module are, or were, put together with it.
    fn aggregated(&mut self, index: usize, testing: bool, status: Status) -> Option<LowChunk> {
        let graph = &self.low.graph;
        if !graph.has_groups() {
            return None;
        }
        if let Some(replaced) = self.replaced.get(&index) {
            return Some(replaced.clone());
        }
        if testing || !matches!(status, Status::Met | Status::Changed | Status::SkipWatch) {
            return None;
        }
        // Salt takes all of the group; those that wait for something that has not been done, and those that may
        // not be run at all, are better left to their own turn.
        let ready = |other: &usize| {
            *other != index
                && self.done(*other).is_none()
                && !self.replaced.contains_key(other)
                && graph.dependencies(*other, false).all(|(kind, required)| {
                    matches!(kind, Kind::Require | Kind::RequireAny | Kind::Watch | Kind::WatchAny)
                        && self.done(required).is_some_and(|result| result.result != Some(false))
                })
        };
        let ready: Vec<usize> = graph.group(index).filter(ready).collect();
        let conditional = |chunk: &&LowChunk| {
            ["onlyif", "unless", "creates", "__prereq__"].iter().any(|key| chunk.get(key).is_some())
        };
        let chunks: Vec<(usize, &LowChunk)> = ready
            .into_iter()
            .filter_map(|i| Some((i, self.low.chunks.get(i).filter(|chunk| !conditional(chunk))?)))
            .collect();
        let others: Vec<&LowChunk> = chunks.iter().map(|(_, chunk)| *chunk).collect();
        let aggregated = self.runner.aggregate(self.low.chunks.get(index)?, &others)?;
        for (place, chunk) in aggregated.taken {
            if let Some((other, _)) = chunks.get(place) {
                self.replaced.insert(*other, chunk);
            }
        }
        self.replaced.insert(index, aggregated.chunk.clone());
        Some(aggregated.chunk)
    }

    fn status(&mut self, chunk: &LowChunk, requisites: &[(Kind, Vec<usize>)]) -> Status {
        let mut running = false;
        for (kind, required) in requisites {
            if *kind == Kind::Prereq || !self.parallel.is_busy() {
                continue;
            }
            if is_parallel(chunk) {
                self.reconcile(None);
                running |= required.iter().any(|i| self.parallel.is_running(*i));
            } else {
                for i in required {
                    self.reconcile(Some(*i));
                }
            }
        }
        let outcomes: Vec<(Kind, Vec<Option<Outcome>>)> = requisites
            .iter()
            .map(|(kind, required)| {
                let outcome = |i: &usize| match kind {
                    Kind::Prereq => self.tested.get(i).map(StateResult::outcome),
                    _ => self.done(*i).map(StateResult::outcome),
                };
                (*kind, required.iter().map(outcome).collect())
            })
            .collect();
        judge(&outcomes, running)
    }

    fn requisite_failed(&mut self, index: usize, testing: bool, requisites: &[(Kind, Vec<usize>)]) {
        let low = self.low;
        let Some(chunk) = low.chunks.get(index) else { return };
        if let Some(mut result) = self.tested.get(&index).cloned() {
            // It was tested for the prereq of another state, which failed: nothing was changed.
            result.changes = Value::dict();
            result.sls = Some(sls_of(chunk));
            result.id = Some(Value::Str(chunk.id.clone()));
            result.name = chunk.name.clone();
            result.run_num = Some(self.next_num());
            self.tested.insert(index, result.clone());
            self.finish(index, result);
            return;
        }
        let mut failed: Vec<String> = Vec::new();
        for required in requisites.iter().flat_map(|(_, list)| list) {
            let result = self.tested.get(required).or_else(|| self.done(*required));
            if let (Some(Some(false)), Some(chunk)) = (result.map(|r| r.result), low.chunks.get(*required)) {
                let name = format!("{}.{}", chunk.sls, chunk.id);
                if !failed.contains(&name) {
                    failed.push(name);
                }
            }
        }
        let comment = format!("One or more requisite failed: {}", failed.join(", "));
        self.not_run(index, testing, false, &comment);
    }

    /// The chunk of the `mod_watch` of a state.
    fn watching(&self, chunk: &LowChunk, requisites: &[(Kind, Vec<usize>)]) -> LowChunk {
        let watched = requisites.iter().filter(|(kind, _)| *kind == Kind::Watch).flat_map(|(_, list)| list);
        let watched = watched.filter_map(|i| {
            let chunk = self.low.chunks.get(*i)?;
            let changed = self.done(*i).is_some_and(StateResult::has_changes);
            Some(Watched { state: chunk.state.clone(), id: chunk.id.clone(), changed })
        });
        mod_watch_of(chunk, watched.collect())
    }

    /// The test run that a `prereq` asks for.
    fn test_run(&mut self, index: usize, chunk: &LowChunk) -> StateResult {
        let result = self.call(chunk, true);
        if let Some(next) = self.test_next.get_mut(index) {
            *next = false;
        }
        result
    }

    /// The result of a state that is not run.
    fn not_run(&mut self, index: usize, testing: bool, result: bool, comment: &str) {
        let low = self.low;
        let Some(chunk) = low.chunks.get(index) else { return };
        let mut result = self.blank(chunk, result, comment);
        result.run_num = Some(self.next_num());
        if testing {
            self.tested.insert(index, result.clone());
        }
        self.finish(index, result);
    }

    fn blank(&self, chunk: &LowChunk, result: bool, comment: &str) -> StateResult {
        let started = Instant::now();
        let mut blank = StateResult::new(chunk.name.clone(), Some(result), comment);
        blank.extra.insert("__state_ran__", false);
        blank.sls = Some(sls_of(chunk));
        blank.id = Some(Value::Str(chunk.id.clone()));
        blank.time = Some(StateTime { start: local_time(), duration: millis(started) });
        blank
    }

    /// Puts a result in its place, with those of the states that it ran itself.
    fn finish(&mut self, index: usize, result: StateResult) {
        let low = self.low;
        let Some(chunk) = low.chunks.get(index) else { return };
        let place = self.record(chunk, result);
        if let Some(done) = self.done.get_mut(index) {
            *done = Some(place);
        }
    }

    fn record(&mut self, chunk: &LowChunk, mut result: StateResult) -> usize {
        let sub_states = result.extra.remove("sub_state_run");
        let tag = chunk.tag();
        self.events.state_done(&tag, &result, self.low.order.len(), chunk.get("fire_event"));
        let (place, _) = self.results.insert_full(tag, result);
        for sub in sub_states.iter().filter_map(Value::as_list).flatten() {
            self.run_num += 1;
            if let Some((tag, result)) = call::sub_state(chunk, sub, self.run_num) {
                self.results.insert(tag, result);
            }
        }
        place
    }

    fn done(&self, index: usize) -> Option<&StateResult> {
        let place = (*self.done.get(index)?)?;
        self.results.get_index(place).map(|(_, result)| result)
    }

    fn failed_hard(&self, index: usize) -> bool {
        if self.options.test {
            return false;
        }
        let Some(chunk) = self.low.chunks.get(index) else { return false };
        let hard = chunk.get("failhard").map_or(self.options.failhard, Value::is_true);
        hard && self.done(index).is_some_and(|result| result.result == Some(false))
    }

    fn next_num(&mut self) -> u64 {
        let num = self.run_num;
        self.run_num += 1;
        num
    }
}

fn is_parallel(chunk: &LowChunk) -> bool {
    chunk.get("parallel").is_some_and(Value::is_true)
}

/// A copy of a chunk whose function is `mod_watch`.
fn mod_watch_of(chunk: &LowChunk, watched: Vec<Watched>) -> LowChunk {
    let mut chunk = chunk.clone();
    chunk.sfun = Some(chunk.fun.clone());
    chunk.low.insert("sfun", Value::Str(chunk.fun.clone()));
    chunk.fun = "mod_watch".into();
    chunk.low.insert("fun", "mod_watch");
    chunk.watched = watched;
    chunk
}

fn sls_of(chunk: &LowChunk) -> Value {
    chunk.get("__sls__").cloned().unwrap_or_default()
}

/// The time of day, as Python's `isoformat()` prints it.
fn local_time() -> String {
    chrono::Local::now().format("%H:%M:%S%.6f").to_string()
}

/// Milliseconds since then, to the microsecond.
fn millis(since: Instant) -> f64 {
    since.elapsed().as_micros() as f64 / 1000.0
}

impl StateResult {
    pub(crate) fn has_changes(&self) -> bool {
        self.changes.is_true()
    }

    pub(crate) fn flag(&self, key: &str) -> bool {
        self.extra.get(key).is_some_and(Value::is_true)
    }

    fn outcome(&self) -> Outcome {
        Outcome {
            result: self.result,
            changed: self.has_changes(),
            skip: self.flag("skip_req"),
            ran: self.extra.get("__state_ran__").is_none_or(Value::is_true),
        }
    }
}
