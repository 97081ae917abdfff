//! `file.line`: one line put in, replaced, deleted or made sure of.

use data::loose::{Flag, Mode};
use data::{Dict, Value};

use super::act::{Act, done, name_of, unusable, well};
use super::managed;
use crate::exec::file::line;
use crate::states::{Outcome, StateError, outcome};
use crate::{Ctx, args};

args! {
    /// Edit a line of a file.
    ///
    /// ```yaml
    /// /etc/nsswitch.conf:
    ///   file.line:
    ///     - content: "networks: files dns"
    ///     - after: "hosts:.*?"        # or before, or both; a text or a regular expression
    ///     - mode: ensure              # or insert (with location: start or end), replace, delete (with match)
    ///     - indent: True              # as the line beside it
    ///     - backup: True              # keep the file, with the time in its name
    ///     - create: True              # with user, group and file_mode
    /// ```
    ///
    /// Changes: `diff`.
    pub(crate) struct Line {
        name: String,
        #[serde(default)]
        content: Value,
        #[serde(default, rename = "match")]
        matching: Value,
        #[serde(default)]
        mode: Value,
        #[serde(default)]
        location: Value,
        #[serde(default)]
        before: Value,
        #[serde(default)]
        after: Value,
        #[serde(default = managed::yes)]
        show_changes: Flag,
        #[serde(default)]
        backup: Flag,
        #[serde(default)]
        quiet: Flag,
        #[serde(default = managed::yes)]
        indent: Flag,
        #[serde(default)]
        create: Flag,
        #[serde(default)]
        user: Value,
        #[serde(default)]
        group: Value,
        #[serde(default)]
        file_mode: Option<Mode>,
    }
}

impl Act for Line {
    const FUN: &'static str = "file.line";

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let name = name_of(ctx, &self.name, Self::FUN)?;
        // Salt has this part done by `file.managed` and does not look at what it says.
        let there = ctx.host.is_file(name.as_ref());
        if !ctx.test && (self.create.0 || there) {
            let mut file = managed::Managed::named(&name);
            (file.user, file.group, file.mode) = (self.user.clone(), self.group.clone(), self.file_mode);
            let said = outcome(&file, ctx);
            tracing::debug!("{}: {}", name, said.comment);
        }
        if let Some(problem) = unusable(ctx, &name) {
            return Err(StateError::refused(problem));
        }
        if self.mode.is_none() {
            return Err(StateError::refused("Mode was not defined. How to process the file?"));
        }
        if self.content.is_none() && !self.mode.to_string().eq_ignore_ascii_case("delete") {
            return Err(StateError::refused("Content can only be empty if mode is ['delete']"));
        }
        let line = line::Line {
            path: name,
            content: self.content.clone(),
            matching: self.matching.clone(),
            mode: self.mode.clone(),
            location: self.location.clone(),
            before: self.before.clone(),
            after: self.after.clone(),
            show_changes: self.show_changes,
            backup: self.backup,
            quiet: self.quiet,
            indent: self.indent,
        };
        let Some(edit) = line.edit(ctx)?.filter(|edit| edit.is_change()) else {
            return well("No changes needed to be made");
        };
        if !ctx.test {
            line.store(ctx, &edit)?;
        }
        let diff: Value = if self.show_changes.0 { edit.diff().into() } else { true.into() };
        let comment = if ctx.test { "Changes would be made" } else { "Changes were made" };
        Ok(done(ctx, Dict::new().with("diff", diff), comment))
    }
}
