//! Arguments of a call, and how a function takes them apart with Python's error texts.

use std::rc::Rc;
use std::sync::Arc;

use super::Val;
use crate::eval::Rt;
use crate::{Error, Result};

/// The arguments of one call.
pub struct CallArgs {
    /// Positional arguments.
    pub args: Vec<Val>,
    /// Keyword arguments, in the order in which they were written.
    pub kwargs: Vec<(Arc<str>, Val)>,
    pub(crate) rt: Rc<Rt>,
}

/// Arguments sorted into named parameters.
pub(crate) struct Bound<const N: usize>(pub(crate) [Option<Val>; N]);

impl CallArgs {
    /// Takes the keyword argument `name` out.
    pub fn take_kwarg(&mut self, name: &str) -> Option<Val> {
        let at = self.kwargs.iter().position(|(k, _)| &**k == name)?;
        Some(self.kwargs.remove(at).1)
    }

    /// The variable `name` as the calling template sees it.
    pub fn lookup(&self, name: &str) -> Option<Val> {
        self.rt.lookup(name)
    }

    /// All variables and globals that the calling template sees.
    pub fn context(&self) -> Vec<(Arc<str>, Val)> {
        self.rt.all_variables()
    }

    /// Calls `f` with arguments of its own.
    pub fn invoke(
        &self,
        f: &Val,
        args: Vec<Val>,
        kwargs: Vec<(Arc<str>, Val)>,
    ) -> std::result::Result<Val, Error> {
        crate::eval::call(f, &mut CallArgs { args, kwargs, rt: self.rt.clone() })
    }

    /// Calls `f` with these arguments.
    pub fn call_on(&mut self, f: &Val) -> std::result::Result<Val, Error> {
        crate::eval::call(f, self)
    }

    /// Sorts the arguments into `params`, of which the first `required` must be there.
    pub(crate) fn bind<const N: usize>(
        &mut self,
        function: &str,
        params: [&str; N],
        required: usize,
    ) -> Result<Bound<N>> {
        let mut slots: [Option<Val>; N] = std::array::from_fn(|_| None);
        if self.args.len() > N {
            return Err(too_many(function, required, N, self.args.len()));
        }
        for (slot, arg) in slots.iter_mut().zip(self.args.drain(..)) {
            *slot = Some(arg);
        }
        for (name, value) in self.kwargs.drain(..) {
            let Some(slot) = params.iter().position(|p| *p == &*name).and_then(|i| slots.get_mut(i)) else {
                return Err(Error::type_error(format!(
                    "{function}() got an unexpected keyword argument '{name}'"
                )));
            };
            if slot.is_some() {
                return Err(Error::type_error(format!(
                    "{function}() got multiple values for argument '{name}'"
                )));
            }
            *slot = Some(value);
        }
        let missing: Vec<String> = params
            .iter()
            .zip(&slots)
            .take(required)
            .filter(|(_, s)| s.is_none())
            .map(|(p, _)| format!("'{p}'"))
            .collect();
        if !missing.is_empty() {
            return Err(missing_arguments(function, &missing));
        }
        Ok(Bound(slots))
    }
}

impl CallArgs {
    /// As [`CallArgs::bind`] for a function that Python has in C: no keywords, and other words.
    pub(crate) fn bind_builtin<const N: usize>(&mut self, name: &str, required: usize) -> Result<Bound<N>> {
        if !self.kwargs.is_empty() {
            return Err(Error::type_error(format!("{name}() takes no keyword arguments")));
        }
        let given = self.args.len();
        let short = name.rsplit('.').next().unwrap_or(name);
        let s = |n: usize| if n == 1 { "" } else { "s" };
        if given < required || given > N {
            return Err(Error::type_error(match (required, N) {
                (0, 0) => format!("{name}() takes no arguments ({given} given)"),
                (1, 1) => format!("{name}() takes exactly one argument ({given} given)"),
                (r, n) if r == n => format!("{short} expected {n} arguments, got {given}"),
                (r, _) if given < r => format!("{short} expected at least {r} argument{}, got {given}", s(r)),
                (_, n) => format!("{short} expected at most {n} argument{}, got {given}", s(n)),
            }));
        }
        let mut args = self.args.drain(..);
        Ok(Bound(std::array::from_fn(|_| args.next())))
    }
}

fn too_many(function: &str, required: usize, max: usize, given: usize) -> Error {
    let takes = if required == max { format!("{max}") } else { format!("from {required} to {max}") };
    let s = if max == 1 && required == 1 { "" } else { "s" };
    let were = if given == 1 { "was" } else { "were" };
    Error::type_error(format!("{function}() takes {takes} positional argument{s} but {given} {were} given"))
}

fn missing_arguments(function: &str, missing: &[String]) -> Error {
    let list = match missing {
        [one] => one.clone(),
        [a, b] => format!("{a} and {b}"),
        [init @ .., last] => format!("{}, and {last}", init.join(", ")),
        [] => String::new(),
    };
    let s = if missing.len() == 1 { "" } else { "s" };
    Error::type_error(format!(
        "{function}() missing {} required positional argument{s}: {list}",
        missing.len()
    ))
}

impl<const N: usize> Bound<N> {
    /// A required parameter, or `None` for an optional one that was not given.
    pub(crate) fn take(&mut self, i: usize) -> Val {
        self.0.get_mut(i).and_then(Option::take).unwrap_or(Val::None)
    }

    pub(crate) fn opt(&mut self, i: usize) -> Option<Val> {
        self.0.get_mut(i).and_then(Option::take)
    }

    /// A parameter by truth.
    pub(crate) fn flag(&mut self, i: usize, default: bool) -> Result<bool> {
        self.opt(i).map_or(Ok(default), |v| v.is_true())
    }

    /// An integer parameter.
    pub(crate) fn int(&mut self, i: usize, default: i64) -> Result<i64> {
        match self.opt(i) {
            None => Ok(default),
            Some(v) => v.to_index(),
        }
    }

    /// A text parameter that was given.
    pub(crate) fn str(&mut self, i: usize) -> Result<Option<Arc<str>>> {
        match self.opt(i) {
            None => Ok(None),
            Some(Val::Str(s)) => Ok(Some(s)),
            Some(v) => Err(v
                .use_error()
                .unwrap_or_else(|| Error::type_error(format!("expected str, got '{}'", v.type_name())))),
        }
    }
}

impl Val {
    /// An index or count: an `int` that fits.
    pub(crate) fn to_index(&self) -> Result<i64> {
        if let Some(i) = self.as_int() {
            return Ok(i);
        }
        Err(match self {
            Val::BigInt(_) => {
                Error::new(crate::ErrorKind::Overflow, "Python int too large to convert to C ssize_t")
            }
            Val::Undefined(u) => u.fail(),
            _ => Error::type_error(format!(
                "'{}' object cannot be interpreted as an integer",
                self.type_name()
            )),
        })
    }

    /// The error of using an undefined value; none for a defined one.
    pub(crate) fn use_error(&self) -> Option<Error> {
        match self {
            Val::Undefined(u) => Some(u.fail()),
            _ => None,
        }
    }
}
