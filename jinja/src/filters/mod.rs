//! Filters: Jinja's own, and those of Salt's that need no host. A filter is a function whose first
//! argument is the value; one table per file, `find` looks through them.

mod jmespath;
mod json_text;
mod markup;
mod md5;
mod number;
mod pprint;
mod salt_data;
mod salt_hash;
mod salt_net;
mod salt_regex;
mod salt_serial;
mod salt_sets;
mod salt_text;
mod salt_xml;
mod select;
mod seq;
mod text;

pub(crate) use markup::escaped;
pub(crate) use number::float_to_int;
pub(crate) use salt_regex::compile as compile_regex;
pub(crate) use salt_text::text_like;

use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use crate::Result;
use crate::val::{CallArgs, Undefined, Val, get_item};

/// A filter or test of the engine.
pub(crate) type Builtin = fn(&mut CallArgs) -> Result<Val>;
type Table = &'static [(&'static str, Builtin)];

/// Salt's come first: where both have a filter, Salt's is the one that templates get.
const TABLES: [Table; 15] = [
    salt_sets::TABLE,
    salt_data::TABLE,
    salt_serial::TABLE,
    salt_text::TABLE,
    salt_regex::TABLE,
    salt_hash::TABLE,
    salt_net::TABLE,
    salt_xml::TABLE,
    jmespath::TABLE,
    text::TABLE,
    markup::TABLE,
    number::TABLE,
    seq::TABLE,
    select::TABLE,
    pprint::TABLE,
];

/// The filter `name`.
pub(crate) fn find(name: &str) -> Option<Builtin> {
    TABLES.iter().flat_map(|t| t.iter()).find(|(n, _)| *n == name).map(|(_, f)| *f)
}

/// Runs a filter or test of the engine. Most know nothing of `Markup`, and some keep it.
pub(crate) fn run(f: Builtin, name: &str, args: &mut CallArgs) -> Result<Val> {
    const AWARE: &[&str] =
        &["d", "default", "e", "escape", "forceescape", "safe", "string", "escaped", "sequence", "pprint"];
    const KEEPING: &[&str] = &["capitalize", "center", "indent", "lower", "title", "trim", "upper"];
    let is_markup = matches!(args.args.first(), Some(Val::Markup(_)));
    if args.args.iter().any(|v| matches!(v, Val::Markup(_))) && !AWARE.contains(&name) {
        for v in &mut args.args {
            *v = v.plain();
        }
    }
    match f(args)? {
        Val::Str(s) if is_markup && KEEPING.contains(&name) => Ok(Val::Markup(s)),
        v => Ok(v),
    }
}

/// The filter whose name is nearest to a mistyped one.
pub(crate) fn nearest(name: &str) -> Option<&'static str> {
    nearest_of(name, TABLES.iter().flat_map(|t| t.iter()).map(|(n, _)| *n))
}

/// A hint for an unknown filter or test.
pub(crate) fn meant(name: &str, is_filter: bool) -> Option<String> {
    let near = if is_filter { nearest(name) } else { crate::is::nearest(name) };
    near.map(|n| format!("did you mean '{n}'?"))
}

/// The name that was probably meant by a mistyped one, among those that there are.
pub fn nearest_of<'a>(name: &str, among: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = if name.chars().count() < 5 { 1 } else { 2 };
    let near = among.filter(|n| n.len().abs_diff(name.len()) <= 4 * limit);
    near.map(|n| (distance(name, n), n)).filter(|(d, _)| *d <= limit).min().map(|(_, n)| n)
}

/// How many letters are wrong, missing, too many or change places with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let at = |row: &[usize], i: usize| row.get(i).copied().unwrap_or(usize::MAX / 2);
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, y) in b.iter().enumerate() {
            let mut cost =
                (at(&above, j) + usize::from(x != y)).min(at(&above, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                cost = cost.min(at(&before, j - 1) + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut above, row);
    }
    at(&above, b.len())
}

/// The path of `attribute='a.b.0'`.
pub(crate) struct AttrPath {
    parts: Vec<Val>,
    default: Option<Val>,
    ignore_case: bool,
}

impl AttrPath {
    pub(crate) fn new(attribute: Option<&Val>, default: Option<Val>, ignore_case: bool) -> Self {
        let parts = match attribute {
            None | Some(Val::None) => Vec::new(),
            Some(Val::Str(s)) => s
                .split('.')
                .map(|p| {
                    p.parse::<i64>()
                        .ok()
                        .filter(|_| !p.starts_with(['+', '-']))
                        .map_or_else(|| Val::from(p), Val::Int)
                })
                .collect(),
            Some(v) => vec![v.clone()],
        };
        AttrPath { parts, default, ignore_case }
    }

    pub(crate) fn get(&self, args: &CallArgs, item: &Val) -> Result<Val> {
        let kind = args.rt.undefined();
        let mut v = item.clone();
        for p in &self.parts {
            v = get_item(kind, &v, p)?;
            if let (Val::Undefined(_), Some(d)) = (&v, &self.default) {
                v = d.clone();
            }
        }
        Ok(if self.ignore_case { fold_case(v) } else { v })
    }
}

/// Text in lower case, everything else as it is.
pub(crate) fn fold_case(v: Val) -> Val {
    match &v {
        Val::Str(s) | Val::Markup(s) => Val::from(s.to_lowercase()),
        _ => v,
    }
}

/// `str()` of an argument.
pub(crate) fn soft_str(v: &Val) -> Result<Arc<str>> {
    match v {
        Val::Str(s) | Val::Markup(s) => Ok(s.clone()),
        _ => Ok(crate::val::to_str(v)?.into()),
    }
}

/// Whether there is an undefined value among the parts of `v`, or too many parts to tell quickly.
fn may_hold_undefined(v: &Val, left: &mut usize) -> bool {
    *left = left.saturating_sub(1);
    *left == 0
        || match v {
            Val::Undefined(_) => true,
            Val::List(l) => l.untouched().is_none() && l.borrow().iter().any(|v| may_hold_undefined(v, left)),
            Val::Dict(d) => {
                d.untouched().is_none() && d.borrow().values().any(|v| may_hold_undefined(v, left))
            }
            Val::Tuple(t) => t.iter().any(|v| may_hold_undefined(v, left)),
            _ => false,
        }
}

/// The first undefined value inside of `v`, as Salt's filters look for strictly undefined ones.
pub(crate) fn find_undefined(v: &Val) -> Option<Val> {
    fn walk(v: &Val, seen: &mut HashSet<usize>, found: &mut Vec<String>) {
        if seen.len() > crate::val::MAX_ITEMS {
            return;
        }
        let (at, parts) = match v {
            Val::Undefined(u) => return found.push(u.message()),
            // What nobody has touched is plain data.
            Val::List(l) if l.untouched().is_none() => (Rc::as_ptr(l).addr(), l.borrow().clone()),
            Val::Dict(d) if d.untouched().is_none() => {
                (Rc::as_ptr(d).addr(), d.borrow().values().cloned().collect())
            }
            Val::Tuple(t) => (Rc::as_ptr(t).addr(), t.to_vec()),
            _ => return,
        };
        if seen.insert(at) {
            stacker::maybe_grow(64 << 10, 1 << 20, || parts.iter().for_each(|v| walk(v, seen, found)));
        }
    }
    if !may_hold_undefined(v, &mut 100) {
        return None;
    }
    let mut found = Vec::new();
    walk(v, &mut HashSet::new(), &mut found);
    (!found.is_empty()).then(|| Undefined::hint(crate::UndefinedKind::Strict, found.join("\n")))
}

/// Under strict rules: an undefined value anywhere in the filtered one makes the result undefined.
pub(crate) fn strict_first(args: &CallArgs) -> Option<Val> {
    if args.rt.undefined() != crate::UndefinedKind::Strict {
        return None;
    }
    args.args.first().and_then(find_undefined)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_there_once_per_table() {
        for table in TABLES {
            let mut names: Vec<_> = table.iter().map(|(n, _)| n).collect();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), table.len());
        }
    }

    #[test]
    fn typing_errors_find_their_filter() {
        assert_eq!(nearest("dictsrot"), Some("dictsort"));
        assert_eq!(nearest("jioin"), Some("join"));
        assert_eq!(nearest("qqqqqqqqq"), None);
    }
}
