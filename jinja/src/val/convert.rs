//! To and from [`data::Value`] and Rust's own types.

use std::rc::Rc;
use std::sync::Arc;

use super::{Dict, List, Val, Walk, collect};
use crate::{Error, Result};

impl From<data::Value> for Val {
    /// Costs nothing: a container keeps the shared original until it is touched.
    fn from(value: data::Value) -> Self {
        match value {
            data::Value::None => Val::None,
            data::Value::Bool(b) => Val::Bool(b),
            data::Value::Int(i) => Val::Int(i),
            data::Value::BigInt(b) => Val::BigInt(Rc::new((*b).clone())),
            data::Value::Float(f) => Val::Float(f),
            data::Value::Str(s) => Val::Str(s),
            data::Value::Bytes(b) => Val::Bytes(b),
            data::Value::List(l) => Val::List(Rc::new(List::shared(l))),
            data::Value::Dict(d) => Val::Dict(Rc::new(Dict::shared(d))),
            data::Value::DateTime(d) => Val::DateTime(d),
        }
    }
}

impl From<&data::Value> for Val {
    fn from(value: &data::Value) -> Self {
        Val::from(value.clone())
    }
}

impl Val {
    /// This value as plain data. Tuples, sets, ranges, views and what is left of a generator become
    /// lists; objects, functions and undefined values become the text that they print.
    /// What is nested deeper than any real data (or holds itself) is cut off as `...`.
    pub fn to_value(&self) -> data::Value {
        self.convert(&Walk::default(), true).unwrap_or_else(|_| cut())
    }

    /// As [`Val::to_value`], but too deep a nesting is an error.
    pub(crate) fn try_to_value(&self) -> Result<data::Value> {
        self.convert(&Walk::default(), false)
    }

    fn convert(&self, walk: &Walk, lenient: bool) -> Result<data::Value> {
        walk.visit()?;
        let element = |v: &Val| match v.convert(walk, lenient) {
            Err(_) if lenient => Ok(cut()),
            other => other,
        };
        let list = |items: &[Val]| -> Result<data::Value> {
            let items = walk.nested(|| items.iter().map(element).collect::<Result<_>>())?;
            Ok(data::Value::List(Arc::new(items)))
        };
        Ok(match self {
            Val::None => data::Value::None,
            Val::Bool(b) => data::Value::Bool(*b),
            Val::Int(i) => data::Value::Int(*i),
            Val::BigInt(b) => data::Value::BigInt(Arc::new((**b).clone())),
            Val::Float(f) => data::Value::Float(*f),
            Val::Str(s) | Val::Markup(s) => data::Value::Str(s.clone()),
            Val::Bytes(b) => data::Value::Bytes(b.clone()),
            Val::DateTime(d) => data::Value::DateTime(d.clone()),
            Val::List(l) => match l.untouched() {
                Some(original) => data::Value::List(original),
                // A copy: an object among the items may run code that changes the list.
                None => {
                    let items = l.borrow().clone();
                    list(&items)?
                }
            },
            Val::Tuple(t) => list(t)?,
            Val::Dict(d) => match d.untouched() {
                Some(original) => data::Value::Dict(original),
                None => {
                    let map = d.borrow().clone();
                    walk.nested(|| {
                        let mut out = data::Dict::with_capacity(map.len());
                        for (k, v) in &map {
                            out.insert(element(k.val())?, element(v)?);
                        }
                        Ok(data::Value::from(out))
                    })?
                }
            },
            Val::Set(_) | Val::Range(..) | Val::View(_) | Val::Iter(_) => list(&collect(self)?)?,
            Val::Object(o) => match o.to_value() {
                Some(value) => value,
                None => data::Value::from(o.to_string()?),
            },
            Val::Undefined(_) | Val::Delta(_) | Val::Method(_) | Val::Func(_) => {
                data::Value::from(super::to_str(self)?.into_owned())
            }
        })
    }

    /// Text that any value prints; an error for what is strictly undefined.
    pub fn to_text(&self) -> std::result::Result<String, Error> {
        super::to_str(self).map(|s| s.into_owned())
    }
}

/// What stands for what is left out.
fn cut() -> data::Value {
    data::Value::from("...")
}

impl From<bool> for Val {
    fn from(b: bool) -> Self {
        Val::Bool(b)
    }
}
impl From<i64> for Val {
    fn from(i: i64) -> Self {
        Val::Int(i)
    }
}
impl From<i32> for Val {
    fn from(i: i32) -> Self {
        Val::Int(i.into())
    }
}
impl From<usize> for Val {
    fn from(i: usize) -> Self {
        i64::try_from(i).map_or_else(|_| Val::big(i.into()), Val::Int)
    }
}
impl From<f64> for Val {
    fn from(f: f64) -> Self {
        Val::Float(f)
    }
}
impl From<&str> for Val {
    fn from(s: &str) -> Self {
        Val::Str(s.into())
    }
}
impl From<String> for Val {
    fn from(s: String) -> Self {
        Val::Str(s.into())
    }
}
impl From<Arc<str>> for Val {
    fn from(s: Arc<str>) -> Self {
        Val::Str(s)
    }
}
impl From<data::Dict> for Val {
    fn from(d: data::Dict) -> Self {
        Val::from(data::Value::from(d))
    }
}
impl From<data::DateTime> for Val {
    fn from(d: data::DateTime) -> Self {
        Val::DateTime(Arc::new(d))
    }
}
impl<T: Into<Val>> From<Vec<T>> for Val {
    fn from(items: Vec<T>) -> Self {
        Val::list(items.into_iter().map(Into::into).collect())
    }
}
impl<T: Into<Val>> From<Option<T>> for Val {
    fn from(o: Option<T>) -> Self {
        o.map_or(Val::None, Into::into)
    }
}
