//! The mistakes that people make most, each answered with Salt's text, the place, and what to do.
//!
//! `mistakes/*.sls` against `mistakes/*.txt`; `MISTAKES=write` writes the texts, to be read before they are kept.

use std::path::{Path, PathBuf};

use sls::render::Renderer;

use crate::support::{Minion, States, has_state};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes")
}

/// What the user is told, from rendering to the results of states that failed.
fn told(name: &str) -> String {
    let renderer = Renderer::new(Minion::with_root(folder()));
    let (high, errors) = sls::high::compile(&renderer, &[("base".to_owned(), vec![name.to_owned()])]);
    let finished = if errors.is_empty() { high.finish() } else { Err(errors) };
    let low = finished.and_then(|high| sls::LowState::compile(high, &sls::LowOptions::new(&has_state)));
    match low {
        Err(errors) => errors.join("\n"),
        Ok(low) => {
            let results = sls::run(&States, &low, &sls::RunOptions::default(), &mut sls::NoEvents);
            let failed = results.values().filter(|result| result.result == Some(false));
            failed.map(|result| result.comment.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
        }
    }
}

#[test]
fn mistakes_are_answered_with_what_to_do() {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| Some(entry.ok()?.path().file_name()?.to_str()?.strip_suffix(".sls")?.to_owned()))
        .collect();
    names.sort();
    assert!(names.len() >= 25, "only {}", names.len());
    let mut wrong = String::new();
    for name in names {
        let told = told(&name);
        let path = folder().join(format!("{name}.txt"));
        if std::env::var("MISTAKES").is_ok_and(|v| v == "write") {
            std::fs::write(&path, format!("{told}\n")).unwrap();
            continue;
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        if told != expected.trim_end() {
            wrong.push_str(&format!("== {name}\n{told}\n-- expected\n{expected}\n"));
        }
        // Salt's own text says what to do about some.
        let helps = ["hint: ", "id you mean", "must be omitted", "missing a \":\"", "Please choose"];
        assert!(helps.iter().any(|help| told.contains(help)), "{name}: no help in {told}");
    }
    assert!(wrong.is_empty(), "{wrong}");
}
