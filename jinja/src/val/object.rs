//! Things with behaviour: what a host supplies, functions, methods, dict views.

use std::rc::Rc;

use super::{CallArgs, Dict, Val};
use crate::{Error, Result};

/// Something that a host (or the engine) gives to templates: `salt`, a macro, a namespace.
///
/// Every method has a default, so that an implementation says only what it can do.
pub trait Object: 'static {
    /// Name of the type, for errors.
    fn type_name(&self) -> &str {
        "object"
    }

    /// How "… has no attribute" calls it.
    fn type_repr(&self) -> String {
        format!("{} object", self.type_name())
    }

    /// `obj.name`; none when there is no such attribute.
    fn get_attr(&self, _name: &str) -> std::result::Result<Option<Val>, Error> {
        Ok(None)
    }

    /// `obj[key]`; none when there is no such item.
    fn get_item(&self, _key: &Val) -> std::result::Result<Option<Val>, Error> {
        Ok(None)
    }

    /// `{% set obj.name = value %}`
    fn set_attr(&self, _name: &str, _value: Val) -> std::result::Result<(), Error> {
        Err(Error::runtime("cannot assign attribute on non-namespace object"))
    }

    /// Whether `obj(…)` makes sense (`is callable`).
    fn is_callable(&self) -> bool {
        false
    }

    /// `obj(…)`
    fn call(&self, _args: &mut CallArgs) -> std::result::Result<Val, Error> {
        Err(Error::type_error(format!("'{}' object is not callable", self.type_name())))
    }

    /// `obj.name(…)`. Provided: asks [`Object::get_attr`], then [`Object::get_item`], and calls that;
    /// none when there is neither.
    fn call_method(&self, name: &str, args: &mut CallArgs) -> std::result::Result<Option<Val>, Error> {
        let found = match self.get_attr(name)? {
            Some(f) => Some(f),
            None => self.get_item(&Val::from(name))?,
        };
        found.map(|f| args.call_on(&f)).transpose()
    }

    /// What a loop over it yields; none when it cannot be looped over.
    fn iterate(&self) -> std::result::Result<Option<Vec<Val>>, Error> {
        Ok(None)
    }

    /// `len(obj)`
    fn len(&self) -> Option<usize> {
        None
    }

    /// Whether it holds nothing; none when it has no length.
    fn is_empty(&self) -> Option<bool> {
        self.len().map(|n| n == 0)
    }

    /// Truth of it. Provided: true unless its length is 0.
    fn is_true(&self) -> bool {
        self.len() != Some(0)
    }

    /// `key in obj`; none for "look among what [`Object::iterate`] yields".
    fn contains(&self, _key: &Val) -> std::result::Result<Option<bool>, Error> {
        Ok(None)
    }

    /// Whether it counts as a mapping (`is mapping`, `dict(obj)`).
    fn is_mapping(&self) -> bool {
        false
    }

    /// What `{{ obj }}` prints.
    fn to_string(&self) -> std::result::Result<String, Error> {
        Ok(format!("<{}>", self.type_name()))
    }

    /// It as plain data, when it is not just text.
    fn to_value(&self) -> Option<data::Value> {
        None
    }
}

pub(crate) type Native = dyn Fn(&mut CallArgs) -> Result<Val>;

#[doc(hidden)]
pub struct Func {
    pub(crate) name: &'static str,
    pub(crate) call: Box<Native>,
}

/// A method with the value it belongs to.
#[doc(hidden)]
pub struct Method {
    pub(crate) of: Val,
    pub(crate) name: Rc<str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ViewKind {
    Keys,
    Values,
    Items,
}

/// A live view of a dict.
#[doc(hidden)]
pub struct View {
    pub(crate) dict: Rc<Dict>,
    pub(crate) kind: ViewKind,
}

impl View {
    pub(crate) fn type_name(&self) -> &'static str {
        match self.kind {
            ViewKind::Keys => "dict_keys",
            ViewKind::Values => "dict_values",
            ViewKind::Items => "dict_items",
        }
    }
}
