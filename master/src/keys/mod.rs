//! The minions' keys: which are accepted, pending, rejected, denied. Each is a file, so that keys can be
//! listed, copied and pre-seeded with a shell.

mod ephemeral;
mod policy;
mod token;
mod verbs;

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use data::Dict;
use proto::config::MasterConfig;
use proto::keys::{PublicKey, valid_id, write_atomic};
use serde::{Deserialize, Serialize};

pub use policy::Policy;
pub use token::{Bounds, Token, TokenError};
pub use verbs::{Change, Include, Verb};

/// What the master makes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// The minion is let in: `minions/`.
    Accepted,
    /// Nobody has decided yet: `minions_pre/`.
    Pending,
    /// The minion is kept out: `minions_rejected/`.
    Rejected,
    /// Another key has that id: `minions_denied/`.
    Denied,
}

impl KeyState {
    /// All four, in the order in which `rsalt-key -L` shows them.
    pub const ALL: [KeyState; 4] =
        [KeyState::Accepted, KeyState::Denied, KeyState::Pending, KeyState::Rejected];

    /// The directory under `pki_dir`; also the key in `--out=json`.
    pub const fn dir(self) -> &'static str {
        match self {
            KeyState::Accepted => "minions",
            KeyState::Pending => "minions_pre",
            KeyState::Rejected => "minions_rejected",
            KeyState::Denied => "minions_denied",
        }
    }
}

/// Why the key files could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file or directory could not be used.
    #[error("cannot {what} {}: {source}", .path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An id that no minion may have.
    #[error("'{0}' is no minion id")]
    Id(String),
}

/// What a minion shows besides its key.
#[derive(Clone, Copy, Debug, Default)]
pub struct Offer<'a> {
    /// Grains that may let it in: by `autosign_grains`, or within the bounds of its token.
    pub grains: Option<&'a Dict>,
    /// A join token; empty: none.
    pub token: &'a str,
    /// Its key is to go when it goes.
    pub ephemeral: bool,
    /// A minion with its id is connected with another key.
    pub taken: bool,
}

/// What has become of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Its state.
    pub state: KeyState,
    /// Why its token did not let it in.
    pub token: Option<TokenError>,
    /// It was accepted or rejected just now.
    pub decided: bool,
    /// It would wait, but as many wait as may: it is written down nowhere.
    pub full: bool,
}

/// The keys under `pki_dir`.
#[derive(Debug)]
pub struct Keys {
    dir: PathBuf,
    policy: Policy,
    /// Decisions look first and write then; two at once must not both be the first.
    deciding: Mutex<Crowds>,
}

/// How many keys have been counted in the states that strangers can fill, and when.
#[derive(Debug, Default)]
struct Crowds(HashMap<KeyState, (Instant, usize)>);

/// A count holds so long; keys that go meanwhile make room a little later.
const COUNTED: Duration = Duration::from_secs(1);

impl Keys {
    /// The keys in `pki_dir`, with nothing accepted by itself. Makes the directories.
    pub fn open(pki_dir: &Path) -> Result<Self, KeysError> {
        Self::with_policy(pki_dir, Policy::default())
    }

    /// The keys of a master, with its autosign settings.
    pub fn from_config(config: &MasterConfig) -> Result<Self, KeysError> {
        Self::with_policy(&config.pki_dir, Policy::from_config(config))
    }

    /// The keys in `pki_dir` with a policy for new ones.
    pub fn with_policy(pki_dir: &Path, policy: Policy) -> Result<Self, KeysError> {
        let keys = Keys { dir: pki_dir.to_owned(), policy, deciding: Mutex::default() };
        for dir in KeyState::ALL.map(KeyState::dir).into_iter().chain(["minions_autosign"]) {
            let path = keys.dir.join(dir);
            make_dir(&path).map_err(|source| KeysError::Io { what: "make the directory", path, source })?;
        }
        Ok(keys)
    }

    /// Takes over new settings (SIGHUP).
    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
    }

    /// Decides about a minion that has proved that it holds `key`, and writes the decision down.
    ///
    /// A token lets a key in that nobody has decided about, and one in the place of an ephemeral minion
    /// that is not connected: a container that was killed and comes back under its name.
    pub fn check(&self, id: &str, key: &PublicKey, offer: Offer<'_>) -> Result<Decision, KeysError> {
        let none = Dict::new();
        let grains = offer.grains.unwrap_or(&none);
        let decided = |state| Ok(Decision { state, token: None, decided: false, full: false });
        if !valid_id(id) {
            return Err(KeysError::Id(id.to_owned()));
        }
        let mut crowds = self.deciding.lock().unwrap_or_else(PoisonError::into_inner);
        if self.policy.open_mode {
            self.put(KeyState::Accepted, id, key)?;
            for other in [KeyState::Pending, KeyState::Rejected, KeyState::Denied] {
                self.take(other, id)?;
            }
            return decided(KeyState::Accepted);
        }
        if self.read(KeyState::Rejected, id)?.is_some() {
            return decided(KeyState::Rejected);
        }
        let known = self.read(KeyState::Accepted, id)?;
        if known == Some(*key) {
            return decided(KeyState::Accepted);
        }
        let replaces = known.is_some();
        if replaces && (offer.token.is_empty() || offer.taken || !self.is_ephemeral(id)) {
            return self.deny(id, key).and_then(decided);
        }
        let pending = self.read(KeyState::Pending, id)?;
        if pending.is_some_and(|known| known != *key) {
            return self.deny(id, key).and_then(decided);
        }
        let mut decision = Decision {
            state: if replaces { KeyState::Denied } else { self.policy.decide(&self.dir, id, grains) },
            token: None,
            decided: false,
            full: false,
        };
        let mut ephemeral = offer.ephemeral;
        if decision.state != KeyState::Accepted
            && decision.state != KeyState::Rejected
            && !offer.token.is_empty()
        {
            match self.redeem(offer.token, id, grains) {
                Ok(token) => {
                    decision.state = KeyState::Accepted;
                    ephemeral |= token.bounds.ephemeral;
                    self.take(KeyState::Denied, id)?;
                    tracing::info!(id, token = token.name, ephemeral, "a token lets this minion in");
                }
                Err(why) => decision.token = Some(why),
            }
        }
        if decision.state == KeyState::Denied {
            self.deny(id, key)?;
            return Ok(decision);
        }
        if decision.state != KeyState::Pending {
            self.take(KeyState::Pending, id)?;
        }
        if decision.state == KeyState::Accepted && ephemeral {
            // Before the key: a minion that is let in without the mark would stay for ever.
            self.mark_ephemeral(id)?;
        }
        if pending.is_none() || decision.state != KeyState::Pending {
            // Nobody has looked at these: a stranger with many names is not to fill the disk.
            if decision.state != KeyState::Accepted && self.crowded(&mut crowds, decision.state)? {
                decision.full = decision.state == KeyState::Pending;
                return Ok(decision);
            }
            self.put(decision.state, id, key)?;
            decision.decided = decision.state != KeyState::Pending;
        }
        Ok(decision)
    }

    /// The state of an id, as its files say; pending and denied may stand beside accepted.
    pub fn state(&self, id: &str) -> Option<KeyState> {
        [KeyState::Rejected, KeyState::Accepted, KeyState::Pending, KeyState::Denied]
            .into_iter()
            .find(|s| valid_id(id) && self.file(*s, id).is_file())
    }

    /// Whether an id's key is accepted.
    pub fn is_accepted(&self, id: &str) -> bool {
        valid_id(id) && self.file(KeyState::Accepted, id).is_file()
    }

    /// The ids in a state, sorted.
    pub fn list(&self, state: KeyState) -> Result<Vec<String>, KeysError> {
        let path = self.dir.join(state.dir());
        let fail = |source| KeysError::Io { what: "list", path: path.clone(), source };
        let mut ids = BTreeSet::new();
        for entry in fs::read_dir(&path).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            if let Ok(name) = entry.file_name().into_string()
                && valid_id(&name)
                && entry.path().is_file()
            {
                ids.insert(name);
            }
        }
        Ok(ids.into_iter().collect())
    }

    /// The ids whose keys are accepted, sorted.
    pub fn accepted(&self) -> Result<Vec<String>, KeysError> {
        self.list(KeyState::Accepted)
    }

    /// The key of an id in a state; none when there is no such file, an error when it holds something else.
    pub fn key(&self, state: KeyState, id: &str) -> Result<Option<PublicKey>, KeysError> {
        if !valid_id(id) {
            return Ok(None);
        }
        self.read(state, id)
    }

    /// Since when the key of an id is in a state, in seconds since the epoch.
    pub fn since(&self, state: KeyState, id: &str) -> Option<f64> {
        let file = valid_id(id).then(|| self.file(state, id))?;
        let time = fs::metadata(file).ok()?.modified().ok()?;
        Some(time.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs_f64())
    }

    /// Where keys are: `pki_dir`.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether as many keys as may are in a state; if not, one more is counted.
    fn crowded(&self, crowds: &mut Crowds, state: KeyState) -> Result<bool, KeysError> {
        let most = self.policy.max_pending_keys;
        if most == 0 {
            return Ok(false);
        }
        let counted = crowds.0.get(&state).filter(|(at, _)| at.elapsed() < COUNTED);
        let (at, count) = match counted {
            Some(counted) => *counted,
            None => {
                let path = self.dir.join(state.dir());
                let entries = fs::read_dir(&path);
                let entries = entries.map_err(|source| KeysError::Io { what: "list", path, source })?;
                (Instant::now(), entries.count())
            }
        };
        let full = count >= most;
        crowds.0.insert(state, (at, if full { count } else { count + 1 }));
        Ok(full)
    }

    fn deny(&self, id: &str, key: &PublicKey) -> Result<KeyState, KeysError> {
        if self.read(KeyState::Denied, id)? != Some(*key) {
            self.put(KeyState::Denied, id, key)?;
        }
        Ok(KeyState::Denied)
    }

    fn file(&self, state: KeyState, id: &str) -> PathBuf {
        self.dir.join(state.dir()).join(id)
    }

    fn read(&self, state: KeyState, id: &str) -> Result<Option<PublicKey>, KeysError> {
        let path = self.file(state, id);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(KeysError::Io { what: "read", path, source }),
        };
        PublicKey::parse(&text).map(Some).map_err(|e| KeysError::Io {
            what: "use the key in",
            path,
            source: io::Error::new(io::ErrorKind::InvalidData, e),
        })
    }

    fn put(&self, state: KeyState, id: &str, key: &PublicKey) -> Result<(), KeysError> {
        let path = self.file(state, id);
        write_atomic(&path, format!("{key}\n").as_bytes(), 0o644).map_err(|source| KeysError::Io {
            what: "write",
            path,
            source,
        })
    }

    /// Deletes the file of an id in a state. Whether there was one comes back.
    fn take(&self, state: KeyState, id: &str) -> Result<bool, KeysError> {
        let path = self.file(state, id);
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(KeysError::Io { what: "delete", path, source }),
        }
    }
}

fn make_dir(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}
