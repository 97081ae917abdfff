//! `file.comment` and `file.uncomment`: lines that a regular expression finds.

use data::loose::Flag;
use data::{Dict, Value};

use super::act::{Act, file_of, well};
use super::diff;
use super::replace::bak;
use crate::exec::file::pattern;
use crate::exec::file::replace::Comments;
use crate::states::{Outcome, StateError};
use crate::{Ctx, args};

args! {
    /// Comment lines out that a regular expression finds.
    ///
    /// ```yaml
    /// /etc/fstab:
    ///   file.comment:
    ///     - regex: ^bind 127.0.0.1
    ///     - char: '#'
    ///     - backup: False             # default: keep a copy with .bak after its name
    ///     - ignore_missing: True      # all is well when nothing is found
    /// ```
    ///
    /// Changes: `diff`.
    pub(crate) struct Comment {
        name: String,
        regex: String,
        #[serde(default = hash)]
        char: String,
        #[serde(default = bak)]
        backup: Value,
        #[serde(default)]
        ignore_missing: Flag,
    }

    /// Take the comment sign away from lines that a regular expression finds.
    ///
    /// ```yaml
    /// /etc/adduser.conf:
    ///   file.uncomment:
    ///     - regex: EXTRA_GROUPS
    /// ```
    ///
    /// Changes: `diff`.
    pub(crate) struct Uncomment {
        name: String,
        regex: String,
        #[serde(default = hash)]
        char: String,
        #[serde(default = bak)]
        backup: Value,
    }
}

fn hash() -> String {
    "#".to_owned()
}

/// The pattern without flags and anchors.
fn unanchored(regex: &str) -> &str {
    let flags = regex.strip_prefix("(?").and_then(|rest| rest.split_once(')'));
    let rest = match flags {
        Some((letter, rest)) if letter.len() == 1 && "iLmsux".contains(letter) => rest,
        _ => regex,
    };
    let rest = rest.strip_prefix('^').unwrap_or(rest);
    rest.strip_suffix('$').unwrap_or(rest)
}

/// Whether a pattern is found in a text, line by line.
fn finds(text: &str, pattern: &str) -> Result<bool, StateError> {
    Ok(pattern::found(&pattern::compile(pattern, pattern::MULTILINE, false)?, text)?)
}

/// Changes the lines, unless in test mode, and tells by `well` whether what was to be found is there then.
fn change(
    ctx: &Ctx<'_>,
    lines: &Comments<'_>,
    backup: &Value,
    there: &str,
    said: [&str; 2],
) -> Result<Outcome, StateError> {
    let (edit, ..) = lines.edit(ctx)?;
    edit.store(ctx, edit.copy_named(backup).as_deref())?;
    let mut changes = Dict::new();
    if edit.is_change() {
        changes.insert("diff", diff::of_texts(&edit.old, &edit.new));
    }
    let well = finds(&edit.new, there)?;
    let [good, bad] = said;
    Ok(Outcome::new(Some(well), if well { good } else { bad }).with_changes(changes))
}

fn would(name: &str) -> Outcome {
    Outcome::new(None, format!("File {name} is set to be updated"))
        .with_changes(Dict::new().with(name, "updated"))
}

impl Act for Comment {
    const FUN: &'static str = "file.comment";

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let name = file_of(ctx, &self.name, Self::FUN)?;
        let core = unanchored(&self.regex);
        let commented = format!("{}{core}", self.char);
        let lines = Comments { path: &name, regex: &self.regex, sign: &self.char, out: true };
        let text = lines.text(ctx)?;
        if !finds(&text, &format!("^(?!\\s*{})\\s*{core}", self.char))? {
            if finds(&text, &commented)? {
                return well("Pattern already commented");
            }
            if self.ignore_missing.0 {
                return well("Pattern not found and ignore_missing set to True");
            }
            return Err(StateError::refused(format!("{core}: Pattern not found")));
        }
        if ctx.test {
            return Ok(would(&name));
        }
        let said = ["Commented lines successfully", "Expected commented lines not found"];
        change(ctx, &lines, &self.backup, &commented, said)
    }
}

impl Act for Uncomment {
    const FUN: &'static str = "file.uncomment";

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let name = file_of(ctx, &self.name, Self::FUN)?;
        let core = self.regex.trim_start_matches('^');
        let plain = format!("^[ \t]*{core}");
        let lines = Comments { path: &name, regex: &self.regex, sign: &self.char, out: false };
        let text = lines.text(ctx)?;
        if !finds(&text, &format!("{}[ \t]*{core}", self.char))? {
            if finds(&text, &plain)? {
                return well("Pattern already uncommented");
            }
            return Err(StateError::refused(format!("{}: Pattern not found", self.regex)));
        }
        if ctx.test {
            return Ok(would(&name));
        }
        let said = ["Uncommented lines successfully", "Expected uncommented lines not found"];
        change(ctx, &lines, &self.backup, &plain, said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_and_flags_are_left_out() {
        assert_eq!(unanchored("(?i)^bind$"), "bind");
        assert_eq!(unanchored("(?:a)b"), "(?:a)b");
        assert_eq!(unanchored("^a"), "a");
    }
}
