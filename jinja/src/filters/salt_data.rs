//! Salt's filters on dicts and lists.

use std::rc::Rc;

use super::{Table, soft_str};
use crate::val::{CallArgs, Dict, Key, Map, Val, collect, contains, equal, get_item, iterate};
use crate::{Error, ErrorKind, Result, methods};

pub(super) const TABLE: Table = &[
    ("append_dict_key_value", |a| change(a, Change::Append)),
    ("compare_dicts", compare_dicts),
    ("compare_lists", compare_lists),
    ("exactly_n_true", |a| {
        let mut b = a.bind("exactly_n", ["iterable", "amount"], 1)?;
        let v = b.take(0);
        let n = b.int(1, 1)?;
        exactly(&v, n)
    }),
    ("exactly_one_true", |a| {
        let v = a.bind("exactly_one", ["iterable"], 1)?.take(0);
        exactly(&v, 1)
    }),
    ("extend_dict_key_value", |a| change(a, Change::Extend)),
    ("flatten", flatten),
    ("from_entries", from_entries),
    ("is_iter", |a| {
        let v = a.bind("is_iter", ["thing", "ignore"], 1)?.take(0);
        if v.is_undefined() {
            iterate(&v)?;
        }
        Ok(Val::Bool(!matches!(v, Val::Str(_)) && iterate(&v).is_ok()))
    }),
    ("is_list", |a| {
        let v = a.bind("is_list", ["value"], 1)?.take(0);
        Ok(Val::Bool(matches!(v, Val::List(_))))
    }),
    ("method_call", method_call),
    ("mysql_to_dict", mysql_to_dict),
    ("sequence", |a| {
        let v = a.bind("ensure_sequence_filter", ["data"], 1)?.take(0);
        Ok(match v {
            Val::List(_) | Val::Tuple(_) | Val::Set(_) | Val::Dict(_) => v,
            v => Val::list(vec![v]),
        })
    }),
    ("set_dict_key_value", |a| change(a, Change::Set)),
    ("sorted_ignorecase", |a| {
        let items = collect(&a.bind("sorted_ignorecase", ["to_sort"], 1)?.take(0))?;
        let keyed = items
            .into_iter()
            .map(|v| match v.as_str() {
                Some(s) => Ok((Val::from(s.to_lowercase()), v.clone())),
                None => Err(v.use_error().unwrap_or_else(|| {
                    let message = format!("'{}' object has no attribute 'lower'", v.type_name());
                    Error::new(ErrorKind::Attribute, message)
                })),
            })
            .collect::<Result<Vec<_>>>()?;
        methods::sort(keyed, false).map(Val::list)
    }),
    ("to_entries", to_entries),
    ("traverse", traverse),
    ("update_dict_key_value", |a| change(a, Change::Update)),
];

fn exactly(v: &Val, n: i64) -> Result<Val> {
    let mut found = 0;
    for i in collect(v)? {
        found += i64::from(i.is_true()?);
    }
    Ok(Val::Bool(found == n))
}

fn method_call(args: &mut CallArgs) -> Result<Val> {
    if args.args.len() < 2 {
        return Err(Error::type_error("method_call() missing 1 required positional argument: 'f_name'"));
    }
    let obj = args.args.remove(0);
    let name = methods::text(&args.args.remove(0))?;
    if methods::exists(&obj, &name) {
        return methods::call(&obj, &name, args);
    }
    match &obj {
        Val::Undefined(u) => u.member(),
        Val::Object(o) => Ok(match o.get_attr(&name)? {
            Some(f) => args.call_on(&f)?,
            None => Val::None,
        }),
        _ => Ok(Val::None),
    }
}

fn compare_dicts(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("compare_dicts", ["old", "new"], 0)?;
    let kind = args.rt.undefined();
    let or_empty = |v: Val| Ok(if v.is_true()? { v } else { Val::dict(Map::default()) });
    let (old, new) = (or_empty(b.take(0))?, or_empty(b.take(1))?);
    let member = |of: &Val, k: &Val| match of {
        Val::List(_) if k.as_int().is_none() => {
            Err(Error::type_error(format!("list indices must be integers or slices, not {}", k.type_name())))
        }
        Val::Str(_) if k.as_int().is_none() => {
            Err(Error::type_error(format!("string indices must be integers, not '{}'", k.type_name())))
        }
        _ => get_item(kind, of, k),
    };
    let mut keys = collect(&new)?;
    keys.extend(collect(&old)?);
    let mut out = Map::default();
    for k in keys {
        let key = Key::new(k.clone())?;
        if out.contains_key(&key) {
            continue;
        }
        let entries = match (contains(&old, &k)?, contains(&new, &k)?) {
            (false, _) => [("old", Val::from("")), ("new", member(&new, &k)?)],
            (true, false) => [("new", Val::from("")), ("old", member(&old, &k)?)],
            (true, true) => {
                let (o, n) = (member(&old, &k)?, member(&new, &k)?);
                if equal(&o, &n)? {
                    continue;
                }
                [("old", o), ("new", n)]
            }
        };
        let change: Map = entries.into_iter().map(|(n, v)| (Key::str(n), v)).collect();
        out.insert(key, Val::dict(change));
    }
    Ok(Val::dict(out))
}

fn compare_lists(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("compare_lists", ["old", "new"], 0)?;
    let (old, new) = (b.take(0), b.take(1));
    let only = |of: &Val, without: &Val| -> Result<Vec<Val>> {
        let mut out = Vec::new();
        for v in collect(of)? {
            if !contains(without, &v)? {
                out.push(v);
            }
        }
        Ok(out)
    };
    let mut out = Map::default();
    for (name, items) in [("new", only(&new, &old)?), ("old", only(&old, &new)?)] {
        if !items.is_empty() {
            out.insert(Key::str(name), Val::list(items));
        }
    }
    Ok(Val::dict(out))
}

fn flatten(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("flatten", ["data", "levels", "preserve_nulls"], 1)?;
    let v = b.take(0);
    let levels = match b.take(1) {
        Val::None => None,
        n => Some(n.to_index()?),
    };
    let keep = b.flag(2, false)?;
    let mut out = Vec::new();
    flatten_into(args, &mut out, &v, levels, keep, 0)?;
    Ok(Val::list(out))
}

fn flatten_into(
    args: &CallArgs,
    out: &mut Vec<Val>,
    v: &Val,
    levels: Option<i64>,
    keep: bool,
    depth: usize,
) -> Result<()> {
    if depth > crate::val::MAX_NESTING {
        return Err(Error::new(ErrorKind::Recursion, "Reference cycle detected. Check input list."));
    }
    let mut iter = iterate(v)?;
    while let Some(item) = iter.next()? {
        args.rt.step()?;
        let null = item.is_none() || matches!(item.as_str(), Some("None" | "null"));
        if null && !keep {
            continue;
        }
        let inside = !matches!(item, Val::Str(_)) && !item.is_undefined() && iterate(&item).is_ok();
        match levels {
            None if inside => flatten_into(args, out, &item, None, keep, depth + 1)?,
            Some(n) if inside && n >= 1 => flatten_into(args, out, &item, Some(n - 1), keep, depth + 1)?,
            _ => out.push(item),
        }
    }
    Ok(())
}

fn to_entries(args: &mut CallArgs) -> Result<Val> {
    let v = args.bind("to_entries", ["data"], 1)?.take(0);
    let pairs: Vec<(Val, Val)> = match (&v, methods::mapping_items(&v)) {
        (_, Some(items)) => items?,
        (Val::List(l), None) => {
            l.borrow().iter().enumerate().map(|(i, v)| (Val::from(i), v.clone())).collect()
        }
        _ => return Err(Error::runtime_python("Input data must be a dict or list")),
    };
    let entry = |(k, v)| Val::dict(Map::from_iter([(Key::str("key"), k), (Key::str("value"), v)]));
    Ok(Val::list(pairs.into_iter().map(entry).collect()))
}

fn from_entries(args: &mut CallArgs) -> Result<Val> {
    let entries = collect(&args.bind("from_entries", ["entries"], 1)?.take(0))?;
    let mut out = Map::default();
    for e in entries {
        let items = methods::mapping_items(&e)
            .ok_or_else(|| Error::type_error(format!("'{}' object is not a mapping", e.type_name())))??;
        let field = |name: &str| {
            items
                .iter()
                .find(|(k, _)| k.as_str().is_some_and(|k| k.to_lowercase() == name))
                .map(|(_, v)| v.clone())
        };
        for name in ["key", "name"] {
            if let Some(k) = field(name)
                && k.is_true()?
            {
                out.insert(Key::new(k)?, field("value").unwrap_or_default());
                break;
            }
        }
    }
    Ok(Val::dict(out))
}

fn mysql_to_dict(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("mysql_to_dict", ["data", "key"], 2)?;
    let (lines, key) = (collect(&b.take(0))?, Key::new(b.take(1))?);
    let mut headers: Vec<String> = Vec::new();
    let mut out = Map::default();
    for line in lines {
        let line = methods::text(&line)?;
        if line.is_empty() || line.starts_with('+') {
            continue;
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if headers.len() <= 1 {
            headers = cells.into_iter().map(str::to_owned).collect();
            continue;
        }
        let mut row = Map::default();
        for (name, cell) in headers.iter().zip(&cells).take(headers.len() - 1).skip(1) {
            let number = super::number::parse_int(cell, 10)
                .or_else(|| super::number::parse_float(cell).map(Val::Float))
                .unwrap_or_else(|| Val::from(*cell));
            row.insert(Key::str(name.as_str()), number);
        }
        let id = row.get(&key).cloned().ok_or_else(|| Error::new(ErrorKind::Key, key.val().quoted()))?;
        out.insert(Key::new(id)?, Val::dict(row));
    }
    Ok(Val::dict(out))
}

/// `data | traverse('a:b:0', default, ':')`; the result is the element itself, not a copy of it.
fn traverse(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("traverse_dict_and_list", ["data", "key", "default", "delimiter"], 2)?;
    let (mut at, path) = (b.take(0), b.take(1));
    let default = b.take(2);
    let delimiter = b.str(3)?.unwrap_or_else(|| ":".into());
    let steps: Vec<Val> = match &path {
        Val::Str(s) if delimiter.is_empty() => vec![Val::Str(s.clone())],
        Val::Str(s) => s.split(&*delimiter).map(Val::from).collect(),
        Val::Int(_) => vec![path],
        Val::Undefined(u) => return Err(u.fail()),
        other => collect(other)?,
    };
    for step in steps {
        match traverse_step(&at, &step)? {
            Some(v) => at = v,
            None => return Ok(default),
        }
    }
    Ok(at)
}

fn traverse_step(at: &Val, step: &Val) -> Result<Option<Val>> {
    match at {
        Val::List(l) => {
            let index = match step {
                Val::Str(s) => super::number::parse_int(s, 10),
                other => Some(other.clone()),
            };
            let key = Key::new(index.clone().unwrap_or_else(|| step.clone()))?;
            let items = l.borrow().clone();
            let embedded = items.iter().find_map(|v| match v {
                Val::Dict(d) => d.get(&key),
                _ => None,
            });
            Ok(embedded.or_else(|| {
                let i = index?.as_int()?;
                let i = if i < 0 { i + items.len() as i64 } else { i };
                usize::try_from(i).ok().and_then(|i| items.get(i).cloned())
            }))
        }
        Val::Dict(d) => {
            if let Some(v) = d.get(&Key::new(step.clone())?) {
                return Ok(Some(v));
            }
            // `1` and `true` find keys that are no text.
            let Val::Str(s) = step else { return Ok(None) };
            let Ok(value) = data::yaml::load_sls(s) else { return Ok(None) };
            let loaded = Val::from(value);
            if matches!(loaded, Val::Str(_)) {
                return Ok(None);
            }
            Ok(Key::new(loaded).ok().and_then(|k| d.get(&k)))
        }
        Val::Undefined(u) => u.member().map(Some),
        _ => Ok(None),
    }
}

#[derive(Clone, Copy)]
enum Change {
    Set,
    Update,
    Append,
    Extend,
}

/// `data | set_dict_key_value('a:b', v)` and its kind: change the dict in place and give it back.
fn change(args: &mut CallArgs, how: Change) -> Result<Val> {
    let mut b = args.bind("filter", ["in_dict", "keys", "value", "delimiter", "ordered_dict"], 3)?;
    let (root, keys, value) = (b.take(0), b.take(1), b.take(2));
    let keys = soft_str(&keys)?;
    let delimiter = b.str(3)?.unwrap_or_else(|| ":".into());
    let Val::Dict(mut at) = root.clone() else {
        return Err(root.use_error().unwrap_or_else(|| {
            Error::type_error(match &root {
                Val::List(_) => "list indices must be integers or slices, not str".to_owned(),
                Val::Str(_) | Val::Tuple(_) => {
                    format!("'{}' object does not support item assignment", root.type_name())
                }
                _ => format!("argument of type '{}' is not iterable", root.type_name()),
            })
        }));
    };
    let mut parts: Vec<&str> =
        if delimiter.is_empty() { vec![&*keys] } else { keys.split(&*delimiter).collect() };
    let last = Key::str(parts.pop().unwrap_or(""));
    for p in parts {
        at = step_into(&at, &Key::str(p));
    }
    let missing = at.get(&last).is_none_or(|v| v.is_none());
    let fresh = |how| match how {
        Change::Update => Val::dict(Map::default()),
        _ => Val::list(Vec::new()),
    };
    if !matches!(how, Change::Set) && missing {
        at.borrow_mut().insert(last.clone(), fresh(how));
    }
    let target = at.get(&last).unwrap_or_default();
    let class = |v: &Val| format!("<class '{}'>", v.type_name());
    match (how, &target) {
        (Change::Set, _) => {
            let _old = at.borrow_mut().insert(last, value);
        }
        (Change::Update, Val::Dict(_)) => {
            args.args = vec![value.clone()];
            methods::call(&target, "update", args).map_err(|_| {
                Error::host(format!("Cannot update {} with a {}.", class(&target), class(&value)))
            })?;
        }
        (Change::Append, Val::List(l)) => l.borrow_mut().push(value),
        (Change::Extend, Val::List(l)) => {
            let more = collect(&value).map_err(|_| {
                Error::host(format!("Cannot extend {} with a {}.", class(&target), class(&value)))
            })?;
            l.borrow_mut().extend(more);
        }
        _ => {
            let verb = match how {
                Change::Update => "update",
                Change::Append => "append",
                _ => "extend",
            };
            return Err(Error::host(format!(
                "The last key contains a {}, which cannot {verb}.",
                class(&target)
            )));
        }
    }
    Ok(root)
}

/// The dict at `key`, which is put there first when there is none.
fn step_into(at: &Rc<Dict>, key: &Key) -> Rc<Dict> {
    if let Some(Val::Dict(d)) = at.get(key) {
        return d;
    }
    let fresh = Rc::new(Dict::new(Map::default()));
    let _old = at.borrow_mut().insert(key.clone(), Val::Dict(fresh.clone()));
    fresh
}
