//! The master: publisher, returns, keys, file server, pillar, job store, runners, command line.

pub mod keys;
pub mod store;
