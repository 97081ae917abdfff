//! The life of a key, and what happens to those that are not what they claim.

use std::time::{Duration, Instant};

use rsalt_tests::{Master, Minion, wait_for};
use serde_json::json;

fn key_file(minion: &Minion) -> std::path::PathBuf {
    minion.tree.join("etc/rsalt/pki/minion")
}

#[test]
fn accepted_at_once() {
    let master = Master::builder().start();
    let _one = Minion::start(&master, "one");
    let _two = Minion::start(&master, "two");
    master.wait_for_key("one", "minions_pre");
    master.wait_for_key("two", "minions_pre");
    master.key(&["-L"]).ok().says(&["Unaccepted Keys:\none\ntwo\n"]);
    master.rsalt(&["*", "test.ping"]).fails();

    let start = Instant::now();
    master.key(&["-A", "-y"]).ok().says(&["one", "two"]);
    let (code, answer) = master.json(&["*", "test.ping"]);
    assert_eq!((code, answer), (0, json!({"one": true, "two": true})));
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!(master.keys("minions"), ["one", "two"]);
}

#[test]
fn the_question_before_accepting() {
    let master = Master::builder().start();
    let _minion = Minion::start(&master, "asked");
    master.wait_for_key("asked", "minions_pre");
    master.tool("rsalt-key").args(["-a", "asked"]).stdin("n\n").run();
    assert_eq!(master.keys("minions_pre"), ["asked"]);
    master.tool("rsalt-key").args(["-a", "asked"]).stdin("y\n").run().ok();
    assert_eq!(master.keys("minions"), ["asked"]);
}

#[test]
fn rejected_and_deleted() {
    let master = Master::builder().start();
    let _minion = Minion::start(&master, "turned");
    master.wait_for_key("turned", "minions_pre");
    master.key(&["-r", "turned", "-y"]).ok();
    master.wait_for_key("turned", "minions_rejected");
    master.rsalt(&["turned", "test.ping"]).fails();

    master.key(&["-d", "turned", "-y"]).ok();
    assert!(master.keys("minions_rejected").is_empty());
    // It comes back by itself and is unknown again.
    master.wait_for_key("turned", "minions_pre");
    master.key(&["-a", "turned", "-y"]).ok();
    master.wait_for_minions(&["turned"]);

    // An accepted key that is deleted is out at once.
    master.key(&["-d", "turned", "-y"]).ok();
    master.rsalt(&["turned", "test.ping"]).fails();
}

#[test]
fn a_key_of_another_minions_id_is_denied() {
    let master = Master::builder().start();
    let mut good = Minion::start(&master, "twin");
    master.wait_for_key("twin", "minions_pre");
    master.key(&["-a", "twin", "-y"]).ok();
    master.wait_for_minions(&["twin"]);
    let _evil = Minion::start(&master, "twin");
    master.wait_for_key("twin", "minions_denied");
    // The first one is not disturbed.
    assert_eq!(master.keys("minions"), ["twin"]);
    assert_eq!(master.json(&["twin", "test.ping"]), (0, json!({"twin": true})));
    good.daemon().check_runs();
}

#[test]
fn a_changed_master_key_is_refused() {
    let mut master = Master::start();
    let mut minion = Minion::start(&master, "loyal");
    master.wait_for_minions(&["loyal"]);
    master.down();
    std::fs::remove_dir_all(master.tree.join("etc/rsalt/pki/master")).unwrap();
    master.up();
    // It says what happened, and how to fix it: which file to delete.
    wait_for("the minion to refuse", || {
        let log = minion.daemon().log();
        let pin = key_file(&minion).display().to_string();
        (log.contains("master") && log.contains("key") && log.contains(&pin)).then_some(())
    });
    assert!(master.keys("minions").is_empty(), "it must not have introduced itself to a stranger");
}

#[test]
fn the_masters_fingerprint_is_checked() {
    let master = Master::start();
    let out = master.key(&["-F", "master", "--out=json"]).ok().json();
    let finger = out["local"]["master.pub"].as_str().unwrap().to_owned();
    let _good = Minion::with(&master, "good", json!({ "master_finger": finger }));
    master.wait_for_minions(&["good"]);

    let wrong = finger.replace(|c: char| c.is_ascii_hexdigit(), "0");
    let mut bad = Minion::with(&master, "bad", json!({ "master_finger": wrong }));
    wait_for("the minion to refuse", || bad.daemon().log().contains("master_finger").then_some(()));
    assert_eq!(master.keys("minions"), ["good"]);
}

#[test]
fn keys_can_be_made_and_seeded() {
    let master = Master::builder().start();
    let dir = master.tree.join("seed");
    std::fs::create_dir(&dir).unwrap();
    master.key(&["--gen-keys=seeded", "--gen-keys-dir", &dir.display().to_string()]).ok();
    let minion = Minion::prepare(&master, "seeded", json!({}));
    let pki = key_file(&minion);
    std::fs::create_dir_all(&pki).unwrap();
    std::fs::copy(dir.join("seeded.pem"), pki.join("minion.pem")).unwrap();
    std::fs::copy(dir.join("seeded.pub"), pki.join("minion.pub")).unwrap();
    let accepted = master.tree.join("etc/rsalt/pki/master/minions");
    std::fs::copy(dir.join("seeded.pub"), accepted.join("seeded")).unwrap();
    let mut minion = minion;
    minion.up();
    master.wait_for_minions(&["seeded"]);
}

#[test]
fn signing_by_itself() {
    let master = Master::builder();
    let master =
        master.config("autosign_file", "/autosign.conf").config("autoreject_file", "/autoreject.conf");
    let master = master.start();
    master.tree.write("autosign.conf", "web*\n");
    master.tree.write("autoreject.conf", "webevil\n");
    let _web = Minion::start(&master, "web1");
    let _evil = Minion::start(&master, "webevil");
    let _other = Minion::start(&master, "other");
    master.wait_for_key("web1", "minions");
    master.wait_for_key("webevil", "minions_rejected");
    master.wait_for_key("other", "minions_pre");
}
