//! The master's two ports: frames in and out, peers that come and go. ZMTP itself is `proto::zmtp`;
//! here are its sockets: ROUTER for requests (router.rs), PUB for publishes (publisher.rs).
//!
//! Nobody is trusted until the sessions above say so ([`BusSender::trust`]). Before that a peer has a
//! handful of small frames and ten seconds, and an address has a number of such connections; whoever
//! wants more loses its connection, with one refusal counted, and nobody else notices. In both
//! directions the memory of a connection is bounded: what it sends is not read faster than it is
//! handled, and what it does not read is its own loss.

mod admission;
mod connection;
mod link;
mod publisher;
mod router;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use proto::config::MasterConfig;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::refusals::{Refusal, Refusals};
use admission::{Admission, Full};
use connection::Connection;
use link::{Link, PushError};
use publisher::Publisher;
pub use publisher::{SUBSCRIPTION, Subscription};

/// Frames that wait for the session layer, of all peers together.
const WAITING: usize = 1024;
/// Connections that wait to be accepted by this process: a whole fleet comes back at once.
const BACKLOG: u32 = 4096;
/// A peer that leaves no room for a frame within this time is disconnected.
const SLOW: Duration = Duration::from_secs(15);
/// What is queued gets so much time to leave when the ports are closed.
const CLOSING: Duration = Duration::from_millis(500);
/// A peer of which nothing has arrived for so long is asked by the kernel. That is for subscribers: in sessions
/// signs of life come before.
const KEEPALIVE: Duration = Duration::from_secs(45);
/// The pause after an accept that failed: most often there are no descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What the request port has.
#[derive(Debug)]
pub enum Incoming {
    /// A peer has sent a frame.
    Frame(PeerId, Vec<u8>),
    /// A peer is gone. The last of it.
    Gone(PeerId),
}

/// Where the master listens.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// The publish port.
    pub publish: SocketAddr,
    /// The request port.
    pub requests: SocketAddr,
}

/// What peers may take up.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The largest frame of a peer that is trusted, in bytes.
    pub message: usize,
    /// Large frames that are under way, of all peers together, in bytes; further ones wait.
    pub large: usize,
    /// Connections of one address that are not trusted.
    pub per_address: usize,
    /// Connections of all addresses that are not trusted.
    pub strangers: usize,
    /// Failures to get in that an address has in a minute; 0: any number.
    pub failures: u32,
}

impl Limits {
    /// As the config has them.
    pub fn from_config(config: &MasterConfig) -> Self {
        Limits {
            message: config.max_message_size,
            large: config.max_message_size.saturating_mul(4),
            per_address: config.max_connections_per_address,
            strangers: config.max_connections,
            failures: config.max_auth_failures,
        }
    }
}

/// How far a peer is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Trust {
    /// Nothing is known of it.
    None = 0,
    /// It has proved that it holds a key: it may stay, and send a little now and then.
    Known = 1,
    /// Its key is accepted.
    Full = 2,
}

/// Why the ports cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The interface is no address.
    #[error("interface {0:?} is no IP address")]
    Interface(String),
    /// The port cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

/// The peer is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection is gone")]
pub struct PeerGone;

/// A connection to the request port.
#[derive(Clone)]
pub struct PeerId(Arc<Link>);

impl PartialEq for PeerId {
    fn eq(&self, other: &Self) -> bool {
        self.0.number() == other.0.number()
    }
}

impl Eq for PeerId {}

impl std::hash::Hash for PeerId {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.number().hash(state);
    }
}

impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.address())
    }
}

impl PeerId {
    /// Where it comes from.
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// How long ago anything at all came from it, a part of a frame too.
    pub fn silence(&self) -> Duration {
        self.0.silence()
    }
}

/// What both ports and all connections share.
struct Shared {
    limits: Limits,
    refusals: Arc<Refusals>,
    admission: Arc<Admission>,
    /// In units of [`connection::LARGE`].
    large: Arc<Semaphore>,
    publisher: Publisher,
    stop: CancellationToken,
    connections: TaskTracker,
}

/// The receiving side; closes both ports when it is dropped.
pub struct Bus {
    incoming: mpsc::Receiver<Incoming>,
    addresses: Addresses,
    shared: Arc<Shared>,
}

impl Bus {
    /// Listens on both ports; port 0 takes a free one.
    pub fn bind(
        interface: &str,
        publish: u16,
        requests: u16,
        limits: Limits,
        refusals: Arc<Refusals>,
    ) -> Result<(Bus, BusSender), BusError> {
        let ip: IpAddr = interface.parse().map_err(|_| BusError::Interface(interface.to_string()))?;
        let (publish_listener, publish) = listen(SocketAddr::new(ip, publish))?;
        let (request_listener, requests) = listen(SocketAddr::new(ip, requests))?;
        let shared = Arc::new(Shared {
            limits,
            refusals,
            admission: Arc::new(Admission::new(limits)),
            large: Arc::new(Semaphore::new((limits.large / connection::LARGE).max(1))),
            publisher: Publisher::default(),
            stop: CancellationToken::new(),
            connections: TaskTracker::new(),
        });
        let (sender, incoming) = mpsc::channel(WAITING);
        shared.connections.spawn(accept(Arc::clone(&shared), publish_listener, |shared, link| {
            publisher::serve(Arc::clone(shared), link)
        }));
        shared.connections.spawn(accept(Arc::clone(&shared), request_listener, move |shared, link| {
            router::serve(Arc::clone(shared), link, sender.clone())
        }));
        let bus = Bus { incoming, addresses: Addresses { publish, requests }, shared: Arc::clone(&shared) };
        Ok((bus, BusSender { shared }))
    }

    /// Where the ports are.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// The next frame or event; none when the ports are closed. Cancel-safe.
    pub async fn next(&mut self) -> Option<Incoming> {
        self.incoming.recv().await
    }

    /// Closes both ports and all connections; what is queued leaves first, within a short time.
    pub async fn close(mut self) {
        self.shared.stop.cancel();
        self.shared.connections.close();
        // Connections that have something to tell do not wait for a reader.
        self.incoming.close();
        // Those that do not read are given up.
        let _ = tokio::time::timeout(2 * CLOSING, self.shared.connections.wait()).await;
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}

/// The sending side; cheap to clone.
#[derive(Clone)]
pub struct BusSender {
    shared: Arc<Shared>,
}

impl BusSender {
    /// Queues a frame for one peer, as soon as its queue has room. Frames of one caller keep their order.
    /// A peer that does not read for long is disconnected. `hold` is let go when the frame has left, or is
    /// lost with its connection.
    pub async fn send(
        &self,
        peer: &PeerId,
        frame: Vec<u8>,
        hold: Option<OwnedSemaphorePermit>,
    ) -> Result<(), PeerGone> {
        let mut item = match peer.0.push(peer.0.item(frame.into(), hold)) {
            Ok(()) => return Ok(()),
            Err(PushError::Gone) => return Err(PeerGone),
            Err(PushError::Full(item)) => item,
        };
        let queued = async {
            loop {
                // Listening before looking: room that is made in between is not missed.
                let room = peer.0.room();
                tokio::pin!(room);
                room.as_mut().enable();
                item = match peer.0.push(item) {
                    Ok(()) => return Ok(()),
                    Err(PushError::Gone) => return Err(PeerGone),
                    Err(PushError::Full(item)) => item,
                };
                room.await;
            }
        };
        if let Ok(result) = tokio::time::timeout(SLOW, queued).await {
            return result;
        }
        self.shared.refusals.count(Refusal::SlowReader, peer, format_args!("no room within {SLOW:?}"));
        peer.0.kill();
        Err(PeerGone)
    }

    /// Queues a frame for one peer if there is room at once; else it is dropped.
    pub fn send_now(&self, peer: &PeerId, frame: Vec<u8>) {
        // Full or gone: whoever sends like this does not need to know.
        let _ = peer.0.push(peer.0.item(frame.into(), None));
    }

    /// Queues a frame for all subscribers. One that has too much waiting is disconnected, so that it
    /// knows that it has missed something. To be awaited before the next one: that keeps the order.
    pub async fn publish(&self, frame: Vec<u8>) {
        self.shared.publisher.publish(&self.shared, frame).await;
    }

    /// A new subscription for a peer that is trusted. Its subscriber shows it as a topic.
    pub fn subscription(&self) -> Option<Subscription> {
        Subscription::new(&self.shared)
    }

    /// From now on this peer has the limits of its trust.
    pub fn trust(&self, peer: &PeerId, trust: Trust) {
        peer.0.trust(trust, self.shared.limits.message);
    }

    /// The peer has failed to get in. After too many such failures its address is locked out for a while;
    /// connections that are there stay.
    pub fn blame(&self, peer: &PeerId) {
        self.shared.admission.blame(peer.address().ip());
    }

    /// Ends the connection once what is queued for it has left.
    pub fn disconnect(&self, peer: &PeerId) {
        peer.0.close();
    }
}

impl fmt::Debug for BusSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BusSender").finish_non_exhaustive()
    }
}

fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), BusError> {
    let bind = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let listener = socket.listen(BACKLOG)?;
        let bound = listener.local_addr()?;
        Ok((listener, bound))
    };
    bind().map_err(|source| BusError::Listen { address, source })
}

/// Takes connections in until the ports are closed; each is served by a task of its own.
async fn accept<F>(
    shared: Arc<Shared>,
    listener: TcpListener,
    serve: impl Fn(&Arc<Shared>, Arc<Link>) -> F + Send,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let mut failures: u64 = 0;
    loop {
        let accepted = tokio::select! {
            () = shared.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                failures += 1;
                if failures.is_power_of_two() {
                    tracing::error!(%error, failures, "a connection cannot be taken in; see max_open_files");
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        match shared.admission.enter(address.ip()) {
            Ok(ticket) => {
                prepare(&stream);
                let link = Arc::new(Link::new(stream, address, ticket));
                shared.connections.spawn(serve(&shared, link));
            }
            Err(full @ Full::Locked) => shared.refusals.count(Refusal::LockedOut, address, full),
            Err(full) => shared.refusals.count(Refusal::Connections, address, full),
        }
    }
}

/// Small frames leave at once; a peer that is gone without a word is found by the kernel. Neither is
/// worth a connection when the kernel refuses.
fn prepare(stream: &TcpStream) {
    use rustix::net::sockopt;
    let _ = stream.set_nodelay(true);
    let _ = sockopt::set_socket_keepalive(stream, true);
    let _ = sockopt::set_tcp_keepidle(stream, KEEPALIVE);
    let _ = sockopt::set_tcp_keepintvl(stream, Duration::from_secs(10));
    let _ = sockopt::set_tcp_keepcnt(stream, 3);
}

/// Why a connection is ended from this side.
struct Refused(Refusal, String);

impl Refused {
    fn new(reason: Refusal, detail: impl fmt::Display) -> Self {
        Refused(reason, detail.to_string())
    }
}

/// Serves a connection to its end and counts why it was refused, if it was.
async fn served<R: connection::Role>(shared: &Arc<Shared>, connection: Connection<R>) {
    let link = connection.link();
    if let Err(Refused(reason, detail)) = connection.serve().await {
        shared.refusals.count(reason, link.address(), detail);
    }
    link.kill();
}
