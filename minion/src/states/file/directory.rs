//! `file.directory`: a directory with this owner and mode, and what is in it.

use std::path::Path;

use data::loose::{Flag, Mode};
use data::{Dict, Value};

use super::act::{Act, done, name_of, relative};
use super::keep::{self, walk};
use super::managed::{owner_of, yes};
use super::util::{Perms, bits, expand_user, gid, make_dirs, parent, uid};
use crate::states::{Outcome, StateError};
use crate::{Ctx, args};

args! {
    /// Have a directory with this owner and mode.
    ///
    /// ```yaml
    /// /srv/app:
    ///   file.directory:
    ///     - user: app
    ///     - group: app
    ///     - dir_mode: "0755"       # also called mode
    ///     - file_mode: "0644"      # default: dir_mode
    ///     - makedirs: True
    ///     - recurse: [user, group, mode]   # also ignore_files, ignore_dirs, silent
    ///     - max_depth: 2
    ///     - clean: True            # remove what no required state of `file` put there
    ///     - exclude_pat: 'E@\.keep$'
    /// ```
    ///
    /// `force: True` replaces a file or link, `backupname` keeps it. Changes: each path with what changed.
    pub(crate) struct Directory {
        name: String,
        #[serde(default)]
        user: Value,
        #[serde(default)]
        group: Value,
        #[serde(default)]
        owner: Value,
        #[serde(default)]
        recurse: Value,
        #[serde(default)]
        max_depth: Option<usize>,
        #[serde(default)]
        dir_mode: Option<Mode>,
        #[serde(default)]
        mode: Option<Mode>,
        #[serde(default)]
        file_mode: Option<Mode>,
        #[serde(default)]
        makedirs: Flag,
        #[serde(default)]
        clean: Flag,
        #[serde(default)]
        require: Value,
        #[serde(default)]
        exclude_pat: Value,
        #[serde(default)]
        follow_symlinks: Flag,
        #[serde(default)]
        force: Flag,
        #[serde(default)]
        backupname: Option<String>,
        #[serde(default = yes)]
        allow_symlink: Flag,
        #[serde(default)]
        children_only: Flag,
    }
}

/// What `recurse` asks for.
#[derive(Clone, Copy, Default)]
struct Recurse {
    user: bool,
    group: bool,
    mode: bool,
    files: bool,
    dirs: bool,
    silent: bool,
}

impl Recurse {
    fn new(value: &Value) -> Result<Option<Recurse>, StateError> {
        if !value.is_true() {
            return Ok(None);
        }
        let words: Vec<String> = match value {
            Value::List(words) => words.iter().map(Value::to_string).collect(),
            _ => return Err(StateError::refused("\"recurse\" must be formed as a list of strings")),
        };
        let known = ["user", "group", "mode", "ignore_files", "ignore_dirs", "silent"];
        if words.iter().any(|w| !known.contains(&w.as_str())) {
            let known = known.join("\", \"");
            return Err(StateError::refused(format!("Types for \"recurse\" limited to \"{known}\".")));
        }
        let has = |word: &str| words.iter().any(|w| w == word);
        if has("ignore_files") && has("ignore_dirs") {
            return Err(StateError::refused(
                "Must not specify \"recurse\" options \"ignore_files\" and \"ignore_dirs\" at the same time.",
            ));
        }
        Ok(Some(Recurse {
            user: has("user"),
            group: has("group"),
            mode: has("mode"),
            files: !has("ignore_files"),
            dirs: !has("ignore_dirs"),
            silent: has("silent"),
        }))
    }
}

impl Directory {
    fn top_name(&self, ctx: &Ctx<'_>) -> String {
        let name = expand_user(ctx, &self.name);
        if name == "/" { name } else { name.strip_suffix('/').map(str::to_owned).unwrap_or(name) }
    }

    fn dir_bits(&self) -> Option<u32> {
        bits(&self.dir_mode).or(bits(&self.mode))
    }

    fn file_bits(&self) -> Option<u32> {
        bits(&self.file_mode).or(self.dir_bits())
    }

    fn perms(&self, mode: Option<u32>) -> Perms {
        Perms::new(&owner_of(&self.user, &self.owner), &self.group, mode)
    }

    /// Owner and mode for what is inside: only what `recurse` names.
    fn inner(&self, recurse: Recurse, mode: Option<u32>) -> Perms {
        let all = self.perms(mode.filter(|_| recurse.mode));
        Perms {
            user: all.user.filter(|_| recurse.user),
            group: all.group.filter(|_| recurse.group),
            mode: all.mode,
        }
    }

    fn wanting(&self, ctx: &Ctx<'_>, path: &Path, perms: &Perms) -> Result<Option<Dict>, StateError> {
        let stat = if self.follow_symlinks.0 { ctx.host.stat(path)? } else { ctx.host.lstat(path)? };
        let changes = match stat {
            None => Dict::new().with("directory", "new"),
            Some(stat) => perms.wanting(ctx, &stat)?,
        };
        Ok((!changes.is_empty()).then_some(changes))
    }

    /// Every path with what is to change on it.
    fn differences(&self, ctx: &Ctx<'_>, name: &str, recurse: Option<Recurse>) -> Result<Dict, StateError> {
        let mut changes = Dict::new();
        let levels = if recurse.is_some() || self.clean.0 {
            walk(ctx, Path::new(name), self.max_depth)?
        } else {
            Vec::new()
        };
        if let Some(recurse) = recurse {
            let (file_perms, dir_perms) =
                (self.inner(recurse, self.file_bits()), self.inner(recurse, self.dir_bits()));
            for level in &levels {
                let files = level.files.iter().filter(|_| recurse.files).map(|p| (p, &file_perms));
                let dirs = level.dirs.iter().filter(|_| recurse.dirs).map(|p| (p, &dir_perms));
                for (path, perms) in files.chain(dirs) {
                    if let Some(change) = self.wanting(ctx, path, perms)? {
                        changes.insert(path.display().to_string(), change);
                    }
                }
            }
        }
        if !self.children_only.0 {
            // With `recurse`, Salt looks at the top only for what it names.
            let perms = match recurse {
                Some(recurse) => self.inner(recurse, self.dir_bits()),
                None => self.perms(self.dir_bits()),
            };
            if let Some(change) = self.wanting(ctx, Path::new(name), &perms)? {
                changes.insert(name, change);
            }
        }
        if self.clean.0 {
            // What it would take away; nothing is taken away here.
            let keep = keep::required(ctx, name, &self.require)?;
            for path in keep::unwanted(ctx, name, &keep, &self.exclude_pat)? {
                let change = Dict::new().with("removed", "Removed due to clean");
                changes.insert(path.display().to_string(), change);
            }
        }
        if !ctx.host.is_dir(Path::new(name)) {
            changes.insert(name, Dict::new().with("directory", "new"));
        }
        Ok(changes)
    }

    /// What stands where the directory is to be: told in `changes`, refused unless it may be replaced.
    fn obstacle(&self, ctx: &Ctx<'_>, name: &str) -> Result<Option<Obstacle>, StateError> {
        let path = Path::new(name);
        let (is_file, is_link) = (ctx.host.is_file(path), ctx.host.is_link(path));
        if !is_file && !(is_link && (!self.allow_symlink.0 || self.force.0)) {
            return Ok(None);
        }
        if let Some(backup) = &self.backupname {
            if ctx.host.lstat(Path::new(backup))?.is_some() && !self.force.0 {
                let problem = format!("File exists where the backup target {backup} should go");
                return Err(StateError::refused(problem));
            }
            return Ok(Some(Obstacle::ToBackup(backup.clone())));
        }
        if self.force.0 {
            return Ok(Some(Obstacle::Replaced(if is_file { "File" } else { "Symlink" })));
        }
        let kind = if is_file { "file" } else { "symlink" };
        Err(StateError::refused(format!("Specified location {name} exists and is a {kind}")))
    }
}

enum Obstacle {
    ToBackup(String),
    Replaced(&'static str),
}

fn comment_of(name: &str, changes: &Dict) -> String {
    if changes.is_empty() {
        return format!("The directory {name} is in the correct state");
    }
    let mut comment = "The following files will be changed:\n".to_owned();
    for (path, change) in changes {
        for (key, value) in change.as_dict().into_iter().flatten() {
            comment.push_str(&format!("{path}: {key} - {value}\n"));
        }
    }
    comment
}

impl Act for Directory {
    const FUN: &'static str = "file.directory";
    const KWARGS: bool = true;

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        name_of(ctx, &self.name, Self::FUN)?;
        let name = self.top_name(ctx);
        if self.max_depth.is_some() && self.clean.0 {
            return Err(StateError::refused("Cannot specify both max_depth and clean"));
        }
        self.perms(None).check(ctx)?;
        if !name.starts_with('/') {
            return Err(StateError::refused(relative(&name)));
        }
        let mut changes = Dict::new();
        let obstacle = self.obstacle(ctx, &name)?;
        match &obstacle {
            Some(Obstacle::ToBackup(backup)) if ctx.test => {
                if ctx.host.lstat(Path::new(backup))?.is_some() {
                    changes
                        .insert("forced", format!("Existing file at backup path {backup} would be removed"));
                }
                changes.insert("backup", format!("{name} would be renamed to {backup}"));
                changes.insert(name.as_str(), Dict::new().with("directory", "new"));
                let comment = format!("{name} would be backed up and replaced with a new directory");
                return Ok(done(ctx, changes, comment));
            }
            Some(Obstacle::ToBackup(backup)) => {
                ctx.host.remove_all(Path::new(backup))?;
                ctx.host.rename(Path::new(&name), Path::new(backup))?;
            }
            Some(Obstacle::Replaced(kind)) => {
                let how = if ctx.test { "would be" } else { "was" };
                changes.insert("forced", format!("{kind} {how} forcibly replaced"));
                if !ctx.test {
                    ctx.host.remove_all(Path::new(&name))?;
                }
            }
            None => {}
        }
        let recurse = Recurse::new(&self.recurse)?;
        let differences = self.differences(ctx, &name, recurse)?;
        let comment = comment_of(&name, &differences);
        let differs = !differences.is_empty();
        changes.extend(differences);
        if ctx.test {
            let result = if differs { None } else { Some(true) };
            return Ok(Outcome::new(result, comment).with_changes(changes));
        }
        if changes.is_empty() {
            return Ok(Outcome::new(Some(true), comment));
        }
        let path = Path::new(&name);
        if !ctx.host.is_dir(path) {
            if !ctx.host.is_dir(&parent(&name)) {
                if !self.makedirs.0 {
                    return Err(StateError::after(format!("No directory to create {name} in"), changes));
                }
                make_dirs(ctx, &name, &self.perms(self.dir_bits()))?;
            }
            ctx.host.mkdir(path, None)?;
            self.perms(self.dir_bits()).enforce(ctx, path, true)?;
            changes.insert(name.as_str(), Dict::new().with("directory", "new"));
            return Ok(Outcome::new(Some(true), "").with_changes(changes));
        }
        self.change(ctx, &name, recurse, changes)
    }
}

impl Directory {
    /// A directory and nothing of what is in it, as `file.recurse` has them.
    pub(super) fn plain(name: &str, user: &Value, group: &Value, mode: Option<Mode>) -> Directory {
        Directory {
            name: name.to_owned(),
            user: user.clone(),
            group: group.clone(),
            owner: Value::None,
            recurse: Value::None,
            max_depth: None,
            dir_mode: mode,
            mode: None,
            file_mode: None,
            makedirs: Flag(true),
            clean: Flag(false),
            require: Value::None,
            exclude_pat: Value::None,
            follow_symlinks: Flag(false),
            force: Flag(false),
            backupname: None,
            allow_symlink: Flag(true),
            children_only: Flag(false),
        }
    }

    /// Has a directory that is there be so; `changes` are the differences that were found.
    fn change(
        &self,
        ctx: &Ctx<'_>,
        name: &str,
        recurse: Option<Recurse>,
        mut changes: Dict,
    ) -> Result<Outcome, StateError> {
        let path = Path::new(name);
        let mut errors = Vec::new();
        let mut outcome = Outcome::new(Some(true), "");
        if !self.children_only.0 {
            let done = self.perms(self.dir_bits()).enforce(ctx, path, self.follow_symlinks.0)?;
            changes.extend(done.changes);
            errors.extend(done.errors);
        }
        if let Some(recurse) = recurse {
            let all = self.perms(None);
            let mut fail = |comment: String| {
                outcome.result = Some(false);
                outcome.comment = comment;
            };
            for (asked, given, what) in
                [(recurse.user, &all.user, "user"), (recurse.group, &all.group, "group")]
            {
                if asked && given.is_none() {
                    fail(format!(
                        "{what} not specified, but configured as a target for recursive ownership management"
                    ));
                }
            }
            if let Some(user) = all.user.as_ref().filter(|_| recurse.user)
                && uid(ctx, user)?.is_none()
            {
                fail(format!("Failed to enforce ownership for user {user} (user does not exist)"));
            }
            if let Some(group) = all.group.as_ref().filter(|_| recurse.group)
                && gid(ctx, group)?.is_none()
            {
                fail(format!("Failed to enforce group ownership for group {group}"));
            }
            if recurse.silent {
                changes = Dict::new().with("recursion", "Changes silenced");
            }
            let (file_perms, dir_perms) =
                (self.inner(recurse, self.file_bits()), self.inner(recurse, self.dir_bits()));
            for level in walk(ctx, path, self.max_depth)? {
                let files = level.files.iter().filter(|_| recurse.files).map(|p| (p, &file_perms));
                let dirs = level.dirs.iter().filter(|_| recurse.dirs).map(|p| (p, &dir_perms));
                for (inside, perms) in files.chain(dirs) {
                    let follow = self.follow_symlinks.0 && ctx.host.exists(inside);
                    let done = perms.enforce(ctx, inside, follow)?;
                    changes.extend(done.changes);
                    errors.extend(done.errors);
                }
            }
        }
        if self.clean.0 {
            let keep = keep::required(ctx, name, &self.require)?;
            let removed = keep::clean(ctx, name, &keep, &self.exclude_pat)?;
            if !removed.is_empty() {
                changes.insert("removed", removed);
                outcome.comment = format!("Files cleaned from directory {name}");
            }
        }
        if !errors.is_empty() {
            outcome.result = Some(false);
            outcome.comment = errors.join("; ");
        }
        if outcome.comment.is_empty() {
            let below = if self.children_only.0 { "/*" } else { "" };
            outcome.comment = format!("Directory {name}{below} updated");
        }
        outcome.changes = changes;
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recurse_words_are_checked() {
        let of = |words: &[&str]| Recurse::new(&Value::from(words.to_vec()));
        assert!(of(&["user", "mode"]).unwrap().is_some_and(|r| r.user && r.mode && !r.group && r.files));
        assert!(of(&[]).unwrap().is_none());
        assert!(of(&["usr"]).is_err());
        assert!(of(&["ignore_files", "ignore_dirs"]).is_err());
    }
}
