//! Making, moving and removing files, directories and links.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use data::loose::Flag;
use data::{Dict, Value};

use super::owner::mode_bits;
use super::path::{basename, dirname, normpath};
use super::{absolute, expanded, os_text, strerror};
use crate::exec::{ExecError, ExecFn};
use crate::host::{FileKind, HostError};
use crate::states::file::util::{Perms, expand_user};
use crate::{Ctx, args};

args! {
    /// Make a file if there is none, and set its times: to now, or as told in seconds since the epoch.
    ///
    /// CLI Example: `rsalt '*' file.touch /var/log/emptyfile`
    pub(crate) struct Touch {
        name: String,
        #[serde(default)]
        atime: Value,
        #[serde(default)]
        mtime: Value,
    }

    /// Make a directory, with those above it that are missing.
    ///
    /// CLI Example: `rsalt '*' file.mkdir /opt/jetty/context user=jetty mode=750`
    pub(crate) struct MkDir {
        dir_path: String,
        #[serde(default)]
        user: Value,
        #[serde(default)]
        group: Value,
        #[serde(default)]
        mode: Value,
    }

    /// Make the directory that a path is in, with those above it. A path that ends with a slash is a directory.
    ///
    /// CLI Example: `rsalt '*' file.makedirs /opt/code/`
    pub(crate) struct MakeDirs {
        path: String,
        #[serde(default)]
        user: Value,
        #[serde(default)]
        group: Value,
        #[serde(default)]
        mode: Value,
    }

    /// Make a directory that must not be there yet, and those above it, all with this owner and mode.
    ///
    /// CLI Example: `rsalt '*' file.makedirs_perms /opt/code`
    pub(crate) struct MakeDirsPerms {
        name: String,
        #[serde(default)]
        user: Value,
        #[serde(default)]
        group: Value,
        #[serde(default = mode_of_directories)]
        mode: Value,
    }

    /// Remove a file, a link, or a directory with all that is in it. `False` when there is nothing.
    ///
    /// CLI Example: `rsalt '*' file.remove /tmp/foo`
    pub(crate) struct Remove {
        path: String,
    }

    /// Remove an empty directory. recurse: first the empty directories in it. older_than: only those that were not
    /// changed for so many days. verbose: tell what was removed and what was not.
    ///
    /// CLI Example: `rsalt '*' file.rmdir /tmp/foo/`
    pub(crate) struct RmDir {
        path: String,
        #[serde(default)]
        recurse: Flag,
        #[serde(default)]
        verbose: Flag,
        #[serde(default)]
        older_than: Option<i64>,
    }

    /// Rename a file or directory.
    ///
    /// CLI Example: `rsalt '*' file.rename /path/to/src /path/to/dst`
    pub(crate) struct Rename {
        src: String,
        dst: String,
    }

    /// Move a file or directory, also to another file system, and into a directory that is there.
    ///
    /// CLI Example: `rsalt '*' file.move /path/to/src /path/to/dst`
    pub(crate) struct Move {
        src: String,
        dst: String,
        #[serde(default)]
        disallow_copy_and_unlink: Flag,
    }

    /// Copy a file, or with `recurse` a directory, with owner and mode. remove_existing: what is there goes first.
    ///
    /// CLI Example: `rsalt '*' file.copy /path/to/src_dir /path/to/dst_dir recurse=True`
    pub(crate) struct Copy {
        src: String,
        dst: String,
        #[serde(default)]
        recurse: Flag,
        #[serde(default)]
        remove_existing: Flag,
    }

    /// Make a symbolic link at `path` that points to `src`. force: in place of what is there. atomic: the same,
    /// without a moment in which there is nothing.
    ///
    /// CLI Example: `rsalt '*' file.symlink /path/to/file /path/to/link`
    pub(crate) struct Symlink {
        src: String,
        path: String,
        #[serde(default)]
        force: Flag,
        #[serde(default)]
        atomic: Flag,
        #[serde(default = yes)]
        follow_symlinks: Flag,
    }

    /// Make a hard link.
    ///
    /// CLI Example: `rsalt '*' file.link /path/to/file /path/to/link`
    pub(crate) struct Link {
        src: String,
        path: String,
    }
}

fn yes() -> Flag {
    Flag(true)
}

fn mode_of_directories() -> Value {
    "0755".into()
}

/// A time as Salt takes it: whole seconds, also as text.
fn time(value: &Value) -> Result<Option<SystemTime>, ExecError> {
    let bad = || ExecError::invocation("atime and mtime must be integers");
    let seconds = match value {
        Value::None => return Ok(None),
        Value::Str(text) => text.parse::<u64>().map_err(|_| bad())? as f64,
        number => number.as_f64().ok_or_else(bad)?,
    };
    let since = Duration::try_from_secs_f64(seconds).map_err(|_| bad())?;
    SystemTime::UNIX_EPOCH.checked_add(since).map(Some).ok_or_else(bad)
}

impl ExecFn for Touch {
    const FUN: &'static str = "file.touch";
    const SIGNATURE: &'static str = "name, atime=None, mtime=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let path = expanded(ctx, &self.name);
        let (atime, mtime) = (time(&self.atime)?, time(&self.mtime)?);
        let now = ctx.host.now();
        let refused = |error: HostError| ExecError::command(error.io().map_or(error.to_string(), strerror));
        if !ctx.host.exists(&path) {
            ctx.host.write_atomic(&path, b"", None).map_err(refused)?;
        }
        ctx.host.set_times(&path, atime.or(Some(now)), mtime.or(Some(now))).map_err(refused)?;
        Ok(ctx.host.exists(&path).into())
    }
}

/// Makes a directory and those above it that are missing, all with the same owner and mode.
fn make(ctx: &Ctx<'_>, path: &Path, perms: &Perms) -> Result<(), ExecError> {
    if let Some(above) =
        path.parent().filter(|above| !above.as_os_str().is_empty() && !ctx.host.exists(above))
    {
        make(ctx, above, perms)?;
    }
    ctx.host.mkdir(path, None).map_err(|error| super::os_error(error, path))?;
    perms.enforce(ctx, path, true).map_err(|error| ExecError::command(error.to_string()))?;
    Ok(())
}

fn perms(user: &Value, group: &Value, mode: &Value) -> Result<Perms, ExecError> {
    let bits = match mode.is_true().then(|| mode_bits(mode)) {
        None => None,
        Some(None) => return Err(ExecError::invocation(format!("Invalid Mode {mode}"))),
        Some(bits) => bits,
    };
    Ok(Perms::new(user, group, bits))
}

impl ExecFn for MkDir {
    const FUN: &'static str = "file.mkdir";
    const SIGNATURE: &'static str = "dir_path, user=None, group=None, mode=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let path = PathBuf::from(normpath(&expand_user(ctx, &self.dir_path)));
        if !ctx.host.is_dir(&path) {
            make(ctx, &path, &perms(&self.user, &self.group, &self.mode)?)?;
        }
        Ok(true.into())
    }
}

impl ExecFn for MakeDirs {
    const FUN: &'static str = "file.makedirs";
    const SIGNATURE: &'static str = "path, user=None, group=None, mode=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let dir = normpath(dirname(&expand_user(ctx, &self.path)));
        let path = Path::new(&dir);
        if !path.is_absolute() {
            return Err(ExecError::invocation(format!(
                "Recursive creation for path '{dir}' would result in an infinite loop. Please use an absolute path."
            )));
        }
        if ctx.host.is_dir(path) {
            return Ok(format!("Directory '{dir}' already exists").into());
        }
        if ctx.host.exists(path) {
            return Ok(format!("The path '{dir}' already exists and is not a directory").into());
        }
        make(ctx, path, &perms(&self.user, &self.group, &self.mode)?)?;
        Ok(Value::None)
    }
}

impl ExecFn for MakeDirsPerms {
    const FUN: &'static str = "file.makedirs_perms";
    const SIGNATURE: &'static str = "name, user=None, group=None, mode='0755'";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        make(ctx, &expanded(ctx, &self.name), &perms(&self.user, &self.group, &self.mode)?)?;
        Ok(Value::None)
    }
}

impl ExecFn for Remove {
    const FUN: &'static str = "file.remove";
    const SIGNATURE: &'static str = "path, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let path = absolute(ctx, &self.path, || format!("File path must be absolute: {}", self.path))?;
        if ctx.host.lstat(&path)?.is_none() {
            return Ok(false.into());
        }
        ctx.host.remove_all(&path).map_err(|error| {
            ExecError::command(format!("Could not remove '{}': {}", path.display(), os_text(&error, &path)))
        })?;
        Ok(true.into())
    }
}

/// What became of directories.
#[derive(Default)]
pub(crate) struct Removed {
    pub(crate) deleted: Vec<String>,
    pub(crate) errors: Vec<Value>,
}

impl Removed {
    /// Removes a directory when it is empty, with `recurse` those below it first; `older_than`: days.
    pub(crate) fn of(
        ctx: &Ctx<'_>,
        path: &Path,
        recurse: bool,
        older_than: Option<i64>,
    ) -> Result<Removed, HostError> {
        let now = ctx.host.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let before = older_than.filter(|days| *days > 0).map(|days| now - days as f64 * 86_400.0);
        let mut removed = Removed::default();
        if recurse {
            removed.below(ctx, path, before)?;
        }
        removed.remove(ctx, path, before)?;
        Ok(removed)
    }

    /// Whether what was to go is gone.
    pub(crate) fn is_well(&self, path: &Path, recurse: bool) -> bool {
        let itself = self.deleted.last().is_some_and(|last| Path::new(last) == path);
        self.errors.is_empty() && (recurse || itself)
    }

    fn remove(&mut self, ctx: &Ctx<'_>, path: &Path, before: Option<f64>) -> Result<(), HostError> {
        if let Some(before) = before
            && ctx.host.lstat(path)?.is_none_or(|stat| stat.mtime() >= before)
        {
            return Ok(());
        }
        match ctx.host.remove_dir(path) {
            Ok(()) => self.deleted.push(path.display().to_string()),
            Err(error) => {
                self.errors.push(vec![path.display().to_string(), os_text(&error, path)].into());
            }
        }
        Ok(())
    }

    /// The directories below, the innermost first.
    fn below(&mut self, ctx: &Ctx<'_>, dir: &Path, before: Option<f64>) -> Result<(), HostError> {
        for name in ctx.host.list_dir(dir)? {
            let at = dir.join(name);
            if matches!(ctx.host.lstat(&at)?, Some(stat) if stat.kind == FileKind::Dir) {
                self.below(ctx, &at, before)?;
                self.remove(ctx, &at, before)?;
            }
        }
        Ok(())
    }
}

impl ExecFn for RmDir {
    const FUN: &'static str = "file.rmdir";
    const SIGNATURE: &'static str = "path, recurse=False, verbose=False, older_than=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let path = absolute(ctx, &self.path, || "File path must be absolute.".to_owned())?;
        if !ctx.host.is_dir(&path) {
            let problem = format!("A valid directory was not specified: {}", path.display());
            return Err(ExecError::invocation(problem));
        }
        let removed = Removed::of(ctx, &path, self.recurse.0, self.older_than)?;
        let result = removed.is_well(&path, self.recurse.0);
        if !self.verbose.0 {
            return Ok(result.into());
        }
        Ok(Dict::new()
            .with("deleted", removed.deleted)
            .with("errors", removed.errors)
            .with("result", result)
            .into())
    }
}

fn rename(ctx: &Ctx<'_>, src: &str, dst: &str) -> Result<Value, ExecError> {
    let from = absolute(ctx, src, || "File path must be absolute.".to_owned())?;
    let to = expanded(ctx, dst);
    ctx.host.rename(&from, &to).map_err(|_| {
        ExecError::command(format!("Could not rename '{}' to '{}'", from.display(), to.display()))
    })?;
    Ok(true.into())
}

impl ExecFn for Rename {
    const FUN: &'static str = "file.rename";
    const SIGNATURE: &'static str = "src, dst";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        rename(ctx, &self.src, &self.dst)
    }
}

/// Moves; across file systems that is a copy and a removal.
pub(crate) fn move_to(ctx: &Ctx<'_>, from: &Path, to: &Path) -> Result<(), HostError> {
    match ctx.host.rename(from, to) {
        Err(error) if error.io().is_some_and(|io| io.kind() == std::io::ErrorKind::CrossesDevices) => {
            copy_any(ctx, from, to, false)?;
            ctx.host.remove_all(from)
        }
        done => done,
    }
}

impl ExecFn for Move {
    const FUN: &'static str = "file.move";
    const SIGNATURE: &'static str = "src, dst, disallow_copy_and_unlink=False";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        if self.disallow_copy_and_unlink.0 {
            return rename(ctx, &self.src, &self.dst);
        }
        let from = absolute(ctx, &self.src, || "Source path must be absolute.".to_owned())?;
        let to = absolute(ctx, &self.dst, || "Destination path must be absolute.".to_owned())?;
        let unable = |problem: String| {
            let (from, to) = (from.display(), to.display());
            ExecError::command(format!("Unable to move '{from}' to '{to}': {problem}"))
        };
        let mut at = to.clone();
        if ctx.host.is_dir(&to) {
            at = to.join(basename(from.display().to_string().trim_end_matches('/')));
            if ctx.host.lstat(&at)?.is_some() {
                return Err(unable(format!("Destination path '{}' already exists", at.display())));
            }
        }
        move_to(ctx, &from, &at).map_err(|error| unable(os_text(&error, &from)))?;
        let comment = format!("'{}' moved to '{}'", from.display(), to.display());
        Ok(Dict::new().with("result", true).with("comment", comment).into())
    }
}

/// Copies a file, or a directory with all that is in it, with modes. Links are followed unless they are to stay.
pub(crate) fn copy_any(ctx: &Ctx<'_>, from: &Path, to: &Path, follow: bool) -> Result<(), HostError> {
    let stat = if follow { ctx.host.stat(from)? } else { ctx.host.lstat(from)? };
    let Some(stat) = stat else {
        return Err(HostError::file("read", from, std::io::ErrorKind::NotFound));
    };
    match stat.kind {
        FileKind::Dir => {
            if !ctx.host.is_dir(to) {
                ctx.host.mkdir_all(to, None)?;
            }
            for name in ctx.host.list_dir(from)? {
                copy_any(ctx, &from.join(&name), &to.join(&name), follow)?;
            }
            ctx.host.chmod(to, stat.mode)
        }
        FileKind::File => ctx.host.copy(from, to, Some(stat.mode)),
        FileKind::Symlink => ctx.host.symlink(&ctx.host.readlink(from)?, to),
        _ => Err(HostError::file("copy", from, std::io::ErrorKind::Unsupported)),
    }
}

impl ExecFn for Copy {
    const FUN: &'static str = "file.copy";
    const SIGNATURE: &'static str = "src, dst, recurse=False, remove_existing=False";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let from = absolute(ctx, &self.src, || "File path must be absolute.".to_owned())?;
        let to = expanded(ctx, &self.dst);
        let Some(stat) = ctx.host.stat(&from)? else {
            return Err(ExecError::command(format!("No such file or directory '{}'", from.display())));
        };
        let trees = ctx.host.is_dir(&to) || stat.kind == FileKind::Dir;
        if trees && !self.recurse.0 {
            return Err(ExecError::invocation(
                "Cannot copy overwriting a directory without recurse flag set to true!",
            ));
        }
        if stat.kind == FileKind::Dir && to.starts_with(&from) {
            return Err(ExecError::command(format!(
                "Could not copy '{}' to '{}': it is inside",
                from.display(),
                to.display()
            )));
        }
        let copied = || -> Result<(), HostError> {
            if trees && self.remove_existing.0 {
                ctx.host.remove_all(&to)?;
            }
            copy_any(ctx, &from, &to, true)?;
            ctx.host.chown(&to, Some(stat.uid), Some(stat.gid), true)?;
            // A new owner takes the set-id bits away.
            ctx.host.chmod(&to, stat.mode)
        };
        copied().map_err(|error| {
            tracing::error!("file.copy: {error}");
            ExecError::command(format!("Could not copy '{}' to '{}'", from.display(), to.display()))
        })?;
        Ok(true.into())
    }
}

impl ExecFn for Symlink {
    const FUN: &'static str = "file.symlink";
    const SIGNATURE: &'static str = "src, path, force=False, atomic=False, follow_symlinks=True";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let path = absolute(ctx, &self.path, || format!("Link path must be absolute: {}", self.path))?;
        let src = PathBuf::from(&self.src);
        let replaces = self.force.0 || self.atomic.0;
        let is_link = ctx.host.is_link(&path);
        if is_link {
            let points = ctx.host.readlink(&path).map(|to| normpath(&to.display().to_string()));
            if points.is_ok_and(|to| to == normpath(&self.src)) {
                return Ok(true.into());
            }
            if !replaces {
                return Err(ExecError::command(format!("Found existing symlink: {}", path.display())));
            }
        }
        let there =
            if self.follow_symlinks.0 { ctx.host.exists(&path) } else { ctx.host.lstat(&path)?.is_some() };
        if there && !replaces {
            return Err(ExecError::command(format!("Existing path is not a symlink: {}", path.display())));
        }
        let failed = |_: HostError| ExecError::command(format!("Could not create '{}'", path.display()));
        if self.atomic.0 {
            let mut name = path.clone().into_os_string();
            name.push(format!(".{}.new", std::process::id()));
            let new = PathBuf::from(name);
            ctx.host.symlink(&src, &new).map_err(failed)?;
            let done = ctx.host.rename(&new, &path);
            if done.is_err() {
                ctx.host.remove_file(&new)?;
            }
            done.map_err(failed)?;
            return Ok(true.into());
        }
        if is_link || there {
            ctx.host.remove_file(&path).map_err(|error| super::os_error(error, &path))?;
        }
        ctx.host.symlink(&src, &path).map_err(failed)?;
        Ok(true.into())
    }
}

impl ExecFn for Link {
    const FUN: &'static str = "file.link";
    const SIGNATURE: &'static str = "src, path";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let src = absolute(ctx, &self.src, || "File path must be absolute.".to_owned())?;
        let path = PathBuf::from(&self.path);
        ctx.host.hard_link(&src, &path).map_err(|error| {
            ExecError::command(format!("Could not create '{}': {}", self.path, os_text(&error, &src)))
        })?;
        Ok(true.into())
    }
}
