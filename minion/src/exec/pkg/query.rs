//! What is known of packages, and the module `lowpkg`: dpkg or rpm below the package manager.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use data::{Dict, Value};

use super::backend::{Files, MEMBERS};
use super::{Backend, PkgError, PkgResult, backend, is_of, listing, parse, refresh};
use crate::Ctx;
use crate::exec::ExecError;
use crate::exec::plain::{Given, functions};
use crate::host::{Cmd, FileKind};

functions! {
    /// Return the files of packages: `rsalt '*' pkg.file_list bash`
    "pkg.file_list"("*packages, **kwargs") = |args, ctx| file_list(&args, ctx);
    /// Return the files of packages, by package: `rsalt '*' pkg.file_dict bash curl`
    "pkg.file_dict"("*packages, **kwargs") = |args, ctx| file_dict(&args, ctx);
    /// Return the package that a file belongs to, or an empty text; a dict for several: `rsalt '*' pkg.owner /bin/ls`
    "pkg.owner"("*paths, **kwargs") = |args, ctx| {
        let (backend, paths) = (backend(ctx)?, texts(args.arg("paths")));
        let owner = |path: &String| Ok((path.clone(), backend.owner(ctx.host, path)?.unwrap_or_default()));
        let all = paths.iter().map(owner).collect::<PkgResult<Vec<_>>>()?;
        Ok(match all.as_slice() {
            [] => "".into(),
            [(_, one)] => one.as_str().into(),
            _ => all.into_iter().collect::<Dict>().into(),
        })
    };
    /// Return the package that a file belongs to, none for one that belongs to none, false for what is no file:
    /// `rsalt '*' pkg.which /bin/ls`
    "pkg.which"("path") = |args, ctx| {
        let path = args.text("path");
        if !path.starts_with('/') || !ctx.host.exists(Path::new(&path)) {
            return Ok(false.into());
        }
        Ok(backend(ctx)?.owner(ctx.host, &path)?.into())
    };
    /// Return what is known of installed packages: `rsalt '*' pkg.info_installed bash`. failhard: a package that is not
    /// there is an error (default).
    "pkg.info_installed"("*names, **kwargs") = |args, ctx| {
        let mut out = Dict::new();
        for (name, fields) in info(&args, "names", ctx)? {
            if fields.get("status").is_some_and(|status| status.to_string().chars().nth(1) != Some('i')) {
                continue;
            }
            let known = fields.iter().filter(|(key, _)| key.as_str() != Some("status"));
            let fields: Dict = known.map(|(key, value)| (general(key.as_str().unwrap_or_default()), value.clone())).collect();
            out.insert(name, fields);
        }
        Ok(out.into())
    };
    /// Return what the repositories say of packages, by name and version: `rsalt '*' pkg.show nginx filter=description`
    "pkg.show"("*names, **kwargs") = |args, ctx| {
        let kwargs = args.arg("kwargs");
        if kwargs.get("refresh").is_some_and(Value::is_true) {
            refresh(ctx, &*backend(ctx)?, std::time::Duration::ZERO, false)?;
        }
        let names = texts(args.arg("names"));
        if names.is_empty() {
            return Ok(Value::dict());
        }
        let only: Vec<String> = match kwargs.get("filter") {
            Some(Value::List(list)) => list.iter().map(|key| key.to_string().to_lowercase()).collect(),
            Some(text) => text.to_string().split(',').map(|key| key.trim().to_lowercase()).collect(),
            None => Vec::new(),
        };
        let output = ctx.run(&Cmd::of("apt-cache", ["show", "--"]).env("LC_ALL", "C").args(names))?;
        Ok(parse::apt_show_all(&output.out(), &only).into())
    };
    /// Return the package files that were downloaded: name → version → path, size and time:
    /// `rsalt '*' pkg.list_downloaded`
    "pkg.list_downloaded"("root=None, **kwargs") = |args, ctx| {
        Ok(downloaded(ctx, &*backend(ctx)?, args.some_text("root").as_deref())?.into())
    };
    /// Return the services that run what has been replaced since, from `checkrestart` of debian-goodies:
    /// `rsalt '*' pkg.services_need_restart`
    "pkg.services_need_restart"("**kwargs") = |_, ctx| {
        if ctx.host.which("checkrestart").is_none() {
            return Err(ExecError::raised(
                "CommandNotFoundError",
                "'checkrestart' is needed. It is part of the 'debian-goodies' package which can be installed from \
                 official repositories.",
            ));
        }
        let output = ctx.run(&Cmd::of("checkrestart", ["--machine", "--package"]))?;
        let text = output.out();
        let named = text.lines().filter_map(|line| line.strip_prefix("SERVICE:")?.split(',').next());
        Ok(named.collect::<BTreeSet<_>>().into_iter().map(Value::from).collect())
    };
    /// Return name and architecture of a package: `rsalt '*' pkg.parse_arch zsh:amd64`
    "pkg.parse_arch"("name") = |args, ctx| {
        let name = args.text("name");
        let (name, arch) = backend(ctx)?.parse_arch(&name);
        Ok(Dict::new().with("name", name).with("arch", arch).into())
    };
    /// Remove what was installed for others and is not needed any more; what changed: `rsalt '*' pkg.autoremove`.
    /// list_only: the packages that would go instead. purge: their configuration files, too.
    "pkg.autoremove"("list_only=False, purge=False") = |args, ctx| {
        let (backend, purge) = (backend(ctx)?, args.is_set("purge", false));
        if args.is_set("list_only", false) {
            return Ok(backend.superfluous(ctx.host, purge)?.into());
        }
        let cmd = backend.autoremove(purge)?;
        let old = listing(ctx, &*backend)?;
        backend.run(ctx.host, &cmd)?;
        Ok(super::changes(&old.installed, &listing(ctx, &*backend)?.installed).into())
    };
    /// Set what is selected for packages: `rsalt '*' pkg.set_selections selection='{"install": ["netcat"]}'`.
    /// path: a file as `dpkg --get-selections` writes it. clear: forget what was selected before. Returns what changed.
    "pkg.set_selections"("path=None, selection=None, clear=False, saltenv='base'") = set_selections;
    /// Return the packages that keep their version: `rsalt '*' pkg.list_holds`
    "pkg.list_holds"("full=True") = |_, ctx| {
        let backend = backend(ctx)?;
        Ok(backend.holds(ctx.host, &*listing(ctx, &*backend)?)?.into())
    };
    /// Return the packages of a group: `rsalt '*' pkg.group_info 'Development Tools'`
    "pkg.group_info"("name, expand=False, **kwargs") = |args, ctx| {
        let group = group(&*backend(ctx)?, &args, ctx)?;
        let mut out = Dict::new();
        for member in MEMBERS {
            out.insert(member, group.members.get(member).cloned().unwrap_or_default());
        }
        out.insert("type", group.kind);
        out.insert("group", group.name);
        out.insert("id", group.id);
        out.insert("description", group.description);
        Ok(out.into())
    };
    /// Return which packages of a group are installed: `rsalt '*' pkg.group_diff 'Development Tools'`
    "pkg.group_diff"("name, **kwargs") = |args, ctx| {
        let backend = backend(ctx)?;
        let (group, all) = (group(&*backend, &args, ctx)?, listing(ctx, &*backend)?);
        let row = |member: &'static str| {
            let names = group.members.get(member).cloned().unwrap_or_default();
            let (there, missing): (Vec<_>, Vec<_>) =
                names.into_iter().partition(|name| all.installed.contains_key(name));
            (member, Dict::new().with("installed", there).with("not installed", missing))
        };
        Ok(MEMBERS.into_iter().map(row).collect::<Dict>().into())
    };
    /// Tell how the files of packages differ from what was packed: `rsalt '*' pkg.verify httpd`
    "pkg.verify"("*names, **kwargs") = |args, ctx| verify(&args, ctx);

    /// Return the installed packages as dpkg or rpm has them: `rsalt '*' lowpkg.list_pkgs hostname`
    "lowpkg.list_pkgs"("*packages, **kwargs") = |args, ctx| {
        let (all, wanted) = (listing(ctx, &*backend(ctx)?)?, texts(args.arg("packages")));
        let full = |name: &String| {
            let known = all.selections.iter().map(|(full, _)| full);
            known.into_iter().find(|full| *full != name && is_of(full, name)).unwrap_or(name).clone()
        };
        let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| is_of(name, wanted));
        let meant = all.installed.iter().filter(|(name, _)| is_wanted(name));
        Ok(meant.map(|(name, versions)| (full(name), versions.join(","))).collect::<Dict>().into())
    };
    /// Return the files of packages: `rsalt '*' lowpkg.file_list bash`
    "lowpkg.file_list"("*packages, **kwargs") = |args, ctx| file_list(&args, ctx);
    /// Return the files of packages, by package: `rsalt '*' lowpkg.file_dict bash`
    "lowpkg.file_dict"("*packages, **kwargs") = |args, ctx| file_dict(&args, ctx);
    /// Return what is known of installed packages: `rsalt '*' lowpkg.info bash`
    "lowpkg.info"("*packages, **kwargs") = |args, ctx| Ok(info(&args, "packages", ctx)?.into_iter().collect::<Dict>().into());
    /// Return name, version and architecture of a package file: `rsalt '*' lowpkg.bin_pkg_info salt://app.deb`
    "lowpkg.bin_pkg_info"("path, saltenv='base'") = |args, ctx| {
        let path = args.text("path");
        let source = vec![(path.clone(), path.clone())];
        let local = if path.contains("://") { super::local_files(ctx, &source)?.concat() } else { path };
        if !ctx.host.exists(Path::new(&local)) {
            return Err(ExecError::command(format!("{local} does not exist on minion")));
        }
        let file = backend(ctx)?.file_info(ctx.host, &local)?;
        Ok(Dict::new().with("name", file.name).with("version", file.version).with("arch", file.arch).into())
    };
    /// Select packages for staying that were selected for purging; what changed: `rsalt '*' lowpkg.unpurge curl`
    "lowpkg.unpurge"("*packages") = |args, ctx| {
        let backend = backend(ctx)?;
        Ok(super::unpurge(ctx, &*backend, &texts(args.arg("packages")))?.into())
    };
    /// Compare two versions: -1, 0 or 1: `rsalt '*' lowpkg.version_cmp 0.2-001 0.2.0.1-002`
    "lowpkg.version_cmp"("ver1, ver2, ignore_epoch=False") = |args, ctx| {
        let order = super::compare(&*backend(ctx)?, &args.text("ver1"), &args.text("ver2"), args.is_set("ignore_epoch", false));
        Ok((order as i8).into())
    };
    /// Return the package that a file belongs to: `rsalt '*' lowpkg.owner /bin/ls`
    "lowpkg.owner"("*paths, **kwargs") = |args, ctx| ctx.call("pkg.owner", args.arg("paths").as_list().unwrap_or_default().to_vec(), Dict::new());
    /// Tell how the files of packages differ from what was packed: `rsalt '*' lowpkg.verify httpd`
    "lowpkg.verify"("*names, **kwargs") = |args, ctx| verify(&args, ctx);
}

fn texts(list: &Value) -> Vec<String> {
    list.as_list().unwrap_or_default().iter().map(ToString::to_string).collect()
}

/// The name that `info_installed` has for a field, whatever the package manager calls it.
fn general(key: &str) -> &str {
    match key {
        "package" => "name",
        "origin" => "vendor",
        "section" => "group",
        "maintainer" => "packager",
        "homepage" => "url",
        "source_rpm" => "source",
        other => other,
    }
}

/// The files of the packages; what the package manager said where it failed, which Salt returns as it is.
fn files(args: &Dict, ctx: &Ctx<'_>) -> Result<Result<Files, Value>, ExecError> {
    match backend(ctx)?.files(ctx.host, &texts(args.arg("packages"))) {
        Ok(files) => Ok(Ok(files)),
        Err(PkgError::Refused(said)) => Ok(Err(said.into())),
        Err(other) => Err(other.into()),
    }
}

fn file_list(args: &Dict, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    Ok(match files(args, ctx)? {
        Err(said) => said,
        Ok(all) => {
            let all: BTreeSet<String> = all.into_iter().flat_map(|(_, files)| files).collect();
            Dict::new().with("errors", Value::list()).with("files", Vec::from_iter(all)).into()
        }
    })
}

fn file_dict(args: &Dict, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    Ok(match files(args, ctx)? {
        Err(said) => said,
        Ok(all) => {
            let all: Dict = all.into_iter().collect();
            Dict::new().with("errors", Value::list()).with("packages", all).into()
        }
    })
}

fn info(args: &Dict, names: &str, ctx: &Ctx<'_>) -> Result<Vec<(String, Dict)>, ExecError> {
    let failhard = args.arg("kwargs").get("failhard").is_none_or(Value::is_true);
    Ok(backend(ctx)?.info(ctx.host, &texts(args.arg(names)), failhard)?)
}

fn verify(args: &Dict, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    let options = args.arg("kwargs").get("verify_options").map(texts).unwrap_or_default();
    match backend(ctx)?.verify(ctx.host, &texts(args.arg("names")), &options)? {
        Some(found) => Ok(found.into()),
        None => Err(ExecError::NotFound { fun: "pkg.verify".to_owned() }),
    }
}

fn group(backend: &dyn Backend, args: &Dict, ctx: &Ctx<'_>) -> PkgResult<super::Group> {
    let options = super::options(args.arg("kwargs").as_dict().unwrap_or(&Dict::new()));
    let found = backend.group(ctx.host, &args.text("name"), &options)?;
    found.ok_or_else(|| PkgError::Refused("there are no groups of packages on this platform".to_owned()))
}

/// Package files that were downloaded: name → version → what is known of the file.
pub(crate) fn downloaded(ctx: &Ctx<'_>, backend: &dyn Backend, root: Option<&str>) -> PkgResult<Dict> {
    let Some((dir, end)) = backend.downloads() else {
        return Err(PkgError::Refused("pkg.list_downloaded is not available on this platform".to_owned()));
    };
    let mut paths = Vec::new();
    collect(ctx, Path::new(&format!("{}{dir}", root.unwrap_or_default())), end, 8, &mut paths)?;
    let mut out = Dict::new();
    for path in paths {
        let Some(stat) = ctx.host.stat(&path)? else { continue };
        let path = path.display().to_string();
        let file = backend.file_info(ctx.host, &path)?;
        let time = stat.times[2] as i64;
        let iso =
            chrono::DateTime::from_timestamp(time, 0).map(|t| t.format("%Y-%m-%dT%H:%M:%S").to_string());
        let entry = Dict::new()
            .with("path", path)
            .with("size", stat.size as i64)
            .with("creation_date_time_t", time)
            .with("creation_date_time", iso);
        if let Some(versions) = out.entry_or(file.name, Value::dict).as_dict_mut() {
            versions.insert(file.version, entry);
        }
    }
    Ok(out)
}

/// The files below a directory that end so; links are not followed.
fn collect(ctx: &Ctx<'_>, dir: &Path, end: &str, depth: usize, out: &mut Vec<PathBuf>) -> PkgResult<()> {
    if depth == 0 || !ctx.host.is_dir(dir) {
        return Ok(());
    }
    for name in ctx.host.list_dir(dir)? {
        let path = dir.join(&name);
        match ctx.host.lstat(&path)?.map(|stat| stat.kind) {
            Some(FileKind::Dir) => collect(ctx, &path, end, depth - 1, out)?,
            Some(FileKind::File) if name.ends_with(end) => out.push(path),
            _ => {}
        }
    }
    Ok(())
}

fn set_selections(args: Dict, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    const STATES: [&str; 4] = ["install", "hold", "deinstall", "purge"];
    let (path, selection) = (args.arg("path"), args.arg("selection"));
    if path.is_true() && selection.is_true() {
        return Err(ExecError::invocation(
            "The 'selection' and 'path' arguments to pkg.set_selections are mutually exclusive, and cannot be \
             specified together",
        ));
    }
    let wanted: Vec<(String, Vec<String>)> = if path.is_true() {
        let local =
            ctx.call("cp.cache_file", vec![path.clone(), args.arg("saltenv").clone()], Dict::new())?;
        let Some(local) = local.as_str() else {
            return Err(ExecError::command(format!("Unable to cache source {path}")));
        };
        parse::selections(&String::from_utf8_lossy(&ctx.host.read(Path::new(local))?))
    } else {
        let loaded = match selection {
            Value::Str(text) => data::yaml::load(text)
                .map_err(|e| ExecError::invocation(format!("Improperly-formatted selection: {e}")))?,
            other => other.clone(),
        };
        let rows = loaded.as_dict().cloned().unwrap_or_default();
        rows.iter().map(|(state, names)| (state.to_string(), texts(names))).collect()
    };
    let bad: Vec<&str> = wanted.iter().map(|(s, _)| s.as_str()).filter(|s| !STATES.contains(s)).collect();
    if !bad.is_empty() {
        return Err(ExecError::invocation(format!("Invalid state(s): {}", bad.join(", "))));
    }
    let backend = backend(ctx)?;
    let before = listing(ctx, &*backend)?;
    if args.is_set("clear", false) && !ctx.test {
        let output = ctx.run(&Cmd::of("dpkg", ["--clear-selections"]))?;
        if !output.ok() {
            let said = output.err();
            return Err(ExecError::command(format!(
                "Running dpkg --clear-selections failed: {}",
                said.trim_end()
            )));
        }
    }
    let mut out = Dict::new();
    for (state, names) in &wanted {
        for name in names {
            let old = before.selections.iter().find(|(full, _)| is_of(full, name)).map(|(_, s)| s.as_str());
            if old == Some(state.as_str()) || ctx.test {
                continue;
            }
            backend.select(ctx.host, name, state)?;
            out.insert(name, Dict::new().with("old", old).with("new", state));
        }
    }
    Ok(out.into())
}
