//! The mistakes that people make most, each answered with Salt's text, the place, and what to do.
//!
//! `mistakes/*.sls` against `mistakes/*.txt`; `MISTAKES=write` writes the texts, to be read before they are kept.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use sls::render::Renderer;

use crate::support::{Minion, States, has_state};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes")
}

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl tracing::Subscriber for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() <= tracing::Level::WARN
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut Message(&mut self.0.lock().unwrap()));
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

struct Message<'a>(&'a mut String);

impl tracing::field::Visit for Message<'_> {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            writeln!(self.0, "log: {value:?}").unwrap();
        }
    }
}

/// What the user is told: what is logged, then what is returned.
fn told(name: &str) -> String {
    let log = Log::default();
    let returned = tracing::subscriber::with_default(log.clone(), || returned(name));
    let logged = log.0.lock().unwrap().clone();
    format!("{logged}{returned}")
}

/// What is returned, from rendering to the results of states that failed.
fn returned(name: &str) -> String {
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
        let helps =
            ["hint: ", "id you mean", "must be omitted", "missing a \":\"", "Please choose", "a tab;"];
        assert!(helps.iter().any(|help| told.contains(help)), "{name}: no help in {told}");
    }
    assert!(wrong.is_empty(), "{wrong}");
}
