//! What the connections of both ports have in common: greeting, READY, limits, reading, writing.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use proto::zmtp::{self, Command, Decoder, Piece, SocketType};
use tokio::io::Interest;
use tokio::sync::{AcquireError, OwnedSemaphorePermit};
use tokio::time::Sleep;

use super::link::{Item, Link};
use super::{CLOSING, Refused, Shared, Trust};
use crate::refusals::Refusal;

/// Frames from here on are large: all peers together share their room.
pub(super) const LARGE: usize = 256 * 1024;

/// A peer must have shown what it wants after so much time.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// A large frame must arrive at this rate at least, in bytes a second, after a first grace.
const LARGE_RATE: usize = 64 * 1024;
const LARGE_GRACE: Duration = Duration::from_secs(30);
/// Frames that a peer has before it is known: the handshakes of ZMTP and of the session, and a few.
const STRANGERS_FRAMES: u32 = 8;
/// Frames that a peer without full trust has in one go, and gets back each second.
const BURST: u32 = 64;
const RATE: u32 = 8;
/// Bytes that are read in one go.
const READ: usize = 64 * 1024;

thread_local! {
    /// Of the thread, not of the connection: an idle connection has no buffer.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

/// What one of the two ports does with its peers.
pub(super) trait Role: Send {
    /// The kind of socket that this side is.
    const KIND: SocketType;
    /// The peer has shaken hands as this kind. False when the two do not go together.
    fn meet(&mut self, link: &Link, peer: SocketType) -> bool;
    /// A part of a message.
    fn part(&mut self, more: bool, body: Vec<u8>) -> impl Future<Output = Result<(), Refused>> + Send;
    /// A subscription, or its end.
    fn subscribe(&mut self, topic: &[u8], on: bool) -> Result<(), Refused>;
    /// Whether the peer has shown what it wants, besides being trusted.
    fn settled(&self) -> bool;
}

/// How far the peer has come.
#[derive(PartialEq, Eq)]
enum Stage {
    Greeting,
    Ready,
    Open,
}

/// A connection and its role.
pub(super) struct Connection<R> {
    shared: Arc<Shared>,
    link: Arc<Link>,
    role: R,
    decoder: Decoder,
    stage: Stage,
    allowance: Allowance,
    /// Ends a peer that has shown nothing; gone when it has.
    deadline: Option<Pin<Box<Sleep>>>,
    /// Room for the large frame under way, and when it must be there.
    large: Option<(OwnedSemaphorePermit, Instant)>,
}

/// A wait for room for a large frame.
type WaitForRoom = Pin<Box<dyn Future<Output = Result<OwnedSemaphorePermit, AcquireError>> + Send>>;

impl<R: Role> Connection<R> {
    pub(super) fn new(shared: Arc<Shared>, link: Arc<Link>, role: R) -> Self {
        Connection {
            shared,
            link,
            role,
            decoder: Decoder::default(),
            stage: Stage::Greeting,
            allowance: Allowance { frames: STRANGERS_FRAMES, known: false, at: Instant::now() },
            deadline: Some(Box::pin(tokio::time::sleep(HANDSHAKE_TIME))),
            large: None,
        }
    }

    pub(super) fn link(&self) -> Arc<Link> {
        Arc::clone(&self.link)
    }

    /// Serves the peer until it or this side ends the connection.
    pub(super) async fn serve(mut self) -> Result<(), Refused> {
        // Both sides greet without waiting for the other.
        if self.link.push(Item::raw(zmtp::greeting().to_vec())).is_err() {
            return Ok(());
        }
        let stop = self.shared.stop.clone();
        let link = self.link();
        let mut room: Option<WaitForRoom> = None;
        loop {
            if link.over() {
                return Ok(());
            }
            if link.closing() {
                self.drain().await;
                return Ok(());
            }
            let interest = match (room.is_none(), link.waits()) {
                (true, true) => Some(Interest::READABLE | Interest::WRITABLE),
                (true, false) => Some(Interest::READABLE),
                (false, true) => Some(Interest::WRITABLE),
                (false, false) => None,
            };
            let ready = async {
                match interest {
                    Some(interest) => link.stream().ready(interest).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => {
                    self.drain().await;
                    return Ok(());
                }
                () = link.woken() => {}
                ready = ready => {
                    let Ok(ready) = ready else { return Ok(()) };
                    if ready.is_writable() && link.flush().is_err() {
                        return Ok(());
                    }
                    if room.is_none() && (ready.is_readable() || ready.is_read_closed()) {
                        if !self.read().await? {
                            return Ok(());
                        }
                        room = self.wait_for_room()?;
                    }
                }
                permit = wait(&mut room) => {
                    room = None;
                    let Ok(permit) = permit else { return Ok(()) };
                    self.large = Some((permit, Instant::now()));
                }
                () = wait(&mut self.deadline) => {
                    self.deadline = None;
                    if !self.role.settled() && !link.trusted(Trust::Known) {
                        return Err(Refused::new(Refusal::HandshakeTime, format_args!("{HANDSHAKE_TIME:?}")));
                    }
                }
            }
        }
    }

    /// Writes what is left, for a short time.
    async fn drain(&self) {
        let drain = async {
            while self.link.waits() {
                if self.link.stream().writable().await.is_err() || self.link.flush().is_err() {
                    return;
                }
            }
        };
        // What does not leave in time is lost with the connection.
        let _ = tokio::time::timeout(CLOSING, drain).await;
    }

    /// Reads once and handles every whole piece. False at the peer's end.
    async fn read(&mut self) -> Result<bool, Refused> {
        let Some(Taken { pieces, refused }) = self.take_in() else { return Ok(false) };
        for piece in pieces {
            self.piece(piece).await?;
        }
        refused.map_or(Ok(true), Err)
    }

    /// What one read brings; none at the peer's end.
    fn take_in(&mut self) -> Option<Taken> {
        // A stranger has little to say: what he floods is not even read.
        let most = if self.link.trusted(Trust::Known) { READ } else { READ / 4 };
        SCRATCH.with_borrow_mut(|scratch| {
            let buffer = scratch.get_mut(..most)?;
            let mut taken = Taken { pieces: Vec::new(), refused: None };
            let mut input = match self.link.stream().try_read(buffer) {
                Ok(0) => return None,
                Ok(count) => buffer.get(..count)?,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Some(taken),
                Err(_) => return None,
            };
            self.link.hear();
            while taken.refused.is_none() {
                match self.next_piece(&mut input) {
                    Ok(Some(piece)) => taken.pieces.push(piece),
                    Ok(None) => break,
                    Err(refused) => taken.refused = Some(refused),
                }
            }
            Some(taken)
        })
    }

    fn next_piece(&mut self, input: &mut &[u8]) -> Result<Option<Piece>, Refused> {
        let piece = self.decoder.next(input, self.link.frame_limit()).map_err(|error| {
            let large = matches!(error, zmtp::ZmtpError::TooLarge { .. });
            Refused::new(if large { Refusal::Size } else { Refusal::Frame }, error)
        })?;
        if matches!(piece, Some(Piece::Frame { .. })) {
            self.allowance.spend(&self.link)?;
        }
        Ok(piece)
    }

    async fn piece(&mut self, piece: Piece) -> Result<(), Refused> {
        self.large = None;
        match (&self.stage, piece) {
            (Stage::Greeting, Piece::Greeting(_)) => {
                self.stage = Stage::Ready;
                self.answer(zmtp::ready(R::KIND));
                Ok(())
            }
            (Stage::Ready, Piece::Frame { command: true, body, .. }) => match parse(&body)? {
                Command::Ready(Some(peer)) if self.role.meet(&self.link, peer) => {
                    self.stage = Stage::Open;
                    Ok(())
                }
                Command::Ready(_) => {
                    self.answer(zmtp::error("Invalid socket type"));
                    Err(Refused::new(Refusal::Frame, "a socket of another kind"))
                }
                _ => Err(Refused::new(Refusal::Frame, "no READY")),
            },
            (Stage::Open, Piece::Frame { command: true, body, .. }) => match parse(&body)? {
                Command::Subscribe(topic) => self.role.subscribe(topic, true),
                Command::Cancel(topic) => self.role.subscribe(topic, false),
                Command::Ping(context) => {
                    self.answer(zmtp::pong(context));
                    Ok(())
                }
                Command::Pong | Command::Unknown => Ok(()),
                Command::Ready(_) | Command::Error => {
                    Err(Refused::new(Refusal::Frame, "command out of place"))
                }
            },
            (Stage::Open, Piece::Frame { more, body, .. }) => self.role.part(more, body).await,
            _ => Err(Refused::new(Refusal::Frame, "handshake out of order")),
        }
    }

    fn answer(&self, bytes: Vec<u8>) {
        // A peer that does not read its answers is found by what is sent to it next.
        let _ = self.link.push(Item::raw(bytes));
    }

    /// A large frame is under way: room must be found for it before its bytes are read.
    fn wait_for_room(&mut self) -> Result<Option<WaitForRoom>, Refused> {
        let Some(size) = self.decoder.announced().filter(|size| *size > LARGE) else { return Ok(None) };
        if let Some((_, since)) = &self.large {
            let most = LARGE_GRACE + Duration::from_secs((size / LARGE_RATE) as u64);
            if since.elapsed() > most {
                return Err(Refused::new(
                    Refusal::Slow,
                    format_args!("{size} bytes not sent within {most:?}"),
                ));
            }
            return Ok(None);
        }
        let units = size.div_ceil(LARGE).min((self.shared.limits.large / LARGE).max(1));
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        Ok(Some(Box::pin(Arc::clone(&self.shared.large).acquire_many_owned(units))))
    }
}

/// What a read has brought: whole pieces, and why the peer goes after them.
struct Taken {
    pieces: Vec<Piece>,
    refused: Option<Refused>,
}

fn parse(body: &[u8]) -> Result<Command<'_>, Refused> {
    Command::parse(body).map_err(|error| Refused::new(Refusal::Frame, error))
}

/// Waits for what is there; for ever when nothing is.
async fn wait<F: Future + ?Sized>(slot: &mut Option<Pin<Box<F>>>) -> F::Output {
    match slot {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

/// How many frames a peer without full trust may still send.
struct Allowance {
    frames: u32,
    known: bool,
    at: Instant,
}

impl Allowance {
    fn spend(&mut self, link: &Link) -> Result<(), Refused> {
        if link.trusted(Trust::Full) {
            return Ok(());
        }
        if !self.known && link.trusted(Trust::Known) {
            *self = Allowance { frames: BURST, known: true, at: Instant::now() };
        }
        if self.known {
            let back = self.at.elapsed().as_secs() as u32;
            if back > 0 {
                self.at = Instant::now();
                self.frames = self.frames.saturating_add(back.saturating_mul(RATE)).min(BURST);
            }
        }
        self.frames = self
            .frames
            .checked_sub(1)
            .ok_or_else(|| Refused::new(Refusal::Flood, "more frames than its trust allows"))?;
        Ok(())
    }
}
