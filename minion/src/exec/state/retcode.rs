//! Whether a state run went well, as Salt counts it: a failed state with `onfail` handlers is made good by them.

use std::collections::HashMap;

use data::{Dict, Value};

/// Which states stand in for one that failed: its ID to the module that is meant, and a handler's module and ID.
pub(super) type Handlers = HashMap<String, Vec<(String, String, String)>>;

/// The handlers in high data. By default a failure stays one; `onfail_stop: False` makes it good.
pub(super) fn handlers(high: &Dict) -> Handlers {
    let mut found = Handlers::new();
    for (id, body) in high {
        for (state, args) in body.as_dict().into_iter().flatten() {
            let Some(args) = args.as_list() else { continue };
            if !args.iter().any(|arg| arg.get("onfail_stop").and_then(Value::as_bool) == Some(false)) {
                continue;
            }
            let targets = args.iter().filter_map(|arg| arg.get("onfail")?.as_list()).flatten();
            for (of, failed) in targets.filter_map(Value::as_dict).flatten() {
                if failed != id {
                    let handler = (of.to_string(), state.to_string(), id.to_string());
                    found.entry(failed.to_string()).or_default().push(handler);
                }
            }
        }
    }
    found
}

/// Salt's `check_result`: whether nothing failed, but for what handlers made good. Nothing at all is a failure.
pub(super) fn all_well(ret: &Value, handlers: &Handlers) -> bool {
    ret.as_dict().is_some_and(|results| check(results, false, handlers))
}

fn check(results: &Dict, nested: bool, handlers: &Handlers) -> bool {
    !results.is_empty()
        && results.iter().all(|(tag, result)| {
            let fits = if tag.as_str() == Some("__extend__") {
                result.as_list().is_some()
            } else {
                result.as_dict().is_some()
            };
            let fine = (nested || fits)
                && match result.as_dict().map(|dict| (dict, dict.get("result"))) {
                    Some((_, Some(result))) => result.as_bool() != Some(false),
                    Some((inner, None)) => check(inner, true, handlers),
                    None => true,
                };
            fine || (result.is_true() && made_good(results, tag, handlers))
        })
}

/// Whether a failure has handlers and the last of them to run went well.
fn made_good(results: &Dict, tag: &Value, handlers: &Handlers) -> bool {
    let mut parts = tag.as_str().unwrap_or_default().split("_|-");
    let (Some(state), Some(id)) = (parts.next(), parts.next()) else { return false };
    let mut good = None;
    for (of, handler, handler_id) in handlers.get(id).into_iter().flatten() {
        if of != state {
            continue;
        }
        let prefix = format!("{handler}_|-{handler_id}_|-");
        for (tag, result) in results {
            if tag.as_str().is_some_and(|tag| tag.starts_with(&prefix)) {
                good = result.get("result").and_then(Value::as_bool).or(good);
                if good == Some(false) {
                    break;
                }
            }
        }
    }
    good == Some(true)
}
