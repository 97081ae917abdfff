//! Statements, keys and tables. A table remembers how it came to be, because that decides who may add to it.

use indexmap::IndexMap;

use super::{Error, MAX_DEPTH};
use crate::{Dict, Value};

/// How a table came to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Made {
    /// `[a.b]` makes `a` too, which may still have a header of its own.
    Implied,
    /// `[a]`
    Header,
    /// `a.b = 1`
    Dotted,
}

struct Table {
    made: Made,
    entries: IndexMap<String, Item, foldhash::fast::RandomState>,
}

enum Item {
    /// A value in its final form: an inline table takes no more keys.
    Value(Value),
    Table(Table),
    /// `[[a]]`
    Tables(Vec<Table>),
}

impl Table {
    fn new(made: Made) -> Self {
        Table { made, entries: IndexMap::default() }
    }

    fn into_value(self) -> Value {
        let value = |item| match item {
            Item::Value(value) => value,
            Item::Table(table) => table.into_value(),
            Item::Tables(tables) => tables.into_iter().map(Table::into_value).collect(),
        };
        self.entries.into_iter().map(|(key, item)| (key, value(item))).collect::<Dict>().into()
    }
}

/// What stands in the way of a key.
enum Clash {
    /// Something that is no table.
    Scalar,
    /// An inline table or an array.
    Frozen,
    /// A table that was made in another way, as deep as this in the key.
    Made(usize),
}

impl Clash {
    fn of(value: &Value) -> Clash {
        if matches!(value, Value::List(_) | Value::Dict(_)) { Clash::Frozen } else { Clash::Scalar }
    }
}

/// Reads one document.
pub(super) fn load(text: &str) -> Result<Value, Error> {
    let unix = if text.contains("\r\n") { Some(text.replace("\r\n", "\n")) } else { None };
    let mut reader = Reader { text: unix.as_deref().unwrap_or(text), at: 0 };
    reader.document().map(Table::into_value)
}

pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn error(&self, problem: impl Into<String>) -> Error {
        let before = self.text.get(..self.at).unwrap_or(self.text);
        let position = (self.at < self.text.len()).then(|| {
            let line = before.rsplit('\n').next().unwrap_or("");
            (before.matches('\n').count() + 1, line.chars().count() + 1)
        });
        Error { problem: problem.into(), position }
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn skip_if(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    pub(super) fn skip_while(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let n = rest.find(|c| !fits(c)).unwrap_or(rest.len());
        self.at += n;
        rest.get(..n).unwrap_or("")
    }

    pub(super) fn blanks(&mut self) {
        self.skip_while(|c| matches!(c, ' ' | '\t'));
    }

    fn comment(&mut self) -> Result<(), Error> {
        if self.peek() == Some('#') {
            self.skip_while(|c| c == '\t' || !is_control(c));
            if let Some(c) = self.peek().filter(|c| *c != '\n') {
                return Err(self.error(format!("Found invalid character {:?}", Value::from(c.to_string()))));
            }
        }
        Ok(())
    }

    /// Blanks, line breaks and comments between the items of an array.
    fn gap(&mut self) -> Result<(), Error> {
        loop {
            let before = self.at;
            self.skip_while(|c| matches!(c, ' ' | '\t' | '\n'));
            self.comment()?;
            if self.at == before {
                return Ok(());
            }
        }
    }

    fn document(&mut self) -> Result<Table, Error> {
        let mut root = Table::new(Made::Header);
        let mut header: Vec<String> = Vec::new();
        loop {
            self.blanks();
            match self.peek() {
                None => return Ok(root),
                Some('\n' | '#') => {}
                Some('[') => header = self.header(&mut root)?,
                Some(c) if is_bare(c) || matches!(c, '"' | '\'') => self.statement(&mut root, &header)?,
                Some(_) => return Err(self.error("Invalid statement")),
            }
            self.blanks();
            self.comment()?;
            match self.peek() {
                None => return Ok(root),
                Some('\n') => self.at += 1,
                Some(_) => {
                    return Err(self.error("Expected newline or end of document after a statement"));
                }
            }
        }
    }

    /// `[a.b]` or `[[a.b]]`
    fn header(&mut self, root: &mut Table) -> Result<Vec<String>, Error> {
        self.at += 1;
        let list = self.skip_if("[");
        self.blanks();
        let key = self.key(0)?;
        if let Err(clash) = declare(root, &key, list) {
            return Err(self.error(match clash {
                Clash::Scalar => "Cannot overwrite a value".to_owned(),
                Clash::Frozen if list => format!("Cannot mutate immutable namespace {}", name(&key)),
                Clash::Frozen | Clash::Made(_) => format!("Cannot declare {} twice", name(&key)),
            }));
        }
        let (end, what) = if list { ("]]", "an array") } else { ("]", "a table") };
        if self.skip_if(end) {
            return Ok(key);
        }
        Err(self.error(format!("Expected '{end}' at the end of {what} declaration")))
    }

    fn statement(&mut self, root: &mut Table, header: &[String]) -> Result<(), Error> {
        let (key, value) = self.entry(header.len())?;
        let Some((last, path)) = key.split_last() else { return Ok(()) };
        let mut table = match open(root, header) {
            Some(table) => table,
            None => return Err(self.error("Cannot overwrite a value")),
        };
        let clash = |e: &Self, clash| {
            let full = |n| name(&header.iter().chain(key.iter().take(n)).cloned().collect::<Vec<_>>());
            e.error(match clash {
                Clash::Scalar => "Cannot overwrite a value".to_owned(),
                Clash::Frozen => format!("Cannot mutate immutable namespace {}", full(path.len())),
                Clash::Made(depth) => format!("Cannot redefine namespace {}", full(depth)),
            })
        };
        for (i, part) in path.iter().enumerate() {
            let item =
                table.entries.entry(part.clone()).or_insert_with(|| Item::Table(Table::new(Made::Dotted)));
            table = match item {
                Item::Table(t) if t.made != Made::Header => {
                    t.made = Made::Dotted;
                    t
                }
                Item::Table(_) | Item::Tables(_) => return Err(clash(self, Clash::Made(i + 1))),
                Item::Value(v) => return Err(clash(self, Clash::of(v))),
            };
        }
        if table.entries.contains_key(last) {
            return Err(clash(self, Clash::Scalar));
        }
        table.entries.insert(last.clone(), Item::Value(value));
        Ok(())
    }

    /// `key = value`
    fn entry(&mut self, depth: usize) -> Result<(Vec<String>, Value), Error> {
        let key = self.key(depth)?;
        if !self.skip_if("=") {
            return Err(self.error("Expected '=' after a key in a key/value pair"));
        }
        self.blanks();
        let value = self.value(depth + key.len())?;
        Ok((key, value))
    }

    fn key(&mut self, depth: usize) -> Result<Vec<String>, Error> {
        let mut key = vec![self.key_part()?];
        self.blanks();
        while self.skip_if(".") {
            if depth + key.len() >= MAX_DEPTH {
                return Err(self.error("Nested too deeply"));
            }
            self.blanks();
            key.push(self.key_part()?);
            self.blanks();
        }
        Ok(key)
    }

    fn key_part(&mut self) -> Result<String, Error> {
        match self.peek() {
            Some(c) if is_bare(c) => Ok(self.skip_while(is_bare).to_owned()),
            Some('\'') => self.literal(),
            Some('"') => self.basic(),
            _ => Err(self.error("Invalid initial character for a key part")),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, Error> {
        match self.peek() {
            Some('[' | '{') if depth >= MAX_DEPTH => Err(self.error("Nested too deeply")),
            Some('[') => self.array(depth),
            Some('{') => self.inline_table(depth),
            _ => self.scalar(),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, Error> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.gap()?;
            if self.skip_if("]") {
                return Ok(Value::List(items.into()));
            }
            items.push(self.value(depth + 1)?);
            self.gap()?;
            if !self.skip_if(",") && self.peek() != Some(']') {
                return Err(self.error("Unclosed array"));
            }
        }
    }

    fn inline_table(&mut self, depth: usize) -> Result<Value, Error> {
        self.at += 1;
        let mut table = Table::new(Made::Dotted);
        self.blanks();
        if self.skip_if("}") {
            return Ok(table.into_value());
        }
        loop {
            let (key, value) = self.entry(depth)?;
            self.insert(&mut table, &key, value)?;
            self.blanks();
            if self.skip_if("}") {
                return Ok(table.into_value());
            }
            if !self.skip_if(",") {
                return Err(self.error("Unclosed inline table"));
            }
            self.blanks();
        }
    }

    /// Puts a value into an inline table.
    fn insert(&self, mut table: &mut Table, key: &[String], value: Value) -> Result<(), Error> {
        let Some((last, path)) = key.split_last() else { return Ok(()) };
        for part in path {
            let item =
                table.entries.entry(part.clone()).or_insert_with(|| Item::Table(Table::new(Made::Dotted)));
            table = match item {
                Item::Table(t) => t,
                Item::Value(Value::List(_) | Value::Dict(_)) => {
                    return Err(self.error(format!("Cannot mutate immutable namespace {}", name(key))));
                }
                Item::Value(_) | Item::Tables(_) => return Err(self.error("Cannot overwrite a value")),
            };
        }
        if table.entries.contains_key(last) {
            return Err(self.error(format!("Duplicate inline table key {:?}", Value::from(last.as_str()))));
        }
        table.entries.insert(last.clone(), Item::Value(value));
        Ok(())
    }
}

pub(super) fn is_control(c: char) -> bool {
    c < ' ' || c == '\u{7f}'
}

fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

/// A key as Python shows a tuple.
fn name(key: &[String]) -> String {
    let parts: Vec<String> = key.iter().map(|part| format!("{:?}", Value::from(part))).collect();
    format!("({}{})", parts.join(", "), if parts.len() == 1 { "," } else { "" })
}

/// The table at a path that is there already; of an array the last one.
fn open<'t>(root: &'t mut Table, path: &[String]) -> Option<&'t mut Table> {
    path.iter().try_fold(root, |table, part| match table.entries.get_mut(part)? {
        Item::Table(table) => Some(table),
        Item::Tables(tables) => tables.last_mut(),
        Item::Value(_) => None,
    })
}

/// Makes the table that a header names.
fn declare(root: &mut Table, key: &[String], list: bool) -> Result<(), Clash> {
    let Some((last, path)) = key.split_last() else { return Ok(()) };
    let mut table = root;
    for part in path {
        let item =
            table.entries.entry(part.clone()).or_insert_with(|| Item::Table(Table::new(Made::Implied)));
        table = match item {
            Item::Table(table) => table,
            Item::Tables(tables) => tables.last_mut().ok_or(Clash::Scalar)?,
            Item::Value(value) => return Err(Clash::of(value)),
        };
    }
    match table.entries.get_mut(last) {
        None => {
            let new = Table::new(Made::Header);
            let item = if list { Item::Tables(vec![new]) } else { Item::Table(new) };
            table.entries.insert(last.clone(), item);
        }
        Some(Item::Tables(tables)) if list => tables.push(Table::new(Made::Header)),
        Some(Item::Table(_)) if list => return Err(Clash::Scalar),
        Some(Item::Table(table)) if table.made == Made::Implied => table.made = Made::Header,
        Some(Item::Table(_) | Item::Tables(_)) => return Err(Clash::Made(key.len())),
        Some(Item::Value(value)) => return Err(Clash::of(value)),
    }
    Ok(())
}
