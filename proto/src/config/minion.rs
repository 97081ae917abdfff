//! The minion's config, from its files and, because images are configured that way, from the environment.

use std::path::Path;
use std::sync::Arc;

use data::{Dict, Value};

use super::read::{Roots, Source};
use super::{Common, ConfigError};
use crate::message::auth::Secret;

/// The annotated default file: `/etc/rsalt/minion` as it ships.
pub const DEFAULT_MINION: &str = include_str!("default/minion");
/// Salt's own keys that are accepted without a warning though they do nothing here.
const SALT_KEYS: &str = include_str!("default/salt_minion_keys.txt");

/// The minion's config: every key of [`DEFAULT_MINION`], typed.
#[derive(Clone, Debug)]
pub struct MinionConfig {
    /// The keys that both sides have; also reached by deref.
    pub common: Common,
    /// The masters, in the order they are tried.
    pub master: Vec<String>,
    /// The port of the master's request socket, unless an address names its own.
    pub master_port: u16,
    /// The port of the master's publish socket.
    pub publish_port: u16,
    /// The id; the host name unless it is set.
    pub id: String,
    /// Grains from the config.
    pub grains: Arc<Dict>,
    /// Merge grains of several sources deep.
    pub grains_deep_merge: bool,
    /// Grains that are not computed or shown: globs.
    pub grains_blacklist: Vec<String>,
    /// The grains the master may accept the key by.
    pub autosign_grains: Vec<String>,
    /// A join token; empty: none. It is in no other place of the config: templates and modules do not see it.
    pub token: Secret,
    /// The master is to forget the key when the minion goes.
    pub ephemeral: bool,
    /// The master's fingerprint; the first one seen is kept when this is not set.
    pub master_finger: Option<String>,
    /// `remote`: files and pillar from the master; `local`: from `file_roots`.
    pub file_client: String,
    /// Directories for `file_client: local`.
    pub file_roots: Roots,
    /// Pillar directories for `file_client: local`.
    pub pillar_roots: Roots,
    /// Named targets for `file_client: local`.
    pub nodegroups: Arc<Dict>,
    /// Jobs side by side at most; below 0: the built-in bound.
    pub process_count_max: i64,
    /// Returns that may wait for the master; with so many, new jobs are refused.
    pub spool_max_returns: usize,
    /// Bytes of them.
    pub spool_max_size: u64,
    /// Milliseconds before the first try to reconnect; it doubles from there.
    pub recon_default: u64,
    /// Milliseconds between tries at most, on top of `recon_default`.
    pub recon_max: u64,
    /// Whether the pauses are spread at random.
    pub recon_randomize: bool,
    /// Seconds to wait for a reply of the master.
    pub request_channel_timeout: f64,
    /// Function names that are refused: module or `module.function`.
    pub disable_modules: Vec<String>,
    /// When not empty, only these modules are there.
    pub whitelist_modules: Vec<String>,
    /// What to run at start: `highstate`, `sls`, `top` or nothing.
    pub startup_states: String,
    /// The SLS files of `startup_states: sls`.
    pub sls_list: Vec<String>,
    /// Where `file.*` keeps backups: `minion` or nothing.
    pub backup_mode: String,
    /// The default of `--out`.
    pub output: Option<String>,
    /// Colour: none where the terminal decides.
    pub color: Option<bool>,
}

/// A master's address as the config has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MasterAddress {
    /// Host name or address, IPv6 without brackets.
    pub host: String,
    /// Port of the request socket.
    pub ret_port: u16,
    /// Port of the publish socket.
    pub publish_port: u16,
}

impl MinionConfig {
    /// Reads `dir/minion` and `dir/minion.d/*.conf`, then `RSALT_MASTER`, `RSALT_ID` and `RSALT_GRAINS`.
    pub fn load(dir: &Path) -> Result<Self, ConfigError> {
        Self::load_with_env(dir, &|name| std::env::var(name).ok().filter(|v| !v.is_empty()))
    }

    /// As [`MinionConfig::load`], with the environment as an argument.
    pub fn load_with_env(dir: &Path, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut source = Source::read(dir, "minion", DEFAULT_MINION)?;
        if let Some(master) = env("RSALT_MASTER") {
            let masters: Vec<&str> = master.split(',').map(str::trim).filter(|m| !m.is_empty()).collect();
            source.set("master", masters.into(), "RSALT_MASTER");
        }
        if let Some(id) = env("RSALT_ID") {
            source.set("id", id.trim().into(), "RSALT_ID");
        }
        for (name, key) in
            [("RSALT_TOKEN", "token"), ("RSALT_TOKEN_FILE", "token_file"), ("RSALT_EPHEMERAL", "ephemeral")]
        {
            if let Some(text) = env(name) {
                let text = text.trim();
                let value = if text == "1" { true.into() } else { text.into() };
                source.set(key, value, name);
            }
        }
        if let Some(text) = env("RSALT_GRAINS") {
            let grains = environment_grains(&text)?;
            let mut merged = source.map("grains")?.as_ref().clone();
            merged.extend(grains);
            source.set("grains", merged.into(), "RSALT_GRAINS");
        }
        Self::from_source(source, dir)
    }

    /// The config that these options are of, with another file read over it (`localconfig=` of state runs). A file
    /// that is not there changes nothing.
    pub fn with_file(opts: &Value, file: &Path) -> Result<Self, ConfigError> {
        let source = Source::over(opts.as_dict().cloned().unwrap_or_default(), file)?;
        let mut config = Self::from_source(source, file.parent().unwrap_or(file))?;
        if let (Some(own), Some(opts)) = (opts.get("conf_file"), config.common.opts.as_dict_mut()) {
            opts.insert("conf_file", own.clone());
        }
        Ok(config)
    }

    fn from_source(mut source: Source, dir: &Path) -> Result<Self, ConfigError> {
        if source.text("id")?.is_empty() {
            let id = host_id(&source, dir)?;
            source.set("id", id.into(), "the host name");
        }
        let common = Common::read(&source, dir)?;
        let token = take_token(&mut source, dir)?;
        let s = &source;
        let mut config = MinionConfig {
            master: s.texts("master")?,
            master_port: s.int("master_port")?,
            publish_port: s.int("publish_port")?,
            id: s.text("id")?,
            grains: s.map("grains")?,
            grains_deep_merge: s.flag("grains_deep_merge")?,
            grains_blacklist: s.texts("grains_blacklist")?,
            autosign_grains: s.texts("autosign_grains")?,
            token,
            ephemeral: s.flag("ephemeral")?,
            master_finger: s.text_opt("master_finger")?,
            file_client: s.word("file_client", &["remote", "local"], "remote or local")?,
            file_roots: s.roots("file_roots")?,
            pillar_roots: s.roots("pillar_roots")?,
            nodegroups: s.map("nodegroups")?,
            process_count_max: s.int("process_count_max")?,
            spool_max_returns: s.int("spool_max_returns")?,
            spool_max_size: s.int("spool_max_size")?,
            recon_default: s.int("recon_default")?,
            recon_max: s.int("recon_max")?,
            recon_randomize: s.flag("recon_randomize")?,
            request_channel_timeout: s.seconds("request_channel_timeout")?,
            disable_modules: s.texts("disable_modules")?,
            whitelist_modules: s.texts("whitelist_modules")?,
            startup_states: s.text("startup_states")?,
            sls_list: s.texts("sls_list")?,
            backup_mode: s.text("backup_mode")?,
            output: s.text_opt("output")?,
            color: if s.value("color").is_none() { None } else { Some(s.flag("color")?) },
            common,
        };
        config.common.finish(source, SALT_KEYS);
        // The grains file lies beside it.
        if let Some(opts) = config.common.opts.as_dict_mut() {
            opts.insert("conf_file", dir.join("minion").display().to_string());
        }
        Ok(config)
    }

    /// The masters with their ports. `host:port` and `[v6]:port` name the request port.
    pub fn masters(&self) -> Vec<MasterAddress> {
        self.master
            .iter()
            .map(|text| {
                let (host, port) = split_port(text);
                MasterAddress {
                    host: host.to_owned(),
                    ret_port: port.unwrap_or(self.master_port),
                    publish_port: self.publish_port,
                }
            })
            .collect()
    }
}

impl std::ops::Deref for MinionConfig {
    type Target = Common;
    fn deref(&self) -> &Common {
        &self.common
    }
}

fn split_port(text: &str) -> (&str, Option<u16>) {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, tail) = rest.split_once(']').unwrap_or((rest, ""));
        return (host, tail.strip_prefix(':').and_then(|p| p.parse().ok()));
    }
    match text.split_once(':') {
        Some((host, port)) if !port.contains(':') => {
            port.parse().map_or((text, None), |port| (host, Some(port)))
        }
        // No colon, or the several of an IPv6 address.
        _ => (text, None),
    }
}

/// The join token, taken out of the config.
fn take_token(source: &mut Source, dir: &Path) -> Result<Secret, ConfigError> {
    let token = source.text("token")?;
    let file = source.text_opt("token_file")?.filter(|file| !file.is_empty()).map(|file| dir.join(file));
    source.set("token", "".into(), "token");
    if !token.is_empty() {
        return Ok(Secret(token));
    }
    let Some(file) = file else { return Ok(Secret::default()) };
    match std::fs::read_to_string(&file) {
        Ok(text) => Ok(Secret(text.trim().to_owned())),
        // The minion may be known already; otherwise it waits to be accepted, and its log says so.
        Err(error) => {
            tracing::warn!(file = %file.display(), %error, "the token cannot be read");
            Ok(Secret::default())
        }
    }
}

/// `RSALT_GRAINS`: a YAML or JSON map, or `key=value,key=value`.
fn environment_grains(text: &str) -> Result<Dict, ConfigError> {
    let wrong = |found: String| ConfigError::Type {
        file: "RSALT_GRAINS".into(),
        key: "grains".into(),
        expected: "a map such as {roles: [web]} or key=value,key=value",
        found,
    };
    if let Ok(Value::Dict(d)) = data::yaml::load(text) {
        return Ok(d.as_ref().clone());
    }
    let mut grains = Dict::new();
    for pair in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or_else(|| wrong(format!("{text:?}")))?;
        let value = data::yaml::load(value).map_err(|e| wrong(e.to_string()))?;
        grains.insert(key.trim(), value);
    }
    Ok(grains)
}

/// The id of a minion that has none in its config: the cached one, else the host's name.
fn host_id(source: &Source, dir: &Path) -> Result<String, ConfigError> {
    if source.flag("minion_id_caching")?
        && let Ok(id) = std::fs::read_to_string(dir.join("minion_id"))
        && !id.trim().is_empty()
    {
        return Ok(id.trim().to_owned());
    }
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    let mut id = qualified(&host, &hosts);
    if source.flag("minion_id_lowercase")? {
        id = id.to_lowercase();
    }
    match source.value("minion_id_remove_domain") {
        Value::Bool(true) => id.truncate(id.find('.').unwrap_or(id.len())),
        Value::Str(domain) => {
            if let Some(short) = id.strip_suffix(&**domain).and_then(|s| s.strip_suffix('.')) {
                id = short.to_owned();
            }
        }
        _ => {}
    }
    if let Some(domain) = source.text_opt("append_domain")?
        && !id.contains('.')
    {
        id = format!("{id}.{domain}");
    }
    Ok(id)
}

/// The name with its domain where `/etc/hosts` knows one, as `getfqdn` finds it; never a form of `localhost`.
fn qualified(host: &str, hosts: &str) -> String {
    if host.contains('.') {
        return host.to_owned();
    }
    hosts
        .lines()
        .filter_map(|line| line.split('#').next())
        .map(|line| line.split_whitespace().skip(1).collect::<Vec<_>>())
        .filter(|names| names.contains(&host))
        .flatten()
        .find(|name| name.contains('.') && !name.starts_with("localhost"))
        .unwrap_or(host)
        .to_owned()
}
