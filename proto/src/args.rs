//! Arguments of functions as they are typed: `pkg.install vim refresh=True`. Values are YAML, `name=value`
//! is a keyword, as Salt's command line has it.

use data::{Dict, Value};

/// Typed arguments as a job carries them: positional ones, then one dict of the keywords with `__kwarg__: true`.
///
/// The values of keywords in `no_parse` stay texts.
pub fn parse(args: &[String], no_parse: &[String]) -> Vec<Value> {
    let (positional, keywords) = split(args, no_parse);
    let mut out: Vec<Value> = positional.into_iter().map(jid_as_text).collect();
    if !keywords.is_empty() {
        let mut marked = Dict::new().with("__kwarg__", true);
        marked.extend(keywords);
        out.push(marked.into());
    }
    out
}

/// Positional and keyword arguments apart.
pub fn split(args: &[String], no_parse: &[String]) -> (Vec<Value>, Dict) {
    let (mut positional, mut keywords) = (Vec::new(), Dict::new());
    for arg in args {
        match keyword(arg) {
            Some((name, text)) if no_parse.iter().any(|n| n == name) => {
                keywords.insert(name, text);
            }
            Some((name, text)) => {
                keywords.insert(name, value(text));
            }
            None => positional.push(value(arg)),
        }
    }
    (positional, keywords)
}

/// `name=value`, where the name is an identifier (dots and hyphens allowed) and no `==` follows.
/// What goes over several lines is no keyword.
fn keyword(arg: &str) -> Option<(&str, &str)> {
    let (name, text) = arg.split_once('=')?;
    let mut chars = name.chars();
    let first = chars.next()?;
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let ok = word(first)
        && !first.is_numeric()
        && chars.all(|c| word(c) || c == '.' || c == '-')
        && !text.starts_with('=')
        && !text.strip_suffix('\n').unwrap_or(text).contains('\n');
    ok.then(|| (name, text.strip_suffix('\n').unwrap_or(text)))
}

/// One typed value: YAML, where that does not lose anything of what was typed.
pub fn value(text: &str) -> Value {
    let trimmed = text.trim();
    let as_typed = || Value::from(text);
    if matches!(trimmed, "" | "---" | "...")
        || (text.contains('_') && trimmed.chars().all(|c| c.is_ascii_digit() || c == '_'))
        || text.contains(['\t', '\r', '\n'])
    {
        return as_typed();
    }
    if text == "None" {
        return Value::None;
    }
    let Ok(loaded) = data::yaml::load_sls(text) else { return as_typed() };
    match &loaded {
        // `#` begins a comment: only what it cannot have cut off is taken.
        Value::Str(_) | Value::None if text.contains('#') => as_typed(),
        Value::Dict(_) if !text.starts_with('{') => as_typed(),
        Value::List(_) if !text.starts_with('[') => as_typed(),
        Value::Str(s) if s.is_empty() && matches!(text, "|" | "!") => as_typed(),
        Value::None if text == "!" => as_typed(),
        Value::Bytes(_) | Value::DateTime(_) => as_typed(),
        _ => loaded,
    }
}

/// A number that is a jid is meant as text.
fn jid_as_text(value: Value) -> Value {
    match &value {
        Value::Int(_) | Value::BigInt(_) if crate::jid::is_valid(&value.to_string()) => {
            Value::from(value.to_string())
        }
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(args: &[&str]) -> Vec<String> {
        args.iter().map(|a| (*a).to_owned()).collect()
    }

    #[test]
    fn values_are_yaml_where_that_is_meant() {
        for (typed, expected) in [
            ("1", "1"),
            ("1.5", "1.5"),
            ("0644", "644"),
            ("True", "True"),
            ("yes", "True"),
            ("None", "None"),
            ("null", "None"),
            ("~", "None"),
            ("", "''"),
            ("  ", "'  '"),
            ("---", "'---'"),
            ("1_000", "'1_000'"),
            ("a: b", "'a: b'"),
            ("{a: b}", "{'a': 'b'}"),
            ("[1, two]", "[1, 'two']"),
            ("- a", "'- a'"),
            ("echo # not a comment", "'echo # not a comment'"),
            ("#", "'#'"),
            ("5 # five", "5"),
            ("|", "'|'"),
            ("!", "'!'"),
            ("a\nb", "'a\\nb'"),
            ("ls -l | wc", "'ls -l | wc'"),
            ("{broken", "'{broken'"),
            ("'quoted'", "'quoted'"),
            ("2026-11-21", "'2026-11-21'"),
        ] {
            assert_eq!(format!("{:?}", value(typed)), expected, "{typed}");
        }
    }

    #[test]
    fn keywords_go_into_one_marked_dict() {
        let args = strings(&[
            "vim",
            "refresh=True",
            "a.b-c=1",
            "pillar={x: 1}",
            "a == b",
            "9x=1",
            "x=y=z",
            "raw=0644",
        ]);
        let parsed = parse(&args, &strings(&["raw"]));
        assert_eq!(
            format!("{parsed:?}"),
            "['vim', 'a == b', '9x=1', {'__kwarg__': True, 'refresh': True, 'a.b-c': 1, 'pillar': {'x': 1}, \
             'x': 'y=z', 'raw': '0644'}]"
        );
    }

    #[test]
    fn a_jid_stays_text() {
        let parsed = parse(&strings(&["20261121021932001234", "12"]), &[]);
        assert_eq!(format!("{parsed:?}"), "['20261121021932001234', 12]");
    }
}
