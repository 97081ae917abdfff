//! The copies that `backup: minion` keeps, and the files that processes have open.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::NaiveDateTime;
use data::loose::Flag;
use data::{Dict, Value};

use super::{expanded, os_text};
use crate::exec::{ExecError, ExecFn};
use crate::states::file::util::back_up;
use crate::{Ctx, args};

args! {
    /// List the copies that were kept of a file, the newest first. limit: how many at most.
    ///
    /// CLI Example: `rsalt '*' file.list_backups /foo/bar/baz.txt`
    pub(crate) struct ListBackups {
        path: String,
        #[serde(default)]
        limit: Value,
    }

    /// List the copies that were kept of all files of a directory.
    ///
    /// CLI Example: `rsalt '*' file.list_backups_dir /foo/bar/baz/`
    pub(crate) struct ListBackupsDir {
        path: String,
        #[serde(default)]
        limit: Value,
    }

    /// Bring a copy back that was kept of a file; what is there is kept first.
    ///
    /// CLI Example: `rsalt '*' file.restore_backup /foo/bar/baz.txt 0`
    pub(crate) struct RestoreBackup {
        path: String,
        backup_id: Value,
    }

    /// Remove a copy that was kept of a file.
    ///
    /// CLI Example: `rsalt '*' file.delete_backup /var/cache/salt/minion/file_backup/home/foo/bar/baz.txt 0`
    pub(crate) struct DeleteBackup {
        path: String,
        backup_id: Value,
    }

    /// Return the open files and the processes that have them; by_pid: the other way round.
    ///
    /// CLI Example: `rsalt '*' file.open_files`
    pub(crate) struct OpenFiles {
        #[serde(default)]
        by_pid: Flag,
    }
}

/// A copy that was kept.
struct Kept {
    at: PathBuf,
    size: u64,
    time: NaiveDateTime,
}

impl Kept {
    fn told(&self) -> Value {
        let time = format!(
            "{}{:06}",
            self.time.format("%a %b %d %Y %H:%M:%S."),
            self.time.and_utc().timestamp_subsec_micros()
        );
        Dict::new()
            .with("Backup Time", time)
            .with("Size", self.size)
            .with("Location", self.at.display().to_string())
            .into()
    }
}

/// When a copy was made, by what is in its name after the file's: `Sat_Nov_21_05:29:55_123456_2026`.
fn time_in(rest: &str) -> Option<NaiveDateTime> {
    let parts: Vec<&str> = rest.split('_').collect();
    let [_, month, day, time, micros, year] = parts.as_slice() else { return None };
    let text = format!("{year} {month} {day} {time}.{micros}");
    NaiveDateTime::parse_from_str(&text, "%Y %b %d %H:%M:%S%.f").ok()
}

/// The directory that the copies of the files of a directory are in.
fn room(ctx: &Ctx<'_>, dir: &Path) -> PathBuf {
    let cachedir = ctx.opt("cachedir").map(|dir| dir.to_string()).unwrap_or_default();
    Path::new(&cachedir).join("file_backup").join(dir.strip_prefix("/").unwrap_or(dir))
}

/// The copies of a file, the newest first.
fn kept(ctx: &Ctx<'_>, room: &Path, name: &str) -> Vec<Kept> {
    let prefix = format!("{name}_");
    let mut found = Vec::new();
    for entry in ctx.host.list_dir(room).unwrap_or_default() {
        let Some(time) = entry.strip_prefix(&prefix).and_then(time_in) else { continue };
        let at = room.join(&entry);
        if let Ok(Some(stat)) = ctx.host.stat(&at) {
            found.push(Kept { at, size: stat.size, time });
        }
    }
    found.sort_by_key(|kept| std::cmp::Reverse(kept.time));
    found
}

/// The copies under their numbers.
fn numbered(mut found: Vec<Kept>, limit: &Value) -> Dict {
    let limit = limit.as_int().or_else(|| limit.as_str().and_then(|text| text.trim().parse().ok()));
    if let Some(limit) = limit.and_then(|limit| usize::try_from(limit).ok()) {
        found.truncate(limit);
    }
    found.iter().enumerate().map(|(at, kept)| (Value::from(at), kept.told())).collect()
}

fn of_file(ctx: &Ctx<'_>, path: &Path) -> Vec<Kept> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    kept(ctx, &room(ctx, path.parent().unwrap_or(path)), &name)
}

impl ExecFn for ListBackups {
    const FUN: &'static str = "file.list_backups";
    const SIGNATURE: &'static str = "path, limit=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(numbered(of_file(ctx, &expanded(ctx, &self.path)), &self.limit).into())
    }
}

impl ExecFn for ListBackupsDir {
    const FUN: &'static str = "file.list_backups_dir";
    const SIGNATURE: &'static str = "path, limit=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let room = room(ctx, &expanded(ctx, self.path.trim_end_matches('/')));
        let names: BTreeSet<String> = ctx
            .host
            .list_dir(&room)
            .unwrap_or_default()
            .iter()
            .filter_map(|entry| entry.split('_').next().map(str::to_owned))
            .collect();
        let all = names.into_iter().map(|name| {
            let found = numbered(kept(ctx, &room, &name), &self.limit);
            (Value::from(name), Value::from(found))
        });
        Ok(all.collect::<Dict>().into())
    }
}

fn told(result: bool, comment: String) -> Value {
    Dict::new().with("result", result).with("comment", comment).into()
}

/// The copy that a number means; otherwise what there is to say.
fn chosen(ctx: &Ctx<'_>, path: &Path, id: &Value) -> Result<Kept, Value> {
    let text = id.to_string();
    let number = text.parse::<usize>().ok().filter(|number| number.to_string() == text);
    let number = number.ok_or_else(|| told(false, format!("Invalid backup_id '{id}'")))?;
    let found = of_file(ctx, path).into_iter().nth(number);
    found.ok_or_else(|| told(false, format!("backup_id '{id}' does not exist for {}", path.display())))
}

impl ExecFn for RestoreBackup {
    const FUN: &'static str = "file.restore_backup";
    const SIGNATURE: &'static str = "path, backup_id";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let path = expanded(ctx, &self.path);
        let kept = match chosen(ctx, &path, &self.backup_id) {
            Ok(kept) => kept,
            Err(said) => return Ok(said),
        };
        let (from, to) = (kept.at.display(), path.display());
        back_up(ctx, &path.display().to_string(), "minion")?;
        match ctx.host.copy(&kept.at, &path, None) {
            Ok(()) => Ok(told(true, format!("Successfully restored {from} to {to}"))),
            Err(error) => {
                Ok(told(false, format!("Unable to restore {from} to {to}: {}", os_text(&error, &path))))
            }
        }
    }
}

impl ExecFn for DeleteBackup {
    const FUN: &'static str = "file.delete_backup";
    const SIGNATURE: &'static str = "path, backup_id";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let kept = match chosen(ctx, &expanded(ctx, &self.path), &self.backup_id) {
            Ok(kept) => kept,
            Err(said) => return Ok(said),
        };
        let at = kept.at.display();
        Ok(match ctx.host.remove_file(&kept.at) {
            Ok(()) => told(true, format!("Successfully removed {at}")),
            Err(error) => told(false, format!("Unable to remove {at}: {}", os_text(&error, &kept.at))),
        })
    }
}

impl ExecFn for OpenFiles {
    const FUN: &'static str = "file.open_files";
    const SIGNATURE: &'static str = "by_pid=False";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let mut by_pid: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
        let list = |dir: &Path| ctx.host.list_dir(dir).unwrap_or_default();
        for pid in list(Path::new("/proc")).iter().filter_map(|name| name.parse::<u32>().ok()) {
            let home = PathBuf::from(format!("/proc/{pid}"));
            let own = by_pid.entry(pid).or_default();
            let open = list(&home.join("fd")).into_iter().map(|fd| home.join("fd").join(fd));
            for link in open.chain([home.join("exe")]) {
                if let Ok(target) = ctx.host.readlink(&link)
                    && ctx.host.exists(&target)
                {
                    own.insert(target.display().to_string());
                }
            }
        }
        if self.by_pid.0 {
            let told = by_pid.into_iter().map(|(pid, files)| {
                (Value::from(pid), Value::from(files.into_iter().collect::<Vec<String>>()))
            });
            return Ok(told.collect::<Dict>().into());
        }
        let mut files: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for (pid, open) in by_pid {
            for file in open {
                files.entry(file).or_default().push(pid);
            }
        }
        Ok(files
            .into_iter()
            .map(|(file, pids)| (Value::from(file), Value::from(pids)))
            .collect::<Dict>()
            .into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_in_the_name() {
        let time = time_in("Sat_Nov_21_05:29:55_123456_2026").unwrap();
        assert_eq!(time.to_string(), "2026-11-21 05:29:55.123456");
        assert!(time_in("bak").is_none());
    }
}
