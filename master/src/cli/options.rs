//! Options that several tools have.

use std::path::PathBuf;

use clap::Args;
use proto::config::{MasterConfig, default_dir};

use super::error::CliError;

/// Where the config is, and what is in here.
#[derive(Debug, Args)]
#[command(next_help_heading = "General options")]
pub(super) struct Common {
    /// Directory of the config files
    #[arg(short = 'c', long, value_name = "DIR", default_value = "/etc/rsalt")]
    pub config_dir: PathBuf,
    /// Print the versions of everything in here and exit
    #[arg(short = 'V', long)]
    pub versions_report: bool,
    /// Print the version and exit
    #[arg(long, action = clap::ArgAction::Version)]
    version: Option<bool>,
    /// Print help and exit
    #[arg(short = 'h', long, action = clap::ArgAction::HelpShort)]
    help: Option<bool>,
}

/// What is logged.
#[derive(Debug, Args)]
#[command(next_help_heading = "General options")]
pub(super) struct Logging {
    /// Log level on the console: all, garbage, trace, debug, profile, info, warning, error, critical, quiet
    #[arg(short = 'l', long, value_name = "LEVEL", value_parser = LEVELS, hide_possible_values = true)]
    pub log_level: Option<String>,
}

/// What is logged, by the tool that has another `-l`.
#[derive(Debug, Args)]
#[command(next_help_heading = "General options")]
pub(super) struct LoggingLong {
    /// Log level on the console: all, garbage, trace, debug, profile, info, warning, error, critical, quiet
    #[arg(long, value_name = "LEVEL", value_parser = LEVELS, hide_possible_values = true)]
    pub log_level: Option<String>,
}

const LEVELS: [&str; 10] =
    ["all", "garbage", "trace", "debug", "profile", "info", "warning", "error", "critical", "quiet"];

impl Common {
    /// The master's config, with its warnings on stderr unless the log level says not to.
    pub(super) fn load(&self, log_level: Option<&str>) -> Result<MasterConfig, CliError> {
        let dir = &self.config_dir;
        if dir != default_dir() && !dir.is_dir() {
            return Err(CliError::Usage(format!("the config directory {} does not exist", dir.display())));
        }
        let config = MasterConfig::load(dir)?;
        let level = log_level.unwrap_or(&config.log_level);
        if !matches!(level, "error" | "critical" | "quiet") {
            for warning in &config.warnings {
                eprintln!("[WARNING ] {warning}");
            }
        }
        Ok(config)
    }
}

/// How results are shown.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output options")]
pub(super) struct Output {
    /// Show results with this outputter: nested, highstate, json, yaml, txt, raw, pprint, quiet, key
    #[arg(long = "out", visible_alias = "output", value_name = "OUTPUTTER")]
    pub out: Option<String>,
    /// Indent by so many blanks; a negative number means none
    #[arg(long, visible_alias = "output-indent", value_name = "N", allow_negative_numbers = true)]
    pub out_indent: Option<i64>,
    /// Write the results to a file
    #[arg(long, visible_alias = "output-file", value_name = "FILE")]
    pub out_file: Option<PathBuf>,
    /// Append to the file
    #[arg(long, visible_alias = "output-file-append", requires = "out_file")]
    pub out_file_append: bool,
    /// No colours
    #[arg(long, visible_alias = "no-colour", conflicts_with = "force_color")]
    pub no_color: bool,
    /// Colours even where there is no terminal
    #[arg(long, visible_alias = "force-colour")]
    pub force_color: bool,
    /// How state results are shown: full, terse, mixed, changes, filter
    #[arg(long, alias = "state_output", value_name = "MODE")]
    pub state_output: Option<String>,
    /// Whether states that changed nothing are shown: True or False
    #[arg(long, alias = "state_verbose", value_name = "BOOL", value_parser = parse_bool)]
    pub state_verbose: Option<bool>,
}

/// How arguments of functions are read.
#[derive(Debug, Args)]
#[command(next_help_heading = "Job options")]
pub(super) struct Parsing {
    /// Keyword arguments whose values are texts as they stand, separated by commas
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub no_parse: Vec<String>,
}

fn parse_bool(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err("it is True or False".to_owned()),
    }
}

/// A number of seconds.
pub(super) fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() && seconds >= 0.0 => Ok(seconds),
        _ => Err("it is a number of seconds".to_owned()),
    }
}

/// The text of `--versions-report`.
pub(super) fn versions_report() -> String {
    format!(
        "rsalt Version:\n          rsalt: {}\n\nDependency Versions:\n         SQLite: {}\n\nSystem Versions:\n           arch: {}\n             os: {}\n",
        env!("CARGO_PKG_VERSION"),
        rusqlite::version(),
        std::env::consts::ARCH,
        std::env::consts::OS,
    )
}
