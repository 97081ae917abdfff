//! The keys that are in every chunk and every result, made once: all share their texts.

use std::sync::LazyLock;

use data::Value;

/// Texts as values.
pub(crate) struct Keys {
    pub(crate) state: Value,
    pub(crate) name: Value,
    pub(crate) sls: Value,
    pub(crate) env: Value,
    pub(crate) included_from: Value,
    pub(crate) id: Value,
    pub(crate) fun: Value,
    pub(crate) order: Value,
    pub(crate) name_order: Value,
    pub(crate) duration: Value,
    pub(crate) start_time: Value,
    pub(crate) run_num: Value,
    pub(crate) comment: Value,
    pub(crate) result: Value,
    pub(crate) changes: Value,
}

/// The keys.
pub(crate) static KEYS: LazyLock<Keys> = LazyLock::new(|| Keys {
    state: "state".into(),
    name: "name".into(),
    sls: "__sls__".into(),
    env: "__env__".into(),
    included_from: "__sls_included_from__".into(),
    id: "__id__".into(),
    fun: "fun".into(),
    order: "order".into(),
    name_order: "name_order".into(),
    duration: "duration".into(),
    start_time: "start_time".into(),
    run_num: "__run_num__".into(),
    comment: "comment".into(),
    result: "result".into(),
    changes: "changes".into(),
});
