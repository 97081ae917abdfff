//! Pipes and devices.

use std::path::{Path, PathBuf};

use data::loose::Mode;
use data::{Dict, Value};

use super::{absolute, expanded, os_error};
use crate::exec::{ExecError, ExecFn};
use crate::host::FileKind;
use crate::states::StateError;
use crate::states::file::util::{Perms, bits, make_dirs};
use crate::{Ctx, args};

args! {
    /// Whether a path is a character device.
    ///
    /// CLI Example: `rsalt '*' file.is_chrdev /dev/chr`
    pub(crate) struct IsChrDev(Name);

    /// Whether a path is a block device.
    ///
    /// CLI Example: `rsalt '*' file.is_blkdev /dev/blk`
    pub(crate) struct IsBlkDev(Name);

    /// Whether a path is a pipe.
    ///
    /// CLI Example: `rsalt '*' file.is_fifo /dev/fifo`
    pub(crate) struct IsFifo(Name);

    /// Return major and minor number of a device; 0 and 0 for what is none.
    ///
    /// CLI Example: `rsalt '*' file.get_devmm /dev/chr`
    pub(crate) struct GetDevMm(Name);

    /// A name.
    struct Name {
        name: String,
    }

    /// Make a character device.
    ///
    /// CLI Example: `rsalt '*' file.mknod_chrdev /dev/chr 180 31`
    pub(crate) struct MkNodChrDev(Device);

    /// Make a block device.
    ///
    /// CLI Example: `rsalt '*' file.mknod_blkdev /dev/blk 8 999`
    pub(crate) struct MkNodBlkDev(Device);

    /// A device to be made.
    struct Device {
        name: String,
        major: u32,
        minor: u32,
        #[serde(default)]
        user: Value,
        #[serde(default)]
        group: Value,
        #[serde(default = shared)]
        mode: Option<Mode>,
    }

    /// Make a pipe.
    ///
    /// CLI Example: `rsalt '*' file.mknod_fifo /dev/fifo`
    pub(crate) struct MkNodFifo {
        name: String,
        #[serde(default)]
        user: Value,
        #[serde(default)]
        group: Value,
        #[serde(default = shared)]
        mode: Option<Mode>,
    }

    /// Make a character device (`c`), a block device (`b`) or a pipe (`p`), and the directories above it.
    ///
    /// CLI Example: `rsalt '*' file.mknod /dev/chr c 180 31`
    pub(crate) struct MkNod {
        name: String,
        ntype: String,
        #[serde(default)]
        major: u32,
        #[serde(default)]
        minor: u32,
        #[serde(default)]
        user: Value,
        #[serde(default)]
        group: Value,
        #[serde(default = closed)]
        mode: Option<Mode>,
    }

    /// Return what the file system of a path has: sizes, free blocks and inodes.
    ///
    /// CLI Example: `rsalt '*' file.statvfs /path/to/file`
    pub(crate) struct StatVfs {
        path: String,
    }
}

fn shared() -> Option<Mode> {
    Some(Mode::Bits(0o660))
}

fn closed() -> Option<Mode> {
    Some(Mode::Bits(0o600))
}

fn is(ctx: &Ctx<'_>, name: &str, kind: FileKind) -> Result<Value, ExecError> {
    let path = expanded(ctx, name);
    let stat = ctx.host.stat(&path).map_err(|error| os_error(error, &path))?;
    Ok(stat.is_some_and(|stat| stat.kind == kind).into())
}

/// Makes a node and the directories above it; with this owner and mode.
pub(crate) fn make(
    ctx: &Ctx<'_>,
    name: &str,
    kind: FileKind,
    device: (u32, u32),
    perms: &Perms,
) -> Result<(), StateError> {
    make_dirs(ctx, name, &Perms { mode: None, ..perms.clone() })?;
    ctx.host.mknod(Path::new(name), kind, perms.mode.unwrap_or(0o600), device)?;
    perms.enforce(ctx, Path::new(name), false)?;
    Ok(())
}

/// What `mknod` and its like return.
fn made(
    ctx: &Ctx<'_>,
    name: &str,
    kind: FileKind,
    device: (u32, u32),
    perms: &Perms,
) -> Result<Value, ExecError> {
    let name = expanded(ctx, name).display().to_string();
    let what = match kind {
        FileKind::CharDev => "Character device",
        FileKind::BlockDev => "Block device",
        _ => "Fifo pipe",
    };
    let mut ret = Dict::new().with("name", name.as_str());
    if ctx.host.lstat(Path::new(&name))?.is_some() {
        ret.insert("changes", Value::dict());
        ret.insert("comment", format!("File {name} exists and cannot be overwritten"));
        return Ok(ret.with("result", false).into());
    }
    if !ctx.test {
        make(ctx, &name, kind, device, perms).map_err(|error| match error {
            StateError::Host(error) => os_error(error, Path::new(&name)),
            other => ExecError::command(other.to_string()),
        })?;
    }
    ret.insert("changes", Dict::new().with("new", format!("{what} {name} created.")));
    ret.insert("comment", "");
    Ok(ret.with("result", if ctx.test { Value::None } else { true.into() }).into())
}

impl ExecFn for IsChrDev {
    const FUN: &'static str = "file.is_chrdev";
    const SIGNATURE: &'static str = "name";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        is(ctx, &self.0.name, FileKind::CharDev)
    }
}

impl ExecFn for IsBlkDev {
    const FUN: &'static str = "file.is_blkdev";
    const SIGNATURE: &'static str = "name";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        is(ctx, &self.0.name, FileKind::BlockDev)
    }
}

impl ExecFn for IsFifo {
    const FUN: &'static str = "file.is_fifo";
    const SIGNATURE: &'static str = "name";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        is(ctx, &self.0.name, FileKind::Fifo)
    }
}

impl ExecFn for GetDevMm {
    const FUN: &'static str = "file.get_devmm";
    const SIGNATURE: &'static str = "name";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let stat = ctx.host.stat(&expanded(ctx, &self.0.name))?;
        let device = stat.filter(|stat| matches!(stat.kind, FileKind::CharDev | FileKind::BlockDev));
        let (major, minor) = device.map_or((0, 0), |stat| stat.device);
        Ok(vec![major, minor].into())
    }
}

const DEVICE: &str = "name, major, minor, user=None, group=None, mode='0660'";

impl Device {
    fn make(&self, ctx: &Ctx<'_>, kind: FileKind) -> Result<Value, ExecError> {
        let perms = Perms::new(&self.user, &self.group, bits(&self.mode));
        made(ctx, &self.name, kind, (self.major, self.minor), &perms)
    }
}

impl ExecFn for MkNodChrDev {
    const FUN: &'static str = "file.mknod_chrdev";
    const SIGNATURE: &'static str = DEVICE;

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        self.0.make(ctx, FileKind::CharDev)
    }
}

impl ExecFn for MkNodBlkDev {
    const FUN: &'static str = "file.mknod_blkdev";
    const SIGNATURE: &'static str = DEVICE;

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        self.0.make(ctx, FileKind::BlockDev)
    }
}

impl ExecFn for MkNodFifo {
    const FUN: &'static str = "file.mknod_fifo";
    const SIGNATURE: &'static str = "name, user=None, group=None, mode='0660'";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let perms = Perms::new(&self.user, &self.group, bits(&self.mode));
        made(ctx, &self.name, FileKind::Fifo, (0, 0), &perms)
    }
}

impl ExecFn for MkNod {
    const FUN: &'static str = "file.mknod";
    const SIGNATURE: &'static str = "name, ntype, major=0, minor=0, user=None, group=None, mode='0600'";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let kind = match self.ntype.as_str() {
            "c" => FileKind::CharDev,
            "b" => FileKind::BlockDev,
            "p" => FileKind::Fifo,
            other => {
                return Err(ExecError::invocation(format!(
                    "Node type unavailable: '{other}'. Available node types are character ('c'), block ('b'), and pipe \
                     ('p')."
                )));
            }
        };
        let perms = Perms::new(&self.user, &self.group, bits(&self.mode));
        made(ctx, &self.name, kind, (self.major, self.minor), &perms)
    }
}

impl ExecFn for StatVfs {
    const FUN: &'static str = "file.statvfs";
    const SIGNATURE: &'static str = "path";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let path: PathBuf = absolute(ctx, &self.path, || "File path must be absolute.".to_owned())?;
        let found = ctx.host.statvfs(&path);
        let found =
            found.map_err(|_| ExecError::command(format!("Could not statvfs '{}'", path.display())))?;
        Ok(found.into_iter().collect::<Dict>().into())
    }
}
