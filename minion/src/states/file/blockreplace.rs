//! `file.blockreplace`: what is between two markers.

use data::loose::Flag;
use data::{Dict, Value};

use super::accumulated;
use super::act::{Act, done, file_of, name_of, well};
use super::managed::yes;
use super::replace::bak;
use super::texts::Sources;
use crate::exec::file::block;
use crate::states::{Outcome, StateError};
use crate::{Ctx, args};

args! {
    /// Have this text between two markers in a file.
    ///
    /// ```yaml
    /// /etc/hosts:
    ///   file.blockreplace:
    ///     - marker_start: "# START managed zone -DO-NOT-EDIT-"
    ///     - marker_end: "# END managed zone --"
    ///     - content: 10.0.0.1 db          # and what `file.accumulated` collected, and source or sources
    ///     - append_if_not_found: True     # or prepend_if_not_found, insert_before_match, insert_after_match
    ///     - backup: .bak                  # or False
    ///     - show_changes: True
    /// ```
    ///
    /// `append_newline`: whether the content is ended with a newline; by default when it has none. Changes: `diff`.
    pub(crate) struct BlockReplace {
        name: String,
        #[serde(default = block::start)]
        marker_start: String,
        #[serde(default = block::end)]
        marker_end: String,
        #[serde(default)]
        source: Value,
        #[serde(default)]
        source_hash: Value,
        #[serde(default = jinja)]
        template: Value,
        #[serde(default)]
        sources: Value,
        #[serde(default)]
        source_hashes: Value,
        #[serde(default)]
        defaults: Value,
        #[serde(default)]
        context: Value,
        #[serde(default)]
        content: Value,
        #[serde(default)]
        append_if_not_found: Flag,
        #[serde(default)]
        prepend_if_not_found: Flag,
        #[serde(default = bak)]
        backup: Value,
        #[serde(default = yes)]
        show_changes: Flag,
        #[serde(default)]
        append_newline: Value,
        #[serde(default)]
        insert_before_match: Value,
        #[serde(default)]
        insert_after_match: Value,
    }
}

pub(super) fn jinja() -> Value {
    "jinja".into()
}

impl Act for BlockReplace {
    const FUN: &'static str = "file.blockreplace";

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        name_of(ctx, &self.name, Self::FUN)?;
        let sources = Sources {
            source: &self.source,
            sources: &self.sources,
            source_hash: &self.source_hash,
            source_hashes: &self.source_hashes,
            template: &self.template,
            defaults: &self.defaults,
            context: &self.context,
        };
        sources.exclusive()?;
        let name = file_of(ctx, &self.name, Self::FUN)?;
        let mut content = if self.content.is_none() { String::new() } else { self.content.to_string() };
        for line in accumulated::wanted_here(ctx, &name) {
            if !content.is_empty() {
                content.push('\n');
            }
            content.push_str(&line.to_string());
        }
        content.extend(sources.texts(ctx)?.unwrap_or_default());
        let block = block::BlockReplace {
            path: name,
            marker_start: self.marker_start.clone(),
            marker_end: self.marker_end.clone(),
            content: content.into(),
            append_if_not_found: self.append_if_not_found,
            prepend_if_not_found: self.prepend_if_not_found,
            backup: self.backup.clone(),
            dry_run: Flag(ctx.test),
            show_changes: self.show_changes,
            append_newline: self.append_newline.clone(),
            insert_before_match: self.insert_before_match.clone(),
            insert_after_match: self.insert_after_match.clone(),
        };
        let edited = block.edit(ctx).and_then(|edit| {
            if !ctx.test {
                block.store(ctx, &edit)?;
            }
            Ok(edit)
        });
        let edit = edited.map_err(|error| {
            let comment = format!("Encountered error managing block: {error}. See the log for details.");
            StateError::refused(comment)
        })?;
        if !edit.is_change() {
            return well("No changes needed to be made");
        }
        let diff: Value = if self.show_changes.0 { edit.diff().into() } else { true.into() };
        let comment = if ctx.test { "Changes would be made" } else { "Changes were made" };
        Ok(done(ctx, Dict::new().with("diff", diff), comment))
    }
}
