//! Tokens to nodes: the grammar. Anchors are resolved and tags decided; nothing is a value yet.

use std::borrow::Cow;
use std::collections::HashMap;

use super::MAX_DEPTH;
use super::error::{Error, Kind, Mark};
use super::resolve::{Tag, resolve};
use super::scan::{Scanner, Token, TokenKind};

/// The place of a node in [`Document::nodes`]. An alias is the same id once more.
pub(super) type Id = usize;

pub(super) struct Node<'a> {
    pub(super) tag: Tag,
    pub(super) mark: Mark,
    /// Something may refer to it, so its value is kept.
    pub(super) anchored: bool,
    pub(super) content: Content<'a>,
    /// Nodes in it, itself included, an alias counting as what it refers to.
    size: u32,
    /// Levels of it, counted in the same way.
    depth: u32,
}

/// How many nodes a document may have with its aliases written out: where aliases of aliases end, before
/// somebody prints or sends what they stand for.
pub(super) const MAX_NODES: usize = 1_000_000;

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
    /// There are aliases: a node may be in several places.
    pub(super) aliased: bool,
}

/// The one document of a text; none for an empty one.
pub(super) fn compose(text: &str) -> Result<Option<Document<'_>>, Error> {
    let mut composer = Composer::new(text)?;
    let root = composer.document()?;
    Ok(root.map(|root| Document { aliased: !composer.anchors.is_empty(), nodes: composer.nodes, root }))
}

struct Composer<'a> {
    scanner: Scanner<'a>,
    nodes: Vec<Node<'a>>,
    anchors: HashMap<&'a str, (Id, Mark), foldhash::fast::RandomState>,
    /// What `%TAG` declared.
    handles: HashMap<Cow<'a, str>, Cow<'a, str>>,
}

/// What may stand where a node is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Block,
    /// In a block mapping, whose lists may be no deeper than their key.
    InBlockMap,
    Flow,
}

/// What comes before the content of a node.
#[derive(Default)]
struct Properties<'a> {
    anchor: Option<&'a str>,
    tag: Option<Cow<'a, str>>,
    /// The tag `!`: the scalar is resolved as a plain one, quoted or not.
    non_specific: bool,
}

impl<'a> Composer<'a> {
    fn new(text: &'a str) -> Result<Self, Error> {
        Ok(Composer {
            scanner: Scanner::new(text)?,
            nodes: Vec::new(),
            anchors: HashMap::default(),
            handles: HashMap::new(),
        })
    }

    /// The root of the one document; none for an empty one.
    fn document(&mut self) -> Result<Option<Id>, Error> {
        let Some((_, explicit)) = self.document_start(true)? else { return Ok(None) };
        let first = self.scanner.peek()?.start;
        let missing = explicit && !self.at_document_content()?;
        let root = if missing { self.empty(first)? } else { self.node(Place::Block, 0)? };
        if *self.kind()? == TokenKind::DocumentEnd {
            self.scanner.take()?;
        }
        if let Some((second, _)) = self.document_start(false)? {
            return Err(Error::new(Kind::Composer, "but found another document", second)
                .within("expected a single document in the stream", first));
        }
        Ok(Some(root))
    }

    fn kind(&mut self) -> Result<&TokenKind<'a>, Error> {
        Ok(&self.scanner.peek()?.kind)
    }

    /// Steps over the next token if it is this one.
    fn skip_if(&mut self, kind: &TokenKind<'a>) -> Result<bool, Error> {
        let found = std::mem::discriminant(self.kind()?) == std::mem::discriminant(kind);
        if found {
            self.scanner.skip_token();
        }
        Ok(found)
    }

    fn here(&mut self, problem: &str) -> Result<Error, Error> {
        Ok(Error::new(Kind::Parser, problem, self.scanner.peek()?.start))
    }

    /// Where the next document starts, and whether a `---` says so; none at the end. Only the first may
    /// do without.
    fn document_start(&mut self, first: bool) -> Result<Option<(Mark, bool)>, Error> {
        use TokenKind::{DocumentEnd, DocumentStart, StreamEnd, TagDirective, Version};
        if !first {
            while self.skip_if(&DocumentEnd)? {}
        }
        let mark = self.scanner.peek()?.start;
        match self.kind()? {
            StreamEnd => return Ok(None),
            Version { .. } | TagDirective(_) | DocumentStart => {}
            _ if first => return Ok(Some((mark, false))),
            _ => {}
        }
        self.directives()?;
        if !self.skip_if(&DocumentStart)? {
            return Err(self.here("did not find expected <document start>")?);
        }
        Ok(Some((mark, true)))
    }

    fn directives(&mut self) -> Result<(), Error> {
        let mut versions = 0;
        self.handles.clear();
        loop {
            let mark = self.scanner.peek()?.start;
            let error = |problem| Err(Error::new(Kind::Parser, problem, mark));
            match self.kind()? {
                TokenKind::Version { major, minor } => {
                    if *major != 1 || !matches!(*minor, 1 | 2) {
                        return error("found incompatible YAML document");
                    }
                    versions += 1;
                    if versions > 1 {
                        return error("found duplicate %YAML directive");
                    }
                    self.scanner.take()?;
                }
                TokenKind::TagDirective(_) => {
                    if let TokenKind::TagDirective(tag) = self.scanner.take()?.kind
                        && self.handles.insert(tag.0, tag.1).is_some()
                    {
                        return error("found duplicate %TAG directive");
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    fn at_document_content(&mut self) -> Result<bool, Error> {
        use TokenKind::{DocumentEnd, DocumentStart, StreamEnd, TagDirective, Version};
        Ok(!matches!(
            self.kind()?,
            Version { .. } | TagDirective(_) | DocumentStart | DocumentEnd | StreamEnd
        ))
    }

    /// A node that is not there: null.
    fn empty(&mut self, mark: Mark) -> Result<Id, Error> {
        self.scalar(Properties::default(), mark, Cow::Borrowed(""), true)
    }

    fn add(
        &mut self,
        anchor: Option<&'a str>,
        tag: Tag,
        mark: Mark,
        content: Content<'a>,
    ) -> Result<Id, Error> {
        let id = self.nodes.len();
        if let Some(name) = anchor
            && let Some((_, first)) = self.anchors.insert(name, (id, mark))
        {
            return Err(Error::new(Kind::Composer, "second occurrence", mark)
                .within("found duplicate anchor; first occurrence", first));
        }
        self.nodes.push(Node { tag, mark, anchored: anchor.is_some(), content, size: 1, depth: 0 });
        Ok(id)
    }

    fn fill(&mut self, id: Id, content: Content<'a>) -> Result<Id, Error> {
        let (mut size, mut depth) = (1u32, 0);
        let mut add = |id: &Id| {
            if let Some(node) = self.nodes.get(*id) {
                size = size.saturating_add(node.size);
                depth = node.depth.max(depth);
            }
        };
        match &content {
            Content::Scalar(_) => {}
            Content::Seq(items) => items.iter().for_each(add),
            Content::Map(entries) => entries.iter().for_each(|(k, v)| {
                add(k);
                add(v);
            }),
        }
        // A long document without aliases is just long.
        let limit = MAX_NODES.max(self.nodes.len().saturating_mul(2));
        let Some(node) = self.nodes.get_mut(id) else { return Ok(id) };
        node.size = size;
        node.depth = depth + 1;
        let problem = if size as usize > limit {
            format!("more than {MAX_NODES} nodes, aliases written out")
        } else if node.depth as usize > MAX_DEPTH + 1 {
            format!("nested deeper than {MAX_DEPTH}, aliases written out")
        } else {
            String::new()
        };
        if !problem.is_empty() {
            return Err(Error::new(Kind::Composer, problem, node.mark));
        }
        node.content = content;
        Ok(id)
    }

    fn scalar(
        &mut self,
        has: Properties<'a>,
        mark: Mark,
        value: Cow<'a, str>,
        plain: bool,
    ) -> Result<Id, Error> {
        let tag = match has.tag {
            Some(name) => Tag::from_name(&name),
            None if plain || has.non_specific => resolve(&value),
            None => Tag::Str,
        };
        self.add(has.anchor, tag, mark, Content::Scalar(value))
    }

    fn properties(&mut self, start: Mark) -> Result<Properties<'a>, Error> {
        let mut has = Properties::default();
        let mut tag = None;
        loop {
            match self.kind()? {
                TokenKind::Anchor(name) if has.anchor.is_none() => {
                    has.anchor = Some(name);
                    self.scanner.take()?;
                }
                TokenKind::Tag(_) if tag.is_none() => tag = Some(self.scanner.take()?),
                _ => break,
            }
        }
        if let Some(Token { kind: TokenKind::Tag(parts), start: mark, .. }) = tag {
            let (handle, suffix) = *parts;
            let prefix = match (self.handles.get(&handle), &*handle) {
                (Some(prefix), _) => &**prefix,
                (None, "") => "",
                (None, "!") => "!",
                (None, "!!") => "tag:yaml.org,2002:",
                _ => {
                    return Err(Error::new(Kind::Parser, "found undefined tag handle", mark)
                        .within("while parsing a node", start));
                }
            };
            let name = if prefix.is_empty() { suffix } else { Cow::Owned(format!("{prefix}{suffix}")) };
            has.non_specific = name == "!";
            has.tag = Some(name).filter(|name| name != "!");
        }
        Ok(has)
    }

    fn node(&mut self, place: Place, depth: usize) -> Result<Id, Error> {
        use TokenKind::{BlockEntry, BlockMapStart, BlockSeqStart, FlowMapStart, FlowSeqStart};
        let start = self.scanner.peek()?.start;
        if depth > MAX_DEPTH {
            return Err(Error::new(Kind::Composer, format!("nested deeper than {MAX_DEPTH}"), start));
        }
        let kind = self.kind()?;
        if let TokenKind::Alias(name) = *kind {
            // PyYAML sees the event before what follows it: the token goes only when the name is known.
            let Some((id, _)) = self.anchors.get(name).copied() else {
                return Err(Error::new(Kind::Composer, "found undefined alias", start));
            };
            self.scanner.take()?;
            return Ok(id);
        }
        let has = match kind {
            TokenKind::Anchor(_) | TokenKind::Tag(_) => self.properties(start)?,
            _ => Properties::default(),
        };
        let block = place != Place::Flow;
        match self.kind()? {
            TokenKind::Scalar { .. } => match self.scanner.take()?.kind {
                TokenKind::Scalar { value, plain } => self.scalar(has, start, value, plain),
                _ => self.empty(start),
            },
            BlockEntry if place == Place::InBlockMap => {
                self.collection(has, Tag::Seq, start, |c| c.indentless_seq(depth))
            }
            FlowSeqStart => self.collection(has, Tag::Seq, start, |c| c.flow_seq(depth)),
            FlowMapStart => self.collection(has, Tag::Map, start, |c| c.flow_map(depth)),
            BlockSeqStart if block => self.collection(has, Tag::Seq, start, |c| c.block_seq(depth)),
            BlockMapStart if block => self.collection(has, Tag::Map, start, |c| c.block_map(depth)),
            _ if has.non_specific => {
                self.add(has.anchor, Tag::Str, start, Content::Scalar(Cow::Borrowed("")))
            }
            _ if has.anchor.is_some() || has.tag.is_some() => {
                self.scalar(has, start, Cow::Borrowed(""), true)
            }
            _ => {
                let context = if block { "while parsing a block node" } else { "while parsing a flow node" };
                Err(self.here("did not find expected node content")?.within(context, start))
            }
        }
    }

    /// A collection is known under its anchor before its items are read.
    fn collection(
        &mut self,
        has: Properties<'a>,
        default: Tag,
        mark: Mark,
        read: impl FnOnce(&mut Self) -> Result<Content<'a>, Error>,
    ) -> Result<Id, Error> {
        let nothing = if default == Tag::Seq { Content::Seq(Vec::new()) } else { Content::Map(Vec::new()) };
        let tag = has.tag.map_or(default, |name| Tag::from_name(&name));
        let id = self.add(has.anchor, tag, mark, nothing)?;
        let content = read(self)?;
        self.fill(id, content)
    }

    fn block_seq(&mut self, depth: usize) -> Result<Content<'a>, Error> {
        use TokenKind::{BlockEnd, BlockEntry};
        let start = self.scanner.take()?.start;
        let mut items = Vec::new();
        loop {
            let end = self.scanner.peek()?.end;
            if self.skip_if(&BlockEntry)? {
                let item = match self.kind()? {
                    BlockEntry | BlockEnd => self.empty(end)?,
                    _ => self.node(Place::Block, depth + 1)?,
                };
                items.push(item);
            } else if self.skip_if(&BlockEnd)? {
                return Ok(Content::Seq(items));
            } else {
                let error = self.here("did not find expected '-' indicator")?;
                return Err(error.within("while parsing a block collection", start));
            }
        }
    }

    fn indentless_seq(&mut self, depth: usize) -> Result<Content<'a>, Error> {
        use TokenKind::{BlockEnd, BlockEntry, Key, Value};
        let mut items = Vec::new();
        loop {
            let end = self.scanner.peek()?.end;
            if !self.skip_if(&BlockEntry)? {
                return Ok(Content::Seq(items));
            }
            let item = match self.kind()? {
                BlockEntry | Key | Value | BlockEnd => self.empty(end)?,
                _ => self.node(Place::Block, depth + 1)?,
            };
            items.push(item);
        }
    }

    fn block_map(&mut self, depth: usize) -> Result<Content<'a>, Error> {
        use TokenKind::{BlockEnd, Key, Value};
        let start = self.scanner.take()?.start;
        let mut entries = Vec::new();
        loop {
            let end = self.scanner.peek()?.end;
            let key = if self.skip_if(&Key)? {
                match self.kind()? {
                    Key | Value | BlockEnd => self.empty(end)?,
                    _ => self.node(Place::InBlockMap, depth + 1)?,
                }
            } else if self.skip_if(&BlockEnd)? {
                return Ok(Content::Map(entries));
            } else {
                let error = self.here("did not find expected key")?;
                return Err(error.within("while parsing a block mapping", start));
            };
            let next = self.scanner.peek()?;
            let (start, end) = (next.start, next.end);
            let value = if self.skip_if(&Value)? {
                match self.kind()? {
                    Key | Value | BlockEnd => self.empty(end)?,
                    _ => self.node(Place::InBlockMap, depth + 1)?,
                }
            } else {
                self.empty(start)?
            };
            entries.push((key, value));
        }
    }

    fn flow_seq(&mut self, depth: usize) -> Result<Content<'a>, Error> {
        use TokenKind::{FlowEntry, FlowSeqEnd, Key};
        let start = self.scanner.take()?.start;
        let (mut items, mut first) = (Vec::new(), true);
        while *self.kind()? != FlowSeqEnd {
            if !first && !self.skip_if(&FlowEntry)? {
                let error = self.here("did not find expected ',' or ']'")?;
                return Err(error.within("while parsing a flow sequence", start));
            }
            first = false;
            let item = match self.kind()? {
                FlowSeqEnd => break,
                Key => self.single_pair(depth)?,
                _ => self.node(Place::Flow, depth + 1)?,
            };
            items.push(item);
        }
        self.scanner.take()?;
        Ok(Content::Seq(items))
    }

    /// `[a: b]`: a mapping of one entry inside a flow sequence.
    fn single_pair(&mut self, depth: usize) -> Result<Id, Error> {
        use TokenKind::{FlowEntry, FlowSeqEnd, Value};
        let mark = self.scanner.take()?.start;
        self.collection(Properties::default(), Tag::Map, mark, |c| {
            let end = c.scanner.peek()?.end;
            let key = match c.kind()? {
                Value | FlowEntry | FlowSeqEnd => {
                    // libyaml loses the token behind a lone `?`, and so do the documents that it accepts.
                    c.scanner.take()?;
                    c.empty(end)?
                }
                _ => c.node(Place::Flow, depth + 2)?,
            };
            let has_value = c.skip_if(&Value)?;
            let next = c.scanner.peek()?.start;
            let value = match c.kind()? {
                FlowEntry | FlowSeqEnd => c.empty(next)?,
                _ if has_value => c.node(Place::Flow, depth + 2)?,
                _ => c.empty(next)?,
            };
            Ok(Content::Map(vec![(key, value)]))
        })
    }

    fn flow_map(&mut self, depth: usize) -> Result<Content<'a>, Error> {
        use TokenKind::{FlowEntry, FlowMapEnd, Key, Value};
        let start = self.scanner.take()?.start;
        let (mut entries, mut first) = (Vec::new(), true);
        while *self.kind()? != FlowMapEnd {
            if !first && !self.skip_if(&FlowEntry)? {
                let error = self.here("did not find expected ',' or '}'")?;
                return Err(error.within("while parsing a flow mapping", start));
            }
            first = false;
            let end = self.scanner.peek()?.end;
            let key = if self.skip_if(&Key)? {
                match self.kind()? {
                    Value | FlowEntry | FlowMapEnd => self.empty(end)?,
                    _ => self.node(Place::Flow, depth + 1)?,
                }
            } else if *self.kind()? == FlowMapEnd {
                break;
            } else {
                let key = self.node(Place::Flow, depth + 1)?;
                let end = self.scanner.peek()?.start;
                let value = self.empty(end)?;
                entries.push((key, value));
                continue;
            };
            let has_value = self.skip_if(&Value)?;
            let next = self.scanner.peek()?.start;
            let value = match self.kind()? {
                FlowEntry | FlowMapEnd => self.empty(next)?,
                _ if has_value => self.node(Place::Flow, depth + 1)?,
                _ => self.empty(next)?,
            };
            entries.push((key, value));
        }
        self.scanner.take()?;
        Ok(Content::Map(entries))
    }
}
