//! Files, directories and links.

mod absent;
mod append;
mod contents;
pub(crate) mod diff;
mod directory;
mod managed;
mod source;
mod symlink;
mod touch;
pub(crate) mod util;

use super::{StateEntry, entry};

/// The states of `file`.
pub const STATES: &[StateEntry] = &[
    entry::<managed::Managed>(),
    entry::<directory::Directory>(),
    entry::<absent::Absent>(),
    entry::<symlink::Symlink>(),
    entry::<append::Append>(),
    entry::<touch::Touch>(),
];
