//! The session between a minion and its master: Noise `XX` (handshake.rs), then sealed messages.
//!
//! A sealed message is one frame: a run of Noise messages, all but the last of full size, around a
//! length of four bytes and the content. Each direction counts its Noise messages, so a message that
//! is changed, replayed, dropped or out of order ends the session.

mod handshake;

use std::sync::Arc;
use std::time::Duration;

use snow::StatelessTransportState;

use crate::frame::{self, Kind};
use crate::keys::PublicKey;

pub use handshake::{HandshakeError, Initiator, Introduce, Responder};

/// How often each side gives a sign of life when it has nothing else to say.
pub const HEARTBEAT: Duration = Duration::from_secs(30);
/// After so much silence a session is over: two signs of life are missing then.
pub const SILENCE: Duration = Duration::from_secs(75);

/// Largest Noise message, tag included.
const NOISE_MAX: usize = 65_535;
const TAG: usize = 16;
const LENGTH: usize = 4;

/// Why a sealed message was refused; the session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Changed, replayed, out of order, or of another session.
    #[error("message does not belong here in this session")]
    Open,
    /// Cut short or padded.
    #[error("message has another length than it says")]
    Length,
    /// Too large to be sent.
    #[error("message of {0} bytes is too large")]
    TooLarge(usize),
}

/// The bytes of the frame that a message of so many is sealed in.
pub fn sealed_size(message: usize) -> usize {
    let plain = LENGTH.saturating_add(message);
    let tags = plain.div_ceil(NOISE_MAX - TAG).saturating_mul(TAG);
    frame::HEADER.saturating_add(plain).saturating_add(tags)
}

/// Both halves of an established session.
#[derive(Debug)]
pub struct Session {
    /// Seals what goes out.
    pub sealer: Sealer,
    /// Opens what comes in.
    pub opener: Opener,
    /// The static key that the other side has proved to hold.
    pub remote: PublicKey,
}

impl Session {
    fn new(state: StatelessTransportState, remote: PublicKey) -> Self {
        let state = Arc::new(state);
        Session {
            sealer: Sealer { state: Arc::clone(&state), next: 0 },
            opener: Opener { state, next: 0 },
            remote,
        }
    }
}

/// The sending half of a session. What it seals must be sent in that order.
pub struct Sealer {
    state: Arc<StatelessTransportState>,
    next: u64,
}

impl Sealer {
    /// `message` as a frame.
    pub fn seal(&mut self, message: &[u8]) -> Result<Vec<u8>, SealError> {
        let length = u32::try_from(message.len()).map_err(|_| SealError::TooLarge(message.len()))?;
        let plain = LENGTH + message.len();
        let chunks = plain.div_ceil(NOISE_MAX - TAG);
        let mut out = frame::begin(Kind::Sealed, plain + chunks * TAG);
        // The length makes the first chunk special: it is put together, the others are sealed in place.
        let head = message.len().min(NOISE_MAX - TAG - LENGTH);
        let (first, rest) = message.split_at(head);
        let mut start = Vec::with_capacity(LENGTH + head);
        start.extend_from_slice(&length.to_be_bytes());
        start.extend_from_slice(first);
        for chunk in std::iter::once(&start[..]).chain(rest.chunks(NOISE_MAX - TAG)) {
            let at = out.len();
            out.resize(at + chunk.len() + TAG, 0);
            self.state.write_message(self.next, chunk, &mut out[at..]).map_err(|_| SealError::Open)?;
            self.next += 1;
        }
        Ok(out)
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer").field("next", &self.next).finish_non_exhaustive()
    }
}

/// The receiving half of a session.
pub struct Opener {
    state: Arc<StatelessTransportState>,
    next: u64,
}

impl Opener {
    /// The message in the body of a sealed frame.
    pub fn open(&mut self, body: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut plain = vec![0; body.len()];
        let mut filled = 0;
        for chunk in body.chunks(NOISE_MAX) {
            let into = plain.get_mut(filled..).ok_or(SealError::Length)?;
            filled += self.state.read_message(self.next, chunk, into).map_err(|_| SealError::Open)?;
            self.next += 1;
        }
        plain.truncate(filled);
        let (length, _) = plain.split_first_chunk::<LENGTH>().ok_or(SealError::Length)?;
        if u32::from_be_bytes(*length) as usize != plain.len() - LENGTH {
            return Err(SealError::Length);
        }
        plain.drain(..LENGTH);
        Ok(plain)
    }
}

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opener").field("next", &self.next).finish_non_exhaustive()
    }
}
