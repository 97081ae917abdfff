//! The text of rpm, dnf, zypper and pacman as data: pure functions, no host.

use std::collections::BTreeMap;

use data::{Dict, Value};

use super::backend::{Group, MEMBERS};
use super::parse::iso_date;

/// One package as `rpm --queryformat` was asked for it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct RpmRow {
    name: String,
    epoch: String,
    version: String,
    release: String,
    /// Its architecture.
    pub arch: String,
}

impl RpmRow {
    /// `[epoch:]version[-release]`
    pub fn full_version(&self) -> String {
        let epoch = if matches!(self.epoch.as_str(), "(none)" | "0" | "") {
            String::new()
        } else {
            format!("{}:", self.epoch)
        };
        let release = if self.release.is_empty() { String::new() } else { format!("-{}", self.release) };
        format!("{epoch}{}{release}", self.version)
    }

    /// Its name on a machine of that architecture.
    pub fn named(&self, arch: &str) -> String {
        rpm_name(&self.name, &self.arch, arch)
    }
}

/// A foreign architecture is part of the name.
pub fn rpm_name(name: &str, arch: &str, native: &str) -> String {
    let is_32 = |arch: &str| matches!(arch, "i386" | "i486" | "i586" | "i686");
    let is_x86 = |arch: &str| matches!(arch, "x86_64" | "x86_64_v2");
    let same = arch == native || matches!(arch, "noarch" | "(none)" | "") || (is_32(arch) && is_32(native));
    if same || (is_x86(arch) && is_x86(native)) { name.to_owned() } else { format!("{name}.{arch}") }
}

/// Lines of fields between `_|-`.
pub fn rpm_rows(out: &str) -> Vec<RpmRow> {
    let row = |line: &str| {
        let fields: Vec<&str> = line.split("_|-").collect();
        let [name, epoch, version, release, arch, ..] = fields.as_slice() else { return None };
        let text = |field: &str| field.to_owned();
        Some(RpmRow {
            name: text(name),
            epoch: text(epoch),
            version: text(version),
            release: text(release),
            arch: text(arch),
        })
    };
    out.lines().filter_map(row).collect()
}

/// Package → version, for each that is installed; keys are no packages.
pub fn rpm_list(out: &str, native: &str) -> Vec<(String, String)> {
    rpm_rows(out).iter().map(|row| (row.named(native), row.full_version())).collect()
}

/// `key: value` lines, the last one of many lines, up to `-----` for each package.
pub fn rpm_info(out: &str) -> Vec<(String, Dict)> {
    let mut all = Vec::new();
    for block in out.split("-----\n").filter(|block| !block.trim().is_empty()) {
        let (head, description) = block.split_once("description: ").unwrap_or((block, ""));
        let mut fields = Dict::new();
        for (key, value) in head.lines().filter_map(|line| line.split_once(": ")) {
            if value.is_empty() || value == "(none)" {
                continue;
            }
            match key.strip_suffix("_date_time_t").and_then(|kind| Some((kind, value.parse::<i64>().ok()?))) {
                Some((kind, seconds)) => {
                    fields.insert(key, seconds);
                    fields.insert(format!("{kind}_date"), iso_date(value));
                }
                None => drop(fields.insert(key, value)),
            }
        }
        fields.insert("description", description.trim_end_matches('\n'));
        let Some(name) = fields.remove("name") else { continue };
        all.push((name.to_string(), fields));
    }
    all
}

/// `rpm -V`: file → what it is and what differs.
pub fn rpm_verify(out: &str) -> Dict {
    const KINDS: [(&str, &str); 6] =
        [("c", "config"), ("d", "doc"), ("g", "ghost"), ("l", "license"), ("r", "readme"), ("a", "artifact")];
    const TESTS: [(char, &str); 9] = [
        ('S', "size"),
        ('M', "mode"),
        ('5', "md5"),
        ('D', "device"),
        ('L', "link"),
        ('U', "user"),
        ('G', "group"),
        ('T', "mtime"),
        ('P', "capabilities"),
    ];
    let mut all = Dict::new();
    for line in out.lines() {
        let Some((tests, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        let (kind, path) = match rest.split_once(' ') {
            Some((kind, path)) if kind.len() == 1 => (kind, path.trim_start()),
            _ => ("", rest),
        };
        if !path.starts_with('/') {
            continue;
        }
        let path = path.strip_suffix(" (Permission denied)").unwrap_or(path);
        let mut entry = Dict::new();
        let named = KINDS.iter().find(|(short, _)| *short == kind).map(|(_, long)| *long);
        entry.insert("type", named);
        if tests == "missing" {
            entry.insert("missing", true);
        } else {
            let differs = TESTS.iter().filter(|(letter, _)| tests.contains(*letter)).map(|(_, name)| *name);
            entry.insert("mismatch", differs.collect::<Vec<_>>());
        }
        all.insert(path, entry);
    }
    all
}

/// `dnf list`: package and version of each row; a long name has its row to itself with yum.
pub fn dnf_list(out: &str, native: &str) -> Vec<(String, String)> {
    let is_heading = |line: &str| {
        let line = line.to_lowercase();
        line.is_empty()
            || line.ends_with(" packages")
            || line.ends_with(" upgrades")
            || line.starts_with("last metadata expiration check")
            || line.starts_with("updating and loading repositories")
            || line.starts_with("repositories loaded")
    };
    // What comes last is not offered but replaced.
    let offered =
        out.lines().map(str::trim).take_while(|line| !line.eq_ignore_ascii_case("obsoleting packages"));
    let words: Vec<&str> = offered.filter(|line| !is_heading(line)).flat_map(str::split_whitespace).collect();
    let row = |row: &[&str]| {
        let [name, version, _] = row else { return None };
        let (name, arch) = name.rsplit_once('.').unwrap_or((name, native));
        Some((rpm_name(name, arch, native), version.trim_end_matches('-').to_owned()))
    };
    words.chunks(3).filter_map(row).collect()
}

/// `dnf versionlock list`: the names in `name-epoch:version-release.arch` (yum puts the epoch in front).
pub fn dnf_locks(out: &str) -> Vec<String> {
    let one = |line: &str| {
        let line = line.trim();
        if line.contains(' ') || line.starts_with('!') {
            return None;
        }
        let (name, _) = line.rsplit_once('-')?.0.rsplit_once('-')?;
        let name = name.split_once(':').map_or(name, |(_, name)| name);
        Some(name.to_owned())
    };
    // A lock for each version is a line of its own.
    let mut all: Vec<String> = out.lines().filter_map(one).collect();
    all.dedup();
    all
}

/// `/etc/dnf/versionlock.toml`: the names of `[[packages]]`.
pub fn dnf5_locks(toml: &str) -> Vec<String> {
    let (mut all, mut inside) = (Vec::new(), false);
    for line in toml.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line == "[[packages]]";
        } else if let Some((_, value)) =
            line.split_once('=').filter(|(key, _)| inside && key.trim() == "name")
        {
            all.push(value.trim().trim_matches(['"', '\'']).to_owned());
        }
    }
    all
}

/// `dnf groupinfo`, `dnf5 group info`. None when there is no such group.
pub fn dnf_group(out: &str) -> Option<Group> {
    let mut group = Group::default();
    let mut members: Option<&'static str> = None;
    let mut seen = BTreeMap::<&'static str, Vec<String>>::new();
    for line in out.lines() {
        let (key, value) = line.split_once(':').map_or(("", line), |(key, value)| (key.trim(), value));
        let value = value.trim().trim_start_matches(['+', '-', '=']).trim();
        let lower = key.to_lowercase();
        let of_members = MEMBERS.iter().find(|how| {
            lower.strip_prefix(**how).is_some_and(|rest| matches!(rest.trim(), "packages" | "groups"))
        });
        match lower.as_str() {
            "environment group" | "environment" => {
                (group.kind, group.name) = ("environment group".to_owned(), value.to_owned());
            }
            "group" => (group.kind, group.name) = ("package group".to_owned(), value.to_owned()),
            "name" if group.name.is_empty() => {
                (group.kind, group.name) = ("package group".to_owned(), value.to_owned());
            }
            "environment-id" | "group-id" | "id" => group.id = value.to_owned(),
            "description" => group.description = value.to_owned(),
            _ if of_members.is_some() => {
                // Of several groups with this name the first one counts.
                members = of_members.copied().filter(|how| !seen.contains_key(how));
                if let Some(how) = members {
                    let first = (!value.is_empty()).then(|| value.to_owned());
                    seen.entry(how).or_default().extend(first);
                }
            }
            // `Size  : 12` and the like end a list; a line without a name goes on with it.
            "" => {
                if let Some(list) = members.and_then(|how| seen.get_mut(how)).filter(|_| !value.is_empty()) {
                    list.push(value.to_owned());
                }
            }
            _ => members = None,
        }
    }
    seen.values_mut().for_each(|names| {
        names.sort();
        names.dedup();
    });
    group.members = seen;
    (!group.name.is_empty() || !group.id.is_empty()).then_some(group)
}

/// The rows of a table of zypper: what is between its bars.
fn table(out: &str) -> impl Iterator<Item = Vec<&str>> {
    let rows = out.lines().filter(|line| line.contains('|') && !line.contains("-+-"));
    rows.map(|line| line.split('|').map(str::trim).collect()).skip(1)
}

/// `zypper list-updates`: package → the version it would get.
pub fn zypper_updates(out: &str) -> Vec<(String, String)> {
    table(out)
        .filter_map(|row| match row.as_slice() {
            [_, _, name, _, version, ..] => Some(((*name).to_owned(), (*version).to_owned())),
            _ => None,
        })
        .collect()
}

/// `zypper search -s`: package → versions that repositories have, in their order.
pub fn zypper_search(out: &str) -> Vec<(String, Vec<String>)> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    for row in table(out) {
        let [_, name, "package", version, _, repository] = row.as_slice() else { continue };
        if *repository == "(System Packages)" {
            continue;
        }
        match all.iter_mut().find(|(n, _)| n == name) {
            Some((_, versions)) if versions.iter().any(|v| v == version) => {}
            Some((_, versions)) => versions.push((*version).to_owned()),
            None => all.push(((*name).to_owned(), vec![(*version).to_owned()])),
        }
    }
    all
}

/// `zypper refresh`: repository → true (fetched), false (unchanged).
pub fn zypper_refresh(out: &str) -> Vec<(String, bool)> {
    let one = |line: &str| {
        let (begin, rest) = line.split_once('\'')?;
        let (name, end) = rest.split_once('\'')?;
        match () {
            () if end.contains("is up to date") => Some((name.to_owned(), false)),
            () if begin.contains("Building repository") => Some((name.to_owned(), true)),
            () => None,
        }
    };
    out.lines().filter_map(one).collect()
}

/// `/etc/zypp/locks`: the names.
pub fn zypper_locks(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("solvable_name:"))
        .map(|name| name.trim().to_owned())
        .collect()
}

/// Lines of a name and a version, as pacman prints both what is there and what would be.
pub fn pacman_pairs(out: &str) -> Vec<(String, String)> {
    let one = |line: &str| {
        let mut words = line.split_whitespace();
        let (name, version) = (words.next()?, words.next()?);
        let is_pair = words.next().is_none() && !name.starts_with(':') && !version.contains(".db");
        is_pair.then(|| (name.to_owned(), version.to_owned()))
    };
    out.lines().filter_map(one).collect()
}

/// `pacman -Si` and `-Qi`: package → fields; a value goes on in lines that begin with a blank.
pub fn pacman_info(out: &str) -> Vec<(String, Dict)> {
    let mut all = Vec::new();
    for block in out.split("\n\n") {
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in block.lines() {
            match line.split_once(" : ").filter(|_| !line.starts_with(' ')) {
                Some((key, value)) => {
                    fields.push((key.trim().to_lowercase().replace(' ', "_"), value.trim().to_owned()));
                }
                None => {
                    if let Some((_, value)) = fields.last_mut().filter(|_| line.starts_with(' ')) {
                        value.push(' ');
                        value.push_str(line.trim());
                    }
                }
            }
        }
        let fields: Dict = fields.into_iter().filter(|(_, value)| value != "None").collect();
        if let Some(name) = fields.get("name").map(Value::to_string) {
            all.push((name, fields));
        }
    }
    all
}

/// `pacman -Sy`: database → true (fetched), false (unchanged).
pub fn pacman_refresh(out: &str) -> Vec<(String, bool)> {
    let one = |line: &str| {
        let line = line.trim();
        if let Some(name) = line.strip_suffix("is up to date") {
            return Some((name.trim().to_owned(), false));
        }
        let name = line.strip_prefix("downloading ")?.split('.').next()?;
        Some((name.to_owned(), true))
    };
    out.lines().filter(|line| !line.starts_with("::")).filter_map(one).collect()
}
