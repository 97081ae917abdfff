//! Runs states and shows what would be run.

mod compile;
mod lock;
mod retcode;

use data::{Dict, Value};
use sls::{HighData, LowChunk};

use super::{ExecEntry, ExecError, ExecFn, entry};
use crate::{Ctx, args};
use compile::{Refused, Run};

/// A state failed.
const STATE_FAILURE: i32 = 2;
/// The states could not be compiled.
const COMPILER_ERROR: i32 = 1;
/// The pillar has errors.
const PILLAR_FAILURE: i32 = 5;

/// The functions of `state`.
pub const FUNCTIONS: &[ExecEntry] = &[
    entry::<Sls>(),
    entry::<Apply>(),
    entry::<Highstate>(),
    entry::<Single>(),
    entry::<SlsId>(),
    entry::<High>(),
    entry::<Low>(),
    entry::<TemplateStr>(),
    entry::<Top>(),
    entry::<ShowSls>(),
    entry::<ShowLowSls>(),
    entry::<ShowHighstate>(),
    entry::<ShowLowstate>(),
    entry::<ShowTop>(),
    entry::<ShowStates>(),
    entry::<SlsExists>(),
    entry::<IdExists>(),
    entry::<Running>(),
];

args! {
    /// Run the states of one or more SLS files.
    ///
    /// `test=True` tells what would change. `pillar='{…}'` is merged over the pillar of this run,
    /// `exclude` leaves out SLS files, `queue=True` waits for the state run that is in progress,
    /// `concurrent=True` runs beside it, `saltenv` and `pillarenv` choose environments.
    ///
    /// CLI Example: `rsalt '*' state.sls core,edit.vim test=True`
    pub struct Sls {
        mods: Value,
        #[serde(default)]
        test: Value,
        #[serde(default)]
        exclude: Value,
        #[serde(default)]
        queue: Value,
        kwargs: Dict,
    }

    /// Run the states of the SLS files that are named, or the highstate when none is.
    ///
    /// CLI Example: `rsalt '*' state.apply` or `rsalt '*' state.apply core,edit.vim test=True`
    pub struct Apply {
        #[serde(default)]
        mods: Value,
        kwargs: Dict,
    }

    /// Run all that the top file has for this minion. Options as for `state.sls`.
    ///
    /// CLI Example: `rsalt '*' state.highstate exclude=bad.sls`
    pub struct Highstate {
        #[serde(default)]
        test: Value,
        #[serde(default)]
        queue: Value,
        kwargs: Dict,
    }

    /// Run one state function with the arguments given here.
    ///
    /// CLI Example: `rsalt '*' state.single pkg.installed name=vim`
    pub struct Single {
        fun: String,
        name: Value,
        #[serde(default)]
        test: Value,
        #[serde(default)]
        queue: Value,
        kwargs: Dict,
    }

    /// Run one ID of an SLS, without its requisites.
    ///
    /// CLI Example: `rsalt '*' state.sls_id my_state my_sls`
    pub struct SlsId {
        id_: String,
        mods: Value,
        #[serde(default)]
        test: Value,
        #[serde(default)]
        queue: Value,
        kwargs: Dict,
    }

    /// Run high data: what an SLS renders to.
    ///
    /// CLI Example: `rsalt '*' state.high '{"vim": {"pkg": ["installed"]}}'`
    pub struct High {
        data: Dict,
        #[serde(default)]
        test: Value,
        #[serde(default)]
        queue: Value,
        kwargs: Dict,
    }

    /// Run one low chunk.
    ///
    /// CLI Example: `rsalt '*' state.low '{"state": "pkg", "fun": "installed", "name": "vi"}'`
    pub struct Low {
        data: Dict,
        #[serde(default)]
        queue: Value,
        kwargs: Dict,
    }

    /// Run the states of an SLS that is given as text.
    ///
    /// CLI Example: `rsalt '*' state.template_str '<text of an SLS>'`
    pub struct TemplateStr {
        tem: String,
        #[serde(default)]
        queue: Value,
        kwargs: Dict,
    }

    /// Run a top file of another name than the default one.
    ///
    /// CLI Example: `rsalt '*' state.top reverse_top.sls exclude=bad.sls`
    pub struct Top {
        topfn: String,
        #[serde(default)]
        test: Value,
        #[serde(default)]
        queue: Value,
        kwargs: Dict,
    }

    /// Show the high data of SLS files: rendered, with what they include, not run.
    ///
    /// CLI Example: `rsalt '*' state.show_sls core,edit.vim`
    pub struct ShowSls {
        mods: Value,
        #[serde(default)]
        test: Value,
        #[serde(default)]
        queue: Value,
        kwargs: Dict,
    }

    /// Show the low chunks of SLS files in the order in which they would run.
    ///
    /// CLI Example: `rsalt '*' state.show_low_sls core`
    pub struct ShowLowSls {
        mods: Value,
        #[serde(default)]
        test: Value,
        #[serde(default)]
        queue: Value,
        kwargs: Dict,
    }

    /// Show the high data of the highstate.
    ///
    /// CLI Example: `rsalt '*' state.show_highstate`
    pub struct ShowHighstate {
        #[serde(default)]
        queue: Value,
        kwargs: Dict,
    }

    /// Show the low chunks of the highstate in the order in which they would run.
    ///
    /// CLI Example: `rsalt '*' state.show_lowstate`
    pub struct ShowLowstate {
        #[serde(default)]
        queue: Value,
        kwargs: Dict,
    }

    /// Show which SLS files the top file has for this minion, by environment.
    ///
    /// CLI Example: `rsalt '*' state.show_top`
    pub struct ShowTop {
        #[serde(default)]
        queue: Value,
        kwargs: Dict,
    }

    /// List the SLS files that the highstate would use.
    ///
    /// CLI Example: `rsalt '*' state.show_states`
    pub struct ShowStates {
        #[serde(default)]
        queue: Value,
        kwargs: Dict,
    }

    /// Tell whether SLS files are there and compile.
    ///
    /// CLI Example: `rsalt '*' state.sls_exists core,edit.vim`
    pub struct SlsExists {
        mods: Value,
        #[serde(default)]
        test: Value,
        #[serde(default)]
        queue: Value,
        kwargs: Dict,
    }

    /// Tell whether SLS files have all of these IDs.
    ///
    /// CLI Example: `rsalt '*' state.id_exists create_myfile,update_template filestate`
    pub struct IdExists {
        ids: Value,
        mods: Value,
        #[serde(default)]
        test: Value,
        #[serde(default)]
        queue: Value,
        kwargs: Dict,
    }

    /// Tell which state runs are in progress, in words; an empty list when none is.
    ///
    /// CLI Example: `rsalt '*' state.running`
    pub struct Running {
        #[serde(default)]
        concurrent: bool,
    }
}

impl ExecFn for Sls {
    const FUN: &'static str = "state.sls";
    const SIGNATURE: &'static str =
        "mods, test=None, exclude=None, queue=None, sync_mods=None, state_events=None, **kwargs";
    const OUT: Option<&'static str> = Some("highstate");

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        run_states(ctx, &self.test, &self.queue, &self.kwargs, |run| {
            let mut high = run.sls(&self.mods)?;
            high.exclude.extend(split_input(&self.exclude));
            run.high(high)
        })
    }
}

impl ExecFn for Apply {
    const FUN: &'static str = "state.apply";
    const SIGNATURE: &'static str = "mods=None, **kwargs";
    const OUT: Option<&'static str> = Some("highstate");

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let fun = if self.mods.is_true() { Sls::SIGNATURE } else { Highstate::SIGNATURE };
        let mods = self.mods.is_true().then_some(self.mods);
        let name = if mods.is_some() { "sls" } else { "highstate" };
        let bound =
            super::Signature::parse(fun).bind(name, mods.clone().into_iter().collect(), self.kwargs)?;
        match mods {
            Some(_) => args::read::<Sls>(bound)?.call(ctx),
            None => args::read::<Highstate>(bound)?.call(ctx),
        }
    }
}

impl ExecFn for Highstate {
    const FUN: &'static str = "state.highstate";
    const SIGNATURE: &'static str = "test=None, queue=None, state_events=None, **kwargs";
    const OUT: Option<&'static str> = Some("highstate");

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        highstate(ctx, &self.test, &self.queue, &self.kwargs, None)
    }
}

impl ExecFn for Top {
    const FUN: &'static str = "state.top";
    const SIGNATURE: &'static str = "topfn, test=None, queue=None, **kwargs";
    const OUT: Option<&'static str> = Some("highstate");

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        highstate(ctx, &self.test, &self.queue, &self.kwargs, Some(&self.topfn))
    }
}

fn highstate(
    ctx: &Ctx<'_>,
    test: &Value,
    queue: &Value,
    kwargs: &Dict,
    top: Option<&str>,
) -> Result<Value, ExecError> {
    run_states(ctx, test, queue, kwargs, |run| {
        let matches = match run.top_matches(top) {
            Ok(matches) if matches.is_empty() => {
                return Ok(no_states(
                    "No Top file or master_tops data matches found. Please see master log for details.",
                ));
            }
            Ok(matches) => matches,
            Err(Refused(errors)) if errors.len() == 1 && run.top_failed => {
                let comment = format!("Unable to render top file: {}", errors.concat());
                return Ok(no_states(&comment));
            }
            Err(refused) => return Err(refused),
        };
        let mut high = run.render(&matches)?;
        high.exclude.extend(kwargs.get("exclude").map(split_input).unwrap_or_default());
        if high.is_empty() {
            return Ok(no_states("No states found for this minion"));
        }
        run.high(high)
    })
}

/// What a highstate returns that has nothing to run.
fn no_states(comment: &str) -> Value {
    let result = Dict::new()
        .with("result", false)
        .with("comment", comment)
        .with("name", "No States")
        .with("changes", Dict::new())
        .with("__run_num__", 0);
    Dict::new().with("no_|-states_|-states_|-None", result).into()
}

impl ExecFn for Single {
    const FUN: &'static str = "state.single";
    const SIGNATURE: &'static str = "fun, name, test=None, queue=None, **kwargs";
    const OUT: Option<&'static str> = Some("highstate");

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let Some((state, fun)) = self.fun.split_once('.') else {
            ctx.set_retcode(COMPILER_ERROR);
            return Ok("Invalid function passed".into());
        };
        let fun = fun.split('.').next().unwrap_or(fun);
        let mut low = self.kwargs.clone();
        low.retain(|key, _| {
            !key.as_str().is_some_and(|k| {
                k.starts_with("__pub_") || ["pillar", "pillarenv", "concurrent"].contains(&k)
            })
        });
        low.extend([("state", state), ("fun", fun)]);
        low.insert("__id__", self.name.clone());
        low.insert("name", self.name.clone());
        let chunk = LowChunk::new(low);
        run_states(ctx, &self.test, &self.queue, &self.kwargs, |run| {
            let tag = chunk.tag();
            Ok(Dict::new().with(tag, run.single(chunk)?).into())
        })
    }
}

impl ExecFn for Low {
    const FUN: &'static str = "state.low";
    const SIGNATURE: &'static str = "data, queue=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let chunk = LowChunk::new(self.data);
        run_states(ctx, &Value::None, &self.queue, &self.kwargs, |run| run.single(chunk))
    }
}

impl ExecFn for SlsId {
    const FUN: &'static str = "state.sls_id";
    const SIGNATURE: &'static str = "id_, mods, test=None, queue=None, state_events=None, **kwargs";
    const OUT: Option<&'static str> = Some("highstate");

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let mut saltenv = String::new();
        let ret = run_states(ctx, &self.test, &self.queue, &self.kwargs, |run| {
            saltenv.clone_from(&run.saltenv);
            let high = run.sls(&self.mods)?;
            run.only_id(high, &self.id_)
        })?;
        if ret.as_dict().is_some_and(Dict::is_empty) {
            return Err(ExecError::invocation(format!(
                "No matches for ID '{}' found in SLS '{}' within saltenv '{saltenv}'",
                self.id_, self.mods
            )));
        }
        Ok(ret)
    }
}

impl ExecFn for High {
    const FUN: &'static str = "state.high";
    const SIGNATURE: &'static str = "data, test=None, queue=None, **kwargs";
    const OUT: Option<&'static str> = Some("highstate");

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        run_states(ctx, &self.test, &self.queue, &self.kwargs, |run| run.high(HighData::from_dict(self.data)))
    }
}

impl ExecFn for TemplateStr {
    const FUN: &'static str = "state.template_str";
    const SIGNATURE: &'static str = "tem, queue=None, **kwargs";
    const OUT: Option<&'static str> = Some("highstate");

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        run_states(ctx, &Value::None, &self.queue, &self.kwargs, |run| {
            let high = run.text(&self.tem)?;
            run.high(high)
        })
    }
}

impl ExecFn for ShowSls {
    const FUN: &'static str = "state.show_sls";
    const SIGNATURE: &'static str = "mods, test=None, queue=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        show(ctx, &self.test, &self.queue, &self.kwargs, |run| {
            let high = run.sls(&self.mods)?;
            let errors = high.verify();
            if errors.is_empty() { Ok(high.to_value()) } else { Err(Refused(errors)) }
        })
    }
}

impl ExecFn for ShowLowSls {
    const FUN: &'static str = "state.show_low_sls";
    const SIGNATURE: &'static str = "mods, test=None, queue=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        show(ctx, &self.test, &self.queue, &self.kwargs, |run| {
            let high = run.sls(&self.mods)?;
            run.low(high).map(|low| low.to_value())
        })
    }
}

impl ExecFn for ShowHighstate {
    const FUN: &'static str = "state.show_highstate";
    const SIGNATURE: &'static str = "queue=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        show(ctx, &Value::None, &self.queue, &self.kwargs, |run| {
            let matches = run.top_matches(None)?;
            Ok(run.render(&matches)?.to_value())
        })
    }
}

impl ExecFn for ShowLowstate {
    const FUN: &'static str = "state.show_lowstate";
    const SIGNATURE: &'static str = "queue=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        show(ctx, &Value::None, &self.queue, &self.kwargs, |run| {
            let matches = run.top_matches(None)?;
            let high = run.render(&matches)?;
            run.low(high.finish().map_err(Refused)?).map(|low| low.to_value())
        })
    }
}

impl ExecFn for ShowTop {
    const FUN: &'static str = "state.show_top";
    const SIGNATURE: &'static str = "queue=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        show(ctx, &Value::None, &self.queue, &self.kwargs, |run| {
            let matches = run.top_matches(None)?;
            Ok(matches.into_iter().collect::<Dict>().into())
        })
    }
}

impl ExecFn for ShowStates {
    const FUN: &'static str = "state.show_states";
    const SIGNATURE: &'static str = "queue=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        show(ctx, &Value::None, &self.queue, &self.kwargs, |run| {
            let matches = run.top_matches(None)?;
            let low = run.low(run.render(&matches)?.finish().map_err(Refused)?)?;
            let mut names: Vec<Value> = Vec::new();
            for chunk in low.chunks() {
                let name = Value::from(&*chunk.sls);
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            Ok(names.into())
        })
    }
}

impl ExecFn for SlsExists {
    const FUN: &'static str = "state.sls_exists";
    const SIGNATURE: &'static str = "mods, test=None, queue=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let SlsExists { mods, test, queue, kwargs } = self;
        let shown = ShowSls { mods, test, queue, kwargs }.call(ctx)?;
        Ok(shown.as_dict().is_some().into())
    }
}

impl ExecFn for IdExists {
    const FUN: &'static str = "state.id_exists";
    const SIGNATURE: &'static str = "ids, mods, test=None, queue=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let IdExists { ids, mods, test, queue, kwargs } = self;
        let low = ShowLowSls { mods, test, queue, kwargs }.call(ctx)?;
        let there: Vec<&Value> =
            low.as_list().unwrap_or_default().iter().filter_map(|chunk| chunk.get("__id__")).collect();
        Ok(split_input(&ids).iter().all(|id| there.contains(&id)).into())
    }
}

impl ExecFn for Running {
    const FUN: &'static str = "state.running";
    const SIGNATURE: &'static str = "concurrent=False";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(if self.concurrent { Value::list() } else { lock::conflicts(ctx).into() })
    }
}

/// A run that changes something: waits for or refuses beside another run, then sets the return code.
fn run_states(
    ctx: &Ctx<'_>,
    test: &Value,
    queue: &Value,
    kwargs: &Dict,
    work: impl FnOnce(&mut Run) -> Result<Value, Refused>,
) -> Result<Value, ExecError> {
    let _lock = match lock::take(ctx, queue, kwargs)? {
        Ok(lock) => lock,
        Err(conflict) => {
            ctx.set_retcode(COMPILER_ERROR);
            return Ok(conflict.into());
        }
    };
    let mut run = Run::new(ctx, test, kwargs)?;
    if let Some(errors) = run.pillar_errors(kwargs) {
        ctx.set_retcode(PILLAR_FAILURE);
        let head = "Pillar failed to render with the following messages:".to_owned();
        return Ok(std::iter::once(head).chain(errors).collect());
    }
    match work(&mut run) {
        Err(Refused(errors)) => {
            ctx.set_retcode(COMPILER_ERROR);
            Ok(errors.into())
        }
        Ok(ret) => {
            if !retcode::all_well(&ret, &run.onfail) {
                ctx.set_retcode(STATE_FAILURE);
            }
            let terse = kwargs.get("terse").is_some_and(Value::is_true)
                || ctx.opt("state_data").is_some_and(|v| v.as_str() == Some("terse"));
            Ok(if terse { only_failed_or_changed(ret) } else { ret })
        }
    }
}

/// Something to look at: nothing is run, but it waits for or is refused beside a run all the same, as in Salt.
fn show(
    ctx: &Ctx<'_>,
    test: &Value,
    queue: &Value,
    kwargs: &Dict,
    work: impl FnOnce(&mut Run) -> Result<Value, Refused>,
) -> Result<Value, ExecError> {
    let _lock = match lock::take(ctx, queue, kwargs)? {
        Ok(lock) => lock,
        Err(conflict) => {
            ctx.set_retcode(COMPILER_ERROR);
            return Ok(conflict.into());
        }
    };
    let mut run = Run::new(ctx, test, kwargs)?;
    if let Some(errors) = run.pillar_errors(kwargs) {
        ctx.set_retcode(PILLAR_FAILURE);
        return Err(ExecError::command(format!("Pillar failed to render: {}", errors.join(", "))));
    }
    Ok(work(&mut run).unwrap_or_else(|Refused(errors)| {
        ctx.set_retcode(COMPILER_ERROR);
        errors.into()
    }))
}

fn only_failed_or_changed(ret: Value) -> Value {
    let Value::Dict(mut dict) = ret else { return ret };
    std::sync::Arc::make_mut(&mut dict).retain(|_, result| {
        !result.get("result").is_some_and(Value::is_true) || result.get("changes").is_some_and(Value::is_true)
    });
    Value::Dict(dict)
}

/// Salt's `split_input`: a list, or a text with commas.
fn split_input(value: &Value) -> Vec<Value> {
    match value {
        Value::None => Vec::new(),
        Value::List(list) => list.to_vec(),
        other => other.to_string().split(',').map(|s| Value::from(s.trim())).collect(),
    }
}
