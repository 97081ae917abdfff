//! What rsalt master and minion say to each other: frames, sessions, keys, messages, targets, jobs, config.

pub mod args;
pub mod config;
pub mod exit_codes;
pub mod frame;
pub mod group;
pub mod jid;
pub mod keys;
pub mod message;
pub mod session;
pub mod tag;
pub mod target;
pub mod zmtp;
