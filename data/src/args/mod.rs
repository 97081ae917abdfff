//! serde's bridge: argument structs out of [`Value`]s and back, with errors that name the field.
//!
//! Reading is loose where Salt is: `"10"` is a number for a field that is one, `5` is text for a field
//! that is text, `"yes"` is true. [`crate::loose`] has types for the looser shapes.

pub mod cli;
mod de;
mod ser;
mod value;

use std::fmt;

use serde::de::DeserializeOwned;
use serde::ser::Serialize;

use crate::Value;

/// Why a value does not fit its type, and where in the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgError {
    /// The field: `name`, `env.PATH`, `pkgs[2]`; empty for the whole.
    pub path: String,
    /// What is wrong there: `invalid type: list, expected a string`.
    pub problem: String,
}

impl fmt::Display for ArgError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.problem)
        } else {
            write!(f, "{}: {}", self.path, self.problem)
        }
    }
}

impl std::error::Error for ArgError {}

impl ArgError {
    fn new(problem: impl fmt::Display) -> Self {
        ArgError { path: String::new(), problem: problem.to_string() }
    }

    /// The same, in a field of that name.
    #[must_use]
    pub fn in_field(mut self, key: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{key}{dot}{}", self.path);
        self
    }

    fn in_item(mut self, index: usize) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("[{index}]{dot}{}", self.path);
        self
    }
}

impl serde::de::Error for ArgError {
    fn custom<T: fmt::Display>(msg: T) -> Self {
        ArgError::new(msg)
    }
}

impl serde::ser::Error for ArgError {
    fn custom<T: fmt::Display>(msg: T) -> Self {
        ArgError::new(msg)
    }
}

/// A `T` out of a value. A field of type [`Value`] shares what it is given, whatever its size.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, ArgError> {
    T::deserialize(de::FromValue(value))
}

/// The value that a `T` serialises to. A list or a dict as a key becomes its text; a `T` whose own
/// `Serialize` fails becomes the text of that failure.
pub fn to_value<T: Serialize + ?Sized>(value: &T) -> Value {
    value.serialize(ser::ToValue).unwrap_or_else(|error| Value::from(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::{Dict, yaml};

    #[derive(Debug, PartialEq, Deserialize, Serialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        name: String,
        #[serde(default)]
        count: u8,
        #[serde(default)]
        force: bool,
        user: Option<String>,
        #[serde(default)]
        env: BTreeMap<String, String>,
        #[serde(default)]
        any: Value,
        #[serde(default)]
        kind: Kind,
    }

    #[derive(Debug, Default, PartialEq, Deserialize, Serialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        #[default]
        Plain,
        Pair(u8, u8),
        Named {
            at: f64,
        },
    }

    fn read(text: &str) -> Result<Args, String> {
        from_value(yaml::load(text).unwrap()).map_err(|e| e.to_string())
    }

    #[test]
    fn numbers_text_and_flags_are_loose() {
        let args = read("{name: 12, count: '7', force: 'yes', user: null, env: {A: 1, 2: true}}").unwrap();
        assert_eq!(args.name, "12");
        assert_eq!((args.count, args.force, args.user), (7, true, None));
        assert_eq!(args.env, BTreeMap::from([("A".into(), "1".into()), ("2".into(), "True".into())]));
    }

    #[test]
    fn errors_name_the_field() {
        for (text, message) in [
            ("{}", "missing field `name`"),
            ("{name: [a]}", "name: invalid type: list, expected a string"),
            ("{name: a, count: 300}", "count: invalid value: integer `300`, expected u8"),
            ("{name: a, count: x}", "count: invalid type: string \"x\", expected u8"),
            ("{name: a, env: {A: {B: c}}}", "env.A: invalid type: dict, expected a string"),
            ("{name: a, kind: {pair: [1, z]}}", "kind.pair[1]: invalid type: string \"z\", expected u8"),
            ("{name: a, force: maybe}", "force: invalid type: string \"maybe\", expected a boolean"),
            ("[a]", "invalid type: list, expected struct Args"),
        ] {
            assert_eq!(read(text).unwrap_err(), message);
        }
        assert!(
            read("{name: a, nmae: b}")
                .unwrap_err()
                .starts_with("nmae: unknown field `nmae`, expected one of")
        );
    }

    #[test]
    fn a_value_field_shares_what_it_is_given() {
        let big = Value::from(vec![1, 2, 3]);
        let args: Args = from_value(Dict::new().with("name", "a").with("any", big.clone()).into()).unwrap();
        match (&args.any, &big) {
            (Value::List(a), Value::List(b)) => assert!(std::sync::Arc::ptr_eq(a, b)),
            other => panic!("not two lists: {other:?}"),
        }
    }

    #[test]
    fn structs_round_trip() {
        for text in [
            "{name: a, count: 3, force: true, user: u, env: {A: b}, any: [1, {2: x}, 1.5, null], kind: plain}",
            "{name: a, any: 123456789012345678901234567890, kind: {pair: [1, 2]}}",
            "{name: a, any: 2001-02-03, kind: {named: {at: 1.5}}}",
        ] {
            let args = read(text).unwrap();
            assert_eq!(from_value::<Args>(to_value(&args)).unwrap(), args);
        }
    }

    #[test]
    fn values_round_trip_through_msgpack_and_json() {
        let value =
            yaml::load("{a: [1, -2, 1.5, true, null, 'x', 18446744073709551615], b: {c: {}}}").unwrap();
        let packed = rmp_serde::to_vec_named(&value).unwrap();
        assert!(rmp_serde::from_slice::<Value>(&packed).unwrap().identical(&value));
        assert_eq!(packed, crate::msgpack::encode(&value));
        let text = serde_json::to_string(&value).unwrap();
        assert!(serde_json::from_str::<Value>(&text).unwrap().identical(&value), "{text}");
        let bytes = Value::Bytes(b"\xff\x00".as_slice().into());
        let packed = rmp_serde::to_vec(&bytes).unwrap();
        assert!(rmp_serde::from_slice::<Value>(&packed).unwrap().identical(&bytes));
    }
}
