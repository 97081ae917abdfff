//! `txt`: each line behind the id of its minion.

use std::fmt::Write;

use super::pprint;
use crate::Value;
use crate::python::split_lines;

pub(super) fn output(value: &Value) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    match value {
        Value::Dict(dict) => {
            for (key, item) in dict.iter() {
                match item {
                    Value::Str(text) => {
                        for line in split_lines(text) {
                            let _ = writeln!(out, "{key}: {line}");
                        }
                    }
                    other => {
                        let _ = writeln!(out, "{key}: {other}");
                    }
                }
            }
        }
        Value::Str(text) => {
            let _ = writeln!(out, "{text}");
        }
        other => {
            let _ = writeln!(out, "{}", pprint::format(other, 1));
        }
    }
    out
}
