//! `file.replace`: what a regular expression finds, replaced.

use data::loose::Flag;
use data::{Dict, Value};

use super::act::{Act, done, name_of, unusable, well};
use super::managed::yes;
use crate::exec::file::{pattern, replace};
use crate::states::{Outcome, StateError};
use crate::{Ctx, args};

args! {
    /// Replace what a regular expression finds in a file.
    ///
    /// ```yaml
    /// /etc/ssh/sshd_config:
    ///   file.replace:
    ///     - pattern: '^#?PermitRootLogin .*$'
    ///     - repl: PermitRootLogin no      # \1 and \g<name> are groups, unless backslash_literal
    ///     - append_if_not_found: True     # or prepend_if_not_found, with not_found_content
    ///     - backup: False                 # default: keep a copy with .bak after its name
    /// ```
    ///
    /// `count`: how many, 0 for all. `flags`: a number or names (`[MULTILINE, DOTALL]`). `ignore_if_missing`: a
    /// missing file is no failure. `encoding`: the file's, when it is not UTF-8. Changes: `diff`.
    pub(crate) struct Replace {
        name: String,
        pattern: Value,
        repl: Value,
        #[serde(default)]
        count: usize,
        #[serde(default = multiline)]
        flags: Value,
        #[serde(default, rename = "bufsize")]
        _bufsize: Value,
        #[serde(default)]
        append_if_not_found: Flag,
        #[serde(default)]
        prepend_if_not_found: Flag,
        #[serde(default)]
        not_found_content: Value,
        #[serde(default = bak)]
        backup: Value,
        #[serde(default = yes)]
        show_changes: Flag,
        #[serde(default)]
        ignore_if_missing: Flag,
        #[serde(default)]
        backslash_literal: Flag,
        #[serde(default)]
        encoding: Value,
    }
}

pub(super) fn bak() -> Value {
    ".bak".into()
}

fn multiline() -> Value {
    pattern::MULTILINE.into()
}

impl Act for Replace {
    const FUN: &'static str = "file.replace";

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let name = name_of(ctx, &self.name, Self::FUN)?;
        match unusable(ctx, &name) {
            Some(problem) if self.ignore_if_missing.0 && problem.contains("file not found") => {
                return well("No changes needed to be made");
            }
            Some(problem) => return Err(StateError::refused(problem)),
            None => {}
        }
        let replace = replace::Replace {
            path: name,
            pattern: self.pattern.clone(),
            repl: self.repl.clone(),
            count: self.count,
            flags: self.flags.clone(),
            append_if_not_found: self.append_if_not_found,
            prepend_if_not_found: self.prepend_if_not_found,
            not_found_content: self.not_found_content.clone(),
            backup: self.backup.clone(),
            dry_run: Flag(ctx.test),
            search_only: Flag(false),
            show_changes: self.show_changes,
            ignore_if_missing: self.ignore_if_missing,
            backslash_literal: self.backslash_literal,
            encoding: self.encoding.clone(),
        };
        let Some(edit) = replace.edit(ctx)?.filter(|edit| edit.is_change()) else {
            return well("No changes needed to be made");
        };
        if !ctx.test {
            replace.store(ctx, &edit)?;
        }
        let diff: Value = if self.show_changes.0 { edit.diff().into() } else { true.into() };
        let comment = if ctx.test { "Changes would have been made" } else { "Changes were made" };
        Ok(done(ctx, Dict::new().with("diff", diff), comment))
    }
}
