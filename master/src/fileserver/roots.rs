//! Paths below the roots: which are allowed, where they lead, and what there is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use fancy_regex::Regex;
use proto::target::glob::Glob;

use super::{FileServerError, Listing};

/// How deep directories may nest; a symlink to a directory above ends here, too.
const MAX_DEPTH: usize = 64;

/// `file_ignore_regex` and `file_ignore_glob`.
#[derive(Debug, Default)]
pub(super) struct Ignore {
    regexes: Vec<Regex>,
    globs: Vec<Glob>,
}

impl Ignore {
    pub(super) fn new(regexes: &[String], globs: &[String]) -> Result<Self, FileServerError> {
        let compile = |pattern: &String| {
            Regex::new(pattern).map_err(|e| FileServerError::IgnoreRegex {
                pattern: pattern.clone(),
                reason: e.to_string().replace('\n', " "),
            })
        };
        Ok(Ignore {
            regexes: regexes.iter().map(compile).collect::<Result<_, _>>()?,
            globs: globs.iter().map(|g| Glob::new(g)).collect(),
        })
    }

    fn takes(&self, path: &str) -> bool {
        // A regex that gives up on a path must not make the path public.
        self.regexes.iter().any(|r| r.is_match(path).unwrap_or(true))
            || self.globs.iter().any(|g| g.matches(path))
    }
}

/// The path without `.` and doubled slashes; none when it is absolute, empty or holds `..` or a NUL.
pub(super) fn relative(path: &str) -> Option<PathBuf> {
    if path.contains('\0') {
        return None;
    }
    let mut out = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => out.push(name),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    (!out.as_os_str().is_empty()).then_some(out)
}

/// The file at `path` (from [`relative`]) below `root`. Where symlinks are not followed, only a file whose
/// real place is below the real root counts.
pub(super) fn find(root: &Path, path: &Path, follow: bool, ignore: &Ignore) -> Option<PathBuf> {
    let full = root.join(path);
    let file = if follow {
        full
    } else {
        let (real_root, real) = (fs::canonicalize(root).ok()?, fs::canonicalize(&full).ok()?);
        if !real.starts_with(&real_root) {
            return None;
        }
        real
    };
    // A fifo or a device would block the master for ever.
    if !fs::metadata(&file).ok()?.is_file() || ignore.takes(&path.to_string_lossy()) {
        return None;
    }
    Some(file)
}

/// Goes through whole trees.
pub(super) struct Walk<'a> {
    follow: bool,
    ignore: &'a Ignore,
    files: BTreeSet<String>,
    dirs: BTreeSet<String>,
    empty: BTreeSet<String>,
    links: BTreeMap<String, String>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(follow: bool, ignore: &'a Ignore) -> Self {
        Walk {
            follow,
            ignore,
            files: BTreeSet::new(),
            dirs: BTreeSet::new(),
            empty: BTreeSet::new(),
            links: BTreeMap::new(),
        }
    }

    /// Everything below the roots, first root first.
    pub(super) fn all(mut self, roots: &[PathBuf]) -> Listing {
        for root in roots {
            let real = fs::canonicalize(root).unwrap_or_else(|_| root.clone());
            self.dir(&real, root, "", 0);
        }
        Listing {
            files: self.files.into_iter().collect(),
            dirs: self.dirs.into_iter().collect(),
            empty_dirs: self.empty.into_iter().collect(),
            links: self.links.into_iter().collect(),
        }
    }

    fn dir(&mut self, root: &Path, dir: &Path, prefix: &str, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        // A directory that cannot be read has nothing to serve.
        let Ok(entries) = fs::read_dir(dir) else { return };
        for entry in entries.flatten() {
            // Names that are not UTF-8 cannot be asked for.
            let Ok(name) = entry.file_name().into_string() else { continue };
            let rel = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
            let path = entry.path();
            let is_link = entry.file_type().is_ok_and(|t| t.is_symlink());
            if is_link {
                let inside = fs::canonicalize(&path).is_ok_and(|real| real.starts_with(root));
                if let Ok(to) = fs::read_link(&path)
                    && inside
                {
                    self.links.insert(rel.clone(), to.to_string_lossy().into_owned());
                }
                if !inside && !self.follow {
                    continue;
                }
            }
            if self.ignore.takes(&rel) {
                continue;
            }
            let Ok(about) = fs::metadata(&path) else { continue };
            if about.is_file() {
                self.files.insert(rel);
            } else if about.is_dir() {
                if fs::read_dir(&path).is_ok_and(|mut d| d.next().is_none()) {
                    self.empty.insert(rel.clone());
                }
                if !is_link || self.follow {
                    self.dir(root, &path, &rel, depth + 1);
                }
                self.dirs.insert(rel);
            }
        }
    }
}
