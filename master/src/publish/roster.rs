//! What the master knows of its minions when it resolves a target: whose keys are accepted, and the
//! grains they have sent last.

use std::collections::{BTreeSet, HashMap};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use data::{Dict, Value};
use proto::target::{Facts, Target};

/// Accepted keys with grains. Reading it costs no disk.
#[derive(Debug, Default)]
pub struct Roster(RwLock<Inner>);

#[derive(Debug, Default)]
struct Inner {
    accepted: BTreeSet<String>,
    grains: HashMap<String, Value>,
}

impl Roster {
    /// Replaces the grains by what the store has.
    pub fn load_grains(&self, grains: Vec<(String, Value)>) {
        self.write().grains = grains.into_iter().collect();
    }

    /// Replaces the set of accepted keys.
    pub fn set_accepted(&self, ids: Vec<String>) {
        self.write().accepted = ids.into_iter().collect();
    }

    /// Adds or removes one accepted key.
    pub fn set(&self, id: &str, accepted: bool) {
        let mut inner = self.write();
        if accepted {
            inner.accepted.insert(id.to_string());
        } else {
            inner.accepted.remove(id);
        }
    }

    /// Notes a minion's grains. Returns whether they differ from what was known.
    pub fn set_grains(&self, id: &str, grains: Value) -> bool {
        let mut inner = self.write();
        let changed = inner.grains.get(id).is_none_or(|known| !known.identical(&grains));
        if changed {
            inner.grains.insert(id.to_string(), grains);
        }
        changed
    }

    /// Forgets a minion whose key is deleted.
    pub fn forget(&self, id: &str) {
        let mut inner = self.write();
        inner.accepted.remove(id);
        inner.grains.remove(id);
    }

    /// A minion's grains.
    pub fn grains(&self, id: &str) -> Option<Value> {
        self.read().grains.get(id).cloned()
    }

    /// Whether the key is accepted.
    pub fn is_accepted(&self, id: &str) -> bool {
        self.read().accepted.contains(id)
    }

    /// All accepted ids, sorted.
    pub fn accepted(&self) -> Vec<String> {
        self.read().accepted.iter().cloned().collect()
    }

    /// The accepted minions that a target selects, sorted. `pillar` is asked only for targets that look
    /// at the pillar.
    pub fn select(&self, target: &Target, pillar: &dyn Fn(&str, &Value) -> Value) -> Vec<String> {
        let none = Value::from(Dict::new());
        let candidates: Vec<(String, Value)> = {
            let inner = self.read();
            let grains = |id: &String| inner.grains.get(id).unwrap_or(&none).clone();
            inner.accepted.iter().map(|id| (id.clone(), grains(id))).collect()
        };
        let needs_pillar = target.needs_pillar();
        candidates
            .into_iter()
            .filter(|(id, grains)| {
                let pillar = if needs_pillar { pillar(id, grains) } else { Value::None };
                target.matches(&Facts { id, grains, pillar: &pillar })
            })
            .map(|(id, _)| id)
            .collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Inner> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use proto::target::TargetType;

    use super::*;

    #[test]
    fn targets_select_accepted_minions_by_their_last_grains() {
        let roster = Roster::default();
        roster.set_accepted(vec!["web-1".into(), "web-2".into(), "db-1".into()]);
        let role = |r: &str| Value::from(Dict::new().with("role", r));
        roster.load_grains(vec![("web-1".into(), role("web")), ("gone".into(), role("web"))]);
        assert!(roster.set_grains("db-1", role("db")));
        assert!(!roster.set_grains("db-1", role("db")));
        let select = |tgt: &str, kind| {
            let target = Target::parse_str(tgt, kind, &Dict::new()).unwrap();
            roster.select(&target, &|id, _| Value::from(Dict::new().with("name", id)))
        };
        assert_eq!(select("*", TargetType::Glob), ["db-1", "web-1", "web-2"]);
        assert_eq!(select("role:web", TargetType::Grain), ["web-1"]);
        assert_eq!(select("name:web-2", TargetType::Pillar), ["web-2"]);
        roster.set("web-2", false);
        roster.forget("db-1");
        assert_eq!(select("*", TargetType::Glob), ["web-1"]);
    }
}
