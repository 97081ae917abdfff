//! JSON as Python's `json` module reads and writes it: order kept, big integers exact, `NaN` allowed.

mod read;
mod write;

pub use write::{DumpOptions, dump, dump_with, write_str};

use self::read::Dialect;
use crate::Value;

/// How deep lists and dicts may nest in a document.
pub const MAX_DEPTH: usize = 256;

/// Why a text is not JSON; the message and the place are those of Python's `json.JSONDecodeError`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}: line {line} column {column} (char {offset})")]
pub struct Error {
    /// What is wrong.
    pub problem: &'static str,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Offset in characters, from 0.
    pub offset: usize,
}

/// Reads one JSON document.
pub fn load(text: &str) -> Result<Value, Error> {
    read::load(text, Dialect::Json)
}

/// Reads one JSON5 document: JSON with comments, commas at the end, keys without quotes, single quotes,
/// hexadecimal numbers and lines that go on behind a `\`.
pub(crate) fn load_json5(text: &str) -> Result<Value, Error> {
    read::load(text, Dialect::Json5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_python_reads() {
        let text = r#" {"a": [1, -2.5e3, 1E400, true, null, "\u00e9\ud83d\ude00\n"], "b": {}, "a2": 123456789012345678901} "#;
        let value = load(text).unwrap();
        assert_eq!(
            format!("{value:?}"),
            "{'a': [1, -2500.0, inf, True, None, 'é😀\\n'], 'b': {}, 'a2': 123456789012345678901}"
        );
    }

    #[test]
    fn errors_say_what_python_says() {
        for (text, message) in [
            ("", "Expecting value: line 1 column 1 (char 0)"),
            ("[1,]", "Expecting value: line 1 column 4 (char 3)"),
            (
                "{\"a\": 1,\n 'b'}",
                "Expecting property name enclosed in double quotes: line 2 column 2 (char 10)",
            ),
            ("{\"a\" 1}", "Expecting ':' delimiter: line 1 column 6 (char 5)"),
            ("[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)"),
            ("1 x", "Extra data: line 1 column 3 (char 2)"),
            ("\"abc", "Unterminated string starting at: line 1 column 1 (char 0)"),
            ("\"a\tb\"", "Invalid control character at: line 1 column 3 (char 2)"),
            ("\"\\q\"", "Invalid \\escape: line 1 column 2 (char 1)"),
        ] {
            assert_eq!(load(text).unwrap_err().to_string(), message, "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        assert_eq!(load(&"[".repeat(100_000)).unwrap_err().problem, "Nested too deeply");
    }

    #[test]
    fn writes_what_python_writes() {
        let value = load(r#"{"b": [1, 2.0, []], "a": {"x": null, "é": {}}}"#).unwrap();
        assert_eq!(dump(&value, None, false), r#"{"b": [1, 2.0, []], "a": {"x": null, "é": {}}}"#);
        assert_eq!(
            dump(&value, Some(4), true),
            "{\n    \"a\": {\n        \"x\": null,\n        \"é\": {}\n    },\n    \"b\": [\n        1,\n        2.0,\n        []\n    ]\n}"
        );
        let ascii = DumpOptions { ensure_ascii: true, ..Default::default() };
        assert_eq!(dump_with(&Value::from("aé😀\u{1}\u{7f}"), ascii), r#""a\u00e9\ud83d\ude00\u0001\u007f""#);
        let keys = crate::Dict::new().with(10, 1).with(9, 2);
        assert_eq!(dump(&keys.into(), None, true), r#"{"9": 2, "10": 1}"#);
    }
}
