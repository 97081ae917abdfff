//! Where `salt://` files come from: the roots of this machine, or the master.

mod local;
mod source;

use std::path::PathBuf;
use std::sync::Arc;

use data::Dict;
pub use local::LocalFiles;
pub use sls::FetchError;
pub use source::Source;
pub(crate) use source::{How, cached_at};

/// A store of files by environment. Paths are below the roots, without `salt://`.
pub trait FileClient: Send + Sync {
    /// The content of a file; none when there is no such file.
    fn fetch(&self, path: &str, saltenv: &str) -> Result<Option<Arc<[u8]>>, FetchError>;
    /// The hash and mode of a file; none when there is no such file.
    fn stat(&self, path: &str, saltenv: &str) -> Result<Option<FileStat>, FetchError>;
    /// The paths of all files of an environment, sorted.
    fn list(&self, saltenv: &str) -> Result<Arc<Vec<String>>, FetchError>;
    /// Forgets what it knows of listings, for who has to see what is there now.
    fn look_anew(&self) {}
    /// The paths of all directories of an environment, sorted.
    fn dirs(&self, saltenv: &str) -> Result<Arc<Vec<String>>, FetchError>;
    /// The paths of all directories of an environment in which there is nothing, sorted.
    fn empty_dirs(&self, saltenv: &str) -> Result<Arc<Vec<String>>, FetchError> {
        let (dirs, files) = (self.dirs(saltenv)?, self.list(saltenv)?);
        let below = |dir: &str, path: &str| path.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'));
        let empty = dirs
            .iter()
            .filter(|dir| !files.iter().any(|f| below(dir, f)) && !dirs.iter().any(|d| below(dir, d)));
        Ok(Arc::new(empty.cloned().collect()))
    }
    /// The symbolic links of an environment and where they point, sorted.
    fn symlinks(&self, _saltenv: &str) -> Result<Arc<Vec<(String, String)>>, FetchError> {
        Ok(Arc::default())
    }
    /// The environments there are.
    fn envs(&self) -> Result<Vec<String>, FetchError>;
    /// What the master's config says of states; nothing where this machine's own holds.
    fn master_opts(&self) -> Dict {
        Dict::new()
    }
    /// A local copy of a file, up to date; none when there is no such file.
    fn cache_file(&self, path: &str, saltenv: &str) -> Result<Option<PathBuf>, FetchError>;
}

/// What is known of a file without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileStat {
    /// The hash of its content, hexadecimal.
    pub hash: String,
    /// Which hash: `sha256`.
    pub hash_type: String,
    /// Bytes.
    pub size: u64,
    /// Permission bits where it lies.
    pub mode: u32,
}
