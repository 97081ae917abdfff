//! Jobs and their returns, through everything that may come between.

use std::time::{Duration, Instant};

use proto::message::ControlRequest;
use proto::message::control::MissingReason;

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
fn a_job_of_now_or_never_is_not_run_later() {
    let world = World::new();
    let mut minion = world.connected("web-1");
    let file = minion.path("runs");
    minion.down().unwrap();
    world.wait_gone("web-1");
    let command = format!("echo x >> {}", file.display());
    let now = |p: &mut proto::message::control::Publish| (p.timeout, p.expiry) = (0.2, Some(0.0));
    let ended = world.publish_with("web-1", "cmd.run", &[&command], now).end();
    minion.up();
    world.wait_connected("web-1");
    assert_eq!(world.publish("*", "test.ping", &[]).end().returns.len(), 1);
    assert!(world.returns(&ended.jid).is_empty());
    assert_eq!(lines(&file), 0);
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
    assert_eq!(left.missing, [("web-1".to_string(), MissingReason::MasterStopped)]);
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
fn a_minion_that_dies_in_mid_job_is_named_and_the_job_ends() {
    let world = World::new();
    let mut minion = world.connected("web-1");
    let mut job = world.publish_with("*", "test.sleep", &["30"], |p| p.timeout = 0.3);
    job.published();
    wait_for("the job to begin", || {
        (std::fs::read_dir(minion.cache().join("proc")).unwrap().count() == 1).then_some(())
    });
    minion.down().unwrap();
    let ended = job.end();
    assert_eq!(ended.missing, [("web-1".to_string(), MissingReason::NotConnected)]);
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
    let mut long = world.publish_with("*", "test.sleep", &["60"], |p| p.wait = false);
    let (jid, _) = long.published();
    let proc = minion.cache().join("proc");
    let file = wait_for("the job to begin", || {
        let file = proc.join(&jid);
        Some((std::fs::read(&file).ok()?, file)).filter(|(job, _)| !job.is_empty())
    });
    minion.down().unwrap();
    // A minion that was killed could not clean up; this one did, by returning the job it ended.
    let spool = minion.cache().join("spool").join(&jid);
    wait_for("the ended job's return", || spool.exists().then_some(()));
    std::fs::remove_file(spool).unwrap();
    std::fs::write(file.1, file.0).unwrap();
    minion.up();
    let returns = world.wait_returns(&jid, 1);
    let ret = returns.first().unwrap();
    assert!(ret.ret.to_string().ends_with("interrupted") && !ret.success, "{ret:?}");
}
