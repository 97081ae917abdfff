//! `postgres_database.present` and `absent`.

use data::loose::Flag;

use super::{Step, carry_out, change, of, on_server};
use crate::Ctx;
use crate::exec::postgres::{Statement, database_gone, database_sql, ident, owner_sql};
use crate::states::{Applied, Plan, State, StateError};

on_server! {
    /// There is a database.
    ///
    /// ```yaml
    /// app:
    ///   postgres_database.present:
    ///     - owner: app
    ///     - encoding: UTF8
    ///     - lc_collate: C.UTF-8
    ///     - lc_ctype: C.UTF-8
    ///     - template: template0
    /// ```
    /// Also: tablespace, owner_recurse (a new owner gets all that is in it too). Owner and tablespace are changed when
    /// they are others; encoding and locale cannot be. All states of PostgreSQL have user (whom psql runs as: `postgres`),
    /// maintenance_db, db_user, db_password, db_host, db_port. Changes: `Present` or `Parameters changed`.
    pub(crate) struct Present {
        name: String,
        #[serde(default)]
        tablespace: Option<String>,
        #[serde(default)]
        encoding: Option<String>,
        #[serde(default)]
        lc_collate: Option<String>,
        #[serde(default)]
        lc_ctype: Option<String>,
        #[serde(default)]
        owner: Option<String>,
        #[serde(default)]
        owner_recurse: Flag,
        #[serde(default)]
        template: Option<String>,
    }

    /// There is no such database; sessions that use it are ended.
    ///
    /// ```yaml
    /// old:
    ///   postgres_database.absent
    /// ```
    /// Changes: `Absent`.
    pub(crate) struct Absent {
        name: String,
    }
}

impl State for Present {
    const FUN: &'static str = "postgres_database.present";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        let (name, server) = (&self.name, self.server(ctx));
        let Some(is) = server.databases()?.remove(name) else {
            let create = database_sql(
                name,
                [
                    ("TABLESPACE", self.tablespace.as_ref()),
                    ("OWNER", self.owner.as_ref()),
                    ("TEMPLATE", self.template.as_ref()),
                    ("ENCODING", self.encoding.as_ref()),
                    ("LC_COLLATE", self.lc_collate.as_ref()),
                    ("LC_CTYPE", self.lc_ctype.as_ref()),
                ],
            );
            return Ok(change(
                vec![create],
                name,
                "Present",
                [
                    format!("Database {name} is set to be created"),
                    format!("The database {name} has been created"),
                    format!("Failed to create database {name}"),
                ],
            ));
        };
        let other = |wanted: &Option<String>, key: &str| {
            wanted.as_ref().filter(|w| !w.is_empty() && *w != of(&is, key)).cloned()
        };
        let encoding =
            other(&self.encoding, "Encoding").filter(|e| !e.eq_ignore_ascii_case(of(&is, "Encoding")));
        let fixed = [encoding, other(&self.lc_collate, "Collate"), other(&self.lc_ctype, "Ctype")];
        if fixed.iter().any(Option::is_some) {
            return Err(StateError::refused(format!(
                "Database {name} has wrong parameters which couldn't be changed on fly."
            )));
        }
        let mut statements = Vec::new();
        if let Some(owner) = other(&self.owner, "Owner") {
            statements.push(owner_sql(&server, name, &owner, self.owner_recurse.0)?);
        }
        if let Some(space) = other(&self.tablespace, "Tablespace") {
            let sql = format!("ALTER DATABASE {} SET TABLESPACE {}", ident(name), ident(&space));
            statements.push(Statement::new(sql));
        }
        if statements.is_empty() {
            return Ok(Plan::nothing(format!("Database {name} is already present")));
        }
        Ok(change(
            statements,
            name,
            "Parameters changed",
            [
                format!("Database {name} exists, but parameters need to be changed"),
                format!("Parameters for database {name} have been changed"),
                format!("Failed to change parameters for database {name}"),
            ],
        ))
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        carry_out(step, &self.server(ctx))
    }
}

impl State for Absent {
    const FUN: &'static str = "postgres_database.absent";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        let name = &self.name;
        if !self.server(ctx).databases()?.contains(name) {
            return Ok(Plan::nothing(format!("Database {name} is not present, so it cannot be removed")));
        }
        Ok(change(
            database_gone(name).into(),
            name,
            "Absent",
            [
                format!("Database {name} is set to be removed"),
                format!("Database {name} has been removed"),
                format!("Database {name} failed to be removed"),
            ],
        ))
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        carry_out(step, &self.server(ctx))
    }
}
