//! Salt's filters to and from YAML and JSON.

use data::json::DumpOptions;

use super::{Table, json_text, soft_str, strict_first};
use crate::val::{CallArgs, Key, Map, Val, Walk, collect, yaml_double_quoted};
use crate::{Error, Result, methods};

pub(super) const TABLE: Table = &[
    ("dict_to_sls_yaml_params", dict_to_sls_yaml_params),
    ("json", json),
    // The two that decode are the two that encode, in Salt too.
    ("json_decode_dict", encode_dict),
    ("json_decode_list", encode_list),
    ("json_encode_dict", encode_dict),
    ("json_encode_list", encode_list),
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

fn encode_dict(args: &mut CallArgs) -> Result<Val> {
    let v = args.bind("encode_dict", ["data"], 1)?.take(0);
    match methods::mapping_items(&v) {
        Some(_) => encoded(&v, &Walk::default()),
        None => Err(v.use_error().unwrap_or_else(|| {
            let message = format!("'{}' object has no attribute 'items'", v.type_name());
            Error::new(crate::ErrorKind::Attribute, message)
        })),
    }
}

fn encode_list(args: &mut CallArgs) -> Result<Val> {
    let items = collect(&args.bind("encode_list", ["data"], 1)?.take(0))?;
    let walk = Walk::default();
    items.iter().map(|v| encoded(v, &walk)).collect::<Result<_>>().map(Val::list)
}

/// Texts as bytes, all through.
fn encoded(v: &Val, walk: &Walk) -> Result<Val> {
    walk.visit()?;
    walk.nested(|| {
        Ok(match v {
            Val::Str(s) | Val::Markup(s) => Val::Bytes(s.as_bytes().into()),
            Val::List(_) | Val::Tuple(_) => {
                Val::list(collect(v)?.iter().map(|v| encoded(v, walk)).collect::<Result<_>>()?)
            }
            _ => match methods::mapping_items(v) {
                Some(items) => {
                    let mut map = Map::default();
                    for (k, v) in items? {
                        map.insert(Key::new(encoded(&k, walk)?)?, encoded(&v, walk)?);
                    }
                    Val::dict(map)
                }
                None => v.clone(),
            },
        })
    })
}

fn json(args: &mut CallArgs) -> Result<Val> {
    if let ([v], []) = (&*args.args, &*args.kwargs)
        && let Some(text) = json_text::simple(v, DumpOptions { sort_keys: true, ..DumpOptions::default() })
    {
        return Ok(Val::Markup(text.into()));
    }
    if let Some(u) = strict_first(args) {
        return Ok(u);
    }
    let mut b = args.bind("format_json", ["value", "sort_keys", "indent"], 1)?;
    let v = b.take(0);
    let sort_keys = b.flag(1, true)?;
    let indent = indent_of(b.take(2))?;
    let text = json_text::dump(&v, DumpOptions { indent, sort_keys, ensure_ascii: false })?;
    Ok(Val::Markup(text.trim().into()))
}

fn indent_of(v: Val) -> Result<Option<usize>> {
    match v {
        Val::None => Ok(None),
        v => Ok(Some(usize::try_from(v.to_index()?).unwrap_or(0).min(1000))),
    }
}

/// As `htmlsafe_json_dumps`: nothing that means something in HTML.
fn html_safe(text: String) -> Val {
    if !text.contains(['<', '>', '&', '\'']) {
        return Val::from(text);
    }
    Val::from(
        text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026").replace('\'', "\\u0027"),
    )
}

fn tojson(args: &mut CallArgs) -> Result<Val> {
    if let ([v], []) = (&*args.args, &*args.kwargs)
        && let Some(text) = json_text::simple(v, DumpOptions { ensure_ascii: true, ..DumpOptions::default() })
    {
        return Ok(html_safe(text));
    }
    if let Some(u) = strict_first(args) {
        return Ok(u);
    }
    let mut b = args.bind("tojson", ["val", "indent", "sort_keys", "ensure_ascii"], 1)?;
    let v = b.take(0);
    let indent = indent_of(b.take(1))?;
    let options = DumpOptions { indent, sort_keys: b.flag(2, false)?, ensure_ascii: b.flag(3, true)? };
    json_text::dump(&v, options).map(html_safe)
}

fn yaml(args: &mut CallArgs) -> Result<Val> {
    if let Some(u) = strict_first(args) {
        return Ok(u);
    }
    let mut b = args.bind("format_yaml", ["value", "flow_style"], 1)?;
    let v = b.take(0);
    if v.is_undefined() {
        return Ok(Val::Markup("NULL".into()));
    }
    format_yaml(&v, &b.opt(1).unwrap_or(Val::Bool(true))).map(|s| Val::Markup(s.into()))
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
    format_yaml(&Val::list(list), &flow).map(|s| Val::Markup(s.into()))
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
        Val::Str(s) | Val::Markup(s) => Ok(Some(s.clone())),
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
    let text = match &v {
        Val::Markup(_) => None,
        v => source(v)?,
    };
    let Some(text) = text else { return Err(Error::type_error("a string or stream input is required")) };
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
