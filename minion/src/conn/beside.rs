//! A session beside the minion's, for one function that `rsalt-call` runs: it asks for files and pillar
//! with the minion's key, takes no jobs, and ends with the function.

use std::collections::HashMap;
use std::time::Duration;

use proto::config::{MasterAddress, MinionConfig};
use proto::frame::{self, Kind, MAX_SESSION_FRAME};
use proto::keys::{KeyFileError, StaticKey};
use proto::message::{self, AuthState, Hello, Reply, ToMaster, ToMinion};
use proto::session::{Opener, Sealer};
use tokio::sync::{mpsc, oneshot};

use super::dial::{Arrived, Link};
use super::pin::{Pin, PinError};
use super::remote::Ask;
use super::session::{self, End};
use super::{Asker, asker};

/// How long the master may take to look the key up.
const DECISION: Duration = Duration::from_secs(10);
/// How often this side gives a sign of life.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum BesideError {
    /// The minion's key.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The master is not the one that the minion knows.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// Nobody to ask.
    #[error("no master is configured: name one in the config (master: …), or use --local")]
    NoMaster,
    /// No master could be reached.
    #[error("no master answers: {0}. Start it, or use --local")]
    Away(String),
    /// The master does not let this minion in.
    #[error("{0}")]
    NotLetIn(String),
    /// The thread.
    #[error("cannot start: {0}")]
    Thread(std::io::Error),
}

/// The session. It lasts as long as this value.
#[derive(Debug)]
pub struct Beside {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Beside {
    /// Dials the masters in turn until one has accepted this minion's key. Blocks; not for async code.
    pub fn open(config: &MinionConfig) -> Result<(Self, Asker), BesideError> {
        let key = StaticKey::load_or_generate(&config.pki_dir, "minion")?;
        let (asker, asks) = asker(config);
        let hello = Hello {
            id: config.id.clone(),
            version: crate::VERSION.to_string(),
            autosign_grains: data::Value::None,
            run: 0,
            token: config.token.clone(),
            ephemeral: config.ephemeral,
            call: true,
        };
        let masters: Vec<(MasterAddress, Pin)> = (config.masters().into_iter().enumerate())
            .map(|(i, address)| {
                let further = (i > 0).then_some(address.host.as_str());
                let pin = Pin::new(&config.pki_dir, further, config.master_finger.as_deref());
                (address, pin)
            })
            .collect();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(BesideError::Thread)?;
        let (tell, opened) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let work = async move {
            match first(&key, &hello, &masters).await {
                Ok(session) => {
                    // The other end waits for it.
                    let _ = tell.send(Ok(()));
                    session.serve(asks.0, stopped).await;
                }
                Err(error) => {
                    let _ = tell.send(Err(error));
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("session".into())
            .spawn(move || runtime.block_on(work))
            .map_err(BesideError::Thread)?;
        let beside = Beside { stop: Some(stop), thread: Some(thread) };
        match opened.recv() {
            Ok(Ok(())) => Ok((beside, asker)),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(BesideError::Away("the connection broke down".to_string())),
        }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // A session that has ended needs no word.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The first master that lets us in; else what the last one said.
async fn first(
    key: &StaticKey,
    hello: &Hello,
    masters: &[(MasterAddress, Pin)],
) -> Result<Session, BesideError> {
    let mut failure = BesideError::NoMaster;
    for (address, pin) in masters {
        match session::open(key, hello.clone(), address, pin).await {
            Ok((link, opened)) => {
                let mut session = Session { link, sealer: opened.sealer, opener: opened.opener };
                match session.accepted(key, &hello.id).await {
                    Ok(()) => return Ok(session),
                    Err(error) => failure = error,
                }
            }
            Err(End::Pin(error)) => failure = error.into(),
            Err(end) => failure = BesideError::Away(end.to_string()),
        }
    }
    Err(failure)
}

struct Session {
    link: Link,
    sealer: Sealer,
    opener: Opener,
}

impl Session {
    /// Waits for the master's word about the key.
    async fn accepted(&mut self, key: &StaticKey, id: &str) -> Result<(), BesideError> {
        let wait = async {
            loop {
                if let ToMinion::Auth(state) = self.next().await? {
                    return Ok::<_, End>(state);
                }
            }
        };
        let state = match tokio::time::timeout(DECISION, wait).await {
            Ok(Ok(state)) => state,
            Ok(Err(end)) => return Err(BesideError::Away(end.to_string())),
            Err(_) => return Err(BesideError::Away("it does not say whether it knows this minion".into())),
        };
        let fingerprint = key.public().fingerprint();
        Err(BesideError::NotLetIn(match state {
            AuthState::Accepted(_) => return Ok(()),
            AuthState::Pending => format!(
                "the master has not accepted this minion's key yet: rsalt-key -a {id} on the master \
                 (fingerprint {fingerprint}), or --local here"
            ),
            AuthState::Rejected => {
                format!(
                    "the master has rejected this minion's key; to let it in: rsalt-key -d {id} on the master"
                )
            }
            AuthState::Denied => format!(
                "denied: the master knows another key for the id {id} (this one's fingerprint is {fingerprint})"
            ),
            AuthState::Refused(why) => format!("the master refuses this minion: {why}"),
        }))
    }

    /// Sends what modules ask, and gives them the answers.
    async fn serve(mut self, mut asks: mpsc::Receiver<Ask>, mut stopped: oneshot::Receiver<()>) {
        let mut waiting: HashMap<u64, Ask> = HashMap::new();
        let mut number = 0;
        let mut tick = tokio::time::interval(HEARTBEAT);
        loop {
            let sent = tokio::select! {
                _ = &mut stopped => {
                    let _ = self.send(&ToMaster::Goodbye).await;
                    return;
                }
                message = self.next() => match message {
                    Ok(ToMinion::Reply { id, body }) => {
                        answer(waiting.remove(&id), body);
                        Ok(())
                    }
                    Ok(ToMinion::Auth(AuthState::Accepted(_))) => Ok(()),
                    Ok(ToMinion::Auth(_) | ToMinion::Goodbye) => Err(End::Ended),
                    Ok(_) => Ok(()),
                    Err(end) => Err(end),
                },
                Some(ask) = asks.recv() => {
                    number += 1;
                    let request = ToMaster::Request { id: number, body: ask.body.clone() };
                    waiting.insert(number, ask);
                    self.send(&request).await
                }
                _ = tick.tick() => {
                    let now = std::time::Instant::now();
                    waiting.retain(|_, ask| ask.until > now);
                    self.send(&ToMaster::Heartbeat).await
                }
            };
            if let Err(end) = sent {
                // Whoever waits is told at once: there is no next session.
                for (_, ask) in waiting.drain() {
                    answer(Some(ask), Reply::Error(end.to_string()));
                }
                return;
            }
        }
    }

    async fn next(&mut self) -> Result<ToMinion, End> {
        loop {
            // Publishes are the minion's.
            let Arrived::Frame(bytes) = self.link.next().await? else { continue };
            let unreadable = |e: &dyn std::fmt::Display| End::Unreadable(e.to_string());
            let (Kind::Sealed, body) = frame::parse(&bytes, MAX_SESSION_FRAME).map_err(|e| unreadable(&e))?
            else {
                return Err(End::Ended);
            };
            let plain = self.opener.open(body).map_err(|e| unreadable(&e))?;
            return message::decode(&plain).map_err(|e| unreadable(&e));
        }
    }

    async fn send(&mut self, message: &ToMaster) -> Result<(), End> {
        let bytes = message::encode(message).map_err(|e| End::Unreadable(e.to_string()))?;
        let frame = self.sealer.seal(&bytes).map_err(|e| End::Unreadable(e.to_string()))?;
        Ok(self.link.send(frame).await?)
    }
}

fn answer(ask: Option<Ask>, reply: Reply) {
    if let Some(ask) = ask {
        // The module may have given up.
        let _ = ask.answer.send(reply);
    }
}
