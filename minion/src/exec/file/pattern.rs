//! Python's regular expressions: flags, what is spelled differently, replacement templates.

use data::Value;
use fancy_regex::{Captures, Regex, RegexBuilder};

use crate::exec::ExecError;

/// `re.IGNORECASE`
pub(crate) const IGNORECASE: i64 = 2;
/// `re.MULTILINE`
pub(crate) const MULTILINE: i64 = 8;
/// `re.DOTALL`
pub(crate) const DOTALL: i64 = 16;
const VERBOSE: i64 = 64;
/// Back-tracking steps before a pattern is given up.
const BACKTRACK_LIMIT: usize = 1_000_000;

/// The bits of flags given as a number, a name or a list of names.
pub(crate) fn flags(given: &Value) -> Result<i64, ExecError> {
    let bit = |name: &str| match name.to_ascii_uppercase().as_str() {
        "IGNORECASE" | "I" => Ok(IGNORECASE),
        "MULTILINE" | "M" => Ok(MULTILINE),
        "DOTALL" | "S" => Ok(DOTALL),
        "VERBOSE" | "X" => Ok(VERBOSE),
        "UNICODE" | "U" | "ASCII" | "A" | "LOCALE" | "L" => Ok(0),
        _ => Err(ExecError::command(format!("Invalid re flag given: {name}"))),
    };
    match given {
        Value::Int(bits) => Ok(*bits),
        Value::Str(name) => bit(name),
        Value::List(names) => names.iter().try_fold(0, |bits, name| Ok(bits | bit(&name.to_string())?)),
        other => Err(ExecError::command(format!(
            "Invalid re flags: \"{other}\", must be given either as a single flag string, a list of strings, as an \
             integer, or as an re flag"
        ))),
    }
}

/// Compiles a Python pattern; `anchored` as `re.match` does it.
pub(crate) fn compile(pattern: &str, flags: i64, anchored: bool) -> Result<Regex, ExecError> {
    let mut text = translate(pattern, flags & MULTILINE != 0);
    if anchored {
        text = format!("\\A(?:{text})");
    }
    let letters: String = [(IGNORECASE, 'i'), (MULTILINE, 'm'), (DOTALL, 's'), (VERBOSE, 'x')]
        .iter()
        .filter_map(|(bit, letter)| (flags & bit != 0).then_some(*letter))
        .collect();
    if !letters.is_empty() {
        text = format!("(?{letters}){text}");
    }
    let raised = |error: String| ExecError::raised("re.error", format!("'{pattern}': {error}"));
    if data::regex::calls_group(&text) {
        return Err(raised("calls of groups are not known".to_owned()));
    }
    let regex = RegexBuilder::new(&text)
        .backtrack_limit(BACKTRACK_LIMIT)
        .max_prog_size(data::regex::MAX_PROGRAM)
        .build()
        .map_err(|error| raised(error.to_string()))?;
    match data::regex::missing_group(&text, regex.captures_len()) {
        Some(group) => Err(raised(format!("invalid group reference {group}"))),
        None => Ok(regex),
    }
}

/// Rewrites what Python spells differently: `\Z`, `$` before a final newline, `[` inside a class.
fn translate(pattern: &str, multiline: bool) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('Z') => out.push_str("\\z"),
                Some(escaped) => out.extend(['\\', escaped]),
                None => out.push('\\'),
            },
            '[' if in_class => out.push_str("\\["),
            '[' => {
                in_class = true;
                out.push('[');
                let mut rest = chars.clone();
                if rest.next() == Some('^') {
                    chars.next();
                    out.push('^');
                }
                // A bracket right at the beginning stands for itself.
                if chars.clone().next() == Some(']') {
                    chars.next();
                    out.push_str("\\]");
                }
            }
            ']' => {
                in_class = false;
                out.push(']');
            }
            '$' if !in_class && !multiline => out.push_str("(?=\\n?\\z)"),
            c => out.push(c),
        }
    }
    out
}

/// Whether a pattern is found.
pub(crate) fn found(regex: &Regex, text: &str) -> Result<bool, ExecError> {
    regex.is_match(text).map_err(failed)
}

fn failed(error: fancy_regex::Error) -> ExecError {
    ExecError::command(format!("regular expression: {error}"))
}

/// Replaces the first `count` matches, all when it is 0; the text and how many there were.
pub(crate) fn replace(
    regex: &Regex,
    text: &str,
    with: &str,
    literal: bool,
    count: usize,
) -> Result<(String, usize), ExecError> {
    let (mut out, mut at, mut done) = (String::with_capacity(text.len()), 0, 0);
    for captures in regex.captures_iter(text) {
        if count != 0 && done == count {
            break;
        }
        let captures = captures.map_err(failed)?;
        let Some(whole) = captures.get(0) else { continue };
        out.push_str(text.get(at..whole.start()).unwrap_or_default());
        if literal {
            out.push_str(with);
        } else {
            expand(&mut out, with, &captures)?;
        }
        at = whole.end();
        done += 1;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    Ok((out, done))
}

/// Python's replacement template: `\1`, `\g<name>`, `\n`.
fn expand(out: &mut String, with: &str, captures: &Captures<'_, str>) -> Result<(), ExecError> {
    let wrong = |problem: String| ExecError::raised("re.error", problem);
    let mut chars = with.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('g') if chars.next_if_eq(&'<').is_some() => {
                let name: String = chars.by_ref().take_while(|c| *c != '>').collect();
                let group = match name.parse::<usize>() {
                    Ok(number) => captures.get(number),
                    Err(_) => captures.name(&name),
                };
                out.push_str(group.map_or("", |found| found.as_str()));
            }
            Some(digit) if digit.is_ascii_digit() => {
                let mut number = digit.to_digit(10).unwrap_or(0) as usize;
                if let Some(next) = chars.next_if(char::is_ascii_digit) {
                    number = number * 10 + next.to_digit(10).unwrap_or(0) as usize;
                }
                if number >= captures.len() {
                    return Err(wrong(format!("invalid group reference {number}")));
                }
                out.push_str(captures.get(number).map_or("", |found| found.as_str()));
            }
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('\\') => out.push('\\'),
            Some(letter) if letter.is_ascii_alphabetic() => {
                return Err(wrong(format!("bad escape \\{letter}")));
            }
            Some(other) => out.extend(['\\', other]),
            None => return Err(wrong("bad escape (end of pattern)".to_owned())),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_pythons() {
        for (pattern, bits, text, want) in [
            ("b$", 0, "a\nb\n", true),
            ("a$", 0, "a\nb\n", false),
            ("^b", MULTILINE, "a\nb", true),
            ("^B", MULTILINE | IGNORECASE, "a\nb", true),
            ("[[]x", 0, "[x", true),
            ("[]a]", 0, "]", true),
            ("[^]]$", 0, "]", false),
            (r"a\Z", 0, "a\n", false),
            (r"(a)\1", 0, "xaa", true),
        ] {
            let regex = compile(pattern, bits, false).unwrap();
            assert_eq!(found(&regex, text).unwrap(), want, "{pattern} in {text:?}");
        }
        assert!(compile("(", 0, false).is_err());
        let regex = compile("b(c)", 0, true).unwrap();
        assert!(!found(&regex, "abc").unwrap(), "match begins at the beginning");
    }

    #[test]
    fn templates_are_pythons() {
        for (with, literal, count, want) in [
            (r"<\1>", false, 0, Ok("<a> <b>")),
            (r"<\g<n>>", false, 1, Ok("<a> xb")),
            (r"\1\n", true, 1, Ok(r"\1\n xb")),
            (r"\2", false, 0, Err("invalid group reference 2")),
            (r"\q", false, 0, Err(r"bad escape \q")),
        ] {
            let regex = compile("x(?P<n>.)", 0, false).unwrap();
            let got = replace(&regex, "xa xb", with, literal, count).map(|(text, _)| text);
            assert_eq!(
                got.map_err(|e| e.to_string()),
                want.map(str::to_owned).map_err(str::to_owned),
                "{with}"
            );
        }
    }
}
