//! Peers that mean harm: each is refused and counted, and nobody else notices.

use std::time::Duration;

use data::Value;
use master::refusals::Refusal;
use proto::frame::{self, Kind, MAX_HANDSHAKE_FRAME};
use proto::keys::StaticKey;
use proto::message::{FileRequest, Reply, Request, Return, ToMaster};
use proto::zmtp::{Piece, SocketType};
use zeromq::SocketSend as _;

use crate::ports::Tcp;
use crate::raw::{Raw, dial, receive};
use crate::world::{World, wait_for};

fn refused(world: &World, reason: Refusal) {
    wait_for(&format!("a refusal: {reason}"), || (world.master().refusals.get(reason) > 0).then_some(()));
}

/// The master still serves others.
fn alive(world: &World) {
    let ended = world.publish("*", "test.ping", &[]).end();
    assert_eq!(ended.returns.len(), ended.expected.len(), "{ended:?}");
}

#[test]
fn frames_that_are_none_end_their_connection_only() {
    let world = World::new();
    let _minion = world.connected("web-1");
    let cases: [(Vec<u8>, Refusal); 5] = [
        (vec![0], Refusal::Frame),
        (vec![9, 9, 9], Refusal::Frame),
        (frame::build(Kind::Hello1, &vec![0; MAX_HANDSHAKE_FRAME]), Refusal::Size),
        (frame::build(Kind::Hello1, b"short"), Refusal::Handshake),
        (frame::build(Kind::Hello3, b"out of the blue"), Refusal::State),
    ];
    for (bytes, reason) in cases {
        world.block_on(async {
            let mut socket = dial(&world).await;
            socket.send(bytes.into()).await.unwrap();
            assert_eq!(receive(&mut socket, Duration::from_millis(50)).await, None);
        });
        refused(&world, reason);
    }
    alive(&world);
}

#[test]
fn a_replayed_message_ends_its_session() {
    let world = World::new();
    let _minion = world.connected("web-1");
    let key = StaticKey::generate().unwrap();
    world.block_on(async {
        let (mut raw, _) = Raw::accepted(&world, "web-2", &key).await;
        let frame = raw.send(&ToMaster::Heartbeat).await;
        raw.socket.send(frame.into()).await.unwrap();
    });
    refused(&world, Refusal::Seal);
    world.wait_gone("web-2");
    world.delete("web-2");
    alive(&world);
}

#[test]
fn messages_out_of_order_end_their_session() {
    let world = World::new();
    let _minion = world.connected("web-1");
    let key = StaticKey::generate().unwrap();
    world.block_on(async {
        let (mut raw, _) = Raw::accepted(&world, "web-2", &key).await;
        let beat = proto::message::encode(&ToMaster::Heartbeat).unwrap();
        let _first = raw.session.sealer.seal(&beat).unwrap();
        let second = raw.session.sealer.seal(&beat).unwrap();
        raw.socket.send(second.into()).await.unwrap();
    });
    refused(&world, Refusal::Seal);
    world.wait_gone("web-2");
    world.delete("web-2");
    alive(&world);
}

#[test]
fn a_return_of_a_gibibyte_is_refused_at_its_header() {
    let world = World::new();
    let _minion = world.connected("web-1");
    let mut tcp = Tcp::open(world.ports.1, SocketType::Dealer);
    tcp.accepted(&world, "web-2");
    let mut header = vec![2];
    header.extend((1_u64 << 30).to_be_bytes());
    tcp.send(&header);
    tcp.send(&[7; 1 << 16]);
    tcp.hung_up();
    refused(&world, Refusal::Size);
    world.wait_gone("web-2");
    world.delete("web-2");
    alive(&world);
}

#[test]
fn a_return_that_is_too_large_is_told_in_its_place() {
    let world = World::with("max_message_size: 1048576");
    let _minion = world.connected("web-1");
    let ended = world.publish("*", "cmd.run", &["head -c 3000000 /dev/zero | tr '\\0' x"]).end();
    let ret = ended.returns.first().unwrap();
    assert!(ret.ret.to_string().contains("max_message_size"), "{:?}", ret.ret);
    assert_eq!((ret.retcode, ret.success), (1, false));
    // It did not cost the session, as the large message itself would have.
    assert_eq!(world.master().refusals.get(Refusal::Size), 0);
    let just_fits = world.publish("*", "cmd.run", &["head -c 1000000 /dev/zero | tr '\\0' x"]).end();
    assert_eq!(just_fits.returns.first().unwrap().retcode, 0);
}

#[test]
fn two_peers_with_one_identity_have_their_own_answers() {
    let world = World::new();
    let _minion = world.connected("web-1");
    let ready = b"\x05READY\x0bSocket-Type\0\0\0\x06DEALER\x08Identity\0\0\0\x05web-1";
    let mut peers = [(); 2].map(|()| {
        let mut tcp = Tcp::connect(world.ports.1);
        tcp.send(&proto::zmtp::greeting());
        tcp.send(&proto::zmtp::frame(ready, false, true));
        assert!(matches!(tcp.next(), Some(Piece::Greeting(_))));
        assert!(matches!(tcp.next(), Some(Piece::Frame { command: true, .. })));
        tcp
    });
    for turn in [0, 1, 0] {
        peers[turn].send(&proto::zmtp::frame(&frame::build(Kind::Sealed, b"no session"), false, false));
        let Some(Piece::Frame { body, .. }) = peers[turn].next() else { panic!("no answer") };
        assert_eq!(body, frame::build(Kind::NoSession, &[]));
    }
    alive(&world);
}

#[test]
fn a_return_for_another_minion_is_refused() {
    let world = World::new();
    let _victim = world.connected("web-1");
    let ended = world.publish("web-1", "test.ping", &[]).end();
    let key = StaticKey::generate().unwrap();
    world.block_on(async {
        let (mut raw, _) = Raw::accepted(&world, "web-2", &key).await;
        let forged = |id: &str, jid: &str| {
            Request::Return(Box::new(Return {
                jid: jid.to_string(),
                id: id.to_string(),
                fun: "test.ping".to_string(),
                fun_args: vec![],
                ret: Value::from("forged"),
                retcode: 0,
                success: true,
                out: None,
            }))
        };
        assert!(matches!(raw.ask(forged("web-1", &ended.jid)).await, Reply::Refused(_)));
        assert!(matches!(raw.ask(forged("web-2", "20200101000000000000")).await, Reply::Refused(_)));
        assert!(matches!(raw.ask(forged("web-2", "../../x")).await, Reply::Refused(_)));
    });
    assert_eq!(world.master().refusals.get(Refusal::ForeignReturn), 1);
    assert_eq!(world.master().refusals.get(Refusal::UnknownJob), 2);
    assert_eq!(world.returns(&ended.jid), ended.returns);
}

#[test]
fn events_are_of_the_minion_that_fires_them() {
    let world = World::new();
    let key = StaticKey::generate().unwrap();
    let mut heard = world.master().events.listen();
    world.block_on(async {
        let (mut raw, _) = Raw::accepted(&world, "web-2", &key).await;
        let event = |tag: &str| {
            let data = data::Dict::new().with("id", "web-1").with("act", "accept");
            Request::Event(proto::message::Event { tag: tag.to_string(), data: data.into() })
        };
        for tag in
            ["salt/key", "salt/auth", "salt/job/20200101000000000000/ret/web-1", "salt/minion/web-1/start"]
        {
            assert!(matches!(raw.ask(event(tag)).await, Reply::Refused(_)), "{tag}");
        }
        assert!(matches!(raw.ask(event("deploy/done")).await, Reply::Done));
    });
    assert_eq!(world.master().refusals.get(Refusal::ForeignEvent), 4);
    let of_minions =
        std::iter::from_fn(|| heard.try_recv().ok()).filter(|event| event.data.get("act").is_some());
    let fired: Vec<_> =
        of_minions.filter(|event| event.tag == "deploy/done" || event.data.get("pub").is_none()).collect();
    assert_eq!(fired.len(), 1, "{fired:?}");
    // Whatever it says, it is told who has said it.
    assert_eq!(fired[0].data.get("id").map(ToString::to_string), Some("web-2".to_string()));
}

#[test]
fn files_come_from_the_roots_and_from_nowhere_else() {
    let world = World::new();
    std::fs::write(world.dir.path().join("srv/top.sls"), "base: {}\n").unwrap();
    std::fs::write(world.dir.path().join("secret"), "secret\n").unwrap();
    let key = StaticKey::generate().unwrap();
    world.block_on(async {
        let (mut raw, _) = Raw::accepted(&world, "web-1", &key).await;
        let file = |path: &str| FileRequest { path: path.to_string(), saltenv: "base".to_string() };
        assert!(matches!(raw.ask(Request::FileInfo(file("top.sls"))).await, Reply::FileInfo(Some(i)) if i.size == 9));
        for path in ["../secret", "/etc/passwd", "a/../../secret", "..", "srv/../../secret", "top.sls/../../secret"] {
            let reply = raw.ask(Request::FileInfo(file(path))).await;
            assert!(matches!(reply, Reply::Refused(_) | Reply::FileInfo(None)), "{path}: {reply:?}");
            let chunk = proto::message::ChunkRequest { file: file(path), offset: 0, length: 100 };
            let reply = raw.ask(Request::FileChunk(chunk)).await;
            assert!(matches!(reply, Reply::Refused(_) | Reply::Error(_)), "{path}: {reply:?}");
        }
    });
    assert!(world.master().refusals.get(Refusal::Request) > 0);
}

#[test]
fn who_is_not_accepted_gets_nothing() {
    let world = World::new();
    let key = StaticKey::generate().unwrap();
    world.block_on(async {
        let mut raw = Raw::open(&world, "web-1", &key).await;
        raw.auth().await;
        for request in [Request::FileEnvs, Request::Grains(Value::dict()), Request::Ping] {
            assert!(matches!(raw.ask(request).await, Reply::Refused(_)));
        }
        // Nor may it send more than a handshake has.
        let big = Request::Grains(Value::from("x".repeat(MAX_HANDSHAKE_FRAME)));
        raw.send(&ToMaster::Request { id: 1, body: big }).await;
    });
    refused(&world, Refusal::Size);
    assert_eq!(world.master().refusals.get(Refusal::NotAccepted), 3);
    assert!(world.master().roster.grains("web-1").is_none());
}

#[test]
fn an_id_that_is_a_path_is_refused() {
    let world = World::new();
    let key = StaticKey::generate().unwrap();
    world.block_on(async {
        let mut raw = Raw::open(&world, "../../evil", &key).await;
        assert!(matches!(raw.auth().await, proto::message::AuthState::Refused(_)));
    });
    refused(&world, Refusal::Id);
    assert!(!world.dir.path().join("evil").exists());
}
