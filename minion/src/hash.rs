//! Hashes of files by the names that Salt gives them.

use std::fmt::Write;

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// MD5: for published checksums, not for anything that must be safe.
    Md5,
}

impl Kind {
    /// The function of that name.
    pub fn from_name(name: &str) -> Option<Kind> {
        match name.to_ascii_lowercase().as_str() {
            "sha1" => Some(Kind::Sha1),
            "sha256" => Some(Kind::Sha256),
            "sha384" => Some(Kind::Sha384),
            "sha512" => Some(Kind::Sha512),
            "md5" => Some(Kind::Md5),
            _ => None,
        }
    }

    /// The function whose hexadecimal digest has that many digits.
    pub fn from_digits(digits: usize) -> Option<Kind> {
        match digits {
            32 => Some(Kind::Md5),
            40 => Some(Kind::Sha1),
            64 => Some(Kind::Sha256),
            96 => Some(Kind::Sha384),
            128 => Some(Kind::Sha512),
            _ => None,
        }
    }

    /// How many hexadecimal digits its digest has.
    pub fn digits(self) -> usize {
        match self {
            Kind::Md5 => 32,
            Kind::Sha1 => 40,
            Kind::Sha256 => 64,
            Kind::Sha384 => 96,
            Kind::Sha512 => 128,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Md5 => "md5",
            Kind::Sha1 => "sha1",
            Kind::Sha256 => "sha256",
            Kind::Sha384 => "sha384",
            Kind::Sha512 => "sha512",
        }
    }
}

/// The digest of `data`, hexadecimal.
pub fn hex(kind: Kind, data: &[u8]) -> String {
    use ring::digest;
    let algorithm = match kind {
        Kind::Md5 => return digits(&md5(data)),
        Kind::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        Kind::Sha256 => &digest::SHA256,
        Kind::Sha384 => &digest::SHA384,
        Kind::Sha512 => &digest::SHA512,
    };
    digits(digest::digest(algorithm, data).as_ref())
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// RFC 1321. `ring` has no MD5, and one function is less than a dependency.
fn md5(data: &[u8]) -> [u8; 16] {
    let mut message = data.to_vec();
    message.push(0x80);
    while message.len() % 64 != 56 {
        message.push(0);
    }
    message.extend(((data.len() as u64).wrapping_mul(8)).to_le_bytes());
    let mut state = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in message.chunks_exact(64) {
        let mut words = [0u32; 16];
        for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
            *word = bytes.iter().rev().fold(0, |acc, b| (acc << 8) | u32::from(*b));
        }
        let [mut a, mut b, mut c, mut d] = state;
        for i in 0..64_usize {
            let (f, g) = match i / 16 {
                0 => ((b & c) | (!b & d), i),
                1 => ((d & b) | (!d & c), 5 * i + 1),
                2 => (b ^ c ^ d, 3 * i + 5),
                _ => (c ^ (b | !d), 7 * i),
            };
            let constant = (f64::sin((i + 1) as f64).abs() * 4_294_967_296.0) as u32;
            let sum = a.wrapping_add(f).wrapping_add(constant).wrapping_add(words[g % 16]);
            (a, d, c) = (d, c, b);
            b = b.wrapping_add(sum.rotate_left(SHIFTS[i / 16][i % 4]));
        }
        for (total, part) in state.iter_mut().zip([a, b, c, d]) {
            *total = total.wrapping_add(part);
        }
    }
    let mut out = [0; 16];
    for (bytes, word) in out.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_right() {
        assert_eq!(hex(Kind::Md5, b""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(hex(Kind::Md5, b"message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
        let long = b"12345678901234567890123456789012345678901234567890123456789012345678901234567890";
        assert_eq!(hex(Kind::Md5, long), "57edf4a22be3c955ac49da2e2107b67a");
        assert_eq!(hex(Kind::Sha1, b"abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        for kind in [Kind::Md5, Kind::Sha1, Kind::Sha256, Kind::Sha384, Kind::Sha512] {
            assert_eq!(hex(kind, b"x").len(), kind.digits());
            assert_eq!(Kind::from_name(kind.name()), Some(kind));
            assert_eq!(Kind::from_digits(kind.digits()), Some(kind));
        }
    }
}
