//! Tests (`x is …`): Jinja's own and Salt's.

use crate::filters::{Builtin, compile_regex, find as find_filter, nearest_of, soft_str, text_like};
use crate::val::{BinOp, CallArgs, OrderOp, Val, binary, compare, contains, equal, iterate};
use crate::{Result, methods};

const TABLE: &[(&str, Builtin)] = &[
    ("!=", |a| two(a, "ne", |x, y| Ok(!equal(x, y)?))),
    ("<", |a| order(a, OrderOp::Lt)),
    ("<=", |a| order(a, OrderOp::Le)),
    ("==", |a| two(a, "eq", equal)),
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
        let mut b = a.bind("test_divisibleby", ["value", "num"], 2)?;
        let v = (b.take(0), b.take(1));
        let r = binary(BinOp::Mod, &v.0, &v.1, usize::MAX)?;
        Ok(Val::Bool(equal(&r, &Val::Int(0))?))
    }),
    ("eq", |a| two(a, "eq", equal)),
    ("equalto", |a| {
        let mut b = a.bind("test_equalto", ["value", "other"], 2)?;
        let v = b.take(0);
        equal(&v, &b.take(1)).map(Val::Bool)
    }),
    ("escaped", |a| one(a, |v| matches!(v, Val::Markup(_)))),
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
    ("in", |a| {
        let mut b = a.bind("test_in", ["value", "seq"], 2)?;
        let v = b.take(0);
        contains(&b.take(1), &v).map(Val::Bool)
    }),
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
    ("ne", |a| two(a, "ne", |x, y| Ok(!equal(x, y)?))),
    ("none", |a| one(a, Val::is_none)),
    ("number", |a| one(a, |v| matches!(v, Val::Int(_) | Val::BigInt(_) | Val::Float(_) | Val::Bool(_)))),
    ("odd", |a| parity(a, 1)),
    ("sameas", |a| {
        let mut b = a.bind("test_sameas", ["value", "other"], 2)?;
        let v = b.take(0);
        Ok(Val::Bool(v.same(&b.take(1))))
    }),
    ("sequence", |a| {
        let v = rest(a, 1)?.0;
        Ok(Val::Bool(match &v {
            Val::Set(_) | Val::View(_) => false,
            Val::Object(o) => o.len().is_some(),
            _ => v.len().is_ok(),
        }))
    }),
    ("string", |a| one(a, |v| v.as_str().is_some())),
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

/// As `rest`, for the tests that are Python's operators.
fn operands(args: &mut CallArgs, name: &str) -> Result<(Val, Val)> {
    if args.kwargs.is_empty() && args.args.len() != 2 {
        let message = format!("{name} expected 2 arguments, got {}", args.args.len());
        return Err(crate::Error::type_error(message));
    }
    if !args.kwargs.is_empty() {
        return Err(crate::Error::type_error(format!("_operator.{name}() takes no keyword arguments")));
    }
    rest(args, 2)
}

fn one(args: &mut CallArgs, f: fn(&Val) -> bool) -> Result<Val> {
    let v = rest(args, 1)?.0;
    Ok(Val::Bool(f(&v)))
}

fn two(args: &mut CallArgs, name: &str, f: fn(&Val, &Val) -> Result<bool>) -> Result<Val> {
    let (v, other) = operands(args, name)?;
    f(&v, &other).map(Val::Bool)
}

fn order(args: &mut CallArgs, op: OrderOp) -> Result<Val> {
    let name = match op {
        OrderOp::Lt => "lt",
        OrderOp::Le => "le",
        OrderOp::Gt => "gt",
        OrderOp::Ge => "ge",
    };
    let (v, other) = operands(args, name)?;
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
