//! One unit of work: a state function with its arguments.

use std::sync::Arc;

use data::{Dict, Value};

/// The keys of a chunk that Salt's state compiler keeps for itself: they never reach a state function
/// unless it has a parameter of that name.
pub const INTERNAL_KEYWORDS: &[&str] = &[
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
    "onchanges_in",
    "onfail_in",
    "prereq_in",
    "watch_in",
    "require_in",
    "listen_in",
    "fun",
    "state",
    "check_cmd",
    "cmd_opts_exclude",
    "failhard",
    "onlyif",
    "unless",
    "creates",
    "retry",
    "order",
    "parallel",
    "reload_modules",
    "reload_grains",
    "reload_pillar",
    "runas",
    "runas_password",
    "no_log",
    "fire_event",
    "saltenv",
    "umask",
    "use",
    "use_in",
    "__env__",
    "__sls__",
    "__id__",
    "__sls_included_from__",
    "__orchestration_jid__",
    "__prereq__",
    "__prerequiring__",
    "__umask__",
    "name_order",
    "aggregate",
    "__agg__",
    "__reqs__",
    "sfun",
];

/// A state that another one watches.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// Its module.
    pub state: Arc<str>,
    /// Its ID.
    pub id: Arc<str>,
    /// Whether it had changes.
    pub changed: bool,
}

/// One low chunk: what `state.show_low_sls` prints one of.
#[derive(Clone, Debug, PartialEq)]
pub struct LowChunk {
    /// The state module, `pkg`.
    pub state: Arc<str>,
    /// The function, `installed`; `mod_watch` when a watched state changed.
    pub fun: Arc<str>,
    /// The function that was asked for where `fun` is `mod_watch` (Salt's `sfun`).
    pub sfun: Option<Arc<str>>,
    /// The ID that the SLS gives.
    pub id: Arc<str>,
    /// The name: the ID unless the SLS says otherwise.
    pub name: Value,
    /// The SLS it comes from; empty for `state.single` and `state.low`.
    pub sls: Arc<str>,
    /// The environment of that SLS.
    pub env: Arc<str>,
    /// Where `fun` is `mod_watch`: the states that it watches.
    pub watched: Vec<Watched>,
    /// The whole chunk in Salt's form and order: `state`, `name`, `__sls__`, `__env__`, `__id__`, every
    /// argument, requisites, `order`, `fun`.
    pub low: Dict,
}

impl LowChunk {
    /// The key of its result: `state_|-id_|-name_|-fun`.
    pub fn tag(&self) -> String {
        tag(&self.state, &self.id, &self.name, &self.fun)
    }

    /// `state.fun`.
    pub fn full_fun(&self) -> String {
        format!("{}.{}", self.state, self.fun)
    }

    /// Whether the results of both would have the same key.
    pub(crate) fn is_same_as(&self, other: &LowChunk) -> bool {
        self.id == other.id && self.name == other.name && self.state == other.state && self.fun == other.fun
    }

    /// One argument, internal keywords included.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.low.get(key)
    }

    /// What the state function gets: `name` and every key that is not one of [`INTERNAL_KEYWORDS`].
    pub fn args(&self) -> Dict {
        self.low
            .iter()
            .filter(|(k, _)| !k.as_str().is_some_and(|k| INTERNAL_KEYWORDS.contains(&k)))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect()
    }

    /// The chunk as `state.show_low_sls` prints it.
    pub fn to_value(&self) -> Value {
        Value::from(self.low.clone())
    }
}

/// The key of a result: `state_|-id_|-name_|-fun`.
pub fn tag(state: &str, id: &str, name: &Value, fun: &str) -> String {
    format!("{state}_|-{id}_|-{name}_|-{fun}")
}
