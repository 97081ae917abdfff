//! Who is let in without anybody asking: `auto_accept`, `autosign_file`, `autosign_grains_dir`,
//! `autoreject_file`, and files in `minions_autosign/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use data::{Dict, Value};
use proto::config::MasterConfig;
use proto::target::glob::Glob;
use proto::target::pcre::Pcre;

use super::KeyState;

/// The settings for new keys.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Every key is accepted, changed ones too.
    pub open_mode: bool,
    /// Every new key is accepted.
    pub auto_accept: bool,
    /// Ids, globs and regexes to accept.
    pub autosign_file: Option<PathBuf>,
    /// Ids, globs and regexes to reject; wins over all but `open_mode`.
    pub autoreject_file: Option<PathBuf>,
    /// A file of accepted values per grain.
    pub autosign_grains_dir: Option<PathBuf>,
    /// Keys at most that wait to be accepted; 0: any number.
    pub max_pending_keys: usize,
    /// How long a file in `minions_autosign` counts.
    pub autosign_timeout: Duration,
    /// Whether files that the group may write are trusted.
    pub permissive_pki_access: bool,
}

impl Policy {
    /// The settings of a master's config.
    pub fn from_config(config: &MasterConfig) -> Self {
        Policy {
            open_mode: config.open_mode,
            auto_accept: config.auto_accept,
            autosign_file: config.autosign_file.clone(),
            autoreject_file: config.autoreject_file.clone(),
            autosign_grains_dir: config.autosign_grains_dir.clone(),
            max_pending_keys: config.max_pending_keys,
            autosign_timeout: Duration::try_from_secs_f64(config.autosign_timeout).unwrap_or(Duration::MAX),
            permissive_pki_access: config.permissive_pki_access,
        }
    }

    /// The state of a key that nobody has decided about.
    pub(super) fn decide(&self, pki_dir: &Path, id: &str, grains: &Dict) -> KeyState {
        if self.autoreject_file.as_deref().is_some_and(|f| self.listed(f, id)) {
            return KeyState::Rejected;
        }
        let accept = self.auto_accept
            || self.autosign_file.as_deref().is_some_and(|f| self.listed(f, id))
            || self.placed(pki_dir, id)
            || self.autosign_grains_dir.as_deref().is_some_and(|d| self.by_grains(d, grains));
        if accept { KeyState::Accepted } else { KeyState::Pending }
    }

    /// Whether a line of the file is the id, a glob for it or a regex for the whole of it.
    fn listed(&self, file: &Path, id: &str) -> bool {
        self.lines(file).iter().any(|line| {
            line == id
                || Glob::new(line).matches(id)
                || Pcre::new(&format!(r"(?:{line})\z")).is_ok_and(|regex| regex.matches(id))
        })
    }

    /// Whether somebody has put a file named as the id into `minions_autosign`, not too long ago.
    fn placed(&self, pki_dir: &Path, id: &str) -> bool {
        let file = pki_dir.join("minions_autosign").join(id);
        let Ok(about) = fs::symlink_metadata(&file) else { return false };
        let age = about.modified().ok().and_then(|m| m.elapsed().ok()).unwrap_or_default();
        if age > self.autosign_timeout {
            let _ = fs::remove_file(&file);
            return false;
        }
        // It lets its minion in once.
        about.is_file() && fs::remove_file(&file).is_ok()
    }

    /// Whether a grain that the minion offers has one of the values in the grain's file.
    fn by_grains(&self, dir: &Path, grains: &Dict) -> bool {
        let Ok(entries) = fs::read_dir(dir) else { return false };
        entries.flatten().any(|entry| {
            let name = entry.file_name();
            let Some(offered) = name.to_str().and_then(|n| grains.get(n)) else { return false };
            let offered: Vec<String> = match offered {
                Value::List(items) => items.iter().map(Value::to_string).collect(),
                one => vec![one.to_string()],
            };
            self.lines(&entry.path()).iter().any(|line| offered.contains(line))
        })
    }

    /// The lines of a file that are neither empty nor comments; none when others may write the file.
    fn lines(&self, file: &Path) -> Vec<String> {
        use std::os::unix::fs::PermissionsExt;
        let Ok(about) = fs::metadata(file) else { return Vec::new() };
        let writable = if self.permissive_pki_access { 0o002 } else { 0o022 };
        if about.permissions().mode() & writable != 0 {
            tracing::warn!("{}: others may write this file: it is not used; chmod go-w it", file.display());
            return Vec::new();
        }
        let text = fs::read_to_string(file).unwrap_or_default();
        text.lines()
            .map(str::trim)
            .filter(|l| !l.is_empty() && !l.starts_with('#'))
            .map(str::to_owned)
            .collect()
    }
}
