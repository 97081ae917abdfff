//! Argument structs out of dicts by tables of fields: one reader for all of them and a row per field,
//! where derived code would be some kilobytes per struct (docs/decisions/2026-11-21-binary-size.md).

use std::alloc::Layout;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

use data::args::ArgError;
use data::{Dict, Value};
use serde::de::{self, DeserializeOwned, Visitor};

/// A struct that [`read`] can make.
///
/// # Safety
/// `FIELDS` has every field of the struct once, in order, each with its own type and place.
/// [`crate::args!`] sees to that; nothing else implements it.
pub unsafe trait Arguments: Sized + 'static {
    /// Its fields, in order.
    const FIELDS: &'static [Field];
}

/// A field of an argument struct.
pub struct Field {
    /// The name of the argument.
    pub name: &'static str,
    place: usize,
    kind: &'static Kind,
    /// Fills the place when the argument was not given; false: it has to be given.
    absent: unsafe fn(*mut u8) -> bool,
}

/// What can be done with the place of a field of some type.
pub struct Kind {
    read: unsafe fn(Value, *mut u8) -> Result<(), ArgError>,
    forget: unsafe fn(*mut u8),
}

/// The tables' entries for fields of type `T`.
pub struct Of<T>(std::marker::PhantomData<T>);

impl<T: DeserializeOwned + 'static> Of<T> {
    /// How such a field is read and dropped.
    pub const KIND: &'static Kind = &Kind { read: read_into::<T>, forget: forget::<T> };
    /// What such a field is without an argument: none when it is an option.
    pub const OPTIONAL: unsafe fn(*mut u8) -> bool = optional::<T>;
}

impl<T: Default + 'static> Of<T> {
    /// `#[serde(default)]`.
    pub const BY_DEFAULT: unsafe fn(*mut u8) -> bool = by_default::<T>;
}

impl Field {
    /// A row of the table.
    ///
    /// # Safety
    /// A field of the type of `kind` and `absent` is `place` bytes into the struct.
    pub const unsafe fn new(
        name: &'static str,
        place: usize,
        kind: &'static Kind,
        absent: unsafe fn(*mut u8) -> bool,
    ) -> Field {
        // A raw identifier is called by what it means.
        let name = match name.as_bytes() {
            [b'r', b'#', ..] => name.split_at(2).1,
            _ => name,
        };
        Field { name, place, kind, absent }
    }

    /// Whether it has to be given.
    pub fn is_required(&self) -> bool {
        let mut room = Room::default();
        let place = room.0.as_mut_ptr().cast();
        // SAFETY: `Of::OPTIONAL` and its kin write one value of the field's type, for which there is room;
        // what was written is dropped by the same type's function.
        unsafe {
            let filled = (self.absent)(place);
            if filled {
                (self.kind.forget)(place);
            }
            !filled
        }
    }
}

/// Room for a field of any type that there is ([`read_into`] checks it).
#[repr(align(16))]
struct Room([MaybeUninit<u8>; ROOM]);

const ROOM: usize = 256;

impl Default for Room {
    fn default() -> Self {
        Room([MaybeUninit::uninit(); ROOM])
    }
}

unsafe fn read_into<T: DeserializeOwned>(value: Value, at: *mut u8) -> Result<(), ArgError> {
    const { assert!(size_of::<T>() <= ROOM && align_of::<T>() <= align_of::<Room>()) };
    let read = data::args::from_value::<T>(value)?;
    // SAFETY: the caller has room for a `T` there.
    unsafe { at.cast::<T>().write(read) };
    Ok(())
}

unsafe fn forget<T>(at: *mut u8) {
    // SAFETY: the caller has a `T` there.
    unsafe { at.cast::<T>().drop_in_place() };
}

unsafe fn optional<T: DeserializeOwned>(at: *mut u8) -> bool {
    let Ok(none) = T::deserialize(Absent) else { return false };
    // SAFETY: the caller has room for a `T` there.
    unsafe { at.cast::<T>().write(none) };
    true
}

unsafe fn by_default<T: Default>(at: *mut u8) -> bool {
    // SAFETY: the caller has room for a `T` there.
    unsafe { at.cast::<T>().write(T::default()) };
    true
}

/// The struct out of its arguments by name. What is no field is left out.
#[inline]
pub fn read<T: Arguments>(args: Dict) -> Result<T, ArgError> {
    let mut made = MaybeUninit::<T>::uninit();
    // SAFETY: there is room for a `T`, and `T::FIELDS` are its fields. After `fill` each of them is there.
    unsafe {
        fill(T::FIELDS, args, made.as_mut_ptr().cast())?;
        Ok(made.assume_init())
    }
}

/// How an argument struct is laid out, for code that is not to know its type: what is done for every function
/// is then there once and not once per function.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    fields: &'static [Field],
    layout: Layout,
}

impl Shape {
    pub(crate) const fn of<T: Arguments>() -> Shape {
        Shape { fields: T::FIELDS, layout: Layout::new::<T>() }
    }

    pub(crate) const fn fields(&self) -> &'static [Field] {
        self.fields
    }

    /// Makes the struct on the heap, as `Box` has it there.
    pub(crate) fn read(&self, args: Dict) -> Result<Made, ArgError> {
        let place = if self.layout.size() == 0 {
            std::ptr::without_provenance_mut(self.layout.align())
        } else {
            // SAFETY: the size is not zero.
            unsafe { std::alloc::alloc(self.layout) }
        };
        let Some(place) = NonNull::new(place) else { std::alloc::handle_alloc_error(self.layout) };
        let made = Made { place, layout: self.layout };
        // SAFETY: there is room for the struct.
        unsafe { fill(self.fields, args, place.as_ptr()) }?;
        Ok(made)
    }
}

/// A struct that [`Shape::read`] has made; it gives the memory back but does not know how to drop the struct.
pub(crate) struct Made {
    place: NonNull<u8>,
    layout: Layout,
}

impl Made {
    /// Where the struct is, to be moved out of there.
    pub(crate) fn place(&self) -> NonNull<u8> {
        self.place
    }

    /// The struct, to be taken over as a `Box`.
    pub(crate) fn into_place(self) -> NonNull<u8> {
        std::mem::ManuallyDrop::new(self).place
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if self.layout.size() != 0 {
            // SAFETY: it was allocated with this layout.
            unsafe { std::alloc::dealloc(self.place.as_ptr(), self.layout) };
        }
    }
}

/// Fills the places of the fields; after an error none of them is filled.
///
/// # Safety
/// There is room for the struct whose fields these are.
unsafe fn fill(fields: &'static [Field], mut args: Dict, made: *mut u8) -> Result<(), ArgError> {
    let mut filled = Filled { fields, count: 0, made };
    for field in fields {
        // SAFETY: the place of a field lies within the struct, and it is of the type that its functions have.
        unsafe {
            let place = made.add(field.place);
            match args.get_mut(field.name) {
                Some(value) => (field.kind.read)(std::mem::take(value), place)
                    .map_err(|problem| problem.in_field(field.name))?,
                None if (field.absent)(place) => {}
                None => return Err(de::Error::missing_field(field.name)),
            }
        }
        filled.count += 1;
    }
    std::mem::forget(filled);
    Ok(())
}

/// Drops the fields that were filled when a later one cannot be.
struct Filled {
    fields: &'static [Field],
    count: usize,
    made: *mut u8,
}

impl Drop for Filled {
    fn drop(&mut self) {
        for field in self.fields.iter().take(self.count) {
            // SAFETY: `fill` has filled so many, and nobody else drops them.
            unsafe { (field.kind.forget)(self.made.add(field.place)) };
        }
    }
}

/// What is asked when there is no argument: an option is none, anything else is an error.
struct Absent;

#[derive(Debug)]
struct Required;

impl std::fmt::Display for Required {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it has to be given")
    }
}

impl std::error::Error for Required {}

impl de::Error for Required {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Required
    }
}

impl<'de> de::Deserializer<'de> for Absent {
    type Error = Required;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Required> {
        Err(Required)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Required> {
        visitor.visit_none()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use data::yaml;

    use super::*;

    fn three() -> u8 {
        3
    }

    crate::args! {
        /// Of everything one.
        struct Mixed {
            /// Has to be there.
            name: String,
            #[serde(default)]
            many: Vec<String>,
            #[serde(default = three)]
            count: u8,
            r#type: Option<String>,
            #[serde(default, rename = "in")]
            inside: bool,
            #[serde(rename = "else")]
            other: Value,
            #[serde(default = three, rename = "four")]
            _four: u8,
        }

        /// The same by another name.
        struct Same(Mixed);
    }

    fn mixed(text: &str) -> Result<Mixed, String> {
        let Value::Dict(args) = yaml::load(text).unwrap() else { panic!("{text}") };
        read((*args).clone()).map_err(|e| e.to_string())
    }

    #[test]
    fn fields_are_read_by_name_and_have_defaults() {
        let all =
            mixed("{name: 1, many: [a, 2], count: '7', type: t, in: 'yes', else: {a: b}, more: x}").unwrap();
        assert_eq!((&*all.name, all.many, all.count), ("1", vec!["a".to_owned(), "2".to_owned()], 7));
        assert_eq!((all.r#type.as_deref(), all.inside), (Some("t"), true));
        assert_eq!(all.other.get("a").and_then(Value::as_str), Some("b"));
        let few = mixed("{name: n, else: }").unwrap();
        assert_eq!((few.many.len(), few.count, few.r#type, few.inside), (0, 3, None, false));
        assert!(few.other.is_none());
    }

    #[test]
    fn errors_name_the_field_and_leave_nothing_behind() {
        for (text, problem) in [
            ("{else: a}", "missing field `name`"),
            ("{name: n}", "missing field `else`"),
            ("{name: n, many: [a, {}], else: a}", "many[1]: invalid type: dict, expected a string"),
            ("{name: n, many: [a], count: 300, else: a}", "count: invalid value: integer `300`, expected u8"),
        ] {
            assert_eq!(mixed(text).err().as_deref(), Some(problem), "{text}");
        }
    }

    #[test]
    fn each_value_is_dropped_once() {
        let value = Value::from(vec![1]);
        let Value::List(list) = &value else { panic!() };
        let args = |count: i64| {
            Dict::new().with("name", "n").with("else", value.clone()).with("count", count).with("type", "t")
        };
        drop(read::<Same>(args(1)).unwrap());
        let made = Shape::of::<Same>().read(args(1)).unwrap();
        // SAFETY: it is what it was made as.
        drop(unsafe { Box::from_raw(made.into_place().cast::<Same>().as_ptr()) });
        let made = Shape::of::<Same>().read(args(1)).unwrap();
        // SAFETY: it is moved out once.
        assert_eq!(unsafe { made.place().cast::<Same>().read() }.0.count, 1);
        assert!(Shape::of::<Same>().read(args(1000)).is_err());
        assert_eq!(read::<Same>(args(1)).map(|s| s.0.count), Ok(1));
        // `else` comes after what fails in the first and before what fails in the second.
        assert!(read::<Same>(args(1000)).is_err());
        assert!(read::<Same>(args(1).with("four", "x")).is_err());
        assert_eq!(std::sync::Arc::strong_count(list), 1);
    }

    #[test]
    fn the_table_tells_what_has_to_be_given() {
        let names: Vec<_> = Same::FIELDS.iter().map(|f| f.name).collect();
        assert_eq!(names, ["name", "many", "count", "type", "in", "else", "four"]);
        let required: Vec<_> = Same::FIELDS.iter().filter(|f| f.is_required()).map(|f| f.name).collect();
        assert_eq!(required, ["name", "else"]);
    }
}
