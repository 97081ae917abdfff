//! `rsalt-run`: runs a runner function on the master.

use clap::Parser;
use data::Value;
use proto::exit_codes;
use proto::message::control::Call;
use proto::message::job::split_args;
use proto::message::{ControlReply, ControlRequest, Event};

use super::client::Client;
use super::error::CliError;
use super::options::{Common, Logging, Output, Parsing, versions_report};
use super::output::Printer;
use crate::runners;

/// Run a function on the master: rsalt-run <function> [arguments]
#[derive(Debug, Parser)]
#[command(
    name = "rsalt-run",
    version,
    disable_version_flag = true,
    disable_help_flag = true,
    override_usage = "rsalt-run [OPTIONS] <function> [arguments]",
    after_help = "Exit codes: 0 all is well; 1 the function failed; 64 wrong options; 69 the master is not running; \
                  78 broken config."
)]
pub(super) struct Options {
    /// The function, such as jobs.list_jobs
    #[arg(value_name = "FUNCTION")]
    function: Option<String>,
    /// Arguments: YAML values, name=value for keywords
    #[arg(value_name = "ARGUMENT", allow_negative_numbers = true)]
    arguments: Vec<String>,
    /// List the functions
    #[arg(short = 'd', long, visible_alias = "documentation", help_heading = "Job options")]
    doc: bool,
    /// Accepted for Salt's sake: runners have no time limit here
    #[arg(short = 't', long, value_name = "SECONDS", hide = true)]
    timeout: Option<f64>,
    #[command(flatten)]
    parsing: Parsing,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    logging: Logging,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(options: Options) -> Result<i32, CliError> {
    if options.common.versions_report {
        print!("{}", versions_report());
        return Ok(exit_codes::OK);
    }
    let config = options.common.load(options.logging.log_level.as_deref())?;
    let mut printer = Printer::new(&options.output, &config)?;
    if options.doc {
        let mut names = runners::names();
        names.push("state.event");
        names.sort_unstable();
        let wanted = options.function.unwrap_or_default();
        for name in names.into_iter().filter(|n| n.starts_with(&wanted)) {
            printer.line(name)?;
        }
        return Ok(exit_codes::OK);
    }
    let Some(fun) = options.function else {
        return Err(CliError::Usage("no function was given: rsalt-run <function> [arguments]".into()));
    };
    let arg = proto::args::parse(&options.arguments, &options.parsing.no_parse);
    let socket = config.control_socket();
    if fun == "state.event" {
        return watch_events(&socket, &arg, &mut printer);
    }
    let call = Call { fun, arg, user: super::rsalt::user() };
    let mut client = Client::send(&socket, &ControlRequest::Runner(call))?;
    let mut code = exit_codes::OK;
    while let Some(reply) = client.reply()? {
        match reply {
            ControlReply::Value { value, out, retcode } => {
                code = i32::try_from(retcode).unwrap_or(exit_codes::GENERIC);
                printer.value(&value, out.as_deref())?;
            }
            // Progress, for who wants it.
            ControlReply::Event(event) => eprintln!("{}", show(&event, false)),
            _ => {}
        }
    }
    Ok(code)
}

/// `state.event [tag] [count=N] [quiet=True] [pretty=True]`: events as they come.
fn watch_events(socket: &std::path::Path, arg: &[Value], printer: &mut Printer) -> Result<i32, CliError> {
    let (positional, keywords) = split_args(arg);
    let given = |at: usize, name: &str| keywords.get(name).or_else(|| positional.get(at));
    let pattern = given(0, "tagmatch").map(Value::to_string).unwrap_or_default();
    let count = given(1, "count").and_then(Value::as_int).unwrap_or(-1);
    let quiet = given(2, "quiet").is_some_and(Value::is_true);
    let pretty = given(4, "pretty").is_some_and(Value::is_true);
    // The master filters by the beginning, up to where a glob begins.
    let start: String = pattern.chars().take_while(|c| !"*?[".contains(*c)).collect();
    let glob = proto::target::glob::Glob::new(&format!("{pattern}*"));
    let mut client = Client::send(socket, &ControlRequest::Events { tag: start })?;
    let mut seen = 0;
    while count < 0 || seen < count {
        let Some(reply) = client.reply()? else { break };
        if let ControlReply::Event(event) = reply
            && glob.matches(&event.tag)
        {
            seen += 1;
            if !quiet {
                printer.line(&show(&event, pretty))?;
            }
        }
    }
    Ok(exit_codes::OK)
}

/// Salt's line: the tag, a tab, the data as JSON.
fn show(event: &Event, pretty: bool) -> String {
    let data = data::json::dump(&event.data, pretty.then_some(4), pretty);
    format!("{}\t{data}", event.tag)
}

#[cfg(test)]
mod tests {
    use data::Dict;

    use super::*;

    #[test]
    fn events_print_as_in_salt() {
        let event =
            Event { tag: "salt/auth".into(), data: Dict::new().with("id", "m1").with("act", "pend").into() };
        assert_eq!(show(&event, false), "salt/auth\t{\"id\": \"m1\", \"act\": \"pend\"}");
        assert_eq!(show(&event, true), "salt/auth\t{\n    \"act\": \"pend\",\n    \"id\": \"m1\"\n}");
    }
}
