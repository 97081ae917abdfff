//! Peers that mean harm, against a real master with a real minion: it lives, its memory comes back, the minion
//! notices nothing, and the operator reads of it without drowning in it.
//!
//! What needs a session of one's own (replays, forged returns, paths) is in `master/tests/wire`.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use proto::zmtp::{self, SocketType};
use rsalt_tests::{LIMIT, Master, Minion, wait_for};
use serde_json::{Value, json};

/// What a master's memory may differ by from one moment to another: its allocator keeps some for the next peak.
const SLACK: u64 = 8 << 20;

struct World {
    master: Master,
    _minion: Minion,
    ports: (u16, u16),
}

impl World {
    #[track_caller]
    fn new() -> Self {
        let master = Master::start();
        let minion = Minion::start(&master, "web1");
        master.wait_for_minions(&["web1"]);
        let address = master.address();
        let port =
            |key| address.get(key).and_then(Value::as_u64).and_then(|p| p.try_into().ok()).unwrap_or(0);
        World { ports: (port("publish_port"), port("master_port")), master, _minion: minion }
    }

    /// Bytes of memory that the master has for itself.
    fn memory(&mut self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.master.daemon().pid()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        line.and_then(|l| l.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or(0) * 1024
    }

    fn refused(&self, reason: &str) -> u64 {
        self.master.runner(&["manage.refused"]).get(reason).and_then(Value::as_u64).unwrap_or(0)
    }

    /// The minion answers, and soon.
    #[track_caller]
    fn ping(&self) {
        let start = Instant::now();
        assert_eq!(self.master.json(&["*", "test.ping"]), (0, json!({"web1": true})));
        assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    }

    /// One attack, `times` times over: at its end it was counted so often under its reason, if it is to be.
    #[track_caller]
    fn endure(&mut self, what: &str, reason: Option<&str>, times: u64, attack: impl Fn(&World, u64)) {
        // The first ones are where buffers grow that stay for good.
        (0..8).for_each(|n| attack(self, n));
        self.ping();
        let (before, counted) = (self.memory(), reason.map_or(0, |reason| self.refused(reason)));
        for n in 0..times {
            attack(self, n);
            if n == times / 2 {
                self.ping();
            }
        }
        if let Some(reason) = reason {
            let count = wait_for(&format!("{what}: refusals"), || {
                let count = self.refused(reason);
                (count >= counted + times).then_some(count)
            });
            // The 1st, 2nd, 4th, 8th … of a reason is a line, with the count.
            let log = self.master.daemon().log();
            let lines = log.lines().filter(|line| line.contains("refused") && line.contains(reason)).count();
            assert_eq!(lines, count.ilog2() as usize + 1, "{what}: {count} refusals\n{log}");
        }
        self.master.daemon().check_runs();
        self.ping();
        wait_for(&format!("{what}: the memory, {before} bytes before, to come back"), || {
            (self.memory() <= before + SLACK).then_some(())
        });
    }
}

fn connect(port: u16) -> TcpStream {
    match TcpStream::connect(("127.0.0.1", port)) {
        Ok(stream) => {
            let _ = stream.set_read_timeout(Some(LIMIT));
            stream
        }
        Err(error) => panic!("the port takes nobody: {error}"),
    }
}

/// What is sent to somebody who has hung up is lost.
fn send(mut stream: &TcpStream, bytes: &[u8]) {
    let _ = stream.write_all(bytes);
}

/// Through ZMTP's handshake.
fn open(port: u16, kind: SocketType) -> TcpStream {
    let stream = connect(port);
    send(&stream, &zmtp::greeting());
    send(&stream, &zmtp::ready(kind));
    stream
}

/// Waits until the master has hung up.
#[track_caller]
fn hung_up(mut stream: TcpStream) {
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(1..) => {}
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => panic!("it does not hang up"),
            _ => return,
        }
    }
}

/// Numbers that look random and are the same in each run.
fn noise(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2).wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..count).map(|_| next()).collect()
}

#[test]
fn whatever_comes_the_master_goes_on() {
    let mut world = World::new();
    let (publish, requests) = world.ports;
    let either = move |n: u64| {
        if n.is_multiple_of(2) { (publish, SocketType::Sub) } else { (requests, SocketType::Dealer) }
    };

    world.endure("a frame of 2^46 bytes", Some("frame too large"), 300, |_, n| {
        let (port, kind) = either(n);
        let stream = open(port, kind);
        send(&stream, &[2, 0, 0, 0x40, 0, 0, 0, 0, 0]);
        send(&stream, &[7; 4096]);
        hung_up(stream);
    });
    world.endure("garbage", Some("not a frame of this protocol"), 300, |_, n| {
        let mut bytes = noise(n, 200);
        if let Some(first) = bytes.first_mut() {
            // Half of them begin as a greeting does.
            *first = if n.is_multiple_of(4) { 0xff } else { *first & 0x7f };
        }
        let stream = connect(either(n).0);
        send(&stream, &bytes);
        hung_up(stream);
    });
    world.endure("parts without end", Some("not a frame of this protocol"), 300, |_, _| {
        let stream = open(requests, SocketType::Dealer);
        send(&stream, &zmtp::frame(b"part", true, false).repeat(1000));
        hung_up(stream);
    });
    world.endure("subscriptions without end", Some("too many frames"), 300, |_, n| {
        let stream = open(publish, SocketType::Sub);
        let by_message = zmtp::frame(&[&[1][..], &noise(n, 100)].concat(), false, false);
        let by_command = zmtp::frame(&[b"\x09SUBSCRIBE", &noise(n, 100)[..]].concat(), false, true);
        send(&stream, &if n.is_multiple_of(2) { by_message } else { by_command }.repeat(1000));
        hung_up(stream);
    });
    let mut whole = zmtp::greeting().to_vec();
    whole.extend(zmtp::ready(SocketType::Dealer));
    whole.extend(zmtp::frame(b"", true, false));
    whole.extend(zmtp::frame(&noise(1, 300), false, false));
    world.endure("a conversation cut at each byte", None, whole.len() as u64, |_, n| {
        send(&connect(either(n).0), whole.get(..n as usize).unwrap_or_default());
    });
}

#[test]
fn ten_thousand_idle_connections_of_one_address() {
    let mut world = World::new();
    let (publish, requests) = world.ports;
    let before = world.memory();
    let mut idle: Vec<TcpStream> = Vec::new();
    let start = Instant::now();
    for n in 0..10_000_usize {
        let stream = connect(if n.is_multiple_of(2) { publish } else { requests });
        // A byte of a greeting now and then, as one has who is slow on purpose.
        if n.is_multiple_of(3) {
            send(&stream, &[0xff]);
        }
        idle.push(stream);
        if n.is_multiple_of(2500) {
            world.ping();
        }
    }
    let took = start.elapsed();
    // 512 of one address are let in, for ten seconds each; the others are sent away at once.
    let rounds = 1 + took.as_secs() / 10;
    wait_for("the others to be sent away", || {
        (world.refused("too many connections") >= 10_000 - 512 * rounds).then_some(())
    });
    let used = world.memory().saturating_sub(before);
    assert!(used < SLACK, "{used} bytes for strangers");
    world.ping();
    wait_for("the slow ones to be given up", || {
        (world.refused("handshake took too long") + world.refused("too many connections") == 10_000)
            .then_some(())
    });
    let log = world.master.daemon().log();
    let lines = log.lines().filter(|line| line.contains("refused")).count();
    assert!((2..40).contains(&lines), "{lines} lines\n{log}");
    drop(idle);
    // There is room again.
    let stream = open(requests, SocketType::Dealer);
    let mut greeting = [0; zmtp::GREETING];
    assert!((&stream).read_exact(&mut greeting).is_ok());
    world.ping();
    wait_for("the memory to come back", || (world.memory() <= before + SLACK).then_some(()));
}

#[test]
fn whoever_fails_to_get_in_again_and_again_is_locked_out_and_nobody_else() {
    let world = World::new();
    let hello = zmtp::frame(&proto::frame::build(proto::frame::Kind::Hello1, b"no key at all"), false, false);
    for _ in 0..200 {
        let stream = open(world.ports.1, SocketType::Dealer);
        send(&stream, &hello);
        hung_up(stream);
    }
    let (failed, locked) = (world.refused("handshake failed"), world.refused("locked out"));
    assert!(failed >= 30 && locked > 100 && failed + locked == 200, "{failed} failed, {locked} locked out");
    // The minion has the same address, and its connection.
    world.ping();
}
