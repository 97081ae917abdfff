//! Text to tokens.

use crate::val::Val;
use crate::{Error, Result};

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// What errors show.
    pub(super) text: String,
    pub(super) start: usize,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// An operator or bracket, by the name that the Python library gives it.
    Op(&'static str),
    Name(String),
    Quoted(String),
    Literal(Literal),
    Number(i64),
    Eof,
}

/// A constant: plain data, of which every use makes a value of its own.
#[derive(Clone, Debug)]
pub(super) struct Literal(pub(super) data::Value);

impl Kind {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Kind::Op(o) => o,
            Kind::Name(_) => "unquoted_identifier",
            Kind::Quoted(_) => "quoted_identifier",
            Kind::Literal(_) => "literal",
            Kind::Number(_) => "number",
            Kind::Eof => "eof",
        }
    }

    /// How tightly the token binds what is to the left of it.
    pub(super) fn power(&self) -> u8 {
        match self.name() {
            "pipe" => 1,
            "or" => 2,
            "and" => 3,
            "eq" | "gt" | "lt" | "gte" | "lte" | "ne" => 5,
            "flatten" => 9,
            "star" => 20,
            "filter" => 21,
            "dot" => 40,
            "not" => 45,
            "lbrace" => 50,
            "lbracket" => 55,
            "lparen" => 60,
            _ => 0,
        }
    }
}

const OPERATORS: [(&str, &str); 24] = [
    ("[]", "flatten"),
    ("[?", "filter"),
    ("||", "or"),
    ("&&", "and"),
    ("<=", "lte"),
    (">=", "gte"),
    ("!=", "ne"),
    ("==", "eq"),
    (".", "dot"),
    ("*", "star"),
    ("]", "rbracket"),
    (",", "comma"),
    (":", "colon"),
    ("@", "current"),
    ("(", "lparen"),
    (")", "rparen"),
    ("{", "lbrace"),
    ("}", "rbrace"),
    ("[", "lbracket"),
    ("|", "pipe"),
    ("&", "expref"),
    ("<", "lt"),
    (">", "gt"),
    ("!", "not"),
];

fn fail(expression: &str, at: usize, message: &str) -> Error {
    Error::value_error(format!("Bad jmespath expression: {message}:\n{expression}\n{}^", " ".repeat(at)))
}

pub(super) fn tokens(expression: &str) -> Result<Vec<Token>> {
    if expression.is_empty() {
        return Err(Error::value_error("Invalid JMESPath expression: cannot be empty."));
    }
    let mut out = Vec::new();
    let mut rest = expression;
    let mut at = 0;
    while let Some(c) = rest.chars().next() {
        let len = match c {
            ' ' | '\t' | '\n' | '\r' => 1,
            'a'..='z' | 'A'..='Z' | '_' => {
                let n = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
                let name = rest.get(..n).unwrap_or("").to_owned();
                out.push(Token { kind: Kind::Name(name.clone()), text: name, start: at });
                n
            }
            '0'..='9' | '-' => {
                let digits = rest.get(1..).unwrap_or("");
                let n = 1 + digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
                let text = rest.get(..n).unwrap_or("");
                let number =
                    text.parse().map_err(|_| fail(expression, at, &format!("Unknown token '{text}'")))?;
                out.push(Token { kind: Kind::Number(number), text: text.to_owned(), start: at });
                n
            }
            '\'' | '"' | '`' => {
                let (body, n) = delimited(expression, rest, at, c)?;
                let kind = match c {
                    '\'' => Kind::Literal(Literal(body.replace("\\'", "'").into())),
                    '"' => match data::json::load(&format!("\"{body}\"")) {
                        Ok(data::Value::Str(s)) => Kind::Quoted(s.to_string()),
                        _ => return Err(fail(expression, at, "Invalid quoted identifier")),
                    },
                    _ => Kind::Literal(Literal(json_literal(expression, at, &body)?)),
                };
                let text = match &kind {
                    Kind::Literal(v) => Val::from(v.0.clone()).to_string(),
                    Kind::Quoted(s) => s.clone(),
                    _ => body,
                };
                out.push(Token { kind, text, start: at });
                n
            }
            _ => {
                let found = OPERATORS.iter().find(|(op, _)| rest.starts_with(op));
                let Some((op, name)) = found else {
                    let shown = if c == '=' { "'='".to_owned() } else { c.to_string() };
                    return Err(fail(expression, at, &format!("Unknown token {shown}")));
                };
                out.push(Token { kind: Kind::Op(name), text: (*op).to_owned(), start: at });
                op.len()
            }
        };
        let taken;
        (taken, rest) = rest.split_at(len);
        at += taken.chars().count();
    }
    out.push(Token { kind: Kind::Eof, text: String::new(), start: at });
    Ok(out)
}

/// What stands between two delimiters (escapes left as they are), and the length of it all.
fn delimited(expression: &str, rest: &str, at: usize, delimiter: char) -> Result<(String, usize)> {
    let mut escaped = false;
    for (i, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == delimiter => return Ok((rest.get(1..i).unwrap_or("").to_owned(), i + 1)),
            _ => {}
        }
    }
    Err(fail(expression, at, &format!("Unclosed {delimiter} delimiter")))
}

/// JSON between back-ticks; what is none counts as text.
fn json_literal(expression: &str, at: usize, body: &str) -> Result<data::Value> {
    let body = body.replace("\\`", "`");
    data::json::load(&body)
        .or_else(|_| data::json::load(&format!("\"{}\"", body.trim_start())))
        .map_err(|_| fail(expression, at, &format!("Bad token {body}")))
}
