//! What `rsalt-call` does: one function on this machine, and what is printed for it.

use std::sync::Arc;

use data::output::Options;
use data::{Dict, Value};
use proto::config::MinionConfig;

use crate::args::printed_doc;
use crate::exec::{self, About, ExecError};
use crate::{Caller, JobCtx, JobOutcome};

/// What there is to print, and how to exit.
#[derive(Debug, Default, PartialEq)]
pub struct Answer {
    /// For standard output.
    pub out: String,
    /// For standard error.
    pub err: String,
    /// The exit code.
    pub code: u8,
}

/// How to show a return.
#[derive(Clone, Debug, Default)]
pub struct Show {
    /// `--out`; none: the outputter that suits the function.
    pub out: Option<String>,
    /// What the outputters are asked for.
    pub options: Options,
    /// Print the outputter and the return code with the return (`--metadata`).
    pub metadata: bool,
    /// Exit with the function's own return code (`--retcode-passthrough`).
    pub retcode_passthrough: bool,
}

/// Sets a key of the options that templates and modules see.
pub fn set_opt(config: &mut MinionConfig, key: &str, value: impl Into<Value>) {
    if let Some(opts) = config.common.opts.as_dict_mut() {
        opts.insert(key, value);
    }
}

/// Calls a function and says what to print.
pub fn run(caller: &Caller, fun: &str, args: Vec<Value>, kwargs: Dict, show: &Show) -> Answer {
    let mut job = JobCtx::local();
    job.jid = proto::jid::Generator::default().next_jid();
    job.fun = fun.to_owned();
    job.tgt = "salt-call".into();
    match caller.try_call(fun, args, kwargs, &Arc::new(job)) {
        Ok(outcome) => returned(&outcome, show),
        Err(error) => failed(fun, &error, caller, show),
    }
}

fn returned(outcome: &JobOutcome, show: &Show) -> Answer {
    let code = match outcome.retcode {
        0 => 0,
        code if show.retcode_passthrough => u8::try_from(code & 0xff).unwrap_or(1),
        _ => 1,
    };
    let suits = outcome.out.as_deref().unwrap_or("nested");
    let (value, suits) = if show.metadata {
        let meta = Dict::new()
            .with("out", suits)
            .with("retcode", outcome.retcode)
            .with("return", outcome.ret.clone());
        (meta.into(), "nested")
    } else {
        (outcome.ret.clone(), suits)
    };
    let options = Options { retcode: outcome.retcode.into(), ..show.options.clone() };
    Answer { code, ..print(value, suits, &Show { options, ..show.clone() }) }
}

fn print(value: Value, suits: &str, show: &Show) -> Answer {
    // The program ends with this: to take a large answer apart would be for nothing.
    let local = std::mem::ManuallyDrop::new(Value::from(Dict::new().with("local", value)));
    let name = show.out.as_deref().unwrap_or(suits);
    match data::output::render(name, &local, &show.options) {
        Ok(out) => Answer { out, ..Answer::default() },
        // As in Salt: the answer is more than its form.
        Err(error) => {
            let out = data::output::render("nested", &local, &show.options).unwrap_or_default();
            Answer { out, err: error.to_string(), code: 0 }
        }
    }
}

/// The words of `salt-call` for a function that did not return.
fn failed(fun: &str, error: &ExecError, caller: &Caller, show: &Show) -> Answer {
    let complain = |err: String, code| Answer { out: String::new(), err, code };
    match error {
        ExecError::NotFound { fun } => {
            let site = caller.site();
            let near = exec::starting_with(fun, &site);
            if near.is_empty() {
                return complain(format!("'{fun}' is not available."), 255);
            }
            let mut docs: Dict = near.iter().map(|e| (e.fun, printed_doc(e.doc))).collect();
            docs.insert(fun.as_str(), format!("'{fun}' is not available."));
            Answer { code: 1, ..print(docs.into(), "nested", show) }
        }
        ExecError::Unavailable { reason } => complain(reason.clone(), 255),
        ExecError::Arguments(problem)
        | ExecError::Raised { exception: "SaltInvocationError", message: problem } => {
            let site = caller.site();
            let doc = About::of(fun, &site).map(|about| printed_doc(about.doc)).unwrap_or_default();
            complain(format!("Passed invalid arguments: {problem}.\n\nUsage:\n{doc}"), 1)
        }
        ExecError::Raised { exception: "CommandNotFoundError", message } => {
            complain(format!("Command required for '{fun}' not found: {message}"), 1)
        }
        ExecError::Traced { message, trace, .. } => {
            complain(format!("Error running '{fun}': {message}\n{trace}"), 1)
        }
        other => complain(format!("Error running '{fun}': {other}"), 1),
    }
}

/// The docs of all functions whose names begin so, as `-d` prints them.
pub fn docs(caller: &Caller, prefix: &str) -> String {
    exec::starting_with(prefix, &caller.site())
        .iter()
        .map(|entry| format!("{}:\n{}\n", entry.fun, indented(&printed_doc(entry.doc))))
        .collect::<Vec<_>>()
        .join("\n")
}

fn indented(text: &str) -> String {
    text.lines()
        .map(|l| if l.is_empty() { String::new() } else { format!("    {l}") })
        .collect::<Vec<_>>()
        .join("\n")
}

/// All grains, as `-g` prints them.
pub fn grains(caller: &Caller, show: &Show) -> Answer {
    print(caller.grains(), "nested", show)
}
