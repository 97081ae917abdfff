//! Replacing by regular expression, and commenting lines out and in.

use std::path::{Path, PathBuf};

use data::Value;
use data::loose::Flag;

use super::{expanded, os_error, pattern};
use crate::exec::{ExecError, ExecFn};
use crate::states::file::diff;
use crate::{Ctx, args};

args! {
    /// Whether a regular expression is found in a file.
    ///
    /// flags: a number or names (`MULTILINE`). ignore_if_missing: `False` for a missing file, not an error.
    ///
    /// CLI Example: `rsalt '*' file.search /etc/crontab 'mymaintenance.sh'`
    pub(crate) struct Search {
        path: String,
        pattern: Value,
        #[serde(default = multiline_bit)]
        flags: Value,
        #[serde(default)]
        ignore_if_missing: Flag,
        #[serde(default)]
        multiline: Flag,
    }

    /// Replace what a regular expression finds in a file. Returns the difference, or with `show_changes=False`
    /// whether there is one.
    ///
    /// count: how many, 0 for all. append_if_not_found, prepend_if_not_found: add `not_found_content`, else the
    /// replacement, where nothing was found. backup: what to append to the name for a copy, or `False`. dry_run:
    /// only tell. search_only: only tell whether the pattern is found. backslash_literal: `\` stands for itself.
    ///
    /// CLI Example: `rsalt '*' file.replace /etc/ssh/sshd_config '^PermitRootLogin .*$' 'PermitRootLogin no'`
    pub(crate) struct Replace {
        path: String,
        pattern: Value,
        repl: Value,
        #[serde(default)]
        count: usize,
        #[serde(default = multiline_bit)]
        flags: Value,
        #[serde(default)]
        append_if_not_found: Flag,
        #[serde(default)]
        prepend_if_not_found: Flag,
        #[serde(default)]
        not_found_content: Value,
        #[serde(default = bak)]
        backup: Value,
        #[serde(default)]
        dry_run: Flag,
        #[serde(default)]
        search_only: Flag,
        #[serde(default = yes)]
        show_changes: Flag,
        #[serde(default)]
        ignore_if_missing: Flag,
        #[serde(default)]
        backslash_literal: Flag,
        #[serde(default)]
        encoding: Value,
    }

    /// Comment lines out that a regular expression matches. Returns the difference, `False` when there is none.
    ///
    /// CLI Example: `rsalt '*' file.comment /etc/modules pcspkr`
    pub(crate) struct Comment {
        path: String,
        regex: String,
        #[serde(default = hash)]
        char: String,
        #[serde(default = bak)]
        backup: Value,
    }

    /// Take the comment sign away from lines that a regular expression matches. Returns the difference.
    ///
    /// CLI Example: `rsalt '*' file.uncomment /etc/hosts.deny 'ALL: PARANOID'`
    pub(crate) struct Uncomment {
        path: String,
        regex: String,
        #[serde(default = hash)]
        char: String,
        #[serde(default = bak)]
        backup: Value,
    }

    /// Comment lines out that a regular expression matches, or with `cmnt=False` in again.
    ///
    /// CLI Example: `rsalt '*' file.comment_line /etc/modules '^pcspkr' '#' True`
    pub(crate) struct CommentLine {
        path: String,
        regex: String,
        #[serde(default = hash)]
        char: String,
        #[serde(default = yes)]
        cmnt: Flag,
        #[serde(default = bak)]
        backup: Value,
    }
}

fn yes() -> Flag {
    Flag(true)
}

fn bak() -> Value {
    ".bak".into()
}

fn hash() -> String {
    "#".to_owned()
}

fn multiline_bit() -> Value {
    pattern::MULTILINE.into()
}

/// The file behind a path, links followed; none when there is nothing.
fn real(ctx: &Ctx<'_>, path: &str) -> (PathBuf, bool) {
    let path = expanded(ctx, path);
    match ctx.host.canonicalize(&path) {
        Ok(real) => (real, true),
        Err(_) => (path, false),
    }
}

fn not_found(path: &Path) -> ExecError {
    ExecError::invocation(format!("File not found: {}", path.display()))
}

/// The content of a text file.
fn text(ctx: &Ctx<'_>, path: &Path) -> Result<String, ExecError> {
    let unread =
        |error| ExecError::command(format!("Unable to open file '{}'. Exception: {error}", path.display()));
    let data = ctx.host.read(path).map_err(|error| unread(super::os_text(&error, path)))?;
    let binary = || {
        let problem = format!("Cannot perform string replacements on a binary file: {}", path.display());
        ExecError::invocation(problem)
    };
    if !diff::is_text(&data) {
        return Err(binary());
    }
    String::from_utf8(data).map_err(|_| binary())
}

/// Writes the new content; what was there goes to a copy first when one is wanted.
fn store(ctx: &Ctx<'_>, path: &Path, old: &str, new: &str, backup: &Value) -> Result<(), ExecError> {
    if backup.is_true() {
        let copy = PathBuf::from(format!("{}{backup}", path.display()));
        let mode = ctx.host.stat(path)?.map(|stat| stat.mode);
        ctx.host.write_atomic(&copy, old.as_bytes(), mode).map_err(|error| os_error(error, &copy))?;
    }
    ctx.host.write_atomic(path, new.as_bytes(), None).map_err(|error| os_error(error, path))
}

impl ExecFn for Search {
    const FUN: &'static str = "file.search";
    const SIGNATURE: &'static str =
        "path, pattern, flags=8, bufsize=1, ignore_if_missing=False, multiline=False";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let bits = pattern::flags(&self.flags)? | if self.multiline.0 { pattern::MULTILINE } else { 0 };
        let (path, there) = real(ctx, &self.path);
        if !there {
            return if self.ignore_if_missing.0 { Ok(false.into()) } else { Err(not_found(&path)) };
        }
        let regex = pattern::compile(&self.pattern.to_string(), bits, false)?;
        Ok(pattern::found(&regex, &text(ctx, &path)?)?.into())
    }
}

impl Replace {
    fn adds(&self) -> bool {
        self.append_if_not_found.0 || self.prepend_if_not_found.0
    }

    /// What is added where nothing was found.
    fn content(&self) -> String {
        if self.not_found_content.is_none() {
            self.repl.to_string()
        } else {
            self.not_found_content.to_string()
        }
    }

    /// The text as it is to be.
    fn replaced(&self, old: &str) -> Result<String, ExecError> {
        let bits = pattern::flags(&self.flags)?;
        let regex = pattern::compile(&self.pattern.to_string(), bits, false)?;
        let with = self.repl.to_string();
        let (mut new, count) = pattern::replace(&regex, old, &with, self.backslash_literal.0, self.count)?;
        if count > 0 || !self.adds() {
            return Ok(new);
        }
        let content = self.content();
        let there = format!("^{}(?:$|(?=\r\n))", fancy_regex::escape(&content));
        if pattern::found(&pattern::compile(&there, bits, false)?, old)? {
            return Ok(new);
        }
        if self.prepend_if_not_found.0 {
            return Ok(format!("{content}\n{new}"));
        }
        if !new.is_empty() && !new.ends_with('\n') {
            new.push('\n');
        }
        new.push_str(&content);
        new.push('\n');
        Ok(new)
    }
}

impl ExecFn for Replace {
    const FUN: &'static str = "file.replace";
    const SIGNATURE: &'static str = "path, pattern, repl, count=0, flags=8, bufsize=1, append_if_not_found=False, \
                                     prepend_if_not_found=False, not_found_content=None, backup='.bak', \
                                     dry_run=False, search_only=False, show_changes=True, ignore_if_missing=False, \
                                     preserve_inode=True, backslash_literal=False, encoding=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let (path, there) = real(ctx, &self.path);
        if !there {
            return if self.ignore_if_missing.0 { Ok(false.into()) } else { Err(not_found(&path)) };
        }
        if self.search_only.0 && self.adds() {
            let problem = "search_only cannot be used with append/prepend_if_not_found";
            return Err(ExecError::invocation(problem));
        }
        if self.append_if_not_found.0 && self.prepend_if_not_found.0 {
            return Err(ExecError::invocation("Only one of append and prepend_if_not_found is permitted"));
        }
        if let Some(name) =
            self.encoding.as_str().filter(|name| !name.to_ascii_lowercase().starts_with("utf"))
        {
            return Err(ExecError::invocation(format!("encoding {name} is not supported: files are UTF-8")));
        }
        let old = text(ctx, &path)?;
        if self.search_only.0 {
            let regex = pattern::compile(&self.pattern.to_string(), pattern::flags(&self.flags)?, false)?;
            return Ok(pattern::found(&regex, &old)?.into());
        }
        let new = self.replaced(&old)?;
        if new != old && !self.dry_run.0 {
            store(ctx, &path, &old, &new, &self.backup)?;
        }
        if self.show_changes.0 {
            return Ok(diff::of_files(old.as_bytes(), new.as_bytes()).into());
        }
        Ok((new != old).into())
    }
}

/// Comments lines out or in; the difference of the lines that it is about, or false.
fn comment(
    ctx: &Ctx<'_>,
    path: &str,
    regex: &str,
    sign: &str,
    out: bool,
    backup: &Value,
) -> Result<Value, ExecError> {
    let core = regex.trim_start_matches('^').trim_end_matches('$');
    let end = if regex.ends_with('$') { "$" } else { "" };
    let pattern = if out {
        format!("{}({core}){end}", if regex.starts_with('^') { "^" } else { "" })
    } else {
        format!("^{sign}\\s*({core}){end}")
    };
    let (path, _) = real(ctx, path);
    if !ctx.host.is_file(&path) {
        return Err(not_found(&path));
    }
    let old = text(ctx, &path)?;
    let regex = pattern::compile(&pattern, 0, true)?;
    let signs: Vec<char> = sign.chars().collect();
    let (mut new, mut before, mut after) = (String::with_capacity(old.len()), String::new(), String::new());
    for line in old.split_inclusive('\n') {
        if !pattern::found(&regex, line)? {
            new.push_str(line);
            continue;
        }
        let changed =
            if out { format!("{sign}{line}") } else { line.trim_start_matches(signs.as_slice()).to_owned() };
        before.push_str(line);
        after.push_str(&changed);
        new.push_str(&changed);
    }
    if before.is_empty() {
        return Ok(false.into());
    }
    store(ctx, &path, &old, &new, backup)?;
    Ok(diff::of_files(before.as_bytes(), after.as_bytes()).into())
}

impl ExecFn for Comment {
    const FUN: &'static str = "file.comment";
    const SIGNATURE: &'static str = "path, regex, char='#', backup='.bak'";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        comment(ctx, &self.path, &self.regex, &self.char, true, &self.backup)
    }
}

impl ExecFn for Uncomment {
    const FUN: &'static str = "file.uncomment";
    const SIGNATURE: &'static str = "path, regex, char='#', backup='.bak'";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        comment(ctx, &self.path, &self.regex, &self.char, false, &self.backup)
    }
}

impl ExecFn for CommentLine {
    const FUN: &'static str = "file.comment_line";
    const SIGNATURE: &'static str = "path, regex, char='#', cmnt=True, backup='.bak'";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        comment(ctx, &self.path, &self.regex, &self.char, self.cmnt.0, &self.backup)
    }
}
