//! Expressions.

use std::sync::Arc;

use super::{Parser, quoted};
use crate::ast::{Args, CmpOp, Expr, ExprKind, Filter, Name, Slot};
use crate::lexer::{Lexed, Tok};
use crate::val::{BinOp, OrderOp, Val};

/// Where a tuple without parentheses ends besides at the end of its tag.
pub(super) type Ends<'a> = &'a [&'static str];

fn expr(line: u32, kind: ExprKind) -> Expr {
    Expr::new(line, kind)
}

impl Parser {
    pub(super) fn name(&mut self, id: Arc<str>, line: u32) -> Expr {
        let seen = &mut self.seen;
        let counter = match &*id {
            "loop" => Some(&mut seen.loop_),
            "self" => Some(&mut seen.self_),
            "super" => Some(&mut seen.super_),
            "caller" => Some(&mut seen.caller),
            "kwargs" => Some(&mut seen.kwargs),
            "varargs" => Some(&mut seen.varargs),
            _ => None,
        };
        if let Some(c) = counter {
            *c += 1;
        }
        expr(line, ExprKind::Name(Name { id, slot: Slot::default() }))
    }

    pub(super) fn expression(&mut self, with_cond: bool) -> Lexed<Expr> {
        self.nested(|p| if with_cond { p.cond() } else { p.or() })
    }

    fn cond(&mut self) -> Lexed<Expr> {
        let mut line = self.line();
        let mut value = self.or()?;
        while self.skip_name("if")? {
            let test = self.or()?;
            let otherwise = if self.skip_name("else")? { Some(self.nested(Self::cond)?) } else { None };
            value = expr(line, ExprKind::Cond(Box::new((test, value, otherwise))));
            line = self.line();
            self.check_height(&value)?;
        }
        Ok(value)
    }

    fn or(&mut self) -> Lexed<Expr> {
        let mut line = self.line();
        let mut left = self.and()?;
        while self.skip_name("or")? {
            let right = self.and()?;
            left = expr(line, ExprKind::Or(Box::new((left, right))));
            line = self.line();
            self.check_height(&left)?;
        }
        Ok(left)
    }

    fn and(&mut self) -> Lexed<Expr> {
        let mut line = self.line();
        let mut left = self.not()?;
        while self.skip_name("and")? {
            let right = self.not()?;
            left = expr(line, ExprKind::And(Box::new((left, right))));
            line = self.line();
            self.check_height(&left)?;
        }
        Ok(left)
    }

    fn not(&mut self) -> Lexed<Expr> {
        if self.is_name("not") {
            let line = self.advance()?.line;
            let inner = self.nested(Self::not)?;
            return Ok(expr(line, ExprKind::Not(Box::new(inner))));
        }
        self.compare()
    }

    fn compare(&mut self) -> Lexed<Expr> {
        let mut line = self.line();
        let first = self.sum()?;
        let mut rest = Vec::new();
        loop {
            let op = match &self.current.tok {
                Tok::Op("==") => CmpOp::Eq,
                Tok::Op("!=") => CmpOp::Ne,
                Tok::Op("<") => CmpOp::Order(OrderOp::Lt),
                Tok::Op("<=") => CmpOp::Order(OrderOp::Le),
                Tok::Op(">") => CmpOp::Order(OrderOp::Gt),
                Tok::Op(">=") => CmpOp::Order(OrderOp::Ge),
                t if t.is_name("in") => CmpOp::In,
                t if t.is_name("not") => {
                    if !self.look()?.is_name("in") {
                        break;
                    }
                    self.advance()?;
                    CmpOp::NotIn
                }
                _ => break,
            };
            self.advance()?;
            rest.push((op, self.sum()?));
            line = self.line();
        }
        Ok(if rest.is_empty() { first } else { expr(line, ExprKind::Compare(Box::new(first), rest)) })
    }

    fn binary(&mut self, ops: &[(&str, BinOp)], operand: fn(&mut Self) -> Lexed<Expr>) -> Lexed<Expr> {
        let mut line = self.line();
        let mut left = operand(self)?;
        while let Some((_, op)) = ops.iter().find(|(text, _)| self.is_op(text)) {
            self.advance()?;
            let right = operand(self)?;
            left = expr(line, ExprKind::Binary(*op, Box::new((left, right))));
            line = self.line();
            self.check_height(&left)?;
        }
        Ok(left)
    }

    fn sum(&mut self) -> Lexed<Expr> {
        self.binary(&[("+", BinOp::Add), ("-", BinOp::Sub)], Self::concat)
    }

    fn concat(&mut self) -> Lexed<Expr> {
        let line = self.line();
        let first = self.product()?;
        if !self.is_op("~") {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.skip_op("~")? {
            items.push(self.product()?);
        }
        Ok(expr(line, ExprKind::Concat(items)))
    }

    fn product(&mut self) -> Lexed<Expr> {
        const OPS: [(&str, BinOp); 4] =
            [("*", BinOp::Mul), ("/", BinOp::Div), ("//", BinOp::FloorDiv), ("%", BinOp::Mod)];
        self.binary(&OPS, |p| p.binary(&[("**", BinOp::Pow)], |p| p.unary(true)))
    }

    fn unary(&mut self, with_filter: bool) -> Lexed<Expr> {
        let line = self.line();
        let node = if self.is_op("-") {
            self.advance()?;
            let inner = self.nested(|p| p.unary(false))?;
            expr(line, ExprKind::Neg(Box::new(inner)))
        } else if self.is_op("+") {
            self.advance()?;
            let inner = self.nested(|p| p.unary(false))?;
            expr(line, ExprKind::Pos(Box::new(inner)))
        } else {
            self.primary(false)?
        };
        let node = self.postfix(node)?;
        if with_filter { self.filters_and_tests(node) } else { Ok(node) }
    }

    pub(super) fn primary(&mut self, with_namespace: bool) -> Lexed<Expr> {
        let line = self.line();
        match &self.current.tok {
            Tok::Name(n) => {
                let n = n.clone();
                self.advance()?;
                let constant = match &*n {
                    "true" | "True" => Some(Val::Bool(true)),
                    "false" | "False" => Some(Val::Bool(false)),
                    "none" | "None" => Some(Val::None),
                    _ => None,
                };
                if let Some(c) = constant {
                    return Ok(expr(line, ExprKind::Const(c)));
                }
                if with_namespace && self.skip_op(".")? {
                    let (attr, _) = self.expect_ident()?;
                    let name = Name { id: n, slot: Slot::default() };
                    return Ok(expr(line, ExprKind::NsRef(name, attr)));
                }
                Ok(self.name(n, line))
            }
            Tok::Str(_) => {
                let mut text = String::new();
                while let Tok::Str(s) = &self.current.tok {
                    text.push_str(s);
                    self.advance()?;
                }
                Ok(expr(line, ExprKind::Const(Val::from(text))))
            }
            Tok::Int(i) => {
                let i = i.clone();
                self.advance()?;
                Ok(expr(line, ExprKind::Const(i)))
            }
            Tok::Float(f) => {
                let f = *f;
                self.advance()?;
                Ok(expr(line, ExprKind::Const(Val::Float(f))))
            }
            Tok::Op("(") => {
                self.advance()?;
                let inner = self.nested(|p| p.tuple_of(true, &[], true))?;
                self.expect_op(")")?;
                Ok(inner)
            }
            Tok::Op("[") => {
                self.advance()?;
                let mut items = Vec::new();
                while !self.is_op("]") {
                    if !items.is_empty() {
                        self.expect_op(",")?;
                    }
                    if self.is_op("]") {
                        break;
                    }
                    items.push(self.expression(true)?);
                }
                self.expect_op("]")?;
                Ok(expr(line, ExprKind::List(items)))
            }
            Tok::Op("{") => {
                self.advance()?;
                let mut items = Vec::new();
                while !self.is_op("}") {
                    if !items.is_empty() {
                        self.expect_op(",")?;
                    }
                    if self.is_op("}") {
                        break;
                    }
                    let key = self.expression(true)?;
                    self.expect_op(":")?;
                    items.push((key, self.expression(true)?));
                }
                self.expect_op("}")?;
                Ok(expr(line, ExprKind::Dict(items)))
            }
            t => {
                let message = format!("unexpected {}", quoted(t.describe()));
                Self::fail_at(line, message)
            }
        }
    }

    fn at_tuple_end(&self, ends: Ends<'_>) -> bool {
        matches!(self.current.tok, Tok::VariableEnd | Tok::BlockEnd)
            || self.is_op(")")
            || ends.iter().any(|e| self.is_name(e))
    }

    /// An expression, or a tuple when there are commas.
    pub(super) fn tuple(&mut self, with_cond: bool, ends: Ends<'_>) -> Lexed<Expr> {
        self.tuple_of(with_cond, ends, false)
    }

    fn tuple_of(&mut self, with_cond: bool, ends: Ends<'_>, in_parentheses: bool) -> Lexed<Expr> {
        self.tuple_with(ends, in_parentheses, |p| p.expression(with_cond))
    }

    pub(super) fn tuple_with(
        &mut self,
        ends: Ends<'_>,
        in_parentheses: bool,
        item: impl Fn(&mut Self) -> Lexed<Expr>,
    ) -> Lexed<Expr> {
        let mut line = self.line();
        let mut items = Vec::new();
        let mut is_tuple = false;
        loop {
            if !items.is_empty() {
                self.expect_op(",")?;
            }
            if self.at_tuple_end(ends) {
                break;
            }
            items.push(item(self)?);
            if !self.is_op(",") {
                break;
            }
            is_tuple = true;
            line = self.line();
        }
        if !is_tuple {
            if let Some(only) = items.pop() {
                return Ok(only);
            }
            if !in_parentheses {
                let got = quoted(self.current.tok.describe());
                return self.fail(format!("Expected an expression, got {got}"));
            }
        }
        Ok(expr(line, ExprKind::Tuple(items)))
    }

    fn postfix(&mut self, mut node: Expr) -> Lexed<Expr> {
        loop {
            node = match &self.current.tok {
                Tok::Op("." | "[") => self.subscript(node)?,
                Tok::Op("(") => self.call(node)?,
                _ => return Ok(node),
            };
            self.check_height(&node)?;
        }
    }

    fn filters_and_tests(&mut self, mut node: Expr) -> Lexed<Expr> {
        loop {
            node = match &self.current.tok {
                Tok::Op("|") => self.filter(Some(node))?,
                Tok::Op("(") => self.call(node)?,
                t if t.is_name("is") => self.test(node)?,
                _ => return Ok(node),
            };
            self.check_height(&node)?;
        }
    }

    fn subscript(&mut self, node: Expr) -> Lexed<Expr> {
        let token = self.advance()?;
        let line = token.line;
        if token.tok.is_op(".") {
            let attr = self.advance()?;
            return match attr.tok {
                Tok::Name(n) => Ok(expr(line, ExprKind::Attr(Box::new(node), n))),
                Tok::Int(i) => {
                    let key = expr(attr.line, ExprKind::Const(i));
                    Ok(expr(line, ExprKind::Item(Box::new(node), Box::new(key))))
                }
                _ => Self::fail_at(attr.line, "expected name or number"),
            };
        }
        let mut args = Vec::new();
        while !self.is_op("]") {
            if !args.is_empty() {
                self.expect_op(",")?;
            }
            args.push(self.subscript_item()?);
        }
        self.expect_op("]")?;
        let key = match args.pop() {
            Some(only) if args.is_empty() => only,
            last => {
                args.extend(last);
                expr(line, ExprKind::Tuple(args))
            }
        };
        Ok(expr(line, ExprKind::Item(Box::new(node), Box::new(key))))
    }

    fn subscript_item(&mut self) -> Lexed<Expr> {
        let line = self.line();
        let start = if self.is_op(":") {
            None
        } else {
            let e = self.expression(true)?;
            if !self.is_op(":") {
                return Ok(e);
            }
            Some(e)
        };
        self.advance()?;
        let stop = if self.is_op(":") || self.is_op("]") || self.is_op(",") {
            None
        } else {
            Some(self.expression(true)?)
        };
        let step = if self.skip_op(":")? && !(self.is_op("]") || self.is_op(",")) {
            Some(self.expression(true)?)
        } else {
            None
        };
        Ok(expr(line, ExprKind::Slice(Box::new([start, stop, step]))))
    }

    fn call_args(&mut self) -> Lexed<Args> {
        let line = self.expect_op("(")?.line;
        let mut out = Args::default();
        let mut comma = false;
        let ensure = |ok: bool| {
            if ok { Ok(()) } else { Self::fail_at(line, "invalid syntax for function call expression") }
        };
        while !self.is_op(")") {
            if comma {
                self.expect_op(",")?;
                if self.is_op(")") {
                    break;
                }
            }
            if self.is_op("*") {
                ensure(out.star.is_none() && out.star_star.is_none())?;
                self.advance()?;
                out.star = Some(self.expression(true)?);
            } else if self.is_op("**") {
                ensure(out.star_star.is_none())?;
                self.advance()?;
                out.star_star = Some(self.expression(true)?);
            } else if let Tok::Name(key) = &self.current.tok {
                let key = key.clone();
                if self.look()?.is_op("=") {
                    ensure(out.star_star.is_none())?;
                    self.advance()?;
                    self.advance()?;
                    let value = self.expression(true)?;
                    out.kwargs.push((key, value));
                } else {
                    ensure(out.star.is_none() && out.star_star.is_none() && out.kwargs.is_empty())?;
                    out.args.push(self.expression(true)?);
                }
            } else {
                ensure(out.star.is_none() && out.star_star.is_none() && out.kwargs.is_empty())?;
                out.args.push(self.expression(true)?);
            }
            comma = true;
        }
        self.expect_op(")")?;
        Ok(out)
    }

    fn call(&mut self, node: Expr) -> Lexed<Expr> {
        let line = self.line();
        let args = self.nested(Self::call_args)?;
        Ok(expr(line, ExprKind::Call(Box::new(node), Box::new(args))))
    }

    fn dotted(&mut self) -> Lexed<(Arc<str>, u32)> {
        let (first, line) = self.expect_ident()?;
        let mut name = first.to_string();
        while self.skip_op(".")? {
            let (part, _) = self.expect_ident()?;
            name.push('.');
            name.push_str(&part);
        }
        Ok((name.into(), line))
    }

    /// `|name(args)`, as often as it comes.
    pub(super) fn filter(&mut self, node: Option<Expr>) -> Lexed<Expr> {
        self.expect_op("|")?;
        self.filter_chain(node)
    }

    /// As [`Parser::filter`], the first one without a bar.
    pub(super) fn filter_chain(&mut self, mut node: Option<Expr>) -> Lexed<Expr> {
        loop {
            let (name, line) = self.dotted()?;
            let args = if self.is_op("(") { self.nested(Self::call_args)? } else { Args::default() };
            let filter = Filter { on: node, name, args, func: None, line };
            let e = expr(line, ExprKind::Filter(Box::new(filter)));
            self.check_height(&e)?;
            if !self.skip_op("|")? {
                return Ok(e);
            }
            node = Some(e);
        }
    }

    fn test(&mut self, node: Expr) -> Lexed<Expr> {
        let line = self.advance()?.line;
        let negated = self.skip_name("not")?;
        let (name, _) = self.dotted()?;
        let mut args = Args::default();
        let takes_argument = match &self.current.tok {
            Tok::Op("(") => {
                args = self.nested(Self::call_args)?;
                false
            }
            Tok::Name(n) => !matches!(&**n, "else" | "or" | "and"),
            Tok::Str(_) | Tok::Int(_) | Tok::Float(_) | Tok::Op("[" | "{") => true,
            _ => false,
        };
        if takes_argument {
            if self.is_name("is") {
                return self.fail("You cannot chain multiple tests with is");
            }
            let arg = self.nested(|p| p.primary(false))?;
            args.args.push(self.postfix(arg)?);
        }
        let filter = Filter { on: Some(node), name, args, func: None, line };
        let e = expr(line, ExprKind::Test(Box::new(filter)));
        Ok(if negated { expr(line, ExprKind::Not(Box::new(e))) } else { e })
    }
}
