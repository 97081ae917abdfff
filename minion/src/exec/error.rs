//! How an execution function fails, and the words in which Salt tells it.

use super::About;
use crate::args::printed_doc;
use crate::external::{Kind, Site};
use crate::host::HostError;

/// A call that did not return.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    /// There is no such function.
    #[error("'{fun}' is not available.")]
    NotFound {
        /// Its name.
        fun: String,
    },
    /// There is a module of the site that could have it, but does not.
    #[error("{reason}")]
    Unavailable {
        /// Why.
        reason: String,
    },
    /// The arguments do not fit the parameters (Python's `TypeError`).
    #[error("{0}")]
    Arguments(String),
    /// The function raised.
    #[error("{message}")]
    Raised {
        /// Python's name of the exception that Salt raises here.
        exception: &'static str,
        /// What it says.
        message: String,
    },
    /// A function of the site raised.
    #[error("{message}")]
    Traced {
        /// Python's name of the exception.
        exception: &'static str,
        /// What it says.
        message: String,
        /// Where in the site's module, and what that wrote to its error output: for people.
        trace: String,
    },
    /// The host refused.
    #[error(transparent)]
    Host(#[from] HostError),
}

impl ExecError {
    /// Salt's `CommandExecutionError`: what was tried went wrong.
    pub fn command(message: impl Into<String>) -> Self {
        ExecError::raised("CommandExecutionError", message)
    }

    /// Salt's `SaltInvocationError`: it was asked for wrongly.
    pub fn invocation(message: impl Into<String>) -> Self {
        ExecError::raised("SaltInvocationError", message)
    }

    /// Any other exception.
    pub fn raised(exception: &'static str, message: impl Into<String>) -> Self {
        ExecError::Raised { exception, message: message.into() }
    }

    /// There is no such function: a module of the site may say why.
    pub(crate) fn missing(fun: &str, site: &Site) -> Self {
        match site.problem(Kind::Modules, fun) {
            Some(reason) => ExecError::Unavailable { reason: reason.to_owned() },
            None => ExecError::NotFound { fun: fun.to_owned() },
        }
    }

    /// Python's name of the exception.
    pub fn exception(&self) -> &'static str {
        match self {
            ExecError::NotFound { .. } | ExecError::Unavailable { .. } => "KeyError",
            ExecError::Arguments(_) => "TypeError",
            ExecError::Raised { exception, .. } | ExecError::Traced { exception, .. } => exception,
            ExecError::Host(_) => "CommandExecutionError",
        }
    }

    /// What a minion returns for a job that failed so.
    pub fn as_return(&self, fun: &str, site: &Site) -> String {
        match self {
            ExecError::NotFound { fun } => format!("'{fun}' is not available."),
            ExecError::Unavailable { reason } => reason.clone(),
            ExecError::Arguments(problem) => {
                let doc = About::of(fun, site).map(|about| printed_doc(about.doc)).unwrap_or_default();
                format!("Passed invalid arguments to {fun}: {problem}\n{doc}")
            }
            ExecError::Raised { exception: "SaltInvocationError", message } => {
                format!("ERROR executing '{fun}': {message}")
            }
            ExecError::Raised { exception: "CommandNotFoundError", message } => {
                format!("Command required for '{fun}' not found: {message}")
            }
            ExecError::Raised { exception: "CommandExecutionError", message } => format!("ERROR: {message}"),
            ExecError::Raised { exception, message } => {
                format!("The minion function caused an exception: {exception}: {message}")
            }
            ExecError::Traced { exception: "CommandExecutionError", message, trace } => {
                format!("ERROR: {message}\n{trace}")
            }
            ExecError::Traced { exception, message, trace } => {
                format!("The minion function caused an exception: {exception}: {message}\n{trace}")
            }
            ExecError::Host(error) => format!("ERROR: {error}"),
        }
    }

    /// The return code of a job that failed so.
    pub fn retcode(&self) -> i32 {
        1
    }
}

impl From<ExecError> for sls::CallError {
    fn from(error: ExecError) -> Self {
        match error {
            ExecError::NotFound { fun } => sls::CallError::not_found(fun),
            other => sls::CallError::raised(other.exception(), other.to_string()),
        }
    }
}

impl From<data::args::ArgError> for ExecError {
    fn from(error: data::args::ArgError) -> Self {
        ExecError::Arguments(error.to_string())
    }
}

impl From<sls::FetchError> for ExecError {
    fn from(error: sls::FetchError) -> Self {
        ExecError::command(error.to_string())
    }
}
