//! States of one module that are done in one go.

use std::sync::Mutex;
use std::time::Duration;

use data::{Dict, Value};
use sls::{Aggregated, CallError, HighData, LowChunk, LowOptions, LowState, RunOptions, Runner, StateResult};

/// Packages: the first state takes the names of the others. Notes what is run.
#[derive(Default)]
struct Packages(Mutex<Vec<String>>);

impl Runner for Packages {
    fn run(&self, chunk: &LowChunk, _test: bool) -> StateResult {
        let pkgs = chunk.get("pkgs").map_or_else(|| chunk.name.to_string(), Value::to_string);
        self.0.lock().unwrap().push(format!("{} {pkgs}", chunk.id));
        StateResult::new(chunk.name.clone(), Some(chunk.get("bad").is_none()), "")
    }
    fn mod_watch(&self, _chunk: &LowChunk, _test: bool) -> Option<StateResult> {
        None
    }
    fn has_state(&self, _fun: &str) -> bool {
        true
    }
    fn aggregate(&self, chunk: &LowChunk, others: &[&LowChunk]) -> Option<Aggregated> {
        let names = std::iter::once(chunk).chain(others.iter().copied()).map(|c| c.name.clone());
        let mut all = chunk.clone();
        all.low.insert("pkgs", names.collect::<Vec<_>>());
        let taken = others.iter().enumerate().map(|(i, other)| (i, (*other).clone())).collect();
        (!others.is_empty()).then_some(Aggregated { chunk: all, taken })
    }
    fn call(&self, fun: &str, _: Vec<Value>, _: Dict) -> Result<(Value, i64), CallError> {
        Err(CallError::not_found(fun))
    }
    fn retcode(&self, _: &str, _: &Dict) -> Result<i64, CallError> {
        Ok(0)
    }
    fn exists(&self, _: &str) -> bool {
        false
    }
    fn wait(&self, _: Duration) -> bool {
        true
    }
}

fn ran(yaml: &str, aggregate: bool) -> (Vec<String>, Vec<String>) {
    let Value::Dict(ids) = data::yaml::load(yaml).unwrap() else { panic!("no dict") };
    let high = HighData::from_dict((*ids).clone()).finish().unwrap();
    let has = |fun: &str| !fun.contains(".mod_") || fun == "pkg.mod_aggregate";
    let mut options = LowOptions::new(&has);
    options.aggregate = aggregate.into();
    let low = LowState::compile(high, &options).unwrap();
    let runner = Packages::default();
    let results = sls::run(&runner, &low, &RunOptions::default(), &mut sls::NoEvents);
    let failed =
        results.iter().filter(|(_, r)| r.result == Some(false)).map(|(tag, _)| tag.clone()).collect();
    (runner.0.into_inner().unwrap(), failed)
}

const TREE: &str = "
a: {pkg: [installed, order: 1]}
b: {pkg: [installed, order: 2]}
repo: {file: [managed, order: 3]}
c: {pkg: [installed, order: 4, require: [file: repo]]}
d: {pkg: [installed, order: 5, unless: 'true']}
e: {pkg: [installed, order: 6, aggregate: false]}
f: {pkg: [installed, order: 7, require: [pkg: a]]}
g: {pkg: [installed, order: 8, require: [file: repo]]}
";

#[test]
fn what_is_ready_goes_with_the_first_and_the_rest_waits_for_its_turn() {
    let (ran, failed) = ran(TREE, true);
    let expected = [
        "a ['a', 'b']",
        "b b",
        "repo repo",
        // What waited for the repository is done together when it is there.
        "c ['c', 'g']",
        "e e",
        // It waits for one of the first group, so for all of it.
        "g g",
        "f f",
    ];
    assert_eq!(ran, expected);
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn nothing_is_put_together_unasked() {
    let (ran, _) = ran(TREE, false);
    assert_eq!(ran, ["a a", "b b", "repo repo", "c c", "e e", "f f", "g g"]);
}

#[test]
fn who_waits_for_one_waits_for_all_of_them() {
    let tree = "
a: {pkg: [installed, order: 1]}
b: {pkg: [installed, order: 2, bad: true]}
x: {test: [nop, order: 3, require: [pkg: a]]}
";
    let (_, failed) = ran(tree, true);
    assert_eq!(failed, ["pkg_|-b_|-b_|-installed", "test_|-x_|-x_|-nop"]);
}
