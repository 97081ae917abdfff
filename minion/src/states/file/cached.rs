//! `file.cached` and `file.not_cached`: copies that the minion keeps.

use std::path::{Path, PathBuf};

use data::loose::Flag;
use data::{Dict, Value};

use super::act::{Act, well};
use super::util::expand_user;
use crate::exec::file::sum::{Sum, Wanted, shown};
use crate::fileclient::Source;
use crate::hash::Kind;
use crate::states::{Outcome, StateError, old_new};
use crate::{Ctx, args};

args! {
    /// Have a copy of a file in the minion's cache.
    ///
    /// ```yaml
    /// https://example.org/app.tgz:
    ///   file.cached:
    ///     - source_hash: sha256=…             # or a file of hashes, with source_hash_name; or skip_verify: True
    /// ```
    ///
    /// A path of this machine is its own copy. Changes: `hash`.
    pub(crate) struct Cached {
        name: String,
        #[serde(default)]
        source_hash: Value,
        #[serde(default)]
        source_hash_name: Option<String>,
        #[serde(default)]
        skip_verify: Flag,
        #[serde(default)]
        saltenv: Option<String>,
        #[serde(default)]
        use_etag: Flag,
        #[serde(default, rename = "source_hash_sig")]
        _source_hash_sig: Value,
    }

    /// Have no copy of a file in the minion's cache.
    ///
    /// ```yaml
    /// https://example.org/app.tgz:
    ///   file.not_cached
    /// ```
    ///
    /// Changes: `deleted: True`.
    pub(crate) struct NotCached {
        name: String,
        #[serde(default)]
        saltenv: Option<String>,
    }
}

fn refuse<T>(text: String) -> Result<T, StateError> {
    Err(StateError::refused(text))
}

/// A path of this machine that a name stands for, links followed.
fn local(ctx: &Ctx<'_>, name: &str) -> Option<PathBuf> {
    let path = match name.strip_prefix("file://") {
        Some(path) => path,
        None if name.contains("://") => return None,
        None => name,
    };
    let path = PathBuf::from(expand_user(ctx, path));
    Some(ctx.host.canonicalize(&path).unwrap_or(path))
}

/// Where the copy is, when there is one.
fn copy_of(ctx: &Ctx<'_>, name: &str, saltenv: &str) -> Result<Option<PathBuf>, StateError> {
    let kwargs = Dict::new().with("saltenv", saltenv);
    let at = ctx.call("cp.is_cached", vec![name.into()], kwargs)?;
    Ok(at.as_str().filter(|at| !at.is_empty()).map(PathBuf::from))
}

impl Cached {
    fn sum(&self, ctx: &Ctx<'_>, saltenv: &str) -> Result<Option<Sum>, StateError> {
        if !self.source_hash.is_true() {
            return Ok(None);
        }
        let wanted = Wanted {
            name: "",
            source: &self.name,
            source_hash: &self.source_hash.to_string(),
            source_hash_name: self.source_hash_name.as_deref(),
            saltenv,
            verify_ssl: true,
            signed: None,
        };
        wanted.find(ctx).map(Some).map_err(|error| StateError::refused(error.to_string()))
    }

    fn would(&self, ctx: &Ctx<'_>, copy: Option<&Path>, sum: Option<&Sum>) -> Result<Outcome, StateError> {
        let name = &self.name;
        let comment = match (copy, sum) {
            (None, _) => format!("File will be cached: {name}"),
            (Some(_), None) => format!("No hash found. File will be cached: {name}"),
            (Some(copy), Some((_, sum))) => {
                if ctx.host.hash(copy, Kind::Sha256)? == *sum {
                    format!("File already cached: {name}")
                } else {
                    format!("Hashes don't match.\nFile will be cached: {name}")
                }
            }
        };
        Ok(Outcome::new(None, comment))
    }
}

impl Act for Cached {
    const FUN: &'static str = "file.cached";

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let (name, saltenv) = (&self.name, self.saltenv.as_deref().unwrap_or("base"));
        let source = Source::parse(name);
        let remote = matches!(source, Some(Source::Remote(_)));
        if remote && !self.skip_verify.0 && !self.source_hash.is_true() && !self.use_etag.0 {
            return refuse(format!(
                "Unable to verify upstream hash of source file {}, please set source_hash or set skip_verify or \
                 use_etag to True",
                shown(name)
            ));
        }
        let sum = self.sum(ctx, saltenv)?;
        let here = local(ctx, name);
        if ctx.test {
            let copy = if here.is_some() { None } else { copy_of(ctx, name, saltenv)? };
            return self.would(ctx, copy.as_deref(), sum.as_ref());
        }
        let checked = sum.as_ref().filter(|_| !self.skip_verify.0);
        if let Some(path) = here {
            let path_shown = path.display();
            if !ctx.host.exists(&path) {
                return refuse(format!("File {path_shown} is not present on the minion"));
            }
            let Some((kind, sum)) = checked else {
                return well(format!("File {path_shown} is present on the minion"));
            };
            let is = ctx.host.hash(&path, *kind)?;
            if is == *sum {
                return well(format!("File {path_shown} is present on the minion and has hash {is}"));
            }
            return refuse(format!(
                "File {path_shown} is present on the minion, but the hash ({is}) does not match the specified hash \
                 ({sum})"
            ));
        }
        let kind = sum.as_ref().map_or(Kind::Sha256, |(kind, _)| *kind);
        let before = match copy_of(ctx, name, saltenv)? {
            Some(copy) => Some((ctx.host.hash(&copy, kind)?, copy)),
            None => None,
        };
        let good = |is: &str, at: &Path| format!("File is already cached to {} with hash {is}", at.display());
        // A copy that has the hash already is not fetched anew.
        if let (Some((is, at)), Some((_, sum))) = (&before, checked)
            && remote
            && is == sum
        {
            return well(good(is, at));
        }
        let kwargs = Dict::new().with("saltenv", saltenv);
        let at = ctx.call("cp.cache_file", vec![name.as_str().into()], kwargs);
        let at = at.map_err(|error| StateError::refused(shown(&error.to_string())))?;
        let Some(at) = at.as_str().map(PathBuf::from) else {
            return refuse(format!("Failed to cache {}, check minion log for more information", shown(name)));
        };
        let after = ctx.host.hash(&at, kind)?;
        let mut outcome = Outcome::new(Some(true), format!("File is cached to {}", at.display()));
        let before = before.map(|(is, _)| is);
        if before.as_ref() != Some(&after) {
            outcome.changes.insert("hash", old_new(before.map_or(Value::None, Value::from), after.as_str()));
        }
        if let Some((_, sum)) = checked {
            if after == *sum {
                outcome.comment = good(&after, &at);
            } else {
                outcome.result = Some(false);
                outcome.comment = format!(
                    "File is cached to {}, but the hash ({after}) does not match the specified hash ({sum})",
                    at.display()
                );
            }
        }
        Ok(outcome)
    }
}

impl Act for NotCached {
    const FUN: &'static str = "file.not_cached";

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let saltenv = self.saltenv.as_deref().unwrap_or("base");
        if let Some(path) = local(ctx, &self.name) {
            return well(format!("File {} is a local path, no action taken", path.display()));
        }
        // Without a master the "copy" of a salt:// file is the file itself.
        let cachedir = ctx.opt("cachedir").map(|dir| dir.to_string()).unwrap_or_default();
        let copy = copy_of(ctx, &self.name, saltenv)?;
        let Some(copy) = copy.filter(|at| !cachedir.is_empty() && at.starts_with(&cachedir)) else {
            return well(format!("{} is not cached", self.name));
        };
        let changes = Dict::new().with("deleted", true);
        if ctx.test {
            return Ok(
                Outcome::new(None, format!("{} will be deleted", copy.display())).with_changes(changes)
            );
        }
        match ctx.host.remove_file(&copy) {
            Ok(()) => {
                Ok(Outcome::new(Some(true), format!("{} was deleted", copy.display())).with_changes(changes))
            }
            Err(error) => refuse(format!("Failed to delete {}: {error}", copy.display())),
        }
    }
}
