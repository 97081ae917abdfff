//! What the command line tools and the master say to each other over the unix socket
//! `sock_dir/master.sock`.
//!
//! A connection carries one [`ControlRequest`] and the [`ControlReply`]s to it, the last of which is
//! [`ControlReply::Done`] or [`ControlReply::Error`]. On the socket each message is a big-endian
//! length of four bytes and msgpack. A client that hangs up ends the waiting, never the job.

use std::io::{Read, Write};

use data::Value;
use serde::{Deserialize, Serialize};

use super::{Event, Job, Return};

/// The largest message on the control socket.
pub const MAX_CONTROL_MESSAGE: usize = 256 << 20;

/// A request of a command line tool.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ControlRequest {
    /// Publish a job. The stream: `Published`, then `Return` and `Missing` in any order, then `Done`;
    /// nothing after `Published` when `wait` is off.
    Publish(Publish),
    /// Which minions does a target select? One `Targets`, then `Done`.
    Targets(Target),
    /// Wait for the returns of a job that is published already: those that are in and those that come.
    /// The stream is that of `Publish`.
    Attach {
        /// The job.
        jid: String,
        /// Seconds of silence before the master asks who is still running the job.
        timeout: f64,
    },
    /// Run a runner function on the master. `Event`s with progress, then one `Value`, then `Done`.
    Runner(Call),
    /// Run a wheel function on the master. One `Value`, then `Done`.
    Wheel(Call),
    /// All events from now on whose tag starts with `tag`, until the client hangs up.
    Events {
        /// Start of the tag; empty for all.
        tag: String,
    },
}

/// A target.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// The expression: a string, or a list of ids for `List`.
    pub tgt: Value,
    /// How it is written.
    pub tgt_type: super::TargetType,
    /// The delimiter of grain and pillar targets; empty stands for `:`.
    #[serde(default)]
    pub delimiter: String,
}

/// A job to be published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Publish {
    /// Where it is to run.
    pub target: Target,
    /// The function.
    pub fun: String,
    /// Its arguments, keywords as one trailing dict with `__kwarg__: true`.
    pub arg: Vec<Value>,
    /// The job id wanted; empty: the master makes one.
    #[serde(default)]
    pub jid: String,
    /// Returners beside the job store.
    #[serde(default)]
    pub ret: String,
    /// The user as the tool knows it (`sudo_…`); the master notes the socket's peer when empty.
    #[serde(default)]
    pub user: String,
    /// Seconds of silence before the master asks who is still running the job; 0: the master's `timeout`.
    #[serde(default)]
    pub timeout: f64,
    /// Seconds that the master waits for the answer to that question; 0: the master's `gather_job_timeout`.
    #[serde(default)]
    pub gather_job_timeout: f64,
    /// Seconds after which the job must not start any more; none: the master's `job_expiry`.
    #[serde(default)]
    pub expiry: Option<f64>,
    /// Stream the returns; otherwise only `Published` and `Done` come.
    pub wait: bool,
    /// More that goes into the job (`metadata` …).
    #[serde(default)]
    pub extra: Value,
}

/// A call of a runner or wheel function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The function.
    pub fun: String,
    /// Its arguments, keywords as one trailing dict with `__kwarg__: true`.
    #[serde(default)]
    pub arg: Vec<Value>,
    /// The user as the tool knows it.
    #[serde(default)]
    pub user: String,
}

/// A reply of the master.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ControlReply {
    /// The job is in the store and on its way.
    Published {
        /// The job as it went out.
        job: Box<Job>,
        /// The minions that are expected to return, sorted.
        minions: Vec<String>,
    },
    /// A minion has returned, and the return is in the store.
    Return(Box<Return>),
    /// A minion was expected and will not return, as far as the master can tell.
    Missing {
        /// The minion.
        id: String,
        /// Why.
        reason: MissingReason,
    },
    /// The minions that a target selects.
    Targets {
        /// Accepted keys that match, sorted.
        minions: Vec<String>,
        /// Those of them that are connected, sorted.
        connected: Vec<String>,
        /// Ids that the target names and that have no accepted key, sorted.
        not_accepted: Vec<String>,
    },
    /// What a runner or wheel function returned.
    Value {
        /// The value.
        value: Value,
        /// The outputter that suits it.
        out: Option<String>,
        /// 0 when all is well.
        retcode: i64,
    },
    /// An event.
    Event(Event),
    /// The master stops before everybody has returned: the rest comes with `Attach`, once it is back.
    Stopping,
    /// That was all.
    Done,
    /// The request was refused or failed; one line for a person.
    Error(String),
}

/// Why an expected minion is missing. Its `Display` is what the user reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MissingReason {
    /// There is no session with the minion. The job runs when it is back, if it has not expired by then.
    NotConnected,
    /// Neither a return, nor an answer that it is still running, within so many seconds.
    NoReturn {
        /// The limit that has passed.
        seconds: f64,
    },
    /// The key is not accepted any more, or (for a minion named by its id) not yet.
    KeyNotAccepted,
}

impl std::fmt::Display for MissingReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            MissingReason::NotConnected => f.write_str("not connected"),
            MissingReason::NoReturn { seconds } => write!(f, "no return within {seconds} s"),
            MissingReason::KeyNotAccepted => f.write_str("key not accepted"),
        }
    }
}

/// Why a message on the control socket could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The socket.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The message.
    #[error(transparent)]
    Codec(#[from] super::CodecError),
    /// The message is larger than [`MAX_CONTROL_MESSAGE`].
    #[error("message of {0} bytes is over the limit of the control socket")]
    TooLarge(usize),
}

/// A message with its length before it.
pub fn to_frame<T: Serialize>(message: &T) -> Result<Vec<u8>, ControlError> {
    let body = super::encode(message)?;
    let mut frame = u32::try_from(check_length(body.len())?).unwrap_or(u32::MAX).to_be_bytes().to_vec();
    frame.extend_from_slice(&body);
    Ok(frame)
}

/// The length that four bytes announce.
pub fn length(header: [u8; 4]) -> Result<usize, ControlError> {
    check_length(u32::from_be_bytes(header) as usize)
}

/// Reads the next message; none when the other side has hung up between two messages. Blocks.
pub fn read_from<T: serde::de::DeserializeOwned>(reader: &mut impl Read) -> Result<Option<T>, ControlError> {
    let mut header = [0; 4];
    match reader.read_exact(&mut header) {
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let size = length(header)?;
    // Grows with what comes, not with what was announced.
    let mut body = Vec::new();
    reader.take(size as u64).read_to_end(&mut body)?;
    if body.len() < size {
        return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
    }
    Ok(Some(super::decode(&body)?))
}

/// Writes a message. Blocks.
pub fn write_to<T: Serialize>(writer: &mut impl Write, message: &T) -> Result<(), ControlError> {
    writer.write_all(&to_frame(message)?)?;
    Ok(writer.flush()?)
}

fn check_length(size: usize) -> Result<usize, ControlError> {
    if size > MAX_CONTROL_MESSAGE { Err(ControlError::TooLarge(size)) } else { Ok(size) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_cross_the_socket() {
        let mut wire = Vec::new();
        write_to(&mut wire, &ControlRequest::Events { tag: "salt/job".into() }).unwrap();
        write_to(&mut wire, &ControlReply::Missing { id: "a".into(), reason: MissingReason::NotConnected })
            .unwrap();
        let mut reader = wire.as_slice();
        assert!(
            matches!(read_from(&mut reader).unwrap(), Some(ControlRequest::Events { tag }) if tag == "salt/job")
        );
        assert!(
            matches!(read_from(&mut reader).unwrap(), Some(ControlReply::Missing { id, .. }) if id == "a")
        );
        assert!(read_from::<ControlReply>(&mut reader).unwrap().is_none());
        let cut = &wire[..wire.len() - 1];
        let mut reader = &cut[to_frame(&ControlRequest::Events { tag: "salt/job".into() }).unwrap().len()..];
        assert!(read_from::<ControlReply>(&mut reader).is_err());
        assert!(matches!(read_from::<ControlReply>(&mut &[255u8; 8][..]), Err(ControlError::TooLarge(_))));
    }

    #[test]
    fn reasons_read_as_documented() {
        let text = |r: MissingReason| r.to_string();
        assert_eq!(text(MissingReason::NotConnected), "not connected");
        assert_eq!(text(MissingReason::NoReturn { seconds: 5.0 }), "no return within 5 s");
        assert_eq!(text(MissingReason::KeyNotAccepted), "key not accepted");
    }
}
