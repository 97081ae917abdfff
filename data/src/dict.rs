//! The ordered dict: insertion order, any scalar as a key, look-up by `&str` without an allocation.

use crate::Value;
use crate::ordered::{self, Equivalent, Ordered, same_text};

/// An ordered dict. Setting an existing key keeps its place, as in Python.
#[derive(Clone, Default)]
pub struct Dict(Ordered<Value, Value>);

/// The entries of a [`Dict`] in order.
type Iter<'a> = ordered::Iter<'a, Value, Value>;
/// The entries of a [`Dict`] in order, by value.
type IntoIter = ordered::IntoIter<Value, Value>;

/// A text key, without a [`Value`] to be built.
#[derive(Hash)]
struct StrKey<'a>(&'a str);

impl Equivalent<Value> for StrKey<'_> {
    fn equivalent(&self, key: &Value) -> bool {
        matches!(key, Value::Str(text) if same_text(text, self.0))
    }
}

impl Dict {
    /// An empty dict.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty dict with room for `n` entries.
    pub fn with_capacity(n: usize) -> Self {
        Dict(Ordered::with_capacity(n))
    }

    /// Where a key is. Nearly all are text.
    fn find(&self, key: &Value) -> Option<usize> {
        match key {
            Value::Str(text) => self.0.find(&StrKey(text)),
            _ => self.0.find(key),
        }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a text key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(&StrKey(key))
    }

    /// The value of a text key, for writing.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.0.get_mut(&StrKey(key))
    }

    /// The position of a text key.
    pub fn index_of(&self, key: &str) -> Option<usize> {
        self.0.find(&StrKey(key))
    }

    /// Whether there is a text key `key`.
    pub fn contains(&self, key: &str) -> bool {
        self.0.contains_key(&StrKey(key))
    }

    /// The value of any key.
    pub fn get_value(&self, key: &Value) -> Option<&Value> {
        self.0.get_index(self.find(key)?).map(|(_, value)| value)
    }

    /// The value of any key, for writing.
    pub fn get_value_mut(&mut self, key: &Value) -> Option<&mut Value> {
        let at = self.find(key)?;
        self.0.value_at_mut(at)
    }

    /// The value at `key`, which is put there first when it is missing.
    pub fn entry_or(&mut self, key: impl Into<Value>, default: impl FnOnce() -> Value) -> &mut Value {
        self.0.get_or_insert_with(key.into(), default)
    }

    /// Adds a key at the end that is known not to be there.
    pub fn append(&mut self, key: impl Into<Value>, value: impl Into<Value>) {
        let (key, value) = (key.into(), value.into());
        debug_assert!(self.find(&key).is_none(), "{key:?} is there already");
        self.0.push(key, value);
    }

    /// Sets `key`; what it held before comes back.
    pub fn insert(&mut self, key: impl Into<Value>, value: impl Into<Value>) -> Option<Value> {
        self.set(key.into(), value.into())
    }

    fn set(&mut self, key: Value, value: Value) -> Option<Value> {
        match self.get_value_mut(&key) {
            Some(slot) => Some(std::mem::replace(slot, value)),
            None => {
                self.0.push(key, value);
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
        self.0.shift_remove(&StrKey(key))
    }

    /// Takes any key out; the order of the others stays.
    pub fn remove_value(&mut self, key: &Value) -> Option<Value> {
        self.0.shift_remove(key)
    }

    /// The entry at a position.
    pub fn get_index(&self, index: usize) -> Option<(&Value, &Value)> {
        self.0.get_index(index)
    }

    /// Keeps only the entries for which `keep` says so.
    pub fn retain(&mut self, keep: impl FnMut(&Value, &mut Value) -> bool) {
        self.0.retain(keep);
    }

    /// Entries in order.
    pub fn iter(&self) -> Iter<'_> {
        self.0.iter()
    }

    /// Entries in order, values for writing.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&Value, &mut Value)> + ExactSizeIterator {
        self.0.iter_mut()
    }

    /// Keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator + Clone {
        self.0.keys()
    }

    /// Values in order.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator + Clone {
        self.0.values()
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

impl IntoIterator for Dict {
    type Item = (Value, Value);
    type IntoIter = IntoIter;
    fn into_iter(self) -> IntoIter {
        self.0.into_iter()
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
