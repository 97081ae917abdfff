//! `extend`: arguments that other SLS, or `require_in` and its like, add to a state.

use std::collections::HashMap;
use std::sync::Arc;

use data::Value;

use super::{HighData, REQUISITE_KEYWORDS, body_str, first_key, is_dunder};
use crate::hint;

impl HighData {
    /// Applies what `extend` asked for. Errors are Salt's texts.
    pub fn reconcile_extend(&mut self) -> Vec<String> {
        self.reconcile(false)
    }

    pub(super) fn reconcile(&mut self, strict: bool) -> Vec<String> {
        let mut errors = Vec::new();
        if self.extend.is_empty() {
            return errors;
        }
        let mut names = NameIndex::default();
        let excluded: Vec<String> = self.excluded_sls().into_iter().map(str::to_owned).collect();
        for (id, body) in std::mem::take(&mut self.extend) {
            let Some(states) = body.as_dict() else { continue };
            let first_state = states.keys().filter_map(Value::as_str).find(|k| !k.starts_with("__"));
            let Some(first_state) = first_state else { continue };
            let has = self.ids.get_value(&id).is_some_and(|b| b.get(first_state).is_some());
            let target = if has {
                id
            } else {
                let mut found = names.find(self, &id, first_state, strict);
                match (found.pop(), found.is_empty()) {
                    (Some((found, _)), true) => found,
                    _ => {
                        errors.push(hint::told(cannot_extend(&id, &body), self.meant(&id)));
                        continue;
                    }
                }
            };
            if body_str(&body, "__sls__").is_some_and(|sls| excluded.iter().any(|e| e == sls)) {
                continue;
            }
            let Some(high) = self.ids.get_value_mut(&target).and_then(Value::as_dict_mut) else { continue };
            let Value::Dict(states) = body else { continue };
            for (state, run) in Arc::unwrap_or_clone(states) {
                if is_dunder(&state) {
                    continue;
                }
                if let Some(list) = run.as_list() {
                    names.added(&target, &state, list);
                }
                match high.get_value_mut(&state).map(Value::as_list_mut) {
                    None => {
                        high.insert(state, run);
                    }
                    Some(Some(args)) => {
                        let Value::List(run) = run else { continue };
                        Arc::unwrap_or_clone(run).into_iter().for_each(|arg| extend_args(args, arg));
                    }
                    Some(None) => {}
                }
            }
        }
        errors
    }
}

impl HighData {
    /// The ID that was probably meant by one that is not there.
    fn meant(&self, id: &Value) -> Option<String> {
        hint::meant(id.as_str()?, self.ids.keys().filter_map(Value::as_str))
    }
}

fn cannot_extend(id: &Value, body: &Value) -> String {
    let env = body_str(body, "__env__").unwrap_or("base");
    let sls = body_str(body, "__sls__").unwrap_or("base");
    format!(
        "Cannot extend ID '{id}' in '{env}:{sls}'. It is not part of the high state.\n\
         This is likely due to a missing include statement or an incorrectly typed ID.\n\
         Ensure that a state with an ID of '{id}' is available\n\
         in environment '{env}' and to SLS '{sls}'"
    )
}

/// Puts one argument into the arguments of a state: a function replaces the function, a requisite is
/// added to the requisites of its kind, any other argument replaces the one of its name.
fn extend_args(args: &mut Vec<Value>, mut arg: Value) {
    if arg.as_str().is_some() {
        let mut updated = false;
        for old in args.iter_mut().filter(|old| old.as_str().is_some()) {
            *old = arg.clone();
            updated = true;
        }
        if !updated {
            args.push(arg);
        }
        return;
    }
    let Some(key) = first_key(&arg).map(str::to_owned) else {
        args.push(arg);
        return;
    };
    // One that is no list is left to be found malformed.
    let is_list = arg.get(&key).is_some_and(|value| value.as_list().is_some());
    let requisite = REQUISITE_KEYWORDS.contains(&key.as_str());
    if requisite && !is_list {
        args.push(arg);
        return;
    }
    let mut updated = false;
    for old in args.iter_mut() {
        match first_key(old) {
            Some(old_key) if old_key == key => {
                updated = true;
                if !requisite {
                    *old = arg.clone();
                    continue;
                }
                let more =
                    arg.as_dict_mut().and_then(|d| d.get(&key)).and_then(Value::as_list).unwrap_or_default();
                let list = old.as_dict_mut().and_then(|d| d.get_mut(&key)).and_then(Value::as_list_mut);
                if let Some(list) = list {
                    list.extend(more.iter().cloned());
                }
            }
            // A name puts an end to the names.
            Some("names") if key == "name" => *old = arg.clone(),
            _ => {}
        }
    }
    if !updated {
        args.push(arg);
    }
}

/// Which IDs have a state with an argument of this value: how `extend` and `use` find a state by its name.
/// Built when a look-up by ID fails for the first time.
#[derive(Default)]
pub(super) struct NameIndex {
    by_value: Option<HashMap<(Value, Value), Vec<Value>>>,
}

impl NameIndex {
    /// The IDs (and their state) that `name` stands for.
    pub(super) fn find(
        &mut self,
        high: &HighData,
        name: &Value,
        state: &str,
        strict: bool,
    ) -> Vec<(Value, Value)> {
        let body = high.ids.get_value(name);
        if body.is_some_and(|body| !strict || body.get(state).is_some()) {
            return vec![(name.clone(), state.into())];
        }
        if state == "sls" {
            return high
                .ids
                .iter()
                .filter(|(_, body)| body.get("__sls__") == Some(name))
                .filter_map(|(id, body)| Some((id.clone(), body.as_dict()?.get_index(0)?.0.clone())))
                .collect();
        }
        let index = self.by_value.get_or_insert_with(|| {
            let mut index = HashMap::new();
            for (id, body) in &high.ids {
                for (state, args) in body.as_dict().into_iter().flat_map(data::Dict::iter) {
                    add(&mut index, id, state, args.as_list().unwrap_or_default());
                }
            }
            index
        });
        index
            .get(&(Value::from(state), name.clone()))
            .map(|ids| ids.iter().map(|id| (id.clone(), Value::from(state))).collect())
            .unwrap_or_default()
    }

    fn added(&mut self, id: &Value, state: &Value, args: &[Value]) {
        if let Some(index) = &mut self.by_value {
            add(index, id, state, args);
        }
    }
}

fn add(index: &mut HashMap<(Value, Value), Vec<Value>>, id: &Value, state: &Value, args: &[Value]) {
    for arg in args.iter().filter_map(Value::as_dict).filter(|d| d.len() == 1) {
        if let Some((_, value @ Value::Str(_))) = arg.get_index(0) {
            index.entry((state.clone(), value.clone())).or_default().push(id.clone());
        }
    }
}
