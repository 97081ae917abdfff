//! Values to JSON: the usual ones in one go, and what Python's `json` refuses.

use data::json::DumpOptions;

use crate::val::{Val, Walk};
use crate::{Error, Result};

/// `json.dumps(v)`; `v` has nothing undefined in it.
pub(super) fn dump(v: &Val, options: DumpOptions) -> Result<String> {
    let walk = Walk::default();
    check(v, &walk)?;
    Ok(data::json::dump_with(&v.try_to_value()?, options))
}

/// `json.dumps(v)` of dicts with text keys, lists and scalars on one line; none for everything else.
pub(super) fn simple(v: &Val, options: DumpOptions) -> Option<String> {
    if options.indent.is_some() {
        return None;
    }
    let mut out = String::with_capacity(64);
    write(&mut out, v, options, 0).then_some(out)
}

/// How deep `simple` goes.
const MAX_DEPTH: usize = 40;

fn write(out: &mut String, v: &Val, options: DumpOptions, depth: usize) -> bool {
    if depth > MAX_DEPTH || out.len() > 1 << 22 {
        return false;
    }
    match v {
        Val::None => out.push_str("null"),
        Val::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Val::Int(i) => data::python::push_int(out, *i),
        Val::Float(_) => out.push_str(&data::json::dump_with(&v.to_value(), options)),
        Val::Str(s) | Val::Markup(s) => data::json::write_str(out, s, options.ensure_ascii),
        Val::Tuple(t) => return write_items(out, t, options, depth),
        Val::List(l) => {
            if let Some(original) = l.untouched() {
                return write_data(out, data::Value::List(original), options);
            }
            return write_items(out, &l.borrow(), options, depth);
        }
        Val::Dict(d) => {
            if let Some(original) = d.untouched() {
                return write_data(out, data::Value::Dict(original), options);
            }
            let map = d.borrow();
            let mut entries = Vec::with_capacity(map.len());
            for (k, v) in map.iter() {
                let Val::Str(k) = k.val() else { return false };
                entries.push((&**k, v));
            }
            if options.sort_keys {
                entries.sort_unstable_by(|a, b| a.0.cmp(b.0));
            }
            out.push('{');
            for (i, (k, v)) in entries.into_iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                data::json::write_str(out, k, options.ensure_ascii);
                out.push_str(": ");
                if !write(out, v, options, depth + 1) {
                    return false;
                }
            }
            out.push('}');
        }
        _ => return false,
    }
    true
}

fn write_items(out: &mut String, items: &[Val], options: DumpOptions, depth: usize) -> bool {
    out.push('[');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        if !write(out, item, options, depth + 1) {
            return false;
        }
    }
    out.push(']');
    true
}

/// Data that nobody has touched is written as it is.
fn write_data(out: &mut String, v: data::Value, options: DumpOptions) -> bool {
    let plain = check_data(&v).is_ok();
    if plain {
        out.push_str(&data::json::dump_with(&v, options));
    }
    plain
}

fn refused(name: &str) -> Error {
    Error::type_error(format!("Object of type {name} is not JSON serializable"))
}

fn check_data(v: &data::Value) -> Result<()> {
    match v {
        data::Value::Bytes(_) => Err(refused("bytes")),
        data::Value::DateTime(_) => Err(refused(short_name(&Val::from(v)))),
        data::Value::List(items) => items.iter().try_for_each(check_data),
        data::Value::Dict(d) => d.iter().try_for_each(|(k, v)| {
            check_key(k)?;
            check_data(v)
        }),
        _ => Ok(()),
    }
}

fn check_key(k: &data::Value) -> Result<()> {
    match k {
        data::Value::Bytes(_) | data::Value::DateTime(_) | data::Value::List(_) => {
            Err(bad_key(&Val::from(k)))
        }
        _ => Ok(()),
    }
}

fn bad_key(k: &Val) -> Error {
    let name = if let Val::List(_) = k { "tuple" } else { short_name(k) };
    Error::type_error(format!("keys must be str, int, float, bool or None, not {name}"))
}

/// What Python's `json` refuses: everything that is no plain data.
fn check(v: &Val, walk: &Walk) -> Result<()> {
    walk.visit()?;
    match v {
        Val::List(l) => match l.untouched() {
            Some(original) => original.iter().try_for_each(check_data),
            None => {
                let items = l.borrow().clone();
                walk.nested(|| items.iter().try_for_each(|v| check(v, walk)))
            }
        },
        Val::Tuple(t) => walk.nested(|| t.iter().try_for_each(|v| check(v, walk))),
        Val::Dict(d) => match d.untouched() {
            Some(original) => check_data(&data::Value::Dict(original)),
            None => {
                let map = d.borrow().clone();
                walk.nested(|| {
                    map.iter().try_for_each(|(k, v)| match k.val() {
                        Val::Tuple(_) | Val::Bytes(_) | Val::DateTime(_) | Val::Delta(_) | Val::Range(..) => {
                            Err(bad_key(k.val()))
                        }
                        _ => check(v, walk),
                    })
                })
            }
        },
        Val::Set(_)
        | Val::View(_)
        | Val::Iter(_)
        | Val::Range(..)
        | Val::Func(_)
        | Val::Method(_)
        | Val::Bytes(_)
        | Val::DateTime(_)
        | Val::Delta(_) => Err(refused(short_name(v))),
        Val::Undefined(u) => u.text().map(drop),
        _ => Ok(()),
    }
}

/// A type's name without its module.
fn short_name(v: &Val) -> &'static str {
    match v {
        Val::DateTime(d) if matches!(**d, data::DateTime::Date(_)) => "date",
        Val::DateTime(_) => "datetime",
        Val::Delta(_) => "timedelta",
        Val::Bytes(_) => "bytes",
        Val::Tuple(_) => "tuple",
        Val::Set(_) => "set",
        Val::Range(..) => "range",
        Val::View(v) => v.type_name(),
        Val::Iter(g) => g.name,
        Val::Method(_) => "builtin_function_or_method",
        _ => "function",
    }
}
