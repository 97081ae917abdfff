//! `file.symlink`: a link with this target and owner.

use std::path::Path;

use data::loose::{Flag, Mode};
use data::{Dict, Value};

use super::act::{Act, name_of, well};
use super::managed::{owner_of, yes};
use super::util::{Perms, bits, default_owner, gid, make_dirs, normal, parent, uid};
use crate::states::{Outcome, StateError};
use crate::{Ctx, args};

args! {
    /// Make a symbolic link.
    ///
    /// ```yaml
    /// /etc/grub.conf:
    ///   file.symlink:
    ///     - target: /boot/grub/grub.conf
    ///     - force: True           # replace what is there
    ///     - backupname: old       # or keep it under this name
    ///     - makedirs: True
    ///     - user: root
    ///     - group: root
    /// ```
    ///
    /// Changes: `new: <name>` or `ownership: <user>:<group>`.
    pub(crate) struct Symlink {
        name: String,
        target: String,
        #[serde(default)]
        force: Flag,
        #[serde(default)]
        backupname: Option<String>,
        #[serde(default)]
        makedirs: Flag,
        #[serde(default)]
        user: Value,
        #[serde(default)]
        owner: Value,
        #[serde(default)]
        group: Value,
        #[serde(default)]
        mode: Option<Mode>,
        #[serde(default)]
        atomic: Flag,
        #[serde(default)]
        inherit_user_and_group: Flag,
        #[serde(default = yes)]
        follow_symlinks: Flag,
    }
}

/// Whom a link is to belong to.
struct Owner {
    user: String,
    group: String,
    uid: u32,
    gid: u32,
}

impl Symlink {
    fn owner(&self, ctx: &Ctx<'_>, name: &str) -> Result<Owner, StateError> {
        let now = ctx.host.lstat(Path::new(name))?.filter(|_| ctx.host.is_link(Path::new(name)));
        let inherit = now.filter(|_| self.inherit_user_and_group.0);
        let given = |given: &Value, own: Option<u32>| match own {
            Some(own) if given.is_none() => own.into(),
            _ => given.clone(),
        };
        let user = given(&owner_of(&self.user, &self.owner), inherit.as_ref().map(|s| s.uid));
        let group = given(&self.group, inherit.as_ref().map(|s| s.gid));
        let (user, group) = default_owner(ctx, &user, &group)?;
        let (user, group) = (user.to_string(), group.to_string());
        let (uid, gid) = (uid(ctx, &user.as_str().into())?, gid(ctx, &group.as_str().into())?);
        let mut errors = Vec::new();
        if uid.is_none() {
            errors.push(format!("User {user} does not exist"));
        }
        if gid.is_none() {
            errors.push(format!("Group {group} does not exist"));
        }
        if !name.starts_with('/') {
            errors.push(format!("Specified file {name} is not an absolute path"));
        }
        match (errors.as_slice(), uid, gid) {
            ([], Some(uid), Some(gid)) => {
                let user = ctx.host.user_name(uid).unwrap_or(user);
                let group = ctx.host.group_name(gid).unwrap_or(group);
                Ok(Owner { user, group, uid, gid })
            }
            ([one], ..) => Err(StateError::refused(one.clone())),
            (several, ..) => Err(StateError::refused(format!("{}.", several.join(". ")))),
        }
    }

    fn is_theirs(ctx: &Ctx<'_>, name: &str, owner: &Owner) -> Result<bool, StateError> {
        let stat = ctx.host.lstat(Path::new(name))?;
        Ok(stat.is_some_and(|s| s.uid == owner.uid && s.gid == owner.gid))
    }

    fn there(&self, ctx: &Ctx<'_>, name: &str) -> Result<bool, StateError> {
        let path = Path::new(name);
        Ok(if self.follow_symlinks.0 { ctx.host.exists(path) } else { ctx.host.lstat(path)?.is_some() })
    }

    /// What Salt says in test mode.
    fn would(&self, ctx: &Ctx<'_>, name: &str, owner: &Owner) -> Result<Outcome, StateError> {
        let (path, target) = (Path::new(name), &self.target);
        let is_link = ctx.host.is_link(path);
        let mut changes = Dict::new();
        let (result, mut comment) = if !is_link && !self.there(ctx, name)? {
            changes.insert("new", name);
            (None, format!("Symlink {name} to {target} is set for creation"))
        } else if is_link && ctx.host.readlink(path)? != Path::new(target) {
            changes.insert("change", name);
            (None, format!("Link {name} target is set to be changed to {target}"))
        } else if is_link && Self::is_theirs(ctx, name, owner)? {
            (Some(true), format!("The symlink {name} is present"))
        } else if is_link {
            let stat = ctx.host.lstat(path)?;
            let (uid, gid) = stat.map_or((0, 0), |s| (s.uid, s.gid));
            let user = ctx.host.user_name(uid).unwrap_or_else(|| uid.to_string());
            let group = ctx.host.group_name(gid).unwrap_or_else(|| gid.to_string());
            changes.insert("ownership", format!("{user}:{group}"));
            let comment = format!(
                "The symlink {name} is present, but the ownership of the symlink would be changed from {user}:{group} to \
                 {}:{}",
                owner.user, owner.group
            );
            (None, comment)
        } else if self.force.0 {
            let comment = format!(
                "The file or directory {name} is set for removal to make way for a new symlink targeting {target}"
            );
            (None, comment)
        } else {
            let comment = format!(
                "File or directory exists where the symlink {name} should be. Did you mean to use force?"
            );
            (Some(false), comment)
        };
        let dir = parent(name);
        if !ctx.host.is_dir(&dir) {
            comment.push_str(&if self.makedirs.0 {
                format!("\n{} will be created", dir.display())
            } else {
                format!("\nDirectory {} for symlink is not present", dir.display())
            });
        }
        Ok(Outcome::new(result, comment).with_changes(changes))
    }

    fn backup_path(&self, name: &str) -> Result<Option<String>, StateError> {
        let Some(backup) = &self.backupname else { return Ok(None) };
        if backup.starts_with('/') {
            return Ok(Some(backup.clone()));
        }
        if backup.contains('/') {
            let problem = format!("Backupname must be an absolute path or a file name: {backup}");
            return Err(StateError::refused(problem));
        }
        Ok(Some(parent(name).join(backup).display().to_string()))
    }

    /// Takes what is in the way away.
    fn clear(&self, ctx: &Ctx<'_>, name: &str) -> Result<(), StateError> {
        let path = Path::new(name);
        if ctx.host.lstat(path)?.is_none() {
            return Ok(());
        }
        match self.backup_path(name)?.filter(|_| !ctx.host.is_link(path)) {
            Some(backup) => {
                ctx.host.remove_all(Path::new(&backup))?;
                ctx.host.rename(path, Path::new(&backup)).map_err(|e| {
                    StateError::refused(format!("Unable to rename {name} to backup {backup} -> : {e}"))
                })
            }
            None => Ok(ctx.host.remove_all(path)?),
        }
    }
}

impl Act for Symlink {
    const FUN: &'static str = "file.symlink";
    const KWARGS: bool = true;

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let name = name_of(ctx, &self.name, Self::FUN)?;
        let owner = self.owner(ctx, &name)?;
        if ctx.test {
            return self.would(ctx, &name, &owner);
        }
        let path = Path::new(&name);
        let dir = parent(&name);
        if !ctx.host.is_dir(&dir) {
            if !self.makedirs.0 {
                let problem = format!("Directory {} for symlink is not present", dir.display());
                return Err(StateError::refused(problem));
            }
            let (user, group) = (owner.user.as_str().into(), owner.group.as_str().into());
            make_dirs(ctx, &name, &Perms::new(&user, &group, bits(&self.mode)))?;
        }
        let whose = format!("{}:{}", owner.user, owner.group);
        let own = || ctx.host.chown(path, Some(owner.uid), Some(owner.gid), false);
        if ctx.host.is_link(path) {
            if normal(&ctx.host.readlink(path)?) == normal(Path::new(&self.target)) {
                if Self::is_theirs(ctx, &name, &owner)? {
                    return well(format!("Symlink {name} is present and owned by {whose}"));
                }
                return Ok(match own() {
                    Ok(()) => Outcome::new(Some(true), format!("Set ownership of symlink {name} to {whose}"))
                        .with_changes(Dict::new().with("ownership", whose)),
                    Err(_) => Outcome::new(
                        Some(false),
                        format!("Failed to set ownership of symlink {name} to {whose}"),
                    ),
                });
            }
        } else if self.there(ctx, &name)? {
            self.refuse_obstacle(ctx, &name)?;
        }
        self.clear(ctx, &name)?;
        ctx.host.symlink(Path::new(&self.target), path).map_err(|e| {
            StateError::refused(format!("Unable to create new symlink {name} -> {}: {e}", self.target))
        })?;
        let mut outcome = Outcome::new(Some(true), format!("Created new symlink {name} -> {}", self.target))
            .with_changes(Dict::new().with("new", name.as_str()));
        if !Self::is_theirs(ctx, &name, &owner)? && own().is_err() {
            outcome.result = Some(false);
            outcome.comment.push_str(&format!(", but was unable to set ownership to {whose}"));
        }
        Ok(outcome)
    }
}

impl Symlink {
    /// A link as `file.recurse` has it.
    pub(super) fn of(
        name: &str,
        target: String,
        force: Flag,
        user: &Value,
        group: &Value,
        mode: Option<Mode>,
    ) -> Symlink {
        Symlink {
            name: name.to_owned(),
            target,
            force,
            backupname: None,
            makedirs: Flag(true),
            user: user.clone(),
            owner: Value::None,
            group: group.clone(),
            mode,
            atomic: Flag(false),
            inherit_user_and_group: Flag(false),
            follow_symlinks: Flag(true),
        }
    }

    /// What is in the way and may not be replaced.
    fn refuse_obstacle(&self, ctx: &Ctx<'_>, name: &str) -> Result<(), StateError> {
        let path = Path::new(name);
        match self.backup_path(name)? {
            Some(backup) if !self.force.0 && ctx.host.lstat(Path::new(&backup))?.is_some() => {
                Err(StateError::refused(format!(
                    "Symlink & backup dest exists and Force not set. {name} -> {} - backup: {backup}",
                    self.target
                )))
            }
            None if !self.force.0 && !self.atomic.0 => {
                let kind = if ctx.host.is_file(path) {
                    "File"
                } else if ctx.host.is_dir(path) {
                    "Directory"
                } else {
                    "File system entry"
                };
                Err(StateError::refused(format!("{kind} exists where the symlink {name} should be")))
            }
            _ => Ok(()),
        }
    }
}
