//! A text file and the text that it is to hold: what all functions that edit lines have in common.

use std::path::{Path, PathBuf};

use super::encoding::Encoding;
use super::{expanded, os_error, os_text};
use crate::Ctx;
use crate::exec::ExecError;
use crate::states::file::diff;

/// What a file holds and what it is to hold.
pub(crate) struct Edit {
    pub(crate) path: PathBuf,
    pub(crate) old: String,
    pub(crate) new: String,
    pub(crate) encoding: Encoding,
}

impl Edit {
    pub(crate) fn is_change(&self) -> bool {
        self.old != self.new
    }

    /// The difference as Salt prints it, empty when there is none.
    pub(crate) fn diff(&self) -> String {
        diff::of_texts(&self.old, &self.new)
    }

    /// Writes the new text, unless it is the old one; with `backup`, the old one goes to a file of that name
    /// first, with the same owner and mode.
    pub(crate) fn store(&self, ctx: &Ctx<'_>, backup: Option<&Path>) -> Result<(), ExecError> {
        if !self.is_change() {
            return Ok(());
        }
        if let Some(copy) = backup {
            keep(ctx, &self.path, copy)?;
        }
        let data = self.encoding.encode(&self.new, "strict")?;
        ctx.host.write_atomic(&self.path, &data, None).map_err(|error| os_error(error, &self.path))
    }

    /// The name of the copy that `backup` asks for: what to append, or nothing.
    pub(crate) fn copy_named(&self, backup: &data::Value) -> Option<PathBuf> {
        backup.is_true().then(|| PathBuf::from(format!("{}{backup}", self.path.display())))
    }
}

/// Copies a file with its owner and mode.
pub(crate) fn keep(ctx: &Ctx<'_>, path: &Path, copy: &Path) -> Result<(), ExecError> {
    let Some(stat) = ctx.host.stat(path)? else { return Ok(()) };
    ctx.host.copy(path, copy, Some(stat.mode)).map_err(|error| os_error(error, copy))?;
    match ctx.host.stat(copy)? {
        Some(new) if (new.uid, new.gid) != (stat.uid, stat.gid) => {
            Ok(ctx.host.chown(copy, Some(stat.uid), Some(stat.gid), true)?)
        }
        _ => Ok(()),
    }
}

/// The file behind a path, links followed; and whether there is one.
pub(crate) fn real(ctx: &Ctx<'_>, path: &str) -> (PathBuf, bool) {
    let path = expanded(ctx, path);
    match ctx.host.canonicalize(&path) {
        Ok(real) => (real, true),
        Err(_) => (path, false),
    }
}

pub(crate) fn not_found(path: &Path) -> ExecError {
    ExecError::invocation(format!("File not found: {}", path.display()))
}

/// The content of a text file.
pub(crate) fn text(ctx: &Ctx<'_>, path: &Path) -> Result<String, ExecError> {
    let unread =
        |error| ExecError::command(format!("Unable to open file '{}'. Exception: {error}", path.display()));
    let data = ctx.host.read(path).map_err(|error| unread(os_text(&error, path)))?;
    let binary = || {
        let problem = format!("Cannot perform string replacements on a binary file: {}", path.display());
        ExecError::invocation(problem)
    };
    if !diff::is_text(&data) {
        return Err(binary());
    }
    String::from_utf8(data).map_err(|_| binary())
}

/// `\n`, `\r\n`, `\r` or nothing at the end of a line.
pub(super) fn end_of(line: &str) -> &str {
    let body = line.strip_suffix("\r\n").or_else(|| line.strip_suffix(['\n', '\r'])).unwrap_or(line);
    line.get(body.len()..).unwrap_or_default()
}
