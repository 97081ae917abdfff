//! What the ports do with peers that never get as far as a session, byte by byte.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use master::refusals::Refusal;
use proto::frame::HEADER;
use proto::keys::StaticKey;
use proto::message::Hello;
use proto::session::Initiator;
use proto::zmtp::{self, Decoder, Piece, SocketType};

use crate::world::{LIMIT, World, wait_for};

/// A peer made of bytes.
pub(crate) struct Tcp {
    pub(crate) stream: TcpStream,
    decoder: Decoder,
    arrived: Vec<u8>,
}

impl Tcp {
    pub(crate) fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.set_nodelay(true).unwrap();
        Tcp { stream, decoder: Decoder::default(), arrived: Vec::new() }
    }

    /// Connected, and through ZMTP's handshake.
    pub(crate) fn open(port: u16, kind: SocketType) -> Self {
        let mut tcp = Self::connect(port);
        tcp.send(&zmtp::greeting());
        tcp.send(&zmtp::ready(kind));
        assert_eq!(tcp.next(), Some(Piece::Greeting(1)));
        assert!(matches!(tcp.next(), Some(Piece::Frame { command: true, .. })));
        tcp
    }

    /// What is sent after the other side has hung up is lost.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// The next piece; none at the end of the connection.
    pub(crate) fn next(&mut self) -> Option<Piece> {
        loop {
            let mut input = &self.arrived[..];
            let piece = self.decoder.next(&mut input, 1 << 20).unwrap();
            self.arrived = input.to_vec();
            if piece.is_some() {
                return piece;
            }
            let mut buffer = [0; 4096];
            match self.stream.read(&mut buffer) {
                Ok(0) => return None,
                Ok(count) => self.arrived.extend_from_slice(&buffer[..count]),
                Err(e) if e.kind() == ErrorKind::ConnectionReset => return None,
                Err(e) => panic!("{e}"),
            }
        }
    }

    /// The body of the next frame.
    fn body(&mut self) -> Vec<u8> {
        match self.next() {
            Some(Piece::Frame { command: false, body, .. }) => body,
            other => panic!("{other:?}"),
        }
    }

    /// Shakes hands as a minion whose key is accepted then.
    pub(crate) fn accepted(&mut self, world: &World, id: &str) {
        let (initiator, first) = Initiator::start(&StaticKey::generate().unwrap()).unwrap();
        self.send(&zmtp::frame(&first, false, false));
        let second = self.body();
        let (introduce, _) = initiator.read_hello2(&second[HEADER..]).unwrap();
        let hello = Hello {
            id: id.to_string(),
            version: "0".to_string(),
            autosign_grains: data::Value::None,
            run: 1,
            token: Default::default(),
            ephemeral: false,
            call: false,
        };
        let (_session, third) = introduce.finish(&hello).unwrap();
        self.send(&zmtp::frame(&third, false, false));
        world.wait_pending(id);
        world.accept(id);
        wait_for("it to be connected", || world.master().is_connected(id).then_some(()));
    }

    /// Waits for the other side to hang up.
    pub(crate) fn hung_up(mut self) {
        while self.next().is_some() {}
    }
}

fn ports(world: &World) -> [(u16, SocketType); 2] {
    [(world.ports.0, SocketType::Sub), (world.ports.1, SocketType::Dealer)]
}

fn count(world: &World, reason: Refusal) -> u64 {
    world.master().refusals.get(reason)
}

/// One more refusal than before.
fn counted(world: &World, reason: Refusal, before: u64) {
    wait_for(&format!("a refusal: {reason}"), || (count(world, reason) > before).then_some(()));
}

fn alive(world: &World) {
    let ended = world.publish("*", "test.ping", &[]).end();
    assert_eq!(ended.returns.len(), 1, "{ended:?}");
}

#[test]
fn an_announced_size_is_refused_at_the_header() {
    let world = World::new();
    let _minion = world.connected("web-1");
    for (port, kind) in ports(&world) {
        for size in [1_u64 << 46, u64::MAX, 1 << 30, 16 * 1024 + 1] {
            let before = count(&world, Refusal::Size);
            let mut header = vec![2];
            header.extend(size.to_be_bytes());
            let mut tcp = Tcp::open(port, kind);
            tcp.send(&header);
            tcp.hung_up();
            counted(&world, Refusal::Size, before);
        }
        // Before READY as well, and as a command.
        let before = count(&world, Refusal::Size);
        let mut tcp = Tcp::connect(port);
        tcp.send(&zmtp::greeting());
        tcp.send(&[6, 0, 0, 0x40, 0, 0, 0, 0, 0]);
        tcp.hung_up();
        counted(&world, Refusal::Size, before);
    }
    alive(&world);
}

#[test]
fn strangers_of_other_protocols() {
    let world = World::new();
    let _minion = world.connected("web-1");
    let mut curve = zmtp::greeting();
    curve[12..17].copy_from_slice(b"CURVE");
    let garbage: [&[u8]; 6] = [
        b"GET / HTTP/1.1\r\nHost: master\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x01\x00",
        b"\xff\0\0\0\0\0\0\0\x01\x7f\x01\0",
        &curve,
        &[0xff; 64],
    ];
    for (port, _) in ports(&world) {
        for bytes in garbage {
            let before = count(&world, Refusal::Frame);
            let mut tcp = Tcp::connect(port);
            tcp.send(bytes);
            let mut rest = Vec::new();
            // The master's own greeting, then the end.
            let _ = tcp.stream.read_to_end(&mut rest);
            assert!(rest.len() <= zmtp::GREETING, "{rest:?}");
            counted(&world, Refusal::Frame, before);
        }
    }
    alive(&world);
}

#[test]
fn sockets_of_the_wrong_kind_are_told_so() {
    let world = World::new();
    for (port, kind) in [(world.ports.0, SocketType::Dealer), (world.ports.1, SocketType::Sub)] {
        let mut tcp = Tcp::connect(port);
        tcp.send(&zmtp::greeting());
        tcp.send(&zmtp::ready(kind));
        let mut pieces = Vec::new();
        while let Some(piece) = tcp.next() {
            pieces.push(piece);
        }
        let Some(Piece::Frame { command: true, body, .. }) = pieces.pop() else { panic!("{pieces:?}") };
        assert_eq!(body, b"\x05ERROR\x13Invalid socket type");
    }
    assert_eq!(count(&world, Refusal::Frame), 2);
}

#[test]
fn endless_parts_and_floods_end_at_once() {
    let world = World::new();
    let _minion = world.connected("web-1");
    let (publish, requests) = world.ports;
    let more = zmtp::frame(b"", true, false);
    let cases: [(u16, SocketType, Vec<u8>, Refusal); 5] = [
        (requests, SocketType::Dealer, more.repeat(100), Refusal::Frame),
        (requests, SocketType::Dealer, zmtp::frame(b"part", true, false).repeat(3), Refusal::Frame),
        (requests, SocketType::Dealer, zmtp::frame(b"\x04PING\0\0", false, true).repeat(100), Refusal::Flood),
        (publish, SocketType::Sub, zmtp::frame(b"\x01topic", false, false).repeat(100), Refusal::Flood),
        (publish, SocketType::Sub, zmtp::frame(b"\x09SUBSCRIBEx", false, true).repeat(100), Refusal::Flood),
    ];
    for (port, kind, bytes, reason) in cases {
        let before = count(&world, reason);
        let mut tcp = Tcp::open(port, kind);
        tcp.send(&bytes);
        tcp.hung_up();
        counted(&world, reason, before);
    }
    let before = count(&world, Refusal::Size);
    let mut tcp = Tcp::open(publish, SocketType::Sub);
    tcp.send(&zmtp::frame(&[1; 300], false, false));
    tcp.hung_up();
    counted(&world, Refusal::Size, before);
    alive(&world);
}

#[test]
fn a_conversation_cut_at_each_byte_leaves_nothing_behind() {
    let world = World::new();
    let _minion = world.connected("web-1");
    let mut bytes = zmtp::greeting().to_vec();
    bytes.extend(zmtp::ready(SocketType::Dealer));
    bytes.extend(zmtp::frame(b"", true, false));
    bytes.extend(zmtp::frame(b"\x01\x01short", false, false));
    for (port, _) in ports(&world) {
        for cut in 0..bytes.len() {
            let mut tcp = Tcp::connect(port);
            tcp.send(&bytes[..cut]);
        }
    }
    alive(&world);
}

#[test]
fn handshakes_have_ten_seconds() {
    let world = World::new();
    let start = Instant::now();
    let mut slow = Vec::new();
    for (port, kind) in ports(&world) {
        // Nothing at all; a greeting; a greeting and READY. One by one, all at the same time.
        slow.push(Tcp::connect(port));
        let mut tcp = Tcp::connect(port);
        tcp.send(&zmtp::greeting()[..20]);
        slow.push(tcp);
        slow.push(Tcp::open(port, kind));
    }
    for tcp in slow {
        tcp.hung_up();
    }
    let took = start.elapsed();
    assert!(took > Duration::from_secs(8) && took < LIMIT, "{took:?}");
    wait_for("the refusals", || (count(&world, Refusal::HandshakeTime) == 6).then_some(()));
}

#[test]
fn an_address_has_so_many_strangers() {
    let world = World::with("max_connections_per_address: 40");
    let _minion = world.connected("web-1");
    let port = world.ports.1;
    let idle: Vec<Tcp> = (0..40).map(|_| Tcp::connect(port)).collect();
    for _ in 0..20 {
        Tcp::connect(port).hung_up();
    }
    wait_for("the refusals", || (count(&world, Refusal::Connections) == 20).then_some(()));
    // The minion counts as no stranger, neither here nor on the publish port.
    alive(&world);
    drop(idle);
    // Places are given back.
    wait_for("a place", || {
        let mut tcp = Tcp::connect(port);
        let mut byte = [0];
        (tcp.stream.read(&mut byte).ok()? == 1).then_some(())
    });
}

#[test]
fn subscribers_of_both_versions_and_cancelled_ones() {
    let world = World::new();
    let _minion = world.connected("web-1");
    let port = world.ports.0;
    let mut by_message = Tcp::open(port, SocketType::Sub);
    by_message.send(&zmtp::frame(b"\x01", false, false));
    let mut by_command = Tcp::open(port, SocketType::XSub);
    by_command.send(&zmtp::frame(b"\x09SUBSCRIBE\x01\x10", false, true));
    let mut other_topic = Tcp::open(port, SocketType::Sub);
    other_topic.send(&zmtp::frame(b"\x01\x02", false, false));
    let mut cancelled = Tcp::open(port, SocketType::Sub);
    cancelled.send(&zmtp::frame(b"\x01", false, false));
    cancelled.send(&zmtp::frame(b"\x06CANCEL", false, true));
    // An answer says that everything before it was read.
    for tcp in [&mut by_message, &mut by_command, &mut other_topic, &mut cancelled] {
        tcp.send(&zmtp::frame(b"\x04PING\0\0abc", false, true));
        let Some(Piece::Frame { command: true, body, .. }) = tcp.next() else { panic!("no PONG") };
        assert_eq!(body, b"\x04PONGabc");
    }
    alive(&world);
    for tcp in [&mut by_message, &mut by_command] {
        let Some(Piece::Frame { more: false, command: false, body }) = tcp.next() else {
            panic!("no publish")
        };
        assert_eq!(body[..2], [1, 16]);
    }
    for tcp in [&mut other_topic, &mut cancelled] {
        tcp.send(&zmtp::frame(b"\x04PING\0\0", false, true));
        assert!(matches!(tcp.next(), Some(Piece::Frame { command: true, .. })));
    }
}

#[test]
fn a_topic_that_was_given_to_nobody_makes_no_minion() {
    let world = World::with("max_connections_per_address: 4");
    let port = world.ports.0;
    let topic = format!("\x01{}{}", master::bus::SUBSCRIPTION, "0".repeat(32));
    let strangers: Vec<Tcp> = (0..4)
        .map(|_| {
            let mut tcp = Tcp::open(port, SocketType::Sub);
            tcp.send(&zmtp::frame(topic.as_bytes(), false, false));
            tcp
        })
        .collect();
    Tcp::connect(port).hung_up();
    assert_eq!(count(&world, Refusal::Connections), 1);
    drop(strangers);
}

#[test]
fn a_req_peer_is_answered_as_one() {
    let world = World::new();
    let mut tcp = Tcp::open(world.ports.1, SocketType::Req);
    tcp.send(&zmtp::frame(b"", true, false));
    tcp.send(&zmtp::frame(
        &proto::frame::build(proto::frame::Kind::Sealed, b"unknown session"),
        false,
        false,
    ));
    assert_eq!(tcp.next(), Some(Piece::Frame { more: true, command: false, body: vec![] }));
    let Some(Piece::Frame { more: false, command: false, body }) = tcp.next() else { panic!("no answer") };
    assert_eq!(body, proto::frame::build(proto::frame::Kind::NoSession, &[]));
}

#[test]
fn a_subscriber_that_does_not_read_is_cut_off_and_slows_nobody() {
    let world = World::new();
    let _minion = world.connected("web-1");
    let (mut deaf, mut reads) =
        (Tcp::open(world.ports.0, SocketType::Sub), Tcp::open(world.ports.0, SocketType::Sub));
    for tcp in [&mut deaf, &mut reads] {
        tcp.send(&zmtp::frame(b"\x01\x01", false, false));
        tcp.send(&zmtp::frame(b"\x04PING\0\0", false, true));
        assert!(matches!(tcp.next(), Some(Piece::Frame { command: true, .. })));
    }
    let reader = std::thread::spawn(move || {
        let mut got = 0;
        while let Some(Piece::Frame { body, .. }) = reads.next() {
            got += 1;
            if body.len() < 100_000 {
                break;
            }
        }
        got
    });
    // More than its queue and the kernel's buffers hold.
    let large = "x".repeat(900_000);
    let mut sent = 0;
    while count(&world, Refusal::SlowReader) == 0 {
        let ended = world.publish("*", "test.echo", &[&large]).end();
        assert_eq!(ended.returns.len(), 1, "{:?}", ended.missing);
        sent += 1;
        assert!(sent < 100, "it is never cut off");
    }
    alive(&world);
    assert_eq!(reader.join().unwrap(), sent + 1, "who reads misses nothing");
    deaf.hung_up();
    assert_eq!(count(&world, Refusal::SlowReader), 1);
}

#[test]
fn a_peer_that_has_stopped_talking_is_let_go() {
    let world = World::with("max_connections_per_address: 8");
    let _minion = world.connected("web-1");
    for (port, kind) in ports(&world) {
        for _ in 0..20 {
            // Half closed: it would still read. Nobody waits for what it would say.
            let tcp = Tcp::open(port, kind);
            tcp.stream.shutdown(std::net::Shutdown::Write).unwrap();
            tcp.hung_up();
        }
    }
    alive(&world);
    assert_eq!(count(&world, Refusal::Connections), 0);
}
