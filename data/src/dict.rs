//! The ordered dict: insertion order, any scalar as a key, look-up by `&str` without an allocation.
//!
//! Nearly all dicts are small (an argument of a state is one of a single entry), so the entries are a plain
//! list that is looked through; only a dict with many entries has an index beside it.

use std::hash::{BuildHasher, Hash};

use hashbrown::HashTable;

use crate::Value;

/// As many entries are looked through one by one.
const SMALL: usize = 12;

/// An ordered dict. Setting an existing key keeps its place, as in Python.
#[derive(Clone, Default)]
pub struct Dict {
    entries: Vec<(Value, Value)>,
    /// There when there are more than [`SMALL`] entries.
    index: Option<Box<Index>>,
}

/// The places of the entries by key.
#[derive(Clone, Default)]
struct Index {
    places: HashTable<usize>,
    hasher: foldhash::fast::RandomState,
}

/// What a [`Dict`] can be asked for: it hashes as the [`Value`] does that it is equal to.
trait Key: Hash {
    fn is(&self, key: &Value) -> bool;
}

impl Key for Value {
    fn is(&self, key: &Value) -> bool {
        self == key
    }
}

impl Key for str {
    fn is(&self, key: &Value) -> bool {
        key.as_str() == Some(self)
    }
}

impl Index {
    fn of(entries: &[(Value, Value)]) -> Box<Index> {
        let mut index = Box::new(Index {
            places: HashTable::with_capacity(entries.len() * 2),
            hasher: foldhash::fast::RandomState::default(),
        });
        for (place, (key, _)) in entries.iter().enumerate() {
            index.add(key, place, entries);
        }
        index
    }

    /// Notes the place of a key that is not there yet.
    fn add(&mut self, key: &Value, place: usize, entries: &[(Value, Value)]) {
        let hasher = &self.hasher;
        let hash_at = |place: &usize| entries.get(*place).map_or(0, |(key, _)| hasher.hash_one(key));
        self.places.insert_unique(hasher.hash_one(key), place, hash_at);
    }

    /// Forgets the place of a key; the entries behind it have moved up.
    fn remove(&mut self, key: &Value, place: usize) {
        if let Ok(entry) = self.places.find_entry(self.hasher.hash_one(key), |there| *there == place) {
            entry.remove();
        }
        for there in self.places.iter_mut().filter(|there| **there > place) {
            *there -= 1;
        }
    }

    fn find<K: Key + ?Sized>(&self, key: &K, entries: &[(Value, Value)]) -> Option<usize> {
        let is = |place: &usize| entries.get(*place).is_some_and(|(there, _)| key.is(there));
        self.places.find(self.hasher.hash_one(key), is).copied()
    }
}

impl Dict {
    /// An empty dict.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty dict with room for `n` entries.
    pub fn with_capacity(n: usize) -> Self {
        Dict { entries: Vec::with_capacity(n), index: None }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn place<K: Key + ?Sized>(&self, key: &K) -> Option<usize> {
        match &self.index {
            None => self.entries.iter().position(|(there, _)| key.is(there)),
            Some(index) => index.find(key, &self.entries),
        }
    }

    /// Puts a key that is not there yet behind the others.
    fn push(&mut self, key: Value, value: Value) {
        match &mut self.index {
            Some(index) => index.add(&key, self.entries.len(), &self.entries),
            None if self.entries.len() >= SMALL => {
                self.entries.push((key, value));
                self.index = Some(Index::of(&self.entries));
                return;
            }
            None => {}
        }
        self.entries.push((key, value));
    }

    fn take(&mut self, place: usize) -> Value {
        let (key, value) = self.entries.remove(place);
        if let Some(index) = &mut self.index {
            index.remove(&key, place);
        }
        value
    }

    /// The value of a text key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.get(self.place(key)?).map(|(_, value)| value)
    }

    /// The value of a text key, for writing.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        let place = self.place(key)?;
        self.entries.get_mut(place).map(|(_, value)| value)
    }

    /// Whether there is a text key `key`.
    pub fn contains(&self, key: &str) -> bool {
        self.place(key).is_some()
    }

    /// The value of any key.
    pub fn get_value(&self, key: &Value) -> Option<&Value> {
        self.entries.get(self.place(key)?).map(|(_, value)| value)
    }

    /// The value of any key, for writing.
    pub fn get_value_mut(&mut self, key: &Value) -> Option<&mut Value> {
        let place = self.place(key)?;
        self.entries.get_mut(place).map(|(_, value)| value)
    }

    /// The value at `key`, which is put there first when it is missing.
    pub fn entry_or(&mut self, key: impl Into<Value>, default: impl FnOnce() -> Value) -> &mut Value {
        let key = key.into();
        let place = self.place(&key).unwrap_or_else(|| {
            self.push(key, default());
            self.entries.len() - 1
        });
        &mut self.entries[place].1
    }

    /// Sets `key`; what it held before comes back.
    pub fn insert(&mut self, key: impl Into<Value>, value: impl Into<Value>) -> Option<Value> {
        self.set(key.into(), value.into())
    }

    fn set(&mut self, key: Value, value: Value) -> Option<Value> {
        match self.place(&key).and_then(|place| self.entries.get_mut(place)) {
            Some((_, there)) => Some(std::mem::replace(there, value)),
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
        self.place(key).map(|place| self.take(place))
    }

    /// Takes any key out; the order of the others stays.
    pub fn remove_value(&mut self, key: &Value) -> Option<Value> {
        self.place(key).map(|place| self.take(place))
    }

    /// The entry at a position.
    pub fn get_index(&self, index: usize) -> Option<(&Value, &Value)> {
        self.entries.get(index).map(|(key, value)| (key, value))
    }

    /// Keeps only the entries for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&Value, &mut Value) -> bool) {
        let before = self.entries.len();
        self.entries.retain_mut(|(key, value)| keep(key, value));
        if self.index.is_some() && self.entries.len() != before {
            self.index = (self.entries.len() > SMALL).then(|| Index::of(&self.entries));
        }
    }

    /// Entries in order.
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.entries.iter())
    }

    /// Entries in order, values for writing.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&Value, &mut Value)> + ExactSizeIterator {
        self.entries.iter_mut().map(|(key, value)| (&*key, value))
    }

    /// Keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator + Clone {
        self.entries.iter().map(|(key, _)| key)
    }

    /// Values in order.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator + Clone {
        self.entries.iter().map(|(_, value)| value)
    }
}

/// The entries of a [`Dict`] in order.
#[derive(Clone, Debug)]
pub struct Iter<'a>(std::slice::Iter<'a, (Value, Value)>);

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

/// Equal when they hold the same, in whatever order.
impl PartialEq for Dict {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get_value(key) == Some(value))
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
        for (key, value) in iter {
            self.set(key.into(), value.into());
        }
    }
}

impl IntoIterator for Dict {
    type Item = (Value, Value);
    type IntoIter = std::vec::IntoIter<(Value, Value)>;
    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<'a> IntoIterator for &'a Dict {
    type Item = (&'a Value, &'a Value);
    type IntoIter = Iter<'a>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same done to a plain list.
    #[derive(Default)]
    struct Model(Vec<(Value, Value)>);

    impl Model {
        fn place(&self, key: &Value) -> Option<usize> {
            self.0.iter().position(|(there, _)| there == key)
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Insert(Value, i64),
        EntryOr(Value, i64),
        Remove(Value),
        KeepEven,
    }

    fn key() -> impl Strategy<Value = Value> {
        prop_oneof![
            (0..40_i64).prop_map(Value::from),
            (0..40_i64).prop_map(|i| Value::from(format!("key {i}"))),
            (0..4_i64).prop_map(|i| Value::Float(i as f64)),
        ]
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            8 => (key(), 0..100_i64).prop_map(|(k, v)| Step::Insert(k, v)),
            2 => (key(), 0..100_i64).prop_map(|(k, v)| Step::EntryOr(k, v)),
            3 => key().prop_map(Step::Remove),
            1 => Just(Step::KeepEven),
        ]
    }

    proptest! {
        #[test]
        fn does_what_a_plain_list_does(steps in prop::collection::vec(step(), 0..120)) {
            let (mut dict, mut model) = (Dict::new(), Model::default());
            for step in steps {
                match step {
                    Step::Insert(key, value) => {
                        let before = dict.insert(key.clone(), value);
                        match model.place(&key) {
                            Some(place) => {
                                let there = std::mem::replace(&mut model.0[place].1, value.into());
                                prop_assert_eq!(before, Some(there));
                            }
                            None => {
                                prop_assert_eq!(before, None);
                                model.0.push((key, value.into()));
                            }
                        }
                    }
                    Step::EntryOr(key, value) => {
                        let there = dict.entry_or(key.clone(), || value.into()).clone();
                        if model.place(&key).is_none() {
                            model.0.push((key.clone(), value.into()));
                        }
                        let place = model.place(&key).unwrap();
                        prop_assert_eq!(&there, &model.0[place].1);
                    }
                    Step::Remove(key) => {
                        let taken = model.place(&key).map(|place| model.0.remove(place).1);
                        prop_assert_eq!(dict.remove_value(&key), taken);
                    }
                    Step::KeepEven => {
                        dict.retain(|_, value| value.as_int().is_some_and(|i| i % 2 == 0));
                        model.0.retain(|(_, value)| value.as_int().is_some_and(|i| i % 2 == 0));
                    }
                }
                prop_assert_eq!(dict.len(), model.0.len());
            }
            for (key, value) in &model.0 {
                prop_assert_eq!(dict.get_value(key), Some(value));
                if let Some(text) = key.as_str() {
                    prop_assert_eq!(dict.get(text), Some(value));
                }
            }
            let entries: Vec<_> = dict.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
            prop_assert_eq!(&entries, &model.0);
            let turned: Dict = entries.into_iter().rev().collect();
            prop_assert!(turned == dict);
        }
    }

    #[test]
    fn true_and_one_are_one_key_in_small_and_large() {
        for more in [0, 50] {
            let mut dict: Dict = (100..100 + more).map(|i| (i, i)).collect();
            dict.insert(1, "one");
            dict.insert(true, "true");
            assert_eq!(dict.len(), more as usize + 1);
            assert_eq!(dict.get_value(&Value::Float(1.0)), Some(&Value::from("true")));
        }
    }
}
