//! `pkgrepo`: where packages come from.

use data::{Dict, Value};

use super::{Applied, Outcome, Plan, State, StateEntry, StateError, entry};
use crate::exec::pkg::repo::{self, Change};
use crate::{Ctx, args};

/// The rows of this module.
pub const STATES: &[StateEntry] = &[entry::<Managed>(), entry::<Absent>()];

args! {
    /// A repository of packages is configured.
    ///
    /// ```yaml
    /// docker:
    ///   pkgrepo.managed:
    ///     - name: deb [arch=amd64 signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/debian bookworm stable
    ///     - file: /etc/apt/sources.list.d/docker.list      # or …/docker.sources for the newer form
    ///     - key_url: https://download.docker.com/linux/debian/gpg
    ///     - clean_file: true          # nothing else in that file
    ///     - refresh: false            # default: fetch the lists of packages
    /// epel:                           # dnf, yum, zypper: the ID; every other argument is a line of the .repo file
    ///   pkgrepo.managed:
    ///     - humanname: Extra Packages for Enterprise Linux 9
    ///     - baseurl: https://example.org/epel/9/
    ///     - gpgcheck: 1
    ///     - gpgkey: https://example.org/RPM-GPG-KEY-EPEL-9
    /// ```
    /// For apt also: comps, dist, architectures, disabled, enabled, comments, trusted, signedby, key_text, keyid and keyserver
    /// (`ppa` is refused). A key goes to the file of signed-by, without that to /etc/apt/trusted.gpg.d; `apt-key` and `gpg` are
    /// not needed. On Alpine the name is a line of /etc/apk/repositories. Changes: `repo` when it is new, else what differs.
    pub struct Managed {
        name: String,
    }

    /// A repository of packages is not configured.
    ///
    /// ```yaml
    /// deb http://deb.debian.org/debian bookworm contrib:
    ///   pkgrepo.absent:
    ///     - keyid: 0123ABCD      # and the files of this key are gone
    /// ```
    /// Changes: `repo`, `keyid`.
    pub struct Absent {
        name: String,
        #[serde(default)]
        keyid: Option<String>,
    }
}

/// All arguments of the state but those of the state system.
fn arguments(ctx: &Ctx<'_>) -> Dict {
    let Some(chunk) = ctx.chunk() else { return Dict::new() };
    let own = |key: &Value| {
        key.as_str().is_some_and(|key| {
            !key.starts_with("__") && !sls::INTERNAL_KEYWORDS.contains(&key) && key != "name"
        })
    };
    chunk.low.iter().filter(|(key, _)| own(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
}

impl Managed {
    /// What is wrong with the arguments.
    fn problem(args: &Dict) -> Option<&'static str> {
        let has = |key: &str| args.get(key).is_some_and(|value| !value.is_none());
        let server = has("keyid") || has("keyserver");
        let insecure = args.get("key_url").is_some_and(|url| url.to_string().trim().starts_with("http:"));
        match () {
            () if has("key_url") && server => {
                Some("You may not use both \"keyid\"/\"keyserver\" and \"key_url\" argument.")
            }
            () if has("key_text") && server => {
                Some("You may not use both \"keyid\"/\"keyserver\" and \"key_text\" argument.")
            }
            () if has("key_text") && has("key_url") => {
                Some("You may not use both \"key_url\" and \"key_text\" argument.")
            }
            () if has("repo") => Some(
                "'repo' is not a supported argument for this state. The 'name' argument is probably what was intended.",
            ),
            () if has("enabled") && has("disabled") => Some("Only one of enabled/disabled is allowed"),
            () if insecure && args.get("allow_insecure_key").is_some_and(|value| !value.is_true()) => {
                Some("Cannot have 'key_url' using http with 'allow_insecure_key' set to True")
            }
            () => None,
        }
    }
}

impl State for Managed {
    const FUN: &'static str = "pkgrepo.managed";
    const ANY: bool = true;
    type Step = Change;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Change>, StateError> {
        let mut args = arguments(ctx);
        if let Some(problem) = Managed::problem(&args) {
            return Err(StateError::refused(problem));
        }
        let says = |key: &str| args.get(key).is_some_and(|value| !value.is_none());
        if !says("enabled") && !says("disabled") {
            args.insert("enabled", true);
        }
        args.insert("name", self.name.as_str());
        let planned = repo::plan(ctx, &self.name, &args)
            .map_err(|e| StateError::refused(format!("Failed to configure repo '{}': {e}", self.name)))?;
        let Some(change) = planned else {
            return Ok(Plan::nothing(format!("Package repo '{}' already configured", self.name)));
        };
        let comment = format!(
            "Package repo '{}' would be configured. This may cause pkg states to behave differently than stated if this \
             action is repeated without test=True, due to the differences in the configured repositories.",
            self.name
        );
        let changes = change.changes.clone();
        Ok(Plan::steps(vec![change], changes, comment))
    }

    fn apply(&self, change: Change, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        change
            .carry_out(ctx)
            .map_err(|e| StateError::refused(format!("Failed to configure repo '{}': {e}", self.name)))?;
        Ok(Applied::Said(format!("Configured package repo '{}'", self.name)))
    }
}

/// What is to be taken away.
pub struct Step {
    change: Change,
    keys: Vec<String>,
}

impl State for Absent {
    const FUN: &'static str = "pkgrepo.absent";
    const ANY: bool = true;
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        let planned = repo::plan_removal(ctx, &self.name, &arguments(ctx))
            .map_err(|e| StateError::refused(format!("Failed to configure repo '{}': {e}", self.name)))?;
        let Some(change) = planned else {
            return Ok(Plan::nothing(format!("Package repo {} is absent", self.name)));
        };
        let mut changes = change.changes.clone();
        let keys = match &self.keyid {
            Some(id) => {
                changes.insert("keyid", id.as_str());
                repo::key_files(ctx, id)?
            }
            None => Vec::new(),
        };
        let comment = format!(
            "Package repo '{}' will be removed. This may cause pkg states to behave differently than stated if this action is \
             repeated without test=True, due to the differences in the configured repositories.",
            self.name
        );
        Ok(Plan::steps(vec![Step { change, keys }], changes, comment))
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        step.change.carry_out(ctx)?;
        let Some(id) = &self.keyid else {
            return Ok(Applied::Said(format!("Removed repo {}", self.name)));
        };
        if step.keys.is_empty() {
            let comment = format!("Removed repo {}, but failed to remove key: there is no {id}", self.name);
            return Ok(Applied::Done(Outcome::new(Some(false), comment).with_changes(step.change.changes)));
        }
        for path in &step.keys {
            ctx.host.remove_file(path.as_ref())?;
        }
        Ok(Applied::Said(format!("Removed repo {}, and keyid {id}", self.name)))
    }
}
