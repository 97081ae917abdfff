//! `file.symlink`: a link with this target and owner.

use std::path::Path;

use data::loose::Mode;
use data::{Dict, Value};

use super::util::{Perms, bits, expand_user, gid, make_dirs, parent, uid};
use crate::states::{Applied, Outcome, Plan, State, StateError};
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
        force: bool,
        #[serde(default)]
        backupname: Option<String>,
        #[serde(default)]
        makedirs: bool,
        #[serde(default)]
        user: Value,
        #[serde(default)]
        group: Value,
        #[serde(default)]
        mode: Option<Mode>,
        #[serde(default)]
        atomic: bool,
        #[serde(default)]
        inherit_user_and_group: bool,
        #[serde(default = yes)]
        follow_symlinks: bool,
    }
}

fn yes() -> bool {
    true
}

/// What is to be done about a link.
pub(crate) enum Step {
    /// Set owner and group of the link itself.
    Own,
    /// Make it, instead of what is there.
    Make,
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
        let inherit = now.filter(|_| self.inherit_user_and_group);
        let id_or = |given: &Value, own: Option<u32>, default: &dyn Fn() -> String| {
            if given.is_true() || given.as_int().is_some() {
                given.to_string()
            } else {
                own.map_or_else(default, |id| id.to_string())
            }
        };
        let user = id_or(&self.user, inherit.as_ref().map(|s| s.uid), &|| {
            let configured = ctx.opt("user").filter(Value::is_true).map(|v| v.to_string());
            let own = ctx.host.euid();
            configured.unwrap_or_else(|| ctx.host.user_name(own).unwrap_or_else(|| own.to_string()))
        });
        let account = ctx.host.user(&user)?;
        let group = id_or(&self.group, inherit.as_ref().map(|s| s.gid), &|| {
            let main = account.as_ref().map_or(0, |u| u.gid);
            ctx.host.group_name(main).unwrap_or_else(|| main.to_string())
        });
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
        Ok(if self.follow_symlinks { ctx.host.exists(path) } else { ctx.host.lstat(path)?.is_some() })
    }

    /// What Salt says in test mode.
    fn would(&self, ctx: &Ctx<'_>, name: &str, owner: &Owner) -> Result<Plan<Step>, StateError> {
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
        } else if self.force {
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
            comment.push_str(&if self.makedirs {
                format!("\n{} will be created", dir.display())
            } else {
                format!("\nDirectory {} for symlink is not present", dir.display())
            });
        }
        Ok(Plan::settled(result, changes, comment))
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

impl State for Symlink {
    const FUN: &'static str = "file.symlink";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        let name = expand_user(ctx, &self.name);
        if name.is_empty() {
            return Err(StateError::refused("Must provide name to file.symlink"));
        }
        let owner = self.owner(ctx, &name)?;
        if ctx.test {
            return self.would(ctx, &name, &owner);
        }
        let path = Path::new(&name);
        let dir = parent(&name);
        if !self.makedirs && !ctx.host.is_dir(&dir) {
            let problem = format!("Directory {} for symlink is not present", dir.display());
            return Err(StateError::refused(problem));
        }
        if ctx.host.is_link(path) {
            let normal = |p: &Path| p.components().collect::<std::path::PathBuf>();
            if normal(&ctx.host.readlink(path)?) == normal(Path::new(&self.target)) {
                if Self::is_theirs(ctx, &name, &owner)? {
                    let comment =
                        format!("Symlink {name} is present and owned by {}:{}", owner.user, owner.group);
                    return Ok(Plan::nothing(comment));
                }
                return Ok(Plan::steps(vec![Step::Own], Dict::new(), ""));
            }
        } else if self.there(ctx, &name)? {
            match self.backup_path(&name)? {
                Some(backup) if !self.force && ctx.host.lstat(Path::new(&backup))?.is_some() => {
                    return Err(StateError::refused(format!(
                        "Symlink & backup dest exists and Force not set. {name} -> {} - backup: {backup}",
                        self.target
                    )));
                }
                None if !self.force && !self.atomic => {
                    let kind = if ctx.host.is_file(path) {
                        "File"
                    } else if ctx.host.is_dir(path) {
                        "Directory"
                    } else {
                        "File system entry"
                    };
                    let problem = format!("{kind} exists where the symlink {name} should be");
                    return Err(StateError::refused(problem));
                }
                _ => {}
            }
        }
        Ok(Plan::steps(vec![Step::Make], Dict::new(), ""))
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let name = expand_user(ctx, &self.name);
        let path = Path::new(&name);
        let owner = self.owner(ctx, &name)?;
        let whose = format!("{}:{}", owner.user, owner.group);
        let own = || ctx.host.chown(path, Some(owner.uid), Some(owner.gid), false);
        if matches!(step, Step::Own) {
            return Ok(Applied::Done(match own() {
                Ok(()) => Outcome::new(Some(true), format!("Set ownership of symlink {name} to {whose}"))
                    .with_changes(Dict::new().with("ownership", whose)),
                Err(_) => {
                    Outcome::new(Some(false), format!("Failed to set ownership of symlink {name} to {whose}"))
                }
            }));
        }
        if self.makedirs {
            make_dirs(ctx, &name, &Perms::new(&self.user, &self.group, bits(&self.mode)))?;
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
        Ok(Applied::Done(outcome))
    }
}
