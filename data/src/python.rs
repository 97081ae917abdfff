//! How Python prints: `repr()` of strings, floats and containers. Templates splice the result into
//! YAML, so it must be the same to the last quote.

use std::fmt::{self, Write};

use crate::{DateTime, Dict, FixedOffsetKey, Value};

/// Writes `repr(value)`.
pub fn write_repr(out: &mut dyn Write, value: &Value) -> fmt::Result {
    match value {
        Value::None => out.write_str("None"),
        Value::Bool(true) => out.write_str("True"),
        Value::Bool(false) => out.write_str("False"),
        Value::Int(i) => write!(out, "{i}"),
        Value::BigInt(i) => write!(out, "{i}"),
        Value::Float(f) => write_float(out, *f),
        Value::Str(s) => write_str_repr(out, s),
        Value::Bytes(b) => write_bytes_repr(out, b),
        Value::List(l) => {
            out.write_char('[')?;
            for (i, item) in l.iter().enumerate() {
                if i > 0 {
                    out.write_str(", ")?;
                }
                write_repr(out, item)?;
            }
            out.write_char(']')
        }
        Value::Dict(d) => write_dict_repr(out, d),
        Value::DateTime(d) => write_datetime_repr(out, d),
    }
}

/// Writes an integer, without the detour that formatting takes.
pub fn push_int(out: &mut String, i: i64) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    let mut rest = i.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if i < 0 {
        out.push('-');
    }
    out.extend(digits[at..].iter().map(|b| char::from(*b)));
}

/// Writes `repr()` of a dict.
pub fn write_dict_repr(out: &mut dyn Write, dict: &Dict) -> fmt::Result {
    out.write_char('{')?;
    for (i, (k, v)) in dict.iter().enumerate() {
        if i > 0 {
            out.write_str(", ")?;
        }
        write_repr(out, k)?;
        out.write_str(": ")?;
        write_repr(out, v)?;
    }
    out.write_char('}')
}

/// Writes `repr()` of a float: the shortest digits that read back, `1e+16` from 10^16 on, `1e-05` below 10^-4.
pub fn write_float(out: &mut dyn Write, f: f64) -> fmt::Result {
    if f.is_nan() {
        return out.write_str("nan");
    }
    if f.is_infinite() {
        return out.write_str(if f > 0.0 { "inf" } else { "-inf" });
    }
    let shortest = format!("{f:e}");
    let digits = shortest.bytes().take_while(|b| *b != b'e').filter(u8::is_ascii_digit).count();
    // Of two that are as short and as near, Python takes the even one.
    let even = (digits >= 15).then(|| format!("{f:.*e}", digits - 1)).filter(|text| text.parse() == Ok(f));
    let text = even.as_deref().unwrap_or(&shortest);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let power: i32 = exponent.parse().unwrap_or(0);
    if f != 0.0 && !(-4..16).contains(&power) {
        let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |d| ('-', d));
        return write!(out, "{mantissa}e{sign}{digits:0>2}");
    }
    if even.is_none() {
        return if f.fract() == 0.0 { write!(out, "{f:.1}") } else { write!(out, "{f}") };
    }
    let decimals = i32::try_from(digits).unwrap_or(0) - 1 - power;
    write!(out, "{f:.*}", usize::try_from(decimals.max(1)).unwrap_or(1))
}

/// Writes `repr()` of a string: single quotes unless it holds some and no double ones.
pub fn write_str_repr(out: &mut dyn Write, s: &str) -> fmt::Result {
    let quote = if s.contains('\'') && !s.contains('"') { '"' } else { '\'' };
    out.write_char(quote)?;
    for c in s.chars() {
        match c {
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            c if c == quote => write!(out, "\\{c}")?,
            ' '..='~' => out.write_char(c)?,
            c if is_printable(c) => out.write_char(c)?,
            c if (c as u32) < 0x100 => write!(out, "\\x{:02x}", c as u32)?,
            c if (c as u32) < 0x10000 => write!(out, "\\u{:04x}", c as u32)?,
            c => write!(out, "\\U{:08x}", c as u32)?,
        }
    }
    out.write_char(quote)
}

/// `str.isprintable` of a character that is not ASCII: Rust's own `Debug` escapes the same Unicode categories.
fn is_printable(c: char) -> bool {
    // Behind another character, because combining ones are escaped where they come first.
    let mut text = [b'a'; 5];
    let (_, tail) = text.split_at_mut(1);
    let length = 1 + c.encode_utf8(tail).len();
    let text = text.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or("");
    text.escape_debug().count() == 2
}

/// Writes `repr()` of bytes: `b'…'`.
pub fn write_bytes_repr(out: &mut dyn Write, bytes: &[u8]) -> fmt::Result {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { b'"' } else { b'\'' };
    write!(out, "b{}", quote as char)?;
    for &b in bytes {
        match b {
            b'\\' => out.write_str("\\\\")?,
            b'\n' => out.write_str("\\n")?,
            b'\r' => out.write_str("\\r")?,
            b'\t' => out.write_str("\\t")?,
            b if b == quote => write!(out, "\\{}", b as char)?,
            b' '..=b'~' => out.write_char(b as char)?,
            b => write!(out, "\\x{b:02x}")?,
        }
    }
    out.write_char(quote as char)
}

fn write_datetime_repr(out: &mut dyn Write, value: &DateTime) -> fmt::Result {
    use chrono::{Datelike, Timelike};
    match value {
        DateTime::Date(d) => write!(out, "datetime.date({}, {}, {})", d.year(), d.month(), d.day()),
        DateTime::Time(t, offset) => {
            write!(
                out,
                "datetime.datetime({}, {}, {}, {}, {}",
                t.year(),
                t.month(),
                t.day(),
                t.hour(),
                t.minute()
            )?;
            let micros = t.and_utc().timestamp_subsec_micros();
            if t.second() != 0 || micros != 0 {
                write!(out, ", {}", t.second())?;
            }
            if micros != 0 {
                write!(out, ", {micros}")?;
            }
            match offset {
                Some(FixedOffsetKey(0)) => out.write_str(", tzinfo=datetime.timezone.utc)"),
                Some(FixedOffsetKey(s)) if *s < 0 => write!(
                    out,
                    ", tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds={})))",
                    s + 86_400
                ),
                Some(FixedOffsetKey(s)) => {
                    write!(out, ", tzinfo=datetime.timezone(datetime.timedelta(seconds={s})))")
                }
                None => out.write_char(')'),
            }
        }
    }
}

/// What `str.splitlines` takes for the end of a line.
fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What `str.strip` and `str.isspace` take for white space.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

/// `str.splitlines(keepends=True)`.
pub fn split_lines_keeping_ends(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.char_indices().find(|(_, c)| is_line_end(*c)).map_or(rest.len(), |(at, c)| {
            at + if rest.get(at..).is_some_and(|r| r.starts_with("\r\n")) { 2 } else { c.len_utf8() }
        });
        let (line, after) = rest.split_at(end);
        rest = after;
        Some(line)
    })
}

/// `str.splitlines()`.
pub fn split_lines(text: &str) -> impl Iterator<Item = &str> {
    split_lines_keeping_ends(text).map(|line| {
        let bare = line.strip_suffix("\r\n").or_else(|| line.strip_suffix(is_line_end));
        bare.unwrap_or(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repr(v: impl Into<Value>) -> String {
        format!("{:?}", v.into())
    }

    #[test]
    fn floats_print_as_python_prints_them() {
        for (f, text) in [
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e16, "1e+16"),
            (1e15, "1000000000000000.0"),
            (1.5e-5, "1.5e-05"),
            (0.0001, "0.0001"),
            (-0.0, "-0.0"),
            (1e300, "1e+300"),
            (f64::INFINITY, "inf"),
            (2_590_733_037_108_745.0 / 4.0, "647683259277186.2"),
            (2_227_749_343_041_921.0 / 8.0, "278468667880240.12"),
            (9_999_999_999_999_998.0, "9999999999999998.0"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1.234_567_890_123_456_7e-5, "1.2345678901234568e-05"),
        ] {
            assert_eq!(repr(f), text);
        }
    }

    #[test]
    fn strings_choose_their_quotes() {
        assert_eq!(repr("a"), "'a'");
        assert_eq!(repr("it's"), "\"it's\"");
        assert_eq!(repr("it's \"x\""), "'it\\'s \"x\"'");
        assert_eq!(repr("a\n\t\\\u{7f}é\u{200b}"), "'a\\n\\t\\\\\\x7fé\\u200b'");
    }

    #[test]
    fn containers_nest() {
        let d = Dict::new().with("a", vec![Value::Int(1), Value::None]).with(2, true);
        assert_eq!(repr(d), "{'a': [1, None], 2: True}");
    }
}
