//! JSON as Python reads it, and JSON5. What can be read is written and read again: it must be the same.
//!
//! seeds: data/tests/output/**/*.json
//! seeds: tests/parity/cases/*/*/expected.json
//! seeds: tests/parity/cases/renderers/**/*.sls

#![no_main]

use data::json::dump;
use data::{json, json5};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (strict, loose) = (json::load(text).ok(), json5::load(text).ok());
    if let (Some(strict), Some(loose)) = (&strict, &loose) {
        assert!(strict.identical(loose), "{strict:?}\n{loose:?}");
    }
    for value in [strict, loose].into_iter().flatten() {
        for indent in [None, Some(2)] {
            let text = dump(&value, indent, false);
            match json::load(&text) {
                Ok(back) => assert!(back.identical(&value), "{value:?}\n{back:?}\n{text}"),
                Err(e) => panic!("{e}\n{text}"),
            }
        }
    }
});
