//! `salt[…]` calls that hand out what is there, not a copy of it, as in Salt: what a template appends to a list of
//! the pillar is in the pillar from then on, and `defaults.merge` changes the dict that it is given.
//!
//! Only the plain forms are here; everything else, wrong arguments included, is for the execution functions.

use std::cell::RefCell;
use std::rc::Rc;

use data::Value;
use jinja::{CallArgs, Dict, Key, Val};

use crate::RenderEnv;

/// Pillar, grains and options as the execution functions of a run have them; `pillar`, `grains` and `opts` of the
/// templates are others.
#[derive(Default)]
pub(super) struct Live {
    pillar: RefCell<Option<Val>>,
    grains: RefCell<Option<Val>>,
    opts: RefCell<Option<Val>>,
}

/// The arguments of a call by name, where there are no others.
struct Given<'a, const N: usize>([Option<&'a Val>; N]);

impl<'a, const N: usize> Given<'a, N> {
    fn of(args: &'a CallArgs, names: [&str; N]) -> Option<Self> {
        let mut given = [None; N];
        if args.args.len() > N {
            return None;
        }
        for (slot, value) in given.iter_mut().zip(&args.args) {
            *slot = Some(value);
        }
        for (name, value) in &args.kwargs {
            let at = names.iter().position(|n| **n == **name)?;
            let slot = given.get_mut(at)?;
            if slot.replace(value).is_some() {
                return None;
            }
        }
        Some(Given(given))
    }

    fn flag(value: Option<&Val>, default: bool) -> Option<bool> {
        match value {
            None => Some(default),
            Some(Val::Bool(flag)) => Some(*flag),
            _ => None,
        }
    }
}

/// What a path leads to.
enum Found {
    At(Val),
    Nothing,
    /// Only Salt's whole look-up can tell.
    Unclear,
}

impl Live {
    /// The answer to a call; none where the execution function has to give it.
    pub(super) fn call(&self, env: &dyn RenderEnv, fun: &str, args: &CallArgs) -> Option<Val> {
        match fun {
            "pillar.get" => {
                let names = ["key", "default", "merge", "merge_nested_lists", "delimiter"];
                let Given([key, default, merge, lists, delimiter]) = Given::of(args, names)?;
                if self.opt(env, "pillar_raise_on_missing") {
                    return None;
                }
                let path = path(key, delimiter)?;
                if !Given::<5>::flag(merge, false)? {
                    return look(&[self.pillar(env)], path, default);
                }
                let Val::Dict(_) = default? else { return None };
                let lists = match lists {
                    None | Some(Val::None) => self.opt(env, "pillar_merge_lists"),
                    Some(Val::Bool(lists)) => *lists,
                    Some(_) => return None,
                };
                let over = match find(&self.pillar(env), path.0, path.1) {
                    Found::At(over @ Val::Dict(_)) => over,
                    Found::Nothing => return Some(copy(default?)),
                    _ => return None,
                };
                let merged = copy(default?);
                update(&merged, &over, lists)?;
                Some(merged)
            }
            "grains.get" => {
                let Given([key, default, delimiter]) = Given::of(args, ["key", "default", "delimiter"])?;
                look(&[self.grains(env)], path(key, delimiter)?, default)
            }
            "config.get" => {
                let Given([key, default, delimiter]) = Given::of(args, ["key", "default", "delimiter"])?;
                let path = path(key, delimiter)?;
                // The pillar is asked for last: it may have to be compiled.
                for place in [Self::opts, Self::grains, Self::pillar] {
                    match find(&place(self, env), path.0, path.1) {
                        Found::At(value) => return Some(value),
                        Found::Nothing => {}
                        Found::Unclear => return None,
                    }
                }
                // The master's options in the pillar and defaults of modules: rare.
                let rare = self.pillar(env).get("master").is_some() || path.0.contains('.');
                if rare { None } else { Some(default.cloned().unwrap_or_else(|| "".into())) }
            }
            "slsutil.merge" => {
                let names = ["obj_a", "obj_b", "strategy", "renderer", "merge_lists"];
                let Given([under, over, strategy, renderer, lists]) = Given::of(args, names)?;
                let recurse = strategy.is_none_or(|s| matches!(s.as_str(), Some("smart" | "recurse")));
                if !recurse || renderer.is_some() {
                    return None;
                }
                let merged = copy(under?);
                update(&merged, over?, Given::<5>::flag(lists, false)?)?;
                Some(merged)
            }
            "slsutil.update" => {
                let names = ["dest", "upd", "recursive_update", "merge_lists"];
                let Given([dest, upd, recursive, lists]) = Given::of(args, names)?;
                if !Given::<4>::flag(recursive, true)? {
                    return None;
                }
                update(dest?, upd?, Given::<4>::flag(lists, false)?)?;
                dest.cloned()
            }
            "defaults.merge" => {
                let names = ["dest", "src", "merge_lists", "in_place", "convert_none"];
                let Given([dest, src, lists, in_place, none]) = Given::of(args, names)?;
                if !Given::<5>::flag(in_place, true)? || none.is_some() {
                    return None;
                }
                update(dest?, src?, Given::<5>::flag(lists, false)?)?;
                dest.cloned()
            }
            "defaults.update" => {
                let names = ["dest", "defaults", "merge_lists", "in_place", "convert_none"];
                let Given([dest, defaults, lists, in_place, none]) = Given::of(args, names)?;
                if !Given::<5>::flag(in_place, true)? || none.is_some() {
                    return None;
                }
                let (Val::Dict(nodes), Val::Dict(_)) = (dest?, defaults?) else { return None };
                let lists = Given::<5>::flag(lists, true)?;
                for (name, node) in entries(nodes) {
                    let full = copy(defaults?);
                    update(&full, &node, lists)?;
                    nodes.borrow_mut().insert(name, full);
                }
                dest.cloned()
            }
            _ => {
                self.forget(fun);
                None
            }
        }
    }

    /// After a call that may have changed grains or pillar they are asked for again.
    fn forget(&self, fun: &str) {
        const READS: [&str; 6] = ["get", "item", "items", "ls", "has_value", "filter_by"];
        let changes = match fun.split_once('.') {
            Some(("grains", name)) => !READS.contains(&name),
            Some(("saltutil", _)) => true,
            _ => false,
        };
        if changes {
            self.grains.take();
            self.pillar.take();
        }
    }

    fn pillar(&self, env: &dyn RenderEnv) -> Val {
        kept(&self.pillar, || env.pillar())
    }

    fn grains(&self, env: &dyn RenderEnv) -> Val {
        kept(&self.grains, || env.grains())
    }

    fn opts(&self, env: &dyn RenderEnv) -> Val {
        kept(&self.opts, || env.opts())
    }

    fn opt(&self, env: &dyn RenderEnv, name: &str) -> bool {
        self.opts(env).get(name).is_some_and(|value| value.is_true().unwrap_or_default())
    }
}

fn kept(place: &RefCell<Option<Val>>, make: impl FnOnce() -> Value) -> Val {
    if let Some(value) = &*place.borrow() {
        return value.clone();
    }
    // Not while it is borrowed: a pillar that renders asks for things, too.
    let value = Val::from(make());
    place.replace(Some(value.clone()));
    value
}

fn path<'a>(key: Option<&'a Val>, delimiter: Option<&'a Val>) -> Option<(&'a str, &'a str)> {
    let delimiter = match delimiter {
        None => ":",
        Some(delimiter) => delimiter.as_str().filter(|d| !d.is_empty())?,
    };
    Some((key?.as_str()?, delimiter))
}

/// What the first place has that has it, else the default itself.
fn look(places: &[Val], (path, delimiter): (&str, &str), default: Option<&Val>) -> Option<Val> {
    for place in places {
        match find(place, path, delimiter) {
            Found::At(value) => return Some(value),
            Found::Nothing => {}
            Found::Unclear => return None,
        }
    }
    Some(default.cloned().unwrap_or_else(|| "".into()))
}

fn find(data: &Val, path: &str, delimiter: &str) -> Found {
    let mut at = data.clone();
    for step in path.split(delimiter) {
        let next = match &at {
            Val::Dict(dict) => dict.get_str(step),
            Val::List(_) => return Found::Unclear,
            _ => return Found::Nothing,
        };
        match next {
            Some(next) => at = next,
            // It may be the text of a key that is none.
            None if matches!(data::yaml::load_sls(step), Ok(Value::Str(_))) => return Found::Nothing,
            None => return Found::Unclear,
        }
    }
    Found::At(at)
}

fn copy(value: &Val) -> Val {
    Val::from(value.to_value())
}

/// Salt's `dictupdate.update`; none where one of them is no dict.
fn update(dest: &Val, upd: &Val, merge_lists: bool) -> Option<()> {
    let (Val::Dict(dest), Val::Dict(upd)) = (dest, upd) else { return None };
    if Rc::ptr_eq(dest, upd) {
        return Some(());
    }
    update_dict(dest, upd, merge_lists);
    Some(())
}

/// The entries themselves, shared as objects are in Python; the dict is free meanwhile.
fn entries(dict: &Dict) -> Vec<(Key, Val)> {
    dict.borrow().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn update_dict(dest: &Rc<Dict>, upd: &Rc<Dict>, merge_lists: bool) {
    for (key, value) in entries(upd) {
        match (dest.get(&key), &value) {
            (Some(Val::Dict(old)), Val::Dict(new)) => {
                if !Rc::ptr_eq(&old, new) {
                    update_dict(&old, new, merge_lists);
                }
            }
            (Some(Val::List(old)), Val::List(new)) if merge_lists => {
                let mut merged: Vec<Val> = old.borrow().iter().map(copy).collect();
                let known: Vec<Value> = merged.iter().map(Val::to_value).collect();
                merged.extend(new.borrow().iter().filter(|v| !known.contains(&v.to_value())).cloned());
                dest.borrow_mut().insert(key, Val::list(merged));
            }
            _ => {
                dest.borrow_mut().insert(key, value);
            }
        }
    }
}
