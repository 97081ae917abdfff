//! What the master remembers: jobs, returns, the grains of the minions. Nothing above this trait knows
//! what is below it.

mod sqlite;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use data::Value;
use proto::message::{Job, Return};
use tokio::sync::oneshot;

pub use sqlite::SqliteStore;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be opened.
    #[error("cannot open the job store {file}: {source}")]
    Open {
        /// The database.
        file: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The database was written by a newer version.
    #[error(
        "the job store {file} has schema {found}, this version knows up to {known}: upgrade rsalt-master or move the file away"
    )]
    Newer {
        /// The database.
        file: String,
        /// Its schema version.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// The database refused.
    #[error("job store: {0}")]
    Database(String),
    /// What is stored cannot be read or written as a message.
    #[error("job store: {0}")]
    Codec(String),
    /// More is waiting to be written than the queue holds. Nothing was taken; the sender tries again.
    #[error("the job store is busy")]
    Full,
    /// The writer has ended.
    #[error("the job store is closed")]
    Closed,
}

/// Whether something was new to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It was not there and is now.
    New,
    /// It was there already, and what was there stays.
    Known,
}

/// A job with the minions that were expected to return when it was published.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredJob {
    /// The job as it was published.
    pub job: Job,
    /// Who was expected, sorted.
    pub minions: Vec<String>,
}

/// A job that has expired, and who has not returned it.
#[derive(Clone, Debug, PartialEq)]
pub struct Owed {
    /// The job.
    pub jid: String,
    /// The minions.
    pub minions: Vec<String>,
}

/// When a minion was connected for the last time.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The minion.
    pub id: String,
    /// Seconds since the epoch.
    pub time: f64,
    /// From where.
    pub address: String,
}

/// Which jobs [`Store::jobs`] gives.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    /// Only jobs issued at or after this time (seconds since the epoch).
    pub since: Option<f64>,
    /// Only jobs issued before this time.
    pub until: Option<f64>,
    /// Only jobs that may still be started at this time.
    pub unexpired_at: Option<f64>,
    /// The newest so many.
    pub limit: Option<usize>,
}

/// The master's memory.
///
/// Writes return at once; what they return resolves when the write is on disk. Reads block for as long as
/// the disk takes: from async code call the ones over many rows (`jobs`, `all_grains`) on a blocking thread.
pub trait Store: Send + Sync {
    /// Adds a job and the minions it expects.
    fn add_job(&self, job: Job, minions: Vec<String>) -> Commit<Recorded>;
    /// Adds a return. The first one of a minion for a job stays.
    fn add_return(&self, ret: Return) -> Commit<Recorded>;
    /// Keeps a minion's grains.
    fn put_grains(&self, id: &str, grains: &Value) -> Commit<()>;
    /// Notes that minions are connected, or were until now.
    fn note_seen(&self, seen: Vec<Seen>) -> Commit<()>;
    /// Forgets a minion: its grains, and when it was seen. Its returns stay with their jobs.
    fn forget(&self, id: &str) -> Commit<()>;
    /// Keeps a value of the master's own (`epoch`, for one) under a name.
    fn put(&self, name: &str, value: &[u8]) -> Commit<()>;
    /// Everything written before is on disk when this is.
    fn flush(&self) -> Commit<()>;
    /// Deletes jobs issued, and returns received, before a time. How many jobs went comes back.
    fn delete_before(&self, time: f64) -> Commit<usize>;

    /// One job.
    fn job(&self, jid: &str) -> Result<Option<StoredJob>, StoreError>;
    /// Jobs, oldest first.
    fn jobs(&self, filter: &JobFilter) -> Result<Vec<StoredJob>, StoreError>;
    /// The returns of a job, by minion.
    fn returns(&self, jid: &str) -> Result<Vec<Return>, StoreError>;
    /// The return of one minion.
    fn return_of(&self, jid: &str, id: &str) -> Result<Option<Return>, StoreError>;
    /// Jobs that had expired at this time and that not everybody has returned, oldest first: among the newest,
    /// up to so many minions in all.
    fn owed(&self, expired_at: f64, minions: usize) -> Result<Vec<Owed>, StoreError>;
    /// Which minions have returned, without reading what they returned.
    fn returned(&self, jid: &str) -> Result<Vec<String>, StoreError>;
    /// A minion's grains.
    fn grains(&self, id: &str) -> Result<Option<Value>, StoreError>;
    /// Everybody's grains, by minion.
    fn all_grains(&self) -> Result<Vec<(String, Value)>, StoreError>;
    /// When the minions were seen for the last time, by minion.
    fn seen(&self) -> Result<Vec<Seen>, StoreError>;
    /// What [`Store::put`] kept.
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// The newest jid, for [`proto::jid::Generator::after`].
    fn last_jid(&self) -> Result<Option<String>, StoreError>;
}

/// A write on its way to the disk: await it, [`Commit::wait`] for it, or drop it and do not know.
#[derive(Debug)]
#[must_use = "a write may fail; await it or say that it does not matter"]
pub struct Commit<T>(Inner<T>);

#[derive(Debug)]
enum Inner<T> {
    Waiting(oneshot::Receiver<Result<T, StoreError>>),
    Refused(Option<StoreError>),
}

impl<T> Commit<T> {
    fn refused(error: StoreError) -> Self {
        Commit(Inner::Refused(Some(error)))
    }

    /// Blocks until the write is on disk. Not for async code.
    pub fn wait(self) -> Result<T, StoreError> {
        match self.0 {
            Inner::Waiting(answer) => answer.blocking_recv().unwrap_or(Err(StoreError::Closed)),
            Inner::Refused(error) => Err(error.unwrap_or(StoreError::Closed)),
        }
    }
}

impl<T> Future for Commit<T>
where
    T: Unpin,
{
    type Output = Result<T, StoreError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Inner::Waiting(answer) => Pin::new(answer).poll(cx).map(|r| r.unwrap_or(Err(StoreError::Closed))),
            Inner::Refused(error) => Poll::Ready(Err(error.take().unwrap_or(StoreError::Closed))),
        }
    }
}
