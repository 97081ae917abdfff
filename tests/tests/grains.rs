//! What the master knows of its minions' grains.

use rsalt_tests::{Master, Minion, wait_for};
use serde_json::json;

#[test]
fn a_grain_that_a_job_sets_is_a_target() {
    let master = Master::start();
    let _minions = ["web1", "db1"].map(|id| Minion::start(&master, id));
    master.wait_for_minions(&["web1", "db1"]);
    let (code, set) = master.json(&["db1", "grains.setval", "tier", "gold"]);
    assert_eq!((code, set), (0, json!({"db1": {"tier": "gold"}})));
    wait_for("the new grain to be a target", || {
        (master.json(&["-G", "tier:gold", "test.ping"]) == (0, json!({"db1": true}))).then_some(())
    });
}
