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

pub(super) fn yaml(error: &yaml::Error, text: &str) -> Option<String> {
    let line = |n: usize| n.checked_sub(1).and_then(|n| text.lines().nth(n)).unwrap_or_default();
    let (problem, at) = (error.problem.as_str(), line(error.line));
    let context = error.context.as_ref().map(|(what, mark)| (what.as_str(), mark.line as usize + 1));
    let unquoted = |line: &str| line.contains("{{") || line.contains("{%");
    if problem.starts_with("found character") {
        return Some(match at.trim_start().trim_start_matches("- ").chars().next() {
            _ if problem.contains("'\\t'") => return None,
            _ if unquoted(at) => {
                "this is not rendered as Jinja; the first line must not name renderers without it".into()
            }
            _ => "put text that has this character at its start into quotes".to_owned(),
        });
    }
    if problem.contains("unhashable") && unquoted(at) || problem.contains("double curly-brace") {
        return Some("put the text with '{{ … }}' into quotes".to_owned());
    }
    if problem.contains("mapping values are not allowed") {
        return Some(if at.matches(": ").count() > 1 {
            "put text that has ': ' in it into quotes".to_owned()
        } else {
            "a line above lacks its ':', or this one is indented more than its neighbours".to_owned()
        });
    }
    if problem.contains("could not find expected ':'") {
        let from = context.map_or(error.line, |(_, line)| line);
        return Some(format!("a ':' is missing in line {from}, or a quote is"));
    }
    if problem.contains("unexpected end of stream") {
        let from = context.map_or(error.line, |(_, line)| line);
        return Some(format!("the quote that is opened in line {from} is never closed"));
    }
    let (what, from) = context?;
    if problem.starts_with("expected <block end>") {
        return Some(match what {
            "while parsing a block collection" => {
                format!(
                    "the items of the list that begins in line {from} need the same indentation, each with '- '"
                )
            }
            _ if at.trim_start().starts_with("- ") => {
                format!(
                    "a list item stands where 'key: value' is expected since line {from}; is a '- ' missing there?"
                )
            }
            _ => format!("the keys of the block that begins in line {from} need the same indentation"),
        });
    }
    if what.starts_with("while parsing a flow") {
        return Some(format!(
            "the bracket that is opened in line {from} is never closed, or a ',' is missing"
        ));
    }
    None
}

pub(super) fn jinja(
    error: &jinja::Error,
    text: &str,
    nearest: &dyn Fn(&str) -> Option<String>,
) -> Option<String> {
    let message = error.message();
    match error.kind() {
        ErrorKind::Undefined => {
            if let Some(name) = between(message, "'", "' is undefined") {
                let words = words_of_tags(text);
                let names = GLOBALS.iter().copied().chain(words.iter().copied());
                return Some(meant(name, names).unwrap_or_else(|| {
                    format!(
                        "set '{name}' or import it, or write '{name} | default(…)' where it may be missing"
                    )
                }));
            }
            let name = between(message, "has no attribute '", "'")?;
            if message.contains("AliasedLoader") || message.contains("LoadedMod") {
                let near = nearest(name)?;
                return Some(format!("did you mean '{near}'?"));
            }
            let dict = message.contains("dict object") || message.contains("'DictProxy");
            dict.then(|| {
                format!(
                    "where '{name}' may be missing, write .get('{name}', …) or salt['pillar.get']('path:to:{name}', …)"
                )
            })
        }
        ErrorKind::Syntax if message.contains("Unexpected end of template") => {
            let tags = [
                "for",
                "if",
                "macro",
                "call",
                "filter",
                "block",
                "set",
                "load_yaml",
                "load_json",
                "load_text",
            ];
            let open = tags.iter().find(|tag| {
                message.contains(&format!("innermost block that needs to be closed is '{tag}'"))
            })?;
            Some(format!("close it with {{% end{open} %}}"))
        }
        _ => None,
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (head, _) = text.split_once(end).filter(|_| end != "'").unwrap_or((text, ""));
    let (_, name) = head.split_once(start)?;
    let name = name.split('\'').next()?;
    Some(name)
}

/// The words in the tags of a template: what it sets, imports and loops over is among them.
fn words_of_tags(text: &str) -> Vec<&str> {
    let tags = text.split("{%").skip(1).filter_map(|rest| rest.split("%}").next());
    tags.flat_map(|tag| tag.split(|c: char| !c.is_alphanumeric() && c != '_'))
        .filter(|word| word.len() > 2)
        .collect()
}
