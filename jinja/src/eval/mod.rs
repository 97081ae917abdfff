//! Evaluation: walks the tree; variables are slots in frames.

mod expr;
mod loops;
mod macros;
mod module;
mod stmt;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};

use crate::ast::{Function, Slot, Template};
use crate::env::Context;
use crate::val::{CallArgs, Val};
use crate::{Env, Error, ErrorKind, Options, Result, UndefinedKind, globals, methods};

/// Parsed templates of an [`Env`], for each of the settings that they were parsed under.
#[derive(Default)]
pub(crate) struct Cache(Vec<(Options, Templates)>);

#[derive(Default)]
struct Templates {
    /// Those that others load, by name.
    loaded: Names<Rc<Template>>,
    /// Those that were rendered, by their text: a file template is one for many states.
    main: Names<Rc<Template>>,
}

impl Cache {
    /// So many settings at once: those of SLS, those of files, and what single files ask for.
    const MAX_SETTINGS: usize = 8;
    /// Longer templates are not rendered twice, and their trees are large.
    const MAX_MAIN_BYTES: usize = 64 << 10;
    const MAX_MAIN: usize = 128;

    /// What was parsed under these settings; `use_it` gets to read and to add.
    fn under<T>(&mut self, options: &Options, use_it: impl FnOnce(&mut Templates) -> T) -> T {
        if let Some((_, templates)) = self.0.iter_mut().find(|(o, _)| o == options) {
            return use_it(templates);
        }
        if self.0.len() >= Self::MAX_SETTINGS {
            self.0.clear();
        }
        let mut templates = Templates::default();
        let result = use_it(&mut templates);
        self.0.push((options.clone(), templates));
        result
    }
}

/// Something by name.
pub(crate) type Names<T> = HashMap<Arc<str>, T, foldhash::fast::RandomState>;

/// What one render shares: limits, imported modules, the frames to take apart at the end.
pub(crate) struct Rt {
    pub(crate) env: Env,
    steps: Cell<u64>,
    depth: Cell<usize>,
    globals: Rc<Vars>,
    modules: RefCell<Names<Val>>,
    /// Frames that a macro or a loop refers to, and that may refer back: cut at the end.
    cyclic: RefCell<Vec<Rc<Frame>>>,
    current: RefCell<Vec<Rc<Ctx>>>,
    /// Inside of `{% autoescape true %}`.
    autoescape: Cell<bool>,
}

/// Variables that do not change any more, over others.
#[derive(Default)]
pub(crate) struct Vars {
    map: Names<Val>,
    next: Option<Rc<Vars>>,
}

impl Vars {
    fn get(&self, name: &str) -> Option<Val> {
        let mut at = Some(self);
        while let Some(v) = at {
            if let Some(found) = v.map.get(name) {
                return Some(found.clone());
            }
            at = v.next.as_deref();
        }
        None
    }
}

type BlockRef = (Rc<Template>, Rc<Function>);

/// Jinja's context: top-level variables of a template over what it was given.
pub(crate) struct Ctx {
    parent: Rc<Vars>,
    vars: RefCell<IndexMap<Arc<str>, Val, foldhash::fast::RandomState>>,
    exported: RefCell<IndexSet<Arc<str>, foldhash::fast::RandomState>>,
    blocks: RefCell<IndexMap<Arc<str>, Vec<BlockRef>>>,
}

impl Ctx {
    fn get(&self, name: &str) -> Option<Val> {
        self.vars.borrow().get(name).cloned().or_else(|| self.parent.get(name))
    }

    /// Everything that is visible, as the parent of another context.
    fn snapshot(&self) -> Rc<Vars> {
        let vars = self.vars.borrow();
        if vars.is_empty() {
            return self.parent.clone();
        }
        let map = vars.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        Rc::new(Vars { map, next: Some(self.parent.clone()) })
    }
}

/// Variables of one running function.
pub(crate) struct Frame {
    slots: RefCell<Vec<Option<Val>>>,
    parent: Option<Rc<Frame>>,
    ctx: Rc<Ctx>,
    template: Rc<Template>,
    line: Cell<u32>,
    cyclic: Cell<bool>,
    /// The template that this one turned out to extend.
    extends: RefCell<Option<Rc<Template>>>,
}

/// How a run of statements ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Normal,
    Break,
    Continue,
}

/// A place to evaluate at.
#[derive(Clone, Copy)]
struct Exec<'a> {
    rt: &'a Rc<Rt>,
    frame: &'a Rc<Frame>,
}

impl Rt {
    fn new(env: &Env) -> Rc<Self> {
        let builtin = Rc::new(Vars { map: globals::all(), next: None });
        let own = Vars {
            map: env.globals.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
            next: Some(builtin),
        };
        Rc::new(Rt {
            env: env.clone(),
            steps: Cell::new(0),
            depth: Cell::new(0),
            globals: Rc::new(own),
            modules: RefCell::default(),
            cyclic: RefCell::default(),
            current: RefCell::default(),
            autoescape: Cell::new(env.options.autoescape),
        })
    }

    pub(crate) fn undefined(&self) -> UndefinedKind {
        self.env.options.undefined
    }

    pub(crate) fn max_text(&self) -> usize {
        self.env.options.limits.output_bytes
    }

    /// Text that the template itself has made: escaped already where it escapes.
    fn text(&self, text: String) -> Val {
        if self.autoescape.get() { Val::Markup(text.into()) } else { Val::from(text) }
    }

    pub(crate) fn lookup(&self, name: &str) -> Option<Val> {
        match self.current.borrow().last() {
            Some(ctx) => ctx.get(name),
            None => self.globals.get(name),
        }
    }

    pub(crate) fn all_variables(&self) -> Vec<(Arc<str>, Val)> {
        let mut out: IndexMap<Arc<str>, Val> = IndexMap::new();
        let current = self.current.borrow();
        let mut layer = Some(match current.last() {
            Some(ctx) => {
                out.extend(ctx.vars.borrow().iter().map(|(k, v)| (k.clone(), v.clone())));
                &ctx.parent
            }
            None => &self.globals,
        });
        while let Some(vars) = layer {
            for (k, v) in &vars.map {
                out.entry(k.clone()).or_insert_with(|| v.clone());
            }
            layer = vars.next.as_ref();
        }
        out.into_iter().collect()
    }

    /// Counts a loop step or a call.
    pub(crate) fn step(&self) -> Result<()> {
        let n = self.steps.get() + 1;
        self.steps.set(n);
        let max = self.env.options.limits.loop_steps;
        if n > max {
            return Err(Error::new(
                ErrorKind::Limit,
                format!("the template took more than {max} loop steps (jinja_max_loop_steps)"),
            ));
        }
        Ok(())
    }

    fn check_output(&self, out: &str) -> Result<()> {
        let max = self.max_text();
        if out.len() > max {
            return Err(Error::new(
                ErrorKind::Limit,
                format!("the output is over the limit of {max} bytes (jinja_max_output)"),
            ));
        }
        Ok(())
    }

    /// Runs something that may come back to itself: a macro, an include, a recursive loop.
    fn nested<T>(&self, run: impl FnOnce() -> Result<T>) -> Result<T> {
        let depth = self.depth.get();
        let max = self.env.options.limits.depth;
        if depth >= max {
            return Err(Error::new(
                ErrorKind::Recursion,
                format!(
                    "maximum recursion depth exceeded: {max} nested macros, includes and imports (jinja_max_depth)"
                ),
            ));
        }
        self.depth.set(depth + 1);
        let result = grow(run);
        self.depth.set(depth);
        result
    }

    /// Remembers a frame that something in it will refer to.
    fn note_cycle(&self, frame: &Rc<Frame>) {
        if !frame.cyclic.replace(true) {
            self.cyclic.borrow_mut().push(frame.clone());
        }
    }

    /// Ends the render: values that refer to each other in a ring would never be freed.
    fn take_apart(&self) {
        self.modules.borrow_mut().clear();
        let frames = std::mem::take(&mut *self.cyclic.borrow_mut());
        for f in &frames {
            let slots = std::mem::take(&mut *f.slots.borrow_mut());
            let vars = std::mem::take(&mut *f.ctx.vars.borrow_mut());
            drop((slots, vars));
        }
    }
}

/// Makes sure that there is stack left for another level of evaluation.
fn grow<T>(run: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(128 << 10, 2 << 20, run)
}

impl Frame {
    fn new(function: &Function, parent: Option<Rc<Frame>>, ctx: Rc<Ctx>, template: Rc<Template>) -> Rc<Self> {
        Self::with_slots(function.slots, parent, ctx, template)
    }

    fn with_slots(slots: u16, parent: Option<Rc<Frame>>, ctx: Rc<Ctx>, template: Rc<Template>) -> Rc<Self> {
        Rc::new(Frame {
            slots: RefCell::new(vec![None; usize::from(slots)]),
            parent,
            ctx,
            template,
            line: Cell::new(1),
            cyclic: Cell::new(false),
            extends: RefCell::default(),
        })
    }

    fn outer(&self, up: u16) -> &Frame {
        let mut at = self;
        for _ in 0..up {
            match &at.parent {
                Some(p) => at = p,
                None => break,
            }
        }
        at
    }

    fn get(&self, slot: Slot) -> Option<Val> {
        self.outer(slot.up).slots.borrow().get(usize::from(slot.index)).cloned().flatten()
    }

    /// Asks a variable for something without taking it out.
    fn look<T>(&self, slot: Slot, ask: impl FnOnce(&Val) -> Option<T>) -> Option<T> {
        ask(self.outer(slot.up).slots.borrow().get(usize::from(slot.index))?.as_ref()?)
    }

    fn set(&self, slot: Slot, value: Option<Val>) {
        // The old value is dropped after the borrow has ended.
        let _old = self
            .outer(slot.up)
            .slots
            .borrow_mut()
            .get_mut(usize::from(slot.index))
            .map(|s| std::mem::replace(s, value));
    }

    fn set_local(&self, index: u16, value: Option<Val>) {
        self.set(Slot { up: 0, index }, value);
    }

    fn locate(&self, e: Error) -> Error {
        e.locate(&self.template.name, &self.template.source, self.line.get(), self.template.is_main)
    }
}

/// Calls any value.
pub(crate) fn call(f: &Val, args: &mut CallArgs) -> Result<Val> {
    match f {
        Val::Func(f) => (f.call)(args),
        Val::Method(m) => methods::call(&m.of, &m.name, args),
        Val::Object(o) => o.call(args),
        Val::Undefined(u) => Err(u.fail()),
        _ => Err(Error::type_error(format!("'{}' object is not callable", f.type_name()))),
    }
}

/// Parses a template and finds its variables; the error knows its place.
fn compile(env: &Env, name: &Arc<str>, source: &str, is_main: bool) -> Result<Rc<Template>> {
    let text: Arc<str> = source.into();
    let parsed = crate::parser::parse(source, &env.options).and_then(|p| crate::scope::resolve(env, p));
    let (root, blocks) = parsed.map_err(|(e, line)| e.locate(name, &text, line, is_main))?;
    Ok(Rc::new(Template { name: name.clone(), source: text, is_main, root: Rc::new(root), blocks }))
}

/// Renders `source` as the main template.
pub(crate) fn render(env: &Env, name: &str, source: &str, context: Context) -> Result<String> {
    let cached = |use_it: &dyn Fn(&mut Templates) -> Option<Rc<Template>>| {
        env.cache.borrow_mut().under(&env.options, use_it)
    };
    let known = cached(&|templates| templates.main.get(source).cloned());
    let template = match known.filter(|t| &*t.name == name) {
        Some(template) => template,
        None => {
            let template = compile(env, &name.into(), source, true)?;
            if source.len() <= Cache::MAX_MAIN_BYTES {
                cached(&|templates| {
                    if templates.main.len() >= Cache::MAX_MAIN {
                        templates.main.clear();
                    }
                    templates.main.insert(template.source.clone(), template.clone())
                });
            }
            template
        }
    };
    let rt = Rt::new(env);
    let vars = Vars { map: context.0.into_iter().collect(), next: Some(rt.globals.clone()) };
    let result = module::run_template(&rt, &template, Rc::new(vars)).map(|(out, _)| out);
    rt.take_apart();
    result
}
