//! One state run: its scope, its pillar, and the stages from SLS to results.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use data::{Dict, Value};
use proto::target::Facts;
use sls::render::Renderer;
use sls::top::{Matches, TopOptions};
use sls::{HighData, LowChunk, LowOptions, LowState, NoEvents, RunOptions};

use super::split_input;
use crate::ctx::{FileState, Scope};
use crate::exec::ExecError;
use crate::{Ctx, Minion};

/// What cannot be run, in Salt's words.
pub(super) struct Refused(pub(super) Vec<String>);

/// One state run.
pub(super) struct Run {
    minion: Minion,
    renderer: Renderer,
    options: RunOptions,
    id: String,
    grains: Value,
    pillar: Value,
    opts: Value,
    /// The environment of SLS names that do not come from a top file.
    pub(super) saltenv: String,
    only_saltenv: bool,
    file_states: Arc<OnceLock<Vec<FileState>>>,
    /// Whether it was the top file that could not be rendered.
    pub(super) top_failed: bool,
    /// Which states stand in for one that failed: ID to the `(state, ID)` of its `onfail` handlers.
    pub(super) onfail: HashMap<String, Vec<(String, String)>>,
}

impl Run {
    pub(super) fn new(ctx: &Ctx<'_>, test: &Value, kwargs: &Dict) -> Result<Run, ExecError> {
        let given = |key: &str| kwargs.get(key).filter(|v| !v.is_none()).map(Value::to_string);
        let over = kwargs.get("pillar").filter(|v| !v.is_none());
        if over.is_some_and(|p| p.as_dict().is_none()) {
            return Err(ExecError::invocation(
                "Pillar data must be formatted as a dictionary, unless pillar_enc is specified.",
            ));
        }
        let only_saltenv = given("saltenv").is_some() || ctx.opt("saltenv").is_some_and(|v| v.is_true());
        let saltenv = given("saltenv").unwrap_or_else(|| ctx.saltenv());
        let from_saltenv = ctx.opt("pillarenv_from_saltenv").is_some_and(|v| v.is_true());
        let configured = || ctx.opt("pillarenv").filter(Value::is_true).map(|v| v.to_string());
        let pillarenv = match kwargs.get("pillarenv") {
            Some(Value::None) => None,
            Some(env) => Some(env.to_string()),
            None if from_saltenv && kwargs.contains("saltenv") => given("saltenv"),
            None => configured(),
        };
        let test = match test {
            Value::None => ctx.test || ctx.opt("test").is_some_and(|v| v.is_true()),
            Value::Bool(test) => *test,
            _ => true,
        };
        // A call on its own has just compiled its pillar.
        let is_fresh = ctx.opt("__cli").is_some() && over.is_none() && !kwargs.contains("pillarenv");
        let pillar = if is_fresh {
            ctx.pillar()
        } else {
            let fresh = ctx.caller.fresh_pillar(pillarenv.as_deref(), over);
            fresh.map_err(|e| ExecError::command(e.to_string()))?
        };
        let mut opts = Dict::new().with("test", test).with("saltenv", saltenv.as_str());
        opts.insert("pillarenv", pillarenv.clone());
        let file_states = Arc::default();
        let scope = Scope {
            test,
            saltenv: Some(saltenv.as_str().into()),
            pillarenv: pillarenv.map(Into::into),
            pillar: Some(pillar.clone()),
            over: over.cloned(),
            renewed: Arc::default(),
            opts,
            file_states: Arc::clone(&file_states),
        };
        let minion = Minion::of(ctx).within(scope);
        let renderer = Renderer::new(Rc::new(minion.clone()));
        let opts = ctx.opts();
        let options = RunOptions {
            test,
            failhard: opts.get("failhard").is_some_and(Value::is_true),
            mock: kwargs.get("mock").is_some_and(Value::is_true),
            shell: ctx.grain("shell").map(|v| v.to_string()),
            max_parallel: opts
                .get("state_max_parallel")
                .and_then(Value::as_int)
                .map_or(0, |n| n.max(0) as usize),
            conditions: opts
                .get("global_state_conditions")
                .and_then(Value::as_dict)
                .cloned()
                .unwrap_or_default(),
        };
        Ok(Run {
            minion,
            renderer,
            options,
            id: ctx.id(),
            grains: ctx.grains(),
            pillar,
            opts,
            saltenv,
            only_saltenv,
            file_states,
            top_failed: false,
            onfail: HashMap::new(),
        })
    }

    /// What is wrong with the pillar; none when nothing is, or with `force=True`.
    pub(super) fn pillar_errors(&self, kwargs: &Dict) -> Option<Vec<String>> {
        if kwargs.get("force").is_some_and(Value::is_true) {
            return None;
        }
        let errors = self.pillar.get("_errors").filter(|e| e.is_true())?;
        Some(match errors {
            Value::List(errors) => errors.iter().map(Value::to_string).collect(),
            other => vec![other.to_string()],
        })
    }

    /// The high data of SLS files named by the user.
    pub(super) fn sls(&mut self, mods: &Value) -> Result<HighData, Refused> {
        let names = split_input(mods).iter().map(Value::to_string).collect();
        self.render(&[(self.saltenv.clone(), names)])
    }

    /// The high data of SLS files by environment.
    pub(super) fn render(&self, matches: &[(String, Vec<String>)]) -> Result<HighData, Refused> {
        let (high, errors) = sls::high::compile(&self.renderer, matches);
        if errors.is_empty() { Ok(high) } else { Err(Refused(errors)) }
    }

    /// The high data of an SLS given as text.
    pub(super) fn text(&self, text: &str) -> Result<HighData, Refused> {
        sls::high::compile_text(&self.renderer, text).map_err(Refused)
    }

    /// What the top file has for this minion.
    pub(super) fn top_matches(&mut self, top: Option<&str>) -> Result<Matches, Refused> {
        let mut options = TopOptions::from_opts(&self.opts);
        options.saltenv = self.only_saltenv.then(|| self.saltenv.clone());
        if let Some(top) = top {
            options.file = top.trim_start_matches("salt://").to_owned();
        }
        let compiled = sls::compile_top(&self.renderer, &options).map_err(|e| {
            self.top_failed = true;
            Refused(vec![e.to_string()])
        })?;
        let errors = compiled.verify();
        if !errors.is_empty() {
            return Err(Refused(errors));
        }
        let facts = Facts { id: &self.id, grains: &self.grains, pillar: &self.pillar };
        let none = Dict::new();
        let groups = self.opts.get("nodegroups").and_then(Value::as_dict).unwrap_or(&none);
        let matcher = |target: &str, kind: &str| crate::pillar::matches(target, kind, &facts, groups);
        Ok(compiled.matches(&self.renderer, options.saltenv.as_deref(), &matcher))
    }

    /// Low data from high data that is finished.
    pub(super) fn low(&self, high: HighData) -> Result<LowState, Refused> {
        let has_state = crate::states::has;
        let mut options = LowOptions::new(&has_state);
        options.disabled_requisites = texts(self.opts.get("disabled_requisites"));
        options.disabled_states = texts(self.grains.get("state_runs_disabled"));
        options.aggregate = self.opts.get("state_aggregate").cloned().unwrap_or_default();
        LowState::compile(high, &options).map_err(Refused)
    }

    /// Runs high data.
    pub(super) fn high(&mut self, high: HighData) -> Result<Value, Refused> {
        let high = high.finish().map_err(Refused)?;
        self.onfail = super::retcode::handlers(&high);
        let low = self.low(high)?;
        Ok(self.run(&low))
    }

    /// Runs one ID of high data.
    pub(super) fn only_id(&mut self, high: HighData, id: &str) -> Result<Value, Refused> {
        let low = self.low(high.finish().map_err(Refused)?)?.only_id(id);
        Ok(self.run(&low))
    }

    fn run(&self, low: &LowState) -> Value {
        let files = low.chunks().filter(|chunk| &*chunk.state == "file");
        let states = files.map(|chunk| FileState { id: chunk.id.to_string(), name: chunk.name.to_string() });
        // A run has one low state; were there a second, the first one's files would be kept as well.
        let _ = self.file_states.set(states.collect());
        let results = sls::run(&self.minion, low, &self.options, &mut NoEvents);
        results.iter().map(|(tag, result)| (tag.as_str(), result.to_value())).collect::<Dict>().into()
    }

    /// Runs one chunk on its own; refused when it is not sound.
    pub(super) fn single(&mut self, chunk: LowChunk) -> Result<Value, Refused> {
        let faults = sls::faults(&self.minion, &chunk);
        if !faults.is_empty() {
            return Err(Refused(faults));
        }
        Ok(sls::run_single(&self.minion, chunk, &self.options).to_value())
    }
}

fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::List(list)) => list.iter().map(Value::to_string).collect(),
        Some(Value::Str(one)) => vec![one.to_string()],
        _ => Vec::new(),
    }
}
