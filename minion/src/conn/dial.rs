//! The minion's two connections to a master, on the `zeromq` crate: DEALER for the session, SUB for
//! publishes. Nothing above this file knows the library.

use std::time::Duration;

use futures_util::StreamExt as _;
use proto::config::MasterAddress;
use zeromq::{
    DealerRecvHalf, DealerSendHalf, DealerSocket, Socket as _, SocketEvent, SocketOptions, SocketRecv as _,
    SocketSend as _, SubSocket, ZmqMessage,
};

/// How long the sockets may take to connect, retries included.
const CONNECT: Duration = Duration::from_millis(1500);

type Events = Box<dyn futures_util::Stream<Item = SocketEvent> + Send + Unpin>;

/// Both connections. They are given up together.
pub(super) struct Link {
    send: DealerSendHalf,
    receive: DealerRecvHalf,
    events: Events,
    /// Once the minion is accepted.
    publishes: Option<(SubSocket, Events)>,
}

/// What has arrived.
pub(super) enum Arrived {
    /// A frame of the session.
    Frame(Vec<u8>),
    /// A frame of the publish port.
    Publish(Vec<u8>),
}

/// A connection that is not there or has ended.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct LinkError(String);

impl Link {
    pub(super) async fn dial(master: &MasterAddress) -> Result<Self, LinkError> {
        let mut options = SocketOptions::default();
        options.connect_timeout(CONNECT);
        let mut dealer = DealerSocket::with_options(options);
        let events = Box::new(dealer.monitor());
        connect(&mut dealer, &host(master), master.ret_port).await?;

        let (send, receive) = dealer.split();
        Ok(Link { send, receive, events, publishes: None })
    }

    /// Subscribes to all publishes, with the topic that the session was given before them. A subscriber
    /// that is there already is given up.
    pub(super) async fn subscribe(&mut self, master: &MasterAddress, topic: &str) -> Result<(), LinkError> {
        self.publishes = None;
        let mut options = SocketOptions::default();
        options.connect_timeout(CONNECT);
        let mut publishes = SubSocket::with_options(options);
        let events = Box::new(publishes.monitor());
        connect(&mut publishes, &host(master), master.publish_port).await?;
        for topic in [topic, ""] {
            publishes.subscribe(topic).await.map_err(|e| LinkError(e.to_string()))?;
        }
        self.publishes = Some((publishes, events));
        Ok(())
    }

    pub(super) async fn send(&mut self, frame: Vec<u8>) -> Result<(), LinkError> {
        self.send.send(ZmqMessage::from(frame)).await.map_err(|e| LinkError(e.to_string()))
    }

    /// What arrives next on either connection; an error when one of them ends. Cancel-safe: each
    /// awaited source keeps what it has not handed out.
    pub(super) async fn next(&mut self) -> Result<Arrived, LinkError> {
        let publish = async {
            let Some((publishes, events)) = &mut self.publishes else { return std::future::pending().await };
            loop {
                tokio::select! {
                    biased;
                    message = publishes.recv() => {
                        return message.map_err(|e| LinkError(e.to_string())).map(|m| Arrived::Publish(single(m)));
                    }
                    event = events.next() => ended(event, "the publish connection is closed")?,
                }
            }
        };
        tokio::pin!(publish);
        loop {
            tokio::select! {
                biased;
                message = self.receive.recv() => {
                    return message.map_err(|e| LinkError(e.to_string())).map(|m| Arrived::Frame(single(m)));
                }
                arrived = &mut publish => return arrived,
                event = self.events.next() => ended(event, "the master has closed the connection")?,
            }
        }
    }
}

fn host(master: &MasterAddress) -> String {
    if master.host.contains(':') { format!("[{}]", master.host) } else { master.host.clone() }
}

async fn connect(socket: &mut impl zeromq::Socket, host: &str, port: u16) -> Result<(), LinkError> {
    // The library's own limit covers connecting; the resolver and the greeting are covered by this one.
    match tokio::time::timeout(2 * CONNECT, socket.connect(&format!("tcp://{host}:{port}"))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(zeromq::ZmqError::ConnectTimeout(_))) => {
            Err(LinkError(format!("nobody answers on {host}:{port}")))
        }
        Ok(Err(error)) => Err(LinkError(format!("{host}:{port}: {error}"))),
        Err(_) => Err(LinkError(format!("{host}:{port}: no answer in time"))),
    }
}

fn ended(event: Option<SocketEvent>, what: &str) -> Result<(), LinkError> {
    match event {
        Some(SocketEvent::Disconnected(_) | SocketEvent::Closed) | None => Err(LinkError(what.to_string())),
        Some(_) => Ok(()),
    }
}

/// The one part of a message; the master never sends more.
fn single(message: ZmqMessage) -> Vec<u8> {
    message.into_vec().into_iter().next().map(Into::into).unwrap_or_default()
}
