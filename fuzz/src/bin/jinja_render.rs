//! Templates: whatever the text is, rendering ends, with text or an error that can be shown.
//!
//! seeds: jinja/tests/inputs/*.txt split=---
//! seeds: jinja/tests/inputs/*.lines split=
//! seeds: tests/parity/cases/**/*.sls
//! seeds: tests/parity/cases/**/*.jinja
//! seeds: sls/tests/trees/**/*.sls

#![no_main]

use std::sync::Arc;

use jinja::{Env, Limits, Loader, UndefinedKind, Val};
use libfuzzer_sys::fuzz_target;

/// A template may load itself, and a few others.
struct Files(Arc<str>);

impl Loader for Files {
    fn load(&self, name: &str, _parent: Option<&str>) -> Result<Option<Arc<str>>, String> {
        Ok(match name {
            "main" => Some(self.0.clone()),
            "lib" => Some(
                "{% macro m(a, b=1) %}{{ a }}{{ caller() if caller }}{% endmacro %}{% set c = [1] %}".into(),
            ),
            "base" => Some("<{% block a %}{{ self.b() }}{% endblock %}{% block b %}x{% endblock %}>".into()),
            "data" => Some("a: [1, {b: 2}]".into()),
            _ => None,
        })
    }
}

fn context() -> Vec<(String, Val)> {
    let text = r#"{"i": 7, "s": "Hello World", "l": [3, 1, 2], "d": {"a": 1, "x": {"y": [null, true]}}, "f": 2.5,
        "ld": [{"n": "x", "v": 2}, {"n": "y", "v": 1}], "u": "gr\u00fcn", "big": 123456789012345678901234567890}"#;
    let data = data::json::load(text).unwrap_or_default();
    let pairs =
        data.as_dict().map(|d| d.iter().map(|(k, v)| (k.to_string(), Val::from(v.clone()))).collect());
    pairs.unwrap_or_default()
}

fuzz_target!(|text: &str| {
    if text.len() > 4096 {
        return;
    }
    for undefined in [UndefinedKind::Strict, UndefinedKind::Chainable] {
        let mut env = Env::salt();
        env.options.undefined = undefined;
        env.options.trim_blocks = undefined == UndefinedKind::Chainable;
        env.options.lstrip_blocks = env.options.trim_blocks;
        env.options.limits = Limits { depth: 40, output_bytes: 1 << 18, loop_steps: 5_000 };
        env.set_loader(Box::new(Files(text.into())));
        match env.render("main", text, context()) {
            Ok(out) => assert!(out.len() <= 1 << 20, "more than the limit allows"),
            Err(e) => assert!(!e.to_string().is_empty() && !e.message().contains("internal"), "{e}"),
        }
    }
});
