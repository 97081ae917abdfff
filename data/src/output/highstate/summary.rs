//! The counts at the end of a minion's states.

use super::super::color::Colors;
use super::super::{NotMine, Options};
use super::state::State;
use crate::{Dict, Value};

#[derive(Default)]
pub(super) struct Summary {
    /// States by result.
    results: Dict,
    pub(super) warnings: usize,
    pub(super) changes: usize,
    /// Milliseconds of the states that ran one after the other, in their order.
    durations: Vec<f64>,
    parallel: Vec<f64>,
}

/// The longest label is `Succeeded`.
const LABEL: usize = 9;

impl Summary {
    pub(super) fn count(&mut self, state: &State<'_>, options: &Options) -> Result<(), NotMine> {
        if matches!(state.result, Value::List(_) | Value::Dict(_)) {
            return Err(NotMine);
        }
        let rolled = if options.state_compress_ids { state.rolled } else { 1 };
        let count = self.results.entry_or(state.result.clone(), || Value::Int(0));
        *count = Value::from(count.as_int().unwrap_or(0) + i64::try_from(rolled).unwrap_or(i64::MAX));
        let duration = match state.get("duration") {
            None => Some(0.0),
            Some(Value::Str(text)) => {
                let number = text.split(" ms").next().unwrap_or("").trim();
                number.parse().ok()
            }
            Some(number) => Some(number.as_f64().ok_or(NotMine)?),
        };
        let list = if state.get("__parallel__").is_some() { &mut self.parallel } else { &mut self.durations };
        list.extend(duration);
        Ok(())
    }

    fn results(&self, result: Value) -> i64 {
        self.results.get_value(&result).and_then(Value::as_int).unwrap_or(0)
    }

    pub(super) fn show(&self, lines: &mut Vec<String>, host: &str, colors: Colors, options: &Options) {
        let end = colors.end;
        let (fine, failed, unchanged) =
            (self.results(Value::Bool(true)), self.results(Value::Bool(false)), self.results(Value::None));
        let total: i64 = self.results.values().filter_map(Value::as_int).sum();
        let digits = self
            .results
            .values()
            .map(|count| count.to_string().len())
            .chain((self.warnings > 0).then(|| self.warnings.to_string().len()))
            .max()
            .unwrap_or(0);
        let width = LABEL + digits + 2;
        let line = |label: &str, count: &str| {
            format!("{label}: {count:>n$}", n = width.saturating_sub(label.len() + 2))
        };
        let rule = "-".repeat(width);
        lines.push(format!("{}\nSummary for {host}\n{rule}{end}", colors.cyan));
        let mut stats: Vec<String> = Vec::new();
        if unchanged > 0 {
            stats.push(format!("{}unchanged={unchanged}{end}", colors.light_yellow));
        }
        if self.changes > 0 {
            stats.push(format!("{}changed={}{end}", colors.green, self.changes));
        }
        let stats = if stats.is_empty() { String::new() } else { format!(" ({})", stats.join(", ")) };
        let succeeded = line("Succeeded", &(fine + unchanged).to_string());
        lines.push(format!("{}{succeeded}{end}{stats}", colors.green));
        let color = if failed > 0 { colors.red } else { colors.cyan };
        lines.push(format!("{color}{}{end}", line("Failed", &failed.to_string())));
        if options.state_output_pct && total > 0 {
            lines.push(format!(
                "{}{}{end}",
                colors.green,
                line("Success %", &percent(fine + unchanged, total))
            ));
            lines.push(format!("{color}{}{end}", line("Failure %", &percent(failed, total))));
        }
        if self.warnings > 0 {
            lines.push(format!("{}{}{end}", colors.light_red, line("Warnings", &self.warnings.to_string())));
        }
        let total = format!("{rule}\nTotal states run: {total:>n$}", n = width - 7);
        lines.push(format!("{}{total}{end}", colors.cyan));
        if options.state_output_profile {
            let parallel = self.parallel.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let mut sum: f64 = self.durations.iter().fold(0.0, |sum, d| sum + d);
            if !self.parallel.is_empty() {
                sum += parallel;
            }
            let (sum, unit) = if sum > 999.0 { (sum / 1000.0, "s") } else { (sum, "ms") };
            let time = format!("Total run time: {:>n$} {unit}", format!("{sum:.3}"), n = width - 5);
            lines.push(format!("{}{time}{end}", colors.cyan));
        }
    }
}

/// `round(part / total * 100, 2)` as Python prints it.
fn percent(part: i64, total: i64) -> String {
    let percent = part as f64 / total as f64 * 100.0;
    let rounded: f64 = format!("{percent:.2}").parse().unwrap_or(percent);
    Value::Float(rounded).to_string()
}
