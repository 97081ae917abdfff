//! True or false, in any spelling.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use crate::Value;

/// True or false: a boolean, 0 or 1, or one of YAML's words (`yes`, `Off`, `TRUE`) as text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flag(pub bool);

impl From<Flag> for bool {
    fn from(flag: Flag) -> bool {
        flag.0
    }
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 { "True" } else { "False" })
    }
}

impl Serialize for Flag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(self.0)
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        flag(&value)
            .map(Flag)
            .ok_or_else(|| D::Error::custom(format!("expected true or false, found {value:?}")))
    }
}

/// The truth that a value spells; none when it is about something else.
pub(crate) fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(b) => Some(*b),
        Value::Int(0) => Some(false),
        Value::Int(1) => Some(true),
        Value::Str(s) => match s.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some(true),
            "false" | "no" | "off" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        for (value, wanted) in [
            (Value::from("Yes"), Some(true)),
            (Value::from("OFF"), Some(false)),
            (Value::from(1), Some(true)),
            (Value::from(2), None),
            (Value::from("maybe"), None),
            (Value::None, None),
        ] {
            assert_eq!(flag(&value), wanted, "{value:?}");
        }
    }
}
