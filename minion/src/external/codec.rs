//! Values on their way to Python and back: JSON, and a form of its own for what JSON does not have, so that a dict
//! with numbers for keys, bytes and dates arrive as what they are. `rsalt_shim.py` has the other half.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use data::{Dict, Value};

/// The only key of a dict that stands for something else; no YAML and no template makes such a key.
const MARK: &str = "\0";

/// A line of JSON.
pub(super) fn encode(message: Dict) -> String {
    let mut line = data::json::dump(&Value::from(message), None, false);
    line.push('\n');
    line
}

/// Marks what JSON has no form for.
pub(super) fn tag(value: &Value) -> Value {
    let marked = |kind: &str, what: Value| Dict::new().with(MARK, vec![Value::from(kind), what]).into();
    match value {
        Value::Bytes(bytes) => marked("bytes", STANDARD.encode(bytes).into()),
        // Its text is `2026-01-02` or `2026-01-02 03:04:05`, which Python reads.
        Value::DateTime(at) => match **at {
            data::DateTime::Date(_) => marked("date", value.to_string().into()),
            data::DateTime::Time(..) => marked("datetime", value.to_string().into()),
        },
        Value::List(items) => items.iter().map(tag).collect::<Vec<_>>().into(),
        Value::Dict(dict) if dict.keys().all(|key| key.as_str().is_some()) => {
            dict.iter().map(|(key, value)| (key.clone(), tag(value))).collect::<Dict>().into()
        }
        Value::Dict(dict) => {
            let pairs: Vec<Value> =
                dict.iter().map(|(key, value)| vec![tag(key), tag(value)].into()).collect();
            marked("dict", pairs.into())
        }
        plain => plain.clone(),
    }
}

/// The reverse of [`tag`]. What is marked wrongly stays as it is.
pub(super) fn untag(value: &Value) -> Value {
    match value {
        Value::List(items) => items.iter().map(untag).collect::<Vec<_>>().into(),
        Value::Dict(dict) => match dict.get(MARK).and_then(Value::as_list) {
            Some([kind, what]) => {
                marked(kind.as_str().unwrap_or_default(), what).unwrap_or_else(|| value.clone())
            }
            _ => dict.iter().map(|(key, value)| (key.clone(), untag(value))).collect::<Dict>().into(),
        },
        plain => plain.clone(),
    }
}

fn marked(kind: &str, what: &Value) -> Option<Value> {
    match kind {
        "bytes" => Some(Value::Bytes(STANDARD.decode(what.as_str()?).ok()?.into())),
        "dict" => {
            let pair = |pair: &Value| match pair.as_list() {
                Some([key, value]) => Some((untag(key), untag(value))),
                _ => None,
            };
            what.as_list()?.iter().map(pair).collect::<Option<Dict>>().map(Value::from)
        }
        "date" | "datetime" => data::yaml::load(what.as_str()?).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_json_does_not_have_comes_back() {
        let value = data::yaml::load(
            "{1: one, text: [true, null, 2.5], when: 2026-01-02, at: 2026-01-02 03:04:05, b: !!binary aGk=, deep: {[]: x}}",
        );
        let mut value = value.unwrap_or_else(|_| Dict::new().with(1, "one").into());
        if let Some(dict) = value.as_dict_mut() {
            dict.insert("b", Value::Bytes(b"\xff\0".as_slice().into()));
        }
        let text = encode(Dict::new().with("v", tag(&value)));
        let back = data::json::load(text.trim()).unwrap();
        let back = untag(back.get("v").unwrap());
        assert!(back.identical(&value), "{back:?} is not {value:?}");
    }

    #[test]
    fn what_is_marked_wrongly_stays() {
        for text in
            ["{\"\\u0000\": 1}", "{\"\\u0000\": [\"bytes\", \"?\"]}", "{\"\\u0000\": [\"dict\", [1]]}"]
        {
            let value = data::json::load(text).unwrap();
            assert_eq!(untag(&value), value);
        }
    }
}
