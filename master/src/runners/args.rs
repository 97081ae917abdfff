//! The arguments of a runner or wheel function, taken one by one, by position or by name.

use std::collections::VecDeque;

use data::{Dict, Value};
use proto::message::job::split_args;

use super::RunnerError;

/// Arguments that have not been taken yet.
#[derive(Debug)]
pub struct Args {
    fun: String,
    positional: VecDeque<Value>,
    keywords: Dict,
}

impl Args {
    /// The arguments of a call; keywords are dicts with `__kwarg__: true`.
    pub fn new(fun: &str, arg: &[Value]) -> Self {
        let (positional, keywords) = split_args(arg);
        Args { fun: fun.to_owned(), positional: positional.into(), keywords }
    }

    /// The next argument, or the one of that name.
    pub fn value(&mut self, name: &str) -> Option<Value> {
        self.keywords.remove(name).or_else(|| self.positional.pop_front())
    }

    /// An argument by name only.
    pub fn keyword(&mut self, name: &str) -> Option<Value> {
        self.keywords.remove(name)
    }

    /// A text; numbers as they are written.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, RunnerError> {
        match self.value(name) {
            None | Some(Value::None) => Ok(None),
            Some(Value::List(_) | Value::Dict(_)) => Err(self.problem(format!("{name} is to be a text"))),
            Some(v) => Ok(Some(v.to_string())),
        }
    }

    /// A text that must be there.
    pub fn need(&mut self, name: &str) -> Result<String, RunnerError> {
        self.text(name)?.ok_or_else(|| self.problem(format!("the argument {name} is missing")))
    }

    /// A yes or no; no when it is not given.
    pub fn flag(&mut self, name: &str) -> bool {
        self.value(name).is_some_and(|v| v.is_true())
    }

    /// All keywords that nobody has taken.
    pub fn other_keywords(&mut self) -> Dict {
        std::mem::take(&mut self.keywords)
    }

    /// Complains about arguments that nobody has taken.
    pub fn done(self) -> Result<(), RunnerError> {
        let extra: Vec<String> = self
            .positional
            .iter()
            .map(Value::to_string)
            .chain(self.keywords.keys().map(|k| format!("{k}=")))
            .filter(|k| !k.starts_with("__"))
            .collect();
        if extra.is_empty() {
            return Ok(());
        }
        Err(self.problem(format!("takes no such arguments: {}", extra.join(", "))))
    }

    /// An error that names the function.
    pub fn problem(&self, problem: String) -> RunnerError {
        RunnerError::Args { fun: self.fun.clone(), problem }
    }
}
