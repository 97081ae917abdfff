//! Who may log in to an account: `authorized_keys`.

use std::path::Path;

use data::{Dict, Value};

use super::{fingerprint, kind, text};
use crate::Ctx;
use crate::exec::plain::Given;
use crate::exec::{ExecError, user};
use crate::fileclient::Source;
use crate::hash::Kind;
use crate::host::{Cmd, User};

/// A public key as `authorized_keys` has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Key {
    pub(crate) options: Vec<String>,
    pub(crate) enc: String,
    pub(crate) key: String,
    pub(crate) comment: String,
}

impl Key {
    /// A whole line; none when it has no kind of key in it.
    pub(crate) fn parse(line: &str) -> Option<Key> {
        let line = line.trim();
        let at = kind_at(line)?;
        let (options, rest) = line.split_at(at);
        let mut words = rest.split_whitespace();
        let (enc, key) = (words.next()?.to_owned(), words.next()?.to_owned());
        let options = options.trim_end();
        let options =
            if options.is_empty() { Vec::new() } else { options.split(',').map(str::to_owned).collect() };
        Some(Key { options, enc, key, comment: words.collect::<Vec<_>>().join(" ") })
    }

    /// The line that it is.
    fn line(&self) -> String {
        let options = self.options.join(",");
        let space = if options.is_empty() { "" } else { " " };
        format!("{options}{space}{} {} {}", self.enc, self.key, self.comment)
    }

    /// Whether it can be a key at all.
    pub(crate) fn is_valid(&self) -> bool {
        fingerprint(&self.key, Kind::Sha256).is_some()
            && !self.options.iter().any(|option| option.contains('\n'))
            && !self.comment.contains('\n')
    }
}

/// Where the kind of a key begins: at the start, or behind options and a space. Options may have both in quotes.
fn kind_at(line: &str) -> Option<usize> {
    let (mut quoted, mut begins) = (false, true);
    for (at, c) in line.char_indices() {
        if begins && !quoted {
            let rest = line.get(at..)?;
            let name = rest.strip_prefix("sk-").unwrap_or(rest);
            let (word, more) = name.split_once(char::is_whitespace).unwrap_or((name, ""));
            let named = word.strip_prefix("ssh-").or_else(|| word.strip_prefix("ecds"));
            let good = |c: char| c.is_alphanumeric() || "_@.-".contains(c);
            if named.is_some_and(|rest| !rest.is_empty() && rest.chars().all(good)) && !more.trim().is_empty()
            {
                return Some(at);
            }
        }
        if c == '"' && !line.get(..at).is_some_and(|before| before.ends_with('\\')) {
            quoted = !quoted;
        }
        begins = c.is_whitespace();
    }
    None
}

/// The keys of a file, each once. Lines that are none are left out.
pub(crate) fn keys_in(text: &str) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for key in text.lines().filter(|line| !line.trim_start().starts_with('#')).filter_map(Key::parse) {
        match keys.iter_mut().find(|is| is.key == key.key) {
            Some(is) => *is = key,
            None if fingerprint(&key.key, Kind::Sha256).is_some() => keys.push(key),
            None => {}
        }
    }
    keys
}

/// The kind of a key under the name that OpenSSH gives it.
pub(crate) fn refined(enc: &str) -> Result<&str, ExecError> {
    const ALSO: [&str; 13] = [
        "rsa-sha2-512",
        "rsa-sha2-256",
        "rsa-sha2-512-cert-v01@openssh.com",
        "rsa-sha2-256-cert-v01@openssh.com",
        "ssh-rsa-cert-v01@openssh.com",
        "ecdsa-sha2-nistp256-cert-v01@openssh.com",
        "ecdsa-sha2-nistp384-cert-v01@openssh.com",
        "ecdsa-sha2-nistp521-cert-v01@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
        "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
        "ssh-ed25519-cert-v01@openssh.com",
        "sk-ssh-ed25519@openssh.com",
        "sk-ssh-ed25519-cert-v01@openssh.com",
    ];
    Ok(match enc {
        "r" | "rsa" | "ssh-rsa" => "ssh-rsa",
        "d" | "dsa" | "dss" | "ssh-dss" => "ssh-dss",
        "e" | "ecdsa" => "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp521" | "ecdsa-sha2-nistp384" | "ecdsa-sha2-nistp256" => enc,
        "ed25519" | "ssh-ed25519" => "ssh-ed25519",
        _ if ALSO.contains(&enc) => enc,
        _ => return Err(ExecError::command(format!("Incorrect encryption key type '{enc}'."))),
    })
}

/// The key that the arguments of a function describe.
pub(super) fn key_of(args: &Dict) -> Result<Key, ExecError> {
    let enc = args.some_text("enc").unwrap_or_else(|| "ssh-rsa".to_owned());
    Ok(Key {
        options: user::names(args.arg("options")),
        enc: refined(&enc)?.to_owned(),
        key: args.text("key"),
        comment: args.some_text("comment").unwrap_or_default(),
    })
}

/// The file of an account: `%u` and `%h` in its name are the account and its home.
pub(super) fn file(user: &User, config: &str) -> Result<String, ExecError> {
    let (mut path, mut chars) = (String::new(), config.chars());
    while let Some(c) = chars.next() {
        match (c, chars.as_str().chars().next()) {
            ('%', Some('%')) => path.push('%'),
            ('%', Some('u')) => path.push_str(&user.name),
            ('%', Some('h')) => path.push_str(&user.home),
            ('%', Some(other)) => {
                let problem = format!("AuthorizedKeysFile path: unknown token character \"%{other}\"");
                return Err(ExecError::command(problem));
            }
            ('%', None) => {
                return Err(ExecError::command(
                    "AuthorizedKeysFile path: Last character can't be escape character",
                ));
            }
            _ => {
                path.push(c);
                continue;
            }
        }
        chars.next();
    }
    Ok(if path.starts_with('/') { path } else { format!("{}/{path}", user.home) })
}

/// The keys of the file that `source` names; none when there is no such file.
pub(super) fn of_source(args: &Dict, ctx: &Ctx<'_>) -> Result<Option<Vec<Key>>, ExecError> {
    kind(args)?;
    let (source, saltenv) =
        (args.text("source"), args.some_text("saltenv").unwrap_or_else(|| "base".to_owned()));
    let Some(parsed) = Source::parse(&source) else { return Ok(None) };
    Ok(parsed.read(ctx, &saltenv)?.map(|data| keys_in(&String::from_utf8_lossy(&data))))
}

fn account(ctx: &Ctx<'_>, name: &str) -> Result<Option<User>, ExecError> {
    Ok(ctx.host.users()?.iter().find(|user| user.name == name).cloned())
}

/// What would become of a key: `add`, `update` or `exists`.
pub(crate) fn status_of(
    ctx: &Ctx<'_>,
    user: &str,
    config: &str,
    key: &Key,
) -> Result<&'static str, ExecError> {
    let Some(user) = account(ctx, user)? else { return Ok("add") };
    let is = text(ctx, &file(&user, config)?).map(|text| keys_in(&text)).unwrap_or_default();
    Ok(match is.iter().find(|is| is.key == key.key) {
        Some(is) if is.line() == key.line() => "exists",
        Some(_) => "update",
        None => "add",
    })
}

/// Lets a key log in: what was done, in Salt's words.
pub(super) fn set(ctx: &Ctx<'_>, name: &str, config: &str, key: &Key) -> Result<&'static str, ExecError> {
    let Some(user) = account(ctx, name)? else { return Ok("fail") };
    if !key.is_valid() {
        return Ok("Invalid public key");
    }
    let status = status_of(ctx, name, config, key)?;
    if status == "exists" {
        return Ok("no change");
    }
    let path = file(&user, config)?;
    let at = Path::new(&path);
    let home = Path::new(&user.home);
    if at.starts_with(home) && !ctx.host.is_dir(home) {
        return Ok("fail");
    }
    let before = text(ctx, &path);
    let mut lines: Vec<String> = Vec::new();
    for line in before.iter().flat_map(|text| text.lines()) {
        let is_it =
            !line.trim_start().starts_with('#') && Key::parse(line).is_some_and(|is| is.key == key.key);
        lines.push(if is_it { key.line() } else { line.to_owned() });
    }
    if status == "add" {
        lines.push(key.line());
    }
    if let Some(dir) = at.parent().filter(|dir| !ctx.host.is_dir(dir)) {
        ctx.host.mkdir_all(dir, None)?;
        own(ctx, dir, &user, 0o700)?;
    }
    let mode = if before.is_none() { Some(0o600) } else { None };
    ctx.host.write_atomic(at, (lines.join("\n") + "\n").as_bytes(), mode)?;
    if before.is_none() {
        own(ctx, at, &user, 0o600)?;
    }
    Ok(if status == "add" { "new" } else { "replace" })
}

/// Gives what was made to the account.
fn own(ctx: &Ctx<'_>, path: &Path, user: &User, mode: u32) -> Result<(), ExecError> {
    if ctx.host.euid() == 0 {
        ctx.host.chown(path, Some(user.uid), Some(user.gid), false)?;
    }
    ctx.host.chmod(path, mode)?;
    if ctx.host.which("restorecon").is_some() {
        ctx.run(&Cmd::of("restorecon", [path.display().to_string()]))?;
    }
    Ok(())
}

/// Keeps a key from logging in: what was done, in Salt's words.
pub(super) fn remove(ctx: &Ctx<'_>, name: &str, config: &str, key: &str) -> Result<&'static str, ExecError> {
    let Some(user) = account(ctx, name)? else { return Ok("Key not present") };
    let path = file(&user, config)?;
    let before = text(ctx, &path).unwrap_or_default();
    let is_it =
        |line: &&str| !line.trim_start().starts_with('#') && Key::parse(line).is_some_and(|is| is.key == key);
    if !before.lines().any(|line| is_it(&line)) {
        return Ok("Key not present");
    }
    let left: String = before.lines().filter(|line| !is_it(line)).map(|line| format!("{line}\n")).collect();
    ctx.host.write_atomic(path.as_ref(), left.as_bytes(), None)?;
    Ok("Key removed")
}

/// Keys in a name or in `ssh_keys`, with what the other arguments say where it does not.
impl Key {
    /// What a state's name says: a whole line, or a key and its comment.
    pub(crate) fn named(name: &str, otherwise: &Key) -> Key {
        if let Some(key) = Key::parse(name) {
            let comment = if key.comment.is_empty() { otherwise.comment.clone() } else { key.comment };
            let options = if key.options.is_empty() { otherwise.options.clone() } else { key.options };
            return Key { options, comment, ..key };
        }
        let name = name.trim();
        let (key, comment) = name.split_once(char::is_whitespace).unwrap_or((name, &otherwise.comment));
        Key { key: key.to_owned(), comment: comment.trim_start().to_owned(), ..otherwise.clone() }
    }
}

/// The arguments of `ssh.set_auth_key` for a key.
impl From<&Key> for Dict {
    fn from(key: &Key) -> Dict {
        let out = Dict::new().with("enc", key.enc.as_str()).with("comment", key.comment.as_str());
        out.with("options", key.options.iter().map(Value::from).collect::<Value>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_file() {
        let key = Key::parse("ssh-rsa AAAA me@here and more").unwrap();
        assert_eq!(
            (key.enc.as_str(), key.key.as_str(), key.comment.as_str()),
            ("ssh-rsa", "AAAA", "me@here and more")
        );
        let key = Key::parse("no-pty,command=\"ssh-add -l\" sk-ssh-ed25519@openssh.com AAAA").unwrap();
        assert_eq!(key.options, ["no-pty", "command=\"ssh-add -l\""]);
        assert_eq!(key.line(), "no-pty,command=\"ssh-add -l\" sk-ssh-ed25519@openssh.com AAAA ");
        assert_eq!(Key::parse("AAAAB3Nz me"), None);
        assert_eq!(Key::parse("ssh-rsa"), None);
        assert_eq!(
            keys_in("# ssh-rsa AAAA\nssh-rsa AAAA one\nssh-rsa !!! two\nssh-rsa AAAA three\n").len(),
            1
        );
    }

    #[test]
    fn names_of_states() {
        let otherwise = Key { enc: "ssh-dss".to_owned(), comment: "c".to_owned(), ..Key::default() };
        let named = |name| Key::named(name, &otherwise);
        assert_eq!((named("AAAA").enc, named("AAAA").comment), ("ssh-dss".to_owned(), "c".to_owned()));
        assert_eq!(named("AAAA me and you").comment, "me and you");
        assert_eq!(
            (named("ssh-rsa AAAA").enc, named("ssh-rsa AAAA").comment),
            ("ssh-rsa".to_owned(), "c".to_owned())
        );
    }

    #[test]
    fn paths() {
        let user = crate::host::parse_passwd("ann:x:1:1::/home/ann:").remove(0);
        let path = |config| file(&user, config).map_err(|e| e.to_string());
        assert_eq!(path(".ssh/keys").as_deref(), Ok("/home/ann/.ssh/keys"));
        assert_eq!(path("/etc/keys/%u%%").as_deref(), Ok("/etc/keys/ann%"));
        assert_eq!(path("%h/k").as_deref(), Ok("/home/ann/k"));
        assert!(path("%x").is_err() && path("x%").is_err());
    }
}
