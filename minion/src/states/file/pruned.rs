//! `file.pruned`, `file.tidied` and `file.retention_schedule`: what is old or empty goes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::{Datelike, Local, NaiveDate, NaiveDateTime, Timelike};
use data::loose::Flag;
use data::{Dict, Value};

use super::act::{Act, name_of, relative, well};
use super::util::expand_user;
use crate::exec::file::pattern;
use crate::exec::file::tree::Removed;
use crate::host::FileKind;
use crate::states::{Outcome, StateError};
use crate::{Ctx, args};

args! {
    /// Remove a directory when it is empty.
    ///
    /// ```yaml
    /// /srv/old:
    ///   file.pruned:
    ///     - recurse: True         # empty directories below it as well
    ///     - ignore_errors: True   # those that are empty, whatever the others are
    ///     - older_than: 30        # days
    /// ```
    ///
    /// Changes: `deleted`.
    pub(crate) struct Pruned {
        name: String,
        #[serde(default)]
        recurse: Flag,
        #[serde(default)]
        ignore_errors: Flag,
        #[serde(default)]
        older_than: Option<i64>,
    }

    /// Remove old or large files from a directory and those below it.
    ///
    /// ```yaml
    /// /var/log/app:
    ///   file.tidied:
    ///     - age: 30                           # days
    ///     - size: 10M                         # bytes, with a unit
    ///     - matches: ['.*\.log\.\d+$']        # regular expressions for names, or paths with full_path_match
    ///     - exclude: ['^keep']
    ///     - rmdirs: True                      # directories too
    /// ```
    ///
    /// Either is enough, unless `age_size_logical_operator: AND` or `age_size_only: age`. `time_comparison`: `atime`,
    /// `mtime` or `ctime`. `followlinks`: into directories behind links; `rmlinks: False` lets links stay. Changes:
    /// `removed`.
    pub(crate) struct Tidied {
        name: String,
        #[serde(default)]
        age: i64,
        #[serde(default)]
        matches: Value,
        #[serde(default)]
        rmdirs: Flag,
        #[serde(default)]
        size: Value,
        #[serde(default)]
        exclude: Value,
        #[serde(default)]
        full_path_match: Flag,
        #[serde(default)]
        followlinks: Flag,
        #[serde(default)]
        time_comparison: Value,
        #[serde(default)]
        age_size_logical_operator: Value,
        #[serde(default)]
        age_size_only: Value,
        #[serde(default = super::managed::yes)]
        rmlinks: Flag,
    }

    /// Keep so many backups of a directory per hour, day, week, month and year, and remove the others.
    ///
    /// ```yaml
    /// /var/backups/app:
    ///   file.retention_schedule:
    ///     - retain:
    ///         most_recent: 5
    ///         first_of_hour: 4
    ///         first_of_day: 7
    ///         first_of_week: 6
    ///         first_of_month: 6
    ///         first_of_year: all
    ///     - strptime_format: app_%Y%m%d_%H%M%S.tar.gz   # the time in the name; default: when it was changed
    /// ```
    ///
    /// Changes: `retained`, `deleted`, `ignored`.
    pub(crate) struct RetentionSchedule {
        name: String,
        retain: Dict,
        #[serde(default)]
        strptime_format: Option<String>,
        #[serde(default, rename = "timezone")]
        _timezone: Value,
    }
}

impl Act for Pruned {
    const FUN: &'static str = "file.pruned";

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let name = expand_user(ctx, &self.name);
        let path = Path::new(&name);
        let recurse = self.recurse.0 || self.ignore_errors.0;
        if !ctx.host.is_dir(path) {
            return well(format!("Directory {name} is not present"));
        }
        if ctx.test {
            return Ok(Outcome::new(None, format!("Directory {name} is set for removal"))
                .with_changes(Dict::new().with("deleted", name)));
        }
        let removed = Removed::of(ctx, path, recurse, self.older_than)?;
        let result = removed.is_well(path, recurse);
        let Removed { mut deleted, errors } = removed;
        if recurse && !deleted.is_empty() && (result || self.ignore_errors.0) {
            deleted.sort();
            return Ok(Outcome::new(
                Some(true),
                format!("Recursively removed empty directories under {name}"),
            )
            .with_changes(Dict::new().with("deleted", deleted)));
        }
        if result {
            let mut outcome = Outcome::new(Some(true), "");
            if !recurse {
                outcome.comment = format!("Removed directory {name}");
                outcome.changes.insert("deleted", name);
            }
            return Ok(outcome);
        }
        Ok(Outcome::new(Some(false), format!("Failed to remove directory {name}"))
            .with_changes(Dict::new().with("deleted", deleted).with("errors", errors)))
    }
}

/// Bytes of a size as people write it: `10M`, `4.5 GiB`.
fn bytes(size: &Value) -> Result<f64, StateError> {
    if let Some(number) = size.as_f64() {
        return Ok(number);
    }
    let text = size.to_string();
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim().to_lowercase();
    let Ok(number) = number.parse::<f64>() else { return Ok(0.0) };
    // `kb` is a thousand bytes, `k` and `kib` are 1024 of them.
    let letter = unit.chars().next().unwrap_or('b');
    let base = match unit.get(letter.len_utf8()..).unwrap_or_default() {
        "b" if letter != 'b' => 1000.0,
        "" => 1024.0,
        "ib" if letter != 'b' => 1024.0,
        _ => return Ok(0.0),
    };
    let power = "bkmgtpezy".find(letter).and_then(|at| i32::try_from(at).ok());
    Ok(power.map_or(0.0, |power| number * f64::powi(base, power)))
}

/// Something below a directory that is to be looked at, the innermost first.
fn below(ctx: &Ctx<'_>, dir: &Path, follow: bool, depth: usize, found: &mut Vec<PathBuf>) {
    let (mut dirs, mut files) = (Vec::new(), Vec::new());
    for name in ctx.host.list_dir(dir).unwrap_or_default() {
        let at = dir.join(name);
        if ctx.host.is_dir(&at) { dirs.push(at) } else { files.push(at) }
    }
    for inner in &dirs {
        // Links in a ring end somewhere.
        if (follow && depth < 64) || !ctx.host.is_link(inner) {
            below(ctx, inner, follow, depth + 1, found);
        }
    }
    found.extend(files);
    found.extend(dirs);
}

impl Tidied {
    fn regexes(given: &Value) -> Result<Vec<fancy_regex::Regex>, StateError> {
        let texts = match given {
            Value::None => Vec::new(),
            Value::List(list) => list.iter().map(Value::to_string).collect(),
            one => vec![one.to_string()],
        };
        texts.iter().map(|text| Ok(pattern::compile(text, 0, true)?)).collect()
    }

    /// What is to go.
    fn found(&self, ctx: &Ctx<'_>, name: &str) -> Result<Vec<String>, StateError> {
        let word = |value: &Value| value.as_str().map(str::to_lowercase).unwrap_or_default();
        let which = match word(&self.time_comparison).as_str() {
            "mtime" => 1,
            "ctime" => 2,
            _ => 0,
        };
        let (only, both) = (word(&self.age_size_only), word(&self.age_size_logical_operator) == "and");
        let size = if self.size.is_none() { 0.0 } else { bytes(&self.size)? };
        let mut matches = Self::regexes(&self.matches)?;
        if self.matches.is_none() {
            matches = Self::regexes(&".*".into())?;
        }
        let exclude = Self::regexes(&self.exclude)?;
        let fits = |regexes: &[fancy_regex::Regex], text: &str| -> Result<bool, StateError> {
            for regex in regexes {
                if pattern::found(regex, text)? {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        let day = |seconds: f64| {
            chrono::DateTime::from_timestamp(seconds as i64, 0).map(|t| t.with_timezone(&Local).date_naive())
        };
        let now: chrono::DateTime<Local> = ctx.host.now().into();
        let today = now.date_naive();
        let mut all = Vec::new();
        below(ctx, Path::new(name), self.followlinks.0, 0, &mut all);
        let mut found = Vec::new();
        for at in all {
            let Ok(Some(own)) = ctx.host.lstat(&at) else { continue };
            let (stat, wanted, bytes) = if own.kind == FileKind::Symlink {
                (own, self.rmlinks.0, 0)
            } else if own.kind == FileKind::Dir {
                (own, self.rmdirs.0, 0)
            } else {
                let size = own.size;
                (own, true, size)
            };
            let age = stat.times.get(which).and_then(|t| day(*t)).map_or(0, |d| (today - d).num_days().abs());
            let (old, large) = (age >= self.age, bytes as f64 >= size);
            let counts = match only.as_str() {
                "age" => old,
                "size" => large,
                _ if both => old && large,
                _ => old || large,
            };
            let path = at.display().to_string();
            let text = if self.full_path_match.0 {
                path.clone()
            } else {
                at.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
            };
            if counts && wanted && fits(&matches, &text)? && !fits(&exclude, &text)? {
                found.push(path);
            }
        }
        Ok(found)
    }
}

impl Act for Tidied {
    const FUN: &'static str = "file.tidied";
    const KWARGS: bool = true;

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let name = expand_user(ctx, &self.name);
        if !name.starts_with('/') {
            return Err(StateError::refused(relative(&name)));
        }
        if !ctx.host.is_dir(Path::new(&name)) {
            return Err(StateError::refused(format!("{name} does not exist or is not a directory.")));
        }
        let found = self.found(ctx, &name)?;
        if found.is_empty() {
            return well(format!("Nothing to remove from directory {name}"));
        }
        if ctx.test {
            return Ok(Outcome::new(None, format!("{name} is set for tidy"))
                .with_changes(Dict::new().with("removed", found)));
        }
        let mut removed: Vec<String> = Vec::new();
        for path in &found {
            if let Err(error) = ctx.host.remove_all(Path::new(path)) {
                let changes = Dict::new().with("removed", removed);
                return Err(StateError::after(error.to_string(), changes));
            }
            removed.push(path.clone());
        }
        let comment = format!("Removed {} files or directories from directory {name}", found.len());
        Ok(Outcome::new(Some(true), comment).with_changes(Dict::new().with("removed", removed)))
    }
}

/// Files by the parts of their times, the last part to the millisecond and more.
type ByTime<'a> = BTreeMap<Vec<i64>, &'a str>;

/// The first of each of the `n` last groups of files whose times have the first `depth` parts in common.
fn firsts<'a>(files: &ByTime<'a>, depth: usize, n: usize) -> BTreeSet<&'a str> {
    let mut groups: BTreeMap<&[i64], &str> = BTreeMap::new();
    for (time, file) in files {
        groups.entry(time.get(..depth).unwrap_or(time)).or_insert(file);
    }
    groups.into_values().rev().take(n).collect()
}

impl RetentionSchedule {
    fn time(&self, ctx: &Ctx<'_>, dir: &Path, file: &str) -> Option<NaiveDateTime> {
        if let Some(format) = &self.strptime_format {
            let parsed = NaiveDateTime::parse_from_str(file, format);
            return parsed.ok().or_else(|| {
                NaiveDate::parse_from_str(file, format).ok().and_then(|day| day.and_hms_opt(0, 0, 0))
            });
        }
        let mtime = ctx.host.lstat(&dir.join(file)).ok()??.mtime();
        let nanos = (mtime.fract() * 1e9) as u32;
        let time = chrono::DateTime::from_timestamp(mtime.trunc() as i64, nanos)?;
        Some(time.with_timezone(&Local).naive_local())
    }
}

impl Act for RetentionSchedule {
    const FUN: &'static str = "file.retention_schedule";

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let name = name_of(ctx, &self.name, Self::FUN)?;
        let dir = Path::new(&name);
        if !ctx.host.is_dir(dir) {
            return Err(StateError::refused("Name provided to file.retention must be a directory"));
        }
        let files = ctx.host.list_dir(dir)?;
        let (mut by_day, mut by_week) = (ByTime::new(), ByTime::new());
        let (mut relevant, mut ignored) = (BTreeSet::new(), BTreeSet::from([".", ".."]));
        for file in &files {
            let Some(time) = self.time(ctx, dir, file) else {
                ignored.insert(file.as_str());
                continue;
            };
            let exact = time.and_utc().timestamp_micros();
            let parts = [time.month(), time.day(), time.hour()].map(i64::from);
            by_day.insert([&[i64::from(time.year())], &parts[..], &[exact]].concat(), file);
            let (week, weekday) = (time.iso_week().week(), time.weekday().num_days_from_monday());
            by_week.insert(vec![time.year().into(), week.into(), weekday.into(), exact], file);
            relevant.insert(file.as_str());
        }
        let mut retained = BTreeSet::new();
        for (rule, count) in &self.retain {
            let count = match count.as_int() {
                Some(count) => usize::try_from(count).unwrap_or(0),
                None if count.as_str() == Some("all") => usize::MAX,
                None => count.to_string().trim().parse().map_err(|_| {
                    let problem = format!("invalid literal for int() with base 10: '{count}'");
                    StateError::raised("ValueError", problem)
                })?,
            };
            let depth = match rule.as_str().unwrap_or_default() {
                "first_of_year" => 1,
                "first_of_month" => 2,
                "first_of_day" => 3,
                "first_of_hour" => 4,
                "most_recent" => 5,
                "first_of_week" => {
                    // One more, as Salt has it: the week that goes on is not over.
                    retained.extend(firsts(&by_week, 2, count.saturating_add(1)));
                    continue;
                }
                other => return Err(StateError::raised("KeyError", format!("'{other}'"))),
            };
            retained.extend(firsts(&by_day, depth, count));
        }
        let list = |of: BTreeSet<&str>| of.into_iter().rev().map(str::to_owned).collect::<Vec<String>>();
        let deleted = list(relevant.difference(&retained).copied().collect());
        let how = if ctx.test { "would have been removed" } else { "were removed" };
        let mut outcome = Outcome::new(Some(true), format!("{} backups {how} from {name}.\n", deleted.len()));
        if deleted.is_empty() {
            return Ok(outcome);
        }
        if ctx.test {
            outcome.result = None;
        } else {
            for file in &deleted {
                ctx.host.remove_all(&dir.join(file))?;
            }
        }
        outcome.changes = Dict::new()
            .with("retained", list(retained))
            .with("deleted", deleted)
            .with("ignored", list(ignored));
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_as_people_write_them() {
        for (text, want) in
            [("10", 10.0), ("2K", 2048.0), ("1MB", 1e6), ("1MiB", 1_048_576.0), ("0.5k", 512.0), ("5 x", 0.0)]
        {
            assert_eq!(bytes(&text.into()).unwrap(), want, "{text}");
        }
    }
}
