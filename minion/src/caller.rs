//! The one way into the modules: a function by name, its arguments, a job; out comes what is returned.

use std::sync::{Arc, PoisonError, RwLock};

use data::{Dict, Value};
use proto::config::MinionConfig;

use crate::ctx::{Ctx, JobCtx, Scope};
use crate::exec::{self, ExecError};
use crate::fileclient::{FileClient, LocalFiles};
use crate::host::Host;
use crate::jobs::JobControl;
use crate::local;
use crate::pillar::PillarSource;

/// Takes events to the master.
pub trait EventSink: Send + Sync {
    /// Fires an event; an error says why the master does not have it.
    fn fire(&self, tag: &str, data: Value) -> Result<(), String>;
}

/// What a [`Caller`] is made of.
#[derive(Clone)]
pub struct Parts {
    /// The configuration under Salt's names: a dict.
    pub opts: Value,
    /// The machine.
    pub host: Arc<dyn Host>,
    /// Collects the grains from the machine and the configuration.
    pub grains: fn(&dyn Host, &Value) -> Value,
    /// Where files come from.
    pub files: Arc<dyn FileClient>,
    /// Where the pillar comes from.
    pub pillar: Arc<dyn PillarSource>,
    /// The jobs of this minion.
    pub jobs: Arc<dyn JobControl>,
    /// Where events go; none without a master.
    pub events: Option<Arc<dyn EventSink>>,
}

/// Calls execution functions. Clones share everything; calls may run side by side.
#[derive(Clone)]
pub struct Caller(Arc<Inner>);

struct Inner {
    parts: Parts,
    grains: RwLock<Option<Value>>,
    pillar: RwLock<Option<Value>>,
}

/// What a job came to.
#[derive(Clone, Debug, PartialEq)]
pub struct JobOutcome {
    /// What the function returned, or the text of its error.
    pub ret: Value,
    /// 0 when all is well.
    pub retcode: i32,
    /// Whether the function ran to its end (Salt's `success`).
    pub success: bool,
    /// The outputter that suits it.
    pub out: Option<&'static str>,
}

impl Caller {
    /// Puts a caller together; grains and pillar are got at first use.
    pub fn new(parts: Parts) -> Self {
        Caller(Arc::new(Inner { parts, grains: RwLock::default(), pillar: RwLock::default() }))
    }

    /// The configuration under Salt's names.
    pub fn opts(&self) -> Value {
        self.0.parts.opts.clone()
    }

    /// The machine.
    pub fn host(&self) -> &dyn Host {
        &*self.0.parts.host
    }

    /// Where files come from.
    pub fn files(&self) -> &dyn FileClient {
        &*self.0.parts.files
    }

    /// The jobs of this minion.
    pub fn jobs(&self) -> &dyn JobControl {
        &*self.0.parts.jobs
    }

    /// Where events go; none without a master.
    pub(crate) fn events(&self) -> Option<Arc<dyn EventSink>> {
        self.0.parts.events.clone()
    }

    /// What the master's config says of states; nothing without a master.
    pub(crate) fn master_opts(&self) -> Dict {
        self.files().master_opts()
    }

    /// The same minion with another config.
    pub(crate) fn configured(&self, config: &MinionConfig) -> Caller {
        let mut parts = self.0.parts.clone();
        parts.opts = config.opts.clone();
        if config.file_client == "local" {
            parts.files = Arc::new(LocalFiles::from_opts(config.file_roots.clone(), &config.opts));
            parts.pillar = Arc::new(local::pillar(config));
        }
        Caller::new(parts)
    }

    /// The grains, collected at first use.
    pub fn grains(&self) -> Value {
        if let Some(grains) = &*self.0.grains.read().unwrap_or_else(PoisonError::into_inner) {
            return grains.clone();
        }
        self.refresh_grains()
    }

    /// Collects the grains anew.
    pub fn refresh_grains(&self) -> Value {
        let grains = (self.0.parts.grains)(self.host(), &self.0.parts.opts);
        *self.0.grains.write().unwrap_or_else(PoisonError::into_inner) = Some(grains.clone());
        grains
    }

    /// The minion's pillar, got at first use. A pillar that cannot be had is one with `_errors`.
    pub fn pillar(&self) -> Value {
        if let Some(pillar) = &*self.0.pillar.read().unwrap_or_else(PoisonError::into_inner) {
            return pillar.clone();
        }
        self.refresh_pillar()
    }

    /// Gets the pillar anew.
    pub fn refresh_pillar(&self) -> Value {
        let pillar = self
            .fresh_pillar(None, None)
            .unwrap_or_else(|error| Dict::new().with("_errors", vec![error.to_string()]).into());
        *self.0.pillar.write().unwrap_or_else(PoisonError::into_inner) = Some(pillar.clone());
        pillar
    }

    /// A pillar for one call, as of now: of an environment, with `over` merged in (`pillar=`).
    pub fn fresh_pillar(
        &self,
        pillarenv: Option<&str>,
        over: Option<&Value>,
    ) -> Result<Value, crate::pillar::PillarError> {
        self.0.parts.pillar.pillar(&self.grains(), pillarenv, over)
    }

    /// The same with one more external pillar, if that is allowed.
    pub(crate) fn pillar_with(
        &self,
        pillarenv: Option<&str>,
        over: Option<&Value>,
        external: &Value,
    ) -> Result<Value, crate::pillar::PillarError> {
        self.0.parts.pillar.pillar_with(&self.grains(), pillarenv, over, external)
    }

    /// Calls a function as a template would: its errors are errors here.
    pub fn function(
        &self,
        fun: &str,
        args: Vec<Value>,
        kwargs: Dict,
        job: &Arc<JobCtx>,
    ) -> Result<Value, ExecError> {
        self.function_in(Scope::default(), fun, args, kwargs, job)
    }

    /// The same within a scope.
    pub(crate) fn function_in(
        &self,
        scope: Scope,
        fun: &str,
        args: Vec<Value>,
        kwargs: Dict,
        job: &Arc<JobCtx>,
    ) -> Result<Value, ExecError> {
        exec::call(fun, args, kwargs, &Ctx::new(self, &Arc::new(scope), job))
    }

    /// Runs a function as a job does: every end of it is an outcome. Without a panic, whatever happens.
    pub fn call(&self, fun: &str, args: Vec<Value>, kwargs: Dict, job: &Arc<JobCtx>) -> JobOutcome {
        self.try_call(fun, args, kwargs, job).unwrap_or_else(|error| JobOutcome::failed(fun, &error))
    }

    /// Runs a function as a job does; an error is what it raised.
    pub fn try_call(
        &self,
        fun: &str,
        args: Vec<Value>,
        mut kwargs: Dict,
        job: &Arc<JobCtx>,
    ) -> Result<JobOutcome, ExecError> {
        let entry = exec::find(fun).ok_or_else(|| ExecError::NotFound { fun: fun.to_owned() })?;
        if exec::Signature::parse(entry.signature).kwargs.is_some() {
            kwargs.extend(job.published(fun));
        }
        let scope = Arc::new(Scope::default());
        let mut ctx = Ctx::new(self, &scope, job);
        ctx.direct = true;
        let result =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| exec::call(fun, args, kwargs, &ctx)));
        let ret =
            result.unwrap_or_else(|_| Err(ExecError::raised("Exception", format!("{fun} panicked"))))?;
        let retcode = exec::retcode_of(ctx.retcode.get(), &ret);
        Ok(JobOutcome { success: retcode == 0, ret, retcode, out: entry.out })
    }
}

impl JobOutcome {
    /// The outcome of a call that raised, with the text that Salt's minion returns.
    fn failed(fun: &str, error: &ExecError) -> Self {
        JobOutcome {
            ret: error.as_return(fun).into(),
            retcode: error.retcode(),
            success: false,
            out: Some("nested"),
        }
    }
}
