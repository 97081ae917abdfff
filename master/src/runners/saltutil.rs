//! `saltutil.*` on the master: the site's own runners, and the execution modules that pillar templates call.

use std::sync::Arc;

use data::{Dict, Value};
use minion::external::{self, Kind};
use minion::fileclient::LocalFiles;
use minion::host::real::RealHost;
use minion::pillar::{PillarError, PillarSource};
use minion::{Caller, JobCtx, NoJobs, Parts};
use proto::message::control::Call;
use proto::message::job::split_args;

use super::{Args, Master, Outcome, RunnerError, Table};

/// The functions of this file.
pub(super) const FUNCTIONS: Table = &[
    ("saltutil.sync_all", |master, args| sync_all(master, args)),
    ("saltutil.sync_modules", |master, args| sync_one(master, args, Kind::Modules)),
    ("saltutil.sync_runners", |master, args| sync_one(master, args, Kind::Runners)),
    ("saltutil.sync_utils", |master, args| sync_one(master, args, Kind::Utils)),
];

/// What is of use on a master.
const KINDS: [Kind; 3] = [Kind::Modules, Kind::Runners, Kind::Utils];

fn sync_all(master: &dyn Master, mut args: Args) -> Result<Outcome, RunnerError> {
    let envs = envs(&mut args)?;
    let synced = KINDS.iter().map(|kind| Ok((kind.name(), sync(master, &args, *kind, &envs)?)));
    let synced = synced.collect::<Result<Dict, RunnerError>>()?;
    args.done()?;
    Ok(Outcome::ok(synced))
}

fn sync_one(master: &dyn Master, mut args: Args, kind: Kind) -> Result<Outcome, RunnerError> {
    let envs = envs(&mut args)?;
    let synced = sync(master, &args, kind, &envs)?;
    args.done()?;
    Ok(Outcome::ok(synced))
}

fn envs(args: &mut Args) -> Result<Vec<String>, RunnerError> {
    let saltenv = args.text("saltenv")?.unwrap_or_else(|| "base".to_owned());
    Ok(saltenv.split(',').map(str::to_owned).collect())
}

fn sync(master: &dyn Master, args: &Args, kind: Kind, envs: &[String]) -> Result<Value, RunnerError> {
    let synced = caller(master).sync(kind, envs).map_err(|error| args.problem(error.to_string()))?;
    Ok(synced.changed.into())
}

/// Runs a function of the site's own runners; none when there is no such function.
pub(super) fn run(master: &dyn Master, call: &Call) -> Option<Result<Outcome, RunnerError>> {
    let (args, kwargs) = split_args(&call.arg);
    let mut job = JobCtx::local();
    job.fun.clone_from(&call.fun);
    job.user.clone_from(&call.user);
    let answer = caller(master).of_site(Kind::Runners, &call.fun, args, kwargs, &Arc::new(job))?;
    Some(
        answer
            .map(|(value, retcode)| Outcome { value, out: None, retcode: retcode.into() })
            .map_err(|error| RunnerError::Args { fun: call.fun.clone(), problem: external::told(&error) }),
    )
}

/// The master as its own modules see it: its files, its config, this machine.
fn caller(master: &dyn Master) -> Caller {
    let config = master.config();
    Caller::new(Parts {
        opts: config.opts.clone(),
        host: Arc::new(RealHost::new()),
        grains: minion::grains::collect,
        files: Arc::new(LocalFiles::from_opts(config.file_roots.clone(), &config.opts)),
        pillar: Arc::new(NoPillar),
        jobs: Arc::new(NoJobs),
        events: None,
    })
}

/// A master has no pillar.
struct NoPillar;

impl PillarSource for NoPillar {
    fn pillar(&self, _: &Value, _: Option<&str>, _: Option<&Value>) -> Result<Value, PillarError> {
        Ok(Value::dict())
    }
}
