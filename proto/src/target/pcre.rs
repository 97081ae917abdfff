//! Regexes as Python's `re.match` takes them: anchored at the beginning, open at the end.

use fancy_regex::Regex;

/// How often a regex may step back on one text; a pattern that needs more does not match.
const BACKTRACK_LIMIT: usize = 100_000;

/// A compiled regex.
#[derive(Clone, Debug)]
pub struct Pcre(Regex);

impl Pcre {
    /// Compiles a regex; the error is the regex library's, in one line.
    pub fn new(pattern: &str) -> Result<Self, String> {
        let pattern = python_syntax(pattern);
        if data::regex::calls_group(&pattern) {
            return Err("calls of groups are not known".to_owned());
        }
        let build = |text: &str| {
            fancy_regex::RegexBuilder::new(text)
                .backtrack_limit(BACKTRACK_LIMIT)
                .max_prog_size(data::regex::MAX_PROGRAM)
                .build()
        };
        let regex = build(&format!(r"\A(?:{pattern})")).map_err(|anchored| {
            // Positions are to be those in what was typed.
            let error = build(&pattern).err().unwrap_or(anchored);
            error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
        })?;
        match data::regex::missing_group(&pattern, regex.captures_len()) {
            Some(group) => Err(format!("invalid group reference {group}")),
            None => Ok(Pcre(regex)),
        }
    }

    /// Whether `text` begins with a match.
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text).unwrap_or(false)
    }
}

/// Python's `\Z` is the very end, which is `\z` here.
fn python_syntax(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        out.push(c);
        if c == '\\'
            && let Some(escaped) = chars.next()
        {
            out.push(if escaped == 'Z' { 'z' } else { escaped });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_does_not_have_is_an_error() {
        for pattern in ["(?(2)a|b)", "(a)(?(2)b)", "(?(0)a)"] {
            let error = Pcre::new(pattern).unwrap_err();
            assert!(error.starts_with("invalid group reference "), "{error}");
        }
        // One that calls itself, twice, found as one that takes all memory.
        assert!(Pcre::new(r"12\g0`\n\g0`|2p\'").is_err());
        assert!(Pcre::new("(a)?(?(1)b|c)$").unwrap().matches("ab"));
    }
}
