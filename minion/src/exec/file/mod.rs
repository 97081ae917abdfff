//! Files, directories and links of this machine.

mod query;

use super::{ExecEntry, entry};

/// The functions of `file`.
pub const FUNCTIONS: &[ExecEntry] = &[entry::<query::FileExists>(), entry::<query::DirectoryExists>()];
