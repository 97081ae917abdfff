//! `listen` and `listen_in`: what is done at the end of a run for states that changed.

use std::collections::HashMap;
use std::sync::Arc;

use data::Value;
use indexmap::IndexMap;

use super::{Run, mod_watch_of};
use crate::high::REQUISITE_KEYWORDS;
use crate::requisite::reference;
use crate::{LowChunk, StateResult, tag};

/// Chunks by module and by ID or name.
type ByName = HashMap<(Arc<str>, Arc<str>), Vec<usize>, foldhash::fast::RandomState>;

/// Who listens: module, and ID or name.
type Listener = (Value, Value);

impl Run<'_, '_> {
    /// Runs the `mod_watch` of every state that listens to one that changed.
    pub(super) fn listeners(&mut self) {
        let low = self.low;
        let mut listeners: Vec<(Listener, Value)> = Vec::new();
        let mut by_name = ByName::default();
        for (_, chunk) in low.unique() {
            if let Some(listen) = chunk.get("listen") {
                let own = (Value::Str(chunk.state.clone()), Value::Str(chunk.id.clone()));
                listeners.push((own, listen.clone()));
            }
            for (state, id) in
                chunk.get("listen_in").and_then(Value::as_list).into_iter().flatten().filter_map(pair)
            {
                let item =
                    data::Dict::new().with(Value::Str(chunk.state.clone()), Value::Str(chunk.id.clone()));
                listeners.push(((state, id), vec![Value::from(item)].into()));
            }
        }
        if listeners.is_empty() {
            return;
        }
        for (index, chunk) in low.unique() {
            let name: Option<Arc<str>> = chunk.name.as_str().map(Arc::from);
            by_name.entry((chunk.state.clone(), chunk.id.clone())).or_default().push(index);
            if let Some(name) = name.filter(|name| **name != *chunk.id) {
                by_name.entry((chunk.state.clone(), name)).or_default().push(index);
            }
        }
        let find = |state: &Value, name: &Value| -> Vec<usize> {
            match (state, name) {
                (Value::Str(s), Value::Str(n)) => {
                    by_name.get(&(s.clone(), n.clone())).cloned().unwrap_or_default()
                }
                _ => Vec::new(),
            }
        };

        let mut watchers: IndexMap<String, LowChunk> = IndexMap::new();
        let mut errors: IndexMap<String, StateResult> = IndexMap::new();
        for ((state, id), heard) in &listeners {
            for item in heard.as_list().into_iter().flatten() {
                let Some((to_state, to_name)) = self.heard(item) else { continue };
                let targets = find(&to_state, &to_name);
                if targets.is_empty() {
                    does_not_exist(&mut errors, &to_state, &to_name);
                    continue;
                }
                let changed = targets.iter().filter(|i| self.done(**i).is_some_and(StateResult::has_changes));
                if changed.count() == 0 {
                    continue;
                }
                let chunks = find(state, id);
                if chunks.is_empty() {
                    does_not_exist(&mut errors, state, id);
                }
                for chunk in chunks.iter().filter_map(|i| low.chunks.get(*i)) {
                    let mut watcher = mod_watch_of(chunk, Vec::new());
                    watcher.id = format!("listener_{}", chunk.id).into();
                    watcher.low.insert("__id__", Value::Str(watcher.id.clone()));
                    REQUISITE_KEYWORDS.iter().for_each(|key| drop(watcher.low.remove(key)));
                    watchers.entry(watcher.tag()).or_insert(watcher);
                }
            }
        }
        for watcher in watchers.into_values() {
            let result = self.call(&watcher, false);
            let failed = result.result == Some(false);
            self.record(&watcher, result);
            if failed
                && !self.options.test
                && watcher.get("failhard").map_or(self.options.failhard, Value::is_true)
            {
                break;
            }
        }
        for (tag, mut error) in errors {
            error.run_num = Some(self.next_num());
            self.results.insert(tag, error);
        }
    }

    /// What an item of `listen` names.
    fn heard(&self, item: &Value) -> Option<(Value, Value)> {
        if item.as_dict().is_some() {
            return reference(item).map(|(state, name)| (state.into(), name.clone()));
        }
        let chunk = self.low.chunks().find(|c| Some(&*c.id) == item.as_str() || c.name == *item)?;
        Some((Value::Str(chunk.state.clone()), Value::Str(chunk.id.clone())))
    }
}

fn pair(item: &Value) -> Option<(Value, Value)> {
    item.as_dict()?.get_index(0).map(|(state, id)| (state.clone(), id.clone()))
}

fn does_not_exist(errors: &mut IndexMap<String, StateResult>, state: &Value, name: &Value) {
    let tag =
        tag("Listen_Error", &format!("listen_{name}"), &format!("listen_{state}").into(), "Listen_Error");
    let comment = format!("Referenced state {state}: {name} does not exist");
    errors.insert(tag, StateResult::new(format!("listen_{state}:{name}"), Some(false), comment));
}
