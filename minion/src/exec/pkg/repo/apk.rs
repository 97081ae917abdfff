//! Repositories of Alpine: lines of `/etc/apk/repositories`. Salt knows none; here the name is the line.

use std::path::Path;

use data::{Dict, Value};

use super::{Change, flag};
use crate::Ctx;
use crate::exec::pkg::{PkgError, PkgResult};

const FILE: &str = "/etc/apk/repositories";

/// A repository that a line names: `@tag`, URL, and whether it is behind a `#`.
fn parsed(line: &str) -> Option<(String, bool)> {
    let line = line.trim();
    let (line, disabled) = line.strip_prefix('#').map_or((line, false), |rest| (rest.trim(), true));
    let url = line.split_whitespace().last()?;
    let is_one = line.split_whitespace().count() <= 2
        && (url.contains("://") || url.starts_with('/'))
        && (line == url || line.starts_with('@'));
    is_one.then(|| (line.split_whitespace().collect::<Vec<_>>().join(" "), disabled))
}

fn read(ctx: &Ctx<'_>) -> PkgResult<String> {
    let data = ctx.host.read_opt(Path::new(FILE))?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&data).into_owned())
}

fn shown(line: &str, disabled: bool) -> Dict {
    Dict::new().with("file", FILE).with("line", line).with("disabled", disabled).with("enabled", !disabled)
}

/// As `pkg.list_repos` shows them: line → what there is to it.
pub(super) fn all(ctx: &Ctx<'_>) -> PkgResult<Dict> {
    let text = read(ctx)?;
    Ok(text
        .lines()
        .filter_map(parsed)
        .map(|(line, off)| (line.clone(), Value::from(shown(&line, off))))
        .collect())
}

pub(super) fn get(ctx: &Ctx<'_>, repo: &str) -> PkgResult<Dict> {
    let (wanted, _) = valid(repo)?;
    let text = read(ctx)?;
    let found = text.lines().filter_map(parsed).find(|(line, _)| *line == wanted);
    Ok(found.map(|(line, off)| shown(&line, off)).unwrap_or_default())
}

fn valid(repo: &str) -> PkgResult<(String, bool)> {
    parsed(repo).filter(|_| !repo.contains('\n')).ok_or_else(|| {
        PkgError::Refused(format!("'{repo}' is not a repository of apk: an URL, or @tag and an URL"))
    })
}

pub(super) fn plan(ctx: &Ctx<'_>, repo: &str, args: &Dict) -> PkgResult<Option<Change>> {
    let (wanted, off) = valid(repo)?;
    let off = flag(args, "disabled").or_else(|| flag(args, "enabled").map(|on| !on)).unwrap_or(off);
    let text = read(ctx)?;
    let written = if off { format!("#{wanted}") } else { wanted.clone() };
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut changes = Dict::new();
    match lines.iter_mut().find(|line| parsed(line).is_some_and(|(line, _)| line == wanted)) {
        Some(line) if parsed(line).is_some_and(|(_, is)| is == off) => return Ok(None),
        Some(line) => {
            *line = written;
            changes.insert("disabled", Dict::new().with("new", off).with("old", !off));
        }
        None => {
            lines.push(written);
            changes.insert("repo", repo);
        }
    }
    let refresh = ["refresh_db", "refresh"].iter().find_map(|key| flag(args, key)).unwrap_or(true);
    let mut change = Change { changes, refresh, ..Change::default() };
    change.write(FILE, lines.iter().map(|line| format!("{line}\n")).collect());
    Ok(Some(change))
}

pub(super) fn plan_removal(ctx: &Ctx<'_>, repo: &str) -> PkgResult<Option<Change>> {
    let (gone, _) = valid(repo)?;
    let text = read(ctx)?;
    let left: Vec<&str> =
        text.lines().filter(|line| parsed(line).is_none_or(|(line, _)| line != gone)).collect();
    if left.len() == text.lines().count() {
        return Ok(None);
    }
    let mut change = Change { changes: Dict::new().with("repo", repo), refresh: true, ..Change::default() };
    change.write(FILE, left.iter().map(|line| format!("{line}\n")).collect());
    Ok(Some(change))
}
