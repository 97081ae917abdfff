//! `file.append` and `file.prepend`: these lines at the end or at the beginning, once.

use std::path::Path;

use data::loose::Flag;
use data::{Dict, Value};

use super::act::{Act, name_of, unusable};
use super::blockreplace::jinja;
use super::diff;
use super::managed::yes;
use super::texts::Sources;
use super::touch;
use super::util::{Perms, make_dirs, parent, split_lines, texts};
use crate::exec::file::{edit, pattern};
use crate::states::{Outcome, StateError};
use crate::{Ctx, args};

args! {
    /// Add lines to the end of a file, each text only when the file does not have it yet.
    ///
    /// ```yaml
    /// /etc/motd:
    ///   file.append:
    ///     - text: Thou hadst better eat salt with the Philosophers of Greece
    /// ```
    ///
    /// `text` is a text or a list; `source` or `sources` name templates instead, with `template`, `context` and
    /// `defaults`. `ignore_whitespace: False` looks for the text as it is, as a regular expression. `makedirs: True`
    /// makes the directory. Changes: `diff`.
    pub(crate) struct Append {
        name: String,
        #[serde(default)]
        text: Value,
        #[serde(default)]
        makedirs: Flag,
        #[serde(default)]
        source: Value,
        #[serde(default)]
        source_hash: Value,
        #[serde(default = jinja)]
        template: Value,
        #[serde(default)]
        sources: Value,
        #[serde(default)]
        source_hashes: Value,
        #[serde(default)]
        defaults: Value,
        #[serde(default)]
        context: Value,
        #[serde(default = yes)]
        ignore_whitespace: Flag,
        #[serde(default = yes)]
        show_changes: Flag,
    }

    /// Put lines before what is in a file, each text only when the file does not have it yet.
    ///
    /// ```yaml
    /// /etc/motd:
    ///   file.prepend:
    ///     - text: Thou hadst better eat salt with the Philosophers of Greece
    ///     - header: True      # they are to be the first lines, even if the file has them elsewhere
    /// ```
    ///
    /// Arguments and changes as `file.append` has them.
    pub(crate) struct Prepend {
        name: String,
        #[serde(default)]
        text: Value,
        #[serde(default)]
        makedirs: Flag,
        #[serde(default)]
        source: Value,
        #[serde(default)]
        source_hash: Value,
        #[serde(default = jinja)]
        template: Value,
        #[serde(default)]
        sources: Value,
        #[serde(default)]
        source_hashes: Value,
        #[serde(default)]
        defaults: Value,
        #[serde(default)]
        context: Value,
        #[serde(default)]
        header: Flag,
        #[serde(default = yes)]
        show_changes: Flag,
    }
}

/// What both have in common.
struct Add<'a> {
    fun: &'static str,
    name: &'a str,
    text: &'a Value,
    makedirs: Flag,
    sources: Sources<'a>,
    show_changes: Flag,
}

/// A file, what is in it, and the texts for it.
struct Ready {
    name: String,
    old: String,
    texts: Vec<String>,
}

impl Add<'_> {
    /// The file, made when it is not there. In test mode that is the end of it.
    fn ready(&self, ctx: &Ctx<'_>) -> Result<Result<Ready, Outcome>, StateError> {
        let name = name_of(ctx, self.name, self.fun)?;
        self.sources.exclusive()?;
        if self.makedirs.0 && !ctx.test && !ctx.host.is_dir(&parent(&name)) {
            make_dirs(ctx, &name, &Perms::default())?;
        }
        if let Some(problem) = unusable(ctx, &name) {
            let touched = touch::touch(ctx, &name, self.makedirs);
            if ctx.test {
                return touched.map(Err);
            }
            if unusable(ctx, &name).is_some() {
                return Err(StateError::refused(problem));
            }
        }
        let texts = match self.sources.texts(ctx)? {
            Some(texts) => texts,
            None if self.text.is_none() => {
                let what = self.fun.trim_start_matches("file.");
                return Err(StateError::refused(format!("No text found to {what}. Nothing {what}ed")));
            }
            None => texts(self.text),
        };
        let old = edit::text(ctx, Path::new(&name))?;
        Ok(Ok(Ready { name, old, texts }))
    }

    /// What changed, as a diff whose lines end with `end`.
    fn diff(&self, old: &[&str], new: &[&str], end: &str) -> Option<String> {
        if old == new {
            return None;
        }
        if !self.show_changes.0 {
            return Some("<show_changes=False>".to_owned());
        }
        // Lines that have their ends are put together as they are.
        Some(diff::unified(old, new, "\n").join(end))
    }

    fn outcome(
        &self,
        ctx: &Ctx<'_>,
        ready: &Ready,
        diff: Option<String>,
        said: String,
    ) -> Result<Outcome, StateError> {
        let mut outcome = Outcome::new(Some(true), said);
        match diff {
            Some(diff) => {
                outcome.changes = Dict::new().with("diff", diff);
                if ctx.test {
                    outcome.result = None;
                    outcome.comment = format!("File {} is set to be updated", ready.name);
                }
            }
            None if ctx.test => outcome.comment = format!("File {} is in correct state", ready.name),
            None => {}
        }
        Ok(outcome)
    }
}

/// Words of the text with any white space between them and around each line, or none, as Salt looks for it.
fn whitespace_pattern(text: &str) -> String {
    let mut pattern = String::from("^");
    for line in split_lines(text) {
        let words: Vec<String> =
            line.split_whitespace().map(|word| fancy_regex::escape(word).into_owned()).collect();
        pattern.push_str(&format!("\\s*{}\\s*", words.join("\\s*")));
    }
    pattern.push('$');
    pattern
}

/// Whether a text has what is looked for, line by line.
fn has(text: &str, pattern: &str) -> Result<bool, StateError> {
    Ok(pattern::found(&pattern::compile(pattern, pattern::MULTILINE, false)?, text)?)
}

/// What an `Append` or a `Prepend` has in common with the other.
macro_rules! add {
    ($state:expr) => {
        Add {
            fun: Self::FUN,
            name: &$state.name,
            text: &$state.text,
            makedirs: $state.makedirs,
            sources: Sources {
                source: &$state.source,
                sources: &$state.sources,
                source_hash: &$state.source_hash,
                source_hashes: &$state.source_hashes,
                template: &$state.template,
                defaults: &$state.defaults,
                context: &$state.context,
            },
            show_changes: $state.show_changes,
        }
    };
}

impl Act for Append {
    const FUN: &'static str = "file.append";

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let add = add!(self);
        let ready = match add.ready(ctx)? {
            Ok(ready) => ready,
            Err(outcome) => return Ok(outcome),
        };
        let mut lines = Vec::new();
        for text in &ready.texts {
            let pattern = if self.ignore_whitespace.0 { &whitespace_pattern(text) } else { text };
            if !has(&ready.old, pattern)? {
                lines.extend(split_lines(text));
            }
        }
        let before = split_lines(&ready.old);
        let after: Vec<&str> = before.iter().chain(&lines).copied().collect();
        let mut said = format!("File {} is in correct state", ready.name);
        if !lines.is_empty() {
            said = format!("Appended {} lines", lines.len());
            if !ctx.test {
                let mut new = ready.old.clone();
                if !new.is_empty() && !new.ends_with('\n') {
                    new.push('\n');
                }
                lines.iter().for_each(|line| new.extend([*line, "\n"]));
                ctx.host.write_atomic(Path::new(&ready.name), new.as_bytes(), None)?;
            }
        }
        add.outcome(ctx, &ready, add.diff(&before, &after, "\n"), said)
    }
}

impl Act for Prepend {
    const FUN: &'static str = "file.prepend";

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let add = add!(self);
        let ready = match add.ready(ctx)? {
            Ok(ready) => ready,
            Err(outcome) => return Ok(outcome),
        };
        let mut lines: Vec<&str> = Vec::new();
        for text in &ready.texts {
            if self.header.0 || !has(&ready.old, &whitespace_pattern(text))? {
                lines.extend(split_lines(text));
            }
        }
        // In test mode Salt does not look whether a header is there already; that it is makes no change.
        if self.header.0 && split_lines(&ready.old).starts_with(&lines) {
            lines.clear();
        }
        let before: Vec<&str> = ready.old.split_inclusive('\n').collect();
        let head: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
        let after: Vec<&str> = head.iter().map(String::as_str).chain(before.iter().copied()).collect();
        let mut said = format!("File {} is in correct state", ready.name);
        if !lines.is_empty() {
            said = format!("Prepended {} lines", lines.len());
            if !ctx.test {
                ctx.host.write_atomic(Path::new(&ready.name), after.concat().as_bytes(), None)?;
            }
        }
        add.outcome(ctx, &ready, add.diff(&before, &after, ""), said)
    }
}
