//! The environment: settings, globals, filters, tests, the loader, and the cache of parsed templates.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::val::{CallArgs, Val};
use crate::{Error, Result};

/// What an undefined value does when it is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum UndefinedKind {
    /// Prints as nothing, is empty and false; everything else is an error. Salt with `allow_undefined: True`.
    Default,
    /// Every use but `is defined` and `default()` is an error. Salt's usual setting.
    #[default]
    Strict,
    /// As the default one; attributes and items of it are undefined again.
    Chainable,
}

/// Bounds on a runaway template; reaching one is an error that says which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Nested macro calls, includes and imports.
    pub depth: usize,
    /// Bytes of text in one render, and in any one string it builds.
    pub output_bytes: usize,
    /// Loop iterations in one render, all loops together.
    pub loop_steps: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { depth: 250, output_bytes: 256 << 20, loop_steps: 50_000_000 }
    }
}

/// What tags look like, and which lines are one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Syntax {
    /// `{%` and `%}`
    pub block: (String, String),
    /// `{{` and `}}`
    pub variable: (String, String),
    /// `{#` and `#}`
    pub comment: (String, String),
    /// What a line starts with that is a statement as a whole.
    pub line_statement: Option<String>,
    /// What makes the rest of a line a comment.
    pub line_comment: Option<String>,
}

impl Default for Syntax {
    fn default() -> Self {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        Syntax {
            block: pair("{%", "%}"),
            variable: pair("{{", "}}"),
            comment: pair("{#", "#}"),
            line_statement: None,
            line_comment: None,
        }
    }
}

/// Settings of an [`Env`], with Jinja's names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Options {
    /// The first newline after a block tag goes away.
    pub trim_blocks: bool,
    /// Blanks before a block tag go away, up to the start of the line.
    pub lstrip_blocks: bool,
    /// A single newline at the end of the template stays.
    pub keep_trailing_newline: bool,
    /// What is printed is escaped for HTML.
    pub autoescape: bool,
    /// What undefined values do.
    pub undefined: UndefinedKind,
    /// What tags look like.
    pub syntax: Rc<Syntax>,
    /// Bounds on a runaway template.
    pub limits: Limits,
}

/// Finds templates by name, for `include`, `import`, `from` and `extends`.
pub trait Loader {
    /// The text of the template `name` (already joined); `None` when there is no such template.
    /// `parent` is the template that asks.
    fn load(&self, name: &str, parent: Option<&str>) -> std::result::Result<Option<Arc<str>>, String>;

    /// The full name of what `parent` calls `name`. Provided: `./x` and `../x` start at the parent's
    /// folder, and a path that climbs out of the root is no template.
    fn join(&self, name: &str, parent: Option<&str>) -> Option<String> {
        join_relative(name, parent)
    }

    /// Globals that the template `name` sees instead of the environment's (`tpldir`, `tplfile` …).
    fn globals(&self, _name: &str) -> Vec<(String, Val)> {
        Vec::new()
    }
}

/// The rule of [`Loader::join`].
fn join_relative(name: &str, parent: Option<&str>) -> Option<String> {
    if !matches!(name.split('/').next(), Some("." | "..")) {
        return Some(name.to_owned());
    }
    let dir = parent.and_then(|p| p.rsplit_once('/')).map_or("", |(dir, _)| dir);
    let mut parts: Vec<&str> = dir.split('/').filter(|p| !p.is_empty()).collect();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// A filter, test or function: takes its arguments (for a filter and a test the value is the first one).
pub(crate) type Callable = Rc<dyn Fn(&mut CallArgs) -> Result<Val>>;

/// The variables that a template starts with.
#[derive(Default)]
pub struct Context(pub(crate) Vec<(Arc<str>, Val)>);

impl From<&data::Dict> for Context {
    /// Keys that are not text are left out: no template could name them.
    fn from(dict: &data::Dict) -> Self {
        Context(
            dict.iter()
                .filter_map(|(k, v)| match k {
                    data::Value::Str(s) => Some((s.clone(), Val::from(v.clone()))),
                    _ => None,
                })
                .collect(),
        )
    }
}

impl From<Vec<(String, Val)>> for Context {
    fn from(pairs: Vec<(String, Val)>) -> Self {
        Context(pairs.into_iter().map(|(k, v)| (k.into(), v)).collect())
    }
}

/// An environment: cheap to build and to clone, one per render or for many.
#[derive(Clone, Default)]
pub struct Env {
    /// The settings.
    pub options: Options,
    pub(crate) globals: Rc<crate::eval::Names<Val>>,
    pub(crate) filters: Rc<HashMap<String, Callable>>,
    pub(crate) tests: Rc<HashMap<String, Callable>>,
    pub(crate) loader: Option<Rc<dyn Loader>>,
    pub(crate) cache: Rc<RefCell<crate::eval::Cache>>,
}

impl Env {
    /// Salt's settings: strict undefined, the extension tags, Salt's filters and tests.
    pub fn salt() -> Self {
        Self::default()
    }

    /// Makes `value` visible to every template under `name`.
    pub fn add_global(&mut self, name: &str, value: impl Into<Val>) {
        Rc::make_mut(&mut self.globals).insert(name.into(), value.into());
    }

    /// Adds or replaces a filter; the filtered value is the first argument.
    pub fn add_filter(&mut self, name: &str, filter: impl Fn(&mut CallArgs) -> Result<Val> + 'static) {
        Rc::make_mut(&mut self.filters).insert(name.to_owned(), Rc::new(filter));
        self.cache = Rc::default();
    }

    /// Adds or replaces a test; the tested value is the first argument.
    pub fn add_test(&mut self, name: &str, test: impl Fn(&mut CallArgs) -> Result<Val> + 'static) {
        Rc::make_mut(&mut self.tests).insert(name.to_owned(), Rc::new(test));
        self.cache = Rc::default();
    }

    /// Sets where `include`, `import` and `extends` find templates.
    pub fn set_loader(&mut self, loader: Box<dyn Loader>) {
        self.loader = Some(Rc::from(loader));
        self.cache = Rc::default();
    }

    /// Renders `source`; `name` is what errors and relative imports call it.
    pub fn render(
        &self,
        name: &str,
        source: &str,
        context: impl Into<Context>,
    ) -> std::result::Result<String, Error> {
        crate::eval::render(self, name, source, context.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_names_start_at_the_parent() {
        let join = |name, parent| join_relative(name, Some(parent));
        assert_eq!(join("a/b", "x/y").as_deref(), Some("a/b"));
        assert_eq!(join("./b", "x/y").as_deref(), Some("x/b"));
        assert_eq!(join("../b", "x/y").as_deref(), Some("b"));
        assert_eq!(join("../../b", "x/y"), None);
    }
}
