//! Text to data: the renderers that an SLS names in its first line, `#!jinja|yaml` where it names none.

mod available;
mod context;
mod error;
mod gpg;
mod hints;
mod host_filters;
mod loader;
mod native;
mod pipe;
mod salt;

pub use available::Available;
pub use error::RenderError;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use data::{Dict, Value};
use jinja::Val;

use crate::{FetchError, RenderEnv};

/// Renders SLS files, top files and file templates of one run. Grains, pillar and parsed templates are
/// shared between them, so there is to be one per run.
pub struct Renderer {
    env: Rc<dyn RenderEnv>,
    opts: Value,
    globals: RefCell<Option<Globals>>,
    /// A template environment for each saltenv: templates are looked up there.
    jinja: RefCell<HashMap<String, JinjaEnv>>,
    available: RefCell<HashMap<String, Rc<Available>>>,
    pillar_render: bool,
}

/// What all templates of a run see, as templates have it.
#[derive(Clone)]
struct Globals {
    grains: Val,
    pillar: Val,
    opts: Val,
}

#[derive(Clone)]
struct JinjaEnv {
    env: jinja::Env,
    position: Rc<loader::Position>,
}

/// An SLS that was found and rendered.
pub struct RenderedSls {
    /// What it renders to.
    pub value: Value,
    /// Whether it is the `init.sls` of a folder.
    pub is_init: bool,
    /// Whether its renderers make no more than text of it.
    pub is_text: bool,
}

/// A template that is not an SLS, as `file.managed` has one.
pub struct Template<'a> {
    /// Its text.
    pub text: &'a str,
    /// What errors call it.
    pub name: &'a str,
    /// The environment in which it finds other templates.
    pub saltenv: &'a str,
    /// Its variables besides `salt`, `grains`, `pillar`, `opts` and `saltenv`.
    pub context: Dict,
}

impl Renderer {
    /// A renderer in these surroundings.
    pub fn new(env: Rc<dyn RenderEnv>) -> Self {
        let opts = env.opts();
        Renderer {
            env,
            opts,
            globals: RefCell::default(),
            jinja: RefCell::default(),
            available: RefCell::default(),
            pillar_render: false,
        }
    }

    /// A renderer of pillar: a template that lacks a variable says so in pillar's way.
    #[must_use]
    pub fn for_pillar(mut self) -> Self {
        self.pillar_render = true;
        self
    }

    /// The surroundings.
    pub fn env(&self) -> &Rc<dyn RenderEnv> {
        &self.env
    }

    /// An option of the configuration, unless it is none.
    pub fn opt(&self, key: &str) -> Option<&Value> {
        self.opts.get(key).filter(|value| !value.is_none())
    }

    /// The SLS of an environment.
    pub fn available(&self, saltenv: &str) -> Result<Rc<Available>, FetchError> {
        if let Some(available) = self.available.borrow().get(saltenv) {
            return Ok(available.clone());
        }
        let available = Rc::new(Available::new(&self.env.list(saltenv)?));
        self.available.borrow_mut().insert(saltenv.to_owned(), available.clone());
        Ok(available)
    }

    /// Whether there is an environment of this name.
    pub fn has_env(&self, saltenv: &str) -> bool {
        saltenv == "base" || self.env.envs().iter().any(|e| e == saltenv || e == "__env__")
    }

    /// Renders an SLS by its dotted name; none when there is no such file. `context` are variables for
    /// its templates (`defaults` of a pillar's `include`).
    pub fn sls(&self, sls: &str, saltenv: &str, context: &Dict) -> Result<Option<RenderedSls>, RenderError> {
        let base = sls.replace('.', "/");
        for (path, is_init) in [(format!("{base}.sls"), false), (format!("{base}/init.sls"), true)] {
            if let Some(content) = self.env.fetch(&path, saltenv).map_err(RenderError::fetch)? {
                let (value, is_text) = self.file(&content, &path, sls, saltenv, context)?;
                return Ok(Some(RenderedSls { value, is_init, is_text }));
            }
        }
        Ok(None)
    }

    /// Renders a file by its path, as a top file is; none when it is not there.
    pub fn path(&self, path: &str, saltenv: &str) -> Result<Option<Value>, RenderError> {
        match self.env.fetch(path, saltenv).map_err(RenderError::fetch)? {
            Some(content) => {
                self.file(&content, path, "", saltenv, &Dict::new()).map(|(value, _)| Some(value))
            }
            None => Ok(None),
        }
    }

    /// Renders text as if it were the content of an SLS; `sls` is the name its templates see.
    pub fn text(&self, text: &str, sls: &str, saltenv: &str, context: &Dict) -> Result<Value, RenderError> {
        self.file(text.as_bytes(), "", sls, saltenv, context).map(|(value, _)| value)
    }

    /// Renders text through a pipe of renderers given by name, unless its first line names another, as
    /// `slsutil.renderer` does.
    pub fn pipe(&self, text: &str, pipe: &str, saltenv: &str, context: &Dict) -> Result<Value, RenderError> {
        if text.trim().is_empty() {
            return Ok(Value::dict());
        }
        let stages = pipe::parse(pipe::shebang(text).unwrap_or(pipe), &self.allowed())?;
        self.through(&stages, text, "", "", saltenv, context)
    }

    /// Renders a template that is not an SLS.
    pub fn template(&self, template: Template<'_>) -> Result<String, RenderError> {
        let mut variables = vec![("saltenv".to_owned(), Val::from(template.saltenv))];
        variables.extend(context::pairs(&template.context));
        self.jinja(template.text, template.name, template.saltenv, "", false, variables)
    }

    /// Decrypts every text of a value that has a message in it, as the renderer `gpg` does.
    pub fn decrypt(&self, value: Value) -> Result<Value, RenderError> {
        gpg::decrypt(&*self.env, &self.opts, value)
    }

    fn allowed(&self) -> pipe::Allowed {
        let names = |key: &str| match self.opt(key) {
            Some(Value::List(names)) => names.iter().map(Value::to_string).collect(),
            Some(Value::Str(name)) if !name.is_empty() => vec![name.to_string()],
            _ => Vec::new(),
        };
        pipe::Allowed { only: names("renderer_whitelist"), never: names("renderer_blacklist") }
    }

    fn file(
        &self,
        content: &[u8],
        path: &str,
        sls: &str,
        saltenv: &str,
        context: &Dict,
    ) -> Result<(Value, bool), RenderError> {
        let text = std::str::from_utf8(content).map_err(|e| RenderError::not_utf8(content, e))?;
        if text.trim().is_empty() {
            return Ok((Value::dict(), false));
        }
        let default = || self.opt("renderer").and_then(Value::as_str).unwrap_or("jinja|yaml");
        let stages = pipe::parse(pipe::shebang(text).unwrap_or_else(default), &self.allowed())?;
        let is_text = matches!(stages.last(), Some(pipe::Stage::Jinja | pipe::Stage::Text));
        Ok((self.through(&stages, text, path, sls, saltenv, context)?, is_text))
    }

    fn through(
        &self,
        stages: &[pipe::Stage],
        text: &str,
        path: &str,
        sls: &str,
        saltenv: &str,
        context: &Dict,
    ) -> Result<Value, RenderError> {
        let mut value = Value::from(text);
        for stage in stages {
            if *stage == pipe::Stage::Gpg {
                value = gpg::decrypt(&*self.env, &self.opts, value)?;
                continue;
            }
            let Value::Str(text) = &value else { return Err(RenderError::not_text(stage.name(), &value)) };
            value = match stage {
                pipe::Stage::Jinja => {
                    let mut variables =
                        vec![("saltenv".to_owned(), Val::from(saltenv)), ("sls".to_owned(), Val::from(sls))];
                    variables.extend(context::pairs(context));
                    for (key, value) in context::of_sls(&self.template_path(path, saltenv), path, sls) {
                        if !context.contains(key) {
                            variables.push((key.to_owned(), Val::from(value)));
                        }
                    }
                    let dir = path.rsplit_once('/').map_or(".", |(dir, _)| dir);
                    let name = if path.is_empty() { "<unknown>" } else { path };
                    self.jinja(text, name, saltenv, dir, !sls.is_empty(), variables)?.into()
                }
                pipe::Stage::Yaml => pipe::yaml(text)?,
                pipe::Stage::Json => pipe::json(text)?,
                pipe::Stage::Json5 => pipe::json5(text)?,
                pipe::Stage::Toml => pipe::toml(text)?,
                pipe::Stage::Text | pipe::Stage::Gpg => continue,
            };
        }
        Ok(value)
    }

    /// Where Salt keeps the file of a template on a minion.
    fn template_path(&self, path: &str, saltenv: &str) -> String {
        let cachedir = self.opt("cachedir").and_then(Value::as_str).unwrap_or_default();
        format!("{cachedir}/files/{saltenv}/{path}")
    }

    fn globals(&self) -> Globals {
        let make = || Globals {
            grains: Val::from(self.env.grains()),
            pillar: Val::from(self.env.pillar()),
            opts: Val::from(self.opts.clone()),
        };
        self.globals.borrow_mut().get_or_insert_with(make).clone()
    }

    /// Lets the next template see grains and pillar as they are then. Templates that are parsed stay so.
    pub fn refresh(&self) {
        let _old = self.globals.borrow_mut().take();
    }

    /// The bounds on runaway templates, where the configuration sets them.
    fn limits(&self) -> jinja::Limits {
        let mut limits = jinja::Limits::default();
        let number = |key: &str| self.opt(key).and_then(Value::as_int).filter(|n| *n > 0);
        let size = |key: &str, now| number(key).and_then(|n| usize::try_from(n).ok()).unwrap_or(now);
        limits.depth = size("jinja_max_depth", limits.depth);
        limits.output_bytes = size("jinja_max_output", limits.output_bytes);
        if let Some(steps) = number("jinja_max_loop_steps") {
            limits.loop_steps = steps.unsigned_abs();
        }
        limits
    }

    fn jinja_env(&self, saltenv: &str) -> JinjaEnv {
        let mut envs = self.jinja.borrow_mut();
        let make = || {
            let mut env = jinja::Env::salt();
            if self.opt("allow_undefined").is_some_and(Value::is_true) {
                env.options.undefined = jinja::UndefinedKind::Default;
            }
            env.options.limits = self.limits();
            env.add_global("salt", salt::library(self.env.clone()));
            env.add_global("show_full_context", salt::show_full_context());
            env.add_global("ifelse", salt::ifelse(self.env.clone()));
            for (name, filter) in host_filters::HOST_FILTERS {
                let surroundings = self.env.clone();
                env.add_filter(name, move |args| filter(&*surroundings, args));
            }
            let position = Rc::new(loader::Position::default());
            env.set_loader(Box::new(loader::FileLoader::new(self.env.clone(), saltenv, position.clone())));
            JinjaEnv { env, position }
        };
        envs.entry(saltenv.to_owned()).or_insert_with(make).clone()
    }

    fn jinja(
        &self,
        text: &str,
        name: &str,
        saltenv: &str,
        dir: &str,
        is_sls: bool,
        variables: Vec<(String, Val)>,
    ) -> Result<String, RenderError> {
        let JinjaEnv { mut env, position } = self.jinja_env(saltenv);
        let config = self.opt(if is_sls { "jinja_sls_env" } else { "jinja_env" });
        if let Some(config) = config.and_then(Value::as_dict) {
            pipe::jinja_options(&mut env.options, config);
        }
        for (key, set) in [
            ("jinja_trim_blocks", &mut env.options.trim_blocks),
            ("jinja_lstrip_blocks", &mut env.options.lstrip_blocks),
        ] {
            *set |= self.opt(key).is_some_and(Value::is_true);
        }
        let text = pipe::take_jinja_header(text, &mut env.options);
        let globals = self.globals();
        env.add_global("grains", globals.grains);
        env.add_global("pillar", globals.pillar);
        env.add_global("opts", globals.opts);
        for (key, value) in &variables {
            env.add_global(key, value.clone());
        }
        let before = position.enter(dir);
        let rendered = env.render(name, &text, variables);
        position.leave(before);
        let nearest = |fun: &str| self.env.nearest_function(fun);
        let mut out = rendered.map_err(|error| match is_sls {
            true => RenderError::jinja(&error, &text, &nearest),
            false => RenderError::new(error.to_string()),
        })?;
        // Jinja drops one newline at the end; Salt puts it back.
        if text.ends_with('\n') {
            out.push('\n');
        }
        Ok(out)
    }
}
