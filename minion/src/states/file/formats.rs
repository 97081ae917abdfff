//! The formats of `file.serialize`: values to text and back.

use std::collections::BTreeMap;

use data::json::DumpOptions as Json;
use data::yaml::{DumpOptions as Yaml, FlowStyle};
use data::{Dict, Value};

/// A format by Salt's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Yaml,
    Json,
    Toml,
    ConfigParser,
    MsgPack,
}

impl Format {
    pub(super) fn named(name: &str) -> Option<Format> {
        Some(match name {
            "yaml" | "yamlex" => Format::Yaml,
            "json" => Format::Json,
            "toml" => Format::Toml,
            "configparser" => Format::ConfigParser,
            "msgpack" => Format::MsgPack,
            _ => return None,
        })
    }

    /// The text of a value, with a newline at the end.
    pub(super) fn serialize(self, value: &Value, options: &Dict) -> Result<Vec<u8>, String> {
        let flag = |name: &str, default: bool| options.get(name).map_or(default, Value::is_true);
        let number =
            |name: &str| options.get(name).and_then(Value::as_int).and_then(|n| usize::try_from(n).ok());
        let mut text = match self {
            Format::Yaml => {
                let flow = match options.get("default_flow_style") {
                    None | Some(Value::Bool(false)) => FlowStyle::Block,
                    Some(Value::None) => FlowStyle::Leaves,
                    Some(_) => FlowStyle::Flow,
                };
                let text = data::yaml::dump(
                    value,
                    Yaml {
                        default_flow_style: flow,
                        indent: number("indent").unwrap_or(2),
                        sort_keys: flag("sort_keys", true),
                        allow_unicode: flag("allow_unicode", false),
                        width: number("width").unwrap_or(80),
                        ..Yaml::default()
                    },
                );
                let text = text.strip_suffix("\n...\n").unwrap_or(&text);
                let text = text.strip_suffix('\n').unwrap_or(text);
                let in_line =
                    text.starts_with(['{', '[']) || !matches!(value, Value::Dict(_) | Value::List(_));
                let start = match (flag("explicit_start", false), in_line) {
                    (false, _) => "",
                    (true, true) => "--- ",
                    (true, false) => "---\n",
                };
                let end = if flag("explicit_end", false) { "\n..." } else { "" };
                format!("{start}{text}{end}")
            }
            Format::Json => {
                let indent = match options.get("indent") {
                    Some(Value::None) => None,
                    Some(_) => number("indent"),
                    None => Some(2),
                };
                let ensure_ascii = flag("ensure_ascii", false);
                data::json::dump_with(
                    value,
                    Json { indent, sort_keys: flag("sort_keys", true), ensure_ascii },
                )
            }
            Format::Toml => data::toml::dump(value).map_err(|e| e.to_string())?,
            Format::ConfigParser => {
                let dict = value.as_dict().ok_or_else(|| {
                    format!(
                        "configparser can only serialize dictionaries, not <class '{}'>",
                        value.type_name()
                    )
                })?;
                ini_text(dict, options)
            }
            Format::MsgPack => return Ok(data::msgpack::encode(value)),
        };
        text.push('\n');
        Ok(text.into_bytes())
    }

    /// The value of what is in a file.
    pub(super) fn deserialize(self, data: &[u8], options: &Dict) -> Result<Value, String> {
        if self == Format::MsgPack {
            return data::msgpack::decode(data).map_err(|e| e.to_string());
        }
        let text = std::str::from_utf8(data).map_err(|e| e.to_string())?;
        match self {
            Format::Yaml => data::yaml::load(text).map_err(|e| e.to_string()),
            Format::Json => data::json::load(text).map_err(|e| e.to_string()),
            Format::Toml => data::toml::load(text).map_err(|e| e.to_string()),
            _ => ini_value(text, options).map(Value::from),
        }
    }
}

fn defaults(options: &Dict) -> impl Iterator<Item = (String, String)> {
    let given = options.get("defaults").and_then(Value::as_dict);
    given.into_iter().flatten().map(|(key, value)| (key.to_string().to_lowercase(), value.to_string()))
}

/// As Python's `ConfigParser` writes: lower-case keys, the defaults first.
fn ini_text(sections: &Dict, options: &Dict) -> String {
    let mut out = String::new();
    let mut section = |name: &str, pairs: &mut dyn Iterator<Item = (String, Option<String>)>| {
        out.push_str(&format!("[{name}]\n"));
        for (key, value) in pairs {
            match value {
                Some(value) => out.push_str(&format!("{key} = {}\n", value.replace('\n', "\n\t"))),
                None => out.push_str(&format!("{key}\n")),
            }
        }
        out.push('\n');
    };
    let mut common: Vec<(String, Option<String>)> = defaults(options).map(|(k, v)| (k, Some(v))).collect();
    let own = |pairs: &Value| -> Vec<(String, Option<String>)> {
        let pairs = pairs.as_dict().into_iter().flatten();
        pairs
            .map(|(key, value)| {
                (key.to_string().to_lowercase(), (!value.is_none()).then(|| value.to_string()))
            })
            .collect()
    };
    if let Some(pairs) = sections.get("DEFAULT") {
        common.extend(own(pairs));
    }
    if !common.is_empty() {
        section("DEFAULT", &mut common.into_iter());
    }
    for (name, pairs) in sections {
        if name.as_str() != Some("DEFAULT") {
            section(&name.to_string(), &mut own(pairs).into_iter());
        }
    }
    out
}

/// As Python's `ConfigParser` reads, with `%(name)s` put in.
fn ini_value(text: &str, options: &Dict) -> Result<Dict, String> {
    let mut common: BTreeMap<String, String> = defaults(options).collect();
    let mut sections: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = bare.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(name, _)| name)
        {
            sections.push((name.to_owned(), Vec::new()));
            continue;
        }
        let Some((_, pairs)) = sections.last_mut() else {
            return Err(format!(
                "File contains no section headers.\nfile: '<string>', line: {}\n{line:?}",
                at + 1
            ));
        };
        if line.starts_with([' ', '\t'])
            && let Some((_, value)) = pairs.last_mut()
        {
            value.push('\n');
            value.push_str(bare);
            continue;
        }
        let (key, value) = bare.split_once(['=', ':']).unwrap_or((bare, ""));
        pairs.push((key.trim().to_lowercase(), value.trim().to_owned()));
    }
    for (name, pairs) in &sections {
        if name == "DEFAULT" {
            common.extend(pairs.iter().cloned());
        }
    }
    let mut found = Dict::new();
    for (name, pairs) in sections.into_iter().filter(|(name, _)| name != "DEFAULT") {
        let mut all = common.clone();
        let mut order: Vec<String> = common.keys().cloned().collect();
        for (key, value) in pairs {
            if all.insert(key.clone(), value).is_none() {
                order.push(key);
            }
        }
        let mut section = Dict::new();
        for key in order {
            let value = interpolated(all.get(&key).map_or("", String::as_str), &all, 0)?;
            section.insert(key, value);
        }
        found.insert(name, section);
    }
    Ok(found)
}

fn interpolated(value: &str, all: &BTreeMap<String, String>, depth: usize) -> Result<String, String> {
    if depth > 10 {
        return Err("Recursion limit exceeded in value substitution".to_owned());
    }
    let mut out = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('%') {
            out.push('%');
            rest = after;
        } else if let Some((name, after)) = after.strip_prefix('(').and_then(|inner| inner.split_once(")s")) {
            let found = all.get(&name.to_lowercase());
            let found = found.ok_or_else(|| format!("Bad value substitution: '{name}' is not defined"))?;
            out.push_str(&interpolated(found, all, depth + 1)?);
            rest = after;
        } else {
            return Err(format!("'%' must be followed by '%' or '(', found: '%{after}'"));
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// What differs between two dicts, at every depth: `{new: …, old: …}`.
pub(super) fn differences(old: &Dict, new: &Dict) -> Dict {
    let none = || Value::from("<_null_>");
    let pair = |new: Value, old: Value| Dict::new().with("new", new).with("old", old);
    let mut found = Dict::new();
    for (key, value) in new {
        match (old.get_value(key), value) {
            (None, _) => {
                found.insert(key.clone(), pair(value.clone(), none()));
            }
            (Some(was), _) if was == value => {}
            (Some(Value::Dict(was)), Value::Dict(is)) => {
                let below = differences(was, is);
                if !below.is_empty() {
                    found.insert(key.clone(), below);
                }
            }
            (Some(was), _) => {
                found.insert(key.clone(), pair(value.clone(), was.clone()));
            }
        }
    }
    for (key, value) in old.iter().filter(|(key, _)| new.get_value(key).is_none()) {
        found.insert(key.clone(), pair(none(), value.clone()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Value {
        data::yaml::load(text).unwrap()
    }

    #[test]
    fn what_is_written_is_read() {
        let value = load("{b: {x: '1', y: two}, a: {z: '3'}}");
        for name in ["yaml", "json", "toml", "configparser", "msgpack"] {
            let format = Format::named(name).unwrap();
            let text = format.serialize(&value, &Dict::new()).unwrap();
            assert_eq!(format.deserialize(&text, &Dict::new()).unwrap(), value, "{name}");
        }
    }

    #[test]
    fn ini_has_defaults_and_substitutes() {
        let options = load("{defaults: {x: baz}}");
        let options = options.as_dict().unwrap();
        let read = ini_value("[foo]\nBar = %(x)s 100%%\n", options).unwrap();
        assert_eq!(Value::from(read), load("{foo: {x: baz, bar: 'baz 100%'}}"));
        assert!(ini_value("a = 1\n", &Dict::new()).is_err());
        let text = ini_text(load("{foo: {A: 1}}").as_dict().unwrap(), options);
        assert_eq!(text, "[DEFAULT]\nx = baz\n\n[foo]\na = 1\n\n");
    }

    #[test]
    fn differences_at_every_depth() {
        let (old, new) = (load("{a: {b: 1, c: 2}, d: 3}"), load("{a: {b: 1, c: 4}, e: 5}"));
        assert_eq!(
            Value::from(differences(old.as_dict().unwrap(), new.as_dict().unwrap())),
            load("{a: {c: {new: 4, old: 2}}, e: {new: 5, old: <_null_>}, d: {new: <_null_>, old: 3}}")
        );
    }
}
