//! `hashutil`: hashes and encodings of texts and files.

use std::path::Path;

use data::Value;

use super::ExecError;
use super::plain::{Given, functions};
use crate::hash::{self, Kind};

functions! {
    /// Return the hash of a text: `rsalt '*' hashutil.digest 'get salted' sha256`. checksum: md5, sha256 or sha512.
    "hashutil.digest"("instr, checksum='md5'") = |args, _| {
        Ok(hash::hex(kind(args.some_text("checksum"))?, &bytes(args.arg("instr"))).into())
    };
    /// Return the hash of a file: `rsalt '*' hashutil.digest_file /path/to/file sha256`. checksum: md5, sha256 or sha512.
    "hashutil.digest_file"("infile, checksum='md5'") = |args, ctx| {
        let path = args.text("infile");
        if !ctx.host.is_file(Path::new(&path)) {
            return Err(ExecError::command(format!("File path '{path}' not found.")));
        }
        let kind = kind(args.some_text("checksum"))?;
        Ok(hash::hex(kind, &ctx.host.read(Path::new(&path))?).into())
    };
    /// Return the MD5 of a text: `rsalt '*' hashutil.md5_digest 'get salted'`
    "hashutil.md5_digest"("instr") = |args, _| Ok(hash::hex(Kind::Md5, &bytes(args.arg("instr"))).into());
    /// Return the SHA-256 of a text: `rsalt '*' hashutil.sha256_digest 'get salted'`
    "hashutil.sha256_digest"("instr") = |args, _| Ok(hash::hex(Kind::Sha256, &bytes(args.arg("instr"))).into());
    /// Return the SHA-512 of a text: `rsalt '*' hashutil.sha512_digest 'get salted'`
    "hashutil.sha512_digest"("instr") = |args, _| Ok(hash::hex(Kind::Sha512, &bytes(args.arg("instr"))).into());
    /// Return a text in Base64, on one line: `rsalt '*' hashutil.base64_b64encode 'get salted'`
    "hashutil.base64_b64encode"("instr") = |args, _| Ok(base64(&bytes(args.arg("instr"))).into());
    /// Return a text in Base64, in lines of 76 characters: `rsalt '*' hashutil.base64_encodestring 'get salted'`
    "hashutil.base64_encodestring"("instr") = |args, _| Ok(lines(&bytes(args.arg("instr"))).into());
    /// Return a file in Base64, in lines of 76 characters: `rsalt '*' hashutil.base64_encodefile /path/to/file`
    "hashutil.base64_encodefile"("fname") = |args, ctx| {
        Ok(lines(&ctx.host.read(Path::new(&args.text("fname")))?).into())
    };
    /// Return the text that is written in Base64: `rsalt '*' hashutil.base64_b64decode 'Z2V0IHNhbHRlZA=='`
    "hashutil.base64_b64decode"("instr") = |args, _| Ok(text(unbase64(&args.text("instr"))?));
    /// Return the text that is written in Base64: `rsalt '*' hashutil.base64_decodestring 'Z2V0IHNhbHRlZA==\n'`
    "hashutil.base64_decodestring"("instr") = |args, _| Ok(text(unbase64(&args.text("instr"))?));
    /// Write what is written in Base64 to a file: `rsalt '*' hashutil.base64_decodefile 'Z2V0IHNhbHRlZA==' /path/to/file`
    "hashutil.base64_decodefile"("instr, outfile") = |args, ctx| {
        let data = unbase64(&args.text("instr"))?;
        ctx.host.write_atomic(Path::new(&args.text("outfile")), &data, None)?;
        Ok(true.into())
    };
    /// Whether a Base64 signature (HMAC-SHA-256) fits a text and a secret.
    ///
    /// `rsalt '*' hashutil.hmac_signature 'get salted' 'shared secret' 'eBWf9bstXg+NiP5AOwppB5HMvZiYMPzEM9W5YMm/AmQ='`
    "hashutil.hmac_signature"("string, shared_secret, challenge_hmac") = |args, _| {
        let given = unbase64(&args.text("challenge_hmac")).unwrap_or_default();
        let key = hmac(&args.text("shared_secret"));
        Ok(ring::hmac::verify(&key, args.text("string").as_bytes(), &given).is_ok().into())
    };
    /// Return the signature (HMAC-SHA-256) of a text with a secret, hexadecimal.
    ///
    /// `rsalt '*' hashutil.hmac_compute 'get salted' 'shared secret'`
    "hashutil.hmac_compute"("string, shared_secret") = |args, _| {
        let tag = ring::hmac::sign(&hmac(&args.text("shared_secret")), args.text("string").as_bytes());
        let digits: Vec<String> = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(digits.concat().into())
    };
}

fn kind(name: Option<String>) -> Result<Kind, ExecError> {
    let name = name.unwrap_or_else(|| "md5".to_owned());
    let known = Kind::from_name(&name).filter(|_| matches!(&*name, "md5" | "sha256" | "sha512"));
    known.ok_or_else(|| ExecError::command(format!("Hash func '{name}' is not supported.")))
}

fn hmac(secret: &str) -> ring::hmac::Key {
    ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes())
}

/// What a value is in bytes: a text in UTF-8.
pub(super) fn bytes(value: &Value) -> Vec<u8> {
    match value {
        Value::Bytes(bytes) => bytes.to_vec(),
        value => value.to_string().into_bytes(),
    }
}

fn text(bytes: Vec<u8>) -> Value {
    String::from_utf8(bytes).map_or_else(|error| Value::Bytes(error.into_bytes().into()), Value::from)
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes in Base64.
pub(super) fn base64(data: &[u8]) -> String {
    let mut out = String::with_capacity(data.len().div_ceil(3) * 4);
    for group in data.chunks(3) {
        let bits = group.iter().fold(0u32, |n, byte| (n << 8) | u32::from(*byte)) << (8 * (3 - group.len()));
        for at in 0..4 {
            let digit = DIGITS.get((bits >> (18 - 6 * at)) as usize & 63).copied().unwrap_or(b'=');
            out.push(if at <= group.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

fn lines(data: &[u8]) -> String {
    data.chunks(57).map(|line| base64(line) + "\n").collect()
}

fn unbase64(text: &str) -> Result<Vec<u8>, ExecError> {
    let wrong = || ExecError::raised("Error", "Incorrect padding");
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count, mut padding) = (0u32, 0usize, 0usize);
    for byte in text.bytes() {
        if byte == b'=' {
            padding += 1;
            continue;
        }
        // Characters that are no digits are passed over, as Python does.
        let Some(digit) = DIGITS.iter().position(|d| *d == byte) else { continue };
        bits = (bits << 6) | digit as u32;
        count += 1;
        if count % 4 == 0 {
            out.extend(bits.to_be_bytes().iter().skip(1));
            bits = 0;
        }
    }
    let rest = count % 4;
    match rest {
        0 => {}
        1 => return Err(wrong()),
        _ if padding + rest < 4 => return Err(wrong()),
        _ => out.extend((bits << (6 * (4 - rest))).to_be_bytes().iter().skip(1).take(rest - 1)),
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_there_and_back() {
        for (plain, coded) in [("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj"), ("abcd", "YWJjZA==")]
        {
            assert_eq!(base64(plain.as_bytes()), coded);
            assert_eq!(unbase64(coded).ok().as_deref(), Some(plain.as_bytes()));
        }
        assert!(unbase64("YQ").is_err());
        assert_eq!(lines(&[0; 60]).lines().map(str::len).collect::<Vec<_>>(), [76, 4]);
    }
}
