//! What a scope knows about its names: where they live, and what is to be loaded when it is entered.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};

use super::Resolver;
use crate::ast::{Load, Locals, Scope, Slot};

/// A variable: the function that it belongs to (0 is the outermost) and its place there.
pub(super) type Target = (u16, u16);

#[derive(Clone)]
pub(super) enum Instr {
    Param,
    Resolve,
    Alias(Target),
    Clear,
}

/// What one scope knows about its names.
#[derive(Clone, Default)]
pub(super) struct Symbols {
    pub(super) parent: Option<usize>,
    pub(super) level: u32,
    pub(super) func: u16,
    pub(super) refs: HashMap<Arc<str>, Target>,
    pub(super) loads: IndexMap<Target, (Arc<str>, Instr)>,
    pub(super) stores: IndexSet<Arc<str>>,
}

/// Slots of one function. Scopes of one level share the slot of a name, as they share Jinja's variable.
#[derive(Default)]
pub(super) struct FuncSlots {
    pub(super) by_name: HashMap<(u32, Arc<str>), u16>,
    pub(super) next: u16,
}

impl Resolver<'_> {
    pub(super) fn sym(&self, i: usize) -> &Symbols {
        &self.symbols[i]
    }

    pub(super) fn sym_mut(&mut self, i: usize) -> &mut Symbols {
        &mut self.symbols[i]
    }

    /// A scope inside of `parent`, in the same function.
    pub(super) fn inner(&mut self, parent: usize) -> usize {
        let p = self.sym(parent);
        let s = Symbols { parent: Some(parent), level: p.level + 1, func: p.func, ..Symbols::default() };
        self.symbols.push(s);
        self.symbols.len() - 1
    }

    /// A scope inside of `parent` (or of nothing) that starts a new function.
    pub(super) fn inner_function(&mut self, parent: Option<usize>) -> usize {
        let level = parent.map_or(0, |p| self.sym(p).level + 1);
        self.funcs.push(FuncSlots::default());
        let func = (self.funcs.len() - 1) as u16;
        self.symbols.push(Symbols { parent, level, func, ..Symbols::default() });
        self.symbols.len() - 1
    }

    /// Ends the innermost function; the number of its slots.
    pub(super) fn end_function(&mut self) -> u16 {
        self.funcs.pop().map_or(0, |f| f.next)
    }

    pub(super) fn find_ref(&self, sym: usize, name: &str) -> Option<Target> {
        let mut at = Some(sym);
        while let Some(i) = at {
            let s = self.sym(i);
            if let Some(t) = s.refs.get(name) {
                return Some(*t);
            }
            at = s.parent;
        }
        None
    }

    pub(super) fn define(&mut self, sym: usize, name: &Arc<str>, instr: Instr) -> Target {
        let (level, func) = (self.sym(sym).level, self.sym(sym).func);
        let slots = &mut self.funcs[func as usize];
        let index = match slots.by_name.get(&(level, name.clone())) {
            Some(i) => *i,
            None => {
                let i = slots.next;
                if i == u16::MAX {
                    self.fail(1, "the template has too many variables".into());
                    return (func, 0);
                }
                slots.next += 1;
                slots.by_name.insert((level, name.clone()), i);
                i
            }
        };
        let target = (func, index);
        let s = self.sym_mut(sym);
        s.refs.insert(name.clone(), target);
        s.loads.insert(target, (name.clone(), instr));
        target
    }

    pub(super) fn load(&mut self, sym: usize, name: &Arc<str>) {
        if self.find_ref(sym, name).is_none() {
            self.define(sym, name, Instr::Resolve);
        }
    }

    pub(super) fn store(&mut self, sym: usize, name: &Arc<str>) {
        self.sym_mut(sym).stores.insert(name.clone());
        if self.sym(sym).refs.contains_key(name) {
            return;
        }
        let outer = self.sym(sym).parent.and_then(|p| self.find_ref(p, name));
        self.define(sym, name, outer.map_or(Instr::Clear, Instr::Alias));
    }

    pub(super) fn param(&mut self, sym: usize, name: &Arc<str>) -> u16 {
        self.sym_mut(sym).stores.insert(name.clone());
        self.define(sym, name, Instr::Param).1
    }

    /// Joins what the branches of an `if` know back into the scope around it.
    pub(super) fn join(&mut self, sym: usize, branches: Vec<Symbols>) {
        let mut stores: IndexSet<Arc<str>> = branches.iter().flat_map(|b| b.stores.iter().cloned()).collect();
        stores.retain(|n| !self.sym(sym).stores.contains(n));
        for b in branches {
            let s = self.sym_mut(sym);
            s.refs.extend(b.refs);
            s.loads.extend(b.loads);
            s.stores.extend(b.stores);
        }
        for name in stores {
            let Some(target) = self.find_ref(sym, &name) else { continue };
            let outer = self.sym(sym).parent.and_then(|p| self.find_ref(p, &name));
            let instr = outer.map_or(Instr::Resolve, Instr::Alias);
            self.sym_mut(sym).loads.insert(target, (name, instr));
        }
    }

    /// Slots by name of everything assigned here and further out.
    pub(super) fn locals(&self, sym: usize) -> Locals {
        let mut seen = HashSet::new();
        let mut out = Vec::new();
        let func = self.sym(sym).func;
        let mut at = Some(sym);
        while let Some(i) = at {
            for name in &self.sym(i).stores {
                if seen.insert(name.clone())
                    && let Some(t) = self.find_ref(sym, name)
                {
                    out.push((name.clone(), slot(func, t)));
                }
            }
            at = self.sym(i).parent;
        }
        Locals(out)
    }

    pub(super) fn scope(&self, sym: usize) -> Scope {
        let s = self.sym(sym);
        let mut out = Scope::default();
        for (target, (name, instr)) in &s.loads {
            if target.0 != s.func {
                continue;
            }
            let load = match instr {
                Instr::Param => None,
                Instr::Resolve => Some(Load::Resolve(name.clone())),
                Instr::Alias(t) => Some(Load::Alias(slot(s.func, *t))),
                Instr::Clear => Some(Load::Clear),
            };
            if let Some(load) = load {
                out.loads.push((target.1, load));
            }
            out.clear.push(target.1);
        }
        out
    }
}

/// A target as seen from function `from`.
pub(super) fn slot(from: u16, target: Target) -> Slot {
    Slot { up: from - target.0, index: target.1 }
}
