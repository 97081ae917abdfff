//! Values to YAML: PyYAML's `safe_dump`.

mod emit;
mod scalar;

use std::borrow::Cow;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use self::emit::Emitter;
use super::resolve::{Tag, resolve};
use crate::{Dict, Value};

/// When containers go on one line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlowStyle {
    /// Never: PyYAML's `default_flow_style=False`.
    #[default]
    Block,
    /// Those without containers inside: `default_flow_style=None`, Salt's default.
    Leaves,
    /// Always: `default_flow_style=True`.
    Flow,
}

/// How [`dump`] writes; the fields are PyYAML's.
#[derive(Clone, Copy, Debug)]
pub struct DumpOptions {
    /// When containers go on one line.
    pub default_flow_style: FlowStyle,
    /// Spaces per level, 2 to 9.
    pub indent: usize,
    /// Keys in order where they can be compared, as Python sorts them.
    pub sort_keys: bool,
    /// Lists inside a dict are indented too (Salt's `IndentedSafeOrderedDumper`).
    pub indent_lists: bool,
    /// What is not ASCII as it is; else escaped, which is PyYAML's default where Salt does not ask for more
    /// (`file.serialize`).
    pub allow_unicode: bool,
    /// Lines are folded behind this column where they can be.
    pub width: usize,
}

impl Default for DumpOptions {
    fn default() -> Self {
        DumpOptions {
            default_flow_style: FlowStyle::Block,
            indent: 2,
            sort_keys: false,
            indent_lists: false,
            allow_unicode: true,
            width: 80,
        }
    }
}

/// `yaml.safe_dump(value, …)`.
pub fn dump(value: &Value, options: DumpOptions) -> String {
    let mut dumper =
        Dumper { options, emitter: Emitter::new(options.indent, options.width, options.allow_unicode) };
    dumper.node(value, Place::Root);
    dumper.emitter.finish()
}

/// As `salt.utils.yaml.safe_dump` does by default: leaf containers on one line, keys sorted.
pub fn salt_dump(value: &Value) -> String {
    dump(value, DumpOptions { default_flow_style: FlowStyle::Leaves, sort_keys: true, ..Default::default() })
}

/// The text of a scalar, and whether a reader takes it for the same type without quotes.
pub(super) struct Scalar<'a> {
    text: Cow<'a, str>,
    plain: bool,
    /// Another type than text: in quotes it needs the tag `!`.
    typed: bool,
    /// `!!binary`, which is written with its tag and as a block.
    binary: bool,
}

impl<'a> Scalar<'a> {
    /// None for a container.
    fn of(value: &'a Value) -> Option<Scalar<'a>> {
        let plain =
            |text: String| Some(Scalar { text: text.into(), plain: true, typed: true, binary: false });
        match value {
            Value::None => plain("null".to_owned()),
            Value::Bool(b) => plain(b.to_string()),
            Value::Int(_) | Value::BigInt(_) => plain(value.to_string()),
            Value::Float(f) => plain(float_text(*f)),
            Value::DateTime(d) => plain(d.to_string()),
            Value::Str(s) => Some(Scalar {
                text: Cow::Borrowed(s),
                plain: resolve(s) == Tag::Str,
                typed: false,
                binary: false,
            }),
            Value::Bytes(b) => {
                Some(Scalar { text: base64_lines(b).into(), plain: false, typed: false, binary: true })
            }
            Value::List(_) | Value::Dict(_) => None,
        }
    }
}

/// YAML 1.1 knows a float by its point: `1e+16` is text, `1.0e+16` is a number.
fn float_text(f: f64) -> String {
    if f.is_nan() {
        return ".nan".to_owned();
    }
    if f.is_infinite() {
        return if f > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let text = Value::Float(f).to_string();
    if text.contains('.') { text } else { text.replacen('e', ".0e", 1) }
}

/// Base64 in lines of 76, each with its line break, as `base64.encodebytes` writes it.
fn base64_lines(bytes: &[u8]) -> String {
    bytes.chunks(57).fold(String::new(), |mut out, line| {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}", STANDARD.encode(line));
        out
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Root,
    Item,
    SimpleKey,
    /// A value of a dict in block style, whose list needs no deeper indentation.
    Value,
}

struct Dumper {
    options: DumpOptions,
    emitter: Emitter,
}

/// The longest text that may stand before a `:` without a `?`.
const MAX_SIMPLE_KEY: usize = 128;

impl Dumper {
    fn node(&mut self, value: &Value, place: Place) {
        match value {
            Value::List(items) => self.list(items, place),
            Value::Dict(dict) => self.dict(dict, place),
            other => {
                if let Some(scalar) = Scalar::of(other) {
                    self.emitter.scalar(&scalar, place);
                }
            }
        }
    }

    fn is_flow<'a>(&self, mut children: impl Iterator<Item = &'a Value>) -> bool {
        match self.options.default_flow_style {
            FlowStyle::Flow => true,
            FlowStyle::Block => false,
            FlowStyle::Leaves => {
                children.all(|v| !matches!(v, Value::List(_) | Value::Dict(_) | Value::Bytes(_)))
            }
        }
    }

    fn list(&mut self, items: &[Value], place: Place) {
        let emitter = &mut self.emitter;
        if emitter.in_flow() || items.is_empty() || self.is_flow(items.iter()) {
            self.emitter.open_flow("[");
            for (i, item) in items.iter().enumerate() {
                self.emitter.flow_item(i);
                self.node(item, Place::Item);
            }
            self.emitter.close_flow("]");
            return;
        }
        let indentless = place == Place::Value && !self.emitter.at_indention() && !self.options.indent_lists;
        let before = self.emitter.indent_deeper(indentless);
        for item in items {
            self.emitter.write_indent();
            self.emitter.indicator("-", true, false, true);
            self.node(item, Place::Item);
        }
        self.emitter.indent_back(before);
    }

    fn dict(&mut self, dict: &Dict, _place: Place) {
        let mut entries: Vec<(&Value, &Value)> = dict.iter().collect();
        if self.options.sort_keys {
            sort_keys(&mut entries);
        }
        let flow = self.emitter.in_flow()
            || entries.is_empty()
            || self.is_flow(entries.iter().flat_map(|(k, v)| [*k, *v]));
        if flow {
            self.emitter.open_flow("{");
            for (i, (key, value)) in entries.into_iter().enumerate() {
                self.emitter.flow_item(i);
                self.entry(key, value, true);
            }
            self.emitter.close_flow("}");
            return;
        }
        let before = self.emitter.indent_deeper(false);
        for (key, value) in entries {
            self.emitter.write_indent();
            self.entry(key, value, false);
        }
        self.emitter.indent_back(before);
    }

    fn entry(&mut self, key: &Value, value: &Value, flow: bool) {
        let place = if flow { Place::Item } else { Place::Value };
        if is_simple_key(key) {
            self.node(key, Place::SimpleKey);
            self.emitter.indicator(":", false, false, false);
            self.node(value, place);
            return;
        }
        self.emitter.indicator("?", true, false, !flow);
        self.node(key, place);
        if flow {
            self.emitter.break_long_line();
        } else {
            self.emitter.write_indent();
        }
        self.emitter.indicator(":", true, false, !flow);
        self.node(value, place);
    }
}

fn is_simple_key(key: &Value) -> bool {
    match Scalar::of(key) {
        Some(Scalar { binary: true, .. }) => false,
        Some(scalar) => scalar.text.len() <= MAX_SIMPLE_KEY && !scalar::is_multiline(&scalar.text),
        None => {
            matches!(key, Value::List(l) if l.is_empty()) || matches!(key, Value::Dict(d) if d.is_empty())
        }
    }
}

/// `sorted()` over the keys; where Python cannot compare them, the order stays.
pub(crate) fn sort_keys(entries: &mut [(&Value, &Value)]) {
    if entries.iter().all(|(k, _)| k.as_str().is_some()) {
        entries.sort_by(|a, b| a.0.as_str().cmp(&b.0.as_str()));
    } else if entries.iter().all(|(k, _)| k.as_f64().is_some()) {
        entries.sort_by(|a, b| match (a.0.as_int(), b.0.as_int()) {
            (Some(x), Some(y)) => x.cmp(&y),
            _ => a.0.as_f64().partial_cmp(&b.0.as_f64()).unwrap_or(std::cmp::Ordering::Equal),
        });
    }
}
