//! `'%s %(name)05.2f' % values`

use super::spec::{exponent_text, fixed, general, group_sign};
use crate::val::{Key, Val, check_size, repr, to_str};
use crate::{Error, Result};

struct Conversion {
    left: bool,
    plus: bool,
    space: bool,
    zero: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
}

/// `format % values`
pub(crate) fn percent(format: &str, values: &Val, max: usize) -> Result<String> {
    let mut out = String::with_capacity(format.len());
    let mut chars = format.char_indices().peekable();
    let tuple = match values {
        Val::Tuple(t) => Some(&***t),
        _ => None,
    };
    let total = tuple.map_or(1, <[Val]>::len);
    let mut used = 0;
    let mut by_name = false;
    while let Some((at, c)) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut named: Option<Val> = None;
        if chars.next_if(|(_, c)| *c == '(').is_some() {
            if !matches!(values, Val::Dict(_)) {
                return Err(values
                    .use_error()
                    .unwrap_or_else(|| Error::type_error("format requires a mapping")));
            }
            let mut name = String::new();
            let mut depth = 1;
            loop {
                let Some((_, c)) = chars.next() else {
                    return Err(Error::value_error("incomplete format key"));
                };
                match c {
                    '(' => depth += 1,
                    ')' => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
                name.push(c);
            }
            let Val::Dict(d) = values else {
                return Err(values
                    .use_error()
                    .unwrap_or_else(|| Error::type_error("format requires a mapping")));
            };
            by_name = true;
            let found = d.get(&Key::str(name.as_str()));
            named = Some(
                found.ok_or_else(|| Error::new(crate::ErrorKind::Key, Val::from(name.as_str()).quoted()))?,
            );
        }
        let mut next_value = || -> Result<Val> {
            if let Some(v) = named.take() {
                return Ok(v);
            }
            let v = match &tuple {
                Some(t) => t.get(used).cloned(),
                None => (used == 0).then(|| values.clone()),
            };
            used += 1;
            v.ok_or_else(|| Error::type_error("not enough arguments for format string"))
        };
        let mut conv = Conversion {
            left: false,
            plus: false,
            space: false,
            zero: false,
            alternate: false,
            width: 0,
            precision: None,
        };
        while let Some((_, c)) = chars.next_if(|(_, c)| "-+ 0#".contains(*c)) {
            match c {
                '-' => conv.left = true,
                '+' => conv.plus = true,
                ' ' => conv.space = true,
                '0' => conv.zero = true,
                _ => conv.alternate = true,
            }
        }
        let mut number = |next: &mut dyn FnMut() -> Result<Val>| -> Result<Option<i64>> {
            if chars.next_if(|(_, c)| *c == '*').is_some() {
                let v = next()?;
                return match v.as_int() {
                    Some(i) => Ok(Some(i)),
                    None => Err(wants_int(&v)),
                };
            }
            let mut n: Option<i64> = None;
            while let Some((_, d)) = chars.next_if(|(_, c)| c.is_ascii_digit()) {
                let digit = i64::from(d.to_digit(10).unwrap_or(0));
                n = Some(n.unwrap_or(0).saturating_mul(10).saturating_add(digit));
            }
            Ok(n)
        };
        if let Some(w) = number(&mut next_value)? {
            conv.left |= w < 0;
            conv.width = usize::try_from(w.unsigned_abs()).unwrap_or(usize::MAX);
        }
        if chars.next_if(|(_, c)| *c == '.').is_some() {
            let mut number = |next: &mut dyn FnMut() -> Result<Val>| -> Result<i64> {
                if chars.next_if(|(_, c)| *c == '*').is_some() {
                    let v = next()?;
                    let i = v.as_int().filter(|i| i32::try_from(*i).is_ok());
                    return i.ok_or_else(|| match v {
                        Val::Int(_) | Val::BigInt(_) => too_large("int"),
                        v => wants_int(&v),
                    });
                }
                let mut n = 0i64;
                while let Some((_, d)) = chars.next_if(|(_, c)| c.is_ascii_digit()) {
                    n = n.saturating_mul(10).saturating_add(i64::from(d.to_digit(10).unwrap_or(0)));
                }
                Ok(n)
            };
            conv.precision = Some(usize::try_from(number(&mut next_value)?).unwrap_or(0));
        }
        check_size(conv.width.max(conv.precision.unwrap_or(0)), max)?;
        let _length = chars.next_if(|(_, c)| "hlL".contains(*c));
        let Some((code_at, code)) = chars.next() else { return Err(Error::value_error("incomplete format")) };
        if code == '%' && code_at == at + 1 {
            out.push('%');
            continue;
        }
        let text = match code {
            's' | 'r' | 'a' => {
                let v = next_value()?;
                let mut text = if code == 's' { to_str(&v)?.into_owned() } else { repr(&v)? };
                if let Some(p) = conv.precision {
                    text = text.chars().take(p).collect();
                }
                conv.zero = false;
                text
            }
            'c' => {
                let v = next_value()?;
                conv.zero = false;
                one_char(&v)?
            }
            'd' | 'i' | 'u' | 'x' | 'X' | 'o' => integer(&next_value()?, code, &conv)?,
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
                let v = next_value()?;
                let f = v.as_f64().ok_or_else(|| {
                    Error::type_error(format!("must be real number, not {}", v.type_name()))
                })?;
                let p = conv.precision.unwrap_or(6);
                let body = match code.to_ascii_lowercase() {
                    'e' => exponent_text(f.abs(), p, conv.alternate),
                    'f' => fixed(f.abs(), p, conv.alternate),
                    _ => general(f.abs(), p, conv.alternate),
                };
                let body = if code.is_ascii_uppercase() { body.to_uppercase() } else { body };
                conv.zero &= f.is_finite();
                group_sign(f.is_sign_negative() && !f.is_nan(), conv.plus, conv.space) + &body
            }
            c => {
                return Err(Error::value_error(format!(
                    "unsupported format character '{c}' (0x{:x}) at index {}",
                    u32::from(c),
                    format.get(..code_at).map_or(0, |s| s.chars().count())
                )));
            }
        };
        pad(&mut out, &text, &conv);
        check_size(out.len(), max)?;
    }
    let is_mapping = matches!(values, Val::Dict(_) | Val::List(_)) || by_name;
    if used < total && !is_mapping && !(tuple.is_none() && matches!(values, Val::Object(_))) {
        return Err(Error::type_error("not all arguments converted during string formatting"));
    }
    Ok(out)
}

fn too_large(what: &str) -> Error {
    let message = format!("Python int too large to convert to C {what}");
    Error::new(crate::ErrorKind::Overflow, message)
}

fn wants_int(v: &Val) -> Error {
    match v {
        Val::BigInt(_) => too_large("ssize_t"),
        Val::Undefined(u) => u.fail(),
        _ => Error::type_error("* wants int"),
    }
}

fn one_char(v: &Val) -> Result<String> {
    match v {
        Val::Str(s) | Val::Markup(s) if s.chars().count() == 1 => Ok(s.to_string()),
        _ => match v.as_int() {
            Some(i) => u32::try_from(i)
                .ok()
                .and_then(char::from_u32)
                .map(String::from)
                .ok_or_else(|| Error::new(crate::ErrorKind::Overflow, "%c arg not in range(0x110000)")),
            None if matches!(v, Val::BigInt(_)) => {
                Err(Error::new(crate::ErrorKind::Overflow, "%c arg not in range(0x110000)"))
            }
            None => Err(Error::type_error("%c requires int or char")),
        },
    }
}

fn integer(v: &Val, code: char, conv: &Conversion) -> Result<String> {
    if let (Some(i), 'd' | 'i' | 'u', None, false, false) =
        (v.as_int(), code, conv.precision, conv.plus, conv.space)
    {
        let mut text = String::with_capacity(20);
        data::python::push_int(&mut text, i);
        return Ok(text);
    }
    let big = match v {
        Val::Float(f) if matches!(code, 'd' | 'i' | 'u') => {
            crate::filters::float_to_int(*f)?.as_big().unwrap_or_default()
        }
        _ => v.as_big().ok_or_else(|| {
            let wants = if matches!(code, 'd' | 'i' | 'u') { "a real number" } else { "an integer" };
            Error::type_error(format!("%{code} format: {wants} is required, not {}", v.type_name()))
        })?,
    };
    let negative = big.sign() == num_bigint::Sign::Minus;
    let magnitude = big.magnitude();
    let (prefix, digits) = match code {
        'x' => ("0x", magnitude.to_str_radix(16)),
        'X' => ("0X", magnitude.to_str_radix(16).to_uppercase()),
        'o' => ("0o", magnitude.to_str_radix(8)),
        _ => ("", to_str(&Val::big(num_bigint::BigInt::from(magnitude.clone())))?.into_owned()),
    };
    let digits = match conv.precision {
        Some(p) => "0".repeat(p.saturating_sub(digits.len())) + &digits,
        None => digits,
    };
    let prefix = if conv.alternate { prefix } else { "" };
    Ok(group_sign(negative, conv.plus, conv.space) + prefix + &digits)
}

fn pad(out: &mut String, text: &str, conv: &Conversion) {
    let missing = conv.width.saturating_sub(text.chars().count());
    let fill = |out: &mut String, c: char| out.extend(std::iter::repeat_n(c, missing));
    if conv.left {
        out.push_str(text);
        fill(out, ' ');
    } else if conv.zero {
        // Zeros go between the sign (and the prefix) and the digits.
        let head = text.len() - text.trim_start_matches(['+', '-', ' ']).len();
        let (sign, rest) = text.split_at(head);
        let prefix =
            rest.get(..2).filter(|p| conv.alternate && matches!(*p, "0x" | "0X" | "0o")).unwrap_or("");
        out.push_str(sign);
        out.push_str(prefix);
        fill(out, '0');
        out.push_str(rest.get(prefix.len()..).unwrap_or(""));
    } else {
        fill(out, ' ');
        out.push_str(text);
    }
}
