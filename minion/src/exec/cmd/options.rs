//! The options that all functions and states that run a command have.

use data::{Dict, Value};

use crate::args;

args! {
    /// The options of `cmd.run` and its kin. What is not said has Salt's default.
    #[derive(Clone)]
    pub struct Options {
        /// The command: text for a shell, or a list.
        #[serde(default)]
        pub cmd: Value,
        /// The directory to run in.
        #[serde(default)]
        pub cwd: Option<String>,
        /// What the command reads.
        #[serde(default)]
        pub stdin: Option<String>,
        /// Do not take `\n` in `stdin` for a line break.
        #[serde(default)]
        pub stdin_raw_newlines: bool,
        /// The user to run as.
        #[serde(default)]
        pub runas: Option<String>,
        /// The group to run as.
        #[serde(default)]
        pub group: Option<String>,
        /// The shell.
        #[serde(default)]
        pub shell: Option<String>,
        /// Whether there is a shell at all; none: for a job of its own.
        #[serde(default)]
        pub python_shell: Option<bool>,
        /// Variables: a dict or a list of dicts.
        #[serde(default)]
        pub env: Value,
        /// No other variables.
        #[serde(default)]
        pub clean_env: bool,
        /// The engine that renders command and directory first.
        #[serde(default)]
        pub template: Option<String>,
        /// Take white space at the end of the output away.
        #[serde(default = yes)]
        pub rstrip: bool,
        /// The umask, in octal.
        #[serde(default)]
        pub umask: Value,
        /// `quiet` keeps the command out of the log.
        #[serde(default)]
        pub output_loglevel: Value,
        /// Return no output.
        #[serde(default)]
        pub hide_output: bool,
        /// Seconds.
        #[serde(default)]
        pub timeout: Value,
        /// Messages are in English.
        #[serde(default = yes)]
        pub reset_system_locale: bool,
        /// All is well whatever the exit status.
        #[serde(default)]
        pub ignore_retcode: bool,
        /// The environment of templates and scripts.
        #[serde(default)]
        pub saltenv: Option<String>,
        /// Errors go where the output goes; none: as the function has it.
        #[serde(default)]
        pub redirect_stderr: Option<bool>,
        /// Do not wait.
        #[serde(default)]
        pub bg: bool,
        /// A failure is an error.
        #[serde(default)]
        pub raise_err: bool,
        /// Comes first in `PATH`.
        #[serde(default)]
        pub prepend_path: Option<String>,
        /// Exit statuses that are well besides 0: a list, or a text with commas.
        #[serde(default)]
        pub success_retcodes: Value,
        /// Text in the output that makes all well.
        #[serde(default)]
        pub success_stdout: Value,
        /// Text in the errors that makes all well.
        #[serde(default)]
        pub success_stderr: Value,
        /// What has no parameter of its own.
        #[serde(default)]
        pub kwargs: Dict,
    }
}

fn yes() -> bool {
    true
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
            kwargs: Dict::new(),
        }
    }
}
