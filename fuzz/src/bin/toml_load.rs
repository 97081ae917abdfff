//! TOML. What can be read is written and read again: it must be the same, but for the order of tables.
//!
//! seeds: fuzz/Cargo.toml
//! seeds: */Cargo.toml
//! seeds: tests/parity/cases/renderers/**/*.sls
//! seeds: data/src/toml/mod.rs split=

#![no_main]

use data::toml::{dump, load};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(value) = load(text) else { return };
    let text = match dump(&value) {
        Ok(text) => text,
        Err(e) => panic!("{e}: {value:?}"),
    };
    match load(&text) {
        Ok(back) => assert!(back == value, "{value:?}\n{back:?}\n{text}"),
        Err(e) => panic!("{e}\n{value:?}\n{text}"),
    }
});
