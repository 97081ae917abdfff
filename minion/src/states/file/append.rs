//! `file.append`: these lines at the end, once.

use std::path::Path;
use std::rc::Rc;

use data::{Dict, Value};
use fancy_regex::Regex;
use sls::render::{Renderer, Template};

use super::diff;
use super::util::{Perms, expand_user, make_dirs, parent, split_lines, texts};
use crate::fileclient::Source;
use crate::states::{Applied, Outcome, Plan, State, StateError};
use crate::{Ctx, Minion, args};

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
    /// `defaults`. `ignore_whitespace: False` looks for the text as it is. `makedirs: True` makes the
    /// directory. Changes: `diff`.
    pub(crate) struct Append {
        name: String,
        #[serde(default)]
        text: Value,
        #[serde(default)]
        makedirs: bool,
        #[serde(default)]
        source: Option<String>,
        #[serde(default)]
        sources: Vec<String>,
        #[serde(default, rename = "source_hash")]
        _source_hash: Value,
        #[serde(default, rename = "source_hashes")]
        _source_hashes: Value,
        #[serde(default)]
        template: Option<String>,
        #[serde(default)]
        defaults: Dict,
        #[serde(default)]
        context: Dict,
        #[serde(default = yes)]
        ignore_whitespace: bool,
        #[serde(default = yes)]
        show_changes: bool,
    }
}

fn yes() -> bool {
    true
}

/// What is to be added to a file, and the file as it is to be.
pub(crate) struct Add {
    lines: Vec<String>,
    content: String,
    diff: Option<String>,
}

impl Append {
    fn wanted(&self, ctx: &Ctx<'_>) -> Result<Vec<String>, StateError> {
        let sources: Vec<&String> = self.source.iter().chain(&self.sources).collect();
        if self.source.is_some() && !self.sources.is_empty() {
            return Err(StateError::refused("source and sources are mutually exclusive"));
        }
        if sources.is_empty() {
            if self.text.is_none() {
                return Err(StateError::refused("No text found to append. Nothing appended"));
            }
            return Ok(texts(&self.text));
        }
        let renderer = Renderer::new(Rc::new(Minion::of(ctx)));
        let saltenv = ctx.saltenv();
        let mut wanted = Vec::new();
        for name in sources {
            let missing = || StateError::refused(format!("Failed to load template file {name}"));
            let source = Source::parse(name).ok_or_else(missing)?;
            let content = source.read(ctx, &saltenv)?.ok_or_else(missing)?;
            let text = String::from_utf8_lossy(&content);
            let mut context = self.defaults.clone();
            context.extend(self.context.clone());
            wanted.push(match self.template.as_deref() {
                None | Some("jinja") => {
                    let template = Template { text: &text, name, saltenv: &saltenv, context };
                    renderer.template(template).map_err(|e| StateError::refused(e.to_string()))?
                }
                Some(_) => text.into_owned(),
            });
        }
        Ok(wanted)
    }

    /// Whether the file has the text already.
    fn has(&self, content: &str, text: &str) -> bool {
        let pattern = if self.ignore_whitespace { whitespace_pattern(text) } else { text.to_owned() };
        Regex::new(&format!("(?m){pattern}")).is_ok_and(|re| re.is_match(content).unwrap_or(false))
    }

    fn add(&self, old: &str, wanted: &[String]) -> Add {
        let mut lines = Vec::new();
        for text in wanted.iter().filter(|text| !self.has(old, text)) {
            lines.extend(split_lines(text).into_iter().map(str::to_owned));
        }
        let mut content = old.to_owned();
        if !lines.is_empty() {
            if !content.is_empty() && !content.ends_with('\n') {
                content.push('\n');
            }
            content.extend(lines.iter().map(|line| format!("{line}\n")));
        }
        let (before, after) = (split_lines(old), split_lines(&content));
        let diff = (before != after).then(|| {
            if !diff::is_text(old.as_bytes()) {
                "Replace binary file".to_owned()
            } else if self.show_changes {
                diff::unified(&before, &after, "\n").join("\n")
            } else {
                "<show_changes=False>".to_owned()
            }
        });
        Add { lines, content, diff }
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

impl State for Append {
    const FUN: &'static str = "file.append";
    const KWARGS: bool = false;
    type Step = Add;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Add>, StateError> {
        let name = expand_user(ctx, &self.name);
        if name.is_empty() {
            return Err(StateError::refused("Must provide name to file.append"));
        }
        if !name.starts_with('/') {
            return Err(StateError::refused(format!("Specified file {name} is not an absolute path")));
        }
        let old = ctx.host.read_opt(Path::new(&name))?;
        if old.is_none() {
            if ctx.test {
                let changes = Dict::new().with("new", name.as_str());
                return Ok(Plan::settled(None, changes, format!("File {name} is set to be created")));
            }
            if !self.makedirs && !ctx.host.is_dir(&parent(&name)) {
                return Err(StateError::refused(format!("{name}: file not found")));
            }
        }
        let wanted = self.wanted(ctx)?;
        let text = String::from_utf8_lossy(old.as_deref().unwrap_or_default()).into_owned();
        let add = self.add(&text, &wanted);
        if add.diff.is_none() && old.is_some() {
            return Ok(Plan::nothing(format!("File {name} is in correct state")));
        }
        let mut changes = Dict::new();
        if let Some(diff) = &add.diff {
            changes.insert("diff", diff.as_str());
        }
        Ok(Plan::steps(vec![add], changes, format!("File {name} is set to be updated")))
    }

    fn apply(&self, step: Add, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let name = expand_user(ctx, &self.name);
        if self.makedirs {
            make_dirs(ctx, &name, &Perms::default())?;
        }
        ctx.host.write_atomic(Path::new(&name), step.content.as_bytes(), None)?;
        let comment = if step.lines.is_empty() {
            format!("File {name} is in correct state")
        } else {
            format!("Appended {} lines", step.lines.len())
        };
        let mut changes = Dict::new();
        if let Some(diff) = step.diff {
            changes.insert("diff", diff);
        }
        Ok(Applied::Done(Outcome::new(Some(true), comment).with_changes(changes)))
    }
}
