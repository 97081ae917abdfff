//! What can go wrong in a template, told the way Salt tells it.

use std::fmt;
use std::sync::Arc;

/// Which exception Jinja2 or Python would have raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// `TemplateSyntaxError`: the template does not parse.
    Syntax,
    /// `UndefinedError`: something undefined was used.
    Undefined,
    /// `TemplateRuntimeError`, and what filters raise in its name.
    Runtime,
    /// `SecurityError`: the sandbox said no.
    Security,
    /// `TemplateNotFound`
    NotFound,
    /// `TypeError`
    Type,
    /// `ValueError`
    Value,
    /// `KeyError`
    Key,
    /// `IndexError`
    Index,
    /// `AttributeError`
    Attribute,
    /// `ZeroDivisionError`
    ZeroDivision,
    /// `OverflowError`
    Overflow,
    /// `RecursionError`, and this engine's own depth limit.
    Recursion,
    /// One of this engine's limits (output size, loop steps).
    Limit,
    /// `raise('…')` in a template.
    Raised,
    /// A function that the host supplied failed (`CommandExecutionError`, `SaltInvocationError`).
    Host,
    /// A function that the host supplied raised any other exception.
    Exception,
}

/// A failed render: the message, and where in which template.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    at: Option<Location>,
}

#[derive(Clone)]
struct Location {
    template: Arc<str>,
    line: u32,
    source: Arc<str>,
    /// Whether this is the template that was asked for, not one that it loaded.
    is_main: bool,
}

impl Error {
    /// An error of `kind` with the text that Jinja2 or Python gives it.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error(Box::new(Inner { kind, message: message.into(), hint: None, at: None }))
    }

    /// Python's `TypeError`.
    pub fn type_error(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Type, message)
    }

    /// Python's `ValueError`.
    pub fn value_error(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Value, message)
    }

    /// Jinja's `TemplateRuntimeError`.
    pub fn runtime(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Runtime, message)
    }

    /// A function of the host failed: printed as a problem with a Salt function.
    pub fn host(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Host, message)
    }

    /// Which exception this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The exception's own text, without place and excerpt.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do about it, where that is known; no part of the message.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: Option<String>) -> Self {
        self.0.hint = hint.or(self.0.hint);
        self
    }

    /// Name of the template that holds the line.
    pub fn template(&self) -> Option<&str> {
        self.0.at.as_ref().map(|l| &*l.template)
    }

    /// The line, counted from 1.
    pub fn line(&self) -> Option<u32> {
        self.0.at.as_ref().map(|l| l.line)
    }

    /// Some lines around the place, the one in question marked, between `---` rules.
    pub fn excerpt(&self) -> Option<String> {
        self.0.at.as_ref().map(|l| excerpt(&l.source, l.line))
    }

    /// Notes the place unless a deeper one is known already.
    pub(crate) fn locate(mut self, template: &Arc<str>, source: &Arc<str>, line: u32, is_main: bool) -> Self {
        if self.0.at.is_none() {
            self.0.at = Some(Location { template: template.clone(), line, source: source.clone(), is_main });
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = match self.0.kind {
            ErrorKind::Undefined => "Jinja variable ",
            ErrorKind::Syntax | ErrorKind::Runtime | ErrorKind::Security => "Jinja syntax error: ",
            ErrorKind::Host => "Problem running salt function in Jinja template: ",
            _ => "Jinja error: ",
        };
        write!(f, "{prefix}{}", self.0.message)?;
        match &self.0.at {
            None => Ok(()),
            Some(l) if l.is_main => write!(f, "; line {}\n\n{}", l.line, excerpt(&l.source, l.line)),
            Some(l) => write!(f, "\n{}({}):\n{}", l.template, l.line, excerpt(&l.source, l.line)),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)
    }
}

impl std::error::Error for Error {}

/// Five lines before and after, as Salt's `get_context` cuts them.
fn excerpt(source: &str, line: u32) -> String {
    const AROUND: usize = 5;
    let lines: Vec<&str> = source.lines().collect();
    let line = line as usize;
    if line > lines.len() || line == 0 {
        return source.to_owned();
    }
    let start = line.saturating_sub(AROUND + 1);
    let end = (line + AROUND).min(lines.len());
    let mut out = String::from("---\n");
    if start > 0 {
        out.push_str("[...]\n");
    }
    for (i, text) in lines.iter().enumerate().take(end).skip(start) {
        out.push_str(text);
        if i + 1 == line {
            out.push_str("    <======================");
        }
        out.push('\n');
    }
    if end < lines.len() {
        out.push_str("[...]\n");
    }
    out.push_str("---");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_excerpt_is_cut_and_marked() {
        let source: String = (1..=20).map(|i| format!("l{i}\n")).collect();
        assert_eq!(
            excerpt(&source, 10),
            "---\n[...]\nl5\nl6\nl7\nl8\nl9\nl10    <======================\nl11\nl12\nl13\nl14\nl15\n[...]\n---"
        );
        assert_eq!(excerpt("a\nb\n", 1), "---\na    <======================\nb\n---");
        assert_eq!(excerpt("a", 357), "a");
    }

    #[test]
    fn prints_as_salt_prints() {
        let (name, source): (Arc<str>, Arc<str>) = ("x".into(), "{{ y }}".into());
        let e = Error::new(ErrorKind::Undefined, "'y' is undefined");
        assert_eq!(
            e.clone().locate(&name, &source, 1, true).to_string(),
            "Jinja variable 'y' is undefined; line 1\n\n---\n{{ y }}    <======================\n---"
        );
        assert_eq!(
            e.locate(&name, &source, 1, false).to_string(),
            "Jinja variable 'y' is undefined\nx(1):\n---\n{{ y }}    <======================\n---"
        );
    }
}
