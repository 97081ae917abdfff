//! States with `parallel: true`: each on a thread of its own, up to a limit.

use std::collections::{HashMap, VecDeque};
use std::sync::mpsc;
use std::thread::{Builder, Scope};
use std::time::Instant;

use data::Value;

use super::retry::Retry;
use super::{Run, call, local_time, millis, sls_of};
use crate::result::StateTime;
use crate::{LowChunk, RunOptions, Runner, StateResult};

struct Job<'env> {
    index: usize,
    chunk: LowChunk,
    num: u64,
    runner: &'env dyn Runner,
    options: &'env RunOptions,
}

/// The states that run, and those that wait for their turn.
pub(super) struct Pool<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    limit: usize,
    waiting: VecDeque<Job<'env>>,
    /// Chunk to what is known of it, while it is at it.
    running: HashMap<usize, LowChunk, foldhash::fast::RandomState>,
    active: usize,
    sender: mpsc::Sender<(usize, StateResult)>,
    receiver: mpsc::Receiver<(usize, StateResult)>,
}

impl<'scope, 'env> Pool<'scope, 'env> {
    pub(super) fn new(scope: &'scope Scope<'scope, 'env>, limit: usize) -> Self {
        let (sender, receiver) = mpsc::channel();
        Pool {
            scope,
            limit: if limit == 0 { usize::MAX } else { limit },
            waiting: VecDeque::new(),
            running: HashMap::default(),
            active: 0,
            sender,
            receiver,
        }
    }

    pub(super) fn is_busy(&self) -> bool {
        !self.running.is_empty()
    }

    pub(super) fn is_running(&self, index: usize) -> bool {
        self.running.contains_key(&index)
    }

    /// Starts a state or puts it in the queue; what there is to show meanwhile comes back.
    pub(super) fn start(
        &mut self,
        index: usize,
        chunk: &LowChunk,
        num: u64,
        runner: &'env dyn Runner,
        options: &'env RunOptions,
    ) -> StateResult {
        let started = Instant::now();
        self.running.insert(index, chunk.clone());
        self.waiting.push_back(Job { index, chunk: chunk.clone(), num, runner, options });
        self.next();
        let comment = if self.waiting.is_empty() {
            "Started in a separate process"
        } else {
            "Waiting to be started in a separate process, max_parallel hit"
        };
        let mut result = StateResult::new(chunk.name.clone(), None, comment);
        result.run_num = Some(num);
        result.sls = Some(sls_of(chunk));
        result.id = Some(Value::Str(chunk.id.clone()));
        result.time = Some(StateTime { start: local_time(), duration: millis(started) });
        result
    }

    fn next(&mut self) {
        while self.active < self.limit {
            let Some(job) = self.waiting.pop_front() else { return };
            self.active += 1;
            let sender = self.sender.clone();
            let index = job.index;
            let name = job.chunk.name.clone();
            // The channel lives as long as the run, which is the only one that reads it.
            let work = move || drop(sender.send((job.index, run_to_end(&job))));
            if let Err(e) = Builder::new().name("parallel state".into()).spawn_scoped(self.scope, work) {
                let comment = format!("Parallel process failed to return: {e}");
                drop(self.sender.send((index, StateResult::new(name, Some(false), comment))));
            }
        }
    }
}

fn run_to_end(job: &Job<'_>) -> StateResult {
    let retry = job.chunk.get("retry").map(Retry::new);
    let test = job.options.test;
    let mut tries = Vec::new();
    loop {
        let (mut result, called) = call::once(job.runner, &job.chunk, job.options, test);
        result.run_num = Some(job.num);
        if called {
            result.extra.insert("__parallel__", true);
        }
        let Some(retry) = retry.as_ref().filter(|_| called) else { return result };
        if test {
            retry.would(&mut result);
            return result;
        }
        tries.push(result);
        if !(retry.again_beside(&tries) && job.runner.wait(retry.pause())) {
            return retry.sum_up_beside(tries);
        }
    }
}

impl Run<'_, '_> {
    /// Takes in what has come to an end; waits for one state where asked to.
    pub(super) fn reconcile(&mut self, wait_for: Option<usize>) {
        while let Ok((index, result)) = self.parallel.receiver.try_recv() {
            self.take_in(index, result);
        }
        while wait_for.is_some_and(|index| self.parallel.is_running(index)) {
            if !self.wait_for_one() {
                return;
            }
        }
    }

    /// Waits until one state has come to an end. False when none is running.
    pub(super) fn wait_for_one(&mut self) -> bool {
        if !self.parallel.is_busy() {
            return false;
        }
        match self.parallel.receiver.recv() {
            Ok((index, result)) => {
                self.take_in(index, result);
                true
            }
            Err(_) => false,
        }
    }

    fn take_in(&mut self, index: usize, result: StateResult) {
        if let Some(chunk) = self.parallel.running.remove(&index) {
            self.parallel.active = self.parallel.active.saturating_sub(1);
            self.parallel.next();
            self.reload(&chunk);
            self.record(&chunk, result);
        }
    }
}
