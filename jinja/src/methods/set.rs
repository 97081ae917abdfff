//! `set`, and what views of dicts share with it

use crate::val::{CallArgs, IndexSet, Key, Val, collect, contains, in_set_order};
use crate::{Error, ErrorKind, Result};

pub(super) const METHODS: &[&str] = &[
    "add",
    "clear",
    "copy",
    "difference",
    "difference_update",
    "discard",
    "intersection",
    "intersection_update",
    "isdisjoint",
    "issubset",
    "issuperset",
    "pop",
    "remove",
    "symmetric_difference",
    "symmetric_difference_update",
    "union",
    "update",
];

/// `set(v)`
pub(crate) fn as_set(v: &Val) -> Result<IndexSet> {
    match v {
        Val::Set(s) => Ok(s.borrow().clone()),
        _ => Ok(in_set_order(collect(v)?.into_iter().map(Key::new).collect::<Result<_>>()?)),
    }
}

pub(super) fn call(of: &Val, name: &str, args: &mut CallArgs) -> Result<Val> {
    if name == "isdisjoint" {
        let other = collect(&args.bind(name, ["other"], 1)?.take(0))?;
        for v in &other {
            if contains(of, v)? {
                return Ok(Val::Bool(false));
            }
        }
        return Ok(Val::Bool(true));
    }
    let Val::Set(set) = of else { return Err(super::no_method(of, name)) };
    let mine = set.borrow().clone();
    match name {
        "add" | "discard" | "remove" => {
            let v = Key::new(args.bind(name, ["element"], 1)?.take(0))?;
            match name {
                "add" => {
                    set.borrow_mut().insert(v);
                }
                _ => {
                    let gone = set.borrow_mut().shift_remove(&v);
                    if !gone && name == "remove" {
                        return Err(Error::new(ErrorKind::Key, v.val().quoted()));
                    }
                }
            }
            Ok(Val::None)
        }
        "pop" => match set.borrow_mut().shift_remove_index(0) {
            Some(k) => Ok(k.val().clone()),
            None => Err(Error::new(ErrorKind::Key, "'pop from an empty set'")),
        },
        "clear" => {
            set.borrow_mut().clear();
            Ok(Val::None)
        }
        "copy" => Ok(Val::set(mine)),
        "issubset" | "issuperset" => {
            let other = as_set(&args.bind(name, ["other"], 1)?.take(0))?;
            let (small, big) = if name == "issubset" { (&mine, &other) } else { (&other, &mine) };
            Ok(Val::Bool(small.iter().all(|k| big.contains(k))))
        }
        _ => {
            let mut result = mine;
            for other in std::mem::take(&mut args.args) {
                result = combine(name.trim_end_matches("_update"), result, &as_set(&other)?);
            }
            if name.ends_with("update") {
                *set.borrow_mut() = result;
                return Ok(Val::None);
            }
            Ok(Val::set(result))
        }
    }
}

fn combine(how: &str, mut a: IndexSet, b: &IndexSet) -> IndexSet {
    match how {
        "difference" => a.retain(|k| !b.contains(k)),
        "intersection" => a.retain(|k| b.contains(k)),
        "symmetric_difference" => {
            let new: Vec<Key> = b.iter().filter(|k| !a.contains(*k)).cloned().collect();
            a.retain(|k| !b.contains(k));
            a.extend(new);
        }
        _ => a.extend(b.iter().cloned()),
    }
    a
}
