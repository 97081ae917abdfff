//! Publishes that are not the master's, or not of now, put into a minion's own connection.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use proto::group::{Envelope, Group};
use proto::keys::{SignKey, StaticKey};
use proto::message::{self, Published};
use proto::zmtp::{self, Decoder, Piece};

use crate::raw::Raw;
use crate::world::{World, lines, wait_for};

/// Stands between a minion and the publish port: hears all publishes, and can add some.
struct Relay {
    port: u16,
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
    minion: Arc<Mutex<Option<TcpStream>>>,
}

impl Relay {
    fn new(master: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let relay = Relay { port, heard: Arc::default(), minion: Arc::default() };
        let (heard, slot) = (Arc::clone(&relay.heard), Arc::clone(&relay.minion));
        std::thread::spawn(move || {
            for minion in listener.incoming().flatten() {
                let Ok(up) = TcpStream::connect(("127.0.0.1", master)) else { continue };
                *slot.lock().unwrap() = minion.try_clone().ok();
                let (mut from, mut to) = (minion.try_clone().unwrap(), up.try_clone().unwrap());
                std::thread::spawn(move || std::io::copy(&mut from, &mut to));
                let heard = Arc::clone(&heard);
                std::thread::spawn(move || down(up, minion, &heard));
            }
        });
        relay
    }

    fn add(&self, publish: &[u8]) {
        let slot = self.minion.lock().unwrap();
        slot.as_ref().unwrap().write_all(&zmtp::frame(publish, false, false)).unwrap();
    }
}

fn down(mut up: TcpStream, mut minion: TcpStream, heard: &Mutex<Vec<Vec<u8>>>) {
    let (mut decoder, mut buffer) = (Decoder::default(), [0; 4096]);
    while let Ok(count) = up.read(&mut buffer) {
        let mut input = &buffer[..count];
        if count == 0 || minion.write_all(input).is_err() {
            break;
        }
        while let Ok(Some(piece)) = decoder.next(&mut input, 1 << 20) {
            if let Piece::Frame { command: false, body, .. } = piece {
                heard.lock().unwrap().push(body);
            }
        }
    }
    let _ = minion.shutdown(std::net::Shutdown::Both);
}

#[test]
fn only_what_the_master_says_now_is_run() {
    let world = World::new();
    let relay = Relay::new(world.ports.0);
    let mut minion = world.minion("web-1");
    minion.subscribe_through(relay.port);
    minion.up();
    world.wait_pending("web-1");
    world.accept("web-1");
    world.wait_connected("web-1");
    let (file, evil) = (minion.path("runs"), minion.path("evil"));
    let publish = |fun: &str, arg: &[&str]| {
        let (jid, _) = world.publish_with("*", fun, arg, |p| p.wait = false).published();
        world.wait_returns(&jid, 1)
    };
    // Another accepted minion has the group key, and means harm.
    let insider = StaticKey::generate().unwrap();
    let (_raw, welcome) = world.block_on(Raw::accepted(&world, "web-2", &insider));
    let group = Group::new(welcome.group).unwrap();
    wait_for("publishes to come this way", || {
        publish("test.ping", &[]);
        (!relay.heard.lock().unwrap().is_empty()).then_some(())
    });
    publish("cmd.run", &[&format!("echo x >> {}", file.display())]);
    assert_eq!(lines(&file), 1);
    let recorded = relay.heard.lock().unwrap().last().unwrap().clone();

    let envelope = Envelope::parse(&recorded).unwrap();
    let plain = envelope.open(&group).unwrap();
    let job = |nth: u32, file: &Path| {
        let mut published: Published = message::decode(&plain).unwrap();
        published.seq = envelope.seq + 1;
        published.job.jid = format!("{}{nth:02}", &published.job.jid[..18]);
        published.job.arg = vec![format!("echo x >> {}", file.display()).into()];
        message::encode(&published).unwrap()
    };
    let evil_job = |nth| job(nth, &evil);
    let pki = world.dir.path().join("master/etc/rsalt/pki/master");
    let (master, stranger) =
        (SignKey::load_or_generate(&pki, "master_sign").unwrap(), SignKey::generate().unwrap());
    assert_eq!(master.verify_key(), welcome.verify_key, "the master's own");
    // With both keys of the master it would be run: the way is open, and what follows is refused for what it is.
    let proof = minion.path("proof");
    relay.add(&group.seal(&master, envelope.seq + 1, &job(0, &proof)).unwrap());
    wait_for("the job to run", || (lines(&proof) == 1).then_some(()));
    let mut changed = recorded.clone();
    *changed.last_mut().unwrap() ^= 1;
    let with_group_key = group.seal(&stranger, envelope.seq + 1, &evil_job(1)).unwrap();
    let other = Group::generate(group.epoch()).unwrap();
    let other_group = other.seal(&master, envelope.seq + 1, &evil_job(2)).unwrap();
    for forged in [&recorded, &changed, &with_group_key, &other_group, &vec![1, 16], &b"junk".to_vec()] {
        relay.add(forged);
    }
    // What is behind them in the same connection has been read when this one returns.
    publish("test.ping", &[]);
    assert_eq!(lines(&file), 1, "a replay is not run again");

    // With the next key, nothing of before counts, though the master has signed it.
    world.delete("web-2");
    let old = group.seal(&master, envelope.seq + 1000, &evil_job(3)).unwrap();
    publish("test.ping", &[]);
    relay.add(&old);
    relay.add(&recorded);
    publish("test.ping", &[]);
    assert_eq!((lines(&file), lines(&evil)), (1, 0));
    assert!(world.master().is_connected("web-1"));
}
