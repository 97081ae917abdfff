//! The handshake: three messages of `Noise_XX_25519_ChaChaPoly_BLAKE2s`.
//!
//! The minion speaks first and shows its identity last, encrypted, after it has seen whether the
//! master is the one it knows. Each step consumes the state before it: a step cannot be repeated.

use snow::{Builder, HandshakeState};

use super::Session;
use crate::frame::{self, Kind};
use crate::keys::{PublicKey, StaticKey};
use crate::message::{self, Hello};

const PATTERN: &str = "Noise_XX_25519_ChaChaPoly_BLAKE2s";
/// Both sides mix this in: a session of another protocol or version fails its handshake.
const PROLOGUE: &[u8] = b"rsalt session 1";

/// Why a handshake failed. Says nothing that helps a stranger.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// A message that is no step of this handshake.
    #[error("handshake failed: {0}")]
    Noise(#[from] snow::Error),
    /// The introduction cannot be read.
    #[error("handshake failed: {0}")]
    Hello(#[from] message::CodecError),
    /// The other side has shown no key.
    #[error("handshake failed: no static key")]
    NoKey,
}

fn builder(key: &StaticKey) -> Result<Builder<'_>, HandshakeError> {
    let pattern = PATTERN.parse()?;
    Ok(Builder::new(pattern).prologue(PROLOGUE)?.local_private_key(key.secret())?)
}

/// The minion's side.
pub struct Initiator {
    state: HandshakeState,
}

impl Initiator {
    /// Starts a handshake; the frame is its first message.
    pub fn start(key: &StaticKey) -> Result<(Self, Vec<u8>), HandshakeError> {
        let mut state = builder(key)?.build_initiator()?;
        let frame = write(&mut state, Kind::Hello1, &[])?;
        Ok((Initiator { state }, frame))
    }

    /// Reads the second message. Returns the master's key, which the caller compares with the one it
    /// knows before it goes on: until then the minion has said nothing about itself.
    pub fn read_hello2(mut self, body: &[u8]) -> Result<(Introduce, PublicKey), HandshakeError> {
        read(&mut self.state, body)?;
        let master = remote(&self.state)?;
        Ok((Introduce { state: self.state, master }, master))
    }
}

/// The minion's side once the master's key is known.
pub struct Introduce {
    state: HandshakeState,
    master: PublicKey,
}

impl Introduce {
    /// Sends the introduction; the frame is the third message. The session is open.
    pub fn finish(mut self, hello: &Hello) -> Result<(Session, Vec<u8>), HandshakeError> {
        let frame = write(&mut self.state, Kind::Hello3, &message::encode(hello)?)?;
        Ok((Session::new(self.state.into_stateless_transport_mode()?, self.master), frame))
    }
}

/// The master's side, between the second and the third message.
pub struct Responder {
    state: HandshakeState,
}

impl Responder {
    /// Answers a first message; the frame is the second one.
    pub fn answer(key: &StaticKey, body: &[u8]) -> Result<(Self, Vec<u8>), HandshakeError> {
        let mut state = builder(key)?.build_responder()?;
        read(&mut state, body)?;
        let frame = write(&mut state, Kind::Hello2, &[])?;
        Ok((Responder { state }, frame))
    }

    /// Reads the third message: who is there, with which key (in [`Session::remote`]).
    pub fn read_hello3(mut self, body: &[u8]) -> Result<(Session, Hello), HandshakeError> {
        let hello = message::decode(&read(&mut self.state, body)?)?;
        let remote = remote(&self.state)?;
        Ok((Session::new(self.state.into_stateless_transport_mode()?, remote), hello))
    }
}

fn write(state: &mut HandshakeState, kind: Kind, payload: &[u8]) -> Result<Vec<u8>, HandshakeError> {
    // Room for the payload, two keys and their tags.
    let mut body = vec![0; payload.len() + 128];
    let length = state.write_message(payload, &mut body)?;
    body.truncate(length);
    Ok(frame::build(kind, &body))
}

fn read(state: &mut HandshakeState, body: &[u8]) -> Result<Vec<u8>, HandshakeError> {
    let mut payload = vec![0; body.len()];
    let length = state.read_message(body, &mut payload)?;
    payload.truncate(length);
    Ok(payload)
}

fn remote(state: &HandshakeState) -> Result<PublicKey, HandshakeError> {
    let key = state.get_remote_static().ok_or(HandshakeError::NoKey)?;
    PublicKey::from_slice(key).map_err(|_| HandshakeError::NoKey)
}
