//! `Markup` under operators.

use super::ops::{self, plain_unsupported, unsupported};
use super::{BinOp, Val, check_size};
use crate::Result;

/// `Markup` escapes what it is put together with.
pub(super) fn binary(op: BinOp, a: &Val, b: &Val, max: usize) -> Result<Val> {
    match (op, a, b) {
        (BinOp::Add, _, _) if a.as_str().is_some() && b.as_str().is_some() => {
            let (x, y) = (crate::filters::escaped(a)?, crate::filters::escaped(b)?);
            check_size(x.len() + y.len(), max)?;
            Ok(Val::Markup([&*x, &*y].concat().into()))
        }
        (BinOp::Mod, Val::Markup(s), _) => {
            let escape_all = |v: &Val| match v {
                Val::Int(_) | Val::Float(_) | Val::BigInt(_) | Val::Bool(_) => Ok(v.clone()),
                v => crate::filters::escaped(v).map(Val::Str),
            };
            let values = match b {
                Val::Tuple(t) => Val::tuple(t.iter().map(escape_all).collect::<Result<_>>()?),
                Val::Dict(d) => {
                    let map = d.borrow().clone();
                    Val::dict(map.into_iter().map(|(k, v)| Ok((k, escape_all(&v)?))).collect::<Result<_>>()?)
                }
                v => escape_all(v)?,
            };
            crate::format::percent(s, &values, max).map(|s| Val::Markup(s.into()))
        }
        (BinOp::Mul, _, _) if a.as_int().is_some() || b.as_int().is_some() => {
            match ops::binary(op, &a.plain(), &b.plain(), max)? {
                Val::Str(s) => Ok(Val::Markup(s)),
                v => Ok(v),
            }
        }
        (BinOp::Mod, Val::Str(s), Val::Markup(_)) => {
            crate::format::percent(s, &b.plain(), max).map(Val::from)
        }
        (BinOp::Add, Val::List(_) | Val::Tuple(_), _) => Err(unsupported(op, a, b)),
        _ => Err(plain_unsupported(op, a, b)),
    }
}
