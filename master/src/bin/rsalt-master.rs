//! `rsalt-master`: the master daemon.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use clap::builder::PossibleValuesParser;
use master::daemon;
use minion::logging::{self, Log};
use proto::config::{LOG_LEVELS, MasterConfig};
use proto::exit_codes;
use tokio::signal::unix::{SignalKind, signal};

/// The rsalt master: publishes jobs to minions, takes their returns, serves files and pillar.
#[derive(Parser)]
#[command(name = "rsalt-master", version)]
struct Args {
    /// Directory of the config files
    #[arg(short, long, value_name = "DIR", default_value_os_t = proto::config::default_dir().to_owned())]
    config_dir: PathBuf,
    /// What to log, instead of the config's log_level
    #[arg(short, long, value_name = "LEVEL", value_parser = PossibleValuesParser::new(LOG_LEVELS), ignore_case = true)]
    log_level: Option<String>,
}

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        // The help, or a mistake.
        Err(told) => {
            let _ = told.print();
            return code(if told.use_stderr() { exit_codes::USAGE } else { 0 });
        }
    };
    let config = match MasterConfig::load(&args.config_dir) {
        Ok(config) => config,
        Err(error) => return fail(error, exit_codes::CONFIG),
    };
    let level = args.log_level.map(|level| level.to_lowercase());
    let log = logging::init_daemon(&config, level.as_deref());
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let workers = std::thread::available_parallelism().map_or(2, |n| n.get().clamp(2, 8));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .thread_keep_alive(std::time::Duration::from_secs(1))
        // Rendering pillar recurses with the templates; pages that are not used cost nothing.
        .thread_stack_size(8 << 20)
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => match runtime.block_on(run(config, &log, level.as_deref())) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(error, exit_codes::GENERIC),
        },
        Err(error) => fail(error, exit_codes::GENERIC),
    }
}

async fn run(config: MasterConfig, log: &Log, level: Option<&str>) -> Result<(), Box<dyn std::error::Error>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let pidfile = config.pidfile.clone();
    let running = daemon::start(config).await?;
    minion::daemon::write_pidfile(pidfile.as_deref());
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hang_up.recv() => {
                if let Err(error) = running.master.reload().await {
                    tracing::error!(%error, "the config is not read again, the old one stays");
                }
                log.reopen(&running.master.config(), level);
            }
        }
    }
    running.stop().await;
    minion::daemon::remove_pidfile(pidfile.as_deref());
    Ok(())
}

fn fail(error: impl std::fmt::Display, code: i32) -> ExitCode {
    eprintln!("rsalt-master: {error}");
    self::code(code)
}

fn code(status: i32) -> ExitCode {
    ExitCode::from(u8::try_from(status).unwrap_or(1))
}
