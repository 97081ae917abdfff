//! Targets of every kind, as a command line or a job has them, held against a minion.
//!
//! seeds: fuzz/targets split=

#![no_main]

use data::{Dict, Value};
use libfuzzer_sys::fuzz_target;
use proto::message::TargetType;
use proto::target::{Facts, Target};

const KINDS: [TargetType; 6] = [
    TargetType::Glob,
    TargetType::Pcre,
    TargetType::List,
    TargetType::Grain,
    TargetType::Compound,
    TargetType::Ipcidr,
];

fuzz_target!(|input: (u8, &str)| {
    let (kind, text) = input;
    let kind = KINDS[usize::from(kind) % KINDS.len()];
    let nodegroups = Dict::new().with("web", "G@roles:web or N@db").with("db", "E@db.* and not N@web");
    let Ok(target) = Target::parse_str(text, kind, &nodegroups) else { return };
    let grains = Dict::new()
        .with("roles", Value::from(vec![Value::from("web")]))
        .with("ipv4", Value::from(vec![Value::from("10.0.0.7")]))
        .with("a", Dict::new().with("b", "c"));
    let facts = Facts { id: "web-1", grains: &grains.into(), pillar: &Value::None };
    let _ = target.matches(&facts);
});
