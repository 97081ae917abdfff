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
    Md5(Md5),
}

impl Hasher {
    fn new(kind: Kind) -> Self {
        use ring::digest;
        let algorithm = match kind {
            Kind::Md5 => return Hasher::Md5(Md5::default()),
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
            Hasher::Md5(md5) => md5.update(data),
        }
    }

    fn finish(self) -> String {
        match self {
            Hasher::Ring(context) => digits(context.finish().as_ref()),
            Hasher::Md5(md5) => digits(&md5.finish()),
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

/// RFC 1321. `ring` has no MD5, and one function is less than a dependency.
struct Md5 {
    state: [u32; 4],
    /// What does not fill a block yet.
    rest: Vec<u8>,
    length: u64,
}

impl Default for Md5 {
    fn default() -> Self {
        let state = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
        Md5 { state, rest: Vec::new(), length: 0 }
    }
}

impl Md5 {
    fn update(&mut self, data: &[u8]) {
        self.length = self.length.wrapping_add(data.len() as u64);
        self.rest.extend_from_slice(data);
        let mut all = std::mem::take(&mut self.rest);
        let blocks = all.chunks_exact(64);
        let rest = blocks.remainder().len();
        blocks.for_each(|block| self.block(block));
        all.drain(..all.len() - rest);
        self.rest = all;
    }

    fn block(&mut self, block: &[u8]) {
        let mut words = [0u32; 16];
        for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
            *word = bytes.iter().rev().fold(0, |acc, b| (acc << 8) | u32::from(*b));
        }
        let [mut a, mut b, mut c, mut d] = self.state;
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
        for (total, part) in self.state.iter_mut().zip([a, b, c, d]) {
            *total = total.wrapping_add(part);
        }
    }

    fn finish(mut self) -> [u8; 16] {
        let bits = self.length.wrapping_mul(8);
        let mut end = vec![0x80];
        while (self.rest.len() + end.len()) % 64 != 56 {
            end.push(0);
        }
        end.extend(bits.to_le_bytes());
        self.update(&end);
        let mut out = [0; 16];
        for (bytes, word) in out.chunks_exact_mut(4).zip(self.state) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        out
    }
}

fn constants() -> &'static [u32; 64] {
    static CONSTANTS: OnceLock<[u32; 64]> = OnceLock::new();
    CONSTANTS.get_or_init(|| {
        std::array::from_fn(|i| (f64::sin((i + 1) as f64).abs() * 4_294_967_296.0) as u32)
    })
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
        for kind in [Kind::Md5, Kind::Sha1, Kind::Sha256, Kind::Sha384, Kind::Sha512] {
            assert_eq!(hex(kind, b"x").len(), kind.digits());
            assert_eq!(of_file(kind, &file).unwrap(), hex(kind, &data));
            assert_eq!(Kind::from_name(kind.name()), Some(kind));
            assert_eq!(Kind::from_digits(kind.digits()), Some(kind));
        }
    }
}
