//! The environment of the states that follow.

use data::{Dict, Value};

use super::{Applied, Outcome, Plan, State, StateEntry, StateError, entry};
use crate::{Ctx, args};

/// The states of `environ`.
pub const STATES: &[StateEntry] = &[entry::<Setenv>()];

args! {
    /// Set variables for the commands of the states that follow.
    ///
    /// ```yaml
    /// proxied:
    ///   environ.setenv:
    ///     - name: http_proxy        # with a text for a value
    ///     - value:                  # or several at once
    ///         http_proxy: http://proxy:3128
    ///         no_proxy: False       # nothing, or away with false_unsets
    ///     - update_minion: True     # for later jobs too
    /// ```
    ///
    /// `clear_all` takes every variable that is not named away. Changes: the variables and their values.
    pub struct Setenv {
        name: String,
        value: Value,
        #[serde(default)]
        false_unsets: bool,
        #[serde(default)]
        clear_all: bool,
        #[serde(default)]
        update_minion: bool,
        #[serde(default)]
        permanent: Value,
    }
}

impl Setenv {
    fn environ(&self) -> Option<Dict> {
        match &self.value {
            Value::Dict(environ) => Some((**environ).clone()),
            Value::Bool(false) => Some(Dict::new().with(self.name.as_str(), false)),
            value => value.as_str().map(|value| Dict::new().with(self.name.as_str(), value)),
        }
    }

    fn changes(&self, environ: &Dict, ctx: &Ctx<'_>) -> Dict {
        let away = || if self.false_unsets { Value::None } else { Value::from("") };
        let mut changes = Dict::new();
        if self.clear_all {
            let others =
                ctx.host.environment().into_iter().filter(|(key, _)| !environ.contains(key.as_str()));
            changes.extend(others.map(|(key, _)| (Value::from(key), away())));
        }
        for (key, value) in environ {
            let is = ctx.host.env(&key.to_string());
            if value.as_bool() == Some(false) {
                if is.as_deref() != Some("") && !(is.is_none() && self.false_unsets) {
                    changes.insert(key.clone(), away());
                }
            } else if value.as_str() != Some(is.as_deref().unwrap_or_default()) {
                changes.insert(key.clone(), value.clone());
            }
        }
        changes
    }
}

impl State for Setenv {
    const FUN: &'static str = "environ.setenv";
    type Step = Dict;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Dict>, StateError> {
        let _ = &self.permanent;
        let Some(environ) = self.environ() else {
            return Err(StateError::refused("Environ value must be string, dict or False"));
        };
        let changes = self.changes(&environ, ctx);
        let comment = match (ctx.test, changes.is_empty()) {
            (true, true) => "Environ values are already set with the correct values",
            (false, true) => "Environ values were already set with the correct values",
            // As in Salt, test mode leaves the result true.
            (true, false) => return Ok(Plan::settled(Some(true), changes, "Environ values will be changed")),
            (false, false) => return Ok(Plan::steps(vec![environ], changes, "Environ values were set")),
        };
        Ok(Plan::nothing(comment))
    }

    fn apply(&self, environ: Dict, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let planned = self.changes(&environ, ctx);
        let args = vec![
            Value::from(environ),
            self.false_unsets.into(),
            self.clear_all.into(),
            self.update_minion.into(),
        ];
        match ctx.call("environ.setenv", args, Dict::new())?.as_dict() {
            Some(set) if !set.is_empty() => Ok(Applied::Done(
                Outcome::new(Some(true), "Environ values were set").with_changes(set.clone()),
            )),
            _ => Err(StateError::after("Failed to set environ variables", planned)),
        }
    }
}
