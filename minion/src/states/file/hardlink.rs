//! `file.hardlink`: a second name for a file.

use std::path::Path;

use data::loose::{Flag, Mode};
use data::{Dict, Value};

use super::act::{Act, name_of, relative};
use super::managed::owner_of;
use super::util::{Perms, bits, default_owner, gid, make_dirs, parent, uid};
use crate::host::FileKind;
use crate::states::{Outcome, StateError};
use crate::{Ctx, args};

args! {
    /// Make a hard link to a file.
    ///
    /// ```yaml
    /// /etc/grub.conf:
    ///   file.hardlink:
    ///     - target: /boot/grub/grub.conf
    ///     - force: True           # replace a file
    ///     - makedirs: True        # with user, group and dir_mode
    /// ```
    ///
    /// Changes: `new: <name>`.
    pub(crate) struct HardLink {
        name: String,
        target: String,
        #[serde(default)]
        force: Flag,
        #[serde(default)]
        makedirs: Flag,
        #[serde(default)]
        user: Value,
        #[serde(default)]
        owner: Value,
        #[serde(default)]
        group: Value,
        #[serde(default)]
        dir_mode: Option<Mode>,
    }
}

impl HardLink {
    /// The inode behind a name, when it is not its only name.
    fn is_link(ctx: &Ctx<'_>, name: &Path) -> Result<bool, StateError> {
        Ok(ctx.host.lstat(name)?.is_some_and(|stat| stat.links > 1 && stat.kind != FileKind::Dir))
    }

    fn same(&self, ctx: &Ctx<'_>, name: &Path) -> Result<bool, StateError> {
        let inode = |path: &Path| ctx.host.lstat(path).map(|stat| stat.map(|stat| (stat.dev, stat.inode)));
        let (a, b) = (inode(name)?, inode(Path::new(&self.target))?);
        Ok(a.is_some() && a == b)
    }

    /// What Salt says in test mode.
    fn would(&self, ctx: &Ctx<'_>, name: &str) -> Result<Outcome, StateError> {
        let (path, target) = (Path::new(name), &self.target);
        let refuse = |problem: String| Err(StateError::refused(problem));
        let set = |key: &str, comment: String| {
            Ok(Outcome::new(None, comment).with_changes(Dict::new().with(key, name)))
        };
        if !ctx.host.exists(Path::new(target)) {
            return refuse(format!("Target {target} for hard link does not exist"));
        }
        if ctx.host.is_dir(Path::new(target)) {
            return refuse(format!("Unable to hard link from directory {target}"));
        }
        if ctx.host.is_dir(path) {
            return refuse(format!("Unable to hard link to directory {name}"));
        }
        if !ctx.host.exists(path) {
            return set("new", format!("Hard link {name} to {target} is set for creation"));
        }
        if Self::is_link(ctx, path)? {
            if self.same(ctx, path)? {
                let comment = format!("The hard link {name} is presently targetting {target}");
                return Ok(Outcome::new(Some(true), comment));
            }
            return set("change", format!("Link {name} target is set to be changed to {target}"));
        }
        if self.force.0 {
            return Ok(Outcome::new(
                None,
                format!(
                    "The file or directory {name} is set for removal to make way for a new hard link targeting {target}"
                ),
            ));
        }
        refuse(format!(
            "File or directory exists where the hard link {name} should be. Did you mean to use force?"
        ))
    }
}

impl Act for HardLink {
    const FUN: &'static str = "file.hardlink";
    const KWARGS: bool = true;

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let name = name_of(ctx, &self.name, Self::FUN)?;
        let refuse = |problem: String| Err(StateError::refused(problem));
        let (user, group) = default_owner(ctx, &owner_of(&self.user, &self.owner), &self.group)?;
        let mut problems = Vec::new();
        if uid(ctx, &user)?.is_none() {
            problems.push(format!("User {user} does not exist"));
        }
        if gid(ctx, &group)?.is_none() {
            problems.push(format!("Group {group} does not exist"));
        }
        if !name.starts_with('/') {
            problems.push(relative(&name));
        }
        if !self.target.starts_with('/') {
            problems.push(format!("Specified target {} is not an absolute path", self.target));
        }
        match problems.as_slice() {
            [] => {}
            [one] => return refuse(one.clone()),
            several => return refuse(format!("{}.", several.join(". "))),
        }
        if ctx.test {
            return self.would(ctx, &name);
        }
        let (path, target) = (Path::new(&name), Path::new(&self.target));
        for (direction, at) in [("to", path), ("from", target)] {
            if ctx.host.is_dir(at) {
                return refuse(format!("Unable to hard link {direction} directory {}", at.display()));
            }
        }
        if !ctx.host.exists(target) {
            return refuse(format!("Target {} for hard link does not exist", self.target));
        }
        let dir = parent(&name);
        if !ctx.host.is_dir(&dir) {
            if !self.makedirs.0 {
                return refuse(format!("Directory {} for hard link is not present", dir.display()));
            }
            let perms = Perms { user: Some(user), group: Some(group), mode: bits(&self.dir_mode) };
            make_dirs(ctx, &name, &perms)?;
        }
        let mut outcome = Outcome::new(Some(true), "");
        let is_link = Self::is_link(ctx, path)?;
        if is_link && self.same(ctx, path)? {
            outcome.comment = format!("Target of hard link {name} is already pointing to {}", self.target);
            return Ok(outcome);
        }
        if ctx.host.is_file(path) && !is_link {
            if !self.force.0 {
                return refuse(format!("File exists where the hard link {name} should be"));
            }
            outcome.changes.insert("forced", "File for hard link was forcibly replaced");
        }
        let (tried, done) = if is_link {
            ("set target of hard link", "Set target of hard link")
        } else {
            ("create new hard link", "Created new hard link")
        };
        if ctx.host.lstat(path)?.is_some() {
            ctx.host.remove_file(path)?;
        }
        match ctx.host.hard_link(target, path) {
            Ok(()) => {
                outcome.comment = format!("{done} {name} -> {}", self.target);
                outcome.changes.insert("new", name);
            }
            Err(error) => {
                outcome.result = Some(false);
                outcome.comment = format!("Unable to {tried} {name} -> {}: {error}", self.target);
            }
        }
        Ok(outcome)
    }
}
