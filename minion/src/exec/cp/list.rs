//! What there is: on the file server, on the minion.

use std::path::Path;

use data::loose::Flag;
use data::{Dict, Value};

use super::{cachedir, env_of, on_server};
use crate::exec::{ExecError, ExecFn};
use crate::hash::Kind;
use crate::host::{FileKind, HostError};
use crate::{Ctx, args};

args! {
    /// Return the hash of a file of the file server or of this machine, `''` when there is no such file.
    ///
    /// CLI Example: `rsalt '*' cp.hash_file salt://path/to/file`
    pub(crate) struct HashFile {
        path: String,
        #[serde(default)]
        saltenv: Option<String>,
    }

    /// Return the mode of a file of the file server.
    ///
    /// CLI Example: `rsalt '*' cp.stat_file salt://path/to/file`
    pub(crate) struct StatFile {
        path: String,
        #[serde(default)]
        saltenv: Option<String>,
        #[serde(default)]
        octal: Option<Flag>,
    }

    /// List the environments of the file server.
    ///
    /// CLI Example: `rsalt '*' cp.envs`
    pub(crate) struct Envs {}

    /// List the files of an environment that begin with a prefix.
    ///
    /// CLI Example: `rsalt '*' cp.list_master`
    pub(crate) struct ListMaster {
        #[serde(default)]
        saltenv: Option<String>,
        #[serde(default)]
        prefix: String,
    }

    /// List the directories of an environment that begin with a prefix.
    ///
    /// CLI Example: `rsalt '*' cp.list_master_dirs`
    pub(crate) struct ListMasterDirs {
        #[serde(default)]
        saltenv: Option<String>,
        #[serde(default)]
        prefix: String,
    }

    /// Return the symbolic links of an environment that begin with a prefix, and where they point.
    ///
    /// CLI Example: `rsalt '*' cp.list_master_symlinks`
    pub(crate) struct ListMasterSymlinks {
        #[serde(default)]
        saltenv: Option<String>,
        #[serde(default)]
        prefix: String,
    }

    /// List the SLS files of an environment by the names that states include them by.
    ///
    /// CLI Example: `rsalt '*' cp.list_states`
    pub(crate) struct ListStates {
        #[serde(default)]
        saltenv: Option<String>,
    }

    /// List the files that are cached on the minion.
    ///
    /// CLI Example: `rsalt '*' cp.list_minion`
    pub(crate) struct ListMinion {
        #[serde(default)]
        saltenv: Option<String>,
    }

    /// Salt's way to send a file to the master. Not supported: always an error.
    ///
    /// CLI Example: `rsalt '*' cp.push /etc/fstab`
    pub(crate) struct Push {
        #[serde(rename = "path")]
        _path: Value,
    }

    /// Salt's way to send a directory to the master. Not supported: always an error.
    ///
    /// CLI Example: `rsalt '*' cp.push_dir /usr/lib/mysql`
    pub(crate) struct PushDir {
        #[serde(rename = "path")]
        _path: Value,
    }
}

fn beginning_with(all: &[String], prefix: &str) -> Value {
    let prefix = prefix.strip_prefix("salt://").unwrap_or(prefix);
    all.iter().filter(|path| path.starts_with(prefix)).cloned().collect::<Vec<String>>().into()
}

/// All files below a directory, links not followed.
fn files_below(ctx: &Ctx<'_>, dir: &Path, found: &mut Vec<String>) -> Result<(), HostError> {
    for name in ctx.host.list_dir(dir)? {
        let at = dir.join(name);
        match ctx.host.lstat(&at)?.map(|stat| stat.kind) {
            Some(FileKind::Dir) => files_below(ctx, &at, found)?,
            Some(_) => found.push(at.display().to_string()),
            None => {}
        }
    }
    Ok(())
}

fn no_way_up(fun: &str) -> ExecError {
    ExecError::command(format!("{fun} is not supported: the master of this minion takes no files"))
}

impl ExecFn for HashFile {
    const FUN: &'static str = "cp.hash_file";
    const SIGNATURE: &'static str = "path, saltenv=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let answer = |sum: String, kind: &str| Dict::new().with("hsum", sum).with("hash_type", kind).into();
        match on_server(&self.path, &env_of(ctx, self.saltenv.as_deref())) {
            Ok((path, saltenv)) => {
                let found = ctx.files().stat(&path, &saltenv)?;
                Ok(found.map_or_else(|| "".into(), |stat| answer(stat.hash, &stat.hash_type)))
            }
            Err(_) if ctx.host.is_file(Path::new(&self.path)) => {
                let kind = ctx.opt("hash_type").and_then(|v| Kind::from_name(&v.to_string()));
                let kind = kind.unwrap_or(Kind::Sha256);
                Ok(answer(ctx.host.hash(Path::new(&self.path), kind)?, kind.name()))
            }
            Err(_) => Ok(Value::dict()),
        }
    }
}

impl ExecFn for StatFile {
    const FUN: &'static str = "cp.stat_file";
    const SIGNATURE: &'static str = "path, saltenv=None, octal=True";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let (path, saltenv) = on_server(&self.path, &env_of(ctx, self.saltenv.as_deref()))?;
        let Some(stat) = ctx.files().stat(&path, &saltenv)? else { return Ok(Value::None) };
        let mode = stat.mode & 0o7777;
        // As a whole `st_mode`, of which it is known that it is a regular file's.
        Ok(if self.octal.is_none_or(|f| f.0) {
            format!("{mode:04o}").into()
        } else {
            (0o100_000 | mode).into()
        })
    }
}

impl ExecFn for Envs {
    const FUN: &'static str = "cp.envs";
    const SIGNATURE: &'static str = "";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(ctx.files().envs()?.into())
    }
}

impl ExecFn for ListMaster {
    const FUN: &'static str = "cp.list_master";
    const SIGNATURE: &'static str = "saltenv=None, prefix=''";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(beginning_with(&ctx.files().list(&env_of(ctx, self.saltenv.as_deref()))?, &self.prefix))
    }
}

impl ExecFn for ListMasterDirs {
    const FUN: &'static str = "cp.list_master_dirs";
    const SIGNATURE: &'static str = "saltenv=None, prefix=''";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(beginning_with(&ctx.files().dirs(&env_of(ctx, self.saltenv.as_deref()))?, &self.prefix))
    }
}

impl ExecFn for ListMasterSymlinks {
    const FUN: &'static str = "cp.list_master_symlinks";
    const SIGNATURE: &'static str = "saltenv=None, prefix=''";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let links = ctx.files().symlinks(&env_of(ctx, self.saltenv.as_deref()))?;
        let prefix = self.prefix.strip_prefix("salt://").unwrap_or(&self.prefix);
        let wanted = links.iter().filter(|(link, _)| link.starts_with(prefix));
        Ok(wanted.map(|(link, target)| (link.as_str(), target.as_str())).collect::<Dict>().into())
    }
}

impl ExecFn for ListStates {
    const FUN: &'static str = "cp.list_states";
    const SIGNATURE: &'static str = "saltenv=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let all = ctx.files().list(&env_of(ctx, self.saltenv.as_deref()))?;
        let named = all.iter().filter_map(|path| path.strip_suffix(".sls"));
        let mut names: Vec<String> =
            named.map(|path| path.strip_suffix("/init").unwrap_or(path).replace('/', ".")).collect();
        names.sort();
        names.dedup();
        Ok(names.into())
    }
}

impl ExecFn for ListMinion {
    const FUN: &'static str = "cp.list_minion";
    const SIGNATURE: &'static str = "saltenv=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let saltenv = env_of(ctx, self.saltenv.as_deref());
        let mut found = Vec::new();
        for dir in [cachedir(ctx).join("files").join(saltenv), cachedir(ctx).join("localfiles")] {
            if ctx.host.is_dir(&dir) {
                files_below(ctx, &dir, &mut found)?;
            }
        }
        found.sort();
        Ok(found.into())
    }
}

impl ExecFn for Push {
    const FUN: &'static str = "cp.push";
    const SIGNATURE: &'static str = "path, keep_symlinks=False, upload_path=None, remove_source=False";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        Err(no_way_up(Self::FUN))
    }
}

impl ExecFn for PushDir {
    const FUN: &'static str = "cp.push_dir";
    const SIGNATURE: &'static str = "path, glob=None, upload_path=None, remove_source=False";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        Err(no_way_up(Self::FUN))
    }
}
