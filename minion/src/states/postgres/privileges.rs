//! `postgres_privileges.present` and `absent`.

use data::loose::{Flag, OneOrMany};

use super::{Step, carry_out, change, on_server};
use crate::Ctx;
use crate::exec::postgres::privileges::{Privileges, grants};
use crate::states::{Applied, Plan, State, StateError};

fn public() -> String {
    "public".to_owned()
}

on_server! {
    /// A role has privileges on an object, or is a member of a group.
    ///
    /// ```yaml
    /// app:
    ///   postgres_privileges.present:
    ///     - object_name: orders     # ALL: all of the schema
    ///     - object_type: table      # or sequence function schema database tablespace language group
    ///     - privileges: [SELECT, INSERT]
    ///     - prepend: public         # the schema
    ///     - maintenance_db: shop
    /// ```
    /// Also: grant_option (it may pass them on). `public` is everybody. Changes: `Present`.
    pub(crate) struct Present {
        name: String,
        object_name: String,
        object_type: String,
        #[serde(default)]
        privileges: OneOrMany<String>,
        #[serde(default)]
        grant_option: Option<Flag>,
        #[serde(default = public)]
        prepend: String,
    }

    /// A role has none of these privileges on an object, or is no member of a group.
    ///
    /// ```yaml
    /// app:
    ///   postgres_privileges.absent:
    ///     - object_name: orders
    ///     - object_type: table
    ///     - privileges: [DELETE]
    ///     - maintenance_db: shop
    /// ```
    /// Changes: `Absent`.
    pub(crate) struct Absent {
        name: String,
        object_name: String,
        object_type: String,
        #[serde(default)]
        privileges: OneOrMany<String>,
        #[serde(default = public)]
        prepend: String,
    }
}

impl State for Present {
    const FUN: &'static str = "postgres_privileges.present";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        let (name, grant) = (&self.name, grants(self.grant_option));
        let wanted = Privileges::new(&self.object_type, &self.object_name, &self.prepend, &self.privileges)?;
        if wanted.all_of(&self.server(ctx), name, grant)? {
            return Ok(Plan::nothing("The requested privilege(s) are already set"));
        }
        let shown = wanted.shown(&self.privileges);
        Ok(change(
            vec![wanted.grant(name, grant)],
            name,
            "Present",
            [
                format!("The privilege(s): {shown} are set to be granted to {name}"),
                format!("The privilege(s): {shown} have been granted to {name}"),
                format!("Failed to grant privilege(s): {shown} to {name}"),
            ],
        ))
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        carry_out(step, &self.server(ctx))
    }
}

impl State for Absent {
    const FUN: &'static str = "postgres_privileges.absent";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        let name = &self.name;
        let wanted = Privileges::new(&self.object_type, &self.object_name, &self.prepend, &self.privileges)?;
        if !wanted.any_of(&self.server(ctx), name)? {
            return Ok(Plan::nothing("The requested privilege(s) are not set so cannot be revoked"));
        }
        let shown = wanted.shown(&self.privileges);
        Ok(change(
            vec![wanted.revoke(name)],
            name,
            "Absent",
            [
                format!("The privilege(s): {shown} are set to be revoked from {name}"),
                format!("The privilege(s): {shown} have been revoked from {name}"),
                format!("Failed to revoke privilege(s): {shown} from {name}"),
            ],
        ))
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        carry_out(step, &self.server(ctx))
    }
}
