//! The request port: a ROUTER for DEALER and REQ peers. A message has one part, or an empty one before it.

use std::sync::Arc;

use proto::zmtp::SocketType;
use tokio::sync::mpsc;

use super::connection::{Connection, Role};
use super::link::Link;
use super::{Incoming, PeerId, Refused, Shared, served};
use crate::refusals::Refusal;

struct Router {
    peer: PeerId,
    incoming: mpsc::Sender<Incoming>,
    /// The empty first part of a message has arrived.
    begun: bool,
}

/// What a peer's kernel has not confirmed, or has no room for, ends its connection after so many milliseconds:
/// the next sign of life finds a peer that is gone without a word. Its subscriber ends with the session.
const UNANSWERED: u32 = 30_000;

/// Serves one connection; its end is the last that `incoming` hears of it.
pub(super) async fn serve(shared: Arc<Shared>, link: Arc<Link>, incoming: mpsc::Sender<Incoming>) {
    // Without it a dead peer is found by its silence.
    let _ = rustix::net::sockopt::set_tcp_user_timeout(link.stream(), UNANSWERED);
    let peer = PeerId(Arc::clone(&link));
    let router = Router { peer: peer.clone(), incoming: incoming.clone(), begun: false };
    served(&shared, Connection::new(Arc::clone(&shared), link, router)).await;
    // Without a reader the bus is closed.
    let _ = incoming.send(Incoming::Gone(peer)).await;
}

impl Role for Router {
    const KIND: SocketType = SocketType::Router;

    fn meet(&mut self, link: &Link, peer: SocketType) -> bool {
        if peer == SocketType::Req {
            link.wants_delimiter();
        }
        matches!(peer, SocketType::Req | SocketType::Dealer | SocketType::Router)
    }

    async fn part(&mut self, more: bool, body: Vec<u8>) -> Result<(), Refused> {
        match (std::mem::replace(&mut self.begun, more), more) {
            (_, false) => {
                // A closed bus ends the connection soon.
                let _ = self.incoming.send(Incoming::Frame(self.peer.clone(), body)).await;
                Ok(())
            }
            (false, true) if body.is_empty() => Ok(()),
            _ => Err(Refused::new(Refusal::Frame, "a message of several parts")),
        }
    }

    fn subscribe(&mut self, _topic: &[u8], _on: bool) -> Result<(), Refused> {
        Err(Refused::new(Refusal::Frame, "a subscription on the request port"))
    }

    fn settled(&self) -> bool {
        false
    }
}
