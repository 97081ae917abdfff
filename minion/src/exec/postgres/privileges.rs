//! Who may do what with an object. The server takes its access lists apart, defaults included.

use data::loose::Flag;
use data::{Dict, Value};

use super::{Server, Statement, ident, literal, role_ident};
use crate::exec::ExecError;

/// What privileges are asked for, on what.
pub(crate) struct Privileges {
    kind: String,
    object: String,
    /// The schema of tables, sequences and functions.
    schema: String,
    /// In capitals.
    names: Vec<String>,
}

/// A role's privilege on an object.
struct Held {
    object: String,
    owner: String,
    role: String,
    privilege: String,
    grantable: bool,
    /// All that there are on such an object.
    possible: Vec<String>,
}

const ALL: &[(&str, &[&str])] = &[
    ("database", &["CREATE", "TEMPORARY", "CONNECT"]),
    ("function", &["EXECUTE"]),
    ("group", &[]),
    ("language", &["USAGE"]),
    ("schema", &["USAGE", "CREATE"]),
    ("sequence", &["SELECT", "UPDATE", "USAGE"]),
    ("table", &["INSERT", "SELECT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"]),
    ("tablespace", &["CREATE"]),
];

impl Privileges {
    pub(crate) fn new(kind: &str, object: &str, schema: &str, names: &[String]) -> Result<Self, ExecError> {
        let kind = kind.to_lowercase();
        let Some((_, known)) = ALL.iter().find(|(name, _)| *name == kind) else {
            return Err(ExecError::invocation(format!("Invalid object_type: {kind} provided")));
        };
        let names: Vec<String> = names
            .iter()
            .flat_map(|names| names.split(','))
            .map(|name| name.trim().to_uppercase())
            .filter(|name| !name.is_empty())
            .collect();
        if kind == "group" && !names.is_empty() {
            return Err(ExecError::invocation(
                "The privileges option should not be set for object_type group",
            ));
        }
        let wrong = kind != "group"
            && (names.is_empty() || names.iter().any(|n| n != "ALL" && !known.contains(&n.as_str())));
        if wrong {
            let names = names.join(",");
            return Err(ExecError::invocation(format!(
                "Invalid privilege(s): {names} provided for object {kind}"
            )));
        }
        Ok(Privileges { kind, object: object.to_owned(), schema: schema.to_owned(), names })
    }

    fn is_group(&self) -> bool {
        self.kind == "group"
    }

    fn is_every(&self) -> bool {
        matches!(&*self.kind, "table" | "sequence" | "function") && self.object.eq_ignore_ascii_case("all")
    }

    /// The object as comments call what was given.
    pub(crate) fn shown(&self, names: &[String]) -> String {
        if self.is_group() { self.object.clone() } else { names.join(",") }
    }

    fn held(&self, server: &Server<'_>) -> Result<Vec<Held>, ExecError> {
        held(server, &self.kind, &self.object, &self.schema, self.is_every(), true)
    }

    /// Whether a role has all of it: with the right to pass it on, where that is asked for.
    pub(crate) fn all_of(&self, server: &Server<'_>, role: &str, grant: bool) -> Result<bool, ExecError> {
        if self.is_group() {
            let member = members(server, &self.object)?.remove(role);
            return Ok(member.is_some_and(|admin| !grant || admin.is_true()));
        }
        let held = self.held(server)?;
        let mut objects: Vec<&Held> = Vec::new();
        for one in &held {
            if objects.iter().all(|seen| seen.object != one.object) {
                objects.push(one);
            }
        }
        // An object that is not there has none; a schema without any table has nothing more to give.
        if objects.is_empty() {
            return Ok(self.is_every() && !server.ctx.test);
        }
        let has = |object: &Held, privilege: &str| {
            held.iter().any(|h| {
                h.object == object.object
                    && h.role == role
                    && h.privilege == privilege
                    && (!grant || h.grantable)
            })
        };
        Ok(objects.iter().all(|object| {
            object.owner == role || self.wanted(object).iter().all(|privilege| has(object, privilege))
        }))
    }

    /// Whether a role has any of it.
    pub(crate) fn any_of(&self, server: &Server<'_>, role: &str) -> Result<bool, ExecError> {
        if self.is_group() {
            return Ok(members(server, &self.object)?.contains(role));
        }
        let held = self.held(server)?;
        Ok(held.iter().any(|h| h.role == role && self.wanted(h).contains(&h.privilege)))
    }

    fn wanted<'b>(&'b self, object: &'b Held) -> &'b [String] {
        if self.names.iter().any(|name| name == "ALL") { &object.possible } else { &self.names }
    }

    fn target(&self) -> String {
        let schema = ident(&self.schema);
        if self.is_every() {
            return format!("ALL {}S IN SCHEMA {schema}", self.kind.to_uppercase());
        }
        let object = match (&*self.kind, self.object.split_once('(')) {
            ("function", Some((name, arguments))) => format!("{schema}.{}({arguments}", ident(name)),
            ("table" | "sequence" | "function", _) => format!("{schema}.{}", ident(&self.object)),
            _ => ident(&self.object),
        };
        format!("{} {object}", self.kind.to_uppercase())
    }

    pub(crate) fn grant(&self, role: &str, grant: bool) -> Statement {
        let role = role_ident(role);
        let (sql, option) = if self.is_group() {
            (format!("GRANT {} TO {role}", ident(&self.object)), " WITH ADMIN OPTION")
        } else {
            (format!("GRANT {} ON {} TO {role}", self.names.join(","), self.target()), " WITH GRANT OPTION")
        };
        Statement::new(sql + if grant { option } else { "" })
    }

    pub(crate) fn revoke(&self, role: &str) -> Statement {
        let role = role_ident(role);
        Statement::new(if self.is_group() {
            format!("REVOKE {} FROM {role}", ident(&self.object))
        } else {
            format!("REVOKE {} ON {} FROM {role}", self.names.join(","), self.target())
        })
    }
}

/// The members of a group, and whether they may let others in.
fn members(server: &Server<'_>, group: &str) -> Result<Dict, ExecError> {
    let query = format!(
        "SELECT r.rolname, bool_or(m.admin_option) AS admin_option FROM pg_catalog.pg_auth_members m \
         JOIN pg_catalog.pg_roles r ON m.member = r.oid JOIN pg_catalog.pg_roles g ON m.roleid = g.oid \
         WHERE g.rolname = {} GROUP BY r.rolname ORDER BY r.rolname",
        literal(group)
    );
    let rows = server.query(&query, false)?;
    let member = |row: Dict| {
        let admin = row.get("admin_option").and_then(Value::as_str) == Some("t");
        Some((row.get("rolname")?.clone(), admin))
    };
    Ok(rows.into_iter().filter_map(member).collect::<Vec<_>>().into_iter().collect())
}

fn held(
    server: &Server<'_>,
    kind: &str,
    object: &str,
    schema: &str,
    every: bool,
    defaults: bool,
) -> Result<Vec<Held>, ExecError> {
    // From where, the object's name, its owner, its list, the letter of such lists.
    let (from, name, owner, acl, letter) = match kind {
        "table" | "sequence" => (
            "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace",
            "c.relname",
            "c.relowner",
            "c.relacl",
            if kind == "table" { "r" } else { "s" },
        ),
        "function" => (
            "pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace",
            "p.oid::regprocedure::text",
            "p.proowner",
            "p.proacl",
            "f",
        ),
        "schema" => ("pg_namespace n", "n.nspname", "n.nspowner", "n.nspacl", "n"),
        "tablespace" => ("pg_tablespace t", "t.spcname", "t.spcowner", "t.spcacl", "t"),
        "language" => ("pg_language l", "l.lanname", "l.lanowner", "l.lanacl", "l"),
        _ => ("pg_database d", "d.datname", "d.datdba", "d.datacl", "d"),
    };
    let mut only = match kind {
        "table" => vec!["c.relkind IN ('r', 'v', 'm', 'f', 'p')".to_owned()],
        "sequence" => vec!["c.relkind = 'S'".to_owned()],
        _ => Vec::new(),
    };
    if matches!(kind, "table" | "sequence" | "function") {
        only.push(format!("n.nspname = {}", literal(schema)));
    }
    if !every {
        let mut names = literal(object);
        if kind == "function" {
            names = format!("{names}, {}", literal(&format!("{schema}.{object}")));
        }
        only.push(format!("{name} IN ({names})"));
    }
    let list =
        if defaults { format!("coalesce({acl}, acldefault('{letter}', {owner}))") } else { acl.to_owned() };
    let query = format!(
        "SELECT {name} AS object, pg_get_userbyid({owner}) AS owner, a.privilege_type AS privilege, \
         CASE a.grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(a.grantee) END AS role, a.is_grantable AS grantable, \
         (SELECT string_agg(e.privilege_type, ',') FROM aclexplode(acldefault('{letter}', {owner})) e \
         WHERE e.grantee = {owner}) AS possible FROM {from} LEFT JOIN LATERAL aclexplode({list}) a ON true WHERE {}",
        only.join(" AND ")
    );
    let held = |row: Dict| {
        let text = |key: &str| row.get(key).map(Value::to_string).unwrap_or_default();
        Held {
            object: text("object"),
            owner: text("owner"),
            role: text("role"),
            privilege: text("privilege"),
            grantable: text("grantable") == "t",
            possible: text("possible").split(',').map(str::to_owned).collect(),
        }
    };
    Ok(server.query(&query, false)?.into_iter().map(held).collect())
}

/// What was granted on an object: per role its privileges and whether it may pass them on.
pub(super) fn list(server: &Server<'_>, name: &str, kind: &str, schema: &str) -> Result<Value, ExecError> {
    let kind = kind.to_lowercase();
    if !ALL.iter().any(|(known, _)| *known == kind) {
        return Err(ExecError::invocation(format!("Invalid object_type: {kind} provided")));
    }
    if kind == "group" {
        return Ok(members(server, name)?.into());
    }
    let mut out = Dict::new();
    for one in
        held(server, &kind, name, schema, false, false)?.into_iter().filter(|h| !h.privilege.is_empty())
    {
        let of_role = out.entry_or(one.role, || Dict::new().into());
        if let Some(of_role) = of_role.as_dict_mut() {
            of_role.insert(one.privilege, one.grantable);
        }
    }
    Ok(out.into())
}

/// Whether it was asked for the right to pass privileges on.
pub(crate) fn grants(option: Option<Flag>) -> bool {
    option.is_some_and(|Flag(on)| on)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql(kind: &str, object: &str, names: &[&str]) -> String {
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        let privileges = Privileges::new(kind, object, "public", &names).unwrap();
        format!("{:?}", privileges.grant("app", true))
    }

    #[test]
    fn statements() {
        for (kind, object, names, wanted) in [
            (
                "table",
                "t",
                &["select", "INSERT"][..],
                "GRANT SELECT,INSERT ON TABLE \\\"public\\\".\\\"t\\\" TO",
            ),
            ("table", "ALL", &["ALL"], "GRANT ALL ON ALL TABLES IN SCHEMA \\\"public\\\" TO"),
            (
                "function",
                "f(integer, text)",
                &["EXECUTE"],
                "ON FUNCTION \\\"public\\\".\\\"f\\\"(integer, text) TO",
            ),
            ("group", "staff", &[], "GRANT \\\"staff\\\" TO \\\"app\\\" WITH ADMIN OPTION"),
            ("database", "d", &["CONNECT"], "ON DATABASE \\\"d\\\" TO \\\"app\\\" WITH GRANT OPTION"),
        ] {
            assert!(sql(kind, object, names).contains(wanted), "{}", sql(kind, object, names));
        }
    }

    #[test]
    fn what_there_is_not() {
        let wrong = |kind: &str, names: &[&str]| {
            let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
            Privileges::new(kind, "x", "public", &names).err().map(|e| e.to_string())
        };
        assert_eq!(wrong("tree", &["SELECT"]).as_deref(), Some("Invalid object_type: tree provided"));
        assert_eq!(
            wrong("schema", &["SELECT"]).as_deref(),
            Some("Invalid privilege(s): SELECT provided for object schema")
        );
        assert!(wrong("group", &["SELECT"]).is_some() && wrong("table", &[]).is_some());
    }
}
