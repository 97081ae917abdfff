//! What `saltutil` may ask about the jobs of this minion. The job table implements it.

use data::{Dict, Value};

use crate::host::Stop;

/// A job that is running on this minion.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunningJob {
    /// Its id.
    pub jid: String,
    /// The function.
    pub fun: String,
    /// Its arguments, as published.
    pub arg: Vec<Value>,
    /// Its target.
    pub tgt: Value,
    /// How the target is written.
    pub tgt_type: String,
    /// Further returners.
    pub ret: String,
    /// Who asked.
    pub user: String,
    /// The process that runs it.
    pub pid: u32,
}

impl RunningJob {
    /// The dict that `saltutil.running` lists.
    pub fn to_value(&self) -> Value {
        Dict::new()
            .with("tgt_type", self.tgt_type.as_str())
            .with("jid", self.jid.as_str())
            .with("tgt", self.tgt.clone())
            .with("pid", self.pid)
            .with("ret", self.ret.as_str())
            .with("user", self.user.as_str())
            .with("arg", self.arg.clone())
            .with("fun", self.fun.as_str())
            .into()
    }
}

/// The jobs of this minion.
pub trait JobControl: Send + Sync {
    /// What runs now.
    fn running(&self) -> Vec<RunningJob>;
    /// Ends a job; false when there is none of that id.
    fn stop(&self, jid: &str, how: Stop) -> bool;
}

/// Nothing runs: `rsalt-call`.
pub struct NoJobs;

impl JobControl for NoJobs {
    fn running(&self) -> Vec<RunningJob> {
        Vec::new()
    }

    fn stop(&self, _jid: &str, _how: Stop) -> bool {
        false
    }
}
