//! What to do about a text that does not render: the mistakes that people make most.

use data::yaml;
use jinja::ErrorKind;

use crate::hint::meant;

/// The names that every template has.
const GLOBALS: &[&str] = &[
    "salt",
    "grains",
    "pillar",
    "opts",
    "saltenv",
    "sls",
    "slspath",
    "slsdotpath",
    "slscolonpath",
    "sls_path",
    "tpldir",
    "tplfile",
    "tplpath",
    "tpldot",
    "tplroot",
    "range",
    "dict",
    "lipsum",
    "cycler",
    "joiner",
    "namespace",
    "loop",
];

/// A text of YAML and where in it something is wrong; lines count from 1.
struct Place<'a> {
    text: &'a str,
    line: usize,
    /// The beginning of what was being read.
    from: usize,
}

impl Place<'_> {
    fn line_at(&self, number: usize) -> &str {
        number.checked_sub(1).and_then(|n| self.text.lines().nth(n)).unwrap_or_default()
    }

    /// The last line before that has something in it.
    fn before(&self) -> Option<usize> {
        (1..self.line).rev().find(|n| !self.line_at(*n).trim().is_empty())
    }

    /// The lines around, with numbers and a mark.
    fn shown(&self) -> String {
        let first = self.from.clamp(1, self.line).max(self.line.saturating_sub(3)).max(1);
        let last = self.text.lines().count();
        let lines = (first..=(self.line + 1).min(last)).map(|n| {
            let mark = if n == self.line { '>' } else { ' ' };
            format!("\n  {mark} {n:>3} | {}", self.line_at(n))
        });
        lines.collect()
    }
}

/// The lines around a line, with numbers and a mark.
pub(super) fn lines(text: &str, line: usize) -> String {
    let line = line.clamp(1, text.lines().count().max(1));
    Place { text, line, from: line.saturating_sub(2) }.shown()
}

/// What to do about YAML that cannot be read, with the lines around where Salt's own text has none.
pub(super) fn yaml(error: &yaml::Error, text: &str) -> Option<String> {
    let (context, from) = match &error.context {
        Some((what, mark)) => (what.as_str(), mark.line as usize + 1),
        None => ("", error.line),
    };
    let last = text.lines().count().max(1);
    let place = Place { text, line: error.line.clamp(1, last), from };
    match error.kind {
        yaml::Kind::Scanner => scanner(error, &place, from),
        yaml::Kind::Parser | yaml::Kind::Constructor => {
            let what = parser(error, &place, context).unwrap_or_else(|| "it is here".to_owned());
            Some(format!("{what}{}", place.shown()))
        }
        yaml::Kind::Reader | yaml::Kind::Composer => None,
    }
}

fn scanner(error: &yaml::Error, place: &Place<'_>, from: usize) -> Option<String> {
    let at = place.line_at(place.line);
    let problem = error.problem.as_str();
    if problem.contains("cannot start any token") {
        let start = at.chars().nth(error.column.checked_sub(1)?)?;
        return match start {
            '\t' => None,
            '%' if at.contains("{%") => {
                Some("this is not rendered as Jinja: the first line names renderers without it".to_owned())
            }
            start => Some(format!("text that begins with '{start}' has to be in quotes")),
        };
    }
    if problem.contains("mapping values are not allowed") {
        if at.matches(": ").count() > 1 {
            return Some("text that has ': ' in it has to be in quotes".to_owned());
        }
        let colon = |n: &usize| {
            let line = place.line_at(*n).trim();
            !line.ends_with(':') && !line.contains(": ") && !line.starts_with('#')
        };
        return Some(match place.before().filter(colon) {
            Some(before) => format!("a ':' is missing at the end of line {before}"),
            None => format!("line {} is not indented as it should be", place.line),
        });
    }
    if problem.contains("could not find expected ':'") {
        return Some(format!("a ':' is missing in line {from}, or a quote"));
    }
    problem
        .contains("unexpected end of stream")
        .then(|| format!("the quote that is opened in line {from} is never closed"))
}

fn parser(error: &yaml::Error, place: &Place<'_>, context: &str) -> Option<String> {
    let (line, from, problem) = (place.line, place.from, error.problem.as_str());
    let at = place.line_at(line);
    let braces = |n| place.line_at(n).contains("{{") || place.line_at(n).contains("{%");
    if problem.starts_with("found conflicting ID") || problem.starts_with("found duplicate") {
        return Some("one of the two needs another name, or both go below one".to_owned());
    }
    if (problem.contains("unhashable") || context.contains("a flow mapping"))
        && (braces(line) || braces(from))
    {
        return Some(
            "this is not rendered as Jinja; text that is to have '{{' in it has to be in quotes".to_owned(),
        );
    }
    if context.starts_with("while parsing a flow") {
        return Some(format!(
            "the bracket that is opened in line {from} is never closed, or a ',' is missing"
        ));
    }
    match context {
        "while parsing a block collection" => Some(format!(
            "the list that begins in line {from} goes on here: a '- ' is missing, or the indentation is wrong"
        )),
        "while parsing a block mapping" if at.trim_start().starts_with('-') => {
            Some(format!("line {line} is not indented as the items of the list above it"))
        }
        "while parsing a block mapping" => {
            Some(format!("line {line} is not indented as the keys of the block that begins in line {from}"))
        }
        _ => None,
    }
}

/// What to do about a template that fails.
pub(super) fn jinja(
    error: &jinja::Error,
    text: &str,
    nearest: &dyn Fn(&str) -> Option<String>,
) -> Option<String> {
    if let Some(hint) = error.hint() {
        return Some(hint.to_owned());
    }
    let message = error.message();
    match error.kind() {
        ErrorKind::Undefined => undefined(message, text, nearest),
        _ => None,
    }
}

fn undefined(message: &str, text: &str, nearest: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    if let Some((name, _)) = message.split_once("' is undefined") {
        let (_, name) = name.rsplit_once('\'')?;
        let words = words_of_tags(text);
        let near = meant(name, GLOBALS.iter().copied().chain(words));
        return Some(near.unwrap_or_else(|| {
            format!("set or import '{name}', or write {name} | default(…) where it may be missing")
        }));
    }
    let (of, name) = message.split_once("' has no attribute '")?;
    let name = name.trim_end_matches('\'');
    if of.contains("AliasedLoader") {
        return Some(match nearest(name) {
            Some(near) => format!("did you mean '{near}'?"),
            None => format!("there is no execution function '{name}'"),
        });
    }
    of.contains("dict object").then(|| {
        format!("where '{name}' may be missing, write .get('{name}', …) or salt['pillar.get']('path:to:{name}', …)")
    })
}

/// The words in the tags of a template: what it sets, imports and loops over is among them.
fn words_of_tags(text: &str) -> impl Iterator<Item = &str> {
    let tags = text.split("{%").skip(1).filter_map(|rest| rest.split("%}").next());
    let words = tags.flat_map(|tag| tag.split(|c: char| !c.is_alphanumeric() && c != '_'));
    words.filter(|word| word.len() > 2)
}
