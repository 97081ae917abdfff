//! What goes wrong in the world of the user: one line each, and one exit code each.

use std::io;
use std::path::PathBuf;

use proto::config::ConfigError;
use proto::exit_codes;

/// A failure of a command line tool.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    /// The config cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Nobody listens on the socket.
    #[error(
        "the master is not running: nothing answers at {}. Start rsalt-master, or name its config directory with -c",
        .0.display()
    )]
    NotRunning(PathBuf),
    /// The socket is closed to this user.
    #[error("no permission to use {}: run this as root or as the user the master runs as", .0.display())]
    NoPermission(PathBuf),
    /// The connection failed.
    #[error("the connection to the master at {} failed: {source}", .path.display())]
    Socket {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: proto::message::control::ControlError,
    },
    /// The master stopped in the middle.
    #[error("the master closed the connection; look up what came in so far with rsalt-run jobs.list_jobs")]
    HungUp,
    /// The master went before it answered.
    #[error(
        "the master closed the connection before it said whether it took the job; see rsalt-run jobs.list_jobs when \
         it is back"
    )]
    Untold,
    /// The master went in the middle, and did not come back.
    #[error(
        "the master has gone and is not back within {seconds} s. Job {jid} goes on without it: when it is back, \
         rsalt-run jobs.lookup_jid {jid} shows what it came to"
    )]
    Gone {
        /// The job.
        jid: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The master refused.
    #[error("{0}")]
    Refused(String),
    /// The command line is read, but makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The key files cannot be used.
    #[error(transparent)]
    Keys(#[from] crate::keys::KeysError),
    /// A key cannot be made or stored.
    #[error("{0}")]
    KeyFile(String),
    /// Output cannot be written.
    #[error("cannot write {what}: {source}")]
    Write {
        /// Where to.
        what: String,
        /// Why.
        source: io::Error,
    },
    /// An outputter does not exist or cannot show the value.
    #[error("{0}")]
    Output(String),
}

impl CliError {
    /// The exit code, from [`exit_codes`].
    pub(super) fn exit_code(&self) -> i32 {
        match self {
            CliError::Config(_) => exit_codes::CONFIG,
            CliError::NotRunning(_)
            | CliError::NoPermission(_)
            | CliError::Socket { .. }
            | CliError::HungUp
            | CliError::Untold
            | CliError::Gone { .. } => exit_codes::UNAVAILABLE,
            CliError::Usage(_) => exit_codes::USAGE,
            CliError::Refused(_) | CliError::Keys(_) | CliError::Output(_) => exit_codes::GENERIC,
            CliError::KeyFile(_) | CliError::Write { .. } => exit_codes::CANT_CREATE,
        }
    }

    /// Prints the line and gives the exit code. A reader that has gone (`| head`) is no failure to speak of.
    pub(super) fn tell(&self) -> i32 {
        match self {
            CliError::Write { source, .. } if source.kind() == io::ErrorKind::BrokenPipe => {}
            _ => eprintln!("ERROR: {self}"),
        }
        self.exit_code()
    }
}
