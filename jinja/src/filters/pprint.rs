//! `pprint` and Salt's `python`: Python's `pprint.pformat`.

use super::{Table, strict_first};
use crate::Result;
use crate::val::{CallArgs, Val, less_than, repr};

pub(super) const TABLE: Table = &[
    ("pprint", |a| {
        let v = a.bind("do_pprint", ["value"], 1)?.take(0);
        pformat(&v).map(Val::from)
    }),
    ("python", |a: &mut CallArgs| {
        if let Some(u) = strict_first(a) {
            return Ok(u);
        }
        let v = a.bind("format_python", ["value"], 1)?.take(0);
        Ok(Val::Markup(pformat(&v)?.trim().into()))
    }),
];

const WIDTH: usize = 80;

pub(super) fn pformat(v: &Val) -> Result<String> {
    let mut out = String::new();
    write(&mut out, v, 0, 0, 0)?;
    Ok(out)
}

/// Longest text that is worth laying out.
const MAX_TEXT: usize = 1 << 20;

/// One line, dict keys in order.
fn flat(v: &Val, depth: usize) -> Result<String> {
    let text = flat_parts(v, depth)?;
    crate::val::check_size(text.len(), MAX_TEXT)?;
    Ok(text)
}

fn flat_parts(v: &Val, depth: usize) -> Result<String> {
    if depth > crate::val::MAX_NESTING {
        return Err(crate::val::too_deep());
    }
    let list = |items: &[Val], open: &str, close: &str| -> Result<String> {
        let parts = items.iter().map(|i| flat(i, depth + 1)).collect::<Result<Vec<_>>>()?;
        Ok(format!("{open}{}{close}", parts.join(", ")))
    };
    match v {
        Val::Dict(_) => {
            let parts = entries(v)
                .into_iter()
                .map(|(k, v)| Ok(format!("{}: {}", flat(&k, depth + 1)?, flat(&v, depth + 1)?)))
                .collect::<Result<Vec<_>>>()?;
            Ok(format!("{{{}}}", parts.join(", ")))
        }
        Val::List(l) => list(&l.borrow(), "[", "]"),
        Val::Tuple(t) => list(t, "(", if t.len() == 1 { ",)" } else { ")" }),
        _ => repr(v),
    }
}

/// Entries of a dict in the order of their keys, where these can be ordered.
fn entries(v: &Val) -> Vec<(Val, Val)> {
    let Val::Dict(d) = v else { return Vec::new() };
    let items: Vec<(Val, Val)> = d.borrow().iter().map(|(k, v)| (k.val().clone(), v.clone())).collect();
    let mut sorted: Vec<(Val, Val)> = Vec::with_capacity(items.len());
    for (k, v) in items {
        // Keys of different types go by the name of the type.
        let before = |other: &Val| match less_than(&k, other) {
            Ok(b) => b,
            Err(_) => k.type_name() < other.type_name(),
        };
        let at = sorted.iter().position(|(other, _)| before(other)).unwrap_or(sorted.len());
        sorted.insert(at, (k, v));
    }
    sorted
}

/// As Python's `PrettyPrinter._format`: `allowance` is what closes after the value on its last line.
fn write(out: &mut String, v: &Val, indent: usize, allowance: usize, depth: usize) -> Result<()> {
    let line = flat(v, depth)?;
    let room = WIDTH.saturating_sub(indent + allowance);
    if line.chars().count() <= room {
        out.push_str(&line);
        return Ok(());
    }
    let pad = |out: &mut String, n: usize| out.extend(std::iter::repeat_n(' ', n));
    match v {
        Val::Dict(d) if !d.is_empty() => {
            out.push('{');
            let items = entries(v);
            let last = items.len() - 1;
            for (i, (k, v)) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(",\n");
                    pad(out, indent + 1);
                }
                let key = flat(k, depth + 1)?;
                out.push_str(&key);
                out.push_str(": ");
                let at = indent + 1 + key.chars().count() + 2;
                write(out, v, at, if i == last { allowance + 1 } else { 1 }, depth + 1)?;
            }
            out.push('}');
        }
        Val::List(l) if !l.is_empty() => {
            let items = l.borrow().clone();
            write_items(out, &items, ("[", "]"), indent, allowance, depth)?;
        }
        Val::Tuple(t) if !t.is_empty() => {
            write_items(out, t, ("(", if t.len() == 1 { ",)" } else { ")" }), indent, allowance, depth)?;
        }
        Val::Str(s) => write_str(out, s, indent, allowance, depth),
        _ => out.push_str(&line),
    }
    Ok(())
}

fn write_items(
    out: &mut String,
    items: &[Val],
    (open, close): (&str, &str),
    indent: usize,
    allowance: usize,
    depth: usize,
) -> Result<()> {
    out.push_str(open);
    let last = items.len() - 1;
    for (i, v) in items.iter().enumerate() {
        if i > 0 {
            out.push_str(",\n");
            out.extend(std::iter::repeat_n(' ', indent + 1));
        }
        write(out, v, indent + 1, if i == last { allowance + close.len() } else { 1 }, depth + 1)?;
    }
    out.push_str(close);
    Ok(())
}

/// A long text, broken between words into several literals.
fn write_str(out: &mut String, s: &str, indent: usize, allowance: usize, depth: usize) {
    let quoted = |t: &str| Val::from(t).quoted();
    let (indent, allowance) = if depth == 0 { (indent + 1, allowance + 1) } else { (indent, allowance) };
    let lines = s.split_inclusive('\n').collect::<Vec<_>>();
    let mut chunks: Vec<String> = Vec::new();
    let max_width = WIDTH.saturating_sub(indent);
    for (i, line) in lines.iter().enumerate() {
        let last_line = i + 1 == lines.len();
        let width = max_width.saturating_sub(if last_line { allowance } else { 0 });
        if quoted(line).chars().count() <= width {
            chunks.push(quoted(line));
            continue;
        }
        // Words with the blanks that follow them.
        let mut parts: Vec<String> = Vec::new();
        let mut part = String::new();
        let mut blank = false;
        for c in line.chars() {
            if blank && !c.is_whitespace() {
                parts.push(std::mem::take(&mut part));
            }
            blank = c.is_whitespace();
            part.push(c);
        }
        if !part.is_empty() {
            parts.push(part);
        }
        let mut current = String::new();
        for (j, part) in parts.iter().enumerate() {
            let candidate = format!("{current}{part}");
            let last = last_line && j + 1 == parts.len();
            let width = max_width.saturating_sub(if last { allowance } else { 0 });
            if quoted(&candidate).chars().count() > width {
                if !current.is_empty() {
                    chunks.push(quoted(&current));
                }
                current = part.clone();
            } else {
                current = candidate;
            }
        }
        if !current.is_empty() {
            chunks.push(quoted(&current));
        }
    }
    if chunks.len() == 1 {
        out.push_str(&chunks.concat());
        return;
    }
    if depth == 0 {
        out.push('(');
    }
    for (i, c) in chunks.iter().enumerate() {
        if i > 0 {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
        }
        out.push_str(c);
    }
    if depth == 0 {
        out.push(')');
    }
}
