//! The arguments of state functions.
//!
//! Most of them take anything in most places (`test=yes`, `mods` as text or list), so they are looked at
//! where they are used, and all functions share one struct: what is needed of them is said by their signatures.

use data::{Dict, Value};

use crate::args;
use crate::exec::{ExecError, Signature};

args! {
    /// What is bound to the parameters of a function: nothing where it has no such parameter.
    pub(super) struct Bound {
        #[serde(default)]
        pub(super) args: Vec<Value>,
        #[serde(default)]
        pub(super) concurrent: Value,
        #[serde(default)]
        pub(super) data: Value,
        #[serde(default)]
        pub(super) duration: Value,
        #[serde(default)]
        pub(super) exclude: Value,
        #[serde(default)]
        pub(super) fun: Value,
        #[serde(default)]
        pub(super) id_: Value,
        #[serde(default)]
        pub(super) ids: Value,
        #[serde(default)]
        pub(super) jid: Value,
        #[serde(default)]
        pub(super) mods: Value,
        #[serde(default)]
        pub(super) name: Value,
        #[serde(default)]
        pub(super) queue: Value,
        #[serde(default)]
        pub(super) state_events: Value,
        #[serde(default)]
        pub(super) state_id: Value,
        #[serde(default)]
        pub(super) states: Value,
        #[serde(default)]
        pub(super) sync_mods: Value,
        #[serde(default)]
        pub(super) tem: Value,
        #[serde(default)]
        pub(super) test: Value,
        #[serde(default)]
        pub(super) topfn: Value,
        #[serde(default)]
        pub(super) kwargs: Dict,
    }
}

impl Bound {
    /// `data`, which is to be a dict.
    pub(super) fn data(&self) -> Result<Dict, ExecError> {
        match &self.data {
            Value::Dict(dict) => Ok((**dict).clone()),
            other => {
                let problem = format!("data is to be a dictionary, not a {}", other.type_name());
                Err(ExecError::invocation(problem))
            }
        }
    }

    /// A keyword that is no parameter (`**kwargs`).
    pub(super) fn keyword(&self, name: &str) -> Option<&Value> {
        self.kwargs.get(name)
    }

    /// Whether a keyword is given and true.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.keyword(name).is_some_and(Value::is_true)
    }

    /// The parameters of another function that these keywords go to, as Python binds them.
    pub(super) fn of(keywords: Dict, fun: &str, signature: &'static str) -> Result<Self, ExecError> {
        Self::of_call(Vec::new(), keywords, fun, signature)
    }

    /// The same with positional arguments.
    pub(super) fn of_call(
        args: Vec<Value>,
        keywords: Dict,
        fun: &str,
        signature: &'static str,
    ) -> Result<Self, ExecError> {
        Ok(args::read(Signature::parse(signature).bind(fun, args, keywords)?)?)
    }

    /// Salt's `test`: given, given in another case (`Test=True`), or from the grains or the pillar by `configured`.
    pub(super) fn test(&self, configured: impl FnOnce() -> bool) -> Option<bool> {
        match &self.test {
            Value::None => {
                let spelled = self.kwargs.iter().any(|(key, value)| {
                    key.as_str().is_some_and(|k| k.eq_ignore_ascii_case("test")) && value.is_true()
                });
                (spelled || configured()).then_some(true)
            }
            Value::Bool(test) => Some(*test),
            _ => Some(true),
        }
    }
}

/// Salt's `split_input`: a list, or a text with commas.
pub(super) fn split_input(value: &Value) -> Vec<Value> {
    match value {
        Value::None => Vec::new(),
        Value::List(list) => list.to_vec(),
        other => other.to_string().split(',').map(|s| Value::from(s.trim())).collect(),
    }
}

/// The same as texts.
pub(super) fn split_texts(value: &Value) -> Vec<String> {
    split_input(value).iter().map(Value::to_string).collect()
}
