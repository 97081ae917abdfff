//! Arguments as people type them: each is read as YAML, `name=value` is a keyword argument.

use crate::{Dict, Value, yaml};

/// The value that a word on the command line stands for (`salt.utils.args.yamlify_arg`): what YAML makes of
/// it, unless that would lose something. Lists and dicts need their brackets, a `#` is no comment.
pub fn yamlify(word: &str) -> Value {
    read(word).unwrap_or_else(|| Value::from(word))
}

fn read(word: &str) -> Option<Value> {
    let bare = word.trim_matches(crate::python::is_space);
    let digits = bare.chars().all(|c| c.is_ascii_digit() || c == '_');
    if matches!(bare, "" | "---" | "...")
        || (word.contains('_') && digits)
        || word.contains(['\t', '\r', '\n'])
    {
        return None;
    }
    if word == "None" {
        return Some(Value::None);
    }
    let value = yaml::load_sls(word).ok()?;
    let keeps = match &value {
        Value::Str(_) if word.contains('#') => false,
        Value::None => !word.contains('#') && word != "!",
        Value::Str(s) => !(s.is_empty() && matches!(word, "|" | "!")),
        Value::Dict(_) => word.contains('#') || word.starts_with('{'),
        Value::List(_) => word.contains('#') || word.starts_with('['),
        Value::Bool(_) | Value::Int(_) | Value::BigInt(_) | Value::Float(_) => true,
        Value::Bytes(_) | Value::DateTime(_) => false,
    };
    keeps.then_some(value)
}

/// `name=value` in its parts; none for any other word (`salt.utils.args.parse_kwarg`).
pub fn split_kwarg(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let mut chars = name.chars();
    let first = chars.next()?;
    let fine = (first.is_alphabetic() || first == '_')
        && chars.all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'))
        && !value.starts_with('=')
        && !value.strip_suffix('\n').unwrap_or(value).contains('\n');
    fine.then(|| (name, value.strip_suffix('\n').unwrap_or(value)))
}

/// Positional and keyword arguments of a job: words are read, a dict with a true `__kwarg__` is keyword
/// arguments, all else is as it is. Keyword arguments named in `no_parse` stay text.
pub fn parse_input(given: &[Value], no_parse: &[&str]) -> (Vec<Value>, Dict) {
    let (mut args, mut kwargs) = (Vec::new(), Dict::new());
    for item in given {
        match item {
            Value::Str(word) => match split_kwarg(word) {
                Some((name, value)) if no_parse.contains(&name) => {
                    kwargs.insert(name, value);
                }
                Some((name, value)) => {
                    kwargs.insert(name, yamlify(value));
                }
                None => args.push(yamlify(word)),
            },
            Value::Dict(dict) if dict.get("__kwarg__") == Some(&Value::Bool(true)) => {
                let named = dict.iter().filter(|(key, _)| key.as_str() != Some("__kwarg__"));
                kwargs.extend(named.map(|(key, value)| (key.clone(), value.clone())));
            }
            Value::Dict(dict) if dict.contains("__kwarg__") => {
                let mut dict = (**dict).clone();
                dict.remove("__kwarg__");
                args.push(dict.into());
            }
            other => args.push(other.clone()),
        }
    }
    (args, kwargs)
}
