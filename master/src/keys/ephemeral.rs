//! Minions whose keys go when they do: an empty file for each in `pki_dir/minions_ephemeral`.

use std::fs;
use std::io;
use std::path::PathBuf;

use proto::keys::{valid_id, write_atomic};

use super::{Keys, KeysError, make_dir};

const DIR: &str = "minions_ephemeral";

impl Keys {
    /// Whether the minion's key goes with it.
    pub fn is_ephemeral(&self, id: &str) -> bool {
        valid_id(id) && self.mark(id).is_file()
    }

    /// All such minions, in no order.
    pub fn ephemerals(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir.join(DIR)).into_iter().flatten().flatten();
        entries.filter_map(|e| e.file_name().into_string().ok()).filter(|id| valid_id(id)).collect()
    }

    pub(super) fn mark_ephemeral(&self, id: &str) -> Result<(), KeysError> {
        let path = self.mark(id);
        let made = make_dir(&self.dir.join(DIR)).and_then(|()| write_atomic(&path, b"", 0o600));
        made.map_err(|source| KeysError::Io { what: "write", path, source })
    }

    pub(super) fn unmark_ephemeral(&self, id: &str) -> Result<(), KeysError> {
        let path = self.mark(id);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(KeysError::Io { what: "delete", path, source })
            }
            _ => Ok(()),
        }
    }

    fn mark(&self, id: &str) -> PathBuf {
        self.dir.join(DIR).join(id)
    }
}
