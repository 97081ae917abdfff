//! Who is connected: the sessions of accepted minions by id, and those that wait for a decision.
//!
//! Presence is what this table holds. A session enters it after the handshake (gate.rs), changes its
//! standing when the minion's key does, and leaves it with its connection, after silence, or when a
//! newer session of the same minion takes its place.

mod beats;
mod gate;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use proto::keys::PublicKey;
use proto::message::auth::Secret;
use proto::message::{self, ToMinion};
use proto::session::Sealer;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::bus::{BusSender, PeerGone, PeerId, Subscription};
use crate::lock::lock;

pub use gate::serve;
pub(crate) use gate::{decide, recheck};

/// Minions that are written to before others get their turn.
const IN_A_ROW: usize = 128;
/// Requests of one minion at the same time; more are refused.
pub const REQUESTS: usize = 32;

/// Where a minion stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The key is being looked up.
    Undecided,
    /// Its key waits to be accepted.
    Pending,
    /// Its key is accepted.
    Accepted,
    /// Its key is rejected, or another key holds its id.
    Refused,
}

/// One connected minion.
#[derive(Debug)]
pub struct Session {
    /// The id it has given; proved only when [`Standing::Accepted`].
    pub id: String,
    /// The key it has proved to hold.
    pub key: PublicKey,
    /// Its version.
    pub version: String,
    /// The grains it shows for the autosign policy and its token.
    pub autosign_grains: data::Value,
    /// A join token.
    pub token: Secret,
    /// Its key is to go when it goes.
    pub ephemeral: bool,
    /// A function asks beside the minion (`rsalt-call`): no jobs go here, and it is not the minion's presence.
    pub call: bool,
    peer: PeerId,
    bus: BusSender,
    standing: Mutex<Standing>,
    /// When the minion was accepted.
    accepted: Mutex<Option<Instant>>,
    /// Held from the look-up of the key until its outcome is settled: two at once could settle in the wrong order.
    deciding: tokio::sync::Mutex<()>,
    subscribed: AtomicBool,
    /// Of its subscriber, which ends with the session. None until it is accepted.
    subscription: Mutex<Option<Subscription>>,
    heard: Mutex<Instant>,
    /// Held while a message is sealed and queued, so that the wire keeps the order of the seals.
    sealer: tokio::sync::Mutex<Sealer>,
    requests: Arc<Semaphore>,
    queries: Mutex<HashMap<u64, oneshot::Sender<Vec<String>>>>,
    next_query: AtomicU64,
}

impl Session {
    /// Sends a message.
    pub async fn send(&self, message: &ToMinion) -> Result<(), PeerGone> {
        self.send_holding(message, None).await
    }

    /// Sends a message; `hold` is let go when it has left.
    pub async fn send_holding(
        &self,
        message: &ToMinion,
        hold: Option<OwnedSemaphorePermit>,
    ) -> Result<(), PeerGone> {
        let bytes = message::encode(message).map_err(|error| {
            tracing::error!(id = %self.id, %error, "a message for this minion cannot be written");
            PeerGone
        })?;
        self.send_encoded(&bytes, hold).await
    }

    async fn send_encoded(&self, bytes: &[u8], hold: Option<OwnedSemaphorePermit>) -> Result<(), PeerGone> {
        let mut sealer = self.sealer.lock().await;
        let frame = sealer.seal(bytes).map_err(|_| PeerGone)?;
        self.bus.send(&self.peer, frame, hold).await
    }

    /// Sends one message to many minions. One that does not read waits by itself and holds up nobody.
    pub async fn send_all(sessions: Vec<Arc<Session>>, message: &ToMinion) {
        let bytes: Arc<[u8]> = match message::encode(message) {
            Ok(bytes) => bytes.into(),
            Err(error) => {
                tracing::error!(%error, "a message for many minions cannot be written");
                return;
            }
        };
        for (sent, session) in sessions.into_iter().enumerate() {
            if sent % IN_A_ROW == IN_A_ROW - 1 {
                tokio::task::yield_now().await;
            }
            // Polled once: it is done when the sealer is free and the queue has room.
            let (again, bytes) = (Arc::clone(&session), Arc::clone(&bytes));
            let mut sending = Box::pin(async move { again.send_encoded(&bytes, None).await });
            if futures_util::poll!(sending.as_mut()).is_pending() {
                // One that is gone gets it when it is back.
                tokio::spawn(sending);
            }
        }
    }

    /// Sends a sign of life, unless a message is being sent: that is one, and whoever waits for a slow
    /// minion is not to hold up the others'.
    fn beat(&self, beat: &[u8]) {
        if let Ok(mut sealer) = self.sealer.try_lock()
            && let Ok(frame) = sealer.seal(beat)
        {
            self.bus.send_now(&self.peer, frame);
        }
    }

    /// The topic of the minion's subscriber.
    fn topic(&self) -> String {
        let mut subscription = lock(&self.subscription);
        if subscription.is_none() {
            *subscription = self.bus.subscription();
        }
        // Without random numbers it is one of the strangers; that is no reason to send it away.
        subscription.as_ref().map(Subscription::topic).unwrap_or_default()
    }

    /// Where it is connected from.
    pub fn address(&self) -> std::net::SocketAddr {
        self.peer.address()
    }

    /// Where the minion stands.
    pub fn standing(&self) -> Standing {
        *lock(&self.standing)
    }

    /// Since when jobs go to this session.
    pub fn accepted_at(&self) -> Option<Instant> {
        *lock(&self.accepted)
    }

    /// Whether the minion has had a publish over the publish port, so that it needs none down the session.
    pub fn subscribed(&self) -> bool {
        self.subscribed.load(Ordering::Relaxed)
    }

    /// How long ago the minion was heard.
    pub fn silence(&self) -> Duration {
        // A large message that is under way is no silence.
        lock(&self.heard).elapsed().min(self.peer.silence())
    }

    /// Which of these jobs the minion is running, or has a return of that is under way; none when it
    /// does not answer in time.
    pub async fn running(&self, jids: &[String], limit: Duration) -> Option<Vec<String>> {
        let id = self.next_query.fetch_add(1, Ordering::Relaxed);
        let (answer, wait) = oneshot::channel();
        lock(&self.queries).insert(id, answer);
        let ask = async {
            self.send(&ToMinion::JobQuery { id, jids: jids.to_vec() }).await.ok()?;
            wait.await.ok()
        };
        let answered = tokio::time::timeout(limit, ask).await;
        lock(&self.queries).remove(&id);
        answered.ok().flatten()
    }
}

/// The table.
#[derive(Debug, Default)]
pub struct Sessions {
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    /// Accepted minions, by id.
    live: HashMap<String, Arc<Session>>,
    /// All sessions, whatever their standing.
    all: HashMap<PeerId, Arc<Session>>,
    /// Those of `all` with a token that were kept out: their turn may come without a change of keys.
    hopeful: HashMap<PeerId, Arc<Session>>,
    /// When a minion lost its connection; none for one that ended it.
    gone: HashMap<String, Option<Instant>>,
}

impl Sessions {
    /// The session of an accepted minion.
    pub fn get(&self, id: &str) -> Option<Arc<Session>> {
        lock(&self.table).live.get(id).cloned()
    }

    /// The ids of all accepted minions that are connected, in no order.
    pub fn connected(&self) -> Vec<String> {
        lock(&self.table).live.keys().cloned().collect()
    }

    /// How many accepted minions are connected.
    pub fn count(&self) -> usize {
        lock(&self.table).live.len()
    }

    /// The sessions of all accepted minions.
    pub fn live(&self) -> Vec<Arc<Session>> {
        lock(&self.table).live.values().cloned().collect()
    }

    /// All sessions.
    pub fn all(&self) -> Vec<Arc<Session>> {
        lock(&self.table).all.values().cloned().collect()
    }

    /// Sessions with a token that were kept out.
    pub(crate) fn hopeful(&self) -> Vec<Arc<Session>> {
        lock(&self.table).hopeful.values().cloned().collect()
    }

    /// How long ago the minion was connected for the last time: zero for now, a very long time when it
    /// has said goodbye, none when it has not been here since the master was started.
    pub fn absence(&self, id: &str) -> Option<Duration> {
        let table = lock(&self.table);
        if table.live.contains_key(id) {
            return Some(Duration::ZERO);
        }
        table.gone.get(id).map(|at| at.map_or(Duration::MAX, |at| at.elapsed()))
    }

    fn insert(&self, session: &Arc<Session>) {
        lock(&self.table).all.insert(session.peer.clone(), Arc::clone(session));
    }

    /// Takes the session out; true when an accepted minion is gone by it. One that has said goodbye is
    /// not expected back.
    fn remove(&self, peer: &PeerId, goodbye: bool) -> Option<(Arc<Session>, bool)> {
        let mut table = lock(&self.table);
        let session = table.all.remove(peer)?;
        table.hopeful.remove(peer);
        let was_live = table.live.get(&session.id).is_some_and(|s| Arc::ptr_eq(s, &session));
        if was_live {
            table.live.remove(&session.id);
            if goodbye {
                table.gone.insert(session.id.clone(), None);
            } else {
                table.gone.insert(session.id.clone(), Some(Instant::now()));
            }
        }
        // Nobody will answer any more: those who wait are told by the closed channel.
        lock(&session.queries).clear();
        Some((session, was_live))
    }

    /// Notes where a session stands from now on. Returns what it was before, and the older session of
    /// the same minion that this one replaces.
    fn set_standing(&self, session: &Arc<Session>, standing: Standing) -> (Standing, Option<Arc<Session>>) {
        let mut table = lock(&self.table);
        let before = std::mem::replace(&mut *lock(&session.standing), standing);
        // A session that was removed while its key was looked up stays out.
        let connected = table.all.contains_key(&session.peer);
        if connected && standing == Standing::Refused && !session.token.0.is_empty() {
            table.hopeful.insert(session.peer.clone(), Arc::clone(session));
        } else {
            table.hopeful.remove(&session.peer);
        }
        let mut replaced = None;
        if standing == Standing::Accepted && connected && !session.call {
            *lock(&session.accepted) = Some(Instant::now());
            replaced = table
                .live
                .insert(session.id.clone(), Arc::clone(session))
                .filter(|old| !Arc::ptr_eq(old, session));
            table.gone.remove(&session.id);
        } else if table.live.get(&session.id).is_some_and(|s| Arc::ptr_eq(s, session)) {
            table.live.remove(&session.id);
            table.gone.insert(session.id.clone(), None);
        }
        (before, replaced)
    }

    /// Forgets who has been gone for long.
    pub(crate) fn forget(&self, after: Duration) {
        lock(&self.table).gone.retain(|_, at| at.is_none_or(|at| at.elapsed() < after));
    }
}
