//! Python packages: pip of the machine, or of a virtual environment (`bin_env`).

mod functions;
mod install;
pub mod pep440;

use std::collections::BTreeMap;
use std::path::Path;

use data::{Dict, Value};

pub use functions::FUNCTIONS;
pub use install::Install;
pub use pep440::normalize;

use crate::Ctx;
use crate::exec::ExecError;
use crate::host::{Cmd, Output};

/// pip in one environment, as one user.
#[derive(Clone, Default)]
pub struct Pip {
    /// The program and what comes before the command: `/usr/bin/python3 -m pip`.
    program: Vec<String>,
    cwd: Option<String>,
    user: Option<String>,
    env: Vec<(String, String)>,
}

fn not_found(message: impl Into<String>) -> ExecError {
    ExecError::raised("CommandNotFoundError", message)
}

impl Pip {
    /// Finds pip. `bin_env`: a virtual environment, a Python or a pip; none: the first python3 of the path.
    pub fn find(
        ctx: &Ctx<'_>,
        bin_env: Option<&str>,
        user: Option<&str>,
        cwd: Option<&str>,
        env_vars: &Dict,
    ) -> Result<Self, ExecError> {
        let mut pip = Pip {
            cwd: cwd.map(str::to_owned),
            user: user.filter(|u| !u.is_empty()).map(str::to_owned),
            env: env_vars.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(),
            ..Pip::default()
        };
        let module = |python: String| vec![python, "-m".to_owned(), "pip".to_owned()];
        let Some(bin_env) = bin_env.filter(|b| !b.is_empty()) else {
            let python = ctx.host.which("python3").map(|p| module(p.to_string_lossy().into_owned()));
            let pip3 = || ctx.host.which("pip3").map(|p| vec![p.to_string_lossy().into_owned()]);
            pip.program = python.or_else(pip3).ok_or_else(|| not_found("Could not find a `pip` binary"))?;
            return Ok(pip);
        };
        let path = Path::new(bin_env);
        if ctx.host.is_dir(path) {
            let python = environment_python(ctx, bin_env)
                .ok_or_else(|| not_found(format!("Could not find a pip binary in virtualenv {bin_env}")))?;
            pip.program = module(python);
            pip.env.push(("VIRTUAL_ENV".to_owned(), bin_env.to_owned()));
        } else if ctx.host.which(bin_env).is_some() {
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            pip.program =
                if name.contains("python") { module(bin_env.to_owned()) } else { vec![bin_env.to_owned()] };
        } else {
            return Err(not_found(format!("Access denied to {bin_env}, could not find a pip binary")));
        }
        Ok(pip)
    }

    /// Runs a pip command.
    pub fn run(&self, ctx: &Ctx<'_>, args: &[String]) -> Result<Output, ExecError> {
        let mut words = self.program.iter().chain(args).cloned();
        // Nobody is there to answer a question.
        let mut cmd = Cmd::new(words.next().unwrap_or_default()).args(words).env("PIP_NO_INPUT", "1");
        if let Some(cwd) = &self.cwd {
            cmd = cmd.cwd(cwd);
        }
        if let Some(user) = &self.user {
            cmd = cmd.runas(user);
            if let Ok(Some(account)) = ctx.host.user(user) {
                cmd = cmd.env("HOME", account.home);
            }
        }
        for (name, value) in &self.env {
            cmd = cmd.env(name, value);
        }
        Ok(ctx.host.run(&cmd)?)
    }

    fn lines(&self, ctx: &Ctx<'_>, args: &[&str]) -> Result<String, ExecError> {
        let args: Vec<String> = args.iter().map(|a| (*a).to_owned()).collect();
        let output = self.run(ctx, &args)?;
        if output.ok() {
            return Ok(output.out());
        }
        let said = output.err();
        Err(if said.contains("No module named pip") {
            not_found("Could not find a `pip` binary")
        } else {
            ExecError::command(said.trim_end())
        })
    }

    /// pip's own version.
    pub fn version(&self, ctx: &Ctx<'_>) -> Result<String, ExecError> {
        let out = self.lines(ctx, &["--version"]).map_err(|_| not_found("Could not find a `pip` binary"))?;
        Ok(out.strip_prefix("pip ").and_then(|r| r.split_whitespace().next()).unwrap_or_default().to_owned())
    }

    /// Installed packages by normalized name.
    pub fn list(&self, ctx: &Ctx<'_>) -> Result<BTreeMap<String, String>, ExecError> {
        parse_list(&self.lines(ctx, &["list", "--format=json", "--disable-pip-version-check"])?)
    }

    /// `pip freeze`, line by line.
    pub fn freeze(&self, ctx: &Ctx<'_>) -> Result<Vec<String>, ExecError> {
        let out = self.lines(ctx, &["freeze", "--all", "--disable-pip-version-check"])?;
        Ok(out.lines().map(str::to_owned).collect())
    }

    /// Packages of which there is a newer version: `1.2 [wheel]`, under the names that the index has.
    pub fn upgrades(&self, ctx: &Ctx<'_>) -> Result<Vec<(String, String)>, ExecError> {
        let args = ["list", "--outdated", "--disable-pip-version-check", "--format=json"];
        parse_outdated(&self.lines(ctx, &args)?)
    }

    /// All versions that the index has, oldest first.
    pub fn versions(&self, ctx: &Ctx<'_>, name: &str, index: &[String]) -> Result<Vec<String>, ExecError> {
        let mut args: Vec<String> =
            ["--disable-pip-version-check", "index", "versions"].map(str::to_owned).into();
        args.extend(index.iter().cloned());
        args.extend(["--".to_owned(), name.to_owned()]);
        Ok(parse_versions(&self.run(ctx, &args)?.out()))
    }
}

/// The Python of a virtual environment.
fn environment_python(ctx: &Ctx<'_>, dir: &str) -> Option<String> {
    let bin = format!("{dir}/bin");
    let dir = dir.trim_end_matches('/');
    let usual = [format!("{dir}/python"), format!("{dir}/bin/python"), format!("{dir}/bin/python3")];
    let named = ctx.host.list_dir(Path::new(&bin)).unwrap_or_default();
    let named = named.iter().filter(|n| {
        n.strip_prefix("python").is_some_and(|v| v.chars().all(|c| c.is_ascii_digit() || c == '.'))
    });
    usual.into_iter().chain(named.map(|n| format!("{dir}/bin/{n}"))).find(|p| ctx.host.which(p).is_some())
}

fn bad_json() -> ExecError {
    ExecError::command("Invalid JSON")
}

/// `pip list --format=json`.
fn parse_list(out: &str) -> Result<BTreeMap<String, String>, ExecError> {
    let all = data::json::load(out.trim()).map_err(|_| bad_json())?;
    let one = |item: &Value| Some((normalize(item.get("name")?.as_str()?), item.get("version")?.to_string()));
    Ok(all.as_list().ok_or_else(bad_json)?.iter().filter_map(one).collect())
}

/// `pip list --outdated --format=json`.
fn parse_outdated(out: &str) -> Result<Vec<(String, String)>, ExecError> {
    let all = data::json::load(out.trim()).map_err(|_| bad_json())?;
    let one = |item: &Value| {
        let newest = format!("{} [{}]", item.get("latest_version")?, item.get("latest_filetype")?);
        Some((item.get("name")?.to_string(), newest))
    };
    Ok(all.as_list().ok_or_else(bad_json)?.iter().filter_map(one).collect())
}

/// `pip index versions`.
fn parse_versions(out: &str) -> Vec<String> {
    let line = out.lines().find_map(|l| l.trim().strip_prefix("Available versions:"));
    let mut all: Vec<String> =
        line.unwrap_or_default().split(',').map(|v| v.trim().to_owned()).filter(|v| !v.is_empty()).collect();
    all.sort_by(|a, b| pep440::compare(a, b));
    all
}

/// What `cmd.run_all` returns.
pub fn run_all(output: &Output) -> Value {
    let text = |t: String| t.trim_end_matches('\n').to_owned();
    Dict::new()
        .with("pid", output.pid)
        .with("retcode", output.code)
        .with("stdout", text(output.out()))
        .with("stderr", text(output.err()))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pip_lists() {
        let out = "[{\"name\": \"PyYAML\", \"version\": \"6.0\"}, {\"name\": \"zope.interface\", \"version\": \"5.5\"}]\n";
        let all = parse_list(out).expect("a list");
        assert_eq!(all.get("pyyaml").map(String::as_str), Some("6.0"));
        assert!(all.contains_key("zope-interface"));
        assert!(parse_list("WARNING").is_err());
    }

    #[test]
    fn what_the_index_has() {
        let out = "six (1.16.0)\nAvailable versions: 1.16.0, 1.9.0, 1.10.0\n  INSTALLED: 1.16.0\n";
        assert_eq!(parse_versions(out), ["1.9.0", "1.10.0", "1.16.0"]);
        assert!(parse_versions("ERROR: No matching distribution").is_empty());
    }
}
