//! Whether a state run went well, as Salt counts it: a failed state with `onfail` handlers is made good by them.

use std::collections::HashMap;

use data::Value;
use sls::HighData;

/// Which handlers stand in for a failed state: its ID to their `(state, ID)`.
pub(super) fn handlers(high: &HighData) -> HashMap<String, Vec<(String, String)>> {
    let mut found: HashMap<String, Vec<(String, String)>> = HashMap::new();
    for (id, body) in &high.ids {
        for (state, args) in body.as_dict().into_iter().flatten() {
            let Some(args) = args.as_list() else { continue };
            // By default a failure stays one; `onfail_stop: False` says that the handler makes it good.
            let handles = |arg: &Value| arg.get("onfail_stop").is_some_and(|v| !v.is_true());
            if !args.iter().any(handles) {
                continue;
            }
            for onfail in args.iter().filter_map(|arg| arg.get("onfail")).filter_map(Value::as_list) {
                for target in onfail {
                    let failed = match target {
                        Value::Dict(one) => one.values().next().map(Value::to_string),
                        other => Some(other.to_string()),
                    };
                    if let Some(failed) = failed {
                        found.entry(failed).or_default().push((state.to_string(), id.to_string()));
                    }
                }
            }
        }
    }
    found
}

/// Whether no state failed, but for those that handlers made good.
pub(super) fn all_well(ret: &Value, handlers: &HashMap<String, Vec<(String, String)>>) -> bool {
    let Some(results) = ret.as_dict() else { return false };
    // Nothing was run where something was asked for.
    if results.is_empty() {
        return false;
    }
    if let Some(result) = results.get("result").filter(|r| r.as_dict().is_none()) {
        // A single result, as `state.low` returns.
        return result.as_bool() != Some(false);
    }
    results.iter().all(|(tag, result)| {
        if result.get("result").and_then(Value::as_bool) != Some(false) {
            return true;
        }
        let mut parts = tag.as_str().unwrap_or_default().split("_|-");
        let of = parts.nth(1).and_then(|id| handlers.get(id));
        of.is_some_and(|of| of.iter().all(|(state, id)| made_good(results, state, id)))
    })
}

fn made_good(results: &data::Dict, state: &str, id: &str) -> bool {
    let prefix = format!("{state}_|-{id}_|-");
    let mut ran = results.iter().filter(|(tag, _)| tag.as_str().is_some_and(|t| t.starts_with(&prefix)));
    let mut any = false;
    let good = ran.all(|(_, result)| {
        any = true;
        result.get("result").and_then(Value::as_bool) == Some(true)
    });
    good && any
}
