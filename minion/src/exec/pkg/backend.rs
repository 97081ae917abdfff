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
}

/// Whether a name is held.
pub type Selections = Vec<(String, String)>;

/// A package manager: parsers and argument vectors.
pub trait Backend: Send + Sync {
    /// What is installed.
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
    /// The command that removes.
    fn remove(&self, names: &[String], purge: bool) -> Cmd;
    /// What an upgrade would change.
    fn upgrades(&self, host: &dyn Host, dist_upgrade: bool, fromrepo: Option<&str>) -> PkgResult<Selections>;
    /// The command that upgrades everything, or `names`.
    fn upgrade(&self, names: &[String], dist_upgrade: bool, options: &InstallOptions) -> Cmd;
    /// Selections of packages: `hold`, `install`, …
    fn selections(&self, host: &dyn Host) -> PkgResult<Selections>;
    /// Sets one selection.
    fn select(&self, host: &dyn Host, name: &str, selection: &str) -> PkgResult<()>;
    /// Name and version that a package file is for.
    fn file_info(&self, host: &dyn Host, path: &str) -> PkgResult<(String, String)>;
    /// The order of versions.
    fn compare(&self) -> Compare;
    /// A name without what goes without saying (`:amd64` on amd64).
    fn normalize(&self, name: &str) -> String;
    /// Runs a changing command; waits for a lock that somebody else holds.
    fn run(&self, host: &dyn Host, cmd: &Cmd) -> PkgResult<crate::host::Output>;
}
