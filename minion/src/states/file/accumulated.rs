//! `file.accumulated`: texts that several states collect for one file.

use std::sync::PoisonError;

use data::{Dict, Value};

use super::act::Act;
use crate::ctx::Accumulated as Collected;
use crate::states::{Outcome, StateError};
use crate::{Ctx, args};

args! {
    /// Collect texts for a file: its template gets them as `accumulator[name]`, and `file.blockreplace` puts them into
    /// its block.
    ///
    /// ```yaml
    /// hosts-of-db:
    ///   file.accumulated:
    ///     - filename: /etc/hosts
    ///     - text: 10.0.0.1 db         # or a list
    ///     - require_in:
    ///       - file: /etc/hosts
    /// ```
    ///
    /// Makes no changes itself.
    pub(crate) struct Accumulated {
        name: String,
        filename: String,
        #[serde(default)]
        text: Value,
    }
}

/// What was collected for a file, by the name of the state: what templates get as `accumulator`.
pub(super) fn for_file(ctx: &Ctx<'_>, filename: &str) -> Option<Dict> {
    let all = ctx.job().accumulated.lock().unwrap_or_else(PoisonError::into_inner);
    let found: Dict = all
        .iter()
        .filter(|one| one.filename == filename)
        .map(|one| (one.name.as_str(), Value::from(one.texts.clone())))
        .collect();
    (!found.is_empty()).then_some(found)
}

/// The texts for a file that the state which runs is to have: what names it, else all.
pub(super) fn wanted_here(ctx: &Ctx<'_>, filename: &str) -> Vec<Value> {
    let id = ctx.chunk().map(|chunk| chunk.id.to_string()).unwrap_or_default();
    let all = ctx.job().accumulated.lock().unwrap_or_else(PoisonError::into_inner);
    let of_file: Vec<&Collected> = all.iter().filter(|one| one.filename == filename).collect();
    let mut wanted: Vec<&Collected> =
        of_file.iter().copied().filter(|one| one.wanted_by.contains(&id)).collect();
    if wanted.is_empty() {
        wanted = of_file;
    }
    wanted.into_iter().flat_map(|one| one.texts.iter().cloned()).collect()
}

impl Act for Accumulated {
    const FUN: &'static str = "file.accumulated";
    const KWARGS: bool = true;

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        if self.name.is_empty() {
            return Err(StateError::refused("Must provide name to file.accumulated"));
        }
        if self.text.is_none() {
            return Err(StateError::refused("No text supplied for accumulator"));
        }
        let low = ctx.chunk().map(|chunk| &chunk.low);
        let listed =
            |key: &str| low.and_then(|low| low.get(key)).and_then(Value::as_list).unwrap_or_default();
        let wanted_by: Vec<&Value> = listed("require_in").iter().chain(listed("watch_in")).collect();
        if !wanted_by
            .iter()
            .any(|by| by.get("file").is_some() || by.as_str().is_some_and(|t| t.contains("file")))
        {
            let (sls, id) = ctx.chunk().map(|c| (c.sls.to_string(), c.id.to_string())).unwrap_or_default();
            let problem = format!("Orphaned accumulator {} in {sls}:{id}", self.name);
            return Err(StateError::refused(problem));
        }
        let ids = wanted_by.iter().flat_map(|by| match by {
            Value::Dict(pairs) => pairs.values().map(Value::to_string).collect(),
            one => vec![one.to_string()],
        });
        let texts = match &self.text {
            Value::List(texts) => texts.to_vec(),
            one => vec![one.clone()],
        };
        let mut all = ctx.job().accumulated.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.iter().position(|one| one.filename == self.filename && one.name == self.name);
        if known.is_none() {
            all.push(Collected {
                filename: self.filename.clone(),
                name: self.name.clone(),
                texts: Vec::new(),
                wanted_by: Vec::new(),
            });
        }
        let Some(own) = known.map_or_else(|| all.len().checked_sub(1), Some).and_then(|at| all.get_mut(at))
        else {
            return Ok(Outcome::new(Some(true), ""));
        };
        own.wanted_by.extend(ids);
        let mut comment = String::new();
        for text in texts {
            if !own.texts.contains(&text) {
                own.texts.push(text);
                comment = format!("Accumulator {} for file {} was charged by text", self.name, self.filename);
            }
        }
        Ok(Outcome::new(Some(true), comment))
    }
}
