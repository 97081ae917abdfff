//! What a missing name, attribute or item evaluates to, and how it complains.

use std::rc::Rc;
use std::sync::Arc;

use super::Val;
use crate::{Error, ErrorKind, Result, UndefinedKind};

/// An undefined value: it remembers what was missing.
pub struct Undefined {
    kind: UndefinedKind,
    what: What,
}

enum What {
    Name(Arc<str>),
    Attr {
        of: String,
        name: Arc<str>,
    },
    Element {
        of: String,
        key: String,
    },
    Hint(String),
    /// Made by the sandbox: every use is a security error.
    Unsafe(String),
}

impl Undefined {
    /// A variable that is not there.
    pub(crate) fn name(kind: UndefinedKind, name: &Arc<str>) -> Val {
        Self::make(kind, What::Name(name.clone()))
    }

    /// An attribute or item that `of` does not have.
    pub(crate) fn of(kind: UndefinedKind, of: &Val, key: &Val) -> Val {
        let what = match key {
            Val::Str(s) => What::Attr { of: of.type_repr(), name: s.clone() },
            k => What::Element { of: of.type_repr(), key: super::repr(k).unwrap_or_default() },
        };
        Self::make(kind, what)
    }

    /// With a text of its own.
    pub(crate) fn hint(kind: UndefinedKind, hint: impl Into<String>) -> Val {
        Self::make(kind, What::Hint(hint.into()))
    }

    pub(crate) fn forbidden(kind: UndefinedKind, message: String) -> Val {
        Self::make(kind, What::Unsafe(message))
    }

    fn make(kind: UndefinedKind, what: What) -> Val {
        Val::Undefined(Rc::new(Undefined { kind, what }))
    }

    /// What to say when it is used.
    pub fn message(&self) -> String {
        match &self.what {
            What::Name(n) => format!("{} is undefined", quoted(n)),
            What::Attr { of, name } => format!("{} has no attribute {}", quoted(of), quoted(name)),
            What::Element { of, key } => format!("{} has no element {key}", of),
            What::Hint(h) | What::Unsafe(h) => h.clone(),
        }
    }

    /// The error of using it.
    pub fn fail(&self) -> Error {
        let kind =
            if matches!(self.what, What::Unsafe(_)) { ErrorKind::Security } else { ErrorKind::Undefined };
        Error::new(kind, self.message())
    }

    fn unless_strict<T>(&self, value: T) -> Result<T> {
        if self.kind == UndefinedKind::Strict { Err(self.fail()) } else { Ok(value) }
    }

    pub(crate) fn type_name(&self) -> &'static str {
        match self.kind {
            UndefinedKind::Default => "Undefined",
            UndefinedKind::Strict => "StrictUndefined",
            UndefinedKind::Chainable => "ChainableUndefined",
        }
    }

    pub(crate) fn truth(&self) -> Result<bool> {
        self.unless_strict(false)
    }
    pub(crate) fn len(&self) -> Result<usize> {
        self.unless_strict(0)
    }
    pub(crate) fn text(&self) -> Result<&'static str> {
        self.unless_strict("")
    }
    pub(crate) fn iterate(&self) -> Result<()> {
        self.unless_strict(())
    }
    pub(crate) fn hash_check(&self) -> Result<()> {
        self.unless_strict(())
    }
    /// Two undefined values are equal when they are of one type; nothing else is equal to one.
    pub(crate) fn equals(&self, other: &Val) -> Result<bool> {
        self.unless_strict(matches!(other, Val::Undefined(_)))
    }

    /// Attributes and items of it.
    pub(crate) fn member(self: &Rc<Self>) -> Result<Val> {
        if self.kind == UndefinedKind::Chainable {
            Ok(Val::Undefined(self.clone()))
        } else {
            Err(self.fail())
        }
    }
}

fn quoted(s: &str) -> String {
    let mut out = String::with_capacity(s.len() + 2);
    let _ = data::python::write_str_repr(&mut out, s);
    out
}
