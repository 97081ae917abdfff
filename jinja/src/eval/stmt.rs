//! Statements.

use std::rc::Rc;

use super::{Exec, Flow};
use crate::Result;
use crate::ast::{Exports, ExprKind, If, Load, LoadKind, Piece, Scope, SetBlock, Stmt, StmtKind, With};
use crate::filters::{self};
use crate::val::{CallArgs, Val, finalize};

impl Exec<'_> {
    pub(super) fn enter(&self, scope: &Scope) {
        for (index, load) in &scope.loads {
            let value = match load {
                Load::Resolve(name) => self.frame.ctx.get(name),
                Load::Alias(slot) => self.frame.get(*slot),
                Load::Clear => None,
            };
            self.frame.set_local(*index, value);
        }
    }

    pub(super) fn leave(&self, scope: &Scope) {
        for index in &scope.clear {
            self.frame.set_local(*index, None);
        }
    }

    pub(super) fn run(&self, body: &[Stmt], out: &mut String) -> Result<Flow> {
        for stmt in body {
            self.frame.line.set(stmt.line);
            let flow = self.stmt(stmt, out)?;
            if flow != Flow::Normal {
                return Ok(flow);
            }
        }
        Ok(Flow::Normal)
    }

    /// Writes what `{{ value }}` prints.
    fn print(&self, out: &mut String, value: &Val) -> Result<()> {
        if !self.rt.autoescape.get() {
            return finalize(out, value);
        }
        if let Val::Markup(s) = value {
            out.push_str(s);
            return Ok(());
        }
        let mut text = String::new();
        finalize(&mut text, value)?;
        out.push_str(&filters::escaped(&Val::from(text))?);
        Ok(())
    }

    fn stmt(&self, stmt: &Stmt, out: &mut String) -> Result<Flow> {
        match &stmt.kind {
            StmtKind::Output { pieces, guarded } => {
                if *guarded && self.is_extending() {
                    return Ok(Flow::Normal);
                }
                for piece in pieces {
                    match piece {
                        Piece::Text(t) => out.push_str(t),
                        Piece::Expr(e) => {
                            self.frame.line.set(e.line);
                            let value = self.eval(e)?;
                            self.print(out, &value)?;
                        }
                    }
                }
                self.rt.check_output(out)?;
            }
            StmtKind::Set { target, value, exports } => {
                let value = self.eval(value)?;
                self.assign(target, value)?;
                self.export(exports);
            }
            StmtKind::SetBlock(b) => return self.set_block(b),
            StmtKind::Do(e) => {
                self.eval(e)?;
            }
            StmtKind::If(i) => return self.if_(i, out),
            StmtKind::For(f) => return self.for_loop(f, out),
            StmtKind::With(w) => return self.with(w, out),
            StmtKind::Scoped { escape, scope, body } => {
                let escape = self.truth(escape)?;
                let before = self.rt.autoescape.replace(escape);
                self.enter(scope);
                let flow = self.run(body, out);
                self.leave(scope);
                self.rt.autoescape.set(before);
                return flow;
            }
            StmtKind::Inline { label, body } => {
                self.eval(label)?;
                return self.run(body, out);
            }
            StmtKind::Macro(m) => {
                let value = self.macro_value(&m.macro_);
                self.frame.set(m.target.slot, Some(value.clone()));
                if m.top_level {
                    self.export_value(&m.target.id, value, true);
                }
            }
            StmtKind::CallBlock(c) => {
                let caller = self.macro_value(&c.macro_);
                if let ExprKind::Call(callee, args) = &c.call.kind {
                    let value = self.call_expr(callee, args, Some(caller))?;
                    self.print(out, &value)?;
                }
            }
            StmtKind::FilterBlock { filter, scope, body } => {
                let mut text = String::new();
                self.enter(scope);
                let flow = self.run(body, &mut text)?;
                if flow != Flow::Normal {
                    return Ok(flow);
                }
                if let ExprKind::Filter(f) = &filter.kind {
                    let value = self.filter(f, Some(self.rt.text(text)))?;
                    self.print(out, &value)?;
                }
                self.leave(scope);
            }
            StmtKind::Include { template, ignore_missing, with_context, locals } => {
                let locals = with_context.then_some(locals);
                self.include(template, *ignore_missing, locals, out)?;
            }
            StmtKind::Import { template, target, with_context, locals, top_level, load } => {
                let module = self.import(template, with_context.then_some(locals))?;
                let value = match load {
                    Some(kind) => self.load(*kind, module)?,
                    None => module,
                };
                self.frame.set(target.slot, Some(value.clone()));
                if *top_level {
                    // A plain import is not passed on to who imports this template.
                    self.export_value(&target.id, value, load.is_some());
                }
            }
            StmtKind::From { template, names, with_context, locals, top_level } => {
                let module = self.import(template, with_context.then_some(locals))?;
                for (name, target) in names {
                    let value = self.imported(&module, name, stmt.line)?;
                    self.frame.set(target.slot, Some(value.clone()));
                    if *top_level {
                        self.export_value(&target.id, value, false);
                    }
                }
            }
            StmtKind::Extends(e) => self.extend(e)?,
            StmtKind::Block(b) => self.block(b, out)?,
            StmtKind::Break => return Ok(Flow::Break),
            StmtKind::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Normal)
    }

    /// Makes top-level assignments part of the context.
    pub(super) fn export(&self, exports: &Exports) {
        for (name, slot) in &exports.0 {
            if let Some(value) = self.frame.get(*slot) {
                self.export_value(name, value, true);
            }
        }
    }

    fn export_value(&self, name: &std::sync::Arc<str>, value: Val, public: bool) {
        let ctx = &self.frame.ctx;
        let _old = ctx.vars.borrow_mut().insert(name.clone(), value);
        if public && !name.starts_with('_') {
            ctx.exported.borrow_mut().insert(name.clone());
        } else if !public {
            ctx.exported.borrow_mut().shift_remove(name);
        }
    }

    fn if_(&self, i: &If, out: &mut String) -> Result<Flow> {
        for (test, body) in &i.branches {
            self.frame.line.set(test.line);
            if self.truth(test)? {
                return self.run(body, out);
            }
        }
        self.run(&i.otherwise, out)
    }

    fn with(&self, w: &With, out: &mut String) -> Result<Flow> {
        let mut values = Vec::with_capacity(w.pairs.len());
        for (_, value) in &w.pairs {
            values.push(self.eval(value)?);
        }
        self.enter(&w.scope);
        for ((target, _), value) in w.pairs.iter().zip(values) {
            self.assign(target, value)?;
        }
        let flow = self.run(&w.body, out)?;
        self.leave(&w.scope);
        Ok(flow)
    }

    fn set_block(&self, b: &SetBlock) -> Result<Flow> {
        let mut text = String::new();
        self.enter(&b.scope);
        let flow = self.run(&b.body, &mut text)?;
        if flow != Flow::Normal {
            return Ok(flow);
        }
        let mut value = self.rt.text(text);
        if let Some(e) = &b.filter
            && let ExprKind::Filter(f) = &e.kind
        {
            value = self.filter(f, Some(value))?;
        }
        if let Some(kind) = b.load {
            value = self.load(kind, value)?;
        }
        self.assign(&b.target, value)?;
        self.leave(&b.scope);
        self.export(&b.exports);
        Ok(Flow::Normal)
    }

    /// What Salt's `load_…` and `import_…` tags do with their text.
    fn load(&self, kind: LoadKind, text: Val) -> Result<Val> {
        let name = match kind {
            LoadKind::Yaml => "load_yaml",
            LoadKind::Json => "load_json",
            LoadKind::Text => "load_text",
        };
        let mut args = CallArgs { args: vec![text], kwargs: Vec::new(), rt: Rc::clone(self.rt) };
        match (self.rt.env.filters.get(name), filters::find(name)) {
            (Some(host), _) => host(&mut args),
            (None, Some(builtin)) => builtin(&mut args),
            (None, None) => Ok(args.args.pop().unwrap_or_default()),
        }
    }
}
