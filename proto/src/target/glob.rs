//! Globs as Python's `fnmatch.fnmatch` has them on a case-sensitive system: `*`, `?`, `[seq]`, `[!seq]`, no escapes.

/// A compiled glob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// `*`
    Star,
    /// `?`
    Any,
    /// A character as it stands.
    Char(char),
    /// `[…]`: ranges, and whether they are the ones that do not match.
    Class(Vec<(char, char)>, bool),
}

impl Glob {
    /// Compiles a glob. Every text is one: what opens no class stands for itself.
    pub fn new(pattern: &str) -> Self {
        let chars: Vec<char> = pattern.chars().collect();
        let mut parts = Vec::with_capacity(chars.len());
        let mut rest = chars.as_slice();
        while let [first, tail @ ..] = rest {
            rest = tail;
            match first {
                '*' => {
                    if parts.last() != Some(&Part::Star) {
                        parts.push(Part::Star);
                    }
                }
                '?' => parts.push(Part::Any),
                '[' => match class(tail) {
                    Some((part, tail)) => {
                        parts.push(part);
                        rest = tail;
                    }
                    None => parts.push(Part::Char('[')),
                },
                c => parts.push(Part::Char(*c)),
            }
        }
        Glob { parts }
    }

    /// Whether the whole of `text` matches. Takes time in the length of text times pattern at worst.
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut p, mut t) = (0, 0);
        // Where to go on after the last star when what follows it does not fit: one character further.
        let mut retry: Option<(usize, usize)> = None;
        loop {
            let here = text.get(t);
            match (self.parts.get(p), here) {
                (Some(Part::Star), _) => {
                    p += 1;
                    retry = Some((p, t));
                    continue;
                }
                (Some(part), Some(c)) if part.takes(*c) => {
                    p += 1;
                    t += 1;
                    continue;
                }
                (None, None) => return true,
                _ => {}
            }
            match retry {
                Some((after, from)) if from < text.len() => {
                    p = after;
                    t = from + 1;
                    retry = Some((after, from + 1));
                }
                _ => return false,
            }
        }
    }
}

impl Part {
    fn takes(&self, c: char) -> bool {
        match self {
            Part::Star => false,
            Part::Any => true,
            Part::Char(p) => *p == c,
            Part::Class(ranges, negated) => ranges.iter().any(|(a, b)| (*a..=*b).contains(&c)) != *negated,
        }
    }
}

/// The class that begins after `[`, and what follows its `]`.
fn class(tail: &[char]) -> Option<(Part, &[char])> {
    let negated = tail.first() == Some(&'!');
    let body = if negated { tail.get(1..)? } else { tail };
    // A `]` right at the beginning is a member, not the end.
    let end = 1 + body.iter().skip(1).position(|c| *c == ']')?;
    let (members, after) = (body.get(..end)?, body.get(end + 1..)?);
    Some((Part::Class(ranges(members), negated), after))
}

/// `a-z` is a range, a hyphen at either end is one itself, a range that runs backwards has no members.
fn ranges(members: &[char]) -> Vec<(char, char)> {
    let mut out = Vec::new();
    let mut rest = members;
    loop {
        match rest {
            [a, '-', b, tail @ ..] => {
                if a <= b {
                    out.push((*a, *b));
                }
                rest = tail;
            }
            [c, tail @ ..] => {
                out.push((*c, *c));
                rest = tail;
            }
            [] => return out,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_stars_stay_fast() {
        let glob = Glob::new(&"a*".repeat(40));
        assert!(!glob.matches(&format!("{}b", "a".repeat(30))));
        assert!(glob.matches(&"a".repeat(400)));
    }
}
