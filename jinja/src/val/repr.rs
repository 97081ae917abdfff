//! `str()`, `repr()`, and how Salt prints what stands in `{{ … }}`.

use std::borrow::Cow;
use std::fmt::Write;
use std::rc::Rc;

use super::{MAX_NESTING, Val, ViewKind, too_deep};
use crate::{Error, Result};

/// Python refuses to print ints with more digits than this.
const MAX_INT_DIGITS: usize = 4300;

/// `str(val)`
pub(crate) fn to_str(val: &Val) -> Result<Cow<'_, str>> {
    Ok(match val {
        Val::Str(s) | Val::Markup(s) => Cow::Borrowed(s),
        Val::Undefined(u) => Cow::Borrowed(u.text()?),
        Val::DateTime(d) => Cow::Owned(d.to_string()),
        Val::Delta(d) => Cow::Owned(delta_text(*d)),
        Val::Object(o) => Cow::Owned(o.to_string()?),
        _ => Cow::Owned(repr(val)?),
    })
}

/// `repr(val)`
pub(crate) fn repr(val: &Val) -> Result<String> {
    let mut out = String::new();
    Printer::new(false).repr(&mut out, val)?;
    Ok(out)
}

/// Writes what `{{ val }}` prints in Salt: dicts so that YAML can read them back.
pub(crate) fn finalize(out: &mut String, val: &Val) -> Result<()> {
    match val {
        Val::Str(s) | Val::Markup(s) => out.push_str(s),
        Val::Int(i) => data::python::push_int(out, *i),
        Val::Dict(_) => Printer::new(true).dict_str(out, val)?,
        Val::List(_) | Val::Tuple(_) | Val::Set(_) => Printer::new(true).repr(out, val)?,
        _ => out.push_str(&to_str(val)?),
    }
    Ok(())
}

struct Printer {
    /// Whether dicts print as Salt's `PrintableDict`.
    salt: bool,
    /// Addresses of the containers that are being printed.
    inside: Vec<usize>,
    /// Containers printed so far.
    printed: usize,
}

/// A value may print so many containers; one that holds a container many times over has more.
const MAX_CONTAINERS: usize = 300_000;

/// A value that holds one container many times over can print to any length.
const MAX_TEXT: usize = 16 << 20;

impl Printer {
    fn new(salt: bool) -> Self {
        Printer { salt, inside: Vec::new(), printed: 0 }
    }

    /// Notes that the container at `at` is being printed; false when it is already (it holds itself).
    fn enter<T>(&mut self, at: &Rc<T>, out: &str) -> Result<bool> {
        let at = Rc::as_ptr(at).addr();
        let again = self.inside.contains(&at);
        if again && !self.salt {
            return Ok(false);
        }
        self.printed += 1;
        // Salt's printing goes round in circles here.
        if again || self.inside.len() >= MAX_NESTING || self.printed > MAX_CONTAINERS || out.len() > MAX_TEXT
        {
            return Err(too_deep());
        }
        self.inside.push(at);
        Ok(true)
    }

    fn repr(&mut self, out: &mut String, val: &Val) -> Result<()> {
        match val {
            Val::None => out.push_str("None"),
            Val::Undefined(_) => out.push_str("Undefined"),
            Val::Bool(true) => out.push_str("True"),
            Val::Bool(false) => out.push_str("False"),
            Val::Int(i) => data::python::push_int(out, *i),
            Val::BigInt(b) => {
                // A decimal digit is a little over 3.3 bits.
                if b.bits() as usize > MAX_INT_DIGITS * 3322 / 1000 + 2 {
                    return Err(Error::value_error(format!(
                        "Exceeds the limit ({MAX_INT_DIGITS} digits) for integer string conversion; \
                         use sys.set_int_max_str_digits() to increase the limit"
                    )));
                }
                let _ = write!(out, "{b}");
            }
            Val::Float(f) => {
                let _ = data::python::write_float(out, *f);
            }
            Val::Str(s) => {
                let _ = data::python::write_str_repr(out, s);
            }
            Val::Markup(s) => {
                out.push_str("Markup(");
                let _ = data::python::write_str_repr(out, s);
                out.push(')');
            }
            Val::Bytes(b) => {
                let _ = data::python::write_bytes_repr(out, b);
            }
            Val::DateTime(_) => {
                let _ = data::python::write_repr(out, &val.to_value());
            }
            Val::Delta(d) => delta_repr(out, *d),
            Val::List(l) => {
                if !self.enter(l, out)? {
                    out.push_str("[...]");
                    return Ok(());
                }
                // A copy: printing an object may run a template's code, which may change the list.
                let items = l.borrow().clone();
                self.items(out, "[", &items, "]")?;
                self.inside.pop();
            }
            Val::Tuple(t) => {
                if !self.enter(t, out)? {
                    out.push_str("(...)");
                    return Ok(());
                }
                self.items(out, "(", t, if t.len() == 1 { ",)" } else { ")" })?;
                self.inside.pop();
            }
            Val::Dict(d) => {
                if !self.enter(d, out)? {
                    out.push_str("{...}");
                    return Ok(());
                }
                out.push('{');
                let entries = d.borrow().clone();
                for (i, (k, v)) in entries.iter().enumerate() {
                    if i > 0 {
                        out.push_str(", ");
                    }
                    self.repr(out, k.val())?;
                    out.push_str(": ");
                    match v {
                        Val::Str(s) if self.salt => yaml_safe(out, s),
                        _ => self.repr(out, v)?,
                    }
                }
                out.push('}');
                self.inside.pop();
            }
            Val::Set(s) => {
                let mut s = s.borrow().clone();
                if self.salt {
                    // Salt's printing makes the set anew.
                    s = super::in_set_order(s);
                }
                if s.is_empty() {
                    out.push_str("set()");
                } else {
                    let items: Vec<Val> = s.iter().map(|k| k.val().clone()).collect();
                    self.items(out, "{", &items, "}")?;
                }
            }
            Val::Range(range) => {
                let _ = match **range {
                    [start, stop, 1] => write!(out, "range({start}, {stop})"),
                    [start, stop, step] => write!(out, "range({start}, {stop}, {step})"),
                };
            }
            Val::View(v) => {
                if !self.enter(v, out)? {
                    out.push_str("...");
                    return Ok(());
                }
                let items: Vec<Val> = v
                    .dict
                    .borrow()
                    .iter()
                    .map(|(k, w)| match v.kind {
                        ViewKind::Keys => k.val().clone(),
                        ViewKind::Values => w.clone(),
                        ViewKind::Items => Val::tuple(vec![k.val().clone(), w.clone()]),
                    })
                    .collect();
                out.push_str(v.type_name());
                self.items(out, "([", &items, "])")?;
                self.inside.pop();
            }
            Val::Iter(g) => {
                let _ = write!(out, "<{} object>", g.name);
            }
            Val::Method(m) => {
                let _ = write!(out, "<built-in method {} of {} object>", m.name, m.of.type_name());
            }
            Val::Func(f) => {
                let _ = write!(out, "<function {}>", f.name);
            }
            Val::Object(o) => out.push_str(&o.to_string()?),
        }
        Ok(())
    }

    fn items(&mut self, out: &mut String, open: &str, items: &[Val], close: &str) -> Result<()> {
        out.push_str(open);
        for (i, v) in items.iter().enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            self.repr(out, v)?;
        }
        out.push_str(close);
        Ok(())
    }

    /// `PrintableDict.__str__`: keys and texts as `repr`, everything else as `str`.
    fn dict_str(&mut self, out: &mut String, val: &Val) -> Result<()> {
        let Val::Dict(d) = val else { return self.repr(out, val) };
        if !self.enter(d, out)? {
            out.push_str("{...}");
            return Ok(());
        }
        out.push('{');
        let entries = d.borrow().clone();
        for (i, (k, v)) in entries.iter().enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            self.repr(out, k.val())?;
            out.push_str(": ");
            match v {
                Val::Str(s) => yaml_safe(out, s),
                Val::Markup(_) => self.repr(out, v)?,
                Val::Dict(_) => self.dict_str(out, v)?,
                Val::List(_) | Val::Tuple(_) => self.repr(out, v)?,
                _ => out.push_str(&to_str(v)?),
            }
        }
        out.push('}');
        self.inside.pop();
        Ok(())
    }
}

/// A string inside a printed dict: as `repr`, but a double-quoted YAML scalar where `repr` would
/// write escapes that YAML does not read in single quotes.
fn yaml_safe(out: &mut String, s: &str) {
    if s.contains(['\n', '\r', '\t']) {
        yaml_double_quoted(out, s, true);
    } else {
        let _ = data::python::write_str_repr(out, s);
    }
}

/// A YAML double-quoted scalar as PyYAML writes it (not folded).
pub(crate) fn yaml_double_quoted(out: &mut String, s: &str, allow_unicode: bool) {
    out.push('"');
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\0' => out.push_str("\\0"),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\x0b' => out.push_str("\\v"),
            '\x0c' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\x1b' => out.push_str("\\e"),
            '\u{85}' => out.push_str("\\N"),
            '\u{a0}' => out.push_str("\\_"),
            '\u{2028}' => out.push_str("\\L"),
            '\u{2029}' => out.push_str("\\P"),
            ' '..='~' => out.push(c),
            c if allow_unicode && !c.is_control() && c != '\u{feff}' => out.push(c),
            c if (c as u32) < 0x100 => {
                let _ = write!(out, "\\x{:02X}", c as u32);
            }
            c if (c as u32) < 0x10000 => {
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            c => {
                let _ = write!(out, "\\U{:08X}", c as u32);
            }
        }
    }
    out.push('"');
}

const DAY: i64 = 86_400_000_000;

/// `str(timedelta)`: `1 day, 2:03:04.000005`
fn delta_text(micros: i64) -> String {
    let (days, rest) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
    let (secs, us) = (rest / 1_000_000, rest % 1_000_000);
    let mut out = String::new();
    if days != 0 {
        let s = if days.abs() == 1 { "" } else { "s" };
        let _ = write!(out, "{days} day{s}, ");
    }
    let _ = write!(out, "{}:{:02}:{:02}", secs / 3600, secs % 3600 / 60, secs % 60);
    if us != 0 {
        let _ = write!(out, ".{us:06}");
    }
    out
}

fn delta_repr(out: &mut String, micros: i64) {
    let (days, rest) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
    let parts: Vec<String> =
        [("days", days), ("seconds", rest / 1_000_000), ("microseconds", rest % 1_000_000)]
            .iter()
            .filter(|(_, n)| *n != 0)
            .map(|(name, n)| format!("{name}={n}"))
            .collect();
    let inside = if parts.is_empty() { "0".to_owned() } else { parts.join(", ") };
    let _ = write!(out, "datetime.timedelta({inside})");
}
