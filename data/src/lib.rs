//! The value every part of rsalt speaks, and how it is read, written, merged, looked up and shown.

mod dict;
pub mod python;
mod value;

pub use dict::Dict;
pub use value::{DateTime, FixedOffsetKey, Value};
