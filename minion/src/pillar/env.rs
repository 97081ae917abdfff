//! The surroundings of a pillar's templates.

use std::sync::Arc;

use data::{Dict, Value};
use sls::{CallError, FetchError, Filtered, RenderEnv};

use crate::exec::About;
use crate::fileclient::FileClient;
use crate::{Caller, JobCtx, Scope};

/// What the templates see, and who calls functions for them.
pub(super) struct PillarEnv {
    pub(super) grains: Value,
    pub(super) pillar: Value,
    pub(super) opts: Value,
    pub(super) files: Arc<dyn FileClient>,
    pub(super) functions: Option<Caller>,
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
        let Some(caller) = &self.functions else { return Err(CallError::not_found(fun)) };
        // Functions see the same pillar as the template does.
        let scope = Scope { pillar: Some(self.pillar.clone()), ..Scope::default() };
        Ok(caller.function_in(scope, fun, args, kwargs, &Arc::new(JobCtx::local()))?)
    }

    fn has_function(&self, fun: &str) -> bool {
        self.functions.as_ref().is_some_and(|caller| About::of(fun, &caller.site()).is_some())
    }

    fn fetch(&self, path: &str, saltenv: &str) -> Result<Option<Arc<[u8]>>, FetchError> {
        self.files.fetch(path, saltenv)
    }

    fn list(&self, saltenv: &str) -> Result<Arc<Vec<String>>, FetchError> {
        self.files.list(saltenv)
    }

    fn envs(&self) -> Vec<String> {
        let mut envs = self.files.envs().unwrap_or_else(|_| vec!["base".to_owned()]);
        // The roots that stand for any environment stand for the one that is asked for, and only for it.
        if let Some(any) = envs.iter().position(|env| env == "__env__") {
            envs.remove(any);
            let asked = |key: &str| self.opts.get(key).filter(|v| v.is_true()).map(Value::to_string);
            let env = asked("pillarenv").or_else(|| asked("saltenv")).unwrap_or_else(|| "base".to_owned());
            if !envs.contains(&env) {
                envs.push(env);
            }
        }
        envs
    }

    fn has_state(&self, fun: &str) -> bool {
        let site = self.functions.as_ref().map(Caller::site).unwrap_or_default();
        crate::states::has(fun, &site)
    }

    fn filter(&self, command: &[String], input: &[u8]) -> Result<Option<Filtered>, CallError> {
        match &self.functions {
            Some(caller) => crate::run::filter(caller.host(), command, input),
            None => Ok(None),
        }
    }
}
