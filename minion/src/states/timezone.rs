//! `timezone`: the zone that the machine is in.

use data::Dict;
use data::loose::Flag;

use super::{Applied, Plan, State, StateEntry, StateError, entry};
use crate::exec::timezone;
use crate::{Ctx, args};

/// The rows of this module.
pub const STATES: &[StateEntry] = &[entry::<System>()];

args! {
    /// The machine is in a time zone, and its hardware's clock keeps UTC.
    ///
    /// ```yaml
    /// Europe/Berlin:
    ///   timezone.system:
    ///     - utc: true         # default; false leaves the clock as it is
    /// ```
    /// Changes: `timezone`, `utc`.
    pub struct System {
        name: String,
        #[serde(default = yes)]
        utc: Flag,
    }
}

fn yes() -> Flag {
    Flag(true)
}

/// One of the two.
pub enum Step {
    /// The zone.
    Zone,
    /// The clock.
    Clock,
}

impl State for System {
    const FUN: &'static str = "timezone.system";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        let name = &self.name;
        let compared = |why: String| {
            StateError::refused(format!(
                "Unable to compare desired timezone '{name}' to system timezone: {why}"
            ))
        };
        let is_zone = timezone::is_zone(ctx, name).map_err(|error| compared(error.to_string()))?;
        if !is_zone && !timezone::is_known(ctx, name) {
            return Err(compared(format!("Can't find a local timezone \"{name}\"")));
        }
        let is_utc = timezone::hwclock(ctx)? != Some("localtime");
        let (mut steps, mut changes, mut todo, mut done) = (Vec::new(), Dict::new(), Vec::new(), Vec::new());
        if is_zone {
            done.push(format!("Timezone {name} already set"));
        } else {
            steps.push(Step::Zone);
            changes.insert("timezone", name);
            todo.push(format!("Timezone {name} needs to be set"));
        }
        if self.utc.0 && is_utc {
            done.push(format!("UTC already set to {name}"));
        } else if self.utc.0 {
            steps.push(Step::Clock);
            changes.insert("utc", true);
            todo.push("UTC needs to be set to True".to_owned());
        }
        if steps.is_empty() {
            return Ok(Plan::nothing(done.join(", ")));
        }
        Ok(Plan::steps(steps, changes, todo.join(", ")))
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let name = &self.name;
        let (changes, comment) = match step {
            Step::Zone => {
                timezone::set_zone(ctx, name)?;
                (Dict::new().with("timezone", name), format!("Set timezone {name}"))
            }
            Step::Clock => {
                timezone::set_hwclock(ctx, false)?;
                (Dict::new().with("utc", true), "Set UTC to True".to_owned())
            }
        };
        Ok(Applied::Changed { changes, comment })
    }
}
