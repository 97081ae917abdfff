//! JMESPath's functions.

use super::parse::Node;
use super::search::{Search, is_number};
use crate::filters::float_to_int;
use crate::filters::number::{parse_float, parse_int};
use crate::val::{BinOp, Key, Map, OrderOp, Val, binary, collect, compare, contains, to_str};
use crate::{Error, Result, methods};

/// An argument: a value, or an expression to evaluate for each item.
enum Arg<'a> {
    Value(Val),
    Reference(&'a Node),
}

/// Name, and for each parameter the types that it takes (none: all).
const SIGNATURES: &[(&str, &[&[&str]])] = &[
    ("abs", &[&["number"]]),
    ("avg", &[&["array-number"]]),
    ("ceil", &[&["number"]]),
    ("contains", &[&["array", "string"], &[]]),
    ("ends_with", &[&["string"], &["string"]]),
    ("floor", &[&["number"]]),
    ("join", &[&["string"], &["array-string"]]),
    ("keys", &[&["object"]]),
    ("length", &[&["string", "array", "object"]]),
    ("map", &[&["expref"], &["array"]]),
    ("max", &[&["array-number", "array-string"]]),
    ("max_by", &[&["array"], &["expref"]]),
    ("merge", &[&["object"]]),
    ("min", &[&["array-number", "array-string"]]),
    ("min_by", &[&["array"], &["expref"]]),
    ("not_null", &[&[]]),
    ("reverse", &[&["array", "string"]]),
    ("sort", &[&["array-string", "array-number"]]),
    ("sort_by", &[&["array"], &["expref"]]),
    ("starts_with", &[&["string"], &["string"]]),
    ("sum", &[&["array-number"]]),
    ("to_array", &[&[]]),
    ("to_number", &[&[]]),
    ("to_string", &[&[]]),
    ("type", &[&[]]),
    ("values", &[&["object"]]),
];

/// JMESPath's name of a type.
fn kind(v: &Val) -> &'static str {
    match v {
        Val::Bool(_) => "boolean",
        Val::List(_) => "array",
        Val::Dict(_) => "object",
        Val::None => "null",
        Val::Str(_) => "string",
        v if is_number(v) => "number",
        _ => "unknown",
    }
}

fn wrong_type(function: &str, v: &str, types: &[&str], got: &str) -> Error {
    let types: Vec<String> = types.iter().map(|t| format!("'{t}'")).collect();
    Error::value_error(format!(
        "In function {function}(), invalid type for value: {v}, expected one of: [{}], received: \"{got}\"",
        types.join(", ")
    ))
}

fn check(function: &str, arg: &Arg<'_>, types: &[&str]) -> Result<()> {
    if types.is_empty() {
        return Ok(());
    }
    let base = |t: &&str| t.split('-').next().unwrap_or("").to_owned();
    let v = match arg {
        Arg::Reference(_) if types.contains(&"expref") => return Ok(()),
        Arg::Reference(_) => return Err(wrong_type(function, "<expression>", types, "expref")),
        Arg::Value(v) => v,
    };
    if !types.iter().any(|t| base(t) == kind(v)) {
        return Err(wrong_type(function, &v.to_string(), types, kind(v)));
    }
    let parts: Vec<&str> = types.iter().filter_map(|t| t.split_once('-').map(|(_, part)| part)).collect();
    if let (Val::List(l), false) = (v, parts.is_empty()) {
        let items = l.borrow();
        let wanted = match items.first() {
            Some(first) if parts.contains(&kind(first)) => kind(first),
            Some(first) => return Err(wrong_type(function, &first.to_string(), types, first.type_name())),
            None => return Ok(()),
        };
        if let Some(bad) = items.iter().find(|i| kind(i) != wanted) {
            return Err(wrong_type(function, &bad.to_string(), types, bad.type_name()));
        }
    }
    Ok(())
}

impl Search<'_> {
    pub(super) fn call(&self, name: &str, args: &[Node], v: &Val) -> Result<Val> {
        let args = args
            .iter()
            .map(|a| match a {
                Node::Reference(inner) => Ok(Arg::Reference(inner)),
                a => self.value(a, v).map(Arg::Value),
            })
            .collect::<Result<Vec<_>>>()?;
        let Some((_, signature)) = SIGNATURES.iter().find(|(n, _)| *n == name) else {
            return Err(Error::value_error(format!("Unknown function: {name}()")));
        };
        let variadic = matches!(name, "merge" | "not_null");
        let n = signature.len();
        if if variadic { args.len() < n } else { args.len() != n } {
            return Err(Error::value_error(format!(
                "Expected {}{n} argument{} for function {name}(), received {}",
                if variadic { "at least " } else { "" },
                if n == 1 { "" } else { "s" },
                args.len()
            )));
        }
        for (i, arg) in args.iter().enumerate() {
            check(name, arg, signature.get(i).or(signature.last()).copied().unwrap_or_default())?;
        }
        let mut values = Vec::new();
        let mut reference = None;
        for arg in args {
            match arg {
                Arg::Value(v) => values.push(v),
                Arg::Reference(node) => reference = Some(node),
            }
        }
        match reference {
            Some(node) => self.by(name, values.first().unwrap_or(&Val::None), node),
            None => self.plain(name, values),
        }
    }

    /// The functions that take an expression.
    fn by(&self, name: &str, list: &Val, node: &Node) -> Result<Val> {
        let items = collect(list)?;
        if name == "map" {
            return items.iter().map(|i| self.value(node, i)).collect::<Result<_>>().map(Val::list);
        }
        let mut keyed = Vec::with_capacity(items.len());
        let mut wanted: Option<&'static str> = None;
        for item in items {
            let key = self.value(node, &item)?;
            let is = kind(&key);
            // All keys of `sort_by` are of one type.
            let allowed = match wanted {
                Some(w) if name == "sort_by" => is == w,
                _ => matches!(is, "number" | "string"),
            };
            if !allowed {
                let types: &[&str] = match wanted {
                    Some("string") if name == "sort_by" => &["string"],
                    Some(_) if name == "sort_by" => &["number"],
                    _ => &["number", "string"],
                };
                return Err(wrong_type(name, &key.to_string(), types, is));
            }
            wanted.get_or_insert(is);
            keyed.push((key, item));
        }
        if name == "sort_by" {
            return methods::sort(keyed, false).map(Val::list);
        }
        let op = if name == "min_by" { OrderOp::Lt } else { OrderOp::Gt };
        let mut best: Option<(Val, Val)> = None;
        for (key, item) in keyed {
            if best.as_ref().map_or(Ok(true), |(k, _)| compare(op, &key, k))? {
                best = Some((key, item));
            }
        }
        Ok(best.map_or(Val::None, |(_, item)| item))
    }

    fn plain(&self, name: &str, values: Vec<Val>) -> Result<Val> {
        let max = self.args.rt.max_text();
        let second = values.get(1).cloned().unwrap_or_default();
        if name == "not_null" {
            return Ok(values.into_iter().find(|v| !v.is_none()).unwrap_or_default());
        }
        if name == "merge" {
            let mut map = Map::default();
            for v in &values {
                if let Val::Dict(d) = v {
                    map.extend(d.borrow().iter().map(|(k, v)| (k.clone(), v.clone())));
                }
            }
            return Ok(Val::dict(map));
        }
        let v = values.into_iter().next().unwrap_or_default();
        let sum =
            |items: &[Val]| items.iter().try_fold(Val::Int(0), |total, i| binary(BinOp::Add, &total, i, max));
        Ok(match name {
            "abs" => match &v {
                Val::Float(f) => Val::Float(f.abs()),
                v => v.as_big().map_or(Val::None, |i| Val::big(i.magnitude().clone().into())),
            },
            "avg" => {
                let items = collect(&v)?;
                if items.is_empty() {
                    return Ok(Val::None);
                }
                binary(BinOp::Div, &sum(&items)?, &Val::from(items.len()), max)?
            }
            "sum" => sum(&collect(&v)?)?,
            "ceil" | "floor" => match &v {
                Val::Float(f) => float_to_int(if name == "ceil" { f.ceil() } else { f.floor() })?,
                _ => v,
            },
            "contains" => match (&v, &second) {
                (Val::Str(_), Val::Str(_)) | (Val::List(_), _) => Val::Bool(contains(&v, &second)?),
                _ => {
                    return Err(Error::type_error(format!(
                        "'in <string>' requires string as left operand, not {}",
                        second.type_name()
                    )));
                }
            },
            "ends_with" | "starts_with" => {
                let (text, part) = (methods::text(&v)?, methods::text(&second)?);
                Val::Bool(if name == "ends_with" { text.ends_with(&*part) } else { text.starts_with(&*part) })
            }
            "join" => {
                let parts = collect(&second)?.iter().map(methods::text).collect::<Result<Vec<_>>>()?;
                Val::from(parts.join(&*methods::text(&v)?))
            }
            "keys" | "values" => {
                let Val::Dict(d) = &v else { return Ok(Val::None) };
                let map = d.borrow();
                Val::list(if name == "keys" {
                    map.keys().map(|k| k.val().clone()).collect()
                } else {
                    map.values().cloned().collect()
                })
            }
            "length" => Val::from(v.len()?),
            "max" | "min" => {
                let op = if name == "min" { OrderOp::Lt } else { OrderOp::Gt };
                let mut best: Option<Val> = None;
                for item in collect(&v)? {
                    if best.as_ref().map_or(Ok(true), |b| compare(op, &item, b))? {
                        best = Some(item);
                    }
                }
                best.unwrap_or_default()
            }
            "reverse" => match &v {
                Val::Str(s) => Val::from(s.chars().rev().collect::<String>()),
                v => {
                    let mut items = collect(v)?;
                    items.reverse();
                    Val::list(items)
                }
            },
            "sort" => {
                let keyed = collect(&v)?.into_iter().map(|i| (i.clone(), i)).collect();
                methods::sort(keyed, false).map(Val::list)?
            }
            "to_array" => match v {
                Val::List(_) => v,
                v => Val::list(vec![v]),
            },
            "to_number" => match &v {
                Val::Str(s) => {
                    parse_int(s, 10).or_else(|| parse_float(s).map(Val::Float)).unwrap_or(Val::None)
                }
                v if is_number(v) => v.clone(),
                _ => Val::None,
            },
            "to_string" => match &v {
                Val::Str(_) => v,
                v => Val::from(compact(v)?),
            },
            _ => Val::from(kind(&v)),
        })
    }
}

/// JSON without blanks.
fn compact(v: &Val) -> Result<String> {
    let mut out = String::new();
    write(&mut out, v, 0)?;
    Ok(out)
}

fn write(out: &mut String, v: &Val, depth: usize) -> Result<()> {
    if depth > crate::val::MAX_NESTING {
        return Err(crate::val::too_deep());
    }
    match v {
        Val::List(l) => {
            out.push('[');
            for (i, item) in l.borrow().iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(out, item, depth + 1)?;
            }
            out.push(']');
        }
        Val::Dict(d) => {
            out.push('{');
            for (i, (k, item)) in d.borrow().iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                let key = key_text(k)?;
                out.push_str(&data::json::dump(&data::Value::from(key), None, false));
                out.push(':');
                write(out, item, depth + 1)?;
            }
            out.push('}');
        }
        Val::None | Val::Bool(_) | Val::Int(_) | Val::BigInt(_) | Val::Float(_) | Val::Str(_) => {
            out.push_str(data::json::dump(&v.to_value(), None, false).trim());
        }
        v => out.push_str(&data::json::dump(&data::Value::from(to_str(v)?.into_owned()), None, false)),
    }
    Ok(())
}

/// A dict's key as JSON spells it.
fn key_text(k: &Key) -> Result<String> {
    Ok(match k.val() {
        Val::None => "null".into(),
        Val::Bool(b) => b.to_string(),
        v => to_str(v)?.into_owned(),
    })
}
