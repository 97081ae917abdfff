//! Breaks: nothing that was accepted is lost, and nothing runs twice.

use std::time::Duration;

use rsalt_tests::{Master, Minion, Tree, wait_for};
use serde_json::json;

/// A command that adds a line to `runs`, then waits until `go` is there.
fn slow(place: &Tree) -> String {
    let (runs, go) = (place.join("runs"), place.join("go"));
    format!("echo run >>{}; while [ ! -e {} ]; do sleep 0.05; done; echo done", runs.display(), go.display())
}

fn runs(place: &Tree) -> usize {
    place.read("runs").unwrap_or_default().lines().count()
}

fn start_slow(master: &Master, place: &Tree) -> String {
    let jid = master.rsalt(&["--async", "*", "cmd.run", &slow(place)]).ok().jid();
    wait_for("the job to run", || (runs(place) > 0).then_some(()));
    jid
}

#[test]
fn the_master_restarts_in_mid_job() {
    let mut master = Master::start();
    let _minion = Minion::start(&master, "m");
    master.wait_for_minions(&["m"]);
    let place = Tree::new();
    let jid = start_slow(&master, &place);
    master.down();
    // The job ends while nobody listens.
    place.write("go", "");
    master.up();
    wait_for("the return", || {
        (master.runner(&["jobs.lookup_jid", &jid]) == json!({"m": "done"})).then_some(())
    });
    master.wait_for_minions(&["m"]);
    assert_eq!(master.json(&["m", "test.ping"]), (0, json!({"m": true})));
    assert_eq!(runs(&place), 1);
}

#[test]
fn the_master_crashes_in_mid_job() {
    let mut master = Master::start();
    let _minion = Minion::start(&master, "m");
    master.wait_for_minions(&["m"]);
    let place = Tree::new();
    let jid = start_slow(&master, &place);
    master.crash();
    place.write("go", "");
    master.up();
    wait_for("the return", || {
        (master.runner(&["jobs.lookup_jid", &jid]) == json!({"m": "done"})).then_some(())
    });
    assert_eq!(runs(&place), 1);
}

#[test]
fn the_minion_was_away_when_the_job_was_published() {
    let master = Master::start();
    let mut minion = Minion::start(&master, "m");
    master.wait_for_minions(&["m"]);
    let place = Tree::new();
    place.write("go", "");
    minion.daemon().signal("STOP");
    let jid = master.rsalt(&["--async", "m", "cmd.run", &slow(&place)]).ok().jid();
    minion.daemon().signal("CONT");
    wait_for("the return", || {
        (master.runner(&["jobs.lookup_jid", &jid]) == json!({"m": "done"})).then_some(())
    });
    assert_eq!(runs(&place), 1);
}

#[test]
fn a_waiting_command_line_is_told_when_the_master_goes() {
    let mut master = Master::start();
    let _minion = Minion::start(&master, "m");
    master.wait_for_minions(&["m"]);
    let place = Tree::new();
    let waiting = master.tool("rsalt").args(["m", "cmd.run", &slow(&place)]).start();
    wait_for("the job to run", || (runs(&place) > 0).then_some(()));
    master.down();
    waiting.wait(Duration::from_secs(20)).fails().says(&["master"]);
    place.write("go", "");
}

#[test]
fn a_minion_comes_back() {
    let master = Master::start();
    let mut minion = Minion::start(&master, "m");
    master.wait_for_minions(&["m"]);
    for _ in 0..3 {
        minion.crash();
        minion.up();
        wait_for("an answer", || (master.json(&["m", "test.ping"]) == (0, json!({"m": true}))).then_some(()));
    }
}

#[test]
fn hang_up_reads_the_config_again() {
    let mut master = Master::start();
    let _minion = Minion::start(&master, "m");
    master.wait_for_minions(&["m"]);
    let path = master.tree.join("conf/master");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.replacen('{', r#"{"nodegroups": {"own": "L@m"},"#, 1);
    std::fs::write(&path, text).unwrap();
    master.daemon().signal("HUP");
    wait_for("the nodegroup", || (master.rsalt(&["-N", "own", "test.ping"]).code == 0).then_some(()));
}

#[test]
fn a_minions_answers_are_kept_through_its_own_restart() {
    let mut master = Master::start();
    let mut minion = Minion::start(&master, "m");
    master.wait_for_minions(&["m"]);
    let place = Tree::new();
    let jid = start_slow(&master, &place);
    master.down();
    place.write("go", "");
    // Under its own name: what is still being written has another one.
    let kept = minion.tree.join("var/cache/rsalt/minion/spool").join(&jid);
    wait_for("the return in the spool", || kept.exists().then_some(()));
    minion.crash();
    master.up();
    minion.up();
    wait_for("the return", || {
        (master.runner(&["jobs.lookup_jid", &jid]) == json!({"m": "done"})).then_some(())
    });
    assert_eq!(runs(&place), 1);
}
