//! `rsalt`: runs a function on the minions that a target selects.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Parser;
use data::{Dict, Value};
use proto::exit_codes;
use proto::message::control::{Publish, Target};
use proto::message::{ControlReply, ControlRequest};
use proto::target::TargetType;

use super::client::{Client, JobStream};
use super::error::CliError;
use super::options::{Common, Logging, Output, Parsing, versions_report};
use super::output::Printer;
use super::summary::{Answer, Tally};
use super::{batch, docs};

/// Run a function on minions: rsalt '<target>' <function> [arguments]
#[derive(Debug, Parser)]
#[command(
    name = "rsalt",
    version,
    disable_version_flag = true,
    disable_help_flag = true,
    override_usage = "rsalt [OPTIONS] '<target>' <function> [arguments]",
    after_help = "Exit codes: 0 all is well; 1 a minion is missing; 2 a state or command failed, a function raised, or \
                  no minion matched; 64 wrong options; 69 the master is not running; 78 broken config."
)]
pub(super) struct Options {
    /// Which minions: a glob on the id, or what the target option says
    #[arg(value_name = "TARGET")]
    target: Option<String>,
    /// The function, module.function; several separated by commas run one after the other
    #[arg(value_name = "FUNCTION")]
    function: Option<String>,
    /// Arguments: YAML values, name=value for keywords
    #[arg(value_name = "ARGUMENT", allow_negative_numbers = true)]
    arguments: Vec<String>,

    #[command(flatten)]
    by: TargetBy,
    /// What separates the parts of grain and pillar targets
    #[arg(long, value_name = "TEXT", default_value = ":", help_heading = "Target options")]
    delimiter: String,
    /// Show who the target selects, run nothing
    #[arg(long, help_heading = "Target options")]
    preview_target: bool,

    #[command(flatten)]
    job: JobOptions,
    #[command(flatten)]
    batch: batch::BatchOptions,
    #[command(flatten)]
    parsing: Parsing,
    /// What separates the arguments of several functions
    #[arg(long, value_name = "TEXT", default_value = ",", help_heading = "Job options")]
    args_separator: String,
    /// Print the documentation of a function or module, or of all
    #[arg(short = 'd', long, visible_alias = "documentation", help_heading = "Job options")]
    doc: bool,
    #[command(flatten)]
    show: Show,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    logging: Logging,
    #[command(flatten)]
    common: Common,
}

/// One of Salt's ways to write a target.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
#[command(next_help_heading = "Target options")]
struct TargetBy {
    /// A regex on the id
    #[arg(short = 'E', long)]
    pcre: bool,
    /// Ids, separated by commas or blanks
    #[arg(short = 'L', long)]
    list: bool,
    /// A grain and a glob: os:Deb*
    #[arg(short = 'G', long)]
    grain: bool,
    /// A grain and a regex: os:Deb.*
    #[arg(short = 'P', long)]
    grain_pcre: bool,
    /// A pillar value and a glob: role:prod*
    #[arg(short = 'I', long)]
    pillar: bool,
    /// A pillar value and a regex: role:prod.*
    #[arg(short = 'J', long)]
    pillar_pcre: bool,
    /// An address or a network: 10.0.0.0/8
    #[arg(short = 'S', long)]
    ipcidr: bool,
    /// A nodegroup of the master's config
    #[arg(short = 'N', long)]
    nodegroup: bool,
    /// All of these with and, or, not, ( ): 'G@os:Debian and web* or E@db\d'
    #[arg(short = 'C', long)]
    compound: bool,
}

impl TargetBy {
    fn kind(&self) -> TargetType {
        [
            (self.pcre, TargetType::Pcre),
            (self.list, TargetType::List),
            (self.grain, TargetType::Grain),
            (self.grain_pcre, TargetType::GrainPcre),
            (self.pillar, TargetType::Pillar),
            (self.pillar_pcre, TargetType::PillarPcre),
            (self.ipcidr, TargetType::Ipcidr),
            (self.nodegroup, TargetType::Nodegroup),
            (self.compound, TargetType::Compound),
        ]
        .into_iter()
        .find_map(|(given, kind)| given.then_some(kind))
        .unwrap_or_default()
    }
}

/// How the job runs.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Job options")]
struct JobOptions {
    /// Publish the job and print its jid, wait for nothing
    #[arg(long, conflicts_with = "batch")]
    r#async: bool,
    /// Run on so many minions only, picked at random
    #[arg(long, value_name = "N", conflicts_with = "batch")]
    subset: Option<usize>,
    /// Seconds of silence before the master asks who is still running the job
    #[arg(short = 't', long, value_name = "SECONDS")]
    timeout: Option<f64>,
    /// Seconds those have to answer
    #[arg(long, value_name = "SECONDS")]
    gather_job_timeout: Option<f64>,
    /// Seconds within which a minion that is away now must come back to run the job; 0: now or never. The default
    /// is the master's job_expiry (rsalt's own)
    #[arg(long, value_name = "SECONDS", value_parser = super::options::seconds)]
    expiry: Option<f64>,
    /// Data that is stored with the job and can be searched for: a YAML value
    #[arg(long, value_name = "YAML")]
    metadata: Option<String>,
    /// Returners of the site that the minions hand their returns to as well
    #[arg(long = "return", value_name = "NAME,…")]
    returners: Option<String>,
}

/// What is shown besides the results.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output options")]
struct Show {
    /// Show all results together, when all are in
    #[arg(short = 's', long)]
    r#static: bool,
    /// Show the jid and more
    #[arg(short = 'v', long)]
    verbose: bool,
    /// Show the jid
    #[arg(long)]
    show_jid: bool,
    /// Do not show the minions that did not return (the exit code still tells)
    #[arg(long)]
    hide_timeout: bool,
    /// Show how many returned
    #[arg(long)]
    summary: bool,
    /// Show a progress bar
    #[arg(short = 'p', long)]
    progress: bool,
}

/// What a run needs to know, from options and config.
pub(super) struct Run {
    pub socket: PathBuf,
    pub publish: Publish,
    pub hide_timeout: bool,
    pub collect: bool,
    pub progress: bool,
    pub jid_shown: JidShown,
    pub jid: Arc<Mutex<Option<String>>>,
}

/// How much is said of a job's jid.
#[derive(Clone, Copy)]
pub(super) enum JidShown {
    No,
    Jid,
    Verbose,
}

impl JidShown {
    pub(super) fn line(self, jid: &str) -> Option<String> {
        match self {
            JidShown::No => None,
            JidShown::Jid => Some(format!("jid: {jid}")),
            JidShown::Verbose => Some(format!("Executing job with jid {jid}\n{}\n", "-".repeat(43))),
        }
    }
}

pub(super) fn run(options: Options) -> Result<i32, CliError> {
    if options.common.versions_report {
        print!("{}", versions_report());
        return Ok(exit_codes::OK);
    }
    let config = options.common.load(options.logging.log_level.as_deref())?;
    let target = Target {
        tgt: target_value(&options)?,
        tgt_type: options.by.kind(),
        delimiter: options.delimiter.clone(),
    };
    let mut printer = Printer::new(&options.output, &config)?;
    let socket = config.control_socket();
    if options.preview_target {
        let minions = targets(&socket, target)?.minions;
        printer.value(&minions.into(), None)?;
        return Ok(exit_codes::OK);
    }
    let calls = calls(&options)?;
    let mut run = Run {
        socket,
        publish: publish(&options, target),
        hide_timeout: options.show.hide_timeout || !config.show_timeout,
        collect: options.show.r#static || calls.len() > 1,
        progress: options.show.progress,
        jid_shown: match (options.show.verbose, options.show.show_jid || config.show_jid) {
            (true, _) => JidShown::Verbose,
            (false, true) => JidShown::Jid,
            (false, false) => JidShown::No,
        },
        jid: Arc::default(),
    };
    on_interrupt(Arc::clone(&run.jid));
    if let Some(size) = options.job.subset
        && !subset(&mut run, size)?
    {
        return Ok(no_minions());
    }
    let mut tally = Tally::default();
    let many = calls.len() > 1;
    for (fun, arg) in calls {
        run.publish.fun = fun;
        run.publish.arg = arg;
        let code = if options.batch.batch.is_some() {
            batch::run(&run, &options.batch, &mut printer, &mut tally)?
        } else {
            one(&run, &options, &mut printer, &mut tally)?
        };
        if let Some(code) = code {
            return Ok(code);
        }
        if many {
            tally.next_function(&run.publish.fun);
        }
    }
    if options.job.r#async {
        return Ok(exit_codes::OK);
    }
    if run.collect {
        printer.all(&tally)?;
    }
    if (options.show.summary || config.cli_summary) && run.publish.fun != "sys.doc" {
        printer.line(&tally.summary(options.show.verbose))?;
    }
    Ok(tally.exit_code())
}

/// Publishes one job and takes its stream. A code comes back where the run ends here.
fn one(
    run: &Run,
    options: &Options,
    printer: &mut Printer,
    tally: &mut Tally,
) -> Result<Option<i32>, CliError> {
    let mut client = JobStream::publish(&run.socket, run.publish.clone())?;
    let mut progress = run.progress.then(|| super::summary::Progress::new(0));
    while let Some(reply) = client.reply()? {
        let answer = match reply {
            ControlReply::Published { job, minions } => {
                if minions.is_empty() {
                    return Ok(Some(no_minions()));
                }
                run.jid.lock().unwrap_or_else(PoisonError::into_inner).replace(job.jid.clone());
                if options.job.r#async {
                    printer.line(&format!("Executed command with job ID: {}", job.jid))?;
                    return Ok(None);
                }
                if let Some(line) = run.jid_shown.line(&job.jid) {
                    printer.line(&line)?;
                }
                if let Some(progress) = &mut progress {
                    progress.total(minions.len());
                }
                continue;
            }
            ControlReply::Return(ret) => Answer::Return(ret),
            ControlReply::Missing { id, reason } => Answer::Missing { id, reason: reason.to_string() },
            _ => continue,
        };
        tally.count(&answer);
        if let Some(progress) = &progress {
            progress.clear();
        }
        // Documentation is the same everywhere: it is shown once, at the end.
        if run.collect || run.publish.fun == "sys.doc" {
            if !(run.hide_timeout && answer.is_missing()) {
                tally.keep(answer);
            }
        } else if !(run.hide_timeout && answer.is_missing()) {
            printer.answer(&answer)?;
        }
        if let Some(progress) = &mut progress {
            progress.step();
        }
    }
    if let Some(progress) = progress {
        progress.end();
    }
    if run.publish.fun == "sys.doc" && !run.collect {
        docs::print(printer, tally)?;
    }
    Ok(None)
}

fn target_value(options: &Options) -> Result<Value, CliError> {
    let Some(target) = &options.target else {
        return Err(CliError::Usage("no target was given: rsalt '<target>' <function> [arguments]".into()));
    };
    if !options.by.list {
        return Ok(target.as_str().into());
    }
    let ids = target.split(|c: char| c == ',' || c.is_whitespace()).filter(|id| !id.is_empty());
    Ok(ids.collect::<Vec<_>>().into())
}

/// The functions with their arguments. Several are given as `a.x,b.y` and their arguments with a
/// separator between: `rsalt '*' cmd.run,test.echo 'ls' , hi`.
fn calls(options: &Options) -> Result<Vec<(String, Vec<Value>)>, CliError> {
    let parse = |args: &[String]| proto::args::parse(args, &options.parsing.no_parse);
    if options.doc {
        let mut arg = options.arguments.clone();
        arg.splice(0..0, options.function.clone());
        return Ok(vec![("sys.doc".to_owned(), parse(&arg))]);
    }
    let Some(function) = &options.function else {
        return Err(CliError::Usage("no function was given: rsalt '<target>' <function> [arguments]".into()));
    };
    let functions: Vec<&str> = function.split(',').map(str::trim).collect();
    if let [one] = functions.as_slice() {
        return Ok(vec![((*one).to_owned(), parse(&options.arguments))]);
    }
    let mut groups: Vec<&[String]> = options.arguments.split(|a| *a == options.args_separator).collect();
    if groups.len() > functions.len() {
        return Err(CliError::Usage(format!(
            "{} functions, but arguments for {}",
            functions.len(),
            groups.len()
        )));
    }
    groups.resize(functions.len(), &[]);
    Ok(functions.into_iter().zip(groups).map(|(f, a)| (f.to_owned(), parse(a))).collect())
}

fn publish(options: &Options, target: Target) -> Publish {
    let mut extra = Dict::new();
    if let Some(metadata) = &options.job.metadata {
        extra.insert("metadata", data::args::cli::yamlify(metadata));
    }
    Publish {
        target,
        fun: String::new(),
        arg: Vec::new(),
        jid: String::new(),
        ret: options.job.returners.clone().unwrap_or_default(),
        user: user(),
        timeout: options.job.timeout.unwrap_or(0.0),
        gather_job_timeout: options.job.gather_job_timeout.unwrap_or(0.0),
        expiry: options.job.expiry,
        wait: !options.job.r#async,
        extra: if extra.is_empty() { Value::None } else { extra.into() },
    }
}

/// The name in job listings: `sudo_ann` where ann used sudo.
pub(super) fn user() -> String {
    let env = |name| std::env::var(name).ok().filter(|v: &String| !v.is_empty());
    match env("SUDO_USER").filter(|u| u != "root") {
        Some(user) => format!("sudo_{user}"),
        None => env("USER").or_else(|| env("LOGNAME")).unwrap_or_else(|| {
            if rustix::process::geteuid().is_root() { "root".to_owned() } else { String::new() }
        }),
    }
}

/// Who a target selects.
#[derive(Default)]
pub(super) struct Selected {
    pub minions: Vec<String>,
    pub connected: Vec<String>,
    pub not_accepted: Vec<String>,
}

pub(super) fn targets(socket: &std::path::Path, target: Target) -> Result<Selected, CliError> {
    let mut client = Client::send(socket, &ControlRequest::Targets(target))?;
    let mut found = Selected::default();
    while let Some(reply) = client.reply()? {
        if let ControlReply::Targets { minions, connected, not_accepted } = reply {
            found = Selected { minions, connected, not_accepted };
        }
    }
    Ok(found)
}

/// Narrows the target to some of its minions, connected ones first.
fn subset(run: &mut Run, size: usize) -> Result<bool, CliError> {
    let Selected { minions, connected, .. } = targets(&run.socket, run.publish.target.clone())?;
    let mut picked = shuffled(connected.clone());
    picked.extend(shuffled(minions.into_iter().filter(|m| !connected.contains(m)).collect()));
    picked.truncate(size);
    let some = !picked.is_empty();
    run.publish.target = Target { tgt: picked.into(), tgt_type: TargetType::List, delimiter: String::new() };
    Ok(some)
}

fn shuffled(mut ids: Vec<String>) -> Vec<String> {
    use std::hash::BuildHasher;
    // Keyed anew in every process: random enough to spread load.
    let keys = std::collections::hash_map::RandomState::new();
    ids.sort_by_cached_key(|id| keys.hash_one(id));
    ids
}

/// What Salt says and does when a target selects nobody.
pub(super) fn no_minions() -> i32 {
    eprintln!("No minions matched the target. No command was sent, no jid was assigned.");
    eprintln!("ERROR: No return received");
    exit_codes::STATE_FAILURE
}

/// Ctrl-C ends the waiting, not the job: says how to find the rest.
fn on_interrupt(jid: Arc<Mutex<Option<String>>>) {
    let Ok(mut signals) = signal_hook::iterator::Signals::new([signal_hook::consts::SIGINT]) else { return };
    std::thread::spawn(move || {
        if signals.forever().next().is_some() {
            let jid = jid.lock().unwrap_or_else(PoisonError::into_inner).clone();
            match jid {
                Some(jid) => eprintln!(
                    "\nExiting gracefully on Ctrl-c\nThis job's jid is: {jid}\nThe minions may not have all finished \
                     running and any remaining minions will return upon completion.\n\nTo look up the return data \
                     for this job later, run the following command:\n\nrsalt-run jobs.lookup_jid {jid}"
                ),
                None => eprintln!("\nExiting gracefully on Ctrl-c"),
            }
            std::process::exit(exit_codes::INTERRUPTED);
        }
    });
}
