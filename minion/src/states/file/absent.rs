//! `file.absent`: not there, whatever it was.

use std::path::Path;

use super::util::expand_user;
use crate::host::FileKind;
use crate::states::{Applied, Plan, State, StateError};
use crate::{Ctx, args};

args! {
    /// Remove a file, a link or a directory with all that is in it.
    ///
    /// ```yaml
    /// /tmp/old:
    ///   file.absent
    /// ```
    ///
    /// Changes: `removed: <name>`.
    pub(crate) struct Absent {
        name: String,
    }
}

/// What there is to remove: its path, and whether it is a directory.
pub(crate) struct Remove {
    path: String,
    kind: &'static str,
}

impl State for Absent {
    const FUN: &'static str = "file.absent";
    type Step = Remove;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Remove>, StateError> {
        let name = expand_user(ctx, &self.name);
        if name.is_empty() {
            return Err(StateError::refused("Must provide name to file.absent"));
        }
        if !name.starts_with('/') {
            return Err(StateError::refused(format!("Specified file {name} is not an absolute path")));
        }
        if name.trim_matches('/').is_empty() {
            return Err(StateError::refused("Refusing to make \"/\" absent"));
        }
        let Some(stat) = ctx.host.lstat(Path::new(&name))? else {
            return Ok(Plan::nothing(format!("File {name} is not present")));
        };
        let is_dir = stat.kind == FileKind::Dir;
        let (shown, kind) = if is_dir { ("Directory", "directory") } else { ("File", "file") };
        let comment = format!("{shown} {name} is set for removal");
        Ok(Plan::one(Remove { path: name.clone(), kind }, "removed", name, comment))
    }

    fn apply(&self, step: Remove, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let Remove { path, kind } = step;
        ctx.host
            .remove_all(Path::new(&path))
            .map_err(|e| StateError::refused(format!("Failed to remove {kind} {path}: {e}")))?;
        Ok(Applied::Said(format!("Removed {kind} {path}")))
    }
}
