//! The ports on the `zeromq` crate: ROUTER for requests, PUB for publishes.

use std::fmt;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;

use futures_util::StreamExt as _;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use zeromq::util::PeerIdentity;
use zeromq::{
    MultiPeerBackend, PubSocket, RouterRecvHalf, RouterSendHalf, RouterSocket, Socket, SocketEvent,
    SocketRecv as _, SocketSend as _, ZmqMessage,
};

use super::{Addresses, BusError, Incoming, PeerGone, WAITING};

/// A connection to the request port.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PeerId(PeerIdentity);

impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: &[u8] = self.0.as_ref();
        bytes.iter().take(6).try_for_each(|b| write!(f, "{b:02x}"))
    }
}

/// The receiving side; closes both ports when it and all senders are dropped.
pub struct Bus {
    incoming: mpsc::Receiver<Incoming>,
    addresses: Addresses,
    /// Ends with the bus.
    _readers: JoinSet<()>,
}

impl Bus {
    /// Listens on both ports; port 0 takes a free one.
    pub async fn bind(interface: &str, publish: u16, requests: u16) -> Result<(Bus, BusSender), BusError> {
        let ip: IpAddr = interface.parse().map_err(|_| BusError::Interface(interface.to_string()))?;
        let (publish_listener, publish) = listen(SocketAddr::new(ip, publish))?;
        let (request_listener, requests) = listen(SocketAddr::new(ip, requests))?;

        let mut publisher = PubSocket::new();
        adopt(&mut publisher, publish_listener, publish).await?;
        let mut router = RouterSocket::new();
        let backend = router.backend();
        let events = router.monitor();
        adopt(&mut router, request_listener, requests).await?;
        let (send, receive) = router.split();

        let (sender, incoming) = mpsc::channel(WAITING);
        let mut readers = JoinSet::new();
        readers.spawn(read_frames(receive, sender.clone()));
        readers.spawn(read_events(events, sender));
        let bus = Bus { incoming, addresses: Addresses { publish, requests }, _readers: readers };
        Ok((bus, BusSender { send, publisher: Arc::new(Mutex::new(publisher)), backend }))
    }

    /// Where the ports are.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// The next frame or event; none when the ports are closed. Cancel-safe.
    pub async fn next(&mut self) -> Option<Incoming> {
        self.incoming.recv().await
    }
}

/// The sending side; cheap to clone.
#[derive(Clone)]
pub struct BusSender {
    send: RouterSendHalf,
    publisher: Arc<Mutex<PubSocket>>,
    backend: Arc<dyn MultiPeerBackend>,
}

impl BusSender {
    /// Queues a frame for one peer. Frames of one caller keep their order.
    pub async fn send(&self, peer: &PeerId, frame: Vec<u8>) -> Result<(), PeerGone> {
        let mut message = ZmqMessage::from(frame);
        message.push_front(peer.0.clone().into());
        self.send.clone().send(message).await.map_err(|_| PeerGone)
    }

    /// Queues a frame for all subscribers. Those that are not there or do not read miss it.
    pub async fn publish(&self, frame: Vec<u8>) {
        // The socket drops what it cannot queue; the sequence numbers inside tell the minion.
        if let Err(error) = self.publisher.lock().await.send(ZmqMessage::from(frame)).await {
            tracing::warn!(%error, "publish was not queued");
        }
    }

    /// Ends the connection.
    pub fn disconnect(&self, peer: &PeerId) {
        self.backend.peer_disconnected(&peer.0);
    }
}

impl fmt::Debug for BusSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BusSender").finish_non_exhaustive()
    }
}

fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), BusError> {
    let bind = || {
        let listener = TcpListener::bind(address)?;
        let bound = listener.local_addr()?;
        Ok((listener, bound))
    };
    bind().map_err(|source| BusError::Listen { address, source })
}

async fn adopt(socket: &mut impl Socket, listener: TcpListener, address: SocketAddr) -> Result<(), BusError> {
    match socket.bind_listener(listener).await {
        Ok(_) => Ok(()),
        Err(e) => Err(BusError::Socket { address, message: e.to_string() }),
    }
}

async fn read_frames(mut receive: RouterRecvHalf, incoming: mpsc::Sender<Incoming>) {
    while let Ok(message) = receive.recv().await {
        let mut parts = message.into_vec().into_iter();
        let (Some(peer), Some(frame)) = (parts.next(), parts.next()) else { continue };
        // A DEALER sends one part; a REQ puts an empty one before it. Whatever has more is not ours.
        let frame = if frame.is_empty() { parts.next() } else { Some(frame) };
        let (Some(frame), None) = (frame, parts.next()) else { continue };
        let Ok(peer) = PeerIdentity::try_from(peer) else { continue };
        if incoming.send(Incoming::Frame(PeerId(peer), frame.into())).await.is_err() {
            return;
        }
    }
}

async fn read_events(
    mut events: impl futures_util::Stream<Item = SocketEvent> + Unpin,
    incoming: mpsc::Sender<Incoming>,
) {
    while let Some(event) = events.next().await {
        if let SocketEvent::Disconnected(peer) = event
            && incoming.send(Incoming::Gone(PeerId(peer))).await.is_err()
        {
            return;
        }
    }
}
