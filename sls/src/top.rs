//! Top files: which SLS are for whom, for states and for pillar.

use data::{Dict, Value};
use indexmap::IndexMap;

use crate::render::{RenderError, Renderer};

/// Says whether a target matches this minion: the expression and the kind of match (`compound`, `glob`,
/// `pcre`, `grain`, `grain_pcre`, `pillar`, `pillar_pcre`, `list`, `ipcidr`, `nodegroup` …).
pub type TopMatcher<'a> = &'a dyn Fn(&str, &str) -> bool;

/// SLS names by environment, in order: what a top file comes to for one minion.
pub type Matches = Vec<(String, Vec<String>)>;

/// How top files of several environments become one (`top_file_merging_strategy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// The base environment decides; the others only for what it does not mention.
    #[default]
    Merge,
    /// Each environment for itself.
    Same,
    /// All say what they say, for all.
    MergeAll,
}

/// Where top files are and how they are merged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopOptions {
    /// Only this environment.
    pub saltenv: Option<String>,
    /// The path of the top file.
    pub file: String,
    /// Only this environment's top file (`state_top_saltenv`).
    pub only_from: Option<String>,
    /// How several are merged.
    pub strategy: Strategy,
    /// For `same`: whose top file counts for an environment without one.
    pub default_top: String,
    /// The order of the environments; all others are left out when there is one.
    pub env_order: Vec<String>,
}

impl TopOptions {
    /// From the configuration: `state_top`, `state_top_saltenv`, `top_file_merging_strategy`, `default_top`,
    /// `env_order`, `saltenv`.
    pub fn from_opts(opts: &Value) -> Self {
        let text = |key: &str| opts.get(key).filter(|v| v.is_true()).map(Value::to_string);
        let file = text("state_top").unwrap_or_else(|| "top.sls".to_owned());
        TopOptions {
            saltenv: text("saltenv"),
            file: file.trim_start_matches("salt://").trim_start_matches('/').to_owned(),
            only_from: text("state_top_saltenv"),
            strategy: match text("top_file_merging_strategy").as_deref() {
                Some("same") => Strategy::Same,
                Some("merge_all") => Strategy::MergeAll,
                _ => Strategy::Merge,
            },
            default_top: text("default_top").unwrap_or_default(),
            env_order: list(opts.get("env_order")),
        }
    }
}

fn list(value: Option<&Value>) -> Vec<String> {
    value.and_then(Value::as_list).into_iter().flatten().map(Value::to_string).collect()
}

/// Targets by environment, each with its list of SLS and match options.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Top(pub IndexMap<String, IndexMap<String, Value>>);

/// A top file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopError {
    /// It does not render.
    #[error("{0}")]
    Render(#[from] RenderError),
    /// It renders to something that is no top file.
    #[error("Unable to render top file. No targets found.")]
    NoTargets,
    /// The file list of an environment could not be had.
    #[error(transparent)]
    Fetch(#[from] crate::FetchError),
    /// `same` needs one.
    #[error("top_file_merging_strategy set to 'same', but no default_top configuration option was set")]
    NoDefault,
}

/// Top files by environment: the first one, then those that it includes.
type Files = IndexMap<String, Vec<Dict>>;

/// Reads and merges the top files of the state tree.
pub fn compile_top(renderer: &Renderer, options: &TopOptions) -> Result<Top, TopError> {
    if options.strategy == Strategy::Same && options.saltenv.is_none() && options.default_top.is_empty() {
        return Err(TopError::NoDefault);
    }
    let envs = match (&options.saltenv, &options.only_from) {
        (Some(env), _) | (None, Some(env)) => vec![env.clone()],
        (None, None) => environments(renderer, &options.env_order),
    };
    let mut files = read(renderer, &envs, &options.file)?;
    match options.strategy {
        Strategy::Merge => merge(&mut files),
        Strategy::Same => same(&files, &options.default_top),
        Strategy::MergeAll => merge_all(&files),
    }
}

/// The environments in the order in which they are gone through.
pub fn environments(renderer: &Renderer, env_order: &[String]) -> Vec<String> {
    let known = renderer.env().envs();
    let mut envs: Vec<String> = Vec::new();
    let base = String::from("base");
    let all = std::iter::once(&base).chain(&known);
    let wanted: Vec<&String> = if env_order.is_empty() {
        all.collect()
    } else {
        env_order.iter().filter(|e| known.contains(e)).collect()
    };
    for env in wanted {
        if !envs.contains(env) {
            envs.push(env.clone());
        }
    }
    envs
}

/// The top files of some environments, with those they include.
pub(crate) fn read(renderer: &Renderer, envs: &[String], path: &str) -> Result<Files, TopError> {
    let mut files = Files::new();
    for env in envs {
        let of_env = files.entry(env.clone()).or_default();
        let Some(first) = renderer.path(path, env)? else {
            of_env.push(Dict::new());
            continue;
        };
        let mut todo = vec![first];
        let mut done: Vec<String> = Vec::new();
        while let Some(value) = todo.pop() {
            let Value::Dict(top) = value else { return Err(TopError::NoTargets) };
            let mut top = std::sync::Arc::unwrap_or_clone(top);
            let mut included = Vec::new();
            for pattern in list(top.remove("include").as_ref()) {
                for sls in renderer.available(env)?.filter(&pattern) {
                    if !done.contains(&sls) {
                        included.extend(renderer.sls(&sls, env, &Dict::new())?.map(|r| r.value));
                        done.push(sls);
                    }
                }
            }
            of_env.push(top);
            todo.extend(included.into_iter().rev());
        }
    }
    Ok(files)
}

impl Top {
    fn set(&mut self, env: &str, target: &Value, data: Value) {
        self.0.entry(env.to_owned()).or_default().insert(target.to_string(), data);
    }
}

/// The sections of a top file: environment and targets.
fn sections(file: &Dict) -> impl Iterator<Item = Result<(String, &Dict), TopError>> {
    let sections = file.iter().filter(|(env, _)| env.as_str() != Some("include"));
    sections.map(|(env, targets)| match targets {
        Value::Dict(targets) => Ok((env.to_string(), &**targets)),
        _ => Err(TopError::NoTargets),
    })
}

fn merge(files: &mut Files) -> Result<Top, TopError> {
    let mut top = Top::default();
    for file in files.shift_remove("base").unwrap_or_default() {
        for section in sections(&file) {
            let (env, targets) = section?;
            targets.iter().for_each(|(target, data)| top.set(&env, target, data.clone()));
        }
    }
    let from_base: Vec<String> = top.0.keys().cloned().collect();
    for (of, files) in files.iter() {
        for file in files {
            for section in sections(file) {
                let (env, targets) = section?;
                if env == *of && !from_base.contains(&env) {
                    targets.iter().for_each(|(target, data)| top.set(&env, target, data.clone()));
                }
            }
        }
    }
    Ok(top)
}

fn same(files: &Files, default_top: &str) -> Result<Top, TopError> {
    let mut top = Top::default();
    for (of, own) in files {
        let has_own = own.iter().any(|file| !file.is_empty());
        let of_files = if has_own { Some(own) } else { files.get(default_top) };
        for file in of_files.into_iter().flatten() {
            for section in sections(file) {
                let (env, targets) = section?;
                if env == *of {
                    targets.iter().for_each(|(target, data)| top.set(&env, target, data.clone()));
                }
            }
        }
    }
    Ok(top)
}

fn merge_all(files: &Files) -> Result<Top, TopError> {
    let mut top = Top::default();
    for file in files.values().flatten() {
        for section in sections(file) {
            let (env, targets) = section?;
            for (target, data) in targets {
                let there = top.0.get(&env).and_then(|targets| targets.get(&target.to_string()));
                let data = match there {
                    Some(there) => both(there, data),
                    None => data.clone(),
                };
                top.set(&env, target, data);
            }
        }
    }
    Ok(top)
}

/// Two lists for one target: the later match option, then all SLS.
fn both(first: &Value, second: &Value) -> Value {
    let parts = |value: &Value| {
        let items = value.as_list().unwrap_or_default();
        let option = items.iter().rfind(|i| i.as_dict().is_some()).cloned();
        let states: Vec<Value> = items.iter().filter(|i| i.as_str().is_some()).cloned().collect();
        (option, states)
    };
    let ((option1, states1), (option2, states2)) = (parts(first), parts(second));
    let mut merged: Vec<Value> = option2.or(option1).into_iter().chain(states1).collect();
    for state in states2 {
        if !merged.contains(&state) {
            merged.push(state);
        }
    }
    merged.into()
}

impl Top {
    /// What is malformed, in Salt's words.
    pub fn verify(&self) -> Vec<String> {
        let mut errors = Vec::new();
        for (env, targets) in &self.0 {
            if env.is_empty() {
                errors.push("Empty saltenv statement in top file".to_owned());
            }
            for (target, data) in targets {
                let Some(items) = data.as_list() else {
                    errors.push(format!(
                        "Malformed topfile: state declarations for matcher {:?} in saltenv {:?} are not formed as a \
                         list (got {})",
                        Value::from(target.as_str()),
                        Value::from(env.as_str()),
                        data.type_name()
                    ));
                    continue;
                };
                for item in items {
                    match item {
                        Value::Dict(options) => {
                            errors.extend(options.values().filter(|v| !v.is_true()).map(|value| {
                                format!(
                                    "Improperly formatted top file matcher in saltenv {item}: {value} file"
                                )
                            }))
                        }
                        Value::Str(sls) if sls.is_empty() => {
                            errors.push(format!("Environment {env} contains an empty sls index"));
                        }
                        _ => {}
                    }
                }
            }
        }
        errors
    }

    /// The SLS for the minion that `matcher` speaks for; of one environment only where one is given.
    pub fn matches(&self, renderer: &Renderer, saltenv: Option<&str>, matcher: TopMatcher<'_>) -> Matches {
        let mut found: IndexMap<String, Vec<String>> = IndexMap::new();
        for (env, targets) in &self.0 {
            if saltenv.is_some_and(|only| only != env) {
                continue;
            }
            for (target, data) in targets {
                of_target(renderer, env, target, data, matcher, &mut found);
            }
        }
        found.into_iter().collect()
    }
}

fn of_target(
    renderer: &Renderer,
    env: &str,
    target: &str,
    data: &Value,
    matcher: TopMatcher<'_>,
    found: &mut IndexMap<String, Vec<String>>,
) {
    let items = data.as_list().unwrap_or_else(|| std::slice::from_ref(data));
    if !matcher(target, kind(items)) {
        return;
    }
    found.entry(env.to_owned()).or_default();
    for item in items {
        if let Some(sls) = item.as_str() {
            found.entry(env.to_owned()).or_default().push(sls.to_owned());
            continue;
        }
        let Some(options) = item.as_dict() else { continue };
        for (target, data) in options.get("subfilter").and_then(Value::as_dict).into_iter().flatten() {
            of_target(renderer, env, &target.to_string(), data, matcher, found);
        }
        // `{dev: sls}` takes an SLS from another environment.
        if let Some((other, sls)) = options.iter().next_back() {
            let other = other.to_string();
            if !options.contains("subfilter") && renderer.has_env(&other) {
                found.entry(other).or_default().push(sls.to_string());
            }
        }
    }
}

/// The kind of match that the options of a target ask for.
pub(crate) fn kind(items: &[Value]) -> &str {
    items.iter().filter_map(|item| item.get("match")?.as_str()).next_back().unwrap_or("compound")
}
