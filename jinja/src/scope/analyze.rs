//! Which names a run of statements reads and writes in its own scope.

use super::Resolver;
use crate::ast::{Expr, ExprKind, Piece, Stmt, StmtKind};

impl Resolver<'_> {
    pub(super) fn read(&mut self, sym: usize, e: &Expr) {
        match &e.kind {
            ExprKind::Name(n) | ExprKind::NsRef(n, _) => self.load(sym, &n.id),
            kind => {
                let mut parts = Vec::new();
                kind.children(&mut |e| parts.push(e));
                for e in parts {
                    self.read(sym, e);
                }
            }
        }
    }

    pub(super) fn write(&mut self, sym: usize, target: &Expr, as_param: bool) {
        match &target.kind {
            ExprKind::Name(n) if as_param => {
                self.param(sym, &n.id);
            }
            ExprKind::Name(n) => self.store(sym, &n.id),
            ExprKind::NsRef(n, _) => self.load(sym, &n.id),
            ExprKind::Tuple(items) => items.iter().for_each(|i| self.write(sym, i, as_param)),
            _ => {}
        }
    }

    pub(super) fn analyze(&mut self, sym: usize, body: &[Stmt]) {
        for stmt in body {
            self.analyze_stmt(sym, stmt);
        }
    }

    pub(super) fn analyze_stmt(&mut self, sym: usize, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Output { pieces, .. } => {
                for p in pieces {
                    if let Piece::Expr(e) = p {
                        self.read(sym, e);
                    }
                }
            }
            StmtKind::Set { target, value, .. } => {
                self.read(sym, value);
                self.write(sym, target, false);
            }
            StmtKind::SetBlock(b) => self.write(sym, &b.target, false),
            StmtKind::Do(e) | StmtKind::Extends(e) => self.read(sym, e),
            StmtKind::If(i) => {
                // The tests are read on the way; each branch starts from what was known before.
                if let Some((test, _)) = i.branches.first() {
                    self.read(sym, test);
                }
                let before = self.sym(sym).clone();
                let mut branches = Vec::new();
                let mut elifs = before.clone();
                for (n, (test, body)) in i.branches.iter().enumerate() {
                    if n == 0 {
                        self.analyze(sym, body);
                        branches.push(std::mem::replace(self.sym_mut(sym), before.clone()));
                    } else {
                        // All the `elif` branches share one copy, and each of them is an `if` in it.
                        *self.sym_mut(sym) = elifs;
                        self.read(sym, test);
                        let inside = self.sym(sym).clone();
                        self.analyze(sym, body);
                        let branch = std::mem::replace(self.sym_mut(sym), inside.clone());
                        self.join(sym, vec![branch, inside.clone(), inside]);
                        elifs = std::mem::replace(self.sym_mut(sym), before.clone());
                    }
                }
                branches.push(elifs);
                self.analyze(sym, &i.otherwise);
                branches.push(std::mem::replace(self.sym_mut(sym), before));
                self.join(sym, branches);
            }
            StmtKind::For(f) => self.read(sym, &f.iter),
            StmtKind::With(w) => w.pairs.iter().for_each(|(_, v)| self.read(sym, v)),
            StmtKind::Scoped { .. } | StmtKind::Block(_) | StmtKind::Break | StmtKind::Continue => {}
            StmtKind::Inline { label, body } => {
                self.read(sym, label);
                self.analyze(sym, body);
            }
            StmtKind::Macro(m) => self.store(sym, &m.target.id),
            StmtKind::CallBlock(c) => self.read(sym, &c.call),
            StmtKind::FilterBlock { filter, .. } => self.read(sym, filter),
            StmtKind::Include { template, .. } => self.read(sym, template),
            StmtKind::Import { template, target, .. } => {
                self.read(sym, template);
                self.store(sym, &target.id);
            }
            StmtKind::From { template, names, .. } => {
                self.read(sym, template);
                for (_, n) in names {
                    self.store(sym, &n.id);
                }
            }
        }
    }
}
