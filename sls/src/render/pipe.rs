//! The renderers by name, and what each does.

use std::borrow::Cow;
use std::rc::Rc;

use data::{Dict, Value};

use super::RenderError;

/// One renderer of a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Jinja,
    Yaml,
    Json,
    Json5,
    Toml,
    Gpg,
    Text,
}

impl Stage {
    pub(super) fn name(self) -> &'static str {
        match self {
            Stage::Jinja => "jinja",
            Stage::Yaml => "yaml",
            Stage::Json => "json",
            Stage::Json5 => "json5",
            Stage::Toml => "toml",
            Stage::Gpg => "gpg",
            Stage::Text => "text",
        }
    }
}

/// The pipe that a text names in its first line; a path is not one (`#!/bin/sh`).
pub(super) fn shebang(text: &str) -> Option<&str> {
    let line = text.lines().next()?.strip_prefix("#!")?;
    (!line.starts_with('/')).then(|| line.trim())
}

/// Which renderers the configuration lets run (`renderer_whitelist`, `renderer_blacklist`); others are skipped.
#[derive(Clone, Debug, Default)]
pub(super) struct Allowed {
    pub(super) only: Vec<String>,
    pub(super) never: Vec<String>,
}

impl Allowed {
    fn has(&self, name: &str) -> bool {
        let among = |names: &[String]| names.iter().any(|n| n == name);
        (self.only.is_empty() || among(&self.only)) && !among(&self.never)
    }
}

/// The renderers of a pipe: `jinja|yaml`, also in the old form `yaml_jinja`.
pub(super) fn parse(pipe: &str, allowed: &Allowed) -> Result<Vec<Stage>, RenderError> {
    let pipe = match pipe {
        "yaml_jinja" => "jinja|yaml",
        "json_jinja" => "jinja|json",
        "yaml_mako" => "mako|yaml",
        "json_mako" => "mako|json",
        pipe => pipe,
    };
    let parts = pipe.split('|').map(|part| {
        let part = part.trim();
        part.split_once(' ').map_or((part, ""), |(name, argument)| (name, argument.trim()))
    });
    parts.filter(|(name, _)| allowed.has(name)).map(|(name, argument)| stage(name, argument)).collect()
}

fn stage(name: &str, argument: &str) -> Result<Stage, RenderError> {
    let stage = match name {
        "jinja" => Stage::Jinja,
        "yaml" => Stage::Yaml,
        "json" => Stage::Json,
        "json5" => Stage::Json5,
        "toml" => Stage::Toml,
        "gpg" => Stage::Gpg,
        "text" => Stage::Text,
        _ => return Err(RenderError::new(refused(name))),
    };
    match argument {
        // Text is all there is; Salt's `-s` says so.
        "" | "-s" => Ok(stage),
        argument if stage == Stage::Jinja => {
            Err(RenderError::new(format!("Unknown renderer option: {argument}")))
        }
        _ => Ok(stage),
    }
}

/// Why there is no such renderer, and what to use in its place.
fn refused(name: &str) -> String {
    let instead = match name {
        "py" | "pydsl" | "pyobjects" | "mako" | "cheetah" | "genshi" | "wempy" => {
            return format!(
                "The renderer '{name}' runs Python, which rsalt does not have; write the file for jinja|yaml"
            );
        }
        "yamlex" => "merge in Jinja and write the file for jinja|yaml",
        "stateconf" => "write the file for jinja|yaml, with include, extend and require",
        "nacl" | "pass" | "aws_kms" => "encrypt with gpg and write the file for jinja|yaml|gpg",
        "msgpack" => "write the file as json",
        "hjson" => "write the file as json5",
        _ => {
            return format!(
                "The renderer '{name}' is not available; there are jinja, yaml, json, json5, toml, gpg and text"
            );
        }
    };
    format!("The renderer '{name}' is not part of rsalt; {instead}")
}

pub(super) fn yaml(text: &str) -> Result<Value, RenderError> {
    let value = data::yaml::load_sls(text).map_err(|e| RenderError::yaml(&e, text))?;
    Ok(if value.is_true() { value } else { Value::dict() })
}

pub(super) fn json5(text: &str) -> Result<Value, RenderError> {
    let text = without_shebang(text);
    if text.trim().is_empty() {
        return Ok(Value::dict());
    }
    data::json5::load(text).map_err(|e| RenderError::data(&e, e.line, text))
}

/// A `#!` line is a comment in TOML.
pub(super) fn toml(text: &str) -> Result<Value, RenderError> {
    let last = text.lines().count();
    data::toml::load(text).map_err(|e| RenderError::data(&e, e.position.map_or(last, |(line, _)| line), text))
}

fn without_shebang(text: &str) -> &str {
    if text.starts_with("#!") { text.split_once('\n').map_or("", |(_, rest)| rest) } else { text }
}

pub(super) fn json(text: &str) -> Result<Value, RenderError> {
    let text = without_shebang(text);
    if text.trim().is_empty() {
        return Ok(Value::dict());
    }
    data::json::load(text).map_err(|e| RenderError::data(&e, e.line, text))
}

/// Settings with Jinja's names, from the config or from a template's own header.
pub(super) fn jinja_options(options: &mut jinja::Options, settings: &Dict) {
    for (key, value) in settings {
        let Some(key) = key.as_str().map(str::to_lowercase) else { continue };
        match key.as_str() {
            "trim_blocks" => options.trim_blocks = value.is_true(),
            "lstrip_blocks" => options.lstrip_blocks = value.is_true(),
            "keep_trailing_newline" => options.keep_trailing_newline = value.is_true(),
            _ => jinja_syntax(Rc::make_mut(&mut options.syntax), &key, value),
        }
    }
}

fn text_given(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty())
}

/// What tags look like, as `jinja_env` names it.
fn jinja_syntax(syntax: &mut jinja::Syntax, key: &str, value: &Value) {
    let part = match key {
        "block_start_string" => &mut syntax.block.0,
        "block_end_string" => &mut syntax.block.1,
        "variable_start_string" => &mut syntax.variable.0,
        "variable_end_string" => &mut syntax.variable.1,
        "comment_start_string" => &mut syntax.comment.0,
        "comment_end_string" => &mut syntax.comment.1,
        "line_statement_prefix" if text_given(value) => syntax.line_statement.get_or_insert_default(),
        "line_comment_prefix" if text_given(value) => syntax.line_comment.get_or_insert_default(),
        _ => return,
    };
    // An empty one would be found everywhere.
    if let Some(text) = value.as_str()
        && text_given(value)
    {
        text.clone_into(part);
    }
}

/// Takes a `#jinja2: {"trim_blocks": true}` line off the text: the first one, or the one behind the
/// renderers. A line that is no JSON object stays.
pub(super) fn take_jinja_header<'a>(text: &'a str, options: &mut jinja::Options) -> Cow<'a, str> {
    const HEADER: &str = "#jinja2:";
    if !text.contains(HEADER) {
        return text.into();
    }
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().unwrap_or_default();
    let behind = shebang(first).is_some();
    let header = if behind { lines.next().unwrap_or_default() } else { first };
    let settings = header.strip_prefix(HEADER).and_then(|json| data::json::load(json.trim()).ok());
    let Some(Value::Dict(settings)) = settings else { return text.into() };
    jinja_options(options, &settings);
    let head = if behind { first } else { "" };
    let rest = text.get(head.len() + header.len()..).unwrap_or_default();
    if head.is_empty() { rest.into() } else { format!("{head}{rest}").into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipes_are_read() {
        let all = Allowed::default();
        assert_eq!(shebang("#!jinja|yaml\nx"), Some("jinja|yaml"));
        assert_eq!(shebang("#!/bin/sh\n"), None);
        assert_eq!(shebang("x: y"), None);
        assert_eq!(parse("jinja | yaml", &all).unwrap(), [Stage::Jinja, Stage::Yaml]);
        assert_eq!(parse("yaml_jinja", &all).unwrap(), [Stage::Jinja, Stage::Yaml]);
        for name in ["py", "pyobjects", "mako"] {
            let error = parse(name, &all).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains("jinja|yaml"), "{error}");
        }
        assert!(parse("jinja|gpgx", &all).unwrap_err().to_string().contains("'gpgx' is not available"));
        let some = Allowed { only: Vec::new(), never: vec!["py".to_owned(), "jinja".to_owned()] };
        assert_eq!(parse("py|jinja -x|yaml", &some).unwrap(), [Stage::Yaml]);
        let some = Allowed { only: vec!["yaml".to_owned()], never: Vec::new() };
        assert_eq!(parse("jinja|yaml", &some).unwrap(), [Stage::Yaml]);
        assert_eq!(parse("jinja -x", &all).unwrap_err().to_string(), "Unknown renderer option: -x");
    }

    #[test]
    fn a_template_sets_its_own_options() {
        let mut options = jinja::Options::default();
        let text = "#!jinja|yaml\n#jinja2: {\"trim_blocks\": true}\na: 1\n";
        assert_eq!(take_jinja_header(text, &mut options), "#!jinja|yaml\na: 1\n");
        assert!(options.trim_blocks && !options.lstrip_blocks);
        let text = "#jinja2: nonsense\n";
        assert_eq!(take_jinja_header(text, &mut options), text);
    }
}
