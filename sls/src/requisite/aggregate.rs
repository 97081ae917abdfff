//! Groups of states whose work may be done in one go: none of a group waits for another one of it.

use std::sync::Arc;

use super::edges::Edges;
use super::{Graph, graph::Hasher};

/// As many as Salt puts into one group.
const MAX_GROUP: usize = 500;

/// The groups of a run. Groups of one are no groups and are left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Groups {
    members: Vec<Vec<u32>>,
    /// Chunk to group.
    of: std::collections::HashMap<u32, usize, Hasher>,
}

impl Groups {
    /// The chunks of the group of a chunk, itself among them.
    pub(crate) fn of(&self, chunk: u32) -> &[u32] {
        self.of.get(&chunk).and_then(|group| self.members.get(*group)).map(Vec::as_slice).unwrap_or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.of.is_empty()
    }
}

/// A group while it is being made.
struct Group {
    module: Arc<str>,
    members: Vec<u32>,
    /// The nodes that wait for one of the members.
    reached: Vec<bool>,
}

impl Graph {
    /// Puts chunks into groups, in the order in which they run; `module` is none for a chunk that is to be alone.
    pub(crate) fn aggregate(&mut self, order: &[usize], module: impl Fn(usize) -> Option<Arc<str>>) {
        let mut groups: Vec<Group> = Vec::new();
        let mut of = std::collections::HashMap::<u32, usize, Hasher>::default();
        for &chunk in order {
            let node = chunk as u32;
            let Some(module) = module(chunk).filter(|_| !of.contains_key(&node)) else { continue };
            let fits = |group: &Group| {
                group.module == module
                    && group.members.len() < MAX_GROUP
                    && !group.reached.get(chunk).copied().unwrap_or_default()
            };
            let place = groups.iter().position(fits).unwrap_or_else(|| {
                let reached = vec![false; self.chunk_of.len()];
                groups.push(Group { module, members: Vec::new(), reached });
                groups.len() - 1
            });
            of.insert(node, place);
            if let Some(group) = groups.get_mut(place) {
                group.members.push(node);
            }
            // What waits for this one waits for the whole group, and so do those before the group.
            for other in 0..groups.len() {
                let before = |g: &Group| {
                    groups.get(place).is_some_and(|new| {
                        new.members.iter().any(|m| g.reached.get(*m as usize).copied().unwrap_or_default())
                    })
                };
                if other == place || groups.get(other).is_some_and(before) {
                    self.reach(node, other, &mut groups, &of);
                }
            }
        }
        let members: Vec<Vec<u32>> = groups.into_iter().map(|group| group.members).collect();
        of.retain(|_, group| members.get(*group).is_some_and(|m| m.len() > 1));
        self.groups = Groups { members, of };
    }

    /// Marks all that waits for a node as reached by a group.
    fn reach(
        &self,
        from: u32,
        group: usize,
        groups: &mut [Group],
        of: &std::collections::HashMap<u32, usize, Hasher>,
    ) {
        let mut todo = vec![from];
        while let Some(node) = todo.pop() {
            for (to, _) in self.out.get(node as usize).into_iter().flat_map(Edges::iter) {
                let Some(seen) = groups.get_mut(group).and_then(|g| g.reached.get_mut(to as usize)) else {
                    continue;
                };
                if std::mem::replace(seen, true) {
                    continue;
                }
                match of.get(&to).and_then(|own| groups.get(*own)) {
                    // Those that wait for one of a group wait for all of it.
                    Some(own) => todo.extend(own.members.iter().copied()),
                    None => todo.push(to),
                }
            }
        }
    }
}
