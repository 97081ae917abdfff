//! What `rsalt-key` and the wheel do to keys: accept, reject, delete.

use proto::target::glob::Glob;
use serde::{Deserialize, Serialize};

use super::{KeyState, Keys, KeysError};

/// What is to be done with keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Let the minions in.
    Accept,
    /// Keep the minions out.
    Reject,
    /// Forget the keys.
    Delete,
}

impl Verb {
    /// The states whose keys this is done to, when nothing more is asked for.
    pub fn states(self, include: Include) -> Vec<KeyState> {
        let mut states = match self {
            Verb::Accept | Verb::Reject => vec![KeyState::Pending],
            Verb::Delete => KeyState::ALL.to_vec(),
        };
        if self == Verb::Accept && include.rejected {
            states.push(KeyState::Rejected);
        }
        if self == Verb::Reject && include.accepted {
            states.push(KeyState::Accepted);
        }
        if self != Verb::Delete && include.denied {
            states.push(KeyState::Denied);
        }
        states
    }

    /// The word in `salt/key` events.
    pub const fn act(self) -> &'static str {
        match self {
            Verb::Accept => "accept",
            Verb::Reject => "reject",
            Verb::Delete => "delete",
        }
    }

    fn goes_to(self) -> Option<KeyState> {
        match self {
            Verb::Accept => Some(KeyState::Accepted),
            Verb::Reject => Some(KeyState::Rejected),
            Verb::Delete => None,
        }
    }
}

/// Which keys beside the pending ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Include {
    /// Accepted ones (`--include-accepted`).
    pub accepted: bool,
    /// Rejected ones (`--include-rejected`).
    pub rejected: bool,
    /// Denied ones (`--include-denied`).
    pub denied: bool,
}

impl Include {
    /// `--include-all`
    pub const ALL: Include = Include { accepted: true, rejected: true, denied: true };
}

/// One key that changed its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The minion.
    pub id: String,
    /// Where the key was.
    pub from: KeyState,
    /// Where it is; none when it is deleted.
    pub to: Option<KeyState>,
}

impl Keys {
    /// The ids that match a glob, by state. A comma-separated list of globs matches what any of them does.
    pub fn matching(
        &self,
        pattern: &str,
        states: &[KeyState],
    ) -> Result<Vec<(KeyState, Vec<String>)>, KeysError> {
        let globs: Vec<Glob> = pattern.split(',').map(Glob::new).collect();
        let mut found = Vec::new();
        for state in states {
            let ids: Vec<String> =
                self.list(*state)?.into_iter().filter(|id| globs.iter().any(|g| g.matches(id))).collect();
            if !ids.is_empty() {
                found.push((*state, ids));
            }
        }
        Ok(found)
    }

    /// Accepts, rejects or deletes the keys that match a glob. What changed comes back.
    pub fn apply(&self, verb: Verb, pattern: &str, include: Include) -> Result<Vec<Change>, KeysError> {
        self.apply_in(verb, pattern, &verb.states(include))
    }

    /// As [`Keys::apply`], on the keys in these states only.
    pub fn apply_in(&self, verb: Verb, pattern: &str, states: &[KeyState]) -> Result<Vec<Change>, KeysError> {
        let _one = self.deciding.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut changes = Vec::new();
        for (from, ids) in self.matching(pattern, states)? {
            for id in ids {
                changes.extend(self.change(verb, id, from)?);
            }
        }
        Ok(changes)
    }

    /// Accepts, rejects or deletes the key of one id in one state, if it is still there.
    pub fn change_one(&self, verb: Verb, id: &str, from: KeyState) -> Result<Option<Change>, KeysError> {
        let _one = self.deciding.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !proto::keys::valid_id(id) {
            return Err(KeysError::Id(id.to_owned()));
        }
        self.change(verb, id.to_owned(), from)
    }

    fn change(&self, verb: Verb, id: String, from: KeyState) -> Result<Option<Change>, KeysError> {
        if let Some(to) = verb.goes_to() {
            if to == from {
                return Ok(None);
            }
            let Some(key) = self.read(from, &id)? else { return Ok(None) };
            self.put(to, &id, &key)?;
        }
        // The new file is there before the old one goes: a crash in between loses no key.
        if !self.take(from, &id)? {
            return Ok(None);
        }
        if from == KeyState::Accepted {
            self.unmark_ephemeral(&id)?;
        }
        Ok(Some(Change { id, from, to: verb.goes_to() }))
    }

    /// Accepts keys (`rsalt-key -a`).
    pub fn accept(&self, pattern: &str, include: Include) -> Result<Vec<Change>, KeysError> {
        self.apply(Verb::Accept, pattern, include)
    }

    /// Rejects keys (`rsalt-key -r`).
    pub fn reject(&self, pattern: &str, include: Include) -> Result<Vec<Change>, KeysError> {
        self.apply(Verb::Reject, pattern, include)
    }

    /// Deletes keys in every state (`rsalt-key -d`).
    pub fn delete(&self, pattern: &str) -> Result<Vec<Change>, KeysError> {
        self.apply(Verb::Delete, pattern, Include::ALL)
    }
}
