//! `random`: random texts and numbers, hashes, and numbers that stay the same for a minion.

use data::random::Random;
use data::{Dict, Value};
use ring::rand::{SecureRandom, SystemRandom};

use super::ExecError;
use super::hashutil::{base64, bytes};
use super::plain::{Given, functions};
use crate::hash::{self, Kind};

functions! {
    /// Return a random text: `rsalt '*' random.get_str 16 punctuation=False`
    ///
    /// chars: the characters to choose from; else lowercase, uppercase, digits, punctuation, whitespace or printable.
    "random.get_str"("length=20, chars=None, lowercase=True, uppercase=True, digits=True, punctuation=True, \
                      whitespace=False, printable=False") = |args, _| get_str(&args);
    /// Return a hash of a value: `rsalt '*' random.hash 'I am a string' md5`
    "random.hash"("value, algorithm='sha512'") = |args, _| {
        let name = args.some_text("algorithm").unwrap_or_else(|| "sha512".to_owned());
        match Kind::from_name(&name) {
            Some(kind) => Ok(hash::hex(kind, &bytes(args.arg("value"))).into()),
            None => Err(ExecError::raised("SaltException", "You must specify a valid algorithm.")),
        }
    };
    /// Return a value in Base64: `rsalt '*' random.str_encode 'I am a new string'`
    "random.str_encode"("value, encoder='base64'") = |args, _| {
        if args.some_text("encoder").is_some_and(|name| name != "base64") {
            return Err(ExecError::invocation("You must specify a valid encoder"));
        }
        Ok(base64(&bytes(args.arg("value"))).into())
    };
    /// Return a random number from start to end: `rsalt '*' random.rand_int 1 10`. seed: the same number each time.
    "random.rand_int"("start=1, end=10, seed=None") = |args, _| {
        let int = |name: &str, default| args.get(name).and_then(Value::as_int).unwrap_or(default);
        let (start, end) = (int("start", 1), int("end", 10));
        let Ok(span) = u64::try_from(end.saturating_sub(start).saturating_add(1)) else {
            return Err(ExecError::raised("ValueError", format!("empty range for randrange() ({start}, {end}, 0)")));
        };
        let at = match args.some_text("seed") {
            Some(seed) => seeded(&seed).below(span),
            None => below(span)?,
        };
        Ok(start.saturating_add_unsigned(at).into())
    };
    /// Return a number below a range that is the same for the minion each time: `rsalt '*' random.seed 59`
    ///
    /// `minute: {{ salt['random.seed'](60) }}`; hash: another text to make it from than the minion's id.
    "random.seed"("range=10, hash=None") = |args, ctx| {
        let text = args.some_text("hash").unwrap_or_else(|| ctx.grain_str("id"));
        let range = args.get("range").and_then(Value::as_int).unwrap_or(10);
        let range = u64::try_from(range).unwrap_or_default();
        Ok(i64::try_from(seeded(&text).below(range)).unwrap_or_default().into())
    };
    /// Return some elements of a list in random order: `rsalt '*' random.sample '[1, 2, 3]' 2`. seed: the same ones.
    "random.sample"("value, size, seed=None") = |args, _| {
        sample(&args, args.arg("size").as_int().unwrap_or(-1))
    };
    /// Return a list in random order: `rsalt '*' random.shuffle '[1, 2, 3]'`. seed: the same order each time.
    "random.shuffle"("value, seed=None") = |args, _| {
        sample(&args, args.arg("value").as_list().map_or(0, |list| list.len() as i64))
    };
}

fn seeded(text: &str) -> Random {
    let digest = ring::digest::digest(&ring::digest::SHA512, text.as_bytes());
    Random::from_text(text, digest.as_ref())
}

fn below(n: u64) -> Result<u64, ExecError> {
    let mut bytes = [0; 8];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| ExecError::command("the system gives no random numbers"))?;
    Ok(u64::from_le_bytes(bytes).checked_rem(n).unwrap_or_default())
}

fn sample(args: &Dict, size: i64) -> Result<Value, ExecError> {
    let all = args.arg("value").as_list().unwrap_or_default();
    let Some(size) = usize::try_from(size).ok().filter(|size| *size <= all.len()) else {
        return Err(ExecError::raised("ValueError", "Sample larger than population or is negative"));
    };
    let seed = match args.some_text("seed") {
        Some(seed) => hash::hex(Kind::Sha512, seed.as_bytes()),
        None => below(u64::MAX)?.to_string(),
    };
    Ok(seeded(&seed).sample(all.len(), size).into_iter().filter_map(|at| all.get(at).cloned()).collect())
}

fn get_str(args: &Dict) -> Result<Value, ExecError> {
    const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
    const DIGITS: &str = "0123456789";
    const PUNCTUATION: &str = r##"!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~"##;
    const SPACE: &str = " \t\n\r\x0b\x0c";
    let length =
        match args.get("length") {
            None => 20,
            Some(length) => length.to_string().trim().parse::<usize>().map_err(|_| {
                ExecError::command(format!("invalid literal for int() with base 10: {length:?}"))
            })?,
        };
    let mut from = args.some_text("chars").unwrap_or_default();
    let all = args.is_set("printable", false);
    if all || from.is_empty() {
        from.clear();
        let sets = [
            ("lowercase", LOWER.to_owned(), true),
            ("uppercase", LOWER.to_uppercase(), true),
            ("digits", DIGITS.to_owned(), true),
            ("punctuation", PUNCTUATION.to_owned(), true),
            ("whitespace", SPACE.to_owned(), false),
        ];
        for (name, characters, by_default) in sets {
            if all || args.is_set(name, by_default) {
                from.push_str(&characters);
            }
        }
    }
    let from: Vec<char> = from.chars().collect();
    if from.is_empty() && length > 0 {
        return Err(ExecError::command("there are no characters to choose from"));
    }
    let mut out = String::new();
    for _ in 0..length.min(1 << 20) {
        out.extend(from.get(below(from.len() as u64)? as usize));
    }
    Ok(out.into())
}
