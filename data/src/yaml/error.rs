//! What is wrong with a document, in PyYAML's words (those of libyaml, which Salt uses).

use std::fmt;

/// A place in a document, both from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Line.
    pub line: u32,
    /// Column, in characters.
    pub column: u32,
}

/// Which stage found the error; the names are PyYAML's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A character that no YAML text has.
    Reader,
    /// The text makes no tokens.
    Scanner,
    /// The tokens make no document.
    Parser,
    /// Anchors, aliases, a second document.
    Composer,
    /// A node that makes no value: a duplicate key, an unknown tag, a number that is none.
    Constructor,
}

/// Why a document cannot be read. `Display` is `str()` of PyYAML's exception. The fields are those of
/// [`Details`], behind a pointer so that the results of the stages stay small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Details>);

/// What an [`Error`] tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// The stage that found it.
    pub kind: Kind,
    /// What was being read, and where that began.
    pub context: Option<(String, Mark)>,
    /// What is wrong.
    pub problem: String,
    /// Line of the problem, from 1.
    pub line: usize,
    /// Column of the problem in characters, from 1; for [`Kind::Reader`] the byte offset.
    pub column: usize,
}

impl std::ops::Deref for Error {
    type Target = Details;
    fn deref(&self) -> &Details {
        &self.0
    }
}

impl Error {
    pub(super) fn new(kind: Kind, problem: impl Into<String>, mark: Mark) -> Self {
        Error(Box::new(Details {
            kind,
            context: None,
            problem: problem.into(),
            line: mark.line as usize + 1,
            column: mark.column as usize + 1,
        }))
    }

    /// A character that no YAML text has, by its line and its offset in bytes.
    pub(super) fn character(problem: String, line: usize, offset: usize) -> Self {
        Error(Box::new(Details { kind: Kind::Reader, context: None, problem, line, column: offset }))
    }

    pub(super) fn within(mut self, context: impl Into<String>, mark: Mark) -> Self {
        self.0.context = Some((context.into(), mark));
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAME: &str = "<unicode string>";
        if self.kind == Kind::Reader {
            return write!(f, "{}\n  in \"{NAME}\", position {}", self.problem, self.column);
        }
        if let Some((context, mark)) = &self.context {
            writeln!(f, "{context}")?;
            let (line, column) = (mark.line as usize + 1, mark.column as usize + 1);
            if (line, column) != (self.line, self.column) {
                writeln!(f, "  in \"{NAME}\", line {line}, column {column}")?;
            }
        }
        write!(f, "{}\n  in \"{NAME}\", line {}, column {}", self.problem, self.line, self.column)
    }
}

impl std::error::Error for Error {}
