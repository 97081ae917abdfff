//! Salt's filters to and from YAML and JSON.

use super::{Table, soft_str, strict_first};
use crate::val::{CallArgs, Key, Map, Val, yaml_double_quoted};
use crate::{Error, Result, methods};

pub(super) const TABLE: Table = &[
    ("dict_to_sls_yaml_params", dict_to_sls_yaml_params),
    ("json", json),
    ("json_decode_dict", |a| a.bind("json_encode_dict", ["data"], 1).map(|mut b| b.take(0))),
    ("json_decode_list", |a| a.bind("json_encode_list", ["data"], 1).map(|mut b| b.take(0))),
    ("json_encode_dict", |a| a.bind("json_encode_dict", ["data"], 1).map(|mut b| b.take(0))),
    ("json_encode_list", |a| a.bind("json_encode_list", ["data"], 1).map(|mut b| b.take(0))),
    ("load_json", load_json),
    ("load_text", load_text),
    ("load_yaml", load_yaml),
    ("tojson", tojson),
    ("yaml", yaml),
    ("yaml_dquote", |a| {
        let s = soft_str(&a.bind("yaml_dquote", ["text"], 1)?.take(0))?;
        let mut out = String::new();
        yaml_double_quoted(&mut out, &s, false);
        Ok(Val::from(out))
    }),
    ("yaml_encode", yaml_encode),
    ("yaml_squote", |a| {
        let s = soft_str(&a.bind("yaml_squote", ["text"], 1)?.take(0))?;
        Ok(Val::from(single_quoted(&s)))
    }),
];

fn json(args: &mut CallArgs) -> Result<Val> {
    if let Some(u) = strict_first(args) {
        return Ok(u);
    }
    let mut b = args.bind("format_json", ["value", "sort_keys", "indent"], 1)?;
    let v = b.take(0);
    let sort_keys = b.flag(1, true)?;
    let indent = indent_of(b.take(2))?;
    json_check(&v)?;
    Ok(Val::from(data::json::dump(&v.try_to_value()?, indent, sort_keys).trim()))
}

fn indent_of(v: Val) -> Result<Option<usize>> {
    match v {
        Val::None => Ok(None),
        v => Ok(Some(usize::try_from(v.to_index()?).unwrap_or(0).min(1000))),
    }
}

/// What Python's `json` refuses at the top: everything that is no plain data.
fn json_check(v: &Val) -> Result<()> {
    match v {
        Val::Set(_)
        | Val::View(_)
        | Val::Iter(_)
        | Val::Range(..)
        | Val::Func(_)
        | Val::Method(_)
        | Val::Bytes(_)
        | Val::DateTime(_)
        | Val::Delta(_) => {
            Err(Error::type_error(format!("Object of type {} is not JSON serializable", v.type_name())))
        }
        Val::Undefined(u) => u.text().map(drop),
        _ => Ok(()),
    }
}

fn tojson(args: &mut CallArgs) -> Result<Val> {
    if let Some(u) = strict_first(args) {
        return Ok(u);
    }
    let mut b = args.bind("tojson", ["val", "indent", "sort_keys", "ensure_ascii"], 1)?;
    let v = b.take(0);
    let indent = indent_of(b.take(1))?;
    let options =
        data::json::DumpOptions { indent, sort_keys: b.flag(2, false)?, ensure_ascii: b.flag(3, true)? };
    json_check(&v)?;
    let text = data::json::dump_with(&v.try_to_value()?, options);
    Ok(Val::from(
        text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026").replace('\'', "\\u0027"),
    ))
}

fn yaml(args: &mut CallArgs) -> Result<Val> {
    if let Some(u) = strict_first(args) {
        return Ok(u);
    }
    let mut b = args.bind("format_yaml", ["value", "flow_style"], 1)?;
    let v = b.take(0);
    format_yaml(&v, &b.opt(1).unwrap_or(Val::Bool(true))).map(Val::from)
}

fn format_yaml(v: &Val, flow_style: &Val) -> Result<String> {
    use data::yaml::FlowStyle;
    let default_flow_style = match flow_style {
        Val::None => FlowStyle::Leaves,
        v if v.is_true()? => FlowStyle::Flow,
        _ => FlowStyle::Block,
    };
    let options =
        data::yaml::DumpOptions { default_flow_style, sort_keys: true, ..data::yaml::DumpOptions::default() };
    let text = data::yaml::dump(&v.try_to_value()?, options);
    let text = text.trim();
    Ok(text.strip_suffix("\n...").unwrap_or(text).to_owned())
}

fn dict_to_sls_yaml_params(args: &mut CallArgs) -> Result<Val> {
    if let Some(u) = strict_first(args) {
        return Ok(u);
    }
    let mut b = args.bind("dict_to_sls_yaml_params", ["value", "flow_style"], 1)?;
    let v = b.take(0);
    let flow = b.opt(1).unwrap_or(Val::Bool(false));
    let items = methods::mapping_items(&v).ok_or_else(|| {
        Error::new(
            crate::ErrorKind::Attribute,
            format!("'{}' object has no attribute 'items'", v.type_name()),
        )
    })??;
    let list = items
        .into_iter()
        .map(|(k, v)| Ok(Val::dict(Map::from_iter([(Key::new(k)?, v)]))))
        .collect::<Result<Vec<_>>>()?;
    format_yaml(&Val::list(list), &flow).map(Val::from)
}

fn single_quoted(s: &str) -> String {
    // A line break inside single quotes is written as an empty line.
    format!("'{}'", s.replace('\'', "''").replace('\n', "\n\n"))
}

fn yaml_encode(args: &mut CallArgs) -> Result<Val> {
    let v = args.bind("yaml_encode", ["data"], 1)?.take(0);
    match &v {
        Val::Str(s) => {
            let mut out = String::new();
            yaml_double_quoted(&mut out, s, false);
            Ok(Val::from(out))
        }
        Val::None | Val::Bool(_) | Val::Int(_) | Val::BigInt(_) | Val::Float(_) | Val::DateTime(_) => {
            format_yaml(&v, &Val::Bool(false)).map(Val::from)
        }
        Val::Undefined(u) => Err(u.fail()),
        _ => Err(Error::type_error(format!(
            "yaml_encode() only works with YAML scalar data; failed for <class '{}'>",
            v.type_name()
        ))),
    }
}

/// The text to read: a module gives what it printed.
fn source(v: &Val) -> Result<Option<std::sync::Arc<str>>> {
    match v {
        Val::Str(s) => Ok(Some(s.clone())),
        Val::Object(o) if o.type_name() == "TemplateModule" => Ok(Some(o.to_string()?.into())),
        Val::Bytes(b) => Ok(Some(String::from_utf8_lossy(b).into())),
        Val::Undefined(u) => Err(u.fail()),
        _ => Ok(None),
    }
}

fn load_yaml(args: &mut CallArgs) -> Result<Val> {
    if let Some(u) = strict_first(args) {
        return Ok(u);
    }
    let v = args.bind("load_yaml", ["value"], 1)?.take(0);
    let Some(text) = source(&v)? else {
        return Err(Error::runtime(format!("Unable to load yaml from {v}")));
    };
    data::yaml::load_sls(&text)
        .map(Val::from)
        .map_err(|e| Error::runtime(format!("Encountered error loading yaml: {e}")))
}

fn load_json(args: &mut CallArgs) -> Result<Val> {
    if let Some(u) = strict_first(args) {
        return Ok(u);
    }
    let v = args.bind("load_json", ["value"], 1)?.take(0);
    let text = source(&v)?;
    let unable = || Error::runtime(format!("Unable to load json from {v}"));
    data::json::load(&text.ok_or_else(unable)?).map(Val::from).map_err(|_| unable())
}

fn load_text(args: &mut CallArgs) -> Result<Val> {
    if let Some(u) = strict_first(args) {
        return Ok(u);
    }
    let v = args.bind("load_text", ["value"], 1)?.take(0);
    match &v {
        Val::Object(_) => Ok(source(&v)?.map_or(v, Val::Str)),
        _ => Ok(v),
    }
}
