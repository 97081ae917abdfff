//! Packages as they should be.

mod aggregate;
mod installed;
mod latest;
mod removed;
mod uptodate;

use data::Value;

pub(crate) use aggregate::aggregate;
pub use installed::Installed;
pub use latest::Latest;
pub use removed::{Purged, Removed};
pub use uptodate::UpToDate;

use super::{Outcome, StateEntry, StateError, entry};
use crate::exec::pkg::{PkgError, Wanted};

/// The rows of this module.
pub const STATES: &[StateEntry] =
    &[entry::<Installed>(), entry::<Latest>(), entry::<Removed>(), entry::<Purged>(), entry::<UpToDate>()];

impl From<PkgError> for StateError {
    fn from(error: PkgError) -> Self {
        match error {
            PkgError::Partly { ref changes, .. } => StateError::after(error.text(false), changes.clone()),
            PkgError::Host(error) => StateError::Host(error),
            other => StateError::refused(other.to_string()),
        }
    }
}

/// A failed change of packages: what failed, and what changed all the same.
fn failed(doing: &str, error: &PkgError) -> Outcome {
    match error {
        PkgError::Partly { changes, .. } => {
            Outcome::new(Some(false), error.text(false)).with_changes(changes.clone())
        }
        other => {
            Outcome::new(Some(false), format!("An error was encountered while {doing} package(s): {other}"))
        }
    }
}

/// `hello=2.10-3`, `hello>=2`, `hello`.
fn shown(name: &str, version: Option<&str>) -> String {
    match version {
        None | Some("") => name.to_owned(),
        Some(v) if v.starts_with(['<', '>', '=']) => format!("{name}{v}"),
        Some(v) => format!("{name}={v}"),
    }
}

fn shown_all<'a>(names: impl IntoIterator<Item = &'a str>, wanted: &Wanted) -> Vec<String> {
    let version = |name: &str| wanted.iter().find(|(n, _)| n == name).and_then(|(_, v)| v.as_deref());
    names.into_iter().map(|name| shown(name, version(name))).collect()
}

/// Whether a list was given and is empty.
fn is_empty_list(value: &Value) -> bool {
    value.as_list().is_some_and(<[Value]>::is_empty)
}
