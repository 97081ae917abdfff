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
mod result;
mod runner;
pub mod top;

pub use chunk::{INTERNAL_KEYWORDS, LowChunk, tag};
pub use env::{CallError, FetchError, RenderEnv};
pub use result::{Results, StateResult, StateTime};
pub use runner::{NoEvents, RunEvents, RunOptions, Runner};
pub use top::TopMatcher;
