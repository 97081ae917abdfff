//! State runs with a master: its options hold, it hears of their progress, minions start with them.

use std::sync::Arc;

use data::{Dict, Value};
use minion::conn::Beside;
use proto::config::MinionConfig;
use proto::message::{Event, Reply, Request};

use crate::world::{World, wait_for};

fn tree(world: &World, files: &[(&str, &str)]) {
    for (name, text) in files {
        std::fs::write(world.dir.path().join("srv").join(name), text).unwrap();
    }
}

#[test]
fn the_options_of_the_master_hold_for_states_and_no_others_are_told() {
    let world =
        World::with("state_top: tops.sls\nnodegroups: {web: 'web-*'}\nfailhard: True\nsecret: hunter2");
    tree(
        &world,
        &[
            ("tops.sls", "base:\n  web:\n    - match: nodegroup\n    - a\n"),
            ("a.sls", "first: {test.fail_without_changes: []}\nsecond: {test.nop: []}\n"),
        ],
    );
    let minion = world.connected("web-1");
    let shown = world.publish("*", "state.show_top", &[]).end();
    assert_eq!(shown.returns[0].ret.to_string(), "{'base': ['a']}");
    let ran = world.publish("*", "state.highstate", &[]).end();
    assert_eq!(ran.returns[0].ret.as_dict().map(Dict::len), Some(1), "failhard: {:?}", ran.returns[0].ret);

    let config = MinionConfig::load_with_env(&minion.path("conf"), &|_| None).unwrap();
    let (_session, asker) = Beside::open(&config).unwrap();
    let Ok(Reply::Value(told)) = asker.ask(Request::MasterOpts) else { panic!("no options") };
    assert_eq!(told.get("state_top").map(Value::to_string).as_deref(), Some("tops.sls"));
    for key in ["secret", "pki_dir", "pillar_roots", "file_roots"] {
        assert!(told.get(key).is_none(), "{key}");
    }
}

#[test]
fn the_master_hears_of_states_while_they_run() {
    let world = World::new();
    tree(
        &world,
        &[(
            "a.sls",
            "one: {test.nop: []}\ntwo:\n  test.nop:\n    - fire_event: mine/is/done\nthree:\n  test.nop:\n    - fire_event: True\n",
        )],
    );
    let _minion = world.connected("web-1");
    let mut heard = world.master().events.listen();
    let quiet = world.publish("*", "state.sls", &["a"]).end();
    let keywords = Dict::new().with("__kwarg__", true).with("state_events", true);
    let told =
        world.publish_with("*", "state.sls", &["a"], |publish| publish.arg.push(keywords.into())).end();
    let mut tags: Vec<String> = Vec::new();
    let mut last: Option<Arc<Event>> = None;
    while let Ok(event) = heard.try_recv() {
        if event.tag.contains("/prog/") || event.tag.contains("state_result") {
            tags.push(event.tag.clone());
            last = Some(event);
        }
    }
    let (quiet, told) = (quiet.jid, told.jid);
    let expected = [
        format!("salt/state_result/{quiet}/web-1/mine/is/done"),
        format!("salt/state_result/{quiet}/web-1/three"),
        format!("salt/job/{told}/prog/web-1/0"),
        format!("salt/state_result/{told}/web-1/mine/is/done"),
        format!("salt/state_result/{told}/web-1/three"),
    ];
    assert_eq!(tags, expected);
    let last = last.unwrap();
    assert_eq!(last.data.get("id").map(Value::to_string).as_deref(), Some("web-1"));
    let result = last.data.get("data").and_then(|data| data.get("ret")).unwrap();
    assert_eq!(result.get("__id__").map(Value::to_string).as_deref(), Some("three"));
}

#[test]
fn a_minion_starts_with_states_and_its_return_is_kept() {
    let world = World::new();
    tree(&world, &[("a.sls", "one: {test.nop: []}\n")]);
    let mut minion = world.minion("web-1");
    minion.up_with("startup_states: sls\nsls_list: [a]", &[]);
    world.wait_pending("web-1");
    world.accept("web-1");
    let jobs = || world.master().store.jobs(&Default::default()).unwrap();
    let job = wait_for("the job", || jobs().pop()).job;
    assert_eq!((job.fun.as_str(), job.user.as_str()), ("state.sls", "startup_states"));
    let returned = world.wait_returns(&job.jid, 1).remove(0);
    assert_eq!((returned.id.as_str(), returned.retcode), ("web-1", 0));
    assert_eq!(returned.ret.as_dict().map(Dict::len), Some(1), "{:?}", returned.ret);
}
