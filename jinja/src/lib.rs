//! Jinja2 3.1 with Python's semantics and Salt's extensions: what `{{ … }}` in an SLS means.
//!
//! [`Env`] holds settings, globals and the loader; [`Env::render`] turns a template and its variables
//! into text. [`Val`] is a value at run time: Python's aliasing, mutation and printing. Data of any
//! size (pillar, grains) becomes a [`Val`] at no cost and is converted level by level where it is touched.
//! A host supplies functions with [`Val::function`] and richer things with [`Object`].

mod ast;
mod env;
mod error;
mod eval;
mod filters;
mod format;
mod globals;
mod is;
mod lexer;
mod methods;
mod parser;
mod scope;
mod val;

pub use env::{Context, Env, Limits, Loader, Options, Syntax, UndefinedKind};
pub use error::{Error, ErrorKind};
pub use filters::nearest_of as nearest;
pub use val::{CallArgs, Dict, Key, List, Map, Object, Set, Tuple, Undefined, Val};

pub(crate) type Result<T> = std::result::Result<T, Error>;
