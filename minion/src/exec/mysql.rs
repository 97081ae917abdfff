//! MySQL and MariaDB through the `mysql` client: databases, users, grants, queries.
//!
//! The password goes to the client in the environment, and statements that hold one on its standard input: neither is
//! on a command line (docs/decisions/2026-11-30-database-clients.md).

use data::{Dict, Value};

use super::ExecError;
use super::plain::{Given, functions};
use crate::Ctx;
use crate::host::{Cmd, HostError};

functions! {
    /// Run a query: `{columns: […], results: [[…]], 'rows returned': …}`, or nothing in them when it returns no rows. Values are
    /// texts, NULL is None.
    ///
    /// CLI Example: `rsalt '*' mysql.query shop 'SELECT id, name FROM orders LIMIT 3'`
    "mysql.query"("database, query, **kwargs") = |args, ctx| {
        let server = Server::of(ctx, args.arg("kwargs"))?;
        Ok(server.query(args.some_text("database").as_deref(), &args.text("query"))?.shown().into())
    };
    /// Return the version of the server.
    ///
    /// CLI Example: `rsalt '*' mysql.version`
    "mysql.version"("**kwargs") = |args, ctx| {
        let rows = Server::of(ctx, args.arg("kwargs"))?.query(None, "SELECT VERSION()")?.rows;
        Ok(rows.into_iter().flatten().next().flatten().into())
    };
    /// Return the databases of the server.
    ///
    /// CLI Example: `rsalt '*' mysql.db_list`
    "mysql.db_list"("**kwargs") = |args, ctx| {
        let rows = Server::of(ctx, args.arg("kwargs"))?.query(None, "SHOW DATABASES")?.rows;
        Ok(rows.into_iter().flatten().flatten().collect::<Vec<_>>().into())
    };
    /// Return character set and collation of a database, nothing when there is none.
    ///
    /// CLI Example: `rsalt '*' mysql.db_get shop`
    "mysql.db_get"("name, **kwargs") = |args, ctx| {
        let found = Server::of(ctx, args.arg("kwargs"))?.database(&args.text("name"))?;
        let shown = |(set, collate)| Dict::new().with("character_set", set).with("collate", collate);
        Ok(found.map(shown).unwrap_or_default().into())
    };
    /// Whether there is a database of that name.
    ///
    /// CLI Example: `rsalt '*' mysql.db_exists shop`
    "mysql.db_exists"("name, **kwargs") = |args, ctx| {
        Ok(Server::of(ctx, args.arg("kwargs"))?.database(&args.text("name"))?.is_some().into())
    };
    /// Return the tables of a database.
    ///
    /// CLI Example: `rsalt '*' mysql.db_tables shop`
    "mysql.db_tables"("name, **kwargs") = |args, ctx| {
        let sql = format!("SHOW TABLES IN {}", ident(&args.text("name")));
        let rows = Server::of(ctx, args.arg("kwargs"))?.query(None, &sql)?.rows;
        Ok(rows.into_iter().flatten().flatten().collect::<Vec<_>>().into())
    };
    /// Create a database. False when there is one already.
    ///
    /// CLI Example: `rsalt '*' mysql.db_create shop utf8mb4 utf8mb4_general_ci`
    "mysql.db_create"("name, character_set=None, collate=None, **kwargs") = |args, ctx| {
        let (server, name) = (Server::of(ctx, args.arg("kwargs"))?, args.text("name"));
        if server.database(&name)?.is_some() {
            return Ok(false.into());
        }
        let (set, collate) = (args.some_text("character_set"), args.some_text("collate"));
        server.execute(&database_sql("CREATE", &name, set.as_deref(), collate.as_deref()))?;
        Ok(true.into())
    };
    /// Change character set or collation of a database.
    ///
    /// CLI Example: `rsalt '*' mysql.alter_db shop utf8mb4`
    "mysql.alter_db"("name, character_set=None, collate=None, **kwargs") = |args, ctx| {
        let (set, collate) = (args.some_text("character_set"), args.some_text("collate"));
        let sql = database_sql("ALTER", &args.text("name"), set.as_deref(), collate.as_deref());
        Server::of(ctx, args.arg("kwargs"))?.execute(&sql)?;
        Ok(Value::None)
    };
    /// Remove a database. False when there is none.
    ///
    /// CLI Example: `rsalt '*' mysql.db_remove shop`
    "mysql.db_remove"("name, **kwargs") = |args, ctx| {
        let (server, name) = (Server::of(ctx, args.arg("kwargs"))?, args.text("name"));
        if server.database(&name)?.is_none() {
            return Ok(false.into());
        }
        server.execute(&Sql::plain(format!("DROP DATABASE {}", ident(&name))))?;
        Ok(true.into())
    };
    /// Return the users of the server with their hosts.
    ///
    /// CLI Example: `rsalt '*' mysql.user_list`
    "mysql.user_list"("**kwargs") = |args, ctx| {
        let rows = Server::of(ctx, args.arg("kwargs"))?.query(None, "SELECT User, Host FROM mysql.user")?.rows;
        let user = |row: Vec<Option<String>>| {
            let mut row = row.into_iter();
            Value::from(Dict::new().with("User", row.next().flatten()).with("Host", row.next().flatten()))
        };
        Ok(rows.into_iter().map(user).collect::<Vec<_>>().into())
    };
    /// Whether there is a user, with this password when one is given.
    ///
    /// CLI Example: `rsalt '*' mysql.user_exists app localhost`
    "mysql.user_exists"("user, host='localhost', password=None, password_hash=None, passwordless=False, **kwargs") = |args, ctx| {
        let server = Server::of(ctx, args.arg("kwargs"))?;
        let Some(is) = server.login(&args.text("user"), &host(&args))? else { return Ok(false.into()) };
        let secret = Secret::of(args.some_text("password"), args.some_text("password_hash"));
        Ok(match secret {
            Secret::None if args.is_set("passwordless", false) => is.hash.is_empty(),
            Secret::None => true,
            secret => server.is_kept(&secret, &is)?,
        }.into())
    };
    /// Create a user. False when there is one already.
    ///
    /// CLI Example: `rsalt '*' mysql.user_create app localhost password=secret`
    "mysql.user_create"("user, host='localhost', password=None, password_hash=None, allow_passwordless=False, unix_socket=False, auth_plugin=None, **kwargs") = |args, ctx| {
        let (server, user, host) = (Server::of(ctx, args.arg("kwargs"))?, args.text("user"), host(&args));
        let secret = Secret::of(args.some_text("password"), args.some_text("password_hash"));
        let socket = args.is_set("unix_socket", false);
        if server.login(&user, &host)?.is_some() || (secret == Secret::None && !socket && !args.is_set("allow_passwordless", false)) {
            return Ok(false.into());
        }
        server.execute(&login_sql("CREATE", &user, &host, &secret, socket))?;
        Ok(true.into())
    };
    /// Change the password of a user.
    ///
    /// CLI Example: `rsalt '*' mysql.user_chpass app localhost password=secret`
    "mysql.user_chpass"("user, host='localhost', password=None, password_hash=None, allow_passwordless=False, unix_socket=None, **kwargs") = |args, ctx| {
        let (server, user, host) = (Server::of(ctx, args.arg("kwargs"))?, args.text("user"), host(&args));
        let secret = Secret::of(args.some_text("password"), args.some_text("password_hash"));
        let socket = args.is_set("unix_socket", false);
        if server.login(&user, &host)?.is_none() || (secret == Secret::None && !socket && !args.is_set("allow_passwordless", false)) {
            return Ok(false.into());
        }
        server.execute(&login_sql("ALTER", &user, &host, &secret, socket))?;
        Ok(true.into())
    };
    /// Remove a user. False when there is none.
    ///
    /// CLI Example: `rsalt '*' mysql.user_remove app localhost`
    "mysql.user_remove"("user, host='localhost', **kwargs") = |args, ctx| {
        let (server, user, host) = (Server::of(ctx, args.arg("kwargs"))?, args.text("user"), host(&args));
        if server.login(&user, &host)?.is_none() {
            return Ok(false.into());
        }
        server.execute(&Sql::plain(format!("DROP USER {}", account(&user, &host))))?;
        Ok(true.into())
    };
    /// Return the grants of a user as the server writes them, without hashes of passwords; False when there is no such user.
    ///
    /// CLI Example: `rsalt '*' mysql.user_grants app localhost`
    "mysql.user_grants"("user, host='localhost', **kwargs") = |args, ctx| {
        let (server, user, host) = (Server::of(ctx, args.arg("kwargs"))?, args.text("user"), host(&args));
        if server.login(&user, &host)?.is_none() {
            return Ok(false.into());
        }
        Ok(server.grants(&user, &host)?.into())
    };
    /// Whether a user has a grant on a database, `*.*`, `shop.*` or `shop.orders`.
    ///
    /// CLI Example: `rsalt '*' mysql.grant_exists SELECT,INSERT 'shop.*' app localhost`
    "mysql.grant_exists"("grant, database, user, host='localhost', grant_option=False, escape=True, **kwargs") = |args, ctx| {
        let (server, grant) = (Server::of(ctx, args.arg("kwargs"))?, grant(&args));
        Ok((server.login(&grant.user, &grant.host)?.is_some() && grant.is_set(&server)?).into())
    };
    /// Grant privileges to a user.
    ///
    /// CLI Example: `rsalt '*' mysql.grant_add 'ALL PRIVILEGES' 'shop.*' app localhost`
    "mysql.grant_add"("grant, database, user, host='localhost', grant_option=False, escape=True, ssl_option=False, **kwargs") = |args, ctx| {
        let server = Server::of(ctx, args.arg("kwargs"))?;
        server.execute(&Sql::plain(grant(&args).add()))?;
        Ok(true.into())
    };
    /// Take privileges of a user away.
    ///
    /// CLI Example: `rsalt '*' mysql.grant_revoke INSERT 'shop.*' app localhost`
    "mysql.grant_revoke"("grant, database, user, host='localhost', grant_option=False, escape=True, **kwargs") = |args, ctx| {
        let server = Server::of(ctx, args.arg("kwargs"))?;
        server.execute(&Sql::plain(grant(&args).revoke()))?;
        Ok(true.into())
    };
}

fn host(args: &Dict) -> String {
    args.some_text("host").unwrap_or_else(|| "localhost".to_owned())
}

fn grant(args: &Dict) -> Grant {
    Grant {
        grant: args.text("grant"),
        on: args.text("database"),
        user: args.text("user"),
        host: host(args),
        option: args.is_set("grant_option", false),
        escape: args.is_set("escape", true),
    }
}

/// How to reach a server.
pub(crate) struct Server<'a> {
    ctx: &'a Ctx<'a>,
    options: Vec<String>,
    password: Option<String>,
}

/// What a query answers.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<Option<String>>>,
}

impl Answer {
    pub(crate) fn shown(self) -> Dict {
        let count = self.rows.len();
        let rows: Vec<Value> = self.rows.into_iter().map(Value::from).collect();
        Dict::new()
            .with("columns", self.columns)
            .with("results", rows)
            .with("rows returned", i64::try_from(count).unwrap_or(i64::MAX))
    }
}

/// A user as the server knows it.
pub(crate) struct Login {
    plugin: String,
    pub(crate) hash: String,
}

impl Login {
    pub(crate) fn by_socket(&self) -> bool {
        matches!(&*self.plugin, "unix_socket" | "auth_socket")
    }
}

/// What a user logs in with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Secret {
    Password(String),
    Hash(String),
    None,
}

impl Secret {
    pub(crate) fn of(password: Option<String>, hash: Option<String>) -> Self {
        match (password.filter(|p| !p.is_empty()), hash.filter(|h| !h.is_empty())) {
            (Some(password), _) => Secret::Password(password),
            (None, Some(hash)) => Secret::Hash(hash),
            (None, None) => Secret::None,
        }
    }
}

/// SQL, and whether it holds a password.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sql {
    text: String,
    secret: bool,
}

impl Sql {
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Sql { text: text.into(), secret: false }
    }
}

impl<'a> Server<'a> {
    /// By `connection_host`, `connection_user`, `connection_pass`, `connection_port`, `connection_unix_socket`,
    /// `connection_default_file` and `connection_charset`, or else by the configuration's `mysql.…`.
    pub(crate) fn of(ctx: &'a Ctx<'a>, given: &Value) -> Result<Self, ExecError> {
        let setting = |key: &str| -> Result<Option<String>, ExecError> {
            if let Some(value) = given.get(&format!("connection_{key}")).filter(|v| v.is_true()) {
                return Ok(Some(value.to_string()));
            }
            let value = ctx.call("config.option", vec![format!("mysql.{key}").into()], Dict::new())?;
            Ok(value.is_true().then(|| value.to_string()))
        };
        let mut options = Vec::new();
        // The client takes it first or not at all.
        options.extend(setting("default_file")?.map(|file| format!("--defaults-extra-file={file}")));
        for (key, option) in [
            ("host", "host"),
            ("user", "user"),
            ("port", "port"),
            ("unix_socket", "socket"),
            ("charset", "default-character-set"),
        ] {
            options.extend(setting(key)?.map(|value| format!("--{option}={value}")));
        }
        options.push("--batch".to_owned());
        Ok(Server { ctx, options, password: setting("pass")? })
    }

    fn client(&self) -> Cmd {
        let cmd = Cmd::of("mysql", self.options.iter().map(String::as_str)).env("LC_ALL", "C");
        match &self.password {
            Some(password) => cmd.env("MYSQL_PWD", password),
            None => cmd,
        }
    }

    /// In test mode a server that is not there yet has nothing: what installs it may be in the same run.
    pub(crate) fn query(&self, database: Option<&str>, sql: &str) -> Result<Answer, ExecError> {
        let mut cmd = self.client();
        if let Some(database) = database.filter(|name| !name.is_empty()) {
            cmd = cmd.arg(format!("--database={database}"));
        }
        let output = match self.ctx.run(&cmd.arg(format!("--execute={sql}"))) {
            Err(HostError::Start { .. }) if self.ctx.test => return Ok(Answer::default()),
            done => done?,
        };
        if output.ok() {
            return Ok(parse(&output.out()));
        }
        let error = output.err();
        if self.ctx.test && error.contains("ERROR 200") {
            return Ok(Answer::default());
        }
        Err(ExecError::command(format!("mysql: {}", error.trim_end())))
    }

    pub(crate) fn execute(&self, sql: &Sql) -> Result<(), ExecError> {
        if !sql.secret {
            return self.query(None, &sql.text).map(drop);
        }
        let output = self.ctx.run(&self.client().stdin(format!("{};\n", sql.text)))?;
        if output.ok() {
            return Ok(());
        }
        // The client shows what is near an error of syntax, and so the password.
        let error = output.err();
        let shown = error.split(" near '").next().unwrap_or_default().trim_end();
        Err(ExecError::command(format!("mysql: {shown}")))
    }

    /// Character set and collation of a database.
    pub(crate) fn database(&self, name: &str) -> Result<Option<(String, String)>, ExecError> {
        let sql = format!(
            "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {}",
            literal(name)
        );
        self.two(&sql)
    }

    fn two(&self, sql: &str) -> Result<Option<(String, String)>, ExecError> {
        let row = self.query(None, sql)?.rows.into_iter().next();
        Ok(row.map(|row| {
            let mut row = row.into_iter().map(Option::unwrap_or_default);
            (row.next().unwrap_or_default(), row.next().unwrap_or_default())
        }))
    }

    pub(crate) fn login(&self, user: &str, host: &str) -> Result<Option<Login>, ExecError> {
        let sql = format!(
            "SELECT plugin, authentication_string FROM mysql.user WHERE User = {} AND Host = {}",
            literal(user),
            literal(host)
        );
        Ok(self.two(&sql)?.map(|(plugin, hash)| Login { plugin, hash }))
    }

    /// Whether a password is the one that the server keeps: told by hashing it as `mysql_native_password` does.
    pub(crate) fn is_kept(&self, secret: &Secret, is: &Login) -> Result<bool, ExecError> {
        let hash = match secret {
            Secret::None => return Ok(is.hash.is_empty()),
            Secret::Hash(hash) => hash.clone(),
            Secret::Password(_) if is.by_socket() => return Ok(false),
            Secret::Password(password) if matches!(&*is.plugin, "" | "mysql_native_password") => {
                native(password)
            }
            Secret::Password(_) => {
                return Err(ExecError::invocation(format!(
                    "the server keeps this password with the plugin {}, which cannot be compared here: give password_hash",
                    is.plugin
                )));
            }
        };
        Ok(is.hash.eq_ignore_ascii_case(&hash))
    }

    /// What the server says of a user's grants, without passwords.
    pub(crate) fn grants(&self, user: &str, host: &str) -> Result<Vec<String>, ExecError> {
        let rows = self.query(None, &format!("SHOW GRANTS FOR {}", account(user, host)))?.rows;
        Ok(rows.into_iter().flatten().flatten().map(|line| without_password(&line)).collect())
    }
}

/// `*` and the hash of the hash.
fn native(password: &str) -> String {
    use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY as SHA1, digest};
    let twice = digest(&SHA1, digest(&SHA1, password.as_bytes()).as_ref());
    let hex: String = twice.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    format!("*{hex}")
}

/// A name in SQL.
pub(crate) fn ident(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A text in SQL.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// A user in SQL.
pub(crate) fn account(user: &str, host: &str) -> String {
    format!("{}@{}", literal(user), literal(host))
}

pub(crate) fn database_sql(verb: &str, name: &str, set: Option<&str>, collate: Option<&str>) -> Sql {
    let set = set.map(|set| format!(" CHARACTER SET {}", ident(set))).unwrap_or_default();
    let collate = collate.map(|collate| format!(" COLLATE {}", ident(collate))).unwrap_or_default();
    Sql::plain(format!("{verb} DATABASE {}{set}{collate}", ident(name)))
}

/// `CREATE USER` or `ALTER USER`.
pub(crate) fn login_sql(verb: &str, user: &str, host: &str, secret: &Secret, socket: bool) -> Sql {
    let by = match secret {
        _ if socket => " IDENTIFIED WITH unix_socket".to_owned(),
        Secret::Password(password) => format!(" IDENTIFIED BY {}", literal(password)),
        Secret::Hash(hash) => format!(" IDENTIFIED WITH mysql_native_password AS {}", literal(hash)),
        Secret::None if verb == "CREATE" => String::new(),
        Secret::None => " IDENTIFIED BY ''".to_owned(),
    };
    Sql {
        text: format!("{verb} USER {}{by}", account(user, host)),
        secret: !socket && *secret != Secret::None,
    }
}

/// A grant.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) grant: String,
    pub(crate) on: String,
    pub(crate) user: String,
    pub(crate) host: String,
    pub(crate) option: bool,
    pub(crate) escape: bool,
}

impl Grant {
    /// `*.*`, `` `shop`.* ``, `` `shop`.`orders` ``.
    fn target(&self) -> String {
        let (database, table) = self.on.split_once('.').unwrap_or((&self.on, "*"));
        let quoted = |name: &str| {
            let name = name.trim_matches('`');
            if name == "*" || !self.escape { name.to_owned() } else { ident(name) }
        };
        format!("{}.{}", quoted(database), quoted(table))
    }

    fn names(&self) -> Vec<String> {
        names(&self.grant)
    }

    pub(crate) fn add(&self) -> String {
        let option = if self.option { " WITH GRANT OPTION" } else { "" };
        format!(
            "GRANT {} ON {} TO {}{option}",
            self.names().join(", "),
            self.target(),
            account(&self.user, &self.host)
        )
    }

    pub(crate) fn revoke(&self) -> String {
        let mut names = self.names();
        if self.option {
            names.push("GRANT OPTION".to_owned());
        }
        format!("REVOKE {} ON {} FROM {}", names.join(", "), self.target(), account(&self.user, &self.host))
    }

    /// Whether the user has it.
    pub(crate) fn is_set(&self, server: &Server<'_>) -> Result<bool, ExecError> {
        Ok(self.is_in(&server.grants(&self.user, &self.host)?))
    }

    fn is_in(&self, lines: &[String]) -> bool {
        let target = self.target().replace('`', "");
        let wanted = self.names();
        let (mut has, mut option) = (Vec::new(), false);
        for line in lines {
            let Some((what, rest)) = line.strip_prefix("GRANT ").and_then(|line| line.split_once(" ON "))
            else {
                continue;
            };
            let on = rest.split(" TO ").next().unwrap_or_default();
            if on.replace('`', "") == target {
                has.extend(names(what));
                option |= rest.contains(" WITH GRANT OPTION");
            }
        }
        let all = has.iter().any(|name| name == "ALL PRIVILEGES");
        !has.is_empty()
            && wanted.iter().all(|name| all || has.contains(name) || name == "USAGE")
            && (option || !self.option)
    }
}

/// Privileges in capitals, those of columns with what is in parentheses; `ALL` in full.
fn names(text: &str) -> Vec<String> {
    let (mut out, mut depth) = (vec![String::new()], 0_usize);
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match out.last_mut() {
            Some(_) if c == ',' && depth == 0 => out.push(String::new()),
            Some(last) => last.push(c),
            None => {}
        }
    }
    let full = |name: &String| match name.trim().to_uppercase() {
        name if name == "ALL" => "ALL PRIVILEGES".to_owned(),
        name => name,
    };
    out.iter().map(full).filter(|name| !name.is_empty()).collect()
}

/// A grant without `IDENTIFIED BY PASSWORD '…'` and its kin.
fn without_password(line: &str) -> String {
    let Some((before, after)) = line.split_once(" IDENTIFIED ") else { return line.to_owned() };
    let option = after.find(" WITH GRANT OPTION").and_then(|at| after.get(at..)).unwrap_or_default();
    format!("{before}{option}")
}

/// What `--batch` prints: a line of columns, a line per row, tabs between, backslashes before what would not fit.
fn parse(text: &str) -> Answer {
    let mut lines = text.lines();
    let field = |field: &str| {
        let (mut out, mut chars) = (String::new(), field.chars());
        while let Some(c) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some('n') => out.push('\n'),
                    Some('t') => out.push('\t'),
                    Some('0') => out.push('\0'),
                    other => out.extend(other),
                },
                c => out.push(c),
            }
        }
        out
    };
    let columns = lines.next().map(|line| line.split('\t').map(field).collect()).unwrap_or_default();
    let row = |line: &str| line.split('\t').map(|text| (text != "NULL").then(|| field(text))).collect();
    Answer { columns, rows: lines.map(row).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_grant(grant: &str, on: &str, option: bool) -> Grant {
        let (user, host) = ("app".to_owned(), "localhost".to_owned());
        Grant { grant: grant.to_owned(), on: on.to_owned(), user, host, option, escape: true }
    }

    #[test]
    fn batches() {
        let answer = parse("b\tc\nNULL\tx\\ty\\nz\\\\q\n\t1\n");
        assert_eq!(answer.columns, ["b", "c"]);
        assert_eq!(
            answer.rows,
            [vec![None, Some("x\ty\nz\\q".to_owned())], vec![Some(String::new()), Some("1".to_owned())]]
        );
        assert!(parse("").columns.is_empty());
    }

    #[test]
    fn grants_that_a_server_shows() {
        let lines: Vec<String> = [
            "GRANT SELECT, INSERT ON *.* TO `app`@`localhost` IDENTIFIED BY PASSWORD '*14E65567ABDB5135D0CFD9A70B3032C179A49EE7'",
            "GRANT ALL PRIVILEGES ON `shop`.* TO `app`@`localhost` WITH GRANT OPTION",
            "GRANT SELECT (a, b) ON `x`.`t` TO `app`@`localhost`",
        ]
        .iter()
        .map(|line| without_password(line))
        .collect();
        assert!(!lines.concat().contains("14E6"), "{lines:?}");
        for (grant, on, option, is) in [
            ("select", "*.*", false, true),
            ("SELECT,UPDATE", "*.*", false, false),
            ("SELECT", "*.*", true, false),
            ("ALL", "shop.*", true, true),
            ("DELETE", "`shop`.*", false, true),
            ("select (a, b)", "x.t", false, true),
            ("SELECT", "other.*", false, false),
        ] {
            assert_eq!(a_grant(grant, on, option).is_in(&lines), is, "{grant} on {on}");
        }
        assert_eq!(
            a_grant("all", "sh`op.*", true).add(),
            "GRANT ALL PRIVILEGES ON `sh``op`.* TO 'app'@'localhost' WITH GRANT OPTION"
        );
    }

    #[test]
    fn passwords() {
        assert_eq!(native("secret"), "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7");
        let sql = login_sql("CREATE", "app", "%", &Secret::Password("a'b\\".to_owned()), false);
        assert_eq!((&*sql.text, sql.secret), ("CREATE USER 'app'@'%' IDENTIFIED BY 'a''b\\\\'", true));
    }
}
