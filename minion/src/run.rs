//! The two traits of the state language for the minion: what templates may ask, and how chunks are run.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use data::{Dict, Value};
use rustix::fs::Mode;
use sls::render::Renderer;
use sls::{Aggregated, CallError, FetchError, Filtered, LowChunk, RenderEnv, Runner, StateResult};

use crate::caller::Caller;
use crate::ctx::{Ctx, JobCtx, Scope};
use crate::exec::About;
use crate::external::{self, Kind};
use crate::host::{Cmd, Host};
use crate::states;

/// The renderer of a job, and what it was made for.
struct Kept {
    job: Arc<JobCtx>,
    scope: Arc<Scope>,
    renderer: Rc<Renderer>,
}

thread_local! {
    /// A job has its thread, so that this ends with it.
    static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

/// The renderer of this job's templates: what several states take from one template is parsed once.
pub(crate) fn renderer_of(ctx: &Ctx<'_>) -> Rc<Renderer> {
    KEPT.with_borrow_mut(|kept| match kept {
        Some(kept) if Arc::ptr_eq(&kept.job, ctx.job) && Arc::ptr_eq(&kept.scope, ctx.scope) => {
            kept.renderer.refresh();
            Rc::clone(&kept.renderer)
        }
        _ => {
            let renderer = Rc::new(Renderer::new(Rc::new(Minion::of(ctx))));
            let (job, scope) = (Arc::clone(ctx.job), Arc::clone(ctx.scope));
            *kept = Some(Kept { job, scope, renderer: Rc::clone(&renderer) });
            renderer
        }
    })
}

/// The minion as templates and state runs see it, for one job and within one scope.
#[derive(Clone)]
pub struct Minion {
    caller: Caller,
    scope: Arc<Scope>,
    job: Arc<JobCtx>,
}

impl Minion {
    /// The minion as a module sees it.
    pub fn of(ctx: &Ctx<'_>) -> Self {
        Minion { caller: ctx.caller.clone(), scope: Arc::clone(ctx.scope), job: Arc::clone(ctx.job) }
    }

    /// The same within another scope.
    #[must_use]
    pub fn within(mut self, scope: Scope) -> Self {
        self.scope = Arc::new(scope);
        self
    }

    /// The same by another caller.
    #[must_use]
    pub(crate) fn with_caller(mut self, caller: Caller) -> Self {
        self.caller = caller;
        self
    }

    /// Who calls.
    pub(crate) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Whether the minion's own data match a target.
    pub(crate) fn matches_data(&self, target: &str) -> bool {
        crate::exec::matches::matches_data(&self.ctx(), target)
    }

    /// Runs a state function of the site.
    fn run_own(&self, found: external::Found<'_>, chunk: &LowChunk, test: bool) -> StateResult {
        let signature = found.signature();
        let takes = |name: &str| found.takes(name);
        let known = || signature.parameters.iter().map(|p| p.name);
        let about = found.about();
        let any = signature.kwargs.is_some();
        if let Err(comment) = check_args(about.fun, &takes, known, any, any, chunk) {
            return StateResult::new(chunk.name.clone(), Some(false), comment);
        }
        guarded(chunk, || external::run_state(found, chunk, &self.ctx().for_chunk(chunk, test)))
    }

    fn ctx(&self) -> Ctx<'_> {
        Ctx::new(&self.caller, &self.scope, &self.job)
    }
}

impl RenderEnv for Minion {
    fn grains(&self) -> Value {
        self.caller.grains()
    }

    fn pillar(&self) -> Value {
        self.ctx().pillar()
    }

    fn opts(&self) -> Value {
        self.ctx().opts()
    }

    fn call(&self, fun: &str, args: Vec<Value>, kwargs: Dict) -> Result<Value, CallError> {
        Ok(self.ctx().call(fun, args, kwargs)?)
    }

    fn has_function(&self, fun: &str) -> bool {
        About::of(fun, &self.caller.site()).is_some()
    }

    fn nearest_function(&self, fun: &str) -> Option<String> {
        let site = self.caller.site();
        sls::nearest(fun, crate::exec::every(&site).map(|about| about.fun)).map(str::to_owned)
    }

    fn fetch(&self, path: &str, saltenv: &str) -> Result<Option<Arc<[u8]>>, FetchError> {
        self.caller.files().fetch(path, saltenv)
    }

    fn list(&self, saltenv: &str) -> Result<Arc<Vec<String>>, FetchError> {
        self.caller.files().list(saltenv)
    }

    fn envs(&self) -> Vec<String> {
        self.caller.files().envs().unwrap_or_else(|_| vec!["base".to_owned()])
    }

    fn has_state(&self, fun: &str) -> bool {
        states::has(fun, &self.caller.site())
    }

    fn filter(&self, command: &[String], input: &[u8]) -> Result<Option<Filtered>, CallError> {
        filter(self.ctx().host, command, input)
    }
}

/// What a command of a host writes when it reads `input`; none when there is no such command.
pub(crate) fn filter(
    host: &dyn Host,
    command: &[String],
    input: &[u8],
) -> Result<Option<Filtered>, CallError> {
    let Some((program, args)) = command.split_first() else { return Ok(None) };
    if host.which(program).is_none() {
        return Ok(None);
    }
    let run = host.run(&Cmd::of(program, args).stdin(input));
    let output = run.map_err(|e| CallError::raised("CommandExecutionError", e.to_string()))?;
    Ok(Some(Filtered { out: output.stdout, err: output.stderr }))
}

impl Runner for Minion {
    fn run(&self, chunk: &LowChunk, test: bool) -> StateResult {
        let (full, site) = (chunk.full_fun(), self.caller.site());
        if let Some(found) = site.find(Kind::States, &full) {
            return self.run_own(found, chunk, test);
        }
        let Some(entry) = states::find(&full) else {
            let problem = site.problem(Kind::States, &full).map(str::to_owned);
            let comment = problem.unwrap_or_else(|| format!("Specified state '{full}' was not found"));
            return StateResult::new(chunk.name.clone(), Some(false), comment);
        };
        let takes = |name: &str| entry.takes(name);
        let known = || entry.fields().iter().map(|field| field.name);
        if let Err(comment) = check_args(entry.fun, &takes, known, entry.kwargs, entry.any, chunk) {
            return StateResult::new(chunk.name.clone(), Some(false), comment);
        }
        let _umask = Umask::of(entry, chunk);
        guarded(chunk, || entry.run(args_for(entry, chunk), &self.ctx().for_chunk(chunk, test)))
    }

    fn mod_watch(&self, chunk: &LowChunk, test: bool) -> Option<StateResult> {
        let sfun = chunk.sfun.as_deref()?;
        let site = self.caller.site();
        if let Some(found) = site.find(Kind::States, &format!("{}.mod_watch", chunk.state)) {
            return Some(self.run_own(found, chunk, test));
        }
        let entry = states::find(&format!("{}.{sfun}", chunk.state)).filter(|e| e.watches).or_else(|| {
            // A function without a part of its own in it has the module's.
            states::ALL.iter().flat_map(|m| m.iter()).find(|e| e.watches && e.module() == &*chunk.state)
        })?;
        let ctx = self.ctx().for_chunk(chunk, test);
        let mut found = true;
        let result = guarded(chunk, || {
            entry.watch(args_for(entry, chunk), sfun, &ctx).unwrap_or_else(|| {
                found = false;
                StateResult::default()
            })
        });
        found.then_some(result)
    }

    fn has_state(&self, fun: &str) -> bool {
        states::has(fun, &self.caller.site())
    }

    fn missing_reason(&self, fun: &str) -> Option<String> {
        let problem = self.caller.site().problem(Kind::States, fun).map(str::to_owned);
        problem.or_else(|| Some(format!("'{fun}' is not available.")).filter(|_| !fun.starts_with('.')))
    }

    fn nearest_state(&self, fun: &str) -> Option<String> {
        let (all, site) = (states::ALL.iter().flat_map(|module| module.iter()), self.caller.site());
        let own = site.all(Kind::States).map(|about| about.fun);
        sls::nearest(fun, all.map(|entry| entry.fun).chain(own)).map(str::to_owned)
    }

    fn missing_arguments(&self, chunk: &LowChunk) -> Vec<String> {
        let (full, site) = (chunk.full_fun(), self.caller.site());
        if let Some(found) = site.find(Kind::States, &full) {
            let wanted = found.signature().parameters.into_iter().filter(|p| p.default.is_none());
            return wanted.map(|p| p.name.to_owned()).filter(|name| !chunk.low.contains(name)).collect();
        }
        let Some(entry) = states::find(&full) else { return Vec::new() };
        entry.required().filter(|name| !chunk.low.contains(name)).map(str::to_owned).collect()
    }

    fn takes_check_cmd(&self, fun: &str) -> bool {
        match self.caller.site().find(Kind::States, fun) {
            Some(found) => found.takes("check_cmd"),
            None => states::find(fun).is_some_and(|entry| entry.takes("check_cmd")),
        }
    }

    fn call(&self, fun: &str, args: Vec<Value>, kwargs: Dict) -> Result<(Value, i64), CallError> {
        let (value, retcode) = self.ctx().call_with_retcode(fun, args, kwargs)?;
        Ok((value, retcode.into()))
    }

    fn retcode(&self, command: &str, options: &Dict) -> Result<i64, CallError> {
        let mut kwargs = options.clone();
        kwargs.insert("ignore_retcode", true);
        kwargs.insert("python_shell", true);
        let value = self.ctx().call("cmd.retcode", vec![Value::from(command)], kwargs)?;
        Ok(value.as_int().unwrap_or(1))
    }

    fn exists(&self, path: &str) -> bool {
        self.ctx().host.exists(Path::new(path))
    }

    fn aggregate(&self, chunk: &LowChunk, others: &[&LowChunk]) -> Option<Aggregated> {
        (&*chunk.state == "pkg").then(|| states::pkg::aggregate(chunk, others)).flatten()
    }

    fn reload(&self, grains: bool, pillar: bool) {
        if grains {
            self.caller.refresh_grains();
        }
        if pillar {
            match self.caller.fresh_pillar(self.scope.pillarenv.as_deref(), self.scope.over.as_ref()) {
                Ok(pillar) => {
                    *self.scope.renewed.write().unwrap_or_else(PoisonError::into_inner) = Some(pillar);
                }
                Err(error) => tracing::error!("the pillar could not be got anew: {error}"),
            }
        }
    }

    fn wait(&self, time: Duration) -> bool {
        self.ctx().host.sleep(time).is_ok()
    }

    fn is_cancelled(&self) -> bool {
        self.job.cancel.stopped().is_some()
    }
}

/// The umask that a state asks for, for as long as this lives. It is the whole process's: a state that runs beside
/// others has none, as in Salt.
struct Umask(Mode);

impl Umask {
    fn of(entry: &states::StateEntry, chunk: &LowChunk) -> Option<Umask> {
        let wanted = chunk.get("umask").filter(|_| !entry.takes("umask"))?;
        if chunk.get("parallel").is_some_and(Value::is_true) {
            return None;
        }
        let mode = u32::from_str_radix(wanted.to_string().trim_start_matches("0o"), 8).ok()?;
        Some(Umask(rustix::process::umask(Mode::from_raw_mode(mode))))
    }
}

impl Drop for Umask {
    fn drop(&mut self) {
        rustix::process::umask(self.0);
    }
}

/// What a state function gets: its own arguments even where the state compiler uses the word as well
/// (`runas`, `umask`), and whatever else is in the chunk and not the compiler's.
fn args_for(entry: &states::StateEntry, chunk: &LowChunk) -> Dict {
    let mut args = Dict::with_capacity(chunk.low.len());
    for (key, value) in &chunk.low {
        let Some(name) = key.as_str() else { continue };
        // A parameter that is given as nothing has its default, as most of Salt's have none for theirs.
        if !value.is_none() && (entry.takes(name) || !sls::INTERNAL_KEYWORDS.contains(&name)) {
            args.insert(key.clone(), value.clone());
        }
    }
    args.insert("name", chunk.name.clone());
    args
}

/// Refuses or logs arguments that the function does not know; `any` says that there are none such.
fn check_args<'n, I: Iterator<Item = &'n str>>(
    fun: &str,
    takes: &dyn Fn(&str) -> bool,
    known: impl FnOnce() -> I,
    let_pass: bool,
    any: bool,
    chunk: &LowChunk,
) -> Result<(), String> {
    if any {
        return Ok(());
    }
    let unknown: Vec<&str> = chunk
        .low
        .keys()
        .filter_map(Value::as_str)
        .filter(|key| !takes(key) && !sls::INTERNAL_KEYWORDS.contains(key) && !key.starts_with("__"))
        .collect();
    let Some((last, before)) = unknown.split_last() else { return Ok(()) };
    let names = before.iter().map(|n| format!("'{n}'")).collect::<Vec<_>>().join(", ");
    let problem = if before.is_empty() {
        format!("'{last}' is an invalid keyword argument for '{fun}'")
    } else {
        format!("{names} and '{last}' are invalid keyword arguments for '{fun}'")
    };
    let hint = sls::nearest(last, known().chain(sls::INTERNAL_KEYWORDS.iter().copied()))
        .map(|near| format!("\nhint: did you mean '{near}'?"));
    let problem = format!("{problem}{}", hint.unwrap_or_default());
    if let_pass {
        tracing::warn!("SLS '{}', ID '{}': {problem}", chunk.sls, chunk.id);
        return Ok(());
    }
    Err(format!("An exception occurred in this state: {problem}"))
}

/// A state that panics is a false state, and the run goes on.
fn guarded(chunk: &LowChunk, run: impl FnOnce() -> StateResult) -> StateResult {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or_else(|_| {
        let comment = format!("An exception occurred in this state: {} panicked", chunk.full_fun());
        StateResult::new(chunk.name.clone(), Some(false), comment)
    })
}
