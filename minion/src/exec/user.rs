//! `user`: what is known of accounts.

use data::{Dict, Value};

use super::ExecError;
use super::plain::{Given, functions};
use crate::Ctx;
use crate::host::User;

functions! {
    /// Return what is known of an account; an empty dict when there is none: `rsalt '*' user.info root`
    "user.info"("name, root=None") = |args, ctx| {
        let (users, name) = (ctx.host.users()?, args.text("name"));
        match users.iter().find(|user| user.name == name) {
            Some(user) => described(ctx, user),
            None => Ok(Value::dict()),
        }
    };
    /// Return what is known of all accounts: `rsalt '*' user.getent`
    "user.getent"("refresh=False, root=None") = |_, ctx| {
        ctx.host.users()?.iter().map(|user| described(ctx, user)).collect::<Result<Vec<_>, _>>().map(Value::from)
    };
    /// Return the names of all accounts, sorted: `rsalt '*' user.list_users`
    "user.list_users"("root=None") = |_, ctx| {
        let users = ctx.host.users()?;
        let mut names: Vec<&str> = users.iter().map(|user| user.name.as_str()).collect();
        names.sort_unstable();
        Ok(names.into())
    };
    /// Return the groups of an account, sorted: `rsalt '*' user.list_groups root`
    "user.list_groups"("name") = |args, ctx| groups_of(ctx, &args.text("name"));
    /// Return the name of the main group of an account: `rsalt '*' user.primary_group root`
    "user.primary_group"("name") = |args, ctx| {
        let name = args.text("name");
        let user = ctx.host.users()?.iter().find(|user| user.name == name).cloned();
        let group = user.and_then(|user| ctx.host.group_name(user.gid));
        Ok(group.unwrap_or_else(|| format!("id: '{name}': no such user")).into())
    };
}

fn described(ctx: &Ctx<'_>, user: &User) -> Result<Value, ExecError> {
    let mut gecos = user.gecos.splitn(5, ',');
    let mut out = Dict::new()
        .with("gid", user.gid)
        .with("groups", groups_of(ctx, &user.name)?)
        .with("home", user.home.as_str())
        .with("name", user.name.as_str())
        .with("passwd", "x")
        .with("shell", user.shell.as_str())
        .with("uid", user.uid);
    for field in ["fullname", "roomnumber", "workphone", "homephone", "other"] {
        out.insert(field, gecos.next().unwrap_or_default());
    }
    Ok(out.into())
}

fn groups_of(ctx: &Ctx<'_>, name: &str) -> Result<Value, ExecError> {
    let main = ctx.host.users()?.iter().find(|user| user.name == name).map(|user| user.gid);
    let groups = ctx.host.groups()?;
    let mine =
        groups.iter().filter(|group| Some(group.gid) == main || group.members.iter().any(|m| m == name));
    let mut names: Vec<&str> = mine.map(|group| group.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    Ok(names.into())
}
