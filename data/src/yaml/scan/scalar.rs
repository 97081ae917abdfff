//! Scalars in their five styles.

use std::borrow::Cow;

use super::super::error::{Error, Mark};
use super::{Scanner, TokenKind};

/// Line breaks and blanks between two pieces of a scalar, until it is known what they fold to.
#[derive(Default)]
struct Gap {
    blanks: String,
    /// The first line break; empty while there is none.
    first: &'static str,
    rest: String,
}

impl Gap {
    /// One break is a space, each further one is a line break.
    fn fold_into(&mut self, out: &mut String) {
        if self.first.is_empty() {
            out.push_str(&self.blanks);
        } else if self.first == "\n" {
            out.push_str(if self.rest.is_empty() { " " } else { &self.rest });
        } else {
            out.push_str(self.first);
            out.push_str(&self.rest);
        }
        *self = Gap::default();
    }
}

/// The ASCII characters that may end a piece of a plain scalar.
static ENDS_PLAIN: [bool; 128] = {
    let mut ends = [false; 128];
    let bytes = b" \t\n\r:,[]{}";
    let mut i = 0;
    while i < bytes.len() {
        ends[bytes[i] as usize] = true;
        i += 1;
    }
    ends
};

impl<'a> Scanner<'a> {
    fn slice(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or("")
    }

    pub(super) fn plain_scalar(&mut self, start: Mark) -> Result<(), Error> {
        const CONTEXT: &str = "while scanning a plain scalar";
        let indent = self.indent + 1;
        let begin = self.at;
        // The first line is borrowed; text of several lines is put together in `folded`.
        let (mut piece_begin, mut piece_end) = (begin, begin);
        let mut folded: Option<String> = None;
        let mut end = start;
        let mut gap = Gap::default();
        loop {
            if self.at_document_mark() || self.byte(0) == Some(b'#') {
                break;
            }
            let from = self.at;
            loop {
                self.skip_run(|b| !ENDS_PLAIN.get(usize::from(b)).is_some_and(|ends| *ends));
                let Some(b) = self.byte(0) else { break };
                match b {
                    b' ' | b'\t' | b'\n' | b'\r' => break,
                    b':' if self.is_blank_or_end(1) => break,
                    b':' if self.in_flow()
                        && matches!(self.byte(1), Some(b',' | b'?' | b'[' | b']' | b'{' | b'}')) =>
                    {
                        return Err(self.error("found unexpected ':'").within(CONTEXT, start));
                    }
                    b',' | b'[' | b']' | b'{' | b'}' if self.in_flow() => break,
                    0..0x80 => self.skip(1),
                    _ if self.break_len(0) > 0 => break,
                    _ => self.skip_char(),
                }
            }
            if self.at > from {
                if !gap.first.is_empty() {
                    let out = folded.get_or_insert_with(String::new);
                    out.push_str(self.slice(piece_begin, piece_end));
                    gap.fold_into(out);
                    piece_begin = from;
                }
                piece_end = self.at;
                end = self.mark();
            }
            if !(self.is_blank(0) || self.break_len(0) > 0) {
                break;
            }
            loop {
                if self.is_blank(0) {
                    if !gap.first.is_empty() && i64::from(self.column) < indent && self.byte(0) == Some(b'\t')
                    {
                        return Err(self
                            .error("found a tab character that violates indentation")
                            .within(CONTEXT, start));
                    }
                    self.skip(1);
                } else if self.break_len(0) > 0 {
                    let shown = self.take_break();
                    if gap.first.is_empty() {
                        gap.first = shown;
                    } else {
                        gap.rest.push_str(shown);
                    }
                } else {
                    break;
                }
            }
            if !self.in_flow() && i64::from(self.column) < indent {
                break;
            }
        }
        let last = self.slice(piece_begin, piece_end);
        let value = match folded {
            None => Cow::Borrowed(last),
            Some(mut text) => {
                text.push_str(last);
                Cow::Owned(text)
            }
        };
        if !gap.first.is_empty() {
            self.key_allowed = true;
        }
        self.tokens.push_back(super::Token { kind: TokenKind::Scalar { value, plain: true }, start, end });
        Ok(())
    }

    pub(super) fn quoted_scalar(&mut self, quote: u8, start: Mark) -> Result<(), Error> {
        const CONTEXT: &str = "while scanning a quoted scalar";
        self.skip(1);
        if let Some(value) = self.simple_quoted(quote) {
            self.push(TokenKind::Scalar { value: Cow::Borrowed(value), plain: false }, start);
            return Ok(());
        }
        let mut out = String::new();
        let mut gap = Gap::default();
        loop {
            if self.at_document_mark() {
                return Err(self.error("found unexpected document indicator").within(CONTEXT, start));
            }
            if self.byte(0).is_none() {
                return Err(self.error("found unexpected end of stream").within(CONTEXT, start));
            }
            let mut continued = false;
            while !self.is_blank_or_end(0) {
                match self.byte(0) {
                    Some(b'\'') if quote == b'\'' && self.byte(1) == Some(b'\'') => {
                        out.push('\'');
                        self.skip(2);
                    }
                    Some(b) if b == quote => break,
                    Some(b'\\') if quote == b'"' && self.break_len(1) > 0 => {
                        self.skip(1);
                        self.take_break();
                        continued = true;
                        break;
                    }
                    Some(b'\\') if quote == b'"' => out.push(self.escape(start)?),
                    _ => {
                        let from = self.at;
                        self.skip_char();
                        out.push_str(self.slice(from, self.at));
                    }
                }
            }
            if !continued && self.byte(0) == Some(quote) {
                break;
            }
            let mut in_lead = continued;
            loop {
                if self.is_blank(0) {
                    if !in_lead {
                        gap.blanks.push(if self.byte(0) == Some(b'\t') { '\t' } else { ' ' });
                    }
                    self.skip(1);
                } else if self.break_len(0) > 0 {
                    let shown = self.take_break();
                    if in_lead {
                        gap.rest.push_str(shown);
                    } else {
                        gap.blanks.clear();
                        gap.first = shown;
                        in_lead = true;
                    }
                } else {
                    break;
                }
            }
            if continued && gap.first.is_empty() {
                // A break after a backslash is nothing; those that follow it stay.
                out.push_str(&gap.rest);
                gap = Gap::default();
            } else {
                gap.fold_into(&mut out);
            }
        }
        self.skip(1);
        self.push(TokenKind::Scalar { value: Cow::Owned(out), plain: false }, start);
        Ok(())
    }

    /// A quoted scalar of one line without escapes, which needs no copy.
    fn simple_quoted(&mut self, quote: u8) -> Option<&'a str> {
        let rest = self.bytes.get(self.at..)?;
        let n = rest
            .iter()
            .position(|b| *b == quote || !(b' '..=b'~').contains(b) || (*b == b'\\' && quote == b'"'))?;
        if rest.get(n) != Some(&quote) || (quote == b'\'' && rest.get(n + 1) == Some(&b'\'')) {
            return None;
        }
        let value = self.slice(self.at, self.at + n);
        self.skip(u32::try_from(n + 1).ok()?);
        Some(value)
    }

    fn escape(&mut self, start: Mark) -> Result<char, Error> {
        const CONTEXT: &str = "while parsing a quoted scalar";
        let digits = match self.byte(1) {
            Some(b'x') => 2,
            Some(b'u') => 4,
            Some(b'U') => 8,
            other => {
                let c = match other {
                    Some(b'0') => '\0',
                    Some(b'a') => '\u{7}',
                    Some(b'b') => '\u{8}',
                    Some(b't' | b'\t') => '\t',
                    Some(b'n') => '\n',
                    Some(b'v') => '\u{b}',
                    Some(b'f') => '\u{c}',
                    Some(b'r') => '\r',
                    Some(b'e') => '\u{1b}',
                    Some(b' ') => ' ',
                    Some(b'"') => '"',
                    Some(b'/') => '/',
                    Some(b'\\') => '\\',
                    Some(b'N') => '\u{85}',
                    Some(b'_') => '\u{a0}',
                    Some(b'L') => '\u{2028}',
                    Some(b'P') => '\u{2029}',
                    _ => return Err(self.error("found unknown escape character").within(CONTEXT, start)),
                };
                self.skip(2);
                return Ok(c);
            }
        };
        self.skip(2);
        let hex =
            self.text.get(self.at..self.at + digits).filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(hex) = hex else {
            return Err(self.error("did not find expected hexdecimal number").within(CONTEXT, start));
        };
        let code = u32::from_str_radix(hex, 16).ok().and_then(char::from_u32);
        let Some(c) = code else {
            return Err(self.error("found invalid Unicode character escape code").within(CONTEXT, start));
        };
        self.skip(u32::try_from(digits).unwrap_or(0));
        Ok(c)
    }

    pub(super) fn block_scalar(&mut self, literal: bool, start: Mark) -> Result<(), Error> {
        const CONTEXT: &str = "while scanning a block scalar";
        self.skip(1);
        let (keep, strip, increment) = self.block_header(start)?;
        while self.is_blank(0) {
            self.skip(1);
        }
        if self.byte(0) == Some(b'#') {
            self.skip_to_break();
        }
        if !self.is_break_or_end(0) {
            return Err(self.error("did not find expected comment or line break").within(CONTEXT, start));
        }
        if self.break_len(0) > 0 {
            self.take_break();
        }
        let mut indent = increment.map(|n| self.indent.max(0) + n);
        let mut out = String::new();
        let (mut lead, mut trail) = ("", String::new());
        let mut end = self.mark();
        let column = self.block_breaks(&mut indent, &mut trail, start, &mut end)?;
        let mut lead_blank = false;
        while i64::from(self.column) == column && self.byte(0).is_some() {
            let blank = self.is_blank(0);
            if !literal && lead == "\n" && !lead_blank && !blank {
                if trail.is_empty() {
                    out.push(' ');
                }
            } else {
                out.push_str(lead);
            }
            out.push_str(&trail);
            trail.clear();
            lead_blank = blank;
            let from = self.at;
            self.skip_to_break();
            out.push_str(self.slice(from, self.at));
            lead = if self.break_len(0) > 0 { self.take_break() } else { "" };
            self.block_breaks(&mut Some(column), &mut trail, start, &mut end)?;
        }
        if !strip {
            out.push_str(lead);
        }
        if keep {
            out.push_str(&trail);
        }
        self.tokens.push_back(super::Token {
            kind: TokenKind::Scalar { value: Cow::Owned(out), plain: false },
            start,
            end,
        });
        Ok(())
    }

    /// `+`, `-` and a digit, in any order: keep, strip, indentation.
    fn block_header(&mut self, start: Mark) -> Result<(bool, bool, Option<i64>), Error> {
        let (mut keep, mut strip, mut increment) = (false, false, None);
        for _ in 0..2 {
            match self.byte(0) {
                Some(sign @ (b'+' | b'-')) if !keep && !strip => {
                    keep = sign == b'+';
                    strip = sign == b'-';
                    self.skip(1);
                }
                Some(b'0') if increment.is_none() => {
                    return Err(self
                        .error("found an indentation indicator equal to 0")
                        .within("while scanning a block scalar", start));
                }
                Some(digit @ b'1'..=b'9') if increment.is_none() => {
                    increment = Some(i64::from(digit - b'0'));
                    self.skip(1);
                }
                _ => break,
            }
        }
        Ok((keep, strip, increment))
    }

    /// Steps over empty lines and the indentation; finds out the indentation where it is not known yet.
    fn block_breaks(
        &mut self,
        indent: &mut Option<i64>,
        breaks: &mut String,
        start: Mark,
        end: &mut Mark,
    ) -> Result<i64, Error> {
        let mut deepest = 0;
        loop {
            let shallow = |s: &Self| indent.is_none_or(|n| i64::from(s.column) < n);
            while shallow(self) && self.byte(0) == Some(b' ') {
                self.skip(1);
            }
            deepest = deepest.max(i64::from(self.column));
            if shallow(self) && self.byte(0) == Some(b'\t') {
                return Err(self
                    .error("found a tab character where an indentation space is expected")
                    .within("while scanning a block scalar", start));
            }
            if self.break_len(0) == 0 {
                break;
            }
            breaks.push_str(self.take_break());
            *end = self.mark();
        }
        Ok(*indent.get_or_insert_with(|| deepest.max(self.indent + 1).max(1)))
    }
}
