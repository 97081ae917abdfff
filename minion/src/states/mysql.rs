//! What a MySQL or MariaDB server has: `mysql_database`, `mysql_user`, `mysql_grants`, `mysql_query`.

use std::path::Path;

use data::loose::Flag;
use data::{Dict, Value};

use super::{Applied, Plan, State, StateEntry, StateError, entry};
use crate::Ctx;
use crate::exec::mysql::{Grant, Secret, Server, Sql, account, database_sql, ident, login_sql};

/// The rows of these modules.
pub const STATES: &[StateEntry] = &[
    entry::<DatabaseAbsent>(),
    entry::<DatabasePresent>(),
    entry::<GrantsAbsent>(),
    entry::<GrantsPresent>(),
    entry::<QueryRun>(),
    entry::<UserAbsent>(),
    entry::<UserPresent>(),
];

/// Declares the arguments of a state with those that say how to reach the server.
macro_rules! on_server {
    ($($(#[doc = $doc:literal])+ struct $name:ident { $($field:tt)* })+) => {
        $(crate::args! {
            $(#[doc = $doc])+
            pub(crate) struct $name {
                $($field)*
                #[serde(default)]
                connection_host: Value,
                #[serde(default)]
                connection_user: Value,
                #[serde(default)]
                connection_pass: Value,
                #[serde(default)]
                connection_port: Value,
                #[serde(default)]
                connection_unix_socket: Value,
                #[serde(default)]
                connection_default_file: Value,
                #[serde(default)]
                connection_charset: Value,
            }
        }

        impl $name {
            fn server<'a>(&self, ctx: &'a Ctx<'a>) -> Result<Server<'a>, StateError> {
                let given = Dict::new()
                    .with("connection_host", self.connection_host.clone())
                    .with("connection_user", self.connection_user.clone())
                    .with("connection_pass", self.connection_pass.clone())
                    .with("connection_port", self.connection_port.clone())
                    .with("connection_unix_socket", self.connection_unix_socket.clone())
                    .with("connection_default_file", self.connection_default_file.clone())
                    .with("connection_charset", self.connection_charset.clone());
                Ok(Server::of(ctx, &given.into())?)
            }
        })+
    };
}

fn localhost() -> String {
    "localhost".to_owned()
}

fn yes() -> Flag {
    Flag(true)
}

on_server! {
    /// There is a database.
    ///
    /// ```yaml
    /// shop:
    ///   mysql_database.present:
    ///     - character_set: utf8mb4
    ///     - collate: utf8mb4_general_ci
    /// ```
    /// All states of MySQL have connection_host, connection_user, connection_pass, connection_port, connection_unix_socket,
    /// connection_default_file and connection_charset; the configuration has them as `mysql.host` and so on. Changes: `Present`, or
    /// character set and collation before and now.
    struct DatabasePresent {
        name: String,
        #[serde(default)]
        character_set: Option<String>,
        #[serde(default)]
        collate: Option<String>,
    }

    /// There is no such database.
    ///
    /// ```yaml
    /// test:
    ///   mysql_database.absent
    /// ```
    /// Changes: `Absent`.
    struct DatabaseAbsent {
        name: String,
    }

    /// There is a user with a password.
    ///
    /// ```yaml
    /// app:
    ///   mysql_user.present:
    ///     - host: localhost
    ///     - password: {{ pillar['db_password'] }}   # or password_hash: '*…'
    /// ```
    /// allow_passwordless: without a password. unix_socket: whoever is that user on the machine is let in.
    /// Changes: `Present`, or `Updated` when the password was another.
    struct UserPresent {
        name: String,
        #[serde(default = localhost)]
        host: String,
        #[serde(default)]
        password: Option<String>,
        #[serde(default)]
        password_hash: Option<String>,
        #[serde(default)]
        allow_passwordless: Flag,
        #[serde(default)]
        unix_socket: Flag,
    }

    /// There is no such user.
    ///
    /// ```yaml
    /// guest:
    ///   mysql_user.absent:
    ///     - host: '%'
    /// ```
    /// Changes: `Absent`.
    struct UserAbsent {
        name: String,
        #[serde(default = localhost)]
        host: String,
    }

    /// A user has privileges.
    ///
    /// ```yaml
    /// app-on-shop:
    ///   mysql_grants.present:
    ///     - grant: SELECT,INSERT     # or ALL PRIVILEGES
    ///     - database: shop.*         # or *.*, shop.orders
    ///     - user: app
    ///     - host: localhost
    /// ```
    /// grant_option: it may pass them on. escape: false lets patterns in the database's name stand. revoke_first: what the user has
    /// on the database goes before. Changes: `Present`.
    struct GrantsPresent {
        name: String,
        grant: String,
        database: String,
        user: String,
        #[serde(default = localhost)]
        host: String,
        #[serde(default)]
        grant_option: Flag,
        #[serde(default = yes)]
        escape: Flag,
        #[serde(default)]
        revoke_first: Flag,
    }

    /// A user does not have privileges.
    ///
    /// ```yaml
    /// app-on-shop:
    ///   mysql_grants.absent:
    ///     - grant: INSERT
    ///     - database: shop.*
    ///     - user: app
    /// ```
    /// Changes: `Absent`.
    struct GrantsAbsent {
        name: String,
        grant: String,
        database: String,
        user: String,
        #[serde(default = localhost)]
        host: String,
        #[serde(default)]
        grant_option: Flag,
        #[serde(default = yes)]
        escape: Flag,
    }

    /// A query is run: on every run, or with `output` and `overwrite: false` until there is a result.
    ///
    /// ```yaml
    /// count-orders:
    ///   mysql_query.run:
    ///     - database: shop
    ///     - query: SELECT count(*) AS n FROM orders
    ///     - output: /srv/orders.txt   # lines of `column:value`
    ///     - overwrite: false
    /// ```
    /// check_db_exists: false does not ask first. Changes: that it was executed.
    struct QueryRun {
        name: String,
        database: String,
        query: String,
        #[serde(default)]
        output: Option<String>,
        #[serde(default = yes)]
        overwrite: Flag,
        #[serde(default = yes)]
        check_db_exists: Flag,
    }
}

/// Statements that go together, and what to say of them.
pub(crate) struct Step {
    statements: Vec<Sql>,
    changes: Dict,
    done: String,
    failed: String,
}

fn change(
    statements: Vec<Sql>,
    changes: Dict,
    [announced, done, failed]: [String; 3],
) -> Result<Plan<Step>, StateError> {
    Ok(Plan::steps(vec![Step { statements, changes, done, failed }], Dict::new(), announced))
}

fn carry_out(step: Step, server: &Server<'_>) -> Result<Applied, StateError> {
    for sql in &step.statements {
        server.execute(sql).map_err(|error| StateError::refused(format!("{} ({error})", step.failed)))?;
    }
    Ok(Applied::Changed { changes: step.changes, comment: step.done })
}

fn one(name: &str, what: &str) -> Dict {
    Dict::new().with(name, what)
}

impl State for DatabasePresent {
    const FUN: &'static str = "mysql_database.present";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        let name = &self.name;
        let (set, collate) = (self.character_set.as_deref(), self.collate.as_deref());
        let Some((is_set, is_collate)) = self.server(ctx)?.database(name)? else {
            return change(
                vec![database_sql("CREATE", name, set, collate)],
                one(name, "Present"),
                [
                    format!("Database {name} is not present and needs to be created"),
                    format!("The database {name} has been created"),
                    format!("Failed to create database {name}"),
                ],
            );
        };
        let mut changes = Dict::new();
        for (key, wanted, is) in [("character_set", set, is_set), ("collate", collate, is_collate)] {
            if let Some(wanted) = wanted.filter(|wanted| !wanted.eq_ignore_ascii_case(&is)) {
                changes.insert(key, Dict::new().with("before", is).with("now", wanted));
            }
        }
        if changes.is_empty() {
            return Ok(Plan::nothing(format!("Database {name} is already present")));
        }
        change(
            vec![database_sql("ALTER", name, set, collate)],
            changes,
            [
                format!("Database {name} needs to be changed"),
                format!("Database {name} has been changed"),
                format!("Failed to change database {name}"),
            ],
        )
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        carry_out(step, &self.server(ctx)?)
    }
}

impl State for DatabaseAbsent {
    const FUN: &'static str = "mysql_database.absent";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        let name = &self.name;
        if self.server(ctx)?.database(name)?.is_none() {
            return Ok(Plan::nothing(format!("Database {name} is not present, so it cannot be removed")));
        }
        let drop = Sql::plain(format!("DROP DATABASE {}", ident(name)));
        change(
            vec![drop],
            one(name, "Absent"),
            [
                format!("Database {name} is present and needs to be removed"),
                format!("Database {name} has been removed"),
                format!("Unable to remove database {name}"),
            ],
        )
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        carry_out(step, &self.server(ctx)?)
    }
}

impl State for UserPresent {
    const FUN: &'static str = "mysql_user.present";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        let (name, host, socket) = (&self.name, &self.host, self.unix_socket.0);
        let secret = Secret::of(self.password.clone(), self.password_hash.clone());
        let passwordless = secret == Secret::None;
        if passwordless && !self.allow_passwordless.0 && !socket {
            return Err(StateError::refused(
                "Either password or password_hash must be specified, unless allow_passwordless is True",
            ));
        }
        let server = self.server(ctx)?;
        let Some(is) = server.login(name, host)? else {
            let with = if passwordless { " with passwordless login" } else { "" };
            return change(
                vec![login_sql("CREATE", name, host, &secret, socket)],
                one(name, "Present"),
                [
                    format!("User {name}@{host} is set to be added"),
                    format!("The user {name}@{host} has been added{with}"),
                    format!("Failed to create user {name}@{host}"),
                ],
            );
        };
        let same = if socket { is.by_socket() } else { !is.by_socket() && server.is_kept(&secret, &is)? };
        if same {
            let with = match secret {
                Secret::None => "passwordless login",
                Secret::Password(_) => "the desired password",
                Secret::Hash(_) => "the desired password hash",
            };
            return Ok(Plan::nothing(format!("User {name}@{host} is already present with {with}")));
        }
        let (verb, past) = if passwordless { ("clear", "cleared") } else { ("change", "changed") };
        change(
            vec![login_sql("ALTER", name, host, &secret, socket)],
            one(name, "Updated"),
            [
                format!("Password for user {name}@{host} is set to be {past}"),
                format!("Password for user {name}@{host} has been {past}"),
                format!("Failed to {verb} password for user {name}@{host}"),
            ],
        )
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        carry_out(step, &self.server(ctx)?)
    }
}

impl State for UserAbsent {
    const FUN: &'static str = "mysql_user.absent";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        let (name, host) = (&self.name, &self.host);
        if self.server(ctx)?.login(name, host)?.is_none() {
            return Ok(Plan::nothing(format!("User {name}@{host} is not present, so it cannot be removed")));
        }
        let drop = Sql::plain(format!("DROP USER {}", account(name, host)));
        change(
            vec![drop],
            one(name, "Absent"),
            [
                format!("User {name}@{host} is set to be removed"),
                format!("User {name}@{host} has been removed"),
                format!("User {name}@{host} failed to be removed"),
            ],
        )
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        carry_out(step, &self.server(ctx)?)
    }
}

/// The grant of a state, and whether the user has it: without such a user it has not.
macro_rules! grant {
    ($this:ident, $ctx:ident) => {{
        let grant = Grant {
            grant: $this.grant.clone(),
            on: $this.database.clone(),
            user: $this.user.clone(),
            host: $this.host.clone(),
            option: $this.grant_option.0,
            escape: $this.escape.0,
        };
        let server = $this.server($ctx)?;
        let is_set = server.login(&grant.user, &grant.host)?.is_some() && grant.is_set(&server)?;
        (grant, is_set)
    }};
}

impl State for GrantsPresent {
    const FUN: &'static str = "mysql_grants.present";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        let (grant, is_set) = grant!(self, ctx);
        let (what, on, name) = (&self.grant, &self.database, &self.name);
        let to = format!("{}@{}", self.user, self.host);
        if is_set {
            return Ok(Plan::nothing(format!("Grant {what} on {on} to {to} is already present")));
        }
        let mut statements = Vec::new();
        let all = Grant { grant: "ALL PRIVILEGES".to_owned(), option: false, ..grant.clone() };
        let any = Grant { grant: "USAGE".to_owned(), ..all.clone() };
        if self.revoke_first.0 && any.is_set(&self.server(ctx)?)? {
            statements.push(Sql::plain(all.revoke()));
        }
        statements.push(Sql::plain(grant.add()));
        change(
            statements,
            one(name, "Present"),
            [
                format!("MySQL grant {name} is set to be created"),
                format!("Grant {what} on {on} to {to} has been added"),
                format!("Failed to execute: \"GRANT {what} ON {on} TO {to}\""),
            ],
        )
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        carry_out(step, &self.server(ctx)?)
    }
}

impl State for GrantsAbsent {
    const FUN: &'static str = "mysql_grants.absent";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        let (grant, is_set) = grant!(self, ctx);
        let (what, on, name) = (&self.grant, &self.database, &self.name);
        let to = format!("{}@{}", self.user, self.host);
        if !is_set {
            let comment = format!("Grant {what} on {on} to {to} is not present, so it cannot be revoked");
            return Ok(Plan::nothing(comment));
        }
        change(
            vec![Sql::plain(grant.revoke())],
            one(name, "Absent"),
            [
                format!("MySQL grant {name} is set to be revoked"),
                format!("Grant {what} on {on} for {to} has been revoked"),
                format!("Unable to revoke grant {what} on {on} for {to}"),
            ],
        )
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        carry_out(step, &self.server(ctx)?)
    }
}

impl State for QueryRun {
    const FUN: &'static str = "mysql_query.run";
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        let server = self.server(ctx)?;
        let file = self.output.as_deref().filter(|output| !output.is_empty());
        if file.is_some_and(|file| !file.starts_with('/')) {
            return Err(StateError::refused(
                "output has to be the path of a file; results in grains are not supported",
            ));
        }
        if let Some(file) = file.filter(|file| !self.overwrite.0 && ctx.host.is_file(Path::new(file))) {
            return Ok(Plan::nothing(format!("No execution needed. File {file} already set")));
        }
        if self.check_db_exists.0 && !ctx.test && server.database(&self.database)?.is_none() {
            return Err(StateError::refused(format!("Database {} is not present", self.database)));
        }
        let announced = match file {
            Some(file) => format!("Query would execute, storing result in file: {file}"),
            None => "Query would execute, not storing result".to_owned(),
        };
        Ok(Plan::steps(vec![()], Dict::new(), announced))
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let answer = self.server(ctx)?.query(Some(&self.database), &self.query)?;
        let mut executed = "Executed".to_owned();
        if let Some(file) = self.output.as_deref().filter(|output| !output.is_empty()) {
            let mut text = String::new();
            for row in &answer.rows {
                for (column, value) in answer.columns.iter().zip(row) {
                    text.push_str(&format!("{column}:{}\n", value.as_deref().unwrap_or("None")));
                }
            }
            ctx.host.write_atomic(Path::new(file), text.as_bytes(), None)?;
            executed = format!("Executed. Output into {file}");
        }
        let comment = Value::from(answer.shown()).to_string();
        Ok(Applied::Changed { changes: one("query", &executed), comment })
    }
}
