//! Tokens to a tree, by precedence.

use super::token::{Kind, Literal, Token, tokens};
use crate::{Error, Result};

#[derive(Debug)]
pub(super) enum Node {
    Current,
    Field(String),
    Literal(Literal),
    Index(i64),
    Slice([Option<i64>; 3]),
    /// One after the other: `a.b`, `a[0]`, `a | b`.
    Chain(Box<(Node, Node)>),
    /// The right side for each item of the left one.
    Project(Box<(Node, Node)>),
    /// As `Project`, over the values of a dict.
    ProjectValues(Box<(Node, Node)>),
    /// As `Project`, for the items that the third one holds for.
    Filter(Box<(Node, Node, Node)>),
    Flatten(Box<Node>),
    Compare(&'static str, Box<(Node, Node)>),
    Or(Box<(Node, Node)>),
    And(Box<(Node, Node)>),
    Not(Box<Node>),
    List(Vec<Node>),
    Dict(Vec<(String, Node)>),
    Call(String, Vec<Node>),
    /// `&expression`
    Reference(Box<Node>),
}

/// How deep expressions may be nested.
const MAX_DEPTH: usize = 200;
/// What binds less than this ends a projection.
const PROJECTION_STOP: u8 = 10;

struct Parser<'a> {
    expression: &'a str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

pub(super) fn parse(expression: &str) -> Result<Node> {
    let mut p = Parser { expression, tokens: tokens(expression)?, at: 0, depth: 0 };
    let node = p.expression(0)?;
    if p.name() == "eof" { Ok(node) } else { p.fail(&format!("Unexpected token: {}", p.token().text)) }
}

fn pair(a: Node, b: Node) -> Box<(Node, Node)> {
    Box::new((a, b))
}

impl Parser<'_> {
    fn token(&self) -> Token {
        let eof = || Token { kind: Kind::Eof, text: String::new(), start: self.expression.chars().count() };
        self.tokens.get(self.at).cloned().unwrap_or_else(eof)
    }

    fn name(&self) -> &'static str {
        self.tokens.get(self.at).map_or("eof", |t| t.kind.name())
    }

    fn ahead(&self) -> &'static str {
        self.tokens.get(self.at + 1).map_or("eof", |t| t.kind.name())
    }

    fn power(&self) -> u8 {
        self.tokens.get(self.at).map_or(0, |t| t.kind.power())
    }

    fn fail<T>(&self, reason: &str) -> Result<T> {
        let t = self.token();
        Err(if matches!(t.kind, Kind::Eof) {
            let n = self.expression.chars().count() + 1;
            Error::value_error(format!(
                "Invalid jmespath expression: Incomplete expression:\n\"{}\"\n{}^",
                self.expression,
                " ".repeat(n)
            ))
        } else {
            Error::value_error(format!(
                "{reason}: Parse error at column {}, token \"{}\" ({}), for expression:\n\"{}\"\n{}^",
                t.start,
                t.text,
                t.kind.name().to_uppercase(),
                self.expression,
                " ".repeat(t.start + 1)
            ))
        })
    }

    fn expect(&mut self, kind: &str) -> Result<()> {
        if self.name() != kind {
            return self.fail(&format!("Expecting: {kind}, got: {}", self.name()));
        }
        self.at += 1;
        Ok(())
    }

    fn expression(&mut self, power: u8) -> Result<Node> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(crate::val::too_deep());
        }
        let mut left = stacker::maybe_grow(64 << 10, 1 << 20, || self.prefix())?;
        while power < self.power() {
            left = stacker::maybe_grow(64 << 10, 1 << 20, || self.infix(left))?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn prefix(&mut self) -> Result<Node> {
        let token = self.token();
        self.at += 1;
        match token.kind {
            Kind::Literal(v) => Ok(Node::Literal(v)),
            Kind::Name(name) => Ok(Node::Field(name)),
            Kind::Quoted(_) if self.name() == "lparen" => {
                self.fail("Quoted identifier not allowed for function names.")
            }
            Kind::Quoted(name) => Ok(Node::Field(name)),
            Kind::Op("star") => {
                let right = if self.name() == "rbracket" { Node::Current } else { self.projection(20)? };
                Ok(Node::ProjectValues(pair(Node::Current, right)))
            }
            Kind::Op("filter") => self.filter(Node::Current),
            Kind::Op("lbrace") => self.multi_dict(),
            Kind::Op("lparen") => {
                let inner = self.expression(0)?;
                self.expect("rparen")?;
                Ok(inner)
            }
            Kind::Op("flatten") => {
                let right = self.projection(9)?;
                Ok(Node::Project(pair(Node::Flatten(Box::new(Node::Current)), right)))
            }
            Kind::Op("not") => Ok(Node::Not(Box::new(self.expression(45)?))),
            Kind::Op("current") => Ok(Node::Current),
            Kind::Op("expref") => Ok(Node::Reference(Box::new(self.expression(0)?))),
            Kind::Op("lbracket") => match self.name() {
                "number" | "colon" => self.index(Node::Current),
                "star" if self.ahead() == "rbracket" => {
                    self.at += 2;
                    let right = self.projection(20)?;
                    Ok(Node::Project(pair(Node::Current, right)))
                }
                _ => self.multi_list(),
            },
            _ => {
                self.at -= 1;
                self.fail("invalid token")
            }
        }
    }

    fn infix(&mut self, left: Node) -> Result<Node> {
        let op = self.name();
        let power = self.power();
        self.at += 1;
        match op {
            "dot" if self.name() == "star" => {
                self.at += 1;
                let right = self.projection(40)?;
                Ok(Node::ProjectValues(pair(left, right)))
            }
            "dot" => Ok(Node::Chain(pair(left, self.after_dot(40)?))),
            "pipe" => Ok(Node::Chain(pair(left, self.expression(power)?))),
            "or" => Ok(Node::Or(pair(left, self.expression(power)?))),
            "and" => Ok(Node::And(pair(left, self.expression(power)?))),
            "eq" | "ne" | "lt" | "lte" | "gt" | "gte" => {
                Ok(Node::Compare(op, pair(left, self.expression(power)?)))
            }
            "filter" => self.filter(left),
            "flatten" => {
                let right = self.projection(9)?;
                Ok(Node::Project(pair(Node::Flatten(Box::new(left)), right)))
            }
            "lbracket" if matches!(self.name(), "number" | "colon") => self.index(left),
            "lbracket" => {
                self.expect("star")?;
                self.expect("rbracket")?;
                let right = self.projection(20)?;
                Ok(Node::Project(pair(left, right)))
            }
            "lparen" => self.call(left),
            _ => {
                self.at -= 1;
                self.fail("invalid token")
            }
        }
    }

    fn call(&mut self, left: Node) -> Result<Node> {
        let Node::Field(name) = left else {
            self.at = self.at.saturating_sub(2);
            let name = self.token().text;
            return self.fail(&format!("Invalid function name '{name}'"));
        };
        let mut args = Vec::new();
        while self.name() != "rparen" {
            args.push(self.expression(0)?);
            if self.name() == "comma" {
                self.at += 1;
            }
        }
        self.at += 1;
        Ok(Node::Call(name, args))
    }

    fn filter(&mut self, left: Node) -> Result<Node> {
        let condition = self.expression(0)?;
        self.expect("rbracket")?;
        let right = if self.name() == "flatten" { Node::Current } else { self.projection(21)? };
        Ok(Node::Filter(Box::new((left, right, condition))))
    }

    /// `0]` or `1:2:3]`, after the bracket.
    fn index(&mut self, left: Node) -> Result<Node> {
        if self.name() == "number" && self.ahead() != "colon" {
            let Kind::Number(n) = self.token().kind else { return self.fail("syntax error") };
            self.at += 1;
            self.expect("rbracket")?;
            return Ok(Node::Chain(pair(left, Node::Index(n))));
        }
        let mut parts = [None; 3];
        let mut i = 0;
        while self.name() != "rbracket" {
            match (self.token().kind, parts.get_mut(i)) {
                (Kind::Op("colon"), _) if i < 2 => i += 1,
                (Kind::Number(n), Some(part)) => *part = Some(n),
                _ => return self.fail("syntax error"),
            }
            self.at += 1;
        }
        self.at += 1;
        let right = self.projection(20)?;
        Ok(Node::Project(pair(Node::Chain(pair(left, Node::Slice(parts))), right)))
    }

    /// What is done with each item of a projection.
    fn projection(&mut self, power: u8) -> Result<Node> {
        if self.power() < PROJECTION_STOP {
            return Ok(Node::Current);
        }
        match self.name() {
            "lbracket" | "filter" => self.expression(power),
            "dot" => {
                self.at += 1;
                self.after_dot(power)
            }
            _ => self.fail("syntax error"),
        }
    }

    fn after_dot(&mut self, power: u8) -> Result<Node> {
        match self.name() {
            "quoted_identifier" | "unquoted_identifier" | "star" => self.expression(power),
            "lbracket" => {
                self.at += 1;
                self.multi_list()
            }
            "lbrace" => {
                self.at += 1;
                self.multi_dict()
            }
            other => self.fail(&format!(
                "Expecting: ['quoted_identifier', 'unquoted_identifier', 'lbracket', 'lbrace'], got: {other}"
            )),
        }
    }

    fn multi_list(&mut self) -> Result<Node> {
        let mut items = Vec::new();
        loop {
            items.push(self.expression(0)?);
            if self.name() == "rbracket" {
                self.at += 1;
                return Ok(Node::List(items));
            }
            self.expect("comma")?;
        }
    }

    fn multi_dict(&mut self) -> Result<Node> {
        let mut items = Vec::new();
        loop {
            let (Kind::Name(key) | Kind::Quoted(key)) = self.token().kind else {
                return self.fail(&format!(
                    "Expecting: ['quoted_identifier', 'unquoted_identifier'], got: {}",
                    self.name()
                ));
            };
            self.at += 1;
            self.expect("colon")?;
            items.push((key, self.expression(0)?));
            match self.name() {
                "comma" => self.at += 1,
                "rbrace" => {
                    self.at += 1;
                    return Ok(Node::Dict(items));
                }
                _ => {}
            }
        }
    }
}
