//! Events to the master.

use data::{Dict, Value};

use super::plain::{Given, functions};
use crate::Ctx;

functions! {
    /// Send an event to the master. Keyword arguments are data too; `with_env`, `with_grains` and `with_pillar` add
    /// the environment, grains and pillar (`True`: all, or a list of names), `with_env_opts` saltenv and pillarenv.
    ///
    /// CLI Example: `rsalt-call event.send myco/mytag foo=Foo bar=Bar`
    "event.send"(
        "tag, data=None, preload=None, with_env=False, with_grains=False, with_pillar=False, \
         with_env_opts=False, **kwargs"
    ) = |given, ctx| {
        let mut data = Dict::new();
        let mut with = |name: &str, key: &str, all: &dyn Fn() -> Value| {
            let wanted = given.arg(name);
            if wanted.is_true() {
                data.insert(key, subset(wanted, all()));
            }
        };
        with("with_env", "environ", &|| ctx.host.environment().into_iter().collect::<Dict>().into());
        with("with_grains", "grains", &|| ctx.grains());
        with("with_pillar", "pillar", &|| ctx.pillar());
        if given.is_set("with_env_opts", false) {
            data.insert("saltenv", ctx.saltenv());
            data.insert("pillarenv", ctx.opt("pillarenv"));
        }
        for more in [given.arg("kwargs"), given.arg("data")] {
            data.extend(more.as_dict().cloned().unwrap_or_default());
        }
        Ok(fire(ctx, &given.text("tag"), data.into()).into())
    };
    /// Send an event with just this data to the master. `rsalt '*' event.fire_master '{data: my event data}' tag`
    "event.fire_master"("data, tag, preload=None") =
        |given, ctx| Ok(fire(ctx, &given.text("tag"), given.arg("data").clone()).into());
    /// Not there: the minion has no event bus of its own. Always `False`. `event.send` goes to the master.
    "event.fire"("data, tag") = |given, _| {
        tracing::warn!("Event with tag {} will NOT be sent: the minion has no event bus", given.text("tag"));
        Ok(false.into())
    };
}

fn subset(names: &Value, of: Value) -> Value {
    let Some(names) = names.as_list() else { return of };
    let pick = |name: &Value| Some((name.clone(), of.get(&name.to_string())?.clone()));
    names.iter().filter_map(pick).collect::<Dict>().into()
}

/// Whether the master has it.
fn fire(ctx: &Ctx<'_>, tag: &str, data: Value) -> bool {
    let Some(sink) = ctx.caller().events() else {
        tracing::warn!("Local mode detected. Event with tag {tag} will NOT be sent.");
        return false;
    };
    sink.fire(tag, data).inspect_err(|error| tracing::error!("event {tag}: {error}")).is_ok()
}
