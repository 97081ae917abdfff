//! `pkg.downloaded`

use data::loose::{Flag, Seconds};
use data::{Dict, Value};

use super::super::{Applied, Outcome, Plan, State, StateError, old_new};
use super::{failed, is_empty_list, options, shown_all, targets};
use crate::exec::pkg::{self, Backend, InstallOptions, Request, Wanted, backend, version};
use crate::{Ctx, args};

args! {
    /// The files of packages are downloaded, and what they depend on, but not installed.
    ///
    /// ```yaml
    /// for later:
    ///   pkg.downloaded:
    ///     - pkgs: [nginx, {curl: '>=7.88'}]
    /// ```
    /// Also: version, fromrepo, refresh, cache_valid_time, ignore_epoch, normalize, skip_verify.
    /// Changes: `{name: {old, new}}` of the files.
    pub struct Downloaded {
        name: String,
        #[serde(default)]
        version: Value,
        #[serde(default)]
        pkgs: Value,
        #[serde(default)]
        refresh: Flag,
        #[serde(default)]
        cache_valid_time: Seconds,
        #[serde(default)]
        ignore_epoch: Option<Flag>,
        #[serde(default = yes)]
        normalize: Flag,
        #[serde(default, rename = "fromrepo")]
        _fromrepo: Value,
        #[serde(default, rename = "skip_verify")]
        _skip_verify: Value,
        #[serde(default, rename = "skip_suggestions")]
        _skip_suggestions: Value,
    }
}

fn yes() -> Flag {
    Flag(true)
}

impl Downloaded {
    fn missing(
        &self,
        ctx: &Ctx<'_>,
        backend: &dyn Backend,
        wanted: Wanted,
    ) -> Result<(Wanted, bool), StateError> {
        let there = pkg::downloaded(ctx, backend, None)?;
        let mut has_version = false;
        let mut missing = Wanted::new();
        for (name, version) in wanted {
            let files = there.get(&name).and_then(Value::as_dict);
            let versions: Vec<String> =
                files.into_iter().flat_map(|f| f.keys()).map(Value::to_string).collect();
            let good = match &version {
                None => !versions.is_empty(),
                Some(version) if !versions.is_empty() => {
                    has_version = true;
                    let ignore = self.ignore_epoch.map(|f| f.0);
                    version::fulfils(&versions, version, ignore, false, backend.compare())
                }
                Some(_) => false,
            };
            if !good {
                missing.push((name, version));
            }
        }
        Ok((missing, has_version))
    }
}

/// File by file: name → versions as one text.
fn versions(ctx: &Ctx<'_>, backend: &dyn Backend) -> Result<pkg::parse::Versions, StateError> {
    let all = pkg::downloaded(ctx, backend, None)?;
    let keys =
        |files: &Value| files.as_dict().into_iter().flat_map(|f| f.keys()).map(Value::to_string).collect();
    Ok(all.iter().map(|(name, files)| (name.to_string(), keys(files))).collect())
}

impl State for Downloaded {
    const FUN: &'static str = "pkg.downloaded";
    type Step = Wanted;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Wanted>, StateError> {
        if is_empty_list(&self.pkgs) {
            return Ok(Plan::nothing("No packages to download provided"));
        }
        let backend = backend(ctx)?;
        if backend.downloads().is_none() {
            return Err(StateError::refused("The pkg.downloaded state is not available on this platform"));
        }
        let normalize = |n: &str| if self.normalize.0 { backend.normalize(n) } else { n.to_owned() };
        let wanted = targets(&self.name, &self.version, &self.pkgs, normalize)?;
        let (missing, has_version) = self.missing(ctx, &*backend, wanted)?;
        if missing.is_empty() {
            let more = if has_version { " (matching specified versions)" } else { "" };
            return Ok(Plan::nothing(format!("All specified packages{more} are already downloaded")));
        }
        let names: Vec<&str> = missing.iter().map(|(name, _)| name.as_str()).collect();
        let comment = format!("The following packages would be downloaded: {}", names.join(", "));
        let changes: Dict = names.iter().map(|name| (*name, old_new("", "downloaded"))).collect();
        Ok(Plan::steps(vec![missing], changes, comment))
    }

    fn apply(&self, step: Wanted, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let backend = backend(ctx)?;
        let before = versions(ctx, &*backend)?;
        let request = Request {
            names: step.clone(),
            options: InstallOptions { download_only: true, ..options(ctx) },
            ignore_epoch: self.ignore_epoch.is_some_and(|f| f.0),
            refresh: self.refresh.0,
            cache_valid_time: self.cache_valid_time.0,
            ..Request::default()
        };
        if let Err(error) = pkg::install(ctx, &*backend, &request) {
            return Ok(Applied::Done(failed("downloading", &error)));
        }
        let changes = pkg::changes(&before, &versions(ctx, &*backend)?);
        let (missing, _) = self.missing(ctx, &*backend, step.clone())?;
        let names = |list: &Wanted| shown_all(list.iter().map(|(name, _)| name.as_str()), &step).join(", ");
        let comment = match missing.is_empty() {
            true => format!("Packages downloaded: {}", names(&step)),
            false => format!("The following packages failed to download: {}", names(&missing)),
        };
        Ok(Applied::Done(Outcome::new(Some(missing.is_empty()), comment).with_changes(changes)))
    }
}
