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
        let anchored = format!(r"\A(?:{})", python_syntax(pattern));
        fancy_regex::RegexBuilder::new(&anchored)
            .backtrack_limit(BACKTRACK_LIMIT)
            .build()
            .map(Pcre)
            .map_err(|e| e.to_string().split_whitespace().collect::<Vec<_>>().join(" "))
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
