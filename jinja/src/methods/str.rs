//! `str`

use std::sync::Arc;

use super::text;
use crate::val::{CallArgs, Key, Map, Val, check_size, iterate};
use crate::{Error, Result, format};

pub(super) const METHODS: &[&str] = &[
    "capitalize",
    "casefold",
    "center",
    "count",
    "encode",
    "endswith",
    "expandtabs",
    "find",
    "format",
    "format_map",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "maketrans",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
];

pub(super) fn call(s: &Arc<str>, name: &str, args: &mut CallArgs) -> Result<Val> {
    let max = args.rt.max_text();
    let yes = |b: bool| Ok(Val::Bool(b));
    match name {
        "lower" | "upper" | "casefold" | "capitalize" | "title" | "swapcase" | "isalnum" | "isalpha"
        | "isascii" | "isdecimal" | "isdigit" | "isidentifier" | "islower" | "isnumeric" | "isprintable"
        | "isspace" | "istitle" | "isupper" => {
            if !args.args.is_empty() || !args.kwargs.is_empty() {
                return Err(Error::type_error(format!(
                    "str.{name}() takes no arguments ({} given)",
                    args.args.len() + args.kwargs.len()
                )));
            }
            simple(s, name)
        }
        "strip" | "lstrip" | "rstrip" => {
            let mut b = args.bind_builtin::<1>(name, 0)?;
            let chars = match b.take(0) {
                Val::None => None,
                Val::Str(s) => Some(s),
                v => {
                    return Err(v
                        .use_error()
                        .unwrap_or_else(|| Error::type_error(format!("{name} arg must be None or str"))));
                }
            };
            Ok(Val::from(trim_chars(s, chars.as_deref(), name != "rstrip", name != "lstrip")))
        }
        "split" | "rsplit" => {
            let mut b = args.bind(name, ["sep", "maxsplit"], 0)?;
            let sep = b.take(0);
            let n = usize::try_from(b.int(1, -1)?).unwrap_or(usize::MAX);
            split(s, &sep, n, name == "rsplit")
        }
        "splitlines" => {
            let keep = args.bind(name, ["keepends"], 0)?.flag(0, false)?;
            Ok(Val::from(split_lines(s, keep)))
        }
        "join" => {
            let items = args.bind_builtin::<1>("str.join", 1)?.take(0);
            join(s, &items, max)
        }
        "replace" => {
            let mut b = args.bind_builtin::<3>("str.replace", 2)?;
            let (old, new) = (text(&b.take(0))?, text(&b.take(1))?);
            let n = usize::try_from(b.int(2, -1)?).unwrap_or(usize::MAX);
            if new.len() > old.len() {
                let times = s.matches(&*old).count().min(n);
                check_size(s.len() + times.saturating_mul(new.len() - old.len()), max)?;
            }
            Ok(Val::from(s.replacen(&*old, &new, n)))
        }
        "startswith" | "endswith" => {
            let mut b = args.bind_builtin::<3>(name, 1)?;
            let what = b.take(0);
            let part = window(s, &b.take(1), &b.take(2))?;
            let test = |p: &str| if name == "startswith" { part.starts_with(p) } else { part.ends_with(p) };
            match &what {
                Val::Str(p) => yes(test(p)),
                Val::Tuple(options) => {
                    for o in options.iter() {
                        if test(&text(o)?) {
                            return yes(true);
                        }
                    }
                    yes(false)
                }
                Val::Undefined(u) => Err(u.fail()),
                v => Err(Error::type_error(format!(
                    "{name} first arg must be str or a tuple of str, not {}",
                    v.type_name()
                ))),
            }
        }
        "find" | "rfind" | "index" | "rindex" | "count" => {
            if args.args.is_empty() && args.kwargs.is_empty() {
                return Err(Error::type_error(format!("{name}() takes at least 1 argument (0 given)")));
            }
            let mut b = args.bind_builtin::<3>(name, 1)?;
            let sub = text(&b.take(0))?;
            let start = b.take(1);
            let part = window(s, &start, &b.take(2))?;
            if name == "count" {
                let n = if sub.is_empty() { part.chars().count() + 1 } else { part.matches(&*sub).count() };
                return Ok(Val::from(n));
            }
            let found = if name.starts_with('r') { part.rfind(&*sub) } else { part.find(&*sub) };
            let offset = s.get(..part.as_ptr().addr() - s.as_ptr().addr()).unwrap_or("").chars().count();
            match found {
                Some(i) => Ok(Val::from(offset + part.get(..i).unwrap_or("").chars().count())),
                None if name.ends_with("index") => Err(Error::value_error("substring not found")),
                None => Ok(Val::Int(-1)),
            }
        }
        "center" | "ljust" | "rjust" | "zfill" => {
            let mut b = args.bind_builtin::<2>(name, 1)?;
            let width = b.int(0, 0)?;
            let fill = b.str(1)?.unwrap_or_else(|| " ".into());
            let mut chars = fill.chars();
            let (Some(fill), None) = (chars.next(), chars.next()) else {
                return Err(Error::type_error("The fill character must be exactly one character long"));
            };
            let width = usize::try_from(width).unwrap_or(0);
            check_size(width, max)?;
            Ok(Val::from(justify(s, name, width, fill)))
        }
        "partition" | "rpartition" => {
            let sep = text(&args.bind_builtin::<1>(&format!("str.{name}"), 1)?.take(0))?;
            if sep.is_empty() {
                return Err(Error::value_error("empty separator"));
            }
            let parts = if name == "partition" { s.split_once(&*sep) } else { s.rsplit_once(&*sep) };
            Ok(Val::tuple(match parts {
                Some((a, b)) => vec![Val::from(a), Val::Str(sep), Val::from(b)],
                None if name == "partition" => vec![Val::Str(s.clone()), Val::from(""), Val::from("")],
                None => vec![Val::from(""), Val::from(""), Val::Str(s.clone())],
            }))
        }
        "removeprefix" | "removesuffix" => {
            let p = text(&args.bind_builtin::<1>(&format!("str.{name}"), 1)?.take(0))?;
            let rest = if name == "removeprefix" { s.strip_prefix(&*p) } else { s.strip_suffix(&*p) };
            Ok(rest.map_or_else(|| Val::Str(s.clone()), Val::from))
        }
        "expandtabs" => {
            let size = args.bind(name, ["tabsize"], 0)?.int(0, 8)?;
            let size = usize::try_from(size).unwrap_or(0);
            check_size(s.matches('\t').count().saturating_mul(size), max)?;
            Ok(Val::from(expand_tabs(s, size)))
        }
        "encode" => {
            let mut b = args.bind(name, ["encoding", "errors"], 0)?;
            let encoding = b.str(0)?.unwrap_or_else(|| "utf-8".into());
            let errors = b.str(1)?.unwrap_or_else(|| "strict".into());
            encode(s, &encoding, &errors)
        }
        "format" => {
            let positional = std::mem::take(&mut args.args);
            let keywords: Map = args.kwargs.drain(..).map(|(k, v)| (Key::str(k), v)).collect();
            format::str_format(s, &positional, &Val::dict(keywords), args).map(Val::from)
        }
        "format_map" => {
            let mapping = args.bind(name, ["mapping"], 1)?.take(0);
            format::str_format(s, &[], &mapping, args).map(Val::from)
        }
        "maketrans" => {
            let mut b = args.bind(name, ["x", "y", "z"], 1)?;
            let mut map = Map::default();
            let code = |c: char| Key::new(Val::Int(i64::from(u32::from(c))));
            match (b.take(0), b.opt(1)) {
                (Val::Dict(d), None) => {
                    for (k, v) in d.borrow().iter() {
                        let key = match k.val() {
                            Val::Str(s) => match s.chars().next() {
                                Some(c) => code(c)?,
                                None => continue,
                            },
                            _ => k.clone(),
                        };
                        map.insert(key, v.clone());
                    }
                }
                (x, Some(y)) => {
                    let (x, y) = (text(&x)?, text(&y)?);
                    if x.chars().count() != y.chars().count() {
                        return Err(Error::value_error(
                            "the first two maketrans arguments must have equal length",
                        ));
                    }
                    for (a, b) in x.chars().zip(y.chars()) {
                        map.insert(code(a)?, Val::Int(i64::from(u32::from(b))));
                    }
                    if let Some(z) = b.str(2)? {
                        for c in z.chars() {
                            map.insert(code(c)?, Val::None);
                        }
                    }
                }
                _ => {
                    return Err(Error::type_error(
                        "if you give only one argument to maketrans it must be a dict",
                    ));
                }
            }
            Ok(Val::dict(map))
        }
        "translate" => {
            let map = args.bind(name, ["table"], 1)?.take(0);
            let Val::Dict(map) = &map else {
                return Err(Error::type_error(format!("'{}' object is not subscriptable", map.type_name())));
            };
            let mut out = String::new();
            for c in s.chars() {
                match map.get(&Key::new(Val::Int(i64::from(u32::from(c))))?) {
                    None => out.push(c),
                    Some(Val::None) => {}
                    Some(Val::Str(s)) => out.push_str(&s),
                    Some(v) => {
                        let code = u32::try_from(v.to_index()?).ok().and_then(char::from_u32);
                        out.push(code.ok_or_else(|| {
                            Error::value_error("character mapping must be in range(0x110000)")
                        })?);
                    }
                }
                check_size(out.len(), max)?;
            }
            Ok(Val::from(out))
        }
        _ => Err(super::no_method(&Val::Str(s.clone()), name)),
    }
}

fn simple(s: &str, name: &str) -> Result<Val> {
    let all = |f: fn(char) -> bool| !s.is_empty() && s.chars().all(f);
    let cased = |c: char| c.is_lowercase() || c.is_uppercase();
    Ok(match name {
        "lower" => Val::from(s.to_lowercase()),
        "upper" => Val::from(s.to_uppercase()),
        "casefold" => Val::from(s.to_lowercase().replace('ß', "ss")),
        "capitalize" => Val::from(capitalize(s)),
        "title" => Val::from(title_case(s)),
        "swapcase" => Val::from(
            s.chars()
                .flat_map(|c| {
                    if c.is_uppercase() {
                        c.to_lowercase().collect::<Vec<_>>()
                    } else {
                        c.to_uppercase().collect()
                    }
                })
                .collect::<String>(),
        ),
        "isalnum" => Val::Bool(all(char::is_alphanumeric)),
        "isalpha" => Val::Bool(all(char::is_alphabetic)),
        "isascii" => Val::Bool(s.is_ascii()),
        "isdecimal" | "isdigit" => Val::Bool(all(|c| {
            c.is_ascii_digit() || (!c.is_ascii() && c.is_numeric() && !matches!(c, '\u{bc}'..='\u{be}'))
        })),
        "isnumeric" => Val::Bool(all(char::is_numeric)),
        "isidentifier" => Val::Bool(
            s.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
                && s.chars().all(|c| c.is_alphanumeric() || c == '_'),
        ),
        "islower" => Val::Bool(s.chars().any(cased) && !s.chars().any(char::is_uppercase)),
        "isupper" => Val::Bool(s.chars().any(cased) && !s.chars().any(char::is_lowercase)),
        "isprintable" => Val::Bool(s.chars().all(|c| !c.is_control() && (c == ' ' || !c.is_whitespace()))),
        "isspace" => Val::Bool(all(char::is_whitespace)),
        _ => {
            // istitle: upper case only after something uncased, lower case only after something cased.
            let (mut any, mut after_cased, mut good) = (false, false, true);
            for c in s.chars() {
                good &= if after_cased { !c.is_uppercase() } else { !c.is_lowercase() };
                after_cased = cased(c);
                any |= after_cased;
            }
            Val::Bool(any && good)
        }
    })
}

pub(crate) fn capitalize(s: &str) -> String {
    let mut chars = s.chars();
    match chars.next() {
        Some(c) => c.to_uppercase().chain(chars.as_str().to_lowercase().chars()).collect(),
        None => String::new(),
    }
}

/// `str.title`: a letter after something that is no letter is upper case.
fn title_case(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    let mut inside = false;
    for c in s.chars() {
        if inside {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
        inside = c.is_alphabetic();
    }
    out
}

pub(crate) fn trim_chars<'a>(s: &'a str, chars: Option<&str>, left: bool, right: bool) -> &'a str {
    let is = |c: char| match chars {
        Some(set) => set.contains(c),
        None => c.is_whitespace() || ('\x1c'..='\x1f').contains(&c),
    };
    let s = if left { s.trim_start_matches(is) } else { s };
    if right { s.trim_end_matches(is) } else { s }
}

fn split(s: &str, sep: &Val, max: usize, from_right: bool) -> Result<Val> {
    let mut parts: Vec<&str> = Vec::new();
    if sep.is_none() {
        let mut rest = if from_right { s.trim_end() } else { s.trim_start() };
        while !rest.is_empty() {
            if parts.len() >= max {
                parts.push(if from_right { rest.trim_end() } else { rest });
                break;
            }
            if from_right {
                let (head, word) = rest
                    .char_indices()
                    .rev()
                    .find(|(_, c)| c.is_whitespace())
                    .map_or(("", rest), |(i, c)| rest.split_at(i + c.len_utf8()));
                parts.push(word);
                rest = head.trim_end();
            } else {
                let (word, tail) = rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()));
                parts.push(word);
                rest = tail.trim_start();
            }
        }
    } else {
        let sep = text(sep).map_err(|e| match sep {
            Val::Undefined(_) => e,
            v => Error::type_error(format!("must be str or None, not {}", v.type_name())),
        })?;
        if sep.is_empty() {
            return Err(Error::value_error("empty separator"));
        }
        let n = max.saturating_add(1);
        parts = if from_right { s.rsplitn(n, &*sep).collect() } else { s.splitn(n, &*sep).collect() };
    }
    if from_right {
        parts.reverse();
    }
    Ok(Val::from(parts))
}

/// `str.splitlines`
pub(crate) fn split_lines(s: &str, keep: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut chars = s.chars().peekable();
    while let Some(c) = chars.next() {
        let ends = matches!(
            c,
            '\n' | '\r' | '\x0b' | '\x0c' | '\x1c' | '\x1d' | '\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}'
        );
        if !ends {
            line.push(c);
            continue;
        }
        if keep {
            line.push(c);
        }
        if c == '\r' && chars.next_if_eq(&'\n').is_some() && keep {
            line.push('\n');
        }
        lines.push(std::mem::take(&mut line));
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

fn join(sep: &str, items: &Val, max: usize) -> Result<Val> {
    let mut out = String::new();
    let mut iter = iterate(items).map_err(|e| match items {
        Val::Undefined(_) => e,
        _ => Error::type_error("can only join an iterable"),
    })?;
    let mut i = 0;
    while let Some(v) = iter.next()? {
        if i > 0 {
            out.push_str(sep);
        }
        match &v {
            Val::Str(s) | Val::Markup(s) => out.push_str(s),
            Val::Undefined(u) => return Err(u.fail()),
            _ => {
                return Err(Error::type_error(format!(
                    "sequence item {i}: expected str instance, {} found",
                    v.type_name()
                )));
            }
        }
        check_size(out.len(), max)?;
        i += 1;
    }
    Ok(Val::from(out))
}

/// The part of a text between two positions, as `find` and its kind take them.
fn window<'a>(s: &'a str, start: &Val, end: &Val) -> Result<&'a str> {
    if start.is_none() && end.is_none() {
        return Ok(s);
    }
    let n = s.chars().count() as i64;
    let clamp = |v: &Val, default: i64| -> Result<usize> {
        let i = if v.is_none() { default } else { v.to_index()? };
        let i = if i < 0 { i.saturating_add(n).max(0) } else { i.min(n) };
        Ok(usize::try_from(i).unwrap_or(0))
    };
    let (start, end) = (clamp(start, 0)?, clamp(end, n)?);
    let byte = |i: usize| s.char_indices().nth(i).map_or(s.len(), |(b, _)| b);
    Ok(s.get(byte(start)..byte(end.max(start))).unwrap_or(""))
}

fn justify(s: &str, how: &str, width: usize, fill: char) -> String {
    let len = s.chars().count();
    let missing = width.saturating_sub(len);
    let pad = |n: usize| std::iter::repeat_n(fill, n).collect::<String>();
    match how {
        "ljust" => format!("{s}{}", pad(missing)),
        "rjust" => format!("{}{s}", pad(missing)),
        "zfill" => {
            let (sign, digits) = match s.strip_prefix(['+', '-']) {
                Some(d) => (s.get(..1).unwrap_or(""), d),
                None => ("", s),
            };
            format!("{sign}{}{digits}", "0".repeat(missing))
        }
        _ => {
            // CPython puts the odd one to the left when the width is odd.
            let left = missing / 2 + (missing & width & 1);
            format!("{}{s}{}", pad(left), pad(missing - left))
        }
    }
}

fn expand_tabs(s: &str, size: usize) -> String {
    let mut out = String::with_capacity(s.len());
    let mut column = 0;
    for c in s.chars() {
        match c {
            '\t' => {
                if size > 0 {
                    let n = size - column % size;
                    out.extend(std::iter::repeat_n(' ', n));
                    column += n;
                }
            }
            '\n' | '\r' => {
                out.push(c);
                column = 0;
            }
            c => {
                out.push(c);
                column += 1;
            }
        }
    }
    out
}

fn encode(s: &str, encoding: &str, errors: &str) -> Result<Val> {
    let bytes: Vec<u8> = match encoding.to_lowercase().replace('_', "-").as_str() {
        "utf-8" | "utf8" => s.as_bytes().to_vec(),
        name @ ("ascii" | "us-ascii" | "latin-1" | "latin1" | "iso-8859-1") => {
            let max = if name.contains("ascii") { 0x80 } else { 0x100 };
            single_bytes(s, max, errors)?
        }
        "utf-16-le" | "utf-16le" => s.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "utf-16-be" | "utf-16be" => s.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        "utf-16" => [0xff, 0xfe].into_iter().chain(s.encode_utf16().flat_map(u16::to_le_bytes)).collect(),
        _ => return Err(Error::value_error(format!("unknown encoding: {encoding}"))),
    };
    Ok(Val::Bytes(bytes.into()))
}

/// Text in an encoding of one byte per character; `max` is the first code that it has no byte for.
fn single_bytes(s: &str, max: u32, errors: &str) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(s.len());
    let fits = |c: char| u8::try_from(u32::from(c)).ok().filter(|b| u32::from(*b) < max);
    let chars: Vec<char> = s.chars().collect();
    for (i, &c) in chars.iter().enumerate() {
        match (fits(c), errors) {
            (Some(b), _) => out.push(b),
            (None, "ignore") => {}
            (None, "replace") => out.push(b'?'),
            (None, "xmlcharrefreplace") => out.extend(format!("&#{};", u32::from(c)).bytes()),
            (None, "backslashreplace") => out.extend(escape_code(c).bytes()),
            (None, _) => {
                let codec = if max == 0x80 { "ascii" } else { "latin-1" };
                let run = chars.iter().skip(i).take_while(|c| fits(**c).is_none()).count();
                return Err(Error::value_error(if run > 1 {
                    format!(
                        "'{codec}' codec can't encode characters in position {i}-{}: ordinal not in range({max})",
                        i + run - 1
                    )
                } else {
                    format!(
                        "'{codec}' codec can't encode character '{}' in position {i}: ordinal not in range({max})",
                        escape_code(c)
                    )
                }));
            }
        }
    }
    Ok(out)
}

/// A character by its code, as Python escapes it.
fn escape_code(c: char) -> String {
    match u32::from(c) {
        n @ 0..=0xff => format!("\\x{n:02x}"),
        n @ 0x100..=0xffff => format!("\\u{n:04x}"),
        n => format!("\\U{n:08x}"),
    }
}
