//! Arguments of functions as they are typed: `pkg.install vim refresh=True`. Values are YAML, `name=value`
//! is a keyword, as Salt's command line has it.

use data::args::cli::{split_kwarg, yamlify};
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
        match split_kwarg(arg) {
            Some((name, text)) if no_parse.iter().any(|n| n == name) => {
                keywords.insert(name, text);
            }
            Some((name, text)) => {
                keywords.insert(name, yamlify(text));
            }
            None => positional.push(yamlify(arg)),
        }
    }
    (positional, keywords)
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
