//! `list`, `tuple` and `range`

use std::rc::Rc;

use crate::val::{CallArgs, List, Val, check_items, collect, equal, less_than};
use crate::{Error, ErrorKind, Result};

pub(super) const METHODS: &[&str] =
    &["append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort"];
pub(super) const TUPLE_METHODS: &[&str] = &["count", "index"];

pub(super) fn call(list: &Rc<List>, name: &str, args: &mut CallArgs) -> Result<Val> {
    match name {
        "append" => {
            let v = args.bind_builtin::<1>("list.append", 1)?.take(0);
            list.borrow_mut().push(v);
        }
        "extend" => {
            let more = collect(&args.bind_builtin::<1>("list.extend", 1)?.take(0))?;
            check_items(list.len() + more.len())?;
            list.borrow_mut().extend(more);
        }
        "insert" => {
            let mut b = args.bind_builtin::<2>("list.insert", 2)?;
            let at = b.int(0, 0)?;
            let v = b.take(1);
            let mut items = list.borrow_mut();
            let n = items.len() as i64;
            let at = if at < 0 { (at + n).max(0) } else { at.min(n) };
            items.insert(usize::try_from(at).unwrap_or(0), v);
        }
        "pop" => {
            let at = args.bind_builtin::<1>("list.pop", 0)?.int(0, -1)?;
            let mut items = list.borrow_mut();
            let n = items.len() as i64;
            if n == 0 {
                return Err(Error::new(ErrorKind::Index, "pop from empty list"));
            }
            let at = if at < 0 { at.saturating_add(n) } else { at };
            return match usize::try_from(at) {
                Ok(i) if at < n => Ok(items.remove(i)),
                _ => Err(Error::new(ErrorKind::Index, "pop index out of range")),
            };
        }
        "remove" => {
            let v = args.bind_builtin::<1>("list.remove", 1)?.take(0);
            let at = position(&list.borrow(), &v)?;
            match at {
                Some(i) => drop(list.borrow_mut().remove(i)),
                None => return Err(Error::value_error("list.remove(x): x not in list")),
            }
        }
        "clear" => {
            args.bind_builtin::<0>("list.clear", 0)?;
            let _old = std::mem::take(&mut *list.borrow_mut());
        }
        "copy" => {
            args.bind_builtin::<0>("list.copy", 0)?;
            let items = list.borrow().clone();
            return Ok(Val::list(items));
        }
        "reverse" => {
            args.bind_builtin::<0>("list.reverse", 0)?;
            list.borrow_mut().reverse();
        }
        "sort" => {
            let mut b = args.bind("list.sort", ["key", "reverse"], 0)?;
            let (key, reverse) = (b.take(0), b.flag(1, false)?);
            let items = list.borrow().clone();
            let keyed = items
                .into_iter()
                .map(|v| {
                    let k =
                        if key.is_none() { v.clone() } else { args.invoke(&key, vec![v.clone()], vec![])? };
                    Ok((k, v))
                })
                .collect::<Result<Vec<_>>>()?;
            *list.borrow_mut() = sort(keyed, reverse)?;
        }
        "count" | "index" => return call_tuple(&Val::List(list.clone()), name, args),
        _ => return Err(super::no_method(&Val::List(list.clone()), name)),
    }
    Ok(Val::None)
}

pub(super) fn call_tuple(of: &Val, name: &str, args: &mut CallArgs) -> Result<Val> {
    let items = collect(of)?;
    match name {
        "count" => {
            let v = args.bind_builtin::<1>(&format!("{}.count", of.type_name()), 1)?.take(0);
            let mut n = 0;
            for i in &items {
                n += i64::from(i.same(&v) || equal(i, &v)?);
            }
            Ok(Val::Int(n))
        }
        "index" => {
            let mut b = args.bind_builtin::<3>("index", 1)?;
            let v = b.take(0);
            let n = items.len() as i64;
            let clamp = |i: i64| usize::try_from(if i < 0 { (i + n).max(0) } else { i.min(n) }).unwrap_or(0);
            let (start, stop) = (clamp(b.int(1, 0)?), clamp(b.int(2, n)?));
            let part = items.get(start..stop.max(start)).unwrap_or(&[]);
            match position(part, &v)? {
                Some(i) => Ok(Val::from(start + i)),
                None => Err(Error::value_error(match of {
                    Val::Tuple(_) => "tuple.index(x): x not in tuple".to_owned(),
                    _ => format!("{} is not in {}", v.quoted(), of.type_name()),
                })),
            }
        }
        _ => Err(super::no_method(of, name)),
    }
}

fn position(items: &[Val], v: &Val) -> Result<Option<usize>> {
    for (i, item) in items.iter().enumerate() {
        if item.same(v) || equal(item, v)? {
            return Ok(Some(i));
        }
    }
    Ok(None)
}

/// Python's `sorted` over (key, value) pairs: stable, also when reversed; an error of a comparison ends
/// it. A merge sort of our own, because keys need not be totally ordered (NaN), which the library's
/// sort may answer with a panic.
pub(crate) fn sort(mut keyed: Vec<(Val, Val)>, reverse: bool) -> Result<Vec<Val>> {
    if reverse {
        keyed.reverse();
    }
    let mut sorted = merge_sort(keyed)?;
    if reverse {
        sorted.reverse();
    }
    Ok(sorted.into_iter().map(|(_, v)| v).collect())
}

/// As CPython sorts what is short: the run at the start, then one after the other put in its place. So the
/// same two values are the first that do not compare.
fn insertion_sort(mut items: Vec<(Val, Val)>) -> Result<Vec<(Val, Val)>> {
    let less = |items: &[(Val, Val)], i: usize, j: usize| match (items.get(i), items.get(j)) {
        (Some((a, _)), Some((b, _))) => less_than(a, b),
        _ => Ok(false),
    };
    let mut run = 2;
    if less(&items, 1, 0)? {
        while run < items.len() && less(&items, run, run - 1)? {
            run += 1;
        }
        if let Some(part) = items.get_mut(..run) {
            part.reverse();
        }
    } else {
        while run < items.len() && !less(&items, run, run - 1)? {
            run += 1;
        }
    }
    for at in run..items.len() {
        let (mut low, mut high) = (0, at);
        while low < high {
            let middle = low + (high - low) / 2;
            if less(&items, at, middle)? {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        if let Some(part) = items.get_mut(low..=at) {
            part.rotate_right(1);
        }
    }
    Ok(items)
}

fn merge_sort(mut items: Vec<(Val, Val)>) -> Result<Vec<(Val, Val)>> {
    if items.len() < 2 {
        return Ok(items);
    }
    if items.len() < 64 {
        return insertion_sort(items);
    }
    let right = merge_sort(items.split_off(items.len() / 2))?;
    let left = merge_sort(items)?;
    let mut out = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some((a, _)), Some((b, _))) = (left.peek(), right.peek()) {
        let from_right = less_than(b, a)?;
        out.extend(if from_right { right.next() } else { left.next() });
    }
    out.extend(left);
    out.extend(right);
    Ok(out)
}
