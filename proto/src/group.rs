//! The publish: sealed for the group of accepted minions, signed by the master.
//!
//! ```text
//! [version][kind] [epoch u64][seq u64] [ciphertext …][tag 16] [signature 64]
//! ```
//!
//! The key of an epoch is used by one master for one run of sequence numbers, so (key, seq) is unique
//! and the number is the nonce. The signature covers everything before it; group members hold the
//! sealing key, and only the signature keeps them from publishing to each other.

use std::fmt;

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ED25519, UnparsedPublicKey};

use crate::frame::{self, Kind};
use crate::keys::{KeyError, SignKey};
use crate::message::auth::GroupKey;

const KEY: usize = 32;
const NUMBERS: usize = 16;
const SIGNATURE: usize = 64;

/// Why a publish was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum GroupError {
    /// Too short to be one.
    #[error("publish is cut short")]
    Short,
    /// Not signed by the master.
    #[error("publish is not signed by the master")]
    Signature,
    /// Sealed with a key of another epoch.
    #[error("publish is of epoch {got}, the key is of {have}")]
    Epoch {
        /// The publish's.
        got: u64,
        /// The key's.
        have: u64,
    },
    /// The seal does not open.
    #[error("publish does not open with the group key")]
    Open,
    /// A key that is none, or no sequence numbers left.
    #[error("group key cannot be used")]
    Key,
}

/// A group key, ready for use.
pub struct Group {
    key: LessSafeKey,
    raw: GroupKey,
}

impl Group {
    /// A new random key.
    pub fn generate(epoch: u64) -> Result<Self, KeyError> {
        let mut key = vec![0; KEY];
        SystemRandom::new().fill(&mut key).map_err(|_| KeyError::Random)?;
        Self::new(GroupKey { epoch, key }).map_err(|_| KeyError::Random)
    }

    /// The key that came from the master.
    pub fn new(raw: GroupKey) -> Result<Self, GroupError> {
        let key = UnboundKey::new(&CHACHA20_POLY1305, &raw.key).map_err(|_| GroupError::Key)?;
        Ok(Group { key: LessSafeKey::new(key), raw })
    }

    /// What goes to accepted minions.
    pub fn raw(&self) -> &GroupKey {
        &self.raw
    }

    /// The epoch.
    pub fn epoch(&self) -> u64 {
        self.raw.epoch
    }

    /// `message` as a frame for the publish port. A sequence number must never be used twice with one key.
    pub fn seal(&self, sign: &SignKey, seq: u64, message: &[u8]) -> Result<Vec<u8>, GroupError> {
        let mut out = frame::begin(Kind::Publish, NUMBERS + message.len() + 16 + SIGNATURE);
        out.extend_from_slice(&self.raw.epoch.to_be_bytes());
        out.extend_from_slice(&seq.to_be_bytes());
        let mut sealed = message.to_vec();
        self.key
            .seal_in_place_append_tag(nonce(seq), Aad::from(&out[..]), &mut sealed)
            .map_err(|_| GroupError::Key)?;
        out.extend_from_slice(&sealed);
        let signature = sign.sign(&out);
        out.extend_from_slice(signature.as_ref());
        Ok(out)
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").field("epoch", &self.raw.epoch).finish_non_exhaustive()
    }
}

/// A publish taken apart, not yet believed.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// The epoch it says.
    pub epoch: u64,
    /// The sequence number it says.
    pub seq: u64,
    header: &'a [u8],
    sealed: &'a [u8],
    signed: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Takes a whole frame apart.
    pub fn parse(frame: &'a [u8]) -> Result<Self, GroupError> {
        let (signed, signature) = frame
            .len()
            .checked_sub(SIGNATURE)
            .and_then(|at| frame.split_at_checked(at))
            .ok_or(GroupError::Short)?;
        let (header, sealed) = signed.split_at_checked(frame::HEADER + NUMBERS).ok_or(GroupError::Short)?;
        let number = |at: usize| {
            header
                .get(at..)
                .and_then(|b| b.first_chunk::<8>())
                .map(|b| u64::from_be_bytes(*b))
                .ok_or(GroupError::Short)
        };
        Ok(Envelope {
            epoch: number(frame::HEADER)?,
            seq: number(frame::HEADER + 8)?,
            header,
            sealed,
            signed,
            signature,
        })
    }

    /// Whether the master has signed it. To be asked first: until then the numbers are a stranger's.
    pub fn verify(&self, verify_key: &[u8]) -> Result<(), GroupError> {
        UnparsedPublicKey::new(&ED25519, verify_key)
            .verify(self.signed, self.signature)
            .map_err(|_| GroupError::Signature)
    }

    /// The message, opened with the key of its epoch.
    pub fn open(&self, group: &Group) -> Result<Vec<u8>, GroupError> {
        if self.epoch != group.raw.epoch {
            return Err(GroupError::Epoch { got: self.epoch, have: group.raw.epoch });
        }
        let mut message = self.sealed.to_vec();
        let length = group
            .key
            .open_in_place(nonce(self.seq), Aad::from(self.header), &mut message)
            .map_err(|_| GroupError::Open)?
            .len();
        message.truncate(length);
        Ok(message)
    }
}

fn nonce(seq: u64) -> Nonce {
    let mut bytes = [0; 12];
    bytes[4..].copy_from_slice(&seq.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_read_it_others_do_not() {
        let sign = SignKey::generate().unwrap();
        let group = Group::generate(7).unwrap();
        let frame = group.seal(&sign, 42, b"a job").unwrap();
        assert_eq!(frame::parse(&frame, 1024).unwrap().0, Kind::Publish);
        let envelope = Envelope::parse(&frame).unwrap();
        assert_eq!((envelope.epoch, envelope.seq), (7, 42));
        envelope.verify(sign.verify_key()).unwrap();
        assert_eq!(envelope.open(&Group::new(group.raw().clone()).unwrap()).unwrap(), b"a job");
        assert!(!frame.windows(5).any(|w| w == b"a job"));

        let next = Group::generate(8).unwrap();
        assert_eq!(envelope.open(&next), Err(GroupError::Epoch { got: 7, have: 8 }));
        let same_epoch = Group::generate(7).unwrap();
        assert_eq!(envelope.open(&same_epoch), Err(GroupError::Open));
        let other = SignKey::generate().unwrap();
        assert_eq!(envelope.verify(other.verify_key()), Err(GroupError::Signature));
    }

    #[test]
    fn every_changed_bit_is_noticed() {
        let sign = SignKey::generate().unwrap();
        let group = Group::generate(1).unwrap();
        let frame = group.seal(&sign, 1, b"x").unwrap();
        for i in 0..frame.len() {
            let mut bad = frame.clone();
            bad[i] ^= 1;
            assert_eq!(
                Envelope::parse(&bad).unwrap().verify(sign.verify_key()),
                Err(GroupError::Signature),
                "byte {i}"
            );
        }
        for cut in 0..frame.len() {
            let verified = Envelope::parse(&frame[..cut]).and_then(|e| e.verify(sign.verify_key()));
            assert!(verified.is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn a_member_cannot_publish() {
        // A minion holds the group key and seals a job of its own; it lacks the master's signature.
        let (master, member) = (SignKey::generate().unwrap(), SignKey::generate().unwrap());
        let group = Group::generate(1).unwrap();
        let forged = group.seal(&member, 2, b"rm -rf /").unwrap();
        let envelope = Envelope::parse(&forged).unwrap();
        assert_eq!(envelope.verify(master.verify_key()), Err(GroupError::Signature));
    }
}
