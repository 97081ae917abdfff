//! Virtual environments for Python.

use std::path::Path;

use data::Value;
use data::loose::{Flag, OneOrMany};

use super::pip::run_all;
use super::{ExecEntry, ExecError, ExecFn, entry};
use crate::host::{Cmd, Output};
use crate::{Ctx, args};

/// The rows of this module.
pub const FUNCTIONS: &[ExecEntry] = &[entry::<Create>()];

args! {
    /// Create a virtual environment: `virtualenv.create /srv/app/venv`.
    ///
    /// venv_bin: `virtualenv`, `venv` (the module of `python`), or a Python; default: virtualenv where it is
    /// installed, else venv. python: which Python it is for. system_site_packages: it sees the machine's packages.
    /// clear: empty it first. prompt, upgrade, symlinks, extra_search_dir, never_download, user: as the tools have
    /// them. Returns what `cmd.run_all` does.
    #[derive(Clone, Default)]
    pub struct Create {
        pub(crate) path: String,
        #[serde(default)]
        pub(crate) venv_bin: Option<String>,
        #[serde(default)]
        pub(crate) system_site_packages: Flag,
        #[serde(default)]
        pub(crate) clear: Flag,
        #[serde(default)]
        pub(crate) python: Option<String>,
        #[serde(default)]
        pub(crate) extra_search_dir: OneOrMany<String>,
        #[serde(default)]
        pub(crate) never_download: Option<Flag>,
        #[serde(default)]
        pub(crate) prompt: Option<String>,
        #[serde(default)]
        pub(crate) symlinks: Option<Flag>,
        #[serde(default)]
        pub(crate) upgrade: Option<Flag>,
        #[serde(default)]
        pub(crate) user: Option<String>,
    }
}

/// `python3`, `/usr/bin/python3.11`, `pypy3`.
fn is_python(program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap_or(program).to_ascii_lowercase();
    let version = name.strip_prefix("python").or_else(|| name.strip_prefix("pypy"));
    version.is_some_and(|v| v.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

impl Create {
    fn program(&self, ctx: &Ctx<'_>) -> String {
        let configured = || {
            let pillar = ctx.pillar();
            let set = pillar.get("venv_bin").cloned().or_else(|| ctx.opt("venv_bin"));
            set.filter(Value::is_true).map(|v| v.to_string())
        };
        let usual = || if ctx.host.which("virtualenv").is_some() { "virtualenv" } else { "venv" }.to_owned();
        self.venv_bin.clone().filter(|b| !b.is_empty()).or_else(configured).unwrap_or_else(usual)
    }

    /// The command line.
    fn line(&self, ctx: &Ctx<'_>) -> Result<Vec<String>, ExecError> {
        let program = self.program(ctx);
        let python = self.python.as_deref().map(str::trim).filter(|p| !p.is_empty());
        let found = |name: &str| match ctx.host.which(name) {
            Some(path) => Ok(path.to_string_lossy().into_owned()),
            None => Err(ExecError::command(format!("Cannot find requested python ({name})."))),
        };
        let unsupported = |option: &str, flag: &str| {
            ExecError::command(format!("The `{option}`(`{flag}`) option is not supported by '{program}'"))
        };
        let by_python = program == "venv" || is_python(&program);
        let mut line = match () {
            () if program == "venv" => vec![found(python.unwrap_or("python3"))?, "-m".into(), "venv".into()],
            () if by_python && python.is_some() => {
                return Err(ExecError::command(
                    "Pass the target interpreter either as `venv_bin` or as `python`, not both.",
                ));
            }
            () if by_python => vec![found(&program)?, "-m".into(), "venv".into()],
            () => vec![program.clone()],
        };
        if by_python || program.contains("venv") {
            if !by_python && python.is_some() {
                return Err(unsupported("python", "--python"));
            }
            if !self.extra_search_dir.is_empty() {
                return Err(unsupported("extra_search_dir", "--extra-search-dir"));
            }
            if self.never_download.is_some() {
                return Err(unsupported("never_download", "--never-download"));
            }
            line.extend((self.upgrade == Some(Flag(true))).then(|| "--upgrade".to_owned()));
            line.extend((self.symlinks == Some(Flag(true))).then(|| "--symlinks".to_owned()));
        } else {
            if self.upgrade.is_some() {
                return Err(unsupported("upgrade", "--upgrade"));
            }
            if self.symlinks.is_some() {
                return Err(unsupported("symlinks", "--symlinks"));
            }
            if let Some(python) = python {
                found(python)?;
                line.push(format!("--python={python}"));
            }
            let dirs = self.extra_search_dir.iter().flat_map(|d| d.split(',')).map(str::trim);
            line.extend(dirs.filter(|d| !d.is_empty()).map(|d| format!("--extra-search-dir={d}")));
            line.extend((self.never_download == Some(Flag(true))).then(|| "--never-download".to_owned()));
        }
        if let Some(prompt) = self.prompt.as_deref().map(str::trim).filter(|p| !p.is_empty()) {
            line.extend(["--prompt".to_owned(), prompt.to_owned()]);
        }
        line.extend(self.clear.0.then(|| "--clear".to_owned()));
        line.extend(self.system_site_packages.0.then(|| "--system-site-packages".to_owned()));
        line.extend(["--".to_owned(), self.path.clone()]);
        Ok(line)
    }

    /// Creates it. What a failed attempt leaves behind is removed, so that the next one starts afresh.
    pub fn run(&self, ctx: &Ctx<'_>) -> Result<Output, ExecError> {
        let path = Path::new(&self.path);
        let was_there = ctx.host.exists(path);
        let mut line = self.line(ctx)?.into_iter();
        let mut cmd = Cmd::new(line.next().unwrap_or_default()).args(line);
        if let Some(user) = self.user.as_deref().filter(|u| !u.is_empty()) {
            cmd = cmd.runas(user);
            if let Ok(Some(account)) = ctx.host.user(user) {
                cmd = cmd.env("HOME", account.home);
            }
        }
        let output = ctx.host.run(&cmd)?;
        if !output.ok() && !was_there {
            ctx.host.remove_all(path)?;
        }
        Ok(output)
    }
}

impl ExecFn for Create {
    const FUN: &'static str = "virtualenv.create";
    const SIGNATURE: &'static str = "path, venv_bin=None, system_site_packages=False, distribute=False, \
        clear=False, python=None, extra_search_dir=None, never_download=None, prompt=None, pip=False, \
        symlinks=None, upgrade=None, user=None, use_vt=False, saltenv='base', **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let output = self.run(ctx)?;
        ctx.set_retcode(output.code);
        Ok(run_all(&output))
    }
}

#[cfg(test)]
mod tests {
    use super::is_python;

    #[test]
    fn interpreters() {
        assert!(is_python("/usr/bin/python3.11") && is_python("pypy3"));
        assert!(!is_python("virtualenv") && !is_python("python3-venv"));
    }
}
