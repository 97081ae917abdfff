//! Prints results with the outputter that was asked for, or that suits them.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Write};

use data::{Dict, Value};
use proto::config::MasterConfig;

use super::error::CliError;
use super::options::Output;
use super::summary::{Answer, Tally};
use crate::keys::KeyState;

/// Where and how results go.
pub(super) struct Printer {
    chosen: Option<String>,
    render: data::output::Options,
    sink: Box<dyn Write>,
    /// For error messages.
    to: String,
}

impl Printer {
    /// As the options say, and the config where they do not.
    pub(super) fn new(options: &Output, config: &MasterConfig) -> Result<Self, CliError> {
        let chosen = options.out.clone().or_else(|| config.output.clone());
        if let Some(name) = chosen.as_deref().filter(|n| !is_outputter(n)) {
            return Err(CliError::Usage(format!("unknown outputter '{name}'")));
        }
        let (sink, to, terminal): (Box<dyn Write>, _, _) = match &options.out_file {
            Some(path) => {
                let file = OpenOptions::new()
                    .create(true)
                    .write(true)
                    .append(options.out_file_append)
                    .truncate(!options.out_file_append)
                    .open(path)
                    .map_err(|source| CliError::Write { what: path.display().to_string(), source })?;
                (Box::new(file), path.display().to_string(), false)
            }
            None => (Box::new(io::stdout()), "to the terminal".to_owned(), io::stdout().is_terminal()),
        };
        let color =
            if options.no_color { false } else { options.force_color || config.color.unwrap_or(terminal) };
        Ok(Printer { chosen, render: render_options(options, config, color), sink, to })
    }

    /// The outputter that the user asked for.
    pub(super) fn chosen(&self) -> Option<&str> {
        self.chosen.as_deref()
    }

    /// Whether results are for people, so that other lines may stand beside them.
    pub(super) fn for_people(&self) -> bool {
        !matches!(self.chosen.as_deref(), Some("json" | "yaml" | "raw" | "pprint" | "quiet" | "txt"))
    }

    /// One minion's answer.
    pub(super) fn answer(&mut self, answer: &Answer) -> Result<(), CliError> {
        let value = Dict::new().with(answer.id(), answer.value());
        self.render.retcode = i64::from(answer.code());
        self.value(&value.into(), answer.outputter())
    }

    /// All answers that were kept, as one value.
    pub(super) fn all(&mut self, tally: &Tally) -> Result<(), CliError> {
        let (value, outputter) = tally.all();
        self.value(&value, outputter)
    }

    /// A value; `suits` is the outputter it comes with.
    pub(super) fn value(&mut self, value: &Value, suits: Option<&str>) -> Result<(), CliError> {
        let name = self.chosen.as_deref().or(suits).unwrap_or("nested");
        let text = match name {
            "key" => keys(value, self.render.color),
            name => data::output::render(name, value, &self.render)
                .map_err(|e| CliError::Output(e.to_string()))?,
        };
        // Empty text is nothing to print, not an empty line.
        if text.is_empty() { Ok(()) } else { self.line(&text) }
    }

    /// A line as it is.
    pub(super) fn line(&mut self, text: &str) -> Result<(), CliError> {
        let written = writeln!(self.sink, "{text}").and_then(|()| self.sink.flush());
        written.map_err(|source| CliError::Write { what: self.to.clone(), source })
    }
}

/// What there is beside `key`, which is made here.
fn is_outputter(name: &str) -> bool {
    name == "key" || name.parse::<data::output::Outputter>().is_ok()
}

fn render_options(options: &Output, config: &MasterConfig, color: bool) -> data::output::Options {
    let mut render = data::output::Options {
        color,
        out_indent: options.out_indent,
        state_verbose: options.state_verbose.unwrap_or(config.state_verbose),
        ..data::output::Options::default()
    };
    render.set_from_config(&config.opts);
    render.set_state_output(options.state_output.as_deref().unwrap_or(&config.state_output));
    render
}

/// The lists of `rsalt-key`: a heading per state, ids below it, their key or fingerprint behind them.
fn keys(value: &Value, color: bool) -> String {
    let paint = |code: &str, text: String| if color { format!("\x1b[{code}m{text}\x1b[0;0m") } else { text };
    let mut lines = Vec::new();
    let mut groups: Vec<(&str, &str, &str, &str)> =
        KeyState::ALL.iter().map(|s| (s.dir(), heading(*s), heading_color(*s), id_color(*s))).collect();
    groups.insert(0, ("local", "Local Keys:", "1;35", "0;35"));
    for (name, heading, heading_code, id_code) in groups {
        let Some(group) = value.get(name) else { continue };
        lines.push(paint(heading_code, heading.to_owned()));
        match group {
            Value::List(ids) => {
                let mut ids: Vec<String> = ids.iter().map(Value::to_string).collect();
                ids.sort();
                lines.extend(ids.into_iter().map(|id| paint(id_code, id)));
            }
            Value::Dict(ids) => {
                let mut ids: Vec<String> = ids.iter().map(|(id, text)| format!("{id}:  {text}")).collect();
                ids.sort();
                lines.extend(ids.into_iter().map(|id| paint(id_code, id)));
            }
            other => lines.push(other.to_string()),
        }
    }
    lines.join("\n")
}

fn heading(state: KeyState) -> &'static str {
    match state {
        KeyState::Accepted => "Accepted Keys:",
        KeyState::Denied => "Denied Keys:",
        KeyState::Pending => "Unaccepted Keys:",
        KeyState::Rejected => "Rejected Keys:",
    }
}

fn heading_color(state: KeyState) -> &'static str {
    match state {
        KeyState::Accepted => "1;32",
        KeyState::Denied => "1;35",
        KeyState::Pending => "1;31",
        KeyState::Rejected => "1;34",
    }
}

fn id_color(state: KeyState) -> &'static str {
    match state {
        KeyState::Accepted => "0;32",
        KeyState::Denied => "0;35",
        KeyState::Pending => "0;31",
        KeyState::Rejected => "0;34",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_lists_read_as_in_salt() {
        let all = Dict::new()
            .with("minions", vec!["b", "a"])
            .with("minions_pre", vec!["c"])
            .with("minions_denied", Value::list())
            .with("minions_rejected", Value::list());
        insta::assert_snapshot!(keys(&all.into(), false), @r"
        Accepted Keys:
        a
        b
        Denied Keys:
        Unaccepted Keys:
        c
        Rejected Keys:
        ");
        let fingers = Dict::new().with("minions_pre", Dict::new().with("c", "66:68"));
        assert_eq!(
            keys(&fingers.into(), true),
            "\x1b[1;31mUnaccepted Keys:\x1b[0;0m\n\x1b[0;31mc:  66:68\x1b[0;0m"
        );
    }
}
