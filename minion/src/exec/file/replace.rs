//! Replacing by regular expression, and commenting lines out and in.

use std::path::{Path, PathBuf};

use data::Value;
use data::loose::Flag;

use super::edit::{self, Edit};
use super::encoding::Encoding;
use super::{expanded, pattern};
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
        pub(crate) path: String,
        pub(crate) pattern: Value,
        pub(crate) repl: Value,
        #[serde(default)]
        pub(crate) count: usize,
        #[serde(default = multiline_bit)]
        pub(crate) flags: Value,
        #[serde(default)]
        pub(crate) append_if_not_found: Flag,
        #[serde(default)]
        pub(crate) prepend_if_not_found: Flag,
        #[serde(default)]
        pub(crate) not_found_content: Value,
        #[serde(default = bak)]
        pub(crate) backup: Value,
        #[serde(default)]
        pub(crate) dry_run: Flag,
        #[serde(default)]
        pub(crate) search_only: Flag,
        #[serde(default = yes)]
        pub(crate) show_changes: Flag,
        #[serde(default)]
        pub(crate) ignore_if_missing: Flag,
        #[serde(default)]
        pub(crate) backslash_literal: Flag,
        #[serde(default)]
        pub(crate) encoding: Value,
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

impl ExecFn for Search {
    const FUN: &'static str = "file.search";
    const SIGNATURE: &'static str =
        "path, pattern, flags=8, bufsize=1, ignore_if_missing=False, multiline=False";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let bits = pattern::flags(&self.flags)? | if self.multiline.0 { pattern::MULTILINE } else { 0 };
        let (path, there) = edit::real(ctx, &self.path);
        if !there {
            return if self.ignore_if_missing.0 { Ok(false.into()) } else { Err(edit::not_found(&path)) };
        }
        let regex = pattern::compile(&self.pattern.to_string(), bits, false)?;
        Ok(pattern::found(&regex, &edit::text(ctx, &path)?)?.into())
    }
}

impl Replace {
    fn adds(&self) -> bool {
        self.append_if_not_found.0 || self.prepend_if_not_found.0
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
        let own = &self.not_found_content;
        let looked_for = if own.is_true() { own.to_string() } else { with.clone() };
        let there = format!("^{}(?:$|(?=\r\n))", fancy_regex::escape(&looked_for));
        if pattern::found(&pattern::compile(&there, bits, false)?, old)? {
            return Ok(new);
        }
        let content = if own.is_none() { with } else { own.to_string() };
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

    fn text(&self, ctx: &Ctx<'_>, path: &Path) -> Result<(String, Encoding), ExecError> {
        if self.encoding.is_none() {
            return Ok((edit::text(ctx, path)?, Encoding::Utf8));
        }
        let encoding = Encoding::named(&self.encoding.to_string())?;
        let data = ctx.host.read(path).map_err(|error| super::os_error(error, path))?;
        Ok((encoding.decode(&data)?, encoding))
    }

    /// The file with the replacement; none when there is no file and that is no matter.
    pub(crate) fn edit(&self, ctx: &Ctx<'_>) -> Result<Option<Edit>, ExecError> {
        let (path, there) = edit::real(ctx, &self.path);
        if !there {
            return if self.ignore_if_missing.0 { Ok(None) } else { Err(edit::not_found(&path)) };
        }
        let (old, encoding) = self.text(ctx, &path)?;
        if self.search_only.0 && self.adds() {
            let problem = "search_only cannot be used with append/prepend_if_not_found";
            return Err(ExecError::invocation(problem));
        }
        if self.append_if_not_found.0 && self.prepend_if_not_found.0 {
            return Err(ExecError::invocation("Only one of append and prepend_if_not_found is permitted"));
        }
        let new = if self.search_only.0 { String::new() } else { self.replaced(&old)? };
        Ok(Some(Edit { path, old, new, encoding }))
    }

    /// Writes the edited file and its copy. A link to the file has a link to the copy beside it.
    pub(crate) fn store(&self, ctx: &Ctx<'_>, edit: &Edit) -> Result<(), ExecError> {
        let copy = edit.copy_named(&self.backup);
        edit.store(ctx, copy.as_deref())?;
        let given = expanded(ctx, &self.path);
        if copy.is_none() || !edit.is_change() || !ctx.host.is_link(&given) {
            return Ok(());
        }
        let target = format!("{}{}", ctx.host.readlink(&given)?.display(), self.backup);
        let link = PathBuf::from(format!("{}{}", given.display(), self.backup));
        if ctx.host.lstat(&link)?.is_some() {
            ctx.host.remove_file(&link)?;
        }
        Ok(ctx.host.symlink(Path::new(&target), &link)?)
    }
}

impl ExecFn for Replace {
    const FUN: &'static str = "file.replace";
    const SIGNATURE: &'static str = "path, pattern, repl, count=0, flags=8, bufsize=1, append_if_not_found=False, \
                                     prepend_if_not_found=False, not_found_content=None, backup='.bak', \
                                     dry_run=False, search_only=False, show_changes=True, ignore_if_missing=False, \
                                     preserve_inode=True, backslash_literal=False, encoding=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let Some(edit) = self.edit(ctx)? else { return Ok(false.into()) };
        if self.search_only.0 {
            let regex = pattern::compile(&self.pattern.to_string(), pattern::flags(&self.flags)?, false)?;
            return Ok(pattern::found(&regex, &edit.old)?.into());
        }
        if !self.dry_run.0 {
            self.store(ctx, &edit)?;
        }
        Ok(if self.show_changes.0 { edit.diff().into() } else { edit.is_change().into() })
    }
}

/// Lines to be commented out or in.
pub(crate) struct Comments<'a> {
    pub(crate) path: &'a str,
    pub(crate) regex: &'a str,
    pub(crate) sign: &'a str,
    pub(crate) out: bool,
}

impl Comments<'_> {
    fn file(&self, ctx: &Ctx<'_>) -> Result<PathBuf, ExecError> {
        let (path, _) = edit::real(ctx, self.path);
        if ctx.host.is_file(&path) { Ok(path) } else { Err(edit::not_found(&path)) }
    }

    /// What is in the file.
    pub(crate) fn text(&self, ctx: &Ctx<'_>) -> Result<String, ExecError> {
        edit::text(ctx, &self.file(ctx)?)
    }

    /// The file with its lines commented, and the lines that it is about, before and after.
    pub(crate) fn edit(&self, ctx: &Ctx<'_>) -> Result<(Edit, String, String), ExecError> {
        let core = self.regex.trim_start_matches('^').trim_end_matches('$');
        let end = if self.regex.ends_with('$') { "$" } else { "" };
        let pattern = if self.out {
            format!("{}({core}){end}", if self.regex.starts_with('^') { "^" } else { "" })
        } else {
            format!("^{}\\s*({core}){end}", self.sign)
        };
        let path = self.file(ctx)?;
        let old = edit::text(ctx, &path)?;
        let regex = pattern::compile(&pattern, 0, true)?;
        let signs: Vec<char> = self.sign.chars().collect();
        let mut new = String::with_capacity(old.len());
        let (mut before, mut after) = (String::new(), String::new());
        for line in old.split_inclusive('\n') {
            if !pattern::found(&regex, line)? {
                new.push_str(line);
                continue;
            }
            let changed = if self.out {
                format!("{}{line}", self.sign)
            } else {
                line.trim_start_matches(signs.as_slice()).to_owned()
            };
            before.push_str(line);
            after.push_str(&changed);
            new.push_str(&changed);
        }
        Ok((Edit { path, old, new, encoding: Encoding::Utf8 }, before, after))
    }

    /// Does it; the difference of the lines that it is about, or false.
    fn call(&self, ctx: &Ctx<'_>, backup: &Value) -> Result<Value, ExecError> {
        let (edit, before, after) = self.edit(ctx)?;
        if before.is_empty() {
            return Ok(false.into());
        }
        edit.store(ctx, edit.copy_named(backup).as_deref())?;
        Ok(diff::of_texts(&before, &after).into())
    }
}

impl ExecFn for Comment {
    const FUN: &'static str = "file.comment";
    const SIGNATURE: &'static str = "path, regex, char='#', backup='.bak'";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Comments { path: &self.path, regex: &self.regex, sign: &self.char, out: true }.call(ctx, &self.backup)
    }
}

impl ExecFn for Uncomment {
    const FUN: &'static str = "file.uncomment";
    const SIGNATURE: &'static str = "path, regex, char='#', backup='.bak'";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Comments { path: &self.path, regex: &self.regex, sign: &self.char, out: false }
            .call(ctx, &self.backup)
    }
}

impl ExecFn for CommentLine {
    const FUN: &'static str = "file.comment_line";
    const SIGNATURE: &'static str = "path, regex, char='#', cmnt=True, backup='.bak'";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Comments { path: &self.path, regex: &self.regex, sign: &self.char, out: self.cmnt.0 }
            .call(ctx, &self.backup)
    }
}
