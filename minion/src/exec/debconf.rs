//! `debconf`: answers to what packages ask when they are installed.
//!
//! They are read from debconf's own files (`debconf-get-selections` is in a package that few have, and slow) and
//! written by `debconf-set-selections`, which is with debconf itself and reads them from its input: no password is in
//! a list of processes or in a file.

use std::collections::HashMap;
use std::path::Path;

use data::{Dict, Value};

use super::ExecError;
use super::plain::{Given, functions};
use crate::Ctx;
use crate::host::{Cmd, Host, HostError};

const TEMPLATES: &str = "/var/cache/debconf/templates.dat";
/// Questions with their answers; those that are secret are in the second one.
const ANSWERS: [&str; 2] = ["/var/cache/debconf/config.dat", "/var/cache/debconf/passwords.dat"];

/// A question of a package and what is answered to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The package.
    pub package: String,
    /// `package/question`
    pub question: String,
    /// `string`, `boolean`, `select`, `password`, …
    pub kind: String,
    /// The answer.
    pub value: String,
    /// Whether it will not be asked.
    pub seen: bool,
}

/// The stanzas of one of debconf's files: name → fields.
fn stanzas(text: &str) -> Vec<HashMap<&str, &str>> {
    fn fields(stanza: &str) -> HashMap<&str, &str> {
        stanza
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(key, value)| (key, value.trim()))
            .collect()
    }
    text.split("\n\n").map(fields).filter(|fields| fields.contains_key("Name")).collect()
}

/// All answers: those that are set, and what the templates say where none is.
pub fn parse(templates: &str, answers: &[String]) -> Vec<Answer> {
    let templates: HashMap<&str, HashMap<&str, &str>> =
        stanzas(templates).into_iter().filter_map(|fields| Some((*fields.get("Name")?, fields))).collect();
    let mut out = Vec::new();
    for fields in answers.iter().flat_map(|text| stanzas(text)) {
        let get = |key: &str| fields.get(key).copied();
        let (Some(question), Some(template)) = (get("Name"), get("Template").and_then(|t| templates.get(t)))
        else {
            continue;
        };
        let kind = template.get("Type").copied().unwrap_or_default();
        if matches!(kind, "" | "text" | "title") {
            continue;
        }
        let value = get("Value").or(template.get("Default").copied()).unwrap_or_default();
        let seen = get("Flags").is_some_and(|flags| flags.split(',').any(|flag| flag.trim() == "seen"));
        for package in get("Owners").unwrap_or("unknown").split(',').map(str::trim) {
            out.push(Answer {
                package: package.to_owned(),
                question: question.to_owned(),
                kind: kind.to_owned(),
                value: value.to_owned(),
                seen,
            });
        }
    }
    out
}

/// All answers of this machine.
pub fn answers(host: &dyn Host) -> Result<Vec<Answer>, HostError> {
    let read = |path: &str| -> Result<String, HostError> {
        let data = host.read_opt(Path::new(path))?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&data).into_owned())
    };
    let all = ANSWERS.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    Ok(parse(&read(TEMPLATES)?, &all))
}

/// What a file for `debconf-set-selections` answers: package, question, type and value of each line.
pub fn selections(text: &str) -> Vec<(String, String, String, String)> {
    let joined = text.replace("\\\n", "");
    let one = |line: &str| {
        let (package, rest) = line.trim().split_once(char::is_whitespace)?;
        let (question, rest) = rest.trim_start().split_once(char::is_whitespace)?;
        let rest = rest.trim_start();
        let (kind, value) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        // One blank is between type and value; others are the value's own.
        Some((package.to_owned(), question.to_owned(), kind.to_owned(), value.to_owned()))
    };
    joined.lines().filter(|line| !line.trim_start().starts_with('#')).filter_map(one).collect()
}

/// Gives answers, as lines for `debconf-set-selections`.
pub fn set(host: &dyn Host, lines: &str) -> Result<(), ExecError> {
    let cmd = Cmd::of("debconf-set-selections", ["-v"]).env("LC_ALL", "C").stdin(lines);
    let output = host.run(&cmd)?;
    if output.ok() {
        return Ok(());
    }
    // What it says has the line in it, which may be a password.
    Err(ExecError::command(format!("debconf-set-selections failed with status {}", output.code)))
}

/// The text of a file of answers, of the file server or of this machine.
pub fn source(
    ctx: &Ctx<'_>,
    path: &str,
    template: Option<&str>,
    context: Dict,
) -> Result<Option<String>, ExecError> {
    let args = vec![Value::from(path), Value::from(ctx.saltenv())];
    let cached = ctx.call("cp.cache_file", args, Dict::new())?;
    let Some(local) = cached.as_str().filter(|path| !path.is_empty()) else { return Ok(None) };
    let text = String::from_utf8_lossy(&ctx.host.read(Path::new(local))?).into_owned();
    match template {
        None => Ok(Some(text)),
        Some("jinja") => super::cp::render(ctx, &text, path, &ctx.saltenv(), context).map(Some),
        Some(other) => Err(ExecError::command(format!("there is no template engine {other}: only jinja"))),
    }
}

functions! {
    /// Return all answers: package → list of question, type and value: `rsalt '*' debconf.get_selections`. fetchempty: those that
    /// are empty, too (default).
    "debconf.get_selections"("fetchempty=True") = |args, ctx| {
        let empty = args.is_set("fetchempty", true);
        let mut out = Dict::new();
        for answer in answers(ctx.host)?.into_iter().filter(|answer| empty || !answer.value.is_empty()) {
            let row = vec![answer.question, answer.kind, answer.value];
            if let Some(rows) = out.entry_or(answer.package, Value::list).as_list_mut() {
                rows.push(row.into());
            }
        }
        Ok(out.into())
    };
    /// Return the answers to a package's questions; none when it asked nothing: `rsalt '*' debconf.show tzdata`
    "debconf.show"("name") = |args, ctx| {
        let name = args.text("name");
        let own = answers(ctx.host)?.into_iter().filter(|answer| answer.package == name);
        let rows: Vec<Value> = own.map(|a| vec![a.question, a.kind, a.value].into()).collect();
        Ok(if rows.is_empty() { Value::None } else { rows.into() })
    };
    /// Answer a question: `rsalt '*' debconf.set <package> <question> <type> <value>`
    "debconf.set"("package, question, type, value, *extra") = |args, ctx| {
        let mut line = ["package", "question", "type", "value"].map(|key| args.text(key)).join(" ");
        for more in args.arg("extra").as_list().unwrap_or_default() {
            line.push_str(&format!(" {more}"));
        }
        if line.contains('\n') {
            return Err(ExecError::invocation("an answer for debconf is one line"));
        }
        set(ctx.host, &line)?;
        Ok(true.into())
    };
    /// Give the answers of a file: `rsalt '*' debconf.set_file salt://pathto/pkg.selections`
    "debconf.set_file"("path, saltenv='base', **kwargs") = |args, ctx| {
        let Some(text) = source(ctx, &args.text("path"), None, Dict::new())? else { return Ok(false.into()) };
        set(ctx.host, &text)?;
        Ok(true.into())
    };
    /// Give the answers of a rendered file: `rsalt '*' debconf.set_template salt://pathto/pkg.selections.jinja jinja '{}' '{}'`
    "debconf.set_template"("path, template, context, defaults, saltenv='base', **kwargs") = |args, ctx| {
        let mut all = args.arg("defaults").as_dict().cloned().unwrap_or_default();
        all.extend(args.arg("context").as_dict().cloned().unwrap_or_default());
        let engine = args.text("template");
        let Some(text) = source(ctx, &args.text("path"), Some(&engine), all)? else { return Ok(false.into()) };
        set(ctx.host, &text)?;
        Ok(true.into())
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_answers() {
        let text = "# comment\ntzdata tzdata/Areas select Europe\n  app  app/text\tstring  two words\napp app/empty string\n\
                    app app/long multiselect a, \\\nb\nbroken line\n";
        let all = selections(text);
        let shown: Vec<String> = all.iter().map(|(p, q, k, v)| format!("{p}|{q}|{k}|{v}")).collect();
        assert_eq!(
            shown,
            [
                "tzdata|tzdata/Areas|select|Europe",
                "app|app/text|string| two words",
                "app|app/empty|string|",
                "app|app/long|multiselect|a, b",
            ]
        );
    }
}
