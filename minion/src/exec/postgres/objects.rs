//! Databases, tablespaces, extensions: what there is, and the SQL that makes them so.

use data::{Dict, Value};

use super::{Server, Statement, ident, literal};
use crate::exec::ExecError;
use crate::exec::pkg::version;

pub(super) const DATABASES: &str = "SELECT datname AS \"Name\", pga.rolname AS \"Owner\", \
    pg_encoding_to_char(encoding) AS \"Encoding\", datcollate AS \"Collate\", datctype AS \"Ctype\", \
    datacl AS \"Access privileges\", spcname AS \"Tablespace\" \
    FROM pg_database pgd, pg_roles pga, pg_tablespace pgts WHERE pga.oid = pgd.datdba AND pgts.oid = pgd.dattablespace";

pub(super) const TABLESPACES: &str = "SELECT spcname AS \"Name\", pga.rolname AS \"Owner\", spcacl AS \"ACL\", \
    spcoptions AS \"Opts\", pg_tablespace_location(pgts.oid) AS \"Location\" \
    FROM pg_tablespace pgts, pg_roles pga WHERE pga.oid = pgts.spcowner";

pub(super) const SCHEMAS: &str = "SELECT nspname AS name, nspacl AS acl, rolname AS owner \
    FROM pg_namespace LEFT JOIN pg_roles ON pg_roles.oid = pg_namespace.nspowner";

pub(super) const AVAILABLE: &str = "SELECT * FROM pg_available_extensions()";
pub(super) const INSTALLED: &str =
    "SELECT a.*, b.nspname AS schema_name FROM pg_extension a, pg_namespace b WHERE a.extnamespace = b.oid";

impl Server<'_> {
    pub(crate) fn databases(&self) -> Result<Dict, ExecError> {
        self.by_name(DATABASES, "Name")
    }

    pub(crate) fn tablespaces(&self) -> Result<Dict, ExecError> {
        self.by_name(TABLESPACES, "Name")
    }

    /// The schemas of the database.
    pub(crate) fn schemas(&self) -> Result<Dict, ExecError> {
        self.by_name(SCHEMAS, "name")
    }

    /// Rows with their name in them.
    pub(super) fn extensions(&self, query: &str, name: &str) -> Result<Dict, ExecError> {
        let rows = self.query(query, false)?;
        let named = rows.into_iter().filter_map(|row| Some((row.get(name)?.clone(), Value::from(row))));
        Ok(named.collect::<Vec<_>>().into_iter().collect())
    }

    /// An extension of the database, if it is installed there.
    pub(crate) fn extension(&self, name: &str) -> Result<Option<Value>, ExecError> {
        Ok(self.extensions(INSTALLED, "extname")?.remove(name))
    }
}

/// `CREATE DATABASE`.
pub(crate) fn database_sql(name: &str, options: [(&str, Option<&String>); 6]) -> Statement {
    let mut sql = format!("CREATE DATABASE {}", ident(name));
    let mut with = " WITH";
    for (key, value) in options {
        let Some(value) = value else { continue };
        let value = match key {
            "TABLESPACE" | "OWNER" | "TEMPLATE" => ident(value),
            _ => literal(value),
        };
        sql.push_str(&format!("{with} {key} = {value}"));
        with = "";
    }
    Statement::new(sql)
}

/// What gives a database, and with `recurse` all that is in it, an owner.
pub(crate) fn owner_sql(
    server: &Server<'_>,
    database: &str,
    owner: &str,
    recurse: bool,
) -> Result<Statement, ExecError> {
    let owner = ident(owner);
    let mut sql = format!("ALTER DATABASE {} OWNER TO {owner}", ident(database));
    if !recurse {
        return Ok(Statement::new(sql));
    }
    let own = "NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'";
    let query = format!(
        "SELECT 'SCHEMA' AS kind, quote_ident(n.nspname) AS name FROM pg_namespace n WHERE n.nspname {own} \
         UNION ALL SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN \
         'FOREIGN TABLE' ELSE 'TABLE' END, c.oid::regclass::text FROM pg_class c JOIN pg_namespace n \
         ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname {own} \
         UNION ALL SELECT CASE p.prokind WHEN 'a' THEN 'AGGREGATE' WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, \
         p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname {own} \
         UNION ALL SELECT 'SEQUENCE', c.oid::regclass::text FROM pg_class c JOIN pg_namespace n \
         ON n.oid = c.relnamespace WHERE c.relkind = 'S' AND n.nspname {own}"
    );
    let within = Server {
        ctx: server.ctx,
        runas: server.runas.clone(),
        user: server.user.clone(),
        password: server.password.clone(),
        host: server.host.clone(),
        port: server.port.clone(),
        database: Some(database.to_owned()),
    };
    for row in within.query(&query, false)? {
        if let (Some(kind), Some(name)) = (row.get("kind"), row.get("name")) {
            sql.push_str(&format!("; ALTER {kind} {name} OWNER TO {owner}"));
        }
    }
    Ok(Statement::new(sql).inside(database))
}

/// `CREATE TABLESPACE`.
pub(crate) fn tablespace_sql(
    name: &str,
    directory: &str,
    options: Option<&Dict>,
    owner: Option<&str>,
) -> Statement {
    let owner = owner.map(|owner| format!(" OWNER {}", ident(owner))).unwrap_or_default();
    let options = options.filter(|options| !options.is_empty()).map(|options| {
        let all: Vec<String> = options.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        format!(" WITH ({})", all.join(", "))
    });
    let options = options.unwrap_or_default();
    Statement::new(format!(
        "CREATE TABLESPACE {}{owner} LOCATION {}{options}",
        ident(name),
        literal(directory)
    ))
}

/// How an extension that is installed stands to what is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) installed: bool,
    pub(crate) to_upgrade: bool,
    pub(crate) to_move: bool,
}

impl Standing {
    pub(crate) fn of(installed: Option<&Value>, schema: Option<&str>, wanted: Option<&str>) -> Self {
        let Some(row) = installed else { return Standing::default() };
        let is = |key: &str| row.get(key).map(Value::to_string).unwrap_or_default();
        let older = |wanted: &str| version::debian(&is("extversion"), wanted).is_lt();
        Standing {
            installed: true,
            to_upgrade: wanted.is_some_and(older),
            to_move: is("extrelocatable") == "t" && schema.is_some_and(|schema| is("schema_name") != schema),
        }
    }
}

/// What installs an extension, or changes one as its standing says.
pub(crate) fn extension_sql(
    name: &str,
    standing: Standing,
    if_not_exists: bool,
    schema: Option<&str>,
    wanted: Option<&str>,
) -> Vec<Statement> {
    let version = wanted.map(|wanted| literal(wanted.trim_matches('\'')));
    if standing.installed {
        let moved = schema.filter(|_| standing.to_move).map(|schema| format!("SET SCHEMA {}", ident(schema)));
        let updated = version.filter(|_| standing.to_upgrade).map(|version| format!("UPDATE TO {version}"));
        let alter = |what: String| Statement::new(format!("ALTER EXTENSION {} {what}", ident(name)));
        return moved.into_iter().chain(updated).map(alter).collect();
    }
    let mut sql = "CREATE EXTENSION ".to_owned();
    if if_not_exists {
        sql.push_str("IF NOT EXISTS ");
    }
    sql.push_str(&ident(name));
    let schema = schema.map(|schema| format!(" SCHEMA {}", ident(schema)));
    let with: String =
        schema.into_iter().chain(version.map(|version| format!(" VERSION {version}"))).collect();
    if !with.is_empty() {
        sql.push_str(&format!(" WITH{with}"));
    }
    vec![Statement::new(sql)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_that_differ() {
        let row: Value = Dict::new()
            .with("extversion", "1.5")
            .with("extrelocatable", "t")
            .with("schema_name", "public")
            .into();
        let standing = Standing::of(Some(&row), Some("ext"), Some("1.10"));
        assert_eq!(standing, Standing { installed: true, to_upgrade: true, to_move: true });
        let sql: Vec<String> = extension_sql("hstore", standing, true, Some("ext"), Some("1.10"))
            .into_iter()
            .map(|s| s.sql)
            .collect();
        assert_eq!(
            sql,
            ["ALTER EXTENSION \"hstore\" SET SCHEMA \"ext\"", "ALTER EXTENSION \"hstore\" UPDATE TO '1.10'"]
        );
        assert!(!Standing::of(Some(&row), Some("public"), Some("1.4")).to_upgrade);
        assert_eq!(Standing::of(None, None, None), Standing::default());
    }
}
