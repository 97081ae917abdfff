//! `file.keyvalue`: keys and values, one pair per line.

use std::path::Path;

use data::loose::Flag;
use data::{Dict, Value};

use super::act::{Act, name_of};
use super::managed::yes;
use crate::states::{Outcome, StateError};
use crate::{Ctx, args};

args! {
    /// Set the values of keys in a file of `key=value` lines.
    ///
    /// ```yaml
    /// /etc/ssh/sshd_config:
    ///   file.keyvalue:
    ///     - key_values:               # or key and value
    ///         PermitRootLogin: 'no'
    ///         Port: 2222
    ///     - separator: ' '            # default =
    ///     - uncomment: '# '           # characters to be left out at the beginning of lines
    ///     - append_if_not_found: True # or prepend_if_not_found
    /// ```
    ///
    /// `count`: how many lines of a key are changed, the others go. `key_ignore_case`, `value_ignore_case`: case does
    /// not count. `ignore_if_missing`: a missing file is no failure; `create_if_missing`: it is made. `prune`: lines
    /// with other keys go. Changes: `diff`.
    pub(crate) struct KeyValue {
        name: String,
        #[serde(default)]
        key: Value,
        #[serde(default)]
        value: Value,
        #[serde(default)]
        key_values: Value,
        #[serde(default = equals)]
        separator: String,
        #[serde(default)]
        append_if_not_found: Flag,
        #[serde(default)]
        prepend_if_not_found: Flag,
        #[serde(default, rename = "search_only")]
        _search_only: Flag,
        #[serde(default = yes)]
        show_changes: Flag,
        #[serde(default)]
        ignore_if_missing: Flag,
        #[serde(default = one)]
        count: i64,
        #[serde(default)]
        uncomment: Option<String>,
        #[serde(default)]
        key_ignore_case: Flag,
        #[serde(default)]
        value_ignore_case: Flag,
        #[serde(default)]
        create_if_missing: Flag,
        #[serde(default)]
        prune: Flag,
    }
}

fn equals() -> String {
    "=".to_owned()
}

fn one() -> i64 {
    1
}

/// A key, its value, and how many lines of it may still be changed.
struct Pair {
    key: String,
    value: Value,
    left: i64,
}

/// A file with its values set.
#[derive(Default)]
struct Set {
    lines: Vec<String>,
    diff: Vec<String>,
    changed: usize,
    pruned: Vec<String>,
}

fn folded(text: &str, fold: Flag) -> String {
    if fold.0 { text.to_lowercase() } else { text.to_owned() }
}

impl KeyValue {
    fn pairs(&self) -> Result<Vec<Pair>, StateError> {
        let pair = |key: &Value, value: &Value| Pair {
            key: key.to_string(),
            value: value.clone(),
            left: self.count,
        };
        if !self.key.is_none() && !self.value.is_none() {
            return Ok(vec![pair(&self.key, &self.value)]);
        }
        match self.key_values.as_dict().filter(|pairs| !pairs.is_empty()) {
            Some(pairs) => Ok(pairs.iter().map(|(key, value)| pair(key, value)).collect()),
            None => {
                let how = if self.key_values.is_true() { "is not a dictionary" } else { "is empty" };
                let problem = format!("file.keyvalue key and value not supplied and key_values {how}");
                Err(StateError::refused(problem))
            }
        }
    }

    fn uncommented<'a>(&self, line: &'a str) -> &'a str {
        match &self.uncomment {
            Some(signs) => line.trim_start_matches(|c| signs.contains(c)),
            None => line.trim_start(),
        }
    }

    /// One line of the file: the line as it is to be.
    fn line(&self, line: &str, pairs: &mut [Pair], set: &mut Set) -> String {
        let bare = self.uncommented(line);
        let was_comment = bare.len() < line.len();
        let (key, value) = match bare.split_once(&self.separator) {
            Some((key, value)) => (key, value),
            None => return line.to_owned(),
        };
        let found = folded(bare, self.key_ignore_case);
        let mut line = line.to_owned();
        for pair in pairs {
            let wanted = folded(&pair.key, self.key_ignore_case);
            if !found.starts_with(&wanted) || folded(key, self.key_ignore_case) != wanted {
                continue;
            }
            let same = folded(value.trim(), self.value_ignore_case)
                == folded(pair.value.to_string().trim(), self.value_ignore_case);
            // A comment is left alone once as many lines are set as there may be.
            let change = if was_comment { pair.left > 0 } else { !same || pair.left == 0 };
            if change {
                set.diff.push(format!("- {line}"));
                line.clear();
                if pair.left != 0 {
                    line = format!("{key}{}{}\n", self.separator, pair.value);
                    set.diff.push(match &pair.value {
                        Value::Str(_) => format!("+ {line}"),
                        other => format!("+ {} (from {} type)\n", line.trim_end(), other.type_name()),
                    });
                }
                set.changed += 1;
            }
            if pair.left > 0 {
                pair.left -= 1;
            }
        }
        line
    }

    fn set(&self, old: &str, append: bool, mut pairs: Vec<Pair>) -> Set {
        let mut set = Set::default();
        for line in old.split_inclusive('\n') {
            if self.prune.0 {
                let found = folded(self.uncommented(line), self.key_ignore_case);
                if !pairs.iter().any(|pair| found.starts_with(&folded(&pair.key, self.key_ignore_case))) {
                    set.pruned.push(line.to_owned());
                    continue;
                }
            }
            let line = self.line(line, &mut pairs, &mut set);
            set.lines.push(line);
        }
        let missing = pairs.iter().filter(|pair| pair.left > 0);
        let mut missing: Vec<String> =
            missing.map(|pair| format!("{}{}{}\n", pair.key, self.separator, pair.value)).collect();
        if append && !missing.is_empty() {
            set.changed += missing.len();
            set.diff.push("- <EOF>\n".to_owned());
            set.diff.extend(missing.iter().map(|line| format!("+ {line}")));
            set.diff.push("+ <EOF>\n".to_owned());
            // A last line without an end would run into the first new one.
            if let Some(last) = set.lines.last_mut().filter(|last| !last.is_empty() && !last.ends_with('\n'))
            {
                last.push('\n');
            }
            set.lines.append(&mut missing);
        } else if self.prepend_if_not_found.0 && !append && !missing.is_empty() {
            set.changed += missing.len();
            set.diff.insert(0, "  <SOF>\n".to_owned());
            for line in missing {
                set.diff.insert(1, format!("+ {line}"));
                set.lines.insert(0, line);
            }
        }
        for line in &set.pruned {
            let at = set.diff.len().min(1);
            set.diff.insert(at, format!("- {line}"));
        }
        set
    }
}

impl Act for KeyValue {
    const FUN: &'static str = "file.keyvalue";

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let name = name_of(ctx, &self.name, Self::FUN)?;
        let pairs = self.pairs()?;
        let path = Path::new(&name);
        let mut append = self.append_if_not_found.0;
        let old = match ctx.host.read(path) {
            Ok(data) => String::from_utf8_lossy(&data).into_owned(),
            Err(error) if error.is_not_found() && self.create_if_missing.0 => {
                append = true;
                String::new()
            }
            Err(_) => {
                return Ok(Outcome::new(Some(self.ignore_if_missing.0), format!("unable to open {name}")));
            }
        };
        let Set { lines, diff, changed, pruned } = self.set(&old, append, pairs);
        let deleted = pruned.len();
        if changed == 0 && deleted == 0 {
            return Ok(Outcome::new(Some(true), ""));
        }
        let mut outcome = Outcome::new(Some(true), format!("Changed {changed}, deleted {deleted} lines"));
        if self.show_changes.0 {
            outcome.changes = Dict::new().with("diff", diff.concat());
        }
        if ctx.test {
            outcome.result = None;
            outcome.comment =
                format!("File {name} is set to be changed ({changed} lines modified, {deleted} deleted)");
            if self.show_changes.0 {
                outcome.comment.push_str("\nPredicted diff:\n\r\t\t");
                outcome.comment.push_str(&diff.join("\r\t\t"));
            }
        } else if ctx.host.write_atomic(path, lines.concat().as_bytes(), None).is_err() {
            outcome.result = Some(false);
            outcome.comment = format!("{name} not writable");
        }
        Ok(outcome)
    }
}
