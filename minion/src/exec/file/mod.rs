//! Files, directories and links of this machine.

mod attrs;
mod backups;
pub(crate) mod block;
mod content;
pub(crate) mod edit;
pub(crate) mod encoding;
mod find;
mod functions;
pub(crate) mod line;
pub(crate) mod manage;
mod names;
pub(crate) mod node;
mod owner;
pub(crate) mod path;
pub(crate) mod pattern;
mod query;
pub(crate) mod replace;
pub(crate) mod sed;
pub(crate) mod sum;
pub(crate) mod tree;

use std::path::{Path, PathBuf};

use super::{ExecEntry, ExecError, entry};
use crate::Ctx;
use crate::host::HostError;
use crate::states::file::util::expand_user;

/// The functions of `file`.
pub const FUNCTIONS: &[ExecEntry] = &[
    entry::<query::FileExists>(),
    entry::<query::DirectoryExists>(),
    entry::<query::PathExistsGlob>(),
    entry::<query::Stats>(),
    entry::<query::LStat>(),
    entry::<query::GetMode>(),
    entry::<query::GetUser>(),
    entry::<query::GetGroup>(),
    entry::<query::GetUid>(),
    entry::<query::GetGid>(),
    entry::<query::IsLink>(),
    entry::<query::IsHardLink>(),
    entry::<query::ReadLink>(),
    entry::<query::ReadDir>(),
    entry::<query::Access>(),
    entry::<query::DiskUsage>(),
    entry::<query::GetHash>(),
    entry::<query::GetSum>(),
    entry::<query::CheckHash>(),
    entry::<sum::GetSourceSum>(),
    entry::<sum::ExtractHash>(),
    entry::<sum::SourceList>(),
    entry::<attrs::LsAttr>(),
    entry::<attrs::ChAttr>(),
    entry::<attrs::GetSelinuxContext>(),
    entry::<attrs::SetSelinuxContext>(),
    entry::<attrs::RestoreCon>(),
    entry::<find::Find>(),
    entry::<names::UidToUser>(),
    entry::<names::UserToUid>(),
    entry::<names::GidToGroup>(),
    entry::<names::GroupToGid>(),
    entry::<owner::SetMode>(),
    entry::<owner::Chown>(),
    entry::<owner::LChown>(),
    entry::<owner::Chgrp>(),
    entry::<path::BaseName>(),
    entry::<path::DirName>(),
    entry::<path::Join>(),
    entry::<path::NormPath>(),
    entry::<path::ParDir>(),
    entry::<content::Read>(),
    entry::<content::SeekRead>(),
    entry::<content::Write>(),
    entry::<content::Append>(),
    entry::<content::Prepend>(),
    entry::<content::Truncate>(),
    entry::<content::Contains>(),
    entry::<content::ContainsRegex>(),
    entry::<content::ContainsGlob>(),
    entry::<content::Grep>(),
    entry::<replace::Search>(),
    entry::<replace::Replace>(),
    entry::<line::Line>(),
    entry::<block::BlockReplace>(),
    entry::<replace::Comment>(),
    entry::<replace::Uncomment>(),
    entry::<replace::CommentLine>(),
    entry::<sed::Sed>(),
    entry::<sed::SedContains>(),
    entry::<sed::PSed>(),
    entry::<sed::Patch>(),
    entry::<backups::ListBackups>(),
    entry::<backups::ListBackups>().also_as("file.list_backup"),
    entry::<backups::ListBackupsDir>(),
    entry::<backups::RestoreBackup>(),
    entry::<backups::DeleteBackup>(),
    entry::<backups::DeleteBackup>().also_as("file.remove_backup"),
    entry::<backups::OpenFiles>(),
    entry::<functions::CheckManaged>(),
    entry::<functions::CheckManagedChanges>(),
    entry::<functions::CheckFileMeta>(),
    entry::<functions::GetManaged>(),
    entry::<functions::ManageFile>(),
    entry::<functions::GetDiff>(),
    entry::<functions::CheckPerms>(),
    entry::<functions::ApplyTemplateOnContents>(),
    entry::<content::SeekWrite>(),
    entry::<node::IsChrDev>(),
    entry::<node::IsBlkDev>(),
    entry::<node::IsFifo>(),
    entry::<node::GetDevMm>(),
    entry::<node::MkNodChrDev>(),
    entry::<node::MkNodBlkDev>(),
    entry::<node::MkNodFifo>(),
    entry::<node::MkNod>(),
    entry::<node::StatVfs>(),
    entry::<tree::Touch>(),
    entry::<tree::MkDir>(),
    entry::<tree::MakeDirs>(),
    entry::<tree::MakeDirsPerms>(),
    entry::<tree::Remove>(),
    entry::<tree::RmDir>(),
    entry::<tree::Rename>(),
    entry::<tree::Move>(),
    entry::<tree::Copy>(),
    entry::<tree::Symlink>(),
    entry::<tree::Link>(),
];

/// The path with `~` expanded.
fn expanded(ctx: &Ctx<'_>, path: &str) -> PathBuf {
    expand_user(ctx, path).into()
}

/// The path with `~` expanded; a relative one is refused in the words of the function.
fn absolute(ctx: &Ctx<'_>, path: &str, refusal: impl FnOnce() -> String) -> Result<PathBuf, ExecError> {
    let path = expanded(ctx, path);
    if path.is_absolute() { Ok(path) } else { Err(ExecError::invocation(refusal())) }
}

/// `[Errno 2] No such file or directory: '/nope'`
pub(crate) fn os_text(error: &HostError, path: &Path) -> String {
    match error.io() {
        Some(io) => match io.raw_os_error() {
            Some(code) => format!("[Errno {code}] {}: '{}'", strerror(io), path.display()),
            None => format!("{io}: '{}'", path.display()),
        },
        None => error.to_string(),
    }
}

/// The system's words without Rust's number.
fn strerror(io: &std::io::Error) -> String {
    let text = io.to_string();
    text.rsplit_once(" (os error").map_or(text.clone(), |(words, _)| words.to_owned())
}

/// A failure that Salt does not catch: Python's exception and text.
fn os_error(error: HostError, path: &Path) -> ExecError {
    use std::io::ErrorKind;
    let kind = match error.io().map(std::io::Error::kind) {
        Some(ErrorKind::NotFound) => "FileNotFoundError",
        Some(ErrorKind::PermissionDenied) => "PermissionError",
        Some(ErrorKind::IsADirectory) => "IsADirectoryError",
        Some(ErrorKind::NotADirectory) => "NotADirectoryError",
        Some(ErrorKind::AlreadyExists) => "FileExistsError",
        Some(_) => "OSError",
        None => return error.into(),
    };
    ExecError::raised(kind, os_text(&error, path))
}

/// What a shell's glob finds, sorted; hidden files only when the pattern names the dot. `**` is like `*`.
pub(crate) fn glob(ctx: &Ctx<'_>, pattern: &str) -> Vec<PathBuf> {
    let is_glob = |part: &str| part.contains(['*', '?', '[']);
    let mut found = vec![PathBuf::from(if pattern.starts_with('/') { "/" } else { "" })];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let mut next = Vec::new();
        for dir in found {
            if !is_glob(part) {
                next.extend(Some(dir.join(part)).filter(|at| matches!(ctx.host.lstat(at), Ok(Some(_)))));
                continue;
            }
            let glob = proto::target::glob::Glob::new(part);
            let Ok(names) = ctx.host.list_dir(&dir) else { continue };
            let seen =
                |name: &&String| glob.matches(name) && (part.starts_with('.') || !name.starts_with('.'));
            next.extend(names.iter().filter(seen).map(|name| dir.join(name)));
        }
        found = next;
    }
    if pattern.ends_with('/') {
        found.retain(|at| ctx.host.is_dir(at));
    }
    if pattern.is_empty() { Vec::new() } else { found }
}
