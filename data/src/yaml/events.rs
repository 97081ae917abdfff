//! The text as a stream of events.

use std::borrow::Cow;

use saphyr_parser::{Event as Raw, Parser, ScalarStyle, StrInput, Tag};

use super::error::{Error, Kind, Mark};

pub(super) struct Event<'a> {
    pub(super) kind: EventKind<'a>,
    pub(super) mark: Mark,
}

pub(super) enum EventKind<'a> {
    StreamEnd,
    DocumentStart,
    Other,
    Alias(Cow<'a, str>),
    Scalar { anchor: Option<Cow<'a, str>>, tag: Option<Cow<'a, str>>, value: Cow<'a, str>, plain: bool },
    SequenceStart { anchor: Option<Cow<'a, str>>, tag: Option<Cow<'a, str>> },
    SequenceEnd,
    MappingStart { anchor: Option<Cow<'a, str>>, tag: Option<Cow<'a, str>> },
    MappingEnd,
}

pub(super) struct Events<'a>(Parser<'a, StrInput<'a>>);

fn anchor<'a>(id: usize) -> Option<Cow<'a, str>> {
    (id > 0).then(|| Cow::Owned(id.to_string()))
}

fn tag_name<'a>(tag: Option<Cow<'_, Tag>>) -> Option<Cow<'a, str>> {
    tag.map(|t| Cow::Owned(format!("{}{}", t.handle, t.suffix)))
}

impl<'a> Events<'a> {
    pub(super) fn new(text: &'a str) -> Result<Self, Error> {
        Ok(Events(Parser::new_from_str(text)))
    }

    pub(super) fn next_event(&mut self) -> Result<Event<'a>, Error> {
        let Some(next) = self.0.next_event() else {
            return Ok(Event { kind: EventKind::StreamEnd, mark: Mark::default() });
        };
        let mark = |m: &saphyr_parser::Marker| Mark { line: m.line() as u32 - 1, column: m.col() as u32 };
        let (raw, span) = next.map_err(|e| Error::new(Kind::Scanner, e.info(), mark(e.marker())))?;
        let kind = match raw {
            Raw::StreamEnd => EventKind::StreamEnd,
            Raw::DocumentStart(_) => EventKind::DocumentStart,
            Raw::Alias(id) => EventKind::Alias(Cow::Owned(id.to_string())),
            Raw::Scalar(value, style, id, tag) => EventKind::Scalar {
                anchor: anchor(id),
                tag: tag_name(tag),
                value,
                plain: style == ScalarStyle::Plain,
            },
            Raw::SequenceStart(id, tag) => {
                EventKind::SequenceStart { anchor: anchor(id), tag: tag_name(tag) }
            }
            Raw::SequenceEnd => EventKind::SequenceEnd,
            Raw::MappingStart(id, tag) => EventKind::MappingStart { anchor: anchor(id), tag: tag_name(tag) },
            Raw::MappingEnd => EventKind::MappingEnd,
            _ => EventKind::Other,
        };
        Ok(Event { kind, mark: mark(&span.start) })
    }
}
