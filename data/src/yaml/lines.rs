//! Values straight from the lines of a document in which nothing is out of the ordinary: block mappings and lists
//! whose scalars and flow collections end on their line, and literal blocks. That is nearly every SLS, and takes a
//! fifth of what tokens and nodes take. Whatever else there is (anchors, tags, merges, explicit keys, folded text,
//! tabs, an error) ends it without an answer; then the document is read in full.

use std::borrow::Cow;

use super::Rules;
use super::plain::Plain;
use super::resolve::{Tag, resolve};
use super::scan::check_characters;
use crate::Value;

/// Deeper documents are read in full, which knows the limits.
const MAX_DEPTH: usize = 50;
/// Longer keys may be too long to be keys.
const MAX_KEY: usize = 1000;
/// Where "line" stands when all have been read: left of everything.
const END: isize = -1;

/// The value of a document, if it is that simple.
pub(super) fn load(text: &str, rules: Rules) -> Option<Value> {
    if !text.is_ascii() && (check_characters(text).is_err() || text.contains(UNICODE_MARKS)) {
        return None;
    }
    let mut lines = Lines {
        text,
        bytes: text.as_bytes(),
        at: 0,
        column: 0,
        depth: 0,
        begun: false,
        made: Plain::new(rules),
    };
    lines.next_line()?;
    if lines.column == END {
        return None;
    }
    lines.node()?;
    if lines.column == END { lines.made.finish() } else { None }
}

/// The line breaks that only Unicode has, and the byte order mark.
const UNICODE_MARKS: [char; 4] = ['\u{85}', '\u{2028}', '\u{2029}', '\u{feff}'];

struct Lines<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// Where the content of the line begins that is read next.
    column: isize,
    depth: usize,
    /// There was content, or `---`.
    begun: bool,
    made: Plain,
}

/// What ends a plain scalar.
#[derive(PartialEq, Eq)]
enum Stop {
    Line,
    /// The `:` of a key.
    Key,
}

impl<'a> Lines<'a> {
    fn byte(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    /// A space, or the end of the line.
    fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.byte(ahead), None | Some(b' ' | b'\n'))
    }

    fn at_entry(&self) -> bool {
        self.byte(0) == Some(b'-') && self.is_blank(1)
    }

    fn skip_spaces(&mut self) -> usize {
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        let n = rest.iter().position(|b| *b != b' ').unwrap_or(rest.len());
        self.at += n;
        n
    }

    /// Goes to the content of the next line that has some; `at` is at the start of a line.
    fn next_line(&mut self) -> Option<()> {
        loop {
            let indent = self.skip_spaces();
            match self.byte(0) {
                None => {
                    self.column = END;
                    return Some(());
                }
                Some(b'\n') => self.at += 1,
                Some(b'#') => self.skip_comment()?,
                Some(b'-' | b'.' | b'%') if indent == 0 && self.at_mark() => {
                    if self.begun || self.byte(3) != Some(b'\n') || self.byte(0) != Some(b'-') {
                        return None;
                    }
                    self.begun = true;
                    self.at += 4;
                }
                Some(_) => {
                    self.begun = true;
                    self.column = isize::try_from(indent).ok()?;
                    return Some(());
                }
            }
        }
    }

    /// What divides documents, or tells about them.
    fn at_mark(&self) -> bool {
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        rest.starts_with(b"---") || rest.starts_with(b"...") || rest.starts_with(b"%")
    }

    fn skip_comment(&mut self) -> Option<()> {
        while let Some(b) = self.byte(0) {
            self.at += 1;
            match b {
                b'\n' => break,
                0..b' ' | 0x7f => return None,
                _ => {}
            }
        }
        Some(())
    }

    /// Whether nothing but a comment follows on the line; goes on to the next one then.
    fn end_line(&mut self) -> Option<bool> {
        let blanks = self.skip_spaces();
        match self.byte(0) {
            None => {}
            Some(b'\n') => self.at += 1,
            Some(b'#') if blanks > 0 => self.skip_comment()?,
            _ => return Some(false),
        }
        self.next_line()?;
        Some(true)
    }

    fn deeper(&mut self, read: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        read(self)?;
        self.depth -= 1;
        Some(())
    }

    fn scalar(&mut self, tag: &Tag, text: &str) -> Option<()> {
        self.made.scalar(tag, text).then_some(())
    }

    fn null(&mut self) -> Option<()> {
        self.scalar(&Tag::Null, "")
    }

    /// The collection that starts at the content of this line.
    fn node(&mut self) -> Option<()> {
        let column = self.column;
        if self.at_entry() {
            return self.deeper(|lines| lines.list(column, false));
        }
        let from = self.made.made();
        self.key()?;
        self.deeper(|lines| lines.map(column, from))
    }

    /// The entries of a list; `at` is at the first `-`. A list that is no deeper than its key ends with the next key.
    fn list(&mut self, column: isize, beside_key: bool) -> Option<()> {
        let from = self.made.made();
        loop {
            self.at += 1;
            let before = self.at;
            if self.end_line()? {
                if self.column > column { self.node()? } else { self.null()? }
            } else {
                let inner = column + 1 + isize::try_from(self.at - before).ok()?;
                self.entry(column, inner)?;
            }
            if self.column < column {
                break;
            }
            if self.column > column || !self.at_entry() {
                if self.column == column && beside_key {
                    break;
                }
                return None;
            }
        }
        self.made.collection(from, true).then_some(())
    }

    /// What stands behind the `-` of a list at `column`: a scalar, or a collection that starts at `inner`.
    fn entry(&mut self, column: isize, inner: isize) -> Option<()> {
        if self.at_entry() {
            return self.deeper(|lines| lines.list(inner, false));
        }
        let from = self.made.made();
        let is_key = match self.byte(0)? {
            b'"' | b'\'' => {
                let text = self.quoted()?;
                self.scalar(&Tag::Str, &text)?;
                let is_key = self.byte(0) == Some(b':');
                if is_key && (text.len() > MAX_KEY || !self.is_blank(1)) {
                    return None;
                }
                is_key
            }
            b'[' | b'{' | b'|' => {
                return self.value(column);
            }
            _ => self.plain()? == Stop::Key,
        };
        if is_key {
            self.at += 1;
            return self.deeper(|lines| lines.map(inner, from));
        }
        self.end_line()?.then_some(())
    }

    /// The entries of a mapping; `at` is behind the `:` of the first key.
    fn map(&mut self, column: isize, from: usize) -> Option<()> {
        loop {
            if !self.end_line()? {
                self.value(column)?;
            } else if self.column > column {
                self.node()?;
            } else if self.column == column && self.at_entry() {
                self.deeper(|lines| lines.list(column, true))?;
            } else {
                self.null()?;
            }
            if self.column < column {
                break;
            }
            if self.column > column || self.at_entry() {
                return None;
            }
            self.key()?;
        }
        self.made.collection(from, false).then_some(())
    }

    /// A key, and the `:` behind it.
    fn key(&mut self) -> Option<()> {
        match self.byte(0)? {
            b'"' | b'\'' => {
                let text = self.quoted()?;
                if text.len() > MAX_KEY || self.byte(0) != Some(b':') || !self.is_blank(1) {
                    return None;
                }
                self.scalar(&Tag::Str, &text)?;
            }
            _ if self.plain()? == Stop::Key => {}
            _ => return None,
        }
        self.at += 1;
        Some(())
    }

    /// A value on the line of its key or `-`, in a collection at `column`, and the end of its line.
    fn value(&mut self, column: isize) -> Option<()> {
        match self.byte(0)? {
            b'"' | b'\'' => {
                let text = self.quoted()?;
                self.scalar(&Tag::Str, &text)?;
            }
            b'[' | b'{' => self.deeper(Self::flow)?,
            b'|' => return self.literal(column),
            _ if self.plain()? == Stop::Key => return None,
            _ => {}
        }
        self.end_line()?.then_some(())
    }

    /// A plain scalar, up to what ends it. That the next line continues it shows in its indentation, which then
    /// fits nothing.
    fn plain(&mut self) -> Option<Stop> {
        match self.byte(0)? {
            b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"'
            | b'%' | b'@' | b'`' => return None,
            b'-' | b'?' | b':' if self.is_blank(1) => return None,
            _ => {}
        }
        let rest = self.bytes.get(self.at..)?;
        let (mut before, mut end, mut stop) = (0, rest.len(), Stop::Line);
        for (i, b) in rest.iter().enumerate() {
            match *b {
                b'\n' => {
                    end = i;
                    break;
                }
                b':' if matches!(rest.get(i + 1), None | Some(b' ' | b'\n')) => {
                    if before == b' ' || i > MAX_KEY {
                        return None;
                    }
                    (end, stop) = (i, Stop::Key);
                    break;
                }
                b'#' if before == b' ' => {
                    end = i;
                    break;
                }
                0..b' ' | 0x7f => return None,
                _ => {}
            }
            before = *b;
        }
        while end > 0 && rest.get(end - 1) == Some(&b' ') {
            end -= 1;
        }
        let text = self.text.get(self.at..self.at + end)?;
        self.at += end;
        self.made.scalar(&resolve(text), text).then_some(stop)
    }

    /// A scalar in quotes that ends on its line.
    fn quoted(&mut self) -> Option<Cow<'a, str>> {
        let quote = self.byte(0)?;
        self.at += 1;
        let mut start = self.at;
        let mut text = Cow::Borrowed("");
        loop {
            let b = self.byte(0)?;
            let read = self.text.get(start..self.at);
            match b {
                b'\'' if quote == b && self.byte(1) == Some(b) => {
                    text += read?;
                    text += "'";
                    self.at += 1;
                    start = self.at + 1;
                }
                _ if b == quote => {
                    text += read?;
                    self.at += 1;
                    return Some(text);
                }
                b'\\' if quote == b'"' => {
                    text += read?;
                    text += match self.byte(1)? {
                        b'n' => "\n",
                        b't' => "\t",
                        b'"' => "\"",
                        b'\\' => "\\",
                        b'/' => "/",
                        _ => return None,
                    };
                    self.at += 1;
                    start = self.at + 1;
                }
                0..b' ' | 0x7f => return None,
                _ => {}
            }
            self.at += 1;
        }
    }

    /// A flow collection that ends on its line, with what JSON has in it and words without quotes.
    fn flow(&mut self) -> Option<()> {
        let list = self.byte(0)? == b'[';
        let close = if list { b']' } else { b'}' };
        let from = self.made.made();
        self.at += 1;
        loop {
            self.skip_spaces();
            if self.byte(0)? == close {
                break;
            }
            if !list {
                let start = self.at;
                self.flow_item()?;
                if self.byte(0)? != b':' || self.byte(1)? != b' ' || self.at - start > MAX_KEY {
                    return None;
                }
                self.at += 1;
                self.skip_spaces();
            }
            if matches!(self.byte(0)?, b'[' | b'{') {
                self.deeper(Self::flow)?;
            } else {
                self.flow_item()?;
            }
            self.skip_spaces();
            match self.byte(0)? {
                b',' => self.at += 1,
                b if b == close => {}
                _ => return None,
            }
        }
        self.at += 1;
        self.made.collection(from, list).then_some(())
    }

    /// A scalar in a flow collection.
    fn flow_item(&mut self) -> Option<()> {
        let first = self.byte(0)?;
        if matches!(first, b'"' | b'\'') {
            let text = self.quoted()?;
            return self.scalar(&Tag::Str, &text);
        }
        let rest = self.bytes.get(self.at..)?;
        let word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'/');
        let more = |b: &u8| word(b) || matches!(b, b'-' | b'+' | b'@' | b'%' | b'=' | b'~');
        let starts = word(&first) || (matches!(first, b'-' | b'+') && rest.get(1).is_some_and(word));
        if !starts {
            return None;
        }
        let end = rest.iter().position(|b| !more(b))?;
        let text = self.text.get(self.at..self.at + end)?;
        self.at += end;
        self.scalar(&resolve(text), text)
    }

    /// A literal block (`|`, `|-`) in a collection at `column`, and the way to the line behind it.
    fn literal(&mut self, column: isize) -> Option<()> {
        self.at += 1;
        let strip = self.byte(0) == Some(b'-');
        self.at += usize::from(strip);
        self.skip_spaces();
        if self.byte(0)? != b'\n' {
            return None;
        }
        self.at += 1;
        let (mut text, mut breaks, mut indent) = (String::new(), 0, None);
        while self.at < self.bytes.len() {
            let start = self.at;
            let spaces = self.skip_spaces();
            let content = match (self.byte(0)?, indent) {
                (b'\n', None) if spaces > 0 => return None,
                (b'\n', None) => None,
                (b'\n', Some(indent)) => (spaces > indent).then_some(indent),
                (_, None) if isize::try_from(spaces).ok()? <= column => return None,
                (_, None) => Some(*indent.insert(spaces)),
                (_, Some(indent)) if spaces < indent => {
                    self.at = start;
                    break;
                }
                (_, Some(indent)) => Some(indent),
            };
            let rest = self.bytes.get(self.at..)?;
            let length = rest.iter().position(|b| *b < b' ' || *b == 0x7f)?;
            if rest.get(length) != Some(&b'\n') {
                return None;
            }
            self.at += length;
            if let Some(indent) = content {
                text.extend(std::iter::repeat_n('\n', breaks));
                text.push_str(self.text.get(start + indent..self.at)?);
                breaks = 0;
            }
            breaks += 1;
            self.at += 1;
        }
        if text.is_empty() {
            return None;
        }
        if !strip {
            text.push('\n');
        }
        self.scalar(&Tag::Str, &text)?;
        self.next_line()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Rules, load_in_full};

    /// What is read line by line reads the same in full; whether it was read line by line.
    fn compare(text: &str) -> bool {
        let mut simple = false;
        for rules in [Rules::Python, Rules::Salt] {
            let Some(value) = super::load(text, rules) else { continue };
            simple = true;
            match load_in_full(text, rules) {
                Ok(full) => assert!(value.identical(&full), "{text:?}\nlines {value:?}\nfull  {full:?}"),
                Err(e) => panic!("{text:?}\nlines {value:?}\nfull  {e}"),
            }
        }
        simple
    }

    #[test]
    fn ordinary_documents_are_read_line_by_line() {
        for text in [
            "a: 1\nb:\n  - x\n  - y: 2\n    z: [1, 'two', {\"three\": 3.0}]\n",
            "# top\n---\nnginx:\n  pkg.installed: []\n  service.running:\n    - enable: true\n    - watch:\n      - pkg: nginx\n",
            "list:\n- a\n- b: c\n  d: e\n-\n- - 1\n  - 2\nnext: ~\n",
            "text: |\n  one\n    two\n\n  three\n\nafter: |-\n  x\nkey: 'it''s'  # said\n",
            "'quoted key': \"a\\nb\"\nhttp://x/: y\nend:",
            "- é: ü\n- 2001-01-01\n- 0o17\n- -1\n",
        ] {
            assert!(compare(text), "{text}");
        }
    }

    #[test]
    fn what_is_not_simple_is_left_to_the_full_reader() {
        for text in [
            "",
            "# nothing\n",
            "text",
            "a: b\n c",
            "a: *x",
            "a: &x b",
            "<<: {a: 1}",
            "a: !!str 1",
            "a: >\n  b\n",
            "a:\tb",
            "a: b: c",
            "? a",
            "a: 1\na: 2",
            "a: [b,\n  c]",
            "a: 'b\n  c'",
            "a: 1\n...\n",
            "a: 1\n---\nb: 2\n",
            "%YAML 1.1\n",
            "a: |\n  no end",
            "a: |+\n  b\n",
            "a: @b",
            "- a\nb: c",
            "a: - b",
            "  a: 1\n b: 2\n",
        ] {
            assert!(super::load(text, Rules::Salt).is_none(), "{text:?}");
        }
    }

    const PIECES: [&str; 72] = [
        "\n",
        "\n",
        "\n",
        "\n  ",
        "\n  ",
        "\n    ",
        "\n- ",
        "\n- ",
        "\n  - ",
        "\n  - ",
        "\n    - ",
        "\n      ",
        " ",
        "  ",
        "a",
        "b",
        "c d",
        "key",
        "a: ",
        "a:",
        "b: ",
        "b:",
        "cc: ",
        "dd:",
        "- ",
        "-",
        ": ",
        ":",
        "? ",
        "?",
        " #",
        "#",
        "# x\n",
        "'q'",
        "'q': ",
        "\"w\"",
        "\"w\": ",
        "'it''s'",
        "\"\\n\"",
        "\"\\x41\"",
        "'",
        "\"",
        "[",
        "]",
        "[]",
        "[a, b]",
        "{",
        "}",
        "{}",
        "{a: 1}",
        "{\"a\": [1, 2]}",
        ",",
        ", ",
        "|\n",
        "|-\n",
        "|",
        ">\n",
        "|2\n",
        "---\n",
        "---",
        "...",
        "1",
        "-1",
        "0x1f",
        "1.5",
        "~",
        "yes",
        "2001-01-01",
        "<<",
        "\u{e9}",
        "\u{85}",
        "&x ",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn both_readers_agree(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 1..24)) {
            compare(&pieces.concat());
        }
    }
}
