//! Running git: one type that knows where, as whom and with which key, and a method per question.

use std::path::{Path, PathBuf};

use data::Dict;

use super::parse::{self, Remote};
use crate::host::{Cmd, Errors, Host, HostError, Output};

/// What went wrong with git.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// git said no.
    #[error("Command '{command}' failed{}{message}", if message.is_empty() { "" } else { ": " })]
    Failed {
        /// The command line, secrets masked.
        command: String,
        /// What it printed.
        message: String,
    },
    /// An argument that git would take for something else.
    #[error("{0}")]
    Argument(String),
    /// The command could not be run.
    #[error("{0}")]
    Host(#[from] HostError),
}

impl GitError {
    /// What git itself printed.
    pub fn message(&self) -> String {
        match self {
            GitError::Failed { message, .. } => message.clone(),
            other => other.to_string(),
        }
    }
}

/// The result of a git operation.
pub type GitResult<T> = Result<T, GitError>;

/// git in one place, as one user.
#[derive(Clone)]
pub struct Git<'a> {
    host: &'a dyn Host,
    cwd: Option<PathBuf>,
    user: Option<String>,
    identity: Vec<PathBuf>,
}

impl<'a> Git<'a> {
    /// git with the minion's own user.
    pub fn new(host: &'a dyn Host, user: Option<&str>, identity: &[PathBuf]) -> Self {
        Git { host, cwd: None, user: user.map(str::to_owned), identity: identity.to_vec() }
    }

    /// The same in a checkout.
    #[must_use]
    pub fn at(&self, cwd: impl AsRef<Path>) -> Self {
        Git { cwd: Some(cwd.as_ref().to_owned()), ..self.clone() }
    }

    /// The host that it runs on.
    pub fn host(&self) -> &'a dyn Host {
        self.host
    }

    fn cmd(&self, args: &[&str]) -> Cmd {
        let mut cmd = Cmd::new("git");
        for arg in args {
            // Only an address with a password in it is a secret.
            cmd = if parse::redact_url(arg) == *arg { cmd.arg(*arg) } else { cmd.secret(*arg) };
        }
        // Its messages are read below, and nobody is there to type a password.
        cmd = cmd.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0");
        if let Some(cwd) = &self.cwd {
            cmd = cmd.cwd(cwd);
        }
        if let Some(user) = &self.user {
            cmd = cmd.runas(user);
            if let Ok(Some(account)) = self.host.user(user) {
                cmd = cmd.env("HOME", account.home);
            }
        }
        cmd
    }

    /// Runs git; every status is an answer.
    fn answer(&self, args: &[&str], errors: Errors) -> GitResult<Output> {
        Ok(self.host.run(&self.cmd(args).errors(errors))?)
    }

    fn checked(&self, cmd: Cmd, args: &[&str]) -> GitResult<String> {
        let with_output = cmd.errors == Errors::WithOutput;
        let output = self.host.run(&cmd)?;
        if output.ok() {
            return Ok(output.out().trim_end_matches('\n').to_owned());
        }
        let said = if with_output { output.out() } else { output.err() };
        Err(GitError::Failed {
            command: parse::redact_url(&format!("git {}", args.join(" "))),
            message: parse::redact_url(said.trim_end()),
        })
    }

    /// Runs git; its output, or what it complained about.
    pub fn run(&self, args: &[&str]) -> GitResult<String> {
        self.checked(self.cmd(args), args)
    }

    /// As [`Git::run`]; output and complaints are one text, as git's progress messages are complaints.
    pub fn run_merged(&self, args: &[&str]) -> GitResult<String> {
        self.checked(self.cmd(args).errors(Errors::WithOutput), args)
    }

    /// Runs git against a remote, with each key until one works.
    pub fn run_remote(&self, args: &[&str], errors: Errors) -> GitResult<String> {
        if self.identity.is_empty() {
            return self.checked(self.cmd(args).errors(errors), args);
        }
        let (mut refused, mut missing) = (Vec::new(), Vec::new());
        for key in &self.identity {
            if !self.host.is_file(key) {
                missing.push(key.display().to_string());
                continue;
            }
            let ssh = format!(
                "ssh -oStrictHostKeyChecking=no -oPasswordAuthentication=no -oKbdInteractiveAuthentication=no \
                 -oIdentitiesOnly=yes -i '{}'",
                key.display().to_string().replace('\'', r"'\''")
            );
            match self.checked(self.cmd(args).errors(errors).env("GIT_SSH_COMMAND", ssh), args) {
                Err(GitError::Failed { message, .. }) => refused.push(message),
                other => return other,
            }
        }
        let mut message = format!("Unable to authenticate using identity file:\n\n{}", refused.join("\n"));
        if !missing.is_empty() {
            if !refused.is_empty() {
                message.push_str("\n\n");
            }
            message
                .push_str(&format!("The following identity file(s) were not found: {}", missing.join(", ")));
        }
        Err(GitError::Argument(message))
    }

    /// The refs of a remote: name → commit.
    pub fn remote_refs(
        &self,
        url: &str,
        opts: &[&str],
        pattern: Option<&str>,
    ) -> GitResult<Vec<(String, String)>> {
        let mut args = vec!["ls-remote"];
        args.extend(opts);
        args.extend(["--", url]);
        args.extend(pattern);
        Ok(parse::refs(&self.run_remote(&args, Errors::Apart)?))
    }

    /// Clones `url` to `target`.
    pub fn clone_to(&self, url: &str, target: &str, opts: &[&str]) -> GitResult<()> {
        let mut args = vec!["clone"];
        args.extend(opts);
        args.extend(["--", url, target]);
        self.run_remote(&args, Errors::Apart).map(drop)
    }

    /// Fetches; what changed.
    pub fn fetch(
        &self,
        remote: Option<&str>,
        force: bool,
        refspecs: &[String],
        opts: &[&str],
    ) -> GitResult<Dict> {
        let mut args = vec!["fetch"];
        if force {
            args.push("--force");
        }
        args.extend(opts.iter().filter(|o| !matches!(**o, "-f" | "--force")));
        args.extend(remote.map(checked_name).transpose()?);
        args.extend(refspecs.iter().map(String::as_str));
        Ok(parse::fetched(&self.run_remote(&args, Errors::WithOutput)?))
    }

    /// What `rev` is; an error when it is nothing.
    pub fn rev_parse(&self, rev: &str, opts: &[&str]) -> GitResult<String> {
        let mut args = vec!["rev-parse"];
        args.extend(opts);
        args.push(checked_name(rev)?);
        self.run(&args)
    }

    /// The commit of HEAD; none where there is none yet.
    pub fn head(&self) -> Option<String> {
        self.rev_parse("HEAD", &[]).ok()
    }

    /// The branch that is checked out, `HEAD` when none is.
    pub fn branch(&self) -> GitResult<String> {
        self.run(&["rev-parse", "--abbrev-ref", "HEAD"])
    }

    /// Short names of all refs below `refs/heads/` or another prefix.
    pub fn names(&self, prefix: &str) -> GitResult<Vec<String>> {
        let out = self.run(&["for-each-ref", "--format", "%(refname:short)", prefix])?;
        Ok(out.lines().map(str::to_owned).collect())
    }

    /// Remotes and their addresses.
    pub fn remotes(&self, redact: bool) -> GitResult<Vec<(String, Remote)>> {
        Ok(parse::remotes(&self.run(&["remote", "--verbose"])?, redact))
    }

    /// Makes `remote` point to `url`, replacing what it was.
    pub fn set_remote(&self, remote: &str, url: &str, push_url: Option<&str>) -> GitResult<()> {
        let remote = checked_name(remote)?;
        if self.remotes(true)?.iter().any(|(name, _)| name == remote) {
            self.run(&["remote", "rm", remote])?;
        }
        self.run(&["remote", "add", "--", remote, url])?;
        if let Some(url) = push_url {
            self.run(&["remote", "set-url", "--push", "--", remote, url])?;
        }
        Ok(())
    }

    /// Whether `ancestor` is part of the history of `rev`.
    pub fn is_ancestor(&self, ancestor: &str, rev: &str) -> GitResult<bool> {
        let args = ["merge-base", "--is-ancestor", checked_name(ancestor)?, checked_name(rev)?];
        Ok(self.answer(&args, Errors::Apart)?.ok())
    }

    /// What a branch tracks.
    pub fn upstream(&self, branch: &str) -> Option<String> {
        self.rev_parse(&format!("{branch}@{{upstream}}"), &["--abbrev-ref"]).ok()
    }

    /// The commit that a revision is, when it is here.
    pub fn commit(&self, rev: &str) -> Option<String> {
        self.rev_parse(&format!("{rev}^{{commit}}"), &["--verify", "--quiet"]).ok()
    }

    /// Whether there are edits against HEAD.
    pub fn has_edits(&self) -> bool {
        self.answer(&["diff", "--quiet", "HEAD", "--"], Errors::Apart).is_ok_and(|answer| answer.code == 1)
    }

    /// What git prints, whatever its status.
    pub fn output(&self, args: &[&str]) -> GitResult<String> {
        Ok(self.answer(args, Errors::WithOutput)?.out().trim_end_matches('\n').to_owned())
    }

    /// Whether the directory is a linked work tree of another checkout.
    pub fn is_worktree(&self) -> bool {
        let Ok(top) = self.run(&["rev-parse", "--show-toplevel"]) else { return false };
        let file = self.host.read(&Path::new(&top).join(".git")).unwrap_or_default();
        let text = String::from_utf8_lossy(&file);
        let first = text.lines().next().unwrap_or_default();
        first.strip_prefix("gitdir:").is_some_and(|path| path.trim().starts_with('/'))
    }

    /// Puts the checkout at `rev`, dropping edits.
    pub fn reset_hard(&self, rev: &str) -> GitResult<()> {
        self.run(&["reset", "--hard", checked_name(rev)?]).map(drop)
    }

    /// The values of one configuration key; none when it is not set.
    pub fn config(&self, scope: &str, key: &str) -> GitResult<Option<Vec<String>>> {
        let args = ["config", scope, "--get-all", checked_name(key)?];
        let output = self.answer(&args, Errors::Apart)?;
        if output.code == 1 {
            return Ok(None);
        }
        Ok(Some(output.out().lines().map(str::to_owned).collect()))
    }

    /// The values of all keys that a pattern means.
    pub fn config_matching(&self, scope: &str, key: &str, value: Option<&str>) -> GitResult<Dict> {
        let mut args = vec!["config", scope, "--get-regexp", checked_name(key)?];
        args.extend(value);
        let output = self.answer(&args, Errors::Apart)?;
        Ok(if output.code == 1 { Dict::new() } else { parse::config(&output.out()) })
    }

    /// Sets a configuration key to exactly these values.
    pub fn set_config(&self, scope: &str, key: &str, values: &[String], add: bool) -> GitResult<()> {
        let key = checked_name(key)?;
        for (at, value) in values.iter().enumerate() {
            let how = if at == 0 && !add { "--replace-all" } else { "--add" };
            self.run(&["config", scope, how, key, value])?;
        }
        Ok(())
    }

    /// Removes a configuration key.
    pub fn unset_config(&self, scope: &str, key: &str, value: Option<&str>, all: bool) -> GitResult<()> {
        let key = checked_name(key)?;
        let mut args = vec!["config", scope, if all { "--unset-all" } else { "--unset" }, key];
        args.extend(value);
        let output = self.answer(&args, Errors::Apart)?;
        let problem = match output.code {
            0 => return Ok(()),
            1 => "Section or key is invalid".to_owned(),
            5 if self.config(scope, key)?.is_none() => format!("Key '{key}' does not exist"),
            5 => {
                let more = if value.is_some() { " and value_regex matches multiple values" } else { "" };
                format!("Multiple values exist for key '{key}'{more}")
            }
            6 => "The value_regex is invalid".to_owned(),
            code => {
                let said = output.err();
                let said = if said.trim().is_empty() { String::new() } else { format!("; {}", said.trim()) };
                format!("Failed to unset key '{key}', git config returned exit code {code}{said}")
            }
        };
        Err(GitError::Argument(problem))
    }
}

/// Refuses what git would read as an option.
pub fn checked_name(name: &str) -> GitResult<&str> {
    match name {
        "" => Err(GitError::Argument("an empty name is no revision, branch or remote".to_owned())),
        n if n.starts_with('-') => {
            Err(GitError::Argument(format!("'{n}' is not a valid name: it starts with a dash")))
        }
        n => Ok(n),
    }
}
