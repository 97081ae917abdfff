//! Runs functions on the master; see `rsalt-run --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    master::cli::rsalt_run(std::env::args_os())
}
