//! The edges of one node: few as a rule, so a plain list; one with many has an index beside it.

use std::collections::HashMap;

use super::{Kind, Kinds, graph::Hasher};

/// As many are looked through one by one.
const SMALL: usize = 16;

/// The nodes at the other end, in the order in which they came, with the kinds of requisites.
#[derive(Clone, Debug, Default)]
pub(super) struct Edges {
    list: Vec<(u32, Kinds)>,
    /// Node to place; empty while there are few.
    index: HashMap<u32, usize, Hasher>,
}

impl Edges {
    /// Adds a kind to the edge; false when it had it.
    pub(super) fn add(&mut self, node: u32, kind: Kind) -> bool {
        let place = match self.index.is_empty() {
            false => self.index.get(&node).copied(),
            true => self.list.iter().position(|(there, _)| *there == node),
        };
        if let Some((_, kinds)) = place.and_then(|place| self.list.get_mut(place)) {
            return kinds.add(kind);
        }
        let mut kinds = Kinds::default();
        kinds.add(kind);
        let place = self.list.len();
        self.list.push((node, kinds));
        if !self.index.is_empty() {
            self.index.insert(node, place);
        } else if place >= SMALL {
            self.index = self.list.iter().enumerate().map(|(place, (node, _))| (*node, place)).collect();
        }
        true
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, Kinds)> {
        self.list.iter().copied()
    }

    pub(super) fn get(&self, place: usize) -> Option<(u32, Kinds)> {
        self.list.get(place).copied()
    }

    /// How many there are, each kind counted on its own.
    pub(super) fn count(&self) -> u32 {
        self.list.iter().map(|(_, kinds)| kinds.len()).sum()
    }
}
