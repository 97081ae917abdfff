//! The value every part of rsalt speaks, and how it is read, written, merged, looked up and shown.

pub mod args;
mod dict;
pub mod json;
pub mod json5;
pub mod lookup;
pub mod loose;
pub mod merge;
pub mod msgpack;
pub mod ordered;
pub mod output;
pub mod python;
pub mod random;
pub mod regex;
pub mod toml;
mod value;
pub mod yaml;

pub use dict::Dict;
pub use value::{DateTime, FixedOffsetKey, Value};
