//! What master and minion say to each other, one file per subject, and the one way it becomes bytes.
//!
//! Everything is msgpack with field names, so that a later version may add fields: readers ignore
//! what they do not know and take a default for what is missing.

pub mod auth;
pub mod control;
pub mod event;
pub mod file;
pub mod job;
pub mod pillar;
pub mod publish;
pub mod returns;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use auth::{AuthState, Hello, Welcome};
pub use control::{ControlReply, ControlRequest};
pub use event::Event;
pub use file::{ChunkRequest, FileChunk, FileInfo, FileRequest};
pub use job::{Job, TargetType};
pub use pillar::PillarRequest;
pub use publish::Published;
pub use returns::Return;

/// The nesting that a message may have; deeper ones are refused before they can use up the stack.
pub const MAX_DEPTH: usize = 160;

/// Why bytes are not a message, or a message could not become bytes.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The message could not be written.
    #[error("cannot encode message: {0}")]
    Encode(#[from] rmp_serde::encode::Error),
    /// The bytes are not that message.
    #[error("cannot decode message: {0}")]
    Decode(#[from] rmp_serde::decode::Error),
}

/// A message as bytes.
pub fn encode<T: Serialize + ?Sized>(message: &T) -> Result<Vec<u8>, CodecError> {
    Ok(rmp_serde::to_vec_named(message)?)
}

/// The message in `bytes`. Nesting is limited and nothing is allocated from an announced length.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    let mut reader = rmp_serde::Deserializer::from_read_ref(bytes);
    reader.set_max_depth(MAX_DEPTH);
    Ok(T::deserialize(&mut reader)?)
}

/// Everything that a minion sends in its session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ToMaster {
    /// A request that the master answers with [`ToMinion::Reply`] under the same number.
    Request {
        /// Number of the request, chosen by the minion, unique in the session.
        id: u64,
        /// What is asked.
        body: Request,
    },
    /// Answer to [`ToMinion::JobQuery`].
    JobStatus {
        /// Number of the query.
        id: u64,
        /// The jids asked about that are running, or finished with a return still to be delivered.
        running: Vec<String>,
    },
    /// A publish has arrived over the publish port: jobs need not be sent down the session any more.
    Subscribed,
    /// There is a gap behind this sequence number: send again what came after it.
    Missed {
        /// The last number up to which nothing is missing.
        from_seq: u64,
    },
    /// Sign of life.
    Heartbeat,
    /// The minion stops, on purpose: it is not connected from here on.
    Goodbye,
}

/// A request from minion to master.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Request {
    /// The minion's grains, for targeting on the master. Answered with [`Reply::Done`].
    Grains(data::Value),
    /// The minion's pillar. Answered with [`Reply::Value`].
    Pillar(PillarRequest),
    /// Size and hash of a file. Answered with [`Reply::FileInfo`].
    FileInfo(FileRequest),
    /// A piece of a file. Answered with [`Reply::FileChunk`].
    FileChunk(ChunkRequest),
    /// The paths of all files of an environment. Answered with [`Reply::Names`].
    FileList {
        /// The environment.
        saltenv: String,
    },
    /// The paths of all directories of an environment. Answered with [`Reply::Names`].
    FileDirs {
        /// The environment.
        saltenv: String,
    },
    /// The names of the environments. Answered with [`Reply::Names`].
    FileEnvs,
    /// The outcome of a job. Answered with [`Reply::Done`] once it is on the master's disk.
    Return(Box<Return>),
    /// An event for the master's event bus. Answered with [`Reply::Done`].
    Event(Event),
    /// Is anybody there? Answered with [`Reply::Done`].
    Ping,
    /// What the master's config says of states. Answered with [`Reply::Value`]: a dict.
    MasterOpts,
}

/// The answer to a [`Request`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Reply {
    /// Done.
    Done,
    /// A value, the pillar for one.
    Value(data::Value),
    /// Size and hash of a file; none when there is no such file.
    FileInfo(Option<FileInfo>),
    /// A piece of a file.
    FileChunk(FileChunk),
    /// File paths or environment names.
    Names(Vec<String>),
    /// The request failed, through no fault of its own: it may be sent again.
    Error(String),
    /// The request is refused, and would be again.
    Refused(String),
}

/// Everything that the master sends in a session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ToMinion {
    /// What the master makes of the minion's key; sent after the handshake and on every change.
    Auth(AuthState),
    /// The key of the group has changed.
    GroupKey(auth::GroupKey),
    /// A job, sent down the session because the minion may not have had it over the publish port.
    Job(Published),
    /// The answer to request `id`.
    Reply {
        /// Number of the request.
        id: u64,
        /// The answer.
        body: Reply,
    },
    /// Which of these jobs are running? Answered with [`ToMaster::JobStatus`].
    JobQuery {
        /// Number of the query.
        id: u64,
        /// The jobs asked about.
        jids: Vec<String>,
    },
    /// Sign of life.
    Heartbeat {
        /// Sequence number of the latest publish: tells a minion that the last one was dropped.
        seq: u64,
        /// The master's clock, seconds since the epoch.
        time: f64,
    },
    /// The master stops, on purpose: connect again.
    Goodbye,
}
