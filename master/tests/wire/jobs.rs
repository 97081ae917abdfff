//! Jobs and their returns, through everything that may come between.

use std::time::{Duration, Instant};

use proto::message::control::{Call, MissingReason};
use proto::message::{ControlReply, ControlRequest};

use crate::world::{World, lines, wait_for};

#[test]
fn a_minion_that_waits_is_accepted_at_once() {
    let world = World::new();
    let mut minion = world.minion("web-1");
    minion.up();
    world.wait_pending("web-1");
    let nobody = world.publish("*", "test.ping", &[]).end();
    assert!(nobody.expected.is_empty() && nobody.returns.is_empty(), "{nobody:?}");

    let start = Instant::now();
    world.accept("web-1");
    let ended = world.publish("*", "test.ping", &[]).end();
    let took = start.elapsed();
    assert_eq!(ended.expected, ["web-1"]);
    assert_eq!(ended.returns.len(), 1, "{ended:?}");
    let ret = ended.returns.first().unwrap();
    assert_eq!((ret.ret.as_bool(), ret.retcode, ret.success), (Some(true), 0, true));
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(world.returns(&ended.jid), ended.returns);
}

#[test]
fn every_minion_is_a_return_or_missing_with_a_reason() {
    let world = World::new();
    let _one = world.connected("web-1");
    let mut two = world.connected("web-2");
    two.down().unwrap();
    world.wait_gone("web-2");
    // Away for longer than a change of connection takes.
    let ended = world.publish_with("*", "test.ping", &[], |p| p.timeout = 0.5).end();
    assert_eq!(ended.expected, ["web-1", "web-2"]);
    assert_eq!(ended.returns.len(), 1);
    assert_eq!(ended.missing, [("web-2".to_string(), MissingReason::NotConnected)]);

    let listed = |p: &mut proto::message::control::Publish| {
        p.target.tgt_type = proto::message::TargetType::List;
        p.timeout = 0.5;
    };
    let ended = world.publish_with("web-1,never-seen", "test.ping", &[], listed).end();
    assert_eq!(ended.missing, [("never-seen".to_string(), MissingReason::KeyNotAccepted)]);
    assert_eq!(ended.returns.len(), 1);
}

#[test]
fn a_job_that_was_missed_is_run_once_when_the_minion_is_back() {
    let world = World::new();
    let mut minion = world.connected("web-1");
    let file = minion.path("runs");
    minion.down().unwrap();
    world.wait_gone("web-1");
    let command = format!("echo x >> {}", file.display());
    let ended = world.publish_with("web-1", "cmd.run", &[&command], |p| p.timeout = 0.2).end();
    assert_eq!(ended.missing, [("web-1".to_string(), MissingReason::NotConnected)]);

    minion.up();
    let returns = world.wait_returns(&ended.jid, 1);
    assert_eq!(returns.first().unwrap().retcode, 0);
    minion.down().unwrap();
    minion.up();
    world.wait_connected("web-1");
    assert_eq!(world.publish("*", "test.ping", &[]).end().returns.len(), 1);
    assert_eq!(lines(&file), 1);
    wait_for("the spool to be empty", || {
        (std::fs::read_dir(minion.cache().join("spool")).unwrap().count() == 0).then_some(())
    });
}

#[test]
fn a_job_of_now_or_never_is_not_run_later_and_returned_as_expired() {
    let mut world = World::new();
    let mut minion = world.connected("web-1");
    let file = minion.path("runs");
    minion.down().unwrap();
    world.wait_gone("web-1");
    let command = format!("echo x >> {}", file.display());
    let now = |p: &mut proto::message::control::Publish| (p.timeout, p.expiry) = (0.2, Some(0.0));
    let before = world.publish_with("web-1", "cmd.run", &[&command], now).end();
    // The master remembers what is owed, by what is in its store.
    world.down();
    world.up();
    let after = world.publish_with("web-1", "cmd.run", &[&command], now);
    minion.up();
    for ended in [before, after.end()] {
        let returns = world.wait_returns(&ended.jid, 1);
        let ret = returns.first().unwrap();
        assert!(ret.ret.to_string().ends_with("was to start then or never: expired"), "{ret:?}");
        assert!(!ret.success && ret.retcode == 1);
    }
    assert_eq!(lines(&file), 0);
    // Who is there runs it.
    world.wait_connected("web-1");
    let ended = world.publish_with("web-1", "cmd.run", &[&command], now).end();
    assert_eq!((ended.returns.len(), lines(&file)), (1, 1), "{ended:?}");
}

#[test]
fn an_expired_job_is_looked_up_as_such_and_returned_when_the_minion_is_back() {
    let world = World::with("job_expiry: 0.3");
    let mut minion = world.connected("web-1");
    let file = minion.path("runs");
    minion.down().unwrap();
    world.wait_gone("web-1");
    let command = format!("echo x >> {}", file.display());
    let ended = world.publish_with("web-1", "cmd.run", &[&command], |p| p.timeout = 0.2).end();
    let look_up = || {
        let call =
            Call { fun: "jobs.lookup_jid".into(), arg: vec![ended.jid.as_str().into()], user: "".into() };
        match world.control(&ControlRequest::Runner(call)).next() {
            Some(ControlReply::Value { value, .. }) => value.get("web-1").map(ToString::to_string),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(look_up(), None, "it may come back yet");
    let text = wait_for("the job to expire", look_up);
    assert_eq!(text, "Minion did not return. [expired: not started within 0.3 s]");
    minion.up();
    world.wait_returns(&ended.jid, 1);
    let text = look_up().unwrap();
    assert!(text.ends_with("was to start within 0.3 s: expired"), "{text}");
    assert_eq!(lines(&file), 0);
}

#[test]
fn a_full_spool_refuses_jobs_and_the_caller_reads_why() {
    let world = World::new();
    let mut minion = world.connected("web-1");
    minion.down().unwrap();
    // What could not be delivered when the minion stopped; no room is left for more.
    minion.up_with("spool_max_returns: 0", &[]);
    world.wait_connected("web-1");
    let ended = world.publish("*", "test.ping", &[]).end();
    let ret = ended.returns.first().unwrap();
    let text = ret.ret.to_string();
    assert!(text.starts_with("the minion refuses this job: the spool "), "{text}");
    assert!(text.ends_with(" is full: 0 returns, 0 bytes wait for the master") && ret.retcode == 1, "{text}");
}

#[test]
fn a_minion_that_stops_lets_short_jobs_end_and_delivers_their_returns() {
    let world = World::new();
    let mut minion = world.connected("web-1");
    let (file, go) = (minion.path("runs"), minion.path("go"));
    let command = format!(
        "echo x >> {}; until [ -e {} ]; do sleep 0.01; done; echo done",
        file.display(),
        go.display()
    );
    let job = world.publish("*", "cmd.run", &[&command]);
    let long = world.publish("*", "test.sleep", &["60"]);
    wait_for("the jobs to begin", || (lines(&file) == 1).then_some(()));
    wait_for("the jobs to begin", || {
        (std::fs::read_dir(minion.cache().join("proc")).unwrap().count() == 2).then_some(())
    });
    let stopping = std::thread::spawn(move || {
        minion.down().unwrap();
        minion
    });
    std::fs::write(&go, "").unwrap();
    let ended = job.end();
    assert_eq!(ended.returns.first().map(|r| r.ret.to_string()), Some("done".to_string()), "{ended:?}");
    // One that would take too long is ended, and returns that.
    let ended = long.end();
    assert_eq!(ended.returns.len(), 1, "{ended:?}");
    let minion = stopping.join().unwrap();
    assert_eq!(std::fs::read_dir(minion.cache().join("spool")).unwrap().count(), 0);
    world.wait_gone("web-1");
}

#[test]
fn a_job_outlives_a_restart_of_the_master() {
    let mut world = World::new();
    let minion = world.connected("web-1");
    let file = minion.path("runs");
    let command = format!("echo x >> {0}; until [ -e {0}.go ]; do sleep 0.01; done", file.display());
    let mut job = world.publish("*", "cmd.run", &[&command]);
    let (jid, _) = job.published();
    wait_for("the job to begin", || (lines(&file) == 1).then_some(()));
    world.down();
    let left = job.end();
    assert!(left.stopped && left.missing.is_empty() && left.returns.is_empty(), "{left:?}");
    std::fs::write(format!("{}.go", file.display()), "").unwrap();
    world.up();

    let ended = world.control(&ControlRequest::Attach { jid: jid.clone(), timeout: 5.0 }).end();
    assert_eq!(ended.returns.len(), 1, "{ended:?}");
    assert_eq!(world.returns(&jid).len(), 1);
    assert_eq!(lines(&file), 1);
}

#[test]
fn a_long_job_is_waited_for_as_long_as_it_runs() {
    let world = World::new();
    let _minion = world.connected("web-1");
    let ended = world.publish_with("*", "cmd.run", &["sleep 1; echo done"], |p| p.timeout = 0.2).end();
    assert_eq!(ended.returns.len(), 1, "{ended:?}");
    assert!(ended.missing.is_empty());
}

#[test]
fn what_a_job_starts_in_the_background_outlives_it() {
    let world = World::new();
    let minion = world.connected("web-1");
    let (go, done) = (minion.path("go"), minion.path("done"));
    let command = format!(
        "nohup sh -c 'until [ -e {0} ]; do sleep 0.01; done; touch {1}' >/dev/null 2>&1 &",
        go.display(),
        done.display()
    );
    let start = Instant::now();
    let ended = world.publish("*", "cmd.run", &[&command]).end();
    assert_eq!(ended.returns.len(), 1, "{ended:?}");
    assert!(start.elapsed() < Duration::from_secs(5), "it returns at once");
    std::fs::write(&go, "").unwrap();
    wait_for("the background command to end by itself", || done.exists().then_some(()));
}

#[test]
fn jobs_run_side_by_side_and_are_listed_while_they_run() {
    let world = World::new();
    let minion = world.connected("web-1");
    let go = minion.path("go");
    let command = format!("until [ -e {} ]; do sleep 0.01; done", go.display());
    let mut long = world.publish("*", "cmd.run", &[&command]);
    let (jid, _) = long.published();
    wait_for("the job to be listed", || {
        let listed = world.publish("*", "saltutil.running", &[]).end().returns.pop()?;
        listed.ret.to_string().contains(&jid).then_some(())
    });
    assert_eq!(world.publish("*", "test.ping", &[]).end().returns.len(), 1);
    std::fs::write(&go, "").unwrap();
    let ended = long.end();
    assert_eq!(ended.returns.first().map(|r| r.retcode), Some(0), "{ended:?}");
}

#[test]
fn a_job_of_a_minion_that_was_killed_comes_back_as_interrupted() {
    let world = World::new();
    let mut minion = world.connected("web-1");
    minion.down().unwrap();
    world.wait_gone("web-1");
    let mut job = world.publish_with("*", "test.ping", &[], |p| p.wait = false);
    let Some(ControlReply::Published { job, .. }) = job.next() else { panic!("not published") };
    // What a minion that is killed in the middle of it leaves.
    std::fs::write(minion.cache().join("proc").join(&job.jid), proto::message::encode(&*job).unwrap())
        .unwrap();
    minion.up();
    let returns = world.wait_returns(&job.jid, 1);
    let ret = returns.first().unwrap();
    assert!(ret.ret.to_string().ends_with("interrupted") && !ret.success, "{ret:?}");
    assert_eq!(std::fs::read_dir(minion.cache().join("proc")).unwrap().count(), 0);
}
