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
    let kept = ctx.call("data.get", vec!["mine_cache".into()], Dict::new())?;
    let Some(kept) = kept.as_dict() else { return Ok(Value::dict()) };
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
