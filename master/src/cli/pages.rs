//! `--generate-completion SHELL` and `--generate-man`: made from the same definitions as `--help`.

use std::ffi::OsString;
use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;
use proto::exit_codes;

/// Prints the page when the first argument asks for one; none otherwise.
pub(super) fn asked_for<O: CommandFactory>(args: &[OsString]) -> Option<i32> {
    let first = args.get(1)?.to_str()?;
    if !first.starts_with("--generate-") {
        return None;
    }
    let mut command = O::command();
    let name = command.get_name().to_owned();
    let page = match first {
        "--generate-man" => {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page).ok()?;
            page
        }
        "--generate-completion" => {
            let Some(shell) = args.get(2).and_then(|s| s.to_str()).and_then(|s| s.parse::<Shell>().ok())
            else {
                eprintln!("ERROR: --generate-completion takes bash, zsh, fish, elvish or powershell");
                return Some(exit_codes::USAGE);
            };
            let mut page = Vec::new();
            clap_complete::generate(shell, &mut command, name, &mut page);
            page
        }
        _ => return None,
    };
    match io::stdout().write_all(&page) {
        Ok(()) => Some(exit_codes::OK),
        Err(_) => Some(exit_codes::CANT_CREATE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_argument_asks() {
        let args = |list: &[&str]| list.iter().map(OsString::from).collect::<Vec<_>>();
        assert_eq!(asked_for::<crate::cli::key::Options>(&args(&["rsalt-key", "-L"])), None);
        assert_eq!(
            asked_for::<crate::cli::key::Options>(&args(&["rsalt-key", "--generate-completion", "tcsh"])),
            Some(exit_codes::USAGE)
        );
    }
}
