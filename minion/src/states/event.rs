//! Events to the master, in the course of a state run.

use data::{Dict, Value};

use super::{Applied, Outcome, Plan, State, StateEntry, StateError, entry, outcome};
use crate::{Ctx, args};

/// The states of `event`.
pub const STATES: &[StateEntry] =
    &[entry::<Send>(), entry::<Send>().also_as("event.fire_master"), entry::<Wait>()];

args! {
    /// Send an event to the master. Further arguments are data too.
    ///
    /// ```yaml
    /// myco/run/status:
    ///   event.send:
    ///     - data:
    ///         status: Half-way through the state run!
    ///     - with_grains: [id, os]
    ///     - show_changed: False   # default: the event is the change
    /// ```
    pub struct Send {
        name: Value,
        #[serde(default)]
        data: Value,
        #[serde(default)]
        preload: Value,
        #[serde(default)]
        with_env: Value,
        #[serde(default)]
        with_grains: Value,
        #[serde(default)]
        with_pillar: Value,
        #[serde(default = yes)]
        show_changed: bool,
    }

    /// Send an event to the master when a watched state changed.
    ///
    /// ```yaml
    /// myco/pool/update:
    ///   event.wait:
    ///     - data: {new: web1}
    ///     - watch:
    ///       - pkg: nginx
    /// ```
    pub struct Wait {
        name: Value,
        #[serde(default)]
        data: Value,
    }
}

fn yes() -> bool {
    true
}

impl State for Send {
    const FUN: &'static str = "event.send";
    const ANY: bool = true;
    const WATCHES: bool = true;
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        let change = Dict::new().with("tag", self.name.clone()).with("data", self.data.clone());
        let changes = if self.show_changed { change } else { Dict::new() };
        if ctx.test {
            return Ok(Plan::settled(None, changes, "Event would have been fired"));
        }
        Ok(Plan::steps(vec![()], changes, "Event fired"))
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let mut kwargs = ctx.chunk().map(|chunk| chunk.args()).unwrap_or_default();
        kwargs.retain(|key, _| {
            !key.as_str()
                .is_some_and(|k| ["name", "show_changed", "sfun"].contains(&k) || k.starts_with("__"))
        });
        let sent = ctx.call("event.send", vec![self.name.clone()], kwargs)?;
        if sent.is_true() {
            return Ok(Applied::AsPlanned);
        }
        let change = Dict::new().with("tag", self.name.clone()).with("data", self.data.clone());
        let changes = if self.show_changed { change } else { Dict::new() };
        Ok(Applied::Done(Outcome::new(Some(false), "Event fired").with_changes(changes)))
    }

    fn mod_watch(&self, _: &str, ctx: &Ctx<'_>) -> Option<Result<Outcome, StateError>> {
        Some(Ok(outcome(self, ctx)))
    }
}

impl State for Wait {
    const FUN: &'static str = "event.wait";
    type Step = ();

    fn plan(&self, _: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        let _ = (&self.name, &self.data);
        Ok(Plan::nothing(""))
    }

    fn apply(&self, (): (), _: &Ctx<'_>) -> Result<Applied, StateError> {
        Ok(Applied::AsPlanned)
    }
}
