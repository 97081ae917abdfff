//! The master: publisher, returns, keys, file server, pillar, job store, runners, command line.

pub mod fileserver;
pub mod keys;
pub mod pillar;
pub mod runners;
pub mod store;
pub mod wheel;
