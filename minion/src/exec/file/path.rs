//! Paths as texts, the way Python's `os.path` has them.

use data::Value;

use crate::exec::{ExecError, ExecFn};
use crate::{Ctx, args};

args! {
    /// Return what is behind the last slash.
    ///
    /// CLI Example: `rsalt '*' file.basename test/test.config`
    pub(crate) struct BaseName {
        path: String,
    }

    /// Return what is before the last slash.
    ///
    /// CLI Example: `rsalt '*' file.dirname test/path/filename.config`
    pub(crate) struct DirName {
        path: String,
    }

    /// Join parts of a path; an absolute part begins anew.
    ///
    /// CLI Example: `rsalt '*' file.join / usr local bin`
    pub(crate) struct Join {
        args: Vec<String>,
    }

    /// Return a path without `.`, `..` and double slashes.
    ///
    /// CLI Example: `rsalt '*' file.normpath a/b/c/..`
    pub(crate) struct NormPath {
        path: String,
    }

    /// Return what stands for the parent directory: `..`.
    ///
    /// CLI Example: `rsalt '*' file.pardir`
    pub(crate) struct ParDir {}
}

pub(super) fn basename(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

pub(super) fn dirname(path: &str) -> &str {
    let head = path.rfind('/').and_then(|at| path.get(..=at)).unwrap_or_default();
    let trimmed = head.trim_end_matches('/');
    if trimmed.is_empty() { head } else { trimmed }
}

fn join<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut parts = parts.into_iter();
    let mut path = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        if part.starts_with('/') {
            path.clear();
        } else if !path.is_empty() && !path.ends_with('/') {
            path.push('/');
        }
        path.push_str(part);
    }
    path
}

pub(crate) fn normpath(path: &str) -> String {
    // POSIX lets exactly two slashes at the beginning mean something of their own.
    let root = match path.len() - path.trim_start_matches('/').len() {
        0 => "",
        2 => "//",
        _ => "/",
    };
    let mut kept: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if kept.last().is_some_and(|last| *last != "..") => {
                kept.pop();
            }
            ".." if !root.is_empty() => {}
            part => kept.push(part),
        }
    }
    let text = format!("{root}{}", kept.join("/"));
    if text.is_empty() { ".".to_owned() } else { text }
}

impl ExecFn for BaseName {
    const FUN: &'static str = "file.basename";
    const SIGNATURE: &'static str = "path";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(basename(&self.path).into())
    }
}

impl ExecFn for DirName {
    const FUN: &'static str = "file.dirname";
    const SIGNATURE: &'static str = "path";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(dirname(&self.path).into())
    }
}

impl ExecFn for Join {
    const FUN: &'static str = "file.join";
    const SIGNATURE: &'static str = "*args";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(join(self.args.iter().map(String::as_str)).into())
    }
}

impl ExecFn for NormPath {
    const FUN: &'static str = "file.normpath";
    const SIGNATURE: &'static str = "path";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(normpath(&self.path).into())
    }
}

impl ExecFn for ParDir {
    const FUN: &'static str = "file.pardir";
    const SIGNATURE: &'static str = "";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok("..".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_pythons() {
        for (path, base, dir) in
            [("/a/b", "b", "/a"), ("/a/b/", "", "/a/b"), ("a", "a", ""), ("/a", "a", "/"), ("//a", "a", "//")]
        {
            assert_eq!((basename(path), dirname(path)), (base, dir), "{path}");
        }
        for (parts, joined) in [
            (&["a", "b", "/c", "d"][..], "/c/d"),
            (&["/", "usr", "bin"], "/usr/bin"),
            (&["a/", "b", ""], "a/b/"),
            (&["", "b"], "b"),
        ] {
            assert_eq!(join(parts.iter().copied()), joined);
        }
        for (path, normal) in [
            ("/a/../b//c", "/b/c"),
            ("a/..", "."),
            ("../x/./y", "../x/y"),
            ("/../x", "/x"),
            ("//x", "//x"),
            ("///x", "/x"),
        ] {
            assert_eq!(normpath(path), normal, "{path}");
        }
    }
}
