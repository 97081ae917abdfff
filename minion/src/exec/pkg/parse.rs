//! The text of package managers as data: pure functions, no host.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use data::Dict;

/// Package name → its versions (several where architectures or slots differ).
pub type Versions = BTreeMap<String, Vec<String>>;

/// What dpkg knows: installed, removed with configuration left, to be purged but still needed, held.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Dpkg {
    /// Installed packages.
    pub installed: Versions,
    /// Removed, configuration files still there.
    pub removed: Versions,
    /// Selected for purging and yet installed, because something depends on them.
    pub purge_desired: Versions,
    /// `name` or `name:arch` → `install`, `hold`, `deinstall`, `purge`.
    pub selections: Vec<(String, String)>,
}

impl Dpkg {
    /// Reads `/var/lib/dpkg/status`. A foreign architecture is part of the name, the native one is not.
    pub fn parse(status: &str, native: &str) -> Self {
        let mut out = Dpkg::default();
        let (mut name, mut state, mut version, mut arch, mut same) = ("", "", "", "", false);
        // An empty line ends a package; the last one may lack it.
        for line in status.lines().chain([""]) {
            match line.as_bytes().first() {
                Some(b'P') => name = line.strip_prefix("Package: ").unwrap_or(name),
                Some(b'S') => state = line.strip_prefix("Status: ").unwrap_or(state),
                Some(b'V') => version = line.strip_prefix("Version: ").unwrap_or(version),
                Some(b'A') => arch = line.strip_prefix("Architecture: ").unwrap_or(arch),
                Some(b'M') => same |= line == "Multi-Arch: same",
                None => {
                    out.add(name, state, version, arch, same, native);
                    (name, state, version, arch, same) = ("", "", "", "", false);
                }
                _ => {}
            }
        }
        for versions in [&mut out.installed, &mut out.removed, &mut out.purge_desired] {
            versions.values_mut().for_each(|v| {
                v.sort();
                v.dedup();
            });
        }
        out
    }

    fn add(&mut self, name: &str, state: &str, version: &str, arch: &str, same: bool, native: &str) {
        let mut words = state.split_whitespace();
        let (Some(want), Some(_), Some(status)) = (words.next(), words.next(), words.next()) else { return };
        if name.is_empty() || status == "not-installed" {
            return;
        }
        let selected = if same { format!("{name}:{arch}") } else { name.to_owned() };
        self.selections.push((selected, want.to_owned()));
        let foreign = !matches!(arch, "" | "all") && arch != native;
        let name = if foreign { format!("{name}:{arch}") } else { name.to_owned() };
        let into = match (want, status) {
            ("install" | "hold", s) if s.contains("installed") => &mut self.installed,
            ("deinstall", _) => &mut self.removed,
            ("purge", "installed") => &mut self.purge_desired,
            _ => return,
        };
        into.entry(name).or_default().push(version.to_owned());
    }

    /// The names (with architecture where dpkg has it) that are held.
    pub fn held(&self) -> Vec<&str> {
        self.selections.iter().filter(|(_, s)| s == "hold").map(|(n, _)| n.as_str()).collect()
    }
}

/// `apt-get update`: source → true (fetched), false (failed or ignored), none (unchanged); and those that failed.
pub fn apt_update(out: &str) -> (Vec<(String, Option<bool>)>, Vec<String>) {
    let (mut sources, mut failed): (Vec<(String, Option<bool>)>, Vec<String>) = Default::default();
    for line in out.lines() {
        let mut words = line.split_whitespace();
        let Some(kind) = words.next() else { continue };
        let ident = words.collect::<Vec<_>>().join(" ");
        let state = match kind {
            k if k.contains("Get") => Some(true),
            k if k.contains("Ign") || k.contains("Err") => Some(false),
            k if k.contains("Hit") => None,
            _ => continue,
        };
        let ident = match ident.rsplit_once(" [") {
            Some((source, size)) if state == Some(true) && size.ends_with("B]") => source.to_owned(),
            _ => ident,
        };
        if kind.contains("Err") {
            failed.push(ident.clone());
        }
        match sources.iter_mut().find(|(s, _)| *s == ident) {
            Some((_, known)) => *known = state,
            None => sources.push((ident, state)),
        }
    }
    (sources, failed)
}

/// `apt-cache policy`: package → candidate, empty when there is none.
pub fn apt_policy(out: &str) -> Vec<(String, String)> {
    let mut candidates = Vec::new();
    let mut package = None;
    for line in out.lines() {
        let trimmed = line.trim();
        if !line.starts_with(' ') {
            package = line.strip_suffix(':');
        } else if let (Some(name), Some(candidate)) = (package, trimmed.strip_prefix("Candidate:")) {
            let candidate = candidate.trim();
            let candidate = if candidate == "(none)" { "" } else { candidate };
            candidates.push((name.to_owned(), candidate.to_owned()));
        }
    }
    candidates
}

/// `apt-cache show`: package → versions in the order given.
pub fn apt_show(out: &str) -> Vec<(String, Vec<String>)> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    let mut package = None;
    for line in out.lines() {
        if let Some(name) = line.strip_prefix("Package: ") {
            package = Some(name);
        } else if let (Some(name), Some(version)) = (package, line.strip_prefix("Version: ")) {
            match all.iter_mut().find(|(n, _)| n == name) {
                Some((_, versions)) => versions.push(version.to_owned()),
                None => all.push((name.to_owned(), vec![version.to_owned()])),
            }
        }
    }
    all
}

/// `apt-get --just-print dist-upgrade`: package → the version it would get.
pub fn apt_upgrades(out: &str) -> Vec<(String, String)> {
    out.lines()
        .filter_map(|line| {
            let (name, rest) = line.strip_prefix("Conf ")?.split_once(" (")?;
            let version = rest.split([' ', ')']).next()?;
            Some((name.to_owned(), version.to_owned()))
        })
        .collect()
}

/// `/lib/apk/db/installed`: package → version.
pub fn apk_installed(db: &str) -> Versions {
    let mut out = Versions::new();
    let mut name = "";
    for line in db.lines() {
        match line.split_once(':') {
            Some(("P", package)) => name = package,
            Some(("V", version)) if !name.is_empty() => {
                out.entry(name.to_owned()).or_default().push(version.to_owned());
            }
            _ if line.is_empty() => name = "",
            _ => {}
        }
    }
    out
}

/// `apk policy`: package → versions that a repository has (not those that are only installed).
pub fn apk_policy(out: &str) -> Vec<(String, Vec<String>)> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    let mut version = "";
    for line in out.lines() {
        let depth = line.len() - line.trim_start().len();
        let text = line.trim();
        match depth {
            0 => {
                if let Some(name) = text.strip_suffix(" policy:") {
                    all.push((name.to_owned(), Vec::new()));
                }
            }
            1..=2 => version = text.strip_suffix(':').unwrap_or(text),
            _ if text.ends_with("apk/db/installed") => {}
            _ => {
                if let Some((_, versions)) = all.last_mut()
                    && versions.last().is_none_or(|v| v != version)
                {
                    versions.push(version.to_owned());
                }
            }
        }
    }
    all
}

/// `apk list --upgradable`: package → the version it would get.
pub fn apk_upgrades(out: &str) -> Vec<(String, String)> {
    out.lines()
        .filter(|line| line.contains("[upgradable from:"))
        .filter_map(|line| apk_split(line.split_whitespace().next()?))
        .map(|(name, version)| (name.to_owned(), version.to_owned()))
        .collect()
}

/// `busybox-extras-1.36.1-r15` → name and version: the version starts after the dash before the last two parts.
fn apk_split(full: &str) -> Option<(&str, &str)> {
    let (rest, _) = full.rsplit_once("-r")?;
    let (name, _) = rest.rsplit_once('-')?;
    Some((name, full.get(name.len() + 1..)?))
}

/// `apt-get --assume-no autoremove`: the packages that would go, sorted.
pub fn apt_autoremove(out: &str) -> Vec<String> {
    let mut lines = out.lines().skip_while(|line| !line.contains("The following packages will be REMOVED:"));
    lines.next();
    let listed = lines.take_while(|line| line.starts_with(' '));
    let mut names: Vec<String> = listed.flat_map(str::split_whitespace).map(str::to_owned).collect();
    names.sort();
    names
}

/// `dpkg-query` with `key:value` lines and a description of many lines, up to `end` for each package.
pub fn dpkg_info(out: &str, end: &str) -> Vec<(String, Dict)> {
    let mut all = Vec::new();
    for one in out.split(&format!("\n{end}")).map(str::trim_start).filter(|one| !one.is_empty()) {
        let (head, description) = one.split_once("\ndescription:").unwrap_or((one, ""));
        let mut fields = Dict::new();
        for (key, value) in head.lines().filter_map(|line| line.trim().split_once(':')) {
            match key {
                _ if value.trim().is_empty() => {}
                "install_date" => drop(iso_date(value).map(|date| fields.insert(key, date))),
                _ => drop(fields.insert(key, value)),
            }
        }
        fields.insert("description", description.trim_end_matches('\n'));
        let name = fields.get("package").map(ToString::to_string).unwrap_or_default();
        all.push((name, fields));
    }
    all
}

/// Seconds since the epoch as a date.
pub(super) fn iso_date(seconds: &str) -> Option<String> {
    let date: DateTime<Utc> = DateTime::from_timestamp(seconds.trim().parse().ok()?, 0)?;
    Some(date.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// The licences that a file `copyright` of Debian names, sorted.
pub fn licences(copyright: &str) -> String {
    let named = copyright.lines().filter_map(|line| line.strip_prefix("License:")).map(str::trim);
    named.collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ")
}

/// `apk info --who-owns`: the package.
pub fn apk_owner(out: &str) -> Option<String> {
    let line = out.lines().find(|line| line.contains(" is owned by "))?;
    let (name, _) = apk_split(line.rsplit(' ').next()?)?;
    Some(name.to_owned())
}

/// `/lib/apk/db/installed`: package → what is known of it.
pub fn apk_info(db: &str) -> Vec<(String, Dict)> {
    let fields = |block: &str| {
        let mut out = Dict::new();
        for (key, value) in block.lines().filter_map(|line| line.split_once(':')) {
            let name = match key {
                "P" => "name",
                "V" => "version",
                "A" => "arch",
                "T" => "summary",
                "U" => "url",
                "L" => "license",
                "o" => "source",
                "m" => "packager",
                "I" => "size",
                "t" => "build_date_time_t",
                _ => continue,
            };
            out.insert(name, value);
        }
        let name = out.get("name").map(ToString::to_string)?;
        Some((name, out))
    };
    db.split("\n\n").filter_map(fields).collect()
}

/// `dpkg --get-selections`, and files like it: state → packages.
pub fn selections(text: &str) -> Vec<(String, Vec<String>)> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let (Some(name), Some(state)) = (words.next(), words.next()) else { continue };
        match all.iter_mut().find(|(s, _)| s == state) {
            Some((_, names)) => names.push(name.to_owned()),
            None => all.push((state.to_owned(), vec![name.to_owned()])),
        }
    }
    all
}

/// `apt-cache show`: package → version → all fields, or those of `only` (lower case).
pub fn apt_show_all(out: &str, only: &[String]) -> Dict {
    let mut all = Dict::new();
    for block in out.split("\n\n") {
        let fields: Vec<(&str, &str)> = block
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(key, value)| (key.trim(), value.trim()))
            .collect();
        let find = |wanted: &str| fields.iter().find(|(key, _)| *key == wanted).map(|(_, value)| *value);
        let (Some(name), Some(version)) = (find("Package"), find("Version")) else { continue };
        let keep = |key: &str| only.is_empty() || only.contains(&key.to_lowercase());
        let rest: Dict = fields
            .iter()
            .filter(|(key, _)| !matches!(*key, "Package" | "Version") && keep(key))
            .map(|(key, value)| (*key, *value))
            .collect();
        if let Some(versions) = all.entry_or(name, data::Value::dict).as_dict_mut() {
            versions.insert(version, rest);
        }
    }
    all
}
