//! The binaries as they ship: small, static, and telling who they are.

use rsalt_tests::{Call, bins};

const ALL: [&str; 6] = ["rsalt", "rsalt-call", "rsalt-key", "rsalt-master", "rsalt-minion", "rsalt-run"];

#[test]
fn static_and_stripped() {
    for name in ALL {
        let bytes = std::fs::read(bins::path(name)).unwrap();
        assert!(bytes.starts_with(b"\x7fELF"));
        let word = |at: usize, len: usize| {
            bytes[at..at + len].iter().rev().fold(0usize, |all, &byte| all << 8 | usize::from(byte))
        };
        // 64-bit ELF: program headers, then section headers.
        let (headers, size, count) = (word(0x20, 8), word(0x36, 2), word(0x38, 2));
        let interpreter = (0..count).any(|i| word(headers + i * size, 4) == 3);
        assert!(!interpreter, "{name} asks for a dynamic loader");
        let (sections, size, count) = (word(0x28, 8), word(0x3a, 2), word(0x3c, 2));
        let symbols = (0..count).any(|i| word(sections + i * size + 4, 4) == 2);
        assert!(!symbols, "{name} is not stripped");
    }
}

#[test]
fn the_minion_is_small() {
    let size = std::fs::metadata(bins::path("rsalt-minion")).unwrap().len();
    assert!(size < 12 * 1024 * 1024, "{size} bytes");
}

#[test]
fn version_and_help() {
    for name in ALL {
        let out = Call::new(bins::path(name)).arg("--version").run().ok();
        assert!(out.stdout.contains(env!("CARGO_PKG_VERSION")), "{}", out.report());
        let out = Call::new(bins::path(name)).arg("--help").run().ok();
        assert!(out.stdout.contains("Usage:") && out.stdout.contains(name), "{}", out.report());
        Call::new(bins::path(name)).arg("--no-such-option").run().exits(64).says(&["--no-such-option"]);
    }
}
