//! Hashes of files by the names that Salt gives them.

use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::OnceLock;

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// SHA-1.
    Sha1,
    /// SHA-224.
    Sha224,
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
            "sha224" => Some(Kind::Sha224),
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
            56 => Some(Kind::Sha224),
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
            Kind::Sha224 => 56,
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
            Kind::Sha224 => "sha224",
            Kind::Sha256 => "sha256",
            Kind::Sha384 => "sha384",
            Kind::Sha512 => "sha512",
        }
    }
}

/// The digest of `data`, hexadecimal.
pub fn hex(kind: Kind, data: &[u8]) -> String {
    let mut hasher = Hasher::new(kind);
    hasher.update(data);
    hasher.finish()
}

/// The digest of a file, read piece by piece.
pub fn of_file(kind: Kind, path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Hasher::new(kind);
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(hasher.finish()),
            Ok(n) => hasher.update(piece.get(..n).unwrap_or_default()),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// Bytes of a file that are looked at together.
const PIECE: usize = 64 * 1024;

/// A digest in the making.
enum Hasher {
    Ring(ring::digest::Context),
    Own(Own),
}

impl Hasher {
    fn new(kind: Kind) -> Self {
        use ring::digest;
        let algorithm = match kind {
            Kind::Md5 => return Hasher::Own(Own::md5()),
            Kind::Sha224 => return Hasher::Own(Own::sha224()),
            Kind::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Kind::Sha256 => &digest::SHA256,
            Kind::Sha384 => &digest::SHA384,
            Kind::Sha512 => &digest::SHA512,
        };
        Hasher::Ring(digest::Context::new(algorithm))
    }

    fn update(&mut self, data: &[u8]) {
        match self {
            Hasher::Ring(context) => context.update(data),
            Hasher::Own(own) => own.update(data),
        }
    }

    fn finish(self) -> String {
        match self {
            Hasher::Ring(context) => digits(context.finish().as_ref()),
            Hasher::Own(own) => digits(&own.finish()),
        }
    }
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// MD5 (RFC 1321) and SHA-224 (FIPS 180-4): `ring` has neither, and two functions are less than a dependency.
struct Own {
    state: Vec<u32>,
    /// What does not fill a block yet.
    rest: Vec<u8>,
    length: u64,
}

impl Own {
    fn md5() -> Self {
        Own::starting(&[0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476])
    }

    fn sha224() -> Self {
        Own::starting(&[
            0xc105_9ed8,
            0x367c_d507,
            0x3070_dd17,
            0xf70e_5939,
            0xffc0_0b31,
            0x6858_1511,
            0x64f9_8fa7,
            0xbefa_4fa4,
        ])
    }

    fn starting(state: &[u32]) -> Self {
        Own { state: state.to_vec(), rest: Vec::new(), length: 0 }
    }

    fn update(&mut self, data: &[u8]) {
        self.length = self.length.wrapping_add(data.len() as u64);
        self.rest.extend_from_slice(data);
        let mut all = std::mem::take(&mut self.rest);
        let blocks = all.chunks_exact(64);
        let rest = blocks.remainder().len();
        for block in blocks {
            let new = match *self.state {
                [a, b, c, d] => md5_block([a, b, c, d], block).to_vec(),
                [a, b, c, d, e, f, g, h] => sha2_block([a, b, c, d, e, f, g, h], block).to_vec(),
                _ => continue,
            };
            for (total, part) in self.state.iter_mut().zip(new) {
                *total = total.wrapping_add(part);
            }
        }
        all.drain(..all.len() - rest);
        self.rest = all;
    }

    fn finish(mut self) -> Vec<u8> {
        let is_md5 = self.state.len() == 4;
        let bits = self.length.wrapping_mul(8);
        let mut end = vec![0x80];
        while (self.rest.len() + end.len()) % 64 != 56 {
            end.push(0);
        }
        end.extend(if is_md5 { bits.to_le_bytes() } else { bits.to_be_bytes() });
        self.update(&end);
        let bytes = |word: &u32| if is_md5 { word.to_le_bytes() } else { word.to_be_bytes() };
        self.state.iter().take(7).flat_map(bytes).collect()
    }
}

fn md5_block([mut a, mut b, mut c, mut d]: [u32; 4], block: &[u8]) -> [u32; 4] {
    let mut words = [0u32; 16];
    for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
        *word = bytes.iter().rev().fold(0, |acc, b| (acc << 8) | u32::from(*b));
    }
    for (i, constant) in constants().iter().enumerate() {
        let (f, g) = match i / 16 {
            0 => ((b & c) | (!b & d), i),
            1 => ((d & b) | (!d & c), 5 * i + 1),
            2 => (b ^ c ^ d, 3 * i + 5),
            _ => (c ^ (b | !d), 7 * i),
        };
        let sum = a.wrapping_add(f).wrapping_add(*constant).wrapping_add(words[g % 16]);
        (a, d, c) = (d, c, b);
        b = b.wrapping_add(sum.rotate_left(SHIFTS[i / 16][i % 4]));
    }
    [a, b, c, d]
}

fn sha2_block([mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h]: [u32; 8], block: &[u8]) -> [u32; 8] {
    let mut words = [0u32; 64];
    for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
        *word = bytes.iter().fold(0, |acc, b| (acc << 8) | u32::from(*b));
    }
    for i in 16..64 {
        let (x, y) = (words[i - 15], words[i - 2]);
        let s0 = x.rotate_right(7) ^ x.rotate_right(18) ^ (x >> 3);
        let s1 = y.rotate_right(17) ^ y.rotate_right(19) ^ (y >> 10);
        words[i] = words[i - 16].wrapping_add(s0).wrapping_add(words[i - 7]).wrapping_add(s1);
    }
    for (constant, word) in sha2_constants().iter().zip(words) {
        let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let choice = (e & f) ^ (!e & g);
        let t1 = h.wrapping_add(s1).wrapping_add(choice).wrapping_add(*constant).wrapping_add(word);
        let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let majority = (a & b) ^ (a & c) ^ (b & c);
        (h, g, f, e) = (g, f, e, d.wrapping_add(t1));
        (d, c, b, a) = (c, b, a, t1.wrapping_add(s0).wrapping_add(majority));
    }
    [a, b, c, d, e, f, g, h]
}

/// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
fn sha2_constants() -> &'static [u32; 64] {
    static CONSTANTS: OnceLock<[u32; 64]> = OnceLock::new();
    CONSTANTS.get_or_init(|| {
        let is_prime = |n: &u32| (2..*n).take_while(|d| d * d <= *n).all(|d| !n.is_multiple_of(d));
        let mut primes = (2..).filter(is_prime);
        std::array::from_fn(|_| {
            (f64::from(primes.next().unwrap_or_default()).cbrt().fract() * 4_294_967_296.0) as u32
        })
    })
}

fn constants() -> &'static [u32; 64] {
    static CONSTANTS: OnceLock<[u32; 64]> = OnceLock::new();
    CONSTANTS
        .get_or_init(|| std::array::from_fn(|i| (f64::sin((i + 1) as f64).abs() * 4_294_967_296.0) as u32))
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
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("large");
        let data: Vec<u8> = (0..200_003_u32).map(|i| (i % 251) as u8).collect();
        std::fs::write(&file, &data).unwrap();
        assert_eq!(hex(Kind::Sha224, b"abc"), "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7");
        for kind in [Kind::Md5, Kind::Sha1, Kind::Sha224, Kind::Sha256, Kind::Sha384, Kind::Sha512] {
            assert_eq!(hex(kind, b"x").len(), kind.digits());
            assert_eq!(of_file(kind, &file).unwrap(), hex(kind, &data));
            assert_eq!(Kind::from_name(kind.name()), Some(kind));
            assert_eq!(Kind::from_digits(kind.digits()), Some(kind));
        }
    }
}
