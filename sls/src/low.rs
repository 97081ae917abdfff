//! Low data: high data taken apart into chunks, one per state and name, in the order in which they run.

use std::sync::Arc;

use data::{Dict, Value};
use indexmap::IndexSet;

use crate::high::{HighData, is_dunder};
use crate::keys::KEYS;
use crate::requisite::{Graph, Kind, Kinds};
use crate::{LowChunk, glob, hint};

/// What compiling needs to know beyond the high data.
pub struct LowOptions<'a> {
    /// Whether there is a state function of a name; asked for `mod_watch` of each module that watches.
    pub has_state: &'a dyn Fn(&str) -> bool,
    /// Kinds of requisites to leave out (`disabled_requisites` in the config).
    pub disabled_requisites: Vec<String>,
    /// Globs over `module.function` that are not to run (the grain `state_runs_disabled`).
    pub disabled_states: Vec<String>,
    /// Whether states of a module are put together, or the list of modules (`state_aggregate` in the config).
    pub aggregate: Value,
}

impl<'a> LowOptions<'a> {
    /// Nothing disabled.
    pub fn new(has_state: &'a dyn Fn(&str) -> bool) -> Self {
        LowOptions {
            has_state,
            disabled_requisites: Vec::new(),
            disabled_states: Vec::new(),
            aggregate: Value::Bool(false),
        }
    }

    /// Whether the work of this chunk may be done together with that of others of its module.
    fn aggregates(&self, chunk: &LowChunk) -> bool {
        let wanted = match chunk.get("aggregate").unwrap_or(&self.aggregate) {
            Value::Bool(all) => *all,
            Value::List(modules) => modules.iter().any(|module| module.as_str() == Some(&chunk.state)),
            Value::Dict(modules) => modules.contains(&chunk.state),
            _ => false,
        };
        wanted && (self.has_state)(&format!("{}.mod_aggregate", chunk.state))
    }
}

/// The chunks of a run and what they wait for.
#[derive(Clone, Debug, Default)]
pub struct LowState {
    pub(crate) chunks: Vec<LowChunk>,
    pub(crate) graph: Graph,
    /// The chunks in the order in which they run; one that a `prereq` names comes twice.
    pub(crate) order: Vec<usize>,
    /// Chunks that `disabled_states` keeps from running, with the glob.
    pub(crate) disabled: Vec<(LowChunk, String)>,
}

impl LowState {
    /// Takes high data apart and puts it in order. Errors are Salt's texts.
    pub fn compile(high: HighData, options: &LowOptions<'_>) -> Result<LowState, Vec<String>> {
        let mut low = LowState::default();
        let mut errors = Vec::new();
        for (id, body) in high.ids {
            let Value::Dict(body) = body else { continue };
            let Value::Str(id) = id else { continue };
            if id.starts_with("__") {
                continue;
            }
            let body = Arc::unwrap_or_clone(body);
            let from = [&KEYS.sls, &KEYS.env, &KEYS.included_from]
                .map(|key| body.get_value(key).map(|value| (key.clone(), value.clone())));
            for (state, args) in body {
                if is_dunder(&state) {
                    continue;
                }
                let mut chunk = Dict::with_capacity(7 + args.as_list().map_or(0, <[Value]>::len));
                chunk.append(KEYS.state.clone(), state);
                chunk.append(KEYS.name.clone(), Value::Str(id.clone()));
                from.iter().flatten().for_each(|(key, value)| chunk.append(key.clone(), value.clone()));
                chunk.append(KEYS.id.clone(), Value::Str(id.clone()));
                if let Err(error) = low.state(&id, chunk, &args, options) {
                    errors.push(error);
                }
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        low.put_in_order(options)?;
        Ok(low)
    }

    /// The chunks of a list as `state.low_chunks` takes it, unordered and with no requisites looked at.
    pub fn single(chunk: Dict) -> LowState {
        let mut low = LowState::default();
        low.add(chunk, None);
        low.order = (0..low.chunks.len()).collect();
        low
    }

    /// The chunks in the order in which they run, as `state.show_low_sls` prints them.
    pub fn chunks(&self) -> impl Iterator<Item = &LowChunk> {
        self.order.iter().filter_map(|i| self.chunks.get(*i))
    }

    /// The chunks in the order in which they run, each once, with its place.
    pub(crate) fn unique(&self) -> impl Iterator<Item = (usize, &LowChunk)> {
        let mut seen = vec![false; self.chunks.len()];
        let mut first = move |i: usize| seen.get_mut(i).is_some_and(|seen| !std::mem::replace(seen, true));
        self.order.iter().filter(move |i| first(**i)).filter_map(|i| Some((*i, self.chunks.get(*i)?)))
    }

    /// The list that `state.show_low_sls` returns.
    pub fn to_value(&self) -> Value {
        self.chunks().map(LowChunk::to_value).collect::<Vec<_>>().into()
    }

    /// The same without a second copy of it all.
    pub fn into_value(self) -> Value {
        let mut once: Vec<Option<Dict>> = self.chunks.into_iter().map(|chunk| Some(chunk.low)).collect();
        let mut out: Vec<Value> = Vec::with_capacity(self.order.len());
        let mut first = vec![None; once.len()];
        for (place, index) in self.order.into_iter().enumerate() {
            let low = once.get_mut(index).and_then(Option::take).map(Value::from);
            if let Some(first) = first.get_mut(index).filter(|_| low.is_some()) {
                *first = Some(place);
            }
            // A chunk comes a second time when a prereq names it.
            let again =
                || first.get(index).copied().flatten().and_then(|place: usize| out.get(place).cloned());
            if let Some(low) = low.or_else(again) {
                out.push(low);
            }
        }
        out.into()
    }

    /// Keeps only the chunks of one ID and what they wait for, as `state.sls_id` does.
    #[must_use]
    pub fn only_id(mut self, id: &str) -> LowState {
        let mut keep = vec![false; self.chunks.len()];
        let mut todo: Vec<usize> =
            self.chunks.iter().enumerate().filter(|(_, chunk)| *chunk.id == *id).map(|(i, _)| i).collect();
        while let Some(i) = todo.pop() {
            match keep.get_mut(i) {
                Some(kept) if !*kept => *kept = true,
                _ => continue,
            }
            // What a prereq names is only tried; the run sees to that.
            todo.extend(
                self.graph.dependencies(i, false).filter(|(k, _)| *k != Kind::Prereq).map(|(_, i)| i),
            );
        }
        self.order.retain(|i| keep.get(*i).is_some_and(|kept| *kept));
        self
    }

    /// How many chunks run.
    pub fn len(&self) -> usize {
        self.chunks.len()
    }

    /// Whether there is nothing to run.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    fn state(
        &mut self,
        id: &Arc<str>,
        mut chunk: Dict,
        args: &Value,
        options: &LowOptions<'_>,
    ) -> Result<(), String> {
        let mut fun = None;
        let mut names: IndexSet<Value, foldhash::fast::RandomState> = IndexSet::default();
        for arg in args.as_list().unwrap_or_default() {
            match arg {
                Value::Str(_) => fun = Some(arg.clone()),
                Value::Dict(arg) => {
                    for (key, value) in arg.iter() {
                        match key.as_str() {
                            Some("names") => {
                                names.extend(value.as_list().unwrap_or_default().iter().cloned())
                            }
                            // A chunk's module is not to be changed from within.
                            Some("state") => {}
                            Some("name") if value.as_str().is_none() => {
                                chunk.insert("name", Value::Str(id.clone()));
                            }
                            _ => {
                                chunk.insert(key.clone(), value.clone());
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        let Some(fun) = fun else { return Ok(()) };
        if names.is_empty() {
            chunk.insert(KEYS.fun.clone(), fun);
            self.add(chunk, Some(options));
            return Ok(());
        }
        for (place, entry) in names.into_iter().enumerate() {
            let mut live = chunk.clone();
            match entry.as_dict().and_then(|d| d.get_index(0)) {
                Some((name, args)) => {
                    live.insert("name", name.clone());
                    for arg in args.as_list().unwrap_or_default() {
                        match arg {
                            Value::Dict(arg) => live.extend(arg.iter().map(|(k, v)| (k.clone(), v.clone()))),
                            other => {
                                return Err(format!(
                                    "The arguments of the name '{name}' of ID '{id}' are not a list of single key \
                                     dictionaries: {other}"
                                ));
                            }
                        }
                    }
                    if args.as_list().is_none() {
                        return Err(format!(
                            "The arguments of the name '{name}' of ID '{id}' are not formed as a list"
                        ));
                    }
                }
                None => {
                    live.insert("name", entry);
                }
            }
            live.insert(KEYS.name_order.clone(), Value::Int(place as i64 + 1));
            live.insert(KEYS.fun.clone(), fun.clone());
            self.add(live, Some(options));
        }
        Ok(())
    }

    fn add(&mut self, low: Dict, options: Option<&LowOptions<'_>>) {
        let chunk = LowChunk::new(low);
        if let Some(options) = options {
            let full = chunk.full_fun();
            if let Some(pattern) =
                options.disabled_states.iter().find(|pattern| glob::matches(pattern, &full))
            {
                self.disabled.push((chunk, pattern.clone()));
                return;
            }
        }
        let place = self.graph.add_chunk(&chunk, &self.chunks);
        match self.chunks.get_mut(place) {
            // Two of one tag are one: the later wins.
            Some(there) => *there = chunk,
            None => self.chunks.push(chunk),
        }
    }

    fn put_in_order(&mut self, options: &LowOptions<'_>) -> Result<(), Vec<String>> {
        let mut cap = 1_i64;
        let mut errors = Vec::new();
        let mut watches = std::collections::HashMap::new();
        for index in 0..self.chunks.len() {
            let Some(chunk) = self.chunks.get_mut(index) else { continue };
            let mut kinds = Kinds::of(&chunk.low);
            if kinds.has(Kind::Watch) || kinds.has(Kind::WatchAny) {
                let has_watch = |state: &Arc<str>| (options.has_state)(&format!("{state}.mod_watch"));
                let module = chunk.state.clone();
                if !*watches.entry(module.clone()).or_insert_with(|| has_watch(&module)) {
                    watch_to_require(&mut chunk.low);
                    kinds = Kinds::of(&chunk.low);
                }
            }
            if let Err(error) =
                self.graph.add_requisites(index, kinds, &mut self.chunks, &options.disabled_requisites)
            {
                errors.push(error);
                continue;
            }
            let order =
                self.chunks.get(index).and_then(|chunk| chunk.low.get("order")).and_then(Value::as_int);
            if let Some(order) = order.filter(|order| *order > cap - 1 && *order > 0) {
                cap = order.saturating_add(100);
            }
        }
        match self.graph.sort(&mut self.chunks, cap) {
            Ok(order) => {
                let chunks = &self.chunks;
                self.graph.aggregate(&order, |chunk| {
                    chunks.get(chunk).filter(|c| options.aggregates(c)).map(|c| c.state.clone())
                });
                self.order = order;
            }
            Err(_) => {
                let cycle = self.graph.describe_cycle(&self.chunks);
                let how = "each of these waits for the next one; leave one of the requisites out";
                errors.push(hint::told(format!("Recursive requisites were found: {cycle}"), Some(how)));
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

/// A module without `mod_watch` can only require.
fn watch_to_require(low: &mut Dict) {
    for (watch, require) in [("watch", "require"), ("watch_any", "require_any")] {
        let Some(watched) = low.remove(watch) else { continue };
        let list = low.entry_or(require, Value::list);
        if let (Some(list), Some(watched)) = (list.as_list_mut(), watched.as_list()) {
            list.extend(watched.iter().cloned());
        }
    }
}

impl LowChunk {
    /// A chunk from its dict: `state`, `fun`, `name`, `__id__`, `__sls__`, `__env__` and arguments.
    pub fn new(low: Dict) -> Self {
        let text = |key: &str| match low.get(key) {
            Some(Value::Str(s)) => s.clone(),
            Some(other) if !other.is_none() => other.to_string().into(),
            _ => Arc::from(""),
        };
        let name = low.get("name").cloned().unwrap_or_default();
        let id = match low.get("__id__") {
            Some(_) => text("__id__"),
            None => name.to_string().into(),
        };
        let env = if low.contains("__env__") { text("__env__") } else { "base".into() };
        LowChunk {
            state: text("state"),
            fun: text("fun"),
            sfun: None,
            id,
            name,
            sls: text("__sls__"),
            env,
            watched: Vec::new(),
            low,
        }
    }

    /// What is wrong with it before it runs.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut errors = Vec::new();
        for key in ["state", "fun", "name"] {
            if !self.low.contains(key) {
                errors.push(format!("Missing \"{key}\" data"));
            }
        }
        if self.name.is_true() && self.name.as_str().is_none() {
            let sls = self.low.get("__sls__").map(|s| format!("in SLS '{s}' ")).unwrap_or_default();
            let kind = self.name.type_name();
            errors.push(format!("ID '{}' {sls}is not formed as a string, but is a {kind}", self.name));
        }
        if let Some(umask) = self.low.get("umask") {
            let text = umask.to_string();
            let digits = text.trim_start_matches("0o");
            if i64::from_str_radix(digits, 8).is_err() {
                errors.push(format!("Invalid umask: {umask}"));
            }
        }
        errors
    }
}
