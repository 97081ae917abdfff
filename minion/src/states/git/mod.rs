//! git checkouts as they should be.

mod cloned;
mod config;
mod detached;
mod latest;
mod present;
mod update;

use std::path::Path;

use data::{Dict, Value};

pub use cloned::Cloned;
pub use config::{ConfigSet, ConfigUnset};
pub use detached::Detached;
pub use latest::Latest;
pub use present::Present;

use super::{Outcome, StateEntry, StateError, entry};
use crate::exec::git::GitError;
use crate::host::Host;

/// The rows of this module.
pub const STATES: &[StateEntry] = &[
    entry::<Latest>(),
    entry::<Detached>(),
    entry::<Cloned>(),
    entry::<Present>(),
    entry::<ConfigSet>(),
    entry::<ConfigUnset>(),
];

impl From<GitError> for StateError {
    fn from(error: GitError) -> Self {
        match error {
            GitError::Host(error) => StateError::Host(error),
            other => StateError::refused(other.message()),
        }
    }
}

/// Sentences in one comment, as Salt puts them together.
fn sentences(comments: &[String]) -> String {
    let text = comments.join(". ");
    if comments.len() > 1 { format!("{text}.") } else { text }
}

fn short(commit: &str) -> &str {
    commit.get(..7).unwrap_or(commit)
}

/// False, with what had been done until then.
fn failure(problem: impl Into<String>, comments: &[String], changes: Dict) -> Outcome {
    let mut comment = problem.into();
    if !comments.is_empty() {
        comment.push_str(&format!("\n\nChanges already made: {}", sentences(comments)));
    }
    Outcome::new(Some(false), comment).with_changes(changes)
}

/// Makes room for a clone: removes what is in a directory.
fn empty(host: &dyn Host, target: &str) -> Result<(), StateError> {
    let dir = Path::new(target);
    for name in host.list_dir(dir)? {
        host.remove_all(&dir.join(name))?;
    }
    Ok(())
}

/// A revision as it is written in SLS: 1.0 is a number there.
fn text(value: &Value) -> String {
    match value {
        Value::None => String::new(),
        other => other.to_string(),
    }
}

fn is_commit(rev: &str) -> bool {
    !rev.is_empty() && rev.len() <= 40 && rev.bytes().all(|b| b.is_ascii_hexdigit())
}
