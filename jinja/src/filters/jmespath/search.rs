//! Evaluates a tree on a value.

use super::parse::Node;
use crate::Result;
use crate::val::{CallArgs, Key, Map, Object, OrderOp, Val, compare, equal, get_slice};

pub(super) struct Search<'a> {
    pub(super) args: &'a CallArgs,
}

/// `&expression` where no function takes it.
struct Reference;

impl Object for Reference {
    fn type_name(&self) -> &str {
        "_Expression"
    }
}

pub(super) fn is_number(v: &Val) -> bool {
    matches!(v, Val::Int(_) | Val::BigInt(_) | Val::Float(_))
}

/// What counts as false: empty text, list and dict, null and false, but not 0.
fn is_false(v: &Val) -> bool {
    match v {
        Val::None | Val::Bool(false) => true,
        Val::Str(_) | Val::List(_) | Val::Dict(_) => v.len().is_ok_and(|n| n == 0),
        _ => false,
    }
}

/// Python's `==`, but 0 and 1 are no booleans.
fn same(a: &Val, b: &Val) -> Result<bool> {
    match (a, b) {
        (Val::Bool(_), other) | (other, Val::Bool(_)) if is_number(other) => Ok(false),
        _ => equal(a, b),
    }
}

impl Search<'_> {
    pub(super) fn value(&self, node: &Node, v: &Val) -> Result<Val> {
        stacker::maybe_grow(64 << 10, 1 << 20, || self.visit(node, v))
    }

    fn visit(&self, node: &Node, v: &Val) -> Result<Val> {
        self.args.rt.step()?;
        Ok(match node {
            Node::Current => v.clone(),
            Node::Field(name) => match v {
                Val::Undefined(u) => return Err(u.fail()),
                v => v.get(name).unwrap_or(Val::None),
            },
            Node::Literal(value) => Val::from(value.0.clone()),
            Node::Index(i) => match v {
                Val::List(l) => {
                    let i = if *i < 0 { i.saturating_add(l.len() as i64) } else { *i };
                    usize::try_from(i).ok().and_then(|i| l.get(i)).unwrap_or(Val::None)
                }
                _ => Val::None,
            },
            Node::Slice([start, stop, step]) => match v {
                Val::List(_) => {
                    let part = |p: &Option<i64>| p.map_or(Val::None, Val::Int);
                    get_slice(v, &part(start), &part(stop), &part(step))?
                }
                _ => Val::None,
            },
            Node::Chain(p) => self.value(&p.1, &self.value(&p.0, v)?)?,
            Node::Project(p) => match self.value(&p.0, v)? {
                Val::List(l) => self.each(&l.borrow().clone(), &p.1)?,
                _ => Val::None,
            },
            Node::ProjectValues(p) => match self.value(&p.0, v)? {
                Val::Dict(d) => {
                    let values: Vec<Val> = d.borrow().values().cloned().collect();
                    self.each(&values, &p.1)?
                }
                _ => Val::None,
            },
            Node::Filter(p) => {
                let (left, right, condition) = &**p;
                let Val::List(l) = self.value(left, v)? else { return Ok(Val::None) };
                let mut kept = Vec::new();
                for item in l.borrow().clone() {
                    if !is_false(&self.value(condition, &item)?) {
                        kept.push(item);
                    }
                }
                self.each(&kept, right)?
            }
            Node::Flatten(inner) => {
                let Val::List(l) = self.value(inner, v)? else { return Ok(Val::None) };
                let mut out = Vec::new();
                for item in l.borrow().iter() {
                    match item {
                        Val::List(l) => out.extend(l.borrow().iter().cloned()),
                        item => out.push(item.clone()),
                    }
                }
                Val::list(out)
            }
            Node::Compare(op, p) => {
                let (a, b) = (self.value(&p.0, v)?, self.value(&p.1, v)?);
                let order = match *op {
                    "eq" => return same(&a, &b).map(Val::Bool),
                    "ne" => return same(&a, &b).map(|e| Val::Bool(!e)),
                    "lt" => OrderOp::Lt,
                    "lte" => OrderOp::Le,
                    "gt" => OrderOp::Gt,
                    _ => OrderOp::Ge,
                };
                let comparable = |v: &Val| is_number(v) || matches!(v, Val::Str(_));
                if comparable(&a) && comparable(&b) { Val::Bool(compare(order, &a, &b)?) } else { Val::None }
            }
            Node::Or(p) => {
                let left = self.value(&p.0, v)?;
                if is_false(&left) { self.value(&p.1, v)? } else { left }
            }
            Node::And(p) => {
                let left = self.value(&p.0, v)?;
                if is_false(&left) { left } else { self.value(&p.1, v)? }
            }
            Node::Not(inner) => {
                let inner = self.value(inner, v)?;
                Val::Bool(!is_number(&inner) && !inner.is_true()?)
            }
            Node::List(items) => {
                if v.is_none() {
                    return Ok(Val::None);
                }
                Val::list(items.iter().map(|i| self.value(i, v)).collect::<Result<_>>()?)
            }
            Node::Dict(items) => {
                if v.is_none() {
                    return Ok(Val::None);
                }
                let mut map = Map::default();
                for (key, item) in items {
                    map.insert(Key::str(key.as_str()), self.value(item, v)?);
                }
                Val::dict(map)
            }
            Node::Call(name, args) => self.call(name, args, v)?,
            Node::Reference(_) => Val::object(Reference),
        })
    }

    fn each(&self, items: &[Val], node: &Node) -> Result<Val> {
        let mut out = Vec::new();
        for item in items {
            let found = self.value(node, item)?;
            if !found.is_none() {
                out.push(found);
            }
        }
        Ok(Val::list(out))
    }
}
