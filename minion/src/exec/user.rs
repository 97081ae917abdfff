//! `user`: accounts, through `useradd`, `usermod` and `userdel`.

use data::{Dict, Value};

use super::plain::{Given, functions};
use super::{ExecError, tool};
use crate::Ctx;
use crate::host::{Cmd, User, parse_passwd};

functions! {
    /// Return what is known of an account; an empty dict when there is none: `rsalt '*' user.info root`
    ///
    /// root: of the system below this directory.
    "user.info"("name, root=None") = |args, ctx| {
        Ok(info(ctx, &args.text("name"), args.some_text("root").as_deref())?.map_or_else(Value::dict, Value::from))
    };
    /// Return what is known of all accounts: `rsalt '*' user.getent`
    "user.getent"("refresh=False, root=None") = |args, ctx| {
        let users = users(ctx, args.some_text("root").as_deref())?;
        users.iter().map(|user| Ok(described(ctx, user)?.into())).collect::<Result<Vec<Value>, ExecError>>().map(Value::from)
    };
    /// Return the names of all accounts, sorted: `rsalt '*' user.list_users`
    "user.list_users"("root=None") = |args, ctx| {
        let users = users(ctx, args.some_text("root").as_deref())?;
        let mut names: Vec<&str> = users.iter().map(|user| user.name.as_str()).collect();
        names.sort_unstable();
        Ok(names.into())
    };
    /// Return the groups of an account, sorted: `rsalt '*' user.list_groups root`
    "user.list_groups"("name") = |args, ctx| Ok(groups_of(ctx, &args.text("name"))?.into());
    /// Return the name of the main group of an account: `rsalt '*' user.primary_group root`
    "user.primary_group"("name") = |args, ctx| {
        let name = args.text("name");
        let user = ctx.host.users()?.iter().find(|user| user.name == name).cloned();
        let group = user.and_then(|user| ctx.host.group_name(user.gid));
        Ok(group.unwrap_or_else(|| format!("id: '{name}': no such user")).into())
    };
    /// Add an account: `rsalt '*' user.add name <uid> <gid> <groups> <home> <shell>`
    ///
    /// groups: further ones, a list or names with commas. unique: false allows a number that is taken. system: a number
    /// below those of people. createhome: make its home. nologinit: not into lastlog. usergroup: with a group of its
    /// own name (true) or without one (false). root: below this directory. local: through `luseradd`.
    "user.add"("name, uid=None, gid=None, groups=None, home=None, shell=None, unique=True, system=False, fullname='', \
                roomnumber='', workphone='', homephone='', other='', createhome=True, loginclass=None, \
                nologinit=False, root=None, usergroup=None, local=False") = |args, ctx| add(&args, ctx);
    /// Remove an account: `rsalt '*' user.delete name remove=True force=True`
    ///
    /// remove: its home and mail, too. force: also when it is logged in. root, local: as with `user.add`.
    "user.delete"("name, remove=False, force=False, root=None, local=False") = |args, ctx| delete(&args, ctx);
    /// Change the number of an account: `rsalt '*' user.chuid foo 4376`
    "user.chuid"("name, uid, root=None") = |args, ctx| change(&args, ctx, "uid", "uid", &["-u"]);
    /// Change the main group of an account: `rsalt '*' user.chgid foo 4376`
    "user.chgid"("name, gid, root=None") = |args, ctx| change(&args, ctx, "gid", "gid", &["-g"]);
    /// Change the login shell of an account: `rsalt '*' user.chshell foo /bin/zsh`
    "user.chshell"("name, shell, root=None") = |args, ctx| change(&args, ctx, "shell", "shell", &["-s"]);
    /// Change the home of an account: `rsalt '*' user.chhome foo /home/users/foo True`. persist: move what is in the old one.
    "user.chhome"("name, home, persist=False, root=None") = |args, ctx| {
        let flags: &[&str] = if args.is_set("persist", false) { &["-m", "-d"] } else { &["-d"] };
        change(&args, ctx, "home", "home", flags)
    };
    /// Give an account another name: `rsalt '*' user.rename name new_name`
    "user.rename"("name, new_name, root=None") = |args, ctx| {
        let new = args.text("new_name");
        if info(ctx, &new, args.some_text("root").as_deref())?.is_some() {
            return Err(ExecError::command(format!("User '{new}' already exists")));
        }
        change(&args, ctx, "new_name", "name", &["-l"])
    };
    /// Set the further groups of an account: `rsalt '*' user.chgroups foo wheel,root`. append: keep those it has.
    "user.chgroups"("name, groups, append=False, root=None") = |args, ctx| {
        let wanted = names(args.arg("groups"));
        Ok(chgroups(ctx, &args.text("name"), &wanted, args.is_set("append", false), args.some_text("root"))?.into())
    };
    /// Change the full name of an account: `rsalt '*' user.chfullname foo "Foo Bar"`
    "user.chfullname"("name, fullname, root=None") = |args, ctx| gecos(&args, ctx, "fullname");
    /// Change the room number of an account: `rsalt '*' user.chroomnumber foo 123`
    "user.chroomnumber"("name, roomnumber, root=None") = |args, ctx| gecos(&args, ctx, "roomnumber");
    /// Change the work phone of an account: `rsalt '*' user.chworkphone foo 7735550123`
    "user.chworkphone"("name, workphone, root=None") = |args, ctx| gecos(&args, ctx, "workphone");
    /// Change the home phone of an account: `rsalt '*' user.chhomephone foo 7735551234`
    "user.chhomephone"("name, homephone, root=None") = |args, ctx| gecos(&args, ctx, "homephone");
    /// Change the last field of what is said of an account: `rsalt '*' user.chother foobar other_value`
    "user.chother"("name, other, root=None") = |args, ctx| gecos(&args, ctx, "other");
}

/// What is said of an account, field by field.
const GECOS: [&str; 5] = ["fullname", "roomnumber", "workphone", "homephone", "other"];

/// The accounts of this machine, or of the system below a directory.
fn users(ctx: &Ctx<'_>, root: Option<&str>) -> Result<std::sync::Arc<Vec<User>>, ExecError> {
    match root {
        None => Ok(ctx.host.users()?),
        Some(root) => {
            let text = ctx.host.read(format!("{root}/etc/passwd").as_ref())?;
            Ok(std::sync::Arc::new(parse_passwd(&String::from_utf8_lossy(&text))))
        }
    }
}

/// What is known of an account.
pub(crate) fn info(ctx: &Ctx<'_>, name: &str, root: Option<&str>) -> Result<Option<Dict>, ExecError> {
    let users = users(ctx, root)?;
    users.iter().find(|user| user.name == name).map(|user| described(ctx, user)).transpose()
}

fn described(ctx: &Ctx<'_>, user: &User) -> Result<Dict, ExecError> {
    let mut said = user.gecos.splitn(GECOS.len(), ',');
    let mut out = Dict::new()
        .with("gid", user.gid)
        .with("groups", groups_of(ctx, &user.name)?)
        .with("home", user.home.as_str())
        .with("name", user.name.as_str())
        .with("passwd", "x")
        .with("shell", user.shell.as_str())
        .with("uid", user.uid);
    for field in GECOS {
        out.insert(field, said.next().unwrap_or_default());
    }
    Ok(out)
}

/// The groups of an account, its main one among them, sorted.
pub(crate) fn groups_of(ctx: &Ctx<'_>, name: &str) -> Result<Vec<String>, ExecError> {
    let main = ctx.host.users()?.iter().find(|user| user.name == name).map(|user| user.gid);
    let groups = ctx.host.groups()?;
    let mine =
        groups.iter().filter(|group| Some(group.gid) == main || group.members.iter().any(|m| m == name));
    let mut names: Vec<String> = mine.map(|group| group.name.clone()).collect();
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// Names as a list, or in one text with commas between them.
pub(crate) fn names(value: &Value) -> Vec<String> {
    match value {
        Value::None => Vec::new(),
        Value::List(names) => names.iter().map(Value::to_string).collect(),
        names => names.to_string().split(',').map(str::to_owned).collect(),
    }
}

fn add(args: &Dict, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    let (name, local) = (args.text("name"), args.is_set("local", false));
    let given = |key: &str| args.some_text(key).filter(|text| !text.is_empty());
    let (root, groups) = (args.some_text("root"), names(args.arg("groups")));
    tool::checked("user", &name)?;
    let mut cmd = Cmd::new(if local { "luseradd" } else { "useradd" });
    for (key, flag) in [("shell", "-s"), ("uid", "-u"), ("gid", "-g")] {
        if let Some(value) = given(key) {
            cmd = cmd.args([flag, &value]);
        }
    }
    let own_group = args.get("usergroup").filter(|wanted| !wanted.is_none()).map(Value::is_true);
    if given("gid").is_none() {
        if own_group == Some(true) {
            cmd = cmd.args((!local).then_some("-U"));
        } else if groups.contains(&name)
            && makes_own_groups(ctx)
            && let Some(group) = ctx.host.group(&name)?
        {
            // It would be made, and is there already.
            cmd = cmd.args(["-g", &group.gid.to_string()]);
        }
    }
    if own_group == Some(false) {
        cmd = cmd.arg(if local { "-n" } else { "-N" });
    }
    match args.is_set("createhome", true) {
        true => cmd = cmd.args((!local).then_some("-m")),
        false => cmd = cmd.arg("-M"),
    }
    cmd = cmd.args(args.is_set("nologinit", false).then_some("-l"));
    if let Some(home) = args.some_text("home") {
        cmd = cmd.args(["-d", &home]);
    }
    cmd = cmd.args((!args.is_set("unique", true)).then_some("-o"));
    cmd = cmd.args(args.is_set("system", false).then_some("-r"));
    if let Some(root) = root.as_deref().filter(|_| !local) {
        cmd = cmd.args(["-R", root]);
    }
    if !tool::did(ctx, &cmd.arg("--").arg(&name))? {
        return Ok(false.into());
    }
    if !groups.is_empty() {
        chgroups(ctx, &name, &groups, false, root.clone())?;
    }
    for field in GECOS {
        if let Some(value) = given(field) {
            set_gecos(ctx, &name, field, &value, root.as_deref())?;
        }
    }
    Ok(true.into())
}

/// Whether `useradd` makes a group for every account.
fn makes_own_groups(ctx: &Ctx<'_>) -> bool {
    let text = ctx.host.read_opt("/etc/login.defs".as_ref()).ok().flatten().unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.lines()
        .find_map(|line| line.trim_start().strip_prefix("USERGROUPS_ENAB"))
        .is_some_and(|v| v.contains("yes"))
}

fn delete(args: &Dict, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    let (name, local) = (args.text("name"), args.is_set("local", false));
    tool::checked("user", &name)?;
    let mut cmd = Cmd::new(if local { "luserdel" } else { "userdel" });
    cmd = cmd.args(args.is_set("remove", false).then_some("-r"));
    cmd = cmd.args((args.is_set("force", false) && !local).then_some("-f"));
    if let Some(root) = args.some_text("root").filter(|_| !local) {
        cmd = cmd.args(["-R", &root]);
    }
    let output = tool::run(ctx, &cmd.arg("--").arg(name))?;
    // Debian's says 12 when there is no mail spool to remove.
    let no_mail = ["var/mail", "var/spool/mail"].iter().any(|dir| output.err().contains(dir));
    Ok((output.ok() || (output.code == 12 && no_mail && ctx.grain_str("os_family") == "Debian")).into())
}

/// `usermod` with one setting.
fn usermod(root: Option<&str>, flags: &[&str], value: &str, name: &str) -> Result<Cmd, ExecError> {
    let mut cmd = Cmd::new("usermod");
    if let Some(root) = root {
        cmd = cmd.args(["-R", root]);
    }
    Ok(cmd.args(flags.iter().copied()).arg(value).arg("--").arg(tool::checked("user", name)?))
}

/// Changes one attribute, if it is another one; whether it is then as it should be.
fn change(args: &Dict, ctx: &Ctx<'_>, arg: &str, key: &str, flags: &[&str]) -> Result<Value, ExecError> {
    let (name, root, value) = (args.text("name"), args.some_text("root"), args.text(arg));
    let Some(before) = info(ctx, &name, root.as_deref())? else {
        return Err(ExecError::command(format!("User '{name}' does not exist")));
    };
    if before.text(key) == value {
        return Ok(true.into());
    }
    tool::did(ctx, &usermod(root.as_deref(), flags, &value, &name)?)?;
    let after = info(ctx, if key == "name" { &value } else { &name }, root.as_deref())?;
    Ok(after.is_some_and(|after| after.text(key) == value).into())
}

fn chgroups(
    ctx: &Ctx<'_>,
    name: &str,
    wanted: &[String],
    append: bool,
    root: Option<String>,
) -> Result<bool, ExecError> {
    let mut sorted = wanted.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    if root.is_none() && groups_of(ctx, name)? == sorted {
        return Ok(true);
    }
    let flags: &[&str] = if append { &["-a", "-G"] } else { &["-G"] };
    let output = tool::run(ctx, &usermod(root.as_deref(), flags, &wanted.join(","), name)?)?;
    if !output.ok() && output.err().contains("not found in") {
        // An account that is not in the files of this machine, such as one of a directory service.
        let mut all = true;
        for group in wanted {
            all &= tool::did(ctx, &Cmd::of("gpasswd", ["-a", name, "--", tool::checked("group", group)?]))?;
        }
        return Ok(all);
    }
    Ok(output.ok())
}

fn gecos(args: &Dict, ctx: &Ctx<'_>, field: &str) -> Result<Value, ExecError> {
    let value = args.some_text(field).unwrap_or_default();
    set_gecos(ctx, &args.text("name"), field, &value, args.some_text("root").as_deref())
}

fn set_gecos(
    ctx: &Ctx<'_>,
    name: &str,
    field: &str,
    value: &str,
    root: Option<&str>,
) -> Result<Value, ExecError> {
    if value.contains([':', '\n']) {
        return Err(ExecError::invocation(format!("'{value}' cannot stand in /etc/passwd")));
    }
    let Some(mut info) = info(ctx, name, root)? else { return Ok(false.into()) };
    if info.text(field) == value {
        return Ok(true.into());
    }
    info.insert(field, value);
    let all: Vec<String> = GECOS.iter().map(|field| info.text(field)).collect();
    let all = all.join(",");
    tool::did(ctx, &usermod(root, &["-c"], all.trim_end_matches(','), name)?)?;
    let after = self::info(ctx, name, root)?;
    Ok(after.is_some_and(|after| after.text(field) == value).into())
}
