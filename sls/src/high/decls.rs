//! The forms in which a state may be declared, brought to one: `{state: [function, {arg: value}, …]}`.

use data::{Dict, Value};

use crate::hint;
use crate::keys::KEYS;

/// Adds `__sls__` and `__env__` to each ID and turns `pkg.installed: […]` and the short form
/// `id: pkg.installed` into `pkg: [installed, …]`.
pub(super) fn normalise(ids: &mut Dict, sls: &str, saltenv: &str, errors: &mut Vec<String>) {
    let (of_sls, of_env) = (Value::from(sls), Value::from(saltenv));
    for (id, body) in ids.iter_mut() {
        if let Value::Str(short) = body {
            let mut parts = short.split('.');
            if let (Some(state), Some(fun)) = (parts.next(), parts.next()) {
                *body = Dict::new()
                    .with(KEYS.sls.clone(), of_sls.clone())
                    .with(KEYS.env.clone(), of_env.clone())
                    .with(state, vec![Value::from(fun)])
                    .into();
                continue;
            }
        }
        let Some(states) = body.as_dict_mut() else {
            let what = format!("ID {id} in SLS {sls} is not a dictionary");
            errors.push(hint::told(what, Some(shape(id, body))));
            continue;
        };
        if split_functions(states) {
            errors.push(format!(
                "ID '{id}' in SLS '{sls}' contains multiple state declarations of the same type"
            ));
        }
        states.entry_or(KEYS.sls.clone(), || of_sls.clone());
        states.entry_or(KEYS.env.clone(), || of_env.clone());
    }
}

/// How the body of an ID is to be written that is something else.
fn shape(id: &Value, body: &Value) -> String {
    match body {
        Value::None => {
            format!("nothing is indented below '{id}:'; below it stands what to do, as in 'pkg.installed'")
        }
        Value::List(_) => {
            format!("below '{id}:' stands a state such as 'pkg.installed:', and the list below that")
        }
        _ => format!("below '{id}:' stands a state such as 'pkg.installed:'"),
    }
}

/// The same for text that is no SLS: its results name none, and the errors are others.
pub(super) fn normalise_text(ids: &mut Dict, template: &str, errors: &mut Vec<String>) {
    for (id, body) in ids.iter_mut() {
        if let Value::Str(short) = body {
            let mut parts = short.split('.');
            match (parts.next(), parts.next()) {
                (Some(state), Some(fun)) => *body = Dict::new().with(state, vec![Value::from(fun)]).into(),
                _ => errors.push(format!("ID {id} in template {template} is not a dictionary")),
            }
            continue;
        }
        let Some(states) = body.as_dict_mut() else { continue };
        for (state, _) in states.iter().filter(|(k, v)| !super::is_dunder(k) && v.is_none()) {
            errors.push(format!(
                "ID '{id}' in template {template} contains a short declaration ({state}) with a trailing colon. When \
                 not passing any arguments to a state, the colon must be omitted."
            ));
        }
        if split_functions(states) {
            errors.push(format!(
                "ID '{id}' in template '{template}' contains multiple state declarations of the same type"
            ));
        }
    }
}

/// Turns each `pkg.installed: […]` of a body into `pkg: […, installed]`. True when two are of one
/// type; the second is left as it is then.
pub(super) fn split_functions(states: &mut Dict) -> bool {
    let dotted = |k: &Value| k.as_str().is_some_and(|k| !k.starts_with('_') && k.contains('.'));
    if !states.keys().any(dotted) {
        return false;
    }
    let mut repeated = false;
    let mut seen: Vec<String> = Vec::new();
    let keys: Vec<String> = states.keys().filter_map(|k| k.as_str().map(str::to_owned)).collect();
    for key in keys {
        if key.starts_with('_') || !matches!(states.get(&key), Some(Value::List(_))) {
            continue;
        }
        let mut parts = key.split('.');
        let state = parts.next().unwrap_or_default().to_owned();
        let Some(fun) = parts.next() else {
            seen.push(key);
            continue;
        };
        if seen.contains(&state) {
            repeated = true;
            continue;
        }
        if let Some(mut args) = states.remove(&key) {
            if let Some(list) = args.as_list_mut() {
                list.push(fun.into());
            }
            states.insert(state.as_str(), args);
        }
        seen.push(state);
    }
    repeated
}

/// Gives each state that has no `order` the next number (`state_auto_order`).
pub(super) fn number<'a>(ids: impl Iterator<Item = (&'a Value, &'a mut Value)>, next: &mut i64) {
    for (_, body) in ids {
        let Some(states) = body.as_dict_mut() else { continue };
        for (state, args) in states.iter_mut() {
            if state.as_str().is_none_or(|s| s.starts_with('_')) {
                continue;
            }
            let ordered = |args: &[Value]| args.iter().any(|arg| super::first_key(arg) == Some("order"));
            if args.as_list().is_none_or(ordered) {
                continue;
            }
            if let Some(args) = args.as_list_mut() {
                let mut order = Dict::with_capacity(1);
                order.insert(KEYS.order.clone(), Value::Int(*next));
                args.push(order.into());
                *next += 1;
            }
        }
    }
}
