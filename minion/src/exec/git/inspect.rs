//! Looking at a checkout.

use data::loose::{Flag, OneOrMany};
use data::{Dict, Value};

use super::repo::checked_name;
use super::{Git, expand, function, git, line, options, parse};
use crate::args;
use crate::exec::{ExecEntry, ExecError, entry};

/// The rows of these functions.
pub(super) const FUNCTIONS: &[ExecEntry] = &[
    entry::<Version>(),
    entry::<RevParse>(),
    entry::<Revision>(),
    entry::<CurrentBranch>(),
    entry::<Describe>(),
    entry::<Status>(),
    entry::<Diff>(),
    entry::<ListBranches>(),
    entry::<ListTags>(),
    entry::<MergeBase>(),
    entry::<IsWorktree>(),
    entry::<SymbolicRef>(),
];

args! {
    /// The version of git. versioninfo: as a list of numbers.
    pub(crate) struct Version {
        #[serde(default)]
        versioninfo: Flag,
    }

    /// What `git rev-parse` says: `git.rev_parse /srv/app main`, `opts=--abbrev-ref`.
    pub(crate) struct RevParse {
        cwd: String,
        #[serde(default)]
        rev: Option<String>,
        #[serde(default)]
        opts: Value,
        #[serde(default)]
        git_opts: Value,
        #[serde(default)]
        user: Option<String>,
    }

    /// The commit that a revision is. short: abbreviated.
    pub(crate) struct Revision {
        cwd: String,
        #[serde(default = head)]
        rev: String,
        #[serde(default)]
        short: Flag,
        #[serde(default)]
        user: Option<String>,
    }

    /// The branch that is checked out, `HEAD` when none is.
    pub(crate) struct CurrentBranch {
        cwd: String,
        #[serde(default)]
        user: Option<String>,
    }

    /// The nearest tag of a revision, or its abbreviated commit.
    pub(crate) struct Describe {
        cwd: String,
        #[serde(default = head)]
        rev: String,
        #[serde(default)]
        user: Option<String>,
    }

    /// Files that differ from HEAD: `modified`, `new`, `deleted`, `untracked`.
    pub(crate) struct Status {
        cwd: String,
        #[serde(default)]
        user: Option<String>,
    }

    /// `git diff` between two revisions, or against the work tree. cached: of what is staged.
    pub(crate) struct Diff {
        cwd: String,
        #[serde(default)]
        item1: Option<String>,
        #[serde(default)]
        item2: Option<String>,
        #[serde(default)]
        opts: Value,
        #[serde(default)]
        git_opts: Value,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        no_index: Flag,
        #[serde(default)]
        cached: Flag,
        #[serde(default)]
        paths: OneOrMany<String>,
    }

    /// The branches of a checkout. remote: those of its remotes.
    pub(crate) struct ListBranches {
        cwd: String,
        #[serde(default)]
        remote: Flag,
        #[serde(default)]
        user: Option<String>,
    }

    /// The tags of a checkout.
    pub(crate) struct ListTags {
        cwd: String,
        #[serde(default)]
        user: Option<String>,
    }

    /// The common ancestor of revisions. is_ancestor: whether the first is part of the second. all, octopus,
    /// independent, fork_point: as `git merge-base` has them.
    pub(crate) struct MergeBase {
        cwd: String,
        #[serde(default)]
        refs: OneOrMany<String>,
        #[serde(default)]
        octopus: Flag,
        #[serde(default)]
        is_ancestor: Flag,
        #[serde(default)]
        independent: Flag,
        #[serde(default)]
        fork_point: Option<String>,
        #[serde(default)]
        opts: Value,
        #[serde(default)]
        git_opts: Value,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        kwargs: Dict,
    }

    /// Whether a directory is a linked work tree.
    pub(crate) struct IsWorktree {
        cwd: String,
        #[serde(default)]
        user: Option<String>,
    }

    /// What a symbolic ref such as HEAD points to; value: make it point there.
    pub(crate) struct SymbolicRef {
        cwd: String,
        #[serde(rename = "ref")]
        ref_: String,
        #[serde(default)]
        value: Option<String>,
        #[serde(default)]
        opts: Value,
        #[serde(default)]
        git_opts: Value,
        #[serde(default)]
        user: Option<String>,
    }
}

fn head() -> String {
    "HEAD".to_owned()
}

function!(Version, "git.version", "versioninfo=False", |this, ctx| {
    let out = Git::new(ctx.host, None, &[]).run(&["--version"])?;
    let version =
        out.split('(').next().unwrap_or(&out).split_whitespace().last().unwrap_or("unknown").to_owned();
    if !this.versioninfo.0 {
        return Ok(version.into());
    }
    Ok(version.split('.').map(|n| n.parse::<i64>().map_or_else(|_| Value::from(n), Value::from)).collect())
});

function!(
    RevParse,
    "git.rev_parse",
    "cwd, rev=None, opts='', git_opts='', user=None, password=None, ignore_retcode=False, output_encoding=None",
    |this, ctx| {
        let (opts, git_opts) = (options(&this.opts), options(&this.git_opts));
        let mut args = line(&git_opts, &["rev-parse"], &opts);
        args.extend(this.rev.as_deref().map(checked_name).transpose()?);
        Ok(git(ctx, &this.cwd, this.user.as_deref())?.run(&args)?.into())
    }
);

function!(
    Revision,
    "git.revision",
    "cwd, rev='HEAD', short=False, user=None, password=None, ignore_retcode=False, output_encoding=None",
    |this, ctx| {
        let opts: &[&str] = if this.short.0 { &["--short"] } else { &[] };
        Ok(git(ctx, &this.cwd, this.user.as_deref())?.rev_parse(&this.rev, opts)?.into())
    }
);

function!(
    CurrentBranch,
    "git.current_branch",
    "cwd, user=None, password=None, ignore_retcode=False, output_encoding=None",
    |this, ctx| Ok(git(ctx, &this.cwd, this.user.as_deref())?.branch()?.into())
);

function!(
    Describe,
    "git.describe",
    "cwd, rev='HEAD', user=None, password=None, ignore_retcode=False, output_encoding=None",
    |this, ctx| {
        let rev = checked_name(&this.rev)?;
        Ok(git(ctx, &this.cwd, this.user.as_deref())?.run(&["describe", "--always", rev])?.into())
    }
);

function!(
    Status,
    "git.status",
    "cwd, user=None, password=None, ignore_retcode=False, output_encoding=None",
    |this, ctx| {
        let out = git(ctx, &this.cwd, this.user.as_deref())?.run(&["status", "-z", "--porcelain"])?;
        Ok(parse::status(&out).into())
    }
);

function!(
    Diff,
    "git.diff",
    "cwd, item1=None, item2=None, opts='', git_opts='', user=None, password=None, no_index=False, cached=False, \
     paths=None, output_encoding=None",
    |this, ctx| {
        if this.no_index.0 && this.cached.0 {
            return Err(ExecError::command("The 'no_index' and 'cached' options cannot be used together"));
        }
        let (opts, git_opts) = (options(&this.opts), options(&this.git_opts));
        let mut args = line(&git_opts, &["diff"], &opts);
        if this.cached.0 {
            args.push("--cached");
        }
        let items: Vec<&str> = this.item1.iter().chain(&this.item2).map(String::as_str).collect();
        if this.no_index.0 {
            args.extend(["--no-index", "--"]);
        } else {
            for item in items {
                args.push(checked_name(item)?);
            }
            args.push("--");
        }
        args.extend(this.paths.iter().map(String::as_str));
        let git = git(ctx, &this.cwd, this.user.as_deref())?;
        // With --no-index a difference is a status of 1, which is no failure.
        Ok(if this.no_index.0 { git.output(&args)? } else { git.run_merged(&args)? }.into())
    }
);

function!(
    ListBranches,
    "git.list_branches",
    "cwd, remote=False, user=None, password=None, ignore_retcode=False, output_encoding=None",
    |this, ctx| {
        let prefix = if this.remote.0 { "refs/remotes/" } else { "refs/heads/" };
        Ok(git(ctx, &this.cwd, this.user.as_deref())?.names(prefix)?.into())
    }
);

function!(
    ListTags,
    "git.list_tags",
    "cwd, user=None, password=None, ignore_retcode=False, output_encoding=None",
    |this, ctx| Ok(git(ctx, &this.cwd, this.user.as_deref())?.names("refs/tags/")?.into())
);

function!(
    MergeBase,
    "git.merge_base",
    "cwd, refs=None, octopus=False, is_ancestor=False, independent=False, fork_point=None, opts='', git_opts='', \
     user=None, password=None, ignore_retcode=False, output_encoding=None, **kwargs",
    |this, ctx| {
        let all = this.kwargs.get("all").is_some_and(Value::is_true);
        let ways = [this.octopus.0, this.independent.0, this.is_ancestor.0, this.fork_point.is_some()];
        if ways.iter().filter(|w| **w).count() > 1 {
            return Err(ExecError::invocation(
                "Only one of 'octopus', 'independent', 'is_ancestor', and 'fork_point' is permitted",
            ));
        }
        let git = git(ctx, &this.cwd, this.user.as_deref())?;
        let refs: Vec<&str> = this.refs.iter().flat_map(|r| r.split(',')).map(str::trim).collect();
        if this.is_ancestor.0 {
            let [first, second] = refs.as_slice() else {
                return Err(ExecError::invocation("Two refs/commits are required if 'is_ancestor' is True"));
            };
            return Ok(git.is_ancestor(first, second)?.into());
        }
        let (opts, git_opts) = (options(&this.opts), options(&this.git_opts));
        let mut args = line(&git_opts, &["merge-base"], &opts);
        for (set, option) in
            [(all, "--all"), (this.octopus.0, "--octopus"), (this.independent.0, "--independent")]
        {
            args.extend(set.then_some(option));
        }
        if let Some(point) = &this.fork_point {
            args.extend(["--fork-point", checked_name(point)?]);
        }
        for name in refs {
            args.push(checked_name(name)?);
        }
        let out = git.run(&args)?;
        let bases: Vec<&str> = out.lines().collect();
        Ok(if all { bases.into() } else { bases.first().copied().unwrap_or_default().into() })
    }
);

function!(
    IsWorktree,
    "git.is_worktree",
    "cwd, user=None, password=None, output_encoding=None",
    |this, ctx| {
        let user = this.user.as_deref();
        let git = Git::new(ctx.host, user, &[]).at(expand(ctx, &this.cwd, user)?);
        Ok(git.is_worktree().into())
    }
);

function!(
    SymbolicRef,
    "git.symbolic_ref",
    "cwd, ref, value=None, opts='', git_opts='', user=None, password=None, ignore_retcode=False, \
     output_encoding=None",
    |this, ctx| {
        let (opts, git_opts) = (options(&this.opts), options(&this.git_opts));
        let mut args = line(&git_opts, &["symbolic-ref"], &opts);
        args.push(checked_name(&this.ref_)?);
        args.extend(this.value.as_deref().map(checked_name).transpose()?);
        Ok(git(ctx, &this.cwd, this.user.as_deref())?.run(&args)?.into())
    }
);
