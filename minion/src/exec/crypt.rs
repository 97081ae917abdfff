//! Hashes of passwords as `/etc/shadow` has them: SHA-crypt, with 256 and 512 bits.
//!
//! The scheme is Ulrich Drepper's "Unix crypt using SHA-256 and SHA-512".

use ring::digest::{Algorithm, Context, SHA256, SHA512};

const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// The bounds of the scheme.
const ROUNDS: std::ops::RangeInclusive<u32> = 1000..=999_999_999;
const DEFAULT_ROUNDS: u32 = 5000;
/// More than this is not computed: a setting must not hold up a job for minutes.
const MOST_ROUNDS: u32 = 5_000_000;
const MOST_SALT: usize = 16;
/// Longer passwords are refused, as libcrypt does.
const MOST_PASSWORD: usize = 512;

/// The hash of a password under a setting: `$6$salt`, `$5$rounds=1000$salt`, or a whole hash. None when the
/// scheme is another one.
pub(crate) fn crypt(password: &str, setting: &str) -> Option<String> {
    let (id, rest) = setting.strip_prefix('$')?.split_once('$')?;
    let algorithm = match id {
        "5" => &SHA256,
        "6" => &SHA512,
        _ => return None,
    };
    let (rounds, rest) = match rest.strip_prefix("rounds=") {
        Some(rest) => {
            let (rounds, rest) = rest.split_once('$')?;
            let rounds: u32 = rounds.parse().ok()?;
            (Some(rounds.clamp(*ROUNDS.start(), *ROUNDS.end())), rest)
        }
        None => (None, rest),
    };
    let salt = rest.split('$').next().unwrap_or_default();
    let salt = salt.get(..salt.len().min(MOST_SALT))?;
    if rounds.is_some_and(|rounds| rounds > MOST_ROUNDS) || password.len() > MOST_PASSWORD {
        return None;
    }
    let digest = hashed(algorithm, password.as_bytes(), salt.as_bytes(), rounds.unwrap_or(DEFAULT_ROUNDS));
    let said = rounds.map(|rounds| format!("rounds={rounds}$")).unwrap_or_default();
    Some(format!("${id}${said}{salt}${}", encoded(&digest)))
}

/// A salt as random bytes make it.
pub(crate) fn salt(random: &[u8]) -> String {
    let letter = |byte: &u8| char::from(ALPHABET.get(usize::from(byte % 64)).copied().unwrap_or(b'.'));
    random.iter().take(MOST_SALT).map(letter).collect()
}

fn digest(algorithm: &'static Algorithm, parts: &[&[u8]]) -> Vec<u8> {
    let mut context = Context::new(algorithm);
    parts.iter().for_each(|part| context.update(part));
    context.finish().as_ref().to_vec()
}

/// The bytes over and over, so many of them.
fn repeated(bytes: &[u8], length: usize) -> Vec<u8> {
    bytes.iter().copied().cycle().take(length).collect()
}

fn hashed(algorithm: &'static Algorithm, password: &[u8], salt: &[u8], rounds: u32) -> Vec<u8> {
    let alternate = digest(algorithm, &[password, salt, password]);
    let mut context = Context::new(algorithm);
    context.update(password);
    context.update(salt);
    context.update(&repeated(&alternate, password.len()));
    let mut bits = password.len();
    while bits > 0 {
        context.update(if bits & 1 == 1 { &alternate } else { password });
        bits >>= 1;
    }
    let mut result = context.finish().as_ref().to_vec();
    let first = result.first().copied().unwrap_or_default();
    let of_password = digest(algorithm, &[&password.repeat(password.len())]);
    let of_salt = digest(algorithm, &[&salt.repeat(16 + usize::from(first))]);
    let (p, s) = (repeated(&of_password, password.len()), repeated(&of_salt, salt.len()));
    for round in 0..rounds {
        let (odd, none): (bool, &[u8]) = (round % 2 == 1, &[]);
        let (begin, end): (&[u8], &[u8]) = if odd { (&p, &result) } else { (&result, &p) };
        let with_salt = if round % 3 == 0 { none } else { &s };
        let with_password = if round % 7 == 0 { none } else { &p };
        result = digest(algorithm, &[begin, with_salt, with_password, end]);
    }
    result
}

/// The digest's bytes in the order of the scheme, six bits to a letter.
fn encoded(digest: &[u8]) -> String {
    let wide = digest.len() == 64;
    let third = digest.len() / 3;
    let mut out = String::new();
    let mut put = |bytes: [usize; 3], letters: u32| {
        let byte = |at: usize| u32::from(digest.get(at).copied().unwrap_or_default());
        let [a, b, c] = bytes;
        let mut all = byte(a) << 16 | byte(b) << 8 | byte(c);
        for _ in 0..letters {
            out.push(char::from(ALPHABET.get(all as usize % 64).copied().unwrap_or(b'.')));
            all >>= 6;
        }
    };
    let [mut a, mut b, mut c] = [0, third, 2 * third];
    for _ in 0..third {
        put([a, b, c], 4);
        [a, b, c] = if wide { [b + 1, c + 1, a + 1] } else { [c + 1, a + 1, b + 1] };
    }
    // What is left over: no byte is there for the other places.
    let nothing = digest.len();
    match wide {
        true => put([nothing, nothing, nothing - 1], 2),
        false => put([nothing, nothing - 1, nothing - 2], 3),
    }
    out
}

#[cfg(test)]
mod tests {
    use super::crypt;

    #[test]
    fn hashes_as_libcrypt_makes_them() {
        for (setting, password, want) in [
            (
                "$6$saltstring",
                "Hello world!",
                "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
            ),
            (
                "$6$rounds=10000$saltstringsaltstring",
                "Hello world!",
                "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.",
            ),
            ("$5$saltstring", "Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"),
            (
                "$5$rounds=10$roundstoolow",
                "the minimum number is still observed",
                "$5$rounds=1000$roundstoolow$yfvwcWrQ8l/K0DAWyuPMDNHpIVlTQebY9l/gL972bIC",
            ),
        ] {
            assert_eq!(crypt(password, setting).as_deref(), Some(want), "{setting}");
            assert_eq!(crypt(password, want).as_deref(), Some(want), "the hash is its own setting");
        }
        assert_eq!(crypt("x", "$y$j9T$abc"), None);
        assert_eq!(crypt("x", "$6$rounds=999999999$abc"), None);
    }
}
