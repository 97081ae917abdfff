//! The functions of `postgres`.

use data::loose::{Flag, OneOrMany};
use data::{Dict, Value};

use super::privileges::{self, Privileges};
use super::{
    RoleOptions, Server, Standing, Statement, database_sql, extension_sql, ident, literal, objects,
    owner_sql, roles, tablespace_sql,
};
use crate::Ctx;
use crate::exec::ExecError;
use crate::exec::plain::{Given, functions};

functions! {
    /// Return the version of the server.
    ///
    /// CLI Example: `rsalt '*' postgres.version`
    "postgres.version"("user=None, host=None, port=None, maintenance_db=None, password=None, runas=None") = |args, ctx| {
        let rows = Server::of(ctx, &args).query("SELECT setting FROM pg_catalog.pg_settings WHERE name = 'server_version'", false)?;
        Ok(rows.first().and_then(|row| row.get("setting")).cloned().unwrap_or_default())
    };
    /// Return the rows of a query as a list of dicts. write: the query changes something (`INSERT … RETURNING`).
    ///
    /// CLI Example: `rsalt '*' postgres.psql_query 'SELECT * FROM pg_stat_activity'`
    "postgres.psql_query"("query, user=None, host=None, port=None, maintenance_db=None, password=None, runas=None, write=False") = |args, ctx| Ok(Server::of(ctx, &args).query(&args.text("query"), args.is_set("write", false))?.into());
    /// Return the databases of the server with owner, encoding, tablespace and locale.
    ///
    /// CLI Example: `rsalt '*' postgres.db_list`
    "postgres.db_list"("user=None, host=None, port=None, maintenance_db=None, password=None, runas=None") = |args, ctx| Ok(Server::of(ctx, &args).databases()?.into());
    /// Whether there is a database of that name.
    ///
    /// CLI Example: `rsalt '*' postgres.db_exists app`
    "postgres.db_exists"("name, user=None, host=None, port=None, maintenance_db=None, password=None, runas=None") = |args, ctx| Ok(Server::of(ctx, &args).databases()?.contains(&args.text("name")).into());
    /// Create a database.
    ///
    /// CLI Example: `rsalt '*' postgres.db_create app owner=app`
    "postgres.db_create"("name, user=None, host=None, port=None, maintenance_db=None, password=None, runas=None, tablespace=None, encoding=None, lc_collate=None, lc_ctype=None, owner=None, template=None") = |args, ctx| {
        let option = |key: &str| args.some_text(key);
        let (tablespace, owner, template) = (option("tablespace"), option("owner"), option("template"));
        let (encoding, collate, ctype) = (option("encoding"), option("lc_collate"), option("lc_ctype"));
        let sql = database_sql(&args.text("name"), [
            ("TABLESPACE", tablespace.as_ref()),
            ("OWNER", owner.as_ref()),
            ("TEMPLATE", template.as_ref()),
            ("ENCODING", encoding.as_ref()),
            ("LC_COLLATE", collate.as_ref()),
            ("LC_CTYPE", ctype.as_ref()),
        ]);
        Ok(Server::of(ctx, &args).worked(&[sql])?.into())
    };
    /// Change owner or tablespace of a database. owner_recurse: of all that is in it too.
    ///
    /// CLI Example: `rsalt '*' postgres.db_alter app owner=other`
    "postgres.db_alter"("name, user=None, host=None, port=None, maintenance_db=None, password=None, runas=None, tablespace=None, owner=None, owner_recurse=False") = |args, ctx| {
        let (server, name) = (Server::of(ctx, &args), args.text("name"));
        let mut all = Vec::new();
        if let Some(owner) = args.some_text("owner") {
            all.push(owner_sql(&server, &name, &owner, args.is_set("owner_recurse", false))?);
        }
        if let Some(space) = args.some_text("tablespace") {
            all.push(Statement::new(format!("ALTER DATABASE {} SET TABLESPACE {}", ident(&name), ident(&space))));
        }
        Ok(server.worked(&all)?.into())
    };
    /// Remove a database, ending the sessions that use it.
    ///
    /// CLI Example: `rsalt '*' postgres.db_remove app`
    "postgres.db_remove"("name, user=None, host=None, port=None, maintenance_db=None, password=None, runas=None") = |args, ctx| {
        let server = Server::of(ctx, &args);
        for statement in database_gone(&args.text("name")) {
            server.execute(&statement)?;
        }
        Ok(true.into())
    };
    /// Make a role the owner of a database and of all that is in it. Returns whether it worked.
    ///
    /// CLI Example: `rsalt '*' postgres.owner_to app other`
    "postgres.owner_to"("dbname, ownername, user=None, host=None, port=None, password=None, runas=None") = |args, ctx| {
        let server = Server::of(ctx, &args);
        let sql = owner_sql(&server, &args.text("dbname"), &args.text("ownername"), true)?;
        Ok(server.worked(&[sql])?.into())
    };
    /// Return the tablespaces with owner, place and options.
    ///
    /// CLI Example: `rsalt '*' postgres.tablespace_list`
    "postgres.tablespace_list"("user=None, host=None, port=None, maintenance_db=None, password=None, runas=None") = |args, ctx| Ok(Server::of(ctx, &args).tablespaces()?.into());
    /// Whether there is a tablespace of that name.
    ///
    /// CLI Example: `rsalt '*' postgres.tablespace_exists fast`
    "postgres.tablespace_exists"("name, user=None, host=None, port=None, maintenance_db=None, password=None, runas=None") = |args, ctx| Ok(Server::of(ctx, &args).tablespaces()?.contains(&args.text("name")).into());
    /// Create a tablespace in an empty directory that belongs to the server's user.
    ///
    /// CLI Example: `rsalt '*' postgres.tablespace_create fast /srv/fast`
    "postgres.tablespace_create"("name, location, options=None, owner=None, user=None, host=None, port=None, maintenance_db=None, password=None, runas=None") = |args, ctx| {
        let owner = args.some_text("owner");
        let sql = tablespace_sql(&args.text("name"), &args.text("location"), args.arg("options").as_dict(), owner.as_deref());
        Ok(Server::of(ctx, &args).worked(&[sql])?.into())
    };
    /// Change name, owner or an option of a tablespace.
    ///
    /// CLI Example: `rsalt '*' postgres.tablespace_alter fast new_owner=app`
    "postgres.tablespace_alter"("name, user=None, host=None, port=None, maintenance_db=None, password=None, runas=None, new_name=None, new_owner=None, set_option=None, reset_option=None") = |args, ctx| {
        let name = ident(&args.text("name"));
        let alter = |what: String| Statement::new(format!("ALTER TABLESPACE {name} {what}"));
        let mut all = Vec::new();
        all.extend(args.some_text("new_owner").map(|owner| alter(format!("OWNER TO {}", ident(&owner)))));
        let options = args.arg("set_option").as_dict();
        all.extend(options.into_iter().flatten().map(|(key, value)| alter(format!("SET ({key} = {value})"))));
        all.extend(args.some_text("reset_option").map(|option| alter(format!("RESET ({option})"))));
        all.extend(args.some_text("new_name").map(|new| alter(format!("RENAME TO {}", ident(&new)))));
        Ok(Server::of(ctx, &args).worked(&all)?.into())
    };
    /// Remove an empty tablespace.
    ///
    /// CLI Example: `rsalt '*' postgres.tablespace_remove fast`
    "postgres.tablespace_remove"("name, user=None, host=None, port=None, maintenance_db=None, password=None, runas=None") = |args, ctx| Ok(Server::of(ctx, &args).worked(&[Statement::new(format!("DROP TABLESPACE {}", ident(&args.text("name"))))])?.into());
    /// Return the roles and what they may. return_password: what the server keeps of their passwords too.
    ///
    /// CLI Example: `rsalt '*' postgres.user_list`
    "postgres.user_list"("user=None, host=None, port=None, maintenance_db=None, password=None, runas=None, return_password=False") = |args, ctx| {
        let all = roles(&Server::of(ctx, &args), args.is_set("return_password", false))?;
        Ok(all.into_iter().map(|(name, role)| (name, role.shown)).collect::<Dict>().into())
    };
    /// Return what a role may, nothing when there is none.
    ///
    /// CLI Example: `rsalt '*' postgres.role_get app`
    "postgres.role_get"("name, user=None, host=None, port=None, maintenance_db=None, password=None, runas=None, return_password=False") = |args, ctx| {
        let name = args.text("name");
        let all = roles(&Server::of(ctx, &args), args.is_set("return_password", false))?;
        Ok(all.into_iter().find(|(of, _)| *of == name).map(|(_, role)| role.shown).into())
    };
    /// Whether there is a role of that name.
    ///
    /// CLI Example: `rsalt '*' postgres.user_exists app`
    "postgres.user_exists"("name, user=None, host=None, port=None, maintenance_db=None, password=None, runas=None") = |args, ctx| Ok(has_role(&Server::of(ctx, &args), &args.text("name"))?.into());
    /// Create a user. False when there is such a role already. encrypted: `md5` (so it is without it), `scram-sha-256`, or False: the
    /// server hashes the password.
    ///
    /// CLI Example: `rsalt '*' postgres.user_create app rolepassword=secret`
    "postgres.user_create"("username, user=None, host=None, port=None, maintenance_db=None, password=None, runas=None, createdb=None, createroles=None, inherit=None, login=None, connlimit=None, encrypted=None, superuser=None, replication=None, rolepassword=None, valid_until=None, groups=None") = |args, ctx| role(ctx, &args, "username", Some("user"));
    /// Change a user. False when there is no such role.
    ///
    /// CLI Example: `rsalt '*' postgres.user_update app superuser=False`
    "postgres.user_update"("username, user=None, host=None, port=None, maintenance_db=None, password=None, runas=None, createdb=None, createroles=None, inherit=None, login=None, connlimit=None, encrypted=None, superuser=None, replication=None, rolepassword=None, valid_until=None, groups=None") = |args, ctx| role(ctx, &args, "username", None);
    /// Remove a user. False when there is no such role.
    ///
    /// CLI Example: `rsalt '*' postgres.user_remove app`
    "postgres.user_remove"("username, user=None, host=None, port=None, maintenance_db=None, password=None, runas=None") = |args, ctx| {
        let (server, name) = (Server::of(ctx, &args), args.text("username"));
        let drop = Statement::new(format!("DROP ROLE {}", ident(&name)));
        Ok((has_role(&server, &name)? && server.worked(&[drop])?).into())
    };
    /// Create a group: a role that does not log in. False when there is such a role already.
    ///
    /// CLI Example: `rsalt '*' postgres.group_create staff`
    "postgres.group_create"("groupname, user=None, host=None, port=None, maintenance_db=None, password=None, runas=None, createdb=None, createroles=None, encrypted=None, login=None, inherit=None, superuser=None, replication=None, rolepassword=None, groups=None") = |args, ctx| role(ctx, &args, "groupname", Some("group"));
    /// Change a group. False when there is no such role.
    ///
    /// CLI Example: `rsalt '*' postgres.group_update staff createdb=True`
    "postgres.group_update"("groupname, user=None, host=None, port=None, maintenance_db=None, password=None, runas=None, createdb=None, createroles=None, encrypted=None, login=None, inherit=None, superuser=None, replication=None, rolepassword=None, groups=None") = |args, ctx| role(ctx, &args, "groupname", None);
    /// Remove a group. False when there is no such role.
    ///
    /// CLI Example: `rsalt '*' postgres.group_remove staff`
    "postgres.group_remove"("groupname, user=None, host=None, port=None, maintenance_db=None, password=None, runas=None") = |args, ctx| {
        let (server, name) = (Server::of(ctx, &args), args.text("groupname"));
        let drop = Statement::new(format!("DROP ROLE {}", ident(&name)));
        Ok((has_role(&server, &name)? && server.worked(&[drop])?).into())
    };
    /// Return the extensions that could be installed.
    ///
    /// CLI Example: `rsalt '*' postgres.available_extensions`
    "postgres.available_extensions"("user=None, host=None, port=None, maintenance_db=None, password=None, runas=None") = |args, ctx| Ok(Server::of(ctx, &args).extensions(objects::AVAILABLE, "name")?.into());
    /// Return the extensions that are installed in a database.
    ///
    /// CLI Example: `rsalt '*' postgres.installed_extensions maintenance_db=app`
    "postgres.installed_extensions"("user=None, host=None, port=None, maintenance_db=None, password=None, runas=None") = |args, ctx| Ok(Server::of(ctx, &args).extensions(objects::INSTALLED, "extname")?.into());
    /// Return what is known of an extension that could be installed.
    ///
    /// CLI Example: `rsalt '*' postgres.get_available_extension hstore`
    "postgres.get_available_extension"("name, user=None, host=None, port=None, maintenance_db=None, password=None, runas=None") = |args, ctx| Ok(Server::of(ctx, &args).extensions(objects::AVAILABLE, "name")?.remove(&args.text("name")).into());
    /// Return what is known of an installed extension.
    ///
    /// CLI Example: `rsalt '*' postgres.get_installed_extension hstore`
    "postgres.get_installed_extension"("name, user=None, host=None, port=None, maintenance_db=None, password=None, runas=None") = |args, ctx| Ok(Server::of(ctx, &args).extension(&args.text("name"))?.into());
    /// Whether an extension could be installed.
    ///
    /// CLI Example: `rsalt '*' postgres.is_available_extension hstore`
    "postgres.is_available_extension"("name, user=None, host=None, port=None, maintenance_db=None, password=None, runas=None") = |args, ctx| {
        let name = args.text("name").to_lowercase();
        let all = Server::of(ctx, &args).extensions(objects::AVAILABLE, "name")?;
        Ok(all.keys().any(|known| known.to_string().to_lowercase() == name).into())
    };
    /// Whether an extension is installed.
    ///
    /// CLI Example: `rsalt '*' postgres.is_installed_extension hstore`
    "postgres.is_installed_extension"("name, user=None, host=None, port=None, maintenance_db=None, password=None, runas=None") = |args, ctx| Ok(Server::of(ctx, &args).extension(&args.text("name"))?.is_some().into());
    /// Install an extension, or bring an installed one to a version or into a schema.
    ///
    /// CLI Example: `rsalt '*' postgres.create_extension hstore maintenance_db=app`
    "postgres.create_extension"("name, if_not_exists=None, schema=None, ext_version=None, from_version=None, user=None, host=None, port=None, maintenance_db=None, password=None, runas=None") = |args, ctx| {
        let (server, name) = (Server::of(ctx, &args), args.text("name"));
        let (schema, version) = (args.some_text("schema"), args.some_text("ext_version"));
        let standing = Standing::of(server.extension(&name)?.as_ref(), schema.as_deref(), version.as_deref());
        let all = extension_sql(&name, standing, args.is_set("if_not_exists", true), schema.as_deref(), version.as_deref());
        Ok(server.worked(&all)?.into())
    };
    /// Remove an extension from a database; what needs it goes too unless cascade=False.
    ///
    /// CLI Example: `rsalt '*' postgres.drop_extension hstore maintenance_db=app`
    "postgres.drop_extension"("name, if_exists=None, restrict=None, cascade=None, user=None, host=None, port=None, maintenance_db=None, password=None, runas=None") = |args, ctx| {
        let (server, name) = (Server::of(ctx, &args), args.text("name"));
        if server.extension(&name)?.is_none() {
            return Ok(true.into());
        }
        let drop = extension_gone(&name, args.is_set("if_exists", false), args.is_set("restrict", false), args.is_set("cascade", true));
        Ok(server.worked(&[drop])?.into())
    };
    /// Return the schemas of a database with their owners.
    ///
    /// CLI Example: `rsalt '*' postgres.schema_list app`
    "postgres.schema_list"("dbname, user=None, db_user=None, db_password=None, db_host=None, db_port=None") = |args, ctx| Ok(Server::of_schema(ctx, &args).schemas()?.into());
    /// Return owner and access list of a schema, nothing when there is none.
    ///
    /// CLI Example: `rsalt '*' postgres.schema_get app public`
    "postgres.schema_get"("dbname, name, user=None, db_user=None, db_password=None, db_host=None, db_port=None") = |args, ctx| Ok(Server::of_schema(ctx, &args).schemas()?.remove(&args.text("name")).into());
    /// Whether a database has a schema of that name.
    ///
    /// CLI Example: `rsalt '*' postgres.schema_exists app public`
    "postgres.schema_exists"("dbname, name, user=None, db_user=None, db_password=None, db_host=None, db_port=None") = |args, ctx| Ok(Server::of_schema(ctx, &args).schemas()?.contains(&args.text("name")).into());
    /// Create a schema. False when there is one already.
    ///
    /// CLI Example: `rsalt '*' postgres.schema_create app reports owner=app`
    "postgres.schema_create"("dbname, name, owner=None, user=None, db_user=None, db_password=None, db_host=None, db_port=None") = |args, ctx| {
        let (server, name) = (Server::of_schema(ctx, &args), args.text("name"));
        let create = schema_sql(&name, args.some_text("owner").as_deref());
        Ok((!server.schemas()?.contains(&name) && server.worked(&[create])?).into())
    };
    /// Remove an empty schema. False when there is none.
    ///
    /// CLI Example: `rsalt '*' postgres.schema_remove app reports`
    "postgres.schema_remove"("dbname, name, user=None, db_user=None, db_password=None, db_host=None, db_port=None") = |args, ctx| {
        let (server, name) = (Server::of_schema(ctx, &args), args.text("name"));
        let drop = Statement::new(format!("DROP SCHEMA {}", ident(&name)));
        Ok((server.schemas()?.contains(&name) && server.worked(&[drop])?).into())
    };
    /// Return the languages of a database.
    ///
    /// CLI Example: `rsalt '*' postgres.language_list app`
    "postgres.language_list"("maintenance_db, user=None, host=None, port=None, password=None, runas=None") = |args, ctx| {
        let rows = Server::of(ctx, &args).query("SELECT lanname AS name FROM pg_language", false)?;
        let names = rows.into_iter().filter_map(|mut row| row.remove("name"));
        Ok(names.map(|name| (name.clone(), name)).collect::<Vec<_>>().into_iter().collect::<Dict>().into())
    };
    /// Whether a database has a language.
    ///
    /// CLI Example: `rsalt '*' postgres.language_exists plpgsql app`
    "postgres.language_exists"("name, maintenance_db, user=None, host=None, port=None, password=None, runas=None") = |args, ctx| Ok(has_language(&Server::of(ctx, &args), &args.text("name"))?.into());
    /// Install a language into a database. False when it is there.
    ///
    /// CLI Example: `rsalt '*' postgres.language_create plperl app`
    "postgres.language_create"("name, maintenance_db, user=None, host=None, port=None, password=None, runas=None") = |args, ctx| {
        let (server, name) = (Server::of(ctx, &args), args.text("name"));
        let create = Statement::new(format!("CREATE LANGUAGE {}", ident(&name)));
        Ok((!has_language(&server, &name)? && server.worked(&[create])?).into())
    };
    /// Remove a language from a database. False when it is not there.
    ///
    /// CLI Example: `rsalt '*' postgres.language_remove plperl app`
    "postgres.language_remove"("name, maintenance_db, user=None, host=None, port=None, password=None, runas=None") = |args, ctx| {
        let (server, name) = (Server::of(ctx, &args), args.text("name"));
        let drop = Statement::new(format!("DROP LANGUAGE {}", ident(&name)));
        Ok((has_language(&server, &name)? && server.worked(&[drop])?).into())
    };
    /// Return what was granted on an object: per role its privileges, and whether it may pass them on.
    ///
    /// CLI Example: `rsalt '*' postgres.privileges_list orders table maintenance_db=app`
    "postgres.privileges_list"("name, object_type, prepend='public', maintenance_db=None, user=None, host=None, port=None, password=None, runas=None") = |args, ctx| {
        let schema = args.some_text("prepend").unwrap_or_else(|| "public".to_owned());
        privileges::list(&Server::of(ctx, &args), &args.text("name"), &args.text("object_type"), &schema)
    };
    /// Whether a role has privileges on an object.
    ///
    /// CLI Example: `rsalt '*' postgres.has_privileges app orders table SELECT maintenance_db=app`
    "postgres.has_privileges"("name, object_name, object_type, privileges=None, grant_option=None, prepend='public', maintenance_db=None, user=None, host=None, port=None, password=None, runas=None") = |args, ctx| {
        let wanted = asked(&args)?;
        Ok(wanted.all_of(&Server::of(ctx, &args), &args.text("name"), args.is_set("grant_option", false))?.into())
    };
    /// Grant privileges on an object. False when the role has them.
    ///
    /// CLI Example: `rsalt '*' postgres.privileges_grant app orders table SELECT,UPDATE maintenance_db=app`
    "postgres.privileges_grant"("name, object_name, object_type, privileges=None, grant_option=None, prepend='public', maintenance_db=None, user=None, host=None, port=None, password=None, runas=None") = |args, ctx| {
        let (server, role, wanted) = (Server::of(ctx, &args), args.text("name"), asked(&args)?);
        let grant = args.is_set("grant_option", false);
        Ok((!wanted.all_of(&server, &role, grant)? && server.worked(&[wanted.grant(&role, grant)])?).into())
    };
    /// Take privileges on an object away. False when the role has none of them.
    ///
    /// CLI Example: `rsalt '*' postgres.privileges_revoke app orders table UPDATE maintenance_db=app`
    "postgres.privileges_revoke"("name, object_name, object_type, privileges=None, prepend='public', maintenance_db=None, user=None, host=None, port=None, password=None, runas=None") = |args, ctx| {
        let (server, role, wanted) = (Server::of(ctx, &args), args.text("name"), asked(&args)?);
        Ok((wanted.any_of(&server, &role)? && server.worked(&[wanted.revoke(&role)])?).into())
    };
    /// Whether there is a database cluster in a directory.
    ///
    /// CLI Example: `rsalt '*' postgres.datadir_exists /var/lib/postgresql/15/main`
    "postgres.datadir_exists"("name") = |args, ctx| {
        let dir = std::path::PathBuf::from(args.text("name"));
        let has = |name: &str| ctx.host.is_file(&dir.join(name));
        Ok((has("PG_VERSION") && has("postgresql.conf")).into())
    };
}

/// What removes a database: nobody connects any more, who is connected goes.
pub(crate) fn database_gone(name: &str) -> [Statement; 3] {
    let database = ident(name);
    [
        Statement::new(format!("REVOKE CONNECT ON DATABASE {database} FROM public")),
        Statement::new(format!(
            "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {} AND pid <> pg_backend_pid()",
            literal(name)
        )),
        Statement::new(format!("DROP DATABASE {database}")),
    ]
}

/// `DROP EXTENSION`.
pub(crate) fn extension_gone(name: &str, if_exists: bool, restrict: bool, cascade: bool) -> Statement {
    let exists = if if_exists { "IF EXISTS " } else { "" };
    let what = match (restrict, cascade) {
        (true, _) => " RESTRICT",
        (false, true) => " CASCADE",
        (false, false) => "",
    };
    Statement::new(format!("DROP EXTENSION {exists}{}{what}", ident(name)))
}

/// `CREATE SCHEMA`.
pub(crate) fn schema_sql(name: &str, owner: Option<&str>) -> Statement {
    let owner = owner.map(|owner| format!(" AUTHORIZATION {}", ident(owner))).unwrap_or_default();
    Statement::new(format!("CREATE SCHEMA {}{owner}", ident(name)))
}

fn has_role(server: &Server<'_>, name: &str) -> Result<bool, ExecError> {
    Ok(roles(server, false)?.iter().any(|(of, _)| of == name))
}

fn has_language(server: &Server<'_>, name: &str) -> Result<bool, ExecError> {
    let rows = server.query("SELECT lanname AS name FROM pg_language", false)?;
    Ok(rows.iter().any(|row| row.get("name").and_then(Value::as_str) == Some(name)))
}

fn asked(args: &Dict) -> Result<Privileges, ExecError> {
    let schema = args.some_text("prepend").unwrap_or_else(|| "public".to_owned());
    let names: OneOrMany<String> = data::args::from_value(args.arg("privileges").clone())?;
    Privileges::new(&args.text("object_type"), &args.text("object_name"), &schema, &names)
}

/// Creates a role of a kind, or changes one.
fn role(ctx: &Ctx<'_>, args: &Dict, key: &str, kind: Option<&str>) -> Result<Value, ExecError> {
    let (server, name) = (Server::of(ctx, args), args.text(key));
    if has_role(&server, &name)? == kind.is_some() {
        return Ok(false.into());
    }
    let flag = |key: &str| args.get(key).filter(|v| !v.is_none()).map(|v| Flag(v.is_true()));
    let groups: OneOrMany<String> = data::args::from_value(args.arg("groups").clone())?;
    let options = RoleOptions {
        inherit: flag("inherit").or(kind.map(|_| Flag(true))),
        createdb: flag("createdb"),
        createroles: flag("createroles"),
        superuser: flag("superuser"),
        replication: flag("replication"),
        login: flag("login").or(kind.map(|kind| Flag(kind == "user"))),
        connlimit: data::args::from_value(args.arg("connlimit").clone())?,
        until: args.some_text("valid_until"),
        groups: groups.iter().flat_map(|groups| groups.split(',')).map(str::to_owned).collect(),
        ..RoleOptions::default()
    };
    let options = options.with_password(&name, args.arg("rolepassword"), args.arg("encrypted"))?;
    let verb = if kind.is_some() { "CREATE" } else { "ALTER" };
    Ok(server.worked(&[options.sql(verb, &name)])?.into())
}
