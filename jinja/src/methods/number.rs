//! `int`, `bool` and `float`

use num_bigint::{BigInt, Sign};
use num_traits::FromPrimitive;

use crate::val::{CallArgs, Val};
use crate::{Error, ErrorKind, Result};

pub(super) const INT_METHODS: &[&str] =
    &["as_integer_ratio", "bit_count", "bit_length", "conjugate", "from_bytes", "to_bytes"];
pub(super) const FLOAT_METHODS: &[&str] = &["as_integer_ratio", "conjugate", "fromhex", "hex", "is_integer"];

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
    match name {
        "to_bytes" => return to_bytes(of, args),
        "from_bytes" => return from_bytes(args),
        "fromhex" => {
            let text = super::text(&args.bind_builtin::<1>("float.fromhex", 1)?.take(0))?;
            return from_hex(&text).map(Val::Float);
        }
        _ => {}
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

/// `float.fromhex`
fn from_hex(text: &str) -> Result<f64> {
    let invalid = || Error::value_error("invalid hexadecimal floating-point string");
    let text = text.trim().to_ascii_lowercase();
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(&text)),
    };
    match rest {
        "inf" | "infinity" => return Ok(sign * f64::INFINITY),
        "nan" => return Ok(f64::NAN),
        _ => {}
    }
    let rest = rest.strip_prefix("0x").unwrap_or(rest);
    let (mantissa, exponent) = match rest.split_once('p') {
        Some((m, e)) => (m, e.parse::<i32>().map_err(|_| invalid())?),
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let value = BigInt::parse_bytes(digits.as_bytes(), 16).ok_or_else(invalid)?;
    let shift = exponent.saturating_sub(i32::try_from(fraction.len()).unwrap_or(i32::MAX).saturating_mul(4));
    let value = num_traits::ToPrimitive::to_f64(&value).unwrap_or(f64::INFINITY);
    // In two steps, so that neither factor leaves the range of doubles.
    let result = value * 2f64.powi(shift / 2) * 2f64.powi(shift - shift / 2);
    if result.is_infinite() {
        return Err(Error::new(ErrorKind::Overflow, "hexadecimal value too large to represent as a float"));
    }
    Ok(sign * result)
}

fn from_bytes(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("from_bytes", ["bytes", "byteorder", "signed"], 1)?;
    let mut bytes = match b.take(0) {
        Val::Bytes(b) => b.to_vec(),
        v => {
            return Err(Error::type_error(format!("cannot convert '{}' object to bytes", v.type_name())));
        }
    };
    let order = b.str(1)?.unwrap_or_else(|| "big".into());
    if &*order == "big" {
        bytes.reverse();
    }
    Ok(Val::big(if b.flag(2, false)? {
        BigInt::from_signed_bytes_le(&bytes)
    } else {
        BigInt::from_bytes_le(Sign::Plus, &bytes)
    }))
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
