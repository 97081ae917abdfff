//! Methods and attributes of Python's own types.

mod bytes;
mod date;
mod dict;
mod list;
mod number;
mod set;
mod str;

pub(crate) use date::{arithmetic as date_arithmetic, strftime};
pub(crate) use list::sort;
pub(crate) use set::as_set;
pub(crate) use str::{capitalize, split_lines, trim_chars};

use crate::val::{CallArgs, Val, ViewKind};
use crate::{Error, Result};

/// The methods of a type, by name.
fn table(of: &Val) -> &'static [&'static str] {
    match of {
        Val::Str(_) => str::METHODS,
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
    table(of).contains(&name)
}

/// `of.name(args)`
pub(crate) fn call(of: &Val, name: &str, args: &mut CallArgs) -> Result<Val> {
    match of {
        Val::Str(s) => str::call(s, name, args),
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
        Val::Range(start, stop, step) => match name {
            "start" => Some(Val::Int(*start)),
            "stop" => Some(Val::Int(*stop)),
            "step" => Some(Val::Int(*step)),
            _ => None,
        },
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
        Val::Str(s) => Ok(s.clone()),
        _ => Err(v
            .use_error()
            .unwrap_or_else(|| Error::type_error(format!("argument must be str, not {}", v.type_name())))),
    }
}
