//! The command line tools, one file per tool: what clap reads, and the call that it becomes.
//!
//! They are plain blocking programs: start, one connection to the master's socket, print, exit.

mod batch;
mod client;
mod docs;
mod error;
mod key;
mod options;
mod output;
mod pages;
mod rsalt;
mod run;
mod summary;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use error::CliError;

/// `rsalt`
pub fn rsalt(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    tool::<rsalt::Options>(args, rsalt::run)
}

/// `rsalt-key`
pub fn rsalt_key(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    tool::<key::Options>(args, key::run)
}

/// `rsalt-run`
pub fn rsalt_run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    tool::<run::Options>(args, run::run)
}

fn tool<O: Parser + CommandFactory>(
    args: impl IntoIterator<Item = OsString>,
    run: fn(O) -> Result<i32, CliError>,
) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    if let Some(code) = pages::asked_for::<O>(&args) {
        return exit(code);
    }
    let code = match O::try_parse_from(args) {
        Ok(options) => run(options).unwrap_or_else(|e| e.tell()),
        Err(e) => {
            // Help and version come this way, too; nothing can be done about a closed terminal.
            let _ = e.print();
            if e.use_stderr() { proto::exit_codes::USAGE } else { proto::exit_codes::OK }
        }
    };
    exit(code)
}

fn exit(code: i32) -> ExitCode {
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help<O: CommandFactory>(name: &'static str) -> String {
        O::command().name(name).term_width(100).render_help().to_string()
    }

    #[test]
    fn help_texts() {
        insta::assert_snapshot!("help_rsalt", help::<rsalt::Options>("rsalt"));
        insta::assert_snapshot!("help_rsalt_key", help::<key::Options>("rsalt-key"));
        insta::assert_snapshot!("help_rsalt_run", help::<run::Options>("rsalt-run"));
    }

    #[test]
    fn definitions_are_sound() {
        rsalt::Options::command().debug_assert();
        key::Options::command().debug_assert();
        run::Options::command().debug_assert();
    }
}
