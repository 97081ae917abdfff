//! What the daemons log, and where.

use std::fs;
use std::path::PathBuf;

use rsalt_tests::{Call, Master, Minion, Tree, bins, wait_for};
use serde_json::json;

/// Where the logs are: `root_dir` is above everything.
fn log_of(tree: &Tree, daemon: &str) -> PathBuf {
    tree.join("var/log/rsalt").join(daemon)
}

fn read(path: &PathBuf) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn log_files_have_their_own_level_and_are_opened_anew() {
    let mut master = Master::builder().auto_accept().config("log_level_logfile", "info").start();
    let config = json!({"log_level": "info", "log_level_logfile": "debug"});
    let mut minion = Minion::with(&master, "web1", config);
    master.wait_for_minions(&["web1"]);
    let (of_master, of_minion) = (log_of(&master.tree, "master"), log_of(&minion.tree, "minion"));
    wait_for("the master's lines", || read(&of_master).contains("minion connected").then_some(()));
    assert!(!master.daemon().log().contains("minion connected"), "standard error: warnings only");
    wait_for("the minion's lines", || read(&of_minion).contains("connected").then_some(()));
    assert!(minion.daemon().log().contains("minion starts"), "standard error as well");
    assert!(!read(&of_minion).contains('\u{1b}'), "no colours");

    // What rotates logs moves the file and sends SIGHUP.
    let rotated = minion.tree.join("rotated");
    assert!(fs::rename(&of_minion, &rotated).is_ok());
    minion.daemon().signal("HUP");
    wait_for("a new file", || of_minion.exists().then_some(()));
    master.rsalt(&["web1", "test.echo", "words"]).ok();
    wait_for("the job in the new file", || read(&of_minion).contains("test.echo").then_some(()));
    assert!(!read(&rotated).contains("test.echo"));

    // And so does whoever wants another level.
    master.rsalt(&["web1", "test.ping"]).ok();
    let quieter = read(&minion.tree.join("conf/minion")).replace("\"debug\"", "\"quiet\"");
    minion.tree.write("conf/minion", quieter.replace("\"info\"", "\"error\""));
    let (log, file) = (minion.daemon().log(), read(&of_minion));
    minion.daemon().signal("HUP");
    // That it has arrived is seen by nothing but the silence: jobs are sent until one leaves no line.
    wait_for("silence", || {
        let before = (minion.daemon().log(), read(&of_minion));
        master.rsalt(&["web1", "test.ping"]).ok();
        ((minion.daemon().log(), read(&of_minion)) == before).then_some(())
    });
    assert!(minion.daemon().log().starts_with(&log) && read(&of_minion).starts_with(&file), "appended");

    assert!(fs::remove_file(&of_master).is_ok());
    master.daemon().signal("HUP");
    wait_for("a new file of the master", || of_master.exists().then_some(()));
    minion.down();
    minion.up();
    wait_for("the master's lines in it", || read(&of_master).contains("minion connected").then_some(()));
}

#[test]
fn a_log_file_that_cannot_be_written_is_one_warning() {
    let master = Master::start();
    let mut minion = Minion::prepare(&master, "web1", json!({"log_file": "/file/log"}));
    minion.tree.write("file", "no directory");
    minion.up();
    master.wait_for_minions(&["web1"]);
    let log = minion.daemon().log();
    assert_eq!(log.matches("no log file").count(), 1, "{log}");
}

#[test]
fn levels_are_checked() {
    for daemon in ["rsalt-master", "rsalt-minion"] {
        Call::new(bins::path(daemon)).args(["-l", "loud"]).run().exits(64).says(&["loud", "quiet"]);
    }
}
