//! Strings, numbers, dates.

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use num_bigint::BigInt;

use super::Error;
use super::read::{Reader, is_control};
use crate::{DateTime, FixedOffsetKey, Value};

impl Reader<'_> {
    pub(super) fn scalar(&mut self) -> Result<Value, Error> {
        match self.peek() {
            Some('"') => if self.skip_if("\"\"\"") { self.long('"') } else { self.basic() }.map(Value::from),
            Some('\'') => if self.skip_if("'''") { self.long('\'') } else { self.literal() }.map(Value::from),
            _ if self.skip_if("true") => Ok(Value::Bool(true)),
            _ if self.skip_if("false") => Ok(Value::Bool(false)),
            Some('0'..='9' | '+' | '-') => {
                if let Some(value) = self.date()? {
                    return Ok(value);
                }
                if let Some((time, n)) = time(self.rest()) {
                    self.at += n;
                    return Ok(Value::from(time.to_string()));
                }
                self.number()
            }
            _ => self.special(),
        }
    }

    /// `'…'`
    pub(super) fn literal(&mut self) -> Result<String, Error> {
        self.at += 1;
        let text = self.skip_while(|c| c != '\'' && (c == '\t' || !is_control(c))).to_owned();
        self.end_of_literal("'")?;
        Ok(text)
    }

    fn end_of_literal(&mut self, end: &str) -> Result<(), Error> {
        if self.skip_if(end) {
            return Ok(());
        }
        Err(self.error(match self.peek() {
            None => format!("Expected {:?}", Value::from(end)),
            Some(c) => format!("Found invalid character {:?}", Value::from(c.to_string())),
        }))
    }

    /// `"…"`
    pub(super) fn basic(&mut self) -> Result<String, Error> {
        self.at += 1;
        let mut out = String::new();
        loop {
            out.push_str(self.skip_while(|c| !matches!(c, '"' | '\\') && (c == '\t' || !is_control(c))));
            match self.peek() {
                Some('"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some('\\') => out.push(self.escape()?),
                other => return Err(self.illegal(other)),
            }
        }
    }

    fn illegal(&self, c: Option<char>) -> Error {
        self.error(match c {
            Some(c) => format!("Illegal character {:?}", Value::from(c.to_string())),
            None => "Unterminated string".to_owned(),
        })
    }

    /// `"""…"""` or `'''…'''`, behind the opening quotes. Up to two more quotes at the end belong to the text.
    fn long(&mut self, quote: char) -> Result<String, Error> {
        self.skip_if("\n");
        let end = if quote == '"' { "\"\"\"" } else { "'''" };
        let mut out = String::new();
        loop {
            let plain = |c: char| {
                c != quote && (c != '\\' || quote == '\'') && (matches!(c, '\t' | '\n') || !is_control(c))
            };
            out.push_str(self.skip_while(plain));
            if self.skip_if(end) {
                for _ in 0..2 {
                    if self.peek() == Some(quote) {
                        self.at += 1;
                        out.push(quote);
                    }
                }
                return Ok(out);
            }
            match self.peek() {
                Some(c) if c == quote => {
                    self.at += 1;
                    out.push(c);
                }
                Some('\\') => {
                    if !self.line_goes_on()? {
                        out.push(self.escape()?);
                    }
                }
                other if quote == '"' => return Err(self.illegal(other)),
                _ => return self.end_of_literal(end).map(|()| out),
            }
        }
    }

    /// A backslash at the end of a line takes all white space behind it along.
    fn line_goes_on(&mut self) -> Result<bool, Error> {
        let after = self.rest().get(1..).unwrap_or("");
        if !after.starts_with([' ', '\t', '\n']) {
            return Ok(false);
        }
        self.at += 1;
        self.blanks();
        if self.peek().is_some_and(|c| c != '\n') {
            return Err(self.error("Unescaped '\\' in a string"));
        }
        self.skip_while(|c| matches!(c, ' ' | '\t' | '\n'));
        Ok(true)
    }

    fn escape(&mut self) -> Result<char, Error> {
        self.at += 1;
        let kind = self.peek();
        self.at += kind.map_or(0, char::len_utf8);
        let digits = match kind {
            Some('b') => return Ok('\u{8}'),
            Some('t') => return Ok('\t'),
            Some('n') => return Ok('\n'),
            Some('f') => return Ok('\u{c}'),
            Some('r') => return Ok('\r'),
            Some(c @ ('"' | '\\')) => return Ok(c),
            Some('u') => 4,
            Some('U') => 8,
            _ => return Err(self.error("Unescaped '\\' in a string")),
        };
        let hex = self.rest().get(..digits).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        let hex = hex.ok_or_else(|| self.error("Invalid hex value"))?;
        self.at += digits;
        u32::from_str_radix(hex, 16)
            .ok()
            .and_then(char::from_u32)
            .ok_or_else(|| self.error("Escaped character is not a Unicode scalar value"))
    }

    /// A date, with a time or without.
    fn date(&mut self) -> Result<Option<Value>, Error> {
        let rest = self.rest();
        let Some(([year, month, day], mut n)) = fields(rest, [4, 2, 2], b'-') else { return Ok(None) };
        let invalid = || self.error("Invalid date or datetime");
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).unwrap_or(0), month, day).filter(|_| year > 0);
        let clock =
            rest.get(n..).and_then(|t| t.strip_prefix(['T', 't', ' '])).filter(|t| looks_like_time(t));
        let Some(clock) = clock else {
            let date = date.ok_or_else(invalid)?;
            self.at += n;
            return Ok(Some(DateTime::Date(date).into()));
        };
        let (time, length) = time(clock).ok_or_else(invalid)?;
        n += 1 + length;
        let mut zone = None;
        let after = rest.get(n..).unwrap_or("");
        if after.starts_with(['Z', 'z']) {
            n += 1;
            zone = Some(FixedOffsetKey(0));
        } else if let Some(sign) = after.chars().next().filter(|c| matches!(c, '+' | '-'))
            && let Some(([hours, minutes], length)) = fields(after.get(1..).unwrap_or(""), [2, 2], b':')
            && hours < 24
            && minutes < 60
        {
            let seconds = i32::try_from(hours * 3600 + minutes * 60).unwrap_or(0);
            n += 1 + length;
            zone = Some(FixedOffsetKey(if sign == '-' { -seconds } else { seconds }));
        }
        let date = date.ok_or_else(invalid)?;
        self.at += n;
        Ok(Some(DateTime::Time(date.and_time(time), zone).into()))
    }

    fn number(&mut self) -> Result<Value, Error> {
        let rest = self.rest();
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
            if let Some(n) = rest.strip_prefix(prefix).and_then(|t| digits(t, radix)) {
                let text = rest.get(2..2 + n).unwrap_or("").replace('_', "");
                self.at += 2 + n;
                return Ok(Value::from(BigInt::parse_bytes(text.as_bytes(), radix).unwrap_or_default()));
            }
        }
        let sign = usize::from(rest.starts_with(['+', '-']));
        let unsigned = rest.get(sign..).unwrap_or("");
        let Some(whole) = (if unsigned.starts_with('0') { Some(1) } else { digits(unsigned, 10) }) else {
            return self.special();
        };
        let mut n = sign + whole;
        let mut float = false;
        if let Some(length) = rest.get(n..).and_then(|t| t.strip_prefix('.')).and_then(|t| digits(t, 10)) {
            n += 1 + length;
            float = true;
        }
        if let Some(exponent) = rest.get(n..).and_then(|t| t.strip_prefix(['e', 'E'])) {
            let sign = usize::from(exponent.starts_with(['+', '-']));
            if let Some(length) = exponent.get(sign..).and_then(|t| digits(t, 10)) {
                n += 1 + sign + length;
                float = true;
            }
        }
        let text = rest.get(..n).unwrap_or("").replace('_', "");
        self.at += n;
        Ok(if float {
            Value::Float(text.parse().unwrap_or(f64::NAN))
        } else {
            let unsigned = text.strip_prefix('+').unwrap_or(&text);
            Value::from(BigInt::parse_bytes(unsigned.as_bytes(), 10).unwrap_or_default())
        })
    }

    fn special(&mut self) -> Result<Value, Error> {
        for (word, value) in [
            ("inf", f64::INFINITY),
            ("+inf", f64::INFINITY),
            ("-inf", f64::NEG_INFINITY),
            ("nan", f64::NAN),
            ("+nan", f64::NAN),
            ("-nan", f64::NAN),
        ] {
            if self.skip_if(word) {
                return Ok(Value::Float(value));
            }
        }
        Err(self.error("Invalid value"))
    }
}

/// How long a run of digits is; each `_` in it stands between two of them.
fn digits(text: &str, radix: u32) -> Option<usize> {
    let b = text.as_bytes();
    let is_digit = |i: usize| b.get(i).is_some_and(|b| char::from(*b).is_digit(radix));
    let mut n = 0;
    while is_digit(n) || (n > 0 && b.get(n) == Some(&b'_') && is_digit(n + 1)) {
        n += 1;
    }
    (n > 0).then_some(n)
}

/// Numbers of exactly so many digits, and how long all of it is.
fn fields<const N: usize>(text: &str, widths: [usize; N], between: u8) -> Option<([u32; N], usize)> {
    let mut out = [0; N];
    let mut at = 0;
    for (i, (slot, width)) in out.iter_mut().zip(widths).enumerate() {
        if i > 0 {
            (text.as_bytes().get(at) == Some(&between)).then_some(())?;
            at += 1;
        }
        let number = text.get(at..at + width).filter(|t| t.bytes().all(|b| b.is_ascii_digit()))?;
        *slot = number.parse().ok()?;
        at += width;
    }
    Some((out, at))
}

fn looks_like_time(text: &str) -> bool {
    fields(text, [2, 2, 2], b':')
        .is_some_and(|([hour, minute, second], _)| hour < 24 && minute < 60 && second < 60)
}

/// `HH:MM:SS`, with a fraction or without, and how long it is.
fn time(text: &str) -> Option<(NaiveTime, usize)> {
    let ([hour, minute, second], mut n) = fields(text, [2, 2, 2], b':')?;
    let mut time = NaiveTime::from_hms_opt(hour, minute, second)?;
    let fraction = text.get(n..).and_then(|t| t.strip_prefix('.')).unwrap_or("");
    let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
    if length > 0 {
        let micros: i64 = format!("{:0<6}", fraction.get(..length.min(6)).unwrap_or("")).parse().ok()?;
        time = time.overflowing_add_signed(TimeDelta::microseconds(micros)).0;
        n += 1 + length;
    }
    Some((time, n))
}
