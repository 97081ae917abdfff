//! `==`, `<` and what they refuse.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_traits::FromPrimitive;

use super::{Val, ViewKind, Walk, range_len};
use crate::{Error, Result};

/// `a == b`
pub(crate) fn equal(a: &Val, b: &Val) -> Result<bool> {
    equal_at(a, b, &Walk::default())
}

fn equal_at(a: &Val, b: &Val, walk: &Walk) -> Result<bool> {
    Ok(match (a, b) {
        (Val::Markup(_), _) | (_, Val::Markup(_)) => return equal_at(&a.plain(), &b.plain(), walk),
        (Val::Str(x), Val::Str(y)) => x == y,
        (Val::Int(x), Val::Int(y)) => x == y,
        (Val::Undefined(u), other) | (other, Val::Undefined(u)) => u.equals(other)?,
        (Val::None, Val::None) => true,
        (Val::Bytes(x), Val::Bytes(y)) => x == y,
        (Val::List(x), Val::List(y)) => {
            if std::rc::Rc::ptr_eq(x, y) {
                return Ok(true);
            }
            let (x, y) = (x.borrow(), y.borrow());
            walk.nested(|| all_equal(&x, &y, walk))?
        }
        (Val::Tuple(x), Val::Tuple(y)) => walk.nested(|| all_equal(x, y, walk))?,
        (Val::Dict(x), Val::Dict(y)) => {
            if std::rc::Rc::ptr_eq(x, y) {
                return Ok(true);
            }
            let (x, y) = (x.borrow(), y.borrow());
            if x.len() != y.len() {
                return Ok(false);
            }
            walk.nested(|| {
                for (k, v) in x.iter() {
                    match y.get(k) {
                        Some(w) if v.same(w) || equal_at(v, w, walk)? => {}
                        _ => return Ok(false),
                    }
                }
                Ok(true)
            })?
        }
        (Val::Set(x), Val::Set(y)) => {
            let (x, y) = (x.borrow(), y.borrow());
            x.len() == y.len() && x.iter().all(|k| y.contains(k))
        }
        (Val::View(x), Val::View(y)) if x.kind != ViewKind::Values && x.kind == y.kind => {
            let (p, q) = (x.dict.borrow(), y.dict.borrow());
            if p.len() != q.len() {
                return Ok(false);
            }
            walk.nested(|| {
                for (k, v) in p.iter() {
                    match q.get(k) {
                        Some(w) if x.kind == ViewKind::Keys || equal_at(v, w, walk)? => {}
                        _ => return Ok(false),
                    }
                }
                Ok(true)
            })?
        }
        (Val::Range(x), Val::Range(y)) => {
            let n = range_len(x);
            let ([a1, _, c1], [a2, _, c2]) = (**x, **y);
            n == range_len(y) && (n == 0 || (a1 == a2 && (n == 1 || c1 == c2)))
        }
        (Val::DateTime(x), Val::DateTime(y)) => date_order(x, y) == Some(Ordering::Equal),
        (Val::Delta(x), Val::Delta(y)) => x == y,
        _ => match numbers(a, b) {
            Some(order) => order == Some(Ordering::Equal),
            None => a.same(b),
        },
    })
}

fn all_equal(x: &[Val], y: &[Val], walk: &Walk) -> Result<bool> {
    walk.visit()?;
    if x.len() != y.len() {
        return Ok(false);
    }
    for (v, w) in x.iter().zip(y) {
        if !v.same(w) && !equal_at(v, w, walk)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Compares two numbers exactly; the outer none means that they are not both numbers, the inner one
/// that a NaN is among them.
fn numbers(a: &Val, b: &Val) -> Option<Option<Ordering>> {
    if let (Some(x), Some(y)) = (a.as_int(), b.as_int()) {
        return Some(Some(x.cmp(&y)));
    }
    match (a, b) {
        (Val::Float(x), Val::Float(y)) => Some(x.partial_cmp(y)),
        (Val::Float(x), _) => b.as_big().map(|y| float_with_big(*x, &y)),
        (_, Val::Float(y)) => a.as_big().map(|x| float_with_big(*y, &x).map(Ordering::reverse)),
        _ => Some(Some(a.as_big()?.cmp(&b.as_big()?))),
    }
}

fn float_with_big(f: f64, big: &BigInt) -> Option<Ordering> {
    if f.is_nan() {
        return None;
    }
    if f.is_infinite() {
        return Some(if f > 0.0 { Ordering::Greater } else { Ordering::Less });
    }
    let whole = BigInt::from_f64(f.trunc())?;
    Some(whole.cmp(big).then_with(|| f.fract().partial_cmp(&0.0).unwrap_or(Ordering::Equal)))
}

/// Points in time compare across offsets; a date and a time, or a naive and an aware one, do not compare.
fn date_order(x: &data::DateTime, y: &data::DateTime) -> Option<Ordering> {
    use data::DateTime::{Date, Time};
    match (x, y) {
        (Date(a), Date(b)) => Some(a.cmp(b)),
        (Time(a, None), Time(b, None)) => Some(a.cmp(b)),
        (Time(a, Some(p)), Time(b, Some(q))) => {
            let utc = |t: &chrono::NaiveDateTime, o: &data::FixedOffsetKey| {
                t.and_utc().timestamp_micros() - i64::from(o.0) * 1_000_000
            };
            Some(utc(a, p).cmp(&utc(b, q)))
        }
        _ => None,
    }
}

/// An ordering operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OrderOp {
    Lt,
    Le,
    Gt,
    Ge,
}

impl OrderOp {
    fn symbol(self) -> &'static str {
        match self {
            OrderOp::Lt => "<",
            OrderOp::Le => "<=",
            OrderOp::Gt => ">",
            OrderOp::Ge => ">=",
        }
    }
    fn holds(self, o: Ordering) -> bool {
        match self {
            OrderOp::Lt => o == Ordering::Less,
            OrderOp::Le => o != Ordering::Greater,
            OrderOp::Gt => o == Ordering::Greater,
            OrderOp::Ge => o != Ordering::Less,
        }
    }
}

/// `a < b`, as sorting asks.
pub(crate) fn less_than(a: &Val, b: &Val) -> Result<bool> {
    compare(OrderOp::Lt, a, b)
}

/// `a op b` for the ordering operators.
pub(crate) fn compare(op: OrderOp, a: &Val, b: &Val) -> Result<bool> {
    compare_at(op, a, b, &Walk::default())
}

fn compare_at(op: OrderOp, a: &Val, b: &Val, walk: &Walk) -> Result<bool> {
    if let (Val::Int(x), Val::Int(y)) = (a, b) {
        return Ok(op.holds(x.cmp(y)));
    }
    if let Some(e) = a.use_error().or_else(|| b.use_error()) {
        return Err(e);
    }
    match (a, b) {
        (Val::Markup(_), _) | (_, Val::Markup(_)) if a.as_str().is_some() && b.as_str().is_some() => {
            Ok(op.holds(a.as_str().cmp(&b.as_str())))
        }
        (Val::Str(x), Val::Str(y)) => Ok(op.holds(x.cmp(y))),
        (Val::Bytes(x), Val::Bytes(y)) => Ok(op.holds(x.cmp(y))),
        (Val::Delta(x), Val::Delta(y)) => Ok(op.holds(x.cmp(y))),
        (Val::List(x), Val::List(y)) => {
            let (x, y) = (x.borrow(), y.borrow());
            walk.nested(|| lexicographic(op, &x, &y, walk))
        }
        (Val::Tuple(x), Val::Tuple(y)) => walk.nested(|| lexicographic(op, x, y, walk)),
        (Val::Set(_) | Val::View(_), Val::Set(_) | Val::View(_)) => {
            let (x, y) = (crate::methods::as_set(a)?, crate::methods::as_set(b)?);
            let subset = |p: &super::IndexSet, q: &super::IndexSet| p.iter().all(|k| q.contains(k));
            Ok(match op {
                OrderOp::Le => subset(&x, &y),
                OrderOp::Lt => x.len() < y.len() && subset(&x, &y),
                OrderOp::Ge => subset(&y, &x),
                OrderOp::Gt => y.len() < x.len() && subset(&y, &x),
            })
        }
        (Val::DateTime(x), Val::DateTime(y)) => match date_order(x, y) {
            Some(o) => Ok(op.holds(o)),
            None if a.type_name() == b.type_name() => {
                Err(Error::type_error("can't compare offset-naive and offset-aware datetimes"))
            }
            None => Err(Error::type_error("can't compare datetime.datetime to datetime.date")),
        },
        _ => match numbers(a, b) {
            Some(order) => Ok(order.is_some_and(|o| op.holds(o))),
            None => Err(Error::type_error(format!(
                "'{}' not supported between instances of '{}' and '{}'",
                op.symbol(),
                a.type_name(),
                b.type_name()
            ))),
        },
    }
}

fn lexicographic(op: OrderOp, x: &[Val], y: &[Val], walk: &Walk) -> Result<bool> {
    for (v, w) in x.iter().zip(y) {
        if !v.same(w) && !equal_at(v, w, walk)? {
            return compare_at(op, v, w, walk);
        }
    }
    Ok(op.holds(x.len().cmp(&y.len())))
}
