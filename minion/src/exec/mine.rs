//! `mine`, `publish`, `sdb`: what other minions have, and secrets elsewhere. Without a master there is little to get.

use data::{Dict, Value};

use super::ExecError;
use super::plain::{Given, functions};
use crate::Ctx;

functions! {
    /// Return what minions keep in the mine under a function: `rsalt '*' mine.get '*' network.interfaces`
    ///
    /// tgt_type: how the target is written (glob). Without a master it is this minion alone, from what `data` keeps
    /// for it under `mine_cache`; the master of rsalt has no mine.
    "mine.get"("tgt, fun, tgt_type='glob', exclude_minion=False") = |args, ctx| local_mine(&args, ctx);
    /// Keep what a function returns in the mine: `rsalt '*' mine.send network.ip_addrs eth0`
    ///
    /// mine_function: the function, where the name is another; allow_tgt, allow_tgt_type: who may get it.
    "mine.send"("name, *args, **kwargs") = |args, ctx| {
        let name = args.text("name");
        let definition = Definition {
            args: args.arg("args").as_list().unwrap_or_default().to_vec(),
            kwargs: args.arg("kwargs").as_dict().cloned().unwrap_or_default(),
        };
        match definition.ask(&name, ctx) {
            Some(value) => keep(ctx, Dict::new().with(name, value), false),
            None => Ok(false.into()),
        }
    };
    /// Keep what the functions of `mine_functions` return in the mine: `rsalt '*' mine.update`
    ///
    /// clear: forget what else is there. mine_functions: these instead of the configured ones.
    "mine.update"("clear=False, mine_functions=None") = |args, ctx| {
        let functions = match args.arg("mine_functions") {
            functions if functions.is_true() => functions.clone(),
            _ => configured(ctx)?,
        };
        let pairs: Vec<(Value, Value)> = match &functions {
            Value::Dict(functions) => functions.iter().map(|(name, how)| (name.clone(), how.clone())).collect(),
            Value::List(names) => names.iter().map(|name| (name.clone(), Value::None)).collect(),
            _ => return Ok(Value::None),
        };
        if pairs.is_empty() {
            return Ok(Value::None);
        }
        let found = pairs.into_iter().filter_map(|(name, how)| {
            let value = Definition::of(&how).ask(&name.to_string(), ctx)?;
            Some((name, value))
        });
        let found = found.collect::<Dict>();
        keep(ctx, found, args.is_set("clear", false))
    };
    /// Take a function out of the mine: `rsalt '*' mine.delete 'network.interfaces'`
    "mine.delete"("fun") = |args, ctx| {
        let mut kept = kept(ctx)?;
        kept.remove(&args.text("fun"));
        keep(ctx, kept, true)
    };
    /// Forget all that is in the mine: `rsalt '*' mine.flush`
    "mine.flush"("") = |_, ctx| keep(ctx, Dict::new(), true);
    /// Return the functions of `mine_functions` that there are: `rsalt '*' mine.valid`
    "mine.valid"("") = |_, ctx| {
        let functions = configured(ctx)?;
        let Some(functions) = functions.as_dict().filter(|functions| !functions.is_empty()) else {
            return Ok(Value::None);
        };
        let mut out = Dict::new();
        for (name, how) in functions {
            let mut definition = Definition::of(how);
            let function = definition.kwargs.remove("mine_function").map(|f| f.to_string());
            if !ctx.has_function(function.as_deref().unwrap_or(&name.to_string())) {
                continue;
            }
            let how = match function {
                None => how.clone(),
                Some(function) => {
                    let kwargs = definition.kwargs.into_iter().map(|(k, v)| Value::from(Dict::new().with(k, v)));
                    let all: Vec<Value> = definition.args.into_iter().chain(kwargs).collect();
                    Dict::new().with(function, all).into()
                }
            };
            out.insert(name.clone(), how);
        }
        Ok(out.into())
    };
    /// Run a function on other minions by way of the master: `rsalt system.example.com publish.publish '*' user.add`
    ///
    /// Without a master it is an empty dict, and rsalt's master runs nothing for a minion.
    "publish.publish"("tgt, fun, arg=None, tgt_type='glob', returner='', timeout=5, via_master=None") = |_, ctx| {
        published(ctx)
    };
    /// As `publish.publish`, with all that is known of each return: `rsalt '*' publish.full_data '*' test.ping`
    "publish.full_data"("tgt, fun, arg=None, tgt_type='glob', returner='', timeout=5") = |_, ctx| published(ctx);
    /// Run a runner of the master: refused without one, and by rsalt's: `rsalt '*' publish.runner manage.down`
    "publish.runner"("fun, arg=None, timeout=5") = |_, _| {
        Ok("No access to master. If using salt-call with --local, please remove.".into())
    };
    /// Return a value from a store of secrets by its `sdb://` address; anything else is returned as it is.
    ///
    /// `rsalt '*' sdb.get sdb://myenv/HOME`; there is the driver `env`. strict: an address that leads nowhere is an error.
    "sdb.get"("uri, strict=False") = |args, ctx| sdb(&args, ctx);
}

fn is_local(ctx: &Ctx<'_>) -> bool {
    ctx.opt("file_client").is_some_and(|client| client.as_str() == Some("local"))
}

/// A function of the mine: its arguments.
struct Definition {
    args: Vec<Value>,
    kwargs: Dict,
}

impl Definition {
    /// As `mine_functions` has it: a dict of keywords, or a list of arguments with such dicts among them.
    fn of(how: &Value) -> Self {
        let (mut args, mut kwargs) = (Vec::new(), Dict::new());
        for item in how.as_list().unwrap_or(std::slice::from_ref(how)) {
            match item {
                Value::Dict(more) => kwargs.extend(more.iter().map(|(k, v)| (k.clone(), v.clone()))),
                Value::None => {}
                other => args.push(other.clone()),
            }
        }
        Definition { args, kwargs }
    }

    /// What is kept of it; none where it failed.
    fn ask(mut self, name: &str, ctx: &Ctx<'_>) -> Option<Value> {
        self.kwargs.retain(|key, _| !key.as_str().is_some_and(|key| key.starts_with("__")));
        let function = self.kwargs.remove("mine_function").map_or_else(|| name.to_owned(), |f| f.to_string());
        let allowed = self.kwargs.remove("allow_tgt").filter(Value::is_true);
        let kind = self.kwargs.remove("allow_tgt_type").filter(Value::is_true);
        let value = match ctx.call(&function, self.args, self.kwargs) {
            Ok(value) => value,
            Err(error) => {
                tracing::error!("Function {function} in the mine failed to execute: {error}");
                return None;
            }
        };
        let Some(allowed) = allowed else { return Some(value) };
        let mut out =
            Dict::new().with("__data__", value).with("__saltmine_acl__", 1).with("allow_tgt", allowed);
        out.extend(kind.map(|kind| (Value::from("allow_tgt_type"), kind)));
        Some(out.into())
    }
}

fn configured(ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    ctx.call("config.merge", vec!["mine_functions".into(), Value::dict()], Dict::new())
}

/// What this minion keeps of its own.
fn kept(ctx: &Ctx<'_>) -> Result<Dict, ExecError> {
    let kept = ctx.call("data.get", vec!["mine_cache".into()], Dict::new())?;
    Ok(kept.as_dict().cloned().unwrap_or_default())
}

fn keep(ctx: &Ctx<'_>, new: Dict, clear: bool) -> Result<Value, ExecError> {
    if !is_local(ctx) {
        tracing::warn!("the master has no mine: nothing is sent to it");
        return Ok(false.into());
    }
    let mut all = if clear { Dict::new() } else { kept(ctx)? };
    all.extend(new);
    ctx.call("data.update", vec!["mine_cache".into(), all.into()], Dict::new())
}

fn published(ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    if !is_local(ctx) {
        tracing::warn!("the master runs nothing for a minion: there is no publish");
    }
    Ok(Value::dict())
}

fn local_mine(args: &Dict, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    let kind = args.some_text("tgt_type").unwrap_or_else(|| "glob".to_owned());
    if !is_local(ctx) {
        tracing::warn!("the master has no mine: nothing is found in it");
        return Ok(Value::dict());
    }
    let matcher = format!("match.{kind}");
    if !ctx.has_function(&matcher) {
        return Err(ExecError::raised("KeyError", format!("'{kind}'")));
    }
    if !ctx.call(&matcher, vec![args.arg("tgt").clone()], Dict::new())?.is_true() {
        return Ok(Value::dict());
    }
    let kept = kept(ctx)?;
    let (functions, many): (Vec<String>, bool) = match args.arg("fun") {
        Value::Str(names) => (names.split(',').map(str::to_owned).collect(), names.contains(',')),
        Value::List(names) => (names.iter().map(Value::to_string).collect(), true),
        _ => return Ok(Value::dict()),
    };
    let mut out = Dict::new();
    for name in functions {
        let Some(entry) = kept.get(&name) else { continue };
        let data = if entry.get("__saltmine_acl__").is_some() { entry.get("__data__") } else { Some(entry) };
        let mine = data.cloned().unwrap_or_default();
        if many {
            out.insert(name, Dict::new().with(ctx.id(), mine));
        } else {
            out.insert(ctx.id(), mine);
        }
    }
    Ok(out.into())
}

fn sdb(args: &Dict, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    let (uri, strict) = (args.arg("uri"), args.is_set("strict", false));
    let nowhere = |problem: String| {
        if strict { Err(ExecError::raised("SaltException", problem)) } else { Ok(uri.clone()) }
    };
    let Some((profile, key)) = uri.as_str().and_then(|uri| uri.strip_prefix("sdb://")?.split_once('/'))
    else {
        return nowhere("SDB uri does not start with sdb://".to_owned());
    };
    let settings = ctx.opt(profile).or_else(|| ctx.pillar().get(profile).cloned());
    match settings.as_ref().and_then(|settings| settings.get("driver")).and_then(Value::as_str) {
        Some("env") => Ok(ctx.host.env(key).into()),
        Some(driver) => Err(ExecError::command(format!(
            "the sdb driver '{driver}' is not there: rsalt has env; keep other secrets in the pillar"
        ))),
        None => nowhere("SDB profile not found in configuration".to_owned()),
    }
}
