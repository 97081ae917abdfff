//! The pillar of a minion: the pillar tree rendered with the minion's grains, on the master.

mod surroundings;

use std::rc::Rc;
use std::sync::Arc;

use data::merge::{Strategy, merge};
use data::{Dict, Value};
use proto::config::MasterConfig;
use proto::message::PillarRequest;
use proto::target::{DEFAULT_DELIMITER, Facts, Target};
use sls::pillar::PillarOptions;
use sls::render::Renderer;

use crate::fileserver::FileServer;
use surroundings::Surroundings;

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
        let overrides = overrides(id, request)?;
        let (renderer, options) = self.renderer(id, request, &overrides)?;
        let matcher = self.matcher(id, request, &overrides);
        let mut pillar = sls::pillar::compile(&renderer, &options, &matcher);
        if let Some(errors) = pillar.get("_errors").and_then(Value::as_list) {
            for error in errors {
                tracing::error!(minion = id, "pillar: {error}");
            }
        }
        if self.config.pillar_opts
            && let Some(pillar) = pillar.as_dict_mut()
        {
            pillar.insert("master", self.config.opts.clone());
        }
        if !overrides.is_empty() {
            pillar = merge(&pillar, &overrides.into(), options.strategy, options.merge_lists);
        }
        Ok(pillar)
    }

    /// The top file's result for a minion: environments and their SLS files.
    pub fn top(&self, id: &str, request: &PillarRequest) -> Result<Value, PillarError> {
        let overrides = overrides(id, request)?;
        let (renderer, options) = self.renderer(id, request, &overrides)?;
        let matcher = self.matcher(id, request, &overrides);
        let mut top_options = sls::top::TopOptions::from_opts(&renderer.env().opts());
        top_options.saltenv = options.pillarenv;
        let fail = |reason: String| PillarError { id: id.to_owned(), reason };
        let top = sls::compile_top(&renderer, &top_options).map_err(|e| fail(e.to_string()))?;
        let found = top.matches(&renderer, top_options.saltenv.as_deref(), &matcher);
        Ok(found.into_iter().collect::<Dict>().into())
    }

    fn renderer(
        &self,
        id: &str,
        request: &PillarRequest,
        overrides: &Dict,
    ) -> Result<(Renderer, PillarOptions), PillarError> {
        let config = &self.config;
        let files = FileServer::over(config.pillar_roots.clone(), config)
            .map_err(|e| PillarError { id: id.to_owned(), reason: e.to_string() })?;
        let surroundings = Surroundings::new(config, id, request, overrides.clone().into(), files);
        let options = PillarOptions {
            pillarenv: request.pillarenv.clone().or_else(|| config.pillarenv.clone()),
            saltenv: request.saltenv.clone().or_else(|| config.saltenv.clone()),
            strategy: config.pillar_source_merging_strategy.parse().unwrap_or(Strategy::Smart),
            ..PillarOptions::from_opts(&config.opts)
        };
        Ok((Renderer::new(Rc::new(surroundings)).for_pillar(), options))
    }

    /// Holds the targets of the top file against the minion. One that cannot be read matches nobody.
    fn matcher(
        &self,
        id: &str,
        request: &PillarRequest,
        overrides: &Dict,
    ) -> impl Fn(&str, &str) -> bool + use<> {
        let nodegroups = Arc::clone(&self.config.nodegroups);
        let (id, grains, pillar) = (id.to_owned(), request.grains.clone(), Value::from(overrides.clone()));
        move |expression, kind| {
            let target = kind
                .parse()
                .and_then(|kind| Target::parse(&expression.into(), kind, DEFAULT_DELIMITER, &nodegroups));
            match target {
                Ok(target) => target.matches(&Facts { id: &id, grains: &grains, pillar: &pillar }),
                Err(error) => {
                    tracing::error!("pillar top file: {error}");
                    false
                }
            }
        }
    }
}

/// The pillar of the command line, which has to be a dict.
fn overrides(id: &str, request: &PillarRequest) -> Result<Dict, PillarError> {
    match &request.overrides {
        Value::None => Ok(Dict::new()),
        Value::Dict(d) => Ok(d.as_ref().clone()),
        other => Err(PillarError {
            id: id.to_owned(),
            reason: format!("pillar= is to be a dict, not a {}", other.type_name()),
        }),
    }
}
