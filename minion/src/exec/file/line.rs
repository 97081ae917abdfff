//! `file.line`: one line put in, replaced, deleted or made sure of.

use std::path::PathBuf;

use data::Value;
use data::loose::Flag;

use super::edit::{self, Edit, end_of};
use super::encoding::Encoding;
use super::pattern;
use crate::exec::{ExecError, ExecFn};
use crate::{Ctx, args};

args! {
    /// Edit a line of a file. Returns the difference, or with `show_changes=False` whether there is one.
    ///
    /// mode: `ensure` (the line is there, after or before another), `insert`, `replace` or `delete` (the line
    /// that matches). match, before, after: a text or a regular expression. location: `start` or `end`, for
    /// insert. indent: as the line beside it. backup: keep the file, with the time in its name. quiet: no error
    /// when there is no such file.
    ///
    /// CLI Example: `rsalt '*' file.line /etc/nsswitch.conf "networks: files dns" after="hosts:.*?" mode=ensure`
    #[derive(Clone)]
    pub(crate) struct Line {
        pub(crate) path: String,
        #[serde(default)]
        pub(crate) content: Value,
        #[serde(default, rename = "match")]
        pub(crate) matching: Value,
        #[serde(default)]
        pub(crate) mode: Value,
        #[serde(default)]
        pub(crate) location: Value,
        #[serde(default)]
        pub(crate) before: Value,
        #[serde(default)]
        pub(crate) after: Value,
        #[serde(default = yes)]
        pub(crate) show_changes: Flag,
        #[serde(default)]
        pub(crate) backup: Flag,
        #[serde(default)]
        pub(crate) quiet: Flag,
        #[serde(default = yes)]
        pub(crate) indent: Flag,
    }
}

fn yes() -> Flag {
    Flag(true)
}

fn failed(problem: impl Into<String>) -> ExecError {
    ExecError::command(problem)
}

/// The lines that a text or a regular expression is found in; none when there is nothing to look for or in.
fn found(lines: &[String], what: &Value) -> Result<Option<Vec<String>>, ExecError> {
    if lines.is_empty() || !what.is_true() {
        return Ok(None);
    }
    let text = what.to_string();
    let regex = pattern::compile(&text, pattern::DOTALL, false).map_err(|e| failed(e.to_string()))?;
    let mut fit = Vec::new();
    for line in lines {
        if pattern::found(&regex, line)? || line.contains(&text) {
            fit.push(line.clone());
        }
    }
    Ok(Some(fit))
}

fn only_one(fit: &[String], what: &str) -> Result<(), ExecError> {
    let how = match fit.len() {
        1 => return Ok(()),
        0 => "less than",
        _ => "more than",
    };
    Err(failed(format!("Found {how} expected occurrences in \"{what}\" expression")))
}

fn with_end_of(like: &str, line: &str) -> String {
    let end = end_of(like);
    format!("{}{}", line.trim_end(), if end.is_empty() { "\n" } else { end })
}

fn same(line: Option<&String>, content: &str) -> bool {
    let ends = ['\r', '\n'];
    line.is_some_and(|line| line.trim_end_matches(ends) == content.trim_end_matches(ends))
}

impl Line {
    /// What is put in, indented as a line that is there.
    fn indented(&self, like: Option<&String>, content: &str) -> String {
        if !self.indent.0 {
            return content.to_owned();
        }
        let like = like.map(String::as_str).unwrap_or_default();
        let blanks = like.len() - like.trim_start_matches(['\t', ' ']).len();
        format!("{}{}", like.get(..blanks).unwrap_or_default(), content.trim_start())
    }

    fn mode(&self) -> Result<String, ExecError> {
        if self.mode.is_none() {
            return Err(failed("Mode was not defined. How to process the file?"));
        }
        let mode = self.mode.to_string().to_lowercase();
        if !["insert", "ensure", "delete", "replace"].contains(&mode.as_str()) {
            return Err(failed(format!("Unknown mode: \"{mode}\"")));
        }
        if mode != "delete" && self.content.is_none() {
            return Err(failed("Content can only be empty if mode is \"delete\""));
        }
        Ok(mode)
    }

    /// The lines as they are to be.
    fn apply(&self, mut lines: Vec<String>, mode: &str) -> Result<Vec<String>, ExecError> {
        let content = if self.content.is_none() { String::new() } else { self.content.to_string() };
        let plain = !self.matching.is_true() && self.before.is_none() && self.after.is_none();
        let wanted = if plain { &self.content } else { &self.matching };
        let (after, before) = (found(&lines, &self.after)?, found(&lines, &self.before)?);
        let matching = found(&lines, wanted)?.unwrap_or_default();
        if lines.is_empty() && matches!(mode, "delete" | "replace") {
            tracing::warn!("Cannot find text to {mode}. File is empty.");
            return Ok(lines);
        }
        let given = [&before, &after].iter().any(|found| found.is_some());
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        let place = |of: &[String], lines: &[String]| {
            of.first().and_then(|line| lines.iter().position(|l| l == line)).unwrap_or(0)
        };
        match mode {
            "delete" => {
                if let Some(first) = matching.first() {
                    lines.retain(|line| line != first);
                }
            }
            "replace" => {
                if !matching.is_empty() {
                    let at = place(&matching, &lines);
                    let new = self.indented(lines.get(at), &content);
                    lines.splice(at..=at, [new]);
                }
            }
            "insert" => {
                if !given && self.location.is_none() {
                    return Err(failed(
                        "On insert either \"location\" or \"before/after\" conditions are required.",
                    ));
                }
                if self.location.is_true() {
                    match self.location.as_str() {
                        Some("end") if lines.is_empty() => lines.push(content),
                        Some("end") => lines.push(self.indented(lines.last(), &content)),
                        Some("start") => {
                            let new = with_end_of(lines.first().map_or("", String::as_str), &content);
                            lines.insert(0, if lines.is_empty() { format!("{content}\n") } else { new });
                        }
                        _ => {}
                    }
                } else if !before.is_empty() && !after.is_empty() {
                    only_one(&before, "before")?;
                    only_one(&after, "after")?;
                    let at = place(&before, &lines);
                    lines.insert(at, self.indented(lines.get(at), &content));
                } else if !after.is_empty() {
                    self.insert_after(&mut lines, &after, &content)?;
                } else if !before.is_empty() {
                    only_one(&before, "before")?;
                    let at = place(&before, &lines);
                    // The line before the first is the last, as Python counts.
                    let previous = if at == 0 { lines.last() } else { lines.get(at - 1) };
                    let new = self.indented(lines.get(at), &content);
                    if ![&content, &new].into_iter().any(|line| same(previous, line)) {
                        lines.insert(at, new);
                    }
                } else {
                    return Err(failed("Neither before or after was found in file"));
                }
            }
            _ => {
                if !before.is_empty() && !after.is_empty() {
                    only_one(&after, "after")?;
                    only_one(&before, "before")?;
                    let (from, to) = (place(&after, &lines), place(&before, &lines));
                    if lines.iter().any(|line| line.trim_start() == content) {
                        return Ok(lines);
                    }
                    let new = self.indented(lines.get(from), &content);
                    if from + 1 == to {
                        lines.insert(to, new);
                    } else if from + 2 == to {
                        lines.splice(from + 1..to, [new]);
                    } else {
                        return Err(failed(
                            "Found more than one line between boundaries \"before\" and \"after\".",
                        ));
                    }
                } else if !before.is_empty() {
                    only_one(&before, "before")?;
                    let at = place(&before, &lines);
                    let previous = if at == 0 { lines.last() } else { lines.get(at - 1) };
                    // Indented as the line before it, which then is the line itself.
                    let is_there = |line: &String| at > 0 && same(previous, line);
                    let new = self.indented(previous, &content);
                    if ![&content, &new].into_iter().any(is_there) {
                        lines.insert(at, new);
                    }
                } else if !after.is_empty() {
                    self.insert_after(&mut lines, &after, &content)?;
                } else {
                    return Err(failed(
                        "Wrong conditions? Unable to ensure line without knowing where to put it before and/or after.",
                    ));
                }
            }
        }
        Ok(lines)
    }

    fn insert_after(
        &self,
        lines: &mut Vec<String>,
        after: &[String],
        content: &str,
    ) -> Result<(), ExecError> {
        only_one(after, "after")?;
        let Some(at) = lines.iter().position(|line| Some(line) == after.first()) else { return Ok(()) };
        let new = self.indented(lines.get(at), content);
        // The line is there when it is there as it would be put in; Salt would put an indented one in again.
        if ![content, &new].into_iter().any(|line| same(lines.get(at + 1), line)) {
            lines.insert(at + 1, new);
        }
        Ok(())
    }

    /// The file with its line edited; none when there is no file and that is no matter.
    pub(crate) fn edit(&self, ctx: &Ctx<'_>) -> Result<Option<Edit>, ExecError> {
        let (path, _) = edit::real(ctx, &self.path);
        if !ctx.host.is_file(&path) {
            if self.quiet.0 {
                return Ok(None);
            }
            let problem = format!("File \"{}\" does not exists or is not a file.", path.display());
            return Err(failed(problem));
        }
        let mode = self.mode()?;
        let old = edit::text(ctx, &path)?;
        let mut lines: Vec<String> = old.split_inclusive('\n').map(str::to_owned).collect();
        if lines.last().is_some_and(|last| !end_of(last).is_empty()) {
            lines.push(String::new());
        }
        let mut lines = self.apply(lines, &mode)?;
        for at in 0..lines.len() {
            let open = lines.get(at).is_some_and(|line| end_of(line).is_empty()) && at + 1 < lines.len();
            if open && let Some(line) = lines.get(at) {
                // As Salt picks the line whose end is taken over.
                let like = lines.get(if at > 1 { at - 1 } else { 1 }).map_or("", String::as_str);
                let new = with_end_of(like, line);
                lines.splice(at..=at, [new]);
            }
        }
        Ok(Some(Edit { path, old, new: lines.concat(), encoding: Encoding::Utf8 }))
    }

    /// Writes the edited file, and what was in it to a file with the time in its name.
    pub(crate) fn store(&self, ctx: &Ctx<'_>, edit: &Edit) -> Result<(), ExecError> {
        let now: chrono::DateTime<chrono::Local> = ctx.host.now().into();
        let copy = PathBuf::from(format!("{}.{}", edit.path.display(), now.format("%Y-%m-%d-%H-%M-%S")));
        edit.store(ctx, self.backup.0.then_some(copy.as_path()))
    }
}

impl ExecFn for Line {
    const FUN: &'static str = "file.line";
    const SIGNATURE: &'static str = "path, content=None, match=None, mode=None, location=None, before=None, \
                                     after=None, show_changes=True, backup=False, quiet=False, indent=True";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let Some(edit) = self.edit(ctx)? else { return Ok(false.into()) };
        if !ctx.test {
            self.store(ctx, &edit)?;
        }
        let diff = if self.show_changes.0 { edit.diff() } else { String::new() };
        Ok(if diff.is_empty() { edit.is_change().into() } else { diff.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(args: &str, text: &str) -> Result<String, String> {
        let args = data::yaml::load(args).unwrap();
        let mut args = args.as_dict().unwrap().clone();
        args.insert("path", "/f");
        let line: Line = crate::args::read(args).unwrap();
        let lines = text.split_inclusive('\n').map(str::to_owned).collect();
        let mode = line.mode().map_err(|e| e.to_string())?;
        line.apply(lines, &mode).map(|lines| lines.concat()).map_err(|e| e.to_string())
    }

    #[test]
    fn lines_go_where_they_are_wanted() {
        for (args, text, want) in [
            ("{mode: ensure, content: b, after: a}", "a\nc\n", Ok("a\nbc\n")),
            ("{mode: ensure, content: b, after: a}", "a\nb\n", Ok("a\nb\n")),
            ("{mode: ensure, content: b, after: a, before: c}", "  a\nx\nc\n", Ok("  a\n  bc\n")),
            ("{mode: insert, content: b, location: start}", "a\n", Ok("b\na\n")),
            ("{mode: delete, match: 'a.*'}", "ab\nb\nab\n", Ok("b\n")),
            ("{mode: replace, match: x, content: y}", "\tx=1\n", Ok("\ty")),
            (
                "{mode: ensure, content: b, after: a}",
                "a\na1\n",
                Err("Found more than expected occurrences in \"after\" expression"),
            ),
            ("{mode: insert, content: b, after: z}", "a\n", Err("Neither before or after was found in file")),
            ("{mode: sort, content: b}", "a\n", Err("Unknown mode: \"sort\"")),
        ] {
            let got = edited(args, text);
            assert_eq!(got.as_deref().map_err(String::as_str), want, "{args}");
        }
    }
}
