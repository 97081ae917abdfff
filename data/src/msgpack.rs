//! msgpack: what goes over the wire and into the spool. Decoding trusts nothing: depth is bounded, and
//! memory is taken for what is there, never for what a length announces.

use num_traits::ToPrimitive;

use crate::{DateTime, Dict, Value};

/// How deep lists and dicts may nest in a message.
pub const MAX_DEPTH: usize = 256;

/// Why bytes are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The message ends too early, or a length announces more than there is.
    #[error("msgpack: message ends at byte {0} before the value does")]
    Truncated(usize),
    /// Bytes follow the value.
    #[error("msgpack: extra data after the value at byte {0}")]
    Trailing(usize),
    /// Lists and dicts nest deeper than [`MAX_DEPTH`].
    #[error("msgpack: nested deeper than {MAX_DEPTH} at byte {0}")]
    TooDeep(usize),
    /// A string that is not UTF-8.
    #[error("msgpack: string at byte {0} is not UTF-8")]
    NotText(usize),
    /// A dict key that is a list or a dict.
    #[error("msgpack: list or dict as a dict key at byte {0}")]
    Key(usize),
    /// A type that a message never has: the reserved byte, an extension that is not known.
    #[error("msgpack: unknown type {1:#04x} at byte {0}")]
    Type(usize, u8),
}

/// The bytes of a value. An integer beyond 64 bits is written as text, as Salt does.
pub fn encode(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    encode_to(&mut out, value);
    out
}

/// Appends the bytes of a value.
pub fn encode_to(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::None => out.push(0xc0),
        Value::Bool(b) => out.push(0xc2 + u8::from(*b)),
        Value::Int(i) => encode_int(out, *i),
        Value::BigInt(b) => match b.to_u64() {
            Some(u) => {
                out.push(0xcf);
                out.extend(u.to_be_bytes());
            }
            None => encode_str(out, &b.to_string()),
        },
        Value::Float(f) => {
            out.push(0xcb);
            out.extend(f.to_be_bytes());
        }
        Value::Str(s) => encode_str(out, s),
        Value::Bytes(b) => {
            encode_len(out, b.len(), None, [0xc4, 0xc5, 0xc6]);
            out.extend_from_slice(b);
        }
        Value::List(items) => {
            encode_len(out, items.len(), Some((0x90, 16)), [0, 0xdc, 0xdd]);
            items.iter().for_each(|item| encode_to(out, item));
        }
        Value::Dict(d) => {
            encode_len(out, d.len(), Some((0x80, 16)), [0, 0xde, 0xdf]);
            for (key, item) in d.iter() {
                encode_to(out, key);
                encode_to(out, item);
            }
        }
        Value::DateTime(d) => encode_datetime(out, d),
    }
}

fn encode_int(out: &mut Vec<u8>, i: i64) {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "each arm checked the range")]
    match i {
        0..=0x7f => out.push(i as u8),
        -32..=-1 => out.push(i as i8 as u8),
        0x80..=0xff => out.extend([0xcc, i as u8]),
        0x100..=0xffff => {
            out.push(0xcd);
            out.extend((i as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.push(0xce);
            out.extend((i as u32).to_be_bytes());
        }
        -0x80..=-33 => out.extend([0xd0, i as i8 as u8]),
        -0x8000..=-0x81 => {
            out.push(0xd1);
            out.extend((i as i16).to_be_bytes());
        }
        -0x8000_0000..=-0x8001 => {
            out.push(0xd2);
            out.extend((i as i32).to_be_bytes());
        }
        _ => {
            out.push(if i < 0 { 0xd3 } else { 0xcf });
            out.extend(i.to_be_bytes());
        }
    }
}

fn encode_str(out: &mut Vec<u8>, s: &str) {
    encode_len(out, s.len(), Some((0xa0, 32)), [0xd9, 0xda, 0xdb]);
    out.extend_from_slice(s.as_bytes());
}

/// A length: inside the type byte when `fix` allows, else in 1, 2 or 4 bytes (marker 0 = there is no such form).
fn encode_len(out: &mut Vec<u8>, len: usize, fix: Option<(u8, usize)>, markers: [u8; 3]) {
    let short = u8::try_from(len);
    match (fix, short) {
        (Some((base, below)), Ok(n)) if len < below => return out.push(base | n),
        (_, Ok(n)) if markers[0] != 0 => return out.extend([markers[0], n]),
        _ => {}
    }
    match u16::try_from(len) {
        Ok(n) => {
            out.push(markers[1]);
            out.extend(n.to_be_bytes());
        }
        // A value of 4 GiB does not fit a process that should idle in a few MiB; a wrong length is refused by any reader.
        Err(_) => {
            out.push(markers[2]);
            out.extend(u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes());
        }
    }
}

/// Salt's extension 78: a date and time as text. A plain date goes as text without the extension.
const EXT_DATETIME: u8 = 78;

fn encode_datetime(out: &mut Vec<u8>, value: &DateTime) {
    match value {
        DateTime::Time(t, _) => {
            let text = t.format("%Y%m%dT%H:%M:%S%.6f").to_string();
            out.extend([0xc7, u8::try_from(text.len()).unwrap_or(u8::MAX), EXT_DATETIME]);
            out.extend_from_slice(text.as_bytes());
        }
        DateTime::Date(_) => encode_str(out, &value.to_string()),
    }
}

/// Reads exactly one value.
pub fn decode(bytes: &[u8]) -> Result<Value, Error> {
    let mut reader = Reader { bytes, at: 0 };
    let value = reader.value(0)?;
    if reader.at < bytes.len() { Err(Error::Trailing(reader.at)) } else { Ok(value) }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], Error> {
        let end = self.at.checked_add(n).ok_or(Error::Truncated(self.at))?;
        let slice = self.bytes.get(self.at..end).ok_or(Error::Truncated(self.bytes.len()))?;
        self.at = end;
        Ok(slice)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let at = self.at;
        self.take(N)?.try_into().map_err(|_| Error::Truncated(at))
    }

    /// A big-endian length of `width` bytes.
    fn len(&mut self, width: usize) -> Result<usize, Error> {
        Ok(self.take(width)?.iter().fold(0, |n, b| (n << 8) | usize::from(*b)))
    }

    fn value(&mut self, depth: usize) -> Result<Value, Error> {
        let at = self.at;
        let [kind] = self.array()?;
        Ok(match kind {
            0x00..=0x7f => Value::Int(i64::from(kind)),
            0x80..=0x8f => self.dict(usize::from(kind & 0x0f), depth)?,
            0x90..=0x9f => self.list(usize::from(kind & 0x0f), depth)?,
            0xa0..=0xbf => self.str(usize::from(kind & 0x1f))?,
            0xc0 => Value::None,
            0xc2 => Value::Bool(false),
            0xc3 => Value::Bool(true),
            0xc4..=0xc6 => {
                let n = self.len(1 << (kind - 0xc4))?;
                Value::Bytes(self.take(n)?.into())
            }
            0xc7..=0xc9 => {
                let n = self.len(1 << (kind - 0xc7))?;
                self.ext(n, at)?
            }
            0xca => Value::Float(f64::from(f32::from_be_bytes(self.array()?))),
            0xcb => Value::Float(f64::from_be_bytes(self.array()?)),
            0xcc => Value::from(u8::from_be_bytes(self.array()?)),
            0xcd => Value::from(u16::from_be_bytes(self.array()?)),
            0xce => Value::from(u32::from_be_bytes(self.array()?)),
            0xcf => Value::from(u64::from_be_bytes(self.array()?)),
            0xd0 => Value::from(i8::from_be_bytes(self.array()?)),
            0xd1 => Value::from(i16::from_be_bytes(self.array()?)),
            0xd2 => Value::from(i32::from_be_bytes(self.array()?)),
            0xd3 => Value::from(i64::from_be_bytes(self.array()?)),
            0xd4..=0xd8 => self.ext(1 << (kind - 0xd4), at)?,
            0xd9..=0xdb => {
                let n = self.len(1 << (kind - 0xd9))?;
                self.str(n)?
            }
            0xdc | 0xdd => {
                let n = self.len(2 << (kind - 0xdc))?;
                self.list(n, depth)?
            }
            0xde | 0xdf => {
                let n = self.len(2 << (kind - 0xde))?;
                self.dict(n, depth)?
            }
            0xe0..=0xff => Value::Int(i64::from(i8::from_be_bytes([kind]))),
            0xc1 => return Err(Error::Type(at, kind)),
        })
    }

    /// Every item takes a byte at least: an announced count beyond what is left is refused before anything is allocated.
    fn room(&self, items: usize, bytes_each: usize, depth: usize) -> Result<(), Error> {
        if depth >= MAX_DEPTH {
            return Err(Error::TooDeep(self.at));
        }
        let left = self.bytes.len() - self.at;
        if items.checked_mul(bytes_each).is_none_or(|need| need > left) {
            return Err(Error::Truncated(self.bytes.len()));
        }
        Ok(())
    }

    fn list(&mut self, n: usize, depth: usize) -> Result<Value, Error> {
        self.room(n, 1, depth)?;
        let mut items = Vec::with_capacity(n.min(1024));
        for _ in 0..n {
            items.push(self.value(depth + 1)?);
        }
        Ok(Value::List(items.into()))
    }

    fn dict(&mut self, n: usize, depth: usize) -> Result<Value, Error> {
        self.room(n, 2, depth)?;
        let mut dict = Dict::with_capacity(n.min(1024));
        for _ in 0..n {
            let at = self.at;
            let key = self.value(depth + 1)?;
            if matches!(key, Value::List(_) | Value::Dict(_)) {
                return Err(Error::Key(at));
            }
            let value = self.value(depth + 1)?;
            dict.insert(key, value);
        }
        Ok(dict.into())
    }

    fn str(&mut self, n: usize) -> Result<Value, Error> {
        let at = self.at;
        let text = std::str::from_utf8(self.take(n)?).map_err(|_| Error::NotText(at))?;
        Ok(Value::from(text))
    }

    fn ext(&mut self, n: usize, at: usize) -> Result<Value, Error> {
        let [kind] = self.array()?;
        let body = self.take(n)?;
        let time = std::str::from_utf8(body)
            .ok()
            .filter(|_| kind == EXT_DATETIME)
            .and_then(|text| chrono::NaiveDateTime::parse_from_str(text, "%Y%m%dT%H:%M:%S%.f").ok());
        time.map(|t| DateTime::Time(t, None).into()).ok_or(Error::Type(at, kind))
    }
}
