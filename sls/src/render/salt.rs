//! `salt` in templates: `salt['mod.fun'](…)`, `salt.mod.fun(…)`, `salt.get('mod.fun')`.

use std::rc::Rc;

use data::{Dict, Value};
use jinja::{CallArgs, Error, ErrorKind, Object, Val};

use super::native::Live;
use crate::{CallError, RenderEnv};

/// The object of all execution functions.
pub(super) fn library(env: Rc<dyn RenderEnv>) -> Val {
    Val::object(Library { env, live: Rc::default() })
}

#[derive(Clone)]
struct Library {
    env: Rc<dyn RenderEnv>,
    live: Rc<Live>,
}

impl Library {
    fn function(&self, fun: &str) -> Option<Val> {
        if !fun.contains('.') || !self.env.has_function(fun) {
            return None;
        }
        let (library, fun) = (self.clone(), fun.to_owned());
        Some(Val::function(move |args| match library.live.call(&*library.env, &fun, args) {
            Some(value) => Ok(value),
            None => call(&*library.env, &fun, args),
        }))
    }
}

impl Object for Library {
    fn type_name(&self) -> &str {
        "AliasedLoader"
    }

    fn type_repr(&self) -> String {
        "salt.utils.templates.AliasedLoader object".to_owned()
    }

    fn get_attr(&self, name: &str) -> Result<Option<Val>, Error> {
        if name == "get" {
            let library = self.clone();
            return Ok(Some(Val::function(move |args| {
                let mut given = args.args.drain(..);
                let name = given.next().unwrap_or(Val::from(Value::None));
                let default = given.next().unwrap_or(Val::from(Value::None));
                let found = name.as_str().and_then(|name| library.function(name));
                Ok(found.unwrap_or(default))
            })));
        }
        // Whether there is a module of that name is known once one of its functions is asked for.
        Ok((!name.contains('.'))
            .then(|| Val::object(Module { library: self.clone(), name: name.to_owned() })))
    }

    fn get_item(&self, key: &Val) -> Result<Option<Val>, Error> {
        Ok(key.as_str().and_then(|fun| self.function(fun)))
    }

    fn contains(&self, key: &Val) -> Result<Option<bool>, Error> {
        Ok(Some(key.as_str().is_some_and(|fun| self.env.has_function(fun))))
    }
}

/// `salt.mod`
struct Module {
    library: Library,
    name: String,
}

impl Object for Module {
    fn type_name(&self) -> &str {
        "LoadedMod"
    }

    fn type_repr(&self) -> String {
        "salt.loader.lazy.LoadedMod object".to_owned()
    }

    fn get_attr(&self, name: &str) -> Result<Option<Val>, Error> {
        let fun = format!("{}.{name}", self.name);
        Ok(self.library.function(&fun))
    }

    fn get_item(&self, key: &Val) -> Result<Option<Val>, Error> {
        key.as_str().map_or(Ok(None), |name| self.get_attr(name))
    }
}

pub(super) fn call(env: &dyn RenderEnv, fun: &str, args: &mut CallArgs) -> Result<Val, Error> {
    let positional: Vec<Value> = args.args.iter().map(Val::to_value).collect();
    let kwargs: Dict = args.kwargs.iter().map(|(k, v)| (Value::Str(k.clone()), v.to_value())).collect();
    env.call(fun, positional, kwargs).map(Val::from).map_err(|error| match error {
        CallError::NotFound { .. } => Error::new(ErrorKind::Key, error.to_string()),
        CallError::Raised { exception, message } => {
            let kind = match exception.as_str() {
                "TypeError" => ErrorKind::Type,
                "ValueError" => ErrorKind::Value,
                "KeyError" => ErrorKind::Key,
                "IndexError" => ErrorKind::Index,
                "AttributeError" => ErrorKind::Attribute,
                "TemplateError" => ErrorKind::Raised,
                "CommandExecutionError" | "SaltInvocationError" => ErrorKind::Host,
                _ => ErrorKind::Exception,
            };
            Error::new(kind, message)
        }
    })
}

/// Salt's global `ifelse(target, value, …, default)`.
pub(super) fn ifelse(env: Rc<dyn RenderEnv>) -> Val {
    Val::function(move |args| call(&*env, "match.ifelse", args))
}

/// `show_full_context()`: all variables that are plain data.
pub(super) fn show_full_context() -> Val {
    Val::function(|args| {
        let plain = args.context().into_iter().filter_map(|(name, value)| match value {
            Val::Func(_) | Val::Object(_) => None,
            value => Some((Value::Str(name), value.to_value())),
        });
        Ok(Val::from(Value::from(plain.collect::<Dict>())))
    })
}
