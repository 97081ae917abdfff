//! What argument structs of execution and state functions have in common.

use serde::de::{self, DeserializeOwned, Visitor};

/// The text above an argument struct, as data: `sys.doc` prints it.
pub trait Documented {
    /// The doc comment, one line per line.
    const DOC: &'static str;
}

/// Declares an argument struct: its doc comment is also [`Documented::DOC`], and it is `Deserialize`.
///
/// ```
/// minion::args! {
///     /// Return its text.
///     pub struct Echo {
///         text: String,
///     }
/// }
/// assert_eq!(<Echo as minion::Documented>::DOC.trim(), "Return its text.");
/// ```
#[macro_export]
macro_rules! args {
    () => {};
    ($(#[doc = $doc:literal])+ $(#[derive($($also:ident),+)])?
     $vis:vis struct $name:ident ($inner:ty); $($rest:tt)*) => {
        $(#[doc = $doc])+
        #[derive(Debug, serde::Deserialize $($(, $also)+)?)]
        $vis struct $name($inner);
        impl $crate::Documented for $name {
            const DOC: &'static str = concat!($($doc, "\n"),+);
        }
        $crate::args!($($rest)*);
    };
    ($(#[doc = $doc:literal])+ $(#[derive($($derive:ident),+)])? $vis:vis struct $name:ident $body:tt $($rest:tt)*) => {
        $(#[doc = $doc])+
        #[derive(Debug, serde::Deserialize, $($($derive),+)?)]
        $vis struct $name $body
        impl $crate::Documented for $name {
            const DOC: &'static str = concat!($($doc, "\n"),+);
        }
        $crate::args!($($rest)*);
    };
}

/// The names of a struct's fields, in order; none for what is not a struct with named fields (`flatten`).
pub fn field_names<T: DeserializeOwned>() -> &'static [&'static str] {
    match T::deserialize(Probe) {
        Err(Fields(names)) => names,
        Ok(_) => &[],
    }
}

/// The names of the fields that a struct cannot do without, in order.
pub(crate) fn required_fields<T: DeserializeOwned>() -> Vec<&'static str> {
    let names = field_names::<T>();
    let mut given: Vec<&'static str> = Vec::new();
    // Each try tells of one: it is given something, and the next try tells of the next.
    loop {
        let Err(Missing(Some(missing))) = T::deserialize(Blanks(&given)) else { return given };
        match names.iter().find(|name| **name == missing) {
            Some(name) if !given.contains(name) => given.push(name),
            _ => return given,
        }
    }
}

/// Which field is missing; none for every other error.
#[derive(Debug)]
struct Missing(Option<&'static str>);

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl std::error::Error for Missing {}

impl de::Error for Missing {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Missing(None)
    }

    fn missing_field(field: &'static str) -> Self {
        Missing(Some(field))
    }
}

/// A dict with these keys and nothing in them; through any number of newtypes.
#[derive(Clone, Copy)]
struct Blanks<'a>(&'a [&'static str]);

impl<'de> de::Deserializer<'de> for Blanks<'_> {
    type Error = Missing;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Missing> {
        visitor.visit_map(de::value::MapDeserializer::new(self.0.iter().map(|name| (*name, Blank))))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Missing> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The empty value of whatever type it is read as.
#[derive(Clone, Copy)]
struct Blank;

impl de::IntoDeserializer<'_, Missing> for Blank {
    type Deserializer = Blank;

    fn into_deserializer(self) -> Blank {
        self
    }
}

impl<'de> de::Deserializer<'de> for Blank {
    type Error = Missing;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Missing> {
        visitor.visit_str("")
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Missing> {
        visitor.visit_bool(false)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Missing> {
        visitor.visit_none()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Missing> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Missing> {
        visitor.visit_seq(de::value::SeqDeserializer::new(std::iter::empty::<Blank>()))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Missing> {
        visitor.visit_map(de::value::MapDeserializer::new(std::iter::empty::<(&str, Blank)>()))
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Missing> {
        visitor.visit_u64(0)
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple
        tuple_struct struct enum identifier ignored_any
    }
}

/// Asks a type for its fields: derived code tells them before it reads anything.
struct Probe;

#[derive(Debug)]
struct Fields(&'static [&'static str]);

impl std::fmt::Display for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl std::error::Error for Fields {}

impl de::Error for Fields {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Fields(&[])
    }
}

impl<'de> de::Deserializer<'de> for Probe {
    type Error = Fields;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Fields> {
        Err(Fields(&[]))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Fields> {
        Err(Fields(fields))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fields> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// A doc comment as it is printed: without the space after `///` and empty lines at the end.
pub(crate) fn printed_doc(doc: &str) -> String {
    let lines: Vec<&str> = doc.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    lines.join("\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    args! {
        /// One.
        ///
        /// Two.
        struct Two {
            _first: String,
            #[serde(default)]
            _second: bool,
        }

        /// As two.
        pub(crate) struct Same(Two);
    }

    #[test]
    fn tells_doc_and_fields() {
        assert_eq!(printed_doc(Two::DOC), "One.\n\nTwo.");
        assert_eq!(field_names::<Two>(), ["_first", "_second"]);
        assert_eq!(field_names::<Same>(), ["_first", "_second"]);
        assert_eq!(required_fields::<Same>(), ["_first"]);
        let same: Same = data::args::from_value(data::Dict::new().with("_first", "a").into()).unwrap();
        assert!(format!("{:?}", same.0).contains("\"a\""));
    }
}
