//! A deserialiser over a [`Value`].

use std::sync::Arc;

use num_traits::ToPrimitive;
use serde::de::value::StringDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};

use super::{ArgError, value};
use crate::Value;

pub(super) struct FromValue(pub(super) Value);

impl FromValue {
    fn unexpected<'de, V: Visitor<'de>>(&self, visitor: &V) -> ArgError {
        let what = match &self.0 {
            Value::None => Unexpected::Other("null"),
            Value::Bool(b) => Unexpected::Bool(*b),
            Value::Int(i) => Unexpected::Signed(*i),
            Value::Float(f) => Unexpected::Float(*f),
            Value::Str(s) => Unexpected::Str(s),
            other => Unexpected::Other(other.type_name()),
        };
        ArgError::invalid_type(what, visitor)
    }
}

/// A number out of text, as loosely as a shell user means it.
macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
            let parsed = match &self.0 {
                Value::Str(s) => number(s.trim()),
                other => Some(other.clone()),
            };
            match parsed {
                Some(Value::Int(i)) => match u64::try_from(i) {
                    Ok(u) => visitor.visit_u64(u),
                    Err(_) => visitor.visit_i64(i),
                },
                Some(Value::Bool(b)) => visitor.visit_u64(u64::from(b)),
                Some(Value::Float(f)) if f.fract() == 0.0 && f.abs() < 9.0e15 => {
                    // A float that is a whole number fits an integer field and a float field alike.
                    visitor.visit_i64(f as i64)
                }
                Some(Value::Float(f)) => visitor.visit_f64(f),
                Some(Value::BigInt(b)) => match b.to_u64() {
                    Some(u) => visitor.visit_u64(u),
                    None => Err(self.unexpected(&visitor)),
                },
                _ => Err(self.unexpected(&visitor)),
            }
        }
    )*};
}

fn number(text: &str) -> Option<Value> {
    text.parse::<i64>().map(Value::Int).ok().or_else(|| text.parse::<f64>().ok().map(Value::Float))
}

impl<'de> Deserializer<'de> for FromValue {
    type Error = ArgError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        match self.0 {
            Value::None => visitor.visit_unit(),
            Value::Bool(b) => visitor.visit_bool(b),
            Value::Int(i) => visitor.visit_i64(i),
            Value::BigInt(ref b) => match (b.to_u64(), b.to_i128()) {
                (Some(u), _) => visitor.visit_u64(u),
                (None, Some(i)) => visitor.visit_i128(i),
                (None, None) => Err(self.unexpected(&visitor)),
            },
            Value::Float(f) => visitor.visit_f64(f),
            Value::Str(s) => visitor.visit_str(&s),
            Value::Bytes(b) => visitor.visit_bytes(&b),
            Value::List(items) => visitor.visit_seq(Items { items, next: 0 }),
            Value::Dict(dict) => visitor.visit_map(Entries { dict, next: 0 }),
            Value::DateTime(d) => visitor.visit_string(d.to_string()),
        }
    }

    numbers!(deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
             deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128);

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        let float = match &self.0 {
            Value::Str(s) => s.trim().parse().ok(),
            other => other.as_f64(),
        };
        match float {
            Some(f) => visitor.visit_f64(f),
            None => Err(self.unexpected(&visitor)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        match crate::loose::flag(&self.0) {
            Some(b) => visitor.visit_bool(b),
            None => Err(self.unexpected(&visitor)),
        }
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        match &self.0 {
            Value::Str(s) => visitor.visit_str(s),
            Value::None | Value::List(_) | Value::Dict(_) | Value::Bytes(_) => Err(self.unexpected(&visitor)),
            scalar => visitor.visit_string(scalar.to_string()),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        match &self.0 {
            Value::Bytes(b) => visitor.visit_bytes(b),
            Value::Str(s) => visitor.visit_bytes(s.as_bytes()),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        if self.0.is_none() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        if self.0.is_none() { visitor.visit_unit() } else { Err(self.unexpected(&visitor)) }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ArgError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        v: V,
    ) -> Result<V::Value, ArgError> {
        if name == value::TOKEN {
            value::hand_over(self.0);
            return v.visit_newtype_struct(FromValue(Value::None));
        }
        v.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        self.deserialize_any(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, ArgError> {
        self.deserialize_any(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, ArgError> {
        self.deserialize_any(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        self.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ArgError> {
        match self.0 {
            Value::Dict(dict) => visitor.visit_map(Entries { dict, next: 0 }),
            _ => Err(self.unexpected(&visitor)),
        }
    }

    /// `name` is a unit variant, `{name: …}` one with content.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ArgError> {
        let (variant, content) = match &self.0 {
            Value::Str(s) => (s.to_string(), None),
            Value::Dict(d) if d.len() == 1 => match d.get_index(0) {
                Some((Value::Str(s), content)) => (s.to_string(), Some(content.clone())),
                _ => return Err(self.unexpected(&visitor)),
            },
            Value::Int(_) | Value::Bool(_) | Value::Float(_) => (self.0.to_string(), None),
            _ => return Err(self.unexpected(&visitor)),
        };
        visitor.visit_enum(Variant { variant, content })
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgError> {
        visitor.visit_unit()
    }
}

struct Items {
    items: Arc<Vec<Value>>,
    next: usize,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = ArgError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ArgError> {
        let Some(item) = self.items.get(self.next) else { return Ok(None) };
        let index = self.next;
        self.next += 1;
        seed.deserialize(FromValue(item.clone())).map(Some).map_err(|e| e.in_item(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len() - self.next)
    }
}

struct Entries {
    dict: Arc<crate::Dict>,
    next: usize,
}

impl<'de> MapAccess<'de> for Entries {
    type Error = ArgError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ArgError> {
        let Some((key, _)) = self.dict.get_index(self.next) else { return Ok(None) };
        seed.deserialize(FromValue(key.clone())).map(Some).map_err(|e| e.in_field(&key.to_string()))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, ArgError> {
        let Some((key, value)) = self.dict.get_index(self.next) else {
            return Err(ArgError::new("value asked for before its key"));
        };
        self.next += 1;
        seed.deserialize(FromValue(value.clone())).map_err(|e| e.in_field(&key.to_string()))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.dict.len() - self.next)
    }
}

struct Variant {
    variant: String,
    content: Option<Value>,
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = ArgError;
    type Variant = Content;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Content), ArgError> {
        let name: StringDeserializer<ArgError> = self.variant.clone().into_deserializer();
        Ok((seed.deserialize(name)?, Content { variant: self.variant, content: self.content }))
    }
}

struct Content {
    variant: String,
    content: Option<Value>,
}

impl Content {
    fn read<T>(self, read: impl FnOnce(FromValue) -> Result<T, ArgError>) -> Result<T, ArgError> {
        read(FromValue(self.content.unwrap_or_default())).map_err(|e| e.in_field(&self.variant))
    }
}

impl<'de> VariantAccess<'de> for Content {
    type Error = ArgError;

    fn unit_variant(self) -> Result<(), ArgError> {
        match self.content {
            None | Some(Value::None) => Ok(()),
            Some(_) => Err(ArgError::new("takes no value").in_field(&self.variant)),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, ArgError> {
        self.read(|content| seed.deserialize(content))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, ArgError> {
        self.read(|content| content.deserialize_tuple(len, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ArgError> {
        self.read(|content| content.deserialize_struct("", fields, visitor))
    }
}
