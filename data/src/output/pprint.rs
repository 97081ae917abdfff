//! `pprint`: as Python's module of that name lays values out on 80 columns.

use super::Options;
use crate::Value;
use crate::python::{is_space, split_lines_keeping_ends};

const WIDTH: usize = 80;

pub(super) fn output(value: &Value, options: &Options) -> String {
    let indent = options.out_indent.and_then(|n| usize::try_from(n).ok()).unwrap_or(1);
    format(value, indent)
}

/// `pprint.pformat(value, indent=…)`.
pub(super) fn format(value: &Value, indent: usize) -> String {
    let mut out = String::new();
    show(&mut out, value, Place { indent: 0, allowance: 0, level: 1 }, indent);
    out
}

/// Where a value is written: its column, what must fit behind it on the line, how deep it is.
#[derive(Clone, Copy)]
struct Place {
    indent: usize,
    allowance: usize,
    level: usize,
}

fn show(out: &mut String, value: &Value, at: Place, step: usize) {
    let text = flat(value);
    let room = WIDTH.saturating_sub(at.indent + at.allowance);
    if text.chars().count() <= room {
        out.push_str(&text);
        return;
    }
    match value {
        Value::List(items) => {
            open(out, '[', step);
            let refs: Vec<&Value> = items.iter().collect();
            show_items(out, &refs, Place { allowance: at.allowance + 1, ..at }, step);
            out.push(']');
        }
        Value::Dict(dict) => {
            open(out, '{', step);
            let entries = sorted(dict);
            let indent = at.indent + step;
            let last = entries.len().saturating_sub(1);
            for (i, (key, item)) in entries.into_iter().enumerate() {
                let key = flat(key);
                out.push_str(&key);
                out.push_str(": ");
                let allowance = if i == last { at.allowance + 1 } else { 1 };
                let place =
                    Place { indent: indent + key.chars().count() + 2, allowance, level: at.level + 1 };
                show(out, item, place, step);
                if i < last {
                    out.push_str(",\n");
                    out.extend(std::iter::repeat_n(' ', indent));
                }
            }
            out.push('}');
        }
        Value::Str(s) if !s.is_empty() => show_str(out, s, at),
        _ => out.push_str(&text),
    }
}

fn open(out: &mut String, bracket: char, step: usize) {
    out.push(bracket);
    out.extend(std::iter::repeat_n(' ', step.saturating_sub(1)));
}

fn show_items(out: &mut String, items: &[&Value], at: Place, step: usize) {
    let indent = at.indent + step;
    let last = items.len().saturating_sub(1);
    for (i, item) in items.iter().enumerate() {
        let allowance = if i == last { at.allowance } else { 1 };
        show(out, item, Place { indent, allowance, level: at.level + 1 }, step);
        if i < last {
            out.push_str(",\n");
            out.extend(std::iter::repeat_n(' ', indent));
        }
    }
}

/// A long string becomes several literals, broken at line ends and at blanks.
fn show_str(out: &mut String, text: &str, at: Place) {
    let (mut indent, mut allowance) = (at.indent, at.allowance);
    if at.level == 1 {
        indent += 1;
        allowance += 1;
    }
    let lines: Vec<&str> = split_lines_keeping_ends(text).collect();
    let mut chunks: Vec<String> = Vec::new();
    let last_line = lines.len().saturating_sub(1);
    let full = WIDTH.saturating_sub(indent);
    let mut room = full;
    let mut line_repr = String::new();
    for (i, line) in lines.iter().enumerate() {
        line_repr = repr(line);
        if i == last_line {
            room = room.saturating_sub(allowance);
        }
        if line_repr.chars().count() <= room {
            chunks.push(line_repr.clone());
            continue;
        }
        let parts = words(line);
        let last_part = parts.len().saturating_sub(1);
        let mut room_here = full;
        let mut current = String::new();
        for (j, part) in parts.iter().enumerate() {
            let candidate = format!("{current}{part}");
            if j == last_part && i == last_line {
                room_here = room_here.saturating_sub(allowance);
            }
            if repr(&candidate).chars().count() > room_here {
                if !current.is_empty() {
                    chunks.push(repr(&current));
                }
                current = (*part).to_owned();
            } else {
                current = candidate;
            }
        }
        if !current.is_empty() {
            chunks.push(repr(&current));
        }
    }
    if chunks.len() == 1 {
        out.push_str(&line_repr);
        return;
    }
    if at.level == 1 {
        out.push('(');
    }
    for (i, chunk) in chunks.iter().enumerate() {
        if i > 0 {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
        }
        out.push_str(chunk);
    }
    if at.level == 1 {
        out.push(')');
    }
}

/// Pieces of a line, each a word with the blanks behind it.
fn words(line: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut begin = 0;
    let mut chars = line.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, c)| *c);
        if is_space(c) && next.is_none_or(|n| !is_space(n)) {
            let end = at + c.len_utf8();
            parts.push(line.get(begin..end).unwrap_or(""));
            begin = end;
        }
    }
    if begin < line.len() {
        parts.push(line.get(begin..).unwrap_or(""));
    }
    parts
}

fn repr(text: &str) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = crate::python::write_str_repr(&mut out, text);
    out
}

/// `repr()` with sorted dicts, on one line.
fn flat(value: &Value) -> String {
    let mut out = String::new();
    write_flat(&mut out, value);
    out
}

fn write_flat(out: &mut String, value: &Value) {
    match value {
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                write_flat(out, item);
            }
            out.push(']');
        }
        Value::Dict(dict) => {
            out.push('{');
            for (i, (key, item)) in sorted(dict).into_iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                write_flat(out, key);
                out.push_str(": ");
                write_flat(out, item);
            }
            out.push('}');
        }
        other => {
            // Writing to a String cannot fail.
            let _ = crate::python::write_repr(out, other);
        }
    }
}

/// Entries in pprint's order: keys that compare by value, others by the name of their type.
fn sorted(dict: &crate::Dict) -> Vec<(&Value, &Value)> {
    let mut entries: Vec<(&Value, &Value)> = dict.iter().collect();
    entries.sort_by(|(a, _), (b, _)| match (a, b) {
        (Value::Str(x), Value::Str(y)) => x.cmp(y),
        _ => match (a.as_f64(), b.as_f64()) {
            (Some(x), Some(y)) => x.partial_cmp(&y).unwrap_or(std::cmp::Ordering::Equal),
            _ => a.type_name().cmp(b.type_name()),
        },
    });
    entries
}
