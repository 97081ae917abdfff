//! The audit log: one line of JSON for each job, key change and refusal, in the file `audit_log`.
//!
//! Arguments of jobs are not in it: they hold secrets. Lines are appended in one write each, so that
//! several can be cut off by a rotation only between them; a reload opens the file anew.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chrono::{SecondsFormat, Utc};
use data::{Dict, Value};

/// The log; without a file, nothing.
#[derive(Debug, Default)]
pub struct Audit(Mutex<Option<(PathBuf, File)>>);

impl Audit {
    /// Opens the file, and closes the one before.
    pub fn open(&self, path: Option<&Path>) -> std::io::Result<()> {
        let file = match path {
            Some(path) => {
                if let Some(dir) = path.parent() {
                    std::fs::create_dir_all(dir)?;
                }
                let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
                Some((path.to_owned(), file))
            }
            None => None,
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = file;
        Ok(())
    }

    /// Whether lines are kept.
    pub fn is_on(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Adds a line: `what` has happened, and what is known of it.
    pub fn note(&self, what: &str, about: Dict) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((path, file)) = slot.as_mut() else { return };
        let time = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
        let mut line = Dict::new().with("time", time).with("what", what);
        line.extend(about);
        let text = data::json::dump(&Value::from(line), None, false) + "\n";
        if let Err(error) = file.write_all(text.as_bytes()) {
            tracing::error!(path = %path.display(), %error, "the audit log misses a line");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_json_and_the_file_is_its_owners() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log/audit");
        let audit = Audit::default();
        audit.note("nothing", Dict::new());
        audit.open(Some(&path)).unwrap();
        audit.note("job", Dict::new().with("user", "fred\n"));
        std::fs::rename(&path, dir.path().join("old")).unwrap();
        audit.open(Some(&path)).unwrap();
        audit.note("key", Dict::new());
        let old = std::fs::read_to_string(dir.path().join("old")).unwrap();
        assert!(
            old.starts_with("{\"time\": \"") && old.ends_with("\"what\": \"job\", \"user\": \"fred\\n\"}\n"),
            "{old}"
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
