//! The machine itself.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::process::{self, Identity};
use super::{
    Cancel, Cmd, Converse, FileKind, Group, Host, HostError, Output, Stat, User, parse_group, parse_passwd,
};
use crate::hash::{self, Kind};

/// The machine this process runs on.
#[derive(Clone, Default)]
pub struct RealHost {
    cancel: Cancel,
    accounts: Arc<Mutex<Accounts>>,
    /// What this job set of the environment.
    set: Arc<Mutex<Variables>>,
    /// What was set for all jobs to come.
    set_for_all: Arc<Mutex<Variables>>,
}

/// Variables that were set, or taken away, over those of this process.
type Variables = BTreeMap<String, Option<String>>;

/// What was read from `/etc`, kept until the file changes.
#[derive(Default)]
struct Accounts {
    users: Option<(Version, Arc<Vec<User>>)>,
    groups: Option<(Version, Arc<Vec<Group>>)>,
}

/// Device, inode, size and time of change: what tells two versions of a file apart.
type Version = (u64, u64, u64, i64, i64);

impl RealHost {
    /// The machine, for no job in particular.
    pub fn new() -> Self {
        Self::default()
    }

    /// The command in the environment that was set.
    fn within<'a>(&self, cmd: &'a Cmd) -> Cow<'a, Cmd> {
        let set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        if set.is_empty() || cmd.clean_env {
            return Cow::Borrowed(cmd);
        }
        let mut cmd = cmd.clone();
        let own = std::mem::take(&mut cmd.env);
        cmd.env = set.iter().map(|(name, value)| (name.clone(), value.clone())).chain(own).collect();
        Cow::Owned(cmd)
    }

    fn identity(&self, cmd: &Cmd) -> Result<Option<Identity>, HostError> {
        if cmd.runas.is_none() && cmd.group.is_none() {
            return Ok(None);
        }
        let user = match &cmd.runas {
            None => None,
            Some(name) => Some(self.user(name)?.ok_or_else(|| HostError::NoUser { name: name.clone() })?),
        };
        let group = match &cmd.group {
            None => None,
            Some(name) => Some(self.group(name)?.ok_or_else(|| HostError::NoGroup { name: name.clone() })?),
        };
        let uid = user.as_ref().map_or_else(|| self.euid(), |u| u.uid);
        let own_gid = rustix::process::getegid().as_raw();
        let gid = group.as_ref().map(|g| g.gid).or(user.as_ref().map(|u| u.gid)).unwrap_or(own_gid);
        // Whoever is that user already needs no privilege, and has none to set groups with.
        if self.euid() != 0 && uid == self.euid() && gid == own_gid {
            return Ok(None);
        }
        let mut groups = vec![gid];
        if let Some(user) = &user {
            let all = self.groups()?;
            groups.extend(all.iter().filter(|g| g.members.contains(&user.name)).map(|g| g.gid));
        }
        groups.dedup();
        Ok(Some(Identity { uid, gid, groups }))
    }
}

impl Host for RealHost {
    fn run(&self, cmd: &Cmd) -> Result<Output, HostError> {
        process::run(&self.within(cmd), self.identity(cmd)?, &self.cancel)
    }

    fn start(&self, cmd: &Cmd) -> Result<u32, HostError> {
        process::start(&self.within(cmd), self.identity(cmd)?)
    }

    fn converse(&self, cmd: &Cmd) -> Result<Box<dyn Converse>, HostError> {
        let conversation = process::converse(&self.within(cmd), self.identity(cmd)?, &self.cancel)?;
        Ok(Box::new(conversation))
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>, HostError> {
        fs::read(path).map_err(|e| HostError::file("read", path, e))
    }

    fn write_atomic(&self, path: &Path, data: &[u8], mode: Option<u32>) -> Result<(), HostError> {
        replace(path, &mut &*data, mode)
    }

    fn copy(&self, from: &Path, to: &Path, mode: Option<u32>) -> Result<(), HostError> {
        let mut from = fs::File::open(from).map_err(|e| HostError::file("read", from, e))?;
        replace(to, &mut from, mode)
    }

    fn hash(&self, path: &Path, kind: Kind) -> Result<String, HostError> {
        hash::of_file(kind, path).map_err(|e| HostError::file("read", path, e))
    }

    fn head(&self, path: &Path, most: usize) -> Result<Vec<u8>, HostError> {
        use std::io::Read;
        let mut data = Vec::new();
        let file = fs::File::open(path);
        file.and_then(|file| file.take(most as u64).read_to_end(&mut data))
            .map_err(|e| HostError::file("read", path, e))?;
        Ok(data)
    }

    fn write_at(&self, path: &Path, offset: u64, data: &[u8]) -> Result<(), HostError> {
        use std::os::unix::fs::FileExt;
        // The kernel's own files have nothing to be brought to a disk, and say so.
        let sync = |file: &fs::File| match file.sync_all() {
            Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => Ok(()),
            done => done,
        };
        let file = fs::OpenOptions::new().write(true).open(path);
        file.and_then(|file| file.write_all_at(data, offset).and_then(|()| sync(&file)))
            .map_err(|e| HostError::file("write", path, e))
    }

    fn truncate(&self, path: &Path, length: u64) -> Result<(), HostError> {
        let file = fs::OpenOptions::new().write(true).open(path);
        file.and_then(|file| file.set_len(length)).map_err(|e| HostError::file("write", path, e))
    }

    fn mknod(
        &self,
        path: &Path,
        kind: FileKind,
        mode: u32,
        (major, minor): (u32, u32),
    ) -> Result<(), HostError> {
        use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
        let kind = match kind {
            FileKind::CharDev => FileType::CharacterDevice,
            FileKind::BlockDev => FileType::BlockDevice,
            FileKind::Fifo => FileType::Fifo,
            _ => return Err(HostError::file("make node", path, io::ErrorKind::Unsupported)),
        };
        mknodat(CWD, path, kind, Mode::from_raw_mode(mode), makedev(major, minor))
            .map_err(|e| HostError::file("make node", path, e))
    }

    fn statvfs(&self, path: &Path) -> Result<Vec<(&'static str, u64)>, HostError> {
        let s = rustix::fs::statvfs(path).map_err(|e| HostError::file("look at", path, e))?;
        Ok(vec![
            ("f_bavail", s.f_bavail),
            ("f_bfree", s.f_bfree),
            ("f_blocks", s.f_blocks),
            ("f_bsize", s.f_bsize),
            ("f_favail", s.f_favail),
            ("f_ffree", s.f_ffree),
            ("f_files", s.f_files),
            ("f_flag", s.f_flag.bits()),
            ("f_frsize", s.f_frsize),
            ("f_namemax", s.f_namemax),
        ])
    }

    fn stat(&self, path: &Path) -> Result<Option<Stat>, HostError> {
        found(fs::metadata(path), path)
    }

    fn lstat(&self, path: &Path) -> Result<Option<Stat>, HostError> {
        found(fs::symlink_metadata(path), path)
    }

    fn readlink(&self, path: &Path) -> Result<PathBuf, HostError> {
        fs::read_link(path).map_err(|e| HostError::file("read link", path, e))
    }

    fn canonicalize(&self, path: &Path) -> Result<PathBuf, HostError> {
        fs::canonicalize(path).map_err(|e| HostError::file("resolve", path, e))
    }

    fn list_dir(&self, path: &Path) -> Result<Vec<String>, HostError> {
        let failed = |e| HostError::file("list", path, e);
        let mut names = Vec::new();
        for entry in fs::read_dir(path).map_err(failed)? {
            names.push(entry.map_err(failed)?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    fn symlink(&self, target: &Path, path: &Path) -> Result<(), HostError> {
        std::os::unix::fs::symlink(target, path).map_err(|e| HostError::file("link", path, e))
    }

    fn hard_link(&self, target: &Path, path: &Path) -> Result<(), HostError> {
        fs::hard_link(target, path).map_err(|e| HostError::file("link", path, e))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), HostError> {
        fs::rename(from, to).map_err(|e| HostError::file("rename", from, e))
    }

    fn remove_file(&self, path: &Path) -> Result<(), HostError> {
        fs::remove_file(path).map_err(|e| HostError::file("remove", path, e))
    }

    fn remove_dir(&self, path: &Path) -> Result<(), HostError> {
        fs::remove_dir(path).map_err(|e| HostError::file("remove", path, e))
    }

    fn mkdir(&self, path: &Path, mode: Option<u32>) -> Result<(), HostError> {
        let made = fs::DirBuilder::new().mode(mode.map_or(0o777, |m| m & 0o777)).create(path);
        made.map_err(|e| HostError::file("make directory", path, e))?;
        // The umask has had its say in mkdir(2); a mode that was asked for is meant as it is.
        mode.map_or(Ok(()), |mode| self.chmod(path, mode))
    }

    fn chmod(&self, path: &Path, mode: u32) -> Result<(), HostError> {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
            .map_err(|e| HostError::file("change mode of", path, e))
    }

    fn chown(&self, path: &Path, uid: Option<u32>, gid: Option<u32>, follow: bool) -> Result<(), HostError> {
        let done = if follow {
            std::os::unix::fs::chown(path, uid, gid)
        } else {
            std::os::unix::fs::lchown(path, uid, gid)
        };
        done.map_err(|e| HostError::file("change owner of", path, e))
    }

    fn set_times(
        &self,
        path: &Path,
        atime: Option<SystemTime>,
        mtime: Option<SystemTime>,
    ) -> Result<(), HostError> {
        use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_OMIT, utimensat};
        let time = |t: Option<SystemTime>| {
            let since = t.map(|t| t.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default());
            match since {
                None => Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT as _ },
                Some(d) => Timespec {
                    tv_sec: i64::try_from(d.as_secs()).unwrap_or(i64::MAX),
                    tv_nsec: i64::from(d.subsec_nanos()) as _,
                },
            }
        };
        let times = Timestamps { last_access: time(atime), last_modification: time(mtime) };
        utimensat(CWD, path, &times, AtFlags::empty())
            .map_err(|e| HostError::file("change times of", path, io::Error::from(e)))
    }

    fn users(&self) -> Result<Arc<Vec<User>>, HostError> {
        let mut cache = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        cached(Path::new("/etc/passwd"), &mut cache.users, parse_passwd)
    }

    fn groups(&self) -> Result<Arc<Vec<Group>>, HostError> {
        let mut cache = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        cached(Path::new("/etc/group"), &mut cache.groups, parse_group)
    }

    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn env(&self, name: &str) -> Option<String> {
        let set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        let own = || std::env::var_os(name).map(|v| v.to_string_lossy().into_owned());
        set.get(name).cloned().unwrap_or_else(own)
    }

    fn environment(&self) -> Vec<(String, String)> {
        let set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        // A join token is the minion's, not that of every command it runs.
        let own = std::env::vars_os()
            .filter(|(name, _)| name != "RSALT_TOKEN")
            .map(|(k, v)| (k.to_string_lossy().into_owned(), v.to_string_lossy().into_owned()));
        let over = set.iter().filter_map(|(k, v)| Some((k.clone(), v.clone()?)));
        own.filter(|(name, _)| !set.contains_key(name)).chain(over).collect()
    }

    fn set_env(&self, name: &str, value: Option<&str>, for_all: bool) {
        let targets = [Some(&self.set), Some(&self.set_for_all).filter(|_| for_all)];
        for target in targets.into_iter().flatten() {
            let mut set = target.lock().unwrap_or_else(PoisonError::into_inner);
            set.insert(name.to_owned(), value.map(str::to_owned));
        }
    }

    fn euid(&self) -> u32 {
        rustix::process::geteuid().as_raw()
    }

    fn sleep(&self, time: Duration) -> Result<(), HostError> {
        if self.cancel.wait(time) { Err(HostError::Cancelled) } else { Ok(()) }
    }

    fn for_job(&self, cancel: Cancel) -> Arc<dyn Host> {
        let set = self.set_for_all.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Arc::new(RealHost {
            cancel,
            accounts: Arc::clone(&self.accounts),
            set: Arc::new(Mutex::new(set)),
            set_for_all: Arc::clone(&self.set_for_all),
        })
    }
}

/// Writes what `from` gives beside `path` and renames it there.
fn replace(path: &Path, from: &mut dyn io::Read, mode: Option<u32>) -> Result<(), HostError> {
    // A link is written through, so that it stays a link.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let failed = |e: io::Error| HostError::file("write", &path, e);
    let old = fs::metadata(&path).ok();
    if old.as_ref().is_some_and(|m| !m.is_file()) {
        // A device or a pipe is no file to be replaced.
        let file = fs::OpenOptions::new().write(true).truncate(true).open(&path);
        return file.and_then(|mut file| io::copy(from, &mut file)).map(drop).map_err(failed);
    }
    let name = path.file_name().ok_or_else(|| failed(io::ErrorKind::IsADirectory.into()))?;
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}-{:x}", std::process::id(), unique()));
    let beside = path.with_file_name(temporary);
    let written = (|| {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        if let Some(mode) = mode.or(old.as_ref().map(|m| m.mode() & 0o7777)) {
            options.mode(mode & 0o700);
        }
        let mut file = options.open(&beside)?;
        io::copy(from, &mut file)?;
        if let Some(old) = &old {
            std::os::unix::fs::fchown(&file, Some(old.uid()), Some(old.gid()))
                .or_else(|e| if e.kind() == io::ErrorKind::PermissionDenied { Ok(()) } else { Err(e) })?;
        }
        if let Some(mode) = mode.or(old.as_ref().map(|m| m.mode() & 0o7777)) {
            file.set_permissions(fs::Permissions::from_mode(mode))?;
        }
        fs::rename(&beside, &path)
    })();
    written.map_err(|e| {
        let _ = fs::remove_file(&beside);
        failed(e)
    })
}

/// A number that no other call in this process gets.
fn unique() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let nanos = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().subsec_nanos();
    (u64::from(nanos) << 24) ^ NEXT.fetch_add(1, Ordering::Relaxed)
}

fn cached<T>(
    path: &Path,
    slot: &mut Option<(Version, Arc<Vec<T>>)>,
    parse: fn(&str) -> Vec<T>,
) -> Result<Arc<Vec<T>>, HostError> {
    let version = match fs::metadata(path) {
        Ok(m) => (m.dev(), m.ino(), m.size(), m.mtime(), m.mtime_nsec()),
        // An image made from scratch has none.
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Arc::default()),
        Err(e) => return Err(HostError::file("read", path, e)),
    };
    if let Some((known, list)) = slot
        && *known == version
    {
        return Ok(Arc::clone(list));
    }
    let text = fs::read(path).map_err(|e| HostError::file("read", path, e))?;
    let list = Arc::new(parse(&String::from_utf8_lossy(&text)));
    *slot = Some((version, Arc::clone(&list)));
    Ok(list)
}

fn found(meta: io::Result<fs::Metadata>, path: &Path) -> Result<Option<Stat>, HostError> {
    let meta = match meta {
        Ok(meta) => meta,
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(e) => return Err(HostError::file("look at", path, e)),
    };
    let kind = match meta.file_type() {
        t if t.is_file() => FileKind::File,
        t if t.is_dir() => FileKind::Dir,
        t if t.is_symlink() => FileKind::Symlink,
        t if t.is_fifo() => FileKind::Fifo,
        t if t.is_socket() => FileKind::Socket,
        t if t.is_char_device() => FileKind::CharDev,
        _ => FileKind::BlockDev,
    };
    let seconds = |s: i64, n: i64| s as f64 + n as f64 / 1e9;
    Ok(Some(Stat {
        kind,
        mode: meta.mode() & 0o7777,
        uid: meta.uid(),
        gid: meta.gid(),
        size: meta.size(),
        inode: meta.ino(),
        dev: meta.dev(),
        links: meta.nlink(),
        device: (rustix::fs::major(meta.rdev()), rustix::fs::minor(meta.rdev())),
        times: [
            seconds(meta.atime(), meta.atime_nsec()),
            seconds(meta.mtime(), meta.mtime_nsec()),
            seconds(meta.ctime(), meta.ctime_nsec()),
        ],
    }))
}
