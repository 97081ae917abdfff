//! `map`, `select`, `reject` and the like: they run a filter or a test over a sequence, lazily.

use std::rc::Rc;
use std::sync::Arc;

use super::{AttrPath, Table, find};
use crate::ast::FilterFn;
use crate::eval::Rt;
use crate::val::{CallArgs, Generator, Val, iterate};
use crate::{Error, Result, is};

pub(super) const TABLE: Table = &[
    ("map", map),
    ("reject", |a| select(a, false, false)),
    ("rejectattr", |a| select(a, false, true)),
    ("select", |a| select(a, true, false)),
    ("selectattr", |a| select(a, true, true)),
];

/// A filter or test with its arguments, to be used again and again.
struct Applied {
    func: FilterFn,
    args: Vec<Val>,
    kwargs: Vec<(Arc<str>, Val)>,
    rt: Rc<Rt>,
}

impl Applied {
    fn run(&self, item: Val) -> Result<Val> {
        let mut list = Vec::with_capacity(self.args.len() + 1);
        list.push(item);
        list.extend(self.args.iter().cloned());
        let mut args = CallArgs { args: list, kwargs: self.kwargs.clone(), rt: self.rt.clone() };
        match &self.func {
            FilterFn::Builtin(f) => f(&mut args),
            FilterFn::Host(f) => f(&mut args),
        }
    }
}

fn named(args: &CallArgs, name: &Val, is_filter: bool) -> Result<FilterFn> {
    let name = super::soft_str(name)?;
    let (host, builtin) = if is_filter {
        (args.rt.env.filters.get(&*name), find(&name))
    } else {
        (args.rt.env.tests.get(&*name), is::find(&name))
    };
    host.cloned().map(FilterFn::Host).or(builtin.map(FilterFn::Builtin)).ok_or_else(|| {
        let what = if is_filter { "filter" } else { "test" };
        Error::runtime(format!("No {what} named {}.", Val::Str(name).quoted()))
    })
}

fn take_value(args: &mut CallArgs) -> Result<Val> {
    if args.args.is_empty() {
        return Err(Error::type_error("missing 1 required positional argument: 'value'"));
    }
    Ok(args.args.remove(0))
}

fn map(args: &mut CallArgs) -> Result<Val> {
    let value = take_value(args)?;
    if !value.is_true()? {
        return Ok(Generator::over("generator", Vec::new()));
    }
    let mut iter = iterate(&value)?;
    if args.args.is_empty()
        && let Some(attribute) = args.take_kwarg("attribute")
    {
        let default = args.take_kwarg("default").filter(|d| !d.is_none());
        if let Some((k, _)) = args.kwargs.first() {
            let k = Val::Str(k.clone()).quoted();
            return Err(Error::runtime(format!("Unexpected keyword argument {k}")));
        }
        let path = AttrPath::new(Some(&attribute), default, false);
        let context = CallArgs { args: Vec::new(), kwargs: Vec::new(), rt: args.rt.clone() };
        return Ok(Generator::make("generator", move || {
            iter.next()?.map(|item| path.get(&context, &item)).transpose()
        }));
    }
    if args.args.is_empty() {
        return Err(Error::runtime("map requires a filter argument"));
    }
    let name = args.args.remove(0);
    let applied = Applied {
        func: named(args, &name, true)?,
        args: std::mem::take(&mut args.args),
        kwargs: std::mem::take(&mut args.kwargs),
        rt: args.rt.clone(),
    };
    Ok(Generator::make("generator", move || iter.next()?.map(|item| applied.run(item)).transpose()))
}

fn select(args: &mut CallArgs, keep: bool, by_attr: bool) -> Result<Val> {
    let value = take_value(args)?;
    if !value.is_true()? {
        return Ok(Generator::over("generator", Vec::new()));
    }
    let path = if by_attr {
        if args.args.is_empty() {
            return Err(Error::runtime("Missing parameter for attribute name"));
        }
        Some(AttrPath::new(Some(&args.args.remove(0)), None, false))
    } else {
        None
    };
    let test = if args.args.is_empty() {
        None
    } else {
        let name = args.args.remove(0);
        Some(Applied {
            func: named(args, &name, false)?,
            args: std::mem::take(&mut args.args),
            kwargs: std::mem::take(&mut args.kwargs),
            rt: args.rt.clone(),
        })
    };
    let mut iter = iterate(&value)?;
    let context = CallArgs { args: Vec::new(), kwargs: Vec::new(), rt: args.rt.clone() };
    Ok(Generator::make("generator", move || {
        while let Some(item) = iter.next()? {
            context.rt.step()?;
            let subject = match &path {
                Some(p) => p.get(&context, &item)?,
                None => item.clone(),
            };
            let holds = match &test {
                Some(t) => t.run(subject)?.is_true()?,
                None => subject.is_true()?,
            };
            if holds == keep {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }))
}
