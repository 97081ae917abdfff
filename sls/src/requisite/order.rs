//! The order of the chunks: by requisites first, then by `order`, then by what they are called.

use std::borrow::Cow;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::Arc;

use data::Value;

use super::Graph;
use super::edges::Edges;
use crate::LowChunk;
use crate::keys::KEYS;

/// What `last` and negative numbers count from.
const LAST: i64 = 1_000_000;

/// The graph has a cycle.
pub(crate) struct Cyclic;

#[derive(Clone, Copy, PartialEq)]
struct Key {
    /// The chunk's `order`, or that of an earlier one that waits for it.
    order: f64,
    own: f64,
}

#[derive(PartialEq)]
struct Entry {
    key: Key,
    name: Name,
    node: u32,
}

/// What a chunk is called: looked at where two are to run at the same time otherwise.
#[derive(Default, PartialEq)]
struct Name {
    state: Arc<str>,
    id: Arc<str>,
    name: Value,
    fun: Arc<str>,
}

impl Name {
    /// By `state`, `name` and `fun` as one text, then by tag.
    fn cmp(&self, other: &Name) -> Ordering {
        fn text(name: &Value) -> Cow<'_, str> {
            name.as_str().map_or_else(|| name.to_string().into(), Cow::from)
        }
        let (own, theirs) = (text(&self.name), text(&other.name));
        let label = |own: [&str; 3], theirs: [&str; 3]| {
            own.into_iter().flat_map(str::bytes).cmp(theirs.into_iter().flat_map(str::bytes))
        };
        label([&self.state, &own, &self.fun], [&other.state, &theirs, &other.fun])
            .then_with(|| self.state.cmp(&other.state))
            .then_with(|| label([&self.id, "_|-", &own], [&other.id, "_|-", &theirs]))
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        let (a, b) = (self, other);
        a.key
            .order
            .total_cmp(&b.key.order)
            .then_with(|| a.key.own.total_cmp(&b.key.own))
            .then_with(|| a.name.cmp(&b.name))
            .then_with(|| a.node.cmp(&b.node))
    }
}

impl Graph {
    /// The order in which to run: chunk numbers; a chunk that a `prereq` names comes twice. Settles the
    /// `order` of each chunk on the way.
    pub(crate) fn sort(&self, chunks: &mut [LowChunk], cap: i64) -> Result<Vec<usize>, Cyclic> {
        let mut waits: Vec<u32> = self.waits_for.iter().map(Edges::count).collect();
        let mut heap = BinaryHeap::new();
        for (i, _) in waits.iter().enumerate().filter(|(_, n)| **n == 0) {
            heap.push(Reverse(self.entry(i as u32, chunks, cap)));
        }
        let mut sorted = Vec::with_capacity(self.chunk_of.len());
        while let Some(Reverse(entry)) = heap.pop() {
            let Some(chunk) = self.chunk_of.get(entry.node as usize) else { continue };
            sorted.push(*chunk as usize);
            for (to, kinds) in self.out.get(entry.node as usize).into_iter().flat_map(Edges::iter) {
                let Some(left) = waits.get_mut(to as usize) else { continue };
                *left -= kinds.len();
                if *left == 0 {
                    heap.push(Reverse(self.entry(to, chunks, cap)));
                }
            }
        }
        if sorted.len() == self.chunk_of.len() { Ok(sorted) } else { Err(Cyclic) }
    }

    fn entry(&self, node: u32, chunks: &mut [LowChunk], cap: i64) -> Entry {
        let Some(chunk) = self.chunk_of.get(node as usize).map(|chunk| *chunk as usize) else {
            return Entry { key: Key { order: 0.0, own: 0.0 }, name: Name::default(), node };
        };
        let own = chunks.get_mut(chunk).map_or(0.0, |chunk| settle(chunk, cap, true));
        let mut order = own;
        // Those that wait for it with the strongest kind of requisite seen so far pull it forward.
        let mut strongest = None;
        for (to, kinds) in self.out.get(node as usize).into_iter().flat_map(Edges::iter) {
            for kind in kinds.iter() {
                if strongest.is_none_or(|s| s <= kind) {
                    strongest = Some(kind);
                    let waiting =
                        self.chunk_of.get(to as usize).and_then(|chunk| chunks.get_mut(*chunk as usize));
                    let theirs = waiting
                        .filter(|chunk| chunk.get("order").is_some())
                        .map(|chunk| settle(chunk, cap, false));
                    order = theirs.map_or(order, |theirs| order.min(theirs));
                }
            }
        }
        let name = chunks.get(chunk).map_or_else(Name::default, |chunk| Name {
            state: chunk.state.clone(),
            id: chunk.id.clone(),
            name: chunk.name.clone(),
            fun: chunk.fun.clone(),
        });
        Entry { key: Key { order, own }, name, node }
    }
}

/// Makes the `order` of a chunk a number. Only its own turn adds the place among its `names`.
fn settle(chunk: &mut LowChunk, cap: i64, own_turn: bool) -> f64 {
    let (mut order, mut settled) = match chunk.low.get_value(&KEYS.order) {
        Some(n @ (Value::Int(_) | Value::Float(_) | Value::Bool(_))) => (n.clone(), true),
        Some(Value::Str(s)) if **s == *"last" => (Value::Int(cap + LAST), false),
        Some(Value::Str(s)) if **s == *"first" => (Value::Int(0), false),
        _ => (Value::Int(cap), false),
    };
    let mut number = order.as_f64().unwrap_or_default();
    if own_turn {
        if let Some(place) = chunk.low.remove("name_order").and_then(|n| n.as_f64()) {
            number += place / 10_000.0;
            (order, settled) = (Value::Float(number), false);
        }
        if number < 0.0 {
            number += (cap + LAST) as f64;
            order = match order {
                Value::Float(_) => Value::Float(number),
                _ => Value::Int(number as i64),
            };
            settled = false;
        }
    }
    if !settled {
        chunk.low.insert(KEYS.order.clone(), order);
    }
    number
}
