//! `contents`, `contents_pillar` and `contents_grains` of `file.managed`.

use data::Value;

use super::managed::{Managed, variables};
use super::texts::render;
use super::util::{split_lines, texts};
use crate::Ctx;
use crate::states::StateError;

impl Managed {
    /// What the file is to hold, when the state says it itself: a text, or bytes.
    pub(super) fn own_contents(&self, ctx: &Ctx<'_>) -> Result<Option<Value>, StateError> {
        let refuse = |text: String| Err(StateError::refused(text));
        let Some((value, label)) = self.contents(ctx)? else { return Ok(None) };
        if !self.allows_empty() && !value.is_true() {
            return refuse(format!(
                "{label} value would result in empty contents. Set allow_empty to True to allow the managed file to be \
                 empty."
            ));
        }
        if let Value::Bytes(bytes) = &value
            && std::str::from_utf8(bytes).is_err()
        {
            if self.engine().is_some() {
                return refuse(
                    "Contents specified by contents/contents_pillar/contents_grains appears to be binary data, and as \
                     will not be able to be treated as a Jinja template."
                        .to_owned(),
                );
            }
            return Ok(Some(value));
        }
        let parts = match &value {
            Value::Bytes(bytes) => vec![String::from_utf8_lossy(bytes).into_owned()],
            other => texts(other),
        };
        if parts.is_empty() {
            return refuse(
                "Contents specified by contents/contents_pillar/contents_grains is not a string or list of strings, and \
                 is not binary data. SLS is likely malformed."
                    .to_owned(),
            );
        }
        let mut text = String::new();
        for line in parts.iter().flat_map(|part| split_lines(part)) {
            text.push_str(line);
            text.push('\n');
        }
        if !self.ends_with_newline() {
            text.truncate(text.trim_end_matches('\n').trim_end_matches('\r').len());
        }
        if let Some(engine) = self.engine() {
            let context = variables(&self.defaults, &self.context)?;
            text = render(ctx, &text, "contents", engine, &ctx.saltenv(), context)
                .map_err(StateError::refused)?;
        }
        Ok(Some(text.into()))
    }
}
