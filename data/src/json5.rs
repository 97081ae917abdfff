//! JSON5, for the renderer of that name.

use crate::Value;
pub use crate::json::Error;

/// Reads one JSON5 document: JSON with comments, commas at the end, keys without quotes, single quotes,
/// hexadecimal numbers and lines that go on behind a backslash. Of keys that are there twice the last wins.
pub fn load(text: &str) -> Result<Value, Error> {
    crate::json::load_json5(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        let text = "// a comment\n{ /* another */ a: 1, 'b': 'it\\'s', $c_1: [+1, .5, 5., -0x1F, Infinity, -Infinity, NaN,],\n\
                    \"d\": 'two \\\nlines\\x41\\v\\q', \\u0065: {}, é: null,\u{a0}\u{feff}}\n";
        assert_eq!(
            load(text).unwrap().to_string(),
            "{'a': 1, 'b': \"it's\", '$c_1': [1, 0.5, 5.0, -31, inf, -inf, nan], \
             'd': 'two linesA\\x0bq', 'e': {}, 'é': None}"
        );
    }

    #[test]
    fn what_is_neither_is_refused() {
        for (text, message) in [
            ("{a: 01}", "Expecting ',' delimiter: line 1 column 6 (char 5)"),
            ("{1a: 1}", "Expecting property name: line 1 column 2 (char 1)"),
            ("[1,,]", "Expecting value: line 1 column 4 (char 3)"),
            ("{a: .}", "Expecting value: line 1 column 5 (char 4)"),
            ("/* x", "Unterminated comment starting at: line 1 column 1 (char 0)"),
            ("'a\nb'", "Invalid control character at: line 1 column 3 (char 2)"),
            ("'\\1'", "Invalid \\escape: line 1 column 2 (char 1)"),
        ] {
            assert_eq!(load(text).unwrap_err().to_string(), message, "{text}");
            assert!(crate::json::load(text).is_err());
        }
        assert!(crate::json::load("[1,]").is_err());
        assert!(crate::json::load("{'a': 1}").is_err());
        assert!(crate::json::load("[+1]").is_err());
    }
}
