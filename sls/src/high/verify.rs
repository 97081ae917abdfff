//! Is the high data well formed? Every fault is found in one go.

use data::{Dict, Value};

use super::{HighData, REQUISITE_KEYWORDS, body_str, is_dunder};
use crate::hint;

impl HighData {
    /// What is malformed, in Salt's words.
    pub fn verify(&self) -> Vec<String> {
        let mut errors = Vec::new();
        for (id, body) in &self.ids {
            let sls = body_str(body, "__sls__").unwrap_or_default();
            if id.as_str().is_none() {
                errors.push(format!(
                    "ID '{id}' in SLS '{sls}' is not formed as a string, but is type {}. It may need to be quoted.",
                    id.type_name()
                ));
            } else if is_dunder(id) {
                continue;
            }
            let Some(states) = body.as_dict() else {
                errors.push(format!("The type {id} in {body} is not formatted as a dictionary"));
                continue;
            };
            for (state, args) in states.iter().filter(|(k, _)| !is_dunder(k)) {
                match args {
                    Value::None => errors.push(format!(
                        "ID '{id}' in SLS '{sls}' contains a short declaration ({state}) with a trailing colon. \
                         When not passing any arguments to a state, the colon must be omitted."
                    )),
                    Value::List(args) => check_args(id, sls, state, args, &mut errors),
                    args => {
                        let what = format!("State '{id}' in SLS '{sls}' is not formed as a list");
                        errors.push(hint::told(what, as_list(state, args)));
                    }
                }
            }
        }
        errors
    }
}

/// How the arguments of a state are to be written that are no list.
fn as_list(state: &Value, args: &Value) -> Option<String> {
    match args {
        Value::Dict(args) => {
            let key = args.keys().next()?;
            let key = key.to_string();
            Some(format!(
                "each argument of '{state}' is an item of a list: '- {}: …'",
                key.trim_start_matches('-')
            ))
        }
        text => Some(format!("write '{state}.{text}', or '- {text}' in the line below '{state}:'")),
    }
}

fn check_args(id: &Value, sls: &str, state: &Value, args: &[Value], errors: &mut Vec<String>) {
    let mut functions: Vec<&str> = Vec::new();
    // Left as it was when there are two of one type.
    functions.extend(state.as_str().and_then(|s| s.split_once('.')).map(|(_, fun)| fun));
    for arg in args {
        match arg {
            Value::Str(fun) => {
                functions.push(fun);
                if fun.trim().contains(' ') {
                    errors.push(format!(
                        "The function \"{fun}\" in state \"{id}\" in SLS \"{sls}\" has whitespace, a function with \
                         whitespace is not supported, perhaps this is an argument that is missing a \":\""
                    ));
                }
            }
            Value::Dict(arg) => check_arg(id, sls, arg, errors),
            _ => {}
        }
    }
    match functions.as_slice() {
        [] => {
            let what = format!("No function declared in state '{id}' in SLS '{sls}'");
            let how = format!("the function stands behind the module: '{state}.…:'");
            errors.push(hint::told(what, Some(how)));
        }
        [_] => {}
        many => errors.push(format!(
            "Too many functions declared in state '{id}' in SLS '{sls}'. Please choose one of the following: {}",
            many.join(", ")
        )),
    }
}

fn check_arg(id: &Value, sls: &str, arg: &Dict, errors: &mut Vec<String>) {
    let Some((key, value)) = arg.get_index(0) else { return };
    let Some(key) = key.as_str() else { return };
    if key == "names" && value.as_list().is_none() {
        errors.push(format!(
            "The 'names' argument in state '{id}' in SLS '{sls}' needs to be formed as a list"
        ));
    }
    if !REQUISITE_KEYWORDS.contains(&key) {
        return;
    }
    match value.as_list() {
        None => {
            let what =
                format!("The {key} statement in state '{id}' in SLS '{sls}' needs to be formed as a list");
            errors.push(hint::told(what, requisite_as_list(key, value)));
        }
        Some(requisites) => requisites.iter().for_each(|req| check_requisite(id, sls, req, errors)),
    }
    if arg.len() != 1 {
        errors.push(format!("Multiple dictionaries defined in argument of state '{id}' in SLS '{sls}'"));
    }
}

/// How a requisite is to be written that is no list.
fn requisite_as_list(key: &str, value: &Value) -> Option<String> {
    let item = match value {
        Value::Dict(dict) => dict.get_index(0).map(|(kind, target)| format!("{kind}: {target}"))?,
        Value::Str(id) => id.to_string(),
        _ => return None,
    };
    Some(format!("write '- {key}:' and below it, indented, '- {item}'"))
}

fn check_requisite(id: &Value, sls: &str, req: &Value, errors: &mut Vec<String>) {
    if req.as_str().is_some() {
        return;
    }
    let Some((kind, target)) = req.as_dict().filter(|d| d.len() == 1).and_then(|d| d.get_index(0)) else {
        errors.push(format!(
            "Requisite declaration {req} in state {id} in SLS {sls} is not formed as a single key dictionary"
        ));
        return;
    };
    let kind = kind.to_string();
    if let Some((module, _)) = kind.split_once('.') {
        errors.push(format!(
            "Invalid requisite type '{kind}' in state '{id}', in SLS '{sls}'. Requisite types must not contain \
             dots, did you mean '{module}'?"
        ));
    }
    if matches!(target, Value::List(_) | Value::Dict(_)) {
        errors.push(format!("Illegal requisite \"{target}\" in SLS \"{sls}\", please check your syntax.\n"));
    }
}
