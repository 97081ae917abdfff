//! The graph of what waits for what. A node is a chunk, or the test run of a chunk that a `prereq` names.

use std::collections::HashMap;
use std::sync::Arc;

use data::Value;
use indexmap::IndexMap;

use super::aggregate::Groups;
use super::{Kind, Kinds, reference};
use crate::{LowChunk, glob, hint};

pub(super) type Hasher = foldhash::fast::RandomState;
type Edges = IndexMap<u32, Kinds, Hasher>;

/// The requisites of all chunks of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    /// Node to chunk. Chunk `i` itself is node `i`; behind the chunks come the test runs.
    pub(super) chunk_of: Vec<u32>,
    /// Node to those that wait for it, and the other way round.
    pub(super) out: Vec<Edges>,
    pub(super) waits_for: Vec<Edges>,
    /// Chunk to the node of its test run.
    test_of: HashMap<u32, u32, Hasher>,
    by_tag: HashMap<String, u32, Hasher>,
    by_name: IndexMap<(Arc<str>, Arc<str>), Vec<u32>, Hasher>,
    by_sls: IndexMap<Arc<str>, Vec<u32>, Hasher>,
    id_key: Arc<str>,
    pub(super) groups: Groups,
}

impl Graph {
    pub(crate) fn new() -> Self {
        Graph { id_key: "id".into(), ..Graph::default() }
    }

    /// Adds a chunk; where one of the same tag is there, that one's place is returned and the chunk is to
    /// take it.
    pub(crate) fn add_chunk(&mut self, chunk: &LowChunk) -> usize {
        let next = self.chunk_of.len() as u32;
        let node = *self.by_tag.entry(chunk.tag()).or_insert(next);
        if node == next {
            self.chunk_of.push(next);
            self.out.push(Edges::default());
            self.waits_for.push(Edges::default());
        }
        let name =
            chunk.name.as_str().map(|name| if *name == *chunk.id { chunk.id.clone() } else { name.into() });
        for module in [chunk.state.clone(), self.id_key.clone()] {
            if let Some(name) = &name {
                register(self.by_name.entry((module.clone(), name.clone())).or_default(), node);
            }
            register(self.by_name.entry((module, chunk.id.clone())).or_default(), node);
        }
        let included_from = chunk.get("__sls_included_from__").and_then(Value::as_list).unwrap_or_default();
        let included_from = included_from.iter().filter_map(|sls| match sls {
            Value::Str(sls) => Some(sls.clone()),
            _ => None,
        });
        for sls in std::iter::once(chunk.sls.clone()).filter(|sls| !sls.is_empty()).chain(included_from) {
            register(self.by_sls.entry(sls).or_default(), node);
        }
        node as usize
    }

    /// What a chunk waits for, or the test run of it, by kind.
    pub(crate) fn dependencies(&self, chunk: usize, test: bool) -> impl Iterator<Item = (Kind, usize)> {
        let node = if test { self.test_of.get(&(chunk as u32)).copied() } else { Some(chunk as u32) };
        let edges = node.and_then(|node| self.waits_for.get(node as usize));
        edges.into_iter().flatten().flat_map(|(from, kinds)| {
            let chunk = self.chunk_of.get(*from as usize).map(|chunk| *chunk as usize);
            kinds.iter().filter_map(move |kind| Some((kind, chunk?)))
        })
    }

    /// The chunks that may be run in one go with a chunk, itself among them; empty when it is alone.
    pub(crate) fn group(&self, chunk: usize) -> impl Iterator<Item = usize> {
        self.groups.of(chunk as u32).iter().map(|chunk| *chunk as usize)
    }

    /// Whether there are groups at all.
    pub(crate) fn has_groups(&self) -> bool {
        !self.groups.is_empty()
    }

    /// Reads the requisites of a chunk. The error is Salt's text.
    pub(crate) fn add_requisites(
        &mut self,
        index: usize,
        chunks: &mut [LowChunk],
        disabled: &[String],
    ) -> Result<(), String> {
        for kind in Kind::ALL {
            let Some(chunk) = chunks.get(index) else { return Ok(()) };
            let Some(Value::List(items)) = chunk.get(kind.name()) else { continue };
            if disabled.iter().any(|d| d == kind.name()) {
                continue;
            }
            let items = items.clone();
            for item in items.iter() {
                let Some((module, target)) = reference(item) else { continue };
                if target.is_none() {
                    continue;
                }
                let Some(chunk) = chunks.get(index) else { return Ok(()) };
                let at = |what: String| format!("{what} in state [{}] in SLS [{}]", chunk.name, chunk.sls);
                let Some(target) = target.as_str() else {
                    let what = at(format!("Requisite [{}: {module}]", kind.name()));
                    return Err(format!("{what} must have a string as the value"));
                };
                let Some(found) = self.find(module, target) else {
                    let what = format!(
                        "Referenced state does not exist for requisite [{}: ({module}: {target})]",
                        kind.name()
                    );
                    return Err(hint::told(at(what), self.meant(module, target)));
                };
                for required in found {
                    if kind == Kind::Prereq {
                        self.add_prereq(index as u32, required, chunks);
                    } else {
                        if let Some(test) = self.test_of.get(&(index as u32)).copied() {
                            self.add_edge(required, test, kind);
                        }
                        self.add_edge(required, index as u32, kind);
                    }
                }
            }
        }
        Ok(())
    }

    /// The chunks that a reference means; none when it means nothing at all.
    fn find(&self, module: &str, target: &str) -> Option<Vec<u32>> {
        let globbed = glob::is_glob(target);
        if module == "sls" {
            if !globbed {
                return self.by_sls.get(target).cloned();
            }
            // A glob over SLS names may match nothing.
            let found = self.by_sls.iter().filter(|(sls, _)| glob::matches(target, sls));
            return Some(found.flat_map(|(_, nodes)| nodes.iter().copied()).collect());
        }
        if !globbed {
            return self.by_name.get(&Pair(module, target)).cloned();
        }
        let found =
            self.by_name.iter().filter(|((m, name), _)| **m == *module && glob::matches(target, name));
        let found: Vec<u32> = found.flat_map(|(_, nodes)| nodes.iter().copied()).collect();
        (!found.is_empty()).then_some(found)
    }

    /// What a reference to nothing may have meant.
    fn meant(&self, module: &str, target: &str) -> Option<String> {
        if module == "sls" {
            return hint::meant(target, self.by_sls.keys().map(|sls| &**sls));
        }
        let other = self.by_name.keys().find(|(m, name)| **name == *target && **m != *self.id_key);
        if let Some((other, _)) = other {
            return Some(format!("did you mean '{other}: {target}'?"));
        }
        hint::meant(target, self.by_name.keys().filter(|(m, _)| **m == *module).map(|(_, name)| &**name))
    }

    fn add_edge(&mut self, from: u32, to: u32, kind: Kind) {
        if let Some(edges) = self.out.get_mut(from as usize) {
            edges.entry(to).or_default().add(kind);
        }
        if let Some(edges) = self.waits_for.get_mut(to as usize) {
            edges.entry(from).or_default().add(kind);
        }
    }

    /// `index` runs only if `required` would change something: the test run of `required` comes first,
    /// then `index`, then `required`.
    fn add_prereq(&mut self, index: u32, required: u32, chunks: &mut [LowChunk]) {
        if let Some(chunk) = chunks.get_mut(index as usize) {
            chunk.low.insert("__prerequiring__", true);
        }
        if let Some(chunk) = chunks.get_mut(required as usize) {
            chunk.low.insert("__prereq__", true);
        }
        let test = match self.test_of.get(&required) {
            Some(test) => *test,
            None => {
                let test = self.chunk_of.len() as u32;
                self.chunk_of.push(required);
                self.out.push(Edges::default());
                self.waits_for.push(Edges::default());
                self.test_of.insert(required, test);
                // The test run waits for what the state itself waits for.
                let waits: Vec<(u32, Kinds)> = self
                    .waits_for
                    .get(required as usize)
                    .into_iter()
                    .flatten()
                    .map(|(n, k)| (*n, *k))
                    .collect();
                for (from, kinds) in waits {
                    kinds
                        .iter()
                        .filter(|k| *k != Kind::Prereq)
                        .for_each(|kind| self.add_edge(from, test, kind));
                }
                test
            }
        };
        self.add_edge(test, index, Kind::Prereq);
        self.add_edge(index, required, Kind::Require);
        // Chained: the test run of the one that asks comes after the test run of the one that it asks for.
        if let Some(own_test) = self.test_of.get(&index).copied() {
            self.add_edge(test, own_test, Kind::Prereq);
        }
    }
}

fn register(nodes: &mut Vec<u32>, node: u32) {
    // The same node is registered twice in a row or not at all.
    if nodes.last() != Some(&node) {
        nodes.push(node);
    }
}

/// Asks for a name without building one.
#[derive(Hash)]
struct Pair<'a>(&'a str, &'a str);

impl indexmap::Equivalent<(Arc<str>, Arc<str>)> for Pair<'_> {
    fn equivalent(&self, key: &(Arc<str>, Arc<str>)) -> bool {
        *self.0 == *key.0 && *self.1 == *key.1
    }
}
