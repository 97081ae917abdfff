//! Jinja's filters for HTML. Salt never escapes on its own; these do when they are asked to.

use super::{Table, soft_str};
use crate::val::{CallArgs, Val, collect};
use crate::{Error, Result, methods};

pub(super) const TABLE: Table = &[
    ("e", escape_filter),
    ("escape", escape_filter),
    ("forceescape", |a| {
        let v = a.bind("do_forceescape", ["value"], 1)?.take(0);
        Ok(Val::Markup(escape(&soft_str(&v)?).into()))
    }),
    ("safe", |a| soft_str(&a.bind("do_mark_safe", ["value"], 1)?.take(0)).map(Val::Markup)),
    ("striptags", striptags),
    ("urlencode", urlencode),
    ("urlize", urlize),
    ("xmlattr", xmlattr),
];

pub(super) fn escape(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    for c in s.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn escape_filter(args: &mut CallArgs) -> Result<Val> {
    let s = args.bind("escape", ["s"], 1)?.take(0);
    escaped(&s).map(Val::Markup)
}

/// `escape(v)`: what is `Markup` stays as it is.
pub(crate) fn escaped(v: &Val) -> Result<std::sync::Arc<str>> {
    match v {
        Val::Markup(s) => Ok(s.clone()),
        v => Ok(escape(&soft_str(v)?).into()),
    }
}

fn striptags(args: &mut CallArgs) -> Result<Val> {
    let s = soft_str(&args.bind("do_striptags", ["value"], 1)?.take(0))?;
    let mut text = String::new();
    let mut rest: &str = &s;
    // Comments go first: a tag may stand in one.
    while let Some((before, after)) = rest.split_once("<!--") {
        text.push_str(before);
        rest = match after.split_once("-->") {
            Some((_, tail)) => tail,
            None => {
                text.push_str("<!--");
                after
            }
        };
    }
    text.push_str(rest);
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        rest = match after.split_once('>') {
            Some((_, tail)) => tail,
            None => {
                out.push('<');
                after
            }
        };
    }
    out.push_str(rest);
    let plain = out.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain = plain
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&#34;", "\"")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&nbsp;", "\u{a0}")
        .replace("&amp;", "&");
    Ok(Val::from(plain))
}

/// Percent-encodes all but letters, digits, `_.-~` and what `keep` holds.
pub(super) fn percent_encode(bytes: &[u8], keep: &str) -> String {
    let mut out = String::with_capacity(bytes.len());
    for &b in bytes {
        let c = char::from(b);
        if c.is_ascii_alphanumeric() || "_.-~".contains(c) || (c.is_ascii() && keep.contains(c)) {
            out.push(c);
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

fn urlencode(args: &mut CallArgs) -> Result<Val> {
    let v = args.bind("do_urlencode", ["value"], 1)?.take(0);
    let quote = |v: &Val, query: bool| -> Result<String> {
        let bytes = match v {
            Val::Bytes(b) => b.to_vec(),
            v => soft_str(v)?.as_bytes().to_vec(),
        };
        let text = percent_encode(&bytes, if query { "" } else { "/" });
        Ok(if query { text.replace("%20", "+") } else { text })
    };
    let pairs = match (&v, methods::mapping_items(&v)) {
        (_, Some(items)) => items?,
        (Val::List(_) | Val::Tuple(_) | Val::Set(_) | Val::Iter(_) | Val::View(_), None) => collect(&v)?
            .iter()
            .map(|p| {
                match collect(p)
                    .map_err(|e| match e.kind() {
                        crate::ErrorKind::Type => {
                            Error::type_error(format!("cannot unpack non-iterable {} object", p.type_name()))
                        }
                        _ => e,
                    })?
                    .as_slice()
                {
                    [k, v] => Ok((k.clone(), v.clone())),
                    parts if parts.len() < 2 => Err(Error::value_error(format!(
                        "not enough values to unpack (expected 2, got {})",
                        parts.len()
                    ))),
                    _ => Err(Error::value_error("too many values to unpack (expected 2)")),
                }
            })
            .collect::<Result<_>>()?,
        _ => return Ok(Val::from(quote(&v, false)?)),
    };
    let parts = pairs
        .iter()
        .map(|(k, v)| Ok(format!("{}={}", quote(k, true)?, quote(v, true)?)))
        .collect::<Result<Vec<_>>>()?;
    Ok(Val::from(parts.join("&")))
}

fn urlize(args: &mut CallArgs) -> Result<Val> {
    let mut b =
        args.bind("do_urlize", ["value", "trim_url_limit", "nofollow", "target", "rel", "extra_schemes"], 1)?;
    let s = soft_str(&b.take(0))?;
    let limit = match b.take(1) {
        Val::None => None,
        v => usize::try_from(v.to_index()?).ok(),
    };
    let mut rel = vec!["noopener"];
    if b.flag(2, false)? {
        rel.push("nofollow");
    }
    rel.sort_unstable();
    let target = b.str(3)?.map_or(String::new(), |t| format!(" target=\"{}\"", escape(&t)));
    let rel = format!(" rel=\"{}\"", rel.join(" "));
    let link = |url: &str, text: &str, rel: &str| {
        let shown = match limit {
            Some(n) if text.chars().count() > n => text.chars().take(n).collect::<String>() + "...",
            _ => text.to_owned(),
        };
        format!("<a href=\"{url}\"{rel}{target}>{shown}</a>")
    };
    let text = escape(&s);
    let mut out = String::new();
    let mut word = String::new();
    for c in text.chars().map(Some).chain([None]) {
        match c {
            Some(c) if !c.is_whitespace() => word.push(c),
            blank => {
                out.push_str(&linked(&std::mem::take(&mut word), &rel, &link));
                out.extend(blank);
            }
        }
    }
    Ok(Val::from(out))
}

fn linked(word: &str, rel: &str, link: &dyn Fn(&str, &str, &str) -> String) -> String {
    let head_len = word.len() - word.trim_start_matches(['(', '<']).len();
    let head_len = head_len.max(if word.starts_with("&lt;") { 4 } else { 0 });
    let (head, rest) = word.split_at(head_len);
    let mut middle = rest;
    loop {
        let cut = [")", ">", ".", ",", "\n", "&gt;"].iter().find_map(|t| middle.strip_suffix(t));
        match cut {
            Some(m) => middle = m,
            None => break,
        }
    }
    let tail = rest.get(middle.len()..).unwrap_or("");
    let host = |s: &str| {
        let name = s.split(['/', '?', '#', ':']).next().unwrap_or("");
        let top = name.rsplit('.').next().unwrap_or("");
        (name.contains('.') || name == "localhost")
            && name.len() > 3
            && top.chars().all(|c| c.is_ascii_alphanumeric())
    };
    let body = if let Some(t) = middle.strip_prefix("https://").or_else(|| middle.strip_prefix("http://"))
        && host(t)
    {
        link(middle, middle, rel)
    } else if middle.starts_with("www.")
        || (host(middle)
            && [".com", ".net", ".org", ".info"].iter().any(|t| middle.ends_with(t))
            && !middle.contains('@'))
    {
        link(&format!("https://{middle}"), middle, rel)
    } else if let Some(t) = middle.strip_prefix("mailto:")
        && t.contains('@')
    {
        link(middle, t, "")
    } else if middle
        .split_once('@')
        .is_some_and(|(u, h)| !u.is_empty() && h.contains('.') && !h.contains('@'))
    {
        link(&format!("mailto:{middle}"), middle, "")
    } else {
        middle.to_owned()
    };
    format!("{head}{body}{tail}")
}

fn xmlattr(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("do_xmlattr", ["d", "autospace"], 1)?;
    let v = b.take(0);
    let autospace = b.flag(1, true)?;
    let items = methods::mapping_items(&v).ok_or_else(|| {
        v.use_error().unwrap_or_else(|| {
            Error::new(
                crate::ErrorKind::Attribute,
                format!("'{}' object has no attribute 'items'", v.type_name()),
            )
        })
    })??;
    let mut out = Vec::new();
    for (k, v) in items {
        if matches!(v, Val::None | Val::Undefined(_)) {
            continue;
        }
        let k = super::text_like(&k)?;
        if k.contains([' ', '\t', '\n', '\r', '\x0c', '/', '>', '=']) {
            return Err(Error::value_error(format!(
                "Invalid character in attribute name: {}",
                Val::Str(k).quoted()
            )));
        }
        out.push(format!("{}=\"{}\"", escape(&k), escape(&soft_str(&v)?)));
    }
    let text = out.join(" ");
    Ok(Val::from(if autospace && !text.is_empty() { format!(" {text}") } else { text }))
}
