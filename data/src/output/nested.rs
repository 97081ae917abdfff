//! `nested`: keys and values, each level four spaces deeper.

use std::borrow::Cow;
use std::fmt::Write;

use super::color::Colors;
use super::{Options, strip_escapes};
use crate::python::split_lines;
use crate::{Dict, Value};

pub(super) fn output(value: &Value, options: &Options) -> String {
    let mut nested = Nested {
        out: String::new(),
        colors: Colors::new(options.color),
        strip: options.strip_colors,
        failed: options.retcode != 0,
    };
    nested.show(value, options.nested_indent, "");
    nested.out
}

struct Nested {
    out: String,
    colors: Colors,
    strip: bool,
    failed: bool,
}

impl Nested {
    fn line(&mut self, indent: usize, color: &str, prefix: &str, text: &str, suffix: &str) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        // Writing to a String cannot fail.
        let _ = write!(self.out, "{:indent$}{color}{prefix}{text}{}{suffix}", "", self.colors.end);
    }

    fn or_red(&self, color: &'static str) -> &'static str {
        if self.failed { self.colors.red } else { color }
    }

    fn show(&mut self, value: &Value, indent: usize, prefix: &str) {
        match value {
            Value::None | Value::Bool(_) | Value::Int(_) | Value::BigInt(_) | Value::Float(_) => {
                self.line(indent, self.colors.light_yellow, prefix, &value.to_string(), "");
            }
            Value::Str(s) => self.text(s, indent, prefix),
            Value::Bytes(b) => {
                if let Ok(s) = std::str::from_utf8(b) {
                    self.text(s, indent, prefix);
                }
            }
            // Salt's nested shows nothing for these; a date is worth showing.
            Value::DateTime(d) => self.text(&d.to_string(), indent, prefix),
            Value::List(items) => {
                for item in items.iter() {
                    match item {
                        Value::List(_) | Value::Dict(_) => {
                            self.line(indent, self.or_red(self.colors.green), "", "|_", "");
                            let prefix = if matches!(item, Value::Dict(_)) { "" } else { "- " };
                            self.show(item, indent + 2, prefix);
                        }
                        _ => self.show(item, indent, "- "),
                    }
                }
            }
            Value::Dict(dict) => {
                let color = self.or_red(self.colors.cyan);
                if indent > 0 {
                    self.line(indent, color, "", "----------", "");
                }
                for (key, item) in sorted(dict) {
                    self.line(indent, color, prefix, &key, ":");
                    self.show(item, indent + 4, "");
                }
            }
        }
    }

    fn text(&mut self, text: &str, indent: usize, prefix: &str) {
        let green = self.colors.green;
        let spaces = " ".repeat(prefix.len());
        for (i, line) in split_lines(text).enumerate() {
            let line = if self.strip && line.contains('\u{1b}') {
                Cow::Owned(strip_escapes(line))
            } else {
                Cow::Borrowed(line)
            };
            self.line(indent, green, if i == 0 { prefix } else { &spaces }, &line, "");
        }
    }
}

/// Entries in order of their keys: as Python sorts them, or by their text where it cannot compare them.
fn sorted(dict: &Dict) -> Vec<(Cow<'_, str>, &Value)> {
    let mut entries: Vec<(&Value, &Value)> = dict.iter().collect();
    let show = |key: &Value| key.to_string();
    if entries.iter().all(|(k, _)| k.as_str().is_some()) {
        let mut out: Vec<(Cow<'_, str>, &Value)> =
            entries.into_iter().map(|(k, v)| (Cow::Borrowed(k.as_str().unwrap_or("")), v)).collect();
        out.sort_by(|a, b| a.0.cmp(&b.0));
        return out;
    }
    if entries.iter().all(|(k, _)| k.as_f64().is_some()) {
        crate::yaml::sort_keys(&mut entries);
        return entries.into_iter().map(|(k, v)| (Cow::Owned(show(k)), v)).collect();
    }
    // Keys that look the same become one: the last wins, at the place of the first.
    let mut by_text: indexmap::IndexMap<String, &Value> = indexmap::IndexMap::new();
    for (key, value) in entries {
        by_text.insert(show(key), value);
    }
    let mut out: Vec<(Cow<'_, str>, &Value)> = by_text.into_iter().map(|(k, v)| (Cow::Owned(k), v)).collect();
    out.sort_by(|a, b| a.0.cmp(&b.0));
    out
}
