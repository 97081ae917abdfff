//! The file server: what minions get under `salt://`, and what `fileserver.file_list` shows.

mod hashes;
mod roots;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use proto::config::MasterConfig;
use proto::message::file::CHUNK;
use proto::message::{ChunkRequest, FileChunk, FileInfo, FileRequest};

use hashes::Hashes;
use roots::{Ignore, Walk};

/// Why a file is not served; one line for the minion's log.
#[derive(Debug, thiserror::Error)]
pub enum FileServerError {
    /// The path is absolute, climbs out with `..`, or is none at all.
    #[error("refused to serve '{0}': the path leads outside the file roots")]
    Outside(String),
    /// The file went between two pieces.
    #[error("salt://{path} is not in saltenv '{saltenv}'")]
    Gone {
        /// The path.
        path: String,
        /// The environment.
        saltenv: String,
    },
    /// The file is there and cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Io {
        /// The file on the master.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// An entry of `file_ignore_regex` is no regex.
    #[error("file_ignore_regex: '{pattern}': {reason}")]
    IgnoreRegex {
        /// The entry.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// The paths of an environment, each kind sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Files.
    pub files: Vec<String>,
    /// Directories.
    pub dirs: Vec<String>,
    /// Directories with nothing in them.
    pub empty_dirs: Vec<String>,
    /// Symlinks and where they point.
    pub links: Vec<(String, String)>,
}

/// The file server over `file_roots`. Its calls block on the disk.
#[derive(Debug)]
pub struct FileServer {
    roots: proto::config::Roots,
    follow: bool,
    ignore: Ignore,
    hashes: Hashes,
}

impl FileServer {
    /// The file server of a master.
    pub fn new(config: &MasterConfig) -> Result<Self, FileServerError> {
        Self::over(config.file_roots.clone(), config)
    }

    /// The same over other roots: pillar has its own.
    pub fn over(roots: proto::config::Roots, config: &MasterConfig) -> Result<Self, FileServerError> {
        Ok(FileServer {
            roots,
            follow: config.fileserver_followsymlinks,
            ignore: Ignore::new(&config.file_ignore_regex, &config.file_ignore_glob)?,
            hashes: Hashes::default(),
        })
    }

    /// The environments, sorted.
    pub fn envs(&self) -> Vec<String> {
        let mut envs: Vec<String> = self.roots.envs().map(str::to_owned).collect();
        envs.sort();
        envs
    }

    /// The paths of all files of an environment, sorted; none for an unknown one.
    pub fn list(&self, saltenv: &str) -> Vec<String> {
        self.listing(saltenv).files
    }

    /// Everything in an environment.
    pub fn listing(&self, saltenv: &str) -> Listing {
        Walk::new(self.follow, &self.ignore).all(&self.dirs(saltenv))
    }

    /// Where a file is on the master; none when no root of the environment has it.
    pub fn find(&self, path: &str, saltenv: &str) -> Result<Option<PathBuf>, FileServerError> {
        let path = roots::relative(path).ok_or_else(|| FileServerError::Outside(path.to_owned()))?;
        Ok(self.dirs(saltenv).iter().find_map(|root| roots::find(root, &path, self.follow, &self.ignore)))
    }

    /// Size, hash and mode of a file; none when there is no such file.
    pub fn info(&self, request: &FileRequest) -> Result<Option<FileInfo>, FileServerError> {
        let Some(path) = self.find(&request.path, &request.saltenv)? else { return Ok(None) };
        let fail = |source| FileServerError::Io { path: path.clone(), source };
        let mut file = File::open(&path).map_err(fail)?;
        let about = file.metadata().map_err(fail)?;
        let sha256 = self.hashes.sha256(&path, &about, &mut file).map_err(fail)?;
        Ok(Some(FileInfo { size: about.len(), sha256, mode: about.mode() & 0o7777 }))
    }

    /// A piece of a file; no longer than [`CHUNK`].
    pub fn chunk(&self, request: &ChunkRequest) -> Result<FileChunk, FileServerError> {
        let FileRequest { path, saltenv } = &request.file;
        let found = self
            .find(path, saltenv)?
            .ok_or_else(|| FileServerError::Gone { path: path.clone(), saltenv: saltenv.clone() })?;
        let fail = |source| FileServerError::Io { path: found.clone(), source };
        let mut file = File::open(&found).map_err(fail)?;
        let size = file.metadata().map_err(fail)?.len();
        file.seek(SeekFrom::Start(request.offset)).map_err(fail)?;
        let mut data = Vec::new();
        file.take(u64::from(request.length.min(CHUNK))).read_to_end(&mut data).map_err(fail)?;
        Ok(FileChunk { data, size })
    }

    /// The directories of an environment, `__env__` in their names replaced where it stands for any.
    fn dirs(&self, saltenv: &str) -> Vec<PathBuf> {
        let named = self.roots.envs().any(|e| e == saltenv);
        let dirs = self.roots.of(saltenv).unwrap_or_default();
        if named {
            return dirs.to_vec();
        }
        // The name comes from the minion and becomes part of a path.
        if roots::relative(saltenv).is_none() {
            return Vec::new();
        }
        dirs.iter().map(|d| d.to_string_lossy().replace("__env__", saltenv).into()).collect()
    }
}
