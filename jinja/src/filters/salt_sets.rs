//! Salt's filters on lists as sets (`salt/utils/jinja.py`), and `min`, `max`, `avg`.

use super::{Table, strict_first};
use crate::val::{
    BinOp, CallArgs, Generator, IndexSet, Key, OrderOp, Val, binary, collect, compare, contains, iterate,
};
use crate::{Error, Result, methods};

pub(super) const TABLE: Table = &[
    ("avg", avg),
    ("combinations", |a| arrange(a, Arrange::Combinations)),
    ("combinations_with_replacement", |a| arrange(a, Arrange::WithReplacement)),
    ("compress", compress),
    ("difference", |a| sets(a, |x, y| Ok(x.difference(y).cloned().collect()), |x, y| Ok(x && !y))),
    ("intersect", |a| sets(a, |x, y| Ok(x.intersection(y).cloned().collect()), |x, y| Ok(x && y))),
    ("max", |a| extreme(a, "max", OrderOp::Gt)),
    ("min", |a| extreme(a, "min", OrderOp::Lt)),
    ("permutations", |a| arrange(a, Arrange::Permutations)),
    ("product", product),
    ("symmetric_difference", |a| {
        sets(a, |x, y| Ok(x.symmetric_difference(y).cloned().collect()), |x, y| Ok(x != y))
    }),
    ("union", union),
    ("unique", |a| {
        let v = a.bind("unique", ["values"], 1)?.take(0);
        unique(&v)
    }),
    ("zip", |a| zip(a, false)),
    ("zip_longest", |a| zip(a, true)),
];

/// What Python calls hashable: there Salt uses real sets.
fn is_hashable(v: &Val) -> bool {
    !matches!(v, Val::List(_) | Val::Dict(_) | Val::Set(_) | Val::View(_))
}

/// The first of each value, in order.
fn unique(v: &Val) -> Result<Val> {
    if is_hashable(v) {
        return methods::as_set(v).map(Val::set);
    }
    unique_items(collect(v)?).map(Val::list)
}

fn unique_items(items: Vec<Val>) -> Result<Vec<Val>> {
    // Hashing finds equal values at once; what cannot be hashed is compared with the others.
    let mut seen = IndexSet::default();
    let mut odd: Vec<Val> = Vec::new();
    let mut out = Vec::new();
    for v in items {
        match Key::new(v.clone()) {
            Ok(k) => {
                if seen.insert(k) {
                    out.push(v);
                }
            }
            Err(e) if v.is_undefined() => return Err(e),
            Err(_) => {
                if !contains(&Val::list(odd.clone()), &v)? {
                    odd.push(v.clone());
                    out.push(v);
                }
            }
        }
    }
    Ok(out)
}

type SetOp = fn(&IndexSet, &IndexSet) -> Result<IndexSet>;

/// `op` on real sets; on lists, `keep` by whether an item is in the first and in the second.
fn sets(args: &mut CallArgs, op: SetOp, keep: fn(bool, bool) -> Result<bool>) -> Result<Val> {
    let mut b = args.bind("filter", ["lst1", "lst2"], 2)?;
    let (x, y) = (b.take(0), b.take(1));
    if is_hashable(&x) && is_hashable(&y) {
        return op(&methods::as_set(&x)?, &methods::as_set(&y)?).map(Val::set);
    }
    let mut all = collect(&x)?;
    all.extend(collect(&y)?);
    let (in_x, in_y) = (Members::of(&x)?, Members::of(&y)?);
    let mut out = Vec::new();
    for v in unique_items(all)? {
        if keep(in_x.has(&v)?, in_y.has(&v)?)? {
            out.push(v);
        }
    }
    Ok(Val::list(out))
}

/// Quick answers to "is it in there".
struct Members {
    hashed: IndexSet,
    odd: Val,
}

impl Members {
    fn of(v: &Val) -> Result<Self> {
        let mut hashed = IndexSet::default();
        let mut odd = Vec::new();
        for item in collect(v)? {
            match Key::new(item.clone()) {
                Ok(k) => {
                    hashed.insert(k);
                }
                Err(_) => odd.push(item),
            }
        }
        Ok(Members { hashed, odd: Val::list(odd) })
    }

    fn has(&self, v: &Val) -> Result<bool> {
        match Key::new(v.clone()) {
            Ok(k) => Ok(self.hashed.contains(&k)),
            Err(_) => contains(&self.odd, v),
        }
    }
}

fn union(args: &mut CallArgs) -> Result<Val> {
    let max = args.rt.max_text();
    let mut b = args.bind("union", ["lst1", "lst2"], 2)?;
    let (x, y) = (b.take(0), b.take(1));
    if is_hashable(&x) && is_hashable(&y) {
        let mut all = methods::as_set(&x)?;
        all.extend(methods::as_set(&y)?);
        return Ok(Val::set(all));
    }
    unique(&binary(BinOp::Add, &x, &y, max)?)
}

fn avg(args: &mut CallArgs) -> Result<Val> {
    let v = args.bind("lst_avg", ["lst"], 1)?.take(0);
    if is_hashable(&v) {
        return v.as_f64().map(Val::Float).ok_or_else(|| {
            v.use_error().unwrap_or_else(|| {
                Error::type_error(format!(
                    "float() argument must be a string or a real number, not '{}'",
                    v.type_name()
                ))
            })
        });
    }
    let items = collect(&v)?;
    let mut sum = Val::Int(0);
    for i in &items {
        sum = binary(BinOp::Add, &sum, i, usize::MAX)?;
    }
    let mean = binary(BinOp::Div, &sum, &Val::from(items.len()), usize::MAX)?;
    Ok(mean.as_f64().map_or(mean, Val::Float))
}

/// Salt's `min` and `max` take the value alone; Jinja's parameters are understood as well.
/// Salt's own `min` and `max` take nothing besides the list.
fn extreme(args: &mut CallArgs, name: &str, op: OrderOp) -> Result<Val> {
    let v = args.bind(&format!("lst_{name}"), ["obj"], 1)?.take(0);
    let mut best: Option<Val> = None;
    let mut iter = iterate(&v)?;
    while let Some(item) = iter.next()? {
        if match &best {
            Some(b) => compare(op, &item, b)?,
            None => true,
        } {
            best = Some(item);
        }
    }
    best.ok_or_else(|| Error::value_error(format!("{name}() arg is an empty sequence")))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Arrange {
    Combinations,
    WithReplacement,
    Permutations,
}

/// Python's `itertools` arrangements, made one by one.
fn arrange(args: &mut CallArgs, how: Arrange) -> Result<Val> {
    if let Some(u) = strict_first(args) {
        return Ok(u);
    }
    let name = match how {
        Arrange::Combinations => "combinations",
        Arrange::WithReplacement => "combinations_with_replacement",
        Arrange::Permutations => "permutations",
    };
    let required = if how == Arrange::Permutations { 1 } else { 2 };
    let mut b = args.bind(name, ["iterable", "r"], required)?;
    let items = collect(&b.take(0))?;
    let r = match b.opt(1).filter(|r| !r.is_none()) {
        Some(r) => {
            usize::try_from(r.to_index()?).map_err(|_| Error::value_error("r must be non-negative"))?
        }
        None => items.len(),
    };
    let n = items.len();
    if r > 10_000 {
        return Err(Error::value_error("r is too large"));
    }
    let mut state: Option<Vec<usize>> = match how {
        _ if r == 0 => Some(Vec::new()),
        Arrange::WithReplacement => (n > 0).then(|| vec![0; r]),
        _ => (r <= n).then(|| (0..r).collect()),
    };
    let rt = args.rt.clone();
    Ok(Generator::make(name, move || {
        rt.step()?;
        let Some(now) = state.take() else { return Ok(None) };
        let picked = now.iter().filter_map(|i| items.get(*i).cloned()).collect();
        state = following(&now, n, how);
        Ok(Some(Val::tuple(picked)))
    }))
}

/// The next choice of positions.
fn following(now: &[usize], n: usize, how: Arrange) -> Option<Vec<usize>> {
    let r = now.len();
    let mut next = now.to_vec();
    // Which positions the part before `at` takes.
    let mut used = vec![false; if how == Arrange::Permutations { n } else { 0 }];
    for i in now {
        if let Some(slot) = used.get_mut(*i) {
            *slot = true;
        }
    }
    for at in (0..r).rev() {
        match how {
            Arrange::Combinations => {
                let v = now.get(at)? + 1;
                if v + (r - at) <= n {
                    for (k, slot) in next.iter_mut().skip(at).enumerate() {
                        *slot = v + k;
                    }
                    return Some(next);
                }
            }
            Arrange::WithReplacement => {
                let v = now.get(at)? + 1;
                if v < n {
                    next.iter_mut().skip(at).for_each(|s| *s = v);
                    return Some(next);
                }
            }
            Arrange::Permutations => {
                let old = *now.get(at)?;
                if let Some(slot) = used.get_mut(old) {
                    *slot = false;
                }
                let Some(v) = ((old + 1)..n).find(|v| used.get(*v) == Some(&false)) else { continue };
                next.truncate(at);
                next.push(v);
                if let Some(slot) = used.get_mut(v) {
                    *slot = true;
                }
                let free = used.iter().enumerate().filter(|(_, u)| !**u).map(|(v, _)| v);
                next.extend(free.take(r - at - 1));
                return Some(next);
            }
        }
    }
    None
}

fn compress(args: &mut CallArgs) -> Result<Val> {
    if let Some(u) = strict_first(args) {
        return Ok(u);
    }
    let mut b = args.bind("compress", ["data", "selectors"], 2)?;
    let (mut items, mut selectors) = (iterate(&b.take(0))?, iterate(&b.take(1))?);
    Ok(Generator::make("compress", move || {
        loop {
            let (Some(v), Some(s)) = (items.next()?, selectors.next()?) else { return Ok(None) };
            if s.is_true()? {
                return Ok(Some(v));
            }
        }
    }))
}

fn product(args: &mut CallArgs) -> Result<Val> {
    if let Some(u) = strict_first(args) {
        return Ok(u);
    }
    let repeat = match args.take_kwarg("repeat") {
        Some(r) => usize::try_from(r.to_index()?).unwrap_or(0).min(10_000),
        None => 1,
    };
    let once = args.args.iter().map(collect).collect::<Result<Vec<_>>>()?;
    let pools: Vec<Vec<Val>> = std::iter::repeat_n(once, repeat).flatten().collect();
    let mut state = (!pools.iter().any(Vec::is_empty)).then(|| vec![0usize; pools.len()]);
    let rt = args.rt.clone();
    Ok(Generator::make("product", move || {
        rt.step()?;
        let Some(mut now) = state.take() else { return Ok(None) };
        let picked = now.iter().zip(&pools).filter_map(|(i, p)| p.get(*i).cloned()).collect();
        for at in (0..now.len()).rev() {
            let size = pools.get(at).map_or(0, Vec::len);
            if let Some(i) = now.get_mut(at) {
                *i += 1;
                if *i < size {
                    state = Some(now);
                    break;
                }
                *i = 0;
            }
        }
        Ok(Some(Val::tuple(picked)))
    }))
}

fn zip(args: &mut CallArgs, longest: bool) -> Result<Val> {
    if let Some(u) = strict_first(args) {
        return Ok(u);
    }
    let fill = if longest { args.take_kwarg("fillvalue").unwrap_or_default() } else { Val::None };
    let mut iters = args.args.iter().map(iterate).collect::<Result<Vec<_>>>()?;
    let mut done = iters.is_empty();
    Ok(Generator::make(if longest { "zip_longest" } else { "zip" }, move || {
        if done {
            return Ok(None);
        }
        let mut row = Vec::with_capacity(iters.len());
        let mut live = 0;
        for it in &mut iters {
            match it.next()? {
                Some(v) => {
                    live += 1;
                    row.push(v);
                }
                None if longest => row.push(fill.clone()),
                None => {
                    done = true;
                    return Ok(None);
                }
            }
        }
        if live == 0 {
            done = true;
            return Ok(None);
        }
        Ok(Some(Val::tuple(row)))
    }))
}
