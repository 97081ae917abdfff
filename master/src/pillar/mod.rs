//! The pillar of a minion: the pillar tree rendered on the master with the minion's grains. `salt[…]` in it
//! runs here, on the master, as in Salt.

use std::sync::Arc;

use data::Value;
use data::merge::merge;
use minion::fileclient::LocalFiles;
use minion::host::Host;
use minion::host::real::RealHost;
use minion::pillar::{LocalPillar, PillarSource};
use minion::{Caller, JobCtx, NoJobs, Parts};
use proto::config::MasterConfig;
use proto::message::PillarRequest;

/// Why there is no pillar at all. A file that does not render is no such reason: it is named in `_errors`.
#[derive(Debug, thiserror::Error)]
#[error("pillar of '{id}': {reason}")]
pub struct PillarError {
    /// The minion.
    pub id: String,
    /// What went wrong.
    pub reason: String,
}

/// Renders pillar.
#[derive(Debug)]
pub struct PillarServer {
    config: Arc<MasterConfig>,
}

impl PillarServer {
    /// The pillar server of a master.
    pub fn new(config: Arc<MasterConfig>) -> Self {
        PillarServer { config }
    }

    /// The pillar of one minion. Blocks while it renders.
    pub fn compile(&self, id: &str, request: &PillarRequest) -> Result<Value, PillarError> {
        let fail = |reason: String| PillarError { id: id.to_owned(), reason };
        let over = match &request.overrides {
            Value::None => None,
            Value::Dict(d) => Some(d).filter(|d| !d.is_empty()),
            other => return Err(fail(format!("pillar= is to be a dict, not a {}", other.type_name()))),
        };
        let pillarenv = request.pillarenv.as_deref().or(self.config.pillarenv.as_deref());
        let mut pillar =
            self.tree(id, request).pillar(&request.grains, pillarenv, None).map_err(|e| fail(e.reason))?;
        if let Some(pillar) = pillar.as_dict_mut() {
            if let Some(errors) = pillar.get("_errors").and_then(Value::as_list).map(<[Value]>::to_vec) {
                pillar.insert("_errors", self.log(id, &errors));
            }
            if self.config.pillar_opts {
                pillar.insert("master", self.config.opts.clone());
            }
        }
        // Last, and not before: as in Salt, pillar files and the top file do not see it.
        if let Some(over) = over {
            let strategy = self.config.pillar_source_merging_strategy.parse().unwrap_or_default();
            pillar = merge(&pillar, &Value::Dict(Arc::clone(over)), strategy, self.config.pillar_merge_lists);
        }
        Ok(pillar)
    }

    fn tree(&self, id: &str, request: &PillarRequest) -> LocalPillar {
        let config = &self.config;
        let files = Arc::new(LocalFiles::from_opts(config.pillar_roots.clone(), &config.opts));
        let mut opts = config.opts.clone();
        if let Some(opts) = opts.as_dict_mut() {
            let roots = opts.get("pillar_roots").cloned().unwrap_or_default();
            for (key, value) in [
                ("id", Value::from(id)),
                ("minion_id", Value::from(id)),
                ("grains", request.grains.clone()),
                ("file_roots", roots),
                ("file_client", "local".into()),
                // The log gets the details; what the minion gets is decided after that.
                ("pillar_safe_render_error", false.into()),
            ] {
                opts.insert(key, value);
            }
            if let Some(saltenv) = &request.saltenv {
                opts.insert("saltenv", saltenv.as_str());
            }
        }
        let caller = Caller::new(Parts {
            opts: opts.clone(),
            host: Arc::new(RealHost::new()),
            // The minion's, not those of the machine this runs on.
            grains: |_: &dyn Host, opts: &Value| opts.get("grains").cloned().unwrap_or_default(),
            files: files.clone(),
            pillar: Arc::new(NotYet),
            jobs: Arc::new(NoJobs),
        });
        LocalPillar {
            id: id.to_owned(),
            opts,
            files,
            nodegroups: Arc::clone(&config.nodegroups),
            call: Some(Arc::new(move |fun, args, kwargs| {
                Ok(caller.function(fun, args, kwargs, &Arc::new(JobCtx::local()))?)
            })),
        }
    }

    /// Logs what went wrong. What comes back is for the minion: by default without what a template's
    /// error shows of its text, which may hold another minion's secrets.
    fn log(&self, id: &str, errors: &[Value]) -> Value {
        let shown = errors.iter().map(|error| {
            let error = error.to_string();
            tracing::error!(minion = id, "pillar: {error}");
            match error.split_once(" failed, render error:") {
                Some((what, _))
                    if self.config.pillar_safe_render_error && what.starts_with("Rendering SLS ") =>
                {
                    format!("{what} failed. Please see master log for details.")
                }
                _ => error,
            }
        });
        shown.collect()
    }
}

/// While pillar is made, functions see none.
struct NotYet;

impl PillarSource for NotYet {
    fn pillar(
        &self,
        _: &Value,
        _: Option<&str>,
        _: Option<&Value>,
    ) -> Result<Value, minion::pillar::PillarError> {
        Ok(Value::dict())
    }
}
