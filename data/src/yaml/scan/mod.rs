//! Text to tokens, by YAML 1.1 and with libyaml's error texts, because that is what Salt reads with.
//!
//! Indentation becomes block starts and ends here; whether a scalar was a key shows only at the `:` behind
//! it, so tokens wait in a queue as long as the first of them may turn out to be one.

mod directive;
mod scalar;

use std::borrow::Cow;
use std::collections::VecDeque;

use super::MAX_DEPTH;
use super::error::{Error, Kind, Mark};

pub(super) struct Token<'a> {
    pub(super) kind: TokenKind<'a>,
    pub(super) start: Mark,
    pub(super) end: Mark,
}

#[derive(Debug, PartialEq)]
pub(super) enum TokenKind<'a> {
    StreamEnd,
    Version {
        major: u32,
        minor: u32,
    },
    /// Handle and prefix.
    TagDirective(Box<(Cow<'a, str>, Cow<'a, str>)>),
    DocumentStart,
    DocumentEnd,
    BlockSeqStart,
    BlockMapStart,
    BlockEnd,
    FlowSeqStart,
    FlowSeqEnd,
    FlowMapStart,
    FlowMapEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'a str),
    Anchor(&'a str),
    /// Handle and suffix; behind a pointer, so that a token stays small.
    Tag(Box<(Cow<'a, str>, Cow<'a, str>)>),
    Scalar {
        value: Cow<'a, str>,
        plain: bool,
    },
}

/// A token that becomes a key if a `:` follows it on its line.
#[derive(Clone, Copy, Default)]
struct SimpleKey {
    possible: bool,
    /// Nothing else can stand there: no `:` is an error.
    required: bool,
    token: usize,
    at: usize,
    mark: Mark,
}

/// How far, in bytes, the `:` may be from the start of its key.
const MAX_KEY: usize = 1024;

pub(super) struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    line: u32,
    column: u32,
    tokens: VecDeque<Token<'a>>,
    /// How many tokens have left the queue.
    taken: usize,
    done: bool,
    /// Nothing that follows can come before the first token of the queue.
    ready: bool,
    /// The column of the innermost block collection, -1 outside of all.
    indent: i64,
    indents: Vec<i64>,
    /// One per flow level, and one for the block level.
    keys: Vec<SimpleKey>,
    key_allowed: bool,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Result<Self, Error> {
        check_characters(text)?;
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Ok(Scanner {
            text,
            bytes: text.as_bytes(),
            at,
            line: 0,
            column: 0,
            tokens: VecDeque::new(),
            taken: 0,
            done: false,
            ready: false,
            indent: -1,
            indents: Vec::new(),
            keys: vec![SimpleKey::default()],
            key_allowed: true,
        })
    }

    /// The next token, which stays.
    pub(super) fn peek(&mut self) -> Result<&Token<'a>, Error> {
        if !self.ready {
            self.fill()?;
        }
        // After `fill` there is a token: the stream's end at least, which is never taken.
        self.tokens.front().ok_or_else(|| Error::new(Kind::Scanner, "no token", Mark::default()))
    }

    /// Drops the token that [`Scanner::peek`] has shown. The stream's end stays.
    pub(super) fn skip_token(&mut self) {
        if self.ready && !matches!(self.tokens.front(), Some(Token { kind: TokenKind::StreamEnd, .. }) | None)
        {
            self.tokens.pop_front();
            self.taken += 1;
            self.ready = false;
        }
    }

    /// The next token. The stream's end comes as often as it is asked for.
    pub(super) fn take(&mut self) -> Result<Token<'a>, Error> {
        if !self.ready {
            self.fill()?;
        }
        match self.tokens.pop_front() {
            Some(token) if !matches!(token.kind, TokenKind::StreamEnd) => {
                self.taken += 1;
                self.ready = false;
                Ok(token)
            }
            _ => {
                let mark = self.mark();
                let end = || Token { kind: TokenKind::StreamEnd, start: mark, end: mark };
                self.tokens.push_front(end());
                Ok(end())
            }
        }
    }

    /// Reads on until the first token in the queue is sure to be the first.
    fn fill(&mut self) -> Result<(), Error> {
        while !self.ready {
            if !self.tokens.is_empty() {
                self.drop_stale_keys()?;
                let taken = self.taken;
                if self.done || !self.keys.iter().any(|key| key.possible && key.token == taken) {
                    self.ready = true;
                    break;
                }
            }
            self.fetch()?;
        }
        Ok(())
    }

    fn mark(&self) -> Mark {
        Mark { line: self.line, column: self.column }
    }

    fn error(&self, problem: &str) -> Error {
        Error::new(Kind::Scanner, problem, self.mark())
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn in_flow(&self) -> bool {
        self.keys.len() > 1
    }

    /// How many bytes the line break `ahead` has: 0 if there is none. YAML 1.1 knows the Unicode ones too.
    fn break_len(&self, ahead: usize) -> usize {
        match self.byte(ahead) {
            Some(b'\r') if self.byte(ahead + 1) == Some(b'\n') => 2,
            Some(b'\n' | b'\r') => 1,
            Some(0xc2) if self.byte(ahead + 1) == Some(0x85) => 2,
            Some(0xe2)
                if self.byte(ahead + 1) == Some(0x80)
                    && matches!(self.byte(ahead + 2), Some(0xa8 | 0xa9)) =>
            {
                3
            }
            _ => 0,
        }
    }

    fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.byte(ahead), Some(b' ' | b'\t'))
    }

    fn is_break_or_end(&self, ahead: usize) -> bool {
        self.byte(ahead).is_none() || self.break_len(ahead) > 0
    }

    fn is_blank_or_end(&self, ahead: usize) -> bool {
        self.is_blank(ahead) || self.is_break_or_end(ahead)
    }

    /// Steps over `n` ASCII characters of one line.
    fn skip(&mut self, n: u32) {
        self.at += n as usize;
        self.column += n;
    }

    /// Steps over one character of any width, which is no line break.
    fn skip_char(&mut self) {
        self.at += match self.byte(0) {
            None => 0,
            Some(0..0xc0) => 1,
            Some(0xc0..0xe0) => 2,
            Some(0xe0..0xf0) => 3,
            Some(_) => 4,
        };
        self.column += 1;
    }

    /// Steps over a line break; gives the character that it stands for in a scalar.
    fn take_break(&mut self) -> &'static str {
        let shown = match self.byte(0) {
            Some(0xe2) if self.byte(2) == Some(0xa8) => "\u{2028}",
            Some(0xe2) => "\u{2029}",
            _ => "\n",
        };
        self.at += self.break_len(0);
        self.line += 1;
        self.column = 0;
        shown
    }

    /// `---` or `...` at the start of a line.
    fn at_document_mark(&self) -> bool {
        self.column == 0
            && matches!(self.bytes.get(self.at..self.at + 3), Some(b"---" | b"..."))
            && self.is_blank_or_end(3)
    }

    fn push(&mut self, kind: TokenKind<'a>, start: Mark) {
        let end = self.mark();
        self.tokens.push_back(Token { kind, start, end });
    }

    fn skip_to_token(&mut self) {
        loop {
            if self.column == 0 && self.bytes.get(self.at..self.at + 3) == Some(b"\xef\xbb\xbf") {
                self.skip_char();
            }
            loop {
                match self.byte(0) {
                    Some(b' ') => self.skip_run(|b| b == b' '),
                    Some(b'\t') if self.in_flow() || !self.key_allowed => self.skip(1),
                    _ => break,
                }
            }
            if self.byte(0) == Some(b'#') {
                self.skip_to_break();
            }
            if self.break_len(0) == 0 {
                return;
            }
            self.take_break();
            if !self.in_flow() {
                self.key_allowed = true;
            }
        }
    }

    /// Steps over the ASCII characters that fit.
    fn skip_run(&mut self, fits: impl Fn(u8) -> bool) {
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        let n = rest.iter().position(|b| *b >= 0x80 || !fits(*b)).unwrap_or(rest.len());
        self.at += n;
        self.column += u32::try_from(n).unwrap_or(u32::MAX);
    }

    fn skip_to_break(&mut self) {
        loop {
            self.skip_run(|b| b != b'\n' && b != b'\r');
            if self.is_break_or_end(0) {
                return;
            }
            self.skip_char();
        }
    }

    fn fetch(&mut self) -> Result<(), Error> {
        self.skip_to_token();
        self.drop_stale_keys()?;
        self.unroll(i64::from(self.column));
        let start = self.mark();
        let Some(first) = self.byte(0) else { return self.fetch_end() };
        if self.column == 0 && first == b'%' {
            self.leave_blocks()?;
            return self.directive(start);
        }
        if self.at_document_mark() {
            self.leave_blocks()?;
            self.skip(3);
            self.push(if first == b'-' { TokenKind::DocumentStart } else { TokenKind::DocumentEnd }, start);
            return Ok(());
        }
        let flow = self.in_flow();
        let alone = self.is_blank_or_end(1);
        match first {
            b'[' => self.flow_start(TokenKind::FlowSeqStart, start),
            b'{' => self.flow_start(TokenKind::FlowMapStart, start),
            b']' => self.flow_end(TokenKind::FlowSeqEnd, start),
            b'}' => self.flow_end(TokenKind::FlowMapEnd, start),
            b',' => {
                self.forget_key()?;
                self.key_allowed = true;
                self.skip(1);
                self.push(TokenKind::FlowEntry, start);
                Ok(())
            }
            b'-' if alone => self.block_entry(start),
            b'?' if flow || alone => self.explicit_key(start),
            b':' if flow || alone => self.value(start),
            b'*' | b'&' => self.anchor(first, start),
            b'!' => {
                self.save_key()?;
                self.key_allowed = false;
                self.tag(start)
            }
            b'|' | b'>' if !flow => {
                self.forget_key()?;
                self.key_allowed = true;
                self.block_scalar(first == b'|', start)
            }
            b'\'' | b'"' => {
                self.save_key()?;
                self.key_allowed = false;
                self.quoted_scalar(first, start)
            }
            b'-' | b'?' | b':' if !alone => self.plain(start),
            b'-' | b'?' | b':' | b'\t' | b'#' | b'|' | b'>' | b'%' | b'@' | b'`' => Err(self
                .error("found character that cannot start any token")
                .within("while scanning for the next token", start)),
            _ => self.plain(start),
        }
    }

    fn plain(&mut self, start: Mark) -> Result<(), Error> {
        self.save_key()?;
        self.key_allowed = false;
        self.plain_scalar(start)?;
        self.decide_key()
    }

    /// A `:` right behind a plain scalar makes it a key: no need to find that out with the next token.
    fn decide_key(&mut self) -> Result<(), Error> {
        let last = (self.taken + self.tokens.len()).saturating_sub(1);
        let is_key = self.byte(0) == Some(b':')
            && (self.in_flow() || self.is_blank_or_end(1))
            && self.keys.last().is_some_and(|key| {
                let near = key.mark.line == self.line && key.at + MAX_KEY >= self.at;
                key.possible && key.token == last && near
            });
        if is_key { self.value(self.mark()) } else { Ok(()) }
    }

    fn fetch_end(&mut self) -> Result<(), Error> {
        if self.column != 0 {
            self.column = 0;
            self.line += 1;
        }
        self.leave_blocks()?;
        let mark = self.mark();
        self.push(TokenKind::StreamEnd, mark);
        self.done = true;
        Ok(())
    }

    /// What stands between documents ends every block.
    fn leave_blocks(&mut self) -> Result<(), Error> {
        self.unroll(-1);
        self.forget_key()?;
        self.key_allowed = false;
        Ok(())
    }

    fn flow_start(&mut self, kind: TokenKind<'a>, start: Mark) -> Result<(), Error> {
        self.save_key()?;
        if self.keys.len() > MAX_DEPTH {
            return Err(self.error(&format!("nested deeper than {MAX_DEPTH}")));
        }
        self.keys.push(SimpleKey::default());
        self.key_allowed = true;
        self.skip(1);
        self.push(kind, start);
        Ok(())
    }

    fn flow_end(&mut self, kind: TokenKind<'a>, start: Mark) -> Result<(), Error> {
        self.forget_key()?;
        if self.in_flow() {
            self.keys.pop();
        }
        self.key_allowed = false;
        self.skip(1);
        self.push(kind, start);
        Ok(())
    }

    fn block_entry(&mut self, start: Mark) -> Result<(), Error> {
        if !self.in_flow() {
            if !self.key_allowed {
                return Err(self.error("block sequence entries are not allowed in this context"));
            }
            self.roll(start, None, TokenKind::BlockSeqStart);
        }
        self.forget_key()?;
        self.key_allowed = true;
        self.skip(1);
        self.push(TokenKind::BlockEntry, start);
        Ok(())
    }

    fn explicit_key(&mut self, start: Mark) -> Result<(), Error> {
        if !self.in_flow() {
            if !self.key_allowed {
                return Err(self.error("mapping keys are not allowed in this context"));
            }
            self.roll(start, None, TokenKind::BlockMapStart);
        }
        self.forget_key()?;
        self.key_allowed = !self.in_flow();
        self.skip(1);
        self.push(TokenKind::Key, start);
        Ok(())
    }

    fn value(&mut self, start: Mark) -> Result<(), Error> {
        match self.keys.last_mut() {
            Some(key) if key.possible => {
                key.possible = false;
                let (token, mark) = (key.token, key.mark);
                let place = (token - self.taken).min(self.tokens.len());
                self.tokens.insert(place, Token { kind: TokenKind::Key, start: mark, end: mark });
                self.roll(mark, Some(place), TokenKind::BlockMapStart);
                self.key_allowed = false;
            }
            _ => {
                if !self.in_flow() {
                    if !self.key_allowed {
                        return Err(self.error("mapping values are not allowed in this context"));
                    }
                    self.roll(start, None, TokenKind::BlockMapStart);
                }
                self.key_allowed = !self.in_flow();
            }
        }
        self.skip(1);
        self.push(TokenKind::Value, start);
        Ok(())
    }

    fn anchor(&mut self, sign: u8, start: Mark) -> Result<(), Error> {
        self.save_key()?;
        self.key_allowed = false;
        self.skip(1);
        let begin = self.at;
        while self.byte(0).is_some_and(is_word) {
            self.skip(1);
        }
        let name = self.text.get(begin..self.at).unwrap_or("");
        let ended = self.is_blank_or_end(0)
            || matches!(self.byte(0), Some(b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`'));
        if name.is_empty() || !ended {
            let what = if sign == b'*' { "while scanning an alias" } else { "while scanning an anchor" };
            return Err(self
                .error("did not find expected alphabetic or numeric character")
                .within(what, start));
        }
        self.push(if sign == b'*' { TokenKind::Alias(name) } else { TokenKind::Anchor(name) }, start);
        Ok(())
    }

    /// Opens a block collection when the column is deeper than the current one.
    fn roll(&mut self, mark: Mark, place: Option<usize>, kind: TokenKind<'a>) {
        let column = i64::from(mark.column);
        if self.in_flow() || self.indent >= column {
            return;
        }
        self.indents.push(self.indent);
        self.indent = column;
        let token = Token { kind, start: mark, end: mark };
        match place {
            Some(place) => self.tokens.insert(place.min(self.tokens.len()), token),
            None => self.tokens.push_back(token),
        }
    }

    /// Closes the block collections that are deeper than `column`.
    fn unroll(&mut self, column: i64) {
        if self.in_flow() {
            return;
        }
        while self.indent > column {
            let mark = self.mark();
            self.push(TokenKind::BlockEnd, mark);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    /// The token that comes next may be a key.
    fn save_key(&mut self) -> Result<(), Error> {
        if !self.key_allowed {
            return Ok(());
        }
        let required = !self.in_flow() && self.indent == i64::from(self.column);
        let token = self.taken + self.tokens.len();
        let (at, mark) = (self.at, self.mark());
        self.forget_key()?;
        if let Some(key) = self.keys.last_mut() {
            *key = SimpleKey { possible: true, required, token, at, mark };
        }
        Ok(())
    }

    fn forget_key(&mut self) -> Result<(), Error> {
        let mark = self.mark();
        match self.keys.last_mut() {
            Some(key) => key.forget(mark),
            None => Ok(()),
        }
    }

    /// A key is on one line and not too long.
    fn drop_stale_keys(&mut self) -> Result<(), Error> {
        let (line, at, mark) = (self.line, self.at, self.mark());
        for key in &mut self.keys {
            if key.possible && (key.mark.line < line || key.at + MAX_KEY < at) {
                key.forget(mark)?;
            }
        }
        Ok(())
    }
}

impl SimpleKey {
    fn forget(&mut self, mark: Mark) -> Result<(), Error> {
        if self.possible && self.required {
            return Err(Error::new(Kind::Scanner, "could not find expected ':'", mark)
                .within("while scanning a simple key", self.mark));
        }
        self.possible = false;
        Ok(())
    }
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')
}

/// Refuses what is not printable.
pub(super) fn check_characters(text: &str) -> Result<(), Error> {
    let plain = |b: u8| (0x20..0x7f).contains(&b) | matches!(b, b'\n' | b'\r' | b'\t');
    // In blocks without a way out, so that many bytes are looked at in one step.
    if text.as_bytes().chunks(64).all(|block| block.iter().fold(true, |fine, b| fine & plain(*b))) {
        return Ok(());
    }
    for (at, c) in text.char_indices() {
        let fine =
            matches!(c, '\n' | '\r' | '\t' | '\u{85}' | ' '..='~' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..);
        if !fine {
            let problem =
                format!("unacceptable character #x{:04x}: control characters are not allowed", u32::from(c));
            let line = text.get(..at).unwrap_or("").matches('\n').count() + 1;
            return Err(Error::character(problem, line, at));
        }
    }
    Ok(())
}
