//! One, or a list of them.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use crate::{Value, args};

/// `a` or `[a, b]`: always a list on this side. `null` is the empty list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        OneOrMany(Vec::new())
    }
}

impl<T> std::ops::Deref for OneOrMany<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> IntoIterator for OneOrMany<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a OneOrMany<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T: Serialize> Serialize for OneOrMany<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let _: PhantomData<T> = PhantomData;
        let read = match Value::deserialize(deserializer)? {
            Value::None => Ok(Vec::new()),
            list @ Value::List(_) => args::from_value(list),
            one => args::from_value(one).map(|one| vec![one]),
        };
        read.map(OneOrMany).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    #[test]
    fn one_is_a_list_of_one() {
        for (text, wanted) in [("a", vec!["a"]), ("[a, 1]", vec!["a", "1"]), ("null", vec![])] {
            let read: OneOrMany<String> = args::from_value(yaml::load(text).unwrap()).unwrap();
            assert_eq!(read.0, wanted);
        }
        let error = args::from_value::<OneOrMany<String>>(yaml::load("[a, {}]").unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "[1]: invalid type: dict, expected a string");
    }
}
