//! Is the high data well formed? Every fault is found in one go.

use data::{Dict, Value};

use super::{HighData, REQUISITE_KEYWORDS, body_str, is_dunder};

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
                    _ => errors.push(format!("State '{id}' in SLS '{sls}' is not formed as a list")),
                }
            }
        }
        errors
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
        [] => errors.push(format!("No function declared in state '{id}' in SLS '{sls}'")),
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
            errors.push(format!(
                "The {key} statement in state '{id}' in SLS '{sls}' needs to be formed as a list"
            ));
        }
        Some(requisites) => requisites.iter().for_each(|req| check_requisite(id, sls, req, errors)),
    }
    if arg.len() != 1 {
        errors.push(format!("Multiple dictionaries defined in argument of state '{id}' in SLS '{sls}'"));
    }
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
