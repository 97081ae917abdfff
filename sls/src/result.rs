//! What a state came to.

use data::{Dict, Value};
use indexmap::IndexMap;

use crate::keys::KEYS;

/// The results of a run by tag (`cmd_|-id_|-name_|-run`), in the order in which the states came.
pub type Results = IndexMap<String, StateResult, foldhash::fast::RandomState>;

/// The result of one state.
///
/// A state function fills `name`, `result`, `changes`, `comment` and whatever else it returns in `extra`
/// (`pid`, `warnings`, `skip_watch` …); the run fills the rest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StateResult {
    /// The name that the state says it worked on.
    pub name: Value,
    /// True, false, or none: in test mode, there would be changes.
    pub result: Option<bool>,
    /// What changed; an empty dict when nothing did.
    pub changes: Value,
    /// What there is to say.
    pub comment: String,
    /// Further keys in the order in which they are printed.
    pub extra: Dict,
    /// Filled by the run: which number it had.
    pub run_num: Option<u64>,
    /// Filled by the run: when it ran and for how long.
    pub time: Option<StateTime>,
    /// Filled by the run: the ID.
    pub id: Option<Value>,
    /// Filled by the run: the SLS.
    pub sls: Option<Value>,
}

/// When a state ran.
#[derive(Clone, Debug, PartialEq)]
pub struct StateTime {
    /// Local time of day, `HH:MM:SS.ffffff`.
    pub start: String,
    /// Milliseconds.
    pub duration: f64,
}

impl StateResult {
    /// A result with no changes.
    pub fn new(name: impl Into<Value>, result: Option<bool>, comment: impl Into<String>) -> Self {
        StateResult {
            name: name.into(),
            result,
            changes: Value::dict(),
            comment: comment.into(),
            ..StateResult::default()
        }
    }

    /// The same with changes.
    #[must_use]
    pub fn with_changes(mut self, changes: impl Into<Value>) -> Self {
        self.changes = changes.into();
        self
    }

    /// The dict that Salt returns for it.
    pub fn to_value(&self) -> Value {
        self.clone().into_value()
    }

    /// The same without a copy.
    pub fn into_value(self) -> Value {
        let mut out = Dict::with_capacity(9 + self.extra.len());
        out.insert(KEYS.name.clone(), self.name);
        out.insert(KEYS.changes.clone(), self.changes);
        out.insert(KEYS.result.clone(), self.result.map_or(Value::None, Value::Bool));
        out.insert(KEYS.comment.clone(), self.comment);
        out.extend(self.extra);
        if let Some(sls) = self.sls {
            out.insert(KEYS.sls.clone(), sls);
        }
        if let Some(num) = self.run_num {
            out.insert(KEYS.run_num.clone(), Value::Int(i64::try_from(num).unwrap_or(i64::MAX)));
        }
        if let Some(time) = self.time {
            out.insert(KEYS.start_time.clone(), time.start);
            out.insert(KEYS.duration.clone(), time.duration);
        }
        if let Some(id) = self.id {
            out.insert(KEYS.id.clone(), id);
        }
        Value::from(out)
    }
}
