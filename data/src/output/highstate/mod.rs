//! `highstate`: what each state did, and a summary per minion.

mod compress;
mod state;
mod summary;

use super::color::Colors;
use super::{NotMine, Options, StateOutput, nested, pprint, strip_escapes};
use crate::python::split_lines;
use crate::{Dict, Value};

use self::state::State;
use self::summary::Summary;

pub(super) fn output(value: &Value, options: &Options) -> Result<String, NotMine> {
    Ok(match show(value, options, 1)? {
        Shown::Text(text) => text,
        Shown::AsIs(value) => value.to_string(),
    })
}

enum Shown<'a> {
    Text(String),
    /// Text and numbers are no state run: they stand for themselves.
    AsIs(&'a Value),
}

fn show<'a>(value: &'a Value, options: &Options, level: usize) -> Result<Shown<'a>, NotMine> {
    let data = unwrap_envelope(value);
    let dict = match data {
        Value::Dict(dict) => dict,
        Value::None => return Ok(Shown::Text("None".to_owned())),
        Value::Int(_) | Value::BigInt(_) | Value::Bool(_) | Value::Str(_) => return Ok(Shown::AsIs(data)),
        _ => return Err(NotMine),
    };
    let mut masters = 0;
    for key in dict.keys() {
        masters += usize::from(key.as_str().ok_or(NotMine)?.ends_with("_master"));
    }
    let orchestrated = masters == 1 && dict.contains("retcode");
    let mut hosts = Vec::new();
    for (host, data) in dict.iter() {
        if orchestrated && host.as_str() == Some("retcode") {
            continue;
        }
        let compressed = options.state_compress_ids.then(|| compress::by_id(data)).flatten();
        hosts.push(show_host(&host.to_string(), compressed.as_ref().unwrap_or(data), options, level)?.0);
    }
    Ok(Shown::Text(hosts.join("\n")))
}

/// A job's record has its states under `return` or `data`; the states are what is shown.
fn unwrap_envelope(value: &Value) -> &Value {
    let mut data = value;
    for key in ["return", "data"] {
        data = data.get(key).unwrap_or(data);
    }
    let record = data.as_dict().filter(|d| d.len() == 1).and_then(|d| d.values().next());
    match record.and_then(Value::as_dict) {
        Some(record) if record.contains("jid") && record.contains("fun") => {
            record.get("return").and_then(|r| r.get("data")).unwrap_or(data)
        }
        _ => data,
    }
}

/// The text for one minion, and whether anything changed.
fn show_host(host: &str, data: &Value, options: &Options, level: usize) -> Result<(String, bool), NotMine> {
    let colors = Colors::new(options.color);
    let mut lines: Vec<String> = Vec::new();
    let mut host_color = colors.green;
    let mut changed = false;
    match data {
        Value::Int(_) | Value::BigInt(_) | Value::Bool(_) => {
            changed = true;
            lines.push(format!("{}    {data}{}", colors.green, colors.end));
            host_color = colors.cyan;
        }
        Value::Str(text) => {
            changed = true;
            lines.extend(split_lines(text).map(|line| format!("{}    {line}{}", colors.green, colors.end)));
            host_color = colors.cyan;
        }
        Value::List(errors) => {
            host_color = colors.light_red;
            lines.push(format!("    {host_color}Data failed to compile:{}", colors.end));
            for error in errors.iter() {
                let mut text = error.to_string();
                if options.strip_colors && error.as_str().is_some() {
                    text = strip_escapes(&text);
                }
                lines.push(format!("{host_color}----------\n    {text}{}", colors.end));
            }
        }
        Value::Dict(states) => {
            let shown = show_states(host, states, options, level)?;
            (lines, host_color, changed) = (shown.lines, shown.color, shown.changed);
        }
        _ => {}
    }
    let host = if options.strip_colors { strip_escapes(host) } else { host.to_owned() };
    lines.insert(0, format!("{host_color}{host}:{}", colors.end));
    Ok((lines.join("\n"), changed))
}

struct States {
    lines: Vec<String>,
    color: &'static str,
    changed: bool,
}

fn show_states(host: &str, states: &Dict, options: &Options, level: usize) -> Result<States, NotMine> {
    let colors = Colors::new(options.color);
    let mut lines = Vec::new();
    let mut found: Vec<State<'_>> = Vec::new();
    for (key, info) in states.iter() {
        let Value::Dict(dict) = info else { continue };
        let name = key.as_str();
        if name != Some("changes") && !dict.is_empty() && !dict.contains("__run_num__") {
            lines.insert(0, pprint::format(info, 1));
            lines.insert(
                0,
                "The State execution failed to record the order in which all states were executed. The state \
                 return missing data is:"
                    .to_owned(),
            );
        }
        if dict.contains("result") {
            found.push(State::new(name.ok_or(NotMine)?, dict)?);
        }
    }
    found.sort_by(|a, b| a.order.partial_cmp(&b.order).unwrap_or(std::cmp::Ordering::Equal));
    let mut summary = Summary::default();
    let mut host_color = colors.green;
    for state in &found {
        summary.count(state, options)?;
        let changes = show_changes(state, options, level)?;
        summary.changes += state.count_changes(&changes, options);
        let quiet = state.is_fine() && !changes.any;
        if quiet && (options.state_output_diff || !options.state_verbose) {
            continue;
        }
        let mut color = if changes.any { colors.cyan } else { colors.green };
        match state.result {
            Value::Bool(false) => {
                host_color = colors.red;
                color = colors.red;
            }
            Value::None => {
                host_color = colors.light_yellow;
                color = colors.light_yellow;
            }
            _ => {}
        }
        match detail(state, changes.any, options) {
            Detail::Skip => {}
            Detail::Terse => lines.push(state.terse(color, colors, options)?),
            Detail::Full => {
                state.full(&mut lines, color, colors, &changes.text, options)?;
                summary.warnings += usize::from(state.has_warnings());
            }
        }
    }
    summary.show(&mut lines, host, colors, options);
    Ok(States { lines, color: host_color, changed: summary.changes > 0 })
}

enum Detail {
    Full,
    Terse,
    Skip,
}

fn detail(state: &State<'_>, changed: bool, options: &Options) -> Detail {
    let terse = match options.state_output {
        StateOutput::Full => false,
        StateOutput::Terse => true,
        StateOutput::Mixed => *state.result != Value::Bool(false) || !matches!(state.result, Value::Bool(_)),
        StateOutput::Changes => state.is_fine() && !changed,
        StateOutput::Filter => {
            let result = state.result.to_string();
            if options.state_output_terse.contains(&result) {
                return Detail::Terse;
            }
            if options.state_output_exclude.contains(&result) {
                return Detail::Skip;
            }
            false
        }
    };
    if terse { Detail::Terse } else { Detail::Full }
}

struct Changes {
    any: bool,
    text: String,
}

/// The changes of a state; a state that is a whole run on other minions shows that run.
fn show_changes(state: &State<'_>, options: &Options, level: usize) -> Result<Changes, NotMine> {
    if state.is_orchestration() {
        let text = match show(state.changes, options, level + 1)? {
            Shown::Text(text) => text,
            Shown::AsIs(Value::Str(text)) => text.to_string(),
            Shown::AsIs(_) => return Err(NotMine),
        };
        let indent = " ".repeat(14 * level);
        let text: Vec<String> =
            format!("\n{text}").split('\n').map(|line| format!("{indent}{line}")).collect();
        return Ok(Changes { any: true, text: text.join("\n") });
    }
    if !state.changes.is_true() {
        return Ok(Changes { any: false, text: String::new() });
    }
    let Value::Dict(changes) = state.changes else {
        return Ok(Changes { any: true, text: format!("Invalid Changes data: {}", state.changes) });
    };
    let ret = changes.get("ret").filter(|ret| !ret.is_none());
    if let Some(ret) = ret.filter(|_| changes.get("out").and_then(Value::as_str) == Some("highstate")) {
        let (mut any, mut text) = (false, String::new());
        for (host, data) in ret.as_dict().ok_or(NotMine)?.iter() {
            let (shown, changed) = show_host(&host.to_string(), data, options, 1)?;
            let lines: Vec<String> = split_lines(&shown).map(|line| format!("{:14}{line}", "")).collect();
            text.push('\n');
            text.push_str(&lines.join("\n"));
            any |= changed;
        }
        return Ok(Changes { any, text });
    }
    let inner = Options { nested_indent: 14, retcode: 0, ..options.clone() };
    let text = nested::output(state.changes, &inner);
    Ok(Changes { any: true, text: format!("\n{}", text.trim_end_matches(crate::python::is_space)) })
}
