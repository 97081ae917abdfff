//! Files of `key = value` lines in sections, edited in place: comments and order stay.

use std::path::Path;

use data::{Dict, Value};

use super::ExecError;
use super::plain::{Given, functions};
use crate::Ctx;

functions! {
    /// Return all sections of an ini file with their options, and the options outside of any.
    ///
    /// CLI Example: `rsalt '*' ini.get_ini /path/to/ini`
    "ini.get_ini"("file_name, separator='=', encoding=None") =
        |given, ctx| Ok(open(&given, ctx)?.options().into());
    /// Return a section of an ini file; an empty dict when there is none.
    ///
    /// CLI Example: `rsalt '*' ini.get_section /path/to/ini section_name`
    "ini.get_section"("file_name, section, separator='=', encoding=None") = |given, ctx| {
        let ini = open(&given, ctx)?;
        Ok(ini.section(&given.text("section")).map(Section::options).unwrap_or_default().into())
    };
    /// Return an option of an ini file, without a section one outside of any.
    ///
    /// CLI Example: `rsalt '*' ini.get_option /path/to/ini section_name option_name`
    "ini.get_option"("file_name, section, option, separator='=', encoding=None") = |given, ctx| {
        let ini = open(&given, ctx)?;
        Ok(ini.get(&given.text_or_empty("section"), &given.text("option")).map_or(Value::None, Value::from))
    };
    /// Set options in an ini file and return what changed. Options that stand in a comment take its place.
    ///
    /// CLI Example: `rsalt '*' ini.set_option /path/to/ini '{section_foo: {key: value}}'`
    "ini.set_option"("file_name, sections=None, separator='=', encoding=None, no_spaces=False") = |given, ctx| {
        let mut ini = open(&given, ctx)?;
        ini.no_spaces = given.is_set("no_spaces", false);
        let changes = given.arg("sections").as_dict().map(|wanted| ini.update(wanted)).unwrap_or_default();
        ini.save(ctx)?;
        Ok(changes.into())
    };
    /// Remove an option from an ini file and return its value.
    ///
    /// CLI Example: `rsalt '*' ini.remove_option /path/to/ini section_name option_name`
    "ini.remove_option"("file_name, section, option, separator='=', encoding=None") = |given, ctx| {
        let mut ini = open(&given, ctx)?;
        let removed = ini.remove(&given.text_or_empty("section"), &given.text("option"));
        ini.save(ctx)?;
        Ok(removed.map_or(Value::None, Value::from))
    };
    /// Remove a section from an ini file and return what was in it.
    ///
    /// CLI Example: `rsalt '*' ini.remove_section /path/to/ini section_name`
    "ini.remove_section"("file_name, section, separator='=', encoding=None") = |given, ctx| {
        let mut ini = open(&given, ctx)?;
        let removed = ini.remove_section(&given.text("section"));
        ini.save(ctx)?;
        Ok(removed.map_or(Value::None, Value::from))
    };
}

trait Texts {
    fn text_or_empty(&self, name: &str) -> String;
}

impl Texts for Dict {
    fn text_or_empty(&self, name: &str) -> String {
        self.some_text(name).unwrap_or_default()
    }
}

fn open(given: &Dict, ctx: &Ctx<'_>) -> Result<Ini, ExecError> {
    let separator = given.some_text("separator").unwrap_or_else(|| "=".to_owned());
    Ini::open(ctx, &given.text("file_name"), &separator)
}

/// A line or option of a section.
#[derive(Clone, Debug)]
enum Entry {
    /// A comment, an empty line, or what is neither option nor comment: kept as it is.
    Kept { line: String, comment: bool },
    /// An option; its value may go over several lines.
    Option { key: String, value: String },
}

/// The lines below a header, or before the first one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Section {
    entries: Vec<Entry>,
}

/// An ini file in memory.
#[derive(Debug)]
pub(crate) struct Ini {
    path: String,
    separator: String,
    /// No spaces around the separator where lines are written.
    pub(crate) no_spaces: bool,
    top: Section,
    sections: Vec<(String, Section)>,
    changed: bool,
}

/// `key`, `value` and the width of the indentation of an option's line.
fn option(line: &str, separator: &str) -> Option<(usize, String, String)> {
    let name = line.trim_start();
    let indent = width(&line[..line.len() - name.len()]);
    let first = name.chars().next()?.len_utf8();
    let at = first + name.get(first..)?.find(separator)?;
    let value = name.get(at + separator.len()..)?.trim_start();
    Some((indent, name.get(..at)?.trim_end().to_owned(), value.to_owned()))
}

fn width(indent: &str) -> usize {
    indent.chars().map(|c| if c == '\t' { 4 } else { 1 }).sum()
}

/// The name in `[name]`.
fn header(line: &str) -> Option<&str> {
    line.trim().strip_prefix('[')?.strip_suffix(']').filter(|name| !name.is_empty())
}

impl Section {
    fn parse(lines: &[&str], separator: &str) -> Section {
        let mut entries: Vec<Entry> = Vec::new();
        let mut indent = 0;
        for line in lines {
            if line.trim_start().starts_with(['#', ';']) {
                entries.push(Entry::Kept { line: (*line).to_owned(), comment: true });
                continue;
            }
            let own = width(&line[..line.len() - line.trim_start().len()]);
            if own > indent
                && let Some(Entry::Option { value: text, .. } | Entry::Kept { line: text, .. }) =
                    entries.last_mut()
            {
                text.push('\n');
                text.push_str(line);
            } else if let Some((own, key, value)) = option(line, separator) {
                indent = own;
                match entries.iter_mut().find_map(|e| e.value_of(&key)) {
                    Some(there) => *there = value,
                    None => entries.push(Entry::Option { key, value }),
                }
            } else {
                entries.push(Entry::Kept { line: (*line).to_owned(), comment: false });
            }
        }
        Section { entries }
    }

    /// The options, as text.
    pub(crate) fn options(&self) -> Dict {
        let option = |entry: &Entry| match entry {
            Entry::Option { key, value } => Some((Value::from(key.as_str()), Value::from(value.as_str()))),
            Entry::Kept { .. } => None,
        };
        self.entries.iter().filter_map(option).collect()
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.entries.iter().find_map(|entry| match entry {
            Entry::Option { key: own, value } if own == key => Some(value.as_str()),
            _ => None,
        })
    }

    /// Sets an option; what changed.
    fn set(&mut self, key: &str, value: String, separator: &str) -> Option<Value> {
        let before = self.get(key).map(str::to_owned);
        if before.as_deref() == Some(value.as_str()) {
            return None;
        }
        let change = change(before.clone(), value.as_str());
        let new = Entry::Option { key: key.to_owned(), value };
        let is_it = |entry: &Entry| match entry {
            Entry::Option { key: own, .. } => before.is_some() && own == key,
            Entry::Kept { line, comment: true } => {
                let text = option(line.trim_start_matches('#'), separator);
                before.is_none() && text.is_some_and(|(_, own, _)| own == key)
            }
            Entry::Kept { .. } => false,
        };
        match self.entries.iter_mut().find(|entry| is_it(entry)) {
            Some(entry) => *entry = new,
            None => self.entries.push(new),
        }
        Some(change)
    }

    fn remove(&mut self, key: &str) -> Option<String> {
        let at =
            self.entries.iter().position(|e| matches!(e, Entry::Option { key: own, .. } if own == key))?;
        match self.entries.remove(at) {
            Entry::Option { value, .. } => Some(value),
            Entry::Kept { .. } => None,
        }
    }

    fn write(&self, separator: &str, text: &mut String) {
        for entry in &self.entries {
            match entry {
                Entry::Kept { line, .. } => text.push_str(line),
                Entry::Option { key, value } => {
                    text.extend([key.as_str(), separator, value.as_str()]);
                }
            }
            text.push('\n');
        }
    }
}

impl Entry {
    fn value_of(&mut self, wanted: &str) -> Option<&mut String> {
        match self {
            Entry::Option { key, value } if key == wanted => Some(value),
            _ => None,
        }
    }
}

fn change(before: Option<String>, after: impl Into<Value>) -> Value {
    Dict::new().with("before", before.map_or(Value::None, Value::from)).with("after", after).into()
}

impl Ini {
    /// Reads a file; one that is not there is empty.
    pub(crate) fn open(ctx: &Ctx<'_>, path: &str, separator: &str) -> Result<Ini, ExecError> {
        let text = ctx.host.read_opt(Path::new(path))?.unwrap_or_default();
        let text = String::from_utf8(text).map_err(|error| {
            ExecError::command(format!("Unable to open file '{path}'. Exception: {error}"))
        })?;
        let separator = if separator.is_empty() { "=" } else { separator };
        Ok(Ini::parse(path, &text, separator))
    }

    fn parse(path: &str, text: &str, separator: &str) -> Ini {
        let mut top = Section::default();
        let mut sections: Vec<(String, Section)> = Vec::new();
        let mut name = None;
        let mut lines: Vec<&str> = Vec::new();
        let mut end = |name: Option<&str>, lines: &mut Vec<&str>| {
            // Empty lines around a header belong to it, and are written anew.
            let is_empty = |line: &&str| line.trim().is_empty();
            let first = lines.iter().position(|line| !is_empty(line)).unwrap_or(lines.len());
            let last = lines.iter().rposition(|line| !is_empty(line)).map_or(first, |at| at + 1);
            let section = Section::parse(lines.get(first..last).unwrap_or_default(), separator);
            lines.clear();
            match name {
                None => top = section,
                Some(name) => match sections.iter_mut().find(|(own, _)| own == name) {
                    // A header that comes again goes on with the section.
                    Some((_, there)) => {
                        for entry in section.entries {
                            match entry {
                                Entry::Option { key, value } => {
                                    there.set(&key, value, separator);
                                }
                                kept @ Entry::Kept { .. } => there.entries.push(kept),
                            }
                        }
                    }
                    None => sections.push((name.to_owned(), section)),
                },
            }
        };
        for line in text.lines() {
            match header(line) {
                Some(next) => {
                    end(name, &mut lines);
                    name = Some(next);
                }
                None => lines.push(line),
            }
        }
        end(name, &mut lines);
        Ini {
            path: path.to_owned(),
            separator: separator.to_owned(),
            no_spaces: false,
            top,
            sections,
            changed: false,
        }
    }

    /// Everything, without comments.
    pub(crate) fn options(&self) -> Dict {
        let mut all = self.top.options();
        all.extend(
            self.sections.iter().map(|(name, s)| (Value::from(name.as_str()), Value::from(s.options()))),
        );
        all
    }

    pub(crate) fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|(own, _)| own == name).map(|(_, section)| section)
    }

    /// An option of a section; without a name one outside of any.
    pub(crate) fn get(&self, section: &str, key: &str) -> Option<&str> {
        if section.is_empty() { self.top.get(key) } else { self.section(section)?.get(key) }
    }

    fn section_mut(&mut self, name: &str) -> Option<&mut Section> {
        self.sections.iter_mut().find(|(own, _)| own == name).map(|(_, section)| section)
    }

    /// Sets options outside of sections and in them; what changed.
    pub(crate) fn update(&mut self, wanted: &Dict) -> Dict {
        let mut changes = Dict::new();
        for (key, value) in wanted {
            let name = key.to_string();
            let separator = self.separator.clone();
            let Value::Dict(options) = value else {
                if let Some(change) = self.top.set(&name, value.to_string(), &separator) {
                    changes.insert(key.clone(), change);
                }
                continue;
            };
            let new = self.section(&name).is_none();
            if new {
                self.sections.push((name.clone(), Section::default()));
            }
            let Some(section) = self.section_mut(&name) else { continue };
            let mut own = Dict::new();
            for (key, value) in options.iter() {
                if let Some(change) = section.set(&key.to_string(), value.to_string(), &separator) {
                    own.insert(key.clone(), change);
                }
            }
            if new {
                changes.insert(key.clone(), change(None, section.options()));
            } else if !own.is_empty() {
                changes.insert(key.clone(), own);
            }
        }
        self.changed |= !changes.is_empty();
        changes
    }

    /// Takes an option away, of a section that is there or outside of any; its value.
    pub(crate) fn remove(&mut self, section: &str, key: &str) -> Option<String> {
        let removed = match self.section_mut(section) {
            Some(section) => section.remove(key),
            None => self.top.remove(key),
        };
        self.changed |= removed.is_some();
        removed
    }

    /// Takes a section away; its options.
    pub(crate) fn remove_section(&mut self, name: &str) -> Option<Dict> {
        let at = self.sections.iter().position(|(own, _)| own == name)?;
        self.changed = true;
        Some(self.sections.remove(at).1.options())
    }

    /// The text of the file.
    fn text(&self) -> String {
        let bare = self.separator.trim();
        let separator = match (bare.is_empty(), self.no_spaces) {
            (true, _) => " ".to_owned(),
            (false, true) => bare.to_owned(),
            (false, false) => format!(" {bare} "),
        };
        let mut text = String::new();
        self.top.write(&separator, &mut text);
        for (name, section) in &self.sections {
            if !text.is_empty() {
                text.push('\n');
            }
            text.extend(["[", name, "]\n"]);
            section.write(&separator, &mut text);
        }
        text
    }

    /// Writes the file when something was changed.
    pub(crate) fn save(&self, ctx: &Ctx<'_>) -> Result<(), ExecError> {
        if self.changed {
            ctx.host.write_atomic(Path::new(&self.path), self.text().as_bytes(), None)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "top=1\n\n# about a\n\n[a]\n\n# x = 0\nlong=first\n  second\n; note\n\nodd\n[b]\ny: 2\n";

    #[test]
    fn reads_what_is_there() {
        let ini = Ini::parse("/x", TEXT, "=");
        assert_eq!(ini.get("", "top"), Some("1"));
        assert_eq!(ini.get("a", "long"), Some("first\n  second"));
        assert_eq!(ini.section("b").map(|s| s.options().len()), Some(0), "another separator");
        assert_eq!(ini.get("c", "x"), None);
    }

    #[test]
    fn comments_stay_and_give_place() {
        let mut ini = Ini::parse("/x", TEXT, "=");
        let wanted = Dict::new().with("a", Dict::new().with("x", 5)).with("c", Dict::new().with("z", true));
        let changes = ini.update(&wanted);
        assert_eq!(changes.len(), 2);
        assert_eq!(
            ini.text(),
            "top = 1\n\n# about a\n\n[a]\nx = 5\nlong = first\n  second\n; note\n\nodd\n\n[b]\ny: 2\n\n[c]\nz = True\n"
        );
        assert!(ini.update(&wanted).is_empty(), "the second time");
        assert_eq!(ini.remove("a", "x").as_deref(), Some("5"));
        assert_eq!(ini.remove_section("c").map(|s| s.len()), Some(1));
    }

    #[test]
    fn odd_lines_are_no_trouble() {
        for text in ["", "=", "==", "[", "[]", "  \n", "é=ü\n ö", "[é]\n=", "\t", "[a]\n[a]\nx=1\n[a]\nx=2"]
        {
            let mut ini = Ini::parse("/x", text, "=");
            ini.update(&Dict::new().with("a", Dict::new().with("x", 3)));
            assert_eq!(Ini::parse("/x", &ini.text(), "=").get("a", "x"), Some("3"), "{text:?}");
        }
    }
}
