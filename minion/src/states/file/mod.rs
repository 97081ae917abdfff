//! Files, directories and links.

mod absent;
mod accumulated;
pub(crate) mod act;
mod append;
mod blockreplace;
mod cached;
mod comment;
mod contents;
mod copy;
mod decode;
pub(crate) mod diff;
mod directory;
mod exists;
mod formats;
mod hardlink;
pub(crate) mod keep;
mod keyvalue;
mod line;
pub(crate) mod managed;
mod mknod;
mod patch;
mod pruned;
mod recurse;
mod replace;
mod serialize;
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
    entry::<cached::Cached>(),
    entry::<cached::NotCached>(),
    entry::<decode::Decode>(),
    entry::<mknod::MkNod>(),
    entry::<patch::Patch>(),
    entry::<recurse::Recurse>(),
    entry::<serialize::Serialize>(),
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
