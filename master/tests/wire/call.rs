//! `rsalt-call` with a master: a session beside the minion's.

use minion::conn::{Asker, Beside, BesideError};
use proto::config::MinionConfig;
use proto::message::{Reply, Request};

use crate::world::{Minion, World};

fn beside(minion: &Minion) -> Result<(Beside, Asker), BesideError> {
    Beside::open(&MinionConfig::load_with_env(&minion.path("conf"), &|_| None).unwrap())
}

#[track_caller]
fn pings(world: &World) {
    let ended = world.publish("*", "test.ping", &[]).end();
    assert_eq!((ended.expected.len(), ended.returns.len()), (1, 1), "{ended:?}");
}

#[test]
fn a_call_asks_beside_its_minion() {
    let world = World::new();
    std::fs::write(world.dir.path().join("srv/a.txt"), "here").unwrap();
    let minion = world.connected("web-1");
    let (session, asker) = beside(&minion).unwrap();
    let listed = asker.ask(Request::FileList { saltenv: "base".to_string() }).unwrap();
    assert!(matches!(&listed, Reply::Names(names) if names == &["a.txt"]), "{listed:?}");
    pings(&world);
    assert!(matches!(asker.ask(Request::Ping), Ok(Reply::Done)), "jobs do not end the call's session");
    drop(session);
    pings(&world);
}

#[test]
fn a_call_alone_is_no_presence() {
    let world = World::new();
    let mut minion = world.connected("web-1");
    minion.down().unwrap();
    world.wait_gone("web-1");
    let (_session, asker) = beside(&minion).unwrap();
    assert!(matches!(asker.ask(Request::Ping), Ok(Reply::Done)));
    assert!(!world.master().is_connected("web-1"));
    let ended = world.publish("*", "test.ping", &[]).end();
    assert_eq!((ended.returns.len(), ended.missing.len()), (0, 1), "{ended:?}");
}

#[test]
fn only_an_accepted_key_may_call() {
    let world = World::new();
    let mut minion = world.minion("web-1");
    minion.up();
    world.wait_pending("web-1");
    let text = beside(&minion).unwrap_err().to_string();
    assert!(text.contains("rsalt-key -a web-1"), "{text}");
    world.accept("web-1");
    world.wait_connected("web-1");
    let (_session, asker) = beside(&minion).unwrap();
    world.delete("web-1");
    assert!(asker.ask(Request::FileEnvs).is_err(), "a deleted key asks nothing more");
}
