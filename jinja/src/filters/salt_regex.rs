//! Salt's filters with regular expressions, in Python's dialect.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use fancy_regex::{Captures, Regex, RegexBuilder};

use super::{Table, text_like};
use crate::val::{CallArgs, Val, check_size};
use crate::{Error, Result, methods};

pub(super) const TABLE: Table = &[
    ("regex_escape", |a| {
        let s = methods::text(&a.bind("regex_escape", ["value"], 1)?.take(0))?;
        Ok(Val::from(escape(&s)))
    }),
    ("regex_match", |a| search(a, true)),
    ("regex_replace", replace),
    ("regex_search", |a| search(a, false)),
];

/// Python's `re.escape`.
fn escape(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    for c in s.chars() {
        if "()[]{}?*+-|^$\\.&~# \t\n\r\x0b\x0c".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

thread_local! {
    /// Loops use one pattern many times.
    static COMPILED: RefCell<HashMap<String, Rc<Regex>>> = RefCell::default();
}
const MAX_COMPILED: usize = 256;
/// Back-tracking steps before a pattern is given up.
const BACKTRACK_LIMIT: usize = 1_000_000;

/// Compiles a Python pattern.
pub(crate) fn compile(
    pattern: &str,
    ignore_case: bool,
    multi_line: bool,
    anchored: bool,
) -> Result<Rc<Regex>> {
    let flags = format!("{}{}", if ignore_case { "i" } else { "" }, if multi_line { "m" } else { "" });
    let mut text = translate(pattern);
    if anchored {
        text = format!("\\A(?:{text})");
    }
    if !flags.is_empty() {
        text = format!("(?{flags}){text}");
    }
    if let Some(r) = COMPILED.with_borrow(|c| c.get(&text).cloned()) {
        return Ok(r);
    }
    if data::regex::calls_group(&text) {
        let quoted = Val::from(pattern).quoted();
        return Err(Error::value_error(format!("{quoted}: calls of groups are not known")));
    }
    let regex = RegexBuilder::new(&text)
        .backtrack_limit(BACKTRACK_LIMIT)
        .max_prog_size(data::regex::MAX_PROGRAM)
        .build()
        .map_err(|e| Error::value_error(format!("{}: {e}", Val::from(pattern).quoted())))?;
    if let Some(group) = data::regex::missing_group(&text, regex.captures_len()) {
        return Err(Error::value_error(format!(
            "{}: invalid group reference {group}",
            Val::from(pattern).quoted()
        )));
    }
    let regex = Rc::new(regex);
    COMPILED.with_borrow_mut(|c| {
        if c.len() >= MAX_COMPILED {
            c.clear();
        }
        c.insert(text, regex.clone());
    });
    Ok(regex)
}

/// Rewrites what Python spells differently: `\Z`, `$` before a final newline, `[` inside a class.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('Z') => out.push_str("\\z"),
                Some(e) => {
                    out.push('\\');
                    out.push(e);
                }
                None => out.push('\\'),
            },
            '[' if in_class => out.push_str("\\["),
            '&' | '~' if in_class => {
                out.push('\\');
                out.push(c);
            }
            '[' => {
                in_class = true;
                out.push('[');
                if chars.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                // A bracket right at the start stands for itself.
                if chars.next_if_eq(&']').is_some() {
                    out.push_str("\\]");
                }
            }
            ']' => {
                in_class = false;
                out.push(']');
            }
            c => out.push(c),
        }
    }
    out
}

fn failed(e: fancy_regex::Error) -> Error {
    Error::runtime(format!("regular expression: {e}"))
}

fn search(args: &mut CallArgs, anchored: bool) -> Result<Val> {
    let mut b = args.bind("regex_search", ["txt", "rgx", "ignorecase", "multiline"], 2)?;
    let (text, pattern) = (text_like(&b.take(0))?, methods::text(&b.take(1))?);
    let regex = compile(&pattern, b.flag(2, false)?, b.flag(3, false)?, anchored)?;
    let Some(found) = regex.captures(&*text).map_err(failed)? else { return Ok(Val::None) };
    let group = |i: usize| found.get(i).map_or(Val::None, |m| Val::from(m.as_str()));
    Ok(Val::tuple(if found.len() == 1 { vec![group(0)] } else { (1..found.len()).map(group).collect() }))
}

fn replace(args: &mut CallArgs) -> Result<Val> {
    let max = args.rt.max_text();
    let mut b = args.bind("regex_replace", ["txt", "rgx", "val", "ignorecase", "multiline"], 3)?;
    let (text, pattern) = (text_like(&b.take(0))?, methods::text(&b.take(1))?);
    let with = methods::text(&b.take(2))?;
    let regex = compile(&pattern, b.flag(3, false)?, b.flag(4, false)?, false)?;
    let mut out = String::new();
    let mut at = 0;
    for found in regex.captures_iter(&*text) {
        let found = found.map_err(failed)?;
        let Some(whole) = found.get(0) else { continue };
        out.push_str(text.get(at..whole.start()).unwrap_or(""));
        expand(&mut out, &with, &found)?;
        at = whole.end();
        check_size(out.len(), max)?;
    }
    out.push_str(text.get(at..).unwrap_or(""));
    Ok(Val::from(out))
}

/// Python's replacement template: `\1`, `\g<name>`, `\n`.
fn expand(out: &mut String, with: &str, found: &Captures<'_, str>) -> Result<()> {
    let mut chars = with.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('g') if chars.next_if_eq(&'<').is_some() => {
                let mut name = String::new();
                for c in chars.by_ref() {
                    if c == '>' {
                        break;
                    }
                    name.push(c);
                }
                let group = match name.parse::<usize>() {
                    Ok(i) => found.get(i),
                    Err(_) => found.name(&name),
                };
                out.push_str(group.map_or("", |m| m.as_str()));
            }
            Some(d) if d.is_ascii_digit() => {
                let mut n = d.to_digit(10).unwrap_or(0) as usize;
                if let Some(d) = chars.next_if(char::is_ascii_digit) {
                    n = n * 10 + d.to_digit(10).unwrap_or(0) as usize;
                }
                if n >= found.len() {
                    return Err(Error::value_error(format!("invalid group reference {n} at position 1")));
                }
                out.push_str(found.get(n).map_or("", |m| m.as_str()));
            }
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('\\') => out.push('\\'),
            Some(c) if c.is_ascii_alphabetic() => {
                return Err(Error::value_error(format!("bad escape \\{c} at position 0")));
            }
            Some(c) => {
                out.push('\\');
                out.push(c);
            }
            None => return Err(Error::value_error("bad escape (end of pattern) at position 0")),
        }
    }
    Ok(())
}
