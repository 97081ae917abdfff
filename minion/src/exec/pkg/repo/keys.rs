//! OpenPGP keys as files that apt reads: armour on and off, IDs and fingerprints. Nothing is verified here but that a
//! key is the one that was asked for; that is apt's work, with these keys.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use data::Dict;

use crate::hash::{self, Kind};

const BEGIN: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
const END: &str = "-----END PGP PUBLIC KEY BLOCK-----";
/// More than any archive's key takes.
pub(super) const LIMIT: usize = 1 << 20;

/// The packets of keys, whether they came armoured or not. None when they are no keys.
pub(super) fn packets(data: &[u8]) -> Option<Vec<u8>> {
    if data.len() > LIMIT {
        return None;
    }
    let binary = match std::str::from_utf8(data).ok().filter(|text| text.contains(BEGIN)) {
        Some(text) => dearmoured(text)?,
        None => data.to_vec(),
    };
    (!keys(&binary).is_empty()).then_some(binary)
}

fn dearmoured(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for block in text.split(BEGIN).skip(1) {
        let (block, _) = block.split_once(END)?;
        // Headers end with an empty line; the last line is a checksum.
        let lines: Vec<&str> = block.lines().map(str::trim).collect();
        let start = lines.iter().skip(1).position(|line| line.is_empty()).map_or(0, |at| at + 2);
        let body = lines.iter().skip(start).take_while(|line| !line.starts_with('=') || line.len() != 5);
        out.extend(STANDARD.decode(body.copied().collect::<String>()).ok()?);
    }
    Some(out)
}

/// Packets as text.
pub(super) fn armoured(packets: &[u8]) -> String {
    let text = STANDARD.encode(packets);
    let mut out = format!("{BEGIN}\n\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        out.push_str(&format!("{line}\n"));
        rest = more;
    }
    let sum = crc24(packets).to_be_bytes();
    out.push_str(&format!("={}\n{END}\n", STANDARD.encode(sum.get(1..).unwrap_or_default())));
    out
}

fn crc24(data: &[u8]) -> u32 {
    data.iter().fold(0x00b7_04ce, |crc, byte| {
        (0..8).fold(crc ^ (u32::from(*byte) << 16), |crc, _| {
            let crc = crc << 1;
            if crc & 0x0100_0000 == 0 { crc } else { crc ^ 0x0186_4cfb }
        }) & 0x00ff_ffff
    })
}

/// A key, or one below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Key {
    /// The fingerprint, 40 hexadecimal digits in capitals.
    pub fingerprint: String,
    /// The number of its algorithm.
    pub algorithm: u8,
    /// Its size, where it is one of a number.
    pub bits: Option<u16>,
    /// Seconds since the epoch.
    pub created: u32,
    /// The first name on it.
    pub uid: String,
    /// The keys below it.
    pub subkeys: Vec<Key>,
}

impl Key {
    /// The last sixteen digits of the fingerprint.
    pub(super) fn id(&self) -> &str {
        self.fingerprint.get(24..).unwrap_or_default()
    }

    /// Whether it, or one below it, is meant by an ID of any length (`0x` or not).
    pub(super) fn is(&self, id: &str) -> bool {
        let id = id.trim_start_matches("0x").to_ascii_uppercase();
        id.len() >= 8 && (self.fingerprint.ends_with(&id) || self.subkeys.iter().any(|key| key.is(&id)))
    }

    /// As `pkg.get_repo_keys` shows it.
    pub(super) fn shown(&self) -> Dict {
        let mut out = Dict::new()
            .with("keyid", self.id())
            .with("fingerprint", self.fingerprint.as_str())
            .with("algorithm", i64::from(self.algorithm))
            .with("bits", self.bits.map(i64::from))
            .with("date_creation", i64::from(self.created));
        if !self.uid.is_empty() {
            out.insert("uid", self.uid.as_str());
        }
        if let Some(last) = self.subkeys.last() {
            out.insert("subkey", last.shown());
        }
        out
    }

    fn read(body: &[u8]) -> Option<Key> {
        let [4, a, b, c, d, algorithm, rest @ ..] = body else { return None };
        let length = u16::try_from(body.len()).ok()?;
        let whole = [&[0x99], length.to_be_bytes().as_slice(), body].concat();
        let bits = match (algorithm, rest) {
            (1..=3 | 16 | 17, [high, low, ..]) => Some(u16::from_be_bytes([*high, *low])),
            _ => None,
        };
        Some(Key {
            fingerprint: hash::hex(Kind::Sha1, &whole).to_ascii_uppercase(),
            algorithm: *algorithm,
            bits,
            created: u32::from_be_bytes([*a, *b, *c, *d]),
            ..Key::default()
        })
    }
}

/// The keys of a file of packets; what is no packet ends it.
pub(super) fn keys(mut data: &[u8]) -> Vec<Key> {
    let mut out: Vec<Key> = Vec::new();
    while let Some((tag, body, rest)) = packet(data) {
        data = rest;
        match (tag, out.last_mut()) {
            (6, _) => out.extend(Key::read(body)),
            (14, Some(key)) => key.subkeys.extend(Key::read(body)),
            (13, Some(key)) if key.uid.is_empty() => key.uid = String::from_utf8_lossy(body).into_owned(),
            _ => {}
        }
    }
    out
}

/// The first packet: its tag, its content, and what is behind it.
fn packet(data: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [head, rest @ ..] = data else { return None };
    let (tag, length, rest) = match (head & 0xc0, rest) {
        (0xc0, [n @ 0..=191, rest @ ..]) => (head & 0x3f, usize::from(*n), rest),
        (0xc0, [n @ 192..=223, m, rest @ ..]) => {
            (head & 0x3f, ((usize::from(*n) - 192) << 8) + usize::from(*m) + 192, rest)
        }
        (0xc0, [255, a, b, c, d, rest @ ..]) => {
            (head & 0x3f, u32::from_be_bytes([*a, *b, *c, *d]) as usize, rest)
        }
        (0x80, rest) => match (head & 3, rest) {
            (0, [n, rest @ ..]) => ((head >> 2) & 15, usize::from(*n), rest),
            (1, [n, m, rest @ ..]) => ((head >> 2) & 15, usize::from(u16::from_be_bytes([*n, *m])), rest),
            (2, [a, b, c, d, rest @ ..]) => {
                ((head >> 2) & 15, u32::from_be_bytes([*a, *b, *c, *d]) as usize, rest)
            }
            _ => return None,
        },
        _ => return None,
    };
    let (body, rest) = rest.split_at_checked(length)?;
    Some((tag, body, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key without signatures: one of RSA with two small numbers, its name, and one below it.
    fn some_key() -> Vec<u8> {
        let key = [4, 0x60, 0, 0, 0, 1, 0, 9, 1, 1, 0, 2, 3];
        let mut out = vec![0x98, key.len() as u8];
        out.extend(key);
        out.extend([0xcd, 4]);
        out.extend(b"test");
        out.extend([0xce, key.len() as u8]);
        out.extend(key);
        out
    }

    #[test]
    fn armour_on_and_off() {
        let key = some_key();
        let text = armoured(&key);
        assert_eq!(packets(text.as_bytes()), Some(key.clone()));
        assert_eq!(packets(&key), Some(key.clone()));
        let with_header = text.replacen("BLOCK-----\n", "BLOCK-----\nVersion: x\n", 1);
        assert_eq!(
            packets(format!("before\n{with_header}{text}").as_bytes()),
            Some([key.clone(), key].concat())
        );
        for bad in [b"".as_slice(), b"<html>", b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!", &[0xff; 40]] {
            assert_eq!(packets(bad), None);
        }
        assert_eq!(crc24(b"123456789"), 0x21cf02);
    }

    #[test]
    fn what_a_key_tells() {
        let all = keys(&some_key());
        let [key] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(
            (key.uid.as_str(), key.bits, key.created, key.subkeys.len()),
            ("test", Some(9), 0x6000_0000, 1)
        );
        assert!(key.is(key.id()) && key.is(&format!("0x{}", key.fingerprint.to_lowercase())));
        assert!(!key.is("") && !key.is("DEADBEEF"));
    }
}
