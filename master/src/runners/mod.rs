//! Functions that run on the master: `rsalt-run jobs.list_jobs`. A file per Salt runner.

mod args;
mod fileserver;
mod jobs;
mod manage;
mod pillar;
mod saltutil;

use data::{Dict, Value};
use proto::config::MasterConfig;
use proto::message::Event;
use proto::message::control::Call;

use crate::fileserver::FileServer;
use crate::keys::{Change, Keys};
use crate::pillar::PillarServer;
use crate::store::{Store, StoreError};

pub use args::Args;

/// What runner and wheel functions may ask of the master they run in. They run on a blocking thread.
pub trait Master: Send + Sync {
    /// The config.
    fn config(&self) -> &MasterConfig;
    /// The job store.
    fn store(&self) -> &dyn Store;
    /// The minions' keys.
    fn keys(&self) -> &Keys;
    /// The file server.
    fn fileserver(&self) -> &FileServer;
    /// The pillar.
    fn pillar(&self) -> &PillarServer;
    /// The minions that are connected now, with an accepted key, sorted.
    fn connected(&self) -> Vec<String>;
    /// The version each connected minion has named.
    fn versions(&self) -> Vec<(String, String)>;
    /// What was refused since the master was started, by reason.
    fn refused(&self) -> Vec<(String, u64)>;
    /// Asks connected minions which of these jobs they are running; those that do not answer are left out.
    fn running(&self, minions: &[String], jids: &[String]) -> Vec<(String, Vec<String>)>;
    /// Key files have changed: tell the sessions, rotate the group key, fire the events.
    fn keys_changed(&self, changes: &[Change]);
    /// Puts an event on the bus.
    fn fire(&self, event: Event);
}

/// What a function gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The value.
    pub value: Value,
    /// The outputter that suits it; none: `nested`.
    pub out: Option<String>,
    /// 0 when all is well.
    pub retcode: i64,
}

impl Outcome {
    fn ok(value: impl Into<Value>) -> Self {
        Outcome { value: value.into(), out: None, retcode: 0 }
    }
}

/// Why a function gave nothing; one line for a person.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// No such function.
    #[error("'{0}' is not available.")]
    Unknown(String),
    /// Arguments that do not fit.
    #[error("{fun}: {problem}")]
    Args {
        /// The function.
        fun: String,
        /// What does not fit.
        problem: String,
    },
    /// The job store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keys could not be read or changed.
    #[error(transparent)]
    Keys(#[from] crate::keys::KeysError),
    /// A target that is none.
    #[error(transparent)]
    Target(#[from] proto::target::TargetError),
    /// The pillar cannot be made.
    #[error(transparent)]
    Pillar(#[from] crate::pillar::PillarError),
}

/// A runner function.
pub(crate) type Function = fn(&dyn Master, Args) -> Result<Outcome, RunnerError>;
/// Functions by name.
pub(crate) type Table = &'static [(&'static str, Function)];

/// All runners there are.
const ALL: &[Table] =
    &[jobs::FUNCTIONS, manage::FUNCTIONS, fileserver::FUNCTIONS, pillar::FUNCTIONS, saltutil::FUNCTIONS];

/// Runs a runner function. `key.*` are wheel functions and run as such.
pub fn run(master: &dyn Master, call: &Call) -> Result<Outcome, RunnerError> {
    if call.fun.starts_with("key.") {
        return crate::wheel::run(master, call);
    }
    match dispatch(ALL, master, call) {
        Err(RunnerError::Unknown(fun)) => {
            saltutil::run(master, call).unwrap_or(Err(RunnerError::Unknown(fun)))
        }
        done => done,
    }
}

/// The names of all functions that [`run`] knows, sorted.
pub fn names() -> Vec<&'static str> {
    let own = ALL.iter().flat_map(|t| t.iter().map(|(name, _)| *name));
    let mut names: Vec<_> = own.chain(crate::wheel::names()).collect();
    names.sort_unstable();
    names
}

pub(crate) fn dispatch(tables: &[Table], master: &dyn Master, call: &Call) -> Result<Outcome, RunnerError> {
    let found = tables.iter().flat_map(|t| t.iter()).find(|(name, _)| *name == call.fun);
    let (_, function) = found.ok_or_else(|| RunnerError::Unknown(call.fun.clone()))?;
    function(master, Args::new(&call.fun, &call.arg))
}

/// A dict of ids to values.
fn by_id(pairs: impl IntoIterator<Item = (String, Value)>) -> Value {
    pairs.into_iter().collect::<Dict>().into()
}
