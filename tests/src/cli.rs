//! One run of a command, as a user runs it.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::wait::{LIMIT, within};

/// A command to be run.
#[derive(Debug)]
pub struct Call {
    command: Command,
    shown: String,
    stdin: Option<String>,
    limit: Duration,
}

impl Call {
    /// A binary under test, or any other program by its path.
    pub fn new(program: impl AsRef<Path>) -> Self {
        let program = program.as_ref();
        let shown = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut command = Command::new(program);
        // What a terminal or a user's settings would change has no place in a test.
        command.env_remove("RSALT_MASTER").env_remove("RSALT_ID").env_remove("RSALT_GRAINS");
        command.env("LC_ALL", "C.UTF-8");
        // The shell of commands that name none is the caller's, as in Salt.
        command.env("SHELL", "/bin/bash");
        Call { command, shown, stdin: None, limit: LIMIT }
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.shown = format!("{} {}", self.shown, arg.as_ref().to_string_lossy());
        self.command.arg(arg);
        self
    }

    /// More arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(self, args: impl IntoIterator<Item = A>) -> Self {
        args.into_iter().fold(self, Call::arg)
    }

    /// A variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// What it reads.
    #[must_use]
    pub fn stdin(mut self, text: &str) -> Self {
        self.stdin = Some(text.to_owned());
        self
    }

    /// Ends when `limit` has passed: that fails the test. The usual limit is [`LIMIT`].
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When it cannot be started or does not end.
    #[track_caller]
    pub fn run(self) -> Output {
        let limit = self.limit;
        let running = self.start();
        running.wait(limit)
    }

    /// Starts it and lets it run.
    ///
    /// # Panics
    /// When it cannot be started.
    #[track_caller]
    pub fn start(mut self) -> Running {
        let started = Instant::now();
        self.command.stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = match self.command.spawn() {
            Ok(child) => child,
            Err(error) => panic!("cannot run {}: {error}", self.shown),
        };
        if let (Some(text), Some(mut pipe)) = (self.stdin, child.stdin.take()) {
            let _ = pipe.write_all(text.as_bytes());
        }
        let stdout = child.stdout.take().map(drain);
        let stderr = child.stderr.take().map(drain);
        Running { child, shown: self.shown, started, stdout, stderr }
    }
}

type Drain = std::thread::JoinHandle<String>;

fn drain(mut pipe: impl std::io::Read + Send + 'static) -> Drain {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// A command that runs; killed when dropped.
#[derive(Debug)]
pub struct Running {
    child: std::process::Child,
    shown: String,
    started: Instant,
    stdout: Option<Drain>,
    stderr: Option<Drain>,
}

impl Running {
    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not end within `limit`.
    #[track_caller]
    pub fn wait(mut self, limit: Duration) -> Output {
        let ended = within(limit, || self.child.try_wait().ok().flatten());
        let took = self.started.elapsed();
        if ended.is_none() {
            let _ = self.child.kill();
        }
        let text = |drain: Option<Drain>| drain.and_then(|d| d.join().ok()).unwrap_or_default();
        let (stdout, stderr) = (text(self.stdout.take()), text(self.stderr.take()));
        let Some(status) = ended else {
            panic!("{} did not end within {} s\n{stdout}\n{stderr}", self.shown, limit.as_secs());
        };
        Output { shown: self.shown.clone(), code: status.code().unwrap_or(-1), stdout, stderr, took }
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends a signal by name.
    pub fn signal(&self, name: &str) {
        let _ = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.runs() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// What a command left.
#[derive(Clone, Debug)]
pub struct Output {
    /// The command line.
    pub shown: String,
    /// The exit code; -1 when a signal ended it.
    pub code: i32,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// From start to end.
    pub took: Duration,
}

impl Output {
    /// Fails the test unless the command succeeded.
    ///
    /// # Panics
    /// With all that it printed.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.exits(0)
    }

    /// Fails the test unless the exit code is this one.
    ///
    /// # Panics
    /// With all that the command printed.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert!(self.code == code, "exit code {} and not {code}\n{}", self.code, self.report());
        self
    }

    /// Fails the test unless the exit code tells of a failure.
    ///
    /// # Panics
    /// With all that the command printed.
    #[track_caller]
    pub fn fails(self) -> Self {
        assert!(self.code != 0, "it should have failed\n{}", self.report());
        self
    }

    /// Fails the test unless all of `words` are somewhere in what the command printed.
    ///
    /// # Panics
    /// With all that the command printed.
    #[track_caller]
    pub fn says(self, words: &[&str]) -> Self {
        for word in words {
            let there = self.stdout.contains(word) || self.stderr.contains(word);
            assert!(there, "{word:?} is not in\n{}", self.report());
        }
        self
    }

    /// The standard output as one JSON document.
    ///
    /// # Panics
    /// When it is none.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_str(&self.stdout) {
            Ok(value) => value,
            Err(error) => panic!("not JSON: {error}\n{}", self.report()),
        }
    }

    /// The job id that `rsalt --async` printed.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn jid(&self) -> String {
        let jid = self.stdout.split_whitespace().last().unwrap_or_default();
        assert!(jid.len() == 20 && jid.bytes().all(|b| b.is_ascii_digit()), "no jid\n{}", self.report());
        jid.to_owned()
    }

    /// For messages.
    pub fn report(&self) -> String {
        format!(
            "$ {}\n{}{}(exit code {}, {:.2} s)",
            self.shown,
            self.stdout,
            self.stderr,
            self.code,
            self.took.as_secs_f64()
        )
    }
}
