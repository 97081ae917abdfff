//! The minion itself: its jobs, its caches, what it knows.

use std::path::{Path, PathBuf};

use data::{Dict, Value};
use proto::target::glob::Glob;

use super::{ExecEntry, ExecError, ExecFn, entry};
use crate::external::{self, Synced};
use crate::host::{FileKind, HostError, Stop};
use crate::{Ctx, RunningJob, args};

/// The functions of `saltutil`.
pub const FUNCTIONS: &[ExecEntry] = &[
    entry::<Running>(),
    entry::<IsRunning>(),
    entry::<FindJob>(),
    entry::<FindCachedJob>(),
    entry::<SignalJob>(),
    entry::<TermJob>(),
    entry::<KillJob>(),
    entry::<TermAllJobs>(),
    entry::<KillAllJobs>(),
    entry::<ClearCache>(),
    entry::<RefreshPillar>(),
    entry::<RefreshPillar>().also_as("saltutil.pillar_refresh"),
    entry::<RefreshGrains>(),
    entry::<RefreshModules>(),
    entry::<RefreshModules>().also_as("saltutil.refresh_beacons"),
    entry::<RefreshModules>().also_as("saltutil.refresh_matchers"),
    entry::<RefreshModules>().also_as("saltutil.refresh_resources"),
    entry::<ClearJobCache>(),
    entry::<RegenKeys>(),
    entry::<SyncAll>(),
    entry::<SyncOthers>(),
    entry::<SyncOthers>().also_as("saltutil.sync_clouds"),
    entry::<SyncOthers>().also_as("saltutil.sync_engines"),
    entry::<SyncOthers>().also_as("saltutil.sync_executors"),
    entry::<SyncGrains>(),
    entry::<SyncOthers>().also_as("saltutil.sync_log_handlers"),
    entry::<SyncOthers>().also_as("saltutil.sync_matchers"),
    entry::<SyncModules>(),
    entry::<SyncOthers>().also_as("saltutil.sync_output"),
    entry::<SyncOthers>().also_as("saltutil.sync_outputters"),
    entry::<SyncOthers>().also_as("saltutil.sync_pillar"),
    entry::<SyncOthers>().also_as("saltutil.sync_proxymodules"),
    entry::<SyncOthers>().also_as("saltutil.sync_renderers"),
    entry::<SyncOthers>().also_as("saltutil.sync_resources"),
    entry::<SyncReturners>(),
    entry::<SyncOthers>().also_as("saltutil.sync_sdb"),
    entry::<SyncOthers>().also_as("saltutil.sync_serializers"),
    entry::<SyncStates>(),
    entry::<SyncOthers>().also_as("saltutil.sync_thorium"),
    entry::<SyncOthers>().also_as("saltutil.sync_tops"),
    entry::<SyncUtils>(),
    entry::<SyncOthers>().also_as("saltutil.sync_wrapper"),
    entry::<ListExtmods>(),
];

args! {
    /// List the jobs that run on this minion, without the one that asks.
    ///
    /// CLI Example: `rsalt '*' saltutil.running`
    pub struct Running {}

    /// List the running jobs whose function matches a glob.
    ///
    /// CLI Example: `rsalt '*' saltutil.is_running 'state.*'`
    pub struct IsRunning {
        fun: String,
    }

    /// Return a running job; an empty dict when it does not run here.
    ///
    /// CLI Example: `rsalt '*' saltutil.find_job 20260102030405678901`
    pub struct FindJob {
        jid: Value,
    }

    /// Salt's way to return a job that is kept on the minion. Returns are kept on the master: `rsalt-run
    /// jobs.lookup_jid`.
    ///
    /// CLI Example: `rsalt '*' saltutil.find_cached_job 20260102030405678901`
    pub struct FindCachedJob {
        #[serde(rename = "jid")]
        _jid: Value,
    }

    /// Send a signal to a running job: 15 asks it to end, 9 ends it.
    ///
    /// CLI Example: `rsalt '*' saltutil.signal_job 20260102030405678901 15`
    pub struct SignalJob {
        jid: Value,
        sig: Value,
    }

    /// Ask a running job to end: its commands get SIGTERM.
    ///
    /// CLI Example: `rsalt '*' saltutil.term_job 20260102030405678901`
    pub struct TermJob {
        jid: Value,
    }

    /// End a running job: its commands get SIGKILL.
    ///
    /// CLI Example: `rsalt '*' saltutil.kill_job 20260102030405678901`
    pub struct KillJob {
        jid: Value,
    }

    /// Ask all running jobs to end.
    ///
    /// CLI Example: `rsalt '*' saltutil.term_all_jobs`
    pub struct TermAllJobs {}

    /// End all running jobs.
    ///
    /// CLI Example: `rsalt '*' saltutil.kill_all_jobs`
    pub struct KillAllJobs {}

    /// Remove the files that the minion keeps of others: from the file server, from elsewhere, local copies.
    ///
    /// CLI Example: `rsalt '*' saltutil.clear_cache`
    pub struct ClearCache {}

    /// Salt's way to forget old jobs. What this minion keeps of a job is gone with its return: always `True`.
    ///
    /// CLI Example: `rsalt '*' saltutil.clear_job_cache hours=12`
    pub struct ClearJobCache {
        #[serde(default)]
        hours: Value,
    }

    /// Remove the minion's keys, so that it makes new ones at its next start. The master has to accept the new one:
    /// delete the old one there.
    ///
    /// CLI Example: `rsalt '*' saltutil.regen_keys`
    pub struct RegenKeys {}

    /// Get the pillar anew.
    ///
    /// CLI Example: `rsalt '*' saltutil.refresh_pillar`
    pub struct RefreshPillar {}

    /// Collect the grains anew, and get the pillar for them unless `refresh_pillar=False`.
    ///
    /// CLI Example: `rsalt '*' saltutil.refresh_grains`
    pub struct RefreshGrains {
        #[serde(default)]
        kwargs: Dict,
    }

    /// Look at the site's own modules anew. Always `True`.
    ///
    /// CLI Example: `rsalt '*' saltutil.refresh_modules`
    pub struct RefreshModules {}

    /// Get all of the site's own modules from the file server: `salt://_modules`, `_states`, `_grains`, `_returners`,
    /// `_utils`. Returns what is new or has changed by kind; then grains and pillar are refreshed.
    ///
    /// saltenv: environments, else those of the top file. extmod_whitelist, extmod_blacklist: names by kind.
    ///
    /// CLI Example: `rsalt '*' saltutil.sync_all`
    pub struct SyncAll {
        #[serde(default)]
        saltenv: Value,
        #[serde(default = yes)]
        refresh: bool,
        #[serde(default)]
        extmod_whitelist: Value,
        #[serde(default)]
        extmod_blacklist: Value,
    }

    /// What the functions that sync one kind take.
    pub struct Sync {
        #[serde(default)]
        saltenv: Value,
        #[serde(default = yes)]
        refresh: bool,
        #[serde(default)]
        extmod_whitelist: Value,
        #[serde(default)]
        extmod_blacklist: Value,
    }

    /// List the modules that came from the file server, by kind.
    ///
    /// CLI Example: `rsalt '*' saltutil.list_extmods`
    pub struct ListExtmods {}
}

fn yes() -> bool {
    true
}

/// What runs besides the job that asks.
fn running(ctx: &Ctx<'_>) -> Vec<RunningJob> {
    let own = ctx.job().jid.as_str();
    ctx.caller().jobs().running().into_iter().filter(|job| job.jid != own).collect()
}

fn list(jobs: impl IntoIterator<Item = RunningJob>) -> Value {
    jobs.into_iter().map(|job| job.to_value()).collect::<Vec<_>>().into()
}

impl ExecFn for Running {
    const FUN: &'static str = "saltutil.running";
    const SIGNATURE: &'static str = "";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(list(running(ctx)))
    }
}

impl ExecFn for IsRunning {
    const FUN: &'static str = "saltutil.is_running";
    const SIGNATURE: &'static str = "fun";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let glob = Glob::new(&self.fun);
        Ok(list(running(ctx).into_iter().filter(|job| glob.matches(&job.fun))))
    }
}

impl ExecFn for FindJob {
    const FUN: &'static str = "saltutil.find_job";
    const SIGNATURE: &'static str = "jid";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let jid = self.jid.to_string();
        let found = running(ctx).into_iter().find(|job| job.jid == jid);
        Ok(found.map_or_else(Value::dict, |job| job.to_value()))
    }
}

impl ExecFn for FindCachedJob {
    const FUN: &'static str = "saltutil.find_cached_job";
    const SIGNATURE: &'static str = "jid";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok("Local jobs cache directory not found; you may need to enable cache_jobs on this minion".into())
    }
}

/// Ends a job; what Salt says about it, and nothing when there is no such job.
fn end(ctx: &Ctx<'_>, jid: &str, how: Stop) -> Value {
    let Some(job) = running(ctx).into_iter().find(|job| job.jid == jid) else { return "".into() };
    if !ctx.caller().jobs().stop(jid, how) {
        return format!("Job {jid} was not running and job data has been cleaned up").into();
    }
    let signal = match how {
        Stop::Term => 15,
        Stop::Kill => 9,
    };
    format!("Signal {signal} sent to job {jid} at pid {}", job.pid).into()
}

fn end_all(ctx: &Ctx<'_>, how: Stop) -> Value {
    running(ctx).iter().map(|job| end(ctx, &job.jid, how)).collect::<Vec<_>>().into()
}

impl ExecFn for SignalJob {
    const FUN: &'static str = "saltutil.signal_job";
    const SIGNATURE: &'static str = "jid, sig";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let how = match self.sig.to_string().trim_start_matches("SIG") {
            "15" | "TERM" | "2" | "INT" => Stop::Term,
            "9" | "KILL" => Stop::Kill,
            other => {
                let problem = format!("a job can be sent signal 15 or 9, not {other}");
                return Err(ExecError::invocation(problem));
            }
        };
        Ok(end(ctx, &self.jid.to_string(), how))
    }
}

impl ExecFn for TermJob {
    const FUN: &'static str = "saltutil.term_job";
    const SIGNATURE: &'static str = "jid";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(end(ctx, &self.jid.to_string(), Stop::Term))
    }
}

impl ExecFn for KillJob {
    const FUN: &'static str = "saltutil.kill_job";
    const SIGNATURE: &'static str = "jid";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(end(ctx, &self.jid.to_string(), Stop::Kill))
    }
}

impl ExecFn for TermAllJobs {
    const FUN: &'static str = "saltutil.term_all_jobs";
    const SIGNATURE: &'static str = "";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(end_all(ctx, Stop::Term))
    }
}

impl ExecFn for KillAllJobs {
    const FUN: &'static str = "saltutil.kill_all_jobs";
    const SIGNATURE: &'static str = "";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(end_all(ctx, Stop::Kill))
    }
}

/// Removes the files below a directory; the directories stay. What cannot be removed does not end it.
fn empty(ctx: &Ctx<'_>, dir: &Path) -> Result<bool, HostError> {
    let mut clean = true;
    for name in ctx.host.list_dir(dir)? {
        let at = dir.join(name);
        let done = match ctx.host.lstat(&at)?.map(|stat| stat.kind) {
            Some(FileKind::Dir) => empty(ctx, &at),
            Some(_) => ctx.host.remove_file(&at).map(|()| true),
            None => Ok(true),
        };
        clean &= done.unwrap_or_else(|error| {
            tracing::error!("saltutil.clear_cache: {error}");
            false
        });
    }
    Ok(clean)
}

impl ExecFn for ClearCache {
    const FUN: &'static str = "saltutil.clear_cache";
    const SIGNATURE: &'static str = "";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let cachedir = PathBuf::from(ctx.opt("cachedir").map(|v| v.to_string()).unwrap_or_default());
        let mut clean = true;
        // Not all of it, as Salt does: the spool and the memory of jobs are no cache.
        for kept in ["files", "extrn_files", "localfiles"] {
            let dir = cachedir.join(kept);
            if dir.is_absolute() && ctx.host.is_dir(&dir) {
                clean &= empty(ctx, &dir)?;
            }
        }
        Ok(clean.into())
    }
}

impl ExecFn for ClearJobCache {
    const FUN: &'static str = "saltutil.clear_job_cache";
    const SIGNATURE: &'static str = "hours=24";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        let number = self.hours.is_none() || self.hours.as_f64().is_some();
        if !number {
            let problem = format!("hours is to be a number, not {}", self.hours);
            return Err(ExecError::invocation(problem));
        }
        Ok(true.into())
    }
}

impl ExecFn for RegenKeys {
    const FUN: &'static str = "saltutil.regen_keys";
    const SIGNATURE: &'static str = "";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let dir = PathBuf::from(ctx.opt("pki_dir").map(|v| v.to_string()).unwrap_or_default());
        if dir.is_absolute() && ctx.host.is_dir(&dir) {
            for name in ctx.host.list_dir(&dir)? {
                let at = dir.join(name);
                if ctx.host.is_file(&at) {
                    ctx.host.remove_file(&at)?;
                }
            }
        }
        Ok(Value::None)
    }
}

impl ExecFn for RefreshPillar {
    const FUN: &'static str = "saltutil.refresh_pillar";
    const SIGNATURE: &'static str = "wait=False, timeout=30, clean_cache=True";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        ctx.caller().refresh_pillar();
        Ok(true.into())
    }
}

impl ExecFn for RefreshGrains {
    const FUN: &'static str = "saltutil.refresh_grains";
    const SIGNATURE: &'static str = "**kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let mut given = self.kwargs;
        given.retain(|key, _| !key.as_str().is_some_and(|key| key.starts_with("__")));
        let pillar = given.remove("refresh_pillar").is_none_or(|v| v.is_true());
        given.remove("clean_pillar_cache");
        if let Some((key, value)) = given.get_index(0) {
            let problem = format!("The following keyword arguments are not valid: {key}={value}");
            return Err(ExecError::invocation(problem));
        }
        ctx.caller().refresh_grains();
        if pillar {
            ctx.caller().refresh_pillar();
        }
        Ok(true.into())
    }
}

impl ExecFn for RefreshModules {
    const FUN: &'static str = "saltutil.refresh_modules";
    const SIGNATURE: &'static str = "**kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        ctx.caller().refresh_site();
        Ok(true.into())
    }
}

/// What there is to sync, in the order in which Salt lists it.
const KINDS: [&str; 21] = [
    "tops",
    "clouds",
    "beacons",
    "modules",
    "states",
    "sdb",
    "grains",
    "renderers",
    "returners",
    "output",
    "utils",
    "log_handlers",
    "executors",
    "proxymodules",
    "engines",
    "thorium",
    "serializers",
    "matchers",
    "resources",
    "pillar",
    "wrapper",
];

/// The kinds that are of use here.
const USED: [&str; 5] = ["modules", "states", "grains", "returners", "utils"];

/// The environments to sync from: those that are named, else those of the top file.
fn envs(ctx: &Ctx<'_>, saltenv: &Value) -> Vec<String> {
    ctx.files().look_anew();
    match saltenv {
        Value::None => {}
        Value::List(list) => return list.iter().map(Value::to_string).collect(),
        named => return named.to_string().split(',').map(str::to_owned).collect(),
    }
    let top = ctx.call("state.show_top", Vec::new(), Dict::new());
    let envs = top.ok().and_then(|top| Some(top.as_dict()?.keys().map(Value::to_string).collect::<Vec<_>>()));
    envs.filter(|envs| !envs.is_empty()).unwrap_or_else(|| vec!["base".to_owned()])
}

/// Whether a list of modules, by kind or for the kind at hand, has a name; none when there is no such list.
fn lists(list: &Value, kind: &str, name: &str) -> Option<bool> {
    let texts = |value: &Value| match value {
        Value::List(list) => list.iter().map(Value::to_string).collect(),
        text => text.to_string().split(',').map(str::to_owned).collect::<Vec<_>>(),
    };
    match list {
        Value::None => None,
        Value::Dict(by_kind) => by_kind.get(kind).map(|of| texts(of).iter().any(|n| n == name)),
        of => Some(texts(of).iter().any(|n| n == name)),
    }
}

/// Syncs one kind.
fn sync(
    ctx: &Ctx<'_>,
    kind: &str,
    envs: &[String],
    white: &Value,
    black: &Value,
) -> Result<Synced, ExecError> {
    if !USED.contains(&kind) {
        return Ok(Synced::default());
    }
    let wanted =
        |name: &str| lists(white, kind, name).unwrap_or(true) && !lists(black, kind, name).unwrap_or(false);
    let synced = external::sync(kind, envs, &wanted, ctx)?;
    if synced.touched {
        ctx.caller().refresh_site();
    }
    Ok(synced)
}

/// Syncs everything, at start and before a highstate, unless `autoload_dynamic_modules` is off.
pub(crate) fn sync_used(ctx: &Ctx<'_>) -> Result<(), ExecError> {
    let off = ctx.opt("autoload_dynamic_modules").is_some_and(|on| !on.is_true());
    // Most sites have none: then nothing is rendered for it.
    let of_use =
        |path: &String| USED.iter().any(|kind| path.strip_prefix('_').is_some_and(|p| p.starts_with(kind)));
    let any = || -> Result<bool, ExecError> {
        for env in ctx.files().envs()? {
            if ctx.files().list(&env)?.iter().any(of_use) {
                return Ok(true);
            }
        }
        Ok(ctx.caller().site().is_here())
    };
    if off || !any()? {
        return Ok(());
    }
    let envs = envs(ctx, &Value::None);
    let mut touched = false;
    for kind in USED {
        touched |= sync(ctx, kind, &envs, &Value::None, &Value::None)?.touched;
    }
    if touched {
        ctx.caller().refresh_grains();
    }
    Ok(())
}

impl ExecFn for SyncAll {
    const FUN: &'static str = "saltutil.sync_all";
    const SIGNATURE: &'static str =
        "saltenv=None, refresh=True, extmod_whitelist=None, extmod_blacklist=None, clean_pillar_cache=True";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let envs = envs(ctx, &self.saltenv);
        let mut out = Dict::new();
        for kind in KINDS {
            let synced = sync(ctx, kind, &envs, &self.extmod_whitelist, &self.extmod_blacklist)?;
            out.insert(kind, synced.changed);
        }
        if self.refresh {
            ctx.caller().refresh_grains();
            ctx.caller().refresh_pillar();
        }
        Ok(out.into())
    }
}

impl Sync {
    fn of(&self, kind: &str, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let envs = envs(ctx, &self.saltenv);
        let synced = sync(ctx, kind, &envs, &self.extmod_whitelist, &self.extmod_blacklist)?;
        if self.refresh && kind == "grains" {
            ctx.caller().refresh_grains();
            ctx.caller().refresh_pillar();
        }
        Ok(synced.changed.into())
    }
}

/// A function for each kind: they differ in nothing else.
macro_rules! sync_kinds {
    ($($name:ident $fun:literal $kind:literal $doc:literal;)+) => {
        $(
            args! {
                #[doc = $doc]
                pub struct $name(Sync);
            }

            impl ExecFn for $name {
                const FUN: &'static str = $fun;
                const SIGNATURE: &'static str = "saltenv=None, refresh=True, extmod_whitelist=None, \
                                                 extmod_blacklist=None, refresh_pillar=True, clean_pillar_cache=True";

                fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
                    self.0.of($kind, ctx)
                }
            }
        )+
    };
}

sync_kinds! {
    SyncModules "saltutil.sync_modules" "modules"
        " Get the site's execution modules from `salt://_modules`; returns what is new or has changed. `rsalt '*' saltutil.sync_modules`";
    SyncStates "saltutil.sync_states" "states"
        " Get the site's state modules from `salt://_states`; returns what is new or has changed. `rsalt '*' saltutil.sync_states`";
    SyncGrains "saltutil.sync_grains" "grains"
        " Get the site's grains modules from `salt://_grains`, and collect the grains anew. `rsalt '*' saltutil.sync_grains`";
    SyncReturners "saltutil.sync_returners" "returners"
        " Get the site's returners from `salt://_returners`; returns what is new or has changed. `rsalt '*' saltutil.sync_returners`";
    SyncUtils "saltutil.sync_utils" "utils"
        " Get what the site's Python modules share from `salt://_utils`. `rsalt '*' saltutil.sync_utils`";
    SyncOthers "saltutil.sync_beacons" "others"
        " Salt's way to get modules of a kind that there is not here: an empty list. `rsalt '*' saltutil.sync_beacons`";
}

impl ExecFn for ListExtmods {
    const FUN: &'static str = "saltutil.list_extmods";
    const SIGNATURE: &'static str = "";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let site = ctx.caller().site();
        let kinds = external::Kind::ALL.into_iter().map(|kind| (kind.name(), site.names(kind)));
        Ok(kinds.filter(|(_, names)| !names.is_empty()).collect::<Dict>().into())
    }
}
