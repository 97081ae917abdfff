//! The gate at the request port: limit, decode, shake hands, open, dispatch. Every frame of every
//! peer passes through [`serve`], in one task, and each way out is a [`Refusal`] with its counter.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use proto::frame::{self, Kind, MAX_HANDSHAKE_FRAME};
use proto::keys::valid_id;
use proto::message::{self, AuthState, Hello, ToMaster, ToMinion};
use proto::session::{Opener, Responder, SILENCE};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::beats::Beats;
use super::{IN_A_ROW, REQUESTS, Session, Standing};
use crate::bus::{Bus, Incoming, PeerId, Trust};
use crate::daemon::Master;
use crate::keys::{Decision, KeyState, KeysError, Offer, TokenError};
use crate::lock::lock;
use crate::refusals::Refusal;
use crate::requests;

/// A handshake must be over after so much time.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// Handshakes at the same time.
const HANDSHAKES: usize = 4096;
/// How often the table is looked over.
const SWEEP: Duration = Duration::from_secs(1);

/// A connection to the request port, as far as it has come.
enum Peer {
    Greeting { responder: Box<Responder>, since: Instant },
    Open { opener: Opener, session: Arc<Session> },
}

struct Gate {
    master: Arc<Master>,
    peers: HashMap<PeerId, Peer>,
    greeting: usize,
}

/// Serves the request port until the token is cancelled; then every minion is told.
pub async fn serve(master: Arc<Master>, mut bus: Bus, stop: CancellationToken) {
    let mut gate = Gate { master, peers: HashMap::new(), greeting: 0 };
    let mut sweep = tokio::time::interval(SWEEP);
    sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut beats = Beats::new(Instant::now());
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            incoming = bus.next() => match incoming {
                Some(Incoming::Frame(peer, frame)) => gate.frame(peer, &frame).await,
                Some(Incoming::Gone(peer)) => gate.gone(&peer, "connection closed"),
                None => break,
            },
            _ = sweep.tick() => {
                gate.sweep();
                if beats.due(Instant::now(), gate.master.publisher.seq()) {
                    gate.heartbeat();
                }
            }
        }
    }
    for session in gate.master.sessions.all() {
        // One that is gone already needs no goodbye.
        let _ = session.send(&ToMinion::Goodbye).await;
    }
    bus.close().await;
}

impl Gate {
    fn refuse(&mut self, peer: &PeerId, reason: Refusal, detail: impl std::fmt::Display) {
        self.master.refusals.count(reason, peer, detail);
        self.drop_peer(peer, "refused");
    }

    fn drop_peer(&mut self, peer: &PeerId, why: &str) {
        self.gone(peer, why);
        self.master.bus.disconnect(peer);
    }

    fn gone(&mut self, peer: &PeerId, why: &str) {
        self.ended(peer, why, false);
    }

    fn ended(&mut self, peer: &PeerId, why: &str, goodbye: bool) {
        match self.peers.remove(peer) {
            Some(Peer::Greeting { .. }) => self.greeting -= 1,
            Some(Peer::Open { session, .. }) => {
                if let Some((_, true)) = self.master.sessions.remove(peer, goodbye) {
                    tracing::info!(id = %session.id, why, "minion disconnected");
                    self.master.note_seen([&session]);
                }
            }
            None => {}
        }
    }

    async fn frame(&mut self, peer: PeerId, bytes: &[u8]) {
        let limit = match self.peers.get(&peer) {
            Some(Peer::Open { session, .. }) if session.standing() == Standing::Accepted => {
                self.master.max_message()
            }
            _ => MAX_HANDSHAKE_FRAME,
        };
        let (kind, body) = match frame::parse(bytes, limit) {
            Ok(parsed) => parsed,
            Err(error @ frame::FrameError::TooLarge { .. }) => {
                return self.refuse(&peer, Refusal::Size, error);
            }
            Err(error) => return self.refuse(&peer, Refusal::Frame, error),
        };
        match (kind, self.peers.remove(&peer)) {
            (Kind::Hello1, None) => self.hello1(peer, body).await,
            (Kind::Hello3, Some(Peer::Greeting { responder, .. })) => {
                self.greeting -= 1;
                self.hello3(peer, *responder, body);
            }
            (Kind::Sealed, Some(Peer::Open { mut opener, session })) => {
                let opened = opener.open(body);
                self.peers.insert(peer.clone(), Peer::Open { opener, session: Arc::clone(&session) });
                match opened {
                    Ok(plain) => self.message(&peer, session, &plain),
                    Err(error) => self.refuse(&peer, Refusal::Seal, error),
                }
            }
            (Kind::Sealed, None) => {
                // A session from before a restart of ours: the minion shakes hands again at once
                // instead of after a silence.
                let _ = self.master.bus.send(&peer, frame::build(Kind::NoSession, &[]), None).await;
            }
            (kind, state) => {
                if let Some(state) = state {
                    self.peers.insert(peer.clone(), state);
                }
                self.refuse(&peer, Refusal::State, format_args!("{kind:?}"));
            }
        }
    }

    async fn hello1(&mut self, peer: PeerId, body: &[u8]) {
        if self.greeting >= HANDSHAKES {
            return self.refuse(&peer, Refusal::Busy, HANDSHAKES);
        }
        match Responder::answer(&self.master.key, body) {
            Ok((responder, answer)) => {
                self.greeting += 1;
                let since = Instant::now();
                self.peers.insert(peer.clone(), Peer::Greeting { responder: Box::new(responder), since });
                if self.master.bus.send(&peer, answer, None).await.is_err() {
                    self.gone(&peer, "connection closed");
                }
            }
            Err(error) => {
                self.master.bus.blame(&peer);
                self.refuse(&peer, Refusal::Handshake, error);
            }
        }
    }

    fn hello3(&mut self, peer: PeerId, responder: Responder, body: &[u8]) {
        let (opened, hello) = match responder.read_hello3(body) {
            Ok(done) => done,
            Err(error) => {
                self.master.bus.blame(&peer);
                return self.refuse(&peer, Refusal::Handshake, error);
            }
        };
        let Hello { id, version, autosign_grains, token, ephemeral, call, .. } = hello;
        let most = self.master.config().max_minions as usize;
        let refusal = if !valid_id(&id) {
            Some((Refusal::Id, format!("{id:?} is no id for a minion")))
        } else if most > 0 && self.peers.len() >= most {
            Some((Refusal::Busy, format!("the master has {most} connections already (max_minions)")))
        } else {
            None
        };
        let session = Arc::new(Session {
            id,
            key: opened.remote,
            version,
            autosign_grains,
            token,
            ephemeral,
            call,
            peer: peer.clone(),
            bus: self.master.bus.clone(),
            standing: Mutex::new(Standing::Undecided),
            accepted: Mutex::default(),
            deciding: tokio::sync::Mutex::default(),
            subscribed: AtomicBool::new(false),
            subscription: Mutex::default(),
            heard: Mutex::new(Instant::now()),
            sealer: tokio::sync::Mutex::new(opened.sealer),
            requests: Arc::new(Semaphore::new(REQUESTS)),
            queries: Mutex::default(),
            next_query: AtomicU64::new(1),
        });
        self.master.bus.trust(&peer, Trust::Known);
        self.peers.insert(peer, Peer::Open { opener: opened.opener, session: Arc::clone(&session) });
        self.master.sessions.insert(&session);
        let master = Arc::clone(&self.master);
        if let Some((reason, text)) = refusal {
            master.refusals.count(reason, &session.id, &text);
            self.master.tasks.spawn(async move {
                // It stays connected and silent: a minion that is sent away comes back at once.
                let _ = session.send(&ToMinion::Auth(AuthState::Refused(text))).await;
            });
        } else {
            self.master.tasks.spawn(async move { decide(&master, &session).await });
        }
    }

    fn message(&mut self, peer: &PeerId, session: Arc<Session>, plain: &[u8]) {
        *lock(&session.heard) = Instant::now();
        let message = match message::decode(plain) {
            Ok(message) => message,
            Err(error) => {
                self.master.refusals.count(Refusal::Message, &session.id, &error);
                return self.drop_peer(peer, "sent something unreadable");
            }
        };
        match message {
            ToMaster::Heartbeat => {}
            ToMaster::Goodbye => {
                self.ended(peer, "minion stopped", true);
                if !session.call && session.standing() == Standing::Accepted {
                    self.master.has_left(&session.id);
                }
                // The minion waits for the end of the connection, so that its goodbye is not lost with it.
                self.master.bus.disconnect(peer);
            }
            ToMaster::Subscribed => session.subscribed.store(true, Ordering::Relaxed),
            ToMaster::JobStatus { id, running } => {
                if let Some(waiting) = lock(&session.queries).remove(&id) {
                    // Whoever asked may have given up.
                    let _ = waiting.send(running);
                }
            }
            ToMaster::Missed { from_seq } => {
                if session.standing() == Standing::Accepted {
                    let master = Arc::clone(&self.master);
                    self.master.tasks.spawn(async move { master.publisher.resend(&session, from_seq).await });
                }
            }
            ToMaster::Request { id, body } => {
                let master = Arc::clone(&self.master);
                let permit = Arc::clone(&session.requests).try_acquire_owned();
                self.master.tasks.spawn(async move {
                    let body = match permit {
                        Ok(_permit) => requests::answer(&master, &session, body).await,
                        Err(_) => {
                            master.refusals.count(Refusal::Requests, &session.id, REQUESTS);
                            message::Reply::Error("too many requests at the same time".to_string())
                        }
                    };
                    // A minion that is gone asks again in its next session.
                    let _ = session.send(&ToMinion::Reply { id, body }).await;
                });
            }
        }
    }

    fn sweep(&mut self) {
        let late: Vec<(PeerId, bool)> = self
            .peers
            .iter()
            .filter_map(|(peer, state)| match state {
                Peer::Greeting { since, .. } => {
                    (since.elapsed() > HANDSHAKE_TIME).then(|| (peer.clone(), true))
                }
                Peer::Open { session, .. } => (session.silence() > SILENCE).then(|| (peer.clone(), false)),
            })
            .collect();
        for (peer, greeting) in late {
            if greeting {
                self.refuse(&peer, Refusal::HandshakeTime, "");
            } else {
                self.drop_peer(&peer, "silent");
            }
        }
        self.master.sweep();
    }

    fn heartbeat(&self) {
        let master = Arc::clone(&self.master);
        self.master.tasks.spawn(async move {
            for row in master.sessions.all().chunks(IN_A_ROW) {
                let beat = ToMinion::Heartbeat { seq: master.publisher.seq(), time: master.clock() };
                match message::encode(&beat) {
                    Ok(beat) => row.iter().for_each(|session| session.beat(&beat)),
                    Err(error) => tracing::error!(%error, "a heartbeat cannot be written"),
                }
                tokio::task::yield_now().await;
            }
        });
    }
}

/// Looks the minion's key up and acts on what it finds.
pub(crate) async fn decide(master: &Arc<Master>, session: &Arc<Session>) {
    let _one = session.deciding.lock().await;
    let looked_up = {
        let (master, session) = (Arc::clone(master), Arc::clone(session));
        tokio::task::spawn_blocking(move || {
            let wrote = |looked: &Result<Decision, _>| looked.as_ref().is_ok_and(|d| d.decided);
            master.key_dirs.own_change(|| look_up(&master, &session), wrote)
        })
        .await
    };
    match looked_up {
        Ok(Ok(decision)) if decision.full => {
            refuse_token(master, session, decision.token);
            let most = master.config().max_pending_keys;
            let text = format!("{most} keys wait to be accepted already (max_pending_keys)");
            master.refusals.count(
                Refusal::PendingKeys,
                &session.peer,
                format_args!("{}: {text}", session.id),
            );
            // It may wait for one of them to go; a minion that is sent away comes back at once.
            let _ = session.send(&ToMinion::Auth(AuthState::Refused(text))).await;
        }
        // Another look has come to the same and has told the minion.
        Ok(Ok(decision)) if standing(decision.state) == session.standing() => {}
        Ok(Ok(decision)) => {
            refuse_token(master, session, decision.token);
            settle(master, session, decision.state).await;
        }
        Ok(Err(error)) => {
            tracing::error!(id = %session.id, %error, "the minion's key cannot be looked up");
            let _ = session
                .send(&ToMinion::Auth(AuthState::Refused("the master cannot read its keys".into())))
                .await;
        }
        Err(error) => tracing::error!(id = %session.id, %error, "the key look-up failed"),
    }
}

/// A token that did not let its minion in is a failure of its address.
fn refuse_token(master: &Master, session: &Session, why: Option<TokenError>) {
    if let Some(why) = why {
        master.refusals.count(Refusal::Token, &session.peer, format_args!("{}: {why}", session.id));
        master.bus.blame(&session.peer);
    }
}

/// Blocks.
fn look_up(master: &Master, session: &Session) -> Result<Decision, KeysError> {
    let offer = Offer {
        grains: session.autosign_grains.as_dict(),
        token: &session.token.0,
        ephemeral: session.ephemeral,
        taken: master.sessions.get(&session.id).is_some_and(|live| live.key != session.key),
    };
    master.keys().check(&session.id, &session.key, offer)
}

/// Looks all connected minions' keys up again after a change of the key files, and tells those whose
/// standing it changes. The group key is changed when one of them has lost access; whether it was comes back.
pub(crate) async fn recheck(master: &Arc<Master>) -> bool {
    let sessions = master.sessions.all();
    let states = {
        let (master, sessions) = (Arc::clone(master), sessions.clone());
        tokio::task::spawn_blocking(move || {
            let state = |s: &Arc<Session>| {
                if !valid_id(&s.id) {
                    return None;
                }
                look_up(&master, s).ok().filter(|decision| !decision.full).map(|decision| decision.state)
            };
            sessions.iter().map(state).collect::<Vec<_>>()
        })
        .await
        .unwrap_or_default()
    };
    let mut lost = false;
    for (session, state) in sessions.iter().zip(states) {
        let Some(state) = state else { continue };
        if session.standing() == standing(state) {
            continue;
        }
        let had_access = session.standing() == Standing::Accepted;
        // Another decision about it may be under way: this one looks again when that is settled.
        decide(master, session).await;
        lost |= had_access && session.standing() != Standing::Accepted;
    }
    if lost {
        master.publisher.rotate(&master.sessions).await;
    }
    lost
}

fn standing(state: KeyState) -> Standing {
    match state {
        KeyState::Accepted => Standing::Accepted,
        KeyState::Pending => Standing::Pending,
        KeyState::Rejected | KeyState::Denied => Standing::Refused,
    }
}

async fn settle(master: &Arc<Master>, session: &Arc<Session>, state: KeyState) {
    let (_, replaced) = master.sessions.set_standing(session, standing(state));
    if let Some(old) = replaced {
        tracing::info!(id = %session.id, "a newer session of this minion replaces the older");
        master.bus.disconnect(&old.peer);
    }
    master.key_settled(session, state);
    if state != KeyState::Accepted {
        master.bus.trust(&session.peer, Trust::Known);
        lock(&session.subscription).take();
    }
    let auth = match state {
        KeyState::Accepted => {
            if !session.call {
                tracing::info!(id = %session.id, version = %session.version, "minion connected");
                master.note_seen([session]);
            }
            master.bus.trust(&session.peer, Trust::Full);
            AuthState::Accepted(Box::new(master.publisher.welcome(master, session.topic()).await))
        }
        KeyState::Pending => AuthState::Pending,
        KeyState::Rejected => {
            master.refusals.count(Refusal::Rejected, &session.id, "");
            AuthState::Rejected
        }
        KeyState::Denied => {
            master.refusals.count(Refusal::Denied, &session.id, session.key.fingerprint());
            master.bus.blame(&session.peer);
            AuthState::Denied
        }
    };
    let accepted = matches!(auth, AuthState::Accepted(_));
    // A session that ends meanwhile has nothing to be told.
    if session.send(&ToMinion::Auth(auth)).await.is_ok() && accepted && !session.call {
        master.publisher.catch_up(master, session).await;
    }
}
