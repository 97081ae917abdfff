//! The state language against real Salt, as recorded by `record.py` and `record_trees.py`.

#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod aggregate;
mod cases;
mod mistakes;
mod render;
mod support;
mod trees;
