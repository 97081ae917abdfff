//! The ordered dict: insertion order, any scalar as a key, look-up by `&str` without an allocation.
//!
//! Most dicts of a tree have one entry (`- mode: 0644`) and nearly all have a handful: one entry needs no
//! memory of its own, a few are looked through, and only then is there an index.

use std::hash::{BuildHasher, Hash};

use hashbrown::HashTable;

use crate::Value;

/// How many entries are looked through without an index.
const FEW: usize = 12;

type Entry = (Value, Value);

/// An ordered dict. Setting an existing key keeps its place, as in Python.
#[derive(Clone, Default)]
pub struct Dict(Entries);

#[derive(Clone, Default)]
enum Entries {
    #[default]
    None,
    One(Entry),
    Few(Vec<Entry>),
    Many(Box<Indexed>),
}

/// Many entries, and where each key is among them.
#[derive(Clone)]
struct Indexed {
    entries: Vec<Entry>,
    index: HashTable<u32>,
    hasher: foldhash::fast::RandomState,
}

/// What an entry is looked for by.
trait Key: Hash {
    fn is(&self, key: &Value) -> bool;
}

impl Key for Value {
    fn is(&self, key: &Value) -> bool {
        self == key
    }
}

/// A text key, without a [`Value`] to be built.
#[derive(Hash)]
struct StrKey<'a>(&'a str);

impl Key for StrKey<'_> {
    fn is(&self, key: &Value) -> bool {
        key.as_str() == Some(self.0)
    }
}

impl Indexed {
    fn new(entries: Vec<Entry>) -> Box<Self> {
        let mut indexed = Box::new(Indexed {
            entries,
            index: HashTable::new(),
            hasher: foldhash::fast::RandomState::default(),
        });
        indexed.rebuild();
        indexed
    }

    fn rebuild(&mut self) {
        let Indexed { entries, index, hasher } = self;
        index.clear();
        let hash_at = |at: u32| entries.get(at as usize).map_or(0, |(key, _)| hasher.hash_one(key));
        index.reserve(entries.len(), |at| hash_at(*at));
        for at in 0..u32::try_from(entries.len()).unwrap_or(u32::MAX) {
            index.insert_unique(hash_at(at), at, |at| hash_at(*at));
        }
    }

    fn find(&self, key: &impl Key) -> Option<usize> {
        let same = |at: &u32| self.entries.get(*at as usize).is_some_and(|(k, _)| key.is(k));
        self.index.find(self.hasher.hash_one(key), same).map(|at| *at as usize)
    }

    fn push(&mut self, entry: Entry) {
        let Indexed { entries, index, hasher } = self;
        let hash = hasher.hash_one(&entry.0);
        let at = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        entries.push(entry);
        let hash_at = |at: &u32| entries.get(*at as usize).map_or(0, |(key, _)| hasher.hash_one(key));
        index.insert_unique(hash, at, hash_at);
    }

    fn remove(&mut self, at: usize) -> Entry {
        let gone = u32::try_from(at).unwrap_or(u32::MAX);
        let entry = self.entries.remove(at);
        self.index.retain(|i| *i != gone);
        for i in self.index.iter_mut().filter(|i| **i > gone) {
            *i -= 1;
        }
        entry
    }
}

impl Dict {
    /// An empty dict.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty dict with room for `n` entries.
    pub fn with_capacity(n: usize) -> Self {
        Dict(match n {
            0 | 1 => Entries::None,
            _ if n <= FEW => Entries::Few(Vec::with_capacity(n)),
            _ => {
                let mut indexed = Indexed::new(Vec::with_capacity(n));
                indexed.index.reserve(n, |_| 0);
                Entries::Many(indexed)
            }
        })
    }

    fn entries(&self) -> &[Entry] {
        match &self.0 {
            Entries::None => &[],
            Entries::One(entry) => std::slice::from_ref(entry),
            Entries::Few(entries) => entries,
            Entries::Many(indexed) => &indexed.entries,
        }
    }

    fn entries_mut(&mut self) -> &mut [Entry] {
        match &mut self.0 {
            Entries::None => &mut [],
            Entries::One(entry) => std::slice::from_mut(entry),
            Entries::Few(entries) => entries,
            Entries::Many(indexed) => &mut indexed.entries,
        }
    }

    fn find(&self, key: &impl Key) -> Option<usize> {
        match &self.0 {
            Entries::Many(indexed) => indexed.find(key),
            _ => self.entries().iter().position(|(k, _)| key.is(k)),
        }
    }

    fn find_value(&self, key: &impl Key) -> Option<&Value> {
        self.entries().get(self.find(key)?).map(|(_, value)| value)
    }

    fn find_value_mut(&mut self, key: &impl Key) -> Option<&mut Value> {
        let at = self.find(key)?;
        self.entries_mut().get_mut(at).map(|(_, value)| value)
    }

    /// Puts a key at the end that is not there yet.
    fn push(&mut self, key: Value, value: Value) {
        let entry = (key, value);
        match &mut self.0 {
            Entries::None => self.0 = Entries::One(entry),
            Entries::One(_) => {
                if let Entries::One(first) = std::mem::take(&mut self.0) {
                    let mut entries = Vec::with_capacity(4);
                    entries.extend([first, entry]);
                    self.0 = Entries::Few(entries);
                }
            }
            Entries::Few(entries) => {
                entries.push(entry);
                if entries.len() > FEW {
                    self.0 = Entries::Many(Indexed::new(std::mem::take(entries)));
                }
            }
            Entries::Many(indexed) => indexed.push(entry),
        }
    }

    fn take_at(&mut self, at: usize) -> Option<Value> {
        let (_, value) = match &mut self.0 {
            Entries::None => return None,
            Entries::One(_) => match std::mem::take(&mut self.0) {
                Entries::One(entry) => entry,
                _ => return None,
            },
            Entries::Few(entries) => entries.remove(at),
            Entries::Many(indexed) => indexed.remove(at),
        };
        Some(value)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    /// The value of a text key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.find_value(&StrKey(key))
    }

    /// The value of a text key, for writing.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.find_value_mut(&StrKey(key))
    }

    /// Whether there is a text key `key`.
    pub fn contains(&self, key: &str) -> bool {
        self.find(&StrKey(key)).is_some()
    }

    /// The value of any key.
    pub fn get_value(&self, key: &Value) -> Option<&Value> {
        self.find_value(key)
    }

    /// The value of any key, for writing.
    pub fn get_value_mut(&mut self, key: &Value) -> Option<&mut Value> {
        self.find_value_mut(key)
    }

    /// The value at `key`, which is put there first when it is missing.
    pub fn entry_or(&mut self, key: impl Into<Value>, default: impl FnOnce() -> Value) -> &mut Value {
        let key = key.into();
        let at = self.find(&key).unwrap_or_else(|| {
            self.push(key, default());
            self.len() - 1
        });
        &mut self.entries_mut()[at].1
    }

    /// Sets `key`; what it held before comes back.
    pub fn insert(&mut self, key: impl Into<Value>, value: impl Into<Value>) -> Option<Value> {
        self.set(key.into(), value.into())
    }

    fn set(&mut self, key: Value, value: Value) -> Option<Value> {
        match self.find_value_mut(&key) {
            Some(slot) => Some(std::mem::replace(slot, value)),
            None => {
                self.push(key, value);
                None
            }
        }
    }

    /// Builder form of [`Dict::insert`].
    #[must_use]
    pub fn with(mut self, key: impl Into<Value>, value: impl Into<Value>) -> Self {
        self.insert(key, value);
        self
    }

    /// Takes a text key out; the order of the others stays.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.find(&StrKey(key)).and_then(|at| self.take_at(at))
    }

    /// Takes any key out; the order of the others stays.
    pub fn remove_value(&mut self, key: &Value) -> Option<Value> {
        self.find(key).and_then(|at| self.take_at(at))
    }

    /// The entry at a position.
    pub fn get_index(&self, index: usize) -> Option<(&Value, &Value)> {
        self.entries().get(index).map(|(key, value)| (key, value))
    }

    /// Keeps only the entries for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&Value, &mut Value) -> bool) {
        match &mut self.0 {
            Entries::None => {}
            Entries::One((key, value)) => {
                if !keep(key, value) {
                    self.0 = Entries::None;
                }
            }
            Entries::Few(entries) => entries.retain_mut(|(key, value)| keep(key, value)),
            Entries::Many(indexed) => {
                indexed.entries.retain_mut(|(key, value)| keep(key, value));
                indexed.rebuild();
            }
        }
    }

    /// Entries in order.
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.entries().iter())
    }

    /// Entries in order, values for writing.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&Value, &mut Value)> + ExactSizeIterator {
        self.entries_mut().iter_mut().map(|(key, value)| (&*key, value))
    }

    /// Keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator + Clone {
        self.entries().iter().map(|(key, _)| key)
    }

    /// Values in order.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator + Clone {
        self.entries().iter().map(|(_, value)| value)
    }
}

/// The order counts for [`Value::identical`] alone.
impl PartialEq for Dict {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.iter().zip(other.iter()).all(|((key, value), (at, same))| {
                if key == at { value == same } else { other.get_value(key) == Some(value) }
            })
    }
}

impl Eq for Dict {}

impl std::fmt::Debug for Dict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        crate::python::write_dict_repr(f, self)
    }
}

impl<K: Into<Value>, V: Into<Value>> FromIterator<(K, V)> for Dict {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(iter: I) -> Self {
        let iter = iter.into_iter();
        let mut dict = Dict::with_capacity(iter.size_hint().0);
        dict.extend(iter);
        dict
    }
}

impl<K: Into<Value>, V: Into<Value>> Extend<(K, V)> for Dict {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, iter: I) {
        iter.into_iter().for_each(|(key, value)| {
            self.set(key.into(), value.into());
        });
    }
}

/// The entries of a [`Dict`] in order.
#[derive(Clone)]
pub struct Iter<'a>(std::slice::Iter<'a, Entry>);

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a Value, &'a Value);
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(key, value)| (key, value))
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(|(key, value)| (key, value))
    }
}

impl ExactSizeIterator for Iter<'_> {}

/// The entries of a [`Dict`] in order, by value.
pub struct IntoIter {
    one: Option<Entry>,
    rest: std::vec::IntoIter<Entry>,
}

impl Iterator for IntoIter {
    type Item = Entry;
    fn next(&mut self) -> Option<Entry> {
        self.one.take().or_else(|| self.rest.next())
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        let n = usize::from(self.one.is_some()) + self.rest.len();
        (n, Some(n))
    }
}

impl DoubleEndedIterator for IntoIter {
    fn next_back(&mut self) -> Option<Entry> {
        self.rest.next_back().or_else(|| self.one.take())
    }
}

impl ExactSizeIterator for IntoIter {}

impl IntoIterator for Dict {
    type Item = Entry;
    type IntoIter = IntoIter;
    fn into_iter(self) -> IntoIter {
        let (one, rest) = match self.0 {
            Entries::None => (None, Vec::new()),
            Entries::One(entry) => (Some(entry), Vec::new()),
            Entries::Few(entries) => (None, entries),
            Entries::Many(indexed) => (None, indexed.entries),
        };
        IntoIter { one, rest: rest.into_iter() }
    }
}

impl<'a> IntoIterator for &'a Dict {
    type Item = (&'a Value, &'a Value);
    type IntoIter = Iter<'a>;
    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same steps on a dict and on a list of pairs.
    fn check(steps: &[(u8, i64)]) {
        let mut dict = Dict::new();
        let mut pairs: Vec<(i64, i64)> = Vec::new();
        for (n, (what, key)) in steps.iter().enumerate() {
            let value = i64::try_from(n).unwrap();
            let at = pairs.iter().position(|(k, _)| k == key);
            match what % 4 {
                0 | 1 => {
                    let before = dict.insert(*key, value);
                    assert_eq!(before, at.map(|at| Value::Int(pairs[at].1)));
                    match at {
                        Some(at) => pairs[at].1 = value,
                        None => pairs.push((*key, value)),
                    }
                }
                2 => {
                    let before = dict.remove_value(&Value::Int(*key));
                    assert_eq!(before, at.map(|at| Value::Int(pairs.remove(at).1)));
                }
                _ if n % 10 == 0 => {
                    dict.retain(|k, _| k != &Value::Int(*key));
                    pairs.retain(|(k, _)| k != key);
                }
                _ => {
                    *dict.entry_or(*key, || Value::Int(0)) = Value::Int(value);
                    match at {
                        Some(at) => pairs[at].1 = value,
                        None => pairs.push((*key, value)),
                    }
                }
            }
            let shown: Vec<(i64, i64)> =
                dict.iter().map(|(k, v)| (k.as_int().unwrap(), v.as_int().unwrap())).collect();
            assert_eq!(shown, pairs);
            assert_eq!(dict.len(), pairs.len());
            for (k, v) in &pairs {
                assert_eq!(dict.get_value(&Value::Int(*k)), Some(&Value::Int(*v)));
            }
        }
        assert_eq!(dict, pairs.iter().rev().copied().collect::<Dict>());
        let owned: Vec<(Value, Value)> = dict.clone().into_iter().rev().collect();
        assert_eq!(owned.len(), dict.len());
        assert!(dict.iter().rev().eq(owned.iter().map(|(k, v)| (k, v))));
    }

    proptest::proptest! {
        #[test]
        fn behaves_as_a_list_of_pairs(steps in proptest::collection::vec((0u8..4, 0i64..40), 0..200)) {
            check(&steps);
        }
    }

    #[test]
    fn one_entry_takes_no_memory_of_its_own() {
        assert!(size_of::<Dict>() <= 2 * size_of::<Value>());
    }

    #[test]
    fn keys_are_equal_as_in_python() {
        let mut dict = Dict::new().with(1, "int");
        assert_eq!(dict.insert(1.0, "float"), Some(Value::from("int")));
        assert_eq!(dict.insert(true, "bool"), Some(Value::from("float")));
        let many =
            dict.clone().into_iter().chain((2..40).map(|i| (Value::Int(i), Value::None))).collect::<Dict>();
        assert_eq!(many.get_value(&Value::Bool(true)), Some(&Value::from("bool")));
        assert_eq!(many.get_value(&Value::Float(2.0)), Some(&Value::None));
    }
}
