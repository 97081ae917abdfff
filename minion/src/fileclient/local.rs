//! Files from the roots of this machine (`file_client: local`).

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use data::Value;
use proto::config::Roots;
use proto::target::glob::Glob;

use super::{FetchError, FileClient, FileStat};

/// Links nested deeper than this are taken for a loop.
const MAX_DEPTH: usize = 64;

/// The files below directories, by environment; of two files with the same path the first root's counts.
#[derive(Clone, Debug, Default)]
pub struct LocalFiles {
    roots: Roots,
    follow_links: bool,
    ignore: Vec<Glob>,
}

impl LocalFiles {
    /// Files below these roots.
    pub fn new(roots: Roots) -> Self {
        LocalFiles { roots, follow_links: true, ignore: Vec::new() }
    }

    /// As the configuration says: `file_ignore_glob` and `fileserver_followsymlinks` are kept to.
    pub fn from_opts(roots: Roots, opts: &Value) -> Self {
        let globs = opts.get("file_ignore_glob").and_then(Value::as_list).unwrap_or_default();
        LocalFiles {
            roots,
            follow_links: opts.get("fileserver_followsymlinks").is_none_or(Value::is_true),
            ignore: globs.iter().filter_map(Value::as_str).map(Glob::new).collect(),
        }
    }

    /// Where a file lies; none when there is none. A path that leads out of the roots is refused.
    fn find(&self, path: &str, saltenv: &str) -> Result<Option<PathBuf>, FetchError> {
        let refused = |reason: &str| FetchError {
            path: path.to_owned(),
            saltenv: saltenv.to_owned(),
            reason: reason.to_owned(),
        };
        let inside =
            Path::new(path).components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
        if !inside || path.contains('\0') {
            return Err(refused("the path leads out of the roots"));
        }
        if self.is_ignored(path) {
            return Ok(None);
        }
        let found = self.dirs_of(saltenv).map(|root| root.join(path)).find(|at| at.is_file());
        Ok(found.filter(|at| self.follow_links || !at.is_symlink()))
    }

    fn dirs_of<'a>(&'a self, saltenv: &'a str) -> impl Iterator<Item = PathBuf> + 'a {
        let dirs = self.roots.of(saltenv).unwrap_or_default().iter();
        dirs.map(move |dir| match dir.to_str() {
            Some(text) if text.contains("__env__") => PathBuf::from(text.replace("__env__", saltenv)),
            _ => dir.clone(),
        })
    }

    fn is_ignored(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.ignore.iter().any(|glob| glob.matches(path) || glob.matches(name))
    }

    fn walk(&self, saltenv: &str) -> (BTreeSet<String>, BTreeSet<String>) {
        let (mut files, mut dirs) = (BTreeSet::new(), BTreeSet::new());
        for root in self.dirs_of(saltenv) {
            self.walk_dir(&root, "", 0, &mut files, &mut dirs);
        }
        (files, dirs)
    }

    fn links_in(&self, dir: &Path, prefix: &str, depth: usize, found: &mut BTreeMap<String, String>) {
        let Ok(entries) = std::fs::read_dir(dir) else { return };
        for entry in entries.flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
            let Ok(kind) = entry.file_type() else { continue };
            if self.is_ignored(&path) {
                continue;
            }
            if kind.is_dir() && depth < MAX_DEPTH {
                self.links_in(&entry.path(), &path, depth + 1, found);
            } else if kind.is_symlink()
                && let Ok(target) = std::fs::read_link(entry.path())
            {
                found.entry(path).or_insert_with(|| target.display().to_string());
            }
        }
    }

    fn walk_dir(
        &self,
        dir: &Path,
        prefix: &str,
        depth: usize,
        files: &mut BTreeSet<String>,
        dirs: &mut BTreeSet<String>,
    ) {
        let Ok(entries) = std::fs::read_dir(dir) else { return };
        for entry in entries.flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
            let at = entry.path();
            let Ok(kind) = entry.file_type() else { continue };
            if (kind.is_symlink() && !self.follow_links) || self.is_ignored(&path) {
                continue;
            }
            let (is_dir, is_file) =
                if kind.is_symlink() { (at.is_dir(), at.is_file()) } else { (kind.is_dir(), kind.is_file()) };
            if is_dir && depth < MAX_DEPTH {
                self.walk_dir(&at, &path, depth + 1, files, dirs);
                dirs.insert(path);
            } else if is_file {
                files.insert(path);
            }
        }
    }
}

impl FileClient for LocalFiles {
    fn fetch(&self, path: &str, saltenv: &str) -> Result<Option<Arc<[u8]>>, FetchError> {
        let Some(at) = self.find(path, saltenv)? else { return Ok(None) };
        match std::fs::read(&at) {
            Ok(data) => Ok(Some(data.into())),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(FetchError { path: path.into(), saltenv: saltenv.into(), reason: e.to_string() }),
        }
    }

    fn stat(&self, path: &str, saltenv: &str) -> Result<Option<FileStat>, FetchError> {
        let Some(at) = self.find(path, saltenv)? else { return Ok(None) };
        let failed = |e: std::io::Error| FetchError {
            path: path.into(),
            saltenv: saltenv.into(),
            reason: e.to_string(),
        };
        let meta = std::fs::metadata(&at).map_err(failed)?;
        Ok(Some(FileStat {
            hash: crate::hash::of_file(crate::hash::Kind::Sha256, &at).map_err(failed)?,
            hash_type: "sha256".to_owned(),
            size: meta.len(),
            mode: meta.permissions().mode() & 0o7777,
        }))
    }

    fn list(&self, saltenv: &str) -> Result<Arc<Vec<String>>, FetchError> {
        Ok(Arc::new(self.walk(saltenv).0.into_iter().collect()))
    }

    fn dirs(&self, saltenv: &str) -> Result<Arc<Vec<String>>, FetchError> {
        Ok(Arc::new(self.walk(saltenv).1.into_iter().collect()))
    }

    fn symlinks(&self, saltenv: &str) -> Result<Arc<Vec<(String, String)>>, FetchError> {
        let mut found = BTreeMap::new();
        for root in self.dirs_of(saltenv) {
            self.links_in(&root, "", 0, &mut found);
        }
        Ok(Arc::new(found.into_iter().collect()))
    }

    fn envs(&self) -> Result<Vec<String>, FetchError> {
        let mut envs: Vec<String> = self.roots.envs().map(str::to_owned).collect();
        if !envs.iter().any(|e| e == "base") {
            envs.insert(0, "base".to_owned());
        }
        Ok(envs)
    }

    fn cache_file(&self, path: &str, saltenv: &str) -> Result<Option<PathBuf>, FetchError> {
        self.find(path, saltenv)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serves_the_first_root_and_nothing_outside() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        for (at, text) in [(a.join("x.sls"), "1"), (b.join("x.sls"), "2"), (b.join("sub/y"), "3")] {
            std::fs::create_dir_all(at.parent().unwrap()).unwrap();
            std::fs::write(at, text).unwrap();
        }
        std::fs::write(dir.path().join("secret"), "s").unwrap();
        let files = LocalFiles::new(Roots(vec![("base".into(), vec![a, b])]));
        assert_eq!(files.fetch("x.sls", "base").unwrap().as_deref(), Some(&b"1"[..]));
        assert_eq!(*files.list("base").unwrap(), ["sub/y", "x.sls"]);
        assert_eq!(*files.dirs("base").unwrap(), ["sub"]);
        assert_eq!(files.fetch("nothing", "base").unwrap(), None);
        assert_eq!(files.fetch("x.sls", "dev").unwrap(), None);
        for path in ["../secret", "sub/../../secret", "/etc/passwd"] {
            assert!(files.fetch(path, "base").is_err(), "{path}");
        }
    }
}
