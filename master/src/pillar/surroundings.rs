//! What a pillar template sees: the minion's grains, the master's config and files, and the execution
//! functions, which run here on the master.

use std::path::PathBuf;
use std::sync::Arc;

use data::{Dict, Value};
use minion::fileclient::{FileClient, FileStat};
use minion::host::Host;
use minion::host::real::RealHost;
use minion::pillar::{PillarError, PillarSource};
use minion::{Caller, JobCtx, NoJobs, Parts};
use proto::config::MasterConfig;
use proto::message::{FileRequest, PillarRequest};
use sls::{CallError, FetchError, RenderEnv};

use crate::fileserver::FileServer;

/// The surroundings of one minion's pillar.
pub(super) struct Surroundings {
    grains: Value,
    pillar: Value,
    opts: Value,
    files: Arc<Files>,
    caller: Caller,
}

impl Surroundings {
    pub(super) fn new(
        config: &MasterConfig,
        id: &str,
        request: &PillarRequest,
        pillar: Value,
        files: FileServer,
    ) -> Self {
        let files = Arc::new(Files(files));
        let mut opts = config.opts.clone();
        if let Some(opts) = opts.as_dict_mut() {
            opts.insert("id", id);
            opts.insert("minion_id", id);
            opts.insert("grains", request.grains.clone());
            opts.insert("file_roots", opts.get("pillar_roots").cloned().unwrap_or_default());
            opts.insert("saltenv", request.saltenv.clone());
            opts.insert("pillarenv", request.pillarenv.clone());
            opts.insert("file_client", "local");
        }
        let caller = Caller::new(Parts {
            opts: opts.clone(),
            host: Arc::new(RealHost::new()),
            // The minion's, not those of the machine this runs on.
            grains: |_: &dyn Host, opts: &Value| opts.get("grains").cloned().unwrap_or_default(),
            files: files.clone(),
            pillar: Arc::new(Known(pillar.clone())),
            jobs: Arc::new(NoJobs),
        });
        Surroundings { grains: request.grains.clone(), pillar, opts, files, caller }
    }
}

impl RenderEnv for Surroundings {
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
        if !self.has_function(fun) {
            return Err(CallError::not_found(fun));
        }
        let outcome = self.caller.call(fun, args, kwargs, &Arc::new(JobCtx::local()));
        if outcome.success {
            Ok(outcome.ret)
        } else {
            Err(CallError::raised("CommandExecutionError", outcome.ret.to_string()))
        }
    }

    fn has_function(&self, fun: &str) -> bool {
        minion::exec::find(fun).is_some()
    }

    fn fetch(&self, path: &str, saltenv: &str) -> Result<Option<Arc<[u8]>>, FetchError> {
        self.files.fetch(path, saltenv)
    }

    fn list(&self, saltenv: &str) -> Result<Arc<Vec<String>>, FetchError> {
        self.files.list(saltenv)
    }

    fn envs(&self) -> Vec<String> {
        self.files.0.envs()
    }

    fn has_state(&self, _: &str) -> bool {
        false
    }
}

/// The pillar roots as a file client.
struct Files(FileServer);

impl Files {
    fn find(&self, path: &str, saltenv: &str) -> Result<Option<PathBuf>, FetchError> {
        // Templates look for `../x` as well; there is no such file.
        Ok(self.0.find(path, saltenv).unwrap_or_default())
    }
}

fn failed(path: &str, saltenv: &str, reason: impl std::fmt::Display) -> FetchError {
    FetchError { path: path.to_owned(), saltenv: saltenv.to_owned(), reason: reason.to_string() }
}

impl FileClient for Files {
    fn fetch(&self, path: &str, saltenv: &str) -> Result<Option<Arc<[u8]>>, FetchError> {
        let Some(file) = self.find(path, saltenv)? else { return Ok(None) };
        std::fs::read(&file).map(|bytes| Some(bytes.into())).map_err(|e| failed(path, saltenv, e))
    }

    fn stat(&self, path: &str, saltenv: &str) -> Result<Option<FileStat>, FetchError> {
        let request = FileRequest { path: path.to_owned(), saltenv: saltenv.to_owned() };
        let info = self.0.info(&request).map_err(|e| failed(path, saltenv, e))?;
        Ok(info.map(|i| FileStat { hash: i.sha256, hash_type: "sha256".into(), size: i.size, mode: i.mode }))
    }

    fn list(&self, saltenv: &str) -> Result<Arc<Vec<String>>, FetchError> {
        Ok(Arc::new(self.0.list(saltenv)))
    }

    fn dirs(&self, saltenv: &str) -> Result<Arc<Vec<String>>, FetchError> {
        Ok(Arc::new(self.0.listing(saltenv).dirs))
    }

    fn envs(&self) -> Result<Vec<String>, FetchError> {
        Ok(self.0.envs())
    }

    fn cache_file(&self, path: &str, saltenv: &str) -> Result<Option<PathBuf>, FetchError> {
        self.find(path, saltenv)
    }
}

/// The pillar that is there while pillar is made: that of the command line.
struct Known(Value);

impl PillarSource for Known {
    fn pillar(&self, _: &Value, _: Option<&str>, _: Option<&Value>) -> Result<Value, PillarError> {
        Ok(self.0.clone())
    }
}
