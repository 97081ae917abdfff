//! The publish port: a PUB whose subscribers ask for what starts with a topic, by message (ZMTP 3.0) or
//! by command (3.1).
//!
//! Anybody may listen to what only minions can read. An accepted minion's subscriber shows that it is one
//! by the topic that its session was given ([`Subscription`]): it does not count among the strangers of
//! its address, and it ends with the session.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

use bytes::Bytes;
use proto::zmtp::SocketType;
use ring::rand::{SecureRandom as _, SystemRandom};

use super::connection::{Connection, Role};
use super::link::{Item, Link, PushError};
use super::{Refused, Shared, Trust, served};
use crate::lock::lock;
use crate::refusals::Refusal;

/// What the topics of sessions start with.
pub const SUBSCRIPTION: &str = "rsalt-session:";

/// Topics of one subscriber.
const TOPICS: usize = 16;
/// Bytes of a topic.
const TOPIC: usize = 256;
/// Subscribers that are written to before others get their turn.
const IN_A_ROW: usize = 128;

/// As text: the libraries of subscribers take topics as such.
type Secret = String;

/// All subscribers.
#[derive(Default)]
pub(super) struct Publisher {
    table: Mutex<HashMap<u64, Arc<Subscriber>>>,
    /// Sessions that may be shown, and the connection that has shown them.
    sessions: Mutex<HashMap<Secret, Option<Weak<Link>>>>,
}

/// One subscriber.
struct Subscriber {
    link: Arc<Link>,
    topics: Mutex<Vec<Box<[u8]>>>,
}

impl Subscriber {
    fn wants(&self, message: &[u8]) -> bool {
        lock(&self.topics).iter().any(|topic| message.starts_with(topic))
    }
}

/// The right of one session to have a subscriber; ends when it is dropped, and its subscriber with it.
pub struct Subscription {
    shared: Weak<Shared>,
    secret: Secret,
}

impl Subscription {
    /// None when the system gives no random numbers.
    pub(super) fn new(shared: &Arc<Shared>) -> Option<Self> {
        let mut random = [0; 16];
        SystemRandom::new().fill(&mut random).ok()?;
        let secret: Secret = random.iter().map(|byte| format!("{byte:02x}")).collect();
        lock(&shared.publisher.sessions).insert(secret.clone(), None);
        Some(Subscription { shared: Arc::downgrade(shared), secret })
    }

    /// The topic that shows it.
    pub fn topic(&self) -> String {
        [SUBSCRIPTION, &self.secret].concat()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let Some(shared) = self.shared.upgrade() else { return };
        let link = lock(&shared.publisher.sessions).remove(&self.secret).flatten();
        if let Some(link) = link.and_then(|link| link.upgrade()) {
            link.close();
        }
    }
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Subscription")
    }
}

impl Publisher {
    pub(super) async fn publish(&self, shared: &Shared, frame: Vec<u8>) {
        let body = Bytes::from(frame);
        let all: Vec<Arc<Subscriber>> = lock(&self.table).values().cloned().collect();
        for row in all.chunks(IN_A_ROW) {
            for subscriber in row {
                if !subscriber.wants(&body) {
                    continue;
                }
                let item = Item::message(body.clone(), false, None);
                if let Err(PushError::Full(_)) = subscriber.link.push(item) {
                    shared.refusals.count(Refusal::SlowReader, subscriber.link.address(), "publishes wait");
                    subscriber.link.kill();
                }
            }
            tokio::task::yield_now().await;
        }
    }
}

/// Serves one connection.
pub(super) async fn serve(shared: Arc<Shared>, link: Arc<Link>) {
    let subscriber = Arc::new(Subscriber { link: Arc::clone(&link), topics: Mutex::default() });
    let number = link.number();
    lock(&shared.publisher.table).insert(number, Arc::clone(&subscriber));
    let role = Subscribing { shared: Arc::clone(&shared), subscriber };
    served(&shared, Connection::new(Arc::clone(&shared), link, role)).await;
    lock(&shared.publisher.table).remove(&number);
}

struct Subscribing {
    shared: Arc<Shared>,
    subscriber: Arc<Subscriber>,
}

impl Subscribing {
    /// A topic may be that of a session.
    fn show(&self, topic: &[u8]) {
        let secret = topic.strip_prefix(SUBSCRIPTION.as_bytes()).and_then(|s| std::str::from_utf8(s).ok());
        let Some(secret) = secret else { return };
        let link = &self.subscriber.link;
        if let Some(shown) = lock(&self.shared.publisher.sessions).get_mut(secret) {
            *shown = Some(Arc::downgrade(link));
            link.trust(Trust::Full, proto::frame::MAX_HANDSHAKE_FRAME);
        }
    }
}

impl Role for Subscribing {
    const KIND: SocketType = SocketType::Pub;

    fn meet(&mut self, _link: &Link, peer: SocketType) -> bool {
        matches!(peer, SocketType::Sub | SocketType::XSub)
    }

    async fn part(&mut self, more: bool, body: Vec<u8>) -> Result<(), Refused> {
        match body.split_first() {
            Some((1, topic)) if !more => self.subscribe(topic, true),
            Some((0, topic)) if !more => self.subscribe(topic, false),
            _ => Err(Refused::new(Refusal::Frame, "a message on the publish port")),
        }
    }

    fn subscribe(&mut self, topic: &[u8], on: bool) -> Result<(), Refused> {
        if topic.len() > TOPIC {
            return Err(Refused::new(Refusal::Size, format_args!("a topic of {} bytes", topic.len())));
        }
        self.show(topic);
        let mut topics = lock(&self.subscriber.topics);
        if !on {
            // One that was asked for twice is cancelled twice.
            if let Some(at) = topics.iter().position(|t| **t == *topic) {
                topics.swap_remove(at);
            }
            return Ok(());
        }
        if topics.len() >= TOPICS {
            return Err(Refused::new(Refusal::Flood, format_args!("more than {TOPICS} topics")));
        }
        topics.push(topic.into());
        Ok(())
    }

    fn settled(&self) -> bool {
        !lock(&self.subscriber.topics).is_empty()
    }
}
