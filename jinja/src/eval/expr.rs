//! Expressions.

use std::rc::Rc;
use std::sync::Arc;

use super::{Exec, call, grow};
use crate::ast::{Args, CmpOp, Expr, ExprKind, Filter, FilterFn, Slot};
use crate::val::{
    CallArgs, Dict, Key, Map, Undefined, Val, binary, check_size, collect, compare, contains, equal,
    get_attr, get_item, get_slice, iterate, negative, positive, python_attr, to_str,
};
use crate::{Error, ErrorKind, Result, filters, methods};

/// An entry of a dict by a name that no method has.
fn member(of: &Val, name: &str) -> Option<Val> {
    match of {
        Val::Dict(dict) if !methods::exists(of, name) && !name.starts_with("__") => dict.get_str(name),
        _ => None,
    }
}

impl Exec<'_> {
    pub(super) fn name(&self, id: &Arc<str>, slot: Slot) -> Val {
        self.frame.get(slot).unwrap_or_else(|| Undefined::name(self.rt.undefined(), id))
    }

    pub(super) fn eval(&self, e: &Expr) -> Result<Val> {
        match &e.kind {
            ExprKind::Const(v) => Ok(v.clone()),
            ExprKind::Name(n) => Ok(self.name(&n.id, n.slot)),
            // What is not high takes little stack, and whatever it calls looks for itself.
            _ if e.height <= 8 => self.eval_deep(e),
            _ => grow(|| self.eval_deep(e)),
        }
    }

    fn eval_deep(&self, e: &Expr) -> Result<Val> {
        let undefined = self.rt.undefined();
        match &e.kind {
            ExprKind::Const(v) => Ok(v.clone()),
            ExprKind::Name(n) => Ok(self.name(&n.id, n.slot)),
            ExprKind::Attr(obj, name) => {
                if let ExprKind::Name(n) = &obj.kind
                    && let Some(value) = self.frame.look(n.slot, |dict| member(dict, name))
                {
                    return Ok(value);
                }
                let obj = self.eval(obj)?;
                get_attr(undefined, &obj, name)
            }
            ExprKind::Item(obj, key) => {
                let obj = self.eval(obj)?;
                if let ExprKind::Slice(parts) = &key.kind {
                    let part = |e: &Option<Expr>| e.as_ref().map_or(Ok(Val::None), |e| self.eval(e));
                    let [start, stop, step] = &**parts;
                    return get_slice(&obj, &part(start)?, &part(stop)?, &part(step)?);
                }
                let key = self.eval(key)?;
                get_item(undefined, &obj, &key)
            }
            ExprKind::Slice(_) => Err(Error::type_error("unhashable type: 'slice'")),
            ExprKind::Call(callee, args) => self.call_expr(callee, args, None),
            ExprKind::Filter(f) => self.filter(f, None),
            ExprKind::Test(f) => self.test(f),
            ExprKind::List(items) => Ok(Val::list(self.eval_all(items)?)),
            ExprKind::Tuple(items) => Ok(Val::tuple(self.eval_all(items)?)),
            ExprKind::Dict(items) => {
                let mut map = Map::with_capacity(items.len());
                for (k, v) in items {
                    let key = Key::new(self.eval(k)?)?;
                    map.insert(key, self.eval(v)?);
                }
                Ok(Val::dict(map))
            }
            ExprKind::Cond(c) => {
                let (test, then, otherwise) = &**c;
                if self.truth(test)? {
                    return self.eval(then);
                }
                match otherwise {
                    Some(e) => self.eval(e),
                    // Always the lenient kind, as in Jinja: `{{ ',' if more }}` is fine under strict rules.
                    None => Ok(Undefined::hint(
                        crate::UndefinedKind::Default,
                        format!(
                            "the inline if-expression on {} evaluated to false and no else section was defined.",
                            self.position(e.line)
                        ),
                    )),
                }
            }
            ExprKind::And(p) => {
                let left = self.eval(&p.0)?;
                if left.is_true()? { self.eval(&p.1) } else { Ok(left) }
            }
            ExprKind::Or(p) => {
                let left = self.eval(&p.0)?;
                if left.is_true()? { Ok(left) } else { self.eval(&p.1) }
            }
            ExprKind::Not(e) => Ok(Val::Bool(!self.truth(e)?)),
            ExprKind::Neg(e) => negative(&self.eval(e)?),
            ExprKind::Pos(e) => positive(&self.eval(e)?),
            ExprKind::Binary(op, p) => {
                let left = self.eval(&p.0)?;
                let right = self.eval(&p.1)?;
                binary(*op, &left, &right, self.rt.max_text())
            }
            ExprKind::Concat(items) => {
                let mut out = String::with_capacity(48);
                let escape = self.rt.autoescape.get();
                for e in items {
                    let v = self.eval(e)?;
                    if escape {
                        out.push_str(&filters::escaped(&v)?);
                    } else {
                        out.push_str(&to_str(&v)?);
                    }
                    check_size(out.len(), self.rt.max_text())?;
                }
                Ok(self.rt.text(out))
            }
            ExprKind::Compare(first, rest) => {
                let mut left = self.eval(first)?;
                for (op, e) in rest {
                    let right = self.eval(e)?;
                    let holds = match op {
                        CmpOp::Eq => equal(&left, &right)?,
                        CmpOp::Ne => !equal(&left, &right)?,
                        CmpOp::In => contains(&right, &left)?,
                        CmpOp::NotIn => !contains(&right, &left)?,
                        CmpOp::Order(op) => compare(*op, &left, &right)?,
                    };
                    if !holds {
                        return Ok(Val::Bool(false));
                    }
                    left = right;
                }
                Ok(Val::Bool(true))
            }
            ExprKind::NsRef(n, attr) => {
                let ns = self.name(&n.id, n.slot);
                get_attr(undefined, &ns, attr)
            }
        }
    }

    pub(super) fn truth(&self, e: &Expr) -> Result<bool> {
        self.eval(e)?.is_true()
    }

    fn eval_all(&self, items: &[Expr]) -> Result<Vec<Val>> {
        items.iter().map(|e| self.eval(e)).collect()
    }

    /// `line 3 in 'x.jinja'`, as Jinja words places.
    pub(super) fn position(&self, line: u32) -> String {
        let t = &self.frame.template;
        if t.is_main {
            format!("line {line}")
        } else {
            format!("line {line} in {}", Val::Str(t.name.clone()).quoted())
        }
    }

    /// Evaluates arguments; `first` goes before them.
    fn args(&self, first: Option<Val>, args: &Args) -> Result<CallArgs> {
        let mut list = Vec::with_capacity(args.args.len() + usize::from(first.is_some()));
        list.extend(first);
        for e in &args.args {
            list.push(self.eval(e)?);
        }
        if let Some(star) = &args.star {
            let star = self.eval(star)?;
            let more = collect(&star).map_err(|e| match e.kind() {
                ErrorKind::Type => Error::type_error(format!(
                    "argument after * must be an iterable, not {}",
                    star.type_name()
                )),
                _ => e,
            })?;
            list.extend(more);
        }
        let mut kwargs = Vec::with_capacity(args.kwargs.len());
        for (k, e) in &args.kwargs {
            kwargs.push((k.clone(), self.eval(e)?));
        }
        if let Some(more) = &args.star_star {
            let more = self.eval(more)?;
            for (k, v) in methods::mapping_items(&more).ok_or_else(|| {
                more.use_error().unwrap_or_else(|| {
                    Error::type_error(format!(
                        "argument after ** must be a mapping, not {}",
                        more.type_name()
                    ))
                })
            })?? {
                let Val::Str(k) = k else { return Err(Error::type_error("keywords must be strings")) };
                if kwargs.iter().any(|(have, _)| *have == k) {
                    return Err(Error::type_error(format!("got multiple values for keyword argument '{k}'")));
                }
                kwargs.push((k, v));
            }
        }
        Ok(CallArgs { args: list, kwargs, rt: self.rt.clone() })
    }

    /// A call; `caller` is what a call block adds.
    pub(super) fn call_expr(&self, callee: &Expr, args: &Args, caller: Option<Val>) -> Result<Val> {
        let method = match &callee.kind {
            ExprKind::Attr(obj, name) => Some((self.eval(obj)?, name)),
            _ => None,
        };
        let with_caller = |mut a: CallArgs, caller: Option<Val>| {
            if let Some(c) = caller {
                // After what is written out, before what `**` adds.
                a.kwargs.insert(args.kwargs.len().min(a.kwargs.len()), ("caller".into(), c));
            }
            a
        };
        let Some((obj, name)) = method else {
            let f = self.eval(callee)?;
            let mut args = with_caller(self.args(None, args)?, caller);
            return call(&f, &mut args);
        };
        if let (Val::Dict(dict), None, Some(args)) = (&obj, &caller, args.positional())
            && let Some(value) = self.call_dict(dict, name, args)?
        {
            return Ok(value);
        }
        match &obj {
            Val::Object(o) => {
                let mut args = with_caller(self.args(None, args)?, caller);
                match o.call_method(name, &mut args)? {
                    Some(v) => Ok(v),
                    None => call(&get_attr(self.rt.undefined(), &obj, name)?, &mut args),
                }
            }
            _ if methods::exists(&obj, name) => {
                let mut args = with_caller(self.args(None, args)?, caller);
                methods::call(&obj, name, &mut args)
            }
            _ => {
                let f = match python_attr(self.rt.undefined(), &obj, name)? {
                    Some(f) => f,
                    None => get_attr(self.rt.undefined(), &obj, name)?,
                };
                let mut args = with_caller(self.args(None, args)?, caller);
                call(&f, &mut args)
            }
        }
    }

    /// The two methods that formulas call more often than all others, without a list of arguments.
    fn call_dict(&self, dict: &Rc<Dict>, name: &str, args: &[Expr]) -> Result<Option<Val>> {
        match (name, args) {
            ("get", [key]) => {
                let key = Key::new(self.eval(key)?)?;
                Ok(Some(dict.get(&key).unwrap_or_default()))
            }
            ("get", [key, default]) => {
                let (key, default) = (self.eval(key)?, self.eval(default)?);
                Ok(Some(dict.get(&Key::new(key)?).unwrap_or(default)))
            }
            ("update", [other]) => {
                methods::update(dict, &self.eval(other)?)?;
                Ok(Some(Val::None))
            }
            _ => Ok(None),
        }
    }

    /// A filter; `on` is the value where the node has none (blocks).
    pub(super) fn filter(&self, f: &Filter, on: Option<Val>) -> Result<Val> {
        let value = match (&f.on, on) {
            (Some(Expr { kind: ExprKind::Filter(inner), .. }), on @ Some(_)) => self.filter(inner, on)?,
            (Some(e), _) => self.eval(e)?,
            (None, on) => on.unwrap_or_default(),
        };
        let mut args = self.args(Some(value), &f.args)?;
        match &f.func {
            Some(FilterFn::Builtin(run)) => filters::run(*run, &f.name, &mut args),
            Some(FilterFn::Host(run)) => {
                for v in &mut args.args {
                    *v = v.plain();
                }
                run(&mut args)
            }
            None => Err(Error::runtime(format!("No filter named '{}' found.", f.name))
                .with_hint(filters::meant(&f.name, true))),
        }
    }

    fn test(&self, f: &Filter) -> Result<Val> {
        if f.func.is_none() {
            return Err(Error::runtime(format!("No test named '{}' found.", f.name))
                .with_hint(filters::meant(&f.name, false)));
        }
        self.filter(f, None)
    }

    /// Assigns to a name, a namespace attribute or a tuple of these.
    pub(super) fn assign(&self, target: &Expr, value: Val) -> Result<()> {
        match &target.kind {
            ExprKind::Name(n) => {
                self.frame.set(n.slot, Some(value));
                Ok(())
            }
            ExprKind::NsRef(n, attr) => match self.name(&n.id, n.slot) {
                Val::Object(o) => o.set_attr(attr, value),
                _ => Err(Error::runtime("cannot assign attribute on non-namespace object")),
            },
            ExprKind::Tuple(targets) => {
                let mut iter = iterate(&value).map_err(|e| match e.kind() {
                    ErrorKind::Type => {
                        Error::type_error(format!("cannot unpack non-iterable {} object", value.type_name()))
                    }
                    _ => e,
                })?;
                let mut values = Vec::with_capacity(targets.len());
                while let Some(v) = iter.next()? {
                    if values.len() == targets.len() {
                        return Err(Error::value_error(format!(
                            "too many values to unpack (expected {})",
                            targets.len()
                        )));
                    }
                    values.push(v);
                }
                if values.len() < targets.len() {
                    return Err(Error::value_error(format!(
                        "not enough values to unpack (expected {}, got {})",
                        targets.len(),
                        values.len()
                    )));
                }
                targets.iter().zip(values).try_for_each(|(t, v)| self.assign(t, v))
            }
            _ => Err(Error::runtime("cannot assign to this expression")),
        }
    }
}
