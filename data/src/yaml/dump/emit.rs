//! Where things go on the page: indentation, line breaks, the characters between scalars.

use super::scalar::{Style, choose_style};
use super::{Place, Scalar};

pub(super) struct Emitter {
    out: String,
    step: usize,
    /// Lines are folded behind this column where they can be.
    width: usize,
    /// What is not ASCII stays as it is.
    unicode: bool,
    indent: Option<usize>,
    flow: Vec<Option<usize>>,
    column: usize,
    /// The last character was a blank, or nothing was written on this line.
    whitespace: bool,
    /// Nothing but indentation and indicators is on this line yet.
    indention: bool,
}

impl Emitter {
    pub(super) fn new(step: usize, width: usize, unicode: bool) -> Self {
        let step = if (2..10).contains(&step) { step } else { 2 };
        Emitter {
            out: String::new(),
            step,
            width: if width > step * 2 { width } else { 80 },
            unicode,
            indent: None,
            flow: Vec::new(),
            column: 0,
            whitespace: true,
            indention: true,
        }
    }

    pub(super) fn finish(mut self) -> String {
        if self.column > 0 {
            self.line_break();
        }
        self.out
    }

    pub(super) fn in_flow(&self) -> bool {
        !self.flow.is_empty()
    }

    pub(super) fn at_indention(&self) -> bool {
        self.indention
    }

    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn line_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
        self.whitespace = true;
        self.indention = true;
    }

    pub(super) fn write_indent(&mut self) {
        let indent = self.indent.unwrap_or(0);
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.line_break();
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    pub(super) fn indicator(&mut self, text: &str, spaced: bool, whitespace: bool, indention: bool) {
        if spaced && !self.whitespace {
            self.put(' ');
        }
        self.out.push_str(text);
        self.column += text.chars().count();
        self.whitespace = whitespace;
        self.indention = self.indention && indention;
    }

    /// One level deeper; gives the level to come back to.
    pub(super) fn indent_deeper(&mut self, indentless: bool) -> Option<usize> {
        let before = self.indent;
        self.indent = match before {
            None => Some(if self.in_flow() { self.step } else { 0 }),
            Some(n) if indentless => Some(n),
            Some(n) => Some(n + self.step),
        };
        before
    }

    pub(super) fn indent_back(&mut self, before: Option<usize>) {
        self.indent = before;
    }

    pub(super) fn open_flow(&mut self, bracket: &str) {
        self.indicator(bracket, true, true, false);
        self.flow.push(self.indent);
        self.indent_deeper(false);
    }

    pub(super) fn flow_item(&mut self, index: usize) {
        if index > 0 {
            self.indicator(",", false, false, false);
        }
        self.break_long_line();
    }

    pub(super) fn break_long_line(&mut self) {
        if self.column > self.width {
            self.write_indent();
        }
    }

    pub(super) fn close_flow(&mut self, bracket: &str) {
        if let Some(before) = self.flow.pop() {
            self.indent = before;
        }
        self.indicator(bracket, false, false, false);
    }

    pub(super) fn scalar(&mut self, scalar: &Scalar<'_>, place: Place) {
        let simple_key = place == Place::SimpleKey;
        if scalar.binary {
            self.indicator("!!binary", true, false, false);
        }
        // Text that goes on over lines is indented deeper than what it belongs to.
        let before = self.indent;
        self.indent = Some(before.map_or(self.step, |n| n + self.step));
        let style = choose_style(scalar, simple_key, self.in_flow(), self.unicode);
        if scalar.typed && style != Style::Plain {
            self.indicator("!", true, false, false);
        }
        match style {
            Style::Plain => self.plain(&scalar.text, !simple_key),
            Style::Single => self.single(&scalar.text, !simple_key),
            Style::Double => self.double(&scalar.text, !simple_key),
            Style::Literal => self.literal(&scalar.text),
        }
        self.indent_back(before);
    }

    fn plain(&mut self, text: &str, fold: bool) {
        if !self.whitespace && (!text.is_empty() || self.in_flow()) {
            self.put(' ');
        }
        if text.bytes().all(|b| b > b' ' && b < 0x7f) {
            self.out.push_str(text);
            self.column += text.len();
            self.whitespace = false;
            self.indention = false;
            return;
        }
        let (mut spaces, mut breaks) = (false, false);
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                ' ' => {
                    if fold && !spaces && self.column > self.width && chars.peek() != Some(&' ') {
                        self.write_indent();
                    } else {
                        self.put(' ');
                    }
                    spaces = true;
                }
                '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                    self.text_break(c, breaks);
                    breaks = true;
                }
                c => {
                    if breaks {
                        self.write_indent();
                    }
                    self.put(c);
                    self.indention = false;
                    (spaces, breaks) = (false, false);
                }
            }
        }
        self.whitespace = false;
        self.indention = false;
    }

    fn single(&mut self, text: &str, fold: bool) {
        self.indicator("'", true, false, false);
        let (mut spaces, mut breaks) = (false, false);
        let mut chars = text.chars().peekable();
        let mut first = true;
        while let Some(c) = chars.next() {
            match c {
                ' ' => {
                    let inside = !first && chars.peek().is_some_and(|next| *next != ' ');
                    if fold && !spaces && self.column > self.width && inside {
                        self.write_indent();
                    } else {
                        self.put(' ');
                    }
                    spaces = true;
                }
                '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                    self.text_break(c, breaks);
                    breaks = true;
                }
                c => {
                    if breaks {
                        self.write_indent();
                    }
                    if c == '\'' {
                        self.put('\'');
                    }
                    self.put(c);
                    self.indention = false;
                    (spaces, breaks) = (false, false);
                }
            }
            first = false;
        }
        if breaks {
            self.write_indent();
        }
        self.indicator("'", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    /// A line break inside a scalar; the first of a run is doubled, because one alone reads as a space.
    fn text_break(&mut self, c: char, in_run: bool) {
        if !in_run && c == '\n' {
            self.line_break();
        }
        if c == '\n' {
            self.line_break();
        } else {
            self.out.push(c);
            self.column = 0;
        }
        self.indention = true;
    }

    fn double(&mut self, text: &str, fold: bool) {
        self.indicator("\"", true, false, false);
        let mut spaces = false;
        let mut chars = text.chars().peekable();
        let mut first = true;
        while let Some(c) = chars.next() {
            if let Some(escape) = super::scalar::escape(c, self.unicode) {
                self.out.push_str(&escape);
                self.column += escape.len();
                spaces = false;
            } else if c == ' ' {
                if fold && !spaces && self.column > self.width && !first && chars.peek().is_some() {
                    self.write_indent();
                    if chars.peek() == Some(&' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(' ');
                }
                spaces = true;
            } else {
                self.put(c);
                spaces = false;
            }
            first = false;
        }
        self.indicator("\"", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn literal(&mut self, text: &str) {
        self.indicator("|", true, false, false);
        let ends = text.chars().rev().take_while(|c| *c == '\n').count();
        match ends {
            0 => self.indicator("-", false, false, false),
            1 => {}
            _ => self.indicator("+", false, false, false),
        }
        self.line_break();
        for line in text.split_inclusive('\n') {
            if line != "\n" {
                self.write_indent();
            }
            for c in line.chars() {
                if c == '\n' { self.line_break() } else { self.put(c) }
            }
            self.indention = true;
        }
    }
}
