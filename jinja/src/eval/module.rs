//! Other templates: include, import, extends and blocks.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;

use super::{BlockRef, Ctx, Exec, Flow, Frame, Names, Rt, Vars, compile};
use crate::ast::{Block, Expr, Function, Locals, Template};
use crate::val::{CallArgs, Object, Undefined, Val, collect, to_str};
use crate::{Error, ErrorKind, Result};

/// What importing a template gives: its top-level names, and its text.
struct Module {
    name: Arc<str>,
    exports: IndexMap<Arc<str>, Val>,
    text: String,
}

impl Object for Module {
    fn type_name(&self) -> &str {
        "TemplateModule"
    }

    fn type_repr(&self) -> String {
        "jinja2.environment.TemplateModule object".into()
    }

    fn get_attr(&self, name: &str) -> Result<Option<Val>> {
        if name == "__name__" {
            return Ok(Some(Val::Str(self.name.clone())));
        }
        Ok(self.exports.get(name).cloned())
    }

    fn to_string(&self) -> Result<String> {
        Ok(self.text.clone())
    }
}

fn context(template: &Rc<Template>, parent: Rc<Vars>) -> Rc<Ctx> {
    let blocks =
        template.blocks.iter().map(|(n, f)| (n.clone(), vec![(template.clone(), f.clone())])).collect();
    Rc::new(Ctx {
        parent,
        vars: RefCell::default(),
        exported: RefCell::default(),
        blocks: RefCell::new(blocks),
    })
}

/// Runs a whole template over `parent`; its text, and the context with what it defined.
pub(super) fn run_template(
    rt: &Rc<Rt>,
    template: &Rc<Template>,
    parent: Rc<Vars>,
) -> Result<(String, Rc<Ctx>)> {
    let ctx = context(template, parent);
    let mut out = String::new();
    rt.current.borrow_mut().push(ctx.clone());
    let result = run_root(rt, template, &ctx, &mut out);
    rt.current.borrow_mut().pop();
    result.map(|()| (out, ctx))
}

fn run_root(rt: &Rc<Rt>, template: &Rc<Template>, ctx: &Rc<Ctx>, out: &mut String) -> Result<()> {
    rt.nested(|| {
        let frame = run_function(rt, template, &template.root, ctx, None, out)?;
        let parent = frame.extends.borrow_mut().take();
        match parent {
            Some(parent) => run_root(rt, &parent, ctx, out),
            None => Ok(()),
        }
    })
}

/// Runs the body of a template or of a block.
fn run_function(
    rt: &Rc<Rt>,
    template: &Rc<Template>,
    function: &Rc<Function>,
    ctx: &Rc<Ctx>,
    block: Option<(&Arc<str>, usize)>,
    out: &mut String,
) -> Result<Rc<Frame>> {
    let frame = Frame::new(function, None, ctx.clone(), template.clone());
    let exec = Exec { rt, frame: &frame };
    exec.enter(&function.scope);
    if let Some(slot) = function.self_slot {
        let reference = SelfRef { ctx: ctx.clone(), rt: rt.clone() };
        rt.note_cycle(&frame);
        frame.set_local(slot, Some(Val::object(reference)));
    }
    if let (Some(slot), Some((name, depth))) = (function.super_slot, block) {
        rt.note_cycle(&frame);
        frame.set_local(slot, Some(parent_block(rt, ctx, name, depth)));
    }
    match exec.run(&function.body, out) {
        Ok(Flow::Normal) => Ok(frame),
        Ok(_) => Err(frame.locate(crate::lexer::syntax_error("'break' or 'continue' outside loop"))),
        Err(e) => Err(frame.locate(e)),
    }
}

fn parent_block(rt: &Rc<Rt>, ctx: &Rc<Ctx>, name: &Arc<str>, depth: usize) -> Val {
    let exists = ctx.blocks.borrow().get(name).is_some_and(|b| b.len() > depth + 1);
    if exists {
        Val::object(BlockValue { name: name.clone(), depth: depth + 1, ctx: ctx.clone(), rt: rt.clone() })
    } else {
        let name = Val::Str(name.clone()).quoted();
        Undefined::hint(rt.undefined(), format!("there is no parent block called {name}."))
    }
}

fn run_block(rt: &Rc<Rt>, ctx: &Rc<Ctx>, name: &Arc<str>, depth: usize, out: &mut String) -> Result<()> {
    let found: Option<BlockRef> = ctx.blocks.borrow().get(name).and_then(|b| b.get(depth).cloned());
    let Some((template, function)) = found else { return Ok(()) };
    rt.step()?;
    rt.nested(|| run_function(rt, &template, &function, ctx, Some((name, depth)), out).map(drop))
}

/// `super` in a block, and what `self.name` gives.
struct BlockValue {
    name: Arc<str>,
    depth: usize,
    ctx: Rc<Ctx>,
    rt: Rc<Rt>,
}

impl Object for BlockValue {
    fn type_name(&self) -> &str {
        "BlockReference"
    }
    fn type_repr(&self) -> String {
        "jinja2.runtime.BlockReference object".into()
    }
    fn is_callable(&self) -> bool {
        true
    }
    fn call(&self, _args: &mut CallArgs) -> Result<Val> {
        let mut out = String::new();
        run_block(&self.rt, &self.ctx, &self.name, self.depth, &mut out)?;
        Ok(Val::from(out))
    }
    fn get_attr(&self, name: &str) -> Result<Option<Val>> {
        Ok((name == "super").then(|| parent_block(&self.rt, &self.ctx, &self.name, self.depth)))
    }
}

/// `self`: the blocks of the template by name.
struct SelfRef {
    ctx: Rc<Ctx>,
    rt: Rc<Rt>,
}

impl Object for SelfRef {
    fn type_name(&self) -> &str {
        "TemplateReference"
    }
    fn type_repr(&self) -> String {
        "jinja2.runtime.TemplateReference object".into()
    }
    fn get_attr(&self, name: &str) -> Result<Option<Val>> {
        let found = self.ctx.blocks.borrow().get_key_value(name).map(|(k, _)| k.clone());
        Ok(found.map(|name| {
            Val::object(BlockValue { name, depth: 0, ctx: self.ctx.clone(), rt: self.rt.clone() })
        }))
    }
}

impl Exec<'_> {
    /// Whether the template has turned out to extend another one.
    pub(super) fn is_extending(&self) -> bool {
        let mut frame: &Frame = self.frame;
        while let Some(p) = &frame.parent {
            frame = p;
        }
        frame.extends.borrow().is_some()
    }

    /// Loads the template `name`, from the cache if it is there.
    fn template(&self, name: &Val) -> Result<Rc<Template>> {
        let name = match name {
            Val::Str(s) => s.clone(),
            Val::Undefined(u) => return Err(u.fail()),
            other => to_str(other)?.into_owned().into(),
        };
        let env = &self.rt.env;
        let not_found = || Error::new(ErrorKind::NotFound, name.to_string());
        let Some(loader) = &env.loader else {
            return Err(Error::type_error("no loader for this environment specified"));
        };
        let parent = &self.frame.template.name;
        let full: Arc<str> = loader.join(&name, Some(parent)).ok_or_else(not_found)?.into();
        let known = env.cache.borrow_mut().under(&env.options, |t| t.loaded.get(&full).cloned());
        if let Some(template) = known {
            return Ok(template);
        }
        let source = loader.load(&full, Some(parent)).map_err(|m| Error::new(ErrorKind::NotFound, m))?;
        let template = compile(env, &full, &source.ok_or_else(not_found)?, false)?;
        let _old = env.cache.borrow_mut().under(&env.options, |t| t.loaded.insert(full, template.clone()));
        Ok(template)
    }

    /// The first of several templates that exists.
    fn select(&self, names: &Val) -> Result<Rc<Template>> {
        if !matches!(names, Val::List(_) | Val::Tuple(_)) {
            return self.template(names);
        }
        let names = collect(names)?;
        if names.is_empty() {
            return Err(Error::new(ErrorKind::NotFound, "Tried to select from an empty list of templates."));
        }
        for name in &names {
            match self.template(name) {
                Err(e) if e.kind() == ErrorKind::NotFound => {}
                other => return other,
            }
        }
        let list = names.iter().map(|n| Ok(to_str(n)?.into_owned())).collect::<Result<Vec<_>>>()?;
        Err(Error::new(
            ErrorKind::NotFound,
            format!("none of the templates given were found: {}", list.join(", ")),
        ))
    }

    /// What a template sees: the globals, its own ones, and with context everything that is visible here.
    fn visible(&self, template: &Template, locals: Option<&Locals>) -> Rc<Vars> {
        let own = self.rt.env.loader.as_ref().map(|l| l.globals(&template.name)).unwrap_or_default();
        let Some(locals) = locals else {
            let map = own.into_iter().map(|(k, v)| (k.into(), v)).collect();
            return Rc::new(Vars { map, next: Some(self.rt.globals.clone()) });
        };
        let mut map: Names<Val> = Names::default();
        let snapshot = self.frame.ctx.snapshot();
        for (k, v) in own {
            if snapshot.get(&k).is_none() {
                map.insert(k.into(), v);
            }
        }
        for (name, slot) in &locals.0 {
            if let Some(v) = self.frame.get(*slot) {
                map.insert(name.clone(), v);
            }
        }
        Rc::new(Vars { map, next: Some(snapshot) })
    }

    fn module(&self, template: &Rc<Template>, locals: Option<&Locals>) -> Result<Val> {
        let (text, ctx) = run_template(self.rt, template, self.visible(template, locals))?;
        let vars = ctx.vars.borrow();
        let exports =
            ctx.exported.borrow().iter().filter_map(|n| Some((n.clone(), vars.get(n)?.clone()))).collect();
        Ok(Val::object(Module { name: template.name.clone(), exports, text }))
    }

    /// The module of a template without context: made once per render.
    fn default_module(&self, template: &Rc<Template>) -> Result<Val> {
        if let Some(m) = self.rt.modules.borrow().get(&template.name) {
            return Ok(m.clone());
        }
        let module = self.module(template, None)?;
        self.rt.modules.borrow_mut().insert(template.name.clone(), module.clone());
        Ok(module)
    }

    pub(super) fn include(
        &self,
        names: &Expr,
        ignore_missing: bool,
        locals: Option<&Locals>,
        out: &mut String,
    ) -> Result<()> {
        let names = self.eval(names)?;
        let template = match self.select(&names) {
            Err(e) if ignore_missing && e.kind() == ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        self.rt.step()?;
        match locals {
            Some(_) => {
                let (text, _) = run_template(self.rt, &template, self.visible(&template, locals))?;
                out.push_str(&text);
            }
            None => out.push_str(&to_str(&self.default_module(&template)?)?),
        }
        self.rt.check_output(out)
    }

    pub(super) fn import(&self, name: &Expr, locals: Option<&Locals>) -> Result<Val> {
        let template = self.template(&self.eval(name)?)?;
        self.rt.step()?;
        match locals {
            Some(_) => self.module(&template, locals),
            None => self.default_module(&template),
        }
    }

    /// The name that `from … import` asks of a module.
    pub(super) fn imported(&self, module: &Val, name: &Arc<str>, line: u32) -> Result<Val> {
        let Val::Object(m) = module else { return Ok(Val::None) };
        if let Some(v) = m.get_attr(name)? {
            return Ok(v);
        }
        let of = module_name(module);
        let hint = format!(
            "the template {of} (imported on {}) does not export the requested name {}",
            self.position(line),
            Val::Str(name.clone()).quoted()
        );
        Ok(Undefined::hint(self.rt.undefined(), hint))
    }

    pub(super) fn extend(&self, name: &Expr) -> Result<()> {
        if self.is_extending() {
            return Err(Error::runtime("extended multiple times"));
        }
        let template = self.template(&self.eval(name)?)?;
        let mut blocks = self.frame.ctx.blocks.borrow_mut();
        for (name, function) in &template.blocks {
            blocks.entry(name.clone()).or_default().push((template.clone(), function.clone()));
        }
        *self.frame.extends.borrow_mut() = Some(template);
        Ok(())
    }

    pub(super) fn block(&self, b: &Block, out: &mut String) -> Result<()> {
        if b.top_level && self.is_extending() {
            return Ok(());
        }
        let ctx = match &b.locals {
            None => self.frame.ctx.clone(),
            Some(locals) => {
                let mut map = Names::default();
                for (name, slot) in &locals.0 {
                    if let Some(v) = self.frame.get(*slot) {
                        map.insert(name.clone(), v);
                    }
                }
                let blocks = self.frame.ctx.blocks.borrow().clone();
                Rc::new(Ctx {
                    parent: Rc::new(Vars { map, next: Some(self.frame.ctx.snapshot()) }),
                    vars: RefCell::default(),
                    exported: RefCell::default(),
                    blocks: RefCell::new(blocks),
                })
            }
        };
        if b.required && ctx.blocks.borrow().get(&b.name).is_none_or(|stack| stack.len() <= 1) {
            let name = Val::Str(b.name.clone()).quoted();
            return Err(Error::runtime(format!("Required block {name} not found")));
        }
        run_block(self.rt, &ctx, &b.name, 0, out)
    }
}

/// `'x.jinja'` for a module.
fn module_name(module: &Val) -> String {
    match module {
        Val::Object(o) => o.get_attr("__name__").ok().flatten().unwrap_or_default().quoted(),
        other => other.quoted(),
    }
}
