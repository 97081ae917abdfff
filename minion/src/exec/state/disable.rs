//! States that are not to run: kept as the grain `state_runs_disabled`.

use data::{Dict, Value};

use super::ExecEntry;
use super::bound::{Bound, split_input};
use crate::exec::{ExecError, ExecFn, entry};
use crate::{Ctx, args};

/// The functions of this file.
pub(super) const FUNCTIONS: &[ExecEntry] = &[entry::<Disable>(), entry::<Enable>(), entry::<ListDisabled>()];

/// Where it is kept.
const GRAIN: &str = "state_runs_disabled";

args! {
    /// Keep states from running: SLS files, `highstate`, or globs of state functions.
    ///
    /// CLI Example: `rsalt '*' state.disable highstate,web.*`
    pub(super) struct Disable(Bound);

    /// Let states run again that were disabled.
    ///
    /// CLI Example: `rsalt '*' state.enable highstate`
    pub(super) struct Enable(Bound);

    /// List the states that are disabled.
    ///
    /// CLI Example: `rsalt '*' state.list_disabled`
    pub(super) struct ListDisabled(Bound);
}

/// What is disabled now.
fn list(ctx: &Ctx<'_>) -> Vec<Value> {
    ctx.grain(GRAIN).and_then(|list| list.as_list().map(<[Value]>::to_vec)).unwrap_or_default()
}

/// Disables or enables states, and says what became of each.
fn turn(ctx: &Ctx<'_>, args: &Bound, off: bool) -> Result<Value, ExecError> {
    let mut disabled = list(ctx);
    let mut said = Vec::new();
    let mut changed = false;
    let word = if off { "disabled" } else { "enabled" };
    for state in split_input(&args.states) {
        let at = disabled.iter().position(|one| *one == state);
        let already = if at.is_some() == off { "already " } else { "" };
        said.push(format!("Info: {state} state {already}{word}."));
        if !already.is_empty() {
            continue;
        }
        changed = true;
        match at {
            Some(at) => {
                disabled.remove(at);
            }
            None => disabled.push(state),
        }
    }
    if changed {
        ctx.call("grains.setval", vec![GRAIN.into(), disabled.into()], Dict::new())?;
    }
    Ok(Dict::new().with("res", true).with("msg", said.join("\n")).into())
}

impl ExecFn for Disable {
    const FUN: &'static str = "state.disable";
    const SIGNATURE: &'static str = "states";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        turn(ctx, &self.0, true)
    }
}

impl ExecFn for Enable {
    const FUN: &'static str = "state.enable";
    const SIGNATURE: &'static str = "states";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        turn(ctx, &self.0, false)
    }
}

impl ExecFn for ListDisabled {
    const FUN: &'static str = "state.list_disabled";
    const SIGNATURE: &'static str = "";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(ctx.grain(GRAIN).unwrap_or_else(|| "".into()))
    }
}

/// Why these are not to run, in Salt's words; nothing when they may.
pub(super) fn refusals(ctx: &Ctx<'_>, mods: &[Value]) -> Vec<String> {
    let disabled = list(ctx);
    let mut refused = Vec::new();
    for name in mods.iter().map(Value::to_string) {
        for pattern in disabled.iter().map(Value::to_string) {
            if pattern.contains(".*") {
                let prefix = format!("{}.", pattern.split('.').next().unwrap_or_default());
                if name.starts_with(&prefix) {
                    refused.push(format!(
                        "The state file \"{name}\" is currently disabled by \"{pattern}\", to re-enable, run \
                         state.enable {pattern}."
                    ));
                }
            } else if pattern == name {
                refused.push(format!(
                    "The state file \"{name}\" is currently disabled, to re-enable, run state.enable {name}."
                ));
            }
        }
    }
    refused
}
