//! JSON to values, and JSON5, which is JSON for people.

use std::borrow::Cow;

use num_bigint::BigInt;

use super::{Error, MAX_DEPTH};
use crate::{Dict, Value};

/// Which of the two is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Json,
    Json5,
}

/// Reads one document.
pub(super) fn load(text: &str, dialect: Dialect) -> Result<Value, Error> {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, json5: dialect == Dialect::Json5 };
    reader.blanks()?;
    let value = reader.value(0)?;
    reader.blanks()?;
    if reader.at < text.len() { Err(reader.error("Extra data", reader.at)) } else { Ok(value) }
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    json5: bool,
}

impl<'a> Reader<'a> {
    fn error(&self, problem: &'static str, at: usize) -> Error {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        Error {
            problem,
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or("").chars().count() + 1,
            offset: before.chars().count(),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Steps over white space, of which there is little.
    #[inline]
    fn blanks(&mut self) -> Result<(), Error> {
        match self.peek() {
            Some(b'!'..=b'~') if !self.json5 => Ok(()),
            _ => self.skip_blanks(),
        }
    }

    fn skip_blanks(&mut self) -> Result<(), Error> {
        loop {
            while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
                self.at += 1;
            }
            if !(self.json5 && self.more_blanks()?) {
                return Ok(());
            }
        }
    }

    /// Steps over a comment or over white space that only JSON5 has.
    fn more_blanks(&mut self) -> Result<bool, Error> {
        let rest = self.text.get(self.at..).unwrap_or("");
        let length = if rest.starts_with("//") {
            rest.find(['\n', '\r', '\u{2028}', '\u{2029}']).unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").ok_or_else(|| self.error("Unterminated comment starting at", self.at))? + 2
        } else {
            let blank = rest.chars().next().filter(|c| c.is_whitespace() || *c == '\u{feff}');
            blank.map_or(0, char::len_utf8)
        };
        self.at += length;
        Ok(length > 0)
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes()));
        if found {
            self.at += word.len();
        }
        found
    }

    fn value(&mut self, depth: usize) -> Result<Value, Error> {
        let expecting = "Expecting value";
        match self.peek() {
            Some(b'{' | b'[') if depth >= MAX_DEPTH => Err(self.error("Nested too deeply", self.at)),
            Some(b'{') => self.dict(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.string().map(Value::from),
            Some(b'\'') if self.json5 => self.string().map(Value::from),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'+' | b'.') if self.json5 => self.number(),
            _ if self.word("null") => Ok(Value::None),
            _ if self.word("true") => Ok(Value::Bool(true)),
            _ if self.word("false") => Ok(Value::Bool(false)),
            _ if self.word("NaN") => Ok(Value::Float(f64::NAN)),
            _ if self.word("Infinity") => Ok(Value::Float(f64::INFINITY)),
            _ => Err(self.error(expecting, self.at)),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, Error> {
        self.at += 1;
        let mut items = Vec::new();
        self.blanks()?;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::from(items));
        }
        loop {
            self.blanks()?;
            items.push(self.value(depth + 1)?);
            self.blanks()?;
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    if self.json5 {
                        self.blanks()?;
                        if self.peek() == Some(b']') {
                            self.at += 1;
                            return Ok(Value::List(items.into()));
                        }
                    }
                }
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::List(items.into()));
                }
                _ => return Err(self.error("Expecting ',' delimiter", self.at)),
            }
        }
    }

    fn dict(&mut self, depth: usize) -> Result<Value, Error> {
        self.at += 1;
        let mut dict = Dict::new();
        self.blanks()?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(dict.into());
        }
        loop {
            self.blanks()?;
            let key = self.key()?;
            self.blanks()?;
            if self.peek() != Some(b':') {
                return Err(self.error("Expecting ':' delimiter", self.at));
            }
            self.at += 1;
            self.blanks()?;
            let value = self.value(depth + 1)?;
            dict.insert(key, value);
            self.blanks()?;
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    if self.json5 {
                        self.blanks()?;
                        if self.peek() == Some(b'}') {
                            self.at += 1;
                            return Ok(dict.into());
                        }
                    }
                }
                Some(b'}') => {
                    self.at += 1;
                    return Ok(dict.into());
                }
                _ => return Err(self.error("Expecting ',' delimiter", self.at)),
            }
        }
    }

    fn key(&mut self) -> Result<Cow<'a, str>, Error> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'\'') if self.json5 => self.string(),
            _ if self.json5 => self.identifier(),
            _ => Err(self.error("Expecting property name enclosed in double quotes", self.at)),
        }
    }

    /// A key without quotes: what ECMAScript calls an identifier.
    fn identifier(&mut self) -> Result<Cow<'a, str>, Error> {
        let start = self.at;
        let mut name = String::new();
        while let Some(c) = self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            let at = self.at;
            let c = match c {
                '\\' if self.bytes.get(at + 1) == Some(&b'u') => {
                    self.at += 2;
                    self.unicode(at)?
                }
                c => {
                    self.at += c.len_utf8();
                    c
                }
            };
            let fits = c.is_alphabetic() || matches!(c, '$' | '_');
            let later = c.is_numeric() || matches!(c, '\u{200c}' | '\u{200d}' | '\u{300}'..='\u{36f}');
            if !(fits || (later && !name.is_empty())) {
                self.at = at;
                break;
            }
            name.push(c);
        }
        if name.is_empty() { Err(self.error("Expecting property name", start)) } else { Ok(name.into()) }
    }

    fn number(&mut self) -> Result<Value, Error> {
        let start = self.at;
        if self.peek() == Some(b'-') || (self.json5 && self.peek() == Some(b'+')) {
            self.at += 1;
        }
        let negative = self.bytes.get(start) == Some(&b'-');
        // JSON has `-Infinity` alone: Python's reader knows no `-NaN`.
        if self.at > start && self.word("Infinity") {
            return Ok(Value::Float(if negative { f64::NEG_INFINITY } else { f64::INFINITY }));
        }
        if self.json5 && self.word("NaN") {
            return Ok(Value::Float(f64::NAN));
        }
        if self.json5 && (self.word("0x") || self.word("0X")) {
            let digits = self.at;
            while self.peek().is_some_and(|b| b.is_ascii_hexdigit()) {
                self.at += 1;
            }
            let number = self.bytes.get(digits..self.at).and_then(|hex| BigInt::parse_bytes(hex, 16));
            let number = number.ok_or_else(|| self.error("Expecting value", start))?;
            return Ok(Value::from(if negative { -number } else { number }));
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            Some(b'.') if self.json5 && self.digit_at(1) => {}
            _ => return Err(self.error("Expecting value", start)),
        }
        let mut float = false;
        if self.peek() == Some(b'.') && (self.json5 || self.digit_at(1)) {
            float = true;
            self.at += 1;
            self.digits();
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.bytes.get(self.at + 1), Some(b'+' | b'-')));
            if self.digit_at(1 + sign) {
                float = true;
                self.at += 1 + sign;
                self.digits();
            }
        }
        let text = self.text.get(start..self.at).unwrap_or("");
        let value = if float {
            text.parse::<f64>().ok().map(Value::Float)
        } else {
            text.parse::<i64>()
                .map(Value::Int)
                .ok()
                .or_else(|| BigInt::parse_bytes(text.as_bytes(), 10).map(Value::from))
        };
        value.ok_or_else(|| self.error("Expecting value", start))
    }

    fn digit_at(&self, ahead: usize) -> bool {
        self.bytes.get(self.at + ahead).is_some_and(u8::is_ascii_digit)
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Error> {
        let begin = self.at;
        let quote = self.peek().unwrap_or(b'"');
        self.at += 1;
        let mut out: Option<String> = None;
        loop {
            let start = self.at;
            let rest = self.bytes.get(start..).unwrap_or(&[]);
            let plain = rest.iter().position(|b| *b == quote || *b == b'\\' || *b < 0x20);
            self.at += plain.unwrap_or(rest.len());
            let piece = self.text.get(start..self.at).unwrap_or("");
            match self.peek() {
                Some(b) if b == quote => {
                    self.at += 1;
                    return Ok(match out {
                        None => Cow::Borrowed(piece),
                        Some(text) => Cow::Owned(text + piece),
                    });
                }
                Some(b'\\') => {
                    let out = out.get_or_insert_default();
                    out.push_str(piece);
                    out.extend(self.escape(begin)?);
                }
                Some(b'\t') if self.json5 => {
                    out.get_or_insert_default().push_str(piece);
                    out.get_or_insert_default().push('\t');
                    self.at += 1;
                }
                Some(_) => return Err(self.error("Invalid control character at", self.at)),
                None => return Err(self.error("Unterminated string starting at", begin)),
            }
        }
    }

    /// None for a line that goes on.
    fn escape(&mut self, begin: usize) -> Result<Option<char>, Error> {
        let at = self.at;
        self.at += 2;
        Ok(Some(match self.bytes.get(at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => self.unicode(at)?,
            None => return Err(self.error("Unterminated string starting at", begin)),
            Some(b'0') if self.json5 && !self.digit_at(0) => '\0',
            Some(b'v') if self.json5 => '\u{b}',
            Some(b'x') if self.json5 => {
                let code =
                    self.text.get(self.at..self.at + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
                self.at += 2;
                char::from(code.ok_or_else(|| self.error("Invalid \\xXX escape", at + 1))?)
            }
            Some(b'\r') if self.json5 && self.bytes.get(at + 2) == Some(&b'\n') => {
                self.at += 1;
                return Ok(None);
            }
            Some(b'0'..=b'9') => return Err(self.error("Invalid \\escape", at)),
            Some(_) if self.json5 => {
                let c = self.text.get(at + 1..).and_then(|rest| rest.chars().next()).unwrap_or('\n');
                self.at = at + 1 + c.len_utf8();
                return Ok(Some(c).filter(|c| !matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}')));
            }
            Some(_) => return Err(self.error("Invalid \\escape", at)),
        }))
    }

    /// `\uXXXX`, or two of them for one character beyond the BMP. A lone surrogate is no text: U+FFFD.
    fn unicode(&mut self, at: usize) -> Result<char, Error> {
        let first = self.hex4(at)?;
        if !(0xD800..0xE000).contains(&first) {
            return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        if first < 0xDC00 && self.bytes.get(self.at..self.at + 2) == Some(b"\\u") {
            let back = self.at;
            self.at += 2;
            let second = self.hex4(back)?;
            if (0xDC00..0xE000).contains(&second) {
                let joined = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                return Ok(char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = back;
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn hex4(&mut self, at: usize) -> Result<u32, Error> {
        let digits = self.text.get(self.at..self.at + 4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = digits.and_then(|d| u32::from_str_radix(d, 16).ok());
        self.at += 4;
        code.ok_or_else(|| self.error("Invalid \\uXXXX escape", at + 1))
    }
}
