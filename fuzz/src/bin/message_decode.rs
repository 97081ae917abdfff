//! Every type of message, from any bytes; what can be read is written and read again.
//!
//! seeds: tests/parity/cases/*/*/expected.json msgpack

#![no_main]

use libfuzzer_sys::fuzz_target;
use proto::message::{self, ControlReply, ControlRequest, Hello, Job, Published, Return, ToMaster, ToMinion};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn round<T: DeserializeOwned + Serialize>(bytes: &[u8]) {
    if let Ok(read) = message::decode::<T>(bytes) {
        let again = message::encode(&read).expect("what was read can be written");
        assert!(message::decode::<T>(&again).is_ok());
    }
}

fuzz_target!(|bytes: &[u8]| {
    round::<ToMaster>(bytes);
    round::<ToMinion>(bytes);
    round::<Hello>(bytes);
    round::<Job>(bytes);
    round::<Published>(bytes);
    round::<Return>(bytes);
    round::<ControlRequest>(bytes);
    round::<ControlReply>(bytes);
});
