//! `file.directory`: a directory with this owner and mode, and what is in it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use data::loose::Mode;
use data::{Dict, Value};
use fancy_regex::Regex;
use proto::target::glob::Glob;

use super::util::{Perms, bits, expand_user, make_dirs, parent, uid};
use crate::states::{Applied, Outcome, Plan, State, StateError};
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
        makedirs: bool,
        #[serde(default)]
        clean: bool,
        #[serde(default)]
        require: Value,
        #[serde(default)]
        exclude_pat: Value,
        #[serde(default)]
        follow_symlinks: bool,
        #[serde(default)]
        force: bool,
        #[serde(default)]
        backupname: Option<String>,
        #[serde(default = yes)]
        allow_symlink: bool,
        #[serde(default)]
        children_only: bool,
    }
}

fn yes() -> bool {
    true
}

/// One directory of a walk: the directories and the other things in it.
struct Level {
    dirs: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

/// Directories from the top; links to directories count as such and are not followed.
fn walk(ctx: &Ctx<'_>, top: &Path, max_depth: Option<usize>) -> Result<Vec<Level>, StateError> {
    let mut levels = Vec::new();
    let mut stack = vec![(top.to_owned(), 0)];
    while let Some((at, depth)) = stack.pop() {
        if max_depth.is_some_and(|max| depth >= max) || !ctx.host.is_dir(&at) {
            continue;
        }
        let (mut dirs, mut files) = (Vec::new(), Vec::new());
        for name in ctx.host.list_dir(&at)? {
            let path = at.join(name);
            if ctx.host.is_dir(&path) {
                dirs.push(path);
            } else {
                files.push(path);
            }
        }
        for dir in dirs.iter().rev().filter(|dir| !ctx.host.is_link(dir)) {
            stack.push((dir.clone(), depth + 1));
        }
        levels.push(Level { dirs, files });
    }
    Ok(levels)
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
            return Err(StateError::refused(format!("Types for \"recurse\" limited to \"{known}\"")));
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
        Perms::new(&self.user, &self.group, mode)
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
        let stat = if self.follow_symlinks { ctx.host.stat(path)? } else { ctx.host.lstat(path)? };
        let changes = match stat {
            None => Dict::new().with("directory", "new"),
            Some(stat) => perms.wanting(ctx, &stat)?,
        };
        Ok((!changes.is_empty()).then_some(changes))
    }

    /// Every path with what is to change on it.
    fn differences(&self, ctx: &Ctx<'_>, name: &str, recurse: Option<Recurse>) -> Result<Dict, StateError> {
        let mut changes = Dict::new();
        let levels = if recurse.is_some() || self.clean {
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
        if !self.children_only {
            // With `recurse`, Salt looks at the top only for what it names.
            let perms = match recurse {
                Some(recurse) => self.inner(recurse, self.dir_bits()),
                None => self.perms(self.dir_bits()),
            };
            if let Some(change) = self.wanting(ctx, Path::new(name), &perms)? {
                changes.insert(name, change);
            }
        }
        if self.clean {
            let keep = self.keep(ctx, name)?;
            for path in levels.iter().flat_map(|l| l.files.iter().chain(&l.dirs)) {
                if !keep.contains(path) && !self.is_excluded(Path::new(name), path) {
                    let change = Dict::new().with("removed", "Removed due to clean");
                    changes.insert(path.display().to_string(), change);
                }
            }
        }
        if !ctx.host.is_dir(Path::new(name)) {
            changes.insert(name, Dict::new().with("directory", "new"));
        }
        Ok(changes)
    }

    /// What the required states of `file` look after, and the directories above it.
    fn keep(&self, ctx: &Ctx<'_>, name: &str) -> Result<HashSet<PathBuf>, StateError> {
        let mut keep = HashSet::from([PathBuf::from(name)]);
        let required: Vec<String> = self
            .require
            .as_list()
            .unwrap_or_default()
            .iter()
            .filter_map(|r| r.get("file"))
            .map(Value::to_string)
            .collect();
        for state in ctx.file_states() {
            if !required.contains(&state.name) && !required.contains(&state.id) {
                continue;
            }
            let path = PathBuf::from(expand_user(ctx, &state.name));
            if ctx.host.is_dir(&path) && path.starts_with(name) {
                for level in walk(ctx, &path, None)? {
                    keep.extend(level.files);
                    keep.extend(level.dirs);
                }
            }
            keep.extend(path.ancestors().map(Path::to_owned));
        }
        Ok(keep)
    }

    fn is_excluded(&self, top: &Path, path: &Path) -> bool {
        let relative = path.strip_prefix(top).unwrap_or(path).display().to_string();
        let patterns: Vec<String> = match &self.exclude_pat {
            Value::None => Vec::new(),
            Value::List(list) => list.iter().map(Value::to_string).collect(),
            one => vec![one.to_string()],
        };
        patterns.iter().filter(|p| !p.is_empty()).any(|pattern| match pattern.strip_prefix("E@") {
            Some(regex) => Regex::new(regex).is_ok_and(|re| re.is_match(&relative).unwrap_or(false)),
            None => Glob::new(pattern).matches(&relative),
        })
    }

    /// Removes what nobody keeps; what it removed.
    fn clean(&self, ctx: &Ctx<'_>, name: &str) -> Result<Vec<String>, StateError> {
        let (top, keep) = (Path::new(name), self.keep(ctx, name)?);
        let mut removed = Vec::new();
        for level in walk(ctx, top, None)? {
            for path in level.dirs.iter().chain(&level.files) {
                let there = ctx.host.lstat(path)?.is_some();
                if there && !keep.contains(path) && !self.is_excluded(top, path) {
                    ctx.host.remove_all(path)?;
                    removed.push(path.display().to_string());
                }
            }
        }
        Ok(removed)
    }

    /// What stands where the directory is to be: told in `changes`, refused unless it may be replaced.
    fn obstacle(&self, ctx: &Ctx<'_>, name: &str) -> Result<Option<Obstacle>, StateError> {
        let path = Path::new(name);
        let (is_file, is_link) = (ctx.host.is_file(path), ctx.host.is_link(path));
        if !is_file && !(is_link && (!self.allow_symlink || self.force)) {
            return Ok(None);
        }
        if let Some(backup) = &self.backupname {
            if ctx.host.lstat(Path::new(backup))?.is_some() && !self.force {
                let problem = format!("File exists where the backup target {backup} should go");
                return Err(StateError::refused(problem));
            }
            return Ok(Some(Obstacle::ToBackup(backup.clone())));
        }
        if self.force {
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

/// What is to be done: everything that the differences say.
pub(crate) struct Step {
    changes: Dict,
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

impl State for Directory {
    const FUN: &'static str = "file.directory";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        if self.name.is_empty() {
            return Err(StateError::refused("Must provide name to file.directory"));
        }
        let name = self.top_name(ctx);
        if self.max_depth.is_some() && self.clean {
            return Err(StateError::refused("Cannot specify both max_depth and clean"));
        }
        self.perms(None).check(ctx)?;
        if !name.starts_with('/') {
            return Err(StateError::refused(format!("Specified file {name} is not an absolute path")));
        }
        let recurse = Recurse::new(&self.recurse)?;
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
                return Ok(Plan::settled(None, changes, comment));
            }
            Some(Obstacle::Replaced(kind)) => {
                let how = if ctx.test { "would be" } else { "was" };
                changes.insert("forced", format!("{kind} {how} forcibly replaced"));
            }
            _ => {}
        }
        let differences = self.differences(ctx, &name, recurse)?;
        let comment = comment_of(&name, &differences);
        changes.extend(differences.iter().map(|(k, v)| (k.clone(), v.clone())));
        if ctx.test {
            let result = if differences.is_empty() { Some(true) } else { None };
            return Ok(Plan::settled(result, changes, comment));
        }
        if changes.is_empty() {
            return Ok(Plan::nothing(comment));
        }
        let is_dir = ctx.host.is_dir(Path::new(&name));
        if !is_dir && !self.makedirs && !ctx.host.is_dir(&parent(&name)) {
            return Err(StateError::after(format!("No directory to create {name} in"), changes));
        }
        Ok(Plan::steps(vec![Step { changes }], Dict::new(), ""))
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let name = self.top_name(ctx);
        let path = Path::new(&name);
        let mut changes = step.changes;
        match self.obstacle(ctx, &name)? {
            Some(Obstacle::ToBackup(backup)) => {
                ctx.host.remove_all(Path::new(&backup))?;
                ctx.host.rename(path, Path::new(&backup))?;
            }
            Some(Obstacle::Replaced(_)) => ctx.host.remove_all(path)?,
            None => {}
        }
        if !ctx.host.is_dir(path) {
            if !ctx.host.is_dir(&parent(&name)) {
                make_dirs(ctx, &name, &self.perms(self.dir_bits()))?;
            }
            ctx.host.mkdir(path, None)?;
            self.perms(self.dir_bits()).enforce(ctx, path, true)?;
            changes.insert(name.as_str(), Dict::new().with("directory", "new"));
            return Ok(Applied::Done(Outcome::new(Some(true), "").with_changes(changes)));
        }
        let mut errors = Vec::new();
        let mut outcome = Outcome::new(Some(true), "");
        if !self.children_only {
            let done = self.perms(self.dir_bits()).enforce(ctx, path, self.follow_symlinks)?;
            changes.extend(done.changes);
            errors.extend(done.errors);
        }
        let recurse = Recurse::new(&self.recurse)?;
        if let Some(recurse) = recurse {
            for (asked, given, what) in
                [(recurse.user, &self.user, "user"), (recurse.group, &self.group, "group")]
            {
                if asked && given.is_none() {
                    outcome.result = Some(false);
                    outcome.comment = format!(
                        "{what} not specified, but configured as a target for recursive ownership management"
                    );
                }
            }
            if recurse.user && self.user.is_true() && uid(ctx, &self.user)?.is_none() {
                outcome.result = Some(false);
                outcome.comment =
                    format!("Failed to enforce ownership for user {} (user does not exist)", self.user);
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
                    let follow = self.follow_symlinks && ctx.host.exists(inside);
                    let done = perms.enforce(ctx, inside, follow)?;
                    changes.extend(done.changes);
                    errors.extend(done.errors);
                }
            }
        }
        if self.clean {
            let removed = self.clean(ctx, &name)?;
            if !removed.is_empty() {
                changes.insert("removed", removed);
                outcome.comment = format!("Files cleaned from directory {name}");
            }
        }
        if outcome.comment.is_empty() {
            let below = if self.children_only { "/*" } else { "" };
            outcome.comment = format!("Directory {name}{below} updated");
        }
        if !errors.is_empty() {
            outcome.result = Some(false);
            outcome.comment = errors.join("; ");
        }
        outcome.changes = changes;
        Ok(Applied::Done(outcome))
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
