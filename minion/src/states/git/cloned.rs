//! `git.cloned`

use std::path::Path;

use data::Dict;
use data::loose::OneOrMany;

use super::super::{Applied, Outcome, Plan, State, StateError, old_new};
use crate::exec::git::repo::checked_name;
use crate::exec::git::{Git, GitError, identities, parse};
use crate::{Ctx, args};

args! {
    /// A repository is cloned; once it is there it is left as it is, except for its branch.
    ///
    /// ```yaml
    /// app:
    ///   git.cloned:
    ///     - name: https://example.org/app.git
    ///     - target: /srv/app
    ///     - branch: main
    /// ```
    /// Also: user, identity, https_user, https_pass. Changes: `new`, or `branch: {old, new}`.
    pub struct Cloned {
        name: String,
        target: String,
        #[serde(default)]
        branch: Option<String>,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        identity: OneOrMany<String>,
        #[serde(default)]
        https_user: Option<String>,
        #[serde(default)]
        https_pass: Option<String>,
    }
}

/// What there is to do.
pub enum Step {
    /// Clone.
    Clone,
    /// Check out the branch; the one it was.
    Branch(String),
}

impl Cloned {
    fn git<'a>(&self, ctx: &Ctx<'a>) -> Result<Git<'a>, StateError> {
        Ok(Git::new(ctx.host, self.user.as_deref(), &identities(ctx, &self.identity)?))
    }
}

impl State for Cloned {
    const FUN: &'static str = "git.cloned";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        if !self.target.starts_with('/') {
            return Err(StateError::refused("'target' path must be absolute"));
        }
        if self.branch.as_deref() == Some("") {
            return Err(StateError::refused("Invalid 'branch' argument"));
        }
        self.branch.as_deref().map(checked_name).transpose()?;
        if !ctx.host.exists(Path::new(&self.target)) {
            let with = self.branch.as_ref().map(|b| format!(" with branch '{b}'")).unwrap_or_default();
            let comment = format!("{} would be cloned to {}{with}", self.name, self.target);
            return Ok(Plan::one(Step::Clone, "new", format!("{} => {}", self.name, self.target), comment));
        }
        let here = self.git(ctx)?.at(&self.target);
        if let Err(error) = here.run(&["status", "-z", "--porcelain"]) {
            return Err(StateError::refused(error.to_string()));
        }
        let exists = format!("Repository already exists at {}", self.target);
        let Some(branch) = &self.branch else { return Ok(Plan::nothing(exists)) };
        let current = here.branch()?;
        if current == *branch {
            return Ok(Plan::nothing(format!("{exists} and is checked out to branch '{branch}'")));
        }
        let change = old_new(current.as_str(), branch.as_str());
        Ok(Plan::one(
            Step::Branch(current),
            "branch",
            change,
            format!("Branch would be changed to '{branch}'"),
        ))
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let git = self.git(ctx)?;
        let branch = self.branch.as_deref();
        match step {
            Step::Clone => {
                let url =
                    parse::with_auth(&self.name, self.https_user.as_deref(), self.https_pass.as_deref())
                        .map_err(StateError::refused)?;
                let opts: Vec<&str> = branch.into_iter().flat_map(|b| ["--branch", b]).collect();
                match git.at("/").clone_to(&url, &self.target, &opts) {
                    Ok(()) => {}
                    Err(GitError::Host(error)) => return Err(error.into()),
                    Err(error) => {
                        return Err(StateError::refused(format!("Clone failed: {}", error.message())));
                    }
                }
                let with = branch.map(|b| format!(" with branch '{b}'")).unwrap_or_default();
                Ok(Applied::Said(format!("{} cloned to {}{with}", self.name, self.target)))
            }
            Step::Branch(old) => {
                let Some(new) = branch else { return Ok(Applied::AsPlanned) };
                let here = git.at(&self.target);
                let start = format!("origin/{new}");
                let done = match here.rev_parse(new, &[]) {
                    Ok(_) => here.run_merged(&["checkout", new]),
                    Err(_) => here.run_merged(&["checkout", "-b", new, &start]),
                };
                let outcome = match done {
                    Ok(_) => Outcome::new(Some(true), format!("Branch changed to '{new}'"))
                        .with_changes(Dict::new().with("branch", old_new(old, new))),
                    Err(GitError::Host(error)) => return Err(error.into()),
                    Err(error) => {
                        Outcome::new(Some(false), format!("Failed to change branch to '{new}': {error}"))
                    }
                };
                Ok(Applied::Done(outcome))
            }
        }
    }
}
