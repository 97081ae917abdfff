//! `rsalt-minion`: the agent. `rsalt-minion -- CMD…` runs the container's own command beside it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use minion::{daemon, health, init, logging};
use proto::config::{LOG_LEVELS, MinionConfig};
use proto::exit_codes;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

const USAGE: &str = "\
Usage: rsalt-minion [OPTIONS] [-- COMMAND [ARG]...]

The rsalt agent: connects to its master and runs what is published to it.
With a COMMAND, runs that beside the agent and exits with its status.

Options:
  -c, --config-dir DIR   directory of the config files [default: /etc/rsalt]
  -l, --log-level LEVEL  all garbage trace debug profile info warning error critical quiet
      --health           say whether the agent is connected: exit status 0 or 1
  -V, --version          print the version
  -h, --help             print this

Environment:
  RSALT_MASTER           address of the master, over `master` in the config
  RSALT_ID               id of this minion, over `id` in the config
  RSALT_GRAINS           grains as YAML or JSON, over those in the config
  RSALT_TOKEN            a join token (rsalt-key --gen-token): lets this minion in at once
  RSALT_TOKEN_FILE       a file with a join token
  RSALT_EPHEMERAL        1: the master forgets this minion when it stops
";

struct Args {
    config_dir: PathBuf,
    log_level: Option<String>,
    health: bool,
    command: Vec<OsString>,
}

fn main() -> ExitCode {
    minion::memory::keep_trimmable();
    let args = match parse(std::env::args_os().skip(1)) {
        Ok(Some(args)) => args,
        Ok(None) => return ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("rsalt-minion: {problem}\n\n{USAGE}");
            return code(exit_codes::USAGE);
        }
    };
    let supervised = std::env::var_os(init::SUPERVISED).is_some();
    if !supervised && !args.health && (!args.command.is_empty() || std::process::id() == 1) {
        return supervise(args);
    }
    let config = match MinionConfig::load(&args.config_dir) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("rsalt-minion: {error}");
            return code(exit_codes::CONFIG);
        }
    };
    if args.health {
        return match health::check(&config.sock_dir) {
            Ok(()) => ExitCode::SUCCESS,
            Err(problem) => {
                println!("{problem}");
                ExitCode::FAILURE
            }
        };
    }
    let log = logging::init_daemon(&config, args.log_level.as_deref());
    // A supervisor that is killed takes its minion with it; with one, the command beside goes on whatever
    // this minion makes of its master.
    let patient = supervised && std::env::var(init::SUPERVISED).is_ok_and(|v| v == init::WITH_COMMAND);
    if supervised {
        let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::TERM));
    }
    match block_on(run(config, patient, log, args.log_level)) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(problem)) | Err(problem) => {
            eprintln!("rsalt-minion: {problem}");
            ExitCode::FAILURE
        }
    }
}

async fn run(
    config: MinionConfig,
    patient: bool,
    log: logging::Log,
    level: Option<String>,
) -> Result<(), String> {
    let stop = CancellationToken::new();
    let text = |e: std::io::Error| e.to_string();
    let mut terminate = signal(SignalKind::terminate()).map_err(text)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(text)?;
    let mut hang_up = signal(SignalKind::hangup()).map_err(text)?;
    let told = stop.clone();
    let config_dir = config.config_dir.clone();
    let listen = async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                // Log file and levels only: the rest of the config is read at start.
                _ = hang_up.recv() => match MinionConfig::load(&config_dir) {
                    Ok(config) => log.reopen(&config, level.as_deref()),
                    Err(error) => tracing::error!(%error, "the log goes on as it is"),
                },
            }
        }
        told.cancel();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        ran = daemon::run(config, patient, stop) => ran.map_err(|e| e.to_string()),
        () = listen => Ok(()),
    }
}

fn supervise(args: Args) -> ExitCode {
    logging::init(args.log_level.as_deref().unwrap_or("warning"));
    let program = match std::env::current_exe() {
        Ok(program) => program.into_os_string(),
        Err(error) => {
            eprintln!("rsalt-minion: where is this program? {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut minion_args: Vec<OsString> = vec!["-c".into(), args.config_dir.into_os_string()];
    if let Some(level) = args.log_level {
        minion_args.extend(["-l".into(), level.into()]);
    }
    let mut command = args.command.into_iter();
    let plan = init::Plan {
        minion: (program, minion_args),
        command: command.next().map(|program| (program, command.collect())),
    };
    match block_on(init::run(plan)) {
        Ok(Ok(status)) => code(status),
        Ok(Err(error)) => {
            eprintln!("rsalt-minion: {error}");
            ExitCode::FAILURE
        }
        Err(problem) => {
            eprintln!("rsalt-minion: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// One thread, and a few more for what blocks; they end when they are not needed.
fn block_on<T>(work: impl Future<Output = T>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(8)
        .thread_keep_alive(std::time::Duration::from_secs(1))
        .build()
        .map_err(|e| format!("cannot start: {e}"))?;
    let done = runtime.block_on(work);
    // Jobs that did not end when they were told to are left behind.
    runtime.shutdown_background();
    Ok(done)
}

fn code(status: i32) -> ExitCode {
    ExitCode::from(u8::try_from(status).unwrap_or(1))
}

fn parse(args: impl Iterator<Item = OsString>) -> Result<Option<Args>, String> {
    let mut parsed = Args {
        config_dir: proto::config::default_dir().to_owned(),
        log_level: None,
        health: false,
        command: Vec::new(),
    };
    let mut args = args.peekable();
    while let Some(arg) = args.next() {
        let text = arg.to_string_lossy().into_owned();
        let (name, inline) = match text.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name.to_string(), Some(OsString::from(value))),
            _ => (text, None),
        };
        let mut value =
            |name: &str| inline.clone().or_else(|| args.next()).ok_or(format!("{name} needs a value"));
        match name.as_str() {
            "--" => {
                parsed.command = args.collect();
                if parsed.command.is_empty() {
                    return Err("there is no command after --".to_string());
                }
                return Ok(Some(parsed));
            }
            "-c" | "--config-dir" => parsed.config_dir = PathBuf::from(value(&name)?),
            "-l" | "--log-level" => {
                let level = value(&name)?.to_string_lossy().to_lowercase();
                if !LOG_LEVELS.contains(&level.as_str()) {
                    return Err(format!("{level} is no log level: one of {}", LOG_LEVELS.join(" ")));
                }
                parsed.log_level = Some(level);
            }
            "--health" => parsed.health = true,
            "-V" | "--version" => {
                println!("rsalt-minion {}", minion::VERSION);
                return Ok(None);
            }
            "-h" | "--help" => {
                print!("{USAGE}");
                return Ok(None);
            }
            other => return Err(format!("unknown option {other}; a command comes after --")),
        }
    }
    Ok(Some(parsed))
}
