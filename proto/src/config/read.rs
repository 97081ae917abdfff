//! Reads config files: the file, what it includes, the defaults under it, and each key with its type.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use data::{Dict, Value};

use super::ConfigError;
use crate::target::glob::Glob;

/// How many files one `include` chain may go deep.
const MAX_INCLUDE_DEPTH: usize = 8;

/// A config as read: the defaults with the files' keys over them, and who set what.
pub(super) struct Source {
    merged: Dict,
    /// The keys there are defaults for.
    known: Vec<String>,
    /// The file each key came from; keys of the defaults are not in here.
    origin: BTreeMap<String, PathBuf>,
    main: PathBuf,
}

impl Source {
    /// Reads `dir/name` and what it includes over `defaults`. A missing main file means the defaults alone.
    pub(super) fn read(dir: &Path, name: &str, defaults: &str) -> Result<Self, ConfigError> {
        let main = dir.join(name);
        let defaults = parse(Path::new("the built-in defaults"), defaults)?;
        let known = defaults.keys().map(Value::to_string).collect();
        let mut source = Source { merged: defaults, known, origin: BTreeMap::new(), main: main.clone() };
        let top = match std::fs::read_to_string(&main) {
            Ok(text) => parse(&main, &text)?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Dict::new(),
            Err(e) => return Err(ConfigError::Read { file: main, source: Arc::new(e) }),
        };
        let default_include = top
            .get("default_include")
            .or_else(|| source.merged.get("default_include"))
            .and_then(Value::as_str)
            .map(str::to_owned);
        let mut includes = patterns(&main, top.get("include"))?;
        source.add(&main, top);
        includes.extend(default_include);
        source.include(dir, &includes, 0)?;
        Ok(source)
    }

    /// Reads a file over options that are there already.
    pub(super) fn over(opts: Dict, file: &Path) -> Result<Self, ConfigError> {
        let known = opts.keys().map(Value::to_string).collect();
        let mut source = Source { merged: opts, known, origin: BTreeMap::new(), main: file.to_owned() };
        match std::fs::read_to_string(file) {
            Ok(text) => source.add(file, parse(file, &text)?),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(ConfigError::Read { file: file.to_owned(), source: Arc::new(e) }),
        }
        Ok(source)
    }

    /// Adds one key from outside the files (the environment).
    pub(super) fn set(&mut self, key: &str, value: Value, from: &str) {
        self.origin.insert(key.to_owned(), PathBuf::from(from));
        self.merged.insert(key, value);
    }

    fn include(&mut self, base: &Path, patterns_: &[String], depth: usize) -> Result<(), ConfigError> {
        for pattern in patterns_ {
            let files = expand(base, pattern);
            if depth >= MAX_INCLUDE_DEPTH && !files.is_empty() {
                return Err(ConfigError::IncludeDepth { file: base.join(pattern) });
            }
            for file in files {
                let text = std::fs::read_to_string(&file)
                    .map_err(|e| ConfigError::Read { file: file.clone(), source: Arc::new(e) })?;
                let found = parse(&file, &text)?;
                let more = patterns(&file, found.get("include"))?;
                let dir = file.parent().unwrap_or(base).to_owned();
                self.add(&file, found);
                self.include(&dir, &more, depth + 1)?;
            }
        }
        Ok(())
    }

    /// Puts a file's keys over what is there: dicts that files set merge, a default is replaced as a whole.
    fn add(&mut self, file: &Path, found: Dict) {
        for (key, value) in found {
            let Some(name) = key.as_str().map(str::to_owned) else {
                self.origin.insert(key.to_string(), file.to_owned());
                continue;
            };
            let value = match self.merged.get(&name) {
                Some(old) if self.origin.contains_key(&name) => {
                    data::merge::merge(old, &value, data::merge::Strategy::Recurse, false)
                }
                _ => value,
            };
            self.origin.insert(name.clone(), file.to_owned());
            self.merged.insert(name, value);
        }
    }

    /// The names that files set and neither the defaults nor `salt_keys` know.
    pub(super) fn unknown(&self, salt_keys: &str) -> Vec<String> {
        self.origin
            .keys()
            .filter(|k| !self.known.contains(k) && *k != "include" && !salt_keys.lines().any(|s| s == *k))
            .cloned()
            .collect()
    }

    /// Everything, for `config.get` and `opts` in templates.
    pub(super) fn into_opts(self) -> Value {
        self.merged.into()
    }

    fn at(&self, key: &str) -> PathBuf {
        self.origin.get(key).cloned().unwrap_or_else(|| self.main.clone())
    }

    fn wrong(&self, key: &str, expected: &'static str) -> ConfigError {
        let found = self.value(key);
        let mut found = format!("{found:?}");
        if found.len() > 60 {
            found.truncate((0..=60).rev().find(|i| found.is_char_boundary(*i)).unwrap_or(0));
            found.push('…');
        }
        ConfigError::Type { file: self.at(key), key: key.to_owned(), expected, found }
    }

    /// The value of a key; none where neither file nor defaults have it.
    pub(super) fn value(&self, key: &str) -> &Value {
        self.merged.get(key).unwrap_or(&Value::None)
    }

    /// Text; a number is taken as it is written.
    pub(super) fn text(&self, key: &str) -> Result<String, ConfigError> {
        match self.value(key) {
            Value::Str(s) => Ok(s.to_string()),
            v @ (Value::Int(_) | Value::Float(_) | Value::BigInt(_)) => Ok(v.to_string()),
            Value::None => Ok(String::new()),
            _ => Err(self.wrong(key, "text")),
        }
    }

    /// Text, none when it is empty or null.
    pub(super) fn text_opt(&self, key: &str) -> Result<Option<String>, ConfigError> {
        Ok(Some(self.text(key)?).filter(|t| !t.is_empty()))
    }

    /// A whole number that fits `T`; text with digits is taken too.
    pub(super) fn int<T: TryFrom<i64>>(&self, key: &str) -> Result<T, ConfigError> {
        let n = match self.value(key) {
            Value::Int(i) => Some(*i),
            Value::Float(f) if f.fract() == 0.0 && f.abs() < 1e15 => Some(*f as i64),
            Value::Str(s) => s.trim().parse().ok(),
            _ => None,
        };
        n.and_then(|n| T::try_from(n).ok()).ok_or_else(|| self.wrong(key, "a whole number in range"))
    }

    /// Seconds, whole or not.
    pub(super) fn seconds(&self, key: &str) -> Result<f64, ConfigError> {
        let n = match self.value(key) {
            Value::Str(s) => s.trim().parse().ok(),
            Value::Bool(_) => None,
            v => v.as_f64(),
        };
        n.filter(|n: &f64| n.is_finite() && *n >= 0.0).ok_or_else(|| self.wrong(key, "a number of seconds"))
    }

    /// Yes or no.
    pub(super) fn flag(&self, key: &str) -> Result<bool, ConfigError> {
        match self.value(key) {
            Value::Bool(b) => Ok(*b),
            Value::Int(0) | Value::None => Ok(false),
            Value::Int(1) => Ok(true),
            Value::Str(s) if s.eq_ignore_ascii_case("true") => Ok(true),
            Value::Str(s) if s.is_empty() || s.eq_ignore_ascii_case("false") => Ok(false),
            _ => Err(self.wrong(key, "true or false")),
        }
    }

    /// A list of texts; one text is a list of one.
    pub(super) fn texts(&self, key: &str) -> Result<Vec<String>, ConfigError> {
        match self.value(key) {
            Value::None => Ok(Vec::new()),
            Value::List(items) => items
                .iter()
                .map(|v| match v {
                    Value::Str(_) | Value::Int(_) | Value::Float(_) => Ok(v.to_string()),
                    _ => Err(self.wrong(key, "a list of texts")),
                })
                .collect(),
            Value::Str(s) if s.is_empty() => Ok(Vec::new()),
            Value::Str(s) => Ok(vec![s.to_string()]),
            _ => Err(self.wrong(key, "a text or a list of texts")),
        }
    }

    /// A map.
    pub(super) fn map(&self, key: &str) -> Result<Arc<Dict>, ConfigError> {
        match self.value(key) {
            Value::Dict(d) => Ok(Arc::clone(d)),
            Value::None => Ok(Arc::default()),
            _ => Err(self.wrong(key, "a map")),
        }
    }

    /// One of a few words.
    pub(super) fn word(
        &self,
        key: &str,
        words: &'static [&'static str],
        expected: &'static str,
    ) -> Result<String, ConfigError> {
        let text = self.text(key)?.to_ascii_lowercase();
        if words.contains(&text.as_str()) { Ok(text) } else { Err(self.wrong(key, expected)) }
    }

    /// A path, moved under `root_dir` unless that is `/` or the path is there already.
    pub(super) fn path(&self, key: &str, root: &Path) -> Result<PathBuf, ConfigError> {
        let path = PathBuf::from(self.text(key)?);
        Ok(under_root(root, &path))
    }

    /// A path as [`Source::path`], none when it is not set.
    pub(super) fn path_opt(&self, key: &str, root: &Path) -> Result<Option<PathBuf>, ConfigError> {
        Ok(self.text_opt(key)?.map(|p| under_root(root, Path::new(&p))))
    }

    /// Environments and their directories: `{base: [/srv/salt]}`.
    pub(super) fn roots(&self, key: &str) -> Result<Roots, ConfigError> {
        let wrong = || self.wrong(key, "a map of environments to lists of directories");
        let mut roots = Roots::default();
        for (env, dirs) in self.map(key)?.iter() {
            let dirs = match dirs {
                Value::None => Vec::new(),
                Value::Str(s) => vec![PathBuf::from(&**s)],
                Value::List(l) => l
                    .iter()
                    .map(|d| d.as_str().map(PathBuf::from))
                    .collect::<Option<_>>()
                    .ok_or_else(wrong)?,
                _ => return Err(wrong()),
            };
            roots.0.push((env.to_string(), dirs));
        }
        Ok(roots)
    }
}

/// The directories of each environment, in the order of the config.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roots(pub Vec<(String, Vec<PathBuf>)>);

impl Roots {
    /// The directories of an environment. `__env__` stands for every environment that is not named.
    pub fn of(&self, env: &str) -> Option<&[PathBuf]> {
        let named = |name: &str| self.0.iter().find(|(e, _)| e == name).map(|(_, dirs)| dirs.as_slice());
        named(env).or_else(|| named("__env__"))
    }

    /// The names of the environments.
    pub fn envs(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(e, _)| e.as_str())
    }
}

fn under_root(root: &Path, path: &Path) -> PathBuf {
    if root == Path::new("/") || path.starts_with(root) {
        return path.to_owned();
    }
    root.join(path.strip_prefix("/").unwrap_or(path))
}

fn parse(file: &Path, text: &str) -> Result<Dict, ConfigError> {
    match data::yaml::load(text) {
        Ok(Value::Dict(d)) => Ok(Arc::unwrap_or_clone(d)),
        Ok(Value::None) => Ok(Dict::new()),
        Ok(other) => Err(ConfigError::NotAMap { file: file.to_owned(), found: other.type_name() }),
        Err(e) => Err(ConfigError::Yaml { file: file.to_owned(), message: one_line(&e.to_string()) }),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn patterns(file: &Path, include: Option<&Value>) -> Result<Vec<String>, ConfigError> {
    let wrong = |v: &Value| ConfigError::Type {
        file: file.to_owned(),
        key: "include".to_owned(),
        expected: "a path or a list of paths",
        found: format!("{v:?}"),
    };
    match include {
        None | Some(Value::None) => Ok(Vec::new()),
        Some(Value::Str(s)) => Ok(vec![s.to_string()]),
        Some(v @ Value::List(l)) => {
            l.iter().map(|p| p.as_str().map(str::to_owned)).collect::<Option<_>>().ok_or_else(|| wrong(v))
        }
        Some(v) => Err(wrong(v)),
    }
}

/// The files a pattern such as `master.d/*.conf` stands for, sorted; globs in the last part only.
fn expand(base: &Path, pattern: &str) -> Vec<PathBuf> {
    let full = base.join(pattern);
    let (Some(dir), Some(name)) = (full.parent(), full.file_name().and_then(|n| n.to_str())) else {
        return Vec::new();
    };
    if !name.contains(['*', '?', '[']) {
        return if full.is_file() { vec![full.clone()] } else { Vec::new() };
    }
    let glob = Glob::new(name);
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .filter(|e| e.file_name().to_str().is_some_and(|n| glob.matches(n) && !n.starts_with('.')))
        .map(|e| e.path())
        .filter(|p| p.is_file())
        .collect();
    files.sort();
    files
}
