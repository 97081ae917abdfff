//! From SLS names to merged high data: render each SLS once, follow its includes, merge.

use std::collections::{HashMap, HashSet};

use data::{Dict, Value};
use indexmap::IndexMap;

use super::{HighData, body_str, decls};
use crate::hint;
use crate::keys::KEYS;
use crate::render::Renderer;

/// Which SLS to run, by environment, in order; a name may be a glob.
pub type Sources = [(String, Vec<String>)];

/// Includes nested deeper than this are refused: the stack has an end.
const MAX_DEPTH: usize = 256;

/// The number of the first state without an `order` of its own.
const FIRST_ORDER: i64 = 10_000;

/// Renders and merges SLS files and all that they include. What comes back is complete only when there
/// are no errors; these are Salt's texts.
pub fn compile(renderer: &Renderer, sources: &Sources) -> (HighData, Vec<String>) {
    let mut compiler = Compiler::new(renderer, sources);
    let mut high = HighData::default();
    let mut all_errors = Vec::new();
    for (saltenv, names) in sources {
        for name in names {
            if !renderer.has_env(saltenv) {
                all_errors.push(format!("No matching salt environment for environment '{saltenv}' found"));
                all_errors.push(format!("No matching sls found for '{name}' in env '{saltenv}'"));
                continue;
            }
            let available = match renderer.available(saltenv) {
                Ok(available) => available,
                Err(e) => {
                    all_errors.push(e.to_string());
                    continue;
                }
            };
            let mut found = available.filter(name);
            if found.is_empty() {
                // Not in the listing; it may still be there, and if not, the error says so.
                found.push(name.clone());
            }
            for sls in found {
                if compiler.rendered.contains(&key(saltenv, &sls)) {
                    continue;
                }
                let mut errors = Vec::new();
                compiler.sls(&sls, saltenv, &mut Vec::new(), &mut errors);
                merge(&mut high, compiler.take(), &mut errors);
                let missing = format!("SLS {name} in saltenv");
                for error in &mut errors {
                    if error.contains("is not available") && error.contains(&missing) {
                        let what = format!("No matching sls found for '{name}' in env '{saltenv}'");
                        *error = hint::told(what, hint::meant(name, available.names()));
                    }
                }
                all_errors.extend(errors);
            }
        }
    }
    drop_duplicate_extends(&mut high.extend);
    (high, all_errors)
}

/// Compiles one SLS given as text, as `state.template_str` does: no includes, no other files.
pub fn compile_text(renderer: &Renderer, text: &str) -> Result<HighData, Vec<String>> {
    const NAME: &str = "<template-str>";
    let value = renderer.text(text, "", "base", &Dict::new()).map_err(|e| vec![e.to_string()])?;
    let Value::Dict(ids) = value else {
        return if value.is_true() {
            Err(vec![format!("Template {NAME} does not render to a dictionary")])
        } else {
            Ok(HighData::default())
        };
    };
    for item in ["include", "exclude", "extends"] {
        if ids.contains(item) {
            return Err(vec![format!(
                "The '{item}' declaration found on '{NAME}' is invalid when rendering single templates"
            )]);
        }
    }
    let mut ids = std::sync::Arc::unwrap_or_clone(ids);
    let mut errors = Vec::new();
    decls::normalise_text(&mut ids, NAME, &mut errors);
    if errors.is_empty() { Ok(HighData { ids, ..HighData::default() }) } else { Err(errors) }
}

fn key(saltenv: &str, sls: &str) -> String {
    format!("{saltenv}:{sls}")
}

struct Compiler<'a> {
    renderer: &'a Renderer,
    sources: &'a Sources,
    rendered: HashSet<String>,
    auto_order: bool,
    next_order: i64,
    /// What the files of the SLS that is being compiled say, in order.
    parts: Vec<Part>,
    /// The first of those parts that has an ID.
    first: HashMap<Value, usize, foldhash::fast::RandomState>,
    /// All parts that have an ID, where there are several.
    repeated: IndexMap<Value, Vec<usize>>,
}

/// What one file says.
#[derive(Default)]
struct Part {
    sls: String,
    saltenv: String,
    high: HighData,
}

/// Where an `include` leads.
struct Target {
    saltenv: String,
    names: Vec<String>,
}

impl<'a> Compiler<'a> {
    fn new(renderer: &'a Renderer, sources: &'a Sources) -> Self {
        let auto_order = renderer.opt("state_auto_order").is_none_or(|v| v.is_true());
        Compiler {
            renderer,
            sources,
            rendered: HashSet::new(),
            auto_order,
            next_order: FIRST_ORDER,
            parts: Vec::new(),
            first: HashMap::default(),
            repeated: IndexMap::new(),
        }
    }

    /// Renders an SLS and all that it includes into `parts`: first its own, then those of its includes. `from` are
    /// the SLS that led here, the nearest one last.
    fn sls(&mut self, sls: &str, saltenv: &str, from: &mut Vec<Value>, errors: &mut Vec<String>) {
        let rendered = self.renderer.sls(sls, saltenv, &Dict::new());
        self.rendered.insert(key(saltenv, sls));
        let (value, is_init, is_text) = match rendered {
            Ok(Some(rendered)) => (rendered.value, rendered.is_init, rendered.is_text),
            Ok(None) => {
                let what = format!(
                    "Specified SLS {sls} in saltenv {saltenv} is not available on the salt master or through a \
                     configured fileserver"
                );
                errors.push(hint::told(what, self.meant(sls, saltenv)));
                return;
            }
            Err(e) => {
                errors.push(e.of_sls(sls, saltenv));
                return;
            }
        };
        let mut ids = match value {
            Value::Dict(ids) => std::sync::Arc::unwrap_or_clone(ids),
            value if value.is_true() => {
                errors.push(format!("SLS {sls} does not render to a dictionary"));
                if !is_text {
                    errors.push(format!("Error when rendering state with contents: {value}"));
                }
                return;
            }
            _ => return,
        };

        let mut includes = Value::list();
        match ids.get("include") {
            Some(list @ Value::List(_)) => {
                includes = list.clone();
                ids.remove("include");
            }
            Some(_) => errors.push(format!("Include Declaration in SLS {sls} is not formed as a list")),
            None => {}
        }
        let mut own = HighData::default();
        take_extend(&mut ids, sls, saltenv, &mut own.extend, errors);
        take_exclude(&mut ids, sls, &mut own.exclude, errors);
        decls::normalise(&mut ids, sls, saltenv, errors);
        if !from.is_empty() {
            // One list for all of the file.
            let from: Value = from.iter().rev().cloned().collect::<Vec<_>>().into();
            for body in ids.iter_mut().filter_map(|(_, body)| body.as_dict_mut()) {
                body.insert(KEYS.included_from.clone(), from.clone());
            }
        }

        let place = self.parts.len();
        self.parts.push(Part { sls: sls.to_owned(), saltenv: saltenv.to_owned(), ..Part::default() });
        for id in ids.keys() {
            match self.first.get(id) {
                Some(first) => self.repeated.entry(id.clone()).or_insert_with(|| vec![*first]).push(place),
                None => drop(self.first.insert(id.clone(), place)),
            }
        }
        from.push(sls.into());
        for item in includes.as_list().unwrap_or_default() {
            let target = match self.resolve(item, sls, saltenv, is_init) {
                Ok(target) => target,
                Err(error) => {
                    errors.push(error);
                    continue;
                }
            };
            for name in target.names {
                if self.rendered.contains(&key(&target.saltenv, &name)) {
                    continue;
                }
                if from.len() > MAX_DEPTH {
                    errors
                        .push(format!("SLS '{saltenv}:{sls}' is included more than {MAX_DEPTH} levels deep"));
                    continue;
                }
                let (included, mut found) = (self.parts.len(), Vec::new());
                self.sls(&name, &target.saltenv, from, &mut found);
                self.conflicts(place, included, errors);
                errors.extend(found);
            }
        }
        from.pop();
        if self.auto_order {
            // What it includes has its numbers already.
            decls::number(ids.iter_mut(), &mut self.next_order);
        }
        own.ids = ids;
        if let Some(part) = self.parts.get_mut(place) {
            part.high = own;
        }
    }

    /// IDs that are in the parts from `from` on, and again in those from `included` on.
    fn conflicts(&self, from: usize, included: usize, errors: &mut Vec<String>) {
        for (id, places) in &self.repeated {
            let last =
                |range: std::ops::Range<usize>| places.iter().rev().find(|place| range.contains(place));
            let part = |place: Option<&usize>| place.and_then(|place| self.parts.get(*place));
            let (there, again) = (part(last(from..included)), part(last(included..usize::MAX)));
            if let (Some(there), Some(again)) = (there, again) {
                errors.push(conflict(id, [&there.saltenv, &there.sls, &again.saltenv, &again.sls]));
            }
        }
    }

    /// All parts together: of an ID that is repeated, the last one.
    fn take(&mut self) -> HighData {
        self.first.clear();
        self.repeated.clear();
        let mut parts = self.parts.drain(..).map(|part| part.high);
        let mut all = parts.next().unwrap_or_default();
        for part in parts {
            all.extend.extend(part.extend);
            all.exclude.extend(part.exclude);
            all.ids.extend(part.ids);
        }
        all
    }

    /// The SLS that was probably meant by a name that is not there.
    fn meant(&self, sls: &str, saltenv: &str) -> Option<String> {
        hint::meant(sls, self.renderer.available(saltenv).ok()?.names())
    }

    fn resolve(&self, item: &Value, sls: &str, saltenv: &str, is_init: bool) -> Result<Target, String> {
        // `name`, `{saltenv: name}`, or `{_xenv: name}`: from whichever environment of this run has it.
        let (env, name) = match item {
            Value::Dict(d) => match d.iter().next_back() {
                Some((env, name)) => (env.to_string(), name),
                None => (saltenv.to_owned(), item),
            },
            item => (saltenv.to_owned(), item),
        };
        let any_env = env == "_xenv";
        if !any_env && !self.renderer.has_env(&env) {
            return Err(format!(
                "Nonexistent saltenv '{env}' found in include of '{name}' within SLS '{saltenv}:{sls}'"
            ));
        }
        let Some(name) = name.as_str() else {
            return Err(format!("Badly formatted include {name} found in include in SLS '{saltenv}:{sls}'"));
        };
        let name = absolute(name, sls, saltenv, is_init)?;
        let of_run = || self.sources.iter().map(|(env, _)| env.as_str());
        let has = |env: &str| -> Result<bool, String> {
            Ok(!self.renderer.available(env).map_err(|e| e.to_string())?.filter(&name).is_empty())
        };
        let mut envs: Vec<String> = Vec::new();
        if any_env {
            for candidate in of_run() {
                if has(candidate)? {
                    envs.push(candidate.to_owned());
                }
            }
        } else if of_run().any(|e| e == env) || has(&env)? {
            envs.push(env.clone());
        }
        let chosen = match envs.as_slice() {
            [one] => one.clone(),
            many if many.iter().any(|e| e == saltenv) => saltenv.to_owned(),
            [] => {
                let wanted = if any_env { of_run().collect::<Vec<_>>().join(", ") } else { env.clone() };
                let what = format!(
                    "Unknown include: Specified SLS {env}: {name} is not available on the salt master in \
                     saltenv(s): {wanted} "
                );
                return Err(hint::told(what, self.meant(&name, &env)));
            }
            many => {
                return Err(format!(
                    "Ambiguous include: Specified SLS {env}: {name} is available on the salt master in multiple \
                     available saltenvs: {}",
                    many.join(", ")
                ));
            }
        };
        let mut names = self.renderer.available(&chosen).map_err(|e| e.to_string())?.filter(&name);
        if names.is_empty() {
            names.push(name);
        }
        Ok(Target { saltenv: chosen, names })
    }
}

/// Resolves the leading dots of an include against the SLS it is in.
fn absolute(name: &str, sls: &str, saltenv: &str, is_init: bool) -> Result<String, String> {
    let rest = name.trim_start_matches('.');
    let levels = name.len() - rest.len();
    if levels == 0 {
        return Ok(name.to_owned());
    }
    let mut parts: Vec<&str> = sls.split('.').collect();
    if is_init {
        parts.push("init");
    }
    if levels > parts.len() {
        return Err(format!(
            "Attempted relative include of '{name}' within SLS '{saltenv}:{sls}' goes beyond top level package "
        ));
    }
    parts.truncate(parts.len() - levels);
    parts.push(rest);
    Ok(parts.join("."))
}

fn take_extend(
    ids: &mut Dict,
    sls: &str,
    saltenv: &str,
    into: &mut Vec<(Value, Value)>,
    errors: &mut Vec<String>,
) {
    let Some(extend) = ids.remove("extend") else { return };
    let Value::Dict(extend) = extend else {
        errors.push(format!("Extension value in SLS '{sls}' is not a dictionary"));
        return;
    };
    for (id, mut body) in std::sync::Arc::unwrap_or_clone(extend) {
        let Some(states) = body.as_dict_mut() else {
            errors.push(format!("Extension name '{id}' in SLS '{sls}' is not a dictionary"));
            continue;
        };
        states.entry_or("__sls__", || sls.into());
        states.entry_or("__env__", || saltenv.into());
        decls::split_functions(states);
        into.push((id, body));
    }
}

fn take_exclude(ids: &mut Dict, sls: &str, into: &mut Vec<Value>, errors: &mut Vec<String>) {
    match ids.remove("exclude") {
        Some(Value::List(list)) => into.extend(list.iter().cloned()),
        Some(_) => errors.push(format!("Exclude Declaration in SLS {sls} is not formed as a list")),
        None => {}
    }
}

fn merge(high: &mut HighData, part: HighData, errors: &mut Vec<String>) {
    high.extend.extend(part.extend);
    high.exclude.extend(part.exclude);
    if high.ids.is_empty() {
        high.ids = part.ids;
        return;
    }
    for (id, body) in part.ids {
        match high.ids.get_value_mut(&id) {
            None => {
                high.ids.insert(id, body);
            }
            Some(there) if *there == body => {}
            Some(there) => {
                let part = |body: &Value, key| body_str(body, key).unwrap_or("?").to_owned();
                let (env, sls) = (part(there, "__env__"), part(there, "__sls__"));
                errors.push(conflict(&id, [&env, &sls, &part(&body, "__env__"), &part(&body, "__sls__")]));
                *there = body;
            }
        }
    }
}

fn conflict(id: &Value, [env, sls, other_env, other_sls]: [&str; 4]) -> String {
    let what = format!(
        "Detected conflicting IDs, SLS IDs need to be globally unique.\n    The conflicting ID is '{id}' and is found in \
         SLS '{env}:{sls}' and SLS '{other_env}:{other_sls}'"
    );
    let how = format!("one of the two needs another ID, and '- name: {id}' below it");
    hint::told(what, Some(how))
}

/// The same extension that two includes bring in is made once.
fn drop_duplicate_extends(extend: &mut Vec<(Value, Value)>) {
    let mut kept: IndexMap<Value, Vec<Value>> = IndexMap::new();
    extend.retain(|(id, body)| {
        let bodies = kept.entry(id.clone()).or_default();
        let new = !bodies.contains(body);
        if new {
            bodies.push(body.clone());
        }
        new
    });
}
