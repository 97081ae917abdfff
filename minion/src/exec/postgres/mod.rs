//! PostgreSQL through `psql`: databases, roles, schemas, extensions, tablespaces, privileges.
//!
//! Without a host, or with the directory of a socket, psql runs as the server's own user, whom it lets in. A
//! password goes to it in the environment, and statements with one on its standard input: neither is on a command
//! line. Why psql and no driver: docs/decisions/2026-11-30-database-clients.md.

mod functions;
mod objects;
mod password;
pub(crate) mod privileges;
mod roles;

use data::{Dict, Value};

pub use functions::FUNCTIONS;
pub(crate) use functions::{database_gone, extension_gone, schema_sql};
pub(crate) use objects::{Standing, database_sql, extension_sql, owner_sql, tablespace_sql};
pub(crate) use password::Encryption;
pub(crate) use roles::{Role, RoleOptions, roles};

use super::ExecError;
use super::plain::Given;
use crate::Ctx;
use crate::host::{Cmd, HostError, Output};

/// How and as whom to talk to a server.
pub(crate) struct Server<'a> {
    ctx: &'a Ctx<'a>,
    /// Of the machine.
    pub(crate) runas: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) port: Option<String>,
    pub(crate) database: Option<String>,
}

/// SQL that changes something.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Statement {
    sql: String,
    /// It holds a password, so it stays off the command line.
    secret: bool,
    /// Where, when not in the database that the server was named with.
    database: Option<String>,
}

impl Statement {
    pub(crate) fn new(sql: impl Into<String>) -> Self {
        Statement { sql: sql.into(), secret: false, database: None }
    }

    pub(crate) fn inside(self, database: &str) -> Self {
        Statement { database: Some(database.to_owned()), ..self }
    }
}

impl<'a> Server<'a> {
    /// By the arguments that most functions have.
    fn of(ctx: &'a Ctx<'a>, args: &Dict) -> Self {
        Server {
            ctx,
            runas: args.some_text("runas"),
            user: args.some_text("user"),
            password: args.some_text("password"),
            host: args.some_text("host"),
            port: args.some_text("port"),
            database: args.some_text("maintenance_db"),
        }
    }

    /// By the arguments of the functions for schemas.
    fn of_schema(ctx: &'a Ctx<'a>, args: &Dict) -> Self {
        Server {
            ctx,
            runas: args.some_text("user"),
            user: args.some_text("db_user"),
            password: args.some_text("db_password"),
            host: args.some_text("db_host"),
            port: args.some_text("db_port"),
            database: args.some_text("dbname"),
        }
    }

    pub(crate) fn new(ctx: &'a Ctx<'a>) -> Self {
        Server { ctx, runas: None, user: None, password: None, host: None, port: None, database: None }
    }

    /// What was given, or else what the configuration says.
    fn setting(&self, given: Option<&String>, key: &str) -> Result<Option<String>, ExecError> {
        if let Some(given) = given.filter(|given| !given.is_empty()) {
            return Ok(Some(given.clone()));
        }
        let value = self.ctx.call("config.option", vec![format!("postgres.{key}").into()], Dict::new())?;
        Ok(value.is_true().then(|| value.to_string()))
    }

    fn psql(&self, database: Option<&String>) -> Result<Cmd, ExecError> {
        let host = self.setting(self.host.as_ref(), "host")?;
        let program = match self.setting(None, "bins_dir")? {
            Some(dir) => format!("{}/psql", dir.trim_end_matches('/')),
            None => "psql".to_owned(),
        };
        let options = ["--no-align", "--no-readline", "--no-psqlrc", "--no-password"];
        let mut cmd = Cmd::of(program, options).cwd("/");
        if let Some(user) = self.setting(self.user.as_ref(), "user")? {
            cmd = cmd.arg(format!("--username={user}"));
        }
        if let Some(host) = &host {
            cmd = cmd.arg(format!("--host={host}"));
        }
        if let Some(port) = self.setting(self.port.as_ref(), "port")? {
            cmd = cmd.arg(format!("--port={port}"));
        }
        let database = match database {
            Some(database) => Some(database.clone()),
            None => self.setting(self.database.as_ref(), "maintenance_db")?,
        };
        cmd = cmd.arg(format!("--dbname={}", database.as_deref().unwrap_or("postgres")));
        if let Some(password) = self.setting(self.password.as_ref(), "pass")? {
            cmd = cmd.env("PGPASSWORD", password);
        }
        let local = host.is_none_or(|host| host.starts_with('/'));
        match &self.runas {
            Some(runas) => cmd = cmd.runas(runas),
            None if local => cmd = cmd.runas("postgres"),
            None => {}
        }
        Ok(cmd.env("PGDATESTYLE", "ISO,MDY").env("LC_ALL", "C"))
    }

    fn run(&self, cmd: &Cmd) -> Result<Output, ExecError> {
        let output = self.ctx.run(cmd)?;
        if output.ok() {
            return Ok(output);
        }
        Err(ExecError::command(format!("psql: {}", output.err().trim_end().trim_start_matches("psql: "))))
    }

    /// What a query answers: a dict per row, all values texts, nothing for NULL.
    ///
    /// In test mode a server that is not there yet has nothing: what installs it may be in the same run.
    pub(crate) fn query(&self, query: &str, write: bool) -> Result<Vec<Dict>, ExecError> {
        let mut copy = format!("COPY ({}) TO STDOUT WITH CSV HEADER", query.trim().trim_end_matches(';'));
        if write {
            copy = format!("START TRANSACTION READ WRITE; {copy}; COMMIT TRANSACTION;");
        }
        let cmd = self.psql(None)?.arg(format!("--command={copy}"));
        if self.ctx.test && !self.is_there(&cmd)? {
            return Ok(Vec::new());
        }
        let text = self.run(&cmd)?.out();
        let mut rows = csv(&text).into_iter();
        let header = rows.next().unwrap_or_default();
        let row = |row: Vec<String>| header.iter().cloned().zip(row).collect::<Dict>();
        let mut all: Vec<Dict> = rows.map(row).collect();
        if write {
            // What psql says of the COMMIT.
            all.pop();
        }
        Ok(all)
    }

    /// Whether psql, its user and the server are there: psql ends with 2 when it cannot connect.
    fn is_there(&self, cmd: &Cmd) -> Result<bool, ExecError> {
        match self.ctx.run(cmd) {
            Ok(output) => Ok(output.code != 2),
            Err(HostError::Start { .. } | HostError::NoUser { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The rows of a query by their column `name`, which is taken out of them.
    pub(crate) fn by_name(&self, query: &str, name: &str) -> Result<Dict, ExecError> {
        let rows = self.query(query, false)?;
        Ok(rows
            .into_iter()
            .filter_map(|mut row| Some((row.remove(name)?, row.into())))
            .collect::<Vec<(Value, Value)>>()
            .into_iter()
            .collect())
    }

    /// Changes something.
    pub(crate) fn execute(&self, statement: &Statement) -> Result<(), ExecError> {
        let cmd = self.psql(statement.database.as_ref())?;
        let cmd = if statement.secret {
            cmd.args(["--set=ON_ERROR_STOP=1", "--file=-"]).stdin(format!("{};\n", statement.sql))
        } else {
            cmd.arg(format!("--command={}", statement.sql))
        };
        match self.run(&cmd) {
            // psql shows the line with the error, and so the password.
            Err(ExecError::Raised { exception, message }) if statement.secret => {
                let shown = message.lines().take_while(|line| !line.starts_with("LINE "));
                let message = shown.collect::<Vec<_>>().join("\n");
                Err(ExecError::Raised { exception, message })
            }
            done => done.map(drop),
        }
    }

    /// The same as functions of Salt tell it: whether it worked, and the reason in the log.
    fn worked(&self, statements: &[Statement]) -> Result<bool, ExecError> {
        for statement in statements {
            match self.execute(statement) {
                Ok(()) => {}
                Err(error @ ExecError::Raised { .. }) => {
                    tracing::error!("{error}");
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

/// A name in SQL.
pub(crate) fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text in SQL.
pub(crate) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if text.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

/// A role in SQL, where `public` means everybody.
pub(crate) fn role_ident(name: &str) -> String {
    if name.eq_ignore_ascii_case("public") { "PUBLIC".to_owned() } else { ident(name) }
}

/// The rows of a CSV text; lines without anything are none.
fn csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                if !row.is_empty() || !field.is_empty() {
                    row.push(std::mem::take(&mut field));
                    rows.push(std::mem::take(&mut row));
                }
            }
            c => field.push(c),
        }
    }
    if !row.is_empty() || !field.is_empty() {
        row.push(field);
        rows.push(row);
    }
    rows
}

/// The elements of an array as PostgreSQL prints it.
fn array(text: &str) -> Vec<String> {
    csv(text.trim_start_matches('{').trim_end_matches('}')).into_iter().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_csv() {
        assert_eq!(
            csv("a,b\n1,\"x\"\"y,\nz\"\n,\n\n"),
            [vec!["a", "b"], vec!["1", "x\"y,\nz"], vec!["", ""]]
        );
        assert_eq!(csv(""), Vec::<Vec<String>>::new());
        assert_eq!(array("{a,\"b c\"}"), ["a", "b c"]);
        assert!(array("").is_empty() && array("{}").is_empty());
    }

    #[test]
    fn what_is_quoted_stays_one_thing() {
        assert_eq!(ident("a\"; drop"), "\"a\"\"; drop\"");
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("\\'"), "E'\\\\'''");
        assert_eq!(role_ident("Public"), "PUBLIC");
    }
}
