//! What argument structs of execution and state functions have in common.

mod fields;

use data::Value;
use serde::de::{Deserialize, Deserializer};

pub(crate) use fields::Shape;
pub use fields::{Arguments, Field, Kind, Of, read};

/// The text above an argument struct, as data: `sys.doc` prints it.
pub trait Documented {
    /// The doc comment, one line per line.
    const DOC: &'static str;
}

/// Declares an argument struct: its doc comment is also [`Documented::DOC`], and [`read`] makes one out of
/// a dict. Fields are looked up by their names and read as `Deserialize` does; what is not given is an error
/// unless it is an `Option` or the field says otherwise:
///
/// ```
/// # use data::Value;
/// fn origin() -> String {
///     "origin".to_owned()
/// }
///
/// minion::args! {
///     /// Return its text.
///     pub struct Echo {
///         text: String,
///         #[serde(default)]
///         upper: bool,
///         #[serde(default = origin)]
///         remote: String,
///         #[serde(default, rename = "ref")]
///         _ref: Value,
///     }
/// }
/// assert_eq!(<Echo as minion::Documented>::DOC.trim(), "Return its text.");
/// ```
///
/// The attributes are spelled as serde's, but they are these four alone, and a function is not in quotes.
#[macro_export]
macro_rules! args {
    () => {};
    ($(#[doc = $doc:literal])+ $(#[derive($($also:ident),+)])?
     $vis:vis struct $name:ident ($inner:ty); $($rest:tt)*) => {
        $(#[doc = $doc])+
        #[derive(Debug $($(, $also)+)?)]
        #[repr(transparent)]
        $vis struct $name($inner);
        // SAFETY: it is laid out as what is in it, and has no other fields.
        unsafe impl $crate::args::Arguments for $name {
            const FIELDS: &'static [$crate::args::Field] = <$inner as $crate::args::Arguments>::FIELDS;
        }
        impl $crate::Documented for $name {
            const DOC: &'static str = concat!($($doc, "\n"),+);
        }
        $crate::args!($($rest)*);
    };
    ($(#[doc = $doc:literal])+ $(#[derive($($also:ident),+)])? $vis:vis struct $name:ident {
        $($(#[doc = $field_doc:literal])* $(#[serde($($how:tt)+)])? $field_vis:vis $field:ident: $type:ty),* $(,)?
     } $($rest:tt)*) => {
        $(#[doc = $doc])+
        #[derive(Debug $($(, $also)+)?)]
        $vis struct $name {
            $($(#[doc = $field_doc])* $field_vis $field: $type),*
        }
        // SAFETY: the rows are made of the very fields.
        unsafe impl $crate::args::Arguments for $name {
            const FIELDS: &'static [$crate::args::Field] = &[
                $($crate::args_field!($name, $field, $type, $($($how)+)?)),*
            ];
        }
        impl $crate::Documented for $name {
            const DOC: &'static str = concat!($($doc, "\n"),+);
        }
        $crate::args!($($rest)*);
    };
}

/// The row of a field of [`args!`].
#[doc(hidden)]
#[macro_export]
macro_rules! args_field {
    ($in:ident, $field:ident, $type:ty,) => {
        $crate::args_field!(@row $in, $field, $type, stringify!($field), $crate::args::Of::<$type>::OPTIONAL)
    };
    ($in:ident, $field:ident, $type:ty, rename = $name:literal) => {
        $crate::args_field!(@row $in, $field, $type, $name, $crate::args::Of::<$type>::OPTIONAL)
    };
    ($in:ident, $field:ident, $type:ty, default) => {
        $crate::args_field!(@row $in, $field, $type, stringify!($field), $crate::args::Of::<$type>::BY_DEFAULT)
    };
    ($in:ident, $field:ident, $type:ty, default, rename = $name:literal) => {
        $crate::args_field!(@row $in, $field, $type, $name, $crate::args::Of::<$type>::BY_DEFAULT)
    };
    ($in:ident, $field:ident, $type:ty, default = $path:literal $($rest:tt)*) => {
        compile_error!(concat!("write the function's name without quotes: default = ", $path))
    };
    ($in:ident, $field:ident, $type:ty, default = $default:path) => {
        $crate::args_field!($in, $field, $type, default = $default, rename = stringify!($field))
    };
    ($in:ident, $field:ident, $type:ty, default = $default:path, rename = $name:expr) => {
        $crate::args_field!(@row $in, $field, $type, $name, {
            unsafe fn absent(at: *mut u8) -> bool {
                let default: $type = $default();
                // SAFETY: `Field::new` was told that there is room for this type.
                unsafe { at.cast::<$type>().write(default) };
                true
            }
            absent
        })
    };
    (@row $in:ident, $field:ident, $type:ty, $name:expr, $absent:expr) => {
        // SAFETY: place and type are the field's.
        unsafe {
            $crate::args::Field::new(
                $name,
                ::std::mem::offset_of!($in, $field),
                $crate::args::Of::<$type>::KIND,
                $absent,
            )
        }
    };
}

/// A field that keeps apart what was not given (`None`, with `#[serde(default)]`) and what was given as nothing.
#[derive(Clone, Debug, Default)]
pub struct Given(pub Option<Value>);

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| Given(Some(value)))
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
            #[serde(default)]
            given: Given,
        }
    }

    #[test]
    fn tells_its_doc() {
        assert_eq!(printed_doc(Two::DOC), "One.\n\nTwo.");
    }

    #[test]
    fn given_as_nothing_is_given() {
        let read = |args| read::<Two>(args).map(|two| two.given.0.map(|v| v.is_none()));
        assert_eq!(read(data::Dict::new()), Ok(None));
        assert_eq!(read(data::Dict::new().with("given", Value::None)), Ok(Some(true)));
    }
}
