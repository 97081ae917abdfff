//! Methods and attributes of Python's own types.

mod bytes;
mod date;
mod dict;
mod list;
mod number;
mod set;
mod str;

pub(crate) use date::{arithmetic as date_arithmetic, strftime};
pub(crate) use dict::update;
pub(crate) use list::sort;
pub(crate) use set::as_set;
pub(crate) use str::{capitalize, split_lines, trim_chars};

use crate::val::{CallArgs, Val, ViewKind};
use crate::{Error, Result};

/// The methods of a type, by name.
fn table(of: &Val) -> &'static [&'static str] {
    match of {
        Val::Str(_) => str::METHODS,
        Val::Markup(_) => str::METHODS,
        Val::List(_) => list::METHODS,
        Val::Tuple(_) => list::TUPLE_METHODS,
        Val::Range(..) => list::TUPLE_METHODS,
        Val::Dict(_) => dict::METHODS,
        Val::Set(_) => set::METHODS,
        Val::View(v) if v.kind != ViewKind::Values => &["isdisjoint"],
        Val::Int(_) | Val::BigInt(_) | Val::Bool(_) => number::INT_METHODS,
        Val::Float(_) => number::FLOAT_METHODS,
        Val::Bytes(_) => bytes::METHODS,
        Val::DateTime(_) => date::METHODS,
        Val::Delta(_) => &["total_seconds"],
        _ => &[],
    }
}

/// Whether `of` has a method `name`.
pub(crate) fn exists(of: &Val, name: &str) -> bool {
    if let Val::DateTime(d) = of {
        return date::has(d, name);
    }
    let first = name.as_bytes().first();
    table(of).iter().any(|method| method.as_bytes().first() == first && *method == name)
}

/// Whether Python's types have this special attribute, which the sandbox keeps from templates.
pub(crate) fn is_dunder(of: &Val, name: &str) -> bool {
    const ALL: &[&str] = &[
        "class",
        "init",
        "doc",
        "str",
        "repr",
        "hash",
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
        "getattribute",
        "setattr",
        "delattr",
        "dir",
        "format",
        "new",
        "reduce",
        "reduce_ex",
        "sizeof",
        "subclasshook",
        "init_subclass",
    ];
    const SIZED: &[&str] = &["len", "contains", "iter"];
    const NUMBER: &[&str] = &[
        "add",
        "radd",
        "sub",
        "rsub",
        "mul",
        "rmul",
        "mod",
        "rmod",
        "truediv",
        "floordiv",
        "pow",
        "abs",
        "bool",
        "neg",
        "pos",
        "int",
        "float",
        "round",
        "trunc",
        "divmod",
        "getnewargs",
    ];
    let Some(name) = name.strip_prefix("__").and_then(|n| n.strip_suffix("__")) else { return false };
    ALL.contains(&name)
        || match of {
            Val::Str(_) | Val::Markup(_) | Val::Bytes(_) => {
                SIZED.contains(&name)
                    || matches!(name, "add" | "mul" | "rmul" | "mod" | "rmod" | "getitem" | "getnewargs")
            }
            Val::List(_) => {
                SIZED.contains(&name)
                    || matches!(
                        name,
                        "add"
                            | "iadd"
                            | "mul"
                            | "imul"
                            | "rmul"
                            | "getitem"
                            | "setitem"
                            | "delitem"
                            | "reversed"
                            | "class_getitem"
                    )
            }
            Val::Tuple(_) => {
                SIZED.contains(&name)
                    || matches!(name, "add" | "mul" | "rmul" | "getitem" | "getnewargs" | "class_getitem")
            }
            Val::Dict(_) => {
                SIZED.contains(&name)
                    || matches!(
                        name,
                        "getitem"
                            | "setitem"
                            | "delitem"
                            | "or"
                            | "ror"
                            | "ior"
                            | "reversed"
                            | "class_getitem"
                    )
            }
            Val::Set(_) | Val::View(_) => {
                SIZED.contains(&name) || matches!(name, "and" | "or" | "sub" | "xor")
            }
            Val::Range(..) => SIZED.contains(&name) || matches!(name, "getitem" | "bool" | "reversed"),
            Val::Int(_) | Val::BigInt(_) | Val::Bool(_) => {
                NUMBER.contains(&name)
                    || matches!(name, "and" | "or" | "xor" | "invert" | "index" | "lshift" | "rshift")
            }
            Val::Float(_) => NUMBER.contains(&name),
            Val::None => name == "bool",
            Val::Object(_) => matches!(name, "dict" | "module" | "weakref"),
            _ => false,
        }
}

/// Methods of `Markup` that give `Markup` again, and escape their arguments.
const MARKUP_METHODS: &[&str] = &[
    "capitalize",
    "casefold",
    "center",
    "expandtabs",
    "format",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
];

fn call_markup(s: &std::sync::Arc<std::primitive::str>, name: &str, args: &mut CallArgs) -> Result<Val> {
    let escapes = MARKUP_METHODS.contains(&name);
    for v in args.args.iter_mut().chain(args.kwargs.iter_mut().map(|(_, v)| v)) {
        match v {
            Val::Str(_) if escapes => *v = Val::Str(crate::filters::escaped(v)?),
            Val::Markup(t) => *v = Val::Str(t.clone()),
            Val::List(_) | Val::Tuple(_) if name == "join" => {
                let items = crate::val::collect(v)?;
                let escaped = |i: &Val| {
                    if i.as_str().is_some() {
                        crate::filters::escaped(i).map(Val::Str)
                    } else {
                        Ok(i.clone())
                    }
                };
                *v = Val::list(items.iter().map(escaped).collect::<Result<_>>()?);
            }
            _ => {}
        }
    }
    let wrap = |v: Val| match v {
        Val::Str(s) if escapes => Val::Markup(s),
        v => v,
    };
    Ok(match str::call(s, name, args)? {
        Val::List(l) => Val::list(l.borrow().iter().cloned().map(wrap).collect()),
        Val::Tuple(t) => Val::tuple(t.iter().cloned().map(wrap).collect()),
        v => wrap(v),
    })
}

/// `of.name(args)`
pub(crate) fn call(of: &Val, name: &str, args: &mut CallArgs) -> Result<Val> {
    match of {
        Val::Str(s) => {
            for v in &mut args.args {
                if let Val::Markup(t) = v {
                    *v = Val::Str(t.clone());
                }
            }
            str::call(s, name, args)
        }
        Val::Markup(s) => call_markup(s, name, args),
        Val::List(l) => list::call(l, name, args),
        Val::Tuple(_) | Val::Range(..) => list::call_tuple(of, name, args),
        Val::Dict(d) => dict::call(d, name, args),
        Val::Set(_) | Val::View(_) => set::call(of, name, args),
        Val::Int(_) | Val::BigInt(_) | Val::Bool(_) | Val::Float(_) => number::call(of, name, args),
        Val::Bytes(b) => bytes::call(b, name, args),
        Val::DateTime(d) => date::call(d, name, args),
        Val::Delta(d) => {
            args.bind::<0>("total_seconds", [], 0)?;
            Ok(Val::Float(*d as f64 / 1e6))
        }
        _ => Err(no_method(of, name)),
    }
}

fn no_method(of: &Val, name: &str) -> Error {
    Error::new(crate::ErrorKind::Attribute, format!("'{}' object has no attribute '{name}'", of.type_name()))
}

/// An attribute that is not a method.
pub(crate) fn data_attr(of: &Val, name: &str) -> Result<Option<Val>> {
    Ok(match of {
        Val::DateTime(d) => date::attr(d, name),
        Val::Delta(d) => date::delta_attr(*d, name),
        Val::Int(_) | Val::BigInt(_) | Val::Bool(_) | Val::Float(_) => number::attr(of, name),
        Val::View(v) => (name == "mapping").then(|| Val::Dict(v.dict.clone())),
        Val::Range(range) => {
            let part = ["start", "stop", "step"].iter().position(|part| *part == name);
            part.and_then(|part| range.get(part)).map(|part| Val::Int(*part))
        }
        _ => None,
    })
}

/// Entries of anything that counts as a mapping; none for everything else.
pub(crate) fn mapping_items(v: &Val) -> Option<Result<Vec<(Val, Val)>>> {
    match v {
        Val::Dict(d) => Some(Ok(d.borrow().iter().map(|(k, v)| (k.val().clone(), v.clone())).collect())),
        Val::Object(o) if o.is_mapping() => Some(o.iterate().and_then(|keys| {
            keys.unwrap_or_default()
                .into_iter()
                .map(|k| {
                    let v = o.get_item(&k)?.unwrap_or_default();
                    Ok((k, v))
                })
                .collect()
        })),
        _ => None,
    }
}

/// A `str` argument.
pub(crate) fn text(v: &Val) -> Result<std::sync::Arc<std::primitive::str>> {
    match v {
        Val::Str(s) | Val::Markup(s) => Ok(s.clone()),
        _ => Err(v
            .use_error()
            .unwrap_or_else(|| Error::type_error(format!("must be str, not {}", v.type_name())))),
    }
}
