//! Text to tokens, one at a time, so that an error is the first one in the text whoever finds it.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use num_bigint::BigInt;

use crate::val::Val;
use crate::{Error, ErrorKind, Options, Syntax};

/// A token with the line it starts on.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) line: u32,
    pub(crate) tok: Tok,
}

#[derive(Clone, Debug)]
pub(crate) enum Tok {
    Data(String),
    VariableBegin,
    VariableEnd,
    BlockBegin,
    BlockEnd,
    Name(Arc<str>),
    Str(String),
    Int(Val),
    Float(f64),
    /// An operator, by its own text.
    Op(&'static str),
    Eof,
}

impl Tok {
    /// What errors call the token.
    pub(crate) fn describe(&self) -> &str {
        match self {
            Tok::Data(_) => "template data / text",
            Tok::VariableBegin => "begin of print statement",
            Tok::VariableEnd => "end of print statement",
            Tok::BlockBegin => "begin of statement block",
            Tok::BlockEnd => "end of statement block",
            Tok::Name(n) => n,
            Tok::Str(_) => "string",
            Tok::Int(_) => "integer",
            Tok::Float(_) => "float",
            Tok::Op(o) => o,
            Tok::Eof => "end of template",
        }
    }

    pub(crate) fn is_op(&self, op: &str) -> bool {
        matches!(self, Tok::Op(o) if *o == op)
    }

    pub(crate) fn is_name(&self, name: &str) -> bool {
        matches!(self, Tok::Name(n) if &**n == name)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Text,
    Variable,
    Block,
    /// A statement that ends with its line.
    Line,
}

/// What begins where the text ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opener {
    Block,
    Variable,
    Comment,
    LineStatement,
    LineComment,
}

/// Longest first, as they are tried.
const OPERATORS: [&str; 25] = [
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<",
    "=", ".", ":", "|", ",",
];

pub(crate) struct Lexer {
    source: String,
    pos: usize,
    line: u32,
    /// The line of the last token. The end of the template counts as part of it.
    last_line: u32,
    state: State,
    /// Brackets that wait to be closed.
    open: Vec<&'static str>,
    queue: VecDeque<Token>,
    /// An error that comes after what is in the queue.
    pending: Option<Failed>,
    line_starting: bool,
    trim_blocks: bool,
    lstrip_blocks: bool,
    syntax: Rc<Syntax>,
    /// Whether the tags are Jinja's own, which are found faster.
    plain: bool,
}

pub(crate) fn syntax_error(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Syntax, message)
}

/// A syntax error and its line.
pub(crate) struct Failed(pub(crate) Error, pub(crate) u32);
pub(crate) type Lexed<T> = std::result::Result<T, Failed>;

/// `\r\n` and `\r` become `\n`; the last newline goes away unless it is to stay.
pub(crate) fn normalize(source: &str, keep_trailing_newline: bool) -> String {
    let mut text = if source.contains('\r') {
        source.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        source.to_owned()
    };
    if !keep_trailing_newline && text.ends_with('\n') {
        text.pop();
    }
    text
}

impl Lexer {
    pub(crate) fn new(source: &str, options: &Options) -> Self {
        Lexer {
            source: normalize(source, options.keep_trailing_newline),
            pos: 0,
            line: 1,
            last_line: 1,
            state: State::Text,
            open: Vec::new(),
            queue: VecDeque::new(),
            pending: None,
            line_starting: true,
            trim_blocks: options.trim_blocks,
            lstrip_blocks: options.lstrip_blocks,
            plain: *options.syntax == Syntax::default(),
            syntax: options.syntax.clone(),
        }
    }

    fn rest(&self) -> &str {
        self.source.get(self.pos..).unwrap_or("")
    }

    fn fail<T>(&self, message: impl Into<String>) -> Lexed<T> {
        Err(Failed(syntax_error(message), self.line))
    }

    /// Goes over `n` bytes; counts their newlines.
    fn advance(&mut self, n: usize) {
        let text = self.source.get(self.pos..self.pos + n).unwrap_or("");
        self.line += text.matches('\n').count() as u32;
        if n > 0 {
            self.line_starting = text.ends_with('\n');
        }
        self.pos += n;
    }

    fn push(&mut self, tok: Tok) {
        self.queue.push_back(Token { line: self.line, tok });
    }

    /// The next token; `Eof` again and again at the end.
    pub(crate) fn next(&mut self) -> Lexed<Token> {
        loop {
            if let Some(t) = self.queue.pop_front() {
                self.last_line = t.line;
                return Ok(t);
            }
            if let Some(e) = self.pending.take() {
                return Err(e);
            }
            if self.state == State::Text {
                if self.rest().is_empty() {
                    return Ok(Token { line: self.last_line, tok: Tok::Eof });
                }
                self.pending = self.text().err();
            } else if let Some(t) = self.tag()? {
                self.last_line = t.line;
                return Ok(t);
            }
        }
    }

    /// Text up to and with the next tag opener.
    fn text(&mut self) -> Lexed<()> {
        let rest = self.rest();
        let found = if self.plain { plain_opener(rest) } else { self.opener(rest) };
        let Some((at, opener, len)) = found else {
            let text = rest.to_owned();
            self.push(Tok::Data(text.clone()));
            self.advance(text.len());
            return Ok(());
        };
        let text = rest.get(..at).unwrap_or("").to_owned();
        let after = rest.get(at + len..).unwrap_or("");
        if matches!(opener, Opener::LineStatement | Opener::LineComment) {
            let comment = after.find('\n').unwrap_or(after.len());
            if !text.is_empty() {
                self.push(Tok::Data(text.clone()));
            }
            self.advance(text.len());
            if opener == Opener::LineComment {
                self.advance(len + comment);
            } else {
                self.push(Tok::BlockBegin);
                self.state = State::Line;
                self.advance(len);
            }
            return Ok(());
        }
        let sign = match after.as_bytes().first() {
            Some(b'-') => Some('-'),
            Some(b'+') => Some('+'),
            _ => None,
        };
        let inside = if sign.is_some() { after.get(1..).unwrap_or("") } else { after };
        let raw = if opener == Opener::Block { raw_begin(inside, &self.syntax.block.1) } else { None };
        let kept = self.strip(&text, sign, opener == Opener::Variable);
        if !kept.is_empty() {
            self.push(Tok::Data(kept));
        }
        self.advance(text.len());
        let head = len + usize::from(sign.is_some());
        if let Some(len) = raw {
            self.advance(head + len);
            return self.raw();
        }
        match opener {
            Opener::Block => {
                self.push(Tok::BlockBegin);
                self.state = State::Block;
                self.advance(head);
            }
            Opener::Variable => {
                self.push(Tok::VariableBegin);
                self.state = State::Variable;
                self.advance(head);
            }
            _ => {
                self.advance(head);
                self.comment()?;
            }
        }
        Ok(())
    }

    /// As `plain_opener`, with tags of any look: the first one, of those at one place the longest.
    fn opener(&self, rest: &str) -> Option<(usize, Opener, usize)> {
        let s = &self.syntax;
        let tags =
            [(Opener::Block, &s.block.0), (Opener::Variable, &s.variable.0), (Opener::Comment, &s.comment.0)];
        let mut found: Vec<(usize, usize, Opener)> = Vec::new();
        for (opener, text) in tags {
            found.extend(rest.find(&**text).map(|at| (at, text.len(), opener)));
        }
        let blank = |c: char| matches!(c, ' ' | '\t' | '\x0b');
        if let Some(prefix) = &s.line_statement {
            let mut line_at = 0;
            for line in rest.split_inclusive('\n') {
                let indent = line.len() - line.trim_start_matches(blank).len();
                let starts = line_at > 0 || self.line_starting;
                if starts && line.get(indent..).is_some_and(|l| l.starts_with(&**prefix)) {
                    found.push((line_at, indent + prefix.len(), Opener::LineStatement));
                    break;
                }
                line_at += line.len();
            }
        }
        if let Some(prefix) = &s.line_comment
            && let Some(at) = rest.find(&**prefix)
        {
            let start = rest.get(..at).unwrap_or("").trim_end_matches(blank).len();
            found.push((start, at - start + prefix.len(), Opener::LineComment));
        }
        let (at, len, opener) =
            found.into_iter().min_by_key(|(at, len, _)| (*at, std::cmp::Reverse(*len)))?;
        Some((at, opener, len))
    }

    /// What is left of the text before a tag.
    fn strip(&self, text: &str, sign: Option<char>, is_variable: bool) -> String {
        if sign == Some('-') {
            return text.trim_end().to_owned();
        }
        if sign.is_none() && self.lstrip_blocks && !is_variable {
            let line_start = text.rfind('\n').map_or(0, |i| i + 1);
            if (line_start > 0 || self.line_starting)
                && text.get(line_start..).is_some_and(|t| t.chars().all(char::is_whitespace))
            {
                return text.get(..line_start).unwrap_or("").to_owned();
            }
        }
        text.to_owned()
    }

    /// Over `%}` or the like, with what its sign and `trim_blocks` take along.
    fn close(&mut self, sign: Option<char>, closer: &str) {
        let head = usize::from(sign.is_some()) + closer.len();
        let after = self.rest().get(head..).unwrap_or("");
        let extra = match sign {
            Some('-') => after.len() - after.trim_start().len(),
            None if self.trim_blocks && after.starts_with('\n') => 1,
            _ => 0,
        };
        self.advance(head + extra);
    }

    fn comment(&mut self) -> Lexed<()> {
        // Right at the end of the template Jinja does not mind.
        if self.rest().is_empty() {
            return Ok(());
        }
        let syntax = self.syntax.clone();
        let closer = &syntax.comment.1;
        let Some(end) = self.rest().find(&**closer) else { return self.fail("Missing end of comment tag") };
        let sign = end.checked_sub(1).and_then(|i| self.rest().as_bytes().get(i)).and_then(|b| match b {
            b'-' => Some('-'),
            b'+' => Some('+'),
            _ => None,
        });
        self.advance(end - usize::from(sign.is_some()));
        self.close(sign, closer);
        Ok(())
    }

    /// The body of a raw block and its end.
    fn raw(&mut self) -> Lexed<()> {
        if self.rest().is_empty() {
            return Ok(());
        }
        let mut from = 0;
        let syntax = self.syntax.clone();
        let (opener, closer) = &syntax.block;
        loop {
            let rest = self.rest();
            let Some(at) = rest.get(from..).and_then(|r| r.find(&**opener)).map(|i| i + from) else {
                return self.fail("Missing end of raw directive");
            };
            let after = rest.get(at + opener.len()..).unwrap_or("");
            let sign = match after.as_bytes().first() {
                Some(b'-') => Some('-'),
                Some(b'+') => Some('+'),
                _ => None,
            };
            let body = if sign.is_some() { after.get(1..).unwrap_or("") } else { after };
            let end = body.trim_start().strip_prefix("endraw").map(str::trim_start).and_then(|tail| {
                let end_sign = match tail.as_bytes().first() {
                    Some(b'-') => Some('-'),
                    Some(b'+') => Some('+'),
                    _ => None,
                };
                let tail_body = if end_sign.is_some() { tail.get(1..).unwrap_or("") } else { tail };
                tail_body.starts_with(&**closer).then(|| (end_sign, rest.len() - tail.len()))
            });
            match end {
                None => from = at + opener.len(),
                Some((end_sign, closer_at)) => {
                    let text = rest.get(..at).unwrap_or("").to_owned();
                    let kept = self.strip(&text, sign, false);
                    if !kept.is_empty() {
                        self.push(Tok::Data(kept));
                    }
                    self.advance(closer_at);
                    self.close(end_sign, closer);
                    return Ok(());
                }
            }
        }
    }

    /// One token inside a tag; none for blanks.
    fn tag(&mut self) -> Lexed<Option<Token>> {
        let line = self.line;
        let token = |tok| Ok(Some(Token { line, tok }));
        let rest = self.rest();
        if self.open.is_empty() && self.state == State::Line {
            let blanks = rest.get(..rest.len() - rest.trim_start().len()).unwrap_or("");
            let end =
                if blanks.len() == rest.len() { Some(rest.len()) } else { blanks.rfind('\n').map(|i| i + 1) };
            if let Some(end) = end {
                self.advance(end);
                self.state = State::Text;
                return token(Tok::BlockEnd);
            }
        } else if self.open.is_empty() {
            let block = self.state == State::Block;
            let syntax = self.syntax.clone();
            let closer = if block { &*syntax.block.1 } else { &*syntax.variable.1 };
            let sign = match rest.as_bytes().first() {
                Some(b'-') => Some('-'),
                Some(b'+') if block => Some('+'),
                _ => None,
            };
            if rest.get(usize::from(sign.is_some())..).is_some_and(|r| r.starts_with(closer)) {
                // Only block tags take the newline after them along.
                let trim = self.trim_blocks;
                self.trim_blocks &= block;
                self.close(sign, closer);
                self.trim_blocks = trim;
                self.state = State::Text;
                return token(if block { Tok::BlockEnd } else { Tok::VariableEnd });
            }
        }
        let Some(c) = rest.chars().next() else {
            return Ok(Some(Token { line: self.last_line, tok: Tok::Eof }));
        };
        if c.is_whitespace() {
            let n = rest.len() - rest.trim_start().len();
            self.advance(n);
            return Ok(None);
        }
        if c.is_ascii_digit() {
            let after_dot = self.source.get(..self.pos).is_some_and(|s| s.ends_with('.'));
            let (tok, n) = number(rest, after_dot);
            self.advance(n);
            return token(tok);
        }
        if c.is_alphanumeric() || c == '_' {
            let n = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            let name: Arc<str> = rest.get(..n).unwrap_or("").into();
            if c.is_numeric() {
                return self.fail("Invalid character in identifier");
            }
            self.advance(n);
            return token(Tok::Name(name));
        }
        if (c == '"' || c == '\'')
            && let Some(n) = string_end(rest, c)
        {
            let text = rest.get(1..n - 1).unwrap_or("");
            let text = unescape(text).or_else(|m| self.fail(m))?;
            self.advance(n);
            return token(Tok::Str(text));
        }
        let Some(op) = OPERATORS.into_iter().chain([";"]).find(|op| rest.starts_with(op)) else {
            let at = self.source.get(..self.pos).map_or(0, |s| s.chars().count());
            return self.fail(format!("unexpected char {:?} at {at}", Val::from(c.to_string())));
        };
        match op {
            "{" => self.open.push("}"),
            "(" => self.open.push(")"),
            "[" => self.open.push("]"),
            "}" | ")" | "]" => match self.open.pop() {
                None => return self.fail(format!("unexpected '{op}'")),
                Some(expected) if expected != op => {
                    return self.fail(format!("unexpected '{op}', expected '{expected}'"));
                }
                Some(_) => {}
            },
            _ => {}
        }
        self.advance(op.len());
        token(Tok::Op(op))
    }
}

/// Length of `raw %}` at the start of `inside`, when it is that.
fn raw_begin(inside: &str, closer: &str) -> Option<usize> {
    let tail = inside.trim_start().strip_prefix("raw")?.trim_start();
    let after = match tail.strip_prefix('-').and_then(|t| t.strip_prefix(closer)) {
        Some(after) => after.trim_start(),
        None => tail.strip_prefix(closer)?,
    };
    Some(inside.len() - after.len())
}

/// The first of Jinja's own tags: where, what, and how long its opener is.
fn plain_opener(rest: &str) -> Option<(usize, Opener, usize)> {
    let mut from = 0;
    loop {
        let at = rest.get(from..)?.find('{')? + from;
        let opener = match rest.as_bytes().get(at + 1) {
            Some(b'%') => Opener::Block,
            Some(b'{') => Opener::Variable,
            Some(b'#') => Opener::Comment,
            _ => {
                from = at + 1;
                continue;
            }
        };
        return Some((at, opener, 2));
    }
}

/// A number at the start of `rest`, which starts with a digit.
fn number(rest: &str, after_dot: bool) -> (Tok, usize) {
    let bytes = rest.as_bytes();
    // Digits with single underscores between them; the position after them.
    let digits = |mut i: usize, is: fn(&u8) -> bool| {
        let start = i;
        while bytes.get(i).is_some_and(is)
            || (i > start && bytes.get(i) == Some(&b'_') && bytes.get(i + 1).is_some_and(is))
        {
            i += 1;
        }
        i
    };
    let decimal = |i| digits(i, u8::is_ascii_digit);
    if !after_dot {
        let whole = decimal(0);
        let fraction =
            if bytes.get(whole) == Some(&b'.') && bytes.get(whole + 1).is_some_and(u8::is_ascii_digit) {
                decimal(whole + 1)
            } else {
                whole
            };
        let mut end = fraction;
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            if bytes.get(end + 1 + sign).is_some_and(u8::is_ascii_digit) {
                end = decimal(end + 1 + sign);
            }
        }
        if end > whole {
            let text = rest.get(..end).unwrap_or("").replace('_', "");
            return (Tok::Float(text.parse().unwrap_or(f64::NAN)), end);
        }
    }
    let radix_digits = |radix: u32, is: fn(&u8) -> bool| {
        let skip = usize::from(bytes.get(2) == Some(&b'_'));
        let end = digits(2 + skip, is);
        (end > 2 + skip).then_some((radix, end))
    };
    let prefixed = match (bytes.first(), bytes.get(1)) {
        (Some(b'0'), Some(b'x' | b'X')) => radix_digits(16, u8::is_ascii_hexdigit),
        (Some(b'0'), Some(b'o' | b'O')) => radix_digits(8, |b| (b'0'..=b'7').contains(b)),
        (Some(b'0'), Some(b'b' | b'B')) => radix_digits(2, |b| (b'0'..=b'1').contains(b)),
        _ => None,
    };
    let (radix, start, end) = match prefixed {
        Some((radix, end)) => (radix, 2, end),
        None if bytes.first() == Some(&b'0') => (10, 0, digits(0, |b| *b == b'0')),
        None => (10, 0, decimal(0)),
    };
    let text = rest.get(start..end).unwrap_or("").replace('_', "");
    (Tok::Int(Val::big(BigInt::parse_bytes(text.as_bytes(), radix).unwrap_or_default())), end)
}

/// Length of the string literal at the start of `rest`, quotes included.
fn string_end(rest: &str, quote: char) -> Option<usize> {
    let mut chars = rest.char_indices().skip(1);
    while let Some((i, c)) = chars.next() {
        if c == '\\' {
            chars.next()?;
        } else if c == quote {
            return Some(i + 1);
        }
    }
    None
}

/// Python's `unicode-escape`.
fn unescape(text: &str) -> std::result::Result<String, String> {
    if !text.contains('\\') {
        return Ok(text.to_owned());
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let Some(e) = chars.next() else { return Err("\\ at end of string".into()) };
        let hex = match e {
            'x' => Some((2, "truncated \\xXX escape")),
            'u' => Some((4, "truncated \\uXXXX escape")),
            'U' => Some((8, "truncated \\UXXXXXXXX escape")),
            _ => None,
        };
        if let Some((n, problem)) = hex {
            let mut code = 0u32;
            for _ in 0..n {
                let digit =
                    chars.next_if(char::is_ascii_hexdigit).and_then(|c| c.to_digit(16)).ok_or(problem)?;
                code = (code << 4) | digit;
            }
            out.push(char::from_u32(code).ok_or("illegal Unicode character")?);
            continue;
        }
        match e {
            '\n' => {}
            '\\' | '\'' | '"' => out.push(e),
            'a' => out.push('\x07'),
            'b' => out.push('\x08'),
            'f' => out.push('\x0c'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'v' => out.push('\x0b'),
            'N' => return Err("unknown Unicode character name".into()),
            '0'..='7' => {
                let mut code = e.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    match chars.peek().and_then(|c| c.to_digit(8)) {
                        Some(d) => {
                            code = code * 8 + d;
                            chars.next();
                        }
                        None => break,
                    }
                }
                out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
            }
            other => {
                out.push('\\');
                out.push(other);
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(source: &str, options: &Options) -> String {
        let mut lexer = Lexer::new(source, options);
        let mut out = Vec::new();
        loop {
            match lexer.next() {
                Err(Failed(e, line)) => {
                    out.push(format!("{line}!{}", e.message()));
                    return out.join(" ");
                }
                Ok(Token { tok: Tok::Eof, .. }) => return out.join(" "),
                Ok(Token { line, tok }) => out.push(match tok {
                    Tok::Data(d) => format!("{line}{d:?}"),
                    Tok::Str(s) => format!("{line}s{s:?}"),
                    Tok::Int(i) => format!("{line}i{i}"),
                    Tok::Float(f) => format!("{line}f{f}"),
                    Tok::Name(n) => format!("{line}{n}"),
                    Tok::Op(o) => format!("{line}{o}"),
                    Tok::VariableBegin => "{{".into(),
                    Tok::VariableEnd => "}}".into(),
                    Tok::BlockBegin => "{%".into(),
                    Tok::BlockEnd => "%}".into(),
                    Tok::Eof => "eof".into(),
                }),
            }
        }
    }

    #[test]
    fn blanks_are_controlled_by_signs_and_settings() {
        let plain = Options::default();
        assert_eq!(tokens("a  {{- b -}}\n c", &plain), r#"1"a" {{ 1b }} 2"c""#);
        assert_eq!(tokens("a\n  {% if x %}\n b", &plain), "1\"a\\n  \" {% 2if 2x %} 2\"\\n b\"");
        let both = Options { trim_blocks: true, lstrip_blocks: true, ..Options::default() };
        assert_eq!(tokens("a\n  {% if x %}\n b", &both), "1\"a\\n\" {% 2if 2x %} 3\" b\"");
        assert_eq!(tokens("a\n  {%+ if x +%}\n b", &both), "1\"a\\n  \" {% 2if 2x %} 2\"\\n b\"");
        assert_eq!(tokens("  {# c #}\nx  {{ y }}\n", &both), "2\"x  \" {{ 2y }}");
    }

    #[test]
    fn raw_and_comments_hide_tags() {
        let plain = Options::default();
        assert_eq!(tokens("{% raw %}{{ a }}{% endraw %}{# {{ b }} #}c", &plain), r#"1"{{ a }}" 1"c""#);
        assert_eq!(tokens("{% raw %}x", &plain), "1!Missing end of raw directive");
        assert_eq!(tokens("\n{# x", &plain), "1\"\\n\" 2!Missing end of comment tag");
    }

    #[test]
    fn literals() {
        let plain = Options::default();
        assert_eq!(
            tokens("{{ 1 1_000 0x1F 1.5 1e3 2.0e-1 'a\\n\\x41\\u00e9\\q' }}", &plain),
            "{{ 1i1 1i1000 1i31 1f1.5 1f1000 1f0.2 1s\"a\\nAé\\\\q\" }}"
        );
        assert_eq!(tokens("{{ a.0.1 {'x': {}} }}", &plain), "{{ 1a 1. 1i0 1. 1i1 1{ 1s\"x\" 1: 1{ 1} 1} }}");
        assert_eq!(tokens("{{ 'abc }}", &plain), "{{ 1!unexpected char \"'\" at 3");
        assert_eq!(tokens("{{ (] }}", &plain), "{{ 1( 1!unexpected ']', expected ')'");
    }
}
