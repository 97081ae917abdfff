//! What to do about an error: a line behind Salt's text that begins with `hint: `.

use std::fmt::Display;

/// The text with a hint behind it.
pub(crate) fn with(text: String, hint: Option<impl Display>) -> String {
    match hint {
        Some(hint) => format!("{}\nhint: {hint}", text.trim_end_matches('\n')),
        None => text,
    }
}

/// Asks for the name that was probably meant.
pub(crate) fn meant<'a>(name: &str, among: impl Iterator<Item = &'a str>) -> Option<String> {
    jinja::nearest(name, among.filter(|other| *other != name)).map(|near| format!("did you mean '{near}'?"))
}
