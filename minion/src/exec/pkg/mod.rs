//! Packages: one module for every package manager, as Salt's virtual module `pkg`.
//!
//! [`Backend`] is what a manager brings (parsers, argument vectors); here is what is the same for all of them:
//! what to install, what changed.

mod apk;
mod apt;
mod backend;
mod dnf;
mod functions;
mod holds;
mod listing;
mod pacman;
pub mod parse;
pub mod parse_rpm;
mod query;
pub mod repo;
mod rpm;
pub mod version;
mod zypper;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use data::{Dict, Value};
use proto::target::glob::Glob;

pub use backend::{
    Backend, Group, HoldStyle, InstallOptions, Listing, MEMBERS, PackageFile, PkgError, PkgResult, Selections,
};
pub use functions::{FUNCTIONS, local_files, options};
pub use holds::{hold, is_of, unhold};
pub(crate) use listing::{Known, listing};
use parse::Versions;
pub use query::FUNCTIONS as QUERY;
pub(crate) use query::downloaded;

use crate::exec::ExecError;
use crate::{Ctx, host::Host};

/// The package manager of this machine.
pub fn backend(ctx: &Ctx<'_>) -> PkgResult<Box<dyn Backend>> {
    match ctx.grain_str("os_family").as_str() {
        "Debian" => Ok(Box::new(apt::Apt { arch: ctx.grain_str("osarch") })),
        "Alpine" => Ok(Box::new(apk::Apk)),
        "RedHat" => Ok(Box::new(dnf::Dnf::of(ctx.host, ctx.grain_str("osarch")))),
        "Suse" => Ok(Box::new(zypper::Zypper { arch: ctx.grain_str("osarch") })),
        "Arch" => Ok(Box::new(pacman::Pacman)),
        other => Err(PkgError::Refused(format!("there is no package manager for the os_family '{other}'"))),
    }
}

/// A package and the version that is wanted of it, none for any.
pub type Wanted = Vec<(String, Option<String>)>;

/// `pkgs`: names, or dicts of a name and a version; a name that is there twice is refused.
pub fn wanted(pkgs: &Value, normalize: impl Fn(&str) -> String) -> PkgResult<Wanted> {
    let items = match pkgs {
        Value::List(items) => items.to_vec(),
        Value::Str(text) => text.split(',').map(|n| Value::from(n.trim())).collect(),
        Value::Dict(_) => vec![pkgs.clone()],
        _ => Vec::new(),
    };
    let mut out = Wanted::new();
    let mut count = 0;
    let mut add = |name: String, version: Option<String>| {
        count += 1;
        match out.iter_mut().find(|(n, _)| *n == name) {
            Some((_, v)) => *v = version,
            None => out.push((name, version)),
        }
    };
    for item in &items {
        match item {
            Value::Dict(entries) => {
                for (name, version) in entries.iter() {
                    add(normalize(&name.to_string()), (!version.is_none()).then(|| version.to_string()));
                }
            }
            other => add(normalize(&other.to_string()), None),
        }
    }
    if count != out.len() {
        return Err(PkgError::Argument(format!(
            "You are passing a list of packages that contains duplicated packages names: {pkgs}. This cannot be \
             processed. In case you are targeting different versions of the same package, please target them \
             individually"
        )));
    }
    Ok(out)
}

/// `sources`: dicts of a name and where the package file is.
pub fn sources(list: &Value, normalize: impl Fn(&str) -> String) -> Option<Vec<(String, String)>> {
    let parsed;
    let list = match list {
        Value::Str(text) => {
            parsed = data::yaml::load(text).ok()?;
            &parsed
        }
        other => other,
    };
    let one = |item: &Value| {
        let entries = item.as_dict().filter(|d| d.len() == 1)?;
        let (name, source) = entries.get_index(0)?;
        Some((normalize(&name.to_string()), source.to_string()))
    };
    list.as_list()?.iter().map(one).collect()
}

/// Two versions in the manager's order.
pub fn compare(backend: &dyn Backend, a: &str, b: &str, ignore_epoch: bool) -> std::cmp::Ordering {
    let strip = |v: &str| match v.split_once(':') {
        Some((_, rest)) if ignore_epoch => rest.to_owned(),
        _ => v.to_owned(),
    };
    backend.compare()(&strip(a), &strip(b))
}

/// Selects packages for staying that were selected for purging; what changed.
pub fn unpurge(ctx: &Ctx<'_>, backend: &dyn Backend, names: &[String]) -> PkgResult<Dict> {
    let old = listing(ctx, backend)?;
    for name in names {
        backend.select(ctx.host, name, "install")?;
    }
    Ok(changes(&old.purge_desired, &listing(ctx, backend)?.purge_desired))
}

/// Versions as one text per package.
pub fn joined(versions: &Versions) -> Dict {
    versions.iter().map(|(name, versions)| (name.as_str(), versions.join(","))).collect()
}

/// Versions as a list per package.
pub fn listed(versions: &Versions) -> Dict {
    versions.iter().map(|(name, versions)| (name.as_str(), Value::from(versions.clone()))).collect()
}

/// What differs: `{name: {old, new}}`.
pub fn changes(old: &Versions, new: &Versions) -> Dict {
    let text = |all: &Versions, name: &str| all.get(name).map(|v| v.join(",")).unwrap_or_default();
    let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    names
        .into_iter()
        .map(|name| (name, text(old, name), text(new, name)))
        .filter(|(_, old, new)| old != new)
        .map(|(name, old, new)| (name.as_str(), Dict::new().with("old", old).with("new", new)))
        .collect()
}

/// What is to be installed.
#[derive(Debug, Default, Clone)]
pub struct Request {
    /// From a repository: names and versions (`1.2`, `>=1.2`).
    pub names: Wanted,
    /// From files on this machine.
    pub files: Vec<String>,
    /// How.
    pub options: InstallOptions,
    /// Compare versions without their epoch.
    pub ignore_epoch: bool,
    /// Fetch the lists first.
    pub refresh: bool,
    /// Unless they are younger than this.
    pub cache_valid_time: Duration,
    /// Whether a held package may be changed.
    pub update_holds: bool,
}

/// Installs; what changed.
pub fn install(ctx: &Ctx<'_>, backend: &dyn Backend, request: &Request) -> PkgResult<Dict> {
    let host = ctx.host;
    if request.names.is_empty() && request.files.is_empty() {
        return Ok(Dict::new());
    }
    if request.refresh {
        refresh(ctx, backend, request.cache_valid_time, false)?;
    }
    let before = listing(ctx, backend)?;
    let old = &before.installed;
    let mut split = split(host, backend, request, old)?;
    // A manager without held packages has none.
    let held = backend.holds(host, &before).unwrap_or_default();
    let mut release: Vec<String> =
        held.into_iter().filter(|full| split.all().any(|(name, _)| is_of(full, name))).collect();
    if backend.hold_style() == HoldStyle::Lock && !request.update_holds && !release.is_empty() {
        split.errors.push(format!(
            "The following package(s) could not be updated because they are being held: {}. Set 'update_holds' to True to \
             temporarily unhold these packages so that they can be updated.",
            release.join(", ")
        ));
        split.keep(|name| !release.iter().any(|full| is_of(full, name)));
        release.clear();
    }
    for name in &release {
        backend.set_hold(host, name, false)?;
    }
    for (targets, reinstall, downgrade) in
        [(&split.install, false, false), (&split.downgrade, false, true), (&split.reinstall, true, false)]
    {
        if targets.is_empty() {
            continue;
        }
        let options = InstallOptions {
            reinstall,
            downgrade,
            files: !request.files.is_empty(),
            ..request.options.clone()
        };
        let targets: Vec<String> = targets.iter().map(|(_, target)| target.clone()).collect();
        let output = backend.run(host, &backend.install(&targets, &options))?;
        if !output.ok() {
            let said = if output.stderr.is_empty() { output.out() } else { output.err() };
            split.errors.push(said.trim_end().to_owned());
        }
    }
    let after = listing(ctx, backend)?;
    let new = &after.installed;
    let mut changed = changes(old, new);
    for (name, _) in &split.reinstall {
        if !changed.contains(name) {
            let text = |all: &Versions| all.get(name).map(|v| v.join(",")).unwrap_or_default();
            changed.insert(name, Dict::new().with("old", text(old)).with("new", text(new)));
        }
    }
    for name in &release {
        backend.set_hold(host, name, true)?;
    }
    finish("Problem encountered installing package(s)", split.errors, changed)
}

fn finish(message: &str, errors: Vec<String>, changes: Dict) -> PkgResult<Dict> {
    if errors.is_empty() {
        return Ok(changes);
    }
    Err(PkgError::Partly { message: message.to_owned(), errors, changes })
}

/// A package, and how the manager is told of it (`hello=2.10-3`, a file).
type Target = (String, String);

/// What is to be done in which way.
#[derive(Default)]
struct Split {
    install: Vec<Target>,
    downgrade: Vec<Target>,
    reinstall: Vec<Target>,
    errors: Vec<String>,
}

impl Split {
    fn all(&self) -> impl Iterator<Item = &Target> {
        self.install.iter().chain(&self.downgrade).chain(&self.reinstall)
    }

    fn keep(&mut self, wanted: impl Fn(&str) -> bool) {
        for targets in [&mut self.install, &mut self.downgrade, &mut self.reinstall] {
            targets.retain(|(name, _)| wanted(name));
        }
    }
}

fn split(host: &dyn Host, backend: &dyn Backend, request: &Request, old: &Versions) -> PkgResult<Split> {
    let mut out = Split::default();
    let reinstall = request.options.reinstall;
    let compare = backend.compare();
    let place = |name: &str, version: &str, target: String, out: &mut Split| {
        let target = (name.to_owned(), target);
        let current = old.get(name).and_then(|v| v.last());
        match current.map(|c| compare(version, c)) {
            Some(order) if order.is_eq() && reinstall => out.reinstall.push(target),
            Some(order) if order.is_lt() => out.downgrade.push(target),
            _ => out.install.push(target),
        }
    };
    for path in &request.files {
        let file = backend.file_info(host, path)?;
        place(&file.name, &file.version, path.clone(), &mut out);
    }
    let ordered: Vec<String> = request
        .names
        .iter()
        .filter(|(_, v)| {
            v.as_deref().is_some_and(|v| v.trim().starts_with(['<', '>', '!']) || v.contains(['*', ',']))
        })
        .map(|(name, _)| name.clone())
        .collect();
    let available = if ordered.is_empty() { BTreeMap::new() } else { backend.available(host, &ordered)? };
    for (name, version) in &request.names {
        let Some(version) = version.as_deref().filter(|v| *v != "latest") else {
            match reinstall && old.contains_key(name) {
                true => out.reinstall.push((name.clone(), name.clone())),
                false => out.install.push((name.clone(), name.clone())),
            }
            continue;
        };
        let version = version.trim().trim_start_matches('=').trim();
        let version = if ordered.contains(name) {
            let candidates = available.get(name).map(Vec::as_slice).unwrap_or_default();
            let ignore = request.ignore_epoch.then_some(true);
            match candidates.iter().find(|c| version::fulfils(&[c], version, ignore, false, compare)) {
                Some(found) => found.as_str(),
                None => {
                    let list = if candidates.is_empty() { "None".to_owned() } else { candidates.join(", ") };
                    out.errors.push(format!(
                        "No version matching '{name}{version}' could be found (available: {list})"
                    ));
                    continue;
                }
            }
        } else {
            version
        };
        place(name, version, backend.target(name, version), &mut out);
    }
    Ok(out)
}

/// Removes or purges; what changed.
pub fn remove(ctx: &Ctx<'_>, backend: &dyn Backend, names: &Wanted, purge: bool) -> PkgResult<Dict> {
    let host = ctx.host;
    let old = listing(ctx, backend)?;
    let mut targets: Vec<String> = Vec::new();
    for (wanted, _) in names {
        let pattern = Glob::new(wanted);
        let is_meant = |name: &&String| *name == wanted || (wanted.contains('*') && pattern.matches(name));
        targets.extend(old.installed.keys().filter(is_meant).cloned());
        if purge {
            targets.extend(old.removed.keys().filter(is_meant).cloned());
        }
    }
    if targets.is_empty() {
        return Ok(Dict::new());
    }
    let output = backend.run(host, &backend.remove(&targets, purge))?;
    let errors = if output.ok() { Vec::new() } else { vec![output.err().trim_end().to_owned()] };
    let new = listing(ctx, backend)?;
    let mut changed = changes(&old.installed, &new.installed);
    if purge && backend.keeps_configuration() {
        let removed = changes(&old.removed, &new.removed);
        changed = Dict::new().with("removed", removed).with("installed", changed);
    }
    finish("Problem encountered removing package(s)", errors, changed)
}

/// Upgrades; what changed.
pub fn upgrade(
    ctx: &Ctx<'_>,
    backend: &dyn Backend,
    names: &[String],
    dist_upgrade: bool,
    options: &InstallOptions,
) -> PkgResult<Dict> {
    let old = listing(ctx, backend)?;
    let output = backend.run(ctx.host, &backend.upgrade(names, dist_upgrade, options))?;
    let changed = changes(&old.installed, &listing(ctx, backend)?.installed);
    let errors = if output.ok() { Vec::new() } else { vec![output.err().trim_end().to_owned()] };
    finish("Problem encountered upgrading packages", errors, changed)
}

/// What `latest_version` says: the candidate of each name, empty where the installed one is as new.
pub fn latest(
    ctx: &Ctx<'_>,
    backend: &dyn Backend,
    names: &[String],
    fromrepo: Option<&str>,
    show_installed: bool,
) -> PkgResult<Vec<(String, String)>> {
    let installed = &listing(ctx, backend)?.installed;
    let candidates = backend.candidates(ctx.host, names, fromrepo)?;
    let newest = |name: &String| {
        let candidate = candidates.get(name).cloned().unwrap_or_default();
        let as_new = |v: &String| !candidate.is_empty() && backend.compare()(v, &candidate).is_ge();
        match installed.get(name) {
            Some(versions) if !show_installed && versions.iter().any(as_new) => String::new(),
            _ => candidate,
        }
    };
    Ok(names.iter().map(|name| (name.clone(), newest(name))).collect())
}

/// Where the job that fetched the lists last is written down.
fn marker(ctx: &Ctx<'_>) -> Option<String> {
    let dir = ctx.opt("cachedir")?;
    Some(format!("{}/pkg_refresh", dir.as_str()?.trim_end_matches('/')))
}

/// One job: its id, or this process where a call has none.
fn run_name(ctx: &Ctx<'_>) -> String {
    match ctx.job().jid.as_str() {
        "" => format!("pid {}", std::process::id()),
        jid => jid.to_owned(),
    }
}

/// Whether a state run still has to fetch the lists: once per run, as Salt does it, and not at all when `asked` is false.
pub fn refresh_due(ctx: &Ctx<'_>, asked: Option<bool>) -> bool {
    asked.unwrap_or_else(|| {
        let seen = marker(ctx).and_then(|path| ctx.host.read_opt(Path::new(&path)).ok().flatten());
        seen.is_none_or(|text| text != run_name(ctx).as_bytes())
    })
}

/// Fetches the lists of packages and writes down that this job did.
pub fn refresh(ctx: &Ctx<'_>, backend: &dyn Backend, valid: Duration, failhard: bool) -> PkgResult<Value> {
    let done = backend.refresh(ctx.host, valid, failhard)?;
    if let Some(path) = marker(ctx) {
        // Not being able to write it costs a second refresh, nothing else.
        if let Some(dir) = Path::new(&path).parent() {
            let _ = ctx.host.mkdir_all(dir, None);
        }
        let _ = ctx.host.write_atomic(Path::new(&path), run_name(ctx).as_bytes(), None);
    }
    Ok(done)
}

impl PkgError {
    /// What `CommandExecutionError` of Salt prints: message and details, as its nested outputter lays them out.
    pub fn text(&self, with_changes: bool) -> String {
        let PkgError::Partly { message, errors, changes } = self else { return self.to_string() };
        let mut out = format!("{message}. Additional info follows:\n");
        if with_changes {
            out.push_str("\nchanges:\n    ----------");
            for (name, change) in changes {
                out.push_str(&format!("\n    {name}:\n        ----------"));
                for side in ["new", "old"] {
                    out.push_str(&format!("\n        {side}:"));
                    if let Some(text) = change.get(side).map(ToString::to_string).filter(|t| !t.is_empty()) {
                        out.push_str(&format!("\n            {text}"));
                    }
                }
            }
        }
        out.push_str("\nerrors:");
        for error in errors {
            out.push_str(&format!("\n    - {}", error.replace('\n', "\n      ")));
        }
        out
    }
}

impl From<PkgError> for ExecError {
    fn from(error: PkgError) -> Self {
        match error {
            PkgError::Argument(text) => ExecError::invocation(text),
            other => ExecError::command(other.text(true)),
        }
    }
}

#[cfg(test)]
mod tests;
