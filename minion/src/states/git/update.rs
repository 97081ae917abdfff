//! `git.latest` on a checkout that exists: what it is like, what is to be done, doing it.

use data::Dict;

use super::super::{Outcome, StateError};
use super::latest::{Force, Kind, Remote, Upstream, Wanted};
use super::{failure, sentences, short};
use crate::exec::git::{Git, GitError, parse};

/// A checkout as the plan found it.
pub(super) struct Local {
    rev: Option<String>,
    /// `HEAD` when no branch is checked out, none when there is no commit yet.
    branch: Option<String>,
    branches: Vec<String>,
    /// Commit and branch from which is moved: of the branch that is wanted, when it is not the one checked out.
    base_rev: Option<String>,
    base_branch: Option<String>,
    fetch_url: Option<String>,
    matches: bool,
    edits: bool,
    has_rev: bool,
    fast_forward: Option<bool>,
    upstream: Option<String>,
    new_tags: Vec<String>,
    deleted_tags: Vec<String>,
    /// What makes the state false before anything is looked at further.
    problem: Option<String>,
    /// For a bare repository: whether all refs of the remote are here.
    has_all_refs: bool,
}

/// What is to be done. `settled`: nothing, and this is the result.
pub(super) struct Decision {
    pub(super) settled: Option<Option<bool>>,
    pub(super) changes: Dict,
    pub(super) comment: String,
    /// The comment stands for itself even when nothing of it is a change.
    pub(super) plain: bool,
}

impl Decision {
    fn settled(result: bool, comment: impl Into<String>) -> Self {
        Decision { settled: Some(Some(result)), changes: Dict::new(), comment: comment.into(), plain: false }
    }

    fn act(changes: Dict, comment: impl Into<String>) -> Self {
        Decision { settled: None, changes, comment: comment.into(), plain: false }
    }
}

/// `Repository … is up-to-date`, with what was done besides.
pub(super) fn up_to_date(target: &str, comments: &[String], would: bool, edits: bool) -> String {
    let mut text = format!("Repository {target} is up-to-date");
    if edits {
        text.push_str(
            ", but with uncommitted changes. Set 'force_reset' to True to purge uncommitted changes.",
        );
    }
    if !comments.is_empty() {
        let would = if would { "that would be " } else { "" };
        text.push_str(&format!("\n\nChanges {would}made: {}", sentences(comments)));
    }
    text
}

impl Local {
    /// Looks at the checkout.
    pub(super) fn read(wanted: &Wanted<'_>, remote: &Remote) -> Result<Self, StateError> {
        let args = wanted.args;
        let here = wanted.git.at(&args.target);
        let branches = here.names("refs/heads/")?;
        let tags = here.names("refs/tags/")?;
        let rev = here.head();
        let branch = rev.as_ref().and_then(|_| here.branch().ok());
        let (mut base_rev, mut base_branch) = (rev.clone(), branch.clone());
        if let Some(new) = other_branch(wanted, branch.as_deref()) {
            if branches.iter().any(|b| b == new) {
                base_branch = Some(new.to_owned());
                base_rev = here.commit(new);
            } else {
                base_rev = remote.rev.clone();
            }
        }
        let fetch_url = here.remotes(false)?.into_iter().find(|(name, _)| *name == args.remote);
        let mut out = Local {
            matches: remote.is(rev.as_deref()),
            edits: !wanted.bare && rev.is_some() && here.has_edits(),
            upstream: base_branch.as_deref().and_then(|b| here.upstream(b)),
            fetch_url: fetch_url.and_then(|(_, addresses)| addresses.fetch),
            rev,
            branch,
            branches,
            base_rev,
            base_branch,
            has_rev: false,
            fast_forward: None,
            new_tags: Vec::new(),
            deleted_tags: Vec::new(),
            problem: None,
            has_all_refs: false,
        };
        out.compare_tags(wanted, remote, &tags);
        if wanted.bare {
            out.has_all_refs = has_all_refs(wanted, remote, &here)?;
        } else {
            out.look_for_rev(wanted, remote, &here, &tags)?;
        }
        Ok(out)
    }

    /// The list of refs that the remote gave has its tags: they need no second question.
    fn compare_tags(&mut self, wanted: &Wanted<'_>, remote: &Remote, tags: &[String]) {
        let theirs: Vec<&str> = remote
            .refs
            .iter()
            .filter_map(|(name, _)| name.strip_prefix("refs/tags/").filter(|n| !n.ends_with("^{}")))
            .collect();
        if wanted.args.fetch_tags.0 {
            self.new_tags =
                theirs.iter().filter(|t| !tags.iter().any(|l| l == *t)).map(|t| (*t).to_owned()).collect();
        }
        if wanted.args.sync_tags.0 {
            self.deleted_tags = tags.iter().filter(|t| !theirs.contains(&t.as_str())).cloned().collect();
        }
    }

    /// Whether the wanted commit is here, and how far it is from what is checked out.
    fn look_for_rev(
        &mut self,
        wanted: &Wanted<'_>,
        remote: &Remote,
        here: &Git<'_>,
        tags: &[String],
    ) -> Result<(), StateError> {
        let Some(rev) = remote.rev.as_deref() else {
            if self.rev.is_some() {
                self.problem = Some(
                    "Remote repository is empty, cannot update from a non-empty to an empty repository"
                        .to_owned(),
                );
            }
            return Ok(());
        };
        let is_base =
            remote.kind == Kind::Commit && self.base_rev.as_deref().is_some_and(|b| b.starts_with(rev));
        self.has_rev = is_base
            || here.commit(rev).is_some_and(|_| match (remote.kind, &remote.upstream) {
                (Kind::Commit, _) => true,
                (Kind::Branch, Upstream::Set(branch)) => {
                    here.rev_parse(branch, &[]).is_ok_and(|sha| sha == rev)
                }
                (Kind::Branch, _) => false,
                (Kind::Tag, _) => {
                    tags.contains(&wanted.rev) && here.commit(&wanted.rev).as_deref() == Some(rev)
                }
            });
        if remote.kind == Kind::Tag
            && !self.has_rev
            && tags.contains(&wanted.rev)
            && wanted.force == Force::No
        {
            let local = here.commit(&wanted.rev).unwrap_or_default();
            self.problem = Some(format!(
                "'{}' is a tag, but the remote SHA1 for this tag ({}) doesn't match the local SHA1 ({}). Set \
                 'force_reset' to True to force this update.",
                wanted.rev,
                short(rev),
                short(&local)
            ));
        }
        if self.edits && wanted.force != Force::RemoteChanges {
            self.fast_forward = Some(false);
        } else if self.has_rev {
            self.fast_forward = Some(match self.base_rev.as_deref() {
                None => true,
                Some(base) => here.is_ancestor(base, rev)?,
            });
        }
        Ok(())
    }

    fn new_branch<'w>(&self, wanted: &'w Wanted<'_>) -> Option<&'w str> {
        other_branch(wanted, self.branch.as_deref())
    }

    /// `update_head: false` and the commit is not the one that is checked out.
    fn head_stays(&self, wanted: &Wanted<'_>) -> bool {
        !self.matches && !wanted.args.update_head.0 && self.new_branch(wanted).is_none()
    }

    fn head_stays_comment(&self, wanted: &Wanted<'_>, remote: &Remote) -> String {
        let loc = if wanted.rev == "HEAD" {
            remote.loc.replacen("remote", "Remote", 1)
        } else {
            remote.loc.clone()
        };
        let local = self.rev.as_deref().map(short).unwrap_or_default();
        format!(
            "{loc} is already present and local HEAD ({local}) does not match, but update_head=False. HEAD has not \
             been updated locally."
        )
    }

    /// What is to be done, told as test mode tells it.
    pub(super) fn decide(&self, wanted: &Wanted<'_>, remote: &Remote) -> Result<Decision, StateError> {
        let args = wanted.args;
        if let Some(problem) = &self.problem {
            return Ok(Decision::settled(false, problem));
        }
        if wanted.bare {
            return Ok(self.decide_bare(wanted));
        }
        if self.edits && self.matches {
            if wanted.force != Force::Yes {
                return Ok(Decision::settled(true, up_to_date(&args.target, &[], false, true)));
            }
            let comment = format!(
                "{} is up-to-date, but with uncommitted changes. Since 'force_reset' is set to True, these local \
                 changes would be reset. To only reset when there are changes in the remote repository, set \
                 'force_reset' to 'remote-changes'.",
                args.target
            );
            return Ok(Decision::act(Dict::new().with("forced update", true), comment));
        }
        if self.has_rev && self.head_stays(wanted) {
            return Ok(Decision::settled(true, self.head_stays_comment(wanted, remote)));
        }
        if self.fast_forward == Some(false) && wanted.force == Force::No {
            return Ok(Decision::settled(false, self.refusal(wanted, remote, self.edits)));
        }
        let Some(rev) = remote.rev.as_deref() else {
            return Ok(Decision::settled(true, up_to_date(&args.target, &[], false, false)));
        };
        let (mut changes, mut actions) = (Dict::new(), Vec::new());
        let moves_remote = self.fetch_url.as_deref() != Some(wanted.url.as_str());
        if moves_remote {
            actions.push(format!(
                "Remote '{}' would be changed from {} to {}",
                args.remote,
                self.fetch_url.as_deref().map_or_else(|| "None".to_owned(), parse::redact_url),
                parse::redact_url(&wanted.url)
            ));
        }
        if !self.has_rev || !self.new_tags.is_empty() {
            actions.push(if moves_remote {
                "Remote would be fetched".to_owned()
            } else {
                format!("Remote '{}' would be fetched", args.remote)
            });
        }
        if !self.matches && (args.update_head.0 || self.new_branch(wanted).is_some()) {
            changes.insert("revision", super::super::old_new(self.rev.clone(), rev));
            if moves_remote && self.fast_forward == Some(false) {
                changes.insert("forced update", true);
            }
        }
        self.announce_move(wanted, remote, rev, &mut actions);
        match (&remote.upstream, &self.upstream) {
            _ if self.base_branch.as_deref().is_none_or(|b| b == "HEAD") => {}
            (Upstream::Set(new), None) => actions.push(format!("Tracking branch would be set to {new}")),
            (Upstream::Set(new), Some(old)) if old != new => {
                actions.push(format!("Tracking branch would be updated to {new}"));
            }
            (Upstream::Unset, Some(_)) => actions.push("Tracking branch would be unset".to_owned()),
            _ => {}
        }
        if !self.new_tags.is_empty() {
            changes.insert("new_tags", self.new_tags.clone());
        }
        if !self.deleted_tags.is_empty() {
            let list = self.deleted_tags.join(", ");
            actions.push(format!("The following tags would be removed from the local checkout: {list}"));
            changes.insert("deleted_tags", self.deleted_tags.clone());
        }
        if actions.is_empty() && changes.is_empty() {
            return Ok(Decision::settled(true, up_to_date(&args.target, &[], false, false)));
        }
        Ok(Decision { plain: self.head_stays(wanted), ..Decision::act(changes, sentences(&actions)) })
    }

    fn announce_move(&self, wanted: &Wanted<'_>, remote: &Remote, rev: &str, actions: &mut Vec<String>) {
        let how = match self.fast_forward {
            Some(false) => "hard-reset",
            Some(true) => "fast-forwarded",
            None => "updated",
        };
        let old = self.rev.as_deref().map_or("None", short);
        match self.new_branch(wanted) {
            Some(branch) if self.branches.iter().any(|b| b == branch) => {
                actions.push(format!("Branch '{branch}' would be checked out and {how} to {}", short(rev)));
            }
            Some(branch) => {
                let loc = &remote.loc;
                actions
                    .push(format!("New branch '{branch}' would be checked out, with {loc} as a starting point"));
                if let Upstream::Set(upstream) = &remote.upstream {
                    actions.push(format!("Tracking branch would be set to {upstream}"));
                }
            }
            None if self.matches => {}
            None if wanted.args.update_head.0 => {
                let how = match self.fast_forward {
                    Some(true) => "fast-forwarded",
                    _ if wanted.force != Force::No && self.has_rev => "hard-reset",
                    _ => "updated",
                };
                actions.push(format!("Repository would be {how} from {old} to {}", short(rev)));
            }
            None => actions.push(format!(
                "Local HEAD ({old}) does not match {} but update_head=False, HEAD would not be updated locally",
                remote.loc
            )),
        }
    }

    /// Why an update that is no fast-forward is not done.
    fn refusal(&self, wanted: &Wanted<'_>, remote: &Remote, edits: bool) -> String {
        let pre = self.base_rev.as_deref().map_or("None", short);
        let post = remote.rev.as_deref().map_or("None", short);
        let to = if edits && self.base_rev != remote.rev {
            format!("from {pre} to {post}")
        } else {
            format!("to {post}")
        };
        let after = match self.new_branch(wanted) {
            Some(branch) => format!(" (after checking out local branch '{branch}')"),
            None => String::new(),
        };
        let (why, or, discard) = match edits {
            true => ("there are uncommitted changes", " (or 'remote-changes')", " and discard these changes"),
            false => ("this is not a fast-forward merge", "", ""),
        };
        let local = self.branch.as_deref().unwrap_or("None");
        let advice = match (&wanted.args.branch, wanted.rev.as_str(), remote.default_branch.as_deref()) {
            (None, "HEAD", Some(default)) if local != default => format!(
                " The default remote branch ({default}) differs from the local branch ({local}). This could be caused \
                 by changing the default remote branch, or if the local branch was manually changed. Rather than \
                 forcing an update, it may be advisable to set the 'branch' argument to '{default}' instead. To \
                 ensure that this state follows the '{default}' branch instead of the remote HEAD, set the 'rev' \
                 argument to '{default}'."
            ),
            (None, rev, _) if rev != "HEAD" && local != rev => format!(
                " The desired rev ({rev}) differs from the name of the local branch ({local}), if the desired rev is \
                 a branch name then a forced update could possibly be avoided by setting the 'branch' argument to \
                 '{rev}' instead."
            ),
            _ => String::new(),
        };
        format!(
            "Repository would be updated {to}{after}, but {why}. Set 'force_reset' to True{or} to force this \
             update{discard}.{advice}"
        )
    }

    fn decide_bare(&self, wanted: &Wanted<'_>) -> Decision {
        let target = &wanted.args.target;
        if self.has_all_refs && self.deleted_tags.is_empty() {
            return Decision::settled(true, up_to_date(target, &[], false, false));
        }
        Decision::act(Dict::new(), format!("Bare repository at {target} would be fetched"))
    }

    /// Does it.
    pub(super) fn update(&self, wanted: &Wanted<'_>, remote: &Remote) -> Result<Outcome, StateError> {
        let here = wanted.git.at(&wanted.args.target);
        let (mut changes, mut comments) = (Dict::new(), Vec::new());
        let done = match wanted.bare {
            true => self.fetch(wanted, &here, &mut comments).map(|problem| problem.map(Stop::Failed)),
            false => self.steps(wanted, remote, &here, &mut changes, &mut comments),
        };
        match done {
            Ok(None) => {}
            Ok(Some(Stop::Failed(problem))) => return Ok(failure(problem, &comments, changes)),
            Ok(Some(Stop::Enough(comment))) => {
                return Ok(Outcome::new(Some(true), comment).with_changes(changes));
            }
            Err(GitError::Host(error)) => return Err(error.into()),
            Err(error) => return Ok(failure(error.message(), &comments, changes)),
        }
        let new = here.head();
        if !wanted.bare && !remote.is(new.as_deref()) {
            return Ok(failure("Failed to update repository", &comments, changes));
        }
        let comment = if self.rev == new {
            up_to_date(&wanted.args.target, &comments, false, false)
        } else {
            changes.insert("revision", super::super::old_new(self.rev.clone(), new));
            sentences(&comments)
        };
        Ok(Outcome::new(Some(true), comment).with_changes(changes))
    }

    fn fetch(
        &self,
        wanted: &Wanted<'_>,
        here: &Git<'_>,
        comments: &mut Vec<String>,
    ) -> Result<Option<String>, GitError> {
        let args = wanted.args;
        match here.fetch(Some(&args.remote), args.force_fetch.0, &args.refspecs(), &[]) {
            Ok(fetched) if wanted.bare => {
                let more = if fetched.is_empty() { "" } else { ", resulting in updated refs" };
                comments.push(format!("Bare repository at {} was fetched{more}", args.target));
                Ok(None)
            }
            Ok(fetched) => {
                if !fetched.is_empty() {
                    comments.push(format!("{} was fetched, resulting in updated refs", args.name));
                }
                Ok(None)
            }
            Err(GitError::Host(error)) => Err(error.into()),
            Err(error) => Ok(Some(format!(
                "Fetch failed. Set 'force_fetch' to True to force the fetch if the failure was due to not being able \
                 to fast-forward. Output of the fetch command follows:\n\n{}",
                error.message()
            ))),
        }
    }

    fn steps(
        &self,
        wanted: &Wanted<'_>,
        remote: &Remote,
        here: &Git<'_>,
        changes: &mut Dict,
        comments: &mut Vec<String>,
    ) -> Result<Option<Stop>, GitError> {
        let args = wanted.args;
        let Some(rev) = remote.rev.as_deref() else { return Ok(None) };
        if self.fetch_url.as_deref() != Some(wanted.url.as_str()) {
            here.set_remote(&args.remote, &wanted.url, None)?;
            let shown = parse::redact_url(&wanted.url);
            match &self.fetch_url {
                None => {
                    comments.push(format!("Remote '{}' set to {shown}", args.remote));
                    changes.insert("new", format!("{} => {}", args.name, args.remote));
                }
                Some(old) => comments.push(format!(
                    "Remote '{}' changed from {} to {shown}",
                    args.remote,
                    parse::redact_url(old)
                )),
            }
        }
        self.drop_tags(here, changes, comments);
        let mut fast_forward = self.fast_forward;
        if !self.has_rev || !self.new_tags.is_empty() {
            if let Some(problem) = self.fetch(wanted, here, comments)? {
                return Ok(Some(Stop::Failed(problem)));
            }
            if !self.new_tags.is_empty() {
                changes.insert("new_tags", self.new_tags.clone());
            }
            if here.commit(rev).is_none() {
                let problem = format!(
                    "Fetch did not successfully retrieve rev '{}' from {}: it is not there",
                    wanted.rev, args.name
                );
                return Ok(Some(Stop::Failed(problem)));
            }
            if self.head_stays(wanted) {
                return Ok(Some(Stop::Enough(self.head_stays_comment(wanted, remote))));
            }
            let ahead = match self.base_rev.as_deref() {
                None => true,
                Some(base) => here.is_ancestor(base, rev)?,
            };
            if wanted.force == Force::No && (!ahead || self.edits) {
                return Ok(Some(Stop::Failed(self.refusal(wanted, remote, self.edits))));
            }
            fast_forward = Some(ahead);
        }
        self.change_branch(wanted, remote, here, comments)?;
        if fast_forward == Some(false) {
            here.reset_hard(rev)?;
            changes.insert("forced update", true);
            if self.edits {
                comments.push("Uncommitted changes were discarded".to_owned());
            }
            comments.push(format!("Repository was hard-reset to {}", remote.loc));
        } else if self.edits && wanted.force != Force::No {
            here.run_merged(&["checkout", "--", "."])?;
            comments.push("Uncommitted changes were discarded".to_owned());
        }
        // A branch made here tracks what it started from.
        if self.new_branch(wanted).is_none_or(|new| self.branches.iter().any(|known| known == new)) {
            let branch = here.branch().ok();
            comments.extend(wanted.track(here, remote, branch.as_deref(), self.upstream.as_deref())?);
        }
        if fast_forward == Some(true) && !remote.is(self.base_rev.as_deref()) {
            if remote.upstream == Upstream::Unset {
                let to = if wanted.rev == "HEAD" { rev } else { &wanted.rev };
                here.reset_hard(to)?;
                comments.push(format!("Repository was reset to {} (fast-forward)", wanted.rev));
            } else if here.run(&["symbolic-ref", "--quiet", "HEAD"]).is_ok() {
                here.run(&["merge", "--ff-only", rev])?;
                comments.push(format!("Repository was fast-forwarded to {}", remote.loc));
            } else {
                return Ok(Some(Stop::Failed("Unable to fast-forward, HEAD is detached".to_owned())));
            }
        }
        if args.submodules.0 {
            return Ok(wanted.submodules()?.map(Stop::Failed));
        }
        Ok(None)
    }

    fn drop_tags(&self, here: &Git<'_>, changes: &mut Dict, comments: &mut Vec<String>) {
        let gone: Vec<String> =
            self.deleted_tags.iter().filter(|t| here.run(&["tag", "-d", "--", t]).is_ok()).cloned().collect();
        if !gone.is_empty() {
            comments.push(format!(
                "The following tags were removed from the local checkout: {}",
                gone.join(", ")
            ));
            changes.insert("deleted_tags", gone);
        }
    }

    fn change_branch(
        &self,
        wanted: &Wanted<'_>,
        remote: &Remote,
        here: &Git<'_>,
        comments: &mut Vec<String>,
    ) -> Result<(), GitError> {
        let Some(branch) = self.new_branch(wanted) else { return Ok(()) };
        let force = wanted.args.force_checkout.0;
        if self.edits && !force {
            let local = self.branch.as_deref().unwrap_or("None");
            return Err(GitError::Argument(format!(
                "Local branch '{local}' has uncommitted changes. Set 'force_checkout' to True to discard them and \
                 proceed."
            )));
        }
        let mut line = vec!["checkout"];
        line.extend(force.then_some("--force"));
        if self.branches.iter().any(|b| b == branch) {
            line.push(branch);
            here.run_merged(&line)?;
            comments.push(format!("'{branch}' was checked out"));
        } else {
            line.extend(["-b", branch, wanted.start_of(remote)]);
            here.run_merged(&line)?;
            comments.push(format!(
                "New branch '{branch}' was checked out, with {} as a starting point",
                remote.loc
            ));
        }
        Ok(())
    }
}

/// Why the work ends before its end.
enum Stop {
    Failed(String),
    Enough(String),
}

/// The branch that is wanted when it is not the one checked out.
fn other_branch<'w>(wanted: &'w Wanted<'_>, current: Option<&str>) -> Option<&'w str> {
    wanted.args.branch.as_deref().filter(|b| current != Some(*b))
}

/// Whether a bare repository has what the remote has: then there is nothing to fetch.
fn has_all_refs(wanted: &Wanted<'_>, remote: &Remote, here: &Git<'_>) -> Result<bool, StateError> {
    let out = here.run(&["for-each-ref", "--format", "%(objectname) %(refname)"])?;
    let local = parse::refs(&out);
    let has = |name: &str, sha: &str| local.iter().any(|(n, s)| n == name && s == sha);
    let prefix = format!("refs/remotes/{}/", wanted.args.remote);
    Ok(remote.refs.iter().filter(|(name, _)| name != "HEAD" && !name.ends_with("^{}")).all(|(name, sha)| {
        match name.strip_prefix("refs/heads/") {
            Some(branch) if !wanted.args.mirror.0 => has(&format!("{prefix}{branch}"), sha),
            _ if name.starts_with("refs/tags/") || wanted.args.mirror.0 => has(name, sha),
            _ => true,
        }
    }))
}
