//! Key states: who is let in, who is kept out, and that both take effect at once.

use master::keys::KeyState;
use minion::conn::PinError;
use minion::daemon::RunError;
use proto::group::{Envelope, Group, GroupError};
use proto::keys::StaticKey;
use proto::message::control::Publish;
use proto::message::{self, AuthState, Published, Reply, Request, TargetType, ToMinion};
use zeromq::SocketRecv as _;

use crate::raw::{Raw, subscribe};
use crate::world::{LIMIT, World, wait_for};

#[test]
fn another_key_for_a_known_id_is_denied() {
    let world = World::new();
    let _first = world.connected("web-1");
    let mut second = world.minion("web-1");
    second.up();
    wait_for("the second key to be denied", || {
        world.master().keys().list(KeyState::Denied).unwrap().contains(&"web-1".to_string()).then_some(())
    });
    let ended = world.publish("*", "test.ping", &[]).end();
    assert_eq!(ended.returns.len(), 1, "the first is not disturbed: {ended:?}");
    assert_eq!(world.master().refusals.get(master::refusals::Refusal::Denied), 1);
}

#[test]
fn a_changed_master_key_is_refused_with_what_to_do() {
    let mut world = World::new();
    let mut minion = world.connected("web-1");
    world.down();
    let pki = world.dir.path().join("master/etc/rsalt/pki/master");
    std::fs::remove_file(pki.join("master.pem")).unwrap();
    world.up();
    let error = minion.ended().unwrap_err();
    assert!(matches!(error, RunError::Master(PinError::Changed { .. })), "{error}");
    let text = error.to_string();
    assert!(text.contains("delete ") && text.contains("minion_master.pub"), "{text}");
    assert!(!world.master().is_connected("web-1"));
}

/// A minion that has kept its group key, and what it reads with it after `lose` has taken its rights.
fn reads_nothing_after(lose: impl Fn(&World), told: impl Fn(&AuthState) -> bool) {
    let world = World::new();
    let key = StaticKey::generate().unwrap();
    let _other = world.connected("web-2");
    world.block_on(async {
        let (mut raw, welcome) = Raw::accepted(&world, "web-1", &key).await;
        let group = Group::new(welcome.group.clone()).unwrap();
        let mut publishes = subscribe(&world).await;
        // The subscription is set up when publishes arrive.
        let mut read = async || {
            let frame = tokio::time::timeout(LIMIT, publishes.recv()).await.unwrap().unwrap();
            let frame = frame.into_vec().remove(0);
            let envelope = Envelope::parse(&frame).unwrap();
            envelope.verify(&welcome.verify_key).unwrap();
            envelope.open(&group)
        };
        let publish = || {
            tokio::task::block_in_place(|| {
                world.publish_with("*", "test.ping", &[], |p| p.wait = false).end()
            })
        };
        let sent = tokio::time::timeout(LIMIT, async {
            loop {
                publish();
                if let Ok(read) = tokio::time::timeout(std::time::Duration::from_millis(100), read()).await {
                    return read;
                }
            }
        });
        assert!(sent.await.unwrap().is_ok(), "an accepted minion reads it");

        lose(&world);
        world.master().keys_changed().await.unwrap();
        publish();
        let mut last = read().await;
        while last.is_ok() {
            // What was published before.
            last = read().await;
        }
        assert!(matches!(last, Err(GroupError::Epoch { .. })), "{last:?}");
        let state = raw.auth().await;
        assert!(told(&state), "{state:?}");
        assert!(matches!(raw.ask(Request::Ping).await, Reply::Refused(_)));
        // Nor does a new session give it the new key.
        let mut again = Raw::open(&world, "web-1", &key).await;
        let state = again.auth().await;
        assert!(told(&state), "{state:?}");
    });
}

#[test]
fn who_is_deleted_reads_nothing_more() {
    // As an unknown minion it may wait again.
    let deleted = |world: &World| drop(world.master().keys().delete("web-1").unwrap());
    reads_nothing_after(deleted, |state| matches!(state, AuthState::Pending));
}

#[test]
fn who_is_rejected_reads_nothing_more() {
    let reject = |world: &World| {
        drop(world.master().keys().reject("web-1", master::keys::Include::ALL).unwrap());
    };
    reads_nothing_after(reject, |state| matches!(state, AuthState::Rejected));
}

#[test]
fn who_is_denied_reads_nothing_more() {
    // Another key is put in the place of its own.
    let replace = |world: &World| {
        let other = StaticKey::generate().unwrap().public();
        std::fs::write(world.master().keys().dir().join("minions/web-1"), format!("{other}\n")).unwrap();
    };
    reads_nothing_after(replace, |state| matches!(state, AuthState::Denied));
}

#[test]
fn a_job_for_few_is_seen_by_nobody_else() {
    let world = World::new();
    let _other = world.connected("web-2");
    let key = StaticKey::generate().unwrap();
    world.block_on(async {
        let (_raw, welcome) = Raw::accepted(&world, "web-1", &key).await;
        let group = Group::new(welcome.group.clone()).unwrap();
        let mut publishes = subscribe(&world).await;
        let publish = |tgt: &str, tgt_type, arg: &str| {
            let aim = |p: &mut Publish| (p.target.tgt_type, p.wait) = (tgt_type, tgt != "*");
            tokio::task::block_in_place(|| world.publish_with(tgt, "test.echo", &[arg], aim).end())
        };
        for (tgt, tgt_type) in [("web-2", TargetType::List), ("web-2", TargetType::Glob)] {
            assert_eq!(publish(tgt, tgt_type, "secret").returns.len(), 1);
        }
        // What is published to all afterwards is the first that arrives.
        let frame = tokio::time::timeout(LIMIT, async {
            loop {
                publish("*", TargetType::Glob, "for all");
                let next = tokio::time::timeout(std::time::Duration::from_millis(100), publishes.recv());
                if let Ok(frame) = next.await {
                    return frame.unwrap().into_vec().remove(0);
                }
            }
        });
        let frame = frame.await.unwrap();
        let plain = Envelope::parse(&frame).unwrap().open(&group).unwrap();
        let published: Published = message::decode(&plain).unwrap();
        assert_eq!(published.job.arg, [data::Value::from("for all")]);
    });
}

#[test]
fn a_rotated_key_reaches_those_who_stay() {
    let world = World::new();
    let _stays = world.connected("web-1");
    let _goes = world.connected("web-2");
    assert_eq!(world.publish("*", "test.ping", &[]).end().returns.len(), 2);
    world.delete("web-2");
    for _ in 0..3 {
        let ended = world.publish("*", "test.ping", &[]).end();
        assert_eq!((ended.expected.len(), ended.returns.len()), (1, 1), "{ended:?}");
    }
}

#[test]
fn a_key_file_that_is_copied_in_is_noticed() {
    let world = World::new();
    let mut minion = world.minion("web-1");
    minion.up();
    world.wait_pending("web-1");
    let pki = world.master().keys().dir().to_owned();
    std::fs::copy(pki.join("minions_pre/web-1"), pki.join("minions/web-1")).unwrap();
    world.wait_connected("web-1");
}

#[test]
fn a_rejected_minion_gets_no_jobs_and_is_told_when_that_changes() {
    let world = World::new();
    let key = StaticKey::generate().unwrap();
    world.block_on(async {
        let mut raw = Raw::open(&world, "web-1", &key).await;
        assert!(matches!(raw.auth().await, AuthState::Pending));
        world.master().keys().reject("web-1", master::keys::Include::default()).unwrap();
        world.master().keys_changed().await.unwrap();
        assert!(matches!(raw.auth().await, AuthState::Rejected));
        assert!(matches!(raw.ask(Request::FileEnvs).await, Reply::Refused(_)));
        let all = master::keys::Include { rejected: true, ..Default::default() };
        world.master().keys().accept("web-1", all).unwrap();
        world.master().keys_changed().await.unwrap();
        assert!(matches!(raw.next().await, ToMinion::Auth(AuthState::Accepted(_))));
    });
}

#[test]
fn a_new_policy_holds_for_minions_that_wait() {
    let mut world = World::new();
    let mut minion = world.minion("web-1");
    minion.up();
    world.wait_pending("web-1");
    world.configure("auto_accept: true");
    world.block_on(world.master().reload()).unwrap();
    world.wait_connected("web-1");
    // A broken file changes nothing.
    world.configure("- not a map");
    assert!(world.block_on(world.master().reload()).is_err());
    assert_eq!(world.publish("*", "test.ping", &[]).end().returns.len(), 1);
}

#[test]
fn only_so_many_keys_wait() {
    let world = World::with("max_pending_keys: 1");
    let first = StaticKey::generate().unwrap();
    let second = StaticKey::generate().unwrap();
    world.block_on(async {
        let mut waits = Raw::open(&world, "web-1", &first).await;
        assert!(matches!(waits.auth().await, AuthState::Pending));
        let mut raw = Raw::open(&world, "web-2", &second).await;
        let told = raw.auth().await;
        assert!(matches!(&told, AuthState::Refused(why) if why.contains("max_pending_keys")), "{told:?}");
        assert!(matches!(raw.ask(Request::Ping).await, Reply::Refused(_)));
        assert_eq!(world.master().keys().list(KeyState::Pending).unwrap(), ["web-1"]);
        assert_eq!(world.master().refusals.get(master::refusals::Refusal::PendingKeys), 1);
        // Its turn comes when the other is decided about, without a new connection.
        world.master().keys().accept("web-1", master::keys::Include::default()).unwrap();
        let told = tokio::time::timeout(LIMIT, async {
            loop {
                world.master().keys_changed().await.unwrap();
                let next = tokio::time::timeout(std::time::Duration::from_millis(100), raw.auth());
                if let Ok(told) = next.await {
                    return told;
                }
            }
        });
        let told = told.await.unwrap();
        assert!(matches!(told, AuthState::Pending), "{told:?}");
    });
}

#[test]
fn a_full_master_says_so() {
    let world = World::with("max_minions: 1");
    let _first = world.connected("web-1");
    world.block_on(async {
        let key = StaticKey::generate().unwrap();
        let mut raw = Raw::open(&world, "web-2", &key).await;
        assert!(matches!(raw.auth().await, AuthState::Refused(why) if why.contains("max_minions")));
    });
}
