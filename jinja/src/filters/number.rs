//! Jinja's filters on numbers.

use num_bigint::BigInt;
use num_traits::{FromPrimitive, Num, Signed};

use super::{Table, soft_str};
use crate::val::{BinOp, CallArgs, Val, binary};
use crate::{Error, ErrorKind, Result};

pub(super) const TABLE: Table =
    &[("abs", abs), ("filesizeformat", filesizeformat), ("float", float), ("int", int), ("round", round)];

fn abs(args: &mut CallArgs) -> Result<Val> {
    let v = args.bind_builtin::<1>("abs", 1)?.take(0);
    match &v {
        Val::Float(f) => Ok(Val::Float(f.abs())),
        Val::Delta(d) => Ok(Val::Delta(d.saturating_abs())),
        _ => match v.as_big() {
            Some(i) => Ok(Val::big(BigInt::from(i.magnitude().clone()))),
            None => Err(v.use_error().unwrap_or_else(|| {
                Error::type_error(format!("bad operand type for abs(): '{}'", v.type_name()))
            })),
        },
    }
}

/// `int(f)`
pub(crate) fn float_to_int(f: f64) -> Result<Val> {
    if f.is_nan() {
        return Err(Error::value_error("cannot convert float NaN to integer"));
    }
    BigInt::from_f64(f.trunc())
        .map(Val::big)
        .ok_or_else(|| Error::new(ErrorKind::Overflow, "cannot convert float infinity to integer"))
}

/// `int(text, base)`; none where Python raises `ValueError`.
pub(super) fn parse_int(text: &str, base: u32) -> Option<Val> {
    let t = text.trim();
    let (negative, t) = match t.strip_prefix('-') {
        Some(t) => (true, t),
        None => (false, t.strip_prefix('+').unwrap_or(t)),
    };
    let lower = t.to_ascii_lowercase();
    let prefixed = |p: &str| lower.strip_prefix(p).map(str::to_owned);
    let (base, digits) = match base {
        0 => {
            if let Some(d) = prefixed("0x") {
                (16, d)
            } else if let Some(d) = prefixed("0o") {
                (8, d)
            } else if let Some(d) = prefixed("0b") {
                (2, d)
            } else {
                (10, lower)
            }
        }
        16 => (16, prefixed("0x").unwrap_or(lower)),
        8 => (8, prefixed("0o").unwrap_or(lower)),
        2 => (2, prefixed("0b").unwrap_or(lower)),
        b if (2..=36).contains(&b) => (b, lower),
        _ => return None,
    };
    if digits.is_empty() || digits.starts_with('_') || digits.ends_with('_') || digits.contains("__") {
        return None;
    }
    let digits = digits.replace('_', "");
    if !digits.chars().all(|c| c.is_ascii_alphanumeric()) || digits.len() > 100_000 {
        return None;
    }
    let i = BigInt::from_str_radix(&digits, base).ok()?;
    Some(Val::big(if negative { -i } else { i }))
}

/// `float(text)`; none where Python raises `ValueError`.
pub(super) fn parse_float(text: &str) -> Option<f64> {
    let t = text.trim();
    if t.starts_with('_') || t.ends_with('_') || t.contains("__") {
        return None;
    }
    let plain = t.replace('_', "");
    match plain.trim_start_matches(['+', '-']).to_ascii_lowercase().as_str() {
        "inf" | "infinity" | "nan" => plain.to_ascii_lowercase().parse().ok(),
        rest if rest.starts_with(|c: char| c.is_ascii_digit() || c == '.') => plain.parse().ok(),
        _ => None,
    }
}

fn int(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("do_int", ["value", "default", "base"], 1)?;
    let v = b.take(0);
    let default = b.opt(1).unwrap_or(Val::Int(0));
    let base = u32::try_from(b.int(2, 10)?).unwrap_or(0);
    Ok(match &v {
        Val::Int(_) | Val::BigInt(_) => v,
        Val::Bool(b) => Val::Int(i64::from(*b)),
        Val::Float(f) => float_to_int(*f).unwrap_or(default),
        Val::Str(s) => match parse_int(s, base) {
            Some(i) => i,
            // `int(float(value))`, so that '1.9' is 1.
            None => parse_float(s).and_then(|f| float_to_int(f).ok()).unwrap_or(default),
        },
        Val::Undefined(u) => return Err(u.fail()),
        _ => default,
    })
}

fn float(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("do_float", ["value", "default"], 1)?;
    let v = b.take(0);
    let default = b.opt(1).unwrap_or(Val::Float(0.0));
    Ok(match &v {
        Val::Str(s) => parse_float(s).map_or(default, Val::Float),
        Val::Undefined(u) => return Err(u.fail()),
        _ => v.as_f64().map_or(default, Val::Float),
    })
}

fn round(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("do_round", ["value", "precision", "method"], 1)?;
    let v = b.take(0);
    let precision = b.int(1, 0)?;
    let method = b.str(2)?.unwrap_or_else(|| "common".into());
    if !matches!(&*method, "common" | "ceil" | "floor") {
        return Err(Error::runtime("method must be common, ceil or floor"));
    }
    if v.as_f64().is_none() {
        if &*method != "common"
            && let Some(e) = v.use_error()
        {
            return Err(e);
        }
        return Err(Error::type_error(format!("type {} doesn't define __round__ method", v.type_name())));
    }
    if &*method == "common" {
        return match &v {
            Val::Float(f) => Ok(Val::Float(round_half_even(*f, precision))),
            _ => Ok(Val::big(round_int(&v.as_big().unwrap_or_default(), precision))),
        };
    }
    let scale = binary(BinOp::Pow, &Val::Int(10), &Val::Int(precision), usize::MAX)?;
    let scaled = binary(BinOp::Mul, &v, &scale, usize::MAX)?;
    let whole = match scaled {
        Val::Float(f) => float_to_int(if &*method == "ceil" { f.ceil() } else { f.floor() })?,
        other => other,
    };
    binary(BinOp::Div, &whole, &scale, usize::MAX)
}

/// `round(int, precision)`: only a negative precision does anything.
fn round_int(i: &BigInt, precision: i64) -> BigInt {
    if precision >= 0 {
        return i.clone();
    }
    let Some(digits) = u32::try_from(precision.unsigned_abs()).ok().filter(|d| *d < 10_000) else {
        return BigInt::default();
    };
    let unit = BigInt::from(10).pow(digits);
    let (mut q, mut r) = (i / &unit, i % &unit);
    if r.is_negative() {
        q -= 1;
        r += &unit;
    }
    let up = match (&r * 2u32).cmp(&unit) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => q.bit(0),
    };
    (q + u32::from(up)) * unit
}

/// Python's `round`: correct for the decimal that the double stands for.
fn round_half_even(f: f64, precision: i64) -> f64 {
    if !f.is_finite() {
        return f;
    }
    if precision >= 0 {
        // Formatting rounds exactly; its ties are those of the exact binary value, to even.
        return match usize::try_from(precision) {
            Ok(p) if p <= 320 => format!("{f:.p$}").parse().unwrap_or(f),
            _ => f,
        };
    }
    let Ok(p) = i32::try_from(-precision) else { return 0.0 };
    let scale = 10f64.powi(p);
    if scale.is_infinite() {
        return 0f64.copysign(f);
    }
    (f / scale).round_ties_even() * scale
}

fn filesizeformat(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("do_filesizeformat", ["value", "binary"], 1)?;
    let v = b.take(0);
    let bytes = match &v {
        Val::Str(s) => parse_float(s).ok_or_else(|| {
            Error::value_error(format!("could not convert string to float: {}", v.quoted()))
        })?,
        _ => v.as_f64().ok_or_else(|| {
            v.use_error().unwrap_or_else(|| {
                Error::type_error(format!(
                    "float() argument must be a string or a real number, not '{}'",
                    v.type_name()
                ))
            })
        })?,
    };
    let is_binary = b.flag(1, false)?;
    let base: f64 = if is_binary { 1024.0 } else { 1000.0 };
    if bytes == 1.0 {
        return Ok(Val::from("1 Byte"));
    }
    if bytes < base {
        // Without the sign of a zero.
        return Ok(Val::from(format!("{} Bytes", bytes.trunc() + 0.0)));
    }
    let units = if is_binary {
        ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"]
    } else {
        ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"]
    };
    let mut unit = base;
    let mut name = "";
    for u in units {
        name = u;
        unit *= base;
        if bytes < unit {
            break;
        }
    }
    soft_str(&Val::from(format!("{:.1} {name}", base * bytes / unit))).map(Val::Str)
}
