//! `file.touch`: there, with these times.

use std::path::Path;
use std::time::{Duration, SystemTime};

use data::loose::Flag;
use data::{Dict, Value};

use super::act::{Act, path_of};
use super::util::{Perms, make_dirs, parent};
use crate::states::{Outcome, StateError};
use crate::{Ctx, args};

args! {
    /// Make an empty file, or set the times of what is there. Runs each time, as `touch` does.
    ///
    /// ```yaml
    /// /var/log/app.log:
    ///   file.touch:
    ///     - atime: 1700000000     # seconds since the epoch, default now
    ///     - mtime: 1700000000
    ///     - makedirs: True
    /// ```
    ///
    /// Changes: `new: <name>` or `touched: <name>`.
    pub(crate) struct Touch {
        name: String,
        #[serde(default)]
        atime: Value,
        #[serde(default)]
        mtime: Value,
        #[serde(default)]
        makedirs: Flag,
    }
}

/// An empty file with the times of now, as `file.touch` without more makes it.
pub(super) fn touch(ctx: &Ctx<'_>, name: &str, makedirs: Flag) -> Result<Outcome, StateError> {
    Touch { name: name.to_owned(), atime: Value::None, mtime: Value::None, makedirs }.act(ctx)
}

impl Touch {
    fn would(&self, ctx: &Ctx<'_>, name: &str) -> Result<Outcome, StateError> {
        let set =
            |key: &str, comment| Ok(Outcome::new(None, comment).with_changes(Dict::new().with(key, name)));
        let Some(stat) = ctx.host.stat(Path::new(name))? else {
            return set("new", format!("File {name} is set to be created"));
        };
        let [atime, mtime, _] = stat.times;
        let differs = |wanted: &Value, is: f64| !wanted.is_none() && wanted.as_f64() != Some(is);
        if differs(&self.atime, atime) || differs(&self.mtime, mtime) {
            return set("touched", format!("Times set to be updated on file {name}"));
        }
        // As in Salt, where the change that a missing file would be stays in the result.
        Ok(Outcome::new(Some(true), format!("File {name} exists and has the correct times"))
            .with_changes(Dict::new().with("new", name)))
    }
}

fn time(ctx: &Ctx<'_>, value: &Value) -> Result<SystemTime, StateError> {
    if !value.is_true() {
        return Ok(ctx.host.now());
    }
    let seconds = value.as_f64().or_else(|| value.to_string().trim().parse().ok());
    let since = seconds.and_then(|s| Duration::try_from_secs_f64(s).ok());
    let bad = || StateError::refused("atime and mtime must be integers");
    Ok(SystemTime::UNIX_EPOCH + since.ok_or_else(bad)?)
}

impl Act for Touch {
    const FUN: &'static str = "file.touch";

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let name = path_of(ctx, &self.name, Self::FUN)?;
        if ctx.test {
            return self.would(ctx, &name);
        }
        let path = Path::new(&name);
        if self.makedirs.0 {
            make_dirs(ctx, &name, &Perms::default())?;
        }
        if !ctx.host.is_dir(&parent(&name)) {
            return Err(StateError::refused(format!("Directory not present to touch file {name}")));
        }
        let (was, is_dir) = (ctx.host.exists(path), ctx.host.is_dir(path));
        if !was {
            ctx.host.write_atomic(path, b"", None)?;
        }
        // One that is given is meant for both, as Salt has it.
        let (atime, mtime) = match (self.atime.is_true(), self.mtime.is_true()) {
            (true, false) => (&self.atime, &self.atime),
            (false, true) => (&self.mtime, &self.mtime),
            _ => (&self.atime, &self.mtime),
        };
        if was || self.atime.is_true() || self.mtime.is_true() {
            ctx.host.set_times(path, Some(time(ctx, atime)?), Some(time(ctx, mtime)?))?;
        }
        let (key, comment) = if was {
            let kind = if is_dir { "directory" } else { "file" };
            ("touched", format!("Updated times on {kind} {name}"))
        } else {
            ("new", format!("Created empty file {name}"))
        };
        Ok(Outcome::new(Some(true), comment).with_changes(Dict::new().with(key, name)))
    }
}
