//! Known hosts, through `ssh-keygen` and `ssh-keyscan`.

use std::path::{Path, PathBuf};

use data::{Dict, Value};

use super::{fingerprint, kind, text};
use crate::Ctx;
use crate::exec::plain::Given;
use crate::exec::{ExecError, tool};
use crate::hash::Kind;
use crate::host::{Cmd, User};

const PORT: i64 = 22;
/// How often a host that shows nothing is asked.
const ATTEMPTS: usize = 5;

/// The file of known hosts, and whose it is.
struct File {
    path: PathBuf,
    user: Option<User>,
}

fn error(text: impl Into<String>) -> Value {
    Dict::new().with("status", "error").with("error", text.into()).into()
}

fn given(args: &Dict, name: &str) -> Option<String> {
    args.some_text(name).filter(|text| !text.is_empty())
}

impl File {
    /// The file that the arguments mean; an error is what the function returns.
    fn of(args: &Dict, ctx: &Ctx<'_>) -> Result<Result<File, Value>, ExecError> {
        let name = given(args, "user");
        let default = if name.is_some() { ".ssh/known_hosts" } else { "/etc/ssh/ssh_known_hosts" };
        let config = PathBuf::from(given(args, "config").unwrap_or_else(|| default.to_owned()));
        let Some(name) = name else {
            return Ok(match config.is_absolute() {
                true => Ok(File { path: config, user: None }),
                false => Err(error("Cannot determine absolute path to file.")),
            });
        };
        let user = ctx.host.users()?.iter().find(|user| user.name == name).cloned();
        Ok(match user {
            Some(user) => Ok(File { path: Path::new(&user.home).join(config), user: Some(user) }),
            None => Err(error(format!("User {name} does not exist"))),
        })
    }

    fn shown(&self) -> String {
        self.path.display().to_string()
    }

    /// Gives what was written to the account.
    fn own(&self, ctx: &Ctx<'_>, path: &Path) -> Result<(), ExecError> {
        if let Some(user) = self.user.as_ref().filter(|_| ctx.host.euid() == 0) {
            ctx.host.chown(path, Some(user.uid), Some(user.gid), false)?;
        }
        Ok(())
    }

    /// What `ssh-keygen -F` prints of a host.
    fn found(&self, ctx: &Ctx<'_>, host: &str) -> Result<String, ExecError> {
        Ok(tool::run(ctx, &Cmd::of("ssh-keygen", ["-F", host, "-f", &self.shown()]))?.out())
    }
}

/// A host as files of known hosts name it.
fn named(args: &Dict) -> Result<String, ExecError> {
    let name = args.text("hostname");
    if name.starts_with('-') || name.contains(char::is_whitespace) {
        return Err(ExecError::invocation(format!("'{name}' is not the name of a host")));
    }
    Ok(match port(args) {
        None | Some(PORT) => name,
        Some(port) => format!("[{name}]:{port}"),
    })
}

fn port(args: &Dict) -> Option<i64> {
    args.text("port").parse().ok()
}

/// The keys in lines of host, kind and key.
fn parse(text: &str, kind: Kind) -> Vec<Dict> {
    let one = |line: &str| {
        let mut words = line.split_whitespace();
        let (host, enc, key, end) = (words.next()?, words.next()?, words.next()?, words.next());
        let print = fingerprint(key, kind).filter(|_| end.is_none() && !host.starts_with('#'))?;
        Some(Dict::new().with("hostname", host).with("key", key).with("enc", enc).with("fingerprint", print))
    };
    text.lines().filter_map(one).collect()
}

fn listed(entries: Vec<Dict>) -> Value {
    if entries.is_empty() { Value::None } else { entries.into() }
}

/// What is known of a host; an error is what the functions return.
pub(crate) fn entries(args: &Dict, ctx: &Ctx<'_>) -> Result<Result<Vec<Dict>, Value>, ExecError> {
    let (host, kind) = (named(args)?, kind(args)?);
    Ok(match File::of(args, ctx)? {
        Ok(file) => Ok(parse(&file.found(ctx, &host)?, kind)),
        Err(refused) => Err(refused),
    })
}

pub(super) fn get(args: &Dict, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    Ok(entries(args, ctx)?.map_or_else(|refused| refused, listed))
}

/// The keys that a host shows.
fn shown_by(args: &Dict, ctx: &Ctx<'_>) -> Result<Vec<Dict>, ExecError> {
    named(args)?;
    let kind = kind(args)?;
    let mut cmd = Cmd::new("ssh-keyscan");
    for (name, flag) in [("port", "-p"), ("enc", "-t")] {
        if let Some(value) = given(args, name) {
            cmd = cmd.args([flag, &value]);
        }
    }
    cmd = cmd.args(args.is_set("hash_known_hosts", true).then_some("-H"));
    let timeout = given(args, "timeout").unwrap_or_else(|| "5".to_owned());
    cmd = cmd.args(["-T", &timeout, &args.text("hostname")]);
    for _ in 0..ATTEMPTS {
        let out = tool::run(ctx, &cmd)?.out();
        if !out.trim().is_empty() {
            return Ok(parse(&out, kind));
        }
    }
    Ok(Vec::new())
}

pub(super) fn receive(args: &Dict, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    Ok(listed(shown_by(args, ctx)?))
}

fn has(entries: &[Dict], name: &str, value: &str) -> bool {
    entries.iter().any(|entry| entry.text(name) == value)
}

pub(super) fn check(args: &Dict, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    if given(args, "hostname").is_none() {
        return Ok(error("hostname argument required"));
    }
    let known = match entries(args, ctx)? {
        Ok(known) => known,
        Err(refused) => return Ok(refused),
    };
    let fits = match (given(args, "key"), given(args, "fingerprint")) {
        _ if known.is_empty() => return Ok("add".into()),
        (Some(key), _) => has(&known, "key", &key),
        (None, Some(print)) => has(&known, "fingerprint", &print),
        (None, None) => true,
    };
    Ok(if fits { "exists" } else { "update" }.into())
}

pub(super) fn remove(args: &Dict, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    if given(args, "hostname").is_none() {
        return Ok(error("hostname argument required"));
    }
    let host = named(args)?;
    let file = match File::of(args, ctx)? {
        Ok(file) => file,
        Err(refused) => return Ok(refused),
    };
    if !ctx.host.is_file(&file.path) {
        return Ok(error(format!("Known hosts file {} does not exist", file.shown())));
    }
    let output = tool::run(ctx, &Cmd::of("ssh-keygen", ["-R", &host, "-f", &file.shown()]))?;
    file.own(ctx, &file.path)?;
    let said = format!("{}{}", output.out(), output.err());
    Ok(Dict::new().with("status", "removed").with("comment", said.trim_end()).into())
}

pub(super) fn hide(args: &Dict, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    match File::of(args, ctx)? {
        Ok(file) => hidden(&file, ctx),
        Err(refused) => Ok(refused),
    }
}

fn hidden(file: &File, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    let Some(stat) = ctx.host.stat(&file.path)? else {
        return Ok(error(format!("Known hosts file {} does not exist", file.shown())));
    };
    let output = tool::run(ctx, &Cmd::of("ssh-keygen", ["-H", "-f", &file.shown()]))?;
    ctx.host.chmod(&file.path, stat.mode)?;
    file.own(ctx, &file.path)?;
    let said = format!("{}{}", output.out(), output.err());
    Ok(Dict::new().with("status", "updated").with("comment", said.trim_end()).into())
}

pub(super) fn set(args: &Dict, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    if given(args, "hostname").is_none() {
        return Ok(error("hostname argument required"));
    }
    let hash = args.is_set("hash_known_hosts", true);
    if port(args).is_some_and(|port| port != PORT) && hash {
        return Ok(error("argument port can not be used in conjunction with argument hash_known_hosts"));
    }
    let stored = match entries(args, ctx)? {
        Ok(stored) => stored,
        Err(refused) => return Ok(refused),
    };
    let (enc, key, print) = (given(args, "enc"), given(args, "key"), given(args, "fingerprint"));
    let keys = |entries: &[Dict]| -> Vec<String> { entries.iter().map(|entry| entry.text("key")).collect() };
    let of_kind: Vec<Dict> = stored
        .iter()
        .filter(|entry| enc.as_ref().is_none_or(|enc| entry.text("enc") == *enc))
        .cloned()
        .collect();
    let exists = || Ok(Dict::new().with("status", "exists").with("keys", keys(&of_kind)).into());
    let outdated = stored.is_empty()
        || print.as_ref().is_some_and(|print| !has(&stored, "fingerprint", print))
        || key.as_ref().is_some_and(|key| !has(&of_kind, "key", key));
    let check = key.is_none() && print.is_none();
    if !outdated && !check {
        return exists();
    }
    let new = match &key {
        Some(key) => {
            let entry = Dict::new().with("hostname", args.text("hostname")).with("enc", enc.clone());
            vec![entry.with("key", key.as_str())]
        }
        None => {
            let shown = shown_by(args, ctx)?;
            if shown.is_empty() {
                return Ok(error("Unable to receive remote host keys"));
            }
            if print.as_ref().is_some_and(|print| !has(&shown, "fingerprint", print)) {
                return Ok(error(
                    "Remote host public keys found but none of their fingerprints match the one you have provided",
                ));
            }
            let all =
                |some: &[Dict], of: &[Dict]| some.iter().all(|entry| has(of, "key", &entry.text("key")));
            if !outdated && all(&shown, &of_kind) && all(&of_kind, &shown) {
                return exists();
            }
            shown
        }
    };
    let file = match File::of(args, ctx)? {
        Ok(file) => file,
        Err(refused) => return Ok(refused),
    };
    write(&file, &new, args, ctx)?;
    if key.is_some() && hash {
        hidden(&file, ctx)?;
    }
    Ok(Dict::new().with("status", "updated").with("old", listed(stored)).with("new", new).into())
}

/// Writes the keys of a host in place of those that it had.
fn write(file: &File, new: &[Dict], args: &Dict, ctx: &Ctx<'_>) -> Result<(), ExecError> {
    let before = text(ctx, &file.shown());
    let mut out = String::new();
    if let Some(before) = &before {
        let gone = lines_of(&file.found(ctx, &named(args)?)?, given(args, "enc").as_deref());
        for (at, line) in before.lines().enumerate().filter(|(at, _)| !gone.contains(&(at + 1))) {
            tracing::trace!("line {at} stays");
            out.push_str(line);
            out.push('\n');
        }
    }
    let plain = args.is_set("hash_known_hosts", true) || port(args).is_none_or(|port| port == PORT);
    for entry in new {
        let host = entry.text("hostname");
        let host = match port(args) {
            Some(port) if !plain && !host.contains(':') => format!("[{host}]:{port}"),
            _ => host,
        };
        out.push_str(&format!("{host} {} {}\n", entry.text("enc"), entry.text("key")));
    }
    if let Some(dir) = file.path.parent().filter(|dir| !ctx.host.is_dir(dir)) {
        ctx.host.mkdir_all(dir, None)?;
        if file.user.is_some() {
            ctx.host.chmod(dir, 0o700)?;
            file.own(ctx, dir)?;
        }
    }
    let mode = if before.is_none() { Some(0o600) } else { None };
    ctx.host.write_atomic(&file.path, out.as_bytes(), mode)?;
    file.own(ctx, &file.path)
}

/// The lines of the file that `ssh-keygen -F` found, those with another kind of key left out.
fn lines_of(found: &str, enc: Option<&str>) -> Vec<usize> {
    let (mut out, mut number) = (Vec::new(), None);
    for line in found.lines() {
        if line.starts_with('#') {
            number = line.split_whitespace().last().and_then(|word| word.parse().ok());
        } else if let Some(at) = number.take()
            && enc.is_none_or(|enc| line.split_whitespace().rev().nth(1) == Some(enc))
        {
            out.push(at);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOUND: &str = "# Host example.org found: line 3\nexample.org ssh-rsa AAAA\n# Host example.org found: line 5\n\
                         |1|a=|b= ssh-ed25519 AAAB\n";

    #[test]
    fn what_ssh_keygen_found() {
        assert_eq!(lines_of(FOUND, None), [3, 5]);
        assert_eq!(lines_of(FOUND, Some("ssh-rsa")), [3]);
        let entries = parse(FOUND, Kind::Sha256);
        assert_eq!(entries.len(), 2);
        assert_eq!(entries.last().map(|e| e.text("enc")).as_deref(), Some("ssh-ed25519"));
        assert!(parse("a b\nx y not!base64\n", Kind::Sha256).is_empty());
    }
}
