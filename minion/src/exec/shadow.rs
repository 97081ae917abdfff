//! `shadow`: passwords and how long they last.

use chrono::NaiveDate;
use data::{Dict, Value};
use ring::rand::{SecureRandom, SystemRandom};

use super::plain::{Given, functions};
use super::{ExecError, crypt, tool};
use crate::Ctx;
use crate::host::Cmd;

functions! {
    /// Return the line of an account in `/etc/shadow`; empty texts when there is none: `rsalt '*' shadow.info root`
    ///
    /// root: of the system below this directory.
    "shadow.info"("name, root=None") = |args, ctx| Ok(info_for(&args, ctx).into());
    /// Return the names of all accounts that have a line there, sorted: `rsalt '*' shadow.list_users`
    "shadow.list_users"("root=None") = |args, ctx| {
        let text = text(ctx, args.some_text("root").as_deref());
        let mut names: Vec<&str> = text.lines().filter_map(|line| line.split(':').next()).collect();
        names.sort_unstable();
        Ok(names.into())
    };
    /// Return what stands for the password of an account that has none yet: `rsalt '*' shadow.default_hash`
    "shadow.default_hash"("") = |_, _| Ok("!".into());
    /// Return the hash of a password for `/etc/shadow`: `rsalt '*' shadow.gen_password 'I_am_password'`
    ///
    /// crypt_salt: this salt; else a random one. algorithm: sha512 or sha256.
    "shadow.gen_password"("password, crypt_salt=None, algorithm='sha512'") = |args, _| {
        let name = args.some_text("algorithm").unwrap_or_else(|| "sha512".to_owned());
        let id = match name.as_str() {
            "sha512" => "6",
            "sha256" => "5",
            _ => return Err(ExecError::invocation(format!("Algorithm '{name}' is not supported: use sha512 or sha256"))),
        };
        let salt = args.some_text("crypt_salt").map_or_else(random_salt, Ok)?;
        hashed(&args.text("password"), &format!("${id}${salt}")).map(Value::from)
    };
    /// Set the hash of the password of an account: `rsalt '*' shadow.set_password root '$6$salt$hash'`
    ///
    /// use_usermod: with `usermod -p` instead of in the file.
    "shadow.set_password"("name, password, use_usermod=False, root=None") = |args, ctx| set_password(&args, ctx);
    /// Take the password of an account away: `rsalt '*' shadow.del_password username`
    "shadow.del_password"("name, root=None") = |args, ctx| {
        passwd(&args, ctx, "-d")?;
        let after = info_for(&args, ctx);
        Ok((after.text("passwd").is_empty() && after.text("name") == args.text("name")).into())
    };
    /// Lock the password of an account: `rsalt '*' shadow.lock_password username`
    "shadow.lock_password"("name, root=None") = |args, ctx| lock(&args, ctx, true);
    /// Unlock the password of an account: `rsalt '*' shadow.unlock_password username`
    "shadow.unlock_password"("name, root=None") = |args, ctx| lock(&args, ctx, false);
    /// Set after how many days without a new password an account is locked: `rsalt '*' shadow.set_inactdays username 7`
    "shadow.set_inactdays"("name, inactdays, root=None") = |args, ctx| set(&args, ctx, "inact", "inactdays", "-I");
    /// Set for how many days a password is good: `rsalt '*' shadow.set_maxdays username 90`
    "shadow.set_maxdays"("name, maxdays, root=None") = |args, ctx| set(&args, ctx, "max", "maxdays", "-M");
    /// Set for how many days a password has to stay: `rsalt '*' shadow.set_mindays username 7`
    "shadow.set_mindays"("name, mindays, root=None") = |args, ctx| set(&args, ctx, "min", "mindays", "-m");
    /// Set how many days before its end a password is warned of: `rsalt '*' shadow.set_warndays username 7`
    "shadow.set_warndays"("name, warndays, root=None") = |args, ctx| set(&args, ctx, "warn", "warndays", "-W");
    /// Set the day of the last change, in days since 1970 or as YYYY-MM-DD: `rsalt '*' shadow.set_date username 0`
    "shadow.set_date"("name, date, root=None") = |args, ctx| set(&args, ctx, "lstchg", "date", "-d");
    /// Set the day on which an account ends, in days since 1970 or as YYYY-MM-DD; -1: never: `rsalt '*' shadow.set_expire username -1`
    "shadow.set_expire"("name, expire, root=None") = |args, ctx| set(&args, ctx, "expire", "expire", "-E");
}

const FIELDS: [&str; 8] = ["name", "passwd", "lstchg", "min", "max", "warn", "inact", "expire"];

fn path(root: Option<&str>) -> String {
    format!("{}/etc/shadow", root.unwrap_or_default())
}

fn text(ctx: &Ctx<'_>, root: Option<&str>) -> String {
    let text = ctx.host.read_opt(path(root).as_ref()).ok().flatten().unwrap_or_default();
    String::from_utf8_lossy(&text).into_owned()
}

fn info_for(args: &Dict, ctx: &Ctx<'_>) -> Dict {
    info(ctx, &args.text("name"), args.some_text("root").as_deref())
}

/// The line of an account; empty texts when there is none.
pub(crate) fn info(ctx: &Ctx<'_>, name: &str, root: Option<&str>) -> Dict {
    let text = text(ctx, root);
    let line = text.lines().find(|line| line.split(':').next() == Some(name));
    let values = line.map(|line| line.split(':').collect::<Vec<_>>());
    let field = |(at, field): (usize, &&'static str)| {
        let value = match &values {
            None => Value::from(""),
            Some(values) => {
                let text = values.get(at).copied().unwrap_or_default();
                if at < 2 { text.into() } else { text.parse::<i64>().unwrap_or(-1).into() }
            }
        };
        (*field, value)
    };
    FIELDS.iter().enumerate().map(field).collect()
}

/// Days since 1970: a number, or a date as YYYY-MM-DD.
pub(crate) fn days(value: &Value) -> Option<i64> {
    let text = value.to_string();
    let text = text.trim();
    text.parse().ok().or_else(|| {
        let date = text.get(..10).filter(|_| text.len() == 10 || text.get(10..11) == Some(" "))?;
        let date = NaiveDate::parse_from_str(date, "%Y-%m-%d").ok()?;
        Some(date.signed_duration_since(NaiveDate::default()).num_days())
    })
}

/// The hash of a password under a setting.
pub(crate) fn hashed(password: &str, setting: &str) -> Result<String, ExecError> {
    crypt::crypt(password, setting).ok_or_else(|| {
        ExecError::command("the password cannot be hashed: its length or its salt is out of bounds")
    })
}

pub(crate) fn random_salt() -> Result<String, ExecError> {
    let mut bytes = [0; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| ExecError::command("the system gives no random numbers"))?;
    Ok(crypt::salt(&bytes))
}

/// A tool on the account, below `root`.
fn on(args: &Dict, program: &str, flags: &[&str]) -> Result<Cmd, ExecError> {
    let mut cmd = Cmd::new(program);
    if let Some(root) = args.some_text("root") {
        cmd = cmd.args(["-R", &root]);
    }
    let name = args.text("name");
    Ok(cmd.args(flags.iter().copied()).arg("--").arg(tool::checked("user", &name)?))
}

fn set(args: &Dict, ctx: &Ctx<'_>, key: &str, arg: &str, flag: &str) -> Result<Value, ExecError> {
    let before = info_for(args, ctx);
    let wanted = days(args.arg(arg));
    if before.text("name").is_empty() || wanted.is_none() {
        return Ok(false.into());
    }
    if before.arg(key).as_int() == wanted {
        return Ok(true.into());
    }
    let wanted = wanted.unwrap_or_default();
    tool::did(ctx, &on(args, "chage", &[flag, &wanted.to_string()])?)?;
    Ok((info_for(args, ctx).arg(key).as_int() == Some(wanted)).into())
}

fn passwd(args: &Dict, ctx: &Ctx<'_>, flag: &str) -> Result<bool, ExecError> {
    tool::did(ctx, &on(args, "passwd", &[flag])?)
}

fn lock(args: &Dict, ctx: &Ctx<'_>, locked: bool) -> Result<Value, ExecError> {
    let is = |info: Dict| info.text("passwd").starts_with('!');
    let before = info_for(args, ctx);
    if before.text("name").is_empty() {
        return Ok(false.into());
    }
    if is(before) != locked {
        passwd(args, ctx, if locked { "-l" } else { "-u" })?;
    }
    Ok((is(info_for(args, ctx)) == locked).into())
}

fn set_password(args: &Dict, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    let (name, password, root) = (args.text("name"), args.text("password"), args.some_text("root"));
    let root = root.as_deref();
    if super::user::info(ctx, &name, root)?.is_none() {
        tracing::warn!("user {name} does not exist, cannot set password");
        return Ok(false.into());
    }
    if password.contains([':', '\n']) {
        return Err(ExecError::invocation("the hash of a password has no colon and is one line"));
    }
    if args.is_set("use_usermod", false) {
        let mut cmd = Cmd::new("usermod");
        if let Some(root) = root {
            cmd = cmd.args(["-R", root]);
        }
        tool::did(ctx, &cmd.arg("-p").secret(&password).arg("--").arg(tool::checked("user", &name)?))?;
        return Ok((info_for(args, ctx).text("passwd") == password).into());
    }
    if !ctx.host.is_file(path(root).as_ref()) {
        return Ok(Value::dict());
    }
    let today = days_now(ctx).to_string();
    let (mut out, mut found) = (String::new(), false);
    for line in text(ctx, root).lines() {
        if line.split(':').next() == Some(name.as_str()) {
            found = true;
            let mut fields: Vec<&str> = line.split(':').take(9).collect();
            fields.resize(9, "");
            if let [_, hash, changed, ..] = fields.as_mut_slice() {
                (*hash, *changed) = (&password, &today);
            }
            out.push_str(&fields.join(":"));
        } else {
            out.push_str(line);
        }
        out.push('\n');
    }
    if !found {
        out.push_str(&format!("{name}:{password}:{today}::::::\n"));
    }
    ctx.host.write_atomic(path(root).as_ref(), out.as_bytes(), None)?;
    Ok((info_for(args, ctx).text("passwd") == password).into())
}

fn days_now(ctx: &Ctx<'_>) -> u64 {
    ctx.host
        .now()
        .duration_since(std::time::UNIX_EPOCH)
        .map(|time| time.as_secs() / 86400)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates() {
        for (given, want) in [
            (Value::from(17), Some(17)),
            ("-1".into(), Some(-1)),
            ("1970-01-02".into(), Some(1)),
            ("2026-11-30 00:00:00".into(), Some(20787)),
            ("soon".into(), None),
        ] {
            assert_eq!(days(&given), want, "{given}");
        }
    }
}
