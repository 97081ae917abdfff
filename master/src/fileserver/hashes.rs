//! Hashes of served files, computed once per state of a file.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ring::digest::{Context, SHA256};

/// Entries kept. When they are that many, all are dropped: a tree of that size is walked anew anyway.
const MAX_ENTRIES: usize = 16_384;

/// What tells two states of a file apart.
type Stamp = (u64, u64, u64, i64, i64, i64);

#[derive(Debug, Default)]
pub(super) struct Hashes {
    known: Mutex<HashMap<PathBuf, (Stamp, String)>>,
}

impl Hashes {
    /// The SHA-256 of a file as lower-case hex.
    pub(super) fn sha256(&self, path: &Path, about: &Metadata, file: &mut File) -> io::Result<String> {
        let stamp =
            (about.dev(), about.ino(), about.len(), about.mtime(), about.mtime_nsec(), about.ctime_nsec());
        if let Some((_, hash)) = self.lock().get(path).filter(|(s, _)| *s == stamp) {
            return Ok(hash.clone());
        }
        let mut context = Context::new(&SHA256);
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let n = file.read(&mut buffer)?;
            let Some(read) = buffer.get(..n).filter(|b| !b.is_empty()) else { break };
            context.update(read);
        }
        let hash: String = context.finish().as_ref().iter().map(|b| format!("{b:02x}")).collect();
        let mut known = self.lock();
        if known.len() >= MAX_ENTRIES {
            known.clear();
        }
        known.insert(path.to_owned(), (stamp, hash.clone()));
        Ok(hash)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, (Stamp, String)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
