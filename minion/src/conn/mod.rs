//! The connection to the master, kept up for as long as the minion lives: dial, session, and after its
//! end the next one, with pauses that grow and are spread at random.

mod backoff;
mod beside;
mod dial;
mod pin;
mod remote;
mod session;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use data::{Dict, Value};
use proto::config::{MasterAddress, MinionConfig};
use proto::keys::StaticKey;
use proto::message::Hello;
use proto::message::auth::Secret;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::health::Health;
use crate::job::{Done, JobRunner, Jobs};
use backoff::Backoff;
use remote::Ask;
use session::End;

pub use beside::{Beside, BesideError};
pub use pin::PinError;
pub use remote::{AskError, Asker, RemoteFiles, RemotePillar};

/// The first pause before a new try.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// A master with the wrong key is tried again after so much time, where the minion goes on at all.
const WRONG_KEY_PAUSE: Duration = Duration::from_secs(60);

/// Why something that came from the master's ports was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Refusal {
    Frame,
    Signature,
    Epoch,
    Seal,
    Message,
    Gap,
    Expired,
    Lost,
    Target,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::Frame => "not a publish",
            Refusal::Signature => "publish without the master's signature",
            Refusal::Epoch => "publish with another group key",
            Refusal::Seal => "publish that does not open",
            Refusal::Message => "publish that cannot be read",
            Refusal::Gap => "publish lost",
            Refusal::Expired => "job expired",
            Refusal::Lost => "job whose return is lost",
            Refusal::Target => "job with an unreadable target",
        })
    }
}

/// What the master makes of this minion; said once for each change.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    Pending,
    Accepted,
    Rejected,
    Denied,
    Refused(String),
}

/// Bytes of grains in the handshake.
const OFFERED: usize = 12 * 1024;

/// What lives longer than a session.
struct Shared {
    id: String,
    key: StaticKey,
    masters: Vec<MasterAddress>,
    /// Different in each run of the minion.
    run: u64,
    autosign_grains: Value,
    token: Secret,
    ephemeral: bool,
    jobs: Arc<Jobs>,
    runner: Arc<dyn JobRunner>,
    done: mpsc::UnboundedReceiver<Done>,
    asks: mpsc::Receiver<Ask>,
    /// Asked in a session that ended before the answer.
    unanswered: Vec<Ask>,
    /// Until then returns wait: the master could not store one.
    pause_returns: Option<Instant>,
    sent_grains: Option<Value>,
    announced: bool,
    told: Option<Told>,
    backoff: Backoff,
    refusals: HashMap<Refusal, u64>,
    health: Health,
}

impl Shared {
    fn hello(&self) -> Hello {
        Hello {
            id: self.id.clone(),
            version: crate::VERSION.to_string(),
            autosign_grains: self.autosign_grains.clone(),
            run: self.run,
            token: self.token.clone(),
            ephemeral: self.ephemeral,
            call: false,
        }
    }

    fn tell(&mut self, told: &Told) {
        if self.told.as_ref() == Some(told) {
            return;
        }
        self.health.connected(*told == Told::Accepted);
        let id = self.id.as_str();
        match told {
            Told::Accepted => tracing::info!(id, "connected: the master has accepted this minion's key"),
            Told::Pending => tracing::warn!(
                id,
                fingerprint = self.key.public().fingerprint(),
                "the master has this minion's key and waits for it to be accepted: rsalt-key -a {id}"
            ),
            Told::Rejected => tracing::error!(
                id,
                "the master has rejected this minion's key; to let it in, delete the key on the master: rsalt-key -d {id}"
            ),
            Told::Denied => tracing::error!(
                id,
                fingerprint = self.key.public().fingerprint(),
                "denied: the master knows another key for this id. If this minion was set up anew, delete \
                 the old key on the master (rsalt-key -d {id}); otherwise give one of the two another id"
            ),
            Told::Refused(why) => tracing::error!(id, why, "the master refuses this minion"),
        }
        self.told = Some(told.clone());
    }

    /// Counts a refusal; logs the 1st, 2nd, 4th, 8th … of each reason.
    fn refused(&mut self, reason: Refusal, detail: impl fmt::Display) {
        let count = self.refusals.entry(reason).or_default();
        *count += 1;
        if count.is_power_of_two() {
            tracing::warn!(%reason, count = *count, %detail, "refused");
        }
    }
}

/// The two ends of what connects modules with the master: the modules' and the connection's.
pub fn asker(config: &MinionConfig) -> (Asker, Asks) {
    let limit =
        Duration::try_from_secs_f64(config.request_channel_timeout).unwrap_or(Duration::from_secs(60));
    let (asker, receiver) = Asker::new(limit);
    (asker, Asks(receiver))
}

/// Requests of modules on their way to the connection.
#[derive(Debug)]
pub struct Asks(mpsc::Receiver<Ask>);

/// What the connection works with.
pub struct Parts {
    /// The minion's key.
    pub key: StaticKey,
    /// Knows the grains.
    pub runner: Arc<dyn JobRunner>,
    /// Takes jobs.
    pub jobs: Arc<Jobs>,
    /// Gives their returns.
    pub done: mpsc::UnboundedReceiver<Done>,
    /// Gives the requests of modules.
    pub asks: Asks,
    /// Is told whether there is a connection.
    pub health: Health,
}

/// Keeps the connection up until the token is cancelled. Ends earlier, with the reason, only when the
/// master's key is wrong and `patient` is off.
pub async fn serve(
    config: &MinionConfig,
    parts: Parts,
    patient: bool,
    stop: CancellationToken,
) -> Result<(), PinError> {
    let Parts { key, runner, jobs, done, asks, health } = parts;
    let grains = runner.grains();
    let offered = offered_grains(config, &grains);
    let most = Duration::from_millis(config.recon_max).max(FIRST_PAUSE);
    let mut shared = Shared {
        id: config.id.clone(),
        key,
        masters: config.masters(),
        run: (backoff::random() * 1e15) as u64,
        autosign_grains: offered.into(),
        token: config.token.clone(),
        ephemeral: config.ephemeral,
        jobs,
        runner,
        done,
        asks: asks.0,
        unanswered: Vec::new(),
        pause_returns: None,
        sent_grains: None,
        announced: false,
        told: None,
        backoff: Backoff::new(FIRST_PAUSE, most, config.recon_randomize),
        refusals: HashMap::new(),
        health,
    };
    drop(grains);
    let pins: Vec<pin::Pin> = shared
        .masters
        .iter()
        .enumerate()
        .map(|(i, m)| {
            let further = (i > 0).then_some(m.host.as_str());
            pin::Pin::new(&config.pki_dir, further, config.master_finger.as_deref())
        })
        .collect();
    if pins.is_empty() {
        tracing::error!("no master is configured");
    }
    let mut at = 0;
    let mut last = String::new();
    loop {
        let end = match pins.get(at) {
            Some(pin) => session::run(&mut shared, at, pin, &stop).await,
            None => End::NoHandshake,
        };
        let mut pause = shared.backoff.pause();
        match end {
            End::Stopped => return Ok(()),
            End::Pin(error) if !patient => return Err(error),
            End::Pin(error) => {
                tracing::error!("{error}");
                pause = WRONG_KEY_PAUSE;
            }
            end => {
                // The same trouble again and again is one line.
                let text = end.to_string();
                if text == last {
                    tracing::debug!("{text}");
                } else {
                    let master = shared.masters.get(at).map(|m| format!("{}:{}", m.host, m.ret_port));
                    tracing::warn!(master, "not connected: {text}");
                }
                last = text;
            }
        }
        if shared.told == Some(Told::Accepted) {
            shared.health.connected(false);
        }
        shared.told = shared.told.take().filter(|t| *t != Told::Accepted);
        if shared.told.is_none() {
            last.clear();
        }
        at = (at + 1) % pins.len().max(1);
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = pauses(&mut shared, pause) => {}
        }
    }
}

/// The grains that may let this minion in: those that the config names, and all of them with a token, whose
/// bounds only the master knows. What does not fit into a handshake stays away.
fn offered_grains(config: &MinionConfig, grains: &Value) -> Dict {
    let named = |name: &str| config.autosign_grains.iter().any(|n| n == name);
    let mut room = OFFERED;
    let mut offered = Dict::new();
    for (name, value) in grains.as_dict().into_iter().flatten() {
        let Some(name) = name.as_str() else { continue };
        let wanted = named(name) || !config.token.0.is_empty();
        let size = name.len() + data::msgpack::encode(value).len();
        if wanted && size <= room {
            room -= size;
            offered.insert(name, value.clone());
        }
    }
    offered
}

/// Waits; what the jobs say meanwhile is sent later.
async fn pauses(shared: &mut Shared, pause: Duration) {
    let until = tokio::time::Instant::now() + pause;
    loop {
        tokio::select! {
            () = tokio::time::sleep_until(until) => break,
            // What it says is in the spool.
            Some(_) = shared.done.recv() => {}
        }
    }
    let now = Instant::now();
    shared.unanswered.retain(|ask| ask.until > now);
}
