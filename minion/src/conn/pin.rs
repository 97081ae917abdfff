//! Whether the master is the one that the minion knows.

use std::path::{Path, PathBuf};

use proto::keys::{KeyFileError, KeyFileErrorKind, PublicKey};

/// What the minion knows of its master.
#[derive(Clone, Debug)]
pub(super) struct Pin {
    path: PathBuf,
    finger: Option<String>,
}

/// A master that is not to be talked to.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// Another key than at first contact.
    #[error(
        "the master's key has changed: its fingerprint is {got}, known is {known}. If the master was set \
         up anew, delete {} on this minion and start the minion again; otherwise somebody else answers \
         in the master's place",
        path.display()
    )]
    Changed {
        /// The fingerprint of the key that the master shows.
        got: String,
        /// That of the key in the file.
        known: String,
        /// The file.
        path: PathBuf,
    },
    /// Another key than the config asks for.
    #[error(
        "the master's fingerprint is {got}, but master_finger in the minion's config is {wanted}: correct \
         master_finger (rsalt-key -F on the master shows it), or somebody else answers in the master's place"
    )]
    Finger {
        /// The fingerprint of the key that the master shows.
        got: String,
        /// The one in the config.
        wanted: String,
    },
    /// The file.
    #[error("the known master key cannot be used: {0}")]
    File(#[from] KeyFileError),
}

impl Pin {
    /// The key of the first master is in `minion_master.pub`; those of further ones carry their address.
    pub(super) fn new(pki_dir: &Path, further: Option<&str>, finger: Option<&str>) -> Self {
        let name = match further {
            None => "minion_master.pub".to_string(),
            Some(address) => format!("minion_master_{}.pub", address.replace(['/', '\0'], "_")),
        };
        Pin { path: pki_dir.join(name), finger: finger.filter(|f| !f.is_empty()).map(str::to_lowercase) }
    }

    /// Compares; at first contact, keeps.
    pub(super) fn check(&self, key: &PublicKey) -> Result<(), PinError> {
        let got = key.fingerprint();
        if let Some(wanted) = &self.finger
            && *wanted != got
        {
            return Err(PinError::Finger { got, wanted: wanted.clone() });
        }
        match PublicKey::load(&self.path) {
            Ok(known) if known == *key => Ok(()),
            Ok(known) => Err(PinError::Changed { got, known: known.fingerprint(), path: self.path.clone() }),
            Err(KeyFileError { kind: KeyFileErrorKind::Io(e), .. })
                if e.kind() == std::io::ErrorKind::NotFound =>
            {
                tracing::info!(fingerprint = got, "first contact: this master's key is kept");
                Ok(key.save(&self.path)?)
            }
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_key_stays() {
        let dir = tempfile::tempdir().unwrap();
        let (first, other) = (PublicKey::from_bytes([1; 32]), PublicKey::from_bytes([2; 32]));
        let pin = Pin::new(dir.path(), None, None);
        pin.check(&first).unwrap();
        pin.check(&first).unwrap();
        let error = pin.check(&other).unwrap_err().to_string();
        assert!(error.starts_with("the master's key has changed: its fingerprint is "), "{error}");
        assert!(
            error.contains(&format!("delete {}", dir.path().join("minion_master.pub").display())),
            "{error}"
        );
        std::fs::remove_file(dir.path().join("minion_master.pub")).unwrap();
        pin.check(&other).unwrap();
    }

    #[test]
    fn a_configured_fingerprint_comes_first() {
        let dir = tempfile::tempdir().unwrap();
        let key = PublicKey::from_bytes([1; 32]);
        let right = Pin::new(dir.path(), None, Some(&key.fingerprint().to_uppercase()));
        let wrong = Pin::new(dir.path(), None, Some("00:11"));
        assert!(matches!(wrong.check(&key), Err(PinError::Finger { .. })));
        assert!(!dir.path().join("minion_master.pub").exists(), "a refused key is not kept");
        right.check(&key).unwrap();
    }
}
