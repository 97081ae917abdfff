//! `pkg.installed`

use data::loose::{Flag, Seconds};
use data::{Dict, Value};

use super::super::{Applied, Outcome, Plan, State, StateError};
use super::{altered_files, failed, is_empty_list, nested, options, shown_all};
use crate::exec::pkg::{
    self, Backend, Listing, PkgResult, Request, Wanted, backend, listing, local_files, version,
};
use crate::{Ctx, args};

args! {
    /// Packages are installed, in the versions that are asked for.
    ///
    /// ```yaml
    /// web:
    ///   pkg.installed:
    ///     - pkgs:
    ///       - curl
    ///       - nginx: '>=1.22,<2'        # an exact version, or conditions
    ///     - refresh: false              # default: fetch the lists once per run, when something is to be installed
    ///     - cache_valid_time: 3600      # ... unless they are younger than this
    ///     - fromrepo: bookworm-backports
    ///     - install_recommends: false
    ///     - hold: true                  # and keep that version; false: let it go
    /// local:
    ///   pkg.installed:
    ///     - sources:
    ///       - app: salt://app_1.0_amd64.deb
    /// ```
    /// Also: version, skip_verify, allow_updates, ignore_epoch, reinstall, normalize, only_upgrade, force_conf_new,
    /// debconf (a file of answers), env, pkg_verify (rpm); for dnf enablerepo, disablerepo, disableexcludes, branch,
    /// setopt. Changes: `{name: {old, new}}`.
    pub struct Installed {
        name: String,
        #[serde(default)]
        version: Value,
        #[serde(default)]
        refresh: Option<Flag>,
        #[serde(default)]
        fromrepo: Option<String>,
        #[serde(default)]
        pkgs: Value,
        #[serde(default)]
        sources: Value,
        #[serde(default)]
        allow_updates: Flag,
        #[serde(default)]
        ignore_epoch: Option<Flag>,
        #[serde(default)]
        reinstall: Flag,
        #[serde(default = yes)]
        normalize: Flag,
        #[serde(default)]
        hold: Option<Flag>,
        #[serde(default)]
        update_holds: Flag,
        #[serde(default)]
        cache_valid_time: Seconds,
        #[serde(default)]
        pkg_verify: Value,
        #[serde(default)]
        debconf: Option<String>,
        #[serde(default, rename = "skip_suggestions")]
        _skip_suggestions: Value,
        #[serde(default, rename = "resolve_capabilities")]
        _resolve_capabilities: Value,
        #[serde(default, rename = "verify_ssl")]
        _verify_ssl: Value,
        #[serde(default, rename = "install_recommends")]
        _install_recommends: Value,
        #[serde(default, rename = "skip_verify")]
        _skip_verify: Value,
        #[serde(default, rename = "only_upgrade")]
        _only_upgrade: Value,
        #[serde(default, rename = "force_conf_new")]
        _force_conf_new: Value,
        #[serde(default, rename = "env")]
        _env: Value,
        #[serde(default, rename = "enablerepo")]
        _enablerepo: Value,
        #[serde(default, rename = "disablerepo")]
        _disablerepo: Value,
        #[serde(default, rename = "disableexcludes")]
        _disableexcludes: Value,
        #[serde(default, rename = "branch")]
        _branch: Value,
        #[serde(default, rename = "setopt")]
        _setopt: Value,
    }
}

fn yes() -> Flag {
    Flag(true)
}

/// What the plan found.
pub struct Step {
    desired: Wanted,
    targets: Wanted,
    sources: Vec<(String, String)>,
    unpurge: Vec<String>,
    reinstall: Vec<String>,
    /// Why they are, where it is because files differ from what was packed.
    altered: Vec<(String, Value)>,
    /// What is said when only the holds are to change.
    already: Option<String>,
}

impl Step {
    fn names(list: &Wanted) -> Vec<&str> {
        list.iter().map(|(name, _)| name.as_str()).collect()
    }
}

impl Installed {
    fn normalized(&self, backend: &dyn Backend, name: &str) -> String {
        if self.normalize.0 { backend.normalize(name) } else { name.to_owned() }
    }

    fn desired(&self, backend: &dyn Backend) -> PkgResult<Wanted> {
        if self.pkgs.is_true() {
            return pkg::wanted(&self.pkgs, |n| self.normalized(backend, n));
        }
        let version = self.version.is_true().then(|| self.version.to_string());
        Ok(vec![(self.normalized(backend, &self.name), version)])
    }

    /// Versions called `latest` become numbers.
    fn resolve_latest(
        &self,
        ctx: &Ctx<'_>,
        backend: &dyn Backend,
        all: &Listing,
        desired: &mut Wanted,
    ) -> PkgResult<()> {
        let names: Vec<String> =
            desired.iter().filter(|(_, v)| v.as_deref() == Some("latest")).map(|(n, _)| n.clone()).collect();
        if names.is_empty() {
            return Ok(());
        }
        if pkg::refresh_due(ctx, self.refresh.map(|f| f.0)) && !ctx.test {
            pkg::refresh(ctx, backend, self.cache_valid_time.0, false)?;
        }
        for (name, newest) in pkg::latest(ctx, backend, &names, self.fromrepo.as_deref(), false)? {
            if let Some((_, version)) = desired.iter_mut().find(|(n, _)| *n == name) {
                // Nothing newer than what is there.
                let there = || all.installed.get(&name).and_then(|v| v.last()).cloned();
                *version = Some(newest).filter(|v| !v.is_empty()).or_else(there);
            }
        }
        Ok(())
    }

    /// Holds or releases what the state is about; comments, changes, and the result when it is not true.
    fn holds(
        &self,
        ctx: &Ctx<'_>,
        backend: &dyn Backend,
        names: &[&str],
        out: &mut Outcome,
        glue: &str,
    ) -> PkgResult<()> {
        let Some(hold) = self.hold else { return Ok(()) };
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        let done = match hold.0 {
            true => pkg::hold(ctx, backend, &names)?,
            false => pkg::unhold(ctx, backend, &names)?,
        };
        for (name, entry) in &done {
            let comment = entry.get("comment").map(ToString::to_string).unwrap_or_default();
            if !out.comment.is_empty() {
                out.comment.push_str(glue);
            }
            out.comment.push_str(&comment);
            match entry.get("result") {
                Some(Value::Bool(true)) => {}
                Some(Value::None) => out.result = None,
                _ => out.result = Some(false),
            }
            if let Some(change) = entry.get("changes").filter(|c| c.is_true()) {
                out.changes.entry_or(name.clone(), || change.clone());
            }
        }
        Ok(())
    }

    /// What test mode says of the packages to come: the version that would be installed, where it is known.
    fn announced(&self, ctx: &Ctx<'_>, backend: &dyn Backend, step: &Step) -> PkgResult<Dict> {
        let newest: Vec<String> =
            step.targets.iter().filter(|(_, v)| v.is_none()).map(|(name, _)| name.clone()).collect();
        let found = match newest.is_empty() || !self.sources.is_none() {
            true => Vec::new(),
            false => pkg::latest(ctx, backend, &newest, self.fromrepo.as_deref(), false)?,
        };
        let change = |version: &str| {
            let version = if version.is_empty() { "installed" } else { version };
            Dict::new().with("new", version).with("old", "")
        };
        let mut out = Dict::new();
        for (name, version) in &step.targets {
            let new = match version.as_deref() {
                _ if self.sources.is_true() => "",
                Some(exact) if !exact.contains(['<', '>', '*', ',', '!']) => exact.trim_start_matches('='),
                Some(_) => "",
                None => found.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v),
            };
            out.insert(name, change(new));
        }
        for name in step.unpurge.iter().chain(&step.reinstall) {
            out.insert(name, change(""));
        }
        Ok(out)
    }
}

impl State for Installed {
    const FUN: &'static str = "pkg.installed";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        if is_empty_list(&self.pkgs) {
            return Ok(Plan::nothing("No packages to install provided"));
        }
        if self.pkgs.is_true() && self.sources.is_true() {
            return Err(StateError::refused("Only one of \"pkgs\" and \"sources\" is permitted."));
        }
        let backend = backend(ctx)?;
        let backend = &*backend;
        let all = listing(ctx, backend)?;
        let (mut desired, mut sources) = (Wanted::new(), Vec::new());
        if self.sources.is_true() {
            sources = pkg::sources(&self.sources, |n| self.normalized(backend, n)).unwrap_or_default();
            desired.extend(sources.iter().map(|(name, _)| (name.clone(), None)));
        } else {
            desired = self.desired(backend)?;
            self.resolve_latest(ctx, backend, &all, &mut desired)?;
        }
        if desired.is_empty() {
            let which = if self.sources.is_true() { "sources" } else { "pkgs" };
            return Err(StateError::refused(format!(
                "Invalidly formatted '{which}' parameter. See minion log."
            )));
        }
        let mut step = Step {
            desired,
            targets: Wanted::new(),
            sources,
            unpurge: Vec::new(),
            reinstall: Vec::new(),
            altered: Vec::new(),
            already: None,
        };
        let mut to_verify = Vec::new();
        let mut has_version = false;
        for (name, wanted) in &step.desired {
            if all.purge_desired.contains_key(name) {
                step.unpurge.push(name.clone());
                continue;
            }
            let current = all.installed.get(name).or_else(|| all.installed.get(&backend.normalize(name)));
            match (current, wanted) {
                (None, _) => step.targets.push((name.clone(), wanted.clone())),
                (Some(_), _) if self.reinstall.0 => step.reinstall.push(name.clone()),
                (Some(_), None) => to_verify.push(name.clone()),
                (Some(current), Some(version)) => {
                    has_version = true;
                    let ignore = self.ignore_epoch.map(|f| f.0);
                    if !version::fulfils(current, version, ignore, self.allow_updates.0, backend.compare()) {
                        step.targets.push((name.clone(), wanted.clone()));
                    }
                }
            }
        }
        if self.pkg_verify.is_true() {
            step.altered = altered_files(ctx, backend, &to_verify, &self.pkg_verify)?;
            step.reinstall.extend(step.altered.iter().map(|(name, _)| name.clone()));
        }
        self.compare_files(ctx, backend, &all.installed, &mut step)?;
        if step.targets.is_empty() && step.unpurge.is_empty() && step.reinstall.is_empty() {
            let more = if has_version { " and are at the desired version" } else { "" };
            let already = format!("All specified packages are already installed{more}");
            return self.only_holds(ctx, backend, step, already);
        }
        let mut comment = Vec::new();
        if !step.targets.is_empty() {
            let names = Step::names(&step.targets).join(", ");
            comment.push(format!("The following packages would be installed/updated: {names}"));
        }
        if !step.unpurge.is_empty() {
            comment.push(format!(
                "The following packages would have their selection status changed from 'purge' to 'install': {}",
                step.unpurge.join(", ")
            ));
        }
        for (name, files) in &step.altered {
            let name = shown_all([name.as_str()], &step.desired).concat();
            comment.push(format!(
                "Package '{name}' would be reinstalled because the following files have been altered:\n{}",
                nested(files)
            ));
        }
        if self.reinstall.0 && !step.reinstall.is_empty() {
            let names = shown_all(step.reinstall.iter().map(String::as_str), &step.desired);
            comment.push(format!("The following packages would be reinstalled: {}", names.join(", ")));
        }
        let changes = if ctx.test { self.announced(ctx, backend, &step)? } else { Dict::new() };
        Ok(Plan::steps(vec![step], changes, comment.join("\n")))
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let backend = backend(ctx)?;
        let backend = &*backend;
        if let Some(already) = &step.already {
            let mut out = Outcome::new(Some(true), already.as_str());
            self.holds(ctx, backend, &Step::names(&step.desired), &mut out, ".\n")?;
            return Ok(Applied::Done(out));
        }
        let changes = match self.install(ctx, backend, &step) {
            Ok(changes) => changes,
            Err(error) => return Ok(Applied::Done(failed("installing", &error))),
        };
        self.verify(ctx, backend, &step, changes).map(Applied::Done)
    }
}

impl Installed {
    /// A package file that is newer than what is installed is a target too.
    fn compare_files(
        &self,
        ctx: &Ctx<'_>,
        backend: &dyn Backend,
        installed: &pkg::parse::Versions,
        step: &mut Step,
    ) -> Result<(), StateError> {
        let is_target = |name: &String| {
            step.targets.iter().any(|(n, _)| n == name)
                || step.reinstall.contains(name)
                || step.unpurge.contains(name)
        };
        let known: Vec<(String, String)> =
            step.sources.iter().filter(|(name, _)| !is_target(name)).cloned().collect();
        for (source, path) in known.iter().zip(local_files(ctx, &known)?) {
            let version = backend.file_info(ctx.host, &path)?.version;
            let current = installed.get(&source.0).map(Vec::as_slice).unwrap_or_default();
            let ignore = self.ignore_epoch.map(|f| f.0);
            if !version::fulfils(current, &version, ignore, false, backend.compare()) {
                step.targets.push((source.0.clone(), None));
            }
        }
        Ok(())
    }

    /// Nothing to install: are the holds as they should be?
    fn only_holds(
        &self,
        ctx: &Ctx<'_>,
        backend: &dyn Backend,
        mut step: Step,
        already: String,
    ) -> Result<Plan<Step>, StateError> {
        let Some(hold) = self.hold else { return Ok(Plan::nothing(already)) };
        let held = backend.holds(ctx.host, &*listing(ctx, backend)?)?;
        let is_held = |name: &str| held.iter().any(|full| pkg::is_of(full, name));
        if ctx.test || step.desired.iter().all(|(name, _)| is_held(name) == hold.0) {
            // Says what it would do, or that there is nothing to do: either way it changes nothing here.
            let mut out = Outcome::new(Some(true), already);
            self.holds(ctx, backend, &Step::names(&step.desired), &mut out, ".\n")?;
            return Ok(Plan::settled(out.result, out.changes, out.comment));
        }
        step.already = Some(already.clone());
        Ok(Plan::steps(vec![step], Dict::new(), already))
    }

    fn install(&self, ctx: &Ctx<'_>, backend: &dyn Backend, step: &Step) -> PkgResult<Dict> {
        let mut request = Request {
            options: pkg::InstallOptions { reinstall: !step.reinstall.is_empty(), ..options(ctx) },
            ignore_epoch: self.ignore_epoch.is_some_and(|f| f.0),
            refresh: pkg::refresh_due(ctx, self.refresh.map(|f| f.0)),
            cache_valid_time: self.cache_valid_time.0,
            update_holds: self.update_holds.0,
            ..Request::default()
        };
        let is_meant = |name: &str| {
            step.targets.iter().any(|(n, _)| n == name) || step.reinstall.iter().any(|n| n == name)
        };
        if step.sources.is_empty() {
            request.names = step.desired.iter().filter(|(name, _)| is_meant(name)).cloned().collect();
        } else {
            let meant: Vec<(String, String)> =
                step.sources.iter().filter(|(n, _)| is_meant(n)).cloned().collect();
            request.files = local_files(ctx, &meant)?;
        }
        if let Some(answers) =
            self.debconf.as_ref().filter(|_| !request.names.is_empty() || !request.files.is_empty())
        {
            ctx.call("debconf.set_file", vec![answers.as_str().into()], Dict::new())
                .map_err(|e| pkg::PkgError::Refused(e.to_string()))?;
        }
        let mut changes = pkg::install(ctx, backend, &request)?;
        if !step.unpurge.is_empty() {
            changes.insert("purge_desired", pkg::unpurge(ctx, backend, &step.unpurge)?);
        }
        Ok(changes)
    }

    /// What came of it, in Salt's words.
    fn verify(
        &self,
        ctx: &Ctx<'_>,
        backend: &dyn Backend,
        step: &Step,
        changes: Dict,
    ) -> Result<Outcome, StateError> {
        let now = &listing(ctx, backend)?.installed;
        let is_good = |name: &str, wanted: Option<&str>| match (now.get(name), wanted) {
            (None, _) => now.contains_key(&backend.normalize(name)),
            (Some(_), None | Some("latest" | "")) => true,
            (Some(current), Some(version)) => {
                let ignore = self.ignore_epoch.map(|f| f.0);
                version::fulfils(current, version, ignore, self.allow_updates.0, backend.compare())
            }
        };
        let is_target = |name: &str| step.targets.iter().any(|(n, _)| n == name);
        let reinstalled = |name: &str| step.reinstall.iter().any(|n| n == name);
        let (mut modified, mut same, mut failed) = (Vec::new(), Vec::new(), Vec::new());
        for (name, wanted) in &step.desired {
            match (is_target(name), is_good(name, wanted.as_deref())) {
                (true, true) => modified.push(name.as_str()),
                (true, false) => failed.push(name.as_str()),
                (false, true) if !reinstalled(name) => same.push(name.as_str()),
                (false, _) => {}
            }
        }
        let mut comments = Vec::new();
        if !failed.is_empty() {
            let names = shown_all(failed.iter().copied(), &step.desired).join(", ");
            comments.push(format!("The following packages failed to install/update: {names}"));
        }
        if !modified.is_empty() {
            let names = shown_all(modified.iter().copied(), &step.desired).join(", ");
            comments.push(match (names.len(), modified.len()) {
                // By the length of the text, as Salt has it.
                (0..20, _) => format!("The following packages were installed/updated: {names}"),
                (_, 1) => "1 targeted package was installed/updated.".to_owned(),
                (_, n) => format!("{n} targeted packages were installed/updated."),
            });
        }
        let mut out = Outcome { result: Some(failed.is_empty()), changes, ..Outcome::default() };
        let mut held = Outcome::new(Some(true), "");
        if let Err(error) = self.holds(ctx, backend, &Step::names(&step.desired), &mut held, "\n") {
            held = Outcome::new(Some(false), error.to_string());
        }
        for (name, change) in held.changes {
            match out.changes.get_value_mut(&name).and_then(Value::as_dict_mut) {
                Some(known) => append_change(known, &change),
                None => drop(out.changes.insert(name, change)),
            }
        }
        comments.extend((!held.comment.is_empty()).then_some(held.comment));
        if held.result == Some(false) {
            out.result = Some(false);
        }
        if !same.is_empty() {
            let names = shown_all(same.iter().copied(), &step.desired).join(", ");
            comments.push(match same.len() {
                0..=20 => format!("The following packages were already installed: {names}"),
                n => format!("{n} targeted packages were already installed"),
            });
        }
        for name in &step.reinstall {
            let name_shown = shown_all([name.as_str()], &step.desired).join("");
            if out.changes.contains(name) {
                let mut comment = format!("Package {name_shown} was reinstalled.");
                if let Some((_, files)) = step.altered.iter().find(|(n, _)| n == name) {
                    comment.push_str(&format!(" The following files were remediated:\n{}", nested(files)));
                }
                comments.push(comment);
            } else {
                comments.push(format!("Reinstall was not successful for package {name_shown}."));
                out.result = Some(false);
            }
        }
        out.comment = comments.join("\n");
        Ok(out)
    }
}

/// The version and the selection of one package in one change, a line each.
fn append_change(known: &mut Dict, more: &Value) {
    for side in ["new", "old"] {
        let text =
            |v: Option<&Value>| v.filter(|v| !v.is_none()).map(ToString::to_string).unwrap_or_default();
        let (first, second) = (text(known.get(side)), text(more.get(side)));
        let glue = if first.is_empty() || second.is_empty() { "" } else { "\n" };
        known.insert(side, format!("{first}{glue}{second}"));
    }
}
