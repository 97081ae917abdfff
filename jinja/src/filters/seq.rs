//! Jinja's filters on sequences and mappings.

use super::{AttrPath, Table, fold_case, soft_str};
use crate::val::{
    BinOp, CallArgs, Generator, Object, Undefined, Val, binary, check_size, collect, equal, get_attr, iterate,
};
use crate::{Error, Result, methods};

pub(super) const TABLE: Table = &[
    ("attr", attr),
    ("batch", batch),
    ("count", length),
    ("d", default),
    ("default", default),
    ("dictsort", dictsort),
    ("first", first),
    ("groupby", groupby),
    ("items", items),
    ("join", join),
    ("last", last),
    ("length", length),
    ("list", |a| {
        let v = a.bind("do_list", ["value"], 1)?.take(0);
        collect(&v).map(Val::list)
    }),
    ("random", random),
    ("reverse", reverse),
    ("slice", slice),
    ("sort", sort),
    ("sum", sum),
];

fn attr(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("do_attr", ["obj", "name"], 2)?;
    let (obj, name) = (b.take(0), b.take(1));
    let kind = args.rt.undefined();
    let name = soft_str(&name)?;
    // Attributes only, never items.
    match crate::val::python_attr(kind, &obj, &name)? {
        Some(v) => Ok(v),
        None => match &obj {
            Val::Object(_) => get_attr(kind, &obj, &name),
            _ => Ok(Undefined::of(kind, &obj, &Val::Str(name))),
        },
    }
}

fn length(args: &mut CallArgs) -> Result<Val> {
    let v = args.bind_builtin::<1>("len", 1)?.take(0);
    v.len().map(Val::from)
}

fn default(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("do_default", ["value", "default_value", "boolean"], 1)?;
    let v = b.take(0);
    let fallback = b.opt(1).unwrap_or_else(|| Val::from(""));
    if v.is_undefined() || (b.flag(2, false)? && !v.is_true()?) { Ok(fallback) } else { Ok(v) }
}

fn first(args: &mut CallArgs) -> Result<Val> {
    let v = args.bind("do_first", ["seq"], 1)?.take(0);
    let kind = args.rt.undefined();
    Ok(iterate(&v)?.next()?.unwrap_or_else(|| Undefined::hint(kind, "No first item, sequence was empty.")))
}

fn last(args: &mut CallArgs) -> Result<Val> {
    let v = args.bind("do_last", ["seq"], 1)?.take(0);
    let kind = args.rt.undefined();
    if v.is_undefined() {
        iterate(&v)?;
    }
    if matches!(v, Val::Set(_) | Val::Iter(_)) || (v.len().is_err() && !matches!(v, Val::Object(_))) {
        return Err(Error::type_error(format!("'{}' object is not reversible", v.type_name())));
    }
    let last = collect(&v)?.pop();
    Ok(last.unwrap_or_else(|| Undefined::hint(kind, "No last item, sequence was empty.")))
}

fn random(args: &mut CallArgs) -> Result<Val> {
    let items = collect(&args.bind("do_random", ["seq"], 1)?.take(0))?;
    let kind = args.rt.undefined();
    let at = super::salt_hash::random_below(items.len() as u64)?;
    let found = usize::try_from(at).ok().and_then(|i| items.get(i).cloned());
    Ok(found.unwrap_or_else(|| Undefined::hint(kind, "No random item, sequence was empty.")))
}

fn reverse(args: &mut CallArgs) -> Result<Val> {
    let v = args.bind("do_reverse", ["value"], 1)?.take(0);
    if let Val::Str(s) = &v {
        return Ok(Val::from(s.chars().rev().collect::<String>()));
    }
    let mut items = collect(&v)
        .map_err(|e| if v.is_undefined() { e } else { Error::runtime("argument must be iterable") })?;
    items.reverse();
    Ok(Generator::over("reversed", items))
}

fn items(args: &mut CallArgs) -> Result<Val> {
    let v = args.bind("do_items", ["value"], 1)?.take(0);
    if v.is_undefined() {
        return Ok(Generator::over("generator", Vec::new()));
    }
    let Some(pairs) = methods::mapping_items(&v) else {
        // A generator: it fails when it is asked.
        return Ok(Generator::make("generator", || {
            Err(Error::type_error("Can only get item pairs from a mapping."))
        }));
    };
    let pairs = pairs?;
    Ok(Generator::over("generator", pairs.into_iter().map(|(k, v)| Val::pair(k, v)).collect()))
}

fn join(args: &mut CallArgs) -> Result<Val> {
    let max = args.rt.max_text();
    let mut b = args.bind("sync_do_join", ["value", "d", "attribute"], 1)?;
    let v = b.take(0);
    let sep = match b.opt(1) {
        Some(d) => soft_str(&d)?,
        None => "".into(),
    };
    let attribute = b.opt(2).filter(|a| !a.is_none());
    let path = AttrPath::new(attribute.as_ref(), None, false);
    let mut out = String::new();
    let mut iter = iterate(&v)?;
    let mut first = true;
    while let Some(item) = iter.next()? {
        if !std::mem::take(&mut first) {
            out.push_str(&sep);
        }
        let item = if attribute.is_some() { path.get(args, &item)? } else { item };
        out.push_str(&crate::val::to_str(&item)?);
        check_size(out.len(), max)?;
    }
    Ok(Val::from(out))
}

fn batch(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("do_batch", ["value", "linecount", "fill_with"], 2)?;
    let v = b.take(0);
    let n = b.int(1, 1)?;
    let fill = b.opt(2).filter(|f| !f.is_none());
    let items = collect(&v)?;
    let Ok(n) = usize::try_from(n) else { return Ok(Generator::over("generator", vec![Val::list(items)])) };
    check_size(n, args.rt.max_text())?;
    let mut rows: Vec<Vec<Val>> = if n == 0 {
        // Jinja compares lengths, which never match here.
        vec![items]
    } else {
        items.chunks(n).map(<[Val]>::to_vec).collect()
    };
    if let (Some(row), Some(fill)) = (rows.last_mut(), fill)
        && row.len() < n
    {
        row.resize(n, fill);
    }
    Ok(Generator::over("generator", rows.into_iter().map(Val::list).collect()))
}

fn slice(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("sync_do_slice", ["value", "slices", "fill_with"], 2)?;
    let items = collect(&b.take(0))?;
    let n = b.int(1, 1)?;
    let fill = b.opt(2).filter(|f| !f.is_none());
    if n == 0 {
        return Err(Error::new(crate::ErrorKind::ZeroDivision, "integer division or modulo by zero"));
    }
    let n = usize::try_from(n).unwrap_or(0).min(1_000_000);
    let (per, extra) = (items.len() / n.max(1), items.len() % n.max(1));
    let mut out = Vec::new();
    let mut at = 0;
    for i in 0..n {
        let len = per + usize::from(i < extra);
        let mut part = items.get(at..at + len).unwrap_or(&[]).to_vec();
        at += len;
        if let Some(f) = &fill
            && i >= extra
        {
            part.push(f.clone());
        }
        out.push(Val::list(part));
    }
    Ok(Generator::over("generator", out))
}

fn sort(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("do_sort", ["value", "reverse", "case_sensitive", "attribute"], 1)?;
    let v = b.take(0);
    let (reverse, case) = (b.flag(1, false)?, b.flag(2, false)?);
    let attribute = b.opt(3).filter(|a| !a.is_none());
    // `attribute='a,b'` sorts by both.
    let paths: Vec<AttrPath> = match &attribute {
        Some(Val::Str(s)) => s.split(',').map(|p| AttrPath::new(Some(&Val::from(p)), None, !case)).collect(),
        other => vec![AttrPath::new(other.as_ref(), None, !case)],
    };
    let keyed = collect(&v)?
        .into_iter()
        .map(|item| {
            let mut keys = paths.iter().map(|p| p.get(args, &item)).collect::<Result<Vec<_>>>()?;
            // Jinja sorts by lists of keys; for one that is defined, the key itself orders alike.
            let key = match keys.as_slice() {
                [key] if !key.is_undefined() => keys.pop().unwrap_or_default(),
                _ => Val::list(keys),
            };
            Ok((key, item))
        })
        .collect::<Result<Vec<_>>>()?;
    methods::sort(keyed, reverse).map(Val::list)
}

fn dictsort(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("do_dictsort", ["value", "case_sensitive", "by", "reverse"], 1)?;
    let v = b.take(0);
    let case = b.flag(1, false)?;
    let by = b.str(2)?.unwrap_or_else(|| "key".into());
    let reverse = b.flag(3, false)?;
    let at_value = match &*by {
        "key" => false,
        "value" => true,
        _ => return Err(Error::runtime("You can only sort by either \"key\" or \"value\"")),
    };
    let items = methods::mapping_items(&v).ok_or_else(|| {
        v.use_error().unwrap_or_else(|| {
            Error::new(
                crate::ErrorKind::Attribute,
                format!("'{}' object has no attribute 'items'", v.type_name()),
            )
        })
    })??;
    let keyed = items
        .into_iter()
        .map(|(k, v)| {
            let key = if at_value { v.clone() } else { k.clone() };
            (if case { key } else { fold_case(key) }, Val::pair(k, v))
        })
        .collect();
    methods::sort(keyed, reverse).map(Val::list)
}

fn sum(args: &mut CallArgs) -> Result<Val> {
    let max = args.rt.max_text();
    let mut b = args.bind("do_sum", ["iterable", "attribute", "start"], 1)?;
    let v = b.take(0);
    let attribute = b.opt(1).filter(|a| !a.is_none());
    let mut total = b.opt(2).unwrap_or(Val::Int(0));
    let path = AttrPath::new(attribute.as_ref(), None, false);
    let mut iter = iterate(&v)?;
    match &total {
        Val::Str(_) => {
            return Err(Error::type_error("sum() can't sum strings [use ''.join(seq) instead]"));
        }
        Val::Bytes(_) => {
            return Err(Error::type_error("sum() can't sum bytes [use b''.join(seq) instead]"));
        }
        _ => {}
    }
    while let Some(item) = iter.next()? {
        args.rt.step()?;
        total = binary(BinOp::Add, &total, &path.get(args, &item)?, max)?;
    }
    Ok(total)
}

/// A group: the key, and what has it.
struct Group {
    grouper: Val,
    list: Val,
}

impl Object for Group {
    fn type_name(&self) -> &str {
        "_GroupTuple"
    }
    fn get_attr(&self, name: &str) -> Result<Option<Val>> {
        Ok(match name {
            "grouper" => Some(self.grouper.clone()),
            "list" => Some(self.list.clone()),
            _ => None,
        })
    }
    fn get_item(&self, key: &Val) -> Result<Option<Val>> {
        Ok(match key.as_int() {
            Some(0 | -2) => Some(self.grouper.clone()),
            Some(1 | -1) => Some(self.list.clone()),
            _ => None,
        })
    }
    fn iterate(&self) -> Result<Option<Vec<Val>>> {
        Ok(Some(vec![self.grouper.clone(), self.list.clone()]))
    }
    fn len(&self) -> Option<usize> {
        Some(2)
    }
    fn to_string(&self) -> Result<String> {
        crate::val::repr(&Val::tuple(vec![self.grouper.clone(), self.list.clone()]))
    }
    fn to_value(&self) -> Option<data::Value> {
        Some(Val::tuple(vec![self.grouper.clone(), self.list.clone()]).to_value())
    }
}

fn groupby(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("sync_do_groupby", ["value", "attribute", "default", "case_sensitive"], 2)?;
    let (v, attribute, default) = (b.take(0), b.take(1), b.opt(2).filter(|d| !d.is_none()));
    let case = b.flag(3, false)?;
    let shown = AttrPath::new(Some(&attribute), default.clone(), false);
    let path = AttrPath::new(Some(&attribute), default, !case);
    let keyed = collect(&v)?
        .into_iter()
        .map(|item| Ok((path.get(args, &item)?, item)))
        .collect::<Result<Vec<_>>>()?;
    let sorted = methods::sort(keyed, false)?;
    let mut groups: Vec<(Val, Vec<Val>)> = Vec::new();
    for item in sorted {
        let key = path.get(args, &item)?;
        match groups.last_mut() {
            Some((k, list)) if equal(k, &key)? => list.push(item),
            _ => groups.push((key, vec![item])),
        }
    }
    let groups = groups
        .into_iter()
        .map(|(key, list)| {
            // Without case the key is the one that the first item really has.
            let grouper = match (case, list.first()) {
                (false, Some(first)) => shown.get(args, first)?,
                _ => key,
            };
            Ok(Val::object(Group { grouper, list: Val::list(list) }))
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Val::list(groups))
}
