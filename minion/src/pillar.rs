//! Where the pillar comes from: compiled from the roots of this machine, or asked of the master.
//!
//! [`LocalPillar`] compiles from roots for the minion whose grains it is given. The master uses it too, with
//! each minion's grains and its own files.

use std::rc::Rc;
use std::sync::Arc;

use data::{Dict, Value};
use proto::target::{Facts, Target, TargetType};
use sls::pillar::PillarOptions;
use sls::render::Renderer;
use sls::{CallError, FetchError, RenderEnv};

use crate::fileclient::FileClient;

/// Something that knows a minion's pillar.
pub trait PillarSource: Send + Sync {
    /// The pillar for a minion with these grains; `over` (`pillar=` on the command line) is merged in last
    /// and is visible while it is compiled.
    fn pillar(
        &self,
        grains: &Value,
        pillarenv: Option<&str>,
        over: Option<&Value>,
    ) -> Result<Value, PillarError>;
}

/// A pillar that could not be had. Errors inside the pillar's SLS files are not of this kind: they are in
/// its `_errors`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed to get the pillar: {reason}")]
pub struct PillarError {
    /// What went wrong.
    pub reason: String,
}

/// Calls an execution function for a template of the pillar.
pub type CallFn = dyn Fn(&str, Vec<Value>, Dict) -> Result<Value, CallError> + Send + Sync;

/// Pillar compiled from `pillar_roots`.
pub struct LocalPillar {
    /// The minion's id.
    pub id: String,
    /// The options: the minion's with `file_client: local`, else the master's.
    pub opts: Value,
    /// The files of `pillar_roots`.
    pub files: Arc<dyn FileClient>,
    /// `nodegroups` for `N@` in the top file.
    pub nodegroups: Arc<Dict>,
    /// What `salt['mod.fun']` calls in the pillar's templates; none: no function is there.
    pub call: Option<Arc<CallFn>>,
}

impl PillarSource for LocalPillar {
    fn pillar(
        &self,
        grains: &Value,
        pillarenv: Option<&str>,
        over: Option<&Value>,
    ) -> Result<Value, PillarError> {
        let mut opts = self.opts.clone();
        let mut options = PillarOptions::from_opts(&opts);
        if let Some(env) = pillarenv {
            options.pillarenv = Some(env.to_owned());
            if let Some(opts) = opts.as_dict_mut() {
                opts.insert("pillarenv", env);
            }
        }
        let start = over.and_then(Value::as_dict).cloned().unwrap_or_default();
        options.start = start.clone();
        let strategy = options.strategy;
        let merge_lists = options.merge_lists;
        let start = Value::from(start);
        let env = PillarEnv {
            grains: grains.clone(),
            pillar: start.clone(),
            opts,
            files: Arc::clone(&self.files),
            call: self.call.clone(),
        };
        let renderer = Renderer::new(Rc::new(env)).for_pillar();
        let facts = Facts { id: &self.id, grains, pillar: &start };
        let matcher = |target: &str, kind: &str| matches(target, kind, &facts, &self.nodegroups);
        let compiled = sls::pillar::compile(&renderer, &options, &matcher);
        if start.is_true() {
            return Ok(data::merge::merge(&compiled, &start, strategy, merge_lists));
        }
        Ok(compiled)
    }
}

/// Whether a target of a top file means the minion with these facts. One that cannot be read means nobody.
pub fn matches(target: &str, kind: &str, facts: &Facts<'_>, nodegroups: &Dict) -> bool {
    let Some(kind) = TargetType::from_name(kind) else {
        tracing::warn!("top file: unknown kind of match '{kind}' for '{target}'");
        return false;
    };
    match Target::parse_str(target, kind, nodegroups) {
        Ok(target) => target.matches(facts),
        Err(error) => {
            tracing::warn!("top file: {error}");
            false
        }
    }
}

/// The surroundings of a pillar's templates.
struct PillarEnv {
    grains: Value,
    pillar: Value,
    opts: Value,
    files: Arc<dyn FileClient>,
    call: Option<Arc<CallFn>>,
}

impl RenderEnv for PillarEnv {
    fn grains(&self) -> Value {
        self.grains.clone()
    }

    fn pillar(&self) -> Value {
        self.pillar.clone()
    }

    fn opts(&self) -> Value {
        self.opts.clone()
    }

    fn call(&self, fun: &str, args: Vec<Value>, kwargs: Dict) -> Result<Value, CallError> {
        match &self.call {
            Some(call) => call(fun, args, kwargs),
            None => Err(CallError::not_found(fun)),
        }
    }

    fn has_function(&self, fun: &str) -> bool {
        self.call.is_some() && crate::exec::find(fun).is_some()
    }

    fn fetch(&self, path: &str, saltenv: &str) -> Result<Option<Arc<[u8]>>, FetchError> {
        self.files.fetch(path, saltenv)
    }

    fn list(&self, saltenv: &str) -> Result<Arc<Vec<String>>, FetchError> {
        self.files.list(saltenv)
    }

    fn envs(&self) -> Vec<String> {
        self.files.envs().unwrap_or_else(|_| vec!["base".to_owned()])
    }

    fn has_state(&self, fun: &str) -> bool {
        crate::states::has(fun)
    }
}
