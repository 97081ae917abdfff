//! Talking to other repositories.

use data::loose::{Flag, OneOrMany};
use data::{Dict, Value};

use super::{Git, expand, function, git, identities, line, options, parse};
use crate::Ctx;
use crate::args;
use crate::exec::{ExecEntry, ExecError, entry};
use crate::host::Errors;

/// The rows of these functions.
pub(super) const FUNCTIONS: &[ExecEntry] = &[
    entry::<Clone>(),
    entry::<Fetch>(),
    entry::<Pull>(),
    entry::<Push>(),
    entry::<LsRemote>(),
    entry::<RemoteRefs>(),
    entry::<RemoteGet>(),
    entry::<RemoteSet>(),
    entry::<Remotes>(),
    entry::<Submodule>(),
];

args! {
    /// Clone a repository: `git.clone /srv/app https://example.org/app.git`.
    ///
    /// name: the directory below `cwd` instead. opts: `--branch x`, `--depth 1` … identity: key files.
    /// https_user, https_pass: for HTTPS.
    pub(crate) struct Clone {
        cwd: String,
        url: String,
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        opts: Value,
        #[serde(default)]
        git_opts: Value,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        identity: OneOrMany<String>,
        #[serde(default)]
        https_user: Option<String>,
        #[serde(default)]
        https_pass: Option<String>,
    }

    /// Fetch from a remote. Returns what changed: `updated branches`, `new branches`, `new tags`.
    pub(crate) struct Fetch {
        cwd: String,
        #[serde(default)]
        remote: Option<String>,
        #[serde(default)]
        force: Flag,
        #[serde(default)]
        refspecs: OneOrMany<String>,
        #[serde(default)]
        opts: Value,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        identity: OneOrMany<String>,
    }

    /// `git pull` with options.
    pub(crate) struct Pull {
        cwd: String,
        #[serde(default)]
        opts: Value,
        #[serde(default)]
        git_opts: Value,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        identity: OneOrMany<String>,
    }

    /// Push a ref to a remote: `git.push /srv/app origin main`.
    pub(crate) struct Push {
        cwd: String,
        remote: String,
        #[serde(rename = "ref")]
        ref_: String,
        #[serde(default)]
        opts: Value,
        #[serde(default)]
        git_opts: Value,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        identity: OneOrMany<String>,
    }

    /// The refs of a remote: name and commit. remote: a name (with `cwd`) or an address. ref: only what matches.
    pub(crate) struct LsRemote {
        #[serde(default)]
        cwd: Option<String>,
        #[serde(default = origin)]
        remote: String,
        #[serde(default, rename = "ref")]
        ref_: Option<String>,
        #[serde(default)]
        opts: Value,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        identity: OneOrMany<String>,
        #[serde(default)]
        https_user: Option<String>,
        #[serde(default)]
        https_pass: Option<String>,
    }

    /// The refs of a repository at an address. heads, tags: only those. filter: only what matches.
    pub(crate) struct RemoteRefs {
        url: String,
        #[serde(default)]
        heads: Flag,
        #[serde(default)]
        tags: Flag,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        identity: OneOrMany<String>,
        #[serde(default)]
        https_user: Option<String>,
        #[serde(default)]
        https_pass: Option<String>,
        #[serde(default)]
        kwargs: Dict,
    }

    /// The addresses of one remote: `{fetch, push}`. redact_auth: without passwords (default).
    pub(crate) struct RemoteGet {
        cwd: String,
        #[serde(default = origin)]
        remote: String,
        #[serde(default)]
        user: Option<String>,
        #[serde(default = yes)]
        redact_auth: Flag,
    }

    /// Make a remote point to an address: `git.remote_set /srv/app https://example.org/app.git remote=origin`.
    pub(crate) struct RemoteSet {
        cwd: String,
        url: String,
        #[serde(default = origin)]
        remote: String,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        https_user: Option<String>,
        #[serde(default)]
        https_pass: Option<String>,
        #[serde(default)]
        push_url: Option<String>,
        #[serde(default)]
        push_https_user: Option<String>,
        #[serde(default)]
        push_https_pass: Option<String>,
    }

    /// All remotes and their addresses. redact_auth: without passwords (default).
    pub(crate) struct Remotes {
        cwd: String,
        #[serde(default)]
        user: Option<String>,
        #[serde(default = yes)]
        redact_auth: Flag,
    }

    /// `git submodule COMMAND`: `git.submodule /srv/app update opts='--init --recursive'`.
    pub(crate) struct Submodule {
        cwd: String,
        command: String,
        #[serde(default)]
        opts: Value,
        #[serde(default)]
        git_opts: Value,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        identity: OneOrMany<String>,
    }
}

fn origin() -> String {
    "origin".to_owned()
}

fn yes() -> Flag {
    Flag(true)
}

fn with_auth(url: &str, user: Option<&str>, password: Option<&str>) -> Result<String, ExecError> {
    parse::with_auth(url, user, password).map_err(ExecError::invocation)
}

/// git with keys.
fn keyed<'a>(ctx: &Ctx<'a>, user: Option<&str>, identity: &[String]) -> Result<Git<'a>, ExecError> {
    Ok(Git::new(ctx.host, user, &identities(ctx, identity)?))
}

function!(
    Clone,
    "git.clone",
    "cwd, url, name=None, opts='', git_opts='', user=None, password=None, identity=None, https_user=None, \
     https_pass=None, ignore_retcode=False, saltenv='base', output_encoding=None",
    |this, ctx| {
        let cwd = expand(ctx, &this.cwd, this.user.as_deref())?;
        let url = with_auth(&this.url, this.https_user.as_deref(), this.https_pass.as_deref())?;
        let (opts, git_opts) = (options(&this.opts), options(&this.git_opts));
        let mut args = line(&git_opts, &["clone"], &opts);
        args.extend(["--", &url]);
        let git = keyed(ctx, this.user.as_deref(), &this.identity)?;
        let target = cwd.display().to_string();
        let git = match &this.name {
            Some(name) => {
                args.push(name);
                ctx.host.mkdir_all(&cwd, None)?;
                git.at(&cwd)
            }
            None => {
                args.push(&target);
                git.at("/tmp")
            }
        };
        git.run_remote(&args, Errors::Apart)?;
        Ok(Value::Bool(true))
    }
);

function!(
    Fetch,
    "git.fetch",
    "cwd, remote=None, force=False, refspecs=None, opts='', git_opts='', user=None, password=None, identity=None, \
     ignore_retcode=False, saltenv='base', output_encoding=None",
    |this, ctx| {
        let git = keyed(ctx, this.user.as_deref(), &this.identity)?;
        let git = git.at(expand(ctx, &this.cwd, this.user.as_deref())?);
        let opts = options(&this.opts);
        let opts: Vec<&str> = opts.iter().map(String::as_str).collect();
        let refspecs: Vec<String> =
            this.refspecs.iter().flat_map(|r| r.split(',')).map(str::to_owned).collect();
        Ok(git.fetch(this.remote.as_deref(), this.force.0, &refspecs, &opts)?.into())
    }
);

function!(
    Pull,
    "git.pull",
    "cwd, opts='', git_opts='', user=None, password=None, identity=None, ignore_retcode=False, saltenv='base', \
     output_encoding=None",
    |this, ctx| {
        let git = keyed(ctx, this.user.as_deref(), &this.identity)?;
        let git = git.at(expand(ctx, &this.cwd, this.user.as_deref())?);
        let (opts, git_opts) = (options(&this.opts), options(&this.git_opts));
        Ok(git.run_remote(&line(&git_opts, &["pull"], &opts), Errors::Apart)?.into())
    }
);

function!(
    Push,
    "git.push",
    "cwd, remote=None, ref=None, opts='', git_opts='', user=None, password=None, identity=None, \
     ignore_retcode=False, saltenv='base', output_encoding=None",
    |this, ctx| {
        let git = keyed(ctx, this.user.as_deref(), &this.identity)?;
        let git = git.at(expand(ctx, &this.cwd, this.user.as_deref())?);
        let (opts, git_opts) = (options(&this.opts), options(&this.git_opts));
        let mut args = line(&git_opts, &["push"], &opts);
        args.extend(["--", &this.remote, &this.ref_]);
        Ok(git.run_remote(&args, Errors::WithOutput)?.into())
    }
);

fn refs(all: Vec<(String, String)>) -> Value {
    all.into_iter().collect::<Dict>().into()
}

function!(
    LsRemote,
    "git.ls_remote",
    "cwd=None, remote='origin', ref=None, opts='', git_opts='', user=None, password=None, identity=None, \
     https_user=None, https_pass=None, ignore_retcode=False, output_encoding=None, saltenv='base'",
    |this, ctx| {
        let mut git = keyed(ctx, this.user.as_deref(), &this.identity)?;
        if let Some(cwd) = &this.cwd {
            git = git.at(expand(ctx, cwd, this.user.as_deref())?);
        }
        let url = with_auth(&this.remote, this.https_user.as_deref(), this.https_pass.as_deref())?;
        let opts = options(&this.opts);
        let opts: Vec<&str> = opts.iter().map(String::as_str).collect();
        Ok(refs(git.remote_refs(&url, &opts, this.ref_.as_deref())?))
    }
);

function!(
    RemoteRefs,
    "git.remote_refs",
    "url, heads=False, tags=False, user=None, password=None, identity=None, https_user=None, https_pass=None, \
     ignore_retcode=False, output_encoding=None, saltenv='base', **kwargs",
    |this, ctx| {
        let git = keyed(ctx, this.user.as_deref(), &this.identity)?;
        let url = with_auth(&this.url, this.https_user.as_deref(), this.https_pass.as_deref())?;
        let mut opts = Vec::new();
        opts.extend(this.heads.0.then_some("--heads"));
        opts.extend(this.tags.0.then_some("--tags"));
        let filter = this.kwargs.get("filter").filter(|f| f.is_true()).map(ToString::to_string);
        Ok(refs(git.remote_refs(&url, &opts, filter.as_deref())?))
    }
);

function!(
    RemoteGet,
    "git.remote_get",
    "cwd, remote='origin', user=None, password=None, redact_auth=True, ignore_retcode=False, output_encoding=None",
    |this, ctx| {
        let all = git(ctx, &this.cwd, this.user.as_deref())?.remotes(this.redact_auth.0)?;
        match all.into_iter().find(|(name, _)| *name == this.remote) {
            Some((_, addresses)) => Ok(addresses.into()),
            None => Err(ExecError::command(format!(
                "Remote '{}' not present in git checkout located at {}",
                this.remote, this.cwd
            ))),
        }
    }
);

function!(
    RemoteSet,
    "git.remote_set",
    "cwd, url, remote='origin', user=None, password=None, https_user=None, https_pass=None, push_url=None, \
     push_https_user=None, push_https_pass=None, ignore_retcode=False, output_encoding=None",
    |this, ctx| {
        let git = git(ctx, &this.cwd, this.user.as_deref())?;
        let url = with_auth(&this.url, this.https_user.as_deref(), this.https_pass.as_deref())?;
        let push = this
            .push_url
            .map(|u| with_auth(&u, this.push_https_user.as_deref(), this.push_https_pass.as_deref()))
            .transpose()?;
        git.set_remote(&this.remote, &url, push.as_deref())?;
        let all = git.remotes(true)?;
        Ok(all.into_iter().find(|(name, _)| *name == this.remote).map(|(_, addresses)| addresses).into())
    }
);

function!(
    Remotes,
    "git.remotes",
    "cwd, user=None, password=None, redact_auth=True, ignore_retcode=False, output_encoding=None",
    |this, ctx| {
        let all = git(ctx, &this.cwd, this.user.as_deref())?.remotes(this.redact_auth.0)?;
        Ok(all.into_iter().collect::<Dict>().into())
    }
);

function!(
    Submodule,
    "git.submodule",
    "cwd, command, opts='', git_opts='', user=None, password=None, identity=None, ignore_retcode=False, \
     saltenv='base', output_encoding=None",
    |this, ctx| {
        let git = keyed(ctx, this.user.as_deref(), &this.identity)?;
        let git = git.at(expand(ctx, &this.cwd, this.user.as_deref())?);
        let (opts, git_opts) = (options(&this.opts), options(&this.git_opts));
        let command = super::repo::checked_name(&this.command)?;
        Ok(git.run_remote(&line(&git_opts, &["submodule", command], &opts), Errors::Apart)?.into())
    }
);
