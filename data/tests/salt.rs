//! Merging, look-ups and command line arguments against what Salt gives (`salt/regenerate.py`).

#![expect(clippy::unwrap_used, reason = "a case that cannot be read is a failed test")]

use std::fs;
use std::path::Path;

use data::args::cli::parse_input;
use data::lookup::traverse;
use data::merge::merge;
use data::{Dict, Value, json, yaml};

/// Runs every case of a file; `run` shows what we make of it.
fn compare(file: &str, least: usize, run: impl Fn(&Dict) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/salt").join(file);
    let cases = json::load(&fs::read_to_string(path).unwrap()).unwrap();
    let cases = cases.as_list().unwrap();
    assert!(cases.len() >= least, "only {} cases", cases.len());
    let wrong: Vec<String> = cases
        .iter()
        .map(|case| (case, run(case.as_dict().unwrap())))
        .filter(|(case, got)| case.get("expected").unwrap().as_str() != Some(got))
        .map(|(case, got)| format!("{case:?}\n     got: {got:?}"))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {} cases of {file} differ\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

fn text<'a>(case: &'a Dict, key: &str) -> &'a str {
    case.get(key).unwrap().as_str().unwrap()
}

#[test]
fn dicts_merge_as_in_salt() {
    compare("merge.json", 200, |case| {
        let strategy = text(case, "strategy").parse().unwrap();
        let lists = case.get("merge_lists").unwrap().is_true();
        format!("{:?}", merge(case.get("base").unwrap(), case.get("over").unwrap(), strategy, lists))
    });
}

#[test]
fn paths_lead_where_they_lead_in_salt() {
    compare("traverse.json", 30, |case| {
        // A dict literal of Python is YAML's flow style, but for the names of the constants.
        let literal = text(case, "data").replace("None: 'none'", "null: 'none'");
        let found = traverse(&yaml::load(&literal).unwrap(), text(case, "path"), ":");
        found.map_or("missing".to_owned(), |value: Value| format!("{value:?}"))
    });
}

#[test]
fn words_are_read_as_salt_reads_them() {
    compare("arguments.json", 60, |case| {
        let (args, kwargs) = parse_input(case.get("given").unwrap().as_list().unwrap(), &[]);
        format!("({:?}, {:?})", Value::from(args), Value::from(kwargs))
    });
}
