//! Operators, attribute and item access, slices, `in`.

use std::rc::Rc;
use std::sync::Arc;

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive, Zero};

use super::{
    IndexSet, Key, Method, Undefined, Val, ViewKind, char_len, check_items, collect, equal, range_len,
};
use crate::{Error, ErrorKind, Result, UndefinedKind, methods};

/// A binary operator other than comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BinOp {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Mod,
    Pow,
}

impl BinOp {
    fn symbol(self) -> &'static str {
        match self {
            BinOp::Add => "+",
            BinOp::Sub => "-",
            BinOp::Mul => "*",
            BinOp::Div => "/",
            BinOp::FloorDiv => "//",
            BinOp::Mod => "%",
            BinOp::Pow => "** or pow()",
        }
    }
}

/// Bits that a power may have: Python would go on for hours.
const MAX_BITS: u64 = 1 << 22;

/// `a op b`; texts that would be longer than `max` bytes are refused.
pub(crate) fn binary(op: BinOp, a: &Val, b: &Val, max: usize) -> Result<Val> {
    if let (Val::Int(x), Val::Int(y)) = (a, b) {
        return ints(op, *x, *y);
    }
    // What an undefined value does in a format is up to the format.
    let formats = op == BinOp::Mod && a.as_str().is_some();
    if let Some(e) = a.use_error().or_else(|| if formats { None } else { b.use_error() }) {
        return Err(e);
    }
    if let (Val::Markup(_), _) | (_, Val::Markup(_)) = (a, b) {
        return super::markup::binary(op, a, b, max);
    }
    match (op, a, b) {
        (BinOp::Add, Val::Str(x), Val::Str(y)) => {
            check_size(x.len() + y.len(), max)?;
            Ok(Val::from([&**x, &**y].concat()))
        }
        (BinOp::Mod, Val::Str(s), _) => crate::format::percent(s, b, max).map(Val::from),
        (BinOp::Add, Val::List(x), Val::List(y)) => {
            check_items(x.len() + y.len())?;
            let mut items = x.borrow().clone();
            items.extend(y.borrow().iter().cloned());
            Ok(Val::list(items))
        }
        (BinOp::Add, Val::Tuple(x), Val::Tuple(y)) => {
            check_items(x.len() + y.len())?;
            Ok(Val::tuple(x.iter().chain(y.iter()).cloned().collect()))
        }
        (BinOp::Add, Val::Bytes(x), Val::Bytes(y)) => Ok(Val::Bytes([&**x, &**y].concat().into())),
        (BinOp::Mul, _, n) if n.as_int().is_some() && is_sequence(a) => repeat(a, n.to_index()?, max),
        (BinOp::Mul, n, _) if n.as_int().is_some() && is_sequence(b) => repeat(b, n.to_index()?, max),
        (BinOp::Sub, Val::Set(_), Val::Set(_) | Val::View(_)) if !is_values(b) => {
            let (x, y) = (methods::as_set(a)?, methods::as_set(b)?);
            Ok(Val::set(x.into_iter().filter(|k| !y.contains(k)).collect::<IndexSet>()))
        }
        // A view takes anything that can be looped over.
        (BinOp::Sub, Val::View(_), _) if !is_values(a) => {
            let (x, y) = (methods::as_set(a)?, methods::as_set(b)?);
            Ok(Val::set(x.into_iter().filter(|k| !y.contains(k)).collect::<IndexSet>()))
        }
        (_, Val::DateTime(_) | Val::Delta(_), _) | (_, _, Val::Delta(_)) => {
            methods::date_arithmetic(op, a, b).unwrap_or_else(|| Err(unsupported(op, a, b)))
        }
        _ => numbers(op, a, b),
    }
}

fn is_sequence(v: &Val) -> bool {
    matches!(v, Val::Str(_) | Val::List(_) | Val::Tuple(_) | Val::Bytes(_))
}

fn is_values(v: &Val) -> bool {
    matches!(v, Val::View(v) if v.kind == ViewKind::Values)
}

/// A text of `size` bytes is about to be built.
pub(crate) fn check_size(size: usize, max: usize) -> Result<()> {
    if size > max {
        return Err(Error::new(
            ErrorKind::Limit,
            format!("a text of {size} bytes is over the limit of {max} bytes (jinja_max_output)"),
        ));
    }
    Ok(())
}

fn repeat(v: &Val, n: i64, max: usize) -> Result<Val> {
    let n = usize::try_from(n).unwrap_or(0);
    let items = |items: &[Val]| -> Result<Vec<Val>> {
        check_items(items.len().saturating_mul(n))?;
        Ok(std::iter::repeat_n(items, n).flatten().cloned().collect())
    };
    Ok(match v {
        Val::Str(s) => {
            check_size(s.len().saturating_mul(n), max)?;
            Val::from(s.repeat(n))
        }
        Val::Bytes(b) => {
            check_size(b.len().saturating_mul(n), max)?;
            Val::Bytes(b.repeat(n).into())
        }
        Val::List(l) => Val::list(items(&l.borrow())?),
        Val::Tuple(t) => Val::tuple(items(t)?),
        _ => return Err(unsupported(BinOp::Mul, v, &Val::Int(0))),
    })
}

pub(super) fn unsupported(op: BinOp, a: &Val, b: &Val) -> Error {
    match (op, a) {
        (BinOp::Add, Val::Str(_) | Val::List(_) | Val::Tuple(_)) => Error::type_error(match a {
            Val::Str(_) => format!("can only concatenate str (not \"{}\") to str", b.type_name()),
            _ => format!(
                "can only concatenate {} (not \"{}\") to {}",
                a.type_name(),
                b.type_name(),
                a.type_name()
            ),
        }),
        (BinOp::Add, Val::Bytes(_)) => Error::type_error(format!("can't concat {} to bytes", b.type_name())),
        (BinOp::Mod, Val::Bytes(_)) => {
            Error::type_error("not all arguments converted during bytes formatting")
        }
        (BinOp::Mul, _) if is_sequence(a) || is_sequence(b) => {
            let other = if is_sequence(a) { b } else { a };
            Error::type_error(format!("can't multiply sequence by non-int of type '{}'", other.type_name()))
        }
        _ => plain_unsupported(op, a, b),
    }
}

pub(super) fn plain_unsupported(op: BinOp, a: &Val, b: &Val) -> Error {
    Error::type_error(format!(
        "unsupported operand type(s) for {}: '{}' and '{}'",
        op.symbol(),
        a.type_name(),
        b.type_name()
    ))
}

fn zero_division(text: &str) -> Error {
    Error::new(ErrorKind::ZeroDivision, text)
}

fn ints(op: BinOp, x: i64, y: i64) -> Result<Val> {
    let small = match op {
        BinOp::Add => x.checked_add(y),
        BinOp::Sub => x.checked_sub(y),
        BinOp::Mul => x.checked_mul(y),
        BinOp::Div => {
            if y == 0 {
                return Err(zero_division("division by zero"));
            }
            const EXACT: i64 = 1 << 53;
            if x.abs_diff(0) <= EXACT as u64 && y.abs_diff(0) <= EXACT as u64 {
                return Ok(Val::Float(x as f64 / y as f64));
            }
            return big_division(&BigInt::from(x), &BigInt::from(y));
        }
        BinOp::FloorDiv => {
            if y == 0 {
                return Err(zero_division("integer division or modulo by zero"));
            }
            x.checked_div(y).map(|q| if x % y != 0 && (x < 0) != (y < 0) { q - 1 } else { q })
        }
        BinOp::Mod => {
            if y == 0 {
                return Err(zero_division("integer modulo by zero"));
            }
            x.checked_rem(y).or(Some(0)).map(|r| if r != 0 && (r < 0) != (y < 0) { r + y } else { r })
        }
        BinOp::Pow if y < 0 => {
            if x == 0 {
                return Err(zero_division("0.0 cannot be raised to a negative power"));
            }
            return Ok(Val::Float((x as f64).powf(y as f64)));
        }
        BinOp::Pow => u32::try_from(y).ok().and_then(|y| x.checked_pow(y)),
    };
    match small {
        Some(i) => Ok(Val::Int(i)),
        None => bigs(op, &BigInt::from(x), &BigInt::from(y)),
    }
}

fn bigs(op: BinOp, x: &BigInt, y: &BigInt) -> Result<Val> {
    let floor = |x: &BigInt, y: &BigInt| {
        let (mut q, mut r) = (x / y, x % y);
        if !r.is_zero() && r.is_negative() != y.is_negative() {
            q -= 1;
            r += y;
        }
        (q, r)
    };
    Ok(Val::big(match op {
        BinOp::Add => x + y,
        BinOp::Sub => x - y,
        BinOp::Mul if x.bits() + y.bits() > MAX_BITS => return Err(too_large()),
        BinOp::Mul => x * y,
        BinOp::Div if y.is_zero() => return Err(zero_division("division by zero")),
        BinOp::Div => return big_division(x, y),
        BinOp::FloorDiv if y.is_zero() => {
            return Err(zero_division("integer division or modulo by zero"));
        }
        BinOp::FloorDiv => floor(x, y).0,
        BinOp::Mod if y.is_zero() => return Err(zero_division("integer modulo by zero")),
        BinOp::Mod => floor(x, y).1,
        BinOp::Pow if y.is_negative() => {
            return Ok(Val::Float(x.to_f64().unwrap_or(f64::NAN).powf(y.to_f64().unwrap_or(f64::NAN))));
        }
        BinOp::Pow => {
            let one_bit = x.bits() <= 1;
            match y.to_u32() {
                Some(e) if one_bit || x.bits().saturating_mul(e.into()) <= MAX_BITS => x.pow(e),
                None if x.is_zero() => BigInt::ZERO,
                None if one_bit => {
                    if x.is_negative() && y.bit(0) {
                        BigInt::from(-1)
                    } else {
                        BigInt::from(1)
                    }
                }
                _ => return Err(too_large()),
            }
        }
    }))
}

fn too_large() -> Error {
    Error::new(ErrorKind::Limit, format!("an integer may have {MAX_BITS} bits at most"))
}

/// True division of ints, rounded once.
fn big_division(x: &BigInt, y: &BigInt) -> Result<Val> {
    let overflow = || Error::new(ErrorKind::Overflow, "integer division result too large for a float");
    // Scale so that the quotient has well over 64 significant bits, keep a sticky bit, scale back.
    let shift = 130_i64 - (x.bits() as i64 - y.bits() as i64);
    let (n, d) = if shift > 0 { (x << shift as u64, y.clone()) } else { (x.clone(), y << (-shift) as u64) };
    let (mut q, r) = (&n / &d, &n % &d);
    if !r.is_zero() {
        q = (q << 1u8) + if x.is_negative() == y.is_negative() { 1 } else { -1 };
    } else {
        q <<= 1u8;
    }
    let f = q.to_f64().ok_or_else(overflow)?;
    let exponent = i32::try_from(-(shift + 1)).map_err(|_| overflow())?;
    // In two steps, so that neither factor leaves the range of doubles.
    let half = exponent / 2;
    let result = f * 2f64.powi(half) * 2f64.powi(exponent - half);
    if result.is_infinite() { Err(overflow()) } else { Ok(Val::Float(result)) }
}

fn numbers(op: BinOp, a: &Val, b: &Val) -> Result<Val> {
    if !matches!((a, b), (Val::Float(_), _) | (_, Val::Float(_)))
        && let (Some(x), Some(y)) = (a.as_big(), b.as_big())
    {
        return match (x.to_i64(), y.to_i64()) {
            (Some(x), Some(y)) => ints(op, x, y),
            _ => bigs(op, &x, &y),
        };
    }
    let (Some(x), Some(y)) = (a.as_f64(), b.as_f64()) else { return Err(unsupported(op, a, b)) };
    if (x.is_infinite() && matches!(a, Val::BigInt(_))) || (y.is_infinite() && matches!(b, Val::BigInt(_))) {
        return Err(Error::new(ErrorKind::Overflow, "int too large to convert to float"));
    }
    Ok(Val::Float(match op {
        BinOp::Add => x + y,
        BinOp::Sub => x - y,
        BinOp::Mul => x * y,
        BinOp::Div if y == 0.0 => return Err(zero_division("float division by zero")),
        BinOp::Div => x / y,
        BinOp::FloorDiv if y == 0.0 => return Err(zero_division("float floor division by zero")),
        BinOp::FloorDiv => {
            let r = float_mod(x, y);
            let quotient = (x - r) / y;
            if quotient == 0.0 { 0f64.copysign(x / y) } else { quotient.round() }
        }
        BinOp::Mod if y == 0.0 => return Err(zero_division("float modulo")),
        BinOp::Mod => float_mod(x, y),
        BinOp::Pow if x == 0.0 && y < 0.0 => {
            return Err(zero_division("0.0 cannot be raised to a negative power"));
        }
        BinOp::Pow => {
            let p = x.powf(y);
            if p.is_nan() && !x.is_nan() && !y.is_nan() {
                return Err(Error::value_error("complex numbers are not supported in templates"));
            }
            if p.is_infinite() && x.is_finite() && y.is_finite() {
                return Err(Error::new(ErrorKind::Overflow, "(34, 'Numerical result out of range')"));
            }
            p
        }
    }))
}

/// Python's modulo has the sign of the divisor.
fn float_mod(x: f64, y: f64) -> f64 {
    let r = x % y;
    if r != 0.0 && (r < 0.0) != (y < 0.0) {
        r + y
    } else if r == 0.0 {
        0f64.copysign(y)
    } else {
        r
    }
}

/// `-val`
pub(crate) fn negative(val: &Val) -> Result<Val> {
    match val {
        Val::Float(f) => Ok(Val::Float(-f)),
        Val::Delta(d) => Ok(Val::Delta(-d)),
        _ => match val.as_big() {
            Some(i) => Ok(Val::big(-i)),
            None => Err(bad_unary("-", val)),
        },
    }
}

/// `+val`
pub(crate) fn positive(val: &Val) -> Result<Val> {
    match val {
        Val::Float(_) | Val::Int(_) | Val::BigInt(_) | Val::Delta(_) => Ok(val.clone()),
        Val::Bool(b) => Ok(Val::Int(i64::from(*b))),
        _ => Err(bad_unary("+", val)),
    }
}

fn bad_unary(sign: &str, val: &Val) -> Error {
    val.use_error().unwrap_or_else(|| {
        Error::type_error(format!("bad operand type for unary {sign}: '{}'", val.type_name()))
    })
}

/// `needle in haystack`
pub(crate) fn contains(haystack: &Val, needle: &Val) -> Result<bool> {
    match haystack {
        Val::Str(s) | Val::Markup(s) => match needle {
            Val::Str(n) | Val::Markup(n) => Ok(s.contains(&**n)),
            _ => Err(Error::type_error(format!(
                "'in <string>' requires string as left operand, not {}",
                needle.type_name()
            ))),
        },
        Val::Dict(d) => match needle {
            Val::Str(s) => Ok(d.contains_str(s)),
            _ => Ok(d.borrow().contains_key(&Key::new(needle.clone())?)),
        },
        Val::Set(s) => Ok(s.borrow().contains(&Key::new(needle.clone())?)),
        Val::View(v) if v.kind == ViewKind::Keys => {
            Ok(v.dict.borrow().contains_key(&Key::new(needle.clone())?))
        }
        Val::Bytes(b) => match needle {
            Val::Bytes(n) => Ok(n.is_empty() || b.windows(n.len()).any(|w| w == &**n)),
            Val::Int(_) | Val::BigInt(_) | Val::Bool(_) => needle
                .as_int()
                .and_then(|i| u8::try_from(i).ok())
                .map(|i| b.contains(&i))
                .ok_or_else(|| Error::value_error("byte must be in range(0, 256)")),
            _ => Err(Error::type_error(format!(
                "a bytes-like object is required, not '{}'",
                needle.type_name()
            ))),
        },
        Val::Range(range) if needle.as_int().is_some() => {
            let (i, n) = (i128::from(needle.to_index()?), range_len(range) as i128);
            let [start, _, step] = range.map(i128::from);
            Ok(step != 0 && (i - start) % step == 0 && (0..n).contains(&((i - start) / step)))
        }
        Val::Undefined(u) => u.iterate().map(|()| false),
        _ => {
            if let Val::Object(o) = haystack
                && let Some(found) = o.contains(needle)?
            {
                return Ok(found);
            }
            let mut iter = super::iterate(haystack).map_err(|_| {
                Error::type_error(format!("argument of type '{}' is not iterable", haystack.type_name()))
            })?;
            while let Some(v) = iter.next()? {
                if v.same(needle) || equal(&v, needle)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}

/// `obj.name`, as Jinja does it: the attribute, then the item, then undefined.
pub(crate) fn get_attr(kind: UndefinedKind, obj: &Val, name: &Arc<str>) -> Result<Val> {
    if let Some(v) = python_attr(kind, obj, name)? {
        return Ok(v);
    }
    // The usual case, without a key of its own.
    if let Val::Dict(d) = obj
        && let Some(v) = d.get_str(name)
    {
        return Ok(v);
    }
    let key = Val::Str(name.clone());
    Ok(item(obj, &key)?.unwrap_or_else(|| Undefined::of(kind, obj, &key)))
}

/// `obj[key]`, as Jinja does it: the item, then the attribute, then undefined.
pub(crate) fn get_item(kind: UndefinedKind, obj: &Val, key: &Val) -> Result<Val> {
    if let Some(v) = item(obj, key)? {
        return Ok(v);
    }
    if let Some(name) = key.as_str()
        && let Some(v) = python_attr(kind, obj, name)?
    {
        return Ok(v);
    }
    Ok(Undefined::of(kind, obj, key))
}

/// Python's attribute: a method, a data attribute, or what an object has.
pub(crate) fn python_attr(kind: UndefinedKind, obj: &Val, name: &str) -> Result<Option<Val>> {
    match obj {
        Val::Undefined(u) => return u.member().map(Some),
        Val::Object(o) => {
            if let Some(v) = o.get_attr(name)? {
                return Ok(Some(v));
            }
        }
        _ => {
            if let Some(v) = methods::data_attr(obj, name)? {
                return Ok(Some(v));
            }
            if methods::exists(obj, name) {
                return Ok(Some(Val::Method(Rc::new(Method { of: obj.clone(), name: name.into() }))));
            }
        }
    }
    if methods::is_dunder(obj, name) {
        let message = format!("access to attribute '{name}' of '{}' object is unsafe.", obj.type_name());
        return Ok(Some(Undefined::forbidden(kind, message)));
    }
    Ok(None)
}

/// Python's item; none where Python raises `LookupError` or `TypeError`.
fn item(obj: &Val, key: &Val) -> Result<Option<Val>> {
    Ok(match obj {
        Val::Dict(d) => match key {
            Val::Str(s) | Val::Markup(s) => d.get_str(s),
            Val::Undefined(u) => {
                u.hash_check()?;
                None
            }
            _ => Key::new(key.clone()).ok().and_then(|k| d.get(&k)),
        },
        Val::List(l) => {
            let items = l.borrow();
            at(key, items.len()).and_then(|i| items.get(i).cloned())
        }
        Val::Tuple(t) => at(key, t.len()).and_then(|i| t.get(i).cloned()),
        Val::Markup(s) => match item(&Val::Str(s.clone()), key)? {
            Some(Val::Str(c)) => Some(Val::Markup(c)),
            other => other,
        },
        Val::Str(s) => {
            let i = at(key, char_len(s));
            let c = match i {
                Some(i) if s.is_ascii() => s.get(i..=i).map(Val::from),
                Some(i) => s.chars().nth(i).map(|c| Val::from(c.to_string())),
                None => None,
            };
            return Ok(c);
        }
        Val::Bytes(b) => at(key, b.len()).and_then(|i| b.get(i)).map(|b| Val::Int(i64::from(*b))),
        Val::Range(range) => {
            let [start, _, step] = **range;
            at(key, range_len(range)).map(|i| Val::Int(start + step * i as i64))
        }
        Val::Object(o) => o.get_item(key)?,
        Val::Undefined(u) => Some(u.member()?),
        _ => None,
    })
}

/// A sequence index, counted from the end when it is negative.
fn at(key: &Val, len: usize) -> Option<usize> {
    let i = key.as_int()?;
    let i = if i < 0 { i.checked_add(i64::try_from(len).ok()?)? } else { i };
    usize::try_from(i).ok().filter(|i| *i < len)
}

/// `obj[start:stop:step]`, without Jinja's fall-backs
pub(crate) fn get_slice(obj: &Val, start: &Val, stop: &Val, step: &Val) -> Result<Val> {
    let bound = |v: &Val| -> Result<Option<i64>> {
        match v {
            Val::None => Ok(None),
            Val::BigInt(b) => Ok(Some(if b.is_negative() { i64::MIN } else { i64::MAX })),
            _ => v.as_int().map(Some).ok_or_else(|| {
                v.use_error().unwrap_or_else(|| {
                    Error::type_error("slice indices must be integers or None or have an __index__ method")
                })
            }),
        }
    };
    if let Val::Undefined(u) = obj {
        return u.member();
    }
    if let Val::Markup(s) = obj {
        return Ok(match get_slice(&Val::Str(s.clone()), start, stop, step)? {
            Val::Str(s) => Val::Markup(s),
            other => other,
        });
    }
    if let Val::Dict(_) = obj {
        return Err(Error::type_error("unhashable type: 'slice'"));
    }
    if !(is_sequence(obj) || matches!(obj, Val::Range(..))) {
        return Err(Error::type_error(format!("'{}' object is not subscriptable", obj.type_name())));
    }
    let (start, stop, step) = (bound(start)?, bound(stop)?, bound(step)?.unwrap_or(1));
    if step == 0 {
        return Err(Error::value_error("slice step cannot be zero"));
    }
    let len = obj.len()?;
    let indices = slice_indices(len, start, stop, step);
    Ok(match obj {
        Val::Str(s) if s.is_ascii() && step == 1 => {
            let (from, to) = indices.clone().next().map_or((0, 0), |f| (f, f + indices.count()));
            Val::from(s.get(from..to).unwrap_or(""))
        }
        Val::Str(s) => {
            let chars: Vec<char> = s.chars().collect();
            Val::from(indices.filter_map(|i| chars.get(i)).collect::<String>())
        }
        Val::Bytes(b) => Val::Bytes(indices.filter_map(|i| b.get(i).copied()).collect::<Vec<u8>>().into()),
        Val::List(l) => {
            let items = l.borrow();
            Val::list(indices.filter_map(|i| items.get(i).cloned()).collect())
        }
        Val::Tuple(t) => Val::tuple(indices.filter_map(|i| t.get(i).cloned()).collect()),
        _ => {
            let items = collect(obj)?;
            Val::list(indices.filter_map(|i| items.get(i).cloned()).collect())
        }
    })
}

/// The positions that a slice takes.
fn slice_indices(
    len: usize,
    start: Option<i64>,
    stop: Option<i64>,
    step: i64,
) -> impl Iterator<Item = usize> + Clone {
    let n = i128::try_from(len).unwrap_or(0);
    let step = i128::from(step);
    let (low, high) = if step > 0 { (0, n) } else { (-1, n - 1) };
    let clamp = |v: i64| {
        let v = i128::from(v);
        (if v < 0 { v + n } else { v }).clamp(low, high)
    };
    let start = start.map_or(if step > 0 { low } else { high }, clamp);
    let stop = stop.map_or(if step > 0 { high } else { low }, clamp);
    let count = if step > 0 { (stop - start + step - 1) / step } else { (start - stop - step - 1) / -step };
    (0..count.max(0)).filter_map(move |i| usize::try_from(start + i * step).ok())
}
