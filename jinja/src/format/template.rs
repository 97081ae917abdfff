//! `'{0.attr[key]!r:>{width}}'.format(…)`

use super::format_value;
use crate::val::{CallArgs, Val, check_size, get_attr, get_item, repr, to_str};
use crate::{Error, ErrorKind, Result};

/// `template.format(*positional, **named)`
pub(crate) fn str_format(template: &str, positional: &[Val], named: &Val, args: &CallArgs) -> Result<String> {
    let mut f = Formatter { positional, named, args, next: Some(0) };
    f.run(template, 0)
}

struct Formatter<'a> {
    positional: &'a [Val],
    named: &'a Val,
    args: &'a CallArgs,
    /// The next automatic index; none once indices were written out.
    next: Option<usize>,
}

impl Formatter<'_> {
    fn run(&mut self, template: &str, depth: usize) -> Result<String> {
        if depth > 2 {
            return Err(Error::value_error("Max string recursion exceeded"));
        }
        let mut out = String::new();
        let mut rest = template;
        while let Some(at) = rest.find(['{', '}']) {
            let (text, tail) = rest.split_at(at);
            out.push_str(text);
            if let Some(after) = tail.strip_prefix("{{") {
                out.push('{');
                rest = after;
                continue;
            }
            if let Some(after) = tail.strip_prefix("}}") {
                out.push('}');
                rest = after;
                continue;
            }
            let Some(inside) = tail.strip_prefix('{') else {
                return Err(Error::value_error("Single '}' encountered in format string"));
            };
            let end = field_end(inside)?;
            let field = inside.get(..end).unwrap_or("");
            out.push_str(&self.field(field, depth)?);
            check_size(out.len(), self.args.rt.max_text())?;
            rest = inside.get(end + 1..).unwrap_or("");
        }
        out.push_str(rest);
        Ok(out)
    }

    fn field(&mut self, field: &str, depth: usize) -> Result<String> {
        // The name may hold brackets with anything in them; conversion and spec come after it.
        let mut in_brackets = false;
        let split = field
            .char_indices()
            .find(|(_, c)| {
                match c {
                    '[' => in_brackets = true,
                    ']' => in_brackets = false,
                    ':' | '!' if !in_brackets => return true,
                    _ => {}
                }
                false
            })
            .map_or(field.len(), |(i, _)| i);
        let (name, tail) = field.split_at(split);
        let (conversion, spec) = match tail.strip_prefix('!') {
            Some(t) => match t.split_once(':') {
                Some((c, s)) => (Some(c), s),
                None => (Some(t), ""),
            },
            None => (None, tail.strip_prefix(':').unwrap_or("")),
        };
        let mut value = self.lookup(name)?;
        match conversion {
            None => {}
            Some("r" | "a") => value = Val::from(repr(&value)?),
            Some("s") => value = Val::from(to_str(&value)?.into_owned()),
            Some(c) => {
                return Err(Error::value_error(format!("Unknown conversion specifier {c}")));
            }
        }
        let spec = self.run(spec, depth + 1)?;
        format_value(&value, &spec, self.args.rt.max_text())
    }

    fn lookup(&mut self, name: &str) -> Result<Val> {
        let end = name.find(['.', '[']).unwrap_or(name.len());
        let (first, mut rest) = name.split_at(end);
        // The sandbox's formatter numbers plain `{}` only.
        if first.is_empty() && !rest.is_empty() {
            return Err(Error::new(ErrorKind::Key, "''"));
        }
        let index = if first.is_empty() {
            let Some(n) = self.next else {
                return Err(Error::value_error(
                    "cannot switch from manual field specification to automatic field numbering",
                ));
            };
            self.next = Some(n + 1);
            Some(n)
        } else if first.bytes().all(|b| b.is_ascii_digit()) {
            if self.next.is_some_and(|n| n > 0) {
                return Err(Error::value_error(
                    "cannot switch from manual field specification to automatic field numbering",
                ));
            }
            self.next = None;
            first.parse().ok()
        } else {
            None
        };
        let kind = self.args.rt.undefined();
        let mut value = match index {
            Some(i) => self
                .positional
                .get(i)
                .cloned()
                .ok_or_else(|| Error::new(ErrorKind::Index, "tuple index out of range"))?,
            None => {
                self.named.get(first).ok_or_else(|| Error::new(ErrorKind::Key, Val::from(first).quoted()))?
            }
        };
        while !rest.is_empty() {
            if let Some(t) = rest.strip_prefix('.') {
                let end = t.find(['.', '[']).unwrap_or(t.len());
                let (attr, tail) = t.split_at(end);
                value = get_attr(kind, &value, &attr.into())?;
                rest = tail;
            } else {
                let Some((key, tail)) = rest.get(1..).and_then(|t| t.split_once(']')) else {
                    return Err(Error::value_error("Missing ']' in format string"));
                };
                let is_index = !key.is_empty() && key.bytes().all(|b| b.is_ascii_digit());
                let index = if is_index { key.parse().ok() } else { None };
                let key = index.map_or_else(|| Val::from(key), Val::Int);
                value = get_item(kind, &value, &key)?;
                rest = tail;
            }
        }
        Ok(value)
    }
}

/// Where the field that starts `s` closes; fields may nest in the spec.
fn field_end(s: &str) -> Result<usize> {
    let mut depth = 0;
    for (i, c) in s.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Ok(i),
            '}' => depth -= 1,
            _ => {}
        }
    }
    Err(Error::value_error(if s.is_empty() {
        "Single '{' encountered in format string"
    } else {
        "expected '}' before end of string"
    }))
}
