//! `git.config_set` and `git.config_unset`

use data::loose::{Flag, OneOrMany};
use data::{Dict, Value};

use super::super::{Applied, Outcome, Plan, State, StateError, old_new};
use crate::exec::git::{Git, GitError};
use crate::{Ctx, args};

args! {
    /// A key of git's configuration has a value.
    ///
    /// ```yaml
    /// user.email:
    ///   git.config_set:
    ///     - value: deploy@example.org
    ///     - global: true        # or repo: /srv/app
    ///     - user: app
    /// ```
    /// multivar: several values. Changes: the key's old and new values.
    pub struct ConfigSet {
        name: String,
        #[serde(default)]
        value: Option<String>,
        #[serde(default)]
        multivar: Option<OneOrMany<String>>,
        #[serde(default)]
        repo: Option<String>,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        global: Flag,
    }

    /// A key of git's configuration, or those of its values that match, is not set.
    ///
    /// ```yaml
    /// http.proxy:
    ///   git.config_unset:
    ///     - repo: /srv/app
    ///     - value_regex: 'example\.org'
    ///     - all: true           # also when there are several
    /// ```
    /// Also: global, user. Changes: the key and the values that went.
    pub struct ConfigUnset {
        name: String,
        #[serde(default)]
        value_regex: Option<String>,
        #[serde(default)]
        repo: Option<String>,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        global: Flag,
        #[serde(default)]
        all: Flag,
    }
}

fn place<'a>(
    ctx: &Ctx<'a>,
    repo: Option<&str>,
    user: Option<&str>,
    global: bool,
) -> Result<(Git<'a>, &'static str), StateError> {
    let git = Git::new(ctx.host, user, &[]);
    match (repo, global) {
        (Some(repo), false) => Ok((git.at(repo), "--local")),
        (Some(repo), true) => Ok((git.at(repo), "--global")),
        (None, true) => Ok((git, "--global")),
        (None, false) => {
            Err(StateError::refused("Non-global config options require the 'repo' argument to be set"))
        }
    }
}

impl ConfigSet {
    fn desired(&self) -> Vec<String> {
        match (&self.value, &self.multivar) {
            (Some(value), _) => vec![value.clone()],
            (None, Some(OneOrMany(many))) => match many.as_slice() {
                [one] => one.split(',').map(str::to_owned).collect(),
                _ => many.clone(),
            },
            (None, None) => Vec::new(),
        }
    }

    /// The value as comments show it.
    fn shown(&self) -> String {
        match &self.value {
            Some(value) => format!("'{value}'"),
            None => Value::from(self.desired()).to_string(),
        }
    }
}

impl State for ConfigSet {
    const FUN: &'static str = "git.config_set";
    /// What it was.
    type Step = Option<Vec<String>>;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Self::Step>, StateError> {
        if self.value.is_some() && self.multivar.is_some() {
            return Err(StateError::refused("Only one of 'value' and 'multivar' is permitted"));
        }
        let (git, scope) = place(ctx, self.repo.as_deref(), self.user.as_deref(), self.global.0)?;
        let old = git.config(scope, &self.name)?;
        let desired = self.desired();
        let key = if self.global.0 { "Global key " } else { "" };
        if old.as_ref() == Some(&desired) {
            return Ok(Plan::nothing(format!("{key}'{}' is already set to {}", self.name, self.shown())));
        }
        let how = if old.is_none() { "added as" } else { "set to" };
        let comment = format!("{key}'{}' would be {how} {}", self.name, self.shown());
        let changes = Dict::new().with("old", old.clone()).with("new", desired);
        Ok(Plan::steps(vec![old], changes, comment))
    }

    fn apply(&self, old: Self::Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let (git, scope) = place(ctx, self.repo.as_deref(), self.user.as_deref(), self.global.0)?;
        let desired = self.desired();
        let key = if self.global.0 { "global key " } else { "" };
        let failed = format!("Failed to set {key}'{}' to {}", self.name, self.shown());
        match git.set_config(scope, &self.name, &desired, false) {
            Ok(()) => {}
            Err(GitError::Host(error)) => return Err(error.into()),
            Err(error) => return Err(StateError::refused(format!("{failed}: {}", error.message()))),
        }
        let new = git.config(scope, &self.name)?;
        let changes = Dict::new().with(self.name.as_str(), old_new(old.clone(), new.clone()));
        if new.as_ref() != Some(&desired) {
            return Err(StateError::after(failed, changes));
        }
        let how = if old.is_none() { "added as" } else { "set to" };
        let key = if self.global.0 { "Global key " } else { "" };
        let comment = format!("{key}'{}' was {how} {}", self.name, self.shown());
        Ok(Applied::Done(Outcome::new(Some(true), comment).with_changes(changes)))
    }
}

impl ConfigUnset {
    /// The key as a pattern that matches it whole.
    fn pattern(&self) -> String {
        format!("^{}$", self.name.trim_start_matches('^').trim_end_matches('$'))
    }
}

impl State for ConfigUnset {
    const FUN: &'static str = "git.config_unset";
    /// The keys that match, with their values.
    type Step = Dict;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Dict>, StateError> {
        let (git, scope) = place(ctx, self.repo.as_deref(), self.user.as_deref(), self.global.0)?;
        let found = git.config_matching(scope, &self.pattern(), self.value_regex.as_deref())?;
        if found.is_empty() {
            return Ok(Plan::nothing("No matching keys are set"));
        }
        let several = |values: &Value| values.as_list().is_some_and(|l| l.len() > 1);
        let greedy: Vec<String> = found
            .iter()
            .filter(|(_, values)| several(values))
            .map(|(key, values)| {
                let values: Vec<String> =
                    values.as_list().unwrap_or_default().iter().map(ToString::to_string).collect();
                format!("{key} ({})", values.join(", "))
            })
            .collect();
        if !self.all.0 && !greedy.is_empty() {
            let what = match self.value_regex {
                Some(_) => "Multiple values are matched by value_regex for the following keys",
                None => "Multivar(s) matched by the key expression",
            };
            let list = greedy.join("; ");
            return Err(StateError::refused(format!("{what} (set 'all' to True to force removal): {list}")));
        }
        let comment = format!("{} key(s) would have value(s) unset", found.len());
        Ok(Plan::steps(vec![found.clone()], found, comment))
    }

    fn apply(&self, found: Dict, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let (git, scope) = place(ctx, self.repo.as_deref(), self.user.as_deref(), self.global.0)?;
        let mut failed = Vec::new();
        for key in found.keys() {
            let key = key.to_string();
            match git.unset_config(scope, &key, self.value_regex.as_deref(), self.all.0) {
                Ok(()) => {}
                Err(GitError::Host(error)) => return Err(error.into()),
                Err(error) => {
                    tracing::error!("failed to unset '{key}': {error}");
                    failed.push(key);
                }
            }
        }
        if !failed.is_empty() {
            return Err(StateError::refused(format!(
                "Error(s) occurred unsetting values for the following keys (see the minion log for details): {}",
                failed.join(", ")
            )));
        }
        Ok(Applied::Changed { changes: found, comment: "Value(s) successfully unset".to_owned() })
    }
}
