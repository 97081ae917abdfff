//! Where the pillar comes from: compiled from the roots of this machine, or asked of the master.
//!
//! [`LocalPillar`] compiles from roots for the minion whose grains it is given. The master uses it too, with
//! each minion's grains and its own files.

mod decrypt;
mod env;
mod ext;

use std::rc::Rc;
use std::sync::Arc;

use data::merge::merge;
use data::{Dict, Value};
use proto::target::{Facts, Target, TargetType};
use sls::pillar::PillarOptions;
use sls::render::Renderer;

use crate::Caller;
use crate::fileclient::FileClient;
pub(crate) use decrypt::overrides as decrypted;
use env::PillarEnv;

/// Something that knows a minion's pillar.
pub trait PillarSource: Send + Sync {
    /// The pillar for a minion with these grains; `over` (`pillar=` on the command line) is merged in last.
    fn pillar(
        &self,
        grains: &Value,
        pillarenv: Option<&str>,
        over: Option<&Value>,
    ) -> Result<Value, PillarError>;

    /// The same with one more external pillar, if `on_demand_ext_pillar` lets it (`pillar.ext`).
    fn pillar_with(
        &self,
        grains: &Value,
        pillarenv: Option<&str>,
        over: Option<&Value>,
        _external: &Value,
    ) -> Result<Value, PillarError> {
        self.pillar(grains, pillarenv, over)
    }
}

/// A pillar that could not be had. Errors inside the pillar's SLS files are not of this kind: they are in
/// its `_errors`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed to get the pillar: {reason}")]
pub struct PillarError {
    /// What went wrong.
    pub reason: String,
}

/// Pillar compiled from `pillar_roots`.
pub struct LocalPillar {
    /// The minion's id.
    pub id: String,
    /// The options: the minion's with `file_client: local`, else the master's.
    pub opts: Value,
    /// The files of `pillar_roots`.
    pub files: Arc<dyn FileClient>,
    /// `nodegroups` for `N@` in the top file.
    pub nodegroups: Arc<Dict>,
    /// Who calls what `salt['mod.fun']` names in the pillar's templates; none: no function is there.
    pub functions: Option<Caller>,
}

impl PillarSource for LocalPillar {
    fn pillar(
        &self,
        grains: &Value,
        pillarenv: Option<&str>,
        over: Option<&Value>,
    ) -> Result<Value, PillarError> {
        self.pillar_with(grains, pillarenv, over, &Value::None)
    }

    fn pillar_with(
        &self,
        grains: &Value,
        pillarenv: Option<&str>,
        over: Option<&Value>,
        external: &Value,
    ) -> Result<Value, PillarError> {
        let mut opts = self.opts.clone();
        if let (Some(env), Some(opts)) = (pillarenv, opts.as_dict_mut()) {
            opts.insert("pillarenv", env);
        }
        let over = over.and_then(Value::as_dict).cloned().unwrap_or_default();
        Ok(Compiler { source: self, grains, opts, over, errors: Vec::new() }.compile(external))
    }
}

/// One pillar in the making.
struct Compiler<'a> {
    source: &'a LocalPillar,
    grains: &'a Value,
    opts: Value,
    /// What is merged in last.
    over: Dict,
    errors: Vec<String>,
}

impl Compiler<'_> {
    fn compile(mut self, external: &Value) -> Value {
        let mut pillar = if self.flag("ext_pillar_first") {
            let first = self.external(Value::dict(), external);
            let files = self.files(&first);
            self.merge(&first, &files)
        } else {
            let files = self.files(&Value::dict());
            self.external(files, external)
        };
        if self.flag("pillar_opts")
            && let Some(pillar) = pillar.as_dict_mut()
        {
            pillar.insert("master", self.source.opts.clone());
        }
        if !self.errors.is_empty() {
            let errors = self.shown_errors();
            if let Some(pillar) = pillar.as_dict_mut() {
                pillar.insert("_errors", errors);
            }
        }
        if !self.over.is_empty() {
            pillar = self.merge(&pillar, &self.over.clone().into());
        }
        let errors = decrypt::configured(&mut pillar, &self.opts, &self.renderer(&Value::dict()));
        if !errors.is_empty()
            && let Some(pillar) = pillar.as_dict_mut()
            && let Some(all) = pillar.entry_or("_errors", Value::list).as_list_mut()
        {
            all.extend(errors.into_iter().map(Value::from));
        }
        pillar
    }

    fn flag(&self, key: &str) -> bool {
        self.opts.get(key).is_some_and(Value::is_true)
    }

    fn merge(&self, base: &Value, over: &Value) -> Value {
        let options = PillarOptions::from_opts(&self.opts);
        merge(base, over, options.strategy, options.merge_lists)
    }

    /// Renders what sees this pillar. It does not see `pillar=`, as in Salt.
    fn renderer(&self, pillar: &Value) -> Renderer {
        let env = PillarEnv {
            grains: self.grains.clone(),
            pillar: pillar.clone(),
            opts: self.opts.clone(),
            files: Arc::clone(&self.source.files),
            functions: self.source.functions.clone(),
        };
        Renderer::new(Rc::new(env)).for_pillar()
    }

    /// The pillar of the SLS files.
    fn files(&mut self, seen: &Value) -> Value {
        let mut options = PillarOptions::from_opts(&self.opts);
        // The log gets the details; what others get is decided after that.
        options.safe_errors = false;
        options.start = self.over.clone();
        let facts = Facts { id: &self.source.id, grains: self.grains, pillar: seen };
        let matcher = |target: &str, kind: &str| matches(target, kind, &facts, &self.source.nodegroups);
        let mut pillar = sls::pillar::compile(&self.renderer(seen), &options, &matcher);
        if let Some(Value::List(errors)) = pillar.as_dict_mut().and_then(|pillar| pillar.remove("_errors")) {
            self.errors.extend(errors.iter().map(Value::to_string));
        }
        pillar
    }

    /// The pillar with what the external ones say.
    fn external(&mut self, mut pillar: Value, on_demand: &Value) -> Value {
        let (list, refused) = ext::configured(&self.opts, on_demand);
        self.errors.extend(refused);
        if !list.is_empty() && !self.over.is_empty() {
            pillar = self.merge(&pillar, &self.over.clone().into());
        }
        for (name, arguments) in &list {
            let source = ext::Source {
                id: &self.source.id,
                grains: self.grains,
                opts: &self.opts,
                nodegroups: &self.source.nodegroups,
                functions: self.source.functions.as_ref(),
                renderer: &self.renderer(&pillar),
            };
            match ext::read(&source, name, arguments) {
                Ok(found) if found.is_true() => pillar = self.merge(&pillar, &found),
                Ok(_) => {}
                Err(problem) => self.errors.push(problem),
            }
        }
        pillar
    }

    /// Logs what went wrong. What comes back is for the minion: by default without what a template's error shows
    /// of its text, which may hold another minion's secrets.
    fn shown_errors(&self) -> Vec<String> {
        let safe = self.opts.get("pillar_safe_render_error").is_none_or(Value::is_true);
        let shown = self.errors.iter().map(|error| {
            tracing::error!(minion = self.source.id, "pillar: {error}");
            match error.split_once(" failed, render error:") {
                Some((what, _)) if safe && what.starts_with("Rendering SLS ") => {
                    format!("{what} failed. Please see master log for details.")
                }
                _ => error.clone(),
            }
        });
        shown.collect()
    }
}

/// Whether a target of a top file means the minion with these facts. One that cannot be read means nobody.
pub fn matches(target: &str, kind: &str, facts: &Facts<'_>, nodegroups: &Dict) -> bool {
    let Some(kind) = TargetType::from_name(kind) else {
        tracing::warn!("top file: unknown kind of match '{kind}' for '{target}'");
        return false;
    };
    match Target::parse_str(target, kind, nodegroups) {
        Ok(target) => target.matches(facts),
        Err(error) => {
            tracing::warn!("top file: {error}");
            false
        }
    }
}
