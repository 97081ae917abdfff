//! Bytes as they arrive, taken apart into the greeting and frames.

use super::{COMMAND, FRAME_HEADER, GREETING, LONG, MORE, ZmtpError};

/// Room that a body gets before its bytes have arrived.
const AT_ONCE: usize = 64 * 1024;

/// One whole thing that a peer has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Its greeting, with the minor version: 0 for ZMTP 3.0, 1 for 3.1.
    Greeting(u8),
    /// A frame.
    Frame {
        /// Another part of the same message follows.
        more: bool,
        /// A command, not a part of a message.
        command: bool,
        /// What it carries.
        body: Vec<u8>,
    },
}

/// Takes the bytes of one connection apart. Idle, it holds no memory of its own.
#[derive(Debug, Default)]
pub struct Decoder {
    state: State,
}

#[derive(Debug)]
enum State {
    Greeting { bytes: Vec<u8> },
    Header { bytes: [u8; FRAME_HEADER], used: usize },
    Body { flags: u8, missing: usize, body: Vec<u8> },
}

impl Default for State {
    fn default() -> Self {
        State::Greeting { bytes: Vec::new() }
    }
}

const NO_HEADER: State = State::Header { bytes: [0; FRAME_HEADER], used: 0 };

impl Decoder {
    /// Takes bytes from the front of `input` up to the end of the next piece. None when all of the input
    /// is used up and the piece is not whole yet. `limit` is what the body of a frame may have; it is
    /// looked at when the header of a frame is whole.
    pub fn next(&mut self, input: &mut &[u8], limit: usize) -> Result<Option<Piece>, ZmtpError> {
        loop {
            match &mut self.state {
                State::Greeting { bytes } => {
                    take(input, bytes, GREETING);
                    check_greeting(bytes)?;
                    if bytes.len() < GREETING {
                        return Ok(None);
                    }
                    let minor = bytes.get(11).copied().unwrap_or_default();
                    self.state = NO_HEADER;
                    return Ok(Some(Piece::Greeting(minor)));
                }
                State::Header { bytes, used } => {
                    let Some((first, rest)) = input.split_first() else { return Ok(None) };
                    if let Some(slot) = bytes.get_mut(*used) {
                        *slot = *first;
                    }
                    *input = rest;
                    *used += 1;
                    let Some((flags, size)) = header(bytes, *used)? else { continue };
                    let missing = usize::try_from(size).ok().filter(|size| *size <= limit);
                    let missing = missing.ok_or(ZmtpError::TooLarge { size, limit })?;
                    let body = Vec::with_capacity(missing.min(AT_ONCE));
                    self.state = State::Body { flags, missing, body };
                }
                State::Body { flags, missing, body } => {
                    let whole = body.len() + *missing;
                    *missing -= take(input, body, whole);
                    if *missing > 0 {
                        return Ok(None);
                    }
                    let piece = Piece::Frame {
                        more: *flags & MORE != 0,
                        command: *flags & COMMAND != 0,
                        body: std::mem::take(body),
                    };
                    self.state = NO_HEADER;
                    return Ok(Some(piece));
                }
            }
        }
    }

    /// The bytes that the frame under way announces in all; none between frames.
    pub fn announced(&self) -> Option<usize> {
        match &self.state {
            State::Body { missing, body, .. } => Some(body.len() + missing),
            _ => None,
        }
    }
}

/// Moves bytes from the front of `input` until `to` has `whole` of them; how many were moved.
fn take(input: &mut &[u8], to: &mut Vec<u8>, whole: usize) -> usize {
    let moved = whole.saturating_sub(to.len()).min(input.len());
    if let Some((front, rest)) = input.split_at_checked(moved) {
        to.extend_from_slice(front);
        *input = rest;
    }
    moved
}

/// Looks at as much of a greeting as there is: whoever does not speak ZMTP is told apart by the first byte.
fn check_greeting(bytes: &[u8]) -> Result<(), ZmtpError> {
    let at = |index: usize, right: &dyn Fn(u8) -> bool| bytes.get(index).is_none_or(|b| right(*b));
    if !at(0, &|b| b == 0xff) || !at(9, &|b| b & 1 == 1) || !at(10, &|b| b >= 3) {
        return Err(ZmtpError::Greeting);
    }
    if let Some(name) = bytes.get(12..32) {
        let mut null = [0; 20];
        null[..4].copy_from_slice(b"NULL");
        if name != null {
            let name = String::from_utf8_lossy(name);
            return Err(ZmtpError::Mechanism(name.trim_end_matches('\0').to_string()));
        }
    }
    Ok(())
}

/// Flags and body size of a header, once it is whole.
fn header(bytes: &[u8; FRAME_HEADER], used: usize) -> Result<Option<(u8, u64)>, ZmtpError> {
    let [flags, short, ..] = *bytes;
    if flags & !(MORE | LONG | COMMAND) != 0 || (flags & COMMAND != 0 && flags & MORE != 0) {
        return Err(ZmtpError::Flags(flags));
    }
    if flags & LONG == 0 {
        return Ok((used == 2).then_some((flags, u64::from(short))));
    }
    let size = bytes.last_chunk().map(|size| u64::from_be_bytes(*size));
    Ok(size.filter(|_| used == FRAME_HEADER).map(|size| (flags, size)))
}

#[cfg(test)]
mod tests {
    use super::super::{SocketType, frame, greeting, ready};
    use super::*;

    const LIMIT: usize = 16 * 1024;

    fn all(bytes: &[u8], step: usize) -> Result<Vec<Piece>, ZmtpError> {
        let mut decoder = Decoder::default();
        let mut pieces = Vec::new();
        for chunk in bytes.chunks(step) {
            let mut input = chunk;
            while let Some(piece) = decoder.next(&mut input, LIMIT)? {
                pieces.push(piece);
            }
            assert!(input.is_empty());
        }
        Ok(pieces)
    }

    fn conversation() -> Vec<u8> {
        let mut bytes = greeting().to_vec();
        bytes.extend(ready(SocketType::Dealer));
        bytes.extend(frame(b"", true, false));
        bytes.extend(frame(&[7; 255], true, false));
        bytes.extend(frame(&[8; 256], false, false));
        bytes.extend(frame(&[9; LIMIT], false, false));
        bytes
    }

    #[test]
    fn pieces_are_the_same_however_the_bytes_arrive() {
        let bytes = conversation();
        let whole = all(&bytes, bytes.len()).unwrap();
        assert_eq!(whole.len(), 6);
        assert_eq!(whole[0], Piece::Greeting(1));
        assert!(matches!(&whole[1], Piece::Frame { more: false, command: true, .. }));
        assert_eq!(whole[2], Piece::Frame { more: true, command: false, body: vec![] });
        assert_eq!(whole[5], Piece::Frame { more: false, command: false, body: vec![9; LIMIT] });
        for step in [1, 2, 3, 7, 64, 1000] {
            assert_eq!(all(&bytes, step).unwrap(), whole);
        }
    }

    #[test]
    fn a_cut_at_any_byte_is_an_unfinished_piece() {
        let bytes = conversation();
        let whole = all(&bytes, bytes.len()).unwrap();
        for cut in 0..600 {
            let pieces = all(&bytes[..cut], 100).unwrap();
            assert_eq!(pieces, whole[..pieces.len()]);
        }
    }

    #[test]
    fn an_announced_size_is_no_allocation() {
        let mut bytes = greeting().to_vec();
        bytes.extend([LONG, 0, 0, 0x40, 0, 0, 0, 0, 0]);
        assert_eq!(all(&bytes, 1), Err(ZmtpError::TooLarge { size: 1 << 46, limit: LIMIT }));
        let mut decoder = Decoder::default();
        let mut input = &bytes[..];
        decoder.next(&mut input, 1 << 50).unwrap();
        assert_eq!(decoder.next(&mut input, 1 << 50), Ok(None));
        let State::Body { body, .. } = &decoder.state else { panic!("{decoder:?}") };
        assert!(body.capacity() <= AT_ONCE);
        assert_eq!(decoder.announced(), Some(1 << 46));
    }

    #[test]
    fn strangers_are_refused_as_soon_as_they_show() {
        assert_eq!(all(b"G", 1), Err(ZmtpError::Greeting));
        assert_eq!(all(b"\x16\x03\x01", 1), Err(ZmtpError::Greeting));
        // ZMTP 1.0: a short frame with the identity. ZMTP 2.0: revision 1.
        assert_eq!(all(&[1, 0], 1), Err(ZmtpError::Greeting));
        assert_eq!(all(&[0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 1], 1), Err(ZmtpError::Greeting));
        let mut curve = greeting();
        curve[12..17].copy_from_slice(b"CURVE");
        assert_eq!(all(&curve, 64), Err(ZmtpError::Mechanism("CURVE".to_string())));
    }

    #[test]
    fn flags_are_checked() {
        for flags in [0x08, 0x80, MORE | COMMAND] {
            let mut bytes = greeting().to_vec();
            bytes.extend([flags, 0]);
            assert_eq!(all(&bytes, 64), Err(ZmtpError::Flags(flags)));
        }
    }
}
