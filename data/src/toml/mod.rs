//! TOML 1.0, for the renderer and the serializer of that name. Errors are in the words of Python's `tomllib`.
//!
//! A time without a date is text here: there is no value of that type.

mod read;
mod scalar;
mod write;

pub use write::dump;

use crate::Value;

/// How deep arrays, tables and dotted keys may nest.
pub const MAX_DEPTH: usize = 100;

/// Why a text is not TOML.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem} (at {})", self.place())]
pub struct Error {
    /// What is wrong.
    pub problem: String,
    /// Line and column in characters, both from 1; none at the end of the document.
    pub position: Option<(usize, usize)>,
}

impl Error {
    fn place(&self) -> String {
        match self.position {
            Some((line, column)) => format!("line {line}, column {column}"),
            None => "end of document".to_owned(),
        }
    }
}

/// Reads one document: always a dict.
pub fn load(text: &str) -> Result<Value, Error> {
    read::load(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_tomllib_reads() {
        let text = concat!(
            "# a comment\ntitle = \"x\\u00e9\\n\" # another\n'q k'.\"b c\".d = 'a\\b'\n",
            "n = [1_000, 0x0, 0xFF, 0o17, 0b1_0, +5, 1.5, 1e3, -inf, [ ], [\n 1, # c\n 2,\n]]\n",
            "t = [true, false, 2026-01-31, 2026-01-31 10:00:00.25+02:00, 2026-01-31T10:00:00Z, 07:32:00]\n",
            "m = \"\"\"\nline \\\n   go on\n\"\"\"\nl = '''\nit''s'''''\n",
            "i = { x = 1, y.z = 'w' }\n",
            "[a.b]\nc = 1\n[a]\nd = 2\n[[h]]\nn = 1\n[h.sub]\nk = 1\n[[h]]\n[[h.deep]]\n",
        );
        assert_eq!(
            load(text).unwrap().to_string(),
            concat!(
                "{'title': 'xé\\n', 'q k': {'b c': {'d': 'a\\\\b'}}, ",
                "'n': [1000, 0, 255, 15, 2, 5, 1.5, 1000.0, -inf, [], [1, 2]], ",
                "'t': [True, False, datetime.date(2026, 1, 31), ",
                "datetime.datetime(2026, 1, 31, 10, 0, 0, 250000, ",
                "tzinfo=datetime.timezone(datetime.timedelta(seconds=7200))), ",
                "datetime.datetime(2026, 1, 31, 10, 0, tzinfo=datetime.timezone.utc), '07:32:00'], ",
                "'m': 'line go on\\n', 'l': \"it''s''\", 'i': {'x': 1, 'y': {'z': 'w'}}, ",
                "'a': {'b': {'c': 1}, 'd': 2}, 'h': [{'n': 1, 'sub': {'k': 1}}, {'deep': [{}]}]}",
            )
        );
        assert_eq!(load("").unwrap().to_string(), "{}");
        assert_eq!(load("a = 1\r\n").unwrap().to_string(), "{'a': 1}");
    }

    #[test]
    fn errors_say_what_tomllib_says() {
        for (text, message) in [
            ("a = ", "Invalid value (at end of document)"),
            ("a = 01", "Expected newline or end of document after a statement (at line 1, column 6)"),
            ("a 1", "Expected '=' after a key in a key/value pair (at line 1, column 3)"),
            ("= 1", "Invalid statement (at line 1, column 1)"),
            ("a = 1\na = 2", "Cannot overwrite a value (at end of document)"),
            ("[a]\n[a]\n", "Cannot declare ('a',) twice (at line 2, column 3)"),
            ("a.b = 1\n[a]\n", "Cannot declare ('a',) twice (at line 2, column 3)"),
            ("[a.b]\n[a]\nb.c = 1\n", "Cannot redefine namespace ('a', 'b') (at line 3, column 8)"),
            ("a = []\n[[a]]\n", "Cannot mutate immutable namespace ('a',) (at line 2, column 4)"),
            ("a = {b = 1}\na.c = 2\n", "Cannot mutate immutable namespace ('a',) (at line 2, column 8)"),
            ("a = {b = 1, b = 2}", "Duplicate inline table key 'b' (at line 1, column 18)"),
            ("a = {b = 1", "Unclosed inline table (at end of document)"),
            ("a = [1 2]", "Unclosed array (at line 1, column 8)"),
            ("a = \"x", "Unterminated string (at end of document)"),
            ("a = 'x\n'", "Found invalid character '\\n' (at line 1, column 7)"),
            ("a = \"\\q\"", "Unescaped '\\' in a string (at line 1, column 8)"),
            ("a = \"\\ud800\"", "Escaped character is not a Unicode scalar value (at line 1, column 12)"),
            ("a = 2026-02-30", "Invalid date or datetime (at line 1, column 5)"),
            ("[a", "Expected ']' at the end of a table declaration (at end of document)"),
            ("a = \"\u{1}\"", "Illegal character '\\x01' (at line 1, column 6)"),
        ] {
            assert_eq!(load(text).unwrap_err().to_string(), message, "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        for text in [
            format!("a = {}", "[".repeat(100_000)),
            format!("a = {}", "{a = ".repeat(100_000)),
            format!("{}a = 1", "a.".repeat(100_000)),
            format!("[{}a]", "a.".repeat(100_000)),
        ] {
            assert!(load(&text).unwrap_err().problem.starts_with("Nested too deeply"));
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let value =
            load("a = 1\nb = [1, 'x\"\\u']\n[s]\nf = 1e20\n[s.t]\nd = 2026-01-31\n[[l]]\nx = {y = 1}\n")
                .unwrap();
        let text = dump(&value).unwrap();
        assert_eq!(
            text,
            "a = 1\nb = [ 1, \"x\\\"\\\\u\",]\n[[l]]\n\n[l.x]\ny = 1\n\n[s]\nf = 1e+20\n\n[s.t]\nd = 2026-01-31\n"
        );
        assert_eq!(load(&text).unwrap(), value);
        assert!(dump(&Value::Int(1)).is_err());
    }
}
