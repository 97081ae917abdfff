//! Pillar from its SLS files: top file, render, include, merge.

use std::collections::HashMap;

use data::merge::{Strategy, merge};
use data::{Dict, Value};
use indexmap::IndexMap;

use crate::render::{RenderedSls, Renderer};
use crate::top::{self, TopMatcher};

/// How deep pillar files may include each other.
const MAX_DEPTH: usize = 128;

/// How pillar is made.
#[derive(Clone, Debug, PartialEq)]
pub struct PillarOptions {
    /// Only this environment (`pillarenv`).
    pub pillarenv: Option<String>,
    /// The minion's environment; with the strategy `none` only its pillar counts.
    pub saltenv: Option<String>,
    /// The path of the top file (`state_top`).
    pub top: String,
    /// How files are merged (`pillar_source_merging_strategy`).
    pub strategy: Strategy,
    /// Whether lists are merged too (`pillar_merge_lists`).
    pub merge_lists: bool,
    /// What a file includes wins over what it says itself (`pillar_includes_override_sls`).
    pub includes_override: bool,
    /// Errors name the file and nothing of its content (`pillar_safe_render_error`).
    pub safe_errors: bool,
    /// The order in which environments are merged (`env_order`).
    pub env_order: Vec<String>,
    /// What the pillar starts from (`pillar=` on the command line).
    pub start: Dict,
}

impl PillarOptions {
    /// From the configuration.
    pub fn from_opts(opts: &Value) -> Self {
        let text = |key: &str| opts.get(key).filter(|v| v.is_true()).map(Value::to_string);
        let flag = |key: &str, default| opts.get(key).map_or(default, Value::is_true);
        let top = top::TopOptions::from_opts(opts);
        PillarOptions {
            pillarenv: text("pillarenv"),
            saltenv: text("saltenv"),
            top: top.file,
            strategy: text("pillar_source_merging_strategy").and_then(|s| s.parse().ok()).unwrap_or_default(),
            merge_lists: flag("pillar_merge_lists", false),
            includes_override: flag("pillar_includes_override_sls", false),
            safe_errors: flag("pillar_safe_render_error", true),
            env_order: top.env_order,
            start: Dict::new(),
        }
    }
}

/// Compiles the pillar of the minion that `matcher` speaks for. What went wrong is under `_errors`; an
/// error never holds anything of another minion's pillar.
pub fn compile(renderer: &Renderer, options: &PillarOptions, matcher: TopMatcher<'_>) -> Value {
    let mut pillar = Pillar { renderer, options, ignored: IndexMap::new(), errors: Vec::new() };
    let top = pillar.top();
    let mut out = Value::from(options.start.clone());
    for (env, files) in pillar.matches(&top, matcher) {
        let mut done = HashMap::new();
        for sls in pillar.expand(&env, &files) {
            if let Some(part) = pillar.sls(&sls, &env, &Dict::new(), 0, &mut done)
                && part.as_dict().is_some()
            {
                out = pillar.merge(&out, &part);
            }
        }
    }
    if !pillar.errors.is_empty() {
        let errors: Vec<Value> = pillar.errors.into_iter().map(Value::from).collect();
        if let Some(out) = out.as_dict_mut() {
            out.insert("_errors", errors);
        }
    }
    out
}

/// Targets of one environment: what they list, and their place.
type Targets = IndexMap<String, (Vec<Value>, i64)>;

struct Pillar<'a> {
    renderer: &'a Renderer,
    options: &'a PillarOptions,
    /// SLS that may be missing, by environment.
    ignored: IndexMap<String, Vec<String>>,
    errors: Vec<String>,
}

impl Pillar<'_> {
    fn merge(&self, base: &Value, over: &Value) -> Value {
        merge(base, over, self.options.strategy, self.options.merge_lists)
    }

    fn top(&mut self) -> IndexMap<String, Targets> {
        let all = top::environments(self.renderer, &[]);
        let envs: Vec<String> = match &self.options.pillarenv {
            Some(env) => all.into_iter().filter(|e| e == env).collect(),
            None if self.options.strategy == Strategy::None => {
                let only = self.options.saltenv.as_deref().unwrap_or("base");
                all.into_iter().filter(|e| e == only).collect()
            }
            None => all,
        };
        let files = match top::read(self.renderer, &envs, &self.options.top) {
            Ok(files) => files,
            Err(e) => {
                self.errors.push(format!("Rendering Primary Top file failed, render error:\n{e}"));
                return IndexMap::new();
            }
        };
        let mut out: IndexMap<String, Targets> = IndexMap::new();
        for (env, targets) in files.values().flatten().flatten() {
            let Some(targets) = targets.as_dict() else {
                self.errors.push("Error encountered while rendering pillar top file.".to_owned());
                return IndexMap::new();
            };
            let env = env.to_string();
            for (target, items) in targets {
                // A text in place of the list is taken letter by letter, as in Salt: the errors tell of it.
                let letters: Vec<Value> = match items {
                    Value::Str(text) => text.chars().map(|c| c.to_string().into()).collect(),
                    _ => Vec::new(),
                };
                let (entry, may_miss) = read_target(items.as_list().unwrap_or(&letters));
                if may_miss {
                    let names = entry.0.iter().filter_map(|item| item.as_str().map(str::to_owned));
                    self.ignored.entry(env.clone()).or_default().extend(names);
                }
                out.entry(env.clone()).or_default().insert(target.to_string(), entry);
            }
        }
        out.values_mut().for_each(|targets| targets.sort_by(|_, (_, a), _, (_, b)| a.cmp(b)));
        out
    }

    fn matches(
        &self,
        top: &IndexMap<String, Targets>,
        matcher: TopMatcher<'_>,
    ) -> Vec<(String, Vec<String>)> {
        let mut found: Vec<(String, Vec<String>)> = Vec::new();
        for (env, targets) in top {
            if self.options.pillarenv.as_ref().is_some_and(|only| only != env) {
                continue;
            }
            let mut files: Vec<String> = Vec::new();
            for (target, (items, _)) in targets {
                if matcher(target, top::kind(items)) {
                    for sls in items.iter().filter_map(Value::as_str) {
                        if !files.iter().any(|f| f == sls) {
                            files.push(sls.to_owned());
                        }
                    }
                }
            }
            found.push((env.clone(), files));
        }
        let place = |env: &str| self.options.env_order.iter().position(|e| e == env).unwrap_or(usize::MAX);
        found.sort_by_key(|(env, _)| place(env));
        found
    }

    fn expand(&mut self, env: &str, names: &[String]) -> Vec<String> {
        let mut out = Vec::new();
        let known = self.renderer.has_env(env);
        for name in names {
            if !known {
                self.errors.push(format!("No matching pillar environment for environment '{env}' found"));
            }
            let found =
                self.renderer.available(env).map(|available| available.filter(name)).unwrap_or_default();
            if found.is_empty() {
                out.push(name.clone());
            }
            out.extend(found);
        }
        out
    }

    fn sls(
        &mut self,
        sls: &str,
        env: &str,
        defaults: &Dict,
        depth: usize,
        done: &mut HashMap<String, Option<Value>>,
    ) -> Option<Value> {
        let rendered = match self.renderer.sls(sls, env, defaults) {
            Ok(Some(rendered)) => rendered,
            // That there is no such environment has been said.
            Ok(None) if !self.renderer.has_env(env) => return None,
            Ok(None) => {
                if !self.ignored.get(env).is_some_and(|names| names.iter().any(|n| n == sls)) {
                    self.errors.push(format!(
                        "Specified SLS '{sls}' in environment '{env}' is not available on the salt master"
                    ));
                    done.insert(sls.to_owned(), None);
                }
                return None;
            }
            Err(e) => {
                self.errors.push(if self.options.safe_errors {
                    format!("Rendering SLS '{sls}' failed. Please see master log for details.")
                } else {
                    format!("Rendering SLS '{sls}' failed, render error:\n{e}")
                });
                done.insert(sls.to_owned(), None);
                return None;
            }
        };
        done.insert(sls.to_owned(), Some(rendered.value.clone()));
        let RenderedSls { value, is_init, .. } = rendered;
        let Value::Dict(own) = value else {
            if value.is_true() {
                self.errors.push(format!("SLS '{sls}' does not render to a dictionary"));
            }
            return None;
        };
        let mut own = std::sync::Arc::unwrap_or_clone(own);
        let includes = match own.get("include") {
            None => return Some(own.into()),
            Some(Value::List(_)) => own.remove("include"),
            Some(_) => {
                self.errors.push(format!("Include Declaration in SLS '{sls}' is not formed as a list"));
                return Some(own.into());
            }
        };
        done.insert(sls.to_owned(), Some(own.clone().into()));
        let mut parts = Vec::new();
        // As in Salt they hold until others are given: for what comes after, and what is included there.
        let mut defaults = std::borrow::Cow::Borrowed(defaults);
        for item in includes.as_ref().and_then(Value::as_list).unwrap_or_default() {
            let include = Include::new(item);
            if let Some(given) = &include.defaults {
                defaults = std::borrow::Cow::Owned(given.clone());
            }
            for name in self.include_names(&include.name, sls, env, is_init) {
                if depth >= MAX_DEPTH {
                    self.errors.push(format!("SLS '{sls}' is included more than {MAX_DEPTH} levels deep"));
                    continue;
                }
                let part = match done.get(&name) {
                    Some(known) => known.clone(),
                    None => self.sls(&name, env, &defaults, depth + 1, done),
                };
                parts.extend(part.filter(Value::is_true).map(|part| include.under_key(part)));
            }
        }
        let own = Value::from(own);
        let all: Vec<Value> = if self.options.includes_override {
            [vec![own], parts].concat()
        } else {
            [parts, vec![own]].concat()
        };
        all.into_iter().reduce(|base, over| self.merge(&base, &over))
    }

    fn include_names(&self, name: &str, sls: &str, env: &str, is_init: bool) -> Vec<String> {
        let Ok(available) = self.renderer.available(env) else { return vec![name.to_owned()] };
        let mut found = available.filter(&name.trim_start_matches('.').replace('/', "."));
        let mut full = name.to_owned();
        if let Some(relative) = name.strip_prefix('.') {
            let mut parts: Vec<&str> = sls.split('.').collect();
            if !is_init {
                parts.pop();
            }
            parts.push(relative);
            full = parts.join(".");
        }
        for name in available.filter(&full) {
            if !found.contains(&name) {
                found.push(name);
            }
        }
        if found.is_empty() { vec![full] } else { found }
    }
}

/// An item of `include`: a name, or `{name: {defaults: …, key: a:b}}`.
struct Include {
    name: String,
    /// None where the item is a name only.
    defaults: Option<Dict>,
    key: Option<String>,
}

impl Include {
    fn new(item: &Value) -> Self {
        let (name, options) = match item.as_dict().and_then(|d| d.get_index(0)) {
            Some((name, options)) => (name.to_string(), Some(options)),
            None => (item.to_string(), None),
        };
        let defaults =
            options.map(|o| o.get("defaults").and_then(Value::as_dict).cloned().unwrap_or_default());
        let key = options.and_then(|o| o.get("key")).filter(|v| v.is_true()).map(Value::to_string);
        Include { name, defaults, key }
    }

    fn under_key(&self, part: Value) -> Value {
        let Some(key) = &self.key else { return part };
        key.rsplit(':').fold(part, |part, key| Dict::new().with(key, part).into())
    }
}

/// What a target of a top file lists: its match options and SLS, its place; and whether files may be missing.
fn read_target(items: &[Value]) -> ((Vec<Value>, i64), bool) {
    let mut options = Vec::new();
    let mut files: Vec<Value> = Vec::new();
    let (mut order, mut may_miss) = (0, false);
    for item in items {
        match item {
            Value::Str(_) if !files.contains(item) => files.push(item.clone()),
            Value::Dict(d) => {
                if d.contains("match") {
                    options.push(item.clone());
                }
                if let Some(place) = d.get("order") {
                    order = place.as_int().or_else(|| place.to_string().trim().parse().ok()).unwrap_or(0);
                }
                may_miss |= d.get("ignore_missing").is_some_and(Value::is_true);
            }
            _ => {}
        }
    }
    options.extend(files);
    ((options, order), may_miss)
}
