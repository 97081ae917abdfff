//! What runs a job: the modules, or something simpler in tests.

use std::sync::Arc;

use data::Value;
use proto::message::Job;

use crate::host::Cancel;
use crate::{Caller, JobCtx};

/// What a job came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What the function returned, or the text of its error.
    pub ret: Value,
    /// 0 when all is well.
    pub retcode: i64,
    /// Whether the function ran to its end.
    pub success: bool,
    /// The outputter that suits it.
    pub out: Option<String>,
}

/// Runs jobs, on their threads.
pub trait JobRunner: Send + Sync {
    /// Runs a job to its end, which `cancel` may bring about.
    fn run(&self, job: &Job, cancel: &Cancel) -> Outcome;
    /// The grains, for targets. Does not block for long.
    fn grains(&self) -> Value;
    /// The pillar, for targets that look at it. May ask the master.
    fn pillar(&self) -> Value;
}

/// Runs jobs with the execution modules.
pub struct CallerRunner(Caller);

impl CallerRunner {
    /// A runner on top of a caller.
    pub fn new(caller: Caller) -> Self {
        CallerRunner(caller)
    }
}

impl JobRunner for CallerRunner {
    fn run(&self, job: &Job, cancel: &Cancel) -> Outcome {
        let (args, kwargs) = job.split_args();
        let mut ctx = JobCtx::new(job.jid.clone(), cancel.clone());
        ctx.user.clone_from(&job.user);
        ctx.fun.clone_from(&job.fun);
        ctx.tgt.clone_from(&job.tgt);
        let ctx = Arc::new(ctx);
        let outcome = self.0.call(&job.fun, args, kwargs, &ctx);
        if !job.ret.is_empty() {
            self.0.give_to_returners(job, &outcome, &ctx);
        }
        Outcome {
            ret: outcome.ret,
            retcode: outcome.retcode.into(),
            success: outcome.success,
            out: outcome.out.map(Into::into),
        }
    }

    fn grains(&self) -> Value {
        self.0.grains()
    }

    fn pillar(&self) -> Value {
        self.0.pillar()
    }
}
