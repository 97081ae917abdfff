//! A job: which function, with which arguments, on which minions.

use data::Value;
use serde::{Deserialize, Serialize};

pub use crate::target::TargetType;

/// One job as it is published, stored and run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The job's id.
    pub jid: String,
    /// The function, `module.function`.
    pub fun: String,
    /// Positional arguments; keyword arguments are one trailing dict with `__kwarg__: true`, as in Salt.
    #[serde(default)]
    pub arg: Vec<Value>,
    /// The target as the user wrote it: a string, or a list of ids for [`TargetType::List`]. A
    /// nodegroup is published as the compound expression it stands for.
    pub tgt: Value,
    /// How the target is written.
    #[serde(default)]
    pub tgt_type: TargetType,
    /// The delimiter of grain and pillar targets; empty stands for `:`.
    #[serde(default)]
    pub delimiter: String,
    /// Returners to use beside the master's job store.
    #[serde(default)]
    pub ret: String,
    /// Who asked.
    #[serde(default)]
    pub user: String,
    /// Seconds that the caller waits before it asks who is still running the job.
    #[serde(default)]
    pub timeout: f64,
    /// When it was published: the master's clock, seconds since the epoch.
    #[serde(default)]
    pub issued: f64,
    /// Seconds after `issued` from which on no minion may start it any more; 0: only minions that are
    /// connected now.
    #[serde(default)]
    pub expiry: f64,
    /// More about the job that travels with it and into the job store (`metadata`, `module_executors` …).
    #[serde(default)]
    pub extra: Value,
}

impl Job {
    /// The moment, on the master's clock, from which on the job must not be started.
    pub fn expires_at(&self) -> f64 {
        self.issued + self.expiry
    }

    /// The delimiter of grain and pillar targets.
    pub fn delimiter(&self) -> &str {
        if self.delimiter.is_empty() { ":" } else { &self.delimiter }
    }

    /// Positional and keyword arguments apart: every dict marked `__kwarg__: true` holds keywords.
    pub fn split_args(&self) -> (Vec<Value>, data::Dict) {
        split_args(&self.arg)
    }
}

/// Salt's `fun_args` taken apart: positional arguments, and the keywords of all dicts marked `__kwarg__: true`.
pub fn split_args(arg: &[Value]) -> (Vec<Value>, data::Dict) {
    let mut positional = Vec::with_capacity(arg.len());
    let mut keywords = data::Dict::new();
    for item in arg {
        match item.as_dict() {
            Some(dict) if dict.get("__kwarg__").is_some_and(|m| m.as_bool() == Some(true)) => {
                for (key, value) in dict {
                    if key.as_str() != Some("__kwarg__") {
                        keywords.insert(key.clone(), value.clone());
                    }
                }
            }
            _ => positional.push(item.clone()),
        }
    }
    (positional, keywords)
}

/// The reverse of [`split_args`]: keywords become one trailing dict marked `__kwarg__: true`.
pub fn join_args(mut positional: Vec<Value>, keywords: data::Dict) -> Vec<Value> {
    if !keywords.is_empty() {
        positional.push(Value::from(keywords.with("__kwarg__", true)));
    }
    positional
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_split_and_join() {
        let keywords = data::Dict::new().with("cwd", "/").with("shell", "/bin/sh");
        let arg = join_args(vec![Value::from("ls")], keywords.clone());
        assert_eq!(arg.len(), 2);
        assert_eq!(split_args(&arg), (vec![Value::from("ls")], keywords));
        assert_eq!(join_args(vec![], data::Dict::new()), Vec::<Value>::new());
        // A dict without the mark is an argument like any other.
        let plain = vec![Value::from(data::Dict::new().with("a", 1))];
        assert_eq!(split_args(&plain).0, plain);
    }
}
