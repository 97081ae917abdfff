//! Salt's ways to merge one dict over another (`salt.utils.dictupdate`): pillar, `map.jinja`, `defaults.merge`.

use std::str::FromStr;

use crate::{Dict, Value};

/// How two dicts become one. The names are those of `pillar_source_merging_strategy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// What the renderer asks for; for YAML that is [`Strategy::Recurse`].
    #[default]
    Smart,
    /// Dicts merge at every depth, everything else is replaced.
    Recurse,
    /// As `recurse`, but a top-level key that both have is taken whole from the second.
    Overwrite,
    /// Dicts merge at the first level; below it only keys of the second are looked at, and it wins.
    /// What is no dict becomes one list.
    Aggregate,
    /// Values that meet become a pair; keys that only the second has are lost.
    List,
    /// One pillar only: nothing is expected to meet, so this is `recurse` without list merging.
    None,
}

impl FromStr for Strategy {
    type Err = UnknownStrategy;

    fn from_str(name: &str) -> Result<Self, UnknownStrategy> {
        Ok(match name {
            "smart" => Strategy::Smart,
            "recurse" => Strategy::Recurse,
            "overwrite" => Strategy::Overwrite,
            "aggregate" => Strategy::Aggregate,
            "list" => Strategy::List,
            "none" => Strategy::None,
            _ => return Err(UnknownStrategy(name.to_owned())),
        })
    }
}

/// A merging strategy that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown merging strategy {0:?}: it is one of smart, recurse, overwrite, aggregate, list, none")]
pub struct UnknownStrategy(pub String);

/// `over` merged over `base`. Two values that are not both dicts do not merge: `over` wins,
/// except that `aggregate` puts them in one list and `list` keeps a dict that is there.
pub fn merge(base: &Value, over: &Value, strategy: Strategy, merge_lists: bool) -> Value {
    let (Value::Dict(a), Value::Dict(b)) = (base, over) else {
        return match strategy {
            Strategy::Aggregate => aggregate(base, over, 1),
            // The keys of the first are all that counts.
            Strategy::List if matches!(base, Value::Dict(_)) => base.clone(),
            _ => over.clone(),
        };
    };
    match strategy {
        Strategy::Smart | Strategy::Recurse => recurse((**a).clone(), b, merge_lists).into(),
        Strategy::None => recurse((**a).clone(), b, false).into(),
        Strategy::Overwrite => {
            let mut first = (**a).clone();
            for (key, value) in b.iter() {
                if let Some(slot) = first.get_value_mut(key) {
                    *slot = value.clone();
                }
            }
            // Merging equal values changes nothing but lists, which merge with themselves.
            recurse(first, b, merge_lists).into()
        }
        Strategy::Aggregate => aggregate(base, over, 1),
        Strategy::List => a
            .iter()
            .map(|(key, value)| match b.get_value(key) {
                Some(other) => (key.clone(), Value::from(vec![value.clone(), other.clone()])),
                None => (key.clone(), value.clone()),
            })
            .collect::<Dict>()
            .into(),
    }
}

fn recurse(mut dest: Dict, upd: &Dict, merge_lists: bool) -> Dict {
    update(&mut dest, upd, true, merge_lists);
    dest
}

/// Puts `upd` into `dest` (`dictupdate.update`). `recursive`: dicts that meet are merged at every depth.
/// `merge_lists`: of lists that meet, the second adds what the first does not have yet.
pub fn update(dest: &mut Dict, upd: &Dict, recursive: bool, merge_lists: bool) {
    for (key, value) in upd.iter() {
        let Some(slot) = dest.get_value_mut(key) else {
            dest.insert(key.clone(), value.clone());
            continue;
        };
        match (slot, value) {
            (Value::Dict(old), Value::Dict(new)) if recursive => {
                update(std::sync::Arc::make_mut(old), new, true, merge_lists);
            }
            (Value::List(old), Value::List(new)) if recursive && merge_lists => {
                let old = std::sync::Arc::make_mut(old);
                for item in new.iter() {
                    // Salt looks through a list that does not grow yet: duplicates inside `upd` stay.
                    old.push(item.clone());
                }
                dedup_added(old, new.len());
            }
            (slot, value) => *slot = value.clone(),
        }
    }
}

/// Drops from the last `added` items those that were there before them.
fn dedup_added(list: &mut Vec<Value>, added: usize) {
    let before = list.len().saturating_sub(added);
    let tail = list.split_off(before);
    let known: foldhash::HashSet<&Value> = list.iter().collect();
    let fresh: Vec<Value> = tail.iter().filter(|item| !known.contains(item)).cloned().collect();
    drop(known);
    list.extend(fresh);
}

/// Salt's `aggregate(a, b, level)`: on marked levels everything is a list or a dict that grows.
fn aggregate(a: &Value, b: &Value, level: usize) -> Value {
    let marked = level > 0;
    let mark = |v: &Value| match v {
        Value::Dict(_) | Value::List(_) => v.clone(),
        other => Value::from(vec![other.clone()]),
    };
    let (a, b) = if marked { (mark(a), mark(b)) } else { (a.clone(), b.clone()) };
    match (&a, &b) {
        (Value::Dict(x), Value::Dict(y)) => {
            let mut out = if marked { (**x).clone() } else { (**y).clone() };
            for (key, value) in y.iter() {
                let merged = match x.get_value(key) {
                    Some(old) => aggregate(old, value, level.saturating_sub(1)),
                    None => value.clone(),
                };
                out.insert(key.clone(), merged);
            }
            out.into()
        }
        (Value::List(x), Value::List(y)) if marked => {
            let mut out = (**x).clone();
            out.extend(y.iter().filter(|v| !x.contains(v)).cloned());
            Value::List(out.into())
        }
        _ => b,
    }
}
