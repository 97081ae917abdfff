//! A file mode.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use crate::Value;

/// A file mode: `644`, `0644`, `"0644"`, `"644"` and `0o644` are the same, because Salt's YAML drops the
/// leading zero and Salt reads the digits as octal. `keep` stands for the mode of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// These bits.
    Bits(u32),
    /// The bits of the source file.
    Keep,
}

impl Mode {
    /// The mode that a value spells.
    pub fn from_value(value: &Value) -> Option<Mode> {
        let text = match value {
            Value::Int(i) if *i >= 0 => i.to_string(),
            Value::Str(s) => s.trim().to_owned(),
            _ => return None,
        };
        if text == "keep" {
            return Some(Mode::Keep);
        }
        let digits = text.strip_prefix("0o").unwrap_or(&text);
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        u32::from_str_radix(digits, 8).ok().filter(|bits| *bits <= 0o7777).map(Mode::Bits)
    }

    /// The bits, unless they are the source's.
    pub fn bits(self) -> Option<u32> {
        match self {
            Mode::Bits(bits) => Some(bits),
            Mode::Keep => None,
        }
    }
}

/// `0644`, as Salt prints modes; `keep`.
impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mode::Bits(bits) => write!(f, "{bits:04o}"),
            Mode::Keep => f.write_str("keep"),
        }
    }
}

impl Serialize for Mode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Mode::from_value(&value)
            .ok_or_else(|| D::Error::custom(format!("expected a file mode such as '0644', found {value:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    #[test]
    fn every_spelling_of_a_mode() {
        for (text, wanted) in [
            ("644", Some(Mode::Bits(0o644))),
            ("0644", Some(Mode::Bits(0o644))),
            ("'0644'", Some(Mode::Bits(0o644))),
            ("'1777'", Some(Mode::Bits(0o1777))),
            ("0", Some(Mode::Bits(0))),
            ("keep", Some(Mode::Keep)),
            ("'0o750'", Some(Mode::Bits(0o750))),
            ("'+7'", None),
            ("'99'", None),
            ("77777", None),
            ("-1", None),
            ("rw", None),
            ("''", None),
        ] {
            assert_eq!(Mode::from_value(&yaml::load_sls(text).unwrap()), wanted, "{text}");
        }
        assert_eq!(Mode::Bits(0o44).to_string(), "0044");
    }
}
