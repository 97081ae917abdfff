//! Key files and what may be a minion's id.
//!
//! A private key is PKCS#8 in PEM, so that `openssl pkey` reads it: X25519 for sessions, Ed25519 for
//! the master's signature on publishes. A public key is its 32 bytes in base64 on one line, the form
//! in which the master keeps minion keys and in which they are pre-seeded.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use snow::params::DHChoice;
use snow::resolvers::{CryptoResolver, DefaultResolver};

/// The longest id, as a file name may be.
pub const MAX_ID: usize = 255;

/// PKCS#8 version 1 around a raw X25519 key (RFC 8410), up to the key itself.
const X25519_PKCS8: [u8; 16] = *b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x6e\x04\x22\x04\x20";
/// The same for Ed25519.
const ED25519_PKCS8: [u8; 16] = *b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";

/// A key file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("key file {}: {kind}", path.display())]
pub struct KeyFileError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    #[source]
    pub kind: KeyFileErrorKind,
}

/// What is wrong with a key file.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileErrorKind {
    /// It cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It holds something else.
    #[error("{0}")]
    Content(#[from] KeyError),
}

/// Text that is not a key, or no key to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A private key file with something else in it.
    #[error("not an {0} private key in PEM (PKCS#8)")]
    Private(&'static str),
    /// A public key that is not 32 bytes in base64.
    #[error("not a public key (32 bytes in base64)")]
    Public,
    /// The system gave no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

/// A public key: the identity of a minion or a master.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// The key with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        PublicKey(bytes)
    }

    /// The key in a slice of 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, KeyError> {
        bytes.try_into().map(PublicKey).map_err(|_| KeyError::Public)
    }

    /// The key as its file has it: base64, white space around it ignored.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let bytes = BASE64.decode(text.trim()).map_err(|_| KeyError::Public)?;
        Self::from_slice(&bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// SHA-256 of the key, as colon-separated hex: what people compare.
    pub fn fingerprint(&self) -> String {
        let digest = ring::digest::digest(&ring::digest::SHA256, &self.0);
        let hex: Vec<String> = digest.as_ref().iter().map(|b| format!("{b:02x}")).collect();
        hex.join(":")
    }

    /// Reads a key file.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        read_limited(path).and_then(|text| Ok(Self::parse(&text)?)).map_err(at(path))
    }

    /// Writes the key file, readable for all.
    pub fn save(&self, path: &Path) -> Result<(), KeyFileError> {
        write_atomic(path, format!("{self}\n").as_bytes(), 0o644).map_err(|e| at(path)(e.into()))
    }
}

/// Base64, as in key files.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// An X25519 key pair: the static key of a session.
#[derive(Clone)]
pub struct StaticKey {
    secret: [u8; 32],
    public: PublicKey,
}

impl StaticKey {
    /// A new key.
    pub fn generate() -> Result<Self, KeyError> {
        let mut secret = [0; 32];
        SystemRandom::new().fill(&mut secret).map_err(|_| KeyError::Random)?;
        Self::from_secret(secret)
    }

    fn from_secret(secret: [u8; 32]) -> Result<Self, KeyError> {
        let mut dh = DefaultResolver.resolve_dh(&DHChoice::Curve25519).ok_or(KeyError::Private("X25519"))?;
        dh.set(&secret);
        Ok(StaticKey { secret, public: PublicKey::from_slice(dh.pubkey())? })
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        self.public
    }

    pub(crate) fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    /// Reads `<dir>/<name>.pem`.
    pub fn load(dir: &Path, name: &str) -> Result<Self, KeyFileError> {
        let path = dir.join(format!("{name}.pem"));
        let load = || {
            let secret =
                parse_pem(&read_limited(&path)?, &X25519_PKCS8).ok_or(KeyError::Private("X25519"))?;
            Ok(Self::from_secret(secret)?)
        };
        load().map_err(at(&path))
    }

    /// Reads `<dir>/<name>.pem`, or makes it together with `<name>.pub` when there is none; the
    /// directory too.
    pub fn load_or_generate(dir: &Path, name: &str) -> Result<Self, KeyFileError> {
        match Self::load(dir, name) {
            Err(KeyFileError { kind: KeyFileErrorKind::Io(e), .. })
                if e.kind() == io::ErrorKind::NotFound =>
            {
                let key = Self::generate().map_err(|e| at(dir)(e.into()))?;
                key.save(dir, name)?;
                Ok(key)
            }
            loaded => loaded,
        }
    }

    /// Writes `<dir>/<name>.pem` (0600) and `<dir>/<name>.pub`.
    pub fn save(&self, dir: &Path, name: &str) -> Result<(), KeyFileError> {
        make_dir(dir).map_err(|e| at(dir)(e.into()))?;
        let path = dir.join(format!("{name}.pem"));
        write_atomic(&path, to_pem(&self.secret, &X25519_PKCS8).as_bytes(), 0o600)
            .map_err(|e| at(&path)(e.into()))?;
        self.public.save(&dir.join(format!("{name}.pub")))
    }
}

/// Shows the public half only.
impl fmt::Debug for StaticKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticKey").field("public", &self.public).finish_non_exhaustive()
    }
}

/// The Ed25519 key that the master signs publishes with.
pub struct SignKey(Ed25519KeyPair);

impl SignKey {
    /// Reads `<dir>/<name>.pem`, or makes it together with `<name>.pub` when there is none.
    pub fn load_or_generate(dir: &Path, name: &str) -> Result<Self, KeyFileError> {
        let path = dir.join(format!("{name}.pem"));
        match Self::load(&path) {
            Err(KeyFileErrorKind::Io(e)) if e.kind() == io::ErrorKind::NotFound => {
                Self::create(dir, name, &path).map_err(at(&path))
            }
            loaded => loaded.map_err(at(&path)),
        }
    }

    /// A new key that no file holds.
    pub fn generate() -> Result<Self, KeyError> {
        Self::from_seed(&random_seed()?)
    }

    fn from_seed(seed: &[u8; 32]) -> Result<Self, KeyError> {
        Ed25519KeyPair::from_seed_unchecked(seed).map(SignKey).map_err(|_| KeyError::Private("Ed25519"))
    }

    fn load(path: &Path) -> Result<Self, KeyFileErrorKind> {
        let seed = parse_pem(&read_limited(path)?, &ED25519_PKCS8).ok_or(KeyError::Private("Ed25519"))?;
        Ok(Self::from_seed(&seed)?)
    }

    fn create(dir: &Path, name: &str, path: &Path) -> Result<Self, KeyFileErrorKind> {
        let seed = random_seed()?;
        let key = Self::from_seed(&seed)?;
        make_dir(dir)?;
        write_atomic(path, to_pem(&seed, &ED25519_PKCS8).as_bytes(), 0o600)?;
        let public = format!("{}\n", BASE64.encode(key.verify_key()));
        write_atomic(&dir.join(format!("{name}.pub")), public.as_bytes(), 0o644)?;
        Ok(key)
    }

    /// The public half, 32 bytes.
    pub fn verify_key(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> ring::signature::Signature {
        self.0.sign(message)
    }
}

impl fmt::Debug for SignKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignKey").finish_non_exhaustive()
    }
}

/// Whether a minion may have this id: it names files in the master's key directories and caches, and
/// appears in event tags, in targets and on terminals.
pub fn valid_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= MAX_ID
        && !id.starts_with('.')
        && !id.chars().any(|c| matches!(c, '/' | '\\') || c.is_control())
}

fn random_seed() -> Result<[u8; 32], KeyError> {
    let mut seed = [0; 32];
    SystemRandom::new().fill(&mut seed).map_err(|_| KeyError::Random)?;
    Ok(seed)
}

fn at(path: &Path) -> impl FnOnce(KeyFileErrorKind) -> KeyFileError + use<> {
    let path = path.to_path_buf();
    |kind| KeyFileError { path, kind }
}

/// A key file is a few lines: whatever is larger is none.
fn read_limited(path: &Path) -> Result<String, KeyFileErrorKind> {
    use std::io::Read;
    let mut text = Vec::new();
    fs::File::open(path)?.take(16 * 1024).read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn to_pem(secret: &[u8; 32], prefix: &[u8; 16]) -> String {
    let mut der = prefix.to_vec();
    der.extend_from_slice(secret);
    format!("{PEM_BEGIN}\n{}\n{PEM_END}\n", BASE64.encode(der))
}

fn parse_pem(text: &str, prefix: &[u8; 16]) -> Option<[u8; 32]> {
    let (_, rest) = text.split_once(PEM_BEGIN)?;
    let (body, _) = rest.split_once(PEM_END)?;
    let body: String = body.split_whitespace().collect();
    BASE64.decode(body).ok()?.strip_prefix(prefix)?.try_into().ok()
}

/// A directory for keys: nobody but the owner looks in. An existing one is left as it is.
fn make_dir(dir: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Writes beside the file and renames, so that nobody ever reads half a key.
pub fn write_atomic(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let new = path.with_file_name(temporary_name());
    let write = || {
        // A leftover of a run that died is in the way of `create_new`, which follows no symlink.
        match fs::remove_file(&new) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&new)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&new, path)
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(&new);
    })
}

/// The name of a file that is not complete yet. No listing of a key directory takes it for a minion: an id
/// does not begin with a dot. Its length does not depend on the file's, which may be the longest there is.
fn temporary_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!(".{}.{}.new", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn keys_survive_their_files() {
        let dir = tempfile::tempdir().unwrap();
        let pki = dir.path().join("pki/minion");
        let made = StaticKey::load_or_generate(&pki, "minion").unwrap();
        let again = StaticKey::load_or_generate(&pki, "minion").unwrap();
        assert_eq!(made.public(), again.public());
        assert_eq!(made.secret(), again.secret());
        assert_eq!(PublicKey::load(&pki.join("minion.pub")).unwrap(), made.public());
        let mode = |name: &str| fs::metadata(pki.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("minion.pem"), mode("minion.pub")), (0o600, 0o644));
        assert_eq!(fs::metadata(&pki).unwrap().permissions().mode() & 0o777, 0o700);

        let sign = SignKey::load_or_generate(&pki, "master_sign").unwrap();
        let again = SignKey::load_or_generate(&pki, "master_sign").unwrap();
        assert_eq!(sign.verify_key(), again.verify_key());
        assert_eq!(fs::read_dir(&pki).unwrap().count(), 4, "no leftovers");
    }

    #[test]
    fn other_content_is_named() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("minion.pem"), "-----BEGIN PRIVATE KEY-----\nAAAA\n").unwrap();
        let error = StaticKey::load_or_generate(dir.path(), "minion").unwrap_err().to_string();
        assert!(error.ends_with("minion.pem: not an X25519 private key in PEM (PKCS#8)"), "{error}");
        // An Ed25519 key is no session key.
        SignKey::load_or_generate(dir.path(), "sign").unwrap();
        assert!(StaticKey::load(dir.path(), "sign").is_err());
        for text in ["", "AAAA", "not base64!", &BASE64.encode([1; 33])] {
            assert_eq!(PublicKey::parse(text), Err(KeyError::Public));
        }
    }

    #[test]
    fn public_keys_belong_to_their_secrets() {
        let (a, b) = (StaticKey::generate().unwrap(), StaticKey::generate().unwrap());
        // Both sides get the same shared secret: the public halves belong to the private ones.
        let shared = |mine: &StaticKey, theirs: &PublicKey| {
            let mut dh = DefaultResolver.resolve_dh(&DHChoice::Curve25519).unwrap();
            dh.set(mine.secret());
            let mut out = [0; 32];
            dh.dh(theirs.as_bytes(), &mut out).unwrap();
            out
        };
        assert_eq!(shared(&a, &b.public()), shared(&b, &a.public()));
    }

    #[test]
    fn fingerprints_are_salts_form() {
        let print = PublicKey::from_bytes([0; 32]).fingerprint();
        assert!(print.starts_with("66:68:7a:ad:f8:62:bd:77:6c:8f:c1:8b:8e:9f:8e:20"), "{print}");
        assert_eq!(print.len(), 32 * 3 - 1);
    }

    #[test]
    fn half_a_file_is_never_taken_for_a_minion() {
        for _ in 0..3 {
            let name = temporary_name();
            assert!(!valid_id(&name), "{name}");
        }
        assert_ne!(temporary_name(), temporary_name());
        let dir = tempfile::tempdir().unwrap();
        let longest = dir.path().join("a".repeat(MAX_ID));
        write_atomic(&longest, b"one", 0o644).unwrap();
        write_atomic(&longest, b"two", 0o644).unwrap();
        assert_eq!(fs::read(&longest).unwrap(), b"two");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no leftovers");
    }

    #[test]
    fn ids_that_could_leave_their_directory_are_none() {
        for good in ["web-1", "web-1.example.org", "Web_1", "ünïcode", "a b", "a:b"] {
            assert!(valid_id(good), "{good}");
        }
        let long = "a".repeat(MAX_ID + 1);
        for bad in ["", ".", "..", ".hidden", "a/b", "../a", "a\0b", "a\nb", "a\\b", "\u{1b}[31m", &long] {
            assert!(!valid_id(bad), "{bad:?}");
        }
    }
}
