//! What is below a directory, what of it is wanted, and what is to stay when it is cleaned.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use data::{Dict, Value};
use fancy_regex::Regex;
use proto::target::glob::Glob;

use super::recurse;
use super::util::expand_user;
use crate::Ctx;
use crate::host::HostError;
use crate::states::StateError;

/// Salt's `include_pat` and `exclude_pat`: globs, and regular expressions as `E@…`.
pub(crate) struct Filter {
    include: Option<Vec<Pattern>>,
    exclude: Vec<Pattern>,
}

enum Pattern {
    Glob(Glob),
    Regex(Regex),
}

impl Pattern {
    fn new(text: &str) -> Result<Pattern, fancy_regex::Error> {
        match text.strip_prefix("E@") {
            Some(regex) => Regex::new(regex).map(Pattern::Regex),
            None => Ok(Pattern::Glob(Glob::new(text))),
        }
    }

    fn fits(&self, path: &str) -> bool {
        match self {
            Pattern::Glob(glob) => glob.matches(path),
            Pattern::Regex(regex) => regex.is_match(path).unwrap_or(false),
        }
    }
}

impl Filter {
    /// By a text or a list of texts each; nothing includes everything and excludes nothing.
    pub(crate) fn new(include: &Value, exclude: &Value) -> Result<Filter, StateError> {
        let patterns = |given: &Value| -> Result<Vec<Pattern>, StateError> {
            let texts = match given {
                Value::List(list) => list.iter().map(Value::to_string).collect(),
                one if one.is_true() => vec![one.to_string()],
                _ => Vec::new(),
            };
            let read =
                |text: &String| Pattern::new(text).map_err(|e| StateError::refused(format!("'{text}': {e}")));
            texts.iter().map(read).collect()
        };
        let include = include.is_true().then(|| patterns(include)).transpose()?;
        Ok(Filter { include, exclude: patterns(exclude)? })
    }

    pub(crate) fn wants(&self, path: &str) -> bool {
        let fits = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.fits(path));
        self.include.as_deref().is_none_or(fits) && !fits(&self.exclude)
    }
}

/// One directory of a walk: the directories and the other things in it.
pub(super) struct Level {
    pub(super) dirs: Vec<PathBuf>,
    pub(super) files: Vec<PathBuf>,
}

/// Directories from the top; links to directories count as such and are not followed.
pub(super) fn walk(ctx: &Ctx<'_>, top: &Path, max_depth: Option<usize>) -> Result<Vec<Level>, HostError> {
    let mut levels = Vec::new();
    let mut stack = vec![(top.to_owned(), 0)];
    while let Some((at, depth)) = stack.pop() {
        if max_depth.is_some_and(|max| depth >= max) || !ctx.host.is_dir(&at) {
            continue;
        }
        let (mut dirs, mut files) = (Vec::new(), Vec::new());
        for name in ctx.host.list_dir(&at)? {
            let path = at.join(name);
            if ctx.host.is_dir(&path) {
                dirs.push(path);
            } else {
                files.push(path);
            }
        }
        for dir in dirs.iter().rev().filter(|dir| !ctx.host.is_link(dir)) {
            stack.push((dir.clone(), depth + 1));
        }
        levels.push(Level { dirs, files });
    }
    Ok(levels)
}

/// What the required states of `file` look after below a directory.
pub(super) fn required(ctx: &Ctx<'_>, name: &str, require: &Value) -> Result<HashSet<PathBuf>, StateError> {
    let mut keep = HashSet::new();
    let required: Vec<String> = require
        .as_list()
        .unwrap_or_default()
        .iter()
        .filter_map(|r| r.get("file"))
        .map(Value::to_string)
        .collect();
    for state in ctx.file_states() {
        if !required.contains(&state.name) && !required.contains(&state.id) {
            continue;
        }
        let path = PathBuf::from(expand_user(ctx, &state.name));
        if !ctx.host.is_dir(&path) {
            keep.insert(path);
        } else if path.starts_with(name) {
            match &state.recurse {
                Some(low) => keep.extend(recurse::managed_by(ctx, low)),
                None => {
                    keep.insert(path.clone());
                    for level in walk(ctx, &path, None)? {
                        keep.extend(level.files);
                        keep.extend(level.dirs);
                    }
                }
            }
        }
    }
    Ok(keep)
}

/// What is below a directory and neither kept nor above something kept.
pub(super) fn unwanted(
    ctx: &Ctx<'_>,
    name: &str,
    keep: &HashSet<PathBuf>,
    exclude: &Value,
) -> Result<Vec<PathBuf>, StateError> {
    let top = Path::new(name);
    let kept: HashSet<&Path> = keep.iter().flat_map(|path| path.ancestors()).collect();
    let filter = Filter::new(&Value::None, exclude)?;
    let mut found = Vec::new();
    for level in walk(ctx, top, None)? {
        found.extend(level.dirs.into_iter().chain(level.files).filter(|path| {
            let relative = path.strip_prefix(top).unwrap_or(path).display().to_string();
            !kept.contains(path.as_path()) && filter.wants(&relative)
        }));
    }
    Ok(found)
}

/// Takes it away, unless in test mode; what went.
pub(super) fn clean(
    ctx: &Ctx<'_>,
    name: &str,
    keep: &HashSet<PathBuf>,
    exclude: &Value,
) -> Result<Vec<String>, StateError> {
    let mut found = unwanted(ctx, name, keep, exclude)?;
    if !ctx.test {
        // What is in a directory goes with it, and Salt does not tell of it.
        let mut gone: HashSet<PathBuf> = HashSet::new();
        found.retain(|path| !path.ancestors().any(|above| gone.contains(above)) && gone.insert(path.clone()));
        for path in &found {
            ctx.host.remove_all(path)?;
        }
    }
    Ok(found.iter().map(|path| path.display().to_string()).collect())
}

/// An argument of a state that is not the one that runs.
pub(super) fn argument<'a>(low: &'a Dict, key: &str) -> &'a Value {
    const NONE: &Value = &Value::None;
    low.get(key).unwrap_or(NONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_include_and_exclude() {
        let list = |texts: &[&str]| Value::from(texts.to_vec());
        let wants =
            |include: Value, exclude: Value, path: &str| Filter::new(&include, &exclude).unwrap().wants(path);
        assert!(wants(Value::None, Value::None, "a"));
        assert!(wants("*.py".into(), Value::None, "b/a.py"));
        assert!(!wants("*.py".into(), Value::None, "a.txt"));
        assert!(!wants(Value::None, list(&["E@^x", "*.bak"]), "a.bak"));
        assert!(wants(list(&["E@y$"]), "b*".into(), "ay"));
        assert!(!wants(list(&["E@y$"]), "a*".into(), "ay"));
        assert!(Filter::new(&"E@(".into(), &Value::None).is_err());
    }
}
