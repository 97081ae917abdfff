//! The state language: SLS text is rendered, compiled to high data and then to low chunks, put in
//! order by its requisites, and run.
//!
//! This crate knows no host. What a template may ask for comes through [`RenderEnv`]; what a chunk
//! does comes through [`Runner`]; who matches a target in a top file is told by a [`TopMatcher`].
//!
//! ```text
//! SLS text → render → Value → include, extend, exclude → HighData → names, order, requisites → LowState → run → Results
//! ```

mod chunk;
mod env;
mod glob;
pub mod high;
mod hint;
mod keys;
mod low;
pub mod pillar;
pub mod render;
mod requisite;
mod result;
mod run;
mod runner;
mod slots;
pub mod top;

pub use chunk::{INTERNAL_KEYWORDS, LowChunk, Watched, tag};
pub use env::{CallError, FetchError, Filtered, RenderEnv};
pub use high::HighData;
pub use jinja::nearest;
pub use low::{LowOptions, LowState};
pub use result::{Results, StateResult, StateTime};
pub use run::{faults, run, run_single};
pub use runner::{Aggregated, NoEvents, RunEvents, RunOptions, Runner};
pub use top::{TopMatcher, compile_top};
