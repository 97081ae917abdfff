//! Questions about paths.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use data::loose::Flag;
use data::{Dict, Value};

use super::path::normpath;
use super::{absolute, expanded, glob, names, os_error};
use crate::exec::{ExecError, ExecFn};
use crate::hash::Kind;
use crate::host::{FileKind, HostError, Stat};
use crate::states::file::util::{expand_user, show_mode};
use crate::{Ctx, args};

args! {
    /// Whether there is a regular file at a path.
    ///
    /// CLI Example: `rsalt '*' file.file_exists /etc/passwd`
    pub(crate) struct FileExists {
        path: String,
    }

    /// Whether there is a directory at a path.
    ///
    /// CLI Example: `rsalt '*' file.directory_exists /etc`
    pub(crate) struct DirectoryExists {
        path: String,
    }

    /// Whether there is anything that matches a glob.
    ///
    /// CLI Example: `rsalt '*' file.path_exists_glob '/etc/pam*/pass*'`
    pub(crate) struct PathExistsGlob {
        path: String,
    }

    /// Return what the file system says about a path. hash_type: the hash of the content as well, under `sum`.
    ///
    /// CLI Example: `rsalt '*' file.stats /etc/passwd`
    pub(crate) struct Stats {
        path: String,
        #[serde(default)]
        hash_type: Option<String>,
        #[serde(default = yes)]
        follow_symlinks: Flag,
    }

    /// Return what the file system says about a path, links not followed, under the names of `lstat`.
    ///
    /// CLI Example: `rsalt '*' file.lstat /path/to/file`
    pub(crate) struct LStat {
        path: String,
    }

    /// Return the mode of a file.
    ///
    /// CLI Example: `rsalt '*' file.get_mode /etc/passwd`
    pub(crate) struct GetMode(About);

    /// Return the user that owns a file.
    ///
    /// CLI Example: `rsalt '*' file.get_user /etc/passwd`
    pub(crate) struct GetUser(About);

    /// Return the group that owns a file.
    ///
    /// CLI Example: `rsalt '*' file.get_group /etc/passwd`
    pub(crate) struct GetGroup(About);

    /// Return the id of the user that owns a file.
    ///
    /// CLI Example: `rsalt '*' file.get_uid /etc/passwd`
    pub(crate) struct GetUid(About);

    /// Return the id of the group that owns a file.
    ///
    /// CLI Example: `rsalt '*' file.get_gid /etc/passwd`
    pub(crate) struct GetGid(About);

    /// A path, and whether links are followed.
    struct About {
        path: String,
        #[serde(default = yes)]
        follow_symlinks: Flag,
    }

    /// Whether a path is a symbolic link.
    ///
    /// CLI Example: `rsalt '*' file.is_link /path/to/link`
    pub(crate) struct IsLink {
        path: String,
    }

    /// Whether a file has more than one name.
    ///
    /// CLI Example: `rsalt '*' file.is_hardlink /path/to/link`
    pub(crate) struct IsHardLink {
        path: String,
    }

    /// Return where a symbolic link points. canonicalize: to the end, as an absolute path.
    ///
    /// CLI Example: `rsalt '*' file.readlink /path/to/link`
    pub(crate) struct ReadLink {
        path: String,
        #[serde(default)]
        canonicalize: Flag,
    }

    /// List what is in a directory, with `.` and `..`.
    ///
    /// CLI Example: `rsalt '*' file.readdir /path/to/dir/`
    pub(crate) struct ReadDir {
        path: String,
    }

    /// Whether the minion may do something with a file: `f` is there, `r` read, `w` write, `x` execute.
    ///
    /// CLI Example: `rsalt '*' file.access /path/to/file r`
    pub(crate) struct Access {
        path: String,
        mode: Value,
    }

    /// Return the bytes in a file, or in all files below a directory.
    ///
    /// CLI Example: `rsalt '*' file.diskusage /path/to/check`
    pub(crate) struct DiskUsage {
        path: String,
    }

    /// Return the hash of a file. form: md5, sha1, sha256, sha384 or sha512.
    ///
    /// CLI Example: `rsalt '*' file.get_hash /etc/shadow`
    pub(crate) struct GetHash {
        path: String,
        #[serde(default)]
        form: Option<String>,
    }

    /// Return the hash of a file, `File not found` when there is none.
    ///
    /// CLI Example: `rsalt '*' file.get_sum /etc/passwd sha512`
    pub(crate) struct GetSum {
        path: String,
        #[serde(default)]
        form: Option<String>,
    }

    /// Whether a file has this hash: `sha256:…`, `md5=…`, or the digits alone.
    ///
    /// CLI Example: `rsalt '*' file.check_hash /etc/fstab md5:d41d8cd98f00b204e9800998ecf8427e`
    pub(crate) struct CheckHash {
        path: String,
        file_hash: Value,
    }
}

fn yes() -> Flag {
    Flag(true)
}

impl ExecFn for FileExists {
    const FUN: &'static str = "file.file_exists";
    const SIGNATURE: &'static str = "path";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(ctx.host.is_file(&expanded(ctx, &self.path)).into())
    }
}

impl ExecFn for DirectoryExists {
    const FUN: &'static str = "file.directory_exists";
    const SIGNATURE: &'static str = "path";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(ctx.host.is_dir(&expanded(ctx, &self.path)).into())
    }
}

impl ExecFn for PathExistsGlob {
    const FUN: &'static str = "file.path_exists_glob";
    const SIGNATURE: &'static str = "path";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok((!glob(ctx, &expand_user(ctx, &self.path)).is_empty()).into())
    }
}

/// What a path is; a dangling link is itself. An error when there is nothing.
fn stat(ctx: &Ctx<'_>, path: &Path, follow: bool) -> Result<Stat, ExecError> {
    let followed = if follow { ctx.host.stat(path)? } else { None };
    let found = match followed {
        Some(found) => Some(found),
        None => ctx.host.lstat(path)?,
    };
    found.ok_or_else(|| ExecError::command(format!("Path not found: {}", path.display())))
}

/// The name of a kind as `file.stats` has it.
fn kind_name(kind: FileKind) -> &'static str {
    match kind {
        FileKind::File => "file",
        FileKind::Dir => "dir",
        FileKind::Symlink => "link",
        FileKind::Fifo => "pipe",
        FileKind::Socket => "socket",
        FileKind::CharDev => "char",
        FileKind::BlockDev => "block",
    }
}

impl ExecFn for Stats {
    const FUN: &'static str = "file.stats";
    const SIGNATURE: &'static str = "path, hash_type=None, follow_symlinks=True";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let path = expanded(ctx, &self.path);
        let stat = stat(ctx, &path, self.follow_symlinks.0)?;
        let [atime, mtime, ctime] = stat.times;
        let mut found = Dict::new()
            .with("inode", stat.inode)
            .with("uid", stat.uid)
            .with("gid", stat.gid)
            .with("group", names::group(ctx, stat.gid))
            .with("user", names::user(ctx, stat.uid))
            .with("atime", atime)
            .with("mtime", mtime)
            .with("ctime", ctime)
            .with("size", stat.size)
            .with("mode", show_mode(stat.mode));
        if let Some(form) = self.hash_type.as_deref().filter(|form| !form.is_empty()) {
            found.insert("sum", hash_of(ctx, &path, form)?);
        }
        found.insert("type", kind_name(stat.kind));
        let real = self.follow_symlinks.0.then(|| ctx.host.canonicalize(&path).ok()).flatten();
        let target = real.map_or_else(|| normpath(&path.display().to_string()), |p| p.display().to_string());
        found.insert("target", target);
        Ok(found.into())
    }
}

/// The bits of `st_mode` that tell the kind.
fn kind_bits(kind: FileKind) -> u32 {
    match kind {
        FileKind::Fifo => 0o010_000,
        FileKind::CharDev => 0o020_000,
        FileKind::Dir => 0o040_000,
        FileKind::BlockDev => 0o060_000,
        FileKind::File => 0o100_000,
        FileKind::Symlink => 0o120_000,
        FileKind::Socket => 0o140_000,
    }
}

impl ExecFn for LStat {
    const FUN: &'static str = "file.lstat";
    const SIGNATURE: &'static str = "path";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let path = absolute(ctx, &self.path, || "Path to file must be absolute.".to_owned())?;
        let Ok(Some(stat)) = ctx.host.lstat(&path) else { return Ok(Value::dict()) };
        let [atime, mtime, ctime] = stat.times;
        Ok(Dict::new()
            .with("st_atime", atime)
            .with("st_ctime", ctime)
            .with("st_gid", stat.gid)
            .with("st_mode", kind_bits(stat.kind) | stat.mode)
            .with("st_mtime", mtime)
            .with("st_nlink", stat.links)
            .with("st_size", stat.size)
            .with("st_uid", stat.uid)
            .into())
    }
}

impl About {
    fn stat(&self, ctx: &Ctx<'_>) -> Result<Stat, ExecError> {
        stat(ctx, &expanded(ctx, &self.path), self.follow_symlinks.0)
    }
}

/// The signature of all that ask for one property.
const ABOUT: &str = "path, follow_symlinks=True";

impl ExecFn for GetMode {
    const FUN: &'static str = "file.get_mode";
    const SIGNATURE: &'static str = ABOUT;

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(show_mode(self.0.stat(ctx)?.mode).into())
    }
}

impl ExecFn for GetUser {
    const FUN: &'static str = "file.get_user";
    const SIGNATURE: &'static str = ABOUT;

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(names::user(ctx, self.0.stat(ctx)?.uid))
    }
}

impl ExecFn for GetGroup {
    const FUN: &'static str = "file.get_group";
    const SIGNATURE: &'static str = ABOUT;

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(names::group(ctx, self.0.stat(ctx)?.gid))
    }
}

impl ExecFn for GetUid {
    const FUN: &'static str = "file.get_uid";
    const SIGNATURE: &'static str = ABOUT;

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(self.0.stat(ctx)?.uid.into())
    }
}

impl ExecFn for GetGid {
    const FUN: &'static str = "file.get_gid";
    const SIGNATURE: &'static str = ABOUT;

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(self.0.stat(ctx)?.gid.into())
    }
}

impl ExecFn for IsLink {
    const FUN: &'static str = "file.is_link";
    const SIGNATURE: &'static str = "path, nostat=False";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(ctx.host.is_link(&expanded(ctx, &self.path)).into())
    }
}

impl ExecFn for IsHardLink {
    const FUN: &'static str = "file.is_hardlink";
    const SIGNATURE: &'static str = "path";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let path = absolute(ctx, &self.path, || "Path to file must be absolute.".to_owned())?;
        Ok(ctx.host.lstat(&path)?.is_some_and(|stat| stat.links > 1).into())
    }
}

impl ExecFn for ReadLink {
    const FUN: &'static str = "file.readlink";
    const SIGNATURE: &'static str = "path, canonicalize=False";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let path = absolute(ctx, &self.path, || format!("Path to link must be absolute: {}", self.path))?;
        if !ctx.host.is_link(&path) {
            let problem = format!("A valid link was not specified: {}", path.display());
            return Err(ExecError::invocation(problem));
        }
        let to = if self.canonicalize.0 { ctx.host.canonicalize(&path) } else { ctx.host.readlink(&path) };
        Ok(to.map_err(|error| os_error(error, &path))?.display().to_string().into())
    }
}

impl ExecFn for ReadDir {
    const FUN: &'static str = "file.readdir";
    const SIGNATURE: &'static str = "path";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let path = absolute(ctx, &self.path, || "Dir path must be absolute.".to_owned())?;
        if !ctx.host.is_dir(&path) {
            let problem = format!("A valid directory was not specified: {}", path.display());
            return Err(ExecError::invocation(problem));
        }
        let mut found = vec![".".to_owned(), "..".to_owned()];
        found.extend(ctx.host.list_dir(&path).map_err(|error| os_error(error, &path))?);
        Ok(found.into())
    }
}

/// Whether the minion's user may, by the permission bits.
fn may(ctx: &Ctx<'_>, stat: &Stat, bit: u32) -> Result<bool, ExecError> {
    let uid = ctx.host.euid();
    if uid == 0 {
        return Ok(bit != 1 || stat.kind == FileKind::Dir || stat.mode & 0o111 != 0);
    }
    if stat.uid == uid {
        return Ok(stat.mode & (bit << 6) != 0);
    }
    let users = ctx.host.users()?;
    let own = users.iter().find(|user| user.uid == uid);
    let groups = ctx.host.groups()?;
    let member = own.is_some_and(|user| {
        user.gid == stat.gid || groups.iter().any(|g| g.gid == stat.gid && g.members.contains(&user.name))
    });
    Ok(stat.mode & if member { bit << 3 } else { bit } != 0)
}

impl ExecFn for Access {
    const FUN: &'static str = "file.access";
    const SIGNATURE: &'static str = "path, mode";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let path = absolute(ctx, &self.path, || "Path to link must be absolute.".to_owned())?;
        let bit = match self.mode.to_string().as_str() {
            "f" | "0" => 0,
            "r" | "4" => 4,
            "w" | "2" => 2,
            "x" | "1" => 1,
            _ => return Err(ExecError::invocation("Invalid mode specified.")),
        };
        match ctx.host.stat(&path)? {
            None => Ok(false.into()),
            Some(_) if bit == 0 => Ok(true.into()),
            Some(stat) => Ok(may(ctx, &stat, bit)?.into()),
        }
    }
}

impl ExecFn for DiskUsage {
    const FUN: &'static str = "file.diskusage";
    const SIGNATURE: &'static str = "path";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let path = PathBuf::from(&self.path);
        if let Some(stat) = ctx.host.stat(&path)?.filter(|stat| stat.kind == FileKind::File) {
            return Ok(stat.size.into());
        }
        let (mut total, mut seen) = (0_u64, HashSet::new());
        usage(ctx, &path, &mut total, &mut seen);
        Ok(total.into())
    }
}

/// The sizes of the files below a directory, each file once; what cannot be read does not count.
fn usage(ctx: &Ctx<'_>, dir: &Path, total: &mut u64, seen: &mut HashSet<(u64, u64)>) {
    for name in ctx.host.list_dir(dir).unwrap_or_default() {
        let at = dir.join(name);
        let Ok(Some(own)) = ctx.host.lstat(&at) else { continue };
        if own.kind == FileKind::Dir {
            usage(ctx, &at, total, seen);
            continue;
        }
        // A link to a directory is no file, and not walked into.
        if let Ok(Some(stat)) = ctx.host.stat(&at)
            && stat.kind != FileKind::Dir
            && seen.insert((stat.dev, stat.inode))
        {
            *total += stat.size;
        }
    }
}

/// The hash of a file by the name of the function.
fn hash_of(ctx: &Ctx<'_>, path: &Path, form: &str) -> Result<String, ExecError> {
    let kind = Kind::from_name(form)
        .ok_or_else(|| ExecError::raised("ValueError", format!("Invalid hash type: {form}")))?;
    ctx.host.hash(path, kind).map_err(|error: HostError| os_error(error, path))
}

impl ExecFn for GetHash {
    const FUN: &'static str = "file.get_hash";
    const SIGNATURE: &'static str = "path, form='sha256', chunk_size=65536";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(hash_of(ctx, &expanded(ctx, &self.path), self.form.as_deref().unwrap_or("sha256"))?.into())
    }
}

impl ExecFn for GetSum {
    const FUN: &'static str = "file.get_sum";
    const SIGNATURE: &'static str = "path, form='sha256'";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let path = expanded(ctx, &self.path);
        if !ctx.host.is_file(&path) {
            return Ok("File not found".into());
        }
        Ok(hash_of(ctx, &path, self.form.as_deref().unwrap_or("sha256"))?.into())
    }
}

impl ExecFn for CheckHash {
    const FUN: &'static str = "file.check_hash";
    const SIGNATURE: &'static str = "path, file_hash";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let text = self.file_hash.as_str().ok_or_else(|| ExecError::invocation("hash must be a string"))?;
        let pair = text.split_once(':').or_else(|| text.split_once('='));
        let (form, wanted) = match pair {
            Some(pair) => pair,
            None => {
                let kind = Kind::from_digits(text.len()).ok_or_else(|| {
                    ExecError::invocation(format!(
                        "Hash {text} (length: {}) could not be matched to a supported hash type. The supported hash \
                         types and lengths are: md5 (32), sha1 (40), sha224 (56), sha256 (64), sha384 (96), sha512 (128)",
                        text.len()
                    ))
                })?;
                (kind.name(), text)
            }
        };
        Ok((hash_of(ctx, &expanded(ctx, &self.path), form)? == wanted).into())
    }
}
