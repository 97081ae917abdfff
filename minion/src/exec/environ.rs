//! The environment of the job, in which its commands run.

use data::{Dict, Value};

use super::ExecError;
use super::plain::{Given, functions};
use crate::Ctx;

functions! {
    /// Return a variable, or `default`. `rsalt '*' environ.get HOME`
    "environ.get"("key, default=''") = |given, ctx| {
        if given.arg("key").as_str().is_none() {
            return Ok(false.into());
        }
        Ok(or_default(ctx, &given, &given.text("key")))
    };
    /// Tell whether a variable is set, and to `value` when it is given. `rsalt '*' environ.has_value HOME /root`
    "environ.has_value"("key, value=None") = |given, ctx| {
        let key = given.arg("key").as_str();
        let wanted = given.arg("value");
        let is = key.and_then(|key| ctx.host.env(key));
        Ok(is.is_some_and(|is| wanted.is_none() || wanted.as_str() == Some(&is)).into())
    };
    /// Return variables by name. `rsalt '*' environ.item '[HOME, USER]'`
    "environ.item"("keys, default=''") = |given, ctx| {
        let keys: Vec<Value> = match given.arg("keys") {
            Value::List(keys) => keys.iter().cloned().collect(),
            key if key.as_str().is_some() => vec![key.clone()],
            _ => Vec::new(),
        };
        let item = |key: Value| {
            let value = or_default(ctx, &given, &key.to_string());
            (key, value)
        };
        Ok(keys.into_iter().map(item).collect::<Dict>().into())
    };
    /// Return all variables. `rsalt '*' environ.items`
    "environ.items"("") = |_, ctx| Ok(ctx.host.environment().into_iter().collect::<Dict>().into());
    /// Set a variable for what is left of the job; `False` sets it to nothing, or with `false_unsets` away.
    /// `rsalt '*' environ.setval foo bar`
    "environ.setval"("key, val, false_unsets=False, permanent=False") = |given, ctx| {
        let unset = given.is_set("false_unsets", false);
        Ok(set(ctx, &given.text("key"), given.arg("val"), unset, false))
    };
    /// Set variables for what is left of the job, and with `update_minion` for all jobs to come. `clear_all` takes
    /// every other one away. `rsalt '*' environ.setenv '{foo: bar, baz: quux}'`
    "environ.setenv"("environ, false_unsets=False, clear_all=False, update_minion=False, permanent=False") =
        |given, ctx| set_all(ctx, &given);
}

fn or_default(ctx: &Ctx<'_>, given: &Dict, key: &str) -> Value {
    let default = || given.get("default").cloned().unwrap_or_else(|| "".into());
    ctx.host.env(key).map_or_else(default, Value::from)
}

/// Sets one variable and returns what it is now; false when that is no text.
fn set(ctx: &Ctx<'_>, key: &str, value: &Value, false_unsets: bool, for_all: bool) -> Value {
    let value = match value {
        Value::Bool(false) if false_unsets => {
            ctx.host.set_env(key, None, for_all);
            return Value::None;
        }
        Value::Bool(false) => "",
        value => match value.as_str() {
            Some(text) => text,
            None => return false.into(),
        },
    };
    if key.is_empty() || key.contains(['=', '\0']) || value.contains('\0') {
        tracing::error!("environ: '{key}' cannot be set");
        return false.into();
    }
    ctx.host.set_env(key, Some(value), for_all);
    value.into()
}

fn set_all(ctx: &Ctx<'_>, given: &Dict) -> Result<Value, ExecError> {
    let Some(environ) = given.arg("environ").as_dict() else { return Ok(false.into()) };
    let false_unsets = given.is_set("false_unsets", false);
    let for_all = given.is_set("update_minion", false);
    let mut out = Dict::new();
    if given.is_set("clear_all", false) {
        for (key, _) in ctx.host.environment() {
            if !environ.contains(key.as_str()) {
                let now = set(ctx, &key, &Value::Bool(false), false_unsets, for_all);
                out.insert(key, now);
            }
        }
    }
    for (key, value) in environ {
        if value.as_str().is_none() && value.as_bool() != Some(false) {
            return Ok(false.into());
        }
        out.insert(key.clone(), set(ctx, &key.to_string(), value, false_unsets, for_all));
    }
    Ok(out.into())
}
