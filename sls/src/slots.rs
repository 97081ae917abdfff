//! Slots: `__slot__:salt:mod.fun(arg, key=value).a.b ~ more` in an argument is replaced, just before the
//! state runs, by what the function returns.

use data::{Dict, Value};

use crate::{CallError, LowChunk, Runner};

const SLOT: &str = "__slot__:";

/// The chunk with its slots filled; none when it has none.
pub(crate) fn fill(runner: &dyn Runner, chunk: &LowChunk) -> Result<Option<LowChunk>, CallError> {
    if !chunk.low.values().any(has_slot) {
        return Ok(None);
    }
    let mut filled = chunk.clone();
    for (_, value) in filled.low.iter_mut() {
        fill_value(runner, value, 2)?;
    }
    filled.name = filled.low.get("name").cloned().unwrap_or_default();
    Ok(Some(filled))
}

/// The arguments of a call with their slots filled.
pub(crate) fn fill_call(
    runner: &dyn Runner,
    mut args: Vec<Value>,
    mut kwargs: Dict,
) -> Result<(Vec<Value>, Dict), CallError> {
    for value in args.iter_mut().chain(kwargs.iter_mut().map(|(_, v)| v)) {
        if has_slot(value) {
            fill_value(runner, value, 2)?;
        }
    }
    Ok((args, kwargs))
}

/// Strings, and those in lists and dicts up to two levels down: as deep as Salt looks.
fn has_slot(value: &Value) -> bool {
    fn look(value: &Value, depth: u8) -> bool {
        match value {
            Value::Str(s) => s.starts_with(SLOT),
            Value::List(l) if depth > 0 => l.iter().any(|v| look(v, depth - 1)),
            Value::Dict(d) if depth > 0 => d.values().any(|v| look(v, depth - 1)),
            _ => false,
        }
    }
    look(value, 2)
}

fn fill_value(runner: &dyn Runner, value: &mut Value, depth: u8) -> Result<(), CallError> {
    match value {
        Value::Str(slot) if slot.starts_with(SLOT) => *value = evaluate(runner, slot)?,
        Value::List(_) if depth > 0 => {
            for item in value.as_list_mut().into_iter().flatten() {
                fill_value(runner, item, depth - 1)?;
            }
        }
        Value::Dict(_) if depth > 0 => {
            for (_, item) in value.as_dict_mut().into_iter().flat_map(Dict::iter_mut) {
                fill_value(runner, item, depth - 1)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// What a slot stands for; a malformed one stands for itself.
fn evaluate(runner: &dyn Runner, slot: &str) -> Result<Value, CallError> {
    let Some(text) = slot.strip_prefix(SLOT).and_then(|rest| rest.strip_prefix("salt:")) else {
        return Ok(slot.into());
    };
    let Some(Call { fun, args, kwargs }) = parse_call(text) else { return Ok(slot.into()) };
    let (mut value, _) = match runner.call(&fun, args, kwargs) {
        Err(CallError::NotFound { .. }) => return Ok(slot.into()),
        other => other?,
    };
    let (call, append) = text.split_once('~').map_or((text, None), |(call, more)| (call, Some(more)));
    let path = call.rsplit_once(')').and_then(|(_, path)| path.split_once('.')).map(|(_, path)| path.trim());
    if let Some(path) = path {
        value = data::lookup::traverse(&value, path, ".").unwrap_or_default();
    }
    if let (Some(append), Value::Str(text)) = (append, &value) {
        let append = append.trim();
        let quoted = |q: char| append.len() >= 2 && append.starts_with(q) && append.ends_with(q);
        let append = if quoted('"') || quoted('\'') { &append[1..append.len() - 1] } else { append };
        value = format!("{text}{append}").into();
    }
    Ok(value)
}

#[derive(Debug, PartialEq)]
struct Call {
    fun: String,
    args: Vec<Value>,
    kwargs: Dict,
}

/// Parses `mod.fun(arg, key=value)`. Arguments are text; brackets inside one are kept.
fn parse_call(text: &str) -> Option<Call> {
    let tokens = tokens(text)?;
    let mut tokens = tokens.iter().map(String::as_str);
    let mut fun = String::new();
    loop {
        match tokens.next()? {
            "(" if !fun.is_empty() => break,
            "(" => return None,
            word => fun.push_str(word),
        }
    }
    let mut call = Call { fun, args: Vec::new(), kwargs: Dict::new() };
    let mut word: Option<String> = None;
    let mut key: Option<String> = None;
    let mut open: Vec<&str> = Vec::new();
    loop {
        let token = tokens.next()?;
        match token {
            "," | ")" if open.is_empty() => {
                match (key.take(), word.take()) {
                    (Some(key), word) => {
                        call.kwargs.insert(key, word.unwrap_or_default());
                    }
                    (None, Some(word)) => call.args.push(word.into()),
                    (None, None) => {}
                }
                if token == ")" {
                    return Some(call);
                }
            }
            "=" if open.is_empty() => key = Some(word.take().unwrap_or_default()),
            _ => {
                match token {
                    "[" => open.push("]"),
                    "{" => open.push("}"),
                    "(" => open.push(")"),
                    "]" | "}" | ")" if open.pop() != Some(token) => return None,
                    _ => {}
                }
                word.get_or_insert_default().push_str(token);
            }
        }
    }
}

/// Words and single punctuation characters; quotes and backslashes as in a shell.
fn tokens(text: &str) -> Option<Vec<String>> {
    let mut out: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' | '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '\\' => word.push(chars.next()?),
                        end if end == c => break,
                        c => word.push(c),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(chars.next()?),
            c if c.is_alphanumeric() || c == '_' => word.get_or_insert_default().push(c),
            '#' => break,
            c => {
                out.extend(word.take());
                if !c.is_whitespace() {
                    out.push(c.to_string());
                }
            }
        }
    }
    out.extend(word);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_parsed() {
        let call = parse_call("test.arg('a b', 1, key=\"x,y\", l=[1, 2])").unwrap();
        assert_eq!(call.fun, "test.arg");
        assert_eq!(call.args, [Value::from("a b"), Value::from("1")]);
        assert_eq!(call.kwargs, Dict::new().with("key", "x,y").with("l", "[1,2]"));
        for bad in ["test.arg", "(a)", "f(a", "f([a)", "f('a)"] {
            assert_eq!(parse_call(bad), None, "{bad}");
        }
    }
}
