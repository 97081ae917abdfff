//! Shell globs as Python's `fnmatch` reads them: `*`, `?`, `[seq]`, `[!seq]`; no character is special to `*`.

/// Whether there is anything in the text that makes it a glob.
pub(crate) fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '[', ']'])
}

/// Whether `text` matches the whole of `pattern`.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let pattern = parse(pattern);
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where to go on after the last star: one character further each time.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() || p < pattern.len() {
        let step = match (pattern.get(p), text.get(t)) {
            (Some(Token::Star), _) => {
                star = Some((p, t));
                p += 1;
                continue;
            }
            (Some(token), Some(c)) => token.accepts(*c),
            _ => false,
        };
        if step {
            p += 1;
            t += 1;
            continue;
        }
        match star {
            Some((star_p, star_t)) if star_t < text.len() => {
                star = Some((star_p, star_t + 1));
                p = star_p + 1;
                t = star_t + 1;
            }
            _ => return false,
        }
    }
    true
}

enum Token {
    Star,
    Any,
    Char(char),
    Set { negated: bool, ranges: Vec<(char, char)> },
}

impl Token {
    fn accepts(&self, c: char) -> bool {
        match self {
            Token::Star => false,
            Token::Any => true,
            Token::Char(own) => *own == c,
            Token::Set { negated, ranges } => {
                ranges.iter().any(|(lo, hi)| (*lo..=*hi).contains(&c)) != *negated
            }
        }
    }
}

fn parse(pattern: &str) -> Vec<Token> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut tokens: Vec<Token> = Vec::with_capacity(chars.len());
    let mut i = 0;
    while let Some(&c) = chars.get(i) {
        i += 1;
        match c {
            '*' if matches!(tokens.last(), Some(Token::Star)) => {}
            '*' => tokens.push(Token::Star),
            '?' => tokens.push(Token::Any),
            '[' => match parse_set(&chars, i) {
                Some((set, next)) => {
                    tokens.push(set);
                    i = next;
                }
                // A bracket that is never closed stands for itself.
                None => tokens.push(Token::Char('[')),
            },
            c => tokens.push(Token::Char(c)),
        }
    }
    tokens
}

/// The set that starts after the `[` at `start - 1`, and where the pattern goes on.
fn parse_set(chars: &[char], start: usize) -> Option<(Token, usize)> {
    let mut from = start;
    let negated = chars.get(from) == Some(&'!');
    if negated {
        from += 1;
    }
    // A `]` right at the start is a member.
    let end = chars.iter().skip(from + 1).position(|c| *c == ']')? + from + 1;
    let members = chars.get(from..end)?;
    let mut ranges = Vec::new();
    let mut i = 0;
    while let Some(&lo) = members.get(i) {
        match (members.get(i + 1), members.get(i + 2)) {
            (Some('-'), Some(&hi)) => {
                ranges.push((lo, hi));
                i += 3;
            }
            _ => {
                ranges.push((lo, lo));
                i += 1;
            }
        }
    }
    Some((Token::Set { negated, ranges }, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_as_fnmatch_does() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a.*", "a.b.c", true),
            ("*.c", "a.b.c", true),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abcdef", false),
            ("?", "", false),
            ("a?c", "abc", true),
            ("[ab]c", "bc", true),
            ("[!ab]c", "bc", false),
            ("[a-c]x", "bx", true),
            ("[]]", "]", true),
            ("[", "[", true),
            ("a[", "a[", true),
            ("[a-", "[a-", true),
            ("abc", "ABC", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
