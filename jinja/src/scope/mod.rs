//! Which variable a name means. This follows Jinja2's own analysis (its `idtracking`), because the
//! rules show: `set` in a loop is gone after the iteration, in an `if` it stays; a macro sees later
//! assignments of the scope around it; a name that is assigned only in some branch falls back to the
//! context. Afterwards every name has a slot and evaluation looks nothing up by text.

mod analyze;
mod symbols;

use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;

use self::symbols::{FuncSlots, Symbols, slot};
use crate::ast::{
    Block, CallBlock, Exports, Expr, ExprKind, Filter, FilterFn, For, Function, If, Macro, Name, Parsed,
    Piece, SetBlock, Slot, Stmt, StmtKind, Uses, With,
};
use crate::lexer::syntax_error;
use crate::{Env, Error, filters, is};

/// What kind of scope a statement stands in.
#[derive(Clone, Copy)]
struct Frame {
    sym: usize,
    top_level: bool,
    /// Inside an `if` or the like: unknown filters are an error only when they are reached.
    soft: bool,
    guarded: bool,
}

struct Resolver<'e> {
    env: &'e Env,
    symbols: Vec<Symbols>,
    funcs: Vec<FuncSlots>,
    blocks: IndexMap<Arc<str>, Rc<Function>>,
    seen_blocks: HashSet<Arc<str>>,
    error: Option<(Error, u32)>,
}

/// The main function and the blocks of a parsed template.
pub(crate) type Resolved = (Function, IndexMap<Arc<str>, Rc<Function>>);

/// Finds the slots of all names in `parsed`.
pub(crate) fn resolve(env: &Env, parsed: Parsed) -> Result<Resolved, (Error, u32)> {
    let mut r = Resolver {
        env,
        symbols: Vec::new(),
        funcs: Vec::new(),
        blocks: IndexMap::new(),
        seen_blocks: HashSet::new(),
        error: None,
    };
    let has_extends = find_extends(&parsed.body);
    let root = r.function(parsed.body, parsed.uses_self, false, true, has_extends);
    match r.error.or_else(|| parsed.stray.map(|(message, line)| (syntax_error(message), line))) {
        Some(e) => Err(e),
        None => Ok((root, r.blocks)),
    }
}

fn find_extends(body: &[Stmt]) -> bool {
    body.iter().any(|s| match &s.kind {
        StmtKind::Extends(_) => true,
        StmtKind::If(i) => i.branches.iter().any(|(_, b)| find_extends(b)) || find_extends(&i.otherwise),
        StmtKind::Inline { body, .. } => find_extends(body),
        _ => false,
    })
}

impl Resolver<'_> {
    fn fail(&mut self, line: u32, message: String) {
        if self.error.is_none() {
            self.error = Some((syntax_error(message), line));
        }
    }

    fn name(&self, sym: usize, name: &mut Name) {
        if let Some(t) = self.find_ref(sym, &name.id) {
            name.slot = slot(self.sym(sym).func, t);
        }
    }

    fn expr(&mut self, frame: Frame, e: &mut Expr) {
        let line = e.line;
        match &mut e.kind {
            ExprKind::Name(n) | ExprKind::NsRef(n, _) => self.name(frame.sym, n),
            ExprKind::Filter(f) => self.filter(frame, f, true),
            ExprKind::Test(f) => self.filter(frame, f, false),
            ExprKind::Cond(c) => {
                let soft = Frame { soft: true, ..frame };
                self.expr(soft, &mut c.0);
                self.expr(soft, &mut c.1);
                if let Some(e) = &mut c.2 {
                    self.expr(soft, e);
                }
            }
            ExprKind::Call(_, args) => {
                let mut seen = HashSet::new();
                if let Some((twice, _)) = args.kwargs.iter().find(|(k, _)| !seen.insert(k.clone())) {
                    let message = format!("keyword argument repeated: {twice}");
                    self.fail(line, message);
                }
                e.kind.children_mut(&mut |e| self.expr(frame, e));
            }
            kind => kind.children_mut(&mut |e| self.expr(frame, e)),
        }
    }

    fn filter(&mut self, frame: Frame, f: &mut Filter, is_filter: bool) {
        let (host, builtin) = if is_filter {
            (self.env.filters.get(&*f.name), filters::find(&f.name))
        } else {
            (self.env.tests.get(&*f.name), is::find(&f.name))
        };
        f.func = host.cloned().map(FilterFn::Host).or(builtin.map(FilterFn::Builtin));
        if f.func.is_none() && !frame.soft {
            let what = if is_filter { "filter" } else { "test" };
            let message = format!("No {what} named {}.", crate::val::Val::from(&*f.name).quoted());
            if self.error.is_none() {
                let error = syntax_error(message).with_hint(filters::meant(&f.name, is_filter));
                self.error = Some((error, f.line));
            }
        }
        if let Some(on) = &mut f.on {
            self.expr(frame, on);
        }
        f.args.children_mut(&mut |e| self.expr(frame, e));
    }

    /// A function that stands alone: the template itself, or a block.
    fn function(
        &mut self,
        mut body: Vec<Stmt>,
        uses_self: bool,
        uses_super: bool,
        top_level: bool,
        guarded: bool,
    ) -> Function {
        let outer = std::mem::take(&mut self.funcs);
        let sym = self.inner_function(None);
        let self_slot = uses_self.then(|| self.param(sym, &"self".into()));
        let super_slot = uses_super.then(|| self.param(sym, &"super".into()));
        self.analyze(sym, &body);
        self.body(Frame { sym, top_level, soft: false, guarded }, &mut body);
        let scope = self.scope(sym);
        let slots = self.end_function();
        self.funcs = outer;
        Function { slots, scope, body, self_slot, super_slot }
    }

    fn body(&mut self, frame: Frame, body: &mut [Stmt]) {
        for stmt in body {
            self.stmt(frame, stmt);
        }
    }

    fn exports(&self, frame: Frame, target: &Expr) -> Exports {
        fn names(target: &Expr, out: &mut Vec<(Arc<str>, Slot)>) {
            match &target.kind {
                ExprKind::Name(n) => out.push((n.id.clone(), n.slot)),
                ExprKind::Tuple(items) => items.iter().for_each(|i| names(i, out)),
                _ => {}
            }
        }
        let mut out = Vec::new();
        if frame.top_level {
            names(target, &mut out);
        }
        Exports(out)
    }

    fn stmt(&mut self, frame: Frame, stmt: &mut Stmt) {
        let sym = frame.sym;
        let line = stmt.line;
        match &mut stmt.kind {
            StmtKind::Output { pieces, guarded } => {
                *guarded = frame.guarded;
                for p in pieces {
                    if let Piece::Expr(e) = p {
                        self.expr(frame, e);
                    }
                }
            }
            StmtKind::Set { target, value, exports } => {
                self.expr(frame, value);
                self.expr(frame, target);
                *exports = self.exports(frame, target);
            }
            StmtKind::SetBlock(b) => self.set_block(frame, b),
            StmtKind::Do(e) => self.expr(frame, e),
            StmtKind::Extends(e) => {
                if !frame.top_level {
                    self.fail(line, "cannot use extend from a non top-level scope".into());
                }
                self.expr(frame, e);
            }
            StmtKind::If(i) => self.if_(frame, i),
            StmtKind::For(f) => {
                if let Some(f) = Rc::get_mut(f) {
                    self.for_(frame, f);
                }
            }
            StmtKind::With(w) => self.with(frame, w),
            StmtKind::Scoped { escape, scope, body } => {
                self.expr(frame, escape);
                let inner = self.inner(sym);
                self.analyze(inner, body);
                self.body(Frame { sym: inner, top_level: false, ..frame }, body);
                *scope = self.scope(inner);
            }
            StmtKind::Inline { label, body } => {
                self.expr(frame, label);
                self.body(frame, body);
            }
            StmtKind::Macro(m) => {
                let uses = m.uses;
                if let Some(macro_) = Rc::get_mut(&mut m.macro_) {
                    self.macro_(frame, macro_, uses);
                }
                self.name(sym, &mut m.target);
                m.top_level = frame.top_level;
            }
            StmtKind::CallBlock(c) => {
                let CallBlock { uses, macro_, call } = &mut **c;
                if let Some(macro_) = Rc::get_mut(macro_) {
                    self.macro_(frame, macro_, *uses);
                }
                self.expr(frame, call);
            }
            StmtKind::FilterBlock { filter, scope, body } => {
                let inner = self.inner(sym);
                self.analyze(inner, body);
                self.read(inner, filter);
                let inside = Frame { sym: inner, top_level: false, ..frame };
                self.body(inside, body);
                self.expr(inside, filter);
                *scope = self.scope(inner);
            }
            StmtKind::Include { template, with_context, locals, .. } => {
                self.expr(frame, template);
                if *with_context {
                    *locals = self.locals(sym);
                }
            }
            StmtKind::Import { template, target, with_context, locals, top_level, .. } => {
                self.expr(frame, template);
                self.name(sym, target);
                *top_level = frame.top_level;
                if *with_context {
                    *locals = self.locals(sym);
                }
            }
            StmtKind::From { template, names, with_context, locals, top_level } => {
                self.expr(frame, template);
                for (_, n) in names {
                    self.name(sym, n);
                }
                *top_level = frame.top_level;
                if *with_context {
                    *locals = self.locals(sym);
                }
            }
            StmtKind::Block(b) => self.block(frame, b, line),
            StmtKind::Break | StmtKind::Continue => {}
        }
    }

    fn if_(&mut self, frame: Frame, i: &mut If) {
        let soft = Frame { soft: true, ..frame };
        for (test, body) in &mut i.branches {
            self.expr(soft, test);
            self.body(soft, body);
        }
        self.body(soft, &mut i.otherwise);
    }

    fn set_block(&mut self, frame: Frame, b: &mut SetBlock) {
        let inner = self.inner(frame.sym);
        self.analyze(inner, &b.body);
        if let Some(f) = &b.filter {
            self.read(inner, f);
        }
        let inside = Frame { sym: inner, top_level: false, guarded: false, ..frame };
        self.body(inside, &mut b.body);
        if let Some(f) = &mut b.filter {
            self.expr(inside, f);
        }
        b.scope = self.scope(inner);
        self.expr(frame, &mut b.target);
        b.exports = self.exports(frame, &b.target);
    }

    fn for_(&mut self, frame: Frame, f: &mut For) {
        let outer = frame.sym;
        self.expr(frame, &mut f.iter);
        let inner = if f.recursive { self.inner_function(Some(outer)) } else { self.inner(outer) };
        if let Some(test) = &mut f.test {
            // A level of its own: the slots must not be those of the body or of anything in it.
            let sym = self.inner(inner);
            self.sym_mut(sym).level += 1 << 20;
            self.write(sym, &test.target, true);
            self.read(sym, &test.cond);
            let inside = Frame { sym, top_level: false, ..frame };
            self.expr(inside, &mut test.target);
            self.expr(inside, &mut test.cond);
            test.scope = self.scope(sym);
        }
        f.loop_slot = f.uses_loop.then(|| self.param(inner, &"loop".into()));
        self.write(inner, &f.target, true);
        self.analyze(inner, &f.body);
        let inside = Frame { sym: inner, top_level: false, ..frame };
        self.expr(inside, &mut f.target);
        self.body(inside, &mut f.body);
        f.scope = self.scope(inner);
        if !f.otherwise.is_empty() {
            let parent = if f.recursive { inner } else { outer };
            let sym = self.inner(parent);
            self.analyze(sym, &f.otherwise);
            self.body(Frame { sym, top_level: false, ..frame }, &mut f.otherwise);
            f.else_scope = self.scope(sym);
        }
        if f.recursive {
            f.slots = self.end_function();
        }
    }

    fn with(&mut self, frame: Frame, w: &mut With) {
        let inner = self.inner(frame.sym);
        for (target, _) in &w.pairs {
            self.write(inner, target, true);
        }
        self.analyze(inner, &w.body);
        let inside = Frame { sym: inner, top_level: false, ..frame };
        for (target, value) in &mut w.pairs {
            self.expr(frame, value);
            self.expr(inside, target);
        }
        self.body(inside, &mut w.body);
        w.scope = self.scope(inner);
    }

    fn macro_(&mut self, frame: Frame, m: &mut Macro, uses: Uses) {
        let sym = self.inner_function(Some(frame.sym));
        for p in &m.params {
            self.param(sym, &p.name.id);
        }
        let has = |name: &str| m.params.iter().any(|p| &*p.name.id == name);
        let (own_kwargs, own_varargs) = (has("kwargs"), has("varargs"));
        for p in &m.params {
            if let Some(d) = &p.default {
                self.read(sym, d);
            }
        }
        // Before the body, so that the body's `caller` is this one.
        if uses.caller && !m.explicit_caller {
            m.caller = Some(self.param(sym, &"caller".into()));
        }
        if uses.kwargs && !own_kwargs {
            m.kwargs = Some(self.param(sym, &"kwargs".into()));
        }
        if uses.varargs && !own_varargs {
            m.varargs = Some(self.param(sym, &"varargs".into()));
        }
        self.analyze(sym, &m.function.body);
        let inside = Frame { sym, top_level: false, soft: frame.soft, guarded: false };
        for p in &mut m.params {
            self.name(sym, &mut p.name);
            if let Some(d) = &mut p.default {
                self.expr(inside, d);
            }
        }
        self.body(inside, &mut m.function.body);
        m.function.scope = self.scope(sym);
        m.function.slots = self.end_function();
    }

    fn block(&mut self, frame: Frame, b: &mut Block, line: u32) {
        if !self.seen_blocks.insert(b.name.clone()) {
            self.fail(line, format!("block '{}' defined twice", b.name));
            return;
        }
        b.top_level = frame.top_level;
        if b.scoped {
            b.locals = Some(self.locals(frame.sym));
        }
        // Keeps the order of blocks as they begin.
        self.blocks.insert(b.name.clone(), Rc::default());
        let body = std::mem::take(&mut b.body);
        let function = self.function(body, b.uses_self, b.uses_super, false, false);
        self.blocks.insert(b.name.clone(), Rc::new(function));
    }
}
