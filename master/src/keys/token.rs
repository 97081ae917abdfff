//! Join tokens: whoever shows one is let in at once, within its bounds and for as long as it lasts.
//!
//! A token is `rst_<name>_<secret>`: eight hex digits by which it is found, and 128 random bits. The
//! master keeps a file per token, `pki_dir/tokens/<name>`, with the SHA-256 of the secret; random bits of
//! that number need no slower hash. What is compared is compared in constant time.

use std::fs;
use std::io;
use std::path::PathBuf;

use data::{Dict, Value};
use proto::keys::write_atomic;
use proto::message::TargetType;
use proto::target::glob::Glob;
use proto::target::{Facts, Target};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use subtle::ConstantTimeEq as _;

use super::{Keys, KeysError, make_dir};
use crate::duration::now;

const DIR: &str = "tokens";
const PREFIX: &str = "rst";
const NAME: usize = 4;
const SECRET: usize = 16;

/// What a token lets in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bounds {
    /// Seconds since the epoch after which it is worth nothing; none: never.
    pub expires: Option<f64>,
    /// Minions that it lets in; none: any number.
    pub uses: Option<u32>,
    /// A glob for their ids; empty: any.
    pub id: String,
    /// A grain target that they must match; empty: any.
    pub grains: String,
    /// Their keys go when they do.
    pub ephemeral: bool,
}

/// A token as the master knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// By which it is listed and revoked.
    pub name: String,
    /// When it was made, in seconds since the epoch.
    pub created: f64,
    /// Minions that it has let in.
    pub used: u32,
    /// What it lets in.
    pub bounds: Bounds,
    /// The hash of its secret, in hex.
    hash: String,
}

/// Why a token lets nobody in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is none like that; it may have been revoked.
    #[error("no such token")]
    Unknown,
    /// Its time is over.
    #[error("token {0} has expired")]
    Expired(String),
    /// It has let in as many as it may.
    #[error("token {0} is used up")]
    UsedUp(String),
    /// The minion is outside its bounds.
    #[error("token {0} is not for this minion: its {1} does not match")]
    Bounds(String, &'static str),
    /// Its file.
    #[error("token {0}: {1}")]
    File(String, String),
}

impl Keys {
    /// Makes a token and returns its text, which is nowhere else from then on.
    pub fn make_token(&self, bounds: Bounds) -> Result<(Token, String), KeysError> {
        let mut random = [0; NAME + SECRET];
        SystemRandom::new().fill(&mut random).map_err(|_| KeysError::Io {
            what: "get random numbers for",
            path: self.dir.join(DIR),
            source: io::ErrorKind::Other.into(),
        })?;
        let (name, secret) = random.split_at(NAME);
        let (name, secret) = (hex(name), hex(secret));
        let token = Token { created: now(), used: 0, bounds, hash: hash(&secret), name };
        let dir = self.dir.join(DIR);
        make_dir(&dir).map_err(|source| KeysError::Io { what: "make the directory", path: dir, source })?;
        self.put_token(&token)?;
        let text = format!("{PREFIX}_{}_{secret}", token.name);
        Ok((token, text))
    }

    /// All tokens that still let somebody in, by name. What has expired or is used up is deleted.
    pub fn tokens(&self) -> Result<Vec<Token>, KeysError> {
        let dir = self.dir.join(DIR);
        let entries = match fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(KeysError::Io { what: "list", path: dir, source }),
        };
        let mut tokens = Vec::new();
        for name in entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()) {
            let Ok(token) = self.token(&name) else { continue };
            if token.spent().is_some() {
                self.revoke_token(&name)?;
            } else {
                tokens.push(token);
            }
        }
        tokens.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(tokens)
    }

    /// Deletes a token, given its name or its whole text. Whether there was one comes back.
    pub fn revoke_token(&self, name: &str) -> Result<bool, KeysError> {
        let Some(path) = self.token_file(parse(name).map_or(name, |(name, _)| name)) else {
            return Ok(false);
        };
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(KeysError::Io { what: "delete", path, source }),
        }
    }

    /// Takes one use off the token when it lets this minion in; the use is on disk before that. With the
    /// lock of a decision held.
    pub(super) fn redeem(&self, text: &str, id: &str, grains: &Dict) -> Result<Token, TokenError> {
        let (name, secret) = parse(text).ok_or(TokenError::Unknown)?;
        let mut token = self.token(name).map_err(|_| TokenError::Unknown)?;
        if !bool::from(token.hash.as_bytes().ct_eq(hash(secret).as_bytes())) {
            return Err(TokenError::Unknown);
        }
        if let Some(spent) = token.spent() {
            return Err(spent);
        }
        if !token.bounds.id.is_empty() && !Glob::new(&token.bounds.id).matches(id) {
            return Err(TokenError::Bounds(token.name, "id"));
        }
        if !token.bounds.grains.is_empty() {
            let target = Target::parse_str(&token.bounds.grains, TargetType::Grain, &Dict::new());
            let grains = Value::from(grains.clone());
            let facts = Facts { id, grains: &grains, pillar: &Value::None };
            if !target.is_ok_and(|target| target.matches(&facts)) {
                return Err(TokenError::Bounds(token.name, "grains"));
            }
        }
        token.used += 1;
        self.put_token(&token).map_err(|e| TokenError::File(token.name.clone(), e.to_string()))?;
        Ok(token)
    }

    fn token(&self, name: &str) -> Result<Token, io::Error> {
        let path = self.token_file(name).ok_or(io::ErrorKind::InvalidInput)?;
        let text = fs::read_to_string(path)?;
        let value = data::json::load(&text).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))?;
        Token::from_value(name, &value).ok_or(io::ErrorKind::InvalidData.into())
    }

    fn put_token(&self, token: &Token) -> Result<(), KeysError> {
        let path = self.dir.join(DIR).join(&token.name);
        let text = data::json::dump(&token.to_value(), None, false) + "\n";
        write_atomic(&path, text.as_bytes(), 0o600).map_err(|source| KeysError::Io {
            what: "write",
            path,
            source,
        })
    }

    fn token_file(&self, name: &str) -> Option<PathBuf> {
        let hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        (name.len() == 2 * NAME && name.bytes().all(hex)).then(|| self.dir.join(DIR).join(name))
    }
}

impl Token {
    fn spent(&self) -> Option<TokenError> {
        if self.bounds.expires.is_some_and(|at| at <= now()) {
            return Some(TokenError::Expired(self.name.clone()));
        }
        self.bounds.uses.is_some_and(|uses| self.used >= uses).then(|| TokenError::UsedUp(self.name.clone()))
    }

    /// What `rsalt-key --list-tokens` shows: everything but the secret and its hash.
    pub fn shown(&self) -> Dict {
        let mut dict = self.to_dict();
        dict.remove("hash");
        dict
    }

    fn to_dict(&self) -> Dict {
        Dict::new()
            .with("created", self.created)
            .with("expires", self.bounds.expires.map_or(Value::None, Value::from))
            .with("uses", self.bounds.uses.map_or(Value::None, |n| i64::from(n).into()))
            .with("used", i64::from(self.used))
            .with("id", self.bounds.id.as_str())
            .with("grains", self.bounds.grains.as_str())
            .with("ephemeral", self.bounds.ephemeral)
            .with("hash", self.hash.as_str())
    }

    fn to_value(&self) -> Value {
        self.to_dict().into()
    }

    fn from_value(name: &str, value: &Value) -> Option<Self> {
        let text = |key: &str| Some(value.get(key)?.as_str()?.to_string());
        let number = |key: &str| match value.get(key)? {
            Value::Float(f) => Some(*f),
            Value::Int(i) => Some(*i as f64),
            _ => None,
        };
        let count = |key: &str| number(key).map(|n| n as u32);
        Some(Token {
            name: name.to_string(),
            created: number("created")?,
            used: count("used")?,
            bounds: Bounds {
                expires: number("expires"),
                uses: count("uses"),
                id: text("id")?,
                grains: text("grains")?,
                ephemeral: value.get("ephemeral")?.is_true(),
            },
            hash: text("hash")?,
        })
    }
}

/// Name and secret of a token's text.
fn parse(text: &str) -> Option<(&str, &str)> {
    let (prefix, rest) = text.trim().split_once('_')?;
    let (name, secret) = rest.split_once('_')?;
    (prefix == PREFIX).then_some((name, secret))
}

fn hash(secret: &str) -> String {
    hex(digest(&SHA256, secret.as_bytes()).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> (tempfile::TempDir, Keys) {
        let dir = tempfile::tempdir().unwrap();
        let keys = Keys::open(dir.path()).unwrap();
        (dir, keys)
    }

    #[test]
    fn a_token_lets_in_within_its_bounds_only() {
        let (_dir, keys) = keys();
        let bounds = Bounds {
            uses: Some(2),
            id: "web-*".into(),
            grains: "roles:saltycontainer".into(),
            ..Bounds::default()
        };
        let (token, text) = keys.make_token(bounds).unwrap();
        let roles = |role: &str| Dict::new().with("roles", Value::from(vec![Value::from(role)]));
        let right = roles("saltycontainer");
        let name = token.name.clone();
        let redeem = |text: &str, id: &str, grains: &Dict| keys.redeem(text, id, grains).map(|t| t.used);
        assert_eq!(redeem(&text, "db-1", &right), Err(TokenError::Bounds(name.clone(), "id")));
        assert_eq!(redeem(&text, "web-1", &roles("db")), Err(TokenError::Bounds(name.clone(), "grains")));
        assert_eq!(redeem(&text, "web-1", &Dict::new()), Err(TokenError::Bounds(name.clone(), "grains")));
        assert_eq!(redeem(&text, "web-1", &right), Ok(1));
        assert_eq!(keys.tokens().unwrap().len(), 1);
        assert_eq!(redeem(&format!(" {text}\n"), "web-2", &right), Ok(2));
        assert_eq!(redeem(&text, "web-3", &right), Err(TokenError::UsedUp(name)));
        assert!(keys.tokens().unwrap().is_empty(), "what is used up is gone");
    }

    #[test]
    fn what_is_no_token_is_unknown() {
        let (dir, keys) = keys();
        let (token, text) = keys.make_token(Bounds::default()).unwrap();
        let mut wrong = text.clone();
        wrong.pop();
        let paths = format!("rst_../../x_{}", "0".repeat(32));
        for text in ["", "rst", "rst__", &wrong, &format!("{text}0"), &paths, "rst_00000000_00"] {
            assert_eq!(keys.redeem(text, "web-1", &Dict::new()), Err(TokenError::Unknown), "{text}");
        }
        let stored = fs::read_to_string(dir.path().join("tokens").join(&token.name)).unwrap();
        let secret = text.rsplit('_').next().unwrap();
        assert!(!stored.contains(secret), "the secret is not kept");
        assert!(keys.revoke_token(&text).unwrap());
        assert!(!keys.revoke_token(&token.name).unwrap());
        assert_eq!(keys.redeem(&text, "web-1", &Dict::new()), Err(TokenError::Unknown));
    }

    #[test]
    fn a_token_expires() {
        let (_dir, keys) = keys();
        let bounds = Bounds { expires: Some(now() - 1.0), ..Bounds::default() };
        let (token, text) = keys.make_token(bounds).unwrap();
        assert_eq!(keys.redeem(&text, "web-1", &Dict::new()), Err(TokenError::Expired(token.name)));
    }
}
