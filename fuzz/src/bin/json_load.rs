//! JSON as Python reads it. What can be read is written and read again: it must be the same.
//!
//! seeds: data/tests/output/**/*.json
//! seeds: tests/parity/cases/*/*/expected.json

#![no_main]

use data::json::{dump, load};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(value) = load(text) else { return };
    for indent in [None, Some(2)] {
        let text = dump(&value, indent, false);
        match load(&text) {
            Ok(back) => assert!(back.identical(&value), "{value:?}\n{back:?}\n{text}"),
            Err(e) => panic!("{e}\n{text}"),
        }
    }
});
