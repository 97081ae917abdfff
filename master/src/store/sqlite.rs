//! The embedded store: SQLite in WAL mode, one thread that writes and commits in groups.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use data::Value;
use proto::message::{self, Job, Return};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use tokio::sync::oneshot;

use super::{Commit, Inner, JobFilter, Owed, Recorded, Seen, Store, StoreError, StoredJob};
use crate::duration::now;

/// The newest schema; the database keeps its own in `user_version`.
const SCHEMA_VERSION: i64 = 2;
/// Writes that may wait. When they do, further ones are refused with [`StoreError::Full`]: a return is then
/// not acked, and its minion sends it again.
const QUEUE: usize = 8192;
/// Writes in one commit at most, so that the first of a long run does not wait for all.
const GROUP: usize = 1024;
/// Readers kept open when idle.
const IDLE_READERS: usize = 4;

const SCHEMA: &str = "
CREATE TABLE jobs (jid TEXT PRIMARY KEY, issued REAL NOT NULL, expires REAL NOT NULL, job BLOB NOT NULL,
                   minions BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX jobs_issued ON jobs (issued);
CREATE TABLE returns (jid TEXT NOT NULL, id TEXT NOT NULL, received REAL NOT NULL, body BLOB NOT NULL,
                      PRIMARY KEY (jid, id)) WITHOUT ROWID;
CREATE INDEX returns_received ON returns (received);
CREATE TABLE grains (id TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
";
/// What version 2 has more.
const SCHEMA_2: &str = "
CREATE TABLE seen (id TEXT PRIMARY KEY, time REAL NOT NULL, address TEXT NOT NULL) WITHOUT ROWID;
";

/// One write, run inside the group's transaction; it answers after the commit.
type Write = Box<dyn FnOnce(&Transaction<'_>) -> Answer + Send>;
/// What to tell the one who asked, once the commit is done or has failed.
type Answer = Box<dyn FnOnce(Result<(), String>) + Send>;

/// The store in one SQLite file.
pub struct SqliteStore {
    file: PathBuf,
    /// None after [`Drop`] has begun; the thread ends when it is gone.
    queue: Option<SyncSender<Write>>,
    writer: Option<JoinHandle<()>>,
    readers: Mutex<Vec<Connection>>,
}

impl SqliteStore {
    /// Opens the database, or makes it; its directory too.
    pub fn open(file: &Path) -> Result<Self, StoreError> {
        let fail = |source: Box<dyn std::error::Error + Send + Sync>| StoreError::Open {
            file: file.display().to_string(),
            source,
        };
        if let Some(dir) = file.parent() {
            std::fs::create_dir_all(dir).map_err(|e| fail(e.into()))?;
        }
        create_private(file).map_err(|e| fail(e.into()))?;
        let connection = connect(file).map_err(|e| fail(e.into()))?;
        let found: i64 =
            connection.pragma_query_value(None, "user_version", |r| r.get(0)).map_err(|e| fail(e.into()))?;
        if found > SCHEMA_VERSION {
            return Err(StoreError::Newer { file: file.display().to_string(), found, known: SCHEMA_VERSION });
        }
        let missing = match found {
            0 => [SCHEMA, SCHEMA_2].concat(),
            1 => SCHEMA_2.to_owned(),
            _ => String::new(),
        };
        if !missing.is_empty() {
            connection
                .execute_batch(&format!("BEGIN; {missing} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"))
                .map_err(|e| fail(e.into()))?;
        }
        let (queue, writes) = sync_channel(QUEUE);
        let writer = std::thread::Builder::new()
            .name("job-store".into())
            .spawn(move || write_all(connection, &writes))
            .map_err(|e| fail(e.into()))?;
        Ok(SqliteStore {
            file: file.to_owned(),
            queue: Some(queue),
            writer: Some(writer),
            readers: Mutex::default(),
        })
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Commit<T> {
        let (tell, answer) = oneshot::channel();
        let write: Write = Box::new(move |transaction| {
            let done = work(transaction);
            Box::new(move |committed| {
                // Nobody has to be interested.
                let _ = tell.send(match committed {
                    Ok(()) => done,
                    Err(e) => Err(StoreError::Database(e)),
                });
            })
        });
        match self.queue.as_ref().map(|q| q.try_send(write)) {
            Some(Ok(())) => Commit(Inner::Waiting(answer)),
            Some(Err(TrySendError::Full(_))) => Commit::refused(StoreError::Full),
            Some(Err(TrySendError::Disconnected(_))) | None => Commit::refused(StoreError::Closed),
        }
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connect(&self.file)?,
        };
        let result = work(&connection);
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < IDLE_READERS {
            readers.push(connection);
        }
        result
    }
}

/// Finishes what is queued.
impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has been reported by the panic hook.
            let _ = writer.join();
        }
    }
}

/// Job arguments hold secrets: the database is its owner's alone, as SQLite then makes its side files, too.
fn create_private(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => Err(e),
        _ => Ok(()),
    }
}

fn connect(file: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // An ack promises that the return survives a power cut, which NORMAL does not in WAL mode.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -1024)?;
    Ok(connection)
}

/// Takes what waits, commits it at once, answers; an idle store commits a single write without a pause.
fn write_all(mut connection: Connection, writes: &Receiver<Write>) {
    let mut left: VecDeque<Write> = VecDeque::new();
    loop {
        if left.is_empty() {
            let Ok(first) = writes.recv() else { return };
            left.push_back(first);
        }
        left.extend(writes.try_iter().take(GROUP.saturating_sub(left.len())));
        let mut answers = Vec::new();
        let committed = match connection.transaction() {
            Ok(transaction) => {
                while let Some(write) = left.pop_front() {
                    answers.push(write(&transaction));
                    // A full disk ends the transaction: what was in it is gone, and what comes after it would be
                    // on its own.
                    if transaction.is_autocommit() {
                        break;
                    }
                }
                transaction.commit().map_err(|e| e.to_string())
            }
            Err(e) => {
                // The writes are dropped, and with them their senders: the askers see `Closed`.
                tracing::error!("job store: cannot begin a transaction: {e}");
                left.clear();
                continue;
            }
        };
        if let Err(e) = &committed {
            tracing::error!("job store: cannot commit: {e}");
        }
        for answer in answers {
            answer(committed.clone());
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(e: rusqlite::Error) -> Self {
        StoreError::Database(e.to_string())
    }
}

impl From<message::CodecError> for StoreError {
    fn from(e: message::CodecError) -> Self {
        StoreError::Codec(e.to_string())
    }
}

fn decode_value(bytes: &[u8]) -> Result<Value, StoreError> {
    data::msgpack::decode(bytes).map_err(|e| StoreError::Codec(e.to_string()))
}

fn stored_job(row: &rusqlite::Row<'_>) -> Result<(Vec<u8>, Vec<u8>), rusqlite::Error> {
    Ok((row.get(0)?, row.get(1)?))
}

fn decode_job((job, minions): (Vec<u8>, Vec<u8>)) -> Result<StoredJob, StoreError> {
    Ok(StoredJob { job: message::decode(&job)?, minions: message::decode(&minions)? })
}

impl Store for SqliteStore {
    fn add_job(&self, job: Job, minions: Vec<String>) -> Commit<Recorded> {
        self.write(move |t| {
            let body = message::encode(&job)?;
            let minions = message::encode(&minions)?;
            let added = t
                .prepare_cached("INSERT OR IGNORE INTO jobs VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute(params![job.jid, job.issued, job.expires_at(), body, minions])?;
            Ok(if added == 1 { Recorded::New } else { Recorded::Known })
        })
    }

    fn add_return(&self, ret: Return) -> Commit<Recorded> {
        self.write(move |t| {
            let body = message::encode(&ret)?;
            let added = t
                .prepare_cached("INSERT OR IGNORE INTO returns VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![ret.jid, ret.id, now(), body])?;
            Ok(if added == 1 { Recorded::New } else { Recorded::Known })
        })
    }

    fn put_grains(&self, id: &str, grains: &Value) -> Commit<()> {
        let (id, grains) = (id.to_owned(), grains.clone());
        self.write(move |t| {
            let body = data::msgpack::encode(&grains);
            t.prepare_cached("INSERT OR REPLACE INTO grains VALUES (?1, ?2)")?.execute(params![id, body])?;
            Ok(())
        })
    }

    fn forget(&self, id: &str) -> Commit<()> {
        let id = id.to_owned();
        self.write(move |t| {
            t.execute("DELETE FROM grains WHERE id = ?1", [&id])?;
            t.execute("DELETE FROM seen WHERE id = ?1", [&id])?;
            Ok(())
        })
    }

    fn note_seen(&self, seen: Vec<Seen>) -> Commit<()> {
        self.write(move |t| {
            let mut statement = t.prepare_cached("INSERT OR REPLACE INTO seen VALUES (?1, ?2, ?3)")?;
            for Seen { id, time, address } in seen {
                statement.execute(params![id, time, address])?;
            }
            Ok(())
        })
    }

    fn put(&self, name: &str, value: &[u8]) -> Commit<()> {
        let (name, value) = (name.to_owned(), value.to_owned());
        self.write(move |t| {
            t.execute("INSERT OR REPLACE INTO meta VALUES (?1, ?2)", params![name, value])?;
            Ok(())
        })
    }

    fn flush(&self) -> Commit<()> {
        self.write(|_| Ok(()))
    }

    fn delete_before(&self, time: f64) -> Commit<usize> {
        self.write(move |t| {
            let jobs = t.execute("DELETE FROM jobs WHERE issued < ?1", [time])?;
            // A late return of a kept job stays with it; one of a job that is gone goes in its own time.
            t.execute(
                "DELETE FROM returns WHERE received < ?1 AND jid NOT IN (SELECT jid FROM jobs)",
                [time],
            )?;
            Ok(jobs)
        })
    }

    fn job(&self, jid: &str) -> Result<Option<StoredJob>, StoreError> {
        self.read(|c| {
            c.prepare_cached("SELECT job, minions FROM jobs WHERE jid = ?1")?
                .query_row([jid], stored_job)
                .optional()?
                .map(decode_job)
                .transpose()
        })
    }

    fn jobs(&self, filter: &JobFilter) -> Result<Vec<StoredJob>, StoreError> {
        let since = filter.since.unwrap_or(f64::MIN);
        let until = filter.until.unwrap_or(f64::MAX);
        let unexpired = filter.unexpired_at.unwrap_or(f64::MIN);
        let limit = filter.limit.map_or(-1, |l| i64::try_from(l).unwrap_or(-1));
        self.read(|c| {
            let mut statement = c.prepare_cached(
                "SELECT job, minions FROM jobs WHERE issued >= ?1 AND issued < ?2 AND expires > ?3
                 ORDER BY jid DESC LIMIT ?4",
            )?;
            let rows = statement.query_map(params![since, until, unexpired, limit], stored_job)?;
            let mut jobs = rows.map(|r| decode_job(r?)).collect::<Result<Vec<_>, StoreError>>()?;
            jobs.reverse();
            Ok(jobs)
        })
    }

    fn returns(&self, jid: &str) -> Result<Vec<Return>, StoreError> {
        self.read(|c| {
            let mut statement = c.prepare_cached("SELECT body FROM returns WHERE jid = ?1 ORDER BY id")?;
            let rows = statement.query_map([jid], |r| r.get::<_, Vec<u8>>(0))?;
            rows.map(|r| Ok(message::decode(&r?)?)).collect()
        })
    }

    fn return_of(&self, jid: &str, id: &str) -> Result<Option<Return>, StoreError> {
        self.read(|c| {
            c.prepare_cached("SELECT body FROM returns WHERE jid = ?1 AND id = ?2")?
                .query_row([jid, id], |r| r.get::<_, Vec<u8>>(0))
                .optional()?
                .map(|body| Ok(message::decode(&body)?))
                .transpose()
        })
    }

    fn owed(&self, expired_at: f64, minions: usize) -> Result<Vec<Owed>, StoreError> {
        self.read(|c| {
            let mut jobs =
                c.prepare("SELECT jid, minions FROM jobs WHERE expires <= ?1 ORDER BY jid DESC")?;
            let mut returned = c.prepare("SELECT id FROM returns WHERE jid = ?1")?;
            let mut rows = jobs.query([expired_at])?;
            let (mut owed, mut looked_at) = (Vec::new(), 0);
            while let Some(row) = rows.next()?
                && looked_at < minions
            {
                let jid: String = row.get(0)?;
                let mut expected: Vec<String> = message::decode(&row.get::<_, Vec<u8>>(1)?)?;
                looked_at += expected.len();
                let ids = returned.query_map([&jid], |r| r.get(0))?;
                let ids = ids.collect::<Result<std::collections::HashSet<String>, _>>()?;
                expected.retain(|id| !ids.contains(id));
                if !expected.is_empty() {
                    owed.push(Owed { jid, minions: expected });
                }
            }
            owed.reverse();
            Ok(owed)
        })
    }

    fn returned(&self, jid: &str) -> Result<Vec<String>, StoreError> {
        self.read(|c| {
            let mut statement = c.prepare_cached("SELECT id FROM returns WHERE jid = ?1 ORDER BY id")?;
            let rows = statement.query_map([jid], |r| r.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    fn grains(&self, id: &str) -> Result<Option<Value>, StoreError> {
        self.read(|c| {
            c.prepare_cached("SELECT body FROM grains WHERE id = ?1")?
                .query_row([id], |r| r.get::<_, Vec<u8>>(0))
                .optional()?
                .map(|body| decode_value(&body))
                .transpose()
        })
    }

    fn all_grains(&self) -> Result<Vec<(String, Value)>, StoreError> {
        self.read(|c| {
            let mut statement = c.prepare_cached("SELECT id, body FROM grains ORDER BY id")?;
            let rows = statement.query_map([], |r| Ok((r.get::<_, String>(0)?, r.get::<_, Vec<u8>>(1)?)))?;
            rows.map(|r| {
                let (id, body) = r?;
                Ok((id, decode_value(&body)?))
            })
            .collect()
        })
    }

    fn seen(&self) -> Result<Vec<Seen>, StoreError> {
        self.read(|c| {
            let mut statement = c.prepare_cached("SELECT id, time, address FROM seen ORDER BY id")?;
            let rows = statement
                .query_map([], |r| Ok(Seen { id: r.get(0)?, time: r.get(1)?, address: r.get(2)? }))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|c| {
            Ok(c.query_row("SELECT value FROM meta WHERE name = ?1", [name], |r| r.get(0)).optional()?)
        })
    }

    fn last_jid(&self) -> Result<Option<String>, StoreError> {
        self.read(|c| Ok(c.query_row("SELECT max(jid) FROM jobs", [], |r| r.get(0))?))
    }
}
