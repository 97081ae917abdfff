//! `a:b:c`: looking a value up by a path, as Salt's `traverse_dict_and_list` does.

use num_traits::ToPrimitive;

use crate::Value;
use crate::args::cli::yamlify;

/// The delimiter of paths unless the caller says otherwise.
pub const DELIMITER: &str = ":";

/// The value at `path`. A numeric step indexes a list, any other step looks into the dicts inside a list;
/// a step that is no text key is tried again as YAML reads it (`1`, `true`).
pub fn traverse(data: &Value, path: &str, delimiter: &str) -> Option<Value> {
    find(data, path, delimiter).cloned()
}

/// As [`traverse`], without the clone.
pub fn find<'a>(data: &'a Value, path: &str, delimiter: &str) -> Option<&'a Value> {
    if delimiter.is_empty() {
        return step(data, path);
    }
    path.split(delimiter).try_fold(data, step)
}

/// The value at `path` through dicts only (Salt's `traverse_dict`); keys are text.
pub fn find_in_dicts<'a>(data: &'a Value, path: &str, delimiter: &str) -> Option<&'a Value> {
    path.split(delimiter).try_fold(data, |at, key| at.get(key))
}

fn step<'a>(at: &'a Value, key: &str) -> Option<&'a Value> {
    match at {
        Value::List(items) => match python_int(key) {
            Some(index) => {
                let number = Value::Int(index);
                in_embedded(items, |d| d.get_value(&number)).or_else(|| nth(items, index))
            }
            None => in_embedded(items, |d| d.get(key)),
        },
        Value::Dict(d) => d.get(key).or_else(|| match yamlify(key) {
            Value::Str(_) | Value::List(_) | Value::Dict(_) => None,
            scalar => d.get_value(&scalar),
        }),
        _ => None,
    }
}

fn in_embedded<'a>(
    items: &'a [Value],
    get: impl Fn(&'a crate::Dict) -> Option<&'a Value>,
) -> Option<&'a Value> {
    items.iter().filter_map(Value::as_dict).find_map(get)
}

fn nth(items: &[Value], index: i64) -> Option<&Value> {
    let at = if index < 0 { items.len().to_i64()?.checked_add(index)? } else { index };
    items.get(usize::try_from(at).ok()?)
}

/// `int("…")`: blanks around and single underscores between digits are allowed.
fn python_int(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let fine = !digits.is_empty()
        && digits.split('_').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    if fine { text.replace('_', "").parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    fn data() -> Value {
        yaml::load("a: {b: [x, {c: 1, 0: zero}], 2: two, true: yes_}\nl: [[1, 2], {k: v}]").unwrap()
    }

    #[test]
    fn paths_reach_into_dicts_lists_and_dicts_in_lists() {
        for (path, wanted) in [
            ("a:b:c", "1"),
            ("a:b:0", "'zero'"),
            ("a:b:-1", "{'c': 1, 0: 'zero'}"),
            ("a:2", "'two'"),
            ("a:True", "'yes_'"),
            ("l:0:1", "2"),
            ("l:k", "'v'"),
        ] {
            let found = traverse(&data(), path, DELIMITER).map(|v| format!("{v:?}"));
            assert_eq!(found.as_deref(), Some(wanted), "{path}");
        }
    }

    #[test]
    fn what_is_missing_is_none() {
        for path in ["", "x", "a:b:9", "a:b:-3", "a:b:c:d", "a:3", "l:0:x", "a::b"] {
            assert_eq!(traverse(&data(), path, DELIMITER), None, "{path}");
        }
        assert_eq!(find_in_dicts(&data(), "l:0", DELIMITER), None);
    }

    #[test]
    fn the_delimiter_is_the_callers() {
        assert_eq!(traverse(&data(), "a|b|c", "|"), Some(Value::Int(1)));
    }
}
