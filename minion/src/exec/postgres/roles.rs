//! Roles: users and groups.

use data::loose::Flag;
use data::{Dict, Value};

use super::{Encryption, Server, Statement, array, ident, literal};
use crate::exec::ExecError;

/// What the server says of a role.
pub(crate) struct Role {
    /// As `postgres.user_list` returns it.
    pub(crate) shown: Dict,
    pub(crate) groups: Vec<String>,
    /// What is kept of the password.
    pub(crate) password: String,
    /// Until when the password is good, as the server prints it.
    pub(crate) until: String,
}

impl Role {
    pub(crate) fn is(&self, what: &str) -> Option<bool> {
        self.shown.get(what).and_then(Value::as_bool)
    }
}

const BOOLS: [&str; 8] = [
    "superuser",
    "inherits privileges",
    "can create roles",
    "can create databases",
    "can update system catalogs",
    "can login",
    "replication",
    "connections",
];

/// All roles. Passwords are for superusers only.
pub(crate) fn roles(server: &Server<'_>, password: bool) -> Result<Vec<(String, Role)>, ExecError> {
    let mut query = "SELECT r.rolname AS name, r.rolsuper AS superuser, r.rolinherit AS \"inherits privileges\", \
                     r.rolcreaterole AS \"can create roles\", r.rolcreatedb AS \"can create databases\", \
                     r.rolcanlogin AS \"can login\", r.rolreplication AS replication, \
                     (SELECT array_agg(g.rolname) FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles g \
                     ON m.roleid = g.oid WHERE m.member = r.oid) AS groups, \
                     r.rolvaliduntil::timestamp(0) AS \"expiry time\", r.rolconfig AS \"defaults variables\""
        .to_owned();
    query.push_str(if password {
        ", a.rolpassword AS password FROM pg_catalog.pg_roles r LEFT JOIN pg_catalog.pg_authid a ON r.oid = a.oid"
    } else {
        " FROM pg_catalog.pg_roles r"
    });
    let rows = server.query(&query, false)?;
    Ok(rows.into_iter().filter_map(|row| role(row, password)).collect())
}

fn role(row: Dict, password: bool) -> Option<(String, Role)> {
    let text = |key: &str| row.get(key).map(Value::to_string).unwrap_or_default();
    let mut shown = Dict::new();
    for key in BOOLS {
        shown.insert(
            key,
            match &*text(key) {
                "t" => Value::Bool(true),
                "f" => Value::Bool(false),
                _ => Value::None,
            },
        );
    }
    let until = Some(text("expiry time")).filter(|time| time.starts_with(|c: char| c.is_ascii_digit()));
    shown.insert("expiry time", until.clone());
    shown.insert("defaults variables", text("defaults variables"));
    let kept = text("password");
    if password {
        shown.insert("password", kept.clone());
    }
    let groups = array(&text("groups"));
    shown.insert("groups", groups.clone());
    let role = Role { shown, groups, password: kept, until: until.unwrap_or_default() };
    Some((row.get("name")?.to_string(), role))
}

/// How a role is to be; none leaves it as it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct RoleOptions {
    pub(crate) inherit: Option<Flag>,
    pub(crate) createdb: Option<Flag>,
    pub(crate) createroles: Option<Flag>,
    pub(crate) superuser: Option<Flag>,
    pub(crate) replication: Option<Flag>,
    pub(crate) login: Option<Flag>,
    pub(crate) connlimit: Option<i64>,
    /// As the server is to be given it.
    pub(crate) password: Option<String>,
    /// No password at all.
    pub(crate) no_password: bool,
    pub(crate) until: Option<String>,
    pub(crate) groups: Vec<String>,
}

impl RoleOptions {
    /// `CREATE ROLE` or `ALTER ROLE` with it.
    pub(crate) fn sql(&self, verb: &str, name: &str) -> Statement {
        let mut words = Vec::new();
        let flags = [
            (self.inherit, "INHERIT"),
            (self.createdb, "CREATEDB"),
            (self.createroles, "CREATEROLE"),
            (self.superuser, "SUPERUSER"),
            (self.replication, "REPLICATION"),
            (self.login, "LOGIN"),
        ];
        words.extend(flags.into_iter().filter_map(|(flag, word)| {
            flag.map(|Flag(on)| if on { word.to_owned() } else { format!("NO{word}") })
        }));
        words.extend(self.connlimit.map(|limit| format!("CONNECTION LIMIT {limit}")));
        match &self.password {
            Some(password) => words.push(format!("PASSWORD {}", literal(password))),
            None if self.no_password => words.push("PASSWORD NULL".to_owned()),
            None => {}
        }
        words.extend(self.until.as_ref().map(|until| format!("VALID UNTIL {}", literal(until))));
        let mut sql = format!("{verb} ROLE {}", ident(name));
        if !words.is_empty() {
            sql.push_str(&format!(" WITH {}", words.join(" ")));
        }
        for group in &self.groups {
            sql.push_str(&format!("; GRANT {} TO {}", ident(group), ident(name)));
        }
        Statement { secret: self.password.is_some(), ..Statement::new(sql) }
    }

    /// The password that was asked for, as the server is to be given it.
    pub(super) fn with_password(
        mut self,
        role: &str,
        password: &Value,
        encrypted: &Value,
    ) -> Result<Self, ExecError> {
        match password {
            Value::Bool(set) => self.no_password = !set,
            Value::None => {}
            other => {
                let text = other.to_string();
                if !text.is_empty() {
                    self.password = Some(Encryption::of(encrypted)?.encrypt(role, &text)?);
                }
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements() {
        let options = RoleOptions {
            login: Some(Flag(true)),
            superuser: Some(Flag(false)),
            password: Some("a'b".to_owned()),
            groups: vec!["dev\"s".to_owned()],
            ..RoleOptions::default()
        };
        let statement = options.sql("CREATE", "app");
        assert!(statement.secret);
        assert_eq!(
            statement.sql,
            "CREATE ROLE \"app\" WITH NOSUPERUSER LOGIN PASSWORD 'a''b'; GRANT \"dev\"\"s\" TO \"app\""
        );
        let plain = RoleOptions::default().sql("ALTER", "app");
        assert_eq!((plain.sql.as_str(), plain.secret), ("ALTER ROLE \"app\"", false));
    }
}
