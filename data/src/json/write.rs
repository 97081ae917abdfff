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
