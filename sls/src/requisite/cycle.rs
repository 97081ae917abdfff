//! Names the cycle when requisites go round.

use super::{Graph, Kind};
use crate::LowChunk;

#[derive(Clone, Copy, PartialEq)]
enum Colour {
    New,
    OnPath,
    Done,
}

impl Graph {
    /// The first cycle, as Salt prints it.
    pub(crate) fn describe_cycle(&self, chunks: &[LowChunk]) -> String {
        let edges: Vec<String> = self
            .find_cycle()
            .into_iter()
            .filter_map(|(required, waiting, kind)| {
                let chunk = |node: u32| chunks.get(*self.chunk_of.get(node as usize)? as usize);
                let (required, waiting) = (chunk(required)?, chunk(waiting)?);
                // The edge that a prereq adds back is shown as the prereq that it comes from.
                let kind = if kind == Kind::Require && waiting.get("require").is_none() {
                    Kind::Prereq
                } else {
                    kind
                };
                Some(format!("({}, '{}', {})", label(waiting), kind.name(), label(required)))
            })
            .collect();
        edges.join(", ")
    }

    /// The edges of a cycle: required, waiting, kind.
    fn find_cycle(&self) -> Vec<(u32, u32, Kind)> {
        let mut colours = vec![Colour::New; self.chunk_of.len()];
        // The path from the root: a node, the kind that led to it, and which of its edges is next.
        let mut path: Vec<(u32, Kind, usize)> = Vec::new();
        for root in 0..self.chunk_of.len() {
            if colours.get(root) != Some(&Colour::New) {
                continue;
            }
            path.push((root as u32, Kind::Require, 0));
            if let Some(c) = colours.get_mut(root) {
                *c = Colour::OnPath;
            }
            while let Some((node, _, next)) = path.last_mut() {
                let node = *node;
                let edge = self.out.get(node as usize).and_then(|edges| edges.get(*next));
                *next += 1;
                let Some((to, kinds)) = edge else {
                    if let Some(c) = colours.get_mut(node as usize) {
                        *c = Colour::Done;
                    }
                    path.pop();
                    continue;
                };
                let kind = kinds.first().unwrap_or(Kind::Require);
                match colours.get(to as usize) {
                    Some(Colour::OnPath) => {
                        let start = path.iter().position(|(n, ..)| *n == to).unwrap_or(0);
                        let inner = path.windows(2).skip(start);
                        let mut cycle: Vec<_> = inner
                            .filter_map(|pair| match pair {
                                [(a, ..), (b, kind, _)] => Some((*a, *b, *kind)),
                                _ => None,
                            })
                            .collect();
                        cycle.push((node, to, kind));
                        return cycle;
                    }
                    Some(Colour::New) => {
                        if let Some(c) = colours.get_mut(to as usize) {
                            *c = Colour::OnPath;
                        }
                        path.push((to, kind, 0));
                    }
                    _ => {}
                }
            }
        }
        Vec::new()
    }
}

fn label(chunk: &LowChunk) -> String {
    let mut label = data::Dict::new().with("SLS", &*chunk.sls).with("ID", &*chunk.id);
    if chunk.name.as_str() != Some(&chunk.id) {
        label.insert("NAME", chunk.name.clone());
    }
    format!("{label:?}")
}
