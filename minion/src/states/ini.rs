//! Options and sections of ini files as they should be.

use data::loose::Flag;
use data::{Dict, Value};

use super::file::act::{Act, well};
use super::{Outcome, StateEntry, StateError, entry};
use crate::exec::ini::{Ini, Section};
use crate::{Ctx, args};

/// The states of `ini`.
pub const STATES: &[StateEntry] = &[
    entry::<OptionsPresent>(),
    entry::<OptionsAbsent>(),
    entry::<SectionsPresent>(),
    entry::<SectionsAbsent>(),
];

args! {
    /// Have options in an ini file. Sections and the file are made when they are missing.
    ///
    /// ```yaml
    /// /etc/app.ini:
    ///   ini.options_present:
    ///     - separator: '='
    ///     - strict: True            # nothing else in the file; default: what else is there stays
    ///     - no_spaces: True         # key=value
    ///     - sections:
    ///         top: 1                # outside of any section
    ///         server:
    ///           port: 8080
    /// ```
    ///
    /// Changes: by section and option, `before` and `after`.
    pub(crate) struct OptionsPresent {
        name: String,
        #[serde(default)]
        sections: Value,
        #[serde(default = equals)]
        separator: String,
        #[serde(default)]
        strict: Flag,
        #[serde(default, rename = "encoding")]
        _encoding: Value,
        #[serde(default)]
        no_spaces: Flag,
    }

    /// Have options not in an ini file.
    ///
    /// ```yaml
    /// /etc/app.ini:
    ///   ini.options_absent:
    ///     - sections:
    ///         server: [port, host]
    ///         top: null             # outside of any section
    /// ```
    ///
    /// Changes: by section and option, the value that was there.
    pub(crate) struct OptionsAbsent {
        name: String,
        #[serde(default)]
        sections: Value,
        #[serde(default = equals)]
        separator: String,
        #[serde(default, rename = "encoding")]
        _encoding: Value,
    }

    /// Have sections in an ini file.
    ///
    /// ```yaml
    /// /etc/app.ini:
    ///   ini.sections_present:
    ///     - sections: [server, client]
    /// ```
    ///
    /// Changes: by section, `before` and `after`.
    pub(crate) struct SectionsPresent {
        name: String,
        #[serde(default)]
        sections: Value,
        #[serde(default = equals)]
        separator: String,
        #[serde(default, rename = "encoding")]
        _encoding: Value,
    }

    /// Have sections not in an ini file.
    ///
    /// ```yaml
    /// /etc/app.ini:
    ///   ini.sections_absent:
    ///     - sections: [client]
    /// ```
    ///
    /// Changes: by section, what was in it.
    pub(crate) struct SectionsAbsent {
        name: String,
        #[serde(default)]
        sections: Value,
        #[serde(default = equals)]
        separator: String,
        #[serde(default, rename = "encoding")]
        _encoding: Value,
    }
}

fn equals() -> String {
    "=".to_owned()
}

/// The names in a list, or the keys of a dict.
fn names(sections: &Value) -> Vec<Value> {
    match sections {
        Value::Dict(dict) => dict.keys().cloned().collect(),
        Value::List(list) => list.to_vec(),
        Value::None => Vec::new(),
        one => vec![one.clone()],
    }
}

/// What is said and found out on the way; in test mode all that there is.
#[derive(Default)]
struct Said {
    comment: String,
    will: bool,
    changes: Dict,
}

impl Said {
    fn line(&mut self, will: bool, text: String) {
        self.comment.push_str(&text);
        self.comment.push_str(".\n");
        self.will |= will;
    }

    fn end(self, ctx: &Ctx<'_>, nothing: &str) -> Result<Outcome, StateError> {
        if ctx.test {
            let comment = if self.comment.is_empty() { nothing.to_owned() } else { self.comment };
            return Ok(Outcome::new(if self.will { None } else { Some(true) }, comment));
        }
        if self.changes.is_empty() {
            return well("No anomaly detected");
        }
        Ok(Outcome::new(Some(true), "Changes take effect").with_changes(self.changes))
    }
}

fn in_section(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(" in section {name}") }
}

impl OptionsPresent {
    /// What `strict` has no place for outside of the sections that are wanted.
    fn strip(&self, wanted: &Dict, ini: &mut Ini, said: &mut Said) {
        let is_section = |name: &str| wanted.get(name).is_some_and(|v| v.as_dict().is_some());
        let (sections, keys): (Vec<_>, Vec<_>) =
            ini.options().into_iter().partition(|(_, value)| value.as_dict().is_some());
        for (key, value) in keys {
            let name = key.to_string();
            if !wanted.contains(name.as_str()) || is_section(&name) {
                said.line(true, format!("Removed key {key}"));
                ini.remove("", &name);
                said.changes.insert(key, gone(value));
            }
        }
        for (key, value) in sections {
            let name = key.to_string();
            if !is_section(&name) {
                said.line(true, format!("Removed section {key}"));
                ini.remove_section(&name);
                said.changes.insert(key, gone(value));
            }
        }
    }

    /// What `strict` has no place for in a section.
    fn strip_section(&self, name: &Value, wanted: &Dict, ini: &mut Ini, said: &mut Said) {
        let section = name.to_string();
        let mut own = Dict::new();
        for (option, value) in ini.section(&section).map(Section::options).unwrap_or_default() {
            if !wanted.contains(option.to_string().as_str()) {
                said.line(true, format!("Deleted key {option}{}", in_section(&section)));
                ini.remove(&section, &option.to_string());
                own.insert(option, gone(value));
            }
        }
        if !own.is_empty() {
            said.changes.insert(name.clone(), own);
        }
    }
}

fn gone(before: Value) -> Value {
    Dict::new().with("before", before).with("after", Value::None).into()
}

impl Act for OptionsPresent {
    const FUN: &'static str = "ini.options_present";

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let mut ini = Ini::open(ctx, &self.name, &self.separator)?;
        ini.no_spaces = self.no_spaces.0;
        let mut said = Said::default();
        let none = Dict::new();
        let wanted = self.sections.as_dict().unwrap_or(&none);
        let compare = |said: &mut Said, ini: &Ini, section: &str, key: &Value, value: &Value| {
            let same = ini.get(section, &key.to_string()) == Some(value.to_string().as_str());
            let what = if same { "Unchanged" } else { "Changed" };
            said.line(!same, format!("{what} key {key}{}", in_section(section)));
        };
        for (key, value) in wanted.iter().filter(|(_, value)| value.as_dict().is_none()) {
            compare(&mut said, &ini, "", key, value);
        }
        if self.strict.0 {
            self.strip(wanted, &mut ini, &mut said);
        }
        for (name, section) in wanted {
            let Some(section) = section.as_dict() else { continue };
            if self.strict.0 {
                self.strip_section(name, section, &mut ini, &mut said);
            }
            for (key, value) in section {
                compare(&mut said, &ini, &name.to_string(), key, value);
            }
            if section.is_empty() && ini.section(&name.to_string()).is_none() {
                said.line(true, format!("Created new section {name}"));
            }
        }
        for (name, change) in ini.update(wanted) {
            // An option that went and one that came may be of the same section.
            match (
                said.changes.get_mut(name.to_string().as_str()).and_then(Value::as_dict_mut),
                change.as_dict(),
            ) {
                (Some(there), Some(more)) => there.extend(more.iter().map(|(k, v)| (k.clone(), v.clone()))),
                _ => {
                    said.changes.insert(name, change);
                }
            }
        }
        if !ctx.test {
            ini.save(ctx)?;
        }
        said.end(ctx, "")
    }
}

impl Act for OptionsAbsent {
    const FUN: &'static str = "ini.options_absent";

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let mut ini = Ini::open(ctx, &self.name, &self.separator)?;
        let mut said = Said::default();
        for name in names(&self.sections) {
            let section = name.to_string();
            let Some(keys) = self.sections.get(section.as_str()).and_then(Value::as_list) else {
                match ini.remove("", &section) {
                    Some(value) => {
                        said.line(true, format!("Deleted key {section}"));
                        said.changes.insert(name, value);
                    }
                    None => said.line(false, format!("Key {section} does not exist")),
                }
                continue;
            };
            let mut own = Dict::new();
            for key in keys {
                let place = in_section(&section);
                match ini
                    .section(&section)
                    .is_some()
                    .then(|| ini.remove(&section, &key.to_string()))
                    .flatten()
                {
                    Some(value) => {
                        said.line(true, format!("Deleted key {key}{place}"));
                        own.insert(key.clone(), value);
                    }
                    None => said.line(false, format!("Key {key}{place} does not exist")),
                }
            }
            if !own.is_empty() {
                said.changes.insert(name, own);
            }
        }
        if !ctx.test {
            ini.save(ctx)?;
        }
        said.end(ctx, "No changes detected.")
    }
}

impl Act for SectionsPresent {
    const FUN: &'static str = "ini.sections_present";

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let mut ini = Ini::open(ctx, &self.name, &self.separator)?;
        let mut said = Said::default();
        let mut wanted = Dict::new();
        for name in names(&self.sections) {
            if ini.section(&name.to_string()).is_some() {
                said.line(false, format!("Section unchanged {name}"));
            } else {
                said.line(true, format!("Created new section {name}"));
                wanted.insert(name, Value::dict());
            }
        }
        said.changes = ini.update(&wanted);
        if !ctx.test {
            ini.save(ctx)?;
        }
        said.end(ctx, "No changes detected.")
    }
}

impl Act for SectionsAbsent {
    const FUN: &'static str = "ini.sections_absent";

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let mut ini = Ini::open(ctx, &self.name, &self.separator)?;
        let mut said = Said::default();
        for name in names(&self.sections) {
            match ini.remove_section(&name.to_string()) {
                Some(options) => {
                    said.line(true, format!("Deleted section {name}"));
                    said.changes.insert(name, options);
                }
                None => said.line(false, format!("Section {name} does not exist")),
            }
        }
        if !ctx.test {
            ini.save(ctx)?;
        }
        said.end(ctx, "No changes detected.")
    }
}
