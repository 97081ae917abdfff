//! `group`: groups, through `groupadd`, `groupmod`, `groupdel` and `gpasswd`.

use std::sync::Arc;

use data::{Dict, Value};

use super::plain::{Given, functions};
use super::{ExecError, tool};
use crate::Ctx;
use crate::host::{Cmd, Group, parse_group};

functions! {
    /// Return what is known of a group; an empty dict when there is none: `rsalt '*' group.info users`
    ///
    /// root: of the system below this directory.
    "group.info"("name, root=None") = |args, ctx| {
        let found = find(ctx, &args.text("name"), args.some_text("root").as_deref())?;
        Ok(found.map_or_else(Value::dict, |group| described(&group)))
    };
    /// Return what is known of all groups: `rsalt '*' group.getent`
    "group.getent"("refresh=False, root=None") = |args, ctx| {
        Ok(groups(ctx, args.some_text("root").as_deref())?.iter().map(described).collect())
    };
    /// Add a group: `rsalt '*' group.add foo 3456`
    ///
    /// system: a number below those of people. non_unique: also with a number that is taken. root: below this
    /// directory. local: through `lgroupadd`.
    "group.add"("name, gid=None, system=False, root=None, non_unique=False, local=False") = |args, ctx| {
        let local = args.is_set("local", false);
        let mut cmd = Cmd::new(if local { "lgroupadd" } else { "groupadd" });
        if args.arg("gid").is_true() {
            cmd = cmd.args(["-g", &args.text("gid")]);
            cmd = cmd.args((args.is_set("non_unique", false) && !local).then_some("-o"));
        }
        cmd = cmd.args(args.is_set("system", false).then_some("-r"));
        done(&args, ctx, if local { cmd } else { below(&args, cmd, "-R") })
    };
    /// Remove a group: `rsalt '*' group.delete foo`
    "group.delete"("name, root=None, local=False") = |args, ctx| match args.is_set("local", false) {
        true => done(&args, ctx, Cmd::new("lgroupdel")),
        false => done(&args, ctx, below(&args, Cmd::new("groupdel"), "-R")),
    };
    /// Change the number of a group: `rsalt '*' group.chgid foo 4376`. non_unique: also to one that is taken.
    "group.chgid"("name, gid, root=None, non_unique=False") = |args, ctx| {
        let (name, root, gid) = (args.text("name"), args.some_text("root"), args.text("gid"));
        let is = |group: Option<Group>| group.map(|group| group.gid.to_string() == gid);
        match is(find(ctx, &name, root.as_deref())?) {
            Some(false) => {}
            known => return Ok(known.unwrap_or_default().into()),
        }
        let cmd = below(&args, Cmd::new("groupmod"), "-R");
        let cmd = cmd.arg(if args.is_set("non_unique", false) { "-og" } else { "-g" }).arg(&gid);
        done(&args, ctx, cmd)?;
        Ok(is(find(ctx, &name, root.as_deref())?).unwrap_or_default().into())
    };
    /// Put an account into a group: `rsalt '*' group.adduser foo bar`
    "group.adduser"("name, username, root=None") = |args, ctx| {
        let username = args.text("username");
        done(&args, ctx, below(&args, Cmd::of("gpasswd", ["--add", tool::checked("user", &username)?]), "--root"))
    };
    /// Take an account out of a group: `rsalt '*' group.deluser foo bar`
    "group.deluser"("name, username, root=None") = |args, ctx| {
        let username = args.text("username");
        let group = find(ctx, &args.text("name"), None)?;
        if !group.is_some_and(|group| group.members.contains(&username)) {
            return Ok(true.into());
        }
        done(&args, ctx, below(&args, Cmd::of("gpasswd", ["--del", tool::checked("user", &username)?]), "--root"))
    };
    /// Set who is in a group: `rsalt '*' group.members foo 'user1,user2,user3'`
    "group.members"("name, members_list, root=None") = |args, ctx| {
        let members = super::user::names(args.arg("members_list")).join(",");
        done(&args, ctx, below(&args, Cmd::of("gpasswd", ["--members", &members]), "--root"))
    };
}

/// The groups of this machine, or of the system below a directory.
fn groups(ctx: &Ctx<'_>, root: Option<&str>) -> Result<Arc<Vec<Group>>, ExecError> {
    match root {
        None => Ok(ctx.host.groups()?),
        Some(root) => {
            let text = ctx.host.read(format!("{root}/etc/group").as_ref())?;
            Ok(Arc::new(parse_group(&String::from_utf8_lossy(&text))))
        }
    }
}

/// A group by its name.
pub(crate) fn find(ctx: &Ctx<'_>, name: &str, root: Option<&str>) -> Result<Option<Group>, ExecError> {
    Ok(groups(ctx, root)?.iter().find(|group| group.name == name).cloned())
}

/// A group as `group.info` has it.
pub(crate) fn described(group: &Group) -> Value {
    let out = Dict::new().with("name", group.name.as_str()).with("passwd", "x").with("gid", group.gid);
    out.with("members", group.members.clone()).into()
}

fn below(args: &Dict, cmd: Cmd, flag: &str) -> Cmd {
    match args.some_text("root") {
        Some(root) => cmd.args([flag, &root]),
        None => cmd,
    }
}

/// Runs a tool on the group; whether it did what it was told.
fn done(args: &Dict, ctx: &Ctx<'_>, cmd: Cmd) -> Result<Value, ExecError> {
    let name = args.text("name");
    Ok(tool::did(ctx, &cmd.arg("--").arg(tool::checked("group", &name)?))?.into())
}
