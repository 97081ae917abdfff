//! `%YAML`, `%TAG` and the tags on nodes.

use std::borrow::Cow;

use super::super::error::{Error, Mark};
use super::{Scanner, TokenKind, is_word};

const DIRECTIVE: &str = "while scanning a directive";
const YAML: &str = "while scanning a %YAML directive";
const TAG: &str = "while scanning a tag";

impl<'a> Scanner<'a> {
    fn word(&mut self) -> &'a str {
        let begin = self.at;
        while self.byte(0).is_some_and(is_word) {
            self.skip(1);
        }
        self.text.get(begin..self.at).unwrap_or("")
    }

    fn blanks(&mut self) {
        while self.is_blank(0) {
            self.skip(1);
        }
    }

    pub(super) fn directive(&mut self, start: Mark) -> Result<(), Error> {
        self.skip(1);
        let name = self.word();
        if name.is_empty() {
            return Err(self.error("could not find expected directive name").within(DIRECTIVE, start));
        }
        if !self.is_blank_or_end(0) {
            return Err(self.error("found unexpected non-alphabetical character").within(DIRECTIVE, start));
        }
        match name {
            "YAML" => {
                self.blanks();
                let major = self.version_number(start)?;
                if self.byte(0) != Some(b'.') {
                    return Err(self
                        .error("did not find expected digit or '.' character")
                        .within(YAML, start));
                }
                self.skip(1);
                let minor = self.version_number(start)?;
                self.push(TokenKind::Version { major, minor }, start);
            }
            "TAG" => {
                const CONTEXT: &str = "while scanning a %TAG directive";
                self.blanks();
                let handle = self.tag_handle(true, start)?;
                if !self.is_blank(0) {
                    return Err(self.error("did not find expected whitespace").within(CONTEXT, start));
                }
                self.blanks();
                let prefix = self.tag_uri(true, true, "", start)?;
                if !self.is_blank_or_end(0) {
                    return Err(self
                        .error("did not find expected whitespace or line break")
                        .within(CONTEXT, start));
                }
                self.push(TokenKind::TagDirective(Box::new((handle.into(), prefix))), start);
            }
            _ => return Err(self.error("found unknown directive name").within(DIRECTIVE, start)),
        }
        self.blanks();
        if self.byte(0) == Some(b'#') {
            self.skip_to_break();
        }
        if !self.is_break_or_end(0) {
            return Err(self.error("did not find expected comment or line break").within(DIRECTIVE, start));
        }
        if self.break_len(0) > 0 {
            self.take_break();
        }
        Ok(())
    }

    fn version_number(&mut self, start: Mark) -> Result<u32, Error> {
        let (mut number, mut digits) = (0, 0);
        while let Some(digit @ b'0'..=b'9') = self.byte(0) {
            digits += 1;
            if digits > 9 {
                return Err(self.error("found extremely long version number").within(YAML, start));
            }
            number = number * 10 + u32::from(digit - b'0');
            self.skip(1);
        }
        if digits == 0 {
            return Err(self.error("did not find expected version number").within(YAML, start));
        }
        Ok(number)
    }

    pub(super) fn tag(&mut self, start: Mark) -> Result<(), Error> {
        let (handle, suffix): (Cow<'a, str>, Cow<'a, str>) = if self.byte(1) == Some(b'<') {
            self.skip(2);
            let name = self.tag_uri(true, false, "", start)?;
            if self.byte(0) != Some(b'>') {
                return Err(self.error("did not find the expected '>'").within(TAG, start));
            }
            self.skip(1);
            ("".into(), name)
        } else {
            let handle = self.tag_handle(false, start)?;
            if handle.len() > 1 && handle.ends_with('!') {
                (handle.into(), self.tag_uri(false, false, "", start)?)
            } else {
                match self.tag_uri(false, false, handle, start)? {
                    suffix if suffix.is_empty() => ("".into(), "!".into()),
                    suffix => ("!".into(), suffix),
                }
            }
        };
        if !(self.is_blank_or_end(0) || (self.in_flow() && self.byte(0) == Some(b','))) {
            return Err(self.error("did not find expected whitespace or line break").within(TAG, start));
        }
        self.push(TokenKind::Tag(Box::new((handle, suffix))), start);
        Ok(())
    }

    /// `!`, `!!` or `!word!`; without the last `!` it is the beginning of a local tag.
    fn tag_handle(&mut self, directive: bool, start: Mark) -> Result<&'a str, Error> {
        let begin = self.at;
        if self.byte(0) != Some(b'!') {
            let context = if directive { "while scanning a tag directive" } else { TAG };
            return Err(self.error("did not find expected '!'").within(context, start));
        }
        self.skip(1);
        self.word();
        if self.byte(0) == Some(b'!') {
            self.skip(1);
        } else if directive && self.at - begin > 1 {
            return Err(self
                .error("did not find expected '!'")
                .within("while parsing a tag directive", start));
        }
        Ok(self.text.get(begin..self.at).unwrap_or(""))
    }

    /// The rest of a tag behind `head` (of which the first character does not count).
    fn tag_uri(
        &mut self,
        flow_too: bool,
        directive: bool,
        head: &str,
        start: Mark,
    ) -> Result<Cow<'a, str>, Error> {
        let context = if directive { "while parsing a %TAG directive" } else { "while parsing a tag" };
        let mut bytes: Vec<u8> = head.bytes().skip(1).collect();
        let mut length = head.len();
        while let Some(b) = self.byte(0) {
            match b {
                b'%' => {
                    let hex = self.text.get(self.at + 1..self.at + 3);
                    let code = hex.filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()));
                    let Some(code) = code.and_then(|h| u8::from_str_radix(h, 16).ok()) else {
                        return Err(self.error("did not find URI escaped octet").within(context, start));
                    };
                    bytes.push(code);
                    self.skip(3);
                }
                b',' | b'[' | b']' if !flow_too => break,
                b if is_word(b) || b";/?:@&=+$.!~*'(),[]".contains(&b) => {
                    bytes.push(b);
                    self.skip(1);
                }
                _ => break,
            }
            length += 1;
        }
        if length == 0 {
            return Err(self.error("did not find expected tag URI").within(context, start));
        }
        String::from_utf8(bytes)
            .map(Cow::Owned)
            .map_err(|_| self.error("found an incorrect leading UTF-8 octet").within(context, start))
    }
}
