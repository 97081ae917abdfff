//! The config files of master and minion: Salt's keys with Salt's meaning.
//!
//! The annotated files in `default/` are what ships, what the manual shows and what is parsed as the
//! defaults, so that the three cannot differ.

mod common;
mod master;
mod minion;
mod read;

use std::path::PathBuf;
use std::sync::Arc;

pub use common::{Common, LOG_LEVELS, default_dir};
pub use master::{DEFAULT_MASTER, MasterConfig};
pub use minion::{DEFAULT_MINION, MasterAddress, MinionConfig};
pub use read::Roots;

/// Why a config could not be loaded: one line, with the file and the key.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file is there and cannot be read.
    #[error("{}: cannot read the config: {source}", .file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: Arc<std::io::Error>,
    },
    /// A file is not YAML.
    #[error("{}: the config is not valid YAML: {message}", .file.display())]
    Yaml {
        /// The file.
        file: PathBuf,
        /// The parser's words, with line and column.
        message: String,
    },
    /// A file holds something else than a map.
    #[error("{}: the config is not a map of `key: value` lines but a {found}", .file.display())]
    NotAMap {
        /// The file.
        file: PathBuf,
        /// Python's name for what it is.
        found: &'static str,
    },
    /// A key has a value of the wrong type.
    #[error("{}: {key}: expected {expected}, found {found}", .file.display())]
    Type {
        /// The file that set the key.
        file: PathBuf,
        /// The key.
        key: String,
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// `include` goes round in a circle.
    #[error("{}: `include` goes too deep", .file.display())]
    IncludeDepth {
        /// The file or pattern that was one too many.
        file: PathBuf,
    },
}
