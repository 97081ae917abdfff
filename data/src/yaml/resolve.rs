//! Which type a plain scalar has, and its value: YAML 1.1's rules as PyYAML's resolver has them.

use chrono::{NaiveDate, TimeDelta};
use num_bigint::BigInt;

use crate::python::is_space;
use crate::{DateTime, FixedOffsetKey, Value};

/// The tags that mean something to a safe loader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Str,
    Int,
    Float,
    Bool,
    Null,
    Merge,
    /// `=`, the default key.
    Default,
    Timestamp,
    Binary,
    Seq,
    Map,
    Set,
    Omap,
    Pairs,
    Unicode,
    Other(Box<str>),
}

const PREFIX: &str = "tag:yaml.org,2002:";

impl Tag {
    pub(super) fn from_name(name: &str) -> Tag {
        match name.strip_prefix(PREFIX) {
            Some("str") => Tag::Str,
            Some("int") => Tag::Int,
            Some("float") => Tag::Float,
            Some("bool") => Tag::Bool,
            Some("null") => Tag::Null,
            Some("merge") => Tag::Merge,
            Some("value") => Tag::Default,
            Some("timestamp") => Tag::Timestamp,
            Some("binary") => Tag::Binary,
            Some("seq") => Tag::Seq,
            Some("map") => Tag::Map,
            Some("set") => Tag::Set,
            Some("omap") => Tag::Omap,
            Some("pairs") => Tag::Pairs,
            Some("python/unicode") => Tag::Unicode,
            _ => Tag::Other(name.into()),
        }
    }

    /// The full name, as error texts show it.
    pub(super) fn name(&self) -> String {
        let short = match self {
            Tag::Str => "str",
            Tag::Int => "int",
            Tag::Float => "float",
            Tag::Bool => "bool",
            Tag::Null => "null",
            Tag::Merge => "merge",
            Tag::Default => "value",
            Tag::Timestamp => "timestamp",
            Tag::Binary => "binary",
            Tag::Seq => "seq",
            Tag::Map => "map",
            Tag::Set => "set",
            Tag::Omap => "omap",
            Tag::Pairs => "pairs",
            Tag::Unicode => "python/unicode",
            Tag::Other(name) => return name.to_string(),
        };
        format!("{PREFIX}{short}")
    }
}

/// The tag of a plain scalar without one.
pub(super) fn resolve(text: &str) -> Tag {
    let Some(&first) = text.as_bytes().first() else { return Tag::Null };
    match first {
        b'y' | b'Y' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' if bool_value(text).is_some() => Tag::Bool,
        b'n' | b'N' if bool_value(text).is_some() => Tag::Bool,
        b'~' | b'n' | b'N' if matches!(text, "~" | "null" | "Null" | "NULL") => Tag::Null,
        b'<' if text == "<<" => Tag::Merge,
        b'=' if text == "=" => Tag::Default,
        // These are text in quotes alone; a quoted one with the tag `!` has this type, which nothing can read.
        b'!' | b'&' | b'*' if text.len() == 1 => Tag::Other(format!("{PREFIX}yaml").into()),
        b'-' | b'+' | b'.' | b'0'..=b'9' => {
            if is_float(text) {
                Tag::Float
            } else if is_int(text) {
                Tag::Int
            } else if first.is_ascii_digit()
                && timestamp(text).is_some_and(|t| t.time.is_some() || text.len() == 10)
            {
                Tag::Timestamp
            } else {
                Tag::Str
            }
        }
        _ => Tag::Str,
    }
}

/// The three spellings of each word: all small, all large, first letter large.
fn bool_value(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// The value of a scalar tagged `!!bool`.
pub(super) fn to_bool(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "on" => Some(true),
        "no" | "false" | "off" => Some(false),
        _ => None,
    }
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

fn all(text: &str, fits: impl Fn(u8) -> bool) -> bool {
    text.bytes().all(fits)
}

fn digit(b: u8) -> bool {
    b.is_ascii_digit() || b == b'_'
}

fn starts_with_digit(text: &str) -> bool {
    text.as_bytes().first().is_some_and(u8::is_ascii_digit)
}

/// `(:[0-5]?[0-9])+`
fn is_sixties(text: &str) -> bool {
    text.strip_prefix(':').is_some_and(|rest| {
        rest.split(':').all(|part| match part.as_bytes() {
            [a] => a.is_ascii_digit(),
            [a, b] => (b'0'..=b'5').contains(a) && b.is_ascii_digit(),
            _ => false,
        })
    })
}

fn is_int(text: &str) -> bool {
    let t = unsigned(text);
    if let Some(bits) = t.strip_prefix("0b") {
        return !bits.is_empty() && all(bits, |b| matches!(b, b'0' | b'1' | b'_'));
    }
    if let Some(hex) = t.strip_prefix("0x") {
        return !hex.is_empty() && all(hex, |b| b.is_ascii_hexdigit() || b == b'_');
    }
    if let Some(octal) = t.strip_prefix('0') {
        return all(octal, |b| matches!(b, b'0'..=b'7' | b'_'));
    }
    if !starts_with_digit(t) {
        return false;
    }
    let end = t.bytes().position(|b| !digit(b)).unwrap_or(t.len());
    let (_, rest) = t.split_at(end);
    rest.is_empty() || is_sixties(rest)
}

fn is_float(text: &str) -> bool {
    let t = unsigned(text);
    if matches!(t, ".inf" | ".Inf" | ".INF") {
        return true;
    }
    if matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    if let Some(fraction) = text.strip_prefix('.') {
        return starts_with_digit(fraction) && is_fraction(fraction);
    }
    let Some((whole, fraction)) = t.split_once('.') else { return false };
    if !starts_with_digit(whole) {
        return false;
    }
    let end = whole.bytes().position(|b| !digit(b)).unwrap_or(whole.len());
    let (_, rest) = whole.split_at(end);
    if rest.is_empty() { is_fraction(fraction) } else { is_sixties(rest) && all(fraction, digit) }
}

/// `[0-9_]*([eE][-+][0-9]+)?`
fn is_fraction(text: &str) -> bool {
    let end = text.bytes().position(|b| !digit(b)).unwrap_or(text.len());
    let (_, exponent) = text.split_at(end);
    exponent.is_empty()
        || exponent
            .strip_prefix(['e', 'E'])
            .and_then(|e| e.strip_prefix(['-', '+']))
            .is_some_and(|e| !e.is_empty() && all(e, |b| b.is_ascii_digit()))
}

/// Digits beyond which Python refuses to read a decimal integer.
const MAX_DIGITS: usize = 4300;

/// The value of a scalar tagged `!!int`; the error is Python's text.
pub(super) fn to_int(text: &str) -> Result<Value, String> {
    // Most are a few digits.
    if text.len() < 18 && !text.starts_with('0') && all(text, |b| b.is_ascii_digit()) {
        return text.parse().map(Value::Int).map_err(|e| e.to_string());
    }
    let clean = text.replace('_', "");
    let negative = clean.starts_with('-');
    let t = unsigned(&clean);
    let parse = |digits: &str, radix: u32| {
        let bad = || format!("invalid literal for int() with base {radix}: {:?}", Value::from(digits));
        let digits = digits.trim_matches(is_space);
        if radix == 10 && digits.len() > MAX_DIGITS {
            return Err(format!(
                "Exceeds the limit ({MAX_DIGITS} digits) for integer string conversion: value has {} digits; \
                 use sys.set_int_max_str_digits() to increase the limit",
                digits.len()
            ));
        }
        if let Ok(i) = i64::from_str_radix(digits, radix) {
            return Ok(BigOrSmall::Small(i));
        }
        BigInt::parse_bytes(digits.as_bytes(), radix).map(BigOrSmall::Big).ok_or_else(bad)
    };
    let value = if t == "0" {
        BigOrSmall::Small(0)
    } else if let Some(bits) = t.strip_prefix("0b") {
        parse(bits, 2)?
    } else if let Some(hex) = t.strip_prefix("0x") {
        parse(hex, 16)?
    } else if t.starts_with('0') {
        parse(t.strip_prefix("0o").or_else(|| t.strip_prefix("0O")).unwrap_or(t), 8)?
    } else if t.contains(':') {
        let mut sum = BigInt::ZERO;
        for part in t.split(':') {
            sum = sum * 60 + parse(part, 10)?.big();
        }
        BigOrSmall::Big(sum)
    } else {
        parse(t, 10)?
    };
    Ok(match (value, negative) {
        (BigOrSmall::Small(i), false) => Value::Int(i),
        (BigOrSmall::Small(i), true) => Value::from(-i128::from(i)),
        (BigOrSmall::Big(b), false) => Value::from(b),
        (BigOrSmall::Big(b), true) => Value::from(-b),
    })
}

enum BigOrSmall {
    Small(i64),
    Big(BigInt),
}

impl BigOrSmall {
    fn big(self) -> BigInt {
        match self {
            BigOrSmall::Small(i) => BigInt::from(i),
            BigOrSmall::Big(b) => b,
        }
    }
}

/// The value of a scalar tagged `!!float`; the error is Python's text.
pub(super) fn to_float(text: &str) -> Result<f64, String> {
    let clean = text.replace('_', "").to_ascii_lowercase();
    let sign = if clean.starts_with('-') { -1.0 } else { 1.0 };
    let t = unsigned(&clean);
    let parse = |digits: &str| {
        digits
            .trim_matches(is_space)
            .parse::<f64>()
            .map_err(|_| format!("could not convert string to float: {:?}", Value::from(digits)))
    };
    Ok(match t {
        ".inf" => sign * f64::INFINITY,
        ".nan" => f64::NAN,
        _ if t.contains(':') => {
            let parts = t.split(':').map(parse).collect::<Result<Vec<f64>, String>>()?;
            let (mut sum, mut base) = (0.0, 1.0);
            for part in parts.iter().rev() {
                sum += part * base;
                base *= 60.0;
            }
            sign * sum
        }
        _ => sign * parse(t)?,
    })
}

/// What a timestamp says, before it is checked against the calendar.
struct Timestamp {
    date: [u32; 3],
    time: Option<[u32; 3]>,
    micros: u32,
    offset: Option<i32>,
}

/// Reads the parts of a timestamp; none if the text has not that form. (A date without a tag has all its digits.)
fn timestamp(text: &str) -> Option<Timestamp> {
    let b = text.as_bytes();
    let mut at = 0;
    let number = |at: &mut usize, least: usize, most: usize| -> Option<u32> {
        let n = b.get(*at..)?.iter().take(most).take_while(|c| c.is_ascii_digit()).count();
        let digits = (n >= least).then(|| text.get(*at..*at + n))??;
        *at += n;
        digits.parse().ok()
    };
    let year = number(&mut at, 4, 4)?;
    let expect =
        |at: &mut usize, wanted: u8| -> Option<()> { (b.get(*at) == Some(&wanted)).then(|| *at += 1) };
    expect(&mut at, b'-')?;
    let month = number(&mut at, 1, 2)?;
    expect(&mut at, b'-')?;
    let day = number(&mut at, 1, 2)?;
    let date = [year, month, day];
    if at == b.len() {
        return Some(Timestamp { date, time: None, micros: 0, offset: None });
    }
    let blanks = |at: &mut usize| {
        let n = b.get(*at..).unwrap_or(&[]).iter().take_while(|c| matches!(c, b' ' | b'\t')).count();
        *at += n;
        n
    };
    if matches!(b.get(at), Some(b'T' | b't')) {
        at += 1;
    } else if blanks(&mut at) == 0 {
        return None;
    }
    let hour = number(&mut at, 1, 2)?;
    expect(&mut at, b':')?;
    let minute = number(&mut at, 2, 2)?;
    expect(&mut at, b':')?;
    let second = number(&mut at, 2, 2)?;
    let mut micros = 0;
    if b.get(at) == Some(&b'.') {
        at += 1;
        let n = b.get(at..).unwrap_or(&[]).iter().take_while(|c| c.is_ascii_digit()).count();
        let digits = text.get(at..at + n.min(6))?;
        micros = format!("{digits:0<6}").parse().ok()?;
        at += n;
    }
    let mut offset = None;
    if at < b.len() {
        blanks(&mut at);
        match b.get(at)? {
            b'Z' => {
                at += 1;
                offset = Some(0);
            }
            sign @ (b'+' | b'-') => {
                let sign = if *sign == b'-' { -1 } else { 1 };
                at += 1;
                let hours = number(&mut at, 1, 2)?;
                let mut minutes = 0;
                if b.get(at) == Some(&b':') {
                    at += 1;
                    minutes = number(&mut at, 2, 2)?;
                }
                offset = Some(sign * i32::try_from(hours * 3600 + minutes * 60).ok()?);
            }
            _ => return None,
        }
    }
    (at == b.len()).then_some(Timestamp { date, time: Some([hour, minute, second]), micros, offset })
}

/// The value of a scalar tagged `!!timestamp`; the error is Python's text.
pub(super) fn to_timestamp(text: &str) -> Result<Value, String> {
    let Some(Timestamp { date: [year, month, day], time, micros, offset }) = timestamp(text) else {
        return Err(format!("not a timestamp: {:?}", Value::from(text)));
    };
    if year == 0 {
        return Err("year 0 is out of range".to_owned());
    }
    if !(1..=12).contains(&month) {
        return Err("month must be in 1..12".to_owned());
    }
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).unwrap_or(0), month, day)
        .ok_or_else(|| "day is out of range for month".to_owned())?;
    let Some([hour, minute, second]) = time else { return Ok(DateTime::Date(date).into()) };
    if hour > 23 {
        return Err("hour must be in 0..23".to_owned());
    }
    if minute > 59 {
        return Err("minute must be in 0..59".to_owned());
    }
    let time = date.and_hms_opt(hour, minute, second).ok_or_else(|| "second must be in 0..59".to_owned())?;
    if offset.is_some_and(|o| o.abs() >= 86_400) {
        return Err(
            "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24)".into(),
        );
    }
    let time = time + TimeDelta::microseconds(i64::from(micros));
    Ok(DateTime::Time(time, offset.map(FixedOffsetKey)).into())
}
