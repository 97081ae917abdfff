//! Logs of the daemons: one line each on standard error, where a container's engine collects them.

use tracing_subscriber::filter::LevelFilter;

/// Starts logging at one of Salt's levels.
pub fn init(level: &str) {
    // Fails when somebody has started it already: then it logs.
    let _ = tracing_subscriber::fmt()
        .with_max_level(filter(level))
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
