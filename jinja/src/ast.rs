//! The parsed template. Names carry the slot that `scope` found for them.

use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::env::Callable;
use crate::val::{BinOp, OrderOp, Val};

/// Where a variable lives: how many functions further out, and the place in that function's frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Slot {
    pub(crate) up: u16,
    pub(crate) index: u16,
}

/// What happens to a slot when a scope is entered.
pub(crate) enum Load {
    /// Looked up in the context.
    Resolve(Arc<str>),
    /// Copied from an outer scope.
    Alias(Slot),
    /// Nothing is there yet.
    Clear,
}

/// A scope: what is loaded on the way in, what is forgotten on the way out.
#[derive(Default)]
pub(crate) struct Scope {
    pub(crate) loads: Vec<(u16, Load)>,
    pub(crate) clear: Vec<u16>,
}

/// A run of statements with a frame of its own: the template, a macro, a block, a recursive loop.
#[derive(Default)]
pub(crate) struct Function {
    pub(crate) slots: u16,
    pub(crate) scope: Scope,
    pub(crate) body: Vec<Stmt>,
    pub(crate) self_slot: Option<u16>,
    pub(crate) super_slot: Option<u16>,
}

pub(crate) struct Template {
    pub(crate) name: Arc<str>,
    pub(crate) source: Arc<str>,
    pub(crate) is_main: bool,
    pub(crate) root: Rc<Function>,
    pub(crate) blocks: IndexMap<Arc<str>, Rc<Function>>,
}

/// What the parser hands to `scope`.
pub(crate) struct Parsed {
    pub(crate) body: Vec<Stmt>,
    pub(crate) uses_self: bool,
    /// A `break` or `continue` outside of any loop, and its line.
    pub(crate) stray: Option<(String, u32)>,
}

/// A variable by name and place.
pub(crate) struct Name {
    pub(crate) id: Arc<str>,
    pub(crate) slot: Slot,
}

pub(crate) struct Expr {
    pub(crate) line: u32,
    /// Levels of expressions below, this one included; every walk over the tree is that deep.
    pub(crate) height: u16,
    pub(crate) kind: ExprKind,
}

impl Expr {
    pub(crate) fn new(line: u32, kind: ExprKind) -> Self {
        let mut height = 0;
        kind.children(&mut |e| height = height.max(e.height));
        Expr { line, height: height.saturating_add(1), kind }
    }
}

impl ExprKind {
    /// Calls `f` on each direct part.
    pub(crate) fn children<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        match self {
            ExprKind::Const(_) | ExprKind::Name(_) | ExprKind::NsRef(..) => {}
            ExprKind::List(items) | ExprKind::Tuple(items) | ExprKind::Concat(items) => {
                items.iter().for_each(f)
            }
            ExprKind::Dict(items) => items.iter().for_each(|(k, v)| {
                f(k);
                f(v);
            }),
            ExprKind::Attr(e, _) | ExprKind::Not(e) | ExprKind::Neg(e) | ExprKind::Pos(e) => f(e),
            ExprKind::Item(a, b) => {
                f(a);
                f(b);
            }
            ExprKind::Slice(parts) => parts.iter().flatten().for_each(f),
            ExprKind::Call(e, args) => {
                f(e);
                args.children(f);
            }
            ExprKind::Filter(filter) | ExprKind::Test(filter) => {
                filter.on.iter().for_each(&mut *f);
                filter.args.children(f);
            }
            ExprKind::Cond(c) => {
                f(&c.0);
                f(&c.1);
                c.2.iter().for_each(f);
            }
            ExprKind::And(p) | ExprKind::Or(p) | ExprKind::Binary(_, p) => {
                f(&p.0);
                f(&p.1);
            }
            ExprKind::Compare(e, rest) => {
                f(e);
                rest.iter().for_each(|(_, e)| f(e));
            }
        }
    }

    /// As `children`, for writing.
    pub(crate) fn children_mut(&mut self, f: &mut dyn FnMut(&mut Expr)) {
        match self {
            ExprKind::Const(_) | ExprKind::Name(_) | ExprKind::NsRef(..) => {}
            ExprKind::List(items) | ExprKind::Tuple(items) | ExprKind::Concat(items) => {
                items.iter_mut().for_each(f);
            }
            ExprKind::Dict(items) => items.iter_mut().for_each(|(k, v)| {
                f(k);
                f(v);
            }),
            ExprKind::Attr(e, _) | ExprKind::Not(e) | ExprKind::Neg(e) | ExprKind::Pos(e) => f(e),
            ExprKind::Item(a, b) => {
                f(a);
                f(b);
            }
            ExprKind::Slice(parts) => parts.iter_mut().flatten().for_each(f),
            ExprKind::Call(e, args) => {
                f(e);
                args.children_mut(f);
            }
            ExprKind::Filter(filter) | ExprKind::Test(filter) => {
                filter.on.iter_mut().for_each(&mut *f);
                filter.args.children_mut(f);
            }
            ExprKind::Cond(c) => {
                f(&mut c.0);
                f(&mut c.1);
                c.2.iter_mut().for_each(f);
            }
            ExprKind::And(p) | ExprKind::Or(p) | ExprKind::Binary(_, p) => {
                f(&mut p.0);
                f(&mut p.1);
            }
            ExprKind::Compare(e, rest) => {
                f(e);
                rest.iter_mut().for_each(|(_, e)| f(e));
            }
        }
    }
}

pub(crate) enum ExprKind {
    Const(Val),
    Name(Name),
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Dict(Vec<(Expr, Expr)>),
    Attr(Box<Expr>, Arc<str>),
    Item(Box<Expr>, Box<Expr>),
    Slice(Box<[Option<Expr>; 3]>),
    Call(Box<Expr>, Box<Args>),
    Filter(Box<Filter>),
    Test(Box<Filter>),
    Cond(Box<(Expr, Expr, Option<Expr>)>),
    And(Box<(Expr, Expr)>),
    Or(Box<(Expr, Expr)>),
    Not(Box<Expr>),
    Neg(Box<Expr>),
    Pos(Box<Expr>),
    Binary(BinOp, Box<(Expr, Expr)>),
    Concat(Vec<Expr>),
    Compare(Box<Expr>, Vec<(CmpOp, Expr)>),
    /// `ns.attr` as a target.
    NsRef(Name, Arc<str>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CmpOp {
    Eq,
    Ne,
    In,
    NotIn,
    Order(OrderOp),
}

#[derive(Default)]
pub(crate) struct Args {
    pub(crate) args: Vec<Expr>,
    pub(crate) kwargs: Vec<(Arc<str>, Expr)>,
    pub(crate) star: Option<Expr>,
    pub(crate) star_star: Option<Expr>,
}

impl Args {
    /// The arguments, where they are positional ones alone.
    pub(crate) fn positional(&self) -> Option<&[Expr]> {
        let others = !self.kwargs.is_empty() || self.star.is_some() || self.star_star.is_some();
        (!others).then_some(&self.args)
    }

    fn children<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        self.args.iter().for_each(&mut *f);
        self.kwargs.iter().for_each(|(_, e)| f(e));
        self.star.iter().chain(&self.star_star).for_each(f);
    }

    pub(crate) fn children_mut(&mut self, f: &mut dyn FnMut(&mut Expr)) {
        self.args.iter_mut().for_each(&mut *f);
        self.kwargs.iter_mut().for_each(|(_, e)| f(e));
        self.star.iter_mut().chain(&mut self.star_star).for_each(f);
    }
}

/// A filter or a test on a value; the value is missing in filter blocks and on `set` blocks.
pub(crate) struct Filter {
    pub(crate) on: Option<Expr>,
    pub(crate) name: Arc<str>,
    pub(crate) args: Args,
    /// None when there is no such filter, which is an error only where it is reached.
    pub(crate) func: Option<FilterFn>,
    pub(crate) line: u32,
}

#[derive(Clone)]
pub(crate) enum FilterFn {
    Builtin(crate::filters::Builtin),
    Host(Callable),
}

pub(crate) enum Piece {
    Text(Box<str>),
    Expr(Expr),
}

pub(crate) struct Stmt {
    pub(crate) line: u32,
    pub(crate) kind: StmtKind,
}

pub(crate) enum StmtKind {
    /// `guarded`: prints nothing once the template has turned out to extend another one.
    Output {
        pieces: Vec<Piece>,
        guarded: bool,
    },
    Set {
        target: Expr,
        value: Expr,
        exports: Exports,
    },
    SetBlock(Box<SetBlock>),
    Do(Expr),
    If(Box<If>),
    For(Rc<For>),
    With(Box<With>),
    /// `autoescape`: a body in a scope of its own.
    Scoped {
        escape: Expr,
        scope: Scope,
        body: Vec<Stmt>,
    },
    /// A body that shares the scope around it (`profile`).
    Inline {
        label: Expr,
        body: Vec<Stmt>,
    },
    Macro(Box<MacroStmt>),
    CallBlock(Box<CallBlock>),
    FilterBlock {
        filter: Expr,
        scope: Scope,
        body: Vec<Stmt>,
    },
    Include {
        template: Expr,
        ignore_missing: bool,
        with_context: bool,
        locals: Locals,
    },
    Import {
        template: Expr,
        target: Name,
        with_context: bool,
        locals: Locals,
        top_level: bool,
        load: Option<LoadKind>,
    },
    From {
        template: Expr,
        names: Vec<(Arc<str>, Name)>,
        with_context: bool,
        locals: Locals,
        top_level: bool,
    },
    Extends(Expr),
    Block(Box<Block>),
    Break,
    Continue,
}

/// Names that a statement makes visible outside of the frame: top-level assignments.
#[derive(Default)]
pub(crate) struct Exports(pub(crate) Vec<(Arc<str>, Slot)>);

/// The local variables that an included template, an import or a scoped block gets to see.
#[derive(Default)]
pub(crate) struct Locals(pub(crate) Vec<(Arc<str>, Slot)>);

/// Which of Salt's readers turns text into data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoadKind {
    Yaml,
    Json,
    Text,
}

pub(crate) struct SetBlock {
    pub(crate) target: Expr,
    pub(crate) filter: Option<Expr>,
    pub(crate) load: Option<LoadKind>,
    pub(crate) scope: Scope,
    pub(crate) body: Vec<Stmt>,
    pub(crate) exports: Exports,
}

pub(crate) struct If {
    pub(crate) branches: Vec<(Expr, Vec<Stmt>)>,
    pub(crate) otherwise: Vec<Stmt>,
}

pub(crate) struct For {
    pub(crate) target: Expr,
    pub(crate) iter: Expr,
    pub(crate) test: Option<LoopTest>,
    pub(crate) recursive: bool,
    /// The body; its own function when the loop is recursive, else part of the function around it.
    pub(crate) body: Vec<Stmt>,
    pub(crate) scope: Scope,
    pub(crate) uses_loop: bool,
    pub(crate) loop_slot: Option<u16>,
    pub(crate) otherwise: Vec<Stmt>,
    pub(crate) else_scope: Scope,
    /// Slots of the function of a recursive loop.
    pub(crate) slots: u16,
}

/// The condition of a loop, with variables of its own: it may run ahead of the body.
pub(crate) struct LoopTest {
    pub(crate) target: Expr,
    pub(crate) cond: Expr,
    pub(crate) scope: Scope,
}

pub(crate) struct Block {
    pub(crate) name: Arc<str>,
    pub(crate) scoped: bool,
    pub(crate) locals: Option<Locals>,
    pub(crate) required: bool,
    pub(crate) top_level: bool,
    pub(crate) body: Vec<Stmt>,
    pub(crate) uses_self: bool,
    pub(crate) uses_super: bool,
}

pub(crate) struct With {
    pub(crate) pairs: Vec<(Expr, Expr)>,
    pub(crate) scope: Scope,
    pub(crate) body: Vec<Stmt>,
}

pub(crate) struct CallBlock {
    pub(crate) uses: Uses,
    pub(crate) macro_: Rc<Macro>,
    pub(crate) call: Expr,
}

/// Which special names a body reads.
#[derive(Clone, Copy, Default)]
pub(crate) struct Uses {
    pub(crate) caller: bool,
    pub(crate) kwargs: bool,
    pub(crate) varargs: bool,
}

pub(crate) struct MacroStmt {
    pub(crate) uses: Uses,
    pub(crate) macro_: Rc<Macro>,
    pub(crate) target: Name,
    pub(crate) top_level: bool,
}

pub(crate) struct Macro {
    pub(crate) name: Arc<str>,
    pub(crate) params: Vec<Param>,
    pub(crate) caller: Option<u16>,
    pub(crate) kwargs: Option<u16>,
    pub(crate) varargs: Option<u16>,
    /// `caller` is a parameter of its own with a default.
    pub(crate) explicit_caller: bool,
    /// The body reads `caller`.
    pub(crate) reads_caller: bool,
    /// The body of a call block, not a macro of its own.
    pub(crate) is_call_body: bool,
    pub(crate) function: Function,
}

pub(crate) struct Param {
    pub(crate) name: Name,
    pub(crate) default: Option<Expr>,
}
