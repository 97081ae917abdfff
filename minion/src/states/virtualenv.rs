//! Virtual environments for Python as they should be.

use std::path::Path;

use data::loose::{Flag, OneOrMany};
use data::{Dict, Value};

use super::{Applied, Outcome, Plan, State, StateEntry, StateError, entry};
use crate::exec::pip::{Install, Pip};
use crate::exec::virtualenv::Create;
use crate::host::Cmd;
use crate::{Ctx, args};

/// The rows of this module.
pub const STATES: &[StateEntry] = &[entry::<Managed>(), entry::<Managed>().also_as("virtualenv.manage")];

args! {
    /// There is a virtual environment, with packages in it.
    ///
    /// ```yaml
    /// /srv/app/venv:
    ///   virtualenv.managed:
    ///     - python: /usr/bin/python3
    ///     - requirements: salt://app/requirements.txt
    ///     - pip_pkgs: [gunicorn]
    ///     - user: app
    /// ```
    /// Also: venv_bin (virtualenv, venv or a Python), system_site_packages, clear, prompt, extra_search_dir,
    /// never_download, index_url, extra_index_url, trusted_host, pre_releases, no_deps, pip_upgrade,
    /// pip_ignore_installed, pip_exists_action, pip_no_cache_dir, pip_cache_dir, no_binary, proxy, env_vars, cwd,
    /// extra_args. Changes: `new` (the version of Python), `packages: {new, old}`.
    pub struct Managed {
        name: String,
        #[serde(default)]
        venv_bin: Option<String>,
        #[serde(default)]
        requirements: Value,
        #[serde(default)]
        system_site_packages: Flag,
        #[serde(default)]
        clear: Flag,
        #[serde(default)]
        python: Option<String>,
        #[serde(default)]
        extra_search_dir: OneOrMany<String>,
        #[serde(default)]
        never_download: Option<Flag>,
        #[serde(default)]
        prompt: Option<String>,
        #[serde(default)]
        symlinks: Option<Flag>,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        cwd: Option<String>,
        #[serde(default)]
        index_url: Option<String>,
        #[serde(default)]
        extra_index_url: Option<String>,
        #[serde(default)]
        trusted_host: OneOrMany<String>,
        #[serde(default)]
        pre_releases: Flag,
        #[serde(default)]
        no_deps: Flag,
        #[serde(default)]
        pip_exists_action: Option<String>,
        #[serde(default)]
        pip_ignore_installed: Flag,
        #[serde(default)]
        proxy: Value,
        #[serde(default)]
        env_vars: Option<Dict>,
        #[serde(default)]
        pip_upgrade: Flag,
        #[serde(default)]
        pip_pkgs: Value,
        #[serde(default)]
        pip_no_cache_dir: Flag,
        #[serde(default)]
        pip_cache_dir: Option<String>,
        #[serde(default)]
        no_binary: OneOrMany<String>,
        #[serde(default)]
        extra_args: Value,
    }
}

/// What there is to do.
pub enum Step {
    /// Create it, or create it anew.
    Create,
    /// Put the packages in.
    Fill,
}

impl Managed {
    fn python(&self) -> String {
        format!("{}/bin/python", self.name.trim_end_matches('/'))
    }

    fn exists(&self, ctx: &Ctx<'_>) -> bool {
        ctx.host.exists(Path::new(&self.python()))
    }

    fn wants_packages(&self) -> bool {
        self.requirements.is_true() || self.pip_pkgs.is_true()
    }

    /// `Python 3.11.2`
    fn version(&self, ctx: &Ctx<'_>) -> Result<String, StateError> {
        let output = ctx.host.run(&Cmd::of(self.python(), ["-V"]))?;
        // Before Python 3.4 it went to the error output, which is where Salt still looks.
        Ok(output.err().trim_matches('\n').to_owned())
    }

    fn pip(&self, ctx: &Ctx<'_>) -> Result<Pip, StateError> {
        let env = self.env_vars.clone().unwrap_or_default();
        Ok(Pip::find(ctx, Some(&self.name), self.user.as_deref(), None, &env)?)
    }

    fn create(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let mut changes = Dict::new();
        if self.exists(ctx) && self.clear.0 {
            changes.insert("cleared_packages", self.pip(ctx)?.freeze(ctx)?);
            changes.insert("old", self.version(ctx)?);
        }
        let create = Create {
            path: self.name.clone(),
            venv_bin: self.venv_bin.clone(),
            system_site_packages: self.system_site_packages,
            clear: self.clear,
            python: self.python.clone(),
            extra_search_dir: self.extra_search_dir.clone(),
            never_download: self.never_download,
            prompt: self.prompt.clone(),
            symlinks: self.symlinks,
            upgrade: None,
            user: self.user.clone(),
        };
        let output = create.run(ctx)?;
        if !output.ok() {
            let text = |t: String| t.trim_end_matches('\n').to_owned();
            let comment = format!("{}{}", text(output.out()), text(output.err()));
            return Ok(Outcome::new(Some(false), comment).with_changes(changes));
        }
        changes.insert("new", self.version(ctx)?);
        let comment = if self.clear.0 { "Cleared existing virtualenv" } else { "Created new virtualenv" };
        Ok(Outcome::new(Some(true), comment).with_changes(changes))
    }

    fn fill(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let pip = self.pip(ctx)?;
        let before = pip.freeze(ctx)?;
        let install = Install {
            pkgs: self.pip_pkgs.clone(),
            requirements: self.requirements.clone(),
            bin_env: Some(self.name.clone()),
            user: self.user.clone(),
            cwd: self.cwd.clone().or_else(|| self.requirements_dir()),
            index_url: self.index_url.clone(),
            extra_index_url: self.extra_index_url.clone(),
            trusted_host: self.trusted_host.clone(),
            pre_releases: self.pre_releases,
            no_deps: self.no_deps,
            exists_action: self.pip_exists_action.clone(),
            ignore_installed: self.pip_ignore_installed,
            upgrade: self.pip_upgrade,
            proxy: self.proxy.clone(),
            env_vars: self.env_vars.clone(),
            no_cache_dir: self.pip_no_cache_dir,
            cache_dir: self.pip_cache_dir.clone(),
            no_binary: self.no_binary.clone(),
            extra_args: self.extra_args.clone(),
            ..Install::default()
        };
        let output = install.run(ctx)?;
        let after = pip.freeze(ctx)?;
        let only_in = |a: &[String], b: &[String]| -> Vec<String> {
            a.iter().filter(|line| !b.contains(line)).cloned().collect()
        };
        let (new, old) = (only_in(&after, &before), only_in(&before, &after));
        let mut changes = Dict::new();
        if !new.is_empty() || !old.is_empty() {
            let side = |list: Vec<String>| if list.is_empty() { Value::from("") } else { list.into() };
            changes.insert("packages", Dict::new().with("new", side(new)).with("old", side(old)));
        }
        let mut outcome = Outcome::new(Some(true), "").with_changes(changes);
        if let Some(output) = output.filter(|o| !o.ok()) {
            let text = |t: String| t.trim_end_matches('\n').to_owned();
            outcome.result = Some(false);
            outcome.comment = format!("{}\n{}", text(output.out()), text(output.err()));
        }
        Ok(outcome)
    }

    /// Requirement files that name others do so from where they are.
    fn requirements_dir(&self) -> Option<String> {
        let text = match &self.requirements {
            Value::List(items) => items.first()?.to_string(),
            other => other.to_string(),
        };
        let first = text.split(',').next().filter(|f| f.starts_with('/'))?;
        Some(Path::new(first).parent()?.display().to_string())
    }
}

impl State for Managed {
    const FUN: &'static str = "virtualenv.managed";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        let name = &self.name;
        if let Some(path) = self.requirements.as_str().and_then(|r| r.strip_prefix("salt://"))
            && ctx.files().stat(path, &ctx.saltenv())?.is_none()
        {
            return Err(StateError::refused(format!(
                "pip requirements file '{}' not found",
                self.requirements
            )));
        }
        let exists = self.exists(ctx);
        let mut steps = Vec::new();
        if !exists || self.clear.0 {
            steps.push(Step::Create);
        }
        if self.wants_packages() {
            steps.push(Step::Fill);
        }
        let comment = match (exists, self.clear.0) {
            (true, true) => format!("Virtualenv {name} is set to be cleared"),
            (false, _) => format!("Virtualenv {name} is set to be created"),
            // Which packages are missing only pip can tell, by installing them.
            (true, false) if ctx.test => {
                return Ok(Plan::nothing(format!("Virtualenv {name} is already created")));
            }
            (true, false) => "virtualenv exists".to_owned(),
        };
        if steps.is_empty() {
            return Ok(Plan::nothing(comment));
        }
        Ok(Plan::steps(steps, Dict::new(), comment))
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let outcome = match step {
            Step::Create => self.create(ctx)?,
            Step::Fill => self.fill(ctx)?,
        };
        if outcome.result == Some(true) {
            return Ok(Applied::Changed { changes: outcome.changes, comment: outcome.comment });
        }
        Err(StateError::after(outcome.comment, outcome.changes))
    }
}
