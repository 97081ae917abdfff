//! `a:b:c` matches on grains and pillar: any number of leading parts is the way to a value, the rest is
//! the pattern for it. The longest way is tried first. Lists match by any member, dicts by any key.

use std::sync::OnceLock;

use data::{Dict, Value};

use super::glob::Glob;
use super::pcre::Pcre;

/// How deep `*:` goes into nested dicts.
const MAX_DEPTH: usize = 64;

/// What the last part of an expression is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Glob,
    Pcre,
    Exact,
}

/// A compiled expression.
#[derive(Clone, Debug)]
pub(super) struct Subdict {
    delimiter: String,
    splits: Vec<Split>,
}

/// One place to cut the expression: the way, and the pattern behind it.
#[derive(Clone, Debug)]
struct Split {
    /// None: the first part is `*` alone, so the whole data is looked at.
    key: Option<String>,
    pattern: Pattern,
}

#[derive(Clone, Debug)]
struct Pattern {
    kind: Kind,
    whole: Matcher,
    /// The pattern without a leading `*:`, for dicts.
    in_dict: Matcher,
    wildcard: bool,
    /// The same as an expression of its own, for dicts in dicts.
    nested: OnceLock<Box<Subdict>>,
}

#[derive(Clone, Debug)]
struct Matcher {
    text: String,
    compiled: Compiled,
}

#[derive(Clone, Debug)]
enum Compiled {
    Glob(Glob),
    Pcre(Pcre),
    Exact(String),
    /// A regex that is none: it matches nothing.
    Never,
}

impl Subdict {
    pub(super) fn new(expression: &str, delimiter: &str, kind: Kind) -> Self {
        let parts: Vec<&str> = expression.split(delimiter).collect();
        let splits = (1..parts.len())
            .rev()
            .filter_map(|at| {
                let (way, rest) = parts.split_at_checked(at)?;
                let key = way.join(delimiter);
                Some(if key == "*" {
                    Split { key: None, pattern: Pattern::new(expression, kind) }
                } else {
                    Split { key: Some(key), pattern: Pattern::new(&rest.join(delimiter), kind) }
                })
            })
            .collect();
        Subdict { delimiter: delimiter.to_owned(), splits }
    }

    pub(super) fn matches(&self, data: &Value) -> bool {
        self.matches_at(data, 0)
    }

    fn matches_at(&self, data: &Value, depth: usize) -> bool {
        if depth > MAX_DEPTH {
            return false;
        }
        self.splits.iter().any(|split| {
            let found = match &split.key {
                None => Some(data),
                Some(key) => data::lookup::find(data, key, &self.delimiter),
            };
            match found {
                None => false,
                Some(Value::Dict(d)) => !d.is_empty() && split.pattern.matches_dict(d, depth),
                Some(Value::List(items)) => items.iter().any(|item| {
                    item.as_dict().is_some_and(|d| split.pattern.matches_dict(d, depth))
                        || split.pattern.whole.matches(item)
                }),
                Some(scalar) => split.pattern.whole.matches(scalar),
            }
        })
    }
}

impl Pattern {
    fn new(text: &str, kind: Kind) -> Self {
        let stripped = text.strip_prefix("*:");
        Pattern {
            kind,
            whole: Matcher::new(text, kind),
            in_dict: Matcher::new(stripped.unwrap_or(text), kind),
            wildcard: stripped.is_some(),
            nested: OnceLock::new(),
        }
    }

    fn matches_dict(&self, dict: &Dict, depth: usize) -> bool {
        if depth > MAX_DEPTH {
            return false;
        }
        let pattern = &self.in_dict;
        if pattern.text == "*" || dict.contains(&pattern.text) || dict.keys().any(|k| pattern.matches(k)) {
            return true;
        }
        // Inside a dict the delimiter is always the default one, as in Salt.
        let nested = self
            .nested
            .get_or_init(|| Box::new(Subdict::new(&pattern.text, super::DEFAULT_DELIMITER, self.kind)));
        if !nested.splits.is_empty() && nested.matches_at(&Value::from(dict.clone()), depth + 1) {
            return true;
        }
        self.wildcard
            && dict.values().any(|value| match value {
                // Only the first `*:` is a wildcard; below it the pattern is looked for as it is.
                Value::Dict(d) => self.below().matches_dict(d, depth + 1),
                Value::List(items) => items.iter().any(|item| pattern.matches(item)),
                scalar => pattern.matches(scalar),
            })
    }

    /// The pattern for the dicts under a wildcard.
    fn below(&self) -> Pattern {
        Pattern::new(&self.in_dict.text, self.kind)
    }
}

impl Matcher {
    fn new(text: &str, kind: Kind) -> Self {
        let lower = text.to_lowercase();
        let compiled = match kind {
            Kind::Glob => Compiled::Glob(Glob::new(&lower)),
            Kind::Exact => Compiled::Exact(lower),
            Kind::Pcre => Pcre::new(&lower).map_or(Compiled::Never, Compiled::Pcre),
        };
        Matcher { text: text.to_owned(), compiled }
    }

    /// Whether the value's text, in lower case, matches.
    fn matches(&self, value: &Value) -> bool {
        let text = value.to_string().to_lowercase();
        match &self.compiled {
            Compiled::Glob(g) => g.matches(&text),
            Compiled::Pcre(p) => p.matches(&text),
            Compiled::Exact(e) => *e == text,
            Compiled::Never => false,
        }
    }
}
