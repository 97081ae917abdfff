//! A minion made by hand: it says whatever a test wants it to say.

use std::time::Duration;

use proto::frame::{self, Kind, MAX_HANDSHAKE_FRAME, MAX_SESSION_FRAME};
use proto::keys::StaticKey;
use proto::message::auth::{Secret, Welcome};
use proto::message::{self, AuthState, Hello, Reply, Request, ToMaster, ToMinion};
use proto::session::{Initiator, Session};
use zeromq::{DealerSocket, Socket as _, SocketRecv as _, SocketSend as _, SubSocket};

use crate::world::{LIMIT, World};

pub(crate) struct Raw {
    pub(crate) socket: DealerSocket,
    pub(crate) session: Session,
}

/// A connection that has said nothing yet.
pub(crate) async fn dial(world: &World) -> DealerSocket {
    let mut socket = DealerSocket::new();
    socket.connect(&format!("tcp://127.0.0.1:{}", world.ports.1)).await.unwrap();
    socket
}

pub(crate) async fn subscribe(world: &World) -> SubSocket {
    let mut socket = SubSocket::new();
    socket.connect(&format!("tcp://127.0.0.1:{}", world.ports.0)).await.unwrap();
    socket.subscribe("").await.unwrap();
    socket
}

/// The next frame; none when nothing comes for a while, which is what refusals look like from here.
pub(crate) async fn receive(socket: &mut DealerSocket, limit: Duration) -> Option<Vec<u8>> {
    let message = tokio::time::timeout(limit, socket.recv()).await.ok()?.ok()?;
    message.into_vec().into_iter().next().map(Into::into)
}

impl Raw {
    /// Shakes hands.
    pub(crate) async fn open(world: &World, id: &str, key: &StaticKey) -> Raw {
        Self::open_with(world, id, key, "").await
    }

    /// Shakes hands and shows a token.
    pub(crate) async fn open_with(world: &World, id: &str, key: &StaticKey, token: &str) -> Raw {
        let mut socket = dial(world).await;
        let (initiator, first) = Initiator::start(key).unwrap();
        socket.send(first.into()).await.unwrap();
        let second = receive(&mut socket, LIMIT).await.unwrap();
        let (kind, body) = frame::parse(&second, MAX_HANDSHAKE_FRAME).unwrap();
        assert_eq!(kind, Kind::Hello2);
        let (introduce, _) = initiator.read_hello2(body).unwrap();
        let hello = Hello {
            id: id.to_string(),
            version: "0".to_string(),
            autosign_grains: data::Value::None,
            run: 1,
            token: Secret(token.to_string()),
            ephemeral: false,
            call: false,
        };
        let (session, third) = introduce.finish(&hello).unwrap();
        socket.send(third.into()).await.unwrap();
        Raw { socket, session }
    }

    /// Shakes hands and is accepted.
    pub(crate) async fn accepted(world: &World, id: &str, key: &StaticKey) -> (Raw, Welcome) {
        let mut raw = Raw::open(world, id, key).await;
        assert!(matches!(raw.auth().await, AuthState::Pending));
        world.master().keys().accept(id, master::keys::Include::default()).unwrap();
        world.master().keys_changed().await.unwrap();
        let AuthState::Accepted(welcome) = raw.auth().await else { panic!("not accepted") };
        (raw, *welcome)
    }

    pub(crate) async fn send(&mut self, message: &ToMaster) -> Vec<u8> {
        let frame = self.session.sealer.seal(&message::encode(message).unwrap()).unwrap();
        self.socket.send(frame.clone().into()).await.unwrap();
        frame
    }

    pub(crate) async fn next(&mut self) -> ToMinion {
        let frame = receive(&mut self.socket, LIMIT).await.expect("a frame");
        let (kind, body) = frame::parse(&frame, MAX_SESSION_FRAME).unwrap();
        assert_eq!(kind, Kind::Sealed);
        message::decode(&self.session.opener.open(body).unwrap()).unwrap()
    }

    /// What the master makes of the key, heartbeats left out.
    pub(crate) async fn auth(&mut self) -> AuthState {
        loop {
            if let ToMinion::Auth(state) = self.next().await {
                return state;
            }
        }
    }

    pub(crate) async fn ask(&mut self, body: Request) -> Reply {
        self.send(&ToMaster::Request { id: 7, body }).await;
        loop {
            if let ToMinion::Reply { id: 7, body } = self.next().await {
                return body;
            }
        }
    }
}
