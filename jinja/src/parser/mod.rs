//! Tokens to statements: Jinja2's grammar and Salt's tags, with Jinja's error messages.

mod expr;
mod stmt;

use crate::ast::{Expr, Parsed};
use crate::lexer::{Failed, Lexed, Lexer, Tok, Token, syntax_error};
use crate::{Error, Options};

/// How deep statements and expressions may nest: far above any real template (CPython gives up at
/// 100 to 200 as well), and low enough for every recursive walk over the tree.
const MAX_DEPTH: usize = 300;
/// How high an expression may be: a chain of a thousand operators is.
const MAX_HEIGHT: u16 = 1200;

/// Which special names were read since some point.
#[derive(Clone, Copy, Default)]
struct Seen {
    loop_: u32,
    self_: u32,
    super_: u32,
    caller: u32,
    kwargs: u32,
    varargs: u32,
    scoped_blocks: u32,
}

struct Parser {
    lexer: Lexer,
    current: Token,
    ahead: Option<Token>,
    /// The tags that are open, and where.
    tags: Vec<(String, u32)>,
    ends: Vec<&'static [&'static str]>,
    seen: Seen,
    depth: usize,
    /// Loops around the current place, up to the function that it is in.
    loops: u32,
    /// The first `break` or `continue` outside of a loop: Jinja finds it when all else is right.
    stray: Option<(String, u32)>,
}

/// Parses `source`; an error comes with its line.
pub(crate) fn parse(source: &str, options: &Options) -> Result<Parsed, (Error, u32)> {
    let run = || -> Lexed<Parsed> {
        let mut parser = Parser {
            lexer: Lexer::new(source, options),
            current: Token { line: 1, tok: Tok::Eof },
            ahead: None,
            tags: Vec::new(),
            ends: Vec::new(),
            seen: Seen::default(),
            depth: 0,
            loops: 0,
            stray: None,
        };
        parser.current = parser.lexer.next()?;
        let body = parser.body(&[])?;
        Ok(Parsed { body, uses_self: parser.seen.self_ > 0, stray: parser.stray })
    };
    run().map_err(|Failed(e, line)| (e, line))
}

impl Parser {
    fn line(&self) -> u32 {
        self.current.line
    }

    fn fail<T>(&self, message: impl Into<String>) -> Lexed<T> {
        Err(Failed(syntax_error(message), self.line()))
    }

    fn fail_at<T>(line: u32, message: impl Into<String>) -> Lexed<T> {
        Err(Failed(syntax_error(message), line))
    }

    /// Takes the current token and goes on.
    fn advance(&mut self) -> Lexed<Token> {
        let next = match self.ahead.take() {
            Some(t) => t,
            None => self.lexer.next()?,
        };
        Ok(std::mem::replace(&mut self.current, next))
    }

    /// The token after the current one.
    fn look(&mut self) -> Lexed<&Tok> {
        if self.ahead.is_none() {
            self.ahead = Some(self.lexer.next()?);
        }
        Ok(self.ahead.as_ref().map_or(&Tok::Eof, |t| &t.tok))
    }

    fn is_op(&self, op: &str) -> bool {
        self.current.tok.is_op(op)
    }

    fn is_name(&self, name: &str) -> bool {
        self.current.tok.is_name(name)
    }

    fn skip_op(&mut self, op: &str) -> Lexed<bool> {
        let is = self.is_op(op);
        if is {
            self.advance()?;
        }
        Ok(is)
    }

    fn skip_name(&mut self, name: &str) -> Lexed<bool> {
        let is = self.is_name(name);
        if is {
            self.advance()?;
        }
        Ok(is)
    }

    fn unexpected<T>(&self, expected: &str) -> Lexed<T> {
        let expected = quoted(expected);
        match &self.current.tok {
            Tok::Eof => self.fail(format!("unexpected end of template, expected {expected}.")),
            t => self.fail(format!("expected token {expected}, got {}", quoted(t.describe()))),
        }
    }

    fn expect_op(&mut self, op: &str) -> Lexed<Token> {
        if self.is_op(op) { self.advance() } else { self.unexpected(op) }
    }

    fn expect_name(&mut self, name: &str) -> Lexed<Token> {
        if self.is_name(name) { self.advance() } else { self.unexpected(name) }
    }

    /// Any name.
    fn expect_ident(&mut self) -> Lexed<(std::sync::Arc<str>, u32)> {
        match &self.current.tok {
            Tok::Name(n) => {
                let found = (n.clone(), self.line());
                self.advance()?;
                Ok(found)
            }
            _ => self.unexpected("name"),
        }
    }

    fn expect_block_end(&mut self) -> Lexed<()> {
        match self.current.tok {
            Tok::BlockEnd => self.advance().map(drop),
            _ => self.unexpected("end of statement block"),
        }
    }

    /// Runs `parse` one level deeper.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Lexed<T>) -> Lexed<T> {
        if self.depth >= MAX_DEPTH {
            return self.fail("the template is nested too deeply");
        }
        self.depth += 1;
        let result = stacker::maybe_grow(128 << 10, 1 << 20, || parse(self));
        self.depth -= 1;
        result
    }

    /// An operator chain has grown by a link.
    fn check_height(&self, e: &Expr) -> Lexed<()> {
        if e.height > MAX_HEIGHT { self.fail("the expression is too long") } else { Ok(()) }
    }
}

fn quoted(s: &str) -> String {
    let mut out = String::new();
    let _ = data::python::write_str_repr(&mut out, s);
    out
}
