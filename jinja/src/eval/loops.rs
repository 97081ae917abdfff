//! `for` and the `loop` variable.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::{Exec, Flow, Frame, Rt};
use crate::ast::For;
use crate::val::{CallArgs, Iter, Object, Undefined, Val, equal, iterate};
use crate::{Error, Result};

/// What a loop runs over: the values, less those that its condition sorts out.
struct Source {
    iter: Iter,
    node: Rc<For>,
    frame: Rc<Frame>,
    rt: Rc<Rt>,
}

impl Source {
    fn next(&mut self) -> Result<Option<Val>> {
        let Some(test) = &self.node.test else { return self.iter.next() };
        let exec = Exec { rt: &self.rt, frame: &self.frame };
        while let Some(v) = self.iter.next()? {
            self.rt.step()?;
            exec.enter(&test.scope);
            exec.assign(&test.target, v.clone())?;
            let keep = exec.truth(&test.cond)?;
            exec.leave(&test.scope);
            if keep {
                return Ok(Some(v));
            }
        }
        Ok(None)
    }
}

impl Exec<'_> {
    pub(super) fn for_loop(&self, node: &Rc<For>, out: &mut String) -> Result<Flow> {
        let iterable = self.eval(&node.iter)?;
        if node.recursive {
            let text = run_recursive(self.rt, node, self.frame, iterable, 0)?;
            out.push_str(&text);
            return Ok(Flow::Normal);
        }
        self.iterate(node, iterable, 0, None, out)
    }

    /// Runs the body for each value; `outer` is the frame around a recursive loop.
    fn iterate(
        &self,
        node: &Rc<For>,
        iterable: Val,
        depth0: i64,
        outer: Option<&Rc<Frame>>,
        out: &mut String,
    ) -> Result<Flow> {
        let mut source = Source {
            iter: iterate(&iterable)?,
            node: node.clone(),
            frame: self.frame.clone(),
            rt: self.rt.clone(),
        };
        let mut empty = true;
        if let Some(slot) = node.loop_slot {
            self.rt.note_cycle(self.frame);
            let inner = Rc::new(Loop {
                iterable,
                filtered: node.test.is_some(),
                source: RefCell::new(Some(source)),
                ahead: RefCell::default(),
                index0: Cell::new(-1),
                length: Cell::new(None),
                current: RefCell::default(),
                before: RefCell::default(),
                changed: RefCell::default(),
                depth0,
                recurse: outer.map(|o| (node.clone(), o.clone())),
                rt: self.rt.clone(),
            });
            let value = Val::object(LoopValue(inner.clone()));
            while let Some(item) = inner.advance()? {
                self.rt.step()?;
                self.enter(&node.scope);
                self.frame.set_local(slot, Some(value.clone()));
                self.assign(&node.target, item)?;
                match self.run(&node.body, out)? {
                    // Only a body that came to its end keeps the `else` from running.
                    Flow::Normal => empty = false,
                    Flow::Continue => {}
                    Flow::Break => break,
                }
            }
        } else {
            while let Some(item) = source.next()? {
                self.rt.step()?;
                self.enter(&node.scope);
                self.assign(&node.target, item)?;
                match self.run(&node.body, out)? {
                    // Only a body that came to its end keeps the `else` from running.
                    Flow::Normal => empty = false,
                    Flow::Continue => {}
                    Flow::Break => break,
                }
            }
        }
        self.leave(&node.scope);
        if empty && !node.otherwise.is_empty() {
            self.enter(&node.else_scope);
            let flow = self.run(&node.otherwise, out)?;
            self.leave(&node.else_scope);
            return Ok(flow);
        }
        Ok(Flow::Normal)
    }
}

/// One level of a recursive loop, in a frame of its own.
fn run_recursive(
    rt: &Rc<Rt>,
    node: &Rc<For>,
    outer: &Rc<Frame>,
    iterable: Val,
    depth0: i64,
) -> Result<String> {
    rt.nested(|| {
        let frame =
            Frame::with_slots(node.slots, Some(outer.clone()), outer.ctx.clone(), outer.template.clone());
        frame.line.set(outer.line.get());
        let mut out = String::new();
        Exec { rt, frame: &frame }
            .iterate(node, iterable, depth0, Some(outer), &mut out)
            .map_err(|e| frame.locate(e))?;
        Ok(out)
    })
}

struct Loop {
    iterable: Val,
    filtered: bool,
    source: RefCell<Option<Source>>,
    /// Items that were taken from the source ahead of time, the next one last.
    ahead: RefCell<Vec<Option<Val>>>,
    index0: Cell<i64>,
    length: Cell<Option<i64>>,
    current: RefCell<Option<Val>>,
    before: RefCell<Option<Val>>,
    changed: RefCell<Option<Val>>,
    depth0: i64,
    recurse: Option<(Rc<For>, Rc<Frame>)>,
    rt: Rc<Rt>,
}

impl Loop {
    fn pull(&self) -> Result<Option<Val>> {
        let Ok(mut source) = self.source.try_borrow_mut() else {
            return Err(Error::value_error("generator already executing"));
        };
        match source.as_mut() {
            Some(s) => s.next(),
            None => Ok(None),
        }
    }

    fn advance(&self) -> Result<Option<Val>> {
        let ahead = self.ahead.borrow_mut().pop();
        let next = match ahead {
            Some(v) => v,
            None => self.pull()?,
        };
        let Some(item) = next else { return Ok(None) };
        self.index0.set(self.index0.get() + 1);
        *self.before.borrow_mut() = self.current.borrow_mut().replace(item.clone());
        Ok(Some(item))
    }

    fn peek(&self) -> Result<Option<Val>> {
        if let Some(next) = self.ahead.borrow().last() {
            return Ok(next.clone());
        }
        let next = self.pull()?;
        self.ahead.borrow_mut().push(next.clone());
        Ok(next)
    }

    fn length(&self) -> Result<i64> {
        if let Some(n) = self.length.get() {
            return Ok(n);
        }
        let known = if self.filtered { None } else { self.iterable.len().ok() };
        let n = match known {
            Some(n) => n as i64,
            None => {
                // Without a length of its own, all that is left has to be looked at.
                let mut rest = Vec::new();
                while let Some(v) = self.pull()? {
                    rest.push(Some(v));
                }
                let mut ahead = self.ahead.borrow_mut();
                let peeked = ahead.pop();
                let n = rest.len() + usize::from(matches!(peeked, Some(Some(_))));
                rest.reverse();
                *ahead = rest;
                ahead.extend(peeked.filter(Option::is_some));
                n as i64 + self.index0.get() + 1
            }
        };
        self.length.set(Some(n));
        Ok(n)
    }

    fn cycle(&self, args: &[Val]) -> Result<Val> {
        let n = args.len() as i64;
        if n == 0 {
            return Err(Error::type_error("no items for cycling given"));
        }
        let i = self.index0.get().rem_euclid(n) as usize;
        Ok(args.get(i).cloned().unwrap_or_default())
    }

    fn has_changed(&self, args: Vec<Val>) -> Result<Val> {
        let now = Val::tuple(args);
        let before = self.changed.borrow().clone();
        let changed = match before {
            Some(before) => !equal(&before, &now)?,
            None => true,
        };
        if changed {
            *self.changed.borrow_mut() = Some(now);
        }
        Ok(Val::Bool(changed))
    }
}

struct LoopValue(Rc<Loop>);

impl Object for LoopValue {
    fn type_name(&self) -> &str {
        "LoopContext"
    }

    fn type_repr(&self) -> String {
        "jinja2.runtime.LoopContext object".into()
    }

    fn get_attr(&self, name: &str) -> Result<Option<Val>> {
        let l = &self.0;
        let index0 = l.index0.get();
        Ok(Some(match name {
            "index" => Val::Int(index0 + 1),
            "index0" => Val::Int(index0),
            "first" => Val::Bool(index0 == 0),
            "last" => Val::Bool(l.peek()?.is_none()),
            "length" => Val::Int(l.length()?),
            "revindex" => Val::Int(l.length()? - index0),
            "revindex0" => Val::Int(l.length()? - index0 - 1),
            "depth" => Val::Int(l.depth0 + 1),
            "depth0" => Val::Int(l.depth0),
            "previtem" => match l.before.borrow().clone() {
                Some(v) if index0 > 0 => v,
                _ => Undefined::hint(l.rt.undefined(), "there is no previous item"),
            },
            "nextitem" => match l.peek()? {
                Some(v) => v,
                None => Undefined::hint(l.rt.undefined(), "there is no next item"),
            },
            "cycle" => {
                let l = l.clone();
                Val::named_function("cycle", move |a| l.cycle(&a.args))
            }
            "changed" => {
                let l = l.clone();
                Val::named_function("changed", move |a| l.has_changed(std::mem::take(&mut a.args)))
            }
            _ => return Ok(None),
        }))
    }

    fn call_method(&self, name: &str, args: &mut CallArgs) -> Result<Option<Val>> {
        match name {
            "cycle" => self.0.cycle(&args.args).map(Some),
            "changed" => self.0.has_changed(std::mem::take(&mut args.args)).map(Some),
            _ => match self.get_attr(name)? {
                Some(f) => args.call_on(&f).map(Some),
                None => Ok(None),
            },
        }
    }

    fn len(&self) -> Option<usize> {
        self.0.length().ok().and_then(|n| usize::try_from(n).ok())
    }

    fn is_true(&self) -> bool {
        true
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, args: &mut CallArgs) -> Result<Val> {
        let Some((node, outer)) = &self.0.recurse else {
            return Err(Error::type_error(
                "The loop must have the 'recursive' marker to be called recursively.",
            ));
        };
        let mut bound = args.bind("LoopContext.__call__", ["iterable"], 1)?;
        self.0.rt.step()?;
        run_recursive(&self.0.rt, node, outer, bound.take(0), self.0.depth0 + 1).map(Val::from)
    }

    fn to_string(&self) -> Result<String> {
        Ok(format!("<LoopContext {}/{}>", self.0.index0.get() + 1, self.0.length()?))
    }
}
