//! Salt's filters on text and scalars.

use super::number::{parse_float, parse_int};
use super::{Table, compile_regex, float_to_int, soft_str};
use crate::val::{BinOp, CallArgs, Val, binary, collect};
use crate::{Error, Result, methods};

pub(super) const TABLE: Table = &[
    ("check_whitelist_blacklist", check_whitelist_blacklist),
    ("contains_whitespace", |a| {
        let s = methods::text(&a.bind("contains_whitespace", ["text"], 1)?.take(0))?;
        Ok(Val::Bool(s.chars().any(char::is_whitespace)))
    }),
    ("date_format", strftime),
    ("human_to_bytes", human_to_bytes),
    ("is_hex", |a| {
        let v = a.bind("is_hex", ["value"], 1)?.take(0);
        Ok(Val::Bool(matches!(&v, Val::Str(s) if parse_int(s, 16).is_some())))
    }),
    ("path_join", path_join),
    ("quote", |a| {
        let v = a.bind("quote", ["txt"], 1)?.take(0);
        if !v.is_true()? {
            return Ok(Val::from("''"));
        }
        Ok(Val::from(shell_quote(&text_like(&v)?)))
    }),
    ("skip", |a| a.bind("skip_filter", ["data"], 1).map(|_| Val::from(""))),
    ("str_to_num", |a| to_num(a)),
    ("strftime", strftime),
    ("substring_in_list", |a| {
        let mut b = a.bind("substr_in_list", ["string_to_search_for", "list_to_search"], 2)?;
        let needle = b.take(0);
        for s in collect(&b.take(1))? {
            if crate::val::contains(&s, &needle)? {
                return Ok(Val::Bool(true));
            }
        }
        Ok(Val::Bool(false))
    }),
    ("to_bool", to_bool),
    ("to_bytes", |a| {
        let v = a.bind("to_bytes", ["s", "encoding", "errors"], 1)?.take(0);
        Ok(Val::Bytes(super::salt_hash::bytes(&v)?.into()))
    }),
    ("to_camelcase", |a| {
        let mut b = a.bind("snake_to_camel_case", ["snake_input", "uppercamel"], 1)?;
        let s = methods::text(&b.take(0))?;
        let upper = b.flag(1, false)?;
        let words = s.split('_').enumerate();
        Ok(Val::from(
            words
                .map(|(i, w)| if i > 0 || upper { methods::capitalize(w) } else { w.to_owned() })
                .collect::<String>(),
        ))
    }),
    ("to_num", |a| to_num(a)),
    ("to_snake_case", |a| {
        let s = methods::text(&a.bind("camel_to_snake_case", ["camel_input"], 1)?.take(0))?;
        if s.is_empty() {
            return Err(Error::new(crate::ErrorKind::Index, "string index out of range"));
        }
        Ok(Val::from(snake_case(&s)))
    }),
];

/// A `str` as Python's `re` and `shlex` ask for.
pub(crate) fn text_like(v: &Val) -> Result<std::sync::Arc<str>> {
    match v {
        Val::Str(s) => Ok(s.clone()),
        Val::Undefined(u) => Err(u.fail()),
        _ => Err(Error::type_error(format!("expected string or bytes-like object, got '{}'", v.type_name()))),
    }
}

/// `shlex.quote`
fn shell_quote(s: &str) -> String {
    if s.is_empty() {
        return "''".into();
    }
    if s.chars().all(|c| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c)) {
        return s.to_owned();
    }
    format!("'{}'", s.replace('\'', "'\"'\"'"))
}

fn to_bool(args: &mut CallArgs) -> Result<Val> {
    let v = args.bind("to_bool", ["val"], 1)?.take(0);
    Ok(Val::Bool(match &v {
        Val::Bool(b) => *b,
        Val::Str(s) => matches!(s.to_lowercase().as_str(), "yes" | "1" | "true"),
        Val::Int(i) => *i > 0,
        Val::BigInt(b) => b.sign() == num_bigint::Sign::Plus,
        Val::List(_) | Val::Dict(_) | Val::Set(_) => v.len()? > 0,
        _ => false,
    }))
}

fn to_num(args: &mut CallArgs) -> Result<Val> {
    let v = args.bind("to_num", ["text"], 1)?.take(0);
    match &v {
        Val::Str(s) => {
            Ok(parse_int(s, 10).or_else(|| parse_float(s).map(Val::Float)).unwrap_or_else(|| v.clone()))
        }
        Val::Float(f) => float_to_int(*f),
        Val::Undefined(u) => Err(u.fail()),
        Val::Bytes(b) => {
            let text = String::from_utf8_lossy(b);
            Ok(parse_int(&text, 10)
                .or_else(|| parse_float(&text).map(Val::Float))
                .unwrap_or_else(|| v.clone()))
        }
        _ => v.as_big().map(Val::big).ok_or_else(|| {
            Error::type_error(format!(
                "int() argument must be a string, a bytes-like object or a real number, not '{}'",
                v.type_name()
            ))
        }),
    }
}

fn human_to_bytes(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("human_to_bytes", ["size", "default_unit", "handle_metric"], 1)?;
    let size = soft_str(&b.take(0))?;
    let default = b.str(1)?.unwrap_or_else(|| "B".into());
    let metric = b.flag(2, false)?;
    let size = size.trim();
    let at = size.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(size.len());
    let (number, unit) = size.split_at(at);
    let unit = unit.trim();
    let unit = if unit.is_empty() { default.to_lowercase() } else { unit.to_lowercase() };
    let Some(value) = parse_int(number, 10).or_else(|| parse_float(number).map(Val::Float)) else {
        return Ok(Val::Int(0));
    };
    let power = |prefix: &str| {
        let mut chars = prefix.chars();
        let (first, more) = (chars.next()?, chars.next());
        if more.is_some() { None } else { "bkmgtpezy".find(first) }
    };
    let (power, decimal) = match unit.strip_suffix('b').filter(|p| !p.is_empty()) {
        Some(p) if p.ends_with('i') => (power(p.trim_end_matches('i')), false),
        Some(p) => (power(p), metric),
        None => (power(&unit), false),
    };
    let Some(power) = power else { return Ok(Val::Int(0)) };
    let (base, each) = if decimal { (10, 3) } else { (2, 10) };
    let scale = binary(BinOp::Pow, &Val::Int(base), &Val::from(power * each), usize::MAX)?;
    match binary(BinOp::Mul, &value, &scale, usize::MAX)? {
        Val::Float(f) => float_to_int(f),
        other => Ok(other),
    }
}

fn snake_case(s: &str) -> String {
    let chars: Vec<char> = s.chars().collect();
    let mut out = String::new();
    for (i, c) in chars.iter().enumerate() {
        let at = |i: Option<usize>| i.and_then(|i| chars.get(i));
        if i > 0
            && c.is_uppercase()
            && (at(i.checked_sub(1)).is_some_and(|c| c.is_lowercase())
                || at(i.checked_add(1)).is_some_and(|c| c.is_lowercase()))
        {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

fn path_join(args: &mut CallArgs) -> Result<Val> {
    args.take_kwarg("use_posixpath");
    let mut parts = Vec::new();
    for v in &args.args {
        let Some(part) = v.as_str() else {
            let message = format!("expected str, bytes, or bytearray not <class '{}'>", v.type_name());
            return Err(v.use_error().unwrap_or_else(|| Error::type_error(message)));
        };
        parts.push(normal_path(part));
    }
    let mut out = String::new();
    for (i, p) in parts.iter().enumerate() {
        if i > 0 {
            if !out.is_empty() && !out.ends_with('/') {
                out.push('/');
            }
            out.push_str(p.trim_start_matches('/'));
        } else {
            out.push_str(p);
        }
    }
    Ok(Val::from(if parts.is_empty() { out } else { normal_path(&out) }))
}

/// `os.path.normpath`
fn normal_path(path: &str) -> String {
    let root = if path.starts_with("//") && !path.starts_with("///") {
        "//"
    } else if path.starts_with('/') {
        "/"
    } else {
        ""
    };
    let mut parts: Vec<&str> = Vec::new();
    for p in path.split('/') {
        match p {
            "" | "." => {}
            ".." if parts.last().is_some_and(|l| *l != "..") => {
                parts.pop();
            }
            ".." if !root.is_empty() => {}
            p => parts.push(p),
        }
    }
    let joined = format!("{root}{}", parts.join("/"));
    if joined.is_empty() { ".".into() } else { joined }
}

/// Salt's `strftime`: dates, timestamps as numbers or text.
fn strftime(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("strftime", ["date", "format"], 0)?;
    let date = b.take(0);
    let format = b.str(1)?.unwrap_or_else(|| "%Y-%m-%d".into());
    let unable = || Error::value_error(format!("Unable to parse {date}"));
    let stamp = |seconds: f64| {
        let micros = (seconds * 1e6).round();
        chrono::DateTime::from_timestamp_micros(micros as i64)
            .map(|t| data::DateTime::Time(t.with_timezone(&chrono::Local).naive_local(), None))
    };
    let when = match &date {
        Val::None => data::DateTime::Time(chrono::Local::now().naive_local(), None),
        Val::DateTime(d) if matches!(**d, data::DateTime::Time(..)) => (**d).clone(),
        Val::Str(s) => parse_float(s).and_then(stamp).or_else(|| parse_date(s)).ok_or_else(unable)?,
        Val::Undefined(u) => return Err(u.fail()),
        v => v.as_f64().and_then(stamp).ok_or_else(unable)?,
    };
    methods::strftime(&when, &format).map(Val::from)
}

/// The usual written forms of a date.
fn parse_date(s: &str) -> Option<data::DateTime> {
    let s = s.trim();
    let whole = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y/%m/%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"];
    let time = whole.iter().find_map(|f| chrono::NaiveDateTime::parse_from_str(s, f).ok());
    let days = ["%Y-%m-%d", "%Y/%m/%d", "%d %B %Y", "%d %b %Y", "%m/%d/%Y"];
    let day = || days.iter().find_map(|f| chrono::NaiveDate::parse_from_str(s, f).ok());
    time.or_else(|| day().map(|d| d.and_time(chrono::NaiveTime::MIN))).map(|t| data::DateTime::Time(t, None))
}

/// Salt's `expr_match`: the text itself, a glob, or a whole regular expression.
fn expression_matches(value: &str, expr: &str) -> bool {
    let glob = {
        let mut pattern = String::new();
        for c in expr.chars() {
            match c {
                '*' => pattern.push_str("(?s:.*)"),
                '?' => pattern.push_str("(?s:.)"),
                '[' | ']' => pattern.push(c),
                c => {
                    if !c.is_alphanumeric() {
                        pattern.push('\\');
                    }
                    pattern.push(c);
                }
            }
        }
        pattern
    };
    let is = |p: &str| {
        compile_regex(&format!("(?:{p})\\Z"), false, false, true)
            .is_ok_and(|r| r.is_match(value).unwrap_or(false))
    };
    value == expr || is(&glob) || is(expr)
}

fn check_whitelist_blacklist(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("check_whitelist_blacklist", ["value", "whitelist", "blacklist"], 1)?;
    let value = b.take(0);
    let list = |v: Val, what: &str| -> Result<Option<Vec<Val>>> {
        if !v.is_true()? {
            return Ok(None);
        }
        match &v {
            Val::Str(_) => Ok(Some(vec![v])),
            _ => collect(&v).map(Some).map_err(|_| {
                Error::type_error(format!("Expecting iterable {what}, but got {} ({v})", v.type_name()))
            }),
        }
    };
    let (white, black) = (list(b.take(1), "whitelist")?, list(b.take(2), "blacklist")?);
    // What is no text matches nothing.
    let any = |l: &[Val]| {
        l.iter()
            .any(|e| matches!((value.as_str(), e.as_str()), (Some(v), Some(e)) if expression_matches(v, e)))
    };
    Ok(Val::Bool(match (&white, &black) {
        (None, None) => true,
        (None, Some(b)) => !any(b),
        (Some(w), None) => any(w),
        (Some(w), Some(b)) => !any(b) && any(w),
    }))
}
