//! What the regex library lets through that Python's `re` does not, and that must not reach a match.

/// Instructions that a pattern may be compiled to. A call of itself (`\g0`), which Python does not have, would
/// be written out until the memory is gone.
pub const MAX_PROGRAM: usize = 100_000;

/// Whether a pattern calls its own groups (`\g1`, `(?1)`), which Python does not have. For the library the number
/// of a group is a size: one that is large enough ends the process.
pub fn calls_group(pattern: &str) -> bool {
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        let rest = chars.as_str();
        match c {
            '\\' if chars.next() == Some('g') => return true,
            '(' => {
                let Some(kind) = rest.strip_prefix('?') else { continue };
                let number = kind.trim_start_matches(['+', '-']);
                let called = number.starts_with(|c: char| c.is_ascii_digit()) || kind.starts_with(['R', '&']);
                if called || kind.starts_with("P>") {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

/// The first condition `(?(N)…)` on a group that a pattern with so many groups (the whole match is one)
/// does not have. The library compiles it, and panics when it comes to it in a text.
pub fn missing_group(pattern: &str, groups: usize) -> Option<&str> {
    let mut rest = pattern;
    let mut in_class = false;
    while let Some(c) = rest.chars().next() {
        let tail = rest.get(c.len_utf8()..)?;
        rest = match c {
            '\\' => {
                let mut chars = tail.chars();
                chars.next();
                chars.as_str()
            }
            '[' if !in_class => {
                in_class = true;
                // A bracket right at the beginning stands for itself.
                let tail = tail.strip_prefix('^').unwrap_or(tail);
                tail.strip_prefix(']').unwrap_or(tail)
            }
            ']' => {
                in_class = false;
                tail
            }
            '(' if !in_class => {
                if let Some(group) = tail.strip_prefix("?(").and_then(|condition| beyond(condition, groups)) {
                    return Some(group);
                }
                tail
            }
            _ => tail,
        };
    }
    None
}

/// The number at the beginning, when there is one and it is no group's. Relative ones are not Python's.
fn beyond(condition: &str, groups: usize) -> Option<&str> {
    let inner = condition.trim_start_matches(['<', '\'']);
    let signed = inner.starts_with(['+', '-']);
    let digits = inner.trim_start_matches(['+', '-']);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let number = digits.get(..end).filter(|n| !n.is_empty())?;
    let known = !signed && number.parse().is_ok_and(|n: usize| n > 0 && n < groups);
    (!known).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_groups() {
        for pattern in [r"\g5555555555555511", r"a\g<x>", "(?1)", "(a)(?-1)", "(?R)", "(?&x)", "(?P>x)"] {
            assert!(calls_group(pattern), "{pattern}");
        }
        for pattern in [r"\\g1", "(?i)a", "(?-i:a)", "(?P<x>a)(?P=x)", "(?(1)a)", "g", "\\"] {
            assert!(!calls_group(pattern), "{pattern}");
        }
    }

    #[test]
    fn conditions_on_groups_that_are_none() {
        for pattern in [
            "(?(2)a)",
            "(a)(?(2)b|c)",
            "(?(0)a)",
            "(a)(?(-1)b)",
            "(a)(?(<2>)b)",
            "x(?(99999999999999999999)a)",
        ] {
            assert!(missing_group(pattern, pattern.matches("(a)").count() + 1).is_some(), "{pattern}");
        }
        for pattern in ["(a)(?(1)b|c)", r"\(?(2)a", "[(?(2)]", "[](?(2)]", "(?:2)", "(?(a)b)", "", "\\", "["]
        {
            assert_eq!(missing_group(pattern, 2), None, "{pattern}");
        }
    }
}
