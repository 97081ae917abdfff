//! Returns that the master does not have yet, and jobs that have begun: one file each.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use proto::jid;
use proto::keys::write_atomic;
use proto::message::{self, CodecError, Job, Return};

/// Returns that are kept in memory because the disk did not take them.
const UNWRITTEN: usize = 64;

/// How much may wait for the master.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Returns.
    pub returns: usize,
    /// Bytes of them.
    pub bytes: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds { returns: 10_000, bytes: 512 << 20 }
    }
}

/// Where a return is until the master has it.
#[derive(Debug)]
pub enum Kept {
    /// On disk.
    OnDisk,
    /// In memory, because the disk did not take it.
    InMemory(SpoolError),
    /// Nowhere: neither has room.
    Nowhere(SpoolError),
}

/// Why something is not in the spool.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// A file.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A return that cannot be written as a message.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// Enough is waiting for the master.
    #[error("the spool {} is full: {returns} returns, {bytes} bytes wait for the master", path.display())]
    Full {
        /// The directory.
        path: PathBuf,
        /// How many returns wait.
        returns: usize,
        /// How large they are together.
        bytes: u64,
    },
}

/// The two directories.
#[derive(Debug)]
pub struct Spool {
    spool: PathBuf,
    proc: PathBuf,
    /// The directory itself: a file that was renamed survives a power cut when this is synced.
    dir: File,
    bounds: Bounds,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    /// The returns on disk, with their sizes.
    files: HashMap<String, u64>,
    bytes: u64,
    unwritten: HashMap<String, Return>,
}

impl Spool {
    /// `cachedir/spool` and `cachedir/proc`, made when they are missing.
    pub fn open(cachedir: &Path, bounds: Bounds) -> Result<Self, SpoolError> {
        let (spool, proc) = (cachedir.join("spool"), cachedir.join("proc"));
        for dir in [&spool, &proc] {
            let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
            made.map_err(|source| SpoolError::Io { what: "make the directory", path: dir.clone(), source })?;
        }
        let mut held = Held::default();
        let unreadable = |source| SpoolError::Io { what: "read", path: spool.clone(), source };
        let dir = File::open(&spool).map_err(unreadable)?;
        let entries = fs::read_dir(&spool).map_err(unreadable)?;
        for entry in entries.flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            if jid::is_valid(&name) {
                let size = entry.metadata().map_or(0, |m| m.len());
                held.bytes += size;
                held.files.insert(name, size);
            } else {
                // Half a file of a run that died.
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(Spool { spool, proc, dir, bounds, held: Mutex::new(held) })
    }

    /// Keeps a return until [`Spool::delivered`]; a job that has one is not interrupted any more.
    pub fn put(&self, ret: &Return) -> Kept {
        let error = match self.write(ret) {
            Ok(()) => {
                self.finished(&ret.jid);
                return Kept::OnDisk;
            }
            Err(error) => error,
        };
        let mut held = self.lock();
        if held.unwritten.len() >= UNWRITTEN || matches!(error, SpoolError::Codec(_)) {
            return Kept::Nowhere(error);
        }
        held.unwritten.insert(ret.jid.clone(), ret.clone());
        Kept::InMemory(error)
    }

    /// Keeps a return that is worth no more than its room: within the bounds on disk, otherwise in memory.
    pub fn put_if_room(&self, ret: &Return) -> Kept {
        match self.room(0) {
            Ok(()) => self.put(ret),
            Err(error) => {
                let mut held = self.lock();
                if held.unwritten.len() >= UNWRITTEN {
                    return Kept::Nowhere(error);
                }
                held.unwritten.insert(ret.jid.clone(), ret.clone());
                Kept::InMemory(error)
            }
        }
    }

    /// On disk when this returns, name and all.
    fn write(&self, ret: &Return) -> Result<(), SpoolError> {
        let bytes = message::encode(ret)?;
        let path = self.spool.join(file_name(&ret.jid)?);
        let written = write_atomic(&path, &bytes, 0o600).and_then(|()| self.dir.sync_all());
        written.map_err(|source| SpoolError::Io { what: "write", path, source })?;
        let size = bytes.len() as u64;
        let mut held = self.lock();
        held.bytes += size;
        if let Some(before) = held.files.insert(ret.jid.clone(), size) {
            held.bytes = held.bytes.saturating_sub(before);
        }
        held.unwritten.remove(&ret.jid);
        Ok(())
    }

    /// A return that waits for the master; on disk by now, if the disk takes it.
    pub fn get(&self, jid: &str) -> Option<Return> {
        let unwritten = self.lock().unwritten.get(jid).cloned();
        if let Some(ret) = unwritten {
            if self.room(0).is_ok() && self.write(&ret).is_ok() {
                self.finished(jid);
            }
            return Some(ret);
        }
        let bytes = fs::read(self.spool.join(file_name(jid).ok()?)).ok()?;
        match message::decode(&bytes) {
            Ok(ret) => Some(ret),
            Err(error) => {
                tracing::error!(jid, %error, "a return in the spool cannot be read");
                None
            }
        }
    }

    /// The jids of all returns that wait, oldest first.
    pub fn waiting(&self) -> Vec<String> {
        let held = self.lock();
        let mut jids: Vec<String> = held.files.keys().chain(held.unwritten.keys()).cloned().collect();
        drop(held);
        jids.sort_unstable();
        jids
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        let held = self.lock();
        held.files.is_empty() && held.unwritten.is_empty()
    }

    /// Whether a return of this job waits.
    pub fn holds(&self, jid: &str) -> bool {
        let held = self.lock();
        held.files.contains_key(jid) || held.unwritten.contains_key(jid)
    }

    /// The master has it, or will never take it.
    pub fn delivered(&self, jid: &str) {
        let mut held = self.lock();
        let unwritten = held.unwritten.remove(jid).is_some();
        let size = held.files.remove(jid);
        held.bytes = held.bytes.saturating_sub(size.unwrap_or(0));
        drop(held);
        if unwritten {
            self.finished(jid);
        }
        let (Some(_), Ok(name)) = (size, file_name(jid)) else { return };
        let path = self.spool.join(name);
        if let Err(error) = fs::remove_file(&path) {
            tracing::warn!(path = %path.display(), %error, "a delivered return stays in the spool");
        }
    }

    /// Whether there is room for one more return beside those of `running` jobs.
    pub fn room(&self, running: usize) -> Result<(), SpoolError> {
        let held = self.lock();
        if held.files.len() + running >= self.bounds.returns || held.bytes >= self.bounds.bytes {
            let (returns, bytes) = (held.files.len(), held.bytes);
            return Err(SpoolError::Full { path: self.spool.clone(), returns, bytes });
        }
        Ok(())
    }

    /// A job begins. Fails on a full disk, so that no job runs whose return could not be kept.
    pub fn started(&self, job: &Job) -> Result<(), SpoolError> {
        let path = self.proc.join(file_name(&job.jid)?);
        // Not synced: it tells of a minion that died, not of a machine that did.
        fs::write(&path, message::encode(job)?).map_err(|source| SpoolError::Io {
            what: "write",
            path,
            source,
        })
    }

    /// A job's return is in the spool.
    pub fn finished(&self, jid: &str) {
        if let Ok(name) = file_name(jid) {
            let _ = fs::remove_file(self.proc.join(name));
        }
    }

    /// Jobs that had begun when an earlier run ended. Those whose return is in the spool were finished.
    pub fn interrupted(&self) -> Vec<Job> {
        let mut jobs = Vec::new();
        for entry in fs::read_dir(&self.proc).into_iter().flatten().flatten() {
            let job = fs::read(entry.path()).ok().and_then(|b| message::decode::<Job>(&b).ok());
            match job {
                Some(job) if jid::is_valid(&job.jid) && !self.holds(&job.jid) => jobs.push(job),
                _ => {
                    let _ = fs::remove_file(entry.path());
                }
            }
        }
        jobs
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A jid comes from the master: it names a file only when it is one.
fn file_name(jid: &str) -> Result<&str, SpoolError> {
    if jid::is_valid(jid) {
        Ok(jid)
    } else {
        let source = io::Error::new(io::ErrorKind::InvalidInput, "not a job id");
        Err(SpoolError::Io { what: "use as a file name", path: jid.into(), source })
    }
}
