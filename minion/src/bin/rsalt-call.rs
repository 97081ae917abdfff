//! `rsalt-call`: one function on this machine, with its own files and pillar.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use data::Value;
use data::output::Options;
use minion::call::{self, Answer, Show};
use minion::conn::Beside;
use minion::one_shot::OneShot;
use minion::{Caller, local, logging};
use proto::config::{MinionConfig, Roots};
use proto::exit_codes;

#[global_allocator]
static HEAP: OneShot = OneShot;

const LEVELS: [&str; 10] =
    ["all", "garbage", "trace", "debug", "profile", "info", "warning", "error", "critical", "quiet"];

/// Call an execution function on this machine.
#[derive(Parser)]
#[command(
    name = "rsalt-call",
    version,
    disable_version_flag = true,
    override_usage = "rsalt-call [OPTIONS] <FUNCTION> [ARGUMENTS]...",
    after_help = "Exit codes: 0 all is well; 1 the function failed (--retcode-passthrough: its own return code); 64 \
                  wrong options; 69 the master does not answer or does not let this minion in; 78 broken config; 255 \
                  there is no such function."
)]
struct Args {
    /// The function, such as test.ping or state.apply.
    #[arg(value_name = "FUNCTION")]
    fun: Option<String>,
    /// Its arguments: values as YAML, key=value for keywords.
    #[arg(value_name = "ARGUMENTS", allow_negative_numbers = true)]
    args: Vec<String>,

    /// Directory of the config files.
    #[arg(short = 'c', long, value_name = "DIR", default_value = "/etc/rsalt")]
    config_dir: PathBuf,
    /// Without a master: files and pillar from this machine.
    #[arg(long)]
    local: bool,
    /// Ask this master, and not the one of the config.
    #[arg(long, value_name = "HOST", conflicts_with = "local")]
    master: Option<String>,
    /// The file root of the base environment.
    #[arg(long, value_name = "DIR", value_delimiter = ',')]
    file_root: Vec<PathBuf>,
    /// The pillar root of the base environment.
    #[arg(long, value_name = "DIR", value_delimiter = ',')]
    pillar_root: Vec<PathBuf>,
    /// The minion's id.
    #[arg(long)]
    id: Option<String>,
    /// Directory of what is cached.
    #[arg(long, value_name = "DIR")]
    cachedir: Option<PathBuf>,
    /// Print the grains.
    #[arg(short = 'g', long)]
    grains: bool,
    /// Print the documentation of the function, of all that begin so, or of all.
    #[arg(short = 'd', long, visible_alias = "documentation")]
    doc: bool,
    /// Keywords whose values stay texts: name,name.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    no_parse: Vec<String>,
    /// Exit with the function's own return code.
    #[arg(long)]
    retcode_passthrough: bool,

    #[command(flatten)]
    output: OutputArgs,

    /// What to log: all garbage trace debug profile info warning error critical quiet.
    #[arg(short = 'l', long, value_name = "LEVEL", value_parser = LEVELS, hide_possible_values = true, help_heading = "Logging options")]
    log_level: Option<String>,

    /// Print the versions of everything in here and exit.
    #[arg(short = 'V', long)]
    versions_report: bool,
    /// Print the version and exit.
    #[arg(long, action = clap::ArgAction::Version)]
    version: Option<bool>,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Output options")]
struct OutputArgs {
    /// How to print: nested highstate json yaml txt raw quiet pprint.
    #[arg(long = "out", visible_alias = "output", value_name = "NAME")]
    out: Option<String>,
    /// Spaces per level; negative: all on one line.
    #[arg(long, visible_alias = "output-indent", value_name = "N", allow_negative_numbers = true)]
    out_indent: Option<i64>,
    /// Write to a file.
    #[arg(long, visible_alias = "output-file", value_name = "FILE")]
    out_file: Option<PathBuf>,
    /// Add to that file.
    #[arg(long, visible_alias = "output-file-append")]
    out_file_append: bool,
    /// No colours.
    #[arg(long, visible_alias = "no-colour")]
    no_color: bool,
    /// Colours even where nobody sees them.
    #[arg(long, visible_alias = "force-colour")]
    force_color: bool,
    /// How states print: full terse mixed changes filter.
    #[arg(long, visible_alias = "state_output", value_name = "MODE")]
    state_output: Option<String>,
    /// Whether states that are fine and unchanged print: True or False.
    #[arg(long, visible_alias = "state_verbose", value_name = "BOOL")]
    state_verbose: Option<String>,
    /// Only states that failed or changed something.
    #[arg(long)]
    output_diff: bool,
    /// Print the outputter and the return code as well.
    #[arg(long)]
    metadata: bool,
}

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            return code(if error.use_stderr() { exit_codes::USAGE } else { exit_codes::OK });
        }
    };
    if args.versions_report {
        println!(
            "rsalt Version:\n          rsalt: {}\n\nSystem Versions:\n           arch: {}\n             os: {}",
            minion::VERSION,
            std::env::consts::ARCH,
            std::env::consts::OS
        );
        return code(exit_codes::OK);
    }
    if args.fun.is_none() && !args.grains && !args.doc {
        eprintln!("rsalt-call: no function was given: rsalt-call [OPTIONS] <function> [arguments]");
        return code(exit_codes::USAGE);
    }
    let mut config = match MinionConfig::load(&args.config_dir) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("rsalt-call: {error}");
            return code(exit_codes::CONFIG);
        }
    };
    adjust(&mut config, &args);
    logging::init(&config.log_level);
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let show = show(&config, &args);
    if args.doc {
        let wanted = args.fun.as_deref().unwrap_or_default();
        let docs = call::docs(&Caller::new(local::parts(&config)), wanted);
        if docs.is_empty() {
            eprintln!("rsalt-call: no function begins with '{wanted}'");
            return code(exit_codes::GENERIC);
        }
        println!("{docs}");
        return code(exit_codes::OK);
    }
    let work = |caller: &Caller| match &args.fun {
        Some(fun) if !args.grains => {
            let (positional, keywords) = proto::args::split(&args.args, &args.no_parse);
            call::run(caller, fun, positional, keywords, &show)
        }
        _ => call::grains(caller, &show),
    };
    // Grains are this machine's own.
    let answer = if config.file_client == "local" || args.grains {
        work(&Caller::new(local::parts(&config)))
    } else {
        match Beside::open(&config) {
            // The session lasts until the function has ended.
            Ok((_session, asker)) => work(&Caller::new(local::parts_with_master(&config, &asker))),
            Err(error) => {
                eprintln!("rsalt-call: {error}");
                return code(exit_codes::UNAVAILABLE);
            }
        }
    };
    finish(answer, &args.output)
}

/// Command line options over the config.
fn adjust(config: &mut MinionConfig, args: &Args) {
    call::set_opt(config, "__cli", "salt-call");
    if args.local {
        config.file_client = "local".into();
        call::set_opt(config, "file_client", "local");
    }
    for (key, dirs) in [("file_roots", &args.file_root), ("pillar_roots", &args.pillar_root)] {
        if !dirs.is_empty() {
            let dirs: Vec<PathBuf> =
                dirs.iter().map(|d| std::path::absolute(d).unwrap_or_else(|_| d.clone())).collect();
            let texts: Vec<String> = dirs.iter().map(|d| d.display().to_string()).collect();
            let roots = Roots(vec![("base".into(), dirs)]);
            if key == "file_roots" {
                config.file_roots = roots;
            } else {
                config.pillar_roots = roots;
            }
            call::set_opt(config, key, data::Dict::new().with("base", texts));
        }
    }
    if let Some(master) = &args.master {
        config.master = vec![master.clone()];
        call::set_opt(config, "master", master.as_str());
    }
    if let Some(id) = &args.id {
        config.id.clone_from(id);
        call::set_opt(config, "id", id.as_str());
    }
    if let Some(dir) = &args.cachedir {
        config.common.cachedir.clone_from(dir);
        call::set_opt(config, "cachedir", dir.display().to_string());
    }
    if let Some(level) = &args.log_level {
        config.common.log_level.clone_from(level);
    }
}

fn show(config: &MinionConfig, args: &Args) -> Show {
    let given = &args.output;
    let color = match (given.force_color, given.no_color, config.color) {
        (true, ..) => true,
        (_, true, _) | (_, _, Some(false)) => false,
        _ => given.out_file.is_none() && std::io::stdout().is_terminal(),
    };
    let mut options = Options { color, out_indent: given.out_indent, ..Options::default() };
    options.set_state_output(given.state_output.as_deref().unwrap_or(&config.state_output));
    options.state_verbose = match &given.state_verbose {
        Some(text) => data::yaml::load(text).is_ok_and(|v: Value| v.is_true()),
        None => config.state_verbose,
    };
    options.set_from_config(&config.opts);
    options.state_output_diff |= given.output_diff;
    Show {
        out: given.out.clone().or_else(|| config.output.clone()),
        options,
        metadata: given.metadata,
        retcode_passthrough: args.retcode_passthrough,
    }
}

fn finish(answer: Answer, output: &OutputArgs) -> ExitCode {
    if !answer.err.is_empty() {
        eprintln!("{}", answer.err);
    }
    if !answer.out.is_empty() {
        let mut text = answer.out;
        text.push('\n');
        let written = match &output.out_file {
            None => std::io::stdout().write_all(text.as_bytes()).map_err(|e| format!("standard output: {e}")),
            Some(path) => std::fs::OpenOptions::new()
                .create(true)
                .write(true)
                .append(output.out_file_append)
                .truncate(!output.out_file_append)
                .open(path)
                .and_then(|mut file| file.write_all(text.as_bytes()))
                .map_err(|e| format!("{}: {e}", path.display())),
        };
        if let Err(problem) = written {
            eprintln!("rsalt-call: cannot write to {problem}");
            return code(exit_codes::CANT_CREATE);
        }
    }
    ExitCode::from(answer.code)
}

fn code(code: i32) -> ExitCode {
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
