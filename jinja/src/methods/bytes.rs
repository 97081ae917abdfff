//! `bytes`

use std::sync::Arc;

use crate::val::{CallArgs, Val, collect};
use crate::{Error, Result};

pub(super) const METHODS: &[&str] = &[
    "capitalize",
    "center",
    "count",
    "decode",
    "endswith",
    "expandtabs",
    "find",
    "fromhex",
    "hex",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdigit",
    "islower",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
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
    "upper",
    "zfill",
];

pub(super) fn call(b: &Arc<[u8]>, name: &str, args: &mut CallArgs) -> Result<Val> {
    match name {
        "decode" => {
            let mut bound = args.bind(name, ["encoding", "errors"], 0)?;
            let encoding = bound.str(0)?.unwrap_or_else(|| "utf-8".into());
            let errors = bound.str(1)?.unwrap_or_else(|| "strict".into());
            decode(b, &encoding, &errors).map(Val::from)
        }
        "hex" => hex(b, args),
        "fromhex" => {
            let text = super::text(&args.bind_builtin::<1>("bytes.fromhex", 1)?.take(0))?;
            from_hex(&text).map(|b| Val::Bytes(b.into()))
        }
        "splitlines" => {
            let keep = args.bind(name, ["keepends"], 0)?.flag(0, false)?;
            Ok(Val::list(split_lines(b, keep).into_iter().map(|l| Val::Bytes(l.into())).collect()))
        }
        _ => as_text(b, name, args),
    }
}

/// Runs the method of `str` on characters that stand for the bytes. What is no ASCII, and what only a `str`
/// takes for a blank, gets a character without properties.
fn as_text(b: &Arc<[u8]>, name: &str, args: &mut CallArgs) -> Result<Val> {
    let required = |v: &Val| {
        v.use_error().unwrap_or_else(|| match (name, v) {
            ("startswith" | "endswith", v) => Error::type_error(format!(
                "{name} first arg must be bytes or a tuple of bytes, not {}",
                v.type_name()
            )),
            ("find" | "rfind" | "index" | "rindex" | "count", v) => Error::type_error(format!(
                "argument should be integer or bytes-like object, not '{}'",
                v.type_name()
            )),
            _ => Error::type_error(format!("a bytes-like object is required, not '{}'", v.type_name())),
        })
    };
    for (i, v) in args.args.iter_mut().enumerate() {
        let number_there = match name {
            "center" | "ljust" | "rjust" | "zfill" | "expandtabs" => i == 0,
            _ => i > 0,
        };
        let number_as_byte = matches!(name, "find" | "rfind" | "index" | "rindex" | "count") && i == 0;
        let given = v.clone();
        *v = match &given {
            Val::Bytes(b) => Val::from(chars(b)),
            Val::Tuple(t) if matches!(name, "startswith" | "endswith") => {
                let parts = t.iter().map(|v| match v {
                    Val::Bytes(b) => Ok(Val::from(chars(b))),
                    v => Err(required(v)),
                });
                Val::tuple(parts.collect::<Result<_>>()?)
            }
            Val::None if matches!(name, "strip" | "lstrip" | "rstrip" | "split" | "rsplit") || i > 0 => {
                Val::None
            }
            Val::Int(n) if number_as_byte => match u8::try_from(*n) {
                Ok(n) => Val::from(chars(&[n])),
                Err(_) => return Err(Error::value_error("byte must be in range(0, 256)")),
            },
            Val::Int(_) | Val::Bool(_) if number_there => given.clone(),
            v if name == "join" => {
                let mut parts = Vec::new();
                for (i, item) in collect(v)
                    .map_err(|_| Error::type_error("can only join an iterable"))?
                    .into_iter()
                    .enumerate()
                {
                    parts.push(match item {
                        Val::Bytes(b) => Val::from(chars(&b)),
                        other => {
                            return Err(Error::type_error(format!(
                                "sequence item {i}: expected a bytes-like object, {} found",
                                other.type_name()
                            )));
                        }
                    });
                }
                Val::list(parts)
            }
            v => return Err(required(v)),
        };
    }
    for (_, v) in &mut args.kwargs {
        if let Val::Bytes(b) = v {
            *v = Val::from(chars(b));
        }
    }
    let text: Arc<str> = chars(b).into();
    super::str::call(&text, name, args).map(back).map_err(|e| match e.message() {
        "substring not found" => Error::value_error("subsection not found"),
        _ => e,
    })
}

const PRIVATE: u32 = 0xe000;

fn chars(b: &[u8]) -> String {
    b.iter()
        .map(|&b| match b {
            0x1c..=0x1f | 0x80.. => char::from_u32(PRIVATE + u32::from(b)).unwrap_or(' '),
            b => char::from(b),
        })
        .collect()
}

fn back(v: Val) -> Val {
    match v {
        Val::Str(s) => {
            let byte = |c: char| u8::try_from(u32::from(c).checked_sub(PRIVATE).unwrap_or(u32::from(c)));
            Val::Bytes(s.chars().filter_map(|c| byte(c).ok()).collect::<Vec<u8>>().into())
        }
        Val::List(l) => Val::list(l.borrow().iter().cloned().map(back).collect()),
        Val::Tuple(t) => Val::tuple(t.iter().cloned().map(back).collect()),
        v => v,
    }
}

fn hex(b: &[u8], args: &mut CallArgs) -> Result<Val> {
    let mut bound = args.bind("hex", ["sep", "bytes_per_sep"], 0)?;
    let sep = match bound.take(0) {
        Val::None => return Ok(Val::from(b.iter().map(|b| format!("{b:02x}")).collect::<String>())),
        Val::Bytes(s) => String::from_utf8_lossy(&s).into_owned(),
        v => super::text(&v)?.to_string(),
    };
    if sep.chars().count() != 1 {
        return Err(Error::value_error("sep must be length 1."));
    }
    let each = bound.int(1, 1)?;
    let n = usize::try_from(each.unsigned_abs()).unwrap_or(usize::MAX);
    let mut out = String::new();
    for (i, byte) in b.iter().enumerate() {
        // A positive count groups from the right.
        let at = if each > 0 { b.len() - i } else { i };
        if i > 0 && n > 0 && at % n == 0 {
            out.push_str(&sep);
        }
        out.push_str(&format!("{byte:02x}"));
    }
    Ok(Val::from(out))
}

fn from_hex(text: &str) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut digits = text.chars().enumerate().filter(|(_, c)| !c.is_ascii_whitespace());
    let fail = |i: usize| {
        Error::value_error(format!("non-hexadecimal number found in fromhex() arg at position {i}"))
    };
    while let Some((i, high)) = digits.next() {
        let high = high.to_digit(16).ok_or_else(|| fail(i))?;
        let low = digits.next().and_then(|(_, c)| c.to_digit(16)).ok_or_else(|| fail(i + 1))?;
        out.extend(u8::try_from(high * 16 + low));
    }
    Ok(out)
}

fn split_lines(b: &[u8], keep: bool) -> Vec<Vec<u8>> {
    let mut lines = Vec::new();
    let mut rest = b;
    while !rest.is_empty() {
        let at = rest.iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(rest.len());
        let end = match rest.get(at..) {
            Some([b'\r', b'\n', ..]) => at + 2,
            Some([_, ..]) => at + 1,
            _ => at,
        };
        lines.push(rest.get(..if keep { end } else { at }).unwrap_or(&[]).to_vec());
        rest = rest.get(end..).unwrap_or(&[]);
    }
    lines
}

/// `bytes.decode`
pub(crate) fn decode(b: &[u8], encoding: &str, errors: &str) -> Result<String> {
    let name = encoding.to_lowercase().replace('_', "-");
    match name.as_str() {
        "utf-8" | "utf8" | "utf-8-sig" => match (std::str::from_utf8(b), errors) {
            (Ok(s), _) if name == "utf-8-sig" => Ok(s.trim_start_matches('\u{feff}').to_owned()),
            (Ok(s), _) => Ok(s.to_owned()),
            (Err(_), "replace") => Ok(String::from_utf8_lossy(b).into_owned()),
            (Err(_), "ignore") => Ok(b.utf8_chunks().map(|c| c.valid()).collect()),
            (Err(_), "backslashreplace") => Ok(b
                .utf8_chunks()
                .map(|c| {
                    let escaped: String = c.invalid().iter().map(|b| format!("\\x{b:02x}")).collect();
                    format!("{}{escaped}", c.valid())
                })
                .collect()),
            (Err(e), _) => {
                let at = e.valid_up_to();
                let byte = b.get(at).copied().unwrap_or(0);
                let end = at + e.error_len().unwrap_or(b.len() - at);
                let reason = match e.error_len() {
                    None => "unexpected end of data",
                    Some(_) if !(0xc2..=0xf4).contains(&byte) => "invalid start byte",
                    Some(_) => "invalid continuation byte",
                };
                Err(Error::value_error(if end > at + 1 {
                    format!("'utf-8' codec can't decode bytes in position {at}-{}: {reason}", end - 1)
                } else {
                    format!("'utf-8' codec can't decode byte 0x{byte:02x} in position {at}: {reason}")
                }))
            }
        },
        "ascii" | "us-ascii" => {
            let mut out = String::with_capacity(b.len());
            for (i, &byte) in b.iter().enumerate() {
                match (byte.is_ascii(), errors) {
                    (true, _) => out.push(char::from(byte)),
                    (false, "ignore") => {}
                    (false, "replace") => out.push('\u{fffd}'),
                    (false, "backslashreplace") => out.push_str(&format!("\\x{byte:02x}")),
                    (false, _) => {
                        return Err(Error::value_error(format!(
                            "'ascii' codec can't decode byte 0x{byte:02x} in position {i}: ordinal not in range(128)"
                        )));
                    }
                }
            }
            Ok(out)
        }
        "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" => Ok(b.iter().map(|b| char::from(*b)).collect()),
        "utf-16" | "utf-16-le" | "utf-16le" | "utf-16-be" | "utf-16be" => {
            let (big, body) = match (name.as_str(), b) {
                ("utf-16", [0xff, 0xfe, rest @ ..]) => (false, rest),
                ("utf-16", [0xfe, 0xff, rest @ ..]) => (true, rest),
                (n, b) => (n.ends_with("be"), b),
            };
            let units = body.chunks_exact(2).map(|p| match p {
                [x, y] if big => u16::from_be_bytes([*x, *y]),
                [x, y] => u16::from_le_bytes([*x, *y]),
                _ => 0,
            });
            if body.len() % 2 == 1 && errors == "strict" {
                return Err(Error::value_error(format!(
                    "'utf-16-{}' codec can't decode byte 0x{:02x} in position {}: truncated data",
                    if big { "be" } else { "le" },
                    b.last().copied().unwrap_or(0),
                    b.len() - 1
                )));
            }
            Ok(char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect())
        }
        _ => Err(Error::value_error(format!("unknown encoding: {encoding}"))),
    }
}
