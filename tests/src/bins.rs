//! The binaries under test: static release builds, as they ship.
//!
//! `RSALT_BIN_DIR` names them when somebody has built them already (`./test` does); otherwise they
//! are built once, by the same script.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

static DIR: OnceLock<PathBuf> = OnceLock::new();

/// The top of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// The directory of the binaries.
///
/// # Panics
/// When they cannot be built.
pub fn dir() -> &'static Path {
    DIR.get_or_init(|| match std::env::var_os("RSALT_BIN_DIR") {
        Some(dir) => PathBuf::from(dir),
        None => PathBuf::from(script("build", &[])),
    })
}

/// One of the binaries.
///
/// # Panics
/// When it is not there.
#[track_caller]
pub fn path(name: &str) -> PathBuf {
    let path = dir().join(name);
    assert!(path.is_file(), "{} is missing: ./scripts/build makes it", path.display());
    path
}

/// Runs one of the repository's scripts and returns the last line that it prints.
///
/// # Panics
/// When it fails: its output is then in the message.
#[track_caller]
pub fn script(name: &str, args: &[&str]) -> String {
    let path = repository().join("scripts").join(name);
    let output = match Command::new(&path).args(args).output() {
        Ok(output) => output,
        Err(error) => panic!("cannot run {}: {error}", path.display()),
    };
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{} failed ({}):\n{text}{}",
        path.display(),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    text.trim_end().rsplit('\n').next().unwrap_or_default().to_owned()
}
