//! `git.latest`: what the remote has, what is here, and cloning. Moving an existing checkout is in `update.rs`.

use std::path::{Path, PathBuf};

use data::loose::{Flag, OneOrMany};
use data::{Dict, Value};

use super::super::{Applied, Outcome, Plan, State, StateError};
use super::update::{self, Decision, Local};
use super::{empty, failure, is_commit, sentences, short, text};
use crate::exec::git::{Git, GitError, identities, parse};
use crate::{Ctx, args};

args! {
    /// A checkout is at the newest commit of a branch, at a tag or at a commit.
    ///
    /// ```yaml
    /// app:
    ///   git.latest:
    ///     - name: https://example.org/app.git
    ///     - target: /srv/app
    ///     - rev: main               # branch, tag or commit; default: the remote's HEAD
    ///     - branch: deployed        # the local branch; default: the one that is checked out
    ///     - force_reset: true       # drop edits and commits of one's own; 'remote-changes': only when the remote moved
    ///     - force_clone: true       # empty a directory that is no checkout
    ///     - submodules: true
    ///     - depth: 1
    ///     - user: app
    ///     - identity: /home/app/.ssh/id
    /// ```
    /// Also: force_checkout, force_fetch, update_head, remote, bare, mirror, fetch_tags, sync_tags, https_user,
    /// https_pass, refspec_branch, refspec_tag. Nothing is fetched when the remote has nothing new.
    /// Changes: `new` for a clone, `revision: {old, new}`, `forced update`, `new_tags`, `deleted_tags`.
    pub struct Latest {
        pub(super) name: String,
        pub(super) target: String,
        #[serde(default = head)]
        pub(super) rev: Value,
        #[serde(default)]
        pub(super) branch: Option<String>,
        #[serde(default)]
        pub(super) user: Option<String>,
        #[serde(default, rename = "password")]
        pub(super) _password: Option<String>,
        #[serde(default = yes)]
        pub(super) update_head: Flag,
        #[serde(default)]
        pub(super) force_checkout: Flag,
        #[serde(default)]
        pub(super) force_clone: Flag,
        #[serde(default)]
        pub(super) force_fetch: Flag,
        #[serde(default)]
        pub(super) force_reset: Value,
        #[serde(default)]
        pub(super) submodules: Flag,
        #[serde(default)]
        pub(super) bare: Flag,
        #[serde(default)]
        pub(super) mirror: Flag,
        #[serde(default = origin)]
        pub(super) remote: String,
        #[serde(default = yes)]
        pub(super) fetch_tags: Flag,
        #[serde(default = yes)]
        pub(super) sync_tags: Flag,
        #[serde(default)]
        pub(super) depth: Option<u32>,
        #[serde(default)]
        pub(super) identity: OneOrMany<String>,
        #[serde(default)]
        pub(super) https_user: Option<String>,
        #[serde(default)]
        pub(super) https_pass: Option<String>,
        #[serde(default = all)]
        pub(super) refspec_branch: String,
        #[serde(default = all)]
        pub(super) refspec_tag: String,
        #[serde(default, rename = "output_encoding")]
        pub(super) _output_encoding: Option<String>,
    }
}

fn head() -> Value {
    "HEAD".into()
}

fn yes() -> Flag {
    Flag(true)
}

fn origin() -> String {
    "origin".to_owned()
}

fn all() -> String {
    "*".to_owned()
}

/// What may be thrown away.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Force {
    No,
    Yes,
    RemoteChanges,
}

/// What a revision turned out to be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Branch,
    Tag,
    Commit,
}

/// What the branch here is to track.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Upstream {
    Keep,
    Unset,
    Set(String),
}

/// What the remote has.
pub(super) struct Remote {
    pub(super) refs: Vec<(String, String)>,
    /// The wanted commit, or the beginning of it; none in an empty repository and for bare ones.
    pub(super) rev: Option<String>,
    pub(super) kind: Kind,
    pub(super) upstream: Upstream,
    /// How the wanted commit is called in comments.
    pub(super) loc: String,
    pub(super) default_branch: Option<String>,
}

impl Remote {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.refs.iter().find(|(n, _)| n == name).map(|(_, sha)| sha.as_str())
    }

    /// Whether a commit here is the wanted one.
    pub(super) fn is(&self, local: Option<&str>) -> bool {
        match (local, self.rev.as_deref()) {
            (None, None) => true,
            (Some(local), Some(rev)) if self.kind == Kind::Commit => local.starts_with(rev),
            (local, rev) => local == rev,
        }
    }
}

/// The arguments in the form in which they are worked with.
pub(super) struct Wanted<'a> {
    pub(super) args: &'a Latest,
    pub(super) git: Git<'a>,
    pub(super) rev: String,
    pub(super) force: Force,
    pub(super) bare: bool,
    /// The address with user and password.
    pub(super) url: String,
}

/// Clone, or move the checkout that is there.
pub struct Step(Box<Found>);

/// What the plan found out, for the act.
struct Found {
    rev: String,
    remote: Remote,
    local: Option<Local>,
    must_empty: bool,
}

impl Latest {
    fn wanted<'a>(&'a self, ctx: &Ctx<'a>) -> Result<Wanted<'a>, StateError> {
        let refuse = |text: &str| Err(StateError::refused(text));
        if self.remote.is_empty() {
            return refuse("'remote' argument is required");
        }
        if self.target.is_empty() {
            return refuse("'target' argument is required");
        }
        let rev = text(&self.rev);
        if rev.is_empty() || !self.rev.is_true() {
            return Err(StateError::refused(format!(
                "'{}' is not a valid value for the 'rev' argument",
                self.rev
            )));
        }
        let force = match &self.force_reset {
            Value::None | Value::Bool(false) => Force::No,
            Value::Bool(true) => Force::Yes,
            Value::Str(s) if **s == *"remote-changes" => Force::RemoteChanges,
            _ => return refuse("'force_reset' must be one of True, False, or 'remote-changes'"),
        };
        if !self.target.starts_with('/') {
            return Err(StateError::refused(format!("target '{}' is not an absolute path", self.target)));
        }
        for name in
            [Some(rev.as_str()), self.branch.as_deref(), Some(self.remote.as_str())].into_iter().flatten()
        {
            crate::exec::git::repo::checked_name(name)?;
        }
        if ctx.host.is_file(Path::new(&self.target)) {
            let problem = format!("Target '{}' exists and is a regular file, cannot proceed", self.target);
            return Err(StateError::refused(problem));
        }
        let url = parse::with_auth(&self.name, self.https_user.as_deref(), self.https_pass.as_deref())
            .map_err(StateError::refused)?;
        let bare = self.bare.0 || self.mirror.0;
        if rev != "HEAD" && bare {
            return refuse("'rev' is not compatible with the 'mirror' and 'bare' arguments");
        }
        let keys: Vec<PathBuf> = identities(ctx, &self.identity)?;
        if let Some(key) = keys.iter().find(|k| !k.is_absolute()) {
            return Err(StateError::refused(format!("identity '{}' is not an absolute path", key.display())));
        }
        Ok(Wanted { args: self, git: Git::new(ctx.host, self.user.as_deref(), &keys), rev, force, bare, url })
    }

    fn found(&self, wanted: &mut Wanted<'_>) -> Result<Remote, StateError> {
        let refs = wanted
            .git
            .remote_refs(&wanted.url, &[], None)
            .map_err(|e| StateError::refused(format!("Failed to check remote refs: {}", e.message())))?;
        let get = |name: &str| refs.iter().find(|(n, _)| n == name).map(|(_, sha)| sha.clone());
        let head = get("HEAD");
        let default_branch = refs
            .iter()
            .filter(|(_, sha)| Some(sha) == head.as_ref())
            .find_map(|(name, _)| name.strip_prefix("refs/heads/").map(str::to_owned));
        let rev = wanted.rev.clone();
        let tag = || get(&format!("refs/tags/{rev}^{{}}")).or_else(|| get(&format!("refs/tags/{rev}")));
        let (found, kind, upstream) = if wanted.bare {
            (None, Kind::Commit, Upstream::Unset)
        } else if rev == "HEAD" {
            (head, Kind::Commit, Upstream::Keep)
        } else if let Some(sha) = get(&format!("refs/heads/{rev}")) {
            (Some(sha), Kind::Branch, Upstream::Set(format!("{}/{rev}", self.remote)))
        } else if let Some(sha) = tag() {
            (Some(sha), Kind::Tag, Upstream::Unset)
        } else if is_commit(&rev) {
            wanted.rev = rev.to_lowercase();
            (Some(wanted.rev.clone()), Kind::Commit, Upstream::Unset)
        } else {
            (None, Kind::Commit, Upstream::Unset)
        };
        if self.depth.is_some() && !matches!((&found, kind), (Some(_), Kind::Branch | Kind::Tag)) {
            return Err(StateError::refused(
                "When 'depth' is used, 'rev' must be set to the name of a branch or tag on the remote repository",
            ));
        }
        if found.is_none() && !wanted.bare && rev != "HEAD" {
            let problem = format!("No revision matching '{rev}' exists in the remote repository");
            return Err(StateError::refused(problem));
        }
        let sha = found.as_deref().map(short).unwrap_or_default();
        let loc = match (&upstream, kind) {
            (Upstream::Set(branch), _) => format!("{branch} ({sha})"),
            (_, Kind::Tag) => format!("{rev} ({sha})"),
            (Upstream::Keep, _) => format!("remote HEAD ({sha})"),
            _ => sha.to_owned(),
        };
        Ok(Remote { refs, rev: found, kind, upstream, loc, default_branch })
    }

    /// Whether there is a checkout at the target.
    fn is_checkout(&self, wanted: &Wanted<'_>, ctx: &Ctx<'_>) -> bool {
        let inside = Path::new(&self.target).join(if wanted.bare { "refs" } else { ".git" });
        ctx.host.is_dir(&inside) || (ctx.host.is_file(&inside) && wanted.git.at(&self.target).is_worktree())
    }

    fn clone_change(&self) -> Dict {
        Dict::new().with("new", format!("{} => {}", self.name, self.target))
    }

    fn plan_clone(&self, ctx: &Ctx<'_>, rev: String, remote: Remote) -> Result<Plan<Step>, StateError> {
        let dir = Path::new(&self.target);
        let is_full = ctx.host.is_dir(dir) && !ctx.host.list_dir(dir)?.is_empty();
        if is_full && !self.force_clone.0 {
            return Err(StateError::refused(format!(
                "Target '{}' exists, is non-empty and is not a git repository. Set the 'force_clone' option to True \
                 to remove this directory's contents and proceed with cloning the remote repository",
                self.target
            )));
        }
        let must_empty = ctx.host.is_dir(dir) && self.force_clone.0;
        let found = Box::new(Found { rev, remote, local: None, must_empty });
        if must_empty {
            let comment = format!(
                "Target directory {0} exists. Since force_clone=True, the contents of {0} would be deleted, and {1} \
                 would be cloned into this directory.",
                self.target, self.name
            );
            let changes = Dict::new().with("forced clone", true);
            let changes = self.clone_change().into_iter().fold(changes, |all, (k, v)| all.with(k, v));
            return Ok(Plan::steps(vec![Step(found)], changes, comment));
        }
        let comment = format!("Repository {} would be cloned to {}", self.name, self.target);
        Ok(Plan::steps(vec![Step(found)], self.clone_change(), comment))
    }

    fn clone(
        &self,
        wanted: &Wanted<'_>,
        found: &Found,
        host: &dyn crate::host::Host,
    ) -> Result<Outcome, StateError> {
        let (mut changes, mut comments) = (Dict::new(), Vec::new());
        if found.must_empty {
            empty(host, &self.target)?;
            changes.insert("forced clone", true);
        }
        match self.clone_steps(wanted, &found.remote, &mut changes, &mut comments) {
            Ok(None) => {}
            Ok(Some(problem)) => return Ok(failure(problem, &comments, changes)),
            Err(GitError::Host(error)) => return Err(error.into()),
            Err(error) => return Ok(failure(error.message(), &comments, changes)),
        }
        if let Some(new) = wanted.git.at(&self.target).head() {
            changes.insert("revision", Dict::new().with("old", Value::None).with("new", new));
        }
        Ok(Outcome::new(Some(true), sentences(&comments)).with_changes(changes))
    }

    /// Clones and puts the branch and its upstream right; a text when something is not as it has to be.
    fn clone_steps(
        &self,
        wanted: &Wanted<'_>,
        remote: &Remote,
        changes: &mut Dict,
        comments: &mut Vec<String>,
    ) -> Result<Option<String>, GitError> {
        let depth = self.depth.map(|d| d.to_string());
        let mut opts = Vec::new();
        match (self.mirror.0, wanted.bare) {
            (true, _) => opts.push("--mirror"),
            (false, true) => opts.push("--bare"),
            (false, false) => {}
        }
        if self.remote != "origin" {
            opts.extend(["--origin", &self.remote]);
        }
        if let Some(depth) = &depth {
            opts.extend(["--depth", depth, "--branch", &wanted.rev]);
        }
        if let Err(error) = wanted.git.at("/").clone_to(&wanted.url, &self.target, &opts) {
            return match error {
                GitError::Host(_) => Err(error),
                other => Ok(Some(format!("Clone failed: {}", other.message()))),
            };
        }
        changes.extend(self.clone_change());
        let how = match (self.mirror.0, wanted.bare) {
            (true, _) => " as mirror",
            (false, true) => " as bare repository",
            (false, false) => "",
        };
        comments.push(format!("{} cloned to {}{how}", self.name, self.target));
        let Some(rev) = remote.rev.as_deref().filter(|_| !wanted.bare) else { return Ok(None) };
        let here = wanted.git.at(&self.target);
        if remote.kind == Kind::Tag && !here.names("refs/tags/")?.contains(&wanted.rev) {
            return Ok(Some(format!("Revision '{}' does not exist in clone", wanted.rev)));
        }
        if let Some(branch) = &self.branch
            && !here.names("refs/heads/")?.contains(branch)
        {
            here.run_merged(&["checkout", "-b", branch, wanted.start_of(remote)])?;
            comments.push(format!("Branch '{branch}' checked out, with {} as a starting point", remote.loc));
        }
        let branch = here.branch().ok();
        if branch.is_none() && remote.get("HEAD").is_none() {
            return Ok(Some(
                "Remote HEAD refers to a ref that does not exist. This can happen when the default branch on the \
                 remote repository is renamed or deleted. If you are unable to fix the remote repository, you can \
                 work around this by setting the 'branch' argument (which will ensure that the named branch is \
                 created if it does not already exist)."
                    .to_owned(),
            ));
        }
        if !remote.is(here.head().as_deref()) {
            here.reset_hard(rev)?;
            comments.push(format!("Repository was reset to {}", remote.loc));
        }
        let upstream = branch.as_deref().and_then(|b| here.upstream(b));
        comments.extend(wanted.track(&here, remote, branch.as_deref(), upstream.as_deref())?);
        if self.submodules.0 {
            return wanted.submodules();
        }
        Ok(None)
    }
}

impl Wanted<'_> {
    /// From where a new local branch starts.
    pub(super) fn start_of<'r>(&'r self, remote: &'r Remote) -> &'r str {
        match &remote.upstream {
            Upstream::Set(branch) => branch,
            _ if self.rev == "HEAD" => remote.rev.as_deref().unwrap_or("HEAD"),
            _ => &self.rev,
        }
    }

    /// Sets or unsets what the local branch tracks; what was done.
    pub(super) fn track(
        &self,
        here: &Git<'_>,
        remote: &Remote,
        branch: Option<&str>,
        upstream: Option<&str>,
    ) -> Result<Option<String>, GitError> {
        // A detached HEAD is no branch and tracks nothing.
        if branch.is_none_or(|b| b == "HEAD") {
            return Ok(None);
        }
        match (&remote.upstream, upstream) {
            (Upstream::Set(new), old) if old != Some(new) => {
                here.run(&["branch", "--set-upstream-to", new])?;
                let what = if old.is_some() { "updated" } else { "set" };
                Ok(Some(format!("Tracking branch was {what} to {new}")))
            }
            (Upstream::Unset, Some(_)) => {
                here.run(&["branch", "--unset-upstream"])?;
                Ok(Some("Tracking branch was unset".to_owned()))
            }
            _ => Ok(None),
        }
    }

    pub(super) fn submodules(&self) -> Result<Option<String>, GitError> {
        let here = self.git.at(&self.args.target);
        match here.run_remote(&["submodule", "update", "--init", "--recursive"], crate::host::Errors::Apart) {
            Ok(_) => Ok(None),
            Err(GitError::Host(error)) => Err(error.into()),
            Err(error) => Ok(Some(format!("Failed to update submodules: {}", error.message()))),
        }
    }
}

impl Latest {
    /// What is fetched.
    pub(super) fn refspecs(&self) -> Vec<String> {
        if !self.fetch_tags.0 || self.mirror.0 {
            return Vec::new();
        }
        let (branch, tag, remote) = (&self.refspec_branch, &self.refspec_tag, &self.remote);
        vec![
            format!("refs/heads/{branch}:refs/remotes/{remote}/{branch}"),
            format!("+refs/tags/{tag}:refs/tags/{tag}"),
        ]
    }
}

impl State for Latest {
    const FUN: &'static str = "git.latest";
    const KWARGS: bool = false;
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        let mut wanted = self.wanted(ctx)?;
        let remote = self.found(&mut wanted)?;
        if !self.is_checkout(&wanted, ctx) {
            return self.plan_clone(ctx, wanted.rev, remote);
        }
        let local = Local::read(&wanted, &remote)?;
        let Decision { settled, changes, comment, plain } = local.decide(&wanted, &remote)?;
        if let Some(result) = settled {
            return Ok(Plan::settled(result, changes, comment));
        }
        if ctx.test && changes.is_empty() {
            // Something would be done (a remote, an upstream), but nothing of it is a change.
            let comment =
                if plain { comment } else { update::up_to_date(&self.target, &[comment], true, false) };
            return Ok(Plan::settled(Some(true), changes, comment));
        }
        let found = Found { rev: wanted.rev, remote, local: Some(local), must_empty: false };
        Ok(Plan::steps(vec![Step(Box::new(found))], changes, comment))
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let found = *step.0;
        let mut wanted = self.wanted(ctx)?;
        wanted.rev.clone_from(&found.rev);
        match &found.local {
            Some(local) => local.update(&wanted, &found.remote).map(Applied::Done),
            None => self.clone(&wanted, &found, ctx.host).map(Applied::Done),
        }
    }
}
