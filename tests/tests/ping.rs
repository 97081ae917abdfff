//! Jobs to several minions: who is asked, who answers, who is named as missing.

use std::time::{Duration, Instant};

use rsalt_tests::{Master, Minion, wait_for};
use serde_json::json;

/// Three minions with grains of their own.
fn three() -> (Master, [Minion; 3]) {
    let master = Master::start();
    let minions = [
        Minion::with_grains(&master, "web1", json!({"roles": ["web", "front"], "rack": 1})),
        Minion::with_grains(&master, "web2", json!({"roles": ["web"], "rack": 2})),
        Minion::with_grains(&master, "db1", json!({"roles": ["db"], "rack": 2})),
    ];
    master.wait_for_minions(&["web1", "web2", "db1"]);
    (master, minions)
}

#[test]
fn targets_and_functions() {
    let (master, _minions) = three();
    let all = json!({"web1": true, "web2": true, "db1": true});
    let web = json!({"web1": true, "web2": true});
    let web2 = json!({"web2": true});
    for (args, expected) in [
        (vec!["*", "test.ping"], &all),
        (vec!["web*", "test.ping"], &web),
        (vec!["-L", "web1,web2", "test.ping"], &web),
        (vec!["-E", "web[0-9]", "test.ping"], &web),
        (vec!["-G", "roles:web", "test.ping"], &web),
        (vec!["-P", "roles:we.", "test.ping"], &web),
        (vec!["-C", "G@roles:web and G@rack:2", "test.ping"], &web2),
        (vec!["-C", "web* and not web1", "test.ping"], &web2),
    ] {
        let (code, answer) = master.json(&args);
        assert_eq!((code, &answer), (0, expected), "{args:?}");
    }
    let (_, grains) = master.json(&["web1", "grains.items"]);
    assert_eq!(grains["web1"]["id"], "web1");
    assert_eq!(grains["web1"]["roles"], json!(["web", "front"]));
    assert_eq!(grains["web1"]["kernel"], "Linux");
    let (_, args) = master.json(&["web1", "test.arg", "1", "yes", "text", "key={a: [1, 2]}"]);
    assert_eq!(args["web1"]["args"], json!([1, true, "text"]));
    // As in Salt, a job's own keywords (`__pub_jid` …) stand beside the given ones.
    assert_eq!(args["web1"]["kwargs"]["key"], json!({"a": [1, 2]}));
}

#[test]
fn text_for_people() {
    let (master, _minions) = three();
    let out = master.rsalt(&["db1", "test.ping"]).ok();
    assert_eq!(out.stdout, "db1:\n    True\n");
    let out = master.rsalt(&["db1", "grains.get", "roles", "--out=yaml"]).ok();
    assert_eq!(out.stdout, "db1:\n- db\n");
    let out = master.rsalt(&["db1", "cmd.run", "echo one; echo two"]).ok();
    assert_eq!(out.stdout, "db1:\n    one\n    two\n");
}

#[test]
fn a_minion_that_is_gone_is_named() {
    let (master, [_web1, mut web2, _db1]) = three();
    web2.down();
    wait_for("the master to see that web2 is gone", || {
        let down = master.runner(&["manage.down"]);
        down.as_array().is_some_and(|d| d.iter().any(|id| id == "web2")).then_some(())
    });
    let out = master.tool("rsalt").args(["*", "test.ping", "--out=json", "--static"]).run().exits(1);
    assert_eq!(
        out.json(),
        json!({"web1": true, "db1": true, "web2": "Minion did not return. [not connected]"})
    );
    assert!(out.took < Duration::from_secs(4), "known at once, without a timeout: {}", out.report());
    master.rsalt(&["*", "test.ping"]).exits(1).says(&["web2:", "Minion did not return. [not connected]"]);
}

#[test]
fn a_minion_that_crashes_is_named() {
    let (master, [_web1, mut web2, _db1]) = three();
    web2.crash();
    // It is given a moment to come back, and then it is missing.
    let out = master.tool("rsalt").args(["*", "test.ping", "--out=json", "--static"]).run().exits(1);
    assert_eq!(
        out.json(),
        json!({"web1": true, "db1": true, "web2": "Minion did not return. [not connected]"})
    );
}

#[test]
fn a_minion_that_crashes_in_mid_job_is_named() {
    let (master, [_web1, mut web2, _db1]) = three();
    let job = master.tool("rsalt").args(["-t", "1", "web2", "cmd.run", "sleep 30", "--out=json"]).start();
    wait_for("the job to run", || {
        let (_, running) = master.json(&["web2", "saltutil.is_running", "cmd.run"]);
        running["web2"].to_string().contains("sleep 30").then_some(())
    });
    web2.crash();
    let crashed = Instant::now();
    let out = job.wait(Duration::from_secs(60)).exits(1);
    assert_eq!(out.json(), json!({"web2": "Minion did not return. [not connected]"}));
    // The end of the connection is seen at once; five seconds to come back, one for the next look.
    let took = crashed.elapsed();
    assert!(took < Duration::from_secs(10), "{took:?}\n{}", out.report());
}

#[test]
fn a_minion_that_hangs_is_named() {
    let (master, [_web1, mut web2, _db1]) = three();
    web2.daemon().signal("STOP");
    let out = master.tool("rsalt").args(["-t", "1", "*", "test.ping", "--out=json", "--static"]).run();
    web2.daemon().signal("CONT");
    let out = out.exits(1);
    let said = out.json()["web2"].as_str().map(str::to_owned).unwrap_or_default();
    assert!(said.starts_with("Minion did not return. [no"), "{}", out.report());
    assert_eq!(out.json()["web1"], true);
}

#[test]
fn a_target_that_nobody_matches() {
    let (master, _minions) = three();
    master.rsalt(&["nobody*", "test.ping"]).exits(2).says(&["No minions matched the target"]);
}

#[test]
fn slow_jobs_are_waited_for() {
    let (master, _minions) = three();
    // Longer than the timeout: the minions say that they are still at it.
    let out = master
        .tool("rsalt")
        .args(["-t", "1", "web*", "test.sleep", "4", "--out=json", "--static"])
        .run()
        .ok();
    assert_eq!(out.json(), json!({"web1": true, "web2": true}));
}

#[test]
fn exit_codes_tell_of_failures() {
    let (master, _minions) = three();
    master.rsalt(&["web1", "test.true"]).ok();
    master.rsalt(&["web1", "cmd.run", "exit 3"]).fails();
    master.rsalt(&["web1", "test.exception", "on purpose"]).exits(2).says(&["on purpose"]);
    master.rsalt(&["web1", "no.such_function"]).exits(2).says(&["no.such_function"]);
}

#[test]
fn async_jobs_can_be_looked_up() {
    let (master, _minions) = three();
    let jid = master.rsalt(&["--async", "web*", "test.echo", "later"]).ok().jid();
    wait_for("both returns", || {
        let found = master.runner(&["jobs.lookup_jid", &jid]);
        (found == json!({"web1": "later", "web2": "later"})).then_some(())
    });
    assert!(master.runner(&["jobs.list_jobs"]).get(&jid).is_some());
}

#[test]
fn batches_and_subsets() {
    let (master, _minions) = three();
    let out = master.rsalt(&["-b", "1", "*", "test.ping", "--out=json", "--static"]).ok();
    assert_eq!(out.json(), json!({"web1": true, "web2": true, "db1": true}));
    let out = master.rsalt(&["--subset", "2", "*", "test.ping", "--out=json", "--static"]).ok();
    assert_eq!(out.json().as_object().map(serde_json::Map::len), Some(2));
}

/// The processes whose command line holds these words.
fn processes(words: &str) -> Vec<String> {
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(words))
        .collect()
}

#[test]
fn jobs_can_be_killed() {
    let (master, minions) = three();
    // Two processes, in a group of their own; the path tells them from those of others.
    let log = minions[0].tree.join("sleeps").display().to_string();
    let sleeps = format!("sleep 1000 2>{log} | tail -f {log}");
    for (function, signal) in [("saltutil.kill_job", "Signal 9"), ("saltutil.term_job", "Signal 15")] {
        let jid = master.rsalt(&["--async", "web1", "cmd.run", &sleeps]).ok().jid();
        wait_for("the job to run", || {
            let (_, found) = master.json(&["web1", "saltutil.find_job", &jid]);
            let (_, alike) = master.json(&["web1", "saltutil.is_running", "cmd.*"]);
            let runs = found["web1"].get("pid").is_some() && alike["web1"][0]["jid"] == jid.as_str();
            (runs && !processes(&log).is_empty()).then_some(())
        });
        master.rsalt(&["web1", function, &jid]).ok().says(&[signal, &jid]);
        wait_for("its processes to be gone", || processes(&log).is_empty().then_some(()));
        wait_for("the job to be gone", || {
            let (_, running) = master.json(&["web1", "saltutil.running"]);
            (running["web1"] == json!([])).then_some(())
        });
        let returned = wait_for("an answer of the killed job", || {
            master.runner(&["jobs.lookup_jid", &jid]).get("web1").cloned()
        });
        assert_eq!(returned, "ERROR: the job was terminated");
        let (_, found) = master.json(&["web1", "saltutil.find_job", &jid]);
        assert_eq!(found["web1"], json!({}));
        master.rsalt(&["web1", function, &jid]).ok();
    }
}

#[test]
fn events_are_shown_as_they_come() {
    let (master, _minions) = three();
    let watching = master.tool("rsalt-run").args(["state.event", "salt/job/*/ret/*", "count=1"]).start();
    // Whether it is listening cannot be seen from outside: jobs are sent until it has what it waits for.
    let mut watching = watching;
    wait_for("the event", || {
        master.rsalt(&["web1", "test.ping"]).ok();
        (!watching.runs()).then_some(())
    });
    let out = watching.wait(Duration::from_secs(5)).ok();
    assert!(out.stdout.starts_with("salt/job/"), "{}", out.report());
}
