//! The host's one door: processes, files, users, clock and environment.
//!
//! Modules ask a [`Host`] and nothing else, so that the same code runs on the machine
//! ([`real::RealHost`]) and on canned answers ([`fake::FakeHost`]).

mod accounts;
mod cancel;
mod cmd;
pub mod fake;
mod process;
pub mod real;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub use accounts::{Group, User, parse_group, parse_passwd};
pub use cancel::{Cancel, Stop};
pub use cmd::{Arg, Cmd, Errors, Output};
pub use process::{Children, children};

use crate::hash::{self, Kind};

/// What a machine can be asked and told.
///
/// All paths are absolute. `stat` and `lstat` give none for what is not there; every other failure
/// names the operation and the path.
pub trait Host: Send + Sync {
    /// Runs a command until it ends and its output is closed, its time is over or the job is cancelled; in the
    /// last two cases its whole process group is killed. A status that is not 0 is not an error.
    fn run(&self, cmd: &Cmd) -> Result<Output, HostError>;
    /// Starts a command that nobody waits for; its process id.
    fn start(&self, cmd: &Cmd) -> Result<u32, HostError>;
    /// Starts a command that is spoken with line by line. When the conversation is dropped its whole process
    /// group is killed.
    fn converse(&self, cmd: &Cmd) -> Result<Box<dyn Converse>, HostError> {
        Err(HostError::NoAnswer { question: format!("a conversation with {cmd}") })
    }

    /// The content of a file.
    fn read(&self, path: &Path) -> Result<Vec<u8>, HostError>;
    /// Writes a file beside its place and renames it there. Without `mode` an existing file keeps its
    /// mode and owner, a new one gets 0666 less the umask.
    fn write_atomic(&self, path: &Path, data: &[u8], mode: Option<u32>) -> Result<(), HostError>;
    /// Copies the content of a file as [`Host::write_atomic`] writes it, without holding it in memory.
    fn copy(&self, from: &Path, to: &Path, mode: Option<u32>) -> Result<(), HostError> {
        self.write_atomic(to, &self.read(from)?, mode)
    }
    /// The hash of a file, hexadecimal, without holding the file in memory.
    fn hash(&self, path: &Path, kind: Kind) -> Result<String, HostError> {
        Ok(hash::hex(kind, &self.read(path)?))
    }
    /// The beginning of a file, up to so many bytes.
    fn head(&self, path: &Path, most: usize) -> Result<Vec<u8>, HostError> {
        let mut data = self.read(path)?;
        data.truncate(most);
        Ok(data)
    }
    /// Writes into a file that is there, from an offset on.
    fn write_at(&self, path: &Path, offset: u64, data: &[u8]) -> Result<(), HostError> {
        let mut all = self.read(path)?;
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        all.resize(all.len().max(start.saturating_add(data.len())), 0);
        all.splice(start..start + data.len(), data.iter().copied());
        self.write_atomic(path, &all, None)
    }
    /// Cuts a file that is there to so many bytes, or fills it up with zeros.
    fn truncate(&self, path: &Path, length: u64) -> Result<(), HostError> {
        let mut all = self.read(path)?;
        all.resize(usize::try_from(length).unwrap_or(usize::MAX), 0);
        self.write_atomic(path, &all, None)
    }
    /// Makes a pipe or a device; `device` is major and minor.
    fn mknod(&self, path: &Path, _kind: FileKind, _mode: u32, _device: (u32, u32)) -> Result<(), HostError> {
        Err(HostError::NoAnswer { question: format!("mknod {}", path.display()) })
    }
    /// What the file system that a path is on has: Python's `os.statvfs`, by name.
    fn statvfs(&self, path: &Path) -> Result<Vec<(&'static str, u64)>, HostError> {
        Err(HostError::NoAnswer { question: format!("statvfs {}", path.display()) })
    }
    /// What a path is, following symbolic links.
    fn stat(&self, path: &Path) -> Result<Option<Stat>, HostError>;
    /// What a path is, itself.
    fn lstat(&self, path: &Path) -> Result<Option<Stat>, HostError>;
    /// Where a symbolic link points.
    fn readlink(&self, path: &Path) -> Result<PathBuf, HostError>;
    /// The path without symbolic links, `.` and `..`.
    fn canonicalize(&self, path: &Path) -> Result<PathBuf, HostError>;
    /// The names in a directory, sorted, without `.` and `..`.
    fn list_dir(&self, path: &Path) -> Result<Vec<String>, HostError>;
    /// Makes a symbolic link at `path` that points to `target`.
    fn symlink(&self, target: &Path, path: &Path) -> Result<(), HostError>;
    /// Makes a hard link at `path` to the file `target`.
    fn hard_link(&self, target: &Path, path: &Path) -> Result<(), HostError>;
    /// Renames `from` to `to`.
    fn rename(&self, from: &Path, to: &Path) -> Result<(), HostError>;
    /// Removes a file or a symbolic link.
    fn remove_file(&self, path: &Path) -> Result<(), HostError>;
    /// Removes an empty directory.
    fn remove_dir(&self, path: &Path) -> Result<(), HostError>;
    /// Makes one directory; without `mode` 0777 less the umask.
    fn mkdir(&self, path: &Path, mode: Option<u32>) -> Result<(), HostError>;
    /// Sets the permission bits.
    fn chmod(&self, path: &Path, mode: u32) -> Result<(), HostError>;
    /// Sets owner and group; none leaves one as it is. Symbolic links are followed when `follow`.
    fn chown(&self, path: &Path, uid: Option<u32>, gid: Option<u32>, follow: bool) -> Result<(), HostError>;
    /// Sets access and modification time; none leaves one as it is.
    fn set_times(
        &self,
        path: &Path,
        atime: Option<SystemTime>,
        mtime: Option<SystemTime>,
    ) -> Result<(), HostError>;

    /// The accounts of `/etc/passwd`.
    fn users(&self) -> Result<Arc<Vec<User>>, HostError>;
    /// The groups of `/etc/group`.
    fn groups(&self) -> Result<Arc<Vec<Group>>, HostError>;
    /// The clock.
    fn now(&self) -> SystemTime;
    /// A variable of this process's environment.
    fn env(&self, name: &str) -> Option<String>;
    /// The whole environment of this process.
    fn environment(&self) -> Vec<(String, String)>;
    /// Sets a variable (none: takes it away) for the commands and questions of this job, or of all to come. The
    /// environment of this process stays as it is: other threads read it.
    fn set_env(&self, name: &str, value: Option<&str>, for_all: bool);
    /// The user this process runs as.
    fn euid(&self) -> u32;
    /// Waits, or fails at once when the job is cancelled.
    fn sleep(&self, time: Duration) -> Result<(), HostError>;
    /// The same host for one job: its commands and pauses end when `cancel` says so.
    fn for_job(&self, cancel: Cancel) -> Arc<dyn Host>;

    /// The content of a file; none when there is no such file.
    fn read_opt(&self, path: &Path) -> Result<Option<Vec<u8>>, HostError> {
        match self.read(path) {
            Ok(data) => Ok(Some(data)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a path leads to something, following symbolic links.
    fn exists(&self, path: &Path) -> bool {
        matches!(self.stat(path), Ok(Some(_)))
    }

    /// Whether a path leads to a directory.
    fn is_dir(&self, path: &Path) -> bool {
        matches!(self.stat(path), Ok(Some(stat)) if stat.kind == FileKind::Dir)
    }

    /// Whether a path leads to a regular file.
    fn is_file(&self, path: &Path) -> bool {
        matches!(self.stat(path), Ok(Some(stat)) if stat.kind == FileKind::File)
    }

    /// Whether a path is a symbolic link.
    fn is_link(&self, path: &Path) -> bool {
        matches!(self.lstat(path), Ok(Some(stat)) if stat.kind == FileKind::Symlink)
    }

    /// The executable that a name means, looked for in `PATH`; a name with a slash is itself.
    fn which(&self, name: &str) -> Option<PathBuf> {
        if name.is_empty() {
            return None;
        }
        if name.contains('/') {
            let path = PathBuf::from(name);
            return is_executable(self.stat(&path)).then_some(path);
        }
        let path = self.env("PATH").unwrap_or_else(|| DEFAULT_PATH.to_owned());
        path.split(':')
            .filter(|dir| !dir.is_empty())
            .map(|dir| Path::new(dir).join(name))
            .find(|at| is_executable(self.stat(at)))
    }

    /// The account of that name, or of that number.
    fn user(&self, name_or_uid: &str) -> Result<Option<User>, HostError> {
        let users = self.users()?;
        let uid = name_or_uid.parse::<u32>().ok();
        let by_name = users.iter().find(|u| u.name == name_or_uid);
        Ok(by_name.or_else(|| users.iter().find(|u| Some(u.uid) == uid)).cloned())
    }

    /// The group of that name, or of that number.
    fn group(&self, name_or_gid: &str) -> Result<Option<Group>, HostError> {
        let groups = self.groups()?;
        let gid = name_or_gid.parse::<u32>().ok();
        let by_name = groups.iter().find(|g| g.name == name_or_gid);
        Ok(by_name.or_else(|| groups.iter().find(|g| Some(g.gid) == gid)).cloned())
    }

    /// The name of a user id; none for an id without an account.
    fn user_name(&self, uid: u32) -> Option<String> {
        self.users().ok()?.iter().find(|u| u.uid == uid).map(|u| u.name.clone())
    }

    /// The name of a group id; none for an id without an entry.
    fn group_name(&self, gid: u32) -> Option<String> {
        self.groups().ok()?.iter().find(|g| g.gid == gid).map(|g| g.name.clone())
    }

    /// Makes a directory and those above it that are missing.
    fn mkdir_all(&self, path: &Path, mode: Option<u32>) -> Result<(), HostError> {
        if self.is_dir(path) {
            return Ok(());
        }
        if let Some(parent) = path.parent() {
            self.mkdir_all(parent, mode)?;
        }
        match self.mkdir(path, mode) {
            Err(_) if self.is_dir(path) => Ok(()),
            done => done,
        }
    }

    /// Removes whatever is at `path`, a directory with all that is in it; symbolic links are not followed.
    fn remove_all(&self, path: &Path) -> Result<(), HostError> {
        match self.lstat(path)? {
            None => Ok(()),
            Some(stat) if stat.kind == FileKind::Dir => {
                for name in self.list_dir(path)? {
                    self.remove_all(&path.join(name))?;
                }
                self.remove_dir(path)
            }
            Some(_) => self.remove_file(path),
        }
    }
}

/// A command that is spoken with.
pub trait Converse: Send {
    /// Says something, a whole line or nothing, and waits for a line; none when the command has closed its output.
    /// Fails when the job is cancelled.
    fn ask(&mut self, line: &[u8]) -> Result<Option<Vec<u8>>, HostError>;
    /// What it has complained about since this was asked for the last time.
    fn errors(&mut self) -> Vec<u8>;
}

/// Where programs are looked for when the environment does not say.
pub const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

fn is_executable(stat: Result<Option<Stat>, HostError>) -> bool {
    matches!(stat, Ok(Some(stat)) if stat.kind == FileKind::File && stat.mode & 0o111 != 0)
}

/// What the file system says about a path.
#[derive(Clone, Debug, PartialEq)]
pub struct Stat {
    /// What it is.
    pub kind: FileKind,
    /// The permission bits, set-id and sticky bits included.
    pub mode: u32,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// Bytes.
    pub size: u64,
    /// The inode.
    pub inode: u64,
    /// The device.
    pub dev: u64,
    /// The number of hard links.
    pub links: u64,
    /// Major and minor number of a device.
    pub device: (u32, u32),
    /// Access, modification and status change, in seconds since the epoch.
    pub times: [f64; 3],
}

impl Stat {
    /// Seconds since the epoch of the last change of the content.
    pub fn mtime(&self) -> f64 {
        self.times[1]
    }
}

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A symbolic link.
    Symlink,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A character device.
    CharDev,
    /// A block device.
    BlockDev,
}

/// What the machine refused.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// A file operation failed.
    #[error("failed to {operation} {}: {source}", path.display())]
    File {
        /// What was tried: `read`, `write`, `remove` …
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A program could not be started.
    #[error("failed to start {command}: {source}")]
    Start {
        /// The command, secrets masked.
        command: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A command did not end in time and was killed.
    #[error("{command} : Timed out after {seconds} seconds")]
    TimedOut {
        /// The command, secrets masked.
        command: String,
        /// Its time limit.
        seconds: f64,
        /// What it had printed until then.
        output: Box<Output>,
    },
    /// The job was cancelled.
    #[error("the job was terminated")]
    Cancelled,
    /// There is no such user.
    #[error("user '{name}' is not available")]
    NoUser {
        /// The name that was asked for.
        name: String,
    },
    /// There is no such group.
    #[error("group '{name}' is not available")]
    NoGroup {
        /// The name that was asked for.
        name: String,
    },
    /// A canned host was asked something that it has no answer to.
    #[error("no answer for {question}")]
    NoAnswer {
        /// What it was asked.
        question: String,
    },
}

impl HostError {
    /// A failed file operation.
    pub fn file(operation: &'static str, path: &Path, source: impl Into<std::io::Error>) -> Self {
        HostError::File { operation, path: path.to_owned(), source: source.into() }
    }

    /// Whether the path was not there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, HostError::File { source, .. } if source.kind() == std::io::ErrorKind::NotFound)
    }

    /// The system's error, if it is one.
    pub fn io(&self) -> Option<&std::io::Error> {
        match self {
            HostError::File { source, .. } | HostError::Start { source, .. } => Some(source),
            _ => None,
        }
    }
}
