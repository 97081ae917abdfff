//! Join tokens and ephemeral minions: who is let in by one, and that nothing stays of who goes.

use master::keys::{Bounds, KeyState};
use master::refusals::Refusal;
use proto::keys::StaticKey;
use proto::message::AuthState;

use crate::raw::Raw;
use crate::world::{World, wait_for};

fn token(world: &World, bounds: Bounds) -> String {
    world.master().keys().make_token(bounds).unwrap().1
}

fn wait_state(world: &World, id: &str, state: Option<KeyState>) {
    wait_for(&format!("{id} to be {state:?}"), || (world.master().keys().state(id) == state).then_some(()));
}

#[test]
fn a_token_lets_its_minions_in_and_no_others() {
    let world = World::new();
    let bounds =
        Bounds { uses: Some(2), id: "web-*".into(), grains: "roles:web".into(), ..Bounds::default() };
    let text = token(&world, bounds);
    let env = [("RSALT_TOKEN", text.as_str())];
    let (mut first, mut second) = (world.minion("web-1"), world.minion("web-2"));
    first.up_with("grains: {roles: [web]}", &env);
    // From a file, as a Docker secret is.
    let file = world.dir.path().join("secret");
    std::fs::write(&file, format!("{text}\n")).unwrap();
    second.up_with("grains: {roles: [web]}", &[("RSALT_TOKEN_FILE", file.to_str().unwrap())]);
    world.wait_connected("web-1");
    world.wait_connected("web-2");
    assert_eq!(world.publish("*", "test.ping", &[]).end().returns.len(), 2);
    // Neither templates nor modules see it.
    let seen = world.publish("web-1", "config.get", &["token"]).end();
    assert!(!format!("{seen:?}").contains(&text));

    let mut others = [("web-3", "roles: [web]"), ("db-1", "roles: [web]"), ("web-4", "roles: [db]")].map(
        |(id, grains)| {
            let mut minion = world.minion(id);
            minion.up_with(&format!("grains: {{{grains}}}"), &env);
            wait_state(&world, id, Some(KeyState::Pending));
            minion
        },
    );
    wait_for("the refusals", || (world.master().refusals.get(Refusal::Token) == 3).then_some(()));
    // Whoever is in stays in without it.
    first.down().unwrap();
    world.wait_gone("web-1");
    first.up();
    world.wait_connected("web-1");
    for minion in &mut others {
        minion.down().unwrap();
    }
}

#[test]
fn an_ephemeral_minion_is_forgotten_when_it_stops() {
    let world = World::with("audit_log: /audit");
    let text = token(&world, Bounds { ephemeral: true, ..Bounds::default() });
    let mut minion = world.minion("job-1");
    minion.up_with("", &[("RSALT_TOKEN", &text)]);
    world.wait_connected("job-1");
    let ended = world.publish("job-1", "test.ping", &[]).end();
    assert_eq!(ended.returns.len(), 1);
    minion.down().unwrap();
    wait_state(&world, "job-1", None);
    wait_for("its grains to go", || world.master().roster.grains("job-1").is_none().then_some(()));
    assert_eq!(world.returns(&ended.jid), ended.returns, "its returns stay");
    assert!(world.publish("*", "test.ping", &[]).end().expected.is_empty());
    // What the master does by itself is a key change like any other.
    let log = std::fs::read_to_string(world.dir.path().join("master/audit")).unwrap();
    let line =
        "\"what\": \"key\", \"id\": \"job-1\", \"before\": \"minions\", \"now\": null, \"why\": \"stopped\"";
    assert!(log.contains(line), "{log}");
}

#[test]
fn an_ephemeral_minion_may_ask_for_it_itself_and_be_accepted_by_hand() {
    let world = World::with("auto_accept: True");
    let mut minion = world.minion("job-1");
    minion.up_with("", &[("RSALT_EPHEMERAL", "1")]);
    world.wait_connected("job-1");
    minion.down().unwrap();
    wait_state(&world, "job-1", None);
}

#[test]
fn an_ephemeral_minion_that_is_gone_without_a_word_is_forgotten_after_its_grace() {
    let world = World::with("ephemeral_grace: 0.001");
    let text = token(&world, Bounds { ephemeral: true, ..Bounds::default() });
    let key = StaticKey::generate().unwrap();
    world.block_on(async {
        let mut raw = Raw::open_with(&world, "job-1", &key, &text).await;
        assert!(matches!(raw.auth().await, AuthState::Accepted(_)));
    });
    wait_state(&world, "job-1", None);
}

#[test]
fn a_container_that_was_killed_comes_back_under_its_name() {
    let world = World::new();
    let text = token(&world, Bounds { ephemeral: true, ..Bounds::default() });
    let (killed, again, thief) = [(); 3].map(|()| StaticKey::generate().unwrap()).into();
    world.block_on(async {
        let mut first = Raw::open_with(&world, "job-1", &killed, &text).await;
        assert!(matches!(first.auth().await, AuthState::Accepted(_)));
        let mut second = Raw::open_with(&world, "job-1", &again, &text).await;
        assert!(matches!(second.auth().await, AuthState::Denied), "while the first one is there");
        let mut third = Raw::open(&world, "job-1", &thief).await;
        assert!(matches!(third.auth().await, AuthState::Denied));
        drop(first);
        assert!(matches!(second.auth().await, AuthState::Accepted(_)), "it is asked again");
    });
    assert_eq!(world.master().keys().key(KeyState::Accepted, "job-1").unwrap(), Some(again.public()));
}

#[test]
fn it_is_known_who_was_seen_when_and_from_where() {
    let world = World::new();
    let mut minion = world.connected("web-1");
    let seen = || world.master().store.seen().unwrap();
    wait_for("it to be noted", || (seen().len() == 1).then_some(()));
    let first = seen().remove(0);
    assert_eq!((first.id.as_str(), first.address.as_str()), ("web-1", "127.0.0.1"));
    minion.down().unwrap();
    wait_for("its end to be noted", || (seen().remove(0).time > first.time).then_some(()));
    world.delete("web-1");
    wait_for("it to be forgotten", || seen().is_empty().then_some(()));
}

#[test]
fn whoever_guesses_is_locked_out() {
    let world = World::with("max_auth_failures: 5");
    let text = token(&world, Bounds::default());
    let wrong = format!("{}{}", &text[..text.len() - 4], "beef");
    let key = StaticKey::generate().unwrap();
    for n in 0..5 {
        world.block_on(async {
            let mut raw = Raw::open_with(&world, &format!("x-{n}"), &key, &wrong).await;
            assert!(matches!(raw.auth().await, AuthState::Pending));
        });
    }
    let stream = std::net::TcpStream::connect(("127.0.0.1", world.ports.1)).unwrap();
    stream.set_read_timeout(Some(crate::world::LIMIT)).unwrap();
    let read = std::io::Read::read(&mut &stream, &mut [0; 1]);
    assert!(matches!(read, Ok(0)) || read.is_err(), "{read:?}");
    wait_for("the refusal", || (world.master().refusals.get(Refusal::LockedOut) > 0).then_some(()));
}
