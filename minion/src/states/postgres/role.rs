//! `postgres_user` and `postgres_group`: both are roles, one logs in.

use data::loose::{Flag, OneOrMany};
use data::{Dict, Value};

use super::{Step, carry_out, change, on_server};
use crate::Ctx;
use crate::exec::postgres::{Encryption, Role, RoleOptions, Server, Statement, ident, literal, roles};
use crate::states::{Applied, Plan, State, StateError};

on_server! {
    /// There is a role that logs in.
    ///
    /// ```yaml
    /// app:
    ///   postgres_user.present:
    ///     - password: {{ pillar['db_password'] }}
    ///     - encrypted: scram-sha-256   # md5 without it; False: the server hashes the password
    ///     - createdb: true             # also: createroles superuser replication inherit login
    ///     - groups: [staff]
    /// ```
    /// default_password: for a new user only. refresh_password: set the password on every run and do not look at the
    /// old one, for those who may not. valid_until: until when the password is good. What is not given stays as it is.
    /// Changes: `Present`, or what is changed, without the password itself.
    pub(crate) struct UserPresent {
        name: String,
        #[serde(default)]
        createdb: Option<Flag>,
        #[serde(default)]
        createroles: Option<Flag>,
        #[serde(default)]
        encrypted: Value,
        #[serde(default)]
        superuser: Option<Flag>,
        #[serde(default)]
        replication: Option<Flag>,
        #[serde(default)]
        inherit: Option<Flag>,
        #[serde(default)]
        login: Option<Flag>,
        #[serde(default)]
        password: Option<String>,
        #[serde(default)]
        default_password: Option<String>,
        #[serde(default)]
        valid_until: Option<String>,
        #[serde(default)]
        refresh_password: Flag,
        #[serde(default)]
        groups: OneOrMany<String>,
    }

    /// There is no such user.
    ///
    /// ```yaml
    /// old:
    ///   postgres_user.absent
    /// ```
    /// Changes: `Absent`.
    pub(crate) struct UserAbsent {
        name: String,
    }

    /// There is a role that does not log in.
    ///
    /// ```yaml
    /// staff:
    ///   postgres_group.present:
    ///     - createdb: true             # also: createroles superuser replication inherit login
    ///     - groups: [everybody]
    /// ```
    /// password, encrypted and refresh_password as for users. Changes: `Present`, or what is changed.
    pub(crate) struct GroupPresent {
        name: String,
        #[serde(default)]
        createdb: Option<Flag>,
        #[serde(default)]
        createroles: Option<Flag>,
        #[serde(default)]
        encrypted: Value,
        #[serde(default)]
        superuser: Option<Flag>,
        #[serde(default)]
        replication: Option<Flag>,
        #[serde(default)]
        inherit: Option<Flag>,
        #[serde(default)]
        login: Option<Flag>,
        #[serde(default)]
        password: Option<String>,
        #[serde(default)]
        refresh_password: Flag,
        #[serde(default)]
        groups: OneOrMany<String>,
    }

    /// There is no such group.
    ///
    /// ```yaml
    /// old:
    ///   postgres_group.absent
    /// ```
    /// Changes: `Absent`.
    pub(crate) struct GroupAbsent {
        name: String,
    }
}

/// A role as it is to be.
struct Wanted<'a> {
    kind: &'static str,
    name: &'a str,
    encryption: Encryption,
    password: Option<&'a str>,
    /// Of a role that is not there yet.
    first_password: Option<&'a str>,
    /// Do not look at the password that there is.
    refresh: bool,
    options: RoleOptions,
}

fn titled(kind: &str) -> &'static str {
    if kind == "user" { "User" } else { "Group" }
}

fn present(mut wanted: Wanted<'_>, server: &Server<'_>) -> Result<Plan<Step>, StateError> {
    let (kind, name) = (wanted.kind, wanted.name);
    let all = roles(server, wanted.password.is_some() && !wanted.refresh)?;
    let Some((_, is)) = all.into_iter().find(|(of, _)| of == name) else {
        let options = &mut wanted.options;
        options.inherit = options.inherit.or(Some(Flag(true)));
        options.login = options.login.or(Some(Flag(kind == "user")));
        if let Some(password) = wanted.password.or(wanted.first_password).filter(|p| !p.is_empty()) {
            options.password = Some(wanted.encryption.encrypt(name, password)?);
        }
        return Ok(change(
            vec![options.sql("CREATE", name)],
            name,
            "Present",
            [
                format!("{} {name} is set to be created", titled(kind)),
                format!("The {kind} {name} has been created"),
                format!("Failed to create {kind} {name}"),
            ],
        ));
    };
    let (options, changes) = differences(&wanted, &is, server)?;
    if changes.is_empty() {
        return Ok(Plan::nothing(format!("{} {name} is already present", titled(kind))));
    }
    Ok(change(
        vec![options.sql("ALTER", name)],
        name,
        changes,
        [
            format!("{} {name} is set to be updated", titled(kind)),
            format!("The {kind} {name} has been updated"),
            format!("Failed to update {kind} {name}"),
        ],
    ))
}

/// What to change of a role that is there, and how to tell it.
fn differences(
    wanted: &Wanted<'_>,
    is: &Role,
    server: &Server<'_>,
) -> Result<(RoleOptions, Dict), StateError> {
    let (mut options, mut changes) = (RoleOptions::default(), Dict::new());
    let mut flag = |key: &str, what: &str, wanted: Option<Flag>| {
        let other = wanted.filter(|Flag(on)| is.is(what) != Some(*on));
        if let Some(Flag(on)) = other {
            changes.insert(key, on);
        }
        other
    };
    options.createdb = flag("createdb", "can create databases", wanted.options.createdb);
    options.inherit = flag("inherit", "inherits privileges", wanted.options.inherit);
    options.login = flag("login", "can login", wanted.options.login);
    options.createroles = flag("createroles", "can create roles", wanted.options.createroles);
    options.replication = flag("replication", "replication", wanted.options.replication);
    options.superuser = flag("superuser", "superuser", wanted.options.superuser);
    if let Some(password) = wanted.password.filter(|password| !password.is_empty()) {
        let (name, encryption) = (wanted.name, wanted.encryption);
        if wanted.refresh || !encryption.is_kept(name, password, &is.password)? {
            options.password = Some(encryption.encrypt(name, password)?);
            changes.insert("password", true);
        }
    }
    if let Some(until) = &wanted.options.until {
        // The server knows what the text means.
        let rows = server.query(&format!("SELECT {}::timestamp(0) AS dt", literal(until)), false)?;
        let meant = rows.first().and_then(|row| row.get("dt")).map(Value::to_string).unwrap_or_default();
        let meant = if meant.starts_with(|c: char| c.is_ascii_digit()) { meant } else { String::new() };
        if meant != is.until {
            options.until = Some(until.clone());
            changes.insert("valid_until", until);
        }
    }
    let missing: Vec<String> =
        wanted.options.groups.iter().filter(|group| !is.groups.contains(group)).cloned().collect();
    if !missing.is_empty() {
        changes.insert("groups", missing.clone());
        options.groups = missing;
    }
    Ok((options, changes))
}

fn absent(kind: &str, name: &str, server: &Server<'_>) -> Result<Plan<Step>, StateError> {
    if !roles(server, false)?.iter().any(|(of, _)| of == name) {
        return Ok(Plan::nothing(format!("{kind} {name} is not present, so it cannot be removed")));
    }
    let drop = Statement::new(format!("DROP ROLE {}", ident(name)));
    Ok(change(
        vec![drop],
        name,
        "Absent",
        [
            format!("{kind} {name} is set to be removed"),
            format!("{kind} {name} has been removed"),
            format!("{kind} {name} failed to be removed"),
        ],
    ))
}

impl State for UserPresent {
    const FUN: &'static str = "postgres_user.present";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        let groups = self.groups.iter().flat_map(|groups| groups.split(',')).map(str::to_owned).collect();
        let wanted = Wanted {
            kind: "user",
            name: &self.name,
            encryption: Encryption::of(&self.encrypted)?,
            password: self.password.as_deref(),
            first_password: self.default_password.as_deref(),
            refresh: self.refresh_password.0,
            options: RoleOptions {
                inherit: self.inherit,
                createdb: self.createdb,
                createroles: self.createroles,
                superuser: self.superuser,
                replication: self.replication,
                login: self.login,
                until: self.valid_until.clone(),
                groups,
                ..RoleOptions::default()
            },
        };
        present(wanted, &self.server(ctx))
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        carry_out(step, &self.server(ctx))
    }
}

impl State for UserAbsent {
    const FUN: &'static str = "postgres_user.absent";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        absent("User", &self.name, &self.server(ctx))
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        carry_out(step, &self.server(ctx))
    }
}

impl State for GroupPresent {
    const FUN: &'static str = "postgres_group.present";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        let groups = self.groups.iter().flat_map(|groups| groups.split(',')).map(str::to_owned).collect();
        let wanted = Wanted {
            kind: "group",
            name: &self.name,
            encryption: Encryption::of(&self.encrypted)?,
            password: self.password.as_deref(),
            first_password: None,
            refresh: self.refresh_password.0,
            options: RoleOptions {
                inherit: self.inherit,
                createdb: self.createdb,
                createroles: self.createroles,
                superuser: self.superuser,
                replication: self.replication,
                login: self.login,
                until: None,
                groups,
                ..RoleOptions::default()
            },
        };
        present(wanted, &self.server(ctx))
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        carry_out(step, &self.server(ctx))
    }
}

impl State for GroupAbsent {
    const FUN: &'static str = "postgres_group.absent";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        absent("Group", &self.name, &self.server(ctx))
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        carry_out(step, &self.server(ctx))
    }
}
