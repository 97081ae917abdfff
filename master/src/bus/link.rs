//! One connection as its senders see it: a socket with a bounded queue.
//!
//! Whoever sends writes to the socket himself while nothing waits; only what the kernel does not take
//! is queued, and the connection's task writes it when there is room. An idle link has no buffers.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use proto::frame::MAX_HANDSHAKE_FRAME;
use proto::zmtp;
use tokio::net::TcpStream;
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, OwnedSemaphorePermit};

use super::Trust;
use super::admission::Ticket;
use crate::lock::lock;

/// Bytes that may wait; a frame that is larger waits alone.
const WAITING: usize = 8 << 20;
/// Frames that may wait.
const FRAMES: usize = 4096;
/// Frames that are written in one go.
const AT_ONCE: usize = 16;
/// The empty first part of what goes to a REQ peer.
const DELIMITER: [u8; 2] = [1, 0];

static NUMBERS: AtomicU64 = AtomicU64::new(1);

/// A frame on its way.
pub(super) struct Item {
    head: [u8; DELIMITER.len() + zmtp::FRAME_HEADER],
    head_size: usize,
    body: Bytes,
    _hold: Option<OwnedSemaphorePermit>,
}

impl Item {
    /// A message of one part.
    pub(super) fn message(body: Bytes, delimiter: bool, hold: Option<OwnedSemaphorePermit>) -> Self {
        let mut head = [0; DELIMITER.len() + zmtp::FRAME_HEADER];
        let before = if delimiter { DELIMITER.len() } else { 0 };
        let (header, size) = zmtp::frame_header(body.len(), false, false);
        if let Some((first, rest)) = head.split_at_mut_checked(before) {
            first.copy_from_slice(DELIMITER.get(..before).unwrap_or_default());
            if let Some(slot) = rest.first_chunk_mut() {
                *slot = header;
            }
        }
        Item { head, head_size: before + size, body, _hold: hold }
    }

    /// Bytes as they are: a greeting, a command.
    pub(super) fn raw(bytes: impl Into<Bytes>) -> Self {
        Item {
            head: [0; DELIMITER.len() + zmtp::FRAME_HEADER],
            head_size: 0,
            body: bytes.into(),
            _hold: None,
        }
    }

    fn size(&self) -> usize {
        self.head_size + self.body.len()
    }

    /// What is left behind the first `done` bytes.
    fn slices(&self, done: usize) -> [IoSlice<'_>; 2] {
        let head = self.head.get(done.min(self.head_size)..self.head_size).unwrap_or_default();
        let body = self.body.get(done.saturating_sub(self.head_size)..).unwrap_or_default();
        [IoSlice::new(head), IoSlice::new(body)]
    }
}

/// Why an item was not queued.
pub(super) enum PushError {
    /// Too much is waiting; the item comes back.
    Full(Item),
    /// The connection is over.
    Gone,
}

#[derive(Default)]
struct Outbox {
    queue: VecDeque<Item>,
    /// Of the first item, so many bytes are written.
    done: usize,
    bytes: usize,
    over: bool,
}

/// A connection.
pub(super) struct Link {
    number: u64,
    address: SocketAddr,
    stream: TcpStream,
    out: Mutex<Outbox>,
    /// For the connection's task: something waits to be written, or the end was asked for.
    wake: Notify,
    /// For senders: there may be room.
    room: Notify,
    trust: AtomicU8,
    frame_limit: AtomicUsize,
    closing: AtomicBool,
    /// The peer is a REQ socket: messages to it begin with an empty part.
    delimiter: AtomicBool,
    ticket: Mutex<Option<Ticket>>,
    start: Instant,
    /// When bytes arrived last, in milliseconds after `start`.
    heard: AtomicU64,
}

impl Link {
    pub(super) fn new(stream: TcpStream, address: SocketAddr, ticket: Ticket) -> Self {
        Link {
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            address,
            stream,
            out: Mutex::default(),
            wake: Notify::new(),
            room: Notify::new(),
            trust: AtomicU8::new(Trust::None as u8),
            frame_limit: AtomicUsize::new(MAX_HANDSHAKE_FRAME),
            closing: AtomicBool::new(false),
            delimiter: AtomicBool::new(false),
            ticket: Mutex::new(Some(ticket)),
            start: Instant::now(),
            heard: AtomicU64::new(0),
        }
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Bytes have arrived.
    pub(super) fn hear(&self) {
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.heard.store(now, Ordering::Relaxed);
    }

    pub(super) fn silence(&self) -> Duration {
        self.start.elapsed().saturating_sub(Duration::from_millis(self.heard.load(Ordering::Relaxed)))
    }

    /// A message for this peer.
    pub(super) fn item(&self, body: Bytes, hold: Option<OwnedSemaphorePermit>) -> Item {
        Item::message(body, self.delimiter.load(Ordering::Relaxed), hold)
    }

    pub(super) fn wants_delimiter(&self) {
        self.delimiter.store(true, Ordering::Relaxed);
    }

    pub(super) fn trust(&self, trust: Trust, frame_limit: usize) {
        self.trust.store(trust as u8, Ordering::Relaxed);
        let full = trust == Trust::Full;
        self.frame_limit.store(if full { frame_limit } else { MAX_HANDSHAKE_FRAME }, Ordering::Relaxed);
        if full {
            lock(&self.ticket).take();
        }
    }

    pub(super) fn trusted(&self, at_least: Trust) -> bool {
        self.trust.load(Ordering::Relaxed) >= at_least as u8
    }

    /// Bytes that a frame of this peer may have now.
    pub(super) fn frame_limit(&self) -> usize {
        self.frame_limit.load(Ordering::Relaxed)
    }

    /// Writes the item, or queues what of it the kernel does not take.
    pub(super) fn push(&self, item: Item) -> Result<(), PushError> {
        let mut out = lock(&self.out);
        if out.over {
            return Err(PushError::Gone);
        }
        if !out.queue.is_empty() && (out.bytes + item.size() > WAITING || out.queue.len() >= FRAMES) {
            return Err(PushError::Full(item));
        }
        let alone = out.queue.is_empty();
        out.bytes += item.size();
        out.queue.push_back(item);
        if alone {
            match self.write(&mut out) {
                Ok(()) if out.queue.is_empty() => {}
                Ok(()) => self.wake.notify_one(),
                Err(_) => {
                    out.end();
                    self.wake.notify_one();
                    return Err(PushError::Gone);
                }
            }
        }
        Ok(())
    }

    /// Writes what waits, as far as the kernel takes it.
    pub(super) fn flush(&self) -> io::Result<()> {
        let mut out = lock(&self.out);
        let result = self.write(&mut out);
        drop(out);
        self.room.notify_waiters();
        result
    }

    fn write(&self, out: &mut Outbox) -> io::Result<()> {
        while !out.queue.is_empty() {
            let mut slices = Vec::with_capacity(2 * AT_ONCE.min(out.queue.len()));
            for (i, item) in out.queue.iter().take(AT_ONCE).enumerate() {
                slices.extend(item.slices(if i == 0 { out.done } else { 0 }));
            }
            match self.stream.try_write_vectored(&slices) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => out.written(written),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// Whether anything waits to be written.
    pub(super) fn waits(&self) -> bool {
        !lock(&self.out).queue.is_empty()
    }

    /// Something for the connection's task to look at.
    pub(super) fn woken(&self) -> Notified<'_> {
        self.wake.notified()
    }

    /// There may be room in the queue.
    pub(super) fn room(&self) -> Notified<'_> {
        self.room.notified()
    }

    /// Ends the connection when what waits is written.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
        self.wake.notify_one();
    }

    pub(super) fn closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// Ends the connection at once.
    pub(super) fn kill(&self) {
        lock(&self.out).end();
        lock(&self.ticket).take();
        self.wake.notify_one();
        self.room.notify_waiters();
    }

    /// Whether it has been ended.
    pub(super) fn over(&self) -> bool {
        lock(&self.out).over
    }
}

impl Outbox {
    fn written(&mut self, count: usize) {
        self.bytes = self.bytes.saturating_sub(count);
        self.done += count;
        while let Some(first) = self.queue.front()
            && self.done >= first.size()
        {
            self.done -= first.size();
            self.queue.pop_front();
        }
        if self.queue.is_empty() {
            // An idle link keeps no buffer.
            self.queue = VecDeque::new();
        }
    }

    fn end(&mut self) {
        *self = Outbox { over: true, ..Outbox::default() };
    }
}
