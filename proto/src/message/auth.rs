//! Who connects, and what the master makes of it.

use serde::{Deserialize, Serialize};

/// The payload of the third handshake message: the minion introduces itself (encrypted; its static
/// key is proved by the handshake itself).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// The minion's id.
    pub id: String,
    /// The minion's version.
    #[serde(default)]
    pub version: String,
    /// Grains that the autosign policy may ask for, or a token: those of `autosign_grains`, and with a token
    /// all of them, as far as they fit into a handshake.
    #[serde(default)]
    pub autosign_grains: data::Value,
    /// Distinguishes the runs of a minion: a second session of one run replaces the first at once.
    #[serde(default)]
    pub run: u64,
    /// A join token; empty: none.
    #[serde(default)]
    pub token: Secret,
    /// The key is to go when the minion goes.
    #[serde(default)]
    pub ephemeral: bool,
    /// One function on the minion's machine asks (`rsalt-call`) beside the minion: it takes no jobs, and
    /// does not count as the minion's presence.
    #[serde(default)]
    pub call: bool,
}

/// A text that no log shows.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "none" } else { "…" })
    }
}

/// What the master makes of a minion's key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum AuthState {
    /// Not decided yet. The session stays open and is told.
    Pending,
    /// The key is accepted.
    Accepted(Box<Welcome>),
    /// The key was rejected.
    Rejected,
    /// Another key holds this id.
    Denied,
    /// The id is not one that a minion may have, or the master is full; the text says which.
    Refused(String),
}

/// What an accepted minion needs to read publishes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Welcome {
    /// The key of the group.
    pub group: GroupKey,
    /// The Ed25519 key that publishes are signed with.
    #[serde(with = "serde_bytes")]
    pub verify_key: Vec<u8>,
    /// Sequence number of the latest publish.
    pub seq: u64,
    /// The master's clock, seconds since the epoch.
    pub time: f64,
    /// The master's version.
    #[serde(default)]
    pub version: String,
    /// The largest message that the master takes.
    #[serde(default)]
    pub max_message: u64,
    /// The topic by which the subscriber shows that it is this minion's; besides it, it asks for everything.
    #[serde(default)]
    pub subscription: String,
}

/// The symmetric key that publishes are sealed with, from one change of the key states to the next.
#[derive(Clone, Serialize, Deserialize)]
pub struct GroupKey {
    /// Grows with every key.
    pub epoch: u64,
    /// 32 bytes.
    #[serde(with = "serde_bytes")]
    pub key: Vec<u8>,
}

/// Shows the epoch, never the key.
impl std::fmt::Debug for GroupKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GroupKey").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}
