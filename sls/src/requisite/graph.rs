//! The graph of what waits for what. A node is a chunk, or the test run of a chunk that a `prereq` names.

use std::collections::HashMap;
use std::sync::Arc;

use data::Value;
use indexmap::IndexMap;

use super::aggregate::Groups;
use super::edges::Edges;
use super::{Kind, Kinds, reference};
use crate::{LowChunk, glob, hint};

pub(super) type Hasher = foldhash::fast::RandomState;

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
    /// IDs and names, of whatever module.
    by_name: IndexMap<Arc<str>, Nodes, Hasher>,
    by_sls: IndexMap<Arc<str>, Nodes, Hasher>,
    pub(super) groups: Groups,
    last_sls: Option<LastSls>,
}

/// Where the states of a file are registered.
#[derive(Clone, Debug)]
struct LastSls {
    sls: Arc<str>,
    from: Value,
    places: Vec<usize>,
}

/// The nodes of a name: one as a rule.
#[derive(Clone, Debug)]
enum Nodes {
    One(u32),
    Many(Vec<u32>),
}

impl Nodes {
    fn as_slice(&self) -> &[u32] {
        match self {
            Nodes::One(node) => std::slice::from_ref(node),
            Nodes::Many(nodes) => nodes,
        }
    }

    /// Adds a node; the same one is added several times in a row or once.
    fn add(&mut self, node: u32) {
        match self {
            Nodes::One(there) if *there == node => {}
            Nodes::One(there) => *self = Nodes::Many(vec![*there, node]),
            Nodes::Many(nodes) if nodes.last() == Some(&node) => {}
            Nodes::Many(nodes) => nodes.push(node),
        }
    }
}

fn register(map: &mut IndexMap<Arc<str>, Nodes, Hasher>, name: Arc<str>, node: u32) {
    match map.entry(name) {
        indexmap::map::Entry::Occupied(mut there) => there.get_mut().add(node),
        indexmap::map::Entry::Vacant(free) => drop(free.insert(Nodes::One(node))),
    }
}

impl Graph {
    /// Adds a chunk behind those that are there. Where one of the same tag is there, that one's place is returned
    /// and the chunk is to take it.
    pub(crate) fn add_chunk(&mut self, chunk: &LowChunk, chunks: &[LowChunk]) -> usize {
        let name: Option<Arc<str>> = match &chunk.name {
            Value::Str(name) if **name == *chunk.id => None,
            Value::Str(name) => Some(name.clone()),
            _ => None,
        };
        let next = self.chunk_of.len() as u32;
        let is_same = |node: &&u32| chunks.get(**node as usize).is_some_and(|other| other.is_same_as(chunk));
        let node = match self.by_name.entry(chunk.id.clone()) {
            indexmap::map::Entry::Vacant(free) => {
                free.insert(Nodes::One(next));
                next
            }
            indexmap::map::Entry::Occupied(there) => {
                let of_id = there.index();
                let of_id =
                    self.by_name.get_index(of_id).map(|(_, nodes)| nodes.as_slice()).unwrap_or_default();
                let of_name = name.as_deref().and_then(|name| self.by_name.get(name)).map(Nodes::as_slice);
                let fewer = match (name.is_some(), of_name) {
                    (true, None) => &[],
                    (_, Some(of_name)) if of_name.len() < of_id.len() => of_name,
                    _ => of_id,
                };
                let node = fewer.iter().find(is_same).copied().unwrap_or(next);
                register(&mut self.by_name, chunk.id.clone(), node);
                node
            }
        };
        if node == next {
            self.chunk_of.push(node);
            self.out.push(Edges::default());
            self.waits_for.push(Edges::default());
        }
        if let Some(name) = name {
            register(&mut self.by_name, name, node);
        }
        self.register_sls(chunk, node);
        node as usize
    }

    /// States of one file come one after the other and share the texts: those are looked up once.
    fn register_sls(&mut self, chunk: &LowChunk, node: u32) {
        let from = chunk.get("__sls_included_from__").and_then(Value::as_list).unwrap_or_default();
        let known = self.last_sls.as_ref().is_some_and(|last| {
            Arc::ptr_eq(&last.sls, &chunk.sls) && std::ptr::eq(last.from.as_list().unwrap_or_default(), from)
        });
        if !known {
            let names = from.iter().filter_map(|sls| match sls {
                Value::Str(sls) => Some(sls.clone()),
                _ => None,
            });
            let names = std::iter::once(chunk.sls.clone()).filter(|sls| !sls.is_empty()).chain(names);
            let places = names.map(|sls| {
                let entry = self.by_sls.entry(sls);
                let place = entry.index();
                entry.or_insert_with(|| Nodes::Many(Vec::new()));
                place
            });
            let places = places.collect();
            let from = chunk.get("__sls_included_from__").cloned().unwrap_or_default();
            self.last_sls = Some(LastSls { sls: chunk.sls.clone(), from, places });
        }
        for place in self.last_sls.iter().flat_map(|last| &last.places) {
            if let Some((_, nodes)) = self.by_sls.get_index_mut(*place) {
                nodes.add(node);
            }
        }
    }

    /// What a chunk waits for, or the test run of it, by kind.
    pub(crate) fn dependencies(&self, chunk: usize, test: bool) -> impl Iterator<Item = (Kind, usize)> {
        let node = if test { self.test_of.get(&(chunk as u32)).copied() } else { Some(chunk as u32) };
        let edges = node.and_then(|node| self.waits_for.get(node as usize));
        edges.into_iter().flat_map(Edges::iter).flat_map(|(from, kinds)| {
            let chunk = self.chunk_of.get(from as usize).map(|chunk| *chunk as usize);
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

    /// Reads the requisites of a chunk that has these kinds. The error is Salt's text.
    pub(crate) fn add_requisites(
        &mut self,
        index: usize,
        kinds: Kinds,
        chunks: &mut [LowChunk],
        disabled: &[String],
    ) -> Result<(), String> {
        for kind in Kind::ALL.into_iter().filter(|kind| kinds.has(*kind)) {
            let Some(chunk) = chunks.get(index) else { return Ok(()) };
            let Some(items @ Value::List(_)) = chunk.get(kind.name()) else { continue };
            if disabled.iter().any(|d| d == kind.name()) {
                continue;
            }
            let items = items.clone();
            for item in items.as_list().unwrap_or_default() {
                let Some((module, target)) = reference(item) else { continue };
                if target.is_none() {
                    continue;
                }
                let Some(chunk) = chunks.get(index) else { return Ok(()) };
                let sls = chunk.get("__sls__").cloned().unwrap_or_default();
                let at = |what: String| format!("{what} in state [{}] in SLS [{sls}]", chunk.name);
                let Some(target) = target.as_str() else {
                    let what = at(format!("Requisite [{}: {module}]", kind.name()));
                    return Err(format!("{what} must have a string as the value"));
                };
                let Some(found) = self.find(module, target, chunks) else {
                    let what = format!(
                        "Referenced state does not exist for requisite [{}: ({module}: {target})]",
                        kind.name()
                    );
                    return Err(hint::told(at(what), self.meant(module, target, chunks)));
                };
                for required in found.as_slice() {
                    self.add_requisite(kind, index as u32, *required, chunks);
                }
            }
        }
        Ok(())
    }

    fn add_requisite(&mut self, kind: Kind, index: u32, required: u32, chunks: &mut [LowChunk]) {
        if kind == Kind::Prereq {
            self.add_prereq(index, required, chunks);
            return;
        }
        if let Some(test) = self.test_of.get(&index).copied() {
            self.add_edge(required, test, kind);
        }
        self.add_edge(required, index, kind);
    }

    /// The chunks that a reference means; none when it means nothing at all.
    fn find(&self, module: &str, target: &str, chunks: &[LowChunk]) -> Option<Nodes> {
        let globbed = glob::is_glob(target);
        if module == "sls" {
            if !globbed {
                return self.by_sls.get(target).cloned();
            }
            // A glob over SLS names may match nothing.
            let found = self.by_sls.iter().filter(|(sls, _)| glob::matches(target, sls));
            return Some(Nodes::Many(
                found.flat_map(|(_, nodes)| nodes.as_slice().iter().copied()).collect(),
            ));
        }
        let is_of = |node: &u32| is_of_module(chunks, *node, module);
        if !globbed {
            let nodes = self.by_name.get(target)?;
            return match nodes.as_slice() {
                [one] => is_of(one).then_some(Nodes::One(*one)),
                many => {
                    let found: Vec<u32> = many.iter().copied().filter(is_of).collect();
                    (!found.is_empty()).then_some(Nodes::Many(found))
                }
            };
        }
        let found = self.by_name.iter().filter(|(name, _)| glob::matches(target, name));
        let found: Vec<u32> =
            found.flat_map(|(_, nodes)| nodes.as_slice().iter().copied()).filter(is_of).collect();
        (!found.is_empty()).then_some(Nodes::Many(found))
    }

    /// What a reference to nothing may have meant.
    fn meant(&self, module: &str, target: &str, chunks: &[LowChunk]) -> Option<String> {
        if module == "sls" {
            return hint::meant(target, self.by_sls.keys().map(|sls| &**sls));
        }
        if let Some(other) = self.by_name.get(target).and_then(|nodes| nodes.as_slice().first()) {
            let other = &chunks.get(*other as usize)?.state;
            return Some(format!("did you mean '{other}: {target}'?"));
        }
        let names = self
            .by_name
            .iter()
            .filter(|(_, nodes)| nodes.as_slice().iter().any(|node| is_of_module(chunks, *node, module)));
        hint::meant(target, names.map(|(name, _)| &**name))
    }

    fn add_edge(&mut self, from: u32, to: u32, kind: Kind) {
        // What is said twice is there at both ends.
        let new = self.waits_for.get_mut(to as usize).is_some_and(|edges| edges.add(from, kind));
        if let Some(edges) = self.out.get_mut(from as usize).filter(|_| new) {
            edges.add(to, kind);
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
                let waits: Vec<(u32, Kinds)> =
                    self.waits_for.get(required as usize).into_iter().flat_map(Edges::iter).collect();
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

/// Whether a node is a state of a module; `id` stands for every module.
fn is_of_module(chunks: &[LowChunk], node: u32, module: &str) -> bool {
    module == "id" || chunks.get(node as usize).is_some_and(|chunk| *chunk.state == *module)
}
