//! `git.detached`

use std::path::Path;

use data::loose::{Flag, OneOrMany};
use data::{Dict, Value};

use super::super::{Applied, Outcome, Plan, State, StateError, old_new};
use super::{empty, failure, is_commit, sentences, text};
use crate::exec::git::repo::checked_name;
use crate::exec::git::{Git, GitError, identities, parse};
use crate::{Ctx, args};

args! {
    /// A checkout is at a commit, tag or remote branch, without a branch of its own.
    ///
    /// ```yaml
    /// app:
    ///   git.detached:
    ///     - name: https://example.org/app.git
    ///     - target: /srv/app
    ///     - rev: v1.2
    /// ```
    /// Also: remote, user, force_clone, force_checkout, fetch_remote (true), hard_reset, submodules, identity,
    /// https_user, https_pass. Changes: `HEAD: {old, new}`.
    pub struct Detached {
        name: String,
        rev: Value,
        target: String,
        #[serde(default = origin)]
        remote: String,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        force_clone: Flag,
        #[serde(default)]
        force_checkout: Flag,
        #[serde(default = yes)]
        fetch_remote: Flag,
        #[serde(default)]
        hard_reset: Flag,
        #[serde(default)]
        submodules: Flag,
        #[serde(default)]
        identity: OneOrMany<String>,
        #[serde(default)]
        https_user: Option<String>,
        #[serde(default)]
        https_pass: Option<String>,
        #[serde(default, rename = "password")]
        _password: Option<String>,
        #[serde(default, rename = "output_encoding")]
        _output_encoding: Option<String>,
    }
}

fn origin() -> String {
    "origin".to_owned()
}

fn yes() -> Flag {
    Flag(true)
}

/// What the plan found.
pub struct Step {
    /// There is no checkout; `Some(true)`: the directory has to be emptied.
    clone: Option<bool>,
    /// The commit that is checked out.
    old: Option<String>,
    /// The address that the remote has to be changed from.
    remote_from: Option<Option<String>>,
    fetch: bool,
}

impl Detached {
    fn rev(&self) -> String {
        let rev = text(&self.rev);
        if is_commit(&rev) { rev.to_lowercase() } else { rev }
    }

    fn git<'a>(&self, ctx: &Ctx<'a>) -> Result<Git<'a>, StateError> {
        Ok(Git::new(ctx.host, self.user.as_deref(), &identities(ctx, &self.identity)?))
    }

    fn url(&self) -> Result<String, StateError> {
        parse::with_auth(&self.name, self.https_user.as_deref(), self.https_pass.as_deref())
            .map_err(StateError::refused)
    }

    /// The commit that the revision is, as far as is known here.
    fn commit(&self, here: &Git<'_>) -> Option<String> {
        let rev = self.rev();
        if is_commit(&rev) {
            return here.commit(&rev);
        }
        let branch = format!("refs/remotes/{}/{rev}", self.remote);
        here.commit(&branch).or_else(|| here.commit(&format!("refs/tags/{rev}")))
    }

    fn steps(
        &self,
        step: &Step,
        ctx: &Ctx<'_>,
        changes: &mut Dict,
        comments: &mut Vec<String>,
    ) -> Result<Option<String>, GitError> {
        let git = self.git(ctx).map_err(|e| GitError::Argument(e.to_string()))?;
        let url = self.url().map_err(|e| GitError::Argument(e.to_string()))?;
        let here = git.at(&self.target);
        if step.clone.is_some() {
            let mut opts = vec!["--no-checkout"];
            if self.remote != "origin" {
                opts.extend(["--origin", &self.remote]);
            }
            git.at("/").clone_to(&url, &self.target, &opts)?;
            comments.push(format!("{} cloned to {}", self.name, self.target));
        }
        if let Some(old) = &step.remote_from {
            here.set_remote(&self.remote, &url, None)?;
            let old = old.as_deref().map_or_else(|| "None".to_owned(), |o| format!("{{'fetch': '{o}'}}"));
            comments.push(format!("Remote {} updated from '{old}' to '{}'", self.remote, self.name));
        }
        if step.fetch {
            let refspecs = [
                format!("refs/heads/*:refs/remotes/{}/*", self.remote),
                "+refs/tags/*:refs/tags/*".to_owned(),
            ];
            match here.fetch(Some(&self.remote), true, &refspecs, &[]) {
                Ok(fetched) if fetched.is_empty() => {}
                Ok(_) => {
                    comments.push(format!("Remote {} was fetched, resulting in updated refs", self.remote));
                }
                Err(GitError::Host(error)) => return Err(error.into()),
                Err(error) => return Ok(Some(format!("Fetch failed:\n\n{error}"))),
            }
        }
        let Some(commit) = self.commit(&here) else {
            return Ok(Some(format!("Revision '{}' does not exist", self.rev())));
        };
        if self.hard_reset.0 {
            here.reset_hard("HEAD")?;
            comments.push("Repository was reset to HEAD before checking out revision".to_owned());
        }
        if step.old.as_ref() != Some(&commit) || step.clone.is_some() {
            let mut line = vec!["checkout"];
            line.extend(self.force_checkout.0.then_some("--force"));
            line.extend(["--detach", &commit]);
            here.run_merged(&line)?;
            comments.push(format!("Commit ID {commit} was checked out at {}", self.target));
            changes.insert("HEAD", old_new(step.old.clone(), here.head()));
        }
        if self.submodules.0 {
            let line = ["submodule", "update", "--init", "--recursive"];
            here.run_remote(&line, crate::host::Errors::Apart)?;
            comments.push("Submodules were updated".to_owned());
        }
        if !changes.contains("HEAD") {
            comments.push("Already checked out at correct revision".to_owned());
        }
        Ok(None)
    }
}

impl State for Detached {
    const FUN: &'static str = "git.detached";
    const KWARGS: bool = false;
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        let rev = self.rev();
        if rev.is_empty() {
            return Err(StateError::refused(format!("'{rev}' is not a valid value for the 'rev' argument")));
        }
        checked_name(&rev)?;
        checked_name(&self.remote)?;
        if !self.target.starts_with('/') {
            return Err(StateError::refused(format!("Target '{}' is not an absolute path", self.target)));
        }
        let dir = Path::new(&self.target);
        if ctx.host.is_file(dir) {
            let problem = format!("Target '{}' exists and is a regular file, cannot proceed", self.target);
            return Err(StateError::refused(problem));
        }
        let url = self.url()?;
        let here = self.git(ctx)?.at(&self.target);
        let marker = dir.join(".git");
        if !(ctx.host.is_dir(&marker) || (ctx.host.is_file(&marker) && here.is_worktree())) {
            let is_full = ctx.host.is_dir(dir) && !ctx.host.list_dir(dir)?.is_empty();
            if is_full && !self.force_clone.0 {
                return Err(StateError::refused(format!(
                    "Target '{}' exists, is non-empty and is not a git repository. Set the 'force_clone' option to \
                     True to remove this directory's contents and proceed with cloning the remote repository",
                    self.target
                )));
            }
            let comment = if is_full {
                format!(
                    "Target directory {0} exists. Since force_clone=True, the contents of {0} would be deleted, and \
                     {1} would be cloned into this directory.",
                    self.target, self.name
                )
            } else {
                format!("Repository {} would be cloned to {}", self.name, self.target)
            };
            // A clone without a checkout fetches everything: a second fetch would find nothing.
            let step = Step { clone: Some(is_full), old: None, remote_from: None, fetch: false };
            return Ok(Plan::steps(vec![step], Dict::new(), comment));
        }
        let old = here.head();
        if is_commit(&rev) && here.commit(&rev).is_some() {
            let commit = here.commit(&rev).unwrap_or_default();
            let step = Step { clone: None, old: old.clone(), remote_from: None, fetch: false };
            return Ok(self.plan_checkout(step, &commit));
        }
        let remotes = here.remotes(false)?;
        let fetch_url = remotes.into_iter().find(|(name, _)| *name == self.remote).and_then(|(_, r)| r.fetch);
        if fetch_url.as_deref() != Some(url.as_str()) {
            let comment = format!("Remote {} would be set to {}", self.remote, self.name);
            let step = Step { clone: None, old, remote_from: Some(fetch_url), fetch: self.fetch_remote.0 };
            return Ok(Plan::steps(vec![step], Dict::new(), comment));
        }
        if !self.fetch_remote.0 {
            let step = Step { clone: None, old, remote_from: None, fetch: false };
            return match self.commit(&here) {
                Some(commit) => Ok(self.plan_checkout(step, &commit)),
                None => Err(StateError::refused(format!("Revision '{rev}' does not exist"))),
            };
        }
        // What the remote has is asked before anything is fetched: nothing new, nothing to do.
        let theirs = here.remote_refs(&url, &[], None).map_err(|e| {
            StateError::refused(format!("Failed to list refs for {}: {}", self.remote, e.message()))
        })?;
        let get = |name: String| theirs.iter().find(|(n, _)| *n == name).map(|(_, sha)| sha.clone());
        let wanted = get(format!("refs/heads/{rev}"))
            .or_else(|| get(format!("refs/tags/{rev}^{{}}")))
            .or_else(|| get(format!("refs/tags/{rev}")));
        let known = self.commit(&here);
        let step = Step { clone: None, old, remote_from: None, fetch: wanted.is_none() || known != wanted };
        match (step.fetch, known) {
            (false, Some(commit)) => Ok(self.plan_checkout(step, &commit)),
            _ => {
                let comment = format!("Repository remote {} would be fetched", self.remote);
                Ok(Plan::steps(vec![step], Dict::new(), comment))
            }
        }
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let (mut changes, mut comments) = (Dict::new(), Vec::new());
        if step.clone == Some(true) {
            empty(ctx.host, &self.target)?;
            changes.insert("forced clone", true);
        }
        Ok(Applied::Done(match self.steps(&step, ctx, &mut changes, &mut comments) {
            Ok(None) => Outcome::new(Some(true), sentences(&comments)).with_changes(changes),
            Ok(Some(problem)) => failure(problem, &comments, changes),
            Err(GitError::Host(error)) => return Err(error.into()),
            Err(error) => failure(error.message(), &comments, changes),
        }))
    }
}

impl Detached {
    fn plan_checkout(&self, step: Step, commit: &str) -> Plan<Step> {
        if self.hard_reset.0 {
            let comment = format!("Hard reset to HEAD would be performed on {}", self.target);
            return Plan::steps(vec![step], Dict::new(), comment);
        }
        if step.old.as_deref() == Some(commit) {
            return Plan::nothing("Already checked out at correct revision");
        }
        let change = old_new(step.old.clone(), commit);
        let comment = format!("Commit ID {commit} would be checked out at {}", self.target);
        Plan::one(step, "HEAD", change, comment)
    }
}
