//! YAML 1.1 as PyYAML reads and writes it, with Salt's rules for SLS on top.
//!
//! Reading goes text → tokens ([`scan`]) → nodes ([`compose`]) → values ([`construct`]), and text → values in one
//! step for the simple documents that nearly all are ([`lines`]); which type a plain scalar has is decided in
//! [`resolve`].

mod compose;
mod construct;
mod dump;
mod error;
mod lines;
mod plain;
mod resolve;
mod scan;

pub use dump::{DumpOptions, FlowStyle, dump, salt_dump};
pub use error::{Details, Error, Kind, Mark};

pub(crate) use dump::sort_keys;

use crate::Value;

/// How deep lists and dicts may nest in a document.
pub const MAX_DEPTH: usize = 100;

/// Whose rules a document is read by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rules {
    /// PyYAML's `SafeLoader`.
    Python,
    /// Salt's `SaltYamlSafeLoader`.
    Salt,
}

/// Reads one document as PyYAML's `SafeLoader` does. An empty document is `None`; of keys that are
/// there twice the last wins; sets are lists here, and the pairs of `!!omap` and `!!pairs` are lists of two.
pub fn load(text: &str) -> Result<Value, Error> {
    load_by(text, Rules::Python)
}

/// Reads one document as Salt does (SLS, pillar, config, arguments): a key that is there twice is an error
/// that names it and its line, leading zeros of an integer are dropped, timestamps stay text.
pub fn load_sls(text: &str) -> Result<Value, Error> {
    load_by(text, Rules::Salt)
}

fn load_by(text: &str, rules: Rules) -> Result<Value, Error> {
    match lines::load(text, rules) {
        Some(value) => Ok(value),
        None => load_in_full(text, rules),
    }
}

fn load_in_full(text: &str, rules: Rules) -> Result<Value, Error> {
    match compose::compose(text)? {
        Some(document) => construct::construct(document, rules),
        None => Ok(Value::None),
    }
}
