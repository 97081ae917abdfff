//! What a module gets to work with.

use std::cell::Cell;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use data::{Dict, Value};
use sls::LowChunk;

use crate::caller::Caller;
use crate::exec::pkg::Known;
use crate::exec::{About, ExecError};
use crate::external::Pool;
use crate::fileclient::FileClient;
use crate::host::{Cancel, Cmd, Host, HostError, Output};

/// One job: what may end it, and who asked.
pub struct JobCtx {
    /// Its id; empty for a call without one.
    pub jid: String,
    /// Ends it.
    pub cancel: Cancel,
    /// Who asked.
    pub user: String,
    /// The function that was asked for, as `saltutil.running` shows it.
    pub fun: String,
    /// What it was published for.
    pub tgt: Value,
    pub(crate) host: OnceLock<Arc<dyn Host>>,
    pub(crate) accumulated: Mutex<Vec<Accumulated>>,
    pub(crate) packages: Mutex<Option<Known>>,
    pub(crate) python: Pool,
}

/// What a `file.accumulated` collected for a file: the template of that file gets it.
pub(crate) struct Accumulated {
    /// The file that it is for.
    pub(crate) filename: String,
    /// The name of the state.
    pub(crate) name: String,
    /// The texts, each once.
    pub(crate) texts: Vec<Value>,
    /// The IDs that require or watch it.
    pub(crate) wanted_by: Vec<String>,
}

impl JobCtx {
    /// A job with an id and its switch.
    pub fn new(jid: impl Into<String>, cancel: Cancel) -> Self {
        JobCtx {
            jid: jid.into(),
            cancel,
            user: String::new(),
            fun: String::new(),
            tgt: Value::None,
            host: OnceLock::new(),
            accumulated: Mutex::default(),
            packages: Mutex::default(),
            python: Pool::default(),
        }
    }

    /// A call that nothing ends.
    pub fn local() -> Self {
        JobCtx::new("", Cancel::never())
    }

    /// What functions with `**kwargs` are told of the job (Salt's `__pub_…`).
    pub(crate) fn published(&self, fun: &str) -> Dict {
        let mut out = Dict::new().with("__pub_fun", fun).with("__pub_jid", self.jid.as_str());
        out.insert("__pub_pid", std::process::id());
        out.insert("__pub_tgt", self.tgt.clone());
        if !self.user.is_empty() {
            out.insert("__pub_user", self.user.as_str());
        }
        out
    }
}

/// A state of `file` in the run that goes on: `file.directory` with `clean` keeps what these look after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileState {
    /// Its ID.
    pub id: String,
    /// Its name: the path.
    pub name: String,
    /// The arguments of a `file.recurse`: only they tell what it looks after.
    pub recurse: Option<Dict>,
}

impl FileState {
    /// What there is to know of a chunk.
    pub fn of(chunk: &LowChunk) -> Self {
        let recurse = (&*chunk.fun == "recurse").then(|| chunk.low.clone().with("name", chunk.name.clone()));
        FileState { id: chunk.id.to_string(), name: chunk.name.to_string(), recurse }
    }
}

/// What holds for a call and for all that it calls: a state run narrows it.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Change nothing, tell what would change.
    pub test: bool,
    /// The environment of a state run.
    pub saltenv: Option<Arc<str>>,
    /// The pillar's environment of a state run.
    pub pillarenv: Option<Arc<str>>,
    /// The pillar of a state run (`pillar=`); otherwise the minion's.
    pub pillar: Option<Value>,
    /// What the pillar of a state run is overridden with.
    pub over: Option<Value>,
    /// The pillar of a state run since one of its states asked for a new one (`reload_pillar`).
    pub renewed: Arc<RwLock<Option<Value>>>,
    /// Options that differ from the configuration.
    pub opts: Dict,
    /// The states of `file` of a state run.
    pub file_states: Arc<OnceLock<Vec<FileState>>>,
}

/// What a module gets: the host, what the minion knows, and a way to call other modules.
pub struct Ctx<'a> {
    /// The machine; its commands end with the job.
    pub host: &'a dyn Host,
    /// Change nothing, tell what would change.
    pub test: bool,
    pub(crate) caller: &'a Caller,
    pub(crate) scope: &'a Arc<Scope>,
    pub(crate) job: &'a Arc<JobCtx>,
    pub(crate) chunk: Option<&'a LowChunk>,
    pub(crate) retcode: Cell<i32>,
    pub(crate) direct: bool,
}

impl<'a> Ctx<'a> {
    pub(crate) fn new(caller: &'a Caller, scope: &'a Arc<Scope>, job: &'a Arc<JobCtx>) -> Self {
        let host = job.host.get_or_init(|| caller.host().for_job(job.cancel.clone()));
        Ctx {
            host: &**host,
            test: scope.test,
            caller,
            scope,
            job,
            chunk: None,
            retcode: Cell::new(0),
            direct: false,
        }
    }

    pub(crate) fn for_chunk(mut self, chunk: &'a LowChunk, test: bool) -> Self {
        self.chunk = Some(chunk);
        self.test = test;
        self
    }

    /// The grains.
    pub fn grains(&self) -> Value {
        self.caller.grains()
    }

    /// One grain; none when it is missing.
    pub fn grain(&self, name: &str) -> Option<Value> {
        self.grains().get(name).cloned()
    }

    /// One grain as text, empty when it is missing.
    pub fn grain_str(&self, name: &str) -> String {
        self.grain(name).map(|v| v.to_string()).unwrap_or_default()
    }

    /// The pillar: of the state run when it brought its own, otherwise the minion's, compiled at first use.
    pub fn pillar(&self) -> Value {
        let Some(pillar) = &self.scope.pillar else { return self.caller.pillar() };
        let renewed = self.scope.renewed.read().unwrap_or_else(PoisonError::into_inner);
        renewed.as_ref().unwrap_or(pillar).clone()
    }

    /// The options: the configuration under Salt's names.
    pub fn opts(&self) -> Value {
        let mut opts = self.caller.opts();
        let scope = self.scope;
        if scope.opts.is_empty() && !scope.test {
            return opts;
        }
        if let Some(dict) = opts.as_dict_mut() {
            dict.extend(scope.opts.iter().map(|(k, v)| (k.clone(), v.clone())));
            dict.insert("test", scope.test);
        }
        opts
    }

    /// One option; none when it is missing.
    pub fn opt(&self, name: &str) -> Option<Value> {
        self.scope.opts.get(name).cloned().or_else(|| self.caller.opts().get(name).cloned())
    }

    /// The minion's id.
    pub fn id(&self) -> String {
        self.opt("id").map(|v| v.to_string()).unwrap_or_default()
    }

    /// The file client.
    pub fn files(&self) -> &'a dyn FileClient {
        self.caller.files()
    }

    /// The environment of the state that runs, else of the run, else the configured one, else `base`.
    pub fn saltenv(&self) -> String {
        if let Some(chunk) = self.chunk {
            let own = chunk.low.get("saltenv").filter(|env| env.is_true());
            return own.map_or_else(|| chunk.env.to_string(), Value::to_string);
        }
        let configured = || self.opt("saltenv").filter(Value::is_true).map(|v| v.to_string());
        self.scope.saltenv.as_deref().map(str::to_owned).or_else(configured).unwrap_or_else(|| "base".into())
    }

    /// The chunk of the state that runs; none in an execution function.
    pub fn chunk(&self) -> Option<&'a LowChunk> {
        self.chunk
    }

    /// The states of `file` of the run that goes on.
    pub fn file_states(&self) -> &[FileState] {
        self.scope.file_states.get().map(Vec::as_slice).unwrap_or_default()
    }

    /// The job this belongs to.
    pub fn job(&self) -> &'a JobCtx {
        self.job
    }

    /// The door to everything else of this minion.
    pub fn caller(&self) -> &'a Caller {
        self.caller
    }

    /// Whether this function is the job itself, and not called by a template, a state or another function.
    pub fn is_direct(&self) -> bool {
        self.direct
    }

    /// Whether there is an execution function of this name.
    pub fn has_function(&self, fun: &str) -> bool {
        About::of(fun, &self.caller.site()).is_some()
    }

    /// Calls an execution function as a template does: its errors are errors here.
    pub fn call(&self, fun: &str, args: Vec<Value>, kwargs: Dict) -> Result<Value, ExecError> {
        self.call_with_retcode(fun, args, kwargs).map(|(value, _)| value)
    }

    /// Calls an execution function and tells the return code that it left.
    pub fn call_with_retcode(
        &self,
        fun: &str,
        args: Vec<Value>,
        kwargs: Dict,
    ) -> Result<(Value, i32), ExecError> {
        let ctx = Ctx::new(self.caller, self.scope, self.job);
        let value = crate::exec::call(fun, args, kwargs, &ctx)?;
        Ok((value, ctx.retcode.get()))
    }

    /// Runs a command; a status that is not 0 is not an error.
    pub fn run(&self, cmd: &Cmd) -> Result<Output, HostError> {
        self.host.run(cmd)
    }

    /// Sets the return code of the job (Salt's `__context__['retcode']`).
    pub fn set_retcode(&self, code: i32) {
        self.retcode.set(code);
    }
}
