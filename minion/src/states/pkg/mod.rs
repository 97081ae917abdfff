//! Packages as they should be.

mod aggregate;
mod downloaded;
mod group;
mod held;
mod installed;
mod latest;
mod removed;
mod uptodate;

use data::{Dict, Value};

pub(crate) use aggregate::aggregate;
pub use downloaded::Downloaded;
pub use group::GroupInstalled;
pub use held::{Held, Unheld};
pub use installed::Installed;
pub use latest::Latest;
pub use removed::{Purged, Removed};
pub use uptodate::UpToDate;

use super::{Outcome, StateEntry, StateError, entry};
use crate::Ctx;
use crate::exec::pkg::{self, Backend, InstallOptions, PkgError, Wanted};

/// The rows of this module.
pub const STATES: &[StateEntry] = &[
    entry::<Installed>(),
    entry::<Latest>(),
    entry::<Removed>(),
    entry::<Purged>(),
    entry::<Held>(),
    entry::<Unheld>(),
    entry::<UpToDate>(),
    entry::<Downloaded>(),
    entry::<GroupInstalled>(),
];

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

/// How packages are to be installed: what several functions have in common. Each of them declares the arguments, so
/// that they are known; they are read here.
fn options(ctx: &Ctx<'_>) -> InstallOptions {
    ctx.chunk().map(|chunk| pkg::options(&chunk.low)).unwrap_or_default()
}

/// The packages of `pkgs`, or the one that the state is named after, with versions.
fn targets(
    name: &str,
    version: &Value,
    pkgs: &Value,
    normalize: impl Fn(&str) -> String,
) -> Result<Wanted, PkgError> {
    if pkgs.is_true() {
        return pkg::wanted(pkgs, normalize);
    }
    Ok(vec![(normalize(name), version.is_true().then(|| version.to_string()))])
}

/// Packages whose files are not as they were packed, and those files (`pkg_verify`).
fn altered_files(
    ctx: &Ctx<'_>,
    backend: &dyn Backend,
    names: &[String],
    how: &Value,
) -> Result<Vec<(String, Value)>, StateError> {
    let list = |key: &str| {
        let rows = how.as_list().unwrap_or_default();
        let found = rows.iter().find_map(|row| row.get(key)?.as_list());
        found.unwrap_or_default().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let (ignored, options) = (list("ignore_types"), list("verify_options"));
    let mut out = Vec::new();
    for name in names {
        let Some(files) = backend.verify(ctx.host, std::slice::from_ref(name), &options)? else {
            return Err(StateError::refused("pkg.verify not implemented"));
        };
        let is_ignored = |file: &Value| file.get("type").is_some_and(|t| ignored.contains(&t.to_string()));
        let files: Dict = files.into_iter().filter(|(_, file)| !is_ignored(file)).collect();
        if !files.is_empty() {
            out.push((name.clone(), files.into()));
        }
    }
    Ok(out)
}

/// A value as the nested outputter prints it.
fn nested(value: &Value) -> String {
    data::output::render("nested", value, &data::output::Options::default())
        .map_or_else(|_| value.to_string(), |text| text.trim_end().to_owned())
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
