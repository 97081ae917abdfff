//! The master's ports against peers that we have not written: libzmq, as SUB, DEALER and REQ.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};

use rsalt_tests::{LIMIT, Master, Minion, wait_for};
use serde_json::Value;

/// A Python that has libzmq.
#[track_caller]
fn python() -> PathBuf {
    let named = std::env::var_os("RSALT_ZMQ_PYTHON").map(PathBuf::from);
    let there = ["python3".into(), "/usr/bin/python3".into()];
    let has_it = |python: &PathBuf| {
        let quiet = Command::new(python).args(["-c", "import zmq"]).stderr(Stdio::null()).status();
        quiet.is_ok_and(|status| status.success())
    };
    let found = named.into_iter().chain(there).find(has_it);
    assert!(found.is_some(), "no Python with zmq: run scripts/setup tools, or set RSALT_ZMQ_PYTHON");
    found.unwrap_or_default()
}

/// `tests/libzmq/peer.py`, running.
struct Peer {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Peer {
    #[track_caller]
    fn start(words: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("libzmq/peer.py");
        let mut command = Command::new(python());
        command.arg(script).args(words).stdin(Stdio::piped()).stdout(Stdio::piped());
        let Ok(mut child) = command.spawn() else { panic!("{command:?} does not start") };
        let (say, lines) = channel();
        let out = child.stdout.take();
        std::thread::spawn(move || {
            let read = out.into_iter().flat_map(|out| BufReader::new(out).lines());
            read.map_while(Result::ok).try_for_each(|line| say.send(line))
        });
        let stdin = child.stdin.take();
        Peer { child, stdin, lines }
    }

    /// One that is connected.
    #[track_caller]
    fn ready(words: &[&str]) -> Self {
        let mut peer = Self::start(words);
        assert_eq!(peer.line(), "ready");
        peer
    }

    #[track_caller]
    fn line(&mut self) -> String {
        match self.lines.recv_timeout(LIMIT) {
            Ok(line) => line,
            Err(error) => panic!("the peer says nothing more: {error}, {:?}", self.child.try_wait()),
        }
    }

    fn say(&mut self) {
        if let Some(stdin) = &mut self.stdin {
            let _ = stdin.write_all(b"\n");
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Stands before the publish port, has the master speak another minor version of ZMTP, and keeps what the
/// peer says.
fn relay(master: u16, minor: u8) -> (u16, Arc<Mutex<Vec<u8>>>) {
    let said: Arc<Mutex<Vec<u8>>> = Arc::default();
    let Ok(listener) = TcpListener::bind("127.0.0.1:0") else { panic!("no port") };
    let port = listener.local_addr().map_or(0, |address| address.port());
    let keep = Arc::clone(&said);
    std::thread::spawn(move || {
        for peer in listener.incoming().flatten() {
            let (Ok(up), Ok(from)) = (TcpStream::connect(("127.0.0.1", master)), peer.try_clone()) else {
                return;
            };
            let (Ok(to), keep) = (up.try_clone(), Arc::clone(&keep)) else { return };
            std::thread::spawn(move || {
                pass(from, to, |bytes, _| {
                    keep.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
                })
            });
            // The minor version is the greeting's twelfth byte.
            std::thread::spawn(move || {
                pass(up, peer, |bytes, at| {
                    if let Some(byte) = 11_usize.checked_sub(at).and_then(|at| bytes.get_mut(at)) {
                        *byte = minor;
                    }
                })
            });
        }
    });
    (port, said)
}

fn pass(mut from: TcpStream, mut to: TcpStream, look: impl Fn(&mut [u8], usize)) {
    let (mut buffer, mut at) = ([0; 4096], 0);
    while let Ok(count) = from.read(&mut buffer) {
        let bytes = &mut buffer[..count];
        look(bytes, at);
        at += count;
        if count == 0 || to.write_all(bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Both);
}

fn port(master: &Master, key: &str) -> u16 {
    master
        .address()
        .get(key)
        .and_then(Value::as_u64)
        .and_then(|port| port.try_into().ok())
        .unwrap_or_default()
}

#[track_caller]
fn ping(master: &Master) {
    assert_eq!(master.json(&["*", "test.ping"]), (0, serde_json::json!({"web1": true})));
}

fn world() -> (Master, Minion) {
    let master = Master::start();
    let minion = Minion::start(&master, "web1");
    master.wait_for_minions(&["web1"]);
    (master, minion)
}

#[test]
fn a_sub_of_either_version_has_every_publish() {
    let (master, _minion) = world();
    for (minor, form) in [(0, &b"\x00\x03\x01\x01\x10"[..]), (1, b"\x09SUBSCRIBE\x01\x10")] {
        let (relayed, said) = relay(port(&master, "publish_port"), minor);
        let mut sub = Peer::ready(&["sub", &relayed.to_string()]);
        wait_for("its subscription", || {
            let said = said.lock().unwrap_or_else(PoisonError::into_inner);
            let cancelled = said.windows(5).filter(|w| w == b"other").count() == 2;
            (cancelled && said.windows(form.len()).any(|w| w == form)).then_some(())
        });
        // The master may still have it to read: from the first that arrives on, none is missing.
        let mut sent = 0;
        let first = wait_for("a publish", || {
            ping(&master);
            sent += 1;
            sub.lines.try_recv().ok()
        });
        (0..5).for_each(|_| ping(&master));
        let arrived: Vec<String> = std::iter::once(first).chain((0..5).map(|_| sub.line())).collect();
        assert!(arrived.iter().all(|line| line.starts_with("1 0110 ")), "{arrived:?} of {sent}");
    }
}

#[test]
fn dealer_and_req_are_answered_each_in_its_way() {
    let (master, _minion) = world();
    let port = port(&master, "master_port").to_string();
    // What the master says to a message of a session that it does not have.
    let mut dealer = Peer::ready(&["ask", "dealer", &port]);
    assert_eq!([dealer.line(), dealer.line()], ["0105", "0105"]);
    let mut req = Peer::ready(&["ask", "req", &port]);
    assert_eq!([req.line(), req.line()], ["0105", "0105"]);
    // Its identity is a peer's own affair: two of one name are two peers.
    let mut twins = Peer::ready(&["twins", &port]);
    for _ in 0..6 {
        assert_eq!(twins.line(), "0105");
    }
    let mut large = Peer::ready(&["large", &port]);
    assert_eq!(large.line(), "cut");
    ping(&master);
    assert!(master.runner(&["manage.refused"]).get("frame too large").is_some());
}

#[test]
fn a_sub_that_does_not_read_is_cut_off_and_told() {
    let (master, _minion) = world();
    let publish = port(&master, "publish_port").to_string();
    let mut slow = Peer::ready(&["slow", &publish]);
    let mut reads = Peer::ready(&["sub", &publish]);
    wait_for("a publish", || {
        ping(&master);
        reads.lines.try_recv().ok()
    });
    let mut call = vec!["*".to_owned(), "test.arg".to_owned()];
    call.extend((0..14).map(|_| "x".repeat(100_000)));
    let call: Vec<&str> = call.iter().map(String::as_str).collect();
    let refused = || master.runner(&["manage.refused"]).get("does not read").and_then(Value::as_u64);
    let mut sent = 0;
    while refused().is_none() {
        assert_eq!(master.json(&call).0, 0);
        sent += 1;
        assert!(sent < 100, "it is never cut off");
    }
    ping(&master);
    // The other one missed nothing, while its neighbour slept.
    let large = |line: &String| line.split(' ').next_back().is_some_and(|size| size.len() > 6);
    let mut arrived = 0;
    while arrived < sent {
        arrived += usize::from(large(&reads.line()));
    }
    slow.say();
    assert_eq!(slow.line(), "cut 1");
    assert_eq!(refused(), Some(1));
}
