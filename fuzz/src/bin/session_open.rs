//! The handshake of a session, as a peer would have it that knows no key, or changes what another has sent.
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

/// The original with these bits turned over.
fn changed(original: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut bits = bytes.iter().chain(std::iter::repeat(&0));
    original.iter().zip(&mut bits).map(|(a, b)| a ^ b).collect()
}

// Each way takes only the steps that it needs: they are key agreements, and slow.
fuzz_target!(|input: (u8, &[u8])| {
    let (what, bytes) = input;
    let (master, minion) = &*KEYS;
    let answer = |first: &[u8]| Responder::answer(master, first);
    match what % 6 {
        0 => {
            let _ = frame::parse(bytes, 1 << 16);
            if let Ok(envelope) = Envelope::parse(bytes) {
                assert!(envelope.verify(&[7; 32]).is_err());
            }
        }
        1 => drop(answer(bytes)),
        2 => {
            let Ok((initiator, _)) = Initiator::start(minion) else { unreachable!() };
            assert!(initiator.read_hello2(bytes).is_err());
        }
        what => {
            let Ok((initiator, first)) = Initiator::start(minion) else { unreachable!() };
            let Ok((responder, second)) = answer(body(&first)) else { unreachable!() };
            if what == 3 {
                assert!(responder.read_hello3(bytes).is_err());
                return;
            }
            if what == 4 {
                let other = changed(body(&second), bytes);
                assert_eq!(initiator.read_hello2(&other).is_ok(), other == body(&second));
                return;
            }
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
            let Ok((_, third)) = introduce.finish(&hello) else { unreachable!() };
            let other = changed(body(&third), bytes);
            assert_eq!(responder.read_hello3(&other).is_ok(), other == body(&third));
        }
    }
});
