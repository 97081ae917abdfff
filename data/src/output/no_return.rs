//! `no_return`: what is said about minions that did not answer.

use std::fmt::Write;

use super::Options;
use super::color::Colors;
use crate::Value;

pub(super) fn output(value: &Value, options: &Options) -> String {
    let mut out = String::new();
    show(&mut out, value, 0, Colors::new(options.color));
    out
}

fn show(out: &mut String, value: &Value, indent: usize, colors: Colors) {
    // Writing to a String cannot fail.
    match value {
        Value::Str(text) => {
            for line in text.split('\n') {
                let _ = writeln!(out, "{}{:indent$}{line}{}", colors.red, "", colors.end);
            }
        }
        Value::Dict(dict) => {
            let mut entries: Vec<(&Value, &Value)> = dict.iter().collect();
            crate::yaml::sort_keys(&mut entries);
            for (key, item) in entries {
                let _ = writeln!(out, "{}{:indent$}{key}{}:", colors.cyan, "", colors.end);
                show(out, item, indent + 4, colors);
            }
        }
        _ => {}
    }
}
