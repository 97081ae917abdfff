//! A file of this machine as an SLS (`state.template`): all the rest is as the minion sees it.

use std::sync::Arc;

use data::{Dict, Value};
use sls::{CallError, FetchError, RenderEnv};

use crate::Minion;

/// The environment of that SLS: none, so there is nothing to include, as in Salt.
pub(super) const SALTENV: &str = "";

/// The minion's view, with one more SLS.
pub(super) struct LocalSls {
    minion: Minion,
    /// What the SLS of that name is looked for as.
    at: String,
    text: Arc<[u8]>,
}

impl LocalSls {
    pub(super) fn new(minion: Minion, name: &str, text: Vec<u8>) -> Self {
        LocalSls { minion, at: format!("{}.sls", name.replace('.', "/")), text: text.into() }
    }
}

impl RenderEnv for LocalSls {
    fn grains(&self) -> Value {
        self.minion.grains()
    }

    fn pillar(&self) -> Value {
        self.minion.pillar()
    }

    fn opts(&self) -> Value {
        self.minion.opts()
    }

    fn call(&self, fun: &str, args: Vec<Value>, kwargs: Dict) -> Result<Value, CallError> {
        RenderEnv::call(&self.minion, fun, args, kwargs)
    }

    fn has_function(&self, fun: &str) -> bool {
        self.minion.has_function(fun)
    }

    fn fetch(&self, path: &str, saltenv: &str) -> Result<Option<Arc<[u8]>>, FetchError> {
        match saltenv {
            SALTENV if path == self.at => Ok(Some(Arc::clone(&self.text))),
            SALTENV => Ok(None),
            saltenv => self.minion.fetch(path, saltenv),
        }
    }

    fn list(&self, saltenv: &str) -> Result<Arc<Vec<String>>, FetchError> {
        if saltenv == SALTENV { Ok(Arc::default()) } else { self.minion.list(saltenv) }
    }

    fn envs(&self) -> Vec<String> {
        let mut envs = self.minion.envs();
        envs.push(SALTENV.to_owned());
        envs
    }

    fn has_state(&self, fun: &str) -> bool {
        RenderEnv::has_state(&self.minion, fun)
    }
}
