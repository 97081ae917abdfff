//! A command as a value: arguments, surroundings, limits. Prints with its secrets masked.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One argument.
#[derive(Clone, PartialEq, Eq)]
pub enum Arg {
    /// Printed as it is.
    Plain(String),
    /// Printed as `***`.
    Secret(String),
}

impl Arg {
    /// What the program gets.
    pub fn reveal(&self) -> &str {
        match self {
            Arg::Plain(s) | Arg::Secret(s) => s,
        }
    }
}

/// What happens to the error output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Errors {
    /// It is kept apart.
    #[default]
    Apart,
    /// It goes where the output goes, in the order in which it is written.
    WithOutput,
}

/// A command to run. The environment of this process is the base unless [`Cmd::clean_env`].
#[derive(Clone, PartialEq)]
pub struct Cmd {
    pub(crate) argv: Vec<Arg>,
    pub(crate) cwd: Option<PathBuf>,
    pub(crate) env: Vec<(String, Option<String>)>,
    pub(crate) clean_env: bool,
    pub(crate) stdin: Option<Vec<u8>>,
    pub(crate) runas: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) umask: Option<u32>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) errors: Errors,
}

impl Cmd {
    /// A program without arguments.
    pub fn new(program: impl Into<String>) -> Self {
        Cmd {
            argv: vec![Arg::Plain(program.into())],
            cwd: None,
            env: Vec::new(),
            clean_env: false,
            stdin: None,
            runas: None,
            group: None,
            umask: None,
            timeout: None,
            errors: Errors::Apart,
        }
    }

    /// A program with its arguments.
    pub fn of<I: IntoIterator<Item = S>, S: Into<String>>(program: impl Into<String>, args: I) -> Self {
        Cmd::new(program).args(args)
    }

    /// `shell -c text`: for text that a user wrote for a shell, never for text put together here.
    pub fn shell(shell: impl Into<String>, text: impl Into<String>) -> Self {
        Cmd::new(shell).arg("-c").arg(text)
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.argv.push(Arg::Plain(arg.into()));
        self
    }

    /// More arguments.
    #[must_use]
    pub fn args<I: IntoIterator<Item = S>, S: Into<String>>(mut self, args: I) -> Self {
        self.argv.extend(args.into_iter().map(|a| Arg::Plain(a.into())));
        self
    }

    /// One more argument that is never printed.
    #[must_use]
    pub fn secret(mut self, arg: impl Into<String>) -> Self {
        self.argv.push(Arg::Secret(arg.into()));
        self
    }

    /// The directory to run in.
    #[must_use]
    pub fn cwd(mut self, dir: impl AsRef<Path>) -> Self {
        self.cwd = Some(dir.as_ref().to_owned());
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((name.into(), Some(value.into())));
        self
    }

    /// Takes a variable away.
    #[must_use]
    pub fn env_remove(mut self, name: impl Into<String>) -> Self {
        self.env.push((name.into(), None));
        self
    }

    /// Starts with an empty environment.
    #[must_use]
    pub fn clean_env(mut self) -> Self {
        self.clean_env = true;
        self
    }

    /// What the command reads; `/dev/null` when not set.
    #[must_use]
    pub fn stdin(mut self, data: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(data.into());
        self
    }

    /// The user to run as: a name or a number, with that user's groups.
    #[must_use]
    pub fn runas(mut self, user: impl Into<String>) -> Self {
        self.runas = Some(user.into());
        self
    }

    /// The group to run as, instead of the user's own.
    #[must_use]
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// The umask to run with.
    #[must_use]
    pub fn umask(mut self, umask: u32) -> Self {
        self.umask = Some(umask);
        self
    }

    /// How long it may take.
    #[must_use]
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = Some(time);
        self
    }

    /// What happens to the error output.
    #[must_use]
    pub fn errors(mut self, errors: Errors) -> Self {
        self.errors = errors;
        self
    }

    /// The program and its arguments, secrets in clear: for starting it and for canned answers.
    pub fn argv(&self) -> impl Iterator<Item = &str> {
        self.argv.iter().map(Arg::reveal)
    }

    /// The program.
    pub fn program(&self) -> &str {
        self.argv.first().map_or("", Arg::reveal)
    }
}

/// The command line with secrets as `***`.
impl fmt::Display for Cmd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, arg) in self.argv.iter().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            match arg {
                Arg::Secret(_) => f.write_str("***")?,
                Arg::Plain(s)
                    if s.is_empty() || s.contains(|c: char| c.is_whitespace() || "'\"$`\\".contains(c)) =>
                {
                    write!(f, "'{}'", s.replace('\'', "'\\''"))?;
                }
                Arg::Plain(s) => f.write_str(s)?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Cmd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The values of variables may be secrets as well.
        let env: Vec<&str> = self.env.iter().map(|(k, _)| k.as_str()).collect();
        f.debug_struct("Cmd")
            .field("command", &self.to_string())
            .field("cwd", &self.cwd)
            .field("env", &env)
            .field("runas", &self.runas)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// What a command that ended left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Exit status; the negated signal number when a signal ended it, as Python has it.
    pub code: i32,
    /// Its process id.
    pub pid: u32,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it complained about; empty with [`Errors::WithOutput`].
    pub stderr: Vec<u8>,
}

impl Output {
    /// Whether it ended with 0.
    pub fn ok(&self) -> bool {
        self.code == 0
    }

    /// The output as text, bad UTF-8 replaced.
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// The error output as text, bad UTF-8 replaced.
    pub fn err(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_print() {
        let cmd = Cmd::of("git", ["clone", "a b"]).secret("https://user:pw@host").env("TOKEN", "pw2");
        assert_eq!(cmd.to_string(), "git clone 'a b' ***");
        let debug = format!("{cmd:?}");
        assert!(!debug.contains("pw"), "{debug}");
        assert_eq!(cmd.argv().last(), Some("https://user:pw@host"));
    }
}
