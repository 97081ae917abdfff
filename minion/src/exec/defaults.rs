//! `defaults`: the defaults file of a formula, and dicts merged over each other.

use data::lookup::{DELIMITER, traverse};
use data::{Dict, Value, merge};

use super::ExecError;
use super::plain::{Given, functions};
use crate::Ctx;

functions! {
    /// Return a value of `defaults.yaml` or `defaults.json` of a formula: the first part of the key is the formula.
    ///
    /// `rsalt '*' defaults.get core:users:root`; default: for what is missing.
    "defaults.get"("key, default=''") = |args, ctx| {
        let key = args.text("key");
        let (formula, key) = key.split_once(DELIMITER).map_or((key.as_str(), ""), |(first, rest)| (first, rest));
        let found = load(ctx, formula)?;
        if key.is_empty() {
            return Ok(found);
        }
        let default = args.get("default").cloned().unwrap_or_else(|| "".into());
        Ok(traverse(&found, key, DELIMITER).unwrap_or(default))
    };
    /// Return a dict with another merged over it, at every depth; in a template the first is changed by that.
    ///
    /// `{% do salt['defaults.merge'](settings, overlay) %}`; merge_lists: of lists that meet the second adds to the
    /// first. in_place: false leaves the first as it is. convert_none: none is an empty dict.
    "defaults.merge"("dest, src, merge_lists=False, in_place=True, convert_none=True") = |args, _| {
        let in_place = args.is_set("in_place", true);
        let none = args.is_set("convert_none", true);
        if in_place && none && args.arg("dest").is_none() {
            return Err(ExecError::raised("TypeError", "Can't perform in-place merge into NoneType"));
        }
        let mut dest = dict(args.arg("dest"), none)?;
        merge::update(&mut dest, &dict(args.arg("src"), none)?, true, args.is_set("merge_lists", false));
        Ok(dest.into())
    };
    /// Return a copy of a value, with nothing shared. `{% set own = salt['defaults.deepcopy'](settings) %}`
    "defaults.deepcopy"("source") = |args, _| Ok(args.arg("source").clone());
    /// Return a dict of dicts, each of them merged over the defaults; in a template the first is changed by that.
    ///
    /// `{% do salt['defaults.update'](group.nodes, group.defaults) %}`; merge_lists, in_place and convert_none as
    /// in `defaults.merge`, but lists are merged unless it is false.
    "defaults.update"("dest, defaults, merge_lists=True, in_place=True, convert_none=True") = |args, _| {
        let none = args.is_set("convert_none", true);
        if args.is_set("in_place", true) && args.arg("dest").is_none() {
            return Err(ExecError::raised("TypeError", "Can't perform in-place update into NoneType"));
        }
        let mut nodes = dict(args.arg("dest"), none)?;
        let defaults = dict(args.arg("defaults"), none)?;
        for (_, node) in nodes.iter_mut() {
            let mut full = defaults.clone();
            merge::update(&mut full, &dict(node, none)?, true, args.is_set("merge_lists", true));
            *node = full.into();
        }
        Ok(nodes.into())
    };
}

/// A dict to merge with.
pub(super) fn dict(value: &Value, convert_none: bool) -> Result<Dict, ExecError> {
    match value {
        Value::Dict(dict) => Ok((**dict).clone()),
        Value::None if convert_none => Ok(Dict::new()),
        _ => {
            let problem = "Cannot update using non-dict types in dictupdate.update()";
            Err(ExecError::raised("TypeError", problem))
        }
    }
}

/// The defaults of a formula; none where it has no such file.
fn load(ctx: &Ctx<'_>, formula: &str) -> Result<Value, ExecError> {
    for extension in ["yaml", "json"] {
        let path = format!("{formula}/defaults.{extension}");
        let Some(content) = ctx.files().fetch(&path, &ctx.saltenv())? else { continue };
        let text = String::from_utf8_lossy(&content);
        let read = if extension == "yaml" {
            data::yaml::load(&text).map_err(|e| e.to_string())
        } else {
            data::json::load(&text).map_err(|e| e.to_string())
        };
        let value = read.map_err(|e| ExecError::command(format!("salt://{path}: {e}")))?;
        return Ok(if value.is_true() { value } else { Value::dict() });
    }
    Ok(Value::None)
}
