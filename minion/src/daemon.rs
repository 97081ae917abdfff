//! The minion as a whole: key, caller, job table and connection put together, run, and stopped.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, SystemTime};

use data::Value;
use proto::config::MinionConfig;
use proto::keys::{KeyFileError, StaticKey, valid_id};
use proto::message::{Job, Request};
use proto::target::TargetType;
use tokio_util::sync::CancellationToken;

use crate::conn::{self, Asker, PinError, RemoteFiles, RemotePillar};
use crate::fileclient::{FileClient, LocalFiles};
use crate::health::Health;
use crate::host::Stop;
use crate::host::real::RealHost;
use crate::job::{Bounds, CallerRunner, JobRunner, Jobs, Limits, SIDE_BY_SIDE, SpoolError, Way};
use crate::pillar::PillarSource;
use crate::{Caller, JobControl, Parts, RunningJob, grains, local, memory};

/// Jobs that run at SIGTERM get so much time to end by themselves …
const FINISH: Duration = Duration::from_secs(3);
/// … then to end when told to. Together below what a container is given to stop.
const GRACE: Duration = Duration::from_secs(2);
/// The master gets so much time to take the last returns.
const DELIVERY: Duration = Duration::from_secs(1);
/// Between two looks at what is left.
const LOOK: Duration = Duration::from_millis(20);

/// Before `startup_states` the master is asked this often whether it is there.
const MASTER_PAUSE: Duration = Duration::from_secs(1);

/// Why the minion does not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The id.
    #[error(
        "{0:?} is no id for a minion: no slash, no control character, no dot at its start, at most 255 bytes"
    )]
    Id(String),
    /// Its key.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// Its files.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The master is not the one it knows.
    #[error(transparent)]
    Master(#[from] PinError),
    /// A thread.
    #[error("cannot start: {0}")]
    Thread(String),
    /// The directory.
    #[error("cannot make the directory {path}: {source}", path = path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Runs a minion until the token is cancelled. With `patient`, a master with a wrong key is tried again
/// instead of ending the minion: the container's own command goes on beside it.
pub async fn run(config: MinionConfig, patient: bool, stop: CancellationToken) -> Result<(), RunError> {
    if !valid_id(&config.id) {
        return Err(RunError::Id(config.id));
    }
    std::fs::create_dir_all(&config.cachedir)
        .map_err(|source| RunError::Directory { path: config.cachedir.clone(), source })?;
    let key = StaticKey::load_or_generate(&config.pki_dir, "minion")?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    tracing::info!(
        id = config.id,
        version = crate::VERSION,
        fingerprint = key.public().fingerprint(),
        "minion starts"
    );

    write_pidfile(config.pidfile.as_deref());
    let (asker, asks) = conn::asker(&config);
    let (files, pillar): (Arc<dyn FileClient>, Arc<dyn PillarSource>) = if config.file_client == "local" {
        let files = Arc::new(LocalFiles::from_opts(config.file_roots.clone(), &config.opts));
        (files, Arc::new(local::pillar(&config)))
    } else {
        let files = RemoteFiles::new(asker.clone(), &config.cachedir);
        (Arc::new(files), Arc::new(RemotePillar::new(asker.clone(), config.saltenv.clone())))
    };
    let master = (config.file_client != "local").then(|| asker.clone());
    let table = Arc::new(LateJobs::default());
    let caller = Caller::new(Parts {
        opts: config.opts.clone(),
        host: Arc::new(RealHost::new()),
        grains: grains::collect,
        files,
        pillar,
        jobs: Arc::clone(&table) as Arc<dyn JobControl>,
        events: Some(Arc::new(asker.clone())),
    });
    // Collecting grains reads files: on a thread that ends with it.
    let collector = caller.clone();
    tokio::task::spawn_blocking(move || collector.grains())
        .await
        .map_err(|e| RunError::Thread(e.to_string()))?;

    let runner: Arc<dyn JobRunner> = Arc::new(CallerRunner::new(caller.clone()));
    let side_by_side =
        usize::try_from(config.process_count_max).ok().filter(|n| *n > 0).unwrap_or(SIDE_BY_SIDE);
    let spool = Bounds { returns: config.spool_max_returns, bytes: config.spool_max_size };
    let limits = Limits { side_by_side, spool };
    let (jobs, done) = Jobs::open(&config.id, &config.cachedir, limits, Arc::clone(&runner))?;
    table.set(&jobs);

    let health = Health::start(&config.sock_dir);
    let parts = conn::Parts { key, runner, jobs: Arc::clone(&jobs), done, asks, health: health.clone() };
    let hang_up = CancellationToken::new();
    let served = tokio::select! {
        served = conn::serve(&config, parts, patient, hang_up.clone()) => served,
        () = memory::give_back_when_idle(&jobs) => Ok(()),
        () = run_at_start(&config, &jobs, caller, master) => Ok(()),
        () = drain(&jobs, &stop, &hang_up) => Ok(()),
    };
    health.end();
    jobs.stop_all(Stop::Kill);
    remove_pidfile(config.pidfile.as_deref());
    tracing::info!("minion stops");
    Ok(served?)
}

/// Waits for the token, then lets the jobs end while the connection still takes their returns, and ends that. What
/// the master has not taken by then is in the spool, and sent by the next run.
async fn drain(jobs: &Jobs, stop: &CancellationToken, hang_up: &CancellationToken) {
    stop.cancelled().await;
    jobs.close();
    let idle = || jobs.count() == 0;
    if !within(FINISH, idle).await {
        jobs.stop_all(Stop::Term);
        if !within(GRACE, idle).await {
            jobs.stop_all(Stop::Kill);
            within(GRACE / 2, idle).await;
        }
    }
    within(DELIVERY, || jobs.spool().is_empty()).await;
    hang_up.cancel();
    std::future::pending().await
}

async fn within(limit: Duration, what: impl Fn() -> bool) -> bool {
    let until = tokio::time::Instant::now() + limit;
    while !what() {
        if tokio::time::Instant::now() >= until {
            return false;
        }
        tokio::time::sleep(LOOK).await;
    }
    true
}

/// Once the master is there to answer: gets the site's own modules and has the job table run `startup_states`; then
/// waits for ever.
async fn run_at_start(config: &MinionConfig, jobs: &Arc<Jobs>, caller: Caller, master: Option<Asker>) {
    while let Some(asker) = master.clone() {
        // It answers when there is a session and the key is accepted.
        let there = tokio::task::spawn_blocking(move || asker.ask(Request::Ping)).await;
        if matches!(there, Ok(Ok(_))) {
            break;
        }
        tokio::time::sleep(MASTER_PAUSE).await;
    }
    let synced = tokio::task::spawn_blocking(move || caller.sync_site()).await;
    if synced.is_err() {
        tracing::error!("the site's own modules could not be got");
    }
    if !config.startup_states.is_empty() {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let taken = jobs.take(startup_job(config, now), now, Way::Publish);
        tracing::info!(states = config.startup_states, ?taken, "startup states");
    }
    std::future::pending().await
}

/// The job that `startup_states` asks for: `sls` and `top` by name, anything else is the highstate, as in Salt.
fn startup_job(config: &MinionConfig, now: f64) -> Job {
    let (fun, arg): (&str, Vec<Value>) = match config.startup_states.as_str() {
        "sls" => ("state.sls", vec![config.sls_list.clone().into()]),
        "top" => {
            let file = config.opts.get("top_file").filter(|file| file.is_true()).cloned();
            ("state.top", vec![file.unwrap_or_else(|| "top.sls".into())])
        }
        _ => ("state.highstate", Vec::new()),
    };
    Job {
        jid: proto::jid::Generator::after("").next_jid(),
        fun: fun.to_owned(),
        arg,
        tgt: vec![config.id.as_str()].into(),
        tgt_type: TargetType::List,
        delimiter: String::new(),
        ret: String::new(),
        user: "root".to_owned(),
        timeout: 0.0,
        issued: now,
        expiry: 0.0,
        extra: Value::None,
    }
}

/// Writes the process id where the config wants it. That nobody can read it there stops no daemon.
pub fn write_pidfile(path: Option<&Path>) {
    let Some(path) = path else { return };
    let written = match path.parent() {
        Some(parent) => std::fs::create_dir_all(parent),
        None => Ok(()),
    };
    if let Err(error) = written.and_then(|()| std::fs::write(path, format!("{}\n", std::process::id()))) {
        tracing::warn!(path = %path.display(), %error, "the pidfile is not written");
    }
}

/// Removes it again.
pub fn remove_pidfile(path: Option<&Path>) {
    if let Some(path) = path {
        // Somebody may have cleaned up.
        let _ = std::fs::remove_file(path);
    }
}

/// The job table, for modules: they are made before it, because it runs them.
#[derive(Default)]
struct LateJobs(OnceLock<Weak<Jobs>>);

impl LateJobs {
    fn set(&self, jobs: &Arc<Jobs>) {
        // Set once, right after the table is made.
        let _ = self.0.set(Arc::downgrade(jobs));
    }

    fn get(&self) -> Option<Arc<Jobs>> {
        self.0.get()?.upgrade()
    }
}

impl JobControl for LateJobs {
    fn running(&self) -> Vec<RunningJob> {
        self.get().map(|jobs| JobControl::running(&*jobs)).unwrap_or_default()
    }

    fn stop(&self, jid: &str, how: Stop) -> bool {
        self.get().is_some_and(|jobs| JobControl::stop(&*jobs, jid, how))
    }
}
