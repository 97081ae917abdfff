//! `locale`: the machine's language, and the languages that it has.

use super::{Applied, Plan, State, StateEntry, StateError, entry};
use crate::exec::locale;
use crate::{Ctx, args};

/// The rows of this module.
pub const STATES: &[StateEntry] = &[entry::<Present>(), entry::<System>()];

args! {
    /// The machine has a language: on Debian and its relatives the package `locales` has to be there.
    ///
    /// ```yaml
    /// en_US.UTF-8:
    ///   locale.present
    /// ```
    /// Changes: `locale`.
    pub struct Present {
        name: String,
    }

    /// The machine's language and encoding.
    ///
    /// ```yaml
    /// en_US.UTF-8:
    ///   locale.system
    /// ```
    /// Changes: `locale`.
    pub struct System {
        name: String,
    }
}

impl State for Present {
    const FUN: &'static str = "locale.present";
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        let name = &self.name;
        if locale::is_available(ctx, name)? {
            return Ok(Plan::nothing(format!("Locale {name} is already present")));
        }
        Ok(Plan::one((), "locale", name, format!("Locale {name} needs to be generated")))
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let name = &self.name;
        match locale::generate(ctx, name)? {
            Some(output) if output.ok() => Ok(Applied::Said(format!("Generated locale {name}"))),
            _ => Err(StateError::refused(format!("Failed to generate locale {name}"))),
        }
    }
}

impl State for System {
    const FUN: &'static str = "locale.system";
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        let name = &self.name;
        if locale::system(ctx)? == *name {
            return Ok(Plan::nothing(format!("System locale {name} already set")));
        }
        Ok(Plan::one((), "locale", name, format!("System locale {name} needs to be set")))
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let name = &self.name;
        locale::set_system(ctx, name)
            .map_err(|error| StateError::refused(format!("Failed to set system locale: {error}")))?;
        Ok(Applied::Said(format!("Set system locale {name}")))
    }
}
