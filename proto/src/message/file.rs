//! Files from the master's file server.

use serde::{Deserialize, Serialize};

/// The largest piece of a file that is asked for at once.
pub const CHUNK: u32 = 256 * 1024;

/// Which file: a path below the roots of an environment, without `salt://`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRequest {
    /// The path.
    pub path: String,
    /// The environment.
    pub saltenv: String,
}

/// What is known of a file without reading it over the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileInfo {
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the content, as lower-case hex.
    pub sha256: String,
    /// Permission bits.
    pub mode: u32,
}

/// Which piece of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkRequest {
    /// The file.
    pub file: FileRequest,
    /// Where the piece starts.
    pub offset: u64,
    /// How long it may be; the master sends no more than [`CHUNK`].
    pub length: u32,
}

/// A piece of a file. A piece shorter than asked for is the last one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChunk {
    /// The bytes.
    #[serde(with = "serde_bytes")]
    pub data: Vec<u8>,
    /// The size of the whole file as it is now: a change tells the minion to start again.
    pub size: u64,
}
