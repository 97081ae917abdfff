//! The encodings that texts are written in when a state or function names one.

use crate::exec::ExecError;

/// How a text becomes bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Encoding {
    #[default]
    Utf8,
    /// With a byte order mark at the beginning.
    Utf8Marked,
    /// Little end first; marked unless the name says which end.
    Utf16 {
        big: bool,
        marked: bool,
    },
    Utf32 {
        big: bool,
        marked: bool,
    },
    /// One byte per character, up to this one.
    Bytes(u32),
}

impl Encoding {
    /// The encoding that Python calls so; none when it is not known here.
    pub(crate) fn named(name: &str) -> Result<Encoding, ExecError> {
        let plain: String = name.to_ascii_lowercase().replace(['-', '_', ' '], "");
        Ok(match plain.as_str() {
            "utf8" | "u8" | "utf" => Encoding::Utf8,
            "utf8sig" => Encoding::Utf8Marked,
            "utf16" | "u16" => Encoding::Utf16 { big: false, marked: true },
            "utf16le" => Encoding::Utf16 { big: false, marked: false },
            "utf16be" => Encoding::Utf16 { big: true, marked: false },
            "utf32" | "u32" => Encoding::Utf32 { big: false, marked: true },
            "utf32le" => Encoding::Utf32 { big: false, marked: false },
            "utf32be" => Encoding::Utf32 { big: true, marked: false },
            "latin1" | "latin" | "iso88591" | "l1" => Encoding::Bytes(0xff),
            "ascii" | "usascii" => Encoding::Bytes(0x7f),
            _ => return Err(ExecError::raised("LookupError", format!("unknown encoding: {name}"))),
        })
    }

    /// The bytes of a text. A character that there are no bytes for is left out (`ignore`), replaced (`replace`) or an
    /// error (`strict`).
    pub(crate) fn encode(self, text: &str, errors: &str) -> Result<Vec<u8>, ExecError> {
        let mut out = Vec::with_capacity(text.len());
        let mark = matches!(
            self,
            Encoding::Utf8Marked
                | Encoding::Utf16 { marked: true, .. }
                | Encoding::Utf32 { marked: true, .. }
        );
        for c in mark.then_some('\u{feff}').into_iter().chain(text.chars()) {
            match self {
                Encoding::Utf8 | Encoding::Utf8Marked => {
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
                Encoding::Utf16 { big, .. } => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        out.extend(if big { unit.to_be_bytes() } else { unit.to_le_bytes() });
                    }
                }
                Encoding::Utf32 { big, .. } => {
                    let code = u32::from(c);
                    out.extend(if big { code.to_be_bytes() } else { code.to_le_bytes() });
                }
                Encoding::Bytes(most) => {
                    match u8::try_from(u32::from(c)).ok().filter(|b| u32::from(*b) <= most) {
                        Some(byte) => out.push(byte),
                        None if errors == "ignore" => {}
                        None if errors == "replace" => out.push(b'?'),
                        None => {
                            let problem = format!("character {c:?} cannot be encoded");
                            return Err(ExecError::raised("UnicodeEncodeError", problem));
                        }
                    }
                }
            }
        }
        Ok(out)
    }

    /// The text of bytes.
    pub(crate) fn decode(self, data: &[u8]) -> Result<String, ExecError> {
        let bad = || ExecError::raised("UnicodeDecodeError", "the file is not in that encoding");
        let unmarked = |text: String| text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        match self {
            Encoding::Utf8 => String::from_utf8(data.to_vec()).map_err(|_| bad()),
            Encoding::Utf8Marked => String::from_utf8(data.to_vec()).map(unmarked).map_err(|_| bad()),
            Encoding::Utf16 { big, marked } => {
                let big = big || (marked && data.starts_with(&[0xfe, 0xff]));
                let pairs = data.chunks(2).map(|pair| match pair {
                    [a, b] if big => Ok(u16::from_be_bytes([*a, *b])),
                    [a, b] => Ok(u16::from_le_bytes([*a, *b])),
                    _ => Err(bad()),
                });
                let units: Vec<u16> = pairs.collect::<Result<_, _>>()?;
                String::from_utf16(&units).map(unmarked).map_err(|_| bad())
            }
            Encoding::Utf32 { big, marked } => {
                let big = big || (marked && data.starts_with(&[0, 0, 0xfe, 0xff]));
                let code = |four: &[u8]| {
                    let four: [u8; 4] = four.try_into().ok()?;
                    char::from_u32(if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) })
                };
                data.chunks(4).map(code).collect::<Option<String>>().map(unmarked).ok_or_else(bad)
            }
            Encoding::Bytes(most) => {
                let fits = data.iter().all(|byte| u32::from(*byte) <= most);
                if fits { Ok(data.iter().map(|byte| char::from(*byte)).collect()) } else { Err(bad()) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        for name in ["utf-8", "UTF_8_sig", "utf-16", "utf-16-be", "utf-32", "latin-1"] {
            let encoding = Encoding::named(name).unwrap();
            let bytes = encoding.encode("Grüße\n", "strict").unwrap();
            assert_eq!(encoding.decode(&bytes).unwrap(), "Grüße\n", "{name}");
        }
        let ascii = Encoding::named("ascii").unwrap();
        assert!(ascii.encode("ü", "strict").is_err());
        assert_eq!(ascii.encode("aü", "replace").unwrap(), b"a?");
        assert_eq!(Encoding::named("utf-16").unwrap().encode("a", "strict").unwrap(), b"\xff\xfea\0");
        assert!(Encoding::named("klingon").is_err());
    }
}
