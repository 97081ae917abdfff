//! The tools as they are typed: what they refuse, whom they name, and `rsalt-call` with a master.

use rsalt_tests::{Master, Minion};
use serde_json::json;

fn two() -> (Master, [Minion; 2]) {
    let master = Master::builder()
        .auto_accept()
        .state("one.sls", "one:\n  test.show_notification:\n    - text: {{ pillar['who'] }}\n")
        .pillar("top.sls", "base:\n  '*': [who]\n")
        .pillar("who.sls", "who: {{ grains['id'] }}\n")
        .start();
    let minions = [Minion::start(&master, "m1"), Minion::start(&master, "m2")];
    master.wait_for_minions(&["m1", "m2"]);
    (master, minions)
}

#[test]
fn a_call_has_files_and_pillar_of_the_master() {
    let (master, [m1, _m2]) = two();
    let out = m1.call().args(["state.apply", "one", "--out=json"]).run().ok();
    assert!(out.stdout.contains(r#""comment": "m1""#), "{}", out.report());
    let out = m1.call().args(["cp.list_master", "--out=json"]).run().ok();
    assert_eq!(out.json(), json!({"local": ["one.sls"]}));
    m1.call().args(["--retcode-passthrough", "cmd.run", "exit 7"]).run().exits(7);

    // The minion is still the one that the master knows.
    assert!(!m1.tree.read("minion.log").unwrap_or_default().contains("not connected"));
    let (code, answer) = master.json(&["*", "test.ping"]);
    assert_eq!((code, answer), (0, json!({"m1": true, "m2": true})));
}

#[test]
fn a_call_is_no_presence() {
    let (master, [mut m1, _m2]) = two();
    m1.down();
    let sleeping = m1.call().args(["test.sleep", "3", "--out=json"]).start();
    let (code, answer) = master.json(&["m1", "test.ping"]);
    assert_eq!((code, answer), (1, json!({"m1": "Minion did not return. [not connected]"})));
    assert_eq!(sleeping.wait(std::time::Duration::from_secs(20)).ok().json(), json!({"local": true}));
}

#[test]
fn a_call_that_the_master_does_not_let_in() {
    let (mut master, [m1, _m2]) = two();
    let call = |args: &[&str]| m1.call().args(args).run();
    call(&["--id", "m2", "test.ping"]).exits(69).says(&["denied", "another key for the id m2"]);
    call(&["test.ping", "--log-level", "loud"]).exits(64).says(&["loud", "possible values"]);
    call(&[]).exits(64).says(&["no function was given"]);
    call(&["-d", "no.such"]).exits(1).says(&["no function begins with 'no.such'"]);
    call(&["--versions-report"]).ok().says(&["rsalt: "]);
    master.down();
    call(&["test.ping"]).exits(69).says(&["no master answers", "--local"]);
    call(&["--local", "test.ping"]).ok();
}

#[test]
fn batches_name_who_is_missing() {
    let (master, _minions) = two();
    let missing = "Minion did not return. [key not accepted]";
    let (code, answer) = master.json(&["-L", "m1,nobody", "-b", "1", "test.ping"]);
    assert_eq!((code, answer), (1, json!({"m1": true, "nobody": missing})));
    master.rsalt(&["-L", "m1,nobody", "-b", "50%", "--summary", "test.ping"]).exits(1).says(&[
        "nobody:",
        missing,
        "# of minions targeted: 2",
        "# of minions that did not return: 1",
    ]);
    let out = master.rsalt(&["*", "-b", "1", "--failhard", "--show-jid", "cmd.run", "exit 3"]).exits(2);
    let out = out.says(&["jid: ", "Batch run stopped due to failhard, not run on m2"]);
    assert!(!out.stdout.contains("m2"), "{}", out.report());
}

#[test]
fn functions_know_what_they_were_published_for() {
    let (master, _minions) = two();
    let (_, answer) = master.json(&["-L", "m1", "test.arg"]);
    assert_eq!(answer["m1"]["kwargs"]["__pub_tgt"], json!(["m1"]));
}

#[test]
fn keys_by_runner() {
    let (master, _minions) = two();
    let fingers = master.runner(&["key.finger_all"]);
    assert_eq!(fingers["minions"].as_object().map(serde_json::Map::len), Some(2));
    let listed = master.tool("rsalt-run").args(["-d", "key"]).run().ok();
    assert!(listed.stdout.lines().all(|l| l.starts_with("key.")) && listed.stdout.contains("key.accept\n"));
}
