//! `rsalt-master`: the master daemon.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use master::daemon;
use proto::config::MasterConfig;
use proto::exit_codes;
use tokio::signal::unix::{SignalKind, signal};

/// The rsalt master: publishes jobs to minions, takes their returns, serves files and pillar.
#[derive(Parser)]
#[command(name = "rsalt-master", version)]
struct Args {
    /// Directory of the config files
    #[arg(short, long, value_name = "DIR", default_value_os_t = proto::config::default_dir().to_owned())]
    config_dir: PathBuf,
    /// all garbage trace debug profile info warning error critical quiet
    #[arg(short, long, value_name = "LEVEL")]
    log_level: Option<String>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let config = match MasterConfig::load(&args.config_dir) {
        Ok(config) => config,
        Err(error) => return fail(error, exit_codes::CONFIG),
    };
    minion::logging::init(args.log_level.as_deref().unwrap_or(&config.log_level));
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
        Ok(runtime) => match runtime.block_on(run(config)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(error, exit_codes::GENERIC),
        },
        Err(error) => fail(error, exit_codes::GENERIC),
    }
}

async fn run(config: MasterConfig) -> Result<(), Box<dyn std::error::Error>> {
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
            }
        }
    }
    running.stop().await;
    minion::daemon::remove_pidfile(pidfile.as_deref());
    Ok(())
}

fn fail(error: impl std::fmt::Display, code: i32) -> ExitCode {
    eprintln!("rsalt-master: {error}");
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
