//! What is there: functions, their parameters, their docs.

use data::{Dict, Value};
use proto::target::glob::Glob;

use super::{About, ExecEntry, ExecError, ExecFn, Parameter, Signature, entry, every};
use crate::args::printed_doc;
use crate::external::{Kind, Site};
use crate::{Ctx, args};

/// The functions of `sys`.
pub const FUNCTIONS: &[ExecEntry] = &[
    entry::<Doc>(),
    entry::<StateDoc>(),
    entry::<ListFunctions>(),
    entry::<ListModules>(),
    entry::<ListStateFunctions>(),
    entry::<ListStateModules>(),
    entry::<ArgSpec>(),
    entry::<StateArgSpec>(),
    entry::<ReloadModules>(),
];

args! {
    /// Show the docs of functions: of all, of those of a module, of one, of those that match a glob.
    ///
    /// CLI Example: `rsalt '*' sys.doc cmd.run 'grains.*'`
    pub struct Doc {
        #[serde(default)]
        args: Vec<Value>,
    }

    /// Show the docs of state functions: of all, of those of a module, of one, of those that match a glob.
    ///
    /// CLI Example: `rsalt '*' sys.state_doc pkg.installed`
    pub struct StateDoc {
        #[serde(default)]
        args: Vec<Value>,
    }

    /// List the functions: all, those of modules, those that match globs.
    ///
    /// CLI Example: `rsalt '*' sys.list_functions 'file.*_exists'`
    pub struct ListFunctions {
        #[serde(default)]
        args: Vec<Value>,
    }

    /// List the execution modules: all, or those that match globs.
    ///
    /// CLI Example: `rsalt '*' sys.list_modules 's*'`
    pub struct ListModules {
        #[serde(default)]
        args: Vec<Value>,
    }

    /// List the state functions: all, those of modules, those that match globs.
    ///
    /// CLI Example: `rsalt '*' sys.list_state_functions pkg`
    pub struct ListStateFunctions {
        #[serde(default)]
        args: Vec<Value>,
    }

    /// List the state modules: all, or those that match globs.
    ///
    /// CLI Example: `rsalt '*' sys.list_state_modules 'c*'`
    pub struct ListStateModules {
        #[serde(default)]
        args: Vec<Value>,
    }

    /// Show the parameters of functions: of a module, of one, of those that match a glob.
    ///
    /// CLI Example: `rsalt '*' sys.argspec cmd.run`
    pub struct ArgSpec {
        #[serde(default)]
        module: Value,
    }

    /// Show the parameters of state functions: of a module, of one, of those that match a glob.
    ///
    /// CLI Example: `rsalt '*' sys.state_argspec pkg.installed`
    pub struct StateArgSpec {
        #[serde(default)]
        module: Value,
    }

    /// Look at the site's own modules anew. Always `True`.
    ///
    /// CLI Example: `rsalt '*' sys.reload_modules`
    pub struct ReloadModules {}
}

/// Every state function there is, with the parameters that are looked for in it.
fn state_functions(site: &Site) -> impl Iterator<Item = About<'_>> {
    let built_in = crate::states::ALL.iter().flat_map(|module| module.iter());
    let built_in = built_in.filter(|entry| site.find(Kind::States, entry.fun).is_none());
    let about = |entry: &'static crate::states::StateEntry| -> About<'_> {
        About {
            fun: entry.fun,
            signature: if entry.kwargs { "**kwargs" } else { "" },
            doc: entry.doc,
            out: None,
        }
    };
    built_in.map(about).chain(site.all(Kind::States))
}

/// Whether `fun` is meant, as `doc` reads its arguments: a glob, a module, or the whole name.
fn documented(fun: &str, asked: &[Value]) -> bool {
    asked.is_empty()
        || asked.iter().map(ToString::to_string).any(|name| {
            if name.contains('*') {
                return Glob::new(&name).matches(fun);
            }
            let prefix =
                if name.is_empty() || name.ends_with('.') { name.clone() } else { format!("{name}.") };
            fun == name || fun.starts_with(&prefix)
        })
}

/// Whether `fun` is meant, as the lists read their arguments: a name with a dot is a glob already.
fn listed(fun: &str, asked: &[Value]) -> bool {
    asked.is_empty()
        || asked.iter().map(ToString::to_string).any(|name| {
            if name.contains(['*', '.']) {
                Glob::new(&name).matches(fun)
            } else {
                fun.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('.'))
            }
        })
}

/// Whether the module of `fun` is meant. A glob is held against the whole name, as in Salt.
fn module_listed(fun: &str, asked: &[Value]) -> bool {
    let module = fun.split('.').next().unwrap_or(fun);
    asked.is_empty()
        || asked
            .iter()
            .map(ToString::to_string)
            .any(|name| if name.contains('*') { Glob::new(&name).matches(fun) } else { module == name })
}

fn sorted<'a>(names: impl Iterator<Item = &'a str>) -> Value {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    names.into()
}

/// The docs by name, sorted so that what is printed does not depend on the tables.
fn docs<'a>(found: impl Iterator<Item = About<'a>>) -> Value {
    let mut found: Vec<_> = found.map(|about| (about.fun, about.doc)).collect();
    found.sort_unstable();
    found.into_iter().map(|(fun, doc)| (fun, printed_doc(doc))).collect::<Dict>().into()
}

impl ExecFn for Doc {
    const FUN: &'static str = "sys.doc";
    const SIGNATURE: &'static str = "*args";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(docs(every(&ctx.caller().site()).filter(|e| documented(e.fun, &self.args))))
    }
}

impl ExecFn for StateDoc {
    const FUN: &'static str = "sys.state_doc";
    const SIGNATURE: &'static str = "*args";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(docs(state_functions(&ctx.caller().site()).filter(|e| documented(e.fun, &self.args))))
    }
}

impl ExecFn for ListFunctions {
    const FUN: &'static str = "sys.list_functions";
    const SIGNATURE: &'static str = "*args, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(sorted(every(&ctx.caller().site()).map(|e| e.fun).filter(|fun| listed(fun, &self.args))))
    }
}

impl ExecFn for ListModules {
    const FUN: &'static str = "sys.list_modules";
    const SIGNATURE: &'static str = "*args";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let site = ctx.caller().site();
        Ok(sorted(every(&site).filter(|e| module_listed(e.fun, &self.args)).map(|e| e.module())))
    }
}

impl ExecFn for ListStateFunctions {
    const FUN: &'static str = "sys.list_state_functions";
    const SIGNATURE: &'static str = "*args, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let site = ctx.caller().site();
        Ok(sorted(state_functions(&site).map(|e| e.fun).filter(|fun| listed(fun, &self.args))))
    }
}

impl ExecFn for ListStateModules {
    const FUN: &'static str = "sys.list_state_modules";
    const SIGNATURE: &'static str = "*args";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let site = ctx.caller().site();
        Ok(sorted(state_functions(&site).filter(|e| module_listed(e.fun, &self.args)).map(|e| e.module())))
    }
}

fn some(list: Vec<Value>) -> Value {
    if list.is_empty() { Value::None } else { list.into() }
}

/// One row of Salt's report: names, defaults from the right, names of the catch-alls.
fn spec(signature: &Signature<'_>) -> Value {
    Dict::new()
        .with("args", some(signature.parameters.iter().map(|p| Value::from(p.name)).collect()))
        .with("defaults", some(signature.parameters.iter().filter_map(Parameter::default_value).collect()))
        .with("varargs", if signature.varargs.is_some() { Value::Bool(true) } else { Value::None })
        .with("kwargs", if signature.kwargs.is_some() { Value::Bool(true) } else { Value::None })
        .into()
}

/// What the report is about: with nothing asked for that is nothing, as in Salt.
fn asked_for(module: &Value) -> [Value; 1] {
    [if module.is_none() { "".into() } else { module.clone() }]
}

impl ExecFn for ArgSpec {
    const FUN: &'static str = "sys.argspec";
    const SIGNATURE: &'static str = "module=''";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let asked = asked_for(&self.module);
        let site = ctx.caller().site();
        let mut found: Vec<_> = every(&site).filter(|e| listed(e.fun, &asked)).collect();
        found.sort_by_key(|e| e.fun);
        Ok(found.into_iter().map(|e| (e.fun, spec(&Signature::parse(e.signature)))).collect::<Dict>().into())
    }
}

impl ExecFn for StateArgSpec {
    const FUN: &'static str = "sys.state_argspec";
    const SIGNATURE: &'static str = "module=''";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let asked = asked_for(&self.module);
        let site = ctx.caller().site();
        let mut found: Vec<_> = state_functions(&site).filter(|e| listed(e.fun, &asked)).collect();
        found.sort_by_key(|e| e.fun);
        let spec = |about: About<'_>| {
            let own = site.find(Kind::States, about.fun).is_some();
            let Some(entry) = crate::states::find(about.fun).filter(|_| !own) else {
                return spec(&Signature::parse(about.signature));
            };
            let kwargs = if entry.kwargs { Value::Bool(true) } else { Value::None };
            Dict::new()
                .with("args", entry.fields().iter().map(|f| f.name).collect::<Vec<_>>())
                .with("defaults", Value::None)
                .with("varargs", Value::None)
                .with("kwargs", kwargs)
                .into()
        };
        Ok(found.into_iter().map(|e| (e.fun, spec(e))).collect::<Dict>().into())
    }
}

impl ExecFn for ReloadModules {
    const FUN: &'static str = "sys.reload_modules";
    const SIGNATURE: &'static str = "";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        ctx.caller().refresh_site();
        Ok(true.into())
    }
}
