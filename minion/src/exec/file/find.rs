//! `file.find`: what `find` does, with Salt's options.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use data::{Dict, Value};
use fancy_regex::Regex;

use super::{glob, names, path, pattern};
use crate::exec::{ExecError, ExecFn, words};
use crate::hash::{self, Kind};
use crate::host::{Cmd, FileKind, HostError, Stat};
use crate::states::file::util::expand_user;
use crate::{Ctx, args};

args! {
    /// Find files below the paths that match a glob. All criteria must hold.
    ///
    /// name, iname: globs for the name; regex, iregex: regular expressions for it. type: of `bcdflps`. owner,
    /// group: names or numbers. size: `+1k` at least, `-1m` at most, `5` exactly. mtime: `3d`, `-1h30m`: changed
    /// longer ago, more recently. grep: a regular expression in the content. mindepth, maxdepth: how deep.
    /// What is done with the found: print (of `group md5 mode mtime name path size type user`), exec (a command, `{}` is
    /// the path), delete (types, `a` for all); test: delete nothing.
    ///
    /// CLI Example: `rsalt '*' file.find /var/log name=\*.[0-9] mtime=+30d size=+10m print=path,size,mtime`
    pub(crate) struct Find {
        path: String,
        #[serde(default)]
        args: Vec<Value>,
        #[serde(default)]
        kwargs: Dict,
    }
}

/// What must hold.
enum Criterion {
    Name(Regex),
    Kind(Vec<FileKind>),
    Owner(Vec<u32>),
    Group(Vec<u32>),
    Size(u64, u64),
    /// Seconds since the epoch; whether it must be changed since.
    Changed(f64, bool),
    Grep(Regex),
}

/// What is done.
enum Action {
    Print(Vec<String>),
    Delete,
    Exec(String),
}

struct Finder<'a> {
    ctx: &'a Ctx<'a>,
    criteria: Vec<Criterion>,
    actions: Vec<Action>,
    least: i64,
    most: Option<i64>,
    test: bool,
    found: Vec<Value>,
}

impl ExecFn for Find {
    const FUN: &'static str = "file.find";
    const SIGNATURE: &'static str = "path, *args, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let mut options = self.kwargs;
        for (word, value) in [("delete", "f"), ("print", "path")] {
            if self.args.iter().any(|arg| arg.as_str() == Some(word)) {
                options.insert(word, value);
                break;
            }
        }
        let mut finder = match Finder::new(ctx, &options) {
            Ok(finder) => finder,
            Err(Wrong::Option(problem)) => return Ok(format!("error: {problem}").into()),
            Err(Wrong::Call(error)) => return Err(error),
        };
        for at in glob(ctx, &expand_user(ctx, &self.path)) {
            if finder.least < 1 {
                finder.look(&at)?;
            }
            if ctx.host.is_dir(&at) {
                finder.walk(&at, 1)?;
            }
        }
        finder.found.sort_by(order);
        Ok(finder.found.into())
    }
}

/// What is wrong with the options: Salt returns that, it does not raise.
enum Wrong {
    Option(String),
    Call(ExecError),
}

impl From<ExecError> for Wrong {
    fn from(error: ExecError) -> Self {
        Wrong::Call(error)
    }
}

/// As Python sorts texts, and lists of texts and numbers.
fn order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::List(a), Value::List(b)) => {
            let first = a.iter().zip(b.iter()).map(|(a, b)| order(a, b)).find(|order| order.is_ne());
            first.unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        _ => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => a.to_string().cmp(&b.to_string()),
        },
    }
}

fn kind_of(letter: char) -> Option<FileKind> {
    Some(match letter {
        'b' => FileKind::BlockDev,
        'c' => FileKind::CharDev,
        'd' => FileKind::Dir,
        'f' => FileKind::File,
        'l' => FileKind::Symlink,
        'p' => FileKind::Fifo,
        's' => FileKind::Socket,
        _ => return None,
    })
}

fn letter_of(kind: FileKind) -> &'static str {
    match kind {
        FileKind::BlockDev => "b",
        FileKind::CharDev => "c",
        FileKind::Dir => "d",
        FileKind::File => "f",
        FileKind::Symlink => "l",
        FileKind::Fifo => "p",
        FileKind::Socket => "s",
    }
}

fn kinds(text: &str) -> Result<Vec<FileKind>, Wrong> {
    let letters = text.chars().filter(|c| !c.is_whitespace() && *c != ',');
    letters.map(|c| kind_of(c).ok_or_else(|| Wrong::Option(format!("invalid file type \"{c}\"")))).collect()
}

/// Ids by name or number, separated by commas or blanks.
fn ids(
    text: &str,
    what: &str,
    id: impl Fn(&Value) -> Result<Option<u32>, ExecError>,
) -> Result<Vec<u32>, Wrong> {
    let words = text.split([',', ' ']).filter(|word| !word.is_empty());
    words
        .map(|word| match word.parse() {
            Ok(number) => Ok(number),
            Err(_) => id(&word.into())?.ok_or_else(|| Wrong::Option(format!("no such {what} \"{word}\""))),
        })
        .collect()
}

/// `+1k` at least, `-1m` at most, `5` exactly; with a unit, anything that rounds down to it.
fn size(text: &str) -> Option<(u64, u64)> {
    let trimmed = text.trim();
    let (style, rest) = match trimmed.chars().next() {
        Some(sign @ ('+' | '-')) => (Some(sign), trimmed.get(1..)?),
        _ => (None, trimmed),
    };
    let unit = match rest.chars().last()?.to_ascii_lowercase() {
        'b' => Some(1_u64),
        'k' => Some(1 << 10),
        'm' => Some(1 << 20),
        'g' => Some(1 << 30),
        't' => Some(1 << 40),
        _ => None,
    };
    let digits = if unit.is_some() { rest.get(..rest.len() - 1)?.trim() } else { rest };
    let unit = unit.unwrap_or(1);
    let number = match digits.parse::<u64>() {
        Ok(number) => number.checked_mul(unit)?,
        Err(_) => (digits.parse::<f64>().ok().filter(|f| f.is_finite() && *f >= 0.0)? * unit as f64) as u64,
    };
    Some(match style {
        Some('-') => (0, number),
        Some(_) => (number, u64::MAX),
        None => (number, number.saturating_add(unit - 1)),
    })
}

/// `[+-][<n>w][<n>d][<n>h][<n>m][<n>s]`: seconds, cut to the smallest unit named, and whether `-`.
fn interval(text: &str) -> Option<(f64, bool)> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let recent = text.starts_with('-');
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(&text);
    let (mut seconds, mut resolution) = (0.0, None);
    for (letter, unit) in [('w', 604_800.0), ('d', 86_400.0), ('h', 3600.0), ('m', 60.0), ('s', 1.0)] {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(end);
        if let Some(tail) = tail.strip_prefix([letter, letter.to_ascii_uppercase()]) {
            seconds += number.parse::<f64>().ok()? * unit;
            resolution = Some(unit);
            rest = tail;
        }
    }
    let resolution: f64 = resolution.filter(|_| rest.is_empty())?;
    Some(((seconds / resolution).trunc() * resolution, recent))
}

impl<'a> Finder<'a> {
    fn new(ctx: &'a Ctx<'a>, options: &Dict) -> Result<Self, Wrong> {
        let depth = |name| options.get(name).and_then(Value::as_int);
        let mut finder = Finder {
            ctx,
            criteria: Vec::new(),
            actions: Vec::new(),
            least: depth("mindepth").unwrap_or(0),
            most: depth("maxdepth"),
            test: options.get("test").is_some_and(Value::is_true),
            found: Vec::new(),
        };
        for (key, value) in options {
            let key = key.to_string();
            if !key.starts_with('_') && !matches!(key.as_str(), "mindepth" | "maxdepth" | "test") {
                if !value.is_true() {
                    return Err(Wrong::Option(format!("missing value for \"{key}\" option")));
                }
                finder.option(&key, &value.to_string())?;
            }
        }
        if finder.actions.is_empty() {
            finder.actions.push(Action::Print(vec!["path".to_owned()]));
        }
        // What costs least is looked at first.
        finder.criteria.sort_by_key(|criterion| match criterion {
            Criterion::Name(_) => 0,
            Criterion::Grep(_) => 2,
            _ => 1,
        });
        Ok(finder)
    }

    fn option(&mut self, key: &str, value: &str) -> Result<(), Wrong> {
        let glob = || format!("{}$", value.replace('.', "\\.").replace('?', ".?").replace('*', ".*"));
        let regex = |text: &str, flags, anchored| {
            pattern::compile(text, flags, anchored)
                .map_err(|_| Wrong::Option(format!("invalid regular expression: \"{value}\"")))
        };
        let criterion = match key {
            "name" => Criterion::Name(regex(&glob(), 0, true)?),
            "iname" => Criterion::Name(regex(&glob(), pattern::IGNORECASE, true)?),
            "regex" => Criterion::Name(regex(value, 0, true)?),
            "iregex" => Criterion::Name(regex(value, pattern::IGNORECASE, true)?),
            "type" => Criterion::Kind(kinds(value)?),
            "owner" => Criterion::Owner(ids(value, "user", |name| names::uid(self.ctx, name))?),
            "group" => Criterion::Group(ids(value, "group", |name| names::gid(self.ctx, name))?),
            "size" => {
                let (least, most) =
                    size(value).ok_or_else(|| Wrong::Option(format!("invalid size: \"{value}\"")))?;
                Criterion::Size(least, most)
            }
            "mtime" => {
                let wrong = || Wrong::Option(format!("invalid time interval: '{value}'"));
                let (ago, recent) = interval(value).ok_or_else(wrong)?;
                let now = self.ctx.host.now().duration_since(std::time::SystemTime::UNIX_EPOCH);
                Criterion::Changed(now.unwrap_or_default().as_secs_f64() - ago, recent)
            }
            "grep" => Criterion::Grep(regex(value, 0, false)?),
            "print" => {
                let words = value.split([',', ' ']).filter(|word| !word.is_empty()).map(str::to_owned);
                self.actions.push(Action::Print(words.collect()));
                return Ok(());
            }
            "exec" => {
                self.actions.push(Action::Exec(value.to_owned()));
                return Ok(());
            }
            "delete" => {
                self.actions.push(Action::Delete);
                Criterion::Kind(kinds(if value.contains('a') { "bcdpfls" } else { value })?)
            }
            _ => return Err(Wrong::Option(format!("invalid option \"{key}\""))),
        };
        self.criteria.push(criterion);
        Ok(())
    }

    fn walk(&mut self, dir: &Path, depth: i64) -> Result<(), ExecError> {
        if self.most.is_some_and(|most| depth > most) {
            return Ok(());
        }
        // What cannot be read has nothing in it, as for Python's `os.walk`.
        for name in self.ctx.host.list_dir(dir).unwrap_or_default() {
            if self.ctx.job().cancel.stopped().is_some() {
                return Err(HostError::Cancelled.into());
            }
            let at = dir.join(name);
            let is_dir = matches!(self.ctx.host.lstat(&at), Ok(Some(stat)) if stat.kind == FileKind::Dir);
            if depth >= self.least {
                self.look(&at)?;
            }
            if is_dir {
                self.walk(&at, depth + 1)?;
            }
        }
        Ok(())
    }

    /// Does what is to be done with a path when all criteria hold.
    fn look(&mut self, at: &Path) -> Result<(), ExecError> {
        let text = at.display().to_string();
        let stat = match self.ctx.host.stat(at) {
            Ok(Some(stat)) => stat,
            _ => match self.ctx.host.lstat(at) {
                Ok(Some(stat)) => stat,
                _ => return Ok(()),
            },
        };
        for criterion in &self.criteria {
            if !holds(self.ctx, criterion, at, &text, &stat)? {
                return Ok(());
            }
        }
        let results: Vec<Option<Value>> =
            self.actions.iter().map(|action| self.act(action, at, &text, &stat)).collect::<Result<_, _>>()?;
        self.found.extend(results.into_iter().flatten());
        Ok(())
    }

    fn act(&self, action: &Action, at: &Path, text: &str, stat: &Stat) -> Result<Option<Value>, ExecError> {
        match action {
            Action::Print(what) => {
                let mut shown: Vec<Value> =
                    what.iter().filter_map(|what| self.shown(what, at, text, stat)).collect();
                Ok(if shown.len() == 1 { shown.pop() } else { Some(shown.into()) })
            }
            Action::Delete if self.test => Ok(Some(text.into())),
            Action::Delete => Ok(self.ctx.host.remove_all(at).is_ok().then(|| text.into())),
            Action::Exec(command) => {
                let command = command.replace("{}", text);
                let mut argv: std::collections::VecDeque<String> = words::split(&command).into();
                let Some(program) = argv.pop_front() else { return Ok(None) };
                match self.ctx.run(&Cmd::of(program, argv)) {
                    Ok(done) => Ok(Some(format!("{command}:\n{}\n", done.out()).into())),
                    Err(HostError::Cancelled) => Err(HostError::Cancelled.into()),
                    Err(error) => {
                        tracing::error!("Exception while executing command \"{command}\": {error}");
                        Ok(Some(format!("{text}: Failed").into()))
                    }
                }
            }
        }
    }

    fn shown(&self, what: &str, at: &Path, text: &str, stat: &Stat) -> Option<Value> {
        Some(match what {
            "path" => text.into(),
            "name" => path::basename(text).into(),
            "size" => stat.size.into(),
            "type" => letter_of(stat.kind).into(),
            "mode" => (stat.mode & 0o777).into(),
            "mtime" => (stat.mtime() as i64).into(),
            "user" => names::user(self.ctx, stat.uid),
            "group" => names::group(self.ctx, stat.gid),
            "md5" if stat.kind == FileKind::File => {
                self.ctx.host.read(at).map_or_else(|_| "".into(), |data| hash::hex(Kind::Md5, &data).into())
            }
            "md5" => "".into(),
            _ => return None,
        })
    }
}

fn holds(
    ctx: &Ctx<'_>,
    criterion: &Criterion,
    at: &Path,
    text: &str,
    stat: &Stat,
) -> Result<bool, ExecError> {
    Ok(match criterion {
        Criterion::Name(regex) => pattern::found(regex, path::basename(text))?,
        Criterion::Kind(kinds) => kinds.contains(&stat.kind),
        Criterion::Owner(ids) => ids.contains(&stat.uid),
        Criterion::Group(ids) => ids.contains(&stat.gid),
        Criterion::Size(least, most) => (*least..=*most).contains(&stat.size),
        Criterion::Changed(since, true) => stat.mtime() >= *since,
        Criterion::Changed(until, false) => stat.mtime() <= *until,
        Criterion::Grep(regex) => {
            let path: PathBuf = at.to_owned();
            match (stat.kind == FileKind::File).then(|| ctx.host.read(&path)) {
                Some(Ok(data)) => pattern::found(regex, &String::from_utf8_lossy(&data))?,
                _ => false,
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_intervals() {
        for (text, want) in [
            ("5", Some((5, 5))),
            ("1k", Some((1024, 2047))),
            ("+1.5k", Some((1536, u64::MAX))),
            ("-10 M", Some((0, 10 << 20))),
            ("x", None),
            ("+", None),
        ] {
            assert_eq!(size(text), want, "{text}");
        }
        for (text, want) in [
            ("3d", Some((259_200.0, false))),
            ("-1h30m", Some((5400.0, true))),
            ("+1.5 d", Some((86_400.0, false))),
            ("1m1h", None),
            ("3", None),
            ("", None),
        ] {
            assert_eq!(interval(text), want, "{text}");
        }
    }
}
