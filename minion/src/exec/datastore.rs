//! `data`: a dict that the minion keeps, for whatever a site wants to remember.

use std::path::{Path, PathBuf};

use data::{Dict, Value, msgpack};

use super::ExecError;
use super::plain::{Given, functions};
use crate::Ctx;

functions! {
    /// Return all that is kept: `rsalt '*' data.items`
    "data.items"("") = |_, ctx| Ok(load(ctx).into());
    /// Return all that is kept: `rsalt '*' data.load`
    "data.load"("") = |_, ctx| Ok(load(ctx).into());
    /// Return the names of what is kept: `rsalt '*' data.keys`
    "data.keys"("") = |_, ctx| Ok(load(ctx).keys().cloned().collect());
    /// Return the values of what is kept: `rsalt '*' data.values`
    "data.values"("") = |_, ctx| Ok(load(ctx).values().cloned().collect());
    /// Whether something is kept under a name: `rsalt '*' data.has_key <mykey>`
    "data.has_key"("key") = |args, ctx| Ok(load(ctx).get_value(args.arg("key")).is_some().into());
    /// Return what is kept under a name, or under a list of names: `rsalt '*' data.get key`. default: for what is not.
    "data.get"("key, default=None") = |args, ctx| {
        let (store, default) = (load(ctx), args.arg("default"));
        Ok(match args.arg("key") {
            Value::List(keys) => {
                let found = keys.iter().filter_map(|key| {
                    store.get_value(key).or((!default.is_none()).then_some(default)).cloned()
                });
                found.collect()
            }
            key => store.get_value(key).unwrap_or(default).clone(),
        })
    };
    /// Keep a value under a name: `rsalt '*' data.update <key> <value>`
    "data.update"("key, value") = |args, ctx| {
        let mut store = load(ctx);
        store.insert(args.arg("key").clone(), args.arg("value").clone());
        save(ctx, store)
    };
    /// Keep a value under a name if another one is kept there now: `rsalt '*' data.cas <key> <value> <old_value>`
    "data.cas"("key, value, old_value") = |args, ctx| {
        let mut store = load(ctx);
        if store.get_value(args.arg("key")) != Some(args.arg("old_value")) {
            return Ok(false.into());
        }
        store.insert(args.arg("key").clone(), args.arg("value").clone());
        save(ctx, store)
    };
    /// Return what is kept under a name and keep it no longer: `rsalt '*' data.pop <key>`. default: for what is not.
    "data.pop"("key, default=None") = |args, ctx| {
        let mut store = load(ctx);
        let value = store.remove_value(args.arg("key"));
        save(ctx, store)?;
        Ok(value.unwrap_or_else(|| args.arg("default").clone()))
    };
    /// Keep a dict instead of all that was kept: `rsalt '*' data.dump '{eggs: spam}'`
    "data.dump"("new_data") = |args, ctx| {
        let new = match args.arg("new_data") {
            Value::Str(text) => data::yaml::load(text).unwrap_or_default(),
            new => new.clone(),
        };
        new.as_dict().map_or(Ok(false.into()), |new| save(ctx, new.clone()))
    };
    /// Keep nothing any more: `rsalt '*' data.clear`
    "data.clear"("") = |_, ctx| {
        let path = path(ctx);
        if ctx.host.exists(&path) {
            ctx.host.remove_file(&path)?;
        }
        Ok(true.into())
    };
}

fn path(ctx: &Ctx<'_>) -> PathBuf {
    Path::new(&ctx.opt("cachedir").unwrap_or_default().to_string()).join("datastore")
}

fn load(ctx: &Ctx<'_>) -> Dict {
    let content = ctx.host.read_opt(&path(ctx)).ok().flatten().unwrap_or_default();
    msgpack::decode(&content).ok().and_then(|value| value.as_dict().cloned()).unwrap_or_default()
}

fn save(ctx: &Ctx<'_>, store: Dict) -> Result<Value, ExecError> {
    let path = path(ctx);
    if let Some(dir) = path.parent() {
        ctx.host.mkdir_all(dir, None)?;
    }
    ctx.host.write_atomic(&path, &msgpack::encode(&store.into()), Some(0o600))?;
    Ok(true.into())
}
