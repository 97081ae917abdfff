//! Runs functions on minions; see `rsalt --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    master::cli::rsalt(std::env::args_os())
}
