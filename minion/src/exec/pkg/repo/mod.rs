//! Where packages come from: sources of apt, `.repo` files of dnf and zypper, lines of apk.
//!
//! `pkgrepo.managed` and `pkg.mod_repo` are the same plan; nothing here runs `apt-key` or `gpg`.

pub mod apk;
mod apt;
mod ini;
mod keys;
pub mod sources;

use std::path::{Path, PathBuf};
use std::time::Duration;

use data::{Dict, Value};

use super::{PkgError, PkgResult, backend};
use crate::Ctx;
use crate::exec::ExecError;
use crate::exec::plain::{Given, functions};

/// What is to be done about a repository.
#[derive(Debug, Default)]
pub struct Change {
    /// What a state says of it.
    pub changes: Dict,
    /// Files with their new content; none: they are removed.
    files: Vec<(PathBuf, Option<String>)>,
    key: Option<apt::Key>,
    refresh: bool,
}

impl Change {
    fn write(&mut self, path: &str, text: String) {
        self.files.push((path.into(), Some(text)));
    }

    fn remove(&mut self, path: &str) {
        self.files.push((path.into(), None));
    }

    /// Does it: the key first, so that no repository is there without.
    pub fn carry_out(&self, ctx: &Ctx<'_>) -> PkgResult<()> {
        if let Some(key) = &self.key {
            let data = key.fetch(ctx)?;
            write_key(ctx, &key.path, &data)?;
        }
        for (path, text) in &self.files {
            match text {
                Some(text) => {
                    if let Some(dir) = path.parent() {
                        ctx.host.mkdir_all(dir, Some(0o755))?;
                    }
                    ctx.host.write_atomic(path, text.as_bytes(), None)?;
                }
                None => ctx.host.remove_file(path)?,
            }
        }
        if self.refresh {
            super::refresh(ctx, &*backend(ctx)?, Duration::ZERO, false)?;
        }
        Ok(())
    }
}

fn write_key(ctx: &Ctx<'_>, path: &str, data: &[u8]) -> PkgResult<()> {
    if let Some(dir) = Path::new(path).parent() {
        ctx.host.mkdir_all(dir, Some(0o755))?;
    }
    // apt reads keys as a user of its own.
    Ok(ctx.host.write_atomic(Path::new(path), data, Some(0o644))?)
}

/// One, several with commas, or a list.
fn list(args: &Dict, key: &str) -> Vec<String> {
    let trimmed = |text: String| text.trim().to_owned();
    match args.get(key) {
        Some(Value::List(all)) => all.iter().map(|one| trimmed(one.to_string())).collect(),
        Some(Value::None) | None => Vec::new(),
        Some(one) => {
            one.to_string().split(',').map(|t| trimmed(t.to_owned())).filter(|t| !t.is_empty()).collect()
        }
    }
}

fn text(args: &Dict, key: &str) -> Option<String> {
    args.get(key).filter(|value| value.is_true()).map(|value| value.to_string().trim().to_owned())
}

fn flag(args: &Dict, key: &str) -> Option<bool> {
    let value = args.get(key).filter(|value| !value.is_none())?;
    Some(
        data::args::from_value::<data::loose::Flag>(value.clone())
            .map_or_else(|_| value.is_true(), |flag| flag.0),
    )
}

/// The ways of writing down where packages come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Apt,
    Ini,
    Apk,
}

fn form(ctx: &Ctx<'_>) -> PkgResult<Form> {
    match ctx.grain_str("os_family").as_str() {
        "Debian" => Ok(Form::Apt),
        "RedHat" | "Suse" => Ok(Form::Ini),
        "Alpine" => Ok(Form::Apk),
        _ => Err(PkgError::Refused("Repo management not implemented on this platform".to_owned())),
    }
}

/// What is to be done so that a repository is as the arguments say; none when it is.
pub fn plan(ctx: &Ctx<'_>, repo: &str, args: &Dict) -> PkgResult<Option<Change>> {
    match form(ctx)? {
        Form::Apt => apt::plan(ctx, repo, args),
        Form::Ini => ini::plan(ctx, repo, args),
        Form::Apk => apk::plan(ctx, repo, args),
    }
}

/// What is to be done so that it is gone; none when it is.
pub fn plan_removal(ctx: &Ctx<'_>, repo: &str, args: &Dict) -> PkgResult<Option<Change>> {
    match form(ctx)? {
        Form::Apt => apt::plan_removal(ctx, repo, args),
        Form::Ini => ini::plan_removal(ctx, repo, args),
        Form::Apk => apk::plan_removal(ctx, repo),
    }
}

/// As it is written; empty when it is not.
fn get(ctx: &Ctx<'_>, repo: &str, args: &Dict) -> PkgResult<Dict> {
    match form(ctx)? {
        Form::Apt => apt::get(ctx.host, repo),
        Form::Ini => ini::get(ctx, repo, args),
        Form::Apk => apk::get(ctx, repo),
    }
}

/// The files that hold a key of apt.
pub fn key_files(ctx: &Ctx<'_>, id: &str) -> PkgResult<Vec<String>> {
    apt::holding(ctx.host, id)
}

functions! {
    /// Return the repositories: for apt by URI, for dnf and zypper by ID: `rsalt '*' pkg.list_repos`
    "pkg.list_repos"("**kwargs") = |args, ctx| {
        let kwargs = args.arg("kwargs").as_dict().cloned().unwrap_or_default();
        Ok(match form(ctx)? {
            Form::Apt => sources::by_uri(&apt::files(ctx.host)?).into(),
            Form::Apk => apk::all(ctx)?.into(),
            Form::Ini => {
                let mut out = Dict::new();
                for file in ini::files(ctx, &kwargs)? {
                    out.extend(file.shown().into_iter().map(|(id, fields)| {
                        (Value::from(id), Value::from(fields.with("file", file.path.as_str())))
                    }));
                }
                out.into()
            }
        })
    };
    /// Return one repository, empty when there is none: `rsalt '*' pkg.get_repo 'deb http://deb.debian.org/debian stable main'`
    "pkg.get_repo"("repo, **kwargs") = |args, ctx| {
        let kwargs = args.arg("kwargs").as_dict().cloned().unwrap_or_default();
        Ok(get(ctx, &args.text("repo"), &kwargs)?.into())
    };
    /// Have a repository, with the arguments of `pkgrepo.managed`; what is there then:
    /// `rsalt '*' pkg.mod_repo 'deb http://deb.debian.org/debian stable main' comps=main,contrib`
    "pkg.mod_repo"("repo, saltenv='base', **kwargs") = |args, ctx| {
        let kwargs = args.arg("kwargs").as_dict().cloned().unwrap_or_default();
        let repo = args.text("repo");
        if let Some(change) = plan(ctx, &repo, &kwargs)? {
            change.carry_out(ctx)?;
        }
        Ok(Dict::new().with(repo.as_str(), get(ctx, &repo, &kwargs)?).into())
    };
    /// Have a repository no more; what was done: `rsalt '*' pkg.del_repo 'deb http://deb.debian.org/debian stable contrib'`
    "pkg.del_repo"("repo, **kwargs") = |args, ctx| {
        let kwargs = args.arg("kwargs").as_dict().cloned().unwrap_or_default();
        let repo = args.text("repo");
        let Some(change) = plan_removal(ctx, &repo, &kwargs)? else {
            return Err(ExecError::command(match form(ctx)? {
                Form::Apt => format!("Repo {repo} doesn't exist in the sources.list(s)"),
                _ => format!("Error: the {repo} repo does not exist"),
            }));
        };
        change.carry_out(ctx)?;
        let said = change.files.iter().map(|(path, text)| match text {
            Some(_) => format!("Repo '{repo}' has been removed from {}.\n", path.display()),
            None => format!("File {} containing repo '{repo}' has been removed.", path.display()),
        });
        Ok(said.collect::<String>().into())
    };
    /// Return the keys that repositories may be signed with: `rsalt '*' pkg.get_repo_keys`. keydir: default
    /// `/etc/apt/keyrings`. Returns false when there is no such directory.
    "pkg.get_repo_keys"("aptkey=True, keydir=None") = |args, ctx| {
        let dir = args.some_text("keydir").unwrap_or_else(|| apt::KEYRINGS.to_owned());
        if !ctx.host.is_dir(Path::new(&dir)) {
            return Ok(false.into());
        }
        let all = apt::key_files(ctx.host, &dir)?;
        let keys = all.iter().flat_map(|(_, keys)| keys);
        Ok(keys.map(|key| (key.id(), key.shown())).collect::<Dict>().into())
    };
    /// Add a key that repositories may be signed with: `rsalt '*' pkg.add_repo_key 'salt://apt/sources/test.key'`, or
    /// `text=`, or `keyserver= keyid=`. keydir: default `/etc/apt/keyrings`. keyfile: its name there. Never runs `apt-key`.
    "pkg.add_repo_key"("path=None, text=None, keyserver=None, keyid=None, saltenv='base', aptkey=True, keydir=None, keyfile=None") = add_key;
    /// Remove the files of a key: `rsalt '*' pkg.del_repo_key keyid=0123ABCD`. Returns the ID, or false when there is none.
    "pkg.del_repo_key"("name=None, aptkey=True, keydir=None, **kwargs") = |args, ctx| {
        let Some(id) = args.arg("kwargs").get("keyid").map(ToString::to_string) else {
            return Err(ExecError::invocation("keyid or keyid_ppa and PPA name must be passed"));
        };
        let files = key_files(ctx, &id)?;
        for path in &files {
            ctx.host.remove_file(Path::new(path))?;
        }
        Ok(if files.is_empty() { false.into() } else { id.into() })
    };
}

fn add_key(args: Dict, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    let dir = args.some_text("keydir").unwrap_or_else(|| apt::KEYRINGS.to_owned());
    let (path, server, id) = (args.some_text("path"), args.some_text("keyserver"), args.some_text("keyid"));
    let named = args.some_text("keyfile").or_else(|| path.as_ref()?.rsplit('/').next().map(str::to_owned));
    let name = match (named, &id) {
        (Some(name), _) => name,
        (None, Some(id)) => format!("{id}.gpg"),
        (None, None) => {
            return Err(ExecError::invocation(
                "keyfile is needed: the name of the file that the key goes to",
            ));
        }
    };
    if name.contains('/') {
        return Err(ExecError::invocation(format!("'{name}' is not the name of a file")));
    }
    let mut wish = Dict::new().with("signedby", format!("{dir}/{name}"));
    let sources = [
        ("key_url", path),
        ("key_text", args.some_text("text")),
        ("keyserver", server),
        ("keyid", id.clone()),
    ];
    for (key, value) in sources {
        if let Some(value) = value {
            wish.insert(key, value);
        }
    }
    if id.as_ref().is_some_and(|_| wish.get("keyserver").is_none() && wish.len() == 2) {
        return Err(ExecError::invocation(format!(
            "No keyserver specified for keyid: {}",
            id.unwrap_or_default()
        )));
    }
    if let Some((path, data)) = apt::Key::wanted(ctx, &wish)? {
        write_key(ctx, &path, &data)?;
    }
    Ok(true.into())
}
