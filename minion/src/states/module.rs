//! Execution functions as states: `module.run` in both of its syntaxes, and `module.wait`.

use data::{Dict, Value};

use super::{Applied, Outcome, Plan, State, StateEntry, StateError, entry};
use crate::exec::{About, ExecError, Parameter, Signature};
use crate::{Ctx, args};

/// The states of `module`.
pub const STATES: &[StateEntry] = &[entry::<Run>(), entry::<Wait>(), entry::<Wait>().also_as("module.watch")];

args! {
    /// Call execution functions. Changes are what they return, under their names.
    ///
    /// ```yaml
    /// refreshed:
    ///   module.run:
    ///     - saltutil.refresh_grains:
    ///     - cmd.run:
    ///       - cmd: make install
    ///       - cwd: /srv/app
    /// ```
    ///
    /// A positional argument is an item of the list, a keyword one a dict with one key. The same function
    /// twice is `test.echo:1` and `test.echo:2`. A function that returns False, or a dict with a false
    /// `result` or a `retcode` that is not 0, makes the state false.
    ///
    /// The older form names one function, with its arguments beside it; the change is called `ret`:
    ///
    /// ```yaml
    /// echoed:
    ///   module.run:
    ///     - name: test.arg
    ///     - args: [1, 2]          # for *args
    ///     - kwargs: {key: value}  # for **kwargs
    /// ```
    ///
    /// There, arguments whose names mean something to a state are `m_name`, `m_fun`, `m_names`, `m_state` and
    /// `m_saltenv`.
    pub struct Run {
        name: Value,
    }

    /// Call execution functions when a watched state changed, otherwise do nothing. Arguments as for `module.run`.
    ///
    /// ```yaml
    /// reread:
    ///   module.wait:
    ///     - name: saltutil.refresh_grains
    ///     - watch:
    ///       - file: /etc/rsalt/grains
    /// ```
    pub struct Wait {
        name: Value,
    }
}

/// Words that both a state and a function may take: the function's are spelled with `m_` in the older form.
const SHARED: &[&str] = &["name", "fun", "names", "state", "saltenv"];

impl State for Run {
    const FUN: &'static str = "module.run";
    const ANY: bool = true;
    const WATCHES: bool = true;
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        // Test mode is settled here and not by the driver: the comment speaks of missing functions too.
        if ctx.test {
            let Outcome { result, changes, comment, extra } = run(&self.name, ctx)?;
            let plan = Plan::settled(result, changes, comment);
            return Ok(extra.iter().fold(plan, |p, (k, v)| p.with_extra(&k.to_string(), v.clone())));
        }
        Ok(Plan::steps(vec![()], Dict::new(), ""))
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        run(&self.name, ctx).map(Applied::Done)
    }

    fn mod_watch(&self, _: &str, ctx: &Ctx<'_>) -> Option<Result<Outcome, StateError>> {
        Some(run(&self.name, ctx))
    }
}

impl State for Wait {
    const FUN: &'static str = "module.wait";
    const ANY: bool = true;
    const WATCHES: bool = true;
    type Step = ();

    fn plan(&self, _: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        Ok(Plan::nothing(""))
    }

    fn apply(&self, (): (), _: &Ctx<'_>) -> Result<Applied, StateError> {
        Ok(Applied::AsPlanned)
    }

    fn mod_watch(&self, _: &str, ctx: &Ctx<'_>) -> Option<Result<Outcome, StateError>> {
        Some(run(&self.name, ctx))
    }
}

fn run(name: &Value, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
    let Some(chunk) = ctx.chunk() else {
        return Err(StateError::refused("module.run is a state and not called from elsewhere"));
    };
    let mut args = chunk.args();
    args.remove("name");
    args.retain(|key, _| !key.as_str().is_some_and(|k| k.starts_with("__") || k == "sfun"));
    // A function has a dot in its name; whatever has none is an argument of the older form.
    let older = args.is_empty() || args.keys().any(|key| !key.to_string().contains('.'));
    if older {
        tracing::debug!("Detected legacy module.run syntax: {}", chunk.id);
        return Ok(run_one(&name.to_string(), args, ctx));
    }
    tracing::debug!("Using new style module.run syntax: {}", chunk.id);
    run_all(&args, ctx)
}

/// The newer form: each key is a function, its value the list of its arguments.
fn run_all(functions: &Dict, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
    let names: Vec<Value> = functions.keys().cloned().collect();
    let named = |outcome: Outcome| Outcome { extra: Dict::new().with("name", names.clone()), ..outcome };
    let (mut missing, mut there) = (Vec::new(), Vec::new());
    for key in functions.keys() {
        let function = of_key(&key.to_string()).to_owned();
        if ctx.has_function(&function) { there.push(function) } else { missing.push(function) }
    }
    if ctx.test || !missing.is_empty() {
        // Where an `s` belongs, Salt says `True`.
        let plural = |of: &[String]| if of.len() > 1 { "True" } else { "" };
        let mut said = Vec::new();
        if !missing.is_empty() {
            said.push(format!("Unavailable function{}: {}.", plural(&missing), missing.join(", ")));
        }
        if ctx.test && !there.is_empty() {
            said.push(format!("Function{} {} to be executed.", plural(&there), there.join(", ")));
        }
        let result = if missing.is_empty() { None } else { Some(false) };
        return Ok(named(Outcome::new(result, said.join(" "))));
    }
    let (mut failures, mut successes, mut changes) = (Vec::new(), Vec::new(), Dict::new());
    for (key, arguments) in functions {
        let function = of_key(&key.to_string()).to_owned();
        let returned = match call(&function, arguments, ctx) {
            Ok(returned) => returned,
            Err(error) if matches!(error.exception(), "SaltInvocationError" | "TypeError") => {
                failures.push(format!("'{key}' failed: {error}"));
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let comment = |otherwise| returned.get("comment").map_or_else(|| otherwise, Value::to_string);
        if is_well(&returned) {
            let said = if returned.as_dict().is_some() {
                comment("Success".to_owned())
            } else {
                returned.to_string()
            };
            successes.push(format!("{key}: {said}"));
            changes.insert(key.clone(), returned);
        } else if returned.as_dict().is_some() {
            failures.push(format!("'{key}' failed: {}", comment("(error message N/A)".to_owned())));
        } else {
            failures.push(format!("'{key}': {returned}"));
        }
    }
    let result = failures.is_empty();
    failures.append(&mut successes);
    Ok(named(Outcome::new(Some(result), failures.join(", ")).with_changes(changes)))
}

/// `test.echo` of `test.echo:2`.
fn of_key(key: &str) -> &str {
    key.split(':').next().unwrap_or(key)
}

/// Calls a function with the arguments of the newer form.
fn call(function: &str, arguments: &Value, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    let site = ctx.caller().site();
    let signature =
        About::of(function, &site).map(|about| Signature::parse(about.signature)).unwrap_or_default();
    let (mut positional, mut keywords) = (Vec::new(), Dict::new());
    let mut take = |argument: &Value| match argument.as_dict() {
        Some(dict) => keywords.extend(dict.clone()),
        None => positional.push(argument.clone()),
    };
    match arguments {
        Value::None => {}
        Value::List(list) => list.iter().rev().for_each(&mut take),
        other => take(other),
    }
    positional.reverse();
    let missing: Vec<&str> = required(&signature)
        .skip(positional.len())
        .map(|p| p.name)
        .filter(|name| !keywords.contains(name))
        .collect();
    if !missing.is_empty() {
        return Err(ExecError::invocation(format!("Missing arguments: {}", missing.join(", "))));
    }
    ctx.call(function, positional, keywords)
}

fn required<'a>(signature: &'a Signature<'a>) -> impl Iterator<Item = &'a Parameter<'a>> {
    signature.parameters.iter().filter(|p| p.default.is_none() && !p.keyword_only)
}

/// The older form: one function, its arguments beside its name.
fn run_one(function: &str, mut given: Dict, ctx: &Ctx<'_>) -> Outcome {
    let fails = |comment: String| Outcome::new(Some(false), comment);
    let site = ctx.caller().site();
    let Some(about) = About::of(function, &site) else {
        return fails(format!("Module function {function} is not available"));
    };
    if ctx.test {
        return Outcome::new(None, format!("Module function {function} is set to execute"));
    }
    let spelled = |name: &str| {
        if SHARED.contains(&name) { format!("m_{name}") } else { name.to_owned() }
    };
    let signature = Signature::parse(about.signature);
    let (mut bound, mut missing) = (Vec::new(), Vec::new());
    for parameter in signature.parameters.iter().filter(|p| !p.keyword_only) {
        let spelled = spelled(parameter.name);
        match (given.remove(spelled.as_str()), parameter.default) {
            (Some(value), _) => bound.push((parameter.name, Some(value))),
            (None, Some(_)) => bound.push((parameter.name, None)),
            (None, None) => missing.push(spelled),
        }
    }
    if !missing.is_empty() {
        return fails(format!("The following arguments are missing: {}", missing.join(" ")));
    }
    let more =
        match signature.varargs.and_then(|name| given.remove(spelled(name).as_str()).map(|v| (name, v))) {
            Some((_, Value::List(list))) => list.iter().cloned().collect(),
            Some((name, _)) => return fails(format!("'{name}' must be a list.")),
            None => Vec::new(),
        };
    let mut keywords = match signature.kwargs.and_then(|name| given.remove(name).map(|v| (name, v))) {
        Some((_, Value::Dict(dict))) => (*dict).clone(),
        Some((name, _)) => return fails(format!("'{name}' must be a dict.")),
        None => Dict::new(),
    };
    // Only what comes before `*args` has to be in its place; defaults stay the function's own.
    let mut positional = Vec::new();
    for (name, value) in bound {
        match value {
            value if !more.is_empty() => {
                let default = || signature.parameters.iter().find(|p| p.name == name)?.default_value();
                positional.push(value.or_else(default).unwrap_or_default());
            }
            Some(value) => {
                keywords.insert(name, value);
            }
            None => {}
        }
    }
    positional.extend(more);
    match ctx.call(function, positional, keywords) {
        Ok(returned) => {
            Outcome::new(Some(is_well(&returned)), format!("Module function {function} executed"))
                .with_changes(Dict::new().with("ret", returned))
        }
        Err(error) => fails(format!("Module function {function} threw an exception. Exception: {error}")),
    }
}

/// Whether what a function returned speaks of success.
fn is_well(returned: &Value) -> bool {
    match returned {
        Value::Bool(well) => *well,
        Value::Dict(dict) => dict.iter().all(|(key, value)| match key.as_str() {
            Some("result") if value.as_bool() == Some(false) => false,
            Some("retcode") => value.as_f64() == Some(0.0) || value.as_bool() == Some(false),
            _ => value.as_dict().is_none() || is_well(value),
        }),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_success_from_failure() {
        for (returned, well) in [
            ("null", true),
            ("false", false),
            ("text", true),
            ("[false]", true),
            ("{result: false}", false),
            ("{result: null}", true),
            ("{result: 0}", true),
            ("{retcode: 0}", true),
            ("{retcode: 1}", false),
            ("{retcode: x}", false),
            ("{a: {b: {result: false}}}", false),
            ("{a: [{result: false}]}", true),
        ] {
            assert_eq!(is_well(&data::yaml::load(returned).unwrap()), well, "{returned}");
        }
    }
}
