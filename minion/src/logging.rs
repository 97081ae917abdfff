//! Logs of the daemons: one line each on standard error, where a container's engine collects them.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Starts logging at one of Salt's levels. `RSALT_LOG` has tracing's own syntax and comes first.
pub fn init(level: &str) {
    let filter = match std::env::var("RSALT_LOG") {
        Ok(spec) if !spec.is_empty() => EnvFilter::new(spec),
        _ => EnvFilter::default().add_directive(filter(level).into()),
    };
    // Fails when somebody has started it already: then it logs.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(rustix::termios::isatty(std::io::stderr()))
        .try_init();
}

fn filter(level: &str) -> LevelFilter {
    match level {
        "quiet" => LevelFilter::OFF,
        "critical" | "error" => LevelFilter::ERROR,
        "info" => LevelFilter::INFO,
        "debug" | "profile" => LevelFilter::DEBUG,
        "all" | "garbage" | "trace" => LevelFilter::TRACE,
        _ => LevelFilter::WARN,
    }
}
