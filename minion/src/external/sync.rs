//! Getting a site's modules from the file server. What is no longer there is removed here as well.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::index;
use crate::Ctx;
use crate::exec::ExecError;
use crate::host::{FileKind, Host, HostError};

/// Files of one kind.
const MOST: usize = 1000;
/// Bytes of a file.
const LARGEST: u64 = 64 << 20;

/// What came of it.
#[derive(Debug, Default, PartialEq)]
pub struct Synced {
    /// What is new or has changed, as Salt names it: `modules.name`.
    pub changed: Vec<String>,
    /// Whether anything changed here, by removal as well.
    pub touched: bool,
}

/// Gets the files of `salt://_<kind>` of these environments; of two with one name the later environment's counts.
/// `wanted` is asked with the names of modules.
pub fn sync(
    kind: &str,
    envs: &[String],
    wanted: &dyn Fn(&str) -> bool,
    ctx: &Ctx<'_>,
) -> Result<Synced, ExecError> {
    let Some(dir) = index::dir_of(&ctx.caller().opts()) else {
        return Err(ExecError::command(
            "neither extension_modules nor cachedir is an absolute path in the config",
        ));
    };
    let own = dir.join(kind);
    let mut files: BTreeMap<String, &str> = BTreeMap::new();
    for env in envs {
        for path in ctx.files().list(env)?.iter() {
            let Some(below) = path.strip_prefix('_').and_then(|p| p.strip_prefix(kind)?.strip_prefix('/'))
            else {
                continue;
            };
            if !is_path(below) {
                tracing::warn!("salt://{path} is left out: no name for a module");
            } else if !below.ends_with(".pyc") && wanted(&module_of(below)) {
                files.insert(below.to_owned(), env);
            }
        }
    }
    if files.len() > MOST {
        let count = files.len();
        return Err(ExecError::command(format!(
            "salt://_{kind} has {count} files, at most {MOST} are taken"
        )));
    }
    let mut out = Synced::default();
    for (below, env) in &files {
        if update(&format!("_{kind}/{below}"), env, &own.join(below), ctx)? {
            out.changed.push(format!("{kind}.{}", module_of(below)));
        }
    }
    out.touched = !out.changed.is_empty();
    let keep = ctx.opt("clean_dynamic_modules").is_some_and(|v| !v.is_true());
    if !keep && ctx.host.is_dir(&own) {
        out.touched |= clean(ctx.host, &own, &own, &files)?;
    }
    Ok(out)
}

/// `name` of `name.py`, `package.part` of `package/part.py`.
fn module_of(below: &str) -> String {
    let at = below.rfind('/').map_or(0, |slash| slash + 1);
    let end = below
        .get(at..)
        .and_then(|name| name.rfind('.'))
        .filter(|dot| *dot > 0)
        .map_or(below.len(), |d| at + d);
    below.get(..end).unwrap_or(below).replace('/', ".")
}

/// Names come from the network: none may lead elsewhere, or be one of ours (those begin with a dot).
fn is_path(below: &str) -> bool {
    below.len() <= 200
        && below.split('/').all(|part| {
            !part.is_empty()
                && !part.starts_with(['.', '-'])
                && part.chars().all(|c| c.is_ascii_alphanumeric() || "._-+".contains(c))
        })
}

/// Brings a file up to date; whether it was not.
fn update(path: &str, env: &str, at: &Path, ctx: &Ctx<'_>) -> Result<bool, ExecError> {
    let failed = |why: String| ExecError::command(format!("salt://{path}: {why}"));
    let Some(stat) = ctx.files().stat(path, env)? else { return Ok(false) };
    if stat.size > LARGEST {
        return Err(failed(format!("{} bytes are too many for a module", stat.size)));
    }
    if ctx.host.is_file(at) && ctx.host.hash(at, crate::hash::Kind::Sha256)? == stat.hash {
        return Ok(false);
    }
    let Some(data) = ctx.files().fetch(path, env)? else { return Ok(false) };
    if let Some(parent) = at.parent() {
        ctx.host.mkdir_all(parent, Some(0o700))?;
    }
    // Root's alone: it runs them. The server's mode says nothing, as checkouts lose it.
    ctx.host.write_atomic(at, &data, Some(0o700))?;
    Ok(true)
}

/// Removes what is not among the files; whether there was something.
fn clean(
    host: &dyn Host,
    root: &Path,
    dir: &Path,
    files: &BTreeMap<String, &str>,
) -> Result<bool, HostError> {
    let mut touched = false;
    for name in host.list_dir(dir)? {
        let at: PathBuf = dir.join(name);
        let below = at.strip_prefix(root).map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
        match host.lstat(&at)?.map(|stat| stat.kind) {
            // Python's own.
            Some(FileKind::Dir) if at.ends_with("__pycache__") => host.remove_all(&at)?,
            Some(FileKind::Dir) => {
                touched |= clean(host, root, &at, files)?;
                if host.list_dir(&at)?.is_empty() {
                    host.remove_dir(&at)?;
                }
            }
            Some(_) if !files.contains_key(&below) => {
                host.remove_file(&at)?;
                touched = true;
            }
            _ => {}
        }
    }
    Ok(touched)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_named_as_salt_names_them() {
        for (path, name) in [
            ("a.py", "a"),
            ("a", "a"),
            ("p/__init__.py", "p.__init__"),
            ("p.d/b.sh", "p.d.b"),
            ("a.b.py", "a.b"),
        ] {
            assert_eq!(module_of(path), name);
        }
    }

    #[test]
    fn names_that_lead_elsewhere_are_none() {
        for path in ["../a.py", "a/../b", "/a", ".shim", "a//b", "a\0", "a b", "-a", "", "é.py"] {
            assert!(!is_path(path), "{path}");
        }
        assert!(is_path("a/b-c_2.d.py"));
    }
}
