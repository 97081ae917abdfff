//! What a peer sends before anybody knows it: taken apart the same however it arrives, and never more
//! memory than has arrived.
//!
//! seeds: fuzz/zmtp/*

#![no_main]

use libfuzzer_sys::fuzz_target;
use proto::zmtp::{Command, Decoder, Piece, ZmtpError};

const LIMIT: usize = 1024;

fn pieces(bytes: &[u8], step: usize) -> (Vec<Piece>, Option<ZmtpError>) {
    let mut decoder = Decoder::default();
    let mut all = Vec::new();
    for chunk in bytes.chunks(step) {
        let mut input = chunk;
        loop {
            match decoder.next(&mut input, LIMIT) {
                Ok(Some(piece)) => all.push(piece),
                Ok(None) => break,
                Err(error) => return (all, Some(error)),
            }
        }
    }
    (all, None)
}

fuzz_target!(|bytes: &[u8]| {
    let (whole, error) = pieces(bytes, bytes.len().max(1));
    assert_eq!(pieces(bytes, 1), (whole.clone(), error.clone()));
    assert_eq!(pieces(bytes, 7), (whole.clone(), error));
    for piece in whole {
        if let Piece::Frame { command, body, .. } = piece {
            assert!(body.len() <= LIMIT);
            if command {
                let _ = Command::parse(&body);
            }
        }
    }
});
