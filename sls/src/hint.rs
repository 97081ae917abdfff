//! What to do about an error.
//!
//! Where a text does not render, a line `hint: …` stands behind the excerpt. The errors of the compiler are taken to
//! the letter by scripts: they stay Salt's, and what to do is logged.

use std::fmt::Display;

/// The text with a hint behind it.
pub(crate) fn with(text: String, hint: Option<impl Display>) -> String {
    match hint {
        Some(hint) => format!("{text}\nhint: {hint}"),
        None => text,
    }
}

/// The text as it is; the hint is logged with its first line.
pub(crate) fn told(text: String, hint: Option<impl Display>) -> String {
    if let Some(hint) = hint {
        tracing::warn!("{}\nhint: {hint}", text.lines().next().unwrap_or_default());
    }
    text
}

/// Asks for the name that was probably meant.
pub(crate) fn meant<'a>(name: &str, among: impl Iterator<Item = &'a str>) -> Option<String> {
    jinja::nearest(name, among.filter(|other| *other != name)).map(|near| format!("did you mean '{near}'?"))
}
