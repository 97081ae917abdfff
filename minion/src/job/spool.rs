//! Returns that the master does not have yet, and jobs that have begun: one file each.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use proto::jid;
use proto::keys::write_atomic;
use proto::message::{self, CodecError, Job, Return};

/// Returns at most; with so many waiting, new jobs are refused.
const MAX_RETURNS: usize = 10_000;
/// Bytes of them at most.
const MAX_BYTES: u64 = 512 << 20;

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
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    jids: HashSet<String>,
    bytes: u64,
}

impl Spool {
    /// `cachedir/spool` and `cachedir/proc`, made when they are missing.
    pub fn open(cachedir: &Path) -> Result<Self, SpoolError> {
        let (spool, proc) = (cachedir.join("spool"), cachedir.join("proc"));
        for dir in [&spool, &proc] {
            let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
            made.map_err(|source| SpoolError::Io { what: "make the directory", path: dir.clone(), source })?;
        }
        let mut held = Held::default();
        let entries = fs::read_dir(&spool).map_err(|source| SpoolError::Io {
            what: "read",
            path: spool.clone(),
            source,
        })?;
        for entry in entries.flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            if jid::is_valid(&name) {
                held.bytes += entry.metadata().map_or(0, |m| m.len());
                held.jids.insert(name);
            } else {
                // Half a file of a run that died.
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(Spool { spool, proc, held: Mutex::new(held) })
    }

    /// Keeps a return until [`Spool::delivered`]. On disk when this returns.
    pub fn put(&self, ret: &Return) -> Result<(), SpoolError> {
        let bytes = message::encode(ret)?;
        let path = self.spool.join(file_name(&ret.jid)?);
        write_atomic(&path, &bytes, 0o600).map_err(|source| SpoolError::Io {
            what: "write",
            path,
            source,
        })?;
        let mut held = self.lock();
        held.bytes += bytes.len() as u64;
        held.jids.insert(ret.jid.clone());
        Ok(())
    }

    /// A return that waits for the master.
    pub fn get(&self, jid: &str) -> Option<Return> {
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
        let mut jids: Vec<String> = self.lock().jids.iter().cloned().collect();
        jids.sort_unstable();
        jids
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.lock().jids.is_empty()
    }

    /// Whether a return of this job waits.
    pub fn holds(&self, jid: &str) -> bool {
        self.lock().jids.contains(jid)
    }

    /// The master has it, or will never take it.
    pub fn delivered(&self, jid: &str) {
        let mut held = self.lock();
        if !held.jids.remove(jid) {
            return;
        }
        let Ok(name) = file_name(jid) else { return };
        let path = self.spool.join(name);
        let size = fs::metadata(&path).map_or(0, |m| m.len());
        held.bytes = held.bytes.saturating_sub(size);
        drop(held);
        if let Err(error) = fs::remove_file(&path) {
            tracing::warn!(path = %path.display(), %error, "a delivered return stays in the spool");
        }
    }

    /// Whether there is room for one more return.
    pub fn room(&self) -> Result<(), SpoolError> {
        let held = self.lock();
        if held.jids.len() >= MAX_RETURNS || held.bytes >= MAX_BYTES {
            let (returns, bytes) = (held.jids.len(), held.bytes);
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
