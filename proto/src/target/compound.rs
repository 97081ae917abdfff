//! `-C`: words with prefixes, `and`, `or`, `not` and parentheses, compiled once and run per minion.

use data::Dict;

use super::{Facts, Simple, TargetError, nodegroup};

/// How deep parentheses may nest.
const MAX_DEPTH: usize = 128;
/// How many words a target may have, with its nodegroups put in.
const MAX_WORDS: usize = 100_000;

/// A compiled expression.
#[derive(Clone, Debug)]
pub(super) enum Expression {
    One(Simple),
    Not(Box<Expression>),
    And(Vec<Expression>),
    Or(Vec<Expression>),
}

enum Token {
    And,
    Or,
    Not,
    Open,
    Close,
    Match(Simple),
}

impl Expression {
    pub(super) fn matches(&self, facts: &Facts<'_>) -> bool {
        match self {
            Expression::One(simple) => simple.matches(facts),
            Expression::Not(inner) => !inner.matches(facts),
            Expression::And(all) => all.iter().all(|e| e.matches(facts)),
            Expression::Or(any) => any.iter().any(|e| e.matches(facts)),
        }
    }

    /// Whether any part looks at the pillar.
    pub(super) fn needs_pillar(&self) -> bool {
        match self {
            Expression::One(simple) => simple.needs_pillar(),
            Expression::Not(inner) => inner.needs_pillar(),
            Expression::And(parts) | Expression::Or(parts) => parts.iter().any(Self::needs_pillar),
        }
    }
}

/// Compiles the words of an expression.
pub(super) fn compile(words: Vec<String>, groups: &Dict) -> Result<Expression, TargetError> {
    let tokens = tokens(words, groups)?;
    let mut parser = Parser { tokens: tokens.into_iter().peekable(), depth: 0 };
    let expression = parser.or()?;
    match parser.tokens.next() {
        None => Ok(expression),
        Some(Token::Close) => Err(TargetError::Compound("a `)` without its `(`".into())),
        Some(_) => Err(TargetError::Compound("`and` or `or` is missing between two parts".into())),
    }
}

fn tokens(words: Vec<String>, groups: &Dict) -> Result<Vec<Token>, TargetError> {
    let mut queue: std::collections::VecDeque<String> = words.into();
    let mut tokens: Vec<Token> = Vec::new();
    while let Some(word) = queue.pop_front() {
        if tokens.len() + queue.len() > MAX_WORDS {
            return Err(TargetError::Compound(format!("more than {MAX_WORDS} words")));
        }
        let token = match word.as_str() {
            "and" => Token::And,
            "or" => Token::Or,
            "not" => {
                // `a not b` means `a and not b`.
                if !matches!(tokens.last(), None | Some(Token::And | Token::Or | Token::Open)) {
                    tokens.push(Token::And);
                }
                Token::Not
            }
            "(" => Token::Open,
            ")" => Token::Close,
            _ => {
                let (prefix, delimiter, pattern) = split_prefix(&word);
                match prefix {
                    Some('N') => {
                        let inner = nodegroup::expand(pattern, groups)?;
                        for w in inner.into_iter().rev() {
                            queue.push_front(w);
                        }
                        continue;
                    }
                    prefix => Token::Match(Simple::with_prefix(prefix, pattern, delimiter)?),
                }
            }
        };
        tokens.push(token);
    }
    Ok(tokens)
}

/// `G@os:Debian`, `G%@os%Debian`: the prefix, the delimiter where one is named, the pattern.
/// Anything that is no prefix and at least one character behind it is a glob as it stands.
pub(super) fn split_prefix(word: &str) -> (Option<char>, Option<char>, &str) {
    let mut chars = word.chars();
    let (Some(engine), rest) = (chars.next(), chars.as_str()) else { return (None, None, word) };
    if !"GPIJLNSERTM".contains(engine) {
        return (None, None, word);
    }
    if "GPIJ".contains(engine) {
        let mut inner = rest.chars();
        if let Some(delimiter) = inner.next().filter(|c| *c != '\n')
            && let Some(pattern) = inner.as_str().strip_prefix('@').filter(|p| !p.is_empty())
        {
            return (Some(engine), Some(delimiter), pattern);
        }
    }
    match rest.strip_prefix('@').filter(|p| !p.is_empty()) {
        Some(pattern) => (Some(engine), None, pattern),
        None => (None, None, word),
    }
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    depth: usize,
}

impl Parser {
    fn or(&mut self) -> Result<Expression, TargetError> {
        let mut parts = vec![self.and()?];
        while self.tokens.next_if(|t| matches!(t, Token::Or)).is_some() {
            parts.push(self.and()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::Or(parts) })
    }

    fn and(&mut self) -> Result<Expression, TargetError> {
        let mut parts = vec![self.not()?];
        while self.tokens.next_if(|t| matches!(t, Token::And)).is_some() {
            parts.push(self.not()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::And(parts) })
    }

    fn not(&mut self) -> Result<Expression, TargetError> {
        match self.tokens.next() {
            Some(Token::Not) => Ok(Expression::Not(Box::new(self.atom()?))),
            Some(token) => self.atom_from(Some(token)),
            None => self.atom_from(None),
        }
    }

    fn atom(&mut self) -> Result<Expression, TargetError> {
        let token = self.tokens.next();
        self.atom_from(token)
    }

    fn atom_from(&mut self, token: Option<Token>) -> Result<Expression, TargetError> {
        let wrong = |text: &str| Err(TargetError::Compound(text.to_owned()));
        match token {
            Some(Token::Match(simple)) => Ok(Expression::One(simple)),
            Some(Token::Open) => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return wrong("parentheses nest too deep");
                }
                let inner = self.or()?;
                self.depth -= 1;
                match self.tokens.next() {
                    Some(Token::Close) => Ok(inner),
                    Some(_) => wrong("`and` or `or` is missing between two parts"),
                    None => wrong("a `(` without its `)`"),
                }
            }
            Some(Token::Close) => wrong("nothing before a `)`"),
            Some(Token::And) => wrong("nothing before an `and`"),
            Some(Token::Or) => wrong("nothing before an `or`"),
            Some(Token::Not) => wrong("`not` twice"),
            None => wrong("it ends too early"),
        }
    }
}
