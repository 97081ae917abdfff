//! Every SLS in `inputs/` against what real Salt made of it (`record.py` writes `expected/`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::support::{Minion, States};
use data::{Dict, Value};

/// Where ours starts with Salt's text and then says more: the line, which Salt's YAML reader forgets.
const MORE_TO_SAY: &[&str] = &["err_yaml_tab", "err_yaml_colon"];

/// Where we do something else on purpose: the case, the reason, and how our first error starts.
const DIFFERENT: &[(&str, &str, &str)] = &[(
    "err_renderer",
    "a renderer that runs Python is refused by name",
    "Rendering SLS 'base:err_renderer' failed: The renderer 'py' runs Python",
)];

/// `CASES` names another folder with `inputs/` and `expected/`, for cases that are not kept.
fn folder() -> PathBuf {
    std::env::var_os("CASES")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"), PathBuf::from)
}

fn names() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder().join("inputs"))
        .unwrap()
        .filter_map(|entry| Some(entry.ok()?.path().file_name()?.to_str()?.strip_suffix(".sls")?.to_owned()))
        .collect();
    names.sort();
    names
}

fn expected(name: &str) -> Value {
    let path = folder().join("expected").join(format!("{name}.json"));
    let text =
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}; run record.py", path.display()));
    data::json::load(&text).unwrap()
}

/// What we make of it, in the form in which `record.py` writes what Salt makes of it.
fn actual(name: &str) -> Dict {
    let states = States;
    let compile = || {
        let renderer = sls::render::Renderer::new(Minion::with_root(folder().join("inputs")));
        sls::high::compile(&renderer, &[("base".to_owned(), vec![name.to_owned()])])
    };
    let mut out = Dict::new();
    let (high, mut errors) = compile();
    errors.extend(high.verify());
    if errors.is_empty() {
        out.insert("high", high.to_value());
        let low = sls::LowState::compile(high, &sls::LowOptions::new(&|fun| crate::support::has_state(fun)));
        out.insert("low", low.map_or_else(Value::from, |low| low.to_value()));
    } else {
        out.insert("high", errors.clone());
        out.insert("low", errors);
    }
    for (key, test) in [("run", false), ("test", true)] {
        let (high, errors) = compile();
        let finished = if errors.is_empty() { high.finish() } else { Err(errors) };
        let low = finished.and_then(|high| {
            sls::LowState::compile(high, &sls::LowOptions::new(&|fun| crate::support::has_state(fun)))
        });
        let value = match low {
            Err(errors) => Value::from(errors),
            Ok(low) => {
                let options = sls::RunOptions { test, ..sls::RunOptions::default() };
                let results = sls::run(&states, &low, &options, &mut sls::NoEvents);
                let results =
                    results.into_iter().map(|(tag, result)| (tag, crate::support::without_times(&result)));
                results.collect::<Dict>().into()
            }
        };
        out.insert(key, value);
    }
    out
}

#[test]
fn as_salt() {
    let mut wrong: BTreeMap<String, String> = BTreeMap::new();
    let only = std::env::var("CASE").ok();
    for name in names() {
        if only.as_ref().is_some_and(|only| *only != name) || DIFFERENT.iter().any(|(n, ..)| *n == name) {
            continue;
        }
        let expected = expected(&name);
        let actual = actual(&name);
        for (key, got) in &actual {
            let wanted = expected.get(key.as_str().unwrap()).unwrap();
            if !same(&name, key.as_str().unwrap(), wanted, got) {
                wrong.insert(format!("{name} {key}"), difference(wanted, &without_hints(got)));
            }
        }
    }
    let report: String = wrong.iter().map(|(case, diff)| format!("== {case}\n{diff}\n")).collect();
    assert!(wrong.is_empty(), "{} differ from Salt\n{report}", wrong.len());
}

#[test]
fn what_is_different_is_an_error_with_a_reason() {
    for (name, reason, start) in DIFFERENT {
        assert!(!reason.is_empty());
        let outcome = actual(name);
        let first = outcome.get("run").and_then(Value::as_list).and_then(|l| l.first()).map(Value::to_string);
        assert!(first.as_ref().is_some_and(|text| text.starts_with(start)), "{name}: {first:?}");
    }
}

/// Errors are compared in order and to the letter, high and low data to the type and order of keys, results
/// by tag, order and content.
fn same(name: &str, key: &str, wanted: &Value, got: &Value) -> bool {
    if MORE_TO_SAY.contains(&name) {
        let first = |v: &Value| v.as_list().and_then(|l| l.first()).map(Value::to_string).unwrap_or_default();
        return !first(wanted).is_empty()
            && first(got).starts_with(&first(wanted))
            && first(got).contains("; line ");
    }
    let (wanted, got) =
        if name == "req_parallel" { (&unordered(wanted), &unordered(got)) } else { (wanted, got) };
    let (wanted, got) = (&sorted_names(wanted), &sorted_names(&without_hints(got)));
    match (key, wanted, got) {
        ("run" | "test", Value::Dict(w), Value::Dict(g)) => w.keys().eq(g.keys()) && wanted == got,
        ("high", Value::Dict(w), Value::Dict(g)) => w.keys().eq(g.keys()) && wanted == got,
        _ => wanted.identical(got),
    }
}

/// Without what rsalt says on top of Salt's texts: lines that begin with `hint: `, and numbered lines of source.
fn without_hints(value: &Value) -> Value {
    let numbered = |line: &str| {
        let rest = line.trim_start_matches([' ', '>']);
        line.starts_with("  ") && rest.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(" |")
    };
    match value {
        Value::Str(text) if text.contains("\nhint: ") => {
            let ends = text.ends_with('\n');
            let kept: Vec<&str> =
                text.lines().filter(|line| !line.starts_with("hint: ") && !numbered(line)).collect();
            format!("{}{}", kept.join("\n"), if ends { "\n" } else { "" }).into()
        }
        Value::List(list) => list.iter().map(without_hints).collect::<Vec<_>>().into(),
        Value::Dict(dict) => dict.iter().map(|(k, v)| (k.clone(), without_hints(v))).collect::<Dict>().into(),
        other => other.clone(),
    }
}

/// States that run in parallel come in as they like: by tag, without their number.
fn unordered(results: &Value) -> Value {
    let Value::Dict(results) = results else { return results.clone() };
    let mut sorted: Vec<(Value, Value)> = results.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    sorted.sort_by_key(|(tag, _)| tag.to_string());
    for (_, result) in &mut sorted {
        if let Some(result) = result.as_dict_mut() {
            result.remove("__run_num__");
        }
    }
    sorted.into_iter().collect::<Dict>().into()
}

/// Salt names the requisites that failed in no order: here in the order of their names.
fn sorted_names(results: &Value) -> Value {
    let mut results = results.clone();
    for (_, result) in results.as_dict_mut().into_iter().flat_map(Dict::iter_mut) {
        let Some(comment) = result.as_dict_mut().and_then(|r| r.get_mut("comment")) else { continue };
        if let Some(names) = comment.as_str().and_then(|c| c.strip_prefix("One or more requisite failed: ")) {
            let mut names: Vec<&str> = names.split(", ").collect();
            names.sort_unstable();
            *comment = format!("One or more requisite failed: {}", names.join(", ")).into();
        }
    }
    results
}

/// Where two values part: a path and both sides, one line each.
fn difference(wanted: &Value, got: &Value) -> String {
    let mut out = String::new();
    differ("", wanted, got, &mut out);
    out
}

fn differ(at: &str, wanted: &Value, got: &Value, out: &mut String) {
    match (wanted, got) {
        (Value::Dict(w), Value::Dict(g)) => {
            let keys = |d: &Dict| d.keys().map(Value::to_string).collect::<Vec<_>>().join(" ");
            if keys(w) != keys(g) && w.keys().any(|k| g.get_value(k).is_none()) {
                out.push_str(&format!("{at} keys\n  Salt:  {}\n  rsalt: {}\n", keys(w), keys(g)));
            } else if at.is_empty() && keys(w) != keys(g) {
                out.push_str(&format!("order\n  Salt:  {}\n  rsalt: {}\n", keys(w), keys(g)));
            }
            for (key, w) in w.iter() {
                if let Some(g) = g.get_value(key) {
                    differ(&format!("{at}/{key}"), w, g, out);
                }
            }
        }
        (Value::List(w), Value::List(g)) if w.len() == g.len() => {
            w.iter()
                .zip(g.iter())
                .enumerate()
                .for_each(|(i, (w, g))| differ(&format!("{at}/{i}"), w, g, out));
        }
        _ if wanted.identical(got) => {}
        _ => out.push_str(&format!("{at}\n  Salt:  {wanted:?}\n  rsalt: {got:?}\n")),
    }
}
