//! The options that all functions and states that run a command have.

use data::Value;
use serde::Deserialize;

/// The options of `cmd.run` and its kin. What is not said has Salt's default.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Options {
    /// The command: text for a shell, or a list.
    pub cmd: Value,
    /// The directory to run in.
    pub cwd: Option<String>,
    /// What the command reads.
    pub stdin: Option<String>,
    /// Do not take `\n` in `stdin` for a line break.
    pub stdin_raw_newlines: bool,
    /// The user to run as.
    pub runas: Option<String>,
    /// The group to run as.
    pub group: Option<String>,
    /// The shell.
    pub shell: Option<String>,
    /// Whether there is a shell at all; none: for a job of its own.
    pub python_shell: Option<bool>,
    /// Variables: a dict or a list of dicts.
    pub env: Value,
    /// No other variables.
    pub clean_env: bool,
    /// The engine that renders command and directory first.
    pub template: Option<String>,
    /// Take white space at the end of the output away.
    pub rstrip: bool,
    /// The umask, in octal.
    pub umask: Value,
    /// `quiet` keeps the command out of the log.
    pub output_loglevel: Value,
    /// Return no output.
    pub hide_output: bool,
    /// Seconds.
    pub timeout: Value,
    /// Messages are in English.
    pub reset_system_locale: bool,
    /// All is well whatever the exit status.
    pub ignore_retcode: bool,
    /// The environment of templates and scripts.
    pub saltenv: Option<String>,
    /// Errors go where the output goes; none: as the function has it.
    pub redirect_stderr: Option<bool>,
    /// Do not wait.
    pub bg: bool,
    /// A failure is an error.
    pub raise_err: bool,
    /// Comes first in `PATH`.
    pub prepend_path: Option<String>,
    /// Exit statuses that are well besides 0: a list, or a text with commas.
    pub success_retcodes: Value,
    /// Text in the output that makes all well.
    pub success_stdout: Value,
    /// Text in the errors that makes all well.
    pub success_stderr: Value,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            cmd: Value::None,
            cwd: None,
            stdin: None,
            stdin_raw_newlines: false,
            runas: None,
            group: None,
            shell: None,
            python_shell: None,
            env: Value::None,
            clean_env: false,
            template: None,
            rstrip: true,
            umask: Value::None,
            output_loglevel: Value::None,
            hide_output: false,
            timeout: Value::None,
            reset_system_locale: true,
            ignore_retcode: false,
            saltenv: None,
            redirect_stderr: None,
            bg: false,
            raise_err: false,
            prepend_path: None,
            success_retcodes: Value::None,
            success_stdout: Value::None,
            success_stderr: Value::None,
        }
    }
}
