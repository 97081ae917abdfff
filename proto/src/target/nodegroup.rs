//! `-N` and `N@`: a named target of the master's config, made into the words of a compound target.

use data::{Dict, Value};

use super::TargetError;

const OPERATORS: [&str; 5] = ["and", "or", "not", "(", ")"];

/// The words a nodegroup stands for, with the groups in it put in their place.
pub(super) fn expand(name: &str, groups: &Dict) -> Result<Vec<String>, TargetError> {
    let mut open = Vec::new();
    Ok(expand_one(name, groups, &mut open)?.0)
}

/// The words, and whether another group was in them.
fn expand_one<'a>(
    name: &'a str,
    groups: &'a Dict,
    open: &mut Vec<&'a str>,
) -> Result<(Vec<String>, bool), TargetError> {
    if open.contains(&name) {
        return Err(TargetError::NodegroupLoop(name.to_owned()));
    }
    let words = words(name, groups)?;
    open.push(name);
    let mut nested = false;
    let mut out = Vec::new();
    for word in &words {
        match word.strip_prefix("N@").filter(|inner| !inner.is_empty()) {
            Some(inner) => {
                nested = true;
                let Some((inner, _)) = groups.iter().find(|(k, _)| k.as_str() == Some(inner)) else {
                    return Err(TargetError::UnknownNodegroup(inner.to_owned()));
                };
                out.extend(expand_one(inner.as_str().unwrap_or_default(), groups, open)?.0);
            }
            None => out.push(word.clone()),
        }
    }
    open.pop();
    if let Some(joined) = plain_names(&words) {
        return Ok((vec![joined], nested));
    }
    if nested || !open.is_empty() {
        out.insert(0, "(".to_owned());
        out.push(")".to_owned());
    }
    Ok((out, nested))
}

fn words(name: &str, groups: &Dict) -> Result<Vec<String>, TargetError> {
    match groups.get(name) {
        Some(Value::Str(text)) => Ok(text.split_whitespace().map(str::to_owned).collect()),
        Some(Value::List(items)) => Ok(items.iter().map(Value::to_string).collect()),
        Some(_) => Err(TargetError::BadNodegroup(name.to_owned())),
        None => Err(TargetError::UnknownNodegroup(name.to_owned())),
    }
}

/// Words without operators, globs and prefixes are names, or regexes where one looks like it: `L@a,b` or `E@…`.
fn plain_names(words: &[String]) -> Option<String> {
    let special = |w: &String| {
        OPERATORS.contains(&w.as_str())
            || w.contains('*')
            || (w.as_bytes().get(1) == Some(&b'@')
                && w.as_bytes().first().is_some_and(u8::is_ascii_uppercase))
    };
    if words.is_empty() || words.iter().any(special) {
        return None;
    }
    let regex = words.iter().any(|w| w.contains(['(', '[', '{', '\\', '?', '}', ']', ')']));
    Some(format!("{}@{}", if regex { "E" } else { "L" }, words.join(",")))
}
