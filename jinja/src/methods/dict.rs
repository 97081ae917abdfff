//! `dict`

use std::rc::Rc;

use crate::val::{CallArgs, Dict, Key, Val, View, ViewKind, collect, iterate};
use crate::{Error, ErrorKind, Result};

pub(super) const METHODS: &[&str] = &[
    "clear",
    "copy",
    "fromkeys",
    "get",
    "items",
    "keys",
    "pop",
    "popitem",
    "setdefault",
    "update",
    "values",
];

pub(super) fn call(dict: &Rc<Dict>, name: &str, args: &mut CallArgs) -> Result<Val> {
    let view = |kind| Ok(Val::View(Rc::new(View { dict: dict.clone(), kind })));
    match name {
        "items" | "keys" | "values" => {
            if !args.args.is_empty() || !args.kwargs.is_empty() {
                return Err(Error::type_error(format!(
                    "dict.{name}() takes no arguments ({} given)",
                    args.args.len() + args.kwargs.len()
                )));
            }
            view(match name {
                "items" => ViewKind::Items,
                "keys" => ViewKind::Keys,
                _ => ViewKind::Values,
            })
        }
        "get" => {
            let mut b = args.bind_builtin::<2>("get", 1)?;
            let key = Key::new(b.take(0))?;
            Ok(dict.get(&key).unwrap_or_else(|| b.take(1)))
        }
        "pop" => {
            let mut b = args.bind_builtin::<2>("pop", 1)?;
            let key = Key::new(b.take(0))?;
            let found = dict.borrow_mut().shift_remove(&key);
            match (found, b.opt(1)) {
                (Some(v), _) | (None, Some(v)) => Ok(v),
                (None, None) => Err(Error::new(ErrorKind::Key, key.val().quoted())),
            }
        }
        "popitem" => {
            args.bind_builtin::<0>("dict.popitem", 0)?;
            match dict.borrow_mut().pop() {
                Some((k, v)) => Ok(Val::tuple(vec![k.val().clone(), v])),
                None => Err(Error::new(ErrorKind::Key, "'popitem(): dictionary is empty'")),
            }
        }
        "setdefault" => {
            let mut b = args.bind_builtin::<2>("setdefault", 1)?;
            let key = Key::new(b.take(0))?;
            let default = b.take(1);
            Ok(dict.borrow_mut().get_or_insert_with(key, || default).clone())
        }
        "clear" => {
            args.bind_builtin::<0>("dict.clear", 0)?;
            let _old = std::mem::take(&mut *dict.borrow_mut());
            Ok(Val::None)
        }
        "copy" => {
            args.bind_builtin::<0>("dict.copy", 0)?;
            let map = dict.borrow().clone();
            Ok(Val::dict(map))
        }
        "fromkeys" => {
            let mut b = args.bind_builtin::<2>("fromkeys", 1)?;
            let (keys, value) = (b.take(0), b.take(1));
            let map = collect(&keys)?
                .into_iter()
                .map(|k| Ok((Key::new(k)?, value.clone())))
                .collect::<Result<_>>()?;
            Ok(Val::dict(map))
        }
        "update" => {
            if args.args.len() > 1 {
                return Err(Error::type_error(format!(
                    "update expected at most 1 argument, got {}",
                    args.args.len()
                )));
            }
            if let Some(other) = args.args.pop() {
                update(dict, &other)?;
            }
            dict.borrow_mut().extend(args.kwargs.drain(..).map(|(k, v)| (Key::str(k), v)));
            Ok(Val::None)
        }
        _ => Err(super::no_method(&Val::Dict(dict.clone()), name)),
    }
}

/// `dict.update(other)`
pub(crate) fn update(dict: &Rc<Dict>, other: &Val) -> Result<()> {
    match other {
        Val::Dict(other) if Rc::ptr_eq(other, dict) => {}
        // Its keys are known to be good.
        Val::Dict(other) => {
            let other = other.borrow();
            dict.borrow_mut().extend(other.iter().map(|(k, v)| (k.clone(), v.clone())));
        }
        other => {
            let pairs = pairs(other)?;
            dict.borrow_mut().extend(pairs);
        }
    }
    Ok(())
}

/// What `dict(v)` and `update(v)` take: a mapping, or pairs.
pub(crate) fn pairs(v: &Val) -> Result<Vec<(Key, Val)>> {
    if let Some(e) = v.use_error() {
        return Err(e);
    }
    if let Some(items) = super::mapping_items(v) {
        return items?.into_iter().map(|(k, v)| Ok((Key::new(k)?, v))).collect();
    }
    let mut out = Vec::new();
    let mut iter = iterate(v)?;
    let mut i = 0;
    while let Some(pair) = iter.next()? {
        let mut parts = collect(&pair).map_err(|_| {
            Error::type_error(format!("cannot convert dictionary update sequence element #{i} to a sequence"))
        })?;
        let n = parts.len();
        let (Some(value), Some(key), 2) = (parts.pop(), parts.pop(), n) else {
            return Err(Error::value_error(format!(
                "dictionary update sequence element #{i} has length {n}; 2 is required"
            )));
        };
        out.push((Key::new(key)?, value));
        i += 1;
    }
    Ok(out)
}
