//! Logs of the daemons: one line each on standard error, where a container's engine collects them, and
//! in the log file.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use proto::config::Common;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging on standard error, at one of Salt's levels.
pub fn init(level: &str) {
    Log::start(Targets::console(filter(level)));
}

/// Starts a daemon's logging: on standard error, and in the `log_file` of its config when that can be
/// written. `level` is the one of the command line, instead of the config's `log_level`.
pub fn init_daemon(config: &Common, level: Option<&str>) -> Log {
    let log = Log::start(Targets::console(console_level(config, level)));
    log.reopen(config, level);
    log
}

/// The log of a daemon. Clones are the same log.
#[derive(Clone)]
pub struct Log(Arc<RwLock<Targets>>);

/// Where lines go, and which.
struct Targets {
    console: LevelFilter,
    logfile: LevelFilter,
    file: Option<Arc<File>>,
}

impl Targets {
    fn console(level: LevelFilter) -> Self {
        Targets { console: level, logfile: LevelFilter::OFF, file: None }
    }
}

impl Log {
    fn start(targets: Targets) -> Self {
        let log = Log(Arc::new(RwLock::new(targets)));
        let terminal = rustix::termios::isatty(io::stderr());
        // A log that cannot be written is no reason to write about it, on the same standard error.
        let console = fmt::layer().log_internal_errors(false).with_target(false).with_ansi(terminal);
        let file = fmt::layer().log_internal_errors(false).with_target(false).with_ansi(false);
        // Fails when somebody has started it already: then that one logs.
        let _ = tracing_subscriber::registry()
            .with(Gate(log.clone()))
            .with(console.with_writer(Sink { log: log.clone(), file: false }))
            .with(file.with_writer(Sink { log: log.clone(), file: true }))
            .try_init();
        log
    }

    /// Opens the log file anew, after whoever rotates logs has moved it, and takes over the levels of the
    /// config. A file that cannot be opened is named in one warning.
    pub fn reopen(&self, config: &Common, level: Option<&str>) {
        let console = console_level(config, level);
        let logfile = config.log_level_logfile.as_deref().map_or(console, filter);
        let opened = if logfile == LevelFilter::OFF { Ok(None) } else { open(&config.log_file).map(Some) };
        let (file, error) = match opened {
            Ok(file) => (file.map(Arc::new), None),
            Err(error) => (None, Some(error)),
        };
        let logfile = if file.is_some() { logfile } else { LevelFilter::OFF };
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Targets { console, logfile, file };
        tracing::callsite::rebuild_interest_cache();
        if let Some(error) = error {
            tracing::warn!(file = %config.log_file.display(), %error, "no log file, standard error only");
        }
    }

    fn targets(&self) -> RwLockReadGuard<'_, Targets> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The most that any target wants.
    fn level(&self) -> LevelFilter {
        let targets = self.targets();
        targets.console.max(targets.logfile)
    }
}

/// Lets through what some target wants.
struct Gate(Log);

impl<S: Subscriber> Layer<S> for Gate {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if *metadata.level() <= self.0.level() { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        *metadata.level() <= self.0.level()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.0.level())
    }
}

/// One of the two targets.
struct Sink {
    log: Log,
    file: bool,
}

impl<'a> MakeWriter<'a> for Sink {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line::Nowhere
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Line {
        let targets = self.log.targets();
        match &targets.file {
            Some(file) if self.file && *metadata.level() <= targets.logfile => Line::File(Arc::clone(file)),
            _ if !self.file && *metadata.level() <= targets.console => Line::Console(io::stderr()),
            _ => Line::Nowhere,
        }
    }
}

/// Where one line goes.
enum Line {
    Nowhere,
    Console(io::Stderr),
    File(Arc<File>),
}

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self {
            Line::Nowhere => Ok(line.len()),
            Line::Console(stderr) => stderr.write(line),
            Line::File(file) => file.as_ref().write(line),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Appends: several writers, and whoever truncates the file, do not get in each other's way.
fn open(path: &Path) -> io::Result<File> {
    if path.to_string_lossy().contains(":/") {
        let problem = "only files are supported, no addresses of log services";
        return Err(io::Error::new(io::ErrorKind::Unsupported, problem));
    }
    if let Some(dir) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o755).create(dir)?;
    }
    OpenOptions::new().create(true).append(true).mode(0o640).open(path)
}

fn console_level(config: &Common, level: Option<&str>) -> LevelFilter {
    filter(level.unwrap_or(&config.log_level))
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
