//! `stateful`: commands that tell themselves what they changed.

use data::{Dict, Value};

use crate::Ctx;
use crate::exec::cmd;
use crate::states::{Outcome, StateError};

/// What `stateful` asks for.
pub(super) struct Stateful {
    on: bool,
    /// The command that runs in test mode.
    pub(super) test_name: Option<String>,
}

impl Stateful {
    pub(super) fn new(value: &Value) -> Stateful {
        let test_name = value.as_list().and_then(|l| l.first()).and_then(|first| first.get("test_name"));
        Stateful {
            on: value.as_bool() == Some(true) || value.as_list().is_some_and(|l| !l.is_empty()),
            test_name: test_name.map(Value::to_string),
        }
    }

    /// Whether a watched state's change is why it runs: then nothing runs in test mode, whatever `test_name` says.
    pub(super) fn watched(&self, ctx: &Ctx<'_>) -> bool {
        ctx.chunk().is_some_and(|chunk| chunk.sfun.is_some())
    }

    /// The outcome as the command's own words have it.
    pub(super) fn reinterpret(&self, outcome: Outcome) -> Result<Outcome, StateError> {
        if self.on { reinterpreted(outcome) } else { Ok(outcome) }
    }
}

/// Takes what a stateful command printed for its result.
fn reinterpreted(outcome: Outcome) -> Result<Outcome, StateError> {
    let Outcome { result, changes: ran, .. } = outcome;
    let text = |key: &str| ran.get(key).map(Value::to_string).unwrap_or_default();
    let out = text("stdout");
    if out.is_empty() {
        return Ok(Outcome::new(result, text("stderr")));
    }
    let (mut said, before) = match data::json::load(&out) {
        Ok(Value::Dict(said)) => ((*said).clone(), String::new()),
        Ok(_) => {
            let comment = "script JSON output must be a JSON object (e.g., {})!";
            return Ok(Outcome::new(Some(false), comment));
        }
        Err(_) => match pairs(out.rsplit_once('\n').map_or(out.as_str(), |(_, last)| last)) {
            Some(said) => {
                let before = said.get("stdout").map_or_else(|| out.clone(), Value::to_string);
                (said, without_last_line(&out, before))
            }
            None => {
                let comment =
                    "Failed parsing script output! Stdout must be JSON or a line of name=value pairs.";
                return Ok(Outcome::new(Some(false), comment).with_changes(ran));
            }
        },
    };
    let changed = is_true(said.get("changed"))?;
    let comment = said.remove("comment").map(|c| c.to_string()).unwrap_or_default();
    if !changed {
        return Ok(Outcome::new(result, comment));
    }
    for (key, value) in &ran {
        if !key.as_str().is_some_and(|key| said.contains(key)) {
            said.insert(key.clone(), value.clone());
        }
    }
    said.insert("stdout", before);
    Ok(Outcome::new(result, comment).with_changes(said))
}

/// The output up to the line that was for us. As in Salt, an output of one line only loses its last character.
fn without_last_line(out: &str, of: String) -> String {
    let keep = match out.rfind('\n') {
        Some(at) => out.get(..at).unwrap_or_default().chars().count(),
        None => of.chars().count().saturating_sub(1),
    };
    of.chars().take(keep).collect()
}

fn is_true(value: Option<&Value>) -> Result<bool, StateError> {
    let text = value.map(Value::to_string).unwrap_or_else(|| "no".to_owned());
    match text.to_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err(StateError::raised("ValueError", format!("Failed parsing boolean value: {text}"))),
    }
}

fn pairs(line: &str) -> Option<Dict> {
    let words = cmd::split_words(line).ok()?;
    words.iter().map(|word| word.split_once('=').filter(|(_, v)| !v.contains('='))).collect()
}
