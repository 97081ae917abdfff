//! Salt's `xml`: nested data as an XML text, laid out as `xml.dom.minidom` does.

use std::fmt::Write;

use super::{Table, strict_first};
use crate::val::{CallArgs, Val, Walk, collect, to_str};
use crate::{Error, ErrorKind, Result, methods};

pub(super) const TABLE: Table = &[("xml", xml)];

#[derive(Default)]
struct Element {
    tag: String,
    attributes: Vec<(String, String)>,
    text: Option<String>,
    children: Vec<Element>,
}

fn xml(args: &mut CallArgs) -> Result<Val> {
    if let Some(u) = strict_first(args) {
        return Ok(u);
    }
    let v = args.bind("format_xml", ["value"], 1)?.take(0);
    let mut roots = Vec::new();
    tree(&pairs(&v)?, &mut roots, false, &Walk::default())?;
    // Several roots make no document: Salt keeps the last one.
    let Some(root) = roots.pop() else {
        return Err(Error::new(ErrorKind::Attribute, "'NoneType' object has no attribute 'iter'"));
    };
    let mut out = String::from("<?xml version=\"1.0\" ?>\n");
    write(&root, 0, &mut out);
    Ok(Val::Markup(out.into()))
}

/// What a value has inside: the entries of a dict; nothing that counts in a list.
fn pairs(v: &Val) -> Result<Vec<(Val, Val)>> {
    match (v, methods::mapping_items(v)) {
        (_, Some(items)) => items,
        (Val::List(_) | Val::Tuple(_), None) => {
            let items = collect(v)?;
            match items.first() {
                None => Err(Error::new(ErrorKind::Index, "list index out of range")),
                // Texts are taken for pairs; one of a single character is none.
                Some(Val::Str(_)) if items.iter().any(|i| i.len().is_ok_and(|n| n < 2)) => {
                    Err(Error::new(ErrorKind::Index, "string index out of range"))
                }
                Some(_) => Ok(Vec::new()),
            }
        }
        _ => Err(Error::runtime("Value is not a dict or list. Cannot render as XML")),
    }
}

fn is_scalar(v: &Val) -> bool {
    matches!(v, Val::Str(_) | Val::Markup(_) | Val::Int(_) | Val::BigInt(_) | Val::Bool(_) | Val::Float(_))
}

fn tree(items: &[(Val, Val)], into: &mut Vec<Element>, inside: bool, walk: &Walk) -> Result<()> {
    for (tag, content) in items {
        walk.visit()?;
        if let Val::List(l) = content {
            let parts = l.borrow().clone();
            for part in parts {
                let mut found = Vec::new();
                walk.nested(|| tree(&[(tag.clone(), part)], &mut found, inside, walk))?;
                // Outside of any element what a list makes is lost.
                if inside {
                    into.append(&mut found);
                }
            }
            pairs(content)?;
            continue;
        }
        let Some(name) = tag.as_str() else {
            return Err(Error::type_error(format!(
                "cannot serialize {} (type {})",
                tag.quoted(),
                tag.type_name()
            )));
        };
        if !name.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == ':')
            || name.contains(|c: char| !(c.is_alphanumeric() || "_:.-".contains(c)))
        {
            return Err(Error::value_error(format!(
                "not well-formed (invalid token): {} is no name for an XML element",
                tag.quoted()
            )));
        }
        let mut element = Element { tag: name.to_owned(), ..Element::default() };
        if is_scalar(content) {
            element.text = Some(to_str(content)?.into_owned());
            into.push(element);
            continue;
        }
        let entries = pairs(content)?;
        let nested = |v: &Val| matches!(v, Val::List(_) | Val::Dict(_));
        for (key, value) in entries.iter().filter(|(_, v)| !nested(v)) {
            element.attributes.push((to_str(key)?.into_owned(), to_str(value)?.into_owned()));
        }
        let inner: Vec<(Val, Val)> = entries.into_iter().filter(|(_, v)| nested(v)).collect();
        walk.nested(|| tree(&inner, &mut element.children, true, walk))?;
        into.push(element);
    }
    Ok(())
}

fn escape(s: &str) -> String {
    s.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;").replace('>', "&gt;")
}

fn write(e: &Element, depth: usize, out: &mut String) {
    let indent = " ".repeat(depth);
    let _ = write!(out, "{indent}<{}", e.tag);
    for (name, value) in &e.attributes {
        let _ = write!(out, " {name}=\"{}\"", escape(value));
    }
    match &e.text {
        Some(text) if !text.is_empty() => {
            let _ = writeln!(out, ">{}</{}>", escape(text), e.tag);
        }
        _ if e.children.is_empty() => out.push_str("/>\n"),
        _ => {
            out.push_str(">\n");
            for child in &e.children {
                write(child, depth + 1, out);
            }
            let _ = writeln!(out, "{indent}</{}>", e.tag);
        }
    }
}
