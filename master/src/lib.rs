//! The master: publisher, returns, keys, file server, pillar, job store, runners, command line.

pub mod fileserver;
pub mod keys;
pub mod pillar;
pub mod runners;
pub mod store;
pub mod wheel;
pub mod bus;
pub mod daemon;
pub mod publish;
pub mod refusals;
pub mod requests;
pub mod sessions;

/// The version of this build.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
