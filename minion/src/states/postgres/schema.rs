//! `postgres_schema.present` and `absent`.

use data::Value;

use super::{Step, carry_out, change};
use crate::exec::postgres::{Server, Statement, ident, schema_sql};
use crate::states::{Applied, Plan, State, StateError};
use crate::{Ctx, args};

args! {
    /// A database has a schema.
    ///
    /// ```yaml
    /// reports:
    ///   postgres_schema.present:
    ///     - dbname: app
    ///     - owner: app
    /// ```
    /// Changes: `Present`. The owner of a schema that is there already stays.
    pub(crate) struct Present {
        dbname: String,
        name: String,
        #[serde(default)]
        owner: Option<String>,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        db_user: Option<String>,
        #[serde(default)]
        db_password: Option<String>,
        #[serde(default)]
        db_host: Option<String>,
        #[serde(default)]
        db_port: Option<String>,
    }

    /// A database does not have a schema. One with something in it is not removed.
    ///
    /// ```yaml
    /// reports:
    ///   postgres_schema.absent:
    ///     - dbname: app
    /// ```
    /// Changes: `Absent`.
    pub(crate) struct Absent {
        dbname: String,
        name: String,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        db_user: Option<String>,
        #[serde(default)]
        db_password: Option<String>,
        #[serde(default)]
        db_host: Option<String>,
        #[serde(default)]
        db_port: Option<String>,
    }
}

/// The server, and in it the database.
macro_rules! server {
    ($this:ident, $ctx:ident) => {{
        let mut server = Server::new($ctx);
        server.runas = $this.user.clone();
        server.user = $this.db_user.clone();
        server.password = $this.db_password.clone();
        server.host = $this.db_host.clone();
        server.port = $this.db_port.clone();
        server.database = Some($this.dbname.clone());
        server
    }};
}

impl State for Present {
    const FUN: &'static str = "postgres_schema.present";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        let (name, database) = (&self.name, &self.dbname);
        let plan = if server!(self, ctx).schemas()?.contains(name) {
            Plan::nothing(format!("Schema {name} already exists in database {database}"))
        } else {
            change(
                vec![schema_sql(name, self.owner.as_deref())],
                name,
                "Present",
                [
                    format!("Schema {name} is set to be created in database {database}."),
                    format!("Schema {name} has been created in database {database}"),
                    format!("Failed to create schema {name} in database {database}"),
                ],
            )
        };
        Ok(plan.with_extra("dbname", Value::from(database)))
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        carry_out(step, &server!(self, ctx))
    }
}

impl State for Absent {
    const FUN: &'static str = "postgres_schema.absent";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        let (name, database) = (&self.name, &self.dbname);
        let plan = if server!(self, ctx).schemas()?.contains(name) {
            let drop = Statement::new(format!("DROP SCHEMA {}", ident(name)));
            change(
                vec![drop],
                name,
                "Absent",
                [
                    format!("Schema {name} is set to be removed from database {database}"),
                    format!("Schema {name} has been removed from database {database}"),
                    format!("Schema {name} failed to be removed"),
                ],
            )
        } else {
            let comment =
                format!("Schema {name} is not present in database {database}, so it cannot be removed");
            Plan::nothing(comment)
        };
        Ok(plan.with_extra("dbname", Value::from(database)))
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        carry_out(step, &server!(self, ctx))
    }
}
