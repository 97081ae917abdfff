//! What the states of `file` share: owners, modes, missing directories, texts.

use std::path::{Path, PathBuf};

use data::loose::Mode;
use data::{Dict, Value};

use crate::Ctx;
use crate::host::{FileKind, HostError, Stat};
use crate::states::StateError;

/// Owner, group and mode as the user wrote them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Perms {
    pub(crate) user: Option<Value>,
    pub(crate) group: Option<Value>,
    pub(crate) mode: Option<u32>,
}

/// What enforcing owner, group and mode came to.
#[derive(Debug, Default)]
pub(crate) struct Enforced {
    pub(crate) changes: Dict,
    pub(crate) errors: Vec<String>,
}

impl Perms {
    pub(crate) fn new(user: &Value, group: &Value, mode: Option<u32>) -> Self {
        let given =
            |v: &Value| (v.is_true() || v.as_int().is_some_and(|_| v.as_bool().is_none())).then(|| v.clone());
        Perms { user: given(user), group: given(group), mode }
    }

    /// Why they cannot be had: no such user or group. In test mode another state may still make them.
    pub(crate) fn check(&self, ctx: &Ctx<'_>) -> Result<(), StateError> {
        let mut problem = String::new();
        if let Some(user) = &self.user
            && uid(ctx, user)?.is_none()
        {
            problem.push_str(&format!("User {user} is not available "));
        }
        if let Some(group) = &self.group
            && gid(ctx, group)?.is_none()
        {
            problem.push_str(&format!("Group {group} is not available"));
        }
        if problem.is_empty() || ctx.test { Ok(()) } else { Err(StateError::refused(problem)) }
    }

    /// What is to be changed on something that is there, under Salt's keys.
    pub(crate) fn wanting(&self, ctx: &Ctx<'_>, stat: &Stat) -> Result<Dict, StateError> {
        let mut changes = Dict::new();
        if let Some(user) = &self.user
            && uid(ctx, user)? != Some(stat.uid)
        {
            changes.insert("user", user.clone());
        }
        if let Some(group) = &self.group
            && gid(ctx, group)? != Some(stat.gid)
        {
            changes.insert("group", group.clone());
        }
        if let Some(mode) = self.mode
            && stat.kind != FileKind::Symlink
            && mode != stat.mode
        {
            changes.insert("mode", show_mode(mode));
        }
        Ok(changes)
    }

    /// Makes them so; in test mode only tells. Links themselves are meant unless `follow`.
    pub(crate) fn enforce(&self, ctx: &Ctx<'_>, path: &Path, follow: bool) -> Result<Enforced, StateError> {
        let stat = if follow { ctx.host.stat(path)? } else { ctx.host.lstat(path)? };
        let Some(stat) = stat else {
            return Err(StateError::refused(format!("Path not found: {}", path.display())));
        };
        let mut done = Enforced { changes: self.wanting(ctx, &stat)?, errors: Vec::new() };
        if ctx.test || done.changes.is_empty() {
            return Ok(done);
        }
        let owner = |key: &str, id: Option<u32>| if done.changes.contains(key) { id } else { None };
        let new_uid = owner("user", self.user.as_ref().map(|u| uid(ctx, u)).transpose()?.flatten());
        let new_gid = owner("group", self.group.as_ref().map(|g| gid(ctx, g)).transpose()?.flatten());
        if new_uid.is_some() || new_gid.is_some() {
            if ctx.host.chown(path, new_uid, new_gid, follow).is_err() {
                for (key, wanted) in [("user", &self.user), ("group", &self.group)] {
                    if let (Some(_), Some(wanted)) = (done.changes.remove(key), wanted) {
                        done.errors.push(format!("Failed to change {key} to {wanted}"));
                    }
                }
            } else if stat.kind != FileKind::Symlink && stat.mode & 0o6000 != 0 {
                // A new owner takes the set-id bits away.
                ctx.host.chmod(path, stat.mode)?;
            }
        }
        if let Some(mode) = self.mode.filter(|_| done.changes.contains("mode"))
            && ctx.host.chmod(path, mode).is_err()
        {
            done.changes.remove("mode");
            done.errors.push(format!("Failed to change mode to {}", show_mode(mode)));
        }
        Ok(done)
    }
}

/// The id of a user given by name or number.
pub(crate) fn uid(ctx: &Ctx<'_>, user: &Value) -> Result<Option<u32>, HostError> {
    if let Some(id) = user.as_int() {
        return Ok(u32::try_from(id).ok());
    }
    let name = user.to_string();
    Ok(ctx.host.user(&name)?.map(|u| u.uid).or_else(|| name.parse().ok()))
}

/// The id of a group given by name or number.
pub(crate) fn gid(ctx: &Ctx<'_>, group: &Value) -> Result<Option<u32>, HostError> {
    if let Some(id) = group.as_int() {
        return Ok(u32::try_from(id).ok());
    }
    let name = group.to_string();
    Ok(ctx.host.group(&name)?.map(|g| g.gid).or_else(|| name.parse().ok()))
}

/// `0644`
pub(crate) fn show_mode(mode: u32) -> String {
    format!("{mode:04o}")
}

/// The bits of a mode; `keep` and nothing are none.
pub(crate) fn bits(mode: &Option<Mode>) -> Option<u32> {
    mode.and_then(Mode::bits)
}

/// `~` and `~user` at the beginning.
pub(crate) fn expand_user(ctx: &Ctx<'_>, path: &str) -> String {
    let Some(rest) = path.strip_prefix('~') else { return path.to_owned() };
    let (user, rest) = rest.split_once('/').map_or((rest, String::new()), |(u, r)| (u, format!("/{r}")));
    let home = if user.is_empty() {
        ctx.host.env("HOME")
    } else {
        ctx.host.user(user).ok().flatten().map(|u| u.home)
    };
    home.map_or_else(|| path.to_owned(), |home| format!("{}{rest}", home.trim_end_matches('/')))
}

/// `$NAME` and `${NAME}` where the environment has such a variable.
pub(crate) fn expand_vars(ctx: &Ctx<'_>, path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let (name, end) = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some((name, _)) => (name, name.len() + 2),
            None => {
                let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let end = after.find(|c| !word(c)).unwrap_or(after.len());
                (after.get(..end).unwrap_or_default(), end)
            }
        };
        match ctx.host.env(name).filter(|_| !name.is_empty()) {
            Some(value) => out.push_str(&value),
            None => {
                out.push('$');
                out.push_str(after.get(..end).unwrap_or_default());
            }
        }
        rest = after.get(end..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// The path without `.`, `..` and doubled slashes.
pub(crate) fn normal(path: &Path) -> String {
    crate::exec::file::path::normpath(&path.display().to_string())
}

/// The last part of a path.
pub(crate) fn basename(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// User and group where an SLS leaves them to the minion: who it runs as, and that user's group.
pub(crate) fn default_owner(ctx: &Ctx<'_>, user: &Value, group: &Value) -> Result<(Value, Value), HostError> {
    let user = if user.is_none() {
        let configured = ctx.opt("user").filter(Value::is_true);
        configured.unwrap_or_else(|| {
            let own = ctx.host.euid();
            ctx.host.user_name(own).map_or_else(|| own.into(), Value::from)
        })
    } else {
        user.clone()
    };
    let group = if group.is_none() {
        let main = ctx.host.user(&user.to_string())?.map_or(0, |user| user.gid);
        ctx.host.group_name(main).map_or_else(|| main.into(), Value::from)
    } else {
        group.clone()
    };
    Ok((user, group))
}

/// The directory that something is in.
pub(crate) fn parent(path: &str) -> PathBuf {
    Path::new(path).parent().map(Path::to_owned).unwrap_or_default()
}

/// Makes the missing directories above `path`, all with the same owner and mode.
pub(crate) fn make_dirs(ctx: &Ctx<'_>, path: &str, perms: &Perms) -> Result<(), StateError> {
    let mut missing = Vec::new();
    let mut at = parent(path);
    while !ctx.host.is_dir(&at) {
        let Some(above) = at.parent().map(Path::to_owned) else { break };
        missing.push(std::mem::replace(&mut at, above));
    }
    for dir in missing.iter().rev() {
        ctx.host.mkdir(dir, None)?;
        perms.enforce(ctx, dir, true)?;
    }
    Ok(())
}

/// Lines as Python's `splitlines` finds them.
pub(crate) fn split_lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let breaks = matches!(
            c,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        );
        if breaks {
            lines.push(text.get(start..at).unwrap_or_default());
            start = at + c.len_utf8();
            if c == '\r'
                && let Some((next, '\n')) = chars.peek().copied()
            {
                chars.next();
                start = next + 1;
            }
        }
    }
    if start < text.len() {
        lines.push(text.get(start..).unwrap_or_default());
    }
    lines
}

/// A text or a list as texts, as Salt takes `contents` and `text`; none for nothing.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::List(items) => items.iter().map(Value::to_string).collect(),
        one => vec![one.to_string()],
    }
}

/// Keeps a copy of a file under `cachedir/file_backup`, as `backup: minion` asks.
pub(crate) fn back_up(ctx: &Ctx<'_>, path: &str, backup: &str) -> Result<(), HostError> {
    let configured = || ctx.opt("backup_mode").map(|v| v.to_string()).unwrap_or_default();
    let backup = if backup.is_empty() { configured() } else { backup.to_owned() };
    if backup != "minion" && backup != "both" {
        return Ok(());
    }
    let Some(stat) = ctx.host.stat(Path::new(path))? else { return Ok(()) };
    let cachedir = ctx.opt("cachedir").map(|v| v.to_string()).unwrap_or_default();
    let now: chrono::DateTime<chrono::Local> = ctx.host.now().into();
    let stamp = format!(
        "{}{:06}_{}",
        now.format("%a_%b_%d_%H:%M:%S_"),
        now.timestamp_subsec_micros(),
        now.format("%Y")
    );
    let at = PathBuf::from(format!("{cachedir}/file_backup{path}_{stamp}"));
    if let Some(dir) = at.parent() {
        ctx.host.mkdir_all(dir, None)?;
    }
    ctx.host.copy(Path::new(path), &at, Some(stat.mode))?;
    ctx.host.chown(&at, Some(stat.uid), Some(stat.gid), true)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_as_python_has_them() {
        assert_eq!(split_lines("a\nb\r\nc\rd\u{2028}e"), ["a", "b", "c", "d", "e"]);
        assert_eq!(split_lines("a\n\n"), ["a", ""]);
        assert_eq!(split_lines(""), Vec::<&str>::new());
        assert_eq!(split_lines("\r\n"), [""]);
    }
}
