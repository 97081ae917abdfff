//! Values of a document without anchors, tags and merges, as they come.

use std::sync::Arc;

use super::Rules;
use super::construct::scalar_value;
use super::resolve::Tag;
use crate::{Dict, Value};

/// Values that wait for the end of what they are in.
pub(super) struct Plain {
    rules: Rules,
    waiting: Vec<Value>,
    texts: Texts,
}

impl Plain {
    pub(super) fn new(rules: Rules) -> Self {
        Plain { rules, waiting: Vec::new(), texts: Texts::new() }
    }

    pub(super) fn finish(mut self) -> Option<Value> {
        self.waiting.pop()
    }

    /// How many values are there.
    pub(super) fn made(&self) -> usize {
        self.waiting.len()
    }

    /// Whether a scalar is what it seems.
    pub(super) fn scalar(&mut self, tag: &Tag, text: &str) -> bool {
        let value = match tag {
            Tag::Str => Ok(Value::Str(self.texts.get(text))),
            Tag::Merge | Tag::Default | Tag::Other(_) => return false,
            _ => scalar_value(tag, text, self.rules),
        };
        value.map(|value| self.waiting.push(value)).is_ok()
    }

    /// Makes one value of those since there were `from`; false for one with keys that are no keys.
    pub(super) fn collection(&mut self, from: usize, list: bool) -> bool {
        let mut values = self.waiting.drain(from.min(self.waiting.len())..);
        let value = if list {
            Value::List(Arc::new(values.collect()))
        } else {
            let mut dict = Dict::with_capacity(values.len() / 2);
            while let (Some(key), Some(value)) = (values.next(), values.next()) {
                if matches!(key, Value::List(_) | Value::Dict(_)) {
                    return false;
                }
                if dict.insert(key, value).is_some() && self.rules == Rules::Salt {
                    return false;
                }
            }
            drop(values);
            dict.into()
        };
        self.waiting.push(value);
        true
    }
}

/// Short texts come again and again (`file`, `root`, `require`): the same text is the same memory, as long as no
/// other one has taken its place.
pub(super) struct Texts(Vec<Option<Arc<str>>>);

/// Longer ones are too seldom the same.
const SHORT: usize = 20;
const PLACES: usize = 512;

impl Texts {
    pub(super) fn new() -> Self {
        Texts(vec![None; PLACES])
    }

    pub(super) fn get(&mut self, text: &str) -> Arc<str> {
        if text.len() > SHORT {
            return Arc::from(text);
        }
        let hash = text.bytes().fold(text.len(), |hash, b| hash.wrapping_mul(31) ^ usize::from(b));
        match self.0.get_mut(hash % PLACES) {
            Some(Some(known)) if **known == *text => Arc::clone(known),
            Some(place) => Arc::clone(place.insert(Arc::from(text))),
            None => Arc::from(text),
        }
    }
}
