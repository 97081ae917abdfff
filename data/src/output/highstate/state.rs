//! One state: its parts, and how it is shown in full and on one line.

use std::fmt::Write;

use super::super::color::Colors;
use super::super::{NotMine, Options, wrap};
use super::Changes;
use crate::{Dict, Value};

pub(super) struct State<'a> {
    /// `module`, id, name, function: the parts of the key.
    parts: Vec<&'a str>,
    dict: &'a Dict,
    pub(super) result: &'a Value,
    pub(super) changes: &'a Value,
    pub(super) order: f64,
    /// How many states were rolled into this one.
    pub(super) rolled: usize,
}

impl<'a> State<'a> {
    pub(super) fn new(key: &'a str, dict: &'a Dict) -> Result<Self, NotMine> {
        let parts: Vec<&str> = key.split("_|-").collect();
        let rolled = if key.contains("_|-state_compressed_") {
            parts.get(1).and_then(|id| id.rsplit_once('(')?.1.strip_suffix(')')?.parse().ok()).unwrap_or(1)
        } else {
            1
        };
        Ok(State {
            parts,
            dict,
            result: dict.get("result").ok_or(NotMine)?,
            changes: dict.get("changes").ok_or(NotMine)?,
            order: dict.get("__run_num__").map_or(Some(0.0), Value::as_f64).ok_or(NotMine)?,
            rolled,
        })
    }

    pub(super) fn is_fine(&self) -> bool {
        self.result.is_true()
    }

    pub(super) fn is_orchestration(&self) -> bool {
        matches!(
            self.dict.get("name").and_then(Value::as_str),
            Some("state.orch" | "state.orchestrate" | "state.sls")
        )
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.dict.get(key)
    }

    pub(super) fn has_warnings(&self) -> bool {
        self.dict.contains("warnings")
    }

    fn warnings(&self) -> Result<Option<String>, NotMine> {
        let Some(warnings) = self.get("warnings") else { return Ok(None) };
        let lines: Option<Vec<&str>> = match warnings {
            Value::List(items) => items.iter().map(Value::as_str).collect(),
            _ => None,
        };
        Ok(Some(lines.ok_or(NotMine)?.join("\n")))
    }

    /// How many changes this state adds to the summary.
    pub(super) fn count_changes(&self, changes: &Changes, options: &Options) -> usize {
        if !changes.any {
            return 0;
        }
        if options.state_compress_ids && self.rolled > 1 && !self.is_orchestration() {
            let inner = self.changes.get("compressed changes").and_then(Value::as_dict);
            return inner.map_or(1, |d| d.len().max(1));
        }
        1
    }

    fn part(&self, index: usize) -> Result<&'a str, NotMine> {
        self.parts.get(index).copied().ok_or(NotMine)
    }

    /// The name, or the id where that is asked for.
    fn name(&self, options: &Options) -> Result<&'a str, NotMine> {
        self.part(if options.state_output_id { 1 } else { 2 })
    }

    pub(super) fn terse(&self, color: &str, colors: Colors, options: &Options) -> Result<String, NotMine> {
        let result = match self.result {
            Value::Bool(false) => "Failed",
            Value::None => "Differs",
            _ if self.changes.is_true() => "Changed",
            _ => "Clean",
        };
        let (module, function) = (self.part(0)?, self.parts.last().copied().ok_or(NotMine)?);
        let name = self.name(options)?;
        let times = match (self.get("start_time"), self.get("duration")) {
            (Some(start), duration) if options.state_output_profile => {
                Some((start, duration.ok_or(NotMine)?))
            }
            _ => None,
        };
        let mut line = String::new();
        if let Some(warnings) = self.warnings()? {
            line = format!("{}Warnings:\n{warnings}{}", colors.light_red, colors.end);
            line.push_str(if options.state_tabular { "\n" } else { "" });
        }
        // Writing to a String cannot fail.
        if options.state_tabular {
            line.push_str(color);
            if let Some((start, duration)) = times {
                let _ = write!(line, "{start} [{:>7} ms] ", duration.to_string());
            }
            let _ = write!(line, "{module:>10}.{function:<10} {result:7}   Name: {name}");
        } else {
            let _ = write!(line, " {color} Name: {name} - Function: {module}.{function} - Result: {result}");
            if let Some((start, duration)) = times {
                let _ = write!(line, " - Started: {start} - Duration: {duration} ms");
            }
        }
        line.push_str(colors.end);
        Ok(line)
    }

    pub(super) fn full(
        &self,
        lines: &mut Vec<String>,
        color: &str,
        colors: Colors,
        changes: &str,
        options: &Options,
    ) -> Result<(), NotMine> {
        let end = colors.end;
        let (module, id, function) = (self.part(0)?, self.part(1)?, self.part(3)?);
        let name = self.name(options)?;
        let comment = self.comment()?;
        lines.push(format!("{color}----------{end}"));
        lines.push(format!("    {color}      ID: {id}{end}"));
        lines.push(format!("    {color}Function: {module}.{function}{end}"));
        if id != name {
            lines.push(format!("    {color}    Name: {name}{end}"));
        }
        lines.push(format!("    {color}  Result: {}{end}", self.result));
        lines.push(format!("    {color} Comment: {comment}{end}"));
        if let Some(start) = self.get("start_time").filter(|_| options.state_output_profile) {
            let duration = match self.get("duration") {
                None => String::new(),
                Some(Value::Str(s)) if s.is_empty() => String::new(),
                Some(duration) => format!("{duration} ms"),
            };
            lines.push(format!("    {color} Started: {start}{end}"));
            lines.push(format!("    {color}Duration: {duration}{end}"));
        }
        lines.push(format!("{color}     Changes:   {changes}{end}"));
        if let Some(warnings) = self.warnings()? {
            let text = wrap::fill(&warnings, 80, 14);
            lines.push(format!("   {} Warnings: {}{end}", colors.light_red, text.trim_start()));
        }
        Ok(())
    }

    fn comment(&self) -> Result<String, NotMine> {
        let comment = self.get("comment").ok_or(NotMine)?.to_string();
        let mut comment = comment.trim_matches(crate::python::is_space).replace('\n', "\n              ");
        // Writing to a String cannot fail.
        match self.get("data") {
            None => {}
            Some(Value::List(items)) => {
                for item in items.iter() {
                    let _ = write!(comment, " {item}");
                }
            }
            Some(Value::Dict(entries)) => {
                for (key, value) in entries.iter() {
                    let _ = write!(comment, "\n\t\t{key}: {value}");
                }
            }
            Some(other) => {
                let _ = write!(comment, " {other}");
            }
        }
        Ok(comment)
    }
}
