//! Lists, tuples, dicts and sets. A list or dict that came from [`data::Value`] stays the shared
//! original until it is looked through or changed; then one level is converted, once, so that everybody who
//! holds the container sees the same elements and the same changes.

use std::cell::{Ref, RefCell, RefMut};
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use data::ordered::{Equivalent, Ordered, same_text};

use super::{Val, Walk, order};
use crate::{Error, Result};

/// Entries of a [`Dict`], in insertion order.
pub type Map = Ordered<Key, Val>;
pub(crate) type IndexSet = indexmap::IndexSet<Key, foldhash::fast::RandomState>;

enum Repr<T, S> {
    Shared(S),
    Own(T),
}

/// A hashable value: what a dict key or a member of a set may be.
#[derive(Clone)]
pub struct Key(Val);

impl Key {
    /// `val` as a key; "unhashable type" where Python says so.
    pub fn new(val: Val) -> std::result::Result<Key, Error> {
        if let Val::Str(_) | Val::Int(_) | Val::Bool(_) | Val::None = val {
            return Ok(Key(val));
        }
        check_hashable(&val, &Walk::default())?;
        Ok(Key(val.plain()))
    }

    /// A text key.
    pub fn str(s: impl Into<Arc<str>>) -> Key {
        Key(Val::Str(s.into()))
    }

    /// The value.
    pub fn val(&self) -> &Val {
        &self.0
    }
}

fn check_hashable(val: &Val, walk: &Walk) -> Result<()> {
    match val {
        Val::List(_) | Val::Dict(_) | Val::Set(_) | Val::View(_) => {
            Err(Error::type_error(format!("unhashable type: '{}'", val.type_name())))
        }
        Val::Undefined(u) => u.hash_check(),
        Val::Tuple(t) => {
            walk.visit()?;
            walk.nested(|| t.iter().try_for_each(|v| check_hashable(v, walk)))
        }
        _ => Ok(()),
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Val::Str(a), Val::Str(b)) => Arc::ptr_eq(a, b) || same_text(a, b),
            // NaN is a key that finds itself.
            (Val::Float(a), Val::Float(b)) if a.is_nan() && b.is_nan() => true,
            // Keys are shallow (checked on the way in), so that this cannot fail.
            (a, b) => a.same(b) || order::equal(a, b).unwrap_or(false),
        }
    }
}
impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_val(&self.0, state);
    }
}

/// Equal values hash equally: `1`, `1.0` and `True` are one key.
fn hash_val<H: Hasher>(val: &Val, state: &mut H) {
    match val {
        Val::Str(s) => s.hash(state),
        Val::Bool(_) | Val::Int(_) => state.write_i64(val.as_int().unwrap_or(0)),
        Val::Float(f) if f.fract() == 0.0 && f.abs() < 9.0e18 => state.write_i64(*f as i64),
        Val::Float(f) if f.is_nan() => state.write_u64(f64::NAN.to_bits()),
        Val::Float(f) => state.write_u64(f.to_bits()),
        Val::BigInt(_) => state.write_u64(val.as_f64().unwrap_or(f64::NAN).to_bits()),
        Val::Bytes(b) => b.hash(state),
        Val::Tuple(t) => t.iter().for_each(|v| hash_val(v, state)),
        Val::DateTime(d) => d.hash(state),
        Val::Delta(d) => d.hash(state),
        Val::Range(range) => range.hash(state),
        _ => state.write_u8(0),
    }
}

/// Asks for a text key without building one.
#[derive(Hash)]
pub(crate) struct StrKey<'a>(pub(crate) &'a str);

impl Equivalent<Key> for StrKey<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        key.0.as_str().is_some_and(|text| same_text(text, self.0))
    }
}

/// A list.
pub struct List(RefCell<Repr<Vec<Val>, Arc<Vec<data::Value>>>>);

impl List {
    /// A list of these items.
    pub fn new(items: Vec<Val>) -> Self {
        List(RefCell::new(Repr::Own(items)))
    }

    pub(crate) fn shared(items: Arc<Vec<data::Value>>) -> Self {
        List(RefCell::new(Repr::Shared(items)))
    }

    /// The original, as long as nobody has touched this list.
    pub(crate) fn untouched(&self) -> Option<Arc<Vec<data::Value>>> {
        match &*self.0.borrow() {
            Repr::Shared(s) => Some(s.clone()),
            Repr::Own(_) => None,
        }
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        match &*self.0.borrow() {
            Repr::Shared(s) => s.len(),
            Repr::Own(v) => v.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn own(&self) {
        let owned: Vec<Val> = match &*self.0.borrow() {
            Repr::Shared(s) => s.iter().map(Val::from).collect(),
            Repr::Own(_) => return,
        };
        *self.0.borrow_mut() = Repr::Own(owned);
    }

    /// The items, for reading.
    pub fn borrow(&self) -> Ref<'_, Vec<Val>> {
        self.own();
        Ref::map(self.0.borrow(), |r| match r {
            Repr::Own(v) => v,
            Repr::Shared(_) => unreachable!("owned just above"),
        })
    }

    /// The items, for writing. Drop the guard before anything else can run.
    pub fn borrow_mut(&self) -> RefMut<'_, Vec<Val>> {
        self.own();
        RefMut::map(self.0.borrow_mut(), |r| match r {
            Repr::Own(v) => v,
            Repr::Shared(_) => unreachable!("owned just above"),
        })
    }

    /// The item at a position.
    pub fn get(&self, index: usize) -> Option<Val> {
        self.borrow().get(index).cloned()
    }
}

/// A tuple.
pub struct Tuple(Parts);

/// Pairs are what loops over dicts make, one for each entry.
enum Parts {
    Pair([Val; 2]),
    Many(Vec<Val>),
}

impl Tuple {
    /// A tuple of these items.
    pub fn new(items: Vec<Val>) -> Self {
        Tuple(Parts::Many(items))
    }

    /// A tuple of two.
    pub fn pair(first: Val, second: Val) -> Self {
        Tuple(Parts::Pair([first, second]))
    }
}

impl Deref for Tuple {
    type Target = [Val];
    fn deref(&self) -> &[Val] {
        match &self.0 {
            Parts::Pair(items) => items,
            Parts::Many(items) => items,
        }
    }
}

/// A dict.
pub struct Dict(RefCell<Repr<Map, Original>>);

/// The dict that a [`Dict`] stands for, and the containers in it, by their places, that somebody has got: they are
/// the ones that everybody gets.
struct Original {
    dict: Arc<data::Dict>,
    handed_out: Vec<(usize, Val)>,
}

impl Original {
    fn get(&mut self, key: &str) -> Option<Val> {
        let place = self.dict.index_of(key)?;
        let value = match self.dict.get_index(place)? {
            (_, container @ (data::Value::List(_) | data::Value::Dict(_))) => container,
            // A scalar has no identity.
            (_, scalar) => return Some(Val::from(scalar)),
        };
        if let Some((_, known)) = self.handed_out.iter().find(|(at, _)| *at == place) {
            return Some(known.clone());
        }
        let value = Val::from(value);
        self.handed_out.push((place, value.clone()));
        Some(value)
    }

    fn to_map(&self) -> Map {
        let mut map: Map = self.dict.iter().map(|(k, v)| (Key(key_from(k)), Val::from(v))).collect();
        for (place, value) in &self.handed_out {
            if let Some(there) = map.value_at_mut(*place) {
                *there = value.clone();
            }
        }
        map
    }
}

impl Dict {
    /// A dict of these entries.
    pub fn new(map: Map) -> Self {
        Dict(RefCell::new(Repr::Own(map)))
    }

    pub(crate) fn shared(dict: Arc<data::Dict>) -> Self {
        Dict(RefCell::new(Repr::Shared(Original { dict, handed_out: Vec::new() })))
    }

    /// The original, as long as nobody has touched this dict.
    pub(crate) fn untouched(&self) -> Option<Arc<data::Dict>> {
        match &*self.0.borrow() {
            Repr::Shared(s) if s.handed_out.is_empty() => Some(s.dict.clone()),
            _ => None,
        }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        match &*self.0.borrow() {
            Repr::Shared(s) => s.dict.len(),
            Repr::Own(m) => m.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn own(&self) {
        let owned: Map = match &*self.0.borrow() {
            Repr::Shared(s) => s.to_map(),
            Repr::Own(_) => return,
        };
        *self.0.borrow_mut() = Repr::Own(owned);
    }

    /// The entries, for reading.
    pub fn borrow(&self) -> Ref<'_, Map> {
        self.own();
        Ref::map(self.0.borrow(), |r| match r {
            Repr::Own(m) => m,
            Repr::Shared(_) => unreachable!("owned just above"),
        })
    }

    /// The entries, for writing. Drop the guard before anything else can run.
    pub fn borrow_mut(&self) -> RefMut<'_, Map> {
        self.own();
        RefMut::map(self.0.borrow_mut(), |r| match r {
            Repr::Own(m) => m,
            Repr::Shared(_) => unreachable!("owned just above"),
        })
    }

    /// The value of a text key.
    pub fn get_str(&self, key: &str) -> Option<Val> {
        if self.is_shared()
            && let Repr::Shared(original) = &mut *self.0.borrow_mut()
        {
            return original.get(key);
        }
        self.borrow().get(&StrKey(key)).cloned()
    }

    /// Whether there is a text key.
    pub(crate) fn contains_str(&self, key: &str) -> bool {
        match &*self.0.borrow() {
            Repr::Shared(original) => original.dict.contains(key),
            Repr::Own(map) => map.contains_key(&StrKey(key)),
        }
    }

    /// Nobody reads in it or writes to it then: for that it would have been converted.
    fn is_shared(&self) -> bool {
        matches!(&*self.0.borrow(), Repr::Shared(_))
    }

    /// The value of any key.
    pub fn get(&self, key: &Key) -> Option<Val> {
        match key.val() {
            Val::Str(text) => self.get_str(text),
            _ => self.borrow().get(key).cloned(),
        }
    }
}

/// A key of plain data: lists in it become tuples, which are what can be hashed.
fn key_from(key: &data::Value) -> Val {
    match key {
        data::Value::List(l) => Val::tuple(l.iter().map(key_from).collect()),
        other => Val::from(other),
    }
}

/// A set.
pub struct Set(RefCell<IndexSet>);

impl Set {
    pub(crate) fn new(items: IndexSet) -> Self {
        Set(RefCell::new(items))
    }

    pub(crate) fn borrow(&self) -> Ref<'_, IndexSet> {
        self.0.borrow()
    }

    pub(crate) fn borrow_mut(&self) -> RefMut<'_, IndexSet> {
        self.0.borrow_mut()
    }
}

/// Containers nested thousands deep are taken apart in a loop: the compiler's recursive drop would
/// overflow the stack.
mod bury {
    use std::cell::{Cell, RefCell};

    use super::{Dict, List, Parts, Repr, Tuple, Val};

    thread_local! {
        static DEPTH: Cell<usize> = const { Cell::new(0) };
        static WAITING: RefCell<Vec<Vec<Val>>> = const { RefCell::new(Vec::new()) };
    }
    const MAX_DEPTH: usize = 64;

    fn is_container(v: &Val) -> bool {
        matches!(v, Val::List(_) | Val::Tuple(_) | Val::Dict(_))
    }

    /// Drops `items`; far down, `flat` puts their parts aside instead.
    fn bury<T>(items: T, flat: fn(T) -> Vec<Val>) {
        // While a thread ends its locals may be gone; then the plain drop has to do.
        let Ok(depth) = DEPTH.try_with(Cell::get) else { return };
        if depth >= MAX_DEPTH {
            let parts = flat(items);
            let _ = WAITING.try_with(|w| w.borrow_mut().push(parts));
            return;
        }
        let _ = DEPTH.try_with(|d| d.set(depth + 1));
        drop(items);
        if depth == 0 {
            while let Ok(Some(next)) = WAITING.try_with(|w| w.borrow_mut().pop()) {
                drop(next);
            }
        }
        let _ = DEPTH.try_with(|d| d.set(depth));
    }

    impl Drop for List {
        fn drop(&mut self) {
            if let Repr::Own(items) = self.0.get_mut()
                && items.iter().any(is_container)
            {
                bury(std::mem::take(items), |items| items);
            }
        }
    }
    impl Drop for Tuple {
        fn drop(&mut self) {
            if self.iter().any(is_container) {
                let parts = std::mem::replace(&mut self.0, Parts::Many(Vec::new()));
                bury(parts, |parts| match parts {
                    Parts::Pair(items) => items.into(),
                    Parts::Many(items) => items,
                });
            }
        }
    }
    impl Drop for Dict {
        fn drop(&mut self) {
            if let Repr::Own(map) = self.0.get_mut()
                && map.iter().any(|(k, v)| is_container(v) || is_container(&k.0))
            {
                bury(std::mem::take(map), |map| map.into_iter().flat_map(|(k, v)| [k.0, v]).collect());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    #[test]
    fn equal_numbers_are_one_key() {
        let mut m = Map::default();
        for v in [Val::Int(1), Val::Float(1.0), Val::Bool(true)] {
            m.insert(Key::new(v).unwrap(), Val::None);
        }
        assert_eq!(m.len(), 1);
        assert!(Key::new(Val::list(vec![])).is_err());
        assert!(Key::new(Val::tuple(vec![Val::list(vec![])])).is_err());
    }

    #[test]
    fn conversion_happens_once_and_is_shared() {
        let data = data::Value::from(data::Dict::new().with("a", vec![data::Value::Int(1)]));
        let val = Val::from(data.clone());
        let alias = val.clone();
        let (Some(Val::List(first)), Some(Val::List(second))) = (val.get("a"), alias.get("a")) else {
            panic!("not a list")
        };
        assert!(Rc::ptr_eq(&first, &second));
        first.borrow_mut().push(Val::Int(2));
        assert_eq!(format!("{:?}", alias), "{'a': [1, 2]}");
        assert_eq!(format!("{:?}", data), "{'a': [1]}");
    }

    #[test]
    fn very_deep_values_can_be_dropped() {
        let mut v = Val::list(vec![]);
        for i in 0..200_000 {
            v = match i % 3 {
                0 => Val::list(vec![v]),
                1 => Val::tuple(vec![v]),
                _ => Val::dict([(Key::str("a"), v)].into_iter().collect()),
            };
        }
        drop(v);
    }
}
