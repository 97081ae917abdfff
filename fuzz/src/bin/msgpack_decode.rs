//! The bytes of messages. What can be read is written and read again: it must be the same.
//!
//! seeds: data/tests/output/**/*.json msgpack
//! seeds: tests/parity/cases/*/*/expected.json msgpack

#![no_main]

use data::msgpack::{decode, encode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(value) = decode(bytes) else { return };
    let again = encode(&value);
    match decode(&again) {
        Ok(back) => assert!(back.identical(&value), "{value:?}\n{back:?}"),
        Err(e) => panic!("{e}: {value:?}"),
    }
});
