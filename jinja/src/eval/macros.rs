//! Macros and the bodies of call blocks.

use std::rc::Rc;

use super::{Exec, Flow, Frame, Rt};
use crate::ast::Macro;
use crate::val::{CallArgs, Key, Map, Object, Undefined, Val};
use crate::{Error, Result};

/// A macro with the variables around it.
struct MacroValue {
    macro_: Rc<Macro>,
    outer: Rc<Frame>,
    rt: Rc<Rt>,
}

impl Exec<'_> {
    pub(super) fn macro_value(&self, m: &Rc<Macro>) -> Val {
        self.rt.note_cycle(self.frame);
        Val::object(MacroValue { macro_: m.clone(), outer: self.frame.clone(), rt: self.rt.clone() })
    }
}

impl MacroValue {
    fn run(&self, args: &mut CallArgs) -> Result<Val> {
        let m = &*self.macro_;
        let f = &m.function;
        let frame =
            Frame::new(f, Some(self.outer.clone()), self.outer.ctx.clone(), self.outer.template.clone());
        frame.line.set(self.outer.line.get());
        let exec = Exec { rt: &self.rt, frame: &frame };
        let mut out = String::with_capacity(256);
        let result = self.bind(&exec, args).and_then(|()| {
            // The defaults may read what the scope loads, so the scope comes first.
            exec.run(&f.body, &mut out)
        });
        match result {
            Ok(Flow::Normal) => Ok(self.rt.text(out)),
            Ok(_) => Err(frame.locate(crate::lexer::syntax_error("'break' or 'continue' outside loop"))),
            Err(e) => Err(frame.locate(e)),
        }
    }

    fn bind(&self, exec: &Exec<'_>, args: &mut CallArgs) -> Result<()> {
        let m = &*self.macro_;
        let name = || Val::from(&*m.name).quoted();
        let mut positional = std::mem::take(&mut args.args).into_iter();
        let mut values = Vec::with_capacity(m.params.len());
        for p in &m.params {
            values.push(match positional.next() {
                Some(v) => Some(v),
                None => args.take_kwarg(&p.name.id),
            });
        }
        let caller = match m.caller {
            Some(slot) => {
                let caller = args.take_kwarg("caller").filter(|c| !c.is_none());
                let missing = || Undefined::hint(self.rt.undefined(), "No caller defined");
                Some((slot, caller.unwrap_or_else(missing)))
            }
            None => None,
        };
        if m.kwargs.is_none()
            && let Some((k, _)) = args.kwargs.first()
        {
            return Err(Error::type_error(if args.kwargs.iter().any(|(k, _)| &**k == "caller") {
                format!(
                    "macro {} was invoked with two values for the special caller argument. This is most likely \
                     a bug.",
                    name()
                )
            } else {
                format!("macro {} takes no keyword argument {}", name(), Val::Str(k.clone()).quoted())
            }));
        }
        let rest: Vec<Val> = positional.collect();
        if m.varargs.is_none() && !rest.is_empty() {
            return Err(Error::type_error(format!(
                "macro {} takes not more than {} argument(s)",
                name(),
                m.params.len()
            )));
        }
        exec.enter(&m.function.scope);
        if let Some((slot, caller)) = caller {
            exec.frame.set_local(slot, Some(caller));
        }
        if let Some(slot) = m.kwargs {
            let map: Map = args.kwargs.drain(..).map(|(k, v)| (Key::str(k), v)).collect();
            exec.frame.set_local(slot, Some(Val::dict(map)));
        }
        if let Some(slot) = m.varargs {
            exec.frame.set_local(slot, Some(Val::tuple(rest)));
        }
        for (p, v) in m.params.iter().zip(&values) {
            exec.frame.set(p.name.slot, v.clone());
        }
        for (p, v) in m.params.iter().zip(values) {
            if v.is_some() {
                continue;
            }
            let value = match &p.default {
                Some(e) => exec.eval(e)?,
                None => Undefined::hint(
                    self.rt.undefined(),
                    format!("parameter {} was not provided", Val::Str(p.name.id.clone()).quoted()),
                ),
            };
            exec.frame.set(p.name.slot, Some(value));
        }
        Ok(())
    }
}

impl Object for MacroValue {
    fn type_name(&self) -> &str {
        "Macro"
    }

    fn type_repr(&self) -> String {
        "jinja2.runtime.Macro object".into()
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, args: &mut CallArgs) -> Result<Val> {
        self.rt.step()?;
        self.rt.nested(|| self.run(args))
    }

    fn get_attr(&self, name: &str) -> Result<Option<Val>> {
        let m = &self.macro_;
        Ok(match name {
            "name" => Some(Val::Str(m.name.clone())),
            "arguments" => Some(Val::tuple(m.params.iter().map(|p| Val::Str(p.name.id.clone())).collect())),
            "catch_kwargs" => Some(Val::Bool(m.kwargs.is_some())),
            "catch_varargs" => Some(Val::Bool(m.varargs.is_some())),
            "caller" => Some(Val::Bool(m.caller.is_some() || (m.explicit_caller && m.reads_caller))),
            _ => None,
        })
    }

    fn to_string(&self) -> Result<String> {
        if self.macro_.is_call_body {
            return Ok("<Macro anonymous>".to_owned());
        }
        Ok(format!("<Macro {}>", Val::Str(self.macro_.name.clone()).quoted()))
    }
}
