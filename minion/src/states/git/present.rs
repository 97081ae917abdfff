//! `git.present`

use std::path::Path;

use data::loose::Flag;
use data::{Dict, Value};

use super::super::{Applied, Plan, State, StateError};
use crate::exec::git::Git;
use crate::{Ctx, args};

args! {
    /// There is a repository, empty at first.
    ///
    /// ```yaml
    /// /srv/git/app.git:
    ///   git.present:
    ///     - bare: true      # the default
    ///     - user: git
    /// ```
    /// Also: force (replace what is there), template, separate_git_dir, shared. Changes: `new`.
    pub struct Present {
        name: String,
        #[serde(default)]
        force: Flag,
        #[serde(default = yes)]
        bare: Flag,
        #[serde(default)]
        template: Option<String>,
        #[serde(default)]
        separate_git_dir: Option<String>,
        #[serde(default)]
        shared: Value,
        #[serde(default)]
        user: Option<String>,
    }
}

fn yes() -> Flag {
    Flag(true)
}

impl State for Present {
    const FUN: &'static str = "git.present";
    /// Whether something has to be removed first.
    type Step = bool;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<bool>, StateError> {
        let dir = Path::new(&self.name);
        let kind = if self.bare.0 { "bare " } else { "" };
        let mut changes = Dict::new().with("new", self.name.as_str());
        if ctx.host.is_dir(dir) {
            let git = Git::new(ctx.host, self.user.as_deref(), &[]).at(dir);
            let is_there = match self.bare.0 {
                true => ctx.host.is_file(&dir.join("HEAD")),
                false => ctx.host.is_dir(&dir.join(".git")) || git.is_worktree(),
            };
            if is_there {
                return Ok(Plan::nothing(""));
            }
            if self.force.0 {
                changes.insert("forced init", true);
                let comment = format!(
                    "Target directory {0} exists. Since force=True, the contents of {0} would be deleted, and a \
                     {kind}repository would be initialized in its place.",
                    self.name
                );
                return Ok(Plan::steps(vec![true], changes, comment));
            }
            if !ctx.host.list_dir(dir)?.is_empty() {
                return Err(StateError::refused(format!(
                    "Target '{}' exists, is non-empty, and is not a git repository. Set the 'force' option to True \
                     to remove this directory's contents and proceed with initializing a repository",
                    self.name
                )));
            }
        }
        Ok(Plan::steps(vec![false], changes, format!("New {kind}repository would be created")))
    }

    fn apply(&self, must_empty: bool, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        if must_empty {
            ctx.host.remove_all(Path::new(&self.name))?;
        }
        let text = |v: &Option<String>| Value::from(v.clone());
        let kwargs = Dict::new()
            .with("bare", self.bare.0)
            .with("template", text(&self.template))
            .with("separate_git_dir", text(&self.separate_git_dir))
            .with("shared", self.shared.clone())
            .with("user", text(&self.user));
        ctx.call("git.init", vec![self.name.as_str().into()], kwargs)?;
        let kind = if self.bare.0 { "bare " } else { "" };
        let mut said = vec![format!("Initialized {kind}repository in {}", self.name)];
        said.extend(self.template.as_ref().map(|t| format!("Template directory set to {t}")));
        said.extend(self.separate_git_dir.as_ref().map(|d| format!("Gitdir set to {d}")));
        Ok(Applied::Said(super::sentences(&said)))
    }
}
