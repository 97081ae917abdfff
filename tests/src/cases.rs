//! Folders of cases: what is in them.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// What is in a directory, sorted; nothing when it is not there.
pub fn entries(dir: &Path) -> Vec<PathBuf> {
    let read = std::fs::read_dir(dir).into_iter().flatten();
    let mut paths: Vec<PathBuf> = read.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
}

/// A path below `base`, as text.
pub fn relative(path: &Path, base: &Path) -> String {
    path.strip_prefix(base).unwrap_or(path).display().to_string()
}

/// A YAML text of the tests' own.
///
/// # Panics
/// When it is none.
#[track_caller]
pub fn yaml(text: &str) -> Value {
    match data::yaml::load(text).map(|value| serde_json::to_value(&value)) {
        Ok(Ok(value)) => value,
        Ok(Err(error)) => panic!("not JSON: {error}\n{text}"),
        Err(error) => panic!("{error}\n{text}"),
    }
}
