//! The outermost layer: `[version][kind][body]`, one per ZeroMQ message. No crypto, no I/O.

/// The version of the wire that this build speaks.
pub const VERSION: u8 = 1;
/// The largest frame before a peer has proved who it is.
pub const MAX_HANDSHAKE_FRAME: usize = 16 * 1024;
/// The largest frame in a session, unless configured otherwise.
pub const MAX_SESSION_FRAME: usize = 64 << 20;
/// Bytes before the body.
pub const HEADER: usize = 2;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// First handshake message, minion to master.
    Hello1 = 1,
    /// Second handshake message, master to minion.
    Hello2 = 2,
    /// Third handshake message, minion to master.
    Hello3 = 3,
    /// A message of the session, both ways.
    Sealed = 4,
    /// The master does not know the session (any more): shake hands again. Carries nothing, proves
    /// nothing; a minion takes it as a hint and keeps its rate limit.
    NoSession = 5,
    /// A publish, on the publish port.
    Publish = 16,
}

/// Why bytes are not a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Fewer bytes than a header.
    #[error("frame of {0} bytes is too short")]
    Short(usize),
    /// Larger than allowed at this point.
    #[error("frame of {size} bytes is over the limit of {limit}")]
    TooLarge {
        /// Its size.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// Another version of the wire.
    #[error("wire version {0}, this is version {VERSION}")]
    Version(u8),
    /// A kind that this version does not have.
    #[error("unknown frame kind {0}")]
    Kind(u8),
}

impl Kind {
    const ALL: [Kind; 6] =
        [Kind::Hello1, Kind::Hello2, Kind::Hello3, Kind::Sealed, Kind::NoSession, Kind::Publish];

    fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|k| *k as u8 == byte)
    }
}

/// A frame's kind and body.
pub fn parse(bytes: &[u8], limit: usize) -> Result<(Kind, &[u8]), FrameError> {
    if bytes.len() > limit {
        return Err(FrameError::TooLarge { size: bytes.len(), limit });
    }
    match bytes {
        [VERSION, kind, body @ ..] => Ok((Kind::from_byte(*kind).ok_or(FrameError::Kind(*kind))?, body)),
        [version, _, ..] => Err(FrameError::Version(*version)),
        short => Err(FrameError::Short(short.len())),
    }
}

/// The start of a frame with room for `body` more bytes.
pub fn begin(kind: Kind, body: usize) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEADER + body);
    frame.extend_from_slice(&[VERSION, kind as u8]);
    frame
}

/// A whole frame.
pub fn build(kind: Kind, body: &[u8]) -> Vec<u8> {
    let mut frame = begin(kind, body.len());
    frame.extend_from_slice(body);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_round_trip() {
        for kind in Kind::ALL {
            assert_eq!(parse(&build(kind, b"body"), 64), Ok((kind, &b"body"[..])));
        }
    }

    #[test]
    fn refusals_say_what_is_wrong() {
        assert_eq!(parse(&[], 64), Err(FrameError::Short(0)));
        assert_eq!(parse(&[1], 64), Err(FrameError::Short(1)));
        assert_eq!(parse(&[9, 1, 2], 64), Err(FrameError::Version(9)));
        assert_eq!(parse(&[1, 99], 64), Err(FrameError::Kind(99)));
        assert_eq!(parse(&[1; 65], 64), Err(FrameError::TooLarge { size: 65, limit: 64 }));
    }
}
