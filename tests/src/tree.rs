//! A temporary directory that is filled by path.

use std::path::{Path, PathBuf};

/// A directory that goes when the value goes.
#[derive(Debug)]
pub struct Tree {
    dir: tempfile::TempDir,
}

impl Tree {
    /// An empty one, with a short path: unix sockets lie below it.
    ///
    /// # Panics
    /// When the system has no room for it.
    pub fn new() -> Self {
        match tempfile::Builder::new().prefix("rsalt-").tempdir_in("/tmp") {
            Ok(dir) => Tree { dir },
            Err(error) => panic!("cannot make a temporary directory: {error}"),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// A path inside, whether it is there or not.
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file, with the directories above it.
    ///
    /// # Panics
    /// When that fails.
    #[track_caller]
    pub fn write(&self, name: impl AsRef<Path>, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(name);
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        match made.and_then(|()| std::fs::write(&path, text)) {
            Ok(()) => path,
            Err(error) => panic!("cannot write {}: {error}", path.display()),
        }
    }

    /// A file's text; none when it is not there.
    pub fn read(&self, name: impl AsRef<Path>) -> Option<String> {
        std::fs::read_to_string(self.join(name)).ok()
    }
}

impl Default for Tree {
    fn default() -> Self {
        Self::new()
    }
}

/// Copies a directory with all that is in it.
///
/// # Panics
/// When that fails.
#[track_caller]
pub fn copy(from: &Path, to: &Path) {
    let status = std::process::Command::new("cp").arg("-a").arg("--").arg(from).arg(to).status();
    assert!(status.is_ok_and(|s| s.success()), "cannot copy {} to {}", from.display(), to.display());
}
