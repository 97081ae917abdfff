//! Passwords of roles as the server keeps them.

use std::num::NonZeroU32;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use data::Value;
use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hmac, pbkdf2};

use crate::exec::ExecError;
use crate::hash;

/// Who hashes a password, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// Here.
    Md5,
    /// Here.
    Scram,
    /// The server does, as it is configured to.
    Server,
}

const SCRAM: &str = "SCRAM-SHA-256$";
const ROUNDS: u32 = 4096;

impl Encryption {
    /// The argument `encrypted`.
    pub(crate) fn of(value: &Value) -> Result<Self, ExecError> {
        match value {
            Value::None | Value::Bool(true) => Ok(Encryption::Md5),
            Value::Bool(false) => Ok(Encryption::Server),
            Value::Str(text) if &**text == "md5" => Ok(Encryption::Md5),
            Value::Str(text) if &**text == "scram-sha-256" => Ok(Encryption::Scram),
            other => Err(ExecError::raised("ValueError", format!("Unknown password algorithm: {other}"))),
        }
    }

    /// What to give to the server.
    pub(crate) fn encrypt(self, role: &str, password: &str) -> Result<String, ExecError> {
        match self {
            Encryption::Md5 if !password.starts_with("md5") => Ok(md5(role, password)),
            Encryption::Scram if !password.starts_with(SCRAM) => {
                let mut salt = [0; 16];
                SystemRandom::new().fill(&mut salt).map_err(|_| ExecError::command("no random numbers"))?;
                scram(password, &salt, ROUNDS)
            }
            _ => Ok(password.to_owned()),
        }
    }

    /// Whether what the server keeps is this password.
    pub(crate) fn is_kept(self, role: &str, password: &str, kept: &str) -> Result<bool, ExecError> {
        let as_scram = || match parse(kept) {
            Some((rounds, salt)) => scram(password, &salt, rounds).map(|made| made == kept),
            None => Ok(false),
        };
        match self {
            Encryption::Md5 if password.starts_with("md5") => Ok(password == kept),
            Encryption::Md5 => Ok(md5(role, password) == kept),
            Encryption::Scram if password.starts_with(SCRAM) => Ok(password == kept),
            Encryption::Scram => as_scram(),
            Encryption::Server if kept.starts_with(SCRAM) && password.is_ascii() => as_scram(),
            Encryption::Server => Ok(password == kept || md5(role, password) == kept),
        }
    }
}

fn md5(role: &str, password: &str) -> String {
    format!("md5{}", hash::hex(hash::Kind::Md5, format!("{password}{role}").as_bytes()))
}

/// Rounds and salt of a verifier.
fn parse(kept: &str) -> Option<(u32, Vec<u8>)> {
    let (rounds, rest) = kept.strip_prefix(SCRAM)?.split_once(':')?;
    let (salt, _) = rest.split_once('$')?;
    // The server's own limit is beyond what a minion should compute for a value that it was told.
    let rounds = rounds.parse().ok().filter(|rounds| *rounds <= 1_000_000)?;
    Some((rounds, STANDARD.decode(salt).ok()?))
}

fn scram(password: &str, salt: &[u8], rounds: u32) -> Result<String, ExecError> {
    if !password.is_ascii() {
        return Err(ExecError::invocation(
            "a password with other than ASCII characters is not hashed here: set encrypted to False, then the server does",
        ));
    }
    let rounds = NonZeroU32::new(rounds).unwrap_or(NonZeroU32::MIN);
    let mut salted = [0; digest::SHA256_OUTPUT_LEN];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, salt, password.as_bytes(), &mut salted);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &salted);
    let client = hmac::sign(&key, b"Client Key");
    let stored = digest::digest(&digest::SHA256, client.as_ref());
    let server = hmac::sign(&key, b"Server Key");
    let text = |bytes: &[u8]| STANDARD.encode(bytes);
    Ok(format!("{SCRAM}{rounds}:{}${}:{}", text(salt), text(stored.as_ref()), text(server.as_ref())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verifiers() {
        // What `SELECT 'md5' || md5('secretapp')` answers.
        assert_eq!(md5("app", "secret"), "md56a422f785c9e20873908ce25d1736ae2");
        let kept = scram("secret", b"0123456789abcdef", 4096).unwrap();
        assert!(kept.starts_with("SCRAM-SHA-256$4096:MDEyMzQ1Njc4OWFiY2RlZg==$"), "{kept}");
        for (encryption, password, is) in [
            (Encryption::Scram, "secret", true),
            (Encryption::Scram, "other", false),
            (Encryption::Server, "secret", true),
            (Encryption::Md5, "secret", false),
            (Encryption::Scram, &*kept, true),
        ] {
            assert_eq!(encryption.is_kept("app", password, &kept).unwrap(), is, "{encryption:?} {password}");
        }
        assert!(scram("pässword", b"salt", 1).is_err());
        assert!(Encryption::Server.is_kept("app", "secret", &md5("app", "secret")).unwrap());
    }
}
