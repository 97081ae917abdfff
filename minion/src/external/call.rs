//! Calling what a site brought: a request goes out, questions are answered, the answer comes back.

use std::path::Path;

use data::{Dict, Value};
use sls::{LowChunk, StateResult};

use super::{Found, Kind, Site, codec, index, python};
use crate::Ctx;
use crate::exec::{self, ExecError};
use crate::host::{Cmd, Converse};
use crate::states::{self, Outcome, StateError};

/// Of what a module complains about, so much comes back with its error.
const SHOWN_ERRORS: usize = 4096;
/// The version of what is said to executables.
const VERSION: i64 = 1;

/// Names of exceptions that are told as they are: Salt's, and Python's own that scripts look for.
const EXCEPTIONS: [&str; 24] = [
    "AttributeError",
    "AuthenticationError",
    "CommandExecutionError",
    "CommandNotFoundError",
    "Exception",
    "FileNotFoundError",
    "ImportError",
    "IndexError",
    "KeyError",
    "MinionError",
    "ModuleNotFoundError",
    "NameError",
    "NotImplementedError",
    "OSError",
    "PermissionError",
    "RuntimeError",
    "SaltException",
    "SaltInvocationError",
    "SaltRenderError",
    "SystemExit",
    "TimeoutError",
    "TypeError",
    "ValueError",
    "ZeroDivisionError",
];

/// Calls a function of a site. Wrong arguments are refused as those of a built-in one are.
pub fn run(found: Found<'_>, args: Vec<Value>, kwargs: Dict, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    let name = found.function.fun.rsplit('.').next().unwrap_or_default();
    let signature = found.signature();
    if found.module.python {
        signature.bind(name, args.clone(), kwargs.clone())?;
        return answer_of(found, args, kwargs, None, ctx);
    }
    // What has a name arrives under its name, wherever it stood in the call.
    let mut named = signature.bind(name, args, kwargs)?;
    let rest = signature.varargs.and_then(|rest| named.remove(rest));
    let rest = rest.as_ref().and_then(Value::as_list).map(<[Value]>::to_vec).unwrap_or_default();
    if let Some(Value::Dict(more)) = signature.kwargs.and_then(|more| named.remove(more)) {
        named.extend((*more).clone());
    }
    answer_of(found, rest, named, None, ctx)
}

/// Runs a state function of a site; whatever becomes of it is a result.
pub(crate) fn run_state(found: Found<'_>, chunk: &LowChunk, ctx: &Ctx<'_>) -> StateResult {
    let name = chunk.name.clone();
    let signature = found.signature();
    let mut kwargs = Dict::with_capacity(chunk.low.len());
    for (key, value) in &chunk.low {
        let Some(key) = key.as_str() else { continue };
        let passed =
            signature.kwargs.is_some() && !sls::INTERNAL_KEYWORDS.contains(&key) && !key.starts_with("__");
        if passed || found.takes(key) {
            kwargs.insert(key, value.clone());
        }
    }
    kwargs.insert("name", name.clone());
    match answer_of(found, Vec::new(), kwargs, Some(chunk), ctx) {
        Ok(returned) => result_of(name, returned),
        Err(error) => StateError::Exec(error).into_outcome().named(name),
    }
}

/// The result that a state function returned, or what is wrong with it in Salt's words.
fn result_of(name: Value, returned: Value) -> StateResult {
    let malformed = |problem: String| {
        let comment = format!("An exception occurred in this state: {problem}");
        Outcome::new(Some(false), comment).named(name.clone())
    };
    let Value::Dict(given) = returned else {
        return malformed("Malformed state return. Data must be a dictionary type.".to_owned());
    };
    let Some(changes) = given.get("changes").and_then(Value::as_dict) else {
        return malformed("'Changes' should be a dictionary.".to_owned());
    };
    let missing: Vec<&str> =
        ["name", "result", "changes", "comment"].into_iter().filter(|key| !given.contains(key)).collect();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        return malformed(format!("The following keys were not present in the state return: {missing}."));
    }
    let comment = match given.get("comment") {
        Some(Value::List(lines)) => lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n"),
        Some(comment) => comment.to_string(),
        None => String::new(),
    };
    let result = given.get("result").filter(|result| !result.is_none()).map(Value::is_true);
    let mut extra = (*given).clone();
    extra.retain(|key, _| !matches!(key.as_str(), Some("name" | "result" | "changes" | "comment")));
    let named = given.get("name").cloned().unwrap_or(name);
    Outcome { result, changes: changes.clone(), comment, extra }.named(named)
}

fn answer_of(
    found: Found<'_>,
    args: Vec<Value>,
    kwargs: Dict,
    chunk: Option<&LowChunk>,
    ctx: &Ctx<'_>,
) -> Result<Value, ExecError> {
    let Found { site, module, function } = found;
    let mut request = Dict::new()
        .with("version", VERSION)
        .with("do", "call")
        .with("kind", module.kind.name())
        .with("fun", function.fun.as_str())
        .with("test", ctx.test)
        .with("jid", ctx.job().jid.as_str());
    if module.python {
        request.insert("args", codec::tag(&args.into()));
        request.insert("kwargs", codec::tag(&kwargs.into()));
        if let Some(chunk) = chunk {
            request.insert("chunk", codec::tag(&chunk.low.clone().into()));
        }
        return ask_python(site, request, ctx).map(|value| codec::untag(&value));
    }
    request.insert("id", ctx.id());
    request.insert("saltenv", ctx.saltenv());
    request.insert("args", args);
    request.insert("kwargs", kwargs);
    for wanted in &module.wants {
        if let Some(data) = data_of(wanted, ctx) {
            request.insert(wanted.as_str(), data);
        }
    }
    let name = function.fun.rsplit('.').next().unwrap_or_default();
    ask_executable(&site.dir.join(&module.file), name, module.asks, request, ctx)
}

fn data_of(what: &str, ctx: &Ctx<'_>) -> Option<Value> {
    match what {
        "grains" => Some(ctx.grains()),
        "pillar" => Some(ctx.pillar()),
        "opts" => Some(ctx.opts()),
        _ => None,
    }
}

/// Has Python do something with the modules of a site.
pub(super) fn ask_python(site: &Site, request: Dict, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    let (answer, errors) = python::with(site, ctx, |python| {
        let answer = converse(python, request, ctx, true)?;
        Ok((answer, python.errors()))
    })?;
    settle(&answer, &errors, ctx)
}

fn ask_executable(
    path: &Path,
    function: &str,
    asks: bool,
    request: Dict,
    ctx: &Ctx<'_>,
) -> Result<Value, ExecError> {
    let cmd = Cmd::new(path.to_string_lossy()).arg(function).cwd("/");
    if asks {
        let mut talk = ctx.host.converse(&cmd)?;
        let answer = converse(&mut *talk, request, ctx, false)?;
        return settle(&answer, &talk.errors(), ctx);
    }
    let output = ctx.host.run(&cmd.stdin(codec::encode(request)))?;
    let answer = data::json::load(output.out().trim()).ok().filter(|a| a.as_dict().is_some());
    match answer {
        Some(answer) if output.ok() || answer.get("error").is_some() => settle(&answer, &output.stderr, ctx),
        _ if output.ok() => {
            let problem = format!("{} answers with no dict as JSON", path.display());
            Err(ExecError::command(with_stderr(problem, &output.stderr)))
        }
        _ => {
            let problem = format!("{} ended with status {}", path.display(), output.code);
            Err(ExecError::command(with_stderr(problem, &output.stderr)))
        }
    }
}

/// Says what is asked for and answers questions until there is an answer.
fn converse(talk: &mut dyn Converse, request: Dict, ctx: &Ctx<'_>, tagged: bool) -> Result<Value, ExecError> {
    let mut line = codec::encode(request);
    loop {
        let Some(heard) = talk.ask(line.as_bytes())? else {
            let problem = with_stderr("it ended without an answer".to_owned(), &talk.errors());
            return Err(ExecError::command(problem));
        };
        let heard = data::json::load(String::from_utf8_lossy(&heard).trim())
            .map_err(|error| ExecError::command(format!("it says something that is no JSON: {error}")))?;
        if let Some([level, text]) = heard.get("log").and_then(Value::as_list) {
            log(level.as_str().unwrap_or_default(), &text.to_string());
            line.clear();
            continue;
        }
        let Some(question) = heard.get("ask").and_then(Value::as_str) else { return Ok(heard) };
        let reply = match reply(question, &heard, ctx) {
            Ok(value) => Dict::new().with("return", if tagged { codec::tag(&value) } else { value }),
            Err(error) => Dict::new().with("error", error.to_string()).with("exception", error.exception()),
        };
        line = codec::encode(reply);
    }
}

fn log(level: &str, text: &str) {
    match level {
        "critical" | "error" => tracing::error!("{text}"),
        "warning" => tracing::warn!("{text}"),
        "info" => tracing::info!("{text}"),
        _ => tracing::debug!("{text}"),
    }
}

/// What rsalt answers to a module that asks while it works.
fn reply(question: &str, asked: &Value, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    let fun = || asked.get("fun").map(Value::to_string).unwrap_or_default();
    let args = || {
        let args = asked.get("args").map(codec::untag).unwrap_or_default();
        args.as_list().map(<[Value]>::to_vec).unwrap_or_default()
    };
    let kwargs = || match asked.get("kwargs").map(codec::untag) {
        Some(Value::Dict(kwargs)) => (*kwargs).clone(),
        _ => Dict::new(),
    };
    match question {
        "call" => ctx.call(&fun(), args(), kwargs()),
        "state" => {
            let (fun, mut kwargs) = (fun(), kwargs());
            if let Some(name) = args().into_iter().next() {
                kwargs.insert("name", name);
            }
            let entry = states::find(&fun).ok_or_else(|| ExecError::NotFound { fun: fun.clone() })?;
            let mut within = Ctx::new(ctx.caller, ctx.scope, ctx.job);
            within.test = ctx.test;
            within.chunk = ctx.chunk;
            Ok(entry.run(kwargs, &within).into_value())
        }
        // With Salt's own rules, for `salt.utils.yaml`.
        "yaml" => data::yaml::load_sls(&asked.get("text").map(Value::to_string).unwrap_or_default())
            .map_err(|error| ExecError::raised("SaltRenderError", error.to_string())),
        "functions" => {
            let site = ctx.caller().site();
            Ok(exec::every(&site).map(|about| Value::from(about.fun)).collect::<Vec<_>>().into())
        }
        "states" => Ok(states::ALL
            .iter()
            .flat_map(|m| m.iter())
            .map(|e| Value::from(e.fun))
            .collect::<Vec<_>>()
            .into()),
        other => data_of(other, ctx)
            .ok_or_else(|| ExecError::invocation(format!("rsalt cannot answer the question {other:?}"))),
    }
}

/// The value of an answer, or the error that it tells.
fn settle(answer: &Value, errors: &[u8], ctx: &Ctx<'_>) -> Result<Value, ExecError> {
    if let Some(code) = answer.get("retcode").and_then(Value::as_int) {
        ctx.set_retcode(i32::try_from(code).unwrap_or(1));
    }
    let Some(error) = answer.get("error") else {
        if !errors.is_empty() {
            tracing::info!("a module of the site wrote: {}", String::from_utf8_lossy(errors).trim_end());
        }
        return Ok(answer.get("return").cloned().unwrap_or_default());
    };
    let named = answer.get("exception").map(Value::to_string).unwrap_or_default();
    let known = EXCEPTIONS.iter().find(|known| **known == named);
    let text = match known {
        None if !named.is_empty() => format!("{named}: {error}"),
        _ => error.to_string(),
    };
    let otherwise = if named.is_empty() { "CommandExecutionError" } else { "Exception" };
    let exception = known.copied().unwrap_or(otherwise);
    let trace = answer.get("traceback").filter(|t| t.is_true()).map(Value::to_string).unwrap_or_default();
    match with_stderr(trace, errors).trim() {
        "" => Err(ExecError::raised(exception, text)),
        trace => Err(ExecError::Traced { exception, message: text, trace: trace.to_owned() }),
    }
}

/// An error with all that there is to say of it.
pub fn told(error: &ExecError) -> String {
    match error {
        ExecError::Traced { message, trace, .. } => format!("{message}\n{trace}"),
        other => other.to_string(),
    }
}

/// A problem with what was written to the error output, its end when there is much of it.
pub(super) fn with_stderr(problem: String, errors: &[u8]) -> String {
    let from = errors.len().saturating_sub(SHOWN_ERRORS);
    let shown = String::from_utf8_lossy(errors.get(from..).unwrap_or_default());
    match shown.trim() {
        "" => problem,
        shown => format!("{problem}\nstderr: {shown}"),
    }
}

/// What the grains of a site say, given the others; what goes wrong is logged, as in Salt.
pub(crate) fn grains(site: &Site, ctx: &Ctx<'_>) -> Dict {
    let so_far = ctx.grains();
    let mut out = Dict::new();
    for path in index::grains_executables(site, ctx.host) {
        let request = Dict::new()
            .with("version", VERSION)
            .with("do", "grains")
            .with("kind", Kind::Grains.name())
            .with("id", ctx.id())
            .with("grains", so_far.clone());
        match ask_executable(&path, "grains", false, request, ctx) {
            Ok(Value::Dict(told)) => out.extend((*told).clone()),
            Ok(other) => {
                tracing::error!("{}: grains are a dict, not a {}", path.display(), other.type_name())
            }
            Err(error) => tracing::error!("{}: {error}", path.display()),
        }
    }
    if index::has_python_grains(site, ctx.host) {
        let request = Dict::new().with("do", "grains").with("so_far", codec::tag(&so_far));
        match ask_python(site, request, ctx) {
            Ok(told) => {
                for problem in told.get("problems").and_then(Value::as_list).unwrap_or_default() {
                    tracing::error!("salt://_grains: {problem}");
                }
                if let Some(Value::Dict(told)) = told.get("grains").map(codec::untag) {
                    out.extend((*told).clone());
                }
            }
            Err(error) => tracing::error!("salt://_grains: {error}"),
        }
    }
    out
}

/// Hands a return to the returners that were asked for, by names with commas between. It is with the master anyway:
/// what goes wrong is logged.
pub fn give_to_returners(names: &str, ret: &Dict, ctx: &Ctx<'_>) {
    let site = ctx.caller().site();
    for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let fun = format!("{name}.returner");
        let given = match site.find(Kind::Returners, &fun) {
            Some(found) => run(found, vec![ret.clone().into()], Dict::new(), ctx).map(drop),
            None => {
                let problem = site.problem(Kind::Returners, &fun).map(str::to_owned);
                Err(problem.map_or(ExecError::NotFound { fun }, ExecError::command))
            }
        };
        if let Err(error) = given {
            tracing::error!("the returner {name} did not take the return of job {}: {error}", ctx.job().jid);
        }
    }
}
