//! The master's config.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use data::Dict;

use super::read::{Roots, Source};
use super::{Common, ConfigError};

/// The annotated default file: `/etc/rsalt/master` as it ships.
pub const DEFAULT_MASTER: &str = include_str!("default/master");
/// Salt's own keys that are accepted without a warning though they do nothing here.
const SALT_KEYS: &str = include_str!("default/salt_master_keys.txt");

/// The master's config: every key of [`DEFAULT_MASTER`], typed.
#[derive(Clone, Debug)]
pub struct MasterConfig {
    /// The keys that both sides have; also reached by deref.
    pub common: Common,
    /// The address to listen on.
    pub interface: String,
    /// The port jobs are published on.
    pub publish_port: u16,
    /// The port minions ask and return on.
    pub ret_port: u16,
    /// Directories of the file server.
    pub file_roots: Roots,
    /// Directories of the pillar.
    pub pillar_roots: Roots,
    /// Every new key is accepted.
    pub auto_accept: bool,
    /// Every key is accepted, changed ones too. Dangerous.
    pub open_mode: bool,
    /// A file of ids, globs and regexes whose keys are accepted.
    pub autosign_file: Option<PathBuf>,
    /// A file of ids, globs and regexes whose keys are rejected.
    pub autoreject_file: Option<PathBuf>,
    /// A directory with a file of accepted values per grain.
    pub autosign_grains_dir: Option<PathBuf>,
    /// Seconds for which a file in `minions_autosign` lets its minion in.
    pub autosign_timeout: f64,
    /// Keys at most that wait to be accepted; 0: any number.
    pub max_pending_keys: usize,
    /// Seconds for which an ephemeral minion may be gone before its key goes.
    pub ephemeral_grace: f64,
    /// Config and keys may be writable by the group.
    pub permissive_pki_access: bool,
    /// Which users besides root may publish what.
    pub publisher_acl: Arc<Dict>,
    /// Users and functions that are refused whatever that says.
    pub publisher_acl_blacklist: Arc<Dict>,
    /// The file of the audit log.
    pub audit_log: Option<PathBuf>,
    /// How long jobs and returns are kept; 0 keeps them for ever.
    pub keep_jobs_seconds: u64,
    /// Seconds after which a job must not be started any more; 0: only those connected now start it.
    pub job_expiry: f64,
    /// Seconds the command line waits before it asks who is still running.
    pub timeout: f64,
    /// Seconds a minion has to answer that question.
    pub gather_job_timeout: f64,
    /// Named targets.
    pub nodegroups: Arc<Dict>,
    /// `pillar.items` of a broken pillar does not show the error's details to the minion.
    pub pillar_safe_render_error: bool,
    /// Connections at most, authenticated or not; 0: as many as the system gives.
    pub max_minions: u32,
    /// File descriptors that the master may open.
    pub max_open_files: u64,
    /// Connections of one address that are not accepted minions.
    pub max_connections_per_address: usize,
    /// Connections of all addresses that are not accepted minions.
    pub max_connections: usize,
    /// Failures to get in that an address has in a minute; 0: any number.
    pub max_auth_failures: u32,
    /// Bytes of a message of an accepted minion.
    pub max_message_size: usize,
    /// The command line prints a summary.
    pub cli_summary: bool,
    /// The command line prints the jid.
    pub show_jid: bool,
    /// The command line names minions that did not return.
    pub show_timeout: bool,
    /// The default of `--out`.
    pub output: Option<String>,
    /// Colour: none where the terminal decides.
    pub color: Option<bool>,
}

impl MasterConfig {
    /// Reads `dir/master` and `dir/master.d/*.conf` over the defaults.
    pub fn load(dir: &Path) -> Result<Self, ConfigError> {
        Self::from_source(Source::read(dir, "master", DEFAULT_MASTER)?, dir)
    }

    fn from_source(source: Source, dir: &Path) -> Result<Self, ConfigError> {
        let common = Common::read(&source, dir)?;
        let root = common.root_dir.clone();
        let s = &source;
        let mut config = MasterConfig {
            interface: s.text("interface")?,
            publish_port: s.int("publish_port")?,
            ret_port: s.int("ret_port")?,
            file_roots: s.roots("file_roots")?,
            pillar_roots: s.roots("pillar_roots")?,
            auto_accept: s.flag("auto_accept")?,
            open_mode: s.flag("open_mode")?,
            autosign_file: s.path_opt("autosign_file", &root)?,
            autoreject_file: s.path_opt("autoreject_file", &root)?,
            autosign_grains_dir: s.path_opt("autosign_grains_dir", &root)?,
            autosign_timeout: s.seconds("autosign_timeout")? * 60.0,
            max_pending_keys: s.int("max_pending_keys")?,
            ephemeral_grace: s.seconds("ephemeral_grace")? * 60.0,
            permissive_pki_access: s.flag("permissive_pki_access")?,
            publisher_acl: s.map("publisher_acl")?,
            publisher_acl_blacklist: s.map("publisher_acl_blacklist")?,
            audit_log: s.path_opt("audit_log", &root)?,
            keep_jobs_seconds: s.int("keep_jobs_seconds")?,
            job_expiry: s.seconds("job_expiry")?,
            timeout: s.seconds("timeout")?,
            gather_job_timeout: s.seconds("gather_job_timeout")?,
            nodegroups: s.map("nodegroups")?,
            pillar_safe_render_error: s.flag("pillar_safe_render_error")?,
            max_minions: s.int("max_minions")?,
            max_open_files: s.int("max_open_files")?,
            max_connections_per_address: s.int("max_connections_per_address")?,
            max_connections: s.int("max_connections")?,
            max_auth_failures: s.int("max_auth_failures")?,
            max_message_size: s.int("max_message_size")?,
            cli_summary: s.flag("cli_summary")?,
            show_jid: s.flag("show_jid")?,
            show_timeout: s.flag("show_timeout")?,
            output: s.text_opt("output")?,
            color: if s.value("color").is_none() { None } else { Some(s.flag("color")?) },
            common,
        };
        config.common.finish(source, SALT_KEYS);
        Ok(config)
    }

    /// The socket of the command line: `sock_dir/master.sock`.
    pub fn control_socket(&self) -> PathBuf {
        self.sock_dir.join("master.sock")
    }

    /// The job store: `cachedir/jobs.db`.
    pub fn store_file(&self) -> PathBuf {
        self.cachedir.join("jobs.db")
    }
}

impl std::ops::Deref for MasterConfig {
    type Target = Common;
    fn deref(&self) -> &Common {
        &self.common
    }
}
