//! Manages the keys of the minions; see `rsalt-key --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    master::cli::rsalt_key(std::env::args_os())
}
