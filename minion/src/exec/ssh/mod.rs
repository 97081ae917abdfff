//! `ssh`: the keys of this machine and of its accounts, who may log in with which, and the hosts that are known.

mod auth;
mod known;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use data::{Dict, Value};

use super::plain::{Given, functions};
use super::{ExecError, user};
use crate::Ctx;
use crate::hash::{self, Kind};
use crate::host::User;
pub use auth::Key;
pub(crate) use auth::{keys_in, refined, status_of};
pub(crate) use known::entries;

functions! {
    /// Return the machine's own SSH keys: `rsalt '*' ssh.host_keys`. private: false leaves the private ones out, certs:
    /// false the certificates.
    "ssh.host_keys"("keydir=None, private=True, certs=True") = |args, ctx| {
        let dir = args.some_text("keydir").unwrap_or_else(|| "/etc/ssh".to_owned());
        let mut out = Dict::new();
        for name in ctx.host.list_dir(dir.as_ref())? {
            let Some((kind, rest)) = name.strip_prefix("ssh_host_").and_then(|rest| rest.split_once("_key")) else { continue };
            let end = if rest.starts_with("-cert.pub") { "-cert.pub" } else if rest.starts_with(".pub") { ".pub" } else { "" };
            let wanted = match end {
                "" => args.is_set("private", true),
                ".pub" => true,
                _ => args.is_set("certs", true),
            };
            if wanted {
                let text = text(ctx, &format!("{dir}/{name}")).unwrap_or_default();
                out.insert(format!("{kind}{end}"), text.trim());
            }
        }
        Ok(out.into())
    };
    /// Return the SSH keys of an account: `rsalt '*' ssh.user_keys root`
    ///
    /// pubfile, prvfile: these files only; an empty text leaves that kind out.
    "ssh.user_keys"("user=None, pubfile=None, prvfile=None") = |args, ctx| {
        let mut out = Dict::new();
        for user in accounts(&args, ctx)? {
            let mut keys = Dict::new();
            for kind in ["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "identity"] {
                for (end, only) in [(".pub", "pubfile"), ("", "prvfile")] {
                    let path = match args.some_text(only) {
                        Some(path) if path.is_empty() => continue,
                        Some(path) => path,
                        None => format!("{}/.ssh/{kind}{end}", user.home),
                    };
                    if let Some(text) = text(ctx, &path) {
                        keys.insert(path.rsplit('/').next().unwrap_or_default(), text.trim());
                    }
                }
            }
            if !keys.is_empty() {
                out.insert(user.name, keys);
            }
        }
        Ok(out.into())
    };
    /// Whether a private key has a passphrase: `rsalt '*' ssh.key_is_encrypted /root/id_rsa`
    "ssh.key_is_encrypted"("key") = |args, ctx| Ok(is_encrypted(&text(ctx, &args.text("key")).unwrap_or_default()).into());
    /// Return who may log in to an account with which key: `rsalt '*' ssh.auth_keys root`
    ///
    /// user: a name or a list of names; without one all. config: the file, below the home. fingerprint_hash_type:
    /// sha256 or another hash.
    "ssh.auth_keys"("user=None, config='.ssh/authorized_keys', fingerprint_hash_type=None") = |args, ctx| {
        let one = !matches!(args.arg("user"), Value::None | Value::List(_));
        let mut out = Dict::new();
        for user in accounts(&args, ctx)? {
            let Some(text) = text(ctx, &auth::file(&user, &config(&args))?) else { continue };
            let keys: Dict = described(&keys_in(&text), kind(&args)?);
            if one {
                return Ok(keys.into());
            }
            out.insert(user.name, keys);
        }
        Ok(out.into())
    };
    /// Return what would become of a key: `rsalt '*' ssh.check_key <user> <key> <enc> <comment> <options>`
    ///
    /// Returns add, update or exists.
    "ssh.check_key"("user, key, enc, comment, options, config='.ssh/authorized_keys', cache_keys=None, \
                     fingerprint_hash_type=None") = |args, ctx| {
        kind(&args)?;
        Ok(status_of(ctx, &args.text("user"), &config(&args), &auth::key_of(&args)?)?.into())
    };
    /// Return what would become of the keys of a file: `rsalt '*' ssh.check_key_file root salt://ssh/keyfile`
    "ssh.check_key_file"("user, source, config='.ssh/authorized_keys', saltenv='base', fingerprint_hash_type=None") = |args, ctx| {
        let Some(keys) = auth::of_source(&args, ctx)? else { return Ok(Value::dict()) };
        let (user, config) = (args.text("user"), config(&args));
        let status = |key: Key| Ok((key.key.clone(), Value::from(status_of(ctx, &user, &config, &key)?)));
        Ok(keys.into_iter().map(status).collect::<Result<Dict, ExecError>>()?.into())
    };
    /// Let a key log in to an account: `rsalt '*' ssh.set_auth_key <user> '<key>' enc='ssh-ed25519'`
    ///
    /// Returns new, replace, no change, invalid, Invalid public key, or fail when there is no such account.
    "ssh.set_auth_key"("user, key, enc='ssh-rsa', comment='', options=None, config='.ssh/authorized_keys', \
                        cache_keys=None, fingerprint_hash_type=None") = |args, ctx| {
        if args.text("key").split_whitespace().count() != 1 {
            return Ok("invalid".into());
        }
        kind(&args)?;
        auth::set(ctx, &args.text("user"), &config(&args), &auth::key_of(&args)?).map(Value::from)
    };
    /// Let the keys of a file log in to an account: `rsalt '*' ssh.set_auth_key_from_file <user> salt://ssh_keys/<user>.pub`
    "ssh.set_auth_key_from_file"("user, source, config='.ssh/authorized_keys', saltenv='base', fingerprint_hash_type=None, \
                                  **kwargs") = |args, ctx| {
        let Some(keys) = auth::of_source(&args, ctx)? else {
            return Err(ExecError::command("Failed to pull key file from salt file server"));
        };
        if keys.is_empty() {
            return Ok("fail".into());
        }
        let options = user::names(args.arg("kwargs").get("options").unwrap_or(&Value::None));
        let mut all = Vec::new();
        for mut key in keys {
            if !options.is_empty() {
                key.options = options.clone();
            }
            all.push(auth::set(ctx, &args.text("user"), &config(&args), &key)?);
        }
        let first = ["fail", "replace", "new"].into_iter().find(|word| all.contains(word));
        Ok(first.unwrap_or("no change").into())
    };
    /// Keep a key from logging in to an account: `rsalt '*' ssh.rm_auth_key <user> <key>`
    ///
    /// Returns Key removed or Key not present.
    "ssh.rm_auth_key"("user, key, config='.ssh/authorized_keys', fingerprint_hash_type=None") = |args, ctx| {
        kind(&args)?;
        Ok(auth::remove(ctx, &args.text("user"), &config(&args), &args.text("key"))?.into())
    };
    /// Keep the keys of a file from logging in to an account: `rsalt '*' ssh.rm_auth_key_from_file <user> salt://ssh_keys/<user>.pub`
    "ssh.rm_auth_key_from_file"("user, source, config='.ssh/authorized_keys', saltenv='base', fingerprint_hash_type=None") =
        |args, ctx| {
        let Some(keys) = auth::of_source(&args, ctx)? else {
            return Err(ExecError::command("Failed to pull key file from salt file server"));
        };
        if keys.is_empty() {
            return Ok("fail".into());
        }
        let mut all = Vec::new();
        for key in keys {
            all.push(auth::remove(ctx, &args.text("user"), &config(&args), &key.key)?);
        }
        let first = ["Key not removed", "Key removed"].into_iter().find(|word| all.contains(word));
        Ok(first.unwrap_or("Key not present").into())
    };
    /// Return what is known of a host: `rsalt '*' ssh.get_known_host_entries <user> <hostname>`
    "ssh.get_known_host_entries"("user, hostname, config=None, port=None, fingerprint_hash_type=None") =
        |args, ctx| known::get(&args, ctx);
    /// Return the keys that a host shows itself: `rsalt '*' ssh.recv_known_host_entries <hostname> enc=<enc> port=<port>`
    "ssh.recv_known_host_entries"("hostname, enc=None, port=None, hash_known_hosts=True, timeout=5, \
                                   fingerprint_hash_type=None") = |args, ctx| known::receive(&args, ctx);
    /// Return what would become of a known host: `rsalt '*' ssh.check_known_host <user> <hostname> key='AAAA...FAaQ=='`
    ///
    /// Returns add, update or exists.
    "ssh.check_known_host"("user=None, hostname=None, key=None, fingerprint=None, config=None, port=None, \
                            fingerprint_hash_type=None") = |args, ctx| known::check(&args, ctx);
    /// Forget a host: `rsalt '*' ssh.rm_known_host <user> <hostname>`
    "ssh.rm_known_host"("user=None, hostname=None, config=None, port=None") = |args, ctx| known::remove(&args, ctx);
    /// Make a host known: `rsalt '*' ssh.set_known_host <user> fingerprint='xx:xx:..:xx' hostname=example.org`
    ///
    /// key and enc: this key; otherwise the ones that it shows are taken, if one has the fingerprint. hash_known_hosts: do not write the
    /// name itself. timeout: seconds to wait for it.
    "ssh.set_known_host"("user=None, hostname=None, fingerprint=None, key=None, port=None, enc=None, config=None, \
                          hash_known_hosts=True, timeout=5, fingerprint_hash_type=None") = |args, ctx| known::set(&args, ctx);
    /// Hide the names in a file of known hosts: `rsalt '*' ssh.hash_known_hosts <user>`
    "ssh.hash_known_hosts"("user=None, config=None") = |args, ctx| known::hide(&args, ctx);
}

fn text(ctx: &Ctx<'_>, path: &str) -> Option<String> {
    ctx.host.read(path.as_ref()).ok().map(|content| String::from_utf8_lossy(&content).into_owned())
}

/// The accounts that `user` names: one, a list of them, or all.
fn accounts(args: &Dict, ctx: &Ctx<'_>) -> Result<Vec<User>, ExecError> {
    let users = ctx.host.users()?;
    Ok(match args.arg("user") {
        name if !name.is_true() => users.to_vec(),
        name => {
            let names = match name {
                Value::List(names) => names.iter().map(Value::to_string).collect(),
                name => vec![name.to_string()],
            };
            names.iter().filter_map(|name| users.iter().find(|user| user.name == *name).cloned()).collect()
        }
    })
}

fn config(args: &Dict) -> String {
    args.some_text("config")
        .filter(|config| !config.is_empty())
        .unwrap_or_else(|| ".ssh/authorized_keys".to_owned())
}

/// The hash of fingerprints.
fn kind(args: &Dict) -> Result<Kind, ExecError> {
    let name = args.some_text("fingerprint_hash_type").filter(|name| !name.is_empty());
    let name = name.map_or_else(|| "sha256".to_owned(), |name| name.to_lowercase());
    Kind::from_name(&name)
        .ok_or_else(|| ExecError::command(format!("The fingerprint_hash_type {name} is not supported.")))
}

/// The fingerprint of a public key; none when it is none.
pub(crate) fn fingerprint(key: &str, kind: Kind) -> Option<String> {
    let raw = STANDARD.decode(key).ok()?;
    let digits = hash::hex(kind, &raw);
    let pairs: Vec<&str> = (0..digits.len()).step_by(2).filter_map(|at| digits.get(at..at + 2)).collect();
    Some(pairs.join(":"))
}

fn described(keys: &[Key], kind: Kind) -> Dict {
    let one = |key: &Key| {
        let out = Dict::new().with("enc", key.enc.as_str()).with("comment", key.comment.as_str());
        let print = fingerprint(&key.key, kind);
        Some((
            key.key.clone(),
            Value::from(out.with("options", key.options.clone()).with("fingerprint", print?)),
        ))
    };
    keys.iter().filter_map(one).collect()
}

/// Whether a private key, as text, has a passphrase.
fn is_encrypted(key: &str) -> bool {
    if key.lines().take(3).any(|line| line.contains("ENCRYPTED")) {
        return true;
    }
    // The newer format names the cipher behind its mark.
    let body: String = key.lines().filter(|line| !line.starts_with("-----")).collect();
    let raw = STANDARD.decode(body.trim()).unwrap_or_default();
    let Some(rest) = raw.strip_prefix(b"openssh-key-v1\0") else { return false };
    !rest.starts_with(b"\0\0\0\x04none")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints() {
        assert_eq!(
            fingerprint("AAAA", Kind::Md5).as_deref(),
            Some("69:3e:9a:f8:4d:3d:fc:c7:1e:64:0e:00:5b:dc:5e:2e")
        );
        assert_eq!(fingerprint("A A", Kind::Md5), None);
    }

    #[test]
    fn encrypted_keys() {
        assert!(is_encrypted("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"));
        let key = |cipher: &str| {
            let body = format!("openssh-key-v1\0\0\0\0{}{cipher}", char::from(cipher.len() as u8));
            format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END-----\n", STANDARD.encode(body))
        };
        assert!(is_encrypted(&key("aes256-ctr")));
        assert!(!is_encrypted(&key("none")));
    }
}
