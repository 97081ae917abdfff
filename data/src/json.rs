//! JSON as Python's `json` module reads and writes it: order kept, big integers exact, `NaN` allowed.

use std::fmt::Write;

use num_bigint::BigInt;

use crate::{Dict, Value};

/// How deep lists and dicts may nest in a document.
pub const MAX_DEPTH: usize = 256;

/// Why a text is not JSON; the message and the place are those of Python's `json.JSONDecodeError`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}: line {line} column {column} (char {offset})")]
pub struct Error {
    /// What is wrong.
    pub problem: &'static str,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Offset in characters, from 0.
    pub offset: usize,
}

/// Reads one JSON document.
pub fn load(text: &str) -> Result<Value, Error> {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0 };
    reader.blanks();
    let value = reader.value(0)?;
    reader.blanks();
    if reader.at < text.len() { Err(reader.error("Extra data", reader.at)) } else { Ok(value) }
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
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

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
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
            Some(b'"') => Ok(Value::from(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
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
        self.blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::from(items));
        }
        loop {
            self.blanks();
            items.push(self.value(depth + 1)?);
            self.blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
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
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(dict.into());
        }
        loop {
            self.blanks();
            if self.peek() != Some(b'"') {
                return Err(self.error("Expecting property name enclosed in double quotes", self.at));
            }
            let key = self.string()?;
            self.blanks();
            if self.peek() != Some(b':') {
                return Err(self.error("Expecting ':' delimiter", self.at));
            }
            self.at += 1;
            self.blanks();
            let value = self.value(depth + 1)?;
            dict.insert(key, value);
            self.blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(dict.into());
                }
                _ => return Err(self.error("Expecting ',' delimiter", self.at)),
            }
        }
    }

    fn number(&mut self) -> Result<Value, Error> {
        let start = self.at;
        if self.word("-Infinity") {
            return Ok(Value::Float(f64::NEG_INFINITY));
        }
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err(self.error("Expecting value", start)),
        }
        let mut float = false;
        if self.peek() == Some(b'.') && self.bytes.get(self.at + 1).is_some_and(u8::is_ascii_digit) {
            float = true;
            self.at += 1;
            self.digits();
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.bytes.get(self.at + 1), Some(b'+' | b'-')));
            if self.bytes.get(self.at + 1 + sign).is_some_and(u8::is_ascii_digit) {
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

    fn digits(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn string(&mut self) -> Result<String, Error> {
        let begin = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            while self.peek().is_some_and(|b| b != b'"' && b != b'\\' && b >= 0x20) {
                self.at += 1;
            }
            out.push_str(self.text.get(start..self.at).unwrap_or(""));
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => out.push(self.escape(begin)?),
                Some(_) => return Err(self.error("Invalid control character at", self.at)),
                None => return Err(self.error("Unterminated string starting at", begin)),
            }
        }
    }

    fn escape(&mut self, begin: usize) -> Result<char, Error> {
        let at = self.at;
        self.at += 2;
        Ok(match self.bytes.get(at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(at),
            Some(_) => return Err(self.error("Invalid \\escape", at)),
            None => return Err(self.error("Unterminated string starting at", begin)),
        })
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

/// How [`write`] writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DumpOptions {
    /// Spaces per level; none puts all on one line.
    pub indent: Option<usize>,
    /// Keys in order of their text.
    pub sort_keys: bool,
    /// Everything that is not ASCII as `\uXXXX`.
    pub ensure_ascii: bool,
}

/// `json.dumps(value, indent=…, sort_keys=…)`, with non-ASCII text as it is.
pub fn dump(value: &Value, indent: Option<usize>, sort_keys: bool) -> String {
    dump_with(value, DumpOptions { indent, sort_keys, ensure_ascii: false })
}

/// `json.dumps` with every option.
pub fn dump_with(value: &Value, options: DumpOptions) -> String {
    let mut out = String::new();
    write(&mut out, value, options, 0);
    out
}

fn write(out: &mut String, value: &Value, options: DumpOptions, depth: usize) {
    match value {
        Value::None => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(_) | Value::BigInt(_) | Value::Float(_) => out.push_str(&number_text(value)),
        Value::Str(s) => write_str(out, s, options.ensure_ascii),
        // As `default=repr`, which is how Salt dumps what JSON has no form for.
        Value::Bytes(_) | Value::DateTime(_) => write_str(out, &format!("{value:?}"), options.ensure_ascii),
        Value::List(items) => {
            let parts = items.iter().map(|v| (None, v)).collect();
            write_items(out, ('[', ']'), parts, options, depth);
        }
        Value::Dict(d) => {
            let mut parts: Vec<(Option<String>, &Value)> =
                d.iter().map(|(k, v)| (Some(key_text(k)), v)).collect();
            if options.sort_keys {
                parts.sort_by(|a, b| a.0.cmp(&b.0));
            }
            write_items(out, ('{', '}'), parts, options, depth);
        }
    }
}

fn write_items(
    out: &mut String,
    (open, close): (char, char),
    parts: Vec<(Option<String>, &Value)>,
    options: DumpOptions,
    depth: usize,
) {
    out.push(open);
    let last = parts.len();
    for (i, (key, value)) in parts.into_iter().enumerate() {
        if i > 0 {
            out.push_str(if options.indent.is_some() { "," } else { ", " });
        }
        new_line(out, options.indent, depth + 1);
        if let Some(key) = key {
            write_str(out, &key, options.ensure_ascii);
            out.push_str(": ");
        }
        write(out, value, options, depth + 1);
    }
    if last > 0 {
        new_line(out, options.indent, depth);
    }
    out.push(close);
}

fn new_line(out: &mut String, indent: Option<usize>, depth: usize) {
    if let Some(spaces) = indent {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', spaces * depth));
    }
}

/// The text of a key, as Python turns scalar keys into text.
fn key_text(key: &Value) -> String {
    match key {
        Value::None => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Float(_) => number_text(key),
        Value::Bytes(b) => String::from_utf8_lossy(b).into_owned(),
        other => other.to_string(),
    }
}

fn number_text(value: &Value) -> String {
    match value {
        Value::Float(f) if f.is_nan() => "NaN".to_owned(),
        Value::Float(f) if f.is_infinite() => if *f > 0.0 { "Infinity" } else { "-Infinity" }.to_owned(),
        other => other.to_string(),
    }
}

fn write_str(out: &mut String, text: &str, ensure_ascii: bool) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c < ' ' || (ensure_ascii && !c.is_ascii()) => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            '\u{7f}' if ensure_ascii => out.push(c),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_python_reads() {
        let text = r#" {"a": [1, -2.5e3, 1E400, true, null, "\u00e9\ud83d\ude00\n"], "b": {}, "a2": 123456789012345678901} "#;
        let value = load(text).unwrap();
        assert_eq!(
            format!("{value:?}"),
            "{'a': [1, -2500.0, inf, True, None, 'é😀\\n'], 'b': {}, 'a2': 123456789012345678901}"
        );
    }

    #[test]
    fn errors_say_what_python_says() {
        for (text, message) in [
            ("", "Expecting value: line 1 column 1 (char 0)"),
            ("[1,]", "Expecting value: line 1 column 4 (char 3)"),
            (
                "{\"a\": 1,\n 'b'}",
                "Expecting property name enclosed in double quotes: line 2 column 2 (char 10)",
            ),
            ("{\"a\" 1}", "Expecting ':' delimiter: line 1 column 6 (char 5)"),
            ("[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)"),
            ("1 x", "Extra data: line 1 column 3 (char 2)"),
            ("\"abc", "Unterminated string starting at: line 1 column 1 (char 0)"),
            ("\"a\tb\"", "Invalid control character at: line 1 column 3 (char 2)"),
            ("\"\\q\"", "Invalid \\escape: line 1 column 2 (char 1)"),
        ] {
            assert_eq!(load(text).unwrap_err().to_string(), message, "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        assert_eq!(load(&"[".repeat(100_000)).unwrap_err().problem, "Nested too deeply");
    }

    #[test]
    fn writes_what_python_writes() {
        let value = load(r#"{"b": [1, 2.0, []], "a": {"x": null, "é": {}}}"#).unwrap();
        assert_eq!(dump(&value, None, false), r#"{"b": [1, 2.0, []], "a": {"x": null, "é": {}}}"#);
        assert_eq!(
            dump(&value, Some(4), true),
            "{\n    \"a\": {\n        \"x\": null,\n        \"é\": {}\n    },\n    \"b\": [\n        1,\n        2.0,\n        []\n    ]\n}"
        );
        let ascii = DumpOptions { ensure_ascii: true, ..Default::default() };
        assert_eq!(dump_with(&Value::from("é😀\u{1}"), ascii), r#""\u00e9\ud83d\ude00\u0001""#);
    }
}
