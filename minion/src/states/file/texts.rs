//! Texts that states put into files: from templates of the file server, and as they stand in the SLS.

use data::{Dict, Value};
use sls::render::Template;

use super::managed::variables;
use crate::Ctx;
use crate::fileclient::Source;
use crate::run::renderer_of;
use crate::states::StateError;

/// Where texts come from: `source` or `sources`, and how they are rendered.
pub(super) struct Sources<'a> {
    pub(super) source: &'a Value,
    pub(super) sources: &'a Value,
    pub(super) source_hash: &'a Value,
    pub(super) source_hashes: &'a Value,
    pub(super) template: &'a Value,
    pub(super) defaults: &'a Value,
    pub(super) context: &'a Value,
}

impl Sources<'_> {
    /// That not both of what excludes each other are given.
    pub(super) fn exclusive(&self) -> Result<(), StateError> {
        let both = |what: &str, a: &Value, b: &Value| {
            if a.is_true() && b.is_true() {
                return Err(StateError::refused(format!("{what} are mutually exclusive")));
            }
            Ok(())
        };
        both("source and sources", self.source, self.sources)?;
        both("source_hash and source_hashes", self.source_hash, self.source_hashes)
    }

    /// The rendered texts; none when there are no sources.
    pub(super) fn texts(&self, ctx: &Ctx<'_>) -> Result<Option<Vec<String>>, StateError> {
        let sources = match (self.source, self.sources) {
            (one, _) if one.is_true() => std::slice::from_ref(one),
            (_, Value::List(several)) => several,
            _ => &[],
        };
        if sources.is_empty() {
            return Ok(None);
        }
        let variables = variables(self.defaults, self.context)?;
        let saltenv = ctx.saltenv();
        let mut texts = Vec::new();
        for name in sources.iter().map(Value::to_string) {
            let missing =
                |why: String| StateError::refused(format!("Failed to load template file {name}{why}"));
            let source = Source::parse(&name).ok_or_else(|| missing(String::new()))?;
            let content = source.read(ctx, &saltenv)?.ok_or_else(|| missing(String::new()))?;
            let text = String::from_utf8_lossy(&content);
            let text = if self.template.is_true() {
                let engine = self.template.to_string();
                render(ctx, &text, &name, &engine, &saltenv, variables.clone())
                    .map_err(|why| missing(format!("\n{why}")))?
            } else {
                text.into_owned()
            };
            if text.is_empty() {
                return Err(StateError::refused(format!("Failed to read rendered template file {name}")));
            }
            texts.push(text);
        }
        Ok(Some(texts))
    }
}

/// A text rendered by a template engine; an error is what there is to say.
pub(crate) fn render(
    ctx: &Ctx<'_>,
    text: &str,
    name: &str,
    engine: &str,
    saltenv: &str,
    context: Dict,
) -> Result<String, String> {
    if engine != "jinja" {
        return Err(format!("Specified template format {engine} is not supported"));
    }
    renderer_of(ctx).template(Template { text, name, saltenv, context }).map_err(|e| e.to_string())
}
