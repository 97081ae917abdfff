//! `table`: lists of rows as tables, under the keys that lead to them.

use super::color::Colors;
use super::{NotMine, Options};
use crate::Value;

/// Text in a cell goes on below behind so many characters.
const WIDTH: usize = 50;

pub(super) fn output(value: &Value, options: &Options) -> Result<String, NotMine> {
    let mut table = Table { lines: Vec::new(), colors: Colors::new(options.color) };
    match value {
        Value::List(rows) => table.rows(rows, options.nested_indent)?,
        other => table.show(other, options.nested_indent)?,
    }
    Ok(table.lines.join("\n"))
}

struct Table {
    lines: Vec<String>,
    colors: Colors,
}

impl Table {
    fn line(&mut self, indent: usize, color: &str, text: &str, suffix: &str) {
        self.lines.push(format!("{:indent$}{color}{text}{}{suffix}", "", self.colors.end));
    }

    fn show(&mut self, value: &Value, indent: usize) -> Result<(), NotMine> {
        let Value::Dict(dict) = value else { return Ok(()) };
        for (key, item) in sorted(dict)? {
            self.line(indent, self.colors.dark_gray, &key.to_string(), ":");
            self.line(indent, self.colors.dark_gray, "----------", "");
            match item {
                Value::List(rows) => self.rows(rows, indent)?,
                other => self.show(other, indent + 4)?,
            }
        }
        Ok(())
    }

    /// Rows that are dicts have their keys for a headline; rows of several types are no table.
    fn rows(&mut self, rows: &[Value], indent: usize) -> Result<(), NotMine> {
        let Some(first) = rows.first() else { return Ok(()) };
        if rows.iter().any(|row| row.type_name() != first.type_name()) {
            return Ok(());
        }
        let mut cells: Vec<Vec<String>> = Vec::new();
        if let Value::Dict(labels) = first {
            let labels = sorted(labels)?;
            if !labels.is_empty() {
                cells.push(labels.iter().map(|(label, _)| title(&label.to_string())).collect());
            }
        }
        for row in rows {
            cells.push(match row {
                Value::Dict(dict) => sorted(dict)?.iter().map(|(_, item)| item.to_string()).collect(),
                Value::Str(text) => vec![text.to_string()],
                Value::List(items) => {
                    let texts: Option<Vec<String>> =
                        items.iter().map(|i| i.as_str().map(str::to_owned)).collect();
                    texts.ok_or(NotMine)?
                }
                _ => return Err(NotMine),
            });
        }
        self.draw(&cells, indent + 4)
    }

    fn draw(&mut self, rows: &[Vec<String>], indent: usize) -> Result<(), NotMine> {
        if rows.iter().any(Vec::is_empty) {
            return Err(NotMine);
        }
        let rows: Vec<Vec<Vec<String>>> = rows.iter().map(|row| fold_row(row)).collect();
        // A row that is shorter than the others decides: what is behind it in the others is not shown.
        let columns = rows.iter().flatten().map(Vec::len).min().ok_or(NotMine)?;
        let widest = |column: usize| {
            let cells = rows.iter().flatten().filter_map(move |line| line.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(widest).collect();
        let rule = "-".repeat(4 + widths.iter().sum::<usize>() + 3 * widths.len().saturating_sub(1));
        self.line(indent, self.colors.light_gray, &rule, "");
        for row in &rows {
            for line in row {
                let cells: Vec<String> =
                    line.iter().zip(&widths).map(|(cell, width)| center(cell, *width)).collect();
                self.line(indent, self.colors.white, &format!("| {} |", cells.join(" | ")), "");
            }
            self.line(indent, self.colors.light_gray, &rule, "");
        }
        Ok(())
    }
}

/// Entries in order of their keys; Python cannot sort keys of different types.
fn sorted(dict: &crate::Dict) -> Result<Vec<(&Value, &Value)>, NotMine> {
    let mut entries: Vec<(&Value, &Value)> = dict.iter().collect();
    let texts = entries.iter().all(|(key, _)| key.as_str().is_some());
    if !texts && entries.len() > 1 && !entries.iter().all(|(key, _)| key.as_f64().is_some()) {
        return Err(NotMine);
    }
    crate::yaml::sort_keys(&mut entries);
    Ok(entries)
}

/// The lines of one row. A cell of fewer lines than another cuts the row short.
fn fold_row(row: &[String]) -> Vec<Vec<String>> {
    let cells: Vec<String> = row.iter().map(|cell| fold(cell)).collect();
    let cells: Vec<Vec<&str>> = cells.iter().map(|cell| cell.split('\n').collect()).collect();
    let lines = cells.iter().map(Vec::len).min().unwrap_or(0);
    (0..lines)
        .map(|n| cells.iter().map(|cell| cell.get(n).copied().unwrap_or("").to_owned()).collect())
        .collect()
}

/// Words on lines, each broken before the word that makes it too long.
fn fold(text: &str) -> String {
    let mut words = text.split(' ');
    let mut out = words.next().unwrap_or("").to_owned();
    for word in words {
        let line = out.rsplit('\n').next().unwrap_or("").chars().count();
        let head = word.split('\n').next().unwrap_or("").chars().count();
        out.push(if line + head >= WIDTH { '\n' } else { ' ' });
        out.push_str(word);
    }
    out
}

/// `str.center`
fn center(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.chars().count());
    let left = missing / 2 + (missing & width & 1);
    format!("{:left$}{text}{:right$}", "", "", right = missing - left)
}

/// `str.replace("_", " ").title()`
fn title(label: &str) -> String {
    let mut out = String::with_capacity(label.len());
    let mut inside = false;
    for c in label.chars() {
        let c = if c == '_' { ' ' } else { c };
        if inside {
            out.extend(c.to_lowercase())
        } else {
            out.extend(c.to_uppercase())
        }
        inside = c.is_alphabetic();
    }
    out
}
