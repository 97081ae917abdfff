//! What is written is read back, and no bytes make the readers panic or take memory that is not there.

use data::msgpack::{self, Error};
use data::yaml::{DumpOptions, FlowStyle};
use data::{DateTime, Dict, Value, json, yaml};
use proptest::prelude::*;

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("NaN is not equal in bits", |f| !f.is_nan()).prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        "[ -~\n]{0,40}".prop_map(Value::from),
    ]
}

fn tree(leaf: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Value> {
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((".{0,12}", inner), 0..6)
                .prop_map(|entries| Value::from(entries.into_iter().collect::<Dict>())),
        ]
    })
}

fn bytes() -> impl Strategy<Value = Value> {
    proptest::collection::vec(any::<u8>(), 0..300).prop_map(|b| Value::Bytes(b.into()))
}

proptest! {
    #[test]
    fn msgpack_round_trips(value in tree(prop_oneof![scalar(), bytes()])) {
        let packed = msgpack::encode(&value);
        prop_assert!(msgpack::decode(&packed).is_ok_and(|back| back.identical(&value)));
        // The generic encoder and ours agree on every byte.
        prop_assert_eq!(rmp_serde::to_vec_named(&value).ok(), Some(packed));
    }

    #[test]
    fn msgpack_survives_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(value) = msgpack::decode(&bytes) {
            prop_assert!(msgpack::decode(&msgpack::encode(&value)).is_ok());
        }
    }

    #[test]
    fn msgpack_cut_short_is_refused(value in tree(scalar()), cut in any::<prop::sample::Index>()) {
        let packed = msgpack::encode(&value);
        let short = &packed[..cut.index(packed.len())];
        prop_assert!(msgpack::decode(short).is_err());
    }

    #[test]
    fn json_round_trips(value in tree(scalar()), indent in proptest::option::of(0usize..5)) {
        let back = json::load(&json::dump(&value, indent, false));
        prop_assert!(back.is_ok_and(|back| back.identical(&value)));
    }

    #[test]
    fn json_survives_any_text(text in ".{0,80}") {
        let _ = json::load(&text);
    }

    #[test]
    fn yaml_round_trips(value in tree(prop_oneof![scalar(), bytes()]), flow in 0..3) {
        let style = [FlowStyle::Block, FlowStyle::Leaves, FlowStyle::Flow][flow as usize];
        let text = yaml::dump(&value, DumpOptions { default_flow_style: style, ..Default::default() });
        let back = yaml::load(&text);
        prop_assert!(back.as_ref().is_ok_and(|back| back.identical(&value)), "{text}\n{back:?}");
    }

    #[test]
    fn yaml_survives_any_text(text in "[-?:,\\[\\]{}#&*!|>'\"%@`a0.<=~ \n\t\r\\\\é\u{85}]{0,60}") {
        let _ = yaml::load(&text);
        let _ = yaml::load_sls(&text);
    }
}

#[test]
fn msgpack_takes_no_memory_for_what_is_only_announced() {
    for (bytes, error) in [
        (&[0xdd, 0xff, 0xff, 0xff, 0xff][..], Error::Truncated(5)),
        (&[0xdf, 0xff, 0xff, 0xff, 0xff], Error::Truncated(5)),
        (&[0xdb, 0xff, 0xff, 0xff, 0xff, b'a'], Error::Truncated(6)),
        (&[0xc6, 0xff, 0xff, 0xff, 0xff], Error::Truncated(5)),
        (&[0xc9, 0xff, 0xff, 0xff, 0xff, 1], Error::Truncated(6)),
        (&[0xc1], Error::Type(0, 0xc1)),
        (&[0x81, 0x90, 0xc0], Error::Key(1)),
        (&[0xa1, 0xff], Error::NotText(1)),
        (&[0xc0, 0xc0], Error::Trailing(1)),
        (&[], Error::Truncated(0)),
    ] {
        assert_eq!(msgpack::decode(bytes), Err(error), "{bytes:02x?}");
    }
    assert!(matches!(msgpack::decode(&[0x91; 100_000]), Err(Error::TooDeep(_))));
}

#[test]
fn msgpack_writes_what_salt_writes() {
    let time = chrono::NaiveDate::from_ymd_opt(2026, 1, 31).and_then(|d| d.and_hms_micro_opt(10, 20, 30, 5));
    let time = Value::from(DateTime::Time(time.unwrap(), None));
    assert_eq!(msgpack::encode(&time), b"\xc7\x18\x4e20260131T10:20:30.000005");
    assert_eq!(msgpack::decode(&msgpack::encode(&time)), Ok(time));
    let huge = yaml::load("123456789012345678901234567890").unwrap();
    assert_eq!(msgpack::encode(&huge), b"\xbe123456789012345678901234567890");
}
