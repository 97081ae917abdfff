//! A job on its way to the minions.

use serde::{Deserialize, Serialize};

use super::Job;

/// A job with its place in the master's sequence: the content of a sealed publish, and what goes down
/// the session of a minion that may not have had it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Published {
    /// Counts the publishes of one run of the master, without gaps, from 1; 0 for a job of an earlier run.
    pub seq: u64,
    /// The job.
    pub job: Job,
    /// It must not be started any more: the minion returns what became of it, or that it came too late.
    #[serde(default)]
    pub late: bool,
}
