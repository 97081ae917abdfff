//! Events to nodes: anchors are resolved, tags decided, nothing is a value yet.

use std::borrow::Cow;

use super::MAX_DEPTH;
use super::error::{Error, Kind, Mark};
use super::events::{Event, EventKind, Events};
use super::resolve::{Tag, resolve};

/// The place of a node in [`Document::nodes`]. An alias is the same id once more.
pub(super) type Id = usize;

pub(super) struct Node<'a> {
    pub(super) tag: Tag,
    pub(super) mark: Mark,
    /// Something may refer to it, so that its value is kept.
    pub(super) anchored: bool,
    pub(super) content: Content<'a>,
}

pub(super) enum Content<'a> {
    Scalar(Cow<'a, str>),
    Seq(Vec<Id>),
    Map(Vec<(Id, Id)>),
}

impl Content<'_> {
    /// The name of the kind in error texts.
    pub(super) fn id(&self) -> &'static str {
        match self {
            Content::Scalar(_) => "scalar",
            Content::Seq(_) => "sequence",
            Content::Map(_) => "mapping",
        }
    }
}

pub(super) struct Document<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) root: Id,
}

/// The one document of a text; none for an empty one.
pub(super) fn compose(text: &str) -> Result<Option<Document<'_>>, Error> {
    let mut composer =
        Composer { events: Events::new(text)?, nodes: Vec::new(), anchors: Default::default() };
    let Some(first) = composer.next_in_stream()? else { return Ok(None) };
    let root_event = composer.events.next_event()?;
    let first_mark = root_event.mark;
    let root = composer.node(root_event, 0)?;
    composer.events.next_event()?; // the document's end
    if let Some(second) = composer.next_in_stream()? {
        let _ = first;
        return Err(Error::new(Kind::Composer, "but found another document", second)
            .within("expected a single document in the stream", first_mark));
    }
    Ok(Some(Document { nodes: composer.nodes, root }))
}

struct Composer<'a> {
    events: Events<'a>,
    nodes: Vec<Node<'a>>,
    /// Id and place of each anchor; no id while the node is still being read.
    anchors: std::collections::HashMap<Cow<'a, str>, (Id, Mark), foldhash::fast::RandomState>,
}

impl<'a> Composer<'a> {
    /// The start of the next document; none at the end of the stream.
    fn next_in_stream(&mut self) -> Result<Option<Mark>, Error> {
        loop {
            let event = self.events.next_event()?;
            match event.kind {
                EventKind::StreamEnd => return Ok(None),
                EventKind::DocumentStart => return Ok(Some(event.mark)),
                _ => {}
            }
        }
    }

    fn node(&mut self, event: Event<'a>, depth: usize) -> Result<Id, Error> {
        let mark = event.mark;
        if depth > MAX_DEPTH {
            return Err(Error::new(Kind::Composer, format!("nested deeper than {MAX_DEPTH}"), mark));
        }
        match event.kind {
            EventKind::Alias(name) => match self.anchors.get(&name) {
                Some((id, _)) => Ok(*id),
                None => Err(Error::new(Kind::Composer, "found undefined alias", mark)),
            },
            EventKind::Scalar { anchor, tag, value, plain } => {
                let tag = match tag {
                    Some(name) => Tag::from_name(&name),
                    None if plain => resolve(&value),
                    None => Tag::Str,
                };
                self.add(anchor, tag, mark, Content::Scalar(value))
            }
            EventKind::SequenceStart { anchor, tag } => {
                let tag = tag.map_or(Tag::Seq, |name| Tag::from_name(&name));
                let id = self.add(anchor, tag, mark, Content::Seq(Vec::new()))?;
                let mut items = Vec::new();
                loop {
                    let event = self.events.next_event()?;
                    if matches!(event.kind, EventKind::SequenceEnd) {
                        break;
                    }
                    items.push(self.node(event, depth + 1)?);
                }
                self.fill(id, Content::Seq(items));
                Ok(id)
            }
            EventKind::MappingStart { anchor, tag } => {
                let tag = tag.map_or(Tag::Map, |name| Tag::from_name(&name));
                let id = self.add(anchor, tag, mark, Content::Map(Vec::new()))?;
                let mut entries = Vec::new();
                loop {
                    let event = self.events.next_event()?;
                    if matches!(event.kind, EventKind::MappingEnd) {
                        break;
                    }
                    let key = self.node(event, depth + 1)?;
                    let event = self.events.next_event()?;
                    entries.push((key, self.node(event, depth + 1)?));
                }
                self.fill(id, Content::Map(entries));
                Ok(id)
            }
            _ => Err(Error::new(Kind::Composer, "did not find expected node content", mark)),
        }
    }

    fn add(
        &mut self,
        anchor: Option<Cow<'a, str>>,
        tag: Tag,
        mark: Mark,
        content: Content<'a>,
    ) -> Result<Id, Error> {
        let id = self.nodes.len();
        let anchored = anchor.is_some();
        if let Some(name) = anchor {
            if let Some((_, first)) = self.anchors.get(&name) {
                return Err(Error::new(Kind::Composer, "second occurrence", mark)
                    .within("found duplicate anchor; first occurrence", *first));
            }
            self.anchors.insert(name, (id, mark));
        }
        self.nodes.push(Node { tag, mark, anchored, content });
        Ok(id)
    }

    fn fill(&mut self, id: Id, content: Content<'a>) {
        if let Some(node) = self.nodes.get_mut(id) {
            node.content = content;
        }
    }
}
