//! The functions of the module `pip`.

use data::loose::{Flag, OneOrMany};
use data::{Dict, Value};

use super::install::{Install, extra, items};
use super::{Pip, normalize, run_all};
use crate::Ctx;
use crate::args;
use crate::exec::{ExecEntry, ExecError, ExecFn, entry};

/// The rows of this module.
pub const FUNCTIONS: &[ExecEntry] = &[
    entry::<Install>(),
    entry::<Uninstall>(),
    entry::<List>(),
    entry::<Freeze>(),
    entry::<Version>(),
    entry::<ListUpgrades>(),
    entry::<ListAllVersions>(),
    entry::<IsInstalled>(),
    entry::<Upgrade>(),
    entry::<Normalize>(),
];

args! {
    /// Remove Python packages. pkgs: a list, or text with commas. requirements: files that name them. bin_env, user,
    /// cwd, extra_args: as `pip.install` has them.
    pub(crate) struct Uninstall {
        #[serde(default)]
        pkgs: Value,
        #[serde(default)]
        requirements: OneOrMany<String>,
        #[serde(default)]
        bin_env: Option<String>,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        cwd: Option<String>,
        #[serde(default)]
        extra_args: Value,
    }

    /// The installed Python packages and their versions. prefix: only those whose names begin so.
    pub(crate) struct List {
        #[serde(default)]
        prefix: Option<String>,
        #[serde(default)]
        bin_env: Option<String>,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        cwd: Option<String>,
        #[serde(default)]
        env_vars: Option<Dict>,
    }

    /// What `pip freeze` says, line by line.
    pub(crate) struct Freeze {
        #[serde(default)]
        bin_env: Option<String>,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        cwd: Option<String>,
        #[serde(default)]
        env_vars: Option<Dict>,
    }

    /// pip's own version.
    pub(crate) struct Version {
        #[serde(default)]
        bin_env: Option<String>,
        #[serde(default)]
        cwd: Option<String>,
        #[serde(default)]
        user: Option<String>,
    }

    /// Packages of which there is a newer version.
    pub(crate) struct ListUpgrades {
        #[serde(default)]
        bin_env: Option<String>,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        cwd: Option<String>,
    }

    /// All versions that the index has of a package, oldest first; without pre-releases unless asked for.
    pub(crate) struct ListAllVersions {
        pkg: String,
        #[serde(default)]
        bin_env: Option<String>,
        #[serde(default)]
        include_alpha: Flag,
        #[serde(default)]
        include_beta: Flag,
        #[serde(default)]
        include_rc: Flag,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        cwd: Option<String>,
        #[serde(default)]
        index_url: Option<String>,
        #[serde(default)]
        extra_index_url: Option<String>,
    }

    /// Whether a Python package is installed.
    pub(crate) struct IsInstalled {
        pkgname: String,
        #[serde(default)]
        bin_env: Option<String>,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        cwd: Option<String>,
    }

    /// Upgrade every Python package of which there is a newer version.
    pub(crate) struct Upgrade {
        #[serde(default)]
        bin_env: Option<String>,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        cwd: Option<String>,
    }

    /// The name of a package as the index spells it.
    pub(crate) struct Normalize {
        name: String,
    }
}

fn pip(
    ctx: &Ctx<'_>,
    bin_env: Option<&String>,
    user: Option<&String>,
    cwd: Option<&String>,
    env: Option<&Dict>,
) -> Result<Pip, ExecError> {
    let none = Dict::new();
    let text = |o: Option<&String>| o.map(|s| s.to_owned());
    Pip::find(
        ctx,
        text(bin_env).as_deref(),
        text(user).as_deref(),
        text(cwd).as_deref(),
        env.unwrap_or(&none),
    )
}

impl ExecFn for Install {
    const FUN: &'static str = "pip.install";
    const SIGNATURE: &'static str = "pkgs=None, requirements=None, bin_env=None, use_wheel=False, \
        no_use_wheel=False, log=None, proxy=None, timeout=None, editable=None, find_links=None, index_url=None, \
        extra_index_url=None, no_index=False, mirrors=None, build=None, target=None, download=None, \
        download_cache=None, source=None, upgrade=False, force_reinstall=False, ignore_installed=False, \
        exists_action=None, no_deps=False, no_install=False, no_download=False, global_options=None, \
        install_options=None, user=None, cwd=None, pre_releases=False, cert=None, allow_all_external=False, \
        allow_external=None, allow_unverified=None, process_dependency_links=False, saltenv='base', env_vars=None, \
        use_vt=False, trusted_host=None, no_cache_dir=False, extra_args=None, cache_dir=None, no_binary=None, \
        disable_version_check=False, break_system_packages=False, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(match self.run(ctx)? {
            Some(output) => {
                ctx.set_retcode(output.code);
                run_all(&output)
            }
            None => Dict::new().with("retcode", 0).with("stdout", "No packages to install.").into(),
        })
    }
}

impl ExecFn for Uninstall {
    const FUN: &'static str = "pip.uninstall";
    const SIGNATURE: &'static str = "pkgs=None, requirements=None, bin_env=None, log=None, proxy=None, \
        timeout=None, user=None, cwd=None, saltenv='base', use_vt=False, extra_args=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let pip = pip(ctx, self.bin_env.as_ref(), self.user.as_ref(), self.cwd.as_ref(), None)?;
        let mut line = vec!["uninstall".to_owned(), "-y".to_owned()];
        for file in self.requirements.iter().flat_map(|r| r.split(',')).map(str::trim) {
            let file = match file.strip_prefix("salt://") {
                Some(path) => ctx.files().cache_file(path, &ctx.saltenv())?.map(|p| p.display().to_string()),
                None => Some(file.to_owned()),
            };
            let file = file.ok_or_else(|| ExecError::command("pip requirements file not found"))?;
            line.extend(["--requirement".to_owned(), file]);
        }
        line.extend(extra(&self.extra_args)?);
        line.push("--".to_owned());
        line.extend(items(&self.pkgs));
        let output = pip.run(ctx, &line)?;
        ctx.set_retcode(output.code);
        Ok(run_all(&output))
    }
}

impl ExecFn for List {
    const FUN: &'static str = "pip.list";
    const SIGNATURE: &'static str = "prefix=None, bin_env=None, user=None, cwd=None, env_vars=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let pip =
            pip(ctx, self.bin_env.as_ref(), self.user.as_ref(), self.cwd.as_ref(), self.env_vars.as_ref())?;
        let prefix = self.prefix.as_deref().map(normalize).unwrap_or_default();
        Ok(pip.list(ctx)?.into_iter().filter(|(name, _)| name.starts_with(&prefix)).collect::<Dict>().into())
    }
}

impl ExecFn for Freeze {
    const FUN: &'static str = "pip.freeze";
    const SIGNATURE: &'static str =
        "bin_env=None, user=None, cwd=None, use_vt=False, env_vars=None, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let pip =
            pip(ctx, self.bin_env.as_ref(), self.user.as_ref(), self.cwd.as_ref(), self.env_vars.as_ref())?;
        Ok(pip.freeze(ctx)?.into())
    }
}

impl ExecFn for Version {
    const FUN: &'static str = "pip.version";
    const SIGNATURE: &'static str = "bin_env=None, cwd=None, user=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let pip = pip(ctx, self.bin_env.as_ref(), self.user.as_ref(), self.cwd.as_ref(), None)?;
        Ok(pip.version(ctx)?.into())
    }
}

impl ExecFn for ListUpgrades {
    const FUN: &'static str = "pip.list_upgrades";
    const SIGNATURE: &'static str = "bin_env=None, user=None, cwd=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let pip = pip(ctx, self.bin_env.as_ref(), self.user.as_ref(), self.cwd.as_ref(), None)?;
        Ok(pip.upgrades(ctx)?.into_iter().collect::<Dict>().into())
    }
}

impl ExecFn for ListAllVersions {
    const FUN: &'static str = "pip.list_all_versions";
    const SIGNATURE: &'static str = "pkg, bin_env=None, include_alpha=False, include_beta=False, include_rc=False, \
        user=None, cwd=None, index_url=None, extra_index_url=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let pip = pip(ctx, self.bin_env.as_ref(), self.user.as_ref(), self.cwd.as_ref(), None)?;
        let places = Install {
            index_url: self.index_url,
            extra_index_url: self.extra_index_url,
            ..Install::default()
        };
        let unwanted = [(self.include_alpha.0, "a"), (self.include_beta.0, "b"), (self.include_rc.0, "rc")];
        let mut all = pip.versions(ctx, &self.pkg, &places.index()?)?;
        all.retain(|v| !unwanted.iter().any(|(include, mark)| !include && v.contains(mark)));
        Ok(if all.is_empty() { Value::None } else { all.into() })
    }
}

impl ExecFn for IsInstalled {
    const FUN: &'static str = "pip.is_installed";
    const SIGNATURE: &'static str = "pkgname, bin_env=None, user=None, cwd=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let pip = pip(ctx, self.bin_env.as_ref(), self.user.as_ref(), self.cwd.as_ref(), None)?;
        Ok(pip.list(ctx)?.contains_key(&normalize(&self.pkgname)).into())
    }
}

impl ExecFn for Upgrade {
    const FUN: &'static str = "pip.upgrade";
    const SIGNATURE: &'static str = "bin_env=None, user=None, cwd=None, use_vt=False";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let pip = pip(ctx, self.bin_env.as_ref(), self.user.as_ref(), self.cwd.as_ref(), None)?;
        let old = pip.list(ctx)?;
        let (mut good, mut said) = (true, String::new());
        for (name, _) in pip.upgrades(ctx)? {
            let line = ["install", "-U", "--disable-pip-version-check", "--", &name].map(str::to_owned);
            let output = pip.run(ctx, &line)?;
            good &= output.ok();
            said.push_str(&output.err());
        }
        let new = pip.list(ctx)?;
        let version = |all: &std::collections::BTreeMap<String, String>, name: &str| {
            all.get(name).cloned().unwrap_or_default()
        };
        let changes: Dict = new
            .keys()
            .chain(old.keys())
            .map(|name| (name.as_str(), version(&old, name), version(&new, name)))
            .filter(|(_, old, new)| old != new)
            .map(|(name, old, new)| (name, Dict::new().with("old", old).with("new", new)))
            .collect();
        Ok(Dict::new().with("changes", changes).with("result", good).with("comment", said).into())
    }
}

impl ExecFn for Normalize {
    const FUN: &'static str = "pip.normalize";
    const SIGNATURE: &'static str = "name";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(normalize(&self.name).into())
    }
}
