//! The pillar: what the master tells this minion alone.
//!
//! Asked for by a user, the values come masked, as in Salt 3008: `unmask=True` shows them. Templates, states
//! and other functions get the values.

use data::lookup::{DELIMITER, find};
use data::{Dict, Value, merge};

use super::{ExecEntry, ExecError, ExecFn, entry};
use crate::args::Given;
use crate::{Ctx, args};

/// The functions of `pillar`.
pub const FUNCTIONS: &[ExecEntry] = &[
    entry::<Get>(),
    entry::<Get>().also_as("pillar.fetch"),
    entry::<Items>(),
    entry::<Items>().also_as("pillar.data"),
    entry::<Item>(),
    entry::<Raw>(),
    entry::<Ls>(),
    entry::<Keys>(),
    entry::<Obfuscate>(),
    entry::<FilterBy>(),
    entry::<FileExists>(),
    entry::<Ext>(),
];

/// What stands for a value that is not to be seen.
const MASK: &str = "**********";

args! {
    /// Return a value of the pillar that the minion holds; `a:b` looks inside.
    ///
    /// default: for what is missing (`''`). merge: a dict or list as `default` gets what is found merged into it,
    /// with `merge_nested_lists` also its lists. delimiter: instead of the colon. pillarenv: a fresh pillar of this
    /// environment instead. unmask: show the value.
    ///
    /// CLI Example: `rsalt '*' pillar.get pkg:apache unmask=True`
    pub struct Get {
        key: Value,
        #[serde(default)]
        default: Given,
        #[serde(default)]
        merge: Value,
        #[serde(default)]
        merge_nested_lists: Value,
        #[serde(default)]
        delimiter: Option<String>,
        #[serde(default)]
        pillarenv: Option<String>,
        #[serde(default)]
        saltenv: Option<String>,
        #[serde(default)]
        unmask: Value,
    }

    /// Return the whole pillar, compiled anew.
    ///
    /// pillar: a dict that is merged over it. pillarenv: only this environment. unmask: show the values. With
    /// names as arguments it is `pillar.item`.
    ///
    /// CLI Example: `rsalt '*' pillar.items unmask=True`
    pub struct Items {
        #[serde(default)]
        args: Vec<Value>,
        #[serde(default)]
        pillar: Value,
        #[serde(default)]
        pillar_enc: Value,
        #[serde(default)]
        pillarenv: Option<String>,
        #[serde(default)]
        saltenv: Option<String>,
        #[serde(default)]
        unmask: Value,
    }

    /// Return values of the pillar by name; `a:b` looks inside.
    ///
    /// default: for what is missing (`''`). delimiter: instead of the colon. unmask: show the values.
    ///
    /// CLI Example: `rsalt '*' pillar.item roles pkg:apache`
    pub struct Item {
        #[serde(default)]
        args: Vec<Value>,
        #[serde(default)]
        default: Value,
        #[serde(default)]
        delimiter: Option<String>,
        #[serde(default)]
        pillarenv: Option<String>,
        #[serde(default)]
        saltenv: Option<String>,
        #[serde(default)]
        unmask: Value,
    }

    /// Return the pillar that the minion holds, or one key of it, with its values.
    ///
    /// CLI Example: `rsalt '*' pillar.raw key=roles`
    pub struct Raw {
        #[serde(default)]
        key: Value,
        #[serde(default)]
        unmask: Value,
    }

    /// Return the top-level names of the pillar, compiled anew.
    ///
    /// CLI Example: `rsalt '*' pillar.ls`
    pub struct Ls(Items);

    /// Return the names in a dict of the pillar.
    ///
    /// CLI Example: `rsalt '*' pillar.keys web:sites`
    pub struct Keys {
        key: String,
        #[serde(default)]
        delimiter: Option<String>,
    }

    /// Return the pillar with the types of the values in place of the values.
    ///
    /// CLI Example: `rsalt '*' pillar.obfuscate`
    pub struct Obfuscate(Items);

    /// Choose from a dict by a value of the pillar: the entry whose key matches it as a glob, else `default`.
    ///
    /// merge: a dict that is merged over the result. base: the key of an entry that the result is merged over.
    ///
    /// CLI Example: `rsalt '*' pillar.filter_by '{web: Serve it up, db: I query}' role`
    pub struct FilterBy {
        lookup_dict: Value,
        pillar: String,
        #[serde(default)]
        merge: Value,
        #[serde(default)]
        default: Option<String>,
        #[serde(default)]
        base: Option<String>,
    }

    /// Return the pillar with one more external pillar, if `on_demand_ext_pillar` of the master allows it.
    ///
    /// external: its name and arguments. pillar: a dict that is merged over all. unmask: show the values.
    ///
    /// CLI Example: `rsalt '*' pillar.ext '{cmd_yaml: cat /srv/more.yaml}'`
    pub struct Ext {
        external: Value,
        #[serde(default)]
        pillar: Value,
        #[serde(default)]
        unmask: Value,
    }

    /// Whether there is a file in `pillar_roots`: for masters, and minions without one.
    ///
    /// CLI Example: `rsalt '*' pillar.file_exists top.sls`
    pub struct FileExists {
        path: String,
        #[serde(default)]
        saltenv: Option<String>,
    }
}

/// Every value that says something replaced by a mask; keys and the shape stay.
fn masked(value: &Value) -> Value {
    match value {
        Value::Dict(dict) => {
            dict.iter().map(|(key, value)| (key.clone(), masked(value))).collect::<Dict>().into()
        }
        Value::List(items) => items.iter().map(masked).collect::<Vec<_>>().into(),
        scalar if scalar.is_true() => MASK.into(),
        nothing => nothing.clone(),
    }
}

/// As the user may see it: `unmask` decides; left open, only functions and templates see values.
fn shown(ctx: &Ctx<'_>, value: Value, unmask: &Value) -> Value {
    let plain = if unmask.is_none() { !ctx.is_direct() } else { unmask.is_true() };
    if plain { value } else { masked(&value) }
}

/// The pillar compiled now.
fn fresh(
    ctx: &Ctx<'_>,
    pillarenv: Option<&str>,
    saltenv: Option<&str>,
    over: Option<&Value>,
) -> Result<Value, ExecError> {
    let option = |name| ctx.opt(name).filter(Value::is_true).map(|v| v.to_string());
    let env = pillarenv.map(str::to_owned).or_else(|| {
        if option("pillarenv_from_saltenv").is_some() {
            saltenv.map(str::to_owned).or_else(|| option("saltenv"))
        } else {
            option("pillarenv")
        }
    });
    ctx.caller().fresh_pillar(env.as_deref(), over).map_err(|error| ExecError::command(error.to_string()))
}

/// The pillar that is asked about: the one at hand, or a fresh one when an environment is named.
fn pillar_of(ctx: &Ctx<'_>, pillarenv: Option<&str>, saltenv: Option<&str>) -> Result<Value, ExecError> {
    if pillarenv.is_none() && saltenv.is_none() {
        Ok(ctx.pillar())
    } else {
        fresh(ctx, pillarenv, saltenv, None)
    }
}

fn missing(key: &str) -> ExecError {
    ExecError::raised("KeyError", format!("'Pillar key not found: {key}'"))
}

impl ExecFn for Get {
    const FUN: &'static str = "pillar.get";
    const SIGNATURE: &'static str = "key, default='', merge=False, merge_nested_lists=None, delimiter=':', \
                                     pillarenv=None, saltenv=None, unmask=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let pillar = pillar_of(ctx, self.pillarenv.as_deref(), self.saltenv.as_deref())?;
        let key = self.key.to_string();
        let found = find(&pillar, &key, self.delimiter.as_deref().unwrap_or(DELIMITER));
        if self.merge.is_true() {
            let lists = if self.merge_nested_lists.is_none() {
                ctx.opt("pillar_merge_lists").is_some_and(|v| v.is_true())
            } else {
                self.merge_nested_lists.is_true()
            };
            if let Some(merged) = merged(self.default.0.as_ref(), found, lists) {
                return Ok(shown(ctx, merged, &self.unmask));
            }
            tracing::error!(
                "pillar.get: default and value of {key} are not both dicts or both lists: not merged"
            );
        }
        let value = match (found, self.default.0) {
            (Some(value), _) => value.clone(),
            (None, Some(default)) => default,
            (None, None) if ctx.opt("pillar_raise_on_missing").is_some_and(|v| v.is_true()) => {
                return Err(missing(&key));
            }
            (None, None) => "".into(),
        };
        Ok(shown(ctx, value, &self.unmask))
    }
}

/// What is found merged into the default; none when they are not of one kind.
fn merged(default: Option<&Value>, found: Option<&Value>, lists: bool) -> Option<Value> {
    match (default?, found) {
        (default @ (Value::Dict(_) | Value::List(_)), None) => Some(default.clone()),
        (Value::Dict(default), Some(Value::Dict(found))) => {
            let mut merged = (**default).clone();
            merge::update(&mut merged, found, true, lists);
            Some(merged.into())
        }
        (Value::List(default), Some(Value::List(found))) => {
            let mut merged = default.to_vec();
            merged.extend(found.iter().filter(|item| !default.contains(item)).cloned());
            Some(merged.into())
        }
        _ => None,
    }
}

impl Items {
    /// The values, unmasked.
    fn values(&self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let (pillarenv, saltenv) = (self.pillarenv.as_deref(), self.saltenv.as_deref());
        if !self.args.is_empty() {
            return Ok(items(&pillar_of(ctx, pillarenv, saltenv)?, &self.args, DELIMITER, &"".into()));
        }
        if self.pillar.is_true() && self.pillar.as_dict().is_none() && !self.pillar_enc.is_true() {
            return Err(ExecError::invocation("Pillar data must be formatted as a dictionary"));
        }
        if self.pillar_enc.is_true() {
            let opened = crate::pillar::decrypted(ctx, &self.pillar, &self.pillar_enc);
            let opened = opened.ok_or_else(|| ExecError::command("Failed to decrypt pillar override"))?;
            return fresh(ctx, pillarenv, saltenv, Some(&opened));
        }
        fresh(ctx, pillarenv, saltenv, Some(&self.pillar).filter(|over| over.is_true()))
    }

    fn unmask(&self, ctx: &Ctx<'_>) -> Value {
        if self.unmask.is_none() && ctx.opt("pillar_mask_output").is_some_and(|v| !v.is_true()) {
            return true.into();
        }
        self.unmask.clone()
    }
}

impl ExecFn for Items {
    const FUN: &'static str = "pillar.items";
    const SIGNATURE: &'static str =
        "*args, pillar=None, pillar_enc=None, pillarenv=None, saltenv=None, unmask=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(shown(ctx, self.values(ctx)?, &self.unmask(ctx)))
    }
}

fn items(pillar: &Value, names: &[Value], delimiter: &str, default: &Value) -> Value {
    let value = |name: &Value| find(pillar, &name.to_string(), delimiter).unwrap_or(default).clone();
    names.iter().map(|name| (name.clone(), value(name))).collect::<Dict>().into()
}

impl ExecFn for Item {
    const FUN: &'static str = "pillar.item";
    const SIGNATURE: &'static str =
        "*args, default=None, delimiter=None, pillarenv=None, saltenv=None, unmask=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let pillar = pillar_of(ctx, self.pillarenv.as_deref(), self.saltenv.as_deref())?;
        let default = if self.default.is_none() { "".into() } else { self.default };
        let found = items(&pillar, &self.args, self.delimiter.as_deref().unwrap_or(DELIMITER), &default);
        Ok(shown(ctx, found, &self.unmask))
    }
}

impl ExecFn for Raw {
    const FUN: &'static str = "pillar.raw";
    const SIGNATURE: &'static str = "key=None, unmask=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let mut value = ctx.pillar();
        if self.key.is_true() {
            let found = value.as_dict().and_then(|dict| dict.get_value(&self.key)).cloned();
            value = found.unwrap_or_else(Value::dict);
        }
        let hide = !self.unmask.is_none() && !self.unmask.is_true();
        Ok(if hide { masked(&value) } else { value })
    }
}

impl ExecFn for Ls {
    const FUN: &'static str = "pillar.ls";
    const SIGNATURE: &'static str = Items::SIGNATURE;

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let pillar = self.0.values(ctx)?;
        Ok(pillar.as_dict().into_iter().flat_map(Dict::keys).cloned().collect::<Vec<_>>().into())
    }
}

impl ExecFn for Keys {
    const FUN: &'static str = "pillar.keys";
    const SIGNATURE: &'static str = "key, delimiter=':', unmask=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let pillar = ctx.pillar();
        match find(&pillar, &self.key, self.delimiter.as_deref().unwrap_or(DELIMITER)) {
            None => Err(missing(&self.key)),
            Some(Value::Dict(dict)) => Ok(dict.keys().cloned().collect::<Vec<_>>().into()),
            Some(_) => {
                let problem = format!("Pillar value in key {} is not a dict", self.key);
                Err(ExecError::raised("ValueError", problem))
            }
        }
    }
}

/// The same shape with types for values.
fn types(value: &Value) -> Value {
    match value {
        Value::Dict(dict) => {
            dict.iter().map(|(key, value)| (key.clone(), types(value))).collect::<Dict>().into()
        }
        Value::List(items) => items.iter().map(types).collect::<Vec<_>>().into(),
        scalar => format!("<{}>", scalar.type_name()).into(),
    }
}

impl ExecFn for Obfuscate {
    const FUN: &'static str = "pillar.obfuscate";
    const SIGNATURE: &'static str = Items::SIGNATURE;

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(types(&shown(ctx, self.0.values(ctx)?, &self.0.unmask(ctx))))
    }
}

impl ExecFn for FilterBy {
    const FUN: &'static str = "pillar.filter_by";
    const SIGNATURE: &'static str = "lookup_dict, pillar, merge=None, default='default', base=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let pillar = ctx.pillar();
        let found = find(&pillar, &self.pillar, DELIMITER);
        let default = self.default.as_deref().unwrap_or("default");
        super::grains::filter(&self.lookup_dict, found, &self.merge, default, self.base.as_deref())
    }
}

impl ExecFn for FileExists {
    const FUN: &'static str = "pillar.file_exists";
    const SIGNATURE: &'static str = "path, saltenv=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let roots = ctx.opt("pillar_roots").unwrap_or_default();
        let Some(roots) = roots.as_dict().filter(|roots| !roots.is_empty()) else {
            return Err(ExecError::command("No pillar_roots found. Are you running this on the master?"));
        };
        let asked = |env: &Value| self.saltenv.as_deref().is_none_or(|name| env.as_str() == Some(name));
        let dirs =
            roots.iter().filter(|(env, _)| asked(env)).filter_map(|(_, dirs)| dirs.as_list()).flatten();
        let at = |dir: &Value| std::path::Path::new(&dir.to_string()).join(&self.path);
        Ok(dirs.into_iter().any(|dir| ctx.host.is_file(&at(dir))).into())
    }
}

impl ExecFn for Ext {
    const FUN: &'static str = "pillar.ext";
    const SIGNATURE: &'static str = "external, pillar=None, unmask=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let external = match &self.external {
            Value::Str(text) => data::yaml::load(text)
                .map_err(|error| ExecError::invocation(format!("external is to be YAML: {error}")))?,
            other => other.clone(),
        };
        let env = ctx.opt("pillarenv").filter(Value::is_true).map(|v| v.to_string());
        let over = Some(&self.pillar).filter(|over| over.as_dict().is_some());
        let pillar = ctx.caller().pillar_with(env.as_deref(), over, &external);
        Ok(shown(ctx, pillar.map_err(|error| ExecError::command(error.to_string()))?, &self.unmask))
    }
}
