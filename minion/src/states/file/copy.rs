//! `file.copy` and `file.rename`: from one place on this machine to another.

use std::path::Path;

use data::loose::{Flag, Mode};
use data::{Dict, Value};

use super::act::{Act, path_of};
use super::managed::owner_of;
use super::util::{Perms, basename, bits, default_owner, expand_user, expand_vars, make_dirs, parent};
use crate::exec::file::manage::enterable;
use crate::exec::file::tree::{copy_any, move_to};
use crate::host::FileKind;
use crate::states::{Outcome, StateError};
use crate::{Ctx, args};

args! {
    /// Copy a file or a directory, unless the target is there.
    ///
    /// ```yaml
    /// /etc/app.conf:
    ///   file.copy:
    ///     - source: /opt/app/app.conf.example
    ///     - force: True           # replace what is there
    ///     - preserve: True        # user, group and mode of the source; else those that are given
    ///     - makedirs: True        # with dir_mode
    ///     - subdir: True          # into name, when that is a directory
    /// ```
    ///
    /// Changes: `<name>: <source>`.
    pub(crate) struct Copy {
        name: String,
        source: String,
        #[serde(default)]
        force: Flag,
        #[serde(default)]
        makedirs: Flag,
        #[serde(default)]
        preserve: Flag,
        #[serde(default)]
        user: Value,
        #[serde(default)]
        owner: Value,
        #[serde(default)]
        group: Value,
        #[serde(default)]
        mode: Option<Mode>,
        #[serde(default)]
        dir_mode: Option<Mode>,
        #[serde(default)]
        subdir: Flag,
    }

    /// Rename a file or a directory, unless it is gone already.
    ///
    /// ```yaml
    /// /etc/app.conf:
    ///   file.rename:
    ///     - source: /etc/app.conf.new
    ///     - force: True           # replace what is there
    ///     - makedirs: True
    /// ```
    ///
    /// Changes: `<name>: <source>`.
    pub(crate) struct Rename {
        name: String,
        source: String,
        #[serde(default)]
        force: Flag,
        #[serde(default)]
        makedirs: Flag,
    }
}

fn refuse<T>(problem: String) -> Result<T, StateError> {
    Err(StateError::refused(problem))
}

impl Act for Copy {
    const FUN: &'static str = "file.copy";
    const KWARGS: bool = true;

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let source = expand_user(ctx, &self.source);
        let mut name = path_of(ctx, &self.name, Self::FUN)?;
        let from = Path::new(&source);
        let Some(stat) = ctx.host.stat(from)? else {
            return refuse(format!("Source file \"{source}\" is not present"));
        };
        let mut mode = bits(&self.mode);
        let perms = if self.preserve.0 {
            mode = Some(stat.mode);
            Perms { user: Some(stat.uid.into()), group: Some(stat.gid.into()), mode }
        } else {
            let (user, group) = default_owner(ctx, &owner_of(&self.user, &self.owner), &self.group)?;
            mode = mode.or(Some(stat.mode));
            let perms = Perms { user: Some(user), group: Some(group), mode };
            perms.check(ctx)?;
            perms
        };
        let mut comment = format!("Copied \"{source}\" to \"{name}\"");
        if self.subdir.0 && ctx.host.is_dir(Path::new(&name)) {
            name = Path::new(&name).join(basename(&source)).display().to_string();
        }
        let at = Path::new(&name);
        let there = ctx.host.lstat(at)?.is_some();
        if there && !self.force.0 {
            let comment = format!("The target file \"{name}\" exists and will not be overwritten");
            return Ok(Outcome::new(Some(true), comment));
        }
        if ctx.test {
            let comment = format!("File \"{source}\" is set to be copied to \"{name}\"");
            return Ok(Outcome::new(None, comment));
        }
        if there {
            let same = || {
                let hash = |path| ctx.host.hash(path, crate::hash::Kind::Sha256).ok();
                stat.kind == FileKind::File && ctx.host.is_file(at) && hash(at) == hash(from)
            };
            if same() {
                comment.push_str(" - files are identical but force flag is set");
            }
            if ctx.host.remove_all(at).is_err() {
                return refuse(format!("Failed to delete \"{name}\" in preparation for forced move"));
            }
        }
        let dir = parent(&name);
        if !ctx.host.is_dir(&dir) {
            if !self.makedirs.0 {
                return refuse(format!("The target directory {} is not present", dir.display()));
            }
            let dir_mode = bits(&self.dir_mode).or(mode.map(enterable));
            make_dirs(ctx, &name, &Perms { mode: dir_mode, ..perms.clone() })?;
        }
        if copy_any(ctx, from, at, stat.kind == FileKind::File).is_err() {
            return refuse(format!("Failed to copy \"{source}\" to \"{name}\""));
        }
        let mut outcome = Outcome::new(Some(true), comment);
        outcome.changes.insert(name.as_str(), source.as_str());
        if stat.kind == FileKind::Dir {
            let below = Perms { mode: None, ..perms.clone() };
            own(ctx, at, &below)?;
        }
        let done = perms.enforce(ctx, at, false)?;
        if !self.preserve.0 {
            outcome.changes.extend(done.changes);
            if !done.errors.is_empty() {
                outcome.result = Some(false);
                outcome.comment = format!("{}; {}", outcome.comment, done.errors.join("; "));
            }
        }
        Ok(outcome)
    }
}

/// Gives all that is below a directory to somebody.
fn own(ctx: &Ctx<'_>, dir: &Path, perms: &Perms) -> Result<(), StateError> {
    for name in ctx.host.list_dir(dir)? {
        let at = dir.join(name);
        perms.enforce(ctx, &at, false)?;
        if ctx.host.is_dir(&at) && !ctx.host.is_link(&at) {
            own(ctx, &at, perms)?;
        }
    }
    Ok(())
}

impl Act for Rename {
    const FUN: &'static str = "file.rename";
    const KWARGS: bool = true;

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let name = path_of(ctx, &expand_vars(ctx, &self.name), Self::FUN)?;
        let source = expand_vars(ctx, &expand_user(ctx, &self.source));
        let (at, from) = (Path::new(&name), Path::new(&source));
        if ctx.host.lstat(from)?.is_none() {
            let comment = format!("Source file \"{source}\" has already been moved out of place");
            return Ok(Outcome::new(Some(true), comment));
        }
        if ctx.host.lstat(at)?.is_some() {
            if !self.force.0 {
                let comment = format!("The target file \"{name}\" exists and will not be overwritten");
                return Ok(Outcome::new(Some(true), comment));
            }
            if !ctx.test && ctx.host.remove_all(at).is_err() {
                return refuse(format!("Failed to delete \"{name}\" in preparation for forced move"));
            }
        }
        if ctx.test {
            let comment = format!("File \"{source}\" is set to be moved to \"{name}\"");
            return Ok(Outcome::new(None, comment));
        }
        let dir = parent(&name);
        if !ctx.host.is_dir(&dir) {
            if !self.makedirs.0 {
                return refuse(format!("The target directory {} is not present", dir.display()));
            }
            make_dirs(ctx, &name, &Perms::default())?;
        }
        if move_to(ctx, from, at).is_err() {
            return refuse(format!("Failed to move \"{source}\" to \"{name}\""));
        }
        Ok(Outcome::new(Some(true), format!("Moved \"{source}\" to \"{name}\""))
            .with_changes(Dict::new().with(name, source)))
    }
}
