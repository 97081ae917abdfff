//! A daemon under test: its process, its log, its end.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::wait::within;

/// How long a daemon may take to stop when asked.
const STOP: Duration = Duration::from_secs(20);

/// A running daemon; killed when dropped.
#[derive(Debug)]
pub struct Daemon {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts `command` with its output in `log`.
    ///
    /// # Panics
    /// When it cannot be started.
    #[track_caller]
    pub fn start(name: &str, mut command: Command, log: &Path) -> Self {
        let open = || match File::options().create(true).append(true).open(log) {
            Ok(file) => file,
            Err(error) => panic!("cannot write {}: {error}", log.display()),
        };
        command.stdin(Stdio::null()).stdout(open()).stderr(open());
        match command.spawn() {
            Ok(child) => Daemon { name: name.to_owned(), child, log: log.to_owned() },
            Err(error) => panic!("cannot start {name}: {error}"),
        }
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has written so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The status, once it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Fails the test when the daemon has ended by itself.
    ///
    /// # Panics
    /// With its log.
    #[track_caller]
    pub fn check_runs(&mut self) {
        if let Some(status) = self.ended() {
            panic!("{} ended ({status}):\n{}", self.name, self.log());
        }
    }

    /// Sends a signal by name: `TERM`, `KILL`, `STOP`, `CONT`, `HUP`.
    pub fn signal(&self, name: &str) {
        let _ = Command::new("kill").args(["-s", name, &self.pid().to_string()]).status();
    }

    /// Asks it to end and waits for that.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    pub fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        match within(STOP, || self.ended()) {
            Some(status) => status,
            None => panic!("{} did not stop on SIGTERM:\n{}", self.name, self.log()),
        }
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if self.ended().is_none() {
            self.signal("TERM");
            if within(Duration::from_secs(5), || self.ended()).is_none() {
                self.kill();
            }
        }
        if std::thread::panicking() {
            eprintln!("---- log of {} ----\n{}", self.name, self.log());
        }
    }
}
