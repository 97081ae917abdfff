//! The value at run time: Python's types with Python's aliasing. Cloning one is a counter at most.

mod args;
mod containers;
mod convert;
mod iter;
mod markup;
mod object;
mod ops;
mod order;
mod repr;
mod set_order;
mod undefined;

use std::rc::Rc;
use std::sync::Arc;

use num_bigint::BigInt;
use num_traits::ToPrimitive;

pub use args::CallArgs;
pub(crate) use containers::IndexSet;
pub use containers::{Dict, Key, List, Map, Set, Tuple};
pub(crate) use iter::{Generator, Iter, check_items, collect, iterate};
pub use object::Object;
pub(crate) use object::{Func, Method, View, ViewKind};
pub(crate) use ops::{
    BinOp, binary, check_size, contains, get_attr, get_item, get_slice, negative, positive, python_attr,
};
pub(crate) use order::{OrderOp, compare, equal, less_than};
pub(crate) use repr::{finalize, repr, to_str, yaml_double_quoted};
pub(crate) use set_order::sort as in_set_order;
pub use undefined::Undefined;

use crate::{Error, Result};

/// Items that one list may have when an operation makes it.
pub(crate) const MAX_ITEMS: usize = 5_000_000;

/// How deep nested containers may be for printing, comparing, hashing and conversion.
pub(crate) const MAX_NESTING: usize = 200;

/// A value at run time.
#[derive(Clone, Default)]
pub enum Val {
    /// `None`
    #[default]
    None,
    /// What a missing name, attribute or item is.
    Undefined(Rc<Undefined>),
    /// `bool`
    Bool(bool),
    /// `int` that fits 64 bits.
    Int(i64),
    /// `int` that does not fit 64 bits.
    BigInt(Rc<BigInt>),
    /// `float`
    Float(f64),
    /// `str`
    Str(Arc<str>),
    /// Text that counts as escaped already (`|e`, `|safe`, `|json`).
    #[doc(hidden)]
    Markup(Arc<str>),
    /// `bytes`
    Bytes(Arc<[u8]>),
    /// `list`
    List(Rc<List>),
    /// `tuple`
    Tuple(Rc<Tuple>),
    /// `dict`
    Dict(Rc<Dict>),
    /// `set`
    Set(Rc<Set>),
    /// `datetime.date` or `datetime.datetime`
    DateTime(Arc<data::DateTime>),
    /// `datetime.timedelta`, in microseconds.
    Delta(i64),
    /// `range(start, stop, step)`
    Range(Rc<[i64; 3]>),
    /// What `keys()`, `values()` and `items()` of a dict return.
    #[doc(hidden)]
    View(Rc<View>),
    /// A generator: runs once.
    #[doc(hidden)]
    Iter(Rc<Generator>),
    /// A method taken from its value without being called.
    #[doc(hidden)]
    Method(Rc<Method>),
    /// A function of the engine or of the host.
    #[doc(hidden)]
    Func(Rc<Func>),
    /// Everything else: macros, modules, namespaces, and what the host supplies.
    Object(Rc<dyn Object>),
}

impl Val {
    /// A string.
    pub fn str(s: impl Into<Arc<str>>) -> Self {
        Val::Str(s.into())
    }

    /// A new list.
    pub fn list(items: Vec<Val>) -> Self {
        Val::List(Rc::new(List::new(items)))
    }

    /// A tuple.
    pub fn tuple(items: Vec<Val>) -> Self {
        Val::Tuple(Rc::new(Tuple::new(items)))
    }

    /// A tuple of two.
    pub(crate) fn pair(first: Val, second: Val) -> Self {
        Val::Tuple(Rc::new(Tuple::pair(first, second)))
    }

    /// A new dict.
    pub fn dict(map: Map) -> Self {
        Val::Dict(Rc::new(Dict::new(map)))
    }

    /// A new set.
    pub(crate) fn set(items: IndexSet) -> Self {
        Val::Set(Rc::new(Set::new(set_order::sort(items))))
    }

    /// A function that templates can call.
    pub fn function(f: impl Fn(&mut CallArgs) -> std::result::Result<Val, Error> + 'static) -> Self {
        Self::named_function("function", f)
    }

    /// A function with the name that errors call it.
    pub fn named_function(
        name: &'static str,
        f: impl Fn(&mut CallArgs) -> std::result::Result<Val, Error> + 'static,
    ) -> Self {
        Val::Func(Rc::new(Func { name, call: Box::new(f) }))
    }

    /// An object of the host.
    pub fn object(o: impl Object) -> Self {
        Val::Object(Rc::new(o))
    }

    /// Python's name of the type.
    pub fn type_name(&self) -> &str {
        match self {
            Val::Undefined(u) => u.type_name(),
            Val::None => "NoneType",
            Val::Bool(_) => "bool",
            Val::Int(_) | Val::BigInt(_) => "int",
            Val::Float(_) => "float",
            Val::Str(_) => "str",
            Val::Markup(_) => "Markup",
            Val::Bytes(_) => "bytes",
            Val::List(_) => "list",
            Val::Tuple(_) => "tuple",
            Val::Dict(_) => "dict",
            Val::Set(_) => "set",
            Val::DateTime(d) => match **d {
                data::DateTime::Date(_) => "datetime.date",
                data::DateTime::Time(..) => "datetime.datetime",
            },
            Val::Delta(_) => "datetime.timedelta",
            Val::Range(..) => "range",
            Val::View(v) => v.type_name(),
            Val::Iter(g) => g.name,
            Val::Method(_) => "builtin_function_or_method",
            Val::Func(_) => "function",
            Val::Object(o) => o.type_name(),
        }
    }

    /// How Jinja names the value in "… has no attribute": `dict object`, `None`.
    pub(crate) fn type_repr(&self) -> String {
        match self {
            Val::None => "None".into(),
            Val::Markup(_) => "markupsafe.Markup object".into(),
            Val::Object(o) => o.type_repr(),
            _ => format!("{} object", self.type_name()),
        }
    }

    /// Python's truth. Strictly undefined values refuse to tell.
    pub fn is_true(&self) -> std::result::Result<bool, Error> {
        Ok(match self {
            Val::Undefined(u) => u.truth()?,
            Val::None => false,
            Val::Bool(b) => *b,
            Val::Int(i) => *i != 0,
            Val::Float(f) => *f != 0.0,
            Val::Str(s) | Val::Markup(s) => !s.is_empty(),
            Val::Bytes(b) => !b.is_empty(),
            Val::List(l) => !l.is_empty(),
            Val::Tuple(t) => !t.is_empty(),
            Val::Dict(d) => !d.is_empty(),
            Val::Set(s) => !s.borrow().is_empty(),
            Val::Delta(d) => *d != 0,
            Val::Range(..) => self.len()? > 0,
            Val::View(v) => !v.dict.is_empty(),
            Val::Object(o) => o.is_true(),
            Val::BigInt(_) | Val::DateTime(_) | Val::Iter(_) | Val::Method(_) | Val::Func(_) => true,
        })
    }

    /// Python's `len()`.
    pub fn len(&self) -> std::result::Result<usize, Error> {
        let no_len = || Error::type_error(format!("object of type '{}' has no len()", self.type_name()));
        Ok(match self {
            Val::Undefined(u) => u.len()?,
            Val::Str(s) | Val::Markup(s) => char_len(s),
            Val::Bytes(b) => b.len(),
            Val::List(l) => l.len(),
            Val::Tuple(t) => t.len(),
            Val::Dict(d) => d.len(),
            Val::Set(s) => s.borrow().len(),
            Val::View(v) => v.dict.len(),
            Val::Range(range) => range_len(range),
            Val::Object(o) => o.len().ok_or_else(no_len)?,
            _ => return Err(no_len()),
        })
    }

    /// Whether `len()` is 0; an error where there is no length.
    pub fn is_empty(&self) -> std::result::Result<bool, Error> {
        Ok(self.len()? == 0)
    }

    /// Whether this is an undefined value.
    pub fn is_undefined(&self) -> bool {
        matches!(self, Val::Undefined(_))
    }

    /// Whether this is `None`.
    pub fn is_none(&self) -> bool {
        matches!(self, Val::None)
    }

    /// The text of a `str`.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Val::Str(s) | Val::Markup(s) => Some(s),
            _ => None,
        }
    }

    /// The value as plain `str` where it is text that counts as escaped.
    pub(crate) fn plain(&self) -> Val {
        match self {
            Val::Markup(s) => Val::Str(s.clone()),
            v => v.clone(),
        }
    }

    /// The value of an `int` or `bool` that fits.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Val::Int(i) => Some(*i),
            Val::Bool(b) => Some(i64::from(*b)),
            _ => None,
        }
    }

    /// Any `int` or `bool`, at full size.
    pub(crate) fn as_big(&self) -> Option<BigInt> {
        match self {
            Val::BigInt(b) => Some((**b).clone()),
            _ => self.as_int().map(BigInt::from),
        }
    }

    /// Any number as a double.
    pub(crate) fn as_f64(&self) -> Option<f64> {
        match self {
            Val::Float(f) => Some(*f),
            Val::BigInt(b) => b.to_f64(),
            _ => self.as_int().map(|i| i as f64),
        }
    }

    /// Whether both are one and the same object (`is`).
    pub(crate) fn same(&self, other: &Val) -> bool {
        match (self, other) {
            (Val::None, Val::None) => true,
            (Val::Bool(a), Val::Bool(b)) => a == b,
            (Val::Int(a), Val::Int(b)) => a == b,
            (Val::Str(a), Val::Str(b)) | (Val::Markup(a), Val::Markup(b)) => a == b,
            (Val::List(a), Val::List(b)) => Rc::ptr_eq(a, b),
            (Val::Tuple(a), Val::Tuple(b)) => Rc::ptr_eq(a, b),
            (Val::Dict(a), Val::Dict(b)) => Rc::ptr_eq(a, b),
            (Val::Set(a), Val::Set(b)) => Rc::ptr_eq(a, b),
            (Val::Undefined(a), Val::Undefined(b)) => Rc::ptr_eq(a, b),
            (Val::Iter(a), Val::Iter(b)) => Rc::ptr_eq(a, b),
            (Val::View(a), Val::View(b)) => Rc::ptr_eq(a, b),
            (Val::Func(a), Val::Func(b)) => Rc::ptr_eq(a, b),
            (Val::Object(a), Val::Object(b)) => Rc::ptr_eq(a, b),
            (Val::Float(a), Val::Float(b)) => a.to_bits() == b.to_bits(),
            _ => false,
        }
    }

    /// The entry `key` of a dict; none for a missing key and for every other type.
    pub fn get(&self, key: &str) -> Option<Val> {
        match self {
            Val::Dict(d) => d.get_str(key),
            _ => None,
        }
    }

    /// `repr()` of it, for messages.
    pub(crate) fn quoted(&self) -> String {
        format!("{self:?}")
    }

    /// An `int` of any size.
    pub(crate) fn big(i: BigInt) -> Val {
        i.to_i64().map_or_else(|| Val::BigInt(Rc::new(i)), Val::Int)
    }
}

/// Prints as Python's `str()`; what cannot be printed shows its error in angle brackets.
impl std::fmt::Display for Val {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match to_str(self) {
            Ok(s) => f.write_str(&s),
            Err(e) => write!(f, "<{}>", e.message()),
        }
    }
}

/// Prints as Python's `repr()`.
impl std::fmt::Debug for Val {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match repr(self) {
            Ok(s) => f.write_str(&s),
            Err(e) => write!(f, "<{}>", e.message()),
        }
    }
}

/// Python counts code points.
pub(crate) fn char_len(s: &str) -> usize {
    if s.is_ascii() { s.len() } else { s.chars().count() }
}

pub(crate) fn range_len(range: &[i64; 3]) -> usize {
    let [start, stop, step] = range.map(i128::from);
    let n = if step > 0 {
        (stop - start + step - 1).div_euclid(step)
    } else if step < 0 {
        (start - stop - step - 1).div_euclid(-step)
    } else {
        0
    };
    usize::try_from(n.max(0)).unwrap_or(usize::MAX)
}

/// The error for what is nested past [`MAX_NESTING`].
pub(crate) fn too_deep() -> Error {
    Error::new(crate::ErrorKind::Recursion, "maximum recursion depth exceeded")
}

/// Bounds a walk over nested values: how deep it is, and how many values it has seen. A value that
/// holds one container twice, which holds one twice, … has more parts than anybody can visit.
#[derive(Default)]
pub(crate) struct Walk {
    depth: std::cell::Cell<usize>,
    seen: std::cell::Cell<usize>,
}

impl Walk {
    const MAX_SEEN: usize = 2_000_000;

    /// Notes one more value.
    pub(crate) fn visit(&self) -> Result<()> {
        let seen = self.seen.get() + 1;
        self.seen.set(seen);
        if seen > Self::MAX_SEEN {
            let message = format!("a value has more than {} parts", Self::MAX_SEEN);
            return Err(Error::new(crate::ErrorKind::Limit, message));
        }
        Ok(())
    }

    /// Runs `walk` one level deeper.
    pub(crate) fn nested<T>(&self, walk: impl FnOnce() -> Result<T>) -> Result<T> {
        let depth = self.depth.get();
        if depth >= MAX_NESTING {
            return Err(too_deep());
        }
        self.depth.set(depth + 1);
        let result = walk();
        self.depth.set(depth);
        result
    }
}
