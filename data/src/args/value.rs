//! `Serialize` and `Deserialize` for [`Value`] itself.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use num_bigint::BigInt;
use num_traits::ToPrimitive;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::{Dict, Value};

/// The newtype name by which a `Value` asks for itself, so that our own deserialiser hands it over whole.
pub(super) const TOKEN: &str = "$data::Value";
/// serde_json with `arbitrary_precision` presents numbers as a map with this one key.
const JSON_NUMBER: &str = "$serde_json::private::Number";

thread_local! {
    /// The value on its way from our deserialiser to the visitor that it calls next, or from a value
    /// that serialises itself to our serialiser.
    static HANDED_OVER: Cell<Option<Value>> = const { Cell::new(None) };
    /// Our serialiser asks: the value that serialises itself next is to hand itself over.
    static ASKED: Cell<bool> = const { Cell::new(false) };
}

/// The value that `serialize` hands over when asked to.
pub(super) fn take_over<E>(serialize: impl FnOnce() -> Result<Value, E>) -> Result<Value, E> {
    ASKED.set(true);
    let made = serialize();
    ASKED.set(false);
    Ok(HANDED_OVER.take().unwrap_or(made?))
}

/// Leaves `value` for the [`Value`] visitor that is called next on this thread.
pub(super) fn hand_over(value: Value) {
    HANDED_OVER.set(Some(value));
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(TOKEN, &Inner(self))
    }
}

/// A value inside its newtype.
struct Inner<'a>(&'a Value);

impl Serialize for Inner<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if ASKED.take() {
            hand_over(self.0.clone());
            return serializer.serialize_unit();
        }
        match self.0 {
            Value::None => serializer.serialize_unit(),
            Value::Bool(b) => serializer.serialize_bool(*b),
            Value::Int(i) => serializer.serialize_i64(*i),
            Value::BigInt(b) => match b.to_u64() {
                Some(u) => serializer.serialize_u64(u),
                None => serializer.serialize_str(&b.to_string()),
            },
            Value::Float(f) => serializer.serialize_f64(*f),
            Value::Str(s) => serializer.serialize_str(s),
            Value::Bytes(b) => serializer.serialize_bytes(b),
            Value::List(items) => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                for item in items.iter() {
                    seq.serialize_element(item)?;
                }
                seq.end()
            }
            Value::Dict(d) => d.serialize(serializer),
            Value::DateTime(d) => serializer.collect_str(d),
        }
    }
}

impl Serialize for Dict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (key, value) in self {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(TOKEN, AnyValue)
    }
}

impl<'de> Deserialize<'de> for Dict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Dict(d) => Ok(Arc::unwrap_or_clone(d)),
            other => Err(serde::de::Error::invalid_type(
                serde::de::Unexpected::Other(other.type_name()),
                &"a dict",
            )),
        }
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match HANDED_OVER.take() {
            Some(value) => Ok(value),
            None => deserializer.deserialize_any(self),
        }
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::None)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, b: bool) -> Result<Value, E> {
        Ok(Value::Bool(b))
    }

    fn visit_i64<E>(self, i: i64) -> Result<Value, E> {
        Ok(Value::Int(i))
    }

    fn visit_u64<E>(self, i: u64) -> Result<Value, E> {
        Ok(Value::from(i))
    }

    fn visit_i128<E>(self, i: i128) -> Result<Value, E> {
        Ok(Value::from(i))
    }

    fn visit_u128<E>(self, i: u128) -> Result<Value, E> {
        Ok(Value::from(i))
    }

    fn visit_f64<E>(self, f: f64) -> Result<Value, E> {
        Ok(Value::Float(f))
    }

    fn visit_str<E>(self, s: &str) -> Result<Value, E> {
        Ok(Value::from(s))
    }

    fn visit_string<E>(self, s: String) -> Result<Value, E> {
        Ok(Value::from(s))
    }

    fn visit_bytes<E>(self, b: &[u8]) -> Result<Value, E> {
        Ok(Value::Bytes(b.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut dict = Dict::new();
        while let Some(key) = map.next_key::<Value>()? {
            if dict.is_empty() && key.as_str() == Some(JSON_NUMBER) {
                return number(&map.next_value::<String>()?);
            }
            if matches!(key, Value::List(_) | Value::Dict(_)) {
                return Err(serde::de::Error::custom("a list or a dict cannot be a key"));
            }
            dict.insert(key, map.next_value::<Value>()?);
        }
        Ok(dict.into())
    }
}

fn number<E: serde::de::Error>(text: &str) -> Result<Value, E> {
    if let Ok(i) = text.parse::<i64>() {
        return Ok(Value::Int(i));
    }
    if let Some(big) = BigInt::parse_bytes(text.as_bytes(), 10) {
        return Ok(Value::from(big));
    }
    text.parse::<f64>().map(Value::Float).map_err(|_| E::custom(format_args!("not a number: {text}")))
}
