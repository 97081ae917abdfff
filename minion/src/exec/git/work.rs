//! Changing a checkout.

use data::Value;
use data::loose::Flag;

use super::repo::checked_name;
use super::{Git, expand, function, git, line, options};
use crate::args;
use crate::exec::{ExecEntry, ExecError, entry};

/// The rows of these functions.
pub(super) const FUNCTIONS: &[ExecEntry] = &[
    entry::<Init>(),
    entry::<Add>(),
    entry::<Rm>(),
    entry::<Commit>(),
    entry::<Checkout>(),
    entry::<Reset>(),
    entry::<Merge>(),
    entry::<Branch>(),
    entry::<Tag>(),
    entry::<DiscardLocalChanges>(),
];

args! {
    /// Make a repository. bare: without a work tree. template, separate_git_dir, shared: as `git init` has them.
    pub(crate) struct Init {
        cwd: String,
        #[serde(default)]
        bare: Flag,
        #[serde(default)]
        template: Option<String>,
        #[serde(default)]
        separate_git_dir: Option<String>,
        #[serde(default)]
        shared: Value,
        #[serde(default)]
        opts: Value,
        #[serde(default)]
        git_opts: Value,
        #[serde(default)]
        user: Option<String>,
    }

    /// Stage a file.
    pub(crate) struct Add {
        cwd: String,
        filename: String,
        #[serde(default)]
        opts: Value,
        #[serde(default)]
        git_opts: Value,
        #[serde(default)]
        user: Option<String>,
    }

    /// Remove a file from the work tree and the index.
    pub(crate) struct Rm {
        cwd: String,
        filename: String,
        #[serde(default)]
        opts: Value,
        #[serde(default)]
        git_opts: Value,
        #[serde(default)]
        user: Option<String>,
    }

    /// Commit what is staged, or one file.
    pub(crate) struct Commit {
        cwd: String,
        message: String,
        #[serde(default)]
        opts: Value,
        #[serde(default)]
        git_opts: Value,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        filename: Option<String>,
    }

    /// Check a revision out: `git.checkout /srv/app v1.0`, `opts='-b mine'`. force: drop edits.
    pub(crate) struct Checkout {
        cwd: String,
        #[serde(default)]
        rev: Option<String>,
        #[serde(default)]
        force: Flag,
        #[serde(default)]
        opts: Value,
        #[serde(default)]
        git_opts: Value,
        #[serde(default)]
        user: Option<String>,
    }

    /// `git reset`: `git.reset /srv/app opts='--hard origin/main'`.
    pub(crate) struct Reset {
        cwd: String,
        #[serde(default)]
        opts: Value,
        #[serde(default)]
        git_opts: Value,
        #[serde(default)]
        user: Option<String>,
    }

    /// Merge a revision, by default the upstream branch.
    pub(crate) struct Merge {
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

    /// `git branch`: `git.branch /srv/app new`, `opts='-d'`.
    pub(crate) struct Branch {
        cwd: String,
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        opts: Value,
        #[serde(default)]
        git_opts: Value,
        #[serde(default)]
        user: Option<String>,
    }

    /// Tag a revision. message: make it an annotated one. opts: `-d` removes the tag.
    pub(crate) struct Tag {
        cwd: String,
        name: String,
        #[serde(default = head, rename = "ref")]
        ref_: String,
        #[serde(default)]
        message: Option<String>,
        #[serde(default)]
        opts: Value,
        #[serde(default)]
        git_opts: Value,
        #[serde(default)]
        user: Option<String>,
    }

    /// Drop edits that are not staged, below a path.
    pub(crate) struct DiscardLocalChanges {
        cwd: String,
        #[serde(default = here)]
        path: String,
        #[serde(default)]
        user: Option<String>,
    }
}

fn head() -> String {
    "HEAD".to_owned()
}

fn here() -> String {
    ".".to_owned()
}

function!(
    Init,
    "git.init",
    "cwd, bare=False, template=None, separate_git_dir=None, shared=None, opts='', git_opts='', user=None, \
     password=None, ignore_retcode=False, output_encoding=None",
    |this, ctx| {
        let target = expand(ctx, &this.cwd, this.user.as_deref())?.display().to_string();
        let mut extra = Vec::new();
        extra.extend(this.bare.0.then(|| "--bare".to_owned()));
        extra.extend(this.template.map(|t| format!("--template={t}")));
        extra.extend(this.separate_git_dir.map(|d| format!("--separate-git-dir={d}")));
        match &this.shared {
            Value::None => {}
            // 660 is a number in YAML and an octal one for git.
            Value::Int(mode) => extra.push(format!("--shared=0{mode}")),
            other => extra.push(format!("--shared={}", other.to_string().to_lowercase())),
        }
        extra.extend(options(&this.opts));
        let git_opts = options(&this.git_opts);
        let mut args = line(&git_opts, &["init"], &extra);
        args.extend(["--", &target]);
        Ok(Git::new(ctx.host, this.user.as_deref(), &[]).run(&args)?.into())
    }
);

function!(
    Add,
    "git.add",
    "cwd, filename, opts='', git_opts='', user=None, password=None, ignore_retcode=False, output_encoding=None",
    |this, ctx| {
        let (opts, git_opts) = (options(&this.opts), options(&this.git_opts));
        let mut args = line(&git_opts, &["add", "--verbose"], &opts);
        args.extend(["--", &this.filename]);
        Ok(git(ctx, &this.cwd, this.user.as_deref())?.run(&args)?.into())
    }
);

function!(
    Rm,
    "git.rm",
    "cwd, filename, opts='', git_opts='', user=None, password=None, ignore_retcode=False, output_encoding=None",
    |this, ctx| {
        let (opts, git_opts) = (options(&this.opts), options(&this.git_opts));
        let mut args = line(&git_opts, &["rm"], &opts);
        args.extend(["--", &this.filename]);
        Ok(git(ctx, &this.cwd, this.user.as_deref())?.run(&args)?.into())
    }
);

function!(
    Commit,
    "git.commit",
    "cwd, message, opts='', git_opts='', user=None, password=None, filename=None, ignore_retcode=False, \
     output_encoding=None",
    |this, ctx| {
        let (opts, git_opts) = (options(&this.opts), options(&this.git_opts));
        let mut args = line(&git_opts, &["commit", "-m", &this.message], &opts);
        if let Some(file) = &this.filename {
            args.extend(["--", file]);
        }
        Ok(git(ctx, &this.cwd, this.user.as_deref())?.run(&args)?.into())
    }
);

function!(
    Checkout,
    "git.checkout",
    "cwd, rev=None, force=False, opts='', git_opts='', user=None, password=None, ignore_retcode=False, \
     output_encoding=None",
    |this, ctx| {
        let (opts, git_opts) = (options(&this.opts), options(&this.git_opts));
        let command: &[&str] = if this.force.0 { &["checkout", "--force"] } else { &["checkout"] };
        let mut args = line(&git_opts, command, &opts);
        match this.rev.as_deref() {
            Some(rev) => args.push(checked_name(rev)?),
            None if opts.iter().any(|o| o == "-b" || o == "-B") => {}
            None => return Err(ExecError::invocation("'rev' argument is required unless -b or -B in opts")),
        }
        Ok(git(ctx, &this.cwd, this.user.as_deref())?.run_merged(&args)?.into())
    }
);

function!(
    Reset,
    "git.reset",
    "cwd, opts='', git_opts='', user=None, password=None, identity=None, ignore_retcode=False, output_encoding=None",
    |this, ctx| {
        let (opts, git_opts) = (options(&this.opts), options(&this.git_opts));
        Ok(git(ctx, &this.cwd, this.user.as_deref())?.run(&line(&git_opts, &["reset"], &opts))?.into())
    }
);

function!(
    Merge,
    "git.merge",
    "cwd, rev=None, opts='', git_opts='', user=None, password=None, identity=None, ignore_retcode=False, \
     output_encoding=None",
    |this, ctx| {
        let (opts, git_opts) = (options(&this.opts), options(&this.git_opts));
        let mut args = line(&git_opts, &["merge"], &opts);
        args.extend(this.rev.as_deref().map(checked_name).transpose()?);
        Ok(git(ctx, &this.cwd, this.user.as_deref())?.run(&args)?.into())
    }
);

function!(
    Branch,
    "git.branch",
    "cwd, name=None, opts='', git_opts='', user=None, password=None, ignore_retcode=False, output_encoding=None",
    |this, ctx| {
        let (opts, git_opts) = (options(&this.opts), options(&this.git_opts));
        let mut args = line(&git_opts, &["branch"], &opts);
        args.extend(this.name.as_deref().map(checked_name).transpose()?);
        git(ctx, &this.cwd, this.user.as_deref())?.run(&args)?;
        Ok(Value::Bool(true))
    }
);

function!(
    Tag,
    "git.tag",
    "cwd, name, ref='HEAD', message=None, opts='', git_opts='', user=None, password=None, ignore_retcode=False, \
     output_encoding=None",
    |this, ctx| {
        let (opts, git_opts) = (options(&this.opts), options(&this.git_opts));
        let mut args = line(&git_opts, &["tag"], &[]);
        if let Some(message) = &this.message {
            args.extend(["-a", "-m", message]);
        }
        args.extend(opts.iter().map(String::as_str));
        args.push(checked_name(&this.name)?);
        if !opts.iter().any(|o| o == "-d" || o == "--delete") {
            args.push(checked_name(&this.ref_)?);
        }
        Ok(git(ctx, &this.cwd, this.user.as_deref())?.run_merged(&args)?.into())
    }
);

function!(
    DiscardLocalChanges,
    "git.discard_local_changes",
    "cwd, path='.', user=None, password=None, ignore_retcode=False, output_encoding=None",
    |this, ctx| {
        let git = git(ctx, &this.cwd, this.user.as_deref())?;
        Ok(git.run_merged(&["checkout", "--", &this.path])?.into())
    }
);
