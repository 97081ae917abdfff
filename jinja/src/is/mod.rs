//! Tests (`x is …`): Jinja's own and Salt's.

use crate::filters::{Builtin, compile_regex, find as find_filter, nearest_of, soft_str, text_like};
use crate::val::{BinOp, CallArgs, OrderOp, Val, binary, compare, contains, equal, iterate};
use crate::{Result, methods};

const TABLE: &[(&str, Builtin)] = &[
    ("!=", |a| two(a, |x, y| Ok(!equal(x, y)?))),
    ("<", |a| order(a, OrderOp::Lt)),
    ("<=", |a| order(a, OrderOp::Le)),
    ("==", |a| two(a, equal)),
    (">", |a| order(a, OrderOp::Gt)),
    (">=", |a| order(a, OrderOp::Ge)),
    ("boolean", |a| one(a, |v| matches!(v, Val::Bool(_)))),
    ("callable", |a| {
        one(a, |v| match v {
            Val::Func(_) | Val::Method(_) | Val::Undefined(_) => true,
            Val::Object(o) => o.is_callable(),
            _ => false,
        })
    }),
    ("defined", |a| one(a, |v| !v.is_undefined())),
    ("divisibleby", |a| {
        let v = rest(a, 2)?;
        let r = binary(BinOp::Mod, &v.0, &v.1, usize::MAX)?;
        Ok(Val::Bool(equal(&r, &Val::Int(0))?))
    }),
    ("eq", |a| two(a, equal)),
    ("equalto", |a| two(a, equal)),
    ("escaped", |a| one(a, |_| false)),
    ("even", |a| parity(a, 0)),
    ("false", |a| one(a, |v| matches!(v, Val::Bool(false)))),
    ("filter", |a| {
        let name = soft_str(&rest(a, 1)?.0)?;
        Ok(Val::Bool(a.rt.env.filters.contains_key(&*name) || find_filter(&name).is_some()))
    }),
    ("float", |a| one(a, |v| matches!(v, Val::Float(_)))),
    ("ge", |a| order(a, OrderOp::Ge)),
    ("greaterthan", |a| order(a, OrderOp::Gt)),
    ("gt", |a| order(a, OrderOp::Gt)),
    ("in", |a| two(a, |x, y| contains(y, x))),
    ("integer", |a| one(a, |v| matches!(v, Val::Int(_) | Val::BigInt(_)))),
    ("iterable", |a| {
        let v = rest(a, 1)?.0;
        if let Val::Undefined(u) = &v {
            u.iterate()?;
        }
        // An object's values may cost a call; it says by itself whether it has any.
        Ok(Val::Bool(iterate(&v).is_ok()))
    }),
    ("le", |a| order(a, OrderOp::Le)),
    ("lessthan", |a| order(a, OrderOp::Lt)),
    ("list", |a| one(a, |v| matches!(v, Val::List(_)))),
    ("lower", |a| cased(a, "islower")),
    ("lt", |a| order(a, OrderOp::Lt)),
    ("mapping", |a| {
        one(a, |v| match v {
            Val::Dict(_) => true,
            Val::Object(o) => o.is_mapping(),
            _ => false,
        })
    }),
    ("match", matches_regex),
    ("ne", |a| two(a, |x, y| Ok(!equal(x, y)?))),
    ("none", |a| one(a, Val::is_none)),
    ("number", |a| one(a, |v| matches!(v, Val::Int(_) | Val::BigInt(_) | Val::Float(_) | Val::Bool(_)))),
    ("odd", |a| parity(a, 1)),
    ("sameas", |a| two(a, |x, y| Ok(x.same(y)))),
    ("sequence", |a| {
        let v = rest(a, 1)?.0;
        Ok(Val::Bool(match &v {
            Val::Set(_) | Val::View(_) => false,
            Val::Object(o) => o.len().is_some(),
            _ => v.len().is_ok(),
        }))
    }),
    ("string", |a| one(a, |v| matches!(v, Val::Str(_)))),
    ("test", |a| {
        let name = soft_str(&rest(a, 1)?.0)?;
        Ok(Val::Bool(a.rt.env.tests.contains_key(&*name) || find(&name).is_some()))
    }),
    ("true", |a| one(a, |v| matches!(v, Val::Bool(true)))),
    ("undefined", |a| one(a, Val::is_undefined)),
    ("upper", |a| cased(a, "isupper")),
];

/// The test `name`.
pub(crate) fn find(name: &str) -> Option<Builtin> {
    TABLE.iter().find(|(n, _)| *n == name).map(|(_, f)| *f)
}

/// The test whose name is nearest to a mistyped one.
pub(crate) fn nearest(name: &str) -> Option<&'static str> {
    nearest_of(name, TABLE.iter().map(|(n, _)| *n).filter(|n| n.len() > 2))
}

/// The value, and the argument if the test takes one.
fn rest(args: &mut CallArgs, n: usize) -> Result<(Val, Val)> {
    if n == 1 {
        return Ok((args.bind("test", ["value"], 1)?.take(0), Val::None));
    }
    let mut b = args.bind("test", ["value", "other"], 2)?;
    Ok((b.take(0), b.take(1)))
}

fn one(args: &mut CallArgs, f: fn(&Val) -> bool) -> Result<Val> {
    let v = rest(args, 1)?.0;
    Ok(Val::Bool(f(&v)))
}

fn two(args: &mut CallArgs, f: fn(&Val, &Val) -> Result<bool>) -> Result<Val> {
    let (v, other) = rest(args, 2)?;
    f(&v, &other).map(Val::Bool)
}

fn order(args: &mut CallArgs, op: OrderOp) -> Result<Val> {
    let (v, other) = rest(args, 2)?;
    compare(op, &v, &other).map(Val::Bool)
}

fn parity(args: &mut CallArgs, r: i64) -> Result<Val> {
    let v = rest(args, 1)?.0;
    let m = binary(BinOp::Mod, &v, &Val::Int(2), usize::MAX)?;
    Ok(Val::Bool(equal(&m, &Val::Int(r))?))
}

fn cased(args: &mut CallArgs, method: &str) -> Result<Val> {
    let s = soft_str(&rest(args, 1)?.0)?;
    methods::call(&Val::Str(s), method, args)
}

/// Salt's `is match('^x')`, anchored at the start.
fn matches_regex(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("test_match", ["txt", "rgx", "ignorecase", "multiline"], 2)?;
    let (text, pattern) = (text_like(&b.take(0))?, methods::text(&b.take(1))?);
    let regex = compile_regex(&pattern, b.flag(2, false)?, b.flag(3, false)?, true)?;
    let found = regex.is_match(&*text).map_err(|e| crate::Error::runtime(e.to_string()))?;
    Ok(Val::Bool(found))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_in_order() {
        assert!(super::TABLE.windows(2).all(|w| w[0].0 < w[1].0));
    }
}
