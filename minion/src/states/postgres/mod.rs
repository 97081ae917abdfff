//! What a PostgreSQL server has: `postgres_database`, `postgres_user`, `postgres_group`, `postgres_schema`,
//! `postgres_extension`, `postgres_tablespace`, `postgres_privileges`.

mod database;
mod extension;
mod privileges;
mod role;
mod schema;
mod tablespace;

use data::{Dict, Value};

use super::{Applied, Plan, StateEntry, StateError, entry};
use crate::exec::postgres::{Server, Statement};

/// The rows of these modules.
pub const STATES: &[StateEntry] = &[
    entry::<database::Absent>(),
    entry::<database::Present>(),
    entry::<extension::Absent>(),
    entry::<extension::Present>(),
    entry::<privileges::Absent>(),
    entry::<privileges::Present>(),
    entry::<role::GroupAbsent>(),
    entry::<role::GroupPresent>(),
    entry::<role::UserAbsent>(),
    entry::<role::UserPresent>(),
    entry::<schema::Absent>(),
    entry::<schema::Present>(),
    entry::<tablespace::Absent>(),
    entry::<tablespace::Present>(),
];

/// Declares the arguments of a state with those that say how to reach the server.
macro_rules! on_server {
    ($($(#[doc = $doc:literal])+ $vis:vis struct $name:ident { $($field:tt)* })+) => {
        $(crate::args! {
            $(#[doc = $doc])+
            $vis struct $name {
                $($field)*
                #[serde(default)]
                user: Option<String>,
                #[serde(default)]
                maintenance_db: Option<String>,
                #[serde(default)]
                db_password: Option<String>,
                #[serde(default)]
                db_host: Option<String>,
                #[serde(default)]
                db_port: Option<String>,
                #[serde(default)]
                db_user: Option<String>,
            }
        }

        impl $name {
            fn server<'a>(&self, ctx: &'a crate::Ctx<'a>) -> crate::exec::postgres::Server<'a> {
                let mut server = crate::exec::postgres::Server::new(ctx);
                server.runas = self.user.clone();
                server.user = self.db_user.clone();
                server.password = self.db_password.clone();
                server.host = self.db_host.clone();
                server.port = self.db_port.clone();
                server.database = self.maintenance_db.clone();
                server
            }
        })+
    };
}
use on_server;

/// Statements that go together, and what to say of them.
pub(crate) struct Step {
    statements: Vec<Statement>,
    changes: Dict,
    done: String,
    failed: String,
}

/// One thing to do; the changes are known when it is done.
fn change(
    statements: Vec<Statement>,
    name: &str,
    change: impl Into<Value>,
    [announced, done, failed]: [String; 3],
) -> Plan<Step> {
    let changes = Dict::new().with(name, change);
    Plan::steps(vec![Step { statements, changes, done, failed }], Dict::new(), announced)
}

fn carry_out(step: Step, server: &Server<'_>) -> Result<Applied, StateError> {
    for statement in &step.statements {
        server
            .execute(statement)
            .map_err(|error| StateError::refused(format!("{}\n{error}", step.failed)))?;
    }
    Ok(Applied::Changed { changes: step.changes, comment: step.done })
}

/// The text at `key` of a row.
fn of<'a>(row: &'a Value, key: &str) -> &'a str {
    row.get(key).and_then(Value::as_str).unwrap_or_default()
}
