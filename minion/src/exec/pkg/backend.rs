//! What a package manager can do for us; each one is a file beside this one.

use std::collections::BTreeMap;
use std::time::Duration;

use data::{Dict, Value};

use super::parse::Versions;
use super::version::Compare;
use crate::host::{Cmd, Host, HostError};

/// Why a package operation failed.
#[derive(Debug, thiserror::Error)]
pub enum PkgError {
    /// The package manager refused.
    #[error("{0}")]
    Refused(String),
    /// The arguments make no sense.
    #[error("{0}")]
    Argument(String),
    /// Something was done, something failed.
    #[error("{message}")]
    Partly {
        /// What was tried.
        message: String,
        /// What the package manager printed.
        errors: Vec<String>,
        /// What changed all the same.
        changes: Dict,
    },
    /// A command could not be run, or a file not be read.
    #[error("{0}")]
    Host(#[from] HostError),
}

/// The result of a package operation.
pub type PkgResult<T> = Result<T, PkgError>;

/// What is on the machine.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Installed packages.
    pub installed: Versions,
    /// Removed packages whose configuration is left.
    pub removed: Versions,
    /// Installed packages that are selected for purging.
    pub purge_desired: Versions,
    /// What is selected for each package, where the manager writes that down (dpkg).
    pub selections: Selections,
}

/// How packages are to be installed.
#[derive(Debug, Default, Clone)]
pub struct InstallOptions {
    /// `fromrepo`: the release or repository to take them from.
    pub fromrepo: Option<String>,
    /// `skip_verify`: do not check signatures.
    pub skip_verify: bool,
    /// `install_recommends`: recommended packages too; none leaves it to the configuration.
    pub recommends: Option<bool>,
    /// `only_upgrade`: nothing new.
    pub only_upgrade: bool,
    /// `force_conf_new`: take the package's configuration files.
    pub force_conf_new: bool,
    /// `downloadonly`
    pub download_only: bool,
    /// `reinstall`
    pub reinstall: bool,
    /// Going back to an older version is meant.
    pub downgrade: bool,
    /// What is installed already is upgraded as well; apt does so anyway.
    pub newest: bool,
    /// Targets are files.
    pub files: bool,
    /// `enablerepo`, `disablerepo`, `disableexcludes`, `branch`, `setopt` as options of dnf.
    pub repositories: Vec<String>,
    /// `env`: variables for the commands.
    pub env: Vec<(String, String)>,
}

/// Packages and what is selected for them (`install`, `hold`, …), or their versions.
pub type Selections = Vec<(String, String)>;

/// The files of each package.
pub(super) type Files = Vec<(String, Vec<String>)>;

/// The words in which a manager tells of packages that keep their version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldStyle {
    /// A selection that is set (dpkg).
    Selection,
    /// A lock that is there or not (dnf, zypper).
    Lock,
}

/// The packages of a group, by how much they belong to it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Group {
    /// `package group` or `environment group`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its ID.
    pub id: String,
    /// What it is for.
    pub description: String,
    /// `mandatory`, `optional`, `default`, `conditional` → packages; of an environment groups.
    pub members: BTreeMap<&'static str, Vec<String>>,
}

/// How much a package belongs to a group.
pub const MEMBERS: [&str; 4] = ["mandatory", "optional", "default", "conditional"];

/// What a package file says of itself.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct PackageFile {
    /// The package's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The architecture that it is for.
    pub arch: String,
}

/// A package manager: parsers and argument vectors.
pub trait Backend: Send + Sync {
    /// The files that change when what is installed changes.
    fn database(&self) -> &'static [&'static str];
    /// What is installed; [`super::listing`] asks only when it may have changed.
    fn list(&self, host: &dyn Host) -> PkgResult<Listing>;
    /// The newest version that can be had; an empty text for none.
    fn candidates(
        &self,
        host: &dyn Host,
        names: &[String],
        fromrepo: Option<&str>,
    ) -> PkgResult<BTreeMap<String, String>>;
    /// All versions that can be had, newest first.
    fn available(&self, host: &dyn Host, names: &[String]) -> PkgResult<BTreeMap<String, Vec<String>>>;
    /// Fetches the lists of packages, unless they are younger than `valid`.
    fn refresh(&self, host: &dyn Host, valid: Duration, failhard: bool) -> PkgResult<Value>;
    /// Whether there are lists at all: a fresh image has none.
    fn has_lists(&self, host: &dyn Host) -> bool;
    /// The command that installs.
    fn install(&self, targets: &[String], options: &InstallOptions) -> Cmd;
    /// One version of a package as a target of [`Backend::install`].
    fn target(&self, name: &str, version: &str) -> String {
        format!("{name}={version}")
    }
    /// Whether the configuration of a removed package stays until it is purged.
    fn keeps_configuration(&self) -> bool {
        false
    }
    /// The command that removes.
    fn remove(&self, names: &[String], purge: bool) -> Cmd;
    /// What an upgrade would change.
    fn upgrades(&self, host: &dyn Host, dist_upgrade: bool, fromrepo: Option<&str>) -> PkgResult<Selections>;
    /// The command that upgrades everything, or `names`.
    fn upgrade(&self, names: &[String], dist_upgrade: bool, options: &InstallOptions) -> Cmd;
    /// The packages that keep their version.
    fn holds(&self, host: &dyn Host, listing: &Listing) -> PkgResult<Vec<String>>;
    /// Has a package keep its version, or lets it go; whether that worked.
    fn set_hold(&self, host: &dyn Host, name: &str, hold: bool) -> PkgResult<bool>;
    /// How it tells of that.
    fn hold_style(&self) -> HoldStyle {
        HoldStyle::Lock
    }
    /// Sets what is selected for a package (dpkg).
    fn select(&self, _host: &dyn Host, _name: &str, _selection: &str) -> PkgResult<()> {
        Err(PkgError::Refused("this package manager has no selections".to_owned()))
    }
    /// The command that removes what was installed for others and is not needed any more.
    fn autoremove(&self, _purge: bool) -> PkgResult<Cmd> {
        Err(PkgError::Refused("pkg.autoremove is not available for this package manager".to_owned()))
    }
    /// What that would remove.
    fn superfluous(&self, _host: &dyn Host, _purge: bool) -> PkgResult<Vec<String>> {
        self.autoremove(false).map(|_| Vec::new())
    }
    /// The packages of a group; none where there are no groups.
    fn group(&self, _host: &dyn Host, _name: &str, _options: &InstallOptions) -> PkgResult<Option<Group>> {
        Ok(None)
    }
    /// Where packages are kept that were downloaded, and how their files end; none where they are not.
    fn downloads(&self) -> Option<(&'static str, &'static str)> {
        None
    }
    /// Whether what is installed is what was packed: per package file and what differs. None where nobody can tell.
    fn verify(&self, _host: &dyn Host, _names: &[String], _options: &[String]) -> PkgResult<Option<Dict>> {
        Ok(None)
    }
    /// The files of packages.
    fn files(&self, host: &dyn Host, names: &[String]) -> PkgResult<Files>;
    /// The package that a file belongs to; none when it belongs to none.
    fn owner(&self, host: &dyn Host, path: &str) -> PkgResult<Option<String>>;
    /// All that is known of installed packages: name → fields.
    fn info(&self, host: &dyn Host, names: &[String], failhard: bool) -> PkgResult<Vec<(String, Dict)>>;
    /// The package that a file is.
    fn file_info(&self, host: &dyn Host, path: &str) -> PkgResult<PackageFile>;
    /// The order of versions.
    fn compare(&self) -> Compare;
    /// A name without what goes without saying (`:amd64` on amd64).
    fn normalize(&self, name: &str) -> String;
    /// A name and its architecture, where it has one.
    fn parse_arch<'n>(&self, name: &'n str) -> (&'n str, Option<&'n str>) {
        (name, None)
    }
    /// Runs a changing command; waits for a lock that somebody else holds.
    fn run(&self, host: &dyn Host, cmd: &Cmd) -> PkgResult<crate::host::Output>;
}
