//! Why something does not render, in Salt's words.

use std::fmt;

use data::{Value, yaml};

use super::hints;
use crate::{FetchError, hint};

/// A failed render. `Display` is what Salt puts after "Rendering SLS 'base:x' failed: ".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderError {
    kind: Kind,
    message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Salt's `SaltRenderError`.
    Render,
    /// Any other exception.
    Other,
}

impl RenderError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        RenderError { kind: Kind::Render, message: message.into() }
    }

    fn other(message: impl Into<String>) -> Self {
        RenderError { kind: Kind::Other, message: message.into() }
    }

    /// A problem at a line of a text, with the lines around it.
    pub(super) fn at_line(problem: &str, line: usize, text: &str) -> Self {
        Self::new(format!("{problem}; line {line}\n\n{}", excerpt(text, line)))
    }

    pub(super) fn fetch(error: FetchError) -> Self {
        Self::other(error.to_string())
    }

    pub(super) fn not_utf8(content: &[u8], error: std::str::Utf8Error) -> Self {
        let at = error.valid_up_to();
        let byte = content.get(at).copied().unwrap_or_default();
        let reason = match error.error_len() {
            None => "unexpected end of data",
            Some(_) if !(0xC2..=0xF4).contains(&byte) => "invalid start byte",
            Some(_) => "invalid continuation byte",
        };
        Self::other(format!("'utf-8' codec can't decode byte 0x{byte:02x} in position {at}: {reason}"))
    }

    pub(super) fn not_text(renderer: &str, value: &Value) -> Self {
        Self::new(format!("The renderer '{renderer}' needs text, but gets a {}", value.type_name()))
    }

    pub(super) fn yaml(error: &yaml::Error, text: &str) -> Self {
        let hint = hints::yaml(error, text);
        let told = match error.kind {
            yaml::Kind::Scanner => {
                let tab = match tab_at(text, error.line, error.column) {
                    true => ": a tab; indent with spaces",
                    false => "",
                };
                Self::at_line(&format!("{}{tab}", error.problem), error.line, text)
            }
            yaml::Kind::Parser | yaml::Kind::Constructor => Self::new(error.to_string()),
            yaml::Kind::Reader | yaml::Kind::Composer => Self::other(error.to_string()),
        };
        told.with_hint(hint)
    }

    /// Text that a reader of JSON or TOML cannot read, with the lines around.
    pub(super) fn data(error: &dyn fmt::Display, line: usize, text: &str) -> Self {
        Self::other(error.to_string()).with_hint(Some(format!("it is here{}", hints::lines(text, line))))
    }

    /// A failed template; `nearest` knows execution functions.
    pub(super) fn jinja(error: &jinja::Error, text: &str, nearest: &dyn Fn(&str) -> Option<String>) -> Self {
        Self::new(error.to_string()).with_hint(hints::jinja(error, text, nearest))
    }

    fn with_hint(self, hint: Option<String>) -> Self {
        RenderError { message: hint::with(self.message, hint), ..self }
    }

    /// The error as the compiler reports it for an SLS.
    pub fn of_sls(&self, sls: &str, saltenv: &str) -> String {
        match self.kind {
            Kind::Render => format!("Rendering SLS '{saltenv}:{sls}' failed: {}", self.message),
            Kind::Other => format!("Rendering SLS {sls} failed, render error: {}", self.message),
        }
    }
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RenderError {}

fn tab_at(text: &str, line: usize, column: usize) -> bool {
    let line = line.checked_sub(1).and_then(|line| text.lines().nth(line));
    line.and_then(|line| line.chars().nth(column.checked_sub(1)?)) == Some('\t')
}

/// Five lines before and after, with a mark at the line.
fn excerpt(text: &str, line: usize) -> String {
    const AROUND: usize = 5;
    let lines: Vec<&str> = text.lines().collect();
    if line == 0 || line > lines.len() {
        return text.to_owned();
    }
    let (start, end) = (line.saturating_sub(AROUND + 1), (line + AROUND).min(lines.len()));
    let mut out = String::from("---\n");
    if start > 0 {
        out.push_str("[...]\n");
    }
    for (i, text) in lines.iter().enumerate().take(end).skip(start) {
        out.push_str(text);
        out.push_str(if i + 1 == line { "    <======================\n" } else { "\n" });
    }
    if end < lines.len() {
        out.push_str("[...]\n");
    }
    out.push_str("---");
    out
}
