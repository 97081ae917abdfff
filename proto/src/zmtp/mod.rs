//! ZMTP 3.1, the wire protocol of ZeroMQ, as the master's ports speak it: NULL mechanism, greeting,
//! commands, frames. Only bytes in and bytes out; the master's `bus` has the sockets.
//!
//! Nothing here allocates from a length that a peer announces: a [`Decoder`] keeps what has arrived
//! and refuses, at the frame's header, what is over its limit.
//!
//! Source: ZeroMQ RFC 37 (ZMTP 3.1, <https://rfc.zeromq.org/spec/37/>) and RFC 23 (ZMTP 3.0).

mod command;
mod decoder;

pub use command::{Command, SocketType, error, pong, ready};
pub use decoder::{Decoder, Piece};

/// Bytes of a greeting.
pub const GREETING: usize = 64;
/// Bytes that the header of one frame has at most.
pub const FRAME_HEADER: usize = 9;

const MORE: u8 = 0x01;
const LONG: u8 = 0x02;
const COMMAND: u8 = 0x04;

/// Why a peer's bytes are refused. Its connection is of no further use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ZmtpError {
    /// Not a ZeroMQ peer, or one of before ZMTP 3.
    #[error("no ZMTP 3 greeting")]
    Greeting,
    /// A security mechanism other than NULL.
    #[error("mechanism {0:?}, this port has NULL")]
    Mechanism(String),
    /// Reserved bits of a frame's flags are set, or a command is said to have more parts.
    #[error("frame flags {0:#04x}")]
    Flags(u8),
    /// A frame that announces more bytes than it may have.
    #[error("a frame of {size} bytes is over the limit of {limit}")]
    TooLarge {
        /// The announced size.
        size: u64,
        /// The limit.
        limit: usize,
    },
    /// A command whose parts do not fit its size.
    #[error("malformed command")]
    Command,
}

/// The greeting that this side sends: version 3.1, NULL, no server role.
pub fn greeting() -> [u8; GREETING] {
    let mut bytes = [0; GREETING];
    let start = [0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 1, b'N', b'U', b'L', b'L'];
    if let Some(head) = bytes.first_chunk_mut() {
        *head = start;
    }
    bytes
}

/// The header of a frame with a body of `size` bytes: flags and length.
pub fn frame_header(size: usize, more: bool, command: bool) -> ([u8; FRAME_HEADER], usize) {
    let flags = if more { MORE } else { 0 } | if command { COMMAND } else { 0 };
    let mut header = [0; FRAME_HEADER];
    let used = match u8::try_from(size) {
        Ok(short) => {
            header[..2].copy_from_slice(&[flags, short]);
            2
        }
        Err(_) => {
            header[0] = flags | LONG;
            header[1..].copy_from_slice(&(size as u64).to_be_bytes());
            FRAME_HEADER
        }
    };
    (header, used)
}

/// A whole frame.
pub fn frame(body: &[u8], more: bool, command: bool) -> Vec<u8> {
    let (header, used) = frame_header(body.len(), more, command);
    let mut frame = Vec::with_capacity(used + body.len());
    frame.extend_from_slice(header.get(..used).unwrap_or_default());
    frame.extend_from_slice(body);
    frame
}
