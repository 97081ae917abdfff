//! `file.blockreplace`: what is between two markers.

use data::Value;
use data::loose::Flag;

use super::edit::{self, Edit, end_of};
use super::encoding::Encoding;
use super::{expanded, pattern};
use crate::exec::{ExecError, ExecFn};
use crate::states::file::diff;
use crate::{Ctx, args};

args! {
    /// Replace what is between two markers in a file. Returns the difference, or with `show_changes=False` whether
    /// there is one.
    ///
    /// A block that is not there is an error, unless append_if_not_found, prepend_if_not_found, or a regular
    /// expression in insert_before_match or insert_after_match says where it goes. append_newline: end the content
    /// with a newline; `None`: when it does not. backup: what to append to the name for a copy, or `False`.
    /// dry_run: only tell.
    ///
    /// CLI Example: `rsalt '*' file.blockreplace /etc/hosts '#-- start managed zone --' '#-- end managed zone --' '10.0.1.1 foo' True`
    pub(crate) struct BlockReplace {
        pub(crate) path: String,
        #[serde(default = start)]
        pub(crate) marker_start: String,
        #[serde(default = end)]
        pub(crate) marker_end: String,
        #[serde(default)]
        pub(crate) content: Value,
        #[serde(default)]
        pub(crate) append_if_not_found: Flag,
        #[serde(default)]
        pub(crate) prepend_if_not_found: Flag,
        #[serde(default = bak)]
        pub(crate) backup: Value,
        #[serde(default)]
        pub(crate) dry_run: Flag,
        #[serde(default = yes)]
        pub(crate) show_changes: Flag,
        #[serde(default = no)]
        pub(crate) append_newline: Value,
        #[serde(default)]
        pub(crate) insert_before_match: Value,
        #[serde(default)]
        pub(crate) insert_after_match: Value,
    }
}

pub(crate) fn start() -> String {
    "#-- start managed zone --".to_owned()
}

pub(crate) fn end() -> String {
    "#-- end managed zone --".to_owned()
}

fn bak() -> Value {
    ".bak".into()
}

fn yes() -> Flag {
    Flag(true)
}

fn no() -> Value {
    false.into()
}

const NO_MARKERS: &str = "Cannot edit marked block. Markers were not found in file.";

impl BlockReplace {
    /// The block: content and end marker, with the start marker when it is new.
    fn block(&self, line_end: &str, new: bool, last: &str) -> Vec<String> {
        let mut lines = Vec::new();
        if new {
            lines.push(format!("{}{line_end}", self.marker_start));
        }
        let last = format!("{}{line_end}", last.trim_end_matches(['\r', '\n']));
        let content = if self.content.is_none() { String::new() } else { self.content.to_string() };
        let newline = if self.append_newline.is_none() {
            !content.ends_with('\n')
        } else {
            self.append_newline.is_true()
        };
        let mut parts = content.split("\r\n").flat_map(|part| part.split('\n')).peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_some() {
                lines.push(format!("{part}{line_end}"));
            } else if newline {
                lines.push(format!("{part}{line_end}"));
                lines.push(last.clone());
            } else {
                lines.push(format!("{part}{last}"));
            }
        }
        lines
    }

    /// The pattern that says where a new block goes, and whether before or after it.
    fn beside(&self) -> Result<Option<(&str, bool)>, ExecError> {
        for (given, after, name) in
            [(&self.insert_before_match, false, "before"), (&self.insert_after_match, true, "after")]
        {
            if given.is_true() {
                let regex = given.as_str().ok_or_else(|| {
                    ExecError::command(format!("RegEx expected in insert_{name}_match parameter."))
                })?;
                return Ok(Some((regex, after)));
            }
        }
        Ok(None)
    }

    fn replaced(&self, old: &str) -> Result<String, ExecError> {
        let (mut new, mut line_end) = (Vec::new(), None);
        let (mut inside, mut found) = (false, false);
        for line in old.split_inclusive('\n') {
            let line_end = *line_end.get_or_insert(if end_of(line) == "\r\n" { "\r\n" } else { "\n" });
            if line.contains(&self.marker_start) {
                inside = true;
            } else if inside {
                if let Some(at) = line.find(&self.marker_end) {
                    inside = false;
                    found = true;
                    new.extend(self.block(line_end, false, line.get(at..).unwrap_or_default()));
                }
                continue;
            }
            new.push(line.to_owned());
        }
        if inside {
            return Err(ExecError::command(
                "Unterminated marked block. End of file reached before marker_end.",
            ));
        }
        if found {
            return Ok(new.concat());
        }
        let line_end = line_end.unwrap_or("\n");
        let block = self.block(line_end, true, &self.marker_end);
        if self.prepend_if_not_found.0 {
            return Ok(block.concat() + &new.concat());
        }
        if self.append_if_not_found.0 {
            let mut new = new.concat();
            if !new.is_empty() && !new.ends_with(line_end) {
                new.push_str(line_end);
            }
            return Ok(new + &block.concat());
        }
        if let Some((regex, after)) = self.beside()? {
            let regex = pattern::compile(regex, 0, false)?;
            for at in 0..new.len() {
                if pattern::found(&regex, new.get(at).map_or("", String::as_str))? {
                    let at = at + usize::from(after);
                    new.splice(at..at, block);
                    return Ok(new.concat());
                }
            }
        }
        Err(ExecError::command(NO_MARKERS))
    }

    /// The file with the block replaced.
    pub(crate) fn edit(&self, ctx: &Ctx<'_>) -> Result<Edit, ExecError> {
        let ways = [
            self.append_if_not_found.0,
            self.prepend_if_not_found.0,
            self.insert_before_match.is_true(),
            self.insert_after_match.is_true(),
        ];
        if ways.iter().filter(|way| **way).count() > 1 {
            return Err(ExecError::invocation(
                "Only one of append_if_not_found, prepend_if_not_found, insert_before_match, and insert_after_match is \
                 permitted",
            ));
        }
        let path = expanded(ctx, &self.path);
        if !ctx.host.exists(&path) {
            return Err(edit::not_found(&path));
        }
        let data = ctx.host.read(&path).map_err(|error| {
            ExecError::command(format!(
                "Failed to read from {}: {}",
                path.display(),
                super::os_text(&error, &path)
            ))
        })?;
        let binary = || {
            let problem = format!("Cannot perform string replacements on a binary file: {}", path.display());
            ExecError::invocation(problem)
        };
        if !diff::is_text(&data) {
            return Err(binary());
        }
        let old = String::from_utf8(data).map_err(|_| binary())?;
        self.beside()?;
        let new = self.replaced(&old)?;
        Ok(Edit { path, old, new, encoding: Encoding::Utf8 })
    }

    pub(crate) fn store(&self, ctx: &Ctx<'_>, edit: &Edit) -> Result<(), ExecError> {
        edit.store(ctx, edit.copy_named(&self.backup).as_deref())
    }
}

impl ExecFn for BlockReplace {
    const FUN: &'static str = "file.blockreplace";
    const SIGNATURE: &'static str = "path, marker_start='#-- start managed zone --', \
                                     marker_end='#-- end managed zone --', content='', append_if_not_found=False, \
                                     prepend_if_not_found=False, backup='.bak', dry_run=False, show_changes=True, \
                                     append_newline=False, insert_before_match=None, insert_after_match=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let edit = self.edit(ctx)?;
        if !self.dry_run.0 {
            self.store(ctx, &edit)?;
        }
        Ok(if self.show_changes.0 { edit.diff().into() } else { edit.is_change().into() })
    }
}
