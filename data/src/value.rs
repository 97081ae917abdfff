//! The value type that every part of rsalt speaks: what YAML, JSON, msgpack and templates hold.
//!
//! Strings and containers are shared behind `Arc`: cloning a pillar of any size costs one counter.
//! Mutation copies the level it touches, and only when somebody else holds it too.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use chrono::{FixedOffset, NaiveDate, NaiveDateTime};
use num_bigint::BigInt;
use num_traits::ToPrimitive;

use crate::Dict;

/// One value: a scalar, a list or an ordered dict.
///
/// Equality and hashing follow Python: `1 == 1.0 == True`, so these are one dict key.
/// Use [`Value::identical`] where the type matters as well.
#[derive(Clone, Default)]
pub enum Value {
    /// Python's `None`, YAML's `null`.
    #[default]
    None,
    /// A boolean.
    Bool(bool),
    /// An integer that fits 64 bits.
    Int(i64),
    /// An integer that does not fit 64 bits. Never holds one that does: build with [`Value::from`].
    BigInt(Arc<BigInt>),
    /// A double.
    Float(f64),
    /// Text.
    Str(Arc<str>),
    /// Bytes that are not text.
    Bytes(Arc<[u8]>),
    /// A list.
    List(Arc<Vec<Value>>),
    /// An ordered dict.
    Dict(Arc<Dict>),
    /// A date, or a date with a time.
    DateTime(Arc<DateTime>),
}

/// A date or a point in time, as Python's `datetime` module has them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DateTime {
    /// `datetime.date`
    Date(NaiveDate),
    /// `datetime.datetime`, naive or with an offset from UTC.
    Time(NaiveDateTime, Option<FixedOffsetKey>),
}

/// An offset from UTC in seconds east of Greenwich.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FixedOffsetKey(pub i32);

impl FixedOffsetKey {
    /// The offset as chrono has it; none when it is a day or more.
    pub fn to_offset(self) -> Option<FixedOffset> {
        FixedOffset::east_opt(self.0)
    }
}

impl Value {
    /// A string value.
    pub fn str(s: impl Into<Arc<str>>) -> Self {
        Value::Str(s.into())
    }

    /// An empty dict.
    pub fn dict() -> Self {
        Value::Dict(Arc::default())
    }

    /// An empty list.
    pub fn list() -> Self {
        Value::List(Arc::default())
    }

    /// Python's name of the type: `NoneType`, `bool`, `int`, `float`, `str`, `bytes`, `list`, `dict`, `date`, `datetime`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::None => "NoneType",
            Value::Bool(_) => "bool",
            Value::Int(_) | Value::BigInt(_) => "int",
            Value::Float(_) => "float",
            Value::Str(_) => "str",
            Value::Bytes(_) => "bytes",
            Value::List(_) => "list",
            Value::Dict(_) => "dict",
            Value::DateTime(d) => match **d {
                DateTime::Date(_) => "date",
                DateTime::Time(..) => "datetime",
            },
        }
    }

    /// Python's truth: none, false, zero and everything empty are false.
    pub fn is_true(&self) -> bool {
        match self {
            Value::None => false,
            Value::Bool(b) => *b,
            Value::Int(i) => *i != 0,
            Value::BigInt(_) | Value::DateTime(_) => true,
            Value::Float(f) => *f != 0.0,
            Value::Str(s) => !s.is_empty(),
            Value::Bytes(b) => !b.is_empty(),
            Value::List(l) => !l.is_empty(),
            Value::Dict(d) => !d.is_empty(),
        }
    }

    /// Whether this is `None`.
    pub fn is_none(&self) -> bool {
        matches!(self, Value::None)
    }

    /// The text of a `Str`.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(s) => Some(s),
            _ => None,
        }
    }

    /// The value of a `Bool`.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The value of an `Int`, or of a `Bool` as 0 or 1.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(i) => Some(*i),
            Value::Bool(b) => Some(i64::from(*b)),
            _ => None,
        }
    }

    /// Any number as a double.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Int(i) => Some(*i as f64),
            Value::Bool(b) => Some(f64::from(u8::from(*b))),
            Value::BigInt(b) => b.to_f64(),
            Value::Float(f) => Some(*f),
            _ => None,
        }
    }

    /// The items of a `List`.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(l) => Some(l),
            _ => None,
        }
    }

    /// The entries of a `Dict`.
    pub fn as_dict(&self) -> Option<&Dict> {
        match self {
            Value::Dict(d) => Some(d),
            _ => None,
        }
    }

    /// The entries of a `Dict` for writing; copies the level if it is shared.
    pub fn as_dict_mut(&mut self) -> Option<&mut Dict> {
        match self {
            Value::Dict(d) => Some(Arc::make_mut(d)),
            _ => None,
        }
    }

    /// The items of a `List` for writing; copies the level if it is shared.
    pub fn as_list_mut(&mut self) -> Option<&mut Vec<Value>> {
        match self {
            Value::List(l) => Some(Arc::make_mut(l)),
            _ => None,
        }
    }

    /// The entry `key` of a `Dict`; none for a missing key and for every other type.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_dict()?.get(key)
    }

    /// Equal in value and in type, at every depth, and dicts in the same order.
    pub fn identical(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::List(a), Value::List(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(x, y)| x.identical(y))
            }
            (Value::Dict(a), Value::Dict(b)) => {
                a.len() == b.len()
                    && a.iter().zip(b.iter()).all(|((k, v), (l, w))| k.identical(l) && v.identical(w))
            }
            (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
            _ => std::mem::discriminant(self) == std::mem::discriminant(other) && self == other,
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        use Value::{BigInt, Bool, Bytes, DateTime, Dict, Float, Int, List, None, Str};
        match (self, other) {
            (None, None) => true,
            (Str(a), Str(b)) => a == b,
            (Bytes(a), Bytes(b)) => a == b,
            (List(a), List(b)) => Arc::ptr_eq(a, b) || a == b,
            (Dict(a), Dict(b)) => Arc::ptr_eq(a, b) || a == b,
            (DateTime(a), DateTime(b)) => a == b,
            (BigInt(a), BigInt(b)) => a == b,
            (Int(_) | Bool(_), Int(_) | Bool(_)) => self.as_int() == other.as_int(),
            (Float(a), Float(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Float(f), Int(_) | Bool(_)) => other.as_int().is_some_and(|i| int_is_float(i, *f)),
            (Int(_) | Bool(_), Float(f)) => self.as_int().is_some_and(|i| int_is_float(i, *f)),
            (BigInt(b), Float(f)) | (Float(f), BigInt(b)) => b.to_f64() == Some(*f),
            _ => false,
        }
    }
}

/// Exact comparison, as Python does it: 2^53 + 1 is not the double nearest to it.
fn int_is_float(i: i64, f: f64) -> bool {
    i as f64 == f && (f.abs() < 9.0e18 && f as i64 == i)
}

/// NaN equals itself here, so that it can be a key; everything else is an equivalence already.
impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Value::None => state.write_u8(0),
            // A string hashes as `str` does, so that `Dict` can be asked with a `&str`.
            Value::Str(s) => s.hash(state),
            Value::Bytes(b) => b.hash(state),
            Value::Bool(_) | Value::Int(_) => {
                if let Some(i) = self.as_int() {
                    state.write_i64(i);
                }
            }
            Value::Float(f) if f.fract() == 0.0 && f.abs() < 9.0e18 => state.write_i64(*f as i64),
            Value::Float(f) if f.is_nan() => state.write_u64(f64::NAN.to_bits()),
            Value::Float(f) => state.write_u64(f.to_bits()),
            Value::BigInt(b) => state.write_u64(b.to_f64().unwrap_or(f64::NAN).to_bits()),
            Value::List(l) => l.iter().for_each(|v| v.hash(state)),
            Value::Dict(d) => state.write_usize(d.len()),
            Value::DateTime(d) => d.hash(state),
        }
    }
}

/// Prints as Python's `repr()` does.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::python::write_repr(f, self)
    }
}

/// Prints as Python's `str()` does.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Str(s) => f.write_str(s),
            Value::DateTime(d) => fmt::Display::fmt(d, f),
            _ => crate::python::write_repr(f, self),
        }
    }
}

/// `2026-01-31`, `2026-01-31 10:00:00+02:00`: as Python's `str()`.
impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DateTime::Date(d) => write!(f, "{}", d.format("%Y-%m-%d")),
            DateTime::Time(t, offset) => {
                write!(f, "{}", t.format("%Y-%m-%d %H:%M:%S"))?;
                let micros = t.and_utc().timestamp_subsec_micros();
                if micros != 0 {
                    write!(f, ".{micros:06}")?;
                }
                if let Some(FixedOffsetKey(seconds)) = offset {
                    let (sign, s) = if *seconds < 0 { ('-', -seconds) } else { ('+', *seconds) };
                    write!(f, "{sign}{:02}:{:02}", s / 3600, s % 3600 / 60)?;
                }
                Ok(())
            }
        }
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Value::Bool(b)
    }
}
macro_rules! from_small_int { ($($t:ty),*) => {$(
    impl From<$t> for Value { fn from(i: $t) -> Self { Value::Int(i64::from(i)) } }
)*} }
from_small_int!(i8, i16, i32, i64, u8, u16, u32);
macro_rules! from_large_int { ($($t:ty),*) => {$(
    impl From<$t> for Value {
        fn from(i: $t) -> Self {
            i64::try_from(i).map_or_else(|_| Value::BigInt(Arc::new(BigInt::from(i))), Value::Int)
        }
    }
)*} }
from_large_int!(u64, usize, isize, i128, u128);
impl From<BigInt> for Value {
    fn from(i: BigInt) -> Self {
        i.to_i64().map_or_else(|| Value::BigInt(Arc::new(i)), Value::Int)
    }
}
impl From<f64> for Value {
    fn from(f: f64) -> Self {
        Value::Float(f)
    }
}
impl From<&str> for Value {
    fn from(s: &str) -> Self {
        Value::Str(s.into())
    }
}
impl From<&String> for Value {
    fn from(s: &String) -> Self {
        Value::Str(s.as_str().into())
    }
}
impl From<String> for Value {
    fn from(s: String) -> Self {
        Value::Str(s.into())
    }
}
impl From<std::borrow::Cow<'_, str>> for Value {
    fn from(s: std::borrow::Cow<'_, str>) -> Self {
        Value::Str(s.into())
    }
}
impl From<Arc<str>> for Value {
    fn from(s: Arc<str>) -> Self {
        Value::Str(s)
    }
}
impl From<Dict> for Value {
    fn from(d: Dict) -> Self {
        Value::Dict(Arc::new(d))
    }
}
impl From<DateTime> for Value {
    fn from(d: DateTime) -> Self {
        Value::DateTime(Arc::new(d))
    }
}
impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(l: Vec<T>) -> Self {
        Value::List(Arc::new(l.into_iter().map(Into::into).collect()))
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(o: Option<T>) -> Self {
        o.map_or(Value::None, Into::into)
    }
}
impl<T: Into<Value>> FromIterator<T> for Value {
    fn from_iter<I: IntoIterator<Item = T>>(iter: I) -> Self {
        Value::List(Arc::new(iter.into_iter().map(Into::into).collect()))
    }
}
