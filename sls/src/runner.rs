//! What running may ask its surroundings for.

use std::time::Duration;

use data::{Dict, Value};

use crate::{CallError, LowChunk, StateResult};

/// Runs chunks. The minion's tables of state modules implement it, and the master's for orchestration.
///
/// `Sync`, because states with `parallel: true` run on threads of their own.
pub trait Runner: Sync {
    /// Runs the state function of a chunk (`chunk.fun`), in test mode without changing anything.
    /// Bad arguments are a false result that names them.
    fn run(&self, chunk: &LowChunk, test: bool) -> StateResult;

    /// What a state does because a state that it watches changed (Salt's `mod_watch`);
    /// `chunk.sfun` is the function that the SLS asked for. None when its module has no such thing.
    fn mod_watch(&self, chunk: &LowChunk, test: bool) -> Option<StateResult>;

    /// Whether there is this state function; asked for `service.mod_watch` as well.
    fn has_state(&self, fun: &str) -> bool;

    /// Why there is no such state function, in Salt's words: "'x' __virtual__ returned False".
    fn missing_reason(&self, fun: &str) -> Option<String> {
        let module = fun.split('.').next().unwrap_or(fun);
        Some(format!("'{fun}' is not available.")).filter(|_| !module.is_empty())
    }

    /// The state function that was probably meant by a name that is none.
    fn nearest_state(&self, _fun: &str) -> Option<String> {
        None
    }

    /// The arguments that a state function cannot do without and that the chunk does not have.
    fn missing_arguments(&self, _chunk: &LowChunk) -> Vec<String> {
        Vec::new()
    }

    /// Whether a state module looks after `unless`, `onlyif` and `creates` itself (Salt's `mod_run_check`).
    fn checks_itself(&self, _state: &str) -> bool {
        false
    }

    /// Whether a state function takes `check_cmd` as an argument of its own, with a meaning of its own
    /// (`file.managed` checks the new content before it is put in place).
    fn takes_check_cmd(&self, _fun: &str) -> bool {
        false
    }

    /// Calls an execution function, for `unless: [{fun: …}]` and for slots.
    /// The second value is the return code that the function left in its context, 0 when none.
    fn call(&self, fun: &str, args: Vec<Value>, kwargs: Dict) -> Result<(Value, i64), CallError>;

    /// The exit code of a shell command of `unless`, `onlyif` or `check_cmd`, with the options of
    /// `cmd.retcode` (`cwd`, `runas`, `env`, `umask`, `timeout`, `shell` …).
    fn retcode(&self, command: &str, options: &Dict) -> Result<i64, CallError>;

    /// Whether a path exists, for `creates`.
    fn exists(&self, path: &str) -> bool;

    /// Puts into a chunk what others of its module are to do after it, so that all is done in one go (Salt's
    /// `mod_aggregate`). `others` are chunks that wait for nothing more. None when there is nothing to put together.
    fn aggregate(&self, _chunk: &LowChunk, _others: &[&LowChunk]) -> Option<Aggregated> {
        None
    }

    /// Gets the grains, the pillar or both anew (`reload_grains`, `reload_pillar`).
    fn reload(&self, _grains: bool, _pillar: bool) {}

    /// Waits between tries. False when the job is cancelled: nothing more is run then.
    fn wait(&self, time: Duration) -> bool;

    /// Whether the job is cancelled.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// A chunk that does the work of others as well.
#[derive(Clone, Debug)]
pub struct Aggregated {
    /// The chunk to run in place of the one that was given.
    pub chunk: LowChunk,
    /// The others whose work is in it, by their place in the list, each as it is to run later.
    pub taken: Vec<(usize, LowChunk)>,
}

/// Hears of a run while it goes on, and may hold it.
pub trait RunEvents {
    /// A state is about to run. Waits while the state is paused; false ends the run before it.
    fn before(&mut self, _chunk: &LowChunk) -> bool {
        true
    }

    /// A state came to an end. `of` is how many there are; `fire` is the chunk's `fire_event`.
    fn state_done(&mut self, tag: &str, result: &StateResult, of: usize, fire: Option<&Value>);
}

/// Hears nothing.
pub struct NoEvents;

impl RunEvents for NoEvents {
    fn state_done(&mut self, _tag: &str, _result: &StateResult, _of: usize, _fire: Option<&Value>) {}
}

/// How to run.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// Change nothing, tell what would change (`test=True`).
    pub test: bool,
    /// Stop at the first failure (`failhard: true` in the config).
    pub failhard: bool,
    /// Call nothing, say that all went well (`mock=True`).
    pub mock: bool,
    /// The `shell` grain, for `unless` and its kin.
    pub shell: Option<String>,
    /// At most this many states at a time with `parallel: true`; 0 for no limit (`state_max_parallel`).
    pub max_parallel: usize,
    /// State functions and modules to compound targets: one of them has to match for the state to run
    /// (`global_state_conditions`).
    pub conditions: Dict,
}
