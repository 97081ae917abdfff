//! The shapes in which Salt's users write the same thing: `mode: 644` or `"0644"`, one or a list of them.
//! Each is a type of its own for the fields of argument structs.

mod flag;
mod mode;
mod one_or_many;
mod seconds;

pub use flag::Flag;
pub(crate) use flag::flag;
pub use mode::Mode;
pub use one_or_many::OneOrMany;
pub use seconds::Seconds;
