//! The minion: connection, jobs, grains, execution modules and state modules.
//!
//! A function call enters at [`Caller::call`], whether the master published it, `rsalt-call` was typed or a
//! template asked. What modules get is a [`Ctx`]: the host behind its trait, grains, pillar, files.

pub mod args;
pub mod call;
mod caller;
pub mod conn;
mod ctx;
pub mod daemon;
pub mod exec;
pub mod external;
pub mod fileclient;
pub mod grains;
pub mod hash;
pub mod health;
pub mod host;
pub mod init;
pub mod job;
mod jobs;
pub mod local;
pub mod logging;
pub mod memory;
pub mod one_shot;
pub mod pillar;
mod run;
pub mod states;

pub use args::Documented;
pub use caller::{Caller, EventSink, JobOutcome, Parts};
pub use ctx::{Ctx, FileState, JobCtx, Scope};
pub use jobs::{JobControl, NoJobs, RunningJob};
pub use run::Minion;

/// The version of this build.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
