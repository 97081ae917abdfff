//! A serialiser into a [`Value`].

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::{ArgError, value};
use crate::{Dict, Value};

pub(super) struct ToValue;

type Made = Result<Value, ArgError>;

macro_rules! scalars {
    ($($method:ident: $t:ty),*) => {$(
        fn $method(self, v: $t) -> Made { Ok(Value::from(v)) }
    )*};
}

impl Serializer for ToValue {
    type Ok = Value;
    type Error = ArgError;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Entries;
    type SerializeStruct = Entries;
    type SerializeStructVariant = Entries;

    scalars!(serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
             serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_i128: i128,
             serialize_u128: u128, serialize_f64: f64, serialize_str: &str);

    fn serialize_f32(self, v: f32) -> Made {
        Ok(Value::Float(f64::from(v)))
    }

    fn serialize_char(self, v: char) -> Made {
        Ok(Value::from(v.to_string()))
    }

    fn serialize_bytes(self, v: &[u8]) -> Made {
        Ok(Value::Bytes(v.into()))
    }

    fn serialize_none(self) -> Made {
        Ok(Value::None)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Made {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Made {
        Ok(Value::None)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Made {
        Ok(Value::None)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Made {
        Ok(Value::from(variant))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, inner: &T) -> Made {
        if name == value::TOKEN {
            return value::take_over(|| inner.serialize(self));
        }
        inner.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Made {
        Ok(Dict::new().with(variant, value.serialize(ToValue)?).into())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items, ArgError> {
        Ok(Items { items: Vec::new(), variant: None })
    }

    fn serialize_tuple(self, _: usize) -> Result<Items, ArgError> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Items, ArgError> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Items, ArgError> {
        Ok(Items { items: Vec::new(), variant: Some(variant) })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries, ArgError> {
        Ok(Entries { dict: Dict::new(), key: Value::None, variant: None })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Entries, ArgError> {
        self.serialize_map(None)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Entries, ArgError> {
        Ok(Entries { dict: Dict::new(), key: Value::None, variant: Some(variant) })
    }
}

/// Wraps what an enum variant holds: `{variant: …}`.
fn in_variant(variant: Option<&'static str>, value: Value) -> Value {
    match variant {
        Some(name) => Dict::new().with(name, value).into(),
        None => value,
    }
}

pub(super) struct Items {
    items: Vec<Value>,
    variant: Option<&'static str>,
}

macro_rules! items {
    ($($tr:ident :: $method:ident),*) => {$(
        impl $tr for Items {
            type Ok = Value;
            type Error = ArgError;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ArgError> {
                self.items.push(value.serialize(ToValue)?);
                Ok(())
            }
            fn end(self) -> Made {
                Ok(in_variant(self.variant, Value::List(self.items.into())))
            }
        }
    )*};
}
items!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

pub(super) struct Entries {
    dict: Dict,
    key: Value,
    variant: Option<&'static str>,
}

impl SerializeMap for Entries {
    type Ok = Value;
    type Error = ArgError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), ArgError> {
        self.key = match key.serialize(ToValue)? {
            container @ (Value::List(_) | Value::Dict(_)) => Value::from(format!("{container:?}")),
            scalar => scalar,
        };
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ArgError> {
        let key = std::mem::take(&mut self.key);
        self.dict.insert(key, value.serialize(ToValue)?);
        Ok(())
    }

    fn end(self) -> Made {
        Ok(in_variant(self.variant, self.dict.into()))
    }
}

macro_rules! fields {
    ($($tr:ident),*) => {$(
        impl $tr for Entries {
            type Ok = Value;
            type Error = ArgError;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, v: &T) -> Result<(), ArgError> {
                self.dict.insert(name, v.serialize(ToValue)?);
                Ok(())
            }
            fn end(self) -> Made {
                SerializeMap::end(self)
            }
        }
    )*};
}
fields!(SerializeStruct, SerializeStructVariant);
