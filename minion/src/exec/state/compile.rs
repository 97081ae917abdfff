//! One state run: its options, its pillar, and the stages from SLS to results.

use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use data::{Dict, Value};
use proto::config::MinionConfig;
use proto::target::Facts;
use sls::render::Renderer;
use sls::top::{Matches, TopOptions};
use sls::{HighData, LowChunk, LowOptions, LowState, RenderEnv, RunOptions};

use super::bound::Bound;
use super::events::Progress;
use super::local_sls::{self, LocalSls};
use super::retcode;
use crate::ctx::{FileState, Scope};
use crate::exec::ExecError;
use crate::{Caller, Ctx, Minion};

/// What cannot be run, in Salt's words.
pub(super) struct Refused(pub(super) Vec<String>);

/// Which of the common arguments a function looks at.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Takes {
    /// `test`; without it the config alone decides.
    pub(super) test: bool,
    /// `pillar`.
    pub(super) pillar: bool,
    /// Its run can be paused and tells of its progress.
    pub(super) watched: bool,
}

/// One state run.
pub(super) struct Run {
    minion: Minion,
    renderer: Renderer,
    options: RunOptions,
    progress: Progress,
    id: String,
    grains: Value,
    pillar: Value,
    opts: Value,
    /// The environment of SLS names that do not come from a top file.
    pub(super) saltenv: String,
    file_states: Arc<OnceLock<Vec<FileState>>>,
    /// Why the top file could not be rendered, where it is that.
    pub(super) top_failed: Option<String>,
    /// Which states stand in for one that failed.
    pub(super) handlers: retcode::Handlers,
}

/// The environments that a run is asked for, as Salt's `get_sls_opts` reads them.
struct Envs {
    saltenv: Option<String>,
    pillarenv: Option<String>,
}

impl Envs {
    fn of(opts: &Value, args: &Bound) -> Result<Self, ExecError> {
        let configured = |key: &str| opts.get(key).filter(|v| v.is_true()).map(Value::to_string);
        let set = |value: &Value| if value.is_none() { None } else { Some(value.to_string()) };
        let mut saltenv = configured("saltenv");
        let given = args.keyword("saltenv");
        if let Some(env) = given.and_then(set) {
            let locked = opts.get("lock_saltenv").is_some_and(Value::is_true);
            if locked && saltenv.as_ref() != Some(&env) {
                return Err(ExecError::command("lock_saltenv is enabled, saltenv cannot be changed"));
            }
            saltenv = Some(env);
        }
        let pillarenv = match (args.keyword("pillarenv"), given) {
            // Given as none it means all of them.
            (Some(env), _) => set(env),
            (None, Some(env)) if configured("pillarenv_from_saltenv").is_some() => set(env),
            (None, _) => configured("pillarenv"),
        };
        Ok(Envs { saltenv, pillarenv })
    }
}

impl Run {
    pub(super) fn new(ctx: &Ctx<'_>, args: &Bound, takes: Takes) -> Result<Run, ExecError> {
        let base = match args.keyword("localconfig") {
            Some(file) => Minion::of(ctx).with_caller(local_config(ctx, Path::new(&file.to_string()))?),
            None => Minion::of(ctx),
        };
        let opts = base.opts();
        let envs = Envs::of(&opts, args)?;
        let over = args.keyword("pillar").filter(|v| takes.pillar && !v.is_none());
        if over.is_some_and(|p| p.as_dict().is_none()) && args.keyword("pillar_enc").is_none() {
            return Err(ExecError::invocation(
                "Pillar data must be formatted as a dictionary, unless pillar_enc is specified.",
            ));
        }
        let over = match (over, args.keyword("pillar_enc").filter(|v| !v.is_none())) {
            (Some(over), Some(encoding)) => crate::pillar::decrypted(ctx, over, encoding),
            (over, _) => over.cloned(),
        };
        // Of the config itself, also with `localconfig=`.
        let configured = ctx.opt("test").is_some_and(|v| v.is_true());
        // The grain or pillar `test: True` asks for test mode as the config does.
        let told = || {
            let found = |data: &Value| data.get("test").cloned();
            found(&ctx.grains()).or_else(|| found(&ctx.pillar())) == Some(Value::Bool(true))
        };
        let asked = if takes.test { args.test(told) } else { None };
        let test = asked.unwrap_or(ctx.test || configured);
        // A call on its own has just compiled its pillar.
        let own_env = opts.get("pillarenv").filter(|v| v.is_true()).map(Value::to_string);
        let is_fresh = opts.get("__cli").is_some() && over.is_none() && envs.pillarenv == own_env;
        let caller = base.caller();
        let pillar = if is_fresh {
            caller.pillar()
        } else {
            let fresh = caller.fresh_pillar(envs.pillarenv.as_deref(), over.as_ref());
            fresh.map_err(|e| ExecError::command(e.to_string()))?
        };
        let saltenv = envs.saltenv.clone().unwrap_or_else(|| "base".to_owned());
        let mut changed = Dict::new().with("test", test);
        changed.insert("saltenv", envs.saltenv.clone());
        changed.insert("pillarenv", envs.pillarenv.clone());
        // What the master's config says of states holds on its minions, unless they ask for more.
        let mut theirs = caller.master_opts();
        theirs.retain(|key, _| {
            let Some(key @ ("state_events" | "state_aggregate")) = key.as_str() else { return true };
            !opts.get(key).is_some_and(Value::is_true)
        });
        changed.extend(theirs);
        if let Some(events) = args.state_events.as_bool() {
            changed.insert("state_events", events);
        }
        let file_states = Arc::default();
        let scope = Scope {
            test,
            saltenv: Some(saltenv.as_str().into()),
            pillarenv: envs.pillarenv.map(Into::into),
            pillar: Some(pillar.clone()),
            over,
            renewed: Arc::default(),
            opts: changed,
            file_states: Arc::clone(&file_states),
        };
        let minion = base.within(scope);
        let renderer = Renderer::new(Rc::new(minion.clone()));
        let opts = minion.opts();
        let options = RunOptions {
            test,
            failhard: opts.get("failhard").is_some_and(Value::is_true),
            mock: args.flag("mock"),
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
        let id = opts.get("id").map(Value::to_string).unwrap_or_default();
        Ok(Run {
            progress: if takes.watched { Progress::of(ctx, &opts, &id) } else { Progress::none() },
            grains: minion.grains(),
            minion,
            renderer,
            options,
            id,
            pillar,
            opts,
            saltenv,
            file_states,
            top_failed: None,
            handlers: retcode::Handlers::new(),
        })
    }

    /// One option of the run.
    pub(super) fn opt(&self, key: &str) -> Option<&Value> {
        self.opts.get(key)
    }

    /// What is wrong with the pillar; none when nothing is, or with `force=True`.
    pub(super) fn pillar_errors(&self, args: &Bound) -> Option<Vec<String>> {
        if args.flag("force") {
            return None;
        }
        let errors = self.pillar.get("_errors").filter(|e| e.is_true())?;
        Some(match errors {
            Value::List(errors) => errors.iter().map(Value::to_string).collect(),
            other => vec![other.to_string()],
        })
    }

    /// The high data of SLS files named by the user.
    pub(super) fn sls(&self, mods: &Value) -> Result<HighData, Refused> {
        let (high, errors) = self.named(mods)?;
        if errors.is_empty() { Ok(high) } else { Err(Refused(errors)) }
    }

    /// The same; what is malformed is told with what does not render.
    pub(super) fn verified_sls(&self, mods: &Value) -> Result<HighData, Refused> {
        let (high, mut errors) = self.named(mods)?;
        errors.extend(high.verify());
        if errors.is_empty() { Ok(high) } else { Err(Refused(errors)) }
    }

    fn named(&self, mods: &Value) -> Result<(HighData, Vec<String>), Refused> {
        let names = super::bound::split_texts(mods);
        if names.iter().any(String::is_empty) {
            return Err(Refused(vec![format!("No matching sls found for '' in env '{}'", self.saltenv)]));
        }
        Ok(sls::high::compile(&self.renderer, &[(self.saltenv.clone(), names)]))
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

    /// The high data of an SLS that is a file of this machine.
    pub(super) fn local_sls(&self, path: &str) -> Result<HighData, Refused> {
        let name = if path.ends_with(".sls") { path.to_owned() } else { format!("{path}.sls") };
        let Some(text) = self.minion.caller().host().read_opt(Path::new(&name)).ok().flatten() else {
            return Err(Refused(vec![format!("Specified SLS {name} on local filesystem cannot be found.")]));
        };
        let env = LocalSls::new(self.minion.clone(), &name, text);
        let renderer = Renderer::new(Rc::new(env));
        let saltenv = local_sls::SALTENV.to_owned();
        let (high, mut errors) = sls::high::compile(&renderer, &[(saltenv, vec![name])]);
        errors.retain(|error| !error.starts_with("Error when rendering state with contents"));
        if errors.is_empty() { Ok(high) } else { Err(Refused(errors)) }
    }

    /// What the top file has for this minion; with what is malformed in it.
    pub(super) fn top(&mut self, top: Option<&str>, only_from: Option<&Value>) -> (Matches, Vec<String>) {
        let mut options = TopOptions::from_opts(&self.opts);
        if let Some(top) = top {
            options.file = top.trim_start_matches("salt://").trim_start_matches('/').to_owned();
        }
        if let Some(env) = only_from.filter(|env| env.is_true()) {
            options.only_from = Some(env.to_string());
        }
        let compiled = match sls::compile_top(&self.renderer, &options) {
            Ok(compiled) => compiled,
            Err(error) => {
                self.top_failed = Some(error.to_string());
                return (Matches::new(), Vec::new());
            }
        };
        let facts = Facts { id: &self.id, grains: &self.grains, pillar: &self.pillar };
        let none = Dict::new();
        let groups = self.opts.get("nodegroups").and_then(Value::as_dict).unwrap_or(&none);
        let matcher = |target: &str, kind: &str| match kind {
            "data" => self.minion.matches_data(target),
            kind => crate::pillar::matches(target, kind, &facts, groups),
        };
        let matches = compiled.matches(&self.renderer, options.saltenv.as_deref(), &matcher);
        (matches, compiled.verify())
    }

    /// The high data of what the top file has for this minion.
    pub(super) fn top_high(&mut self) -> Result<HighData, Refused> {
        let (matches, mut errors) = self.top(None, None);
        errors.extend(self.top_failed.take());
        let (high, more) = sls::high::compile(&self.renderer, &matches);
        errors.extend(more);
        if errors.is_empty() { Ok(high) } else { Err(Refused(errors)) }
    }

    /// The names of all SLS files, by environment.
    pub(super) fn available(&self) -> Result<Vec<(String, Vec<String>)>, Refused> {
        let envs = sls::top::environments(&self.renderer, &[]);
        let all = envs.into_iter().map(|env| {
            let names = self.renderer.available(&env).map_err(|e| Refused(vec![e.to_string()]))?;
            let names = names.filter("*");
            Ok((env, names))
        });
        all.collect()
    }

    /// Low data from high data that is finished.
    pub(super) fn low(&self, high: HighData) -> Result<LowState, Refused> {
        let site = self.minion.caller().site();
        let has_state = |fun: &str| crate::states::has(fun, &site);
        let mut options = LowOptions::new(&has_state);
        options.disabled_requisites = texts(self.opts.get("disabled_requisites"));
        options.disabled_states = texts(self.grains.get("state_runs_disabled"));
        options.aggregate = self.opts.get("state_aggregate").cloned().unwrap_or_default();
        LowState::compile(high, &options).map_err(Refused)
    }

    /// Runs high data.
    pub(super) fn high(&mut self, high: HighData) -> Result<Value, Refused> {
        let high = high.finish().map_err(Refused)?;
        self.handlers = retcode::handlers(&high.ids);
        let low = self.low(high)?;
        Ok(self.run(&low))
    }

    /// Runs one ID of high data.
    pub(super) fn only_id(&mut self, high: HighData, id: &str) -> Result<Value, Refused> {
        let low = self.low(high.finish().map_err(Refused)?)?.only_id(id);
        Ok(self.run(&low))
    }

    fn run(&mut self, low: &LowState) -> Value {
        let files = low.chunks().filter(|chunk| &*chunk.state == "file");
        let states = files.map(FileState::of);
        // A run has one low state; were there a second, the first one's files would be kept as well.
        let _ = self.file_states.set(states.collect());
        let results = sls::run(&self.minion, low, &self.options, &mut self.progress);
        self.progress.end();
        results.into_iter().map(|(tag, result)| (tag, result.into_value())).collect::<Dict>().into()
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

/// The minion as a config file would have it that is read over the config (`localconfig=`).
fn local_config(ctx: &Ctx<'_>, file: &Path) -> Result<Caller, ExecError> {
    let config = MinionConfig::with_file(&ctx.caller().opts(), file)
        .map_err(|error| ExecError::command(error.to_string()))?;
    Ok(ctx.caller().configured(&config))
}

fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::List(list)) => list.iter().map(Value::to_string).collect(),
        Some(Value::Str(one)) => vec![one.to_string()],
        _ => Vec::new(),
    }
}
