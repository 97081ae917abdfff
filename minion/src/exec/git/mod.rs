//! git: the module's functions, and [`Git`] which the states use as well.

mod parse;
mod repo;
