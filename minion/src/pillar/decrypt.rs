//! Pillar that comes encrypted: `decrypt_pillar` of the config, `pillar_enc=` of a call. What opens it is a renderer,
//! `gpg` in practice.

use std::rc::Rc;

use data::{Dict, Value, lookup};
use sls::render::Renderer;

use crate::{Ctx, Minion};

/// The renderers that may open pillar (`decrypt_pillar_renderers`).
fn allowed(opts: &Value) -> Vec<String> {
    let list = opts.get("decrypt_pillar_renderers").and_then(Value::as_list);
    list.map_or_else(|| vec!["gpg".to_owned()], |list| list.iter().map(Value::to_string).collect())
}

/// A value with every text in it opened.
fn open(value: &Value, pipe: &str, opts: &Value, renderer: &Renderer) -> Result<Value, String> {
    let allowed = allowed(opts);
    if !allowed.iter().any(|one| one == pipe) {
        return Err(format!(
            "'{pipe}' is not a valid decryption renderer. Valid choices are: {}",
            allowed.join(", ")
        ));
    }
    match value {
        Value::Str(text) => renderer.pipe(text, pipe, "base", &Dict::new()).map_err(|error| {
            let error = error.to_string();
            if error.starts_with(&format!("The renderer '{pipe}' is not available")) {
                return format!("Decryption renderer '{pipe}' is not available");
            }
            error
        }),
        Value::List(list) => {
            let opened: Result<Vec<Value>, String> =
                list.iter().map(|item| open(item, pipe, opts, renderer)).collect();
            opened.map(Value::from)
        }
        Value::Dict(dict) => {
            let mut opened = Dict::with_capacity(dict.len());
            for (key, item) in dict.iter() {
                opened.insert(key.clone(), open(item, pipe, opts, renderer)?);
            }
            Ok(opened.into())
        }
        other => Ok(other.clone()),
    }
}

/// What `pillar=` says with `pillar_enc=` naming what opens it: texts inside a dict, or the dict as one text. None when
/// there is no dict in the end.
pub(crate) fn overrides(ctx: &Ctx<'_>, over: &Value, encoding: &Value) -> Option<Value> {
    let renderer = Renderer::new(Rc::new(Minion::of(ctx)));
    let pipe = encoding.to_string().to_lowercase();
    let mut opened = open(over, &pipe, &ctx.opts(), &renderer).unwrap_or_else(|error| {
        tracing::error!("Failed to decrypt pillar override: {error}");
        over.clone()
    });
    if let Some(text) = opened.as_str() {
        opened = data::yaml::load(text).unwrap_or_else(|error| {
            tracing::error!("Failed to load CLI pillar override: {error}");
            Value::None
        });
    }
    if opened.as_dict().is_none() {
        tracing::error!("Pillar override was not passed as a dictionary");
        return None;
    }
    Some(opened)
}

/// Opens what `decrypt_pillar` names: `[key, {key: renderer}]`; what went wrong comes back.
pub(super) fn configured(pillar: &mut Value, opts: &Value, renderer: &Renderer) -> Vec<String> {
    let keys: Vec<(String, Option<String>)> = match opts.get("decrypt_pillar").filter(|keys| keys.is_true()) {
        None => return Vec::new(),
        Some(Value::Dict(dict)) => dict.iter().map(pair).collect(),
        Some(Value::List(list)) => list
            .iter()
            .flat_map(|item| match item {
                Value::Dict(dict) => dict.iter().map(pair).collect(),
                key => vec![(key.to_string(), None)],
            })
            .collect(),
        Some(_) => return vec!["decrypt_pillar config option is malformed".to_owned()],
    };
    let text = |key: &str, default: &str| {
        opts.get(key).filter(|v| v.is_true()).map_or_else(|| default.to_owned(), Value::to_string)
    };
    let (delimiter, default) = (text("decrypt_pillar_delimiter", ":"), text("decrypt_pillar_default", "gpg"));
    let mut errors = Vec::new();
    for (key, pipe) in keys {
        let Some(found) = lookup::find(pillar, &key, &delimiter).cloned() else { continue };
        match open(&found, pipe.as_deref().unwrap_or(&default), opts, renderer) {
            Ok(opened) => put(pillar, &key, &delimiter, opened),
            Err(error) => errors.push(format!("Failed to decrypt pillar key '{key}': {error}")),
        }
    }
    for error in &errors {
        tracing::error!("pillar: {error}");
    }
    errors
}

fn pair((key, pipe): (&Value, &Value)) -> (String, Option<String>) {
    (key.to_string(), Some(pipe).filter(|pipe| pipe.is_true()).map(Value::to_string))
}

/// Puts a value where there is one already.
fn put(pillar: &mut Value, key: &str, delimiter: &str, value: Value) {
    let mut at = pillar;
    for part in key.split(delimiter) {
        let Some(next) = at.as_dict_mut().and_then(|dict| dict.get_mut(part)) else { return };
        at = next;
    }
    *at = value;
}
