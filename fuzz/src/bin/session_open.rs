//! The handshake and the messages of a session, as a peer would have them that knows no key, or changes
//! what another has sealed.
//!
//! seeds: fuzz/zmtp/*

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use proto::frame;
use proto::group::Envelope;
use proto::keys::StaticKey;
use proto::message::Hello;
use proto::session::{Initiator, Responder};

static KEYS: LazyLock<(StaticKey, StaticKey)> =
    LazyLock::new(|| (StaticKey::generate().expect("random"), StaticKey::generate().expect("random")));

fn body(frame: &[u8]) -> &[u8] {
    frame::parse(frame, usize::MAX).expect("our own frame").1
}

fn changed(original: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut changed = original.to_vec();
    for (at, byte) in bytes.iter().enumerate() {
        if let Some(slot) = changed.get_mut(at) {
            *slot ^= byte;
        }
    }
    changed
}

fuzz_target!(|input: (u8, &[u8])| {
    let (what, bytes) = input;
    let (master, minion) = &*KEYS;
    let _ = frame::parse(bytes, 1 << 16);
    if let Ok(envelope) = Envelope::parse(bytes) {
        assert!(envelope.verify(&[7; 32]).is_err());
    }
    let Ok((initiator, first)) = Initiator::start(minion) else { return };
    let Ok((responder, second)) = Responder::answer(master, body(&first)) else { unreachable!() };
    match what % 4 {
        0 => {
            let _ = Responder::answer(master, bytes);
        }
        1 => {
            assert!(initiator.read_hello2(bytes).is_err() || bytes == body(&second));
        }
        2 => {
            assert!(responder.read_hello3(bytes).is_err());
        }
        _ => {
            let Ok((introduce, _)) = initiator.read_hello2(body(&second)) else { unreachable!() };
            let hello = Hello {
                id: "web-1".into(),
                version: String::new(),
                autosign_grains: data::Value::None,
                run: 0,
                token: Default::default(),
                ephemeral: false,
                call: false,
            };
            let Ok((mut session, third)) = introduce.finish(&hello) else { unreachable!() };
            let Ok((mut opened, _)) = responder.read_hello3(body(&third)) else { unreachable!() };
            let Ok(sealed) = session.sealer.seal(b"a message") else { unreachable!() };
            let other = changed(body(&sealed), bytes);
            let same = other == body(&sealed);
            assert_eq!(opened.opener.open(&other).is_ok(), same, "only what was sealed opens");
        }
    }
});
