//! Execution functions as states, with what they return for a result.

use data::{Dict, Value};

use super::waits;
use crate::states::{Applied, Outcome, Plan, State, StateError, outcome};
use crate::{Ctx, args};

args! {
    /// Call an execution function. In Salt `func` is a function of Python, which an SLS in YAML cannot name;
    /// here it is the name of an execution function.
    ///
    /// ```yaml
    /// told:
    ///   cmd.call:
    ///     - func: test.echo
    ///     - args: [hello]
    ///     - kws: {}
    /// ```
    ///
    /// A dict that it returns is merged into the result (`result`, `changes`, `comment`). Anything else is the
    /// change `retval`; the result is false when it is false, and a text is the comment. It runs in test mode too.
    pub(super) struct Call {
        name: Value,
        #[serde(default)]
        func: Value,
        #[serde(default)]
        args: Value,
        #[serde(default)]
        kws: Value,
    }

    /// Call an execution function when a watched state changed, otherwise do nothing. Arguments as for `cmd.call`.
    ///
    /// ```yaml
    /// told:
    ///   cmd.wait_call:
    ///     - func: service.full_restart
    ///     - args: [app]
    ///     - watch:
    ///       - file: /etc/app.conf
    /// ```
    pub(super) struct WaitCall(Call);
}

impl State for Call {
    const FUN: &'static str = "cmd.call";
    const WATCHES: bool = true;
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        let _ = &self.name;
        let args = match &self.args {
            Value::List(list) => list.iter().cloned().collect(),
            Value::None => Vec::new(),
            one => vec![one.clone()],
        };
        let kwargs = self.kws.as_dict().cloned().unwrap_or_default();
        let returned = ctx.call(&self.func.to_string(), args, kwargs)?;
        let Some(said) = returned.as_dict() else {
            let result = returned.is_none() || returned.is_true();
            let comment = returned.as_str().unwrap_or_default().to_owned();
            return Ok(Plan::settled(Some(result), Dict::new().with("retval", returned), comment));
        };
        let changes = said.get("changes").and_then(Value::as_dict).cloned().unwrap_or_default();
        let comment = said.get("comment").map(Value::to_string).unwrap_or_default();
        let result = match said.get("result") {
            Some(Value::None) => None,
            result => Some(result.is_some_and(Value::is_true)),
        };
        let plan = Plan::settled(result, changes, comment);
        let known = ["changes", "comment", "result"];
        Ok(said
            .iter()
            .filter_map(|(key, value)| Some((key.as_str()?, value)))
            .filter(|(key, _)| !known.contains(key))
            .fold(plan, |plan, (key, value)| plan.with_extra(key, value.clone())))
    }

    fn apply(&self, (): (), _: &Ctx<'_>) -> Result<Applied, StateError> {
        Ok(Applied::AsPlanned)
    }

    fn mod_watch(&self, sfun: &str, ctx: &Ctx<'_>) -> Option<Result<Outcome, StateError>> {
        if self.func.is_true() {
            return Some(Ok(outcome(self, ctx)));
        }
        Some(Err(StateError::refused(format!("cmd.{sfun} needs a named parameter func"))))
    }
}

waits! { WaitCall, "cmd.wait_call" }
