//! Python packages as they should be.

use std::collections::BTreeMap;

use data::loose::{Flag, OneOrMany};
use data::{Dict, Value};

use super::{Applied, Outcome, Plan, State, StateEntry, StateError, entry};
use crate::exec::ExecError;
use crate::exec::pip::pep440::{self, Requirement};
use crate::exec::pip::{Install, Pip, normalize};
use crate::{Ctx, args};

/// The rows of this module.
pub const STATES: &[StateEntry] = &[entry::<Installed>(), entry::<Removed>(), entry::<UpToDate>()];

args! {
    /// Python packages are installed.
    ///
    /// ```yaml
    /// app-deps:
    ///   pip.installed:
    ///     - pkgs: [flask, 'gunicorn>=20']      # or requirements: salt://app/requirements.txt
    ///     - bin_env: /srv/app/venv
    ///     - index_url: https://pypi.example.org/simple
    ///     - user: app
    /// ```
    /// Also: editable, extra_index_url, trusted_host, find_links, no_index, upgrade, force_reinstall,
    /// ignore_installed, no_deps, pre_releases, no_binary, target, cache_dir, no_cache_dir, cwd, env_vars, proxy,
    /// timeout, cert, log, extra_args, break_system_packages. Changes: `name==version: Installed`, or
    /// `requirements: true`, `editable: true`.
    pub struct Installed {
        name: String,
        #[serde(default)]
        pkgs: Value,
        #[serde(default)]
        pip_bin: Option<String>,
        #[serde(default)]
        requirements: Value,
        #[serde(default)]
        bin_env: Option<String>,
        #[serde(default)]
        log: Option<String>,
        #[serde(default)]
        proxy: Value,
        #[serde(default)]
        timeout: Option<u64>,
        #[serde(default)]
        editable: OneOrMany<String>,
        #[serde(default)]
        find_links: OneOrMany<String>,
        #[serde(default)]
        index_url: Option<String>,
        #[serde(default)]
        extra_index_url: Option<String>,
        #[serde(default)]
        no_index: Flag,
        #[serde(default)]
        build: Option<String>,
        #[serde(default)]
        target: Option<String>,
        #[serde(default)]
        source: Option<String>,
        #[serde(default)]
        upgrade: Flag,
        #[serde(default)]
        force_reinstall: Flag,
        #[serde(default)]
        ignore_installed: Flag,
        #[serde(default)]
        exists_action: Option<String>,
        #[serde(default)]
        no_deps: Flag,
        #[serde(default)]
        install_options: OneOrMany<String>,
        #[serde(default)]
        global_options: OneOrMany<String>,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        cwd: Option<String>,
        #[serde(default)]
        pre_releases: Flag,
        #[serde(default)]
        cert: Option<String>,
        #[serde(default)]
        env_vars: Option<Dict>,
        #[serde(default)]
        trusted_host: OneOrMany<String>,
        #[serde(default)]
        no_cache_dir: Flag,
        #[serde(default)]
        cache_dir: Option<String>,
        #[serde(default)]
        no_binary: OneOrMany<String>,
        #[serde(default)]
        extra_args: Value,
        #[serde(default)]
        break_system_packages: Flag,
    }

    /// A Python package is not installed.
    ///
    /// ```yaml
    /// six:
    ///   pip.removed:
    ///     - bin_env: /srv/app/venv
    /// ```
    /// Also: requirements, user, cwd. Changes: `name: Removed`.
    pub struct Removed {
        name: String,
        #[serde(default)]
        requirements: Value,
        #[serde(default)]
        bin_env: Option<String>,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        cwd: Option<String>,
    }

    /// Every Python package is at its newest version. bin_env, user, cwd: of which environment.
    pub struct UpToDate {
        #[serde(rename = "name")]
        _name: String,
        #[serde(default)]
        bin_env: Option<String>,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        cwd: Option<String>,
    }
}

/// What is to be installed, and what is said of the rest.
pub struct Step {
    /// Name (empty for an address) and the line as it was written.
    targets: Vec<(String, String)>,
    already: Vec<String>,
}

/// Lines of pip that do not tell of a change.
const NO_CHANGE: [&str; 7] = [
    "Requirement already satisfied",
    "Requirement already up-to-date",
    "Requirement not upgraded",
    "Collecting",
    "Cloning",
    "Cleaning up...",
    "Looking in indexes",
];

impl Installed {
    fn has_files(&self) -> bool {
        self.requirements.is_true() || !self.editable.is_empty()
    }

    /// What is listed: `pkgs`, else the name.
    fn lines(&self) -> Result<Vec<String>, StateError> {
        match &self.pkgs {
            Value::List(items) if !items.is_empty() => Ok(items
                .iter()
                .map(|item| match item.as_dict().and_then(|d| d.get_index(0)) {
                    Some((name, conditions)) => format!("{name} {conditions}"),
                    None => item.to_string(),
                })
                .collect()),
            value if value.is_true() => Err(StateError::refused("pkgs argument must be formatted as a list")),
            _ => Ok(vec![self.name.clone()]),
        }
    }

    fn install(&self, targets: &[(String, String)]) -> Install {
        let lines: Vec<Value> = targets.iter().map(|(_, line)| line.as_str().into()).collect();
        Install {
            pkgs: if lines.is_empty() { Value::None } else { lines.into() },
            requirements: self.requirements.clone(),
            bin_env: self.bin_env.clone().or_else(|| self.pip_bin.clone()),
            log: self.log.clone(),
            proxy: self.proxy.clone(),
            timeout: self.timeout,
            editable: self.editable.clone(),
            find_links: self.find_links.clone(),
            index_url: self.index_url.clone(),
            extra_index_url: self.extra_index_url.clone(),
            no_index: self.no_index,
            build: self.build.clone(),
            target: self.target.clone(),
            source: self.source.clone(),
            upgrade: self.upgrade,
            force_reinstall: self.force_reinstall,
            ignore_installed: self.ignore_installed,
            exists_action: self.exists_action.clone(),
            no_deps: self.no_deps,
            install_options: self.install_options.clone(),
            global_options: self.global_options.clone(),
            user: self.user.clone(),
            cwd: self.cwd.clone(),
            pre_releases: self.pre_releases,
            cert: self.cert.clone(),
            env_vars: self.env_vars.clone(),
            trusted_host: self.trusted_host.clone(),
            no_cache_dir: self.no_cache_dir,
            cache_dir: self.cache_dir.clone(),
            no_binary: self.no_binary.clone(),
            extra_args: self.extra_args.clone(),
            break_system_packages: self.break_system_packages,
            disable_version_check: Flag(true),
        }
    }

    /// What is said of a package that needs nothing done; none when it does.
    fn settled(
        &self,
        ctx: &Ctx<'_>,
        pip: &Pip,
        wanted: &Requirement,
        line: &str,
        installed: &BTreeMap<String, String>,
    ) -> Result<Option<String>, StateError> {
        let Some(current) = installed.get(&wanted.name) else { return Ok(None) };
        if self.ignore_installed.0 || self.force_reinstall.0 {
            return Ok(None);
        }
        let already = format!("Python package {line} was already installed");
        if !self.upgrade.0 {
            return Ok(pep440::fulfils(current, &wanted.conditions).then_some(already));
        }
        let asked = |mark: &str| wanted.conditions.iter().any(|(_, version)| version.contains(mark));
        let index = self.install(&[]).index()?;
        let mut versions = pip.versions(ctx, &wanted.name, &index)?;
        versions.retain(|v| ["a", "b", "rc"].iter().all(|mark| !v.contains(mark) || asked(mark)));
        let newest = versions.iter().rev().find(|v| pep440::fulfils(v, &wanted.conditions));
        Ok(match newest {
            None => Some(format!(
                "Python package {} was already installed and\nthe available upgrade doesn't fulfills the version \
                 requirements",
                wanted.name
            )),
            Some(newest) if pep440::compare(current, newest).is_eq() => Some(already),
            Some(_) => None,
        })
    }

    fn plan_packages(&self, ctx: &Ctx<'_>, lines: &[String]) -> Result<Plan<Step>, StateError> {
        let (parsed, wrong): (Vec<_>, Vec<_>) =
            lines.iter().map(|l| Requirement::parse(l).map(|r| (r, l))).partition(Result::is_ok);
        if !wrong.is_empty() {
            let problems: Vec<String> = wrong.into_iter().filter_map(Result::err).collect();
            return Err(StateError::refused(problems.join("\n")));
        }
        let not_there = |e: ExecError| StateError::refused(format!("Error installing '{}': {e}", self.name));
        let pip = self.install(&[]).pip(ctx).map_err(not_there)?;
        let installed = pip.list(ctx).map_err(not_there)?;
        let mut step = Step { targets: Vec::new(), already: Vec::new() };
        for (wanted, line) in parsed.into_iter().filter_map(Result::ok) {
            match self.settled(ctx, &pip, &wanted, line, &installed)? {
                Some(comment) => step.already.push(comment),
                None => step.targets.push((wanted.name, line.replace(',', ";"))),
            }
        }
        if step.targets.is_empty() {
            let and = if self.upgrade.0 { " and up-to-date" } else { "" };
            step.already.push(format!("All specified packages are already installed{and}"));
            return Ok(Plan::nothing(step.already.join("\n")));
        }
        let comment = match (lines, step.targets.as_slice()) {
            ([one], _) => format!("Python package {one} is set to be installed"),
            (all, _) => format!("Python package(s) set to be installed:\n{}", all.join("\n")),
        };
        Ok(Plan::steps(vec![step], Dict::new(), comment))
    }

    /// What came of requirement files and editable packages.
    fn told_by_files(&self, output: &crate::host::Output) -> Outcome {
        let (mut changes, mut comments) = (Dict::new(), Vec::new());
        if self.requirements.is_true() {
            let out = output.out();
            let changed = out
                .trim_end_matches('\n')
                .split('\n')
                .any(|line| !NO_CHANGE.iter().any(|start| line.trim().starts_with(start)));
            if changed {
                changes.insert("requirements", true);
                comments.push(format!("Successfully processed requirements file {}.", self.requirements));
            } else {
                comments.push("Requirements were already installed.".to_owned());
            }
        }
        if !self.editable.is_empty() {
            comments.push(format!(
                "Package successfully installed from VCS checkout {}.",
                self.editable.join(",")
            ));
            changes.insert("editable", true);
        }
        Outcome::new(Some(true), comments.join(" ")).with_changes(changes)
    }

    /// What came of packages.
    fn told_by_packages(
        &self,
        ctx: &Ctx<'_>,
        step: &Step,
        output: &crate::host::Output,
    ) -> Result<Outcome, StateError> {
        let out = output.out();
        let satisfied: Vec<String> = out
            .lines()
            .filter_map(|line| {
                line.strip_prefix("Requirement already satisfied: ")
                    .or_else(|| line.strip_prefix("Requirement already up-to-date: "))
            })
            .filter_map(|rest| rest.split_whitespace().next())
            .map(|word| normalize(word.split(['=', '!', '<', '>', '~', '@', '[']).next().unwrap_or(word)))
            .collect();
        let installed = self.install(&[]).pip(ctx)?.list(ctx)?;
        let (mut changes, mut missing) = (Dict::new(), Vec::new());
        for (name, line) in &step.targets {
            match installed.get(name) {
                _ if name.is_empty() => drop(changes.insert(format!("{line}==???"), "Installed")),
                None => missing.push(format!(
                    "There was no error installing package '{line}' although it does not show when calling \
                     'pip.freeze'."
                )),
                Some(_) if satisfied.contains(name) => {}
                Some(version) => drop(changes.insert(format!("{name}=={version}"), "Installed")),
            }
        }
        let mut comments = step.already.clone();
        match missing.is_empty() {
            true => comments.push("All packages were successfully installed".to_owned()),
            false => comments.extend(missing),
        }
        Ok(Outcome::new(Some(true), comments.join("\n")).with_changes(changes))
    }
}

impl State for Installed {
    const FUN: &'static str = "pip.installed";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        let lines = self.lines()?;
        if let Some(user) = self.user.as_deref().filter(|u| !u.is_empty())
            && ctx.host.user(user)?.is_none()
        {
            return Err(StateError::refused(format!("User {user} does not exist")));
        }
        let plan = if self.has_files() {
            let mut comments = Vec::new();
            if self.requirements.is_true() {
                comments.push(format!("Requirements file '{}' will be processed.", self.requirements));
            }
            if !self.editable.is_empty() {
                comments.push(format!(
                    "Package will be installed in editable mode (i.e. setuptools \"develop mode\") from {}.",
                    self.editable.join(",")
                ));
            }
            let step = Step { targets: Vec::new(), already: Vec::new() };
            Plan::steps(vec![step], Dict::new(), comments.join(" "))
        } else {
            self.plan_packages(ctx, &lines)?
        };
        // Salt's result is called after the packages.
        Ok(if self.pkgs.is_true() { plan.with_extra("name", lines.join(";")) } else { plan })
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let files = self.has_files();
        let done = self.install(&step.targets).run(ctx);
        let mut outcome = match done {
            Ok(Some(output)) if output.ok() && files => self.told_by_files(&output),
            Ok(Some(output)) if output.ok() => self.told_by_packages(ctx, &step, &output)?,
            Ok(Some(output)) => {
                let error = format!(
                    "Error: {} {}",
                    output.out().trim_end_matches('\n'),
                    output.err().trim_end_matches('\n')
                );
                Outcome::new(Some(false), self.failure(&step, &error))
            }
            Ok(None) => Outcome::new(Some(false), "Could not install package"),
            Err(ExecError::Host(error)) => return Err(error.into()),
            Err(error) => Outcome::new(Some(false), self.failure(&step, &format!("Error: {error}"))),
        };
        if self.pkgs.is_true() {
            outcome.extra.insert("name", self.lines()?.join(";"));
        }
        Ok(Applied::Done(outcome))
    }
}

impl Installed {
    fn failure(&self, step: &Step, error: &str) -> String {
        if !self.has_files() {
            let names: Vec<&str> = step.targets.iter().map(|(_, line)| line.as_str()).collect();
            let mut comments = step.already.clone();
            comments.push(format!("Failed to install packages: {}. {error}", names.join(", ")));
            return comments.join("\n");
        }
        let mut comments = Vec::new();
        if self.requirements.is_true() {
            comments.push(format!("Unable to process requirements file \"{}\"", self.requirements));
        }
        if !self.editable.is_empty() {
            comments.push(format!("Unable to install from VCS checkout {}.", self.editable.join(",")));
        }
        comments.push(error.to_owned());
        comments.join(" ")
    }
}

impl State for Removed {
    const FUN: &'static str = "pip.removed";
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        let error = |e: ExecError| StateError::refused(format!("Error uninstalling '{}': {e}", self.name));
        let (bin_env, user, cwd) = (self.bin_env.as_deref(), self.user.as_deref(), self.cwd.as_deref());
        let pip = Pip::find(ctx, bin_env, user, cwd, &Dict::new()).map_err(error)?;
        if !pip.list(ctx).map_err(error)?.contains_key(&normalize(&self.name)) {
            return Ok(Plan::nothing("Package is not installed."));
        }
        Ok(Plan::steps(vec![()], Dict::new(), format!("Package {} is set to be removed", self.name)))
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let kwargs = Dict::new()
            .with("pkgs", self.name.as_str())
            .with("requirements", self.requirements.clone())
            .with("bin_env", self.bin_env.clone())
            .with("user", self.user.clone())
            .with("cwd", self.cwd.clone());
        let done = ctx.call("pip.uninstall", Vec::new(), kwargs)?;
        if done.get("retcode").and_then(Value::as_int) != Some(0) {
            let said = done.get("stderr").map(ToString::to_string).unwrap_or_default();
            return Err(StateError::refused(format!("Could not remove package. {said}").trim_end()));
        }
        let changes = Dict::new().with(self.name.as_str(), "Removed");
        let outcome = Outcome::new(Some(true), "Package was successfully removed.").with_changes(changes);
        Ok(Applied::Done(outcome))
    }
}

impl State for UpToDate {
    const FUN: &'static str = "pip.uptodate";
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        let (bin_env, user, cwd) = (self.bin_env.as_deref(), self.user.as_deref(), self.cwd.as_deref());
        let pip = Pip::find(ctx, bin_env, user, cwd, &Dict::new())?;
        if pip.upgrades(ctx)?.is_empty() {
            return Ok(Plan::nothing("System is already up-to-date."));
        }
        Ok(Plan::steps(vec![()], Dict::new(), "System update will be performed"))
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let kwargs = Dict::new()
            .with("bin_env", self.bin_env.clone())
            .with("user", self.user.clone())
            .with("cwd", self.cwd.clone());
        let done = ctx.call("pip.upgrade", Vec::new(), kwargs)?;
        let changes = done.get("changes").and_then(Value::as_dict).cloned().unwrap_or_default();
        let outcome = match done.get("result") {
            Some(Value::Bool(false)) => {
                Outcome::new(Some(false), done.get("comment").map(ToString::to_string).unwrap_or_default())
            }
            _ => Outcome::new(Some(true), "Upgrade successful."),
        };
        Ok(Applied::Done(outcome.with_changes(changes)))
    }
}
