//! The messages of a session: changed, replayed, dropped and out of order. Only what was sealed opens, in its
//! order and once; what is refused disturbs nothing that follows.
//!
//! seeds: fuzz/zmtp/*

#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use proto::frame;
use proto::keys::StaticKey;
use proto::message::Hello;
use proto::session::{Initiator, Responder, Session};

thread_local! {
    /// One session for all inputs: a handshake for each would be all that is done.
    static SESSION: RefCell<(Session, Session)> = RefCell::new(open());
}

fn body(frame: &[u8]) -> &[u8] {
    frame::parse(frame, usize::MAX).expect("our own frame").1
}

fn open() -> (Session, Session) {
    let key = || StaticKey::generate().expect("random");
    let (initiator, first) = Initiator::start(&key()).expect("a start");
    let (responder, second) = Responder::answer(&key(), body(&first)).expect("an answer");
    let (introduce, _) = initiator.read_hello2(body(&second)).expect("the answer");
    let hello = Hello {
        id: "web-1".into(),
        version: String::new(),
        autosign_grains: data::Value::None,
        run: 0,
        token: Default::default(),
        ephemeral: false,
        call: false,
    };
    let (minion, third) = introduce.finish(&hello).expect("an introduction");
    let (master, _) = responder.read_hello3(body(&third)).expect("the introduction");
    (minion, master)
}

// Three messages are sealed; then each byte pair does one thing to what the other side gets.
fuzz_target!(|input: (&[u8], &[u8], &[u8])| {
    let (first, second, steps) = input;
    SESSION.with_borrow_mut(|(minion, master)| {
        let plain = [first, second, b"last"];
        let sealed = plain.map(|message| minion.sealer.seal(message).expect("small enough"));
        let sealed = [body(&sealed[0]), body(&sealed[1]), body(&sealed[2])];
        let mut next = 0;
        for step in steps.chunks(2) {
            let (what, at) = (step[0], usize::from(step.get(1).copied().unwrap_or_default()));
            let of = usize::from(what) % 3;
            let mut message = sealed[of].to_vec();
            match what / 64 {
                // As it is: in its turn it opens, else it is early or a replay.
                0 => {}
                1 => message.truncate(at % message.len()),
                2 => {
                    let at = at % message.len();
                    message[at] ^= 1 << (what % 8);
                }
                _ => message.extend_from_slice(step),
            }
            let whole = message == sealed[of];
            match master.opener.open(&message) {
                Ok(opened) => {
                    assert!(whole && of == next, "only what is next opens");
                    assert_eq!(opened, plain[of]);
                    next += 1;
                }
                Err(_) => assert!(!whole || of != next, "what is next opens"),
            }
        }
        for (sealed, plain) in sealed.iter().zip(plain).skip(next) {
            assert_eq!(master.opener.open(sealed).as_deref(), Ok(plain), "refusals leave no trace");
        }
    });
});
