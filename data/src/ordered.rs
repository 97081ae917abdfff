//! An ordered map: insertion order, and memory only for what there is.
//!
//! Most dicts of a tree have one entry (`- mode: 0644`) and nearly all have a handful: one entry needs no
//! memory of its own, a few are looked through, and only then is there an index.

use std::hash::{BuildHasher, Hash};

pub use hashbrown::Equivalent;
use hashbrown::HashTable;

/// Whether two texts are the same. Most keys of one length that are not the same end in another way.
pub fn same_text(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.as_bytes().last() == b.as_bytes().last() && a == b
}

/// How many entries are looked through without an index.
const FEW: usize = 12;

/// An ordered map. Setting an existing key keeps its place, as in Python's dicts.
#[derive(Clone)]
pub struct Ordered<K, V>(Entries<K, V>);

impl<K, V> Default for Ordered<K, V> {
    fn default() -> Self {
        Ordered(Entries::None)
    }
}

#[derive(Clone, Default)]
enum Entries<K, V> {
    #[default]
    None,
    One((K, V)),
    Few(Vec<(K, V)>),
    Many(Box<Indexed<K, V>>),
}

/// Many entries, and where each key is among them.
#[derive(Clone)]
struct Indexed<K, V> {
    entries: Vec<(K, V)>,
    index: HashTable<u32>,
    hasher: foldhash::fast::RandomState,
}

impl<K: Hash + Eq, V> Indexed<K, V> {
    fn new(entries: Vec<(K, V)>) -> Box<Self> {
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

    fn find<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<usize> {
        let same = |at: &u32| self.entries.get(*at as usize).is_some_and(|(k, _)| key.equivalent(k));
        self.index.find(self.hasher.hash_one(key), same).map(|at| *at as usize)
    }

    fn push(&mut self, entry: (K, V)) {
        let Indexed { entries, index, hasher } = self;
        let hash = hasher.hash_one(&entry.0);
        let at = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        entries.push(entry);
        let hash_at = |at: &u32| entries.get(*at as usize).map_or(0, |(key, _)| hasher.hash_one(key));
        index.insert_unique(hash, at, hash_at);
    }

    fn remove(&mut self, at: usize) -> (K, V) {
        let gone = u32::try_from(at).unwrap_or(u32::MAX);
        let entry = self.entries.remove(at);
        self.index.retain(|i| *i != gone);
        for i in self.index.iter_mut().filter(|i| **i > gone) {
            *i -= 1;
        }
        entry
    }
}

impl<K, V> Ordered<K, V> {
    fn entries(&self) -> &[(K, V)] {
        match &self.0 {
            Entries::None => &[],
            Entries::One(entry) => std::slice::from_ref(entry),
            Entries::Few(entries) => entries,
            Entries::Many(indexed) => &indexed.entries,
        }
    }

    fn entries_mut(&mut self) -> &mut [(K, V)] {
        match &mut self.0 {
            Entries::None => &mut [],
            Entries::One(entry) => std::slice::from_mut(entry),
            Entries::Few(entries) => entries,
            Entries::Many(indexed) => &mut indexed.entries,
        }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        matches!(self.0, Entries::None) || self.entries().is_empty()
    }

    /// The entry at a position.
    pub fn get_index(&self, index: usize) -> Option<(&K, &V)> {
        self.entries().get(index).map(|(key, value)| (key, value))
    }

    /// The value at a position, for writing.
    pub fn value_at_mut(&mut self, index: usize) -> Option<&mut V> {
        self.entries_mut().get_mut(index).map(|(_, value)| value)
    }

    /// Entries in order.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter(self.entries().iter())
    }

    /// Entries in order, values for writing.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&K, &mut V)> + ExactSizeIterator {
        self.entries_mut().iter_mut().map(|(key, value)| (&*key, value))
    }

    /// Keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + ExactSizeIterator + Clone {
        self.entries().iter().map(|(key, _)| key)
    }

    /// Values in order.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + ExactSizeIterator + Clone {
        self.entries().iter().map(|(_, value)| value)
    }
}

impl<K: Hash + Eq, V> Ordered<K, V> {
    /// An empty map with room for `n` entries.
    pub fn with_capacity(n: usize) -> Self {
        Ordered(match n {
            0 | 1 => Entries::None,
            _ if n <= FEW => Entries::Few(Vec::with_capacity(n)),
            _ => {
                let mut indexed = Indexed::new(Vec::with_capacity(n));
                indexed.index.reserve(n, |_| 0);
                Entries::Many(indexed)
            }
        })
    }

    /// Where a key is.
    pub fn find<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<usize> {
        match &self.0 {
            Entries::Many(indexed) => indexed.find(key),
            _ => self.entries().iter().position(|(k, _)| key.equivalent(k)),
        }
    }

    /// The value of a key.
    pub fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<&V> {
        self.entries().get(self.find(key)?).map(|(_, value)| value)
    }

    /// The value of a key, for writing.
    pub fn get_mut<Q: Hash + Equivalent<K> + ?Sized>(&mut self, key: &Q) -> Option<&mut V> {
        let at = self.find(key)?;
        self.value_at_mut(at)
    }

    /// Whether a key is there.
    pub fn contains_key<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> bool {
        self.find(key).is_some()
    }

    /// Sets `key`; what it held before comes back.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.get_mut(&key) {
            Some(slot) => Some(std::mem::replace(slot, value)),
            None => {
                self.push(key, value);
                None
            }
        }
    }

    /// The value at `key`, which is put there first when it is missing.
    pub fn get_or_insert_with(&mut self, key: K, default: impl FnOnce() -> V) -> &mut V {
        let at = self.find(&key).unwrap_or_else(|| {
            self.push(key, default());
            self.len() - 1
        });
        // It was found, or put there.
        &mut self.entries_mut()[at].1
    }

    /// Puts a key at the end that is not there yet.
    pub(crate) fn push(&mut self, key: K, value: V) {
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

    /// Takes a key out; the order of the others stays.
    pub fn shift_remove<Q: Hash + Equivalent<K> + ?Sized>(&mut self, key: &Q) -> Option<V> {
        let at = self.find(key)?;
        self.take_at(at).map(|(_, value)| value)
    }

    /// Takes the last entry out.
    pub fn pop(&mut self) -> Option<(K, V)> {
        let last = self.len().checked_sub(1)?;
        self.take_at(last)
    }

    fn take_at(&mut self, at: usize) -> Option<(K, V)> {
        Some(match &mut self.0 {
            Entries::None => return None,
            Entries::One(_) => match std::mem::take(&mut self.0) {
                Entries::One(entry) => entry,
                _ => return None,
            },
            Entries::Few(entries) => entries.remove(at),
            Entries::Many(indexed) => indexed.remove(at),
        })
    }

    /// Keeps only the entries for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
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

    /// Makes room in an empty map.
    fn expect(&mut self, n: usize) {
        if matches!(self.0, Entries::None) {
            *self = Self::with_capacity(n);
        }
    }
}

impl<K: Hash + Eq, V> FromIterator<(K, V)> for Ordered<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(iter: I) -> Self {
        let mut map = Ordered(Entries::None);
        map.extend(iter);
        map
    }
}

impl<K: Hash + Eq, V> Extend<(K, V)> for Ordered<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, iter: I) {
        let iter = iter.into_iter();
        self.expect(iter.size_hint().0);
        iter.for_each(|(key, value)| drop(self.insert(key, value)));
    }
}

/// The entries of an [`Ordered`] map in order.
pub struct Iter<'a, K, V>(std::slice::Iter<'a, (K, V)>);

impl<K, V> Clone for Iter<'_, K, V> {
    fn clone(&self) -> Self {
        Iter(self.0.clone())
    }
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(key, value)| (key, value))
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<K, V> DoubleEndedIterator for Iter<'_, K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(|(key, value)| (key, value))
    }
}

impl<K, V> ExactSizeIterator for Iter<'_, K, V> {}

/// The entries of an [`Ordered`] map in order, by value.
pub struct IntoIter<K, V> {
    one: Option<(K, V)>,
    rest: std::vec::IntoIter<(K, V)>,
}

impl<K, V> Iterator for IntoIter<K, V> {
    type Item = (K, V);
    fn next(&mut self) -> Option<(K, V)> {
        self.one.take().or_else(|| self.rest.next())
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        let n = usize::from(self.one.is_some()) + self.rest.len();
        (n, Some(n))
    }
}

impl<K, V> DoubleEndedIterator for IntoIter<K, V> {
    fn next_back(&mut self) -> Option<(K, V)> {
        self.rest.next_back().or_else(|| self.one.take())
    }
}

impl<K, V> ExactSizeIterator for IntoIter<K, V> {}

impl<K, V> IntoIterator for Ordered<K, V> {
    type Item = (K, V);
    type IntoIter = IntoIter<K, V>;
    fn into_iter(self) -> IntoIter<K, V> {
        let (one, rest) = match self.0 {
            Entries::None => (None, Vec::new()),
            Entries::One(entry) => (Some(entry), Vec::new()),
            Entries::Few(entries) => (None, entries),
            Entries::Many(indexed) => (None, indexed.entries),
        };
        IntoIter { one, rest: rest.into_iter() }
    }
}

impl<'a, K, V> IntoIterator for &'a Ordered<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;
    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}
