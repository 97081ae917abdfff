//! Statements.

use std::rc::Rc;
use std::sync::Arc;

use super::{Parser, Seen, quoted};
use crate::ast::{
    Block, CallBlock, Exports, Expr, ExprKind, For, Function, If, LoadKind, Locals, LoopTest, Macro,
    MacroStmt, Name, Param, Piece, Scope, SetBlock, Slot, Stmt, StmtKind, Uses, With,
};
use crate::lexer::{Failed, Lexed, Tok};

type Ends = &'static [&'static str];

impl Parser {
    /// Statements and text up to one of `ends`, or up to the end of the template.
    pub(super) fn body(&mut self, ends: Ends) -> Lexed<Vec<Stmt>> {
        if !ends.is_empty() {
            self.ends.push(ends);
        }
        let result = self.nested(|p| p.body_items(ends));
        if !ends.is_empty() {
            self.ends.pop();
        }
        result
    }

    fn body_items(&mut self, ends: Ends) -> Lexed<Vec<Stmt>> {
        let mut body = Vec::new();
        let mut pieces = Vec::new();
        let mut first_line = 1;
        let flush = |pieces: &mut Vec<Piece>, body: &mut Vec<Stmt>, line: u32| {
            if !pieces.is_empty() {
                let kind = StmtKind::Output { pieces: std::mem::take(pieces), guarded: false };
                body.push(Stmt { line, kind });
            }
        };
        loop {
            let line = self.line();
            if pieces.is_empty() {
                first_line = line;
            }
            match &mut self.current.tok {
                Tok::Eof => break,
                Tok::Data(text) => {
                    pieces.push(Piece::Text(std::mem::take(text).into()));
                    self.advance()?;
                }
                Tok::VariableBegin => {
                    self.advance()?;
                    pieces.push(Piece::Expr(self.tuple(true, &[])?));
                    match self.current.tok {
                        Tok::VariableEnd => self.advance().map(drop)?,
                        _ => return self.unexpected("end of print statement"),
                    }
                }
                Tok::BlockBegin => {
                    flush(&mut pieces, &mut body, first_line);
                    self.advance()?;
                    if ends.iter().any(|e| self.is_name(e)) {
                        return Ok(body);
                    }
                    self.statement(&mut body)?;
                    self.expect_block_end()?;
                }
                _ => return self.fail("internal parsing error"),
            }
        }
        flush(&mut pieces, &mut body, first_line);
        Ok(body)
    }

    /// The rest of an opening tag, the body, and up to the end tag, which stays the current token.
    fn statements(&mut self, ends: Ends) -> Lexed<Vec<Stmt>> {
        self.skip_op(":")?;
        self.expect_block_end()?;
        let body = self.body(ends)?;
        if matches!(self.current.tok, Tok::Eof) {
            return self.fail_unclosed(None, Some(ends), self.line());
        }
        Ok(body)
    }

    /// As `statements`, and takes the end tag.
    fn statements_to(&mut self, ends: Ends) -> Lexed<Vec<Stmt>> {
        let body = self.statements(ends)?;
        self.advance()?;
        Ok(body)
    }

    fn fail_unclosed<T>(&self, name: Option<&str>, looking: Option<Ends>, line: u32) -> Lexed<T> {
        let stack: Vec<Ends> = self.ends.iter().copied().chain(looking).collect();
        let mut message = match name {
            None => "Unexpected end of template.".to_owned(),
            Some(n) => format!("Encountered unknown tag {}.", quoted(n)),
        };
        let mut hint = None;
        if let Some(last) = stack.last() {
            let list = last.iter().map(|e| quoted(e)).collect::<Vec<_>>().join(" or ");
            if name.is_some_and(|n| stack.iter().any(|ends| ends.contains(&n))) {
                message.push_str(&format!(
                    " You probably made a nesting mistake. Jinja is expecting this tag, but currently \
                     looking for {list}."
                ));
            } else {
                message.push_str(&format!(" Jinja was looking for the following tags: {list}."));
            }
        }
        if let Some((tag, opened)) = self.tags.last() {
            message.push_str(&format!(" The innermost block that needs to be closed is {}.", quoted(tag)));
            let end = if tag.starts_with("load_") { "endload".to_owned() } else { format!("end{tag}") };
            hint = Some(format!("close the {} of line {opened} with {{% {end} %}}", quoted(tag)));
        }
        Err(Failed(crate::lexer::syntax_error(message).with_hint(hint), line))
    }

    fn statement(&mut self, out: &mut Vec<Stmt>) -> Lexed<()> {
        let line = self.line();
        let Tok::Name(tag) = &self.current.tok else { return self.fail("tag name expected") };
        let tag = tag.clone();
        self.tags.push((tag.to_string(), line));
        let result = self.statement_of(&tag, line);
        // An error may still want to name the tags that are open.
        match result {
            Ok(Some(kind)) => {
                self.tags.pop();
                out.push(Stmt { line, kind });
                Ok(())
            }
            Ok(None) => {
                self.tags.pop();
                self.fail_unclosed(Some(&tag), None, line)
            }
            Err(e) => Err(e),
        }
    }

    fn statement_of(&mut self, tag: &str, line: u32) -> Lexed<Option<StmtKind>> {
        let load = |kind: &str| match kind {
            "yaml" => LoadKind::Yaml,
            "json" => LoadKind::Json,
            _ => LoadKind::Text,
        };
        let kind = match tag {
            "set" => self.set()?,
            "if" => self.if_()?,
            "for" => self.for_()?,
            "do" => {
                self.advance()?;
                StmtKind::Do(self.tuple(true, &[])?)
            }
            "macro" => self.macro_(line)?,
            "call" => self.call_block(line)?,
            "filter" => {
                self.advance()?;
                let filter = self.filter_chain(None)?;
                let body = self.statements_to(&["endfilter"])?;
                StmtKind::FilterBlock { filter, scope: Scope::default(), body }
            }
            "with" => self.with()?,
            "block" => self.block()?,
            "extends" => {
                self.advance()?;
                StmtKind::Extends(self.expression(true)?)
            }
            "include" => self.include()?,
            "import" => self.import(None)?,
            "from" => self.from()?,
            "print" => {
                self.advance()?;
                let mut pieces = Vec::new();
                while !matches!(self.current.tok, Tok::BlockEnd) {
                    if !pieces.is_empty() {
                        self.expect_op(",")?;
                    }
                    pieces.push(Piece::Expr(self.expression(true)?));
                }
                StmtKind::Output { pieces, guarded: false }
            }
            "autoescape" => {
                self.advance()?;
                let escape = self.expression(true)?;
                let body = self.statements_to(&["endautoescape"])?;
                StmtKind::Scoped { escape, scope: Scope::default(), body }
            }
            "break" | "continue" => {
                self.advance()?;
                if self.loops == 0 && self.stray.is_none() {
                    let message = if tag == "break" {
                        "'break' outside loop"
                    } else {
                        "'continue' not properly in loop"
                    };
                    self.stray = Some((message.to_owned(), line));
                }
                if tag == "break" { StmtKind::Break } else { StmtKind::Continue }
            }
            "load_yaml" | "load_json" | "load_text" => {
                self.advance()?;
                self.expect_name("as")?;
                let target = self.assign_target(&[], false)?;
                let body = self.statements_to(&["endload"])?;
                let load = tag.strip_prefix("load_").map(load);
                let scope = Scope::default();
                let exports = Exports::default();
                StmtKind::SetBlock(Box::new(SetBlock { target, filter: None, load, scope, body, exports }))
            }
            "import_yaml" | "import_json" | "import_text" => {
                self.import(tag.strip_prefix("import_").map(load))?
            }
            "profile" => {
                self.advance()?;
                self.expect_name("as")?;
                let label = self.expression(true)?;
                let body = self.statements_to(&["endprofile"])?;
                StmtKind::Inline { label, body }
            }
            _ => return Ok(None),
        };
        Ok(Some(kind))
    }

    /// A name, or a tuple of names (and of namespace attributes, where allowed).
    fn assign_target(&mut self, ends: &[&'static str], with_namespace: bool) -> Lexed<Expr> {
        let before = self.seen;
        let target = self.tuple_with(ends, false, |p| p.primary(with_namespace))?;
        // Names that are written are not read.
        self.seen = before;
        self.check_assignable(&target)?;
        Ok(target)
    }

    fn check_assignable(&self, target: &Expr) -> Lexed<()> {
        let what = match &target.kind {
            ExprKind::Name(_) | ExprKind::NsRef(..) => return Ok(()),
            ExprKind::Tuple(items) if items.iter().all(|i| self.check_assignable(i).is_ok()) => return Ok(()),
            ExprKind::Tuple(_) => "tuple",
            ExprKind::Const(_) => "const",
            ExprKind::List(_) => "list",
            ExprKind::Dict(_) => "dict",
            _ => "expression",
        };
        Self::fail_at(target.line, format!("can't assign to '{what}'"))
    }

    fn target_name(&mut self) -> Lexed<(Name, u32)> {
        let (id, line) = self.expect_ident()?;
        if matches!(&*id, "true" | "false" | "none" | "True" | "False" | "None") {
            return Self::fail_at(line, "can't assign to 'name'");
        }
        Ok((Name { id, slot: Slot::default() }, line))
    }

    fn set(&mut self) -> Lexed<StmtKind> {
        self.advance()?;
        let target = self.assign_target(&[], true)?;
        if self.skip_op("=")? {
            let value = self.tuple(true, &[])?;
            return Ok(StmtKind::Set { target, value, exports: Exports::default() });
        }
        let filter = if self.is_op("|") { Some(self.filter(None)?) } else { None };
        let body = self.statements_to(&["endset"])?;
        let (scope, exports) = (Scope::default(), Exports::default());
        Ok(StmtKind::SetBlock(Box::new(SetBlock { target, filter, load: None, scope, body, exports })))
    }

    fn if_(&mut self) -> Lexed<StmtKind> {
        self.advance()?;
        let mut branches = Vec::new();
        loop {
            let test = self.tuple(false, &[])?;
            let body = self.statements(&["elif", "else", "endif"])?;
            branches.push((test, body));
            if self.skip_name("elif")? {
                continue;
            }
            let otherwise =
                if self.skip_name("else")? { self.statements_to(&["endif"])? } else { self.end_tag()? };
            return Ok(StmtKind::If(Box::new(If { branches, otherwise })));
        }
    }

    fn end_tag(&mut self) -> Lexed<Vec<Stmt>> {
        self.advance()?;
        Ok(Vec::new())
    }

    fn for_(&mut self) -> Lexed<StmtKind> {
        self.advance()?;
        let target = self.assign_target(&["in"], false)?;
        if names_in(&target, "loop") {
            return Self::fail_at(target.line, "Can't assign to special loop variable in for-loop target");
        }
        self.expect_name("in")?;
        let iter = self.tuple(false, &["recursive"])?;
        let test = if self.skip_name("if")? {
            let cond = self.expression(true)?;
            Some(LoopTest { target: copy_target(&target), cond, scope: Scope::default() })
        } else {
            None
        };
        let recursive = self.skip_name("recursive")?;
        let before = self.seen;
        self.loops += 1;
        let body = self.statements(&["endfor", "else"])?;
        self.loops -= 1;
        let uses_loop =
            self.seen.loop_ != before.loop_ || self.seen.scoped_blocks != before.scoped_blocks || recursive;
        let otherwise =
            if self.skip_name("else")? { self.statements_to(&["endfor"])? } else { self.end_tag()? };
        Ok(StmtKind::For(Rc::new(For {
            target,
            iter,
            test,
            recursive,
            body,
            scope: Scope::default(),
            uses_loop,
            loop_slot: None,
            otherwise,
            else_scope: Scope::default(),
            slots: 0,
        })))
    }

    fn with(&mut self) -> Lexed<StmtKind> {
        self.advance()?;
        let mut pairs = Vec::new();
        while !matches!(self.current.tok, Tok::BlockEnd) {
            if !pairs.is_empty() {
                self.expect_op(",")?;
            }
            let target = self.assign_target(&[], false)?;
            self.expect_op("=")?;
            pairs.push((target, self.expression(true)?));
        }
        let body = self.statements_to(&["endwith"])?;
        Ok(StmtKind::With(Box::new(With { pairs, scope: Scope::default(), body })))
    }

    fn block(&mut self) -> Lexed<StmtKind> {
        self.advance()?;
        let (name, _) = self.expect_ident()?;
        let scoped = self.skip_name("scoped")?;
        let required = self.skip_name("required")?;
        if self.is_op("-") {
            return self.fail(
                "Block names in Jinja have to be valid Python identifiers and may not contain hyphens, use \
                 an underscore instead.",
            );
        }
        let before = std::mem::take(&mut self.seen);
        let loops = std::mem::take(&mut self.loops);
        let body = self.statements_to(&["endblock"])?;
        self.loops = loops;
        // What is read inside of a block is nothing to the outside.
        let inside = std::mem::replace(
            &mut self.seen,
            Seen { scoped_blocks: before.scoped_blocks + u32::from(scoped), ..before },
        );
        self.seen.scoped_blocks += inside.scoped_blocks;
        if required {
            let blank = |p: &Piece| matches!(p, Piece::Text(t) if t.chars().all(char::is_whitespace));
            let empty = body.iter().all(|s| match &s.kind {
                StmtKind::Output { pieces, .. } => pieces.iter().all(blank),
                _ => false,
            });
            if !empty {
                return self.fail("Required blocks can only contain comments or whitespace");
            }
        }
        self.skip_name(&name)?;
        Ok(StmtKind::Block(Box::new(Block {
            name,
            scoped,
            locals: None,
            required,
            top_level: false,
            body,
            uses_self: inside.self_ > 0,
            uses_super: inside.super_ > 0,
        })))
    }

    fn context_clause(&mut self) -> Lexed<Option<bool>> {
        let with = self.is_name("with");
        if (with || self.is_name("without")) && self.look()?.is_name("context") {
            self.advance()?;
            self.advance()?;
            return Ok(Some(with));
        }
        Ok(None)
    }

    fn include(&mut self) -> Lexed<StmtKind> {
        self.advance()?;
        let template = self.expression(true)?;
        let ignore_missing = self.is_name("ignore") && self.look()?.is_name("missing");
        if ignore_missing {
            self.advance()?;
            self.advance()?;
        }
        let with_context = self.context_clause()?.unwrap_or(true);
        Ok(StmtKind::Include { template, ignore_missing, with_context, locals: Locals::default() })
    }

    fn import(&mut self, load: Option<LoadKind>) -> Lexed<StmtKind> {
        self.advance()?;
        let template = self.expression(true)?;
        self.expect_name("as")?;
        let (target, _) = self.target_name()?;
        let with_context = self.context_clause()?.unwrap_or(false);
        let locals = Locals::default();
        Ok(StmtKind::Import { template, target, with_context, locals, top_level: false, load })
    }

    fn from(&mut self) -> Lexed<StmtKind> {
        self.advance()?;
        let template = self.expression(true)?;
        self.expect_name("import")?;
        let mut names: Vec<(Arc<str>, Name)> = Vec::new();
        let context = loop {
            if !names.is_empty() {
                self.expect_op(",")?;
            }
            if !matches!(self.current.tok, Tok::Name(_)) {
                return self.unexpected("name");
            }
            let context = self.context_clause()?;
            if context.is_some() {
                break context;
            }
            let (target, line) = self.target_name()?;
            if target.id.starts_with('_') {
                return Self::fail_at(line, "names starting with an underline can not be imported");
            }
            let name = target.id.clone();
            let alias = if self.skip_name("as")? { self.target_name()?.0 } else { target };
            names.push((name, alias));
            let context = self.context_clause()?;
            if context.is_some() || !self.is_op(",") {
                break context;
            }
        };
        let with_context = context.unwrap_or(false);
        Ok(StmtKind::From { template, names, with_context, locals: Locals::default(), top_level: false })
    }

    fn signature(&mut self) -> Lexed<Vec<Param>> {
        let mut params: Vec<Param> = Vec::new();
        self.expect_op("(")?;
        while !self.is_op(")") {
            if !params.is_empty() {
                self.expect_op(",")?;
            }
            let (name, _) = self.target_name()?;
            let default = if self.skip_op("=")? {
                Some(self.expression(true)?)
            } else if params.iter().any(|p| p.default.is_some()) {
                return self.fail("non-default argument follows default argument");
            } else {
                None
            };
            params.push(Param { name, default });
        }
        self.expect_op(")")?;
        Ok(params)
    }

    /// Parses a macro's body; says which special names it reads.
    fn macro_body(&mut self, end: Ends) -> Lexed<(Vec<Stmt>, Uses)> {
        let before = self.seen;
        let loops = std::mem::take(&mut self.loops);
        let body = self.statements_to(end)?;
        self.loops = loops;
        let uses = Uses {
            caller: self.seen.caller != before.caller,
            kwargs: self.seen.kwargs != before.kwargs,
            varargs: self.seen.varargs != before.varargs,
        };
        Ok((body, uses))
    }

    fn make_macro(
        name: Arc<str>,
        params: Vec<Param>,
        body: Vec<Stmt>,
        uses: Uses,
        line: u32,
        is_call_body: bool,
    ) -> Lexed<Rc<Macro>> {
        let caller = params.iter().find(|p| &*p.name.id == "caller");
        if uses.caller && caller.is_some_and(|p| p.default.is_none()) {
            return Self::fail_at(
                line,
                "When defining macros or call blocks the special \"caller\" argument must be omitted or be \
                 given a default.",
            );
        }
        let explicit_caller = caller.is_some();
        let function = Function { body, ..Function::default() };
        Ok(Rc::new(Macro {
            name,
            params,
            caller: None,
            kwargs: None,
            varargs: None,
            explicit_caller,
            reads_caller: uses.caller,
            is_call_body,
            function,
        }))
    }

    fn macro_(&mut self, line: u32) -> Lexed<StmtKind> {
        self.advance()?;
        let (target, _) = self.target_name()?;
        let params = self.signature()?;
        let (body, uses) = self.macro_body(&["endmacro"])?;
        let macro_ = Self::make_macro(target.id.clone(), params, body, uses, line, false)?;
        Ok(StmtKind::Macro(Box::new(MacroStmt { uses, macro_, target, top_level: false })))
    }

    fn call_block(&mut self, line: u32) -> Lexed<StmtKind> {
        self.advance()?;
        let params = if self.is_op("(") { self.signature()? } else { Vec::new() };
        let call = self.expression(true)?;
        if !matches!(call.kind, ExprKind::Call(..)) {
            return Err(Failed(crate::lexer::syntax_error("expected call"), line));
        }
        let (body, uses) = self.macro_body(&["endcall"])?;
        let macro_ = Self::make_macro("caller".into(), params, body, uses, line, true)?;
        Ok(StmtKind::CallBlock(Box::new(CallBlock { uses, macro_, call })))
    }
}

fn names_in(target: &Expr, name: &str) -> bool {
    match &target.kind {
        ExprKind::Name(n) => &*n.id == name,
        ExprKind::Tuple(items) => items.iter().any(|i| names_in(i, name)),
        _ => false,
    }
}

fn copy_target(target: &Expr) -> Expr {
    let name = |n: &Name| Name { id: n.id.clone(), slot: n.slot };
    let kind = match &target.kind {
        ExprKind::Name(n) => ExprKind::Name(name(n)),
        ExprKind::NsRef(n, attr) => ExprKind::NsRef(name(n), attr.clone()),
        ExprKind::Tuple(items) => ExprKind::Tuple(items.iter().map(copy_target).collect()),
        // Nothing else can be assigned to.
        _ => ExprKind::Tuple(Vec::new()),
    };
    Expr::new(target.line, kind)
}
