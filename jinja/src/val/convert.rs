//! To and from [`data::Value`] and Rust's own types.

use std::rc::Rc;
use std::sync::Arc;

use super::{Dict, Iter, List, Val, checked_depth, iterate};
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
        self.convert(0).unwrap_or_else(|_| data::Value::from("..."))
    }

    /// As [`Val::to_value`], but too deep a nesting is an error.
    pub(crate) fn try_to_value(&self) -> Result<data::Value> {
        self.convert_strict(0)
    }

    fn convert(&self, depth: usize) -> Result<data::Value> {
        self.convert_with(depth, &|v, d| v.convert(d).or_else(|_| Ok(data::Value::from("..."))))
    }

    fn convert_strict(&self, depth: usize) -> Result<data::Value> {
        self.convert_with(depth, &|v, d| v.convert_strict(d))
    }

    fn convert_with(
        &self,
        depth: usize,
        element: &dyn Fn(&Val, usize) -> Result<data::Value>,
    ) -> Result<data::Value> {
        Ok(match self {
            Val::None => data::Value::None,
            Val::Bool(b) => data::Value::Bool(*b),
            Val::Int(i) => data::Value::Int(*i),
            Val::BigInt(b) => data::Value::BigInt(Arc::new((**b).clone())),
            Val::Float(f) => data::Value::Float(*f),
            Val::Str(s) => data::Value::Str(s.clone()),
            Val::Bytes(b) => data::Value::Bytes(b.clone()),
            Val::DateTime(d) => data::Value::DateTime(d.clone()),
            Val::List(l) => {
                if let Some(original) = l.untouched() {
                    return Ok(data::Value::List(original));
                }
                let depth = checked_depth(depth)?;
                let items = l.borrow();
                data::Value::List(Arc::new(items.iter().map(|v| element(v, depth)).collect::<Result<_>>()?))
            }
            Val::Tuple(t) => {
                let depth = checked_depth(depth)?;
                data::Value::List(Arc::new(t.iter().map(|v| element(v, depth)).collect::<Result<_>>()?))
            }
            Val::Dict(d) => {
                if let Some(original) = d.untouched() {
                    return Ok(data::Value::Dict(original));
                }
                let depth = checked_depth(depth)?;
                let map = d.borrow();
                let mut out = data::Dict::with_capacity(map.len());
                for (k, v) in map.iter() {
                    out.insert(element(k.val(), depth)?, element(v, depth)?);
                }
                data::Value::from(out)
            }
            Val::Set(_) | Val::Range(..) | Val::View(_) | Val::Iter(_) => {
                let depth = checked_depth(depth)?;
                let mut items = Vec::new();
                let mut iter: Iter = iterate(self)?;
                while let Some(v) = iter.next()? {
                    items.push(element(&v, depth)?);
                }
                data::Value::List(Arc::new(items))
            }
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
