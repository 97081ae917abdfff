//! YAML by PyYAML's rules and by Salt's. What can be read is written and read again: it must be the same.
//!
//! seeds: data/tests/yaml/*.yaml split=%%%
//! seeds: tests/parity/cases/**/*.sls
//! seeds: sls/tests/trees/**/*.sls
//! seeds: states/**/*.sls

#![no_main]

use data::Value;
use data::yaml::{DumpOptions, FlowStyle, dump, load, load_sls, salt_dump};
use libfuzzer_sys::fuzz_target;

/// Aliases can make a page of text stand for a million nodes; writing those out takes its time.
const MAX_TEXT: usize = 4096;

fn same(value: &Value, text: &str) {
    match load(text) {
        Ok(back) => assert!(back.identical(value), "not the same\n{value:?}\n{back:?}\nthrough\n{text}"),
        Err(e) => panic!("{e}\nin what {value:?} was written as\n{text}"),
    }
}

/// Nodes of a tree, until there are too many of them.
fn nodes(value: &Value, left: &mut usize) {
    *left = left.saturating_sub(1);
    if *left == 0 {
        return;
    }
    match value {
        Value::List(items) => items.iter().for_each(|item| nodes(item, left)),
        Value::Dict(dict) => dict.iter().for_each(|(_, item)| nodes(item, left)),
        _ => {}
    }
}

fuzz_target!(|text: &str| {
    if text.len() > MAX_TEXT {
        return;
    }
    for value in [load(text), load_sls(text)].into_iter().flatten() {
        let mut left = 20_000;
        nodes(&value, &mut left);
        if left == 0 {
            continue;
        }
        for default_flow_style in [FlowStyle::Block, FlowStyle::Leaves, FlowStyle::Flow] {
            same(&value, &dump(&value, DumpOptions { default_flow_style, ..Default::default() }));
        }
        let text = salt_dump(&value);
        assert!(load(&text).is_ok(), "cannot be read back:\n{text}");
    }
});
