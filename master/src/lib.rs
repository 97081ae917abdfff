//! The master: publisher, returns, keys, file server, pillar, job store, runners, command line.

pub mod acl;
pub mod audit;
pub mod bus;
pub mod cli;
pub mod daemon;
pub mod duration;
pub mod fileserver;
pub mod keys;
mod lock;
pub mod pillar;
pub mod publish;
pub mod refusals;
pub mod requests;
pub mod runners;
pub mod sessions;
pub mod store;
pub mod wheel;

/// The version of this build.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
