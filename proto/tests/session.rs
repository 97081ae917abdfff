//! Sessions from the outside: what gets through, and what ends them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use proto::frame::{self, Kind, MAX_HANDSHAKE_FRAME};
use proto::keys::StaticKey;
use proto::message::auth::Secret;
use proto::message::{self, Hello};
use proto::session::{Initiator, Responder, SealError, Session, sealed_size};

fn hello(id: &str) -> Hello {
    Hello {
        id: id.to_string(),
        version: "0.1.0".to_string(),
        autosign_grains: data::Value::None,
        run: 1,
        token: Secret("rst_0".to_string()),
        ephemeral: true,
        call: false,
    }
}

fn body(frame: &[u8], kind: Kind) -> &[u8] {
    let (got, body) = frame::parse(frame, MAX_HANDSHAKE_FRAME.max(frame.len())).unwrap();
    assert_eq!(got, kind);
    body
}

/// A minion's and a master's end of one session.
fn pair() -> (Session, Session) {
    let (minion, master) = (StaticKey::generate().unwrap(), StaticKey::generate().unwrap());
    let (initiator, first) = Initiator::start(&minion).unwrap();
    let (responder, second) = Responder::answer(&master, body(&first, Kind::Hello1)).unwrap();
    let (introduce, seen) = initiator.read_hello2(body(&second, Kind::Hello2)).unwrap();
    assert_eq!(seen, master.public());
    let (at_minion, third) = introduce.finish(&hello("web-1")).unwrap();
    let (at_master, who) = responder.read_hello3(body(&third, Kind::Hello3)).unwrap();
    assert_eq!(who, hello("web-1"));
    assert_eq!(at_master.remote, minion.public());
    assert_eq!(at_minion.remote, master.public());
    for frame in [first, second, third] {
        assert!(frame.len() < MAX_HANDSHAKE_FRAME);
    }
    (at_minion, at_master)
}

#[test]
fn messages_of_all_sizes_go_both_ways() {
    let (mut minion, mut master) = pair();
    for size in [0, 1, 65_514, 65_515, 65_516, 65_519, 65_520, 131_034, 131_038, 1 << 20] {
        let message: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();
        let frame = minion.sealer.seal(&message).unwrap();
        assert_eq!(frame.len(), sealed_size(size));
        assert_eq!(master.opener.open(body(&frame, Kind::Sealed)).unwrap(), message, "{size} bytes up");
        let frame = master.sealer.seal(&message).unwrap();
        assert_eq!(minion.opener.open(body(&frame, Kind::Sealed)).unwrap(), message, "{size} bytes down");
    }
}

#[test]
fn a_changed_message_is_refused() {
    for at in [2, 10, 70_000] {
        let (mut minion, mut master) = pair();
        let mut frame = minion.sealer.seal(&vec![7; 100_000]).unwrap();
        frame[at] ^= 1;
        assert_eq!(master.opener.open(&frame[2..]), Err(SealError::Open), "byte {at}");
    }
}

#[test]
fn a_replayed_message_is_refused() {
    let (mut minion, mut master) = pair();
    let frame = minion.sealer.seal(b"once").unwrap();
    assert_eq!(master.opener.open(&frame[2..]).unwrap(), b"once");
    assert_eq!(master.opener.open(&frame[2..]), Err(SealError::Open));
}

#[test]
fn messages_out_of_order_are_refused() {
    let (mut minion, mut master) = pair();
    let _lost = minion.sealer.seal(b"first").unwrap();
    let second = minion.sealer.seal(b"second").unwrap();
    assert_eq!(master.opener.open(&second[2..]), Err(SealError::Open));
}

#[test]
fn a_message_cut_between_its_parts_is_refused() {
    let (mut minion, mut master) = pair();
    let frame = minion.sealer.seal(&vec![7; 100_000]).unwrap();
    assert_eq!(master.opener.open(&frame[2..2 + 65_535]), Err(SealError::Length));
    let (_, mut master) = pair();
    assert!(master.opener.open(&[]).is_err());
}

#[test]
fn a_message_of_another_session_is_refused() {
    let ((mut minion, _), (_, mut master)) = (pair(), pair());
    let frame = minion.sealer.seal(b"hello").unwrap();
    assert_eq!(master.opener.open(&frame[2..]), Err(SealError::Open));
    // Nor does a message come back to its sender.
    let frame = minion.sealer.seal(b"hello").unwrap();
    assert_eq!(minion.opener.open(&frame[2..]), Err(SealError::Open));
}

#[test]
fn handshakes_refuse_what_is_none() {
    let key = StaticKey::generate().unwrap();
    for bytes in [&b""[..], &[0; 31], &[0; 32], &[255; 4000]] {
        assert!(Responder::answer(&key, bytes).is_err() || bytes.len() >= 32);
        let (initiator, _) = Initiator::start(&key).unwrap();
        assert!(initiator.read_hello2(bytes).is_err());
        let (_, first) = Initiator::start(&key).unwrap();
        let (responder, _) = Responder::answer(&key, body(&first, Kind::Hello1)).unwrap();
        assert!(responder.read_hello3(bytes).is_err());
    }
}

#[test]
fn a_man_in_the_middle_is_seen_by_his_key() {
    // He can talk to the minion, but only with a key of his own: the minion sees it before it has
    // said who it is.
    let (minion, middle) = (StaticKey::generate().unwrap(), StaticKey::generate().unwrap());
    let master = StaticKey::generate().unwrap();
    let (initiator, first) = Initiator::start(&minion).unwrap();
    let (_, second) = Responder::answer(&middle, body(&first, Kind::Hello1)).unwrap();
    let (_, seen) = initiator.read_hello2(body(&second, Kind::Hello2)).unwrap();
    assert_ne!(seen, master.public());
}

#[test]
fn every_prefix_of_a_handshake_message_is_refused() {
    let (minion, master) = (StaticKey::generate().unwrap(), StaticKey::generate().unwrap());
    let (_, first) = Initiator::start(&minion).unwrap();
    for cut in 2..first.len() {
        assert!(Responder::answer(&master, &first[2..cut]).is_err(), "first message, {cut} bytes");
    }
}

#[test]
fn nesting_is_limited_before_the_stack_is() {
    // 100,000 nested lists.
    let deep = vec![0x91u8; 100_000];
    assert!(message::decode::<data::Value>(&deep).is_err());
    // A list that announces 2^32 entries and has none.
    assert!(message::decode::<data::Value>(&[0xdd, 0xff, 0xff, 0xff, 0xff]).is_err());
    assert!(message::decode::<data::Value>(&[0xc6, 0xff, 0xff, 0xff, 0xff]).is_err());
}
