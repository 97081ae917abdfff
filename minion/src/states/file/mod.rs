//! Files, directories and links.

mod absent;
mod accumulated;
mod act;
mod append;
mod blockreplace;
mod comment;
mod contents;
mod copy;
pub(crate) mod diff;
mod directory;
mod exists;
mod hardlink;
mod keyvalue;
mod line;
mod managed;
mod pruned;
mod replace;
mod symlink;
pub(crate) mod texts;
mod touch;
pub(crate) mod util;

use super::{StateEntry, entry};

/// The states of `file`.
pub const STATES: &[StateEntry] = &[
    entry::<managed::Managed>(),
    entry::<directory::Directory>(),
    entry::<absent::Absent>(),
    entry::<symlink::Symlink>(),
    entry::<accumulated::Accumulated>(),
    entry::<append::Append>(),
    entry::<append::Prepend>(),
    entry::<blockreplace::BlockReplace>(),
    entry::<comment::Comment>(),
    entry::<comment::Uncomment>(),
    entry::<copy::Copy>(),
    entry::<copy::Rename>(),
    entry::<exists::Exists>(),
    entry::<exists::Missing>(),
    entry::<hardlink::HardLink>(),
    entry::<pruned::Pruned>(),
    entry::<pruned::Tidied>(),
    entry::<pruned::RetentionSchedule>(),
    entry::<keyvalue::KeyValue>(),
    entry::<line::Line>(),
    entry::<replace::Replace>(),
    entry::<touch::Touch>(),
];
