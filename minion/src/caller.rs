//! The one way into the modules: a function by name, its arguments, a job; out comes what is returned.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use data::{Dict, Value};
use proto::config::MinionConfig;

use crate::ctx::{Ctx, JobCtx, Scope};
use crate::exec::{self, About, ExecError};
use crate::external::{self, Kind, Site, Synced};
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
    site: RwLock<Option<Arc<Site>>>,
    /// Held while the site's modules are asked what is in them.
    loading: Mutex<()>,
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
    pub out: Option<Cow<'static, str>>,
}

impl Caller {
    /// Puts a caller together; grains and pillar are got at first use.
    pub fn new(parts: Parts) -> Self {
        Caller(Arc::new(Inner {
            parts,
            grains: RwLock::default(),
            pillar: RwLock::default(),
            site: RwLock::default(),
            loading: Mutex::default(),
        }))
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
        let mut grains = (self.0.parts.grains)(self.host(), &self.0.parts.opts);
        let site = self.site_knowing(&grains);
        if site.has_grains() {
            let (caller, job) = (self.without_site(&grains), Arc::new(JobCtx::local()));
            let own = external::grains(&site, &Ctx::new(&caller, &Arc::default(), &job));
            grains = crate::grains::with_own(grains, own, self.host(), &self.0.parts.opts);
        }
        *self.0.grains.write().unwrap_or_else(PoisonError::into_inner) = Some(grains.clone());
        grains
    }

    /// The modules that the site has brought here, described at first use.
    pub fn site(&self) -> Arc<Site> {
        if let Some(site) = &*self.0.site.read().unwrap_or_else(PoisonError::into_inner) {
            return Arc::clone(site);
        }
        // Grains may be collected for this very question.
        let known = self.0.grains.read().unwrap_or_else(PoisonError::into_inner).clone();
        let grains = known.unwrap_or_else(|| (self.0.parts.grains)(self.host(), &self.0.parts.opts));
        self.site_knowing(&grains)
    }

    fn site_knowing(&self, grains: &Value) -> Arc<Site> {
        let _one = self.0.loading.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(site) = &*self.0.site.read().unwrap_or_else(PoisonError::into_inner) {
            return Arc::clone(site);
        }
        let (caller, job) = (self.without_site(grains), Arc::new(JobCtx::local()));
        let site = Arc::new(external::load(&Ctx::new(&caller, &Arc::default(), &job)));
        *self.0.site.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&site));
        site
    }

    /// Hands what a job came to to the returners that it names.
    pub(crate) fn give_to_returners(
        &self,
        job: &proto::message::Job,
        outcome: &JobOutcome,
        ctx: &Arc<JobCtx>,
    ) {
        let ret = Dict::new()
            .with("id", self.opts().get("id").cloned().unwrap_or_default())
            .with("jid", job.jid.as_str())
            .with("fun", job.fun.as_str())
            .with("fun_args", job.arg.clone())
            .with("return", outcome.ret.clone())
            .with("retcode", outcome.retcode)
            .with("success", outcome.success);
        external::give_to_returners(&job.ret, &ret, &Ctx::new(self, &Arc::default(), ctx));
    }

    /// Gets the site's modules from the file server, as a minion does at its start.
    pub fn sync_site(&self) {
        let job = Arc::new(JobCtx::local());
        if let Err(error) = exec::saltutil::sync_used(&Ctx::new(self, &Arc::default(), &job)) {
            tracing::error!("the site's own modules could not be got: {error}");
        }
        // What is there is described now, and not in the first job.
        self.site();
    }

    /// Gets the site's modules of one kind from the file server.
    pub fn sync(&self, kind: Kind, envs: &[String]) -> Result<Synced, ExecError> {
        let job = Arc::new(JobCtx::local());
        let synced = external::sync(kind.name(), envs, &|_| true, &Ctx::new(self, &Arc::default(), &job));
        self.refresh_site();
        synced
    }

    /// Calls a function of the site and tells the return code that it left; none when there is no such module.
    pub fn of_site(
        &self,
        kind: Kind,
        fun: &str,
        args: Vec<Value>,
        kwargs: Dict,
        job: &Arc<JobCtx>,
    ) -> Option<Result<(Value, i32), ExecError>> {
        let (site, scope) = (self.site(), Arc::default());
        let ctx = Ctx::new(self, &scope, job);
        let Some(found) = site.find(kind, fun) else {
            return site
                .problem(kind, fun)
                .map(|reason| Err(ExecError::Unavailable { reason: reason.to_owned() }));
        };
        Some(external::run(found, args, kwargs, &ctx).map(|value| (value, ctx.retcode.get())))
    }

    /// Looks at the site's modules anew at their next use.
    pub fn refresh_site(&self) {
        *self.0.site.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The same minion with these grains and without modules of the site: for the time while these are loaded.
    fn without_site(&self, grains: &Value) -> Caller {
        let caller = Caller::new(self.0.parts.clone());
        *caller.0.grains.write().unwrap_or_else(PoisonError::into_inner) = Some(grains.clone());
        *caller.0.site.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::default());
        caller
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
        self.try_call(fun, args, kwargs, job)
            .unwrap_or_else(|error| JobOutcome::failed(fun, &error, &self.site()))
    }

    /// Runs a function as a job does; an error is what it raised.
    pub fn try_call(
        &self,
        fun: &str,
        args: Vec<Value>,
        mut kwargs: Dict,
        job: &Arc<JobCtx>,
    ) -> Result<JobOutcome, ExecError> {
        let site = self.site();
        let about = About::of(fun, &site).ok_or_else(|| ExecError::missing(fun, &site))?;
        if exec::Signature::parse(about.signature).kwargs.is_some() {
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
        Ok(JobOutcome {
            success: retcode == 0,
            ret,
            retcode,
            out: about.out.map(|out| Cow::Owned(out.to_owned())),
        })
    }
}

impl JobOutcome {
    /// The outcome of a call that raised, with the text that Salt's minion returns.
    fn failed(fun: &str, error: &ExecError, site: &Site) -> Self {
        JobOutcome {
            ret: error.as_return(fun, site).into(),
            retcode: error.retcode(),
            success: false,
            out: Some(Cow::Borrowed("nested")),
        }
    }
}
