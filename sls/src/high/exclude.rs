//! `exclude`: IDs and whole SLS that are not to run.

use std::collections::HashSet;

use data::Value;

use super::{HighData, body_str};
use crate::glob;

impl HighData {
    /// Drops what `exclude` names.
    pub fn apply_exclude(&mut self) {
        if self.exclude.is_empty() {
            return;
        }
        let mut sls: Vec<String> = Vec::new();
        let mut ids: HashSet<Value> = HashSet::new();
        for item in std::mem::take(&mut self.exclude) {
            match &item {
                Value::Str(name) => sls.push(name.to_string()),
                Value::Dict(d) if d.len() == 1 => {
                    if let Some(name) = d.get("sls") {
                        sls.push(name.to_string());
                    } else if let Some(id) = d.get("id") {
                        ids.insert(id.clone());
                    }
                }
                _ => {}
            }
        }
        self.ids.retain(|id, body| {
            let from = body_str(body, "__sls__").filter(|sls| !sls.is_empty());
            !ids.contains(id) && !from.is_some_and(|from| sls.iter().any(|name| glob::matches(name, from)))
        });
    }

    /// The SLS that `exclude` names, before it is applied: what they extend is not extended.
    pub(super) fn excluded_sls(&self) -> Vec<&str> {
        self.exclude
            .iter()
            .filter_map(|item| item.as_str().or_else(|| item.get("sls").and_then(Value::as_str)))
            .collect()
    }
}
