//! `file.decode`: base64 text as a file.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use data::{Dict, Value};

use super::act::Act;
use crate::hash::{self, Kind};
use crate::states::{Outcome, StateError, old_new};
use crate::{Ctx, args};

args! {
    /// Have a file with what a base64 text decodes to.
    ///
    /// ```yaml
    /// /tmp/logo.png:
    ///   file.decode:
    ///     - encoded_data: iVBORw0KGgo=        # or contents_pillar, a key
    ///     - checksum: sha256                  # what is told of a change; default md5
    /// ```
    ///
    /// Changes: `old` and `new`, hashes.
    pub(crate) struct Decode {
        name: String,
        #[serde(default)]
        encoded_data: Value,
        #[serde(default)]
        contents_pillar: Value,
        #[serde(default, rename = "encoding_type")]
        _encoding_type: Value,
        #[serde(default)]
        checksum: Option<String>,
    }
}

impl Act for Decode {
    const FUN: &'static str = "file.decode";

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let raised = |text: &str| StateError::raised("CommandExecutionError", text);
        let encoded = match (self.encoded_data.is_true(), self.contents_pillar.is_true()) {
            (false, false) => {
                return Err(raised("Specify either the 'encoded_data' or 'contents_pillar' argument."));
            }
            (true, true) => {
                return Err(raised("Specify only one 'encoded_data' or 'contents_pillar' argument."));
            }
            (true, false) => self.encoded_data.clone(),
            (false, true) => data::lookup::traverse(&ctx.pillar(), &self.contents_pillar.to_string(), ":")
                .filter(|found| *found != Value::Bool(false))
                .ok_or_else(|| raised("Pillar data not found."))?,
        };
        let text: String = encoded.to_string().split_whitespace().collect();
        let data = STANDARD.decode(text).map_err(|e| StateError::raised("binascii.Error", e.to_string()))?;
        let form = self.checksum.as_deref().unwrap_or("md5");
        let kind = Kind::from_name(form)
            .ok_or_else(|| StateError::raised("ValueError", format!("Invalid hash type: {form}")))?;
        let path = Path::new(&self.name);
        let new = hash::hex(kind, &data);
        let mut changes = Dict::new();
        if ctx.host.is_file(path) {
            let old = ctx.host.hash(path, kind)?;
            if old == new {
                return Ok(Outcome::new(Some(true), "File is in the correct state."));
            }
            changes = Dict::new().with("old", old).with("new", new.as_str());
        }
        if ctx.test {
            return Ok(Outcome::new(None, "File is set to be updated.").with_changes(changes));
        }
        ctx.host.write_atomic(path, &data, None)?;
        if changes.is_empty()
            && let Value::Dict(made) = old_new(Value::None, new)
        {
            changes = (*made).clone();
        }
        Ok(Outcome::new(Some(true), "File was updated.").with_changes(changes))
    }
}
