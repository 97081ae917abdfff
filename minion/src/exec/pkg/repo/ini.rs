//! Repositories of dnf, yum and zypper: sections of `.repo` files.

use std::path::Path;

use data::{Dict, Value};

use super::{Change, flag, text};
use crate::Ctx;
use crate::exec::pkg::{PkgError, PkgResult};
use crate::host::Host;

const LINKS: [&str; 3] = ["baseurl", "mirrorlist", "metalink"];

/// A file: comments above, and sections with their fields and comments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RepoFile {
    /// Where it is.
    pub path: String,
    header: Vec<String>,
    sections: Vec<Section>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Section {
    name: String,
    fields: Vec<(String, String)>,
    comments: Vec<String>,
}

impl Section {
    fn get(&self, key: &str) -> Option<&str> {
        self.fields.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    fn set(&mut self, key: &str, value: String) {
        match self.fields.iter_mut().find(|(k, _)| k == key) {
            Some((_, old)) => *old = value,
            None => self.fields.push((key.to_owned(), value)),
        }
    }

    fn shown(&self) -> Dict {
        let mut out: Dict = self.fields.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        if !self.comments.is_empty() {
            out.insert("comments", self.comments.clone());
        }
        out
    }
}

impl RepoFile {
    /// Reads it. Names of fields are in lower case, as configparser has them.
    pub(super) fn parse(path: &str, content: &str) -> RepoFile {
        let mut out = RepoFile { path: path.to_owned(), ..RepoFile::default() };
        for line in content.lines() {
            let trimmed = line.trim();
            if let Some(comment) = trimmed.strip_prefix('#') {
                match out.sections.last_mut() {
                    Some(section) => section.comments.push(comment.trim_start().to_owned()),
                    None => out.header.push(trimmed.to_owned()),
                }
            } else if let Some(name) = trimmed.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
                out.sections.push(Section { name: name.to_owned(), ..Section::default() });
            } else if let Some(section) = out.sections.last_mut().filter(|_| !trimmed.is_empty()) {
                match (
                    line.starts_with([' ', '\t']),
                    trimmed.split_once(['=', ':']),
                    section.fields.last_mut(),
                ) {
                    (true, _, Some((_, value))) => {
                        value.push('\n');
                        value.push_str(trimmed);
                    }
                    (_, Some((key, value)), _) => {
                        section.fields.push((key.trim().to_lowercase(), value.trim().to_owned()));
                    }
                    _ => {}
                }
            }
        }
        out
    }

    /// As it is written.
    pub(super) fn text(&self) -> String {
        let mut out: String = self.header.iter().map(|line| format!("{line}\n")).collect();
        for section in &self.sections {
            out.push_str(&format!("[{}]\n", section.name));
            for (key, value) in &section.fields {
                out.push_str(&format!("{key}={}\n", value.replace('\n', "\n ")));
            }
            section.comments.iter().for_each(|comment| out.push_str(&format!("# {comment}\n")));
            out.push('\n');
        }
        out
    }

    /// As `pkg.list_repos` shows it: section → fields.
    pub(super) fn shown(&self) -> Vec<(String, Dict)> {
        self.sections.iter().map(|section| (section.name.clone(), section.shown())).collect()
    }
}

/// The directories of repositories, by the configuration of dnf or yum, or zypper's own.
fn dirs(ctx: &Ctx<'_>, args: &Dict) -> PkgResult<Vec<String>> {
    let split =
        |text: &str| text.split(',').map(|dir| dir.trim().to_owned()).filter(|dir| !dir.is_empty()).collect();
    if let Some(dirs) = text(args, "basedir") {
        return Ok(split(&dirs));
    }
    if ctx.grain_str("os_family") == "Suse" {
        return Ok(vec!["/etc/zypp/repos.d".to_owned()]);
    }
    for path in ["/etc/yum/yum.conf", "/etc/yum.conf", "/etc/dnf/dnf.conf", "/etc/tdnf/tdnf.conf"] {
        let Some(data) = ctx.host.read_opt(Path::new(path))? else { continue };
        let conf = RepoFile::parse(path, &String::from_utf8_lossy(&data));
        let main = conf.sections.iter().find(|section| section.name == "main");
        if let Some(dirs) = main.and_then(|main| main.get("reposdir")) {
            return Ok(split(dirs));
        }
        break;
    }
    Ok(vec!["/etc/yum/repos.d".to_owned(), "/etc/yum.repos.d".to_owned()])
}

fn files_of(host: &dyn Host, dirs: &[String]) -> PkgResult<Vec<RepoFile>> {
    let mut out = Vec::new();
    for dir in dirs.iter().filter(|dir| host.is_dir(Path::new(dir))) {
        for name in host.list_dir(Path::new(dir))?.iter().filter(|name| name.ends_with(".repo")) {
            let path = format!("{dir}/{name}");
            let data = host.read(Path::new(&path))?;
            out.push(RepoFile::parse(&path, &String::from_utf8_lossy(&data)));
        }
    }
    Ok(out)
}

/// All files of repositories.
pub(super) fn files(ctx: &Ctx<'_>, args: &Dict) -> PkgResult<Vec<RepoFile>> {
    files_of(ctx.host, &dirs(ctx, args)?)
}

/// As `pkg.get_repo` shows it; empty when there is none.
pub(super) fn get(ctx: &Ctx<'_>, repo: &str, args: &Dict) -> PkgResult<Dict> {
    let all = files(ctx, args)?;
    let found = all.iter().flat_map(|file| &file.sections).find(|section| section.name == repo);
    Ok(found.map(Section::shown).unwrap_or_default())
}

fn checked(repo: &str, args: &Dict) -> PkgResult<()> {
    if repo.starts_with("copr:") || args.get("copr").is_some_and(Value::is_true) {
        return Err(PkgError::Refused(
            "copr is not supported: name the repository with its baseurl and gpgkey".to_owned(),
        ));
    }
    if repo.is_empty() || repo.contains(['/', '\n', '[', ']']) {
        return Err(PkgError::Refused(format!("'{repo}' is not the ID of a repository")));
    }
    Ok(())
}

/// A value as a `.repo` file has it.
fn written(value: &Value) -> String {
    match value {
        Value::Bool(truth) => if *truth { "1" } else { "0" }.to_owned(),
        Value::List(lines) => lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n"),
        other => other.to_string().trim().to_owned(),
    }
}

/// Whether two values say the same: truths in any word.
fn same(a: &str, b: &str) -> bool {
    let truth = |text: &str| match text.to_ascii_lowercase().as_str() {
        "1" | "yes" | "true" | "on" => Some(true),
        "0" | "no" | "false" | "off" => Some(false),
        _ => None,
    };
    a == b || truth(a).is_some_and(|a| truth(b) == Some(a))
}

/// What a call asks for: fields with their values, and those that are to be gone.
fn wanted(args: &Dict) -> (Vec<(String, String)>, Vec<String>) {
    const NOT_IN_FILES: &[&str] = &[
        "aptkey",
        "allow_insecure_key",
        "basedir",
        "clean_file",
        "comments",
        "consolidate",
        "copr",
        "disabled",
        "enabled",
        "file",
        "humanname",
        "key_text",
        "key_url",
        "keyid",
        "keyserver",
        "name",
        "ppa",
        "refresh_db",
        "repo",
        "strict_config",
        "gpgautoimport",
        "root",
    ];
    let (mut set, mut gone) = (Vec::new(), Vec::new());
    for (key, value) in args.iter().map(|(key, value)| (key.to_string(), value)) {
        if NOT_IN_FILES.contains(&key.as_str()) || key == "refresh" {
            continue;
        }
        match value.is_true() || matches!(value, Value::Bool(_) | Value::Int(_)) {
            true => set.push((key.to_lowercase(), written(value))),
            false => gone.push(key.to_lowercase()),
        }
    }
    (set, gone)
}

/// What is to be done for a repository; none when it is as it should be.
pub(super) fn plan(ctx: &Ctx<'_>, repo: &str, args: &Dict) -> PkgResult<Option<Change>> {
    checked(repo, args)?;
    let (mut set, mut gone) = wanted(args);
    if set.iter().filter(|(key, _)| LINKS.contains(&key.as_str())).count() > 1 {
        return Err(PkgError::Argument(format!("One and only one of {} can be used", LINKS.join(", "))));
    }
    let dirs = dirs(ctx, args)?;
    let mut files = files_of(ctx.host, &dirs)?;
    let human = text(args, "humanname");
    let enabled = match (flag(args, "enabled"), flag(args, "disabled")) {
        (Some(enabled), _) => Some(enabled),
        (None, Some(disabled)) => Some(!disabled),
        (None, None) => None,
    };
    set.extend(enabled.map(|on| ("enabled".to_owned(), written(&on.into()))));
    let place = files.iter().position(|file| file.sections.iter().any(|section| section.name == repo));
    let is_new = place.is_none();
    let place = match place {
        Some(place) => place,
        None => {
            let Some(dir) = dirs.iter().find(|dir| ctx.host.is_dir(Path::new(dir))) else {
                return Err(PkgError::Argument(format!(
                    "The repo does not exist and needs to be created, but none of the following basedir directories \
                     exist: {}",
                    Value::from(dirs)
                )));
            };
            if !set.iter().any(|(key, _)| LINKS.contains(&key.as_str())) {
                return Err(PkgError::Argument(format!(
                    "The repo does not exist and needs to be created, but none of {} was given",
                    LINKS.join(", ")
                )));
            }
            let path = text(args, "file").unwrap_or_else(|| format!("{dir}/{repo}.repo"));
            let place = files.iter().position(|file| file.path == path).unwrap_or_else(|| {
                files.push(RepoFile { path, ..RepoFile::default() });
                files.len() - 1
            });
            if let Some(file) = files.get_mut(place) {
                file.sections.push(Section { name: repo.to_owned(), ..Section::default() });
            }
            place
        }
    };
    let Some(file) = files.get_mut(place) else { return Ok(None) };
    let Some(section) = file.sections.iter_mut().find(|section| section.name == repo) else {
        return Ok(None);
    };
    let name = human.or_else(|| text(args, "name")).filter(|name| is_new || name != repo);
    set.extend(name.map(|name| ("name".to_owned(), name)));
    if let Some((link, _)) = set.iter().find(|(key, _)| LINKS.contains(&key.as_str())) {
        gone.extend(LINKS.iter().filter(|other| **other != link.as_str()).map(|other| (*other).to_owned()));
    } else if gone.iter().any(|key| section.get(key).is_some() && LINKS.contains(&key.as_str())) {
        return Err(PkgError::Argument(
            "Cannot delete the link of a repo without specifying another".to_owned(),
        ));
    }
    let before = section.clone();
    for (key, value) in set {
        // What is not written is on.
        let is = before.get(&key).or((key == "enabled" && !is_new).then_some("1"));
        if !is.is_some_and(|is| same(is, &value)) {
            section.set(&key, value);
        }
    }
    section.fields.retain(|(key, _)| !gone.contains(key));
    if let Some(comments) = args.get("comments").filter(|c| c.is_true()) {
        let bare = |line: &Value| line.to_string().trim_start_matches('#').trim_start().to_owned();
        section.comments = match comments {
            Value::List(lines) => lines.iter().map(bare).collect(),
            one => vec![bare(one)],
        };
    }
    if *section == before && !is_new {
        return Ok(None);
    }
    let mut change = Change::default();
    if is_new {
        change.changes.insert("repo", repo);
    } else {
        let (old, new) = (before.shown(), section.shown());
        for key in new.keys().chain(old.keys()).map(ToString::to_string) {
            if old.get(&key) != new.get(&key) {
                let value = |of: &Dict| of.get(&key).cloned().unwrap_or_default();
                change
                    .changes
                    .insert(key.as_str(), Dict::new().with("new", value(&new)).with("old", value(&old)));
            }
        }
    }
    change.write(&file.path, file.text());
    Ok(Some(change))
}

/// What is to be done for a repository to be gone; none when there is none.
pub(super) fn plan_removal(ctx: &Ctx<'_>, repo: &str, args: &Dict) -> PkgResult<Option<Change>> {
    checked(repo, args)?;
    for mut file in files(ctx, args)? {
        let count = file.sections.len();
        file.sections.retain(|section| section.name != repo);
        if file.sections.len() == count {
            continue;
        }
        let mut change = Change { changes: Dict::new().with("repo", repo), ..Change::default() };
        match file.sections.is_empty() {
            true => change.remove(&file.path),
            false => change.write(&file.path, file.text()),
        }
        return Ok(Some(change));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written() {
        let text = "# from the image\n[base]\nname=CentOS $releasever\nbaseurl=http://a/\n http://b/\ngpgcheck=1\n# a note\n\n\
                    [extras]\nname=Extras\nenabled=0\n\n";
        let file = RepoFile::parse("/etc/yum.repos.d/a.repo", text);
        assert_eq!(file.text(), text);
        let all = file.shown();
        assert_eq!(all[0].1.get("baseurl").map(ToString::to_string), Some("http://a/\nhttp://b/".to_owned()));
        assert_eq!(all[1].0, "extras");
    }
}
