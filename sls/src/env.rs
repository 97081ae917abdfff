//! What rendering may ask its surroundings for.

use std::sync::Arc;

use data::{Dict, Value};

/// The surroundings of a template: the minion's for states and file templates, the master's for pillar.
///
/// Templates keep hold of it while they run, so it is handed over as an `Rc<dyn RenderEnv>`; one
/// run stays on one thread.
pub trait RenderEnv {
    /// The grains, as `grains` and `__grains__` in templates.
    fn grains(&self) -> Value;

    /// The pillar, as `pillar` in templates. Asked for when a template first touches it.
    fn pillar(&self) -> Value;

    /// The options (configuration), as `opts` in templates.
    fn opts(&self) -> Value;

    /// `salt['mod.fun'](args, **kwargs)`.
    fn call(&self, fun: &str, args: Vec<Value>, kwargs: Dict) -> Result<Value, CallError>;

    /// Whether there is an execution function of this name.
    fn has_function(&self, fun: &str) -> bool;

    /// The execution function that was probably meant by a name that is none.
    fn nearest_function(&self, _fun: &str) -> Option<String> {
        None
    }

    /// The content of `salt://path` in an environment; none when there is no such file.
    fn fetch(&self, path: &str, saltenv: &str) -> Result<Option<Arc<[u8]>>, FetchError>;

    /// The paths of all files of an environment, for SLS names and globs.
    fn list(&self, saltenv: &str) -> Result<Arc<Vec<String>>, FetchError>;

    /// The environments there are, `base` among them.
    fn envs(&self) -> Vec<String>;

    /// Whether there is a state function of this name (`pkg.installed`, also `service.mod_watch`).
    fn has_state(&self, fun: &str) -> bool;

    /// What a command of the host writes when it reads `input`: renderers that are commands (`gpg`) need it.
    /// None when the host has no such command.
    fn filter(&self, _command: &[String], _input: &[u8]) -> Result<Option<Filtered>, CallError> {
        Ok(None)
    }
}

/// What a command wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filtered {
    /// Its standard output.
    pub out: Vec<u8>,
    /// Its standard error.
    pub err: Vec<u8>,
}

/// A `salt[…]` call that did not return.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// There is no such execution function.
    #[error("'{fun}' is not available")]
    NotFound {
        /// Its name.
        fun: String,
    },
    /// The function raised.
    #[error("{message}")]
    Raised {
        /// Python's name of the exception that Salt raises here, such as `CommandExecutionError`.
        exception: String,
        /// What it says.
        message: String,
    },
}

impl CallError {
    /// There is no function `fun`.
    pub fn not_found(fun: impl Into<String>) -> Self {
        CallError::NotFound { fun: fun.into() }
    }

    /// The function raised `exception` saying `message`.
    pub fn raised(exception: impl Into<String>, message: impl Into<String>) -> Self {
        CallError::Raised { exception: exception.into(), message: message.into() }
    }
}

/// A file or a file list that could not be had, for another reason than that it does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed to get salt://{path} from saltenv '{saltenv}': {reason}")]
pub struct FetchError {
    /// The path below the roots; empty for a list.
    pub path: String,
    /// The environment.
    pub saltenv: String,
    /// What went wrong.
    pub reason: String,
}
