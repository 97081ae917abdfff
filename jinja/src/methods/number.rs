//! `int`, `bool` and `float`

use num_bigint::{BigInt, Sign};
use num_traits::FromPrimitive;

use crate::val::{CallArgs, Val};
use crate::{Error, ErrorKind, Result};

pub(super) const INT_METHODS: &[&str] =
    &["as_integer_ratio", "bit_count", "bit_length", "conjugate", "is_integer", "to_bytes"];
pub(super) const FLOAT_METHODS: &[&str] = &["as_integer_ratio", "conjugate", "hex", "is_integer"];

pub(super) fn attr(of: &Val, name: &str) -> Option<Val> {
    match (of, name) {
        (Val::Float(_), "real") => Some(of.clone()),
        (Val::Float(_), "imag") => Some(Val::Float(0.0)),
        (Val::Float(_), _) => None,
        (_, "real" | "numerator") => of.as_big().map(Val::big),
        (_, "imag") => Some(Val::Int(0)),
        (_, "denominator") => Some(Val::Int(1)),
        _ => None,
    }
}

pub(super) fn call(of: &Val, name: &str, args: &mut CallArgs) -> Result<Val> {
    if name == "to_bytes" {
        return to_bytes(of, args);
    }
    args.bind::<0>(name, [], 0)?;
    if let Val::Float(f) = of {
        return match name {
            "is_integer" => Ok(Val::Bool(f.is_finite() && f.fract() == 0.0)),
            "conjugate" => Ok(of.clone()),
            "as_integer_ratio" => ratio(*f),
            _ => Ok(Val::from(hex(*f))),
        };
    }
    let i = of.as_big().unwrap_or_default();
    Ok(match name {
        "bit_length" => Val::Int(i.bits() as i64),
        "bit_count" => Val::Int(i.magnitude().count_ones() as i64),
        "is_integer" => Val::Bool(true),
        "as_integer_ratio" => Val::tuple(vec![Val::big(i), Val::Int(1)]),
        _ => Val::big(i),
    })
}

fn ratio(f: f64) -> Result<Val> {
    if f.is_nan() {
        return Err(Error::value_error("cannot convert NaN to integer ratio"));
    }
    let mut numerator = f;
    let mut power = 0u32;
    while numerator.is_finite() && numerator.fract() != 0.0 {
        numerator *= 2.0;
        power += 1;
    }
    let n = BigInt::from_f64(numerator)
        .ok_or_else(|| Error::new(ErrorKind::Overflow, "cannot convert Infinity to integer ratio"))?;
    Ok(Val::tuple(vec![Val::big(n), Val::big(BigInt::from(1) << power)]))
}

/// `float.hex`
fn hex(f: f64) -> String {
    if !f.is_finite() {
        return Val::Float(f).to_string();
    }
    let bits = f.to_bits();
    let sign = if f.is_sign_negative() { "-" } else { "" };
    let exponent = ((bits >> 52) & 0x7ff) as i64;
    let fraction = bits & ((1 << 52) - 1);
    if f == 0.0 {
        return format!("{sign}0x0.0p+0");
    }
    let (lead, exponent) = if exponent == 0 { (0, -1022) } else { (1, exponent - 1023) };
    format!("{sign}0x{lead}.{fraction:013x}p{exponent:+}")
}

fn to_bytes(of: &Val, args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("to_bytes", ["length", "byteorder", "signed"], 0)?;
    let length = usize::try_from(b.int(0, 1)?)
        .map_err(|_| Error::value_error("length argument must be non-negative"))?
        .min(1 << 20);
    let order = b.str(1)?.unwrap_or_else(|| "big".into());
    let signed = b.flag(2, false)?;
    let i = of.as_big().unwrap_or_default();
    let overflow = |m: &str| Error::new(ErrorKind::Overflow, m);
    if i.sign() == Sign::Minus && !signed {
        return Err(overflow("can't convert negative int to unsigned"));
    }
    let mut bytes = if signed { i.to_signed_bytes_le() } else { i.to_bytes_le().1 };
    let fill = if i.sign() == Sign::Minus { 0xff } else { 0 };
    while bytes.len() > length && bytes.last() == Some(&fill) {
        bytes.pop();
    }
    if bytes.len() > length {
        return Err(overflow("int too big to convert"));
    }
    bytes.resize(length, fill);
    if &*order == "big" {
        bytes.reverse();
    }
    Ok(Val::Bytes(bytes.into()))
}
