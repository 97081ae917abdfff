//! The functions that run states.

use data::{Dict, Value};
use sls::{HighData, LowChunk};

use super::bound::{Bound, split_input};
use super::compile::{Refused, Run, Takes};
use super::{COMPILER_ERROR, ExecEntry, PILLAR_FAILURE, STATE_FAILURE, disable, lock, retcode};
use crate::exec::{ExecError, ExecFn, entry};
use crate::{Ctx, args};

/// The functions of this file.
pub(super) const FUNCTIONS: &[ExecEntry] = &[
    entry::<Sls>(),
    entry::<Apply>(),
    entry::<Test>(),
    entry::<Highstate>(),
    entry::<Top>(),
    entry::<Single>(),
    entry::<SlsId>(),
    entry::<High>(),
    entry::<Low>(),
    entry::<Template>(),
    entry::<TemplateStr>(),
    entry::<ClearCache>(),
];

args! {
    /// Run the states of one or more SLS files.
    ///
    /// test: tell what would change. pillar: a dict that is merged over the pillar of this run. exclude: SLS files
    /// to leave out. queue: wait for the state run that is in progress; a number: only when fewer than so many are
    /// before it. concurrent: run beside it. saltenv, pillarenv: choose environments. sync_mods: kinds of modules to
    /// sync first. state_events: tell the master of each state. terse: return only what failed or changed. cache:
    /// run what was compiled before, under cache_name. force: run with a pillar that has errors. localconfig: a
    /// config file that is read over the config.
    ///
    /// CLI Example: `rsalt '*' state.sls core,edit.vim test=True`
    pub(super) struct Sls(Bound);

    /// Run the states of the SLS files that are named, or the highstate when none is.
    ///
    /// Arguments as for `state.sls` and `state.highstate`.
    ///
    /// CLI Example: `rsalt '*' state.apply` or `rsalt '*' state.apply core,edit.vim test=True`
    pub(super) struct Apply(Bound);

    /// Tell what `state.apply` would change.
    ///
    /// CLI Example: `rsalt '*' state.test core`
    pub(super) struct Test(Bound);

    /// Run all that the top file has for this minion.
    ///
    /// whitelist: only these of its SLS files. Else as for `state.sls`.
    ///
    /// CLI Example: `rsalt '*' state.highstate exclude=bad.sls`
    pub(super) struct Highstate(Bound);

    /// Run a top file of another name than the default one.
    ///
    /// CLI Example: `rsalt '*' state.top reverse_top.sls exclude=bad.sls`
    pub(super) struct Top(Bound);

    /// Run one state function with the arguments given here.
    ///
    /// CLI Example: `rsalt '*' state.single pkg.installed name=vim`
    pub(super) struct Single(Bound);

    /// Run one ID of SLS files, and what it requires.
    ///
    /// CLI Example: `rsalt '*' state.sls_id my_state my_sls`
    pub(super) struct SlsId(Bound);

    /// Run high data: what an SLS renders to.
    ///
    /// CLI Example: `rsalt '*' state.high '{"vim": {"pkg": ["installed"]}}'`
    pub(super) struct High(Bound);

    /// Run one low chunk.
    ///
    /// CLI Example: `rsalt '*' state.low '{"state": "pkg", "fun": "installed", "name": "vi"}'`
    pub(super) struct Low(Bound);

    /// Run the states of an SLS file that lies on this machine.
    ///
    /// CLI Example: `rsalt '*' state.template /srv/local/web.sls`
    pub(super) struct Template(Bound);

    /// Run the states of an SLS that is given as text.
    ///
    /// CLI Example: `rsalt '*' state.template_str '<text of an SLS>'`
    pub(super) struct TemplateStr(Bound);

    /// Remove what `cache=True` keeps of compiled states, and list it.
    ///
    /// CLI Example: `rsalt '*' state.clear_cache`
    pub(super) struct ClearCache(Bound);
}

/// Test mode and pillar from the arguments; progress is told.
const FULL: Takes = Takes { test: true, pillar: true, watched: true };

/// A run: waits for or refuses beside another one.
fn run_states(
    ctx: &Ctx<'_>,
    args: &Bound,
    takes: Takes,
    work: impl FnOnce(&mut Run) -> Result<Value, Refused>,
) -> Result<Value, ExecError> {
    let _lock = match lock::take(ctx, args)? {
        Ok(lock) => lock,
        Err(conflict) => return Ok(refused(ctx, conflict)),
    };
    run_now(ctx, args, takes, work)
}

/// What is not run, and why.
fn refused(ctx: &Ctx<'_>, errors: Vec<String>) -> Value {
    ctx.set_retcode(COMPILER_ERROR);
    errors.into()
}

/// A run whose turn it is; sets the return code.
fn run_now(
    ctx: &Ctx<'_>,
    args: &Bound,
    takes: Takes,
    work: impl FnOnce(&mut Run) -> Result<Value, Refused>,
) -> Result<Value, ExecError> {
    let mut run = Run::new(ctx, args, takes)?;
    // A pillar with errors is of no concern to what runs single states, as in Salt.
    if let Some(errors) = run.pillar_errors(args).filter(|_| takes.watched) {
        ctx.set_retcode(PILLAR_FAILURE);
        let head = "Pillar failed to render with the following messages:".to_owned();
        return Ok(std::iter::once(head).chain(errors).collect());
    }
    match work(&mut run) {
        Err(Refused(errors)) => Ok(refused(ctx, errors)),
        Ok(ret) => {
            if !retcode::all_well(&ret, &run.handlers) {
                ctx.set_retcode(STATE_FAILURE);
            }
            Ok(ret)
        }
    }
}

/// Only what failed or changed something, where that is asked for.
fn told(run: &Run, args: &Bound, ret: Value) -> Value {
    let terse = args.flag("terse") || run.opt("state_data").is_some_and(|v| v.as_str() == Some("terse"));
    let Value::Dict(mut dict) = ret else { return ret };
    if terse {
        std::sync::Arc::make_mut(&mut dict).retain(|_, result| {
            !result.get("result").is_some_and(Value::is_true)
                || result.get("changes").is_some_and(Value::is_true)
        });
    }
    Value::Dict(dict)
}

/// High data that was compiled before, with `cache=True`; otherwise it is compiled now, and kept.
fn cached(
    ctx: &Ctx<'_>,
    args: &Bound,
    compile: impl FnOnce() -> Result<HighData, Refused>,
) -> Result<HighData, Refused> {
    let dir = ctx.opt("cachedir").filter(|_| args.flag("cache"));
    let Some(dir) = dir.as_ref().and_then(Value::as_str) else { return compile() };
    let name = args.keyword("cache_name").map_or_else(|| "highstate".to_owned(), Value::to_string);
    let name = name.rsplit('/').next().unwrap_or_default();
    let file = std::path::Path::new(dir).join(format!("{name}.cache.p"));
    let kept = std::fs::read(&file).ok().and_then(|data| data::msgpack::decode(&data).ok());
    if let Some(Value::Dict(kept)) = kept {
        return Ok(HighData::from_dict((*kept).clone()));
    }
    let high = compile()?;
    if let Err(error) = super::write_private(&file, &high.to_value()) {
        tracing::error!("Unable to write to highstate cache file {}: {error}", file.display());
    }
    Ok(high)
}

impl ExecFn for Sls {
    const FUN: &'static str = "state.sls";
    const SIGNATURE: &'static str =
        "mods, test=None, exclude=None, queue=None, sync_mods=None, state_events=None, **kwargs";
    const OUT: Option<&'static str> = Some("highstate");

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let args = self.0;
        let _lock = match lock::take(ctx, &args)? {
            Ok(lock) => lock,
            Err(conflict) => return Ok(refused(ctx, conflict)),
        };
        let mods = &args.mods;
        let disabled = disable::refusals(ctx, mods.as_list().unwrap_or(std::slice::from_ref(mods)));
        if !disabled.is_empty() {
            return Ok(refused(ctx, disabled));
        }
        sync(ctx, &args)?;
        run_now(ctx, &args, FULL, |run| {
            let mut high = cached(ctx, &args, || run.sls(mods))?;
            high.exclude.extend(split_input(&args.exclude));
            let ret = run.high(high)?;
            Ok(told(run, &args, ret))
        })
    }
}

/// `sync_mods`: what is to be synced before the run.
fn sync(ctx: &Ctx<'_>, args: &Bound) -> Result<(), ExecError> {
    let kinds = match &args.sync_mods {
        Value::Bool(true) => vec!["all".into()],
        Value::Bool(false) => Vec::new(),
        kinds => super::bound::split_texts(kinds),
    };
    let all = kinds.iter().any(|kind| kind == "all");
    for kind in kinds.iter().filter(|kind| !all || *kind == "all") {
        let fun = format!("saltutil.sync_{kind}");
        if ctx.has_function(&fun) {
            let saltenv = args.keyword("saltenv").cloned().unwrap_or_else(|| ctx.saltenv().into());
            ctx.call(&fun, Vec::new(), Dict::new().with("saltenv", saltenv))?;
        } else {
            tracing::warn!("Invalid custom module type '{kind}', ignoring");
        }
    }
    Ok(())
}

/// `state.apply`, for those that go there with other words.
pub(super) fn apply(ctx: &Ctx<'_>, mods: &Value, keywords: Dict) -> Result<Value, ExecError> {
    if mods.is_true() {
        let keywords = keywords.with("mods", mods.clone());
        Sls(Bound::of(keywords, "sls", Sls::SIGNATURE)?).call(ctx)
    } else {
        Highstate(Bound::of(keywords, "highstate", Highstate::SIGNATURE)?).call(ctx)
    }
}

impl ExecFn for Apply {
    const FUN: &'static str = "state.apply";
    const SIGNATURE: &'static str = "mods=None, **kwargs";
    const OUT: Option<&'static str> = Some("highstate");

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        apply(ctx, &self.0.mods, self.0.kwargs.clone())
    }
}

impl ExecFn for Test {
    const FUN: &'static str = "state.test";
    const SIGNATURE: &'static str = "*args, **kwargs";
    const OUT: Option<&'static str> = Some("highstate");

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let keywords = self.0.kwargs.clone().with("test", true);
        let args = self.0.args;
        Apply(Bound::of_call(args, keywords, "apply_", Apply::SIGNATURE)?).call(ctx)
    }
}

impl ExecFn for Highstate {
    const FUN: &'static str = "state.highstate";
    const SIGNATURE: &'static str = "test=None, queue=None, state_events=None, **kwargs";
    const OUT: Option<&'static str> = Some("highstate");

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        if !disable::refusals(ctx, &["highstate".into()]).is_empty() {
            let name = "Salt highstate run is disabled. To re-enable, run state.enable highstate";
            // A text, not a boolean, and no failure: as in Salt.
            let ret = Dict::new().with("name", name).with("result", "False").with("comment", "Disabled");
            return Ok(ret.into());
        }
        if let Err(error) = crate::exec::saltutil::sync_used(ctx) {
            tracing::error!("the site's own modules could not be got: {error}");
        }
        run_states(ctx, &self.0, FULL, |run| highstate(ctx, run, &self.0, None))
    }
}

impl ExecFn for Top {
    const FUN: &'static str = "state.top";
    const SIGNATURE: &'static str = "topfn, test=None, queue=None, **kwargs";
    const OUT: Option<&'static str> = Some("highstate");

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        run_states(ctx, &self.0, FULL, |run| highstate(ctx, run, &self.0, Some(&self.0.topfn.to_string())))
    }
}

fn highstate(ctx: &Ctx<'_>, run: &mut Run, args: &Bound, top: Option<&str>) -> Result<Value, Refused> {
    let mut nothing = None;
    let high = cached(ctx, args, || {
        let (mut matches, mut errors) = run.top(top, args.keyword("saltenv").filter(|_| top.is_some()));
        if matches.is_empty() {
            nothing = Some(match &run.top_failed {
                Some(error) => format!("Unable to render top file: {error}"),
                None => {
                    "No Top file or master_tops data matches found. Please see master log for details.".into()
                }
            });
            return Err(Refused(errors));
        }
        if let Some(whitelist) = args.keyword("whitelist").filter(|list| list.is_true()) {
            let allowed = split_input(whitelist);
            for (_, names) in &mut matches {
                names.retain(|name| allowed.iter().any(|allowed| allowed.as_str() == Some(name)));
            }
            matches.retain(|(_, names)| !names.is_empty());
        }
        match run.render(&matches) {
            Ok(high) if errors.is_empty() => Ok(high),
            Ok(_) => Err(Refused(errors)),
            Err(Refused(more)) => {
                errors.extend(more);
                Err(Refused(errors))
            }
        }
    });
    if let Some(comment) = nothing {
        return Ok(no_states(&comment));
    }
    let mut high = high?;
    high.exclude.extend(args.keyword("exclude").map(split_input).unwrap_or_default());
    if high.is_empty() {
        return Ok(no_states("No states found for this minion"));
    }
    let ret = run.high(high)?;
    Ok(if top.is_some() { ret } else { told(run, args, ret) })
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
        let _lock = match lock::take(ctx, &self.0)? {
            Ok(lock) => lock,
            Err(conflict) => return Ok(refused(ctx, conflict)),
        };
        let full = self.0.fun.to_string();
        let mut parts = full.split('.');
        let (Some(state), Some(fun)) = (parts.next(), parts.next()) else {
            ctx.set_retcode(COMPILER_ERROR);
            return Ok("Invalid function passed".into());
        };
        let mut low = self.0.kwargs.clone();
        const OWN: [&str; 5] = ["pillar", "pillarenv", "pillar_enc", "concurrent", "localconfig"];
        low.retain(|key, _| !key.as_str().is_some_and(|k| k.starts_with("__pub_") || OWN.contains(&k)));
        low.extend([("state", state), ("fun", fun)]);
        low.insert("__id__", self.0.name.clone());
        low.insert("name", self.0.name.clone());
        let chunk = LowChunk::new(low);
        run_now(ctx, &self.0, Takes { watched: false, ..FULL }, |run| {
            let tag = chunk.tag();
            Ok(Dict::new().with(tag, run.single(chunk)?).into())
        })
    }
}

impl ExecFn for Low {
    const FUN: &'static str = "state.low";
    const SIGNATURE: &'static str = "data, queue=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let chunk = LowChunk::new(self.0.data()?);
        run_states(ctx, &self.0, Takes::default(), |run| run.single(chunk))
    }
}

impl ExecFn for SlsId {
    const FUN: &'static str = "state.sls_id";
    const SIGNATURE: &'static str = "id_, mods, test=None, queue=None, state_events=None, **kwargs";
    const OUT: Option<&'static str> = Some("highstate");

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let args = self.0;
        let (id, mods) = (args.id_.to_string(), &args.mods);
        let mut saltenv = String::new();
        let ret = run_states(ctx, &args, FULL, |run| {
            saltenv.clone_from(&run.saltenv);
            let high = run.sls(mods)?;
            run.only_id(high, &id)
        })?;
        if ret.as_dict().is_some_and(Dict::is_empty) {
            return Err(ExecError::invocation(format!(
                "No matches for ID '{id}' found in SLS '{mods}' within saltenv '{saltenv}'"
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
        let high = HighData::from_dict(self.0.data()?);
        run_states(ctx, &self.0, Takes { watched: false, ..FULL }, |run| run.high(high))
    }
}

impl ExecFn for Template {
    const FUN: &'static str = "state.template";
    const SIGNATURE: &'static str = "tem, queue=None, **kwargs";
    const OUT: Option<&'static str> = Some("highstate");

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let path = self.0.tem.to_string();
        run_states(ctx, &self.0, Takes::default(), |run| {
            let high = run.local_sls(&path)?;
            run.high(high)
        })
    }
}

impl ExecFn for TemplateStr {
    const FUN: &'static str = "state.template_str";
    const SIGNATURE: &'static str = "tem, queue=None, **kwargs";
    const OUT: Option<&'static str> = Some("highstate");

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let text = self.0.tem.to_string();
        run_states(ctx, &self.0, Takes::default(), |run| {
            let high = run.text(&text)?;
            run.high(high)
        })
    }
}

impl ExecFn for ClearCache {
    const FUN: &'static str = "state.clear_cache";
    const SIGNATURE: &'static str = "";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let dir = ctx.opt("cachedir").unwrap_or_default();
        let dir = std::path::Path::new(dir.as_str().unwrap_or_default());
        let mut removed = Vec::new();
        for file in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            if name.ends_with(".cache.p")
                && file.path().is_file()
                && std::fs::remove_file(file.path()).is_ok()
            {
                removed.push(name);
            }
        }
        removed.sort();
        Ok(removed.into())
    }
}
