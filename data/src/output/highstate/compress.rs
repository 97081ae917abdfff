//! `state_compress_ids`: states with the same id, SLS and result become one.

use std::collections::HashMap;

use crate::{Dict, Value};

/// The states of a minion with those of the same id rolled together; none when they lack what that needs.
pub(super) fn by_id(data: &Value) -> Option<Value> {
    let states = data.as_dict()?;
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut keyed = Vec::with_capacity(states.len());
    for (key, info) in states.iter() {
        let parts: Vec<&str> = key.as_str()?.split("_|-").collect();
        let dict = info.as_dict()?;
        let same = format!(
            "{}_{}_{}_{}",
            parts.first()?,
            dict.get("__id__")?,
            dict.get("__sls__")?,
            dict.get("result")?
        );
        *counts.entry(same.clone()).or_default() += 1;
        keyed.push((key, parts, dict, same));
    }
    let mut out = Dict::new();
    for (key, mut parts, dict, same) in keyed {
        let count = counts.get(&same).copied().unwrap_or(1);
        if count == 1 {
            out.insert(key.clone(), dict.clone());
            continue;
        }
        let (id, sls, result) = (dict.get("__id__")?, dict.get("__sls__")?, dict.get("result")?);
        let (rolled_id, rolled_name) =
            (format!("{id} ({count})"), format!("state_compressed_{sls}_{id}_{result}"));
        *parts.get_mut(1)? = &rolled_id;
        *parts.get_mut(2)? = &rolled_name;
        let rolled_key = parts.join("_|-");
        match out.get_mut(&rolled_key).and_then(Value::as_dict_mut) {
            None => {
                out.insert(rolled_key, dict.clone());
            }
            Some(rolled) => add(rolled, dict)?,
        }
    }
    Some(out.into())
}

/// The earliest start, the sum of the durations, the changes by name.
fn add(rolled: &mut Dict, dict: &Dict) -> Option<()> {
    let run = dict.get("__run_num__")?.as_int()?.min(rolled.get("__run_num__")?.as_int()?);
    let sum = dict.get("duration")?.as_f64()? + rolled.get("duration")?.as_f64()?;
    let start = dict.get("start_time")?.as_str()?.min(rolled.get("start_time")?.as_str()?).to_owned();
    rolled.insert("__run_num__", run);
    rolled.insert("duration", format!("{sum:.3}").parse::<f64>().unwrap_or(sum));
    rolled.insert("start_time", start);
    let new = dict.get("changes").filter(|c| c.is_true());
    let Some(new) = new else { return Some(()) };
    let old = rolled.get("changes").filter(|c| c.is_true()).cloned();
    let mut by_name = match old {
        None => Dict::new(),
        Some(old) => match old.get("compressed changes").and_then(Value::as_dict) {
            Some(by_name) => by_name.clone(),
            None => Dict::new().with(rolled.get("name")?.clone(), old),
        },
    };
    by_name.insert(dict.get("name")?.clone(), new.clone());
    rolled.insert("changes", Dict::new().with("compressed changes", by_name));
    Some(())
}
