//! `pkg.latest`

use data::loose::{Flag, Seconds};
use data::{Dict, Value};

use super::super::{Applied, Outcome, Plan, State, StateError};
use super::{failed, is_empty_list, options};
use crate::exec::pkg::{self, InstallOptions, Request, backend, listing};
use crate::{Ctx, args};

args! {
    /// Packages are installed in the newest version that can be had.
    ///
    /// ```yaml
    /// curl:
    ///   pkg.latest:
    ///     - refresh: true     # default: fetch the lists once per run
    /// ```
    /// Also: pkgs, fromrepo, skip_verify, cache_valid_time, install_recommends, only_upgrade, force_conf_new.
    /// Changes: `{name: {old, new}}`.
    pub struct Latest {
        name: String,
        #[serde(default)]
        refresh: Option<Flag>,
        #[serde(default)]
        fromrepo: Option<String>,
        #[serde(default)]
        pkgs: Value,
        #[serde(default)]
        sources: Value,
        #[serde(default)]
        cache_valid_time: Seconds,
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
        #[serde(default, rename = "setopt")]
        _setopt: Value,
        #[serde(default, rename = "watch_flags")]
        _watch_flags: Value,
    }
}

/// What is to be upgraded, and what is new enough.
pub struct Step {
    targets: Vec<(String, String)>,
    up_to_date: Vec<String>,
}

fn sorted(names: impl IntoIterator<Item = String>) -> String {
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort();
    names.join(", ")
}

impl State for Latest {
    const FUN: &'static str = "pkg.latest";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        if self.sources.is_true() {
            return Err(StateError::refused("The \"sources\" parameter is not supported."));
        }
        if is_empty_list(&self.pkgs) {
            return Ok(Plan::nothing("No packages to install provided"));
        }
        let backend = backend(ctx)?;
        let desired: Vec<String> = match self.pkgs.is_true() {
            true => {
                pkg::wanted(&self.pkgs, |n| backend.normalize(n))?.into_iter().map(|(name, _)| name).collect()
            }
            false => vec![self.name.clone()],
        };
        // Which version is the newest is not known before the lists are fetched: Salt does so in test mode, too.
        let checking = "An error was encountered while checking the newest available version of package(s)";
        if pkg::refresh_due(ctx, self.refresh.map(|f| f.0)) {
            pkg::refresh(ctx, &*backend, self.cache_valid_time.0, false)
                .map_err(|e| StateError::refused(format!("{checking}: {e}")))?;
        }
        let newest = pkg::latest(ctx, &*backend, &desired, self.fromrepo.as_deref(), false)
            .map_err(|e| StateError::refused(format!("{checking}: {e}")))?;
        let installed = &listing(ctx, &*backend)?.installed;
        let current = |name: &str| installed.get(name).map(|v| v.join(",")).unwrap_or_default();
        let unknown: Vec<String> = newest
            .iter()
            .filter(|(name, version)| version.is_empty() && !installed.contains_key(name))
            .map(|(name, _)| format!("No information found for '{name}'."))
            .collect();
        if !unknown.is_empty() {
            return Err(StateError::refused(unknown.join(" ")));
        }
        let (targets, same): (Vec<_>, Vec<_>) =
            newest.into_iter().partition(|(_, version)| !version.is_empty());
        if targets.is_empty() {
            return Ok(Plan::nothing(match desired.as_slice() {
                [one] => format!("Package {one} is already up-to-date"),
                many if many.len() > 10 => format!("All {} packages are up-to-date.", many.len()),
                many => format!("All packages are up-to-date ({}).", sorted(many.iter().cloned())),
            }));
        }
        let up_to_date: Vec<String> = match self.pkgs.is_true() {
            true => same.into_iter().map(|(name, _)| name).collect(),
            false => Vec::new(),
        };
        let names = sorted(targets.iter().map(|(name, _)| name.clone()));
        let mut comment = format!("The following packages would be installed/upgraded: {names}");
        if up_to_date.len() > 10 {
            comment.push_str(&format!("\n{} packages are already up-to-date", up_to_date.len()));
        } else if !up_to_date.is_empty() {
            let list = sorted(up_to_date.iter().map(|name| format!("{name} ({})", current(name))));
            comment.push_str(&format!("\nThe following packages are already up-to-date: {list}"));
        }
        let changes: Dict = targets
            .iter()
            .map(|(name, new)| (name.as_str(), Dict::new().with("new", new).with("old", current(name))))
            .collect();
        Ok(Plan::steps(vec![Step { targets, up_to_date }], changes, comment))
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let backend = backend(ctx)?;
        let request = Request {
            names: step.targets.iter().map(|(name, _)| (name.clone(), None)).collect(),
            options: InstallOptions { newest: true, ..options(ctx) },
            ..Request::default()
        };
        let changes = match pkg::install(ctx, &*backend, &request) {
            Ok(changes) => changes,
            Err(error) => {
                // Unlike the other states, this one shows the changes in its comment as well.
                let said = error.text(true);
                let comment = format!("An error was encountered while installing package(s): {said}");
                return Ok(Applied::Done(Outcome { comment, ..failed("installing", &error) }));
            }
        };
        let (good, bad): (Vec<_>, Vec<_>) = step.targets.iter().partition(|(name, version)| {
            let new = changes.get(name).and_then(|c| c.get("new")).map(ToString::to_string);
            new.is_some_and(|new| new.split(',').any(|v| v == version))
        });
        let names = |list: &[&(String, String)]| sorted(list.iter().map(|(name, _)| name.clone()));
        let mut comments = Vec::new();
        if !bad.is_empty() && changes.is_empty() {
            comments.push(match bad.as_slice() {
                [(one, _)] => format!("Package {one} failed to update."),
                many if many.len() > 10 => {
                    format!("{} targeted packages failed to update. See debug log for details.", many.len())
                }
                many => format!(
                    "The following targeted packages failed to update. See debug log for details: ({}).",
                    names(many)
                ),
            });
        } else if !bad.is_empty() {
            comments.push(format!("The following packages failed to update: {}", names(&bad)));
        }
        if !good.is_empty() {
            comments.push(format!(
                "The following packages were successfully installed/upgraded: {}",
                names(&good)
            ));
        }
        match step.up_to_date.len() {
            0 => {}
            1..=10 => comments.push(format!(
                "The following packages were already up-to-date: {}",
                sorted(step.up_to_date.iter().cloned())
            )),
            n => comments.push(format!("{n} packages were already up-to-date ")),
        }
        Ok(Applied::Done(Outcome::new(Some(bad.is_empty()), comments.join(" ")).with_changes(changes)))
    }
}
