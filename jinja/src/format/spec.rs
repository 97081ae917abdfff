//! Format specs: `[[fill]align][sign][#][0][width][grouping][.precision][type]`.

use crate::val::{Val, check_size, to_str};
use crate::{Error, Result, methods};

struct Spec {
    fill: char,
    align: Option<char>,
    sign: char,
    sign_given: bool,
    no_negative_zero: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

fn invalid(v: &Val, spec: &str) -> Error {
    Error::value_error(format!("Invalid format specifier '{spec}' for object of type '{}'", v.type_name()))
}

fn parse(v: &Val, text: &str) -> Result<Spec> {
    let mut s = Spec {
        fill: ' ',
        align: None,
        sign: '-',
        sign_given: false,
        no_negative_zero: false,
        alternate: false,
        zero: false,
        width: 0,
        grouping: None,
        precision: None,
        kind: None,
    };
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied();
    let is_align = |c: Option<char>| c.filter(|c| "<>=^".contains(*c));
    let mut i = 0;
    if is_align(at(1)).is_some() {
        s.fill = at(0).unwrap_or(' ');
        s.align = at(1);
        i = 2;
    } else if is_align(at(0)).is_some() {
        s.align = at(0);
        i = 1;
    }
    if let Some(c) = at(i).filter(|c| "+- ".contains(*c)) {
        s.sign = c;
        s.sign_given = true;
        i += 1;
    }
    if at(i) == Some('z') {
        s.no_negative_zero = true;
        i += 1;
    }
    if at(i) == Some('#') {
        s.alternate = true;
        i += 1;
    }
    if at(i) == Some('0') {
        s.zero = true;
        i += 1;
    }
    let number = |i: &mut usize| {
        let mut n: Option<usize> = None;
        while let Some(d) = chars.get(*i).and_then(|c| c.to_digit(10)) {
            n = Some(n.unwrap_or(0).saturating_mul(10).saturating_add(d as usize));
            *i += 1;
        }
        n
    };
    s.width = number(&mut i).unwrap_or(0);
    if let Some(c) = at(i).filter(|c| ",_".contains(*c)) {
        s.grouping = Some(c);
        i += 1;
        if at(i) == Some(',') {
            let what =
                if c == ',' { "Cannot specify ',' with ','." } else { "Cannot specify both ',' and '_'." };
            return Err(Error::value_error(what));
        }
    }
    if at(i) == Some('.') {
        i += 1;
        s.precision =
            Some(number(&mut i).ok_or_else(|| Error::value_error("Format specifier missing precision"))?);
    }
    s.kind = at(i);
    if i + 1 < chars.len() {
        return Err(invalid(v, text));
    }
    Ok(s)
}

/// `format(v, spec)`
pub(crate) fn format_value(v: &Val, spec: &str, max: usize) -> Result<String> {
    if let Val::DateTime(d) = v
        && !spec.is_empty()
    {
        return methods::strftime(d, spec);
    }
    if spec.is_empty() {
        return Ok(to_str(v)?.into_owned());
    }
    match v {
        Val::Str(_) | Val::Markup(_) | Val::Int(_) | Val::BigInt(_) | Val::Bool(_) | Val::Float(_) => {}
        _ => {
            return Err(Error::type_error(format!(
                "unsupported format string passed to {}.__format__",
                v.type_name()
            )));
        }
    }
    let mut s = parse(v, spec)?;
    check_size(s.width.max(s.precision.unwrap_or(0)), max)?;
    let unknown = |c: char| {
        Error::value_error(format!("Unknown format code '{c}' for object of type '{}'", v.type_name()))
    };
    if let Val::Str(_) | Val::Markup(_) = v {
        if let Some(c) = s.kind.filter(|c| *c != 's') {
            return Err(unknown(c));
        }
        if s.align == Some('=') {
            return Err(Error::value_error("'=' alignment not allowed in string format specifier"));
        }
        if s.sign_given {
            return Err(Error::value_error(if s.sign == ' ' {
                "Space not allowed in string format specifier"
            } else {
                "Sign not allowed in string format specifier"
            }));
        }
        if s.no_negative_zero {
            return Err(Error::value_error(
                "Negative zero coercion (z) not allowed in string format specifier",
            ));
        }
        if s.alternate {
            return Err(Error::value_error("Alternate form (#) not allowed in string format specifier"));
        }
        if let Some(sep) = s.grouping {
            return Err(Error::value_error(format!("Cannot specify '{sep}' with 's'.")));
        }
        if s.zero && s.align.is_none() {
            s.fill = '0';
        }
        let text = to_str(v)?;
        let text: String = match s.precision {
            Some(p) => text.chars().take(p).collect(),
            None => text.into_owned(),
        };
        return Ok(pad("", &text, &s, '<'));
    }
    if s.zero && s.align.is_none() {
        s.align = Some('=');
        s.fill = '0';
    }
    let float_kind = s.kind.is_some_and(|c| "eEfFgG%".contains(c));
    if matches!(v, Val::Float(_)) || float_kind {
        return float(v, &s, unknown);
    }
    let big = v.as_big().unwrap_or_default();
    if let Some(c) = s.kind.filter(|c| !"bcdoxXn".contains(*c)) {
        return Err(unknown(c));
    }
    if s.no_negative_zero {
        return Err(Error::value_error("Negative zero coercion (z) not allowed in integer format specifier"));
    }
    if s.precision.is_some() {
        return Err(Error::value_error("Precision not allowed in integer format specifier"));
    }
    let sign = group_sign(big.sign() == num_bigint::Sign::Minus, s.sign == '+', s.sign == ' ');
    let magnitude = big.magnitude();
    let (prefix, digits, group) = match s.kind {
        None | Some('d' | 'n') => {
            ("", to_str(&Val::big(num_bigint::BigInt::from(magnitude.clone())))?.into_owned(), 3)
        }
        Some('x') => ("0x", magnitude.to_str_radix(16), 4),
        Some('X') => ("0X", magnitude.to_str_radix(16).to_uppercase(), 4),
        Some('o') => ("0o", magnitude.to_str_radix(8), 4),
        Some('b') => ("0b", magnitude.to_str_radix(2), 4),
        Some('c') => {
            if s.sign_given {
                return Err(Error::value_error("Sign not allowed with integer format specifier 'c'"));
            }
            if s.alternate {
                return Err(Error::value_error(
                    "Alternate form (#) not allowed with integer format specifier 'c'",
                ));
            }
            let c = v.as_int().and_then(|i| u32::try_from(i).ok()).and_then(char::from_u32);
            let c =
                c.ok_or_else(|| Error::new(crate::ErrorKind::Overflow, "%c arg not in range(0x110000)"))?;
            return Ok(pad("", &c.to_string(), &s, '<'));
        }
        Some(c) => return Err(unknown(c)),
    };
    if let (Some(','), Some(c @ ('x' | 'X' | 'o' | 'b' | 'n'))) | (Some('_'), Some(c @ 'n')) =
        (s.grouping, s.kind)
    {
        return Err(Error::value_error(format!(
            "Cannot specify '{}' with '{c}'.",
            s.grouping.unwrap_or(',')
        )));
    }
    let head = if s.alternate { sign + prefix } else { sign };
    Ok(number(&head, &digits, "", &s, group))
}

fn float(v: &Val, s: &Spec, unknown: impl Fn(char) -> Error) -> Result<String> {
    let f = v.as_f64().unwrap_or(f64::NAN);
    let sign = group_sign(f.is_sign_negative() && !f.is_nan(), s.sign == '+', s.sign == ' ');
    let abs = f.abs();
    let p = s.precision.unwrap_or(6);
    let text = match s.kind {
        None => match s.precision {
            None => to_str(&Val::Float(abs))?.into_owned(),
            Some(p) => {
                // As `g`, but with at least one digit after the point.
                let text = general(abs, p.max(1), false);
                if text.contains(['.', 'e', 'n', 'i']) { text } else { text + ".0" }
            }
        },
        Some('f' | 'F') => fixed(abs, p, s.alternate),
        Some('e' | 'E') => exponent_text(abs, p, s.alternate),
        Some('g' | 'G' | 'n') => general(abs, p, s.alternate),
        Some('%') => fixed(abs * 100.0, p, s.alternate) + "%",
        Some(c) => return Err(unknown(c)),
    };
    let text = if s.kind.is_some_and(char::is_uppercase) { text.to_uppercase() } else { text };
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (whole, rest) = text.split_at(split);
    Ok(number(&sign, whole, rest, s, 3))
}

/// Puts sign, grouped digits and the rest together, padded.
fn number(head: &str, digits: &str, rest: &str, s: &Spec, group: usize) -> String {
    let zero_fill = s.align == Some('=') && s.fill == '0';
    let body = match s.grouping {
        Some(sep) => {
            let room = s.width.saturating_sub(head.len() + rest.len());
            grouped(digits, sep, group, if zero_fill { room } else { 0 })
        }
        None => digits.to_owned(),
    };
    pad(head, &(body + rest), s, '>')
}

/// Digits with separators; zeros in front until they fill `room`.
fn grouped(digits: &str, sep: char, group: usize, room: usize) -> String {
    let mut out: Vec<char> = Vec::new();
    let mut source = digits.chars().rev();
    let mut n = 0;
    loop {
        let c = match source.next() {
            Some(c) => c,
            None if out.len() < room => '0',
            None => break,
        };
        if n > 0 && n % group == 0 {
            out.push(sep);
        }
        out.push(c);
        n += 1;
    }
    out.iter().rev().collect()
}

fn pad(head: &str, body: &str, s: &Spec, default: char) -> String {
    let missing = s.width.saturating_sub(head.chars().count() + body.chars().count());
    let fill = |n: usize| std::iter::repeat_n(s.fill, n).collect::<String>();
    match s.align.unwrap_or(default) {
        '<' => format!("{head}{body}{}", fill(missing)),
        '^' => format!("{}{head}{body}{}", fill(missing / 2), fill(missing - missing / 2)),
        '=' => format!("{head}{}{body}", fill(missing)),
        _ => format!("{}{head}{body}", fill(missing)),
    }
}

pub(super) fn group_sign(negative: bool, plus: bool, space: bool) -> String {
    if negative {
        "-".into()
    } else if plus {
        "+".into()
    } else if space {
        " ".into()
    } else {
        String::new()
    }
}

fn special(f: f64) -> Option<String> {
    if f.is_nan() {
        Some("nan".into())
    } else if f.is_infinite() {
        Some("inf".into())
    } else {
        None
    }
}

/// `%f`
pub(super) fn fixed(f: f64, precision: usize, alternate: bool) -> String {
    special(f).unwrap_or_else(|| {
        let dot = if alternate && precision == 0 { "." } else { "" };
        format!("{f:.precision$}{dot}")
    })
}

/// `%e`
pub(super) fn exponent_text(f: f64, precision: usize, alternate: bool) -> String {
    special(f).unwrap_or_else(|| {
        let text = format!("{f:.precision$e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let dot = if alternate && precision == 0 { "." } else { "" };
        let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |d| ('-', d));
        format!("{mantissa}{dot}e{sign}{digits:0>2}")
    })
}

/// `%g`
pub(super) fn general(f: f64, precision: usize, alternate: bool) -> String {
    special(f).unwrap_or_else(|| {
        let p = precision.max(1);
        let scientific = format!("{f:.*e}", p - 1);
        let exponent: i64 = scientific.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
        let strip = |s: String| {
            if alternate || !s.contains('.') {
                s
            } else {
                s.trim_end_matches('0').trim_end_matches('.').to_owned()
            }
        };
        if exponent < -4 || exponent >= p as i64 {
            let text = exponent_text(f, p - 1, alternate);
            let (mantissa, e) = text.split_once('e').unwrap_or((&text, "+00"));
            format!("{}e{e}", strip(mantissa.to_owned()))
        } else {
            let decimals = usize::try_from(p as i64 - 1 - exponent).unwrap_or(0);
            strip(fixed(f, decimals, alternate))
        }
    })
}
