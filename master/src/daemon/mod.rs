//! The master as a whole: its parts put together, started, reloaded and stopped.

mod control;
mod events;
mod keeper;
mod users;
mod view;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use data::{Dict, Value};
use proto::config::{ConfigError, MasterConfig};
use proto::jid;
use proto::keys::{KeyError, KeyFileError, SignKey, StaticKey};
use proto::message::Event;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::audit::Audit;
use crate::bus::{Addresses, Bus, BusError, BusSender, Limits};
use crate::duration;
use crate::fileserver::{FileServer, FileServerError};
use crate::keys::{Change, KeyState, Keys, KeysError};
use crate::lock::lock;
use crate::pillar::PillarServer;
use crate::publish::{Publisher, Roster};
use crate::refusals::Refusals;
use crate::sessions::{self, Session, Sessions, Standing};
use crate::store::{JobFilter, Seen, SqliteStore, Store, StoreError};

pub use events::Events;

/// What runs at SIGTERM gets so much time to finish.
const GRACE: Duration = Duration::from_secs(10);

/// After a start, the newest jobs with so many minions in all are looked through for returns that are owed.
const OWED: usize = 100_000;

/// Why the master does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its key.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The group key.
    #[error("cannot make the group key: {0}")]
    GroupKey(#[from] KeyError),
    /// The minions' keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ports.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The file server.
    #[error(transparent)]
    Files(#[from] FileServerError),
    /// A directory.
    #[error("cannot make the directory {path}: {source}", path = path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The audit log.
    #[error("cannot write the audit log {path}: {source}", path = path.display())]
    Audit {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The control socket.
    #[error("cannot listen on {path}: {source}", path = path.display())]
    Control {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Everything that the parts of a running master share.
pub struct Master {
    /// Who is connected.
    pub sessions: Sessions,
    /// Jobs on their way.
    pub publisher: Publisher,
    /// Accepted keys and grains.
    pub roster: Roster,
    /// What was refused.
    pub refusals: Arc<Refusals>,
    /// Who has done what.
    pub audit: Arc<Audit>,
    /// The event bus.
    pub events: Events,
    /// Jobs, returns, grains.
    pub store: Arc<dyn Store>,
    /// Makes jids.
    pub jids: jid::Generator,
    /// When it was started.
    pub started: Instant,
    pub(crate) bus: BusSender,
    pub(crate) key: StaticKey,
    /// Everything that runs beside the gate; stopping waits for it.
    pub(crate) tasks: TaskTracker,
    config: RwLock<Arc<MasterConfig>>,
    keys: RwLock<Arc<Keys>>,
    files: RwLock<Arc<FileServer>>,
    pillar: RwLock<Arc<PillarServer>>,
    stop: CancellationToken,
    pub(crate) key_dirs: keeper::KeyDirs,
    /// Minions that have said goodbye since the keeper looked.
    leaving: Mutex<Vec<String>>,
}

/// A started master. Dropping it does not stop it: [`Running::stop`] does.
pub struct Running {
    /// The master.
    pub master: Arc<Master>,
    /// Where its ports are.
    pub addresses: Addresses,
    gate: tokio::task::JoinHandle<()>,
}

/// Starts a master: opens its files and ports, and serves them in the background.
pub async fn start(config: MasterConfig) -> Result<Running, StartError> {
    for path in [&config.cachedir, &config.sock_dir] {
        let made = std::fs::create_dir_all(path);
        made.map_err(|source| StartError::Directory { path: path.clone(), source })?;
    }
    let key = StaticKey::load_or_generate(&config.pki_dir, "master")?;
    let sign = SignKey::load_or_generate(&config.pki_dir, "master_sign")?;
    let keys = Keys::from_config(&config)?;
    let files = FileServer::new(&config)?;
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&config.store_file())?);

    let roster = Roster::default();
    roster.load_grains(store.all_grains()?);
    roster.set_accepted(keys.accepted()?);
    let jids = store.last_jid()?.map_or_else(jid::Generator::default, |last| jid::Generator::after(&last));
    let epoch = next_epoch(&*store).await?;

    let control = control::listen(&config.control_socket(), !config.publisher_acl.is_empty())
        .map_err(|source| StartError::Control { path: config.control_socket(), source })?;
    raise_descriptors(config.max_open_files);
    let audit = Arc::new(Audit::default());
    open_audit(&audit, &config)?;
    let refusals = Arc::new(Refusals::new(Arc::clone(&audit)));
    let (bus, sender) = Bus::bind(
        &config.interface,
        config.publish_port,
        config.ret_port,
        Limits::from_config(&config),
        Arc::clone(&refusals),
    )?;
    let addresses = bus.addresses();
    let publisher = Publisher::new(sender.clone(), sign, epoch)?;
    let unexpired = JobFilter { unexpired_at: Some(duration::now()), ..JobFilter::default() };
    for stored in store.jobs(&unexpired)? {
        let returned = store.returned(&stored.job.jid)?;
        publisher.restore(stored.job, stored.minions, returned);
    }

    tracing::info!(
        publish = %addresses.publish, requests = %addresses.requests,
        fingerprint = key.public().fingerprint(), version = crate::VERSION, "master started"
    );
    let key_dirs = keeper::KeyDirs::new(&config.pki_dir);
    let config = Arc::new(config);
    let master = Arc::new(Master {
        sessions: Sessions::default(),
        publisher,
        roster,
        refusals,
        audit,
        events: Events::default(),
        store,
        jids,
        started: Instant::now(),
        bus: sender,
        key,
        tasks: TaskTracker::new(),
        pillar: RwLock::new(Arc::new(PillarServer::new(Arc::clone(&config)))),
        config: RwLock::new(config),
        keys: RwLock::new(Arc::new(keys)),
        files: RwLock::new(Arc::new(files)),
        stop: CancellationToken::new(),
        key_dirs,
        leaving: Mutex::default(),
    });
    let gate = tokio::spawn(sessions::serve(Arc::clone(&master), bus, master.stop.clone()));
    master.tasks.spawn(control::serve(Arc::clone(&master), control));
    master.tasks.spawn(keeper::keep(Arc::clone(&master)));
    master.tasks.spawn(settle(Arc::clone(&master)));
    Ok(Running { master, addresses, gate })
}

/// Finds out who still owes returns of an earlier run's jobs.
async fn settle(master: Arc<Master>) {
    let store = Arc::clone(&master.store);
    let read = tokio::task::spawn_blocking(move || store.owed(duration::now(), OWED)).await;
    match read {
        Ok(Ok(owed)) => master.publisher.owe(&master, owed).await,
        Ok(Err(error)) => tracing::error!(%error, "who owes returns cannot be read"),
        Err(error) => tracing::error!(%error, "who owes returns is not known"),
    }
}

impl Running {
    /// Stops the master: takes nothing new, lets what runs finish within a grace time, tells the
    /// minions and the waiting command lines, closes the store.
    pub async fn stop(self) {
        tracing::info!("master stops");
        self.master.stop.cancel();
        self.master.tasks.close();
        if tokio::time::timeout(GRACE, self.master.tasks.wait()).await.is_err() {
            tracing::warn!(tasks = self.master.tasks.len(), "not everything has finished in time");
        }
        if let Err(error) = self.gate.await {
            tracing::error!(%error, "the request port has failed");
        }
        if let Err(error) = self.master.store.flush().await {
            tracing::error!(%error, "the job store is not written to its end");
        }
    }
}

impl Master {
    /// The config as it is now.
    pub fn config(&self) -> Arc<MasterConfig> {
        current(&self.config)
    }

    /// The minions' keys. After a change call [`Master::keys_changed`].
    pub fn keys(&self) -> Arc<Keys> {
        current(&self.keys)
    }

    /// The file server.
    pub fn files(&self) -> Arc<FileServer> {
        current(&self.files)
    }

    /// The pillar.
    pub fn pillar(&self) -> Arc<PillarServer> {
        current(&self.pillar)
    }

    /// The master's public key.
    pub fn public_key(&self) -> proto::keys::PublicKey {
        self.key.public()
    }

    /// Seconds since the epoch.
    pub fn clock(&self) -> f64 {
        duration::now()
    }

    /// The largest message of an accepted minion.
    pub fn max_message(&self) -> usize {
        self.config().max_message_size
    }

    /// Whether the master has begun to stop.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Resolves when the master begins to stop.
    pub async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    /// Reads the config again and takes over what may change while it runs: everything but ports,
    /// directories and keys of its own. Minions that wait are held against the new autosign policy.
    pub async fn reload(self: &Arc<Self>) -> Result<(), ReloadError> {
        let master = Arc::clone(self);
        tokio::task::spawn_blocking(move || master.read_config())
            .await
            .map_err(|_| ReloadError::Failed)??;
        self.keys_changed().await?;
        tracing::info!("config read again");
        Ok(())
    }

    fn read_config(&self) -> Result<(), ReloadError> {
        let config = MasterConfig::load(&self.config().config_dir)?;
        let files = FileServer::new(&config)?;
        for warning in &config.warnings {
            tracing::warn!("{warning}");
        }
        if let Err(error) = open_audit(&self.audit, &config) {
            tracing::error!(%error, "the audit log goes on in the old file");
        }
        if let Err(error) = control::permit(&config.control_socket(), !config.publisher_acl.is_empty()) {
            tracing::error!(%error, "the control socket keeps its permissions");
        }
        let config = Arc::new(config);
        replace(&self.keys, Keys::from_config(&config)?);
        replace(&self.files, files);
        replace(&self.pillar, PillarServer::new(Arc::clone(&config)));
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    /// Takes over a change of the key files: tells the minions concerned, and changes the group key when
    /// one has lost access. To be awaited before the change is reported as done.
    pub async fn keys_changed(self: &Arc<Self>) -> Result<(), KeysError> {
        let before = self.roster.accepted();
        let accepted = self.keys().accepted()?;
        let lost: Vec<&String> = before.iter().filter(|id| accepted.binary_search(id).is_err()).collect();
        for id in &lost {
            if self.keys().state(id).is_none() {
                self.roster.forget(id);
                self.publisher.forget(id);
                if let Err(error) = self.store.forget(id).await {
                    tracing::warn!(%id, %error, "a deleted minion's grains stay in the store");
                }
            }
        }
        let rotate = !lost.is_empty();
        self.roster.set_accepted(accepted);
        self.key_dirs.seen();
        let rotated = sessions::recheck(self).await;
        if rotate && !rotated {
            self.publisher.rotate(&self.sessions).await;
        }
        Ok(())
    }

    /// Keeps a minion's grains, in the store too when they have changed.
    pub(crate) async fn note_grains(&self, id: &str, grains: Value) -> Result<(), StoreError> {
        if self.roster.set_grains(id, grains.clone()) {
            self.store.put_grains(id, &grains).await?;
        }
        Ok(())
    }

    /// A connected minion's key has been looked up: what the rest of the master makes of it.
    pub(crate) fn key_settled(&self, session: &Session, state: KeyState) {
        if state == KeyState::Accepted {
            self.roster.set(&session.id, true);
        }
        let (act, result) = match state {
            KeyState::Accepted => ("accept", true),
            KeyState::Pending => ("pend", true),
            KeyState::Rejected => ("reject", false),
            KeyState::Denied => ("denied", false),
        };
        let about = Dict::new()
            .with("id", session.id.as_str())
            .with("state", act)
            .with("key", session.key.fingerprint())
            .with("from", session.address().to_string());
        self.audit.note("minion", about);
        let data = Dict::new()
            .with("result", result)
            .with("act", act)
            .with("id", session.id.as_str())
            .with("pub", session.key.to_string());
        self.events.fire(Event { tag: "salt/auth".to_string(), data: data.into() });
    }

    /// A key has changed its state, by hand or, with a reason, by the master itself.
    pub(crate) fn note_key(&self, change: &Change, why: &str) {
        let state = |state: KeyState| Value::from(state.dir());
        let mut about = Dict::new()
            .with("id", change.id.as_str())
            .with("before", state(change.from))
            .with("now", change.to.map_or(Value::None, state));
        if !why.is_empty() {
            about.insert("why", why);
        }
        self.audit.note("key", about);
    }

    /// Notes who is, or was until now, connected. Whoever asks later can do without the last minutes.
    pub(crate) fn note_seen<'a>(&self, sessions: impl IntoIterator<Item = &'a Arc<Session>>) {
        let time = self.clock();
        let seen = |s: &Arc<Session>| Seen { id: s.id.clone(), time, address: s.address().ip().to_string() };
        let seen: Vec<Seen> = sessions.into_iter().map(seen).collect();
        if !seen.is_empty() {
            drop(self.store.note_seen(seen));
        }
    }

    /// A minion has stopped on purpose.
    pub(crate) fn has_left(&self, id: &str) {
        lock(&self.leaving).push(id.to_string());
    }

    /// Once a second, from the gate.
    pub(crate) fn sweep(self: &Arc<Self>) {
        let owed = self.publisher.sweep(duration::now());
        if !owed.is_empty() {
            let master = Arc::clone(self);
            self.tasks.spawn(async move { master.publisher.owe(&master, owed).await });
        }
    }

    /// Whether the minion with this id is connected and accepted.
    pub fn is_connected(&self, id: &str) -> bool {
        self.sessions.get(id).is_some_and(|s| s.standing() == Standing::Accepted)
    }
}

/// Why the config was not read again; the old one stays.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The files.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The file server's part of it.
    #[error(transparent)]
    Files(#[from] FileServerError),
    /// The minions' keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// It panicked; the log has more.
    #[error("reading the config failed")]
    Failed,
}

fn current<T>(slot: &RwLock<Arc<T>>) -> Arc<T> {
    Arc::clone(&slot.read().unwrap_or_else(PoisonError::into_inner))
}

fn replace<T>(slot: &RwLock<Arc<T>>, new: T) {
    *slot.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
}

/// An epoch above all earlier ones: counted in the store, and never below the clock, so that a store
/// that was lost does not bring an old number back.
async fn next_epoch(store: &dyn Store) -> Result<u64, StoreError> {
    const NAME: &str = "epoch";
    let before =
        store.get(NAME)?.and_then(|b| <[u8; 8]>::try_from(b.as_slice()).ok()).map_or(0, u64::from_be_bytes);
    // A rotation adds one; whole seconds shifted leave room for a thousand of them in each.
    let now = (duration::now() as u64) << 10;
    let epoch = (before + 1).max(now);
    store.put(NAME, &epoch.to_be_bytes()).await?;
    Ok(epoch)
}

fn open_audit(audit: &Audit, config: &MasterConfig) -> Result<(), StartError> {
    let path = config.audit_log.as_deref();
    audit
        .open(path)
        .map_err(|source| StartError::Audit { path: path.map(Into::into).unwrap_or_default(), source })
}

/// As many file descriptors as wanted, as far as the system lets us.
fn raise_descriptors(wanted: u64) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let now = getrlimit(Resource::Nofile);
    if now.current.is_none_or(|current| current >= wanted) {
        return;
    }
    let maximum = now.maximum.map(|most| most.max(wanted));
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }).or_else(|_| {
        // Only root may go over the hard limit.
        setrlimit(Resource::Nofile, Rlimit { current: now.maximum, maximum: now.maximum })
    });
    let got = getrlimit(Resource::Nofile).current;
    if raised.is_err() || got.is_some_and(|got| got < wanted) {
        tracing::info!(wanted, got, "fewer file descriptors than max_open_files asks for");
    }
}
