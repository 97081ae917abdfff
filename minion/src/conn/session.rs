//! One session with the master, from the handshake to its end: the gate for publishes, requests of
//! modules, returns of jobs, signs of life. One task, one loop; what must survive a session is in
//! [`Shared`].

use std::collections::HashMap;
use std::time::{Duration, Instant};

use proto::config::MasterAddress;
use proto::frame::{self, Kind, MAX_HANDSHAKE_FRAME, MAX_SESSION_FRAME};
use proto::group::{Envelope, Group, GroupError};
use proto::keys::StaticKey;
use proto::message::auth::Welcome;
use proto::message::{self, AuthState, Event, Hello, Published, Reply, Request, Return, ToMaster, ToMinion};
use proto::session::{HEARTBEAT, Initiator, Opener, SILENCE, Sealer, sealed_size};
use tokio_util::sync::CancellationToken;

use super::dial::{Arrived, Link, LinkError};
use super::pin::{Pin, PinError};
use super::remote::Ask;
use super::{Refusal, Shared, Told};
use crate::job::{Done, Taken, Way};

/// How long the handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long the end of a connection may take.
const GOODBYE: Duration = Duration::from_millis(500);
/// How often the session looks at what has waited for too long, and whether a sign of life is due.
const TICK: Duration = Duration::from_secs(10);
/// Returns that are sent and not acknowledged yet.
const RETURNS: usize = 8;
/// A return that the master could not store is sent again after so much time.
const AGAIN: Duration = Duration::from_secs(2);
/// Requests of modules that the master has not answered yet; further ones wait.
const REQUESTS: usize = 16;

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum End {
    /// The minion stops.
    #[error("stopped")]
    Stopped,
    /// The connection.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The master is not the one that the minion knows.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// The handshake.
    #[error(transparent)]
    Handshake(#[from] proto::session::HandshakeError),
    /// The master did not go on with the handshake.
    #[error("the master does not shake hands")]
    NoHandshake,
    /// Nothing was heard for too long.
    #[error("the master is silent")]
    Silent,
    /// The master has stopped or forgotten the session.
    #[error("the master has ended the session")]
    Ended,
    /// The master's messages cannot be read.
    #[error("the master sends something unreadable: {0}")]
    Unreadable(String),
}

/// A session that is open.
pub(super) struct Session<'a> {
    shared: &'a mut Shared,
    address: MasterAddress,
    link: Link,
    sealer: Sealer,
    opener: Opener,
    welcome: Option<Accepted>,
    /// Requests that are under way, by number.
    asked: HashMap<u64, Ask>,
    own: HashMap<u64, Own>,
    next: u64,
    heard: Instant,
    sent: Instant,
}

/// A request of the connection's own.
enum Own {
    Grains,
    Started,
    Return(String),
}

/// What an accepted minion has.
struct Accepted {
    group: Group,
    verify_key: Vec<u8>,
    /// The last sequence number without a gap before it.
    seq: u64,
    /// A publish has arrived over the publish port.
    subscribed: bool,
    /// A publish of a newer epoch has arrived before its key.
    epoch_ahead: bool,
    /// The sequence number that a heartbeat told, and that has not arrived since.
    told: Option<u64>,
    /// The master's clock at a moment of ours.
    clock: (f64, Instant),
    /// Bytes that a message may have.
    max_message: usize,
}

impl Accepted {
    fn now(&self) -> f64 {
        self.clock.0 + self.clock.1.elapsed().as_secs_f64()
    }
}

/// Dials, shakes hands and serves the session. Returns why it ended.
pub(super) async fn run(shared: &mut Shared, at: usize, pin: &Pin, stop: &CancellationToken) -> End {
    let Some(address) = shared.masters.get(at).cloned() else { return End::NoHandshake };
    let opened = tokio::select! {
        () = stop.cancelled() => return End::Stopped,
        opened = open(&shared.key, shared.hello(), &address, pin) => opened,
    };
    let (link, session) = match opened {
        Ok(opened) => opened,
        Err(end) => return end,
    };
    let mut session = Session {
        shared,
        address,
        link,
        sealer: session.sealer,
        opener: session.opener,
        welcome: None,
        asked: HashMap::new(),
        own: HashMap::new(),
        next: 1,
        heard: Instant::now(),
        sent: Instant::now(),
    };
    let end = match session.serve(stop).await {
        Ok(end) | Err(end) => end,
    };
    if matches!(end, End::Stopped) {
        session.goodbye().await;
    }
    session.keep_requests();
    end
}

pub(super) async fn open(
    key: &StaticKey,
    hello: Hello,
    address: &MasterAddress,
    pin: &Pin,
) -> Result<(Link, proto::session::Session), End> {
    let mut link = Link::dial(address).await?;
    let (initiator, first) = Initiator::start(key)?;
    let shake = async {
        link.send(first).await?;
        let second = loop {
            // Publishes are not for us yet.
            if let Arrived::Frame(frame) = link.next().await? {
                break frame;
            }
        };
        let (Kind::Hello2, body) =
            frame::parse(&second, MAX_HANDSHAKE_FRAME).map_err(|_| End::NoHandshake)?
        else {
            return Err(End::NoHandshake);
        };
        let (introduce, master) = initiator.read_hello2(body)?;
        // Before the master learns who we are.
        pin.check(&master)?;
        let (session, third) = introduce.finish(&hello)?;
        link.send(third).await?;
        Ok(session)
    };
    let session = tokio::time::timeout(HANDSHAKE, shake).await.map_err(|_| End::NoHandshake)??;
    Ok((link, session))
}

impl Session<'_> {
    async fn serve(&mut self, stop: &CancellationToken) -> Result<End, End> {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        tick.tick().await;
        loop {
            let pause = self.shared.pause_returns.filter(|_| self.welcome.is_some());
            let may_ask = self.welcome.is_some() && self.asked.len() < REQUESTS;
            tokio::select! {
                () = stop.cancelled() => return Ok(End::Stopped),
                arrived = self.link.next() => match arrived? {
                    Arrived::Frame(frame) => self.frame(&frame).await?,
                    Arrived::Publish(frame) => self.publish(&frame).await?,
                },
                Some(done) = self.shared.done.recv() => {
                    let Done::Returned(ret) = done;
                    // What the job changed first: who waits for it may go on to target the new grains.
                    let told = self.refresh_grains().await;
                    self.deliver(*ret).await?;
                    told?;
                }
                Some(ask) = self.shared.asks.recv(), if may_ask => self.ask(ask).await?,
                () = until(pause), if pause.is_some() => self.deliver_waiting().await?,
                _ = tick.tick() => {
                    if self.heard.elapsed() > SILENCE {
                        return Err(End::Silent);
                    }
                    // Whatever was sent is a sign of life, too.
                    if self.sent.elapsed() + TICK / 2 > HEARTBEAT {
                        self.send(&ToMaster::Heartbeat).await?;
                    }
                    self.expire_requests();
                    self.deliver_waiting().await?;
                }
            }
        }
    }

    /// Waits for the master to end the connection: what is queued for it would go down with the sockets.
    async fn goodbye(&mut self) {
        let ended = async {
            // A master that is gone needs no goodbye.
            if self.send(&ToMaster::Goodbye).await.is_ok() {
                while self.link.next().await.is_ok() {}
            }
        };
        let _ = tokio::time::timeout(GOODBYE, ended).await;
    }

    async fn send(&mut self, message: &ToMaster) -> Result<(), End> {
        let bytes = message::encode(message).map_err(|e| End::Unreadable(e.to_string()))?;
        let frame = self.sealer.seal(&bytes).map_err(|e| End::Unreadable(e.to_string()))?;
        self.sent = Instant::now();
        Ok(self.link.send(frame).await?)
    }

    /// Sends a request; its number, or why the master would not take it: it would end the session, and the
    /// next one as well.
    async fn request(&mut self, body: Request) -> Result<Result<u64, String>, End> {
        let id = self.next;
        let bytes = message::encode(&ToMaster::Request { id, body });
        let bytes = bytes.map_err(|e| End::Unreadable(e.to_string()))?;
        let most = self.welcome.as_ref().map_or(MAX_SESSION_FRAME, |accepted| accepted.max_message);
        if sealed_size(bytes.len()) > most {
            let size = bytes.len();
            return Ok(Err(format!(
                "{size} bytes are more than the master takes: {most} (max_message_size)"
            )));
        }
        self.next += 1;
        let frame = self.sealer.seal(&bytes).map_err(|e| End::Unreadable(e.to_string()))?;
        self.link.send(frame).await?;
        Ok(Ok(id))
    }

    async fn frame(&mut self, bytes: &[u8]) -> Result<(), End> {
        let (kind, body) =
            frame::parse(bytes, MAX_SESSION_FRAME).map_err(|e| End::Unreadable(e.to_string()))?;
        match kind {
            Kind::Sealed => {}
            // Anybody could say so, but whoever can put frames into our connection can end it as well.
            Kind::NoSession => return Err(End::Ended),
            other => return Err(End::Unreadable(format!("{other:?} in a session"))),
        }
        let plain = self.opener.open(body).map_err(|e| End::Unreadable(e.to_string()))?;
        self.heard = Instant::now();
        match message::decode(&plain).map_err(|e| End::Unreadable(e.to_string()))? {
            ToMinion::Auth(state) => self.auth(state).await,
            ToMinion::GroupKey(key) => {
                if let Some(accepted) = &mut self.welcome
                    && key.epoch > accepted.group.epoch()
                {
                    accepted.group = Group::new(key).map_err(|e| End::Unreadable(e.to_string()))?;
                    if std::mem::take(&mut accepted.epoch_ahead) {
                        let from_seq = accepted.seq;
                        self.send(&ToMaster::Missed { from_seq }).await?;
                    }
                }
                Ok(())
            }
            ToMinion::Job(published) => {
                if let Some(accepted) = &mut self.welcome {
                    if !accepted.subscribed {
                        accepted.seq = accepted.seq.max(published.seq);
                    }
                    let way = if published.late { Way::Late } else { Way::Session };
                    self.take(published, way);
                }
                Ok(())
            }
            ToMinion::Reply { id, body } => self.reply(id, body).await,
            ToMinion::JobQuery { id, jids } => {
                let running = self.shared.jobs.still_here(&jids);
                self.send(&ToMaster::JobStatus { id, running }).await
            }
            ToMinion::Heartbeat { seq, time } => self.heartbeat(seq, time).await,
            ToMinion::Goodbye => Err(End::Ended),
        }
    }

    async fn auth(&mut self, state: AuthState) -> Result<(), End> {
        match state {
            AuthState::Accepted(welcome) => return self.accepted(*welcome).await,
            AuthState::Pending => self.shared.tell(&Told::Pending),
            AuthState::Rejected => self.shared.tell(&Told::Rejected),
            AuthState::Denied => self.shared.tell(&Told::Denied),
            AuthState::Refused(why) => self.shared.tell(&Told::Refused(why)),
        }
        self.welcome = None;
        Ok(())
    }

    async fn accepted(&mut self, welcome: Welcome) -> Result<(), End> {
        let Welcome { group, verify_key, seq, time, subscription, max_message, .. } = welcome;
        self.link.subscribe(&self.address, &subscription).await?;
        // A newer key may have overtaken its welcome.
        let newer = self.welcome.take().map(|a| a.group).filter(|g| g.epoch() > group.epoch);
        let group = match newer {
            Some(group) => group,
            None => Group::new(group).map_err(|e| End::Unreadable(e.to_string()))?,
        };
        self.welcome = Some(Accepted {
            group,
            verify_key,
            seq,
            subscribed: false,
            epoch_ahead: false,
            told: None,
            clock: (time, Instant::now()),
            max_message: match usize::try_from(max_message) {
                // A master that does not say so.
                Ok(0) => MAX_SESSION_FRAME,
                most => most.unwrap_or(usize::MAX),
            },
        });
        self.shared.tell(&Told::Accepted);
        self.shared.backoff.reset();
        self.refresh_grains_anew().await?;
        if !std::mem::replace(&mut self.shared.announced, true) {
            self.announce().await?;
        }
        for ask in std::mem::take(&mut self.shared.unanswered) {
            self.ask(ask).await?;
        }
        self.own.retain(|_, own| !matches!(own, Own::Return(_)));
        self.deliver_waiting().await
    }

    /// `salt/minion/<id>/start`, once in each run.
    async fn announce(&mut self) -> Result<(), End> {
        let id = self.shared.id.as_str();
        let data = data::Dict::new()
            .with("id", id)
            .with("cmd", "_minion_event")
            .with("data", format!("Minion {id} started"))
            .with("pretag", data::Value::None);
        let event = Event { tag: proto::tag::minion_start(id), data: data.into() };
        if let Ok(number) = self.request(Request::Event(event)).await? {
            self.own.insert(number, Own::Started);
        }
        Ok(())
    }

    /// Sends the grains when the master does not have them as they are.
    async fn refresh_grains(&mut self) -> Result<(), End> {
        let grains = self.shared.runner.grains();
        if self.shared.sent_grains.as_ref().is_some_and(|sent| sent.identical(&grains)) {
            return Ok(());
        }
        self.refresh_grains_anew().await
    }

    async fn refresh_grains_anew(&mut self) -> Result<(), End> {
        if self.welcome.is_none() {
            return Ok(());
        }
        let grains = self.shared.runner.grains();
        match self.request(Request::Grains(grains.clone())).await? {
            Ok(number) => drop(self.own.insert(number, Own::Grains)),
            Err(why) => tracing::error!(why, "the grains are not sent"),
        }
        self.shared.sent_grains = Some(grains);
        Ok(())
    }

    async fn heartbeat(&mut self, seq: u64, time: f64) -> Result<(), End> {
        let Some(accepted) = &mut self.welcome else { return Ok(()) };
        accepted.clock = (time, Instant::now());
        if !accepted.subscribed || seq <= accepted.seq {
            accepted.told = None;
            return Ok(());
        }
        // The heartbeat may have overtaken the publish; the next one cannot.
        if accepted.told.replace(seq).is_some_and(|told| told > accepted.seq) {
            let from_seq = accepted.seq;
            accepted.seq = seq;
            self.shared.refused(Refusal::Gap, "a publish was dropped");
            self.send(&ToMaster::Missed { from_seq }).await?;
        }
        Ok(())
    }

    /// The gate for publishes: limit, take apart, signed?, open, decode; then the gate for jobs.
    async fn publish(&mut self, bytes: &[u8]) -> Result<(), End> {
        // Not accepted: nothing of this can be read.
        let Some(accepted) = &mut self.welcome else { return Ok(()) };
        if let Err(error) = frame::parse(bytes, MAX_SESSION_FRAME) {
            self.shared.refused(Refusal::Frame, error);
            return Ok(());
        }
        let signed = Envelope::parse(bytes).and_then(|e| e.verify(&accepted.verify_key).map(|()| e));
        let envelope = match signed {
            Ok(envelope) => envelope,
            Err(error) => {
                self.shared.refused(Refusal::Signature, error);
                return Ok(());
            }
        };
        let opened = envelope.open(&accepted.group);
        let plain = match opened {
            Ok(plain) => plain,
            Err(error @ GroupError::Epoch { got, have }) => {
                accepted.epoch_ahead |= got > have;
                self.shared.refused(Refusal::Epoch, error);
                return Ok(());
            }
            Err(error) => {
                self.shared.refused(Refusal::Seal, error);
                return Ok(());
            }
        };
        let published: Published = match message::decode(&plain) {
            Ok(published) => published,
            Err(error) => {
                self.shared.refused(Refusal::Message, error);
                return Ok(());
            }
        };
        let (before, first) = (accepted.seq, !std::mem::replace(&mut accepted.subscribed, true));
        accepted.seq = accepted.seq.max(envelope.seq);
        if first {
            // Until here jobs came down the session as well: there is no gap to look for.
            self.send(&ToMaster::Subscribed).await?;
        } else if envelope.seq > before + 1 {
            self.shared.refused(Refusal::Gap, "a publish was dropped");
            self.send(&ToMaster::Missed { from_seq: before }).await?;
        }
        self.take(published, Way::Publish);
        Ok(())
    }

    fn take(&mut self, published: Published, way: Way) {
        let now = self.welcome.as_ref().map_or(0.0, Accepted::now);
        let jid = published.job.jid.clone();
        match self.shared.jobs.take(published.job, now, way) {
            Taken::Started | Taken::Refused | Taken::Seen | Taken::NotForMe | Taken::Stopping => {}
            Taken::Lost => self.shared.refused(Refusal::Lost, format_args!("job {jid}")),
            Taken::Expired => self.shared.refused(Refusal::Expired, format_args!("job {jid}")),
            Taken::BadTarget => self.shared.refused(Refusal::Target, format_args!("job {jid}")),
        }
    }

    async fn ask(&mut self, ask: Ask) -> Result<(), End> {
        // Whoever asked may have been ended.
        if ask.answer.is_closed() || ask.until <= Instant::now() {
            return Ok(());
        }
        let id = self.next;
        let body = ask.body.clone();
        // In the table first: a session that ends here leaves it for the next one.
        self.asked.insert(id, ask);
        match self.request(body).await? {
            Ok(_) => Ok(()),
            Err(why) => self.reply(id, Reply::Refused(why)).await,
        }
    }

    async fn reply(&mut self, id: u64, body: Reply) -> Result<(), End> {
        if let Some(ask) = self.asked.remove(&id) {
            // A job that was ended does not wait for it any more.
            let _ = ask.answer.send(body);
            return Ok(());
        }
        match (self.own.remove(&id), body) {
            (Some(Own::Return(jid)), Reply::Done) => {
                self.shared.jobs.spool().delivered(&jid);
                self.deliver_waiting().await
            }
            (Some(Own::Return(jid)), Reply::Refused(why)) => {
                tracing::error!(jid, why, "the master does not take this return");
                self.shared.jobs.spool().delivered(&jid);
                self.deliver_waiting().await
            }
            (Some(Own::Return(jid)), Reply::Error(why)) => {
                tracing::warn!(jid, why, "the master cannot store this return now, it is sent again");
                self.shared.pause_returns = Some(Instant::now() + AGAIN);
                Ok(())
            }
            (Some(Own::Grains), Reply::Error(why) | Reply::Refused(why)) => {
                tracing::warn!(why, "the master does not take the grains");
                self.shared.sent_grains = None;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A job has just returned.
    async fn deliver(&mut self, ret: Return) -> Result<(), End> {
        if self.welcome.is_none() || self.returns_under_way() >= RETURNS || self.paused() {
            return Ok(());
        }
        // It may have gone out with those that waited.
        if self.is_under_way(&ret.jid) {
            return Ok(());
        }
        self.send_return(ret).await
    }

    /// Sends what waits in the spool, as far as it is not under way.
    async fn deliver_waiting(&mut self) -> Result<(), End> {
        if self.welcome.is_none() || self.paused() {
            return Ok(());
        }
        if self.shared.jobs.spool().is_empty() {
            return Ok(());
        }
        for jid in self.shared.jobs.spool().waiting() {
            if self.returns_under_way() >= RETURNS {
                return Ok(());
            }
            if self.is_under_way(&jid) {
                continue;
            }
            match self.shared.jobs.spool().get(&jid) {
                Some(ret) => self.send_return(ret).await?,
                None => self.shared.jobs.spool().delivered(&jid),
            }
        }
        Ok(())
    }

    async fn send_return(&mut self, ret: Return) -> Result<(), End> {
        let jid = ret.jid.clone();
        // What is told in its place when it is too large.
        let mut instead = Return {
            jid: jid.clone(),
            id: ret.id.clone(),
            fun: ret.fun.clone(),
            fun_args: ret.fun_args.clone(),
            ret: data::Value::None,
            retcode: 1,
            success: false,
            out: None,
        };
        let sent = match self.request(Request::Return(Box::new(ret))).await? {
            Ok(number) => Ok(number),
            Err(why) => {
                tracing::error!(jid, why, "this return is not sent");
                instead.ret = format!("ERROR: the return is not sent: {why}").into();
                self.request(Request::Return(Box::new(instead))).await?
            }
        };
        match sent {
            Ok(number) => drop(self.own.insert(number, Own::Return(jid))),
            // Arguments alone that are more than the master takes cannot have come from it.
            Err(_) => self.shared.jobs.spool().delivered(&jid),
        }
        Ok(())
    }

    fn is_under_way(&self, jid: &str) -> bool {
        self.own.values().any(|own| matches!(own, Own::Return(j) if j == jid))
    }

    fn returns_under_way(&self) -> usize {
        self.own.values().filter(|own| matches!(own, Own::Return(_))).count()
    }

    fn paused(&mut self) -> bool {
        match self.shared.pause_returns {
            Some(until) if until > Instant::now() => true,
            _ => {
                self.shared.pause_returns = None;
                false
            }
        }
    }

    fn expire_requests(&mut self) {
        let now = Instant::now();
        self.asked.retain(|_, ask| ask.until > now);
        self.shared.unanswered.retain(|ask| ask.until > now);
    }

    /// The next session asks again: every request may be repeated.
    fn keep_requests(&mut self) {
        let mut asked: Vec<(u64, Ask)> = std::mem::take(&mut self.asked).into_iter().collect();
        asked.sort_by_key(|(number, _)| *number);
        self.shared.unanswered.extend(asked.into_iter().map(|(_, ask)| ask));
        self.shared.sent_grains = None;
    }
}

/// Waits until then.
async fn until(time: Option<Instant>) {
    if let Some(time) = time {
        tokio::time::sleep_until(time.into()).await;
    }
}
