//! Jinja's filters on text.

use super::{Table, soft_str};
use crate::val::{CallArgs, Key, Val, check_size};
use crate::{Error, ErrorKind, Result, format, methods};

pub(super) const TABLE: Table = &[
    ("capitalize", |a| map(a, "do_capitalize", methods::capitalize)),
    ("center", center),
    ("format", format_filter),
    ("indent", indent),
    ("lower", |a| map(a, "do_lower", |s| s.to_lowercase())),
    ("replace", replace),
    ("string", |a| {
        let v = a.bind("string", ["s"], 1)?.take(0);
        if matches!(v, Val::Markup(_)) { Ok(v) } else { soft_str(&v).map(Val::Str) }
    }),
    ("title", |a| map(a, "do_title", title)),
    ("trim", trim),
    ("truncate", truncate),
    ("upper", |a| map(a, "do_upper", |s| s.to_uppercase())),
    ("wordcount", |a| {
        let s = soft_str(&a.bind("do_wordcount", ["s"], 1)?.take(0))?;
        Ok(Val::from(s.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| !w.is_empty()).count()))
    }),
    ("wordwrap", wordwrap),
];

fn map(args: &mut CallArgs, name: &str, f: fn(&str) -> String) -> Result<Val> {
    let s = args.bind(name, ["s"], 1)?.take(0);
    Ok(Val::from(f(&soft_str(&s)?)))
}

/// Jinja's title case: words begin after blanks, hyphens and opening brackets.
fn title(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    let mut start = true;
    for c in s.chars() {
        if c.is_whitespace() || "-({[<".contains(c) {
            out.push(c);
            start = true;
        } else if start {
            out.extend(c.to_uppercase());
            start = false;
        } else {
            out.extend(c.to_lowercase());
        }
    }
    out
}

fn center(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("do_center", ["value", "width"], 1)?;
    let s = soft_str(&b.take(0))?;
    let width = b.int(1, 80)?;
    args.args = vec![Val::Int(width)];
    methods::call(&Val::Str(s), "center", args)
}

fn format_filter(args: &mut CallArgs) -> Result<Val> {
    let max = args.rt.max_text();
    let mut list = std::mem::take(&mut args.args).into_iter();
    let value = soft_str(&list.next().unwrap_or_default())?;
    let rest: Vec<Val> = list.collect();
    if !rest.is_empty() && !args.kwargs.is_empty() {
        return Err(crate::Error::runtime("can't handle positional and keyword arguments at the same time"));
    }
    let values = if args.kwargs.is_empty() {
        Val::tuple(rest)
    } else {
        Val::dict(args.kwargs.drain(..).map(|(k, v)| (Key::str(k), v)).collect())
    };
    format::percent(&value, &values, max).map(Val::from)
}

fn indent(args: &mut CallArgs) -> Result<Val> {
    let max = args.rt.max_text();
    let mut b = args.bind("do_indent", ["s", "width", "first", "blank"], 1)?;
    let s = b.take(0);
    let Val::Str(s) = &s else {
        // As far as Python gets: it adds a newline first.
        return Err(s.use_error().unwrap_or_else(|| match &s {
            Val::List(_) => Error::new(ErrorKind::Attribute, "'list' object has no attribute 'splitlines'"),
            _ => Error::type_error(format!(
                "unsupported operand type(s) for +=: '{}' and 'str'",
                s.type_name()
            )),
        }));
    };
    let indention = match b.opt(1) {
        None => "    ".to_owned(),
        Some(Val::Str(s)) => s.to_string(),
        Some(v) => {
            let n = usize::try_from(v.to_index()?).unwrap_or(0);
            check_size(n, max)?;
            " ".repeat(n)
        }
    };
    let (first, blank) = (b.flag(2, false)?, b.flag(3, false)?);
    let text = format!("{s}\n");
    let lines = methods::split_lines(&text, false);
    check_size(text.len() + lines.len().saturating_mul(indention.len()), max)?;
    let mut out = String::new();
    for (i, line) in lines.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        if if i == 0 { first } else { blank || !line.is_empty() } {
            out.push_str(&indention);
        }
        out.push_str(line);
    }
    Ok(Val::from(out))
}

fn replace(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("do_replace", ["s", "old", "new", "count"], 3)?;
    let (s, old, new) = (soft_str(&b.take(0))?, soft_str(&b.take(1))?, soft_str(&b.take(2))?);
    args.args = vec![Val::Str(old), Val::Str(new)];
    args.args.extend(b.opt(3).filter(|c| !c.is_none()));
    methods::call(&Val::Str(s), "replace", args)
}

fn trim(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("do_trim", ["value", "chars"], 1)?;
    let s = soft_str(&b.take(0))?;
    let chars = match b.take(1) {
        Val::None => None,
        v => Some(methods::text(&v)?),
    };
    Ok(Val::from(methods::trim_chars(&s, chars.as_deref(), true, true)))
}

fn truncate(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("do_truncate", ["s", "length", "killwords", "end", "leeway"], 1)?;
    let value = b.take(0);
    let length = b.int(1, 255)?;
    let killwords = b.flag(2, false)?;
    let end = b.str(3)?.unwrap_or_else(|| "...".into());
    let leeway = match b.take(4) {
        Val::None => 5,
        v => v.to_index()?,
    };
    let end_len = end.chars().count();
    let enough = usize::try_from(length).ok().filter(|l| *l >= end_len);
    let Some(kept_len) = enough.map(|l| l - end_len) else {
        return Err(Error::value_error(format!("expected length >= {end_len}, got {length}")));
    };
    if leeway < 0 {
        return Err(Error::value_error(format!("expected leeway >= 0, got {leeway}")));
    }
    if i64::try_from(value.len()?).unwrap_or(i64::MAX) <= length.saturating_add(leeway) {
        return Ok(value);
    }
    let Val::Str(s) = &value else {
        let message = format!("'{}' object has no attribute 'rsplit'", value.type_name());
        return Err(Error::new(ErrorKind::Attribute, message));
    };
    let cut: String = s.chars().take(kept_len).collect();
    let kept = if killwords { &cut } else { cut.rsplit_once(' ').map_or(&*cut, |(head, _)| head) };
    Ok(Val::from(format!("{kept}{end}")))
}

/// Wraps each line as Python's `textwrap` does (without expanding tabs or touching blanks inside).
fn wordwrap(args: &mut CallArgs) -> Result<Val> {
    let mut b =
        args.bind("do_wordwrap", ["s", "width", "break_long_words", "wrapstring", "break_on_hyphens"], 1)?;
    let value = b.take(0);
    let Val::Str(s) = &value else {
        return Err(value.use_error().unwrap_or_else(|| {
            let message = format!("'{}' object has no attribute 'splitlines'", value.type_name());
            Error::new(ErrorKind::Attribute, message)
        }));
    };
    let width = usize::try_from(b.int(1, 79)?).unwrap_or(0);
    if width == 0 {
        return Err(crate::Error::value_error("invalid width 0 (must be > 0)"));
    }
    let break_long = b.flag(2, true)?;
    let wrap = match b.take(3) {
        Val::None => "\n".into(),
        v => methods::text(&v)?,
    };
    let on_hyphens = b.flag(4, true)?;
    let mut lines = Vec::new();
    for line in methods::split_lines(s, false) {
        let wrapped = wrap_line(&line, width, break_long, on_hyphens);
        lines.push(wrapped.join(&wrap));
    }
    Ok(Val::from(lines.join(&wrap)))
}

fn wrap_line(line: &str, width: usize, break_long: bool, on_hyphens: bool) -> Vec<String> {
    let mut chunks = std::collections::VecDeque::from(chunks(line, on_hyphens));
    let mut out = Vec::new();
    while !chunks.is_empty() {
        let mut current: Vec<String> = Vec::new();
        let mut len = 0;
        if !out.is_empty() && chunks.front().is_some_and(|c| c.trim().is_empty()) {
            chunks.pop_front();
        }
        while let Some(c) = chunks.front() {
            let n = c.chars().count();
            if len + n > width {
                break;
            }
            len += n;
            current.extend(chunks.pop_front());
        }
        if let Some(c) = chunks.front()
            && c.chars().count() > width
        {
            let room = (width - len.min(width)).max(usize::from(current.is_empty()));
            if break_long && room > 0 {
                let head: String = c.chars().take(room).collect();
                let tail: String = c.chars().skip(room).collect();
                current.push(head);
                if let Some(c) = chunks.front_mut() {
                    *c = tail;
                }
            } else if current.is_empty() {
                current.extend(chunks.pop_front());
            }
        }
        if current.last().is_some_and(|c| c.trim().is_empty()) {
            current.pop();
        }
        if !current.is_empty() {
            out.push(current.concat());
        }
    }
    out
}

/// Words and the blanks between them; a word also ends after a hyphen between letters.
fn chunks(line: &str, on_hyphens: bool) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let chars: Vec<char> = line.chars().collect();
    let mut current = String::new();
    for (i, c) in chars.iter().enumerate() {
        let blank = c.is_whitespace();
        if current.chars().last().is_some_and(|l| l.is_whitespace() != blank) {
            out.push(std::mem::take(&mut current));
        }
        current.push(*c);
        let near = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(|c| c.is_alphabetic());
        if on_hyphens
            && *c == '-'
            && near(i.checked_sub(1))
            && near(i.checked_sub(2))
            && near(Some(i + 1))
            && near(Some(i + 2))
        {
            out.push(std::mem::take(&mut current));
        }
    }
    if !current.is_empty() {
        out.push(current);
    }
    out
}
