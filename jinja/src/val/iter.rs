//! Iteration as Python does it: live over lists, guarded over dicts, once over generators.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::{Dict, List, MAX_ITEMS, Set, Tuple, Val, ViewKind, range_len};
use crate::{Error, ErrorKind, Result};

type Step = Box<dyn FnMut() -> Result<Option<Val>>>;

/// A generator: what `map`, `select` and the like return.
pub struct Generator {
    pub(crate) name: &'static str,
    step: RefCell<Option<Step>>,
}

impl Generator {
    pub(crate) fn make(name: &'static str, step: impl FnMut() -> Result<Option<Val>> + 'static) -> Val {
        Val::Iter(Rc::new(Generator { name, step: RefCell::new(Some(Box::new(step))) }))
    }

    pub(crate) fn over(name: &'static str, items: Vec<Val>) -> Val {
        let mut items = items.into_iter();
        Self::make(name, move || Ok(items.next()))
    }

    fn next(&self) -> Result<Option<Val>> {
        let Ok(mut step) = self.step.try_borrow_mut() else {
            return Err(Error::value_error("generator already executing"));
        };
        let Some(run) = step.as_mut() else { return Ok(None) };
        let result = run();
        // A generator that ended or failed stays ended.
        if !matches!(result, Ok(Some(_))) {
            *step = None;
        }
        result
    }
}

/// A running iteration.
pub(crate) enum Iter {
    Empty,
    List(Rc<List>, usize),
    Tuple(Rc<Tuple>, usize),
    Dict { dict: Rc<Dict>, kind: ViewKind, at: usize, len: usize },
    Set { set: Rc<Set>, at: usize, len: usize },
    Str { text: Arc<str>, at: usize },
    Bytes(Arc<[u8]>, usize),
    Range { next: i64, step: i64, left: usize },
    Items(std::vec::IntoIter<Val>),
    Generator(Rc<Generator>),
}

impl Iter {
    pub(crate) fn next(&mut self) -> Result<Option<Val>> {
        Ok(match self {
            Iter::Empty => None,
            Iter::List(list, at) => {
                *at += 1;
                list.get(*at - 1)
            }
            Iter::Tuple(t, at) => {
                *at += 1;
                t.get(*at - 1).cloned()
            }
            Iter::Dict { dict, kind, at, len } => {
                let map = dict.borrow();
                if map.len() != *len {
                    return Err(Error::runtime_python("dictionary changed size during iteration"));
                }
                *at += 1;
                map.get_index(*at - 1).map(|(k, v)| match kind {
                    ViewKind::Keys => k.val().clone(),
                    ViewKind::Values => v.clone(),
                    ViewKind::Items => Val::pair(k.val().clone(), v.clone()),
                })
            }
            Iter::Set { set, at, len } => {
                let set = set.borrow();
                if set.len() != *len {
                    return Err(Error::runtime_python("Set changed size during iteration"));
                }
                *at += 1;
                set.get_index(*at - 1).map(|k| k.val().clone())
            }
            Iter::Str { text, at } => match text.get(*at..).and_then(|t| t.chars().next()) {
                None => None,
                Some(c) => {
                    *at += c.len_utf8();
                    Some(Val::from(&*c.encode_utf8(&mut [0; 4])))
                }
            },
            Iter::Bytes(b, at) => {
                *at += 1;
                b.get(*at - 1).map(|b| Val::Int(i64::from(*b)))
            }
            Iter::Range { next, step, left } => {
                if *left == 0 {
                    return Ok(None);
                }
                *left -= 1;
                let v = *next;
                *next = next.wrapping_add(*step);
                Some(Val::Int(v))
            }
            Iter::Items(items) => items.next(),
            Iter::Generator(g) => g.next()?,
        })
    }
}

impl Error {
    /// Python's own `RuntimeError`, which Jinja does not catch as one of its errors.
    pub(crate) fn runtime_python(message: &str) -> Error {
        Error::value_error(message)
    }
}

/// `iter(val)`
pub(crate) fn iterate(val: &Val) -> Result<Iter> {
    Ok(match val {
        Val::Undefined(u) => {
            u.iterate()?;
            Iter::Empty
        }
        Val::List(l) => Iter::List(l.clone(), 0),
        Val::Tuple(t) => Iter::Tuple(t.clone(), 0),
        Val::Dict(d) => Iter::Dict { dict: d.clone(), kind: ViewKind::Keys, at: 0, len: d.len() },
        Val::View(v) => Iter::Dict { dict: v.dict.clone(), kind: v.kind, at: 0, len: v.dict.len() },
        Val::Set(s) => {
            let len = s.borrow().len();
            Iter::Set { set: s.clone(), at: 0, len }
        }
        Val::Str(s) | Val::Markup(s) => Iter::Str { text: s.clone(), at: 0 },
        Val::Bytes(b) => Iter::Bytes(b.clone(), 0),
        Val::Range(range) => {
            let [next, _, step] = **range;
            Iter::Range { next, step, left: range_len(range) }
        }
        Val::Iter(g) => Iter::Generator(g.clone()),
        Val::Object(o) => match o.iterate()? {
            Some(items) => Iter::Items(items.into_iter()),
            None => return Err(not_iterable(val)),
        },
        _ => return Err(not_iterable(val)),
    })
}

fn not_iterable(val: &Val) -> Error {
    Error::type_error(format!("'{}' object is not iterable", val.type_name()))
}

/// `list(val)`
pub(crate) fn collect(val: &Val) -> Result<Vec<Val>> {
    match val {
        Val::List(l) => Ok(l.borrow().clone()),
        Val::Tuple(t) => Ok(t.to_vec()),
        _ => {
            let mut iter = iterate(val)?;
            let mut items = Vec::new();
            while let Some(v) = iter.next()? {
                check_items(items.len())?;
                items.push(v);
            }
            Ok(items)
        }
    }
}

/// A list of `n` items is about to be built.
pub(crate) fn check_items(n: usize) -> Result<()> {
    if n > MAX_ITEMS {
        return Err(Error::new(ErrorKind::Limit, format!("a list may have {MAX_ITEMS} items at most")));
    }
    Ok(())
}
