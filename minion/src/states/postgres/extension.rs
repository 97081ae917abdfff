//! `postgres_extension.present` and `absent`.

use data::Value;
use data::loose::Flag;

use super::{Step, carry_out, change, on_server};
use crate::Ctx;
use crate::exec::postgres::{Standing, extension_gone, extension_sql};
use crate::states::{Applied, Plan, State, StateError};

on_server! {
    /// An extension is installed in a database.
    ///
    /// ```yaml
    /// hstore:
    ///   postgres_extension.present:
    ///     - maintenance_db: app
    ///     - schema: public
    ///     - ext_version: '1.8'     # at least
    /// ```
    /// Changes: `Installed`, or `Upgraded` when version or schema were others.
    pub(crate) struct Present {
        name: String,
        #[serde(default)]
        if_not_exists: Option<Flag>,
        #[serde(default)]
        schema: Option<String>,
        #[serde(default)]
        ext_version: Option<String>,
        #[serde(default, rename = "from_version")]
        _from_version: Value,
    }

    /// An extension is not installed in a database.
    ///
    /// ```yaml
    /// hstore:
    ///   postgres_extension.absent:
    ///     - maintenance_db: app
    ///     - cascade: false         # or what needs it goes too
    /// ```
    /// Also: restrict, if_exists. Changes: `Absent`.
    pub(crate) struct Absent {
        name: String,
        #[serde(default)]
        if_exists: Flag,
        #[serde(default)]
        restrict: Flag,
        #[serde(default)]
        cascade: Option<Flag>,
    }
}

impl State for Present {
    const FUN: &'static str = "postgres_extension.present";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        let name = &self.name;
        let (schema, version) = (self.schema.as_deref(), self.ext_version.as_deref());
        let standing = Standing::of(self.server(ctx).extension(name)?.as_ref(), schema, version);
        let if_not_exists = self.if_not_exists.is_none_or(|Flag(on)| on);
        let statements = extension_sql(name, standing, if_not_exists, schema, version);
        if statements.is_empty() {
            return Ok(Plan::nothing(format!("Extension {name} is already present")));
        }
        let (verb, past, changed) = if standing.installed {
            ("upgrade", "upgraded", "Upgraded")
        } else {
            ("install", "installed", "Installed")
        };
        Ok(change(
            statements,
            name,
            changed,
            [
                format!("Extension {name} is set to be {past}"),
                format!("The extension {name} has been {past}"),
                format!("Failed to {verb} extension {name}"),
            ],
        ))
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        carry_out(step, &self.server(ctx))
    }
}

impl State for Absent {
    const FUN: &'static str = "postgres_extension.absent";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        let name = &self.name;
        if self.server(ctx).extension(name)?.is_none() {
            return Ok(Plan::nothing(format!("Extension {name} is not present, so it cannot be removed")));
        }
        let cascade = self.cascade.is_none_or(|Flag(on)| on);
        Ok(change(
            vec![extension_gone(name, self.if_exists.0, self.restrict.0, cascade)],
            name,
            "Absent",
            [
                format!("Extension {name} is set to be removed"),
                format!("Extension {name} has been removed"),
                format!("Extension {name} failed to be removed"),
            ],
        ))
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        carry_out(step, &self.server(ctx))
    }
}
