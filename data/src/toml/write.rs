//! Values to TOML, laid out as Python's `toml` module does it.

use std::fmt::Write;

use crate::{DateTime, Dict, Value};

/// Why a value is no TOML document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a TOML document is a dict, not {0}")]
pub struct NotADict(&'static str);

/// Writes a dict: first its plain entries, then its tables level by level. What is `None` is left out, because
/// TOML has no word for it.
pub fn dump(value: &Value) -> Result<String, NotADict> {
    let Value::Dict(root) = value else { return Err(NotADict(value.type_name())) };
    let mut out = String::new();
    let mut level = section(&mut out, root, "");
    while !level.is_empty() {
        let mut next = Vec::new();
        for (name, dict) in level {
            let mut body = String::new();
            let inner = section(&mut body, dict, &name);
            if !body.is_empty() || inner.is_empty() {
                if !out.is_empty() && !out.ends_with("\n\n") {
                    out.push('\n');
                }
                // Writing to a String cannot fail.
                let _ = write!(out, "[{name}]\n{body}");
            }
            next.extend(inner);
        }
        level = next;
    }
    Ok(out)
}

/// The entries of one table; its tables come back with their full names.
fn section<'v>(out: &mut String, dict: &'v Dict, name: &str) -> Vec<(String, &'v Dict)> {
    let mut tables = Vec::new();
    let mut arrays = String::new();
    for (key, value) in dict.iter() {
        let key = key_text(key);
        let full = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
        match value {
            Value::None => {}
            Value::Dict(inner) => tables.push((full, &**inner)),
            Value::List(items) if !items.is_empty() && items.iter().all(|i| matches!(i, Value::Dict(_))) => {
                for item in items.iter().filter_map(Value::as_dict) {
                    array_item(&mut arrays, item, &full);
                }
            }
            other => {
                let _ = write!(out, "{key} = ");
                scalar(out, other);
                out.push('\n');
            }
        }
    }
    out.push_str(&arrays);
    tables
}

fn array_item(out: &mut String, dict: &Dict, name: &str) {
    let _ = writeln!(out, "[[{name}]]");
    let mut level = section(out, dict, name);
    out.push('\n');
    while !level.is_empty() {
        let mut next = Vec::new();
        for (name, dict) in level {
            let mut body = String::new();
            let inner = section(&mut body, dict, &name);
            if !body.is_empty() || inner.is_empty() {
                let _ = write!(out, "[{name}]\n{body}");
            }
            next.extend(inner);
        }
        level = next;
    }
}

fn key_text(key: &Value) -> String {
    let text = key.to_string();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')) {
        return text;
    }
    let mut out = String::new();
    string(&mut out, &text);
    out
}

fn scalar(out: &mut String, value: &Value) {
    match value {
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(_) | Value::BigInt(_) => {
            let _ = write!(out, "{value}");
        }
        Value::Float(_) => {
            out.push_str(&value.to_string().replace("e+0", "e+").replace("e-0", "e-"));
        }
        Value::DateTime(d) => {
            let text = d.to_string();
            out.push_str(&match **d {
                DateTime::Date(_) => text,
                DateTime::Time(..) => text.replacen(' ', "T", 1).replace("+00:00", "Z"),
            });
        }
        Value::List(items) => {
            out.push('[');
            for item in items.iter() {
                out.push(' ');
                scalar(out, item);
                out.push(',');
            }
            out.push(']');
        }
        Value::Dict(dict) => {
            out.push('{');
            let mut between = " ";
            for (key, item) in dict.iter().filter(|(_, item)| !item.is_none()) {
                let _ = write!(out, "{between}{} = ", key_text(key));
                scalar(out, item);
                between = ", ";
            }
            out.push_str(" }");
        }
        Value::None | Value::Str(_) | Value::Bytes(_) => string(out, &value.to_string()),
    }
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' || c == '\u{7f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
