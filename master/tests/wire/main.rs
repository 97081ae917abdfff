//! Master and minions over loopback, in one process: what must hold on the wire.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod call;
mod files;
mod forged;
mod hostile;
mod jobs;
mod keys;
mod ports;
mod raw;
mod states;
mod tokens;
mod users;
mod world;
