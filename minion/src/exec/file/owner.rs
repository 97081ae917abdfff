//! Setting owner, group and mode.

use std::path::Path;

use data::Value;

use super::{expanded, names, os_error};
use crate::exec::{ExecError, ExecFn};
use crate::states::file::util::show_mode;
use crate::{Ctx, args};

args! {
    /// Set the mode of a file. Returns the mode that it has then.
    ///
    /// CLI Example: `rsalt '*' file.set_mode /etc/passwd 0644`
    pub(crate) struct SetMode {
        path: String,
        mode: Value,
    }

    /// Set user and group of a file. Returns nothing, or what is wrong.
    ///
    /// CLI Example: `rsalt '*' file.chown /etc/passwd root root`
    pub(crate) struct Chown {
        path: String,
        user: Value,
        group: Value,
    }

    /// Set user and group of a file; of a link, not of what it points to.
    ///
    /// CLI Example: `rsalt '*' file.lchown /etc/passwd root root`
    pub(crate) struct LChown {
        path: String,
        user: Value,
        group: Value,
    }

    /// Set the group of a file. Returns nothing, or what is wrong.
    ///
    /// CLI Example: `rsalt '*' file.chgrp /etc/passwd root`
    pub(crate) struct Chgrp {
        path: String,
        group: Value,
    }
}

/// The permission bits that a mode means: octal digits, however they are written.
pub(super) fn mode_bits(mode: &Value) -> Option<u32> {
    let text = mode.to_string();
    let digits = text.trim().trim_start_matches(['0', 'O', 'o']);
    u32::from_str_radix(if digits.is_empty() { "0" } else { digits }, 8).ok().filter(|bits| *bits <= 0o7777)
}

impl ExecFn for SetMode {
    const FUN: &'static str = "file.set_mode";
    const SIGNATURE: &'static str = "path, mode";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let path = expanded(ctx, &self.path);
        if !ctx.host.exists(&path) {
            return Err(ExecError::command(format!("{}: File not found", path.display())));
        }
        let done = mode_bits(&self.mode).map(|bits| ctx.host.chmod(&path, bits));
        if !matches!(done, Some(Ok(()))) {
            let text = self.mode.to_string();
            return Ok(format!("Invalid Mode {}", text.trim_start_matches(['0', 'O', 'o'])).into());
        }
        Ok(ctx.host.stat(&path)?.map_or_else(|| "".into(), |stat| show_mode(stat.mode).into()))
    }
}

/// Salt's `chown`: a text about users and groups that are not there, else the system's answer.
fn chown(
    ctx: &Ctx<'_>,
    path: &Path,
    user: Option<&Value>,
    group: &Value,
    follow: bool,
) -> Result<Value, ExecError> {
    let mut problem = String::new();
    let uid = match user.filter(|user| !matches!(user, Value::Str(name) if name.is_empty())) {
        None => None,
        Some(user) => match names::uid(ctx, user)? {
            None => {
                problem.push_str("User does not exist\n");
                None
            }
            found => found,
        },
    };
    let wanted = !group.is_none() && !matches!(group, Value::Str(name) if name.is_empty());
    let gid = if wanted { names::gid(ctx, group)? } else { None };
    if wanted && gid.is_none() {
        problem.push_str("Group does not exist\n");
    }
    let follow = follow && ctx.host.exists(path);
    if !problem.is_empty() {
        return Ok(problem.into());
    }
    if !follow && ctx.host.lstat(path)?.is_none() {
        return Ok("File not found".into());
    }
    ctx.host.chown(path, uid, gid, follow).map_err(|error| os_error(error, path))?;
    Ok(Value::None)
}

impl ExecFn for Chown {
    const FUN: &'static str = "file.chown";
    const SIGNATURE: &'static str = "path, user, group";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        chown(ctx, &expanded(ctx, &self.path), Some(&self.user), &self.group, true)
    }
}

impl ExecFn for LChown {
    const FUN: &'static str = "file.lchown";
    const SIGNATURE: &'static str = "path, user, group";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        chown(ctx, &expanded(ctx, &self.path), Some(&self.user), &self.group, false)
    }
}

impl ExecFn for Chgrp {
    const FUN: &'static str = "file.chgrp";
    const SIGNATURE: &'static str = "path, group";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        chown(ctx, &expanded(ctx, &self.path), None, &self.group, true)
    }
}
