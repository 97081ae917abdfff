//! High data: what the SLS files of a run say, merged, by ID.
//!
//! The steps are Salt's, and so is their order: [`HighData::reconcile_extend`], [`HighData::verify`],
//! [`HighData::requisites_in`], [`HighData::apply_exclude`]. [`HighData::finish`] is all of them.

mod decls;
mod exclude;
mod extend;
mod include;
mod requisite_in;
mod verify;

pub use include::{Sources, compile, compile_text};

use data::{Dict, Value};

/// The arguments of a state that name its requisites, and `onfail_stop`.
pub(crate) const REQUISITE_KEYWORDS: &[&str] = &[
    "onfail",
    "onfail_any",
    "onfail_all",
    "require",
    "require_any",
    "onchanges",
    "onchanges_any",
    "watch",
    "watch_any",
    "prereq",
    "prerequired",
    "listen",
    "onfail_stop",
];

/// The merged states of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HighData {
    /// ID to body; a body is `{state: [function, {arg: value}, …], __sls__: …, __env__: …}`.
    /// [`HighData::verify`] says what is wrong where one is something else.
    pub ids: Dict,
    /// What `extend` asks for: an ID and a body.
    pub extend: Vec<(Value, Value)>,
    /// What `exclude` names: an SLS as text, `{sls: …}` or `{id: …}`. None when nobody excludes.
    pub exclude: Vec<Value>,
}

impl HighData {
    /// High data from a dict as `state.high` takes it and `state.show_sls` prints it.
    pub fn from_dict(mut ids: Dict) -> Self {
        let extend = match ids.remove("__extend__") {
            Some(Value::List(list)) => {
                list.iter().filter_map(Value::as_dict).flat_map(|d| d.clone().into_iter()).collect()
            }
            _ => Vec::new(),
        };
        let exclude = match ids.remove("__exclude__") {
            Some(Value::List(list)) => list.to_vec(),
            _ => Vec::new(),
        };
        HighData { ids, extend, exclude }
    }

    /// The dict as `state.show_sls` and `state.show_highstate` print it.
    pub fn to_value(&self) -> Value {
        if self.extend.is_empty() && self.exclude.is_empty() {
            return self.ids.clone().into();
        }
        let mut out = Dict::with_capacity(self.ids.len() + 2);
        if !self.extend.is_empty() {
            let list: Vec<Value> = self
                .extend
                .iter()
                .map(|(id, body)| Dict::new().with(id.clone(), body.clone()).into())
                .collect();
            out.insert("__extend__", list);
        }
        if !self.exclude.is_empty() {
            out.insert("__exclude__", self.exclude.clone());
        }
        out.extend(self.ids.iter().map(|(id, body)| (id.clone(), body.clone())));
        out.into()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.extend.is_empty() && self.exclude.is_empty()
    }

    /// Everything between rendering and low data: extend, verify, requisites from elsewhere, exclude.
    /// The errors are Salt's texts.
    pub fn finish(self) -> Result<HighData, Vec<String>> {
        self.finish_without(&[])
    }

    /// The same, with some kinds of requisites left out (`disabled_requisites` in the config).
    pub fn finish_without(mut self, disabled: &[String]) -> Result<HighData, Vec<String>> {
        let mut errors = self.reconcile_extend();
        errors.extend(self.verify());
        if !errors.is_empty() {
            return Err(errors);
        }
        let errors = self.requisites_in(disabled);
        self.apply_exclude();
        if errors.is_empty() { Ok(self) } else { Err(errors) }
    }
}

/// Whether a key of a body is Salt's own (`__sls__`), not a state.
pub(crate) fn is_dunder(key: &Value) -> bool {
    key.as_str().is_some_and(|k| k.starts_with("__"))
}

/// The text of `__sls__` or its like in a body.
pub(crate) fn body_str<'a>(body: &'a Value, key: &str) -> Option<&'a str> {
    body.get(key).and_then(Value::as_str)
}

/// The first key of a one-entry argument.
pub(crate) fn first_key(arg: &Value) -> Option<&str> {
    arg.as_dict()?.get_index(0)?.0.as_str()
}
