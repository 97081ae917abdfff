//! Requisites that are declared at the other end (`require_in` and its like), and `use`/`use_in`:
//! both become extensions.

use std::collections::HashMap;

use data::{Dict, Value};
use indexmap::IndexMap;

use super::extend::NameIndex;
use super::{HighData, body_str, first_key, is_dunder};

/// The keywords that this step deals with. `listen_in` is looked at when the run is over.
const HANDLED: &[&str] =
    &["require_in", "watch_in", "onfail_in", "onchanges_in", "use", "use_in", "prereq_in"];

/// What `use` does not take over.
const NOT_USED: &[&str] = &[
    "require_in",
    "watch_in",
    "onfail_in",
    "onchanges_in",
    "use",
    "use_in",
    "prereq_in",
    "require",
    "watch",
    "prereq",
    "onfail",
    "onfail_stop",
    "onchanges",
    "name",
    "names",
];

impl HighData {
    /// Turns `require_in`, `watch_in`, `onfail_in`, `onchanges_in`, `prereq_in`, `use` and `use_in` into
    /// what they mean. Errors are Salt's texts.
    pub fn requisites_in(&mut self, disabled: &[String]) -> Vec<String> {
        let mut pass = Pass {
            high: self,
            out: IndexMap::new(),
            names: NameIndex::default(),
            by_name: None,
            errors: Vec::new(),
        };
        for (id, body) in &pass.high.ids {
            let Some(states) = body.as_dict() else { continue };
            for (state, args) in states.iter().filter(|(k, _)| !is_dunder(k)) {
                for arg in args.as_list().unwrap_or_default() {
                    let wanted = |key: &&str| HANDLED.contains(key) && !disabled.iter().any(|d| d == key);
                    let Some(key) = first_key(arg).filter(wanted) else { continue };
                    let Some(items) = arg.get(key) else { continue };
                    let from = From { id, state, args, body, key };
                    pass.argument(&from, items);
                }
            }
        }
        let Pass { out, mut errors, .. } = pass;
        self.extend.extend(out.into_iter().map(|(id, body)| (id, body.into())));
        errors.extend(self.reconcile(true));
        errors
    }
}

/// The state that a requisite is declared in.
struct From<'a> {
    id: &'a Value,
    state: &'a Value,
    args: &'a Value,
    body: &'a Value,
    key: &'a str,
}

impl From<'_> {
    /// `require` for `require_in`.
    fn requisite(&self) -> &str {
        self.key.split('_').next().unwrap_or(self.key)
    }

    fn sls(&self) -> &str {
        body_str(self.body, "__sls__").unwrap_or_default()
    }
}

struct Pass<'a> {
    high: &'a HighData,
    /// The extensions by ID.
    out: IndexMap<Value, Dict>,
    names: NameIndex,
    /// The first state that says `name: …`, with its ID.
    by_name: Option<HashMap<Value, (Value, Value)>>,
    errors: Vec<String>,
}

impl Pass<'_> {
    fn argument(&mut self, from: &From<'_>, items: &Value) {
        match items {
            Value::Dict(items) => {
                for (state, id) in items.iter() {
                    let state = self.without_dot(from, state, id, "");
                    self.add_requisite(from, id, &state);
                }
            }
            Value::List(items) => {
                // As in Salt, what one item adds is gone through again for the items behind it.
                let mut targets: Vec<(Value, Value)> = Vec::new();
                for item in items.iter() {
                    let Some((state, id)) = self.target(item) else { continue };
                    if state.as_str() == Some("sls") {
                        targets = self.states_of_sls(&id);
                    } else {
                        targets.push((id.clone(), state.clone()));
                    }
                    self.without_dot(from, &state, &id, ",");
                    for (id, state) in &targets {
                        match from.key {
                            "use_in" => self.use_in(from, id, state),
                            "use" => self.use_from(from, id, state),
                            _ => self.add_requisite(from, id, state),
                        }
                    }
                }
            }
            _ => {}
        }
    }

    /// The state and the ID that an item of a list names.
    fn target(&mut self, item: &Value) -> Option<(Value, Value)> {
        if let Some(d) = item.as_dict() {
            return d.get_index(0).map(|(state, id)| (state.clone(), id.clone()));
        }
        if let Some(body) = self.high.ids.get_value(item) {
            let state = body.as_dict()?.keys().find(|k| !is_dunder(k))?;
            return Some((state.clone(), item.clone()));
        }
        let high = self.high;
        let by_name = self.by_name.get_or_insert_with(|| {
            let mut by_name = HashMap::new();
            for (id, body) in &high.ids {
                for (state, args) in
                    body.as_dict().into_iter().flat_map(Dict::iter).filter(|(k, _)| !is_dunder(k))
                {
                    for name in args.as_list().unwrap_or_default().iter().filter_map(|arg| arg.get("name")) {
                        by_name.entry(name.clone()).or_insert_with(|| (state.clone(), id.clone()));
                    }
                }
            }
            by_name
        });
        by_name.get(item).cloned()
    }

    fn states_of_sls(&self, sls: &Value) -> Vec<(Value, Value)> {
        let mut found = Vec::new();
        for (id, body) in &self.high.ids {
            if body.get("__sls__") == Some(sls) {
                let states = body.as_dict().into_iter().flat_map(Dict::keys);
                found.extend(states.filter(|k| !is_dunder(k)).map(|state| (id.clone(), state.clone())));
            }
        }
        found
    }

    fn without_dot(&mut self, from: &From<'_>, state: &Value, id: &Value, comma: &str) -> Value {
        let Some((module, _)) = state.as_str().and_then(|s| s.split_once('.')) else { return state.clone() };
        self.errors.push(format!(
            "Invalid requisite in {}: {state} for {id}{comma} in SLS '{}'. Requisites must not contain dots, did \
             you mean '{module}'?",
            from.requisite(),
            from.sls()
        ));
        module.into()
    }

    /// The extension of a state of an ID.
    fn extension(&mut self, id: &Value, state: &Value) -> Option<&mut Vec<Value>> {
        self.out.entry(id.clone()).or_default().entry_or(state.clone(), Value::list).as_list_mut()
    }

    fn add_requisite(&mut self, from: &From<'_>, id: &Value, state: &Value) {
        let requisite = from.requisite();
        let own = Value::from(Dict::new().with(from.state.clone(), from.id.clone()));
        let Some(list) = self.extension(id, state) else { return };
        let there = list.iter_mut().find_map(|arg| arg.as_dict_mut()?.get_mut(requisite)?.as_list_mut());
        match there {
            Some(there) => there.push(own),
            None => list.push(Dict::new().with(requisite, vec![own]).into()),
        }
        for key in ["__env__", "__sls__"] {
            if let (Some(value), Some(extension)) = (from.body.get(key), self.out.get_mut(id)) {
                extension.insert(key, value.clone());
            }
        }
    }

    /// Gives the arguments of this state to another.
    fn use_in(&mut self, from: &From<'_>, id: &Value, state: &Value) {
        let state_name = state.as_str().unwrap_or_default();
        for (to, to_state) in self.names.find(self.high, id, state_name, true) {
            let args = usable(from.args, args_of(self.high, &to, &to_state));
            if let Some(list) = self.extension(&to, &to_state) {
                list.extend(args);
            }
        }
    }

    /// Takes the arguments of another state.
    fn use_from(&mut self, from: &From<'_>, id: &Value, state: &Value) {
        let state_name = state.as_str().unwrap_or_default();
        for (of, of_state) in self.names.find(self.high, id, state_name, true) {
            let args = args_of(self.high, &of, &of_state).map(|theirs| usable(theirs, Some(from.args)));
            if let Some(list) = self.extension(from.id, from.state) {
                list.extend(args.unwrap_or_default());
            }
        }
    }
}

fn args_of<'a>(high: &'a HighData, id: &Value, state: &Value) -> Option<&'a Value> {
    high.ids.get_value(id)?.as_dict()?.get_value(state)
}

/// The arguments that `use` takes from one state for another: no requisites, no names, and nothing that
/// the other says itself.
fn usable(theirs: &Value, own: Option<&Value>) -> Vec<Value> {
    let own: Vec<&str> =
        own.and_then(Value::as_list).unwrap_or_default().iter().filter_map(only_key).collect();
    let wanted =
        |arg: &&Value| only_key(arg).is_some_and(|key| !NOT_USED.contains(&key) && !own.contains(&key));
    theirs.as_list().unwrap_or_default().iter().filter(wanted).cloned().collect()
}

fn only_key(arg: &Value) -> Option<&str> {
    first_key(arg).filter(|_| arg.as_dict().is_some_and(|d| d.len() == 1))
}
