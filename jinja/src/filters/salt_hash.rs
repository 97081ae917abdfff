//! Salt's filters for hashes, encodings and chance.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hmac};

use super::{Table, md5, soft_str};
use crate::val::{CallArgs, Val, collect};
use crate::{Error, Result};

pub(super) const TABLE: Table = &[
    ("base64_decode", base64_decode),
    ("base64_encode", |a| {
        let b = bytes(&a.bind("base64_b64encode", ["instr"], 1)?.take(0))?;
        Ok(Val::from(STANDARD.encode(b)))
    }),
    ("hmac", hmac_check),
    ("hmac_compute", |a| {
        let mut b = a.bind("hmac_compute", ["string", "shared_secret"], 2)?;
        let tag = sign(&b.take(0), &b.take(1))?;
        Ok(Val::from(hex(tag.as_ref())))
    }),
    ("md5", |a| {
        let b = bytes(&a.bind("md5_digest", ["instr"], 1)?.take(0))?;
        Ok(Val::from(hex(&md5::digest(&b))))
    }),
    ("rand_str", random_hash),
    ("random_hash", random_hash),
    ("random_sample", |a| {
        let mut b = a.bind("sample", ["value", "size", "seed"], 2)?;
        let items = collect(&b.take(0))?;
        let n = b.int(1, 0)?;
        sample(items, n, b.opt(2))
    }),
    ("random_shuffle", |a| {
        let mut b = a.bind("shuffle", ["value", "seed"], 1)?;
        let items = collect(&b.take(0))?;
        let n = items.len() as i64;
        sample(items, n, b.opt(1))
    }),
    ("random_str", |a| {
        let n = usize::try_from(a.bind("random", ["size"], 0)?.int(0, 32)?).unwrap_or(0).min(1 << 20);
        let mut b = vec![0; n];
        fill(&mut b)?;
        let text = STANDARD.encode(b);
        Ok(Val::from(text.get(..n).unwrap_or("")))
    }),
    ("sha1", |a| hash(a, &digest::SHA1_FOR_LEGACY_USE_ONLY)),
    ("sha256", |a| hash(a, &digest::SHA256)),
    ("sha512", |a| hash(a, &digest::SHA512)),
    ("uuid", uuid),
];

pub(super) fn hex(b: &[u8]) -> String {
    b.iter().map(|b| format!("{b:02x}")).collect()
}

/// Salt's `to_bytes`.
pub(super) fn bytes(v: &Val) -> Result<Vec<u8>> {
    match v {
        Val::Str(s) => Ok(s.as_bytes().to_vec()),
        Val::Bytes(b) => Ok(b.to_vec()),
        Val::Undefined(u) => Err(u.fail()),
        _ => Err(Error::type_error(format!(
            "expected str, bytes, or bytearray not <class '{}'>",
            v.type_name()
        ))),
    }
}

fn hash(args: &mut CallArgs, algorithm: &'static digest::Algorithm) -> Result<Val> {
    let b = bytes(&args.bind("digest", ["instr"], 1)?.take(0))?;
    Ok(Val::from(hex(digest::digest(algorithm, &b).as_ref())))
}

fn base64_decode(args: &mut CallArgs) -> Result<Val> {
    let b = bytes(&args.bind("base64_b64decode", ["instr"], 1)?.take(0))?;
    // Python drops what is not of the alphabet, and asks for the padding.
    let clean: Vec<u8> =
        b.into_iter().filter(|c| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/' | b'=')).collect();
    let decoded = STANDARD.decode(&clean).map_err(|_| Error::value_error("Incorrect padding"))?;
    Ok(match String::from_utf8(decoded) {
        Ok(s) => Val::from(s),
        Err(e) => Val::Bytes(e.into_bytes().into()),
    })
}

fn sign(text: &Val, secret: &Val) -> Result<hmac::Tag> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes(secret)?);
    Ok(hmac::sign(&key, &bytes(text)?))
}

fn hmac_check(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("hmac_signature", ["string", "shared_secret", "challenge_hmac"], 3)?;
    let tag = sign(&b.take(0), &b.take(1))?;
    Ok(Val::Bool(STANDARD.encode(tag.as_ref()).as_bytes() == bytes(&b.take(2))?))
}

/// UUID version 5 in Salt's name space.
fn uuid(args: &mut CallArgs) -> Result<Val> {
    const SPACE: u128 = 0x9163_3EBF_1C86_5E33_935A_2806_1F4B_480E;
    let v = args.bind("uuid_", ["val"], 1)?.take(0);
    let mut input = SPACE.to_be_bytes().to_vec();
    input.extend(bytes(&v)?);
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &input);
    let mut id = [0u8; 16];
    id.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
    let id = (u128::from_be_bytes(id) & !(0xF << 76) & !(0x3 << 62)) | (5 << 76) | (2 << 62);
    let text = format!("{id:032x}");
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or("");
    Ok(Val::from([part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")))
}

fn fill(b: &mut [u8]) -> Result<()> {
    SystemRandom::new().fill(b).map_err(|_| Error::runtime("the system gives no random numbers"))
}

/// A random number below `n`; 0 when `n` is.
pub(super) fn random_below(n: u64) -> Result<u64> {
    let mut b = [0; 8];
    fill(&mut b)?;
    Ok(u64::from_le_bytes(b).checked_rem(n).unwrap_or(0))
}

fn random_hash(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("random_hash", ["size", "hash_type"], 0)?;
    let max = u64::try_from(b.int(0, 9_999_999_999)?).unwrap_or(0);
    let kind = match b.take(1) {
        Val::None => "md5".into(),
        v => soft_str(&v)?,
    };
    let text = random_below(max.saturating_add(1))?.to_string();
    Ok(Val::from(match &*kind {
        "md5" => hex(&md5::digest(text.as_bytes())),
        "sha1" => hex(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()).as_ref()),
        "sha256" => hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref()),
        "sha384" => hex(digest::digest(&digest::SHA384, text.as_bytes()).as_ref()),
        "sha512" => hex(digest::digest(&digest::SHA512, text.as_bytes()).as_ref()),
        other => {
            return Err(Error::new(
                crate::ErrorKind::Attribute,
                format!("module 'hashlib' has no attribute '{other}'"),
            ));
        }
    }))
}

/// A random choice; with a seed the one that Python's generator makes of it.
fn sample(mut items: Vec<Val>, n: i64, seed: Option<Val>) -> Result<Val> {
    let n = usize::try_from(n)
        .ok()
        .filter(|n| *n <= items.len())
        .ok_or_else(|| Error::value_error("Sample larger than population or is negative"))?;
    if let Some(seed) = seed.filter(|s| !s.is_none()) {
        let seed = match &seed {
            Val::Str(s) | Val::Markup(s) => s.as_bytes(),
            Val::Bytes(b) => &**b,
            _ => return Err(Error::type_error("object supporting the buffer API required")),
        };
        let text = hex(digest::digest(&digest::SHA512, seed).as_ref());
        let of_text = digest::digest(&digest::SHA512, text.as_bytes());
        let places = data::random::Random::from_text(&text, of_text.as_ref()).sample(items.len(), n);
        return Ok(Val::list(places.into_iter().filter_map(|at| items.get(at).cloned()).collect()));
    }
    let mut out = Vec::with_capacity(n);
    for _ in 0..n {
        let at = random_below(items.len() as u64)?;
        out.push(items.swap_remove(usize::try_from(at).unwrap_or(0)));
    }
    Ok(Val::list(out))
}
