//! Nodes to values, by PyYAML's rules or by Salt's.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::compose::{Content, Document, Id, MAX_NODES, Node};
use super::error::{Error, Kind, Mark};
use super::plain::Texts;
use super::resolve::{Tag, to_bool, to_float, to_int, to_timestamp};
use super::{MAX_DEPTH, Rules};
use crate::{Dict, Value};

/// The value of a document.
pub(super) fn construct(document: Document<'_>, rules: Rules) -> Result<Value, Error> {
    let root = document.root;
    let mut constructor = Constructor {
        aliased: document.aliased,
        nodes: document.nodes,
        rules,
        known: HashMap::default(),
        texts: Texts::new(),
        open: Vec::new(),
        first_error: None,
        stopped: false,
        merged: 0,
    };
    let value = constructor.value(root, 0);
    match constructor.first_error {
        Some((_, error)) => Err(error),
        None => Ok(value),
    }
}

struct Constructor<'a> {
    nodes: Vec<Node<'a>>,
    aliased: bool,
    rules: Rules,
    /// Values of anchored nodes: an alias is one counter more, not one copy more.
    known: HashMap<Id, Value, foldhash::fast::RandomState>,
    texts: Texts,
    /// Anchored nodes under construction, to find those that contain themselves.
    open: Vec<Id>,
    /// PyYAML builds level by level, so of several errors it reports the outermost one first.
    first_error: Option<(usize, Error)>,
    /// There is no end to this document.
    stopped: bool,
    /// Entries that `<<` has brought: what a bomb of merges of merges runs into.
    merged: usize,
}

const MAPPING: &str = "while constructing a mapping";

impl Constructor<'_> {
    fn fail(&mut self, level: usize, error: Error) -> Value {
        if self.first_error.as_ref().is_none_or(|(l, _)| level < *l) {
            self.first_error = Some((level, error));
        }
        Value::None
    }

    fn error(&self, problem: impl Into<String>, id: Id) -> Error {
        Error::new(Kind::Constructor, problem, self.mark(id))
    }

    fn mark(&self, id: Id) -> Mark {
        self.nodes.get(id).map(|n| n.mark).unwrap_or_default()
    }

    /// The value of a node that stands at `level`; a failure is noted and stands as `None`.
    fn value(&mut self, id: Id, level: usize) -> Value {
        let Some(node) = self.nodes.get(id) else { return Value::None };
        // No document is that deep: a merge has put a node into itself.
        if level > 2 * MAX_DEPTH && !self.stopped {
            self.stopped = true;
            let error = self.error("found unconstructable recursive node", id);
            return self.fail(level, error);
        }
        if self.stopped {
            return Value::None;
        }
        if !node.anchored {
            return self.build(id, level);
        }
        if let Some(value) = self.known.get(&id) {
            return value.clone();
        }
        if self.open.contains(&id) {
            let error = self.error("found unconstructable recursive node", id);
            return self.fail(level, error);
        }
        self.open.push(id);
        let value = self.build(id, level);
        self.open.pop();
        self.known.insert(id, value.clone());
        value
    }

    fn build(&mut self, id: Id, level: usize) -> Value {
        let salt = self.rules == Rules::Salt;
        let Some(node) = self.nodes.get(id) else { return Value::None };
        match &node.tag {
            Tag::Map => self.mapping(id, level),
            Tag::Omap if salt => self.mapping(id, level),
            Tag::Set => match self.mapping(id, level) {
                Value::Dict(d) => d.keys().cloned().collect(),
                other => other,
            },
            Tag::Seq => self.sequence(id, level),
            Tag::Omap => self.pairs(id, level, "an ordered map"),
            Tag::Pairs => self.pairs(id, level, "pairs"),
            Tag::Unicode if !salt => self.undefined(id, level),
            Tag::Merge | Tag::Default | Tag::Other(_) => self.undefined(id, level),
            _ => self.scalar(id, level),
        }
    }

    fn undefined(&mut self, id: Id, level: usize) -> Value {
        let name = self.nodes.get(id).map(|n| n.tag.name()).unwrap_or_default();
        let error =
            self.error(format!("could not determine a constructor for the tag {:?}", Value::from(name)), id);
        self.fail(level, error)
    }

    fn scalar(&mut self, id: Id, level: usize) -> Value {
        let Some(node) = self.nodes.get(id) else { return Value::None };
        let text = match &node.content {
            Content::Scalar(text) => text,
            other => {
                let error = self.error(format!("expected a scalar node, but found {}", other.id()), id);
                return self.fail(level, error);
            }
        };
        let made = match node.tag {
            Tag::Str => Ok(Value::Str(self.texts.get(text))),
            _ => scalar_value(&node.tag, text, self.rules),
        };
        match made {
            Ok(value) => value,
            Err(problem) => {
                let error = self.error(problem, id);
                self.fail(level, error)
            }
        }
    }

    fn sequence(&mut self, id: Id, level: usize) -> Value {
        let Some(node) = self.nodes.get_mut(id) else { return Value::None };
        let items = match &mut node.content {
            // A node that an alias or a merge leads to is needed again.
            Content::Seq(items) if self.aliased => items.clone(),
            Content::Seq(items) => std::mem::take(items),
            other => {
                let problem = format!("expected a sequence node, but found {}", other.id());
                let error = self.error(problem, id);
                return self.fail(level + 1, error);
            }
        };
        let values: Vec<Value> = items.iter().map(|item| self.value(*item, level + 1)).collect();
        Value::List(values.into())
    }

    fn mapping(&mut self, id: Id, level: usize) -> Value {
        let level = level + 1;
        if !matches!(self.nodes.get(id), Some(Node { content: Content::Map(_), .. })) {
            let found = self.nodes.get(id).map_or("", |n| n.content.id());
            let error = self.error(format!("expected a mapping node, but found {found}"), id);
            return self.fail(level, error);
        }
        if let Err(error) = self.flatten(id) {
            return self.fail(level, error);
        }
        let entries = match self.nodes.get_mut(id).map(|n| &mut n.content) {
            Some(Content::Map(entries)) if self.aliased => entries.clone(),
            Some(Content::Map(entries)) => std::mem::take(entries),
            _ => Vec::new(),
        };
        let mut dict = Dict::with_capacity(entries.len());
        for (key_id, value_id) in entries {
            let unhashable = self.unhashable(key_id);
            if let Some(problem) = unhashable {
                let error = self.error(problem, key_id).within(MAPPING, self.mark(id));
                return self.fail(level, error);
            }
            let key = self.value(key_id, level);
            let value = self.value(value_id, level);
            if self.rules == Rules::Salt && dict.get_value(&key).is_some() {
                let error = self
                    .error(format!("found conflicting ID '{key}'"), key_id)
                    .within(MAPPING, self.mark(id));
                return self.fail(level, error);
            }
            dict.insert(key, value);
        }
        dict.into()
    }

    /// The problem with a key that is a list or a dict.
    fn unhashable(&self, key: Id) -> Option<String> {
        let node = self.nodes.get(key)?;
        // A list tagged as a scalar fails on its own.
        if !matches!(node.tag, Tag::Seq | Tag::Map | Tag::Set | Tag::Omap | Tag::Pairs) {
            return None;
        }
        if self.rules == Rules::Python {
            return Some("found unhashable key".to_owned());
        }
        let mut text = "found unacceptable key ".to_owned();
        match &node.content {
            Content::Scalar(scalar) => text.push_str(scalar),
            _ => self.show_content(&mut text, key, &mut Vec::new()),
        }
        Some(text)
    }

    /// `repr()` of what a node holds, because Salt's error text has it.
    fn show_content(&self, out: &mut String, id: Id, open: &mut Vec<Id>) {
        let Some(node) = self.nodes.get(id) else { return };
        if let Content::Scalar(text) = &node.content {
            let _ = crate::python::write_str_repr(out, text);
            return;
        }
        if open.contains(&id) {
            out.push_str("[...]");
            return;
        }
        if out.len() > 10_000 || open.len() > 20 {
            out.push('…');
            return;
        }
        open.push(id);
        out.push('[');
        match &node.content {
            Content::Scalar(_) => {}
            Content::Seq(items) => {
                for (i, item) in items.iter().enumerate() {
                    out.push_str(if i > 0 { ", " } else { "" });
                    self.show_node(out, *item, open);
                }
            }
            Content::Map(entries) => {
                for (i, (key, value)) in entries.iter().enumerate() {
                    out.push_str(if i > 0 { ", (" } else { "(" });
                    self.show_node(out, *key, open);
                    out.push_str(", ");
                    self.show_node(out, *value, open);
                    out.push(')');
                }
            }
        }
        out.push(']');
        open.pop();
    }

    fn show_node(&self, out: &mut String, id: Id, open: &mut Vec<Id>) {
        let Some(node) = self.nodes.get(id) else { return };
        let class = match node.content {
            Content::Scalar(_) => "ScalarNode",
            Content::Seq(_) => "SequenceNode",
            Content::Map(_) => "MappingNode",
        };
        let _ = write!(out, "{class}(tag={:?}, value=", Value::from(node.tag.name()));
        self.show_content(out, id, open);
        out.push(')');
    }

    /// Puts what `<<` refers to in front of a mapping's own entries.
    fn flatten(&mut self, id: Id) -> Result<(), Error> {
        let Some(Node { content: Content::Map(entries), .. }) = self.nodes.get(id) else { return Ok(()) };
        if !entries
            .iter()
            .any(|(key, _)| self.nodes.get(*key).is_some_and(|n| matches!(n.tag, Tag::Merge | Tag::Default)))
        {
            return Ok(());
        }
        let entries = entries.clone();
        let mut own = Vec::with_capacity(entries.len());
        let mut merged: Vec<(Id, Id)> = Vec::new();
        for (key, value) in entries {
            match self.nodes.get_mut(key) {
                Some(node) if node.tag == Tag::Merge => self.merged(id, value, &mut merged)?,
                Some(node) => {
                    if node.tag == Tag::Default {
                        node.tag = Tag::Str;
                    }
                    own.push((key, value));
                }
                None => {}
            }
        }
        if !merged.is_empty() {
            if self.rules == Rules::Salt {
                // Salt drops what the mapping has itself; PyYAML lets the later one win.
                let texts: HashSet<&str> = own.iter().filter_map(|(k, _)| self.text(*k)).collect();
                let here = |key: Id| own.iter().any(|(k, _)| *k == key);
                merged.retain(|(k, _)| self.text(*k).map_or_else(|| !here(*k), |t| !texts.contains(t)));
            }
            merged.append(&mut own);
            own = merged;
        }
        if let Some(node) = self.nodes.get_mut(id) {
            node.content = Content::Map(own);
        }
        Ok(())
    }

    fn text(&self, id: Id) -> Option<&str> {
        match self.nodes.get(id) {
            Some(Node { content: Content::Scalar(text), .. }) => Some(text),
            _ => None,
        }
    }

    /// The entries of the mapping `value`, or of the mappings in the list `value`, later ones first.
    fn merged(&mut self, id: Id, value: Id, out: &mut Vec<(Id, Id)>) -> Result<(), Error> {
        let sources = match self.nodes.get(value).map(|n| &n.content) {
            Some(Content::Map(_)) => vec![value],
            Some(Content::Seq(items)) => items.iter().rev().copied().collect(),
            _ => {
                let problem = "expected a mapping or list of mappings for merging, but found scalar";
                return Err(self.error(problem, value).within(MAPPING, self.mark(id)));
            }
        };
        for source in sources.iter().rev() {
            match self.nodes.get(*source).map(|n| &n.content) {
                Some(Content::Map(_)) if *source != id && !self.open.contains(source) => {
                    self.flatten(*source)?
                }
                Some(Content::Map(_)) => {
                    return Err(self.error("found unconstructable recursive node", *source));
                }
                Some(other) => {
                    let problem = format!("expected a mapping for merging, but found {}", other.id());
                    return Err(self.error(problem, *source).within(MAPPING, self.mark(id)));
                }
                None => {}
            }
        }
        let before = out.len();
        for source in sources {
            if let Some(Node { content: Content::Map(entries), .. }) = self.nodes.get(source) {
                self.merged += entries.len();
                if self.merged > MAX_NODES.max(self.nodes.len()) {
                    return Err(self.error(format!("merges more than {MAX_NODES} entries"), value));
                }
                out.extend_from_slice(entries);
            }
        }
        // What several mappings hold now is built once.
        for (_, shared) in out.iter().skip(before) {
            if let Some(node) = self.nodes.get_mut(*shared) {
                node.anchored |= !matches!(node.content, Content::Scalar(_));
            }
        }
        Ok(())
    }

    /// `!!omap` and `!!pairs`: a list of mappings with one entry each.
    fn pairs(&mut self, id: Id, level: usize, what: &str) -> Value {
        let level = level + 1;
        let (context, mark) = (format!("while constructing {what}"), self.mark(id));
        let items = match self.nodes.get_mut(id).map(|n| &mut n.content) {
            Some(Content::Seq(items)) => items.clone(),
            other => {
                let problem = format!("expected a sequence, but found {}", other.map_or("", |c| c.id()));
                let error = self.error(problem, id).within(context, mark);
                return self.fail(level, error);
            }
        };
        let mut out: Vec<Value> = Vec::with_capacity(items.len());
        for item in items {
            let problem = match self.nodes.get(item).map(|n| &n.content) {
                Some(Content::Map(entries)) => match entries.as_slice() {
                    [(key, value)] => {
                        let (key, value) = (*key, *value);
                        out.push(Value::from(vec![self.value(key, level), self.value(value, level)]));
                        continue;
                    }
                    _ => format!("expected a single mapping item, but found {} items", entries.len()),
                },
                other => {
                    format!("expected a mapping of length 1, but found {}", other.map_or("", Content::id))
                }
            };
            let error = self.error(problem, item).within(context, mark);
            return self.fail(level, error);
        }
        Value::List(out.into())
    }
}

/// The value of a scalar with a tag; the error is Python's text.
pub(super) fn scalar_value(tag: &Tag, text: &str, rules: Rules) -> Result<Value, String> {
    let salt = rules == Rules::Salt;
    match tag {
        Tag::Null => Ok(Value::None),
        Tag::Bool => to_bool(text)
            .map(Value::Bool)
            .ok_or_else(|| format!("{:?}", Value::from(text.to_ascii_lowercase()))),
        Tag::Int if salt => to_int(without_leading_zeros(text)),
        Tag::Int => to_int(text),
        Tag::Float => to_float(text).map(Value::Float),
        Tag::Timestamp if !salt => to_timestamp(text),
        Tag::Binary => from_base64(text, salt),
        _ => Ok(Value::from(text)),
    }
}

/// Salt reads `0644` as 644: the zeros in front go, unless they say binary or hexadecimal.
fn without_leading_zeros(text: &str) -> &str {
    if !text.starts_with('0') || text.starts_with("0b") || text.starts_with("0x") {
        return text;
    }
    match text.trim_start_matches('0') {
        "" => "0",
        rest => rest,
    }
}

/// Base64 as `base64.decodebytes` takes it: what is not in the alphabet is skipped, and a complete group with
/// padding ends it. Salt pads the text as it stands first.
fn from_base64(text: &str, salt: bool) -> Result<Value, String> {
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    if let Some((at, c)) = text.chars().enumerate().find(|(_, c)| !c.is_ascii()) {
        let run = text.chars().skip(at).take_while(|c| !c.is_ascii()).count();
        let place = if run > 1 {
            format!("characters in position {at}-{}", at + run - 1)
        } else {
            let shown = match u32::from(c) {
                code @ 0..=0xff => format!("\\x{code:02x}"),
                code @ 0x100..=0xffff => format!("\\u{code:04x}"),
                code => format!("\\U{code:08x}"),
            };
            format!("character '{shown}' in position {at}")
        };
        return Err(format!(
            "failed to convert base64 data into ascii: 'ascii' codec can't encode {place}: ordinal not in range(128)"
        ));
    }
    let extra = if salt { (4 - text.len() % 4) % 4 } else { 0 };
    let mut digits: Vec<u8> = Vec::with_capacity(text.len());
    let mut padding = 0;
    for c in text.bytes().chain(std::iter::repeat_n(b'=', extra)) {
        if c == b'=' {
            padding += 1;
            if digits.len() % 4 >= 2 && digits.len() % 4 + padding >= 4 {
                break;
            }
        } else if c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/') {
            padding = 0;
            digits.push(c);
        }
    }
    let problem = match digits.len() % 4 {
        0 => None,
        1 => Some(format!(
            "Invalid base64-encoded string: number of data characters ({}) cannot be 1 more than a multiple of 4",
            digits.len()
        )),
        rest if rest + padding < 4 => Some("Incorrect padding".to_owned()),
        _ => None,
    };
    match problem {
        Some(problem) => Err(format!("failed to decode base64 data: {problem}")),
        None => ENGINE
            .decode(&digits)
            .map(|bytes| Value::Bytes(bytes.into()))
            .map_err(|e| format!("failed to decode base64 data: {e}")),
    }
}
