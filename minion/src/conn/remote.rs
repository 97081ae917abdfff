//! Files and pillar from the master, for modules on their threads: calls that block until the
//! connection has an answer.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use data::{Dict, Value};
use proto::message::file::CHUNK;
use proto::message::{ChunkRequest, Event, FileChunk, FileInfo, FileRequest, PillarRequest, Reply, Request};
use tokio::sync::{mpsc, oneshot};

use crate::caller::EventSink;
use crate::fileclient::{FetchError, FileClient, FileStat};
use crate::pillar::{PillarError, PillarSource};

/// Requests that wait to be sent; a module that asks for more waits.
const WAITING: usize = 16;
/// Listings are used for so long: a state run asks for them over and over.
const LISTING: Duration = Duration::from_secs(2);
/// A file that keeps changing while it is read is given up after so many tries.
const TRIES: usize = 3;
/// A file that is fetched into memory (an SLS file, a template) may have so many bytes.
const IN_MEMORY: u64 = 64 << 20;

/// A request on its way to the connection.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) body: Request,
    pub(super) answer: oneshot::Sender<Reply>,
    pub(super) until: Instant,
}

/// Asks the master. Clones share the connection.
#[derive(Clone, Debug)]
pub struct Asker {
    queue: mpsc::Sender<Ask>,
    limit: Duration,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// None in time: no connection, or a master that is busy.
    #[error("the master did not answer within {} s", .0.as_secs())]
    Time(Duration),
    /// The minion stops.
    #[error("the minion stops")]
    Stopped,
    /// The master says no.
    #[error("{0}")]
    Refused(String),
    /// An answer to another question.
    #[error("the master's answer does not fit the request")]
    Misfit,
}

impl Asker {
    pub(super) fn new(limit: Duration) -> (Self, mpsc::Receiver<Ask>) {
        let (queue, receiver) = mpsc::channel(WAITING);
        (Asker { queue, limit }, receiver)
    }

    /// Asks and waits. Not for async code.
    pub fn ask(&self, body: Request) -> Result<Reply, AskError> {
        let (answer, wait) = oneshot::channel();
        let ask = Ask { body, answer, until: Instant::now() + self.limit };
        self.queue.blocking_send(ask).map_err(|_| AskError::Stopped)?;
        // The connection drops what is not answered in time.
        match wait.blocking_recv() {
            Ok(Reply::Error(why) | Reply::Refused(why)) => Err(AskError::Refused(why)),
            Ok(reply) => Ok(reply),
            Err(_) if self.queue.is_closed() => Err(AskError::Stopped),
            Err(_) => Err(AskError::Time(self.limit)),
        }
    }
}

impl EventSink for Asker {
    fn fire(&self, tag: &str, data: Value) -> Result<(), String> {
        let event = Event { tag: tag.to_owned(), data };
        self.ask(Request::Event(event)).map(drop).map_err(|error| error.to_string())
    }
}

/// The master's files, with a cache on this machine.
pub struct RemoteFiles {
    asker: Asker,
    cache: PathBuf,
    listings: Mutex<HashMap<(Listing, String), Listed>>,
}

/// Names, and when they were listed.
type Listed = (Instant, Arc<Vec<String>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Listing {
    Files,
    Dirs,
}

impl RemoteFiles {
    /// Files through `asker`, cached under `cachedir/files`.
    pub fn new(asker: Asker, cachedir: &Path) -> Self {
        RemoteFiles { asker, cache: cachedir.join("files"), listings: Mutex::default() }
    }

    fn info(&self, file: &FileRequest) -> Result<Option<FileInfo>, FetchError> {
        match self.asker.ask(Request::FileInfo(file.clone())).map_err(|e| failed(file, e))? {
            Reply::FileInfo(info) => Ok(info),
            _ => Err(failed(file, AskError::Misfit)),
        }
    }

    /// Writes the file to `out`. None when it changed on the way, so that what was written is no file.
    fn transfer(
        &self,
        file: &FileRequest,
        info: &FileInfo,
        out: &mut impl io::Write,
    ) -> Result<Option<()>, FetchError> {
        let mut hash = ring::digest::Context::new(&ring::digest::SHA256);
        let mut offset = 0;
        while offset < info.size {
            let request = ChunkRequest { file: file.clone(), offset, length: CHUNK };
            let chunk = match self.asker.ask(Request::FileChunk(request)).map_err(|e| failed(file, e))? {
                Reply::FileChunk(FileChunk { data, size }) if size == info.size => data,
                Reply::FileChunk(_) => return Ok(None),
                _ => return Err(failed(file, AskError::Misfit)),
            };
            if chunk.is_empty() || offset + chunk.len() as u64 > info.size {
                return Ok(None);
            }
            hash.update(&chunk);
            out.write_all(&chunk).map_err(|e| failed(file, e))?;
            offset += chunk.len() as u64;
        }
        Ok((hex(hash.finish().as_ref()) == info.sha256).then_some(()))
    }

    fn listing(&self, what: Listing, saltenv: &str) -> Result<Arc<Vec<String>>, FetchError> {
        let key = (what, saltenv.to_string());
        {
            let listings = self.listings.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((at, names)) = listings.get(&key)
                && at.elapsed() < LISTING
            {
                return Ok(Arc::clone(names));
            }
        }
        let env = saltenv.to_string();
        let request = match what {
            Listing::Files => Request::FileList { saltenv: env },
            Listing::Dirs => Request::FileDirs { saltenv: env },
        };
        let names = Arc::new(self.names(request, saltenv)?);
        let mut listings = self.listings.lock().unwrap_or_else(PoisonError::into_inner);
        listings.retain(|_, (at, _)| at.elapsed() < LISTING);
        listings.insert(key, (Instant::now(), Arc::clone(&names)));
        Ok(names)
    }

    fn names(&self, wanted: Request, saltenv: &str) -> Result<Vec<String>, FetchError> {
        match self.asker.ask(wanted) {
            Ok(Reply::Names(mut names)) => {
                names.sort_unstable();
                Ok(names)
            }
            Ok(_) => Err(failed(&request("", saltenv), AskError::Misfit)),
            Err(error) => Err(failed(&request("", saltenv), error)),
        }
    }

    /// Where a file is kept. Names come from SLS files: none may lead out of the cache.
    fn cached(&self, file: &FileRequest) -> Result<PathBuf, FetchError> {
        let inside = |part: &str| {
            !part.is_empty() && Path::new(part).components().all(|c| matches!(c, Component::Normal(_)))
        };
        if !inside(&file.path) || !inside(&file.saltenv) || file.saltenv.contains('/') {
            return Err(failed(file, "not a path below a file root"));
        }
        Ok(self.cache.join(&file.saltenv).join(&file.path))
    }
}

impl FileClient for RemoteFiles {
    fn fetch(&self, path: &str, saltenv: &str) -> Result<Option<Arc<[u8]>>, FetchError> {
        let file = request(path, saltenv);
        for _ in 0..TRIES {
            let Some(info) = self.info(&file)? else { return Ok(None) };
            if info.size > IN_MEMORY {
                return Err(failed(
                    &file,
                    format_args!("{} bytes are too many to be held in memory", info.size),
                ));
            }
            // What is cached already needs no second transfer.
            if let Ok(at) = self.cached(&file)
                && let Some(content) = read_verified(&at, &info)
            {
                return Ok(Some(content.into()));
            }
            let mut content = Vec::new();
            if self.transfer(&file, &info, &mut content)?.is_some() {
                return Ok(Some(content.into()));
            }
        }
        Err(failed(&file, "the file changed while it was read"))
    }

    fn stat(&self, path: &str, saltenv: &str) -> Result<Option<FileStat>, FetchError> {
        let info = self.info(&request(path, saltenv))?;
        Ok(info.map(|i| FileStat {
            hash: i.sha256,
            hash_type: "sha256".to_string(),
            size: i.size,
            mode: i.mode,
        }))
    }

    fn list(&self, saltenv: &str) -> Result<Arc<Vec<String>>, FetchError> {
        self.listing(Listing::Files, saltenv)
    }

    fn look_anew(&self) {
        self.listings.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn dirs(&self, saltenv: &str) -> Result<Arc<Vec<String>>, FetchError> {
        self.listing(Listing::Dirs, saltenv)
    }

    fn envs(&self) -> Result<Vec<String>, FetchError> {
        self.names(Request::FileEnvs, "")
    }

    fn master_opts(&self) -> Dict {
        match self.asker.ask(Request::MasterOpts) {
            Ok(Reply::Value(Value::Dict(opts))) => Arc::unwrap_or_clone(opts),
            Ok(_) => Dict::new(),
            Err(error) => {
                tracing::warn!("the master does not tell its options for states: {error}");
                Dict::new()
            }
        }
    }

    fn cache_file(&self, path: &str, saltenv: &str) -> Result<Option<PathBuf>, FetchError> {
        let file = request(path, saltenv);
        let at = self.cached(&file)?;
        for _ in 0..TRIES {
            let Some(info) = self.info(&file)? else { return Ok(None) };
            if is_cached(&at, &info) {
                return Ok(Some(at));
            }
            if self.download(&file, &info, &at)?.is_some() {
                return Ok(Some(at));
            }
        }
        Err(failed(&file, "the file changed while it was read"))
    }
}

impl RemoteFiles {
    fn download(&self, file: &FileRequest, info: &FileInfo, at: &Path) -> Result<Option<()>, FetchError> {
        let parent = at.parent().unwrap_or(at);
        fs::create_dir_all(parent).map_err(|e| failed(file, e))?;
        // Jobs side by side, and rsalt-call, may fetch the same file: each has its own name until the end.
        let mut new = at.as_os_str().to_os_string();
        new.push(format!(".{}.{:?}.part", std::process::id(), std::thread::current().id()));
        let new = PathBuf::from(new);
        let fetch = || {
            let _ = fs::remove_file(&new);
            let mut out = fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&new)
                .map_err(|e| failed(file, e))?;
            let done = self.transfer(file, info, &mut out)?;
            if done.is_some() {
                out.flush().and_then(|()| fs::rename(&new, at)).map_err(|e| failed(file, e))?;
            }
            Ok(done)
        };
        let done = fetch();
        if !matches!(done, Ok(Some(()))) {
            let _ = fs::remove_file(&new);
        }
        done
    }
}

/// The minion's pillar, from the master.
pub struct RemotePillar {
    asker: Asker,
    saltenv: Option<String>,
}

impl RemotePillar {
    /// Pillar through `asker`.
    pub fn new(asker: Asker, saltenv: Option<String>) -> Self {
        RemotePillar { asker, saltenv }
    }
}

impl PillarSource for RemotePillar {
    fn pillar(
        &self,
        grains: &Value,
        pillarenv: Option<&str>,
        over: Option<&Value>,
    ) -> Result<Value, PillarError> {
        self.pillar_with(grains, pillarenv, over, &Value::None)
    }

    fn pillar_with(
        &self,
        grains: &Value,
        pillarenv: Option<&str>,
        over: Option<&Value>,
        external: &Value,
    ) -> Result<Value, PillarError> {
        let request = PillarRequest {
            grains: grains.clone(),
            saltenv: self.saltenv.clone(),
            pillarenv: pillarenv.map(str::to_string),
            overrides: over.cloned().unwrap_or_default(),
            external: external.clone(),
        };
        match self.asker.ask(Request::Pillar(request)) {
            Ok(Reply::Value(pillar)) => Ok(pillar),
            Ok(_) => Err(PillarError { reason: AskError::Misfit.to_string() }),
            Err(error) => Err(PillarError { reason: error.to_string() }),
        }
    }
}

fn request(path: &str, saltenv: &str) -> FileRequest {
    FileRequest { path: path.to_string(), saltenv: saltenv.to_string() }
}

fn failed(file: &FileRequest, reason: impl std::fmt::Display) -> FetchError {
    FetchError { path: file.path.clone(), saltenv: file.saltenv.clone(), reason: reason.to_string() }
}

fn is_cached(at: &Path, info: &FileInfo) -> bool {
    let Ok(mut file) = fs::File::open(at) else { return false };
    if file.metadata().map_or(true, |m| m.len() != info.size) {
        return false;
    }
    let mut hash = Hasher(ring::digest::Context::new(&ring::digest::SHA256));
    io::copy(&mut file, &mut hash).is_ok() && hex(hash.0.finish().as_ref()) == info.sha256
}

struct Hasher(ring::digest::Context);

impl io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn read_verified(at: &Path, info: &FileInfo) -> Option<Vec<u8>> {
    if fs::metadata(at).ok()?.len() != info.size {
        return None;
    }
    let content = fs::read(at).ok()?;
    let hash = ring::digest::digest(&ring::digest::SHA256, &content);
    (hex(hash.as_ref()) == info.sha256).then_some(content)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
