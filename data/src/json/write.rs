//! Values to JSON.

use std::fmt::Write;

use crate::Value;

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
        Value::Int(i) => crate::python::push_int(out, *i),
        Value::BigInt(_) | Value::Float(_) => write_number(out, value),
        Value::Str(s) => write_str(out, s, options.ensure_ascii),
        // As `default=repr`, which is how Salt dumps what JSON has no form for.
        Value::Bytes(_) | Value::DateTime(_) => write_str(out, &format!("{value:?}"), options.ensure_ascii),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                next_item(out, i, options, depth);
                write(out, item, options, depth + 1);
            }
            close(out, ']', items.len(), options, depth);
        }
        Value::Dict(d) => {
            out.push('{');
            if options.sort_keys {
                let mut entries: Vec<(&Value, &Value)> = d.iter().collect();
                if entries.iter().all(|(k, _)| k.as_str().is_some())
                    || entries.iter().all(|(k, _)| k.as_f64().is_some())
                {
                    crate::yaml::sort_keys(&mut entries);
                } else {
                    entries.sort_by_cached_key(|(key, _)| key_text(key));
                }
                write_entries(out, entries.into_iter(), options, depth);
            } else {
                write_entries(out, d.iter(), options, depth);
            }
            close(out, '}', d.len(), options, depth);
        }
    }
}

fn write_entries<'v>(
    out: &mut String,
    entries: impl Iterator<Item = (&'v Value, &'v Value)>,
    options: DumpOptions,
    depth: usize,
) {
    for (i, (key, value)) in entries.enumerate() {
        next_item(out, i, options, depth);
        match key {
            Value::Str(text) => write_str(out, text, options.ensure_ascii),
            other => write_str(out, &key_text(other), options.ensure_ascii),
        }
        out.push_str(": ");
        write(out, value, options, depth + 1);
    }
}

fn next_item(out: &mut String, index: usize, options: DumpOptions, depth: usize) {
    match (options.indent, index) {
        (None, 0) => {}
        (None, _) => out.push_str(", "),
        (Some(spaces), 0) => new_line(out, "\n", spaces * (depth + 1)),
        (Some(spaces), _) => new_line(out, ",\n", spaces * (depth + 1)),
    }
}

fn close(out: &mut String, bracket: char, length: usize, options: DumpOptions, depth: usize) {
    if let (1.., Some(spaces)) = (length, options.indent) {
        new_line(out, "\n", spaces * depth);
    }
    out.push(bracket);
}

fn new_line(out: &mut String, end: &str, mut indent: usize) {
    const BLANKS: &str = "                                                                ";
    out.push_str(end);
    while indent > 0 {
        let run = BLANKS.get(..indent).unwrap_or(BLANKS);
        out.push_str(run);
        indent -= run.len();
    }
}

/// The text of a key, as Python turns scalar keys into text.
fn key_text(key: &Value) -> String {
    match key {
        Value::None => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Float(_) => {
            let mut out = String::new();
            write_number(&mut out, key);
            out
        }
        Value::Bytes(b) => String::from_utf8_lossy(b).into_owned(),
        other => other.to_string(),
    }
}

fn write_number(out: &mut String, value: &Value) {
    match value {
        Value::Float(f) if f.is_nan() => out.push_str("NaN"),
        Value::Float(f) if f.is_infinite() => out.push_str(if *f > 0.0 { "Infinity" } else { "-Infinity" }),
        other => {
            // Writing to a String cannot fail.
            let _ = write!(out, "{other}");
        }
    }
}

/// Whether none of the bytes needs an escape; eight are looked at in one step
/// (<https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord>).
fn is_plain(bytes: &[u8]) -> bool {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const TOP: u64 = EACH * 0x80;
    let has_zero = |word: u64| word.wrapping_sub(EACH) & !word & TOP;
    let (words, rest) = bytes.as_chunks::<8>();
    let mut odd = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        odd |= word.wrapping_sub(EACH * 0x20) & !word & TOP;
        odd |= has_zero(word ^ (EACH * u64::from(b'"'))) | has_zero(word ^ (EACH * u64::from(b'\\')));
    }
    odd == 0 && rest.iter().all(|b| !matches!(b, 0..b' ' | b'"' | b'\\'))
}

/// Writes a text in quotes.
pub fn write_str(out: &mut String, text: &str, ensure_ascii: bool) {
    out.reserve(text.len() + 2);
    out.push('"');
    if is_plain(text.as_bytes()) && !(ensure_ascii && text.bytes().any(|b| b >= 0x7f)) {
        out.push_str(text);
        out.push('"');
        return;
    }
    let plain = |b: u8| b >= b' ' && b != b'"' && b != b'\\' && !(ensure_ascii && b >= 0x7f);
    let mut rest = text;
    // What needs no escape goes over in runs.
    while let Some(at) = rest.bytes().position(|b| !plain(b)) {
        let (run, tail) = rest.split_at(at);
        out.push_str(run);
        let mut chars = tail.chars();
        if let Some(c) = chars.next() {
            escape(out, c);
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

fn escape(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        c => {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
}
