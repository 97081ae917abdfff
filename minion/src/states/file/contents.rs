//! `contents`, `contents_pillar` and `contents_grains` of `file.managed`.

use std::rc::Rc;

use data::{Dict, Value};
use sls::render::{Renderer, Template};

use super::managed::Managed;
use super::util::{split_lines, texts};
use crate::states::StateError;
use crate::{Ctx, Minion};

impl Managed {
    /// What the file is to hold, when the state says it itself.
    pub(super) fn own_contents(&self, ctx: &Ctx<'_>) -> Result<Option<Vec<u8>>, StateError> {
        let refuse = |text: String| Err(StateError::refused(text));
        let pillar = || ctx.pillar();
        let grains = || ctx.grains();
        let (value, label) = if !self.contents_pillar.is_none() {
            (
                self.looked_up(&self.contents_pillar, &pillar(), "Pillar")?,
                format!("contents_pillar {}", self.contents_pillar),
            )
        } else if !self.contents_grains.is_none() {
            (
                self.looked_up(&self.contents_grains, &grains(), "Grain")?,
                format!("contents_grains {}", self.contents_grains),
            )
        } else if !self.contents.is_none() {
            (self.contents.clone(), "'contents'".to_owned())
        } else {
            return Ok(None);
        };
        if !self.allow_empty && !value.is_true() {
            return refuse(format!(
                "{label} value would result in empty contents. Set allow_empty to True to allow the managed file to be \
                 empty."
            ));
        }
        if let Value::Bytes(bytes) = &value {
            if self.engine().is_some() {
                return refuse(
                    "Contents specified by contents/contents_pillar/contents_grains appears to be binary data, and as \
                     will not be able to be treated as a Jinja template."
                        .to_owned(),
                );
            }
            return Ok(Some(bytes.to_vec()));
        }
        let parts = texts(&value);
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
        if !self.contents_newline {
            text.truncate(text.trim_end_matches('\n').trim_end_matches('\r').len());
        }
        if let Some(template) = self.engine() {
            text = self.render_contents(ctx, &text, template)?;
        }
        Ok(Some(text.into_bytes()))
    }

    fn looked_up(&self, keys: &Value, within: &Value, what: &str) -> Result<Value, StateError> {
        let find = |key: &Value| {
            data::lookup::traverse(within, &key.to_string(), &self.contents_delimiter)
                .ok_or_else(|| StateError::refused(format!("{what} {key} does not exist")))
        };
        match keys {
            Value::List(keys) => {
                let parts: Result<Vec<String>, StateError> =
                    keys.iter().map(|k| Ok(find(k)?.to_string())).collect();
                Ok(parts?.join("\n").into())
            }
            key => find(key),
        }
    }

    fn render_contents(&self, ctx: &Ctx<'_>, text: &str, engine: &str) -> Result<String, StateError> {
        if engine != "jinja" {
            return Err(StateError::refused(format!("Specified template format {engine} is not supported")));
        }
        let saltenv = ctx.saltenv();
        let template = Template { text, name: "contents", saltenv: &saltenv, context: self.variables()? };
        let renderer = Renderer::new(Rc::new(Minion::of(ctx)));
        renderer.template(template).map_err(|e| StateError::refused(e.to_string()))
    }

    /// `defaults` with `context` over them.
    pub(super) fn variables(&self) -> Result<Dict, StateError> {
        let mut variables = Dict::new();
        for (value, what) in [(&self.defaults, "Defaults"), (&self.context, "Context")] {
            match value {
                Value::Dict(more) => variables.extend(more.iter().map(|(k, v)| (k.clone(), v.clone()))),
                Value::None => {}
                empty if what == "Defaults" && !empty.is_true() => {}
                _ => return Err(StateError::refused(format!("{what} must be formed as a dict"))),
            }
        }
        Ok(variables)
    }
}
