//! Each snippet of `yaml/<topic>.yaml` loads as `yaml/<topic>.expected` says, and dumps as it says, which is
//! what PyYAML and Salt do (`yaml/regenerate.py`).

use std::fs;
use std::path::Path;

use data::Value;
use data::yaml::{DumpOptions, Error, FlowStyle, dump, load, load_sls, salt_dump};

fn shown(made: &Result<Value, Error>) -> String {
    match made {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("{:?}Error: {error}", error.kind),
    }
}

/// A Python exception without a place is one line; ours has the place on the next.
fn same(wanted: &str, got: &str) -> bool {
    wanted == got || (!wanted.contains('\n') && got.split('\n').next() == Some(wanted))
}

fn check(text: &str, expected: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut compare = |what: &str, wanted: &str, got: &str| {
        if !same(wanted, got) {
            wrong.push(format!("{what} of {text:?}\n--- wanted\n{wanted}\n--- got\n{got}\n"));
        }
    };
    let mut parts = expected.split("\ndump: ");
    let loads = parts.next().unwrap_or("");
    let (python, salt) = loads.split_once("\nsalt: ").unwrap_or((loads, loads));
    let value = load(text);
    compare("load", python, &shown(&value));
    compare("load_sls", salt, &shown(&load_sls(text)));
    if let (Ok(value), Some(block), Some(leaves)) = (&value, parts.next(), parts.next()) {
        let options =
            DumpOptions { default_flow_style: FlowStyle::Block, sort_keys: true, ..Default::default() };
        compare("dump", block, dump(value, options).trim_end_matches('\n'));
        compare("salt_dump", leaves, salt_dump(value).trim_end_matches('\n'));
        // Timestamps are dates to PyYAML and to us, so what was dumped loads as what it was.
        let again = load(&salt_dump(value));
        compare(
            "round trip",
            &shown(&Ok(value.clone())),
            &shown(&again.map(|v| if v == *value { value.clone() } else { v })),
        );
    }
    wrong
}

#[test]
fn snippets_load_and_dump_as_in_python() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/yaml");
    let (mut wrong, mut count) = (Vec::new(), 0);
    for topic in fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()) {
        if topic.extension().is_none_or(|e| e != "yaml") {
            continue;
        }
        let snippets = fs::read_to_string(&topic).unwrap();
        let expected = fs::read_to_string(topic.with_extension("expected")).unwrap();
        let (snippets, expected): (Vec<&str>, Vec<&str>) =
            (snippets.split("\n%%%\n").collect(), expected.split("\n%%%\n").collect());
        assert_eq!(snippets.len(), expected.len(), "{}", topic.display());
        count += snippets.len();
        wrong.extend(snippets.iter().zip(&expected).flat_map(|(text, wanted)| check(text, wanted)));
    }
    assert!(count > 300, "only {count} snippets");
    assert!(wrong.is_empty(), "{} of {count} snippets differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn nesting_is_bounded() {
    for text in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(50_000), "? ".repeat(50_000)] {
        let error = load(&text).unwrap_err();
        assert!(error.problem.contains("nested deeper"), "{error}");
    }
}

#[test]
fn aliases_share_and_bombs_are_refused() {
    let value = load("a: &x [1, 2]\nb: *x").unwrap();
    match (value.get("a"), value.get("b")) {
        (Some(Value::List(a)), Some(Value::List(b))) => assert!(std::sync::Arc::ptr_eq(a, b)),
        other => panic!("not two lists: {other:?}"),
    }
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..20 {
        let items = vec![format!("*a{}", i - 1); 10].join(", ");
        bomb.push_str(&format!("a{i}: &a{i} [{items}]\n"));
    }
    assert!(load(&bomb).unwrap_err().problem.contains("nodes"), "a bomb of lists");
    assert!(load_sls(&bomb.replace("[*", "{<<: [*").replace("]\n", "]}\n")).is_err(), "a bomb of merges");
}

#[test]
fn aliases_do_not_nest_deeper_than_the_document_may() {
    let mut chain = "- &a0 [x]\n".to_owned();
    for i in 1..50_000 {
        chain.push_str(&format!("- &a{i} [*a{}]\n", i - 1));
    }
    assert!(load(&chain).unwrap_err().problem.contains("nested deeper"));
}

#[test]
fn what_is_merged_is_shared() {
    let value = load("a: &a {l: [1]}\nb: {<<: *a}\nc: {<<: *a}\n").unwrap();
    let list = |key| value.get(key).and_then(|v| v.get("l")).cloned();
    match (list("b"), list("c")) {
        (Some(Value::List(b)), Some(Value::List(c))) => assert!(std::sync::Arc::ptr_eq(&b, &c)),
        other => panic!("not two lists: {other:?}"),
    }
}

#[test]
fn what_contains_itself_is_refused() {
    for text in [
        "&a [*a]",
        "&a {b: *a}",
        "&a {<<: *a}",
        "a: &a\n  b: &b\n    <<: *a\n",
        // The merge puts a mapping that has no anchor into itself, twice at each level.
        "&a\n- b: {<<: *a}\n  c: {<<: *a}\n",
    ] {
        let error = load(text).unwrap_err();
        assert_eq!(error.problem, "found unconstructable recursive node", "{text}");
    }
}

#[test]
fn errors_have_their_place_as_fields() {
    let error = load_sls("a: 1\nb:\n  c: 2\n  c: 3\n").unwrap_err();
    assert_eq!((error.problem.as_str(), error.line, error.column), ("found conflicting ID 'c'", 4, 3));
    let (context, mark) = error.context.clone().unwrap();
    assert_eq!((context.as_str(), mark.line, mark.column), ("while constructing a mapping", 2, 2));
}
